/* SPDX-License-Identifier: ISC */
#include "nft.h"
#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

enum { ATTRIBUTES_MAX = 32, HEAD = NLMSG_LENGTH(sizeof(struct nfgenmsg)) };

static bool is_message(const struct nlmsghdr *h, uint16_t type)
{
	return h->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | type) && h->nlmsg_len >= HEAD;
}

typedef bool take_attribute(const struct nlattr *a, void *arg);

/* Each attribute of these octets, which end where the last one does. */
static bool walk(const void *octets, size_t n, take_attribute *take, void *arg)
{
	const uint8_t *p = octets;

	while (n) {
		const struct nlattr *a = (const struct nlattr *)(const void *)p;
		if (n < sizeof *a || a->nla_len < sizeof *a || a->nla_len > n || !take(a, arg))
			return false;
		size_t all = NLMSG_ALIGN((size_t)a->nla_len);
		p += all < n ? all : n;
		n -= all < n ? all : n;
	}
	return true;
}

static bool walk_nest(const struct nlattr *a, take_attribute *take, void *arg)
{
	return a && walk(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a), take, arg);
}

/* By type; what is unknown is passed over. */
static bool keep(const struct nlattr *a, void *arg)
{
	const struct nlattr **by = arg;
	uint16_t type = mnl_attr_get_type(a);

	if (type < ATTRIBUTES_MAX)
		by[type] = a;
	return true;
}

static void clear(const struct nlattr *by[ATTRIBUTES_MAX])
{
	for (int i = 0; i < ATTRIBUTES_MAX; i++)
		by[i] = NULL;
}

static bool read_message(const struct nlmsghdr *h, const struct nlattr *by[ATTRIBUTES_MAX])
{
	clear(by);
	return walk((const uint8_t *)h + HEAD, h->nlmsg_len - HEAD, keep, by);
}

static bool read_nest(const struct nlattr *a, const struct nlattr *by[ATTRIBUTES_MAX])
{
	clear(by);
	return walk_nest(a, keep, by);
}

static bool read32(const struct nlattr *a, uint32_t *out)
{
	if (!a || mnl_attr_get_payload_len(a) != sizeof *out)
		return false;
	*out = ntohl(mnl_attr_get_u32(a));
	return true;
}

static bool read64(const struct nlattr *a, uint64_t *out)
{
	if (!a || mnl_attr_get_payload_len(a) != sizeof *out)
		return false;
	*out = be64toh(mnl_attr_get_u64(a));
	return true;
}

bool nft_read_chain(const struct nlmsghdr *h, uint32_t *rules)
{
	const struct nlattr *by[ATTRIBUTES_MAX];

	return is_message(h, NFT_MSG_NEWCHAIN) && read_message(h, by) && by[NFTA_CHAIN_HOOK] &&
	       read32(by[NFTA_CHAIN_USE], rules);
}

bool nft_read_count(const struct nlmsghdr *h, struct nft_count *out)
{
	const struct nlattr *by[ATTRIBUTES_MAX], *data[ATTRIBUTES_MAX];
	struct nft_count c;

	if (!is_message(h, NFT_MSG_NEWOBJ) || !read_message(h, by) || !read_nest(by[NFTA_OBJ_DATA], data) ||
	    !read64(data[NFTA_COUNTER_PACKETS], &c.packets) || !read64(data[NFTA_COUNTER_BYTES], &c.octets))
		return false;
	*out = c;
	return true;
}

/* 1: a ban; 0: none of ours; -1: not whole */
static int read_element(const struct nlattr *element, struct nft_ban *out)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const struct nlattr *by[ATTRIBUTES_MAX], *key[ATTRIBUTES_MAX];

	if (!read_nest(element, by) || !read_nest(by[NFTA_SET_ELEM_KEY], key) || !key[NFTA_DATA_VALUE])
		return -1;
	size_t n = mnl_attr_get_payload_len(key[NFTA_DATA_VALUE]);
	if (n != 4 && n != sizeof out->ip)
		return -1;
	memcpy(out->ip, mapped, sizeof mapped);
	memcpy(out->ip + sizeof out->ip - n, mnl_attr_get_payload(key[NFTA_DATA_VALUE]), n);
	if (!by[NFTA_SET_ELEM_EXPIRATION])
		return 0;
	return read64(by[NFTA_SET_ELEM_EXPIRATION], &out->left_ms) ? out->left_ms != 0 : -1;
}

struct each {
	void (*found)(const struct nft_ban *ban, void *arg);
	void *arg;
};

static bool on_element(const struct nlattr *a, void *arg)
{
	const struct each *e = arg;
	struct nft_ban ban;
	int is = mnl_attr_get_type(a) == NFTA_LIST_ELEM ? read_element(a, &ban) : -1;

	if (is > 0)
		e->found(&ban, e->arg);
	return is >= 0;
}

bool nft_read_elements(const struct nlmsghdr *h, void (*found)(const struct nft_ban *ban, void *arg), void *arg)
{
	const struct nlattr *by[ATTRIBUTES_MAX];
	struct each e = {found, arg};

	if (!is_message(h, NFT_MSG_NEWSETELEM) || !read_message(h, by))
		return false;
	return !by[NFTA_SET_ELEM_LIST_ELEMENTS] || walk_nest(by[NFTA_SET_ELEM_LIST_ELEMENTS], on_element, &e);
}
