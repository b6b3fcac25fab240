/* SPDX-License-Identifier: ISC */
/* keeper's judgements, with time as an argument: logins (R2, T2, T3, T5, T6), one-time codes (R1), day keys (R20, R21),
 * administrators (R23), the wall clock (T45, T47, T50). */
#include "keeper/keeper.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/dev/shm/ringfence-keeper-XXXXXX";
static const uint8_t boot_key[STORE_BOOT_KEY] = {9}, fake[32] = {7};
static int dir = -1;
static struct store store;
static struct logins logins;

enum { NOW = 1000000, DAY = 20000 };
static const int64_t today_ms = (int64_t)DAY * WALL_DAY_MS + 3600000;

static bool open_store(void)
{
	return store_open(&store, dir, "keeper", boot_key, 256, 65536) == NULL;
}

static void begin(void)
{
	unlinkat(dir, "store.a", 0);
	unlinkat(dir, "store.b", 0);
	if (!open_store() || !login_init(&logins, &store, fake, 100, 100))
		abort();
	login_set_realm(&logins, "example.org");
}

static void end(void)
{
	login_fini(&logins);
	store_close(&store);
}

/* --- a phone --- */

struct phone {
	uint64_t flow;
	uint32_t device;
	const char *user, *password, *realm;
	enum digest_alg alg;
	char nonce[NONCE_TEXT + 1];
};

static struct phone phone_of(uint64_t flow, uint32_t device, const char *user, const char *password)
{
	return (struct phone){.flow = flow,
	    .device = device,
	    .user = user,
	    .password = password,
	    .realm = "example.org",
	    .alg = DIGEST_SHA256};
}

struct sheet {
	uint8_t key[NONCE_KEY], blocks[NONCE_SHEET * NONCE_BLOCK];
};

static struct sheet get_sheet(uint64_t now_ms)
{
	struct sheet s;

	nonces_give(&logins.nonces, now_ms, s.key, s.blocks);
	return s;
}

static void bind_nonce(struct phone *p, const uint8_t key[NONCE_KEY], const struct sheet *s, size_t i)
{
	struct buf b = buf_of(p->nonce, sizeof p->nonce);

	nonce_put(&b, key, s->blocks + i * NONCE_BLOCK, p->flow, span_str(p->user));
	(void)buf_cstr(&b);
}

static void get_nonce(struct phone *p, uint64_t now_ms)
{
	struct sheet s = get_sheet(now_ms);

	bind_nonce(p, s.key, &s, 0);
}

static enum login_verdict answer(const struct phone *p, uint64_t now_ms, uint32_t nc)
{
	uint8_t ha1[DIGEST_MAX], raw[DIGEST_MAX];
	char hex[DIGEST_HEX_MAX];
	struct buf b = buf_of(hex, sizeof hex);
	bool began;
	struct login_claim c = {.flow = p->flow,
	    .device = p->device,
	    .nc = nc,
	    .needs_md5 = true,
	    .algorithm = p->alg,
	    .user = span_str(p->user),
	    .method = SPAN("REGISTER"),
	    .uri = SPAN("sip:example.org"),
	    .nonce = span_str(p->nonce),
	    .cnonce = SPAN("c")};

	digest_ha1(p->alg, c.user, span_str(p->realm), span_str(p->password), ha1);
	struct digest_input in = {.alg = p->alg,
	    .ha1 = ha1,
	    .method = c.method,
	    .uri = c.uri,
	    .nonce = c.nonce,
	    .cnonce = c.cnonce,
	    .nc = nc};
	digest_response(&in, raw);
	buf_hex(&b, raw, digest_len(p->alg));
	c.response = buf_span(&b);
	return login_judge(&logins, now_ms, &c, &began);
}

static enum login_verdict log_in(struct phone *p, uint64_t now_ms)
{
	get_nonce(p, now_ms);
	return answer(p, now_ms, 1);
}

static bool set_password(const char *user, const char *password)
{
	return login_set_secret(&logins, span_str(user), span_str(password), true) == NULL;
}

/* --- logins --- */

static void right_and_wrong_password(void)
{
	struct phone a = phone_of(1, 1, "101", "secret"), wrong = phone_of(2, 1, "101", "Secret");

	begin();
	CHECK(log_in(&a, NOW) == LOGIN_WRONG);
	CHECK(set_password("101", "secret"));
	CHECK(log_in(&a, NOW) == LOGIN_OK && log_in(&wrong, NOW) == LOGIN_WRONG);
	a.alg = DIGEST_MD5;
	CHECK(log_in(&a, NOW) == LOGIN_OK);
	a.alg = DIGEST_SHA512_256;
	CHECK(log_in(&a, NOW) == LOGIN_WRONG);
	a.alg = DIGEST_SHA256;
	/* a store of its own survives; no password is in it, only its hashes */
	store_close(&store);
	CHECK(open_store());
	CHECK(log_in(&a, NOW) == LOGIN_OK);
	CHECK(set_password("101", "") && log_in(&a, NOW) == LOGIN_WRONG);
	end();
}

static void secret_is_of_its_realm(void)
{
	struct phone a = phone_of(1, 1, "101", "secret");

	begin();
	CHECK(set_password("101", "secret"));
	login_set_realm(&logins, "example.com");
	a.realm = "example.com";
	CHECK(log_in(&a, NOW) == LOGIN_WRONG);
	login_set_realm(&logins, "example.org");
	a.realm = "example.org";
	CHECK(log_in(&a, NOW) == LOGIN_OK);
	end();
}

static void nonce_is_bound_and_counts_rise(void)
{
	struct phone a = phone_of(1, 1, "101", "secret"), b = phone_of(2, 1, "101", "secret");
	struct phone other = phone_of(1, 1, "102", "secret");

	begin();
	CHECK(set_password("101", "secret") && set_password("102", "secret"));
	get_nonce(&a, NOW);
	memcpy(b.nonce, a.nonce, sizeof b.nonce);
	memcpy(other.nonce, a.nonce, sizeof other.nonce);
	CHECK(answer(&b, NOW, 1) == LOGIN_STALE);     /* another connection's */
	CHECK(answer(&other, NOW, 1) == LOGIN_STALE); /* another user's */
	CHECK(answer(&a, NOW, 0) == LOGIN_STALE);
	CHECK(answer(&a, NOW, 1) == LOGIN_OK);
	CHECK(answer(&a, NOW, 1) == LOGIN_STALE); /* replayed */
	CHECK(answer(&a, NOW, 5) == LOGIN_OK);
	CHECK(answer(&a, NOW, 5) == LOGIN_STALE && answer(&a, NOW, 3) == LOGIN_STALE &&
	      answer(&a, NOW, 1) == LOGIN_STALE);
	CHECK(answer(&a, NOW, 6) == LOGIN_OK);
	struct phone older = a;
	CHECK(log_in(&a, NOW) == LOGIN_OK);
	CHECK(answer(&older, NOW, 7) == LOGIN_STALE); /* the newer nonce took its place */
	a.nonce[5] = a.nonce[5] == '0' ? '1' : '0';
	CHECK(answer(&a, NOW, 9) == LOGIN_STALE);
	strcpy(a.nonce, "");
	CHECK(answer(&a, NOW, 9) == LOGIN_STALE);
	CHECK(logins.verdicts[LOGIN_WRONG] == 0);
	end();
}

/* R2: a sheet binds its own blocks and no others; each is of one number, and an older one is none once a newer was answered. */
static void a_sheet_binds_its_own_nonces(void)
{
	struct phone a = phone_of(1, 1, "101", "secret"), b = phone_of(2, 2, "102", "secret");

	begin();
	CHECK(set_password("101", "secret") && set_password("102", "secret"));
	struct sheet one = get_sheet(NOW), two = get_sheet(NOW);
	bind_nonce(&a, two.key, &one, 0);
	CHECK(answer(&a, NOW, 1) == LOGIN_STALE);
	bind_nonce(&a, one.key, &two, 0);
	CHECK(answer(&a, NOW, 1) == LOGIN_STALE);
	for (size_t i = 0; i < NONCE_SHEET; i += 2) {
		bind_nonce(&a, one.key, &one, i);
		bind_nonce(&b, one.key, &one, i + 1);
		CHECK(answer(&a, NOW, 1) == LOGIN_OK && answer(&a, NOW, 1) == LOGIN_STALE);
		CHECK(answer(&b, NOW, 1) == LOGIN_OK && answer(&b, NOW, 1) == LOGIN_STALE);
	}
	bind_nonce(&a, two.key, &two, NONCE_SHEET - 1);
	CHECK(answer(&a, NOW, 1) == LOGIN_OK);
	bind_nonce(&a, two.key, &two, NONCE_SHEET - 2);
	CHECK(answer(&a, NOW, 1) == LOGIN_STALE);
	end();
}

static void nonce_has_its_time(void)
{
	struct phone a = phone_of(1, 1, "101", "secret");

	begin();
	CHECK(set_password("101", "secret"));
	get_nonce(&a, NOW);
	CHECK(answer(&a, NOW + NONCE_FIRST_MS + 1, 1) == LOGIN_STALE);
	CHECK(answer(&a, NOW + NONCE_FIRST_MS, 1) == LOGIN_OK);
	CHECK(answer(&a, NOW + NONCE_LIFE_MS, 2) == LOGIN_OK);
	CHECK(answer(&a, NOW + NONCE_LIFE_MS + 1, 3) == LOGIN_STALE);
	end();
}

/* One guess for each nonce, so that a guess always costs a round trip. */
static void wrong_answer_spends_the_nonce(void)
{
	struct phone a = phone_of(1, 1, "101", "secret");

	begin();
	CHECK(set_password("101", "secret"));
	get_nonce(&a, NOW);
	a.password = "guess";
	CHECK(answer(&a, NOW, 1) == LOGIN_WRONG);
	a.password = "secret";
	CHECK(answer(&a, NOW, 2) == LOGIN_STALE && answer(&a, NOW, 1) == LOGIN_STALE);
	CHECK(log_in(&a, NOW) == LOGIN_OK);
	end();
}

/* The table of used nonces is bounded; pushing an entry out of it never brings an old answer back to life. */
static void eviction_never_revives_a_nonce(void)
{
	struct phone a = phone_of(1, 1, "101", "secret");

	begin();
	CHECK(set_password("101", "secret") && log_in(&a, NOW) == LOGIN_OK);
	for (uint64_t flow = 2; flow < logins.nonces.recent.cap + 10u; flow++) {
		struct phone b = phone_of(flow, 1, "101", "secret");
		CHECK(log_in(&b, NOW) == LOGIN_OK);
	}
	CHECK(logins.nonces.recent.used == logins.nonces.recent.cap && logins.nonces.recent.evicted > 0);
	CHECK(answer(&a, NOW, 1) == LOGIN_STALE && answer(&a, NOW, 2) == LOGIN_STALE);
	CHECK(log_in(&a, NOW) == LOGIN_OK);
	end();
}

/* T6: nor does pushing out a later one before an earlier one, which was answered after it. */
static void eviction_in_any_order_revives_none(void)
{
	enum { CAP = 2 };
	struct nonces n;
	uint8_t key[NONCE_KEY], blocks[NONCE_SHEET * NONCE_BLOCK];
	char text[4][NONCE_TEXT + 1];
	struct nonce_claim claim[4];
	uint64_t number[4];

	CHECK(nonces_init(&n, CAP));
	nonces_give(&n, NOW, key, blocks);
	for (size_t i = 0; i < 4; i++) {
		struct buf b = buf_of(text[i], sizeof text[i]);
		nonce_put(&b, key, blocks + i * NONCE_BLOCK, i, SPAN("101"));
		(void)buf_cstr(&b);
		claim[i] = (struct nonce_claim){.flow = i, .user = SPAN("101"), .nonce = span_str(text[i]), .count = 1};
		number[i] = nonces_check(&n, NOW, &claim[i]);
		CHECK(number[i]);
	}
	nonces_spend(&n, number[1], &claim[1], true); /* a later one, answered first */
	nonces_spend(&n, number[0], &claim[0], true);
	nonces_spend(&n, number[2], &claim[2], true); /* in the place of 1, */
	nonces_spend(&n, number[3], &claim[3], true); /* and in that of 0 */
	for (size_t i = 0; i < 4; i++)
		CHECK(!nonces_check(&n, NOW, &claim[i]));
	nonces_fini(&n);
}

/* T6: what another life of keeper gave, for the same flow and user, at the same time, is none of this one's. */
static void nonces_are_of_one_life(void)
{
	struct nonces life[2];
	uint8_t key[2][NONCE_KEY], blocks[2][NONCE_SHEET * NONCE_BLOCK];
	char text[NONCE_TEXT + 1];

	for (int i = 0; i < 2; i++) {
		CHECK(nonces_init(&life[i], 8));
		nonces_give(&life[i], NOW, key[i], blocks[i]);
	}
	CHECK(memcmp(key[0], key[1], NONCE_KEY) != 0 && memcmp(blocks[0], blocks[1], NONCE_BLOCK) != 0);
	for (int i = 0; i < 2; i++)
		for (int of = 0; of < 2; of++) {
			struct buf b = buf_of(text, sizeof text);
			nonce_put(&b, key[of], blocks[i], 1, SPAN("101"));
			const struct nonce_claim c = {.flow = 1, .user = SPAN("101"), .nonce = span_str(buf_cstr(&b)), .count = 1};
			CHECK((nonces_check(&life[0], NOW, &c) != 0) == (i == 0 && of == 0));
		}
	nonces_fini(&life[0]);
	nonces_fini(&life[1]);
}

/* The table that all of these lie in, by what it is to do: the oldest look goes first. */
static void a_table_gives_up_what_was_looked_at_longest_ago(void)
{
	enum { CAP = 7, KEYS = 12, STEPS = 20000 };
	struct recent r;
	uint64_t looked[KEYS] = {0}, turn = 0; /* 0: not there */
	uint32_t there = 0, seed = 1;

	CHECK(recent_init(&r, CAP));
	for (int i = 0; i < STEPS; i++) {
		seed = seed * 1664525 + 1013904223;
		const uint32_t k = (seed >> 16) % KEYS;
		const uint8_t key[RECENT_KEY] = {(uint8_t)(k + 1)};
		const int64_t slot = recent_find(&r, key);
		if ((slot >= 0) != (looked[k] != 0) || (slot >= 0 && memcmp(r.node[slot].key, key, sizeof key) != 0)) {
			CHECK(i == STEPS);
			break;
		}
		if (slot < 0) {
			bool fresh;
			(void)recent_take(&r, key, &fresh);
			CHECK(fresh == (there < CAP) && r.used <= CAP);
			uint32_t least = KEYS;
			for (uint32_t j = 0; j < KEYS; j++)
				if (looked[j] && (least == KEYS || looked[j] < looked[least]))
					least = j;
			if (there == CAP)
				looked[least] = 0;
			else
				there++;
		}
		looked[k] = ++turn;
	}
	recent_fini(&r);
}

/* T3, one phone: 100,000 passwords at 100 a second. */
static void one_guesser_is_locked(void)
{
	struct phone thief = phone_of(1, 66, "101", "guess"), owner = phone_of(2, 1, "101", "secret");

	begin();
	CHECK(set_password("101", "secret") && log_in(&owner, NOW) == LOGIN_OK);
	uint64_t before = logins.evaluated, now = NOW;
	for (int i = 0; i < 100000; i++, now += 10)
		CHECK(log_in(&thief, now) != LOGIN_OK);
	CHECK(logins.evaluated - before < 20);
	CHECK(logins.verdicts[LOGIN_LOCKED] > 99000);
	thief.password = "secret";
	CHECK(log_in(&thief, now) == LOGIN_LOCKED); /* the right one does not get through either */
	CHECK(log_in(&owner, now) == LOGIN_OK);
	owner.device = 2; /* on another phone of theirs they wait, as nobody knows yet that it is theirs */
	CHECK(log_in(&owner, now + 24 * 3600 * 1000 + 3600 * 1000) == LOGIN_OK);
	end();
}

/* T3, a thousand phones share one name's guesses. */
static void thousand_guessers_are_locked(void)
{
	struct phone owner = phone_of(1, 1, "101", "secret");

	begin();
	CHECK(set_password("101", "secret") && log_in(&owner, NOW) == LOGIN_OK);
	uint64_t before = logins.evaluated, now = NOW;
	for (uint32_t i = 0; i < 100000; i++, now += 10) {
		struct phone thief = phone_of(1000 + i % 1000, 1000 + i % 1000, "101", "guess");
		CHECK(log_in(&thief, now) != LOGIN_OK);
	}
	CHECK(logins.evaluated - before < 20);
	CHECK(log_in(&owner, now) == LOGIN_OK);
	end();
}

/* One phone, many names: no list of names buys more guesses, and who is known on that phone still gets in. */
static void many_names_from_one_phone(void)
{
	struct phone owner = phone_of(1, 66, "101", "secret");

	begin();
	CHECK(set_password("101", "secret") && log_in(&owner, NOW) == LOGIN_OK);
	uint64_t before = logins.evaluated;
	for (int i = 0; i < 5000; i++) {
		char name[16];
		snprintf(name, sizeof name, "u%d", i);
		struct phone thief = phone_of(2, 66, name, "guess");
		CHECK(log_in(&thief, NOW + 10u * (unsigned)i) != LOGIN_OK);
	}
	CHECK(logins.evaluated - before < 50);
	CHECK(log_in(&owner, NOW + 60000) == LOGIN_OK);
	end();
}

static void lock_backs_off_and_ends(void)
{
	struct tries_count c = {0};
	uint64_t now = NOW;

	for (int i = 1; i < 5; i++)
		CHECK(!tries_wrong(&c, now, 5));
	CHECK(tries_wrong(&c, now, 5) && c.until_ms == now + TRIES_LOCK_MS);
	CHECK(tries_wrong(&c, now, 5) && c.until_ms == now + 2 * TRIES_LOCK_MS);
	for (int i = 0; i < 100; i++)
		CHECK(tries_wrong(&c, now, 5));
	CHECK(c.until_ms == now + TRIES_LOCK_MAX_MS);
	now += TRIES_FORGET_MS + 1;
	CHECK(!tries_wrong(&c, now, 5) && c.wrong == 1);
}

/* T3: it is the same after a year without a restart: what is forgotten is what was long ago, not what was just now. */
static void a_clock_of_a_year_forgets_no_guess(void)
{
	const uint64_t now = UINT64_C(365) * 24 * 3600 * 1000;
	struct phone thief = phone_of(1, 66, "101", "guess");
	struct tries_count c = {0};

	for (int i = 1; i < 5; i++)
		CHECK(!tries_wrong(&c, now + (uint64_t)i, 5));
	CHECK(tries_wrong(&c, now + 5, 5) && c.until_ms == now + 5 + TRIES_LOCK_MS);
	begin();
	CHECK(set_password("101", "secret"));
	for (uint64_t i = 0; i < 1000; i++)
		CHECK(log_in(&thief, now + 1000 * i) != LOGIN_OK);
	CHECK(logins.evaluated < 20);
	end();
}

/* T3: who is known to have the password on this phone counts for it alone, however often they mistype. */
static void who_mistypes_at_home_locks_nobody_elsewhere(void)
{
	struct phone home = phone_of(1, 1, "101", "secret"), new = phone_of(2, 2, "101", "secret"),
		     other = phone_of(3, 1, "102", "x");

	begin();
	CHECK(set_password("101", "secret") && set_password("102", "x") && log_in(&home, NOW) == LOGIN_OK);
	home.password = "mistyped";
	for (int i = 0; i < 2 * TRIES_DEVICE; i++)
		CHECK(log_in(&home, NOW + (uint64_t)i * 2 * TRIES_LOCK_MAX_MS / 8) != LOGIN_OK);
	const uint64_t now = NOW + 2 * TRIES_DEVICE * UINT64_C(2) * TRIES_LOCK_MAX_MS / 8;
	CHECK(log_in(&new, now) == LOGIN_OK && log_in(&other, now) == LOGIN_OK);
	end();
}

/* T3: the first phone of all is like any: a right password on it takes back no guess that was made on others. */
static void the_first_phone_counts_like_any(void)
{
	struct tries t;

	CHECK(tries_init(&t, 64));
	for (uint32_t i = 1; i < TRIES_USER; i++)
		CHECK(!tries_note(&t, NOW, SPAN("101"), i, false));
	CHECK(!tries_note(&t, NOW, SPAN("101"), 0, true) && !tries_are_locked(&t, NOW, SPAN("101"), 0));
	CHECK(tries_note(&t, NOW, SPAN("101"), TRIES_USER, false));
	CHECK(tries_are_locked(&t, NOW, SPAN("101"), 77) && !tries_are_locked(&t, NOW, SPAN("101"), 0));
	tries_fini(&t);
}

/* A full table gives up what was looked at longest ago; a lock that is still tried stays one. */
static void a_full_table_of_tries_keeps_what_is_tried(void)
{
	enum { CAP = 64 };
	struct tries t;
	char name[16];

	CHECK(tries_init(&t, CAP));
	for (int i = 0; i < TRIES_PAIR; i++)
		tries_note(&t, NOW, SPAN("victim"), 1, false);
	CHECK(tries_are_locked(&t, NOW, SPAN("victim"), 1));
	for (uint32_t i = 0; i < 10 * CAP; i++) {
		snprintf(name, sizeof name, "n%u", i);
		tries_note(&t, NOW, span_str(name), 1000 + i, false);
		CHECK(t.recent.used <= CAP && tries_are_locked(&t, NOW, SPAN("victim"), 1));
	}
	CHECK(t.recent.used == CAP && t.recent.evicted > 0);
	CHECK(!tries_are_locked(&t, NOW, SPAN("n0"), 1000)); /* one wrong answer, forgotten */
	tries_fini(&t);
}

/* A phone that goes on with the old password locks itself; the new one, or an administrator's word, opens it again at once (R2). */
static void a_new_password_lifts_the_lock(void)
{
	struct phone own = phone_of(1, 1, "101", "old"), other = phone_of(2, 2, "102", "guess");
	uint64_t now = NOW;

	begin();
	CHECK(set_password("101", "old") && set_password("102", "x") && log_in(&own, NOW) == LOGIN_OK);
	CHECK(set_password("101", "new"));
	for (int i = 0; i < 30; i++) {
		log_in(&own, now += 60000);
		log_in(&other, now);
	}
	CHECK(log_in(&own, now) == LOGIN_LOCKED && tries_locked_ms(&logins.tries, now, SPAN("101")) > 60000);
	CHECK(set_password("101", "newer") && tries_locked_ms(&logins.tries, now, SPAN("101")) == 0);
	own.password = "newer";
	CHECK(log_in(&own, now) == LOGIN_OK);
	/* another user's stays, until it is theirs that is lifted */
	other.password = "x";
	CHECK(log_in(&other, now) == LOGIN_LOCKED && tries_locked_ms(&logins.tries, now, SPAN("102")) > 60000);
	tries_forget(&logins.tries, SPAN("102"));
	CHECK(log_in(&other, now) == LOGIN_OK);
	end();
}

/* What a phone is locked for itself, by many names, is not lifted with one of them. */
static void a_lifted_lock_is_the_users_alone(void)
{
	struct phone own = phone_of(1, 66, "101", "secret");

	begin();
	CHECK(set_password("101", "secret"));
	for (int i = 0; i < TRIES_DEVICE; i++) {
		char name[16];
		snprintf(name, sizeof name, "u%d", i);
		struct phone thief = phone_of(2, 66, name, "guess");
		CHECK(log_in(&thief, NOW) == LOGIN_WRONG);
	}
	tries_forget(&logins.tries, SPAN("101"));
	CHECK(log_in(&own, NOW) == LOGIN_LOCKED);
	end();
}

/* T2: the same verdicts in the same order for a name that is there and one that is not, locks included. */
static void absent_names_look_the_same(void)
{
	begin();
	CHECK(set_password("101", "secret"));
	for (int i = 0; i < 30; i++) {
		struct phone there = phone_of(1, 1, "101", "guess"), absent = phone_of(2, 2, "999", "guess");
		enum login_verdict a = log_in(&there, NOW + 30000u * (unsigned)i);
		CHECK(a == log_in(&absent, NOW + 30000u * (unsigned)i));
		CHECK(a == (i < 10 ? LOGIN_WRONG : a));
	}
	end();
}

/* --- codes --- */

static void code_is_for_once(void)
{
	struct codes codes;
	uint8_t mem[64], wrong[64];

	begin();
	codes_init(&codes, &store);
	struct buf b = buf_of(mem, sizeof mem);
	CHECK(codes_use(&codes, today_ms, 17, SPAN("x")) != NULL);
	CHECK(!codes_make(&codes, today_ms, 17, &b) && span_starts(buf_span(&b), SPAN("17-")));
	CHECK(codes_use(&codes, today_ms, 18, buf_span(&b)) != NULL);
	memcpy(wrong, mem, b.n);
	wrong[4] = wrong[4] == 'a' ? 'b' : 'a';
	for (int i = 0; i < CODES_TRIES - 1; i++)
		CHECK(codes_use(&codes, today_ms, 17, span_of(wrong, b.n)) != NULL);
	CHECK(!codes_use(&codes, today_ms, 17, buf_span(&b)));
	CHECK(codes_use(&codes, today_ms, 17, buf_span(&b)) != NULL);
	/* five wrong ones end it, across a restart as well */
	b.n = 0;
	CHECK(!codes_make(&codes, today_ms, 17, &b));
	for (int i = 0; i < CODES_TRIES; i++) {
		store_close(&store);
		CHECK(open_store());
		CHECK(codes_use(&codes, today_ms, 17, span_of(wrong, b.n)) != NULL);
	}
	CHECK(codes_use(&codes, today_ms, 17, buf_span(&b)) != NULL);
	/* a day ends it */
	b.n = 0;
	CHECK(!codes_make(&codes, today_ms, 17, &b));
	CHECK(codes_use(&codes, today_ms + CODES_LIFE_MS, 17, buf_span(&b)) != NULL);
	b.n = 0;
	CHECK(!codes_make(&codes, today_ms, 17, &b));
	CHECK(!codes_use(&codes, today_ms + CODES_LIFE_MS - 1, 17, buf_span(&b)));
	end();
}

/* --- day keys --- */

static struct days days;
static struct site site;

static void begin_days(enum log_privacy privacy, uint32_t log_days)
{
	begin();
	site_defaults(&site);
	site.log_privacy = (uint8_t)privacy;
	site.log_days = log_days;
	days_init(&days, &store);
	days_set_site(&days, &site);
}

static void source_is_sealed_and_says_nothing(void)
{
	uint8_t a[SEALED_MAX], b[SEALED_MAX], out[64];
	struct buf x = buf_of(a, sizeof a), y = buf_of(b, sizeof b), o = buf_of(out, sizeof out);
	uint32_t day, day2;

	begin_days(LOG_MILD, 0);
	CHECK(days_seal(&days, today_ms, today_ms, SPAN("1"), &day, &x));
	CHECK(days_seal(&days, today_ms, today_ms,
	    SPAN("100000000000000000000000000000000000000000000000000000000000000x"), &day2, &y));
	CHECK(x.n == DAYS_BLOB && y.n == DAYS_BLOB && !x.full && day == DAY && day2 == DAY);
	CHECK(days_unseal(&days, DAY, buf_span(&x), &o) == DAYS_OK && span_eq(buf_span(&o), SPAN("1")));
	o.n = 0;
	CHECK(days_unseal(&days, DAY, buf_span(&y), &o) == DAYS_OK && o.n == 64);
	CHECK(days_unseal(&days, DAY + 1, buf_span(&x), &o) == DAYS_GONE);
	CHECK(days_unseal(&days, DAY, span_head(buf_span(&x), 50), &o) == DAYS_BAD);
	a[20] ^= 1;
	CHECK(days_unseal(&days, DAY, buf_span(&x), &o) == DAYS_BAD);
	a[20] ^= 1;
	/* another time the same number looks different */
	y.n = 0;
	CHECK(days_seal(&days, today_ms, today_ms, SPAN("1"), &day, &y));
	CHECK(memcmp(a, b, DAYS_BLOB) != 0);
	end();
}

static void day_key_is_destroyed(void)
{
	uint8_t a[SEALED_MAX], out[64];
	struct buf x = buf_of(a, sizeof a), o = buf_of(out, sizeof out);
	uint32_t day;

	begin_days(LOG_MILD, 0);
	CHECK(!days_turn(&days, today_ms, true));
	CHECK(days_seal(&days, today_ms, today_ms, SPAN("101"), &day, &x));
	for (int i = 1; i < 7; i++)
		CHECK(!days_turn(&days, today_ms + i * (int64_t)WALL_DAY_MS, true));
	CHECK(days_unseal(&days, day, buf_span(&x), &o) == DAYS_OK);
	uint64_t rewrites = store.rewrites;
	CHECK(!days_turn(&days, today_ms + 7 * (int64_t)WALL_DAY_MS, false));
	CHECK(days_unseal(&days, day, buf_span(&x), &o) == DAYS_OK && store.rewrites == rewrites);
	CHECK(!days_turn(&days, today_ms + 7 * (int64_t)WALL_DAY_MS, true));
	CHECK(days_unseal(&days, day, buf_span(&x), &o) == DAYS_GONE);
	CHECK(store.rewrites == rewrites + 1); /* and the file that held it is overwritten */
	store_close(&store);
	CHECK(open_store());
	CHECK(days_unseal(&days, day, buf_span(&x), &o) == DAYS_GONE);
	end();
}

/* R21: a disk that did not let the old file be erased is asked again each minute, though no key is to be destroyed then. */
static void a_destroyed_key_is_wiped_when_the_disk_lets_it(void)
{
	const int64_t later_ms = today_ms + 7 * (int64_t)WALL_DAY_MS;
	struct stat st;

	begin_days(LOG_MILD, 0);
	CHECK(!days_turn(&days, today_ms, true));
	/* may be written and not cut short */
	int was = store.live, good = store.file[was], sealed = memfd_create("store", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CHECK(sealed >= 0 && fcntl(sealed, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	store.file[was] = sealed;
	CHECK(days_turn(&days, later_ms, true) && days.destroyed > 0);
	uint64_t destroyed = days.destroyed;
	CHECK(days_turn(&days, later_ms, true) && store.live != was && fstat(good, &st) == 0 && st.st_size > 0);
	close(sealed);
	store.file[was] = good;
	CHECK(!days_turn(&days, later_ms, true) && days.destroyed == destroyed);
	CHECK(fstat(good, &st) == 0 && st.st_size == 0);
	end();
}

/* A full disk is no reason to lose a source for good: keeper says so, and seals when there is room (R20, R28). */
static void a_source_waits_for_room(void)
{
	uint8_t a[SEALED_MAX], out[64];
	struct buf x = buf_of(a, sizeof a), o = buf_of(out, sizeof out);
	uint32_t day;

	begin_days(LOG_FULL, 30);
	int good[2] = {store.file[0], store.file[1]}, full = open("/dev/full", O_RDWR | O_CLOEXEC);
	CHECK(full >= 0);
	store.file[0] = store.file[1] = full;
	CHECK(!days_seal(&days, today_ms, today_ms, SPAN("101"), &day, &x) && x.n == 0 && days.sealed == 0);
	store.file[0] = good[0];
	store.file[1] = good[1];
	close(full);
	CHECK(days_seal(&days, today_ms, today_ms, SPAN("101"), &day, &x) && x.n == DAYS_BLOB && day == DAY);
	CHECK(days_unseal(&days, DAY, buf_span(&x), &o) == DAYS_OK && span_eq(buf_span(&o), SPAN("101")));
	end();
}

/* T45: the clock ran a year ahead, nobody confirmed it, and was put right. What was sealed meanwhile is no source for a year. */
static void a_key_of_a_day_to_come_goes(void)
{
	const int64_t ahead_ms = today_ms + 365 * (int64_t)WALL_DAY_MS;
	uint8_t a[SEALED_MAX], c[SEALED_MAX], out[64];
	uint32_t day, right;

	for (int mild = 0; mild < 2; mild++) {
		struct buf x = buf_of(a, sizeof a), y = buf_of(c, sizeof c), o = buf_of(out, sizeof out);
		begin_days(mild ? LOG_MILD : LOG_FULL, 30);
		CHECK(days_seal(&days, today_ms + WALL_DAY_MS, today_ms + WALL_DAY_MS, SPAN("102"), &right, &y));
		CHECK(!days_turn(&days, ahead_ms, false) && days_seal(&days, ahead_ms, ahead_ms, SPAN("101"), &day, &x));
		CHECK(day == DAY + 365 && days_unseal(&days, day, buf_span(&x), &o) == DAYS_OK);
		CHECK(!days_turn(&days, today_ms, true));
		CHECK(days_unseal(&days, day, buf_span(&x), &o) == (mild ? DAYS_GONE : DAYS_OK));
		CHECK(days_unseal(&days, right, buf_span(&y), &o) == DAYS_OK && right == DAY + 1);
		end();
	}
}

/* R22: the full log keeps the source as long as the row. */
static void full_log_keeps_its_keys(void)
{
	uint8_t a[SEALED_MAX], out[64];
	struct buf x = buf_of(a, sizeof a), o = buf_of(out, sizeof out);
	uint32_t day;

	begin_days(LOG_FULL, 30);
	CHECK(days_seal(&days, today_ms, today_ms, SPAN("101"), &day, &x));
	CHECK(!days_turn(&days, today_ms + 29 * (int64_t)WALL_DAY_MS, true));
	CHECK(days_unseal(&days, day, buf_span(&x), &o) == DAYS_OK);
	CHECK(!days_turn(&days, today_ms + 30 * (int64_t)WALL_DAY_MS, true));
	CHECK(days_unseal(&days, day, buf_span(&x), &o) == DAYS_GONE);
	site.log_days = 0;
	days_set_site(&days, &site);
	CHECK(!days_turn(&days, today_ms + 3000 * (int64_t)WALL_DAY_MS, true) && days.keys > 2);
	end();
}

/* A core that lies about the time, or whose clock is wrong, makes no more keys than a week has. */
static void days_stay_near_today(void)
{
	uint8_t a[SEALED_MAX];
	uint32_t day;

	begin_days(LOG_FULL, 0);
	for (int64_t ms = -5; ms < 40000; ms++) {
		struct buf x = buf_of(a, sizeof a);
		CHECK(days_seal(&days, today_ms, ms * WALL_DAY_MS, SPAN("101"), &day, &x));
		CHECK(x.n == DAYS_BLOB && day <= DAY + 1 && day + DAYS_BACK > DAY);
	}
	CHECK(days.keys == DAYS_BACK + 1);
	end();
}

/* --- the wall clock --- */

static void clock_never_runs_below_its_floor(void)
{
	struct wall w;

	begin();
	wall_init(&w, &store, 0);
	CHECK(!w.known && wall_now(&w, 0, 0) > INT64_C(1700000000000)); /* the date of the build */
	int64_t t = w.floor_ms + 1000 * INT64_C(86400000);
	CHECK(!wall_look(&w, t, 0) && !w.held);
	wall_init(&w, &store, 0);
	CHECK(w.known && wall_now(&w, 5, 0) == t - t % WALL_HOUR_MS && wall_now(&w, t + 1, 0) == t + 1);
	/* a year ahead: held, and the floor does not follow until somebody confirms it */
	int64_t jump = t + 365 * INT64_C(86400000);
	CHECK(wall_look(&w, jump, 0) && w.held && !wall_look(&w, jump + 60000, 60000));
	CHECK(wall_now(&w, t, 60000) == t);
	CHECK(!wall_look(&w, t + 60000, 60000) && !w.held);
	CHECK(wall_look(&w, jump, 60000) && !wall_confirm(&w, jump, 60000) && !w.held);
	CHECK(!wall_look(&w, jump + 60000, 120000) && !w.held && wall_now(&w, t, 120000) > t);
	end();
}

/* R21, R31, T45: the clock ran a year ahead and was confirmed, and so it is when it is right again: what is sealed now is of today and
 * readable for seven days and no more, and certificates begin today. */
static void a_wrong_clock_that_was_confirmed_is_not_for_good(void)
{
	const int64_t day_ms = WALL_DAY_MS, year_ms = 365 * day_ms;
	uint8_t a[SEALED_MAX], c[SEALED_MAX], out[64];
	struct wall w;
	uint32_t day;

	for (int again = 0; again < 2; again++) { /* at once, or by a keeper that was started anew meanwhile */
		struct buf x = buf_of(a, sizeof a), y = buf_of(c, sizeof c), o = buf_of(out, sizeof out);
		uint64_t boot_ms = 1000;
		begin_days(LOG_MILD, 0);
		wall_init(&w, &store, boot_ms);
		int64_t now = w.floor_ms + 100 * day_ms, raw_ms = now;
		CHECK(!wall_look(&w, now, boot_ms) && wall_look(&w, now + year_ms, boot_ms));
		CHECK(!wall_confirm(&w, now + year_ms, boot_ms) && wall_now(&w, now + year_ms, boot_ms) == now + year_ms);
		if (again)
			wall_init(&w, &store, boot_ms);
		/* put right, and not said so: no source stays for longer than by the right clock */
		CHECK(days_seal(&days, wall_now(&w, now, boot_ms), now, SPAN("101"), &day, &x) && x.n == DAYS_BLOB);
		CHECK(!wall_confirm(&w, now, boot_ms) && wall_now(&w, now, boot_ms) == now && !w.held);
		CHECK(!days_turn(&days, wall_now(&w, now, boot_ms), true));
		CHECK(days_unseal(&days, day, buf_span(&x), &o) == DAYS_GONE);
		wall_init(&w, &store, boot_ms);
		CHECK(wall_now(&w, now, boot_ms) == now);
		CHECK(days_seal(&days, wall_now(&w, now, boot_ms), now, SPAN("102"), &day, &y) && day == now / day_ms);
		for (int hours = 1; hours <= 7 * 24; hours++) {
			boot_ms += WALL_HOUR_MS;
			raw_ms = now + hours * (int64_t)WALL_HOUR_MS;
			CHECK(!wall_look(&w, raw_ms, boot_ms) && !days_turn(&days, wall_now(&w, raw_ms, boot_ms), !w.held));
			bool due = raw_ms / day_ms >= day + 7;
			CHECK(days_unseal(&days, day, buf_span(&y), &o) == (due ? DAYS_GONE : DAYS_OK));
		}
		CHECK(raw_ms / day_ms >= day + 7);
		/* but never before the build */
		CHECK(!wall_confirm(&w, 5000, boot_ms) && wall_now(&w, 5000, boot_ms) > INT64_C(1700000000000));
		end();
	}
}

/* R21, T45, T50: back by a month, or in 1970 since the battery is empty: what is due goes all the same, by what time lasts, also
 * after another start. */
static void clock_that_is_far_behind_keeps_no_source(void)
{
	const int64_t hour_ms = WALL_HOUR_MS, back_ms[] = {31 * (int64_t)WALL_DAY_MS, 0};
	uint8_t a[SEALED_MAX], out[64];
	struct wall w;
	uint32_t day;

	for (int i = 0; i < 2; i++) {
		struct buf x = buf_of(a, sizeof a), o = buf_of(out, sizeof out);
		uint64_t boot_ms = 1000;
		begin_days(LOG_MILD, 0);
		wall_init(&w, &store, boot_ms);
		int64_t now = w.floor_ms + 100 * (int64_t)WALL_DAY_MS, wrong = back_ms[i] ? now - back_ms[i] : 5000;
		CHECK(!wall_look(&w, now, boot_ms) && !days_turn(&days, now, true));
		CHECK(days_seal(&days, wall_now(&w, wrong, boot_ms), wrong, SPAN("101"), &day, &x) && x.n == DAYS_BLOB);
		for (int hour = 0; hour < 8 * 24; hour++, boot_ms += WALL_HOUR_MS) {
			int64_t raw_ms = wrong + hour * hour_ms;
			CHECK(!wall_look(&w, raw_ms, boot_ms) && !w.held);
			CHECK(!days_turn(&days, wall_now(&w, raw_ms, boot_ms), !w.held));
			if (hour % 50 == 49)
				wall_init(&w, &store, boot_ms);
		}
		CHECK(days_unseal(&days, day, buf_span(&x), &o) == DAYS_GONE);
		CHECK(!days_turn(&days, wall_now(&w, wrong, boot_ms), true) && days.keys <= DAYS_MILD + 1);
		/* and put right: nothing is held */
		CHECK(!wall_look(&w, now + 8 * 24 * hour_ms, boot_ms) && !w.held);
		end();
	}
}

/* R21: a disk that takes no hour for more than a day is no clock that went forward. */
static void a_full_disk_holds_no_deletion(void)
{
	struct wall w;

	begin();
	wall_init(&w, &store, 0);
	int64_t now = w.floor_ms + 100 * (int64_t)WALL_DAY_MS;
	CHECK(!wall_look(&w, now, 0));
	int good[2] = {store.file[0], store.file[1]}, full = open("/dev/full", O_RDWR | O_CLOEXEC);
	CHECK(full >= 0);
	store.file[0] = store.file[1] = full;
	for (int half_days = 1; half_days < 6; half_days++)
		CHECK(!wall_look(&w, now + half_days * (int64_t)WALL_DAY_MS / 2, (uint64_t)half_days * WALL_DAY_MS / 2) && !w.held);
	store.file[0] = good[0];
	store.file[1] = good[1];
	close(full);
	end();
}

/* --- administrators --- */

static struct admins admins;

static void administrators(void)
{
	struct admin_params p = {.passes = 3, .memory_kb = 65536, .salt = {1, 2, 3}}, got, again;
	uint8_t hash[ADMINS_HASH] = {5}, bad[ADMINS_HASH] = {6};
	uint64_t session = 0;
	const char *why;
	bool began;

	begin();
	admins_init(&admins, &store, logins.fake);
	admins_find(&admins, SPAN("anna"), &got);
	admins_init(&admins, &store, logins.fake);
	admins_find(&admins, SPAN("anna"), &again);
	CHECK(memcmp(&got, &again, sizeof got) == 0 && got.passes == ADMINS_PASSES_DEFAULT);
	admins_find(&admins, SPAN("bert"), &again);
	CHECK(memcmp(got.salt, again.salt, sizeof got.salt) != 0);
	/* the made-up hash of an absent name opens nothing */
	CHECK(admins_check(&admins, NOW, SPAN("anna"), bad, &session, &began) == DONE_REFUSED && session == 0);
	CHECK(admins_set(&admins, SPAN("anna"), &p, hash, &why) == DONE_OK);
	p.memory_kb = 1;
	CHECK(admins_set(&admins, SPAN("anna"), &p, hash, &why) == DONE_REFUSED && why);
	admins_find(&admins, SPAN("anna"), &got);
	CHECK(got.salt[0] == 1 && got.memory_kb == 65536);
	CHECK(admins_check(&admins, NOW, SPAN("anna"), hash, &session, &began) == DONE_OK && session != 0);
	CHECK(admins_session_ok(&admins, NOW + ADMINS_SESSION_MS - 1, session));
	CHECK(!admins_session_ok(&admins, NOW + ADMINS_SESSION_MS, session));
	CHECK(!admins_session_ok(&admins, NOW, 0) && !admins_session_ok(&admins, NOW, session + 1));
	for (int i = 1; i <= ADMINS_TRIES; i++) {
		CHECK(admins_check(&admins, NOW, SPAN("anna"), bad, &session, &began) == DONE_REFUSED);
		CHECK(began == (i == ADMINS_TRIES));
	}
	CHECK(admins_check(&admins, NOW, SPAN("anna"), hash, &session, &began) == DONE_BUSY);
	CHECK(admins_check(&admins, NOW + TRIES_LOCK_MS, SPAN("anna"), hash, &session, &began) == DONE_OK);
	p.memory_kb = 65536;
	uint32_t n = 1;
	for (uint32_t i = 0; i < 2 * ADMINS_MOST; i++)
		n += admins_set(&admins, span_of(&i, 4), &p, hash, &why) == DONE_OK;
	CHECK(n == ADMINS_MOST);
	struct span name;
	uint32_t at = 0, listed = 0;
	while (admins_each(&admins, &at, &name))
		listed++;
	CHECK(listed == ADMINS_MOST);
	/* who goes makes room, and what was opened is closed (R23) */
	CHECK(admins_check(&admins, NOW + TRIES_LOCK_MS, SPAN("anna"), hash, &session, &began) == DONE_OK);
	CHECK(admins_remove(&admins, SPAN("bert"), &why) == DONE_NOT_FOUND && why);
	CHECK(admins_session_ok(&admins, NOW + TRIES_LOCK_MS, session));
	CHECK(admins_remove(&admins, SPAN("anna"), &why) == DONE_OK);
	CHECK(!admins_session_ok(&admins, NOW + TRIES_LOCK_MS, session));
	CHECK(admins_check(&admins, NOW + TRIES_LOCK_MS, SPAN("anna"), hash, &session, &began) == DONE_REFUSED);
	CHECK(admins_set(&admins, SPAN("carl"), &p, hash, &why) == DONE_OK);
	end();
}

int main(void)
{
	if (!mkdtemp(path))
		return 1;
	dir = open(path, O_RDONLY | O_DIRECTORY);
	RUN(right_and_wrong_password);
	RUN(secret_is_of_its_realm);
	RUN(nonce_is_bound_and_counts_rise);
	RUN(a_sheet_binds_its_own_nonces);
	RUN(nonce_has_its_time);
	RUN(wrong_answer_spends_the_nonce);
	RUN(eviction_never_revives_a_nonce);
	RUN(eviction_in_any_order_revives_none);
	RUN(nonces_are_of_one_life);
	RUN(a_table_gives_up_what_was_looked_at_longest_ago);
	RUN(one_guesser_is_locked);
	RUN(thousand_guessers_are_locked);
	RUN(many_names_from_one_phone);
	RUN(a_new_password_lifts_the_lock);
	RUN(a_lifted_lock_is_the_users_alone);
	RUN(lock_backs_off_and_ends);
	RUN(a_clock_of_a_year_forgets_no_guess);
	RUN(who_mistypes_at_home_locks_nobody_elsewhere);
	RUN(the_first_phone_counts_like_any);
	RUN(a_full_table_of_tries_keeps_what_is_tried);
	RUN(absent_names_look_the_same);
	RUN(code_is_for_once);
	RUN(source_is_sealed_and_says_nothing);
	RUN(day_key_is_destroyed);
	RUN(a_destroyed_key_is_wiped_when_the_disk_lets_it);
	RUN(a_source_waits_for_room);
	RUN(a_key_of_a_day_to_come_goes);
	RUN(full_log_keeps_its_keys);
	RUN(days_stay_near_today);
	RUN(clock_never_runs_below_its_floor);
	RUN(a_wrong_clock_that_was_confirmed_is_not_for_good);
	RUN(clock_that_is_far_behind_keeps_no_source);
	RUN(a_full_disk_holds_no_deletion);
	RUN(administrators);
	unlinkat(dir, "store.a", 0);
	unlinkat(dir, "store.b", 0);
	close(dir);
	rmdir(path);
	return TEST_END;
}
