/* SPDX-License-Identifier: ISC */
/* Shutting a process in: empty root, own uid, no new privilege, resource limits, no cores with secrets, landlock where
 * the kernel has it, and a seccomp filter that allows the calls of its job only. */
#ifndef CAGE_CAGE_H
#define CAGE_CAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cage {
	const char *name;
	/* system calls by name beyond the common set (memory, time, poll, read, write, sendmsg, recvmsg, exit ...);
	 * ends with NULL */
	const char *const *calls;
	uint32_t files;     /* descriptors */
	uint32_t memory_mb; /* data segment and mappings */
	uint8_t may_write_files; /* ledger, keeper: writes to descriptors of regular files it was given */
};

/* As root: chroot to the current directory (an empty one that parent chose), drop to uid and gid, then lock down.
 * Aborts with a reason when any step fails; there is no half-closed cage. uid 0 means: stay the user one is (a
 * development run without root), with all other steps done. */
void cage_enter(const struct cage *c, uid_t uid, gid_t gid);

/* What every process does first of all: dumpable off, PDEATHSIG, umask, closed standard input. The death signal is set
 * again after the uid drop, and the parent's identity checked. */
void cage_early(void);

#endif
