/* SPDX-License-Identifier: ISC */
#include "ledger/ballast.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* An opening takes some pages of 4096, and one of a disk that stays full takes them again: what was given up is taken back but for those. */
enum { MOST = 1 << 18, STEP = 1 << 14, LEAST = 1 << 15 };

static const char name[] = "ballast";

static int try_size(int dir, off_t size)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	int e = posix_fallocate(fd, 0, size);
	close(fd);
	return e;
}

void ballast_take(int dir)
{
	int e = ENOSPC;

	for (off_t size = MOST; size >= LEAST && e == ENOSPC; size -= STEP)
		e = try_size(dir, size);
	if (e == 0)
		return;
	log_warn("no room is held for the next opening of the database: %s", strerror(e));
	(void)ballast_give_up(dir);
}

bool ballast_is_there(int dir)
{
	return faccessat(dir, name, F_OK, 0) == 0;
}

bool ballast_give_up(int dir)
{
	return unlinkat(dir, name, 0) == 0;
}
