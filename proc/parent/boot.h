/* SPDX-License-Identifier: ISC */
/* Which boot of the host the site's run/ is of: on a ramfs it is always this one, with --insecure-run it need not be. */
#ifndef PARENT_BOOT_H
#define PARENT_BOOT_H

#include <stdbool.h>

/* True once: from now on it is of this boot. One that does not say is taken for this one's. */
bool boot_is_another(int site_fd);

#endif
