/* SPDX-License-Identifier: ISC */
#include "ctl/quota.h"

static struct {
	uint32_t uid, device; /* device 0: free */
} open[QUOTA_OPEN_MAX];

uint32_t quota_used(uint32_t uid)
{
	uint32_t n = 0;

	for (int i = 0; i < QUOTA_OPEN_MAX; i++)
		n += open[i].device && open[i].uid == uid;
	return n;
}

void quota_take(uint32_t uid, uint32_t device)
{
	for (int i = 0; i < QUOTA_OPEN_MAX; i++)
		if (!open[i].device) {
			open[i].uid = uid;
			open[i].device = device;
			return;
		}
}

bool quota_uid(uint32_t device, uint32_t *uid)
{
	for (int i = 0; i < QUOTA_OPEN_MAX; i++)
		if (device && open[i].device == device) {
			*uid = open[i].uid;
			return true;
		}
	return false;
}

void quota_return(uint32_t device)
{
	for (int i = 0; i < QUOTA_OPEN_MAX; i++)
		if (open[i].device == device)
			open[i].device = 0;
}
