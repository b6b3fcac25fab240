/* SPDX-License-Identifier: ISC */
/* Client transactions: a request that core sent to a phone, over a connection which that phone made. */
#ifndef EDGE_CLIENT_H
#define EDGE_CLIENT_H

#include "conn.h"
#include "text.h"
#include "txn/txn.h"

enum {
	BRANCH_LEN = 7 + 16,
	CANCEL_TEXT_MAX = 64,
	DATAGRAM_MAX = 1300, /* RFC 3261 18.1.1: what is larger may be lost as a whole on the way, in fragments */
	BULKY_RESEND_MS = 2 * TXN_T1_MS,
	ORPHANS_ENDED_MAX = 4,
};

struct client_txn {
	uint64_t id, ref;
	uint64_t flow; /* that core named; over a trunk's UDP its connection may be the one beside it */
	uint32_t conn, prev, next;
	struct timer timer, resend;
	uint32_t resend_ms;
	uint16_t wire_n;
	uint32_t cseq;
	uint8_t kind, state, method, provisionals;
	bool cancel_wanted, cancelled, orphan;
	bool held;  /* not sent yet: a connection beside its flow is on its way */
	bool up;    /* core has acknowledged `heard` */
	bool bulky; /* a call for help that its place makes larger than DATAGRAM_MAX */
	uint8_t ended_n;
	uint16_t cancel_cause;
	uint8_t cancel_text_n;
	char cancel_text[CANCEL_TEXT_MAX];
	struct accepted accepted;
	uint64_t heard;                    /* orphan.c: the first answer that core heard of, a hash of the To tag */
	uint64_t ended[ORPHANS_ENDED_MAX]; /* and those that were hung up on here */
	struct text *text;                 /* of an INVITE: what its ACK and CANCEL repeat */
	struct text *wire;                 /* over UDP: the request, or its CANCEL, as it is said again */
};

bool client_open(uint32_t cap);
struct client_txn *client_begin(struct conn *c, uint64_t ref, enum sip_method method, enum pool_claim claim);
/* It was written so; where it may go in datagrams a copy is kept. False: there is no room for one. */
bool client_keep(struct client_txn *t, struct span request, enum pool_claim claim);
/* For the first time. Over UDP one that is larger than DATAGRAM_MAX goes by a connection beside the flow; if there is none within T1, or
 * nobody answers there within BESIDE_SILENT_MS, it goes in datagrams after all, with the same branch (RFC 3261 18.1.1). */
void client_say(struct client_txn *t, struct span request);
/* What waited for a connection beside this flow; c NULL: there will be none. */
void client_on_beside(struct conn *flow, struct conn *c);
/* Its answer came over the other of the two. */
void client_follow(struct client_txn *t, struct conn *c);
/* Over a flow of datagrams: an ACK, which nobody answers; over the connection beside it if it is too large and there is one. */
void client_say_ack(struct conn *flow, uint8_t *ack, size_t n);
/* It was kept, and says where somebody is who needs help. A datagram of that size of which a second copy, too, got no answer is given
 * up, as a 513, so that core says less; if an answer comes all the same, that call is taken back. */
void client_keep_bulky(struct client_txn *t);
/* CANCEL takes the place of its INVITE, and its way, until it is heard; in datagrams where TCP breaks, or is silent for T1. */
void client_say_cancel(struct client_txn *t, struct span cancel);
void client_cancel_heard(struct client_txn *t);
void client_drop(struct client_txn *t);         /* it was never sent */
struct client_txn *client_of_ref(uint64_t ref); /* INVITE only */

/* The transaction of the response with this branch that came over c, or NULL. */
struct client_txn *client_find(const struct conn *c, struct span branch, enum sip_method method);
struct conn *client_conn(const struct client_txn *t);
struct span client_branch(uint64_t id, char mem[BRANCH_LEN + 1]);
/* Is it one that an edge of this exchange wrote, whichever of them and however long ago? */
bool client_wrote_branch(struct span branch);

/* Run the machine; effects TIMEOUT and ERROR were reported to core. t may be gone afterwards. */
unsigned client_step(struct client_txn *t, enum txn_event e);

void client_flow_gone(struct conn *c);
void client_orphan_all(void);
void client_status(struct proc_status *s);

#endif
