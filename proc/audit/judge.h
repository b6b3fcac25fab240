/* SPDX-License-Identifier: ISC */
/* The verdicts, once all was read: streams, then flows and legs, then calls. */
#ifndef AUDIT_JUDGE_H
#define AUDIT_JUDGE_H

#include "audit/audit.h"
#include "audit/sdp_seen.h"

enum stream_sound { SOUND_UNKNOWN, SOUND_CLEAR, SOUND_KEYED, SOUND_MIXED };

struct judged {
	enum stream_sound sound;
	enum seen_codec codec;
	uint32_t clear_n, keyed_n; /* packets whose shape tells; 0 where only the content does */
	bool clear_first, clear_last;
	bool varies, pauses, digits;
};

bool flow_has_media(const struct audit *a, const struct flow *f);
bool stream_is_media(const struct stream *s);
uint32_t stream_pt(const struct stream *s); /* of most packets */
/* codec: what signalling said, or SEEN_OTHER. event_pt 0: not said. */
void stream_judge(const struct stream *s, enum seen_codec codec, uint8_t event_pt, struct judged *out);

/* What either description of the leg names first, if packets of this type are that. */
enum seen_codec leg_codec(const struct leg *l, uint32_t pt);

/* The packet of SRTP as RTP, if one of the leg's keys verifies it: its octets, 0 if none does. */
size_t srtp_seen_open(const struct audit *a, const struct leg *l, struct span packet, uint8_t out[SAMPLE_MAX]);
bool sample_proved(const struct audit *a, const struct leg *l, const struct sample *sample);

/* Who can hear, from best to worst. */
enum audit_grade { AUDIT_NONE, AUDIT_NOBODY, AUDIT_SERVER, AUDIT_UNKNOWN, AUDIT_OPEN, AUDIT_GRADES };

enum audit_why {
	WHY_CLEAR = 1 << 0,         /* speech without encryption */
	WHY_DECLINED = 1 << 1,      /* keys were offered and answered in clear */
	WHY_SDES = 1 << 2,          /* SDES keys readable, and proved on a packet */
	WHY_SDES_UNPROVED = 1 << 3, /* readable, but no packet to prove it on */
	WHY_EARLY = 1 << 4,         /* clear packets before the encrypted ones */
	WHY_LATE = 1 << 5,          /* after or among them */
	WHY_NULL = 1 << 6,          /* a cipher that does not encrypt */
	WHY_AGREED = 1 << 7,        /* agreed on in clear, speech not in the capture */
	WHY_SERVER = 1 << 8,        /* the keys are known to a server */
	WHY_KEYS_UNSEEN = 1 << 9,   /* encrypted, with keys agreed on out of sight */
	WHY_UNSIGNED = 1 << 10,     /* active: fingerprints that a man in the middle can replace */
	WHY_COMPARE = 1 << 11,      /* active: ZRTP, unless both compared its words */
	WHY_VARIES = 1 << 12,       /* lengths tell what is said (RFC 6562) */
	WHY_PAUSES = 1 << 13,       /* silence is not sent, so who speaks when is seen */
	WHY_DIGITS = 1 << 14,       /* keys pressed are readable */
	WHY_TAG_32 = 1 << 15,       /* tags of 32 bits */
	WHY_RTCP = 1 << 16,         /* RTCP in clear beside SRTP names who speaks */
	WHY_N = 17
};

struct verdict {
	uint8_t grade; /* enum audit_grade */
	uint32_t why;
	bool dtls, zrtp, sdes;
	uint8_t codec;
	uint32_t packets, clear_packets;
};

struct call_node {
	uint32_t parent, next; /* of the union; next: chain of the call's members */
	uint32_t id;           /* of a root: the call's number, 0: no call */
	struct verdict v;      /* of this leg or flow */
	bool covered;          /* its media was judged with another leg's */
	uint8_t worst;         /* of a root: the grade of the call */
};

/* Nodes: legs at their own numbers, then behind the last leg the flows without signalling. */
struct calls {
	struct call_node *node;
	uint32_t n; /* calls */
	uint32_t by_grade[AUDIT_GRADES];
	uint32_t attempts; /* never answered */
	uint32_t by_file[FILES_MAX][2];
	uint32_t other_rtp; /* RTP that is no telephony */
};

bool calls_find(struct audit *a, struct calls *c); /* false: no memory */
void calls_free(struct calls *c);
uint32_t calls_root(struct calls *c, uint32_t node);

/* --- join.c: which legs and flows are one call --- */
void calls_join(struct audit *a, struct calls *c);
void calls_union(struct calls *c, uint32_t x, uint32_t y);

static inline uint32_t flow_node(const struct audit *a, const struct flow *f, uint32_t index)
{
	return f->leg != NONE ? f->leg : a->legs.n + index;
}

#endif
