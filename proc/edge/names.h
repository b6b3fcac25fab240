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
	TRUNK_METHODS = 1 << SIP_INVITE | 1 << SIP_ACK | 1 << SIP_BYE | 1 << SIP_CANCEL | 1 << SIP_OPTIONS |
	                1 << SIP_PRACK | 1 << SIP_UPDATE | 1 << SIP_INFO,
	OWN_TAGS = SIP_TAG_100REL | SIP_TAG_TIMER | SIP_TAG_OUTBOUND
};

/* what a phone may hear of (RFC 6665 8.2.2) */
#define OWN_EVENTS "refer, message-summary"

struct span name_domain(void);
bool name_is_ours(const struct uri *u);

/* The site's emergency number that a tel URI or urn:service:sos asks for, of the latter the general one; empty: none. */
struct span name_emergency(const struct uri *u);

/* The same for what a trunk sends: its own domain and server are as good as ours, but that makes nobody one of us. */
bool name_is_for_us(const struct uri *u, uint8_t trunk);

/* Is its sent-by an address of ours? */
bool name_wrote_via(const struct sip_via *via);

/* stream: over TCP, although this listener's trunk speaks UDP. */
void name_put_via(struct buf *b, uint8_t listener, bool stream, struct span branch);
/* Contact: <sip:TOKEN@ADDRESS:PORT;transport=...>; nothing when there is no token. */
void name_put_contact(struct buf *b, uint8_t listener, struct span token);
/* "display" <sip:user@domain>;tag=tag; the domain is ours, or the trunk's. To a trunk no display name goes (R8). */
void name_put_user(
    struct buf *b, enum sip_header h, uint8_t trunk, struct span display, struct span user, struct span tag);
/* "Anonymous" <sip:anonymous@anonymous.invalid>;tag=tag (RFC 3323 4.1.1.3), and whether a From is so, whatever its user part */
bool name_is_nobody(const struct uri *u);
void name_put_nobody(struct buf *b, enum sip_header h, struct span tag);

#endif
