/* SPDX-License-Identifier: ISC */
/* Whoever helps calls back into an exchange that is full: half of what is kept for help is for them, and the other half for the next
 * who needs it (R16, T23, T44). The trunk has more lines than there is room. */
#include "../unit/test.h"
#include "ask.h"
#include "media.h"
#include "notice.h"
#include "sim_trunks.h"
#include <stdio.h>

enum { CALLS = 64, LINES = 100, RESERVE = CALLS / 16, MOST = 128, PHONES_OF_BOB = 3 };

static struct phone centre, other_of_bob[PHONES_OF_BOB - 1];
static struct talk in[MOST], rung[MOST], help, helped;
static int n;

static void settings(void)
{
	sim.site.plan.unknown_caller = INCOMING_PASS;
	sim.site.max_calls = CALLS;
	sim.site.trunk[0].lines = LINES;
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_lo + 4 * 4 * CALLS - 1);
	for (uint32_t i = 0; i < SIM_DEVICES_MAX; i++)
		sim.bound[1][i] = true;
}

static void few_ports(void)
{
	settings();
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_lo + 4 * CALLS - 1);
	sim.site.max_calls = 4 * CALLS;
}

static void begin(void (*as)(void))
{
	begin_with(as);
	n = 0;
	phone_init(&centre, 4);
	phone_register(&centre);
}

static unsigned comes(void)
{
	char number[24];

	NEED(n < MOST);
	snprintf(number, sizeof number, "+33611223%03d", n);
	invite_from(&in[n], number, "+33140000001", false);
	return code_of(in[n].txn);
}

/* True: it rings. */
static bool one_more(void)
{
	const unsigned code = comes();

	if (code) {
		NEED(code == 503 && !sent_to(&bob, SIP_INVITE));
		return false;
	}
	talk_rings_at(&rung[n++], &bob);
	sim_clear();
	sim_pass(300); /* no faster than they may come */
	return true;
}

static int as_many_as_come(void)
{
	const int before = n;

	while (one_more())
		;
	return n - before;
}

static void bob_called_for_help(void)
{
	notice_add(NOTICE_CALL, bob.device, NOBODY, SPAN("112"));
	sim_clear();
}

static void who_needs_it_now_has_help(void)
{
	talk_invite(&help, &alice, "112", &offer);
	talk_rings_at(&helped, &centre);
	talk_answer(&helped, 486, NULL);
	NEED(code_of(help.txn) == 486);
	sim_clear();
}

static void all_is_over(void)
{
	sim.quiet = true;
	sim_pass(200000);
	finish();
}

/* As many call back as half of the reserve, and none of them takes what the next who needs help must have. */
static void half_of_the_reserve_is_theirs(void)
{
	NEED(as_many_as_come() == CALLS - RESERVE);
	bob_called_for_help();
	NEED(as_many_as_come() == RESERVE / 2);
	who_needs_it_now_has_help();
	all_is_over();
}

static void where_calls_run_out(void)
{
	begin(settings);
	half_of_the_reserve_is_theirs();
}

static void where_ports_run_out(void)
{
	begin(few_ports);
	half_of_the_reserve_is_theirs();
}

/* Each caller rings three phones: the trunk's share of legs is gone before anything else is. */
static void where_the_trunk_has_its_share_of_legs(void)
{
	const int legs = 3 * CALLS + 64, share = legs - legs / 4;

	begin(settings);
	for (int i = 0; i < PHONES_OF_BOB - 1; i++) {
		other_of_bob[i] = bob;
		other_of_bob[i].device = 2 + (uint32_t)i;
		other_of_bob[i].flow = 0;
		phone_register(&other_of_bob[i]);
	}
	NEED(as_many_as_come() <= share / 2);
	NEED(sim_status("legs").used >= (uint64_t)share - PHONES_OF_BOB && sim_status("calls").used < CALLS - RESERVE);
	bob_called_for_help();
	NEED(one_more());
	who_needs_it_now_has_help();
	all_is_over();
}

/* What is asked of phones and waits for its answer. */
static void where_requests_run_out(void)
{
	uint32_t asked = 0;

	begin(settings);
	while (ask_new(ASK_ALIVE, 0, alice.edge, POOL_USUAL))
		NEED(++asked < 100000);
	NEED(comes() == 0);
	sim_pass(1000);
	NEED(code_of(in[n].txn) >= 480);
	sim_clear();
	bob_called_for_help();
	NEED(one_more());
	while (ask_new(ASK_ALIVE, 0, alice.edge, POOL_BACK))
		NEED(++asked < 100000);
	who_needs_it_now_has_help();
	all_is_over();
}

static uint64_t told_until_ms;

static void hears(struct link *l, const struct ipc_view *v)
{
	NEED(l->peer == PROC_CORE || v->type != MSG_HELP_CALLS_BACK);
	if (v->type == MSG_HELP_CALLS_BACK)
		told_until_ms = ((const struct msg_help_calls_back *)v->payload)->until_ms;
}

/* The edge of the trunks knows how long its reserve is for them too, and so does the next one. */
static void edge_is_told(void)
{
	begin(settings);
	sim.watch = hears;
	bob_called_for_help();
	sim_turn();
	NEED(told_until_ms == child_now() + sim.site.plan.callback_min * UINT64_C(60000));
	told_until_ms = 0;
	sim_link_down(PROC_EDGE, 0);
	sim_link_up(PROC_EDGE, 0);
	sim_turn();
	NEED(told_until_ms > child_now());
	sim_pass(sim.site.plan.callback_min * UINT64_C(60000));
	told_until_ms = 0;
	sim_link_down(PROC_EDGE, 0);
	sim_link_up(PROC_EDGE, 0);
	sim_turn();
	NEED(told_until_ms == 0);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(where_calls_run_out);
	SIM(where_ports_run_out);
	SIM(where_the_trunk_has_its_share_of_legs);
	SIM(where_requests_run_out);
	SIM(edge_is_told);
	(void)test_failed_here;
	return TEST_END;
}
