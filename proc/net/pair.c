/* SPDX-License-Identifier: ISC */
#include "pair.h"
#include "base/log.h"
#include "lack.h"
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

/* 0 or -errno; *out 0: there is none. */
static int interface_of(const char *name, uint32_t *out)
{
	struct request q = request_of(RTM_GETLINK, 0), answer = {0};

	put(&q, IFLA_IFNAME, name, strlen(name) + 1);
	int r = ask(&q, &answer);
	if (r != 0 && r != -ENODEV)
		return r;
	*out = r == 0 ? (uint32_t)answer.link.ifi_index : 0;
	return 0;
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
static int mark(uint32_t interface)
{
	struct request q = request_of(RTM_NEWLINK, NLM_F_ACK);

	q.link.ifi_index = (int)interface;
	put(&q, IFLA_IFALIAS, alias, sizeof alias - 1);
	return ask(&q, NULL);
}

/* 0 or -errno; -ENODEV: what there is, if anything, is no pair of ours. */
static int check_ours(const struct pair *p)
{
	struct wire_link l;

	for (int i = 0; i < 2; i++) {
		int r = p->interface[i] ? wire_link_of(p->interface[i], &l) : -ENODEV;
		if (is_lack(r))
			return r;
		if (r != 0 || !l.veth || l.peer != p->interface[1 - i] || strcmp(l.alias, alias) != 0)
			return -ENODEV;
	}
	return 0;
}

static void remove_link(uint32_t interface)
{
	struct request q = request_of(RTM_DELLINK, NLM_F_ACK);

	q.link.ifi_index = (int)interface;
	if (interface)
		(void)ask(&q, NULL);
}

static int bring_up(uint32_t interface)
{
	struct request q = request_of(RTM_NEWLINK, NLM_F_ACK);

	q.link.ifi_index = (int)interface;
	q.link.ifi_flags = q.link.ifi_change = IFF_UP;
	return ask(&q, NULL);
}

static void name_ends(struct pair *p, uint32_t exchange)
{
	snprintf(p->name[0], sizeof p->name[0], "rfout%08x", exchange);
	snprintf(p->name[1], sizeof p->name[1], "rfwire%08x", exchange);
}

static int find(struct pair *p)
{
	int r = interface_of(p->name[0], &p->interface[0]);

	return r != 0 ? r : interface_of(p->name[1], &p->interface[1]);
}

bool pair_find(struct pair *p, uint32_t exchange)
{
	name_ends(p, exchange);
	return find(p) == 0 && check_ours(p) == 0;
}

static int remove_others(struct pair *p)
{
	uint32_t other = 0;

	log_warn("what has the name of %s or %s is not ours and goes", p->name[0], p->name[1]);
	remove_link(p->interface[0]);
	(void)interface_of(p->name[1], &other); /* it went with the first if they were a pair */
	remove_link(other);
	return find(p);
}

static int make_ready(struct pair *p)
{
	int r = find(p);

	for (int i = 0; i < 2 && r == 0; i++) {
		r = p->interface[i] ? mark(p->interface[i]) : -ENODEV;
		if (r == 0)
			want_no_address(p->interface[i]);
	}
	for (int i = 0; i < 2 && r == 0; i++)
		r = bring_up(p->interface[i]);
	return r;
}

static int find_or_make(struct pair *p, uint32_t exchange)
{
	name_ends(p, exchange);
	int r = find(p), ours = r != 0 ? r : check_ours(p);

	if (ours == -ENODEV && (p->interface[0] || p->interface[1]))
		r = remove_others(p);
	else if (ours != -ENODEV)
		r = ours;
	if (r == 0 && !p->interface[0])
		r = make(p);
	if (r != 0)
		return r;
	r = make_ready(p);
	if (r != 0)
		remove_link(p->interface[0]);
	return r;
}

int pair_make(struct pair *p, uint32_t exchange)
{
	struct pair made = {0};
	int r = find_or_make(&made, exchange);

	*p = made;
	if (r != 0)
		p->interface[0] = p->interface[1] = 0;
	return r;
}

int pair_up(const struct pair *p)
{
	uint32_t is = 0;

	for (int i = 0; i < 2; i++) {
		int r = interface_of(p->name[i], &is);
		if (r == 0 && is != p->interface[i])
			r = -ENODEV;
		if (r == 0)
			r = bring_up(p->interface[i]);
		if (r != 0)
			return r;
	}
	return 0;
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
