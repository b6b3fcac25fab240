/* SPDX-License-Identifier: ISC */
/* media relays: a table of wishes from core, a gate for each, sockets that were bound at start. It decodes nothing. */
#include "base/log.h"
#include "counts.h"
#include "end.h"
#include "end_dtls.h"
#include "ended.h"
#include "engine.h"
#include "fast.h"
#include "gate.h"
#include "ipc/left_out.h"
#include "kept.h"
#include "kernel.h"
#include "media_child.h"
#include "ours.h"
#include "owned.h"
#include "patience.h"
#include "port.h"
#include "source.h"
#include <unistd.h>

enum { SOCKETS_MAX = 19000 /* and half as many again: of the 30000 descriptors that it may have */ };
enum {
	SWEEP_MS = 250,
	COUNTS_EVERY = 4,
	/* sides of which core hears that their Opus varies: a fifth of what it may be told, so that a core that stalled takes it too */
	VARYING_A_SWEEP = 5,
};

static int arena_fd = -1, look_fd = -1;
static struct arena_table table[MEDIA_TABLES];
static struct timer sweep;
static uint32_t sweeps;
static uint64_t disowned;

static struct link *core(void)
{
	return child_link(PROC_CORE, 0);
}

static void tell_failed(uint64_t join, enum relay_why why)
{
	struct link *l = core();
	struct msg_relay_failed *m = l ? ipc_begin(l, MSG_RELAY_FAILED) : NULL;

	if (!m)
		return;
	m->join = join;
	m->why = (uint8_t)why;
	ipc_end(l);
}

static void tell_relayed(const struct msg_relay *to)
{
	struct link *l = core();
	struct msg_relayed *m = l ? ipc_begin(l, MSG_RELAYED) : NULL;

	if (!m)
		return; /* core asks again */
	m->join = to->join;
	m->wish = to->wish;
	ipc_end(l);
}

static bool say_varying(const struct relay_row *r, unsigned side)
{
	struct link *l = core();
	struct msg_varying *m = l ? ipc_begin(l, MSG_VARYING) : NULL;

	if (!m)
		return false;
	m->join = r->join;
	m->side = (uint8_t)side;
	ipc_end(l);
	return true;
}

/* Once in the life of a call, whatever becomes of media. */
static void tell_varying(uint32_t index, struct relay_row *r, uint32_t *left)
{
	for (unsigned side = 0; side < 2; side++) {
		if (r->opus_changes[side] != OPUS_CHANGES_MAX || *left == 0 || !say_varying(r, side))
			continue;
		--*left;
		r->opus_changes[side] = OPUS_CHANGES_TOLD;
		table_save(index);
	}
}

void media_tell_forged(const struct relay_row *r, unsigned side, enum relay_key key)
{
	struct link *l = core();
	struct msg_forged *m = l ? ipc_begin(l, MSG_FORGED) : NULL;

	if (!m)
		return;
	m->join = r->join;
	m->side = (uint8_t)side;
	m->key = (uint8_t)key;
	ipc_end(l);
}

void media_tell_shut(const struct relay_row *r)
{
	tell_failed(r->join, RELAY_GATE_SHUT);
}

static bool is_open(uint32_t index, const struct relay_row *r, uint64_t now_ms)
{
	return ended_is(r) ? ended_is_open(index) : gate_is_open(r, now_ms);
}

static void tell_open(struct relay_row *r)
{
	struct link *l = core();
	struct msg_gate *m = l ? ipc_begin(l, MSG_GATE) : NULL;

	if (!m)
		return;
	m->join = r->join;
	m->key = ended_is(r) ? (uint8_t)ended_key(r) : r->gate.key;
	ipc_end(l);
	r->told_open = 1;
}

/* Without a row there are no sweeps, and what they look at is as old as the last. */
static void sweep_again(void)
{
	if (timer_is_set(&sweep))
		return;
	kernel_sweep_anew();
	timer_set(&child_wheel, &sweep, child_now() + SWEEP_MS);
}

static void end_row(uint32_t index)
{
	kernel_end(index);
	engine_stop(index);
	end_close(index, 0);
	end_close(index, 1);
	table_release(index);
}

/* --- what core wishes --- */

static void follow(uint32_t index, struct relay_row *r, const struct relay_spec *spec)
{
	bool was_open = ended_is(r) && ended_is_open(index), talked = patience_talk(&r->spec);

	fast_flush(); /* what waits was made for the call as it was */
	for (unsigned side = 0; side < 2; side++)
		source_forget(r, side, &spec->side[side]);
	r->spec = *spec;
	patience_follow(r, talked, child_now());
	gate_set(r, child_now());
	for (unsigned side = 0; side < 2; side++) {
		source_set(r, side, child_now());
		end_follow(index, side);
	}
	if (was_open && ended_is(r) && !ended_is_open(index)) {
		r->answered_ms = spec->answered ? child_now() : 0; /* another side's keys, and patience anew */
		r->told_open = 0;                                  /* they may be there before the next sweep */
	}
}

static void on_relay(struct link *from, const struct ipc_view *v)
{
	const struct msg_relay *m = v->payload;
	const struct relay_spec *spec = ipc_part(v, m->spec);
	uint32_t index = spec ? table_index_of_port(spec->side[0].local.port) : UINT32_MAX;

	if (!spec || m->join == 0 || !table_ports_fit(spec, index)) {
		child_accuse(from, "relay on ports that are not its to give", 0, 0);
		return;
	}
	if (!engine_has(spec)) {
		tell_failed(m->join, RELAY_NO_PORT);
		return;
	}
	struct relay_row *r = table_row(index);
	int64_t elsewhere = table_find(m->join);
	if (elsewhere >= 0 && elsewhere != (int64_t)index)
		end_row((uint32_t)elsewhere);
	if (r && r->join != m->join) { /* core gave the ports to a new call: the old one is gone */
		end_row(index);
		r = NULL;
	}
	if (!r) {
		sweep_again();
		r = table_take(index, m->join);
	}
	owned_set(index);
	follow(index, r, spec);
	if (!engine_start(index)) {
		end_row(index);
		tell_failed(m->join, RELAY_NO_PORT);
		return;
	}
	table_save(index);
	engine_hear(index);
	kernel_follow(index);
	if (m->wish && kernel_is_clear(index))
		tell_relayed(m); /* if not, core asks again */
	if (is_open(index, r, child_now()))
		tell_open(r);
}

static void on_relay_close(struct link *from, const struct ipc_view *v)
{
	const struct msg_relay_close *m = v->payload;
	int64_t index = table_find(m->join);

	(void)from;
	if (index < 0)
		return;
	counts_tell((uint32_t)index);
	end_row((uint32_t)index);
}

static void on_relays_done(struct link *from, const struct ipc_view *v)
{
	const uint64_t before = disowned;

	(void)from;
	(void)v;
	for (uint32_t i = table_next(0); i < table_rows(); i = table_next(i + 1))
		if (!owned_is(i)) {
			end_row(i);
			disowned++;
		}
	if (disowned != before)
		log_info("calls that ended while core or media was away are relayed no more");
}

static void on_ban(struct link *from, const struct ipc_view *v)
{
	const struct msg_ban *m = v->payload;

	(void)from;
	engine_ban(&m->address, m->until_ms);
}

/* --- time --- */

static void hear_kernel(uint32_t index, struct relay_row *r, uint64_t now_ms)
{
	struct kernel_news news = kernel_turn(index);

	if (news.heard)
		r->heard_ms = now_ms;
	if (news.stranger.family)
		engine_stranger(&news.stranger);
	for (unsigned side = 0; side < 2; side++)
		if (news.varies[side] && r->opus_changes[side] < OPUS_CHANGES_MAX)
			r->opus_changes[side] = OPUS_CHANGES_MAX;
}

static void sweep_row(uint32_t index, struct relay_row *r, uint64_t now_ms)
{
	bool open = is_open(index, r, now_ms);

	if (sweeps % COUNTS_EVERY == 0)
		hear_kernel(index, r, now_ms);
	if (!open)
		r->told_open = 0;
	else if (!r->told_open)
		tell_open(r);
	ended_turn(index, now_ms);
	if (r->spec.deadline_ms < now_ms) {
		tell_failed(r->join, RELAY_EXPIRED);
		end_row(index);
		return;
	}
	switch (patience_now(r, open, now_ms)) {
	case PATIENCE_GATE_SHUT:
		tell_failed(r->join, RELAY_GATE_SHUT);
		break;
	case PATIENCE_SILENT:
		tell_failed(r->join, RELAY_SILENT);
		break;
	case PATIENCE_HOLDS:
		break;
	}
	if (sweeps % COUNTS_EVERY == 0)
		counts_tell(index);
}

static void on_sweep(struct timer *t, uint64_t now_ms)
{
	uint32_t varying_left = VARYING_A_SWEEP;

	sweeps++;
	kernel_sweep();
	for (uint32_t i = table_next(0); i < table_rows(); i = table_next(i + 1)) {
		tell_varying(i, table_row(i), &varying_left);
		sweep_row(i, table_row(i), now_ms);
	}
	if (table_used())
		timer_set(&child_wheel, t, now_ms + SWEEP_MS);
}

/* --- life --- */

static void take_file(enum file_kind what, int fd)
{
	if (what == FILE_ARENA)
		arena_fd = fd;
	else if (what == FILE_ARENA_LOOK)
		look_fd = fd;
	else
		close(fd);
}

static const char *prepare(const struct site *s)
{
	const struct site *now = child_site();

	if ((uint32_t)(s->media_port_hi - s->media_port_lo + 1) * port_addresses(s) > SOCKETS_MAX)
		return "media ports: the range times the media addresses is more than 19000 sockets";
	if (!now->domain[0])
		return look_fd < 0 ? NULL : kept_judge(look_fd, s);
	if (s->media_port_lo != now->media_port_lo || s->media_port_hi != now->media_port_hi)
		return "media ports can't change while the exchange runs: restart it";
	for (int i = 0; i < s->listeners; i++)
		if (i >= now->listeners || !addr_same_ip(&s->listener[i].media, &now->listener[i].media))
			return "media addresses can't change while the exchange runs: restart it";
	return NULL;
}

static void open_all(void)
{
	const struct site *s = child_site();

	kept_open(arena_fd, s, table);
	close(arena_fd);
	engine_open(s);
	table_open(&table[MEDIA_ROWS], s->media_port_lo);
	end_open(&table[MEDIA_ENDS]);
	owned_open(table[MEDIA_ROWS].count);
	kernel_open(table[MEDIA_ROWS].count);
	ours_open();
	if (!end_dtls_open())
		log_fatal("no memory for DTLS");
	sweep.fire = on_sweep;
	timer_set(&child_wheel, &sweep, child_now() + SWEEP_MS);
}

static void resume(uint32_t i, struct relay_row *r)
{
	r->heard_ms = child_now(); /* the one in the arena is old */
	if (!engine_has(&r->spec)) {
		end_row(i);
		return;
	}
	end_resume(i, 0);
	end_resume(i, 1);
	if (!engine_start(i))
		end_row(i);
}

static void serve(void)
{
	for (uint32_t i = 0; i < table_rows(); i++) {
		if (table_row(i)) {
			resume(i, table_row(i));
			continue;
		}
		end_close(i, 0); /* keys of a row that was not taken over */
		end_close(i, 1);
	}
}

static void link_up(struct link *l)
{
	if (l->peer == PROC_LEDGER)
		left_out_ledger_up(PROC_MEDIA);
	if (l->peer != PROC_CORE)
		return;
	owned_begin();
	struct msg_ports *m = ipc_begin(l, MSG_PORTS);
	if (!m)
		return;
	m->lo = child_site()->media_port_lo;
	m->hi = child_site()->media_port_hi;
	ipc_end(l);
	ours_tell();
}

static void link_down(struct link *l)
{
	if (l->peer == PROC_SIGNER)
		farkey_gone();
}

static void status(struct proc_status *s)
{
	engine_status(s);
	ended_status(s);
	left_out_status(s, PROC_MEDIA);
	status_counter(s, "relays-disowned", disowned);
}

static ipc_handler *const on[MSG_N] = {
    [MSG_RELAY] = on_relay,
    [MSG_RELAY_CLOSE] = on_relay_close,
    [MSG_RELAYS_DONE] = on_relays_done,
    [MSG_BAN] = on_ban,
    [MSG_KERNEL_MAP] = kernel_on_map,
    [MSG_KERNEL_PATH] = kernel_on_path,
    [MSG_DTLS_CERT] = ours_on_cert,
    [MSG_SIGNED] = farkey_on_signed,
    [MSG_SPOKEN] = ended_on_spoken,
};

/* connect shuts and opens the ports, setsockopt those of IPv6 */
static const char *const calls[] = {"recvfrom", "sendto", "connect", "setsockopt", NULL};
static const struct cage cage = {.name = "media", .calls = calls, .files = 30000, .memory_mb = 512, .asks_of_maps = 1};

const struct child media_child = {
    .me = PROC_MEDIA,
    .cage = &cage,
    .on = on,
    .file = take_file,
    .prepare = prepare,
    .open = open_all,
    .serve = serve,
    .link_up = link_up,
    .link_down = link_down,
    .status = status,
};
