/* SPDX-License-Identifier: ISC */
/* Phones that local users asked for, by whom, and that wait for an administrator: so many for each uid, so that one user cannot take
 * all the places there are (R5). Kept in memory: a ctl that starts again counts anew, below ledger's bound for all. */
#ifndef CTL_QUOTA_H
#define CTL_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

enum {
	QUOTA_OF_UID = 4,
	QUOTA_OPEN_MAX = 32, /* as many as ledger holds */
};

uint32_t quota_used(uint32_t uid);
void quota_take(uint32_t uid, uint32_t device);
bool quota_uid(uint32_t device, uint32_t *uid); /* who asked for it; false: not known any more */
void quota_return(uint32_t device);             /* it waits no more */

#endif
