/* SPDX-License-Identifier: ISC */
/* Nonces to challenge phones with. Keeper makes them, a sheet at a time, and judges their answers; here each is bound to the
 * connection and user that it is handed out to. */
#ifndef CORE_NONCES_H
#define CORE_NONCES_H

#include "ipc/child.h"
#include "wire/nonce.h"

void nonces_init(void);

/* Append a fresh one; false: there is none. */
bool nonces_put(struct buf *b, uint64_t flow, struct span user);

/* Have keeper make a sheet, where it isn't asked already; false: it cannot be asked. */
bool nonces_ask(enum msg_class class);

/* A sheet; false: nobody asked for it. */
bool nonces_take(const struct msg_nonces *m);

/* A keeper that comes up knows none of its predecessor's. */
void nonces_keeper_down(void);

#endif
