/* SPDX-License-Identifier: ISC */
/* The counters of ceilings on their way to ledger and back (R17): what changed is written together every few seconds, so
 * that a restart of any process, or of the machine, loses little of what was spent. The counters themselves are their owner's. */
#ifndef CORE_SPENT_H
#define CORE_SPENT_H

#include "ipc/child.h"

enum { SPENT_EVERY_MS = 5000, SPENT_A_TURN = 64 };

struct spent_owner {
	/* ledger has this; it may be older than what the owner has */
	void (*restored)(enum ceiling_scope scope, uint32_t index, const struct ceiling_count *n);
	/* as it is now; NULL when there is none */
	const struct ceiling_count *(*read)(enum ceiling_scope scope, uint32_t index);
};

/* How many indexes each scope has. */
void spent_init(const uint32_t most[CEILING_SCOPES], const struct spent_owner *owner);

/* The counters of this one changed. */
void spent_changed(enum ceiling_scope scope, uint32_t index);

void spent_on_row(struct link *from, const struct ipc_view *v);
void spent_ledger_up(void); /* all are said again */
void spent_status(struct proc_status *s);

#endif
