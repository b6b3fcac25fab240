/* SPDX-License-Identifier: ISC */
/* Where a filter of ours is among others of its interface. */
#ifndef NET_TC_H
#define NET_TC_H

enum { TC_HANDLE = 1, TC_PRIORITY = 0x5246 /* "RF" */ };

#endif
