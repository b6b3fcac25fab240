/* SPDX-License-Identifier: ISC */
/* The table of connections. A connection becomes a flow (RFC 5626) once its handshake named a phone. One that is
 * closed stays in its slot until the end of the turn, so nobody's pointer goes stale within one. */
#ifndef EDGE_CONN_H
#define EDGE_CONN_H

#include "device.h"
#include "out.h"
#include "txn/txn.h"
#include "wire/sip.h"
#include <gnutls/gnutls.h>

enum conn_state {
	CONN_FREE,
	CONN_HANDSHAKE,
	CONN_UP,
	CONN_LINGER, /* refused: the alert is out, what still comes is thrown away */
	CONN_DOOMED, /* goes at the end of the turn */
};

/* From where a request came, and where its answers go (RFC 3261 18.2.2, RFC 3581 4). */
struct way_back {
	struct addr source, reply;
};

struct conn {
	uint64_t id;
	int fd;
	uint8_t state; /* enum conn_state */
	uint8_t listener;
	uint8_t trunk;   /* 0: a phone; else its number, and device is 0 */
	uint8_t hop;     /* enum txn_hop: which timers its transactions have */
	bool came;       /* the trunk made the connection */
	bool beside;     /* TCP for what is too large for datagrams: ours (beside.h), or, with `came`, the trunk's */
	uint64_t token;  /* of core's wish that led to it */
	uint8_t why;     /* enum flow_why, when doomed */
	uint8_t refusal; /* enum refusal of the verify callback */
	uint8_t fail;    /* enum trunk_why, of a trunk's handshake */
	bool verified, expired, tls12, announced, dirty, heard;
	bool held; /* not listened to until core is back */
	uint32_t device;
	uint32_t older, newer;               /* among its device's, or among the handshakes */
	uint32_t bad;                        /* messages that are not forgiven yet, */
	uint64_t bad_ms;                     /* as of then */
	int64_t not_before_ms, not_after_ms; /* of the certificate, wall */
	uint64_t last_ms, ping_ms;           /* any octet; the newest keep-alive */
	uint32_t ping_every_ms;              /* the pause before that one; 0: has not sent two yet */
	gnutls_session_t tls;
	struct creds *creds; /* of a handshake that goes on */
	struct addr remote;
	struct way_back way; /* over UDP: of the request in hand */
	ev_io read, write;
	struct timer timer;   /* handshake, idle or linger */
	struct timer message; /* a message that was begun must end */
	struct sip_framer framer;
	struct partial *partial;
	struct out out;
	struct conn *next_dirty, *next_doomed;
	uint32_t server_txns, client_txns; /* heads of its transactions' lists */
};

static inline bool conn_in_date(const struct conn *c, int64_t wall_ms)
{
	return wall_ms >= c->not_before_ms && wall_ms <= c->not_after_ms;
}

bool conn_open(uint32_t cap);
uint32_t conn_cap(void);

/* Takes the socket over (and closes it when there is no room). */
void conn_accept(int fd, uint8_t listener, const struct addr *remote);

/* A connection with a trunk, by whichever of the two it was made; over UDP fd is the listener's and stays its. */
struct trunk_link {
	int fd;
	uint8_t trunk;
	bool came, beside;
	uint64_t token;
	struct addr remote;
};
struct conn *conn_trunk(const struct trunk_link *l);

/* The live flow of this id, or NULL. */
struct conn *conn_of(uint64_t flow);
struct conn *conn_at(uint32_t slot);
uint32_t conn_slot(const struct conn *c);

/* A keep-alive came (RFC 5626 3.5.1). */
void conn_pinged(struct conn *c);

/* Of the request that is in hand. */
struct way_back conn_way_back(const struct conn *c);

/* Write octets of SIP. */
void conn_send(struct conn *c, struct span s);
/* The same for an answer; over UDP to that address. */
void conn_reply(struct conn *c, const struct addr *to, struct span s);

void conn_close(struct conn *c, enum flow_why why);
void conn_close_device(uint32_t device);
void conn_close_all(enum flow_why why);

/* The end of a turn: what was written goes out, what was closed goes away. */
void conn_flush(void);

void conn_status(struct proc_status *s);

#endif
