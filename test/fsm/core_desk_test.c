/* SPDX-License-Identifier: ISC */
/* The call to the front desk when somebody calls for help (R16): after the call for help, never in its way, to that desk's phones
 * and nowhere else. alice's phone is a fixed one, dave is who answers for 112 here, bob and carol are the desk. */
#include "../unit/test.h"
#include "desk.h"
#include "sim_kept.h"
#include "sim_voice.h"

static struct phone alice, bob, carol, help;
static struct talk a, b, c, h;
static struct sdp offer;

static void place(void)
{
	sim.user[0].name = "100";
	sim.device[0].flags |= DEVICE_FIXED;
	set(0, OWNER_SITE, 0, SETTING_FRONT_DESK, "bob");
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, city=Paris, house=12B, floor=2, room=R-204");
}

#define ONCE "desk-extension digits:100 house digits:12 letter-b floor digits:2 room letter-r digits:204"
#define PLACE "silence:500 " ONCE " silence:800 " ONCE

static void begin_with(void (*settings)(void))
{
	sim_defaults();
	settings();
	sim_open();
	phone_init(&alice, 0);
	phone_init(&bob, 1);
	phone_init(&carol, 2);
	phone_init(&help, 4);
	phone_register(&alice);
	phone_register(&bob);
	phone_register(&carol);
	phone_register(&help);
	offer = sdp_plain(&alice);
}

static void finish(void)
{
	sim_pass(100000);
	sim_need_idle();
}

static void calls_for_help(void)
{
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&h, &help);
	NEED(!sent_to(&bob, SIP_INVITE)); /* the call for help is on its way before anything else is done */
}

/* Answered, and media can be heard; what it is told, is to be said. */
static uint64_t is_told(struct talk *t, struct phone *p, const char *text)
{
	struct sdp answer = sdp_plain(p);
	uint64_t join;

	answer.audio.crypto[0].tag = 2;
	relay_wish(NULL);
	talk_answer(t, 200, &answer);
	NEED(talk_takes(t, SIP_ACK));
	const struct relay_spec *s = relay_wish(&join);
	NEED(s && s->side[1].present && !s->side[0].present && s->side[1].end == RELAY_ENDED_SDES);
	NEED(!sim_take(PROC_VOICE, MSG_TURN, NULL, NULL)); /* not before it can be heard */
	media_says_gate(join, RELAY_KEY_SDES);
	return turn(text)->token;
}

static void hears(struct talk *t, struct phone *p, const char *text)
{
	voice_says(is_told(t, p, text), TURN_SAID, "");
	hangs_up_on(t);
}

/* Whatever rings at bob's refuses it. */
static unsigned refused_for(uint64_t ms)
{
	unsigned rang = 0;

	for (uint64_t end = child_now() + ms; child_now() < end; sim_pass(1000)) {
		struct heard *i = sent_to(&bob, SIP_INVITE);
		if (!i)
			continue;
		rang++;
		i->taken = false;
		talk_rings_at(&b, &bob);
		talk_answer(&b, 486, NULL);
	}
	return rang;
}

static unsigned refused_until_given_up(void)
{
	return refused_for(DESK_KEEP_MS + 2u * DESK_AGAIN_MS);
}

static void a_place_of_letters(void)
{
	place();
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, house=ABCDEFGH, floor=ABCDEFGH, room=ABCDEFGH");
}

static void one_word_too_many(void)
{
	place();
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, house=ABCDEFGH, floor=ABCDEFGH, room=24");
}

static void help_ends(void)
{
	talk_answer(&h, 486, NULL);
	NEED(code_of(a.txn) == 486);
}

static void the_desk_rings_and_hears_who_and_where(void)
{
	begin_with(place);
	calls_for_help();
	NEED(strcmp(sim.event_text, "emergency call") == 0 && sim.notice_kind == NOTICE_CALL);
	sim_pass(300);
	struct heard *i = sent_to(&bob, SIP_INVITE);
	NEED(i && strcmp(sim_text(i, sent(i)->from_user), "ringfence") == 0 && !sent_to(&carol, SIP_INVITE));
	NEED(i->class != CLASS_EMERGENCY);
	i->taken = false;
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	hears(&b, &bob, PLACE);
	NEED(sim_status("desk-calls").used == 1 && sim_status("desk-calls-given-up").used == 0);
	help_ends();
	finish();
}

static void moved(void)
{
	place();
	set(2, OWNER_DEVICE, 0, SETTING_SUBNET, "10.9.0.0/24");
}

static void a_long_place_and_moved(void)
{
	a_place_of_letters();
	set(2, OWNER_DEVICE, 0, SETTING_SUBNET, "10.9.0.0/24");
}

static void long_places(void (*settings)(void), const char *text);

/* R16: who goes there hears that the place may be an old one; in words, in the notice that is kept and by voice, also where the place
 * itself is too long to be said. */
static void a_phone_that_may_have_been_moved_is_spoken_of(void)
{
	begin_with(moved);
	calls_for_help();
	NEED(strcmp(sim.event_text, "emergency call of a phone that may have been moved") == 0);
	NEED(sim.notices == 1 && sim.notice_kind == NOTICE_DOUBT);
	sim_pass(300);
	talk_rings_at(&b, &bob);
	hears(&b, &bob, "silence:500 " ONCE " desk-moved silence:800 " ONCE " desk-moved");
	help_ends();
	finish();
}

/* R16: nor is the phone's own word kept from who goes there: where it is found is said, not the place itself */
static void a_phone_that_says_where_it_is_is_spoken_of(void)
{
	struct pidf_place here = {.shape = PIDF_POINT, .latitude_e7 = 488583701};

	begin_with(moved);
	alice.place = &here;
	calls_for_help();
	sim_pass(300);
	talk_rings_at(&b, &bob);
	hears(&b, &bob, "silence:500 " ONCE " desk-moved desk-says silence:800 " ONCE " desk-moved desk-says");
	help_ends();
	finish();
}

static void the_stored_place_is_believed(void)
{
	struct pidf_place here = {.shape = PIDF_POINT, .latitude_e7 = 488583701};

	begin_with(place);
	alice.place = &here;
	calls_for_help();
	sim_pass(300);
	talk_rings_at(&b, &bob);
	hears(&b, &bob, PLACE);
	help_ends();
	finish();
}

static void a_doubt_is_said_where_the_place_is_too_long(void)
{
	long_places(a_long_place_and_moved, "silence:500 desk-extension digits:100 desk-moved silence:800 desk-extension "
					    "digits:100 desk-moved");
}

/* What does not fit is not said by halves: once instead of twice, then without the place. */
static void long_places(void (*settings)(void), const char *text)
{
	begin_with(settings);
	calls_for_help();
	sim_pass(300);
	talk_rings_at(&b, &bob);
	hears(&b, &bob, text);
	help_ends();
	finish();
}

static void a_place_that_fits_once(void)
{
	long_places(one_word_too_many, "silence:500 desk-extension digits:100 house letter-a letter-b letter-c letter-d letter-e "
				       "letter-f letter-g letter-h floor letter-a letter-b letter-c letter-d letter-e letter-f "
				       "letter-g letter-h room digits:24");
}

static void a_place_that_fits_never(void)
{
	long_places(a_place_of_letters, "silence:500 desk-extension digits:100 silence:800 desk-extension digits:100");
}

/* Of a phone whose keys are DTLS alone, and one that knows nothing but SDES: asked again by the other method. */
static void a_phone_that_takes_no_such_keys_is_asked_again(void)
{
	begin_with(place);
	media_says_fingerprint(0x5a);
	calls_for_help();
	sim_pass(300);
	talk_rings_at(&b, &bob);
	unsigned first = b.sdp.audio.fingerprint_n;
	talk_answer(&b, 488, NULL);
	talk_rings_at(&b, &bob);
	NEED((b.sdp.audio.fingerprint_n == 0) == (first != 0) && (b.sdp.audio.crypto_n == 0) == (first == 0));
	talk_answer(&b, 488, NULL);
	NEED(!sent_to(&bob, SIP_INVITE) && sim_status("calls").used == 1);
	help_ends();
	sim_pass(DESK_AGAIN_MS + 1000);
	talk_rings_at(&b, &bob);
	hears(&b, &bob, PLACE);
	finish();
}

static void group(void)
{
	place();
	sim.group[0] = (struct sim_group){"200", "bob, carol"};
	set(0, OWNER_SITE, 0, SETTING_FRONT_DESK, "200");
}

static void a_group_rings_and_the_first_hears(void)
{
	begin_with(group);
	calls_for_help();
	sim_pass(300);
	talk_rings_at(&b, &bob);
	talk_rings_at(&c, &carol);
	hears(&c, &carol, PLACE);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&b, 487, NULL);
	help_ends();
	finish();
}

static void elsewhere(void)
{
	place();
	memcpy(sim.site.plan.country, "fr", 3);
	set(2, OWNER_USER, 1, SETTING_FORWARD_NO_ANSWER, "+33123456789");
	set(3, OWNER_USER, 1, SETTING_FORWARD_ALWAYS, "carol");
	set(4, OWNER_USER, 1, SETTING_DND, "on");
	set(5, OWNER_USER, 1, SETTING_CLASSES, "national");
	sim.dialled[0] = "+33123456789";
}

static void it_rings_through_and_goes_nowhere_else(void)
{
	begin_with(elsewhere);
	calls_for_help();
	sim_pass(300);
	talk_rings_at(&b, &bob);
	NEED(!sent_to(&carol, SIP_INVITE));
	help_ends();
	sim_pass(sim.site.ring_s * 1000ull + 1000);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&b, 487, NULL);
	NEED(!sent_to(&carol, SIP_INVITE) && sim.lookups == 0 && sim_status("calls").used == 0);
	NEED(refused_until_given_up() > 10);
	NEED(!sent_to(&carol, SIP_INVITE) && sim.lookups == 0);
	finish();
}

/* --- until somebody has heard it --- */

static void a_desk_that_is_busy_rings_again(void)
{
	begin_with(place);
	calls_for_help();
	help_ends();
	sim_pass(300);
	for (int i = 0; i < 3; i++) {
		talk_rings_at(&b, &bob);
		talk_answer(&b, i == 1 ? 603 : 486, NULL);
		sim_pass(9000);
		NEED(!sent_to(&bob, SIP_INVITE));
		sim_pass(6000);
	}
	talk_rings_at(&b, &bob);
	hears(&b, &bob, PLACE);
	NEED(sim_status("desk-calls").used == 1 && sim_status("desk-calls-given-up").used == 0);
	NEED(refused_until_given_up() == 0);
	finish();
}

static void a_desk_that_does_not_answer_rings_again(void)
{
	begin_with(place);
	calls_for_help();
	help_ends();
	sim_pass(300);
	for (int i = 0; i < 2; i++) {
		talk_rings_at(&b, &bob);
		talk_answer(&b, 180, NULL);
		sim_pass(sim.site.ring_s * 1000ull + 100);
		NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
		talk_answer(&b, 487, NULL);
		sim_pass(15000);
	}
	talk_rings_at(&b, &bob);
	hears(&b, &bob, PLACE);
	finish();
}

/* The record says so by itself; a person is told that nobody at the desk knows. */
static void what_nobody_hears_is_given_up_with_an_alarm(void)
{
	begin_with(place);
	calls_for_help();
	help_ends();
	sim_pass(300);
	NEED(sim.events[EVENT_EMERGENCY] == 1);
	unsigned rang = refused_until_given_up();
	NEED(rang > 18 && rang < 32 && sim_status("desk-calls-given-up").used == 1 && sim_status("desk-calls").used == 0);
	NEED(sim.events[EVENT_EMERGENCY] == 2 && sim.event_severity == SEVERITY_ALARM && strstr(sim.event_text, "nobody at the front desk"));
	finish();
}

static void who_hangs_up_at_once_has_not_heard_it(void)
{
	begin_with(place);
	calls_for_help();
	help_ends();
	sim_pass(300);
	for (int i = 0; i < 2; i++) {
		talk_rings_at(&b, &bob);
		is_told(&b, &bob, PLACE);
		sim_pass(i ? DESK_HEARD_MS : 1000);
		NEED(code_of(talk_send(&b, SIP_BYE, NULL)) == 200);
		sim_pass(15000);
	}
	NEED(!sent_to(&bob, SIP_INVITE) && sim_status("desk-calls").used == 1);
	finish();
}

/* The phone was answered, and voice had no words, or died. */
static void what_was_not_said_was_not_heard(void)
{
	begin_with(place);
	calls_for_help();
	help_ends();
	sim_pass(300);
	talk_rings_at(&b, &bob);
	voice_says(is_told(&b, &bob, PLACE), TURN_NO_PROMPT, "");
	hangs_up_on(&b);
	sim_pass(15000);
	talk_rings_at(&b, &bob);
	hears(&b, &bob, PLACE);
	finish();
}

static void a_phone_that_comes_back_rings(void)
{
	begin_with(place);
	phone_send_register(&bob, 0, false);
	calls_for_help();
	help_ends();
	sim_pass(60000);
	phone_send_register(&bob, 300, false);
	sim_pass(15000);
	talk_rings_at(&b, &bob);
	hears(&b, &bob, PLACE);
	finish();
}

/* Each of these leaves the call for help as it is. */
static void what_cannot_be_called_is_not(void)
{
	begin_with(place);
	phone_send_register(&bob, 0, false); /* the desk is not there */
	calls_for_help();
	sim_pass(DESK_KEEP_MS - 1000);
	NEED(sim_status("desk-calls-given-up").used == 0);
	sim_pass(DESK_AGAIN_MS + 2000);
	NEED(sim_status("desk-calls-given-up").used == 1);
	help_ends();
	phone_send_register(&bob, 300, false);
	phone_send_register(&help, 300, false);
	sim_link_down(PROC_VOICE, 0); /* nobody to speak */
	calls_for_help();
	sim_pass(DESK_KEEP_MS + DESK_AGAIN_MS + 1000);
	NEED(!sent_to(&bob, SIP_INVITE) && sim_status("desk-calls-given-up").used == 2);
	help_ends();
	sim_link_up(PROC_VOICE, 0);
	finish();
}

static void few(void)
{
	place();
	sim.site.max_calls = 16;
	sim.site.max_phones = sim.site.max_users = 16;
}

/* However often help is called for, so many at once and no more; and of one phone one, until somebody listens (T23). */
static void they_are_bounded(void)
{
	const struct dest outside = {.kind = DEST_OUTSIDE};
	struct talk more[10], at_help[10];
	unsigned rang = 0;

	begin_with(few);
	for (int i = 0; i < 10; i++) {
		talk_invite(&more[i], &alice, "112", &offer);
		talk_rings_at(&at_help[i], &help);
	}
	NEED(sim_status("desk-calls-waiting").used == 1 && sim_status("desk-calls-given-up").used == 0);
	for (uint32_t device = 4; device < 13; device++)
		desk_wanted(device, NOBODY, &outside, &(struct desk_doubt){0});
	sim_pass(300);
	while (sent_to(&bob, SIP_INVITE))
		rang++;
	NEED(rang > 0 && rang <= 8 && sim_status("desk-calls-given-up").used >= 2);
	NEED(strstr(sim.event_text, "eight others") && sim_status("desk-calls-waiting").used == DESK_CALLS_MAX);
	for (int i = 0; i < 10; i++) {
		talk_answer(&at_help[i], 486, NULL);
		NEED(code_of(more[i].txn) == 486);
	}
	sim.step_ms = 1000;
	for (unsigned i = 0; i < 600; i++) {
		sim_pass(1000);
		sim_clear();
	}
	NEED(sim_status("calls").used == 0 && sim_status("desk-calls-given-up").used == 10 && sim_status("media-ports").used == 0);
}

static void desk_calls(void)
{
	place();
	set(0, OWNER_SITE, 0, SETTING_FRONT_DESK, "100");
}

static void the_desk_needs_not_be_told_what_it_knows(void)
{
	begin_with(desk_calls);
	calls_for_help();
	sim_pass(300);
	NEED(!sent_to(&alice, SIP_INVITE) && !sent_to(&bob, SIP_INVITE));
	help_ends();
	finish();
}

/* Who has that number next did not call for help. */
static void another_has_the_extension_meanwhile(void)
{
	begin_with(place);
	calls_for_help();
	help_ends();
	sim.user[0] = (struct sim_user){"", false};
	sim_push_directory();
	sim_turn();
	sim.user[0] = (struct sim_user){"177", true};
	sim_push_directory();
	sim_turn();
	sim_pass(300);
	talk_rings_at(&b, &bob);
	hears(&b, &bob, "silence:500 desk-phone digits:0 house digits:12 letter-b floor digits:2 room letter-r digits:204 silence:800 "
			"desk-phone digits:0 house digits:12 letter-b floor digits:2 room letter-r digits:204");
	finish();
}

/* --- core dies meanwhile (R28) --- */

static struct world {
	struct phone bob, carol;
	struct talk b;
} *w;
static void (*settings_of_life)(void);
static uint64_t lives_ms; /* after the call for help */

static void remember(void)
{
	*w = (struct world){bob, carol, b};
}

static void life_until_refused(void)
{
	struct pidf_place here = {.shape = PIDF_POINT, .latitude_e7 = 488583701};

	begin_with(settings_of_life);
	alice.place = settings_of_life == moved ? &here : NULL;
	calls_for_help();
	help_ends();
	NEED(refused_for(lives_ms) > 0 && sim_status("desk-calls-waiting").used == 1);
	remember();
}

static void dies_after(void (*life)(void), void (*settings)(void), uint64_t ms)
{
	w = sim_shared(sizeof *w);
	settings_of_life = settings;
	lives_ms = ms;
	sim_crash_after(life);
}

static void next_life(void (*settings)(void))
{
	sim_defaults();
	settings();
	sim_open();
	bob = w->bob;
	carol = w->carol;
	phone_still_up(&bob);
	phone_still_up(&carol);
}

static void the_next_life_tells_it(void)
{
	dies_after(life_until_refused, place, 20000);
	next_life(place);
	NEED(sim_status("desk-calls-waiting").used == 1);
	sim_pass(DESK_ANEW_MS - 100);
	NEED(!sent_to(&bob, SIP_INVITE));
	sim_pass(200);
	talk_rings_at(&b, &bob);
	hears(&b, &bob, PLACE);
	NEED(sim_status("desk-calls").used == 1 && sim_status("records-damaged").used == 0);
	NEED(refused_until_given_up() == 0);
	finish();
}

static void with_all_that_was_doubted(void)
{
	dies_after(life_until_refused, moved, 2000);
	next_life(moved);
	sim_pass(DESK_ANEW_MS + 100);
	talk_rings_at(&b, &bob);
	hears(&b, &bob, "silence:500 " ONCE " desk-moved desk-says silence:800 " ONCE " desk-moved desk-says");
	finish();
}

static void carol_is_the_desk(void)
{
	place();
	set(0, OWNER_SITE, 0, SETTING_FRONT_DESK, "carol");
}

static void to_whoever_is_the_desk_now(void)
{
	dies_after(life_until_refused, place, 2000);
	next_life(carol_is_the_desk);
	sim_pass(DESK_ANEW_MS + 100);
	NEED(!sent_to(&bob, SIP_INVITE));
	talk_rings_at(&c, &carol);
	hears(&c, &carol, PLACE);
	finish();
}

static void given_up_with_an_alarm(void)
{
	NEED(sim_status("desk-calls-given-up").used == 1 && sim_status("desk-calls-waiting").used == 0);
	NEED(sim.events[EVENT_EMERGENCY] == 1 && sim.event_severity == SEVERITY_ALARM && strstr(sim.event_text, "nobody at the front desk"));
	finish();
}

static void for_the_time_that_is_left(void)
{
	dies_after(life_until_refused, place, DESK_KEEP_MS - 60000);
	next_life(place);
	unsigned rang = refused_for(60000 + DESK_AGAIN_MS);
	NEED(rang >= 4 && rang <= 6);
	given_up_with_an_alarm();
}

static void whose_time_went_by_is_given_up(void)
{
	dies_after(life_until_refused, place, 2000);
	*sim.now += 2 * DESK_KEEP_MS;
	next_life(place);
	NEED(refused_for(DESK_ANEW_MS + 1000) == 0);
	given_up_with_an_alarm();
}

static void life_that_dies_of_it(void)
{
	struct arena_table table[CORE_TABLES];

	life_until_refused();
	sim_kept_map(table);
	for (int n = 0; n < ARENA_MARKS_MAX; n++)
		arena_mark(&table[CORE_DESK_CALLS], 0);
}

static void of_which_core_died_twice_is_given_up(void)
{
	dies_after(life_that_dies_of_it, place, 2000);
	next_life(place);
	NEED(refused_for(DESK_ANEW_MS + 1000) == 0);
	given_up_with_an_alarm();
}

static void life_that_is_heard(void)
{
	begin_with(place);
	calls_for_help();
	help_ends();
	sim_pass(300);
	talk_rings_at(&b, &bob);
	is_told(&b, &bob, PLACE);
	remember();
}

/* In the midst of a word: that phone hears BYE, and it is said anew. */
static void what_was_being_said_is_said_anew(void)
{
	dies_after(life_that_is_heard, place, 0);
	next_life(place);
	sim_pass(EDGES_ARE_BACK_MS + 500);
	w->b.phone = &bob;
	struct heard *bye = talk_takes(&w->b, SIP_BYE);
	NEED(bye);
	talk_reply(&w->b, bye, 200, NULL);
	sim_pass(DESK_ANEW_MS);
	talk_rings_at(&b, &bob);
	hears(&b, &bob, PLACE);
	finish();
}

static void life_in_which_it_was_heard(void)
{
	struct dest desk;

	begin_with(place);
	calls_for_help();
	help_ends();
	sim_pass(300);
	talk_rings_at(&b, &bob);
	hears(&b, &bob, PLACE);
	NEED(route_find(SPAN("bob"), SPAN(""), &desk) && desk_alarm(&desk, 7)); /* watch tells this one again */
	remember();
}

static void what_was_heard_is_over(void)
{
	dies_after(life_in_which_it_was_heard, place, 0);
	next_life(place);
	NEED(sim_status("desk-calls-waiting").used == 0 && refused_until_given_up() == 0);
	NEED(sim.events[EVENT_EMERGENCY] == 0);
	finish();
}

/* --- a desk at which nobody is, or only the one who calls --- */

static void nobody_hears(const char *why)
{
	calls_for_help();
	NEED(sim.events[EVENT_EMERGENCY] == 2 && sim.event_severity == SEVERITY_ALARM && strstr(sim.event_text, why));
	NEED(sim_status("desk-calls-given-up").used == 1);
	sim_pass(300);
	NEED(!sent_to(&alice, SIP_INVITE) && !sent_to(&bob, SIP_INVITE));
	help_ends();
	finish();
}

static void a_desk_that_was_deleted_is_an_alarm(void)
{
	begin_with(place);
	NEED(sim_status("front-desk-missing").used == DESK_SET);
	sim.user[1].name = "somebody-else";
	sim_push_directory();
	sim_turn();
	NEED(sim_status("front-desk-missing").used == DESK_NOBODY);
	nobody_hears("no user or ring group any more");
}

static void so_is_one_that_was_disabled(void)
{
	begin_with(place);
	sim.user[1].enabled = false;
	sim_push_directory();
	sim_turn();
	NEED(sim_status("front-desk-missing").used == DESK_NOBODY);
	nobody_hears("no user or ring group any more");
}

static void so_is_one_that_calls_itself(void)
{
	begin_with(desk_calls);
	nobody_hears("nobody is there but who calls");
}

static void no_desk(void)
{
	place();
	set(0, OWNER_SITE, 0, SETTING_FRONT_DESK, "");
}

static void where_none_was_set_status_says_so(void)
{
	begin_with(no_desk);
	NEED(sim_status("front-desk-missing").used == DESK_NOT_SET);
	calls_for_help();
	NEED(sim.events[EVENT_EMERGENCY] == 1);
	help_ends();
	finish();
}

static void alice_is_of_the_desk(void)
{
	place();
	sim.group[0] = (struct sim_group){"200", "100, bob"};
	set(0, OWNER_SITE, 0, SETTING_FRONT_DESK, "200");
}

static void alice_is_alone_at_the_desk(void)
{
	alice_is_of_the_desk();
	sim.group[0].members = "100";
}

static void the_phone_that_calls_for_help_is_not_rung(void)
{
	begin_with(alice_is_of_the_desk);
	calls_for_help();
	sim_pass(300);
	NEED(!sent_to(&alice, SIP_INVITE));
	talk_rings_at(&b, &bob);
	hears(&b, &bob, PLACE);
	NEED(sim_status("desk-calls").used == 1);
	help_ends();
	finish();
}

static void where_nobody_else_is_at_the_desk_it_is_unheard(void)
{
	begin_with(alice_is_alone_at_the_desk);
	nobody_hears("nobody is there but who calls");
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(the_desk_rings_and_hears_who_and_where);
	SIM(a_place_that_fits_once);
	SIM(a_place_that_fits_never);
	SIM(a_phone_that_may_have_been_moved_is_spoken_of);
	SIM(a_phone_that_says_where_it_is_is_spoken_of);
	SIM(the_stored_place_is_believed);
	SIM(a_doubt_is_said_where_the_place_is_too_long);
	SIM(a_phone_that_takes_no_such_keys_is_asked_again);
	SIM(a_group_rings_and_the_first_hears);
	SIM(it_rings_through_and_goes_nowhere_else);
	SIM(a_desk_that_is_busy_rings_again);
	SIM(a_desk_that_does_not_answer_rings_again);
	SIM(what_nobody_hears_is_given_up_with_an_alarm);
	SIM(who_hangs_up_at_once_has_not_heard_it);
	SIM(what_was_not_said_was_not_heard);
	SIM(a_phone_that_comes_back_rings);
	SIM(what_cannot_be_called_is_not);
	SIM(they_are_bounded);
	SIM(the_desk_needs_not_be_told_what_it_knows);
	SIM(another_has_the_extension_meanwhile);
	SIM(the_next_life_tells_it);
	SIM(with_all_that_was_doubted);
	SIM(to_whoever_is_the_desk_now);
	SIM(for_the_time_that_is_left);
	SIM(whose_time_went_by_is_given_up);
	SIM(of_which_core_died_twice_is_given_up);
	SIM(what_was_being_said_is_said_anew);
	SIM(what_was_heard_is_over);
	SIM(a_desk_that_was_deleted_is_an_alarm);
	SIM(so_is_one_that_was_disabled);
	SIM(so_is_one_that_calls_itself);
	SIM(where_none_was_set_status_says_so);
	SIM(the_phone_that_calls_for_help_is_not_rung);
	SIM(where_nobody_else_is_at_the_desk_it_is_unheard);
	(void)test_failed_here;
	return TEST_END;
}
