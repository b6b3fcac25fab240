/* SPDX-License-Identifier: ISC */
/* A transfer, its other half and a park wait while the other side is asked for the codec that a hold left, and go on when that is over
 * (R29); who is joined afterwards has a codec in common, both ways (R7). */
#include "../unit/test.h"
#include "directory.h"
#include "sim_codec.h"
#include "sim_voice.h"
#include <stdio.h>

static struct phone carol;
static struct talk a2, c, n;

static void may_refer(void)
{
	a.allow = b.allow = a2.allow = c.allow = n.allow = 1u << SIP_REFER;
}

static void carol_comes(void)
{
	phone_init(&carol, 2);
	phone_register(&carol);
}

/* alice and the trunk have two codecs; she holds with one of them, and the trunk is asked for that. */
static struct heard *holds(void)
{
	may_refer();
	goes_out("980", "98");
	const struct sdp hold = phone_says(&a, "8", 2, "sendonly");
	changes(&a, &hold, "8");
	sim_pass(600);
	return is_asked(&t, "80");
}

static uint64_t refers_to(struct talk *of_whom, const char *number)
{
	struct msg_request *m = talk_begin(of_whom, SIP_REFER);

	refer_cseq = m->cseq;
	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(of_whom->phone, number);
	return talk_end(of_whom);
}

static void bob_answers(const char *types)
{
	const struct sdp s = phone_says(&b, types, 1, "sendrecv");

	talk_answer(&b, 200, &s);
	NEED(talk_takes(&b, SIP_ACK));
}

static void rings_at_bob_and_is_answered_with(const char *types)
{
	talk_rings_at(&b, &bob);
	bob_answers(types);
}

static void alice_has_left(void)
{
	notified(&a, 200);
	sim_pass(1500);
	hangs_up_on(&a);
}

static void bob_has_the_call_alone(void)
{
	alice_has_left();
	call_hang_up(&b, &t);
	finish();
}

static void a_transfer_waits_for_what_the_other_is_asked(void)
{
	struct heard *h = holds();
	const struct sdp said = trunk_says("8", 2);
	const uint64_t txn = refers_to(&a, "bob");
	sim_pass(1000);
	NEED(!reply_to(txn) && !sent_to(&bob, SIP_INVITE));
	/* one of them is enough */
	NEED(code_of(refers_to(&a, "bob")) == 500);
	refer_cseq--;
	talk_reply(&t, h, 200, &said);
	NEED(talk_takes(&t, SIP_ACK));
	sim_pass(100);
	NEED(code_of(txn) == 202);
	notified(&a, 100);
	rings_at_bob_and_is_answered_with("8");
	is_heard("8", "8");
	bob_has_the_call_alone();
}

static void who_says_nothing_holds_it_up_for_seconds(void)
{
	struct heard *h = holds();
	const struct sdp said = trunk_says("8", 2);
	const uint64_t txn = refers_to(&a, "bob");
	sim_pass(4200);
	NEED(code_of(txn) == 202);
	notified(&a, 100);
	talk_rings_at(&b, &bob);
	/* and follows while bob rings */
	talk_reply(&t, h, 200, &said);
	NEED(talk_takes(&t, SIP_ACK) && !sent_to(&bob, SIP_BYE));
	const struct sdp s = phone_says(&b, "8", 1, "sendrecv");
	talk_answer(&b, 200, &s);
	NEED(talk_takes(&b, SIP_ACK));
	is_heard("8", "8");
	bob_has_the_call_alone();
}

static void who_hangs_up_meanwhile_is_answered(void)
{
	struct heard *h = holds();
	const uint64_t txn = refers_to(&a, "bob");
	call_hang_up(&a, &t);
	sim_pass(100);
	NEED(code_of(txn) == 487 && !sent_to(&bob, SIP_INVITE));
	talk_reply(&t, h, 487, NULL);
	finish();
	NEED(sim_status("change-waits").used == 0);
}

/* What is judged then is refused then. */
static void and_one_that_may_not_be_is_refused(void)
{
	struct heard *h = holds();
	const uint64_t txn = refers_to(&a, "no-such");
	talk_reply(&t, h, 488, NULL);
	sim_pass(100);
	NEED(code_of(txn) == 404);
	call_hang_up(&a, &t);
	finish();
}

static void a_change_without_end_ends_it(void)
{
	begin_with(NULL);
	may_refer();
	call_up(&a, &alice, &b, &bob);
	const struct sdp hold = phone_says(&b, "80", 2, "sendonly");
	const uint64_t change = talk_send(&b, SIP_INVITE, &hold);
	NEED(talk_takes(&a, SIP_INVITE)); /* whose keys these are: it may take its time */
	const uint64_t txn = refers_to(&a, "bob");
	sim_pass(9000);
	NEED(!reply_to(txn));
	sim_pass(1200);
	NEED(code_of(txn) == 500 && !reply_to(change));
	sim_pass(30000);
	NEED(code_of(change) >= 480);
	call_hang_up(&a, &b);
	finish();
}

/* --- parked --- */

static void may_park(void)
{
	sim.site.park_s = 30;
}

static void holds_to_park(struct heard **h)
{
	begin_with(may_park);
	may_refer();
	const struct sdp s = trunk_says("98", 1);
	is_answered_with("980", &s);
	const struct sdp hold = phone_says(&a, "8", 2, "sendonly");
	changes(&a, &hold, "8");
	sim_pass(600);
	*h = is_asked(&t, "80");
	talk_invite(&a2, &alice, "*68", &offer);
}

static void is_told_that(const char *say)
{
	talk_hears(&a2, 200);
	talk_ack(&a2);
	struct heard *h = sim_take(PROC_MEDIA, MSG_RELAY, NULL, NULL), *next;
	while (h && (next = sim_take(PROC_MEDIA, MSG_RELAY, NULL, NULL))) {
		media_says_gate(((const struct msg_relay *)(const void *)h->payload)->join, RELAY_KEY_SDES);
		h = next;
	}
	NEED(h);
	media_says_gate(((const struct msg_relay *)(const void *)h->payload)->join, RELAY_KEY_SDES);
	const struct msg_turn *m;
	do {
		h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL);
		NEED(h);
		m = (const void *)h->payload;
	} while (strncmp(sim_text(h, m->say), say, strlen(say)) != 0);
	voice_says(m->token, TURN_SAID, "");
	hangs_up_on(&a2);
}

static void a_park_waits_too(void)
{
	struct heard *h;
	holds_to_park(&h);
	sim_pass(1000);
	NEED(!reply_to(a2.txn) && sim_status("parked").used == 0);
	const struct sdp said = trunk_says("8", 2);
	talk_reply(&t, h, 200, &said);
	NEED(talk_takes(&t, SIP_ACK));
	sim_pass(100);
	NEED(sim_status("parked").used == 1);
	hangs_up_on(&a);
	is_told_that("parked-at");
	talk_send(&t, SIP_BYE, NULL);
	finish();
}

static void and_who_gives_up_leaves_nothing(void)
{
	struct heard *h;
	holds_to_park(&h);
	struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, alice.edge), MSG_CANCELLED);
	m->txn = a2.txn;
	ipc_end(sim_far(PROC_EDGE, alice.edge));
	sim_turn();
	NEED(code_of(a2.txn) == 487);
	talk_reply(&t, h, 488, NULL);
	sim_pass(500);
	NEED(sim_status("change-waits").used == 0 && sim_status("parked").used == 0 && !sent_to(&alice, SIP_BYE));
	call_hang_up(&a, &t);
	finish();
}

/* --- attended, and one of them is outside --- */

static void the_line_changes(struct heard **h)
{
	*h = holds();
	carol_comes();
	call_up(&a2, &alice, &c, &carol);
}

static void the_other_call_that_is_named_is_waited_for(void)
{
	struct heard *h;
	the_line_changes(&h);
	struct msg_request *m = talk_begin(&a2, SIP_REFER);
	refer_cseq = m->cseq;
	m->replaces_call_id = phone_put(&alice, a.call_id);
	m->replaces_to_tag = phone_put(&alice, a.theirs);
	m->replaces_from_tag = phone_put(&alice, a.ours);
	const uint64_t txn = talk_end(&a2);
	sim_pass(1000);
	NEED(!reply_to(txn));
	talk_reply(&t, h, 488, NULL);
	sim_pass(100);
	NEED(code_of(txn) == 202);
	notified(&a2, 100);
	(void)sent_on(&c, "alice", 603);
	notified(&a2, 603);
	call_hang_up(&a, &t);
	call_hang_up(&a2, &c);
	finish();
}

/* The REFER comes before the line is asked, the INVITE meanwhile. */
static const char *is_sent_before(struct heard **h)
{
	may_refer();
	goes_out("980", "98");
	carol_comes();
	call_up(&a2, &alice, &c, &carol);
	const struct sdp hold = phone_says(&a, "8", 2, "sendonly");
	changes(&a, &hold, "8");
	struct heard *done = brings_together(&a, &a2);
	NEED(done && respond(done)->code == 202);
	notified(&a, 100);
	const char *token = sent_on(&c, "alice", 202);
	sim_pass(600);
	*h = is_asked(&t, "80");
	return token;
}

static void who_comes_to_the_line_waits(void)
{
	struct heard *h;
	const char *token = is_sent_before(&h);
	const struct sdp said = trunk_says("8", 2), hers = sdp_plain(&carol);
	invite_token_with(&n, &carol, token, &hers);
	sim_pass(500);
	NEED(!reply_to(n.txn));
	talk_reply(&t, h, 200, &said);
	NEED(talk_takes(&t, SIP_ACK));
	sim_pass(100);
	talk_hears(&n, 200);
	talk_ack(&n);
	notified(&a, 200);
	sim_pass(1500);
	hangs_up_on_both_of(&alice);
	hangs_up_on(&c);
	call_hang_up(&n, &t);
	finish();
}

static void and_may_think_better_of_it(void)
{
	struct heard *h;
	const char *token = is_sent_before(&h);
	const struct sdp hers = sdp_plain(&carol);
	invite_token_with(&n, &carol, token, &hers);
	struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, carol.edge), MSG_CANCELLED);
	m->txn = n.txn;
	ipc_end(sim_far(PROC_EDGE, carol.edge));
	sim_turn();
	NEED(code_of(n.txn) == 487);
	notified(&a, 480);
	talk_reply(&t, h, 488, NULL);
	sim_pass(500);
	NEED(sim_status("change-waits").used == 0 && !sent_to(&alice, SIP_BYE) && !sent_to(&telco[0], SIP_BYE));
	call_hang_up(&a, &t);
	call_hang_up(&a2, &c);
	finish();
}

/* --- and fit together afterwards --- */

/* bob has one codec less than the trunk and alice had. */
static void who_is_joined_by_a_transfer_is_asked_for_what_both_have(void)
{
	may_refer();
	goes_out("980", "98");
	const uint64_t txn = refers_to(&a, "bob");
	NEED(code_of(txn) == 202);
	notified(&a, 100);
	rings_at_bob_and_is_answered_with("8");
	const struct sdp said = trunk_says("8", 2);
	sim_pass(50);
	talk_reply(&t, is_asked(&t, "80"), 200, &said);
	NEED(talk_takes(&t, SIP_ACK));
	is_heard("8", "8");
	alice_has_left();
	sim_pass(5000);
	NEED(!sent_to(&telco[0], SIP_INVITE) && !sent_to(&bob, SIP_INVITE));
	call_hang_up(&b, &t);
	finish();
}

/* The trunk has another codec while bob rings, and he answers with the one that was offered him. */
static void and_where_it_changed_meanwhile(void)
{
	may_refer();
	goes_out("980", "98");
	NEED(code_of(refers_to(&a, "bob")) == 202);
	notified(&a, 100);
	talk_rings_at(&b, &bob);
	const struct sdp law = trunk_says("8", 2), back = trunk_says("9", 3);
	changes(&t, &law, "8");
	const struct sdp s = phone_says(&b, "9", 1, "sendrecv");
	talk_answer(&b, 200, &s);
	NEED(talk_takes(&b, SIP_ACK));
	sim_pass(50);
	talk_reply(&t, is_asked(&t, "9"), 200, &back);
	NEED(talk_takes(&t, SIP_ACK));
	is_heard("9", "9");
	bob_has_the_call_alone();
}

/* And bob does not take it: alice has the trunk back, which has one codec less than she by now. */
static void or_is_given_back(void)
{
	may_refer();
	goes_out("980", "98");
	NEED(code_of(refers_to(&a, "bob")) == 202);
	notified(&a, 100);
	talk_rings_at(&b, &bob);
	const struct sdp law = trunk_says("8", 2), hers = phone_says(&a, "8", 2, "sendrecv");
	changes(&t, &law, "8");
	talk_answer(&b, 486, NULL);
	notified(&a, 486);
	sim_pass(50);
	talk_reply(&a, is_asked(&a, "80"), 200, &hers);
	NEED(talk_takes(&a, SIP_ACK));
	is_heard("8", "8");
	call_hang_up(&a, &t);
	finish();
}

static void to_alice(void)
{
	snprintf(sim.site.inbound[0].to, sizeof sim.site.inbound[0].to, "alice");
	sim.site.plan.unknown_caller = INCOMING_PASS;
}

/* The trunk offered more than alice and it agreed on, and bob answers with that alone; the trunk is asked for it. */
static struct heard *bob_has_what_the_party_only_offered(void)
{
	may_refer();
	begin_with(to_alice);
	const struct sdp o = trunk_says("98", 1);
	invite_with(&t, "+33123456789", "+33140000001", false, &o);
	talk_rings_at(&a, &alice);
	const struct sdp hers = phone_says(&a, "9", 1, "sendrecv");
	talk_answer(&a, 200, &hers);
	NEED(talk_takes(&a, SIP_ACK));
	talk_hears(&t, 200);
	talk_ack(&t);
	NEED(speaks(&t.sdp, "9"));
	NEED(code_of(refers_to(&a, "bob")) == 202);
	notified(&a, 100);
	talk_rings_at(&b, &bob);
	NEED(speaks(&b.sdp, "9")); /* with which nobody need be asked for another */
	talk_answer(&b, 488, NULL);
	talk_rings_at(&b, &bob);
	NEED(speaks(&b.sdp, "980"));
	const struct sdp his = phone_says(&b, "8", 1, "sendrecv");
	talk_answer(&b, 200, &his);
	NEED(talk_takes(&b, SIP_ACK));
	sim_pass(50);
	return is_asked(&t, "80");
}

static void what_only_the_party_offered_is_offered_too(void)
{
	struct heard *h = bob_has_what_the_party_only_offered();
	const struct sdp law = trunk_says("8", 2);
	talk_reply(&t, h, 200, &law);
	NEED(talk_takes(&t, SIP_ACK));
	is_heard("8", "8");
	bob_has_the_call_alone();
}

static void and_if_it_does_not_take_that_the_other_is_asked(void)
{
	struct heard *h = bob_has_what_the_party_only_offered();
	talk_reply(&t, h, 488, NULL);
	sim_pass(50);
	h = is_asked(&b, "9");
	const struct sdp his = phone_says(&b, "9", 2, "sendrecv");
	talk_reply(&b, h, 200, &his);
	NEED(talk_takes(&b, SIP_ACK));
	is_heard("9", "9");
	bob_has_the_call_alone();
}

/* That was for bob: with carol, who does not take what it has either, it is asked once more. */
static void and_of_another_it_is_asked_anew(void)
{
	struct heard *h = bob_has_what_the_party_only_offered();
	const struct sdp his = phone_says(&b, "9", 2, "sendrecv"), law = trunk_says("8", 2);
	talk_reply(&t, h, 488, NULL);
	sim_pass(50);
	talk_reply(&b, is_asked(&b, "9"), 200, &his);
	NEED(talk_takes(&b, SIP_ACK));
	alice_has_left();
	carol_comes();
	NEED(code_of(refers_to(&b, "carol")) == 202);
	notified(&b, 100);
	talk_rings_at(&c, &carol);
	talk_answer(&c, 488, NULL);
	talk_rings_at(&c, &carol);
	const struct sdp hers = phone_says(&c, "8", 1, "sendrecv");
	talk_answer(&c, 200, &hers);
	NEED(talk_takes(&c, SIP_ACK));
	sim_pass(50);
	talk_reply(&t, is_asked(&t, "80"), 200, &law);
	NEED(talk_takes(&t, SIP_ACK));
	is_heard("8", "8");
	notified(&b, 200);
	sim_pass(1500);
	hangs_up_on(&b);
	call_hang_up(&c, &t);
	finish();
}

/* And carol, who comes to the line. */
static void who_comes_to_the_line_may_have_that_alone(void)
{
	may_refer();
	begin_with(to_alice);
	carol_comes();
	const struct sdp o = trunk_says("98", 1), law = trunk_says("8", 2);
	invite_with(&t, "+33123456789", "+33140000001", false, &o);
	talk_rings_at(&a, &alice);
	const struct sdp hers = phone_says(&a, "9", 1, "sendrecv");
	talk_answer(&a, 200, &hers);
	NEED(talk_takes(&a, SIP_ACK));
	talk_hears(&t, 200);
	talk_ack(&t);
	call_up(&a2, &alice, &c, &carol);
	NEED(respond(brings_together(&a, &a2))->code == 202);
	notified(&a, 100);
	n.phone = &carol;
	const struct sdp mine = phone_says(&n, "8", 1, "sendrecv");
	invite_token_with(&n, &carol, sent_on(&c, "alice", 202), &mine);
	talk_hears(&n, 200);
	NEED(speaks(&n.sdp, "8"));
	talk_ack(&n);
	sim_pass(50);
	talk_reply(&t, is_asked(&t, "80"), 200, &law);
	NEED(talk_takes(&t, SIP_ACK));
	is_heard("8", "8");
	notified(&a, 200);
	sim_pass(1500);
	hangs_up_on_both_of(&alice);
	hangs_up_on(&c);
	call_hang_up(&n, &t);
	finish();
}

/* Whoever transfers hangs up at once, and the line follows what they had asked it for before. */
static void a_line_that_waits_alone_has_what_it_says_last(void)
{
	struct heard *h;
	const char *token = is_sent_before(&h);
	n.phone = &carol;
	const struct sdp said = trunk_says("8", 2), hers = phone_says(&n, "98", 1, "sendrecv");
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	talk_reply(&t, h, 200, &said);
	NEED(talk_takes(&t, SIP_ACK));
	invite_token_with(&n, &carol, token, &hers);
	sim_pass(100);
	talk_hears(&n, 200);
	talk_ack(&n);
	NEED(speaks(&n.sdp, "8"));
	is_heard("8", "8");
	sim_pass(1500);
	hangs_up_on(&a2);
	hangs_up_on(&c);
	call_hang_up(&n, &t);
	finish();
}

/* --- what is heard meanwhile and afterwards --- */

static const struct msg_turn *last_turn(void)
{
	struct heard *h, *last = NULL;

	while ((h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL)))
		last = h;
	return last ? (const void *)last->payload : NULL;
}

static void is_sent_to_bob(const char *types)
{
	may_refer();
	goes_out("980", types);
	NEED(code_of(refers_to(&a, "bob")) == 202);
	notified(&a, 100);
	talk_rings_at(&b, &bob);
}

static void is_parked(const char *offered, const char *types)
{
	begin_with(may_park);
	may_refer();
	const struct sdp s = trunk_says(types, 1);
	is_answered_with(offered, &s);
	talk_invite(&a2, &alice, "*68", &offer);
	hangs_up_on(&a);
	is_told_that("parked-at");
}

static void the_party_holds(void)
{
	struct sdp hold = trunk_says("8", 2);

	hold.audio.direction = SDP_SENDONLY;
	changes(&t, &hold, "8");
	(void)last_turn();
}

static void the_music_follows_the_codec(void)
{
	is_sent_to_bob("98");
	const struct msg_turn *m = last_turn();
	NEED(m && m->codec == SDP_G722);
	const struct sdp law = trunk_says("8", 2);
	changes(&t, &law, "8");
	m = last_turn();
	NEED(m && m->loop && m->codec == SDP_PCMA && m->side == 1);
	bob_answers("8");
	is_heard("8", "8");
	bob_has_the_call_alone();
}

static void of_a_parked_one_too(void)
{
	is_parked("980", "98");
	(void)last_turn();
	const struct sdp law = trunk_says("8", 2);
	changes(&t, &law, "8");
	const struct msg_turn *m = last_turn();
	NEED(m && m->loop && m->codec == SDP_PCMA);
	talk_send(&t, SIP_BYE, NULL);
	finish();
}

/* The party is on hold itself when somebody answers it. */
static void who_answers_one_on_hold_hears_music(void)
{
	is_sent_to_bob("8");
	the_party_holds();
	bob_answers("8");
	const struct msg_turn *m = last_turn();
	NEED(m && m->loop && m->side == 0);
	bob_has_the_call_alone();
}

static void and_who_takes_a_parked_one(void)
{
	is_parked("8", "8");
	the_party_holds();
	const struct sdp hers = sdp_plain(&alice);
	talk_invite(&a2, &alice, "*6910", &hers);
	talk_hears(&a2, 200);
	talk_ack(&a2);
	const struct msg_turn *m = last_turn();
	NEED(m && m->loop && m->side == 0);
	call_hang_up(&a2, &t);
	finish();
}

/* alice's phone has a second to hang up by itself, and is not one of the two any more. */
static void who_has_left_puts_nobody_on_hold(void)
{
	is_sent_to_bob("8");
	bob_answers("8");
	is_heard("8", "8");
	(void)last_turn();
	const struct sdp hold = phone_says(&a, "8", 2, "sendonly");
	changes(&a, &hold, "8");
	NEED(!last_turn());
	bob_has_the_call_alone();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_transfer_waits_for_what_the_other_is_asked);
	SIM(who_says_nothing_holds_it_up_for_seconds);
	SIM(who_hangs_up_meanwhile_is_answered);
	SIM(and_one_that_may_not_be_is_refused);
	SIM(a_change_without_end_ends_it);
	SIM(a_park_waits_too);
	SIM(and_who_gives_up_leaves_nothing);
	SIM(the_other_call_that_is_named_is_waited_for);
	SIM(who_comes_to_the_line_waits);
	SIM(and_may_think_better_of_it);
	SIM(who_is_joined_by_a_transfer_is_asked_for_what_both_have);
	SIM(and_where_it_changed_meanwhile);
	SIM(or_is_given_back);
	SIM(what_only_the_party_offered_is_offered_too);
	SIM(and_if_it_does_not_take_that_the_other_is_asked);
	SIM(and_of_another_it_is_asked_anew);
	SIM(who_comes_to_the_line_may_have_that_alone);
	SIM(a_line_that_waits_alone_has_what_it_says_last);
	SIM(the_music_follows_the_codec);
	SIM(of_a_parked_one_too);
	SIM(who_answers_one_on_hold_hears_music);
	SIM(and_who_takes_a_parked_one);
	SIM(who_has_left_puts_nobody_on_hold);
	(void)test_failed_here;
	return TEST_END;
}
