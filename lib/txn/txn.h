/* SPDX-License-Identifier: ISC */
/* The four transaction machines of RFC 3261 17 with the Accepted states of RFC 6026, as pure tables: state and event
 * in, state and effects out. No clock, no socket, no memory of their own. The owner keeps two timers for each
 * transaction: one that resends and one that ends what the state waits for. */
#ifndef TXN_TXN_H
#define TXN_TXN_H

#include <stdint.h>

enum txn_kind { TXN_INVITE_CLIENT, TXN_CLIENT, TXN_INVITE_SERVER, TXN_SERVER, TXN_KINDS };

enum txn_state {
	TXN_NEW,
	TXN_TRYING, /* Calling in the INVITE client */
	TXN_PROCEEDING,
	TXN_COMPLETED,
	TXN_CONFIRMED,
	TXN_ACCEPTED, /* RFC 6026 */
	TXN_TERMINATED,
	TXN_STATES
};

/* Responses are received by clients and given by the user of servers. */
enum txn_event {
	TXN_BEGIN,   /* the user's request goes out; the first request came in */
	TXN_REQUEST, /* the request came in again */
	TXN_ACK,
	TXN_1XX,
	TXN_2XX,
	TXN_REFUSED,    /* 300-699 */
	TXN_RESEND_DUE, /* timers A, E, G */
	TXN_END_DUE,    /* timers B, D, F, H, I, J, K, L, M: whichever the state had set */
	TXN_CANCEL,     /* the user sent CANCEL for this INVITE, RFC 3261 9.1 */
	TXN_SEND_ERROR, /* a message could not be sent */
	TXN_FLOW_GONE,  /* the connection is closed: nothing can come or go any more */
	TXN_EVENTS
};

enum txn_effect {
	TXN_DO_SEND = 1,     /* client: the request; server: the newest response, if there is one */
	TXN_DO_ACK = 2,      /* RFC 3261 17.1.1.3 */
	TXN_DO_PASS = 4,     /* to the user: the response, the request or the ACK */
	TXN_DO_TIMEOUT = 8,  /* tell the user */
	TXN_DO_ERROR = 16,   /* tell the user that the transport failed */
	TXN_DO_NOTHING = 32, /* cannot happen in this state; ignored */
};

/* Who the far end is decides the timers. A connection to the phone itself has no hop behind it that could repeat an
 * INVITE or a 2xx, so its Accepted states need not wait for 64*T1 (RFC 6026 7.1, timers L and M): T4 covers what the
 * phone's own user agent still repeats. */
enum txn_hop { TXN_HOP_UDP, TXN_HOP_STREAM, TXN_HOP_PHONE, TXN_HOPS };

enum { TXN_T1_MS = 500, TXN_T2_MS = 4000, TXN_T4_MS = 5000, TXN_64T1_MS = 64 * TXN_T1_MS };

#define TXN_KEEP (-1)
#define TXN_STOP (-2)

struct txn_out {
	enum txn_state state;
	unsigned effects;
	int32_t resend_ms, end_ms; /* set these timers: milliseconds, TXN_KEEP or TXN_STOP */
};

/* resend_ms: the interval that the resend timer ran with, for TXN_RESEND_DUE; otherwise not looked at. */
struct txn_out txn_step(
    enum txn_kind kind, enum txn_hop hop, enum txn_state state, enum txn_event event, uint32_t resend_ms);

#endif
