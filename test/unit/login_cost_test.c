/* SPDX-License-Identifier: ISC */
/* T2: to judge a wrong password costs keeper as much where there is no such user. What the lab measures of it drowns in the network. */
#include "keeper/keeper.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { USERS = 100, NOW = 1000000, TIMES = 40 };

static char path[] = "/dev/shm/ringfence-logins-XXXXXX";
static struct store store;
static struct logins logins;
static uint32_t phones; /* each tries one name once, so that none is locked */

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Of one wrong password, whose digest is as long as a right one. */
static uint64_t cost_of(const char *user)
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
	uint64_t from = cpu_ns();
	enum login_verdict v = login_judge(&logins, NOW, &c, &began);
	uint64_t ns = cpu_ns() - from;
	return v == LOGIN_WRONG ? ns : 0;
}

static bool remember_nothing(void)
{
	static const uint8_t fake[32] = {7};

	login_fini(&logins);
	phones = 0;
	if (!login_init(&logins, &store, fake, USERS, 2 * USERS))
		return false;
	login_set_realm(&logins, "example.org");
	return true;
}

static void a_name_that_is_not_there_costs_as_much(void)
{
	uint64_t there = UINT64_MAX, absent = UINT64_MAX;

	for (int t = 0; t < TIMES; t++) {
		CHECK(remember_nothing()); /* a name is locked after ten */
		for (int i = 0; i < USERS; i++) {
			char name[2][8];
			snprintf(name[0], sizeof name[0], "is-%03d", i);
			snprintf(name[1], sizeof name[1], "no-%03d", i);
			uint64_t one = cost_of(name[0]), two = cost_of(name[1]);
			CHECK(one && two);
			there = one < there ? one : there;
			absent = two < absent ? two : absent;
		}
	}
	uint64_t more = there > absent ? there - absent : absent - there;
	if (more * 100 >= 8 * there)
		fprintf(stderr, "%llu ns, and %llu ns\n", (unsigned long long)there, (unsigned long long)absent);
	CHECK(more * 100 < 8 * there);
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
