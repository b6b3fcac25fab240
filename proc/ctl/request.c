/* SPDX-License-Identifier: ISC */
#include "ctl/request.h"
#include <stdio.h>

enum field_kind_in { TEXT, NUMBER };

enum effect { LOOKS, CHANGES };

#define F(NAME) (1u << FIELD_##NAME)

static const struct {
	const char *name;
	enum field_kind_in kind;
	uint64_t most;
} field[FIELDS] = {
#define FIELD(NAME, name, kind, most) [FIELD_##NAME] = {name, kind, most},
#include "ctl/request.def"
#undef FIELD
};

static const struct {
	const char *name;
	enum role role;
	bool changes;
	uint32_t must, may;
} verb[VERBS] = {
#define VERB(NAME, name, role, effect, must, may) [VERB_##NAME] = {name, role, effect, must, may},
#include "ctl/request.def"
#undef VERB
};

enum role request_role(enum verb v)
{
	return verb[v].role;
}

bool request_changes(enum verb v)
{
	return verb[v].changes;
}

static int find_verb(struct span name)
{
	for (int i = 0; i < VERBS; i++)
		if (span_eq(name, span_str(verb[i].name)))
			return i;
	return -1;
}

static int find_field(struct span name)
{
	for (int i = 0; i < FIELDS; i++)
		if (span_eq(name, span_str(field[i].name)))
			return i;
	return -1;
}

/* Our own names alone: values may be secret. */
static const char *about(int f, const char *what)
{
	static char why[80];

	const char *plain = f == FIELD_DISPLAY ? "display name" : f == FIELD_CALLED ? "number" : field[f].name;

	snprintf(why, sizeof why, "the %s %s", plain, what);
	return why;
}

static const char *beyond(int f, const char *what)
{
	char limit[48];

	snprintf(limit, sizeof limit, "%s %llu", what, (unsigned long long)field[f].most);
	return about(f, limit);
}

static const char *take_field(struct request *r, struct span name, struct span value)
{
	int f = find_field(name);

	if (f < 0)
		return "unknown field";
	if (request_has(r, (enum field)f))
		return about(f, "stands twice");
	if (field[f].kind == NUMBER && !span_decimal(value, field[f].most, &r->number[f]))
		return beyond(f, "is no number up to");
	if (field[f].kind == TEXT && value.n == 0)
		return about(f, "is empty");
	if (field[f].kind == TEXT && value.n > field[f].most)
		return beyond(f, "has more octets than");
	r->have |= 1u << f;
	r->text[f] = value;
	return NULL;
}

static const char *take_line(struct request *r, struct span line, bool first)
{
	size_t at = span_find(line, '=');
	struct span name = span_head(line, at), value = span_skip(line, at + 1);

	if (at == line.n)
		return "a line without =";
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] < 0x20 || line.p[i] == 0x7f)
			return "a control character";
	if (!first)
		return take_field(r, name, value);
	int v = span_eq(name, SPAN("verb")) ? find_verb(value) : -1;
	if (v < 0)
		return "unknown verb";
	r->verb = (enum verb)v;
	return NULL;
}

static const char *check_fields(const struct request *r)
{
	const uint32_t missing = verb[r->verb].must & ~r->have;
	const uint32_t other = r->have & ~(verb[r->verb].must | verb[r->verb].may);

	if (missing)
		return about(__builtin_ctz(missing), "is missing");
	if (other)
		return about(__builtin_ctz(other), "does not belong to this verb");
	return NULL;
}

static enum request_state bad(const char *words, const char **why)
{
	*why = words;
	return REQUEST_BAD;
}

enum request_state request_parse(struct span in, struct request *out, const char **why)
{
	struct request r = {.have = 0};
	const char *wrong;

	for (bool first = true;; first = false) {
		size_t end = span_find(in, '\n');
		if (end == in.n)
			return REQUEST_MORE;
		struct span line = span_head(in, end);
		in = span_skip(in, end + 1);
		if (line.n == 0 && !first)
			break;
		wrong = take_line(&r, line, first);
		if (wrong)
			return bad(wrong, why);
	}
	wrong = check_fields(&r);
	if (wrong)
		return bad(wrong, why);
	if (in.n < r.number[FIELD_BODY])
		return REQUEST_MORE;
	if (in.n > r.number[FIELD_BODY])
		return bad("octets after the request", why);
	r.body = in;
	*out = r;
	return REQUEST_WHOLE;
}
