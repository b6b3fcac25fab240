/* SPDX-License-Identifier: ISC */
/* Ceilings (R17): what one extension, phone, trunk and the site may spend in a local day, and at once. Pure accounting on
 * plain structs: a count lies in its owner's arena, a ceiling_call beside its call. Durations are of CLOCK_BOOTTIME; the day
 * and the hour are local and go forward, so that a clock set back gives nothing away. A count that is later than the clock by more
 * than a day, because the clock ran ahead or is behind, waits as long as an hour and a day last by CLOCK_BOOTTIME: then they begin
 * anew at the clock's (T47, T50). A clock that is moved to and fro gains nothing by it. */
#ifndef PLAN_CEILING_H
#define PLAN_CEILING_H

#include "base/buf.h"
#include "plan/plan.h"

enum { CEILING_ABROAD_MAX = UINT8_MAX }; /* as a limit */

struct ceiling_when {
	uint64_t now_ms; /* CLOCK_BOOTTIME */
	uint32_t day;    /* local days since 1970 */
	uint32_t hour;   /* local hours since 1970 */
};

/* What has been used. All zero is a fresh one. */
struct ceiling_count {
	uint32_t day, hour;
	uint64_t money_e4_ms;          /* this day: _e4 times 60,000 ms, so that nothing is rounded away */
	uint64_t ms;                   /* this day */
	uint32_t hourly;               /* calls begun in this hour */
	uint32_t destinations;         /* this day */
	uint32_t calls;                /* at once, now */
	uint32_t running;              /* of these, answered */
	uint64_t rate_e4;              /* sum over the running ones, a minute */
	uint8_t told_half, told_full;  /* 1 << enum ceiling_kind: said already for this window */
	uint8_t abroad, abroad_before; /* in this hour, in the one before; 255 stands for more too */
	uint32_t ahead_s; /* CLOCK_BOOTTIME since when it is later than the clock by more than a day; 0: it is not */
};

/* What a number is to the extension that dials it. NEW_ABROAD: never dialled before, and international, premium or satellite. AGAIN: no
 * other call but one that was begun over a trunk that failed; the accounts have it already, but for that of the next trunk. */
enum ceiling_novelty { CEILING_KNOWN, CEILING_NEW, CEILING_NEW_ABROAD, CEILING_AGAIN };
enum ceiling_novelty ceiling_novelty_of(const struct number *n, bool dialled_before);

/* The four accounts of a call; NULL where there is none (a call without a trunk). */
struct ceiling_accounts {
	struct ceiling_count *count[CEILING_SCOPES];
	struct ceiling_limit limit[CEILING_SCOPES];
};

struct ceiling_call {
	uint32_t rate_e4, setup_e4;
	uint64_t charged_ms; /* CLOCK_BOOTTIME up to which it is paid; 0: not answered yet */
	uint8_t begun;
	uint8_t step_s; /* as in its plan_rate */
	uint16_t zero;
	uint32_t ahead_ms; /* so far beyond charged_ms its price is paid: to the end of the step that has begun */
};

/* A threshold that was passed, by scope, as 1 << enum ceiling_kind. Each is reported once in its window. Calls at once are not
 * among them: to have as many as are allowed is ordinary, and one more is refused. */
struct ceiling_news {
	uint8_t half[CEILING_SCOPES], full[CEILING_SCOPES];
};

/* The limit that a new call would break: full, and which one; all zero when it may begin. */
struct ceiling_state {
	uint8_t full;
	uint8_t kind, scope; /* enum ceiling_kind, enum ceiling_scope; the first that is full */
};

/* May a call of this rate begin? It must be able to pay its set-up and at least CEILING_LEAST_MS, or
 * its first step. Emergency calls do not ask. */
enum { CEILING_LEAST_MS = 10000 };
struct ceiling_state ceiling_may(
    struct ceiling_accounts *a, const struct ceiling_when *w, struct plan_rate rate, enum ceiling_novelty novelty);

/* A call that may, begins; is answered; goes on (call it at least once a second, when ceiling_left_ms() is over, and when it ends); ends. Each may be called at
 * any time: ending twice, or without an answer, is harmless. */
void ceiling_begin(struct ceiling_call *c, struct ceiling_accounts *a, const struct ceiling_when *w,
    struct plan_rate rate, enum ceiling_novelty novelty, struct ceiling_news *news);
void ceiling_answer(
    struct ceiling_call *c, struct ceiling_accounts *a, const struct ceiling_when *w, struct ceiling_news *news);
void ceiling_tick(
    struct ceiling_call *c, struct ceiling_accounts *a, const struct ceiling_when *w, struct ceiling_news *news);
/* Of another owner from now on: what runs is still to be ended. */
void ceiling_forget(struct ceiling_count *n);
void ceiling_end(
    struct ceiling_call *c, struct ceiling_accounts *a, const struct ceiling_when *w, struct ceiling_news *news);

/* How long an answered call may still last, others that run on the same accounts included; UINT64_MAX: nothing ends it. 0: cut
 * it now. A step that can't be paid is not begun: the call ends CEILING_EARLY_MS before it, since the provider counts by another clock. */
enum { CEILING_EARLY_MS = 500 };
uint64_t ceiling_left_ms(const struct ceiling_call *c, struct ceiling_accounts *a, const struct ceiling_when *w);

/* After a restart: forget what ran, then take up each call that was adopted (its time away is charged at its next tick). */
void ceiling_forget_running(struct ceiling_count *n);
void ceiling_adopt(struct ceiling_call *c, struct ceiling_accounts *a);

/* The site's limits of a scope, changed by a setting such as "money=20 minutes=300 calls=2 hourly=10 destinations=5 abroad=1" (money
 * in the currency, with two decimals at most). False: *why is a static reason, *limit is as it was. */
bool ceiling_override(struct ceiling_limit *limit, struct span text, const char **why);
/* One of them. */
bool ceiling_set(struct ceiling_limit *limit, enum ceiling_kind kind, struct span value);
extern const char *const ceiling_kind_name[CEILING_KINDS];

/* One line of text for a store, and back: "day=20418 hour=490045 money=72000000 ms=61000 hourly=3 destinations=1 half=0 full=0
 * abroad=1 abroad-before=0", 200 octets at most; the last two may be missing. What runs is not in it. */
void ceiling_put(struct buf *b, const struct ceiling_count *n);
bool ceiling_parse(struct span text, struct ceiling_count *out);

/* What another has of the same account: both rolled on to the later day and hour, the greater of each. */
void ceiling_merge(struct ceiling_count *n, const struct ceiling_count *other);

/* Is it later than the clock by more than a day? What has waited long enough begins anew. */
bool ceiling_ahead(struct ceiling_count *n, const struct ceiling_when *w);

/* The clock is right: what is later is of its day and hour, with all that was used. */
void ceiling_confirm(struct ceiling_count *n, const struct ceiling_when *w);

/* How much of a kind is used now, in the unit of its limit, rounded up. */
uint32_t ceiling_used(struct ceiling_count *n, enum ceiling_kind kind, const struct ceiling_when *w);

#endif
