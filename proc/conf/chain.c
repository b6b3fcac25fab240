/* SPDX-License-Identifier: ISC */
#include "chain.h"

enum { CHAIN_MAX = 8 };

gnutls_datum_t chain_datum(struct span s)
{
	return (gnutls_datum_t){(unsigned char *)(uintptr_t)s.p, (unsigned)s.n};
}

const char *chain_read(struct span pem, const char *(*read)(gnutls_x509_crt_t *chain, unsigned n, void *arg), void *arg)
{
	gnutls_x509_crt_t chain[CHAIN_MAX];
	const gnutls_datum_t d = chain_datum(pem);
	unsigned n = CHAIN_MAX;

	if (gnutls_x509_crt_list_import(
		chain, &n, &d, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED) <= 0)
		return "holds no chain of 1 to 8 certificates (PEM)";
	const char *why = read(chain, n, arg);
	for (unsigned i = 0; i < n; i++)
		gnutls_x509_crt_deinit(chain[i]);
	return why;
}

const char *chain_may_sign(gnutls_x509_crt_t leaf, const char *if_ca)
{
	unsigned critical, usage = 0;
	int got = gnutls_x509_crt_get_key_usage(leaf, &usage, &critical);

	if (gnutls_x509_crt_get_ca_status(leaf, &critical) > 0)
		return if_ca;
	if (got >= 0 ? !(usage & GNUTLS_KEY_DIGITAL_SIGNATURE) : got != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return "is not for signatures (key usage)";
	return NULL;
}
