/* SPDX-License-Identifier: ISC */
#include "kernel.h"
#include "base/clock.h"
#include "base/log.h"
#include "ended.h"
#include "fast.h"
#include "flow_make.h"
#include "handed.h"
#include "map.h"
#include "path.h"
#include "round.h"
#include "route.h"
#include "source.h"
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* PAUSE_SWEEPS_MAX: of 250 ms. ROUND: so many rows at once, up to four questions to the kernel for each, and packets in between */
enum {
	DRIFT_MS = 50,
	NS_PER_MS = 1000000,
	PAUSE_SWEEPS_MAX = 128,
	ROUND_ROWS = 32,
	ROUND_MS = 5,
	NET_PATIENCE_MS = 10000
};

static struct {
	int flows; /* -1: net gave none */
	struct flow_tally *tally;
	uint32_t tallies;
	struct slot {
		bool in;
		struct flow_key key;
		struct flow flow;
		uint64_t passed, stranger; /* at the last turn */
	} * slot;                          /* four for each row */
	struct round round;                /* of rows that are to be followed again */
	struct timer turn;                 /* of it */
	bool changed;                      /* after this round all are */
	uint64_t *left;                    /* by row: the call of the life before, whose flows may stand */
	uint64_t opened_ms;
	uint32_t pause_sweeps, wait_sweeps; /* until the next, for those that were in vain */
	uint32_t vain_sweeps;               /* the pause after this round, if it is in vain too */
	uint32_t rows;
	int64_t ahead_ms; /* CLOCK_BOOTTIME before CLOCK_MONOTONIC */
	uint32_t in;
	uint64_t passed, dropped, refused, handed, sent; /* of rows that ended, but passed and refused */
} kernel = {.flows = -1};

static uint32_t slot_of(uint32_t row, unsigned side, unsigned component)
{
	return row * RELAY_PORTS + side * COMPONENTS + component;
}

static struct flow_tally *tally_of(uint32_t row, unsigned side, unsigned component)
{
	return kernel.tally ? &kernel.tally[slot_of(row, side, component)] : NULL;
}

/* --- the maps --- */

static long bpf_elem(int command, const void *key, void *value)
{
	return map_elem(kernel.flows, command, key, value);
}

static int64_t clocks_apart_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)clock_boot_ms() - ((int64_t)t.tv_sec * 1000 + t.tv_nsec / NS_PER_MS);
}

void kernel_open(uint32_t rows)
{
	kernel.rows = rows;
	fast_open(rows);
	quality_open(rows);
	kernel.ahead_ms = clocks_apart_ms();
	kernel.slot = calloc((size_t)rows * RELAY_PORTS, sizeof *kernel.slot);
	kernel.round = (struct round){.due = calloc(rows, sizeof(bool)), .rows = rows};
	kernel.left = calloc(rows, sizeof *kernel.left);
	if (!kernel.slot || !kernel.round.due || !kernel.left)
		log_fatal("no memory for flows");
	kernel.opened_ms = child_now();
	for (uint32_t i = 0; i < rows; i++)
		kernel.left[i] = table_row(i) ? table_row(i)->join : 0;
	int r = route_open();
	if (r != 0)
		log_warn("no netlink, so that all calls go by sockets: %s", strerror(-r));
}

/* --- following --- */

/* The packets of a port go another way from now on. */
static void cut(const struct slot *s)
{
	uint32_t i = (uint32_t)(s - kernel.slot);

	if (i % COMPONENTS != COMPONENT_RTP)
		return;
	quality_cut_here(i / RELAY_PORTS, i % RELAY_PORTS / COMPONENTS);
	if (kernel.tally)
		quality_cut(&kernel.tally[i].stream);
}

/* Whoever had the port's packets has them still: an earlier life may have left this flow. */
static bool goes_on(const struct slot *s, const struct flow_key *key, const struct flow *flow)
{
	struct flow was = s->flow;

	return (s->in || bpf_elem(BPF_MAP_LOOKUP_ELEM, key, &was) == 0) && was.ended == flow->ended &&
	       was.from_port == flow->from_port && memcmp(&was.from, &flow->from, sizeof was.from) == 0;
}

/* After each writing and before the next, which may be into the memory of what this one replaced (bpf/datagram.h). */
static void note_written(uint32_t slot, uint16_t written)
{
	__atomic_store_n(&kernel.tally[slot].written, written, __ATOMIC_RELEASE);
}

/* Neither this writing nor the next. */
static void note_deleted(uint32_t slot)
{
	note_written(slot, (uint16_t)(kernel.tally[slot].written + 2));
}

static void clear_tally(struct flow_tally *t)
{
	uint16_t written = t->written;

	memset(t, 0, sizeof *t);
	t->written = written;
}

static void take_out(struct slot *s)
{
	if (!s->in)
		return;
	if (bpf_elem(BPF_MAP_DELETE_ELEM, &s->key, NULL) != 0 && errno != ENOENT)
		kernel.refused++;
	note_deleted((uint32_t)(s - kernel.slot));
	s->in = false;
	kernel.in--;
	cut(s);
}

static void put_in(struct slot *s, const struct flow_key *key, struct flow *flow)
{
	if (s->in && memcmp(&s->key, key, sizeof *key) != 0)
		take_out(s);
	flow->written = s->flow.written;
	if (s->in && memcmp(&s->flow, flow, sizeof *flow) == 0)
		return;
	if (!goes_on(s, key, flow))
		cut(s);
	flow->written = (uint16_t)(kernel.tally[flow->slot].written + 1);
	s->key = *key;
	s->flow = *flow;
	if (bpf_elem(BPF_MAP_UPDATE_ELEM, &s->key, &s->flow) != 0) {
		kernel.refused++; /* an older one of this port must not stay */
		take_out(s);
		kernel_follow_again((uint32_t)(s - kernel.slot) / RELAY_PORTS);
		return;
	}
	note_written(flow->slot, flow->written);
	kernel.in += !s->in;
	s->in = true;
}

/* 0, -ENETUNREACH or -EAGAIN (route.h). What ends here needs no way out: it goes to media. */
static int made(const struct relay_row *r, unsigned side, unsigned component, struct flow_clock clock,
    struct flow_key *key, struct flow *flow)
{
	bool ends = ended_is(r);

	if (ends ? !fast_has_ring() || !flow_make_ended(r, side, component, clock, key, flow)
		 : !flow_make(r, side, component, clock, key, flow))
		return -ENETUNREACH;
	key->interface = path_in(&r->spec.side[side].local);
	if (!key->interface)
		return -ENETUNREACH;
	return ends ? 0 : path_to(source_where(r, !side, component), &r->spec.side[!side].local, flow);
}

void kernel_follow_again(uint32_t row)
{
	kernel.round.due[row] = true;
	if (!kernel.wait_sweeps)
		kernel.wait_sweeps = kernel.pause_sweeps = 1;
}

void kernel_follow(uint32_t row)
{
	const struct relay_row *r = table_row(row);
	struct flow_clock clock = {child_now(), kernel.ahead_ms};
	struct flow_key key;
	struct flow flow;

	for (unsigned i = 0; kernel.flows >= 0 && i < RELAY_PORTS; i++) {
		unsigned side = i / COMPONENTS, component = i % COMPONENTS;
		struct slot *s = &kernel.slot[row * RELAY_PORTS + i];
		int how = r ? made(r, side, component, clock, &key, &flow) : -ENETUNREACH;
		if (how == -EAGAIN) {
			kernel_follow_again(row);
			how = s->in && flow_take_way(&s->flow, &flow) ? 0 : -ENETUNREACH;
		}
		if (how != 0) {
			take_out(s);
			continue;
		}
		flow.slot = row * RELAY_PORTS + i;
		put_in(s, &key, &flow);
	}
	fast_follow(row);
}

static void follow_all(void)
{
	for (uint32_t i = 0; i < kernel.rows; i++)
		if (table_row(i))
			kernel_follow(i);
}

/* Each way is asked of the kernel, which for all at once would keep packets waiting. */
static void on_turn(struct timer *t, uint64_t now_ms)
{
	uint32_t row;

	for (int i = 0; i < ROUND_ROWS; i++) {
		if (!round_next(&kernel.round, &row))
			break;
		if (table_row(row))
			kernel_follow(row);
	}
	if (kernel.round.runs)
		timer_set(&child_wheel, t, now_ms + ROUND_MS);
	else if (kernel.wait_sweeps)
		kernel.wait_sweeps = kernel.pause_sweeps = kernel.vain_sweeps;
}

/* The pause grows as long as it was in vain for one of them. */
static void begin_round(uint32_t vain_sweeps)
{
	kernel.vain_sweeps = vain_sweeps < PAUSE_SWEEPS_MAX ? vain_sweeps : PAUSE_SWEEPS_MAX;
	kernel.wait_sweeps = 0;
	kernel.turn.fire = on_turn;
	round_begin(&kernel.round);
	on_turn(&kernel.turn, child_now());
}

/* One round at a time, begun with a sweep, whatever changes how often. */
static void go_round(void)
{
	if (kernel.round.runs)
		return;
	bool all = kernel.changed && kernel.flows >= 0;
	kernel.changed = false;
	if (all) {
		memset(kernel.round.due, true, kernel.rows * sizeof *kernel.round.due);
		begin_round(1);
	} else if (kernel.wait_sweeps && --kernel.wait_sweeps == 0)
		begin_round(2 * kernel.pause_sweeps);
}

bool kernel_is_clear(uint32_t row)
{
	return kernel.flows >= 0 || !kernel.left[row] || kernel.left[row] == table_row(row)->join ||
	       child_now() > kernel.opened_ms + NET_PATIENCE_MS;
}

void kernel_end(uint32_t row)
{
	kernel.round.due[row] = false;
	kernel.dropped += kernel_dropped(row, 0) + kernel_dropped(row, 1);
	(void)kernel_turn(row);
	fast_end(row);
	quality_end(row);
	for (unsigned i = 0; i < RELAY_PORTS; i++) {
		struct slot *s = &kernel.slot[row * RELAY_PORTS + i];
		take_out(s);
		*s = (struct slot){0};
		if (kernel.tally) {
			struct flow_tally *t = &kernel.tally[row * RELAY_PORTS + i];
			kernel.handed += t->handed;
			kernel.sent += t->sent;
			clear_tally(t);
		}
	}
}

/* --- what net says --- */

/* What an earlier life left and no call owns. */
static void remove_orphans(void)
{
	struct flow_key key, *at = NULL, kept;
	struct flow flow;

	for (uint32_t most = 2 * kernel.rows * RELAY_PORTS * PATHS_MAX; most; most--) {
		if (bpf_elem(BPF_MAP_GET_NEXT_KEY, at, &key) != 0)
			return;
		bool read = bpf_elem(BPF_MAP_LOOKUP_ELEM, &key, &flow) == 0;
		const struct slot *s = read && flow.slot < kernel.rows * RELAY_PORTS ? &kernel.slot[flow.slot] : NULL;
		if (s && s->in && memcmp(&s->key, &key, sizeof key) == 0) {
			kept = key;
			at = &kept;
			continue;
		}
		if (bpf_elem(BPF_MAP_DELETE_ELEM, &key, NULL) != 0)
			return;
		if (s && !s->in)
			note_deleted(flow.slot);
	}
}

static void take_flows(int fd)
{
	if (kernel.flows >= 0)
		close(kernel.flows);
	kernel.flows = fd;
	for (uint32_t i = 0; i < kernel.rows * RELAY_PORTS; i++)
		kernel.slot[i].in = false;
	kernel.in = 0;
	follow_all();
	remove_orphans();
}

static void take_tallies(int fd, uint32_t n)
{
	size_t size = (size_t)n * sizeof *kernel.tally;
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	if (at == MAP_FAILED) {
		log_error("the kernel's counts can't be mapped: %s", strerror(errno));
		return;
	}
	if (kernel.tally)
		munmap(kernel.tally, (size_t)kernel.tallies * sizeof *kernel.tally);
	kernel.tally = at;
	kernel.tallies = n;
	for (uint32_t i = 0; i < n; i++) {
		if (!table_row(i / RELAY_PORTS)) /* what is counted of ports that no call has */
			clear_tally(&kernel.tally[i]);
		kernel.slot[i].passed = kernel.tally[i].passed;
		kernel.slot[i].stranger = kernel.tally[i].dropped[FLOW_STRANGER];
	}
}

/* A descriptor that says it is the map, and is something else, would be read and written beyond its elements or ours. */
static bool is_what_it_says(const struct msg_kernel_map *m, int fd)
{
	const struct map_shape shape[] = {
	    [KERNEL_TALLIES] = {BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(struct flow_tally), m->ports,
		BPF_F_MMAPABLE},
	    [KERNEL_FLOWS] = {BPF_MAP_TYPE_HASH, sizeof(struct flow_key), sizeof(struct flow), 0, 0},
	    [KERNEL_SENDS] = {BPF_MAP_TYPE_HASH, sizeof(uint32_t), sizeof(struct flow), 0, 0},
	    [KERNEL_RING] = {BPF_MAP_TYPE_RINGBUF, 0, 0, RING_OCTETS, 0},
	};

	return m->what == KERNEL_SENDER || map_is(fd, &shape[m->what]);
}

void kernel_on_map(struct link *from, const struct ipc_view *v)
{
	const struct msg_kernel_map *m = v->payload;

	if (m->lo != table_first_port() || m->ports != kernel.rows * RELAY_PORTS) {
		close(v->fd);
		child_accuse(from, "maps for other ports", 0, 0);
		return;
	}
	if (!is_what_it_says(m, v->fd)) {
		bool not_asked =
		    errno == EPERM; /* a kernel that keeps bpf() from us whole: its maps are of no use then */
		close(v->fd);
		if (!not_asked)
			child_accuse(from, "gives for a map what is none of its shape", 0, 0);
		return;
	}
	switch ((enum kernel_map)m->what) {
	case KERNEL_TALLIES:
		take_tallies(v->fd, m->ports);
		return;
	case KERNEL_RING:
		fast_take_ring(v->fd);
		if (kernel.flows >= 0)
			follow_all(); /* without one, flows must not say so */
		return;
	case KERNEL_SENDS:
		fast_take_sends(v->fd);
		for (uint32_t i = 0; i < kernel.rows; i++)
			if (table_row(i))
				fast_follow(i);
		return;
	case KERNEL_SENDER:
		fast_take_sender(v->fd);
		return;
	case KERNEL_FLOWS:
		if (kernel.tally) {
			take_flows(v->fd);
			return;
		}
		break;
	case KERNEL_MAPS:
		break;
	}
	close(v->fd);
}

void kernel_on_path(struct link *from, const struct ipc_view *v)
{
	const struct msg_kernel_path *m = v->payload;

	enum path_news news = path_set(&m->address, m->interface);

	if (news == PATH_REFUSED)
		child_accuse(from, "more paths than addresses", 0, 0);
	kernel.changed |= news == PATH_NEW;
}

/* --- what was counted --- */

uint64_t kernel_passed(uint32_t row, unsigned side)
{
	uint64_t n = 0;

	for (unsigned c = 0; kernel.tally && c < COMPONENTS; c++)
		n += tally_of(row, side, c)->passed;
	return n;
}

uint64_t kernel_dropped(uint32_t row, unsigned side)
{
	uint64_t n = 0;

	for (unsigned c = 0; kernel.tally && c < COMPONENTS; c++)
		for (int why = FLOW_STRANGER; why < FLOW_DROPS; why++)
			n += tally_of(row, side, c)->dropped[why];
	return n;
}

struct quality kernel_quality(uint32_t row, unsigned side)
{
	const struct flow_tally *t = tally_of(row, side, COMPONENT_RTP);
	const struct slot *s = &kernel.slot[slot_of(row, side, COMPONENT_RTP)];

	return quality_of(row, side, t ? &t->stream : NULL, s->in && !s->flow.ended);
}

static void stranger_of(const struct flow_tally *t, uint8_t family, struct addr *out)
{
	*out = (struct addr){.family = family, .port = ntohs(t->stranger_port)};
	memcpy(out->ip, &t->stranger, sizeof out->ip);
	if (!addr_ok(out)) /* being written just now */
		*out = (struct addr){0};
}

struct kernel_news kernel_turn(uint32_t row)
{
	struct kernel_news news = {0};

	for (unsigned i = 0; kernel.tally && i < RELAY_PORTS; i++) {
		const struct flow_tally *t = &kernel.tally[row * RELAY_PORTS + i];
		struct slot *s = &kernel.slot[row * RELAY_PORTS + i];
		if (t->passed != s->passed) {
			news.heard = true;
			kernel.passed += t->passed - s->passed;
			s->passed = t->passed;
		}
		if (t->dropped[FLOW_STRANGER] != s->stranger) {
			s->stranger = t->dropped[FLOW_STRANGER];
			stranger_of(t, s->flow.family, &news.stranger);
		}
		news.varies[i / COMPONENTS] |= t->opus_changes >= FLOW_OPUS_CHANGES;
	}
	return news;
}

void kernel_sweep(void)
{
	int64_t ahead_ms = clocks_apart_ms();
	bool slept = llabs(ahead_ms - kernel.ahead_ms) > DRIFT_MS;

	if (slept)
		kernel.ahead_ms = ahead_ms;
	kernel.changed |= route_changed() || slept;
	go_round();
}

void kernel_status(struct proc_status *s)
{
	uint64_t dropped = 0, handed = 0, sent = 0;

	for (uint32_t i = 0; kernel.tally && i < kernel.tallies; i++) {
		handed += kernel.tally[i].handed;
		sent += kernel.tally[i].sent;
	}
	for (uint32_t i = table_next(0); i < table_rows(); i = table_next(i + 1))
		dropped += kernel_dropped(i, 0) + kernel_dropped(i, 1);
	status_add(s, "kernel-flows", STATUS_POOL, kernel.in, kernel.flows < 0 ? 0 : kernel.rows * RELAY_PORTS,
	    kernel.in, kernel.refused);
	if (!route_is_open())
		status_counter(s, "no-netlink", 1);
	status_counter(s, "kernel-handed", kernel.handed + handed);
	status_counter(s, "kernel-sent", kernel.sent + sent);
	status_counter(s, "kernel-passed", kernel.passed);
	status_counter(s, "kernel-dropped", kernel.dropped + dropped);
}
