/* SPDX-License-Identifier: ISC */
/* media in its cage with real sockets on loopback, the test as core and as both phones: what is relayed and what is not
 * (R7, T24, T25, T26), bans, deadlines, the ten seconds of the gate, and a kill in a call (R28).
 * media_test EXECUTABLE */
#include "../unit/binding.h"
#include "base/clock.h"
#include "lies.h"
#include "media/end.h"
#include "media/former.h"
#include "media/port.h"
#include "stage.h"
#include "test.h"
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LO = 31000,
	ROWS = 8,
	SILENCE_MS = 300, /* nothing came for so long: nothing will */
	ARRIVAL_MS = 5000, /* on a machine under load */
};

static const char *exe;
static char cwd[] = "/tmp/media_test_XXXXXX";
static int arena_fd;
static struct stage s;
static struct link *core;

static struct {
	uint32_t gates, failed, events, ports, relayed, varying;
	uint64_t failed_join, gate_join;
	uint8_t why;
	struct msg_relay_counts counts;
} heard;

static void on_ports(struct link *from, const struct ipc_view *v)
{
	const struct msg_ports *m = v->payload;
	(void)from;
	heard.ports += m->lo == LO && m->hi == LO + 4 * ROWS - 1;
}

static void on_gate(struct link *from, const struct ipc_view *v)
{
	(void)from;
	heard.gates++;
	heard.gate_join = ((const struct msg_gate *)v->payload)->join;
}

static void on_relayed(struct link *from, const struct ipc_view *v)
{
	const struct msg_relayed *m = v->payload;
	(void)from;
	heard.relayed = m->join == 6 ? m->wish : 0;
}

static void on_failed(struct link *from, const struct ipc_view *v)
{
	const struct msg_relay_failed *m = v->payload;
	(void)from;
	heard.failed++;
	heard.failed_join = m->join;
	heard.why = m->why;
}

static void on_counts(struct link *from, const struct ipc_view *v)
{
	(void)from;
	if (((const struct msg_relay_counts *)v->payload)->join == 5)
		memcpy(&heard.counts, v->payload, sizeof heard.counts);
}

static void on_event(struct link *from, const struct ipc_view *v)
{
	(void)from;
	heard.events += ((const struct msg_event *)v->payload)->kind == EVENT_MEDIA_STRANGER;
}

static void on_varying(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	heard.varying++;
}

static ipc_handler *const on[MSG_N] = {
    [MSG_PORTS] = on_ports,
    [MSG_GATE] = on_gate,
    [MSG_RELAYED] = on_relayed,
    [MSG_RELAY_FAILED] = on_failed,
    [MSG_RELAY_COUNTS] = on_counts,
    [MSG_EVENT] = on_event,
    [MSG_VARYING] = on_varying,
};

static bool start(void)
{
	if (!stage_start(&s, exe, PROC_MEDIA, cwd, on))
		return false;
	/* an address of its own: an exchange on this machine may hold the ports of 127.0.0.1 */
	addr_parse_ip(SPAN("127.0.0.9"), &s.site.listener[0].media);
	s.site.listener[0].advertised_media = s.site.listener[0].media;
	s.site.media_port_lo = LO;
	s.site.media_port_hi = LO + 4 * ROWS - 1;
	heard.ports = 0;
	if (!stage_give_file(&s, FILE_ARENA, dup(arena_fd)))
		return false;
	core = stage_sibling(&s, PROC_CORE, 0);
	stage_sibling(&s, PROC_LEDGER, 0);
	if (!stage_go(&s))
		return false;
	return stage_comes(&s, &heard.ports, 1);
}

/* --- phones --- */

struct udp {
	int fd;
	struct addr addr;
};

static struct udp udp_at(const char *ip)
{
	struct udp u = {.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
	struct sockaddr_storage sa;
	socklen_t n;

	addr_parse_ip(span_str(ip), &u.addr);
	n = addr_to_sockaddr(&u.addr, &sa);
	if (u.fd < 0 || bind(u.fd, (struct sockaddr *)&sa, n) != 0 || getsockname(u.fd, (struct sockaddr *)&sa, &n) != 0)
		abort();
	addr_from_sockaddr((struct sockaddr *)&sa, &u.addr);
	return u;
}

static struct udp phone[2], other;

static void send_to(const struct udp *from, uint16_t port, struct span d)
{
	struct addr a = s.site.listener[0].media;
	struct sockaddr_storage sa;

	a.port = port;
	socklen_t n = addr_to_sockaddr(&a, &sa);
	if (sendto(from->fd, d.p, d.n, 0, (struct sockaddr *)&sa, n) < 0)
		perror("sendto");
}

/* The next datagram within the time, and the port that it came from; 0: none. */
static size_t receive_within(const struct udp *at, int ms, uint16_t *port)
{
	static uint8_t room[2048];
	struct sockaddr_storage sa;
	struct addr from = {0};

	for (uint64_t end = clock_boot_ms() + (uint64_t)ms; clock_boot_ms() < end;) {
		socklen_t n = sizeof sa;
		ssize_t got = recvfrom(at->fd, room, sizeof room, 0, (struct sockaddr *)&sa, &n);
		if (got > 0) {
			addr_from_sockaddr((struct sockaddr *)&sa, &from);
			*port = from.port;
			return (size_t)got;
		}
		stage_run(&s, 10);
	}
	return 0;
}

static size_t receive(const struct udp *at, uint16_t *port)
{
	return receive_within(at, SILENCE_MS, port);
}

/* It lives, and has done all that it was told: it answers twice from the same loop. */
static bool settle(void)
{
	s.parent.rate_second = 0; /* the answers are asked for more often than parent would */
	return stage_want_status(&s) && stage_want_status(&s);
}

static struct span rtp(size_t payload)
{
	static uint8_t room[400];

	memset(room, 0x5a, sizeof room);
	memcpy(room, "\x80\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03", 12);
	return span_of(room, 12 + payload);
}

/* --- relays --- */

static struct relay_spec spec;

static void spec_init(uint32_t at, enum relay_key key)
{
	memset(&spec, 0, sizeof spec);
	spec.answered = 1;
	spec.deadline_ms = clock_boot_ms() + 60000;
	for (int i = 0; i < 2; i++) {
		struct relay_side *side = &spec.side[i];
		side->local = s.site.listener[0].media;
		side->local.port = side->local_rtcp = (uint16_t)(LO + 4 * at + 2 * (unsigned)i);
		side->present = side->events = 1;
		side->hears = RELAY_HEARS_OTHER;
		side->source = RELAY_SOURCE_NAMED;
		side->key = (uint8_t)key;
		side->keyed = key == RELAY_KEY_SDES;
		side->direction = RELAY_BOTH;
		side->tag_len = key == RELAY_KEY_SDES ? 10 : 0;
		side->rtp = side->rtcp = phone[i].addr;
		side->payloads = 1;
		side->payload[0] = (struct relay_payload){0, RELAY_FRAME_PCM, SDP_PCMU, 0};
	}
}

static void wish_number(uint64_t join, uint32_t number)
{
	struct msg_relay *m = ipc_begin_as(core, MSG_RELAY, CLASS_DIALOG);

	m->join = join;
	m->wish = number;
	m->spec = ipc_put_part(core, &spec, sizeof spec);
	ipc_end(core);
	settle();
}

static void wish(uint64_t join)
{
	wish_number(join, 0);
}

static void close_relay(uint64_t join)
{
	struct msg_relay_close *m = ipc_begin(core, MSG_RELAY_CLOSE);

	m->join = join;
	ipc_end(core);
	settle();
}

static void ban(const struct addr *a, uint64_t until_ms)
{
	struct msg_ban *m = ipc_begin(core, MSG_BAN);

	m->address = *a;
	m->address.port = 0;
	m->until_ms = until_ms;
	ipc_end(core);
	settle();
}

static bool relays_both_ways(uint32_t at)
{
	uint16_t port = 0;

	for (int i = 0; i < 2; i++) {
		send_to(&phone[i], (uint16_t)(LO + 4 * at + 2 * (unsigned)i), rtp(170));
		if (receive_within(&phone[!i], ARRIVAL_MS, &port) != 182 || port != LO + 4 * at + 2 * (unsigned)!i)
			return false;
	}
	return true;
}

/* --- tests --- */

static uint64_t shut_since_ms;

/* How often it has gone to sleep. */
static long sleeps(void)
{
	char path[64], line[128];
	long n = -1;

	snprintf(path, sizeof path, "/proc/%d/status", (int)s.pid);
	FILE *f = fopen(path, "re");
	while (f && n < 0 && fgets(line, sizeof line, f))
		(void)sscanf(line, "voluntary_ctxt_switches: %ld", &n);
	if (f)
		fclose(f);
	return n;
}

static void without_a_call_it_sleeps(void)
{
	stage_run(&s, 500); /* what is left of the start */
	long before = sleeps();
	stage_run(&s, 2500);
	CHECK(before > 0 && sleeps() - before <= 2);
}

static void a_gate_that_stays_shut_is_started(void)
{
	spec_init(7, RELAY_KEY_DTLS);
	wish(77);
	shut_since_ms = clock_boot_ms();
	uint16_t port;
	send_to(&phone[0], LO + 28, rtp(170));
	CHECK(receive(&phone[1], &port) == 0);
}

static void what_is_sealed_passes_both_ways_from_our_own_ports(void)
{
	spec_init(0, RELAY_KEY_SDES);
	wish(5);
	CHECK(stage_comes(&s, &heard.gates, 1) && heard.gate_join == 5);
	CHECK(relays_both_ways(0));
}

static void what_is_clear_and_what_is_strange_does_not(void)
{
	uint16_t port;

	send_to(&phone[0], LO, rtp(160)); /* clear G.711 */
	CHECK(receive(&phone[1], &port) == 0);
	send_to(&other, LO, rtp(170));
	send_to(&other, LO + 2, rtp(170));
	send_to(&phone[1], LO, rtp(170)); /* the other end's phone on this end's port */
	CHECK(receive(&phone[1], &port) == 0 && receive(&phone[0], &port) == 0);
	for (int i = 0; i < 1000 && (heard.counts.packets_b < 1 || heard.counts.dropped_b < 1); i++)
		stage_run(&s, 10); /* counts come each second, and may wait for 100 ms */
	CHECK(heard.counts.packets_a == 1 && heard.counts.packets_b == 1);
	CHECK(heard.counts.dropped_a == 3 && heard.counts.dropped_b == 1 && heard.events == 1);
	CHECK(relays_both_ways(0));
}

static void a_ban_counts_at_once_and_ends(void)
{
	uint16_t port;

	ban(&phone[0].addr, clock_boot_ms() + 60000);
	send_to(&phone[0], LO, rtp(170));
	CHECK(receive(&phone[1], &port) == 0);
	send_to(&phone[1], LO + 2, rtp(170));
	CHECK(receive_within(&phone[0], ARRIVAL_MS, &port) == 182);
	ban(&phone[0].addr, clock_boot_ms());
	CHECK(relays_both_ways(0));
}

static void a_flood_from_the_right_address_is_cut(void)
{
	uint16_t port;
	int n = 0;

	for (int i = 0; i < 2000; i++) {
		send_to(&phone[0], LO, rtp(170));
		if (i % 50 == 49) {
			stage_run(&s, 1);
			while (recv(phone[1].fd, &port, 2, 0) > 0)
				n++;
		}
	}
	while (receive(&phone[1], &port))
		n++;
	CHECK(n >= 300 && n <= 700);
	stage_run(&s, 1100);
	CHECK(relays_both_ways(0));
}

/* Of a call that rings: whose phones may speak before core can say who they are. */
static void wish_unanswered(uint64_t join)
{
	spec_init(1, RELAY_KEY_NONE);
	spec.answered = 0;
	for (int i = 0; i < 2; i++)
		spec.side[i].source = RELAY_SOURCE_NONE;
	wish(join);
}

static void what_comes_before_the_answer_waits_for_it(void)
{
	uint32_t events = heard.events;
	uint16_t port = 0;

	send_to(&other, LO + 6, rtp(170)); /* to no call */
	settle();
	wish_unanswered(6);
	send_to(&phone[1], LO + 6, rtp(170));
	send_to(&phone[1], LO + 6, rtp(170));
	settle();
	CHECK(receive(&phone[0], &port) == 0); /* nobody knows yet from whom it is */
	stage_run(&s, 700);		       /* and then it is too old */
	send_to(&phone[1], LO + 6, rtp(170));
	send_to(&phone[0], LO + 4, rtp(170));
	settle();
	spec_init(1, RELAY_KEY_SDES);
	heard.relayed = 0;
	wish_number(6, 9);
	CHECK(heard.relayed == 9);
	CHECK(receive_within(&phone[0], ARRIVAL_MS, &port) == 182 && port == LO + 4);
	CHECK(receive_within(&phone[1], ARRIVAL_MS, &port) == 182 && port == LO + 6);
	CHECK(receive(&phone[0], &port) == 0 && heard.events == events);
	CHECK(relays_both_ways(1));
	/* nothing of a call that is over goes to the next one, nor what strangers said */
	close_relay(6);
	wish_unanswered(8);
	send_to(&phone[1], LO + 6, rtp(170));
	settle();
	close_relay(8);
	spec_init(1, RELAY_KEY_SDES);
	wish(9);
	CHECK(receive(&phone[0], &port) == 0);
	close_relay(9);
	stage_run(&s, PORT_LATE_MS);
	wish_unanswered(10);
	send_to(&other, LO + 6, rtp(170));
	send_to(&phone[1], LO + 6, rtp(160));
	settle();
	spec_init(1, RELAY_KEY_SDES);
	wish(10);
	CHECK(receive(&phone[0], &port) == 0 && relays_both_ways(1));
	close_relay(10);
}

/* --- ICE: who rang too, or had the call before --- */

static void answered_by(const char *ours, const char *theirs, const char *pwd)
{
	struct relay_side *side = &spec.side[1];

	side->source = RELAY_SOURCE_ICE;
	memset(side->ice_ufrag, 0, sizeof side->ice_ufrag);
	memset(side->ice_theirs, 0, sizeof side->ice_theirs);
	memset(side->ice_pwd, 0, sizeof side->ice_pwd);
	memcpy(side->ice_ufrag, ours, strlen(ours));
	memcpy(side->ice_theirs, theirs, strlen(theirs));
	memcpy(side->ice_pwd, pwd, strlen(pwd));
	wish(9);
}

static void checks(const struct udp *from, const char *user, const char *pwd)
{
	send_to(from, LO + 10, binding_request(user, pwd, BINDING_CONTROLLING, true));
}

static bool goes_to(const struct udp *at)
{
	uint16_t port;

	send_to(&phone[0], LO + 8, rtp(170));
	return receive_within(at, ARRIVAL_MS, &port) == 182 && port == LO + 10;
}

static void who_rang_too_proves_nothing(void)
{
	static const char pwd[] = "0123456789abcdef0123456789abcdef", rang[] = "ffffffffffffffff0123456789abcdef";
	uint16_t port;

	spec_init(2, RELAY_KEY_SDES);
	answered_by("0a0b0c0d", "ofbob", pwd);
	checks(&phone[1], "0a0b0c0d:ofbob", pwd);
	CHECK(receive_within(&phone[1], ARRIVAL_MS, &port) > 20 && goes_to(&phone[1]));
	/* by what it was told when it rang, and by what a fork of the same INVITE was */
	checks(&other, "0e0e0e0e:ofeve", rang);
	checks(&other, "0a0b0c0d:ofbob", rang);
	checks(&other, "0a0b0c0d:ofeve", pwd);
	CHECK(receive(&other, &port) == 0 && goes_to(&phone[1]));
	/* the call goes on with another leg: nothing more to the one that gave it away */
	answered_by("0e0e0e0e", "ofeve", rang);
	send_to(&phone[0], LO + 8, rtp(170));
	CHECK(receive(&phone[1], &port) == 0);
	checks(&phone[1], "0a0b0c0d:ofbob", pwd);
	CHECK(receive(&phone[1], &port) == 0);
	checks(&other, "0e0e0e0e:ofeve", rang);
	CHECK(receive_within(&other, ARRIVAL_MS, &port) > 20 && goes_to(&other));
	close_relay(9);
}

static void a_port_is_free_after_its_call(void)
{
	uint16_t port;

	close_relay(5);
	send_to(&phone[0], LO, rtp(170));
	CHECK(receive(&phone[1], &port) == 0);
	spec_init(0, RELAY_KEY_SDES);
	wish(6);
	CHECK(relays_both_ways(0));
	/* a new call on ports that core thinks are free: the old one is gone */
	wish(8);
	CHECK(relays_both_ways(0));
	/* the same call on other ports */
	spec_init(1, RELAY_KEY_SDES);
	wish(8);
	CHECK(relays_both_ways(1));
	send_to(&phone[0], LO, rtp(170));
	CHECK(receive(&phone[1], &port) == 0);
	close_relay(8);
	CHECK(stage_want_status(&s) && stage_status_line(&s, "relays")->used == 1); /* the one whose gate is shut */
}

/* Octets that wait in the kernel on this port, by /proc/net/udp; -1: no such socket. */
static long waiting_on(uint16_t port)
{
	FILE *f = fopen("/proc/net/udp", "re");
	char line[256], want[16];
	unsigned long queued;
	long found = -1;

	snprintf(want, sizeof want, ":%04X ", port);
	while (f && fgets(line, sizeof line, f)) {
		char *at = strstr(line, want);
		if (at && at < line + 20 && sscanf(line, "%*d: %*s %*s %*s %*x:%lx", &queued) == 1)
			found = (long)queued;
	}
	if (f)
		fclose(f);
	return found;
}

/* The first packet of a stranger wakes media, which shuts the port and empties it. */
static bool comes_to_hold_nothing(uint16_t port)
{
	for (int i = 0; i < 100 && waiting_on(port) > 0; i++)
		stage_run(&s, 50);
	return waiting_on(port) == 0;
}

/* R27: a port that no call uses keeps nothing of what strangers send there, before its first call and after it */
static void an_unused_port_takes_nothing_in(void)
{
	for (int i = 0; i < 200; i++) {
		send_to(&other, LO + 4 * 5, rtp(300));
		send_to(&other, LO, rtp(300));
	}
	CHECK(comes_to_hold_nothing(LO + 4 * 5) && comes_to_hold_nothing(LO));
	stage_run(&s, PORT_LATE_MS + 100); /* what was LO's call may be late; then that port is shut too */
	send_to(&other, LO, rtp(300));
	CHECK(comes_to_hold_nothing(LO));
	for (int i = 0; i < 200; i++) {
		send_to(&other, LO + 4 * 5, rtp(300));
		send_to(&other, LO, rtp(300));
	}
	CHECK(waiting_on(LO + 4 * 5) == 0); /* the kernel takes nothing in */
	CHECK(waiting_on(LO) == 0);
}

static void an_orphan_ends_at_its_deadline(void)
{
	uint16_t port;

	heard.failed = 0;
	spec_init(2, RELAY_KEY_SDES);
	spec.deadline_ms = clock_boot_ms() + 300;
	wish(9);
	CHECK(stage_comes(&s, &heard.failed, 1) && heard.failed_join == 9 && heard.why == RELAY_EXPIRED);
	send_to(&phone[0], LO + 8, rtp(170));
	CHECK(receive(&phone[1], &port) == 0);
}

/* The row in the arena says when a packet passed last as of its last change, long ago: that is no silence. */
static void age_row(void)
{
	struct arena arena;
	struct arena_table t[MEDIA_TABLES];
	const struct arena_shape shape[] = {table_shape(ROWS), end_shape(ROWS)};
	bool adopted = false;

	if (!arena_open(&arena, arena_fd, MEDIA_LAYOUT, shape, MEDIA_TABLES, t, &adopted) || !adopted)
		abort();
	for (uint32_t i = 0; i < ROWS; i++) {
		const struct relay_row *r = arena_get(&t[0], i);
		struct relay_row aged;
		if (!r || r->join != 11)
			continue;
		aged = *r;
		aged.heard_ms = aged.answered_ms = clock_boot_ms() - 600000;
		arena_put(&t[0], i, &aged);
	}
	arena_close(&arena);
}

static void a_call_outlives_a_kill(void)
{
	spec_init(3, RELAY_KEY_SDES);
	wish(11);
	CHECK(relays_both_ways(3));
	stage_kill(&s);
	age_row();
	heard.failed = 0;
	CHECK(start());
	CHECK(relays_both_ways(3)); /* without a word from core */
	stage_run(&s, 700);
	CHECK(heard.failed == 0);
	close_relay(11);
}

static void a_gate_that_stays_shut_ends_after_10_s(void)
{
	/* the kill did not give it more time */
	heard.failed = 0;
	while (clock_boot_ms() < shut_since_ms + 9700)
		stage_run(&s, 50);
	CHECK(heard.failed == 0);
	(void)stage_comes(&s, &heard.failed, 1); /* it is said until core closes it */
	CHECK(heard.failed >= 1 && heard.failed_join == 77 && heard.why == RELAY_GATE_SHUT);
	close_relay(77);
}

enum { VARYING_ROWS = 6, VARYING_SIDES = 2 * VARYING_ROWS, OPUS = 111 };

/* Each side of all of them, with packets of two lengths in turn. */
static void all_vary(void)
{
	static uint8_t room[400];

	memcpy(room, "\x80\x6f\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03", 12);
	for (size_t i = 0; i < 8; i++)
		for (unsigned at = 0; at < VARYING_SIDES; at++)
			send_to(&phone[at & 1], (uint16_t)(LO + 4 * (2 + at / 2) + 2 * (at & 1)), span_of(room, 12 + 80 + 10 + i % 2));
}

/* What a trunk or phone makes of many streams at once is told in turn, so that media keeps its contract; and it is told once. */
static void many_that_vary_are_told_in_turn(void)
{
	for (uint32_t at = 2; at < 2 + VARYING_ROWS; at++) {
		spec_init(at, RELAY_KEY_SDES);
		for (int i = 0; i < 2; i++)
			spec.side[i].payload[0] = (struct relay_payload){OPUS, RELAY_FRAME_OPUS, SDP_OPUS, OPUS};
		wish(100 + at);
	}
	heard.varying = 0;
	all_vary();
	stage_run(&s, 400); /* a sweep, or two */
	CHECK(heard.varying <= 10);
	CHECK(stage_comes(&s, &heard.varying, VARYING_SIDES));
	all_vary();
	stage_run(&s, 600);
	stage_kill(&s);
	CHECK(start());
	all_vary();
	stage_run(&s, 600);
	CHECK(heard.varying == VARYING_SIDES);
	for (uint32_t at = 2; at < 2 + VARYING_ROWS; at++)
		close_relay(100 + at);
	for (unsigned i = 0; i < 2; i++)
		for (uint16_t port; receive(&phone[i], &port);)
			;
}

/* parent starts another one */
static void new_core(void)
{
	stage_cut(&s, core);
	core = stage_sibling(&s, PROC_CORE, 0);
	settle();
}

static uint64_t counter(const char *name)
{
	return settle() ? stage_status_line(&s, name)->used : UINT64_MAX;
}

static void told_all(void)
{
	if (ipc_begin(core, MSG_RELAYS_DONE))
		ipc_end(core);
	settle();
}

static void named(uint32_t at, uint64_t join)
{
	spec_init(at, RELAY_KEY_SDES);
	wish(join);
}

static bool is_over(uint32_t at)
{
	uint16_t port;

	send_to(&phone[0], (uint16_t)(LO + 4 * at), rtp(170));
	return receive(&phone[1], &port) == 0;
}

/* Calls that ended while media was dead, or with the core that knew of them. */
static void what_core_does_not_name_ends(void)
{
	const uint64_t others = counter("relays");

	named(4, 21);
	named(5, 22);
	stage_kill(&s);
	CHECK(start() && counter("relays") == others + 2 && relays_both_ways(4) && relays_both_ways(5));
	heard.failed = 0;
	named(4, 21);
	told_all();
	CHECK(counter("relays") == 1 && counter("relays-disowned") == others + 1 && heard.failed == 0);
	CHECK(relays_both_ways(4) && is_over(5));
	/* said again it changes nothing, also of what came since */
	named(5, 23);
	told_all();
	CHECK(counter("relays") == 2 && counter("relays-disowned") == others + 1 && relays_both_ways(5));
	/* another core, which has yet to say all that it knows */
	new_core();
	CHECK(relays_both_ways(4) && counter("relays") == 2);
	named(5, 23);
	told_all();
	CHECK(counter("relays") == 1 && counter("relays-disowned") == others + 2 && is_over(4) && relays_both_ways(5));
	close_relay(23);
	CHECK(counter("relays") == 0);
}

static void what_core_may_not_wish_is_accused(void)
{
	static const struct {
		int what;
		uint16_t value;
	} bad[] = {{0, LO + 1}, {0, LO + 2}, {0, LO - 4}, {0, LO + 4 * ROWS}, {0, 65532}, {1, LO + 6}, {1, LO}, {2, LO + 4}, {3, LO + 20}};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		spec_init(0, RELAY_KEY_SDES);
		uint16_t *field[] = {&spec.side[0].local.port, &spec.side[1].local.port, &spec.side[0].local_rtcp,
		    &spec.side[1].local_rtcp};
		*field[bad[i].what] = bad[i].value;
		s.accused = PROC_PARENT;
		wish(20 + i);
		CHECK(s.accused == PROC_CORE);
		new_core();
	}
	CHECK(stage_want_status(&s) && stage_status_line(&s, "relays")->used == 0);
}

/* --- a core that lies (R27) --- */

static uint32_t lies_told, lies_accused;

static void tell(const struct lie *l, void *arg)
{
	(void)arg;
	if (test_failed_here)
		return;
	s.accused = PROC_PARENT;
	CHECK(lie_send(core, l));
	CHECK(settle());
	lies_told++;
	/* packets meet whatever row that made */
	for (int i = 0; i < 2; i++)
		send_to(&phone[i], (uint16_t)(LO + 2 * i), rtp(170));
	CHECK(settle());
	if (lie_is_plain(l))
		CHECK(s.accused == PROC_CORE);
	if (s.accused != PROC_CORE)
		return;
	lies_accused++;
	new_core();
}

static void what_core_lies_is_borne(void)
{
	static struct lie truth;

	spec_init(0, RELAY_KEY_SDES);
	strcpy(spec.side[0].ice_ufrag, "abcd");
	strcpy(spec.side[0].ice_pwd, "0123456789012345678901");
	struct msg_relay *m = ipc_begin_as(core, MSG_RELAY, CLASS_DIALOG);
	m->join = 50;
	m->spec = ipc_put_part(core, &spec, sizeof spec);
	lie_take_truth(core, &truth);
	lies_each(&truth, tell, NULL);
	struct msg_relay_close *c = ipc_begin(core, MSG_RELAY_CLOSE);
	c->join = 50;
	lie_take_truth(core, &truth);
	lies_each(&truth, tell, NULL);
	struct msg_ban *b = ipc_begin(core, MSG_BAN);
	b->address = phone[0].addr;
	lie_take_truth(core, &truth);
	lies_each(&truth, tell, NULL);
	CHECK(lies_told > 60 && lies_accused > 10);
}

int main(int argc, char **argv)
{
	if (argc != 2 || !mkdtemp(cwd))
		return 2;
	exe = argv[1];
	arena_fd = memfd_create("arena", MFD_CLOEXEC);
	phone[0] = udp_at("127.0.0.2");
	phone[1] = udp_at("127.0.0.3");
	other = udp_at("127.0.0.4");
	if (!start()) {
		fprintf(stderr, "media does not start: %s\n", s.reason);
		return 1;
	}
	RUN(without_a_call_it_sleeps);
	RUN(a_gate_that_stays_shut_is_started);
	RUN(what_is_sealed_passes_both_ways_from_our_own_ports);
	RUN(what_is_clear_and_what_is_strange_does_not);
	RUN(a_ban_counts_at_once_and_ends);
	RUN(a_flood_from_the_right_address_is_cut);
	RUN(a_port_is_free_after_its_call);
	RUN(an_unused_port_takes_nothing_in);
	RUN(an_orphan_ends_at_its_deadline);
	RUN(a_call_outlives_a_kill);
	RUN(a_gate_that_stays_shut_ends_after_10_s);
	RUN(many_that_vary_are_told_in_turn);
	RUN(who_rang_too_proves_nothing);
	RUN(what_comes_before_the_answer_waits_for_it);
	RUN(what_core_does_not_name_ends);
	RUN(what_core_may_not_wish_is_accused);
	RUN(what_core_lies_is_borne);
	stage_end(&s);
	rmdir(cwd);
	return TEST_END;
}
