/* SPDX-License-Identifier: ISC */
/* The table of a store in its locked memory, whatever its files hold: store*.c alone. What it drops or replaces is wiped at once. */
#ifndef VAULT_STORE_TABLE_H
#define VAULT_STORE_TABLE_H

#include "vault/store.h"

/* False: no memory. bytes_max: octets of all keys, types and values. */
bool store_table_init(struct store *s, uint32_t entries_max, uint32_t bytes_max) __attribute__((warn_unused_result));
void store_table_fini(struct store *s);

/* Is there room for this entry, whatever it replaces? Then store_table_put() cannot fail. */
bool store_table_takes(struct store *s, uint8_t type, struct span key, struct span value);
void store_table_put(struct store *s, uint8_t type, struct span key, struct span value);
void store_table_drop(struct store *s, uint8_t type, struct span key); /* if it is there */

/* What stands there, and these octets behind it; false when that is too long. out: STORE_VALUE_MAX, to be wiped. */
bool store_table_longer(
    const struct store *s, uint8_t type, struct span key, struct span octets, uint8_t *out, struct span *value);

#endif
