/* SPDX-License-Identifier: ISC */
/* R28, R21: what the sealed store confirmed survives any cut of its file, in order and whole; what it dropped is gone
 * from the disk. */
#include "base/rand.h"
#include "test.h"
#include "vault/store.h"
#include "vault/store_file.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENTRIES = 64, BYTES = 16384, STEPS = 60, KEYS = 9 };

static const uint8_t boot_key[STORE_BOOT_KEY] = {1, 2, 3, 4, 5};
static int dir = -1;
static char path[] = "/dev/shm/ringfence-store-XXXXXX";

/* What a plain table holds after each step: the value of key k, or "" for none. */
struct model {
	char value[KEYS][40];
	uint64_t size; /* of the live file by then */
};
static struct model after[STEPS + 1];

static const char *open_with(struct store *s, const uint8_t *key)
{
	return store_open(s, dir, "test", key, ENTRIES, BYTES);
}

static void empty_dir(void)
{
	unlinkat(dir, "store.a", 0);
	unlinkat(dir, "store.b", 0);
}

static bool read_file(const char *name, uint8_t *out, size_t cap, size_t *n)
{
	int fd = openat(dir, name, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, out, cap);

	close(fd);
	*n = got < 0 ? 0 : (size_t)got;
	return got >= 0 && (size_t)got < cap;
}

static bool write_file(const char *name, const uint8_t *p, size_t n)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	bool ok = fd >= 0 && write(fd, p, n) == (ssize_t)n;

	close(fd);
	return ok;
}

static bool equals_model(struct store *s, const struct model *m)
{
	uint32_t n = 0;

	for (uint8_t k = 0; k < KEYS; k++) {
		struct span v = {0};
		bool there = store_get(s, 7, span_of(&k, 1), &v);
		if (there != (m->value[k][0] != 0) || (there && !span_eq(v, span_str(m->value[k]))))
			return false;
		n += there;
	}
	return n == s->used;
}

static void put_get_del(void)
{
	struct store s;
	struct span v, k;
	uint32_t at = 0;

	empty_dir();
	CHECK(!open_with(&s, boot_key));
	CHECK(!store_get(&s, 1, SPAN("a"), &v));
	CHECK(!store_put(&s, 1, SPAN("a"), SPAN("one")) && !store_put(&s, 2, SPAN("a"), SPAN("two")));
	CHECK(store_get(&s, 1, SPAN("a"), &v) && span_eq(v, SPAN("one")));
	CHECK(!store_put(&s, 1, SPAN("a"), SPAN("another value, longer than the room that was first given to it")));
	CHECK(store_get(&s, 1, SPAN("a"), &v) && v.n == 62);
	CHECK(!store_del(&s, 1, SPAN("a")) && !store_get(&s, 1, SPAN("a"), &v) && !store_del(&s, 1, SPAN("a")));
	CHECK(store_get(&s, 2, SPAN("a"), &v) && span_eq(v, SPAN("two")));
	store_close(&s);
	CHECK(!open_with(&s, boot_key));
	CHECK(store_each(&s, 2, &at, &k, &v) && span_eq(k, SPAN("a")) && span_eq(v, SPAN("two")));
	CHECK(!store_each(&s, 2, &at, &k, &v) && s.used == 1);
	store_close(&s);
}

/* What is added is a short record of its own, and counts after a restart as if it had been put. */
static void octets_are_added(void)
{
	static uint8_t big[STORE_VALUE_MAX];
	struct store s;
	struct span v;

	empty_dir();
	CHECK(!open_with(&s, boot_key));
	CHECK(!store_add(&s, 1, SPAN("a"), SPAN("one")) && !store_add(&s, 1, SPAN("a"), SPAN("two")));
	CHECK(store_get(&s, 1, SPAN("a"), &v) && span_eq(v, SPAN("onetwo")));
	for (int i = 0; i < 100; i++)
		CHECK(!store_add(&s, 1, SPAN("a"), SPAN("0123456789abcdef")));
	CHECK(store_get(&s, 1, SPAN("a"), &v) && v.n == 1606);
	uint64_t size = s.size;
	CHECK(!store_add(&s, 1, SPAN("a"), SPAN("0123456789abcdef")) && s.size - size < 64);
	CHECK(store_add(&s, 1, SPAN("a"), span_of(big, sizeof big)) != NULL && store_add(&s, 1, SPAN("a"), span_of(big, 427)) != NULL);
	CHECK(!store_add(&s, 1, SPAN("a"), span_of(big, 426)));
	CHECK(store_get(&s, 1, SPAN("a"), &v) && v.n == STORE_VALUE_MAX && s.used == 1);
	store_close(&s);
	CHECK(!open_with(&s, boot_key) && store_get(&s, 1, SPAN("a"), &v) && v.n == STORE_VALUE_MAX);
	CHECK(memcmp(v.p, "onetwo0123456789abcdef", 22) == 0 && v.p[STORE_VALUE_MAX - 1] == 0);
	store_close(&s);
}

/* Many go in one change: all of them or, at any cut of the file, none. */
static void many_go_at_once(void)
{
	static uint8_t file[65536];
	uint64_t key[32];
	struct store s;
	struct span v;
	size_t n;

	empty_dir();
	CHECK(!open_with(&s, boot_key) && !store_put(&s, 2, SPAN("kept"), SPAN("value")));
	for (uint64_t i = 0; i < 32; i++) {
		key[i] = i < 30 ? i : 1000 + i; /* two that are not there */
		CHECK(i >= 30 || !store_put(&s, 1, span_of(&i, 8), SPAN("value")));
	}
	uint64_t commits = s.commits, size = s.size;
	CHECK(!store_del_many(&s, 1, span_of(key, sizeof key), 8) && s.commits == commits + 1 && s.used == 1);
	CHECK(store_del_many(&s, 1, SPAN(""), 8) && store_del_many(&s, 1, span_of(key, 12), 8) &&
	      store_del_many(&s, 1, span_of(key, 8), 0) && store_del_many(&s, 1, span_of(file, 8 * 258), 8));
	CHECK(!store_del_many(&s, 1, span_of(file, 8 * 257), 8));
	const char *live = s.live ? "store.b" : "store.a";
	uint64_t end = size + store_sealed_n(8, sizeof key - 8);
	store_close(&s);
	CHECK(read_file(live, file, sizeof file, &n) && n > end);
	for (size_t cut = size; cut <= end; cut++) {
		empty_dir();
		CHECK(write_file(live, file, cut) && !open_with(&s, boot_key));
		CHECK(s.used == (cut < end ? 31 : 1) && store_get(&s, 2, SPAN("kept"), &v));
		store_close(&s);
	}
}

static void bounds_hold(void)
{
	static uint8_t big[STORE_VALUE_MAX + 1];
	struct store s;
	struct span v;
	uint32_t i = 0;

	empty_dir();
	CHECK(!open_with(&s, boot_key));
	CHECK(store_put(&s, 1, SPAN("a"), span_of(big, sizeof big)) && store_put(&s, 1, span_of(big, 65), SPAN("")));
	for (; i < ENTRIES; i++)
		CHECK(!store_put(&s, 1, span_of(&i, 4), SPAN("value")));
	CHECK(store_put(&s, 1, span_of(&i, 4), SPAN("value")) && s.used == ENTRIES);
	i = 0;
	CHECK(!store_put(&s, 1, span_of(&i, 4), SPAN("changed")) && store_get(&s, 1, span_of(&i, 4), &v));
	for (i = 0; i < ENTRIES; i++)
		CHECK(!store_del(&s, 1, span_of(&i, 4)));
	/* values that come and go do not wear the memory out, nor the file */
	for (i = 0; i < 2000; i++) {
		uint32_t key = i % 4;
		CHECK(!store_put(&s, 1, span_of(&key, 4), span_of(big, 100 + i % 1500)));
		CHECK(i % 3 || !store_del(&s, 1, span_of(&key, 4)));
	}
	CHECK(s.rewrites > 2 && s.size < 200000);
	for (i = 0; i < 8; i++)
		if (store_put(&s, 2, span_of(&i, 4), span_of(big, STORE_VALUE_MAX)))
			break;
	CHECK(i > 2 && i < 8); /* bytes ran out, and that is an answer */
	store_close(&s);
	CHECK(!open_with(&s, boot_key));
	store_close(&s);
}

static void wrong_key_is_refused(void)
{
	static const uint8_t other[STORE_BOOT_KEY] = {1, 2, 3, 4, 6};
	struct store s;
	struct span v;

	empty_dir();
	CHECK(!open_with(&s, boot_key) && !store_put(&s, 1, SPAN("a"), SPAN("one")));
	store_close(&s);
	CHECK(open_with(&s, other) != NULL);
	CHECK(store_open(&s, dir, "other", boot_key, ENTRIES, BYTES) != NULL);
	CHECK(!open_with(&s, boot_key) && store_get(&s, 1, SPAN("a"), &v) && span_eq(v, SPAN("one")));
	/* one at a time: two writers would share nonces */
	struct store second;
	CHECK(open_with(&second, boot_key) != NULL);
	store_close(&s);
}

static bool make_history(struct store *s)
{
	struct model m = {0};

	empty_dir();
	if (open_with(s, boot_key))
		return false;
	for (uint32_t i = 0; i < STEPS; i++) {
		uint8_t k = (uint8_t)(rand_u32() % KEYS);
		if (rand_u32() % 4 == 0) {
			if (store_del(s, 7, span_of(&k, 1)))
				return false;
			m.value[k][0] = 0;
		} else if (rand_u32() % 3 == 0 && strlen(m.value[k]) + 3 < sizeof m.value[k]) {
			if (store_add(s, 7, span_of(&k, 1), SPAN("+++")))
				return false;
			strcat(m.value[k], "+++");
		} else {
			snprintf(m.value[k], sizeof m.value[k], "%u-%.*s", i, (int)(rand_u32() % 30),
			    "abcdefghijklmnopqrstuvwxyzabcdef");
			if (store_put(s, 7, span_of(&k, 1), span_str(m.value[k])))
				return false;
		}
		m.size = s->size;
		after[i + 1] = m;
		if (i == STEPS / 3) {
			if (store_rewrite(s))
				return false;
			m.size = s->size;
			memset(after, 0, (i + 1) * sizeof *after); /* what was before is one snapshot now */
			after[i + 1] = m;
		}
	}
	return true;
}

static bool is_some_model(struct store *s, uint64_t up_to)
{
	for (int i = 0; i <= STEPS; i++)
		if (after[i].size && after[i].size <= up_to && equals_model(s, &after[i]))
			return true;
	return s->used == 0 && up_to < STORE_NEWBORN;
}

/* The newest state that was confirmed by the time the file had this length. */
static const struct model *confirmed_at(uint64_t size)
{
	const struct model *m = NULL;

	for (int i = 0; i <= STEPS; i++)
		if (after[i].size && after[i].size <= size)
			m = &after[i];
	return m;
}

/* Where the change ends that was on its way when the file had this length. */
static size_t end_of_next(uint64_t size)
{
	for (int i = 0; i <= STEPS; i++)
		if (after[i].size > size)
			return after[i].size;
	return size + STORE_SEALED_MAX;
}

/* Also where the length of the file came to the disk and the rest of the octets did not. */
static void every_cut_leaves_what_was_confirmed(void)
{
	static uint8_t file[65536], whole[65536];
	struct store s;
	size_t n;

	CHECK(make_history(&s));
	const char *live = s.live ? "store.b" : "store.a";
	store_close(&s);
	CHECK(read_file(live, file, sizeof file, &n) && n == after[STEPS].size);
	memcpy(whole, file, n);
	for (size_t cut = n + 1; cut-- > 0;) {
		for (int zeros = 0; zeros < (confirmed_at(cut) ? 4 : 1); zeros++) {
			size_t end = end_of_next(cut), to[] = {cut, cut + 1, cut + (end - cut) / 2, end};
			memset(file + cut, 0, to[zeros] - cut);
			/* the last octet of a tag may be a zero: then nothing is missing */
			const bool came = memcmp(file + cut, whole + cut, to[zeros] - cut) == 0;
			const struct model *m = confirmed_at(came ? to[zeros] : cut);
			empty_dir();
			CHECK(write_file(live, file, to[zeros]));
			const char *why = open_with(&s, boot_key);
			if (m)
				CHECK(!why && equals_model(&s, m));
			else
				CHECK(why || (cut <= STORE_NEWBORN && s.used == 0));
			if (!why)
				store_close(&s);
		}
	}
}

enum { SECTOR = 512, SECTORS = 6 };

/* The change at `at` was on its way: any of the sectors that it reaches into may not have come to the disk, and what is behind one
 * that did not may be missing from the length too. Bits of `lost`: those sectors, from its first on. */
static bool is_torn(const char *live, uint8_t *file, size_t at, size_t n, uint32_t lost)
{
	static uint8_t part[65536];
	struct store s;
	struct span v;
	bool ok = true;

	memcpy(part, file, n);
	for (size_t i = at; i < n; i++)
		if (lost >> (i / SECTOR - at / SECTOR) & 1)
			part[i] = 0;
	for (size_t end = n; ok && end > at; end = (end - 1) / SECTOR * SECTOR) {
		empty_dir();
		ok = write_file(live, part, end) && !open_with(&s, boot_key);
		ok = ok && store_get(&s, 1, SPAN("confirmed"), &v) && v.n > 0;
		if (ok && (end < n || memcmp(part, file, n) != 0))
			ok = !store_get(&s, 1, SPAN("b"), &v);
		if (s.file[0] >= 0)
			store_close(&s);
	}
	return ok;
}

/* Every place of a change's head among sectors; the length of its record has one octet that counts, or two. */
static void a_lost_sector_is_a_change_that_was_never_confirmed(void)
{
	static uint8_t file[65536], big[STORE_VALUE_MAX];
	static const size_t length[] = {20, 300, 1500, STORE_VALUE_MAX};
	static const int head_at[] = {0, 1, 100, 505, 508, 509, 510, 511};
	struct store s;
	size_t n;

	memset(big, 'x', sizeof big);
	for (size_t i = 0; i < sizeof head_at / sizeof *head_at * 4; i++) {
		size_t fill = 0, before = 0;
		empty_dir();
		CHECK(!open_with(&s, boot_key));
		while ((s.size + store_sealed_n(9, 1 + fill)) % SECTOR != (size_t)head_at[i / 4])
			fill++;
		CHECK(!store_put(&s, 1, SPAN("confirmed"), span_of(big, 1 + fill)));
		before = s.size;
		CHECK(before % SECTOR == (size_t)head_at[i / 4]);
		CHECK(!store_put(&s, 1, SPAN("b"), span_of(big, length[i % 4])));
		const char *live = s.live ? "store.b" : "store.a";
		store_close(&s);
		CHECK(read_file(live, file, sizeof file, &n));
		uint32_t most = 1u << ((n - 1) / SECTOR - before / SECTOR + 1);
		CHECK(most <= 1u << SECTORS);
		for (uint32_t lost = 0; lost < most; lost++)
			CHECK(is_torn(live, file, before, n, lost));
	}
}

/* Zeros that no power cut leaves: in the midst, where what was confirmed stands behind them. */
static void zeros_in_the_midst_are_damage(void)
{
	static uint8_t file[65536], was[65536], big[STORE_VALUE_MAX];
	struct store s;
	size_t n, at[8];

	empty_dir();
	CHECK(!open_with(&s, boot_key));
	for (uint8_t k = 0; k < 8; k++) {
		at[k] = s.size;
		CHECK(!store_put(&s, 1, span_of(&k, 1), span_of(big, k < 6 ? 1000 : 30)));
	}
	const char *live = s.live ? "store.b" : "store.a";
	store_close(&s);
	CHECK(read_file(live, was, sizeof was, &n));
	for (int k = 0; k < 7; k++) {
		size_t zeros[] = {4, 20, at[k + 1] - at[k], SECTOR};
		for (size_t i = 0; i < (k < 5 ? 4 : 2); i++) {
			memcpy(file, was, n);
			memset(file + at[k], 0, zeros[i]);
			empty_dir();
			CHECK(write_file(live, file, n) && open_with(&s, boot_key));
		}
	}
	memcpy(file, was, n);
	memset(file + n, 0, STORE_SEALED_MAX + 1); /* more than any change */
	empty_dir();
	CHECK(write_file(live, file, n + STORE_SEALED_MAX + 1) && open_with(&s, boot_key));
}

static void changed_octets_are_never_believed(void)
{
	static uint8_t file[65536];
	struct store s;
	size_t n, refused = 0;

	CHECK(make_history(&s));
	const char *live = s.live ? "store.b" : "store.a";
	store_close(&s);
	CHECK(read_file(live, file, sizeof file, &n));
	for (size_t i = 0; i < n; i++) {
		uint8_t was = file[i];
		empty_dir();
		file[i] ^= (uint8_t)(1u << rand_u32() % 8);
		CHECK(write_file(live, file, n));
		file[i] = was;
		const char *why = open_with(&s, boot_key);
		CHECK(why || is_some_model(&s, n));
		refused += why != NULL;
		if (!why)
			store_close(&s);
	}
	CHECK(refused > 0 && refused < n);
}

/* A crash in a rewrite: the old file whole, the new one cut anywhere. Then also a tail of zeros, as a file system may
 * leave one. */
static void crash_in_a_rewrite(void)
{
	static uint8_t old[65536], fresh[65536];
	struct store s;
	size_t old_n, n;

	CHECK(make_history(&s));
	const char *live = s.live ? "store.b" : "store.a", *other = s.live ? "store.a" : "store.b";
	CHECK(read_file(live, old, sizeof old, &old_n));
	CHECK(!store_rewrite(&s));
	store_close(&s);
	CHECK(read_file(other, fresh, sizeof fresh, &n) && n > STORE_NEWBORN);
	for (size_t cut = 0; cut <= n; cut++) {
		for (int zeros = 0; zeros < 2; zeros++) {
			static uint8_t part[65536];
			memcpy(part, fresh, cut);
			memset(part + cut, 0, n - cut);
			CHECK(write_file(live, old, old_n) && write_file(other, part, zeros ? n : cut));
			CHECK(!open_with(&s, boot_key) && equals_model(&s, &after[STEPS]));
			store_close(&s);
		}
	}
}

static void dropped_values_are_overwritten(void)
{
	struct stat st;
	struct store s;

	empty_dir();
	CHECK(!open_with(&s, boot_key) && !store_put(&s, 1, SPAN("day"), SPAN("key of a day")));
	int was = s.live;
	CHECK(!store_del(&s, 1, SPAN("day")) && !store_rewrite(&s) && s.live != was);
	CHECK(fstat(s.file[was], &st) == 0 && st.st_size == 0);
	CHECK(fstat(s.file[s.live], &st) == 0 && st.st_size == STORE_NEWBORN);
	store_close(&s);
}

/* The disk refuses to have the old file erased: that is remembered, and done later. */
static void what_could_not_be_erased_is_tried_again(void)
{
	struct stat st;
	struct store s;
	struct span v;

	empty_dir();
	CHECK(!open_with(&s, boot_key) && !s.unwiped && !store_put(&s, 1, SPAN("day"), SPAN("key of a day")));
	CHECK(!store_del(&s, 1, SPAN("day")));
	int was = s.live, good = s.file[was];
	s.file[was] = openat(dir, was ? "store.b" : "store.a", O_RDONLY);
	CHECK(s.file[was] >= 0 && store_rewrite(&s) && s.live != was && s.unwiped);
	CHECK(!store_put(&s, 1, SPAN("a"), SPAN("one")) && store_wipe(&s) && s.unwiped);
	CHECK(fstat(good, &st) == 0 && st.st_size > 0);
	close(s.file[was]);
	s.file[was] = good;
	uint64_t rewrites = s.rewrites;
	CHECK(!store_wipe(&s) && !s.unwiped && s.rewrites == rewrites && fstat(good, &st) == 0 && st.st_size == 0);
	/* and where it was the writing that failed */
	int to = 1 - s.live, full = open("/dev/full", O_RDWR);
	good = s.file[to];
	s.file[to] = full;
	CHECK(!store_del(&s, 1, SPAN("a")) && store_rewrite(&s) && s.unwiped && store_wipe(&s) && s.unwiped);
	s.file[to] = good;
	close(full);
	CHECK(!store_wipe(&s) && !s.unwiped && s.live == to && fstat(s.file[1 - to], &st) == 0 && st.st_size == 0);
	CHECK(!store_get(&s, 1, SPAN("a"), &v));
	store_close(&s);
}

/* No room on the disk: the change is refused, the table stands, and when there is room again it goes on. */
static void full_disk_fails_closed(void)
{
	struct store s;
	struct span v;

	empty_dir();
	CHECK(!open_with(&s, boot_key) && !store_put(&s, 1, SPAN("a"), SPAN("one")));
	int good[2] = {s.file[0], s.file[1]}, full = open("/dev/full", O_RDWR);
	CHECK(full >= 0);
	s.file[0] = s.file[1] = full;
	CHECK(store_put(&s, 1, SPAN("a"), SPAN("two")) != NULL);
	CHECK(store_put(&s, 1, SPAN("b"), SPAN("two")) != NULL);
	CHECK(store_del(&s, 1, SPAN("a")) != NULL);
	CHECK(store_get(&s, 1, SPAN("a"), &v) && span_eq(v, SPAN("one")) && !store_get(&s, 1, SPAN("b"), &v));
	s.file[0] = good[0];
	s.file[1] = good[1];
	close(full);
	CHECK(!store_put(&s, 1, SPAN("b"), SPAN("three")));
	store_close(&s);
	CHECK(!open_with(&s, boot_key) && store_get(&s, 1, SPAN("a"), &v) && span_eq(v, SPAN("one")));
	CHECK(store_get(&s, 1, SPAN("b"), &v) && span_eq(v, SPAN("three")));
	store_close(&s);
}

int main(void)
{
	if (!mkdtemp(path))
		return 1;
	dir = open(path, O_RDONLY | O_DIRECTORY);
	RUN(put_get_del);
	RUN(octets_are_added);
	RUN(many_go_at_once);
	RUN(bounds_hold);
	RUN(wrong_key_is_refused);
	RUN(every_cut_leaves_what_was_confirmed);
	RUN(a_lost_sector_is_a_change_that_was_never_confirmed);
	RUN(zeros_in_the_midst_are_damage);
	RUN(changed_octets_are_never_believed);
	RUN(crash_in_a_rewrite);
	RUN(dropped_values_are_overwritten);
	RUN(what_could_not_be_erased_is_tried_again);
	RUN(full_disk_fails_closed);
	empty_dir();
	close(dir);
	rmdir(path);
	return TEST_END;
}
