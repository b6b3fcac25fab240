/* SPDX-License-Identifier: ISC */
#include "net_house.h"
#include <bpf/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { SKIPPED = 77 };

static const char *exe;
char net_cwd[] = "/tmp/ringfence-net-XXXXXX";
struct stage net_stage;
struct link *net_core, *net_media;
struct net_seen net_seen;

static void on_map(struct link *from, const struct ipc_view *v)
{
	const struct msg_kernel_map *m = v->payload;

	(void)from;
	if (net_seen.fd[m->what] >= 0)
		close(net_seen.fd[m->what]);
	net_seen.fd[m->what] = v->fd;
	net_seen.map[m->what] = *m;
	net_seen.all = net_seen.fd[KERNEL_FLOWS] >= 0 && net_seen.fd[KERNEL_TALLIES] >= 0;
}

static void on_path(struct link *from, const struct ipc_view *v)
{
	(void)from;
	memcpy(&net_seen.path, v->payload, sizeof net_seen.path);
}

static void on_event(struct link *from, const struct ipc_view *v)
{
	const struct msg_event *m = v->payload;
	struct span detail = ipc_str(v, m->detail);

	(void)from;
	net_seen.events++;
	snprintf(net_seen.event, sizeof net_seen.event, "%.*s", (int)detail.n, (const char *)detail.p);
}

static ipc_handler *const on[MSG_N] = {
    [MSG_KERNEL_MAP] = on_map, [MSG_KERNEL_PATH] = on_path, [MSG_EVENT] = on_event};

struct addr net_at(const char *ip)
{
	struct addr a = {0};

	(void)addr_parse_ip(span_str(ip), &a);
	return a;
}

bool net_pins(bool wanted)
{
	(void)umount2(net_cwd, MNT_DETACH);
	return !wanted ||
	       (mount("bpf", net_cwd, "bpf", 0, NULL) == 0 && chown(net_cwd, NET_UID, NET_UID) == 0 && chmod(net_cwd, 0700) == 0);
}

void net_forget(void)
{
	for (int i = 0; i < KERNEL_MAPS; i++) {
		if (net_seen.fd[i] >= 0)
			close(net_seen.fd[i]);
		net_seen.fd[i] = -1;
	}
	net_seen.all = false;
	memset(&net_seen.path, 0, sizeof net_seen.path);
	net_seen.events = 0;
	net_seen.event[0] = 0;
}

bool net_start(void)
{
	return stage_start(&net_stage, exe, PROC_NET, net_cwd, on);
}

bool net_begin(const char *address)
{
	if (net_stage.pid)
		stage_kill(&net_stage);
	net_forget();
	if (!net_start())
		return false;
	net_stage.site.listener[0].media = net_at(address);
	net_stage.site.media_port_lo = 30000;
	net_stage.site.media_port_hi = 30043;
	net_core = stage_sibling(&net_stage, PROC_CORE, 0);
	net_media = stage_sibling(&net_stage, PROC_MEDIA, 0);
	return stage_sibling(&net_stage, PROC_LEDGER, 0) && stage_go(&net_stage);
}

bool net_other(struct stage *other, const char *pins, const char *address)
{
	static ipc_handler *const deaf[MSG_N] = {0};

	if (mount("bpf", pins, "bpf", 0, NULL) != 0 || chown(pins, NET_UID, NET_UID) != 0 || chmod(pins, 0700) != 0 ||
	    !stage_start(other, exe, PROC_NET, pins, deaf))
		return false;
	other->site.listener[0].media = net_at(address);
	other->site.media_port_lo = 31000;
	other->site.media_port_hi = 31043;
	return stage_sibling(other, PROC_CORE, 0) && stage_go(other);
}

bool net_has_maps(void)
{
	return stage_until(&net_stage, &net_seen.all, STAGE_WAIT_MS);
}

bool net_says(const char *line)
{
	return stage_want_status(&net_stage) && stage_status_line(&net_stage, line)->used == 1;
}

bool net_veths_take_xdp(void)
{
	struct utsname u;
	unsigned major, minor;

	return uname(&u) != 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2 || major > 6 || (major == 6 && minor >= 3);
}

static int skip(const char *why)
{
	printf("skipped: %s\n", why);
	return SKIPPED;
}

int net_house_open(int argc, char **argv)
{
	for (int i = 0; i < KERNEL_MAPS; i++)
		net_seen.fd[i] = -1;
	if (argc != 2 || !mkdtemp(net_cwd) || chmod(net_cwd, 0755) != 0)
		return 2;
	exe = argv[1];
	if (getuid() != 0)
		return skip("needs root");
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return skip("no namespaces here");
	if (!net_pins(true))
		return skip("no bpffs can be mounted here");
	if (system("ip link add rfk0 type veth peer name rfk1 && ip addr add 192.0.2.1/24 dev rfk0 && ip link set rfk0 up && "
		   "ip link set rfk1 up && ip link set lo up") != 0)
		return skip("no veth here");
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "try", 4, 4, 1, NULL);
	if (fd < 0)
		return skip("this kernel or container lets nobody make maps");
	close(fd);
	return 0;
}

void net_house_close(void)
{
	if (net_stage.pid)
		stage_kill(&net_stage);
	net_pins(false);
	rmdir(net_cwd);
}
