/* SPDX-License-Identifier: ISC */
/* Digest credentials and challenges (RFC 3261 22, RFC 7616, RFC 8760). */
#include "wire/sip_read.h"

/* auth-param = token EQUAL ( token / quoted-string ); a name that stands twice is bad */
static bool read_param(struct lex *l, struct lex_params *seen, struct lex_param *p)
{
	if (!lex_token(l, &p->name) || !lex_sep(l, '=') || !lex_params_add(seen, p->name))
		return false;
	p->quoted = lex_at(l, '"');
	/* both sides hash the octets between the quotes, so one spelling of them only */
	return p->quoted ? lex_quoted(l, &p->value) && span_find(p->value, '\\') == p->value.n
	                 : lex_token(l, &p->value);
}

static bool is_lhex(struct span s)
{
	struct lex l = lex_of(s);

	lex_run(&l, LEX_LHEX);
	return lex_end(&l);
}

typedef bool set_credential(struct sip_credentials *c, const struct lex_param *p);
typedef bool set_challenge(struct sip_challenge *c, const struct lex_param *p);

static bool put_username(struct sip_credentials *c, const struct lex_param *p)
{
	c->username = p->value;
	return p->quoted;
}

static bool put_realm(struct sip_credentials *c, const struct lex_param *p)
{
	c->realm = p->value;
	return p->quoted;
}

static bool put_nonce(struct sip_credentials *c, const struct lex_param *p)
{
	c->nonce = p->value;
	return p->quoted;
}

static bool put_uri(struct sip_credentials *c, const struct lex_param *p)
{
	c->uri = p->value;
	return p->quoted;
}

static bool put_response(struct sip_credentials *c, const struct lex_param *p)
{
	c->response = p->value;
	return p->quoted && p->value.n <= DIGEST_HEX_MAX && is_lhex(p->value);
}

static bool put_cnonce(struct sip_credentials *c, const struct lex_param *p)
{
	c->cnonce = p->value;
	return p->quoted;
}

static bool put_opaque(struct sip_credentials *c, const struct lex_param *p)
{
	c->opaque = p->value;
	return p->quoted;
}

static bool put_algorithm(struct sip_credentials *c, const struct lex_param *p)
{
	c->alg = digest_alg_find(p->value);
	return c->has_alg = true;
}

static bool put_qop(struct sip_credentials *c, const struct lex_param *p)
{
	c->qop = lex_same(p->value, SPAN("auth"))       ? DIGEST_QOP_AUTH
	         : lex_same(p->value, SPAN("auth-int")) ? DIGEST_QOP_AUTH_INT
	                                                : DIGEST_QOP_OTHER;
	return true;
}

/* 8LHEX */
static bool put_nc(struct sip_credentials *c, const struct lex_param *p)
{
	uint8_t o[4];

	if (p->quoted || p->value.n != 8 || !is_lhex(p->value) || span_unhex(p->value, o, sizeof o) != 4)
		return false;
	c->nc = (uint32_t)o[0] << 24 | (uint32_t)o[1] << 16 | (uint32_t)o[2] << 8 | o[3];
	return c->has_nc = true;
}

static bool put_userhash(struct sip_credentials *c, const struct lex_param *p)
{
	c->userhash = lex_same(p->value, SPAN("true"));
	return true;
}

static const struct {
	const char *name;
	set_credential *set;
} credential_params[] = {
    {"username", put_username},
    {"realm", put_realm},
    {"nonce", put_nonce},
    {"uri", put_uri},
    {"response", put_response},
    {"cnonce", put_cnonce},
    {"opaque", put_opaque},
    {"algorithm", put_algorithm},
    {"qop", put_qop},
    {"nc", put_nc},
    {"userhash", put_userhash},
};

static bool set_credentials(void *o, const struct lex_param *p)
{
	for (size_t i = 0; i < sizeof credential_params / sizeof credential_params[0]; i++)
		if (lex_named(p, credential_params[i].name))
			return credential_params[i].set(o, p);
	return true;
}

/* #auth-param after the scheme */
static const char *read_params(struct lex *l, void *o, bool (*set)(void *o, const struct lex_param *p))
{
	struct lex_params seen = {0};
	struct lex_param p;

	do {
		if (!read_param(l, &seen, &p))
			return "bad authentication parameter, or one that stands twice";
		if (!set(o, &p))
			return "bad value of an authentication parameter";
	} while (lex_sep(l, ','));
	return NULL;
}

/* True when it is Digest. Another scheme is read over, for its characters were checked with the line. */
static bool digest_scheme(struct lex *l, const char **why)
{
	struct span scheme = lex_run(l, LEX_TOKEN);

	*why = scheme.n && lex_ws(l) ? NULL : "bad authentication scheme";
	if (*why || lex_same(scheme, SPAN("Digest")))
		return !*why;
	l->p = l->end;
	return false;
}

static const char *read_credentials(struct sip_msg *m, struct lex *l, bool proxy)
{
	struct sip_credentials c = {.proxy = proxy};
	const char *why;

	if (!digest_scheme(l, &why)) {
		m->auth_other |= !why;
		return why;
	}
	why = read_params(l, &c, set_credentials);
	if (why)
		return why;
	if (!c.username.p || !c.realm.p || !c.nonce.p || !c.uri.p || !c.response.p)
		return "incomplete credentials";
	if (c.qop != DIGEST_QOP_NONE && (!c.has_nc || !c.cnonce.p))
		return "qop without nc or cnonce";
	if (m->credentials_n == SIP_CREDENTIALS_MAX)
		return "too many credentials";
	m->credentials[m->credentials_n++] = c;
	return NULL;
}

const char *sip_read_authorization(struct sip_msg *m, struct lex *l)
{
	return read_credentials(m, l, false);
}

const char *sip_read_proxy_authorization(struct sip_msg *m, struct lex *l)
{
	return read_credentials(m, l, true);
}

static bool ask_realm(struct sip_challenge *c, const struct lex_param *p)
{
	c->realm = p->value;
	return p->quoted;
}

static bool ask_nonce(struct sip_challenge *c, const struct lex_param *p)
{
	c->nonce = p->value;
	return p->quoted;
}

static bool ask_opaque(struct sip_challenge *c, const struct lex_param *p)
{
	c->opaque = p->value;
	return p->quoted;
}

static bool ask_algorithm(struct sip_challenge *c, const struct lex_param *p)
{
	c->alg = digest_alg_find(p->value);
	return true;
}

static bool ask_stale(struct sip_challenge *c, const struct lex_param *p)
{
	c->stale = lex_same(p->value, SPAN("true"));
	return true;
}

/* qop-options = LDQUOT qop-value *("," qop-value) RDQUOT */
static bool ask_qop(struct sip_challenge *c, const struct lex_param *p)
{
	struct lex l = lex_of(p->value);
	struct span word;

	c->has_qop = true;
	lex_ws(&l);
	do {
		if (!lex_token(&l, &word))
			return false;
		c->qop_auth |= lex_same(word, SPAN("auth"));
	} while (lex_sep(&l, ','));
	return lex_end(&l);
}

static const struct {
	const char *name;
	set_challenge *set;
} challenge_params[] = {
    {"realm", ask_realm},
    {"nonce", ask_nonce},
    {"opaque", ask_opaque},
    {"algorithm", ask_algorithm},
    {"stale", ask_stale},
    {"qop", ask_qop},
};

static bool set_challenges(void *o, const struct lex_param *p)
{
	for (size_t i = 0; i < sizeof challenge_params / sizeof challenge_params[0]; i++)
		if (lex_named(p, challenge_params[i].name))
			return challenge_params[i].set(o, p);
	return true;
}

static const char *read_challenge(struct sip_msg *m, struct lex *l, bool proxy)
{
	struct sip_challenge c = {.proxy = proxy};
	const char *why;

	if (!digest_scheme(l, &why))
		return why;
	why = read_params(l, &c, set_challenges);
	if (why)
		return why;
	if (!c.realm.p || !c.nonce.p)
		return "incomplete challenge";
	if (m->challenge_n == SIP_CHALLENGES_MAX)
		return "too many challenges";
	m->challenge[m->challenge_n++] = c;
	return NULL;
}

const char *sip_read_www_authenticate(struct sip_msg *m, struct lex *l)
{
	return read_challenge(m, l, false);
}

const char *sip_read_proxy_authenticate(struct sip_msg *m, struct lex *l)
{
	return read_challenge(m, l, true);
}
