/* SPDX-License-Identifier: ISC */
/* A file's octets are on disk after its fsync; its name, new or changed, is after that of the directory. */
#ifndef BASE_SYNC_H
#define BASE_SYNC_H

#include <stdbool.h>

/* The directory that this path stands in; false: errno. */
bool sync_directory_of(const char *path) __attribute__((warn_unused_result));

#endif
