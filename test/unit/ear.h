/* SPDX-License-Identifier: ISC */
/* What a phone would hear: decodes payloads and finds a prompt or a tone in them. */
#ifndef TEST_EAR_H
#define TEST_EAR_H

#include "base/span.h"

enum { EAR_SAMPLES_MAX = 16000 * 40 };

struct ear {
	uint8_t codec; /* enum sdp_codec_kind */
	uint32_t rate; /* 8000 of G.711, 16000 of the others */
	void *decoder;
	size_t n;
	int16_t sample[EAR_SAMPLES_MAX];
};

void ear_init(struct ear *e, uint8_t codec); /* also forgets what it heard */
void ear_fini(struct ear *e);
/* False: nothing that its codec understands. */
bool ear_hear(struct ear *e, struct span payload);

/* How much `wanted` is like what was heard from sample `from` on, or up to `lags` samples later: the greatest normalised cross-
 * correlation, 1 for the same. */
double ear_like(const struct ear *e, size_t from, size_t lags, const int16_t *wanted, size_t n);

/* Share of the energy of n samples at this frequency, 0 to 1 (Goertzel). */
double ear_share(const int16_t *sample, size_t n, uint32_t rate, double hz);

#endif
