/* SPDX-License-Identifier: ISC */
/* What an interface is for XDP: itself, or the one below with the tags in between, and what its driver can. Asked over netlink. */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include "flow.h"
#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct wire {
	char name[IF_NAMESIZE]; /* of the interface that was asked for */
	struct flow_wire way;
	bool native; /* worth an attempt: of a veth only when its far end takes what is sent to it */
	bool
	    strips; /* the card takes the tag off, so that programs see its frames without; of a veth it can't be known */
};

/* Before the cage. Without netlink no interface is worth an attempt. */
void wire_open(void);

/* 0 or -errno: there is no such interface (-ENODEV), it is none that leads to one wire by at most FLOW_TAGS tags (-EOPNOTSUPP), or it could
 * not be asked (is_lack(), lack.h). */
int wire_of(uint32_t interface, struct wire *out) __attribute__((warn_unused_result));

enum { WIRE_ALIAS_MAX = 16 }; /* a longer one is left out */

/* One link, as RTM_NEWLINK says it. */
struct wire_link {
	char name[IF_NAMESIZE];
	uint32_t below; /* of a VLAN; 0: none here */
	uint32_t peer;  /* of a veth; 0: none here */
	char alias[WIRE_ALIAS_MAX];
	struct flow_tag tag;
	bool vlan, veth, bond;
};
bool wire_read_link(const struct nlmsghdr *h, struct wire_link *out) __attribute__((warn_unused_result));
/* Has the answer of ethtool's family this feature among the active ones? False too where it is no such answer. */
bool wire_read_feature(const struct nlmsghdr *h, const char *feature);

int wire_link_of(uint32_t interface, struct wire_link *out) __attribute__((warn_unused_result));

#endif
