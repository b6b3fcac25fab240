/* SPDX-License-Identifier: ISC */
/* Text for people. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/span.h"

/* At most max octets of valid UTF-8 (RFC 3629 4), without controls and without what turns the writing round. */
bool utf8_text_ok(struct span text, size_t max);

#endif
