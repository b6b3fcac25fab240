/* SPDX-License-Identifier: ISC */
#include "audio/tone.h"
#include <math.h>

enum { RAMP_MS = 4 /* a tone that starts at once clicks */ };

static const double level[TONE_AT_ONCE + 1] = {0, 7000, 4900, 3600}; /* peak of each: together about -13 dBm0 */

static const char *const names[TONES] = {
    [TONE_DIAL] = "dial",
    [TONE_RINGBACK] = "ringback",
    [TONE_BUSY] = "busy",
    [TONE_CONGESTION] = "congestion",
    [TONE_SPECIAL] = "special",
    [TONE_WARNING] = "warning",
    [TONE_HOLD] = "hold",
};

int tone_find_country(struct span name)
{
	for (int i = 0; i < TONE_COUNTRIES; i++)
		if (span_eq(name, span_str(tone_country[i].name)))
			return i;
	return -1;
}

int tone_find(struct span name)
{
	for (int i = 0; i < TONES; i++)
		if (span_eq(name, span_str(names[i])))
			return i;
	return -1;
}

static bool sounds(const struct tone_step *s)
{
	return s->hz[0] != 0;
}

/* A tone without any pause has no edges. */
static bool is_steady(const struct tone *t)
{
	return t->step[0].ms && t->step[1].ms == 0 && sounds(&t->step[0]);
}

uint32_t tone_cycle(const struct tone *t, uint32_t rate)
{
	uint32_t n = 0;

	for (int i = 0; i < TONE_STEPS_MAX && t->step[i].ms; i++)
		n += t->step[i].ms * rate / 1000;
	return n;
}

/* Sample `at` of a step of n samples. */
static int16_t sample(const struct tone_step *s, uint32_t rate, uint32_t at, uint32_t n, bool edges)
{
	uint32_t ramp = edges ? RAMP_MS * rate / 1000 : 0;
	double sum = 0, gain = 1;
	int at_once = 0;

	for (int i = 0; i < TONE_AT_ONCE && s->hz[i]; i++, at_once++)
		sum += sin(2 * M_PI * (uint32_t)((uint64_t)at * s->hz[i] % rate) / rate);
	if (at < ramp)
		gain = (double)at / ramp;
	else if (n - at <= ramp)
		gain = (double)(n - at - 1) / ramp;
	return (int16_t)lrint(level[at_once] * gain * sum);
}

void tone_read(const struct tone *t, uint32_t rate, uint32_t at, int16_t *out, uint32_t n)
{
	bool edges = !is_steady(t);
	uint32_t begin = 0;

	for (int i = 0; i < TONE_STEPS_MAX && t->step[i].ms && n; i++) {
		const struct tone_step *s = &t->step[i];
		uint32_t length = s->ms * rate / 1000;
		for (; n && at - begin < length; at++, n--)
			*out++ = (int16_t)(sounds(s) ? sample(s, rate, at - begin, length, edges) : 0);
		begin += length;
	}
}
