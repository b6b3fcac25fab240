/* SPDX-License-Identifier: ISC */
/* DTLS records and handshake headers (RFC 6347, 9147) as a relay sees them: nothing is decrypted, the watch
 * only tells when both ends of a handshake that passes through have their SRTP keys (RFC 5764). */
#ifndef WIRE_DTLS_H
#define WIRE_DTLS_H

#include "base/cursor.h"

enum dtls_content {
	DTLS_CHANGE_CIPHER_SPEC = 20,
	DTLS_ALERT = 21,
	DTLS_HANDSHAKE = 22,
	DTLS_APPLICATION = 23,
	DTLS_ACK = 26,
	DTLS_CIPHERTEXT = 32 /* the unified header of 1.3; its true type is encrypted */
};

enum dtls_message { DTLS_CLIENT_HELLO = 1, DTLS_SERVER_HELLO = 2, DTLS_HELLO_VERIFY = 3, DTLS_NEW_SESSION_TICKET = 4 };

enum { DTLS_1_0 = 0xfeff, DTLS_1_2 = 0xfefd, DTLS_1_3 = 0xfefc };

struct dtls_record {
	uint8_t type;     /* enum dtls_content */
	uint16_t version; /* of the record header; 0 under the unified header */
	uint16_t epoch;   /* under the unified header its two low bits */
	uint64_t seq;     /* 48 bits; under the unified header encrypted, so 0 */
	struct span body;
};

/* The next record; false at the end of the datagram or when malformed (then something is left in the cursor).
 */
bool dtls_next_record(struct cursor *c, struct dtls_record *out);

struct dtls_handshake {
	uint8_t type;    /* enum dtls_message */
	uint32_t length; /* of the whole message */
	uint16_t seq;
	uint32_t fragment_at;
	struct span fragment;
};

/* The next handshake message or fragment in the body of a record of epoch 0. */
bool dtls_next_handshake(struct cursor *c, struct dtls_handshake *out);

struct dtls_server_hello {
	uint16_t version;      /* what was chosen, supported_versions included */
	uint16_t srtp_profile; /* use_srtp; 0: none (in 1.3 it is encrypted) */
	uint8_t random[8];     /* its first octets, to tell one association from the next */
	bool ticket;           /* session_ticket: a NewSessionTicket stands before the Finished (RFC 5077) */
	bool retry;            /* a HelloRetryRequest (RFC 8446, 4.1.3) */
};

/* From a whole ServerHello (fragment_at 0, fragment.n == length). */
bool dtls_server_hello(struct span body, struct dtls_server_hello *out);

/* SRTP tag of a protection profile (RFC 5764, 7714): 10, 4 or 16; 0 for NULL ciphers and unknown ones. */
uint8_t dtls_profile_tag_len(uint16_t profile);

/* One per relayed media component. The two ends are 0 and 1. Zeroed: nothing seen. */
struct dtls_watch {
	uint8_t server;   /* 1 + the end that sent the ServerHello; 0: not seen */
	uint8_t seen[2];  /* by the sender: mask of what it sent in this association */
	uint8_t hello[8]; /* random of the ServerHello: another one begins a new association */
	uint8_t done;     /* mask 1 << end */
	uint16_t version; /* from the ServerHello */
	uint16_t profile; /* from the ServerHello; 0: unknown (1.3) */
	uint8_t ticket;   /* a NewSessionTicket was promised */
	uint8_t refused;  /* the ServerHello chose no SRTP, or SRTP with a NULL cipher: the watch never
			     completes */
	uint8_t failed;   /* mask 1 << end: it sent a fatal alert before it was done */
};

/* Say that a datagram from this end is being relayed to the other. Returns the mask (1 << end) of those ends
 * that are keyed by it now and were not before. In DTLS 1.2, full or resumed: an end is keyed when
 * ChangeCipherSpec and Finished (a handshake record of epoch 1) of the other end have been relayed to it, and
 * it has sent ChangeCipherSpec itself; what was lost before the relay is so either repeated or proved to have
 * arrived. In 1.3: when it sends in epoch 3, the client also when the server does so (its acknowledgement)
 * after the client's flight in epoch 2. Order and repetition do not matter. DESIGN.md's 250 ms count from
 * this return. Malformed datagrams change nothing. */
uint8_t dtls_watch_feed(struct dtls_watch *w, unsigned from, struct span datagram);

static inline bool dtls_watch_done(const struct dtls_watch *w, unsigned end)
{
	return w->done >> end & 1;
}

/* For rtp_shape_ok(): RTP_TAG_ANY (0) while unknown. */
static inline uint8_t dtls_watch_tag_len(const struct dtls_watch *w)
{
	return dtls_profile_tag_len(w->profile);
}

#endif
