/* SPDX-License-Identifier: ISC */
/* a=crypto lines (RFC 4568). */
#include "base/secret.h"
#include "wire/sdp_int.h"

static bool holds(struct span s, struct span what)
{
	for (; s.n >= what.n; s = span_skip(s, 1))
		if (span_starts_case(s, what))
			return true;
	return false;
}

/* A suite that we allow, or SDP_SUITE_N and the kind it is refused as. */
static uint8_t suite_of(struct span name, uint8_t *refusal)
{
	for (enum sdp_suite i = 0; i < SDP_SUITE_N; i++)
		if (span_eq_case(name, span_str(sdp_suite_name((uint8_t)i))))
			return (uint8_t)i;
	if (holds(name, SPAN("NULL")))
		*refusal = SDP_CRYPTO_NULL;
	else if (span_starts_case(name, SPAN("F8")))
		*refusal = SDP_CRYPTO_F8;
	else if (name.n > 3 && span_eq(span_skip(name, name.n - 3), SPAN("_32")))
		*refusal = SDP_CRYPTO_TAG_32;
	else
		*refusal = SDP_CRYPTO_UNKNOWN;
	return SDP_SUITE_N;
}

/* "2^31" or a decimal: the power of two that is not above it. 0 is no lifetime. */
static bool read_lifetime(struct span s, uint8_t *log2)
{
	uint64_t v;

	if (span_starts(s, SPAN("2^"))) {
		if (!span_decimal(span_skip(s, 2), 48, &v) || v == 0)
			return false;
		*log2 = (uint8_t)v;
		return true;
	}
	if (!span_decimal(s, UINT64_C(1) << 48, &v) || v < 2)
		return false;
	for (*log2 = 0; v > 1; v >>= 1)
		++*log2;
	return true;
}

/* inline:<key and salt>[|lifetime]; an MKI would stand in every packet, so it is refused. */
static const char *read_key(struct span s, struct sdp_crypto *c, bool *mki)
{
	if (!span_starts_case(s, SPAN("inline:")))
		return "crypto key is not inline";
	s = span_skip(s, 7);
	size_t bar = span_find(s, '|');
	struct span rest = span_skip(s, bar + 1);

	*mki = span_find(s, ';') < s.n || span_find(rest, ':') < rest.n || span_find(rest, '|') < rest.n;
	if (*mki)
		return NULL;
	c->key_len = sdp_suite_key_len(c->suite);
	if (span_unbase64(span_head(s, bar), c->key, c->key_len) != (int)c->key_len)
		return "crypto key does not fit its suite";
	if (secret_is_zero(c->key, c->key_len))
		return "crypto key is nothing but zeros";
	if (bar < s.n && !read_lifetime(rest, &c->lifetime_log2))
		return "malformed crypto lifetime";
	return NULL;
}

static void refused(struct sdp_audio *a, enum sdp_crypto_refusal kind)
{
	a->crypto_refused |= (uint8_t)(1U << kind);
}

const char *sdp_crypto_line(struct sdp_audio *a, struct span value)
{
	struct span rest = value, tag_text = sdp_word(&rest), suite = sdp_word(&rest), key = sdp_word(&rest);
	struct sdp_crypto c = {0};
	uint8_t refusal;
	uint64_t tag;
	bool mki;

	if (tag_text.n > 9 || !span_decimal(tag_text, 999999999, &tag) || !sdp_token_ok(suite, false) || key.n == 0)
		return "malformed crypto";
	for (uint8_t i = 0; i < a->crypto_n; i++)
		if (a->crypto[i].tag == tag)
			return "crypto tag stands twice";
	c.tag = (uint32_t)tag;
	c.suite = suite_of(suite, &refusal);
	if (c.suite == SDP_SUITE_N)
		return refused(a, refusal), NULL;
	if (rest.n) /* session parameters: all change what the packets look like, or weaken them */
		return refused(a, holds(rest, SPAN("UN")) ? SDP_CRYPTO_NULL : SDP_CRYPTO_MKI), NULL;
	const char *fault = read_key(key, &c, &mki);
	if (!fault && mki)
		refused(a, SDP_CRYPTO_MKI);
	else if (!fault && a->crypto_n == SDP_CRYPTO_MAX)
		refused(a, SDP_CRYPTO_OVER);
	else if (!fault)
		a->crypto[a->crypto_n++] = c;
	secret_wipe(&c, sizeof c);
	return fault;
}
