/* SPDX-License-Identifier: ISC */
#include "base/log.h"
#include "cage_int.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

/* What every process may do: compute, keep time, wait, and talk over descriptors that it has. */
/* clang-format off */
static const char *const common[] = {
    "read", "write", "readv", "writev", "close", "recvmsg", "recvmmsg", "sendmsg",
    "poll", "ppoll", "epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl",
    "epoll_create1", /* libev makes its set anew when it hears of a socket that is closed here and open elsewhere */
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time",
    "munmap", "mremap", "madvise", "mlock", "mlock2", "munlock", "brk", "futex",
    "getrandom", "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall", "exit", "exit_group",
    NULL};
/* clang-format on */

static const char *const files[] = {"pread64", "pwrite64", "fsync", "fdatasync", "ftruncate", "lseek", NULL};

static void allow(scmp_filter_ctx f, const char *call)
{
	int nr = seccomp_syscall_resolve_name(call);

	if (nr == __NR_SCMP_ERROR)
		log_fatal("cage: no system call is named %s", call);
	int r = seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 0);
	if (r != 0 && r != -EEXIST)
		log_fatal("cage: %s: %s", call, strerror(-r));
}

static void allow_all(scmp_filter_ctx f, const char *const *calls)
{
	for (; calls && *calls; calls++)
		allow(f, *calls);
}

static void allow_if(scmp_filter_ctx f, const char *call, struct scmp_arg_cmp condition)
{
	int r = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(call), 1, &condition);

	if (r != 0)
		log_fatal("cage: %s: %s", call, strerror(-r));
}

static void allow_conditions(scmp_filter_ctx f)
{
	static const int fcntl_ok[] = {F_GETFL, F_SETFL, F_GETFD, F_SETFD};

	/* memory is written or executed, never both, and nothing becomes executable in here */
	allow_if(f, "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	allow_if(f, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* fstat() of a descriptor, never a path */
	allow_if(f, "fstat", SCMP_A0(SCMP_CMP_LE, INT32_MAX));
	allow_if(f, "newfstatat", SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH));
	/* abort() signals its own process */
	allow_if(f, "tgkill", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	/* the C library asks whether a stream is a terminal */
	int r = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, TCGETS));
	if (r != 0)
		log_fatal("cage: ioctl: %s", strerror(-r));
	for (size_t i = 0; i < sizeof fcntl_ok / sizeof *fcntl_ok; i++)
		allow_if(f, "fcntl", SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)fcntl_ok[i]));
}

#ifdef RINGFENCE_SANITIZE
int __asan_report_present(void) __attribute__((weak));

/* What the sanitizers' own reports need. */
static void allow_sanitizers(scmp_filter_ctx f)
{
	static const char *const calls[] = {"sched_yield", "sched_getaffinity", "getrlimit", "prlimit64", "uname",
	    "sysinfo", "set_robust_list", "getcwd", "prctl", "kill", NULL};

	allow_all(f, calls);
}

/* A report that is being written looks for files in vain, so that it comes to its end. */
static bool fails_in_report(void *context)
{
#ifdef __x86_64__
	if (__asan_report_present && __asan_report_present()) {
		((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = -EACCES;
		return true;
	}
#endif
	(void)context;
	return false;
}

/* Names the call that the release build would die of without a word. */
static void on_forbidden(int signal_number, siginfo_t *info, void *context)
{
	char line[96];

	if (fails_in_report(context))
		return;
	char *call = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, info->si_syscall);
	int n = snprintf(
	    line, sizeof line, "<3>cage: forbidden system call %s (%d)\n", call ? call : "?", info->si_syscall);
	if (write(STDERR_FILENO, line, (size_t)n) > 0)
		signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static uint32_t on_violation(void)
{
	struct sigaction act = {.sa_sigaction = on_forbidden, .sa_flags = SA_SIGINFO};

	if (sigaction(SIGSYS, &act, NULL) != 0)
		log_fatal("cage: %s", strerror(errno));
	return SCMP_ACT_TRAP;
}
#else
static void allow_sanitizers(scmp_filter_ctx f)
{
	(void)f;
}

static uint32_t on_violation(void)
{
	return SCMP_ACT_KILL_PROCESS;
}
#endif

void cage_seccomp(const struct cage *c)
{
	scmp_filter_ctx f = seccomp_init(on_violation());

	if (!f)
		log_fatal("cage: no filter");
	allow_all(f, common);
	allow_conditions(f);
	allow_all(f, c->calls);
	if (c->asks_of_maps)
		allow_if(f, "bpf", SCMP_A0(SCMP_CMP_EQ, BPF_OBJ_GET_INFO_BY_FD));
	if (c->may_write_files)
		allow_all(f, files);
	allow_sanitizers(f);
	int r = seccomp_load(f);
	if (r != 0)
		log_fatal("cage: filter: %s", strerror(-r));
	seccomp_release(f);
}
