/* SPDX-License-Identifier: ISC */
/* What an exchange left in the kernel goes when it will not come back (R30), whether it was stopped with calls there or killed, and nothing
 * of others does. net_unload_test EXECUTABLE UNLOAD */
#include "flow.h"
#include "net_house.h"
#include "test.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/pkt_cls.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *unload_exe;
static char site[] = "/tmp/ringfence-unload-XXXXXX";

static bool does(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool does(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof command, format, args);
	va_end(args);
	return system(command) == 0;
}

/* Its exit status. */
static int unload(void)
{
	char command[512];

	snprintf(command, sizeof command, "'%s' '%s' 2>/dev/null", unload_exe, site);
	int r = system(command);
	return WIFEXITED(r) ? WEXITSTATUS(r) : -1;
}

/* SITE/run/bpf is net's directory. */
static bool pins_are_sites(bool are)
{
	char path[64];

	snprintf(path, sizeof path, "%s/run/bpf", site);
	(void)umount2(path, MNT_DETACH);
	return !are || (net_pins(true) && mount(net_cwd, path, NULL, MS_BIND, NULL) == 0);
}

static uint32_t pins(void)
{
	DIR *d = opendir(net_cwd);
	const struct dirent *e;
	uint32_t n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.' && !strstr(e->d_name, ".debug");
	if (d)
		closedir(d);
	return n;
}

static bool has_filter(void)
{
	return does("tc filter show dev rfk0 ingress | grep -q relay_tc");
}

static bool has_xdp(void)
{
	return does("ip -d link show dev rfk0 | grep -q 'prog/xdp '");
}

static bool has_pair(void)
{
	return does("ip -o link | grep -v 00000001 | grep -q ': rfout[0-9a-f]*@rfwire'");
}

static bool has_table(void)
{
	return does("nft list tables | grep -v 00000001 | grep -q ringfence-");
}

static bool all_are_gone(void)
{
	return !has_filter() && !has_xdp() && !has_pair() && !has_table() && pins() == 0;
}

static bool far_end_takes_xdp(void)
{
	struct ethtool_value value = {ETHTOOL_SGRO, 1};
	struct ifreq r = {.ifr_name = "rfk1", .ifr_data = (void *)&value};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done = fd >= 0 && ioctl(fd, SIOCETHTOOL, &r) == 0;

	close(fd);
	return done;
}

static bool has_call(void)
{
	const uint32_t key = 1;
	const struct flow flow = {.deadline_ns = UINT64_MAX};

	return bpf_map_update_elem(net_seen.fd[KERNEL_FLOWS], &key, &flow, BPF_ANY) == 0;
}

static bool say_ban(const char *ip)
{
	struct msg_ban *m = ipc_begin(net_core, MSG_BAN);

	if (!m)
		return false;
	m->address = net_at(ip);
	m->until_ms = UINT64_MAX / 2000000;
	ipc_end(net_core);
	stage_run(&net_stage, 100);
	return has_table();
}

/* A program that passes all on. */
static bool add_others_filter(const char *interface, uint32_t priority)
{
	static const struct bpf_insn pass[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = TC_ACT_UNSPEC}, {.code = BPF_JMP | BPF_EXIT}};
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)if_nametoindex(interface), .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, o, .handle = 1, .priority = priority);

	o.prog_fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "others_tc", "ISC", pass, sizeof pass / sizeof *pass, NULL);
	int r = o.prog_fd < 0 ? -1 : bpf_tc_hook_create(&hook);
	bool done = (r == 0 || r == -EEXIST) && bpf_tc_attach(&hook, &o) == 0;
	close(o.prog_fd);
	return done;
}

/* --- tests --- */

static void what_a_stop_with_calls_left_goes(void)
{
	CHECK(pins_are_sites(true) && net_begin("192.0.2.1") && net_has_maps() && has_call());
	CHECK(stage_end(&net_stage) == 0 && has_filter() && has_pair() && pins() > 0);
	CHECK(unload() == 0 && all_are_gone());
	CHECK(unload() == 0); /* there is nothing now */
}

static void what_a_kill_left_goes_and_nothing_of_others(void)
{
	CHECK(pins_are_sites(true) && far_end_takes_xdp() && net_begin("192.0.2.1") && net_has_maps() && say_ban("198.51.100.1"));
	stage_kill(&net_stage);
	CHECK(has_filter() && has_xdp() == net_veths_take_xdp() && has_pair() && has_table());
	CHECK(add_others_filter("rfk0", 7) && add_others_filter("rfk1", 0x5246));
	CHECK(does("nft add table inet ringfence-00000001 && ip link add rfout00000001 type veth peer name rfwire00000001"));
	CHECK(unload() == 0 && all_are_gone());
	CHECK(does("tc filter show dev rfk0 ingress | grep -q others_tc && tc filter show dev rfk1 ingress | grep -q others_tc"));
	CHECK(does("nft list tables | grep -q ringfence-00000001 && ip link show rfout00000001 >/dev/null"));
	CHECK(does("nft delete table inet ringfence-00000001; ip link del rfout00000001"));
}

static void another_exchange_of_the_host_stays_whole(void)
{
	static char pinned[] = "/tmp/ringfence-net-other-XXXXXX";
	struct stage other = {0};

	CHECK(mkdtemp(pinned) && pins_are_sites(true) && net_begin("192.0.2.1") && net_has_maps() && net_other(&other, pinned, "192.0.2.1"));
	stage_run(&net_stage, 300);
	stage_kill(&net_stage);
	CHECK(does("test $(tc filter show dev rfk0 ingress | grep -c relay_tc) = 2"));
	CHECK(unload() == 0 && pins() == 0 && has_filter() && has_pair() && has_table());
	CHECK(does("test $(tc filter show dev rfk0 ingress | grep -c relay_tc) = 1"));
	CHECK(stage_end(&other) == 0 && all_are_gone());
	CHECK(umount2(pinned, MNT_DETACH) == 0 && rmdir(pinned) == 0);
}

/* Its bpffs was unmounted: nobody can take up what is at work still. One that runs is not that, nor is one that was stopped with its pins. */
static void what_nobody_has_a_hold_on_goes(void)
{
	static char pinned[] = "/tmp/ringfence-net-other-XXXXXX";
	struct stage other = {0};

	CHECK(mkdtemp(pinned) && pins_are_sites(true) && net_begin("192.0.2.1") && net_has_maps() && say_ban("198.51.100.1"));
	CHECK(net_other(&other, pinned, "192.0.2.1"));
	stage_run(&net_stage, 300);
	stage_kill(&net_stage);
	net_forget(); /* the maps that the test has */
	CHECK(pins_are_sites(false) && net_pins(false)); /* with others' filters of the test before */
	CHECK(does("test $(tc filter show dev rfk0 ingress | grep -c relay_tc) = 2"));
	for (int i = 0; i < 2; i++) { /* it runs, and then only its pins are there */
		CHECK(unload() == 0 && does("test $(tc filter show dev rfk0 ingress | grep -c relay_tc) = 1"));
		CHECK(does("test $(ip -o link | grep -c ': rfout') = 1 && test $(nft list tables | grep -c ringfence-) = 1"));
		if (i == 0)
			stage_kill(&other);
	}
	CHECK(umount2(pinned, MNT_DETACH) == 0 && rmdir(pinned) == 0);
	for (int i = 0; i < 50 && has_filter(); i++) { /* the kernel lets a mount go in its own time */
		CHECK(unload() == 0);
		stage_run(&net_stage, 100);
	}
	CHECK(!has_filter() && !has_pair() && !has_table());
	CHECK(does("tc filter show dev rfk1 ingress | grep -q others_tc"));
}

static void one_that_runs_is_left_alone(void)
{
	int fd = open(site, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK(pins_are_sites(true) && net_begin("192.0.2.1") && net_has_maps());
	CHECK(fd >= 0 && flock(fd, LOCK_EX) == 0); /* as parent does */
	CHECK(unload() == 1 && has_filter() && has_pair() && pins() > 0);
	close(fd);
	CHECK(stage_end(&net_stage) == 0 && all_are_gone());
}

static void a_site_without_the_kernel_has_nothing_to_lose(void)
{
	CHECK(pins_are_sites(false) && unload() == 0);
}

int main(int argc, char **argv)
{
	if (argc != 3 || !mkdtemp(site))
		return 2;
	unload_exe = argv[2];
	int r = net_house_open(argc - 1, argv);
	if (r == 0 && !does("mkdir -p '%s/run/bpf' && nft list tables", site)) {
		printf("skipped: no nftables here\n");
		r = 77;
	}
	if (r == 0) {
		RUN(what_a_stop_with_calls_left_goes);
		RUN(what_a_kill_left_goes_and_nothing_of_others);
		RUN(another_exchange_of_the_host_stays_whole);
	RUN(what_nobody_has_a_hold_on_goes);
	RUN(one_that_runs_is_left_alone);
		RUN(a_site_without_the_kernel_has_nothing_to_lose);
		pins_are_sites(false);
	}
	net_house_close();
	(void)does("rmdir -p '%s/run/bpf' 2>/dev/null", site);
	return r ? r : TEST_END;
}
