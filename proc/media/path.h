/* SPDX-License-Identifier: ISC */
/* The interfaces that the programs are on, as net says them, and the way out over one of them. */
#ifndef MEDIA_PATH_H
#define MEDIA_PATH_H

#include "base/addr.h"
#include "flow.h"
#include "ipc/child.h"

enum { PATHS_MAX = SITE_LISTENERS_MAX };

/* What comes to this media address comes over that interface; 0: over none. */
enum path_news { PATH_REFUSED, PATH_AS_IT_WAS, PATH_NEW }; /* refused: more than there can be */
enum path_news path_set(const struct addr *address, uint32_t interface) __attribute__((warn_unused_result));
uint32_t path_in(const struct addr *local);

/* Interface and next hop of what goes to `to` from `source`. 0; -ENETUNREACH: the way is none that the programs are on; -EAGAIN: it could not
 * be asked now. */
int path_to(const struct addr *to, const struct addr *source, struct flow *f) __attribute__((warn_unused_result));

#endif
