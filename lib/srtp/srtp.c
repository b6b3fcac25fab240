/* SPDX-License-Identifier: ISC */
#include "srtp/srtp.h"
#include "base/secret.h"
#include "wire/rtp.h"

enum { ROUND = 0x10000 };
static const uint64_t index_end = UINT64_C(1) << 48; /* RFC 3711 9.2 */

void srtp_set(struct srtp *s, enum sdp_suite suite, const uint8_t *key)
{
	struct srtp_session rtp;

	memset(s, 0, sizeof *s);
	s->suite = (uint8_t)suite;
	srtp_derive(&rtp, suite, key, false);
	srtp_derive(&s->rtcp, suite, key, true);
	cipher_set(&s->rtp, suite, &rtp);
	secret_wipe(&rtp, sizeof rtp);
}

static void take(struct srtp *s, uint32_t ssrc, uint64_t index)
{
	window_take(&sources_take(&s->sources, ssrc)->rtp, index);
}

static struct srtp_text text_of(const struct rtp *rtp, uint8_t *packet, size_t n, uint64_t index)
{
	return (struct srtp_text){.p = packet,
	    .head_n = rtp->payload_at,
	    .n = n,
	    .ssrc = rtp->ssrc,
	    .index = index,
	    .word = (uint32_t)(index >> 16)};
}

enum srtp_result srtp_seal(struct srtp *s, uint8_t *packet, size_t *n)
{
	struct rtp rtp;

	if (!rtp_parse(span_of(packet, *n), &rtp))
		return SRTP_MALFORMED;
	const struct srtp_source *had = sources_look(&s->sources, rtp.ssrc);
	if (!had)
		return SRTP_CROWDED;
	int64_t index = window_guess(&had->rtp, rtp.seq);
	if (index < 0 || !window_is_new(&had->rtp, (uint64_t)index))
		return SRTP_REPLAYED;
	if ((uint64_t)index >= index_end)
		return SRTP_SPENT;
	struct srtp_text t = text_of(&rtp, packet, *n, (uint64_t)index);
	cipher_seal(&s->rtp, (enum sdp_suite)s->suite, &t, packet + *n);
	*n += srtp_tag_len((enum sdp_suite)s->suite);
	take(s, rtp.ssrc, (uint64_t)index);
	return SRTP_OK;
}

enum srtp_result srtp_open(struct srtp *s, uint8_t *packet, size_t *n, unsigned leaps)
{
	size_t tag_len = srtp_tag_len((enum sdp_suite)s->suite);
	struct rtp rtp;

	if (!rtp_parse(span_of(packet, *n), &rtp) || rtp.payload_len < tag_len)
		return SRTP_MALFORMED;
	const struct srtp_source *had = sources_look(&s->sources, rtp.ssrc);
	if (!had)
		return SRTP_CROWDED;
	int64_t guess = window_guess(&had->rtp, rtp.seq);
	enum srtp_result result = SRTP_REPLAYED;
	for (unsigned i = 0; i <= leaps; i++) {
		int64_t index = guess + (int64_t)i * ROUND;
		if (index < 0 || (uint64_t)index >= index_end || !window_is_new(&had->rtp, (uint64_t)index))
			continue;
		struct srtp_text t = text_of(&rtp, packet, *n - tag_len, (uint64_t)index);
		if (i == 0)
			result = SRTP_BAD_TAG;
		if (!cipher_open(&s->rtp, (enum sdp_suite)s->suite, &t, packet + *n - tag_len))
			continue;
		take(s, rtp.ssrc, (uint64_t)index);
		*n -= tag_len;
		return SRTP_OK;
	}
	return result;
}
