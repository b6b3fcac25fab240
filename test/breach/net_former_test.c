/* SPDX-License-Identifier: ISC */
/* net takes over what the build before left in the kernel (R28): programs and maps of layout 4 (its object as of commit d9cd1b8, without
 * debugging sections) relay a stream of packets, and go on while this build's net starts, until its own do. No packet is lost, none is
 * counted twice or not at all, flows keep their deadlines, bans their counts, and what the media of that build still writes is followed.
 * A kernel before 6.10 may refuse the programs of that build: it never relayed there, and nothing is to be taken over.
 * net_former_test EXECUTABLE OBJECT.gz */
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
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SKIPPED = 77, NET_UID = 61900 + PROC_NET, LO = 30000, PORTS = 44, PACE_US = 4000, OBJECT_MAX = 1 << 20 };
enum { SLOT = 0, OTHERS = 7, FROM = 5000, TO = 5002, PASSED_BEFORE = 1000, ENOUGH = 150, BANNED = 31 };

static const char *exe, *gz;
static char cwd[] = "/tmp/ringfence-former-XXXXXX";
static struct stage s;
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

static uint64_t boot_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
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

/* The verifier follows a length through a copy of its register only since 6.10. */
static bool kernel_may_refuse(void)
{
	struct utsname u;
	unsigned major, minor;

	return uname(&u) == 0 && sscanf(u.release, "%u.%u", &major, &minor) == 2 && (major < 6 || (major == 6 && minor < 10));
}

static void world_ends(void);

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
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "flows"), PORTS * 2); /* of two addresses */
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "tallies"), PORTS);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "sends"), PORTS);
	int refused = bpf_object__load(object);
	if ((refused == -EACCES || refused == -EINVAL || refused == -E2BIG) && kernel_may_refuse()) {
		world_ends();
		rmdir(cwd);
		skip("this kernel refuses the programs of that build");
	}
	if (refused != 0)
		return false;
	bpf_object__for_each_map(m, object) {
		snprintf(path, sizeof path, "%s/%s-%d", cwd, bpf_map__name(m), FORMER_LAYOUT);
		if (bpf_obj_pin(bpf_map__fd(m), path) != 0 || chown(path, NET_UID, NET_UID) != 0)
			return false;
	}
	return true;
}

static struct flow_key_4 key_before(void)
{
	struct flow_key_4 key = {.interface = if_nametoindex("rff0"), .port = htons(LO)};

	put_ip(&key.ip, "10.9.0.1");
	return key;
}

static struct flow_4 flow_before(void)
{
	struct flow_4 flow = {.from_port = htons(FROM), .to_port = htons(TO), .source_port = htons(LO + 2), .family = 4,
	    .takes = FLOW_TAKES_RTP, .tag_len = 10, .next_family = 4, .interface = if_nametoindex("rff1"), .slot = SLOT,
	    .deadline_ns = deadline_ns, .frame = {FLOW_FRAME_PCM}};

	put_ip(&flow.from, "10.9.0.2");
	put_ip(&flow.source, "10.9.1.1");
	put_ip(&flow.to, "10.9.1.2");
	flow.next = flow.to;
	return flow;
}

/* As media and net of that build wrote them, in the midst of a call. */
static bool fill(void)
{
	struct flow_site site = {.lo = LO, .hi = LO + PORTS - 1, .hops = 1};
	struct flow_tally tally = {.passed = PASSED_BEFORE, .dropped = {[FLOW_SHAPE] = 5}};
	struct flow_ban ban = {.until_ns = boot_ns() + 600000000000, .dropped = BANNED};
	struct flow_4 flow = flow_before(), send = {.to_port = htons(TO), .family = 4, .slot = SLOT, .join = 77};
	const struct flow_key_4 key = key_before();
	uint32_t zero = 0, slot = SLOT, others = OTHERS;
	struct flow_ip ip;

	put_ip(&site.media[0], "10.9.0.1");
	put_ip(&site.media[1], "10.9.1.1");
	put_ip(&ip, "203.0.113.9");
	if (bpf_map_update_elem(map("site"), &zero, &site, BPF_ANY) || bpf_map_update_elem(map("flows"), &key, &flow, BPF_ANY) ||
	    bpf_map_update_elem(map("sends"), &slot, &send, BPF_ANY) ||
	    bpf_map_update_elem(map("banned"), &ip, &ban, BPF_ANY) || bpf_map_update_elem(map("tallies"), &slot, &tally, BPF_ANY))
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

static struct flow_tally former_counts(void)
{
	struct flow_tally t = {0};
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
	return stage_go(&s);
}

static bool start_media(void)
{
	stage_sibling(&s, PROC_MEDIA, 0);
	return stage_until(&s, &seen.all, STAGE_WAIT_MS);
}

static bool start(void)
{
	return start_net() && start_media();
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

/* As this build's media is given it. */
static struct flow entry(const char *name, uint32_t slot)
{
	struct flow f = {0};
	char path[128];

	snprintf(path, sizeof path, "%s/%s-%d", cwd, name, FLOW_LAYOUT);
	int fd = bpf_obj_get(path);
	bpf_map_lookup_elem(fd, &slot, &f);
	close(fd);
	return f;
}

static uint64_t status_of(const char *line)
{
	return stage_want_status(&s) ? stage_status_line(&s, line)->used : UINT64_MAX;
}

/* --- tests --- */

/* What has become of it within a look. */
static bool comes_to(const char *name, uint32_t slot, uint16_t to_port)
{
	for (int i = 0; i < 60 && entry(name, slot).to_port != to_port; i++)
		stage_run(&s, 50);
	return entry(name, slot).to_port == to_port;
}

/* The media of that build relays on until its successor is there, and writes its own maps. */
static void what_is_written_meanwhile_is_followed(void)
{
	struct flow_key_4 key = key_before(), another = key;
	struct flow_4 flow = flow_before();
	uint32_t slot = SLOT;

	another.port = htons(LO + 5);
	flow.slot = 5;
	flow.to_port = htons(77);
	CHECK(bpf_map_update_elem(map("flows"), &another, &flow, BPF_ANY) == 0 && comes_to("flows", 5, htons(77)));
	flow.to_port = htons(78);
	CHECK(bpf_map_update_elem(map("flows"), &another, &flow, BPF_ANY) == 0 && comes_to("flows", 5, htons(78)));
	CHECK(bpf_map_delete_elem(map("flows"), &another) == 0 && comes_to("flows", 5, 0));
	CHECK(entry("flows", 5).deadline_ns == 0 && entry("flows", SLOT).deadline_ns == deadline_ns);
	another.port = htons(LO + 6);
	flow.slot = UINT32_MAX; /* of no port */
	CHECK(bpf_map_update_elem(map("flows"), &another, &flow, BPF_ANY) == 0);
	CHECK(bpf_map_delete_elem(map("sends"), &slot) == 0 && comes_to("sends", SLOT, 0));
	CHECK(pinned("flows", FORMER_LAYOUT) && pinned("sends", FORMER_LAYOUT));
}

static void take_over(bool xdp)
{
	static const char *const names[] = {"flows", "tallies", "banned", "site", "wires", "arrivals", "ring", "sends"};

	CHECK(world(xdp));
	sender = speak();
	CHECK(has_sent(ENOUGH) && former_counts().passed > PASSED_BEFORE);
	CHECK(start_net());
	CHECK(status_of(xdp ? "relay-rff0-xdp" : "relay-rff0-tc") == 1); /* by this build's programs */
	CHECK(status_of("dropped-banned") == BANNED);
	CHECK(entry("sends", SLOT).join == 77 && entry("sends", SLOT).to_port == htons(TO) && entry("sends", OTHERS).join == 0);
	uint32_t then = *sent;
	what_is_written_meanwhile_is_followed();
	/* one that died meanwhile begins with what that media wrote since */
	struct flow_4 flow = flow_before();
	const struct flow_key_4 key = key_before();
	stage_kill(&s);
	flow.deadline_ns = ++deadline_ns;
	CHECK(bpf_map_update_elem(map("flows"), &key, &flow, BPF_ANY) == 0);
	CHECK(start_net() && entry("flows", SLOT).deadline_ns == deadline_ns);
	CHECK(start_media() && !pinned("flows", FORMER_LAYOUT) && !pinned("sends", FORMER_LAYOUT));
	/* and from now on another writes */
	flow.deadline_ns++;
	CHECK(bpf_map_update_elem(map("flows"), &key, &flow, BPF_ANY) == 0);
	stage_run(&s, 2500);
	CHECK(entry("flows", SLOT).deadline_ns == deadline_ns);
	CHECK(has_sent(then + ENOUGH));
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	usleep(200000);
	CHECK(heard() == (int)*sent);
	struct flow_tally t = counts(SLOT);
	CHECK(t.passed == PASSED_BEFORE + *sent && t.dropped[FLOW_SHAPE] == 5);
	CHECK(t.stream.lost == 0 && t.stream.expected == *sent);
	CHECK(counts(OTHERS).passed == 3 && counts(OTHERS).dropped[FLOW_SHAPE] == 5 && counts(SLOT + 1).passed == 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		CHECK(pinned(names[i], FLOW_LAYOUT) && !pinned(names[i], FORMER_LAYOUT));
	/* the next life of the same build counts on from there */
	stage_kill(&s);
	seen.all = false;
	CHECK(start() && counts(SLOT).passed == t.passed);
}

static void tc_of_the_build_before_is_taken_over(void)
{
	take_over(false);
}

static void xdp_of_the_build_before_is_taken_over(void)
{
	take_over(true);
}

/* An upgrade that was undone and done again: what this build pinned the first time is older than what the one before made since. */
static void what_the_build_before_made_since_is_newer(void)
{
	char path[128];

	CHECK(world(false) && start() && status_of("relay-rff0-tc") == 1 && !pinned("tallies", FORMER_LAYOUT));
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
	CHECK(start() && status_of("relay-rff0-tc") == 1);
	CHECK(has_sent(*sent + ENOUGH));
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	usleep(200000);
	CHECK(heard() == (int)*sent && counts(SLOT).passed == PASSED_BEFORE + *sent && counts(OTHERS).passed == 3);
	CHECK(entry("flows", SLOT).deadline_ns == deadline_ns && !pinned("flows", FORMER_LAYOUT));
	/* and from a later build back to this one: nothing of that one stays */
	snprintf(path, sizeof path, "%s/flows-%d", cwd, FLOW_LAYOUT + 1);
	CHECK(bpf_obj_pin(seen.fd[KERNEL_FLOWS], path) == 0 && chown(path, NET_UID, NET_UID) == 0);
	stage_kill(&s);
	seen.all = false;
	CHECK(start() && status_of("relay-rff0-tc") == 1 && !pinned("flows", FLOW_LAYOUT + 1) && counts(OTHERS).passed == 3);
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
	CHECK(start() && status_of("relay-rff0-tc") == 1);
	CHECK(counts(SLOT).passed == 0 && !pinned("tallies", FORMER_LAYOUT) && !pinned("flows", FORMER_LAYOUT - 1));
	CHECK(pinned("tallies", FLOW_LAYOUT));
	close(old);
}

static uint32_t pinned_id(const char *name, char out[BPF_OBJ_NAME_LEN])
{
	struct bpf_map_info info = {0};
	uint32_t n = sizeof info;
	char path[128];

	snprintf(path, sizeof path, "%s/%s-%d", cwd, name, FLOW_LAYOUT);
	int fd = bpf_obj_get(path);
	bool is = fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &n) == 0;
	if (fd >= 0)
		close(fd);
	snprintf(out, BPF_OBJ_NAME_LEN, "%s", info.name);
	return is ? info.id : 0;
}

/* The programs' section has the name of its pin too: builds of this layout from before it was one find what they adopt by that name, and one
 * that comes back after an upgrade undone relays on. Its own is adopted in turn. */
static void the_site_has_the_name_that_builds_from_before_know(void)
{
	struct flow_site there = {0};
	char path[128], name[BPF_OBJ_NAME_LEN];
	uint32_t zero = 0;

	CHECK(world(false));
	snprintf(path, sizeof path, "%s/site-%d", cwd, FORMER_LAYOUT);
	CHECK(unlink(path) == 0 && start() && status_of("relay-rff0-tc") == 1);
	CHECK(pinned_id("site", name) && strcmp(name, "site") == 0);
	stage_kill(&s);
	snprintf(path, sizeof path, "%s/site-%d", cwd, FLOW_LAYOUT);
	int theirs = bpf_map_create(BPF_MAP_TYPE_ARRAY, "site", 4, sizeof there, 1, NULL);
	CHECK(theirs >= 0 && unlink(path) == 0 && bpf_obj_pin(theirs, path) == 0 && chown(path, NET_UID, NET_UID) == 0);
	uint32_t id = pinned_id("site", name);
	seen.all = false;
	CHECK(start() && status_of("relay-rff0-tc") == 1 && id && pinned_id("site", name) == id);
	CHECK(bpf_map_lookup_elem(theirs, &zero, &there) == 0 && there.lo == LO && there.hi == LO + PORTS - 1 && there.handle);
	sender = speak();
	CHECK(has_sent(ENOUGH));
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	usleep(200000);
	CHECK(heard() == (int)*sent && counts(SLOT).passed == PASSED_BEFORE + *sent);
	close(theirs);
}

int main(int argc, char **argv)
{
	static void (*const tests[])(void) = {tc_of_the_build_before_is_taken_over, xdp_of_the_build_before_is_taken_over,
	    what_the_build_before_made_since_is_newer,
	    what_does_not_fit_is_removed, the_site_has_the_name_that_builds_from_before_know};

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
