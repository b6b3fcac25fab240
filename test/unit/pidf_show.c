/* SPDX-License-Identifier: ISC */
/* pidf_show USER DOMAIN WALL_MS [ELEMENT=VALUE... note=WORDS]: the document on standard output; 1 when it may not be written.
 * pidf_show FILE: the place that is read of it, written anew; 1, and why on standard error, when none is. */
#include "wire/pidf.h"
#include <stdio.h>
#include <stdlib.h>

static int show(const struct pidf *p)
{
	uint8_t text[PIDF_MAX];
	struct buf b = buf_of(text, sizeof text);

	pidf_write(&b, p);
	if (b.full)
		return 1;
	fwrite(b.p, 1, b.n, stdout);
	return 0;
}

static int show_file(const char *name)
{
	uint8_t text[65536];
	struct pidf_place place;
	const char *why;
	FILE *f = fopen(name, "rbe");
	size_t n = f ? fread(text, 1, sizeof text, f) : 0;

	if (!f)
		return 2;
	fclose(f);
	if (!pidf_read(span_of(text, n), &place, &why)) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	return show(&(struct pidf){.user = SPAN("101"), .domain = SPAN("example.org"), .place = &place});
}

int main(int argc, char **argv)
{
	struct pidf_place place = {.method = PIDF_MANUAL};

	if (argc == 2)
		return show_file(argv[1]);
	if (argc < 4)
		return 2;
	place.wall_ms = atoll(argv[3]);
	struct pidf p = {.user = span_str(argv[1]), .domain = span_str(argv[2]), .place = &place};
	for (int i = 4; i < argc; i++) {
		struct span word = span_str(argv[i]), name = span_head(word, span_find(word, '='));
		struct span value = span_skip(word, name.n + 1);
		int e = pidf_element_find(name);
		if (span_eq(name, SPAN("note")))
			p.note = (const char *)value.p;
		else if (e < 0 || !pidf_set(&place, (enum pidf_element)e, value))
			return 1;
	}
	return show(&p);
}
