/* SPDX-License-Identifier: ISC */
/* SipHash-2-4 (Aumasson, Bernstein 2012), so that a peer cannot choose keys that collide in a table. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/span.h"

uint64_t siphash(const uint8_t key[16], struct span s);

#endif
