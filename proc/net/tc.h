/* SPDX-License-Identifier: ISC */
/* Where a filter of ours is among others of its interface, those of another exchange too. */
#ifndef NET_TC_H
#define NET_TC_H

#include "flow.h"

/* FORMER: of every exchange, until the handle stood in flow_site */
enum { TC_HANDLE_FORMER = 1, TC_PRIORITY = FLOW_MARK };

/* Of the exchange of that number (place.h). Its upper half marks packets too, and is not zero. */
static inline __u32 tc_handle(__u32 number)
{
	return number >> 16 ? number : (__u32)FLOW_MARK << 16 | number;
}

#endif
