/* SPDX-License-Identifier: ISC */
/* sip, sips and tel URIs (RFC 3261 19.1 and 25.1, RFC 3966). Spans point into the text that was read. */
#ifndef WIRE_URI_H
#define WIRE_URI_H

#include "base/addr.h"
#include "wire/sip_token.h"

enum uri_scheme { URI_NONE, URI_SIP, URI_SIPS, URI_TEL, URI_OTHER };
enum uri_host { URI_HOST_NONE, URI_HOST_NAME, URI_HOST_IP };

struct uri {
	struct span text;    /* the whole URI */
	struct span user;    /* still escaped; a tel number with its visual separators; what follows the colon if
			     OTHER */
	struct span host;    /* without brackets */
	struct addr addr;    /* of an IP host, with the port (0 when none is said); family 0 for a name */
	struct span params;  /* all of ";a=b;c" with its first semicolon */
	struct span headers; /* what follows "?", unread */
	struct span gr;      /* value of gr (RFC 5627); see has_gr */
	struct span maddr;
	struct span phone_context;
	uint16_t port; /* 0 when none is said */
	enum uri_scheme scheme : 8;
	enum uri_host host_kind : 8;
	enum sip_transport transport : 8;
	enum sip_method method : 8; /* of ;method= */
	bool user_phone, lr, ob, has_gr, has_maddr, has_ttl, has_method;
	uint8_t ttl;
};

/* All of s must be one URI. False: *why is a static reason. Refused beyond the grammar, on purpose: a
 * password, an escaped NUL or control character, a parameter that stands twice. Any other scheme is
 * URI_OTHER, checked for characters only. */
bool uri_parse(struct span s, struct uri *out, const char **why);

/* Its text without headers: a Contact may carry them, a Request-URI may not (RFC 3261 19.1.1, table 1). */
struct span uri_bare(const struct uri *u);

/* urn:service:sos or a service below it, in any case (RFC 5031 4.2, 4.3). */
bool uri_is_sos(const struct uri *u);

/* RFC 3261 19.1.4. */
bool uri_eq(const struct uri *a, const struct uri *b);

/* Undo %-escapes. Length written, or -1: too long, a bad escape, a NUL or control character, or not UTF-8. */
int uri_unescape(struct span s, uint8_t *out, size_t cap);

/* A URI to be written. The user is plain text and gets its escapes here. */
struct uri_out {
	enum uri_scheme scheme; /* URI_SIP or URI_SIPS */
	struct span user;       /* empty: none */
	struct span host;       /* a name; empty: write addr */
	struct addr addr;       /* used when host is empty, without its port */
	uint16_t port;          /* 0: none */
	enum sip_transport transport;
	bool lr, ob, user_phone;
	struct span gr; /* empty: none */
};

/* A host that is no host name, or a user that holds a control character, sets b->full. */
void uri_put(struct buf *b, const struct uri_out *u);

#endif
