/* SPDX-License-Identifier: ISC */
#include "kernel_house.h"
#include "kernel.h"
#include "pair.h"
#include "place.h"
#include <bpf/bpf.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	struct pair pair;
	struct addr ours;
	uint32_t interface, ports;
	uint16_t lo;
	pid_t phones; /* a process in their network */
} house;

/* --- networks --- */

static int enter(void)
{
	char path[64];
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)house.phones);
	int there = open(path, O_RDONLY | O_CLOEXEC);
	if (home < 0 || there < 0 || setns(there, CLONE_NEWNET) != 0)
		abort();
	close(there);
	return home;
}

int kernel_house_socket(void)
{
	int home = enter(), fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), octets = 8 << 20;

	/* what leaves together arrives together */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) != 0 || setns(home, CLONE_NEWNET) != 0)
		abort();
	close(home);
	return fd;
}

bool kernel_house_networks(const char *ours, const char *theirs)
{
	char command[512], octet;
	int ready[2];

	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0 || pipe2(ready, O_CLOEXEC) != 0)
		return false;
	house.phones = fork();
	if (house.phones == 0) {
		/* it goes with the test, however that ends */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || unshare(CLONE_NEWNET) != 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	bool ok = read(ready[0], &octet, 1) == 1;
	close(ready[0]);
	snprintf(command, sizeof command,
	    "ip link set lo up && ip link add rfm0 type veth peer name p netns %d && ip addr add %s/24 dev rfm0 && ip link set rfm0 up && "
	    "nsenter -t %d -n sh -ec 'ip link set p up; for a in %s; do ip addr add $a/24 dev p; done'",
	    (int)house.phones, ours, (int)house.phones, theirs);
	return ok && system(command) == 0;
}

void kernel_house_leave(void)
{
	if (!house.phones)
		return;
	kill(house.phones, SIGKILL);
	waitpid(house.phones, NULL, 0);
}

/* --- programs --- */

/* The pins go at once: maps and programs live with this process. */
const char *kernel_house_open(const struct addr *ours, const char *interface, uint16_t lo, uint32_t ports)
{
	struct kernel_shape shape = {.lo = lo, .hi = (uint16_t)(lo + ports - 1), .ports = ports, .addresses = 1};
	char pins[] = "/tmp/ringfence-pins-XXXXXX";
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	house.ours = *ours;
	house.interface = if_nametoindex(interface);
	house.lo = lo;
	house.ports = ports;
	memcpy(&shape.media[0], ours->ip, sizeof shape.media[0]);
	if (here < 0 || !mkdtemp(pins))
		return "no directory";
	const char *why = mount("bpf", pins, "bpf", 0, NULL) == 0 && chdir(pins) == 0 ? kernel_load(&shape) : "no bpffs";
	if (fchdir(here) != 0)
		abort();
	close(here);
	umount2(pins, MNT_DETACH);
	rmdir(pins);
	if (why)
		return why;
	if (kernel_attach(house.interface, NULL) == ENGINE_SOCKETS)
		return "no program at the interface";
	return pair_make(&house.pair, place_number(ours, lo)) && kernel_attach_sender(house.pair.interface[1]) ? NULL : "no pair of devices";
}

static void give(struct link *net, enum kernel_map what, int fd)
{
	struct msg_kernel_map *m = ipc_begin_fd(net, MSG_KERNEL_MAP, fcntl(fd, F_DUPFD_CLOEXEC, 0));

	m->what = (uint8_t)what;
	m->lo = house.lo;
	m->ports = house.ports;
	ipc_end(net);
}

void kernel_house_give(struct stage *s)
{
	struct link *net = stage_sibling(s, PROC_NET, 0);
	int sender = pair_socket(&house.pair);

	stage_run(s, 50);
	struct msg_kernel_path *m = ipc_begin(net, MSG_KERNEL_PATH);
	m->address = house.ours;
	m->interface = house.interface;
	ipc_end(net);
	give(net, KERNEL_TALLIES, kernel_tallies());
	give(net, KERNEL_RING, kernel_ring());
	give(net, KERNEL_SENDS, kernel_sends());
	give(net, KERNEL_SENDER, sender);
	give(net, KERNEL_FLOWS, kernel_flows());
	close(sender);
	stage_run(s, 50);
}

uint64_t kernel_house_handed(uint32_t slot)
{
	struct flow_tally t = {0};

	bpf_map_lookup_elem(kernel_tallies(), &slot, &t);
	return t.handed;
}

void kernel_house_close(void)
{
	pair_end(&house.pair);
	kernel_house_leave();
}
