/* SPDX-License-Identifier: ISC */
#ifndef BASE_EXEC_H
#define BASE_EXEC_H

enum { EXEC_FD = 3 };

/* In a forked child: it becomes the program that `program` is open at (O_PATH will do), whatever lies at its path by now, with the standard
 * descriptors and `fd` as EXEC_FD. Returns with errno when it cannot; other descriptors may be closed by then. */
void exec_open(int program, int fd, char *const argv[], char *const env[]);

#endif
