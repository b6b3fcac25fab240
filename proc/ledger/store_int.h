/* SPDX-License-Identifier: ISC */
#ifndef LEDGER_STORE_INT_H
#define LEDGER_STORE_INT_H

#include "ledger/store.h"

/* Run a statement whose rows do not matter. */
bool store_run(struct stmt *q) __attribute__((warn_unused_result));
/* The first number of the first row; false when there is no row or the database failed. */
bool store_one(struct stmt *q, int64_t *value);

#endif
