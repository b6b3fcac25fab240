/* SPDX-License-Identifier: ISC */
/* Which names and addresses are the exchange's own, and how it writes itself. */
#ifndef EDGE_NAMES_H
#define EDGE_NAMES_H

#include "edge.h"
#include "wire/sip_write.h"

enum {
	OWN_METHODS = 1 << SIP_INVITE | 1 << SIP_ACK | 1 << SIP_BYE | 1 << SIP_CANCEL | 1 << SIP_REGISTER |
	              1 << SIP_OPTIONS | 1 << SIP_PRACK | 1 << SIP_UPDATE | 1 << SIP_MESSAGE | 1 << SIP_REFER |
	              1 << SIP_NOTIFY | 1 << SIP_INFO | 1 << SIP_SUBSCRIBE,
	OWN_TAGS = SIP_TAG_100REL | SIP_TAG_TIMER | SIP_TAG_OUTBOUND
};

/* what a phone may hear of (RFC 6665 8.2.2) */
#define OWN_EVENTS "refer"

struct span name_domain(void);
bool name_is_ours(const struct uri *u);

/* The site's emergency number that a tel URI or urn:service:sos asks for, of the latter the first; empty: none. */
struct span name_emergency(const struct uri *u);

/* Has this Via element passed here before? */
bool name_wrote_via(struct span via);

void name_put_via(struct buf *b, uint8_t listener, struct span branch);
/* Contact: <sip:TOKEN@ADDRESS:PORT;transport=tls>; nothing when there is no token. */
void name_put_contact(struct buf *b, uint8_t listener, struct span token);
/* "display" <sip:user@domain>;tag=tag */
void name_put_user(struct buf *b, enum sip_header h, struct span display, struct span user, struct span tag);

#endif
