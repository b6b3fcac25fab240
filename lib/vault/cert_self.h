/* SPDX-License-Identifier: ISC */
/* The certificate of a key that nobody vouches for: calls name it by its fingerprint (RFC 8122). Version 1, valid for ever
 * (RFC 5280 4.1.2.5), and its name says nothing. */
#ifndef VAULT_CERT_SELF_H
#define VAULT_CERT_SELF_H

#include "vault/p256.h"

enum { CERT_SELF_MAX = 320 };

/* Appended as DER. */
void cert_write_self(
    const struct p256_key *k, const uint8_t point[P256_POINT], const uint8_t serial[8], struct buf *der);

#endif
