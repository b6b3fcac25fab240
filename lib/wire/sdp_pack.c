/* SPDX-License-Identifier: ISC */
/* A description as it is kept: of each array what is used, of each text its octets. */
#include "base/buf.h"
#include "base/cursor.h"
#include "wire/sdp.h"

#define AT(field) offsetof(struct sdp, field)
#define SIZE(field) sizeof(((struct sdp *)0)->field)
#define UPTO(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))
#define FROM_TO(a, b) AT(a), AT(b) + SIZE(b) - AT(a), 0, 0
#define ARRAY(field, n, type, last) AT(field), UPTO(type, last), sizeof(type), AT(n)

/* In this order: so many octets of each element, which are `stride` apart; without stride just once. */
static const struct {
	size_t at, size, stride, count_at;
} part[] = {
    {FROM_TO(id, audio_line)},
    {FROM_TO(audio.at, audio.candidate_n)},
    {ARRAY(line, line_n, struct sdp_line, format)},
    {ARRAY(audio.codec, audio.codec_n, struct sdp_codec, opus_max_capture_rate)},
    {ARRAY(audio.crypto, audio.crypto_n, struct sdp_crypto, key)},
    {ARRAY(audio.fingerprint, audio.fingerprint_n, struct sdp_fingerprint, bytes)},
    {ARRAY(audio.candidate, audio.candidate_n, struct sdp_candidate, foundation)},
    {AT(audio.zrtp_version), AT(audio.zrtp_hash) + SIZE(audio.zrtp_hash) - AT(audio.zrtp_version), 1, AT(audio.zrtp)},
};

static const struct {
	size_t at, size;
} text[] = {{AT(audio.ice_ufrag), SIZE(audio.ice_ufrag)}, {AT(audio.ice_pwd), SIZE(audio.ice_pwd)}};

enum {
	PARTS = sizeof part / sizeof *part,
	FIXED = 2, /* parts with all counts, which come first */
	TEXTS = sizeof text / sizeof *text
};

static uint8_t count_of(const struct sdp *sdp, size_t i)
{
	return part[i].stride ? ((const uint8_t *)sdp)[part[i].count_at] : 1;
}

size_t sdp_pack(const struct sdp *sdp, uint8_t out[static SDP_PACKED_MAX])
{
	const uint8_t *from = (const uint8_t *)sdp;
	struct buf b = buf_of(out, SDP_PACKED_MAX);

	for (size_t i = 0; i < PARTS; i++)
		for (uint8_t k = 0; k < count_of(sdp, i); k++)
			buf_put(&b, from + part[i].at + k * part[i].stride, part[i].size);
	for (size_t i = 0; i < TEXTS; i++) {
		const char *s = (const char *)from + text[i].at;
		buf_put(&b, s, strnlen(s, text[i].size - 1));
		buf_u8(&b, 0);
	}
	return b.n;
}

static bool counts_fit(const struct sdp *sdp)
{
	return sdp->line_n <= SDP_MEDIA_MAX && sdp->audio.codec_n <= SDP_CODECS_MAX &&
	       sdp->audio.crypto_n <= SDP_CRYPTO_MAX && sdp->audio.fingerprint_n <= SDP_FINGERPRINTS_MAX &&
	       sdp->audio.candidate_n <= SDP_CANDIDATES_MAX && sdp->audio.zrtp <= 1;
}

static bool take(struct cursor *c, void *out, size_t n)
{
	struct span s;

	if (!cursor_span(c, n, &s))
		return false;
	memcpy(out, s.p, n);
	return true;
}

bool sdp_unpack(struct span packed, struct sdp *out)
{
	uint8_t *to = (uint8_t *)out;
	struct cursor c = cursor_of(packed);

	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < PARTS; i++) {
		if (i == FIXED && !counts_fit(out))
			return false;
		for (uint8_t k = 0; k < count_of(out, i); k++)
			if (!take(&c, to + part[i].at + k * part[i].stride, part[i].size))
				return false;
	}
	for (size_t i = 0; i < TEXTS; i++) {
		size_t n = span_find(span_of(c.p, cursor_left(&c)), 0);
		if (n >= text[i].size || !take(&c, to + text[i].at, n) || !cursor_skip(&c, 1))
			return false;
	}
	return cursor_left(&c) == 0;
}

bool sdp_same_session(const struct sdp *a, const struct sdp *b)
{
	enum { AFTER_VERSION = AT(line_n) };
	uint8_t one[SDP_PACKED_MAX], other[SDP_PACKED_MAX];
	size_t n = sdp_pack(a, one);

	return sdp_pack(b, other) == n && memcmp(one + AFTER_VERSION, other + AFTER_VERSION, n - AFTER_VERSION) == 0;
}
