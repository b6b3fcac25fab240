/* SPDX-License-Identifier: ISC */
/* What keeper holds when it begins to serve. */
#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/secret.h"
#include "keeper/keeper.h"
#include "vault/store_given.h"

enum {
	USERS_LEAST = 8192, /* a site that shrinks still opens what it held */
	PHONES_LEAST = 8192,
	ENTRY_BYTES = 128, /* of the largest of the many: type, name, rounded value */
	FEW_BYTES = 32768,
	DIALLED_SPARE = 8192, /* blocks of numbers beyond one for each user */
};

struct keeper keeper;

static uint32_t users_of(const struct site *site)
{
	return site->max_users > USERS_LEAST ? site->max_users : USERS_LEAST;
}

static void size_of(const struct site *site, uint32_t *entries_max, uint32_t *bytes_max)
{
	uint32_t users = users_of(site), blocks = users + DIALLED_SPARE;
	uint32_t phones = site->max_phones > PHONES_LEAST ? site->max_phones : PHONES_LEAST;
	/* each user has a secret and a PIN */
	uint32_t entries = 2 * users + phones + DAYS_MOST + ADMINS_MOST + MAIL_MOST + 16;

	*entries_max = entries + blocks;
	*bytes_max = entries * ENTRY_BYTES + blocks * DIALLED_BLOCK_BYTES + FEW_BYTES;
}

static void open_store(const struct site *site)
{
	uint32_t entries, bytes;

	size_of(site, &entries, &bytes);
	store_open_given(&keeper.store, "keeper", entries, bytes);
}

const char *keeper_look(const struct site *site)
{
	uint32_t entries, bytes;

	size_of(site, &entries, &bytes);
	return store_look_given("keeper", entries, bytes);
}

static void must(const char *why)
{
	if (why)
		log_fatal("%s", why);
}

static void make_ca(int64_t now_wall_ms)
{
	int64_t now_s = now_wall_ms / 1000;
	struct cert_times t = {now_s - CERT_BACKDATE_S, now_s + CERT_CA_DAYS * INT64_C(86400)};
	uint8_t *mem = secret_new(STORE_VALUE_MAX);
	struct buf all = buf_of(mem, STORE_VALUE_MAX);

	p256_make(mem, mem + P256_SCALAR);
	all.n = P256_SCALAR + P256_POINT;
	must(cert_make_ca(mem, mem + P256_SCALAR, t, &all));
	must(store_put(&keeper.store, KEEP_CA, SPAN(""), buf_span(&all)));
	secret_free(mem, STORE_VALUE_MAX);
	log_info("made the site's certificate authority");
}

static void open_ca(int64_t now_wall_ms)
{
	enum { CERT_AT = P256_SCALAR + P256_POINT };
	struct span v;

	if (!store_get(&keeper.store, KEEP_CA, SPAN(""), &v))
		make_ca(now_wall_ms);
	if (!store_get(&keeper.store, KEEP_CA, SPAN(""), &v) || v.n <= CERT_AT || v.n - CERT_AT > CERT_DER_MAX)
		log_fatal("the site's certificate authority is not readable");
	memcpy(keeper.ca_der, v.p + CERT_AT, v.n - CERT_AT);
	keeper.ca_span = span_of(keeper.ca_der, v.n - CERT_AT);
	keeper.ca = cert_ca_new(v.p, v.p + P256_SCALAR, keeper.ca_span);
	if (!keeper.ca)
		log_fatal("the site's certificate authority is not readable");
}

static void open_logins(const struct site *site)
{
	uint8_t fresh[32];
	struct span v;

	if (!store_get(&keeper.store, KEEP_FAKE, SPAN(""), &v)) {
		rand_bytes(fresh, sizeof fresh);
		must(store_put(&keeper.store, KEEP_FAKE, SPAN(""), span_of(fresh, sizeof fresh)));
		secret_wipe(fresh, sizeof fresh);
	}
	if (!store_get(&keeper.store, KEEP_FAKE, SPAN(""), &v) || v.n != sizeof fresh ||
	    !login_init(&keeper.logins, &keeper.store, v.p, site->max_users, site->max_phones))
		log_fatal("no memory for logins");
	login_set_realm(&keeper.logins, site->domain);
}

static void open_people(const struct site *site)
{
	enum { KEYS = PINS_KEY + DIALLED_KEY };
	uint8_t fresh[KEYS];
	struct span v;

	if (!store_get(&keeper.store, KEEP_PEOPLE_KEY, SPAN(""), &v)) {
		rand_bytes(fresh, sizeof fresh);
		must(store_put(&keeper.store, KEEP_PEOPLE_KEY, SPAN(""), span_of(fresh, sizeof fresh)));
		secret_wipe(fresh, sizeof fresh);
	}
	if (!store_get(&keeper.store, KEEP_PEOPLE_KEY, SPAN(""), &v) || v.n != KEYS)
		log_fatal("the key of PINs is not readable");
	keeper.people_key = secret_new(KEYS);
	memcpy(keeper.people_key, v.p, KEYS);
	pins_init(&keeper.pins, &keeper.store, keeper.people_key);
	dialled_init(&keeper.dialled, &keeper.store, keeper.people_key + PINS_KEY, users_of(site) + DIALLED_SPARE);
}

void keeper_open(const struct site *site, int64_t wall_ms)
{
	uint64_t boot_ms = clock_boot_ms();

	p256_init();
	open_store(site);
	wall_init(&keeper.wall, &keeper.store, boot_ms);
	open_ca(wall_now(&keeper.wall, wall_ms, boot_ms));
	open_logins(site);
	codes_init(&keeper.codes, &keeper.store);
	days_init(&keeper.days, &keeper.store);
	days_set_site(&keeper.days, site);
	open_people(site);
	admins_init(&keeper.admins, &keeper.store, keeper.logins.fake);
}
