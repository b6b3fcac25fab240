/* SPDX-License-Identifier: ISC */
#include "keeper/days.h"
#include "base/rand.h"
#include "base/secret.h"
#include "keeper/keeper.h"
#include <nettle/gcm.h>

enum { KEY = 32, NONCE = GCM_IV_SIZE, TAG = 16, PADDED = 1 + DAYS_SOURCE };

static uint32_t day_of(int64_t wall_ms)
{
	return wall_ms < 0 ? 0 : (uint32_t)(wall_ms / WALL_DAY_MS);
}

static struct span day_key(const uint32_t *day)
{
	return span_of(day, sizeof *day);
}

void days_init(struct days *d, struct store *s)
{
	struct span key, value;
	uint32_t at = 0;

	*d = (struct days){.store = s, .keep = DAYS_MILD, .mild = true};
	while (store_each(s, KEEP_DAY, &at, &key, &value))
		d->keys++;
}

void days_set_site(struct days *d, const struct site *site)
{
	d->mild = site->log_privacy == LOG_MILD;
	d->keep = d->mild ? DAYS_MILD : site->log_days;
}

static const char *make_key(struct days *d, uint32_t day)
{
	uint8_t key[KEY];
	struct span have;

	if (store_get(d->store, KEEP_DAY, day_key(&day), &have))
		return NULL;
	if (d->keys >= DAYS_MOST)
		return "there are more day keys than room";
	rand_bytes(key, sizeof key);
	const char *why = store_put(d->store, KEEP_DAY, day_key(&day), span_of(key, sizeof key));
	secret_wipe(key, sizeof key);
	d->keys += why == NULL;
	return why;
}

static bool set_key(struct days *d, uint32_t day, struct gcm_aes256_ctx *gcm)
{
	struct span key;

	if (!store_get(d->store, KEEP_DAY, day_key(&day), &key) || key.n != KEY)
		return false;
	gcm_aes256_set_key(gcm, key.p);
	return true;
}

/* A call that began long ago, and a clock that is wrong elsewhere, get the nearest day that may be. */
static uint32_t allowed_day(const struct days *d, int64_t now_wall_ms, int64_t wall_ms)
{
	uint32_t today = day_of(now_wall_ms), day = day_of(wall_ms);
	uint32_t back = d->keep && d->keep < DAYS_BACK ? d->keep : DAYS_BACK;

	if (day > today + 1)
		return today + 1;
	return day + back <= today ? today - back + 1 : day;
}

bool days_seal(
    struct days *d, int64_t now_wall_ms, int64_t wall_ms, struct span source, uint32_t *day, struct buf *blob)
{
	uint32_t which = allowed_day(d, now_wall_ms, wall_ms);
	uint8_t plain[PADDED] = {0}, out[DAYS_BLOB];
	struct gcm_aes256_ctx gcm;

	*day = 0;
	if (source.n > DAYS_SOURCE)
		return true;
	if (make_key(d, which) && d->store->unfit)
		return false;
	if (!set_key(d, which, &gcm))
		return true;
	plain[0] = (uint8_t)source.n;
	if (source.n)
		memcpy(plain + 1, source.p, source.n);
	rand_bytes(out, NONCE);
	gcm_aes256_set_iv(&gcm, NONCE, out);
	gcm_aes256_update(&gcm, sizeof which, (const uint8_t *)&which);
	gcm_aes256_encrypt(&gcm, PADDED, out + NONCE, plain);
	gcm_aes256_digest(&gcm, TAG, out + NONCE + PADDED);
	secret_wipe(&gcm, sizeof gcm);
	secret_wipe(plain, sizeof plain);
	buf_put(blob, out, sizeof out);
	*day = which;
	d->sealed++;
	return true;
}

enum days_verdict days_unseal(struct days *d, uint32_t day, struct span blob, struct buf *source)
{
	uint8_t plain[PADDED], tag[TAG];
	struct gcm_aes256_ctx gcm;

	if (!set_key(d, day, &gcm))
		return DAYS_GONE;
	bool ok = blob.n == DAYS_BLOB;
	if (ok) {
		gcm_aes256_set_iv(&gcm, NONCE, blob.p);
		gcm_aes256_update(&gcm, sizeof day, (const uint8_t *)&day);
		gcm_aes256_decrypt(&gcm, PADDED, plain, blob.p + NONCE);
		gcm_aes256_digest(&gcm, TAG, tag);
		ok = secret_eq(tag, blob.p + NONCE + PADDED, TAG) && plain[0] <= DAYS_SOURCE;
	}
	if (ok)
		buf_put(source, plain + 1, plain[0]);
	secret_wipe(&gcm, sizeof gcm);
	secret_wipe(plain, sizeof plain);
	d->unsealed += ok;
	return ok ? DAYS_OK : DAYS_BAD;
}

/* One of a day that is not near was made while the clock ran ahead, unconfirmed: in the mild log nobody waits for that day. */
static bool is_over(const struct days *d, uint32_t today, uint32_t day)
{
	return day + d->keep <= today || (d->mild && day > today + 1);
}

static bool find_old(struct days *d, uint32_t today, uint32_t *old)
{
	struct span key, value;
	uint32_t at = 0;

	while (store_each(d->store, KEEP_DAY, &at, &key, &value)) {
		if (key.n != sizeof *old)
			continue;
		memcpy(old, key.p, sizeof *old);
		if (is_over(d, today, *old))
			return true;
	}
	return false;
}

static const char *destroy_old(struct days *d, uint32_t today)
{
	const char *why = NULL;
	uint32_t old, n = 0;

	while (!why && d->keep && find_old(d, today, &old)) {
		why = store_del(d->store, KEEP_DAY, day_key(&old));
		n += why == NULL;
	}
	d->keys -= n;
	d->destroyed += n;
	return n ? store_rewrite(d->store) : why;
}

const char *days_turn(struct days *d, int64_t now_wall_ms, bool may_destroy)
{
	uint32_t today = day_of(now_wall_ms);
	const char *why = make_key(d, today), *next = make_key(d, today + 1);

	if (may_destroy) {
		const char *kept = destroy_old(d, today);
		why = kept ? kept : why;
	}
	const char *unwiped = store_wipe(d->store);
	why = why ? why : unwiped;
	return why ? why : next;
}
