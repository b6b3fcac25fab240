/* SPDX-License-Identifier: ISC */
#include "socket.h"
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DRAIN_MAX = 4096 }; /* more than a socket's buffer holds */

bool socket_share(int fd, bool whether)
{
	int value = whether;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, sizeof value) == 0;
}

int socket_bind(const struct addr *local, bool shared)
{
	struct sockaddr_storage sa;
	int one = 1;
	socklen_t n = addr_to_sockaddr(local, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (local->family == 6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if ((shared && !socket_share(fd, true)) || bind(fd, (struct sockaddr *)&sa, n) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

bool socket_connect(int fd, const struct addr *to)
{
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(to, &sa);

	return connect(fd, (struct sockaddr *)&sa, n) == 0;
}

void socket_drain(int fd)
{
	uint8_t octet;

	for (int i = 0; i < DRAIN_MAX; i++)
		if (recvfrom(fd, &octet, 1, MSG_DONTWAIT, NULL, NULL) < 0 && errno == EAGAIN)
			return;
}
