/* SPDX-License-Identifier: ISC */
#include "audio/resample.h"
#include <math.h>
#include <stdlib.h>

enum { LOBES = 24 /* of the sinc, on each side */ };

static const double beta = 6.0;  /* of the Kaiser window: side lobes below 60 dB */
static const double edge = 0.95; /* middle of the transition band, of half the lower rate */

struct filter {
	uint32_t up, down; /* rates without their common divisor: output j stands at input j * down / up */
	uint32_t taps;     /* of one phase */
	float *tap;        /* up * taps */
};

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t r = a % b;
		a = b;
		b = r;
	}
	return a;
}

/* Modified Bessel function of the first kind, order 0. */
static double bessel(double x)
{
	double sum = 1, term = 1;

	for (int k = 1; k < 40; k++) {
		term *= x / (2 * k) * (x / (2 * k));
		sum += term;
	}
	return sum;
}

static double kaiser_sinc(double t, double cut, double half)
{
	double x = t / half, a = M_PI * cut * t;

	if (fabs(x) >= 1)
		return 0;
	return cut * (fabs(a) < 1e-9 ? 1 : sin(a) / a) * bessel(beta * sqrt(1 - x * x)) / bessel(beta);
}

/* Each phase sums to 1, so that a constant stays one. */
static void fill_phase(struct filter *f, uint32_t phase, double cut, double half)
{
	float *tap = f->tap + (size_t)phase * f->taps;
	uint32_t middle = f->taps / 2 - 1;
	double sum = 0, at = (double)phase / f->up;

	for (uint32_t k = 0; k < f->taps; k++)
		sum += kaiser_sinc((double)k - middle - at, cut, half);
	for (uint32_t k = 0; k < f->taps; k++)
		tap[k] = (float)(kaiser_sinc((double)k - middle - at, cut, half) / sum);
}

static bool filter_init(struct filter *f, uint32_t from, uint32_t to)
{
	uint32_t d = common_divisor(from, to);
	double cut = edge * (to < from ? (double)to / from : 1), half = LOBES / cut;

	*f = (struct filter){.up = to / d, .down = from / d, .taps = 2 * (uint32_t)ceil(half) + 2};
	f->tap = malloc((size_t)f->up * f->taps * sizeof *f->tap);
	for (uint32_t p = 0; f->tap && p < f->up; p++)
		fill_phase(f, p, cut, half);
	return f->tap != NULL;
}

static int16_t one(const struct filter *f, const int16_t *in, size_t n, uint64_t j)
{
	uint64_t position = j * f->down;
	const float *tap = f->tap + position % f->up * f->taps;
	int64_t first = (int64_t)(position / f->up) - (int64_t)(f->taps / 2 - 1);
	float sum = 0;

	for (uint32_t k = 0; k < f->taps; k++) {
		int64_t at = first + k;
		if (at >= 0 && at < (int64_t)n)
			sum += tap[k] * (float)in[at];
	}
	if (sum >= 32767)
		return 32767;
	return (int16_t)(sum <= -32768 ? -32768 : lrintf(sum));
}

size_t resample_length(size_t n, uint32_t from, uint32_t to)
{
	return (size_t)(((uint64_t)n * to + from - 1) / from);
}

struct resampler {
	bool same;
	struct filter f;
};

struct resampler *resampler_new(uint32_t from, uint32_t to)
{
	struct resampler *r = from && to ? calloc(1, sizeof *r) : NULL;

	if (!r)
		return NULL;
	r->same = from == to;
	if (r->same || filter_init(&r->f, from, to))
		return r;
	free(r);
	return NULL;
}

void resampler_part(const struct resampler *r, const int16_t *in, size_t n, size_t j0, size_t j1, int16_t *out)
{
	for (size_t j = j0; j < j1; j++)
		out[j] = (int16_t)(r->same ? in[j] : one(&r->f, in, n, j));
}

void resampler_free(struct resampler *r)
{
	if (r)
		free(r->f.tap);
	free(r);
}

bool resample(const int16_t *in, size_t n, uint32_t from, uint32_t to, int16_t *out)
{
	struct resampler *r = resampler_new(from, to);

	if (r)
		resampler_part(r, in, n, 0, resample_length(n, from, to), out);
	resampler_free(r);
	return r != NULL;
}
