/* SPDX-License-Identifier: ISC */
/* Headers of numbers, tokens and short lists. */
#include "wire/sip_read.h"

const char *sip_read_cseq(struct sip_msg *m, struct lex *l)
{
	m->cseq_text = span_of(l->p, (size_t)(l->end - l->p));
	if (!lex_u32(l, SIP_CSEQ_MAX, &m->cseq) || !lex_ws(l))
		return "bad CSeq";
	struct span name = lex_run(l, LEX_TOKEN);
	if (name.n == 0)
		return "bad CSeq";
	if (!m->is_request) {
		m->method_name = name;
		m->method = sip_method_find(name);
	} else if (!span_eq(name, m->method_name)) {
		return "method of CSeq is not that of the request";
	}
	return NULL;
}

const char *sip_read_max_forwards(struct sip_msg *m, struct lex *l)
{
	uint32_t v;

	if (!lex_u32(l, SIP_MAX_FORWARDS_MAX, &v))
		return "bad Max-Forwards";
	m->max_forwards = (uint8_t)v;
	return NULL;
}

static const char *read_seconds(struct lex *l, uint32_t *out)
{
	return lex_u32(l, UINT32_MAX, out) ? NULL : "bad number of seconds";
}

const char *sip_read_expires(struct sip_msg *m, struct lex *l)
{
	return read_seconds(l, &m->expires_s);
}

const char *sip_read_min_expires(struct sip_msg *m, struct lex *l)
{
	return read_seconds(l, &m->min_expires_s);
}

const char *sip_read_flow_timer(struct sip_msg *m, struct lex *l)
{
	return read_seconds(l, &m->flow_timer_s);
}

/* comment = LPAREN *(ctext / quoted-pair / comment) RPAREN, here not nested */
static bool skip_comment(struct lex *l)
{
	if (!lex_char(l, '('))
		return true;
	while (!lex_end(l) && !lex_at(l, ')') && !lex_at(l, '(')) {
		if (lex_char(l, '\\') && lex_end(l))
			return false;
		l->p++;
	}
	return lex_char(l, ')');
}

static const char *skip_params(struct lex *l)
{
	struct lex_params seen = {0};
	struct lex_param p;
	enum lex_next next;

	while ((next = lex_param(l, &seen, &p)) == LEX_ONE)
		;
	return next == LEX_BAD ? "bad parameter, or one that stands twice" : NULL;
}

const char *sip_read_retry_after(struct sip_msg *m, struct lex *l)
{
	const char *why = read_seconds(l, &m->retry_after_s);

	if (why)
		return why;
	lex_ws(l);
	return skip_comment(l) ? skip_params(l) : "bad comment";
}

/* RFC 4028 4 */
const char *sip_read_session_expires(struct sip_msg *m, struct lex *l)
{
	struct lex_params seen = {0};
	struct lex_param p;
	enum lex_next next;
	const char *why = read_seconds(l, &m->session_expires_s);

	if (why)
		return why;
	while ((next = lex_param(l, &seen, &p)) == LEX_ONE) {
		if (!lex_named(&p, "refresher"))
			continue;
		if (lex_same(p.value, SPAN("uac")))
			m->refresher = SIP_REFRESHER_UAC;
		else if (lex_same(p.value, SPAN("uas")))
			m->refresher = SIP_REFRESHER_UAS;
		else
			return "bad refresher";
	}
	return next == LEX_BAD ? "bad Session-Expires" : NULL;
}

const char *sip_read_min_se(struct sip_msg *m, struct lex *l)
{
	const char *why = read_seconds(l, &m->min_se_s);

	return why ? why : skip_params(l);
}

/* RFC 3262 7.1: 1 to 2^32 - 1 */
const char *sip_read_rseq(struct sip_msg *m, struct lex *l)
{
	return lex_u32(l, UINT32_MAX, &m->rseq) && m->rseq ? NULL : "bad RSeq";
}

const char *sip_read_rack(struct sip_msg *m, struct lex *l)
{
	struct span name;

	if (!lex_u32(l, UINT32_MAX, &m->rack.rseq) || !lex_ws(l) || !lex_u32(l, SIP_CSEQ_MAX, &m->rack.cseq) ||
	    !lex_ws(l) || !lex_token(l, &name))
		return "bad RAck";
	m->rack.method = sip_method_find(name);
	return NULL;
}

/* A comma list of tokens; empty is allowed once, as the whole value, where the grammar says so. */
static const char *read_tokens(
    struct lex *l, bool may_be_empty, void *o, const char *(*add)(void *o, struct span token))
{
	struct span token;
	const char *why;
	unsigned n = 0;

	if (lex_end(l) && may_be_empty)
		return NULL;
	do {
		if (!lex_token(l, &token))
			return "bad list";
		if (n++ == SIP_LIST_MAX)
			return "list too long";
		if ((why = add(o, token)))
			return why;
	} while (lex_sep(l, ','));
	return NULL;
}

static const char *add_known_tag(void *o, struct span token)
{
	uint32_t *mask = o;

	*mask |= sip_tag_find(token);
	return NULL;
}

static const char *add_tag(void *o, struct span token)
{
	struct sip_tags *t = o;
	uint32_t bit = sip_tag_find(token);

	t->known |= bit;
	if (bit)
		return NULL;
	if (t->unknown_n == SIP_UNKNOWN_MAX)
		return "too many unknown option tags";
	t->unknown[t->unknown_n++] = token;
	return NULL;
}

static const char *add_method(void *o, struct span token)
{
	uint32_t *mask = o;

	*mask |= UINT32_C(1) << sip_method_find(token);
	return NULL;
}

const char *sip_read_supported(struct sip_msg *m, struct lex *l)
{
	return read_tokens(l, true, &m->supported, add_known_tag);
}

const char *sip_read_unsupported(struct sip_msg *m, struct lex *l)
{
	return read_tokens(l, false, &m->unsupported, add_known_tag);
}

const char *sip_read_require(struct sip_msg *m, struct lex *l)
{
	return read_tokens(l, false, &m->require, add_tag);
}

const char *sip_read_proxy_require(struct sip_msg *m, struct lex *l)
{
	return read_tokens(l, false, &m->proxy_require, add_tag);
}

const char *sip_read_allow(struct sip_msg *m, struct lex *l)
{
	return read_tokens(l, true, &m->allow, add_method);
}

/* RFC 3326 2 */
static const char *read_reason(struct lex *l, struct sip_reason *r)
{
	struct lex_params seen = {0};
	struct lex_param p;
	struct span protocol;
	enum lex_next next;
	uint64_t v;

	if (!lex_token(l, &protocol))
		return "bad Reason";
	r->protocol = lex_same(protocol, SPAN("SIP"))     ? SIP_REASON_SIP
	              : lex_same(protocol, SPAN("Q.850")) ? SIP_REASON_Q850
	                                                  : SIP_REASON_NONE;
	while ((next = lex_param(l, &seen, &p)) == LEX_ONE) {
		if (lex_named(&p, "cause")) {
			if (!span_decimal(p.value, 999, &v))
				return "bad cause in Reason";
			r->has_cause = true;
			r->cause = (uint16_t)v;
		} else if (lex_named(&p, "text")) {
			r->text = p.value;
		}
	}
	return next == LEX_BAD ? "bad Reason" : NULL;
}

const char *sip_read_reason(struct sip_msg *m, struct lex *l)
{
	do {
		struct sip_reason r = {0};
		const char *why = read_reason(l, &r);
		if (why)
			return why;
		if (r.protocol != SIP_REASON_NONE && m->reason_n < SIP_REASONS_MAX)
			m->reason[m->reason_n++] = r;
	} while (lex_sep(l, ','));
	return NULL;
}

/* warn-code SP warn-agent SP warn-text (20.43) */
const char *sip_read_warning(struct sip_msg *m, struct lex *l)
{
	do {
		const uint8_t *from = l->p;
		struct span agent, text;
		uint32_t code;
		if (!lex_u32(l, 999, &code) || l->p - from != 3 || !lex_ws(l))
			return "bad Warning";
		agent = lex_run(l, LEX_VALUE);
		if (agent.n == 0 || !lex_ws(l) || !lex_quoted(l, &text))
			return "bad Warning";
		if (m->warning.code == 0) {
			m->warning.code = (uint16_t)code;
			m->warning.agent = agent;
			m->warning.text = text;
		}
	} while (lex_sep(l, ','));
	return NULL;
}

/* RFC 6665 8.4 */
const char *sip_read_event(struct sip_msg *m, struct lex *l)
{
	struct lex_params seen = {0};
	struct lex_param p;
	enum lex_next next;

	if (!lex_token(l, &m->event))
		return "bad Event";
	while ((next = lex_param(l, &seen, &p)) == LEX_ONE)
		if (lex_named(&p, "id"))
			m->event_id = p.value;
	return next == LEX_BAD ? "bad Event" : NULL;
}

const char *sip_read_subscription_state(struct sip_msg *m, struct lex *l)
{
	struct lex_params seen = {0};
	struct lex_param p;
	struct span state;
	enum lex_next next;
	uint64_t v;

	if (!lex_token(l, &state))
		return "bad Subscription-State";
	m->substate = lex_same(state, SPAN("active"))       ? SIP_SUBSTATE_ACTIVE
	              : lex_same(state, SPAN("pending"))    ? SIP_SUBSTATE_PENDING
	              : lex_same(state, SPAN("terminated")) ? SIP_SUBSTATE_TERMINATED
	                                                    : SIP_SUBSTATE_OTHER;
	while ((next = lex_param(l, &seen, &p)) == LEX_ONE) {
		if (!lex_named(&p, "expires"))
			continue;
		if (!span_decimal(p.value, UINT32_MAX, &v))
			return "bad Subscription-State";
		m->substate_expires_s = (uint32_t)v;
	}
	return next == LEX_BAD ? "bad Subscription-State" : NULL;
}

/* RFC 3323 4.2: separated by semicolons */
const char *sip_read_privacy(struct sip_msg *m, struct lex *l)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} words[] = {
	    {"none", SIP_PRIVACY_NONE},
	    {"header", SIP_PRIVACY_HEADER},
	    {"session", SIP_PRIVACY_SESSION},
	    {"user", SIP_PRIVACY_USER},
	    {"id", SIP_PRIVACY_ID},
	    {"critical", SIP_PRIVACY_CRITICAL},
	    {"history", SIP_PRIVACY_HISTORY},
	};

	do {
		struct span word;
		uint32_t bit = SIP_PRIVACY_OTHER;
		if (!lex_token(l, &word))
			return "bad Privacy";
		for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
			if (lex_same(word, span_str(words[i].name)))
				bit = words[i].bit;
		m->privacy |= bit;
	} while (lex_sep(l, ';'));
	return NULL;
}

/* 1*DIGIT [ "." *DIGIT ] [ LWS delay ] */
const char *sip_read_timestamp(struct sip_msg *m, struct lex *l)
{
	const uint8_t *from = l->p;

	if (lex_run(l, LEX_DIGIT).n == 0)
		return "bad Timestamp";
	if (lex_char(l, '.'))
		lex_run(l, LEX_DIGIT);
	m->timestamp = lex_since(l, from);
	if (lex_ws(l)) {
		lex_run(l, LEX_DIGIT);
		if (lex_char(l, '.'))
			lex_run(l, LEX_DIGIT);
	}
	return m->timestamp.n <= SIP_TOKEN_MAX ? NULL : "bad Timestamp";
}

/* Any text: its characters were checked with the line. */
const char *sip_read_text(struct sip_msg *m, struct lex *l)
{
	(void)m;
	l->p = l->end;
	return NULL;
}

/* RFC 8224 4; of several the first, and who it is from is not read here */
const char *sip_read_signature(struct sip_msg *m, struct lex *l)
{
	if (m->signature_n < SIP_SIGNATURES_MAX)
		m->signature[m->signature_n++] = span_of(l->p, (size_t)(l->end - l->p));
	l->p = l->end;
	return NULL;
}

const char *sip_read_user_agent(struct sip_msg *m, struct lex *l)
{
	m->user_agent = span_of(l->p, (size_t)(l->end - l->p));
	return sip_read_text(m, l);
}

/* RFC 3903 11.3 */
const char *sip_read_sip_etag(struct sip_msg *m, struct lex *l)
{
	return lex_token(l, &m->sip_etag) && m->sip_etag.n <= SIP_TOKEN_MAX ? NULL : "bad SIP-ETag";
}

const char *sip_read_sip_if_match(struct sip_msg *m, struct lex *l)
{
	return lex_token(l, &m->sip_if_match) && m->sip_if_match.n <= SIP_TOKEN_MAX ? NULL : "bad SIP-If-Match";
}
