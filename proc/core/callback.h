/* SPDX-License-Identifier: ISC */
/* Whoever called for help a while ago is reached by those who call back, by whichever number they do (R16). */
#ifndef CORE_CALLBACK_H
#define CORE_CALLBACK_H

#include "route.h"

/* This user called for help, or somebody did from a phone that the user can be rung on. */
bool callback_may_reach(uint32_t user);
/* The same of the user or of any member of the group. */
bool callback_may_lead_to(const struct dest *d);

#endif
