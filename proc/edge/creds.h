/* SPDX-License-Identifier: ISC */
/* What a TLS handshake shows and trusts. Handshakes go on with theirs while others take its place: the last who lets go of it frees it. */
#ifndef EDGE_CREDS_H
#define EDGE_CREDS_H

#include <gnutls/gnutls.h>

struct creds;

/* Takes `of` over, also where there is no memory (NULL). The caller holds it. */
struct creds *creds_new(gnutls_certificate_credentials_t of);
struct creds *creds_hold(struct creds *c);
void creds_let_go(struct creds **c); /* *c is NULL then, and may have been */

/* For gnutls_credentials_set(). */
gnutls_certificate_credentials_t creds_of(const struct creds *c);

#endif
