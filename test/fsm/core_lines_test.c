/* SPDX-License-Identifier: ISC */
/* Calls that come in have no more than their trunk's lines, however many they are and however fast they come: inside is talked
 * on, and who called for help is called back (R16, R27, T23). */
#include "../unit/test.h"
#include "directory.h"
#include "notice.h"
#include "sim_trunks.h"
#include "sim_voice.h"
#include <stdio.h>

enum { FLOOD = 100 };

static struct talk in[FLOOD], rung[FLOOD];

static void takes_all(void)
{
	sim.site.plan.unknown_caller = sim.site.plan.anonymous_caller = INCOMING_PASS;
}

static unsigned comes(int i)
{
	char number[24];

	snprintf(number, sizeof number, "+336112233%02d", i);
	invite_from(&in[i], number, "+33140000001", false);
	return code_of(in[i].txn);
}

static uint64_t busy(void)
{
	NEED(sim_status("lines-telco0").limit == 2);
	return sim_status("lines-telco0").used;
}

static void two_ring(void)
{
	for (int i = 0; i < 2; i++) {
		NEED(comes(i) == 0);
		talk_rings_at(&rung[i], &bob);
	}
	NEED(busy() == 2);
	sim_clear();
}

static void ends(int i)
{
	talk_answer(&rung[i], 486, NULL);
	NEED(code_of(in[i].txn) == 486);
}

/* Busy, as the provider says of it to its caller: 503 would be about us, and lead it to ask elsewhere (RFC 3261 21.5.4). */
static void no_more_come_than_lines(void)
{
	begin_with(takes_all);
	two_ring();
	for (int i = 2; i < 20; i++)
		NEED(comes(i) == 486 && !sent_to(&bob, SIP_INVITE) && busy() == 2);
	NEED(sim_status("calls").used == 2 && sim.events[EVENT_CALL_REFUSED] == 1);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	NEED(code_of(a.txn) == 486);
	ends(0);
	NEED(busy() == 1 && comes(20) == 0);
	talk_rings_at(&rung[20], &bob);
	NEED(comes(21) == 486);
	ends(1);
	ends(20);
	NEED(busy() == 0);
	finish();
}

/* And what goes out finds none either. */
static void lines_are_for_both_ways(void)
{
	begin_with(takes_all);
	up_at(&a, &t, "0123456789", &telco[0]);
	NEED(comes(0) == 0);
	talk_rings_at(&rung[0], &bob);
	NEED(comes(1) == 486);
	ends(0);
	call_hang_up(&a, &t);
	finish();
}

/* R20: as of any other call that nobody took; but a flood writes no row for each. */
static void the_log_has_who_finds_none(void)
{
	char to[sizeof sim.record_to];

	begin_with(takes_all);
	two_ring();
	NEED(sim.records == 0 && comes(2) == 486);
	NEED(sim.records == 1 && sim.record.duration_ms == 0 && sim.record_from[0]);
	NEED(strcmp(sim.event_text, "calls over a trunk: all its lines are taken") == 0);
	memcpy(to, sim.record_to, sizeof to);
	ends(0);
	NEED(sim.records == 2 && strcmp(to, sim.record_to) == 0);
	ends(1);
	for (int i = 3; i < FLOOD; i++)
		if (comes(i) == 0)
			ends((talk_rings_at(&rung[i], &bob), i));
	NEED(sim.records >= 30 && sim.records <= 33);
	finish();
}

static void one_each(void)
{
	takes_all();
	sim.site.trunk[0].lines = sim.site.trunk[1].lines = 1;
}

static void who_finds_none_out_is_told(void)
{
	begin_with(one_each);
	NEED(comes(0) == 0);
	talk_rings_at(&rung[0], &bob);
	up_at(&b, &t, "0123456789", &telco[1]);
	talk_invite(&a, &alice, "0123456789", &offer);
	NEED(code_of(a.txn) == 503 && sim.records == 1 && strcmp(sim.record_to, "+33123456789") == 0);
	NEED(sim.events[EVENT_CALL_REFUSED] == 1);
	NEED(strcmp(sim.event_text, "no trunk for this number has a free line") == 0);
	ends(0);
	call_hang_up(&b, &t);
	finish();
}

static void who_helps_calls_back_beyond_them(void)
{
	begin_with(takes_all);
	two_ring();
	NEED(comes(2) == 486);
	notice_add(NOTICE_CALL, bob.device, NOBODY, SPAN("112"));
	NEED(comes(3) == 0);
	talk_rings_at(&rung[3], &bob);
	NEED(busy() == 3);
	ends(0);
	ends(1);
	ends(3);
	NEED(busy() == 0);
	finish();
}

static void with_help(void)
{
	takes_all();
	sim.site.trunk[0].emergency = 1;
	sim.site.trunk[1].emergency = 0;
	sim.device[0].flags = DEVICE_FIXED;
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, city=Paris, street=Rue Neuve, house=12");
	sim.site.inbounds = 2;
	sim.site.inbound[1] = (struct inbound){.number = "+33140000001", .to = "bob", .trunk = 1};
}

static unsigned comes_over(struct phone *trunk, int i)
{
	char number[24];

	snprintf(number, sizeof number, "+336112233%02d", i);
	invite_over(trunk, &in[i], number, "+33140000001", false, &plain);
	return code_of(in[i].txn);
}

static void rings(int i)
{
	talk_rings_at(&rung[i], &bob);
	sim_clear();
}

/* Known by the number alone, which anybody may call: four of a trunk at once have what is kept for help, six of the site, each of them told;
 * one more is a call like others. */
static void who_calls_back_in_a_loop_has_so_many(void)
{
	begin_with(with_help);
	two_ring();
	notice_add(NOTICE_CALL, bob.device, NOBODY, SPAN("112"));
	const uint32_t told = sim.events[EVENT_EMERGENCY];
	for (int i = 2; i < 6; i++) {
		NEED(comes(i) == 0);
		rings(i);
	}
	NEED(sim.events[EVENT_EMERGENCY] == told + 4 && strstr(sim.event_text, "beyond the trunk's last"));
	NEED(busy() == 6 && sim_status("calls-back").used == 4);
	for (int i = 6; i < 26; i++)
		NEED(comes(i) == 486 && busy() == 6);
	/* of the other trunk two more, and the next finds its lines taken */
	for (int i = 26; i < 28; i++) {
		NEED(comes_over(&telco[1], i) == 0);
		rings(i);
	}
	NEED(sim_status("calls-back").used == 6 && comes_over(&telco[1], 28) == 486);
	NEED(sim_status("lines-telco1").used == 2);
	/* the rest of the house talks on */
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	NEED(code_of(a.txn) == 486);
	/* one goes, and one may come */
	ends(2);
	NEED(sim_status("calls-back").used == 5 && comes(30) == 0);
	rings(30);
	sim_pass(300000);
	finish();
}

/* Nor one after the other: each frees its place at once. */
static void nor_as_often_as_they_like(void)
{
	int n = 0;

	begin_with(with_help);
	two_ring();
	notice_add(NOTICE_CALL, bob.device, NOBODY, SPAN("112"));
	for (int i = 2; i < 40; i++)
		if (comes(i) == 0) {
			talk_rings_at(&rung[i], &bob);
			ends(i);
			n++;
		}
	NEED(n == 12 && busy() == 2);
	sim_clear();
	sim_pass(61000); /* bob's phone rings no longer than that */
	NEED(comes(40) == 0);
	rings(40);
	sim_pass(100000);
	finish();
}

/* A trunk whose gateway has no line left but those that they hold: who needs help now has the one of the youngest that nobody has answered;
 * one that talks stays. */
static void who_needs_help_now_has_a_line_of_theirs(void)
{
	begin_with(with_help);
	notice_add(NOTICE_CALL, bob.device, NOBODY, SPAN("112"));
	for (int i = 0; i < 3; i++) {
		NEED(comes(i) == 0);
		talk_rings_at(&rung[i], &bob);
		sim_pass(100);
	}
	struct sdp answer = sdp_fits(&rung[0]);
	talk_up(&in[0], &rung[0], &answer);
	sim_clear();
	for (int i = 0; i < 2; i++) {
		struct talk *help = i ? &b : &a;
		talk_invite(help, &alice, "112", &offer);
		talk_rings_at(&t, &telco[0]);
		talk_answer(&t, 486, NULL);
		NEED(code_of(in[2 - i].txn) == 480); /* the youngest */
		sim_pass(1100);
		talk_rings_at(&t, &telco[0]);
		talk_up(help, &t, &plain);
		call_hang_up(help, &t);
		sim_clear();
	}
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 486, NULL);
	is_told(&a, RELAY_KEY_SDES, "emergency-no-line");
	NEED(!sent_to(&telco[0], SIP_BYE) && code_of(talk_send(&in[0], SIP_OPTIONS, NULL)) == 200);
	call_hang_up(&in[0], &rung[0]);
	sim_pass(60000);
	finish();
}

/* Somebody made the site count so many of them that the centre's own call is one like others: talked to, it stays as well. */
static void nor_is_one_that_was_not_counted_cut_off(void)
{
	begin_with(with_help);
	notice_add(NOTICE_CALL, bob.device, NOBODY, SPAN("112"));
	for (int i = 2; i < 14; i++) {
		NEED(comes(i) == 0);
		talk_rings_at(&rung[i], &bob);
		ends(i);
		sim_pass(300);
		sim_clear();
	}
	NEED(comes(20) == 0 && sim_status("calls-back").used == 0);
	talk_rings_at(&rung[20], &bob);
	struct sdp answer = sdp_fits(&rung[20]);
	talk_up(&in[20], &rung[20], &answer);
	sim_clear();
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 486, NULL);
	is_told(&a, RELAY_KEY_SDES, "emergency-no-line");
	NEED(!sent_to(&telco[0], SIP_BYE) && code_of(talk_send(&in[20], SIP_OPTIONS, NULL)) == 200);
	call_hang_up(&in[20], &rung[20]);
	sim_pass(60000);
	finish();
}

/* Each gives its line back at once; but ports rest, and the log is written. */
static void nor_do_they_come_faster(void)
{
	int rang = 0;

	begin_with(takes_all);
	for (int i = 0; i < 1000; i++) {
		int at = i % FLOOD;
		if (comes(at) == 0) {
			rang++;
			talk_rings_at(&rung[at], &bob);
			ends(at);
		}
		sim_clear();
		sim_pass(10);
		if (i % 100 == 99) {
			talk_invite(&a, &alice, "bob", &offer);
			talk_rings_at(&b, &bob);
			talk_answer(&b, 486, NULL);
			NEED(code_of(a.txn) == 486);
		}
	}
	NEED(rang >= 64 && rang <= 80 && busy() == 0); /* 32 of 64 slots, and as many in each 8 s */
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(no_more_come_than_lines);
	SIM(lines_are_for_both_ways);
	SIM(the_log_has_who_finds_none);
	SIM(who_finds_none_out_is_told);
	SIM(who_helps_calls_back_beyond_them);
	SIM(who_calls_back_in_a_loop_has_so_many);
	SIM(nor_as_often_as_they_like);
	SIM(who_needs_help_now_has_a_line_of_theirs);
	SIM(nor_is_one_that_was_not_counted_cut_off);
	SIM(nor_do_they_come_faster);
	(void)test_failed_here;
	return TEST_END;
}
