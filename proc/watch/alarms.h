/* SPDX-License-Identifier: ISC */
/* What is to be told, and when. Each way to a person gathers alarms of its own for a moment, tells them together, and has a
 * pace of its own, so that a storm becomes a few notices with counts and one way that hangs holds up no other. Knows time
 * only as an argument. */
#ifndef WATCH_ALARMS_H
#define WATCH_ALARMS_H

#include "base/buf.h"
#include "ipc/contract.h"

enum alarm_way { WAY_SYSLOG, WAY_MAIL, WAY_DESK, WAYS };

enum {
	ALARM_DETAIL_MAX = 100,
	ALARM_LINES_MAX = 24, /* different ones in a notice; what is beyond is counted */
	ALARM_TRIES_MAX = 5,  /* of a notice that cannot be told */
};

struct alarm {
	enum event_kind kind;
	enum proc proc;
	uint32_t device, user;
	int64_t wall_ms;
	char detail[ALARM_DETAIL_MAX + 1];
};

struct alarm_notice {
	struct alarm line[ALARM_LINES_MAX];
	uint32_t times[ALARM_LINES_MAX]; /* the same again, but for its time */
	uint32_t lines, beyond;
};

struct alarm_queue {
	struct alarm_notice waiting, going;
	uint64_t first_ms;  /* the oldest that waits came then */
	uint64_t refill_ms; /* the next notice is allowed again then */
	uint32_t allowed;   /* notices that may go now */
	uint32_t tries;     /* of the one that is going */
	bool on, busy;
	bool fresh;                    /* a kind waits that was not told of late: it need not wait for its turn */
	uint64_t told_ms[EVENT_KINDS]; /* when one of this kind last went */
	uint64_t told, failed, dropped;
};

struct alarms {
	struct alarm_queue queue[WAYS];
};

/* Which ways there are. */
void alarms_init(struct alarms *a, const bool on[WAYS]);

/* detail: what is no printable ASCII is left out, and digits in a row that could be a number. */
void alarms_add(struct alarms *a, uint64_t now_ms, const struct alarm *x, struct span detail);

/* The notice that this way is to tell now, or NULL. It is good until alarms_told(), and there is no other before that. */
const struct alarm_notice *alarms_due(struct alarms *a, enum alarm_way w, uint64_t now_ms);

/* It was told; or it was not, and then it is due again with what came meanwhile, as often as ALARM_TRIES_MAX says. */
void alarms_told(struct alarms *a, enum alarm_way w, uint64_t now_ms, bool ok);

/* When something may be due; UINT64_MAX: nothing waits. */
uint64_t alarms_next_ms(const struct alarms *a);

/* One line for people, without an end. */
void alarm_put(struct buf *b, const struct alarm *x, uint32_t times);

#endif
