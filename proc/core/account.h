/* SPDX-License-Identifier: ISC */
/* The accounts that ceilings are kept on: each extension, phone and trunk, and the site (R17). Their counters lie in the arena
 * and outlive core; ledger has a copy that outlives the machine's power. */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include "arena/arena.h"
#include "ipc/child.h"
#include "plan/ceiling.h"

/* Whose counters one call moves; NOBODY and 0: none. */
struct account_of {
	uint32_t user, device;
	uint8_t trunk;
};

struct arena_shape account_shape(const struct site *s);
/* Of tables for other numbers of users and phones. */
uint32_t account_place(const struct arena_shape *was, const struct arena_shape *is, uint32_t index);
void account_open(struct arena_table *t);

struct ceiling_when account_now(void);
uint16_t account_week_min(void); /* local, 0 is Monday 0:00 */

struct ceiling_state account_may(const struct account_of *of, struct plan_rate rate, enum ceiling_novelty novelty);

/* One call's life on its accounts; what passed half or the whole of a limit becomes an event. */
void account_begin(
    struct ceiling_call *c, const struct account_of *of, struct plan_rate rate, enum ceiling_novelty novelty);
void account_answer(struct ceiling_call *c, const struct account_of *of);
void account_end(struct ceiling_call *c, const struct account_of *of);
/* Charges what was talked since; how long the call may still last: 0 cuts it, UINT64_MAX never. */
uint64_t account_tick(struct ceiling_call *c, const struct account_of *of);
/* A call that was adopted runs again. */
void account_adopt(struct ceiling_call *c, const struct account_of *of);

/* This user is gone; what was used is not the next one's who is called so in the tables. Ledger has forgotten it by itself. */
void account_forget_user(uint32_t user);

/* The clock is right: what was counted on a day to come is of today. */
void account_on_confirm(struct link *from, const struct ipc_view *v);
void account_status(struct proc_status *s);

#endif
