/* SPDX-License-Identifier: ISC */
#include "signers.h"
#include "point.h"
#include "tn_auth.h"
#include <gnutls/x509.h>

enum { CHAIN_MAX = 8 };

static gnutls_x509_trust_list_t roots;

void signers_begin(void)
{
	if (roots)
		gnutls_x509_trust_list_deinit(roots, 1);
	roots = NULL;
}

static gnutls_datum_t datum(struct span s)
{
	return (gnutls_datum_t){(unsigned char *)(uintptr_t)s.p, (unsigned)s.n};
}

const char *signers_roots(struct span pem)
{
	const gnutls_datum_t d = datum(pem);

	signers_begin();
	if (gnutls_x509_trust_list_init(&roots, 0) < 0)
		return "cannot be read";
	return gnutls_x509_trust_list_add_trust_mem(roots, &d, NULL, GNUTLS_X509_FMT_PEM, 0, 0) > 0
	           ? NULL
	           : "holds no certificate (PEM)";
}

/* --- one certificate --- */

static const char *check_use(gnutls_x509_crt_t leaf)
{
	unsigned critical, usage = 0;
	int got = gnutls_x509_crt_get_key_usage(leaf, &usage, &critical);

	if (gnutls_x509_crt_get_ca_status(leaf, &critical) > 0)
		return "begins with the certificate of a CA, not of a signer";
	if (got >= 0 ? !(usage & GNUTLS_KEY_DIGITAL_SIGNATURE) : got != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return "is not for signatures (key usage)";
	return NULL;
}

static const char *read_numbers(gnutls_x509_crt_t leaf, struct plan_signer *out)
{
	gnutls_datum_t der = {NULL, 0};
	unsigned critical;

	if (gnutls_x509_crt_get_extension_by_oid2(leaf, TN_AUTH_OID, 0, &der, &critical) < 0)
		return "has no TNAuthList (RFC 8226 9), so it speaks for no number";
	const char *why = tn_auth_read(span_of(der.data, der.size), out);
	gnutls_free(der.data);
	return why;
}

/* --- its chain --- */

static void narrow(gnutls_x509_crt_t c, struct plan_signer *out)
{
	int64_t from_s = gnutls_x509_crt_get_activation_time(c), until_s = gnutls_x509_crt_get_expiration_time(c);

	if (from_s > out->from_s)
		out->from_s = from_s;
	if (until_s < out->until_s)
		out->until_s = until_s;
}

static const char *read_dates(gnutls_x509_crt_t *chain, unsigned n, struct plan_signer *out)
{
	gnutls_x509_crt_t root;

	out->from_s = 0;
	out->until_s = INT64_MAX;
	for (unsigned i = 0; i < n; i++)
		narrow(chain[i], out);
	if (gnutls_x509_trust_list_get_issuer(roots, chain[n - 1], &root, 0) == 0)
		narrow(root, out);
	return out->from_s <= out->until_s ? NULL : "and those above it are never valid at the same time";
}

static const char *read_chain(gnutls_x509_crt_t *chain, unsigned n, struct plan_signer *out)
{
	static const unsigned flags = GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS;
	unsigned status = 0;

	if (gnutls_x509_trust_list_verify_crt(roots, chain, n, flags, &status, NULL) < 0 || status)
		return "is not vouched for by the ca of signed-callers";
	const char *why = check_use(chain[0]);
	if (!why && !point_of_certificate(chain[0], out->point))
		why = "has no key of P-256 (RFC 8225 8)";
	if (!why)
		why = read_numbers(chain[0], out);
	return why ? why : read_dates(chain, n, out);
}

const char *signers_read(struct span pem, struct plan_signer *out)
{
	gnutls_x509_crt_t chain[CHAIN_MAX];
	const gnutls_datum_t d = datum(pem);
	unsigned n = CHAIN_MAX;

	if (!roots)
		return "stands before the ca that is to vouch for it";
	if (gnutls_x509_crt_list_import(
		chain, &n, &d, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED) <= 0)
		return "holds no chain of 1 to 8 certificates (PEM)";
	const char *why = read_chain(chain, n, out);
	for (unsigned i = 0; i < n; i++)
		gnutls_x509_crt_deinit(chain[i]);
	return why;
}
