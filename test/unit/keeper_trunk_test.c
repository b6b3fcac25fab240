/* SPDX-License-Identifier: ISC */
/* T34: keeper answers a provider's challenge for the pinned login and realm, and no other. */
#include "keeper/trunks.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static struct store store;
static struct trunk_conf acme = {.name = "acme", .login = "Mufasa", .realm = "http-auth@example.org", .md5 = 1};

static enum trunk_digest ask(const struct trunk_conf *t, enum digest_alg alg, const char *realm, bool no_qop, char out[65])
{
	uint8_t mem[DIGEST_HEX_MAX];
	struct buf b = buf_of(mem, sizeof mem);
	struct trunk_claim c = {.trunk = t,
	    .algorithm = alg,
	    .realm = span_str(realm),
	    .method = SPAN("GET"),
	    .uri = SPAN("/dir/index.html"),
	    .nonce = SPAN("7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"),
	    .cnonce = SPAN("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"),
	    .nc = 1,
	    .no_qop = no_qop};
	enum trunk_digest d = trunks_answer(&store, &c, &b);

	memcpy(out, b.p, b.n);
	out[b.n] = 0;
	return d;
}

/* RFC 7616 3.9.1 */
static void the_examples_of_the_rfc(void)
{
	char r[65];

	CHECK(!trunks_set(&store, &acme, SPAN("Circle of Life")));
	CHECK(ask(&acme, DIGEST_SHA256, acme.realm, false, r) == TRUNK_DIGEST_OK);
	CHECK(strcmp(r, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1") == 0);
	CHECK(ask(&acme, DIGEST_MD5, acme.realm, false, r) == TRUNK_DIGEST_OK);
	CHECK(strcmp(r, "8ca523f5e9506fed4657c9700eebdbec") == 0);
}

static void a_foreign_realm_gets_nothing(void)
{
	struct trunk_conf other = acme, bare = acme;
	char r[65];

	CHECK(ask(&acme, DIGEST_SHA256, "evil.test", false, r) == TRUNK_DIGEST_FOREIGN && r[0] == 0);
	CHECK(ask(&acme, DIGEST_SHA256, "", false, r) == TRUNK_DIGEST_FOREIGN && r[0] == 0);
	CHECK(ask(&acme, DIGEST_SHA256, "HTTP-auth@example.org", false, r) == TRUNK_DIGEST_FOREIGN);
	strcpy(other.realm, "new.test"); /* the configuration changed, the password was not set again */
	CHECK(ask(&other, DIGEST_SHA256, "new.test", false, r) == TRUNK_DIGEST_FOREIGN && r[0] == 0);
	other = acme;
	strcpy(other.login, "Scar");
	CHECK(ask(&other, DIGEST_SHA256, acme.realm, false, r) == TRUNK_DIGEST_FOREIGN && r[0] == 0);
	bare.realm[0] = 0;
	CHECK(ask(&bare, DIGEST_SHA256, "", false, r) == TRUNK_DIGEST_FOREIGN && r[0] == 0);
}

static void weak_ones_must_be_named(void)
{
	struct trunk_conf strict = acme;
	char r[65];

	strict.md5 = 0;
	CHECK(ask(&strict, DIGEST_MD5, acme.realm, false, r) == TRUNK_DIGEST_WEAK && r[0] == 0);
	CHECK(ask(&strict, DIGEST_SHA512_256, acme.realm, false, r) == TRUNK_DIGEST_WEAK);
	CHECK(ask(&strict, DIGEST_OTHER, acme.realm, false, r) == TRUNK_DIGEST_WEAK);
	CHECK(ask(&strict, DIGEST_SHA256, acme.realm, false, r) == TRUNK_DIGEST_OK);
}

/* RFC 3261 22.4: H(HA1:nonce:HA2), which no count and no cnonce changes */
static void without_qop_the_old_form(void)
{
	char a[65], b[65];

	CHECK(ask(&acme, DIGEST_MD5, acme.realm, true, a) == TRUNK_DIGEST_OK && strlen(a) == 32);
	CHECK(ask(&acme, DIGEST_MD5, acme.realm, false, b) == TRUNK_DIGEST_OK && strcmp(a, b) != 0);
}

static void an_empty_password_removes_it(void)
{
	struct trunk_conf none = acme;
	char r[65];

	strcpy(none.name, "none");
	CHECK(ask(&none, DIGEST_SHA256, acme.realm, false, r) == TRUNK_DIGEST_NO_SECRET);
	CHECK(!trunks_set(&store, &acme, SPAN("")));
	CHECK(ask(&acme, DIGEST_SHA256, acme.realm, false, r) == TRUNK_DIGEST_NO_SECRET && r[0] == 0);
}

int main(void)
{
	static const uint8_t key[STORE_BOOT_KEY] = {7};
	char dir[] = "/tmp/ringfence-trunk-XXXXXX";
	int fd = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY) : -1;

	if (fd < 0 || store_open(&store, fd, "keeper", key, 64, 65536))
		return 1;
	RUN(the_examples_of_the_rfc);
	RUN(a_foreign_realm_gets_nothing);
	RUN(weak_ones_must_be_named);
	RUN(without_qop_the_old_form);
	RUN(an_empty_password_removes_it);
	store_close(&store);
	unlinkat(fd, "store.a", 0);
	unlinkat(fd, "store.b", 0);
	close(fd);
	rmdir(dir);
	return TEST_END;
}
