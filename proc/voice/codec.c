/* SPDX-License-Identifier: ISC */
#include "codec.h"
#include <opus.h>
#include <spandsp/telephony.h>
#include <spandsp/bit_operations.h>
#include <spandsp/g711.h>
#include <spandsp/g722.h>
#include <spandsp/private/g722.h>

enum { G722_BITRATE = 64000 };

size_t encoder_size(void)
{
	size_t opus = (size_t)opus_encoder_get_size(1), g722 = sizeof(g722_encode_state_t);

	return (sizeof(struct encoder) + (opus > g722 ? opus : g722) + 63) & ~(size_t)63;
}

uint8_t codec_ptime(uint8_t codec, uint8_t wished_ms)
{
	bool has = wished_ms == 10 || wished_ms == 40 || wished_ms == 60 || (wished_ms == 30 && codec != SDP_OPUS);

	return has ? wished_ms : 20;
}

enum voice_rate codec_rate(uint8_t codec)
{
	return codec == SDP_PCMU || codec == SDP_PCMA ? RATE_8K : RATE_16K;
}

uint32_t codec_clock(uint8_t codec)
{
	return codec == SDP_OPUS ? 48000 : 8000;
}

static OpusEncoder *opus(struct encoder *e)
{
	return (OpusEncoder *)(void *)e->state;
}

/* CELT alone: at this rate nearer to the original than the speech mode, and a tenth of its CPU (bench/results.md). */
static bool begin_opus(struct encoder *e)
{
	OpusEncoder *o = opus(e);

	return opus_encoder_init(o, (opus_int32)rate_hz(RATE_16K), 1, OPUS_APPLICATION_RESTRICTED_LOWDELAY) ==
	           OPUS_OK &&
	       opus_encoder_ctl(o, OPUS_SET_BITRATE(CODEC_OPUS_BITRATE)) == OPUS_OK &&
	       opus_encoder_ctl(o, OPUS_SET_VBR(0)) == OPUS_OK && opus_encoder_ctl(o, OPUS_SET_DTX(0)) == OPUS_OK &&
	       opus_encoder_ctl(o, OPUS_SET_COMPLEXITY(CODEC_OPUS_COMPLEXITY)) == OPUS_OK;
}

void encoder_begin(struct encoder *e, uint8_t codec, uint8_t ptime_ms)
{
	if (e->ready && e->codec == codec && e->ptime_ms == ptime_ms)
		return;
	e->codec = codec;
	e->ptime_ms = ptime_ms;
	e->ready = true;
	if (codec == SDP_OPUS)
		e->ready = begin_opus(e);
	else if (codec == SDP_G722)
		g722_encode_init((g722_encode_state_t *)(void *)e->state, G722_BITRATE, 0);
}

typedef size_t encode(struct encoder *e, const int16_t *in, size_t n, uint8_t *out, size_t cap);

static size_t encode_ulaw(struct encoder *e, const int16_t *in, size_t n, uint8_t *out, size_t cap)
{
	(void)e;
	if (n > cap)
		return 0;
	for (size_t i = 0; i < n; i++)
		out[i] = linear_to_ulaw(in[i]);
	return n;
}

static size_t encode_alaw(struct encoder *e, const int16_t *in, size_t n, uint8_t *out, size_t cap)
{
	(void)e;
	if (n > cap)
		return 0;
	for (size_t i = 0; i < n; i++)
		out[i] = linear_to_alaw(in[i]);
	return n;
}

static size_t encode_g722(struct encoder *e, const int16_t *in, size_t n, uint8_t *out, size_t cap)
{
	if (n / 2 > cap)
		return 0;
	return (size_t)g722_encode((g722_encode_state_t *)(void *)e->state, out, in, (int)n);
}

static size_t encode_opus(struct encoder *e, const int16_t *in, size_t n, uint8_t *out, size_t cap)
{
	int got = opus_encode(opus(e), in, (int)n, out, (opus_int32)cap);

	return got > 0 ? (size_t)got : 0;
}

size_t encoder_frame(struct encoder *e, const int16_t *in, uint8_t *out, size_t cap)
{
	static encode *const each[] = {
	    [SDP_PCMU] = encode_ulaw, [SDP_PCMA] = encode_alaw, [SDP_G722] = encode_g722, [SDP_OPUS] = encode_opus};
	size_t n = (size_t)e->ptime_ms * rate_hz(codec_rate(e->codec)) / 1000;

	return e->ready ? each[e->codec](e, in, n, out, cap) : 0;
}
