/* SPDX-License-Identifier: ISC */
/* A saved file that is zero for the most part: its size, then each block of 64 octets that is not, behind its number. */
#ifndef TEST_BLOCKS_H
#define TEST_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BLOCK = 64 };

/* The file as it was, in a descriptor of its own; -1: it cannot be read. */
static inline int blocks_load(const char *path, uint64_t *size)
{
	FILE *f = fopen(path, "re");
	int fd = memfd_create("blocks", MFD_CLOEXEC);
	uint32_t at;
	uint8_t block[BLOCK];
	bool ok = f && fd >= 0 && fread(size, sizeof *size, 1, f) == 1 && *size < 16 << 20 &&
	          ftruncate(fd, (off_t)*size) == 0;

	while (ok && fread(&at, sizeof at, 1, f) == 1)
		ok = fread(block, BLOCK, 1, f) == 1 && (uint64_t)at * BLOCK + BLOCK <= *size &&
		     pwrite(fd, block, BLOCK, (off_t)at * BLOCK) == BLOCK;
	if (f)
		fclose(f);
	if (!ok && fd >= 0)
		close(fd);
	return ok ? fd : -1;
}

#endif
