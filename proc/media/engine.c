/* SPDX-License-Identifier: ISC */
#include "engine.h"
#include "base/ban_table.h"
#include "base/log.h"
#include "ended.h"
#include "gate.h"
#include "ice.h"
#include "police.h"
#include "ports.h"
#include "source.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	BURST = 16, /* packets read from one socket before the others have their turn */
	PACKET_MAX = 2048,
	STRANGER_EVENT_MS = 10000,
};

/* One socket in use: side and component of a row. */
struct channel {
	ev_io io;
	uint32_t row;
	uint8_t side, component;
	bool open;
	unsigned turn; /* of the loop, when it was last readable */
	struct addr local;
	struct bucket media, keying;
};

static struct {
	struct channel *channel; /* RELAY_PORTS for each row */
	uint64_t stranger_ms;    /* of the last event */
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

void engine_open(const struct site *s)
{
	engine.channel = calloc(ports_open(s), sizeof *engine.channel);
	if (!engine.channel || !ban_table_init(&bans))
		log_fatal("no memory for channels");
}

/* --- packets --- */

static struct channel *channel_of(uint32_t row, unsigned side, unsigned component)
{
	return &engine.channel[row * RELAY_PORTS + side * 2 + component];
}

void engine_send(const struct relay_side *local, unsigned component, const struct addr *to, struct span packet)
{
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(to, &sa);
	uint16_t port = component == COMPONENT_RTP ? local->local.port : local->local_rtcp;
	int fd = ports_socket(&local->local, port);

	if (fd >= 0 && sendto(fd, packet.p, packet.n, MSG_DONTWAIT, (struct sockaddr *)&sa, n) < 0)
		return; /* as lost as on the wire; ICMP errors show here too */
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

static void stranger(struct relay_row *r, unsigned side, const struct addr *from)
{
	engine_drop(r, side, DROP_STRANGER);
	if (child_now() < engine.stranger_ms + STRANGER_EVENT_MS && engine.stranger_ms)
		return;
	engine.stranger_ms = child_now();
	child_event(EVENT_MEDIA_STRANGER, SEVERITY_WARNING, 0, 0, from, "media from an address that is not the leg's");
}

static void check_ice(struct relay_row *r, struct channel *ch, const struct addr *from, struct span packet)
{
	uint8_t room[STUN_ANSWER_MAX];
	struct buf answer = buf_of(room, sizeof room);
	const struct relay_side *s = &r->spec.side[ch->side];
	bool nominated = false;

	/* one who does not know our name fragment costs no digest, and takes nothing from the bucket of the phone */
	enum ice_result result = ice_check(s, from, packet, &answer, &nominated);
	if (result == ICE_STRANGER) {
		engine_drop(r, ch->side, DROP_STRANGER);
		return;
	}
	if (!police_ok(&ch->keying, POLICE_KEYING_A_SECOND, child_now())) {
		engine_drop(r, ch->side, DROP_POLICED);
		return;
	}
	if (result == ICE_PROVED && source_proved(r, ch->side, ch->component, from, nominated))
		table_save(ch->row);
	if (answer.n && !answer.full)
		engine_send(s, ch->component, from, buf_span(&answer));
}

static void pass(struct relay_row *r, struct channel *ch, struct span packet, enum gate_kind kind)
{
	const struct relay_side *to = &r->spec.side[!ch->side];
	const struct addr *where = source_where(r, !ch->side, ch->component);
	bool media = kind == GATE_MEDIA;

	if (!where->family) {
		engine_drop(r, ch->side, DROP_NOWHERE);
		return;
	}
	if (!police_ok(media ? &ch->media : &ch->keying, media ? POLICE_MEDIA_A_SECOND : POLICE_KEYING_A_SECOND,
		child_now())) {
		engine_drop(r, ch->side, DROP_POLICED);
		return;
	}
	engine_send(to, ch->component, where, packet);
	engine_passed(r, ch->side);
}

static void on_ended(struct channel *ch, const struct addr *from, struct span packet)
{
	ended_packet(&(struct arrival){.row = ch->row,
	    .side = ch->side,
	    .component = ch->component,
	    .from = from,
	    .p = (uint8_t *)(uintptr_t)packet.p, /* on_readable()'s own */
	    .n = packet.n,
	    .media = &ch->media,
	    .keying = &ch->keying});
}

static void on_passing(struct channel *ch, const struct addr *from, struct span packet)
{
	struct relay_row *r = table_row(ch->row);
	struct gate_verdict v = gate_judge(r, ch->side, ch->component, packet, child_now());

	if (v.drop)
		engine_drop(r, ch->side, v.drop);
	else
		pass(r, ch, packet, v.kind);
	if (v.varying)
		media_tell_varying(r, ch->side);
	if (v.forged)
		child_event(
		    EVENT_GATE_SHUT, SEVERITY_ALARM, 0, 0, from, "ZRTP Hello is not the one that signalling announced");
	if (v.changed)
		table_save(ch->row);
}

static void on_packet(struct channel *ch, const struct addr *from, struct span packet)
{
	struct relay_row *r = table_row(ch->row);
	bool learned;

	if (!r)
		return;
	if (ban_table_has(&bans, from, child_now())) {
		engine.banned++;
		return;
	}
	if (wire_classify(packet) == WIRE_STUN) {
		check_ice(r, ch, from, packet);
		return;
	}
	if (!source_ok(r, ch->side, ch->component, from, child_now(), &learned)) {
		stranger(r, ch->side, from);
		return;
	}
	if (learned)
		table_save(ch->row);
	if (r->spec.side[ch->side].end == RELAY_PASSING)
		on_passing(ch, from, packet);
	else
		on_ended(ch, from, packet);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct channel *ch = (struct channel *)(void *)((char *)io - offsetof(struct channel, io));
	uint8_t packet[PACKET_MAX];
	struct sockaddr_storage sa;
	struct addr from;
	/* a phone's packets come one by one, and to ask for a second that is not there costs as much as a third of the first */
	int most = ev_iteration(loop) - ch->turn <= 1 ? BURST : 1;

	(void)events;
	ch->turn = ev_iteration(loop);
	for (int i = 0; i < most; i++) {
		socklen_t sa_n = sizeof sa;
		ssize_t n =
		    recvfrom(io->fd, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&sa, &sa_n);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0 || (size_t)n > sizeof packet || !addr_from_sockaddr((struct sockaddr *)&sa, &from))
			continue;
		on_packet(ch, &from, span_of(packet, (size_t)n));
	}
}

/* --- rows --- */

static int row_socket(const struct relay_spec *spec, unsigned side, unsigned component)
{
	const struct relay_side *s = &spec->side[side];
	return ports_socket(&s->local, (uint16_t)(s->local.port + component));
}

bool engine_has(const struct relay_spec *spec)
{
	for (unsigned side = 0; side < 2; side++)
		for (unsigned c = 0; c < COMPONENTS; c++)
			if (row_socket(spec, side, c) < 0)
				return false;
	return true;
}

static void close_channel(struct channel *ch)
{
	if (!ch->open)
		return;
	ch->open = false;
	ports_shut(ch->io.fd, &ch->local);
}

/* A socket that was in use stays with the loop: shut, it is never readable. */
static void start_channel(struct channel *ch, int fd, const struct addr *local)
{
	ch->open = true;
	ch->local = *local;
	ch->media = ch->keying = (struct bucket){0};
	ports_let_in(fd, &ch->local);
	if (ev_is_active(&ch->io) && ch->io.fd == fd)
		return;
	ev_io_stop(child_loop(), &ch->io);
	ev_io_init(&ch->io, on_readable, fd, EV_READ);
	ev_io_start(child_loop(), &ch->io);
}

void engine_start(uint32_t index)
{
	struct relay_row *r = table_row(index);

	for (unsigned side = 0; side < 2; side++)
		for (unsigned c = 0; c < COMPONENTS; c++) {
			struct channel *ch = channel_of(index, side, c);
			int fd = row_socket(&r->spec, side, c);
			/* the leg may have moved to a listener with another media address, or gone */
			if (ch->open && ch->io.fd == fd && r->spec.side[side].present)
				continue;
			close_channel(ch);
			if (!r->spec.side[side].present)
				continue;
			struct addr local = r->spec.side[side].local;
			local.port = (uint16_t)(local.port + c);
			start_channel(ch, fd, &local);
			ch->row = index;
			ch->side = (uint8_t)side;
			ch->component = (uint8_t)c;
		}
}

void engine_stop(uint32_t index)
{
	for (unsigned i = 0; i < RELAY_PORTS; i++)
		close_channel(&engine.channel[index * RELAY_PORTS + i]);
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
	status_counter(s, "ports-missing", ports_missing());
	status_add(s, "bans", STATUS_POOL, ban_table_used(&bans, child_now()), BAN_TABLE_MAX, bans_peak, bans_refused);
}
