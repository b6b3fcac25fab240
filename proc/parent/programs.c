/* SPDX-License-Identifier: ISC */
/* The executables of this build, and what voice says in it, held open from parent's start on, or from its rehearsal on: a package replaces
 * them while the exchange runs, and until an upgrade has taken what it brings, whoever dies comes back as who it was. */
#include "parent.h"
#include "rehearsed.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

static const char *const helper_name[PROC_N] = {[PROC_CTL] = "ringfence-request", [PROC_WATCH] = "ringfence-tell"};
static int program[PROC_N], helper[PROC_N], prompts; /* 0: not open */

/* A build tree has a folder for each process. */
static int open_program(const char *name, enum proc of, int how)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", self.libexec, name);
	int fd = open(path, how | O_CLOEXEC);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	snprintf(path, sizeof path, "%s/%s/%s", self.libexec, proc_name[of], name);
	return open(path, how | O_CLOEXEC);
}

/* What could not be opened at the start is tried again when it is needed. */
static int held(int *at, const char *name, enum proc of, int how)
{
	int fd = *at > 0 ? *at : open_program(name, of, how);

	if (fd > 0)
		*at = fd;
	return fd;
}

int program_of(enum proc p)
{
	char name[64];

	snprintf(name, sizeof name, "ringfence-%s", proc_name[p]);
	return held(&program[p], name, p, O_PATH);
}

int program_helper(enum proc p)
{
	return held(&helper[p], helper_name[p], p, O_PATH);
}

/* For each voice from its beginning, so opened anew. */
int program_prompts(void)
{
	char path[32];
	int fd = held(&prompts, "prompts.pack", PROC_VOICE, O_RDONLY);

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return fd < 0 ? fd : open(path, O_RDONLY | O_CLOEXEC);
}

/* In the order in which they are left to a parent of this very build. */
static uint32_t all_of(int *at[REHEARSED_MAX])
{
	uint32_t n = 0;

	for (enum proc p = 0; p < PROC_N; p++) {
		if (p != PROC_PARENT)
			at[n++] = &program[p];
		if (helper_name[p])
			at[n++] = &helper[p];
	}
	at[n++] = &prompts;
	return n;
}

_Static_assert(2 * PROC_N < (int)REHEARSED_MAX, "each has its place");

void programs_held(struct rehearsed *r)
{
	int *at[REHEARSED_MAX];
	uint32_t n = all_of(at);

	for (r->n = 0; r->n < n; r->n++) {
		if (*at[r->n] <= 0) { /* then each by its path, as they come */
			r->n = 0;
			return;
		}
		r->fd[r->n] = *at[r->n];
	}
}

bool programs_take(const char *word)
{
	struct rehearsed r;
	int *at[REHEARSED_MAX];
	uint32_t n = all_of(at);

	if (!rehearsed_take(word, &r) || r.n != n)
		return false;
	for (uint32_t i = 0; i < n; i++)
		*at[i] = r.fd[i];
	return true;
}

void programs_open(void)
{
	(void)held(&prompts, "prompts.pack", PROC_VOICE, O_RDONLY);
	for (enum proc p = 0; p < PROC_N; p++) {
		if (p != PROC_PARENT)
			(void)program_of(p);
		if (helper_name[p])
			(void)program_helper(p);
	}
}
