/* SPDX-License-Identifier: ISC */
#include "ear.h"
#include "wire/sdp.h"
#include <math.h>
#include <opus.h>
#include <spandsp/telephony.h>
#include <spandsp/bit_operations.h>
#include <spandsp/g711.h>
#include <spandsp/g722.h>
#include <stdlib.h>

enum { FRAME_MAX = 2000 };

void ear_fini(struct ear *e)
{
	if (e->decoder && e->codec == SDP_OPUS)
		opus_decoder_destroy(e->decoder);
	else if (e->decoder)
		g722_decode_free(e->decoder);
	e->decoder = NULL;
}

void ear_init(struct ear *e, uint8_t codec)
{
	int error;

	ear_fini(e);
	e->codec = codec;
	e->n = 0;
	e->rate = codec == SDP_PCMU || codec == SDP_PCMA ? 8000 : 16000;
	if (codec == SDP_OPUS)
		e->decoder = opus_decoder_create(16000, 1, &error);
	else if (codec == SDP_G722)
		e->decoder = g722_decode_init(NULL, 64000, 0);
}

bool ear_hear(struct ear *e, struct span payload)
{
	int16_t *out = e->sample + e->n;
	int got = (int)payload.n;

	if (e->n + FRAME_MAX > EAR_SAMPLES_MAX || payload.n == 0 || payload.n > FRAME_MAX / 2)
		return false;
	if (e->codec == SDP_OPUS)
		got = opus_decode(e->decoder, payload.p, (opus_int32)payload.n, out, FRAME_MAX, 0);
	else if (e->codec == SDP_G722)
		got = g722_decode(e->decoder, out, payload.p, (int)payload.n);
	else
		for (size_t i = 0; i < payload.n; i++)
			out[i] = e->codec == SDP_PCMU ? ulaw_to_linear(payload.p[i]) : alaw_to_linear(payload.p[i]);
	if (got <= 0)
		return false;
	e->n += (size_t)got;
	return true;
}

static double like(const int16_t *heard, const int16_t *wanted, size_t n)
{
	double both = 0, h = 1e-9, w = 1e-9;

	for (size_t i = 0; i < n; i++) {
		both += (double)heard[i] * wanted[i];
		h += (double)heard[i] * heard[i];
		w += (double)wanted[i] * wanted[i];
	}
	return both / sqrt(h * w);
}

double ear_like(const struct ear *e, size_t from, size_t lags, const int16_t *wanted, size_t n)
{
	double best = 0;

	for (size_t lag = from; lag <= from + lags && lag + n <= e->n; lag++)
		best = fmax(best, like(e->sample + lag, wanted, n));
	return best;
}

double ear_share(const int16_t *sample, size_t n, uint32_t rate, double hz)
{
	double k = 2 * cos(2 * M_PI * hz / rate), a = 0, b = 0, energy = 1e-9;

	for (size_t i = 0; i < n; i++) {
		double x = sample[i] * (0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)n)), next = x + k * a - b;
		b = a;
		a = next;
		energy += x * x;
	}
	return (a * a + b * b - k * a * b) / (energy * (double)n / 3);
}
