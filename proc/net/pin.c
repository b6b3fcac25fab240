/* SPDX-License-Identifier: ISC */
#include "pin.h"
#include "former.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAME_MAX_ = 32 };

static const char *const pinned[] = {"flows", "tallies", "banned", "site", "wires", "arrivals", "ring", "sends"};

const char *pin_name(const struct bpf_map *m)
{
	static const char section[] = ".data.";
	const char *name = bpf_map__name(m);

	return strncmp(name, section, sizeof section - 1) == 0 ? name + sizeof section - 1 : name;
}

static const char *path_of(const char *map)
{
	static char path[NAME_MAX_];

	snprintf(path, sizeof path, "%s-%d", map, FLOW_LAYOUT);
	return path;
}

bool pin_fits(const struct bpf_map *m, int fd)
{
	struct bpf_map_info info = {0};
	uint32_t n = sizeof info;

	return bpf_obj_get_info_by_fd(fd, &info, &n) == 0 && info.type == bpf_map__type(m) &&
	       info.key_size == bpf_map__key_size(m) && info.value_size == bpf_map__value_size(m) &&
	       info.max_entries == bpf_map__max_entries(m) && info.map_flags == bpf_map__map_flags(m);
}

int pin_open(const char *name)
{
	return bpf_obj_get(path_of(name));
}

/* Of the build before: its pin stays until this build's programs are attached. */
static int adopt_former(struct bpf_map *m)
{
	int fd = former_open(pin_name(m)), r = 0;

	if (fd < 0)
		return 0;
	if (pin_fits(m, fd))
		r = bpf_map__reuse_fd(m, fd);
	close(fd);
	return r;
}

static int adopt(struct bpf_map *m)
{
	const char *path = path_of(pin_name(m));
	int fd = bpf_obj_get(path), r = 0;

	if (fd < 0)
		return errno == ENOENT ? adopt_former(m) : -errno;
	if (pin_fits(m, fd))
		r = bpf_map__reuse_fd(m, fd);
	else if (unlink(path) != 0)
		r = -errno;
	close(fd);
	return r;
}

static uint32_t map_id(int fd)
{
	struct bpf_map_info info = {0};
	uint32_t n = sizeof info;

	return bpf_obj_get_info_by_fd(fd, &info, &n) == 0 ? info.id : 0;
}

/* The build before has made a map since this one took over: it was here again, and what is pinned of ours is older. */
static bool is_stale(const struct bpf_map *m)
{
	int was = former_open(pin_name(m)), now = was < 0 ? -1 : pin_open(pin_name(m));
	bool stale = now >= 0 && pin_fits(m, was) && map_id(was) != map_id(now);

	if (was >= 0)
		close(was);
	if (now >= 0)
		close(now);
	return stale;
}

void pin_end(void)
{
	for (size_t i = 0; i < sizeof pinned / sizeof *pinned; i++)
		unlink(path_of(pinned[i]));
}

int pin_adopt(struct bpf_object *o)
{
	struct bpf_map *m;
	bool stale = false;
	int r = 0;

	bpf_object__for_each_map(m, o) stale |= is_stale(m);
	if (stale)
		pin_end();
	bpf_object__for_each_map(m, o) if (r == 0) r = adopt(m);
	return r;
}

static bool is_pinned(const struct bpf_map *m)
{
	for (size_t i = 0; i < sizeof pinned / sizeof *pinned; i++)
		if (strcmp(pinned[i], pin_name(m)) == 0)
			return true;
	return false;
}

static int put(struct bpf_map *m)
{
	const char *path = path_of(pin_name(m));

	if (!is_pinned(m)) /* of this life's programs alone */
		return 0;
	return access(path, F_OK) == 0 || bpf_obj_pin(bpf_map__fd(m), path) == 0 ? 0 : -errno;
}

int pin_put(struct bpf_object *o)
{
	struct bpf_map *m;
	int r = 0;

	bpf_object__for_each_map(m, o) if (r == 0) r = put(m);
	return r;
}

void pin_end_former(void)
{
	former_unpin(pinned, sizeof pinned / sizeof *pinned);
}
