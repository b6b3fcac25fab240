/* SPDX-License-Identifier: ISC */
#include "made_cert.h"
#include "conf/tn_auth.h"
#include "conf/trust.h"
#include <gnutls/abstract.h>
#include <stdlib.h>
#include <string.h>

static struct made every[16];
static size_t made_n;

struct made made_cert(const char *name, const struct wanted *w, struct span numbers)
{
	static uint8_t serial;
	struct made m;

	if (made_n == sizeof every / sizeof *every)
		abort();
	gnutls_x509_privkey_init(&m.key);
	gnutls_x509_privkey_generate(m.key, w->rsa ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA,
	    w->rsa ? 2048 : GNUTLS_CURVE_TO_BITS(w->p384 ? GNUTLS_ECC_CURVE_SECP384R1 : GNUTLS_ECC_CURVE_SECP256R1), 0);
	gnutls_x509_crt_init(&m.crt);
	gnutls_x509_crt_set_version(m.crt, 3);
	serial++;
	gnutls_x509_crt_set_serial(m.crt, &serial, 1);
	gnutls_x509_crt_set_activation_time(m.crt, w->from_s ? w->from_s : NOW_S);
	gnutls_x509_crt_set_expiration_time(m.crt, w->until_s ? w->until_s : NOW_S + DAY_S);
	gnutls_x509_crt_set_dn_by_oid(m.crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
	gnutls_x509_crt_set_basic_constraints(m.crt, w->ca, -1);
	gnutls_x509_crt_set_key_usage(m.crt, w->ca             ? GNUTLS_KEY_KEY_CERT_SIGN
					     : w->for_agreement ? GNUTLS_KEY_KEY_AGREEMENT
	                                                        : GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (numbers.n && !w->ca && !w->no_numbers)
		gnutls_x509_crt_set_extension_by_oid(m.crt, TN_AUTH_OID, numbers.p, numbers.n, 0);
	if (w->purpose)
		gnutls_x509_crt_set_key_purpose_oid(m.crt, w->purpose, 0);
	gnutls_x509_crt_set_key(m.crt, m.key);
	gnutls_x509_crt_sign2(m.crt, w->by ? w->by->crt : m.crt, w->by ? w->by->key : m.key, GNUTLS_DIG_SHA256, 0);
	every[made_n++] = m;
	return m;
}

void made_chain(const char *file, const struct made *const *m, size_t n)
{
	static uint8_t pem[16384];
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		size_t left = sizeof pem - used;
		gnutls_x509_crt_export(m[i]->crt, GNUTLS_X509_FMT_PEM, pem + used, &left);
		used += left;
	}
	trust_add(file, span_of(pem, used));
}

void made_free(void)
{
	while (made_n) {
		struct made *m = &every[--made_n];
		gnutls_x509_crt_deinit(m->crt);
		gnutls_x509_privkey_deinit(m->key);
	}
}
