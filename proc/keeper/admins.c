/* SPDX-License-Identifier: ISC */
#include "keeper/admins.h"
#include "base/rand.h"
#include "base/secret.h"
#include "base/siphash.h"
#include "keeper/keeper.h"
#include <nettle/hmac.h>

struct kept_admin {
	struct admin_params params;
	uint8_t hash[ADMINS_HASH];
};

void admins_init(struct admins *a, struct store *s, const uint8_t fake[32])
{
	*a = (struct admins){.store = s, .fake = fake};
	rand_bytes(a->bucket_key, sizeof a->bucket_key);
}

/* The made-up salt and hash come from the site's lasting key. */
static bool find(const struct admins *a, struct span name, struct kept_admin *k)
{
	struct hmac_sha256_ctx h;
	struct span v = {0};
	uint8_t mac[32];

	hmac_sha256_set_key(&h, 32, a->fake);
	hmac_sha256_update(&h, 6, (const uint8_t *)"admin ");
	hmac_sha256_update(&h, name.n, name.p);
	hmac_sha256_digest(&h, sizeof mac, mac);
	*k = (struct kept_admin){{.passes = ADMINS_PASSES_DEFAULT, .memory_kb = ADMINS_MEMORY_DEFAULT_KB}, {0}};
	memcpy(k->params.salt, mac, ADMINS_SALT);
	memcpy(k->hash, mac, ADMINS_HASH);
	secret_wipe(&h, sizeof h);
	if (!store_get(a->store, KEEP_ADMIN, name, &v) || v.n != sizeof *k)
		return false;
	memcpy(k, v.p, sizeof *k);
	return true;
}

void admins_find(const struct admins *a, struct span name, struct admin_params *out)
{
	struct kept_admin k;

	find(a, name, &k);
	*out = k.params;
	secret_wipe(&k, sizeof k);
}

bool admins_each(const struct admins *a, uint32_t *at, struct span *name)
{
	struct span value;

	return store_each(a->store, KEEP_ADMIN, at, name, &value);
}

static uint32_t count_admins(const struct admins *a)
{
	struct span name;
	uint32_t at = 0, n = 0;

	while (admins_each(a, &at, &name))
		n++;
	return n;
}

enum done_result admins_set(
    struct admins *a, struct span name, const struct admin_params *p, const uint8_t hash[ADMINS_HASH], const char **why)
{
	struct kept_admin k = {.params = *p};
	struct span have;

	*why = "an administrator needs a name and sound parameters";
	if (name.n == 0 || p->passes == 0 || p->passes > ADMINS_PASSES_MAX || p->memory_kb < ADMINS_MEMORY_MIN_KB ||
	    p->memory_kb > ADMINS_MEMORY_MAX_KB)
		return DONE_REFUSED;
	*why = "there are as many administrators as may be";
	if (!store_get(a->store, KEEP_ADMIN, name, &have) && count_admins(a) >= ADMINS_MOST)
		return DONE_REFUSED;
	memcpy(k.hash, hash, ADMINS_HASH);
	*why = store_put(a->store, KEEP_ADMIN, name, span_of(&k, sizeof k));
	secret_wipe(&k, sizeof k);
	return *why ? DONE_FAILED : DONE_OK;
}

enum done_result admins_remove(struct admins *a, struct span name, const char **why)
{
	struct span have;

	*why = "there is no administrator of this name";
	if (!store_get(a->store, KEEP_ADMIN, name, &have))
		return DONE_NOT_FOUND;
	*why = store_del(a->store, KEEP_ADMIN, name);
	if (*why)
		return DONE_FAILED;
	secret_wipe(a->session, sizeof a->session);
	return DONE_OK;
}

static uint64_t open_session(struct admins *a, uint64_t now_ms)
{
	struct admin_session *s = &a->session[0];

	for (int i = 1; i < ADMINS_SESSIONS; i++)
		if (a->session[i].until_ms < s->until_ms)
			s = &a->session[i];
	do {
		rand_bytes(&s->number, sizeof s->number);
	} while (s->number == 0);
	s->until_ms = now_ms + ADMINS_SESSION_MS;
	return s->number;
}

enum done_result admins_check(struct admins *a, uint64_t now_ms, struct span name, const uint8_t hash[ADMINS_HASH],
    uint64_t *session, bool *lock_began)
{
	struct tries_count *c = &a->bucket[siphash(a->bucket_key, name) % ADMINS_BUCKETS];
	struct kept_admin k;

	*lock_began = false;
	if (now_ms < c->until_ms)
		return DONE_BUSY;
	bool known = find(a, name, &k), right = secret_eq(hash, k.hash, ADMINS_HASH) && known;
	secret_wipe(&k, sizeof k);
	if (!right) {
		*lock_began = tries_wrong(c, now_ms, ADMINS_TRIES);
		a->wrong++;
		return DONE_REFUSED;
	}
	*c = (struct tries_count){0};
	*session = open_session(a, now_ms);
	return DONE_OK;
}

bool admins_session_ok(const struct admins *a, uint64_t now_ms, uint64_t session)
{
	bool ok = false;

	for (int i = 0; i < ADMINS_SESSIONS; i++)
		ok |= session != 0 && secret_eq(&a->session[i].number, &session, sizeof session) &&
		      now_ms < a->session[i].until_ms;
	return ok;
}
