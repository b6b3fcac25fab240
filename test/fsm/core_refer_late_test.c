/* SPDX-License-Identifier: ISC */
/* INVITEs without an offer (RFC 3261 13.2.1) by which a phone comes into another's place: to a meeting, to a line, to a parked call, at a
 * pickup. Our 200 offers; until the ACK has answered, all is as it was (R4, R29). */
#include "../unit/test.h"
#include "sim_trunks.h"
#include "sim_voice.h"

static struct phone carol;
static struct talk a2, c, m, n; /* alice's call to carol; those that bob and carol come by */
static struct sdp of_alice, of_bob, of_carol;

static void settings(void)
{
	sim.site.plan.unknown_caller = sim.site.plan.anonymous_caller = INCOMING_PASS;
	sim.site.inbound[0] = (struct inbound){.number = "+33140000001", .to = "alice"};
	sim.site.park_s = 60;
	set(1, OWNER_USER, 0, SETTING_PICKUP_GROUP, "desk");
	set(2, OWNER_USER, 1, SETTING_PICKUP_GROUP, "desk");
	set(3, OWNER_USER, 2, SETTING_PICKUP_GROUP, "desk");
}

static void begin(void)
{
	begin_with(settings);
	phone_init(&carol, 2);
	phone_register(&carol);
	of_alice = sdp_plain(&alice);
	of_bob = sdp_plain(&bob);
	of_carol = sdp_plain(&carol);
	a.allow = a2.allow = b.allow = c.allow = m.allow = n.allow = 1u << SIP_REFER;
}

static void still_up(struct talk *k)
{
	NEED(code_of(talk_send(k, SIP_OPTIONS, NULL)) == 200 && !sent_to(k->phone, SIP_BYE));
}

static const struct relay_spec *last_wish(uint64_t *join)
{
	const struct relay_spec *s = NULL, *next;

	while ((next = relay_wish(join)))
		s = next;
	return s;
}

/* --- a meeting --- */

struct comes {
	const struct sdp *offer, *answer; /* NULL: without */
};

/* What is acknowledged, and with what. */
static void acks(struct talk *k, const struct comes *how)
{
	if (how->offer)
		talk_ack(k);
	else
		talk_ack_with(k, how->answer);
}

static void two_calls(void)
{
	call_up(&a, &alice, &b, &bob);
	call_up(&a2, &alice, &c, &carol);
	NEED(respond(brings_together(&a, &a2))->code == 202);
	notified(&a, 100);
}

/* carol comes first and waits, bob second. */
static void both_come(const struct comes *first, const struct comes *second)
{
	two_calls();
	const char *to_bob = sent_on(&b, "alice", 202), *to_carol = sent_on(&c, "alice", 202);
	invite_token_with(&n, &carol, to_carol, first->offer);
	talk_hears(&n, 182);
	last_wish(NULL);
	invite_token_with(&m, &bob, to_bob, second->offer);
	talk_hears(&m, 200);
	talk_hears(&n, 200);
}

static void nothing_has_changed(void)
{
	NEED(!sent_to(&alice, SIP_NOTIFY));
	sim_pass(2000);
	still_up(&a);
	still_up(&a2);
	still_up(&b);
	still_up(&c);
}

static void the_old_calls_end(void)
{
	notified(&a, 200);
	sim_pass(1500);
	hangs_up_on(&a);
	hangs_up_on(&b);
	hangs_up_on(&a2);
	hangs_up_on(&c);
}

static void are_joined(void)
{
	uint64_t join;
	const struct relay_spec *s = last_wish(&join);

	NEED(s && s->answered && s->side[0].keyed && s->side[1].keyed);
	NEED(s->side[0].hears == RELAY_HEARS_OTHER && s->side[1].hears == RELAY_HEARS_OTHER);
	NEED(s->side[0].payloads && s->side[0].payload[0].to != RELAY_TO_NONE && s->side[1].payload[0].to != RELAY_TO_NONE);
	media_says_gate(join, RELAY_KEY_SDES);
	the_old_calls_end();
	sim_pass(20000);
	call_hang_up(&n, &m);
	finish();
	NEED(strcmp(sim.record_to, "bob") == 0 && strstr(sim.record_from, "carol"));
}

static void they_meet(const struct comes *first, const struct comes *second)
{
	begin();
	both_come(first, second);
	const struct relay_spec *s = last_wish(NULL);
	NEED(!s || !s->answered); /* no clock of a shut gate runs */
	nothing_has_changed();
	/* a change before the ACK is glare, and a transfer of what does not stand yet too (RFC 3261 14.1) */
	struct talk *owes = first->offer ? &m : &n;
	struct sdp hold = sdp_of(KEYS_SDES, owes->phone->host, 40002, 2, "sendonly", NULL);
	uint32_t invite = owes->invite_cseq;
	NEED(code_of(talk_send(owes, SIP_INVITE, &hold)) == 491);
	NEED(code_of(talk_send(owes, SIP_UPDATE, &hold)) == 491);
	owes->invite_cseq = invite;
	acks(&n, first);
	if (!first->offer && !second->offer)
		nothing_has_changed(); /* with one of two answers alone */
	acks(&m, second);
	are_joined();
}

static void the_first_offers_nothing(void)
{
	they_meet(&(struct comes){.answer = &of_carol}, &(struct comes){.offer = &of_bob});
}

static void the_second_offers_nothing(void)
{
	they_meet(&(struct comes){.offer = &of_carol}, &(struct comes){.answer = &of_bob});
}

/* Each picks another law of G.711, and media puts the one into the other. */
static void neither_offers(void)
{
	struct sdp mu = sdp_of(KEYS_SDES, "198.51.100.2", 40002, 1, "sendrecv", NULL);
	mu.audio.codec[0] = (struct sdp_codec){.codec = SDP_PCMU, .channels = 1, .clock = 8000};
	mu.audio.codec_n = 1;
	they_meet(&(struct comes){.answer = &of_carol}, &(struct comes){.answer = &mu});
}

/* The transfer fails and the old calls stand: no answer in the ACK, one that does not fit, no ACK, hung up before it. */
static void is_over(struct talk *other)
{
	hangs_up_on(other);
	struct heard *h = talk_takes(&a, SIP_NOTIFY);
	NEED(h && sent(h)->frag >= 480 && sent(h)->substate == SIP_SUBSTATE_TERMINATED);
	talk_reply(&a, h, 200, NULL);
	sim_pass(3000);
	still_up(&a);
	still_up(&a2);
	still_up(&b);
	still_up(&c);
	call_hang_up(&a, &b);
	call_hang_up(&a2, &c);
	finish();
	NEED(sim_status("transfers").used == 0);
}

static void without_an_answer_the_old_calls_stand(void)
{
	begin();
	struct sdp declined = of_carol;
	declined.audio.at.port = 0;
	const struct sdp *bad[] = {NULL, &declined};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		a.allow = a2.allow = b.allow = c.allow = m.allow = n.allow = 1u << SIP_REFER;
		both_come(&(struct comes){0}, &(struct comes){.offer = &of_bob});
		talk_ack(&m);
		talk_ack_with(&n, bad[i]);
		hangs_up_on(&n);
		is_over(&m);
	}
}

static void who_never_acknowledges_or_leaves(void)
{
	begin();
	both_come(&(struct comes){.offer = &of_carol}, &(struct comes){0});
	talk_ack(&n);
	sim_pass(33000);
	hangs_up_on(&m);
	is_over(&n);
	a.allow = a2.allow = b.allow = c.allow = m.allow = n.allow = 1u << SIP_REFER;
	both_come(&(struct comes){.offer = &of_carol}, &(struct comes){0});
	talk_ack(&n);
	NEED(code_of(talk_send(&m, SIP_BYE, NULL)) == 200);
	is_over(&n);
}

static void without_a_codec_that_both_have(void)
{
	begin();
	struct sdp odd = of_bob;
	odd.audio.codec[0] = (struct sdp_codec){.pt = 9, .codec = SDP_G722, .channels = 1, .clock = 8000};
	odd.audio.codec_n = 1;
	two_calls();
	const char *to_bob = sent_on(&b, "alice", 202), *to_carol = sent_on(&c, "alice", 202);
	invite_token_with(&n, &carol, to_carol, NULL);
	talk_hears(&n, 182);
	invite_token_with(&m, &bob, to_bob, &odd);
	NEED(code_of(m.txn) == 488 && code_of(n.txn) == 488);
	notified(&a, 488);
	still_up(&a);
	call_hang_up(&a, &b);
	call_hang_up(&a2, &c);
	finish();
}

/* --- a line --- */

static void line_and_question(void)
{
	a.allow = a2.allow = b.allow = c.allow = m.allow = n.allow = 1u << SIP_REFER;
	outside_talks_to(&t, &a, &alice);
	sim_pass(5000);
	call_up(&a2, &alice, &c, &carol);
	NEED(respond(brings_together(&a2, &a))->code == 202);
	notified(&a2, 100);
}

static void carol_comes(void)
{
	last_wish(NULL);
	invite_token_with(&n, &carol, sent_on(&c, "alice", 202), NULL);
	talk_hears(&n, 200);
	NEED(n.sdp.audio.crypto_n > 1 && !last_wish(NULL) && !sent_to(&alice, SIP_NOTIFY));
}

static void the_line_changes_over_with_the_ack(void)
{
	begin();
	line_and_question();
	carol_comes();
	still_up(&a);
	still_up(&t);
	uint32_t invite = n.invite_cseq;
	NEED(code_of(talk_send(&n, SIP_UPDATE, &of_carol)) == 491);
	NEED(code_of(talk_send(&n, SIP_INVITE, &of_carol)) == 491);
	n.invite_cseq = invite;
	talk_ack_with(&n, &of_carol);
	uint64_t join;
	const struct relay_spec *s = last_wish(&join);
	NEED(s && s->answered && s->side[0].keyed && s->side[1].keyed && s->side[0].hears == RELAY_HEARS_OTHER);
	NEED(s->side[0].rtp.port == of_carol.audio.at.port || s->side[1].rtp.port == of_carol.audio.at.port);
	media_says_gate(join, RELAY_KEY_SDES);
	notified(&a2, 200);
	sim_pass(1500);
	hangs_up_on_both_of(&alice);
	hangs_up_on(&c);
	sim_pass(30000);
	call_hang_up(&t, &n);
	finish();
	NEED(strcmp(sim.record_to, "carol") == 0 && strstr(sim.record_from, "+33987654321"));
}

static void nothing_is_lost_of_the_line(unsigned code)
{
	notified(&a2, code);
	sim_pass(2000);
	still_up(&a);
	still_up(&a2);
	still_up(&t);
	still_up(&c);
	NEED(sim_status("transfers").used == 0);
	call_hang_up(&a2, &c);
	call_hang_up(&t, &a);
	sim_pass(40000);
}

static void without_an_answer_the_line_is_as_it_was(void)
{
	begin();
	line_and_question();
	carol_comes();
	talk_ack_with(&n, NULL);
	hangs_up_on(&n);
	nothing_is_lost_of_the_line(488);
	line_and_question();
	carol_comes();
	sim_pass(33000);
	hangs_up_on(&n);
	notified(&a2, 480);
	call_hang_up(&a2, &c);
	call_hang_up(&t, &a);
	/* the line hangs up before the ACK */
	line_and_question();
	carol_comes();
	NEED(code_of(talk_send(&t, SIP_BYE, NULL)) == 200);
	hangs_up_on(&a);
	notified(&a2, 480);
	talk_ack_with(&n, &of_carol);
	hangs_up_on(&n);
	call_hang_up(&a2, &c);
	finish();
	NEED(sim_status("transfers").used == 0);
}

/* alice's phone hangs up as soon as carol's rings; the line waits for the ACK with music, and ends where none comes. */
static void whoever_transfers_leaves_before_the_ack(void)
{
	begin();
	for (int ok = 0; ok < 2; ok++) {
		line_and_question();
		carol_comes();
		NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200 && !sent_to(&telco[0], SIP_BYE));
		NEED(turn("music")->loop);
		talk_ack_with(&n, ok ? &of_carol : NULL);
		notified(&a2, ok ? 200 : 488);
		if (ok) {
			sim_pass(1100);
			hangs_up_on(&a2);
			hangs_up_on(&c);
			call_hang_up(&t, &n);
		} else {
			hangs_up_on(&n);
			hangs_up_on(&t);
			call_hang_up(&a2, &c);
		}
		sim_pass(40000);
	}
	finish();
}

/* alice sends the line elsewhere before carol's ACK: carol's place is gone. */
static void whoever_transfers_gives_the_line_on_meanwhile(void)
{
	begin();
	line_and_question();
	carol_comes();
	struct msg_request *r = talk_begin(&a, SIP_REFER);
	r->refer_kind = REFER_USER;
	r->refer_user = phone_put(&alice, "bob");
	NEED(code_of(talk_end(&a)) == 202);
	talk_rings_at(&b, &bob);
	sim_clear();
	talk_ack_with(&n, &of_carol);
	hangs_up_on(&n);
	notified(&a2, 480);
	still_up(&t);
	struct sdp says = sdp_fits(&b);
	talk_answer(&b, 200, &says);
	NEED(talk_takes(&b, SIP_ACK));
	sim_pass(2000);
	hangs_up_on(&a);
	call_hang_up(&a2, &c);
	call_hang_up(&t, &b);
	finish();
	NEED(sim_status("transfers").used == 0);
}

/* --- a parked call --- */

/* An outside call that alice parked at 10. */
static void park(void)
{
	struct talk code = {0};
	uint64_t join;

	a.allow = 1u << SIP_REFER;
	outside_talks_to(&t, &a, &alice);
	NEED(last_wish(&join));
	media_says_gate(join, RELAY_KEY_SDES);
	sim_pass(5000);
	talk_invite(&code, &alice, "*68", &of_alice);
	NEED(turn("music")->loop);
	hangs_up_on(&a);
	answered(&code);
	voice_says(turn("parked-at digits:10 silence:600 digits:10 silence:300")->token, TURN_SAID, "");
	hangs_up_on(&code);
	last_wish(NULL);
}

static void carol_takes(void)
{
	talk_invite(&n, &carol, "*6910", NULL);
	talk_hears(&n, 200);
	NEED(n.sdp.audio.codec_n && sim_status("parked").used == 1);
}

static void who_is_parked_waits_for_the_ack(void)
{
	begin();
	park();
	carol_takes();
	/* nobody else takes it meanwhile */
	struct talk late;
	talk_invite(&late, &bob, "*6910", &of_bob);
	answered(&late);
	voice_says(turn("no-such-call")->token, TURN_SAID, "");
	hangs_up_on(&late);
	/* an ACK without an answer: it is parked as it was */
	talk_ack_with(&n, NULL);
	hangs_up_on(&n);
	NEED(sim_status("parked").used == 1);
	still_up(&t);
	/* and none at all */
	carol_takes();
	sim_pass(33000);
	hangs_up_on(&n);
	still_up(&t);
	carol_takes();
	last_wish(NULL);
	talk_ack_with(&n, &of_carol);
	const struct relay_spec *s = last_wish(NULL);
	NEED(s && s->answered && s->side[0].keyed && s->side[1].keyed && s->side[0].hears == RELAY_HEARS_OTHER);
	NEED(sim_status("parked").used == 0);
	sim_pass(20000);
	call_hang_up(&t, &n);
	finish();
	NEED(strcmp(sim.record_to, "carol") == 0);
}

/* Its time goes on: alice is rung when it is over. */
static void whoever_parked_is_rung_all_the_same(void)
{
	begin();
	park();
	carol_takes();
	talk_ack_with(&n, NULL);
	hangs_up_on(&n);
	sim_pass(61000);
	talk_rings_at(&a, &alice);
	NEED(code_of(talk_send(&t, SIP_BYE, NULL)) == 200);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&a, 487, NULL);
	finish();
}

static void who_is_parked_hangs_up_before_the_ack(void)
{
	begin();
	park();
	carol_takes();
	NEED(code_of(talk_send(&t, SIP_BYE, NULL)) == 200);
	talk_ack_with(&n, &of_carol);
	hangs_up_on(&n);
	NEED(sim_status("parked").used == 0);
	finish();
}

/* --- a pickup, and Replaces --- */

/* carol picks up what rings at bob, neither she nor alice offering anything. */
static void picked_up(void)
{
	begin();
	for (int offers = 0; offers < 2; offers++) {
		talk_invite(&a, &alice, "bob", offers ? &of_alice : NULL);
		talk_rings_at(&b, &bob);
		talk_answer(&b, 180, NULL);
		talk_hears(&a, 180);
		talk_invite(&n, &carol, "*8", NULL);
		talk_rings_at(&c, &carol);
		NEED(code_of(n.txn) >= 400);
		struct sdp says = sdp_fits(&c);
		talk_answer(&c, 200, &says);
		NEED(talk_takes(&c, SIP_ACK) && sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
		talk_answer(&b, 487, NULL);
		talk_hears(&a, 200);
		if (offers)
			talk_ack(&a);
		else
			talk_ack_with(&a, &of_alice);
		const struct relay_spec *s = last_wish(NULL);
		NEED(s && s->answered && s->side[0].keyed && s->side[1].keyed);
		call_hang_up(&a, &c);
		sim_pass(60000);
	}
	finish();
}

/* Nobody takes a dialog over by Replaces (DESIGN.md), with an offer or without. */
static void replaces_is_refused_alike(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	for (int offers = 0; offers < 2; offers++)
		for (int own = 0; own < 2; own++) { /* a stranger before */
			struct phone *p = own ? &alice : &carol;
			struct msg_request *r = phone_begin(p, SIP_INVITE);
			r->call_id = phone_put(p, "in-place-of");
			r->target_user = r->to_user = phone_put(p, "bob");
			r->contact_form = CONTACT_ONE;
			r->contact = phone_put(p, "<sip:x@192.0.2.9>");
			r->replaces_call_id = phone_put(p, a.call_id);
			r->replaces_to_tag = phone_put(p, a.theirs);
			r->replaces_from_tag = phone_put(p, a.ours);
			if (offers)
				r->sdp = phone_put_sdp(p, &of_carol);
			NEED(code_of(phone_end(p)) == (own ? 403u : 481u));
			NEED(sim.events[EVENT_FORGED_DIALOG] == (unsigned)(offers + 1));
		}
	still_up(&a);
	call_hang_up(&a, &b);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(the_first_offers_nothing);
	SIM(the_second_offers_nothing);
	SIM(neither_offers);
	SIM(without_an_answer_the_old_calls_stand);
	SIM(who_never_acknowledges_or_leaves);
	SIM(without_a_codec_that_both_have);
	SIM(the_line_changes_over_with_the_ack);
	SIM(without_an_answer_the_line_is_as_it_was);
	SIM(whoever_transfers_leaves_before_the_ack);
	SIM(whoever_transfers_gives_the_line_on_meanwhile);
	SIM(who_is_parked_waits_for_the_ack);
	SIM(whoever_parked_is_rung_all_the_same);
	SIM(who_is_parked_hangs_up_before_the_ack);
	SIM(picked_up);
	SIM(replaces_is_refused_alike);
	(void)test_failed_here;
	return TEST_END;
}
