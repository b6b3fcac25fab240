/* SPDX-License-Identifier: ISC */
#include "ipc/civic.h"
#include "base/utf8.h"
#include "ipc/setting.h"
#include <stdio.h>

static const char *const part_word[CIVIC_PARTS] = {
    [CIVIC_COUNTRY] = "country",
    [CIVIC_STATE] = "state",
    [CIVIC_CITY] = "city",
    [CIVIC_STREET] = "street",
    [CIVIC_HOUSE] = "house",
    [CIVIC_FLOOR] = "floor",
    [CIVIC_ROOM] = "room",
    [CIVIC_POSTCODE] = "postcode",
};

const uint8_t civic_element[CIVIC_PARTS] = {
    [CIVIC_COUNTRY] = PIDF_COUNTRY,
    [CIVIC_STATE] = PIDF_A1,
    [CIVIC_CITY] = PIDF_A3,
    [CIVIC_STREET] = PIDF_RD,
    [CIVIC_HOUSE] = PIDF_HNO,
    [CIVIC_FLOOR] = PIDF_FLR,
    [CIVIC_ROOM] = PIDF_ROOM,
    [CIVIC_POSTCODE] = PIDF_PC,
};

static int find_part(struct span word)
{
	for (int i = 0; i < CIVIC_PARTS; i++)
		if (span_eq(word, span_str(part_word[i])))
			return i;
	return -1;
}

static const char *take_part(struct civic *c, struct span item)
{
	size_t at = span_find(item, '=');
	int part = find_part(span_trim(span_head(item, at)));
	struct span value = span_trim(span_skip(item, at + 1));

	if (at == item.n)
		return "is no address: word=value, with commas between them";
	if (part < 0)
		return "is no address: its words are country, state, city, street, house, floor, room, postcode";
	if (c->part[part].n)
		return "is no address: a word stands twice";
	if (value.n == 0 || span_find(value, '=') < value.n || !utf8_text_ok(value, SETTING_TEXT_MAX))
		return "is no address: a value is empty or no plain text";
	c->part[part] = value;
	return NULL;
}

static bool is_capital(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

const char *civic_parse(struct span text, struct civic *out)
{
	struct civic c = {0};
	struct span item;
	const char *why = NULL;

	while (!why && setting_next(&text, &item))
		why = take_part(&c, item);
	if (why)
		return why;
	struct span country = c.part[CIVIC_COUNTRY];
	if (country.n != 2 || !is_capital(country.p[0]) || !is_capital(country.p[1]))
		return "is no address: country is missing or not two capital letters";
	*out = c;
	return NULL;
}

/* --- for people --- */

static const char *word_of(enum pidf_element e)
{
	for (int i = 0; i < CIVIC_PARTS; i++)
		if (civic_element[i] == e)
			return part_word[i];
	return pidf_element_name[e];
}

/* To a hand's breadth: whoever goes there needs no more. */
static void put_map(struct buf *b, const struct pidf_place *p)
{
	char text[96];

	if (p->shape == PIDF_NOWHERE)
		return;
	snprintf(text, sizeof text, "%.6f, %.6f", p->latitude_e7 / 1e7, p->longitude_e7 / 1e7);
	buf_str(b, text);
	if (p->shape == PIDF_CIRCLE) {
		snprintf(text, sizeof text, " within %u m", p->radius_cm / 100 + (p->radius_cm % 100 != 0));
		buf_str(b, text);
	}
	if (p->has_altitude) {
		snprintf(text, sizeof text, ", at a height of %.0f m", p->altitude_cm / 1e2);
		buf_str(b, text);
	}
}

void civic_describe(const struct pidf_place *p, char *out, size_t cap)
{
	struct buf b = buf_of(out, cap - 1);

	put_map(&b, p);
	for (int e = 0; e < PIDF_ELEMENTS; e++) {
		struct span value = pidf_value(p, (enum pidf_element)e);
		size_t before = b.n;
		if (!value.n)
			continue;
		buf_str(&b, before ? ", " : "");
		buf_str(&b, word_of((enum pidf_element)e));
		BUF_LIT(&b, "=");
		buf_add(&b, value);
		if (b.full) {
			b.n = before;
			break;
		}
	}
	out[b.n] = 0;
}
