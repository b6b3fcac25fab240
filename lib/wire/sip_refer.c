/* SPDX-License-Identifier: ISC */
#include "wire/sip_refer.h"
#include "wire/sip_read.h"
#include "wire/telephone_event.h"

bool sip_replaces_parse(struct span s, struct sip_replaces *out)
{
	struct sip_msg m = {0};
	struct lex l = lex_of(s);

	if (sip_read_replaces(&m, &l) || !lex_end(&l))
		return false;
	*out = m.replaces;
	return true;
}

const char *sip_refer_headers(struct span headers, uint8_t mem[SIP_REPLACES_MAX], struct sip_replaces *out)
{
	*out = (struct sip_replaces){0};
	if (headers.n == 0)
		return NULL;
	size_t name = span_find(headers, '=');
	if (span_find(headers, '&') < headers.n || !lex_same(span_head(headers, name), SPAN("Replaces")))
		return "a Refer-To that carries headers other than one Replaces";
	int n = name == headers.n ? -1 : uri_unescape(span_skip(headers, name + 1), mem, SIP_REPLACES_MAX);
	if (n < 0 || !sip_replaces_parse(span_of(mem, (size_t)n), out))
		return "a bad Replaces in Refer-To";
	return NULL;
}

unsigned sip_frag_status(struct span body)
{
	struct span version = SPAN("SIP/2.0 ");
	uint64_t code;

	if (!span_starts_case(body, version) || body.n < version.n + 3)
		return 0;
	struct span rest = span_skip(body, version.n + 3);
	if (!span_decimal(span_head(span_skip(body, version.n), 3), 699, &code) || code < 100)
		return 0;
	/* the phrase may be missing, and the line's end too */
	return rest.n == 0 || rest.p[0] == ' ' || rest.p[0] == '\r' ? (unsigned)code : 0;
}

static unsigned one_key(struct span s)
{
	return s.n == 1 && event_of_key(s.p[0]) >= 0 ? s.p[0] : 0;
}

static struct span trim(struct span s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = span_skip(s, 1);
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* The next line without its end, which may be CR LF or LF: old phones write either. */
static struct span next_line(struct span *left)
{
	size_t n = span_find(*left, '\n');
	struct span line = span_head(*left, n);

	*left = span_skip(*left, n < left->n ? n + 1 : n);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return trim(line);
}

static unsigned relay_key(struct span body)
{
	unsigned key = 0;

	while (body.n) {
		struct span line = next_line(&body);
		size_t equals = span_find(line, '=');
		if (equals == line.n || !lex_same(trim(span_head(line, equals)), SPAN("Signal")))
			continue;
		if (key) /* two digits are none */
			return 0;
		key = one_key(trim(span_skip(line, equals + 1)));
		if (!key)
			return 0;
	}
	return key;
}

unsigned sip_info_key(enum sip_media content, struct span body)
{
	if (content == SIP_MEDIA_DTMF_RELAY)
		return relay_key(body);
	if (content != SIP_MEDIA_DTMF)
		return 0;
	struct span line = next_line(&body);
	return body.n ? 0 : one_key(line);
}
