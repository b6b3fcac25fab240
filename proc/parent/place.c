/* SPDX-License-Identifier: ISC */
/* The site directory: who owns what in it, and the descriptors that children get from it. */
#include "accepted.h"
#include "base/clock.h"
#include "base/log.h"
#include "boot.h"
#include "handover.h"
#include "parent.h"
#include "synced.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { BOOT_KEY_LEN = 32, ARENA_NAME_MAX = 32 };

static const char ctl_path[] = "run/ctl.sock";

static bool failed(const char *what)
{
	log_error("%s/%s: %s", self.site_dir, what, strerror(errno));
	return false;
}

bool place_open(void)
{
	self.root = geteuid() == 0;
	self.site_fd = handover_site();
	if (self.site_fd < 0)
		self.site_fd = open(self.site_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (self.site_fd < 0 || fchdir(self.site_fd) != 0) {
		log_error("%s: %s", self.site_dir, strerror(errno));
		return false;
	}
	if (flock(self.site_fd, LOCK_EX | LOCK_NB) != 0) {
		log_error("%s: an exchange runs here already", self.site_dir);
		return false;
	}
	return true;
}

/* Exists, is a directory of that owner and mode; a fresh or root-owned one is handed over, another's is not. */
static bool own_dir(const char *name, uid_t owner, mode_t mode)
{
	struct stat s;

	if (mkdirat(self.site_fd, name, 0700) != 0 && errno != EEXIST)
		return failed(name);
	int fd = openat(self.site_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failed(name);
	/* a disk that is read-only has them as they are */
	bool ok = fstat(fd, &s) == 0 && ((s.st_mode & 07777) == mode || fchmod(fd, mode) == 0);
	if (ok && self.root && s.st_uid != owner) {
		errno = EPERM;
		ok = s.st_uid == 0 && fchown(fd, owner, owner) == 0;
		if (!ok)
			log_error("%s/%s belongs to uid %u, not %u (another --uid-base?)", self.site_dir, name,
			    (unsigned)s.st_uid, (unsigned)owner);
	}
	close(fd);
	return ok || failed(name);
}

static uid_t uid_of(enum proc p)
{
	return self.root ? self.uid_base + p : geteuid();
}

/* What core and media keep outlives them here, keys of calls among it, and must never reach a disk: a plain directory
 * is on one, a tmpfs may be swapped out to one. */
static bool check_run(void)
{
	struct statfs s;

	if (statfs("run", &s) != 0)
		return failed("run");
	if (s.f_type == RAMFS_MAGIC)
		return true;
	if (self.insecure_run)
		log_warn("%s/run is no ramfs: keys of calls may reach the disk", self.site_dir);
	else
		log_error("%s/run is no ramfs, so that keys of calls could reach the disk: mount one "
			  "(./run and the systemd unit do) or say --insecure-run",
		    self.site_dir);
	return self.insecure_run;
}

static int open_credential(const char *name)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	int at = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int fd = at < 0 ? -1 : openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (at >= 0)
		close(at);
	return fd;
}

/* A credential of the service manager comes first, which may have been sealed to a TPM; the unsealed key of a passphrase lies in run/,
 * a root-only file beside the configuration. */
static int open_boot_key(void)
{
	static const char *const at[] = {"run/boot.key", "boot.key"};
	struct stat s;
	int fd = open_credential("boot.key");

	for (size_t i = 0; i < 2 && fd < 0; i++)
		fd = openat(self.site_fd, at[i], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		log_error("%s/boot.key: %s", self.site_dir, strerror(errno));
		return -1;
	}
	if (fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_uid == geteuid() && (s.st_mode & 077) == 0 &&
	    s.st_size == BOOT_KEY_LEN)
		return fd;
	log_error(
	    "the boot key (a credential, run/boot.key or boot.key in %s) must be %d octets that only its owner may read",
	    self.site_dir, BOOT_KEY_LEN);
	close(fd);
	errno = EPERM;
	return -1;
}

/* Open to every local user: ctl sees by SO_PEERCRED who may do what, and anyone may ask for a phone (R5). */
static bool open_ctl(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(a.sun_path, ctl_path, sizeof ctl_path);
	if (fd < 0 || (unlinkat(self.site_fd, ctl_path, 0) != 0 && errno != ENOENT) ||
	    bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || fchmodat(self.site_fd, ctl_path, 0666, 0) != 0 ||
	    listen(fd, 16) != 0) {
		failed(ctl_path);
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (self.ctl_fd > 0)
		close(self.ctl_fd);
	self.ctl_fd = fd;
	return true;
}

/* Whoever removed the path left a socket that nobody can reach. */
static int ctl_socket(void)
{
	struct stat s;

	if (fstatat(self.site_fd, ctl_path, &s, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
		open_ctl();
	return fcntl(self.ctl_fd, F_DUPFD_CLOEXEC, 0);
}

static void name_arena(enum proc p, char name[ARENA_NAME_MAX])
{
	snprintf(name, ARENA_NAME_MAX, "run/%s.arena", proc_name[p]);
}

/* Its times are of another boot's clock, and its calls of nobody's. */
static void unlink_arena(enum proc p)
{
	char name[ARENA_NAME_MAX];

	name_arena(p, name);
	unlinkat(self.site_fd, name, 0);
}

bool place_prepare(void)
{
	static const enum proc keeps[] = {PROC_CORE, PROC_MEDIA};
	int key = open_boot_key();

	if (key < 0)
		return false;
	if (!own_dir("keeper", uid_of(PROC_KEEPER), 0700) || !own_dir("signer", uid_of(PROC_SIGNER), 0700) ||
	    !own_dir("ledger", uid_of(PROC_LEDGER), 0700) || !own_dir("empty", geteuid(), 0555) ||
	    !own_dir("run", geteuid(), 0711) || !own_dir("run/bpf", uid_of(PROC_NET), 0700)) {
		close(key);
		return false;
	}
	synced_site(key); /* what is sealed under it is on disk at once */
	close(key);
	if (boot_is_another(self.site_fd))
		for (size_t i = 0; i < sizeof keeps / sizeof *keeps; i++)
			unlink_arena(keeps[i]);
	return check_run() && open_ctl();
}

bool place_look(void)
{
	int key = open_boot_key();

	if (key >= 0)
		close(key);
	return key >= 0 && check_run();
}

void place_close(void)
{
	unlinkat(self.site_fd, ctl_path, 0);
}

static int open_arena(enum proc p)
{
	char name[ARENA_NAME_MAX];
	struct stat s;

	name_arena(p, name);
	int fd = openat(self.site_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_nlink == 1 && fchmod(fd, 0600) == 0 &&
	    fchown(fd, uid_of(p), uid_of(p)) == 0)
		return fd;
	failed(name);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Of those that run now; there is none before the first start. */
static int look_arena(enum proc p)
{
	char name[ARENA_NAME_MAX];

	name_arena(p, name);
	return openat(self.site_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

/* Who rehearses writes nothing. */
static int open_conf(void)
{
	int fd = self.falls_back ? accepted_open() : openat(self.site_fd, "ringfence.conf", O_RDONLY | O_CLOEXEC);

	return fd < 0 || self.falls_back || self.rehearsal ? fd : accepted_copy(fd);
}

/* A site need not have it. */
static int open_dir(const char *name)
{
	return openat(self.site_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int place_file(enum file_kind what, enum proc p)
{
	int fd = -1;

	switch (what) {
	case FILE_ARENA:
		return open_arena(p);
	case FILE_ARENA_LOOK:
		return look_arena(p);
	case FILE_BOOT_KEY:
		return open_boot_key();
	case FILE_STORE_DIR:
	case FILE_STORE_LOOK:
		fd = openat(self.site_fd, proc_name[p], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		break;
	case FILE_CONF:
		fd = open_conf();
		break;
	case FILE_HELPER:
		fd = program_helper(p);
		fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
		break;
	case FILE_CTL_SOCKET:
		fd = ctl_socket();
		break;
	case FILE_PROMPTS:
		fd = program_prompts();
		break;
	case FILE_RECORDINGS:
	case FILE_TRUST:
		fd = what == FILE_TRUST ? trust_to_read() : open_dir("prompts");
		if (fd < 0 && errno == ENOENT)
			return -1;
		break;
	case FILE_KINDS:
		break;
	}
	if (fd < 0)
		failed(what == FILE_CONF ? "ringfence.conf" : proc_name[p]);
	return fd;
}
