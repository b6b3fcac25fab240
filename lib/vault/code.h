/* SPDX-License-Identifier: ISC */
/* The one-time code of an enrolment as people type it: the phone's number, then 128 bits in base32, for example
 * 17-abcde-fghij-klmno-pqrst-uvwxyz. Read without regard to case, dashes and spaces. */
#ifndef VAULT_CODE_H
#define VAULT_CODE_H

#include "base/buf.h"

enum { CODE_BITS = 16, CODE_TEXT_MAX = 40 };

void code_put(struct buf *b, uint32_t device, const uint8_t bits[CODE_BITS]);

/* False unless it has exactly this form. */
bool code_parse(struct span text, uint32_t *device, uint8_t bits[CODE_BITS]);

#endif
