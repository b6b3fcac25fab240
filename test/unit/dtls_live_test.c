/* SPDX-License-Identifier: ISC */
/* R7, T30: the watch beside real DTLS-SRTP handshakes of GnuTLS, with and without loss: when it says that an
 * end is keyed, that end's own handshake is over as soon as it has read what was relayed to it. */
#include "base/clock.h"
#include "test.h"
#include "wire/dtls.h"
#include <errno.h>
#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>

enum { QUEUE = 64, DATAGRAM = 1600, GIVE_UP_MS = 3000 };

struct end {
	gnutls_session_t session;
	struct {
		uint8_t byte[DATAGRAM];
		size_t n;
	} in[QUEUE];
	unsigned head, tail;
	bool done;
};

static struct end ends[2]; /* 0 is the client */
static struct dtls_watch watch;
static unsigned sent_n, lose_at; /* the datagram of this number is lost before the relay */
static bool order_kept;

static ssize_t push(gnutls_transport_ptr_t self, const void *p, size_t n)
{
	unsigned from = self == &ends[1];
	struct end *to = &ends[1 - from];

	if (n > DATAGRAM || sent_n++ == lose_at || to->tail - to->head == QUEUE)
		return (ssize_t)n;
	memcpy(to->in[to->tail % QUEUE].byte, p, n);
	to->in[to->tail++ % QUEUE].n = n;
	dtls_watch_feed(&watch, from, span_of(p, n));
	return (ssize_t)n;
}

static ssize_t pull(gnutls_transport_ptr_t self, void *p, size_t cap)
{
	struct end *e = self;

	if (e->head == e->tail) {
		gnutls_transport_set_errno(e->session, EAGAIN);
		return -1;
	}
	size_t n = e->in[e->head % QUEUE].n;
	memcpy(p, e->in[e->head++ % QUEUE].byte, n < cap ? n : cap);
	return (ssize_t)n;
}

static int pull_timeout(gnutls_transport_ptr_t self, unsigned ms)
{
	struct end *e = self;
	(void)ms;
	return e->head != e->tail;
}

static bool start(
    struct end *e, unsigned flags, gnutls_credentials_type_t kind, void *credentials, const char *srtp)
{
	if (gnutls_init(&e->session, flags | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK) ||
	    gnutls_priority_set_direct(
		e->session, "NORMAL:-VERS-ALL:+VERS-DTLS1.2:-KX-ALL:+ECDHE-PSK", NULL) ||
	    gnutls_credentials_set(e->session, kind, credentials) ||
	    gnutls_srtp_set_profile_direct(e->session, srtp, NULL))
		return false;
	gnutls_dtls_set_timeouts(e->session, 20, GIVE_UP_MS);
	gnutls_dtls_set_mtu(e->session, 600);
	gnutls_transport_set_ptr(e->session, e);
	gnutls_transport_set_push_function(e->session, push);
	gnutls_transport_set_pull_function(e->session, pull);
	gnutls_transport_set_pull_timeout_function(e->session, pull_timeout);
	return true;
}

/* Let one end read all it has been sent; then what the watch said about it must be true. An end that is done
 * goes on reading, since it may have to repeat its last flight. */
static bool turn(struct end *e, unsigned index)
{
	char none[16];
	long rc = e->done ? gnutls_record_recv(e->session, none, sizeof none) : gnutls_handshake(e->session);

	e->done |= rc == 0;
	if (dtls_watch_done(&watch, index) && e->head == e->tail && !e->done)
		order_kept = false;
	return rc >= 0 || !gnutls_error_is_fatal((int)rc);
}

static bool handshake(
    gnutls_psk_client_credentials_t client, gnutls_psk_server_credentials_t server, unsigned lost)
{
	uint64_t end_ms = clock_boot_ms() + GIVE_UP_MS;
	bool ok;

	memset(ends, 0, sizeof ends);
	memset(&watch, 0, sizeof watch);
	sent_n = 0;
	lose_at = lost;
	order_kept = true;
	ok = start(&ends[0], GNUTLS_CLIENT, GNUTLS_CRD_PSK, client,
		 "SRTP_AES128_CM_HMAC_SHA1_32:"
		 "SRTP_AES128_CM_HMAC_SHA1_80") &&
	     start(&ends[1], GNUTLS_SERVER, GNUTLS_CRD_PSK, server, "SRTP_AES128_CM_HMAC_SHA1_80");
	while (ok && !(ends[0].done && ends[1].done && watch.done == 3))
		ok = clock_boot_ms() < end_ms && turn(&ends[0], 0) && turn(&ends[1], 1);
	gnutls_deinit(ends[0].session);
	gnutls_deinit(ends[1].session);
	return ok && order_kept;
}

static int find_key(gnutls_session_t session, const char *user, gnutls_datum_t *key)
{
	(void)session;
	(void)user;
	key->data = gnutls_malloc(16);
	key->size = 16;
	if (!key->data)
		return -1;
	memset(key->data, 7, 16);
	return 0;
}

static void handshakes(void)
{
	gnutls_psk_client_credentials_t client;
	gnutls_psk_server_credentials_t server;
	unsigned char secret[16];
	gnutls_datum_t key = {secret, sizeof secret};
	unsigned datagrams;

	memset(secret, 7, sizeof secret);
	CHECK(gnutls_psk_allocate_client_credentials(&client) == 0 &&
	      gnutls_psk_set_client_credentials(client, "phone", &key, GNUTLS_PSK_KEY_RAW) == 0);
	CHECK(gnutls_psk_allocate_server_credentials(&server) == 0);
	gnutls_psk_set_server_credentials_function(server, find_key);

	CHECK(handshake(client, server, UINT32_MAX));
	CHECK(watch.version == DTLS_1_2 && watch.server == 2 && dtls_watch_tag_len(&watch) == 10);
	datagrams = sent_n;
	CHECK(datagrams >= 4 && datagrams < QUEUE);
	for (unsigned lost = 0; lost < datagrams; lost++)
		CHECK(handshake(client, server, lost));
	gnutls_psk_free_client_credentials(client);
	gnutls_psk_free_server_credentials(server);
}

int main(void)
{
	RUN(handshakes);
	return TEST_END;
}
