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
#include "written.h"
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
	struct flow *flow; /* mapped, as are the tallies; NULL: net gave none */
	struct flow_tally *tally;
	struct slot {
		bool in;
		uint64_t passed, stranger; /* at the last turn */
	} * slot;                          /* four for each row, as of flows and tallies */
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
	uint64_t passed, dropped, handed, sent; /* of rows that ended, but passed */
} kernel;

static uint32_t slots(void)
{
	return kernel.rows * RELAY_PORTS;
}

static uint32_t slot_of(uint32_t row, unsigned side, unsigned component)
{
	return row * RELAY_PORTS + side * COMPONENTS + component;
}

static struct flow_tally *tally_of(uint32_t row, unsigned side, unsigned component)
{
	return kernel.tally ? &kernel.tally[slot_of(row, side, component)] : NULL;
}

/* --- the maps --- */

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
	kernel.slot = calloc(slots(), sizeof *kernel.slot);
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
static bool goes_on(const struct flow *was, const struct flow *flow)
{
	return was->deadline_ns && (was->takes & FLOW_ENDS) == (flow->takes & FLOW_ENDS) &&
	       was->from_port == flow->from_port && memcmp(&was->from, &flow->from, sizeof was->from) == 0;
}

static void take_out(struct slot *s)
{
	static const struct flow none;
	struct flow *at = &kernel.flow[s - kernel.slot];

	if (at->deadline_ns)
		flow_write(at, &none);
	if (!s->in)
		return;
	s->in = false;
	kernel.in--;
	cut(s);
}

static void put_in(struct slot *s, const struct flow *flow)
{
	struct flow *at = &kernel.flow[s - kernel.slot];

	if (!goes_on(at, flow))
		cut(s);
	if (!flow_is(at, flow))
		flow_write(at, flow);
	kernel.in += !s->in;
	s->in = true;
}

/* 0, -ENETUNREACH or -EAGAIN (route.h). What ends here needs no way out: it goes to media. */
static int made(
    const struct relay_row *r, unsigned side, unsigned component, struct flow_clock clock, struct flow *flow)
{
	bool ends = ended_is(r);

	if (ends ? !fast_has_ring() || !flow_make_ended(r, side, component, clock, flow)
		 : !flow_make(r, side, component, clock, flow))
		return -ENETUNREACH;
	flow->iif = path_in(&r->spec.side[side].local);
	if (!flow->iif)
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
	struct flow flow;

	for (unsigned i = 0; kernel.flow && i < RELAY_PORTS; i++) {
		unsigned side = i / COMPONENTS, component = i % COMPONENTS;
		struct slot *s = &kernel.slot[row * RELAY_PORTS + i];
		int how = r ? made(r, side, component, clock, &flow) : -ENETUNREACH;
		if (how == -EAGAIN) {
			kernel_follow_again(row);
			const struct flow *stands =
			    &kernel.flow[s - kernel.slot]; /* of this life, or of the one before */
			how = !(stands->written & 1) && flow_take_way(stands, &flow) ? 0 : -ENETUNREACH;
		}
		if (how == 0)
			put_in(s, &flow);
		else
			take_out(s);
	}
	fast_follow(row);
}

/* What no call owns is of an earlier life. */
static void follow_all(void)
{
	for (uint32_t i = 0; i < kernel.rows; i++)
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
	bool all = kernel.changed && kernel.flow;
	kernel.changed = false;
	if (all) {
		memset(kernel.round.due, true, kernel.rows * sizeof *kernel.round.due);
		begin_round(1);
	} else if (kernel.wait_sweeps && --kernel.wait_sweeps == 0)
		begin_round(2 * kernel.pause_sweeps);
}

bool kernel_is_clear(uint32_t row)
{
	return kernel.flow || !kernel.left[row] || kernel.left[row] == table_row(row)->join ||
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
		if (kernel.flow)
			take_out(s);
		*s = (struct slot){0};
		if (kernel.tally) {
			struct flow_tally *t = &kernel.tally[row * RELAY_PORTS + i];
			kernel.handed += t->handed;
			kernel.sent += t->sent;
			memset(t, 0, sizeof *t);
		}
	}
}

/* --- what net says --- */

static void take_flows(int fd)
{
	struct flow *at = map_entries(fd, sizeof *at, slots());

	if (!at)
		return;
	if (kernel.flow)
		munmap(kernel.flow, slots() * sizeof *at);
	kernel.flow = at;
	for (uint32_t i = 0; i < slots(); i++)
		kernel.slot[i].in = false;
	kernel.in = 0;
	follow_all();
}

static void take_tallies(int fd)
{
	struct flow_tally *at = map_entries(fd, sizeof *at, slots());

	if (!at)
		return;
	if (kernel.tally)
		munmap(kernel.tally, slots() * sizeof *at);
	kernel.tally = at;
	for (uint32_t i = 0; i < slots(); i++) {
		if (!table_row(i / RELAY_PORTS)) /* what is counted of ports that no call has */
			memset(&at[i], 0, sizeof *at);
		kernel.slot[i].passed = at[i].passed;
		kernel.slot[i].stranger = at[i].dropped[FLOW_STRANGER];
	}
}

/* A descriptor that says it is the map, and is something else, would be read and written beyond its elements or ours. */
static bool is_what_it_says(const struct msg_kernel_map *m, int fd)
{
	enum { KEY = sizeof(uint32_t), FLOW = sizeof(struct flow), TALLY = sizeof(struct flow_tally) };
	const struct map_shape shape[] = {
	    [KERNEL_TALLIES] = {BPF_MAP_TYPE_ARRAY, KEY, TALLY, m->ports, BPF_F_MMAPABLE},
	    [KERNEL_FLOWS] = {BPF_MAP_TYPE_ARRAY, KEY, FLOW, m->ports, BPF_F_MMAPABLE},
	    [KERNEL_SENDS] = {BPF_MAP_TYPE_ARRAY, KEY, FLOW, m->ports, BPF_F_MMAPABLE},
	    [KERNEL_RING] = {BPF_MAP_TYPE_RINGBUF, 0, 0, RING_OCTETS, 0},
	};

	return m->what == KERNEL_SENDER || map_is(fd, &shape[m->what]);
}

void kernel_on_map(struct link *from, const struct ipc_view *v)
{
	const struct msg_kernel_map *m = v->payload;

	if (m->lo != table_first_port() || m->ports != slots()) {
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
		take_tallies(v->fd);
		return;
	case KERNEL_RING:
		fast_take_ring(v->fd);
		if (kernel.flow)
			follow_all(); /* without one, flows must not say so */
		return;
	case KERNEL_SENDS:
		fast_take_sends(v->fd);
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

	bool here = s->in && !(kernel.flow[s - kernel.slot].takes & FLOW_ENDS);
	return quality_of(row, side, t ? &t->stream : NULL, here);
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
			stranger_of(t, table_row(row)->spec.side[i / COMPONENTS].local.family, &news.stranger);
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

void kernel_sweep_anew(void)
{
	kernel.wait_sweeps = kernel.pause_sweeps = 0;
	kernel_sweep();
}

void kernel_status(struct proc_status *s)
{
	uint64_t dropped = 0, handed = 0, sent = 0;

	for (uint32_t i = 0; kernel.tally && i < slots(); i++) {
		handed += kernel.tally[i].handed;
		sent += kernel.tally[i].sent;
	}
	for (uint32_t i = table_next(0); i < table_rows(); i = table_next(i + 1))
		dropped += kernel_dropped(i, 0) + kernel_dropped(i, 1);
	status_add(s, "kernel-flows", STATUS_POOL, kernel.in, kernel.flow ? slots() : 0, kernel.in, 0);
	if (!route_is_open())
		status_counter(s, "no-netlink", 1);
	status_counter(s, "kernel-handed", kernel.handed + handed);
	status_counter(s, "kernel-sent", kernel.sent + sent);
	status_counter(s, "kernel-passed", kernel.passed);
	status_counter(s, "kernel-dropped", kernel.dropped + dropped);
}
