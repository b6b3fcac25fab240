/* SPDX-License-Identifier: ISC */
#include "network.h"
#include "netns.h"
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

_Noreturn void fail(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1); /* the networks end with us */
}

void run(const char *command)
{
	if (system(command) != 0)
		fail(command);
}

int enter(pid_t network)
{
	int home = netns_enter(network);

	if (home < 0)
		fail("another network");
	return home;
}

void leave(int home)
{
	if (!netns_leave(home))
		fail("own network");
}

/* Neighbours are kept for good: a program that drops all at either end drops ARP too. */
pid_t make_network(int i)
{
	char device[16], ours[32], theirs[32], command[256];

	snprintf(device, sizeof device, "rfm%d", i);
	snprintf(ours, sizeof ours, "10.9.%d.1", i);
	snprintf(theirs, sizeof theirs, "10.9.%d.2", i);
	pid_t network = netns_new(device, ours, theirs);
	if (network < 0)
		fail("a network");
	snprintf(command, sizeof command,
	    "ping -c 1 -W 2 %s >/dev/null && ip neigh change %s dev %s nud permanent && "
	    "nsenter -t %d -n ip neigh change %s dev p nud permanent",
	    theirs, theirs, device, (int)network, ours);
	run(command);
	return network;
}

void attach_tc(int interface, int program, enum bpf_tc_attach_point where)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = interface, .attach_point = where);
	LIBBPF_OPTS(bpf_tc_opts, how, .handle = 1, .priority = 1, .prog_fd = program, .flags = BPF_TC_F_REPLACE);
	int r = bpf_tc_hook_create(&hook);

	if ((r != 0 && r != -EEXIST) || bpf_tc_attach(&hook, &how) != 0)
		fail("attach");
}

void detach_tc(int interface)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = interface, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	if (bpf_tc_hook_destroy(&hook) != 0)
		fail("detach");
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
