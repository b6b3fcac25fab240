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

const char *keep_open(struct run *r, struct store *s)
{
	int dir = openat(r->site_fd, "keeper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const char *why = "cannot read the sealed store";

	if (dir >= 0) {
		why = store_look_in(s, dir, "keeper", r->s->boot, STORE_ENTRIES, STORE_BYTES);
		close(dir);
	}
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
