/* SPDX-License-Identifier: ISC */
/* Memory for secrets: locked, left out of cores and of forked children, wiped when freed. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/span.h"

void *secret_new(size_t n); /* zeroed; aborts when there is none */
void secret_free(void *p, size_t n);
void secret_wipe(void *p, size_t n);

/* Takes the same time wherever the two differ. */
bool secret_eq(const void *a, const void *b, size_t n);
/* Nothing but zero octets, which nobody drew by chance. */
bool secret_is_zero(const void *p, size_t n);

#endif
