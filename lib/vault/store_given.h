/* SPDX-License-Identifier: ISC */
/* The store of a process that parent starts: in the directory, and under the boot key, that it is given before its cage closes. */
#ifndef VAULT_STORE_GIVEN_H
#define VAULT_STORE_GIVEN_H

#include "ipc/contract.h"
#include "vault/store.h"

/* For `file` of struct child. Takes the descriptor. */
void store_given(enum file_kind what, int fd);

/* For `open` of struct child: ends the process with the reason when either was not given or the store does not open. */
void store_open_given(struct store *s, const char *process, uint32_t entries_max, uint32_t bytes_max);

/* For `prepare` of struct child, in a rehearsal: could it be opened? NULL, or a static reason; NULL too when nothing was given to look
 * at. Changes nothing. */
const char *store_look_given(const char *process, uint32_t entries_max, uint32_t bytes_max);

#endif
