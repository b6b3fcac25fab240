/* SPDX-License-Identifier: ISC */
/* pidf_show USER DOMAIN WALL_MS [ELEMENT=VALUE... note=WORDS]: the document on standard output; 1 when it may not be written. */
#include "wire/pidf.h"
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct pidf_field field[64] = {0};
	uint8_t text[PIDF_MAX];
	struct buf b = buf_of(text, sizeof text);

	if (argc < 4 || argc > 4 + 64)
		return 2;
	struct pidf p = {.user = span_str(argv[1]), .domain = span_str(argv[2]), .wall_ms = atoll(argv[3]), .field = field};
	for (int i = 4; i < argc; i++) {
		char *equals = strchr(argv[i], '=');
		if (!equals)
			return 2;
		*equals = 0;
		if (strcmp(argv[i], "note") == 0)
			p.note = equals + 1;
		else
			field[p.fields++] = (struct pidf_field){argv[i], span_str(equals + 1)};
	}
	pidf_write(&b, &p);
	if (b.full)
		return 1;
	fwrite(b.p, 1, b.n, stdout);
	return 0;
}
