/* SPDX-License-Identifier: ISC */
#include "kernel_house.h"
#include "kernel.h"
#include "netns.h"
#include "pair.h"
#include "place.h"
#include <bpf/bpf.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
	struct pair pair;
	struct addr ours;
	uint32_t interface, ports;
	uint16_t lo;
	pid_t phones; /* a process in their network */
} house;

/* --- networks --- */

int kernel_house_socket(void)
{
	int fd = netns_socket(house.phones);

	if (fd < 0)
		abort();
	return fd;
}

int kernel_house_raw(void)
{
	int home = netns_enter(house.phones), fd = home < 0 ? -1 : socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);

	if (fd < 0 || !netns_leave(home))
		abort();
	return fd;
}

bool kernel_house_networks(const char *ours, const char *theirs)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0 || system("ip link set lo up") != 0)
		return false;
	house.phones = netns_new("rfm0", ours, theirs);
	return house.phones > 0;
}

void kernel_house_leave(void)
{
	if (house.phones > 0)
		netns_end(house.phones);
}

/* --- programs --- */

/* The pins go at once: maps and programs live with this process. */
const char *kernel_house_open(const struct addr *ours, const char *interface, uint16_t lo, uint32_t ports)
{
	struct kernel_shape shape = {.lo = lo, .hi = (uint16_t)(lo + ports - 1), .ports = ports};
	char pins[] = "/tmp/ringfence-pins-XXXXXX";
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	house.ours = *ours;
	house.interface = if_nametoindex(interface);
	house.lo = lo;
	house.ports = ports;
	memcpy(&shape.media[0], ours->ip, sizeof shape.media[0]);
	if (here < 0 || !mkdtemp(pins))
		return "no directory";
	const char *why = mount("bpf", pins, "bpf", 0, NULL) == 0 && chdir(pins) == 0 ? kernel_load(&shape) == 0 ? NULL : "programs are not taken" : "no bpffs";
	if (fchdir(here) != 0)
		abort();
	close(here);
	umount2(pins, MNT_DETACH);
	rmdir(pins);
	if (why)
		return why;
	if (kernel_attach(house.interface, NULL) == ENGINE_SOCKETS)
		return "no program at the interface";
	bool paired = pair_make(&house.pair, place_number(ours, lo)) == 0 && kernel_attach_sender(house.pair.interface[1]) == 0;
	return paired ? NULL : "no pair of devices";
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
