/* SPDX-License-Identifier: ISC */
/* What lies in SITE/trust is copied to run/ before conf reads it, and the copy that was accepted stays there, as that of the configuration
 * does: an edge that comes back has what was judged, whatever somebody writes there meanwhile, and so has a start that goes on with what was
 * accepted before. */
#include "accepted.h"
#include "base/log.h"
#include "parent.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Debian's ca-certificates; in a copy its name is none that conf reads. */
#define SYSTEM_TRUST "/etc/ssl/certs/ca-certificates.crt"
#define SYSTEM_COPY ".system"

enum {
	FILES_MOST = 65,             /* one more than conf takes, so that it says so */
	FILE_MOST = (1 << 20) + 1,   /* more than edge takes */
	OCTETS_MOST = 8 * (1 << 20), /* of all; beyond that there is no copy */
};

static const char source[] = "trust", copy[] = "run/trust.read", accepted[] = "run/trust.accepted",
		  former[] = "run/trust.former";
static const char *read_from = source, *standing;
static size_t copied; /* octets */

static int open_dir(const char *name)
{
	return openat(self.site_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void clear(const char *name)
{
	int fd = open_dir(name);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d && fd >= 0)
		close(fd);
	/* whatever it is: not every file system says, and what stays would keep the next copy out; "." is no file */
	while (d && (e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	unlinkat(self.site_fd, name, AT_REMOVEDIR);
}

static bool copy_octets(int from, int to)
{
	static uint8_t block[1 << 14];
	ssize_t n = 0;

	for (size_t all = 0; all < FILE_MOST && (n = read(from, block, sizeof block)) > 0; all += (size_t)n) {
		copied += (size_t)n;
		if (copied > OCTETS_MOST) {
			errno = EFBIG;
			return false;
		}
		if (write(to, block, (size_t)n) != n)
			return false;
	}
	return n >= 0;
}

/* What cannot be read is empty there, or is not there: conf says the same of either. */
static bool copy_file(int from_dir, const char *from, int to_dir, const char *name)
{
	int fd = openat(from_dir, from, O_RDONLY | O_NONBLOCK | O_CLOEXEC | (from_dir < 0 ? 0 : O_NOFOLLOW)), to = -1;
	struct stat s;
	bool ok = fd < 0 || fstat(fd, &s) == 0;

	if (fd < 0)
		return errno != EMFILE && errno != ENFILE && errno != ENOMEM;
	if (ok)
		to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ok = to >= 0 && (!S_ISREG(s.st_mode) || copy_octets(fd, to)) && fchmod(to, s.st_mode & 0777) == 0 &&
	     (!self.root || fchown(to, s.st_uid, s.st_gid) == 0);
	if (to >= 0)
		close(to);
	close(fd);
	return ok;
}

static bool copy_all(int from, int to)
{
	DIR *d = fdopendir(from);
	struct dirent *e;
	bool ok = d != NULL;

	if (!d)
		close(from);
	for (int n = 0; ok && n < FILES_MOST && (e = readdir(d));)
		if (e->d_name[0] != '.') {
			ok = copy_file(from, e->d_name, to, e->d_name);
			n++;
		}
	if (d)
		closedir(d);
	return ok;
}

/* As its own uid reads it there. */
static bool make_copy(void)
{
	struct stat s = {.st_mode = 0755};
	int from = open_dir(source), to = -1;
	bool ok = from >= 0 ? fstat(from, &s) == 0 : errno == ENOENT;

	clear(copy);
	copied = 0;
	if (ok && mkdirat(self.site_fd, copy, 0700) == 0)
		to = open_dir(copy);
	ok = to >= 0 && fchmod(to, s.st_mode & 0777) == 0 && (!self.root || fchown(to, s.st_uid, s.st_gid) == 0);
	if (ok && from >= 0)
		ok = copy_all(from, to);
	else if (from >= 0)
		close(from);
	if (!ok) {
		log_warn("%s/%s: %s", self.site_dir, copy, strerror(errno));
		clear(copy);
	}
	if (to >= 0)
		close(to);
	return ok;
}

/* A build that keeps none may have accepted another configuration since. */
static bool accepted_is_of_now(void)
{
	struct stat dir, conf;
	int fd = accepted_open();
	bool ok = fd >= 0 && fstat(fd, &conf) == 0 && fstatat(self.site_fd, accepted, &dir, AT_SYMLINK_NOFOLLOW) == 0;

	if (fd >= 0)
		close(fd);
	return ok && S_ISDIR(dir.st_mode) &&
	       (dir.st_mtim.tv_sec > conf.st_mtim.tv_sec ||
		   (dir.st_mtim.tv_sec == conf.st_mtim.tv_sec && dir.st_mtim.tv_nsec >= conf.st_mtim.tv_nsec));
}

int trust_to_read(void)
{
	if (self.falls_back)
		read_from = accepted_is_of_now() ? accepted : source;
	else
		read_from = !self.rehearsal && make_copy() ? copy : source;
	return open_dir(read_from);
}

void trust_read_edited(void)
{
	read_from = self.rehearsal || faccessat(self.site_fd, copy, F_OK, 0) != 0 ? source : copy;
}

void trust_stands(bool kept)
{
	standing = read_from;
	if (!kept || read_from == accepted)
		return;
	clear(former);
	(void)renameat(self.site_fd, accepted, self.site_fd, former);
	if (read_from == copy && renameat(self.site_fd, copy, self.site_fd, accepted) == 0)
		read_from = standing = accepted;
	clear(former);
}

static int open_in(const char *dir, const char *file)
{
	int at = open_dir(dir), fd = at < 0 ? -1 : openat(at, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), why = errno;

	if (at >= 0)
		close(at);
	errno = why;
	return fd;
}

static const char *dir_of(bool of_standing)
{
	return of_standing && standing ? standing : read_from;
}

int trust_roots(const struct trunk_conf *t, bool of_standing)
{
	int fd = open_in(dir_of(of_standing), t->ca[0] ? t->ca : SYSTEM_COPY);

	return fd < 0 && !t->ca[0] ? open(SYSTEM_TRUST, O_RDONLY | O_CLOEXEC) : fd;
}

int trust_certificate(const struct trunk_conf *t, bool of_standing)
{
	return open_in(dir_of(of_standing), t->certificate);
}

static void copy_system(void)
{
	int to = read_from == copy ? open_dir(copy) : -1;

	if (to >= 0 && !copy_file(-1, SYSTEM_TRUST, to, SYSTEM_COPY))
		unlinkat(to, SYSTEM_COPY, 0);
	if (to >= 0)
		close(to);
}

const char *trust_check(const struct site *s)
{
	static char why[64 + TRUNK_NAME_MAX + TRUNK_FILE_MAX];
	bool has_system = false;

	for (int i = 0; i < s->trunks; i++) {
		const struct trunk_conf *t = &s->trunk[i];
		if (t->transport != TRUNK_TLS)
			continue;
		if (!t->ca[0] && !has_system)
			copy_system();
		has_system |= !t->ca[0];
		int fd = trust_roots(t, false);
		if (fd >= 0) {
			close(fd);
			continue;
		}
		snprintf(why, sizeof why, "trunk %s: %s%s: %s", t->name, t->ca[0] ? "trust/" : "",
		    t->ca[0] ? t->ca : SYSTEM_TRUST, strerror(errno));
		return why;
	}
	return NULL;
}
