/* SPDX-License-Identifier: ISC */
/* net in its cage, with the test as core and media, in a network of its own: programs and maps are loaded by an uid that is not root,
 * pinned, attached, adopted by the next life and taken away by a stop; a host that gives no bpffs or no address has its sockets; what a
 * core lies is borne (R27, R28). net_bans_test has the bans. net_test EXECUTABLE */
#include "flow.h"
#include "net_house.h"
#include "test.h"
#include <bpf/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
		stage_run(&net_stage, 100);
	return xdp_attached() == wanted;
}

/* The best that the kernel has for a veth whose far end takes XDP. */
static bool best_attached(void)
{
	return attached() && xdp_attached() == net_veths_take_xdp();
}

static bool wait_best(void)
{
	return wait_xdp(net_veths_take_xdp()) && attached();
}

static const char *best(void)
{
	return net_veths_take_xdp() ? "relay-rfk0-xdp" : "relay-rfk0-tc";
}

static int xdp_link(void)
{
	char path[128];

	snprintf(path, sizeof path, "%s/xdp-%u", net_cwd, if_nametoindex("rfk0"));
	return bpf_obj_get(path);
}

static bool pinned(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s-%d", net_cwd, name, FLOW_LAYOUT);
	return access(path, F_OK) == 0;
}

static bool has_pair(void)
{
	return system("ip -o link | grep -q ': rfout[0-9a-f]*@rfwire'") == 0;
}

static void pair_index(char out[16])
{
	FILE *f = popen("ip -o link | sed -n 's/^\\([0-9]*\\): rfout.*/\\1/p'", "r");

	out[0] = 0;
	if (!f || !fgets(out, 16, f))
		out[0] = 0;
	if (f)
		pclose(f);
}

/* --- tests --- */

static void without_a_bpffs_sockets_relay(void)
{
	CHECK(net_pins(false) && net_begin("192.0.2.1"));
	CHECK(net_says("sockets-relay-no-bpffs"));
	stage_run(&net_stage, 50);
	CHECK(!net_seen.all && stage_end(&net_stage) == 0);
}

static void maps_are_made_pinned_and_given(void)
{
	struct bpf_map_info info = {0};
	uint32_t n = sizeof info;

	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps());
	CHECK(bpf_obj_get_info_by_fd(net_seen.fd[KERNEL_FLOWS], &info, &n) == 0 && info.max_entries == 44 &&
	      info.key_size == sizeof(uint32_t) && info.value_size == sizeof(struct flow));
	CHECK(net_seen.map[KERNEL_FLOWS].lo == 30000 && net_seen.map[KERNEL_TALLIES].ports == 44);
	CHECK(addr_same_ip(&net_seen.path.address, &net_stage.site.listener[0].media) && net_seen.path.interface != 0);
	CHECK(attached() && pinned("flows") && pinned("tallies") && pinned("banned") && pinned("site"));
	CHECK(!net_says("sockets-relay-refused") && stage_status_line(&net_stage, "kernel-addresses")->used == 1);
}

static void another_life_adopts_them(void)
{
	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps());
	uint32_t was = id_of(net_seen.fd[KERNEL_FLOWS]);
	CHECK(was != 0);
	stage_kill(&net_stage);
	CHECK(attached() && pinned("flows"));
	CHECK(net_begin("192.0.2.1") && net_has_maps() && id_of(net_seen.fd[KERNEL_FLOWS]) == was && attached());
	/* of other ports: another map */
	stage_kill(&net_stage);
	net_forget();
	CHECK(net_start());
	net_stage.site.listener[0].media = net_at("192.0.2.1");
	net_stage.site.media_port_lo = 30000;
	net_stage.site.media_port_hi = 30083;
	net_media = stage_sibling(&net_stage, PROC_MEDIA, 0);
	CHECK(stage_go(&net_stage) && net_has_maps() && id_of(net_seen.fd[KERNEL_FLOWS]) != was &&
	      net_seen.map[KERNEL_FLOWS].ports == 84);
	CHECK(stage_end(&net_stage) == 0);
}

static void a_stop_waits_for_no_call_and_cuts_none(void)
{
	uint32_t key = 1;
	struct flow flow = {.deadline_ns = UINT64_MAX};

	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps());
	CHECK(bpf_map_update_elem(net_seen.fd[KERNEL_FLOWS], &key, &flow, BPF_ANY) == 0);
	CHECK(stage_end(&net_stage) == 0 && attached() && pinned("flows"));
	CHECK(net_begin("192.0.2.1") && net_has_maps());
	CHECK(bpf_map_lookup_elem(net_seen.fd[KERNEL_FLOWS], &key, &flow) == 0);
	flow.takes = FLOW_ENDS; /* one that ends in media, which outlives net in an upgrade */
	CHECK(bpf_map_update_elem(net_seen.fd[KERNEL_FLOWS], &key, &flow, BPF_ANY) == 0);
	CHECK(stage_end(&net_stage) == 0 && attached() && pinned("flows") && pinned("ring") && has_pair());
	CHECK(net_begin("192.0.2.1") && net_has_maps());
	flow.deadline_ns = 1;
	CHECK(bpf_map_update_elem(net_seen.fd[KERNEL_FLOWS], &key, &flow, BPF_ANY) == 0);
	CHECK(stage_end(&net_stage) == 0 && !attached() && !pinned("flows") && !pinned("banned") && !has_pair());
}

static void an_address_of_no_interface_has_no_path(void)
{
	CHECK(net_pins(true) && net_begin("192.0.2.77") && net_has_maps());
	CHECK(stage_want_status(&net_stage) && stage_status_line(&net_stage, "kernel-addresses")->used == 0);
	CHECK(net_seen.path.interface == 0);
	CHECK(system("ip addr add 192.0.2.77/32 dev rfk0") == 0);
	for (int i = 0; i < 80 && net_seen.path.interface == 0; i++) /* it looks every 5 s */
		stage_run(&net_stage, 100);
	CHECK(net_seen.path.interface != 0 && attached());
	CHECK(system("ip addr del 192.0.2.77/32 dev rfk0") == 0 && stage_end(&net_stage) == 0);
}

/* A driver that XDP can use has it; whatever takes it away, tc is there. */
static void xdp_is_used_where_it_can(void)
{
	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps());
	CHECK(net_says("relay-rfk0-tc") && !net_says("relay-rfk0-xdp") && !xdp_attached());
	CHECK(far_end_takes_xdp(true));
	if (!net_veths_take_xdp()) { /* nor does it after a look */
		stage_run(&net_stage, 6000);
		CHECK(net_says("relay-rfk0-tc") && attached() && !xdp_attached() && xdp_link() < 0);
		CHECK(stage_end(&net_stage) == 0 && !attached() && far_end_takes_xdp(false));
		return;
	}
	CHECK(wait_xdp(true) && attached());
	CHECK(net_says("relay-rfk0-xdp") && !net_says("relay-rfk0-tc") && pinned("wires"));
	/* the link outlives its maker, whose next life takes it up */
	stage_kill(&net_stage);
	CHECK(xdp_attached());
	struct bpf_link_info was = {0}, is = {0};
	uint32_t n = sizeof was;
	int fd = xdp_link();
	CHECK(bpf_obj_get_info_by_fd(fd, &was, &n) == 0);
	close(fd);
	CHECK(net_begin("192.0.2.1") && net_has_maps() && net_says("relay-rfk0-xdp"));
	fd = xdp_link();
	CHECK(bpf_obj_get_info_by_fd(fd, &is, &n) == 0 && is.id == was.id && is.prog_id != was.prog_id);
	CHECK(bpf_link_detach(fd) == 0 && !xdp_attached() && wait_xdp(true)); /* an administrator's hand */
	close(fd);
	CHECK(far_end_takes_xdp(false) && wait_xdp(false) && attached() && net_says("relay-rfk0-tc"));
	CHECK(xdp_link() < 0);
	CHECK(far_end_takes_xdp(true) && wait_xdp(true));
	CHECK(stage_end(&net_stage) == 0 && !xdp_attached() && !attached() && !pinned("wires") && xdp_link() < 0);
	CHECK(far_end_takes_xdp(false));
}

/* What only has the name of one of the pair is not taken for it (R7: media would send into it). */
static void a_pair_is_ours_or_made_anew(void)
{
	static const char *const others[] = {"ip link set $A alias none", "ip link del $A && ip link add $A type bridge",
	    "ip link del $A && ip link add $A type veth peer name $B",
	    "ip link del $A && ip link add $A type veth peer name rfk7 && ip link set $A alias ringfence"};
	static const char names[] =
	    "A=$(ip -o link | sed -n 's/.*: \\(rfout[0-9a-f]*\\)@.*/\\1/p'); B=rfwire${A#rfout}; ";
	char command[512], was[16], is[16];

	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps() && has_pair() && net_says("sends-many"));
	pair_index(was);
	stage_kill(&net_stage);
	CHECK(net_begin("192.0.2.1") && net_has_maps() && net_says("sends-many"));
	pair_index(is);
	CHECK(was[0] && strcmp(was, is) == 0); /* the same as before */
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		stage_kill(&net_stage);
		pair_index(was);
		snprintf(command, sizeof command, "%s%s", names, others[i]);
		CHECK(system(command) == 0 && net_begin("192.0.2.1") && net_has_maps() && net_says("sends-many") &&
		      has_pair());
		pair_index(is);
		CHECK(is[0] && strcmp(was, is) != 0 &&
		      system("test $(ip -d -o link | grep -c 'rf[ow].*alias ringfence') = 2") == 0);
	}
	CHECK(stage_end(&net_stage) == 0 && !has_pair());
	CHECK(system("ip link del rfk7 2> /dev/null; ! ip link show rfk7 2> /dev/null") == 0);
}

static bool wait_for(bool (*what)(void))
{
	for (int i = 0; i < 100 && !what(); i++)
		stage_run(&net_stage, 100);
	return what();
}

/* So many descriptors and no more, from now on; those that are open stay. As its own user may, whatever root may here. */
static bool limit_files(rlim_t n)
{
	const struct rlimit r = {n, 64};
	int status = -1;
	pid_t own = fork();

	if (own == 0)
		_exit(setgid(NET_UID) == 0 && setuid(NET_UID) == 0 && prlimit(net_stage.pid, RLIMIT_NOFILE, &r, NULL) == 0 ? 0 : 1);
	return own > 0 && waitpid(own, &status, 0) == own && status == 0;
}

/* Whoever can't look has not seen that there is nothing. */
static void what_cant_be_seen_stays_as_it_is(void)
{
	char was[16], is[16];

	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps() && has_pair());
	uint32_t interface = net_seen.path.interface;
	pair_index(was);
	CHECK(interface && limit_files(3));
	stage_run(&net_stage, 7000); /* over a look */
	CHECK(net_seen.path.interface == interface && attached() && has_pair() && net_says("sends-many"));
	CHECK(stage_status_line(&net_stage, "kernel-addresses")->used == 1);
	CHECK(system("tc filter del dev rfk0 ingress") == 0 && !attached());
	stage_run(&net_stage, 2500);
	CHECK(!attached() && limit_files(64) && wait_for(attached));
	CHECK(net_seen.path.interface == interface);
	pair_index(is);
	CHECK(was[0] && strcmp(was, is) == 0);
	CHECK(stage_end(&net_stage) == 0);
}

/* A pair that goes while none can be made is made when one can. */
static void a_pair_comes_back(void)
{
	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps() && has_pair());
	CHECK(limit_files(3) && system("ip link del $(ip -o link | sed -n 's/.*: \\(rfout[0-9a-f]*\\)@.*/\\1/p')") == 0);
	stage_run(&net_stage, 7000);
	CHECK(!has_pair() && limit_files(64) && wait_for(has_pair));
	stage_run(&net_stage, 200);
	CHECK(net_says("sends-many") && stage_end(&net_stage) == 0);
}

static bool all_came(void)
{
	return net_seen.all;
}

/* A load that the host refused is tried again; media is told, and bans that came meanwhile stand in the kernel too. */
static void what_was_refused_is_tried_again(void)
{
	struct flow_ip ip;
	struct flow_ban ban;

	CHECK(net_pins(true) && chmod(net_cwd, 0500) == 0 && net_begin("192.0.2.1"));
	CHECK(net_says("sockets-relay-refused"));
	stage_run(&net_stage, 1500); /* refused again */
	CHECK(!net_seen.all && net_says("sockets-relay-refused") && !attached());
	struct msg_ban *m = ipc_begin(net_core, MSG_BAN);
	m->address = net_at("198.51.100.9");
	m->until_ms = UINT64_MAX / 2000000;
	ipc_end(net_core);
	stage_run(&net_stage, 200);
	CHECK(chmod(net_cwd, 0700) == 0 && wait_for(all_came) && wait_for(attached));
	stage_run(&net_stage, 200);
	CHECK(net_seen.path.interface != 0 && net_says("sends-many") && net_says("relay-rfk0-tc"));
	CHECK(stage_status_line(&net_stage, "sockets-relay-refused")->used == 0);
	char path[128];
	snprintf(path, sizeof path, "%s/banned-%d", net_cwd, FLOW_LAYOUT);
	int fd = bpf_obj_get(path);
	memcpy(&ip, net_at("198.51.100.9").ip, sizeof ip);
	CHECK(fd >= 0 && bpf_map_lookup_elem(fd, &ip, &ban) == 0 && ban.until_ns > 0);
	close(fd);
	CHECK(stage_end(&net_stage) == 0 && !attached() && !pinned("flows"));
}

/* Numbers of programs at rfk0's ingress; how many. */
static uint32_t programs(uint32_t id[4])
{
	FILE *f = popen("tc filter show dev rfk0 ingress | sed -n 's/.*relay_tc:.* id \\([0-9]*\\) .*/\\1/p' | sort -n", "r");
	uint32_t n = 0;

	while (f && n < 4 && fscanf(f, "%u", &id[n]) == 1)
		n++;
	if (f)
		pclose(f);
	return n;
}

static uint32_t lines(const char *command)
{
	FILE *f = popen(command, "r");
	uint32_t n = 0;
	char line[512];

	while (f && fgets(line, sizeof line, f))
		n++;
	if (f)
		pclose(f);
	return n;
}

/* Another map stands where one of ours was, and may not go. */
static bool spoil(const char *name)
{
	char path[128];
	int other = bpf_map_create(BPF_MAP_TYPE_ARRAY, "other", 4, 4, 1, NULL);

	snprintf(path, sizeof path, "%s/%s-%d", net_cwd, name, FLOW_LAYOUT);
	bool done = other >= 0 && unlink(path) == 0 && bpf_obj_pin(other, path) == 0 && chown(path, NET_UID, NET_UID) == 0 &&
		    chmod(net_cwd, 0500) == 0;
	close(other);
	return done;
}

static void say_ban(const char *ip, uint64_t until_ms)
{
	struct msg_ban *m = ipc_begin(net_core, MSG_BAN);

	m->address = net_at(ip);
	m->until_ms = until_ms;
	ipc_end(net_core);
	stage_run(&net_stage, 200);
}

static bool banned_in_the_kernel(const char *ip)
{
	char path[128];
	struct flow_ip key;
	struct flow_ban ban;

	snprintf(path, sizeof path, "%s/banned-%d", net_cwd, FLOW_LAYOUT);
	int fd = bpf_obj_get(path);
	memcpy(&key, net_at(ip).ip, sizeof key);
	bool is = fd >= 0 && bpf_map_lookup_elem(fd, &key, &ban) == 0 && ban.until_ns > 0;
	close(fd);
	return is;
}

static uint32_t bans_looked_for(void)
{
	char path[128];
	struct flow_site there = {0};
	uint32_t zero = 0;

	snprintf(path, sizeof path, "%s/site-%d", net_cwd, FLOW_LAYOUT);
	int fd = bpf_obj_get(path);
	(void)bpf_map_lookup_elem(fd, &zero, &there);
	close(fd);
	return there.bans;
}

/* Net and media died, and no program may be loaded: those that relay on are not out of reach (R13, R28). */
static void what_relays_on_is_held(void)
{
	static const uint64_t long_ms = UINT64_MAX / 2000000;

	CHECK(net_pins(true) && far_end_takes_xdp(true) && net_begin("192.0.2.1") && net_has_maps() && wait_best());
	uint32_t interface = net_seen.path.interface, was = id_of(net_seen.fd[KERNEL_FLOWS]), program[4], later[4];
	say_ban("198.51.100.7", long_ms);
	CHECK(banned_in_the_kernel("198.51.100.7") && programs(program) == 1);
	stage_kill(&net_stage);
	CHECK(spoil("arrivals") && net_begin("192.0.2.1") && net_has_maps());
	stage_run(&net_stage, 300);
	CHECK(net_says("former-relays-refused") && !net_says("sockets-relay-refused") && net_says(best()) && net_says("sends-many"));
	CHECK(id_of(net_seen.fd[KERNEL_FLOWS]) == was && net_seen.path.interface == interface && net_seen.fd[KERNEL_RING] >= 0 &&
	      net_seen.fd[KERNEL_SENDS] >= 0 && net_seen.fd[KERNEL_SENDER] >= 0);
	say_ban("198.51.100.8", long_ms);
	say_ban("198.51.100.7", 0);
	CHECK(banned_in_the_kernel("198.51.100.8") && !banned_in_the_kernel("198.51.100.7") && bans_looked_for() == 1);
	stage_run(&net_stage, 6500); /* over a look, and loads that are refused again */
	CHECK(best_attached() && programs(later) == 1 && later[0] == program[0] && net_says(best()));
	say_ban("198.51.100.8", 0);
	CHECK(!banned_in_the_kernel("198.51.100.8") && bans_looked_for() == 0);
	/* and when they may be loaded, they are */
	net_forget();
	CHECK(chmod(net_cwd, 0700) == 0 && wait_for(all_came));
	stage_run(&net_stage, 300);
	CHECK(!net_says("former-relays-refused") && net_says(best()) && id_of(net_seen.fd[KERNEL_FLOWS]) == was);
	CHECK(programs(later) == 1 && later[0] != program[0]);
	/* a stop of one that holds takes all away as any */
	stage_kill(&net_stage);
	CHECK(spoil("arrivals") && net_begin("192.0.2.1") && net_has_maps());
	stage_run(&net_stage, 300);
	CHECK(net_says("former-relays-refused") && chmod(net_cwd, 0700) == 0 && stage_end(&net_stage) == 0);
	CHECK(!attached() && !xdp_attached() && !pinned("flows") && !has_pair() && far_end_takes_xdp(false));
}

static void what_cant_be_held_is_taken_down(void)
{
	CHECK(net_pins(true) && far_end_takes_xdp(true) && net_begin("192.0.2.1") && net_has_maps() && wait_best());
	stage_kill(&net_stage);
	CHECK(spoil("banned") && best_attached() && net_begin("192.0.2.1"));
	stage_run(&net_stage, 300);
	CHECK(net_says("sockets-relay-refused") && !net_says("former-relays-refused") && !net_seen.all);
	CHECK(!attached() && !xdp_attached() && lines("tc filter show dev rfk0 egress | grep relay_left") == 0);
	CHECK(chmod(net_cwd, 0700) == 0 && wait_for(all_came) && wait_for(attached));
	CHECK(stage_end(&net_stage) == 0 && !attached() && far_end_takes_xdp(false));
}


/* Each keeps its own filter at an interface that both use, and its pair and table. */
static void two_exchanges_share_an_interface(void)
{
	static char pins[] = "/tmp/ringfence-net-other-XXXXXX";
	uint32_t alone[4], both[4], later[4];
	struct stage other = {0};

	CHECK(mkdtemp(pins) && net_pins(true) && net_begin("192.0.2.1") && net_has_maps() && programs(alone) == 1);
	CHECK(net_other(&other, pins, "192.0.2.1"));
	stage_run(&net_stage, 500);
	CHECK(programs(both) == 2 && both[0] == alone[0]);
	stage_run(&net_stage, 6000); /* over a look of both */
	CHECK(programs(later) == 2 && memcmp(later, both, 2 * sizeof *both) == 0);
	CHECK(stage_end(&other) == 0 && programs(later) == 1 && later[0] == alone[0] && has_pair());
	CHECK(stage_end(&net_stage) == 0 && programs(later) == 0 && !has_pair());
	CHECK(umount2(pins, MNT_DETACH) == 0 && rmdir(pins) == 0);
}

static bool is_at(const char *interface)
{
	char command[96];

	snprintf(command, sizeof command, "tc filter show dev %s ingress | grep relay_tc", interface);
	return lines(command) == 1;
}

/* Of two at rfk0 the other exchange's is left. */
static bool moved_to_rfj0(void)
{
	return is_at("rfj0") && is_at("rfk0") && !xdp_attached();
}

static bool moved_to_rfk0(void)
{
	uint32_t id[4];

	return !is_at("rfj0") && programs(id) == 2;
}

/* Killed, and started with another address: nothing stays where it was. */
static void another_address_after_a_kill(void)
{
	static const char nft[] = "nft list tables | grep ringfence-", pairs[] = "ip -o link | grep ': rfout'";
	uint32_t id[4];
	struct stage other = {0};
	static char pins[] = "/tmp/ringfence-net-other-XXXXXX";

	CHECK(system("ip link add rfj0 type veth peer name rfj1 && ip addr add 192.0.2.129/25 dev rfj0 && ip link set rfj0 up && "
		     "ip link set rfj1 up") == 0);
	CHECK(net_pins(true) && far_end_takes_xdp(true) && net_begin("192.0.2.1") && net_has_maps() && wait_best());
	CHECK(mkdtemp(pins) && net_other(&other, pins, "192.0.2.1")); /* with tc: XDP is taken */
	stage_run(&net_stage, 500);
	CHECK(programs(id) == 2 && lines(pairs) == 2 && (system("nft list tables >/dev/null") != 0 || lines(nft) == 2));
	stage_kill(&net_stage);
	CHECK(far_end_takes_xdp(false)); /* nor is it the other's when ours goes */
	CHECK(net_begin("192.0.2.129") && net_has_maps());
	CHECK(wait_for(moved_to_rfj0));
	stage_run(&net_stage, 500);
	CHECK(lines("tc filter show dev rfk0 egress | grep relay_left") == 0);
	CHECK(lines(pairs) == 2 && lines(nft) == (system("nft list tables >/dev/null") == 0 ? 2 : 0));
	/* the same address on another interface */
	stage_kill(&net_stage);
	CHECK(system("ip addr del 192.0.2.129/25 dev rfj0 && ip addr add 192.0.2.129/32 dev rfk0") == 0);
	CHECK(net_begin("192.0.2.129") && net_has_maps());
	CHECK(wait_for(moved_to_rfk0) && lines(pairs) == 2);
	CHECK(stage_end(&other) == 0 && stage_end(&net_stage) == 0 && programs(id) == 0 && lines(pairs) == 0);
	CHECK(system("ip link del rfj0; ip addr del 192.0.2.129/32 dev rfk0") == 0 && far_end_takes_xdp(false));
	CHECK(umount2(pins, MNT_DETACH) == 0 && rmdir(pins) == 0);
}

/* Another's program stays, and tc relays. */
static void xdp_of_another_stays(void)
{
	static const struct bpf_insn pass[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS}, {.code = BPF_JMP | BPF_EXIT}};
	LIBBPF_OPTS(bpf_link_create_opts, natively, .flags = XDP_FLAGS_DRV_MODE);
	int program = bpf_prog_load(BPF_PROG_TYPE_XDP, "other", "GPL", pass, 2, NULL);
	int link = bpf_link_create(program, (int)if_nametoindex("rfk0"), BPF_XDP, &natively);

	CHECK(link >= 0 && far_end_takes_xdp(true));
	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps());
	CHECK(net_says("relay-rfk0-tc") && attached());
	CHECK(stage_end(&net_stage) == 0 && xdp_attached());
	CHECK(far_end_takes_xdp(false));
	close(link);
	close(program);
}

static void what_siblings_lie_is_borne(void)
{
	struct stage_liars x = {.s = &net_stage};

	CHECK(net_pins(true) && net_begin("192.0.2.1"));
	stage_cut(&net_stage, net_core);
	CHECK(stage_lies(&x, PROC_CORE));
	CHECK(x.rows == 1 && x.told > 3 && x.accused > 0);
	CHECK(stage_end(&net_stage) == 0);
}

int main(int argc, char **argv)
{
	int r = net_house_open(argc, argv);

	if (r != 0)
		return r;
	RUN(without_a_bpffs_sockets_relay);
	RUN(maps_are_made_pinned_and_given);
	RUN(another_life_adopts_them);
	RUN(a_stop_waits_for_no_call_and_cuts_none);
	RUN(an_address_of_no_interface_has_no_path);
	RUN(a_pair_is_ours_or_made_anew);
	RUN(xdp_is_used_where_it_can);
	RUN(what_cant_be_seen_stays_as_it_is);
	RUN(a_pair_comes_back);
	RUN(what_was_refused_is_tried_again);
	RUN(what_relays_on_is_held);
	RUN(what_cant_be_held_is_taken_down);
	RUN(xdp_of_another_stays);
	RUN(two_exchanges_share_an_interface);
	RUN(another_address_after_a_kill);
	RUN(what_siblings_lie_is_borne);
	net_house_close();
	return TEST_END;
}
