/* SPDX-License-Identifier: ISC */
/* SIP bytes to typed fields (RFC 3261 25.1 and the RFCs named at each field). Nothing is allocated or copied:
 * every span points into the message, which must outlive the struct. What has no field here was checked and
 * is gone. */
#ifndef WIRE_SIP_H
#define WIRE_SIP_H

#include "wire/digest.h"
#include "wire/sip_limits.h"
#include "wire/sip_token.h"
#include "wire/uri.h"

struct sip_via {
	struct span text; /* the element as it came */
	struct span host, branch;
	struct addr addr; /* of an IP sent-by, with its port; family 0 for a name */
	struct addr received;
	uint16_t port;       /* 0 when none is said */
	uint16_t rport_port; /* value of rport, 0 when it had none */
	enum sip_transport transport : 8;
	bool rport;
	bool cookie; /* branch is z9hG4bK and more: it identifies a transaction (RFC 3261 8.1.1.7) */
};

/* From, To, Contact, Refer-To, ... */
struct sip_addr {
	struct span text;    /* the whole value as it came */
	struct span display; /* between the quotes, still escaped, or tokens; sip_unquote() reads it */
	struct uri uri;
	struct span tag;    /* From and To; empty when none (RFC 2543) */
	struct span params; /* all header parameters, with the first semicolon */
};

struct sip_contact {
	struct sip_addr addr;
	struct span instance; /* +sip.instance between its quotes: <urn:uuid:...> (RFC 5626 4.1) */
	uint32_t expires_s, reg_id;
	uint16_t q; /* 0..1000 */
	bool has_expires, has_q, has_reg_id;
};

struct sip_tags {
	uint32_t known;    /* enum sip_tag */
	uint8_t unknown_n; /* of those kept */
	struct span unknown[SIP_UNKNOWN_MAX];
};

/* Digest credentials of Authorization or Proxy-Authorization. Values are what stands between the quotes; they
 * hold no backslash (refused), so they need no further reading. */
struct sip_credentials {
	struct span username, realm, nonce, uri, response, cnonce, opaque;
	uint32_t nc;
	enum digest_alg alg : 8;
	enum digest_qop qop : 8;
	bool proxy, has_alg, has_nc, userhash;
};

struct sip_challenge {
	struct span realm, nonce, opaque;
	enum digest_alg alg : 8;
	bool proxy, stale, qop_auth, has_qop;
};

struct sip_reason { /* RFC 3326 */
	enum sip_reason_protocol { SIP_REASON_NONE, SIP_REASON_SIP, SIP_REASON_Q850 } protocol;
	uint16_t cause;
	bool has_cause;
	struct span text;
};

struct sip_replaces { /* RFC 3891 */
	struct span call_id, to_tag, from_tag;
	bool early_only;
};

enum sip_accept { SIP_ACCEPT_SDP = 1 << 0, SIP_ACCEPT_SIPFRAG = 1 << 1, SIP_ACCEPT_TEXT = 1 << 2 };
enum sip_media {
	SIP_MEDIA_NONE,
	SIP_MEDIA_SDP,
	SIP_MEDIA_TEXT,
	SIP_MEDIA_SIPFRAG,
	SIP_MEDIA_DTMF_RELAY, /* of INFO: "Signal=5" */
	SIP_MEDIA_DTMF,
	SIP_MEDIA_PIDF,
	SIP_MEDIA_MULTIPART, /* mixed; its parts: sip_multipart.h */
	SIP_MEDIA_MULTIPART_OTHER,
	SIP_MEDIA_OTHER
};
enum sip_refresher { SIP_REFRESHER_NONE, SIP_REFRESHER_UAC, SIP_REFRESHER_UAS };
enum sip_substate {
	SIP_SUBSTATE_NONE,
	SIP_SUBSTATE_ACTIVE,
	SIP_SUBSTATE_PENDING,
	SIP_SUBSTATE_TERMINATED,
	SIP_SUBSTATE_OTHER
};
enum sip_privacy {
	SIP_PRIVACY_NONE = 1 << 0, /* the word "none", RFC 3323 4.2 */
	SIP_PRIVACY_HEADER = 1 << 1,
	SIP_PRIVACY_SESSION = 1 << 2,
	SIP_PRIVACY_USER = 1 << 3,
	SIP_PRIVACY_ID = 1 << 4, /* RFC 3325 9.3 */
	SIP_PRIVACY_CRITICAL = 1 << 5,
	SIP_PRIVACY_HISTORY = 1 << 6,
	SIP_PRIVACY_OTHER = 1 << 7
};

struct sip_msg {
	bool is_request;
	enum sip_method method; /* of a response: that of its CSeq */
	struct span method_name;
	struct uri uri; /* of a request */
	uint16_t status;
	struct span reason_phrase;

	uint64_t has; /* 1 << enum sip_header for each that stood in the message; see sip_has() */

	struct sip_via via; /* the topmost */
	struct span via_text[SIP_VIA_MAX];
	uint8_t via_n;
	struct sip_addr from, to;
	struct span call_id;
	struct span cseq_text; /* its whole value, for the answer to a bad request */
	uint32_t cseq;
	uint8_t max_forwards; /* these scalars mean something only when sip_has() says so */
	uint32_t expires_s, min_expires_s, flow_timer_s, retry_after_s;
	uint32_t session_expires_s, min_se_s; /* RFC 4028 */
	enum sip_refresher refresher;
	uint32_t rseq; /* RFC 3262 */
	struct {
		uint32_t rseq, cseq;
		enum sip_method method;
	} rack;

	bool contact_star;
	uint8_t contact_n;
	struct sip_contact contact[SIP_CONTACT_MAX];

	uint8_t route_n, record_route_n;
	struct span route[SIP_ROUTE_MAX]; /* each one name-addr with its parameters, checked */
	struct span record_route[SIP_ROUTE_MAX];
	struct uri route_top; /* URI of route[0] */

	uint32_t supported, unsupported; /* enum sip_tag; tags we do not know are dropped */
	struct sip_tags require, proxy_require;
	uint32_t allow; /* 1 << enum sip_method */

	uint8_t credentials_n, challenge_n;
	bool auth_other; /* credentials of another scheme than Digest stood there */
	struct sip_credentials credentials[SIP_CREDENTIALS_MAX];
	struct sip_challenge challenge[SIP_CHALLENGES_MAX];

	uint8_t reason_n;
	struct sip_reason reason[SIP_REASONS_MAX];
	struct {
		uint16_t code;
		struct span agent, text;
	} warning; /* the first */

	uint32_t accept; /* enum sip_accept; without the header: everything */
	enum sip_media content;
	struct span content_type;     /* "type/subtype" */
	struct span boundary;         /* of multipart, without quotes */
	struct span content_encoding; /* empty when none or identity */
	struct span disposition;
	bool disposition_optional; /* handling=optional, RFC 3261 20.11 */

	struct sip_addr refer_to, referred_by;
	struct sip_replaces replaces;
	struct span event, event_id;
	enum sip_substate substate;
	uint32_t substate_expires_s;
	uint32_t privacy; /* enum sip_privacy */
	uint8_t identity_n;
	struct sip_addr identity[SIP_IDENTITIES_MAX]; /* P-Asserted-Identity */
	struct sip_addr called_party; /* P-Called-Party-ID, RFC 7315 4.2; text empty: none, or not one to be read */
	uint8_t signature_n;
	struct span
	    signature[SIP_SIGNATURES_MAX]; /* Identity headers as they came, RFC 8224; what is beyond is left out */
	struct span timestamp, user_agent, sip_etag, sip_if_match;

	uint32_t content_length;
	struct span head; /* start line to blank line */
	struct span body;
};

static inline bool sip_has(const struct sip_msg *m, enum sip_header h)
{
	return m->has >> h & 1;
}

enum sip_verdict {
	SIP_OK,
	SIP_ANSWER, /* a bad request with enough in it to be answered: sip_put_response() with err->code */
	SIP_DISCARD /* a bad response or ACK, or one that cannot be answered */
};

struct sip_error {
	uint16_t code;      /* 400, 413, 416, 505, 513 ... */
	uint32_t offset;    /* into the message, near the fault */
	const char *reason; /* static, for an operator and for the reason phrase; never text from outside */
};

/* Stricter than RFC 3261 on purpose: lines end in CR LF only, NUL and other controls stand nowhere, also not
 * after a backslash; all text is UTF-8, or in quotes made so; a fold of nothing but white space, a password or an escaped control
 * in a URI, headers in the URI of a start line, From, To or route, a backslash in credentials, and a body
 * without Content-Type are refused; From and To are sip, sips or tel, a request's Contact sip or sips; a
 * response has one Via. Looser in nothing but what RFC 2543 phones send: no tag, no branch, no cookie, no
 * Max-Forwards. */

/* Read one message: a datagram, or what sip_frame() cut. Folded lines are joined in place (their CR LF become
 * spaces, RFC 3261 7.3.1), and what is not UTF-8 in quotes becomes '?', which are the only writes. On SIP_OK all of *out is set; on SIP_ANSWER at least the
 * topmost Via and cseq_text, and what else could be read, so that sip_put_response() can echo it. *err is set
 * in both other cases. Octets past Content-Length are dropped (18.3). */
enum sip_verdict sip_parse(uint8_t *message, size_t n, struct sip_msg *out, struct sip_error *err)
    __attribute__((warn_unused_result));

/* One of its via_text[], of which only the first was kept. */
bool sip_via_of(struct span text, struct sip_via *out) __attribute__((warn_unused_result));

/* One stream's place in its current message; zeroed at the start of the connection. */
struct sip_framer {
	size_t line;    /* where the header line in hand begins */
	size_t scanned; /* no line end before this */
	size_t total_n; /* head and body, once the head is whole */
	uint32_t body_n;
	bool has_length, half_ping;
};

enum sip_frame {
	SIP_FRAME_MORE,    /* nothing complete yet */
	SIP_FRAME_MESSAGE, /* *n octets are one message */
	SIP_FRAME_PING,    /* *n octets were a keep-alive: answer CRLF (RFC 5626 3.5.1) */
	SIP_FRAME_PONG,    /* *n octets were its answer, or an empty line: ignore */
	SIP_FRAME_FATAL    /* close the connection; *err says why */
};

/* Find the next message in the octets that wait on a stream. The caller takes away the *n octets it names
 * before the next call. Every message needs exactly one Content-Length (RFC 3261 18.3). Octets are not looked
 * at twice. */
enum sip_frame sip_frame(struct sip_framer *f, struct span waiting, size_t *n, struct sip_error *err);

/* Undo a quoted string's escapes or collapse the white space of tokens. Length, or -1 when it does not fit.
 */
int sip_unquote(struct span s, uint8_t *out, size_t cap);

#endif
