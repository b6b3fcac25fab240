/* SPDX-License-Identifier: ISC */
/* ringfence-relay-calls: the phones of calls that stand, all at once. 50 packets of RTP a second of each flow, between two ports of this
 * network by way of a relay in another, what was lost and how long the rest took; taken in by a program at DEVICE, at tc or XDP, which leaves
 * all else alone. With `bare` the same packets to the other end of a veth of its own, where no relay is: what the generator itself takes.
 * Root. ringfence-relay-calls tc|xdp DEVICE OURS FROM TO SIZE SECONDS FLOWS CALLED-FLOWS (lines `address port`: where each caller, and
 * each one called, was told to send), ringfence-relay-calls tc|xdp bare FLOWS SIZE SECONDS */
#include "arrive.h"
#include "arrive_bpf.h"
#include "network.h"
#include "paced.h"
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FLOWS_MAX = 8192, BARE_PORT = 20000 };

static struct paced_flow flow[FLOWS_MAX];
static struct paced part[2]; /* those who call, those who are called: a thread each, on a CPU of its own where there are two */
static struct paced all;
static cpu_set_t cpus;
static bool xdp;

static struct bpf_object *far_end_load(void)
{
	struct bpf_object *o = bpf_object__open_mem(arrive_bpf, sizeof arrive_bpf, NULL);

	if (!o || bpf_object__load(o) != 0)
		fail("load");
	return o;
}

static void far_end(struct bpf_object *o, const char *device, bool there)
{
	int interface = (int)if_nametoindex(device), fd = bpf_program__fd(bpf_object__find_program_by_name(o, xdp ? "arrive_xdp" : "arrive_tc"));

	if (!xdp && there)
		attach_tc(interface, fd, BPF_TC_INGRESS);
	else if (!xdp)
		detach_tc(interface);
	else if (there ? bpf_xdp_attach(interface, fd, XDP_FLAGS_DRV_MODE, NULL) : bpf_xdp_detach(interface, XDP_FLAGS_DRV_MODE, NULL))
		fail("XDP");
}

static int sender(const char *ours, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || inet_pton(AF_INET, ours, &a.sin_addr) != 1 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0)
		fail("socket");
	return fd;
}

static void flow_add(int fd, const char *host, unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	if (all.flows_n == FLOWS_MAX || port > 65535 || inet_pton(AF_INET, host, &a.sin_addr) != 1)
		fail(host);
	flow[all.flows_n++] = (struct paced_flow){fd, a};
}

/* Those added since the last part. */
static void part_end(int i)
{
	part[i] = all;
	part[i].first = i ? part[i - 1].flows_n : 0;
	part[i].flow = flow + part[i].first;
	part[i].flows_n = all.flows_n - part[i].first;
}

/* The i-th of the CPUs that this process may have, or one of them. */
static void *work(void *which)
{
	struct paced *p = which;
	size_t cpu = 0, nth = (size_t)(p - part) % (size_t)CPU_COUNT(&cpus);
	cpu_set_t one;

	while (!CPU_ISSET(cpu, &cpus) || nth-- > 0)
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (pthread_setaffinity_np(pthread_self(), sizeof one, &one) != 0)
		fail("a CPU");
	paced_send(p);
	return NULL;
}

static void send_all(struct bpf_object *far)
{
	pthread_t thread[2];

	for (int i = 0; i < 2; i++)
		if (part[i].flows_n == 0 || pthread_create(&thread[i], NULL, work, &part[i]) != 0)
			fail("a thread");
	for (int i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		all.sent_n += part[i].sent_n;
		all.took_ns = part[i].took_ns > all.took_ns ? part[i].took_ns : all.took_ns;
	}
	paced_arrived(&all, far);
}

static void flows_read(const char *path, int fd)
{
	char host[64];
	unsigned port;
	FILE *f = fopen(path, "re");

	while (f && fscanf(f, "%63s %u", host, &port) == 2)
		flow_add(fd, host, port);
	if (!f || fclose(f) != 0)
		fail(path);
}

static void through_a_relay(char **argv)
{
	struct bpf_object *far = far_end_load();

	for (int i = 0; i < 2; i++) {
		flows_read(argv[6 + i], sender(argv[1], (uint16_t)atoi(argv[2 + i])));
		part_end(i);
	}
	far_end(far, argv[0], true);
	send_all(far);
	far_end(far, argv[0], false);
}

/* Sent from the network beside, so that what takes it in is at an interface of this one. */
static void bare(uint32_t flows_n)
{
	struct bpf_object *far = far_end_load();
	pid_t network;
	int fd[2];

	if (unshare(CLONE_NEWNET) != 0)
		fail("a network");
	run("ip link set lo up");
	network = make_network(0);
	int home = enter(network);
	plain_frames("p");
	for (int i = 0; i < 2; i++)
		fd[i] = sender("10.9.0.2", (uint16_t)(BARE_PORT + i));
	leave(home);
	for (uint32_t i = 0; i < flows_n; i++) {
		flow_add(fd[i >= flows_n / 2], "10.9.0.1", BARE_PORT + i);
		if (i + 1 == flows_n / 2 || i + 1 == flows_n)
			part_end(i + 1 == flows_n);
	}
	far_end(far, "rfm0", true);
	send_all(far);
	kill(network, SIGKILL);
	waitpid(network, NULL, 0);
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int main(int argc, char **argv)
{
	bool alone = argc == 6 && strcmp(argv[2], "bare") == 0;

	xdp = argc > 1 && strcmp(argv[1], "xdp") == 0;
	if ((argc != 10 && !alone) || (!xdp && strcmp(argv[1], "tc") != 0)) {
		fprintf(stderr, "usage: ringfence-relay-calls tc|xdp DEVICE OURS FROM TO SIZE SECONDS FLOWS CALLED-FLOWS\n"
				"       ringfence-relay-calls tc|xdp bare FLOWS SIZE SECONDS\n");
		return 2;
	}
	all.size = (uint32_t)atoi(argv[alone ? 4 : 6]);
	all.seconds = (uint32_t)atoi(argv[alone ? 5 : 7]);
	if (all.size < sizeof(struct stamped) || all.size > PACED_SIZE_MAX || all.seconds == 0 || all.seconds > 60 ||
	    sched_getaffinity(0, sizeof cpus, &cpus) != 0)
		fail("size, seconds or CPUs");
	libbpf_set_print(quiet);
	if (alone)
		bare((uint32_t)atoi(argv[3]));
	else
		through_a_relay(argv + 2);
	printf("{");
	paced_print(&all);
	return 0;
}
