/* SPDX-License-Identifier: ISC */
/* Where unfinished handshakes come from, and which has to make room for the next one (T20): the oldest of the same
 * host, so that its newest always has its turn, and of an IPv6 network of 64 bits, which may be all one host's. */
#ifndef EDGE_SOURCE_H
#define EDGE_SOURCE_H

#include "edge.h"

/* For connections in slots below conns, HANDSHAKES_MAX of them at once. */
bool source_open(uint32_t conns);

/* The slot of the handshake that has to end before one more from here may begin; NO_SLOT: none (any more). */
uint32_t source_crowd(const struct addr *remote);

/* This connection begins its handshake. Only after source_crowd() named none. */
void source_enter(uint32_t conn, const struct addr *remote);
/* It ends it, one way or the other. */
void source_leave(uint32_t conn);

#endif
