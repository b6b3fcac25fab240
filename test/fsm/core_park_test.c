/* SPDX-License-Identifier: ISC */
/* Parked calls through core: of ended legs and of passing ones, who may take them, what becomes of those whom nobody takes
 * (R7, R14, R29). alice talks with bob and parks him; carol takes him. */
#include "../unit/test.h"
#include "sim_voice.h"

static struct phone alice, bob, carol, dave;
static struct talk a, b, code, t;
static struct sdp of_alice, of_bob, of_carol;

static void ended(void)
{
	set(0, OWNER_DEVICE, 1, SETTING_JOIN, "ended");
}

static void begin_with(void (*settings)(void))
{
	sim_defaults();
	sim.site.park_s = 30;
	if (settings)
		settings();
	sim_open();
	phones_register((struct phone *[]){&alice, &bob, &carol, &dave}, 4);
	of_alice = sdp_plain(&alice);
	of_bob = sdp_plain(&bob);
	of_carol = sdp_plain(&carol);
	a.allow = b.allow = code.allow = t.allow = 1u << SIP_REFER;
}

static void finish(void)
{
	sim_pass(100000);
	NEED(sim_status("parked").used == 0);
	sim_need_idle();
}

/* As a phone answers what the exchange offers: by its second suite. */
static struct sdp answer_of(const struct phone *p)
{
	struct sdp s = sdp_plain(p);

	s.audio.crypto[0].tag = 2;
	return s;
}

/* A call whose legs end in media; its join. */
static uint64_t up_ended(struct talk *from, struct phone *caller, struct talk *to, struct phone *callee)
{
	struct sdp offer = sdp_plain(caller), answer = answer_of(callee);
	uint64_t join;

	talk_invite(from, caller, callee->user, &offer);
	talk_rings_at(to, callee);
	talk_up(from, to, &answer);
	NEED(relay_wish(&join));
	media_says_gate(join, RELAY_KEY_SDES);
	sim_pass(20000);
	return join;
}

/* Two callers were answered by the exchange, the first before the second. */
static void both_answered(struct talk *first, struct talk *second)
{
	struct heard *h = sim_take(PROC_MEDIA, MSG_RELAY, NULL, NULL), *next;

	while (h && (next = sim_take(PROC_MEDIA, MSG_RELAY, NULL, NULL))) {
		media_says_gate(((const struct msg_relay *)(const void *)h->payload)->join, RELAY_KEY_SDES);
		h = next;
	}
	NEED(h);
	talk_hears(first, 200);
	talk_ack(first);
	media_says_gate(((const struct msg_relay *)(const void *)h->payload)->join, RELAY_KEY_SDES);
	talk_hears(second, 200);
	talk_ack(second);
}

static void says(struct talk *to, const char *text)
{
	voice_says(turn(text)->token, TURN_SAID, "");
	hangs_up_on(to);
}

/* A code that is refused with these words. */
static void refused(struct phone *p, const char *dialled, const char *text)
{
	struct sdp own = sdp_plain(p);

	talk_invite(&code, p, dialled, &own);
	answered(&code);
	says(&code, text);
}

/* alice's call with bob, whose leg ends in media, parked at 10; bob hears music */
static void park_ended(void)
{
	uint64_t join = up_ended(&a, &alice, &b, &bob);

	talk_invite(&code, &alice, "*68", &of_alice);
	const struct msg_turn *m = turn("music");
	NEED(m->join == join && m->loop && m->side == 1);
	hangs_up_on(&a);
	answered(&code);
	says(&code, "parked-at digits:10 silence:600 digits:10 silence:300");
	NEED(sim_status("parked").used == 1);
}

/* Both are in one call and hear each other. */
static void together(struct talk *one, struct talk *two)
{
	const struct relay_spec *s = relay_wish(NULL);

	NEED(s && s->answered && s->side[0].present && s->side[1].present);
	NEED(s->side[0].hears == RELAY_HEARS_OTHER && s->side[1].hears == RELAY_HEARS_OTHER);
	sim_pass(5000);
	call_hang_up(one, two);
}

static void takes(struct talk *k, struct phone *by, const char *dialled)
{
	struct sdp own = sdp_plain(by);

	talk_invite(k, by, dialled, &own);
	talk_hears(k, 200);
	talk_ack(k);
}

static void an_ended_leg_stays_and_is_taken(void)
{
	begin_with(ended);
	park_ended();
	sim_pass(10000);
	takes(&t, &carol, "*6910");
	NEED(sim_status("parked").used == 0);
	sim_pass(15000);
	together(&t, &b);
	finish();
	NEED(strcmp(sim.record_from, "bob") == 0 && strcmp(sim.record_to, "carol") == 0);
	NEED(sim.record.duration_ms >= 20000 && sim.record.duration_ms < 21000);
}

/* Who parked it may be the one who was called; the party is the caller then. */
static void the_callee_parks_too(void)
{
	begin_with(ended);
	up_ended(&a, &carol, &b, &bob);
	talk_invite(&code, &bob, "*68", &of_bob);
	turn("music");
	hangs_up_on(&b);
	answered(&code);
	says(&code, "parked-at digits:10 silence:600 digits:10 silence:300");
	takes(&t, &alice, "*6910");
	together(&a, &t);
	finish();
	NEED(strcmp(sim.record_from, "carol") == 0 && strcmp(sim.record_to, "alice") == 0);
}

/* R7: keys that are the phones' own can't change hands: bob's phone is sent here and calls anew. */
static void a_passing_leg_is_sent_for(void)
{
	struct talk n = {.allow = 1u << SIP_REFER};

	begin_with(NULL);
	call_up(&a, &alice, &b, &bob);
	talk_invite(&code, &alice, "*68", &of_alice);
	invite_token(&n, &bob, sent_on(&b, "alice", 202));
	both_answered(&n, &code);
	turn("music");
	says(&code, "parked-at digits:10 silence:600 digits:10 silence:300");
	sim_pass(1500); /* what is left of the old call */
	hangs_up_on(&a);
	hangs_up_on(&b);
	NEED(!sent_to(&alice, SIP_NOTIFY)); /* it sent no REFER */
	takes(&t, &carol, "*6910");
	together(&n, &t);
	finish();
	NEED(strcmp(sim.record_from, "bob") == 0 && strcmp(sim.record_to, "carol") == 0);
}

static void a_phone_that_does_not_come(void)
{
	begin_with(NULL);
	call_up(&a, &alice, &b, &bob);
	talk_invite(&code, &alice, "*68", &of_alice);
	sent_on(&b, "alice", 603);
	answered(&code);
	says(&code, "park-refused");
	talk_invite(&code, &alice, "*68", &of_alice);
	const char *token = sent_on(&b, "alice", 202);
	sim_pass(11000);
	answered(&code);
	says(&code, "park-refused");
	NEED(sim_status("parked").used == 0);
	invite_token(&t, &bob, token);
	NEED(code_of(t.txn) == 404);
	call_hang_up(&a, &b);
	finish();
}

static void a_phone_without_refer_stays(void)
{
	begin_with(NULL);
	b.allow = 0;
	call_up(&a, &alice, &b, &bob);
	refused(&alice, "*68", "park-refused");
	NEED(sim.events[EVENT_CALL_REFUSED] == 1 && sim_status("parked").used == 0);
	call_hang_up(&a, &b);
	finish();
}

/* T10: the place is for the phone that was sent there. */
static void a_stranger_at_the_uri(void)
{
	begin_with(NULL);
	call_up(&a, &alice, &b, &bob);
	talk_invite(&code, &alice, "*68", &of_alice);
	const char *token = sent_on(&b, "alice", 202);
	invite_token(&t, &carol, token);
	NEED(code_of(t.txn) == 404 && sim.events[EVENT_FORGED_DIALOG] == 1);
	sim_pass(11000);
	answered(&code);
	says(&code, "park-refused");
	call_hang_up(&a, &b);
	finish();
}

/* --- what can't be --- */

static void nothing_to_park_and_nothing_there(void)
{
	begin_with(NULL);
	refused(&alice, "*68", "park-refused");
	talk_invite(&code, &alice, "*6810", &of_alice);
	NEED(code_of(code.txn) == 404);
	refused(&alice, "*69", "no-such-call");
	refused(&alice, "*6910", "no-such-call");
	refused(&alice, "*6909", "no-such-call");
	refused(&alice, "*69100", "no-such-call");
	refused(&alice, "*6999", "no-such-call");
	/* another's call is not one's own to park */
	call_up(&a, &carol, &b, &dave);
	refused(&alice, "*68", "park-refused");
	call_hang_up(&a, &b);
	finish();
}

static void one_place(void)
{
	ended();
	sim.site.park_places = 1;
}

static void places_are_counted(void)
{
	struct talk a2, b2;

	begin_with(one_place);
	park_ended();
	up_ended(&a2, &bob, &b2, &carol);
	refused(&bob, "*68", "park-full");
	call_hang_up(&a2, &b2);
	takes(&t, &alice, "*6910"); /* and the place is free again */
	together(&t, &b);
	park_ended();
	takes(&t, &alice, "*6910");
	together(&t, &b);
	finish();
}

static void four_places(void)
{
	ended();
	sim.site.park_places = 4;
	sim.site.park_s = 120;
}

static void parks(struct phone *p, struct talk *with, const char *say)
{
	struct talk mine = {.allow = 1u << SIP_REFER};
	const struct sdp own = sdp_plain(p);

	up_ended(&mine, p, with, &bob);
	talk_invite(&code, p, "*68", &own);
	turn("music");
	hangs_up_on(&mine);
	answered(&code);
	says(&code, say);
}

/* R27, T23: half of four are one phone's, also while they ring it again, so that those of the others are not told "full". */
static void one_phone_has_not_all_places(void)
{
	struct talk with[2] = {{.allow = 0}}, of_carols = {.allow = 0}, back[2], own, at_bob;

	begin_with(four_places);
	parks(&alice, &with[0], "parked-at digits:10 silence:600 digits:10 silence:300");
	parks(&alice, &with[1], "parked-at digits:11 silence:600 digits:11 silence:300");
	up_ended(&own, &alice, &at_bob, &bob);
	refused(&alice, "*68", "park-full");
	parks(&carol, &of_carols, "parked-at digits:12 silence:600 digits:12 silence:300");
	sim_pass(85000); /* the first two ring her, at no place meanwhile */
	talk_rings_at(&back[0], &alice);
	talk_rings_at(&back[1], &alice);
	refused(&alice, "*68", "park-full");
	NEED(code_of(talk_send(&with[1], SIP_BYE, NULL)) == 200);
	talk_invite(&code, &alice, "*68", &of_alice);
	turn("music");
	hangs_up_on(&own);
	answered(&code);
	says(&code, "parked-at digits:10 silence:600 digits:10 silence:300");
	NEED(code_of(talk_send(&with[0], SIP_BYE, NULL)) == 200);
	NEED(code_of(talk_send(&at_bob, SIP_BYE, NULL)) == 200);
	NEED(code_of(talk_send(&of_carols, SIP_BYE, NULL)) == 200);
	sim_clear();
	finish();
}

static void no_place(void)
{
	ended();
	sim.site.park_places = 0;
}

static void without_places_nothing_is_parked(void)
{
	begin_with(no_place);
	up_ended(&a, &alice, &b, &bob);
	refused(&alice, "*68", "park-full");
	call_hang_up(&a, &b);
	finish();
}

static void groups(void)
{
	ended();
	set(1, OWNER_USER, 0, SETTING_PICKUP_GROUP, "ward");
	set(2, OWNER_USER, 2, SETTING_PICKUP_GROUP, "ward");
}

static void a_group_keeps_its_calls(void)
{
	begin_with(groups);
	park_ended();
	refused(&dave, "*6910", "no-such-call");
	takes(&t, &carol, "*6910");
	together(&t, &b);
	finish();
}

static void no_codec_in_common(void)
{
	begin_with(ended);
	park_ended();
	struct sdp other = of_carol;
	other.audio.codec_n = 1;
	other.audio.codec[0] = (struct sdp_codec){.pt = 9, .codec = SDP_G722, .channels = 1, .clock = 8000};
	talk_invite(&t, &carol, "*6910", &other);
	NEED(code_of(t.txn) == 488 && sim_status("parked").used == 1);
	takes(&t, &carol, "*6910");
	together(&t, &b);
	finish();
}

/* --- over the life of core --- */

struct kept {
	struct phone alice, bob, carol, dave;
	struct talk a, b, code;
};
static struct kept *kept;

static void life_with_one_parked(void)
{
	begin_with(ended);
	park_ended();
	sim_pass(10000);
	*kept = (struct kept){alice, bob, carol, dave, a, b, code};
}

static void life_in_which_one_is_taken(void)
{
	life_with_one_parked();
	takes(&t, &carol, "*6910");
	kept->a = t;
	sim_pass(1000);
}

static void second_life(void (*settings)(void))
{
	sim_defaults();
	sim.site.park_s = 30;
	settings();
	sim_open();
	alice = kept->alice;
	bob = kept->bob;
	carol = kept->carol;
	dave = kept->dave;
	a = kept->a;
	b = kept->b;
	code = kept->code;
	of_alice = sdp_plain(&alice);
	struct phone *each[] = {&alice, &bob, &carol, &dave};
	for (size_t i = 0; i < sizeof each / sizeof *each; i++)
		phone_still_up(each[i]);
}

/* R28: the one who waits hears music again, and is taken. */
static void who_is_parked_waits_on(void)
{
	kept = sim_shared(sizeof *kept);
	sim_crash_after(life_with_one_parked);
	second_life(ended);
	const struct msg_turn *m = turn("music");
	NEED(m && m->loop && m->side == 1 && sim_status("parked").used == 1 && sim_status("calls").used == 1);
	of_carol = sdp_plain(&carol);
	takes(&t, &carol, "*6910");
	NEED(sim_status("parked").used == 0);
	together(&t, &b);
	finish();
}

/* As long as it would have, no longer: 30 s, of which 10 are over. */
static void nobody_takes_who_waited_on(void)
{
	struct talk back = {.allow = 1u << SIP_REFER};

	kept = sim_shared(sizeof *kept);
	sim_crash_after(life_with_one_parked);
	second_life(ended);
	turn("music");
	sim_pass(19000);
	NEED(!sent_to(&alice, SIP_INVITE));
	sim_pass(2000);
	talk_rings_at(&back, &alice);
	talk_answer(&back, 200, &of_alice);
	NEED(talk_takes(&back, SIP_ACK));
	together(&back, &b);
	finish();
}

/* And hangs up, as anybody may. */
static void who_waited_on_goes(void)
{
	kept = sim_shared(sizeof *kept);
	sim_crash_after(life_with_one_parked);
	second_life(ended);
	turn("music");
	NEED(code_of(talk_send(&b, SIP_BYE, NULL)) == 200);
	NEED(sim_status("parked").used == 0 && sim_status("calls").used == 0);
	finish();
}

static void who_was_taken_talks_on(void)
{
	kept = sim_shared(sizeof *kept);
	sim_crash_after(life_in_which_one_is_taken);
	second_life(ended);
	NEED(sim_status("parked").used == 0 && sim_status("calls").used == 1);
	call_hang_up(&a, &b);
	finish();
}

/* --- who is not taken --- */

static void the_party_hangs_up(void)
{
	begin_with(ended);
	park_ended();
	NEED(code_of(talk_send(&b, SIP_BYE, NULL)) == 200 && sim_status("parked").used == 0);
	refused(&carol, "*6910", "no-such-call");
	finish();
}

static void nobody_comes(void)
{
	begin_with(ended);
	park_ended();
	sim_pass(31000);
	talk_rings_at(&t, &alice);
	refused(&carol, "*6910", "no-such-call"); /* it is on its way back */
	struct sdp own = answer_of(&alice);
	talk_answer(&t, 200, &own);
	NEED(talk_takes(&t, SIP_ACK));
	together(&b, &t);
	finish();
	NEED(strcmp(sim.record_from, "bob") == 0 && strcmp(sim.record_to, "alice") == 0);
}

static void disturbed(void)
{
	ended();
	memcpy(sim.site.plan.country, "fr", 3);
	set(1, OWNER_USER, 0, SETTING_DND, "on");
	set(2, OWNER_USER, 0, SETTING_FORWARD_ALWAYS, "+33123456789");
	set(3, OWNER_USER, 0, SETTING_FORWARD_BUSY, "+33123456789");
	set(4, OWNER_USER, 0, SETTING_CLASSES, "national");
}

enum { ROUNDS = 15 };

/* It rings whoever parked it, whatever they have set, again and again, and goes nowhere else (R14). */
static void a_parked_call_is_never_forwarded(void)
{
	begin_with(disturbed);
	sim.dialled[0] = "+33123456789";
	park_ended();
	for (int i = 0; i <= ROUNDS; i++) {
		sim_pass(31000);
		talk_rings_at(&t, &alice);
		talk_answer(&t, 486, NULL);
		NEED(sim.lookups == 0);
		NEED(sim_status("parked").used == (i < ROUNDS)); /* and the music goes on */
		if (i < ROUNDS)
			NEED(code_of(phone_send_register(&alice, ABSENT, false)) == 200);
	}
	says(&b, "number-busy");
	finish();
}

static void what_came_back_can_be_taken_at_its_place(void)
{
	begin_with(ended);
	park_ended();
	sim_pass(31000);
	talk_rings_at(&t, &alice);
	talk_answer(&t, 486, NULL);
	takes(&t, &carol, "*6910");
	together(&t, &b);
	finish();
}

static void who_was_busy_takes_it_the_next_time(void)
{
	begin_with(ended);
	park_ended();
	sim_pass(31000);
	talk_rings_at(&t, &alice);
	talk_answer(&t, 486, NULL);
	sim_pass(31000);
	talk_rings_at(&t, &alice);
	struct sdp own = answer_of(&alice);
	talk_answer(&t, 200, &own);
	NEED(talk_takes(&t, SIP_ACK));
	together(&b, &t);
	finish();
}

static void a_minute(void)
{
	ended();
	sim.site.park_s = 60;
}

/* Who was taken after it rang, and is parked anew, waits as long as anybody does. */
static void who_is_parked_anew_has_the_whole_time(void)
{
	begin_with(a_minute);
	park_ended();
	sim_pass(61000);
	talk_rings_at(&t, &alice);
	talk_answer(&t, 486, NULL);
	takes(&a, &carol, "*6910");
	sim_pass(1000);
	talk_invite(&code, &carol, "*68", &of_carol);
	turn("music");
	hangs_up_on(&a);
	answered(&code);
	says(&code, "parked-at digits:10 silence:600 digits:10 silence:300");
	sim_pass(45000);
	NEED(!sent_to(&carol, SIP_INVITE) && sim_status("parked").used == 1);
	takes(&t, &dave, "*6910");
	together(&t, &b);
	finish();
}

static void whoever_parked_it_is_gone(void)
{
	begin_with(ended);
	park_ended();
	phone_send_register(&alice, 0, false);
	for (int i = 0; i < ROUNDS; i++) {
		sim_pass(31000);
		NEED(sim_status("parked").used == 1);
	}
	sim_pass(31000);
	says(&b, "not-reachable");
	finish();
}

static void with_a_mailbox(void)
{
	ended();
	set(1, OWNER_USER, 0, SETTING_VOICEMAIL, "20");
}

static void at_last_the_mailbox_has_it(void)
{
	begin_with(with_a_mailbox);
	park_ended();
	phone_send_register(&alice, 0, false);
	sim_pass((ROUNDS + 1) * 31000);
	turn("voicemail-greeting");
	NEED(code_of(talk_send(&b, SIP_BYE, NULL)) == 200);
	finish();
}

static void voice_dies(void)
{
	begin_with(ended);
	park_ended();
	sim_link_down(PROC_VOICE, 0);
	NEED(sim_status("parked").used == 1);
	takes(&t, &carol, "*6910"); /* needs no voice */
	together(&t, &b);
	sim_link_up(PROC_VOICE, 0);
	NEED(!sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
	finish();
}

/* However late it is, and however often it died (R28). */
static void music_goes_on(void)
{
	begin_with(ended);
	park_ended();
	for (int i = 0; i < 5; i++) {
		sim_link_down(PROC_VOICE, 0);
		sim_pass(i ? 1000 : 12000);
		sim_link_up(PROC_VOICE, 0);
		NEED(turn("music")->loop);
	}
	takes(&t, &carol, "*6910");
	together(&t, &b);
	finish();
}

static void who_parks_hangs_up_at_once(void)
{
	struct talk n = {.allow = 1u << SIP_REFER};

	begin_with(NULL);
	call_up(&a, &alice, &b, &bob);
	talk_invite(&code, &alice, "*68", &of_alice);
	const char *token = sent_on(&b, "alice", 202);
	call_hang_up(&a, &b);
	invite_token(&n, &bob, token);
	both_answered(&n, &code);
	turn("music");
	says(&code, "parked-at digits:10 silence:600 digits:10 silence:300");
	takes(&t, &carol, "*6910");
	together(&n, &t);
	finish();
}

/* --- a crash of core --- */

struct world {
	struct phone alice, bob;
	struct talk b;
};
static struct world *w;

static void life_with_a_call_on_hold(void)
{
	begin_with(ended);
	up_ended(&a, &alice, &b, &bob);
	struct sdp hold = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendonly", NULL);
	NEED(code_of(talk_send(&a, SIP_INVITE, &hold)) == 200);
	talk_ack(&a);
	NEED(turn("music")->side == 1);
	w->bob = bob;
	w->b = b;
}

/* R28: the music on hold of a talk does. */
static void music_on_hold_outlives_core(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_with_a_call_on_hold);
	sim_defaults();
	ended();
	sim_open();
	const struct msg_turn *m = turn("music");
	NEED(m->loop && m->side == 1 && sim_status("calls").used == 1);
	phone_init(&bob, 1);
	phone_register(&bob);
	b = w->b;
	b.phone = &bob;
	NEED(code_of(talk_send(&b, SIP_BYE, NULL)) == 200);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(an_ended_leg_stays_and_is_taken);
	SIM(the_callee_parks_too);
	SIM(a_passing_leg_is_sent_for);
	SIM(a_phone_that_does_not_come);
	SIM(a_phone_without_refer_stays);
	SIM(a_stranger_at_the_uri);
	SIM(nothing_to_park_and_nothing_there);
	SIM(places_are_counted);
	SIM(one_phone_has_not_all_places);
	SIM(without_places_nothing_is_parked);
	SIM(a_group_keeps_its_calls);
	SIM(no_codec_in_common);
	SIM(the_party_hangs_up);
	SIM(nobody_comes);
	SIM(a_parked_call_is_never_forwarded);
	SIM(what_came_back_can_be_taken_at_its_place);
	SIM(who_was_busy_takes_it_the_next_time);
	SIM(who_is_parked_anew_has_the_whole_time);
	SIM(whoever_parked_it_is_gone);
	SIM(at_last_the_mailbox_has_it);
	SIM(voice_dies);
	SIM(music_goes_on);
	SIM(who_parks_hangs_up_at_once);
	SIM(music_on_hold_outlives_core);
	SIM(who_is_parked_waits_on);
	SIM(nobody_takes_who_waited_on);
	SIM(who_waited_on_goes);
	SIM(who_was_taken_talks_on);
	(void)test_failed_here;
	return TEST_END;
}
