/* SPDX-License-Identifier: ISC */
/* Headers about bodies: Accept and Content-*. */
#include "wire/sip_multipart.h"
#include "wire/sip_read.h"

/* A value above every limit still reads, so that it is answered with 413 and not with 400; above 2^32 it is
 * 400. */
const char *sip_read_content_length(struct sip_msg *m, struct lex *l)
{
	return lex_u32(l, UINT32_MAX, &m->content_length) ? NULL : "bad Content-Length";
}

/* m-type SLASH m-subtype */
static bool read_type(struct lex *l, struct span *type, struct span *subtype)
{
	return lex_token(l, type) && lex_sep(l, '/') && lex_token(l, subtype);
}

static bool type_is(struct span type, struct span subtype, const char *t, const char *s)
{
	return lex_same(type, span_str(t)) && lex_same(subtype, span_str(s));
}

static enum sip_media media_of(struct span type, struct span subtype)
{
	static const struct {
		const char *type, *subtype;
		enum sip_media media;
	} known[] = {
	    {"application", "sdp", SIP_MEDIA_SDP},
	    {"text", "plain", SIP_MEDIA_TEXT},
	    {"message", "sipfrag", SIP_MEDIA_SIPFRAG},
	    {"application", "dtmf-relay", SIP_MEDIA_DTMF_RELAY},
	    {"application", "dtmf", SIP_MEDIA_DTMF},
	    {"application", "pidf+xml", SIP_MEDIA_PIDF},
	    {"multipart", "mixed", SIP_MEDIA_MULTIPART},
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (type_is(type, subtype, known[i].type, known[i].subtype))
			return known[i].media;
	return lex_same(type, SPAN("multipart")) ? SIP_MEDIA_MULTIPART_OTHER : SIP_MEDIA_OTHER;
}

const char *sip_media_type(struct lex *l, enum sip_media *media, struct span *text, struct span *boundary)
{
	const uint8_t *from = l->p;
	struct lex_params seen = {0};
	struct lex_param p;
	struct span type, subtype;
	enum lex_next next;

	if (!read_type(l, &type, &subtype))
		return "bad Content-Type";
	*text = lex_since(l, from);
	*media = media_of(type, subtype);
	*boundary = span_of(NULL, 0);
	while ((next = lex_param(l, &seen, &p)) == LEX_ONE) {
		if (!p.has_value)
			return "Content-Type parameter without a value";
		if (!lex_named(&p, "boundary"))
			continue;
		if (p.value.n == 0 || p.value.n > SIP_BOUNDARY_MAX)
			return "boundary of no or over 70 characters";
		*boundary = p.value;
	}
	if (next == LEX_BAD)
		return "bad Content-Type";
	bool parts = *media == SIP_MEDIA_MULTIPART || *media == SIP_MEDIA_MULTIPART_OTHER;
	return parts && boundary->n == 0 ? "multipart without a boundary" : NULL;
}

const char *sip_read_content_type(struct sip_msg *m, struct lex *l)
{
	return sip_media_type(l, &m->content, &m->content_type, &m->boundary);
}

const char *sip_read_content_encoding(struct sip_msg *m, struct lex *l)
{
	const uint8_t *from = l->p;
	struct span coding;

	do {
		if (!lex_token(l, &coding))
			return "bad Content-Encoding";
	} while (lex_sep(l, ','));
	struct span all = lex_since(l, from);
	if (!lex_same(all, SPAN("identity")))
		m->content_encoding = all;
	return NULL;
}

const char *sip_read_content_disposition(struct sip_msg *m, struct lex *l)
{
	struct lex_params seen = {0};
	struct lex_param p;
	enum lex_next next;

	if (!lex_token(l, &m->disposition))
		return "bad Content-Disposition";
	while ((next = lex_param(l, &seen, &p)) == LEX_ONE)
		if (lex_named(&p, "handling"))
			m->disposition_optional = lex_same(p.value, SPAN("optional"));
	return next == LEX_BAD ? "bad Content-Disposition" : NULL;
}

static uint32_t range_accepts(struct span type, struct span subtype)
{
	static const struct {
		const char *type, *subtype;
		uint32_t bit;
	} known[] = {
	    {"application", "sdp", SIP_ACCEPT_SDP},
	    {"message", "sipfrag", SIP_ACCEPT_SIPFRAG},
	    {"text", "plain", SIP_ACCEPT_TEXT},
	};
	uint32_t mask = 0;

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (type_is(type, subtype, "*", "*") || type_is(type, subtype, known[i].type, known[i].subtype) ||
		    type_is(type, subtype, known[i].type, "*"))
			mask |= known[i].bit;
	return mask;
}

/* q=0, q=0.0 ...: not acceptable (RFC 9110 12.4.2) */
static bool is_zero(struct span q)
{
	for (size_t i = 0; i < q.n; i++)
		if (q.p[i] != '0' && q.p[i] != '.')
			return false;
	return q.n != 0;
}

const char *sip_read_accept(struct sip_msg *m, struct lex *l)
{
	unsigned n = 0;

	if (lex_end(l))
		return NULL;
	do {
		struct lex_params seen = {0};
		struct lex_param p;
		struct span type, subtype;
		enum lex_next next;
		bool refused = false;
		if (n++ == SIP_LIST_MAX)
			return "list too long";
		if (!read_type(l, &type, &subtype))
			return "bad Accept";
		while ((next = lex_param(l, &seen, &p)) == LEX_ONE)
			refused |= lex_named(&p, "q") && is_zero(p.value);
		if (next == LEX_BAD)
			return "bad Accept";
		if (!refused)
			m->accept |= range_accepts(type, subtype);
	} while (lex_sep(l, ','));
	return NULL;
}
