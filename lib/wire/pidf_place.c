/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"
#include "wire/pidf.h"

const char *const pidf_element_name[PIDF_ELEMENTS] = {"country", "A1", "A2", "A3", "A4", "A5", "A6", "PRM", "PRD", "RD",
    "STS", "POD", "POM", "RDSEC", "RDBR", "RDSUBBR", "HNO", "HNS", "LMK", "LOC", "FLR", "NAM", "PC", "BLD", "UNIT",
    "ROOM", "SEAT", "PLC", "PCN", "POBOX", "ADDCODE"};

enum { ALTITUDE_MIN_CM = -2000000, ALTITUDE_MAX_CM = 10000000 }; /* below any ground, above any flight */

static const int64_t WALL_MAX_MS = INT64_C(253402300799999); /* the last of the year 9999 */

int pidf_element_find(struct span name)
{
	for (int i = 0; i < PIDF_ELEMENTS; i++)
		if (span_eq(name, span_str(pidf_element_name[i])))
			return i;
	return -1;
}

static bool is_capital(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

/* U+FFFE and U+FFFF are no characters of XML. */
static bool value_ok(enum pidf_element e, struct span s)
{
	if (e == PIDF_COUNTRY && s.n && !(s.n == 2 && is_capital(s.p[0]) && is_capital(s.p[1])))
		return false;
	return utf8_text_ok(s, PIDF_VALUE_MAX) &&
	       (!s.n || (!memmem(s.p, s.n, "\xef\xbf\xbe", 3) && !memmem(s.p, s.n, "\xef\xbf\xbf", 3)));
}

static uint16_t begin_of(const struct pidf_place *p, enum pidf_element e)
{
	return e ? p->end[e - 1] : 0;
}

struct span pidf_value(const struct pidf_place *p, enum pidf_element e)
{
	return span_of(p->text + begin_of(p, e), (size_t)(p->end[e] - begin_of(p, e)));
}

bool pidf_set(struct pidf_place *p, enum pidf_element e, struct span value)
{
	size_t from = p->end[e], all = p->end[PIDF_ELEMENTS - 1];

	if (!value_ok(e, value) || pidf_value(p, e).n || value.n > PIDF_TEXT_MAX - all)
		return false;
	if (!value.n)
		return true;
	memmove(p->text + from + value.n, p->text + from, all - from);
	memcpy(p->text + from, value.p, value.n);
	for (int i = (int)e; i < PIDF_ELEMENTS; i++)
		p->end[i] = (uint16_t)(p->end[i] + value.n);
	return true;
}

static bool address_ok(const struct pidf_place *p)
{
	for (int e = 0; e < PIDF_ELEMENTS; e++)
		if (p->end[e] < begin_of(p, (enum pidf_element)e) || p->end[e] > PIDF_TEXT_MAX ||
		    !value_ok((enum pidf_element)e, pidf_value(p, (enum pidf_element)e)))
			return false;
	return true;
}

static bool shape_ok(const struct pidf_place *p)
{
	if (p->shape == PIDF_NOWHERE)
		return !p->has_altitude && !p->latitude_e7 && !p->longitude_e7 && !p->altitude_cm && !p->radius_cm;
	if (p->shape >= PIDF_SHAPES || p->has_altitude > (p->shape == PIDF_POINT))
		return false;
	return p->latitude_e7 >= -900000000 && p->latitude_e7 <= 900000000 && p->longitude_e7 >= -1800000000 &&
	       p->longitude_e7 <= 1800000000 && p->altitude_cm >= ALTITUDE_MIN_CM &&
	       p->altitude_cm <= ALTITUDE_MAX_CM && (p->has_altitude || !p->altitude_cm) &&
	       (p->radius_cm != 0) == (p->shape == PIDF_CIRCLE) && p->radius_cm <= PIDF_RADIUS_MAX_CM;
}

bool pidf_place_ok(const struct pidf_place *p)
{
	return shape_ok(p) && p->method < PIDF_METHODS && p->wall_ms >= 0 && p->wall_ms <= WALL_MAX_MS &&
	       address_ok(p) && (p->shape != PIDF_NOWHERE || p->end[PIDF_ELEMENTS - 1] > 0);
}
