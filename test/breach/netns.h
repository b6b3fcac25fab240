/* SPDX-License-Identifier: ISC */
/* Networks beside this process's own, each joined to it by a veth. Root. They end with this process, however that ends. */
#ifndef TEST_NETNS_H
#define TEST_NETNS_H

#include <stdbool.h>
#include <sys/types.h>

/* `device` is here with the address ours, `p` there with theirs (one or more, a space between), all of a /24. The process that keeps the
 * network; -1: not allowed here. */
pid_t netns_new(const char *device, const char *ours, const char *theirs);
void netns_end(pid_t network);

/* Whence to leave; -1 with errno. */
int netns_enter(pid_t network);
bool netns_leave(int home);

/* Of UDP over IPv4, unbound, that does not block and has room for what comes at once. -1 with errno. */
int netns_socket(pid_t network);

#endif
