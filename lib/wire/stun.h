/* SPDX-License-Identifier: ISC */
/* STUN (RFC 8489) as far as an ICE-lite agent needs it (RFC 8445): read and check a Binding request, answer
 * it. */
#ifndef WIRE_STUN_H
#define WIRE_STUN_H

#include "base/addr.h"

enum { STUN_BYTES_MAX = 1280, STUN_ANSWER_MAX = 128, STUN_USERNAME_MAX = 513 };

enum stun_type {
	STUN_BINDING_REQUEST = 0x0001,
	STUN_BINDING_INDICATION = 0x0011, /* the keep-alive of RFC 8445, 11 */
	STUN_BINDING_SUCCESS = 0x0101,
	STUN_BINDING_ERROR = 0x0111
};

struct stun {
	uint16_t type; /* class and method; not always one of enum stun_type */
	uint8_t transaction[12];
	struct span username;  /* points into the datagram; n 0: absent */
	uint64_t tie_breaker;  /* of ICE-CONTROLLING or ICE-CONTROLLED */
	uint32_t priority;     /* 0: absent */
	struct addr mapped;    /* XOR-MAPPED-ADDRESS; family 0: absent */
	uint16_t error_code;   /* 300 - 699; 0: absent */
	uint16_t integrity_at; /* offset of MESSAGE-INTEGRITY; 0: absent */
	bool use_candidate, controlling, controlled, fingerprint;
	uint8_t unknown_n; /* attributes that must be understood and are not; the first four are named */
	uint16_t unknown[4];
};

/* Could this datagram be STUN: first octet 0-3, magic cookie, a length that is exactly the datagram's. */
bool stun_is(struct span datagram);

/* Walks all attributes; false for anything malformed: a length past the end (T35), a FINGERPRINT that is
 * wrong or not last, an address or error code of the wrong size. What follows MESSAGE-INTEGRITY is not
 * trusted and not read. */
bool stun_parse(struct span datagram, struct stun *out) __attribute__((warn_unused_result));

/* The HMAC-SHA1 under this password covers the message (RFC 8489, 14.5). False if there is none. */
bool stun_integrity_ok(struct span datagram, const struct stun *msg, struct span password);

/* What an ICE-lite agent with these credentials does with a message. */
enum stun_verdict {
	STUN_PROVED = 0,         /* a Binding request under our password: answer it, its source is proved */
	STUN_IGNORE = 1,         /* not a Binding request; drop */
	STUN_BAD_REQUEST = 400,  /* no USERNAME or no MESSAGE-INTEGRITY */
	STUN_UNAUTHORIZED = 401, /* for another ufrag, or not under our password */
	STUN_UNKNOWN = 420,      /* attributes that must be understood and are not */
	STUN_ROLE_CONFLICT = 487 /* proved, but the peer believes to be controlled: a lite agent always is */
};

/* USERNAME must be "<our ufrag>:<anything>" (RFC 8445, 7.2.2); peer_ufrag n 0: any, else the rest must be it.
 */
enum stun_verdict stun_check(
    struct span datagram, const struct stun *msg, struct span ufrag, struct span password, struct span peer_ufrag);

/* Both need at most STUN_ANSWER_MAX octets; false when b is full. A mapped address and FINGERPRINT go into a
 * success; code (400, 401, 420, 487) and FINGERPRINT into an error, which for 400 and 401 carries no
 * integrity. */
bool stun_write_success(struct buf *b, const struct stun *request, const struct addr *mapped, struct span password);
bool stun_write_error(struct buf *b, const struct stun *request, enum stun_verdict code, struct span password);

#endif
