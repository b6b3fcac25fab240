/* SPDX-License-Identifier: ISC */
/* Requests of our own that wait for their answer: who asked, so that a response finds its leg or message again. */
#ifndef CORE_ASK_H
#define CORE_ASK_H

#include "ipc/child.h"

enum ask_kind {
	ASK_INVITE,
	ASK_LATE, /* an INVITE that was answered and whose leg is over: leg_late.h */
	ASK_CHANGE,
	ASK_REFRESH,
	ASK_BYE,
	ASK_PRACK,
	ASK_ALIVE,
	ASK_MESSAGE,
	ASK_REFER,
	ASK_NOTIFY,
	ASK_TRUNK,
	ASK_MWI,
	ASK_KINDS
};

struct ask {
	uint64_t ref, owner;            /* owner: id of the leg or message, number of the trunk, index among the late */
	uint64_t asked_ms, answered_ms; /* answered_ms: of the first 2xx; 0: none came */
	uint32_t edge;
	uint8_t kind; /* enum ask_kind */
};

typedef void ask_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v);

void ask_init(uint32_t max, uint32_t reserve, ask_answer *const answer[ASK_KINDS]);

/* A fresh reference for a request that goes to that edge, or 0 when the pool is full. */
uint64_t ask_new(enum ask_kind kind, uint64_t owner, uint32_t edge, enum pool_claim claim);
const struct ask *ask_get(uint64_t ref);
void ask_done(uint64_t ref);
/* What comes for it now is another's. */
void ask_hand_over(uint64_t ref, enum ask_kind kind, uint64_t owner);

void ask_on_response(struct link *from, const struct ipc_view *v);
/* The edge died: each of its asks is answered with 503, made up here. So, with 408, is what an edge leaves unanswered
 * for longer than any transaction lasts, but for INVITE, which may take as long as the people want and ends with its leg. */
void ask_edge_lost(uint32_t edge);

void ask_status(struct proc_status *s);

#endif
