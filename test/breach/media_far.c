/* SPDX-License-Identifier: ISC */
#include "media_far.h"
#include "base/clock.h"
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/dtls.h>
#include <poll.h>
#include <sys/socket.h>

static ssize_t push(gnutls_transport_ptr_t t, const void *octets, size_t n)
{
	struct far *f = t;

	if (f->stranger) {
		/* a hello with no cookie and a NULL cipher, a fragment of one, an alert, junk; from here and from elsewhere */
		static const char hello[] = "\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x37\x01\0\0\x2b\0\0\0\0\0\0\0\x2b\xfe\xfd"
		                            "0123456789abcdef0123456789abcdef\0\0\0\x02\0\0\x01\0\0\0";
		static const char part[] = "\x16\xfe\xfd\0\0\0\0\0\0\0\x07\0\x10\x01\0\0\x2b\0\0\0\0\0\0\0\x04\xfe\xfd\x30\x31";
		static const char alert[] = "\x15\xfe\xfd\0\0\0\0\0\0\0\x09\0\x02\x02\x28";
		static const char old[] = "\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x01\x01";
		static const struct {
			const char *p;
			size_t n;
		} bad[] = {{hello, sizeof hello - 1}, {part, sizeof part - 1}, {alert, sizeof alert - 1}, {old, sizeof old - 1}};
		for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
			f->stranger->port = f->p->port;
			phone_send(f->stranger, bad[i].p, bad[i].n);
			phone_send(f->p, bad[i].p, bad[i].n);
		}
	}
	phone_send(f->p, octets, n);
	return (ssize_t)n;
}

static ssize_t pull(gnutls_transport_ptr_t t, void *into, size_t n)
{
	struct far *f = t;
	ssize_t got = recv(f->p->fd, into, n, 0);

	if (got < 0)
		gnutls_transport_set_errno(f->tls, errno);
	return got;
}

static int pull_timeout(gnutls_transport_ptr_t t, unsigned ms)
{
	struct far *f = t;
	struct pollfd p = {.fd = f->p->fd, .events = POLLIN};

	(void)ms;
	return poll(&p, 1, 0);
}

bool far_make_cert(struct far *f, gnutls_pk_algorithm_t kind, unsigned bits, enum sdp_hash hash)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	uint8_t der[2048];
	size_t n = sizeof der;

	if (gnutls_x509_privkey_init(&key) < 0 || gnutls_x509_privkey_generate(key, kind, bits, 0) < 0 ||
	    gnutls_x509_crt_init(&crt) < 0 || gnutls_x509_crt_set_version(crt, 3) < 0 ||
	    gnutls_x509_crt_set_serial(crt, "\1", 1) < 0 || gnutls_x509_crt_set_activation_time(crt, 0) < 0 ||
	    gnutls_x509_crt_set_expiration_time(crt, 4000000000) < 0 || gnutls_x509_crt_set_key(crt, key) < 0 ||
	    gnutls_x509_crt_set_dn(crt, "CN=phone", NULL) < 0 ||
	    gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0) < 0 ||
	    gnutls_x509_crt_export(crt, GNUTLS_X509_FMT_DER, der, &n) < 0 ||
	    gnutls_certificate_allocate_credentials(&f->cert) < 0 ||
	    gnutls_certificate_set_x509_key(f->cert, &crt, 1, key) < 0)
		return false;
	static const gnutls_digest_algorithm_t digest[] = {
	    [SDP_SHA_256] = GNUTLS_DIG_SHA256, [SDP_SHA_384] = GNUTLS_DIG_SHA384, [SDP_SHA_512] = GNUTLS_DIG_SHA512};
	memset(f->digest, 0, sizeof f->digest);
	gnutls_hash_fast(digest[hash], der, n, f->digest);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	return true;
}

bool far_begin(struct far *f, bool client, const char *priority, bool srtp)
{
	unsigned flags = (client ? GNUTLS_CLIENT : GNUTLS_SERVER) | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK;

	if (gnutls_init(&f->tls, flags) < 0 || gnutls_priority_set_direct(f->tls, priority, NULL) < 0 ||
	    gnutls_credentials_set(f->tls, GNUTLS_CRD_CERTIFICATE, f->cert) < 0)
		return false;
	if (srtp && gnutls_srtp_set_profile_direct(f->tls, "SRTP_AES128_CM_HMAC_SHA1_80", NULL) < 0)
		return false;
	if (!client)
		gnutls_certificate_server_set_request(f->tls, GNUTLS_CERT_REQUIRE);
	gnutls_transport_set_ptr(f->tls, f);
	gnutls_transport_set_push_function(f->tls, push);
	gnutls_transport_set_pull_function(f->tls, pull);
	gnutls_transport_set_pull_timeout_function(f->tls, pull_timeout);
	gnutls_dtls_set_timeouts(f->tls, 300, 20000);
	gnutls_dtls_set_mtu(f->tls, 1200);
	return true;
}

int far_handshake(struct far *f, int ms)
{
	int e = GNUTLS_E_AGAIN;

	for (uint64_t end = clock_boot_ms() + (uint64_t)ms; clock_boot_ms() < end;) {
		e = gnutls_handshake(f->tls);
		if (e == 0 || gnutls_error_is_fatal(e))
			return e;
		stage_run(&house.s, 2);
	}
	return e;
}

bool far_sees_our_cert(const struct far *f)
{
	unsigned n = 0;
	const gnutls_datum_t *der = gnutls_certificate_get_peers(f->tls, &n);
	uint8_t digest[32];

	return n == 1 && gnutls_hash_fast(GNUTLS_DIG_SHA256, der->data, der->size, digest) == 0 &&
	       memcmp(digest, house.fingerprint, 32) == 0;
}

bool far_keys(struct far *f, bool client)
{
	uint8_t material[200], ours[SDP_KEY_MAX] = {0}, theirs[SDP_KEY_MAX] = {0};
	gnutls_datum_t ck, cs, sk, ss;

	if (gnutls_srtp_get_keys(f->tls, material, sizeof material, &ck, &cs, &sk, &ss) < 0 || ck.size != 16 || cs.size != 14)
		return false;
	memcpy(client ? ours : theirs, ck.data, 16);
	memcpy((client ? ours : theirs) + 16, cs.data, 14);
	memcpy(client ? theirs : ours, sk.data, 16);
	memcpy((client ? theirs : ours) + 16, ss.data, 14);
	srtp_set(&f->p->out, SDP_AES_CM_128_HMAC_SHA1_80, ours);
	srtp_set(&f->p->in, SDP_AES_CM_128_HMAC_SHA1_80, theirs);
	return true;
}

void far_end(struct far *f)
{
	gnutls_deinit(f->tls);
	f->tls = NULL;
	uint8_t rest[2048];
	while (recv(f->p->fd, rest, sizeof rest, 0) > 0)
		;
}
