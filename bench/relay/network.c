/* SPDX-License-Identifier: ISC */
#include "network.h"
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

_Noreturn void fail(const char *what)
{
	fprintf(stderr, "ringfence-relay-kernel: %s: %s\n", what, strerror(errno));
	exit(1); /* the networks end with us */
}

void run(const char *command)
{
	if (system(command) != 0)
		fail(command);
}

int enter(pid_t pid)
{
	char path[64];
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	int there = open(path, O_RDONLY | O_CLOEXEC);
	if (home < 0 || there < 0 || setns(there, CLONE_NEWNET) != 0)
		fail("another network");
	close(there);
	return home;
}

void leave(int home)
{
	if (setns(home, CLONE_NEWNET) != 0)
		fail("own network");
	close(home);
}

/* Neighbours are kept for good: a program that drops all at either end drops ARP too. */
pid_t make_network(int i)
{
	pid_t inside;
	char command[512], octet;
	int ready[2];

	if (pipe2(ready, O_CLOEXEC) != 0 || (inside = fork()) < 0)
		fail("fork");
	if (inside == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || unshare(CLONE_NEWNET) != 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &octet, 1) != 1)
		fail("a network");
	close(ready[0]);
	snprintf(command, sizeof command,
	    "ip link add rfm%d type veth peer name p netns %d && ip addr add 10.9.%d.1/24 dev rfm%d && ip link set rfm%d up && "
	    "nsenter -t %d -n sh -c 'ip link set p up; ip addr add 10.9.%d.2/24 dev p' && "
	    "ping -c 1 -W 2 10.9.%d.2 >/dev/null && ip neigh change 10.9.%d.2 dev rfm%d nud permanent && "
	    "nsenter -t %d -n ip neigh change 10.9.%d.1 dev p nud permanent",
	    i, (int)inside, i, i, i, (int)inside, i, i, i, i, (int)inside, i);
	run(command);
	return inside;
}

void attach_tc(int interface, int program, enum bpf_tc_attach_point where)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = interface, .attach_point = where);
	LIBBPF_OPTS(bpf_tc_opts, how, .handle = 1, .priority = 1, .prog_fd = program, .flags = BPF_TC_F_REPLACE);
	int r = bpf_tc_hook_create(&hook);

	if ((r != 0 && r != -EEXIST) || bpf_tc_attach(&hook, &how) != 0)
		fail("attach");
}

void plain_frames(const char *dev)
{
	struct ethtool_value off = {ETHTOOL_STXCSUM, 0};
	struct ifreq r = {.ifr_data = (void *)&off};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", dev);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &r) != 0)
		fail("checksums");
	close(fd);
}

void read_mac(const char *dev, uint8_t mac[6])
{
	struct ifreq r = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", dev);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &r) != 0)
		fail("an Ethernet address");
	memcpy(mac, r.ifr_hwaddr.sa_data, 6);
	close(fd);
}
