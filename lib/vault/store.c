/* SPDX-License-Identifier: ISC */
#include "vault/store.h"
#include "base/buf.h"
#include "base/secret.h"
#include "vault/store_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FREE UINT32_MAX /* as an entry's place in bytes */

enum { CHUNK = 65536, ROUND = 32, SLACK = 65536, FILE_MAX = 256 << 20 };

/* --- the table --- */

/* Type and key stand together in bytes, as the map's key. */
struct full_key {
	uint8_t octets[1 + STORE_KEY_MAX];
	struct span span;
};

static void fill_key(struct full_key *k, uint8_t type, struct span key)
{
	k->octets[0] = type;
	if (key.n)
		memcpy(k->octets + 1, key.p, key.n);
	k->span = span_of(k->octets, 1 + key.n);
}

static bool match_entry(const void *owner, uint32_t slot, struct span key)
{
	const struct store *s = owner;
	const struct store_entry *e = &s->entry[slot];

	return span_eq(key, span_of(s->bytes + e->at, 1u + e->key_n));
}

static uint8_t *value_at(const struct store *s, const struct store_entry *e)
{
	return s->bytes + e->at + 1 + e->key_n;
}

static uint32_t room_of(const struct store_entry *e)
{
	return 1u + e->key_n + e->room;
}

static int64_t find_entry(const struct store *s, uint8_t type, struct span key)
{
	struct full_key k;
	uint32_t slot;

	if (key.n > STORE_KEY_MAX)
		return -1;
	fill_key(&k, type, key);
	return map_get(&s->map, k.span, &slot) ? (int64_t)slot : -1;
}

static bool table_init(struct store *s, uint32_t entries_max, uint32_t bytes_max)
{
	s->entries_max = entries_max;
	s->bytes_max = bytes_max;
	s->entry = calloc(entries_max, sizeof *s->entry);
	s->free_slot = calloc(entries_max, sizeof *s->free_slot);
	s->bytes = secret_new(bytes_max);
	return s->entry && s->free_slot && map_init(&s->map, entries_max, match_entry, s);
}

static void table_fini(struct store *s)
{
	map_fini(&s->map);
	secret_free(s->bytes, s->bytes_max);
	free(s->entry);
	free(s->free_slot);
}

/* Close the holes that replaced and deleted values left. */
static void repack(struct store *s)
{
	uint8_t *fresh = secret_new(s->bytes_max);
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->free_at; i++) {
		struct store_entry *e = &s->entry[i];
		if (e->at == FREE)
			continue;
		memcpy(fresh + n, s->bytes + e->at, room_of(e));
		e->at = n;
		n += room_of(e);
	}
	secret_free(s->bytes, s->bytes_max);
	s->bytes = fresh;
	s->bytes_used = n;
}

static void drop_entry(struct store *s, uint32_t slot)
{
	struct store_entry *e = &s->entry[slot];

	map_del(&s->map, span_of(s->bytes + e->at, 1u + e->key_n), slot);
	s->kept -= store_sealed_n(e->key_n, e->value_n);
	secret_wipe(s->bytes + e->at, room_of(e));
	e->at = FREE;
	s->free_slot[s->free_n++] = slot;
	s->used--;
}

static bool has_bytes(struct store *s, uint32_t n)
{
	if (n <= s->bytes_max - s->bytes_used)
		return true;
	repack(s);
	return n <= s->bytes_max - s->bytes_used;
}

static uint16_t rounded(size_t n)
{
	return (uint16_t)((n + ROUND - 1) / ROUND * ROUND);
}

/* Is there room for this entry, whatever it replaces? Then insert() cannot fail. */
static bool has_room(struct store *s, uint8_t type, struct span key, struct span value)
{
	int64_t at = find_entry(s, type, key);

	if (key.n > STORE_KEY_MAX || value.n > STORE_VALUE_MAX)
		return false;
	if (at >= 0 && s->entry[at].room >= value.n)
		return true;
	return (at >= 0 || s->used < s->entries_max) && has_bytes(s, (uint32_t)(1 + key.n) + rounded(value.n));
}

static void insert(struct store *s, uint8_t type, struct span key, struct span value)
{
	int64_t at = find_entry(s, type, key);
	struct full_key k;

	if (at >= 0 && s->entry[at].room < value.n) {
		drop_entry(s, (uint32_t)at);
		at = -1;
	}
	if (at < 0) {
		at = s->free_n ? s->free_slot[--s->free_n] : s->free_at++;
		fill_key(&k, type, key);
		s->entry[at] =
		    (struct store_entry){.at = s->bytes_used, .room = rounded(value.n), .key_n = (uint8_t)key.n};
		memcpy(s->bytes + s->bytes_used, k.octets, k.span.n);
		s->bytes_used += room_of(&s->entry[at]);
		map_put(&s->map, k.span, (uint32_t)at);
		s->used++;
	} else {
		s->kept -= store_sealed_n(key.n, s->entry[at].value_n);
	}
	struct store_entry *e = &s->entry[at];
	secret_wipe(value_at(s, e), e->room);
	if (value.n)
		memcpy(value_at(s, e), value.p, value.n);
	e->value_n = (uint16_t)value.n;
	s->kept += store_sealed_n(key.n, value.n);
}

/* What stands there, and these octets behind it; false when that is too long. out: STORE_VALUE_MAX, to be wiped. */
static bool longer_value(
    const struct store *s, uint8_t type, struct span key, struct span octets, uint8_t *out, struct span *value)
{
	int64_t at = find_entry(s, type, key);
	size_t have = at < 0 ? 0 : s->entry[at].value_n;

	if (octets.n > STORE_VALUE_MAX - have)
		return false;
	if (have)
		memcpy(out, value_at(s, &s->entry[at]), have);
	if (octets.n)
		memcpy(out + have, octets.p, octets.n);
	*value = span_of(out, have + octets.n);
	return true;
}

bool store_get(const struct store *s, uint8_t type, struct span key, struct span *value)
{
	int64_t at = find_entry(s, type, key);

	if (at < 0)
		return false;
	*value = span_of(value_at(s, &s->entry[at]), s->entry[at].value_n);
	return true;
}

bool store_each_of_all(const struct store *s, uint32_t *at, uint8_t *type, struct span *key, struct span *value)
{
	while (*at < s->free_at) {
		const struct store_entry *e = &s->entry[(*at)++];
		if (e->at == FREE)
			continue;
		*type = s->bytes[e->at];
		*key = span_of(s->bytes + e->at + 1, e->key_n);
		*value = span_of(value_at(s, e), e->value_n);
		return true;
	}
	return false;
}

bool store_each(const struct store *s, uint8_t type, uint32_t *at, struct span *key, struct span *value)
{
	uint8_t of = 0;

	while (store_each_of_all(s, at, &of, key, value))
		if (of == type)
			return true;
	return false;
}

const char *store_fill(struct store *s, uint8_t type, struct span key, struct span value)
{
	if (!has_room(s, type, key, value))
		return "the sealed store is full";
	insert(s, type, key, value);
	return NULL;
}

/* --- the files --- */

static bool write_all(int fd, const uint8_t *p, size_t n, uint64_t at)
{
	while (n) {
		ssize_t done = pwrite(fd, p, n, (off_t)at);
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
		at += (uint64_t)done;
	}
	return true;
}

/* Zeros over what stands there, on disk before the length goes. */
static bool erase_file(int fd)
{
	static const uint8_t zero[CHUNK];
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	if (st.st_size == 0)
		return true;
	for (uint64_t at = 0; at < (uint64_t)st.st_size; at += CHUNK) {
		uint64_t left = (uint64_t)st.st_size - at;
		if (!write_all(fd, zero, left < CHUNK ? left : CHUNK, at))
			return false;
	}
	return fsync(fd) == 0 && ftruncate(fd, 0) == 0 && fsync(fd) == 0;
}

struct writer {
	int fd;
	uint64_t at;
	struct buf b; /* over a chunk */
	bool failed;
};

static void writer_flush(struct writer *w)
{
	w->failed |= !write_all(w->fd, w->b.p, w->b.n, w->at);
	w->at += w->b.n;
	w->b.n = 0;
}

static void writer_put(struct writer *w, struct span s)
{
	if (w->b.n + s.n > w->b.cap)
		writer_flush(w);
	buf_add(&w->b, s);
}

/* The whole table, then the record that makes it count. */
static bool write_table(struct store *s, struct writer *w)
{
	store_box_begin(s->box, s->process, s->box->generation + 1);
	writer_put(w, span_of(s->box->header, STORE_HEADER));
	for (uint32_t i = 0; i < s->free_at; i++) {
		const struct store_entry *e = &s->entry[i];
		if (e->at == FREE)
			continue;
		struct store_record r = {.op = STORE_PUT,
		    .type = s->bytes[e->at],
		    .key = span_of(s->bytes + e->at + 1, e->key_n),
		    .value = span_of(value_at(s, e), e->value_n)};
		writer_put(w, store_box_seal(s->box, &r));
	}
	/* what it closes is on disk before it is */
	writer_flush(w);
	if (w->failed || fsync(w->fd) != 0)
		return false;
	static const uint8_t mark[4];
	writer_put(w, store_box_seal(s->box, &(struct store_record){.op = STORE_COMMIT, .value = span_of(mark, 4)}));
	writer_flush(w);
	return !w->failed && fsync(w->fd) == 0;
}

static const char *erase_other(struct store *s)
{
	s->unwiped = !erase_file(s->file[1 - s->live]);
	return s->unwiped ? "cannot erase the old sealed store" : NULL;
}

const char *store_rewrite(struct store *s)
{
	static uint8_t chunk[CHUNK];
	int to = 1 - s->live;
	struct writer w = {.fd = s->file[to], .b = buf_of(chunk, sizeof chunk)};

	s->unfit = true; /* the key is another now, so only success makes a file fit to append to */
	s->unwiped = true;
	if (!erase_file(s->file[to]) || !write_table(s, &w))
		return "cannot write the sealed store";
	s->live = to;
	s->size = w.at;
	s->unfit = false;
	s->rewrites++;
	return erase_other(s);
}

const char *store_wipe(struct store *s)
{
	if (!s->unwiped)
		return NULL;
	return s->unfit ? store_rewrite(s) : erase_other(s);
}

static uint64_t needed(const struct store *s)
{
	return STORE_NEWBORN + s->kept;
}

static const char *append(struct store *s, const struct store_record *r)
{
	if (s->unfit || s->size > 2 * needed(s) + SLACK) {
		const char *why = store_rewrite(s);
		if (s->unfit)
			return why;
	}
	struct span sealed = store_box_seal(s->box, r);
	if (!write_all(s->file[s->live], sealed.p, sealed.n, s->size) || fsync(s->file[s->live]) != 0) {
		s->unfit = true;
		return "cannot write the sealed store";
	}
	s->size += sealed.n;
	s->commits++;
	return NULL;
}

const char *store_put(struct store *s, uint8_t type, struct span key, struct span value)
{
	if (!has_room(s, type, key, value))
		return "the sealed store is full";
	const char *why = append(s, &(struct store_record){.op = STORE_PUT, .type = type, .key = key, .value = value});
	if (!why)
		insert(s, type, key, value);
	return why;
}

const char *store_add(struct store *s, uint8_t type, struct span key, struct span octets)
{
	const char *why = "the sealed store is full";
	uint8_t whole[STORE_VALUE_MAX];
	struct span value;

	if (longer_value(s, type, key, octets, whole, &value) && has_room(s, type, key, value))
		why = append(s, &(struct store_record){.op = STORE_ADD, .type = type, .key = key, .value = octets});
	if (!why)
		insert(s, type, key, value);
	secret_wipe(whole, sizeof whole);
	return why;
}

/* What a record of deletion names: its key, and others of that length as its value. */
static void drop_named(struct store *s, const struct store_record *r)
{
	struct span key = r->key, more = r->value;

	for (;;) {
		int64_t at = find_entry(s, r->type, key);
		if (at >= 0)
			drop_entry(s, (uint32_t)at);
		if (more.n == 0)
			return;
		key = span_of(more.p, r->key.n);
		more = span_skip(more, r->key.n);
	}
}

static const char *append_del(struct store *s, const struct store_record *r)
{
	const char *why = append(s, r);

	if (!why)
		drop_named(s, r);
	return why;
}

const char *store_del(struct store *s, uint8_t type, struct span key)
{
	int64_t at = find_entry(s, type, key);

	/* a file that is not fit may hold what the table never took: gone is what the next opening does not find */
	if (at < 0)
		return s->unfit ? store_rewrite(s) : NULL;
	return append_del(s, &(struct store_record){.op = STORE_DEL, .type = type, .key = key});
}

const char *store_del_many(struct store *s, uint8_t type, struct span keys, size_t key_n)
{
	struct store_record r = {.op = STORE_DEL, .type = type, .key = span_of(keys.p, key_n)};

	if (key_n == 0 || key_n > STORE_KEY_MAX || keys.n == 0 || keys.n % key_n ||
	    keys.n > STORE_DEL_MOST(key_n) * key_n)
		return "these are not keys of the sealed store";
	r.value = span_skip(keys, key_n);
	return append_del(s, &r);
}

/* --- opening --- */

static bool load_nothing(void *arg, const struct store_record *r)
{
	(void)arg;
	(void)r;
	return true;
}

static bool load_record(void *arg, const struct store_record *r)
{
	struct store *s = arg;
	uint8_t whole[STORE_VALUE_MAX];
	struct span value = r->value;

	if (r->op == STORE_DEL) {
		drop_named(s, r);
		return true;
	}
	bool fits = (r->op != STORE_ADD || longer_value(s, r->type, r->key, r->value, whole, &value)) &&
	            has_room(s, r->type, r->key, value);
	if (fits)
		insert(s, r->type, r->key, value);
	if (r->op == STORE_ADD)
		secret_wipe(whole, sizeof whole);
	return fits;
}

static bool read_whole(int fd, uint8_t **bytes, size_t *n)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return false;
	*bytes = malloc((size_t)st.st_size + 1);
	*n = 0;
	while (*bytes && *n < (size_t)st.st_size) {
		ssize_t got = pread(fd, *bytes + *n, (size_t)st.st_size - *n, (off_t)*n);
		if (got <= 0)
			return false;
		*n += (size_t)got;
	}
	return *bytes != NULL;
}

/* The whole one of the two, or the newer of two whole ones; -1: there is none. */
static int choose(struct store *s, const struct span file[2], uint64_t *newest)
{
	struct store_found found[2];
	int from = -1;

	*newest = 0;
	for (int i = 0; i < 2; i++) {
		found[i] = store_read(s->box, s->process, file[i], load_nothing, NULL);
		if (found[i].state == STORE_WHOLE && (from < 0 || found[i].generation > found[from].generation))
			from = i;
		if (found[i].generation > *newest)
			*newest = found[i].generation;
	}
	return from;
}

struct candidate {
	uint8_t *bytes;
	size_t n;
};

static const char *load(struct store *s, struct candidate c[2])
{
	uint64_t newest;

	for (int i = 0; i < 2; i++)
		if (!read_whole(s->file[i], &c[i].bytes, &c[i].n))
			return "cannot read the sealed store";
	const struct span file[] = {span_of(c[0].bytes, c[0].n), span_of(c[1].bytes, c[1].n)};
	int from = choose(s, file, &newest);
	if (from < 0 && (c[0].n > STORE_NEWBORN || c[1].n > STORE_NEWBORN))
		return "the sealed store is damaged, or sealed under another boot key";
	s->live = from < 0 ? 1 : from;
	if (from >= 0 && store_read(s->box, s->process, file[from], load_record, s).state != STORE_WHOLE)
		return "the sealed store holds more than there is room for";
	s->box->generation = newest;
	/* a run writes under a key of its own: what a crash left behind the last record never shares a nonce with it */
	const char *why = store_rewrite(s);
	return from < 0 ? why : NULL; /* a full disk still lets what is there be read */
}

static int open_file(int dir_fd, const char *name, bool *reads_alone)
{
	const int common = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int fd = openat(dir_fd, name, O_RDWR | O_CREAT | common, 0600);

	if (fd < 0 && errno == EROFS) {
		*reads_alone = true;
		fd = openat(dir_fd, name, O_RDONLY | common);
	}
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

const char *store_open(struct store *s, int dir_fd, const char *process, const uint8_t boot_key[STORE_BOOT_KEY],
    uint32_t entries_max, uint32_t bytes_max)
{
	struct candidate c[2] = {0};

	*s = (struct store){.file = {-1, -1}};
	if (!span_cstr(span_str(process), s->process, sizeof s->process))
		return "the process has no name";
	s->box = secret_new(sizeof *s->box);
	store_box_root(s->box, process, boot_key);
	const char *why = "no memory for the sealed store";
	if (!table_init(s, entries_max, bytes_max))
		goto out;
	why = "cannot open the sealed store, or it is in use";
	s->file[0] = open_file(dir_fd, "store.a", &s->reads_alone);
	s->file[1] = open_file(dir_fd, "store.b", &s->reads_alone);
	if (s->file[0] < 0 || s->file[1] < 0 || (!s->reads_alone && fsync(dir_fd) != 0))
		goto out;
	why = load(s, c);
out:
	free(c[0].bytes);
	free(c[1].bytes);
	if (why)
		store_close(s);
	return why;
}

const char *store_look(struct store *s, const struct span file[2], const char *process,
    const uint8_t boot_key[STORE_BOOT_KEY], uint32_t entries_max, uint32_t bytes_max)
{
	const char *why = "no memory for the sealed store";
	uint64_t newest;

	*s = (struct store){.file = {-1, -1}};
	s->box = secret_new(sizeof *s->box);
	store_box_root(s->box, process, boot_key);
	if (span_cstr(span_str(process), s->process, sizeof s->process) && table_init(s, entries_max, bytes_max)) {
		int from = choose(s, file, &newest);
		why =
		    from < 0 ? "the sealed store is damaged, being rewritten, or sealed under another boot key" : NULL;
		if (!why && store_read(s->box, s->process, file[from], load_record, s).state != STORE_WHOLE)
			why = "the sealed store holds more than there is room for";
	}
	if (why)
		store_close(s);
	return why;
}

void store_close(struct store *s)
{
	for (int i = 0; i < 2; i++)
		if (s->file[i] >= 0)
			close(s->file[i]);
	if (s->bytes)
		table_fini(s);
	secret_free(s->box, sizeof *s->box);
	*s = (struct store){.file = {-1, -1}};
}
