/* SPDX-License-Identifier: ISC */
#include "clear.h"

enum { ROUND = 0x10000 };

static struct srtp_source *make_room(const struct clear *c, struct srtp *in)
{
	int oldest = 0;

	for (int i = 1; i < SRTP_SOURCES; i++)
		if (c->heard_ms[i] < c->heard_ms[oldest])
			oldest = i;
	in->source[oldest] = (struct srtp_source){0};
	return &in->source[oldest];
}

/* What lies within the window came twice or in disorder; two in a row behind it are a stream that began anew. */
static bool begins_anew(struct clear *c, const struct srtp_window *w, const struct rtp *rtp, int64_t index)
{
	if (index >= 0 && (uint64_t)index + SRTP_WINDOW >= w->next)
		return false;
	const bool second = c->leapt && c->ssrc == rtp->ssrc && c->next_seq == rtp->seq;
	c->leapt = !second;
	c->ssrc = rtp->ssrc;
	c->next_seq = (uint16_t)(rtp->seq + 1);
	return second;
}

bool clear_take(struct clear *c, struct srtp *in, const struct rtp *rtp, uint64_t now_ms)
{
	struct srtp_source *at = srtp_source(in, rtp->ssrc);

	if (!at)
		at = make_room(c, in);
	int64_t index = window_guess(&at->rtp, rtp->seq);
	if (index < 0 || !window_is_new(&at->rtp, (uint64_t)index)) {
		if (!begins_anew(c, &at->rtp, rtp, index))
			return false;
		index += ROUND;
	}
	at->ssrc = rtp->ssrc;
	at->used = true;
	window_take(&at->rtp, (uint64_t)index);
	in->last = (uint8_t)(at - in->source);
	c->heard_ms[in->last] = now_ms;
	return true;
}
