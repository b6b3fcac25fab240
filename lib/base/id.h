/* SPDX-License-Identifier: ISC */
/* Ids that leave a process: node(8) | generation(24) | index(32). A generation is never 0, so no valid id is 0. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdint.h>

#define ID_NONE UINT64_C(0)

static inline uint64_t id_make(uint8_t node, uint32_t generation, uint32_t index)
{
	return (uint64_t)node << 56 | (uint64_t)(generation & 0xffffff) << 32 | index;
}

static inline uint32_t id_index(uint64_t id)
{
	return (uint32_t)id;
}

static inline uint8_t id_node(uint64_t id)
{
	return (uint8_t)(id >> 56);
}

static inline uint32_t id_generation(uint64_t id)
{
	return (uint32_t)(id >> 32) & 0xffffff;
}

#endif
