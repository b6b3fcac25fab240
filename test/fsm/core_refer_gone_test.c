/* SPDX-License-Identifier: ISC */
/* Who is sent on hangs up in that moment: nobody waits for them as for one who may yet come (R29, RFC 5589 7). */
#include "../unit/test.h"
#include "sim_voice.h"

static struct phone alice, bob, carol;
static struct talk a, b, c, n, a2;

static void begin(void)
{
	sim_defaults();
	sim_open();
	phones_register((struct phone *[]){&alice, &bob, &carol}, 3);
	media_says_fingerprint(0x5a);
	a.allow = b.allow = a2.allow = c.allow = n.allow = 1u << SIP_REFER;
}

/* alice talks to bob, and to carol, and gives one to the other */
static void two_calls(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	call_up(&a2, &alice, &c, &carol);
	struct heard *h = refers_to_call(&a, a2.call_id, a2.theirs, a2.ours);
	NEED(h && respond(h)->code == 202);
	notified(&a, 100);
}

static void finish(void)
{
	sim_pass(100000);
	sim_need_idle();
}

/* bob has come already, and hears nothing. */
static void the_one_who_came_is_told_soon(void)
{
	two_calls();
	invite_token(&n, &bob, sent_on(&b, "alice", 202));
	talk_hears(&n, 182);
	sent_on(&c, "alice", 202);
	call_hang_up(&c, &a2);
	sim_pass(3000);
	NEED(!reply_to(n.txn));
	sim_pass(1500);
	NEED(code_of(n.txn) == 480);
	notified(&a, 480);
	call_hang_up(&a, &b);
	finish();
}

static void so_is_whoever_transfers_where_nobody_came(void)
{
	two_calls();
	sent_on(&b, "alice", 202);
	sent_on(&c, "alice", 202);
	call_hang_up(&c, &a2);
	sim_pass(4500);
	notified(&a, 480);
	call_hang_up(&a, &b);
	finish();
}

/* Some phones end the call that they are sent away from before they begin the other. */
static void one_that_comes_all_the_same_is_let_in(void)
{
	struct talk m = {.allow = 0};

	two_calls();
	invite_token(&n, &bob, sent_on(&b, "alice", 202));
	talk_hears(&n, 182);
	const char *to_carol = sent_on(&c, "alice", 202);
	call_hang_up(&c, &a2);
	sim_pass(2000);
	invite_token(&m, &carol, to_carol);
	talk_hears(&m, 200);
	talk_hears(&n, 200);
	talk_ack(&m);
	talk_ack(&n);
	notified(&a, 200);
	sim_pass(1500);
	hangs_up_on(&a);
	hangs_up_on(&b);
	call_hang_up(&n, &m);
	finish();
}

/* Who was hung up on because alice did has all the time that there is: so phones transfer. */
static void nobody_is_hurried_by_whoever_transfers(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	struct msg_request *m = talk_begin(&a, SIP_REFER);
	refer_cseq = m->cseq;
	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(&alice, "carol");
	struct heard *h = reply_to(talk_end(&a));
	NEED(h && respond(h)->code == 202);
	notified(&a, 100);
	const char *token = sent_on(&b, "alice", 202);
	call_hang_up(&a, &b);
	sim_pass(30000);
	invite_token(&n, &bob, token);
	talk_rings_at(&c, &carol);
	const struct sdp answer = sdp_plain(&carol);
	talk_up(&n, &c, &answer);
	call_hang_up(&n, &c);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(the_one_who_came_is_told_soon);
	SIM(so_is_whoever_transfers_where_nobody_came);
	SIM(one_that_comes_all_the_same_is_let_in);
	SIM(nobody_is_hurried_by_whoever_transfers);
	(void)test_failed_here;
	return TEST_END;
}
