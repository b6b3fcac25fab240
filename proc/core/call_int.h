/* SPDX-License-Identifier: ISC */
/* Shared by call.c and call_table.c only. */
#ifndef CORE_CALL_INT_H
#define CORE_CALL_INT_H

#include "call.h"

/* --- of the machine --- */

/* A slot is in use from now on: its timers say what they do. */
void call_set_timers(struct call *c);
/* It was talked in an earlier life, and is relayed and paid for still. */
void call_goes_on(struct call *c);
/* One of its two legs did not come back: once edges have had their time, it ends. */
void call_lost_half(struct call *c);
/* Of one that is over: it is logged and paid. */
void call_settle(struct call *c);

/* --- of the table --- */

/* Until when it is paid: whatever the next life finds unpaid it charges. While a transfer is under way what stands there is the
 * call as it was. */
void call_save_charged(const struct call *c);

#endif
