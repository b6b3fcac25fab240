/* SPDX-License-Identifier: ISC */
#include "base/sock.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* a peer that lost its power or its network is known to be gone after two minutes, or after 30 s when
	 * something was on the way to it */
	PROBE_AFTER_S = 60,
	PROBE_EVERY_S = 15,
	PROBES = 4,
	UNHEARD_MS = 30000,
};

void sock_set_options(int fd)
{
	static const struct {
		int level, name, value;
	} option[] = {
	    {IPPROTO_TCP, TCP_NODELAY, 1},
	    {SOL_SOCKET, SO_KEEPALIVE, 1},
	    {IPPROTO_TCP, TCP_KEEPIDLE, PROBE_AFTER_S},
	    {IPPROTO_TCP, TCP_KEEPINTVL, PROBE_EVERY_S},
	    {IPPROTO_TCP, TCP_KEEPCNT, PROBES},
	    {IPPROTO_TCP, TCP_USER_TIMEOUT, UNHEARD_MS},
	};

	for (size_t i = 0; i < sizeof option / sizeof *option; i++)
		setsockopt(fd, option[i].level, option[i].name, &option[i].value, sizeof option[i].value);
}

bool sock_turn_away(int listening, int *spare)
{
	bool wanting = errno == EMFILE || errno == ENFILE;
	struct pollfd knock = {.fd = listening, .events = POLLIN};

	/* accept wants its descriptor before it looks whether anybody knocks */
	if (!wanting || *spare < 0 || poll(&knock, 1, 0) != 1)
		return false;
	close(*spare);
	int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	*spare = sock_spare();
	return fd >= 0;
}

int sock_spare(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}
