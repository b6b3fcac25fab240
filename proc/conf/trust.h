/* SPDX-License-Identifier: ISC */
/* The files of SITE/trust, collected before the cage and looked into only inside it. */
#ifndef CONF_TRUST_H
#define CONF_TRUST_H

#include "base/span.h"

enum { TRUST_FILES_MAX = 64, TRUST_OCTETS_MAX = 65536, TRUST_WORD_MAX = 48 };

/* Takes the directory, also when it is -1, and closes it. */
void trust_read_dir(int dir_fd);

/* For tests: a file of that name. */
void trust_add(const char *name, struct span octets);

/* *octets stays; NULL, or a static reason. */
const char *trust_file(const char *name, struct span *octets);

#endif
