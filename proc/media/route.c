/* SPDX-License-Identifier: ISC */
#include "route.h"
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <unistd.h>

enum { ANSWER_MAX = 1024, STALE_MAX = 8, NEWS_MAX = 4096, TRIES = 10, PAUSE_US = 100000 };

static int ask = -1, hear = -1;
static uint32_t asked;
static bool owed; /* answers may wait there that nobody read */

static int open_netlink(uint32_t groups)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	int why = errno;
	if (fd >= 0)
		close(fd);
	errno = why;
	return -1;
}

bool route_is_open(void)
{
	return ask >= 0 && hear >= 0;
}

static int open_both(void)
{
	if (ask < 0)
		ask = open_netlink(0);
	if (ask >= 0 && hear < 0)
		hear = open_netlink(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
				    RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE | 1u << (RTNLGRP_IPV6_RULE - 1));
	return route_is_open() ? 0 : -errno;
}

int route_open(void)
{
	int r = open_both();

	for (int i = 1; r != 0 && i < TRIES; i++) {
		usleep(PAUSE_US);
		r = open_both();
	}
	if (r != 0 && ask >= 0) { /* ways that nobody says when they change are none */
		close(ask);
		ask = -1;
	}
	return r;
}

bool route_changed(void)
{
	uint8_t some[4096];
	bool any = false;

	/* ENOBUFS: more changes than fit, which is one too */
	for (int i = 0; hear >= 0 && i < NEWS_MAX; i++) {
		if (recvfrom(hear, some, sizeof some, MSG_DONTWAIT, NULL, NULL) < 0 && errno != ENOBUFS)
			break;
		any = true;
	}
	return any;
}

static size_t ip_len(uint8_t family)
{
	return family == 4 ? 4 : 16;
}

static const uint8_t *ip_of(const struct addr *a)
{
	return a->family == 4 ? a->ip + 12 : a->ip;
}

static void put(struct nlmsghdr *h, uint16_t type, const struct addr *a)
{
	struct rtattr *at = (struct rtattr *)(void *)((uint8_t *)h + NLMSG_ALIGN(h->nlmsg_len));

	at->rta_type = type;
	at->rta_len = (uint16_t)RTA_LENGTH(ip_len(a->family));
	memcpy(RTA_DATA(at), ip_of(a), ip_len(a->family));
	h->nlmsg_len = (uint32_t)(NLMSG_ALIGN(h->nlmsg_len) + RTA_ALIGN(at->rta_len));
}

static bool send_question(const struct addr *to, const struct addr *source)
{
	union {
		struct nlmsghdr head;
		uint8_t octets[256];
	} q = {.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
		   .nlmsg_type = RTM_GETROUTE,
		   .nlmsg_flags = NLM_F_REQUEST,
		   .nlmsg_seq = ++asked}};
	struct rtmsg *m = NLMSG_DATA(&q.head);
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	m->rtm_family = to->family == 4 ? AF_INET : AF_INET6;
	m->rtm_dst_len = m->rtm_src_len = (uint8_t)(8 * ip_len(to->family));
	put(&q.head, RTA_DST, to);
	put(&q.head, RTA_SRC, source);
	return sendto(ask, &q, q.head.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel) ==
	       (ssize_t)q.head.nlmsg_len;
}

static void take_ip(struct addr *out, uint8_t family, const uint8_t *ip)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	*out = (struct addr){.family = family};
	if (family == 4)
		memcpy(out->ip, mapped, sizeof mapped);
	memcpy(family == 4 ? out->ip + 12 : out->ip, ip, ip_len(family));
}

/* What the kernel says when it has nothing left to answer with. */
static bool is_refused_now(const struct nlmsghdr *h)
{
	int error = 0;

	if (h->nlmsg_type == NLMSG_ERROR && h->nlmsg_len >= NLMSG_LENGTH(sizeof error))
		memcpy(&error, (const uint8_t *)h + NLMSG_HDRLEN, sizeof error);
	return error == -ENOMEM || error == -ENOBUFS || error == -EAGAIN || error == -EINTR;
}

static bool read_answer(struct nlmsghdr *h, uint8_t family, struct route *out)
{
	struct rtmsg *m = NLMSG_DATA(h);
	uint32_t left = (uint32_t)NLMSG_PAYLOAD(h, sizeof *m);
	struct route r = {0};

	if (h->nlmsg_type != RTM_NEWROUTE || h->nlmsg_len < NLMSG_LENGTH(sizeof *m) || m->rtm_type != RTN_UNICAST)
		return false;
	for (struct rtattr *a = RTM_RTA(m); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		const uint8_t *data = RTA_DATA(a);
		size_t n = RTA_PAYLOAD(a);
		if (a->rta_type == RTA_OIF && n == sizeof r.interface)
			memcpy(&r.interface, data, n);
		else if (a->rta_type == RTA_GATEWAY && n == ip_len(family))
			take_ip(&r.next, family, data);
		else if (a->rta_type == RTA_VIA && n == 2 + sizeof(struct in6_addr) && family == 4)
			take_ip(&r.next, 6, data + 2);
		else if (a->rta_type == RTA_ENCAP || a->rta_type == RTA_MULTIPATH)
			return false;
	}
	*out = r;
	return r.interface != 0;
}

/* Among them an error that says that some did not fit. */
static void pass_over_owed(void)
{
	uint8_t some[ANSWER_MAX];

	for (int i = 0; owed && i < NEWS_MAX; i++)
		owed = recvfrom(ask, some, sizeof some, MSG_DONTWAIT, NULL, NULL) >= 0 || errno == ENOBUFS;
	owed = false;
}

int route_to(const struct addr *to, const struct addr *source, struct route *out)
{
	union {
		struct nlmsghdr head;
		uint8_t octets[ANSWER_MAX];
	} a;

	if (ask < 0)
		return -ENETUNREACH;
	pass_over_owed();
	if (!send_question(to, source))
		return -EAGAIN;
	/* the kernel answers before sendto() returns; what is older is passed over */
	for (int i = 0; i < STALE_MAX; i++) {
		ssize_t n = recvfrom(ask, &a, sizeof a, MSG_DONTWAIT, NULL, NULL);
		if (n < 0)
			break;
		if (n < (ssize_t)sizeof a.head || !NLMSG_OK(&a.head, (uint32_t)n))
			return -ENETUNREACH;
		if (a.head.nlmsg_seq != asked)
			continue;
		if (is_refused_now(&a.head))
			return -EAGAIN;
		return read_answer(&a.head, to->family, out) ? 0 : -ENETUNREACH;
	}
	owed = true;
	return -EAGAIN;
}
