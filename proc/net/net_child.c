/* SPDX-License-Identifier: ISC */
/* net brings the relay into the kernel: it loads and pins programs and maps, attaches them where media addresses are, hands media the
 * maps, and writes bans, for the programs and for the rest of the host. What it cannot do is done by media's sockets. */
#include "net_child.h"
#include "ban_map.h"
#include "bans.h"
#include "base/log.h"
#include "kernel.h"
#include "lack.h"
#include "pair.h"
#include "place.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
	PORTS_OF_A_CALL = 4,
	LOOK_MS = 5000,
	LOOK_AGAIN_MS = 1000,
	PAUSE_MS = 1000,
	PAUSE_MS_MAX = 60000,
	SETTLE_LOOKS = 12
};

/* What was refused is tried again, ever more seldom. */
struct retry {
	struct timer timer;
	uint64_t pause_ms; /* 0: nothing is to be tried */
};

_Static_assert((int)FLOW_LISTENERS_MAX == (int)SITE_LISTENERS_MAX, "one number of listeners");

static struct {
	bool pins;           /* the root directory is a bpffs */
	const char *why_not; /* a word of status; NULL: loaded */
	struct addr address[SITE_LISTENERS_MAX];
	uint32_t interface[SITE_LISTENERS_MAX];         /* where the program is for it; 0: nowhere */
	char said[SITE_LISTENERS_MAX][STATUS_NAME_MAX]; /* of that interface: its name and what relays there */
	uint32_t addresses, attached, refused;
	struct timer look;
	struct pair pair;
	bool owed;        /* media was not told all */
	bool has_settled; /* nothing is left of the life before */
	uint32_t looks;   /* whole ones until then */
	struct retry load, make_pair;
} net;

/* True: it is the first time. */
static bool try_later(struct retry *r)
{
	bool first = !r->pause_ms;

	r->pause_ms = first ? PAUSE_MS : 2 * r->pause_ms < PAUSE_MS_MAX ? 2 * r->pause_ms : PAUSE_MS_MAX;
	timer_set(&child_wheel, &r->timer, child_now() + r->pause_ms);
	return first;
}

/* True: it was refused before. */
static bool came_good(struct retry *r)
{
	bool late = r->pause_ms != 0;

	r->pause_ms = 0;
	timer_cancel(&child_wheel, &r->timer);
	return late;
}

static struct kernel_shape shape(void)
{
	const struct site *s = child_site();
	uint32_t ports = (uint32_t)(s->media_port_hi - s->media_port_lo + 1) / PORTS_OF_A_CALL * PORTS_OF_A_CALL;

	struct kernel_shape k = {s->media_port_lo, s->media_port_hi, ports, {0}, {{{0}}}};
	for (int i = 0; i < s->listeners; i++)
		k.listener[i] = s->listener[i].bind.port;
	for (uint32_t i = 0; i < net.addresses; i++)
		memcpy(&k.media[i], net.address[i].ip, sizeof k.media[i]);
	return k;
}

static uint32_t exchange(void)
{
	return place_number(&net.address[0], child_site()->media_port_lo);
}

/* --- media --- */

static bool give_map(struct link *media, enum kernel_map what, int fd)
{
	int own = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct msg_kernel_map *m = own < 0 ? NULL : ipc_begin_fd(media, MSG_KERNEL_MAP, own);

	if (!m)
		return false;
	m->what = (uint8_t)what;
	m->lo = shape().lo;
	m->ports = shape().ports;
	ipc_end(media);
	return true;
}

static bool give_sender(struct link *media)
{
	int fd = pair_socket(&net.pair);
	bool given = fd >= 0 && give_map(media, KERNEL_SENDS, kernel_sends()) && give_map(media, KERNEL_SENDER, fd);

	if (fd >= 0)
		close(fd);
	return given;
}

/* Are there maps, of this life or an earlier one? */
static bool reaches(void)
{
	return !net.why_not || kernel_is_held();
}

/* None but an earlier life's has a program, where none may be loaded. */
static int have_pair(void)
{
	if (!kernel_is_held())
		return pair_make(&net.pair, exchange());
	if (pair_find(&net.pair, exchange()))
		return 0;
	net.pair = (struct pair){0};
	return -ENODEV;
}

static void make_pair(void)
{
	int r = have_pair();

	if (r == 0)
		r = kernel_attach_sender(net.pair.interface[1]);
	if (r != 0 && net.pair.interface[0])
		pair_end(&net.pair);
	if (r != 0) {
		if (try_later(&net.make_pair))
			log_info("no pair of devices for calls that end here: %s", strerror(-r));
		return;
	}
	if (came_good(&net.make_pair))
		log_info("there is a pair of devices for calls that end here now");
	struct link *media = child_link(PROC_MEDIA, 0);
	net.owed |= media && !give_sender(media);
}

static void on_make_pair(struct timer *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	make_pair();
}

static bool tell_path(struct link *media, uint32_t i)
{
	struct msg_kernel_path *m = ipc_begin(media, MSG_KERNEL_PATH);

	if (!m)
		return false;
	m->address = net.address[i];
	m->interface = net.interface[i];
	ipc_end(media);
	return true;
}

static void tell_all(struct link *media)
{
	bool all = true;

	kernel_end_former();
	for (uint32_t i = 0; i < net.addresses; i++)
		all = tell_path(media, i) && all;
	all = give_map(media, KERNEL_TALLIES, kernel_tallies()) && give_map(media, KERNEL_RING, kernel_ring()) && all;
	if (net.pair.interface[0])
		all = give_sender(media) && all;
	all = give_map(media, KERNEL_FLOWS, kernel_flows()) && all; /* now it has all that it needs */
	net.owed = !all;
}

static void link_up(struct link *l)
{
	if (l->peer == PROC_MEDIA && reaches())
		tell_all(l);
}

/* --- interfaces --- */

/* Status has lower-case words. */
static void say(uint32_t i, const char *name, enum kernel_engine engine)
{
	char *at = net.said[i];

	snprintf(at, sizeof net.said[i], "relay-%s-%s", name, engine == ENGINE_XDP ? "xdp" : "tc");
	for (; *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at |= 0x20;
		else if (!(*at >= 'a' && *at <= 'z') && !(*at >= '0' && *at <= '9'))
			*at = '-';
}

/* No address of ours is there any more. */
static void leave(uint32_t interface)
{
	for (uint32_t i = 0; i < net.addresses; i++)
		if (net.interface[i] == interface)
			return;
	if (interface)
		kernel_detach(interface);
}

struct place_seen {
	uint32_t interface; /* 0: none */
	bool is_wire;
	struct wire wire;
};

/* False: it could not be seen. */
static bool see(uint32_t i, struct place_seen *out)
{
	out->interface = place_of(&net.address[i]);
	out->wire = (struct wire){0};
	int r = out->interface ? wire_of(out->interface, &out->wire) : -ENODEV;
	out->is_wire = r == 0;
	return !is_lack(r);
}

/* False: whether the programs are there could not be seen. */
static bool attach(uint32_t i, const struct place_seen *p)
{
	uint32_t at = p->interface, was = net.interface[i];
	enum kernel_engine engine = at ? kernel_attach(at, p->is_wire ? &p->wire : NULL) : ENGINE_SOCKETS;

	if (engine == ENGINE_UNKNOWN) {
		net.attached += was != 0;
		return false;
	}
	net.said[i][0] = 0;
	if (engine != ENGINE_SOCKETS)
		say(i, p->wire.name, engine);
	else if (at) {
		at = 0;
		net.refused++;
	}
	net.attached += at != 0;
	if (at == was)
		return true;
	net.interface[i] = at;
	leave(was);
	struct link *media = child_link(PROC_MEDIA, 0);
	net.owed |= media && !tell_path(media, i);
	return true;
}

static bool look_at_pair(void)
{
	if (!net.pair.interface[0])
		return true;
	int r = pair_up(&net.pair);
	if (r == 0)
		r = kernel_attach_sender(net.pair.interface[1]);
	if (r == 0 || is_lack(r))
		return r == 0;
	pair_end(&net.pair); /* somebody took one of them away */
	make_pair();
	return true;
}

static bool is_used(uint32_t interface)
{
	if (interface == net.pair.interface[1])
		return true;
	for (uint32_t i = 0; i < net.addresses; i++)
		if (net.interface[i] == interface)
			return true;
	return false;
}

/* Pair and table have the number of an exchange that had other addresses or ports. */
static void end_number(void)
{
	struct pair p;
	uint32_t was;

	if (!kernel_former(&was) || was == exchange())
		return;
	if (pair_find(&p, was))
		pair_end(&p);
	bans_end_former(was);
}

/* What the life before left. An address that is not there may come back to where its programs still are. */
static bool settle(void)
{
	if (net.has_settled || (net.attached < net.addresses && ++net.looks < SETTLE_LOOKS))
		return true;
	if (!kernel_settle(is_used))
		return false;
	end_number();
	net.has_settled = true;
	return true;
}

/* False: not all could be seen, and of what could not all stays as it is. */
static bool look_at_all(void)
{
	static struct place_seen seen[SITE_LISTENERS_MAX];
	bool whole = true;

	for (uint32_t i = 0; i < net.addresses; i++)
		if (!see(i, &seen[i]))
			return false;
	net.attached = net.refused = 0;
	kernel_look();
	for (uint32_t i = 0; i < net.addresses; i++)
		whole = attach(i, &seen[i]) && whole;
	whole = look_at_pair() && whole;
	if (!whole)
		return false;
	kernel_attached();
	return kernel_is_held() || settle();
}

/* Until its successor is there, the media of the build before relays, and still learns who sends and by which way. */
static bool follow_former(void)
{
	return reaches() && !child_link(PROC_MEDIA, 0) && kernel_follow_former();
}

/* Addresses move, interfaces come and go, and an administrator may have taken a filter or a table away. */
static void on_look(struct timer *t, uint64_t now_ms)
{
	bool whole = place_look();

	if (reaches()) {
		whole = whole && look_at_all();
		kernel_forget_bans();
		struct link *media = net.owed ? child_link(PROC_MEDIA, 0) : NULL;
		if (media)
			tell_all(media);
	}
	bans_look();
	bool soon = follow_former() || !whole || net.owed;
	timer_set(&child_wheel, t, now_ms + (soon ? LOOK_AGAIN_MS : LOOK_MS));
}

/* --- core --- */

static void on_ban(struct link *from, const struct ipc_view *v)
{
	const struct msg_ban *m = v->payload;

	(void)from;
	if (m->address.family)
		bans_set(&m->address, m->until_ms > child_now() ? m->until_ms - child_now() : 0);
}

/* --- life --- */

static void note_addresses(const struct site *s)
{
	for (int i = 0; i < s->listeners; i++) {
		uint32_t at = 0;
		while (at < net.addresses && !addr_same_ip(&net.address[at], &s->listener[i].media))
			at++;
		if (at == net.addresses)
			net.address[net.addresses++] = s->listener[i].media;
	}
}

static void open_all(void)
{
	struct statfs s;
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	note_addresses(child_site());
	wire_open();
	net.pins = here >= 0 && fstatfs(here, &s) == 0 && s.f_type == BPF_FS_MAGIC;
	if (net.pins)
		cage_keep_dir(here);
}

static const char *reason(int r)
{
	if (r == -EPERM || r == -EACCES)
		return "the kernel or the host forbids it";
	return is_lack(r) ? "nothing is left for it" : "the kernel does not take the programs";
}

static void say_nowhere(void)
{
	struct link *media = child_link(PROC_MEDIA, 0);

	for (uint32_t i = 0; i < net.addresses; i++) {
		net.interface[i] = 0;
		net.said[i][0] = 0;
		net.owed |= media && !tell_path(media, i);
	}
}

/* media has the same maps as long as they are held. */
static void note_held(bool before)
{
	if (before == kernel_is_held())
		return;
	if (before) {
		say_nowhere();
		return;
	}
	if (!net.pair.interface[0])
		make_pair();
	net.owed = child_link(PROC_MEDIA, 0) != NULL;
}

static bool load(void)
{
	struct kernel_shape s = shape();
	bool before = kernel_is_held();
	int r = kernel_load(&s);

	if (r != 0) {
		net.why_not = "refused";
		if (try_later(&net.load))
			log_warn("%s: %s: %s",
			    kernel_is_held() ? "what relayed before goes on as it is" : "sockets relay, not the kernel",
			    reason(r), strerror(-r));
		note_held(before);
		return false;
	}
	net.why_not = NULL;
	make_pair();
	return true;
}

static void on_load(struct timer *t, uint64_t now_ms)
{
	(void)t;
	bool loaded = load();

	if (!reaches()) {
		bans_have_kernel(false);
		return;
	}
	bans_have_kernel(true);
	if (!loaded)
		return;
	(void)came_good(&net.load);
	log_info("the kernel relays now");
	net.owed = child_link(PROC_MEDIA, 0) != NULL;
	on_look(&net.look, now_ms);
}

static void begin(void)
{
	net.load.timer.fire = on_load;
	net.make_pair.timer.fire = on_make_pair;
	net.look.fire = on_look;
	if (!net.pins) {
		net.why_not = "no-bpffs";
		log_info("sockets relay, not the kernel: run/bpf is no bpffs");
	} else if (!cage_has_caps()) {
		net.why_not = "no-capability";
		log_info("sockets relay, not the kernel: CAP_BPF and CAP_NET_ADMIN are withheld");
	} else
		(void)load();
}

static void serve(void)
{
	begin();
	place_look(); /* what can't be seen now is looked at again */
	bans_begin(exchange(), reaches());
	on_look(&net.look, child_now());
}

/* Who follows takes all of it up, and there is no moment without bans. A call that still goes through the kernel is not cut in any case: its
 * entries end by themselves, and the next start takes them up. */
static void stop(void)
{
	if (child_is_followed())
		return;
	bans_end();
	if (!reaches() || kernel_in_use())
		return;
	for (uint32_t i = 0; i < net.addresses; i++)
		if (net.interface[i])
			kernel_detach(net.interface[i]);
	pair_end(&net.pair);
	kernel_unpin();
}

/* One line for each interface. */
static void say_engines(struct proc_status *s)
{
	for (uint32_t i = 0; i < net.addresses; i++) {
		uint64_t here = 0, before = 0;
		for (uint32_t k = 0; k < net.addresses; k++) {
			bool same = strcmp(net.said[k], net.said[i]) == 0;
			here += same;
			before += same && k < i;
		}
		if (net.said[i][0] && before == 0)
			status_counter(s, net.said[i], here);
	}
}

static void status(struct proc_status *s)
{
	char name[STATUS_NAME_MAX];

	status_add(s, "kernel-addresses", STATUS_POOL, reaches() ? net.attached : 0, net.addresses, net.addresses,
	    net.refused);
	status_counter(s, "sends-many", net.pair.interface[0] != 0);
	status_counter(s, "dropped-banned", reaches() ? ban_map_dropped() : 0);
	bans_status(s);
	if (reaches())
		say_engines(s);
	if (!net.why_not)
		return;
	snprintf(name, sizeof name, "%s-%s", kernel_is_held() ? "former-relays" : "sockets-relay", net.why_not);
	status_counter(s, name, 1);
}

static ipc_handler *const on[MSG_N] = {
    [MSG_BAN] = on_ban,
};

static const uint8_t caps[] = {CAP_BPF, CAP_NET_ADMIN};
/* bpf and its files; netlink for addresses and filters */
static const char *const calls[] = {"bpf", "openat", "faccessat", "faccessat2", "access", "unlink", "dup3", "fcntl",
    "uname", "pread64", "prlimit64", "socket", "bind", "setsockopt", "getsockname", "sendto", "recvfrom",
    "memfd_create", /* libbpf from 1.4 on: a host may have a newer one than that of the build */ NULL};
static const struct cage cage = {
    .name = "net", .calls = calls, .files = 64, .memory_mb = 64, .caps = caps, .caps_n = sizeof caps};

const struct child net_child = {
    .me = PROC_NET,
    .cage = &cage,
    .on = on,
    .open = open_all,
    .serve = serve,
    .link_up = link_up,
    .status = status,
    .stop = stop,
};
