/* SPDX-License-Identifier: ISC */
/* One stream: clear or encrypted, by the lengths that its codec has and by how even its octets are spread. */
#include "audit/judge.h"

enum {
	BINS = 16,
	UNEVEN_ALL = 60,   /* chi-square of 15 degrees of freedom: by chance once in 10^7 */
	UNEVEN_FIRST = 50, /* once in 10^5 */
	ALL_LEAST = 256,
	FIRST_LEAST = 12,
	UNIT = 40, /* 5 ms of G.711 or G.722 */
	FEW = 3,   /* so many packets of the other shape are no accident */
	VARYING = 4,
	PT_RTCP_LO = 72,
	PT_RTCP_HI = 76,
	PT_TV = 33,
	PT_STATIC_MAX = 34,
	PT_DYNAMIC = 96,
	EVENT_LEN = 4,
	EVENT_PT_USUAL = 101
};

uint32_t stream_pt(const struct stream *s)
{
	uint32_t best = s->others_pt, n = s->others;

	for (unsigned i = 0; i < LENGTHS_MAX; i++)
		if (s->length[i].n > n) {
			best = s->length[i].pt;
			n = s->length[i].n;
		}
	return best;
}

bool stream_is_media(const struct stream *s)
{
	uint32_t pt = stream_pt(s);

	if (s->advanced < STREAM_LEAST || s->in_row < s->n / 5 * 4 || s->ssrc == 0)
		return false;
	return (pt <= PT_STATIC_MAX && pt != PT_TV) || pt >= PT_DYNAMIC;
}

/* Chi-square against an even spread, or 0 when too little was seen. */
static uint64_t uneven(const uint16_t bin[BINS], uint32_t least)
{
	uint64_t n = 0, squares = 0;

	for (unsigned i = 0; i < BINS; i++) {
		n += bin[i];
		squares += (uint64_t)bin[i] * bin[i];
	}
	return n < least ? 0 : BINS * squares / n - n;
}

static bool seen_enough(const struct stream *s)
{
	uint64_t n = 0, first = 0;

	for (unsigned i = 0; i < BINS; i++) {
		n += s->all[i];
		first += s->first[i];
	}
	return n >= ALL_LEAST && first >= FIRST_LEAST;
}

static bool is_even(const struct stream *s)
{
	return uneven(s->all, ALL_LEAST) < UNEVEN_ALL && uneven(s->first, FIRST_LEAST) < UNEVEN_FIRST;
}

bool stream_is_uneven(const struct stream *s)
{
	return seen_enough(s) && !is_even(s);
}

/* Octets of a frame for so many steps of the clock; 0: the codec has no fixed frames. */
static const struct {
	uint16_t octets, steps;
} frames[SEEN_CODECS] = {
    [SEEN_PCMU] = {UNIT, UNIT},
    [SEEN_PCMA] = {UNIT, UNIT},
    [SEEN_G722] = {UNIT, UNIT},
    [SEEN_GSM] = {33, 160},
    [SEEN_G723] = {24, 240},
    [SEEN_G729] = {10, 80},
    [SEEN_ILBC] = {38, 160},
};

static bool is_whole(enum seen_codec c, uint32_t step, uint32_t len)
{
	if (len == 0 || frames[c].octets == 0)
		return false;
	if (frames[c].octets == UNIT)
		return len % UNIT == 0;
	if (step == 0 || step % frames[c].steps != 0)
		return c == SEEN_ILBC && step && step % 240 == 0 && len == step / 240 * 50;
	return len == step / frames[c].steps * frames[c].octets;
}

enum shape { SHAPE_ODD, SHAPE_CLEAR, SHAPE_KEYED };

static enum shape shape_of(enum seen_codec c, uint32_t step, uint32_t len)
{
	static const uint8_t tags[] = {4, 8, 10, 14, 16}; /* 14: 10 with an MKI of 4 */

	if (is_whole(c, step, len))
		return SHAPE_CLEAR;
	for (unsigned i = 0; i < sizeof tags; i++)
		if (len > tags[i] && is_whole(c, step, len - tags[i]))
			return SHAPE_KEYED;
	return SHAPE_ODD;
}

/* When the one shape began and ended, and the other. */
struct spans {
	uint32_t n, first, last;
};

static void extend(struct spans *s, const struct length *l)
{
	s->first = s->n == 0 || l->first_ms < s->first ? l->first_ms : s->first;
	s->last = l->last_ms > s->last ? l->last_ms : s->last;
	s->n += l->n;
}

static void by_shape(const struct stream *s, uint32_t pt, struct judged *out)
{
	struct spans clear = {0}, keyed = {0};

	for (unsigned i = 0; i < LENGTHS_MAX; i++) {
		const struct length *l = &s->length[i];
		enum shape shape = l->n && l->pt == pt ? shape_of(out->codec, s->step, l->len) : SHAPE_ODD;
		if (shape == SHAPE_CLEAR)
			extend(&clear, l);
		else if (shape == SHAPE_KEYED)
			extend(&keyed, l);
	}
	if (clear.n + keyed.n < s->n / 2)
		return;
	out->clear_n = clear.n;
	out->keyed_n = keyed.n;
	if (clear.n >= FEW && keyed.n >= FEW) {
		out->sound = SOUND_MIXED;
		out->clear_first = clear.first < keyed.first;
		out->clear_last = clear.last > keyed.first;
	} else {
		out->sound = keyed.n > clear.n ? SOUND_KEYED : SOUND_CLEAR;
	}
}

/* Lengths alone would call null authentication clear, and content alone cannot see a change in the middle. */
static void by_content(const struct stream *s, struct judged *out)
{
	if (!seen_enough(s))
		return;
	bool even = is_even(s);
	if (out->sound == SOUND_UNKNOWN)
		out->sound = even ? SOUND_KEYED : SOUND_CLEAR;
	else if (out->sound == SOUND_CLEAR && even)
		out->sound = SOUND_KEYED; /* encrypted without tags */
	else if (out->sound == SOUND_KEYED && !even && out->clear_n == 0)
		out->sound = SOUND_CLEAR;
}

static unsigned kinds_of_length(const struct stream *s, uint32_t pt)
{
	unsigned kinds = 0;

	for (unsigned i = 0; i < LENGTHS_MAX; i++)
		kinds += s->length[i].pt == pt && s->length[i].n > s->n / 100;
	return kinds;
}

static bool has_digits(const struct stream *s, uint8_t event_pt)
{
	for (unsigned i = 0; i < LENGTHS_MAX; i++)
		if (s->length[i].n >= FEW && s->length[i].len == EVENT_LEN &&
		    s->length[i].pt == (event_pt ? event_pt : EVENT_PT_USUAL))
			return true;
	return false;
}

void stream_judge(const struct stream *s, enum seen_codec codec, uint8_t event_pt, struct judged *out)
{
	uint32_t pt = stream_pt(s);

	*out = (struct judged){.codec = codec};
	if (pt < PT_DYNAMIC)
		out->codec = seen_codec_of_pt((uint8_t)pt);
	by_shape(s, pt, out);
	by_content(s, out);
	out->varies = out->sound == SOUND_KEYED && (kinds_of_length(s, pt) >= VARYING || s->others > s->n / 10);
	out->pauses = out->sound == SOUND_KEYED && s->gaps >= 2 * FEW && s->step_n > s->gaps;
	out->digits = has_digits(s, event_pt);
}
