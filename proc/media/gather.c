/* SPDX-License-Identifier: ISC */
#include "gather.h"

static ev_prepare turn; /* before the loop sleeps */
static uint64_t begun_ms, gathered;
static uint32_t took; /* since then */
static bool many, left;

static void on_turn(struct ev_loop *loop, ev_prepare *w, int events)
{
	const uint64_t passed_ms = child_now() - begun_ms;

	(void)w;
	(void)events;
	if (passed_ms >= GATHER_MS) {
		many = took >= GATHER_FROM * (passed_ms / GATHER_MS);
		took = 0;
		begun_ms = child_now();
	}
	gathered += many && !left;
	ev_set_io_collect_interval(loop, many && !left ? GATHER_MS / 1000.0 : 0);
	left = false;
}

void gather_open(void)
{
	ev_prepare_init(&turn, on_turn);
	ev_prepare_start(child_loop(), &turn);
}

void gather_took(void)
{
	took++;
}

void gather_left(void)
{
	left = true;
}

void gather_status(struct proc_status *s)
{
	status_counter(s, "turns-gathered", gathered);
}
