/* SPDX-License-Identifier: ISC */
#include "trunk_cert.h"
#include "point.h"
#include "trust.h"
#include <stdio.h>
#include <stdlib.h>

enum { CHAIN_MAX = 8 };

static char why_text[160 + 2 * TRUNK_FILE_MAX];

static gnutls_datum_t datum(struct span s)
{
	return (gnutls_datum_t){(unsigned char *)(uintptr_t)s.p, (unsigned)s.n};
}

static const char *check_use(gnutls_x509_crt_t leaf)
{
	unsigned critical, usage = 0;
	int got = gnutls_x509_crt_get_key_usage(leaf, &usage, &critical);

	if (gnutls_x509_crt_get_ca_status(leaf, &critical) > 0)
		return "begins with the certificate of a CA, not with ours";
	if (got >= 0 ? !(usage & GNUTLS_KEY_DIGITAL_SIGNATURE) : got != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return "is not for signatures (key usage)";
	return gnutls_x509_crt_check_key_purpose(leaf, GNUTLS_KP_TLS_WWW_CLIENT, 0)
	           ? NULL
	           : "is not for TLS clients (extended key usage)";
}

/* Each vouches for the one before it, so that the provider can follow them. */
static const char *check_chain(gnutls_x509_crt_t *chain, unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		if (!gnutls_x509_crt_check_issuer(chain[i - 1], chain[i]))
			return "has its certificates out of order";
	return NULL;
}

static const char *read_leaf(gnutls_x509_crt_t *chain, unsigned n, struct trunk_conf *t)
{
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

static const char *read_chain(struct span pem, struct trunk_conf *t)
{
	gnutls_x509_crt_t chain[CHAIN_MAX];
	const gnutls_datum_t d = datum(pem);
	unsigned n = CHAIN_MAX;

	if (gnutls_x509_crt_list_import(
		chain, &n, &d, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED) <= 0)
		return "holds no chain of 1 to 8 certificates (PEM)";
	const char *why = read_leaf(chain, n, t);
	for (unsigned i = 0; i < n; i++)
		gnutls_x509_crt_deinit(chain[i]);
	return why;
}

static bool read_request(struct span pem, uint8_t point[POINT_OCTETS])
{
	const gnutls_datum_t d = datum(pem);
	gnutls_x509_crq_t crq;

	if (gnutls_x509_crq_init(&crq) < 0)
		return false;
	bool ok = gnutls_x509_crq_import(crq, &d, GNUTLS_X509_FMT_PEM) == 0 && point_of_request(crq, point);
	gnutls_x509_crq_deinit(crq);
	return ok;
}

const char *trunk_cert_read(struct trunk_conf *t)
{
	uint8_t asked[POINT_OCTETS];
	char request[TRUNK_FILE_MAX];
	struct span pem;
	const char *why = trust_file(t->certificate, &pem);

	if (!why)
		why = read_chain(pem, t);
	if (why) {
		snprintf(why_text, sizeof why_text, "has a certificate, trust/%s, that %s", t->certificate, why);
		return why_text;
	}
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
