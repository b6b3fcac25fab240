/* SPDX-License-Identifier: ISC */
/* Shared by leg.c and leg_table.c only. */
#ifndef CORE_LEG_INT_H
#define CORE_LEG_INT_H

#include "leg.h"

/* A slot on this holder's account (share.h); NULL: there is none. */
struct leg *leg_take(uint64_t call, enum pool_claim claim, uint32_t by);
/* The same, with names of its own and found by its tag. */
struct leg *leg_new(uint64_t call, enum pool_claim claim, uint32_t by);
/* On the account of who calls. */
uint32_t leg_account_of(uint64_t call);
/* It is a call that its holder begins. */
void leg_begins(struct leg *l);
void leg_free(struct leg *l);
/* Nothing of it is in the arena. */
void leg_forget_kept(const struct leg *l);
void leg_later_fires(struct timer *t, uint64_t now_ms);

#endif
