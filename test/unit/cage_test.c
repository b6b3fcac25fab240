/* SPDX-License-Identifier: ISC */
/* R27: what a process in its cage cannot do, shown by trying. Each try runs in a child of its own. */
#include "cage/cage.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { UID = 61999, GID = 61999 };

typedef int attempt(void); /* exit status of the child: 0 when it could do it */

static char root[] = "/tmp/ringfence-cage-XXXXXX";
static int held = -1; /* a descriptor from before the cage */

static int run(attempt *try, const char *const *calls, uint8_t may_write_files)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct cage c = {.name = "test", .calls = calls, .files = 64, .memory_mb = 64, .may_write_files = may_write_files};
		if (chdir(root) != 0)
			_exit(99);
		cage_early();
		cage_enter(&c, UID, GID);
		_exit(try());
	}
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static bool could(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* killed by the filter, or refused by something else */
static bool could_not(int status)
{
	return (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) || (WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static int opens(void)
{
	return open("/", O_RDONLY) < 0;
}
static int opens_for_writing(void)
{
	return open("x", O_RDWR | O_CREAT, 0600) < 0;
}
static int makes_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0;
}
static int connects(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	return connect(held, (struct sockaddr *)&a, sizeof a) != 0;
}
static int binds(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	return bind(held, (struct sockaddr *)&a, sizeof a) != 0;
}
static int executes(void)
{
	char *const argv[] = {(char[]){"sh"}, NULL};
	return execve("/bin/sh", argv, NULL) != 0;
}
static int forks(void)
{
	return fork() < 0;
}
static int traces(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) != 0;
}
static int reads_others_memory(void)
{
	char c;
	struct iovec here = {&c, 1}, there = {&c, 1};
	return syscall(SYS_process_vm_readv, getppid(), &here, 1, &there, 1, 0) != 1;
}
#ifndef RINGFENCE_SANITIZE
static int kills(void)
{
	return kill(getppid(), 0) != 0;
}
#endif
static int becomes_root(void)
{
	return setuid(0) != 0;
}
static int maps_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}
static int makes_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED || mprotect(p, 4096, PROT_READ | PROT_EXEC) != 0;
}
static int truncates(void)
{
	return ftruncate(held, 1) != 0;
}
static int duplicates(void)
{
	return fcntl(held, F_DUPFD, 10) < 0;
}

static void nothing_outside_its_job(void)
{
	static attempt *const tries[] = {opens, opens_for_writing, makes_socket, connects, binds, executes, forks, traces,
	    reads_others_memory, becomes_root, maps_code, makes_code, truncates, duplicates,
#ifndef RINGFENCE_SANITIZE
	    kills,
#endif
	};

	held = socket(AF_INET, SOCK_STREAM, 0);
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		int status = run(tries[i], NULL, 0);
		if (!could_not(status))
			fprintf(stderr, "attempt %zu: status %#x\n", i, (unsigned)status);
		CHECK(could_not(status));
	}
	close(held);
}

static int works(void)
{
	uint8_t octets[8];
	struct timespec t;
	struct stat s;
	char *p = malloc(100000);
	struct pollfd none = {.fd = -1};
	int ok = p && getrandom(octets, sizeof octets, 0) == sizeof octets && clock_gettime(CLOCK_BOOTTIME, &t) == 0 && poll(&none, 1, 1) == 0 &&
		 fstat(held, &s) == 0 && fcntl(held, F_SETFL, O_NONBLOCK) == 0 && write(held, "x", 1) == 1;
	free(p);
	return !ok;
}

static void its_job_goes_on(void)
{
	int fd[2];
	char c = 0;

	CHECK(pipe(fd) == 0);
	held = fd[1];
	CHECK(could(run(works, NULL, 0)));
	CHECK(read(fd[0], &c, 1) == 1 && c == 'x');
	close(fd[0]);
	close(fd[1]);
}

static int aborts(void)
{
	abort();
}

static void a_broken_invariant_still_aborts(void)
{
	int status = run(aborts, NULL, 0);

	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && !WCOREDUMP(status));
}

/* stat() is not landlock's business, so this is the empty root alone */
static int sees_the_system(void)
{
	struct stat s;
	return fstatat(AT_FDCWD, "/etc/passwd", &s, 0) != 0 && fstatat(AT_FDCWD, "/../../etc/passwd", &s, 0) != 0;
}
static int sees_its_root(void)
{
	struct stat s;
	return fstatat(AT_FDCWD, "/", &s, 0) != 0 || s.st_nlink != 2;
}

static void its_root_is_empty(void)
{
	static const char *const stat_calls[] = {"newfstatat", NULL};

	CHECK(could_not(run(sees_the_system, stat_calls, 0)));
	CHECK(could(run(sees_its_root, stat_calls, 0)));
}

static void paths_are_denied_even_where_the_filter_allows_them(void)
{
	static const char *const path_calls[] = {"openat", NULL};

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1) {
		puts("this kernel has no landlock");
		return;
	}
	CHECK(could_not(run(opens, path_calls, 0)));
	CHECK(could_not(run(opens_for_writing, path_calls, 0)));
}

static int identity_is_gone(void)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;
	return getresuid(&r, &e, &s) != 0 || r != UID || e != UID || s != UID || getresgid(&gr, &ge, &gs) != 0 ||
	       gr != GID || ge != GID || gs != GID || getgroups(0, NULL) != 0;
}
static int flags_are_set(void)
{
	int death = 0;
	return prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
	       prctl(PR_GET_PDEATHSIG, &death) != 0 || death != SIGKILL || prctl(PR_CAPBSET_READ, 0) != 0;
}
static int limits_are_set(void)
{
	struct rlimit core, files, processes;
	return getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0 || getrlimit(RLIMIT_NOFILE, &files) != 0 ||
	       files.rlim_max != 64 || getrlimit(RLIMIT_NPROC, &processes) != 0 || processes.rlim_max != 0;
}

static void identity_flags_and_limits_hold(void)
{
	static const char *const id_calls[] = {"getresuid", "getresgid", "getgroups", NULL};
	static const char *const prctl_calls[] = {"prctl", NULL};
	static const char *const limit_calls[] = {"getrlimit", "prlimit64", NULL};

	CHECK(could(run(identity_is_gone, id_calls, 0)));
	CHECK(could(run(flags_are_set, prctl_calls, 0)));
	CHECK(could(run(limits_are_set, limit_calls, 0)));
}

#ifndef RINGFENCE_SANITIZE
static int grows(void)
{
	return mmap(NULL, 128 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static void memory_is_bounded(void)
{
	CHECK(could_not(run(grows, NULL, 0)));
}
#endif

static void a_writer_writes_what_it_has_and_no_more(void)
{
	char path[64];

	snprintf(path, sizeof path, "%s.store", root);
	held = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(held >= 0);
	CHECK(could(run(truncates, NULL, 1)));
	CHECK(could_not(run(opens, NULL, 1)));
	close(held);
	unlink(path);
}

static int opens_in_kept(void)
{
	return openat(held, "x", O_RDWR | O_CREAT | O_CLOEXEC, 0600) < 0;
}
static int opens_beside_kept(void)
{
	return openat(AT_FDCWD, "y", O_RDWR | O_CREAT | O_CLOEXEC, 0600) < 0;
}

static int run_keeping(attempt *try)
{
	static const char *const path_calls[] = {"openat", NULL};
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		cage_keep_dir(held);
		status = run(try, path_calls, 1);
		_exit(could(status) ? 0 : 1);
	}
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static void a_kept_directory_stays_usable_and_nothing_else(void)
{
	char path[64];

	snprintf(path, sizeof path, "%s.dir", root);
	CHECK(mkdir(path, 0700) == 0 && (geteuid() != 0 || chown(path, UID, GID) == 0));
	held = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(could(run_keeping(opens_in_kept)));
	CHECK(could_not(run_keeping(opens_beside_kept)));
	CHECK(unlinkat(held, "x", 0) == 0);
	close(held);
	rmdir(path);
}

static int denied_child(int what)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		cage_deny();
		if (what == 0)
			mount("none", root, "tmpfs", 0, NULL);
		else if (what == 1)
			unshare(CLONE_NEWNET);
		else if (what == 2)
			syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
		_exit(open("/", O_RDONLY | O_DIRECTORY) < 0);
	}
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static void a_starter_of_processes_mounts_and_traces_nothing(void)
{
	for (int what = 0; what < 3; what++)
		CHECK(could_not(denied_child(what)));
	CHECK(could(denied_child(3)));
}

/* --- what net and media are let do --- */

static int bpf_says(int command)
{
	static char attr[128];

	return syscall(SYS_bpf, command, attr, sizeof attr) == 0 ? 0 : errno;
}

static int run_with(const struct cage *c, attempt *try)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (chdir(root) != 0)
			_exit(99);
		cage_early();
		cage_enter(c, UID, GID);
		_exit(try());
	}
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static int has_one_capability(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct have[_LINUX_CAPABILITY_U32S_3];

	return !(cage_has_caps() && syscall(SYS_capget, &head, have) == 0 && have[0].effective == CAP_TO_MASK(CAP_NET_ADMIN) &&
		 have[0].permitted == CAP_TO_MASK(CAP_NET_ADMIN) && have[0].inheritable == 0 && have[1].effective == 0 &&
		 have[1].permitted == 0 && geteuid() == UID);
}

static int becomes_root_with_it(void)
{
	return setuid(0) != 0;
}

static void capabilities_that_are_kept_and_no_other(void)
{
	static const uint8_t caps[] = {CAP_NET_ADMIN};
	static const char *const calls[] = {"capget", "setuid", NULL};
	struct cage c = {.name = "test", .calls = calls, .files = 64, .memory_mb = 64, .caps = caps, .caps_n = 1};

	CHECK(could(run_with(&c, has_one_capability)));
	CHECK(could_not(run_with(&c, becomes_root_with_it)));
	c.caps_n = 0;
	CHECK(could_not(run_with(&c, has_one_capability)));
}

static int asks_of_a_map(void)
{
	int said = bpf_says(BPF_OBJ_GET_INFO_BY_FD); /* of none, but it was asked */

	return said != EBADF && said != EINVAL;
}

static int reads_an_element(void)
{
	return bpf_says(BPF_MAP_LOOKUP_ELEM) != 0;
}

static int writes_an_element(void)
{
	return bpf_says(BPF_MAP_UPDATE_ELEM) != 0;
}

static int makes_a_map(void)
{
	return bpf_says(BPF_MAP_CREATE) != 0;
}

static int loads_a_program(void)
{
	return bpf_says(BPF_PROG_LOAD) != 0;
}

static void what_a_map_is_and_nothing_more(void)
{
	struct cage c = {.name = "test", .files = 64, .memory_mb = 64, .asks_of_maps = 1};

	CHECK(could(run_with(&c, asks_of_a_map)));
	CHECK(WIFSIGNALED(run_with(&c, reads_an_element)) && WIFSIGNALED(run_with(&c, writes_an_element)));
	CHECK(WIFSIGNALED(run_with(&c, makes_a_map)) && WIFSIGNALED(run_with(&c, loads_a_program)));
	c.asks_of_maps = 0;
	CHECK(WIFSIGNALED(run_with(&c, asks_of_a_map)));
}

static void a_helper_has_no_bpf(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		cage_early();
		cage_enter_open(UID, GID);
		_exit(bpf_says(BPF_MAP_LOOKUP_ELEM) == 0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static int sleeps(void)
{
	poll(NULL, 0, 10000);
	return 0;
}

/* the process between dies at once; its caged child must follow and so close the pipe */
static void dies_with_its_parent(void)
{
	int fd[2], status;

	CHECK(pipe(fd) == 0);
	pid_t between = fork();
	if (between == 0) {
		close(fd[0]);
		pid_t caged = fork();
		if (caged == 0) {
			struct cage c = {.name = "test", .files = 64, .memory_mb = 64};
			cage_early();
			if (chdir(root) != 0)
				_exit(99);
			cage_enter(&c, UID, GID);
			if (write(fd[1], "c", 1) != 1)
				_exit(98);
			_exit(sleeps());
		}
		poll(NULL, 0, 300);
		_exit(0);
	}
	close(fd[1]);
	CHECK(waitpid(between, &status, 0) == between);
	char c;
	struct pollfd p = {.fd = fd[0], .events = POLLIN};
	CHECK(read(fd[0], &c, 1) == 1 && poll(&p, 1, 3000) == 1 && read(fd[0], &c, 1) == 0);
	close(fd[0]);
}

int main(void)
{
	if (geteuid() != 0) {
		puts("needs root");
		return 77;
	}
	if (!mkdtemp(root) || chmod(root, 0755) != 0)
		return 1;
	RUN(nothing_outside_its_job);
	RUN(its_job_goes_on);
	RUN(a_broken_invariant_still_aborts);
	RUN(its_root_is_empty);
	RUN(paths_are_denied_even_where_the_filter_allows_them);
	RUN(identity_flags_and_limits_hold);
#ifndef RINGFENCE_SANITIZE
	RUN(memory_is_bounded);
#endif
	RUN(a_writer_writes_what_it_has_and_no_more);
	RUN(a_kept_directory_stays_usable_and_nothing_else);
	RUN(a_starter_of_processes_mounts_and_traces_nothing);
	RUN(capabilities_that_are_kept_and_no_other);
	RUN(what_a_map_is_and_nothing_more);
	RUN(a_helper_has_no_bpf);
	RUN(dies_with_its_parent);
	rmdir(root);
	return TEST_END;
}
