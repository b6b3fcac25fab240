/* SPDX-License-Identifier: ISC */
/* Calls that end in media, by the kernel's ring and sent together: that they do, in order and whole, over a stop of media, a full ring,
 * a kill and a row that changes hands; and what a lying net could put in its place (R7, R27, R28). media_ring_test EXECUTABLE */
#include "backlog.h"
#include "handed.h"
#include "kernel_house.h"
#include "media_house.h"
#include "test.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROWS = 12, MANY = 200, LARGE = 320, JOIN = 20, PLAYED = BACKLOG_MS / 20 + 1 };

static struct phone a, b;

static uint16_t port_of(uint32_t at, unsigned side)
{
	return (uint16_t)(HOUSE_LO + 4 * at + 2 * side);
}

static void open_call(uint32_t at, uint64_t join)
{
	a.port = port_of(at, 0);
	b.port = port_of(at, 1);
	house_wish(at, &a, &b);
	house_send_wish(join);
}

static void begin_call(uint32_t at, uint64_t join, enum sdp_suite suite, bool clear)
{
	phone_begin(&a, suite);
	phone_begin(&b, suite);
	b.clear = clear;
	open_call(at, join);
}

static void sleeps(bool stopped)
{
	kill(house.s.pid, stopped ? SIGSTOP : SIGCONT);
}

/* Packets, whose fill counts, arrive in order. */
static bool hears_of(struct phone *p, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		if (!phone_hears_within(p, HOUSE_ARRIVAL_MS) || p->payload[0] != (uint8_t)i || p->payload_n != 160)
			return false;
	return true;
}

static bool hears_in_order(struct phone *p, uint32_t n)
{
	return hears_of(p, 0, n);
}

static void say_many(struct phone *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		phone_say(p, 0, (uint8_t)i, 160);
}

/* --- tests --- */

static void packets_come_by_the_ring(void)
{
	begin_call(0, JOIN, SDP_AES_CM_128_HMAC_SHA1_80, true);
	uint64_t before = house_counter("ring-taken");
	for (int i = 0; i < 50; i++)
		CHECK(house_talks(&a, &b));
	CHECK(house_counts("ring-taken", before + 100) && kernel_house_handed(0) == 50 && kernel_house_handed(2) == 50);
	CHECK(house_counter("ring-odd") == 0);
	/* what has no room in a record goes by the socket */
	CHECK(house_says(&a, &b, 1));
	phone_say(&a, 0, 9, 960);
	CHECK(phone_hears_within(&b, HOUSE_ARRIVAL_MS) && b.payload_n == 960 && house_counter("ring-taken") == before + 101);
}

static uint16_t sum_of(const struct phone *p, const uint8_t *udp, size_t n)
{
	struct addr to = house.spec.side[1].local;
	uint32_t sum = 17 + (uint32_t)n;

	for (size_t i = 12; i < 16; i++)
		sum += i % 2 ? (uint32_t)p->addr.ip[i] + to.ip[i] : ((uint32_t)p->addr.ip[i] + to.ip[i]) << 8;
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? udp[i] : (uint32_t)udp[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* A datagram of UDP as b sends it, with the right checksum. */
static size_t whole_datagram(uint8_t *udp, uint8_t fill)
{
	size_t n = 8 + phone_seal(&b, 0, fill, 160, udp + 8);
	const uint16_t head[4] = {htons(b.addr.port), htons(b.port), htons((uint16_t)n), 0};

	memcpy(udp, head, sizeof head);
	const uint16_t check = htons((uint16_t)~sum_of(&b, udp, n));
	memcpy(udp + 6, &check, sizeof check);
	return n;
}

/* Clear RTP has no tag: what was damaged on the way must not be heard, as from a socket. */
static void what_is_damaged_is_not_taken(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	uint8_t udp[2100];
	int raw = kernel_house_raw();

	begin_call(2, JOIN + 2, SDP_AES_CM_128_HMAC_SHA1_80, true);
	CHECK(house_talks(&a, &b)); /* whose checksums nobody made */
	memcpy(&to.sin_addr, house.spec.side[1].local.ip + 12, sizeof to.sin_addr);
	struct sockaddr_in from = {.sin_family = AF_INET};
	memcpy(&from.sin_addr, b.addr.ip + 12, sizeof from.sin_addr);
	CHECK(bind(raw, (struct sockaddr *)&from, sizeof from) == 0);
	uint64_t taken = house_counter("ring-taken");
	for (uint8_t i = 0; i < 9; i++) {
		size_t n = whole_datagram(udp, i);
		if (i % 3 == 1)
			udp[40] ^= 1;
		if (i % 3 == 2)
			udp[6] = udp[7] = 0; /* it has none */
		CHECK(sendto(raw, udp, n, 0, (struct sockaddr *)&to, sizeof to) == (ssize_t)n);
		if (i % 3 != 1)
			CHECK(phone_hears_within(&a, HOUSE_ARRIVAL_MS) && a.payload[0] == i && a.payload[32] == i);
	}
	CHECK(house_counts("ring-damaged", 3) && house_counter("ring-taken") == taken + 9 && a.unopened == 0);
	CHECK(!phone_hears_within(&a, HOUSE_SILENCE_MS));
	close(raw);
	house_close(JOIN + 2);
}

static void many_leave_together(void)
{
	uint64_t before = house_counter("sent-together");

	sleeps(true);
	say_many(&a, MANY);
	sleeps(false);
	CHECK(hears_in_order(&b, MANY));
	uint64_t together = house_counter("sent-together") - before;
	CHECK(together > MANY / 2 && together <= MANY && house_counter("sends-refused") == 0);
	/* and sealed, of two sizes */
	begin_call(1, JOIN + 1, SDP_AEAD_AES_256_GCM, false);
	sleeps(true);
	for (int i = 0; i < 100; i++)
		phone_say(&b, 0, (uint8_t)i, i % 2 ? 320 : 160);
	sleeps(false);
	uint32_t sum[2] = {0};
	for (int i = 0; i < 100 && phone_hears_within(&a, HOUSE_ARRIVAL_MS); i++)
		sum[a.payload_n == 320] += a.payload_n == 320 || a.payload_n == 160;
	CHECK(sum[0] == 50 && sum[1] == 50 && a.unopened == 0);
	house_close(JOIN + 1);
	house_close(JOIN);
}

/* R27: a stopped media loses what its sockets lose and no more, and the ring goes on where it was. */
static void a_full_ring_falls_back_and_recovers(void)
{
	enum { EACH = 215, ALL = EACH * 10 };
	struct phone from[10];
	uint64_t handed = 0;

	phone_begin(&b, SDP_AEAD_AES_128_GCM);
	b.clear = true;
	for (uint32_t i = 0; i < 10; i++) {
		phone_begin(&a, SDP_AEAD_AES_128_GCM);
		open_call(i, JOIN + i);
		from[i] = a;
	}
	house_settle();
	uint64_t before = house_counter("passed");
	sleeps(true);
	for (uint32_t i = 0; i < ALL; i++)
		phone_say(&from[i / EACH], 0, 1, LARGE);
	for (uint32_t i = 0; i < 10; i++)
		handed += kernel_house_handed(4 * i);
	CHECK(handed > 1900 && handed < ALL);
	sleeps(false);
	CHECK(house_counts("passed", before + ALL));

	while (phone_hears_within(&b, 100))
		;
	uint64_t taken = house_counter("ring-taken");
	b.port = port_of(9, 1);
	CHECK(house_says(&from[9], &b, 3) && house_counts("ring-taken", taken + 1));
	for (uint32_t i = 0; i < 10; i++)
		house_close(JOIN + i);
}

/* T26: one address that sends more than a phone does leaves the ring to the others. */
static void one_has_no_more_of_it_than_a_phone(void)
{
	begin_call(0, JOIN, SDP_AEAD_AES_128_GCM, true);
	house_settle();
	sleeps(true);
	for (uint32_t i = 0; i < 1500; i++)
		phone_say(&a, 0, 1, 160);
	uint64_t handed = kernel_house_handed(0);
	sleeps(false);
	CHECK(handed >= 400 && handed < 1000);
	while (phone_hears_within(&b, 200))
		;
	stage_run(&house.s, 1100);
	CHECK(house_talks(&a, &b));
	house_close(JOIN);
}

static uint64_t passed_at_rest(void)
{
	stage_run(&house.s, HOUSE_SILENCE_MS);
	return house_counter("passed");
}

/* The next life reads what came meanwhile, if it is its call's; another call on the same ports gets none of it. */
static void other_hands(struct stage *s)
{
	house_close(JOIN);
	open_call(0, JOIN + 1);
	kernel_house_give(s);
}

static void a_kill_keeps_what_came_for_whom_it_came(void)
{
	begin_call(0, JOIN, SDP_AEAD_AES_128_GCM, true);
	CHECK(house_talks(&a, &b));
	stage_kill(&house.s);
	say_many(&a, PLAYED);
	CHECK(house_start() && hears_in_order(&b, PLAYED) && house_talks(&a, &b));
	CHECK(house_counter("waited-too-long") == 0);
	stage_kill(&house.s);
	say_many(&a, 5);
	house.begun = other_hands;
	CHECK(house_start() && house_counts("ring-taken", 5) && passed_at_rest() == 0);
	CHECK(house_says(&a, &b, 4) && house_counter("passed") == 1);
	house.begun = kernel_house_give;
	house_close(JOIN + 1);
}

/* Seven seconds of it: numbers go on over what is not played, a roll-over among it; a digit is late and not lost, and what is recorded is whole. */
static void what_waited_too_long_is_opened_and_not_played(void)
{
	enum { WAITED = 350, DIGIT = 100, OLD = WAITED - PLAYED };

	begin_call(0, JOIN, SDP_AES_CM_128_HMAC_SHA1_80, false);
	a.index = 0xffff - 50;
	house.spec.side[0].listens = 1;
	house_send_wish(JOIN);
	CHECK(house_talks(&a, &b));
	stage_kill(&house.s);
	uint32_t heard = house.heard.n;
	for (uint32_t i = 0; i < WAITED; i++)
		phone_say(&a, i == DIGIT ? 101 : 0, (uint8_t)i, i == DIGIT ? 4 : 160);
	CHECK(kernel_house_handed(0) >= WAITED && house_start());
	CHECK(phone_hears_within(&b, HOUSE_ARRIVAL_MS) && b.got.pt == 101 && b.payload[0] == DIGIT);
	uint64_t index = b.got_index;
	CHECK(hears_of(&b, OLD, WAITED) && b.got_index == index + WAITED - 1 - DIGIT && b.unopened == 0);
	CHECK(!phone_hears_within(&b, HOUSE_SILENCE_MS));
	CHECK(house_counter("ring-taken") >= WAITED && house_counter("waited-too-long") == OLD - 1);
	CHECK(house.heard.n - heard + house_counter("heard-lost") == WAITED && house_counter("heard-lost") == 0);
	CHECK(house_talks(&a, &b) && house_counter("waited-too-long") == OLD - 1);
	house_close(JOIN);
}

/* --- lies of net --- */

static struct link *liar(void)
{
	struct link *net = stage_sibling(&house.s, PROC_NET, 0);

	stage_run(&house.s, 50);
	return net;
}

static void lie(struct link *net, enum kernel_map what, int fd)
{
	struct msg_kernel_map *m = ipc_begin_fd(net, MSG_KERNEL_MAP, fd);
	m->what = (uint8_t)what;
	m->lo = HOUSE_LO;
	m->ports = 4 * ROWS;
	ipc_end(net);
	CHECK(house_settle());
}

/* A file of the right size that is no ring. */
static int false_ring(void)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);

	if (ftruncate(fd, 2 * sysconf(_SC_PAGESIZE) + 2 * (off_t)RING_OCTETS) != 0)
		abort();
	return fd;
}

static bool refuses(enum kernel_map what, int fd)
{
	struct link *net = liar();

	house.s.accused = PROC_PARENT;
	lie(net, what, fd);
	bool accused = house.s.accused == PROC_NET;
	stage_cut(&house.s, net);
	return accused;
}

static void what_net_lies_is_borne(void)
{
	begin_call(0, JOIN, SDP_AEAD_AES_128_GCM, true);
	CHECK(refuses(KERNEL_RING, false_ring()) && refuses(KERNEL_RING, open("/dev/null", O_RDWR | O_CLOEXEC)));
	CHECK(refuses(KERNEL_SENDS, open("/dev/null", O_RDWR | O_CLOEXEC)) && house_talks(&a, &b));
	/* a socket that is none: what was to leave together leaves apart */
	kernel_house_give(&house.s);
	CHECK(house_talks(&a, &b));
	lie(liar(), KERNEL_SENDER, open("/dev/null", O_RDWR | O_CLOEXEC));
	sleeps(true);
	say_many(&a, MANY);
	sleeps(false);
	CHECK(hears_in_order(&b, MANY) && house_counter("sends-refused") > 0);
	house_close(JOIN);
}

static const char *open_all(const char *exe)
{
	struct addr ours;

	addr_parse_ip(SPAN("10.9.0.1"), &ours);
	if (!kernel_house_networks("10.9.0.1", "10.9.0.2 10.9.0.3"))
		return "no networks of its own";
	const char *why = kernel_house_open(&ours, "rfm0", HOUSE_LO, 4 * ROWS);
	house.rows = ROWS;
	house.host = "10.9.0.1";
	house.socket = kernel_house_socket;
	house.begun = kernel_house_give;
	if (!why && !house_open(exe))
		abort();
	return why;
}

int main(int argc, char **argv)
{
	const char *why = argc == 2 ? open_all(argv[1]) : "usage: media_ring_test EXECUTABLE";

	if (why) {
		printf("skipped: %s\n", why);
		kernel_house_leave();
		return KERNEL_HOUSE_SKIPPED;
	}
	phone_open(&a, "10.9.0.2");
	phone_open(&b, "10.9.0.3");
	RUN(packets_come_by_the_ring);
	RUN(many_leave_together);
	RUN(a_full_ring_falls_back_and_recovers);
	RUN(one_has_no_more_of_it_than_a_phone);
	RUN(what_is_damaged_is_not_taken);
	RUN(a_kill_keeps_what_came_for_whom_it_came);
	RUN(what_waited_too_long_is_opened_and_not_played);
	RUN(what_net_lies_is_borne);
	house_end();
	kernel_house_close();
	return TEST_END;
}
