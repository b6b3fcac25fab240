/* SPDX-License-Identifier: ISC */
#include "quality.h"
#include "base/log.h"
#include "stream.h"
#include <stdlib.h>
#include <time.h>

static struct flow_stream *streams; /* two for each row */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static struct flow_stream *stream_of(uint32_t row, unsigned side)
{
	return &streams[2 * row + side];
}

void quality_open(uint32_t rows)
{
	streams = calloc(2 * (size_t)rows, sizeof *streams);
	if (!streams)
		log_fatal("no memory for what is counted of RTP");
}

void quality_prefetch(uint32_t row, unsigned side)
{
	__builtin_prefetch(stream_of(row, side), 1);
}

void quality_take(uint32_t row, unsigned side, const struct rtp *rtp, uint8_t frame)
{
	struct flow_stream *s = stream_of(row, side);
	enum stream_look look = stream_take(s, rtp->ssrc, rtp->seq);

	if (look != STREAM_NOT)
		stream_arrived(s, look, rtp->timestamp, stream_tick_ns(frame), now_ns());
}

void quality_take_packet(uint32_t row, unsigned side, struct span packet)
{
	const struct relay_side *s = &table_row(row)->spec.side[side];
	struct rtp rtp;
	int i = 0;

	if (wire_classify(packet) != WIRE_RTP || !rtp_parse(packet, &rtp))
		return;
	while (i < s->payloads && s->payload[i].type != rtp.pt)
		i++;
	quality_take(row, side, &rtp, i < s->payloads ? s->payload[i].frame : RELAY_FRAME_NONE);
}

void quality_cut(struct flow_stream *s)
{
	s->seen = 0;
	s->transit_ns = 0;
}

void quality_cut_here(uint32_t row, unsigned side)
{
	quality_cut(stream_of(row, side));
}

void quality_end(uint32_t row)
{
	for (unsigned side = 0; side < 2; side++)
		*stream_of(row, side) = (struct flow_stream){0};
}

struct quality quality_of(uint32_t row, unsigned side, const struct flow_stream *kernel, bool there)
{
	static const struct flow_stream none;
	const struct flow_stream *here = stream_of(row, side);

	kernel = kernel ? kernel : &none;
	const struct flow_stream *now = there ? kernel : here, *before = there ? here : kernel;
	return (struct quality){.expected = (uint64_t)here->expected + kernel->expected,
	    .lost = (uint64_t)here->lost + kernel->lost,
	    .jitter_ns = now->jitter_ns ? now->jitter_ns : before->jitter_ns};
}
