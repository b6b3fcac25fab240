/* SPDX-License-Identifier: ISC */
#ifndef MEDIA_COUNTS_H
#define MEDIA_COUNTS_H

#include <stdint.h>

/* Tell core what was counted of a row so far, by sockets and by the kernel. */
void counts_tell(uint32_t index);

#endif
