/* SPDX-License-Identifier: ISC */
/* Limits and counts as text: settings of people, rows of a store. */
#include "plan/ceiling.h"

enum { MONEY_UNIT_E4 = 10000, MONEY_MAX_E4 = 4000000000u, COUNT_MAX = 1000000 };

const char *const ceiling_kind_name[CEILING_KINDS] = {
    [CEILING_MONEY] = "money",
    [CEILING_MINUTES] = "minutes",
    [CEILING_CALLS] = "calls",
    [CEILING_HOURLY] = "hourly",
    [CEILING_DESTINATIONS] = "destinations",
    [CEILING_ABROAD] = "abroad",
};

bool plan_money_parse(struct span s, uint32_t unit_e4, uint32_t max_e4, uint32_t *out)
{
	size_t dot = span_find(s, '.');
	struct span whole = span_head(s, dot), part = span_skip(s, dot + 1);
	uint64_t units, hundredths = 0;

	if (!span_decimal(whole, max_e4 / unit_e4, &units) || (dot < s.n && (part.n < 1 || part.n > 2)) ||
	    (part.n && !span_decimal(part, 99, &hundredths)))
		return false;
	if (part.n == 1)
		hundredths *= 10;
	uint64_t e4 = units * unit_e4 + hundredths * unit_e4 / 100;
	if (e4 > max_e4)
		return false;
	*out = (uint32_t)e4;
	return true;
}

/* The next word, and what stands on both sides of its =. */
static bool next_pair(struct span *text, struct span *name, struct span *value)
{
	*text = span_trim(*text);
	size_t n = span_find(*text, ' ');
	struct span word = span_head(*text, n);
	size_t equal = span_find(word, '=');

	*text = span_skip(*text, n);
	*name = span_head(word, equal);
	*value = span_skip(word, equal + 1);
	return equal < word.n && value->n;
}

bool ceiling_set(struct ceiling_limit *limit, enum ceiling_kind kind, struct span value)
{
	uint64_t n;

	if (kind == CEILING_MONEY)
		return plan_money_parse(value, MONEY_UNIT_E4, MONEY_MAX_E4, &limit->most[kind]);
	if (!span_decimal(value, kind == CEILING_ABROAD ? CEILING_ABROAD_MAX : COUNT_MAX, &n))
		return false;
	limit->most[kind] = (uint32_t)n;
	return true;
}

bool ceiling_override(struct ceiling_limit *limit, struct span text, const char **why)
{
	struct ceiling_limit changed = *limit;
	struct span name, value;
	unsigned seen = 0;

	while (span_trim(text).n) {
		int kind = 0;
		if (!next_pair(&text, &name, &value)) {
			*why = "is no row of pairs such as money=20 minutes=300";
			return false;
		}
		while (kind < CEILING_KINDS && !span_eq(name, span_str(ceiling_kind_name[kind])))
			kind++;
		if (kind == CEILING_KINDS || seen >> kind & 1) {
			*why = kind == CEILING_KINDS
			           ? "names something else than money, minutes, calls, hourly, destinations, abroad"
			           : "names one of them twice";
			return false;
		}
		seen |= 1u << kind;
		if (!ceiling_set(&changed, (enum ceiling_kind)kind, value)) {
			*why =
			    "has a value that is no amount (money with two decimals at most, the others whole, abroad 255 at most)";
			return false;
		}
	}
	*limit = changed;
	return true;
}

static const char *const count_name[] = {
    "day", "hour", "money", "ms", "hourly", "destinations", "half", "full", "abroad", "abroad-before"};

/* A store of before has none of the last two. */
enum { COUNT_FIELDS = sizeof count_name / sizeof *count_name, COUNT_FIELDS_LEAST = COUNT_FIELDS - 2 };

void ceiling_put(struct buf *b, const struct ceiling_count *n)
{
	const uint64_t value[COUNT_FIELDS] = {n->day, n->hour, n->money_e4_ms, n->ms, n->hourly, n->destinations,
	    n->told_half, n->told_full, n->abroad, n->abroad_before};

	for (int i = 0; i < COUNT_FIELDS; i++) {
		if (i)
			BUF_LIT(b, " ");
		buf_str(b, count_name[i]);
		BUF_LIT(b, "=");
		buf_decimal(b, value[i]);
	}
}

bool ceiling_parse(struct span text, struct ceiling_count *out)
{
	static const uint64_t most[COUNT_FIELDS] = {UINT32_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX, UINT32_MAX,
	    UINT32_MAX, UINT8_MAX, UINT8_MAX, UINT8_MAX, UINT8_MAX};
	uint64_t v[COUNT_FIELDS] = {0};
	struct span name, value;

	for (int i = 0; i < COUNT_FIELDS && (i != COUNT_FIELDS_LEAST || span_trim(text).n); i++)
		if (!next_pair(&text, &name, &value) || !span_eq(name, span_str(count_name[i])) ||
		    !span_decimal(value, most[i], &v[i]))
			return false;
	if (span_trim(text).n)
		return false;
	*out = (struct ceiling_count){.day = (uint32_t)v[0],
	    .hour = (uint32_t)v[1],
	    .money_e4_ms = v[2],
	    .ms = v[3],
	    .hourly = (uint32_t)v[4],
	    .destinations = (uint32_t)v[5],
	    .told_half = (uint8_t)v[6],
	    .told_full = (uint8_t)v[7],
	    .abroad = (uint8_t)v[8],
	    .abroad_before = (uint8_t)v[9]};
	return true;
}
