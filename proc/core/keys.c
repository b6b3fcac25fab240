/* SPDX-License-Identifier: ISC */
#include "keys.h"
#include "base/log.h"
#include <stdlib.h>

static uint8_t *refused, *seen;
static uint32_t count;

void keys_init(uint32_t max_device)
{
	count = max_device + 1;
	refused = calloc(count, sizeof *refused);
	seen = calloc(count, sizeof *seen);
	if (!refused || !seen)
		log_fatal("no memory for phones");
}

void keys_shown(uint32_t device, uint8_t mask)
{
	if (device >= count)
		return;
	refused[device] &= (uint8_t)~mask;
	seen[device] |= mask;
}

uint8_t keys_seen(uint32_t device)
{
	return device < count ? seen[device] : 0;
}

void keys_refused(uint32_t device, uint8_t mask)
{
	if (device < count)
		refused[device] |= mask;
}

bool keys_may(uint32_t device, uint8_t mask)
{
	return device >= count || mask & ~refused[device];
}
