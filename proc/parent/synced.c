/* SPDX-License-Identifier: ISC */
#include "synced.h"
#include "base/log.h"
#include "parent.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRUST_FILES_MAX = 256 }; /* more than conf reads */

/* What is not there need not be. */
static bool sync_file(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat s;
	bool synced = fd < 0 || fstat(fd, &s) != 0 || !S_ISREG(s.st_mode) || fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return synced;
}

static bool sync_trust(void)
{
	int fd = openat(self.site_fd, "trust", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	bool synced = true;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return true;
	}
	for (int i = 0; i < TRUST_FILES_MAX && (e = readdir(d)); i++)
		synced = (e->d_name[0] == '.' || sync_file(fd, e->d_name)) && synced;
	synced = fsync(fd) == 0 && synced;
	closedir(d);
	return synced;
}

void synced_site(int key)
{
	if ((key >= 0 && fsync(key) != 0) || !sync_file(self.site_fd, "ringfence.conf") || !sync_trust() ||
	    fsync(self.site_fd) != 0)
		log_warn("%s: what is new in it may not survive a power cut: %s", self.site_dir, strerror(errno));
}
