/* SPDX-License-Identifier: ISC */
/* Heapsort of indexes: in place, n log n whatever the capture holds; the C library's qsort() asks for the machine's memory, which the
 * cage forbids. */
#ifndef AUDIT_SORT_H
#define AUDIT_SORT_H

#include <stdbool.h>
#include <stdint.h>

typedef bool sort_before(const void *owner, uint32_t x, uint32_t y);

void sort_indexes(uint32_t *v, uint32_t n, sort_before *before, const void *owner);

#endif
