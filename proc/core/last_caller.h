/* SPDX-License-Identifier: ISC */
/* Whom block-last-caller means: who from outside rang each person's phone, or came to their mailbox, last (R18). It lies in the arena, in
 * memory like the calls themselves, and on no disk; a week later it is forgotten, as a source in the log is (R21). The number itself is needed:
 * what it becomes is a row of the person's own list, which people read. */
#ifndef CORE_LAST_CALLER_H
#define CORE_LAST_CALLER_H

#include "arena/arena.h"
#include "ipc/child.h"
#include "plan/number.h"

enum { LAST_CALLER_DAYS = 7 };

struct last_caller {
	uint64_t until_ms;
	char user[USER_NAME_MAX + 1]; /* whose place may be another's when core comes again */
	char number[NUMBER_MAX + 1];
};

struct arena_shape last_caller_shape(const struct site *s);
void last_caller_open(struct arena_table *t);

/* number: canonical, empty for withheld, which leaves nobody. */
void last_caller_note(uint32_t user, const char *number);
/* NULL: nobody, or not any more. Good until the next one is noted. */
const char *last_caller_of(uint32_t user);

void last_caller_forget(uint32_t user);
/* The directory changed: those of other people than they were noted for go. */
void last_caller_check(void);

#endif
