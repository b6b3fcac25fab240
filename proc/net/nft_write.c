/* SPDX-License-Identifier: ISC */
#include "nft.h"
#include "nft_name.h"
#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/if_arp.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

/* nft's own numbers of types (libnftables, datatype.h), by which it shows the elements as addresses */
enum { TYPE_IPADDR = 7, TYPE_IP6ADDR = 8 };
enum { PRIORITY = -310 /* before connections are tracked (-200) and what is called raw (-300) */ };
enum { SADDR4 = 12, SADDR6 = 8 /* offsets in the headers */ };
enum { FIXED_MAX = 4096 };

_Static_assert(3 * FLOW_BANS_MAX * NFT_ELEMENT_MAX + FIXED_MAX <= NFT_BATCH_MAX, "all bans and the rest find room");
_Static_assert(FLOW_BANS_MAX *NFT_ELEMENT_MAX + 256 <= UINT16_MAX, "all bans are one attribute");

static const struct set {
	const char *name;
	uint32_t type, id;
	uint8_t octets, at, family, offset; /* of an address; where it lies in 16 octets; in a packet */
} sets[] = {
    {NFT_SET4_NAME, TYPE_IPADDR, 1, 4, 12, NFPROTO_IPV4, SADDR4},
    {NFT_SET6_NAME, TYPE_IP6ADDR, 2, 16, 0, NFPROTO_IPV6, SADDR6},
};
enum { SETS = sizeof sets / sizeof *sets };

static bool is_in(const struct set *s, const struct nft_ban *ban)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return (memcmp(ban->ip, mapped, sizeof mapped) == 0) == (s->octets == 4);
}

/* --- messages --- */

static struct nlmsghdr *put_message(struct nft_batch *b, uint16_t type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(b->room.octets + b->n);
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(h, sizeof *g);

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	return h;
}

static void end_message(struct nft_batch *b, const struct nlmsghdr *h)
{
	b->n += NLMSG_ALIGN(h->nlmsg_len);
}

/* NFNL_MSG_BATCH_*: all between them is done, or nothing. */
static void put_edge(struct nft_batch *b, uint16_t type)
{
	struct nlmsghdr *h = put_message(b, type, 0, AF_UNSPEC);
	struct nfgenmsg *g = mnl_nlmsg_get_payload(h);

	g->res_id = htons(NFNL_SUBSYS_NFTABLES);
	end_message(b, h);
}

static void begin(struct nft_batch *b)
{
	b->n = b->commands = 0;
	put_edge(b, NFNL_MSG_BATCH_BEGIN);
}

static struct nlmsghdr *put_command(struct nft_batch *b, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h =
	    put_message(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), (uint16_t)(flags | NLM_F_ACK), NFPROTO_INET);

	h->nlmsg_seq = ++b->commands;
	return h;
}

static void put32(struct nlmsghdr *h, uint16_t type, uint32_t v)
{
	mnl_attr_put_u32(h, type, htonl(v));
}

static void put64(struct nlmsghdr *h, uint16_t type, uint64_t v)
{
	mnl_attr_put_u64(h, type, htobe64(v));
}

/* --- table, counter, sets, chain --- */

static void put_table(struct nft_batch *b, const char *table, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = put_command(b, type, flags);

	mnl_attr_put_strz(h, NFTA_TABLE_NAME, table);
	end_message(b, h);
}

static void put_counter(struct nft_batch *b, const char *table, struct nft_count count)
{
	struct nlmsghdr *h = put_command(b, NFT_MSG_NEWOBJ, NLM_F_CREATE);

	mnl_attr_put_strz(h, NFTA_OBJ_TABLE, table);
	mnl_attr_put_strz(h, NFTA_OBJ_NAME, NFT_COUNTER_NAME);
	put32(h, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
	struct nlattr *data = mnl_attr_nest_start(h, NFTA_OBJ_DATA);
	put64(h, NFTA_COUNTER_BYTES, count.octets);
	put64(h, NFTA_COUNTER_PACKETS, count.packets);
	mnl_attr_nest_end(h, data);
	end_message(b, h);
}

static void put_set(struct nft_batch *b, const char *table, const struct set *s)
{
	struct nlmsghdr *h = put_command(b, NFT_MSG_NEWSET, NLM_F_CREATE);

	mnl_attr_put_strz(h, NFTA_SET_TABLE, table);
	mnl_attr_put_strz(h, NFTA_SET_NAME, s->name);
	put32(h, NFTA_SET_FLAGS, NFT_SET_TIMEOUT);
	put32(h, NFTA_SET_KEY_TYPE, s->type);
	put32(h, NFTA_SET_KEY_LEN, s->octets);
	put32(h, NFTA_SET_ID, s->id);
	struct nlattr *description = mnl_attr_nest_start(h, NFTA_SET_DESC);
	put32(h, NFTA_SET_DESC_SIZE, FLOW_BANS_MAX);
	mnl_attr_nest_end(h, description);
	end_message(b, h);
}

static void put_chain(struct nft_batch *b, const char *table)
{
	struct nlmsghdr *h = put_command(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);

	mnl_attr_put_strz(h, NFTA_CHAIN_TABLE, table);
	mnl_attr_put_strz(h, NFTA_CHAIN_NAME, NFT_CHAIN_NAME);
	struct nlattr *hook = mnl_attr_nest_start(h, NFTA_CHAIN_HOOK);
	put32(h, NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
	put32(h, NFTA_HOOK_PRIORITY, (uint32_t)PRIORITY);
	mnl_attr_nest_end(h, hook);
	put32(h, NFTA_CHAIN_POLICY, NF_ACCEPT);
	mnl_attr_put_strz(h, NFTA_CHAIN_TYPE, "filter");
	end_message(b, h);
}

/* --- rules --- */

struct expression {
	struct nlattr *element, *data;
};

static struct expression begin_expression(struct nlmsghdr *h, const char *name)
{
	struct expression e = {.element = mnl_attr_nest_start(h, NFTA_LIST_ELEM)};

	mnl_attr_put_strz(h, NFTA_EXPR_NAME, name);
	e.data = mnl_attr_nest_start(h, NFTA_EXPR_DATA);
	return e;
}

static void end_expression(struct nlmsghdr *h, struct expression e)
{
	mnl_attr_nest_end(h, e.data);
	mnl_attr_nest_end(h, e.element);
}

/* What the packet has there is this. */
static void put_is(struct nlmsghdr *h, uint32_t meta, const void *value, size_t n)
{
	struct expression e = begin_expression(h, "meta");

	put32(h, NFTA_META_DREG, NFT_REG_1);
	put32(h, NFTA_META_KEY, meta);
	end_expression(h, e);
	e = begin_expression(h, "cmp");
	put32(h, NFTA_CMP_SREG, NFT_REG_1);
	put32(h, NFTA_CMP_OP, NFT_CMP_EQ);
	struct nlattr *data = mnl_attr_nest_start(h, NFTA_CMP_DATA);
	mnl_attr_put(h, NFTA_DATA_VALUE, n, value);
	mnl_attr_nest_end(h, data);
	end_expression(h, e);
}

static void put_is_from(struct nlmsghdr *h, const struct set *s)
{
	put_is(h, NFT_META_NFPROTO, &s->family, sizeof s->family);
	struct expression e = begin_expression(h, "payload");
	put32(h, NFTA_PAYLOAD_DREG, NFT_REG_1);
	put32(h, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	put32(h, NFTA_PAYLOAD_OFFSET, s->offset);
	put32(h, NFTA_PAYLOAD_LEN, s->octets);
	end_expression(h, e);
	e = begin_expression(h, "lookup");
	mnl_attr_put_strz(h, NFTA_LOOKUP_SET, s->name);
	put32(h, NFTA_LOOKUP_SET_ID, s->id);
	put32(h, NFTA_LOOKUP_SREG, NFT_REG_1);
	end_expression(h, e);
}

static void put_counted(struct nlmsghdr *h)
{
	struct expression e = begin_expression(h, "objref");

	put32(h, NFTA_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	mnl_attr_put_strz(h, NFTA_OBJREF_IMM_NAME, NFT_COUNTER_NAME);
	end_expression(h, e);
}

static void put_verdict(struct nlmsghdr *h, uint32_t code)
{
	struct expression e = begin_expression(h, "immediate");

	put32(h, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	struct nlattr *data = mnl_attr_nest_start(h, NFTA_IMMEDIATE_DATA);
	struct nlattr *verdict = mnl_attr_nest_start(h, NFTA_DATA_VERDICT);
	put32(h, NFTA_VERDICT_CODE, code);
	mnl_attr_nest_end(h, verdict);
	mnl_attr_nest_end(h, data);
	end_expression(h, e);
}

/* from: NULL for what never leaves this host, which passes whoever is banned */
static void put_rule(struct nft_batch *b, const char *table, const struct set *from)
{
	static const uint16_t loopback = ARPHRD_LOOPBACK;
	struct nlmsghdr *h = put_command(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);

	mnl_attr_put_strz(h, NFTA_RULE_TABLE, table);
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, NFT_CHAIN_NAME);
	struct nlattr *expressions = mnl_attr_nest_start(h, NFTA_RULE_EXPRESSIONS);
	if (from) {
		put_is_from(h, from);
		put_counted(h);
	} else {
		put_is(h, NFT_META_IIFTYPE, &loopback, sizeof loopback);
	}
	put_verdict(h, from ? NF_DROP : NF_ACCEPT);
	mnl_attr_nest_end(h, expressions);
	end_message(b, h);
}

/* --- elements --- */

static void put_element(struct nlmsghdr *h, const struct set *s, const struct nft_ban *ban, bool timed)
{
	struct nlattr *element = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	struct nlattr *key = mnl_attr_nest_start(h, NFTA_SET_ELEM_KEY);

	mnl_attr_put(h, NFTA_DATA_VALUE, s->octets, ban->ip + s->at);
	mnl_attr_nest_end(h, key);
	if (timed)
		put64(h, NFTA_SET_ELEM_TIMEOUT, ban->left_ms ? ban->left_ms : 1000);
	mnl_attr_nest_end(h, element);
}

enum which { THOSE_THAT_STAND, ALL };

static void put_elements(struct nft_batch *b, const char *table, const struct set *s, uint16_t type,
    const struct nft_ban *ban, uint32_t n, enum which which)
{
	uint32_t put = 0, before = b->commands;
	bool adds = type == NFT_MSG_NEWSETELEM;
	struct nlmsghdr *h = put_command(b, type, adds ? NLM_F_CREATE : 0);

	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, table);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, s->name);
	struct nlattr *list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (uint32_t i = 0; i < n; i++)
		if (is_in(s, &ban[i]) && (which == ALL || ban[i].left_ms)) {
			put_element(h, s, &ban[i], adds);
			put++;
		}
	mnl_attr_nest_end(h, list);
	if (put)
		end_message(b, h);
	else /* without elements all of the set would be meant */
		b->commands = before;
}

/* --- batches --- */

void nft_write_table(
    struct nft_batch *b, const char *table, const struct nft_ban *ban, uint32_t n, struct nft_count count)
{
	begin(b);
	put_table(b, table, NFT_MSG_NEWTABLE, NLM_F_CREATE); /* so that there is one to delete */
	put_table(b, table, NFT_MSG_DELTABLE, 0);
	put_table(b, table, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	put_counter(b, table, count);
	for (int i = 0; i < SETS; i++)
		put_set(b, table, &sets[i]);
	put_chain(b, table);
	put_rule(b, table, NULL);
	for (int i = 0; i < SETS; i++)
		put_rule(b, table, &sets[i]);
	for (int i = 0; i < SETS; i++)
		put_elements(b, table, &sets[i], NFT_MSG_NEWSETELEM, ban, n, THOSE_THAT_STAND);
	put_edge(b, NFNL_MSG_BATCH_END);
}

/* An element that stands would keep its time: it is put, so that it can be deleted, and put anew. */
void nft_write_changes(struct nft_batch *b, const char *table, const struct nft_ban *ban, uint32_t n)
{
	begin(b);
	for (int i = 0; i < SETS; i++) {
		put_elements(b, table, &sets[i], NFT_MSG_NEWSETELEM, ban, n, ALL);
		put_elements(b, table, &sets[i], NFT_MSG_DELSETELEM, ban, n, ALL);
		put_elements(b, table, &sets[i], NFT_MSG_NEWSETELEM, ban, n, THOSE_THAT_STAND);
	}
	put_edge(b, NFNL_MSG_BATCH_END);
}

void nft_write_end(struct nft_batch *b, const char *table)
{
	begin(b);
	put_table(b, table, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	put_table(b, table, NFT_MSG_DELTABLE, 0);
	put_edge(b, NFNL_MSG_BATCH_END);
}
