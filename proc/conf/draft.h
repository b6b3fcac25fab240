/* SPDX-License-Identifier: ISC */
/* A site in the making: one function for each key, each saying what is wrong with a value or NULL. */
#ifndef CONF_DRAFT_H
#define CONF_DRAFT_H

#include "conf.h"

struct draft {
	struct conf *out;
	struct listener listener; /* of the phones section that is open */
	bool numbers_given;
};

struct draft_key {
	const char *section; /* NULL: outside of any */
	const char *name;
	bool list;
	bool secret; /* its value is never printed */
	const char *(*set)(struct draft *d, struct span value);
};

extern const struct draft_key draft_keys[]; /* ends with a NULL name */

/* A phones section closed: fill in what it left out. */
const char *draft_end_phones(struct draft *d);
/* The text ended. */
const char *draft_end(struct draft *d);

#endif
