/* SPDX-License-Identifier: ISC */
#include "pair.h"
#include "base/log.h"
#include "wire.h"
#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 1024, SEND_BUFFER = 1 << 20 };

static const char alias[] = "ringfence";

struct request {
	struct nlmsghdr head;
	struct ifinfomsg link;
	uint8_t attributes[ROOM];
};

static struct request request_of(uint16_t type, uint16_t flags)
{
	return (struct request){
	    .head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)},
	};
}

static struct rtattr *put(struct request *q, uint16_t type, const void *p, size_t n)
{
	struct rtattr *a = (struct rtattr *)(void *)((uint8_t *)q + NLMSG_ALIGN(q->head.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(n);
	if (n)
		memcpy(RTA_DATA(a), p, n);
	q->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(q->head.nlmsg_len) + RTA_ALIGN(a->rta_len));
	return a;
}

static void end_nest(struct request *q, struct rtattr *a)
{
	a->rta_len = (uint16_t)((uint8_t *)q + q->head.nlmsg_len - (uint8_t *)a);
}

/* What a device of the pair is made with. One segment at most: the kernel then splits what has more before the other end. */
static void put_end(struct request *q, const char *name)
{
	static const uint32_t one = 1;

	put(q, IFLA_IFNAME, name, strlen(name) + 1);
	put(q, IFLA_GSO_MAX_SEGS, &one, sizeof one);
}

/* 0 or -errno; *answer is what came back. */
static int ask(struct request *q, struct request *answer)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), r = -EPROTO;
	union {
		struct request request;
		uint8_t octets[8192];
	} room;
	struct iovec iov = {&room, sizeof room};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd < 0)
		return -errno;
	/* the kernel answers before sendto() returns */
	ssize_t n = sendto(fd, q, q->head.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel);
	n = n < 0 ? -1 : recvmsg(fd, &m, MSG_DONTWAIT);
	if (n < 0)
		r = -errno;
	else if (n >= (ssize_t)(sizeof(struct nlmsghdr) + sizeof(int)) && room.request.head.nlmsg_type == NLMSG_ERROR)
		memcpy(&r, room.octets + NLMSG_HDRLEN, sizeof r);
	else if (n >= (ssize_t)NLMSG_LENGTH(sizeof(struct ifinfomsg)) && room.request.head.nlmsg_type == RTM_NEWLINK &&
		 answer) {
		*answer = room.request;
		r = 0;
	}
	close(fd);
	return r;
}

static uint32_t interface_of(const char *name)
{
	struct request q = request_of(RTM_GETLINK, 0), answer = {0};

	put(&q, IFLA_IFNAME, name, strlen(name) + 1);
	return ask(&q, &answer) == 0 ? (uint32_t)answer.link.ifi_index : 0;
}

static int make(const struct pair *p)
{
	struct request q = request_of(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
	const struct ifinfomsg other = {.ifi_flags = IFF_NOARP, .ifi_change = IFF_NOARP};

	q.link = other;
	put_end(&q, p->name[0]);
	struct rtattr *info = put(&q, IFLA_LINKINFO, NULL, 0);
	put(&q, IFLA_INFO_KIND, "veth", 5);
	struct rtattr *data = put(&q, IFLA_INFO_DATA, NULL, 0);
	struct rtattr *peer = put(&q, VETH_INFO_PEER, &other, sizeof other);
	put_end(&q, p->name[1]);
	end_nest(&q, peer);
	end_nest(&q, data);
	end_nest(&q, info);
	return ask(&q, NULL);
}

/* Before it is up, so that it has no address of IPv6; a kernel without IPv6 refuses, and has none either. */
static void want_no_address(uint32_t interface)
{
	struct request q = request_of(RTM_NEWLINK, NLM_F_ACK);
	static const uint8_t none = 1; /* IN6_ADDR_GEN_MODE_NONE */

	q.link.ifi_index = (int)interface;
	struct rtattr *families = put(&q, IFLA_AF_SPEC, NULL, 0);
	struct rtattr *ip6 = put(&q, AF_INET6, NULL, 0);
	put(&q, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof none);
	end_nest(&q, ip6);
	end_nest(&q, families);
	(void)ask(&q, NULL);
}

/* By which the next life knows it from what only has its name. */
static bool mark(uint32_t interface)
{
	struct request q = request_of(RTM_NEWLINK, NLM_F_ACK);

	q.link.ifi_index = (int)interface;
	put(&q, IFLA_IFALIAS, alias, sizeof alias - 1);
	return ask(&q, NULL) == 0;
}

static bool is_ours(const struct pair *p)
{
	struct wire_link l;

	for (int i = 0; i < 2; i++)
		if (!wire_link_of(p->interface[i], &l) || !l.veth || l.peer != p->interface[1 - i] ||
		    strcmp(l.alias, alias) != 0)
			return false;
	return true;
}

static void remove_link(uint32_t interface)
{
	struct request q = request_of(RTM_DELLINK, NLM_F_ACK);

	q.link.ifi_index = (int)interface;
	if (interface)
		(void)ask(&q, NULL);
}

static bool bring_up(uint32_t interface)
{
	struct request q = request_of(RTM_NEWLINK, NLM_F_ACK);

	q.link.ifi_index = (int)interface;
	q.link.ifi_flags = q.link.ifi_change = IFF_UP;
	return ask(&q, NULL) == 0;
}

static void name_ends(struct pair *p, uint32_t exchange)
{
	snprintf(p->name[0], sizeof p->name[0], "rfout%08x", exchange);
	snprintf(p->name[1], sizeof p->name[1], "rfwire%08x", exchange);
}

static void find(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		p->interface[i] = interface_of(p->name[i]);
}

bool pair_find(struct pair *p, uint32_t exchange)
{
	name_ends(p, exchange);
	find(p);
	return p->interface[0] && p->interface[1] && is_ours(p);
}

bool pair_make(struct pair *p, uint32_t exchange)
{
	name_ends(p, exchange);
	find(p);
	if ((p->interface[0] || p->interface[1]) && !is_ours(p)) {
		log_warn("what has the name of %s or %s is not ours and goes", p->name[0], p->name[1]);
		remove_link(p->interface[0]);
		remove_link(interface_of(p->name[1])); /* it went with the other if they were a pair */
		find(p);
	}
	int r = p->interface[0] ? 0 : make(p);
	if (r != 0) {
		p->interface[0] = p->interface[1] = 0;
		log_info("no pair of devices for calls that end here: %s", strerror(-r));
		return false;
	}
	find(p);
	for (int i = 0; i < 2; i++) {
		if (!p->interface[i] || !mark(p->interface[i]))
			return false;
		want_no_address(p->interface[i]);
	}
	return bring_up(p->interface[0]) && bring_up(p->interface[1]);
}

bool pair_up(const struct pair *p)
{
	for (int i = 0; i < 2; i++)
		if (interface_of(p->name[i]) != p->interface[i] || !bring_up(p->interface[i]))
			return false;
	return true;
}

void pair_end(struct pair *p)
{
	remove_link(p->interface[0]);
	p->interface[0] = p->interface[1] = 0;
}

int pair_socket(const struct pair *p)
{
	int octets = SEND_BUFFER, fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof octets);
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, p->name[0], (socklen_t)strlen(p->name[0])) == 0)
		return fd;
	close(fd);
	return -1;
}
