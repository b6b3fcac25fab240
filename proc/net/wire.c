/* SPDX-License-Identifier: ISC */
#include "wire.h"
#include "lack.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* linux/netdev.h, which Debian 12 does not have yet */
enum { NETDEV_DEV_GET = 1, NETDEV_IFINDEX = 1, NETDEV_XDP_FEATURES = 3 };
enum { XDP_CAN_RUN = 1, XDP_CAN_REDIRECT = 2, XDP_CAN_BE_SENT_TO = 4 };

enum { ANSWER_MAX = 16384, STALE_MAX = 8, UNTOLD = 0, TYPE = 0x3fff /* NLA_TYPE_MASK */ };

static struct {
	int route, generic; /* sockets; -1: none */
	uint16_t netdev;    /* id of the family that tells what drivers can; 0: the kernel is older than that (6.3) */
	uint16_t ethtool;   /* of the one that tells what cards do; 0: older than 5.6 */
	uint32_t asked;
} netlink = {-1, -1, 0, 0, 0};

union question {
	struct nlmsghdr head;
	uint8_t octets[128];
};

static union answer {
	struct nlmsghdr head;
	uint8_t octets[ANSWER_MAX];
} answer;

static int open_netlink(int protocol)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void put(struct nlmsghdr *h, uint16_t type, const void *data, size_t n)
{
	struct rtattr *at = (struct rtattr *)(void *)((uint8_t *)h + NLMSG_ALIGN(h->nlmsg_len));

	at->rta_type = type;
	at->rta_len = (uint16_t)RTA_LENGTH(n);
	memcpy(RTA_DATA(at), data, n);
	h->nlmsg_len = (uint32_t)(NLMSG_ALIGN(h->nlmsg_len) + RTA_ALIGN(at->rta_len));
}

static int error_in(const struct nlmsghdr *h)
{
	int r = -EPROTO;

	if (h->nlmsg_len >= NLMSG_LENGTH(sizeof r))
		memcpy(&r, (const uint8_t *)h + NLMSG_HDRLEN, sizeof r);
	return r < 0 ? r : -EPROTO;
}

/* 0, or -errno. The kernel answers before sendto() returns; what is older is passed over. */
static int ask(int fd, union question *q, const struct nlmsghdr **out)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	q->head.nlmsg_flags = NLM_F_REQUEST;
	q->head.nlmsg_seq = ++netlink.asked;
	if (fd < 0)
		return -EBADF;
	if (sendto(fd, q, q->head.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0)
		return -errno;
	for (int i = 0; i < STALE_MAX; i++) {
		ssize_t n = recvfrom(fd, &answer, sizeof answer, MSG_DONTWAIT | MSG_TRUNC, NULL, NULL);
		if (n < 0)
			return -errno;
		if (n < (ssize_t)sizeof answer.head || n > (ssize_t)sizeof answer ||
		    !NLMSG_OK(&answer.head, (uint32_t)n))
			return -EPROTO;
		if (answer.head.nlmsg_seq != netlink.asked)
			continue;
		if (answer.head.nlmsg_type == NLMSG_ERROR)
			return error_in(&answer.head);
		*out = &answer.head;
		return 0;
	}
	return -EAGAIN;
}

static const void *data_of(const struct rtattr *a)
{
	return (const uint8_t *)a + RTA_LENGTH(0);
}

static const struct rtattr *next(const struct rtattr *a, uint32_t *n)
{
	uint32_t len = RTA_ALIGN(a->rta_len);

	*n = *n > len ? *n - len : 0;
	return (const struct rtattr *)(const void *)((const uint8_t *)a + len);
}

static const void *attribute(const struct rtattr *a, uint32_t n, uint16_t type, size_t least)
{
	for (; RTA_OK(a, n); a = next(a, &n))
		if ((a->rta_type & TYPE) == type)
			return RTA_PAYLOAD(a) >= least ? data_of(a) : NULL;
	return NULL;
}

/* --- what drivers can --- */

static const struct rtattr *generic_attributes(const struct nlmsghdr *h, uint32_t *n)
{
	if (h->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return NULL;
	*n = h->nlmsg_len - (uint32_t)NLMSG_LENGTH(GENL_HDRLEN);
	return (const struct rtattr *)(const void *)((const uint8_t *)h + NLMSG_LENGTH(GENL_HDRLEN));
}

static int generic_question(uint16_t family, uint8_t command, const struct rtattr *what, const struct nlmsghdr **out)
{
	union question q = {.head = {.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN), .nlmsg_type = family}};
	struct genlmsghdr *g = NLMSG_DATA(&q.head);

	g->cmd = command;
	g->version = 1;
	put(&q.head, what->rta_type, data_of(what), RTA_PAYLOAD(what));
	return ask(netlink.generic, &q, out);
}

/* 0 and *out, or -errno. */
static int generic_ask(
    uint16_t family, uint8_t command, const struct rtattr *what, uint16_t type, void *out, size_t n_out)
{
	const struct nlmsghdr *h = NULL;
	uint32_t n = 0;

	int r = generic_question(family, command, what, &h);
	if (r != 0)
		return r;
	const struct rtattr *a = generic_attributes(h, &n);
	const void *said = a ? attribute(a, n, type, n_out) : NULL;
	if (!said)
		return -EPROTO;
	memcpy(out, said, n_out);
	return 0;
}

static uint16_t family_of(const char *name)
{
	struct {
		struct rtattr head;
		char name[16];
	} named = {{(uint16_t)RTA_LENGTH(strlen(name) + 1), CTRL_ATTR_FAMILY_NAME}, ""};
	uint16_t id = 0;

	memcpy(named.name, name, strlen(name) + 1);
	(void)generic_ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, &named.head, CTRL_ATTR_FAMILY_ID, &id, sizeof id);
	return id;
}

/* 0 or -errno; of a device that tells nothing of itself, *out is UNTOLD. */
static int features_of(uint32_t interface, uint64_t *out)
{
	const struct {
		struct rtattr head;
		uint32_t interface;
	} which = {{RTA_LENGTH(sizeof interface), NETDEV_IFINDEX}, interface};
	int r = -ENODEV;

	*out = UNTOLD;
	if (netlink.netdev)
		r = generic_ask(netlink.netdev, NETDEV_DEV_GET, &which.head, NETDEV_XDP_FEATURES, out, sizeof *out);
	return is_lack(r) ? r : 0;
}

/* --- what cards do --- */

/* NULL: there is none. */
static const struct rtattr *inside(const struct rtattr *a, uint32_t *n, uint16_t type)
{
	for (uint32_t left = *n; a && RTA_OK(a, left); a = next(a, &left))
		if ((a->rta_type & TYPE) == type) {
			*n = (uint32_t)RTA_PAYLOAD(a);
			return data_of(a);
		}
	return NULL;
}

static bool is_named(const struct rtattr *bit, const char *feature)
{
	uint32_t n = (uint32_t)RTA_PAYLOAD(bit);
	const void *name = inside(data_of(bit), &n, ETHTOOL_A_BITSET_BIT_NAME);

	return name && strnlen(name, n) == strlen(feature) && memcmp(name, feature, strlen(feature)) == 0;
}

/* A list of bits without a mask has those that are set. */
bool wire_read_feature(const struct nlmsghdr *h, const char *feature)
{
	uint32_t n = 0, listed;
	const struct rtattr *set = inside(generic_attributes(h, &n), &n, ETHTOOL_A_FEATURES_ACTIVE);

	listed = n;
	if (!set || !inside(set, &listed, ETHTOOL_A_BITSET_NOMASK))
		return false;
	for (const struct rtattr *bit = inside(set, &n, ETHTOOL_A_BITSET_BITS); bit && RTA_OK(bit, n);
	     bit = next(bit, &n))
		if (is_named(bit, feature))
			return true;
	return false;
}

/* 0 or -errno; of a card that tells nothing of itself it is taken that it leaves tags alone. */
static int strips(uint32_t interface, uint16_t protocol, bool *out)
{
	const struct {
		struct rtattr head, device;
		uint32_t interface;
	} which = {{RTA_LENGTH(RTA_LENGTH(sizeof interface)), ETHTOOL_A_FEATURES_HEADER | NLA_F_NESTED},
	    {RTA_LENGTH(sizeof interface), ETHTOOL_A_HEADER_DEV_INDEX}, interface};
	const struct nlmsghdr *h = NULL;
	int r = -ENODEV;

	if (netlink.ethtool)
		r = generic_question(netlink.ethtool, ETHTOOL_MSG_FEATURES_GET, &which.head, &h);
	*out = r == 0 && wire_read_feature(h, protocol == htons(0x8100) ? "rx-vlan-hw-parse" : "rx-vlan-stag-hw-parse");
	return is_lack(r) ? r : 0;
}

/* --- links --- */

static void read_kind(const struct rtattr *a, uint32_t n, struct wire_link *out)
{
	uint16_t vlan = 0, protocol = htons(0x8100);
	const struct rtattr *data = NULL;

	for (; RTA_OK(a, n); a = next(a, &n)) {
		const char *kind = data_of(a);
		size_t len = strnlen(kind, RTA_PAYLOAD(a));
		uint16_t type = a->rta_type & TYPE;
		out->vlan |= type == IFLA_INFO_KIND && len == 4 && memcmp(kind, "vlan", 4) == 0;
		out->veth |= type == IFLA_INFO_KIND && len == 4 && memcmp(kind, "veth", 4) == 0;
		out->bond |= type == IFLA_INFO_KIND && len == 4 && memcmp(kind, "bond", 4) == 0;
		if (type == IFLA_INFO_DATA)
			data = a;
	}
	if (!out->vlan || !data)
		return;
	const void *id = attribute(data_of(data), (uint32_t)RTA_PAYLOAD(data), IFLA_VLAN_ID, sizeof vlan);
	const void *what = attribute(data_of(data), (uint32_t)RTA_PAYLOAD(data), IFLA_VLAN_PROTOCOL, sizeof protocol);
	if (id)
		memcpy(&vlan, id, sizeof vlan);
	if (what)
		memcpy(&protocol, what, sizeof protocol);
	out->tag = (struct flow_tag){id ? protocol : 0, vlan};
}

bool wire_read_link(const struct nlmsghdr *h, struct wire_link *out)
{
	struct wire_link l = {0};
	bool elsewhere = false;

	if (h->nlmsg_type != RTM_NEWLINK || h->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg)))
		return false;
	const struct rtattr *a =
	    (const struct rtattr *)(const void *)((const uint8_t *)h + NLMSG_SPACE(sizeof(struct ifinfomsg)));
	for (uint32_t n = h->nlmsg_len - (uint32_t)NLMSG_LENGTH(sizeof(struct ifinfomsg)); RTA_OK(a, n);
	     a = next(a, &n)) {
		size_t len = RTA_PAYLOAD(a);
		uint16_t type = a->rta_type & TYPE;
		if (type == IFLA_IFNAME && len <= sizeof l.name)
			memcpy(l.name, data_of(a), strnlen(data_of(a), len < sizeof l.name ? len : sizeof l.name - 1));
		else if (type == IFLA_IFALIAS && len <= sizeof l.alias)
			memcpy(
			    l.alias, data_of(a), strnlen(data_of(a), len < sizeof l.alias ? len : sizeof l.alias - 1));
		else if (type == IFLA_LINK && len == sizeof l.below)
			memcpy(&l.below, data_of(a), len);
		else if (type == IFLA_LINK_NETNSID)
			elsewhere = true;
		else if (type == IFLA_LINKINFO)
			read_kind(data_of(a), (uint32_t)len, &l);
	}
	if (l.veth && !elsewhere)
		l.peer = l.below;
	if (!l.vlan || elsewhere)
		l.below = 0;
	if (!l.name[0] || (l.vlan && (!l.below || !l.tag.protocol)))
		return false;
	*out = l;
	return true;
}

int wire_link_of(uint32_t interface, struct wire_link *out)
{
	union question q = {.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)), .nlmsg_type = RTM_GETLINK}};
	const struct nlmsghdr *h = NULL;
	struct ifinfomsg *m = NLMSG_DATA(&q.head);

	m->ifi_index = (int)interface;
	int r = ask(netlink.route, &q, &h);
	if (r != 0)
		return r;
	return h && wire_read_link(h, out) ? 0 : -EOPNOTSUPP;
}

void wire_open(void)
{
	netlink.route = open_netlink(NETLINK_ROUTE);
	netlink.generic = open_netlink(NETLINK_GENERIC);
	netlink.netdev = family_of("netdev");
	netlink.ethtool = family_of(ETHTOOL_GENL_NAME);
}

/* A driver that says nothing of itself may take programs and not send what others redirect to it; a veth whose far end has
 * no NAPI loses all that XDP sends; a bond runs them at the interfaces that it is made of, by whose numbers nobody knows its calls. */
int wire_of(uint32_t interface, struct wire *out)
{
	struct wire w = {.way = {.interface = interface}};
	struct flow_tag tag[FLOW_TAGS];
	struct wire_link l;
	unsigned tags = 0;
	uint64_t can, all = XDP_CAN_RUN | XDP_CAN_REDIRECT | XDP_CAN_BE_SENT_TO;
	int r = wire_link_of(interface, &l);

	if (r != 0)
		return r;
	memcpy(w.name, l.name, sizeof w.name);
	for (; l.vlan && tags < FLOW_TAGS; tags++) {
		tag[tags] = l.tag;
		w.way.interface = l.below;
		r = wire_link_of(w.way.interface, &l);
		if (r != 0)
			return r;
	}
	if (l.vlan)
		return -EOPNOTSUPP;
	for (unsigned i = 0; i < tags; i++) /* the outer one is the lowest's */
		w.way.tag[i] = tag[tags - 1 - i];
	r = features_of(w.way.interface, &can);
	if (r != 0)
		return r;
	if (tags && !l.veth)
		r = strips(w.way.interface, w.way.tag[0].protocol, &w.strips);
	if (r != 0)
		return r;
	w.way.redirects = (can & all) == all;
	w.native = l.bond ? false : l.veth ? w.way.redirects : can & XDP_CAN_RUN || !netlink.netdev;
	*out = w;
	return 0;
}
