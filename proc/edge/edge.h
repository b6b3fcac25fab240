/* SPDX-License-Identifier: ISC */
/* What the parts of the edge share: the forms of its ids, its limits, and what it counts. */
#ifndef EDGE_EDGE_H
#define EDGE_EDGE_H

#include "base/pool.h"
#include "ipc/child.h"

#define NO_SLOT UINT32_MAX

enum {
	HANDSHAKE_MS = 5000,      /* T20 */
	MESSAGE_MS = 4000,        /* from the first octet of a message to its last (T20) */
	LINGER_MS = 1000,         /* for the peer to read a fatal alert before the socket is gone */
	IDLE_MS = 20 * 60 * 1000, /* no octet for so long: the phone is gone */
	IDLE_LOOK_MS = 10 * 1000,
	PINGS_MISSED = 4,
	OUT_MAX = 64 * 1024,   /* octets that wait for a slow reader */
	HANDSHAKES_MAX = 1024, /* at once; the oldest makes room */
	HANDSHAKES_PER_HOST = 256,
	HANDSHAKES_PER_NET = 512, /* IPv6, of 64 bits: half of what there is, for there may be neighbours in it */
	ACCEPTS_PER_TURN = 16,
	HANDSHAKE_STEPS_PER_TURN = 16, /* a third of a millisecond each; SIP is served between the turns */
	PENDING_PER_DEVICE = 64,  /* requests that wait for their answer or its ACK: one phone cannot fill the table */
	PENDING_PER_TRUNK = 1024, /* over all its connections; many callers stand behind it */
	PENDING_EMERGENCY = 8,    /* more of them, for emergency calls */
	FLOWS_PER_DEVICE = 8,     /* the oldest makes room */
	BAD_MESSAGES_MAX = 32,    /* of one connection, then it closes; */
	BAD_FORGIVEN_MS = 10000,  /* one of them in so long, */
	BAD_FORGIVEN_TRUNK_MS = 1000, /* and of a trunk, behind which many callers stand, in so long */
	PROVISIONALS_MAX = 64,        /* that one client transaction passes on */
	EVENTS_PER_SECOND = 20,       /* of strangers; the rest is counted */
	HELP_TOLD_MS = 2000,          /* of a phone, calls for help that are refused here; */
	HELP_TOLD_PER_SECOND = 20,    /* of all */
	NOBODY_MS = 2000, /* without signer, core or directory new connections wait so long in the backlog */
	RESERVE = 16,     /* one slot in so many is kept for emergency calls */
	RETRY_AFTER_S = 2,
};

struct counts {
	uint64_t accepted, turned_away, handshakes, handshakes_refused;
	uint64_t sip_octets, requests, responses, bad_messages, strays, own_answers, overload;
	uint64_t slow, late_messages, closed_revoked, places_refused;
};
extern struct counts count;

/* Flows and server transactions go out as node(8) | generation(24) | edge(4) | slot(28). Generations of a slot start at
 * a random number in each process, so a restarted edge does not say an id again, and no two edges ever say the same. */
bool edge_pool_init(struct pool *p, uint32_t cap, uint32_t reserve);
uint64_t edge_pool_take(struct pool *p, enum pool_claim claim);
bool edge_pool_release(struct pool *p, uint64_t id);
int64_t edge_pool_index(const struct pool *p, uint64_t id);

/* A phone that sends keep-alives and then leaves PINGS_MISSED of them out is gone; one that sends none (0) has
 * IDLE_MS. Nobody is held to a shorter pause than the Flow-Timer. */
uint64_t edge_idle_limit_ms(uint32_t ping_every_ms, uint32_t flow_timer_s);

/* May core be told of one more call for help that is refused here; told_ms: when of one of this phone. */
bool edge_may_tell_help(uint64_t *told_ms);

/* An event about somebody outside, at most EVENTS_PER_SECOND of them. */
void edge_event(
    enum event_kind kind, enum severity severity, uint32_t device, const struct addr *remote, const char *why);

#endif
