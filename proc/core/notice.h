/* SPDX-License-Identifier: ISC */
/* Notices of emergency calls on their way to ledger, and who may be called back (R16). A notice is said again until ledger
 * has kept it; the call never waits for it. */
#ifndef CORE_NOTICE_H
#define CORE_NOTICE_H

#include "arena/arena.h"
#include "ipc/child.h"
#include "ipc/setting.h"
#include "wire/pidf.h"

enum { NOTICES_MAX = 64, CALLBACKS_MAX = 256 };

struct notice {
	uint64_t token;
	int64_t wall_ms;
	uint64_t added_ms;     /* of child_now(), from which the window is counted */
	uint32_t device, user; /* user 0: nobody */
	uint8_t kind;          /* enum notice_kind */
	char number[SITE_NUMBER_MAX];
	char location[SETTING_TEXT_MAX + 1];
};

/* Until ledger has kept one it stands in the arena; with it, the window that it opened (R28). */
struct arena_shape notice_shape(void);
void notice_open(struct arena_table *t);

/* user: NOBODY when none is logged in. number: the emergency number that was dialled. The location is the phone's own. A call that
 * was placed or doubted also opens the window, and its end opens it anew. Of one phone sixteen in 10 s are kept; the others are counted. */
void notice_add(enum notice_kind kind, uint32_t device, uint32_t user, struct span number);
/* Where the phone says that it is, behind the notice of its call: NOTICE_SAID. */
void notice_add_said(uint32_t device, uint32_t user, struct span number, const struct pidf_place *where);

/* Did this phone or this user call for help or hang up within emergency.callback minutes? Then calls to them pass do-not-disturb and forwards. */
bool notice_may_call_back(uint32_t device, uint32_t user);

/* Each of these, in any order; the last who called ends last. user: NOBODY when none was logged in. */
void notice_each_window(void (*visit)(uint32_t device, uint32_t user, uint64_t until_ms, void *arg), void *arg);

/* The edge that has the trunks: until when somebody may be called back. */
void notice_tell(struct link *edge);
void notice_on_kept(struct link *from, const struct ipc_view *v);
void notice_on_callback(struct link *from, const struct ipc_view *v);
void notice_ledger_up(void);
void notice_status(struct proc_status *s);

#endif
