/* SPDX-License-Identifier: ISC */
/* What core asks of media: ports, relays, bans. The relay wishes are made from the two legs' descriptions. */
#ifndef CORE_MEDIA_H
#define CORE_MEDIA_H

#include "call.h"

/* Slots are handed out longest rested first: tens of seconds in practice, so that a phone which has not heard of the end
 * talks to nobody; when nearly all are in use still never less than this. One of which nobody was told does not rest. */
enum { MEDIA_PORTS_REST_MS = 2000, MEDIA_NO_PORTS = UINT32_MAX };

/* Of the site's ports. */
static inline uint32_t media_slots(const struct site *s)
{
	return (uint32_t)(s->media_port_hi - s->media_port_lo + 1) / RELAY_PORTS;
}

void media_init(void);
bool media_ready(void);

/* A slot of four ports (RTP and RTCP for each side); MEDIA_NO_PORTS when none is rested. */
uint32_t media_take_ports(enum pool_claim claim);
bool media_adopt_ports(uint32_t slot, uint16_t first); /* false: taken, or not of this range */
uint16_t media_first_port(uint32_t slot);
void media_release_ports(uint32_t slot);

/* The phone at this leg sees the exchange's address, ports and ICE here, never the other phone's. */
void media_face(struct sdp *sdp, const struct call *c, struct leg *l, bool rtcp_mux);

/* The RTP port of a side; its RTCP port is the next. */
uint16_t media_port(const struct call *c, unsigned side);

/* What media is to do for this call, without its deadline. */
void media_wish(const struct call *c, struct relay_spec *spec);
/* Would media take it? Not of a call whose legs were both lost, or do not belong together, in a restart. */
bool media_would_take(const struct call *c);
/* Send (or renew) the wish for this call. */
enum media_told {
	MEDIA_TOLD,
	MEDIA_LATER, /* not this moment */
	MEDIA_NEVER, /* media_would_take() says no: what its phones said cannot be relayed */
};
enum media_told media_relay(struct call *c);
void media_close(struct call *c);
/* A media that came up is to hear of this call: media_relay() tells it. When it has heard of each such call that is not over by then, it is
 * told that these were all, and what it holds besides is nobody's. */
void media_owe(struct call *c);
/* It has heard of it, or the call is over. */
void media_owe_no_more(struct call *c);

/* Which key method both descriptions agreed on (RELAY_KEY_NONE: none yet). */
enum relay_key media_key(const struct sdp *answer);

/* Behind NAT and without ICE: the address in the SDP is not where the phone was seen. */
bool media_behind_nat(const struct leg *l, const struct sdp *sdp);

/* SHA-256 of the certificate that media shows on legs that it ends; NULL while it has told none. */
const uint8_t *media_fingerprint(void);

void media_on_dtls_ours(struct link *from, const struct ipc_view *v);
void media_on_ports(struct link *from, const struct ipc_view *v);
void media_on_relayed(struct link *from, const struct ipc_view *v);
void media_on_failed(struct link *from, const struct ipc_view *v);
void media_on_gate(struct link *from, const struct ipc_view *v);
void media_on_forged(struct link *from, const struct ipc_view *v);
void media_on_varying(struct link *from, const struct ipc_view *v);
void media_on_counts(struct link *from, const struct ipc_view *v);
void media_down(void);

void media_status(struct proc_status *s);

#endif
