/* SPDX-License-Identifier: ISC */
/* Who vouches for a trunk, and whether the certificate it shows is the trunk's (RFC 5922). */
#ifndef EDGE_TRUST_H
#define EDGE_TRUST_H

#include "conn.h"

void trust_on_give(struct link *from, const struct ipc_view *v);
/* NULL, or why this site's trunks cannot be: what was given since the last commit counts. */
const char *trust_prepare(const struct site *s);
void trust_commit(const struct site *s);

/* For gnutls_session_set_verify_function() of a trunk's connection, whichever side made it. */
int trust_verify(gnutls_session_t session);

#endif
