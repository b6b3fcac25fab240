/* SPDX-License-Identifier: ISC */
/* The words for what the contract counts: a short one that programs read and a plain one that people read. ctl writes the
 * short one into its answers, the command shows the plain one. */
#ifndef IPC_WORDS_H
#define IPC_WORDS_H

#include "ipc/contract.h"

struct word {
	const char *key, *plain;
};

extern const struct word word_event[EVENT_KINDS];
extern const struct word word_severity[SEVERITIES];
extern const struct word word_grade[GRADES];
extern const struct word word_caller[WHOS];
extern const struct word word_call[CALL_STATES];
extern const struct word word_device[DEVICE_STATES];
extern const struct word word_key[RELAY_KEYS];
extern const struct word word_result[DONE_RESULTS];
extern const struct word word_notice[NOTICE_KINDS];
extern const struct word word_pin[PLAN_PINS]; /* what there is of a user's PIN */
extern const struct word word_flag[4];        /* by bit of enum device_flag */
extern const struct word word_trunk[TRUNK_STATES];
extern const struct word word_route[ROUTES]; /* how a call came about */
extern const struct word word_memory[MAY_MEMORIES];

/* The plain word for a key of that table, or the key itself. */
const char *word_plain(const struct word *table, int n, const char *key);

#endif
