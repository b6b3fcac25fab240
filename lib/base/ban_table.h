/* SPDX-License-Identifier: ISC */
/* Addresses that nobody listens to for a time. Looked up for each packet and each connection, so it is a hash table; its
 * size is fixed, and what ran out gives its place. */
#ifndef BASE_BAN_TABLE_H
#define BASE_BAN_TABLE_H

#include "base/addr.h"
#include "base/map.h"

enum { BAN_TABLE_MAX = 1024 };

struct ban_table {
	struct map map;
	uint32_t used; /* entries that were ever set */
	struct ban_entry {
		struct addr address;
		uint64_t until_ms;
	} entry[BAN_TABLE_MAX];
};

bool ban_table_init(struct ban_table *t);

/* until_ms in the past lifts the ban. False when the table is full of bans that still count. */
bool ban_table_set(struct ban_table *t, const struct addr *a, uint64_t until_ms, uint64_t now_ms);
/* Bans that count now. */
uint32_t ban_table_used(const struct ban_table *t, uint64_t now_ms);
bool ban_table_has(const struct ban_table *t, const struct addr *a, uint64_t now_ms);

#endif
