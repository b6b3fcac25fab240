/* SPDX-License-Identifier: ISC */
/* Takes out of the kernel what an exchange left there that will not come back: unload SITE, as root. Its own is what its pins in SITE/run/bpf
 * lead to: the programs that use those maps, the links, and by the number that follows from the addresses in one of them a pair of devices and
 * a table of nftables. Where pins are gone, so is what nobody has a hold on any more (orphan.h). */
#include "nft.h"
#include "nft_name.h"
#include "orphan.h"
#include "pair.h"
#include "place.h"
#include "tc.h"
#include "wire.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { PINS_MAX = 128, PIN_NAME_MAX = 32, MAPS_OF_A_PROGRAM = 32 };

static struct {
	char name[PIN_NAME_MAX];
	uint32_t map; /* its number; 0: a link */
} pin[PINS_MAX];
static uint32_t pins;

static bool has_number;
static uint32_t number;             /* of the exchange */
static const struct orphan *orphan; /* whose turn it is */
static int failures;

static void failed(const char *what, int error)
{
	fprintf(stderr, "%s stays in the kernel: %s\n", what, strerror(error));
	failures++;
}

/* --- pins --- */

static void take_number(int map)
{
	uint32_t zero = 0;
	struct flow_site site;

	if (bpf_map_lookup_elem(map, &zero, &site) != 0)
		return;
	struct addr media = addr_of_ip((const uint8_t *)&site.media[0]);
	number = place_number(&media, site.lo);
	has_number = true;
}

static void note(const char *name, int fd)
{
	struct bpf_map_info info = {0};
	uint32_t n = sizeof info;

	memcpy(pin[pins].name, name, strlen(name) + 1);
	pin[pins].map = 0;
	if (strncmp(name, "xdp-", 4) != 0) {
		if (bpf_obj_get_info_by_fd(fd, &info, &n) != 0 || !info.id)
			return;
		pin[pins].map = info.id;
		if (strncmp(name, "site-", 5) == 0 && info.type == BPF_MAP_TYPE_ARRAY &&
		    info.value_size == sizeof(struct flow_site))
			take_number(fd);
	}
	pins++;
}

static void read_pins(void)
{
	DIR *here = opendir(".");
	const struct dirent *e;

	while (here && pins < PINS_MAX && (e = readdir(here))) {
		int fd = e->d_name[0] == '.' || strlen(e->d_name) >= PIN_NAME_MAX ? -1 : bpf_obj_get(e->d_name);
		if (fd < 0)
			continue; /* the kernel's own are there too */
		note(e->d_name, fd);
		close(fd);
	}
	if (here)
		closedir(here);
}

static bool is_our_map(uint32_t map)
{
	for (uint32_t i = 0; i < pins; i++)
		if (map && pin[i].map == map)
			return true;
	for (uint32_t i = 0; orphan && i < orphan->maps; i++)
		if (orphan->map[i] == map)
			return true;
	return false;
}

static void end_links(void)
{
	for (uint32_t i = 0; i < pins; i++) {
		int fd = pin[i].map ? -1 : bpf_obj_get(pin[i].name);
		if (fd < 0)
			continue;
		if (bpf_link_detach(fd) != 0 && errno != ENOLINK)
			failed(pin[i].name, errno);
		close(fd);
	}
}

/* The last, so that whoever could not do all of it can do it again. */
static void unpin(void)
{
	for (uint32_t i = 0; i < pins; i++)
		if (unlink(pin[i].name) != 0)
			failed(pin[i].name, errno);
}

/* --- filters --- */

static bool is_ours(uint32_t program)
{
	uint32_t maps[MAPS_OF_A_PROGRAM];
	struct bpf_prog_info info = {.nr_map_ids = MAPS_OF_A_PROGRAM, .map_ids = (uint64_t)(uintptr_t)maps};
	uint32_t n = sizeof info;
	int fd = bpf_prog_get_fd_by_id(program);
	bool ours = false;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &n) != 0)
		info.nr_map_ids = 0;
	for (uint32_t i = 0; i < info.nr_map_ids && i < MAPS_OF_A_PROGRAM; i++)
		ours |= is_our_map(maps[i]);
	if (fd >= 0)
		close(fd);
	return ours;
}

static void end_filter(const struct if_nameindex *at, enum bpf_tc_attach_point where, uint32_t handle)
{
	uint32_t program;

	if (tc_find(at->if_index, where, handle, &program) != 0 || !is_ours(program))
		return;
	int r = tc_detach(at->if_index, where, handle);
	if (r != 0)
		failed(at->if_name, -r);
}

static void end_filters(void)
{
	struct if_nameindex *all = if_nameindex();

	for (const struct if_nameindex *i = all; i && i->if_index; i++) {
		const uint32_t handle[] = {tc_handle(number), TC_HANDLE_FORMER};
		for (int k = 0; k < 2; k++) {
			end_filter(i, BPF_TC_INGRESS, handle[k]);
			end_filter(i, BPF_TC_EGRESS, handle[k]);
		}
	}
	if_freenameindex(all);
}

/* --- what has the number in its name --- */

static void end_pair(void)
{
	struct pair p;

	if (!pair_find(&p, number))
		return;
	pair_end(&p);
	if (pair_find(&p, number))
		failed(p.name[0], EBUSY);
}

static void end_table(void)
{
	static struct nft_batch batch;
	char table[NFT_NAME_MAX];
	struct nft_count count;

	snprintf(table, sizeof table, NFT_TABLE_FORMAT, number);
	if (nft_count(table, &count) != 0)
		return; /* there is none */
	nft_write_end(&batch, table);
	int r = nft_commit(&batch);
	if (r != 0)
		failed(table, -r);
}

/* 1: at what it left; 0: it left nothing; -1: said why not */
static int enter(const char *path)
{
	struct statfs s;
	int site = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (site < 0 || flock(site, LOCK_EX | LOCK_NB) != 0) { /* it stays locked until the end */
		fprintf(stderr, "%s: %s\n", path, errno == EWOULDBLOCK ? "its exchange runs" : strerror(errno));
		return -1;
	}
	int pinned = openat(site, "run/bpf", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (pinned < 0 || fstatfs(pinned, &s) != 0 || s.f_type != BPF_FS_MAGIC)
		return 0;
	return fchdir(pinned) == 0 ? 1 : -1;
}

static void end_what_is_pinned(void)
{
	read_pins();
	end_links();
	end_filters();
	if (has_number) {
		end_pair();
		end_table();
	}
	if (failures == 0)
		unpin();
	pins = 0;
}

/* Whose site it was can't be told any more. */
static void end_orphans(void)
{
	static struct orphan all[ORPHANS_MAX];
	uint32_t n = orphans_find(all);

	for (uint32_t i = 0; i < n; i++) {
		orphan = &all[i];
		number = orphan->number;
		end_filters();
		end_pair();
		end_table();
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: ringfence-unload SITE\n");
		return 2;
	}
	int there = enter(argv[1]);
	if (there < 0)
		return 1;
	libbpf_set_print(NULL);
	wire_open();
	if (there)
		end_what_is_pinned();
	end_orphans();
	return failures != 0;
}
