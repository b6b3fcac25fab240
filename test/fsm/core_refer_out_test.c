/* SPDX-License-Identifier: ISC */
/* Attended transfers where one of the two is outside: the other's phone comes to the line (R4, R14, R29). */
#include "../unit/test.h"
#include "sim_trunks.h"
#include "sim_voice.h"

static struct phone carol;
static struct talk a2, c, n; /* alice's call to carol, and carol's to the line */

static void open_house(void)
{
	sim.site.plan.unknown_caller = sim.site.plan.anonymous_caller = INCOMING_PASS;
	sim.site.inbound[0] = (struct inbound){.number = "+33140000001", .to = "alice"};
}

static void begin(void (*settings)(void))
{
	begin_with(settings);
	phone_init(&carol, 2);
	phone_register(&carol);
	media_says_fingerprint(0x5a);
	a.allow = a2.allow = c.allow = 1u << SIP_REFER;
}

static void alice_asks_carol(void)
{
	sim_pass(5000);
	call_up(&a2, &alice, &c, &carol);
}

static void are_joined(void)
{
	uint64_t join;

	invite_token(&n, &carol, sent_on(&c, "alice", 202));
	talk_hears(&n, 200);
	talk_ack(&n);
	const struct relay_spec *s = relay_wish(&join);
	NEED(s && s->side[0].present && s->side[1].present && s->side[0].end + s->side[1].end == RELAY_ENDED_CLEAR + RELAY_ENDED_SDES);
	NEED(s->side[0].hears == RELAY_HEARS_OTHER && s->side[1].hears == RELAY_HEARS_OTHER);
	media_says_gate(join, RELAY_KEY_SDES);
}

static void both_old_calls_end(void)
{
	sim_pass(1500);
	hangs_up_on_both_of(&alice);
	hangs_up_on(&c);
	NEED(!sent_to(&alice, SIP_BYE) && !sent_to(&telco[0], SIP_BYE) && !sent_to(&telco[0], SIP_INVITE));
}

/* The reception's daily act: who called is given to the one whom the reception asked, by either of the two REFERs that phones send. */
static void who_called_is_given_on(void)
{
	for (int way = 0; way < 2; way++) {
		if (way == 0)
			begin(open_house);
		else
			a.allow = a2.allow = c.allow = 1u << SIP_REFER;
		outside_talks_to(&t, &a, &alice);
		alice_asks_carol();
		struct talk *asks = way ? &a : &a2;
		struct heard *h = way ? brings_together(&a, &a2) : brings_together(&a2, &a);
		NEED(h && respond(h)->code == 202);
		notified(asks, 100);
		are_joined();
		notified(asks, 200);
		both_old_calls_end();
		sim_pass(30000);
		call_hang_up(&t, &n);
		sim_pass(2000);
		NEED(strcmp(sim.record_to, "carol") == 0 && strstr(sim.record_from, "+33987654321") && sim.record.duration_ms >= 30000);
	}
	finish();
	NEED(sim.records == 6); /* with alice, the question, with carol */
}

/* And whom alice called outside; the line stays on her account. */
static void who_was_called_is_given_on(void)
{
	begin(open_house);
	up_at(&a, &t, "+33123456789", &telco[0]);
	alice_asks_carol();
	NEED(respond(brings_together(&a, &a2))->code == 202);
	notified(&a, 100);
	are_joined();
	notified(&a, 200);
	both_old_calls_end();
	sim_pass(30000);
	call_hang_up(&n, &t);
	finish();
	NEED(strcmp(sim.record_to, "carol") == 0 && strstr(sim.record_from, "+33123456789"));
}

static void alice_holds(void)
{
	struct sdp held = sdp_fits(&a);
	held.version = 2;
	held.audio.direction = SDP_SENDONLY;
	NEED(code_of(talk_send(&a, SIP_INVITE, &held)) == 200);
	talk_ack(&a);
	NEED(turn("music")->loop);
}

/* On hold meanwhile, with music, which stops. */
static void the_music_stops(void)
{
	begin(open_house);
	outside_talks_to(&t, &a, &alice);
	alice_holds();
	alice_asks_carol();
	NEED(respond(brings_together(&a2, &a))->code == 202);
	notified(&a2, 100);
	are_joined();
	NEED(sim_take(PROC_VOICE, MSG_TURN_STOP, NULL, NULL));
	notified(&a2, 200);
	both_old_calls_end();
	call_hang_up(&n, &t);
	finish();
}

static void nothing_is_lost(void)
{
	NEED(code_of(talk_send(&a, SIP_OPTIONS, NULL)) == 200 && code_of(talk_send(&a2, SIP_OPTIONS, NULL)) == 200);
	NEED(!sent_to(&alice, SIP_BYE) && !sent_to(&carol, SIP_BYE) && !sent_to(&telco[0], SIP_BYE));
}

static void what_comes_to_nothing_leaves_all_as_it_was(void)
{
	begin(open_house);
	outside_talks_to(&t, &a, &alice);
	alice_asks_carol();
	/* carol's phone does not want to */
	NEED(respond(brings_together(&a2, &a))->code == 202);
	notified(&a2, 100);
	sent_on(&c, "alice", 603);
	notified(&a2, 603);
	nothing_is_lost();
	/* does not come */
	NEED(respond(brings_together(&a2, &a))->code == 202);
	notified(&a2, 100);
	const char *token = sent_on(&c, "alice", 202);
	sim_pass(21000);
	notified(&a2, 480);
	nothing_is_lost();
	invite_token(&n, &carol, token);
	NEED(code_of(n.txn) == 404);
	/* comes with what cannot be joined */
	NEED(respond(brings_together(&a2, &a))->code == 202);
	notified(&a2, 100);
	struct sdp zrtp = sdp_zrtp(&carol);
	token = sent_on(&c, "alice", 202);
	struct msg_request *m = phone_begin(&carol, SIP_INVITE);
	m->call_id = phone_put(&carol, "with-zrtp");
	m->target_kind = TARGET_TRANSFER;
	m->target_user = phone_put(&carol, token);
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(&carol, "<sip:fresh@192.0.2.9:40000;transport=tls>");
	m->sdp = phone_put_sdp(&carol, &zrtp);
	NEED(code_of(phone_end(&carol)) == 488);
	notified(&a2, 488);
	nothing_is_lost();
	/* the line hangs up before */
	NEED(respond(brings_together(&a2, &a))->code == 202);
	notified(&a2, 100);
	token = sent_on(&c, "alice", 202);
	NEED(code_of(talk_send(&t, SIP_BYE, NULL)) == 200);
	hangs_up_on(&a);
	invite_token(&n, &carol, token);
	NEED(code_of(n.txn) >= 400);
	notified(&a2, 480);
	call_hang_up(&a2, &c);
	finish();
}

/* R14: nor with another line, nor by another's phone. */
static void two_lines_are_not_put_together(void)
{
	begin(open_house);
	outside_talks_to(&t, &a, &alice);
	talk_invite(&a2, &alice, "+33123456789", &offer);
	struct talk out;
	talk_rings_at(&out, &telco[0]);
	talk_up(&a2, &out, &plain);
	struct heard *h = brings_together(&a2, &a);
	NEED(h && respond(h)->code == 403 && strstr(sim_text(h, respond(h)->warning_text), "two outside lines"));
	h = brings_together(&a, &a2);
	NEED(h && respond(h)->code == 403);
	/* bob guesses both */
	struct talk own;
	b.allow = own.allow = 1u << SIP_REFER;
	call_up(&own, &bob, &c, &carol);
	h = brings_together(&own, &a);
	NEED(h && respond(h)->code == 481 && sim.events[EVENT_FORGED_DIALOG] == 1);
	call_hang_up(&own, &c);
	call_hang_up(&a2, &out);
	call_hang_up(&t, &a);
	finish();
}

static void promised_and_left(void)
{
	alice_asks_carol();
	NEED(respond(brings_together(&a2, &a))->code == 202);
	notified(&a2, 100);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
}

static void promised_and_hung_up(void)
{
	promised_and_left();
	NEED(!sent_to(&telco[0], SIP_BYE));
	NEED(turn("music")->loop);
	are_joined();
	notified(&a2, 200);
	sim_pass(1100);
	hangs_up_on(&a2);
	hangs_up_on(&c);
}

/* Some phones hang up as soon as the transfer is promised. */
static void who_hangs_up_at_once_has_given_on_all_the_same(void)
{
	begin(open_house);
	outside_talks_to(&t, &a, &alice);
	promised_and_hung_up();
	sim_pass(30000);
	call_hang_up(&t, &n);
	finish();
	NEED(strcmp(sim.record_to, "carol") == 0 && strstr(sim.record_from, "+33987654321"));
}

/* Who waits was called: they are outside all the same, and shown and written as who they are. */
static void a_line_that_was_called_waits_too(void)
{
	begin(open_house);
	up_at(&a, &t, "+33123456789", &telco[0]);
	promised_and_hung_up();
	sim_pass(30000);
	call_hang_up(&n, &t);
	finish();
	NEED(strcmp(sim.record_to, "carol") == 0 && strstr(sim.record_from, "+33123456789"));
	NEED(sim.records == 3);
}

static void one_on_hold_hears_music_on(void)
{
	begin(open_house);
	outside_talks_to(&t, &a, &alice);
	alice_holds();
	promised_and_hung_up();
	call_hang_up(&n, &t);
	finish();
}

static void the_line_is_not_left_alone(void)
{
	begin(open_house);
	outside_talks_to(&t, &a, &alice);
	promised_and_left();
	sent_on(&c, "alice", 603);
	notified(&a2, 603);
	hangs_up_on(&t);
	call_hang_up(&a2, &c);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(who_called_is_given_on);
	SIM(who_was_called_is_given_on);
	SIM(the_music_stops);
	SIM(what_comes_to_nothing_leaves_all_as_it_was);
	SIM(two_lines_are_not_put_together);
	SIM(who_hangs_up_at_once_has_given_on_all_the_same);
	SIM(a_line_that_was_called_waits_too);
	SIM(one_on_hold_hears_music_on);
	SIM(the_line_is_not_left_alone);
	(void)test_failed_here;
	return TEST_END;
}
