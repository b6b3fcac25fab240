/* SPDX-License-Identifier: ISC */
/* WAV files: what a site gives as its own recordings, and what the build gets from the speech synthesiser. */
#ifndef AUDIO_WAV_H
#define AUDIO_WAV_H

#include "base/span.h"

enum { WAV_SECONDS_MAX = 300, WAV_CHUNKS_MAX = 64 };

struct wav {
	uint32_t rate, frames; /* a frame is one sample of each channel */
	uint16_t channels;     /* 1 or 2 */
	struct span samples;   /* 16 bit, little-endian, channels interleaved; within the file */
};

/* Strict: 16-bit PCM at a usual rate, lengths that walk exactly to the file's end, fmt before data, each once. Other
 * chunks are skipped. NULL, or a static reason, and then nothing is written. */
const char *wav_parse(struct span file, struct wav *out) __attribute__((warn_unused_result));

/* One channel: the mean of both. out: w->frames samples. */
void wav_mono(const struct wav *w, int16_t *out);

static inline int16_t wav_sample(const uint8_t *p)
{
	return (int16_t)(uint16_t)(p[0] | p[1] << 8);
}

#endif
