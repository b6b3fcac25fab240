/* SPDX-License-Identifier: ISC */
#include "ledger/disk.h"
#include <fcntl.h>
#include <unistd.h>

static const char name[] = "probe";

bool disk_takes_writes(int dir)
{
	static const char page[4096];
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	bool takes = write(fd, page, sizeof page) == (ssize_t)sizeof page && fsync(fd) == 0;
	close(fd);
	unlinkat(dir, name, 0);
	return takes;
}
