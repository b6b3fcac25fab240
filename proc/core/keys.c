/* SPDX-License-Identifier: ISC */
#include "keys.h"
#include "base/log.h"
#include <stdlib.h>

static uint8_t *refused;
static uint32_t count;

void keys_init(uint32_t max_device)
{
	count = max_device + 1;
	refused = calloc(count, sizeof *refused);
	if (!refused)
		log_fatal("no memory for phones");
}

void keys_shown(uint32_t device, uint8_t mask)
{
	if (device < count)
		refused[device] &= (uint8_t)~mask;
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
