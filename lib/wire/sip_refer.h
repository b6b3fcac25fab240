/* SPDX-License-Identifier: ISC */
/* What rides inside other fields of a transfer, and the one digit of an INFO: each is small, comes from outside and is read
 * as strictly as a header. Spans point into what was read. */
#ifndef WIRE_SIP_REFER_H
#define WIRE_SIP_REFER_H

#include "wire/sip.h"

enum { SIP_REPLACES_MAX = 3 * SIP_TOKEN_MAX + 64 }; /* Call-ID, two tags and the words between them, unescaped */

/* The value of a Replaces header (RFC 3891 6.1), all of s. */
bool sip_replaces_parse(struct span s, struct sip_replaces *out);

/* What stands behind the "?" of a Refer-To's URI: nothing, or one Replaces, unescaped into mem. Any other header, or two of
 * them, is refused: whatever a phone could smuggle there would be a header of the request that follows (RFC 3261 19.1.5).
 * NULL, or a static reason; without Replaces *out is all zero. */
const char *sip_refer_headers(struct span headers, uint8_t mem[SIP_REPLACES_MAX], struct sip_replaces *out);

/* The code in the status line that begins a message/sipfrag (RFC 3420); what follows it is not looked at. 0: none. */
unsigned sip_frag_status(struct span body);

/* The digit in the body of an INFO: "Signal=5" among the lines of application/dtmf-relay, or the digit alone of
 * application/dtmf. 0: not exactly one of 0-9*#. */
unsigned sip_info_key(enum sip_media content, struct span body);

#endif
