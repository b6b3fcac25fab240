/* SPDX-License-Identifier: ISC */
/* Every bound of the SIP codec, with its why. What exceeds one is refused, never cut short. */
#ifndef WIRE_SIP_LIMITS_H
#define WIRE_SIP_LIMITS_H

enum sip_limits {
	SIP_MESSAGE_MAX = 32768, /* head + body + slack; the largest frame between processes */
	SIP_HEAD_MAX = 16384,    /* start line and headers; RFC 4475 longreq has 3.4 kB, a WebRTC INVITE 2 kB */
	SIP_BODY_MAX = 16384,    /* a browser's SDP with every codec is 8 kB */
	SIP_START_LINE_MAX = 1024,
	SIP_LINE_MAX = 4096,     /* one header with its folds; a STIR Identity is 1 kB */
	SIP_HEADERS_MAX = 80,    /* longreq has 42 */
	SIP_URI_MAX = 768,       /* longreq has 570 */
	SIP_PARAMS_MAX = 32,     /* of one URI or one header element; duplicates are searched pairwise */
	SIP_TOKEN_MAX = 256,     /* Call-ID, tag, branch: echo tokens that other processes keep */
	SIP_VIA_MAX = 40,        /* longreq has 34; our own topology 2 */
	SIP_ROUTE_MAX = 16,      /* Route and Record-Route, each */
	SIP_CONTACT_MAX = 8,     /* bindings of one REGISTER, targets of one 3xx */
	SIP_CREDENTIALS_MAX = 4, /* Authorization and Proxy-Authorization together */
	SIP_CHALLENGES_MAX = 4,  /* one per algorithm, RFC 8760 2.4 */
	SIP_SIGNATURES_MAX = 4,  /* Identity: of the caller, of diversions, of a name */
	SIP_IDENTITIES_MAX = 2,  /* P-Asserted-Identity: one sip and one tel, RFC 3325 9.1 */
	SIP_REASONS_MAX = 2,     /* SIP and Q.850 */
	SIP_UNKNOWN_MAX = 8,     /* option tags kept for Unsupported */
	SIP_LIST_MAX = 64,       /* elements of one comma list */
	SIP_MAX_FORWARDS_MAX = 255,
	SIP_CSEQ_MAX = 0x7fffffff /* RFC 3261 8.1.1.5 */
};

#endif
