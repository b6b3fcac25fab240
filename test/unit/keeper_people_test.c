/* SPDX-License-Identifier: ISC */
/* keeper's part in R15 and R2: PINs and their tries, the numbers that were dialled, and which hashes of a password are kept. */
#include "keeper/keeper.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/dev/shm/ringfence-people-XXXXXX";
static const uint8_t boot_key[STORE_BOOT_KEY] = {9}, key[PINS_KEY] = {3, 1, 4}, fake[32] = {7};
static int dir = -1;
static struct store store;
static struct pins pins;
static struct dialled dialled;
static struct logins logins;

enum { ENTRIES = 1024, BYTES = 1 << 20, BLOCKS = 200, NOW = 1000000 };

static bool open_all(void)
{
	if (store_open(&store, dir, "keeper", boot_key, ENTRIES, BYTES) != NULL)
		return false;
	pins_init(&pins, &store, key);
	dialled_init(&dialled, &store, key, BLOCKS);
	return true;
}

static void begin(void)
{
	unlinkat(dir, "store.a", 0);
	unlinkat(dir, "store.b", 0);
	if (!open_all())
		abort();
}

static bool restart(void)
{
	store_close(&store);
	return open_all();
}

static enum pin_verdict check(const char *user, const char *digits)
{
	bool began;
	return pins_check(&pins, span_str(user), span_str(digits), &began);
}

/* --- PINs --- */

static void right_and_wrong_pins(void)
{
	uint32_t wrong;
	bool began;

	begin();
	CHECK(check("101", "7391") == PIN_IS_NONE && check("", "7391") == PIN_IS_NONE);
	CHECK(pins_set(&pins, SPAN("101"), SPAN("7391")) == PIN_IS_RIGHT);
	CHECK(check("101", "7391") == PIN_IS_RIGHT && check("102", "7391") == PIN_IS_NONE);
	CHECK(pins_state(&pins, SPAN("102"), &wrong) == PLAN_PIN_NONE && wrong == 0);
	CHECK(check("101", "7390") == PIN_IS_WRONG && check("101", "") == PIN_IS_WRONG);
	CHECK(pins_state(&pins, SPAN("101"), &wrong) == PLAN_PIN_SET && wrong == 1); /* nothing typed is no try */
	CHECK(check("101", "7391") == PIN_IS_RIGHT); /* and counts anew */
	CHECK(pins_state(&pins, SPAN("101"), &wrong) == PLAN_PIN_SET && wrong == 0);
	CHECK(check("101", "73910") == PIN_IS_WRONG && check("101", "739") == PIN_IS_WRONG);
	CHECK(pins_check(&pins, SPAN("101"), SPAN("0000"), &began) == PIN_IS_LOCKED && began);
	CHECK(pins_check(&pins, SPAN("101"), SPAN("7391"), &began) == PIN_IS_LOCKED && !began);
	CHECK(pins_state(&pins, SPAN("101"), &wrong) == PLAN_PIN_LOCKED && wrong == PINS_TRIES);
	CHECK(restart() && check("101", "7391") == PIN_IS_LOCKED); /* no try comes back */
	CHECK(pins_unlock(&pins, SPAN("101")) == NULL && check("101", "7391") == PIN_IS_RIGHT);
	CHECK(pins_remove(&pins, SPAN("101")) == NULL && check("101", "7391") == PIN_IS_NONE);
	CHECK(pins_unlock(&pins, SPAN("101")) == NULL && check("101", "7391") == PIN_IS_NONE);
	store_close(&store);
}

static void tries_outlive_a_restart(void)
{
	begin();
	CHECK(pins_set(&pins, SPAN("101"), SPAN("7391")) == PIN_IS_RIGHT);
	CHECK(check("101", "1111") == PIN_IS_WRONG && restart());
	CHECK(check("101", "2222") == PIN_IS_WRONG && restart());
	CHECK(check("101", "3333") == PIN_IS_LOCKED && restart());
	CHECK(check("101", "7391") == PIN_IS_LOCKED);
	CHECK(pins_set(&pins, SPAN("101"), SPAN("8264")) == PIN_IS_RIGHT && check("101", "8264") == PIN_IS_RIGHT);
	store_close(&store);
}

/* A hash is of one user and one time that it was set: who copies it to another's name, or has seen it before, has nothing of it. */
static void a_hash_is_of_its_user_and_its_day(void)
{
	uint8_t copy[2][64];
	struct span v = {0};

	begin();
	for (int i = 0; i < 2; i++) {
		CHECK(pins_set(&pins, SPAN("101"), SPAN("7391")) == PIN_IS_RIGHT);
		CHECK(store_get(&store, KEEP_PIN, SPAN("101"), &v) && v.n <= sizeof copy[i]);
		memcpy(copy[i], v.p, v.n);
	}
	CHECK(memcmp(copy[0], copy[1], v.n) != 0);
	for (size_t at = v.n - 32; at < v.n; at++)
		if (copy[0][at] != copy[1][at])
			break;
		else
			CHECK(at + 1 < v.n); /* the hash itself, not its salt alone */
	CHECK(store_put(&store, KEEP_PIN, SPAN("102"), span_of(copy[1], v.n)) == NULL);
	CHECK(check("101", "7391") == PIN_IS_RIGHT && check("102", "7391") == PIN_IS_WRONG);
	/* nor is one of another form read */
	CHECK(store_put(&store, KEEP_PIN, SPAN("103"), span_of(copy[1], v.n - 1)) == NULL);
	CHECK(check("103", "7391") == PIN_IS_NONE);
	store_close(&store);
}

/* An administrator sets none that the next who guesses has first, and none of nobody. */
static void what_is_set_is_judged_too(void)
{
	bool began = true;

	begin();
	CHECK(pins_set(&pins, SPAN("101"), SPAN("1234")) == PIN_IS_REFUSED && pins_set(&pins, SPAN("101"), SPAN("728")) == PIN_IS_REFUSED);
	CHECK(pins_set(&pins, SPAN(""), SPAN("7391")) == PIN_IS_REFUSED);
	CHECK(check("101", "1234") == PIN_IS_NONE && check("", "7391") == PIN_IS_NONE);
	CHECK(pins_change(&pins, SPAN("101"), SPAN("7391"), SPAN("1234"), &began) == PIN_IS_REFUSED && !began);
	/* who asks whether there is one hears that it is locked */
	CHECK(pins_set(&pins, SPAN("101"), SPAN("7391")) == PIN_IS_RIGHT);
	for (int i = 0; i < PINS_TRIES; i++)
		CHECK(check("101", "") == PIN_IS_WRONG && check("101", "0000") != PIN_IS_RIGHT);
	CHECK(check("101", "") == PIN_IS_LOCKED && pins.locks == 1);
	store_close(&store);
}

/* Who cannot write down that a try was wrong judges none: a full disk buys nobody a guess. */
static void what_cannot_be_counted_is_not_judged(void)
{
	begin();
	CHECK(pins_set(&pins, SPAN("101"), SPAN("7391")) == PIN_IS_RIGHT);
	int good[2] = {store.file[0], store.file[1]}, full = open("/dev/full", O_RDWR);
	store.file[0] = store.file[1] = full;
	CHECK(check("101", "0123") == PIN_IS_FAILED);
	for (int i = 0; i < 20; i++)
		CHECK(check("101", i % 2 ? "7391" : "0000") == PIN_IS_FAILED);
	CHECK(pins_set(&pins, SPAN("102"), SPAN("7391")) == PIN_IS_FAILED && check("102", "7391") == PIN_IS_NONE);
	store.file[0] = good[0];
	store.file[1] = good[1];
	close(full);
	CHECK(check("101", "7391") == PIN_IS_RIGHT);
	store_close(&store);
}

static void a_user_changes_it_with_the_old_one(void)
{
	bool began;

	begin();
	CHECK(pins_change(&pins, SPAN("101"), SPAN("7391"), SPAN("8264"), &began) == PIN_IS_NONE);
	CHECK(pins_set(&pins, SPAN("101"), SPAN("7391")) == PIN_IS_RIGHT);
	/* a new one that is refused says nothing about the old one, and costs no try */
	for (int i = 0; i < 5; i++)
		CHECK(pins_change(&pins, SPAN("101"), i % 2 ? SPAN("7391") : SPAN("9999"), SPAN("1234"), &began) == PIN_IS_REFUSED);
	CHECK(pins_change(&pins, SPAN("101"), SPAN("7391"), SPAN("8264"), &began) == PIN_IS_RIGHT);
	CHECK(check("101", "8264") == PIN_IS_RIGHT && check("101", "7391") == PIN_IS_WRONG);
	CHECK(pins_change(&pins, SPAN("101"), SPAN("7391"), SPAN("5927"), &began) == PIN_IS_WRONG && !began);
	CHECK(pins_change(&pins, SPAN("101"), SPAN("7391"), SPAN("5927"), &began) == PIN_IS_LOCKED && began);
	CHECK(check("101", "8264") == PIN_IS_LOCKED);
	store_close(&store);
}

static void simple_pins_are_refused(void)
{
	static const char *const bad[] = {"", "123", "728", "1234567890123", "7302918465127", "12a4", "0000", "1111", "1234", "4321", "7890", "2468",
	    "1212", "123123", "1221", "2580", "4711 ", "987654", "10101", "*123", "5678", "11112222x"};
	static const char *const good[] = {"7391", "4711", "8264", "730291846512", "1984", "5927"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (pin_is_good(span_str(bad[i]), SPAN("42"))) {
			fprintf(stderr, "%s was taken\n", bad[i]);
			CHECK(false);
		}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		CHECK(pin_is_good(span_str(good[i]), SPAN("42")));
	CHECK(!pin_is_good(SPAN("4711"), SPAN("4711")) && !pin_is_good(SPAN("0472"), SPAN("472")));
	CHECK(!pin_is_good(SPAN("94725"), SPAN("472")));
	/* of all of four digits few are lost */
	uint32_t n = 0;
	for (int i = 0; i < 10000; i++) {
		char pin[8];
		snprintf(pin, sizeof pin, "%04d", i);
		n += pin_is_good(span_str(pin), SPAN("101"));
	}
	CHECK(n > 9600 && n < 9900);
}

/* --- numbers that were dialled --- */

static bool add(const char *user, uint32_t n)
{
	char number[32];

	snprintf(number, sizeof number, "+1555%07u", n);
	return dialled_add(&dialled, span_str(user), span_str(number)) == NULL;
}

static bool knows(const char *user, uint32_t n)
{
	char number[32];

	snprintf(number, sizeof number, "+1555%07u", n);
	return dialled_knows(&dialled, span_str(user), span_str(number));
}

static void numbers_are_known_by_their_user(void)
{
	begin();
	CHECK(!knows("101", 1) && dialled_count(&dialled, SPAN("101")) == 0);
	CHECK(add("101", 1) && knows("101", 1) && !knows("101", 2) && !knows("102", 1) && !knows("1011", 1));
	uint64_t size = store.size;
	CHECK(add("101", 1) && store.size == size && dialled_count(&dialled, SPAN("101")) == 1); /* nothing is written */
	CHECK(add("101", 2) && store.size - size < 80); /* a tag, not its block */
	CHECK(dialled_add(&dialled, SPAN(""), SPAN("1")) != NULL && dialled_add(&dialled, SPAN("1"), SPAN("")) != NULL);
	CHECK(restart() && knows("101", 1) && knows("101", 2) && dialled.blocks == 1);
	CHECK(dialled_forget(&dialled, SPAN("101")) == NULL && !knows("101", 1) && dialled.blocks == 0);
	CHECK(restart() && !knows("101", 1));
	store_close(&store);
}

static void the_oldest_leave(void)
{
	enum { MANY = DIALLED_BLOCKS * DIALLED_IN_BLOCK };

	begin();
	for (uint32_t i = 0; i < MANY; i++)
		CHECK(add("101", i));
	CHECK(dialled_count(&dialled, SPAN("101")) == MANY && knows("101", 0) && dialled.blocks == DIALLED_BLOCKS);
	CHECK(add("101", MANY) && knows("101", MANY) && !knows("101", 0) && !knows("101", DIALLED_IN_BLOCK - 1));
	CHECK(knows("101", DIALLED_IN_BLOCK) && knows("101", MANY - 1) && dialled.blocks == DIALLED_BLOCKS);
	for (uint32_t i = MANY + 1; i < 3 * MANY; i++)
		CHECK(add("101", i));
	CHECK(restart() && knows("101", 3 * MANY - 1) && knows("101", 2 * MANY + DIALLED_IN_BLOCK) && !knows("101", MANY));
	CHECK(dialled.blocks == DIALLED_BLOCKS && store.size < 400000);
	store_close(&store);
}

/* Users who dial much leave others their secrets' room; who gets no block is asked for the PIN again. */
static void all_of_them_are_bounded(void)
{
	char user[8];
	uint32_t refused = 0;

	begin();
	for (uint32_t u = 0; u < BLOCKS + 50; u++) {
		snprintf(user, sizeof user, "%u", u);
		refused += !add(user, 1);
	}
	CHECK(refused == 50 && dialled.blocks == BLOCKS);
	for (uint32_t i = 2; i < 200; i++) /* a full house: a user's own block makes room */
		CHECK(add("0", i));
	CHECK(knows("0", 199) && !knows("0", 1) && dialled.blocks == BLOCKS);
	CHECK(pins_set(&pins, SPAN("0"), SPAN("7391")) == PIN_IS_RIGHT);
	store_close(&store);
}

/* Neither PIN nor number stands in the files, and a tag is none without keeper's key. */
static void the_files_say_nothing(void)
{
	static const char *const planted[] = {"73918264", "+15550004711", "15550004711", "5550004711", "the-planted-user"};
	static uint8_t file[1 << 18];
	const uint8_t other[DIALLED_KEY] = {9};

	begin();
	CHECK(pins_set(&pins, SPAN("the-planted-user"), SPAN("73918264")) == PIN_IS_RIGHT);
	CHECK(dialled_add(&dialled, SPAN("the-planted-user"), SPAN("+15550004711")) == NULL);
	for (int f = 0; f < 2; f++) {
		ssize_t n = pread(store.file[f], file, sizeof file, 0);
		CHECK(n >= 0);
		for (size_t i = 0; i < sizeof planted / sizeof *planted; i++)
			CHECK(memmem(file, (size_t)n, planted[i], strlen(planted[i])) == NULL);
	}
	/* with the boot key the table opens, and still holds no number and no PIN */
	CHECK(restart() && memmem(store.bytes, store.bytes_used, "73918264", 8) == NULL);
	CHECK(memmem(store.bytes, store.bytes_used, "5550004711", 10) == NULL);
	dialled.key = other;
	CHECK(!dialled_knows(&dialled, SPAN("the-planted-user"), SPAN("+15550004711")));
	pins.key = other;
	CHECK(check("the-planted-user", "73918264") == PIN_IS_WRONG);
	store_close(&store);
}

/* --- which hashes are kept --- */

static enum login_verdict log_in(enum digest_alg alg, bool needs_md5)
{
	uint8_t ha1[DIGEST_MAX], raw[DIGEST_MAX];
	char nonce[NONCE_TEXT + 1], hex[DIGEST_HEX_MAX];
	struct buf n = buf_of(nonce, sizeof nonce), h = buf_of(hex, sizeof hex);
	bool began;

	uint8_t sheet_key[NONCE_KEY], blocks[NONCE_SHEET * NONCE_BLOCK];
	nonces_give(&logins.nonces, NOW, sheet_key, blocks);
	nonce_put(&n, sheet_key, blocks, 1, SPAN("101"));
	struct login_claim c = {.flow = 1,
	    .device = 1,
	    .nc = 1,
	    .needs_md5 = needs_md5,
	    .algorithm = alg,
	    .user = SPAN("101"),
	    .method = SPAN("REGISTER"),
	    .uri = SPAN("sip:example.org"),
	    .nonce = buf_span(&n),
	    .cnonce = SPAN("c")};
	digest_ha1(alg, c.user, SPAN("example.org"), SPAN("secret"), ha1);
	struct digest_input in = {
	    .alg = alg, .ha1 = ha1, .method = c.method, .uri = c.uri, .nonce = c.nonce, .cnonce = c.cnonce, .nc = 1};
	digest_response(&in, raw);
	buf_hex(&h, raw, digest_len(alg));
	c.response = buf_span(&h);
	return login_judge(&logins, NOW, &c, &began);
}

static void md5_is_kept_where_it_is_needed(void)
{
	struct span v;
	bool md5;

	begin();
	CHECK(login_init(&logins, &store, fake, 10, 10));
	login_set_realm(&logins, "example.org");
	CHECK(!login_has_secret(&logins, SPAN("101"), &md5));
	CHECK(login_set_secret(&logins, SPAN("101"), SPAN("secret"), false) == NULL);
	CHECK(login_has_secret(&logins, SPAN("101"), &md5) && !md5);
	CHECK(store_get(&store, KEEP_SECRET, SPAN("101"), &v) && v.n == REALM_TAG + HA1_SHA256);
	CHECK(log_in(DIGEST_MD5, true) == LOGIN_WRONG && log_in(DIGEST_SHA256, true) == LOGIN_OK);
	CHECK(login_set_secret(&logins, SPAN("101"), SPAN("secret"), true) == NULL);
	CHECK(login_has_secret(&logins, SPAN("101"), &md5) && md5);
	CHECK(log_in(DIGEST_MD5, true) == LOGIN_OK && log_in(DIGEST_SHA256, true) == LOGIN_OK);
	CHECK(login_has_secret(&logins, SPAN("101"), &md5) && md5);
	/* the last such phone is gone: so is the hash, with the next right answer */
	CHECK(log_in(DIGEST_SHA256, false) == LOGIN_OK && logins.md5_ended == 1);
	CHECK(login_has_secret(&logins, SPAN("101"), &md5) && !md5);
	CHECK(log_in(DIGEST_MD5, true) == LOGIN_WRONG && log_in(DIGEST_SHA256, false) == LOGIN_OK);
	CHECK(logins.md5_ended == 1);
	login_fini(&logins);
	store_close(&store);
}

/* A wrong answer ends nothing: nobody takes a hash from another. */
static void a_wrong_answer_ends_no_hash(void)
{
	bool md5;

	begin();
	CHECK(login_init(&logins, &store, fake, 10, 10));
	login_set_realm(&logins, "example.org");
	CHECK(login_set_secret(&logins, SPAN("101"), SPAN("another"), true) == NULL);
	CHECK(log_in(DIGEST_SHA256, false) == LOGIN_WRONG && log_in(DIGEST_MD5, false) == LOGIN_WRONG);
	CHECK(login_has_secret(&logins, SPAN("101"), &md5) && md5);
	login_fini(&logins);
	store_close(&store);
}

/* A store of before had both hashes for everyone, in one value: they count. */
static void older_secrets_count(void)
{
	uint8_t v[SECRET_N];

	begin();
	CHECK(login_init(&logins, &store, fake, 10, 10));
	login_set_realm(&logins, "example.org");
	memcpy(v, logins.realm_tag, REALM_TAG);
	digest_ha1(DIGEST_SHA256, SPAN("101"), SPAN("example.org"), SPAN("secret"), v + REALM_TAG);
	uint8_t short_one[DIGEST_MAX];
	digest_ha1(DIGEST_MD5, SPAN("101"), SPAN("example.org"), SPAN("secret"), short_one);
	memcpy(v + REALM_TAG + HA1_SHA256, short_one, HA1_MD5);
	CHECK(store_put(&store, KEEP_SECRET, SPAN("101"), span_of(v, sizeof v)) == NULL);
	CHECK(log_in(DIGEST_MD5, true) == LOGIN_OK && log_in(DIGEST_SHA256, true) == LOGIN_OK);
	login_fini(&logins);
	store_close(&store);
}

int main(void)
{
	if (!mkdtemp(path))
		return 1;
	dir = open(path, O_RDONLY | O_DIRECTORY);
	RUN(right_and_wrong_pins);
	RUN(tries_outlive_a_restart);
	RUN(a_hash_is_of_its_user_and_its_day);
	RUN(what_is_set_is_judged_too);
	RUN(what_cannot_be_counted_is_not_judged);
	RUN(a_user_changes_it_with_the_old_one);
	RUN(simple_pins_are_refused);
	RUN(numbers_are_known_by_their_user);
	RUN(the_oldest_leave);
	RUN(all_of_them_are_bounded);
	RUN(the_files_say_nothing);
	RUN(md5_is_kept_where_it_is_needed);
	RUN(a_wrong_answer_ends_no_hash);
	RUN(older_secrets_count);
	unlinkat(dir, "store.a", 0);
	unlinkat(dir, "store.b", 0);
	close(dir);
	rmdir(path);
	return TEST_END;
}
