/* SPDX-License-Identifier: ISC */
/* A blind transfer to a number outside whose trunk sends audio before it answers: whoever transferred waits for the outcome, and its leg ends
 * with the call (R29). */
#include "../unit/test.h"
#include "call.h"
#include "sim_trunks.h"
#include "sim_voice.h"

static void bob_transfers(void)
{
	set(1, OWNER_DEVICE, 0, SETTING_JOIN, "ended");
	set(2, OWNER_USER, 1, SETTING_CLASSES, "national mobile premium");
	sim.dialled[1] = "+33123456789";
}

/* alice talks to bob, who sends her on; the trunk is heard. */
static void goes_on(void)
{
	uint64_t join;

	begin_with(bob_transfers);
	a.allow = 1u << SIP_REFER;
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	b.allow = 1u << SIP_REFER;
	const struct sdp of_bob = sdp_plain(&bob);
	talk_up(&a, &b, &of_bob);
	NEED(relay_wish(&join));
	media_says_gate(join, RELAY_KEY_SDES);
	struct msg_request *m = talk_begin(&b, SIP_REFER);
	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(&bob, "0123456789");
	NEED(code_of(talk_end(&b)) == 202);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 183, &plain);
}

static void notified_until_the_end(void)
{
	struct heard *h;

	while ((h = talk_takes(&b, SIP_NOTIFY)))
		talk_reply(&b, h, 200, NULL);
}

static void who_transferred_is_hung_up_on_with_the_party(void)
{
	goes_on();
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	notified_until_the_end();
	hangs_up_on(&b);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&t, 487, NULL);
	finish();
}

static void who_transferred_has_the_party_back(void)
{
	goes_on();
	talk_answer(&t, 486, NULL);
	notified_until_the_end();
	NEED(!sent_to(&bob, SIP_BYE));
	call_hang_up(&a, &b);
	finish();
}

static void who_transferred_parts_when_it_is_answered(void)
{
	goes_on();
	talk_answer(&t, 200, &plain);
	NEED(talk_takes(&t, SIP_ACK));
	notified_until_the_end();
	sim_pass(2000);
	hangs_up_on(&b);
	call_hang_up(&a, &t);
	finish();
}

static void lose(struct call *c, void *arg)
{
	(void)arg;
	call_drop(c);
}

/* Whatever lost their call: legs do not stay. */
static void legs_without_a_call_end(void)
{
	begin_with(NULL);
	call_up(&a, &alice, &b, &bob);
	call_each(lose, NULL);
	sim_pass((uint64_t)sim.site.session_expires_s * 500 + 1000);
	hangs_up_on(&a);
	hangs_up_on(&b);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(who_transferred_is_hung_up_on_with_the_party);
	SIM(who_transferred_has_the_party_back);
	SIM(who_transferred_parts_when_it_is_answered);
	SIM(legs_without_a_call_end);
	(void)test_failed_here;
	return TEST_END;
}
