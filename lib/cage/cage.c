/* SPDX-License-Identifier: ISC */
#include "base/log.h"
#include "cage_int.h"
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef RINGFENCE_SANITIZE
#include <sanitizer/common_interface_defs.h>
/* The leak checker stops its own process with ptrace, which no cage allows; leaks are found in the unit tests. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0:handle_segv=1:abort_on_error=1";
}
#endif

enum { MIB = 1024 * 1024, SHARED_MB = 1024, LOCKED_MB = 64 };
enum { OPEN_PROCESSES = 32, OPEN_FILES = 256, OPEN_FILE_MB = 16 };

static pid_t parent_at_start;
static int kept[CAGE_DIRS_MAX], kept_n;
static bool all_kept;

static void die_with_parent(void)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		log_fatal("cage: no death signal: %s", strerror(errno));
	if (getppid() != parent_at_start)
		log_fatal("cage: parent is gone");
}

void cage_early(void)
{
	parent_at_start = getppid();
	umask(077);
	(void)prctl(
	    PR_SET_NAME, program_invocation_short_name); /* who was executed by descriptor may have that as its name */
	if (prctl(PR_SET_DUMPABLE, 0) != 0)
		log_fatal("cage: dumpable: %s", strerror(errno));
	die_with_parent();
}

void cage_keep_dir(int dir_fd)
{
	if (kept_n == CAGE_DIRS_MAX)
		log_fatal("cage: more directories than room");
	kept[kept_n++] = dir_fd;
}

/* A limit is only ever lowered; a host that gives less is taken as it is. */
static void limit(__rlimit_resource_t what, const char *name, rlim_t most)
{
	struct rlimit r;

	if (getrlimit(what, &r) != 0)
		log_fatal("cage: limit %s: %s", name, strerror(errno));
	if (r.rlim_max == RLIM_INFINITY || r.rlim_max > most)
		r.rlim_max = most;
	r.rlim_cur = r.rlim_max;
	if (setrlimit(what, &r) != 0)
		log_fatal("cage: limit %s: %s", name, strerror(errno));
}

static void set_limits(const struct cage *c)
{
	struct rlimit locked = {(rlim_t)LOCKED_MB * MIB, (rlim_t)LOCKED_MB * MIB};

	(void)setrlimit(RLIMIT_MEMLOCK, &locked); /* room for secrets; without privilege the host's own limit stays */
	limit(RLIMIT_CORE, "core", 0);
	limit(RLIMIT_NPROC, "nproc", 0);
	limit(RLIMIT_NOFILE, "files", c->files);
#ifndef RINGFENCE_SANITIZE /* shadow memory takes terabytes of addresses */
	limit(RLIMIT_DATA, "data", (rlim_t)c->memory_mb * MIB);
	limit(RLIMIT_AS, "addresses", (rlim_t)(c->memory_mb + SHARED_MB) * MIB);
#endif
}

/* What parent does not have (a host may withhold it) is not kept either: the process must do without. */
static void keep_caps(const struct cage *c)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct have[_LINUX_CAPABILITY_U32S_3], keep[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (!c || c->caps_n == 0)
		return;
	if (syscall(SYS_capget, &head, have) != 0)
		log_fatal("cage: capabilities: %s", strerror(errno));
	all_kept = true;
	for (int i = 0; i < c->caps_n; i++) {
		uint32_t word = CAP_TO_INDEX(c->caps[i]), bit = CAP_TO_MASK(c->caps[i]);
		keep[word].permitted |= have[word].permitted & bit;
		all_kept &= (have[word].permitted & bit) != 0;
	}
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		keep[i].effective = keep[i].permitted;
	if (syscall(SYS_capset, &head, keep) != 0)
		log_fatal("cage: capabilities: %s", strerror(errno));
}

bool cage_has_caps(void)
{
	return all_kept;
}

static void drop_privilege(const struct cage *c, uid_t uid, gid_t gid)
{
	if (uid == 0 || gid == 0)
		log_fatal("cage: root stays root");
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap) != 0 && errno != EPERM)
			log_fatal("cage: capability %d: %s", cap, strerror(errno));
	if (c && c->caps_n && prctl(PR_SET_KEEPCAPS, 1) != 0)
		log_fatal("cage: capabilities: %s", strerror(errno));
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
		log_fatal("cage: uid %u: %s", (unsigned)uid, strerror(errno));
	if (setresuid(0, 0, 0) == 0 || geteuid() != uid || getegid() != gid)
		log_fatal("cage: uid did not stay dropped");
	keep_caps(c);
}

static bool names(const char *const *calls, const char *call)
{
	for (; calls && *calls; calls++)
		if (strcmp(*calls, call) == 0)
			return true;
	return false;
}

static void gain_nothing(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		log_fatal("cage: new privileges: %s", strerror(errno));
	/* both were reset by the change of uid */
	if (prctl(PR_SET_DUMPABLE, 0) != 0)
		log_fatal("cage: dumpable: %s", strerror(errno));
	die_with_parent();
}

void cage_enter_open(uid_t uid, gid_t gid)
{
	if (parent_at_start == 0)
		log_fatal("cage: entered before cage_early()");
	limit(RLIMIT_CORE, "core", 0);
	limit(RLIMIT_NPROC, "nproc", OPEN_PROCESSES);
	limit(RLIMIT_NOFILE, "files", OPEN_FILES);
	limit(RLIMIT_FSIZE, "file size", (rlim_t)OPEN_FILE_MB * MIB);
	if (chdir("/") != 0)
		log_fatal("cage: root directory: %s", strerror(errno));
	if (geteuid() == 0)
		drop_privilege(NULL, uid, gid);
	gain_nothing();
	cage_deny_bpf();
}

void cage_enter(const struct cage *c, uid_t uid, gid_t gid)
{
	if (parent_at_start == 0)
		log_fatal("cage: entered before cage_early()");
	if (c->files == 0 || c->memory_mb == 0)
		log_fatal("cage: %s names no limits", c->name);
	tzset(); /* reads its file once, even for UTC */
#ifdef RINGFENCE_SANITIZE
	__sanitizer_sandbox_on_notify(NULL);
#endif
	set_limits(c);
	if (geteuid() == 0) {
		if (chroot(".") != 0 || chdir("/") != 0)
			log_fatal("cage: root directory: %s", strerror(errno));
		drop_privilege(c, uid, gid);
	}
	gain_nothing();
	cage_landlock(kept, kept_n, names(c->calls, "socket") && names(c->calls, "connect"));
	cage_seccomp(c);
}
