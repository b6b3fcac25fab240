/* SPDX-License-Identifier: ISC */
#include "netns.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROOM = 8 << 20 };

static _Noreturn void keep(int ready)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || unshare(CLONE_NEWNET) != 0 || write(ready, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static bool join(pid_t network, const char *device, const char *ours, const char *theirs)
{
	char command[512];

	snprintf(command, sizeof command,
	    "ip link add %s type veth peer name p netns %d && ip addr add %s/24 dev %s && ip link set %s up && "
	    "nsenter -t %d -n sh -ec 'ip link set p up; for a in %s; do ip addr add $a/24 dev p; done'",
	    device, (int)network, ours, device, device, (int)network, theirs);
	return system(command) == 0;
}

pid_t netns_new(const char *device, const char *ours, const char *theirs)
{
	char octet;
	int ready[2];

	if (pipe2(ready, O_CLOEXEC) != 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0)
		keep(ready[1]);
	close(ready[1]);
	bool ok = pid > 0 && read(ready[0], &octet, 1) == 1 && join(pid, device, ours, theirs);
	close(ready[0]);
	if (ok)
		return pid;
	if (pid > 0)
		netns_end(pid);
	return -1;
}

void netns_end(pid_t network)
{
	kill(network, SIGKILL);
	waitpid(network, NULL, 0);
}

int netns_enter(pid_t network)
{
	char path[64];
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)network);
	int there = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = home >= 0 && there >= 0 && setns(there, CLONE_NEWNET) == 0;
	if (there >= 0)
		close(there);
	if (!ok && home >= 0)
		close(home);
	return ok ? home : -1;
}

bool netns_leave(int home)
{
	bool ok = setns(home, CLONE_NEWNET) == 0;

	close(home);
	return ok;
}

int netns_socket(pid_t network)
{
	int home = netns_enter(network), room = ROOM;

	if (home < 0)
		return -1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) == 0;
	if (netns_leave(home) && ok)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}
