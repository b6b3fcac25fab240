/* SPDX-License-Identifier: ISC */
#include "nft.h"
#include "nft_name.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 32768, SEND_ROOM = 2 * NFT_BATCH_MAX, TRIES = 3, DATAGRAMS_MAX = 1024 };

/* on(): 0 to go on, 1 when that was all, -errno */
struct exchange {
	int (*on)(const struct nlmsghdr *h, void *arg);
	void *arg;
};

static union {
	struct nlmsghdr head;
	uint8_t octets[ANSWER_MAX];
} answer;

/* After an exchange that ended well nothing is left in it; any other has its socket closed, so that no answer of it is read later. */
static int kept = -1;

static int open_netlink(void)
{
	static const int room = SEND_ROOM, one = 1;
	struct sockaddr_nl a = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one); /* what was said is not said back */
	if (bind(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	int r = -errno;
	close(fd);
	return r;
}

static int send_all(int fd, const void *octets, size_t n)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t sent;

	do
		sent = sendto(fd, octets, n, 0, (struct sockaddr *)&kernel, sizeof kernel);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)n ? 0 : sent < 0 ? -errno : -EMSGSIZE;
}

/* One datagram of the kernel's, which answers before sendto() returns; what another process sends is passed over. */
static ssize_t receive(int fd)
{
	for (int i = 0; i < DATAGRAMS_MAX; i++) {
		struct sockaddr_nl from = {0};
		socklen_t len = sizeof from;
		ssize_t n =
		    recvfrom(fd, &answer, sizeof answer, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -EPROTO : -errno;
		if (len != sizeof from || from.nl_pid != 0)
			continue;
		return n > (ssize_t)sizeof answer ? -EMSGSIZE : n;
	}
	return -EPROTO;
}

static int hear_one(ssize_t n, const struct exchange *x)
{
	const struct nlmsghdr *h = &answer.head;
	int left = (int)n, r = 0;

	for (; r == 0 && mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
		r = h->nlmsg_flags & NLM_F_DUMP_INTR ? -EINTR : x->on(h, x->arg);
	return r == 0 && left > 0 ? -EPROTO : r;
}

static int begin(int fd, const void *octets, size_t n)
{
	int r = fd < 0 ? fd : send_all(fd, octets, n);

	if (fd >= 0 && r != 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* Where the one that is kept takes nothing any more, another says why. */
static int say(const void *octets, size_t n)
{
	int fd = kept >= 0 ? begin(kept, octets, n) : -1;

	kept = -1;
	return fd >= 0 ? fd : begin(open_netlink(), octets, n);
}

static int talk_once(const void *octets, size_t n, const struct exchange *x)
{
	int fd = say(octets, n), r = 0;

	if (fd < 0)
		return fd;
	for (int i = 0; r == 0 && i < DATAGRAMS_MAX; i++) {
		ssize_t got = receive(fd);
		r = got < 0 ? (int)got : hear_one(got, x);
	}
	if (r == 1)
		kept = fd;
	else
		close(fd);
	return r < 0 ? r : r == 1 ? 0 : -EPROTO;
}

/* 1: an error of 0 or the end of a dump, -errno: one, 0: neither */
static int is_end(const struct nlmsghdr *h)
{
	int error = 0;

	if (h->nlmsg_type != NLMSG_ERROR && h->nlmsg_type != NLMSG_DONE)
		return 0;
	if (mnl_nlmsg_get_payload_len(h) < sizeof error)
		return -EPROTO;
	memcpy(&error, mnl_nlmsg_get_payload(h), sizeof error);
	return error < 0 ? error : error == 0 ? 1 : -EPROTO;
}

/* --- batches --- */

struct commit {
	uint32_t commands, done;
};

static int on_ack(const struct nlmsghdr *h, void *arg)
{
	struct commit *c = arg;
	int r = is_end(h);

	if (r < 0)
		return r;
	if (r != 1 || h->nlmsg_seq != c->done + 1)
		return -EPROTO;
	return ++c->done == c->commands;
}

int nft_commit(struct nft_batch *b)
{
	struct commit c = {b->commands, 0};

	return b->commands ? talk_once(b->room.octets, b->n, &(struct exchange){on_ack, &c}) : 0;
}

/* --- questions --- */

union question {
	struct nlmsghdr head;
	uint8_t octets[256];
};

static void question_init(union question *q, uint16_t type, uint16_t flags)
{
	mnl_nlmsg_put_header(q->octets);
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(&q->head, sizeof *g);
	q->head.nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	q->head.nlmsg_flags = NLM_F_REQUEST | flags;
	q->head.nlmsg_seq = 1;
	g->nfgen_family = NFPROTO_INET;
	g->version = NFNETLINK_V0;
}

static int ask(const union question *q, int (*on)(const struct nlmsghdr *h, void *arg), void *arg)
{
	return talk_once(q, q->head.nlmsg_len, &(struct exchange){on, arg});
}

static int on_count(const struct nlmsghdr *h, void *arg)
{
	int r = is_end(h);

	return r < 0 ? r : nft_read_count(h, arg) ? 1 : -EPROTO;
}

int nft_count(const char *table, struct nft_count *out)
{
	union question q;

	question_init(&q, NFT_MSG_GETOBJ, 0);
	mnl_attr_put_strz(&q.head, NFTA_OBJ_TABLE, table);
	mnl_attr_put_strz(&q.head, NFTA_OBJ_NAME, NFT_COUNTER_NAME);
	mnl_attr_put_u32(&q.head, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
	return ask(&q, on_count, out);
}

static int on_chain(const struct nlmsghdr *h, void *arg)
{
	uint32_t rules;
	int r = is_end(h);

	(void)arg;
	if (r < 0)
		return r;
	if (!nft_read_chain(h, &rules))
		return -EPROTO;
	return rules == NFT_RULES ? 1 : -ENOENT;
}

int nft_chain_stands(const char *table)
{
	union question q;

	question_init(&q, NFT_MSG_GETCHAIN, 0);
	mnl_attr_put_strz(&q.head, NFTA_CHAIN_TABLE, table);
	mnl_attr_put_strz(&q.head, NFTA_CHAIN_NAME, NFT_CHAIN_NAME);
	return ask(&q, on_chain, NULL);
}

struct dump {
	void (*found)(const struct nft_ban *ban, void *arg);
	void *arg;
};

static int on_elements(const struct nlmsghdr *h, void *arg)
{
	const struct dump *d = arg;
	int r = is_end(h);

	if (r != 0)
		return r;
	return nft_read_elements(h, d->found, d->arg) ? 0 : -EPROTO;
}

/* What changed while it was read is read again: found() hears of some twice. */
static int each_of(const char *table, const char *set, struct dump *d)
{
	union question q;
	int r = -EINTR;

	question_init(&q, NFT_MSG_GETSETELEM, NLM_F_DUMP);
	mnl_attr_put_strz(&q.head, NFTA_SET_ELEM_LIST_TABLE, table);
	mnl_attr_put_strz(&q.head, NFTA_SET_ELEM_LIST_SET, set);
	for (int i = 0; i < TRIES && r == -EINTR; i++)
		r = ask(&q, on_elements, d);
	return r;
}

int nft_each(const char *table, void (*found)(const struct nft_ban *ban, void *arg), void *arg)
{
	struct dump d = {found, arg};
	int r = each_of(table, NFT_SET4_NAME, &d);

	return r == 0 ? each_of(table, NFT_SET6_NAME, &d) : r;
}
