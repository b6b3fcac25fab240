/* SPDX-License-Identifier: ISC */
/* R1, R3: the certificates of a site say what they must and no more, read back with GnuTLS (RFC 5280, RFC 5922). */
#include "test.h"
#include "vault/cert.h"
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <nettle/sha2.h>
#include <stdlib.h>

static uint8_t ca_scalar[P256_SCALAR], ca_point[P256_POINT], ca_der[CERT_DER_MAX], leaf_der[CERT_DER_MAX];
static const struct cert_times times = {1800000000, 1800000000 + 397 * 86400};
static struct buf ca_buf, leaf;
static struct cert_ca *ca;
static gnutls_x509_crt_t ca_crt, crt;
static struct site site;

static bool load(gnutls_x509_crt_t *out, const struct buf *der)
{
	gnutls_datum_t in = {der->p, (unsigned)der->n};
	return gnutls_x509_crt_init(out) == 0 && gnutls_x509_crt_import(*out, &in, GNUTLS_X509_FMT_DER) == 0;
}

static bool set_up(void)
{
	p256_make(ca_scalar, ca_point);
	ca_buf = buf_of(ca_der, sizeof ca_der);
	leaf = buf_of(leaf_der, sizeof leaf_der);
	if (cert_make_ca(ca_scalar, ca_point, times, &ca_buf))
		return false;
	ca = cert_ca_new(ca_scalar, ca_point, buf_span(&ca_buf));
	site_defaults(&site);
	strcpy(site.domain, "example.org");
	site.listeners = 3;
	for (int i = 0; i < 3; i++) {
		site.listener[i].kind = LISTEN_PHONES;
		addr_parse_ip(i < 2 ? SPAN("192.0.2.7") : SPAN("2001:db8::7"), &site.listener[i].signalling);
	}
	return ca && load(&ca_crt, &ca_buf);
}

static void tear_down(void)
{
	gnutls_x509_crt_deinit(ca_crt);
	cert_ca_free(ca);
}

static bool chain_is_good(gnutls_x509_crt_t c, const char *purpose)
{
	unsigned status = 1;
	return gnutls_x509_crt_list_verify(&c, 1, &ca_crt, 1, NULL, 0, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status) ==
	           0 &&
	       status == 0 && gnutls_x509_crt_check_key_purpose(c, purpose, GNUTLS_KP_FLAG_DISALLOW_ANY);
}

static void authority(void)
{
	unsigned is_ca = 0, usage = 0, critical = 0;
	int path = -2;

	CHECK(set_up());
	CHECK(gnutls_x509_crt_get_basic_constraints(ca_crt, &critical, &is_ca, &path) >= 0 && is_ca && path == 0 &&
	      critical);
	CHECK(gnutls_x509_crt_get_key_usage(ca_crt, &usage, &critical) == 0 &&
	      usage == (GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN) && critical);
	CHECK(gnutls_x509_crt_check_issuer(ca_crt, ca_crt) == 1);
	char oid[64];
	size_t n = sizeof oid;
	CHECK(gnutls_x509_crt_get_key_purpose_oid(ca_crt, 0, oid, &n, &critical) ==
	      GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE);
	/* another key than the certificate's is noticed */
	uint8_t scalar[P256_SCALAR], point[P256_POINT];
	p256_make(scalar, point);
	CHECK(!cert_ca_new(scalar, point, buf_span(&ca_buf)));
	tear_down();
}

static void phone(void)
{
	uint8_t scalar[P256_SCALAR], point[P256_POINT], serial[64];
	size_t serial_n = sizeof serial, name_n;
	char name[64], oid[64];
	unsigned critical, is_ca = 1, bits;
	int path;

	CHECK(set_up());
	p256_make(scalar, point);
	CHECK(!cert_write_device(ca, point, 0x01020304, 0x0a0b0c0d, times, &leaf));
	CHECK(load(&crt, &leaf) && chain_is_good(crt, GNUTLS_KP_TLS_WWW_CLIENT));
	CHECK(!gnutls_x509_crt_check_key_purpose(crt, GNUTLS_KP_TLS_WWW_SERVER, GNUTLS_KP_FLAG_DISALLOW_ANY));
	name_n = sizeof oid;
	CHECK(gnutls_x509_crt_get_key_purpose_oid(crt, 1, oid, &name_n, &critical) ==
	      GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE);
	CHECK(gnutls_x509_crt_get_serial(crt, serial, &serial_n) == 0 && serial_n == CERT_SERIAL);
	CHECK(memcmp(serial, "\1\1\2\3\4\x0a\x0b\x0c\x0d", 9) == 0);
	name_n = sizeof name;
	CHECK(gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &name_n) == 0);
	CHECK(strcmp(name, "device-16909060") == 0);
	CHECK(gnutls_x509_crt_get_basic_constraints(crt, &critical, &is_ca, &path) >= 0 && !is_ca);
	CHECK(gnutls_x509_crt_get_expiration_time(crt) == times.not_after_s);
	CHECK(gnutls_x509_crt_get_activation_time(crt) == times.not_before_s);
	CHECK(gnutls_x509_crt_get_pk_algorithm(crt, &bits) == GNUTLS_PK_ECDSA && bits == 256);
	CHECK(gnutls_x509_crt_get_version(crt) == 3 && leaf.n < 700);
	gnutls_x509_crt_deinit(crt);
	tear_down();
}

static bool has_name(unsigned type, const void *value, size_t n, int *names)
{
	bool found = false;
	for (unsigned i = 0;; i++) {
		uint8_t got[128];
		size_t got_n = sizeof got;
		int t = gnutls_x509_crt_get_subject_alt_name(crt, i, got, &got_n, NULL);
		if (t < 0) {
			*names = (int)i;
			return found;
		}
		found |= (unsigned)t == type && got_n == n && memcmp(got, value, n) == 0;
	}
}

static void server(void)
{
	uint8_t scalar[P256_SCALAR], point[P256_POINT], a[32], b[32];
	int names;

	CHECK(set_up());
	p256_make(scalar, point);
	CHECK(!cert_write_server(ca, point, &site, times, &leaf));
	CHECK(load(&crt, &leaf) && chain_is_good(crt, GNUTLS_KP_TLS_WWW_SERVER));
	CHECK(!gnutls_x509_crt_check_key_purpose(crt, GNUTLS_KP_TLS_WWW_CLIENT, GNUTLS_KP_FLAG_DISALLOW_ANY));
	CHECK(has_name(GNUTLS_SAN_DNSNAME, "example.org", 11, &names) && names == 4);
	CHECK(has_name(GNUTLS_SAN_URI, "sip:example.org", 15, &names));
	CHECK(has_name(GNUTLS_SAN_IPADDRESS, site.listener[0].signalling.ip + 12, 4, &names));
	CHECK(has_name(GNUTLS_SAN_IPADDRESS, site.listener[2].signalling.ip, 16, &names));
	CHECK(
	    gnutls_x509_crt_check_hostname(crt, "example.org") && !gnutls_x509_crt_check_hostname(crt, "example.com"));
	CHECK(gnutls_x509_crt_check_hostname(crt, "192.0.2.7"));
	cert_site_digest(&site, a);
	site.listener[1].signalling.ip[15]++;
	cert_site_digest(&site, b);
	CHECK(memcmp(a, b, sizeof a) != 0);
	gnutls_x509_crt_deinit(crt);
	tear_down();
}

/* A point that is not on the curve would give away the signer's key in other protocols; here it is refused. */
static void bad_points_are_refused(void)
{
	uint8_t scalar[P256_SCALAR], point[P256_POINT], zero[P256_POINT] = {0}, high[P256_POINT];

	CHECK(set_up());
	p256_make(scalar, point);
	CHECK(p256_point_ok(point));
	point[63] ^= 1;
	CHECK(!p256_point_ok(point) && cert_write_device(ca, point, 1, 1, times, &leaf) != NULL && leaf.n == 0);
	memset(high, 0xff, sizeof high);
	CHECK(!p256_point_ok(zero) && !p256_point_ok(high));
	CHECK(cert_write_server(ca, zero, &site, times, &leaf) != NULL && leaf.n == 0);
	uint8_t small[16];
	struct buf little = buf_of(small, sizeof small);
	point[63] ^= 1;
	CHECK(cert_write_device(ca, point, 1, 1, times, &little) != NULL);
	tear_down();
}

static void signatures_verify_elsewhere(void)
{
	uint8_t scalar[P256_SCALAR], point[P256_POINT], hash[P256_HASH], der[P256_SIGNATURE_MAX];
	uint8_t again[P256_POINT];

	p256_make(scalar, point);
	struct p256_key *k = p256_key_new(scalar);
	CHECK(k);
	p256_key_point(k, again);
	CHECK(memcmp(point, again, sizeof point) == 0);
	gnutls_datum_t x = {point, 32}, y = {point + 32, 32}, h = {hash, sizeof hash}, s;
	gnutls_pubkey_t pub;
	CHECK(gnutls_pubkey_init(&pub) == 0);
	CHECK(gnutls_pubkey_import_ecc_raw(pub, GNUTLS_ECC_CURVE_SECP256R1, &x, &y) == 0);
	for (int i = 0; i < 400; i++) {
		memset(hash, i, sizeof hash);
		struct buf b = buf_of(der, sizeof der);
		p256_sign(k, hash, &b);
		CHECK(!b.full);
		s = (gnutls_datum_t){b.p, (unsigned)b.n};
		CHECK(gnutls_pubkey_verify_hash2(pub, GNUTLS_SIGN_ECDSA_SHA256, 0, &h, &s) >= 0);
		CHECK(p256_verify(point, hash, buf_span(&b)));
		hash[3] ^= 1;
		CHECK(gnutls_pubkey_verify_hash2(pub, GNUTLS_SIGN_ECDSA_SHA256, 0, &h, &s) < 0);
		CHECK(!p256_verify(point, hash, buf_span(&b)));
	}
	gnutls_pubkey_deinit(pub);
	p256_key_free(k);
	memset(scalar, 0, sizeof scalar);
	CHECK(!p256_key_new(scalar));
	memset(scalar, 0xff, sizeof scalar);
	CHECK(!p256_key_new(scalar));
}

/* RFC 6979 A.2.5 */
static void a_signature_that_is_the_same_again(void)
{
	static const struct {
		const char *text, *der;
	} vectors[] = {
	    {"sample", "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
		       "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
	    {"test", "3045022100f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
		     "0220019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
	};
	uint8_t scalar[P256_SCALAR], point[P256_POINT], hash[P256_HASH], want[P256_SIGNATURE_MAX], got[P256_SIGNATURE_MAX];

	CHECK(span_unhex(SPAN("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"), scalar, sizeof scalar) == 32);
	struct p256_key *k = p256_key_new(scalar);
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		struct buf b = buf_of(got, sizeof got);
		struct sha256_ctx h;
		sha256_init(&h);
		sha256_update(&h, strlen(vectors[i].text), (const uint8_t *)vectors[i].text);
		sha256_digest(&h, sizeof hash, hash);
		p256_sign_same(k, hash, &b);
		int n = span_unhex(span_str(vectors[i].der), want, sizeof want);
		CHECK(n > 0 && span_eq(buf_span(&b), span_of(want, (size_t)n)));
	}
	/* a hash above the order of the group */
	memset(hash, 0xff, sizeof hash);
	struct buf b = buf_of(got, sizeof got);
	p256_sign_same(k, hash, &b);
	p256_key_point(k, point);
	CHECK(!b.full && p256_verify(point, hash, buf_span(&b)));
	p256_key_free(k);
}

int main(void)
{
	p256_init();
	RUN(authority);
	RUN(phone);
	RUN(server);
	RUN(bad_points_are_refused);
	RUN(signatures_verify_elsewhere);
	RUN(a_signature_that_is_the_same_again);
	return TEST_END;
}
