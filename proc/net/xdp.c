/* SPDX-License-Identifier: ISC */
#include "xdp.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct xdp_set set;
static struct hook {
	uint32_t interface;
	int link;
	bool wanted;
} hooks[FLOW_WIRES_MAX];
static uint32_t hooks_n;
static uint32_t taken[FLOW_WIRES_MAX], taken_n;

static const char *pin_path(uint32_t interface)
{
	static char path[32];

	snprintf(path, sizeof path, "xdp-%u", interface);
	return path;
}

static struct hook *hook_at(uint32_t interface)
{
	for (uint32_t i = 0; i < hooks_n; i++)
		if (hooks[i].interface == interface)
			return &hooks[i];
	if (hooks_n == FLOW_WIRES_MAX)
		return NULL;
	hooks[hooks_n] = (struct hook){interface, bpf_obj_get(pin_path(interface)), false};
	return &hooks[hooks_n++];
}

static void close_hook(struct hook *h)
{
	if (h->link >= 0) {
		(void)bpf_link_detach(h->link); /* now: the kernel lets a pin go in its own time */
		close(h->link);
	}
	h->link = -1;
	unlink(pin_path(h->interface));
}

/* Of this build's program, whoever took it away meanwhile. */
static bool hook_holds(struct hook *h)
{
	LIBBPF_OPTS(bpf_link_create_opts, natively, .flags = XDP_FLAGS_DRV_MODE);

	if (h->link >= 0 && bpf_link_update(h->link, set.program, NULL) == 0)
		return true;
	close_hook(h);
	h->link = bpf_link_create(set.program, (int)h->interface, BPF_XDP, &natively);
	if (h->link >= 0 && bpf_obj_pin(h->link, pin_path(h->interface)) != 0)
		close_hook(h);
	return h->link >= 0;
}

void xdp_start(const struct xdp_set *s)
{
	uint32_t key, *at = NULL;
	struct flow_wire w;

	set = *s;
	for (int n = 0; n < FLOW_WIRES_MAX && bpf_map_get_next_key(set.wires, at, &key) == 0; n++, at = &key)
		if (bpf_map_lookup_elem(set.wires, &key, &w) == 0)
			(void)hook_at(w.interface);
}

void xdp_begin(void)
{
	taken_n = 0;
	for (uint32_t i = 0; i < hooks_n; i++)
		hooks[i].wanted = false;
}

/* Written only where it is not yet so: the memory of what is replaced is the next one's, and a program may be reading it. */
static bool stands(int map, const void *key, const void *value, size_t n)
{
	uint8_t there[sizeof(struct flow_wire)];

	if (bpf_map_lookup_elem(map, key, there) == 0 && memcmp(there, value, n) == 0)
		return true;
	return bpf_map_update_elem(map, key, value, BPF_ANY) == 0;
}

bool xdp_take(uint32_t interface, const struct wire *w)
{
	struct flow_arrival a = {.interface = w->way.interface};
	struct hook *h = w->native && taken_n < FLOW_WIRES_MAX ? hook_at(w->way.interface) : NULL;

	if (!h || !hook_holds(h))
		return false;
	memcpy(a.tag, w->way.tag, sizeof a.tag);
	if (!stands(set.wires, &interface, &w->way, sizeof w->way) ||
	    (a.tag[0].protocol && !stands(set.arrivals, &a, &interface, sizeof interface)))
		return false;
	h->wanted = true;
	taken[taken_n++] = interface;
	return true;
}

static bool is_taken(uint32_t interface)
{
	for (uint32_t i = 0; i < taken_n; i++)
		if (taken[i] == interface)
			return true;
	return false;
}

static void drop_wires(void)
{
	uint32_t key[FLOW_WIRES_MAX], *at = NULL;
	int n = 0;

	while (n < FLOW_WIRES_MAX && bpf_map_get_next_key(set.wires, at, &key[n]) == 0)
		at = &key[n++];
	for (int i = 0; i < n; i++)
		if (!is_taken(key[i]))
			bpf_map_delete_elem(set.wires, &key[i]);
}

static void drop_arrivals(void)
{
	struct flow_arrival key[FLOW_WIRES_MAX], *at = NULL;
	uint32_t interface;
	int n = 0;

	while (n < FLOW_WIRES_MAX && bpf_map_get_next_key(set.arrivals, at, &key[n]) == 0)
		at = &key[n++];
	for (int i = 0; i < n; i++)
		if (bpf_map_lookup_elem(set.arrivals, &key[i], &interface) == 0 && !is_taken(interface))
			bpf_map_delete_elem(set.arrivals, &key[i]);
}

void xdp_drop_rest(void)
{
	uint32_t kept = 0;

	drop_wires();
	drop_arrivals();
	for (uint32_t i = 0; i < hooks_n; i++) {
		if (hooks[i].wanted)
			hooks[kept++] = hooks[i];
		else
			close_hook(&hooks[i]);
	}
	hooks_n = kept;
}

bool xdp_is_at(uint32_t interface)
{
	struct bpf_link_info info = {0};
	uint32_t n = sizeof info;
	int link = bpf_obj_get(pin_path(interface));
	bool is = link >= 0 && bpf_obj_get_info_by_fd(link, &info, &n) == 0 && info.xdp.ifindex == interface;

	if (link >= 0)
		close(link);
	return is;
}

void xdp_end_at(uint32_t interface)
{
	struct hook h = {interface, bpf_obj_get(pin_path(interface)), false};

	close_hook(&h);
}

bool xdp_is_used(void)
{
	return hooks_n > 0;
}
