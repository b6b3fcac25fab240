/* SPDX-License-Identifier: ISC */
/* What core tells media about one join of two legs. The whole wish each time; media works out what changed. A side is passing
 * (its keys are the two phones' own, the other side is passing too) or ended (media holds the keys). */
#ifndef IPC_RELAY_H
#define IPC_RELAY_H

#include "wire/sdp.h"

enum {
	RELAY_PORTS = 4,     /* a call's: RTP and RTCP of side a, then of side b */
	RELAY_UFRAG_MAX = 8, /* that we hand out */
	RELAY_PWD_MAX = 39,
	RELAY_PAYLOADS_MAX = 12,
	RELAY_EPOCH_ANSWERS = 0xff, /* of a learn_epoch; the bits above are the leg's */
	RELAY_TO_NONE = 255,        /* the other side does not take this codec */
};

enum relay_end {
	RELAY_PASSING,
	RELAY_ENDED_SDES,
	RELAY_ENDED_DTLS,
	RELAY_ENDED_CLEAR, /* plain RTP: only ever a trunk that is named plain */
	RELAY_ENDS
};

/* Whose audio goes to a side. */
enum relay_hears { RELAY_HEARS_NOTHING, RELAY_HEARS_OTHER, RELAY_HEARS_VOICE, RELAY_HEARS_KINDS };

enum relay_key { RELAY_KEY_NONE, RELAY_KEY_SDES, RELAY_KEY_DTLS, RELAY_KEY_ZRTP, RELAY_KEYS };

/* How the source of a side's packets becomes known (DESIGN.md, Media, Source). */
enum relay_source {
	RELAY_SOURCE_NONE,  /* not known yet: nothing passes from this side */
	RELAY_SOURCE_NAMED, /* exactly `rtp` and `rtcp` */
	RELAY_SOURCE_ICE,   /* proved by an ICE-lite check with our ufrag and pwd, and its own ufrag */
	RELAY_SOURCE_LEARN, /* first port seen from `rtp`'s address within the window after each new `learn_epoch` */
	RELAY_SOURCES
};

enum relay_direction { RELAY_INACTIVE, RELAY_SENDS, RELAY_RECEIVES, RELAY_BOTH, RELAY_DIRECTIONS };

enum relay_frame { RELAY_FRAME_NONE, RELAY_FRAME_PCM, RELAY_FRAME_OPUS, RELAY_FRAME_EVENT, RELAY_FRAMES };

struct relay_payload {
	uint8_t type;  /* RTP payload type, 0..127 */
	uint8_t frame; /* enum relay_frame: PCM = a multiple of 10 ms of 80 octets (G.711, G.722) plus the tag */
	uint8_t codec; /* enum sdp_codec_kind */
	uint8_t
	    to; /* ended sides: what the other side calls it, or the other law of G.711, or RELAY_TO_NONE; the relay rewrites it */
};

struct relay_side {
	struct addr local;   /* media address of the leg's listener with our RTP port */
	uint16_t local_rtcp; /* our RTCP port; equal to local.port with rtcp-mux */
	uint8_t present;     /* 0: a caller alone, with voice; then only local and local_rtcp count */
	uint8_t end;         /* enum relay_end */
	uint8_t source;      /* enum relay_source */
	uint8_t direction;   /* enum relay_direction: what this side does */
	uint8_t payloads;    /* what it sends; on an ended side also what it takes, by the same numbers */
	uint8_t keyed;       /* passing SDES: 1 from the answer on; ended: 1 when keys or fingerprint below count */
	uint8_t hears;       /* enum relay_hears */
	uint8_t listens;     /* 1: a copy of what it says goes to voice, audio and telephone-events */
	uint8_t events;      /* 1: its telephone-events go to the other side; 0: withheld (R15) */
	/* passing */
	uint8_t key;     /* enum relay_key; RELAY_KEY_NONE until the answer: only keying passes */
	uint8_t tag_len; /* octets that its SRTP adds: 10 or 16 */
	/* ended by SDES: key and salt as the suite has them */
	uint8_t suite;                                          /* enum sdp_suite */
	uint8_t key_ours[SDP_KEY_MAX], key_theirs[SDP_KEY_MAX]; /* what we send under, and what it sends under */
	/* ended by DTLS, on the RTP port alone: without rtcp-mux such a side has no RTCP */
	uint8_t dtls_active;                /* 1: media is the DTLS client */
	struct sdp_fingerprint fingerprint; /* of the far certificate; SHA-256 or better */

	uint32_t learn_epoch;  /* another one for each leg, and rises with each SDP answer on its own connection */
	struct addr rtp, rtcp; /* where the other side's packets go; LEARN: address only */
	/* of this leg and no other; empty without ICE. The first two end with a NUL only where they are shorter. */
	char ice_ufrag[RELAY_UFRAG_MAX]; /* ours */
	char ice_theirs[SDP_UFRAG_MAX];  /* of its phone; empty: any */
	char ice_pwd[RELAY_PWD_MAX + 1]; /* ours */
	uint8_t zrtp_hash[32];           /* of a=zrtp-hash; all zero when not given */
	struct relay_payload payload[RELAY_PAYLOADS_MAX];
};

struct relay_spec {
	uint8_t emergency; /* enum pool_claim: what it may have of the reserve */
	uint8_t answered;  /* the 200 was sent: from here the gate has 10 s to open */
	uint8_t zero[6];
	uint64_t deadline_ms; /* CLOCK_BOOTTIME; core renews it, an orphan ends by itself */
	struct relay_side side[2];
};

/* The text of such a field. */
static inline struct span relay_text(const char *s, size_t most)
{
	return span_of(s, strnlen(s, most));
}

#define RELAY_TEXT(field) relay_text(field, sizeof(field))

/* Every number in range; both sides present or one of them ended; passing sides in pairs that hear each other, unheard by
 * voice; a keyed ended side has its keys, and no key of its own comes back as the other's. */
bool relay_spec_ok(const void *spec);

/* Where the ports of media begin, or began, when those of this slot begin with `first`; 0: nowhere. */
uint16_t relay_ports_from(uint16_t first, uint32_t slot);

#endif
