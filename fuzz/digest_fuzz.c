/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "wire/sip_lex.h"
#include "wire/sip_write.h"

static struct span field(const uint8_t **p, size_t *n)
{
	size_t len = *n ? **p % 64u : 0;
	size_t skip = *n ? 1 : 0;

	if (len > *n - skip)
		len = *n - skip;
	struct span s = span_of(*p + skip, len);
	*p += skip + len;
	*n -= skip + len;
	return s;
}

/* Credentials written from any fields are refused by the writer, or read back by the parser as the same
 * fields, whose response the check accepts with the same hash and refuses with another. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char head[] =
	    "REGISTER sip:x.example SIP/2.0\r\nVia: SIP/2.0/TLS h.example;branch=z9hG4bK1\r\n"
	    "From: <sip:a@x.example>;tag=1\r\nTo: <sip:a@x.example>\r\nCall-ID: 1\r\n"
	    "CSeq: 1 REGISTER\r\n";
	enum digest_alg alg = n ? data[0] % DIGEST_OTHER : DIGEST_MD5;
	struct span user = field(&data, &n), realm = field(&data, &n), uri = field(&data, &n);
	struct span nonce = field(&data, &n), cnonce = field(&data, &n), password = field(&data, &n);
	uint8_t ha1[DIGEST_MAX], text[4096];
	struct sip_msg m;
	struct sip_error err;

	FUZZ_CHECK(digest_ha1(alg, user, realm, password, ha1));
	struct digest_credentials_out c = {.user = user,
	    .realm = realm,
	    .in = {.alg = alg,
		.ha1 = ha1,
		.method = SPAN("REGISTER"),
		.uri = uri,
		.nonce = nonce,
		.cnonce = cnonce,
		.nc = (uint32_t)n}};
	struct buf b = buf_of(text, sizeof text);
	buf_str(&b, head);
	sip_put_credentials(&b, &c, false);
	sip_put_no_body(&b);
	const bool is_utf8 = lex_utf8(buf_span(&b));
	if (b.full || sip_parse(text, b.n, &m, &err) != SIP_OK)
		return 0;
	if (!is_utf8) /* the parser makes it so, and what was proved is another name */
		return 0;
	FUZZ_CHECK(m.credentials_n == 1);
	struct sip_credentials *r = &m.credentials[0];
	FUZZ_CHECK(span_eq(r->username, user) && span_eq(r->realm, realm) && span_eq(r->nonce, nonce));
	FUZZ_CHECK(span_eq(r->uri, uri) && span_eq(r->cnonce, cnonce) && r->alg == alg && r->nc == c.in.nc);
	FUZZ_CHECK(digest_check(&c.in, r->response));
	ha1[0] ^= 1;
	FUZZ_CHECK(!digest_check(&c.in, r->response));
	return 0;
}
