/* SPDX-License-Identifier: ISC */
/* rtpmap and fmtp lines, and the allow-list of codecs (R5, R8). */
#include "wire/sdp_int.h"

static const struct {
	uint32_t clock;
	uint8_t codec, channels;
} known[] = {
    {8000, SDP_PCMU, 1},
    {8000, SDP_PCMA, 1},
    {8000, SDP_G722, 1},
    {48000, SDP_OPUS, 2},
    {8000, SDP_TELEPHONE_EVENT, 1},
    {16000, SDP_TELEPHONE_EVENT, 1},
    {32000, SDP_TELEPHONE_EVENT, 1},
    {48000, SDP_TELEPHONE_EVENT, 1},
};

enum { KNOWN_N = sizeof known / sizeof *known };

/* "<payload type> <text>", of which the first that says something counts: "a=rtpmap:96" and "a=fmtp:111" say nothing (rtpengine 638,
 * Asterisk with Digium's Opus). */
static const char *keep_text(const struct sdp_section *s, struct span value, struct span of_format[])
{
	struct span text = span_trim(value), pt_text = sdp_word(&text);
	uint64_t pt;

	if (!span_decimal(pt_text, 127, &pt))
		return "payload type out of range";
	const uint8_t *at = memchr(s->format, (int)pt, s->format_n);
	if (at && of_format[at - s->format].n == 0)
		of_format[at - s->format] = span_trim(text);
	return NULL;
}

const char *sdp_rtpmap(struct sdp_section *s, struct span value)
{
	return keep_text(s, value, s->rtpmap);
}

const char *sdp_fmtp(struct sdp_section *s, struct span value)
{
	return keep_text(s, value, s->fmtp);
}

static struct span cut(struct span *rest, uint8_t at)
{
	size_t n = span_find(*rest, at);
	struct span head = span_head(*rest, n);
	*rest = span_skip(*rest, n + 1);
	return head;
}

/* name/clock[/channels]. False: a codec that is not ours, or whose text nobody can read. */
static bool read_rtpmap(struct span text, struct sdp_codec *c)
{
	struct span rest = text, name = cut(&rest, '/'), clock_text = cut(&rest, '/');
	uint64_t clock, channels = 1;

	if (!span_decimal(clock_text, 1000000, &clock) || (rest.n && !span_decimal(rest, 255, &channels)))
		return false;
	for (size_t i = 0; i < KNOWN_N; i++) {
		if (!span_eq_case(name, span_str(sdp_codec_name(known[i].codec))) || clock != known[i].clock ||
		    channels != known[i].channels)
			continue;
		c->codec = known[i].codec;
		c->clock = known[i].clock;
		c->channels = known[i].channels;
		return true;
	}
	return false;
}

static bool read_static(struct sdp_codec *c)
{
	for (enum sdp_codec_kind codec = SDP_PCMU; codec <= SDP_G722; codec++)
		if (c->pt == sdp_static_pt((uint8_t)codec)) {
			c->codec = (uint8_t)codec;
			c->clock = 8000;
			c->channels = 1;
			return true;
		}
	return false;
}

static bool is_static(uint8_t pt)
{
	return pt == 0 || pt == 8 || pt == 9;
}

/* RFC 7587, 6.1: values out of range are ignored. Parameters without a field here are dropped, usedtx among
 * them. */
static void read_opus_parameter(struct sdp_codec *c, struct span name, struct span value)
{
	static const struct {
		const char *name;
		uint8_t flag;
	} flags[] = {
	    {"useinbandfec", SDP_OPUS_FEC},
	    {"stereo", SDP_OPUS_STEREO},
	    {"sprop-stereo", SDP_OPUS_SPROP_STEREO},
	    {"cbr", SDP_OPUS_CBR},
	};
	uint64_t v;

	if (!span_decimal(value, 510000, &v))
		return;
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (v == 1 && span_eq_case(name, span_str(flags[i].name)))
			c->opus_flags |= flags[i].flag;
	if (span_eq_case(name, SPAN("maxaveragebitrate")) && v >= 6000)
		c->opus_max_average_bitrate = (uint32_t)v;
	if (span_eq_case(name, SPAN("maxplaybackrate")) && v >= 8000 && v <= 48000)
		c->opus_max_playback_rate = (uint32_t)v;
	if (span_eq_case(name, SPAN("sprop-maxcapturerate")) && v >= 8000 && v <= 48000)
		c->opus_max_capture_rate = (uint32_t)v;
}

static void read_opus_fmtp(struct sdp_codec *c, struct span rest)
{
	while (rest.n) {
		struct span value = span_trim(cut(&rest, ';'));
		struct span name = cut(&value, '=');
		read_opus_parameter(c, span_trim(name), span_trim(value));
	}
}

static bool have(const struct sdp_audio *a, const struct sdp_codec *c)
{
	for (uint8_t i = 0; i < a->codec_n; i++)
		if (a->codec[i].codec == c->codec && a->codec[i].clock == c->clock)
			return true;
	return false;
}

/* Of telephone events nothing is read: "0-15;" and the like is said by phones, and we always say 0-15 (RFC 4733, 2.4.1). */
static void add_format(struct sdp_section *s, uint8_t i)
{
	struct sdp_audio *a = &s->audio;
	struct sdp_codec c = {.pt = s->format[i]};
	const bool found = s->rtpmap[i].n ? read_rtpmap(s->rtpmap[i], &c) : read_static(&c);

	if (is_static(c.pt) && !(found && c.pt == sdp_static_pt(c.codec))) /* G722/16000, as many think */
		return;
	if (!found || sdp_pt_is_rtcp(c.pt) || have(a, &c) || a->codec_n == SDP_CODECS_MAX)
		return;
	if (c.codec == SDP_OPUS)
		read_opus_fmtp(&c, s->fmtp[i]);
	a->codec[a->codec_n++] = c;
}

void sdp_codecs(struct sdp_section *s)
{
	for (uint8_t i = 0; i < s->format_n; i++)
		add_format(s, i);
}
