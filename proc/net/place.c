/* SPDX-License-Identifier: ISC */
#include "place.h"
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <string.h>

static struct place {
	struct addr address;
	uint32_t interface;
} place[PLACES_MAX];
static uint32_t places; /* as they were when they could last be looked at */

static uint32_t ethernet(const struct ifaddrs *all, const char *name)
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
	struct ifaddrs *all;

	if (getifaddrs(&all) != 0)
		return false;
	places = 0;
	for (const struct ifaddrs *i = all; i && places < PLACES_MAX; i = i->ifa_next) {
		struct place *p = &place[places];
		if (!i->ifa_addr || (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6) ||
		    !addr_from_sockaddr(i->ifa_addr, &p->address))
			continue;
		p->interface = ethernet(all, i->ifa_name);
		places++;
	}
	freeifaddrs(all);
	return true;
}

uint32_t place_of(const struct addr *a)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < places; i++) {
		if (!addr_same_ip(&place[i].address, a))
			continue;
		if (at && at != place[i].interface)
			return 0;
		at = place[i].interface;
	}
	return at;
}

bool place_is_here(const struct addr *a)
{
	for (uint32_t i = 0; i < places; i++)
		if (addr_same_ip(&place[i].address, a))
			return true;
	return false;
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
