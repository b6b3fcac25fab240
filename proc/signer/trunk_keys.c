/* SPDX-License-Identifier: ISC */
#include "signer/trunk_keys.h"
#include "base/log.h"
#include "base/secret.h"
#include "ipc/done.h"
#include "signer/signer.h"
#include "vault/cert_request.h"
#include <stdio.h>

enum { BOTH = P256_SCALAR + P256_POINT };

static struct p256_key *key[SITE_TRUNKS_MAX]; /* by index; NULL: it has none */

static bool get(enum signer_type which, const char *name, struct span *both)
{
	return store_get(&signer.store, (uint8_t)which, span_str(name), both) && both->n == BOTH;
}

static bool get_for(enum signer_type which, const struct trunk_conf *t, struct span *both)
{
	return get(which, t->name, both) && memcmp(both->p + P256_SCALAR, t->point, P256_POINT) == 0;
}

static const char *make(enum signer_type which, const char *name)
{
	uint8_t *both = secret_new(BOTH);

	p256_make(both, both + P256_SCALAR);
	const char *why = store_put(&signer.store, (uint8_t)which, span_str(name), span_of(both, BOTH));
	secret_free(both, BOTH);
	if (!why)
		log_info("made %s key of trunk %s", which == SIGNER_TRUNK_NEXT ? "the next" : "the", name);
	return why;
}

const char *trunk_keys_judge(const struct site *s)
{
	static char why[96 + TRUNK_NAME_MAX];
	struct span both;

	for (int i = 0; i < s->trunks; i++) {
		const struct trunk_conf *t = &s->trunk[i];
		if (!t->certificate[0] || get_for(SIGNER_TRUNK_KEY, t, &both) || get_for(SIGNER_TRUNK_NEXT, t, &both))
			continue;
		snprintf(
		    why, sizeof why, "trunk %s: its certificate is for a key that the exchange does not have", t->name);
		return why;
	}
	return NULL;
}

/* The certificate that stands is of the next key, so that one counts, and the key before it is destroyed. */
static void change_over(const struct trunk_conf *t)
{
	uint8_t *both = secret_new(BOTH);
	struct span next;

	if (get(SIGNER_TRUNK_NEXT, t->name, &next))
		memcpy(both, next.p, BOTH);
	const char *why = store_put(&signer.store, SIGNER_TRUNK_KEY, span_str(t->name), span_of(both, BOTH));
	if (!why)
		why = store_del(&signer.store, SIGNER_TRUNK_NEXT, span_str(t->name));
	if (!why)
		why = store_rewrite(&signer.store);
	secret_free(both, BOTH);
	if (why)
		log_error("the next key of trunk %s: %s", t->name, why);
	else
		log_info("the next key of trunk %s is in use, the one before it is gone", t->name);
}

/* Should the change-over have failed, the next one signs all the same. */
static struct p256_key *key_of(const struct trunk_conf *t)
{
	struct span both;

	if (t->certificate[0] && !get_for(SIGNER_TRUNK_KEY, t, &both) && get_for(SIGNER_TRUNK_NEXT, t, &both))
		change_over(t);
	if (t->certificate[0] && get_for(SIGNER_TRUNK_NEXT, t, &both))
		return p256_key_new(both.p);
	return get(SIGNER_TRUNK_KEY, t->name, &both) ? p256_key_new(both.p) : NULL;
}

void trunk_keys_take(const struct site *s)
{

	for (int i = 0; i < SITE_TRUNKS_MAX; i++) {
		p256_key_free(key[i]);
		key[i] = i < s->trunks ? key_of(&s->trunk[i]) : NULL;
	}
}

void trunk_keys_sign(uint8_t trunk, const uint8_t hash[32], struct buf *der)
{
	if (key[trunk])
		p256_sign(key[trunk], hash, der);
}

/* --- a request for its certificate --- */

static const struct trunk_conf *trunk_named(struct span name)
{
	const struct site *s = child_site();

	for (int i = 0; i < s->trunks; i++)
		if (span_eq(span_str(s->trunk[i].name), name))
			return &s->trunk[i];
	return NULL;
}

static void say_request(struct link *to, uint64_t token, struct span both)
{
	uint8_t mem[CERT_REQUEST_MAX];
	struct buf der = buf_of(mem, sizeof mem);
	struct p256_key *k = p256_key_new(both.p);

	if (k)
		cert_write_request(k, both.p + P256_SCALAR, span_str(child_site()->domain), &der);
	p256_key_free(k);
	struct msg_trunk_request *m = der.n && !der.full ? ipc_begin(to, MSG_TRUNK_REQUEST) : NULL;
	if (!m) {
		done_say(to, token, DONE_FAILED, 0, SPAN("the request does not fit"));
		return;
	}
	m->token = token;
	m->der = ipc_put(to, buf_span(&der));
	ipc_end(to);
}

void trunk_keys_on_request_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_trunk_request_want *w = v->payload;
	const struct trunk_conf *t = trunk_named(ipc_str(v, w->trunk));
	const char *why = NULL;
	struct span both;

	if (!t) {
		done_say(from, w->token, DONE_NOT_FOUND, 0, SPAN("there is no such trunk in ringfence.conf"));
		return;
	}
	if (t->transport != TRUNK_TLS) {
		done_say(
		    from, w->token, DONE_REFUSED, 0, SPAN("the trunk does not use TLS, so it shows no certificate"));
		return;
	}
	enum signer_type which = w->next ? SIGNER_TRUNK_NEXT : SIGNER_TRUNK_KEY;
	if (!get(which, t->name, &both)) {
		why = make(which, t->name);
		trunk_keys_take(child_site());
	}
	if (why || !get(which, t->name, &both))
		done_say(from, w->token, DONE_FAILED, 0, span_str(why ? why : "the key is not readable"));
	else
		say_request(from, w->token, both);
}
