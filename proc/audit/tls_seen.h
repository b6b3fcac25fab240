/* SPDX-License-Identifier: ISC */
/* What a TLS ClientHello says in clear, as far as it stands in one segment. */
#ifndef AUDIT_TLS_SEEN_H
#define AUDIT_TLS_SEEN_H

#include "base/span.h"

struct tls_seen {
	struct span name; /* of the server (RFC 6066 3); empty: none */
	bool alpn_sip;    /* "sip/2" (RFC 7301) */
	bool alpn_web;    /* "http/1.1" and nothing else: what browsers offer for a WebSocket */
};

bool tls_is_record(struct span s);                  /* a segment that begins with one, TLS 1.0 or later */
bool tls_seen(struct span s, struct tls_seen *out); /* false: no ClientHello begins here */
/* "sip.example.org", "sips.example.org": a label of the name says what is behind it. */
bool tls_name_is_sip(struct span name);

#endif
