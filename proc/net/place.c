/* SPDX-License-Identifier: ISC */
#include "place.h"
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <string.h>

static struct ifaddrs *all; /* as they were when they could last be looked at */

static uint32_t ethernet(const char *name)
{
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_PACKET || strcmp(i->ifa_name, name) != 0)
			continue;
		const struct sockaddr_ll *l = (const struct sockaddr_ll *)(const void *)i->ifa_addr;
		return l->sll_hatype == ARPHRD_ETHER && !(i->ifa_flags & IFF_LOOPBACK) ? (uint32_t)l->sll_ifindex : 0;
	}
	return 0;
}

bool place_look(void)
{
	struct ifaddrs *now;

	if (getifaddrs(&now) != 0)
		return false;
	freeifaddrs(all);
	all = now;
	return true;
}

/* From i on; NULL: nowhere. */
static const struct ifaddrs *next_with(const struct ifaddrs *i, const struct addr *a)
{
	struct addr its;

	for (; i; i = i->ifa_next)
		if (i->ifa_addr && addr_from_sockaddr(i->ifa_addr, &its) && addr_same_ip(&its, a))
			break;
	return i;
}

uint32_t place_of(const struct addr *a)
{
	uint32_t at = 0;

	for (const struct ifaddrs *i = next_with(all, a); i; i = next_with(i->ifa_next, a)) {
		uint32_t here = ethernet(i->ifa_name);
		if (here && at && at != here)
			return 0;
		at = here ? here : at;
	}
	return at;
}

bool place_is_here(const struct addr *a)
{
	return next_with(all, a) != NULL;
}

/* FNV-1a */
uint32_t place_number(const struct addr *a, uint16_t lo)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < sizeof a->ip; i++)
		h = (h ^ a->ip[i]) * 16777619U;
	h = (h ^ (lo >> 8U)) * 16777619U;
	h = (h ^ (lo & 255U)) * 16777619U;
	return h;
}
