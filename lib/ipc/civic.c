/* SPDX-License-Identifier: ISC */
#include "ipc/civic.h"
#include "base/utf8.h"
#include "ipc/setting.h"

const char *const civic_word[CIVIC_PARTS] = {
    [CIVIC_COUNTRY] = "country",
    [CIVIC_STATE] = "state",
    [CIVIC_CITY] = "city",
    [CIVIC_STREET] = "street",
    [CIVIC_HOUSE] = "house",
    [CIVIC_FLOOR] = "floor",
    [CIVIC_ROOM] = "room",
    [CIVIC_POSTCODE] = "postcode",
};

const char *const civic_element[CIVIC_PARTS] = {
    [CIVIC_COUNTRY] = "country",
    [CIVIC_STATE] = "A1",
    [CIVIC_CITY] = "A3",
    [CIVIC_STREET] = "RD",
    [CIVIC_HOUSE] = "HNO",
    [CIVIC_FLOOR] = "FLR",
    [CIVIC_ROOM] = "ROOM",
    [CIVIC_POSTCODE] = "PC",
};

static int find_part(struct span word)
{
	for (int i = 0; i < CIVIC_PARTS; i++)
		if (span_eq(word, span_str(civic_word[i])))
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
