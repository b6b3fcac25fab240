/* SPDX-License-Identifier: ISC */
#include "orphan.h"
#include "flow.h"
#include "place.h"
#include <bpf/bpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

static bool info_of(int fd, struct bpf_map_info *out)
{
	uint32_t n = sizeof *out;

	memset(out, 0, sizeof *out);
	return fd >= 0 && bpf_obj_get_info_by_fd(fd, out, &n) == 0 && out->id;
}

/* --- who has a map --- */

static bool is_pin_of(const char *path, uint32_t map)
{
	struct bpf_map_info info;
	int fd = bpf_obj_get(path);
	bool is = info_of(fd, &info) && info.id == map;

	if (fd >= 0)
		close(fd);
	return is;
}

static bool is_pinned_in(const char *directory, uint32_t map)
{
	char path[PATH_ROOM + sizeof(struct dirent)];
	DIR *d = opendir(directory);
	const struct dirent *e;
	bool is = false;

	while (d && !is && (e = readdir(d))) {
		snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
		is = strncmp(e->d_name, "site-", 5) == 0 && is_pin_of(path, map);
	}
	if (d)
		closedir(d);
	return is;
}

/* proc_pid_mountinfo(5): blanks and the like of a path are \ooo */
static void plain(char *path)
{
	char *to = path;

	for (const char *at = path; *at; to++)
		if (at[0] == '\\' && at[1] && at[2] && at[3]) {
			*to = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			at += 4;
		} else
			*to = *at++;
	*to = 0;
}

static bool is_pinned(uint32_t map)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, path[PATH_ROOM];
	size_t room = 0;
	bool is = false;

	while (f && !is && getline(&line, &room, f) > 0) {
		const char *kind = strstr(line, " - ");
		if (!kind || strncmp(kind, " - bpf ", 7) != 0 || sscanf(line, "%*s %*s %*s %*s %4095s", path) != 1)
			continue;
		plain(path);
		is = is_pinned_in(path, map);
	}
	free(line);
	if (f)
		fclose(f);
	return is;
}

static bool says_map(int directory, const char *name, uint32_t map)
{
	char said[1024], wanted[32];
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, said, sizeof said - 1);

	if (fd >= 0)
		close(fd);
	said[n > 0 ? n : 0] = 0;
	snprintf(wanted, sizeof wanted, "map_id:\t%u\n", map);
	return strstr(said, wanted) != NULL;
}

static bool has_open(const char *pid, uint32_t map)
{
	char path[64];
	const struct dirent *e;
	bool has = false;

	snprintf(path, sizeof path, "/proc/%.20s/fdinfo", pid);
	DIR *d = opendir(path);
	while (d && !has && (e = readdir(d)))
		has = e->d_name[0] != '.' && says_map(dirfd(d), e->d_name, map);
	if (d)
		closedir(d);
	return has;
}

static bool is_open(uint32_t map)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;
	bool is = !d; /* who can't look does not know */

	while (d && !is && (e = readdir(d)))
		is = e->d_name[0] >= '1' && e->d_name[0] <= '9' && has_open(e->d_name, map);
	if (d)
		closedir(d);
	return is;
}

/* --- programs --- */

/* The number of its exchange, if that map is `site`. */
static bool read_site(uint32_t map, uint32_t *number)
{
	struct bpf_map_info info;
	struct flow_site site;
	uint32_t zero = 0;
	int fd = bpf_map_get_fd_by_id(map);
	bool is = info_of(fd, &info) && info.type == BPF_MAP_TYPE_ARRAY && info.value_size == sizeof site &&
	          strcmp(info.name, "site") == 0 && bpf_map_lookup_elem(fd, &zero, &site) == 0;

	if (fd >= 0)
		close(fd);
	if (!is)
		return false;
	struct addr media = addr_of_ip((const uint8_t *)&site.media[0]);
	*number = place_number(&media, site.lo);
	return true;
}

static bool read_program(uint32_t program, struct orphan *out)
{
	struct bpf_prog_info info = {.nr_map_ids = ORPHAN_MAPS_MAX, .map_ids = (uint64_t)(uintptr_t)out->map};
	uint32_t n = sizeof info;
	int fd = bpf_prog_get_fd_by_id(program);
	bool is = fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &n) == 0 && strcmp(info.name, "relay_tc") == 0;

	if (fd >= 0)
		close(fd);
	out->maps = info.nr_map_ids < ORPHAN_MAPS_MAX ? info.nr_map_ids : ORPHAN_MAPS_MAX;
	for (uint32_t i = 0; is && i < out->maps; i++)
		if (read_site(out->map[i], &out->number))
			return !is_pinned(out->map[i]) && !is_open(out->map[i]);
	return false;
}

uint32_t orphans_find(struct orphan out[ORPHANS_MAX])
{
	uint32_t n = 0, program = 0;

	while (n < ORPHANS_MAX && bpf_prog_get_next_id(program, &program) == 0)
		n += read_program(program, &out[n]);
	return n;
}
