/* SPDX-License-Identifier: ISC */
#include "tls.h"
#include "base/log.h"
#include "verify.h"
#include <errno.h>
#include <gnutls/abstract.h>

/* AEAD and ECDHE-ECDSA only. 1.2 is offered for the phones that are named for it; the verify callback sees to that. */
#define PRIORITY                                                                                          \
	"NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+AEAD:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:" \
	"+GROUP-X25519:+GROUP-SECP256R1:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SHA256:+CTYPE-X509:"     \
	"+COMP-NULL:%SERVER_PRECEDENCE:%SAFE_RENEGOTIATION"

enum { HASH_LEN = 32 };

static gnutls_certificate_credentials_t credentials;
static gnutls_priority_t priority;
static uint8_t leaf_der[CERT_MAX], ca_der[CERT_MAX];
static size_t leaf_n, ca_n;
static bool renew, signer_down;

static struct {
	uint64_t token;
	bool done;
	uint8_t signature[80];
	size_t n;
} answer;

static struct {
	struct span left;
	bool end;
} feed;

bool tls_ready(void)
{
	return credentials && !signer_down && child_link(PROC_SIGNER, 0);
}

/* --- the server's key is at signer's --- */

void tls_on_signed(struct link *from, const struct ipc_view *v)
{
	const struct msg_signed *m = v->payload;
	struct span s = ipc_str(v, m->signature);

	(void)from;
	signer_down = false;
	if (m->token != answer.token || answer.done) /* the answer to one that was given up */
		return;
	memcpy(answer.signature, s.p, s.n);
	answer.n = s.n;
	answer.done = true;
}

void tls_signer_gone(void)
{
	signer_down = false; /* the link says it; a new one starts afresh */
	answer.done = false;
}

static ipc_handler *const while_waiting[MSG_N] = {
    [MSG_SIGNED] = tls_on_signed,
    [MSG_CERT_CHAIN] = tls_on_cert_chain,
};

static bool ask_signer(const gnutls_datum_t *hash)
{
	struct link *l = child_link(PROC_SIGNER, 0);
	struct msg_sign_want *m = l && !signer_down ? ipc_begin(l, MSG_SIGN_WANT) : NULL;

	if (!m)
		return false;
	answer.done = false;
	answer.n = 0;
	m->token = ++answer.token;
	m->key = SIGN_SERVER;
	memcpy(m->hash, hash->data, HASH_LEN);
	ipc_end(l);
	if (link_wait(l, while_waiting, &answer.done, SIGN_WAIT_MS))
		return answer.n > 0;
	/* one time-out and it counts as down, so that a dead signer never stalls SIP */
	signer_down = true;
	count.sign_timeouts++;
	log_warn("signer is silent; no handshakes until it answers");
	return false;
}

static int sign_hash(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *data, unsigned flags,
    const gnutls_datum_t *hash, gnutls_datum_t *signature)
{
	(void)key;
	(void)algorithm;
	(void)data;
	(void)flags;
	if (hash->size != HASH_LEN || !ask_signer(hash))
		return GNUTLS_E_PK_SIGN_FAILED;
	signature->data = gnutls_malloc(answer.n);
	if (!signature->data)
		return GNUTLS_E_MEMORY_ERROR;
	memcpy(signature->data, answer.signature, answer.n);
	signature->size = (unsigned)answer.n;
	return 0;
}

static int key_info(gnutls_privkey_t key, unsigned flags, void *data)
{
	unsigned algorithm = GNUTLS_FLAGS_TO_SIGN_ALGO(flags);

	(void)key;
	(void)data;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO)
		return GNUTLS_PK_ECDSA;
	if (flags & GNUTLS_PRIVKEY_INFO_SIGN_ALGO)
		return GNUTLS_SIGN_ECDSA_SHA256;
	if (flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO)
		return algorithm == GNUTLS_SIGN_ECDSA_SHA256 || algorithm == GNUTLS_SIGN_ECDSA_SECP256R1_SHA256;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS)
		return 256;
	return -1;
}

/* --- the certificate --- */

void tls_on_cert_chain(struct link *from, const struct ipc_view *v)
{
	const struct msg_cert_chain *m = v->payload;
	struct span leaf = ipc_str(v, m->leaf), ca = ipc_str(v, m->ca);

	if (leaf.n == 0 || ca.n == 0) {
		child_accuse(from, "gives half a certificate chain", 0, 0);
		return;
	}
	signer_down = false;
	memcpy(leaf_der, leaf.p, leaf.n);
	memcpy(ca_der, ca.p, ca.n);
	leaf_n = leaf.n;
	ca_n = ca.n;
	renew = true;
}

static int add_key(gnutls_certificate_credentials_t into)
{
	gnutls_datum_t der[2] = {{leaf_der, (unsigned)leaf_n}, {ca_der, (unsigned)ca_n}};
	gnutls_pcert_st *chain = gnutls_calloc(2, sizeof *chain);
	gnutls_privkey_t key;
	int e = chain ? gnutls_privkey_init(&key) : GNUTLS_E_MEMORY_ERROR;

	if (e < 0)
		return e;
	e = gnutls_privkey_import_ext4(key, NULL, NULL, sign_hash, NULL, NULL, key_info, 0);
	for (int i = 0; i < 2 && e >= 0; i++)
		e = gnutls_pcert_import_x509_raw(&chain[i], &der[i], GNUTLS_X509_FMT_DER, 0);
	if (e >= 0)
		e = gnutls_certificate_set_key(into, NULL, 0, chain, 2, key); /* takes both over, and signs once */
	if (e < 0)
		gnutls_privkey_deinit(key);
	else
		gnutls_free(chain);
	return e;
}

static gnutls_certificate_credentials_t new_credentials(void)
{
	gnutls_datum_t ca = {ca_der, (unsigned)ca_n};
	gnutls_certificate_credentials_t made;
	int e = gnutls_certificate_allocate_credentials(&made);

	if (e < 0)
		return NULL;
	e = gnutls_certificate_set_x509_trust_mem(made, &ca, GNUTLS_X509_FMT_DER);
	if (e > 0)
		e = add_key(made);
	if (e >= 0 && verify_set_ca(span_of(ca_der, ca_n)))
		return made;
	log_error("the server certificate is of no use: %s", gnutls_strerror(e));
	gnutls_certificate_free_credentials(made);
	return NULL;
}

void tls_renew(void)
{
	const char *at;

	if (!renew || !child_link(PROC_SIGNER, 0))
		return;
	renew = false;
	if (!priority && gnutls_priority_init(&priority, PRIORITY, &at) < 0)
		log_fatal("TLS priorities end at %s", at);
	gnutls_certificate_credentials_t made = new_credentials();
	if (!made)
		return;
	conn_close_handshakes(); /* they point to the old ones */
	conn_flush();
	if (credentials)
		gnutls_certificate_free_credentials(credentials);
	credentials = made;
}

/* --- sessions --- */

void tls_feed(struct span octets, bool end_of_stream)
{
	feed.left = octets;
	feed.end = end_of_stream;
}

static ssize_t pull(gnutls_transport_ptr_t p, void *into, size_t n)
{
	struct conn *c = p;

	if (feed.left.n == 0) {
		if (feed.end)
			return 0;
		gnutls_transport_set_errno(c->tls, EAGAIN);
		return -1;
	}
	if (n > feed.left.n)
		n = feed.left.n;
	memcpy(into, feed.left.p, n);
	feed.left = span_skip(feed.left, n);
	return (ssize_t)n;
}

static int pull_timeout(gnutls_transport_ptr_t p, unsigned ms)
{
	(void)p;
	(void)ms;
	return 1;
}

static ssize_t push(gnutls_transport_ptr_t p, const void *octets, size_t n)
{
	struct conn *c = p;

	if (!out_put(&c->out, span_of(octets, n))) {
		gnutls_transport_set_errno(c->tls, EPIPE);
		return -1;
	}
	return (ssize_t)n;
}

bool tls_begin(struct conn *c)
{
	if (gnutls_init(&c->tls, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS |
				     GNUTLS_NO_AUTO_SEND_TICKET) < 0)
		return false;
	if (gnutls_priority_set(c->tls, priority) < 0 ||
	    gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, credentials) < 0) {
		tls_end(c);
		return false;
	}
	gnutls_certificate_server_set_request(c->tls, GNUTLS_CERT_REQUIRE);
	gnutls_session_set_verify_function(c->tls, verify_peer);
	gnutls_session_set_ptr(c->tls, c);
	gnutls_transport_set_ptr(c->tls, c);
	gnutls_transport_set_pull_function(c->tls, pull);
	gnutls_transport_set_pull_timeout_function(c->tls, pull_timeout);
	gnutls_transport_set_push_function(c->tls, push);
	return true;
}

void tls_end(struct conn *c)
{
	if (c->tls)
		gnutls_deinit(c->tls);
	c->tls = NULL;
}

static bool wants_more(int e)
{
	return e == GNUTLS_E_AGAIN || e == GNUTLS_E_INTERRUPTED;
}

enum tls_result tls_handshake(struct conn *c)
{
	int e = gnutls_handshake(c->tls);

	while (e < 0 && !wants_more(e) && !gnutls_error_is_fatal(e))
		e = gnutls_handshake(c->tls);
	if (wants_more(e))
		return TLS_MORE;
	if (e == 0)
		/* no path around the callback: what it did not see does not come in */
		return c->verified ? TLS_OK : TLS_REFUSED;
	if (e == GNUTLS_E_PREMATURE_TERMINATION || e == GNUTLS_E_PULL_ERROR || e == GNUTLS_E_PUSH_ERROR)
		return TLS_CLOSED;
	if (c->refusal == REFUSED_NOT) {
		c->refusal = e == GNUTLS_E_PK_SIGN_FAILED ? REFUSED_SIGNER
		             : e == GNUTLS_E_NO_CERTIFICATE_FOUND || e == GNUTLS_E_CERTIFICATE_REQUIRED
		                 ? REFUSED_NO_CERTIFICATE
		                 : REFUSED_HANDSHAKE;
	}
	tls_alert(c, e);
	return TLS_REFUSED;
}

void tls_alert(struct conn *c, int error)
{
	if (error == GNUTLS_E_CERTIFICATE_ERROR)
		gnutls_alert_send(c->tls, GNUTLS_AL_FATAL, refusal_alert((enum refusal)c->refusal));
	else
		gnutls_alert_send_appropriate(c->tls, error);
}

void tls_bye(struct conn *c)
{
	gnutls_bye(c->tls, GNUTLS_SHUT_WR);
}

bool tls_is_drained(const struct conn *c)
{
	return feed.left.n == 0 && !feed.end && gnutls_record_check_pending(c->tls) == 0;
}

long tls_read(struct conn *c, void *p, size_t n, enum tls_result *result)
{
	ssize_t got = gnutls_record_recv(c->tls, p, n);

	if (got > 0)
		return got;
	if (wants_more((int)got))
		*result = TLS_MORE;
	else if (got == 0 || got == GNUTLS_E_PREMATURE_TERMINATION)
		*result = TLS_CLOSED;
	else if (got == GNUTLS_E_WARNING_ALERT_RECEIVED)
		*result = TLS_CLOSED; /* 1.3 knows none but close_notify and user_canceled */
	else {
		*result = TLS_REFUSED; /* a broken record, or renegotiation */
		gnutls_alert_send_appropriate(c->tls, (int)got);
	}
	return -1;
}

bool tls_write(struct conn *c, struct span s)
{
	while (s.n) {
		ssize_t n = gnutls_record_send(c->tls, s.p, s.n);
		if (n <= 0)
			return false;
		s = span_skip(s, (size_t)n);
	}
	return true;
}
