/* SPDX-License-Identifier: ISC */
/* What the files of ledger share: one store, one turn of the loop, one directory change at a time. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "ipc/child.h"
#include "ledger/store.h"

extern struct store ledger_store;

/* batch.c: records and events wait for the end of the turn and share one commit; a record is confirmed after it */
void batch_init(void);
void batch_record(struct link *from, const struct ipc_view *v);
void batch_event(struct link *from, const struct ipc_view *v);
void batch_own_event(enum event_kind kind, enum severity severity, const char *detail);
/* Write what waits, now. False when it could not be, or a directory change holds the transaction. */
bool batch_flush(void);
void batch_status(struct proc_status *s);

/* push.c: the directory, to core */
void push_want(struct link *from, const struct ipc_view *v);
void push_verdict(struct link *from, const struct ipc_view *v);
void push_core_down(void);
/* core has the whole directory and nothing is under way */
bool push_idle(void);
/* Tell core of one change; false when core is not there or has not asked yet. A NULL part is not in it. All NULL: the
 * whole directory anew. change_verdict() hears the end. */
bool push_change(
    uint32_t generation, const struct person *p, const struct phone *d, const struct binding *b, bool allowed);

/* change.c: the directory, by ctl. A change holds the transaction open until core has accepted it too. */
void change_user(struct link *from, const struct ipc_view *v);
void change_phone(struct link *from, const struct ipc_view *v);
void change_binding(struct link *from, const struct ipc_view *v);
bool change_pending(void);
/* core said yes or no (why), or is gone (neither: ledger alone decides) */
enum change_end { CHANGE_ACCEPTED, CHANGE_REFUSED, CHANGE_CORE_GONE, CHANGE_SILENCE };
void change_verdict(enum change_end end, struct span why);

/* answer.c: lists and the log, to ctl */
void answer_list(struct link *from, const struct ipc_view *v);
void answer_log(struct link *from, const struct ipc_view *v);
void answer_done(uint64_t token, enum done_result result, uint64_t value, const char *text);
void answer_done_span(uint64_t token, enum done_result result, uint64_t value, struct span text);

/* keep.c: what is old goes, unless the clock cannot be believed */
void keep_init(void);
void keep_confirm(struct link *from, const struct ipc_view *v);
void keep_status(struct proc_status *s);

/* Append text that came out of the database: what the contract would not carry is replaced by "?". */
struct str ledger_put(struct link *l, struct span s, size_t max);

#endif
