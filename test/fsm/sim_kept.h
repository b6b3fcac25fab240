/* SPDX-License-Identifier: ISC */
/* An arena of core's that has something in each of its tables, and the hand of one who spoils it. */
#ifndef TEST_SIM_KEPT_H
#define TEST_SIM_KEPT_H

#include "kept.h"
#include "sim_phone.h"

/* A life of core: four phones are registered, two call each other and two more through media, a record waits for ledger and one for keeper,
 * and so does a notice, a call to the front desk and a phone that may be called back; a ban, a guest at a phone, a counter, a subscription. */
void sim_kept_life(void);

/* The arena of the lives of this test, as kept.c lays it out. */
void sim_kept_map(struct arena_table table[CORE_TABLES]);

/* The nth record that stands in this table, counted from 0, as the arena holds it; NULL: there are not so many. */
void *sim_kept_at(struct arena_table *t, uint32_t nth);

/* Its configuration, before sim_open(). */
void sim_kept_open_life(void);

/* The next life: siblings say nothing of what waits. */
void sim_kept_again(void);

#endif
