/* SPDX-License-Identifier: ISC */
/* Certificates in the site's files end, and nobody notices but the callers: an alarm 30 days and 3 days before, once each in a
 * life of core. */
#ifndef CORE_EXPIRY_H
#define CORE_EXPIRY_H

#include <stdint.h>

enum { EXPIRY_FIRST_DAYS = 30, EXPIRY_LAST_DAYS = 3 };

/* From now on it looks every hour. */
void expiry_init(void);

/* At this time of the wall clock. */
void expiry_look(int64_t wall_s);

#endif
