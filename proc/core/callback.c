/* SPDX-License-Identifier: ISC */
#include "callback.h"
#include "dial.h"
#include "notice.h"
#include "registrar.h"

bool callback_may_reach(uint32_t user)
{
	const struct registration *to[REGISTRAR_TARGETS_MAX];

	if (user == NOBODY)
		return false;
	if (notice_may_call_back(NOBODY, user))
		return true;
	for (int n = registrar_targets(user, to); n > 0; n--)
		if (notice_may_call_back(to[n - 1]->device, NOBODY))
			return true;
	return false;
}

static bool find_one(uint32_t user, void *arg)
{
	bool *found = arg;

	*found = callback_may_reach(user);
	return !*found;
}

bool callback_may_lead_to(const struct dest *d)
{
	bool found = false;

	dial_each_callee(d, find_one, &found);
	return found;
}
