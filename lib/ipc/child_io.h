/* SPDX-License-Identifier: ISC */
#ifndef IPC_CHILD_IO_H
#define IPC_CHILD_IO_H

#include <stdint.h>

/* Once, before the cage and the first turn. */
void child_io_open(void);

/* Once a turn of the loop, before it waits, which it may for so many ms (UINT32_MAX: for ever). Slows down while the kernel refuses to
 * watch a descriptor, and ends the process when it does so for too long; parent starts it anew. */
uint32_t child_io_turn(void);

#endif
