/* SPDX-License-Identifier: ISC */
#include "engine.h"
#include "base/ban_table.h"
#include "base/log.h"
#include "base/ratelimit.h"
#include "early.h"
#include "end.h"
#include "ended.h"
#include "fast.h"
#include "gate.h"
#include "gather.h"
#include "ice.h"
#include "kernel.h"
#include "near.h"
#include "police.h"
#include "port.h"
#include "quality.h"
#include "source.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

enum {
	BURST = 16,      /* packets read from one socket before the others have their turn */
	OLDER_MAX = 512, /* more than a socket's buffer holds of a phone's packets */
	PACKET_MAX = 2048,
	STRANGER_EVENT_MS = 10000,
};

static struct {
	struct ratelimit strangers; /* told of */
	uint64_t passed, dropped[DROP_KINDS], banned;
} engine;

static struct ban_table bans;
static uint32_t bans_peak;
static uint64_t bans_refused;

void engine_ban(const struct addr *a, uint64_t until_ms)
{
	bans_refused += !ban_table_set(&bans, a, until_ms, child_now()); /* core keeps no more than fit */
	uint32_t now = ban_table_used(&bans, child_now());
	bans_peak = now > bans_peak ? now : bans_peak;
}

/* --- packets --- */

void engine_send(const struct relay_side *local, unsigned component, const struct addr *to, struct span packet)
{
	struct addr from = local->local;

	if (component == COMPONENT_RTCP)
		from.port = local->local_rtcp;
	struct port *p = port_get(&from);
	if (!p)
		return;
	near_follow(p, to);
	if (!near_send(p, to, packet))
		port_send(p, to, packet);
}

void engine_drop(struct relay_row *r, unsigned side, enum drop why)
{
	r->dropped[side][why]++;
	engine.dropped[why]++;
}

void engine_passed(struct relay_row *r, unsigned side)
{
	r->passed[side]++;
	r->heard_ms = child_now();
	engine.passed++;
}

/* What must survive did change, and may be what the kernel relays by. */
static void keep(uint32_t row)
{
	table_save(row);
	kernel_follow(row);
}

void engine_stranger(const struct addr *from)
{
	if (ratelimit_take(&engine.strangers, 1, STRANGER_EVENT_MS, child_now()))
		child_event(
		    EVENT_MEDIA_STRANGER, SEVERITY_WARNING, 0, 0, from, "media from an address that is not the leg's");
}

static void stranger(struct relay_row *r, unsigned side, const struct addr *from)
{
	engine_drop(r, side, DROP_STRANGER);
	engine_stranger(from);
}

static void check_ice(struct relay_row *r, struct port *p, const struct addr *from, struct span packet)
{
	uint8_t room[STUN_ANSWER_MAX];
	struct buf answer = buf_of(room, sizeof room);
	const struct relay_side *s = &r->spec.side[p->side];
	uint32_t nominates = 0;

	/* one who does not know our name fragment costs no digest, and takes nothing from the bucket of the phone */
	enum ice_result result = ice_check(s, from, packet, &answer, &nominates);
	if (result == ICE_STRANGER) {
		engine_drop(r, p->side, DROP_STRANGER);
		return;
	}
	if (!police_ok(&p->keying, POLICE_KEYING_A_SECOND, child_now())) {
		engine_drop(r, p->side, DROP_POLICED);
		return;
	}
	const struct source_check check = {&p->pair, nominates, child_now(), kernel_passed(p->row, p->side)};
	if (result == ICE_PROVED && source_proved(r, p->side, p->component, from, &check))
		keep(p->row);
	if (answer.n && !answer.full)
		port_send(p, from, buf_span(&answer));
}

/* A Hello of ZRTP costs a hash, and DTLS a look at each record: nobody has more of them judged than he may have passed on. */
static bool is_judged(struct port *p, struct span packet)
{
	const enum wire_kind kind = wire_classify(packet);

	return (kind != WIRE_DTLS && kind != WIRE_ZRTP) || police_ok(&p->keying, POLICE_KEYING_A_SECOND, child_now());
}

static void pass(struct relay_row *r, struct port *p, struct span packet, enum gate_kind kind)
{
	const struct relay_side *to = &r->spec.side[!p->side];
	const struct addr *where = source_where(r, !p->side, p->component);

	if (!where->family) {
		engine_drop(r, p->side, DROP_NOWHERE);
		return;
	}
	if (kind == GATE_MEDIA && !police_ok(&p->media, POLICE_MEDIA_A_SECOND, child_now())) {
		engine_drop(r, p->side, DROP_POLICED);
		return;
	}
	engine_send(to, p->component, where, packet);
	engine_passed(r, p->side);
}

static void on_ended(struct port *p, const struct addr *from, struct span packet)
{
	ended_packet(&(struct arrival){.row = p->row,
	    .side = p->side,
	    .component = p->component,
	    .from = from,
	    .p = (uint8_t *)(uintptr_t)packet.p, /* on_packets()'s own */
	    .n = packet.n,
	    .media = &p->media,
	    .keying = &p->keying});
}

static void on_passing(struct port *p, struct span packet)
{
	struct relay_row *r = table_row(p->row);

	if (!is_judged(p, packet)) {
		engine_drop(r, p->side, DROP_POLICED);
		return;
	}
	struct gate_verdict v = gate_judge(r, p->side, p->component, packet, child_now());

	if (v.drop)
		engine_drop(r, p->side, v.drop);
	else {
		if (v.kind == GATE_MEDIA)
			quality_take_packet(p->row, p->side, packet);
		pass(r, p, packet, v.kind);
	}
	if (v.forged)
		media_tell_forged(r, p->side, RELAY_KEY_ZRTP);
	if (v.changed)
		keep(p->row);
}

static void on_packet(struct port *p, const struct addr *from, struct span packet)
{
	struct relay_row *r = table_row(p->row);
	bool learned;

	if (!r)
		return;
	if (ban_table_has(&bans, from, child_now())) {
		engine.banned++;
		return;
	}
	if (wire_classify(packet) == WIRE_STUN) {
		check_ice(r, p, from, packet);
		return;
	}
	if (!source_ok(r, p->side, p->component, from, child_now(), &learned)) {
		stranger(r, p->side, from);
		return;
	}
	if (learned)
		keep(p->row);
	p->pair.heard_ms = child_now();
	near_follow(p, from);
	if (r->spec.side[p->side].end == RELAY_PASSING)
		on_passing(p, packet);
	else
		on_ended(p, from, packet);
}

/* Of one that is connected nobody asks from whom it is. */
static ssize_t receive(const struct port *p, const ev_io *io, uint8_t packet[PACKET_MAX], struct addr *from)
{
	struct sockaddr_storage sa;
	socklen_t sa_n = sizeof sa;
	bool near = io == &p->near && p->near_to.family;
	ssize_t n = recvfrom(io->fd, packet, PACKET_MAX, MSG_DONTWAIT | MSG_TRUNC, near ? NULL : (struct sockaddr *)&sa,
	    near ? NULL : &sa_n);

	if (near)
		*from = p->near_to;
	else if (n >= 0 && !addr_from_sockaddr((struct sockaddr *)&sa, from))
		return 0;
	return n;
}

/* While the kernel copies the packet, the memory that it will be judged by comes near: of thousands of calls none is in the cache any more. */
static void prefetch(const struct port *p)
{
	const struct port *other = p->side ? p - COMPONENTS : p + COMPONENTS; /* where both sides have one address */

	__builtin_prefetch(&p->media, 1);
	__builtin_prefetch(&p->pair.heard_ms, 1);
	__builtin_prefetch(&other->io.fd);
	__builtin_prefetch(&other->near.fd);
	__builtin_prefetch(&other->near_to);
	table_prefetch(p->row, p->side);
	quality_prefetch(p->row, p->side);
	end_prefetch(p->row, p->side);
}

static void on_packets(struct port *p, const ev_io *io)
{
	uint8_t packet[PACKET_MAX];
	struct addr from;
	unsigned now = ev_iteration(child_loop());
	/* a phone's packets come one by one, and to ask for a second that is not there costs as much as a third of the first */
	int most = p->older ? OLDER_MAX : now - p->turn <= 1 ? BURST : 1;

	prefetch(p);
	p->turn = now;
	for (int i = 0; i < most; i++) {
		ssize_t n = receive(p, io, packet, &from);
		if (n < 0 && errno == EAGAIN)
			return;
		gather_took();
		if (n <= 0 || (size_t)n > sizeof packet)
			continue;
		on_packet(p, &from, span_of(packet, (size_t)n));
	}
	if (most > 1)
		gather_left();
}

static struct port *row_port(const struct relay_spec *spec, unsigned side, unsigned component)
{
	struct addr local = spec->side[side].local;

	local.port = (uint16_t)(local.port + component);
	return port_get(&local);
}

void engine_handed(uint32_t row, unsigned side, const struct addr *from, struct span packet)
{
	struct port *p = row_port(&table_row(row)->spec, side, COMPONENT_RTP);

	if (p && p->used)
		on_packet(p, from, packet);
}

void engine_open(const struct site *s)
{
	if (!ban_table_init(&bans))
		log_fatal("no memory for bans");
	gather_open();
	port_open_all(s, on_packets);
}

/* --- rows --- */

bool engine_has(const struct relay_spec *spec)
{
	for (unsigned side = 0; side < 2; side++)
		for (unsigned c = 0; c < COMPONENTS; c++)
			if (!row_port(spec, side, c))
				return false;
	return true;
}

/* Is it said who sends there? */
static bool is_known(const struct relay_side *s)
{
	return s->present && (s->end != RELAY_PASSING || s->key != RELAY_KEY_NONE);
}

bool engine_start(uint32_t index)
{
	const struct relay_spec *spec = &table_row(index)->spec;
	bool ok = true;

	for (unsigned side = 0; side < 2; side++)
		for (unsigned c = 0; c < COMPONENTS; c++) {
			if (!is_known(&spec->side[side])) {
				port_await(index, side * COMPONENTS + c);
				continue;
			}
			/* the leg may have moved to a listener with another media address */
			struct port *p = row_port(spec, side, c);
			port_leave_others(index, side * COMPONENTS + c, p);
			ok = p && port_use(p) && ok;
		}
	return ok;
}

void engine_hear(uint32_t index)
{
	struct port *fresh[RELAY_PORTS];
	struct pollfd look[RELAY_PORTS];
	struct addr from;
	struct span packet;
	nfds_t n = 0;

	for (unsigned side = 0; side < 2; side++)
		for (unsigned c = 0; c < COMPONENTS; c++) {
			struct port *p = row_port(&table_row(index)->spec, side, c);
			if (!p || !p->used || !p->fresh)
				continue;
			p->fresh = false;
			while (early_take(p, &from, &packet))
				on_packet(p, &from, packet);
			look[n] = (struct pollfd){.fd = p->io.fd, .events = POLLIN};
			fresh[n++] = p;
		}
	/* one system call for all, as most hold nothing */
	int some = n ? poll(look, n, 0) : 0;
	for (nfds_t i = 0; some && i < n; i++)
		if (fresh[i]->used && (some < 0 || look[i].revents))
			on_packets(fresh[i], &fresh[i]->io);
}

void engine_stop(uint32_t index)
{
	for (unsigned i = 0; i < RELAY_PORTS; i++)
		port_leave_others(index, i, NULL);
}

void engine_status(struct proc_status *s)
{
	static const char *const name[DROP_KINDS] = {"", "dropped-stranger", "dropped-gate-shut", "dropped-shape",
	    "dropped-policed", "dropped-nowhere", "dropped-bad-tag", "dropped-replay", "dropped-crowded"};

	status_add(s, "relays", STATUS_POOL, table_used(), table_rows(), table_peak(), 0);
	status_counter(s, "passed", engine.passed);
	for (int i = 1; i < DROP_KINDS; i++)
		status_counter(s, name[i], engine.dropped[i]);
	status_counter(s, "dropped-banned", engine.banned);
	port_status(s);
	gather_status(s);
	kernel_status(s);
	fast_status(s);
	status_add(s, "bans", STATUS_POOL, ban_table_used(&bans, child_now()), BAN_TABLE_MAX, bans_peak, bans_refused);
}
