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
/* And begin what is written at once. */
bool batch_begin(void);
/* Why it could not be: for a moment, or for as long as the disk takes no writes. why: static. */
enum done_result batch_unwritten(const char **why);
void batch_status(struct proc_status *s);

/* batch_people.c: what was spent and calls for help, in the same commit; a notice is confirmed after it */
void batch_people_init(void);
void batch_spent(struct link *from, const struct ipc_view *v);
void batch_notice(struct link *from, const struct ipc_view *v);
bool batch_people_wait(void);
bool batch_people_write(void);
void batch_people_written(void);
void batch_people_status(struct proc_status *s);

/* push.c: the directory, to core */
void push_want(struct link *from, const struct ipc_view *v);
void push_verdict(struct link *from, const struct ipc_view *v);
/* core may hold what the disk does not: it is given all of it again. */
void push_anew(void);
void push_core_down(void);
/* core has the whole directory and nothing is under way */
bool push_idle(void);
/* What one change consists of; a NULL part is not in it. */
struct change_items {
	bool whole; /* none of these: the whole directory anew */
	const struct person *person;
	const struct phone *phone;
	const struct binding *binding;
	bool allowed; /* the binding is */
	const struct group *group;
	const struct setting *setting;
	int settings;
};

/* Tell core of one change; false when core is not there or has not asked yet. change_verdict() hears the end. */
bool push_change(uint32_t generation, const struct change_items *c);

/* push_people.c: the stages of settings, ring groups, counters and callbacks; as those of push.c */
struct push_at {
	uint32_t group;
	struct setting setting;
	struct spent spent;
	int64_t notice;
};
enum push_went { PUSH_FAILED = -1, PUSH_NO_ROOM, PUSH_MORE, PUSH_ALL };
typedef enum push_went push_stage(struct link *core, struct push_at *at);
push_stage push_groups, push_settings, push_spent, push_callbacks;
bool push_group(struct link *core, const struct group *g);
bool push_setting(struct link *core, const struct setting *s);

/* change.c, change_people.c: the directory, by ctl, and a user's own settings by core. A change holds the transaction open until core has accepted it too. */
void change_user(struct link *from, const struct ipc_view *v);
void change_phone(struct link *from, const struct ipc_view *v);
void change_binding(struct link *from, const struct ipc_view *v);
void change_settings(struct link *from, const struct ipc_view *v);
void change_own_setting(struct link *from, const struct ipc_view *v);
void change_group(struct link *from, const struct ipc_view *v);
/* True when the change may be made now; otherwise who asked was told to try again. */
bool change_begin(struct link *from, uint64_t token);
/* Whose forwards lead to the number that is being given up: said with the end, if it is well. */
void change_note_forwards(struct span gone);
/* What was changed, or why it was not: core is shown it, or all is rolled back. */
void change_end_with(enum done_result r, const char *why, uint64_t value, const struct change_items *items);
bool change_pending(void);
/* core said yes or no (why), or is gone (neither: ledger alone decides) */
enum change_end { CHANGE_ACCEPTED, CHANGE_REFUSED, CHANGE_CORE_GONE, CHANGE_SILENCE };
void change_verdict(enum change_end end, struct span why);

/* answer.c, answer_people.c: lists and the log, to ctl */
enum { ANSWER_PAGE_MAX = 128 };
struct answer_page {
	struct link *to;
	uint64_t token, last;
};
void answer_list(struct link *from, const struct ipc_view *v);
void answer_log(struct link *from, const struct ipc_view *v);
void answer_settings(struct link *from, const struct ipc_view *v);
void answer_take_notice(struct link *from, const struct ipc_view *v);
enum done_result answer_groups(struct answer_page *page, uint64_t after, int most);
enum done_result answer_notices(struct answer_page *page, uint64_t after, uint32_t most);
void answer_done(uint64_t token, enum done_result result, uint64_t value, const char *text);
void answer_unwritten(uint64_t token); /* what batch_unwritten() says */
void answer_done_span(uint64_t token, enum done_result result, uint64_t value, struct span text);

/* mailbox.c: voicemail */
void mailbox_init(void);
/* Messages that are too old, and recordings that nobody ended, go; who has others then is told to core. */
bool mailbox_keep(int64_t before_ms, int64_t stale_ms);
void mailbox_tell_all(void); /* core has the directory, and learns what everybody has */
ipc_handler mailbox_on_begin, mailbox_on_put, mailbox_on_end, mailbox_on_mark, mailbox_on_want, mailbox_on_get,
    mailbox_on_forget;
void mailbox_status(struct proc_status *s);

/* export.c: the rows of a backup, to ctl */
void export_answer(struct link *from, const struct ipc_view *v);

/* keep.c: what is old goes, unless the clock cannot be believed */
void keep_init(void);
/* The wall clock, which went back a little at most: one that fell by more than a day behind what this database has seen is
 * wrong, and time goes on from there. */
int64_t keep_wall_ms(void);
/* When something was that lasted so long and ended a while ago, at most: a date that this cannot be was taken from a wrong
 * clock, and is the time now, to the minute, less what it lasted. */
int64_t keep_date(int64_t wall_ms, uint64_t lasted_ms);
void keep_confirm(struct link *from, const struct ipc_view *v);
void keep_status(struct proc_status *s);

/* Append text that came out of the database: what the contract would not carry is replaced by "?". */
struct str ledger_put(struct link *l, struct span s, size_t max);

/* Is it a number for help, while such calls leave over a trunk? Nobody would ever ring there (R16); *why then says so. */
bool ledger_hides_number(struct span name, const char **why);

#endif
