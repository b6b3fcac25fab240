/* SPDX-License-Identifier: ISC */
#ifndef LEDGER_STORE_INT_H
#define LEDGER_STORE_INT_H

#include "ledger/store.h"

/* Run a statement whose rows do not matter. */
bool store_run(struct stmt *q) __attribute__((warn_unused_result));
/* The first number of the first row; false when there is no row or the database failed. */
bool store_one(struct stmt *q, int64_t *value);

/* A page: each row read into the next of `most` elements of so many octets. How many there are, -1 when the database failed. */
typedef void row_read(struct stmt *q, void *to);
int store_page(struct stmt *q, row_read *read, void *out, size_t each, int most);

extern const char store_db_failed[];
enum done_result store_refuse(enum done_result r, const char *words, const char **why);
/* What does not fit is cut. */
void store_copy_text(struct stmt *q, int column, char *out, size_t cap);
/* A value that the enum does not have was not written by this build: shown as its first. */
int store_in_range(int64_t v, int limit);

/* Is it this person or ring group that hears of emergencies? Whoever goes then is missed by nobody else (R16). */
bool store_is_front_desk(struct store *s, struct span name);
extern const char store_desk_stays[];

#endif
