/* SPDX-License-Identifier: ISC */
#include "vault/cert.h"
#include "base/rand.h"
#include "base/secret.h"
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_ID = 20, NAME_MAX_N = 64 };

struct cert_ca {
	gnutls_x509_crt_t crt;
	gnutls_privkey_t key;
	uint8_t key_id[KEY_ID];
	size_t key_id_n;
	int64_t not_after_s;
};

static gnutls_datum_t datum_of(const void *p, size_t n)
{
	/* GnuTLS takes no const; it does not write to what it imports */
	return (gnutls_datum_t){(uint8_t *)(uintptr_t)p, (unsigned)n};
}

static bool import_key(gnutls_privkey_t *key, const uint8_t scalar[P256_SCALAR], const uint8_t point[P256_POINT])
{
	gnutls_datum_t x = datum_of(point, 32), y = datum_of(point + 32, 32), k = datum_of(scalar, 32);

	if (gnutls_privkey_init(key) != 0)
		return false;
	if (gnutls_privkey_import_ecc_raw(*key, GNUTLS_ECC_CURVE_SECP256R1, &x, &y, &k) == 0)
		return true;
	gnutls_privkey_deinit(*key);
	return false;
}

/* What all of them have: version, serial number, name, key and its id, times. */
static bool fill(gnutls_x509_crt_t crt, const uint8_t serial[CERT_SERIAL], const char *name,
    const uint8_t point[P256_POINT], struct cert_times t)
{
	gnutls_datum_t x = datum_of(point, 32), y = datum_of(point + 32, 32);
	uint8_t id[KEY_ID];
	size_t id_n = sizeof id;
	gnutls_pubkey_t pub;

	if (!p256_point_ok(point) || gnutls_pubkey_init(&pub) != 0)
		return false;
	bool ok = gnutls_pubkey_import_ecc_raw(pub, GNUTLS_ECC_CURVE_SECP256R1, &x, &y) == 0 &&
	          gnutls_x509_crt_set_version(crt, 3) == 0 && gnutls_x509_crt_set_pubkey(crt, pub) == 0 &&
	          gnutls_x509_crt_set_serial(crt, serial, CERT_SERIAL) == 0 &&
	          gnutls_x509_crt_set_dn_by_oid(
		      crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strnlen(name, NAME_MAX_N)) == 0 &&
	          gnutls_x509_crt_set_activation_time(crt, (time_t)t.not_before_s) == 0 &&
	          gnutls_x509_crt_set_expiration_time(crt, (time_t)t.not_after_s) == 0 &&
	          gnutls_pubkey_get_key_id(pub, GNUTLS_KEYID_USE_SHA1, id, &id_n) == 0 &&
	          gnutls_x509_crt_set_subject_key_id(crt, id, id_n) == 0;
	gnutls_pubkey_deinit(pub);
	return ok;
}

static const char *sign_and_put(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer, gnutls_privkey_t key, struct buf *der)
{
	gnutls_datum_t out;

	if (gnutls_x509_crt_privkey_sign(crt, issuer, key, GNUTLS_DIG_SHA256, 0) != 0 ||
	    gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &out) != 0)
		return "cannot sign a certificate";
	buf_put(der, out.data, out.size);
	gnutls_free(out.data);
	return der->full ? "the certificate does not fit" : NULL;
}

const char *cert_make_ca(
    const uint8_t scalar[P256_SCALAR], const uint8_t point[P256_POINT], struct cert_times t, struct buf *der)
{
	uint8_t serial[CERT_SERIAL] = {CERT_SERIAL_CA};
	char name[NAME_MAX_N] = "Ringfence CA ";
	const char *why = "cannot write the authority's certificate";
	gnutls_x509_crt_t crt;
	gnutls_privkey_t key;

	rand_bytes(serial + 1, sizeof serial - 1);
	rand_hex(name + strlen(name), 4);
	if (!import_key(&key, scalar, point))
		return why;
	if (gnutls_x509_crt_init(&crt) == 0) {
		if (fill(crt, serial, name, point, t) && gnutls_x509_crt_set_basic_constraints(crt, 1, 0) == 0 &&
		    gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN) == 0)
			why = sign_and_put(crt, crt, key, der);
		gnutls_x509_crt_deinit(crt);
	}
	gnutls_privkey_deinit(key);
	return why;
}

static bool load_ca(struct cert_ca *ca, const uint8_t point[P256_POINT], struct span der)
{
	gnutls_datum_t in = datum_of(der.p, der.n);
	uint8_t own[KEY_ID];
	size_t own_n = sizeof own;
	gnutls_pubkey_t pub;
	unsigned critical;

	ca->key_id_n = sizeof ca->key_id;
	if (gnutls_x509_crt_import(ca->crt, &in, GNUTLS_X509_FMT_DER) != 0 || gnutls_pubkey_init(&pub) != 0)
		return false;
	gnutls_datum_t x = datum_of(point, 32), y = datum_of(point + 32, 32);
	bool ok = gnutls_pubkey_import_ecc_raw(pub, GNUTLS_ECC_CURVE_SECP256R1, &x, &y) == 0 &&
	          gnutls_pubkey_get_key_id(pub, GNUTLS_KEYID_USE_SHA1, own, &own_n) == 0;
	gnutls_pubkey_deinit(pub);
	ca->not_after_s = gnutls_x509_crt_get_expiration_time(ca->crt);
	return ok && gnutls_x509_crt_get_subject_key_id(ca->crt, ca->key_id, &ca->key_id_n, &critical) == 0 &&
	       own_n == ca->key_id_n && memcmp(own, ca->key_id, own_n) == 0;
}

struct cert_ca *cert_ca_new(const uint8_t scalar[P256_SCALAR], const uint8_t point[P256_POINT], struct span der)
{
	struct cert_ca *ca = calloc(1, sizeof *ca);

	if (!ca)
		return NULL;
	if (gnutls_x509_crt_init(&ca->crt) == 0) {
		if (import_key(&ca->key, scalar, point)) {
			if (load_ca(ca, point, der))
				return ca;
			gnutls_privkey_deinit(ca->key);
		}
		gnutls_x509_crt_deinit(ca->crt);
	}
	free(ca);
	return NULL;
}

void cert_ca_free(struct cert_ca *ca)
{
	if (!ca)
		return;
	gnutls_privkey_deinit(ca->key);
	gnutls_x509_crt_deinit(ca->crt);
	free(ca);
}

int64_t cert_ca_not_after_s(const struct cert_ca *ca)
{
	return ca->not_after_s;
}

/* A leaf: no authority, may sign handshakes, for one purpose only. */
static bool make_leaf(gnutls_x509_crt_t crt, const struct cert_ca *ca, const char *purpose)
{
	return gnutls_x509_crt_set_basic_constraints(crt, 0, -1) == 0 &&
	       gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE) == 0 &&
	       gnutls_x509_crt_set_key_purpose_oid(crt, purpose, 0) == 0 &&
	       gnutls_x509_crt_set_authority_key_id(crt, ca->key_id, ca->key_id_n) == 0;
}

static void write_u32(uint8_t *p, uint32_t v)
{
	for (int i = 3; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

const char *cert_write_device(const struct cert_ca *ca, const uint8_t point[P256_POINT], uint32_t device,
    uint32_t epoch, struct cert_times t, struct buf *der)
{
	uint8_t serial[CERT_SERIAL] = {CERT_SERIAL_DEVICE};
	const char *why = "cannot write the phone's certificate";
	char name[NAME_MAX_N];
	gnutls_x509_crt_t crt;

	write_u32(serial + 1, device);
	write_u32(serial + 5, epoch);
	rand_bytes(serial + 9, sizeof serial - 9);
	snprintf(name, sizeof name, "device-%u", device);
	if (gnutls_x509_crt_init(&crt) != 0)
		return why;
	if (fill(crt, serial, name, point, t) && make_leaf(crt, ca, GNUTLS_KP_TLS_WWW_CLIENT))
		why = sign_and_put(crt, ca->crt, ca->key, der);
	gnutls_x509_crt_deinit(crt);
	return why;
}

static bool add_name(gnutls_x509_crt_t crt, gnutls_x509_subject_alt_name_t type, const void *p, size_t n)
{
	return gnutls_x509_crt_set_subject_alt_name(crt, type, p, (unsigned)n, GNUTLS_FSAN_APPEND) == 0;
}

static bool add_names(gnutls_x509_crt_t crt, const struct site *site)
{
	char uri[SITE_NAME_MAX + 8];
	int n = snprintf(uri, sizeof uri, "sip:%s", site->domain);

	if (!add_name(crt, GNUTLS_SAN_DNSNAME, site->domain, strlen(site->domain)) ||
	    !add_name(crt, GNUTLS_SAN_URI, uri, (size_t)n))
		return false;
	for (int i = 0; i < site->listeners; i++) {
		const struct addr *a = &site->listener[i].signalling;
		bool again = false;
		for (int j = 0; j < i; j++)
			again |= addr_same_ip(a, &site->listener[j].signalling);
		const uint8_t *ip = a->family == 4 ? a->ip + 12 : a->ip;
		if (!again && !add_name(crt, GNUTLS_SAN_IPADDRESS, ip, a->family == 4 ? 4 : 16))
			return false;
	}
	return true;
}

const char *cert_write_server(const struct cert_ca *ca, const uint8_t point[P256_POINT], const struct site *site,
    struct cert_times t, struct buf *der)
{
	uint8_t serial[CERT_SERIAL] = {CERT_SERIAL_SERVER};
	const char *why = "cannot write the server's certificate";
	gnutls_x509_crt_t crt;

	rand_bytes(serial + 1, sizeof serial - 1);
	if (gnutls_x509_crt_init(&crt) != 0)
		return why;
	if (fill(crt, serial, site->domain, point, t) && add_names(crt, site) &&
	    make_leaf(crt, ca, GNUTLS_KP_TLS_WWW_SERVER))
		why = sign_and_put(crt, ca->crt, ca->key, der);
	gnutls_x509_crt_deinit(crt);
	return why;
}
