/* SPDX-License-Identifier: ISC */
#include "keeper/login.h"
#include "base/secret.h"
#include "keeper/keeper.h"
#include <nettle/hmac.h>
#include <nettle/sha2.h>

enum { TABLE_SPARE = 16384 };

bool login_init(struct logins *l, struct store *s, const uint8_t fake[32], uint32_t users, uint32_t phones)
{
	*l = (struct logins){.store = s, .fake = secret_new(32)};
	memcpy(l->fake, fake, 32);
	return nonces_init(&l->nonces, TABLE_SPARE + 2 * users) &&
	       tries_init(&l->tries, TABLE_SPARE + 2 * users + 2 * phones);
}

void login_fini(struct logins *l)
{
	nonces_fini(&l->nonces);
	tries_fini(&l->tries);
	secret_free(l->fake, 32);
}

void login_set_realm(struct logins *l, const char *realm)
{
	struct sha256_ctx h;

	if (!span_cstr(span_str(realm), l->realm, sizeof l->realm))
		l->realm[0] = 0;
	sha256_init(&h);
	sha256_update(&h, strlen(l->realm), (const uint8_t *)l->realm);
	sha256_digest(&h, REALM_TAG, l->realm_tag);
}

static const char *put_secret(struct logins *l, struct span user, struct span password, bool md5)
{
	uint8_t v[SECRET_N], short_one[DIGEST_MAX];
	const struct span realm = span_str(l->realm);

	if (password.n == 0)
		return store_del(l->store, KEEP_SECRET, user);
	memcpy(v, l->realm_tag, REALM_TAG);
	if (!digest_ha1(DIGEST_SHA256, user, realm, password, v + REALM_TAG) ||
	    (md5 && !digest_ha1(DIGEST_MD5, user, realm, password, short_one)))
		return "cannot compute the user's secret";
	if (md5)
		memcpy(v + REALM_TAG + HA1_SHA256, short_one, HA1_MD5);
	secret_wipe(short_one, sizeof short_one);
	const char *why = store_put(l->store, KEEP_SECRET, user, span_of(v, md5 ? SECRET_N : SECRET_N - HA1_MD5));
	secret_wipe(v, sizeof v);
	return why;
}

/* What was wrong of the old one says nothing of the new one. */
const char *login_set_secret(struct logins *l, struct span user, struct span password, bool md5)
{
	const char *why = put_secret(l, user, password, md5);

	if (!why)
		tries_forget(&l->tries, user);
	return why;
}

static bool get_secret(const struct logins *l, struct span user, struct span *v)
{
	return store_get(l->store, KEEP_SECRET, user, v) && (v->n == SECRET_N || v->n == SECRET_N - HA1_MD5) &&
	       memcmp(v->p, l->realm_tag, REALM_TAG) == 0;
}

bool login_has_secret(const struct logins *l, struct span user, bool *md5)
{
	struct span v = {0};
	bool has = get_secret(l, user, &v);

	*md5 = has && v.n == SECRET_N;
	return has;
}

/* Both the real and the made-up secret are looked up for everyone. */
static bool find_secret(const struct logins *l, struct span user, bool md5, uint8_t out[SECRET_N])
{
	struct hmac_sha256_ctx h;
	struct span v = {0};

	memset(out, 0, SECRET_N);
	hmac_sha256_set_key(&h, 32, l->fake);
	hmac_sha256_update(&h, user.n, user.p);
	hmac_sha256_digest(&h, HA1_SHA256, out + REALM_TAG);
	memcpy(out + REALM_TAG + HA1_SHA256, out + REALM_TAG, HA1_MD5);
	secret_wipe(&h, sizeof h);
	if (!get_secret(l, user, &v))
		return false;
	memcpy(out, v.p, v.n);
	return !md5 || v.n == SECRET_N;
}

static bool answer_is_right(struct logins *l, const struct login_claim *c)
{
	uint8_t secret[SECRET_N];
	bool md5 = c->algorithm == DIGEST_MD5, known = find_secret(l, c->user, md5, secret);
	struct digest_input in = {
	    .alg = md5 ? DIGEST_MD5 : DIGEST_SHA256,
	    .ha1 = secret + REALM_TAG + (md5 ? HA1_SHA256 : 0),
	    .method = c->method,
	    .uri = c->uri,
	    .nonce = c->nonce,
	    .cnonce = c->cnonce,
	    .nc = c->nc,
	};
	bool right = digest_check(&in, c->response);

	l->evaluated++;
	secret_wipe(secret, sizeof secret);
	return right && known && (md5 || c->algorithm == DIGEST_SHA256);
}

/* What no phone needs any more would only be something to steal. */
static void end_md5(struct logins *l, struct span user)
{
	uint8_t v[SECRET_N - HA1_MD5];
	struct span all = {0};

	if (!get_secret(l, user, &all) || all.n != SECRET_N)
		return;
	memcpy(v, all.p, sizeof v);
	if (store_put(l->store, KEEP_SECRET, user, span_of(v, sizeof v)) == NULL)
		l->md5_ended++;
	secret_wipe(v, sizeof v);
}

static enum login_verdict judge(struct logins *l, uint64_t now_ms, const struct login_claim *c, bool *lock_began)
{
	struct nonce_claim claim = {.flow = c->flow, .user = c->user, .nonce = c->nonce, .count = c->nc};

	if (tries_are_locked(&l->tries, now_ms, c->user, c->device))
		return LOGIN_LOCKED;
	uint64_t number = nonces_check(&l->nonces, now_ms, &claim);
	if (number == 0)
		return LOGIN_STALE;
	bool right = answer_is_right(l, c);
	nonces_spend(&l->nonces, number, &claim, right);
	*lock_began = tries_note(&l->tries, now_ms, c->user, c->device, right);
	return right ? LOGIN_OK : LOGIN_WRONG;
}

enum login_verdict login_judge(struct logins *l, uint64_t now_ms, const struct login_claim *c, bool *lock_began)
{
	*lock_began = false;
	enum login_verdict v = judge(l, now_ms, c, lock_began);
	l->verdicts[v]++;
	if (v == LOGIN_OK && !c->needs_md5)
		end_md5(l, c->user);
	return v;
}
