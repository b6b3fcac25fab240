/* SPDX-License-Identifier: ISC */
/* A private key that lies in signer, for GnuTLS: each handshake asks for one signature and waits at most FARKEY_WAIT_MS, since
 * GnuTLS cannot be told to come again. One time-out and signer counts as silent until it says anything. */
#ifndef FARKEY_FARKEY_H
#define FARKEY_FARKEY_H

#include "ipc/child.h"
#include <gnutls/abstract.h>

enum { FARKEY_WAIT_MS = 50 };

/* What is heard from signer while a handshake waits: MSG_N handlers that touch no session; MSG_SIGNED is one of
 * them. */
void farkey_open(ipc_handler *const while_waiting[MSG_N]);

/* Is there any use in beginning a handshake? */
bool farkey_ready(void);

/* A P-256 key whose signatures come from signer; the caller's to free. trunk: index, for SIGN_TRUNK. 0 or an error of GnuTLS. */
int farkey_new(gnutls_privkey_t *key, enum sign_key which, uint8_t trunk) __attribute__((warn_unused_result));

void farkey_on_signed(struct link *from, const struct ipc_view *v);
void farkey_heard(void); /* signer said something */
void farkey_gone(void);  /* its link is closed */
uint64_t farkey_timeouts(void);

#endif
