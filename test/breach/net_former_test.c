/* SPDX-License-Identifier: ISC */
/* net takes over what the build before left in the kernel (R28): programs and maps of layout 3 (its object as of commit 5239a5d, without
 * debugging sections) relay a stream of packets, and go on while this build's net starts, until its own do. No packet is lost, none is
 * counted twice or not at all, flows keep their deadlines, bans their counts. net_former_test EXECUTABLE OBJECT.gz */
#include "former.h"
#include "netns.h"
#include "stage.h"
#include "test.h"
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SKIPPED = 77, NET_UID = 61900 + PROC_NET, LO = 30000, PORTS = 44, PACE_US = 4000, OBJECT_MAX = 1 << 20 };
enum { SLOT = 0, OTHERS = 7, FROM = 5000, TO = 5002, PASSED_BEFORE = 1000, ENOUGH = 150, BANNED = 31 };

static const unsigned long long SLEPT_S = 100000;
static const char *exe, *gz;
static char cwd[] = "/tmp/ringfence-former-XXXXXX";
static struct stage s;
static struct link *media;
static struct bpf_object *object;
static pid_t network[2], sender;
static int ear = -1;
static uint64_t deadline_ns;
static volatile uint32_t *sent; /* shared with the sender */
static struct {
	int fd[KERNEL_MAPS];
	bool all;
} seen;

static void on_map(struct link *from, const struct ipc_view *v)
{
	const struct msg_kernel_map *m = v->payload;

	(void)from;
	seen.fd[m->what] = v->fd;
	seen.all = seen.fd[KERNEL_FLOWS] >= 0 && seen.fd[KERNEL_TALLIES] >= 0;
}

static void ignore(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
}

static ipc_handler *const on[MSG_N] = {
    [MSG_KERNEL_MAP] = on_map, [MSG_KERNEL_PATH] = ignore, [MSG_EVENT] = ignore};

static void skip(const char *why)
{
	printf("skipped: %s\n", why);
	exit(SKIPPED);
}

static struct addr at(const char *ip, uint16_t port)
{
	struct addr a = {0};

	if (!addr_parse_ip(span_str(ip), &a))
		abort();
	a.port = port;
	return a;
}

static void put_ip(struct flow_ip *out, const char *ip)
{
	struct addr a = at(ip, 0);

	memcpy(out, a.ip, sizeof *out);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* --- networks --- */

static pid_t make_network(int i)
{
	static const char *const of[2][3] = {{"rff0", "10.9.0.1", "10.9.0.2"}, {"rff1", "10.9.1.1", "10.9.1.2"}};
	pid_t pid = netns_new(of[i][0], of[i][1], of[i][2]);

	if (pid < 0)
		skip("no veth here");
	return pid;
}

static int socket_in(pid_t pid, const char *ip, uint16_t port)
{
	struct addr a = at(ip, port);
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(&a, &sa);
	int fd = netns_socket(pid);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, n) != 0)
		abort();
	return fd;
}

/* It takes what XDP sends, and makes the checksums that XDP wants. */
static void far_end_suits_xdp(pid_t pid)
{
	struct ethtool_value set[] = {{ETHTOOL_SGRO, 1}, {ETHTOOL_STXCSUM, 0}};
	int home = netns_enter(pid), fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (int i = 0; i < 2; i++) {
		struct ifreq r = {.ifr_name = "p", .ifr_data = (void *)&set[i]};
		if (ioctl(fd, SIOCETHTOOL, &r) != 0)
			skip("no XDP over a veth here");
	}
	close(fd);
	if (!netns_leave(home))
		abort();
}

/* 250 packets a second, numbered from 0, until it is killed. */
static pid_t speak(void)
{
	struct addr a = at("10.9.0.1", LO);
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(&a, &sa);
	int fd = socket_in(network[0], "10.9.0.2", FROM);
	uint8_t packet[182] = {0x80};

	pid_t pid = fork();
	if (pid != 0) {
		close(fd);
		return pid;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		_exit(1);
	for (;; usleep(PACE_US)) {
		packet[2] = (uint8_t)(*sent >> 8);
		packet[3] = (uint8_t)*sent;
		if (sendto(fd, packet, sizeof packet, 0, (struct sockaddr *)&sa, n) == (ssize_t)sizeof packet)
			++*sent;
	}
}

static bool has_sent(uint32_t n)
{
	for (int i = 0; i < 600 && *sent < n; i++)
		usleep(50000);
	return *sent >= n;
}

/* How many came, in order and without a gap; -1: not so. */
static int heard(void)
{
	uint8_t packet[256];
	int n = 0;

	for (; recv(ear, packet, sizeof packet, 0) > 0; n++)
		if ((packet[2] << 8 | packet[3]) != n)
			return -1;
	return n;
}

/* --- the build before --- */

static int map(const char *name)
{
	return bpf_object__find_map_fd_by_name(object, name);
}

static bool load_former(void)
{
	static uint8_t octets[OBJECT_MAX];
	char command[512], path[128];
	struct bpf_map *m;

	snprintf(command, sizeof command, "gzip -dc '%s'", gz);
	FILE *f = popen(command, "re");
	size_t n = f ? fread(octets, 1, sizeof octets, f) : 0;
	if (!f || pclose(f) != 0 || !(object = bpf_object__open_mem(octets, n, NULL)))
		return false;
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "flows"), PORTS * 2);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "tallies"), PORTS);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "sends"), PORTS);
	if (bpf_object__load(object) != 0)
		return false;
	bpf_object__for_each_map(m, object) {
		snprintf(path, sizeof path, "%s/%s-%d", cwd, bpf_map__name(m), FORMER_LAYOUT);
		if (bpf_obj_pin(bpf_map__fd(m), path) != 0 || chown(path, NET_UID, NET_UID) != 0)
			return false;
	}
	return true;
}

/* As media and net of that build wrote them, in the midst of a call. */
static bool fill(void)
{
	struct flow_site site = {.lo = LO, .hi = LO + PORTS - 1, .hops = 1};
	struct flow_key key = {.interface = if_nametoindex("rff0"), .port = htons(LO)};
	struct flow flow = {.from_port = htons(FROM), .to_port = htons(TO), .source_port = htons(LO + 2), .family = 4,
	    .takes = FLOW_TAKES_RTP, .tag_len = 10, .next_family = 4, .interface = if_nametoindex("rff1"), .slot = SLOT,
	    .deadline_ns = deadline_ns, .frame = {FLOW_FRAME_PCM}};
	struct flow_tally_3 tally = {.passed = PASSED_BEFORE, .octets = 182 * PASSED_BEFORE, .dropped = {[FLOW_SHAPE] = 5}};
	struct flow_ban ban = {.until_ns = deadline_ns, .dropped = BANNED};
	uint32_t zero = 0, slot = SLOT, others = OTHERS;
	struct flow_ip ip;

	put_ip(&site.media[0], "10.9.0.1");
	put_ip(&site.media[1], "10.9.1.1");
	put_ip(&key.ip, "10.9.0.1");
	put_ip(&flow.from, "10.9.0.2");
	put_ip(&flow.source, "10.9.1.1");
	put_ip(&flow.to, "10.9.1.2");
	flow.next = flow.to;
	put_ip(&ip, "203.0.113.9");
	if (bpf_map_update_elem(map("site"), &zero, &site, BPF_ANY) || bpf_map_update_elem(map("flows"), &key, &flow, BPF_ANY) ||
	    bpf_map_update_elem(map("bans"), &ip, &ban, BPF_ANY) || bpf_map_update_elem(map("tallies"), &slot, &tally, BPF_ANY))
		return false;
	tally.passed = 3;
	return bpf_map_update_elem(map("tallies"), &others, &tally, BPF_ANY) == 0;
}

static int program(const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(object, name));
}

static bool attach_former(const char *name, bool xdp)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)if_nametoindex(name), .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, relay, .handle = 1, .priority = 0x5246, .prog_fd = program("relay_tc"), .flags = BPF_TC_F_REPLACE);
	LIBBPF_OPTS(bpf_tc_opts, left, .handle = 1, .priority = 0x5246, .prog_fd = program("relay_left"));
	LIBBPF_OPTS(bpf_link_create_opts, natively, .flags = XDP_FLAGS_DRV_MODE);
	struct flow_wire wire = {.interface = if_nametoindex(name), .redirects = 1};
	char path[128];

	int made = bpf_tc_hook_create(&hook);
	if ((made != 0 && made != -EEXIST) || bpf_tc_attach(&hook, &relay) != 0)
		return false;
	if (!xdp)
		return true;
	hook.attach_point = BPF_TC_EGRESS;
	int link = bpf_link_create(program("relay_xdp"), (int)wire.interface, BPF_XDP, &natively);
	snprintf(path, sizeof path, "%s/xdp-%u", cwd, wire.interface);
	bool ok = bpf_tc_attach(&hook, &left) == 0 && link >= 0 && bpf_obj_pin(link, path) == 0 && chown(path, NET_UID, NET_UID) == 0 &&
		  bpf_map_update_elem(map("wires"), &wire.interface, &wire, BPF_ANY) == 0;
	close(link);
	return ok;
}

static struct flow_tally_3 former_counts(void)
{
	struct flow_tally_3 t = {0};
	uint32_t slot = SLOT;

	bpf_map_lookup_elem(map("tallies"), &slot, &t);
	return t;
}

static bool world(bool xdp)
{
	seen.fd[KERNEL_FLOWS] = seen.fd[KERNEL_TALLIES] = -1;
	seen.all = false;
	*sent = 0;
	for (int i = 0; i < 2; i++)
		network[i] = make_network(i);
	for (int i = 0; xdp && i < 2; i++)
		far_end_suits_xdp(network[i]);
	if (mount("bpf", cwd, "bpf", 0, NULL) != 0 || chown(cwd, NET_UID, NET_UID) != 0 || chmod(cwd, 0700) != 0)
		skip("no bpffs can be mounted here");
	deadline_ns = now_ns() + 600000000000;
	ear = socket_in(network[1], "10.9.1.2", TO);
	return load_former() && fill() && attach_former("rff0", xdp) && attach_former("rff1", xdp);
}

static void world_ends(void)
{
	if (s.pid)
		stage_kill(&s);
	for (int i = 0; i < 2; i++) {
		netns_end(network[i]);
		if (seen.fd[i ? KERNEL_FLOWS : KERNEL_TALLIES] >= 0)
			close(seen.fd[i ? KERNEL_FLOWS : KERNEL_TALLIES]);
	}
	close(ear);
	bpf_object__close(object);
	umount2(cwd, MNT_DETACH);
	(void)!system("ip link del rff0 2>/dev/null; ip link del rff1 2>/dev/null");
}

static bool start_net(void)
{
	if (!stage_start(&s, exe, PROC_NET, cwd, on))
		return false;
	s.site.listeners = 2;
	s.site.listener[1] = s.site.listener[0];
	s.site.listener[0].media = at("10.9.0.1", 0);
	s.site.listener[1].media = at("10.9.1.1", 0);
	s.site.media_port_lo = LO;
	s.site.media_port_hi = LO + PORTS - 1;
	stage_sibling(&s, PROC_CORE, 0);
	media = stage_sibling(&s, PROC_MEDIA, 0);
	return stage_go(&s) && stage_until(&s, &seen.all, STAGE_WAIT_MS);
}

static struct flow_tally counts(uint32_t slot)
{
	struct flow_tally t = {0};

	bpf_map_lookup_elem(seen.fd[KERNEL_TALLIES], &slot, &t);
	return t;
}

static bool pinned(const char *name, int layout)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s-%d", cwd, name, layout);
	return access(path, F_OK) == 0;
}

static uint64_t banned_until_ns(const char *address)
{
	struct flow_ban ban = {0};
	struct flow_ip ip;
	char path[128];

	snprintf(path, sizeof path, "%s/banned-%d", cwd, FLOW_LAYOUT);
	int fd = bpf_obj_get(path);
	put_ip(&ip, address);
	bpf_map_lookup_elem(fd, &ip, &ban);
	close(fd);
	return ban.until_ns;
}

/* Whoever this process starts finds a machine that slept for so long. */
static bool sleep_long(void)
{
	int fd = unshare(CLONE_NEWTIME) == 0 ? open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC) : -1;
	char said[64];
	int n = snprintf(said, sizeof said, "boottime %llu 0", SLEPT_S);
	bool ok = fd >= 0 && write(fd, said, (size_t)n) == n;

	if (fd >= 0)
		close(fd);
	return ok;
}

static uint64_t status_of(const char *line)
{
	return stage_want_status(&s) ? stage_status_line(&s, line)->used : UINT64_MAX;
}

/* --- tests --- */

static void take_over(bool xdp)
{
	static const char *const names[] = {"flows", "tallies", "banned", "site", "wires", "arrivals", "ring", "sends"};
	struct flow_key key;
	struct flow flow;

	CHECK(world(xdp));
	sender = speak();
	CHECK(has_sent(ENOUGH) && former_counts().passed > PASSED_BEFORE);
	CHECK(start_net());
	uint64_t banned_ns = banned_until_ns("203.0.113.9"), wanted_ns = deadline_ns + SLEPT_S * 1000000000;
	CHECK(banned_ns > wanted_ns - 1000000000 && banned_ns < wanted_ns + 1000000000);
	CHECK(status_of(xdp ? "relay-rff0-xdp" : "relay-rff0-tc") == 1); /* by this build's programs */
	uint32_t then = *sent;
	uint64_t by_former = former_counts().passed;
	CHECK(has_sent(then + ENOUGH));
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	usleep(200000);
	CHECK(heard() == (int)*sent);
	CHECK(former_counts().passed == by_former && by_former - PASSED_BEFORE <= then); /* they see none any more */
	struct flow_tally t = counts(SLOT);
	CHECK(t.passed == PASSED_BEFORE + *sent && t.octets == 182 * t.passed && t.dropped[FLOW_SHAPE] == 5);
	CHECK(t.stream.lost == 0 && t.stream.expected >= ENOUGH && t.stream.expected <= *sent);
	CHECK(counts(OTHERS).passed == 3 && counts(OTHERS).dropped[FLOW_SHAPE] == 5 && counts(SLOT + 1).passed == 0);
	CHECK(bpf_map_get_next_key(seen.fd[KERNEL_FLOWS], NULL, &key) == 0 && key.port == htons(LO));
	CHECK(bpf_map_lookup_elem(seen.fd[KERNEL_FLOWS], &key, &flow) == 0 && flow.deadline_ns == deadline_ns && flow.slot == SLOT);
	CHECK(status_of("dropped-banned") == BANNED && !pinned("bans", FORMER_LAYOUT));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		CHECK(pinned(names[i], FLOW_LAYOUT) && !pinned(names[i], FORMER_LAYOUT));
	/* the next life of the same build counts on from there */
	stage_kill(&s);
	seen.all = false;
	CHECK(start_net() && counts(SLOT).passed == t.passed);
}

static void tc_of_the_build_before_is_taken_over(void)
{
	take_over(false);
}

static void xdp_of_the_build_before_is_taken_over(void)
{
	take_over(true);
}

static int tallies_of(uint32_t size)
{
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_MMAPABLE);

	return bpf_map_create(BPF_MAP_TYPE_ARRAY, "tallies", 4, size, 3, &o);
}

/* Between the first and the last of a take-over, programs of both builds count. */
static void what_is_counted_meanwhile_is_added(void)
{
	struct flow_tally_3 was[3] = {{.passed = 10, .octets = 100, .handed = 1, .sent = 2, .dropped = {0, 5, 6, 7, 8}}, {0}, {.passed = 4}};
	struct flow_tally t;
	int home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK(world(false));
	int old = tallies_of(sizeof *was), new = tallies_of(sizeof t);
	for (uint32_t i = 0; i < 3; i++)
		CHECK(bpf_map_update_elem(old, &i, &was[i], BPF_ANY) == 0);
	CHECK(chdir(cwd) == 0 && unlink("tallies-3") == 0 && bpf_obj_pin(old, "tallies-3") == 0);
	CHECK(!former_begin(new, 4) && !former_begin(old, 3)); /* none of that size, no new ones */
	CHECK(former_begin(new, 3));
	for (uint32_t i = 0; i < 2; i++) { /* by the old ones */
		was[i].passed += 3;
		was[i].octets += 30;
		was[i].handed += 4;
		was[i].sent += 5;
		for (int why = 1; why < FLOW_DROPS; why++)
			was[i].dropped[why] += (__u64)why;
		CHECK(bpf_map_update_elem(old, &i, &was[i], BPF_ANY) == 0);
	}
	uint32_t zero = 0;
	CHECK(bpf_map_lookup_elem(new, &zero, &t) == 0 && t.passed == 10);
	t.passed += 1000; /* by the new ones */
	CHECK(bpf_map_update_elem(new, &zero, &t, BPF_ANY) == 0);
	former_end();
	former_end(); /* once is enough */
	for (uint32_t i = 0; i < 3; i++) {
		CHECK(bpf_map_lookup_elem(new, &i, &t) == 0 && t.passed == was[i].passed + (i == 0 ? 1000 : 0));
		CHECK(t.octets == was[i].octets && t.handed == was[i].handed && t.sent == was[i].sent);
		CHECK(memcmp(t.dropped, was[i].dropped, sizeof t.dropped) == 0);
	}
	CHECK(fchdir(home) == 0);
	close(home);
	close(old);
	close(new);
}

/* A net that ended before the last of the old programs was replaced, or whose build was left again for the one before. */
static void a_port_goes_on_from_what_counted_last(void)
{
	const struct flow_tally_3 was[3] = {{.passed = 10, .filled_ns = 5000}, {.passed = 20, .filled_ns = 5000}, {.passed = 30, .filled_ns = 7000}};
	uint32_t port[3] = {0, 1, 2};
	struct flow_tally t;
	int home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), old = tallies_of(sizeof *was), new = tallies_of(sizeof t);

	CHECK(world(false) && chdir(cwd) == 0 && unlink("tallies-3") == 0 && bpf_obj_pin(old, "tallies-3") == 0);
	for (int i = 0; i < 3; i++)
		CHECK(bpf_map_update_elem(old, &port[i], &was[i], BPF_ANY) == 0);
	CHECK(former_begin(new, 3));
	former_end();
	for (int i = 0; i < 3; i++)
		CHECK(bpf_map_lookup_elem(new, &port[i], &t) == 0 && t.passed == was[i].passed && t.full_ns == was[i].filled_ns + FLOW_BUCKET_NS);
	t = (struct flow_tally){.passed = 100, .full_ns = 6000 + FLOW_BUCKET_NS};
	CHECK(bpf_map_update_elem(new, &port[1], &t, BPF_ANY) == 0 && bpf_map_update_elem(new, &port[2], &t, BPF_ANY) == 0);
	CHECK(former_begin(new, 3));
	CHECK(bpf_map_lookup_elem(new, &port[0], &t) == 0 && t.passed == 10);
	CHECK(bpf_map_lookup_elem(new, &port[1], &t) == 0 && t.passed == 100);
	CHECK(bpf_map_lookup_elem(new, &port[2], &t) == 0 && t.passed == 30);
	former_end();
	CHECK(bpf_map_lookup_elem(new, &port[1], &t) == 0 && t.passed == 100);
	CHECK(fchdir(home) == 0);
	close(home);
	close(old);
	close(new);
}

/* An upgrade that was undone and done again: what this build pinned the first time is older than what the one before made since. */
static void what_the_build_before_made_since_is_newer(void)
{
	struct flow_key key;
	struct flow flow;
	char path[128];

	CHECK(world(false) && start_net() && status_of("relay-rff0-tc") == 1 && !pinned("flows", FORMER_LAYOUT));
	struct flow_tally t = {.passed = 77 * PASSED_BEFORE};
	uint32_t others = OTHERS;
	CHECK(bpf_map_update_elem(seen.fd[KERNEL_TALLIES], &others, &t, BPF_ANY) == 0);
	stage_kill(&s);
	bpf_object__close(object);
	/* that one does not know where this one's are: ringfence-unload ran */
	CHECK(system("tc filter del dev rff0 ingress && tc filter del dev rff1 ingress") == 0);
	deadline_ns += 1000000000;
	CHECK(load_former() && fill() && attach_former("rff0", false) && attach_former("rff1", false));
	CHECK(pinned("flows", FLOW_LAYOUT) && pinned("flows", FORMER_LAYOUT));
	sender = speak();
	CHECK(has_sent(ENOUGH) && former_counts().passed > PASSED_BEFORE);
	seen.all = false;
	CHECK(start_net() && status_of("relay-rff0-tc") == 1);
	CHECK(has_sent(*sent + ENOUGH));
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	usleep(200000);
	CHECK(heard() == (int)*sent && counts(SLOT).passed == PASSED_BEFORE + *sent && counts(OTHERS).passed == 3);
	CHECK(bpf_map_get_next_key(seen.fd[KERNEL_FLOWS], NULL, &key) == 0 && bpf_map_lookup_elem(seen.fd[KERNEL_FLOWS], &key, &flow) == 0);
	CHECK(flow.deadline_ns == deadline_ns && !pinned("flows", FORMER_LAYOUT));
	/* and from a later build back to this one: nothing of that one stays */
	snprintf(path, sizeof path, "%s/flows-%d", cwd, FLOW_LAYOUT + 1);
	CHECK(bpf_obj_pin(seen.fd[KERNEL_FLOWS], path) == 0 && chown(path, NET_UID, NET_UID) == 0);
	stage_kill(&s);
	seen.all = false;
	CHECK(start_net() && status_of("relay-rff0-tc") == 1 && !pinned("flows", FLOW_LAYOUT + 1) && counts(OTHERS).passed == 3);
}

/* Of other ports or of older builds: begun anew, and nothing of them stays. */
static void what_does_not_fit_is_removed(void)
{
	CHECK(world(false));
	int old = bpf_map_create(BPF_MAP_TYPE_ARRAY, "older", 4, 8, 1, NULL);
	char path[128];
	snprintf(path, sizeof path, "%s/flows-%d", cwd, FORMER_LAYOUT - 1);
	CHECK(old >= 0 && bpf_obj_pin(old, path) == 0);
	snprintf(path, sizeof path, "%s/tallies-%d", cwd, FORMER_LAYOUT);
	CHECK(unlink(path) == 0 && bpf_obj_pin(old, path) == 0 && chown(path, NET_UID, NET_UID) == 0);
	CHECK(start_net() && status_of("relay-rff0-tc") == 1);
	CHECK(counts(SLOT).passed == 0 && !pinned("tallies", FORMER_LAYOUT) && !pinned("flows", FORMER_LAYOUT - 1));
	CHECK(pinned("tallies", FLOW_LAYOUT));
	close(old);
}

int main(int argc, char **argv)
{
	static void (*const tests[])(void) = {tc_of_the_build_before_is_taken_over, xdp_of_the_build_before_is_taken_over,
	    what_is_counted_meanwhile_is_added, a_port_goes_on_from_what_counted_last, what_the_build_before_made_since_is_newer,
	    what_does_not_fit_is_removed};

	if (argc != 3 || !mkdtemp(cwd) || chmod(cwd, 0755) != 0)
		return 2;
	exe = argv[1];
	gz = argv[2];
	if (getuid() != 0)
		skip("needs root");
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		skip("no namespaces here");
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "try", 4, 4, 1, NULL);
	if (fd < 0)
		skip("this kernel or container lets nobody make maps");
	close(fd);
	if (!sleep_long())
		skip("no namespaces of time here");
	sent = mmap(NULL, sizeof *sent, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		RUN(tests[i]);
		if (sender > 0 && kill(sender, SIGKILL) == 0)
			waitpid(sender, NULL, 0);
		sender = 0;
		world_ends();
	}
	rmdir(cwd);
	return TEST_END;
}
