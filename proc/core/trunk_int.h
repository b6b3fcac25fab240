/* SPDX-License-Identifier: ISC */
/* One trunk as core keeps it; trunk.c lives it, trunk_speak.c speaks for it, trunk_use.c looks at it. */
#ifndef CORE_TRUNK_INT_H
#define CORE_TRUNK_INT_H

#include "trunk.h"
#include "trunk_fsm.h"

enum { TRUNK_REASON_TEXT = 80 };

struct trunk {
	enum trunk_state state;
	struct timer timer;
	uint64_t since_ms;  /* in UP, or since it was last there */
	struct timer reach; /* dial is asked then: no trunk has it asked without end, however soon it hangs up */
	uint64_t reach_ms;  /* not before then */
	bool reach_next;    /* for its next address */
	uint64_t token;     /* of the last reach_want, or of the one to come */
	uint64_t flow;      /* on which requests go out; 0: none */
	uint64_t ref;       /* of our request that waits for its answer; 0: none */
	uint64_t register_ms, ask_ms; /* when each is due again; 0: never */
	uint32_t busy, failures, cseq, expires_s;
	uint8_t tries;    /* of the request in hand, with better credentials each */
	bool registering; /* the request in hand is REGISTER, not OPTIONS */
	struct addr remote;
	char call_id[33], tag[17];
	char reason[TRUNK_REASON_TEXT]; /* why it went down, or does not come up */
};

extern struct trunk trunk_table[SITE_TRUNKS_MAX];

static inline uint8_t trunk_number(const struct trunk *t)
{
	return (uint8_t)(t - trunk_table + 1);
}

static inline const struct trunk_conf *trunk_section(const struct trunk *t)
{
	return &child_site()->trunk[t - trunk_table];
}

/* NULL: there is none of that number. */
static inline struct trunk *trunk_get(uint8_t trunk)
{
	return trunk > 0 && trunk <= child_site()->trunks ? &trunk_table[trunk - 1] : NULL;
}

/* The machine in trunk.c. */
void trunk_feed(struct trunk *t, enum trunk_event e);
void trunk_say_why(struct trunk *t, const char *why);
/* What an attacker may be the reason of; it is told once, however often it is tried. */
void trunk_say_alarm(struct trunk *t, const char *why);

/* What is due: the registration first. */
void trunk_speak(struct trunk *t);
/* No answer of keeper's is waited for any more. */
void trunk_speak_forget(struct trunk *t);

#endif
