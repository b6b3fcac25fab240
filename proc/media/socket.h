/* SPDX-License-Identifier: ISC */
/* UDP sockets of media: non-blocking, bound to one address, which are connected anew as calls come and go. */
#ifndef MEDIA_SOCKET_H
#define MEDIA_SOCKET_H

#include "base/addr.h"
#include <stdbool.h>

/* shared: also when another socket of this user that is shared has the address. -1: errno says why. */
int socket_bind(const struct addr *local, bool shared);
bool socket_share(int fd, bool whether);
bool socket_connect(int fd, const struct addr *to);
/* What waits in it is for nobody. */
void socket_drain(int fd);

#endif
