/* SPDX-License-Identifier: ISC */
#include "clear.h"

enum { ROUND = 0x10000 };

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

bool clear_take(struct clear *c, struct srtp_sources *in, const struct rtp *rtp)
{
	static const struct srtp_source fresh;
	const struct srtp_source *at = sources_find(in, rtp->ssrc), *had = at ? at : &fresh;
	int64_t index = window_guess(&had->rtp, rtp->seq);

	if (index < 0 || !window_is_new(&had->rtp, (uint64_t)index)) {
		if (!begins_anew(c, &had->rtp, rtp, index))
			return false;
		index += ROUND;
	}
	window_take(&sources_take(in, rtp->ssrc)->rtp, (uint64_t)index);
	return true;
}
