/* SPDX-License-Identifier: ISC */
/* Preloaded into a process under test, from before its cage on. SHIM_CLOCK (or, for one whose environment parent emptied,
 * SHIM_CLOCK_FILE) names a file whose first 8 octets are added to the wall clock, in seconds. SHIM_TRACE names a file that every change of a file is appended to: {op, 0, inode, offset, length,
 * octets}, as is every sync of a directory and every new name of a file, with a mark where something was sent to a sibling or said on standard output, so that a test can look at what was ever
 * written and replay a power cut between any two of them. SHIM_FAIL=N:TIMES:ERRNO lets the N-th change of a file fail and the next
 * ones, so many in all (without room, half of a write goes first); then there is a file SHIM_FAILED. SHIM_CUT is a name: before
 * something is renamed to it, the whole process group dies. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SHIM_CLOCK_FILE "/etc/ringfence-test-clock"

enum { OP_WRITE = 'w', OP_TRUNCATE = 't', OP_SYNC = 's', OP_SYNC_DIRECTORY = 'd', OP_RENAME = 'r', OP_SENT = 'm' };

static volatile const int64_t *shift_s;
static int trace_fd = -1;
static long fail_first, fail_times;
static int fail_with;

struct step {
	uint64_t op, inode, offset, length;
};

/* dlsym() looks at who called it: built without sibling calls. */
static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static void trace(int op, uint64_t inode, off_t offset, const void *p, size_t n)
{
	static ssize_t (*real)(int, const struct iovec *, int);

	if (!real)
		real = (ssize_t(*)(int, const struct iovec *, int))next("writev");
	struct step s = {(uint64_t)op, inode, (uint64_t)offset, op == OP_WRITE ? n : 0};
	struct iovec v[] = {{&s, sizeof s}, {(void *)(uintptr_t)p, (size_t)s.length}};
	if (real(trace_fd, v, 2) < 0)
		abort();
}

static void note(int op, int fd, off_t offset, const void *p, size_t n)
{
	struct stat st = {.st_ino = 0};

	if (trace_fd < 0 || fd == trace_fd)
		return;
	if (op != OP_SENT && fstat(fd, &st) != 0)
		return;
	if (op == OP_SYNC && S_ISDIR(st.st_mode))
		op = OP_SYNC_DIRECTORY;
	else if (op != OP_SENT && !S_ISREG(st.st_mode))
		return;
	trace(op, st.st_ino, offset, p, n);
}

static void note_name(int at, const char *name)
{
	struct stat st;

	if (trace_fd >= 0 && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		trace(OP_RENAME, st.st_ino, 0, NULL, 0);
}

static int is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* Is it the turn of this call to fail? *n: what a write may still put. */
static int fails(int fd, size_t *n)
{
	static long calls;

	if (fail_first == 0 || !is_file(fd) || ++calls < fail_first || calls - fail_first >= fail_times)
		return 0;
	if (calls == fail_first)
		close(open(getenv("SHIM_FAILED"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	if (fail_with == ENOSPC && calls == fail_first && *n > 1) {
		*n /= 2;
		return 0;
	}
	errno = fail_with;
	return 1;
}

__attribute__((constructor)) static void begin(void)
{
	const char *fail = getenv("SHIM_FAIL"), *clock = getenv("SHIM_CLOCK"), *path = getenv("SHIM_TRACE");
	if (fail && sscanf(fail, "%ld:%ld:%d", &fail_first, &fail_times, &fail_with) != 3)
		abort();
	int fd = open(clock ? clock : SHIM_CLOCK_FILE, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		shift_s = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
		close(fd);
	}
	if (path) {
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		trace_fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 40);
		close(fd);
	}
	(void)next("writev");
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	static int (*real)(int, const char *, int, const char *);
	const char *cut = getenv("SHIM_CUT");

	if (!real)
		real = (int (*)(int, const char *, int, const char *))next("renameat");
	if (cut && strcmp(to, cut) == 0)
		(void)kill(0, SIGKILL);
	int r = real(from_fd, from, to_fd, to);
	if (r == 0)
		note_name(to_fd, to);
	return r;
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	static int (*real)(int, const char *, int, const char *, unsigned);

	if (!real)
		real = (int (*)(int, const char *, int, const char *, unsigned))next("renameat2");
	int r = real(from_fd, from, to_fd, to, flags);
	if (r == 0)
		note_name(to_fd, to);
	return r;
}

int rename(const char *from, const char *to)
{
	static int (*real)(const char *, const char *);

	if (!real)
		real = (int (*)(const char *, const char *))next("rename");
	int r = real(from, to);
	if (r == 0)
		note_name(AT_FDCWD, to);
	return r;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	static int (*real)(clockid_t, struct timespec *);

	if (!real)
		real = (int (*)(clockid_t, struct timespec *))next("clock_gettime");
	int r = real(id, t);
	if (shift_s && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		t->tv_sec += *shift_s;
	return r;
}

time_t time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out)
		*out = t.tv_sec;
	return t.tv_sec;
}

int gettimeofday(struct timeval *tv, void *zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	*tv = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
	return 0;
}

#define WRITE(name)                                                                              \
	ssize_t name(int fd, const void *p, size_t n, off_t offset)                              \
	{                                                                                        \
		static ssize_t (*real)(int, const void *, size_t, off_t);                        \
		if (!real)                                                                       \
			real = (ssize_t(*)(int, const void *, size_t, off_t))next(#name);        \
		if (fails(fd, &n))                                                               \
			return -1;                                                               \
		ssize_t r = real(fd, p, n, offset);                                              \
		if (r > 0)                                                                       \
			note(OP_WRITE, fd, offset, p, (size_t)r);                                \
		return r;                                                                        \
	}

#define SYNC(name)                                                \
	int name(int fd)                                          \
	{                                                         \
		static int (*real)(int);                          \
		if (!real)                                        \
			real = (int (*)(int))next(#name);         \
		if (fails(fd, &(size_t){0}))                      \
			return -1;                                \
		int r = real(fd);                                 \
		note(OP_SYNC, fd, 0, NULL, 0);                    \
		return r;                                         \
	}

#define TRUNCATE(name)                                                    \
	int name(int fd, off_t length)                                    \
	{                                                                 \
		static int (*real)(int, off_t);                           \
		if (!real)                                                \
			real = (int (*)(int, off_t))next(#name);          \
		if (fails(fd, &(size_t){0}))                              \
			return -1;                                        \
		int r = real(fd, length);                                 \
		note(OP_TRUNCATE, fd, length, NULL, 0);                   \
		return r;                                                 \
	}

#undef pwrite64
#undef ftruncate64
ssize_t pwrite64(int fd, const void *p, size_t n, off_t offset);
int ftruncate64(int fd, off_t length);
WRITE(pwrite64)
SYNC(fsync)
SYNC(fdatasync)
TRUNCATE(ftruncate64)

ssize_t write(int fd, const void *p, size_t n)
{
	static ssize_t (*real)(int, const void *, size_t);

	if (!real)
		real = (ssize_t(*)(int, const void *, size_t))next("write");
	if (fd > 2 && fails(fd, &n))
		return -1;
	ssize_t r = real(fd, p, n);
	if (r > 0 && trace_fd >= 0) {
		if (fd == STDOUT_FILENO)
			note(OP_SENT, fd, 0, NULL, 0);
		else if (fd > 2 && is_file(fd))
			note(OP_WRITE, fd, lseek(fd, 0, SEEK_CUR) - r, p, (size_t)r);
	}
	return r;
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	static ssize_t (*real)(int, const struct msghdr *, int);

	if (!real)
		real = (ssize_t(*)(int, const struct msghdr *, int))next("sendmsg");
	ssize_t r = real(fd, m, flags);
	if (r > 0)
		note(OP_SENT, fd, 0, NULL, 0);
	return r;
}
