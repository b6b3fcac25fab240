/* SPDX-License-Identifier: ISC */
#include "splice.h"

void splice_begin(struct splice *s, uint32_t ssrc, uint16_t index, uint32_t timestamp)
{
	*s = (struct splice){.ssrc = ssrc, .next = index & 0x7fff, .timestamp = timestamp};
}

void splice_cut(struct splice *s)
{
	s->who = SPLICE_NOBODY;
}

uint32_t splice_now(const struct splice *s, uint64_t now_ms)
{
	uint64_t passed_ms = s->sent_ms ? now_ms - s->sent_ms : 0;

	return s->timestamp + (uint32_t)(passed_ms * s->rate / 1000);
}

static bool goes_on(const struct splice *s, const struct splice_packet *p)
{
	return s->who == p->who && s->from_ssrc == p->ssrc && p->index <= s->from_highest + SPLICE_DROPOUT &&
	       p->index + SPLICE_DROPOUT >= s->from_highest;
}

static void change(struct splice *s, struct splice_packet *p, uint64_t now_ms)
{
	uint32_t at = splice_now(s, now_ms);

	s->who = p->who;
	s->from_ssrc = p->ssrc;
	s->from_highest = p->index;
	s->first = s->next;
	s->index_offset = s->next - p->index;
	s->timestamp_offset = at + (at == s->timestamp && s->sent_ms) - p->timestamp; /* never the same twice */
	p->marker = true;
}

bool splice_take(struct splice *s, struct splice_packet *p, uint64_t now_ms)
{
	if (!goes_on(s, p))
		change(s, p, now_ms);
	uint64_t index = p->index + s->index_offset;
	if (index < s->first || index + SPLICE_DROPOUT < s->next)
		return false;
	if (p->index > s->from_highest)
		s->from_highest = p->index;
	p->index = index;
	p->ssrc = s->ssrc;
	p->timestamp += s->timestamp_offset;
	if (index >= s->next) {
		s->next = index + 1;
		s->timestamp = p->timestamp;
		s->sent_ms = now_ms;
		s->rate = p->rate ? p->rate : s->rate;
	}
	return true;
}
