/* SPDX-License-Identifier: ISC */
#include "ours.h"
#include "base/log.h"
#include "end_dtls.h"
#include <nettle/sha2.h>

static uint8_t der[CERT_MAX];
static size_t der_n;
static bool renew;
static gnutls_certificate_credentials_t credentials;

void ours_open(void)
{
	static ipc_handler *const while_waiting[MSG_N] = {
	    [MSG_SIGNED] = farkey_on_signed,
	    [MSG_DTLS_CERT] = ours_on_cert,
	};

	farkey_open(while_waiting);
}

void ours_tell(void)
{
	struct link *core = child_link(PROC_CORE, 0);
	struct msg_dtls_ours *m = core && der_n ? ipc_begin(core, MSG_DTLS_OURS) : NULL;
	struct sha256_ctx h;

	if (!m)
		return;
	sha256_init(&h);
	sha256_update(&h, der_n, der);
	sha256_digest(&h, sizeof m->fingerprint, m->fingerprint);
	ipc_end(core);
}

void ours_on_cert(struct link *from, const struct ipc_view *v)
{
	const struct msg_dtls_cert *m = v->payload;
	struct span s = ipc_str(v, m->der);

	if (s.n == 0) {
		child_accuse(from, "gives no certificate", 0, 0);
		return;
	}
	farkey_heard();
	if (span_eq(s, span_of(der, der_n)))
		return;
	memcpy(der, s.p, s.n);
	der_n = s.n;
	renew = true;
	ours_tell();
}

bool ours_ready(void)
{
	return der_n && farkey_ready();
}

static gnutls_certificate_credentials_t make(void)
{
	gnutls_datum_t d = {der, (unsigned)der_n};
	gnutls_certificate_credentials_t made;
	gnutls_pcert_st *cert = gnutls_calloc(1, sizeof *cert);
	gnutls_privkey_t key;

	if (!cert || gnutls_certificate_allocate_credentials(&made) < 0) {
		gnutls_free(cert);
		return NULL;
	}
	int e = farkey_new(&key, SIGN_DTLS, 0);
	if (e >= 0) {
		e = gnutls_pcert_import_x509_raw(cert, &d, GNUTLS_X509_FMT_DER, 0);
		if (e >= 0)
			e = gnutls_certificate_set_key(
			    made, NULL, 0, cert, 1, key); /* takes both over, and signs once */
		if (e < 0)
			gnutls_privkey_deinit(key);
	}
	gnutls_free(cert);
	if (e >= 0)
		return made;
	log_error("the certificate of DTLS is of no use: %s", gnutls_strerror(e));
	gnutls_certificate_free_credentials(made);
	return NULL;
}

gnutls_certificate_credentials_t ours_credentials(void)
{
	if (!renew)
		return credentials;
	gnutls_certificate_credentials_t made = make();
	if (!made)
		return credentials;
	renew = false;
	if (credentials) {
		end_dtls_close_all(); /* they point to the old ones */
		gnutls_certificate_free_credentials(credentials);
	}
	credentials = made;
	return credentials;
}
