/* SPDX-License-Identifier: ISC */
#include "trunk_cert.h"
#include "chain.h"
#include "point.h"
#include "trust.h"
#include <stdio.h>

static char why_text[160 + 2 * TRUNK_FILE_MAX];

static const char *check_use(gnutls_x509_crt_t leaf)
{
	const char *why = chain_may_sign(leaf, "begins with the certificate of a CA, not with ours");

	if (!why && !gnutls_x509_crt_check_key_purpose(leaf, GNUTLS_KP_TLS_WWW_CLIENT, 0))
		why = "is not for TLS clients (extended key usage)";
	return why;
}

/* Each vouches for the one before it, so that the provider can follow them. */
static const char *check_chain(gnutls_x509_crt_t *chain, unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		if (!gnutls_x509_crt_check_issuer(chain[i - 1], chain[i]))
			return "has its certificates out of order";
	return NULL;
}

static const char *read_chain(gnutls_x509_crt_t *chain, unsigned n, void *arg)
{
	struct trunk_conf *t = arg;
	const char *why = check_use(chain[0]);

	if (!why)
		why = check_chain(chain, n);
	if (!why && !point_of_certificate(chain[0], t->point))
		why = "has no key of P-256";
	t->until_s = gnutls_x509_crt_get_expiration_time(chain[0]);
	for (unsigned i = 1; i < n; i++)
		if (gnutls_x509_crt_get_expiration_time(chain[i]) < t->until_s)
			t->until_s = gnutls_x509_crt_get_expiration_time(chain[i]);
	return why;
}

static bool read_request(struct span pem, uint8_t point[POINT_OCTETS])
{
	const gnutls_datum_t d = chain_datum(pem);
	gnutls_x509_crq_t crq;

	if (gnutls_x509_crq_init(&crq) < 0)
		return false;
	bool ok = gnutls_x509_crq_import(crq, &d, GNUTLS_X509_FMT_PEM) == 0 && point_of_request(crq, point);
	gnutls_x509_crq_deinit(crq);
	return ok;
}

static bool answers(const struct trunk_conf *t, const char *request)
{
	uint8_t asked[POINT_OCTETS];
	struct span pem;

	return !trust_file(request, &pem) && read_request(pem, asked) && memcmp(asked, t->point, sizeof asked) == 0;
}

/* A certificate of the key that is to replace the one in use, or of the one that a restore has lost: the exchange must start. */
static bool answers_another(const struct trunk_conf *t)
{
	char next[TRUNK_FILE_MAX], last[TRUNK_FILE_MAX];

	snprintf(next, sizeof next, TRUNK_NEXT_FILE, t->name);
	snprintf(last, sizeof last, TRUNK_LAST_FILE, t->name);
	return answers(t, next) || answers(t, last);
}

const char *trunk_cert_read(struct trunk_conf *t)
{
	uint8_t asked[POINT_OCTETS];
	char request[TRUNK_FILE_MAX];
	struct span pem;
	const char *why = trust_file(t->certificate, &pem);

	if (!why)
		why = chain_read(pem, read_chain, t);
	if (why) {
		snprintf(why_text, sizeof why_text, "has a certificate, trust/%s, that %s", t->certificate, why);
		return why_text;
	}
	if (answers_another(t))
		return NULL;
	snprintf(request, sizeof request, TRUNK_REQUEST_FILE, t->name);
	why = trust_file(request, &pem);
	if (!why && !read_request(pem, asked))
		why = "holds no request (PEM)";
	if (why)
		snprintf(why_text, sizeof why_text, "has a certificate, but its request trust/%s %s", request, why);
	else if (memcmp(asked, t->point, sizeof asked) != 0)
		snprintf(why_text, sizeof why_text,
		    "has a certificate, trust/%s, of another key than its request trust/%s", t->certificate, request);
	else
		return NULL;
	return why_text;
}
