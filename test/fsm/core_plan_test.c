/* SPDX-License-Identifier: ISC */
/* The call plan through core: classes, the outgoing PIN by prompts and keys, forwards, do not disturb, ring groups (R14, R15, R29). */
#include "../unit/test.h"
#include "sim_voice.h"
#include "voice.h"
#include <time.h>

static struct phone alice, bob, carol;
static struct talk a, b, c;
static struct sdp offer, answer;

static void begin_with(void (*settings)(void))
{
	sim_defaults();
	memcpy(sim.site.plan.country, "fr", 3);
	sim.pin = "2468";
	if (settings)
		settings();
	sim_open();
	phones_register((struct phone *[]){&alice, &bob, &carol}, 3);
	offer = sdp_plain(&alice);
	answer = sdp_plain(&bob);
}

static void finish(void)
{
	sim_pass(60000);
	sim_need_idle();
}

/* --- classes and the PIN --- */

static void nobody_dials_out_by_default(void)
{
	begin_with(NULL);
	talk_invite(&a, &alice, "+33123456789", &offer);
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 403 && strstr(sim_text(h, respond(h)->warning_text), "class"));
	NEED(sim.lookups == 0 && sim.pins == 0 && !sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
	talk_invite(&a, &alice, "no-such", &offer);
	NEED(code_of(a.txn) == 404);
	finish();
}

static void may_dial(void)
{
	set(0, OWNER_USER, 0, SETTING_CLASSES, "national mobile");
}

static void a_new_number_asks_for_the_pin(void)
{
	begin_with(may_dial);
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	/* one codec, so that the far end can be offered the same */
	NEED(a.sdp.audio.codec_n == 2 && a.sdp.audio.codec[0].codec == SDP_PCMA);
	const struct msg_turn *t = turn("pin-please");
	NEED(t->digits_min == 4 && t->digits_max == 12 && t->end_key == '#' && t->barge && !t->loop && t->side == 0);
	const struct relay_spec *s = relay_wish(NULL);
	NEED(s && s->side[0].hears == RELAY_HEARS_VOICE && s->side[0].listens && !s->side[0].events);
	voice_says(t->token, TURN_DIGITS, "1357");
	t = turn("pin-wrong pin-please");
	voice_says(t->token, TURN_DIGITS, "2468");
	/* right, but there is no trunk to dial over: it stays a number that was never dialled */
	NEED(!sim_take(PROC_KEEPER, MSG_DIALLED_ADD, NULL, NULL));
	t = turn("busy-try-later");
	voice_says(t->token, TURN_SAID, "");
	hangs_up_on(&a);
	finish();
	NEED(sim.pins == 2 && sim.record.duration_ms == 0);
}

static void in_america(void)
{
	may_dial();
	memcpy(sim.site.plan.country, "us", 3);
}

/* The one codec that it is answered with is the law of the country's lines: a gateway there may know no other. */
static void who_is_answered_first_speaks_the_law_of_the_country(void)
{
	begin_with(in_america);
	talk_invite(&a, &alice, "+12125551234", &offer);
	answered(&a);
	NEED(a.sdp.audio.codec_n == 2 && a.sdp.audio.codec[0].codec == SDP_PCMU);
	NEED(turn("pin-please") && code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	finish();
}

/* Old phones say digits by INFO: voice is told the telephone-event, as if media had heard it. */
static void digits_of_an_info_are_told_as_events(void)
{
	static const char keys[] = "0123456789*#";

	begin_with(may_dial);
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	const struct msg_turn *t = turn("pin-please");
	for (unsigned i = 0; keys[i]; i++) {
		talk_begin(&a, SIP_INFO)->key = (uint8_t)keys[i];
		NEED(code_of(talk_end(&a)) == 200);
		struct heard *h = sim_take(PROC_VOICE, MSG_KEY, NULL, NULL);
		const struct msg_key *m = h ? (const void *)h->payload : NULL;
		NEED(m && m->join == t->join && m->side == t->side && m->digit == i);
	}
	NEED(code_of(talk_send(&a, SIP_INFO, NULL)) == 200 && !sim_take(PROC_VOICE, MSG_KEY, NULL, NULL));
	voice_says(t->token, TURN_DIGITS, "2468");
	t = turn("busy-try-later");
	voice_says(t->token, TURN_SAID, "");
	hangs_up_on(&a);
	finish();
}

/* Neither the phone nor voice says anything more. */
static void a_caller_who_vanishes_before_a_silent_voice_is_not_kept(void)
{
	begin_with(may_dial);
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	NEED(turn("pin-please"));
	phone_down(&alice);
	sim_pass(4000 * 1000);
	finish();
}

static void every_spelling_of_a_known_number_needs_none(void)
{
	static const char *const spelling[] = {"+33123456789", "0123456789", "0033123456789", "+33-1-23-45-67-89"};

	begin_with(may_dial);
	sim.dialled[0] = "+33123456789";
	for (size_t i = 0; i < sizeof spelling / sizeof *spelling; i++) {
		talk_invite(&a, &alice, spelling[i], &offer);
		NEED(code_of(a.txn) == 503); /* no line */
	}
	NEED(sim.lookups == 4 && sim.pins == 0);
	finish();
}

static void three_wrong_pins_lock(void)
{
	begin_with(may_dial);
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	const struct msg_turn *t = turn("pin-please");
	for (int i = 0; i < 3; i++) {
		voice_says(t->token, TURN_DIGITS, "9999");
		t = turn("pin-wrong pin-please");
	}
	voice_says(t->token, TURN_DIGITS, "2468");
	t = turn("pin-locked");
	NEED(t->digits_max == 0);
	voice_says(t->token, TURN_SAID, "");
	hangs_up_on(&a);
	finish();
}

/* Of the three days around now, or of the other four; from their first minute on. */
static void night_around_now(bool now)
{
	const time_t wall = time(NULL);
	struct tm t;

	may_dial();
	NEED(localtime_r(&wall, &t));
	const int monday = (t.tm_wday + 6) % 7; /* 0 */
	uint8_t days = 0;
	for (int i = 0; i < 3; i++)
		days |= (uint8_t)(1 << (monday + 6 + i) % 7);
	sim.site.plan.nights = 1;
	sim.site.plan.night[0] = (struct plan_night){.from_min = t.tm_hour + t.tm_min > 0,
	    .to_min = 24 * 60,
	    .days = now ? days : 0x7f & ~days,
	    .classes = plan_classes_least()};
}

static void night_is_now(void)
{
	night_around_now(true);
}

static void night_is_not_now(void)
{
	night_around_now(false);
}

/* R17: the hours of the configuration are those of the wall's clock. */
static void at_night_nobody_dials_out(void)
{
	begin_with(night_is_now);
	sim.dialled[0] = "+33123456789";
	talk_invite(&a, &alice, "+33123456789", &offer);
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 403 && strstr(sim_text(h, respond(h)->warning_text), "at this hour"));
	NEED(sim.events[EVENT_CALL_REFUSED] == 1); /* the operator is told what was refused (R13) */
	finish();
}

static void by_day_they_do(void)
{
	begin_with(night_is_not_now);
	sim.dialled[0] = "+33123456789";
	talk_invite(&a, &alice, "+33123456789", &offer);
	NEED(code_of(a.txn) == 503); /* no line */
	finish();
}

/* R15: the plan's own word, before any question; a number that was dialled before needs no PIN. */
static void a_pin_that_is_locked_or_absent_is_not_asked_for(void)
{
	begin_with(may_dial);
	sim.pin_locked = true;
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	voice_says(turn("pin-locked")->token, TURN_SAID, "");
	hangs_up_on(&a);
	sim.pin = NULL;
	sim.pin_locked = false;
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	voice_says(turn("pin-absent")->token, TURN_SAID, "");
	hangs_up_on(&a);
	NEED(sim.lookups == 2 && sim.pins == 0 && !sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
	sim_link_down(PROC_VOICE, 0);
	talk_invite(&a, &alice, "+33123456789", &offer);
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 403 && strstr(sim_text(h, respond(h)->warning_text), "no PIN"));
	sim.dialled[0] = "+33123456789";
	talk_invite(&a, &alice, "+33123456789", &offer);
	NEED(code_of(a.txn) == 503); /* no line */
	finish();
}

/* The forward goes on bob's account: alice, who calls, hears nothing of his PIN. */
static void bob_forwards_out(void);
static void another_pin_is_not_spoken_of(void)
{
	begin_with(bob_forwards_out);
	sim.pin_locked = true;
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob); /* what is not followed is as no forward */
	talk_answer(&b, 486, NULL);
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 486 && !strstr(sim_text(h, respond(h)->warning_text), "PIN"));
	NEED(!sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
	finish();
}

static void silence_is_asked_twice_then_the_call_ends(void)
{
	begin_with(may_dial);
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	const struct msg_turn *t = turn("pin-please");
	voice_says(t->token, TURN_TIME_OUT, "12");
	t = turn("pin-please");
	voice_says(t->token, TURN_TIME_OUT, "");
	t = turn("goodbye");
	voice_says(t->token, TURN_SAID, "");
	hangs_up_on(&a);
	finish();
	NEED(sim.pins == 0);
}

static void without_voice_a_new_number_is_refused(void)
{
	begin_with(may_dial);
	sim_link_down(PROC_VOICE, 0);
	talk_invite(&a, &alice, "+33123456789", &offer);
	NEED(code_of(a.txn) == 503);
	finish();
}

static void no_seat_is_left(void)
{
	while (voice_seat_take(SEAT_SPOKEN_TO, false))
		;
}

/* Who would be answered and hear nothing is told so by the phone; who is spoken to already is spoken to on. */
static void a_full_voice_answers_nobody(void)
{
	begin_with(may_dial);
	sim.pin = "2468";
	no_seat_is_left();
	talk_invite(&a, &alice, "+33123456789", &offer);
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 503 && respond(h)->retry_after && strstr(sim_text(h, respond(h)->warning_text), "voice is full"));
	talk_invite(&a, &alice, "*93", &offer); /* a code that is confirmed with words */
	NEED(code_of(a.txn) == 503 && sim.changes == 0);
	NEED(!sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
	voice_seat_release(SEAT_SPOKEN_TO);
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	no_seat_is_left();
	for (int i = 0; i < 2; i++)
		voice_says(turn(i ? "pin-wrong pin-please" : "pin-please")->token, TURN_DIGITS, "1357");
	NEED(turn("pin-wrong pin-please") && code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	uint64_t left = sim_status("voice-seats").used;
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	NEED(turn("pin-please") && sim_status("voice-seats").used == left + 1);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	while (sim_status("voice-seats").used)
		voice_seat_release(SEAT_SPOKEN_TO);
	finish();
}

/* --- a new PIN at the phone --- */

static void keeper_is_given(const char *old, const char *fresh, enum pin_verdict v)
{
	struct heard *h = sim_take(PROC_KEEPER, MSG_PIN_SET, NULL, NULL);
	const struct msg_pin_set *m = h ? (const void *)h->payload : NULL;

	NEED(m && m->who == 0 && strcmp(sim_text(h, m->user), "alice") == 0);
	NEED(strcmp(sim_text(h, m->old), old) == 0 && strcmp(sim_text(h, m->new), fresh) == 0);
	struct msg_pin_verdict *out = ipc_begin(sim_far(PROC_KEEPER, 0), MSG_PIN_VERDICT);
	out->token = m->token;
	out->verdict = (uint8_t)v;
	ipc_end(sim_far(PROC_KEEPER, 0));
	sim_turn();
}

static void presses(const char *asked, const char *digits)
{
	const struct msg_turn *t = turn(asked);

	NEED(t->digits_min == 4 && t->digits_max == 12 && t->end_key == '#');
	voice_says(t->token, TURN_DIGITS, digits);
}

static void dials_55(void)
{
	sim.pins = 0;
	talk_invite(&a, &alice, "*55", &offer);
	answered(&a);
	voice_says(turn("silence:200")->token, TURN_SAID, "");
}

static void a_pin_is_changed(void)
{
	begin_with(NULL);
	dials_55();
	presses("pin-please", "1111");
	presses("pin-wrong pin-please", "2468");
	presses("pin-new", "1357");
	presses("pin-repeat", "1358");
	NEED(!sim_take(PROC_KEEPER, MSG_PIN_SET, NULL, NULL));
	presses("pin-mismatch pin-new", "9753");
	presses("pin-repeat", "9753");
	keeper_is_given("2468", "9753", PIN_IS_RIGHT);
	voice_says(turn("pin-set")->token, TURN_SAID, "");
	voice_says(turn("goodbye")->token, TURN_SAID, "");
	hangs_up_on(&a);
	finish();
}

static void a_pin_that_is_not_changed(void)
{
	static const struct {
		enum pin_verdict verdict;
		const char *told;
	} no[] = {{PIN_IS_LOCKED, "pin-locked"}, {PIN_IS_NONE, "pin-none"}, {PIN_IS_FAILED, "not-now"}};

	begin_with(NULL);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
		dials_55();
		presses("pin-please", "2468");
		presses("pin-new", "9753");
		presses("pin-repeat", "9753");
		keeper_is_given("2468", "9753", no[i].verdict);
		voice_says(turn(no[i].told)->token, TURN_SAID, "");
		hangs_up_on(&a);
	}
	/* nobody judges it */
	dials_55();
	presses("pin-please", "2468");
	presses("pin-new", "9753");
	presses("pin-repeat", "9753");
	sim_link_down(PROC_KEEPER, 0);
	voice_says(turn("not-now")->token, TURN_SAID, "");
	hangs_up_on(&a);
	sim_link_up(PROC_KEEPER, 0);
	finish();
}

/* R15: the first one is an administrator's to give, and nothing is asked for in vain. */
static void who_has_no_pin_is_told_so(void)
{
	begin_with(NULL);
	sim.pin = NULL;
	dials_55();
	voice_says(turn("pin-none")->token, TURN_SAID, "");
	hangs_up_on(&a);
	finish();
}

static void a_pin_that_is_locked_is_not_asked_for(void)
{
	begin_with(NULL);
	sim.pin_locked = true;
	dials_55();
	voice_says(turn("pin-locked")->token, TURN_SAID, "");
	hangs_up_on(&a);
	finish();
}

/* It is said why it is refused, and another is asked for, as often as usual. */
static void a_pin_that_is_too_easy(void)
{
	begin_with(NULL);
	dials_55();
	presses("pin-please", "2468");
	presses("pin-new", "1234");
	presses("pin-repeat", "1234");
	keeper_is_given("2468", "1234", PIN_IS_REFUSED);
	presses("pin-weak pin-new", "1212");
	presses("pin-repeat", "1212");
	keeper_is_given("2468", "1212", PIN_IS_REFUSED);
	presses("pin-weak pin-new", "2580");
	presses("pin-repeat", "2580");
	keeper_is_given("2468", "2580", PIN_IS_REFUSED);
	voice_says(turn("pin-weak")->token, TURN_SAID, "");
	hangs_up_on(&a);
	dials_55();
	presses("pin-please", "2468");
	presses("pin-new", "1234");
	presses("pin-repeat", "1234");
	keeper_is_given("2468", "1234", PIN_IS_REFUSED);
	presses("pin-weak pin-new", "9753");
	presses("pin-repeat", "9753");
	keeper_is_given("2468", "9753", PIN_IS_RIGHT);
	voice_says(turn("pin-set")->token, TURN_SAID, "");
	voice_says(turn("goodbye")->token, TURN_SAID, "");
	hangs_up_on(&a);
	finish();
}

/* --- voice dies --- */

static void voice_is_away(uint64_t ms)
{
	sim_link_down(PROC_VOICE, 0);
	sim_pass(ms);
	sim_link_up(PROC_VOICE, 0);
}

/* R28: the caller is asked again, no try is lost and none is won, and what may be the rest of a PIN is not heard. */
static void voice_that_comes_back_asks_again(void)
{
	begin_with(may_dial);
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	voice_says(turn("pin-please")->token, TURN_DIGITS, "1357");
	uint64_t token = turn("pin-wrong pin-please")->token;
	voice_is_away(5000);
	const struct msg_turn *t = turn("interrupted pin-wrong pin-please");
	NEED(t->token == token && !t->barge && t->digits_min == 4 && t->digits_max == 12 && t->end_key == '#' && sim.pins == 1);
	voice_says(t->token, TURN_DIGITS, "2468");
	/* and says again what was said last */
	NEED(turn("busy-try-later") && sim.pins == 2);
	voice_is_away(0);
	NEED(!talk_takes(&a, SIP_BYE));
	voice_says(turn("interrupted busy-try-later")->token, TURN_SAID, "");
	hangs_up_on(&a);
	finish();
}

static void voice_that_stays_away_ends_the_call(void)
{
	begin_with(may_dial);
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	turn("pin-please");
	sim_link_down(PROC_VOICE, 0);
	sim_pass(VOICE_BACK_MS - 200);
	NEED(!sent_to(&alice, SIP_BYE) && sim_status("voice-turns").used == 1);
	sim_pass(400);
	struct heard *bye = talk_takes(&a, SIP_BYE);
	NEED(bye && ((const struct msg_send *)(const void *)bye->payload)->cause == 41);
	talk_reply(&a, bye, 200, NULL);
	finish();
	NEED(sim.pins == 0);
}

/* What may be the reason for its deaths is not said for ever. */
static void voice_that_dies_of_it_ends_the_call(void)
{
	begin_with(may_dial);
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	turn("pin-please");
	for (int i = 0; i < 2; i++) {
		voice_is_away(1000);
		turn("interrupted pin-please");
	}
	sim_link_down(PROC_VOICE, 0);
	hangs_up_on(&a);
	sim_link_up(PROC_VOICE, 0);
	NEED(!sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
	finish();
}

/* What was pressed before stands, and keeper is asked once. */
static void voice_dies_in_a_change_of_the_pin(void)
{
	begin_with(NULL);
	dials_55();
	presses("pin-please", "2468");
	presses("pin-new", "9753");
	turn("pin-repeat");
	voice_is_away(3000);
	presses("interrupted pin-repeat", "9753");
	keeper_is_given("2468", "9753", PIN_IS_RIGHT);
	voice_says(turn("pin-set")->token, TURN_SAID, "");
	voice_says(turn("goodbye")->token, TURN_SAID, "");
	hangs_up_on(&a);
	finish();
}

static void a_caller_who_hangs_up_in_the_dialogue_leaves_nothing(void)
{
	begin_with(may_dial);
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	const struct msg_turn *t = turn("pin-please");
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	struct heard *stop = sim_take(PROC_VOICE, MSG_TURN_STOP, NULL, NULL);
	NEED(stop && ((const struct msg_turn_stop *)(const void *)stop->payload)->token == t->token);
	voice_says(t->token, TURN_DIGITS, "2468"); /* it crossed */
	finish();
	NEED(sim.pins == 0);
}

/* --- forwards and do not disturb --- */

static void bob_forwards(void)
{
	set(0, OWNER_USER, 1, SETTING_FORWARD_ALWAYS, "carol");
}

static void a_forward_rings_elsewhere(void)
{
	begin_with(bob_forwards);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&c, &carol);
	NEED(!sent_to(&bob, SIP_INVITE));
	talk_answer(&c, 200, &answer);
	talk_takes(&c, SIP_ACK);
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &c);
	finish();
	NEED(strcmp(sim.record_to, "carol") == 0);
}

static void round_in_circles(void)
{
	bob_forwards();
	set(1, OWNER_USER, 2, SETTING_FORWARD_ALWAYS, "bob");
}

static void forwards_in_a_circle_end(void)
{
	begin_with(round_in_circles);
	talk_invite(&a, &alice, "bob", &offer);
	/* after five of them whoever is reached then rings */
	NEED(sent_to(&carol, SIP_INVITE) || sent_to(&bob, SIP_INVITE));
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) != 500);
	sim_pass(200000);
}

static void bob_forwards_out(void)
{
	set(0, OWNER_USER, 1, SETTING_FORWARD_ALWAYS, "+33123456789");
	set(1, OWNER_USER, 1, SETTING_CLASSES, "national");
}

static void a_forward_to_the_outside_is_judged_on_the_account_of_who_set_it(void)
{
	begin_with(bob_forwards_out);
	/* bob never dialled it, and is not on the phone to be asked */
	talk_invite(&a, &alice, "bob", &offer);
	NEED(sim.lookups == 1);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	NEED(code_of(a.txn) == 486);
	sim.dialled[0] = "+33123456789";
	talk_invite(&a, &alice, "bob", &offer);
	NEED(code_of(a.txn) == 503 && sim.lookups == 2); /* allowed: no line */
	finish();
}

static void busy_and_disturbed(void)
{
	set(0, OWNER_USER, 1, SETTING_FORWARD_BUSY, "carol");
	set(1, OWNER_USER, 3, SETTING_DND, "on");
}

static void busy_goes_elsewhere_and_dnd_is_busy(void)
{
	begin_with(busy_and_disturbed);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	talk_rings_at(&c, &carol);
	talk_answer(&c, 486, NULL);
	NEED(code_of(a.txn) == 486);
	talk_invite(&a, &alice, "dave", &offer);
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 486 && strstr(sim_text(h, respond(h)->warning_text), "disturbed"));
	finish();
}

static void no_answer(void)
{
	set(0, OWNER_USER, 1, SETTING_FORWARD_NO_ANSWER, "carol");
	set(1, OWNER_USER, 1, SETTING_RING_SECONDS, "10");
}

static void no_answer_goes_elsewhere(void)
{
	begin_with(no_answer);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	/* it may ring at carol's too, so neither phone is told alice's keys (R7) */
	for (uint8_t i = 0; i < b.sdp.audio.crypto_n; i++)
		NEED(memcmp(b.sdp.audio.crypto[i].key, offer.audio.crypto[0].key, 16) != 0);
	sim_pass(11000);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&b, 487, NULL);
	talk_rings_at(&c, &carol);
	for (uint8_t i = 0; i < c.sdp.audio.crypto_n; i++)
		NEED(memcmp(c.sdp.audio.crypto[i].key, offer.audio.crypto[0].key, 16) != 0);
	talk_answer(&c, 200, &answer);
	talk_takes(&c, SIP_ACK);
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&c, &a);
	finish();
}

/* --- groups --- */

static void group(void)
{
	sim.group[0] = (struct sim_group){"200", "bob, carol, dave, bob"};
	set(0, OWNER_USER, 3, SETTING_DND, "on");
}

static void group_in_turn(void)
{
	sim.group[0] = (struct sim_group){"200", "dave, bob, carol"};
	set(0, OWNER_GROUP, 0, SETTING_STRATEGY, "in-turn");
	set(1, OWNER_GROUP, 0, SETTING_RING_SECONDS, "20");
}

/* One after the other, each for the group's time; who is not there or says no is passed over, and at the end it is nobody's. */
static void a_group_rings_its_members_in_turn(void)
{
	begin_with(group_in_turn);
	talk_invite(&a, &alice, "200", &offer);
	talk_rings_at(&b, &bob); /* dave has no phone there */
	NEED(!sent_to(&carol, SIP_INVITE));
	talk_answer(&b, 180, NULL);
	sim_pass(19000);
	NEED(!sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	sim_pass(1500);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_rings_at(&c, &carol);
	talk_answer(&b, 487, NULL);
	talk_answer(&c, 200, &answer);
	talk_takes(&c, SIP_ACK);
	talk_hears(&a, 180);
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &c);
	talk_invite(&a, &alice, "200", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 603, NULL);
	talk_rings_at(&c, &carol);
	sim_pass(21000);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&c, 487, NULL);
	NEED(code_of(a.txn) == 480);
	finish();
}

static void a_group_rings_its_members(void)
{
	begin_with(group);
	struct phone dave;
	phone_init(&dave, 3);
	phone_register(&dave);
	talk_invite(&a, &alice, "200", &offer);
	talk_rings_at(&b, &bob);
	talk_rings_at(&c, &carol);
	NEED(!sent_to(&dave, SIP_INVITE)); /* who is not to be disturbed is left out */
	NEED(!sent_to(&bob, SIP_INVITE));  /* and who is named twice rings once */
	talk_answer(&b, 486, NULL);
	talk_answer(&c, 200, &answer);
	talk_takes(&c, SIP_ACK);
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &c);
	finish();
}

/* --- codes --- */

static void code_is_done(const char *code, const char *say)
{
	talk_invite(&a, &alice, code, &offer);
	answered(&a);
	const struct msg_turn *t = turn(say);
	voice_says(t->token, TURN_SAID, "");
	hangs_up_on(&a);
}

static void carol_is_102(void)
{
	sim.user[2].name = "102";
}

static void codes_change_what_is_ones_own(void)
{
	begin_with(carol_is_102);
	code_is_done("*78", "dnd-on");
	NEED(sim.changed.kind == SETTING_DND && sim.changed.owner == OWNER_USER && sim.changed.index == 0);
	NEED(strcmp(sim.changed_to, "on") == 0);
	code_is_done("*72", "invalid-choice");
	code_is_done("*72102", "forward-on");
	NEED(sim.changed.kind == SETTING_FORWARD_ALWAYS && strcmp(sim.changed_to, "102") == 0);
	finish();
}

static void pickup_group(void)
{
	set(0, OWNER_USER, 1, SETTING_PICKUP_GROUP, "ward");
	set(1, OWNER_USER, 2, SETTING_PICKUP_GROUP, "ward");
}

static bool tells_key(const struct sdp *said, const struct sdp *of)
{
	for (uint8_t i = 0; i < said->audio.crypto_n; i++)
		for (uint8_t k = 0; k < of->audio.crypto_n; k++)
			if (memcmp(said->audio.crypto[i].key, of->audio.crypto[k].key, 16) == 0)
				return true;
	return false;
}

static void a_ringing_call_is_picked_up_by_its_group_alone(void)
{
	struct phone dave;
	struct talk d;

	begin_with(pickup_group);
	phone_init(&dave, 3);
	phone_register(&dave);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	struct sdp of_dave = sdp_plain(&dave), of_carol = sdp_plain(&carol);
	talk_invite(&d, &dave, "*8", &of_dave); /* not of the ward */
	talk_hears(&d, 200);
	talk_ack(&d);
	NEED(code_of(talk_send(&d, SIP_BYE, NULL)) == 200);
	struct talk picker;
	talk_invite(&picker, &carol, "*8", &of_carol);
	NEED(code_of(picker.txn) == 480);
	talk_rings_at(&c, &carol);
	/* neither phone was told alice's keys, nor the other's: who does not answer can't listen (R7) */
	NEED(b.sdp.audio.crypto_n > 0 && c.sdp.audio.crypto_n > 0);
	NEED(!tells_key(&b.sdp, &offer) && !tells_key(&c.sdp, &offer) && !tells_key(&c.sdp, &b.sdp));
	talk_up(&a, &c, &of_carol);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&b, 487, NULL);
	call_hang_up(&a, &c);
	finish();
}

static void in_a_hurry(void)
{
	pickup_group();
	set(2, OWNER_USER, 1, SETTING_RING_SECONDS, "15");
	set(3, OWNER_USER, 1, SETTING_FORWARD_NO_ANSWER, "103");
}

/* Who picks up has still to lift the receiver. */
static void a_call_is_not_taken_away_from_who_picks_it_up(void)
{
	struct talk picker;

	begin_with(in_a_hurry);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	sim_pass(14000);
	struct sdp of_carol = sdp_plain(&carol);
	talk_invite(&picker, &carol, "*8", &of_carol);
	NEED(code_of(picker.txn) == 480);
	talk_rings_at(&c, &carol);
	sim_pass(5000);
	NEED(!sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_up(&a, &c, &of_carol);
	talk_answer(&b, 487, NULL);
	call_hang_up(&a, &c);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(nobody_dials_out_by_default);
	SIM(a_new_number_asks_for_the_pin);
	SIM(who_is_answered_first_speaks_the_law_of_the_country);
	SIM(digits_of_an_info_are_told_as_events);
	SIM(a_caller_who_vanishes_before_a_silent_voice_is_not_kept);
	SIM(every_spelling_of_a_known_number_needs_none);
	SIM(three_wrong_pins_lock);
	SIM(at_night_nobody_dials_out);
	SIM(by_day_they_do);
	SIM(a_pin_that_is_locked_or_absent_is_not_asked_for);
	SIM(another_pin_is_not_spoken_of);
	SIM(silence_is_asked_twice_then_the_call_ends);
	SIM(without_voice_a_new_number_is_refused);
	SIM(a_full_voice_answers_nobody);
	SIM(a_pin_is_changed);
	SIM(a_pin_that_is_not_changed);
	SIM(who_has_no_pin_is_told_so);
	SIM(a_pin_that_is_locked_is_not_asked_for);
	SIM(a_pin_that_is_too_easy);
	SIM(voice_that_comes_back_asks_again);
	SIM(voice_dies_in_a_change_of_the_pin);
	SIM(voice_that_stays_away_ends_the_call);
	SIM(voice_that_dies_of_it_ends_the_call);
	SIM(a_caller_who_hangs_up_in_the_dialogue_leaves_nothing);
	SIM(a_forward_rings_elsewhere);
	SIM(forwards_in_a_circle_end);
	SIM(a_forward_to_the_outside_is_judged_on_the_account_of_who_set_it);
	SIM(busy_goes_elsewhere_and_dnd_is_busy);
	SIM(no_answer_goes_elsewhere);
	SIM(a_group_rings_its_members);
	SIM(a_group_rings_its_members_in_turn);
	SIM(codes_change_what_is_ones_own);
	SIM(a_ringing_call_is_picked_up_by_its_group_alone);
	SIM(a_call_is_not_taken_away_from_who_picks_it_up);
	(void)test_failed_here;
	return TEST_END;
}
