/* SPDX-License-Identifier: ISC */
#include "vault/store.h"
#include "base/buf.h"
#include "base/secret.h"
#include "vault/store_disk.h"
#include "vault/store_file.h"
#include "vault/store_table.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { CHUNK = 65536, SLACK = 65536 };

/* --- the files --- */

struct writer {
	int fd;
	uint64_t at;
	struct buf b; /* over a chunk */
	bool failed;
};

static void writer_flush(struct writer *w)
{
	w->failed |= !store_disk_write(w->fd, w->b.p, w->b.n, w->at);
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
	struct store_record r = {.op = STORE_PUT};
	uint32_t at = 0;

	store_box_begin(s->box, s->process, s->box->generation + 1);
	writer_put(w, span_of(s->box->header, STORE_HEADER));
	while (store_each_of_all(s, &at, &r.type, &r.key, &r.value))
		writer_put(w, store_box_seal(s->box, &r));
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
	s->unwiped = !store_disk_erase(s->file[1 - s->live]);
	return s->unwiped ? "cannot erase the old sealed store" : NULL;
}

const char *store_rewrite(struct store *s)
{
	static uint8_t chunk[CHUNK];
	int to = 1 - s->live;
	struct writer w = {.fd = s->file[to], .b = buf_of(chunk, sizeof chunk)};

	s->unfit = true; /* the key is another now, so only success makes a file fit to append to */
	s->unwiped = true;
	if (!store_disk_erase(s->file[to]) || !write_table(s, &w))
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
	if (!store_disk_write(s->file[s->live], sealed.p, sealed.n, s->size) || fsync(s->file[s->live]) != 0) {
		s->unfit = true;
		return "cannot write the sealed store";
	}
	s->size += sealed.n;
	s->commits++;
	return NULL;
}

const char *store_put(struct store *s, uint8_t type, struct span key, struct span value)
{
	if (!store_table_takes(s, type, key, value))
		return "the sealed store is full";
	const char *why = append(s, &(struct store_record){.op = STORE_PUT, .type = type, .key = key, .value = value});
	if (!why)
		store_table_put(s, type, key, value);
	return why;
}

const char *store_add(struct store *s, uint8_t type, struct span key, struct span octets)
{
	const char *why = "the sealed store is full";
	uint8_t whole[STORE_VALUE_MAX];
	struct span value;

	if (store_table_longer(s, type, key, octets, whole, &value) && store_table_takes(s, type, key, value))
		why = append(s, &(struct store_record){.op = STORE_ADD, .type = type, .key = key, .value = octets});
	if (!why)
		store_table_put(s, type, key, value);
	secret_wipe(whole, sizeof whole);
	return why;
}

/* What a record of deletion names: its key, and others of that length as its value. */
static void drop_named(struct store *s, const struct store_record *r)
{
	struct span key = r->key, more = r->value;

	for (;;) {
		store_table_drop(s, r->type, key);
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
	struct span there;

	/* a file that is not fit may hold what the table never took: gone is what the next opening does not find */
	if (!store_get(s, type, key, &there))
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
	bool fits = (r->op != STORE_ADD || store_table_longer(s, r->type, r->key, r->value, whole, &value)) &&
	            store_table_takes(s, r->type, r->key, value);
	if (fits)
		store_table_put(s, r->type, r->key, value);
	if (r->op == STORE_ADD)
		secret_wipe(whole, sizeof whole);
	return fits;
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

static const char *load(struct store *s, struct span file[2])
{
	uint64_t newest;

	for (int i = 0; i < 2; i++)
		if (!store_disk_read(s->file[i], &file[i]))
			return "cannot read the sealed store";
	int from = choose(s, file, &newest);
	if (from < 0 && (file[0].n > STORE_NEWBORN || file[1].n > STORE_NEWBORN))
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
	struct span file[2] = {{NULL, 0}, {NULL, 0}};

	*s = (struct store){.file = {-1, -1}};
	if (!span_cstr(span_str(process), s->process, sizeof s->process))
		return "the process has no name";
	s->box = secret_new(sizeof *s->box);
	store_box_root(s->box, process, boot_key);
	const char *why = "no memory for the sealed store";
	if (!store_table_init(s, entries_max, bytes_max))
		goto out;
	why = "cannot open the sealed store, or it is in use";
	s->file[0] = open_file(dir_fd, "store.a", &s->reads_alone);
	s->file[1] = open_file(dir_fd, "store.b", &s->reads_alone);
	if (s->file[0] < 0 || s->file[1] < 0 || (!s->reads_alone && fsync(dir_fd) != 0))
		goto out;
	why = load(s, file);
out:
	for (int i = 0; i < 2; i++)
		free((void *)(uintptr_t)file[i].p);
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
	if (span_cstr(span_str(process), s->process, sizeof s->process) &&
	    store_table_init(s, entries_max, bytes_max)) {
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
		store_table_fini(s);
	secret_free(s->box, sizeof *s->box);
	*s = (struct store){.file = {-1, -1}};
}
