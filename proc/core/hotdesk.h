/* SPDX-License-Identifier: ISC */
/* Hot desks: a guest who works at another's phone. A phone with certificate and login of its own (the line) is lent to one who is
 * allowed on that phone too and gave extension and PIN there. From then on what the line does is said and paid as the
 * guest's, and the guest's calls ring there. Nothing else changes: every request still needs the line's certificate and login, and
 * a dialog belongs to the line (R1, R2, R4). It lives in the arena and outlives core. */
#ifndef CORE_HOTDESK_H
#define CORE_HOTDESK_H

#include "arena/arena.h"
#include "registrar.h"

struct hotdesk {
	uint32_t line, guest; /* users: whose login it is, and who works there */
	uint64_t until_ms;    /* CLOCK_BOOTTIME */
};

struct arena_shape hotdesk_shape(const struct site *s); /* a row for each phone */
void hotdesk_open(struct arena_table *t);

/* Who works at this phone's line: its user, or the guest. */
uint32_t hotdesk_person(uint32_t user, uint32_t device);
/* The line of this phone at which the user is a guest; NOBODY: none. */
uint32_t hotdesk_line(uint32_t guest, uint32_t device);

/* May this user be a guest at that line? */
bool hotdesk_may(uint32_t line, uint32_t guest, uint32_t device);
/* Keeper found the PIN right. A guest is in one place: what they had elsewhere ends, and so does who was here. */
void hotdesk_log_in(uint32_t line, uint32_t guest, uint32_t device);
/* False: nobody was. */
bool hotdesk_log_out(uint32_t line, uint32_t device);

/* From keeper: this guest has no PIN any more to be one by. */
void hotdesk_on_pin_removed(struct link *from, const struct ipc_view *v);

/* The directory changed: what it does not allow any more ends. */
void hotdesk_check(void);

void hotdesk_status(struct proc_status *s);

#endif
