/* SPDX-License-Identifier: ISC */
/* What real phones sent each other, recorded in the lab: the corpora of the fuzzers hold it. A conversation is {sender, length (2),
 * datagram} over and over. */
#ifndef TEST_RECORDED_H
#define TEST_RECORDED_H

#include "base/cursor.h"
#include <stdio.h>

/* Good until the next one; empty when it is not there. */
static struct span recorded(const char *corpus, const char *name)
{
	static uint8_t file[65536];
	char path[1024];
	size_t n = 0;

	snprintf(path, sizeof path, "%s/%s", corpus, name);
	FILE *f = fopen(path, "rb");
	if (f) {
		n = fread(file, 1, sizeof file, f);
		fclose(f);
	}
	return span_of(file, n);
}

static bool recorded_next(struct cursor *c, unsigned *from, struct span *d)
{
	uint8_t sender;
	uint16_t n;

	if (!cursor_u8(c, &sender) || !cursor_u16(c, &n) || !cursor_span(c, n, d))
		return false;
	*from = sender;
	return true;
}

#endif
