/* SPDX-License-Identifier: ISC */
/* What is counted of one side's RTP from its headers, which are clear in SRTP too (RFC 3550 A.1, A.3, A.8). One rule, for the programs and
 * for media's own relaying. Several CPUs may write over each other's counts: they are statistics, and decide nothing. */
#ifndef BPF_STREAM_H
#define BPF_STREAM_H

#include "flow.h"

/* Is the arrival of this packet to be looked at? */
enum stream_look { STREAM_NOT, STREAM_FIRST, STREAM_SECOND };

/* How long a unit of the timestamp is; 0: not known, or of no use. */
static inline __u32 stream_tick_ns(__u8 frame)
{
	if (frame == FLOW_FRAME_PCM) /* G.722 too (RFC 3551 4.5.2) */
		return 1000000000 / 8000;
	return frame == FLOW_FRAME_OPUS ? 1000000000 / 48000 : 0;
}

/* Two packets in a row out of STREAM_EVERY: a clock that is exact costs more than all the rest. */
static inline enum stream_look stream_look(__u16 number, int in_order)
{
	if (number % STREAM_EVERY == 0)
		return STREAM_FIRST;
	return in_order && number % STREAM_EVERY == 1 ? STREAM_SECOND : STREAM_NOT;
}

/* What came before the first one is not missed. */
static inline enum stream_look stream_begin(struct flow_stream *s, __u32 ssrc, __u16 number)
{
	s->seen = ~0ull;
	s->ssrc = ssrc;
	s->highest = s->after_leap = number;
	s->expected++;
	return stream_look(number, 0);
}

static inline __attribute__((always_inline)) enum stream_look stream_take(
    struct flow_stream *s, __u32 ssrc, __u16 number)
{
	__u16 ahead = (__u16)(number - s->highest), behind = (__u16)(s->highest - number);

	if (!s->seen || s->ssrc != ssrc)
		return stream_begin(s, ssrc, number);
	if (behind < STREAM_WINDOW) {
		__u64 late = 1ull << behind;
		if (!(s->seen & late) && s->lost)
			s->lost--;
		s->seen |= late;
		return STREAM_NOT;
	}
	if (ahead < STREAM_DROPOUT) {
		s->seen = ahead < STREAM_WINDOW ? s->seen << ahead | 1 : 1;
		s->highest = number;
		s->expected += ahead;
		s->lost += ahead - 1u;
		return stream_look(number, ahead == 1);
	}
	if (behind < STREAM_MISORDER)
		return STREAM_NOT;
	/* a leap: with the one after it, a new beginning */
	if (number == s->after_leap)
		return stream_begin(s, ssrc, number);
	s->after_leap = (__u16)(number + 1);
	return STREAM_NOT;
}

/* Times modulo 2^32 ns: only how they differ counts. */
static inline void stream_arrived(
    struct flow_stream *s, enum stream_look look, __u32 timestamp, __u32 tick_ns, __u64 now_ns)
{
	__u32 transit_ns = (__u32)now_ns - timestamp * tick_ns;

	if (look == STREAM_FIRST) {
		s->transit_ns = tick_ns ? transit_ns | 1 : 0;
		return;
	}
	if (!tick_ns || !s->transit_ns)
		return;
	__s32 d = (__s32)(transit_ns - s->transit_ns);
	__u32 apart_ns = d < 0 ? 0 - (__u32)d : (__u32)d;
	if (apart_ns > STREAM_APART_NS)
		return;
	__u32 jitter_ns = s->jitter_ns ? s->jitter_ns + (__u32)(((__s32)(apart_ns - s->jitter_ns)) >> 4) : apart_ns;
	s->jitter_ns = jitter_ns ? jitter_ns : 1;
}

#endif
