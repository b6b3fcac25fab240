/* SPDX-License-Identifier: ISC */
#include "vault/store_disk.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 65536, FILE_MAX = 256 << 20 };

bool store_disk_read(int fd, struct span *out)
{
	struct stat st;
	size_t n = 0;
	ssize_t got = 1;

	*out = span_of(NULL, 0);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return false;
	uint8_t *p = malloc((size_t)st.st_size + 1);
	while (p && n < (size_t)st.st_size && (got = read(fd, p + n, (size_t)st.st_size - n)) > 0)
		n += (size_t)got;
	*out = span_of(p, n);
	return p && got > 0;
}

bool store_disk_write(int fd, const uint8_t *p, size_t n, uint64_t at)
{
	while (n) {
		ssize_t done = pwrite(fd, p, n, (off_t)at);
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
		at += (uint64_t)done;
	}
	return true;
}

bool store_disk_erase(int fd)
{
	static const uint8_t zero[CHUNK];
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	if (st.st_size == 0)
		return true;
	for (uint64_t at = 0; at < (uint64_t)st.st_size; at += CHUNK) {
		uint64_t left = (uint64_t)st.st_size - at;
		if (!store_disk_write(fd, zero, left < CHUNK ? left : CHUNK, at))
			return false;
	}
	return fsync(fd) == 0 && ftruncate(fd, 0) == 0 && fsync(fd) == 0;
}
