/* SPDX-License-Identifier: ISC */
/* Shutting a process in: empty root, own uid, no new privilege, resource limits, no cores with secrets, landlock where
 * the kernel has it, and a seccomp filter that allows the calls of its job only. */
#ifndef CAGE_CAGE_H
#define CAGE_CAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cage {
	const char *name;
	/* system calls by name beyond the common set (memory, time, poll and epoll, read, write, sendmsg, recvmsg, exit);
	 * ends with NULL. The common set opens no file, makes no socket, connects nowhere and starts nothing. */
	const char *const *calls;
	uint32_t files;      /* descriptors */
	uint32_t memory_mb;  /* private memory; shared mappings and libraries come on top */
	const uint8_t *caps; /* capabilities that it keeps, if parent had them; caps_n of them */
	uint8_t caps_n;
	uint8_t asks_of_maps;    /* media: bpf() says what a map is that it was given, and does nothing else */
	uint8_t may_write_files; /* ledger, keeper, signer: pread, pwrite, fsync, ftruncate and lseek on what is open */
};

/* What every process does first of all: not dumpable, dies with its parent, umask 077. */
void cage_early(void);

/* Before cage_enter(): landlock leaves what is beneath this directory usable (the caller's descriptor stays its own).
 * The calls that open or name files must still stand in `calls`. At most 4. */
void cage_keep_dir(int dir_fd);

/* As root: chroot to the current directory (an empty one that parent chose), drop to uid and gid, then lock down.
 * Ends the process with a reason when any step fails; there is no half-closed cage. A call outside the filter kills
 * the process with SIGSYS, which parent logs; the sanitizer build names the call first. When the process is not root,
 * root and uid stay as they are (a development run), with all other steps done. */
void cage_enter(const struct cage *c, uid_t uid, gid_t gid);

/* For a helper that must start a program of the host: uid, capabilities, no new privileges (so no set-uid program gains
 * any), limits, death with its parent. Paths and calls stay as its parent's. */
void cage_enter_open(uid_t uid, gid_t gid);

/* For parent, which must keep its privilege: no new ones, and for it and all that it starts none of the calls that
 * mount, trace, load, or change the machine. */
void cage_deny(void);

/* In the cage: does this process have all capabilities that it was to keep? */
bool cage_has_caps(void);

#endif
