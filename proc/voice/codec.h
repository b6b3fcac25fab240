/* SPDX-License-Identifier: ISC */
/* Samples to RTP payloads: G.711, G.722 and Opus at a constant rate (R8). All state lies in memory that the caller has. */
#ifndef VOICE_CODEC_H
#define VOICE_CODEC_H

#include "prompts.h"
#include "wire/sdp.h"

enum {
	CODEC_PTIME_MAX = 60,
	CODEC_SAMPLES_MAX = CODEC_PTIME_MAX * 16,
	CODEC_OPUS_BITRATE = 32000,
	CODEC_OPUS_COMPLEXITY = 0,
};

struct encoder {
	uint8_t codec; /* enum sdp_codec_kind */
	uint8_t ptime_ms;
	bool ready;
	_Alignas(8) uint8_t state[]; /* encoder_size() less this head */
};

/* Octets of one encoder. */
size_t encoder_size(void);

/* The nearest frame length that the codec has: 10, 20, 30 (not Opus), 40 or 60; otherwise 20. */
uint8_t codec_ptime(uint8_t codec, uint8_t wished_ms);

/* What its samples come at, and what its timestamps count (RFC 3551 4.5.2: 8000 for G.722; RFC 7587 4.1: 48000). */
enum voice_rate codec_rate(uint8_t codec);
uint32_t codec_clock(uint8_t codec);

/* Begin a stream, unless it goes on as it was. */
void encoder_begin(struct encoder *e, uint8_t codec, uint8_t ptime_ms);

/* One frame of ptime_ms at codec_rate(). Octets written, or 0: it cannot be encoded. */
size_t encoder_frame(struct encoder *e, const int16_t *in, uint8_t *out, size_t cap);

#endif
