/* SPDX-License-Identifier: ISC */
/* Server transactions: a request that core answers. Only what a response repeats is kept of it. */
#ifndef EDGE_SERVER_H
#define EDGE_SERVER_H

#include "conn.h"
#include "text.h"
#include "txn/txn.h"

enum {
	TXN_KEY = 16,
	UNANSWERED_INVITE_MS = 660 * 1000, /* beyond the longest ring time: core has lost it */
};

struct server_txn {
	uint64_t id;
	uint8_t key[TXN_KEY], origin[TXN_KEY];
	uint32_t conn, prev, next; /* slot of its connection; among its transactions */
	struct timer timer, resend;
	struct way_back way;
	uint32_t resend_ms;
	uint16_t last_n;
	uint8_t kind, state, method;
	bool cancelled, said_100, pending, outside; /* outside: of any dialog */
	bool held;                                  /* waits for the next core (held.h) */
	struct accepted accepted;
	struct text *text;
	struct text *last;  /* over UDP: its newest response, for who repeats the request */
	struct text *whole; /* of whole_n octets: for another core, until it is answered */
	uint32_t whole_n;
};

bool server_open(uint32_t cap);

/* NULL: no slot (for this class), too many of this phone or trunk, or a head too long to keep. */
struct server_txn *server_begin(struct conn *c, const struct sip_msg *m, enum pool_claim claim);

/* The one that this request repeats, acknowledges or cancels (RFC 3261 17.2.3, 9.2), on the same connection only. */
struct server_txn *server_find(const struct conn *c, const struct sip_msg *m, enum sip_method as);
/* Is a request of the same From tag, Call-ID and CSeq in work, whatever its branch (RFC 3261 8.2.2.2)? */
bool server_has_twin(const struct conn *c, const struct sip_msg *m);
struct server_txn *server_of(uint64_t id);
struct conn *server_conn(const struct server_txn *t);
struct server_txn *server_at(uint32_t slot);

/* As much of the request as sip_put_response() needs; valid until the next call. */
const struct sip_msg *server_request(const struct server_txn *t);
struct span server_record_route(const struct server_txn *t);

/* Send this response and run the machine; t may be gone afterwards. */
void server_answer(struct server_txn *t, struct span response, enum txn_event e);
/* Run the machine; t may be gone afterwards. The effects. */
unsigned server_step(struct server_txn *t, enum txn_event e);

void server_flow_gone(struct conn *c);

/* Core is gone: what it has not answered is answered for it, or held. */
void server_orphan_all(void);
void server_status(struct proc_status *s);

#endif
