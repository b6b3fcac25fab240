/* SPDX-License-Identifier: ISC */
/* Bans outlive core, each to its end (R13, R28): they lie in the arena, are told to whoever acts by them, and a record that core can't
 * have written is no ban. */
#include "../unit/test.h"
#include "bans.h"
#include "kept.h"
#include "sim_phone.h"
#include <stdio.h>

enum { HOUR_S = 3600 };

static void open_life(void)
{
	sim_defaults();
	sim_open();
	sim_link_up(PROC_NET, 0);
	sim_turn();
}

static bool is_of(const struct heard *h, const void *ip)
{
	struct addr a;

	NEED(addr_parse_ip(span_str(ip), &a));
	return addr_eq(&((const struct msg_ban *)(const void *)h->payload)->address, &a);
}

/* How long every one of those who act was told to ban it; 0: it is lifted. */
static uint64_t all_are_told(const char *ip)
{
	static const enum proc who[] = {PROC_MEDIA, PROC_NET, PROC_EDGE, PROC_EDGE};
	uint64_t until_ms = 0;

	for (size_t i = 0; i < sizeof who / sizeof *who; i++) {
		const struct heard *h = sim_take(who[i], MSG_BAN, is_of, ip);
		NEED(h);
		const struct msg_ban *m = (const struct msg_ban *)(const void *)h->payload;
		NEED(i == 0 || m->until_ms == until_ms);
		until_ms = m->until_ms;
	}
	return until_ms > child_now() ? until_ms - child_now() : 0;
}

static bool is_line_of(const struct heard *h, const void *ip)
{
	struct addr a;

	NEED(addr_parse_ip(span_str(ip), &a));
	return addr_eq(&((const struct msg_ban_line *)(const void *)h->payload)->address, &a);
}

/* What the listing says is left of it; 0: it is not there. *n: lines in all. */
static uint64_t listed_ms(const char *ip, uint32_t *n)
{
	struct msg_bans_want *m = ipc_begin(sim_far(PROC_CTL, 0), MSG_BANS_WANT);
	uint64_t left_ms = 0;

	m->token = 4;
	ipc_end(sim_far(PROC_CTL, 0));
	sim_turn();
	const struct heard *h = sim_take(PROC_CTL, MSG_BAN_LINE, is_line_of, ip);
	if (h)
		left_ms = ((const struct msg_ban_line *)(const void *)h->payload)->left_ms;
	for (*n = h != NULL; sim_take(PROC_CTL, MSG_BAN_LINE, NULL, NULL);)
		++*n;
	NEED(sim_take(PROC_CTL, MSG_DONE, NULL, NULL));
	return left_ms;
}

/* --- lives --- */

static void life_that_bans(void)
{
	open_life();
	NEED(sim_ban("203.0.113.9", 60) == DONE_OK && sim_ban("2001:db8::9", HOUR_S) == DONE_OK);
	NEED(sim_ban("203.0.113.7", 5) == DONE_OK); /* over before core is back */
	NEED(sim_ban("203.0.113.8", HOUR_S) == DONE_OK && sim_ban("203.0.113.8", 0) == DONE_OK);
	NEED(sim_ban("203.0.113.9", 120) == DONE_OK); /* the same one longer */
	sim_pass(10000);
}

static void bans_outlive_core_and_end_in_time(void)
{
	uint32_t n;

	sim_crash_after(life_that_bans);
	open_life();
	NEED(sim_status("bans").used == 2);
	NEED(all_are_told("203.0.113.9") == 109700 && all_are_told("2001:db8::9") == HOUR_S * 1000 - 10300);
	NEED(!sim_take(PROC_MEDIA, MSG_BAN, NULL, NULL) && !sim_take(PROC_NET, MSG_BAN, NULL, NULL));
	NEED(listed_ms("203.0.113.9", &n) == 109700 && n == 2);
	sim_pass(60000);
	NEED(listed_ms("203.0.113.9", &n) == 49700 && n == 2);
	sim_pass(50000);
	NEED(listed_ms("203.0.113.9", &n) == 0 && n == 1);
	/* one of before is lifted everywhere, and stays so */
	NEED(sim_ban("2001:db8::9", 0) == DONE_OK && all_are_told("2001:db8::9") == 0);
	NEED(listed_ms("2001:db8::9", &n) == 0 && n == 0);
	NEED(sim_ban("2001:db8::9", 0) == DONE_NOT_FOUND);
	sim_pass(60000);
	sim_need_idle();
}

static void life_that_lifts(void)
{
	open_life();
	NEED(sim_status("bans").used == 2 && sim_ban("2001:db8::9", 0) == DONE_OK);
}

static void what_one_life_lifts_the_next_does_not_know(void)
{
	sim_crash_after(life_that_bans);
	NEED(sim_run("a life that lifts", life_that_lifts));
	open_life();
	NEED(sim_status("bans").used == 1 && all_are_told("203.0.113.9"));
	NEED(!sim_take(PROC_NET, MSG_BAN, NULL, NULL));
	sim_pass(120000);
	sim_need_idle();
}

/* The site has another listener now: core does not close the exchange to itself. */
static void an_address_that_became_the_exchanges_own_is_no_ban(void)
{
	sim_crash_after(life_that_bans);
	sim_defaults();
	NEED(addr_parse_ip(SPAN("203.0.113.9"), &sim.site.listener[0].media));
	sim_open();
	NEED(sim_status("bans").used == 1);
}

/* --- records that core did not write --- */

static void map_bans(struct arena_table *out)
{
	struct arena_table table[CORE_TABLES];
	struct arena_shape shape[CORE_TABLES];
	struct arena arena;
	bool adopted = false;

	kept_shapes(&sim.site, shape);
	NEED(arena_open(&arena, sim.crash_fd, CORE_LAYOUT, shape, CORE_TABLES, table, &adopted) && adopted);
	*out = table[CORE_BANS];
}

static struct ban ban_of(const char *ip, uint64_t seconds)
{
	struct ban b = {.until_ms = child_now() + seconds * 1000};

	NEED(addr_parse_ip(span_str(ip), &b.address));
	return b;
}

static void life_with_damage(void)
{
	struct arena_table t;
	struct ban b;
	uint32_t at = 7;

	open_life();
	map_bans(&t);
	b = ban_of("203.0.113.9", 60);
	arena_put(&t, at++, &b);
	arena_put(&t, at++, &b); /* twice */
	b = ban_of("203.0.113.10", 60);
	b.address.port = 5061;
	arena_put(&t, at++, &b);
	b.address.port = 0;
	b.address.family = 6; /* v4-mapped */
	arena_put(&t, at++, &b);
	b.address.family = 5;
	arena_put(&t, at++, &b);
	b.address.family = 0;
	arena_put(&t, at++, &b);
	b = ban_of("2001:db8::10", 60);
	b.address.zero = 1;
	arena_put(&t, at++, &b);
	b.address.zero = 0;
	b.address.family = 4; /* what is not v4-mapped */
	arena_put(&t, at++, &b);
	static const char *const nobodys[] = {"127.0.0.1", "::1", "ff02::1", "224.0.0.1", "0.0.0.0", "::", "192.0.2.1"};
	for (size_t i = 0; i < sizeof nobodys / sizeof *nobodys; i++) {
		b = ban_of(nobodys[i], 60);
		arena_put(&t, at++, &b);
	}
	b = ban_of("203.0.113.11", BAN_MAX_S + 1ull);
	arena_put(&t, at++, &b);
	b.until_ms = UINT64_MAX;
	arena_put(&t, at++, &b);
	b.until_ms = child_now(); /* over */
	arena_put(&t, at++, &b);
	b = ban_of("2001:db8::11", BAN_MAX_S);
	arena_put(&t, at++, &b);
	memset(&b, 0xff, sizeof b);
	arena_put(&t, BANS_MAX - 1, &b);
}

static void a_damaged_record_is_no_ban(void)
{
	struct arena_table t;
	uint32_t n, left = 0;

	sim_crash_after(life_with_damage);
	open_life();
	NEED(sim_status("bans").used == 2);
	NEED(all_are_told("203.0.113.9") && all_are_told("2001:db8::11"));
	NEED(!sim_take(PROC_MEDIA, MSG_BAN, NULL, NULL) && !sim_take(PROC_NET, MSG_BAN, NULL, NULL) && !sim_take(PROC_EDGE, MSG_BAN, NULL, NULL));
	NEED(listed_ms("203.0.113.9", &n) && n == 2);
	/* and is wiped */
	map_bans(&t);
	for (uint32_t i = 0; i < BANS_MAX; i++)
		left += arena_get(&t, i) != NULL;
	NEED(left == 2);
}

/* --- as many as there may be --- */

static void life_with_all(void)
{
	char text[20];

	open_life();
	for (uint32_t i = 1; i <= BANS_MAX; i++) {
		snprintf(text, sizeof text, "10.0.%u.%u", i >> 8, i & 255);
		NEED(sim_ban(text, HOUR_S) == DONE_OK);
		sim_clear();
		if (i % 40 == 39)
			sim_pass(1000); /* as fast as ctl may ask */
	}
}

static uint32_t told[PROC_N];

static uint32_t done;

static void count_bans(struct link *l, const struct ipc_view *v)
{
	/* an edge that knows all phones accepts, and must know the bans by then */
	if (v->type == MSG_DEVICES_DONE)
		done += l->me == PROC_EDGE && told[PROC_EDGE] >= (done + 1) * BANS_MAX;
	if (v->type == MSG_BAN)
		told[l->me]++;
}

static void a_full_table_is_taken_over_and_told_whole(void)
{
	uint32_t n;

	sim_crash_after(life_with_all);
	sim.watch = count_bans;
	sim.quiet = true;
	open_life();
	sim.quiet = false;
	NEED(sim_status("bans").used == BANS_MAX && sim_status("bans").limit == BANS_MAX);
	NEED(told[PROC_MEDIA] == BANS_MAX && told[PROC_NET] == BANS_MAX && told[PROC_EDGE] == 2 * BANS_MAX && done == 2);
	NEED(sim_ban("203.0.113.9", 60) == DONE_REFUSED);
	NEED(sim_ban("10.0.4.0", 0) == DONE_OK && sim_ban("203.0.113.9", 60) == DONE_OK);
	sim_clear();
	sim_pass(HOUR_S * 1000);
	NEED(listed_ms("10.0.0.1", &n) == 0 && n == 0 && sim_status("bans").used == 0);
	sim_need_idle();
}

/* ctl is not believed either: what is kept is what the next life takes over. */
static void no_ban_is_longer_than_a_year(void)
{
	open_life();
	NEED(sim_ban("203.0.113.9", BAN_MAX_S + 1) == DONE_REFUSED && sim_ban("203.0.113.9", BAN_MAX_S) == DONE_OK);
	NEED(sim_status("bans").used == 1);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(bans_outlive_core_and_end_in_time);
	SIM(what_one_life_lifts_the_next_does_not_know);
	SIM(an_address_that_became_the_exchanges_own_is_no_ban);
	SIM(a_damaged_record_is_no_ban);
	SIM(a_full_table_is_taken_over_and_told_whole);
	SIM(no_ban_is_longer_than_a_year);
	(void)test_failed_here;
	return TEST_END;
}
