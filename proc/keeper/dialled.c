/* SPDX-License-Identifier: ISC */
#include "keeper/dialled.h"
#include "base/secret.h"
#include "keeper/keeper.h"
#include <nettle/hmac.h>

/* A block's value: its age, counted up for each user, then the tags. */
enum { AGE_N = 4, BLOCK_MAX = AGE_N + DIALLED_IN_BLOCK * DIALLED_TAG };

struct block_key {
	uint8_t octets[USER_NAME_MAX + 1];
	struct span span;
};

/* Names are of ASCII, so that the number of the block cannot be a part of one. */
static bool fill_key(struct block_key *k, struct span user, uint32_t slot)
{
	if (user.n == 0 || user.n > USER_NAME_MAX)
		return false;
	memcpy(k->octets, user.p, user.n);
	k->octets[user.n] = (uint8_t)(0x80 | slot);
	k->span = span_of(k->octets, user.n + 1);
	return true;
}

static bool get_block(const struct dialled *d, struct span user, uint32_t slot, struct span *block)
{
	struct block_key k;

	return fill_key(&k, user, slot) && store_get(d->store, KEEP_DIALLED, k.span, block) && block->n >= AGE_N &&
	       block->n <= BLOCK_MAX;
}

static uint32_t age_of(struct span block)
{
	return (uint32_t)block.p[0] << 24 | (uint32_t)block.p[1] << 16 | (uint32_t)block.p[2] << 8 | block.p[3];
}

void dialled_init(struct dialled *d, struct store *s, const uint8_t *key, uint32_t blocks_max)
{
	struct span k, v;
	uint32_t at = 0;

	*d = (struct dialled){.store = s, .key = key, .blocks_max = blocks_max};
	while (store_each(s, KEEP_DIALLED, &at, &k, &v))
		d->blocks++;
}

static void make_tag(const struct dialled *d, struct span user, struct span number, uint8_t tag[DIALLED_TAG])
{
	struct hmac_sha256_ctx h;
	uint8_t user_n = (uint8_t)user.n;

	hmac_sha256_set_key(&h, DIALLED_KEY, d->key);
	hmac_sha256_update(&h, 8, (const uint8_t *)"dialled ");
	hmac_sha256_update(&h, 1, &user_n);
	hmac_sha256_update(&h, user.n, user.p);
	hmac_sha256_update(&h, number.n, number.p);
	hmac_sha256_digest(&h, DIALLED_TAG, tag);
	secret_wipe(&h, sizeof h);
}

static bool block_has(struct span block, const uint8_t tag[DIALLED_TAG])
{
	for (size_t i = AGE_N; i + DIALLED_TAG <= block.n; i += DIALLED_TAG)
		if (memcmp(block.p + i, tag, DIALLED_TAG) == 0)
			return true;
	return false;
}

static bool has_tag(const struct dialled *d, struct span user, const uint8_t tag[DIALLED_TAG])
{
	struct span block;

	for (uint32_t i = 0; i < DIALLED_BLOCKS; i++)
		if (get_block(d, user, i, &block) && block_has(block, tag))
			return true;
	return false;
}

bool dialled_knows(const struct dialled *d, struct span user, struct span number)
{
	uint8_t tag[DIALLED_TAG];

	make_tag(d, user, number, tag);
	return number.n > 0 && has_tag(d, user, tag);
}

uint32_t dialled_count(const struct dialled *d, struct span user)
{
	struct span block;
	uint32_t n = 0;

	for (uint32_t i = 0; i < DIALLED_BLOCKS; i++)
		if (get_block(d, user, i, &block))
			n += (uint32_t)(block.n - AGE_N) / DIALLED_TAG;
	return n;
}

struct shelf { /* a user's blocks at a glance; -1: none */
	int newest, oldest, free;
	uint32_t newest_age, oldest_age;
	bool newest_full;
};

static struct shelf look(const struct dialled *d, struct span user)
{
	struct shelf s = {-1, -1, -1, 0, 0, false};
	struct span block;

	for (int i = 0; i < DIALLED_BLOCKS; i++) {
		if (!get_block(d, user, (uint32_t)i, &block)) {
			s.free = s.free < 0 ? i : s.free;
			continue;
		}
		uint32_t age = age_of(block);
		if (s.newest < 0 || age > s.newest_age) {
			s.newest = i;
			s.newest_age = age;
			s.newest_full = block.n == BLOCK_MAX;
		}
		if (s.oldest < 0 || age < s.oldest_age) {
			s.oldest = i;
			s.oldest_age = age;
		}
	}
	return s;
}

/* A block with this tag alone, in a free place or in that of the user's oldest. */
static const char *begin_block(
    struct dialled *d, struct span user, const struct shelf *s, const uint8_t tag[DIALLED_TAG])
{
	bool fresh = s->free >= 0 && d->blocks < d->blocks_max;
	int slot = fresh ? s->free : s->oldest;
	uint32_t age = s->newest_age + 1;
	uint8_t value[AGE_N + DIALLED_TAG] = {
	    (uint8_t)(age >> 24), (uint8_t)(age >> 16), (uint8_t)(age >> 8), (uint8_t)age};
	struct block_key k;

	if (slot < 0 || !fill_key(&k, user, (uint32_t)slot))
		return "there is no room for another user's dialled numbers";
	memcpy(value + AGE_N, tag, DIALLED_TAG);
	const char *why = store_put(d->store, KEEP_DIALLED, k.span, span_of(value, sizeof value));
	d->blocks += !why && fresh;
	d->left += !why && !fresh ? DIALLED_IN_BLOCK : 0;
	return why;
}

const char *dialled_add(struct dialled *d, struct span user, struct span number)
{
	uint8_t tag[DIALLED_TAG];
	struct block_key k;

	if (number.n == 0 || user.n == 0 || user.n > USER_NAME_MAX)
		return "a number and a user are needed";
	make_tag(d, user, number, tag);
	if (has_tag(d, user, tag))
		return NULL;
	struct shelf s = look(d, user);
	const char *why;
	if (s.newest < 0 || s.newest_full || !fill_key(&k, user, (uint32_t)s.newest))
		why = begin_block(d, user, &s, tag);
	else
		why = store_add(d->store, KEEP_DIALLED, k.span, span_of(tag, sizeof tag));
	d->added += !why;
	return why;
}

const char *dialled_forget(struct dialled *d, struct span user)
{
	const char *why = NULL;
	struct block_key k;
	struct span block;

	for (uint32_t i = 0; !why && i < DIALLED_BLOCKS; i++) {
		if (!fill_key(&k, user, i) || !store_get(d->store, KEEP_DIALLED, k.span, &block))
			continue;
		why = store_del(d->store, KEEP_DIALLED, k.span);
		d->blocks -= !why;
	}
	return why ? why : store_rewrite(d->store);
}
