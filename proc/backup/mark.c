/* SPDX-License-Identifier: ISC */
#include "backup.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/rand.h"
#include "conf/conf.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The mark in hexadecimal, a line's end, the database that it is in. */
static const char name[] = "restore.mark";
enum { OCTETS = 8, HEX = 2 * OCTETS, MARK_MAX = HEX + 1 + CONF_DATABASE_MAX };

static uint64_t number(const uint8_t octets[OCTETS])
{
	uint64_t v = 0;

	for (int i = 0; i < OCTETS; i++)
		v = v << 8 | octets[i];
	return v;
}

/* One that was not written whole was followed by nothing. */
static uint64_t parse(struct span s, struct span *database)
{
	uint8_t octets[OCTETS];

	if (s.n <= HEX || s.p[HEX] != '\n' || span_unhex(span_head(s, HEX), octets, sizeof octets) != OCTETS)
		return 0;
	*database = span_skip(s, HEX + 1);
	return number(octets);
}

static bool write_mark(struct run *r, struct span text)
{
	int fd = openat(r->site_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return (ok && fsync(r->site_fd) == 0) || !fail(name, NULL);
}

static uint64_t make(struct run *r, const char *database)
{
	uint8_t octets[OCTETS], text[MARK_MAX];
	struct buf b = buf_of(text, sizeof text);

	rand_bytes(octets, sizeof octets);
	octets[0] = (uint8_t)((octets[0] & 0x3f) | 0x40); /* a BIGINT above 0 */
	buf_hex(&b, octets, sizeof octets);
	buf_u8(&b, '\n');
	buf_str(&b, database);
	return !b.full && write_mark(r, buf_span(&b)) ? number(octets) : 0;
}

bool mark_take(struct run *r, const char *database, uint64_t *mark)
{
	uint8_t text[MARK_MAX];
	struct span of = {NULL, 0};
	int fd = openat(r->site_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : 0;

	if (fd >= 0)
		close(fd);
	*mark = n > 0 ? parse(span_of(text, (size_t)n), &of) : 0;
	if (*mark && !span_eq(of, span_str(database)))
		return !fail(name,
		    "a restore into another database was interrupted here: finish that one first, or empty "
		    "its database and remove this file");
	if (!*mark && database[0])
		*mark = make(r, database);
	return *mark || !database[0];
}

void mark_drop(struct run *r)
{
	(void)unlinkat(r->site_fd, name, 0);
}
