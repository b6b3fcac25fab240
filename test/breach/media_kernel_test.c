/* SPDX-License-Identifier: ISC */
/* media in its cage and the program of bpf/ at the ingress of real interfaces, with the test as core and net, and two phones in networks
 * of their own: what the kernel relays, media does not see; a kill of media in a call loses nothing, its next life adopts what is there
 * and removes what no call owns (R28, T24, T26). media_kernel_test EXECUTABLE */
#include "base/clock.h"
#include "flow.h"
#include "netns.h"
#include "relay_bpf.h"
#include "stage_lies.h"
#include "test.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SKIPPED = 77, LO = 31300, ROWS = 4, SILENCE_MS = 200, ARRIVAL_MS = 5000, JOIN = 5 };

static const char *exe;
static char cwd[] = "/tmp/media_kernel_XXXXXX";
static int arena_fd, flows, tallies;
static struct stage s;
static struct link *core, *net;
static struct bpf_object *object;
static struct relay_spec spec;

static struct {
	uint32_t strangers, failed, relayed;
	struct msg_relay_counts counts;
} heard;

struct phone {
	int fd;
	struct addr addr;
};
static struct phone phone[2], other;

static void on_counts(struct link *from, const struct ipc_view *v)
{
	(void)from;
	memcpy(&heard.counts, v->payload, sizeof heard.counts);
}

static void on_event(struct link *from, const struct ipc_view *v)
{
	(void)from;
	heard.strangers += ((const struct msg_event *)v->payload)->kind == EVENT_MEDIA_STRANGER;
}

static void on_failed(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	heard.failed++;
}

static void on_relayed(struct link *from, const struct ipc_view *v)
{
	(void)from;
	heard.relayed = ((const struct msg_relayed *)v->payload)->wish;
}

static void ignore(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
}

static ipc_handler *const on[MSG_N] = {
    [MSG_PORTS] = ignore,
    [MSG_GATE] = ignore,
    [MSG_RELAYED] = on_relayed,
    [MSG_RELAY_FAILED] = on_failed,
    [MSG_RELAY_COUNTS] = on_counts,
    [MSG_EVENT] = on_event,
    [MSG_VARYING] = ignore,
};

static struct addr at(const char *ip, uint16_t port)
{
	struct addr a = {0};

	if (!addr_parse_ip(span_str(ip), &a))
		abort();
	a.port = port;
	return a;
}

/* --- the world --- */

static void run(const char *command)
{
	if (system(command) == 0)
		return;
	printf("skipped: %s\n", command);
	exit(SKIPPED);
}

static struct phone phone_in(pid_t pid, const char *ip, uint16_t port)
{
	struct phone p = {.fd = netns_socket(pid), .addr = at(ip, port)};
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(&p.addr, &sa);

	if (p.fd < 0 || bind(p.fd, (struct sockaddr *)&sa, n) != 0)
		abort();
	return p;
}

/* What a phone answers goes by us, wherever it goes. */
static pid_t network(const char *device, const char *ours, const char *theirs)
{
	char command[128];
	pid_t pid = netns_new(device, ours, theirs);

	if (pid < 0) {
		printf("skipped: no veth here\n");
		exit(SKIPPED);
	}
	snprintf(command, sizeof command, "nsenter -t %d -n ip route add default via %s", (int)pid, ours);
	run(command);
	return pid;
}

static bool load(void)
{
	struct flow_site site = {.lo = LO, .hi = LO + 4 * ROWS - 1};
	struct addr ours[2] = {at("10.9.0.1", 0), at("10.9.1.1", 0)};
	uint32_t zero = 0;

	for (int i = 0; i < 2; i++)
		memcpy(&site.media[i], ours[i].ip, sizeof site.media[i]);
	object = bpf_object__open_mem(relay_bpf, sizeof relay_bpf, NULL);
	if (!object)
		return false;
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "flows"), 4 * ROWS);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "tallies"), 4 * ROWS);
	int r = bpf_object__load(object);
	if (r == -EPERM) {
		printf("skipped: this kernel or container lets nobody load programs\n");
		exit(SKIPPED);
	}
	if (r != 0)
		return false;
	flows = bpf_object__find_map_fd_by_name(object, "flows");
	tallies = bpf_object__find_map_fd_by_name(object, "tallies");
	for (int i = 0; i < 2; i++) {
		LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)if_nametoindex(i ? "rfm1" : "rfm0"), .attach_point = BPF_TC_INGRESS);
		LIBBPF_OPTS(bpf_tc_opts, how, .handle = 1, .priority = 1,
		    .prog_fd = bpf_program__fd(bpf_object__find_program_by_name(object, "relay_tc")));
		if (bpf_tc_hook_create(&hook) != 0 || bpf_tc_attach(&hook, &how) != 0)
			return false;
	}
	return bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, FLOW_SITE), &zero, &site, BPF_ANY) == 0;
}

static void load_it(void)
{
	CHECK(load());
}

/* --- media --- */

static bool settle(void)
{
	s.parent.rate_second = 0;
	return stage_want_status(&s) && stage_want_status(&s);
}

static uint64_t counter(const char *name)
{
	return settle() ? stage_status_line(&s, name)->used : UINT64_MAX;
}

static bool comes_to(const char *name, uint64_t n)
{
	for (uint64_t end = clock_boot_ms() + ARRIVAL_MS; clock_boot_ms() < end; stage_run(&s, 50))
		if (counter(name) == n)
			return true;
	return false;
}

static void say_path(int i)
{
	struct msg_kernel_path *m = ipc_begin(net, MSG_KERNEL_PATH);

	m->address = at(i ? "10.9.1.1" : "10.9.0.1", 0);
	m->interface = if_nametoindex(i ? "rfm1" : "rfm0");
	ipc_end(net);
}

static void give_as(enum kernel_map what, int fd, uint16_t lo, uint32_t ports)
{
	struct msg_kernel_map *m = ipc_begin_fd(net, MSG_KERNEL_MAP, fcntl(fd, F_DUPFD_CLOEXEC, 0));

	m->what = (uint8_t)what;
	m->lo = lo;
	m->ports = ports;
	ipc_end(net);
}

static void give(enum kernel_map what, int fd)
{
	give_as(what, fd, LO, 4 * ROWS);
}

static void net_speaks(void)
{
	net = stage_sibling(&s, PROC_NET, 0);
	stage_run(&s, 50);
	say_path(0);
	say_path(1);
	give(KERNEL_TALLIES, tallies);
	give(KERNEL_FLOWS, flows);
	settle();
}

static bool start(void)
{
	if (!stage_start(&s, exe, PROC_MEDIA, cwd, on))
		return false;
	s.site.listeners = 2;
	s.site.listener[1] = s.site.listener[0];
	s.site.listener[0].media = s.site.listener[0].advertised_media = at("10.9.0.1", 0);
	s.site.listener[1].media = s.site.listener[1].advertised_media = at("10.9.1.1", 0);
	s.site.media_port_lo = LO;
	s.site.media_port_hi = LO + 4 * ROWS - 1;
	if (!stage_give_file(&s, FILE_ARENA, dup(arena_fd)))
		return false;
	core = stage_sibling(&s, PROC_CORE, 0);
	stage_sibling(&s, PROC_LEDGER, 0);
	return stage_go(&s);
}

/* The call of this phone and the second. */
static void wish_of(uint64_t join, uint32_t number, const struct phone *first, uint64_t deadline_ms)
{
	memset(&spec, 0, sizeof spec);
	spec.answered = 1;
	spec.deadline_ms = deadline_ms;
	for (unsigned i = 0; i < 2; i++) {
		struct relay_side *side = &spec.side[i];
		side->local = at(i ? "10.9.1.1" : "10.9.0.1", (uint16_t)(LO + 2 * i));
		side->local_rtcp = side->local.port;
		side->present = side->events = side->keyed = 1;
		side->hears = RELAY_HEARS_OTHER;
		side->source = RELAY_SOURCE_NAMED;
		side->key = RELAY_KEY_SDES;
		side->direction = RELAY_BOTH;
		side->tag_len = 10;
		side->rtp = side->rtcp = i ? phone[i].addr : first->addr;
		side->payloads = 1;
		side->payload[0] = (struct relay_payload){0, RELAY_FRAME_PCM, SDP_PCMU, 0};
	}
	struct msg_relay *m = ipc_begin_as(core, MSG_RELAY, CLASS_DIALOG);
	m->join = join;
	m->wish = number;
	m->spec = ipc_put_part(core, &spec, sizeof spec);
	ipc_end(core);
	settle();
}

static void wish(uint64_t deadline_ms)
{
	wish_of(JOIN, 0, &phone[0], deadline_ms);
}

static void hang_up(void)
{
	struct msg_relay_close *m = ipc_begin(core, MSG_RELAY_CLOSE);

	m->join = JOIN;
	ipc_end(core);
	settle();
}

static uint32_t in_the_kernel(void)
{
	struct flow flow;
	uint32_t n = 0;

	for (uint32_t slot = 0; slot < 4 * ROWS; slot++)
		n += bpf_map_lookup_elem(flows, &slot, &flow) == 0 && flow.deadline_ns;
	return n;
}

/* --- packets --- */

static void say(const struct phone *p, const char *to, uint16_t port, size_t payload, uint16_t number)
{
	uint8_t packet[400];
	struct addr a = at(to, port);
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(&a, &sa);

	memset(packet, 0x5a, sizeof packet);
	memcpy(packet, "\x80\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03", 12);
	packet[2] = (uint8_t)(number >> 8);
	packet[3] = (uint8_t)number;
	if (sendto(p->fd, packet, 12 + payload, 0, (struct sockaddr *)&sa, n) < 0)
		perror("sendto");
}

/* The number of the next packet, which is whole and comes from where it must; -1: none. */
static int hears(const struct phone *p, const char *from, uint16_t port, int ms)
{
	uint8_t room[400];
	struct sockaddr_storage sa;
	struct addr a, is = at(from, port);

	for (uint64_t end = clock_boot_ms() + (uint64_t)ms; clock_boot_ms() < end; usleep(2000)) {
		socklen_t n = sizeof sa;
		ssize_t got = recvfrom(p->fd, room, sizeof room, 0, (struct sockaddr *)&sa, &n);
		if (got < 0)
			continue;
		if (got != 182 || !addr_from_sockaddr((struct sockaddr *)&sa, &a) || !addr_eq(&a, &is))
			return -2;
		return room[2] << 8 | room[3];
	}
	return -1;
}

/* n packets each way, from number `first`, all of which arrive in order. */
static bool talk(uint16_t first, uint16_t n)
{
	for (uint16_t i = first; i < first + n; i++) {
		say(&phone[0], "10.9.0.1", LO, 170, i);
		say(&phone[1], "10.9.1.1", LO + 2, 170, i);
		if (hears(&phone[1], "10.9.1.1", LO + 2, ARRIVAL_MS) != i || hears(&phone[0], "10.9.0.1", LO, ARRIVAL_MS) != i)
			return false;
	}
	return true;
}

/* --- tests --- */

static void without_net_sockets_relay(void)
{
	CHECK(start());
	wish(clock_boot_ms() + 60000);
	CHECK(talk(1, 5) && counter("passed") == 10 && counter("kernel-passed") == 0 && in_the_kernel() == 0);
}

static void with_it_the_kernel_does(void)
{
	net_speaks();
	CHECK(in_the_kernel() == 2 && counter("kernel-flows") == 2);
	CHECK(talk(100, 20) && counter("passed") == 10 && comes_to("kernel-passed", 40));
	stage_run(&s, 1300);
	CHECK(heard.counts.packets_a == 25 && heard.counts.packets_b == 25);
	/* what went by the other engine meanwhile is not missed by either */
	CHECK(heard.counts.expected_a == 25 && heard.counts.expected_b == 25 && heard.counts.lost_a == 0 && heard.counts.lost_b == 0);
	CHECK(heard.counts.jitter_a > 0 && heard.counts.jitter_b > 0);
}

static void a_stranger_is_turned_away_there(void)
{
	for (uint16_t i = 0; i < 10; i++)
		say(&other, "10.9.0.1", LO, 170, i);
	say(&phone[0], "10.9.0.1", LO, 160, 1); /* clear */
	CHECK(hears(&phone[1], "10.9.1.1", LO + 2, SILENCE_MS) == -1);
	CHECK(comes_to("kernel-dropped", 11) && counter("dropped-stranger") == 0 && counter("dropped-shape") == 0);
	stage_run(&s, 1300);
	CHECK(heard.strangers == 1 && heard.counts.dropped_a == 11 && heard.counts.dropped_b == 0);
}

static void a_kill_loses_nothing(void)
{
	CHECK(talk(200, 5));
	stage_kill(&s);
	CHECK(talk(205, 40)); /* nobody but the kernel is there */
	CHECK(start() && talk(300, 5));
	net_speaks();
	CHECK(talk(400, 5) && in_the_kernel() == 2 && counter("relays") == 1);
	stage_run(&s, 1300);
	/* all that the kernel counted in this call: 20 + 5 + 40 + 5 + 5 */
	CHECK(heard.counts.packets_a == 75 && heard.counts.packets_b == 75 && heard.failed == 0);
	/* and all that it missed from number 100 to 404 */
	CHECK(heard.counts.expected_a == 305 && heard.counts.lost_a == 230 && heard.counts.expected_b == 305 && heard.counts.lost_b == 230);
}

static void what_no_call_owns_is_removed(void)
{
	struct flow flow = {.deadline_ns = UINT64_MAX, .written = 1}; /* in the midst of which it died */
	const uint32_t of_none = 9, of_the_call = 1;

	CHECK(bpf_map_update_elem(flows, &of_none, &flow, BPF_ANY) == 0);
	CHECK(bpf_map_update_elem(flows, &of_the_call, &flow, BPF_ANY) == 0 && in_the_kernel() == 4);
	stage_kill(&s);
	CHECK(start());
	net_speaks();
	CHECK(in_the_kernel() == 2 && talk(500, 3));
}

/* T26 */
static void more_than_a_phone_sends_is_policed(void)
{
	int got = 0;

	stage_run(&s, 1100);
	uint64_t before = counter("kernel-dropped");
	for (uint16_t i = 0; i < 800; i++) {
		say(&phone[0], "10.9.0.1", LO, 170, i);
		got += hears(&phone[1], "10.9.1.1", LO + 2, i % 50 == 49 ? 20 : 1) >= 0;
	}
	while (hears(&phone[1], "10.9.1.1", LO + 2, SILENCE_MS) >= 0)
		got++;
	stage_run(&s, 1300);
	uint64_t dropped = counter("kernel-dropped") - before;
	CHECK(got >= 400 && (uint64_t)got + dropped == 800);
	stage_run(&s, 1100);
}

/* What the kernel has no way for is left to sockets, and comes back; neither misses what the other has. */
static void routes_are_followed(void)
{
	CHECK(talk(800, 2));
	stage_run(&s, 1300);
	const struct msg_relay_counts before = heard.counts;
	run("ip route add 10.9.1.2/32 dev lo");
	CHECK(comes_to("kernel-flows", 1));
	for (uint16_t i = 802; i < 900; i++) /* which sockets then send nowhere */
		say(&phone[0], "10.9.0.1", LO, 170, i);
	stage_run(&s, 200);
	run("ip route del 10.9.1.2/32 dev lo");
	CHECK(comes_to("kernel-flows", 2) && talk(900, 3));
	stage_run(&s, 1300);
	CHECK(heard.counts.expected_a - before.expected_a == 101 && heard.counts.lost_a == before.lost_a);
	CHECK(heard.counts.expected_b - before.expected_b == 101 && heard.counts.lost_b - before.lost_b == 98);
}

/* media's socket by which it asks for ways: of rtnetlink, in no group. -1: not found */
static int asks_by(void)
{
	int pidfd = (int)syscall(SYS_pidfd_open, s.pid, 0);

	for (int n = 3; pidfd >= 0 && n < 256; n++) {
		struct sockaddr_nl a = {0};
		socklen_t len = sizeof a, size = sizeof n;
		int protocol = -1, fd = (int)syscall(SYS_pidfd_getfd, pidfd, n, 0);
		if (fd >= 0 && getsockname(fd, (struct sockaddr *)&a, &len) == 0 && a.nl_family == AF_NETLINK && a.nl_groups == 0 &&
		    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 && protocol == NETLINK_ROUTE) {
			close(pidfd);
			return fd;
		}
		close(fd);
	}
	close(pidfd);
	return -1;
}

/* As many answers wait there as fit: the next question gets ENOBUFS. */
static bool choke(int fd)
{
	struct {
		struct nlmsghdr head;
		struct rtmsg m;
		struct rtattr to;
		uint8_t ip[4];
	} q = {{sizeof q, RTM_GETROUTE, NLM_F_REQUEST, 0, 0}, {.rtm_family = AF_INET, .rtm_dst_len = 32}, {RTA_LENGTH(4), RTA_DST}, {10, 9, 0, 2}};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	bool sent = true;

	for (int i = 0; i < 2000; i++)
		sent &= sendto(fd, &q, sizeof q, 0, (struct sockaddr *)&kernel, sizeof kernel) == sizeof q;
	return sent;
}

/* When the kernel can't say where a call's way is, it is asked again; who has one keeps it. */
static void what_could_not_be_asked_is_asked_again(void)
{
	int fd = asks_by();
	uint64_t before = counter("passed");

	CHECK(fd >= 0 && choke(fd));
	run("ip route add 10.77.0.0/16 dev rfm0"); /* of no call, but all are followed */
	for (int i = 0; i < 20; i++) {
		CHECK(in_the_kernel() == 2);
		stage_run(&s, 50);
	}
	CHECK(talk(950, 3) && counter("passed") == before);
	hang_up();
	CHECK(in_the_kernel() == 0 && choke(fd));
	wish(clock_boot_ms() + 60000);
	CHECK(comes_to("kernel-flows", 2) && in_the_kernel() == 2 && talk(1, 3) && counter("passed") == before);
	close(fd);
	run("ip route del 10.77.0.0/16 dev rfm0");
}

static void a_call_that_is_over_is_gone(void)
{
	hang_up();
	uint64_t before = counter("kernel-passed");
	CHECK(in_the_kernel() == 0 && counter("kernel-flows") == 0);
	say(&phone[0], "10.9.0.1", LO, 170, 1);
	CHECK(hears(&phone[1], "10.9.1.1", LO + 2, SILENCE_MS) == -1);
	/* and the next one on its ports counts from nothing */
	wish(clock_boot_ms() + 60000);
	CHECK(talk(1, 4) && comes_to("kernel-passed", before + 8));
	stage_run(&s, 1300);
	CHECK(heard.counts.packets_a == 4 && heard.counts.packets_b == 4 && heard.counts.dropped_a == 0);
	CHECK(heard.counts.expected_a == 4 && heard.counts.lost_a == 0 && heard.counts.jitter_a == 0);
}

static void told_all(void)
{
	if (ipc_begin(core, MSG_RELAYS_DONE))
		ipc_end(core);
	settle();
}

/* The call ended while media was dead: whichever of core and net speaks first to the next one. */
static void what_core_does_not_name_leaves_the_kernel(void)
{
	for (int core_first = 0; core_first < 2; core_first++) {
		wish(clock_boot_ms() + 60000);
		CHECK(talk(1, 2) && in_the_kernel() == 2);
		stage_kill(&s);
		CHECK(start() && talk(3, 2) && in_the_kernel() == 2);
		if (core_first)
			told_all();
		net_speaks();
		CHECK(core_first || (in_the_kernel() == 2 && talk(5, 2)));
		told_all();
		CHECK(in_the_kernel() == 0 && counter("relays") == 0 && counter("kernel-flows") == 0 && counter("relays-disowned") == 1);
		say(&phone[0], "10.9.0.1", LO, 170, 7);
		CHECK(hears(&phone[1], "10.9.1.1", LO + 2, SILENCE_MS) == -1);
	}
}

/* Nor is the next call on its ports answered while what it left turns that one's packets away. */
static void nobody_is_answered_whom_anothers_flow_turns_away(void)
{
	wish(clock_boot_ms() + 60000);
	CHECK(talk(1, 2) && in_the_kernel() == 2);
	stage_kill(&s);
	CHECK(start());
	wish_of(JOIN, 7, &phone[0], clock_boot_ms() + 60000);
	CHECK(heard.relayed == 7 && talk(3, 2)); /* its own */
	told_all();
	wish_of(JOIN + 1, 8, &other, clock_boot_ms() + 60000);
	say(&other, "10.9.0.1", LO, 170, 5);
	CHECK(heard.relayed == 7 && hears(&phone[1], "10.9.1.1", LO + 2, SILENCE_MS) == -1);
	net_speaks();
	wish_of(JOIN + 1, 9, &other, clock_boot_ms() + 60000);
	say(&other, "10.9.0.1", LO, 170, 6);
	CHECK(heard.relayed == 9 && hears(&phone[1], "10.9.1.1", LO + 2, ARRIVAL_MS) == 6);
	wish(clock_boot_ms() + 60000);
	hang_up();
}

static void an_end_comes_by_itself(void)
{
	wish(clock_boot_ms() + 1000);
	CHECK(talk(1, 2));
	stage_kill(&s);
	usleep(1100000);
	say(&phone[0], "10.9.0.1", LO, 170, 1);
	CHECK(hears(&phone[1], "10.9.1.1", LO + 2, SILENCE_MS) == -1);
	CHECK(start());
	net_speaks();
	CHECK(comes_to("relays", 0) && in_the_kernel() == 0);
}

static bool refuses(enum kernel_map what, int fd)
{
	net = stage_sibling(&s, PROC_NET, 0);
	s.accused = PROC_PARENT;
	give(what, fd);
	bool accused = settle() && s.accused == PROC_NET;
	stage_cut(&s, net);
	return accused;
}

static void what_net_lies_is_borne(void)
{
	struct stage_liars x = {.s = &s};

	wish(clock_boot_ms() + 60000);
	stage_cut(&s, net);
	CHECK(stage_lies(&x, PROC_NET));
	CHECK(x.rows == 1 && x.told > 8 && x.accused > 3);
	for (uint32_t i = 0; i < 3; i++) { /* maps of other ports */
		net = stage_sibling(&s, PROC_NET, 0);
		s.accused = PROC_PARENT;
		give_as(KERNEL_FLOWS, flows, (uint16_t)(LO + (i == 0)), i == 1 ? 0 : UINT32_MAX - (i == 0));
		CHECK(settle() && s.accused == PROC_NET);
		stage_cut(&s, net);
	}
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), memory = memfd_create("memory", MFD_CLOEXEC);
	CHECK(refuses(KERNEL_TALLIES, null) && refuses(KERNEL_TALLIES, memory) && refuses(KERNEL_FLOWS, null));
	CHECK(refuses(KERNEL_RING, memory) && refuses(KERNEL_SENDS, memory) && counter("kernel-flows") == 2);
	close(null);
	close(memory);
	enum { FLOW = sizeof(struct flow), TALLY = sizeof(struct flow_tally), MANY = 4 * ROWS };
	LIBBPF_OPTS(bpf_map_create_opts, shared, .map_flags = BPF_F_MMAPABLE);
	const struct {
		enum kernel_map what;
		int fd;
	} false_map[] = {
	    {KERNEL_FLOWS, bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, FLOW + 512, MANY, &shared)},
	    {KERNEL_FLOWS, bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, FLOW - 8, MANY, &shared)},
	    {KERNEL_FLOWS, bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, FLOW, MANY - 1, &shared)},
	    {KERNEL_FLOWS, bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, FLOW, MANY, NULL)}, /* none to be mapped */
	    {KERNEL_FLOWS, bpf_map_create(BPF_MAP_TYPE_HASH, NULL, 4, FLOW, MANY, NULL)},
	    {KERNEL_SENDS, bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, FLOW + 512, MANY, &shared)},
	    {KERNEL_RING, bpf_map_create(BPF_MAP_TYPE_RINGBUF, NULL, 0, 0, 4096, NULL)},
	    {KERNEL_RING, tallies},
	    {KERNEL_TALLIES, bpf_map_create(BPF_MAP_TYPE_HASH, NULL, 4, TALLY, MANY, NULL)},
	    {KERNEL_TALLIES, bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, TALLY, MANY, NULL)},
	};
	for (size_t i = 0; i < sizeof false_map / sizeof *false_map; i++) {
		CHECK(false_map[i].fd >= 0 && refuses(false_map[i].what, false_map[i].fd));
		if (false_map[i].fd != flows && false_map[i].fd != tallies)
			close(false_map[i].fd);
	}
	net_speaks();
	CHECK(counter("kernel-flows") == 2 && talk(700, 3));
	CHECK(stage_end(&s) == 0);
}

int main(int argc, char **argv)
{
	if (argc != 2 || !mkdtemp(cwd))
		return 2;
	exe = argv[1];
	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) {
		printf("skipped: needs root and networks of its own\n");
		return SKIPPED;
	}
	run("ip link set lo up");
	pid_t pid[2] = {network("rfm0", "10.9.0.1", "10.9.0.2 10.9.0.3"), network("rfm1", "10.9.1.1", "10.9.1.2 10.9.1.3")};
	RUN(load_it);
	phone[0] = phone_in(pid[0], "10.9.0.2", 40000);
	phone[1] = phone_in(pid[1], "10.9.1.2", 41000);
	other = phone_in(pid[0], "10.9.0.3", 40000);
	arena_fd = memfd_create("arena", MFD_CLOEXEC);
	RUN(without_net_sockets_relay);
	RUN(with_it_the_kernel_does);
	RUN(a_stranger_is_turned_away_there);
	RUN(a_kill_loses_nothing);
	RUN(what_no_call_owns_is_removed);
	RUN(more_than_a_phone_sends_is_policed);
	RUN(routes_are_followed);
	RUN(what_could_not_be_asked_is_asked_again);
	RUN(a_call_that_is_over_is_gone);
	RUN(what_core_does_not_name_leaves_the_kernel);
	RUN(nobody_is_answered_whom_anothers_flow_turns_away);
	RUN(an_end_comes_by_itself);
	RUN(what_net_lies_is_borne);
	if (s.pid)
		stage_kill(&s);
	netns_end(pid[0]);
	netns_end(pid[1]);
	bpf_object__close(object);
	rmdir(cwd);
	return TEST_END;
}
