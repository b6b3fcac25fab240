/* SPDX-License-Identifier: ISC */
#include "base/clock.h"
#include <time.h>

static uint64_t read_ns(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_boot_ns(void)
{
	return read_ns(CLOCK_BOOTTIME);
}

uint64_t clock_boot_ms(void)
{
	return clock_boot_ns() / 1000000;
}

int64_t clock_wall_ms(void)
{
	return (int64_t)(read_ns(CLOCK_REALTIME) / 1000000);
}
