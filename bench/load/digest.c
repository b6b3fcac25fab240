/* SPDX-License-Identifier: ISC */
#include "digest.h"
#include "base/buf.h"
#include <nettle/sha2.h>
#include <stdio.h>

enum { HEX_CAP = 2 * 32 + 1, TEXT_CAP = 1024 };

static const struct algorithm {
	const char *name;
	gnutls_digest_algorithm_t hash; /* GNUTLS_DIG_UNKNOWN: SHA-512-256, which nettle has */
} algorithms[] = {
    {"MD5", GNUTLS_DIG_MD5},
    {"SHA-256", GNUTLS_DIG_SHA256},
    {"SHA-512-256", GNUTLS_DIG_UNKNOWN},
};

static bool challenge_read(struct span value, struct digest *d)
{
	struct span algorithm = text_param(value, "algorithm");

	if (!span_starts_case(value, SPAN("Digest ")))
		return false;
	value = span_skip(value, 7);
	d->name = algorithm.n == 0 ? "MD5" : NULL;
	d->hash = GNUTLS_DIG_MD5;
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++)
		if (span_eq_case(algorithm, span_str(algorithms[i].name))) {
			d->name = algorithms[i].name;
			d->hash = algorithms[i].hash;
		}
	d->qop = text_param(value, "qop").n > 0;
	d->nc = 0;
	return d->name != NULL && span_cstr(text_param(value, "realm"), d->realm, sizeof(d->realm)) &&
	       span_cstr(text_param(value, "nonce"), d->nonce, sizeof(d->nonce)) && d->nonce[0] != 0 &&
	       span_cstr(text_param(value, "opaque"), d->opaque, sizeof(d->opaque));
}

bool digest_challenge(const struct text *t, struct digest *d)
{
	const char *wanted = t->status == 407 ? "Proxy-Authenticate" : "WWW-Authenticate";

	for (uint32_t i = 0; i < t->headers_n; i++)
		if (span_eq_case(t->header[i].name, span_str(wanted)) &&
		    challenge_read(t->header[i].value, d)) {
			d->proxy = t->status == 407;
			return true;
		}
	return false;
}

static void hash_hex(const struct digest *d, const char *text, char hex[static HEX_CAP])
{
	uint8_t sum[32];
	size_t n = d->hash == GNUTLS_DIG_MD5 ? 16 : 32;
	struct buf b = buf_of(hex, HEX_CAP);

	if (d->hash == GNUTLS_DIG_UNKNOWN) {
		struct sha512_ctx c;
		sha512_256_init(&c);
		sha512_update(&c, strlen(text), (const uint8_t *)text);
		sha512_256_digest(&c, sizeof(sum), sum);
	} else {
		gnutls_hash_fast(d->hash, text, strlen(text), sum);
	}
	buf_hex(&b, sum, n);
	buf_cstr(&b);
}

/* RFC 7616 3.4.1 */
static void response(const struct digest *d, const char *user, const char *password, const char *method,
    const char *uri, char hex[static HEX_CAP])
{
	char text[TEXT_CAP], a1[HEX_CAP], a2[HEX_CAP];

	snprintf(text, sizeof(text), "%s:%s:%s", user, d->realm, password);
	hash_hex(d, text, a1);
	snprintf(text, sizeof(text), "%s:%s", method, uri);
	hash_hex(d, text, a2);
	if (d->qop)
		snprintf(text, sizeof(text), "%s:%s:%08x:%08x:auth:%s", a1, d->nonce, d->nc, ~d->nc, a2);
	else
		snprintf(text, sizeof(text), "%s:%s:%s", a1, d->nonce, a2);
	hash_hex(d, text, hex);
}

bool digest_answer(struct digest *d, const char *user, const char *password, const char *method,
    const char *uri, char *out, size_t cap)
{
	char hex[HEX_CAP], extra[sizeof(d->opaque) + 64] = "";
	int n = 0, total;

	d->nc++;
	response(d, user, password, method, uri, hex);
	if (d->qop)
		n = snprintf(extra, sizeof(extra), ", qop=auth, nc=%08x, cnonce=\"%08x\"", d->nc, ~d->nc);
	if (d->opaque[0] != 0)
		snprintf(extra + n, sizeof(extra) - (size_t)n, ", opaque=\"%s\"", d->opaque);
	total = snprintf(out, cap,
	    "%s: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\", "
	    "algorithm=%s%s\r\n",
	    d->proxy ? "Proxy-Authorization" : "Authorization", user, d->realm, d->nonce, uri, hex, d->name,
	    extra);
	return total > 0 && (size_t)total < cap;
}
