/* SPDX-License-Identifier: ISC */
/* Calls between pairs: phone 2k calls phone 2k + 1. */
#ifndef LOAD_CALL_H
#define LOAD_CALL_H

#include "run.h"

enum { CALLS_MAX = 8192 };

/* INVITE with an SDES offer, ACK, a pause of options.hold_ms, BYE. The latency is the time to the 200 of the
 * INVITE; the operation counts as done at the 200 of the BYE. */
bool call_start(struct run *r);

/* The same, but the call stays up until calls_hang_up(), and is done at its ACK. */
bool call_start_held(struct run *r);

/* BYE for every call that stands; run the loop afterwards. */
void calls_hang_up(void);
uint32_t calls_under_way(void);

/* A line `address port` for every call that stands: where its caller was told to send media. */
bool calls_write_flows(const char *path);

/* The same of those called, in the order in which they were. Where a call failed there may be one too many. */
bool callee_write_flows(const char *path);
void callee_forget(void);

/* Drop what is left of them on this side, so that late answers count for nothing. */
void calls_forget(void);

/* Calls whose pause is over are ended. To be called at every turn. */
void calls_turn(void);

/* The caller's answers and the callee's requests. */
void call_answer(struct phone *p, const struct text *t);
void call_request(struct phone *p, const struct text *t);

#endif
