/* SPDX-License-Identifier: ISC */
#include "ban_map.h"
#include "base/clock.h"
#include "flow.h"
#include <bpf/bpf.h>
#include <string.h>

static struct {
	int map;
	uint32_t n;
	uint64_t dropped; /* packets, of bans that are over */
} bans = {.map = -1};

void ban_map_use(int map)
{
	bans.map = map;
}

bool ban_map_put(const struct addr *a, uint64_t until_ns)
{
	struct flow_ban was, ban = {.until_ns = until_ns};
	struct flow_ip ip;

	memcpy(&ip, a->ip, sizeof ip);
	bool had = bpf_map_lookup_elem(bans.map, &ip, &was) == 0;
	if (had)
		ban.dropped = was.dropped;
	if (until_ns == 0 && had) {
		bpf_map_delete_elem(bans.map, &ip);
		bans.dropped += was.dropped;
	} else if (until_ns && bpf_map_update_elem(bans.map, &ip, &ban, BPF_ANY) != 0)
		return false;
	bans.n = bans.n + (!had && until_ns) - (had && !until_ns);
	return true;
}

static uint32_t bans_now(struct flow_ip ip[FLOW_BANS_MAX])
{
	struct flow_ip *at = NULL;
	uint32_t n = 0;

	while (n < FLOW_BANS_MAX && bpf_map_get_next_key(bans.map, at, &ip[n]) == 0)
		at = &ip[n++];
	return n;
}

void ban_map_each(void (*found)(const struct addr *a, uint64_t until_ns))
{
	struct flow_ip ip[FLOW_BANS_MAX];
	struct flow_ban ban;
	uint32_t n = bans_now(ip);

	for (uint32_t i = 0; i < n; i++)
		if (bpf_map_lookup_elem(bans.map, &ip[i], &ban) == 0) {
			struct addr a = addr_of_ip((const uint8_t *)&ip[i]);
			found(&a, ban.until_ns);
		}
}

void ban_map_forget(void)
{
	uint64_t now_ns = clock_boot_ns();
	struct flow_ip ip[FLOW_BANS_MAX];
	struct flow_ban ban;
	uint32_t n = bans_now(ip);

	bans.n = n;
	for (uint32_t i = 0; i < n; i++)
		if (bpf_map_lookup_elem(bans.map, &ip[i], &ban) == 0 && ban.until_ns <= now_ns &&
		    bpf_map_delete_elem(bans.map, &ip[i]) == 0) {
			bans.n--;
			bans.dropped += ban.dropped;
		}
}

uint64_t ban_map_dropped(void)
{
	struct flow_ip ip, *at = NULL;
	struct flow_ban ban;
	uint64_t dropped = bans.dropped;

	for (uint32_t n = 0; n < FLOW_BANS_MAX && bpf_map_get_next_key(bans.map, at, &ip) == 0; n++, at = &ip)
		if (bpf_map_lookup_elem(bans.map, &ip, &ban) == 0)
			dropped += ban.dropped;
	return dropped;
}

uint32_t ban_map_used(void)
{
	return bans.n;
}
