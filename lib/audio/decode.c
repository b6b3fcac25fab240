/* SPDX-License-Identifier: ISC */
#include "audio/decode.h"
#include <opus.h>
#include <spandsp/telephony.h>
#include <spandsp/bit_operations.h>
#include <spandsp/g711.h>
#include <spandsp/g722.h>
#include <spandsp/private/g722.h>

enum { G722_BITRATE = 64000, HZ = 8000 };

struct decoder {
	bool ready;
	uint8_t codec;
	_Alignas(8) uint8_t state[];
};

size_t decoder_size(void)
{
	size_t opus = (size_t)opus_decoder_get_size(1), g722 = sizeof(g722_decode_state_t);

	return (sizeof(struct decoder) + (opus > g722 ? opus : g722) + 63) & ~(size_t)63;
}

static bool begin(struct decoder *d, uint8_t codec)
{
	d->codec = codec;
	if (codec == SDP_OPUS)
		return opus_decoder_init((OpusDecoder *)(void *)d->state, HZ, 1) == OPUS_OK;
	if (codec == SDP_G722)
		g722_decode_init((g722_decode_state_t *)(void *)d->state, G722_BITRATE, G722_SAMPLE_RATE_8000);
	return codec < SDP_TELEPHONE_EVENT;
}

size_t decoder_payload(struct decoder *d, uint8_t codec, struct span payload, int16_t out[DECODE_MAX])
{
	int n;

	if (!d->ready || d->codec != codec)
		d->ready = begin(d, codec);
	if (!d->ready || payload.n == 0 || (codec != SDP_OPUS && payload.n > DECODE_MAX))
		return 0;
	if (codec == SDP_OPUS) {
		n = opus_decode((OpusDecoder *)(void *)d->state, payload.p, (opus_int32)payload.n, out, DECODE_MAX, 0);
		return n > 0 ? (size_t)n : 0;
	}
	if (codec == SDP_G722) {
		n = g722_decode((g722_decode_state_t *)(void *)d->state, out, payload.p, (int)payload.n);
		return n > 0 ? (size_t)n : 0;
	}
	for (size_t i = 0; i < payload.n; i++)
		if (codec == SDP_PCMU)
			out[i] = ulaw_to_linear(payload.p[i]);
		else
			out[i] = alaw_to_linear(payload.p[i]);
	return payload.n;
}
