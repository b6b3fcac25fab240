/* SPDX-License-Identifier: ISC */
/* The file that nftless.c and a test share. */
#ifndef TEST_NFTLESS_H
#define TEST_NFTLESS_H

#include <stdint.h>

enum { LACKS_NOTHING, LACKS_NETFILTER /* the protocol of netlink */, LACKS_NF_TABLES /* that subsystem of it */, LACKS_DESCRIPTORS /* for now */,
	LACKS_MEMORY /* for more than a few words */ };

struct nftless {
	uint32_t lacks;
	uint32_t asked; /* how often a socket to netfilter was wanted */
};

#endif
