/* SPDX-License-Identifier: ISC */
/* For what a process does once in its life: each input in a child of its own. What the child covers guides libFuzzer as if it ran there. */
#ifndef FUZZ_APART_H
#define FUZZ_APART_H

#include "fuzz.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where libFuzzer's counters of edges begin and end, by the linker; without libFuzzer there are none. Not in C, where the compiler declares these
 * names itself, and would name its own otherwise. */
__asm__(".weak __start___sancov_cntrs, __stop___sancov_cntrs\n"
	".pushsection .data\n"
	".balign 8\n"
	"fuzz_counters: .quad __start___sancov_cntrs, __stop___sancov_cntrs\n"
	".popsection\n");
extern uint8_t *fuzz_counters[2];

/* From here on in memory that children have too, but for the ends that share a page with something else. */
static void fuzz_share_coverage(void)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)fuzz_counters[0],
			end = (uintptr_t)fuzz_counters[1], from = (begin + page - 1) / page * page, to = end / page * page;

	if (to <= from)
		return;
	uint8_t *at = fuzz_counters[0] + (from - begin), *was = malloc(to - from);
	FUZZ_CHECK(was);
	memcpy(was, at, to - from);
	FUZZ_CHECK(mmap(at, to - from, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_SHARED | MAP_ANONYMOUS, -1, 0) == at);
	memcpy(at, was, to - from);
	free(was);
}

static void fuzz_apart(void (*life)(const uint8_t *data, size_t n), const uint8_t *data, size_t n)
{
	static int shared;
	int status = 0;

	if (!shared)
		fuzz_share_coverage();
	shared = 1;
	pid_t pid = fork();
	if (pid == 0) {
		life(data, n);
		_exit(0);
	}
	FUZZ_CHECK(pid > 0);
	while (waitpid(pid, &status, 0) != pid) /* libFuzzer's timer */
		FUZZ_CHECK(errno == EINTR);
	FUZZ_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#endif
