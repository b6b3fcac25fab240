/* SPDX-License-Identifier: ISC */
/* Typed fields to SIP bytes, one line at a time, in the order of the calls: start line, headers, then exactly
 * one of sip_put_no_body(), sip_put_body() or sip_body_begin() + sip_body_end(). Any value that holds CR, LF,
 * NUL or another control character, or that its grammar refuses, sets b->full like one that does not fit:
 * check once, at the end. */
#ifndef WIRE_SIP_WRITE_H
#define WIRE_SIP_WRITE_H

#include "wire/sip.h"

void sip_put_request(struct buf *b, enum sip_method method, struct span uri);
void sip_put_status(struct buf *b, unsigned code, const char *phrase); /* NULL: the table's */

/* Status line, all Vias (received and rport filled in from source, RFC 3261 18.2.1 and RFC 3581), From, To,
 * Call-ID, CSeq, and Timestamp in a 100. to_tag is added when To has none; empty for a 100. Works on
 * SIP_ANSWER too. */
void sip_put_response(struct buf *b, const struct sip_msg *req, unsigned code, const char *phrase, struct span to_tag,
    const struct addr *source);

struct sip_via_out {
	enum sip_transport transport;
	struct span host; /* a name; empty: write addr */
	struct addr addr;
	uint16_t port;      /* 0: none */
	struct span branch; /* with its cookie */
	bool rport;         /* ask for it */
};
void sip_put_via(struct buf *b, const struct sip_via_out *v);

struct sip_addr_out {
	struct span display;        /* plain text, quoted here; empty: none */
	struct span uri;            /* text; refused unless it parses */
	struct span tag;            /* empty: none */
	const struct uri_out *made; /* instead of uri; what uri_put() refuses is refused */
};
/* From, To, Refer-To, Referred-By, P-Asserted-Identity, Contact without parameters, ... */
void sip_put_addr(struct buf *b, enum sip_header h, const struct sip_addr_out *a);

struct sip_contact_out {
	struct span display, uri;
	struct span instance; /* <urn:uuid:...>; empty: none */
	bool has_expires;
	uint32_t expires_s, reg_id; /* reg_id 0: none */
	uint16_t q;                 /* 0: none */
};
void sip_put_contact(struct buf *b, const struct sip_contact_out *c);

void sip_put_cseq(struct buf *b, uint32_t n, enum sip_method method);
void sip_put_number(struct buf *b, enum sip_header h, uint32_t v); /* Max-Forwards, Expires, RSeq, Retry-After, ... */
void sip_put_text(
    struct buf *b, enum sip_header h, struct span v); /* any value that is one line: Call-ID, Event, ... */
void sip_put_tags(struct buf *b, enum sip_header h, uint32_t tags); /* Supported, Require; nothing when 0 */
void sip_put_unsupported(struct buf *b, const struct sip_tags *t, uint32_t understood); /* those of t we do not have */
void sip_put_allow(struct buf *b, uint32_t methods);
void sip_put_session_expires(struct buf *b, uint32_t s, enum sip_refresher r);
void sip_put_rack(struct buf *b, uint32_t rseq, uint32_t cseq, enum sip_method method);
void sip_put_reason(
    struct buf *b, enum sip_reason_protocol p, unsigned cause, struct span text); /* text is quoted here */
void sip_put_warning(struct buf *b, unsigned code, struct span agent, struct span text);
void sip_put_subscription_state(struct buf *b, enum sip_substate s, uint32_t expires_s, struct span reason);
void sip_put_challenge(struct buf *b, const struct digest_challenge_out *c); /* WWW-Authenticate */
void sip_put_credentials(struct buf *b, const struct digest_credentials_out *c, bool proxy);

void sip_put_no_body(struct buf *b); /* Content-Length: 0 and the blank line */
void sip_put_body(struct buf *b, struct span content_type, struct span body);
/* The body is written into b in place between the two; the length is filled in afterwards. */
size_t sip_body_begin(struct buf *b, struct span content_type);
void sip_body_end(struct buf *b, size_t mark);

#endif
