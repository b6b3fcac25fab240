/* SPDX-License-Identifier: ISC */
#include "audio/pack.h"

static const char magic[] = "RFPROMPT";

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

bool pack_name_ok(struct span name)
{
	size_t slash = span_find(name, '/');

	if (slash == 0 || slash + 1 >= name.n || name.n > PACK_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = name.p[i];
		if (i != slash && !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

static const char *check_entry(const struct pack *p, uint32_t i)
{
	const uint8_t *e = p->index.p + (size_t)i * PACK_ENTRY;
	size_t n = strnlen((const char *)e, PACK_NAME_MAX + 1);
	uint64_t first = le32(e + 48), samples = le32(e + 52);

	if (!pack_name_ok(span_of(e, n)))
		return "a prompt has no legal name";
	for (size_t k = n; k <= PACK_NAME_MAX; k++)
		if (e[k])
			return "octets after a name";
	if (i && memcmp(e - PACK_ENTRY, e, PACK_NAME_MAX + 1) >= 0)
		return "names are not in order";
	return samples == 0 || (first + samples) * 2 > p->samples.n ? "a prompt lies outside the file" : NULL;
}

const char *pack_open(struct span file, struct pack *out)
{
	const char *why = NULL;

	if (file.n < PACK_HEADER || memcmp(file.p, magic, 8) != 0)
		return "no file of prompts";
	if (le32(file.p + 8) != PACK_VERSION)
		return "of another version";
	struct pack p = {.prompts = le32(file.p + 12)};
	if (p.prompts == 0 || p.prompts > PACK_PROMPTS_MAX || file.n > PACK_OCTETS_MAX ||
	    (file.n - PACK_HEADER) / PACK_ENTRY < p.prompts)
		return "its header does not fit its length";
	p.index = span_of(file.p + PACK_HEADER, (size_t)p.prompts * PACK_ENTRY);
	p.samples = span_skip(file, PACK_HEADER + p.index.n);
	for (uint32_t i = 0; i < p.prompts && !why; i++)
		why = check_entry(&p, i);
	if (!why)
		*out = p;
	return why;
}

void pack_at(const struct pack *p, uint32_t i, struct pack_prompt *out)
{
	const uint8_t *e = p->index.p + (size_t)i * PACK_ENTRY;

	memcpy(out->name, e, sizeof out->name);
	out->samples = span_of(p->samples.p + (size_t)le32(e + 48) * 2, (size_t)le32(e + 52) * 2);
}

bool pack_find(const struct pack *p, const char *name, struct pack_prompt *out)
{
	uint32_t lo = 0, hi = p->prompts;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;
		pack_at(p, mid, out);
		int order = strcmp(name, out->name);
		if (order == 0)
			return true;
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}

bool pack_next_language(struct span head, uint32_t *at, struct span *language)
{
	if (head.n < PACK_HEADER || memcmp(head.p, magic, 8) != 0 || le32(head.p + 8) != PACK_VERSION)
		return false;
	const uint64_t there = (head.n - PACK_HEADER) / PACK_ENTRY, most = le32(head.p + 12);

	while (*at < most && *at < there) {
		const uint8_t *e = head.p + PACK_HEADER + (size_t)(*at)++ * PACK_ENTRY;
		struct span name = span_of(e, strnlen((const char *)e, PACK_NAME_MAX + 1));
		if (!pack_name_ok(name))
			return false;
		name = span_head(name, span_find(name, '/'));
		if (!span_eq(name, *language)) { /* they are in order */
			*language = name;
			return true;
		}
	}
	return false;
}
