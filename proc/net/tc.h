/* SPDX-License-Identifier: ISC */
/* A filter of ours at an interface: where it is among others, those of another exchange too. */
#ifndef NET_TC_H
#define NET_TC_H

#include "flow.h"
#include <bpf/libbpf.h>

/* FORMER: of every exchange, until the handle stood in flow_site */
enum { TC_HANDLE_FORMER = 1, TC_PRIORITY = FLOW_MARK };

/* Of the exchange of that number (place.h). Its upper half marks packets too, and is not zero. */
static inline __u32 tc_handle(__u32 number)
{
	return number >> 16 ? number : (__u32)FLOW_MARK << 16 | number;
}

/* All three: 0 or -errno. */

/* The id of its program; -ENOENT: there is none. */
int tc_find(__u32 interface, enum bpf_tc_attach_point where, __u32 handle, __u32 *program);
/* This program (a descriptor) is there, in place of another life's; nothing is done where it was. */
int tc_attach(__u32 interface, enum bpf_tc_attach_point where, __u32 handle, int program);
/* The qdisc stays: it may be another's too. */
int tc_detach(__u32 interface, enum bpf_tc_attach_point where, __u32 handle);

#endif
