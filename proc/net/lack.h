/* SPDX-License-Identifier: ISC */
/* What the kernel answers when it, or this process, has nothing left to answer with: nothing was learnt, and it will be asked again. */
#ifndef NET_LACK_H
#define NET_LACK_H

#include <errno.h>
#include <stdbool.h>

/* r: 0 or -errno */
static inline bool is_lack(int r)
{
	return r == -ENOMEM || r == -ENOBUFS || r == -EMFILE || r == -ENFILE || r == -EAGAIN || r == -EINTR;
}

#endif
