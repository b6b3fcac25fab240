/* SPDX-License-Identifier: ISC */
/* net in its cage, with the test as core and media, in a network of its own: programs and maps are loaded by an uid that is not root,
 * pinned, attached, adopted by the next life and taken away by a stop; a host that gives no bpffs or no address has its sockets; what a
 * core lies is borne (R27, R28). net_test EXECUTABLE */
#include "flow.h"
#include "stage_lies.h"
#include "test.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SKIPPED = 77, NET_UID = 61900 + PROC_NET };

static const char *exe;
static char cwd[] = "/tmp/ringfence-net-XXXXXX";
static struct stage s;
static struct link *core, *media;

static struct {
	int fd[KERNEL_MAPS];
	struct msg_kernel_map map[KERNEL_MAPS];
	struct msg_kernel_path path;
	bool all; /* both maps came */
} seen;

static void on_map(struct link *from, const struct ipc_view *v)
{
	const struct msg_kernel_map *m = v->payload;

	(void)from;
	if (seen.fd[m->what] >= 0)
		close(seen.fd[m->what]);
	seen.fd[m->what] = v->fd;
	seen.map[m->what] = *m;
	seen.all = seen.fd[KERNEL_FLOWS] >= 0 && seen.fd[KERNEL_TALLIES] >= 0;
}

static void on_path(struct link *from, const struct ipc_view *v)
{
	(void)from;
	memcpy(&seen.path, v->payload, sizeof seen.path);
}

static void on_event(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
}

static ipc_handler *const on[MSG_N] = {
    [MSG_KERNEL_MAP] = on_map, [MSG_KERNEL_PATH] = on_path, [MSG_EVENT] = on_event};

static struct addr at(const char *ip)
{
	struct addr a = {0};

	(void)addr_parse_ip(span_str(ip), &a);
	return a;
}

static bool pins(bool wanted)
{
	(void)umount2(cwd, MNT_DETACH);
	return !wanted || (mount("bpf", cwd, "bpf", 0, NULL) == 0 && chown(cwd, NET_UID, NET_UID) == 0 && chmod(cwd, 0700) == 0);
}

static void forget(void)
{
	for (int i = 0; i < KERNEL_MAPS; i++) {
		if (seen.fd[i] >= 0)
			close(seen.fd[i]);
		seen.fd[i] = -1;
	}
	seen.all = false;
	memset(&seen.path, 0, sizeof seen.path);
}

static bool begin(const char *address)
{
	if (s.pid)
		stage_kill(&s);
	forget();
	if (!stage_start(&s, exe, PROC_NET, cwd, on))
		return false;
	s.site.listener[0].media = at(address);
	s.site.media_port_lo = 30000;
	s.site.media_port_hi = 30043;
	core = stage_sibling(&s, PROC_CORE, 0);
	media = stage_sibling(&s, PROC_MEDIA, 0);
	return stage_go(&s);
}

static bool has_maps(void)
{
	return stage_until(&s, &seen.all, STAGE_WAIT_MS);
}

static uint32_t id_of(int fd)
{
	struct bpf_map_info info = {0};
	uint32_t n = sizeof info;

	return bpf_obj_get_info_by_fd(fd, &info, &n) == 0 ? info.id : 0;
}

static bool attached(void)
{
	char line[512];
	bool found = false;
	FILE *f = popen("tc filter show dev rfk0 ingress", "r");

	while (f && fgets(line, sizeof line, f))
		found |= strstr(line, "relay_tc") != NULL;
	if (f)
		pclose(f);
	return found;
}

/* The far end of the veth receives by NAPI: then XDP may send to it. */
static bool far_end_takes_xdp(bool takes)
{
	struct ethtool_value value = {ETHTOOL_SGRO, takes};
	struct ifreq r = {.ifr_name = "rfk1", .ifr_data = (void *)&value};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done = fd >= 0 && ioctl(fd, SIOCETHTOOL, &r) == 0;

	close(fd);
	return done;
}

static bool xdp_attached(void)
{
	char line[512];
	bool found = false;
	FILE *f = popen("ip -d link show dev rfk0", "r");

	while (f && fgets(line, sizeof line, f)) /* natively: not xdpgeneric */
		found |= strstr(line, "prog/xdp ") != NULL;
	if (f)
		pclose(f);
	return found;
}

static bool wait_xdp(bool wanted)
{
	for (int i = 0; i < 80 && xdp_attached() != wanted; i++) /* it looks every 5 s */
		stage_run(&s, 100);
	return xdp_attached() == wanted;
}

static int xdp_link(void)
{
	char path[128];

	snprintf(path, sizeof path, "%s/xdp-%u", cwd, if_nametoindex("rfk0"));
	return bpf_obj_get(path);
}

static bool pinned(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s-%d", cwd, name, FLOW_LAYOUT);
	return access(path, F_OK) == 0;
}

static bool says(const char *line)
{
	return stage_want_status(&s) && stage_status_line(&s, line)->used == 1;
}

/* --- tests --- */

static void without_a_bpffs_sockets_relay(void)
{
	CHECK(pins(false) && begin("192.0.2.1"));
	CHECK(says("sockets-relay-no-bpffs"));
	stage_run(&s, 50);
	CHECK(!seen.all && stage_end(&s) == 0);
}

static void maps_are_made_pinned_and_given(void)
{
	struct bpf_map_info info = {0};
	uint32_t n = sizeof info;

	CHECK(pins(true) && begin("192.0.2.1") && has_maps());
	CHECK(bpf_obj_get_info_by_fd(seen.fd[KERNEL_FLOWS], &info, &n) == 0 && info.max_entries == 44 &&
	      info.key_size == sizeof(struct flow_key) && info.value_size == sizeof(struct flow));
	CHECK(seen.map[KERNEL_FLOWS].lo == 30000 && seen.map[KERNEL_TALLIES].ports == 44);
	CHECK(addr_same_ip(&seen.path.address, &s.site.listener[0].media) && seen.path.interface != 0);
	CHECK(attached() && pinned("flows") && pinned("tallies") && pinned("bans") && pinned("site"));
	CHECK(!says("sockets-relay-refused") && stage_status_line(&s, "kernel-addresses")->used == 1);
}

static void another_life_adopts_them(void)
{
	CHECK(pins(true) && begin("192.0.2.1") && has_maps());
	uint32_t was = id_of(seen.fd[KERNEL_FLOWS]);
	CHECK(was != 0);
	stage_kill(&s);
	CHECK(attached() && pinned("flows"));
	CHECK(begin("192.0.2.1") && has_maps() && id_of(seen.fd[KERNEL_FLOWS]) == was && attached());
	/* of other ports: another map */
	stage_kill(&s);
	forget();
	CHECK(stage_start(&s, exe, PROC_NET, cwd, on));
	s.site.listener[0].media = at("192.0.2.1");
	s.site.media_port_lo = 30000;
	s.site.media_port_hi = 30083;
	media = stage_sibling(&s, PROC_MEDIA, 0);
	CHECK(stage_go(&s) && has_maps() && id_of(seen.fd[KERNEL_FLOWS]) != was && seen.map[KERNEL_FLOWS].ports == 84);
	CHECK(stage_end(&s) == 0);
}

static void a_stop_waits_for_no_call_and_cuts_none(void)
{
	struct flow_key key = {.port = 1};
	struct flow flow = {.deadline_ns = UINT64_MAX};

	CHECK(pins(true) && begin("192.0.2.1") && has_maps());
	CHECK(bpf_map_update_elem(seen.fd[KERNEL_FLOWS], &key, &flow, BPF_ANY) == 0);
	CHECK(stage_end(&s) == 0 && attached() && pinned("flows"));
	CHECK(begin("192.0.2.1") && has_maps());
	CHECK(bpf_map_lookup_elem(seen.fd[KERNEL_FLOWS], &key, &flow) == 0);
	flow.deadline_ns = 1;
	CHECK(bpf_map_update_elem(seen.fd[KERNEL_FLOWS], &key, &flow, BPF_ANY) == 0);
	CHECK(stage_end(&s) == 0 && !attached() && !pinned("flows") && !pinned("bans"));
}

static void an_address_of_no_interface_has_no_path(void)
{
	CHECK(pins(true) && begin("192.0.2.77") && has_maps());
	CHECK(stage_want_status(&s) && stage_status_line(&s, "kernel-addresses")->used == 0);
	CHECK(seen.path.interface == 0);
	CHECK(system("ip addr add 192.0.2.77/32 dev rfk0") == 0);
	for (int i = 0; i < 80 && seen.path.interface == 0; i++) /* it looks every 5 s */
		stage_run(&s, 100);
	CHECK(seen.path.interface != 0 && attached());
	CHECK(system("ip addr del 192.0.2.77/32 dev rfk0") == 0 && stage_end(&s) == 0);
}

/* A driver that XDP can use has it; whatever takes it away, tc is there. */
static void xdp_is_used_where_it_can(void)
{
	CHECK(pins(true) && begin("192.0.2.1") && has_maps());
	CHECK(says("relay-rfk0-tc") && !says("relay-rfk0-xdp") && !xdp_attached());
	CHECK(far_end_takes_xdp(true) && wait_xdp(true) && attached());
	CHECK(says("relay-rfk0-xdp") && !says("relay-rfk0-tc") && pinned("wires"));
	/* the link outlives its maker, whose next life takes it up */
	stage_kill(&s);
	CHECK(xdp_attached());
	struct bpf_link_info was = {0}, is = {0};
	uint32_t n = sizeof was;
	int fd = xdp_link();
	CHECK(bpf_obj_get_info_by_fd(fd, &was, &n) == 0);
	close(fd);
	CHECK(begin("192.0.2.1") && has_maps() && says("relay-rfk0-xdp"));
	fd = xdp_link();
	CHECK(bpf_obj_get_info_by_fd(fd, &is, &n) == 0 && is.id == was.id && is.prog_id != was.prog_id);
	CHECK(bpf_link_detach(fd) == 0 && !xdp_attached() && wait_xdp(true)); /* an administrator's hand */
	close(fd);
	CHECK(far_end_takes_xdp(false) && wait_xdp(false) && attached() && says("relay-rfk0-tc"));
	CHECK(xdp_link() < 0);
	CHECK(far_end_takes_xdp(true) && wait_xdp(true));
	CHECK(stage_end(&s) == 0 && !xdp_attached() && !attached() && !pinned("wires") && xdp_link() < 0);
	CHECK(far_end_takes_xdp(false));
}

/* Another's program stays, and tc relays. */
static void xdp_of_another_stays(void)
{
	static const struct bpf_insn pass[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS},
	    {.code = BPF_JMP | BPF_EXIT}};
	LIBBPF_OPTS(bpf_link_create_opts, natively, .flags = XDP_FLAGS_DRV_MODE);
	int program = bpf_prog_load(BPF_PROG_TYPE_XDP, "other", "GPL", pass, 2, NULL);
	int link = bpf_link_create(program, (int)if_nametoindex("rfk0"), BPF_XDP, &natively);

	CHECK(link >= 0 && far_end_takes_xdp(true));
	CHECK(pins(true) && begin("192.0.2.1") && has_maps());
	CHECK(says("relay-rfk0-tc") && attached());
	CHECK(stage_end(&s) == 0 && xdp_attached());
	CHECK(far_end_takes_xdp(false));
	close(link);
	close(program);
}

static void say_ban(const char *ip, uint64_t until_ms)
{
	struct msg_ban *m = ipc_begin(core, MSG_BAN);

	m->address = at(ip);
	m->until_ms = until_ms;
	ipc_end(core);
	stage_run(&s, 50);
}

static bool banned(const char *ip, struct flow_ban *ban)
{
	char path[128];
	struct addr a = at(ip);

	snprintf(path, sizeof path, "%s/bans-%d", cwd, FLOW_LAYOUT);
	int fd = bpf_obj_get(path);
	bool is = fd >= 0 && bpf_map_lookup_elem(fd, a.ip, ban) == 0;
	close(fd);
	return is;
}

static void bans_are_mirrored(void)
{
	struct flow_ban ban;
	struct timespec t;

	CHECK(pins(true) && begin("192.0.2.1") && has_maps());
	clock_gettime(CLOCK_BOOTTIME, &t);
	uint64_t now_ms = (uint64_t)t.tv_sec * 1000;
	say_ban("198.51.100.9", now_ms + 60000);
	CHECK(banned("198.51.100.9", &ban));
	clock_gettime(CLOCK_MONOTONIC, &t);
	uint64_t left_s = ban.until_ns / 1000000000 - (uint64_t)t.tv_sec;
	CHECK(left_s >= 57 && left_s <= 62);
	say_ban("198.51.100.9", 0);
	CHECK(!banned("198.51.100.9", &ban));
	/* what an earlier life was told does not count in the next, which core tells anew */
	say_ban("198.51.100.10", now_ms + 60000);
	CHECK(banned("198.51.100.10", &ban));
	stage_kill(&s);
	CHECK(begin("192.0.2.1") && has_maps() && !banned("198.51.100.10", &ban));
	CHECK(stage_end(&s) == 0);
}

static void what_siblings_lie_is_borne(void)
{
	struct stage_liars x = {.s = &s};

	CHECK(pins(true) && begin("192.0.2.1"));
	stage_cut(&s, core);
	CHECK(stage_lies(&x, PROC_CORE));
	CHECK(x.rows == 1 && x.told > 3 && x.accused > 0);
	CHECK(stage_end(&s) == 0);
}

static void skip(const char *why)
{
	printf("skipped: %s\n", why);
	exit(SKIPPED);
}

int main(int argc, char **argv)
{
	seen.fd[0] = seen.fd[1] = -1;
	if (argc != 2 || !mkdtemp(cwd) || chmod(cwd, 0755) != 0)
		return 2;
	exe = argv[1];
	if (getuid() != 0)
		skip("needs root");
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		skip("no namespaces here");
	if (!pins(true))
		skip("no bpffs can be mounted here");
	if (system("ip link add rfk0 type veth peer name rfk1 && ip addr add 192.0.2.1/24 dev rfk0 && ip link set rfk0 up && "
		   "ip link set rfk1 up && ip link set lo up") != 0)
		skip("no veth here");
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "try", 4, 4, 1, NULL);
	if (fd < 0)
		skip("this kernel or container lets nobody make maps");
	close(fd);
	RUN(without_a_bpffs_sockets_relay);
	RUN(maps_are_made_pinned_and_given);
	RUN(another_life_adopts_them);
	RUN(a_stop_waits_for_no_call_and_cuts_none);
	RUN(an_address_of_no_interface_has_no_path);
	RUN(xdp_is_used_where_it_can);
	RUN(xdp_of_another_stays);
	RUN(bans_are_mirrored);
	RUN(what_siblings_lie_is_borne);
	if (s.pid)
		stage_kill(&s);
	pins(false);
	rmdir(cwd);
	return TEST_END;
}
