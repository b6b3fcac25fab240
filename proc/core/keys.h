/* SPDX-License-Identifier: ISC */
/* Which key methods a phone did not take when it was offered them, and took another: so that the next call is made to end in
 * media from the start, and no call begins with a refusal. */
#ifndef CORE_KEYS_H
#define CORE_KEYS_H

#include "ipc/child.h"

void keys_init(uint32_t max_device);
/* It offered or answered these (SDP_KEYS_*): it takes them, whatever was thought before. */
void keys_shown(uint32_t device, uint8_t mask);
void keys_refused(uint32_t device, uint8_t mask);
/* Of these it takes one, as far as is known. */
bool keys_may(uint32_t device, uint8_t mask);
/* All that it ever offered or answered. */
uint8_t keys_seen(uint32_t device);

#endif
