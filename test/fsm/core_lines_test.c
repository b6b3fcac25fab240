/* SPDX-License-Identifier: ISC */
/* Calls that come in have no more than their trunk's lines, however many they are and however fast they come: inside is talked
 * on, and who called for help is called back (R16, R27, T23). */
#include "../unit/test.h"
#include "directory.h"
#include "notice.h"
#include "sim_trunks.h"
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
	SIM(nor_do_they_come_faster);
	(void)test_failed_here;
	return TEST_END;
}
