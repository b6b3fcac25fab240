/* SPDX-License-Identifier: ISC */
#include "former.h"
#include "base/clock.h"
#include <bpf/bpf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

_Static_assert(
    FLOW_LAYOUT == 4 && sizeof(struct flow_tally_3) == 168, "the layout before is another one: renew this file");
/* what goes on as it is */
_Static_assert(sizeof(struct flow_key) == 24 && sizeof(struct flow) == 248 && sizeof(struct flow_ban) == 16 &&
		   sizeof(struct flow_wire) == 16 && sizeof(struct flow_arrival) == 12 &&
		   sizeof(struct flow_hop) == 56 && sizeof(struct flow_site) == 304 &&
		   offsetof(struct flow_site, media) == 48,
    "entries of layout 3 and 4");

static const char *const kept[] = {"flows", "site", "wires", "arrivals", "ring", "sends"};

static struct {
	struct flow_tally_3 *at, *began; /* mapped; as they were when they were written anew */
	struct flow_tally *now;          /* mapped */
	uint32_t n;
} former;

static const char *path_of(const char *name, int layout)
{
	static char path[32];

	snprintf(path, sizeof path, "%s-%d", name, layout);
	return path;
}

static uint64_t full_ns(const struct flow_tally_3 *was)
{
	if (!was->filled_ns || was->have_ns > FLOW_BUCKET_NS)
		return 0;
	return was->filled_ns + (FLOW_BUCKET_NS - was->have_ns);
}

void former_tally(const struct flow_tally_3 *was, struct flow_tally *out)
{
	*out = (struct flow_tally){.passed = was->passed,
	    .octets = was->octets,
	    .full_ns = full_ns(was),
	    .opus_len = was->opus_len,
	    .opus_changes = was->opus_changes,
	    .stranger_port = was->stranger_port,
	    .hop = was->hop,
	    .handed = was->handed,
	    .sent = was->sent,
	    .stranger = was->stranger};
	memcpy(out->dropped, was->dropped, sizeof out->dropped);
}

int former_open(const char *name)
{
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (strcmp(kept[i], name) == 0)
			return bpf_obj_get(path_of(name, FORMER_LAYOUT));
	return -1;
}

/* NULL: it is none of this shape. */
static void *mapped(int map, size_t entry, uint32_t n, int how)
{
	struct bpf_map_info info = {0};
	uint32_t len = sizeof info;

	if (map < 0 || bpf_obj_get_info_by_fd(map, &info, &len) != 0 || info.type != BPF_MAP_TYPE_ARRAY ||
	    info.value_size != entry || info.max_entries != n || !(info.map_flags & BPF_F_MMAPABLE))
		return NULL;
	void *at = mmap(NULL, entry * n, how, MAP_SHARED, map, 0);
	return at == MAP_FAILED ? NULL : at;
}

void former_leave(void)
{
	if (former.at)
		munmap(former.at, former.n * sizeof *former.at);
	if (former.now)
		munmap(former.now, former.n * sizeof *former.now);
	free(former.began);
	memset(&former, 0, sizeof former);
}

bool former_begin(int tallies, uint32_t n)
{
	int was = bpf_obj_get(path_of("tallies", FORMER_LAYOUT));

	former_leave();
	former.n = n;
	former.at = mapped(was, sizeof *former.at, n, PROT_READ);
	former.now = former.at ? mapped(tallies, sizeof *former.now, n, PROT_READ | PROT_WRITE) : NULL;
	former.began = former.now ? calloc(n, sizeof *former.began) : NULL;
	if (was >= 0)
		close(was);
	if (!former.began) {
		former_leave();
		return false;
	}
	memcpy(former.began, former.at, n * sizeof *former.began);
	for (uint32_t i = 0; i < n; i++)
		if (full_ns(&former.began[i]) >= former.now[i].full_ns)
			former_tally(&former.began[i], &former.now[i]);
	return true;
}

/* How long the machine has slept. */
static uint64_t slept_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return clock_boot_ns() - ((uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec);
}

static bool are_bans(int map)
{
	struct bpf_map_info info = {0};
	uint32_t len = sizeof info;

	return bpf_obj_get_info_by_fd(map, &info, &len) == 0 && info.type == BPF_MAP_TYPE_HASH &&
	       info.key_size == sizeof(struct flow_ip) && info.value_size == sizeof(struct flow_ban);
}

static void copy_bans(int from, int to)
{
	struct flow_ip ip, *at = NULL;
	struct flow_ban ban;
	uint64_t slept = slept_ns();

	for (uint32_t n = 0; n < FLOW_BANS_MAX && bpf_map_get_next_key(from, at, &ip) == 0; n++, at = &ip) {
		if (bpf_map_lookup_elem(from, &ip, &ban) != 0)
			continue;
		ban.until_ns = ban.until_ns < UINT64_MAX - slept ? ban.until_ns + slept : UINT64_MAX;
		(void)bpf_map_update_elem(to, &ip, &ban, BPF_NOEXIST);
	}
}

/* The first builds of this layout had them by the old clock too. */
void former_bans(int banned)
{
	for (int layout = FORMER_LAYOUT; layout <= FLOW_LAYOUT; layout++) {
		int was = bpf_obj_get(path_of("bans", layout));
		if (was < 0)
			continue;
		if (are_bans(was))
			copy_bans(was, banned);
		close(was);
	}
}

/* The programs of this build count in it already. */
static void add(__u64 *to, const __u64 *is, const __u64 *was)
{
	uint64_t more = __atomic_load_n(is, __ATOMIC_RELAXED) - *was;

	if (more)
		__atomic_fetch_add(to, more, __ATOMIC_RELAXED);
}

void former_end(void)
{
	for (uint32_t i = 0; i < former.n; i++) {
		const struct flow_tally_3 *is = &former.at[i], *was = &former.began[i];
		struct flow_tally *to = &former.now[i];
		add(&to->passed, &is->passed, &was->passed);
		add(&to->octets, &is->octets, &was->octets);
		add(&to->handed, &is->handed, &was->handed);
		add(&to->sent, &is->sent, &was->sent);
		for (int why = 0; why < FLOW_DROPS; why++)
			add(&to->dropped[why], &is->dropped[why], &was->dropped[why]);
	}
	former_leave();
}

void former_unpin(const char *const *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (int layout = 1; layout <= FLOW_LAYOUT + 1; layout++)
			if (layout != FLOW_LAYOUT)
				unlink(path_of(names[i], layout));
	for (int layout = 1; layout <= FLOW_LAYOUT; layout++)
		unlink(path_of("bans", layout));
}
