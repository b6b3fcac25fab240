/* SPDX-License-Identifier: ISC */
#include "kernel.h"
#include "ban_map.h"
#include "former.h"
#include "lack.h"
#include "pin.h"
#include "place.h"
#include "relay_bpf.h"
#include "tc.h"
#include "xdp.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { TRIES_OF_LACK = 3 };

static struct {
	struct bpf_object *object;
	int program, left, sender;
	int flows, tallies, bans, site, ring, sends, wires, arrivals;
	bool held;       /* programs and maps are of an earlier life, and those are the pinned ones' descriptors */
	uint32_t lacked; /* loads in a row, for lack of something */
	bool settled;    /* nothing of the life before is left */
	uint32_t ports;  /* that calls use */
	struct flow_site range;
	struct flow_site was; /* of the life before */
} kernel = {.program = -1,
    .left = -1,
    .sender = -1,
    .flows = -1,
    .tallies = -1,
    .bans = -1,
    .site = -1,
    .ring = -1,
    .sends = -1,
    .wires = -1,
    .arrivals = -1};

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* Under the name by which builds of this layout look for what they adopt: one that comes back has lost its own for the map's (R28). */
static int make_site(struct bpf_map *m)
{
	if (bpf_map__fd(m) >= 0)
		return 0;
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, pin_name(m), sizeof(uint32_t), sizeof(struct flow_site), 1, NULL),
	    r = fd < 0 ? -errno : bpf_map__reuse_fd(m, fd);

	if (fd >= 0)
		close(fd);
	return r;
}

static struct bpf_map *map_of(const char *name)
{
	struct bpf_map *m;

	bpf_object__for_each_map(m, kernel.object) if (strcmp(pin_name(m), name) == 0) return m;
	return NULL;
}

static int map_fd(const char *name)
{
	return bpf_map__fd(map_of(name));
}

static int load(const struct kernel_shape *s)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "relay");
	kernel.object = bpf_object__open_mem(relay_bpf, sizeof relay_bpf, &options);
	if (!kernel.object)
		return -errno;
	bpf_map__set_max_entries(map_of("flows"), s->ports);
	bpf_map__set_max_entries(map_of("tallies"), s->ports);
	bpf_map__set_max_entries(map_of("sends"), s->ports);
	bpf_map__set_map_flags(map_of("site"), 0); /* as others of this layout: nobody maps it */
	int r = pin_adopt(kernel.object);
	if (r == 0)
		r = make_site(map_of("site"));
	if (r == 0)
		r = bpf_object__load(kernel.object);
	if (r == 0)
		(void)former_begin(map_fd("flows"), map_fd("sends"), s->ports);
	return r == 0 ? pin_put(kernel.object) : r;
}

static int program_fd(const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(kernel.object, name));
}

static bool write_site(void)
{
	uint32_t zero = 0;

	kernel.range.bans = ban_map_used();
	kernel.range.hops = xdp_is_used();
	return bpf_map_update_elem(kernel.site, &zero, &kernel.range, BPF_ANY) == 0;
}

/* What is pinned stays for the next try, or the next life. */
static int give_up(int r)
{
	former_leave();
	bpf_object__close(kernel.object);
	kernel.object = NULL;
	kernel.flows = kernel.tallies = kernel.bans = kernel.site = kernel.ring = kernel.sends = -1;
	ban_map_use(-1);
	return r;
}

static uint32_t number_of(const struct flow_site *s)
{
	struct addr media = addr_of_ip((const uint8_t *)&s->media[0]);

	return place_number(&media, s->lo);
}

/* Before this life's is written; once, however often that is tried. */
static void note_former(void)
{
	uint32_t zero = 0;

	if (!kernel.was.hi)
		(void)bpf_map_lookup_elem(kernel.site, &zero, &kernel.was);
}

bool kernel_former(uint32_t *number)
{
	if (!kernel.was.hi)
		return false;
	*number = number_of(&kernel.was);
	return true;
}

static void take_range(const struct kernel_shape *s)
{
	kernel.ports = s->ports;
	kernel.range = (struct flow_site){.lo = s->lo, .hi = s->hi};
	memcpy(kernel.range.listener, s->listener, sizeof kernel.range.listener);
	memcpy(kernel.range.media, s->media, sizeof kernel.range.media);
	kernel.range.handle = tc_handle(number_of(&kernel.range));
}

/* --- what relays on where nothing may be loaded --- */

static bool end_strays(bool (*is_used)(uint32_t interface));

/* Those that bans and media write; without the last two it is only not known where XDP is. */
static struct {
	const char *name;
	int *fd, own;
} held[] = {{"site", &kernel.site, -1}, {"flows", &kernel.flows, -1}, {"tallies", &kernel.tallies, -1},
    {"banned", &kernel.bans, -1}, {"ring", &kernel.ring, -1}, {"sends", &kernel.sends, -1},
    {"wires", &kernel.wires, -1}, {"arrivals", &kernel.arrivals, -1}};

enum { HELD = sizeof held / sizeof *held, NEEDED = HELD - 2 };

static void let_go(void)
{
	for (int i = 0; i < HELD; i++) {
		if (held[i].own >= 0)
			close(held[i].own);
		held[i].own = -1;
	}
	kernel.held = false;
}

/* 0, or why they can't be had as they would be made here. */
static int open_held(void)
{
	for (int i = 0; i < HELD; i++) {
		held[i].own = pin_open(held[i].name);
		if (i >= NEEDED)
			continue;
		if (held[i].own < 0)
			return -errno;
		if (!pin_fits(map_of(held[i].name), held[i].own))
			return -EINVAL;
	}
	return 0;
}

static bool is_of_this_site(int site)
{
	uint32_t zero = 0;
	struct flow_site there;

	return bpf_map_lookup_elem(site, &zero, &there) == 0 && there.lo == kernel.range.lo &&
	       there.hi == kernel.range.hi && there.handle == kernel.range.handle &&
	       memcmp(there.media, kernel.range.media, sizeof there.media) == 0;
}

/* Programs of this layout and site go on, and bans, calls and their ends reach them. 0 or -errno. */
static int hold(void)
{
	int r = kernel.object ? open_held() : -ENOMEM;

	if (r == 0 && !is_of_this_site(held[0].own))
		r = -EINVAL;
	if (r != 0)
		let_go();
	kernel.held = r == 0;
	return r;
}

static void use_held(void)
{
	for (int i = 0; i < HELD; i++)
		*held[i].fd = held[i].own;
	ban_map_use(kernel.bans);
	xdp_start(&(struct xdp_set){-1, kernel.wires, kernel.arrivals});
	kernel_forget_bans();
}

static void note_pinned_site(void)
{
	int site = pin_open("site");
	uint32_t zero = 0;

	if (site < 0)
		site = former_open("site");
	if (site < 0)
		return;
	if (!kernel.was.hi)
		(void)bpf_map_lookup_elem(site, &zero, &kernel.was);
	close(site);
}

static bool is_used_by_none(uint32_t interface)
{
	xdp_end_at(interface);
	return false;
}

/* What relays by what nobody can reach is gone: sockets follow bans and calls. */
static void take_down(void)
{
	note_pinned_site();
	(void)end_strays(is_used_by_none);
}

/* A load was refused. It may be for lack of something that comes back at once. */
static int do_without(int r)
{
	int holds = hold();

	kernel.lacked = is_lack(r) ? kernel.lacked + 1 : 0;
	r = give_up(r);
	if (holds == 0)
		use_held();
	else if ((!is_lack(holds) && !is_lack(r)) || kernel.lacked >= TRIES_OF_LACK)
		take_down();
	return r;
}

bool kernel_is_held(void)
{
	return kernel.held;
}

int kernel_load(const struct kernel_shape *s)
{
	let_go();
	take_range(s);
	libbpf_set_print(quiet);
	int r = load(s);

	if (r != 0)
		return do_without(r);
	kernel.program = program_fd("relay_tc");
	kernel.left = program_fd("relay_left");
	kernel.sender = program_fd("send_tc");
	kernel.flows = map_fd("flows");
	kernel.tallies = map_fd("tallies");
	kernel.bans = map_fd("banned");
	kernel.site = map_fd("site");
	kernel.ring = map_fd("ring");
	kernel.sends = map_fd("sends");
	ban_map_use(kernel.bans);
	note_former();
	xdp_start(&(struct xdp_set){program_fd("relay_xdp"), map_fd("wires"), map_fd("arrivals")});
	kernel_forget_bans(); /* of an earlier life */
	return write_site() ? 0 : give_up(-errno);
}

int kernel_flows(void)
{
	return kernel.flows;
}

int kernel_tallies(void)
{
	return kernel.tallies;
}

int kernel_ring(void)
{
	return kernel.ring;
}

int kernel_sends(void)
{
	return kernel.sends;
}

/* --- interfaces --- */

/* 0 or -errno */
static int attach(uint32_t interface, enum bpf_tc_attach_point where, int program)
{
	uint32_t there;

	return kernel.held ? tc_find(interface, where, kernel.range.handle, &there)
	                   : tc_attach(interface, where, kernel.range.handle, program);
}

/* False: it could not be asked. */
static bool detach(uint32_t interface, enum bpf_tc_attach_point where, uint32_t handle)
{
	return !is_lack(tc_detach(interface, where, handle));
}

static bool detach_both(uint32_t interface, uint32_t handle)
{
	bool in = detach(interface, BPF_TC_INGRESS, handle), out = detach(interface, BPF_TC_EGRESS, handle);

	return in && out;
}

/* Of the life before, whose addresses or ports were others, or whose build. */
static uint32_t handle_was(void)
{
	uint32_t was = tc_handle(number_of(&kernel.was));

	if (!kernel.was.hi)
		return kernel.range.handle;
	return kernel.was.handle == was ? was : TC_HANDLE_FORMER;
}

static bool detach_former(uint32_t interface)
{
	return handle_was() == kernel.range.handle || detach_both(interface, handle_was());
}

/* Those of the life before go once these are there: no packet meets none. */
enum kernel_engine kernel_attach(uint32_t interface, const struct wire *w)
{
	int r = attach(interface, BPF_TC_INGRESS, kernel.program);

	if (r != 0)
		return is_lack(r) ? ENGINE_UNKNOWN : ENGINE_SOCKETS;
	if (kernel.held)
		return w && !w->strips && xdp_is_at(w->way.interface) ? ENGINE_XDP : ENGINE_TC;
	r = w ? attach(interface, BPF_TC_EGRESS, kernel.left) : -EOPNOTSUPP;
	if (is_lack(r))
		return ENGINE_UNKNOWN;
	bool xdp = r == 0 && xdp_take(interface, w);
	if (!xdp)
		(void)detach(interface, BPF_TC_EGRESS, kernel.range.handle);
	if (!kernel.settled && !detach_former(interface))
		return ENGINE_UNKNOWN;
	return xdp && !w->strips ? ENGINE_XDP : ENGINE_TC; /* XDP sends there, and what comes is tc's */
}

int kernel_attach_sender(uint32_t interface)
{
	return attach(interface, BPF_TC_INGRESS, kernel.sender);
}

void kernel_look(void)
{
	xdp_begin();
}

void kernel_attached(void)
{
	if (!kernel.held)
		xdp_drop_rest();
	write_site();
}

void kernel_detach(uint32_t interface)
{
	(void)detach_both(interface, kernel.range.handle);
}

static bool end_strays(bool (*is_used)(uint32_t interface))
{
	struct if_nameindex *all = if_nameindex();
	bool done = all != NULL;

	for (const struct if_nameindex *i = all; i && i->if_index; i++)
		if (!is_used(i->if_index)) {
			done = detach_both(i->if_index, kernel.range.handle) && done;
			done = detach_former(i->if_index) && done;
		}
	if_freenameindex(all);
	return done;
}

bool kernel_follow_former(void)
{
	return former_follow();
}

void kernel_end_former(void)
{
	former_end();
}

bool kernel_settle(bool (*is_used)(uint32_t interface))
{
	if (!end_strays(is_used))
		return false;
	pin_end_former();
	kernel.settled = true;
	return true;
}

/* --- bans --- */

bool kernel_ban(const struct addr *a, uint64_t until_ns)
{
	return ban_map_put(a, until_ns) && write_site();
}

void kernel_forget_bans(void)
{
	ban_map_forget();
	write_site();
}

/* --- the end --- */

/* The clock of flows. */
static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

bool kernel_in_use(void)
{
	const uint32_t n = kernel.ports;
	uint64_t now = now_ns();
	bool is = false;

	const struct flow *at = mmap(NULL, n * sizeof *at, PROT_READ, MAP_SHARED, kernel.flows, 0);
	if (at == MAP_FAILED)
		return true;
	for (uint32_t i = 0; i < n && !is; i++)
		is = at[i].deadline_ns > now;
	munmap((void *)(uintptr_t)at, n * sizeof *at);
	return is;
}

void kernel_unpin(void)
{
	xdp_begin();
	xdp_drop_rest();
	pin_end();
}
