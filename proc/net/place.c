/* SPDX-License-Identifier: ISC */
#include "place.h"
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>

static struct ifaddrs *all; /* as they were when they could last be looked at */

/* Theirs in order: each ban is looked for among them. */
static struct ip {
	uint8_t octets[16]; /* as in struct addr */
} * here;
static size_t here_n;

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ip));
}

static bool sort(const struct ifaddrs *list)
{
	size_t n = 0;
	struct addr a;

	for (const struct ifaddrs *i = list; i; i = i->ifa_next)
		n++;
	struct ip *sorted = calloc(n + 1, sizeof *sorted);
	if (!sorted)
		return false;
	n = 0;
	for (const struct ifaddrs *i = list; i; i = i->ifa_next)
		if (i->ifa_addr && addr_from_sockaddr(i->ifa_addr, &a))
			memcpy(sorted[n++].octets, a.ip, sizeof sorted->octets);
	qsort(sorted, n, sizeof *sorted, compare);
	free(here);
	here = sorted;
	here_n = n;
	return true;
}

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
	if (!sort(now)) {
		freeifaddrs(now);
		return false;
	}
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
		uint32_t its = ethernet(i->ifa_name);
		if (its && at && at != its)
			return 0;
		at = its ? its : at;
	}
	return at;
}

bool place_is_here(const struct addr *a)
{
	return here_n && bsearch(a->ip, here, here_n, sizeof *here, compare);
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
