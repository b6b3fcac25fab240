/* SPDX-License-Identifier: ISC */
/* keeper's sealed store into a backup and back, entry by entry: {type u8, key_n u8, value_n u16, key, value}. keeper is not
 * asked: it never says a secret. Who may read the boot key may read its files. */
#include "backup.h"
#include "base/cursor.h"
#include "keeper/keeper.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILE_MAX = 256 << 20, TRIES = 20, PAUSE_MS = 50 };

bool boot_key_read(struct run *r)
{
	static const char *const at[] = {"run/boot.key", "boot.key"};
	bool ok = false;

	for (int i = 0; i < 2 && !ok; i++) {
		int fd = openat(r->site_fd, at[i], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue;
		ok = read(fd, r->s->boot, BOOT_KEY) == BOOT_KEY;
		close(fd);
	}
	return ok;
}

static bool read_file(int dir_fd, const char *name, struct span *out)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st = {.st_size = 0};
	size_t n = 0;
	ssize_t got = 1;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	uint8_t *p = malloc((size_t)st.st_size + 1);
	while (p && n < (size_t)st.st_size && (got = read(fd, p + n, (size_t)st.st_size - n)) > 0)
		n += (size_t)got;
	close(fd);
	*out = span_of(p, n);
	return p && got >= 0;
}

/* A rewrite that goes on meanwhile can spoil what was read: then once more. */
const char *keep_open(struct run *r, struct store *s)
{
	int dir = openat(r->site_fd, "keeper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const char *why = "cannot read the sealed store";

	for (int i = 0; dir >= 0 && why && i < TRIES; i++) {
		struct span file[2] = {{NULL, 0}, {NULL, 0}};
		if (read_file(dir, "store.a", &file[0]) && read_file(dir, "store.b", &file[1]))
			why = store_look(s, file, "keeper", r->s->boot, STORE_ENTRIES, STORE_BYTES);
		free((void *)(uintptr_t)file[0].p);
		free((void *)(uintptr_t)file[1].p);
		if (why)
			nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
	}
	if (dir >= 0)
		close(dir);
	return why;
}

void keep_pieces(const struct store *s, uint32_t *at, struct buf *out, bool *last)
{
	struct span key, value;
	uint32_t next = *at;
	uint8_t type;

	*last = false;
	while (store_each_of_all(s, &next, &type, &key, &value)) {
		struct buf entry = buf_of(out->p + out->n, out->cap - out->n);
		if (keep_in_backup(type)) {
			buf_u8(&entry, type);
			buf_u8(&entry, (uint8_t)key.n);
			buf_u16(&entry, (uint16_t)value.n);
			buf_add(&entry, key);
			buf_add(&entry, value);
		}
		if (entry.full)
			return;
		out->n += entry.n;
		*at = next;
	}
	*last = true;
}

const char *keep_take(struct store *s, struct span plain)
{
	struct cursor c = cursor_of(plain);
	uint8_t type, key_n;
	uint16_t value_n;
	struct span key, value;
	const char *why = NULL;

	while (!why && cursor_left(&c)) {
		if (!cursor_u8(&c, &type) || !cursor_u8(&c, &key_n) || !cursor_u16(&c, &value_n) ||
		    !cursor_span(&c, key_n, &key) || !cursor_span(&c, value_n, &value) || key_n > STORE_KEY_MAX ||
		    value_n > STORE_VALUE_MAX || !keep_in_backup(type))
			return "its secrets are damaged";
		if (s)
			why = store_fill(s, type, key, value);
	}
	return why;
}
