/* SPDX-License-Identifier: ISC */
/* Which addresses the host has, when it has many: IPv4 stands before IPv6 in the list, and interfaces before both. */
#include "place.h"
#include "test.h"
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MANY = 3000, ENTRIES = MANY + 8 };

static struct entry {
	struct ifaddrs listed;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_ll link;
	} address;
} entry[ENTRIES];
static int entries, lists, refuses;

/* --- in the C library's place --- */

int getifaddrs(struct ifaddrs **out)
{
	if (refuses) {
		errno = ENOBUFS;
		return -1;
	}
	for (int i = 0; i < entries; i++)
		entry[i].listed.ifa_next = i + 1 < entries ? &entry[i + 1].listed : NULL;
	*out = entries ? &entry[0].listed : NULL;
	lists++;
	return 0;
}

void freeifaddrs(struct ifaddrs *list)
{
	lists -= list != NULL;
}

static struct entry *add(const char *name)
{
	static char names[][IFNAMSIZ] = {"lo", "eth0", "eth1", "tun0"};
	struct entry *e = &entry[entries++];

	memset(e, 0, sizeof *e);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], name) == 0)
			e->listed.ifa_name = names[i];
	e->listed.ifa_addr = &e->address.any;
	return e;
}

static void interface(const char *name, int number, unsigned short type)
{
	struct entry *e = add(name);

	e->listed.ifa_flags = strcmp(name, "lo") == 0 ? IFF_LOOPBACK : 0;
	e->address.link = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_ifindex = number, .sll_hatype = type};
}

static struct addr at(const char *ip)
{
	struct addr a = {0};

	if (!addr_parse_ip(span_str(ip), &a))
		abort();
	return a;
}

static void has(const char *name, const char *ip)
{
	struct addr a = at(ip);
	struct entry *e = add(name);

	if (a.family == 4) {
		e->address.v4.sin_family = AF_INET;
		memcpy(&e->address.v4.sin_addr, a.ip + 12, 4);
	} else {
		e->address.v6.sin6_family = AF_INET6;
		memcpy(&e->address.v6.sin6_addr, a.ip, 16);
	}
}

static void host(void)
{
	entries = 0;
	interface("lo", 1, ARPHRD_LOOPBACK);
	interface("eth0", 2, ARPHRD_ETHER);
	interface("eth1", 3, ARPHRD_ETHER);
	interface("tun0", 4, ARPHRD_NONE);
	add("tun0")->listed.ifa_addr = NULL; /* as of a tunnel */
}

/* --- what follows from it --- */

static void each_address_is_where_it_is(void)
{
	host();
	has("lo", "127.0.0.1");
	has("tun0", "192.0.2.4");
	has("eth1", "2001:db8::1");
	CHECK(place_look());
	struct addr lo = at("127.0.0.1"), tunnel = at("192.0.2.4"), media = at("2001:db8::1"), other = at("2001:db8::2");
	CHECK(place_of(&media) == 3 && place_is_here(&media));
	CHECK(place_of(&lo) == 0 && place_is_here(&lo));
	CHECK(place_of(&tunnel) == 0 && place_is_here(&tunnel));
	CHECK(place_of(&other) == 0 && !place_is_here(&other));
}

static void of_two_interfaces_only_one_may_be_an_ethernet(void)
{
	struct addr a = at("192.0.2.1");

	for (int other = 0; other < 3; other++)
		for (int first = 0; first < 2; first++) {
			const char *names[] = {"eth0", other == 0 ? "eth0" : other == 1 ? "eth1" : "lo"};
			host();
			has(names[first], "192.0.2.1");
			has(names[!first], "192.0.2.1");
			CHECK(place_look());
			CHECK(place_of(&a) == (other == 1 ? 0 : 2) && place_is_here(&a));
		}
}

/* R28, R13 */
static void the_last_of_many_is_found(void)
{
	char ip[16];

	host();
	for (int i = 0; i < MANY; i++) {
		snprintf(ip, sizeof ip, "10.0.%d.%d", i / 256, i % 256);
		has("eth0", ip);
	}
	has("eth1", "2001:db8::1");
	CHECK(place_look());
	struct addr media = at("2001:db8::1"), last = at(ip), none = at("10.1.0.0");
	CHECK(place_of(&media) == 3 && place_is_here(&media));
	CHECK(place_of(&last) == 2 && place_is_here(&last));
	CHECK(!place_is_here(&none));
	/* at each look all bans are looked for */
	enum { BANS = 1024, LOOKS = 200 };
	clock_t began = clock();
	for (int i = 0; i < BANS * LOOKS; i++)
		if (place_is_here(i % 2 ? &none : &last) == i % 2)
			CHECK(false);
	CHECK(clock() - began < CLOCKS_PER_SEC);
}

static void what_cannot_be_read_is_as_it_was(void)
{
	struct addr a = at("192.0.2.1");

	host();
	has("eth0", "192.0.2.1");
	CHECK(place_look());
	refuses = 1;
	CHECK(!place_look());
	CHECK(place_of(&a) == 2 && place_is_here(&a));
	refuses = 0;
	CHECK(place_look());
	CHECK(lists == 1); /* none but the last is kept */
	entries = 0;
	CHECK(place_look());
	CHECK(place_of(&a) == 0 && !place_is_here(&a));
}

int main(void)
{
	RUN(each_address_is_where_it_is);
	RUN(of_two_interfaces_only_one_may_be_an_ethernet);
	RUN(the_last_of_many_is_found);
	RUN(what_cannot_be_read_is_as_it_was);
	return TEST_END;
}
