/* SPDX-License-Identifier: ISC */
/* The kernel's ring as media reads it, and the two programs around it, run on frames: what an ended flow hands up and what not, a full
 * ring, and what leaves of what is sent together, to the last checksum (R7, R27, R28, T26). The programs are skipped, with the reason,
 * where the kernel lets nobody load them. */
#include "ring.h"
#include "base/addr.h"
#include "base/rand.h"
#include "relay_bpf.h"
#include "sum.h"
#include "test.h"
#include "written.h"
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <net/ethernet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { SKIPPED = 77, PORT = 20000, LO = 1, SLOT = 2, HEADS = 14 + 20 + 8, SMALL = 4096 };
static const uint64_t KEY = 0x0123456789abcdef;

/* --- the reader --- */

static uint8_t mem[2 * SMALL];
static uint64_t read_at, written;

static struct ring begin(uint64_t from, uint64_t to)
{
	struct ring r = {.read = &read_at, .written = &written, .data = mem, .octets = SMALL};

	read_at = from;
	written = to;
	ring_begin(&r);
	return r;
}

static size_t put_record(size_t at, uint32_t word, uint16_t n, uint8_t fill)
{
	struct ring_packet head = {.join = 7, .slot = 3, .n = n};

	memcpy(mem + at, &word, sizeof word);
	memcpy(mem + at + BPF_RINGBUF_HDR_SZ, &head, sizeof head);
	memset(mem + at + BPF_RINGBUF_HDR_SZ + sizeof head, fill, 64);
	return at + 112;
}

static void records_are_read_in_order(void)
{
	struct ring_packet head;
	uint8_t octets[RING_LARGE];

	size_t end = put_record(0, 104, 20, 1);
	end = put_record(end, 104 | BPF_RINGBUF_DISCARD_BIT, 20, 2);
	end = put_record(end, 104, 60, 3);
	put_record(end, 104 | BPF_RINGBUF_BUSY_BIT, 20, 4);
	struct ring r = begin(0, end + 112);
	CHECK(ring_take(&r, &head, octets) == RING_TAKEN && head.join == 7 && head.slot == 3 && head.n == 20 && octets[19] == 1);
	CHECK(ring_take(&r, &head, octets) == RING_PASSED_OVER);
	CHECK(ring_take(&r, &head, octets) == RING_TAKEN && head.n == 60 && octets[59] == 3);
	CHECK(ring_take(&r, &head, octets) == RING_EMPTY && read_at == 0);
	ring_release(&r, false); /* the last one stays, so that nobody is woken */
	CHECK(read_at == end - 112);
	ring_release(&r, true);
	CHECK(read_at == end);
	put_record(end, 104, 20, 4);
	CHECK(ring_take(&r, &head, octets) == RING_TAKEN && octets[0] == 4 && ring_take(&r, &head, octets) == RING_EMPTY);
}

/* Whatever the positions and lengths say, it ends, and nothing outside is read (the sanitizers watch). */
static void lies_are_passed_over(void)
{
	static const struct {
		uint64_t from, to;
		uint32_t word;
		uint16_t n;
	} lie[] = {{0, 112, 104, 0}, {0, 112, 104, 73}, {0, 112, 104, UINT16_MAX}, {0, 112, 31, 1}, {0, 112, 0, 1},
	    {0, 112, 105, 20}, {0, 112, 0x3fffffff, 20}, {0, 4, 104, 20}, {0, UINT64_MAX, 104, 20}, {112, 0, 104, 20},
	    {3, 115, 104, 20}, {0, SMALL + 8, 104, 20}};
	struct ring_packet head;
	uint8_t octets[RING_LARGE];

	for (size_t i = 0; i < sizeof lie / sizeof *lie; i++) {
		put_record(0, lie[i].word, lie[i].n, 1);
		struct ring r = begin(lie[i].from, lie[i].to);
		CHECK(ring_take(&r, &head, octets) == RING_PASSED_OVER);
	}
	for (int i = 0; i < 100000; i++) {
		rand_bytes(mem, 64);
		mem[1] = mem[2] = mem[3] = 0;
		struct ring r = begin(rand_u32() % 4096 & ~7U, rand_u32() % 8192);
		uint32_t n = 0;
		while (ring_take(&r, &head, octets) != RING_EMPTY && n <= SMALL / 8)
			n++;
		CHECK(n <= SMALL / 8);
	}
}

/* --- the programs --- */

static struct bpf_object *object;
static int relay, sender;
static struct ring real;
static struct flow flow;
static const uint32_t at = SLOT;

static int map(const char *name)
{
	return bpf_object__find_map_fd_by_name(object, name);
}

static void put_ip(struct flow_ip *out, const char *text)
{
	struct addr a;

	if (!addr_parse_ip(span_str(text), &a))
		abort();
	memcpy(out, a.ip, sizeof *out);
}

static bool map_ring(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *ours = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map("ring"), 0);
	uint8_t *theirs = mmap(NULL, page + 2 * (size_t)RING_OCTETS, PROT_READ, MAP_SHARED, map("ring"), (off_t)page);

	if (ours == MAP_FAILED || theirs == MAP_FAILED)
		return false;
	real = (struct ring){.read = ours, .written = (void *)theirs, .data = theirs + page, .octets = RING_OCTETS};
	ring_begin(&real);
	return true;
}

static bool load(void)
{
	struct flow_site s = {.lo = PORT - SLOT, .hi = PORT + 3};
	uint32_t zero = 0;

	put_ip(&s.media[0], "192.0.2.1");
	put_ip(&s.media[1], "2001:db8::1");
	object = bpf_object__open_mem(relay_bpf, sizeof relay_bpf, NULL);
	if (!object)
		return false;
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "flows"), 8);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "sends"), 8);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "tallies"), 4);
	int r = bpf_object__load(object);
	if (r == -EPERM) {
		printf("skipped: this kernel or container lets nobody here load programs\n");
		exit(SKIPPED);
	}
	if (r != 0)
		return false;
	relay = bpf_program__fd(bpf_object__find_program_by_name(object, "relay_tc"));
	sender = bpf_program__fd(bpf_object__find_program_by_name(object, "send_tc"));
	return map_ring() && bpf_map_update_elem(map(FLOW_SITE), &zero, &s, BPF_ANY) == 0;
}

static void the_kernel_takes_them(void)
{
	struct timespec t;

	CHECK(load());
	clock_gettime(CLOCK_MONOTONIC, &t);
	flow = (struct flow){.iif = LO, .family = 4, .from_port = htons(5000), .takes = FLOW_ENDS, .join = 77,
	    .deadline_ns = (uint64_t)(t.tv_sec + 60) * 1000000000};
	put_ip(&flow.ip, "192.0.2.1");
	put_ip(&flow.from, "198.51.100.1");
	CHECK(bpf_map_update_elem(map("flows"), &at, &flow, BPF_ANY) == 0);
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint16_t sum_of(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Over UDP and its pseudo-header: 0xffff when the checksum is right. */
static uint16_t udp_sum(const uint8_t *frame, bool v6)
{
	const uint8_t *udp = frame + 14 + (v6 ? 40 : 20);
	size_t n = (size_t)udp[4] << 8 | udp[5];
	uint32_t pseudo = 17U + (uint32_t)n + (v6 ? sum_of(0, frame + 14 + 8, 32) : sum_of(0, frame + 14 + 12, 8));

	return sum_of(pseudo, udp, n);
}

static uint8_t frame[1600], out[1600];

/* n octets from `from` to our port. */
static size_t build(const char *from, uint16_t port, const uint8_t *payload, size_t n)
{
	uint8_t *ip = frame + 14, *udp = ip + 20;

	memset(frame, 0, HEADS);
	put16(frame + 12, ETHERTYPE_IP);
	ip[0] = 0x45;
	put16(ip + 2, 28 + n);
	ip[8] = 64;
	ip[9] = 17;
	inet_pton(AF_INET, from, ip + 12);
	inet_pton(AF_INET, "192.0.2.1", ip + 16);
	put16(ip + 10, (uint16_t)~sum_of(0, ip, 20));
	put16(udp, port);
	put16(udp + 2, PORT);
	put16(udp + 4, 8 + n);
	memcpy(udp + 8, payload, n);
	put16(udp + 6, (uint16_t)~udp_sum(frame, false));
	return HEADS + n;
}

static int run(int program, size_t n)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = (uint32_t)n, .data_out = out, .data_size_out = sizeof out);

	return bpf_prog_test_run_opts(program, &o) == 0 ? (int)o.retval : -99;
}

static int comes(const char *from, uint16_t port, uint8_t first, uint8_t second, size_t n)
{
	uint8_t payload[1400];

	memset(payload, 0x5a, sizeof payload);
	payload[0] = first;
	payload[1] = second;
	return run(relay, build(from, port, payload, n));
}

static struct flow_tally tally(bool anew)
{
	struct flow_tally t = {0}, none = {0};
	uint32_t slot = SLOT;

	bpf_map_lookup_elem(map("tallies"), &slot, &t);
	if (anew)
		bpf_map_update_elem(map("tallies"), &slot, &none, BPF_ANY);
	return t;
}

static struct addr ip_of(const char *ip)
{
	struct addr a = {0};

	if (!addr_parse_ip(span_str(ip), &a))
		abort();
	return a;
}

static bool handed(size_t n)
{
	struct ring_packet head;
	uint8_t octets[RING_LARGE];
	struct flow_ip from;

	put_ip(&from, "198.51.100.1");
	if (ring_take(&real, &head, octets) != RING_TAKEN)
		return false;
	ring_release(&real, true);
	struct addr to = addr_of_ip(ip_of("192.0.2.1").ip), sent_by = addr_of_ip((const uint8_t *)&from);
	to.port = PORT;
	sent_by.port = 5000;
	bool whole = sum_ok(&sent_by, &to, head.check, span_of(octets, n));
	octets[n / 2] ^= 1;
	bool damaged = sum_ok(&sent_by, &to, head.check, span_of(octets, n));
	return whole && !damaged && head.join == 77 && head.slot == SLOT && head.n == n && head.from_port == htons(5000) &&
	       memcmp(&head.from, &from, sizeof from) == 0 && octets[0] == 0x80 && octets[n - 1] == 0x5a;
}

static void rtp_of_an_ended_flow_is_handed_up(void)
{
	static const size_t n[] = {13, RING_SMALL - 1, RING_SMALL, RING_SMALL + 1, RING_LARGE};

	tally(true);
	for (size_t i = 0; i < sizeof n / sizeof *n; i++)
		CHECK(comes("198.51.100.1", 5000, 0x80, 0, n[i]) == TC_ACT_STOLEN && handed(n[i]));
	CHECK(tally(false).handed == 5 && tally(false).passed == 0);
	/* all else goes up or nowhere, as ever */
	CHECK(comes("198.51.100.1", 5000, 0x80, 0, RING_LARGE + 1) == TC_ACT_UNSPEC);
	CHECK(comes("198.51.100.1", 5000, 0x80, 200, 60) == TC_ACT_UNSPEC); /* RTCP */
	CHECK(comes("198.51.100.1", 5000, 22, 254, 60) == TC_ACT_UNSPEC);   /* DTLS */
	CHECK(comes("198.51.100.1", 5000, 0, 1, 60) == TC_ACT_UNSPEC);      /* STUN */
	CHECK(comes("198.51.100.1", 5000, 0xc0, 0, 60) == TC_ACT_SHOT);
	CHECK(comes("198.51.100.1", 5001, 0x80, 0, 60) == TC_ACT_SHOT && comes("198.51.100.2", 5000, 0x80, 0, 60) == TC_ACT_SHOT);
	struct flow_tally t = tally(true);
	CHECK(t.handed == 5 && t.dropped[FLOW_STRANGER] == 2 && t.dropped[FLOW_SHAPE] == 1 && !handed(1));
}

static void who_sends_too_much_goes_up(void)
{
	int up = 0, stolen = 0;

	tally(true);
	for (int i = 0; i < 600; i++) {
		int r = comes("198.51.100.1", 5000, 0x80, 0, 172);
		up += r == TC_ACT_UNSPEC;
		stolen += r == TC_ACT_STOLEN;
		if (r == TC_ACT_STOLEN && !handed(172))
			stolen = -1000;
	}
	CHECK(up + stolen == 600 && stolen >= 400 && up > 0);
}

static void a_full_ring_goes_up_and_is_used_again(void)
{
	int stolen = 0;

	for (int i = 0; i < RING_OCTETS / 512 + 10; i++) {
		tally(true);
		stolen += comes("198.51.100.1", 5000, 0x80, 0, 400) == TC_ACT_STOLEN;
	}
	CHECK(stolen >= RING_OCTETS / 512 - 1 && stolen <= RING_OCTETS / 512);
	CHECK(comes("198.51.100.1", 5000, 0x80, 0, 400) == TC_ACT_UNSPEC);
	while (stolen-- > 0)
		CHECK(handed(400));
	tally(true);
	CHECK(comes("198.51.100.1", 5000, 0x80, 0, 400) == TC_ACT_STOLEN && handed(400));
}

/* As the kernel makes it, for both families and odd lengths, and as it stands before it is made. */
static void a_sum_is_right_or_not(void)
{
	uint8_t octets[64], head[40];

	for (int i = 0; i < 20000; i++) {
		bool v6 = i % 2;
		struct addr from = ip_of(v6 ? "2001:db8:1::1" : "198.51.100.1"), to = ip_of(v6 ? "2001:db8::1" : "192.0.2.1");
		size_t n = 1 + (size_t)i % 63;
		rand_bytes(octets, sizeof octets);
		rand_bytes(from.ip + 14, 2);
		rand_bytes(&from.port, sizeof from.port);
		to.port = PORT;
		memcpy(head, from.ip + (v6 ? 0 : 12), v6 ? 16 : 4);
		memcpy(head + (v6 ? 16 : 4), to.ip + (v6 ? 0 : 12), v6 ? 16 : 4);
		uint16_t pseudo = sum_of(17U + 8U + (uint32_t)n, head, v6 ? 32 : 8);
		uint16_t check = (uint16_t)~sum_of((uint32_t)pseudo + from.port + to.port + 8U + (uint32_t)n, octets, n);
		check = check ? check : 0xffff;
		CHECK(sum_ok(&from, &to, htons(check), span_of(octets, n)));
		CHECK(sum_ok(&from, &to, htons(pseudo), span_of(octets, n)) && sum_ok(&from, &to, 0, span_of(octets, n)));
		uint16_t other = (uint16_t)(check ^ 1u << i % 16);
		if (other && other != pseudo)
			CHECK(!sum_ok(&from, &to, htons(other), span_of(octets, n)));
		octets[(size_t)i % n] ^= (uint8_t)(1u << i % 8);
		if (check != pseudo)
			CHECK(!sum_ok(&from, &to, htons(check), span_of(octets, n)));
	}
}

/* --- what is sent together --- */

static void send_to(bool v6)
{
	struct flow f = {.family = v6 ? 6 : 4, .next_family = v6 ? 6 : 4, .to_port = htons(6000), .source_port = htons(PORT + 2), .oif = LO, .join = KEY};
	uint32_t slot = SLOT;

	put_ip(&f.source, v6 ? "2001:db8::1" : "192.0.2.1");
	put_ip(&f.to, v6 ? "2001:db8:2::2" : "203.0.113.2");
	f.next = f.to;
	bpf_map_update_elem(map("sends"), &slot, &f, BPF_ANY);
}

static size_t segment(size_t n, struct send_trailer t)
{
	uint8_t payload[SEND_LARGE + sizeof t] = {0};
	size_t room = n > SEND_SMALL ? SEND_LARGE : SEND_SMALL;

	memset(payload, 0xa5, n);
	memcpy(payload + room, &t, sizeof t);
	return build("10.0.0.1", 9, payload, room + sizeof t);
}

static struct send_trailer trailer(uint32_t slot, uint32_t n)
{
	return (struct send_trailer){slot, n, ~slot, ~n, KEY, ~KEY};
}

static bool leaves_right(size_t n, bool v6)
{
	const uint8_t *ip = out + 14, *udp = ip + (v6 ? 40 : 20);
	uint8_t source[16], to[16];

	inet_pton(v6 ? AF_INET6 : AF_INET, v6 ? "2001:db8::1" : "192.0.2.1", source);
	inet_pton(v6 ? AF_INET6 : AF_INET, v6 ? "2001:db8:2::2" : "203.0.113.2", to);
	for (size_t i = 0; i < n; i++)
		if (udp[8 + i] != 0xa5)
			return false;
	if (udp_sum(out, v6) != 0xffff || (udp[0] << 8 | udp[1]) != PORT + 2 || (udp[2] << 8 | udp[3]) != 6000 ||
	    (size_t)(udp[4] << 8 | udp[5]) != 8 + n)
		return false;
	return v6 ? ip[0] == 0x60 && ip[6] == 17 && ip[7] == FLOW_HOPS && (size_t)(ip[4] << 8 | ip[5]) == 8 + n &&
			memcmp(ip + 8, source, 16) == 0 && memcmp(ip + 24, to, 16) == 0
		  : sum_of(0, ip, 20) == 0xffff && ip[8] == FLOW_HOPS && (size_t)(ip[2] << 8 | ip[3]) == 28 + n &&
			memcmp(ip + 12, source, 4) == 0 && memcmp(ip + 16, to, 4) == 0;
}

static void what_is_sent_leaves_as_from_its_port(void)
{
	static const size_t n[] = {13, 172, 181, SEND_SMALL, SEND_SMALL + 1, SEND_LARGE};

	for (int v6 = 0; v6 < 2; v6++) {
		send_to(v6);
		for (size_t i = 0; i < sizeof n / sizeof *n; i++)
			CHECK(run(sender, segment(n[i], trailer(SLOT, (uint32_t)n[i]))) == TC_ACT_REDIRECT && leaves_right(n[i], v6));
	}
	CHECK(tally(false).sent >= 12);
}

/* A way that is written over and over as media does it: to one phone, to another, nowhere. */
static bool churning;
static const struct {
	const char *ip;
	uint16_t port;
} phone[2] = {{"203.0.113.2", 6000}, {"203.0.113.77", 777}};

static void *churns(void *arg)
{
	struct flow *sends = arg, f[3] = {sends[SLOT], sends[SLOT], {0}};

	put_ip(&f[1].to, phone[1].ip);
	f[1].to_port = htons(phone[1].port);
	for (uint32_t i = 0; __atomic_load_n(&churning, __ATOMIC_RELAXED); i++)
		flow_write(&sends[SLOT], &f[i % 8 ? i % 2 : 2]);
	return NULL;
}

static bool leaves_for(int which)
{
	uint8_t ip[4];

	inet_pton(AF_INET, phone[which].ip, ip);
	return memcmp(out + 14 + 16, ip, 4) == 0 && (out[14 + 20 + 2] << 8 | out[14 + 20 + 3]) == phone[which].port &&
	       udp_sum(out, false) == 0xffff;
}

static int64_t ms_of(const struct timespec *t)
{
	return t->tv_sec * 1000 + t->tv_nsec / 1000000;
}

static void a_way_that_is_written_meanwhile_is_not_used(void)
{
	enum { MS = 1500, MOST_MS = 15000, OFTEN = 100 }; /* a machine with much else to do writes as it reads more seldom */
	uint32_t left[2] = {0}, left_wrong = 0;
	struct timespec t;
	pthread_t thread;

	struct flow *sends = mmap(NULL, 8 * sizeof *sends, PROT_READ | PROT_WRITE, MAP_SHARED, map("sends"), 0);
	send_to(false);
	churning = true;
	CHECK(sends != MAP_FAILED && pthread_create(&thread, NULL, churns, sends) == 0);
	clock_gettime(CLOCK_MONOTONIC, &t);
	for (int64_t now = ms_of(&t), begun = now; now < begun + MS || (now < begun + MOST_MS && (left[0] <= OFTEN || left[1] <= OFTEN));
	     clock_gettime(CLOCK_MONOTONIC, &t), now = ms_of(&t)) {
		if (run(sender, segment(172, trailer(SLOT, 172))) != TC_ACT_REDIRECT)
			continue;
		int which = leaves_for(1);
		left[which]++;
		left_wrong += !leaves_for(which);
	}
	__atomic_store_n(&churning, false, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	munmap(sends, 8 * sizeof *sends);
	if (left_wrong || left[0] <= OFTEN || left[1] <= OFTEN)
		printf("%u left to the one, %u to the other, %u to neither\n", left[0], left[1], left_wrong);
	CHECK(left[0] > OFTEN && left[1] > OFTEN && left_wrong == 0);
	send_to(false);
	struct flow f;
	uint32_t slot = SLOT;
	CHECK(bpf_map_lookup_elem(map("sends"), &slot, &f) == 0);
	f.written = 7; /* it is being written */
	bpf_map_update_elem(map("sends"), &slot, &f, BPF_ANY);
	CHECK(run(sender, segment(172, trailer(SLOT, 172))) == TC_ACT_SHOT);
}

/* What media could forge, and what is no segment of its. */
static void nothing_else_leaves(void)
{
	struct flow f;
	uint32_t slot = SLOT;
	struct send_trailer t = trailer(SLOT, 172);

	send_to(false);
	CHECK(run(sender, segment(172, trailer(SLOT + 1, 172))) == TC_ACT_SHOT); /* no flow */
	CHECK(run(sender, segment(172, trailer(UINT32_MAX, 172))) == TC_ACT_SHOT);
	CHECK(run(sender, segment(172, trailer(SLOT, 0))) == TC_ACT_SHOT);
	CHECK(run(sender, segment(172, trailer(SLOT, SEND_SMALL + 1))) == TC_ACT_SHOT);
	CHECK(run(sender, segment(172, trailer(SLOT, UINT32_MAX))) == TC_ACT_SHOT);
	t.not_slot++;
	CHECK(run(sender, segment(172, t)) == TC_ACT_SHOT);
	t = trailer(SLOT, 172);
	t.not_n++;
	CHECK(run(sender, segment(172, t)) == TC_ACT_SHOT);
	/* another process of this host, which has not the key */
	t = trailer(SLOT, 172);
	t.key ^= 1;
	t.not_key = ~t.key;
	CHECK(run(sender, segment(172, t)) == TC_ACT_SHOT);
	t = trailer(SLOT, 172);
	t.not_key--;
	CHECK(run(sender, segment(172, t)) == TC_ACT_SHOT);
	CHECK(bpf_map_lookup_elem(map("sends"), &slot, &f) == 0);
	f.join = t.key = 0;
	t.not_key = ~t.key;
	bpf_map_update_elem(map("sends"), &slot, &f, BPF_ANY);
	CHECK(run(sender, segment(172, t)) == TC_ACT_SHOT);
	send_to(false);
	size_t n = segment(172, trailer(SLOT, 172));
	put16(frame + 12, ETHERTYPE_ARP);
	CHECK(run(sender, n) == TC_ACT_SHOT && run(sender, 60) == TC_ACT_SHOT && run(sender, 14) == TC_ACT_SHOT);
	/* a source that is not ours, or no media port */
	CHECK(bpf_map_lookup_elem(map("sends"), &slot, &f) == 0);
	f.source_port = htons(PORT + 4);
	bpf_map_update_elem(map("sends"), &slot, &f, BPF_ANY);
	CHECK(run(sender, segment(172, trailer(SLOT, 172))) == TC_ACT_SHOT);
	f.source_port = htons(PORT + 2);
	put_ip(&f.source, "192.0.2.9");
	bpf_map_update_elem(map("sends"), &slot, &f, BPF_ANY);
	CHECK(run(sender, segment(172, trailer(SLOT, 172))) == TC_ACT_SHOT);
	memset(&f.source, 0, sizeof f.source); /* as the places that no address has */
	bpf_map_update_elem(map("sends"), &slot, &f, BPF_ANY);
	CHECK(run(sender, segment(172, trailer(SLOT, 172))) == TC_ACT_SHOT);
	send_to(false);
	CHECK(run(sender, segment(172, trailer(SLOT, 172))) == TC_ACT_REDIRECT);
}

int main(void)
{
	RUN(records_are_read_in_order);
	RUN(a_sum_is_right_or_not);
	RUN(lies_are_passed_over);
	RUN(the_kernel_takes_them);
	if (test_failed_here)
		return TEST_END;
	RUN(rtp_of_an_ended_flow_is_handed_up);
	RUN(who_sends_too_much_goes_up);
	RUN(a_full_ring_goes_up_and_is_used_again);
	RUN(what_is_sent_leaves_as_from_its_port);
	RUN(a_way_that_is_written_meanwhile_is_not_used);
	RUN(nothing_else_leaves);
	bpf_object__close(object);
	return TEST_END;
}
