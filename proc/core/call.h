/* SPDX-License-Identifier: ISC */
/* A call: the leg of the caller, the legs that ring, and once one has answered, their join. */
#ifndef CORE_CALL_H
#define CORE_CALL_H

#include "call_fsm.h"
#include "leg.h"

enum { CALL_TARGETS_MAX = REGISTRAR_TARGETS_MAX };

/* What outlives core, in the arena. */
struct call_record {
	uint64_t id, caller, callee; /* ids of legs */
	uint64_t answered_ms;        /* CLOCK_BOOTTIME; 0 while no far end has */
	int64_t start_wall_ms;
	uint32_t ports; /* index of the port slot */
	uint16_t port;  /* its first port: the range may be another when core starts again */
	uint8_t state;  /* enum call_phase */
	uint8_t grade, key, emergency;
	uint8_t varying;  /* bit for each side whose Opus varies */
	uint8_t ended;    /* the legs end in media */
	uint8_t spoken;   /* the caller was answered by the exchange, before any far end */
	uint8_t hears[2]; /* enum relay_hears, by side */
	uint8_t listens;  /* bit for each side whose audio voice gets too */
	char from[2 * USER_NAME_MAX + 1], to[2 * USER_NAME_MAX + 1];
	char ice_ufrag[2][12], ice_pwd[2][28]; /* ours, for each side */
};

/* A change of the session under way: one side's offer that the other is asked (RFC 3261 14, RFC 3311). What each leg's
 * description would be is its leg_next(). */
struct change {
	bool active, is_update;
	uint8_t from_side;
	struct reply reply;
	uint32_t session_s; /* of the one who asks, before it asked: a refused change changes nothing */
	uint8_t refresher_us;
};

struct call {
	struct timer ring, renew, patience; /* patience: the other phone's, with a change */
	struct call_record r;
	uint64_t started_ms;
	uint64_t target[CALL_TARGETS_MAX]; /* legs that were asked and have not refused */
	uint8_t targets;
	uint32_t callee_user;
	uint8_t best; /* enum refusal: the best so far (RFC 3261 16.7) */
	const char *best_text;
	struct change change;
	uint64_t packets[2], dropped[2];
};

struct arena_shape call_shape(void);
void call_open(struct arena_table *t);
/* After legs and calls were adopted: drop what is half, tell media of the rest. */
void call_adopted(void);

struct call *call_get(uint64_t id);

void call_on_invite(struct request *r);
/* Feed the machine and do what it says; l: the leg that it is about, or NULL. The call may be gone afterwards. */
void call_event(struct call *c, enum call_event event, struct leg *l);

/* From the legs. */
void call_leg_rings(struct leg *l);
void call_leg_accepted(struct leg *l);
void call_leg_rejected(struct leg *l);
void call_leg_left(struct leg *l);
void call_leg_up(struct leg *l);
void call_leg_silent(struct leg *l);  /* its session timer ran out, or the phone knows no such dialog */
void call_leg_unheard(struct leg *l); /* the caller sent no PRACK in time */
bool call_may_refresh(struct leg *l);

/* From elsewhere. */
void call_phone_back(uint32_t user);
void call_media_failed(uint64_t call, enum relay_why why);
void call_gate_open(uint64_t call, enum relay_key key);
void call_varying(uint64_t call, unsigned side);
void call_counts(const struct msg_relay_counts *m);
void call_tell_media(struct link *media);

struct leg *call_other(struct call *c, struct leg *l);
void call_save(struct call *c);
/* Tell media what this call is now; again soon when it can't be told this moment. */
void call_relay(struct call *c);
void call_fail(struct call *c, enum refusal why, const char *text); /* ends it, with this reason to whoever is there */
void call_each(void (*visit)(struct call *c, void *arg), void *arg);

void call_status(struct proc_status *s);

#endif
