/* SPDX-License-Identifier: ISC */
/* Text for people. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/span.h"

/* Octets of the well-formed sequence at p, of which `left`, at least one, are there; 0: there is none (RFC 3629 4: no overlong forms, no
 * surrogates). */
size_t utf8_step(const uint8_t *p, size_t left);

/* At most max octets of valid UTF-8 (RFC 3629 4), without controls and without what turns the writing round. */
bool utf8_text_ok(struct span text, size_t max);

#endif
