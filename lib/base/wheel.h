/* SPDX-License-Identifier: ISC */
/* Timers: O(1) to set, to cancel and to fire. Time is an argument, in milliseconds of a clock that never goes back. */
#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

struct timer {
	struct timer *next, *prev; /* NULL when not set */
	uint64_t due_ms;
	void (*fire)(struct timer *t, uint64_t now_ms);
};

enum { WHEEL_SLOTS = 2048, WHEEL_TICK_MS = 10 };

struct wheel {
	uint64_t tick; /* the next tick to be looked at */
	uint32_t used;
	struct timer slot[WHEEL_SLOTS];  /* list heads */
	uint64_t some[WHEEL_SLOTS / 64]; /* by slot: a timer was set there since it was last found empty */
};

void wheel_init(struct wheel *w, uint64_t now_ms);

/* Set, or move if it is set. A timer in the past fires at the next turn. */
void timer_set(struct wheel *w, struct timer *t, uint64_t due_ms);
void timer_cancel(struct wheel *w, struct timer *t);

static inline bool timer_is_set(const struct timer *t)
{
	return t->next != 0;
}

/* When the wheel wants to be turned again: no later than the first timer, at times a round before it; UINT64_MAX for never. */
uint64_t wheel_next_ms(struct wheel *w);

/* Fire what is due. Each timer is unset before its fire() runs, which may set it again. */
void wheel_turn(struct wheel *w, uint64_t now_ms);

#endif
