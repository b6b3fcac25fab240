/* SPDX-License-Identifier: ISC */
/* core starts again with a configuration whose sections stand in another order, or are fewer: a kept leg is of the trunk and of the address that it
 * was of (R28). */
#include "../unit/test.h"
#include "call.h"
#include "kept.h"
#include "sim_trunks.h"
#include "spent.h"
#include <stdio.h>
#include <unistd.h>

struct world {
	struct phone alice, bob, telco[2];
	struct talk a, b, t;
	struct addr local[2];
	bool owes; /* alice has hung up, and telco 1 was away */
};
static struct world *w;

enum { TALKED_MS = 10000 };

static void remember(void)
{
	*w = (struct world){.alice = alice, .bob = bob, .telco = {telco[0], telco[1]}, .a = a, .b = b, .t = t, .owes = w->owes};
}

static void life_over_telco_1(void)
{
	begin_with(NULL);
	up_at(&a, &t, "+33123456789", &telco[0]);
	sim_pass(TALKED_MS);
	if (w->owes) {
		phone_down(&telco[0]);
		NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
		sim_pass(20);
		NEED(sim_status("hang-ups-owed").used == 1);
	}
	remember();
}

static void life_from_telco_1(void)
{
	begin_with(NULL);
	invite_from(&t, "+33123456789", "+33140000001", false);
	talk_rings_at(&b, &bob);
	talk_up(&t, &b, &offer);
	sim_pass(TALKED_MS);
	remember();
}

static void site_of_then(void)
{
	sim_defaults();
	memcpy(sim.site.plan.country, "fr", 3);
	sim_add_trunk(0);
	sim_add_trunk(1)->priority = 1;
}

static void site_with_trunks_exchanged(void)
{
	site_of_then();
	struct trunk_conf one = sim.site.trunk[0];
	sim.site.trunk[0] = sim.site.trunk[1];
	sim.site.trunk[1] = one;
	w->telco[0].trunk = 2;
	w->telco[1].trunk = 1;
}

static void next_life(void)
{
	sim_open();
	phone_still_up(&w->alice);
	phone_still_up(&w->bob);
	for (int i = 0; i < 2; i++)
		if (w->telco[i].trunk)
			phone_up(&w->telco[i]); /* all started anew, and so did the connections */
	w->a.phone = &w->alice;
	w->b.phone = &w->bob;
	w->t.phone = &w->telco[0];
}

static void hears_bye(struct talk *one)
{
	struct heard *bye = talk_takes(one, SIP_BYE);

	NEED(bye);
	talk_reply(one, bye, 200, NULL);
}

static void ends_logged(void)
{
	finish();
	NEED(sim.records == 1 && sim.record.duration_ms >= TALKED_MS && sim_status("records-damaged").used == 0);
}

static void a_hang_up_goes_to_the_trunk_of_the_call(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_over_telco_1);
	site_with_trunks_exchanged();
	next_life();
	uint64_t join = 0;
	NEED(sim_status("calls").used == 1 && relay_wish(&join));
	NEED(call_get(join)->r.account.trunk == 2); /* which pays on */
	call_hang_up(&w->a, &w->t);
	ends_logged();
}

static void the_other_trunk_may_not_hang_up(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_from_telco_1);
	site_with_trunks_exchanged();
	next_life();
	struct talk forged = w->t;
	forged.phone = &w->telco[1];
	NEED(code_of(talk_send(&forged, SIP_BYE, NULL)) == 481);
	NEED(code_of(talk_send(&w->t, SIP_BYE, NULL)) == 200);
	hears_bye(&w->b);
	ends_logged();
}

static void an_owed_hang_up_goes_to_its_trunk(void)
{
	w = sim_shared(sizeof *w);
	w->owes = true;
	sim_crash_after(life_over_telco_1);
	site_with_trunks_exchanged();
	next_life();
	sim_pass(2000);
	hears_bye(&w->t);
	finish();
}

/* Twice: what the second life wrote is right as well. */
static void life_with_trunks_exchanged(void)
{
	site_with_trunks_exchanged();
	next_life();
	NEED(sim_status("calls").used == 1);
	sim_pass(1000);
}

static void they_may_be_exchanged_back(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_over_telco_1);
	NEED(sim_run("the second life", life_with_trunks_exchanged));
	site_of_then();
	w->telco[0].trunk = 1;
	w->telco[1].trunk = 2;
	next_life();
	call_hang_up(&w->a, &w->t);
	ends_logged();
}

static void of_a_trunk_that_is_no_more_the_other_end_hears_bye(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_over_telco_1);
	site_of_then();
	sim.site.trunk[0] = sim.site.trunk[1];
	sim.site.trunks = 1;
	w->telco[1].trunk = 1;
	w->telco[0].trunk = 0;
	next_life();
	NEED(sim_status("legs-lost").used == 1 && sim_status("legs").used == 1);
	sim_pass(EDGES_ARE_BACK_MS + 1000);
	hears_bye(&w->a);
	struct talk other = w->t;
	other.phone = &w->telco[1];
	NEED(!talk_takes(&other, SIP_BYE));
	ends_logged();
}

/* --- what trunks have spent (R17) --- */

static bool is_full(uint8_t trunk)
{
	const struct account_of of = {.user = NOBODY, .device = NOBODY, .trunk = trunk};

	return account_may(&of, (struct plan_rate){0}, CEILING_KNOWN).full;
}

/* So that one call in an hour is all that a trunk may carry. */
static void next_life_with_one_call_an_hour(void)
{
	sim.site.plan.ceiling[CEILING_TRUNK].most[CEILING_HOURLY] = 1;
	next_life();
}

/* ledger hears whose it is, and of no other. */
static void ledger_hears_of_telco_1_alone(void)
{
	const uint32_t mark = trunk_conf_mark(&sim.site.trunk[w->telco[0].trunk - 1]);
	unsigned n = 0;

	sim_pass(SPENT_EVERY_MS + 1000);
	for (struct heard *h; (h = sim_take(PROC_LEDGER, MSG_SPENT_SET, NULL, NULL));) {
		const struct msg_spent_set *m = (const void *)h->payload;
		NEED(m->scope != CEILING_TRUNK || m->index == mark);
		n += m->scope == CEILING_TRUNK;
	}
	NEED(n > 0);
}

static void a_trunk_takes_along_what_it_spent(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_over_telco_1);
	site_with_trunks_exchanged();
	next_life_with_one_call_an_hour();
	NEED(is_full(2) && !is_full(1));
	ledger_hears_of_telco_1_alone();
	call_hang_up(&w->a, &w->t);
	ends_logged();
	NEED(is_full(2) && !is_full(1));
}

static void wherever_it_is_put_back(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_over_telco_1);
	NEED(sim_run("the second life", life_with_trunks_exchanged));
	site_of_then();
	w->telco[0].trunk = 1;
	w->telco[1].trunk = 2;
	next_life_with_one_call_an_hour();
	NEED(is_full(1) && !is_full(2));
}

/* The one that is no more leaves its row to the next. */
static void a_new_trunk_begins_with_nothing(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_over_telco_1);
	site_of_then();
	snprintf(sim.site.trunk[0].name, sizeof sim.site.trunk[0].name, "fresh");
	w->telco[0].trunk = 0;
	next_life_with_one_call_an_hour();
	NEED(!is_full(1) && !is_full(2));
}

/* As builds before wrote the rows: by place, with the calls that ran. */
static void write_by_place(void)
{
	struct arena_shape shape[CORE_TABLES];
	struct arena_table table[CORE_TABLES];
	struct arena arena;
	bool adopted;
	uint32_t n = 0;

	site_of_then();
	kept_shapes(&sim.site, shape);
	NEED(arena_open(&arena, dup(sim.crash_fd), CORE_LAYOUT, shape, CORE_TABLES, table, &adopted) && adopted);
	for (uint32_t i = 0; i < table[CORE_ACCOUNTS].count; i++) {
		const struct ceiling_count *kept = arena_get(&table[CORE_ACCOUNTS], i);
		if (!kept || kept->calls < TRUNK_MARK_LEAST)
			continue;
		struct ceiling_count was = *kept;
		was.calls = 1;
		arena_clear(&table[CORE_ACCOUNTS], i);
		arena_put(&table[CORE_ACCOUNTS], sim.site.max_users + sim.site.max_phones + 1 + 1, &was);
		n++;
	}
	NEED(n == 1);
	arena_close(&arena);
}

static void a_row_of_the_build_before_is_of_its_place(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_over_telco_1);
	write_by_place();
	next_life_with_one_call_an_hour();
	NEED(is_full(1) && !is_full(2));
}

static void and_by_name_from_then_on(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_over_telco_1);
	write_by_place();
	NEED(sim_run("the second life", next_life));
	site_with_trunks_exchanged();
	next_life_with_one_call_an_hour();
	NEED(is_full(2) && !is_full(1));
}

static void ledger_has(uint32_t index)
{
	struct link *ledger = sim_far(PROC_LEDGER, 0);
	const struct ceiling_when now = account_now();
	const struct ceiling_count n = {.day = now.day, .hour = now.hour, .hourly = 1};
	char mem[SPENT_TEXT_MAX];
	struct buf text = buf_of(mem, sizeof mem);
	struct msg_spent *m = ipc_begin(ledger, MSG_SPENT);

	ceiling_put(&text, &n);
	m->scope = CEILING_TRUNK;
	m->index = index;
	m->text = ipc_put(ledger, buf_span(&text));
	ipc_end(ledger);
	sim_turn();
}

/* The machine was without power, and the arena is empty. */
static void ledger_s_copy_is_found_by_name(void)
{
	site_of_then();
	sim.site.plan.ceiling[CEILING_TRUNK].most[CEILING_HOURLY] = 1;
	const uint32_t mark = trunk_conf_mark(&sim.site.trunk[1]);
	sim.site.trunk[2] = sim.site.trunk[1];
	snprintf(sim.site.trunk[1].name, sizeof sim.site.trunk[1].name, "between");
	sim.site.trunks = 3;
	sim_open();
	ledger_has(2); /* a place is no name */
	ledger_has(trunk_conf_mark(&(struct trunk_conf){.name = "nobody"}));
	NEED(!is_full(1) && !is_full(2) && !is_full(3) && sim.accusations == 0);
	ledger_has(mark);
	NEED(!is_full(1) && !is_full(2) && is_full(3));
}

/* --- listeners --- */

static void life_inside(void)
{
	begin_with(NULL);
	struct sdp answer = sdp_plain(&bob);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_up(&a, &b, &answer);
	remember();
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec);
	w->local[0] = spec->side[0].local;
	w->local[1] = spec->side[1].local;
	sim_pass(TALKED_MS);
}

/* `phones` at another address, in the first place. */
static void site_with_another_first(bool and_the_old)
{
	site_of_then();
	struct listener *l = sim.site.listener;
	l[1] = l[0];
	NEED(addr_parse_ip(SPAN("192.0.2.77"), &l[0].media));
	l[0].bind.port = l[0].signalling.port = 5071;
	l[0].advertised_media = l[0].media;
	sim.site.listeners = and_the_old ? 2 : 1;
	for (int i = 0; i < 2; i++)
		sim.site.trunk[i].listener = and_the_old;
	w->telco[0].trunk = w->telco[1].trunk = 0;
}

static void a_call_talks_on_at_its_address(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_inside);
	site_with_another_first(true);
	next_life();
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && addr_eq(&spec->side[0].local, &w->local[0]) && addr_eq(&spec->side[1].local, &w->local[1]));
	call_hang_up(&w->a, &w->b);
	ends_logged();
}

static void at_an_address_that_is_no_more_it_ends(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_inside);
	site_with_another_first(false);
	next_life();
	sim_pass(EDGES_ARE_BACK_MS + 1000);
	hears_bye(&w->a);
	hears_bye(&w->b);
	ends_logged();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_hang_up_goes_to_the_trunk_of_the_call);
	SIM(the_other_trunk_may_not_hang_up);
	SIM(an_owed_hang_up_goes_to_its_trunk);
	SIM(they_may_be_exchanged_back);
	SIM(of_a_trunk_that_is_no_more_the_other_end_hears_bye);
	SIM(a_trunk_takes_along_what_it_spent);
	SIM(wherever_it_is_put_back);
	SIM(a_new_trunk_begins_with_nothing);
	SIM(a_row_of_the_build_before_is_of_its_place);
	SIM(and_by_name_from_then_on);
	SIM(ledger_s_copy_is_found_by_name);
	SIM(a_call_talks_on_at_its_address);
	SIM(at_an_address_that_is_no_more_it_ends);
	(void)test_failed_here;
	return TEST_END;
}
