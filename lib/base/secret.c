/* SPDX-License-Identifier: ISC */
#include "base/secret.h"
#include <stdlib.h>
#include <sys/mman.h>

void *secret_new(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	/* a host without lock budget still keeps them out of cores and children */
	(void)mlock(p, n);
	if (madvise(p, n, MADV_DONTDUMP) != 0 || madvise(p, n, MADV_WIPEONFORK) != 0)
		abort();
	return p;
}

void secret_free(void *p, size_t n)
{
	if (!p)
		return;
	secret_wipe(p, n);
	munmap(p, n);
}

void secret_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

bool secret_eq(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;
	uint8_t diff = 0;

	for (size_t i = 0; i < n; i++)
		diff |= x[i] ^ y[i];
	return diff == 0;
}

bool secret_is_zero(const void *p, size_t n)
{
	const uint8_t *x = p;
	uint8_t any = 0;

	for (size_t i = 0; i < n; i++)
		any |= x[i];
	return any == 0;
}
