/* SPDX-License-Identifier: ISC */
/* Records that outlive their process: what a death in the middle of a write leaves, what is kept and what is wiped (R27). */
#include "arena/arena_int.h"
#include "test.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LAYOUT = 3, RECORDS = 4, TABLES = 2 };

struct record {
	uint64_t a;
	uint8_t b[92];
	uint32_t c;
};

static const struct arena_shape shapes[TABLES] = {{sizeof(struct record), RECORDS}, {5, 3}};
static struct arena arena;
static struct arena_table table[TABLES];
static bool adopted;
static int file = -1;

static struct record record_of(uint8_t n)
{
	struct record r;
	memset(&r, n, sizeof r);
	return r;
}

static bool holds(const struct arena_table *t, uint32_t index, uint8_t n)
{
	struct record want = record_of(n);
	const void *have = arena_get(t, index);
	return have && memcmp(have, &want, t->record_size) == 0;
}

static bool reopen(uint32_t layout, const struct arena_shape *shape, uint32_t tables)
{
	arena_close(&arena);
	return arena_open(&arena, file, layout, shape, tables, table, &adopted);
}

static bool start(void)
{
	arena_close(&arena);
	if (file >= 0)
		close(file);
	file = memfd_create("arena", MFD_CLOEXEC);
	return file >= 0 && reopen(LAYOUT, shapes, TABLES) && !adopted;
}

static bool put(uint32_t index, uint8_t n)
{
	struct record r = record_of(n);
	arena_put(&table[0], index, &r);
	return holds(&table[0], index, n);
}

static bool empty(void)
{
	for (uint32_t t = 0; t < TABLES; t++)
		for (uint32_t i = 0; i < shapes[t].count; i++)
			if (arena_get(&table[t], i) || arena_marks(&table[t], i))
				return false;
	return true;
}

/* How often the file holds this octet, which no head of a table has. */
static int octets(uint8_t n)
{
	int found = 0;

	for (size_t i = 0; i < arena.size; i++)
		found += arena.map[i] == n;
	return found;
}

static void what_was_written_is_there_again(void)
{
	CHECK(start() && empty());
	CHECK(put(0, 0xa1) && put(3, 0xa2) && put(3, 0xa3) && put(3, 0xa4));
	arena_put(&table[1], 2, "five");
	CHECK(reopen(LAYOUT, shapes, TABLES) && adopted);
	CHECK(holds(&table[0], 0, 0xa1) && holds(&table[0], 3, 0xa4) && !arena_get(&table[0], 1) && !arena_get(&table[0], 2));
	CHECK(memcmp(arena_get(&table[1], 2), "five", 5) == 0 && !arena_get(&table[1], 0));
}

/* Each write goes to the slot that does not count, so until it is committed the old record is whole. */
static void a_torn_write_leaves_the_old_record(void)
{
	CHECK(start() && put(1, 0xa1));
	for (uint8_t n = 0xa1; n < 0xa9; n++) {
		struct record half = record_of(0xee);
		const uint8_t *old = arena_get(&table[0], 1);
		CHECK(put(1, (uint8_t)(n + 1)) && arena_get(&table[0], 1) != old);
		/* what a writer leaves that dies before it commits: a part of the slot that does not count */
		memcpy(arena.map + (old - arena.map), &half, sizeof half / 2);
		CHECK(reopen(LAYOUT, shapes, TABLES) && adopted && holds(&table[0], 1, (uint8_t)(n + 1)));
	}
	CHECK(put(1, 0x55) && holds(&table[0], 1, 0x55) && !arena_get(&table[0], 0) && !arena_get(&table[0], 2));
}

static void another_layout_or_shape_starts_empty(void)
{
	const struct arena_shape more[TABLES] = {{sizeof(struct record), RECORDS + 1}, {5, 3}};
	const struct arena_shape turned[TABLES] = {{sizeof(struct record) - 1, RECORDS}, {5, 3}}; /* a file of the same size */

	CHECK(start() && put(0, 0xa1));
	CHECK(reopen(LAYOUT + 1, shapes, TABLES) && !adopted && empty() && octets(0xa1) == 0);
	CHECK(put(0, 0xa1) && reopen(LAYOUT + 1, more, TABLES) && !adopted && empty() && octets(0xa1) == 0);
	CHECK(start() && put(0, 0xa1));
	CHECK(reopen(LAYOUT, turned, TABLES) && !adopted && empty() && octets(0xa1) == 0);
	CHECK(start() && put(0, 0xa1));
	CHECK(reopen(LAYOUT, shapes, 1) && !adopted && !arena_get(&table[0], 0));
	CHECK(!arena_open(&arena, file, LAYOUT, shapes, ARENA_TABLES_MAX + 1, table, &adopted));
}

static void a_file_of_garbage_starts_empty(void)
{
	uint8_t garbage[4096];

	memset(garbage, 0x77, sizeof garbage);
	CHECK(start());
	size_t size = arena.size;
	CHECK(size <= sizeof garbage && pwrite(file, garbage, size, 0) == (ssize_t)size);
	CHECK(reopen(LAYOUT, shapes, TABLES) && !adopted && empty() && octets(0x77) == 0);
	CHECK(ftruncate(file, 10) == 0 && reopen(LAYOUT, shapes, TABLES) && !adopted && empty() && arena.size == size);
}

static void clear_wipes_both_slots(void)
{
	CHECK(start() && put(2, 0xc5) && octets(0xc5) == (int)sizeof(struct record));
	CHECK(put(2, 0xc6) && put(1, 0xc7) && octets(0xc5) == (int)sizeof(struct record));
	arena_mark(&table[0], 2);
	arena_clear(&table[0], 2);
	CHECK(octets(0xc5) == 0 && octets(0xc6) == 0 && !arena_get(&table[0], 2) && arena_marks(&table[0], 2) == 0);
	CHECK(holds(&table[0], 1, 0xc7));
	CHECK(reopen(LAYOUT, shapes, TABLES) && adopted && !arena_get(&table[0], 2) && holds(&table[0], 1, 0xc7));
	CHECK(put(2, 0xc8));
}

/* A short record after a long one leaves no octet of either. */
static void clear_wipes_what_was_written(void)
{
	uint8_t long_one[90], short_one[10];

	memset(long_one, 0xc5, sizeof long_one);
	memset(short_one, 0xc6, sizeof short_one);
	CHECK(start());
	for (int i = 0; i < 2; i++)
		arena_put_parts(&table[0], 2, span_of(long_one, 40), span_of(long_one + 40, 50));
	CHECK(octets(0xc5) == 180);
	for (int i = 0; i < 2; i++)
		arena_put_parts(&table[0], 2, span_of(short_one, 10), span_of(NULL, 0));
	CHECK(memcmp(arena_get(&table[0], 2), short_one, 10) == 0 && octets(0xc5) == 160);
	CHECK(reopen(LAYOUT, shapes, TABLES) && adopted);
	CHECK(memcmp(arena_get(&table[0], 2), short_one, 10) == 0);
	arena_clear(&table[0], 2);
	CHECK(octets(0xc5) == 0 && octets(0xc6) == 0);
}

static void marks_count_the_deaths_in_a_row(void)
{
	CHECK(start() && put(0, 0xa1));
	for (uint32_t n = 1; n <= ARENA_MARKS_MAX; n++) {
		arena_mark(&table[0], 0);
		CHECK(reopen(LAYOUT, shapes, TABLES) && arena_marks(&table[0], 0) == n && arena_marks(&table[0], 1) == 0);
	}
	arena_unmark(&table[0], 0);
	CHECK(arena_marks(&table[0], 0) == 0 && holds(&table[0], 0, 0xa1));
}

/* --- the layout before --- */

struct record_2 {
	uint64_t a;
	uint8_t b[80];
};

static const uint32_t sizes_2[TABLES] = {sizeof(struct record_2), 5};
static const struct arena_shape shapes_2[TABLES] = {{sizeof(struct record_2), RECORDS}, {5, 3}};
static int converted;
static bool dies;

/* 0xbb is none that could be; one of 0xdd ends the process. */
static bool of_2(const void *from, void *to)
{
	const struct record_2 *f = from;
	struct record *t = to;

	converted++;
	if (dies && f->b[0] == 0xdd)
		_exit(7);
	t->a = f->a;
	memcpy(t->b, f->b, sizeof f->b);
	t->c = 0x22;
	return f->b[0] != 0xbb;
}

static arena_converter *const converters[TABLES] = {of_2, NULL};
static const struct arena_former former = {2, TABLES, sizes_2, converters};
static const struct arena_plan plan = {.layout = LAYOUT, .tables = TABLES, .shape = shapes, .former = &former};

static bool write_2(void)
{
	arena_close(&arena);
	close(file);
	file = memfd_create("arena", MFD_CLOEXEC);
	return arena_look(file, &plan) == ARENA_EMPTY && reopen(2, shapes_2, TABLES) && !adopted;
}

static void put_2(uint32_t index, uint8_t n)
{
	struct record_2 r;

	memset(&r, n, sizeof r);
	arena_put(&table[0], index, &r);
}

static bool take(enum arena_found want)
{
	enum arena_found found;

	arena_close(&arena);
	return arena_look(file, &plan) == want && arena_take(&arena, file, &plan, table, &found) && found == want;
}

static bool is_of_2(uint32_t index, uint8_t n)
{
	const struct record *r = arena_get(&table[0], index);
	uint64_t a;

	memset(&a, n, sizeof a);
	return r && r->a == a && r->b[0] == n && r->b[79] == n && r->c == 0x22;
}

static void the_layout_before_is_taken_over(void)
{
	CHECK(write_2());
	put_2(0, 0xa1);
	put_2(2, 0xbb);
	put_2(3, 0xa2);
	put_2(3, 0xa3);
	arena_put(&table[1], 2, "five");
	converted = 0;
	CHECK(take(ARENA_FORMER) && converted == 3);
	CHECK(is_of_2(0, 0xa1) && !arena_get(&table[0], 1) && !arena_get(&table[0], 2) && is_of_2(3, 0xa3));
	CHECK(memcmp(arena_get(&table[1], 2), "five", 5) == 0 && !arena_get(&table[1], 0));
	CHECK(octets(0xbb) == 0 && octets(0xa2) == 0);
	CHECK(put(1, 0xa4) && take(ARENA_TODAYS) && converted == 3 && is_of_2(0, 0xa1) && holds(&table[0], 1, 0xa4));
}

/* That layout had the first table alone. */
static void a_table_that_the_layout_before_had_not_begins_empty(void)
{
	static const struct arena_former one = {2, 1, sizes_2, converters};
	const struct arena_plan of_one = {.layout = LAYOUT, .tables = TABLES, .shape = shapes, .former = &one};
	enum arena_found found;

	arena_close(&arena);
	close(file);
	file = memfd_create("arena", MFD_CLOEXEC);
	CHECK(reopen(2, shapes_2, 1) && arena_look(file, &plan) == ARENA_UNKNOWN && arena_look(file, &of_one) == ARENA_FORMER);
	put_2(0, 0xa1);
	put_2(3, 0xa2);
	arena_close(&arena);
	CHECK(arena_take(&arena, file, &of_one, table, &found) && found == ARENA_FORMER);
	CHECK(is_of_2(0, 0xa1) && !arena_get(&table[0], 1) && is_of_2(3, 0xa2));
	for (uint32_t i = 0; i < shapes[1].count; i++)
		CHECK(!arena_get(&table[1], i));
	CHECK(take(ARENA_TODAYS) && is_of_2(0, 0xa1));
	CHECK(write_2() && arena_look(file, &of_one) == ARENA_UNKNOWN); /* one with both is none of its own */
}

/* The process dies of it once, and once more, and lives the third time without that record. */
static void a_record_that_kills_its_converter_is_left_out(void)
{
	CHECK(write_2());
	put_2(0, 0xa1);
	put_2(1, 0xdd);
	put_2(2, 0xa2);
	dies = true;
	for (int life = 1; life <= 2; life++) {
		int status = 0;
		pid_t pid = fork();
		if (pid == 0)
			_exit(take(ARENA_FORMER) ? 0 : 1);
		CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
	}
	CHECK(take(ARENA_FORMER) && is_of_2(0, 0xa1) && !arena_get(&table[0], 1) && is_of_2(2, 0xa2));
	dies = false;
}

/* --- of other numbers --- */

enum { MOST = 8 };
static const struct arena_shape most[TABLES] = {{sizeof(struct record), MOST}, {5, MOST}};

/* Of the second table: counted from the end. */
static uint32_t from_the_end(const struct arena_shape *was, const struct arena_shape *is, uint32_t index)
{
	const uint32_t before_end = was[1].count - index;

	return before_end <= is[1].count ? is[1].count - before_end : UINT32_MAX;
}

static arena_place *const places[TABLES] = {NULL, from_the_end};

static struct arena_plan plan_of(const struct arena_shape *shape, uint32_t stays)
{
	return (struct arena_plan){LAYOUT, TABLES, shape, &former, places, most, stays};
}

static bool take_as(const struct arena_plan *p, enum arena_found want)
{
	enum arena_found found;

	arena_close(&arena);
	return arena_look(file, p) == want && arena_take(&arena, file, p, table, &found) && found == want;
}

static bool five_at(uint32_t index)
{
	const void *r = arena_get(&table[1], index);

	return r && memcmp(r, "five", 5) == 0;
}

static void more_room_is_there_for_all(void)
{
	const struct arena_shape more[TABLES] = {{sizeof(struct record), RECORDS + 3}, {5, 5}};
	const struct arena_plan p = plan_of(more, 0);

	CHECK(start() && put(0, 0xa1) && put(3, 0xa2));
	arena_mark(&table[0], 3);
	arena_mark(&table[0], 3);
	arena_put(&table[1], 1, "five");
	CHECK(take_as(&p, ARENA_RESIZED) && table[0].count == RECORDS + 3 && table[1].count == 5 && arena.displaced == 0);
	CHECK(holds(&table[0], 0, 0xa1) && holds(&table[0], 3, 0xa2) && arena_marks(&table[0], 3) == 2 && arena_marks(&table[0], 0) == 0);
	CHECK(five_at(3) && !arena_get(&table[1], 1) && !arena_get(&table[0], RECORDS));
	CHECK(put(RECORDS + 2, 0xa3) && take_as(&p, ARENA_TODAYS) && holds(&table[0], RECORDS + 2, 0xa3) && five_at(3));
	CHECK(take(ARENA_UNKNOWN) && empty()); /* for who reads no other numbers */
}

static void what_has_no_place_is_counted_and_gone(void)
{
	const struct arena_shape less[TABLES] = {{sizeof(struct record), RECORDS - 1}, {5, 1}};
	const struct arena_plan p = plan_of(less, 0);

	CHECK(start() && put(0, 0xa1) && put(3, 0xa2));
	arena_put(&table[1], 1, "none");
	arena_put(&table[1], 2, "five");
	CHECK(take_as(&p, ARENA_RESIZED) && arena.displaced == 2 && holds(&table[0], 0, 0xa1) && five_at(0));
	CHECK(table[0].count == RECORDS - 1 && octets(0xa2) == 0);
	CHECK(take_as(&p, ARENA_TODAYS) && arena.displaced == 0);
}

static void a_table_keeps_its_size_while_something_stands_beyond(void)
{
	const struct arena_shape less[TABLES] = {{sizeof(struct record), 1}, {5, 3}};
	const struct arena_plan p = plan_of(less, 1);

	CHECK(start() && put(0, 0xa1) && put(2, 0xa2));
	for (int life = 0; life < 2; life++)
		CHECK(take_as(&p, ARENA_RESIZED) && table[0].count == RECORDS && holds(&table[0], 0, 0xa1) && holds(&table[0], 2, 0xa2));
	arena_clear(&table[0], 2);
	CHECK(take_as(&p, ARENA_RESIZED) && table[0].count == 1 && holds(&table[0], 0, 0xa1) && arena.displaced == 0);
	CHECK(take_as(&p, ARENA_TODAYS));
}

static void the_layout_before_may_have_other_numbers(void)
{
	const struct arena_shape less[TABLES] = {{sizeof(struct record), 2}, {5, 4}};
	const struct arena_plan p = plan_of(less, 0), staying = plan_of(less, 1);

	for (int stays = 0; stays < 2; stays++) {
		CHECK(write_2());
		put_2(1, 0xa1);
		put_2(3, 0xa2);
		arena_put(&table[1], 2, "five");
		CHECK(take_as(stays ? &staying : &p, ARENA_RESIZED) && is_of_2(1, 0xa1) && five_at(3));
		CHECK(stays ? table[0].count == RECORDS && is_of_2(3, 0xa2) : table[0].count == 2 && arena.displaced == 1);
	}
}

static void numbers_that_no_configuration_asks_for_are_not_read(void)
{
	const struct arena_shape beyond[TABLES] = {{sizeof(struct record), MOST + 1}, {5, 3}};
	const struct arena_plan p = plan_of(shapes, 1);
	const uint32_t count = MOST;

	CHECK(start() && reopen(LAYOUT, beyond, TABLES) && put(0, 0xa1) && take_as(&p, ARENA_UNKNOWN) && empty() && octets(0xa1) == 0);
	/* nor more than the file holds */
	CHECK(start() && put(0, 0xa1));
	CHECK(pwrite(file, &count, sizeof count, (off_t)offsetof(struct arena_head, shape[0].count)) == sizeof count);
	CHECK(take_as(&p, ARENA_UNKNOWN) && empty());
}

/* The configuration changes once more before the image of the change before is moved to the front. */
static void killed_at_it_and_changed_again(void)
{
	const struct arena_shape more[TABLES] = {{sizeof(struct record), RECORDS + 2}, {5, 3}},
				 less[TABLES] = {{sizeof(struct record), 2}, {5, 3}};
	const struct arena_plan first = plan_of(more, 0), second = plan_of(less, 1);

	for (unsigned us = 0; us < 400; us += 2) {
		int status = 0;
		CHECK(start() && put(1, 0xa1) && put(3, 0xa2));
		arena_close(&arena);
		pid_t pid = fork();
		if (pid == 0)
			_exit(take_as(&first, ARENA_RESIZED) ? 0 : 1);
		CHECK(pid > 0);
		usleep(us);
		(void)kill(pid, SIGKILL);
		CHECK(waitpid(pid, &status, 0) == pid && (WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
		enum arena_found found;
		CHECK(arena_take(&arena, file, &second, table, &found) && found != ARENA_UNKNOWN);
		CHECK(holds(&table[0], 1, 0xa1) && holds(&table[0], 3, 0xa2) && table[0].count >= RECORDS);
	}
}

/* --- killed at it --- */

static struct {
	uint8_t octets[1 << 16];
	size_t n;
} before, after; /* the whole file */

static bool read_file(uint8_t *to, size_t *n)
{
	ssize_t got = pread(file, to, sizeof before.octets, 0);

	*n = got > 0 ? (size_t)got : 0;
	return got > 0 && *n < sizeof before.octets;
}

static bool write_file(const uint8_t *from, size_t n, size_t at)
{
	return pwrite(file, from, n, (off_t)at) == (ssize_t)n;
}

static bool head_says(uint64_t magic)
{
	return write_file((const uint8_t *)&magic, sizeof magic, 0);
}

static bool know_both(void)
{
	if (!write_2())
		return false;
	put_2(0, 0xa1);
	put_2(3, 0xa2);
	arena_put(&table[1], 2, "five");
	return read_file(before.octets, &before.n) && take(ARENA_FORMER) && read_file(after.octets, &after.n);
}

enum stage { GROWN, HALF_STAGED, STAGED, SAID, HALF_MOVED, MOVED, MOVED_WITH_HEAD, LONG, STAGES };

/* What a death at that point leaves. */
static bool leave(enum stage s)
{
	const size_t at = before.n > after.n ? before.n : after.n, head = sizeof(struct arena_head);
	const size_t behind = at + after.n, all = behind + arena_size(NULL, 0);
	const size_t moved = s < HALF_MOVED ? head : s == HALF_MOVED ? after.n / 2 : after.n;

	arena_close(&arena);
	return ftruncate(file, 0) == 0 && write_file(before.octets, before.n, 0) && ftruncate(file, (off_t)all) == 0 &&
	       (s < HALF_STAGED || write_file(after.octets, s == HALF_STAGED ? after.n / 2 : after.n, at)) &&
	       (s < STAGED || write_file(after.octets, head, behind)) &&
	       write_file(after.octets + head, moved - head, head) && (s < MOVED_WITH_HEAD || write_file(after.octets, head, 0)) &&
	       (s < SAID || s == LONG || head_says(ARENA_MOVING));
}

static void who_is_killed_while_it_takes_over_has_lost_nothing(void)
{
	struct stat st;

	for (int s = GROWN; s < STAGES; s++) {
		CHECK(know_both() && leave((enum stage)s));
		CHECK(take(s == LONG ? ARENA_TODAYS : ARENA_FORMER));
		CHECK(is_of_2(0, 0xa1) && !arena_get(&table[0], 1) && is_of_2(3, 0xa2) && memcmp(arena_get(&table[1], 2), "five", 5) == 0);
		CHECK(fstat(file, &st) == 0 && (size_t)st.st_size == after.n);
		CHECK(take(ARENA_TODAYS) && is_of_2(0, 0xa1));
	}
}

/* Who is killed where no table of ours says; each life is longer by a bit. */
static void killed_at_any_moment(void)
{
	for (unsigned us = 0; us < 400; us += 2) {
		int status = 0;
		CHECK(know_both() && leave(GROWN));
		pid_t pid = fork();
		if (pid == 0)
			_exit(take(ARENA_FORMER) ? 0 : 1);
		CHECK(pid > 0);
		usleep(us);
		(void)kill(pid, SIGKILL);
		CHECK(waitpid(pid, &status, 0) == pid && (WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
		enum arena_found found;
		CHECK(arena_take(&arena, file, &plan, table, &found) && (found == ARENA_FORMER || found == ARENA_TODAYS));
		CHECK(is_of_2(0, 0xa1) && is_of_2(3, 0xa2) && memcmp(arena_get(&table[1], 2), "five", 5) == 0);
	}
}

/* What says so of itself, and has nothing to move. */
static void a_false_word_moves_nothing(void)
{
	const size_t at = before.n > after.n ? before.n : after.n;
	const uint64_t none = 0;

	CHECK(know_both() && leave(GROWN) && head_says(ARENA_MOVING) && take(ARENA_UNKNOWN) && empty() && octets(0xa1) == 0);
	CHECK(know_both() && leave(SAID) && write_file((const uint8_t *)&none, sizeof none, at) && take(ARENA_UNKNOWN) && empty());
	CHECK(know_both() && leave(SAID) && write_file((const uint8_t *)&none, sizeof none, at + after.n) && take(ARENA_UNKNOWN) && empty());
	CHECK(know_both() && head_says(ARENA_MOVING) && take(ARENA_UNKNOWN) && empty());
	CHECK(know_both() && head_says(0) && take(ARENA_UNKNOWN) && empty() && octets(0xa1) == 0);
}

static void what_is_neither_is_refused_with_the_reason(void)
{
	const struct arena_shape more[TABLES] = {{sizeof(struct record), RECORDS + 1}, {5, 3}};
	const struct arena_plan alone = {.layout = LAYOUT, .tables = TABLES, .shape = shapes};

	CHECK(!arena_why_not(ARENA_EMPTY) && !arena_why_not(ARENA_TODAYS) && !arena_why_not(ARENA_FORMER));
	CHECK(!arena_why_not(ARENA_RESIZED) && arena_why_not(ARENA_UNKNOWN));
	CHECK(write_2() && arena_look(file, &alone) == ARENA_UNKNOWN);
	CHECK(start() && reopen(1, shapes_2, TABLES) && take(ARENA_UNKNOWN) && empty());
	CHECK(start() && reopen(LAYOUT + 1, shapes, TABLES) && take(ARENA_UNKNOWN) && empty());
	CHECK(start() && reopen(2, shapes, TABLES) && take(ARENA_UNKNOWN) && empty()); /* its records are not those of 2 */
	CHECK(start() && reopen(LAYOUT, more, TABLES) && take(ARENA_UNKNOWN) && empty());
	CHECK(start() && reopen(LAYOUT, shapes, 1) && take(ARENA_UNKNOWN) && empty());
	CHECK(write_2() && ftruncate(file, 200) == 0 && take(ARENA_UNKNOWN) && empty());
	CHECK(ftruncate(file, 3) == 0 && take(ARENA_UNKNOWN) && empty());
}

/* In a process of its own, standard error to where we read it. */
static int start_by(int fd, char said[256])
{
	int ends[2], status = -1;

	arena_close(&arena);
	memset(said, 0, 256);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		(void)dup2(ends[1], STDERR_FILENO);
		(void)prctl(PR_SET_DUMPABLE, 0);
		arena_take_or_die(&arena, fd, &plan, table, "apples");
		_exit(arena_get(&table[0], 0) ? 1 : 0);
	}
	close(ends[1]);
	ssize_t n = read(ends[0], said, 255);
	close(ends[0]);
	return n >= 0 && pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static void a_process_says_what_it_found(void)
{
	char said[256];
	int status;

	CHECK(write_2());
	put_2(0, 0xa1);
	status = start_by(file, said);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1 && strstr(said, "<6>") && strstr(said, "is taken over"));
	status = start_by(file, said);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1 && !*said); /* nothing to tell */
	CHECK(ftruncate(file, 3) == 0);
	status = start_by(file, said);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0 && strstr(said, "<3>") && strstr(said, "apples of before are lost: "));
	CHECK(strstr(said, arena_why_not(ARENA_UNKNOWN)));
	status = start_by(-1, said);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strstr(said, "can't be mapped"));
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	status = start_by(nowhere, said);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strstr(said, "can't be mapped"));
	close(nowhere);
}

int main(void)
{
	RUN(what_was_written_is_there_again);
	RUN(a_torn_write_leaves_the_old_record);
	RUN(another_layout_or_shape_starts_empty);
	RUN(a_file_of_garbage_starts_empty);
	RUN(clear_wipes_both_slots);
	RUN(clear_wipes_what_was_written);
	RUN(marks_count_the_deaths_in_a_row);
	RUN(the_layout_before_is_taken_over);
	RUN(a_table_that_the_layout_before_had_not_begins_empty);
	RUN(a_record_that_kills_its_converter_is_left_out);
	RUN(more_room_is_there_for_all);
	RUN(what_has_no_place_is_counted_and_gone);
	RUN(a_table_keeps_its_size_while_something_stands_beyond);
	RUN(the_layout_before_may_have_other_numbers);
	RUN(numbers_that_no_configuration_asks_for_are_not_read);
	RUN(killed_at_it_and_changed_again);
	RUN(who_is_killed_while_it_takes_over_has_lost_nothing);
	RUN(killed_at_any_moment);
	RUN(a_false_word_moves_nothing);
	RUN(what_is_neither_is_refused_with_the_reason);
	RUN(a_process_says_what_it_found);
	return TEST_END;
}
