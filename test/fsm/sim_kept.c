/* SPDX-License-Identifier: ISC */
#include "sim_kept.h"
#include "account.h"
#include "base/clock.h"
#include "base/id.h"
#include "callback.h"
#include "desk.h"
#include "hotdesk.h"
#include "mwi.h"
#include "notice.h"
#include "record.h"
#include <stdio.h>

void sim_kept_open_life(void)
{
	sim_defaults();
	sim.bound[1][0] = true;
	sim.conduct.ledger_mute = true;
}

/* One speaks SDES alone, the other DTLS alone. */
static void call_across(struct phone *from, struct phone *to)
{
	struct sdp offer = sdp_plain(from), answer = sdp_of(KEYS_DTLS, to->host, 40002, 1, "sendrecv", "active");
	struct talk a = {0}, b = {0};

	talk_invite(&a, from, to->user, &offer);
	talk_rings_at(&b, to);
	talk_answer(&b, 488, NULL);
	talk_rings_at(&b, to);
	talk_up(&a, &b, &answer);
}

static struct subscription_record subscription(void)
{
	static const char *const text[MWI_TEXTS] = {"lamp", "tag-of-lamp", "<sip:lamp@198.51.100.2:40000;transport=tls>", ""};
	struct subscription_record s = {.id = id_make(child_node(), 1, 0),
	    .until_ms = child_now() + 600000,
	    .user = 1,
	    .device = 1,
	    .tag = "tag-of-core",
	    .token = "mwi-0123456789"};
	size_t at = 0;

	for (int i = 0; i < MWI_TEXTS; i++) {
		memcpy(s.text + at, text[i], strlen(text[i]));
		at += strlen(text[i]);
		s.end[i] = (uint16_t)at;
	}
	return s;
}

void sim_kept_life(void)
{
	struct arena_table table[CORE_TABLES];
	struct phone phone[4];
	struct talk a = {0}, b = {0};
	const int64_t earlier_ms = clock_wall_ms() - 60000;

	sim_kept_open_life();
	sim_open();
	media_says_fingerprint(0x5a);
	for (uint32_t i = 0; i < 4; i++) {
		phone_init(&phone[i], i);
		phone_register(&phone[i]);
	}
	call_up(&a, &phone[0], &b, &phone[1]);
	call_across(&phone[2], &phone[3]);
	sim_pass(30000);
	record_call("alice", "bob", earlier_ms, 20000);
	sim_turn();
	sim.conduct.seal_mute = true;
	record_call("carol", "dave", earlier_ms, 25000);
	notice_add(NOTICE_CALL, 2, NOBODY, SPAN("112"));
	NEED(sim_ban("203.0.113.9", 600) == DONE_OK);
	hotdesk_log_in(0, 1, 0);
	sim_turn();
	sim_kept_map(table);
	const struct ceiling_count count = {.day = 20000, .hour = 20000 * 24 + 3, .money_e4_ms = 5, .hourly = 2};
	arena_put(&table[CORE_ACCOUNTS], 3, &count);
	const struct subscription_record s = subscription();
	arena_put(&table[CORE_SUBSCRIPTIONS], 0, &s);
	const struct desk_record desk = {.until_ms = child_now() + DESK_KEEP_MS, .device = 2, .person = NOBODY};
	arena_put(&table[CORE_DESK_CALLS], 3, &desk);
	const struct callback_phone phone_of_help = {
	    .until_ms = child_now() + 1800000, .device = 2, .contact = "<sip:hall@198.51.100.3:40000;transport=tls>"};
	arena_put(&table[CORE_CALLBACKS], 5, &phone_of_help);
}

void sim_kept_map(struct arena_table table[CORE_TABLES])
{
	struct arena_shape shape[CORE_TABLES];
	struct arena arena;
	bool adopted = false;

	kept_shapes(&sim.site, shape);
	NEED(arena_open(&arena, sim.crash_fd, CORE_LAYOUT, shape, CORE_TABLES, table, &adopted) && adopted);
}

void *sim_kept_at(struct arena_table *t, uint32_t nth)
{
	for (uint32_t i = 0; i < t->count; i++) {
		const uint8_t *r = arena_get(t, i);
		if (r && nth-- == 0)
			return t->base + (r - t->base);
	}
	return NULL;
}

void sim_kept_again(void)
{
	sim_kept_open_life();
	sim.conduct.seal_mute = true;
	sim_open();
}
