/* SPDX-License-Identifier: ISC */
#include "keeper/pins.h"
#include "base/rand.h"
#include "base/secret.h"
#include "keeper/keeper.h"
#include <nettle/hmac.h>

struct kept_pin {
	uint8_t wrong; /* in a row */
	uint8_t zero[7];
	uint8_t salt[16];
	uint8_t hash[32];
};

void pins_init(struct pins *p, struct store *s, const uint8_t *key)
{
	*p = (struct pins){.store = s, .key = key};
}

static void hash_pin(const struct pins *p, struct span user, const struct kept_pin *k, struct span pin, uint8_t out[32])
{
	struct hmac_sha256_ctx h;
	uint8_t user_n = (uint8_t)user.n;

	hmac_sha256_set_key(&h, PINS_KEY, p->key);
	hmac_sha256_update(&h, 4, (const uint8_t *)"pin ");
	hmac_sha256_update(&h, 1, &user_n);
	hmac_sha256_update(&h, user.n, user.p);
	hmac_sha256_update(&h, sizeof k->salt, k->salt);
	hmac_sha256_update(&h, pin.n, pin.p);
	hmac_sha256_digest(&h, 32, out);
	secret_wipe(&h, sizeof h);
}

static bool find(const struct pins *p, struct span user, struct kept_pin *k)
{
	struct span v = {0};

	if (user.n == 0 || !store_get(p->store, KEEP_PIN, user, &v) || v.n != sizeof *k)
		return false;
	memcpy(k, v.p, sizeof *k);
	return true;
}

static const char *keep(struct pins *p, struct span user, const struct kept_pin *k)
{
	return store_put(p->store, KEEP_PIN, user, span_of(k, sizeof *k));
}

static enum pin_verdict judge(
    struct pins *p, struct span user, struct kept_pin *k, struct span digits, bool *lock_began)
{
	uint8_t hash[32];

	if (k->wrong >= PINS_TRIES)
		return PIN_IS_LOCKED;
	if (p->unsure && keep(p, user, k) != NULL)
		return PIN_IS_FAILED;
	p->unsure = false;
	hash_pin(p, user, k, digits, hash);
	bool right = secret_eq(hash, k->hash, sizeof hash);
	secret_wipe(hash, sizeof hash);
	if (right && k->wrong == 0)
		return PIN_IS_RIGHT;
	k->wrong = right ? 0 : (uint8_t)(k->wrong + 1);
	if (keep(p, user, k) != NULL) {
		p->unsure = true;
		return PIN_IS_FAILED;
	}
	*lock_began = k->wrong == PINS_TRIES;
	return right ? PIN_IS_RIGHT : *lock_began ? PIN_IS_LOCKED : PIN_IS_WRONG;
}

enum pin_verdict pins_check(struct pins *p, struct span user, struct span digits, bool *lock_began)
{
	struct kept_pin k;

	*lock_began = false;
	if (!find(p, user, &k))
		return PIN_IS_NONE;
	/* nothing typed asks only whether there is one */
	enum pin_verdict v = digits.n               ? judge(p, user, &k, digits, lock_began)
	                     : k.wrong < PINS_TRIES ? PIN_IS_WRONG
	                                            : PIN_IS_LOCKED;
	secret_wipe(&k, sizeof k);
	p->right += v == PIN_IS_RIGHT;
	p->wrong += (v == PIN_IS_WRONG && digits.n) || *lock_began;
	p->locks += *lock_began;
	return v;
}

enum pin_verdict pins_set(struct pins *p, struct span user, struct span pin)
{
	struct kept_pin k = {0};

	if (user.n == 0 || !pin_is_good(pin, user))
		return PIN_IS_REFUSED;
	rand_bytes(k.salt, sizeof k.salt);
	hash_pin(p, user, &k, pin, k.hash);
	const char *why = keep(p, user, &k);
	secret_wipe(&k, sizeof k);
	return why ? PIN_IS_FAILED : PIN_IS_RIGHT;
}

/* The new one is judged first, so that a refusal says nothing of the old one and costs no try. */
enum pin_verdict pins_change(
    struct pins *p, struct span user, struct span old_pin, struct span new_pin, bool *lock_began)
{
	*lock_began = false;
	if (!pin_is_good(new_pin, user))
		return PIN_IS_REFUSED;
	enum pin_verdict v = pins_check(p, user, old_pin, lock_began);
	return v == PIN_IS_RIGHT ? pins_set(p, user, new_pin) : v;
}

const char *pins_unlock(struct pins *p, struct span user)
{
	struct kept_pin k;

	if (!find(p, user, &k))
		return NULL;
	k.wrong = 0;
	const char *why = keep(p, user, &k);
	secret_wipe(&k, sizeof k);
	return why;
}

const char *pins_remove(struct pins *p, struct span user)
{
	return store_del(p->store, KEEP_PIN, user);
}

enum plan_pin pins_state(const struct pins *p, struct span user, uint32_t *wrong)
{
	struct kept_pin k = {0};
	bool known = find(p, user, &k);

	*wrong = k.wrong;
	secret_wipe(&k, sizeof k);
	return !known ? PLAN_PIN_NONE : *wrong >= PINS_TRIES ? PLAN_PIN_LOCKED : PLAN_PIN_SET;
}

/* --- what is no PIN --- */

/* Each digit by the same step from the one before it, as 0000, 1234, 9876, 2468, 7890. */
static bool is_run(struct span pin)
{
	for (size_t i = 2; i < pin.n; i++)
		if ((pin.p[i] - pin.p[i - 1] + 10) % 10 != (pin.p[1] - pin.p[0] + 10) % 10)
			return false;
	return true;
}

/* 1212, 123123 */
static bool is_block_again(struct span pin)
{
	for (size_t n = 1; n <= pin.n / 2; n++)
		if (pin.n % n == 0 && memcmp(pin.p, pin.p + n, pin.n - n) == 0)
			return true;
	return false;
}

/* 1221, 4334 */
static bool is_mirror(struct span pin)
{
	for (size_t i = 0; i < pin.n / 2; i++)
		if (pin.p[i] != pin.p[pin.n - 1 - i])
			return false;
	return true;
}

/* The number itself, in zeros or repeated digits before or behind it. */
static bool holds(struct span pin, struct span user)
{
	for (size_t i = 0; user.n >= 3 && i + user.n <= pin.n; i++)
		if (memcmp(pin.p + i, user.p, user.n) == 0)
			return true;
	return false;
}

static bool is_often_tried(struct span pin)
{
	static const char *const often[] = {"2580", "0852", "1379", "1397", "147258", "159753", "1235", "1236"};

	for (size_t i = 0; i < sizeof often / sizeof *often; i++)
		if (span_eq(pin, span_str(often[i])))
			return true;
	return false;
}

bool pin_is_good(struct span pin, struct span user)
{
	if (pin.n < PIN_MIN || pin.n > PIN_MAX)
		return false;
	for (size_t i = 0; i < pin.n; i++)
		if (pin.p[i] < '0' || pin.p[i] > '9')
			return false;
	return !is_run(pin) && !is_block_again(pin) && !is_mirror(pin) && !holds(pin, user) && !is_often_tried(pin);
}
