/* SPDX-License-Identifier: ISC */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

/* From getrandom(2); aborts if the kernel has none, since nothing here may go on without. */
void rand_bytes(void *p, size_t n);
uint32_t rand_u32(void);

/* 2 * n lower-case hex digits and a NUL from n random octets (n at most 32). */
void rand_hex(char *out, size_t n);

#endif
