/* SPDX-License-Identifier: ISC */
#include "verify.h"
#include "base/clock.h"
#include <gnutls/x509.h>
#include <nettle/sha2.h>
#include <stdlib.h>

enum { SERIAL_LEN = 16, SERIAL_FORM = 0x01, CHAIN_MAX = 2 };

uint64_t refused_n[REFUSED_N];

static const struct {
	const char *text;
	gnutls_alert_description_t alert;
} refusal[REFUSED_N] = {
    [REFUSED_NOT] = {"", GNUTLS_A_HANDSHAKE_FAILURE},
    [REFUSED_NO_CERTIFICATE] = {"no client certificate", GNUTLS_A_CERTIFICATE_REQUIRED},
    [REFUSED_CHAIN] = {"more than a phone's certificate and its CA", GNUTLS_A_BAD_CERTIFICATE},
    [REFUSED_FORM] = {"certificate that can't be read", GNUTLS_A_BAD_CERTIFICATE},
    [REFUSED_ISSUER] = {"certificate of another CA, or with a wrong signature", GNUTLS_A_UNKNOWN_CA},
    [REFUSED_USAGE] = {"certificate that is not for a phone", GNUTLS_A_UNSUPPORTED_CERTIFICATE},
    [REFUSED_SERIAL] = {"certificate with a foreign serial number", GNUTLS_A_BAD_CERTIFICATE},
    [REFUSED_DEVICE] = {"certificate of a phone that is not admitted", GNUTLS_A_ACCESS_DENIED},
    [REFUSED_REVOKED] = {"certificate of a revoked or suspended phone", GNUTLS_A_CERTIFICATE_REVOKED},
    [REFUSED_EPOCH] = {"certificate that was replaced by a newer one", GNUTLS_A_CERTIFICATE_REVOKED},
    [REFUSED_VERSION] = {"TLS 1.2 from a phone that is not named for it", GNUTLS_A_PROTOCOL_VERSION},
    [REFUSED_HANDSHAKE] = {"handshake failed", GNUTLS_A_HANDSHAKE_FAILURE},
    [REFUSED_TIMEOUT] = {"handshake not finished in time", GNUTLS_A_HANDSHAKE_FAILURE},
    [REFUSED_SIGNER] = {"no signer", GNUTLS_A_INTERNAL_ERROR},
};

/* What a certificate says once its signature was verified. */
struct verified {
	uint8_t digest[SHA256_DIGEST_SIZE];
	uint32_t device, epoch, ca_version;
	int64_t from_ms, to_ms;
};

static struct verified *cache; /* one place for each digest: who evicts an entry holds a good certificate too */
static uint32_t cache_mask, ca_version;
static uint64_t cache_hits;
static gnutls_x509_crt_t ca;
static uint8_t ca_der[CERT_MAX];
static size_t ca_der_n;

bool verify_open(uint32_t max_phones)
{
	uint32_t n = 64;

	while (n < 2 * max_phones)
		n *= 2;
	cache_mask = n - 1;
	cache = calloc(n, sizeof *cache);
	return cache != NULL;
}

bool verify_set_ca(struct span der)
{
	gnutls_datum_t d = {(unsigned char *)(uintptr_t)der.p, (unsigned)der.n};
	gnutls_x509_crt_t next;

	if (der.n > sizeof ca_der || gnutls_x509_crt_init(&next) < 0)
		return false;
	if (gnutls_x509_crt_import(next, &d, GNUTLS_X509_FMT_DER) < 0) {
		gnutls_x509_crt_deinit(next);
		return false;
	}
	if (ca)
		gnutls_x509_crt_deinit(ca);
	ca = next;
	memcpy(ca_der, der.p, der.n);
	ca_der_n = der.n;
	ca_version++;
	return true;
}

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* clientAuth and nothing else, and no CA. */
static bool usage_ok(gnutls_x509_crt_t leaf)
{
	char oid[64];
	size_t n = sizeof oid;
	unsigned critical;

	if (gnutls_x509_crt_get_key_purpose_oid(leaf, 0, oid, &n, &critical) < 0 ||
	    strcmp(oid, GNUTLS_KP_TLS_WWW_CLIENT) != 0)
		return false;
	n = sizeof oid;
	if (gnutls_x509_crt_get_key_purpose_oid(leaf, 1, oid, &n, &critical) != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return false;
	return gnutls_x509_crt_get_ca_status(leaf, &critical) <= 0;
}

static enum refusal read_serial(gnutls_x509_crt_t leaf, struct verified *out)
{
	uint8_t serial[SERIAL_LEN + 8];
	size_t n = sizeof serial;

	if (gnutls_x509_crt_get_serial(leaf, serial, &n) < 0 || n != SERIAL_LEN || serial[0] != SERIAL_FORM)
		return REFUSED_SERIAL;
	out->device = get_u32(serial + 1);
	out->epoch = get_u32(serial + 5);
	return REFUSED_NOT;
}

static enum refusal check_leaf(gnutls_x509_crt_t leaf, struct verified *out)
{
	unsigned flags = GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM);
	unsigned status = 1;

	if (gnutls_x509_crt_verify(leaf, &ca, 1, flags, &status) < 0 || status != 0)
		return REFUSED_ISSUER;
	if (!usage_ok(leaf))
		return REFUSED_USAGE;
	out->from_ms = (int64_t)gnutls_x509_crt_get_activation_time(leaf) * 1000;
	out->to_ms = (int64_t)gnutls_x509_crt_get_expiration_time(leaf) * 1000;
	return read_serial(leaf, out);
}

static enum refusal verify_leaf(const gnutls_datum_t *der, struct verified *out)
{
	gnutls_x509_crt_t leaf;

	if (gnutls_x509_crt_init(&leaf) < 0)
		return REFUSED_FORM;
	enum refusal r =
	    gnutls_x509_crt_import(leaf, der, GNUTLS_X509_FMT_DER) < 0 ? REFUSED_FORM : check_leaf(leaf, out);
	gnutls_x509_crt_deinit(leaf);
	return r;
}

/* Reading a certificate and verifying its signature is half of a handshake; the rest is looked at each time. */
static enum refusal find_or_verify(const gnutls_datum_t *der, const struct verified **out)
{
	struct verified v = {.ca_version = ca_version};
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, der->size, der->data);
	sha256_digest(&sha, sizeof v.digest, v.digest);
	struct verified *at = &cache[get_u32(v.digest) & cache_mask];
	*out = at;
	if (at->ca_version == ca_version && memcmp(at->digest, v.digest, sizeof v.digest) == 0) {
		cache_hits++;
		return REFUSED_NOT;
	}
	enum refusal r = verify_leaf(der, &v);
	if (r == REFUSED_NOT)
		*at = v;
	return r;
}

static enum refusal check_chain(const gnutls_datum_t *list, unsigned n)
{
	if (!list || n == 0)
		return REFUSED_NO_CERTIFICATE;
	if (n > CHAIN_MAX || (n == 2 && !span_eq(span_of(list[1].data, list[1].size), span_of(ca_der, ca_der_n))))
		return REFUSED_CHAIN;
	return ca ? REFUSED_NOT : REFUSED_SIGNER;
}

enum refusal verify_device(const struct conn *c)
{
	const struct device *d = device_get(c->device);

	if (!d || d->state == DEVICE_NONE || d->state == DEVICE_REQUESTED || d->state == DEVICE_ADDED)
		return REFUSED_DEVICE;
	if (d->state != DEVICE_VALID)
		return REFUSED_REVOKED;
	if (c->tls12 && !(d->flags & DEVICE_TLS12))
		return REFUSED_VERSION;
	return REFUSED_NOT;
}

static enum refusal judge(struct conn *c, const struct verified *v)
{
	c->device = v->device;
	c->not_before_ms = v->from_ms;
	c->not_after_ms = v->to_ms;
	/* keeper dates no certificate ahead: one that is not valid yet says that a clock is wrong, here or in the past */
	c->expired = !conn_in_date(c, clock_wall_ms());
	enum refusal r = verify_device(c);
	if (r != REFUSED_NOT)
		return r;
	return v->epoch < device_get(v->device)->epoch ? REFUSED_EPOCH : REFUSED_NOT;
}

int verify_peer(gnutls_session_t session)
{
	struct conn *c = gnutls_session_get_ptr(session);
	unsigned n = 0;
	const gnutls_datum_t *list = gnutls_certificate_get_peers(session, &n);
	const struct verified *v = NULL;
	enum refusal r = check_chain(list, n);

	c->tls12 = gnutls_protocol_get_version(session) != GNUTLS_TLS1_3;
	if (r == REFUSED_NOT)
		r = find_or_verify(&list[0], &v);
	if (r == REFUSED_NOT)
		r = judge(c, v);
	c->refusal = (uint8_t)r;
	c->verified = r == REFUSED_NOT;
	return r == REFUSED_NOT ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

const char *refusal_text(enum refusal r)
{
	return refusal[r].text;
}

gnutls_alert_description_t refusal_alert(enum refusal r)
{
	return refusal[r].alert;
}

void verify_status(struct proc_status *s)
{
	static const char *const name[REFUSED_N] = {
	    [REFUSED_NO_CERTIFICATE] = "refused-no-certificate",
	    [REFUSED_CHAIN] = "refused-chain",
	    [REFUSED_FORM] = "refused-form",
	    [REFUSED_ISSUER] = "refused-issuer",
	    [REFUSED_USAGE] = "refused-usage",
	    [REFUSED_SERIAL] = "refused-serial",
	    [REFUSED_DEVICE] = "refused-device",
	    [REFUSED_REVOKED] = "refused-revoked",
	    [REFUSED_EPOCH] = "refused-epoch",
	    [REFUSED_VERSION] = "refused-version",
	    [REFUSED_HANDSHAKE] = "refused-handshake",
	    [REFUSED_TIMEOUT] = "refused-timeout",
	    [REFUSED_SIGNER] = "refused-signer",
	};

	for (int i = 1; i < REFUSED_N; i++)
		status_counter(s, name[i], refused_n[i]);
	status_counter(s, "certificate-cache-hits", cache_hits);
}
