/* SPDX-License-Identifier: ISC */
#include "proctree.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_CAP = 96, ALL_MAX = 65536 };

struct kinship {
	pid_t pid, parent;
};

/* The fields of a stat file behind the command's closing parenthesis; false if there is none. */
static bool stat_read(const char *path, char state[static 2], long *parent, unsigned long *ticks)
{
	char line[1024], *tail;
	unsigned long utime, stime;
	FILE *f = fopen(path, "re");
	bool got = f != NULL && fgets(line, sizeof(line), f) != NULL;

	if (f != NULL)
		fclose(f);
	if (!got || (tail = strrchr(line, ')')) == NULL)
		return false;
	if (sscanf(tail + 1, " %1s %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", state, parent, &utime,
		&stime) != 4)
		return false;
	*ticks = utime + stime;
	return true;
}

static uint32_t kinship_list(struct kinship *all, uint32_t cap)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	uint32_t n = 0;

	while (d != NULL && n < cap && (e = readdir(d)) != NULL) {
		char path[PATH_CAP], state[2];
		unsigned long ticks;
		long parent;
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
		if (pid <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		if (stat_read(path, state, &parent, &ticks) && state[0] != 'Z')
			all[n++] = (struct kinship){pid, (pid_t)parent};
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static bool holds(const struct proctree *t, pid_t pid)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->pid[i] == pid)
			return true;
	return false;
}

bool proctree_find(pid_t root, struct proctree *t)
{
	struct kinship *all = calloc(ALL_MAX, sizeof(*all));
	uint32_t n = all ? kinship_list(all, ALL_MAX) : 0, before;

	t->n = 0;
	for (uint32_t i = 0; i < n; i++)
		if (all[i].pid == root)
			t->pid[t->n++] = root;
	do {
		before = t->n;
		for (uint32_t i = 0; i < n && t->n < PROCTREE_MAX; i++)
			if (holds(t, all[i].parent) && !holds(t, all[i].pid))
				t->pid[t->n++] = all[i].pid;
	} while (t->n != before);
	free(all);
	return t->n > 0;
}

static uint64_t thread_cpu_ns(pid_t pid, const char *thread)
{
	char path[PATH_CAP], state[2];
	unsigned long long ns = 0;
	unsigned long ticks = 0;
	long parent;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/schedstat", (int)pid, thread);
	f = fopen(path, "re");
	if (f != NULL) {
		if (fscanf(f, "%llu", &ns) != 1)
			ns = 0;
		fclose(f);
	}
	if (ns != 0)
		return ns;
	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/stat", (int)pid, thread);
	if (!stat_read(path, state, &parent, &ticks))
		return 0;
	return ticks * (1000000000ull / (unsigned long)sysconf(_SC_CLK_TCK));
}

uint64_t proctree_cpu_ns(const struct proctree *t)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		char path[PATH_CAP];
		struct dirent *e;
		DIR *d;
		snprintf(path, sizeof(path), "/proc/%d/task", (int)t->pid[i]);
		d = opendir(path);
		while (d != NULL && (e = readdir(d)) != NULL)
			if (e->d_name[0] != '.')
				sum += thread_cpu_ns(t->pid[i], e->d_name);
		if (d != NULL)
			closedir(d);
	}
	return sum;
}

/* Sum of the values of the named lines ("Pss:") of a file of /proc, in kB; -1 if it shows none. */
static int64_t lines_kb(const char *path, const char *a, const char *b)
{
	char line[256];
	int64_t sum = -1;
	FILE *f = fopen(path, "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		const char *name = strncmp(line, a, strlen(a)) == 0 ? a : b;
		if (strncmp(line, name, strlen(name)) == 0)
			sum = (sum < 0 ? 0 : sum) + strtoll(line + strlen(name), NULL, 10);
	}
	if (f != NULL)
		fclose(f);
	return sum;
}

uint64_t proctree_memory_kb(const struct proctree *t, uint32_t *guessed)
{
	uint64_t sum = 0;

	*guessed = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		char path[PATH_CAP];
		int64_t kb;
		snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)t->pid[i]);
		kb = lines_kb(path, "Pss:", "Pss:");
		if (kb < 0) {
			snprintf(path, sizeof(path), "/proc/%d/status", (int)t->pid[i]);
			kb = lines_kb(path, "RssAnon:", "RssShmem:");
			*guessed += 1;
		}
		sum += kb > 0 ? (uint64_t)kb : 0;
	}
	return sum;
}
