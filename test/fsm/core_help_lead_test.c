/* SPDX-License-Identifier: ISC */
/* Help that is answered here, of a phone with nobody logged in or of one that has expired: whoever helps gives the call on or parks it, inside
 * and nowhere else, and the phone sends no INVITE for that (R16). bob is the front desk, carol whom he asks. */
#include "../unit/test.h"
#include "flow.h"
#include "sim_voice.h"

static struct phone alice, bob, carol;
static struct talk a, b, c, code;

static void begin_as(void (*alice_is_there)(struct phone *p), bool expired)
{
	struct sdp offer;

	sim_defaults();
	sim.user[4].name = "104"; /* nobody is 112 */
	sim.device[0].flags |= DEVICE_FIXED;
	set(0, OWNER_SITE, 0, SETTING_FRONT_DESK, "bob");
	set(1, OWNER_DEVICE, 1, SETTING_JOIN, "ended");
	sim_open();
	phone_init(&alice, 0);
	alice.expired = expired;
	alice_is_there(&alice);
	phone_init(&bob, 1);
	phone_init(&carol, 2);
	phone_register(&bob);
	phone_register(&carol);
	offer = sdp_plain(&alice);
	b.allow = 1u << SIP_REFER;
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&b, &bob);
	struct sdp answer = sdp_plain(&bob);
	answer.audio.crypto[0].tag = 2;
	talk_up(&a, &b, &answer);
}

static void begin(bool expired)
{
	begin_as(phone_up, expired);
}

static struct heard *refers(struct talk *who, const char *number)
{
	struct msg_request *m = talk_begin(who, SIP_REFER);

	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(who->phone, number);
	return reply_to(talk_end(who));
}

static void takes_it(struct talk *at, struct phone *p)
{
	talk_rings_at(at, p);
	struct sdp answer = sdp_plain(p);
	answer.audio.crypto[0].tag = 2;
	talk_answer(at, 200, &answer);
	NEED(talk_takes(at, SIP_ACK));
}

static void is_given_on(bool expired)
{
	uint64_t join;

	begin(expired);
	NEED(respond(refers(&b, "carol"))->code == 202);
	takes_it(&c, &carol);
	const struct relay_spec *s = relay_wish(&join);
	NEED(s && s->side[0].present && s->side[1].present && s->side[0].end == RELAY_ENDED_SDES);
	sim_pass(5000);
	NEED(!sent_to(&alice, SIP_REFER) && !sent_to(&alice, SIP_BYE));
	talk_send(&c, SIP_BYE, NULL);
	NEED(sent_to(&alice, SIP_BYE) && sim.notices == 2 && sim.notice_kind == NOTICE_END);
}

static void one_with_nobody_logged_in_is_given_on(void)
{
	is_given_on(false);
}

static void so_is_one_that_has_expired(void)
{
	is_given_on(true);
}

static void nobody_is_given_on_to_the_outside(void)
{
	begin(false);
	NEED(respond(refers(&b, "+33123456789"))->code == 403);
	NEED(respond(refers(&b, "112"))->code == 403);
}

/* Whoever called for help is led, and nobody else in that call: bob's phone comes back with a certificate that has expired, and is not
 * sent on by whom it helps. */
static void who_helps_is_not_led(bool expired)
{
	begin_as(phone_register, false);
	flow_get(bob.flow)->expired = expired;
	NEED(respond(refers(&a, "carol"))->code == (expired ? 403 : 202));
}

static void who_helps_may_be_sent_on_inside(void)
{
	who_helps_is_not_led(false);
}

static void but_not_with_a_phone_that_has_expired(void)
{
	who_helps_is_not_led(true);
}

static void one_that_is_parked_is_taken(bool expired)
{
	struct sdp of_bob, of_carol;
	uint64_t join;

	begin(expired);
	of_bob = sdp_plain(&bob);
	talk_invite(&code, &bob, "*68", &of_bob);
	talk_hears(&code, 200);
	talk_ack(&code);
	NEED(relay_wish(&join));
	media_says_gate(join, RELAY_KEY_SDES);
	sim_clear();
	of_carol = sdp_plain(&carol);
	talk_invite(&c, &carol, "*6910", &of_carol);
	talk_hears(&c, 200);
	talk_ack(&c);
	sim_pass(2000);
	NEED(!sent_to(&alice, SIP_BYE));
	talk_send(&c, SIP_BYE, NULL);
	NEED(sent_to(&alice, SIP_BYE));
}

static void parked_by_who_helps_it_is_taken_by_another(void)
{
	one_that_is_parked_is_taken(false);
}

static void also_where_the_phone_has_expired(void)
{
	one_that_is_parked_is_taken(true);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(one_with_nobody_logged_in_is_given_on);
	SIM(so_is_one_that_has_expired);
	SIM(nobody_is_given_on_to_the_outside);
	SIM(who_helps_may_be_sent_on_inside);
	SIM(but_not_with_a_phone_that_has_expired);
	SIM(parked_by_who_helps_it_is_taken_by_another);
	SIM(also_where_the_phone_has_expired);
	(void)test_failed_here;
	return TEST_END;
}
