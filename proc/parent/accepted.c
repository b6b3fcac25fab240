/* SPDX-License-Identifier: ISC */
/* conf reads a copy of the configuration in run/, and the one that was accepted stays there: a parent that must start after the file was
 * spoilt goes on with that. A copy of the text, so that whichever build starts reads it as it does the file. */
#include "accepted.h"
#include "base/log.h"
#include "parent.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COPY_MAX = 1 << 17 }; /* more than conf takes */

static const char read_path[] = "run/ringfence.conf.read", accepted_path[] = "run/ringfence.conf.accepted";

static int open_to_read(const char *path)
{
	return openat(self.site_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

static bool copy(int from, int to)
{
	char block[4096];
	ssize_t n = 0;

	for (size_t all = 0; all < COPY_MAX && (n = read(from, block, sizeof block)) > 0; all += (size_t)n)
		if (write(to, block, (size_t)n) != n)
			return false;
	return n >= 0;
}

int accepted_copy(int fd)
{
	int to = openat(self.site_fd, read_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool whole = to >= 0 && copy(fd, to);
	int copied = whole ? open_to_read(read_path) : -1;

	if (to >= 0)
		close(to);
	if (copied >= 0) {
		close(fd);
		return copied;
	}
	log_warn("%s/%s: %s", self.site_dir, read_path, strerror(errno));
	unlinkat(self.site_fd, read_path, 0);
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

void accepted_keep(void)
{
	if (renameat(self.site_fd, read_path, self.site_fd, accepted_path) != 0)
		log_warn("%s/%s: %s", self.site_dir, accepted_path, strerror(errno));
}

int accepted_open(void)
{
	return open_to_read(accepted_path);
}

bool accepted_is_there(void)
{
	int fd = accepted_open();

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* -1: it cannot be read, or is none that was copied. */
static ssize_t read_whole(int fd, char text[COPY_MAX])
{
	size_t all = 0;
	ssize_t n = fd < 0 ? -1 : 0;

	while (fd >= 0 && all < COPY_MAX && (n = read(fd, text + all, COPY_MAX - all)) > 0)
		all += (size_t)n;
	if (fd >= 0)
		close(fd);
	return n == 0 ? (ssize_t)all : -1;
}

bool accepted_is_another(void)
{
	static char kept[COPY_MAX], copied[COPY_MAX];
	ssize_t kept_n = read_whole(accepted_open(), kept), n = read_whole(open_to_read(read_path), copied);

	return kept_n >= 0 && n >= 0 && (kept_n != n || memcmp(kept, copied, (size_t)n) != 0);
}
