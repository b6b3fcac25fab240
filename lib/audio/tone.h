/* SPDX-License-Identifier: ISC */
/* The tones of a country's telephone network (ITU-T E.180, Supplement 2), as data, and their generator. */
#ifndef AUDIO_TONE_H
#define AUDIO_TONE_H

#include "base/span.h"

enum tone_kind {
	TONE_DIAL,
	TONE_RINGBACK,
	TONE_BUSY,
	TONE_CONGESTION,
	TONE_SPECIAL, /* special information: before "this number is not in service" */
	TONE_WARNING, /* something is about to end */
	TONE_HOLD,    /* you are held */
	TONES
};

enum { TONE_STEPS_MAX = 8, TONE_AT_ONCE = 3, TONE_COUNTRIES = 12, TONE_COUNTRY_LEN = 2 };

/* Up to three frequencies at once, 0 for none; all 0 is silence. */
struct tone_step {
	uint16_t hz[TONE_AT_ONCE], ms;
};

/* The cadence ends with ms 0, or after TONE_STEPS_MAX steps, and begins anew. Each cycle of a tone without a pause is a whole
 * number of periods. */
struct tone {
	struct tone_step step[TONE_STEPS_MAX];
};

struct tone_country {
	char name[TONE_COUNTRY_LEN + 1]; /* ISO 3166, lower case */
	struct tone tone[TONES];
};

extern const struct tone_country tone_country[TONE_COUNTRIES];

/* Index of a country, or -1; kind of a name ("ringback"), or -1. */
int tone_find_country(struct span name);
int tone_find(struct span name);

/* Samples of one cycle at this rate. */
uint32_t tone_cycle(const struct tone *t, uint32_t rate);

/* n samples of the cycle from sample `at` on; at + n no more than the cycle. */
void tone_read(const struct tone *t, uint32_t rate, uint32_t at, int16_t *out, uint32_t n);

#endif
