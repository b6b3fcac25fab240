/* SPDX-License-Identifier: ISC */
/* Maps of the kernel, as net gives them to media. Of a map it is the kernel that says how much one element is: media's own types are
 * read and written only where it says the same. */
#ifndef MEDIA_MAP_H
#define MEDIA_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_shape {
	uint32_t type, key_size, value_size;
	uint32_t entries; /* exactly so many; 0: however many */
	uint32_t flags;   /* these among others */
};

/* errno: EPERM where the kernel does not say, EINVAL where it is something else. */
bool map_is(int fd, const struct map_shape *shape);

/* n entries of so many octets, to be read and written; the descriptor is closed. NULL: said why not. */
void *map_entries(int fd, size_t octets, uint32_t n);

#endif
