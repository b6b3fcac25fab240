/* SPDX-License-Identifier: ISC */
#include "tls.h"
#include "base/log.h"
#include "farkey/farkey.h"
#include "own.h"
#include "trust.h"
#include "verify.h"
#include <errno.h>

/* AEAD and ECDHE-ECDSA only. 1.2 is offered for the phones that are named for it; the verify callback sees to that. */
#define PRIORITY                                                                                          \
	"NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+AEAD:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:" \
	"+GROUP-X25519:+GROUP-SECP256R1:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SHA256:+CTYPE-X509:"     \
	"+COMP-NULL:%SERVER_PRECEDENCE:%SAFE_RENEGOTIATION"

/* Providers have RSA too. */
#define TRUNK_PRIORITY                                                                                         \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:+AES-128-GCM:" \
	"+AES-256-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:"                      \
	"%SAFE_RENEGOTIATION"

static struct creds *creds; /* of the server */
static gnutls_priority_t priority;
static uint8_t leaf_der[CERT_MAX], ca_der[CERT_MAX];
static size_t leaf_n, ca_n;
static bool renew;

static struct {
	struct span left;
	bool end;
} feed;

bool tls_ready(void)
{
	return creds && farkey_ready();
}

void tls_open(void)
{
	static ipc_handler *const while_waiting[MSG_N] = {
	    [MSG_SIGNED] = farkey_on_signed,
	    [MSG_CERT_CHAIN] = tls_on_cert_chain,
	};

	farkey_open(while_waiting);
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
	farkey_heard();
	if (creds && span_eq(leaf, span_of(leaf_der, leaf_n)) && span_eq(ca, span_of(ca_der, ca_n)))
		return; /* signer is there again, with what it had: handshakes go on */
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
	int e = chain ? farkey_new(&key, SIGN_SERVER, 0) : GNUTLS_E_MEMORY_ERROR;

	if (e < 0) {
		gnutls_free(chain);
		return e;
	}
	for (int i = 0; i < 2 && e >= 0; i++)
		e = gnutls_pcert_import_x509_raw(&chain[i], &der[i], GNUTLS_X509_FMT_DER, 0);
	if (e >= 0)
		e = gnutls_certificate_set_key(
		    into, NULL, 0, chain, 2, key); /* takes both over, and signs once; untried when signer is slow */
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
	struct creds *next = made ? creds_new(made) : NULL;
	if (!next)
		return;
	creds_let_go(&creds);
	creds = next;
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

static gnutls_priority_t priority_of_trunks(void)
{
	static gnutls_priority_t made;
	const char *at;

	if (!made && gnutls_priority_init(&made, TRUNK_PRIORITY, &at) < 0)
		log_fatal("TLS priorities of trunks end at %s", at);
	return made;
}

/* Towards a trunk we are the client: it shows a certificate, and we the one of its section, whatever CAs it names. */
static bool begin_client(struct conn *c)
{
	const struct trunk_conf *t = &child_site()->trunk[c->trunk - 1];

	struct creds *own = own_creds(c->trunk);

	if (!own || gnutls_init(&c->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS |
					     GNUTLS_FORCE_CLIENT_CERT) < 0)
		return false;
	c->creds = creds_hold(own);
	return gnutls_priority_set(c->tls, priority_of_trunks()) >= 0 &&
	       gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, creds_of(own)) >= 0 &&
	       (t->server_addr.family ||
		   gnutls_server_name_set(c->tls, GNUTLS_NAME_DNS, t->server, strlen(t->server)) >= 0);
}

static bool begin_server(struct conn *c)
{
	if (gnutls_init(&c->tls, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS |
				     GNUTLS_NO_AUTO_SEND_TICKET) < 0)
		return false;
	c->creds = creds_hold(creds);
	gnutls_certificate_server_set_request(c->tls, GNUTLS_CERT_REQUIRE);
	if (c->trunk) /* its CA is not ours, and who it is nobody need read */
		gnutls_certificate_send_x509_rdn_sequence(c->tls, 1);
	return gnutls_priority_set(c->tls, c->trunk ? priority_of_trunks() : priority) >= 0 &&
	       gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, creds_of(creds)) >= 0;
}

bool tls_begin(struct conn *c)
{
	if (!(c->trunk && !c->came ? begin_client(c) : begin_server(c))) {
		tls_end(c);
		return false;
	}
	gnutls_session_set_verify_function(c->tls, c->trunk ? trust_verify : verify_peer);
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
	creds_let_go(&c->creds);
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
	if (e == 0) {
		creds_let_go(&c->creds); /* no handshake follows: both sides refuse another */
		/* no path around the callback: what it did not see does not come in */
		return c->verified ? TLS_OK : TLS_REFUSED;
	}
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
	if (!c->tls)
		return feed.left.n == 0 && !feed.end;
	return feed.left.n == 0 && !feed.end && gnutls_record_check_pending(c->tls) == 0;
}

/* A plain trunk's octets are what came. */
static long read_plain(void *p, size_t n, enum tls_result *result)
{
	if (feed.left.n == 0) {
		*result = feed.end ? TLS_CLOSED : TLS_MORE;
		return -1;
	}
	if (n > feed.left.n)
		n = feed.left.n;
	memcpy(p, feed.left.p, n);
	feed.left = span_skip(feed.left, n);
	return (long)n;
}

long tls_read(struct conn *c, void *p, size_t n, enum tls_result *result)
{
	if (!c->tls)
		return read_plain(p, n, result);
	ssize_t got = gnutls_record_recv(c->tls, p, n);

	/* what was a ticket, which a server may send at any time, counts as nothing; octets behind it wait on */
	for (size_t left = SIZE_MAX; wants_more((int)got) && feed.left.n && feed.left.n < left;) {
		left = feed.left.n;
		got = gnutls_record_recv(c->tls, p, n);
	}
	if (got > 0)
		return got;
	if (wants_more((int)got))
		*result = TLS_MORE;
	else if (got == 0 || got == GNUTLS_E_PREMATURE_TERMINATION || got == GNUTLS_E_WARNING_ALERT_RECEIVED)
		*result = TLS_CLOSED; /* 1.3 knows no alert that warns but close_notify and user_canceled */
	else {
		*result = TLS_REFUSED; /* a broken record, or renegotiation */
		gnutls_alert_send_appropriate(c->tls, (int)got);
	}
	return -1;
}

bool tls_write(struct conn *c, struct span s)
{
	if (!c->tls)
		return out_put(&c->out, s);
	while (s.n) {
		ssize_t n = gnutls_record_send(c->tls, s.p, s.n);
		if (n <= 0)
			return false;
		s = span_skip(s, (size_t)n);
	}
	return true;
}
