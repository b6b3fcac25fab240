/* SPDX-License-Identifier: ISC */
/* The words of SIP that have a number here: methods, transports, option tags, and the headers we know. */
#ifndef WIRE_SIP_TOKEN_H
#define WIRE_SIP_TOKEN_H

#include "base/span.h"

enum sip_method {
	SIP_UNKNOWN,
	SIP_INVITE,
	SIP_ACK,
	SIP_BYE,
	SIP_CANCEL,
	SIP_REGISTER,
	SIP_OPTIONS,
	SIP_PRACK,
	SIP_UPDATE,
	SIP_MESSAGE,
	SIP_REFER,
	SIP_SUBSCRIBE,
	SIP_NOTIFY,
	SIP_INFO,
	SIP_PUBLISH,
	SIP_METHODS_N
};

enum sip_transport {
	SIP_TRANSPORT_NONE, /* not said */
	SIP_TRANSPORT_UDP,
	SIP_TRANSPORT_TCP,
	SIP_TRANSPORT_TLS,
	SIP_TRANSPORT_WS,
	SIP_TRANSPORT_WSS,
	SIP_TRANSPORT_SCTP,
	SIP_TRANSPORT_OTHER,
	SIP_TRANSPORTS_N
};

/* Option tags (RFC 3261 27.1), as bits of a mask. */
enum sip_tag {
	SIP_TAG_100REL = 1 << 0,
	SIP_TAG_TIMER = 1 << 1,
	SIP_TAG_OUTBOUND = 1 << 2,
	SIP_TAG_PATH = 1 << 3,
	SIP_TAG_GRUU = 1 << 4,
	SIP_TAG_REPLACES = 1 << 5,
	SIP_TAG_NOREFERSUB = 1 << 6,
	SIP_TAG_TDIALOG = 1 << 7,
	SIP_TAG_JOIN = 1 << 8,
	SIP_TAG_FROM_CHANGE = 1 << 9,
	SIP_TAG_HISTINFO = 1 << 10,
	SIP_TAG_PRECONDITION = 1 << 11,
	SIP_TAG_PRIVACY = 1 << 12,
	SIP_TAG_SEC_AGREE = 1 << 13,
	SIP_TAG_199 = 1 << 14,
	SIP_TAG_EVENTLIST = 1 << 15,
	SIP_TAG_EARLY_SESSION = 1 << 16,
	SIP_TAG_ICE = 1 << 17
};

/* Headers that are read or written as typed fields. Every other one is checked for its characters and
 * dropped. */
enum sip_header {
	SIP_H_NONE,
	SIP_H_ACCEPT,
	SIP_H_ALLOW,
	SIP_H_ALLOW_EVENTS,
	SIP_H_AUTHORIZATION,
	SIP_H_CALL_ID,
	SIP_H_CONTACT,
	SIP_H_CONTENT_DISPOSITION,
	SIP_H_CONTENT_ENCODING,
	SIP_H_CONTENT_LENGTH,
	SIP_H_CONTENT_TYPE,
	SIP_H_CSEQ,
	SIP_H_DATE,
	SIP_H_EVENT,
	SIP_H_EXPIRES,
	SIP_H_FLOW_TIMER,
	SIP_H_FROM,
	SIP_H_IDENTITY,
	SIP_H_MAX_FORWARDS,
	SIP_H_MIME_VERSION,
	SIP_H_MIN_EXPIRES,
	SIP_H_MIN_SE,
	SIP_H_ORGANIZATION,
	SIP_H_P_ASSERTED_IDENTITY,
	SIP_H_P_CALLED_PARTY_ID,
	SIP_H_PRIORITY,
	SIP_H_PRIVACY,
	SIP_H_PROXY_AUTHENTICATE,
	SIP_H_PROXY_AUTHORIZATION,
	SIP_H_PROXY_REQUIRE,
	SIP_H_RACK,
	SIP_H_REASON,
	SIP_H_RECORD_ROUTE,
	SIP_H_REFER_TO,
	SIP_H_REFERRED_BY,
	SIP_H_REPLACES,
	SIP_H_REQUIRE,
	SIP_H_RETRY_AFTER,
	SIP_H_ROUTE,
	SIP_H_RSEQ,
	SIP_H_SERVER,
	SIP_H_SESSION_EXPIRES,
	SIP_H_SIP_ETAG,
	SIP_H_SIP_IF_MATCH,
	SIP_H_SUBJECT,
	SIP_H_SUBSCRIPTION_STATE,
	SIP_H_SUPPORTED,
	SIP_H_TIMESTAMP,
	SIP_H_TO,
	SIP_H_UNSUPPORTED,
	SIP_H_USER_AGENT,
	SIP_H_VIA,
	SIP_H_WARNING,
	SIP_H_WWW_AUTHENTICATE,
	SIP_HEADERS_N
};

/* Methods are compared with their case (RFC 3261 7.1), transports, tags and headers without it. */
enum sip_method sip_method_find(struct span name);
struct span sip_method_name(enum sip_method m); /* empty for SIP_UNKNOWN */

enum sip_transport sip_transport_find(struct span name); /* SIP_TRANSPORT_OTHER when unknown */
struct span sip_transport_name(enum sip_transport t);    /* "TLS"; empty for NONE and OTHER */

uint32_t sip_tag_find(struct span name); /* 0 when unknown */
struct span sip_tag_name(unsigned bit);  /* by bit number; empty past the last */

/* The long or the compact name; SIP_H_NONE when unknown. */
enum sip_header sip_header_find(struct span name);
struct span sip_header_name(enum sip_header h);

/* The phrase of RFC 3261 21 and later RFCs; that of the class ("Client Error") when the code has none. */
struct span sip_reason_phrase(unsigned code);

#endif
