/* SPDX-License-Identifier: ISC */
/* core starts again with other limits, other ports of media or another node in its configuration: what stands goes on where there is room for it,
 * and each call that cannot is in the log (R17, R20, R28). */
#include "../unit/test.h"
#include "account.h"
#include "base/clock.h"
#include "base/id.h"
#include "call.h"
#include "former.h"
#include "notice.h"
#include "record.h"
#include "sim_kept.h"
#include "sim_phone.h"

enum { TALKED_MS = 30000, PHONES = 4 };

struct world {
	struct phone phone[PHONES];
	struct talk caller[PHONES / 2], callee[PHONES / 2];
};
static struct world *w;

static const uint32_t ours[2] = {0, 2}; /* who calls, at the phone and as the user of that number */

/* Two calls, 0 with 1 and 2 with 3. */
static void life(void)
{
	sim_defaults();
	sim_open();
	for (uint32_t i = 0; i < PHONES; i++) {
		phone_init(&w->phone[i], i);
		phone_register(&w->phone[i]);
	}
	for (uint32_t i = 0; i < 2; i++)
		call_up(&w->caller[i], &w->phone[ours[i]], &w->callee[i], &w->phone[ours[i] + 1]);
	sim_pass(TALKED_MS);
}

/* The life before was `of`; the site of the next one is not opened yet. */
static void after(void (*of)(void))
{
	w = sim_shared(sizeof *w);
	sim_crash_after(of);
	sim_defaults();
}

static void open_next(void)
{
	sim_open();
	for (uint32_t i = 0; i < PHONES; i++)
		phone_still_up(&w->phone[i]);
	NEED(sim_status("records-damaged").used == 0);
}

static void is_logged_whole(void)
{
	NEED(sim.record.duration_ms >= TALKED_MS && sim.record.duration_ms <= TALKED_MS + 5000);
}

static void both_go_on(void)
{
	NEED(sim_status("calls").used == 2 && sim_status("legs").used == 4 && sim_status("registrations").used >= PHONES);
	NEED(sim_status("calls-lost").used == 0 && sim_status("records-unfit").used == 0 && sim.events[EVENT_STARTED] == 0);
	for (uint32_t i = 0, had = sim.records; i < 2; i++) {
		call_hang_up(&w->caller[i], &w->callee[i]);
		NEED(sim.records == had + i + 1);
		is_logged_whole();
	}
	sim_pass(60000);
	sim_need_idle();
}

static void hears_bye(struct talk *one)
{
	struct heard *bye = talk_takes(one, SIP_BYE);

	NEED(bye);
	talk_reply(one, bye, 200, NULL);
}

static void ends(uint32_t i)
{
	hears_bye(&w->caller[i]);
	hears_bye(&w->callee[i]);
}

/* --- limits on calls --- */

static void with_more_of_everything_both_go_on(void)
{
	after(life);
	sim.site.max_calls *= 4;
	sim.site.max_phones *= 2;
	sim.site.max_users *= 3;
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_hi + 400);
	open_next();
	both_go_on();
}

static void with_less_of_everything_both_go_on(void)
{
	after(life);
	sim.site.max_calls = 8;
	sim.site.max_phones = sim.site.max_users = SIM_USERS_MAX;
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_lo + 4 * 8 - 1);
	open_next();
	NEED(sim_status("calls").limit == 8);
	both_go_on();
}

static unsigned tries(struct phone *p, const char *number)
{
	struct talk t = {0};
	struct sdp offer = sdp_plain(p);

	return code_of(talk_invite(&t, p, number, &offer));
}

/* Who stands beyond a limit stays; it counts for who comes, but for help, which has what there was. */
static void fewer_calls_than_stand_end_none(void)
{
	struct talk help = {0}, answers = {0};
	struct phone centre;

	after(life);
	sim.site.max_calls = 1;
	open_next();
	phone_init(&centre, 4);
	phone_register(&centre);
	NEED(sim_status("calls").used == 2 && sim_status("calls").limit == 1);
	NEED(tries(&w->phone[0], "bob") == 503);
	struct sdp offer = sdp_plain(&w->phone[1]), answer = sdp_plain(&centre);
	talk_invite(&help, &w->phone[1], "112", &offer);
	talk_rings_at(&answers, &centre);
	talk_up(&help, &answers, &answer);
	call_hang_up(&help, &answers);
	both_go_on();
}

static void life_with_one_call_fewer(void)
{
	sim_defaults();
	sim.site.max_calls = 1;
	open_next();
	NEED(sim_status("calls").used == 2);
	sim_pass(1000);
}

/* The tables are as large as they were; another build takes them so, and once they are over the next start makes them small. */
static void and_the_life_after_that_too(void)
{
	after(life);
	NEED(sim_run("the second life", life_with_one_call_fewer));
	sim_defaults();
	sim.site.max_calls = 1;
	NEED(kept_judge(sim.crash_fd, &sim.site) == NULL);
	open_next();
	both_go_on();
}

/* Wherever in its table a call stands. */
static void life_of_the_last_place(void)
{
	struct arena_table table[CORE_TABLES];

	life();
	sim_kept_map(table);
	const uint32_t last = table[CORE_CALLS].count - 1;
	struct call_record *c = sim_kept_at(&table[CORE_CALLS], 1), moved = *c;
	arena_clear(&table[CORE_CALLS], id_index(moved.id));
	moved.id = id_make(id_node(moved.id), id_generation(moved.id), last);
	arena_put(&table[CORE_CALLS], last, &moved);
	for (uint32_t i = 0; i < 2; i++)
		((struct leg_record *)sim_kept_at(&table[CORE_LEGS], 2 + i))->call = moved.id;
}

static void a_call_beyond_the_new_end_of_its_table_goes_on(void)
{
	after(life_of_the_last_place);
	sim.site.max_calls = 8;
	open_next();
	both_go_on();
}

/* --- what there is no place for --- */

static void on_ports_that_are_no_more_a_call_is_logged(void)
{
	after(life);
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_lo + 3);
	open_next();
	NEED(sim_status("calls").used == 1 && sim_status("calls-lost").used == 1 && sim.events[EVENT_STARTED] == 1);
	NEED(sim.records == 1 && strcmp(sim.record_from, "carol") == 0);
	is_logged_whole();
	sim_pass(EDGES_ARE_BACK_MS + 1000);
	ends(1);
	call_hang_up(&w->caller[0], &w->callee[0]);
	NEED(sim.records == 2 && strcmp(sim.record_from, "alice") == 0);
}

/* carol and dave are beyond. */
static void of_who_is_beyond_the_limits_a_call_is_logged(void)
{
	after(life);
	sim.site.max_users = sim.site.max_phones = 2;
	sim_open();
	NEED(sim_status("records-damaged").used == 0);
	NEED(sim_status("registrations").used == 2 && sim_status("records-unfit").used == 2 && sim_status("legs-lost").used == 2);
	sim_pass(EDGES_ARE_BACK_MS + 1000);
	NEED(sim_status("calls").used == 1 && sim.records == 1 && strcmp(sim.record_from, "carol") == 0);
	is_logged_whole();
}

static void life_that_waits_for_ledger(void)
{
	life();
	sim.conduct.seal_mute = sim.conduct.ledger_mute = true;
	record_call("eve", "mallory", clock_wall_ms() - 60000, 20000);
	notice_add(NOTICE_CALL, 2, NOBODY, SPAN("112"));
	sim_turn();
	NEED(sim_status("records-waiting").used == 1 && sim_status("notices-waiting").used == 1);
}

/* What ids say of the node is of no use under another; both ends hear BYE, and what waits to be kept is kept. */
static void under_another_node_each_call_is_logged(void)
{
	after(life_that_waits_for_ledger);
	sim.site.node = 7;
	open_next();
	NEED(sim_status("calls").used == 0 && sim_status("calls-lost").used == 2 && sim_status("registrations").used == PHONES);
	sim_pass(EDGES_ARE_BACK_MS + 2000);
	ends(0);
	ends(1);
	NEED(sim.records == 3 && sim.notices == 1);
	NEED(sim_status("records-waiting").used == 0 && sim_status("notices-waiting").used == 0);
	sim_pass(60000);
	sim_need_idle();
}

/* --- whose numbers they are --- */

enum { COUNTS = 3 };
static const uint32_t trunks = SITE_TRUNKS_MAX + 1;

/* Of user 3, phone 2 and the site, in a table for so many users and phones; a trunk's go by its name (core_moved_test.c). */
static void count_rows(uint32_t users, uint32_t phones, uint32_t out[COUNTS])
{
	out[0] = 3;
	out[1] = users + 2;
	out[2] = users + phones + 1 + trunks;
}

static void life_that_costs(void)
{
	struct arena_table table[CORE_TABLES];
	uint32_t row[COUNTS];

	life();
	sim_kept_map(table);
	count_rows(sim.site.max_users, sim.site.max_phones, row);
	for (uint32_t i = 0; i < COUNTS; i++) {
		const struct ceiling_count n = {.day = 20000, .hour = 20000 * 24, .money_e4_ms = 1 + i};
		arena_put(&table[CORE_ACCOUNTS], row[i], &n);
	}
}

static void is_counted_of(uint32_t users, uint32_t phones)
{
	struct arena_table table[CORE_TABLES];
	uint32_t row[COUNTS];

	after(life_that_costs);
	sim.site.max_users = users;
	sim.site.max_phones = phones;
	open_next();
	sim_kept_map(table);
	count_rows(users, phones, row);
	for (uint32_t i = 0; i < COUNTS; i++) {
		const struct ceiling_count *n = arena_get(&table[CORE_ACCOUNTS], row[i]);
		NEED(n && n->money_e4_ms == 1 + i);
	}
	both_go_on();
}

static void what_was_spent_is_still_theirs(void)
{
	is_counted_of(64, 32);
}

static void also_where_the_sum_is_the_same(void)
{
	is_counted_of(8, 24);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(with_more_of_everything_both_go_on);
	SIM(with_less_of_everything_both_go_on);
	SIM(fewer_calls_than_stand_end_none);
	SIM(and_the_life_after_that_too);
	SIM(a_call_beyond_the_new_end_of_its_table_goes_on);
	SIM(on_ports_that_are_no_more_a_call_is_logged);
	SIM(of_who_is_beyond_the_limits_a_call_is_logged);
	SIM(under_another_node_each_call_is_logged);
	SIM(what_was_spent_is_still_theirs);
	SIM(also_where_the_sum_is_the_same);
	(void)test_failed_here;
	return TEST_END;
}
