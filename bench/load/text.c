/* SPDX-License-Identifier: ISC */
#include "text.h"

static const struct compact {
	const char *longer;
	uint8_t letter;
} compacts[] = {
    {"Call-ID", 'i'},
    {"Contact", 'm'},
    {"Content-Length", 'l'},
    {"Content-Type", 'c'},
    {"From", 'f'},
    {"To", 't'},
    {"Via", 'v'},
};

static bool name_is(struct span name, const char *wanted)
{
	if (span_eq_case(name, span_str(wanted)))
		return true;
	if (name.n != 1)
		return false;
	for (size_t i = 0; i < sizeof(compacts) / sizeof(*compacts); i++)
		if (ascii_lower(name.p[0]) == compacts[i].letter && strcmp(compacts[i].longer, wanted) == 0)
			return true;
	return false;
}

struct span text_header(const struct text *t, const char *name)
{
	for (uint32_t i = 0; i < t->headers_n; i++)
		if (name_is(t->header[i].name, name))
			return t->header[i].value;
	return span_of(NULL, 0);
}

static struct span line_take(struct span *rest)
{
	const uint8_t *end = memmem(rest->p, rest->n, "\r\n", 2);
	struct span line = *rest;

	if (end == NULL) {
		*rest = span_skip(*rest, rest->n);
		return line;
	}
	line.n = (size_t)(end - rest->p);
	*rest = span_skip(*rest, line.n + 2);
	return line;
}

static bool start_line(struct span line, struct text *t)
{
	uint64_t status;

	if (!span_starts(line, SPAN("SIP/2.0 "))) {
		t->status = 0;
		t->method = span_head(line, span_find(line, ' '));
		return t->method.n > 0;
	}
	if (!span_decimal(span_head(span_skip(line, 8), 3), 699, &status))
		return false;
	t->status = (uint32_t)status;
	return status >= 100;
}

static bool headers(struct span rest, struct text *t)
{
	while (rest.n > 0) {
		struct span line = line_take(&rest);
		size_t colon = span_find(line, ':');
		if (colon == line.n || t->headers_n == TEXT_HEADERS_MAX)
			return false;
		t->header[t->headers_n++] = (struct text_header){
		    span_trim(span_head(line, colon)), span_trim(span_skip(line, colon + 1))};
	}
	return true;
}

enum text_result text_read(struct span stream, struct text *t, size_t *used)
{
	size_t skipped = 0;
	struct span head, line;
	const uint8_t *end;
	uint64_t length;

	while (stream.n >= 2 && stream.p[0] == '\r' && stream.p[1] == '\n') {
		stream = span_skip(stream, 2);
		skipped += 2;
	}
	*used = skipped;
	end = stream.n ? memmem(stream.p, stream.n, "\r\n\r\n", 4) : NULL;
	if (end == NULL)
		return TEXT_SHORT;
	t->headers_n = 0;
	head = span_head(stream, (size_t)(end - stream.p) + 2);
	line = line_take(&head);
	if (!start_line(line, t) || !headers(head, t))
		return TEXT_BAD;
	if (!span_decimal(text_header(t, "Content-Length"), 65535, &length))
		return TEXT_BAD;
	t->body = span_skip(stream, (size_t)(end - stream.p) + 4);
	if (t->body.n < length)
		return TEXT_SHORT;
	t->body.n = (size_t)length;
	if (t->status != 0) {
		struct span cseq = text_header(t, "CSeq");
		t->method = span_trim(span_skip(cseq, span_find(cseq, ' ')));
	}
	*used = skipped + (size_t)(end - stream.p) + 4 + (size_t)length;
	return TEXT_OK;
}

struct span text_uri(struct span value)
{
	size_t open = span_find(value, '<');

	if (open == value.n)
		return span_head(value, span_find(value, ';'));
	value = span_skip(value, open + 1);
	return span_head(value, span_find(value, '>'));
}

/* The value that starts here: quoted, or up to a separator. */
static struct span param_value(struct span s)
{
	size_t n = 0;

	if (s.n > 0 && s.p[0] == '"') {
		s = span_skip(s, 1);
		return span_head(s, span_find(s, '"'));
	}
	while (n < s.n && strchr(",; \t>", s.p[n]) == NULL)
		n++;
	return span_head(s, n);
}

struct span text_param(struct span value, const char *name)
{
	size_t n = strlen(name);
	bool quoted = false;

	for (size_t i = 0; i + n < value.n; i++) {
		bool starts = i == 0 || strchr(";, \t", value.p[i - 1]) != NULL;
		if (value.p[i] == '"')
			quoted = !quoted;
		if (quoted || !starts || value.p[i + n] != '=')
			continue;
		if (span_eq_case(span_of(value.p + i, n), span_str(name)))
			return param_value(span_skip(value, i + n + 1));
	}
	return span_of(NULL, 0);
}
