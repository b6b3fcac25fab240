/* SPDX-License-Identifier: ISC */
/* Which languages voice can speak: those of the packed prompts, and those that the site has recordings of. */
#ifndef CONF_LANGUAGES_H
#define CONF_LANGUAGES_H

#include "ipc/site.h"

/* Before the cage; the descriptors are closed here, and -1 is none. */
void languages_read_pack(int fd);
void languages_read_recordings(int dir_fd);

void languages_fill(struct site *s);
/* Was one of the above called? Who reads a configuration elsewhere, as for a restore, can't tell which there are. */
bool languages_seen(void);

#endif
