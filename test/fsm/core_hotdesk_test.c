/* SPDX-License-Identifier: ISC */
/* Hot desks: a guest logs in at another's phone with extension and PIN, is who calls there and who is called there, and
 * nothing else changes (R2, R4, R15, R17, R29). Phone and line are 100's; 102 is allowed on it too. */
#include "../unit/test.h"
#include "sim_voice.h"

enum { LINE = 0, BOB, GUEST, OTHER };

static struct phone desk, bob, guests, other;
static struct talk a, b, c;
static struct sdp offer, of_bob;

static void people(void)
{
	static const char *const name[] = {"100", "101", "102", "103"};

	sim_defaults();
	for (int i = 0; i < 4; i++)
		sim.user[i].name = name[i];
	sim.bound[GUEST][LINE] = true;
	sim.pin = "2468";
	memcpy(sim.site.plan.country, "fr", 3);
}

static void begin(void)
{
	sim_open();
	phone_init(&desk, LINE);
	phone_init(&bob, BOB);
	phone_init(&guests, GUEST);
	phone_init(&other, OTHER);
	phone_register(&desk);
	phone_register(&bob);
	offer = sdp_plain(&desk);
	of_bob = sdp_plain(&bob);
}

static void finish(void)
{
	sim_pass(60000);
	sim_need_idle();
}

static void last_word(struct talk *t, const char *say)
{
	voice_says(turn(say)->token, TURN_SAID, "");
	hangs_up_on(t);
}

/* the keys of one login, until keeper has spoken */
static void keys(const char *ask, const char *extension, const char *pin)
{
	voice_says(turn(ask)->token, TURN_DIGITS, extension);
	voice_says(turn("pin-please")->token, TURN_DIGITS, pin);
}

static void log_in(struct phone *at)
{
	talk_invite(&a, at, "*11", &offer);
	answered(&a);
	keys("extension-please", "102", "2468");
	last_word(&a, "welcome logged-in");
}

static void log_out(void)
{
	talk_invite(&a, &desk, "*12", &offer);
	answered(&a);
	last_word(&a, "logged-out");
}

/* bob calls this extension: does this phone ring? */
static bool rings_at(const char *extension, struct phone *at)
{
	talk_invite(&b, &bob, extension, &of_bob);
	struct heard *h = sent_to(at, SIP_INVITE);
	if (!h) {
		NEED(code_of(b.txn) == 480);
		return false;
	}
	phone_answer(at, h, 486, NULL);
	NEED(code_of(b.txn) == 486);
	return true;
}

/* who calls bob, when the desk phone does */
static const char *who_calls(void)
{
	static char name[64];

	talk_invite(&a, &desk, "101", &offer);
	struct heard *h = sent_to(&bob, SIP_INVITE);
	NEED(h);
	snprintf(name, sizeof name, "%s", sim_text(h, sent(h)->from_user));
	NEED(strcmp(name, sim_text(h, sent(h)->identity_user)) == 0);
	phone_answer(&bob, h, 486, NULL);
	NEED(code_of(a.txn) == 486);
	return name;
}

static void a_guest_is_who_calls_and_is_called(void)
{
	people();
	begin();
	NEED(strcmp(who_calls(), "100") == 0 && rings_at("100", &desk) && !rings_at("102", &desk));
	log_in(&desk);
	NEED(sim.pins == 1 && sim_status("hot-desks").used == 1);
	NEED(strcmp(who_calls(), "102") == 0 && rings_at("102", &desk) && !rings_at("100", &desk));
	log_out();
	NEED(strcmp(who_calls(), "100") == 0 && rings_at("100", &desk) && !rings_at("102", &desk));
	talk_invite(&a, &desk, "*12", &offer);
	answered(&a);
	last_word(&a, "invalid-choice");
	finish();
}

static void the_extension_may_be_dialled_with_the_code(void)
{
	people();
	begin();
	talk_invite(&a, &desk, "*11102", &offer);
	answered(&a);
	voice_says(turn("pin-please")->token, TURN_DIGITS, "9999");
	keys("login-wrong extension-please", "102", "2468");
	last_word(&a, "welcome logged-in");
	NEED(strcmp(who_calls(), "102") == 0);
	finish();
}

/* A phone that sends all that was typed at once: the PIN is asked for, and what was dialled of it is written nowhere (R15, R23). */
static void a_pin_that_was_dialled_is_not_written_down(void)
{
	static const char *const dialled[] = {"*11102#2468#", "*11102#", "*111022468"};

	people();
	begin();
	for (int i = 0; i < 3; i++) {
		talk_invite(&a, &desk, dialled[i], &offer);
		answered(&a);
		voice_says(turn("pin-please")->token, TURN_DIGITS, "2468");
		if (i == 2)
			keys("login-wrong extension-please", "102", "2468");
		last_word(&a, "welcome logged-in");
		NEED(sim.records == (unsigned)i + 1 && strcmp(sim.record_to, "*11") == 0);
		log_out();
		sim.records = (unsigned)i + 1;
	}
	finish();
}

/* The guest's own phones ring as well. */
static void the_guests_own_phone_rings_too(void)
{
	people();
	begin();
	phone_register(&guests);
	log_in(&desk);
	talk_invite(&b, &bob, "102", &of_bob);
	talk_rings_at(&a, &desk);
	talk_rings_at(&c, &guests);
	struct sdp answer = sdp_plain(&desk);
	talk_answer(&a, 200, &answer);
	talk_takes(&a, SIP_ACK);
	talk_hears(&b, 200);
	talk_ack(&b);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&c, 487, NULL);
	/* the dialog is the line's: its phone and its login end it (R4) */
	call_hang_up(&a, &b);
	finish();
	NEED(strcmp(sim.record_from, "101") == 0 && strcmp(sim.record_to, "102") == 0);
}

static void the_day_ends(void)
{
	people();
	sim.site.hotdesk_s = 60;
	begin();
	log_in(&desk);
	sim_pass(61000);
	NEED(sim_status("hot-desks").used == 0 && strcmp(who_calls(), "100") == 0 && rings_at("100", &desk));
	finish();
}

static void keeper_says_removed(const char *user)
{
	struct link *l = sim_far(PROC_KEEPER, 0);
	struct msg_pin_removed *m = ipc_begin(l, MSG_PIN_REMOVED);

	m->user = ipc_put(l, span_str(user));
	ipc_end(l);
	sim_turn();
}

/* Whose PIN an administrator takes away is a guest no more; anybody else's is no matter. */
static void without_a_pin_nobody_is_a_guest(void)
{
	people();
	begin();
	log_in(&desk);
	keeper_says_removed("101");
	keeper_says_removed("100");
	keeper_says_removed("nobody");
	NEED(sim_status("hot-desks").used == 1);
	keeper_says_removed("102");
	NEED(sim_status("hot-desks").used == 0 && strcmp(who_calls(), "100") == 0 && rings_at("100", &desk));
	finish();
}

static void wrong_pins_lock(void)
{
	people();
	begin();
	talk_invite(&a, &desk, "*11", &offer);
	answered(&a);
	keys("extension-please", "102", "9999");
	keys("login-wrong extension-please", "102", "9999");
	keys("login-wrong extension-please", "102", "9999");
	last_word(&a, "login-wrong");
	NEED(sim.pins == 3);
	talk_invite(&a, &desk, "*11", &offer);
	answered(&a);
	keys("extension-please", "102", "2468"); /* the right one, too late */
	last_word(&a, "pin-locked");
	NEED(sim_status("hot-desks").used == 0 && strcmp(who_calls(), "100") == 0);
	finish();
}

/* One who is not allowed there, one whom nobody knows, and the line itself: keeper is not even asked, so nobody's PIN is locked by a
 * stranger. */
static void only_who_is_allowed_on_the_phone(void)
{
	people();
	begin();
	talk_invite(&a, &desk, "*11", &offer);
	answered(&a);
	keys("extension-please", "103", "2468");
	keys("login-wrong extension-please", "999", "2468");
	keys("login-wrong extension-please", "100", "2468");
	last_word(&a, "login-wrong");
	NEED(sim.pins == 0 && sim.events[EVENT_BINDING_REFUSED] == 3 && sim_status("hot-desks").used == 0);
	finish();
}

static void one_without_a_pin_is_no_guest(void)
{
	people();
	sim.pin = NULL;
	begin();
	talk_invite(&a, &desk, "*11", &offer);
	answered(&a);
	keys("extension-please", "102", "2468");
	voice_says(turn("login-wrong extension-please")->token, TURN_TIME_OUT, "");
	voice_says(turn("login-wrong extension-please")->token, TURN_TIME_OUT, "");
	last_word(&a, "goodbye");
	finish();
}

static void keeper_that_is_down_lets_nobody_in(void)
{
	people();
	begin();
	talk_invite(&a, &desk, "*11", &offer);
	answered(&a);
	voice_says(turn("extension-please")->token, TURN_DIGITS, "102");
	sim_link_down(PROC_KEEPER, 0);
	voice_says(turn("pin-please")->token, TURN_DIGITS, "2468");
	last_word(&a, "not-now");
	NEED(sim_status("hot-desks").used == 0);
	sim_link_up(PROC_KEEPER, 0);
	finish();
}

static void a_guest_is_in_one_place(void)
{
	people();
	sim.bound[GUEST][OTHER] = true;
	begin();
	phone_register(&other);
	log_in(&desk);
	log_in(&other);
	NEED(sim_status("hot-desks").used == 1 && rings_at("102", &other) && rings_at("100", &desk));
	NEED(strcmp(who_calls(), "100") == 0);
	finish();
}

/* What the directory takes back ends at once, with the call that runs on it. */
static void a_binding_that_goes_ends_it(void)
{
	people();
	begin();
	log_in(&desk);
	call_up(&a, &desk, &b, &bob);
	sim.bound[GUEST][LINE] = false;
	sim_push_directory();
	sim_turn();
	hangs_up_on(&a);
	hangs_up_on(&b);
	NEED(strcmp(who_calls(), "100") == 0);
	sim.bound[GUEST][LINE] = true; /* it does not come back by itself */
	sim_push_directory();
	sim_turn();
	NEED(sim_status("hot-desks").used == 0 && strcmp(who_calls(), "100") == 0);
	finish();
}

/* The line's login stays what it was: a request under the guest's own name needs the guest's own (R2, R4). */
static void the_guest_has_no_login_by_that(void)
{
	struct phone posing;

	people();
	begin();
	log_in(&desk);
	posing = desk;
	posing.user = "102";
	talk_invite(&a, &posing, "101", &offer);
	NEED(code_of(a.txn) == 401);
	NEED(!sent_to(&bob, SIP_INVITE));
	finish();
}

static void guest_may_dial(void)
{
	people();
	set(0, OWNER_USER, GUEST, SETTING_CLASSES, "national");
}

static void the_guest_pays_and_is_asked_for_the_pin(void)
{
	guest_may_dial();
	begin();
	talk_invite(&a, &desk, "+33123456789", &offer);
	NEED(code_of(a.txn) == 403 && sim.lookups == 0);
	log_in(&desk);
	talk_invite(&a, &desk, "+33123456789", &offer);
	answered(&a);
	NEED(sim.lookups == 1);
	voice_says(turn("pin-please")->token, TURN_DIGITS, "2468");
	last_word(&a, "busy-try-later"); /* allowed: there is no line */
	log_out();
	talk_invite(&a, &desk, "+33123456789", &offer);
	NEED(code_of(a.txn) == 403);
	finish();
}

/* Help that calls back finds the phone that called for it, whoever works there now (R16). */
static void help_calls_back_to_the_line(void)
{
	people();
	sim.device[LINE].flags |= DEVICE_FIXED;
	begin();
	talk_invite(&a, &desk, "112", &offer);
	answered(&a); /* nobody is there who answers for 112; the window is open all the same */
	last_word(&a, "emergency-no-line");
	log_in(&desk);
	NEED(rings_at("102", &desk) && rings_at("100", &desk));
	finish();
}

/* --- a crash of core --- */

static void first_life(void)
{
	people();
	begin();
	log_in(&desk);
}

static void it_outlives_core(void)
{
	sim_crash_after(first_life);
	people();
	begin(); /* phones that are new to this life of core, where the line is lent still */
	NEED(sim_status("hot-desks").used == 1 && strcmp(who_calls(), "102") == 0 && rings_at("102", &desk));
	log_out();
	finish();
}

/* --- the person, not the line, is picked up and declines --- */

static void ward_and_office(void)
{
	people();
	set(1, OWNER_USER, LINE, SETTING_PICKUP_GROUP, "office");
	set(2, OWNER_USER, OTHER, SETTING_PICKUP_GROUP, "office");
	set(3, OWNER_USER, GUEST, SETTING_PICKUP_GROUP, "ward");
}

static bool picks_up(struct phone *who)
{
	struct sdp own = sdp_plain(who);

	talk_invite(&c, who, "*8", &own);
	struct heard *h = sent_to(who, SIP_INVITE);
	if (!h) {
		answered(&c);
		last_word(&c, "no-such-call");
	}
	return h != NULL;
}

static void a_guests_call_is_not_the_lines_to_pick_up(void)
{
	ward_and_office();
	begin();
	phone_register(&other);
	log_in(&desk);
	talk_invite(&b, &bob, "102", &of_bob);
	talk_rings_at(&a, &desk);
	talk_answer(&a, 180, NULL);
	NEED(!picks_up(&other));
}

static void those_of_the_guests_group_pick_it_up(void)
{
	ward_and_office();
	set(2, OWNER_USER, OTHER, SETTING_PICKUP_GROUP, "ward");
	begin();
	phone_register(&other);
	log_in(&desk);
	talk_invite(&b, &bob, "102", &of_bob);
	talk_rings_at(&a, &desk);
	talk_answer(&a, 180, NULL);
	NEED(picks_up(&other));
}

/* RFC 3261 21.6: all of their phones are silent, also where they are a guest */
static void who_declines_at_the_desk_declines_at_home(void)
{
	people();
	begin();
	phone_register(&guests);
	log_in(&desk);
	talk_invite(&b, &bob, "102", &of_bob);
	talk_rings_at(&c, &guests);
	talk_rings_at(&a, &desk);
	talk_answer(&c, 180, NULL);
	talk_answer(&a, 603, NULL);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&c, 487, NULL);
	NEED(code_of(b.txn) == 180 && code_of(b.txn) == 603);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_guest_is_who_calls_and_is_called);
	SIM(the_extension_may_be_dialled_with_the_code);
	SIM(a_pin_that_was_dialled_is_not_written_down);
	SIM(the_guests_own_phone_rings_too);
	SIM(the_day_ends);
	SIM(without_a_pin_nobody_is_a_guest);
	SIM(wrong_pins_lock);
	SIM(only_who_is_allowed_on_the_phone);
	SIM(one_without_a_pin_is_no_guest);
	SIM(keeper_that_is_down_lets_nobody_in);
	SIM(a_guest_is_in_one_place);
	SIM(a_binding_that_goes_ends_it);
	SIM(the_guest_has_no_login_by_that);
	SIM(the_guest_pays_and_is_asked_for_the_pin);
	SIM(help_calls_back_to_the_line);
	SIM(it_outlives_core);
	SIM(a_guests_call_is_not_the_lines_to_pick_up);
	SIM(those_of_the_guests_group_pick_it_up);
	SIM(who_declines_at_the_desk_declines_at_home);
	(void)test_failed_here;
	return TEST_END;
}
