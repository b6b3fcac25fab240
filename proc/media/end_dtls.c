/* SPDX-License-Identifier: ISC */
#include "end_dtls.h"
#include "base/pool.h"
#include "base/secret.h"
#include "engine.h"
#include "ours.h"
#include "source.h"
#include <errno.h>
#include <gnutls/dtls.h>
#include <nettle/sha2.h>
#include <stdlib.h>

/* Phones' certificates are RSA as often as not; SHA-1 and what is below 128 bits are none. */
#define PRIORITY                                                                                                       \
	"NONE:+VERS-DTLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:+AEAD:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+GROUP-X25519:" \
	"+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:"   \
	"+SIGN-RSA-PSS-RSAE-SHA256:+CTYPE-X509:+COMP-NULL"
#define PROFILES "SRTP_AES128_CM_HMAC_SHA1_80"

enum { MTU = 1200, REPEAT_MS = 500, TOTAL_MS = 30000, HANDSHAKE_MAX = 16384, STEPS = 8 };

struct association {
	gnutls_session_t tls;
	uint64_t id, begun_ms, done_ms; /* done 0: under way */
	uint32_t row;
	uint8_t side;
	bool proved; /* the far certificate is the right one */
	bool forged; /* it is another one */
};

static struct association *table;
static struct pool pool;
static gnutls_priority_t priority;
static gnutls_datum_t cookie_key;
static uint64_t done_n, failed_n, forged_n, cookies_n;

static struct span feed; /* the datagram of now */

bool end_dtls_open(void)
{
	table = calloc(END_DTLS_MAX, sizeof *table);
	return table && pool_init(&pool, 0, END_DTLS_MAX, pool_share(END_DTLS_MAX)) &&
	       gnutls_priority_init(&priority, PRIORITY, NULL) == 0 &&
	       gnutls_key_generate(&cookie_key, GNUTLS_COOKIE_KEY_SIZE) == 0;
}

static struct association *association_of(const struct end *e)
{
	int64_t at = pool_index(&pool, e->dtls);
	return at < 0 ? NULL : &table[at];
}

static void release(struct association *a)
{
	struct end *e = end_at(a->row, a->side);

	if (e && e->dtls == a->id)
		e->dtls = ID_NONE;
	gnutls_deinit(a->tls);
	pool_release(&pool, a->id);
	*a = (struct association){0};
}

void end_dtls_close(struct end *e)
{
	struct association *a = association_of(e);

	if (a)
		release(a);
}

void end_dtls_close_all(void)
{
	for (uint32_t i = 0; i < END_DTLS_MAX; i++)
		if (table[i].tls)
			release(&table[i]);
}

/* --- the far certificate --- */

static bool is_named(const gnutls_datum_t *der, const struct sdp_fingerprint *f)
{
	struct sha512_ctx wide;
	struct sha256_ctx narrow;
	uint8_t digest[SHA512_DIGEST_SIZE];

	switch ((enum sdp_hash)f->hash) {
	case SDP_SHA_256:
		sha256_init(&narrow);
		sha256_update(&narrow, der->size, der->data);
		sha256_digest(&narrow, SHA256_DIGEST_SIZE, digest);
		return secret_eq(digest, f->bytes, SHA256_DIGEST_SIZE);
	case SDP_SHA_384:
		sha384_init(&wide);
		sha384_update(&wide, der->size, der->data);
		sha384_digest(&wide, SHA384_DIGEST_SIZE, digest);
		return secret_eq(digest, f->bytes, SHA384_DIGEST_SIZE);
	case SDP_SHA_512:
		sha512_init(&wide);
		sha512_update(&wide, der->size, der->data);
		sha512_digest(&wide, SHA512_DIGEST_SIZE, digest);
		return secret_eq(digest, f->bytes, SHA512_DIGEST_SIZE);
	case SDP_SHA_1:
	case SDP_HASH_N:
		break;
	}
	return false;
}

static int verify(gnutls_session_t tls)
{
	struct association *a = gnutls_session_get_ptr(tls);
	const struct end *e = end_at(a->row, a->side);
	unsigned n = 0;
	const gnutls_datum_t *der = gnutls_certificate_get_peers(tls, &n);

	a->proved = e && der && n > 0 && is_named(&der[0], &e->fingerprint);
	a->forged = !a->proved;
	return a->proved ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

/* --- datagrams --- */

static ssize_t pull(gnutls_transport_ptr_t p, void *into, size_t n)
{
	struct association *a = p;

	if (feed.n == 0) {
		gnutls_transport_set_errno(a->tls, EAGAIN);
		return -1;
	}
	n = n < feed.n ? n : feed.n;
	memcpy(into, feed.p, n);
	feed.n = 0;
	return (ssize_t)n;
}

static int pull_timeout(gnutls_transport_ptr_t p, unsigned ms)
{
	(void)p;
	(void)ms;
	return feed.n > 0;
}

static ssize_t push(gnutls_transport_ptr_t p, const void *octets, size_t n)
{
	const struct association *a = p;
	const struct relay_row *r = table_row(a->row);
	const struct addr *where = source_where(r, a->side, COMPONENT_RTP);

	if (where->family)
		engine_send(&r->spec.side[a->side], COMPONENT_RTP, where, span_of(octets, n));
	return (ssize_t)n;
}

/* Before there is an association: one who asked, and perhaps receives there. */
struct asker {
	const struct end *end;
	const struct addr *from;
};

static ssize_t push_cookie(gnutls_transport_ptr_t p, const void *octets, size_t n)
{
	const struct asker *a = p;

	engine_send(end_side(a->end), COMPONENT_RTP, a->from, span_of(octets, n));
	cookies_n++;
	return (ssize_t)n;
}

/* --- associations --- */

static bool prepare(struct association *a, bool client)
{
	gnutls_certificate_credentials_t ours = ours_credentials();

	if (!ours || gnutls_init(&a->tls, (client ? GNUTLS_CLIENT : GNUTLS_SERVER) | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK |
					      GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS) < 0)
		return false;
	if (gnutls_priority_set(a->tls, priority) < 0 ||
	    gnutls_credentials_set(a->tls, GNUTLS_CRD_CERTIFICATE, ours) < 0 ||
	    gnutls_srtp_set_profile_direct(a->tls, PROFILES, NULL) < 0) {
		gnutls_deinit(a->tls);
		a->tls = NULL;
		return false;
	}
	if (!client)
		gnutls_certificate_server_set_request(a->tls, GNUTLS_CERT_REQUIRE);
	gnutls_session_set_verify_function(a->tls, verify);
	gnutls_session_set_ptr(a->tls, a);
	gnutls_transport_set_ptr(a->tls, a);
	gnutls_transport_set_pull_function(a->tls, pull);
	gnutls_transport_set_pull_timeout_function(a->tls, pull_timeout);
	gnutls_transport_set_push_function(a->tls, push);
	gnutls_dtls_set_mtu(a->tls, MTU);
	gnutls_dtls_set_timeouts(a->tls, REPEAT_MS, TOTAL_MS);
	gnutls_handshake_set_max_packet_length(a->tls, HANDSHAKE_MAX);
	return true;
}

/* One that is done and only lingers makes room. */
static void make_room(void)
{
	struct association *oldest = NULL;

	if (pool.used + pool.reserve < pool.cap)
		return;
	for (uint32_t i = 0; i < END_DTLS_MAX; i++)
		if (table[i].done_ms && (!oldest || table[i].done_ms < oldest->done_ms))
			oldest = &table[i];
	if (oldest)
		release(oldest);
}

static struct association *begin(struct end *e, bool client)
{
	make_room();
	uint64_t id = pool_take(&pool, (enum pool_claim)table_row(e->row)->spec.emergency);
	if (id == ID_NONE)
		return NULL;
	struct association *a = &table[id_index(id)];
	*a = (struct association){.id = id, .begun_ms = child_now(), .row = e->row, .side = e->side};
	if (!prepare(a, client)) {
		pool_release(&pool, id);
		*a = (struct association){0};
		return NULL;
	}
	e->dtls = id;
	return a;
}

static bool take_keys(struct association *a, struct end *e)
{
	gnutls_datum_t client[2], server[2];
	uint8_t material[2 * SDP_KEY_MAX], ours[SDP_KEY_MAX] = {0}, theirs[SDP_KEY_MAX] = {0};
	gnutls_srtp_profile_t profile;

	if (!a->proved || gnutls_srtp_get_selected_profile(a->tls, &profile) < 0 ||
	    profile != GNUTLS_SRTP_AES128_CM_HMAC_SHA1_80 ||
	    gnutls_srtp_get_keys(a->tls, material, sizeof material, &client[0], &client[1], &server[0], &server[1]) < 0)
		return false;
	const gnutls_datum_t *mine = e->active ? client : server, *far = e->active ? server : client;
	memcpy(ours, mine[0].data, mine[0].size);
	memcpy(ours + mine[0].size, mine[1].data, mine[1].size);
	memcpy(theirs, far[0].data, far[0].size);
	memcpy(theirs + far[0].size, far[1].data, far[1].size);
	end_set_keys(e, SDP_AES_CM_128_HMAC_SHA1_80, ours, theirs);
	secret_wipe(material, sizeof material);
	secret_wipe(ours, sizeof ours);
	secret_wipe(theirs, sizeof theirs);
	return true;
}

static void fail(struct association *a, int error)
{
	const struct relay_row *r = table_row(a->row);
	struct end *e = end_at(a->row, a->side);
	const unsigned side = a->side;
	bool forged = a->forged;

	failed_n++;
	if (e && error == GNUTLS_E_TIMEDOUT)
		e->dtls_rests_ms = child_now() + END_DTLS_REST_MS;
	if (error == GNUTLS_E_CERTIFICATE_ERROR)
		gnutls_alert_send(a->tls, GNUTLS_AL_FATAL, GNUTLS_A_BAD_CERTIFICATE);
	else
		gnutls_alert_send_appropriate(a->tls, error);
	release(a);
	if (!forged)
		return;
	forged_n++;
	media_tell_forged(r, side, RELAY_KEY_DTLS);
	media_tell_shut(r);
}

static void step(struct association *a)
{
	int e = GNUTLS_E_AGAIN;

	for (int i = 0; i < STEPS; i++) {
		e = gnutls_handshake(a->tls);
		if (e == 0 || e == GNUTLS_E_AGAIN || gnutls_error_is_fatal(e))
			break;
	}
	if (e == 0 && take_keys(a, end_at(a->row, a->side))) {
		a->done_ms = child_now();
		done_n++;
	} else if (e == 0 || gnutls_error_is_fatal(e)) {
		fail(a, e);
	}
}

/* Repeated flights are answered; nothing else of a finished association counts. */
static void linger(struct association *a)
{
	uint8_t octet[64];

	(void)gnutls_record_recv(a->tls, octet, sizeof octet);
}

void end_dtls_begin(struct end *e)
{
	end_dtls_close(e);
	e->dtls_rests_ms = 0;
	end_dtls_turn(e);
}

void end_dtls_turn(struct end *e)
{
	struct association *a = association_of(e);
	bool wanted = !a && e->active && !end_is_open(e) && child_now() >= e->dtls_rests_ms &&
	              source_where(table_row(e->row), e->side, COMPONENT_RTP)->family != 0;

	feed = (struct span){0};
	if (wanted && ours_ready())
		a = begin(e, true);
	if (!a)
		return;
	if (!a->done_ms)
		step(a);
	else if (child_now() > a->done_ms + END_DTLS_LINGER_MS)
		release(a);
}

static bool is_alert(const struct dtls_record *r)
{
	return r->epoch == 0 && r->type == DTLS_ALERT;
}

static bool is_hello(const struct dtls_record *r)
{
	return r->epoch == 0 && r->type == DTLS_HANDSHAKE && r->body.n > 0 && r->body.p[0] == DTLS_CLIENT_HELLO;
}

/* A hello begins an association when it brings our cookie; without one it gets one. */
static void on_hello(struct end *e, struct association *a, const struct addr *from, struct span d)
{
	struct asker asker = {e, from};
	gnutls_dtls_prestate_st state = {0};
	void *octets = (void *)(uintptr_t)d.p; /* GnuTLS reads it */

	if (e->active || (a && !a->done_ms && child_now() < a->begun_ms + END_DTLS_AGAIN_MS) || !ours_ready())
		return;
	if (gnutls_dtls_cookie_verify(&cookie_key, (void *)(uintptr_t)from, sizeof *from, octets, d.n, &state) < 0) {
		gnutls_dtls_cookie_send(
		    &cookie_key, (void *)(uintptr_t)from, sizeof *from, &state, &asker, push_cookie);
		return;
	}
	if (a)
		release(a);
	a = begin(e, false);
	if (!a)
		return;
	gnutls_dtls_prestate_set(a->tls, &state);
	feed = d;
	step(a);
}

void end_dtls_feed(struct end *e, const struct addr *from, struct span datagram)
{
	struct association *a = association_of(e);
	struct cursor c = cursor_of(datagram);
	struct dtls_record first;

	if (!dtls_next_record(&c, &first) || is_alert(&first))
		return;
	if (is_hello(&first)) {
		on_hello(e, a, from, datagram);
		return;
	}
	if (!a)
		return;
	feed = datagram;
	if (a->done_ms)
		linger(a);
	else
		step(a);
	feed = (struct span){0};
}

void end_dtls_status(struct proc_status *s)
{
	status_pool(s, "dtls", &pool);
	status_counter(s, "dtls-done", done_n);
	status_counter(s, "dtls-failed", failed_n);
	status_counter(s, "dtls-forged", forged_n);
	status_counter(s, "dtls-cookies", cookies_n);
	status_counter(s, "sign-timeouts", farkey_timeouts());
}
