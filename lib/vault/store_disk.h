/* SPDX-License-Identifier: ISC */
/* The octets of a store's files, whatever they say: store*.c alone. */
#ifndef VAULT_STORE_DISK_H
#define VAULT_STORE_DISK_H

#include "base/span.h"

/* All of a regular file that was opened just now; false: it can't be read, is too long, or was cut meanwhile. out->p is to be freed in
 * any case. */
bool store_disk_read(int fd, struct span *out) __attribute__((warn_unused_result));
bool store_disk_write(int fd, const uint8_t *p, size_t n, uint64_t at) __attribute__((warn_unused_result));
/* Zeros over what stands there, on disk before the length goes. */
bool store_disk_erase(int fd) __attribute__((warn_unused_result));

#endif
