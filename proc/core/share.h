/* SPDX-License-Identifier: ISC */
/* What one phone, or all who call over one trunk, may have of a pool at once, so that nobody has what is everybody's (R27, T23).
 * Calls for help are on nobody's account (R16). */
#ifndef CORE_SHARE_H
#define CORE_SHARE_H

#include "flow.h"

struct leg;

/* Of so many slots: an eighth, or this least number where that is more, but never over half. */
static inline uint32_t share_most(uint32_t slots, uint32_t least)
{
	const uint32_t eighth = slots / 8, wanted = eighth > least ? eighth : least;

	return wanted < slots / 2 ? wanted : slots > 1 ? slots / 2 : 1;
}

struct share {
	uint32_t phone_most, trunk_most; /* trunk: three quarters, or what a phone may: its `lines` are what counts */
	uint32_t back_most;              /* half of what is kept for help */
	uint32_t *held;                  /* by holder */
};

/* On whose account: a number for each phone and trunk of the site, below share_holders(); NOBODY: on none. */
uint32_t share_of_flow(const struct flow *f);
uint32_t share_of_leg(const struct leg *l);
uint32_t share_of_back(void); /* of all who call back for help over a trunk that has its share */
uint32_t share_holders(void);

void share_init(struct share *s, uint32_t slots, uint32_t phone_most);
/* One more. False: it has its share. */
bool share_take(struct share *s, uint32_t who) __attribute__((warn_unused_result));
bool share_has_room(const struct share *s, uint32_t who); /* a no is counted, as one of share_take() is */
/* So many may it still have; UINT32_MAX: nobody's. */
uint32_t share_left(const struct share *s, uint32_t who);
/* One more in any case: of a call that is there already. */
void share_add(struct share *s, uint32_t who);
void share_release(struct share *s, uint32_t who);

/* An event that this one was refused something; of each one at most once a minute. */
void share_tell(const struct flow *f, uint32_t user, const char *what);

void share_status(struct proc_status *s);

#endif
