/* SPDX-License-Identifier: ISC */
#include "point.h"
#include "base/span.h"
#include <string.h>

enum { COORDINATE = POINT_OCTETS / 2 };

/* Of any length, with or without zeros before it. */
static bool coordinate(const gnutls_datum_t *d, uint8_t out[COORDINATE])
{
	struct span s = span_of(d->data, d->size);

	while (s.n > COORDINATE && s.p[0] == 0)
		s = span_skip(s, 1);
	if (s.n > COORDINATE)
		return false;
	memset(out, 0, COORDINATE);
	memcpy(out + COORDINATE - s.n, s.p, s.n);
	return true;
}

static bool point_of(gnutls_pubkey_t key, uint8_t point[POINT_OCTETS])
{
	gnutls_datum_t x = {NULL, 0}, y = {NULL, 0};
	gnutls_ecc_curve_t curve;
	bool ok = gnutls_pubkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_ECDSA &&
	          gnutls_pubkey_export_ecc_raw(key, &curve, &x, &y) == 0 && curve == GNUTLS_ECC_CURVE_SECP256R1 &&
	          coordinate(&x, point) && coordinate(&y, point + COORDINATE);

	gnutls_free(x.data);
	gnutls_free(y.data);
	return ok;
}

bool point_of_certificate(gnutls_x509_crt_t crt, uint8_t point[POINT_OCTETS])
{
	gnutls_pubkey_t key;

	if (gnutls_pubkey_init(&key) < 0)
		return false;
	bool ok = gnutls_pubkey_import_x509(key, crt, 0) == 0 && point_of(key, point);
	gnutls_pubkey_deinit(key);
	return ok;
}

bool point_of_request(gnutls_x509_crq_t crq, uint8_t point[POINT_OCTETS])
{
	gnutls_pubkey_t key;

	if (gnutls_pubkey_init(&key) < 0)
		return false;
	bool ok = gnutls_pubkey_import_x509_crq(key, crq, 0) == 0 && point_of(key, point);
	gnutls_pubkey_deinit(key);
	return ok;
}
