/* SPDX-License-Identifier: ISC */
/* ringfence-relay-kernel: what one RTP packet costs when the program of bpf/ relays it at tc ingress, in networks of its own, over veth.
 * One thread sends bursts of 8 and all that follows happens on its CPU; what is left when a program drops the same packets at the same
 * place is taken off. The far end drops what arrives. Root. ringfence-relay-kernel [FLOWS [PACKETS EACH [REPEATS]]] */
#include "flow.h"
#include "relay_bpf.h"
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 8, SIZE = 182, LO = 20000, FLOWS_MAX = 4000, FROM = 40000, TO = 41000, HOUR_S = 3600, DROP = 2 };

static uint32_t flows_n = 2000, each = 40, repeats = 40;
static struct bpf_object *object;
static int dropper;
static pid_t network[2];

static void fail(const char *what)
{
	fprintf(stderr, "ringfence-relay-kernel: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void run(const char *command)
{
	if (system(command) != 0)
		fail(command);
}

static int enter(pid_t pid)
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

static void leave(int home)
{
	if (setns(home, CLONE_NEWNET) != 0)
		fail("own network");
	close(home);
}

static void make_network(int i)
{
	char command[512], octet;
	int ready[2];

	if (pipe2(ready, O_CLOEXEC) != 0 || (network[i] = fork()) < 0)
		fail("fork");
	if (network[i] == 0) {
		if (unshare(CLONE_NEWNET) != 0 || write(ready[1], "x", 1) != 1)
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
	    "ping -c 1 -W 2 10.9.%d.2 >/dev/null",
	    i, (int)network[i], i, i, i, (int)network[i], i, i);
	run(command);
}

static void attach(int interface, int program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = interface, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, how, .handle = 1, .priority = 1, .prog_fd = program, .flags = BPF_TC_F_REPLACE);
	int r = bpf_tc_hook_create(&hook);

	if ((r != 0 && r != -EEXIST) || bpf_tc_attach(&hook, &how) != 0)
		fail("attach");
}

static int map(const char *name)
{
	return bpf_object__find_map_fd_by_name(object, name);
}

static void ip(struct flow_ip *out, const char *text)
{
	uint8_t *p = (uint8_t *)out;

	memset(p, 0, 10);
	p[10] = p[11] = 0xff;
	inet_pton(AF_INET, text, p + 12);
}

static void load(void)
{
	static const struct bpf_insn drop[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = DROP},
	    {.code = BPF_JMP | BPF_EXIT}};
	struct flow_site site = {.lo = LO, .hi = (uint16_t)(LO + flows_n - 1)};
	uint32_t zero = 0;

	object = bpf_object__open_mem(relay_bpf, sizeof relay_bpf, NULL);
	if (!object)
		fail("open");
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "flows"), flows_n);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "tallies"), flows_n);
	if (bpf_object__load(object) != 0 || bpf_map_update_elem(map("site"), &zero, &site, BPF_ANY) != 0)
		fail("load");
	dropper = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "drop", "GPL", drop, 2, NULL);
	if (dropper < 0)
		fail("load");
}

static void write_flows(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	for (uint32_t i = 0; i < flows_n; i++) {
		struct flow_key key = {.interface = if_nametoindex("rfm0"), .port = htons((uint16_t)(LO + i))};
		struct flow flow = {.family = 4,
		    .from_port = htons(FROM),
		    .to_port = htons(TO),
		    .source_port = htons((uint16_t)(LO + i)),
		    .takes = FLOW_TAKES_RTP,
		    .tag_len = 10,
		    .interface = if_nametoindex("rfm1"),
		    .next_family = 4,
		    .slot = i,
		    .deadline_ns = (uint64_t)(t.tv_sec + HOUR_S) * 1000000000,
		    .frame = {FLOW_FRAME_PCM}};
		ip(&key.ip, "10.9.0.1");
		ip(&flow.from, "10.9.0.2");
		ip(&flow.source, "10.9.1.1");
		ip(&flow.to, "10.9.1.2");
		flow.next = flow.to;
		if (bpf_map_update_elem(map("flows"), &key, &flow, BPF_ANY) != 0)
			fail("flows");
	}
}

/* Every bucket is full again; how many packets passed. */
static uint64_t reset(void)
{
	struct flow_tally t, none = {0};
	uint64_t passed = 0;

	for (uint32_t i = 0; i < flows_n; i++) {
		if (bpf_map_lookup_elem(map("tallies"), &i, &t) == 0)
			passed += t.passed;
		bpf_map_update_elem(map("tallies"), &i, &none, BPF_ANY);
	}
	return passed;
}

static int sender(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(FROM)};
	int home = enter(network[0]), fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, "10.9.0.2", &a.sin_addr);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0)
		fail("socket");
	leave(home);
	return fd;
}

/* This thread's, and so of what interrupts it to relay: others that want the CPU do not count. */
static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ns for each packet sent */
static double send_all(int fd)
{
	static uint8_t packet[SIZE] = {0x80};
	struct sockaddr_in to[BURST];
	struct iovec iov = {packet, sizeof packet};
	struct mmsghdr m[BURST];
	uint32_t next = 0;

	memset(m, 0, sizeof m);
	for (int i = 0; i < BURST; i++) {
		to[i] = (struct sockaddr_in){.sin_family = AF_INET};
		inet_pton(AF_INET, "10.9.0.1", &to[i].sin_addr);
		m[i].msg_hdr = (struct msghdr){.msg_name = &to[i], .msg_namelen = sizeof to[i], .msg_iov = &iov, .msg_iovlen = 1};
	}
	uint64_t start = cpu_ns(), n = (uint64_t)flows_n * each;
	for (uint64_t sent = 0; sent < n; sent += BURST) {
		for (int i = 0; i < BURST; i++, next = next + 1 == flows_n ? 0 : next + 1)
			to[i].sin_port = htons((uint16_t)(LO + next));
		if (sendmmsg(fd, m, BURST, 0) != BURST)
			fail("sendmmsg");
	}
	return (double)(cpu_ns() - start) / (double)n;
}

static void measure(void)
{
	int relay = bpf_program__fd(bpf_object__find_program_by_name(object, "relay_tc")), in = (int)if_nametoindex("rfm0");
	double least[2] = {1e9, 1e9};
	uint64_t passed = 0;
	int fd = sender();

	for (uint32_t r = 0; r < repeats; r++)
		for (int relayed = 0; relayed < 2; relayed++) {
			attach(in, relayed ? relay : dropper);
			reset();
			double ns = send_all(fd);
			least[relayed] = ns < least[relayed] ? ns : least[relayed];
			passed += reset();
		}
	double share = (double)passed / ((double)flows_n * each * repeats);
	printf("{\"engine\": \"tc\", \"flows\": %u, \"packets\": %u, \"relayed_share\": %.4f, \"drop_ns\": %.0f, \"relay_ns\": %.0f, "
	       "\"cpu_ns_per_packet\": %.0f}\n",
	    flows_n, flows_n * each, share, least[0], least[1], least[1] - least[0]);
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
	flows_n = argc > 1 ? (uint32_t)atoi(argv[1]) : flows_n;
	each = argc > 2 ? (uint32_t)atoi(argv[2]) : each;
	repeats = argc > 3 ? (uint32_t)atoi(argv[3]) : repeats;
	/* a whole number of bursts; no bucket runs dry */
	if (argc > 4 || flows_n == 0 || flows_n > FLOWS_MAX || flows_n % BURST || each == 0 || each > 390 || repeats == 0) {
		fprintf(stderr, "usage: ringfence-relay-kernel [FLOWS [PACKETS EACH [REPEATS]]]\n");
		return 2;
	}
	libbpf_set_print(quiet);
	if (unshare(CLONE_NEWNET) != 0)
		fail("needs root and networks of its own");
	run("ip link set lo up");
	make_network(0);
	make_network(1);
	load();
	write_flows();
	int home = enter(network[1]);
	attach((int)if_nametoindex("p"), dropper);
	leave(home);
	measure();
	for (int i = 0; i < 2; i++) {
		kill(network[i], SIGKILL);
		waitpid(network[i], NULL, 0);
	}
	return 0;
}
