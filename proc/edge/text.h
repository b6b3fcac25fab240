/* SPDX-License-Identifier: ISC */
/* Blocks of text that a transaction keeps: a small one in nearly every case, larger ones for the rest. */
#ifndef EDGE_TEXT_H
#define EDGE_TEXT_H

#include "edge.h"

struct text {
	uint32_t cap;
	_Alignas(8) uint8_t bytes[];
};

/* So many of up to 1,024 octets and of up to 4,096: an INVITE with long routes, or one that may be said again in datagrams. */
bool text_open(uint32_t small, uint32_t middle);
struct text *text_take(size_t n, enum pool_claim claim); /* at least n octets, or NULL */
void text_give(struct text *t);                          /* accepts NULL */
void text_status(struct proc_status *s);

#endif
