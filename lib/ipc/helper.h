/* SPDX-License-Identifier: ISC */
#ifndef IPC_HELPER_H
#define IPC_HELPER_H

/* The program that child_helper() will start, open; owned here. */
void helper_given(int fd);

#endif
