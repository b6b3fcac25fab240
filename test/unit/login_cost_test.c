/* SPDX-License-Identifier: ISC */
/* T2: to judge a wrong password costs keeper as much where there is no such user: it hashes as much. What the lab measures of it drowns in
 * the network, and what a clock measures here in the machine's noise: the hashes are counted (nettle's functions are wrapped). */
#include "keeper/keeper.h"
#include "test.h"
#include <fcntl.h>
#include <nettle/hmac.h>
#include <stdlib.h>
#include <unistd.h>

enum { USERS = 20, NOW = 1000000 };

static char path[] = "/dev/shm/ringfence-logins-XXXXXX";
static struct store store;
static struct logins logins;
static uint32_t phones; /* each tries one name once, so that none is locked */

struct cost {
	unsigned updates, octets, digests, hmac_keys, hmac_octets, hmac_digests;
};
static struct cost counted;

void __real_nettle_sha256_update(struct sha256_ctx *c, size_t n, const uint8_t *data);
void __wrap_nettle_sha256_update(struct sha256_ctx *c, size_t n, const uint8_t *data);
void __wrap_nettle_sha256_update(struct sha256_ctx *c, size_t n, const uint8_t *data)
{
	counted.updates++;
	counted.octets += (unsigned)n;
	__real_nettle_sha256_update(c, n, data);
}

void __real_nettle_sha256_digest(struct sha256_ctx *c, size_t n, uint8_t *out);
void __wrap_nettle_sha256_digest(struct sha256_ctx *c, size_t n, uint8_t *out);
void __wrap_nettle_sha256_digest(struct sha256_ctx *c, size_t n, uint8_t *out)
{
	counted.digests++;
	__real_nettle_sha256_digest(c, n, out);
}

void __real_nettle_hmac_sha256_set_key(struct hmac_sha256_ctx *c, size_t n, const uint8_t *key);
void __wrap_nettle_hmac_sha256_set_key(struct hmac_sha256_ctx *c, size_t n, const uint8_t *key);
void __wrap_nettle_hmac_sha256_set_key(struct hmac_sha256_ctx *c, size_t n, const uint8_t *key)
{
	counted.hmac_keys++;
	__real_nettle_hmac_sha256_set_key(c, n, key);
}

void __real_nettle_hmac_sha256_update(struct hmac_sha256_ctx *c, size_t n, const uint8_t *data);
void __wrap_nettle_hmac_sha256_update(struct hmac_sha256_ctx *c, size_t n, const uint8_t *data);
void __wrap_nettle_hmac_sha256_update(struct hmac_sha256_ctx *c, size_t n, const uint8_t *data)
{
	counted.hmac_octets += (unsigned)n;
	__real_nettle_hmac_sha256_update(c, n, data);
}

void __real_nettle_hmac_sha256_digest(struct hmac_sha256_ctx *c, size_t n, uint8_t *out);
void __wrap_nettle_hmac_sha256_digest(struct hmac_sha256_ctx *c, size_t n, uint8_t *out);
void __wrap_nettle_hmac_sha256_digest(struct hmac_sha256_ctx *c, size_t n, uint8_t *out)
{
	counted.hmac_digests++;
	__real_nettle_hmac_sha256_digest(c, n, out);
}

/* Of one wrong password, whose digest is as long as a right one. */
static bool cost_of(const char *user, struct cost *cost)
{
	uint8_t key[NONCE_KEY], blocks[NONCE_SHEET * NONCE_BLOCK];
	char nonce[NONCE_TEXT + 1], hex[2 * HA1_SHA256 + 1];
	struct buf b = buf_of(nonce, sizeof nonce);
	struct login_claim c = {.flow = phones + 1,
	    .device = phones + 1,
	    .nc = 1,
	    .algorithm = DIGEST_SHA256,
	    .user = span_str(user),
	    .method = SPAN("REGISTER"),
	    .uri = SPAN("sip:example.org"),
	    .cnonce = SPAN("c")};
	bool began;

	phones++;
	memset(hex, 'a', sizeof hex - 1);
	hex[sizeof hex - 1] = 0;
	c.response = span_str(hex);
	nonces_give(&logins.nonces, NOW, key, blocks);
	nonce_put(&b, key, blocks, c.flow, c.user);
	c.nonce = span_str(buf_cstr(&b));
	counted = (struct cost){0};
	bool is_wrong = login_judge(&logins, NOW, &c, &began) == LOGIN_WRONG;
	*cost = counted;
	return is_wrong;
}

static void a_name_that_is_not_there_costs_as_much(void)
{
	for (int i = 0; i < USERS; i++) {
		char name[2][8];
		snprintf(name[0], sizeof name[0], "is-%03d", i);
		snprintf(name[1], sizeof name[1], "no-%03d", i);
		struct cost there, absent;
		CHECK(cost_of(name[0], &there) && cost_of(name[1], &absent));
		CHECK(there.digests >= 2 && there.octets > 64 && there.hmac_keys == 1 && there.hmac_digests == 1);
		CHECK(memcmp(&there, &absent, sizeof there) == 0);
	}
}

int main(void)
{
	static const uint8_t boot_key[STORE_BOOT_KEY] = {9};

	if (!mkdtemp(path))
		return 1;
	int dir = open(path, O_RDONLY | O_DIRECTORY);
	if (store_open(&store, dir, "keeper", boot_key, 256, 65536) || !login_init(&logins, &store, boot_key, USERS, 2 * USERS))
		return 1;
	login_set_realm(&logins, "example.org");
	for (int i = 0; i < USERS; i++) {
		char name[8];
		snprintf(name, sizeof name, "is-%03d", i);
		if (login_set_secret(&logins, span_str(name), SPAN("secret"), false))
			return 1;
	}
	RUN(a_name_that_is_not_there_costs_as_much);
	login_fini(&logins);
	store_close(&store);
	unlinkat(dir, "store.a", 0);
	unlinkat(dir, "store.b", 0);
	close(dir);
	rmdir(path);
	return TEST_END;
}
