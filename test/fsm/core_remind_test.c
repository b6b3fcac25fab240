/* SPDX-License-Identifier: ISC */
/* Who rings for long: its caller is told each minute, or a proxy on the way ends the call (RFC 3261 13.3.1.1, RFC 3262 3; R29). */
#include "../unit/test.h"
#include "sim_trunks.h"
#include "sim_voice.h"

static struct phone carol, dave;
static struct talk c, d;

/* Four members, one after the other, for fifty seconds each. */
static void in_turn(void)
{
	sim.site.plan.unknown_caller = INCOMING_PASS;
	sim.user[2].name = "102";
	sim.user[3].name = "103";
	sim.group[0] = (struct sim_group){"200", "bob, 102, 103, bob"};
	strcpy(sim.site.inbound[0].to, "200");
	set(1, OWNER_GROUP, 0, SETTING_STRATEGY, "in-turn");
	set(2, OWNER_GROUP, 0, SETTING_RING_SECONDS, "50");
}

static void rings(struct talk *who, struct phone *at)
{
	talk_rings_at(who, at);
	talk_answer(who, 180, NULL);
}

/* Nothing is said for this long. */
static void quiet(const struct talk *who, uint64_t ms)
{
	sim_pass(ms);
	NEED(!reply_to(who->txn));
}

static void a_caller_of_a_trunk_is_told_each_minute(void)
{
	begin_with(in_turn);
	phone_init(&carol, 2);
	phone_init(&dave, 3);
	phone_register(&carol);
	phone_register(&dave);
	invite_from(&t, "+33611223356", "+33140000001", false);
	rings(&b, &bob);
	talk_hears(&t, 180);
	quiet(&t, 51000);
	rings(&c, &carol);
	talk_answer(&b, 487, NULL);
	quiet(&t, 8000);
	sim_pass(2000);
	talk_hears(&t, 180);
	quiet(&t, 58000);
	sim_pass(2000);
	talk_hears(&t, 180);
	talk_answer(&c, 487, NULL);
	rings(&d, &dave);
	NEED(code_of(talk_send(&t, SIP_BYE, NULL)) == 200 && code_of(t.txn) == 487); /* gives up (RFC 3261 15) */
	talk_answer(&d, 487, NULL);
	quiet(&t, 120000);
	finish();
}

static void an_answer_is_the_last(void)
{
	begin_with(NULL);
	talk_invite(&a, &alice, "bob", &offer);
	rings(&b, &bob);
	talk_hears(&a, 180);
	sim_pass(59000);
	const struct sdp answer = sdp_plain(&bob);
	talk_up(&a, &b, &answer);
	quiet(&a, 120000);
	call_hang_up(&a, &b);
	finish();
}

static void so_is_a_refusal(void)
{
	begin_with(NULL);
	talk_invite(&a, &alice, "bob", &offer);
	rings(&b, &bob);
	talk_hears(&a, 180);
	talk_answer(&b, 486, NULL);
	NEED(code_of(a.txn) == 486);
	quiet(&a, 120000);
	finish();
}

/* --- 100rel --- */

static uint64_t send_prack(uint32_t rseq)
{
	struct msg_request *m = talk_begin(&a, SIP_PRACK);

	m->rack_rseq = rseq;
	m->rack_cseq = a.invite_cseq;
	m->rack_method = SIP_INVITE;
	return talk_end(&a);
}

static void invite_reliably(const char *number)
{
	struct msg_request *m = phone_begin(&alice, SIP_INVITE);

	a = (struct talk){.phone = &alice, .cseq = m->cseq + 1, .invite_cseq = m->cseq};
	strcpy(a.call_id, "reliable");
	strcpy(a.ours, "tag-of-phone");
	m->call_id = phone_put(&alice, a.call_id);
	m->target_user = m->to_user = phone_put(&alice, number);
	m->contact = phone_put(&alice, "<sip:alice@198.51.100.1:40000;transport=tls>");
	m->required = SIP_TAG_100REL;
	m->sdp = phone_put_sdp(&alice, &offer);
	a.txn = phone_end(&alice);
}

static void rings_long(void)
{
	set(1, OWNER_USER, 1, SETTING_RING_SECONDS, "600");
	sim.site.ring_s = 600;
}

/* What was acknowledged was heard: two minutes and a half are soon enough. */
static void who_acknowledges_is_told_less_often(void)
{
	begin_with(rings_long);
	invite_reliably("bob");
	rings(&b, &bob);
	talk_hears(&a, 180);
	const uint32_t first = a.rseq;
	NEED(code_of(send_prack(first)) == 200);
	quiet(&a, 149000);
	sim_pass(1200);
	talk_hears(&a, 180);
	NEED(a.rseq == first + 1);
	sim_pass(600); /* and repeated until it is acknowledged */
	talk_hears(&a, 180);
	NEED(code_of(send_prack(first + 1)) == 200);
	quiet(&a, 100000);
	const struct sdp answer = sdp_plain(&bob);
	talk_up(&a, &b, &answer);
	call_hang_up(&a, &b);
	finish();
}

static bool has_description(void)
{
	struct heard *h = reply_to(a.txn);

	NEED(h && respond(h)->code == 183);
	a.rseq = respond(h)->rseq;
	return respond(h)->sdp.len > 0;
}

/* A description that was acknowledged would be an offer the second time (RFC 3262 5). */
static void early_media_are_described_once(void)
{
	begin_with(rings_long);
	invite_reliably("+33123456789");
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 183, &plain);
	talk_hears(&a, 183);
	NEED(a.sdp.audio.codec_n > 0 && code_of(send_prack(a.rseq)) == 200);
	sim_pass(150200);
	NEED(!has_description());
	NEED(code_of(send_prack(a.rseq)) == 200);
	talk_answer(&t, 486, NULL);
	NEED(code_of(a.txn) == 486);
	finish();
}

/* Where it was not, each says the same. */
static void unless_nothing_acknowledges_them(void)
{
	begin_with(rings_long);
	talk_invite(&a, &alice, "+33123456789", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 183, &plain);
	NEED(has_description());
	sim_pass(60500);
	NEED(has_description());
	talk_answer(&t, 486, NULL);
	NEED(code_of(a.txn) == 486);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_caller_of_a_trunk_is_told_each_minute);
	SIM(an_answer_is_the_last);
	SIM(so_is_a_refusal);
	SIM(who_acknowledges_is_told_less_often);
	SIM(early_media_are_described_once);
	SIM(unless_nothing_acknowledges_them);
	(void)test_failed_here;
	return TEST_END;
}
