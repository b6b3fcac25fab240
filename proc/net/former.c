/* SPDX-License-Identifier: ISC */
#include "former.h"
#include "written.h"
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

_Static_assert(FLOW_LAYOUT == 5 && sizeof(struct flow_4) == 248 && sizeof(struct flow_key_4) == 24,
    "the layout before is another one: renew this file");
/* what goes on as it is */
_Static_assert(
    sizeof(struct flow_tally) == 192 && offsetof(struct flow_tally, hop) == 64 && sizeof(struct flow_hop) == 56 &&
	offsetof(struct flow_tally, handed) == 120 && sizeof(struct flow_ban) == 16 && sizeof(struct flow_wire) == 16 &&
	sizeof(struct flow_arrival) == 12 && sizeof(struct flow_site) == 304 && offsetof(struct flow_site, media) == 48,
    "entries of layout 4 and 5");

static const char *const kept[] = {"tallies", "banned", "site", "wires", "arrivals", "ring"};

/* flows and sends */
static struct table {
	const char *name;
	uint32_t key_size;
	int was;         /* -1: none are followed */
	struct flow *at; /* mapped */
} tables[] = {{"flows", sizeof(struct flow_key_4), -1, NULL}, {"sends", sizeof(uint32_t), -1, NULL}};

enum { TABLES = sizeof tables / sizeof *tables };

static uint32_t entries;
static bool *seen; /* of one of them */

static const char *path_of(const char *name, int layout)
{
	static char path[32];

	snprintf(path, sizeof path, "%s-%d", name, layout);
	return path;
}

int former_open(const char *name)
{
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (strcmp(kept[i], name) == 0)
			return bpf_obj_get(path_of(name, FORMER_LAYOUT));
	return -1;
}

void former_flow(const struct flow_key_4 *key, const struct flow_4 *was, struct flow *out)
{
	*out = (struct flow){.from = was->from,
	    .deadline_ns = was->deadline_ns,
	    .opens_ns = was->opens_ns,
	    .from_port = was->from_port,
	    .to_port = was->to_port,
	    .source_port = was->source_port,
	    .takes = was->ended ? FLOW_ENDS : was->takes,
	    .tag_len = was->tag_len,
	    .to = was->to,
	    .source = was->source,
	    .next = was->next,
	    .join = was->join,
	    .learn_ns = was->learn_ns,
	    .oif = was->interface,
	    .family = was->family,
	    .next_family = was->next_family};
	if (key) {
		out->ip = key->ip;
		out->iif = key->interface;
	}
	for (int type = 0; type < FLOW_TYPES; type++)
		out->frame[type / 32] |= (__u64)(was->frame[type] & 3) << 2 * (type % 32);
}

/* --- following --- */

/* It was not written anew while it was read. */
static bool read_whole(int map, const void *key, struct flow_4 *out)
{
	struct flow_4 again;

	return bpf_map_lookup_elem(map, key, out) == 0 && bpf_map_lookup_elem(map, key, &again) == 0 &&
	       memcmp(out, &again, sizeof again) == 0;
}

static void take(const struct table *t, const void *key, const struct flow_4 *was)
{
	const struct flow_key_4 *k = t->key_size == sizeof *k ? key : NULL;
	struct flow flow;

	if (was->slot >= entries || (k && k->vlan))
		return;
	former_flow(k, was, &flow);
	seen[was->slot] = true;
	if (!flow_is(&t->at[was->slot], &flow))
		flow_write(&t->at[was->slot], &flow);
}

/* Beginning again where its place is gone, as the kernel does; so often it is not. */
static void follow(const struct table *t)
{
	static const struct flow none;
	struct flow_key_4 key, kept_key, *at = NULL;
	struct flow_4 was;
	bool whole = false, torn = false;

	memset(seen, 0, entries * sizeof *seen);
	for (uint32_t most = 4 * entries; most && !whole; most--) {
		whole = bpf_map_get_next_key(t->was, at, &key) != 0;
		if (!whole && read_whole(t->was, &key, &was))
			take(t, &key, &was);
		else
			torn |= !whole; /* it changes at this moment; the next look tells */
		kept_key = key;
		at = &kept_key;
	}
	for (uint32_t i = 0; i < entries && whole && !torn; i++)
		if (!seen[i] && !flow_is(&t->at[i], &none))
			flow_write(&t->at[i], &none);
}

bool former_follow(void)
{
	for (int i = 0; i < TABLES && seen; i++)
		follow(&tables[i]);
	return seen != NULL;
}

static bool open_former(struct table *t)
{
	struct bpf_map_info info = {0};
	uint32_t len = sizeof info;

	t->was = bpf_obj_get(path_of(t->name, FORMER_LAYOUT));
	return t->was >= 0 && bpf_obj_get_info_by_fd(t->was, &info, &len) == 0 && info.type == BPF_MAP_TYPE_HASH &&
	       info.key_size == t->key_size && info.value_size == sizeof(struct flow_4);
}

static bool map_new(struct table *t, int map)
{
	void *at = mmap(NULL, entries * sizeof *t->at, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

	t->at = at == MAP_FAILED ? NULL : at;
	return t->at != NULL;
}

void former_leave(void)
{
	for (int i = 0; i < TABLES; i++) {
		if (tables[i].was >= 0)
			close(tables[i].was);
		if (tables[i].at)
			munmap(tables[i].at, entries * sizeof *tables[i].at);
		tables[i].was = -1;
		tables[i].at = NULL;
	}
	free(seen);
	seen = NULL;
}

bool former_begin(int flows, int sends, uint32_t n)
{
	const int map[TABLES] = {flows, sends};
	bool all = true;

	former_leave();
	entries = n;
	for (int i = 0; i < TABLES; i++)
		all = all && open_former(&tables[i]) && map_new(&tables[i], map[i]);
	seen = all ? calloc(n, sizeof *seen) : NULL;
	if (!seen)
		former_leave();
	return former_follow();
}

void former_end(void)
{
	former_leave();
	for (int i = 0; i < TABLES; i++)
		unlink(path_of(tables[i].name, FORMER_LAYOUT));
}

static bool is_followed(const char *name, int layout)
{
	bool is = false;

	for (int i = 0; i < TABLES && seen && layout == FORMER_LAYOUT; i++)
		is |= strcmp(tables[i].name, name) == 0;
	return is;
}

void former_unpin(const char *const *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (int layout = 1; layout <= FLOW_LAYOUT + 1; layout++)
			if (layout != FLOW_LAYOUT && !is_followed(names[i], layout))
				unlink(path_of(names[i], layout));
	for (int layout = 1; layout < FLOW_LAYOUT; layout++) /* as banned was called */
		unlink(path_of("bans", layout));
}
