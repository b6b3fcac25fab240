/* SPDX-License-Identifier: ISC */
/* ringfence-relay-kernel: what one RTP packet costs when a program of bpf/ relays it, at tc ingress or XDP, in networks of its own, over
 * veth. One thread sends bursts of 8 and all that follows happens on its CPU; what is left when a program drops the same packets at the
 * same place is taken off; what one costs that sends all of them on without a look is said beside it. tc's come from a socket, XDP's from the kernel as from a driver: a veth makes frames of a socket's packets first. The far end drops what arrives. With SECONDS: 50 packets a second of each flow, none of which may be lost, and
 * how long they took. Root. ringfence-relay-kernel tc|xdp [FLOWS [PACKETS EACH [REPEATS]]], ringfence-relay-kernel tc|xdp FLOWS for SECONDS */
#include "arrive_bpf.h"
#include "flow.h"
#include "frames.h"
#include "network.h"
#include "paced.h"
#include "relay_bpf.h"
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 8, SIZE = 182, LO = 20000, FLOWS_MAX = 4000, FROM = 40000, TO = 41000, HOUR_S = 3600 };
enum { NS = 1000000000 };

/* one in a hundred takes tc's way under XDP, as one in two seconds does of a call */
static uint32_t flows_n = 2000, each = 100, repeats = 40, seconds;
static bool xdp;
static struct bpf_object *object, *far_end;
static int dropper, redirector;
static pid_t network[2];
static struct paced_flow paced_flow[FLOWS_MAX];

static void attach(int interface, int program)
{
	if (!xdp)
		attach_tc(interface, program, BPF_TC_INGRESS);
	else if (bpf_xdp_attach(interface, program, XDP_FLAGS_DRV_MODE, NULL) != 0)
		fail("attach to XDP");
}

static int program(struct bpf_object *of, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(of, name));
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

/* Programs are loaded with the capabilities of net, without which the kernel has them wait less (bpf/datagram.h). */
static void keep(bool as_net)
{
	const uint64_t net = 1ull << CAP_BPF | 1ull << CAP_NET_ADMIN;
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, caps) != 0)
		fail("capabilities");
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		caps[i].effective = as_net ? (uint32_t)(net >> 32 * i) : caps[i].permitted;
	if (syscall(SYS_capset, &head, caps) != 0)
		fail("capabilities");
}

static void load(void)
{
	const struct bpf_insn drop[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = xdp ? XDP_DROP : TC_ACT_SHOT},
	    {.code = BPF_JMP | BPF_EXIT}};
	const struct bpf_insn redirect[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = (int)if_nametoindex("rfm1")},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2},
	    {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect},
	    {.code = BPF_JMP | BPF_EXIT}};
	const enum bpf_prog_type type = xdp ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS;
	struct flow_site site = {.lo = LO, .hi = (uint16_t)(LO + flows_n - 1), .hops = xdp, .handle = (uint32_t)FLOW_MARK << 16};
	struct flow_wire wire = {.interface = if_nametoindex("rfm1"), .redirects = 1};
	uint32_t zero = 0;

	ip(&site.media[0], "10.9.1.1");
	object = bpf_object__open_mem(relay_bpf, sizeof relay_bpf, NULL);
	if (!object)
		fail("open");
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "flows"), flows_n);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "tallies"), flows_n);
	keep(true);
	int loaded = bpf_object__load(object);
	keep(false);
	if (loaded != 0 || bpf_map_update_elem(map(FLOW_SITE), &zero, &site, BPF_ANY) != 0)
		fail("load");
	if (bpf_map_update_elem(map("wires"), &wire.interface, &wire, BPF_ANY) != 0)
		fail("wires");
	dropper = bpf_prog_load(type, "drop", "GPL", drop, sizeof drop / sizeof *drop, NULL);
	redirector = bpf_prog_load(type, "redirect", "GPL", redirect, sizeof redirect / sizeof *redirect, NULL);
	far_end = bpf_object__open_mem(arrive_bpf, sizeof arrive_bpf, NULL);
	if (dropper < 0 || redirector < 0 || !far_end || bpf_object__load(far_end) != 0)
		fail("load");
}

static uint64_t clock_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static void write_flows(void)
{
	const uint64_t deadline_ns = clock_ns(CLOCK_MONOTONIC) + (uint64_t)HOUR_S * NS;

	for (uint32_t i = 0; i < flows_n; i++) {
		struct flow flow = {.written = 2,
		    .iif = if_nametoindex("rfm0"),
		    .oif = if_nametoindex("rfm1"),
		    .family = 4,
		    .from_port = htons(FROM),
		    .to_port = htons(TO),
		    .source_port = htons((uint16_t)(LO + i)),
		    .takes = FLOW_TAKES_RTP,
		    .tag_len = 10,
		    .next_family = 4,
		    .deadline_ns = deadline_ns,
		    .frame = {FLOW_FRAME_PCM}};
		ip(&flow.ip, "10.9.0.1");
		ip(&flow.from, "10.9.0.2");
		ip(&flow.source, "10.9.1.1");
		ip(&flow.to, "10.9.1.2");
		flow.next = flow.to;
		if (bpf_map_update_elem(map("flows"), &i, &flow, BPF_ANY) != 0)
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

/* A burst of one packet to ports that are yet to be named. */
static void prepare(struct mmsghdr m[BURST], struct sockaddr_in to[BURST], struct iovec *packet)
{
	memset(m, 0, BURST * sizeof *m);
	for (int i = 0; i < BURST; i++) {
		to[i] = (struct sockaddr_in){.sin_family = AF_INET};
		inet_pton(AF_INET, "10.9.0.1", &to[i].sin_addr);
		m[i].msg_hdr = (struct msghdr){.msg_name = &to[i], .msg_namelen = sizeof to[i], .msg_iov = packet, .msg_iovlen = 1};
	}
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* One for each flow in turn. */
static void send_by_socket(int fd)
{
	static uint8_t packet[SIZE] = {0x80};
	static uint16_t number;
	struct sockaddr_in to[BURST];
	struct iovec iov = {packet, sizeof packet};
	struct mmsghdr m[BURST];
	uint32_t next = 0;

	prepare(m, to, &iov);
	for (uint64_t sent = 0; sent < (uint64_t)flows_n * each; sent += BURST) {
		if (next == 0) /* each flow's next number */
			put16(packet + 2, ++number);
		for (int i = 0; i < BURST; i++, next = next + 1 == flows_n ? 0 : next + 1)
			to[i].sin_port = htons((uint16_t)(LO + next));
		if (sendmmsg(fd, m, BURST, 0) != BURST)
			fail("sendmmsg");
	}
}

static void frames_from_the_phones(void)
{
	struct frames f = {.by = "p", .from_port = FROM, .lo = LO, .flows = flows_n, .size = SIZE};

	inet_pton(AF_INET, "10.9.0.2", &f.from);
	inet_pton(AF_INET, "10.9.0.1", &f.to);
	read_mac("rfm0", f.to_mac);
	int home = enter(network[0]);
	read_mac("p", f.from_mac);
	if (!frames_ready(&f))
		fail("frames");
	leave(home);
}

/* ns for each packet sent: this thread's CPU, and so that of what interrupts it to relay; others that want it do not count */
static double send_all(int fd)
{
	uint32_t n = flows_n * each;
	int home = enter(network[0]);
	uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	if (!xdp)
		send_by_socket(fd);
	else if (!frames_send(n, BURST))
		fail("frames");
	uint64_t took = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
	leave(home);
	return (double)took / n;
}

static void measure(void)
{
	enum { DROP, REDIRECT, RELAY, WAYS };
	const int by[WAYS] = {dropper, redirector, program(object, xdp ? "relay_xdp" : "relay_tc")}, in = (int)if_nametoindex("rfm0");
	double least[WAYS] = {1e9, 1e9, 1e9};
	uint64_t passed = 0;
	int fd = sender();

	if (xdp)
		frames_from_the_phones();
	for (uint32_t r = 0; r < repeats; r++)
		for (int way = 0; way < WAYS; way++) {
			attach(in, by[way]);
			reset();
			double ns = send_all(fd);
			uint64_t got = reset();
			passed += got;
			/* a thread of the kernel's that had to help has not done it on our account */
			if (way != RELAY || got == (uint64_t)flows_n * each)
				least[way] = ns < least[way] ? ns : least[way];
		}
	const uint64_t sent = (uint64_t)flows_n * each * repeats;
	printf("{\"engine\": \"%s\", \"flows\": %u, \"sent\": %llu, \"relayed\": %llu, \"drop_ns\": %.0f, \"relay_ns\": %.0f, "
	       "\"redirect_ns_per_packet\": %.0f, \"cpu_ns_per_packet\": %.0f}\n",
	    xdp ? "xdp" : "tc", flows_n, (unsigned long long)sent, (unsigned long long)passed, least[DROP], least[RELAY],
	    least[REDIRECT] - least[DROP], least[RELAY] - least[DROP]);
}

/* --- all at once --- */

static void flows_to_paced(int fd)
{
	for (uint32_t i = 0; i < flows_n; i++) {
		paced_flow[i] = (struct paced_flow){.fd = fd, .to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(LO + i))}};
		inet_pton(AF_INET, "10.9.0.1", &paced_flow[i].to.sin_addr);
	}
}

static void all_at_once(void)
{
	struct paced p = {.flow = paced_flow, .flows_n = flows_n, .size = SIZE, .seconds = seconds};

	attach((int)if_nametoindex("rfm0"), program(object, xdp ? "relay_xdp" : "relay_tc"));
	int home = enter(network[1]);
	attach((int)if_nametoindex("p"), program(far_end, xdp ? "arrive_xdp" : "arrive_tc"));
	leave(home);
	flows_to_paced(sender());
	paced_send(&p);
	paced_arrived(&p, far_end);
	printf("{\"engine\": \"%s\", ", xdp ? "xdp" : "tc");
	paced_print(&p);
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
	bool paced = argc == 5 && strcmp(argv[3], "for") == 0;

	xdp = argc > 1 && strcmp(argv[1], "xdp") == 0;
	flows_n = argc > 2 ? (uint32_t)atoi(argv[2]) : flows_n;
	each = argc > 3 && !paced ? (uint32_t)atoi(argv[3]) : each;
	repeats = argc > 4 && !paced ? (uint32_t)atoi(argv[4]) : repeats;
	seconds = paced ? (uint32_t)atoi(argv[4]) : 0;
	/* a whole number of bursts; no bucket runs dry */
	if (argc < 2 || argc > 5 || (!xdp && strcmp(argv[1], "tc") != 0) || flows_n == 0 || flows_n > FLOWS_MAX || flows_n % BURST ||
	    each == 0 || each > 390 || repeats == 0 || (paced && seconds == 0)) {
		fprintf(stderr, "usage: ringfence-relay-kernel tc|xdp [FLOWS [PACKETS EACH [REPEATS]]], or tc|xdp FLOWS for SECONDS\n");
		return 2;
	}
	libbpf_set_print(quiet);
	if (unshare(CLONE_NEWNET) != 0)
		fail("needs root and networks of its own");
	run("ip link set lo up");
	for (int i = 0; i < 2; i++)
		network[i] = make_network(i);
	load();
	write_flows();
	if (xdp) {
		attach_tc((int)if_nametoindex("rfm0"), program(object, "relay_tc"), BPF_TC_INGRESS);
		attach_tc((int)if_nametoindex("rfm1"), program(object, "relay_left"), BPF_TC_EGRESS);
	}
	int home = enter(network[0]);
	plain_frames("p");
	leave(home);
	home = enter(network[1]);
	attach((int)if_nametoindex("p"), dropper);
	leave(home);
	if (seconds)
		all_at_once();
	else
		measure();
	for (int i = 0; i < 2; i++) {
		kill(network[i], SIGKILL);
		waitpid(network[i], NULL, 0);
	}
	return 0;
}
