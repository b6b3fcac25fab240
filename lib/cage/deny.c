/* SPDX-License-Identifier: ISC */
#include "base/log.h"
#include "cage_int.h"
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>

/* What neither a starter of processes nor any of its children has use for, and an intruder would. bpf() is not here: a filter that
 * parent has its children have too, and net loads programs. Every other child's own filter leaves it out. */
/* clang-format off */
static const char *const denied[] = {
#ifndef RINGFENCE_SANITIZE /* the leak checker traces its own process */
    "ptrace",
#endif
    "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "userfaultfd", "perf_event_open",
    "io_uring_setup", "io_uring_enter", "io_uring_register",
    "mount", "umount2", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
    "pivot_root", "setns", "unshare", "name_to_handle_at", "open_by_handle_at",
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff",
    "iopl", "ioperm", "acct", "quotactl", "syslog", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex",
    "sethostname", "setdomainname", "add_key", "request_key", "keyctl", "personality", NULL};
/* clang-format on */

static const char *const denied_to_helpers[] = {"bpf", NULL};

static void deny(const char *const *calls)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int r = f ? 0 : -ENOMEM;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		log_fatal("cage: new privileges: %s", strerror(errno));
	for (const char *const *c = calls; r == 0 && *c; c++) {
		int nr = seccomp_syscall_resolve_name(*c);
		if (nr == __NR_SCMP_ERROR)
			log_fatal("cage: no system call is named %s", *c);
		r = seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, nr, 0);
	}
	if (r == 0)
		r = seccomp_load(f);
	if (r != 0)
		log_fatal("cage: filter: %s", strerror(-r));
	seccomp_release(f);
}

void cage_deny(void)
{
	deny(denied);
}

void cage_deny_bpf(void)
{
	deny(denied_to_helpers);
}
