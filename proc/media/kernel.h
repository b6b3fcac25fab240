/* SPDX-License-Identifier: ISC */
/* The relay in the kernel, as media uses it: a flow of bpf/flow.h for each port of a passing call whose gate opens, written from
 * the row, and what the kernel counted. Without the maps (net has none to give) all of this does nothing, and sockets relay. */
#ifndef MEDIA_KERNEL_H
#define MEDIA_KERNEL_H

#include "flow.h"
#include "quality.h"
#include "table.h"

/* Before the cage; rows of the table. */
void kernel_open(uint32_t rows);

/* What net says. */
void kernel_on_map(struct link *from, const struct ipc_view *v);
void kernel_on_path(struct link *from, const struct ipc_view *v);

/* The row changed. */
void kernel_follow(uint32_t row);
/* What it needs of the kernel could not be had just now: it is followed again, at first at the next sweep, then ever more seldom. */
void kernel_follow_again(uint32_t row);
/* False: what a former call of this row's ports left in the kernel may turn this one's packets away, until net has given the map. */
bool kernel_is_clear(uint32_t row);
/* The row ends: its counts are read before. */
void kernel_end(uint32_t row);

/* Of the row's life, by the kernel alone. */
uint64_t kernel_passed(uint32_t row, unsigned side);
uint64_t kernel_dropped(uint32_t row, unsigned side);
/* Of the row's life, wherever it went. */
struct quality kernel_quality(uint32_t row, unsigned side);

struct kernel_news {
	bool heard;           /* packets passed since the last time */
	bool varies[2];       /* a side's Opus */
	struct addr stranger; /* one that was turned away since; family 0: none */
};

/* Once a second for each row. */
struct kernel_news kernel_turn(uint32_t row);
/* Once a sweep: routes, clocks, and rows that are to be followed again. */
void kernel_sweep(void);
/* The first one after a time without calls: no row waits. */
void kernel_sweep_anew(void);

void kernel_status(struct proc_status *s);

#endif
