/* SPDX-License-Identifier: ISC */
/* What the kernel says of links, as net reads it: VLANs, which no kernel here has, and what is cut off (R28). */
#include "wire.h"
#include "test.h"
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <string.h>

static union {
	struct nlmsghdr head;
	uint8_t octets[512];
} said;

static void begin(void)
{
	memset(&said, 0, sizeof said);
	said.head = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)), .nlmsg_type = RTM_NEWLINK};
}

static void *put(uint16_t type, const void *data, size_t n)
{
	struct rtattr *a = (struct rtattr *)(void *)(said.octets + NLMSG_ALIGN(said.head.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(n);
	if (n)
		memcpy(RTA_DATA(a), data, n);
	said.head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(said.head.nlmsg_len) + RTA_ALIGN(a->rta_len));
	return a;
}

static void end(void *nest)
{
	struct rtattr *a = nest;

	a->rta_len = (uint16_t)(said.octets + said.head.nlmsg_len - (uint8_t *)nest);
}

static void named(const char *name, const char *kind, uint32_t below)
{
	begin();
	put(IFLA_IFNAME, name, strlen(name) + 1);
	if (below)
		put(IFLA_LINK, &below, sizeof below);
	if (!kind)
		return;
	void *info = put(IFLA_LINKINFO, NULL, 0);
	put(IFLA_INFO_KIND, kind, strlen(kind)); /* some kernels end it with no NUL */
	end(info);
}

static void vlan(uint16_t id, uint16_t protocol, uint32_t below)
{
	begin();
	put(IFLA_IFNAME, "eth0.5", 7);
	put(IFLA_LINK, &below, sizeof below);
	void *info = put(IFLA_LINKINFO, NULL, 0);
	put(IFLA_INFO_KIND, "vlan", 5);
	void *data = put(IFLA_INFO_DATA | 0x8000 /* nested */, NULL, 0);
	put(IFLA_VLAN_ID, &id, sizeof id);
	if (protocol)
		put(IFLA_VLAN_PROTOCOL, &protocol, sizeof protocol);
	end(data);
	end(info);
}

static void links_are_read(void)
{
	struct wire_link l;

	named("eth0", NULL, 0);
	CHECK(wire_read_link(&said.head, &l) && strcmp(l.name, "eth0") == 0 && !l.vlan && !l.veth && l.below == 0);
	named("voice", "veth", 9); /* whose below is its far end */
	CHECK(wire_read_link(&said.head, &l) && l.veth && !l.vlan && l.below == 0 && l.peer == 9 && !l.alias[0]);
	named("bond0", "bond", 0);
	CHECK(wire_read_link(&said.head, &l) && l.bond && !l.veth && !l.vlan);
	named("voice", "veth", 9);
	put(IFLA_IFALIAS, "ringfence", 10);
	CHECK(wire_read_link(&said.head, &l) && strcmp(l.alias, "ringfence") == 0);
	put(IFLA_IFALIAS, "sixteen octets.", 16);
	CHECK(wire_read_link(&said.head, &l) && strcmp(l.alias, "sixteen octets.") == 0);
	put(IFLA_LINK_NETNSID, &(uint32_t){0}, 4);
	CHECK(wire_read_link(&said.head, &l) && l.veth && l.peer == 0);
	named("voice", "veth", 9);
	put(IFLA_IFALIAS, "more than sixteen octets", 25);
	CHECK(wire_read_link(&said.head, &l) && !l.alias[0]);
	vlan(5, htons(0x88a8), 3);
	CHECK(wire_read_link(&said.head, &l) && strcmp(l.name, "eth0.5") == 0);
	CHECK(l.vlan && l.below == 3 && l.tag.vlan == 5 && l.tag.protocol == htons(0x88a8));
	vlan(4094, 0, 3);
	CHECK(wire_read_link(&said.head, &l) && l.tag.vlan == 4094 && l.tag.protocol == htons(0x8100));
}

static void what_leads_nowhere_is_refused(void)
{
	struct wire_link l;
	uint32_t elsewhere = 1;

	vlan(5, 0, 3); /* of an interface in another network */
	put(IFLA_LINK_NETNSID, &elsewhere, sizeof elsewhere);
	CHECK(!wire_read_link(&said.head, &l));
	named("eth0.5", "vlan", 3); /* of no tag */
	CHECK(!wire_read_link(&said.head, &l));
	begin();
	CHECK(!wire_read_link(&said.head, &l));
	vlan(5, 0, 3);
	said.head.nlmsg_type = RTM_DELLINK;
	CHECK(!wire_read_link(&said.head, &l));
	vlan(5, 0, 3);
	for (uint32_t n = said.head.nlmsg_len; n-- > 0;) { /* cut off anywhere */
		said.head.nlmsg_len = n;
		bool read = wire_read_link(&said.head, &l);
		CHECK(!read || (l.vlan == (l.tag.protocol != 0) && l.vlan == (l.below != 0)));
	}
}

static void *bit(uint32_t index, const char *name)
{
	void *nest = put(1 | 0x8000, NULL, 0); /* ETHTOOL_A_BITSET_BITS_BIT */

	put(1, &index, sizeof index);
	put(2, name, strlen(name) + 1);
	end(nest);
	return nest;
}

static void features(bool mask, const char *active)
{
	memset(&said, 0, sizeof said);
	said.head = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(4)};
	for (uint16_t which = 2; which <= 4; which++) { /* hardware's, wanted, active */
		void *set = put(which | 0x8000, NULL, 0);
		if (!mask)
			put(1, NULL, 0);
		put(2, &(uint32_t){64}, 4);
		void *bits = put(3 | 0x8000, NULL, 0);
		bit(0, "tx-scatter-gather");
		bit(9, which == 4 ? active : "rx-vlan-hw-parse");
		end(bits);
		end(set);
	}
}

/* What the card could do is not what it does. */
static void active_features_are_read(void)
{
	features(false, "rx-vlan-hw-parse");
	CHECK(wire_read_feature(&said.head, "rx-vlan-hw-parse") && wire_read_feature(&said.head, "tx-scatter-gather"));
	CHECK(!wire_read_feature(&said.head, "rx-vlan-hw") && !wire_read_feature(&said.head, "rx-vlan-stag-hw-parse"));
	for (uint32_t n = said.head.nlmsg_len, found = 1; n-- > 0;) { /* cut off anywhere */
		said.head.nlmsg_len = n;
		bool is = wire_read_feature(&said.head, "rx-vlan-hw-parse");
		CHECK(!is || found);
		found = is;
	}
	features(false, "rx-gro");
	CHECK(!wire_read_feature(&said.head, "rx-vlan-hw-parse"));
	features(true, "rx-vlan-hw-parse");
	CHECK(!wire_read_feature(&said.head, "rx-vlan-hw-parse"));
}

int main(void)
{
	RUN(active_features_are_read);
	RUN(links_are_read);
	RUN(what_leads_nowhere_is_refused);
	return TEST_END;
}
