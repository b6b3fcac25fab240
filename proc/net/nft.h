/* SPDX-License-Identifier: ISC */
/* A table of nftables of our own: two sets of banned addresses whose elements end by themselves, and one chain that drops what comes from
 * them before any other rule of the host sees it. Written, read and compared over netlink, as nf_tables.h has it. */
#ifndef NET_NFT_H
#define NET_NFT_H

#include "flow.h"
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NFT_NAME_MAX = 32,
	NFT_RULES = 3,         /* of the chain */
	NFT_ELEMENT_MAX = 40,  /* octets of one that stands in a message */
	NFT_BATCH_MAX = 131072 /* three times all bans, and the rest */
};

struct nft_ban {
	uint8_t ip[16];   /* as in struct addr */
	uint64_t left_ms; /* 0: it is lifted */
};

struct nft_count {
	uint64_t packets, octets;
};

/* --- what is said --- */

struct nft_batch {
	uint32_t n, commands; /* octets; commands, each of which the kernel answers */
	union {
		struct nlmsghdr head;
		uint8_t octets[NFT_BATCH_MAX];
	} room;
};

/* The table anew with these bans (at most FLOW_BANS_MAX) in it, whatever stood there by its name; `count` is what was dropped so far. */
void nft_write_table(
    struct nft_batch *b, const char *table, const struct nft_ban *ban, uint32_t n, struct nft_count count);
/* These bans stand for the time that they have left, or are lifted, whether they stood or not. */
void nft_write_changes(struct nft_batch *b, const char *table, const struct nft_ban *ban, uint32_t n);
/* Nothing by that name stands, whether it did or not. */
void nft_write_end(struct nft_batch *b, const char *table);

/* --- what the kernel answers: false where it is not that or not whole --- */

bool nft_read_chain(const struct nlmsghdr *h, uint32_t *rules)
    __attribute__((warn_unused_result)); /* of a chain that is hooked */
bool nft_read_count(const struct nlmsghdr *h, struct nft_count *out) __attribute__((warn_unused_result));
/* found() for each element; one that has no time of its own is not ours and passed over */
bool nft_read_elements(const struct nlmsghdr *h, void (*found)(const struct nft_ban *ban, void *arg), void *arg)
    __attribute__((warn_unused_result));

/* --- and both, 0 or -errno. All or nothing of a batch is done. --- */

int nft_commit(struct nft_batch *b) __attribute__((warn_unused_result));
int nft_count(const char *table, struct nft_count *out);
int nft_each(const char *table, void (*found)(const struct nft_ban *ban, void *arg), void *arg);
/* Is the chain hooked, with all of its rules? */
int nft_chain_stands(const char *table) __attribute__((warn_unused_result));

#endif
