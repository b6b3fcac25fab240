/* SPDX-License-Identifier: ISC */
#include "base/cursor.h"
#include "base/secret.h"
#include "srtp/srtp.h"

enum { HEAD = 8, WORD = 4 };

static const uint32_t encrypted = UINT32_C(1) << 31; /* E (RFC 3711 3.4) */

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static void take(struct srtp *s, const struct srtp_text *t)
{
	window_take(&sources_take(&s->sources, t->ssrc)->rtcp, t->index);
}

/* RFC 3711: text, word, tag. RFC 7714 9.2: text, tag, word. */
static size_t tag_at(const struct srtp *s, size_t text_n)
{
	return text_n + (srtp_is_aead((enum sdp_suite)s->suite) ? 0 : WORD);
}

static size_t word_at(const struct srtp *s, size_t text_n)
{
	return text_n + (srtp_is_aead((enum sdp_suite)s->suite) ? srtp_tag_len((enum sdp_suite)s->suite) : 0);
}

enum srtp_result srtcp_seal(struct srtp *s, uint8_t *packet, size_t *n)
{
	enum sdp_suite suite = (enum sdp_suite)s->suite;
	struct srtp_cipher c;

	if (*n < HEAD || packet[0] >> 6 != 2)
		return SRTP_MALFORMED;
	struct srtp_text t = {.p = packet, .head_n = HEAD, .n = *n, .ssrc = get_u32(packet + 4), .rtcp = true};
	const struct srtp_source *had = sources_look(&s->sources, t.ssrc);
	if (!had)
		return SRTP_CROWDED;
	t.index = had->rtcp.next;
	if (t.index >= encrypted)
		return SRTP_SPENT;
	t.word = encrypted | (uint32_t)t.index;
	cipher_set(&c, suite, &s->rtcp);
	cipher_seal(&c, suite, &t, packet + tag_at(s, t.n));
	secret_wipe(&c, sizeof c);
	put_u32(packet + word_at(s, t.n), t.word);
	*n += srtp_tag_len(suite) + WORD;
	take(s, &t);
	return SRTP_OK;
}

enum srtp_result srtcp_open(struct srtp *s, uint8_t *packet, size_t *n)
{
	enum sdp_suite suite = (enum sdp_suite)s->suite;
	size_t grown = srtp_tag_len(suite) + WORD;
	struct srtp_cipher c;

	if (*n < HEAD + grown || packet[0] >> 6 != 2)
		return SRTP_MALFORMED;
	struct srtp_text t = {.p = packet, .head_n = HEAD, .n = *n - grown, .ssrc = get_u32(packet + 4), .rtcp = true};
	t.word = get_u32(packet + word_at(s, t.n));
	t.index = t.word & ~encrypted;
	if (!(t.word & encrypted))
		return SRTP_MALFORMED;
	const struct srtp_source *had = sources_look(&s->sources, t.ssrc);
	if (!had)
		return SRTP_CROWDED;
	if (!window_is_new(&had->rtcp, t.index))
		return SRTP_REPLAYED;
	cipher_set(&c, suite, &s->rtcp);
	bool ok = cipher_open(&c, suite, &t, packet + tag_at(s, t.n));
	secret_wipe(&c, sizeof c);
	if (!ok)
		return SRTP_BAD_TAG;
	take(s, &t);
	*n -= grown;
	return SRTP_OK;
}
