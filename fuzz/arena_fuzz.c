/* SPDX-License-Identifier: ISC */
/* The file of an arena, spoiled anywhere, its head and what is moved to its front among it: {what to begin with, what the configuration
 * asks for}, then {offset (2), octet} over and over, then perhaps how much is cut off. It is taken over or begins empty; each record lies in
 * it, can be written and wiped, and the next start takes the same. */
#include "arena/arena_int.h"
#include "fuzz.h"
#include <sys/mman.h>
#include <unistd.h>

enum { LAYOUT = 3, TABLES = 2, RECORD = 100, FORMER_RECORD = 60, OTHER = 5, MOST = 8, FILE_MAX = 16384 };
enum { FROM_TODAYS, FROM_FORMER, FROM_STAGED, FROM_N };

static const struct arena_shape today[TABLES] = {{RECORD, 4}, {OTHER, 3}}, before[TABLES] = {{FORMER_RECORD, 4}, {OTHER, 3}};
static const struct arena_shape most[TABLES] = {{RECORD, MOST}, {OTHER, MOST}};

static bool convert(const void *from, void *to)
{
	memcpy(to, from, FORMER_RECORD);
	return ((const uint8_t *)from)[0] != 0xbb;
}

static uint32_t from_the_end(const struct arena_shape *was, const struct arena_shape *is, uint32_t index)
{
	const uint32_t before_end = was[1].count - index;

	return before_end <= is[1].count ? is[1].count - before_end : UINT32_MAX;
}

static const uint32_t former_sizes[TABLES] = {FORMER_RECORD, OTHER};
static arena_converter *const converters[TABLES] = {convert, NULL};
static const struct arena_former former = {LAYOUT - 1, TABLES, former_sizes, converters};
static arena_place *const places[TABLES] = {NULL, from_the_end};

/* One that was written in every second record; its octets. */
static size_t written(uint32_t layout, const struct arena_shape *shape, uint8_t *out)
{
	static const uint8_t record[RECORD] = {0xa1, 1, 2, 3};
	struct arena_table t[TABLES];
	struct arena a;
	bool adopted;
	int fd = memfd_create("arena", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0 && arena_open(&a, fd, layout, shape, TABLES, t, &adopted));
	for (uint32_t k = 0; k < TABLES; k++)
		for (uint32_t i = 0; i < t[k].count; i += 2)
			arena_put(&t[k], i, record);
	size_t n = a.size;
	FUZZ_CHECK(n <= FILE_MAX);
	memcpy(out, a.map, n);
	arena_close(&a);
	close(fd);
	return n;
}

/* As a process leaves it that is killed before what is new is moved. */
static size_t staged(uint8_t *out)
{
	const uint64_t moving = ARENA_MOVING;
	const size_t had = written(LAYOUT - 1, before, out), need = arena_size(today, TABLES), at = had > need ? had : need;

	FUZZ_CHECK(at + need + arena_size(NULL, 0) <= FILE_MAX);
	memset(out + had, 0, at - had);
	written(LAYOUT, today, out + at);
	memset(out + at + need, 0, arena_size(NULL, 0));
	memcpy(out + at + need, out + at, sizeof(struct arena_head));
	memcpy(out, &moving, sizeof moving);
	return at + need + arena_size(NULL, 0);
}

static void use(struct arena *a, struct arena_table *t)
{
	static uint8_t record[RECORD];

	FUZZ_CHECK(a->used <= a->size);
	for (uint32_t k = 0; k < TABLES; k++) {
		FUZZ_CHECK(t[k].record_size == today[k].record_size && t[k].count <= MOST);
		for (uint32_t i = 0; i < t[k].count; i++) {
			const uint8_t *r = arena_get(&t[k], i);
			FUZZ_CHECK(!r || (r >= a->map && r + t[k].record_size <= a->map + a->size));
			if (r)
				memcpy(record, r, t[k].record_size);
			if (i % 2)
				arena_clear(&t[k], i);
			else
				arena_put(&t[k], i, record);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t file[FILE_MAX];
	struct arena_shape shape[TABLES] = {today[0], today[1]};
	const struct arena_plan plan = {LAYOUT, TABLES, shape, &former, places, most, n > 1 ? data[1] >> 6 : 0};
	struct arena_table t[TABLES];
	enum arena_found found;
	struct arena a;

	if (n < 2)
		return 0;
	shape[0].count = 1 + data[1] % MOST;
	shape[1].count = 1 + data[1] / MOST % MOST;
	size_t size = data[0] % FROM_N == FROM_STAGED   ? staged(file)
	              : data[0] % FROM_N == FROM_FORMER ? written(LAYOUT - 1, before, file)
	                                                : written(LAYOUT, today, file);
	size_t at = 2;
	for (; at + 3 <= n; at += 3)
		file[((size_t)data[at] << 8 | data[at + 1]) % size] = data[at + 2];
	if (n - at == 2)
		size -= ((size_t)data[at] << 8 | data[at + 1]) % size;
	int fd = memfd_create("arena", MFD_CLOEXEC);
	FUZZ_CHECK(fd >= 0 && write(fd, file, size) == (ssize_t)size);
	FUZZ_CHECK(arena_take(&a, fd, &plan, t, &found));
	use(&a, t);
	arena_close(&a);
	FUZZ_CHECK(arena_take(&a, fd, &plan, t, &found) && (found == ARENA_TODAYS || found == ARENA_RESIZED));
	use(&a, t);
	arena_close(&a);
	close(fd);
	return 0;
}
