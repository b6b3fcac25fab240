/* SPDX-License-Identifier: ISC */
/* GnuTLS between a connection's socket and its SIP octets. The server's key stays in signer: each handshake asks it for
 * one signature and waits at most FARKEY_WAIT_MS. */
#ifndef EDGE_TLS_H
#define EDGE_TLS_H

#include "conn.h"

enum tls_result { TLS_OK, TLS_MORE, TLS_REFUSED, TLS_CLOSED };

void tls_open(void);

/* May a handshake begin? No: there is no certificate yet, or signer is silent. */
bool tls_ready(void);

bool tls_begin(struct conn *c);
void tls_end(struct conn *c);

/* Octets from the socket, to be consumed by the calls that follow in this turn. */
void tls_feed(struct span octets, bool end_of_stream);
enum tls_result tls_handshake(struct conn *c);

/* Plain octets read (more than 0), or -1 with *result: MORE, CLOSED or REFUSED (the peer broke TLS). */
long tls_read(struct conn *c, void *p, size_t n, enum tls_result *result);
/* All that was fed is read: tls_read() would say MORE. */
bool tls_is_drained(const struct conn *c);
bool tls_write(struct conn *c, struct span s);

/* Say why and stop writing. */
void tls_alert(struct conn *c, int error);
void tls_bye(struct conn *c);

void tls_on_cert_chain(struct link *from, const struct ipc_view *v);

/* Take up a certificate that has arrived; outside of every handler, since GnuTLS tries the key at once. */
void tls_renew(void);

#endif
