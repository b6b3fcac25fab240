/* SPDX-License-Identifier: ISC */
/* A phone that calls for help without end keeps no other from it: of what it has beside its first call one ends for a phone that finds no
 * room, or no line, for its own (R16, R27, T23, T44). */
#include "../unit/test.h"
#include "emergency.h"
#include "sim_trunks.h"
#include "sim_voice.h"

enum { CALLS = 8, FLOOD = 40 };

static struct phone desk, centre;
static struct talk flood[FLOOD], rung[FLOOD], help, c;

static void begin_inside(void)
{
	sim_defaults();
	sim.device[0].flags = sim.device[3].flags = DEVICE_FIXED;
	sim.site.max_calls = CALLS;
	sim_open();
	phone_init(&alice, 0);
	phone_init(&desk, 3);
	phone_init(&centre, 4);
	phone_register(&alice);
	phone_register(&centre);
	phone_up(&desk);
	offer = sdp_plain(&alice);
}

static uint64_t calls(void)
{
	return sim_status("calls").used;
}

static uint64_t gave_way(void)
{
	return sim_status("help-gave-way").used;
}

/* As many as there may be; alice has no more to give way to herself. */
static void fill(void)
{
	for (int i = 0; i < FLOOD; i++) {
		talk_invite(&flood[i], &alice, "112", &offer);
		sim_pass(10);
		if (i < CALLS)
			talk_rings_at(&rung[i], &centre);
		else
			NEED(code_of(flood[i].txn) == 503);
	}
	NEED(calls() == CALLS && gave_way() == 0);
	sim_clear();
}

static void who_has_none_finds_a_place(void)
{
	struct sdp o, s;

	begin_inside();
	fill();
	o = sdp_plain(&desk);
	talk_invite(&help, &desk, "112", &o);
	NEED(code_of(flood[CALLS - 1].txn) == 480 && gave_way() == 1 && calls() == CALLS);
	NEED(sim.event_severity == SEVERITY_ALARM);
	sim_clear();
	s = sdp_plain(&centre);
	(void)s;
	sim.quiet = true;
	sim_pass(700000);
	NEED(calls() == 0);
}

/* And hears the centre; one of alice's that is talked on stays. */
static void what_is_answered_stays(void)
{
	struct sdp o, s;

	begin_inside();
	for (int i = 0; i < CALLS; i++) {
		talk_invite(&flood[i], &alice, "112", &offer);
		talk_rings_at(&rung[i], &centre);
		sim_pass(10);
	}
	s = sdp_plain(&centre);
	sdp_fit(&rung[CALLS - 1], &s);
	talk_up(&flood[CALLS - 1], &rung[CALLS - 1], &s);
	sim_clear();
	o = sdp_plain(&desk);
	talk_invite(&help, &desk, "112", &o);
	NEED(code_of(flood[CALLS - 2].txn) == 480 && gave_way() == 1);
	struct heard *h = talk_takes(&rung[CALLS - 1], SIP_BYE);
	NEED(!h);
}

static void with_help(void)
{
	sim.site.trunk[0].emergency = 1;
	for (int i = 0; i < 2; i++) {
		sim.device[i].flags = DEVICE_FIXED;
		set(i, OWNER_DEVICE, (uint32_t)i, SETTING_LOCATION, "country=FR, city=Paris, street=Rue Neuve, house=12");
	}
}

/* All lines are alice's, and the trunk has no other for bob's call. */
static void who_has_none_finds_a_line(void)
{
	begin_with(with_help);
	for (int i = 0; i < 2; i++) {
		talk_invite(&flood[i], &alice, "112", &offer);
		talk_rings_at(&rung[i], &telco[0]);
		talk_answer(&rung[i], 180, NULL);
		sim_pass(10);
	}
	sim_clear();
	struct sdp o = sdp_plain(&bob);
	talk_invite(&help, &bob, "112", &o);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 486, NULL);
	NEED(code_of(flood[1].txn) == 480 && gave_way() == 1);
	sim_pass(1100);
	talk_rings_at(&t, &telco[0]);
	talk_up(&help, &t, &plain);
	NEED(gave_way() == 1);
}

static void takes_all(void)
{
	with_help();
	sim.site.plan.unknown_caller = sim.site.plan.anonymous_caller = INCOMING_PASS;
}

/* Two talk with somebody outside, and the trunk has no more lines. For alice's first call one of them ends, for her next ones none. */
static void talks_end_for_a_first_call_alone(void)
{
	static const char *const from[] = {"+33611223301", "+33611223302"};

	begin_with(takes_all);
	for (int i = 0; i < 2; i++) {
		invite_from(&flood[i], from[i], "+33140000001", false);
		talk_rings_at(&rung[i], &bob);
		struct sdp s = sdp_fits(&rung[i]);
		talk_up(&flood[i], &rung[i], &s);
		sim_pass(10);
	}
	sim_clear();
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 486, NULL);
	NEED(talk_takes(&flood[1], SIP_BYE));
	sim_pass(1100);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 180, NULL);
	sim_clear();
	for (int i = 2; i < 6; i++) {
		talk_invite(&flood[i], &alice, "112", &offer);
		talk_rings_at(&rung[i], &telco[0]);
		talk_answer(&rung[i], 486, NULL);
		sim_pass(5000);
	}
	NEED(!sent_to(&telco[0], SIP_BYE) && code_of(talk_send(&flood[0], SIP_OPTIONS, NULL)) == 200);
}

static void tests_too(void)
{
	takes_all();
	snprintf(sim.site.plan.emergency_test, sizeof sim.site.plan.emergency_test, "933");
}

/* Who tries out whether help can be called, and then needs it, is one who calls for it first. */
static void a_test_is_no_first_call(void)
{
	begin_with(tests_too);
	invite_from(&flood[0], "+33611223301", "+33140000001", false);
	talk_rings_at(&rung[0], &bob);
	struct sdp s = sdp_fits(&rung[0]);
	talk_up(&flood[0], &rung[0], &s);
	sim_pass(10);
	up_at(&b, &c, "933", &telco[0]);
	sim_pass(10);
	sim_clear();
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 486, NULL);
	NEED(talk_takes(&flood[0], SIP_BYE) || talk_takes(&c, SIP_BYE));
}

/* For a test nobody's call for help ends, and of a phone that does both the test ends first, though it is the older and answered. */
static void a_test_gives_way_and_help_to_none(void)
{
	begin_with(tests_too);
	up_at(&b, &c, "933", &telco[0]);
	sim_pass(10);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&flood[0], &telco[0]);
	talk_answer(&flood[0], 180, NULL);
	sim_clear();
	struct sdp o = sdp_plain(&bob);
	talk_invite(&help, &bob, "112", &o);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 486, NULL);
	NEED(gave_way() == 1 && talk_takes(&c, SIP_BYE) && !reply_to(a.txn));
}

static void room_for_eight(void)
{
	tests_too();
	sim.site.max_calls = CALLS;
	sim.site.trunk[0].lines = FLOOD;
}

static void a_test_finds_no_room(void)
{
	begin_with(room_for_eight);
	for (int i = 0; i < CALLS; i++) {
		talk_invite(&flood[i], &alice, "112", &offer);
		sim_pass(10);
	}
	NEED(calls() == CALLS);
	struct sdp o = sdp_plain(&bob);
	talk_invite(&help, &bob, "933", &o);
	NEED(code_of(help.txn) == 503 && gave_way() == 0);
	talk_invite(&help, &bob, "112", &o);
	NEED(gave_way() == 1 && calls() == CALLS);
}

/* One each: nobody's first gives way. */
static void nobodys_only_one_ends(void)
{
	begin_with(with_help);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&b, &telco[0]);
	talk_answer(&b, 180, NULL);
	sim_clear();
	struct sdp o = sdp_plain(&bob);
	talk_invite(&help, &bob, "112", &o);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 486, NULL);
	is_told(&help, RELAY_KEY_SDES, "emergency-no-line");
	NEED(gave_way() == 0 && !reply_to(a.txn));
}

static void calls_and_hangs_up(bool centre_hears)
{
	struct link *edge = sim_far(PROC_EDGE, alice.edge);

	talk_invite(&a, &alice, "112", &offer);
	struct msg_cancelled *m = ipc_begin(edge, MSG_CANCELLED);
	m->txn = a.txn;
	ipc_end(edge);
	sim_turn();
	if (centre_hears) {
		talk_rings_at(&b, &centre);
		talk_answer(&b, 487, NULL);
	}
	NEED(calls() == 0);
	sim_clear();
	sim_pass(10);
}

/* While ledger is slow: sixty-four notices may wait for it, and the next phone's is among them. */
static void nor_are_notices_all_of_one(void)
{
	begin_inside();
	sim.conduct.ledger_mute = true;
	for (int i = 0; i < 100; i++)
		calls_and_hangs_up(true);
	const uint64_t waiting = sim_status("notices-waiting").used;
	NEED(waiting == 16 && sim.events[EVENT_FULL] == 0);
	struct sdp o = sdp_plain(&desk);
	talk_invite(&help, &desk, "112", &o);
	NEED(sim_status("notices-waiting").used == waiting + 1 && sim.events[EVENT_FULL] == 0);
}

/* What was called off, and whose far end says nothing to that, holds no leg that help needs. */
static void nor_is_what_was_called_off_in_its_way(void)
{
	begin_inside();
	for (int i = 0; i < 100; i++)
		calls_and_hangs_up(false);
	NEED(sim_status("legs").used + 2 > sim_status("legs").limit);
	struct sdp o = sdp_plain(&desk);
	talk_invite(&help, &desk, "112", &o);
	NEED(sent_to(&centre, SIP_INVITE));
	sim.quiet = true;
	sim_pass(700000);
	NEED(sim_status("legs").used == 0 && calls() == 0);
}

static void with_help_for_many(void)
{
	with_help();
	sim.site.max_calls = 2 * EMERGENCY_PLACES_MAX;
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_lo + 8 * EMERGENCY_PLACES_MAX - 1);
	sim.site.trunk[0].lines = 2 * EMERGENCY_PLACES_MAX;
}

/* Where a phone says that it is goes along, however many calls another has that say so. */
static void nor_are_places_all_of_one(void)
{
	static struct pidf_place here = {.shape = PIDF_POINT};
	static struct talk many[EMERGENCY_PLACES_MAX];

	begin_with(with_help_for_many);
	for (int i = 0; i < EMERGENCY_PLACES_MAX; i++) {
		alice.place = &here;
		talk_invite(&many[i], &alice, "112", &offer);
		NEED(sent_to(&telco[0], SIP_INVITE));
		sim_clear();
	}
	NEED(sim_status("emergency-places").used == EMERGENCY_PLACES_MAX);
	bob.place = &here;
	struct sdp o = sdp_plain(&bob);
	talk_invite(&help, &bob, "112", &o);
	struct heard *h = sent_to(&telco[0], SIP_INVITE);
	NEED(h && sent(h)->place.len > 0);
	NEED(sim_status("emergency-places").used == EMERGENCY_PLACES_MAX);
}

static void with_two_trunks_for_many(void)
{
	with_help_for_many();
	sim.site.trunk[1].emergency = 1;
	sim.device[2].flags = DEVICE_FIXED;
	set(2, OWNER_DEVICE, 2, SETTING_LOCATION, "country=FR, city=Paris, street=Rue Neuve, house=12");
}

/* Who has two loses none while another has many: bob's first says it to the next trunk too. */
static void who_has_most_loses_a_place(void)
{
	static struct pidf_place here = {.shape = PIDF_POINT};
	static struct talk many[EMERGENCY_PLACES_MAX];
	static struct phone third;
	struct sdp o;

	begin_with(with_two_trunks_for_many);
	phone_init(&third, 2);
	phone_up(&third);
	for (int i = 0; i < EMERGENCY_PLACES_MAX; i++) {
		struct phone *p = i < 2 ? &bob : &alice;
		o = sdp_plain(p);
		p->place = &here;
		talk_invite(&many[i], p, "112", &o);
		if (i == 0)
			talk_rings_at(&t, &telco[0]);
		sim_clear();
	}
	NEED(sim_status("emergency-places").used == EMERGENCY_PLACES_MAX);
	o = sdp_plain(&third);
	third.place = &here;
	talk_invite(&help, &third, "112", &o);
	NEED(sent_to(&telco[0], SIP_INVITE));
	sim_clear();
	talk_answer(&t, 503, NULL);
	struct heard *h = sent_to(&telco[1], SIP_INVITE);
	NEED(h && sent(h)->place.len > 0);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(who_has_none_finds_a_place);
	SIM(what_is_answered_stays);
	SIM(who_has_none_finds_a_line);
	SIM(talks_end_for_a_first_call_alone);
	SIM(a_test_is_no_first_call);
	SIM(a_test_gives_way_and_help_to_none);
	SIM(a_test_finds_no_room);
	SIM(nobodys_only_one_ends);
	SIM(nor_are_notices_all_of_one);
	SIM(nor_is_what_was_called_off_in_its_way);
	SIM(nor_are_places_all_of_one);
	SIM(who_has_most_loses_a_place);
	(void)test_failed_here;
	return TEST_END;
}
