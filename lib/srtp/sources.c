/* SPDX-License-Identifier: ISC */
#include "srtp/sources.h"
#include <string.h>

struct srtp_source *sources_find(struct srtp_sources *s, uint32_t ssrc)
{
	struct srtp_source *last = &s->at[s->last];

	if (last->used && last->ssrc == ssrc)
		return last;
	for (int i = 0; i < SRTP_SOURCES; i++)
		if (s->at[i].used && s->at[i].ssrc == ssrc)
			return &s->at[i];
	return NULL;
}

/* A free place, or that of the one that was silent longest. */
static int place(const struct srtp_sources *s)
{
	int least = 0;

	for (int i = 0; i < SRTP_SOURCES; i++) {
		if (!s->at[i].used)
			return i;
		if (s->at[i].turn < s->at[least].turn)
			least = i;
	}
	return least;
}

const struct srtp_source *sources_look(struct srtp_sources *s, uint32_t ssrc)
{
	static const struct srtp_source fresh;
	const struct srtp_source *at = sources_find(s, ssrc);

	if (at)
		return at;
	for (uint32_t i = 0; i < s->past_n; i++)
		if (s->past[i] == ssrc)
			return NULL;
	return s->past_n < SRTP_PAST || !s->at[place(s)].used ? &fresh : NULL;
}

struct srtp_source *sources_take(struct srtp_sources *s, uint32_t ssrc)
{
	struct srtp_source *at = sources_find(s, ssrc);

	if (!at) {
		at = &s->at[place(s)];
		if (at->used && s->past_n < SRTP_PAST)
			s->past[s->past_n++] = at->ssrc;
		*at = (struct srtp_source){.ssrc = ssrc, .used = true};
	}
	if (at != &s->at[s->last] || at->turn == 0)
		at->turn = ++s->turn;
	s->last = (uint8_t)(at - s->at);
	return at;
}

void sources_mark_last(const struct srtp_sources *s, struct srtp_marks *marks)
{
	const struct srtp_source *at = &s->at[s->last];

	marks->source[s->last] = (struct srtp_mark){at->ssrc, (uint32_t)at->rtcp.next, at->rtp.next};
	marks->turn[s->last] = at->turn;
	for (; marks->past_n < s->past_n; marks->past_n++)
		marks->past[marks->past_n] = s->past[marks->past_n];
}

void sources_set_marks(struct srtp_sources *s, const struct srtp_marks *marks)
{
	*s = (struct srtp_sources){.past_n = marks->past_n};
	memcpy(s->past, marks->past, sizeof s->past);
	for (int i = 0; i < SRTP_SOURCES; i++) {
		const struct srtp_mark *m = &marks->source[i];
		struct srtp_source *at = &s->at[i];
		*at = (struct srtp_source){.ssrc = m->ssrc, .turn = marks->turn[i], .used = m->rtp || m->rtcp};
		window_resume(&at->rtp, m->rtp);
		window_resume(&at->rtcp, m->rtcp);
		if (at->turn > s->turn) {
			s->turn = at->turn;
			s->last = (uint8_t)i;
		}
	}
}

bool srtp_marks_ok(const struct srtp_marks *marks)
{
	const uint64_t rtp_most = UINT64_C(1) << 48, rtcp_most = UINT64_C(1) << 31; /* RFC 3711 3.3.1, 3.4 */
	bool ok = marks->past_n <= SRTP_PAST;

	for (int i = 0; i < SRTP_SOURCES; i++)
		ok = ok && marks->source[i].rtp <= rtp_most && marks->source[i].rtcp <= rtcp_most;
	return ok;
}
