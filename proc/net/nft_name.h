/* SPDX-License-Identifier: ISC */
/* The table and what stands in it, by name. */
#ifndef NET_NFT_NAME_H
#define NET_NFT_NAME_H

#define NFT_TABLE_FORMAT "ringfence-%08x" /* the number of the exchange (place.h) */
#define NFT_CHAIN_NAME "banned"
#define NFT_COUNTER_NAME "dropped"
#define NFT_SET4_NAME "banned4"
#define NFT_SET6_NAME "banned6"

#endif
