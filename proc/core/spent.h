/* SPDX-License-Identifier: ISC */
/* The counters of ceilings on their way to ledger and back (R17): written together every few seconds, so that a restart of
 * any process, or of the machine, loses little of what was spent. The counters themselves are their owner's. */
#ifndef CORE_SPENT_H
#define CORE_SPENT_H

#include "ipc/child.h"

enum { SPENT_EVERY_MS = 5000 };

struct spent {
	enum spent_scope scope;
	uint32_t index, day;
	uint64_t money;
	uint32_t seconds, calls, numbers;
};

/* restored: ledger has this row of today or yesterday; it may be older than what the owner has, never newer on the same day.
 * read: the row as it is now, false when there is none. Both before anything else is called. */
struct spent_owner {
	void (*restored)(const struct spent *s);
	bool (*read)(enum spent_scope scope, uint32_t index, struct spent *out);
};

void spent_init(uint32_t max_users, uint32_t max_phones, uint32_t trunks, const struct spent_owner *owner);

/* The counters of this one changed. */
void spent_changed(enum spent_scope scope, uint32_t index);

void spent_on_row(struct link *from, const struct ipc_view *v);
void spent_ledger_up(void); /* what is today's is said whole */
void spent_status(struct proc_status *s);

#endif
