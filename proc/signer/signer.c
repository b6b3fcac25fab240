/* SPDX-License-Identifier: ISC */
#include "signer/signer.h"
#include "signer/trunk_keys.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/secret.h"
#include "vault/cert_self.h"
#include "vault/der.h"
#include "vault/store_given.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

enum { ENTRIES = 8 + TRUNK_KEYS_MAX, BYTES = 16384 + TRUNK_KEYS_BYTES, LEAF_AT = 8 + 32 };

struct signer signer;

/* Where each key lies, who may have something signed by it, and what to call it. */
static const struct {
	uint8_t type; /* enum signer_type */
	enum proc asker;
	const char *name;
} keys[SIGNER_OWN_KEYS] = {
    [SIGN_SERVER] = {SIGNER_KEY, PROC_EDGE, "the server's key"},
    [SIGN_DTLS] = {SIGNER_DTLS_KEY, PROC_MEDIA, "the key of DTLS"},
};

static void make_key(enum sign_key k)
{
	uint8_t *both = secret_new(P256_SCALAR + P256_POINT);

	p256_make(both, both + P256_SCALAR);
	const char *why = store_put(&signer.store, keys[k].type, SPAN(""), span_of(both, P256_SCALAR + P256_POINT));
	if (why)
		log_fatal("%s", why);
	secret_free(both, P256_SCALAR + P256_POINT);
	log_info("made %s", keys[k].name);
}

static void read_key(enum sign_key k)
{
	struct span v;

	if (!store_get(&signer.store, keys[k].type, SPAN(""), &v))
		make_key(k);
	if (!store_get(&signer.store, keys[k].type, SPAN(""), &v) || v.n != P256_SCALAR + P256_POINT)
		log_fatal("%s is not readable", keys[k].name);
	memcpy(signer.point[k], v.p + P256_SCALAR, P256_POINT);
	signer.key[k] = p256_key_new(v.p);
	if (!signer.key[k])
		log_fatal("%s is not readable", keys[k].name);
}

/* Written once: another one would break the calls that named the first by its fingerprint. */
static void make_dtls_cert(void)
{
	uint8_t mem[CERT_SELF_MAX], serial[8];
	struct buf der = buf_of(mem, sizeof mem);
	struct span v;

	if (store_get(&signer.store, SIGNER_DTLS_CERT, SPAN(""), &v))
		return;
	rand_bytes(serial, sizeof serial);
	cert_write_self(signer.key[SIGN_DTLS], signer.point[SIGN_DTLS], serial, &der);
	const char *why = store_put(&signer.store, SIGNER_DTLS_CERT, SPAN(""), buf_span(&der));
	if (why)
		log_fatal("%s", why);
}

const char *signer_look_at_store(void)
{
	return store_look_given("signer", ENTRIES, BYTES);
}

void signer_open(const struct site *site)
{
	p256_init();
	store_open_given(&signer.store, "signer", ENTRIES, BYTES);
	for (int k = 0; k < SIGNER_OWN_KEYS; k++)
		read_key((enum sign_key)k);
	make_dtls_cert();
	signer_set_site(site);
	/* after a restore the keys are others: the exchange starts all the same */
	const char *why = trunk_keys_judge(site);
	if (why)
		log_warn("%s: `ringfence trunk request` asks for another", why);
}

void signer_set_site(const struct site *site)
{
	cert_site_digest(site, signer.site_digest);
	trunk_keys_take(site);
}

static bool get_leaf(int64_t *end_ms, struct span *leaf, bool *of_this_site)
{
	struct span v;

	if (!store_get(&signer.store, SIGNER_LEAF, SPAN(""), &v) || v.n <= LEAF_AT)
		return false;
	memcpy(end_ms, v.p, sizeof *end_ms);
	*of_this_site = memcmp(v.p + 8, signer.site_digest, sizeof signer.site_digest) == 0;
	*leaf = span_skip(v, LEAF_AT);
	return true;
}

/* One that lasts longer than any was made under a clock that ran ahead: no phone takes it before its time. It may be this clock
 * that is wrong, so while one stays so it is asked once an hour. */
static bool is_ahead(int64_t left_ms)
{
	return left_ms > (CERT_LEAF_DAYS + 1) * DAY_MS;
}

static bool fits(int64_t left_ms)
{
	if (is_ahead(left_ms))
		return signer.ahead_ms && child_now() - signer.ahead_ms < HOUR_MS;
	return left_ms > SIGNER_RENEW_DAYS * DAY_MS;
}

void signer_look(int64_t wall_ms)
{
	bool of_this_site = false;
	int64_t end_ms = wall_ms;
	struct span leaf;

	if (get_leaf(&end_ms, &leaf, &of_this_site) && of_this_site && fits(end_ms - wall_ms)) {
		if (!is_ahead(end_ms - wall_ms))
			signer.ahead_ms = 0;
		return;
	}
	if (signer.waiting && child_now() - signer.asked_ms < SIGNER_ASK_EVERY_MS)
		return;
	struct link *l = child_link(PROC_KEEPER, 0);
	struct msg_server_cert_want *m = l ? ipc_begin(l, MSG_SERVER_CERT_WANT) : NULL;
	if (!m)
		return;
	m->token = ++signer.asked;
	memcpy(m->point, signer.point[SIGN_SERVER], sizeof m->point);
	memcpy(m->site, signer.site_digest, sizeof m->site);
	memcpy(signer.asked_digest, signer.site_digest, sizeof signer.asked_digest);
	ipc_end(l);
	signer.asked_ms = child_now();
	signer.waiting = true;
	if (is_ahead(end_ms - wall_ms))
		signer.ahead_ms = child_now();
}

static void tell_one(struct link *to, struct span leaf, struct span ca)
{
	struct msg_cert_chain *m = ipc_begin(to, MSG_CERT_CHAIN);

	if (!m)
		return;
	m->leaf = ipc_put(to, leaf);
	m->ca = ipc_put(to, ca);
	ipc_end(to);
}

void signer_tell(struct link *edge)
{
	bool of_this_site;
	struct span leaf, ca;
	int64_t end_ms;

	if (!get_leaf(&end_ms, &leaf, &of_this_site) || !store_get(&signer.store, SIGNER_CA, SPAN(""), &ca))
		return;
	if (edge) {
		tell_one(edge, leaf, ca);
		return;
	}
	for (uint32_t i = 0; i < child_site()->edges; i++) {
		struct link *l = child_link(PROC_EDGE, i);
		if (l)
			tell_one(l, leaf, ca);
	}
}

void signer_tell_media(struct link *media)
{
	struct msg_dtls_cert *m = ipc_begin(media, MSG_DTLS_CERT);
	struct span der;

	if (!m)
		return;
	if (store_get(&signer.store, SIGNER_DTLS_CERT, SPAN(""), &der))
		m->der = ipc_put(media, der);
	ipc_end(media);
}

/* Names come before the key, extensions after it: the first key in a certificate is its own. */
static bool is_of_our_key(struct span leaf)
{
	const struct span head = SPAN(DER_P256_KEY);
	const uint8_t *key = leaf.n ? memmem(leaf.p, leaf.n, head.p, head.n) : NULL;

	return key && leaf.n - (size_t)(key - leaf.p) >= head.n + P256_POINT &&
	       memcmp(key + head.n, signer.point[SIGN_SERVER], P256_POINT) == 0;
}

static const char *keep(const struct msg_server_cert *c, struct span leaf, struct span ca)
{
	uint8_t mem[STORE_VALUE_MAX];
	struct buf b = buf_of(mem, sizeof mem);

	if (!is_of_our_key(leaf))
		return "the server's certificate is of another key than the server's, and is not taken";
	buf_put(&b, &c->not_after_ms, sizeof c->not_after_ms);
	buf_put(&b, signer.asked_digest, sizeof signer.asked_digest);
	buf_add(&b, leaf);
	const char *why = store_put(&signer.store, SIGNER_CA, SPAN(""), ca);
	return why ? why : store_put(&signer.store, SIGNER_LEAF, SPAN(""), buf_span(&b));
}

static void on_server_cert(struct link *from, const struct ipc_view *v)
{
	const struct msg_server_cert *m = v->payload;

	if (!signer.waiting || m->token > signer.asked || m->leaf.len == 0 || m->ca.len == 0) {
		child_accuse(from, "sends a certificate that nobody asked for", 0, 0);
		return;
	}
	if (m->token != signer.asked) /* an earlier question's, overtaken by a change of the site */
		return;
	signer.waiting = false;
	const char *why = keep(m, ipc_str(v, m->leaf), ipc_str(v, m->ca));
	if (why)
		log_error("%s", why);
	else
		signer_tell(NULL);
}

static void on_sign_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_sign_want *w = v->payload;
	uint8_t mem[P256_SIGNATURE_MAX];
	struct buf der = buf_of(mem, sizeof mem);

	bool its_own = w->key == SIGN_TRUNK ? from->peer == PROC_EDGE && from->instance == TRUNK_EDGE
	                                    : from->peer == keys[w->key].asker;

	if (!its_own) {
		child_accuse(from, "wants a signature by a key that is not its own", 0, 0);
		return;
	}
	if (w->key == SIGN_TRUNK)
		trunk_keys_sign(w->trunk, w->hash, &der);
	else
		p256_sign(signer.key[w->key], w->hash, &der);
	struct msg_signed *m = ipc_begin(from, MSG_SIGNED);
	if (!m)
		return;
	m->token = w->token;
	m->signature = ipc_put(from, buf_span(&der));
	ipc_end(from);
	signer.signatures++;
}

static void on_proof_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_proof_want *w = v->payload;
	bool good = p256_verify_raw(w->point, w->hash, w->signature);
	struct msg_proof *m = ipc_begin(from, MSG_PROOF);

	if (!m)
		return;
	m->token = w->token;
	m->good = good;
	ipc_end(from);
	signer.proofs++;
}

ipc_handler *const signer_on[MSG_N] = {
    [MSG_SIGN_WANT] = on_sign_want,
    [MSG_PROOF_WANT] = on_proof_want,
    [MSG_SERVER_CERT] = on_server_cert,
    [MSG_TRUNK_REQUEST_WANT] = trunk_keys_on_request_want,
};
