/* SPDX-License-Identifier: ISC */
#include "boot.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BOOT_ID = 36 };

static bool read_id(int at, const char *path, char id[BOOT_ID])
{
	int fd = openat(at, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, id, BOOT_ID);

	if (fd >= 0)
		close(fd);
	return n == BOOT_ID;
}

static void write_id(int at, const char *path, const char id[BOOT_ID])
{
	int fd = openat(at, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, id, BOOT_ID) != BOOT_ID)
		log_warn("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

bool boot_is_another(int site_fd)
{
	char now[BOOT_ID], then[BOOT_ID];

	if (!read_id(AT_FDCWD, "/proc/sys/kernel/random/boot_id", now))
		return false;
	bool said = read_id(site_fd, "run/boot-id", then), same = said && memcmp(now, then, BOOT_ID) == 0;
	if (!same)
		write_id(site_fd, "run/boot-id", now);
	return said && !same;
}
