/* SPDX-License-Identifier: ISC */
#include "vault/enrol.h"
#include "base/secret.h"
#include <gnutls/abstract.h>
#include <gnutls/x509.h>

static gnutls_datum_t datum_of(struct span s)
{
	static uint8_t none;

	/* GnuTLS takes no const; it does not write to what it imports */
	return (gnutls_datum_t){s.n ? (uint8_t *)(uintptr_t)s.p : &none, (unsigned)s.n};
}

static const char *put_datum(struct buf *b, gnutls_datum_t *d)
{
	buf_put(b, d->data, d->size);
	secret_wipe(d->data, d->size);
	gnutls_free(d->data);
	return b->full ? "does not fit" : NULL;
}

const char *enrol_make_key(struct buf *key_pem)
{
	gnutls_x509_privkey_t key;
	gnutls_datum_t out;
	const char *why = "cannot make a key";

	if (gnutls_x509_privkey_init(&key) != 0)
		return why;
	if (gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) ==
		0 &&
	    gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &out) == 0)
		why = put_datum(key_pem, &out);
	gnutls_x509_privkey_deinit(key);
	return why;
}

static const char *import_key(struct span pem, gnutls_x509_privkey_t *out)
{
	gnutls_datum_t in = datum_of(pem);

	if (pem.n > ENROL_PEM_MAX || gnutls_x509_privkey_init(out) != 0)
		return "not a key";
	if (gnutls_x509_privkey_import2(*out, &in, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN) == 0)
		return NULL;
	gnutls_x509_privkey_deinit(*out);
	return "not a key";
}

static bool fill_request(gnutls_x509_crq_t crq, gnutls_x509_privkey_t key)
{
	static const char name[] = "ringfence phone";

	return gnutls_x509_crq_set_version(crq, 1) == 0 && gnutls_x509_crq_set_key(crq, key) == 0 &&
	       gnutls_x509_crq_set_dn_by_oid(crq, GNUTLS_OID_X520_COMMON_NAME, 0, name, sizeof name - 1) == 0 &&
	       gnutls_x509_crq_sign2(crq, key, GNUTLS_DIG_SHA256, 0) == 0;
}

const char *enrol_make_request(struct span key_pem, struct buf *request_pem)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crq_t crq;
	gnutls_datum_t out;
	const char *why = import_key(key_pem, &key);

	if (why)
		return why;
	why = "cannot make a request";
	if (gnutls_x509_crq_init(&crq) == 0) {
		if (fill_request(crq, key) && gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_PEM, &out) == 0)
			why = put_datum(request_pem, &out);
		gnutls_x509_crq_deinit(crq);
	}
	gnutls_x509_privkey_deinit(key);
	return why;
}

/* GnuTLS gives integers: shorter when they begin with zeros, longer by one when the top bit is set. */
static bool put_coordinate(const gnutls_datum_t *d, uint8_t out[32])
{
	struct span s = span_of(d->data, d->size);

	while (s.n > 32 && s.p[0] == 0)
		s = span_skip(s, 1);
	if (s.n > 32)
		return false;
	memset(out, 0, 32);
	memcpy(out + 32 - s.n, s.p, s.n);
	return true;
}

static bool point_of(gnutls_ecc_curve_t curve, gnutls_datum_t *x, gnutls_datum_t *y, uint8_t point[ENROL_POINT])
{
	bool ok = curve == GNUTLS_ECC_CURVE_SECP256R1 && put_coordinate(x, point) && put_coordinate(y, point + 32);

	gnutls_free(x->data);
	gnutls_free(y->data);
	return ok;
}

/* One block and nothing but white space around it, so that no reader can take another block than this one. */
static bool is_one_block(struct span pem)
{
	static const char begin[] = "-----BEGIN ";
	size_t blocks = 0;

	for (size_t i = 0; i + sizeof begin - 1 <= pem.n; i++)
		blocks += memcmp(pem.p + i, begin, sizeof begin - 1) == 0;
	return blocks == 1 && span_starts(pem, span_str(begin)) && !memchr(pem.p, 0, pem.n);
}

static const char *read_request(gnutls_x509_crq_t crq, struct span pem, uint8_t point[ENROL_POINT])
{
	gnutls_datum_t in = datum_of(pem), x, y;
	gnutls_ecc_curve_t curve;
	unsigned bits;

	if (gnutls_x509_crq_import(crq, &in, GNUTLS_X509_FMT_PEM) != 0)
		return "not a certificate request";
	if (gnutls_x509_crq_get_pk_algorithm(crq, &bits) != GNUTLS_PK_ECDSA ||
	    gnutls_x509_crq_get_signature_algorithm(crq) != GNUTLS_SIGN_ECDSA_SHA256)
		return "the request is not of a P-256 key with SHA-256";
	if (gnutls_x509_crq_verify(crq, 0) != 0)
		return "the request is not signed by its own key";
	gnutls_pubkey_t pub;
	if (gnutls_pubkey_init(&pub) != 0)
		return "no memory";
	bool ok = gnutls_pubkey_import_x509_crq(pub, crq, 0) == 0 &&
	          gnutls_pubkey_export_ecc_raw(pub, &curve, &x, &y) == 0 && point_of(curve, &x, &y, point);
	gnutls_pubkey_deinit(pub);
	return ok ? NULL : "the request is not of a P-256 key with SHA-256";
}

const char *enrol_parse_request(struct span request_pem, uint8_t point[ENROL_POINT])
{
	gnutls_x509_crq_t crq;
	uint8_t got[ENROL_POINT];

	if (request_pem.n > ENROL_PEM_MAX || !is_one_block(request_pem))
		return "not a certificate request";
	if (gnutls_x509_crq_init(&crq) != 0)
		return "no memory";
	const char *why = read_request(crq, request_pem, got);
	gnutls_x509_crq_deinit(crq);
	if (!why)
		memcpy(point, got, sizeof got);
	return why;
}

static const char *put_pem(struct buf *pem, const char *what, struct span der)
{
	gnutls_datum_t in = datum_of(der), out;

	if (gnutls_pem_base64_encode2(what, &in, &out) != 0)
		return "no memory";
	return put_datum(pem, &out);
}

const char *enrol_put_certificate(struct buf *pem, struct span der)
{
	return put_pem(pem, "CERTIFICATE", der);
}

const char *enrol_put_request(struct buf *pem, struct span der)
{
	return put_pem(pem, "CERTIFICATE REQUEST", der);
}

static const char *import_certificate(struct span pem, gnutls_x509_crt_t *out)
{
	gnutls_datum_t in = datum_of(pem);

	if (pem.n > ENROL_PEM_MAX || gnutls_x509_crt_init(out) != 0)
		return "not a certificate";
	if (gnutls_x509_crt_import(*out, &in, GNUTLS_X509_FMT_PEM) == 0)
		return NULL;
	gnutls_x509_crt_deinit(*out);
	return "not a certificate";
}

static bool is_for_key(gnutls_x509_crt_t leaf, gnutls_x509_privkey_t key)
{
	uint8_t a[64], b[64];
	size_t an = sizeof a, bn = sizeof b;

	return gnutls_x509_crt_get_key_id(leaf, GNUTLS_KEYID_USE_SHA256, a, &an) == 0 &&
	       gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, b, &bn) == 0 && an == bn &&
	       memcmp(a, b, an) == 0;
}

static const char *check_bundle(gnutls_x509_privkey_t key, gnutls_x509_crt_t leaf, gnutls_x509_crt_t ca)
{
	unsigned status = 1;

	if (!is_for_key(leaf, key))
		return "the certificate is for another key";
	if (gnutls_x509_crt_get_ca_status(ca, NULL) <= 0)
		return "the authority's certificate is not one of an authority";
	if (gnutls_x509_crt_list_verify(&leaf, 1, &ca, 1, NULL, 0, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status) != 0 ||
	    status != 0)
		return "the certificate is not signed by this authority";
	if (!gnutls_x509_crt_check_key_purpose(leaf, GNUTLS_KP_TLS_WWW_CLIENT, GNUTLS_KP_FLAG_DISALLOW_ANY))
		return "the certificate is not one for a phone";
	return NULL;
}

const char *enrol_check_bundle(struct span key_pem, struct span leaf_pem, struct span ca_pem)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t leaf, ca;
	const char *why = import_key(key_pem, &key);

	if (why)
		return why;
	why = import_certificate(leaf_pem, &leaf);
	if (!why) {
		why = import_certificate(ca_pem, &ca);
		if (!why) {
			why = check_bundle(key, leaf, ca);
			gnutls_x509_crt_deinit(ca);
		}
		gnutls_x509_crt_deinit(leaf);
	}
	gnutls_x509_privkey_deinit(key);
	return why;
}

const char *enrol_fingerprint(struct span pem, uint8_t sha256[32])
{
	gnutls_x509_crt_t crt;
	size_t n = 32;
	const char *why = import_certificate(pem, &crt);

	if (why)
		return why;
	if (gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, sha256, &n) != 0)
		why = "no memory";
	gnutls_x509_crt_deinit(crt);
	return why;
}
