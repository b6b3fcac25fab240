/* SPDX-License-Identifier: ISC */
#include "cmd.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BUFFERS = 8, BUFFER = 1024 };

static char *next_buffer(void)
{
	static char mem[BUFFERS][BUFFER];
	static int at;

	return mem[at++ % BUFFERS];
}

/* Code point and octets of the UTF-8 character at s, which ends with NUL; 0 octets when there is none. */
static size_t decode(const unsigned char *s, uint32_t *c)
{
	const size_t n = utf8_step(s, strnlen((const char *)s, 4));

	*c = n < 2 ? s[0] : s[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++)
		*c = *c << 6 | (s[i] & 0x3fu);
	return n;
}

/* Controls of both sets, and what joins, hides or turns round the text beside it. */
static bool is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

const char *safe(const char *text)
{
	char *out = next_buffer();
	const unsigned char *s = (const unsigned char *)text;
	size_t n = 0;

	while (*s && n + 16 < BUFFER) {
		uint32_t c = 0;
		size_t len = decode(s, &c);
		if (len == 0) {
			n += (size_t)sprintf(out + n, "\\x%02x", *s++);
		} else if (is_harmful(c)) {
			n += (size_t)sprintf(out + n, "\\u{%x}", c);
			s += len;
		} else {
			memcpy(out + n, s, len);
			n += len;
			s += len;
		}
	}
	out[n] = 0;
	return out;
}

const char *show_when(int64_t wall_ms)
{
	char *out = next_buffer();
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;

	if (!localtime_r(&t, &tm) || strftime(out, BUFFER, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(out, BUFFER, "-");
	return out;
}

const char *show_length(uint64_t ms)
{
	char *out = next_buffer();
	unsigned long long s = ms / 1000;

	if (s >= 3600)
		snprintf(out, BUFFER, "%llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(out, BUFFER, "%llu:%02llu", s / 60, s % 60);
	return out;
}

const char *show_age(uint64_t ms)
{
	static const struct {
		uint64_t unit_ms;
		const char *name;
	} unit[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}};
	char *out = next_buffer();

	for (size_t i = 0; i < sizeof unit / sizeof *unit; i++)
		if (ms >= unit[i].unit_ms * (i < 3 ? 2 : 1)) {
			snprintf(out, BUFFER, "%llu %s", (unsigned long long)(ms / unit[i].unit_ms), unit[i].name);
			return out;
		}
	snprintf(out, BUFFER, "0 s");
	return out;
}

/* --- tables --- */

static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void table_begin(struct table *t, int columns, const char *const *head)
{
	*t = (struct table){.columns = columns};
	table_add(t, head);
}

void table_add(struct table *t, const char *const *cells)
{
	if (t->rows == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->cell = realloc(t->cell, (size_t)t->cap * (size_t)t->columns * sizeof *t->cell);
		if (!t->cell)
			abort();
	}
	for (int i = 0; i < t->columns; i++) {
		char *copy = strdup(cells[i]);
		if (!copy)
			abort();
		t->cell[t->rows * t->columns + i] = copy;
	}
	t->rows++;
}

void table_end(struct table *t)
{
	for (int r = 0; r < t->rows && t->rows > 1; r++) {
		for (int i = 0; i < t->columns; i++) {
			const char *s = t->cell[r * t->columns + i];
			size_t w = 0;
			for (int k = 0; k < t->rows; k++) {
				size_t other = width(t->cell[k * t->columns + i]);
				w = other > w ? other : w;
			}
			printf("%s%*s", s, i + 1 < t->columns ? (int)(w - width(s)) + 2 : 0, "");
		}
		putchar('\n');
	}
	for (int i = 0; i < t->rows * t->columns; i++)
		free(t->cell[i]);
	free(t->cell);
	*t = (struct table){.rows = 0};
}

void complain(const char *what, const char *why, const char *what_to_do)
{
	fflush(stdout);
	fprintf(stderr, "ringfence: %s", what);
	if (why && why[0])
		fprintf(stderr, ": %s", safe(why));
	fputc('\n', stderr);
	if (what_to_do && what_to_do[0])
		fprintf(stderr, "  %s\n", safe(what_to_do));
}
