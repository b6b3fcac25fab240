/* SPDX-License-Identifier: ISC */
#include "base/wheel.h"
#include <stddef.h>

void wheel_init(struct wheel *w, uint64_t now_ms)
{
	w->tick = now_ms / WHEEL_TICK_MS;
	w->used = 0;
	for (int i = 0; i < WHEEL_SLOTS / 64; i++)
		w->some[i] = 0;
	for (int i = 0; i < WHEEL_SLOTS; i++)
		w->slot[i].next = w->slot[i].prev = &w->slot[i];
}

static void unlink_timer(struct timer *t)
{
	t->prev->next = t->next;
	t->next->prev = t->prev;
	t->next = t->prev = NULL;
}

static void append(struct timer *head, struct timer *t)
{
	t->prev = head->prev;
	t->next = head;
	head->prev->next = t;
	head->prev = t;
}

void timer_cancel(struct wheel *w, struct timer *t)
{
	if (!timer_is_set(t))
		return;
	unlink_timer(t);
	w->used--;
}

void timer_set(struct wheel *w, struct timer *t, uint64_t due_ms)
{
	/* rounded up, so that none fires early */
	uint64_t tick = (due_ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;

	timer_cancel(w, t);
	if (tick < w->tick)
		tick = w->tick;
	t->due_ms = tick * WHEEL_TICK_MS;
	append(&w->slot[tick % WHEEL_SLOTS], t);
	w->some[tick % WHEEL_SLOTS / 64] |= 1ull << tick % 64;
	w->used++;
}

static void turn_slot(struct wheel *w, struct timer *head, uint64_t now_ms)
{
	struct timer due = {.next = &due, .prev = &due};

	for (struct timer *t = head->next, *next; t != head; t = next) {
		next = t->next;
		if (t->due_ms <= now_ms) {
			unlink_timer(t);
			append(&due, t);
		}
	}
	/* fire() may cancel or set any timer, those in `due` too: always take the first */
	while (due.next != &due) {
		struct timer *t = due.next;
		unlink_timer(t);
		w->used--;
		t->fire(t, now_ms);
	}
}

/* Ticks from this one on, up to the first that has a slot in use; n when none of the next n has. */
static uint64_t ticks_to_some(const struct wheel *w, uint64_t tick, uint64_t n)
{
	uint64_t i = 0;

	while (i < n) {
		uint64_t at = (tick + i) % WHEEL_SLOTS, bits = w->some[at / 64] >> at % 64;
		if (bits)
			return i + (uint64_t)__builtin_ctzll(bits);
		i += 64 - at % 64;
	}
	return n;
}

uint64_t wheel_next_ms(struct wheel *w)
{
	for (uint64_t i = 0; w->used; i++) {
		i += ticks_to_some(w, w->tick + i, WHEEL_SLOTS - i);
		if (i >= WHEEL_SLOTS)
			break;
		uint64_t at = (w->tick + i) % WHEEL_SLOTS;
		if (w->slot[at].next != &w->slot[at])
			return (w->tick + i) * WHEEL_TICK_MS;
		w->some[at / 64] &= ~(1ull << at % 64);
	}
	return UINT64_MAX;
}

void wheel_turn(struct wheel *w, uint64_t now_ms)
{
	uint64_t last = now_ms / WHEEL_TICK_MS;

	/* after a long stall one whole round sees every slot */
	if (last >= w->tick + WHEEL_SLOTS)
		w->tick = last - WHEEL_SLOTS + 1;
	while (w->tick <= last) {
		struct timer *head = &w->slot[w->tick % WHEEL_SLOTS];
		w->tick++;
		turn_slot(w, head, now_ms);
	}
}
