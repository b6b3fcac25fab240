/* SPDX-License-Identifier: ISC */
#ifndef PARENT_SYNCED_H
#define PARENT_SYNCED_H

/* ringfence.conf, what lies in trust, and their names are on disk, whoever left it to the kernel to write them; where they are not, the
 * log says so. key: the boot key too, or -1. */
void synced_site(int key);

#endif
