/* SPDX-License-Identifier: ISC */
/* A side whose encryption ends here: its keys, its two streams, and what of them outlives this process. Whatever leaves goes
 * through end_send() or end_report(), so nothing clear goes to a side that is not RELAY_ENDED_CLEAR (R7, T30). */
#ifndef MEDIA_END_H
#define MEDIA_END_H

#include "clear.h"
#include "rtcp.h"
#include "splice.h"
#include "srtp/srtp.h"
#include "table.h"

enum {
	END_AHEAD = 1024, /* indices of RTP that a life of this process may use before it says so in the arena */
	END_AHEAD_RTCP = 64,
	END_PATIENT_MS = 2000, /* silence after which roll-overs may have passed unheard */
	END_LEAPS = 4,
};

/* In the arena: keys, the numbers up to which ours may have been used, the highest ones heard. */
struct end_kept {
	uint64_t join; /* 0: nobody's */
	uint8_t end;   /* enum relay_end */
	uint8_t keyed;
	uint8_t suite; /* enum sdp_suite */
	uint8_t key_ours[SDP_KEY_MAX], key_theirs[SDP_KEY_MAX];
	char cname[RTCP_CNAME + 1];
	struct splice sent;
	uint64_t reserved;
	uint32_t reserved_rtcp;
	struct srtp_marks heard;
};

struct end {
	uint32_t row;
	uint8_t side;
	uint64_t dtls;          /* association under way or done, ID_NONE for none */
	uint64_t dtls_rests_ms; /* none is begun until then */
	struct sdp_fingerprint fingerprint;
	uint8_t active;
	bool collided;     /* our SSRC was the other's too, and was changed */
	uint64_t heard_ms; /* the last verified packet */
	uint64_t report_at_ms;
	struct srtp in, out; /* unless CLEAR, where `in` keeps the windows of its sources alone */
	struct clear clear;
	struct reception reception;
	struct end_kept kept;
};

struct arena_shape end_shape(uint32_t rows);
/* Two for each row. */
void end_open(struct arena_table *kept);

/* NULL while this side of the row is not ended. */
struct end *end_at(uint32_t row, unsigned side);

/* What a packet of that side will have looked at comes into the cache meanwhile. */
void end_prefetch(uint32_t row, unsigned side);

/* The wish of the row may have changed: take up keys that are new, keep what goes on. */
void end_follow(uint32_t row, unsigned side);
void end_close(uint32_t row, unsigned side);
/* After a restart: as end_follow(), with what the arena holds. */
void end_resume(uint32_t row, unsigned side);

/* DTLS gave these. */
void end_set_keys(struct end *e, enum sdp_suite suite, const uint8_t *ours, const uint8_t *theirs);

static inline bool end_is_open(const struct end *e)
{
	return e->kept.keyed;
}

/* The side's part of the wish. */
const struct relay_side *end_side(const struct end *e);

/* A packet of RTP that came: verified, made clear in place, its index. */
enum drop end_take(struct end *e, uint8_t *packet, size_t *n, struct rtp *rtp, uint64_t *index, uint64_t now_ms);
/* The same for RTCP, which is counted and goes no further. */
enum drop end_take_report(struct end *e, uint8_t *packet, size_t n, uint64_t now_ms);

/* Send one payload to the side, as the next of its stream. */
enum drop end_send(struct end *e, uint8_t type, struct splice_packet *p, struct span payload, uint64_t now_ms);
/* Send our report, when it is time. */
void end_report(struct end *e, uint64_t now_ms);

#endif
