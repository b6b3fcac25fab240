/* SPDX-License-Identifier: ISC */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_boot_ms(void); /* CLOCK_BOOTTIME: for every interval; comparable between processes of one boot */
uint64_t clock_boot_ns(void);
int64_t clock_wall_ms(void); /* CLOCK_REALTIME: for certificates and records only */

#endif
