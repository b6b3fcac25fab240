/* SPDX-License-Identifier: ISC */
/* A key that is told in RTP and by INFO is one press, whichever comes first and whatever is lost (R15, R18). */
#include "../unit/test.h"
#include "press.h"

/* "i2" by INFO, "r2" in RTP, "." half a second later; what counts of it. */
static const char *counts(const char *script)
{
	static char out[32];
	struct press p = {0};
	uint64_t now_ms = 1000;
	size_t n = 0;

	for (; *script; script++) {
		if (*script == '.') {
			now_ms += 500;
			continue;
		}
		bool info = *script++ == 'i';
		uint8_t digit = (uint8_t)(*script - '0');
		if (info ? press_by_info(&p, digit, now_ms) : press_in_rtp(&p, digit, now_ms))
			out[n++] = *script;
	}
	out[n] = 0;
	return out;
}

static void each_press_counts_once(void)
{
	static const struct {
		const char *script, *counts;
	} row[] = {
	    {"r2r4r6r8", "2468"},
	    {"i2i4i6i8", "2468"},
	    {"r2i2r4i4r6i6r8i8", "2468"},
	    {"i2r2i4r4i6r6i8r8", "2468"},
	    {"i2i4r2r4r6i6r8i8", "2468"},       /* two ahead */
	    {"r2r4i2i4r4i4", "244"},            /* the same key again */
	    {"i4i4r4r4", "44"},
	    {"i2i4r4r6", "246"},                /* the first one's packets were lost */
	    {"i2....r2", "22"},                 /* too late to be the same */
	    {"i2...r2", "2"},
	    {"i1i2i3i4i5r2r3r4r5", "12345"},    /* more than are remembered: the oldest go */
	    {"i1i2i3i4i5r1", "123451"},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		const char *is = counts(row[i].script);
		if (strcmp(is, row[i].counts) != 0)
			fprintf(stderr, "%s: %s, not %s\n", row[i].script, is, row[i].counts);
		CHECK(strcmp(is, row[i].counts) == 0);
	}
}

int main(void)
{
	RUN(each_press_counts_once);
	return TEST_END;
}
