/* SPDX-License-Identifier: ISC */
#include "fast.h"
#include "backlog.h"
#include "base/log.h"
#include "base/rand.h"
#include "engine.h"
#include "flow_make.h"
#include "kernel.h"
#include "map.h"
#include "path.h"
#include "ring.h"
#include "source.h"
#include "sum.h"
#include "written.h"
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	TURN = RING_OCTETS / 256, /* all that a ring holds is read before the sockets, which may hold what came after */
	OFTEN = 4,                /* packets within LOOK_S, from which on there are many */
	PATIENCE_MS = 10000,
	DISCARD_PORT = 9,
	RING_PRIORITY = EV_MAXPRI - 1, /* before the sockets, and after what core says */
};
#define LOOK_S 0.001

/* Packets of one size of segment. */
struct batch {
	uint16_t segment, room;
	uint32_t n;
	uint8_t *octets;
};

static struct {
	ev_io readable; /* an epoll with the ring in it */
	int ring_fd;
	ev_timer look;
	bool often; /* it is looked at each LOOK_S, and wakes nobody */
	uint32_t wakes;
	uint64_t woken_ms;
	ev_prepare turn; /* before the loop sleeps */
	struct ring ring;
	bool waited;        /* some of what waited in it may still be there, */
	uint64_t waited_to; /* and reaches so far */
	uint8_t *mapped;
	struct flow *sends; /* mapped; NULL: net gave none */
	int sender;         /* -1: nor that */
	uint32_t rows;
	uint64_t not_before_ms; /* nothing is sent together until then: it was refused */
	uint64_t handed, odd, damaged, sent, refused;
	uint64_t key; /* of this life, known to the kernel by `sends` */
} fast = {.sender = -1};

static struct batch batches[2] = {{.segment = SEND_SMALL + sizeof(struct send_trailer), .room = SEND_SMALL},
    {.segment = SEND_LARGE + sizeof(struct send_trailer), .room = SEND_LARGE}};

/* --- what comes --- */

static uint32_t row_of(const struct ring_packet *head)
{
	return head->slot / RELAY_PORTS;
}

static unsigned side_of(const struct ring_packet *head)
{
	return head->slot % RELAY_PORTS / COMPONENTS;
}

/* NULL: its call is over. */
static const struct relay_row *call_of(const struct ring_packet *head)
{
	const struct relay_row *r = row_of(head) < fast.rows ? table_row(row_of(head)) : NULL;
	const bool its = r && r->join == head->join && head->slot % COMPONENTS == COMPONENT_RTP &&
	                 r->spec.side[side_of(head)].end != RELAY_PASSING;

	return its ? r : NULL;
}

static void take(const struct ring_packet *head, uint8_t *octets)
{
	const struct relay_row *r = call_of(head);
	uint32_t row = row_of(head);
	unsigned side = side_of(head);

	if (!r)
		return;
	struct addr from = {.family = r->spec.side[side].local.family, .port = ntohs(head->from_port)};
	memcpy(from.ip, &head->from, sizeof from.ip);
	if (!addr_ok(&from))
		return;
	if (sum_ok(&from, &r->spec.side[side].local, head->check, span_of(octets, head->n)))
		engine_handed(row, side, &from, span_of(octets, head->n));
	else
		fast.damaged++;
}

/* The ring is read up to there: of what waited in it at the beginning nothing may be left. */
static void waited_until(uint64_t at)
{
	if (!fast.waited || (int64_t)(at - fast.waited_to) < 0)
		return;
	fast.waited = false;
	backlog_over();
}

static uint32_t read_ring(void)
{
	struct ring_packet head;
	uint8_t octets[RING_LARGE];
	uint32_t n = 0;

	for (; n < TURN; n++) {
		enum ring_result is = ring_take(&fast.ring, &head, octets);
		if (is == RING_EMPTY)
			break;
		fast.handed += is == RING_TAKEN;
		fast.odd += is == RING_PASSED_OVER;
		waited_until(fast.ring.last);
		if (is == RING_TAKEN)
			take(&head, octets);
		waited_until(fast.ring.next); /* that may have been the last of them */
	}
	return n;
}

static void look_what_waits(void)
{
	struct ring ring = fast.ring; /* a look takes nothing */
	struct ring_packet head;
	uint8_t octets[RING_LARGE];

	backlog_begin();
	for (uint32_t n = 0; n < TURN; n++) {
		enum ring_result is = ring_take(&ring, &head, octets);
		if (is == RING_EMPTY)
			break;
		if (is == RING_TAKEN && call_of(&head))
			backlog_waits(row_of(&head), side_of(&head), span_of(octets, head.n));
	}
	fast.waited = true;
	fast.waited_to = ring.next;
}

/* The ring is watched by an epoll of its own, which the loop watches: the loop's forgets a descriptor only when it is closed
 * everywhere, and net has it too. */
static bool watch(int how)
{
	struct epoll_event e = {.events = EPOLLIN};

	return epoll_ctl(fast.readable.fd, how, fast.ring_fd, &e) == 0;
}

/* To be woken for each packet costs more than the packet. While there are many, media looks by itself. */
static void look_often(void)
{
	fast.often = true;
	watch(EPOLL_CTL_DEL);
	ev_timer_again(child_loop(), &fast.look);
}

static void wait_again(void)
{
	if (!watch(EPOLL_CTL_ADD))
		return; /* no memory for it now */
	fast.often = false;
	fast.wakes = 0;
	ev_timer_stop(child_loop(), &fast.look);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	child_io_again(io, events);
	if (child_now() != fast.woken_ms)
		fast.wakes = 0;
	fast.woken_ms = child_now();
	uint32_t n = read_ring();
	fast.wakes += n;
	if (fast.wakes >= OFTEN)
		look_often();
	ring_release(&fast.ring, !fast.often);
}

static void on_look(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)loop;
	(void)t;
	(void)events;
	if (read_ring() < OFTEN)
		wait_again();
	ring_release(&fast.ring, !fast.often);
}

static void leave_ring(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!fast.mapped)
		return;
	if (!fast.often)
		watch(EPOLL_CTL_DEL);
	ev_timer_stop(child_loop(), &fast.look);
	fast.often = false;
	close(fast.ring_fd);
	munmap(fast.ring.read, page);
	munmap(fast.mapped, page + 2 * (size_t)RING_OCTETS);
	fast.mapped = NULL;
}

void fast_take_ring(int fd)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	leave_ring();
	void *ours = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	void *theirs = mmap(NULL, page + 2 * (size_t)RING_OCTETS, PROT_READ, MAP_SHARED, fd, (off_t)page);
	fast.ring_fd = fd;
	if (ours != MAP_FAILED && theirs != MAP_FAILED && watch(EPOLL_CTL_ADD)) {
		fast.mapped = theirs;
		fast.ring = (struct ring){ours, theirs, fast.mapped + page, RING_OCTETS, 0, 0};
		ring_begin(&fast.ring);
		look_what_waits();
		return;
	}
	log_error("the kernel's ring can't be had: %s", strerror(errno));
	if (ours != MAP_FAILED)
		munmap(ours, page);
	if (theirs != MAP_FAILED)
		munmap(theirs, page + 2 * (size_t)RING_OCTETS);
	close(fd);
}

bool fast_has_ring(void)
{
	return fast.mapped != NULL;
}

/* --- where it goes --- */

static uint32_t slot_of(uint32_t row, unsigned side)
{
	return row * RELAY_PORTS + side * COMPONENTS;
}

static void put(struct flow *at, const struct flow *flow)
{
	if (!flow_is(at, flow))
		flow_write(at, flow);
}

static void take_out(struct flow *at)
{
	static const struct flow none;

	put(at, &none);
}

void fast_follow(uint32_t row)
{
	const struct relay_row *r = table_row(row);
	struct flow flow;

	if (!fast.sends)
		return;
	fast_flush();
	for (unsigned side = 0; side < 2; side++) {
		struct flow *at = &fast.sends[slot_of(row, side)];
		int how = -ENETUNREACH;
		if (r && flow_make_send(r, side, &flow))
			how = path_to(source_where(r, side, COMPONENT_RTP), &r->spec.side[side].local, &flow);
		if (how == -EAGAIN) {
			kernel_follow_again(row);
			how = at->join == fast.key && flow_take_way(at, &flow) ? 0 : -ENETUNREACH;
		}
		if (how != 0) {
			take_out(at);
			continue;
		}
		flow.join = fast.key;
		put(at, &flow);
	}
}

void fast_end(uint32_t row)
{
	fast_flush();
	for (unsigned side = 0; fast.sends && side < 2; side++)
		take_out(&fast.sends[slot_of(row, side)]);
}

/* What an earlier life left is of another key. */
void fast_take_sends(int fd)
{
	const uint32_t n = fast.rows * RELAY_PORTS;

	fast_flush();
	struct flow *at = map_entries(fd, sizeof *at, n);
	if (!at)
		return;
	if (fast.sends)
		munmap(fast.sends, n * sizeof *at);
	fast.sends = at;
	for (uint32_t i = 0; i < fast.rows; i++)
		fast_follow(i);
}

void fast_take_sender(int fd)
{
	fast_flush();
	if (fast.sender >= 0)
		close(fast.sender);
	fast.sender = fd;
	fast.not_before_ms = 0;
}

/* --- what leaves --- */

static void by_socket(uint32_t slot, const uint8_t *segment, uint32_t n)
{
	uint32_t row = slot / RELAY_PORTS;
	unsigned side = slot % RELAY_PORTS / COMPONENTS;
	const struct relay_row *r = table_row(row);
	const struct addr *where = r ? source_where(r, side, COMPONENT_RTP) : NULL;

	if (where && where->family)
		engine_send(&r->spec.side[side], COMPONENT_RTP, where, span_of(segment, n));
}

static bool send_many(const struct batch *b)
{
	/* 192.0.0.8 is nobody's (RFC 7600); the device has no other end but the program */
	struct sockaddr_in to = {
	    .sin_family = AF_INET, .sin_port = htons(DISCARD_PORT), .sin_addr.s_addr = htonl(0xc0000008)};
	struct iovec iov = {b->octets, (size_t)b->n * b->segment};
	union {
		struct cmsghdr head;
		uint8_t octets[CMSG_SPACE(sizeof(uint16_t))];
	} control = {.head = {.cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof(uint16_t))}};
	struct msghdr m = {.msg_name = &to,
	    .msg_namelen = sizeof to,
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof control};

	memcpy(CMSG_DATA(&control.head), &b->segment, sizeof b->segment);
	return sendmsg(fast.sender, &m, MSG_DONTWAIT) == (ssize_t)iov.iov_len;
}

/* One alone costs less by its socket. */
static void flush(struct batch *b)
{
	struct send_trailer t;

	if (b->n > 1 && send_many(b))
		fast.sent += b->n;
	else {
		if (b->n > 1 && errno != EAGAIN) {
			fast.not_before_ms = child_now() + PATIENCE_MS;
			fast.refused++;
		}
		for (uint32_t i = 0; i < b->n; i++) {
			const uint8_t *segment = b->octets + (size_t)i * b->segment;
			memcpy(&t, segment + b->room, sizeof t);
			by_socket(t.slot, segment, t.n);
		}
	}
	b->n = 0;
}

void fast_flush(void)
{
	for (size_t i = 0; i < sizeof batches / sizeof *batches; i++)
		if (batches[i].n)
			flush(&batches[i]);
}

bool fast_send(uint32_t row, unsigned side, struct span packet)
{
	struct batch *b = &batches[packet.n > SEND_SMALL];
	uint32_t slot = slot_of(row, side), n = (uint32_t)packet.n;
	const struct send_trailer t = {slot, n, ~slot, ~n, fast.key, ~fast.key};

	if (fast.sender < 0 || !fast.sends || fast.sends[slot].join != fast.key || packet.n > b->room ||
	    child_now() < fast.not_before_ms)
		return false;
	uint8_t *segment = b->octets + (size_t)b->n * b->segment;
	memcpy(segment, packet.p, packet.n);
	memset(segment + packet.n, 0, b->room - packet.n);
	memcpy(segment + b->room, &t, sizeof t);
	if (++b->n == SEND_MOST)
		flush(b);
	return true;
}

static void on_turn(struct ev_loop *loop, ev_prepare *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
	fast_flush();
}

/* --- life --- */

void fast_open(uint32_t rows)
{
	fast.rows = rows;
	backlog_open(rows);
	while (!fast.key)
		rand_bytes(&fast.key, sizeof fast.key);
	for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
		batches[i].octets = calloc(SEND_MOST, batches[i].segment);
		if (!batches[i].octets)
			log_fatal("no memory for packets");
	}
	int watcher = epoll_create1(EPOLL_CLOEXEC);
	if (watcher < 0)
		log_fatal("no epoll: %s", strerror(errno));
	ev_io_init(&fast.readable, on_readable, watcher, EV_READ);
	ev_set_priority(&fast.readable, RING_PRIORITY);
	ev_io_start(child_loop(), &fast.readable);
	ev_timer_init(&fast.look, on_look, LOOK_S, LOOK_S);
	ev_set_priority(&fast.look, RING_PRIORITY);
	ev_prepare_init(&fast.turn, on_turn);
	ev_prepare_start(child_loop(), &fast.turn);
}

void fast_status(struct proc_status *s)
{
	status_counter(s, "ring-taken", fast.handed);
	status_counter(s, "ring-odd", fast.odd);
	status_counter(s, "ring-damaged", fast.damaged);
	status_counter(s, "sent-together", fast.sent);
	status_counter(s, "sends-refused", fast.refused);
}
