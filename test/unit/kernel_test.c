/* SPDX-License-Identifier: ISC */
/* The relay in the kernel (R7, R28, T24 to T26, T30): its programs, tc's and XDP's, are run on frames and held against media's own
 * functions, packet by packet, and what leaves is right to the last checksum and tag. Skipped, with the reason, where the kernel lets nobody load programs. */
#include "flow_make.h"
#include "base/clock.h"
#include "base/rand.h"
#include "ended.h"
#include "gate.h"
#include "police.h"
#ifdef FENCED
#include "relay_fenced_bpf.h"
#define relay_bpf relay_fenced_bpf
#else
#include "relay_bpf.h"
#endif
#include "source.h"
#include "stream.h"
#include "test.h"
#include "written.h"
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <net/ethernet.h>
#include <stddef.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if (defined(__x86_64__) || defined(__i386__)) && !defined(FENCED)
enum { IN_ORDER = 1 };
#else
enum { IN_ORDER = 0 };
#endif
enum verdict { OTHER, OK, SHOT, REDIRECT };
enum { RANDOM_PACKETS = 60000, LO = 1, OUT = 7, VLAN_IN = 8, VLAN_OUT = 9, PORT = 20000, SKIPPED = 77, SLOTS = 4 };

static void forget(void);

static struct bpf_object *object;
static int flows, tallies, bans, site, wires, arrivals, tick, left;
static struct engine {
	const char *name;
	bool xdp;
	int ok, shot, redirect, program;
} engines[] = {{"relay_tc", false, -1, 2, 7, -1}, /* linux/pkt_cls.h */
    {"relay_xdp", true, 2, 1, 4, -1}}, /* linux/bpf.h */
    *engine;
static struct flow_hop way; /* that XDP was told of */
static struct flow_sums sums[2]; /* of the flow at each slot, as it was told too */
static struct relay_row row;
static uint64_t now;

/* --- rows --- */

static struct addr at(const char *ip, uint16_t port)
{
	struct addr a = {0};

	if (!addr_parse_ip(span_str(ip), &a))
		abort();
	a.port = port;
	return a;
}

static void side_init(struct relay_side *s, bool v6, uint16_t port, bool mux, const char *host)
{
	*s = (struct relay_side){.present = 1,
	    .hears = RELAY_HEARS_OTHER,
	    .events = 1,
	    .local = at(v6 ? "2001:db8::1" : "192.0.2.1", port),
	    .local_rtcp = mux ? port : (uint16_t)(port + 1),
	    .source = RELAY_SOURCE_NAMED,
	    .direction = RELAY_BOTH,
	    .rtp = at(host, 5000),
	    .rtcp = at(host, mux ? 5000 : 5001),
	    .payloads = 4,
	    .keyed = 1,
	    .tag_len = 10,
	    .key = RELAY_KEY_SDES,
	    .payload = {{0, RELAY_FRAME_PCM, 0, 0}, {9, RELAY_FRAME_PCM, 0, 0}, {111, RELAY_FRAME_OPUS, 0, 0},
		{101, RELAY_FRAME_EVENT, 0, 0}}};
}

static void begin(bool v6, bool mux)
{
	static const uint8_t ethernet[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

	now = clock_boot_ms();
	way = (struct flow_hop){.written = 2, .summed = 2, .until_ns = UINT64_MAX, .interface = OUT, .wire = {.interface = OUT, .redirects = 1}};
	memcpy(way.ethernet, ethernet, sizeof ethernet);
	forget();
	memset(&row, 0, sizeof row);
	row.join = 1;
	side_init(&row.spec.side[0], v6, PORT, mux, v6 ? "2001:db8:1::1" : "198.51.100.1");
	side_init(&row.spec.side[1], v6, PORT + 2, mux, v6 ? "2001:db8:2::2" : "203.0.113.2");
	row.spec.answered = 1;
	row.spec.deadline_ms = now + 60000;
	gate_set(&row, now - 1000);
	source_set(&row, 0, now);
	source_set(&row, 1, now);
}

static void set_tag(uint8_t tag_len)
{
	row.spec.side[0].tag_len = row.spec.side[1].tag_len = tag_len;
}

static int64_t ahead_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)clock_boot_ms() - ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static void put(uint32_t slot, const struct flow *flow)
{
	bpf_map_update_elem(flows, &slot, flow, BPF_ANY);
}

static uint32_t add(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint32_t inverted(uint32_t sum)
{
	return 0xffffu - folded(sum);
}

/* As tc tells XDP, by another way of summing. */
static struct flow_sums sums_of(const struct flow *f, uint16_t port)
{
	const uint8_t *from = (const uint8_t *)&f->from, *to = (const uint8_t *)&f->to, *source = (const uint8_t *)&f->source;
	const uint8_t head[] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, FLOW_HOPS, 17};
	uint32_t come = add(add(0, from, 16), (const uint8_t *)&f->ip, 16), leave = add(add(0, to, 16), source, 16);

	return (struct flow_sums){
	    .change = htons(folded(leave + ntohs(f->to_port) + ntohs(f->source_port) +
				   inverted(come + ntohs(f->from_port) + port))),
	    .pseudo = htons(folded(come + 17)),
	    .header = htons(folded(add(add(add(0, head, sizeof head), to + 12, 4), source + 12, 4)))};
}

/* Into the map, as media writes it but for the interfaces. */
static struct flow written(unsigned component)
{
	struct flow flow = {0};

	if (flow_make(&row, 0, component, (struct flow_clock){now, ahead_ms()}, &flow)) {
		flow.iif = LO;
		flow.oif = OUT;
		flow.written = 2;
		put(component, &flow);
		sums[component] = sums_of(&flow, (uint16_t)(PORT + component));
		forget();
	}
	return flow;
}

static void unwritten(void)
{
	static const struct flow none;

	for (uint32_t slot = 0; slot < SLOTS; slot++)
		put(slot, &none);
}

/* --- frames --- */

struct frame {
	struct addr from, to;
	uint8_t payload[1500];
	size_t n;
	bool no_sum;
	uint8_t octets[1600];
	size_t octets_n;
};

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static size_t l4_of(const struct frame *f)
{
	return 14 + (f->from.family == 4 ? 20u : 40u);
}

/* Over UDP and its pseudo-header: 0xffff when the checksum is right. */
static uint16_t udp_sum(const struct frame *f, const uint8_t *o)
{
	size_t l4 = l4_of(f), n = get16(o + l4 + 4);
	uint32_t sum = 17 + (uint32_t)n;

	sum = f->from.family == 4 ? add(sum, o + 14 + 12, 8) : add(sum, o + 14 + 8, 32);
	return folded(add(sum, o + l4, n));
}

static void build(struct frame *f)
{
	uint8_t *o = f->octets, *ip = o + 14, *udp;
	size_t l4 = l4_of(f);

	memset(o, 0, l4 + 8);
	put16(o + 12, f->from.family == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
	if (f->from.family == 4) {
		ip[0] = 0x45;
		ip[1] = 0xb8;
		put16(ip + 2, 28 + (uint32_t)f->n);
		put16(ip + 4, 4711);
		ip[8] = 17;
		ip[9] = 17;
		memcpy(ip + 12, f->from.ip + 12, 4);
		memcpy(ip + 16, f->to.ip + 12, 4);
		put16(ip + 10, (uint16_t)~folded(add(0, ip, 20)));
	} else {
		ip[0] = 0x6b;
		put16(ip + 4, 8 + (uint32_t)f->n);
		ip[6] = 17;
		ip[7] = 17;
		memcpy(ip + 8, f->from.ip, 16);
		memcpy(ip + 24, f->to.ip, 16);
	}
	udp = o + l4;
	put16(udp, f->from.port);
	put16(udp + 2, f->to.port);
	put16(udp + 4, 8 + (uint32_t)f->n);
	memcpy(udp + 8, f->payload, f->n);
	uint16_t sum = f->no_sum ? 0xffff : (uint16_t)~udp_sum(f, o);
	put16(udp + 6, f->no_sum ? 0 : sum ? sum : 0xffff);
	f->octets_n = l4 + 8 + f->n;
}

static uint8_t out[1700];

static size_t out_n;

static enum verdict run(const struct frame *f)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = f->octets, .data_size_in = (uint32_t)f->octets_n, .data_out = out,
	    .data_size_out = sizeof out);

	if (bpf_prog_test_run_opts(engine->program, &o) != 0)
		return OTHER;
	out_n = o.data_size_out;
	int got = (int)o.retval;
	return got == engine->ok ? OK : got == engine->shot ? SHOT : got == engine->redirect ? REDIRECT : OTHER;
}

static struct flow_tally tally(uint32_t slot)
{
	struct flow_tally t = {0};

	bpf_map_lookup_elem(tallies, &slot, &t);
	return t;
}

static void forget(void)
{
	struct flow_tally none = {.hop = way};

	for (uint32_t slot = 0; slot < 2; slot++) {
		none.hop.sums = sums[slot];
		bpf_map_update_elem(tallies, &slot, &none, BPF_ANY);
	}
}

static struct frame rtp(uint8_t type, size_t payload)
{
	struct frame f = {.from = row.source[0].addr[0], .to = row.spec.side[0].local, .n = 12 + payload};

	rand_bytes(f.payload, f.n);
	f.payload[0] = 0x80;
	f.payload[1] = type;
	build(&f);
	return f;
}

/* What leaves is what a socket of ours would send. */
static bool leaves_right(const struct frame *f)
{
	const struct addr *to = source_where(&row, 1, 0), *source = &row.spec.side[1].local;
	struct frame as = {.from = *source, .to = *to};
	const uint8_t *ip = out + 14, *udp = out + l4_of(&as);
	bool v4 = f->from.family == 4;

	if (engine->xdp && memcmp(out, way.ethernet, sizeof way.ethernet) != 0)
		return false;
	return memcmp(udp + 8, f->payload, f->n) == 0 && get16(udp) == source->port && get16(udp + 2) == to->port &&
	       get16(udp + 4) == f->n + 8 && (get16(udp + 6) == 0 ? f->no_sum : udp_sum(&as, out) == 0xffff) &&
	       (v4 ? folded(add(0, ip, 20)) == 0xffff && ip[8] == FLOW_HOPS && ip[1] == 0 && get16(ip + 4) == 0 &&
			 get16(ip + 6) == 0x4000 && memcmp(ip + 12, source->ip + 12, 4) == 0 &&
			 memcmp(ip + 16, to->ip + 12, 4) == 0
		   : ip[7] == FLOW_HOPS && ip[0] == 0x60 && ip[1] == 0 && get16(ip + 2) == 0 &&
			 memcmp(ip + 8, source->ip, 16) == 0 && memcmp(ip + 24, to->ip, 16) == 0);
}

/* --- what media would do --- */

struct expected {
	enum verdict verdict;
	enum drop why;
};

/* Of more packets of RTCP, one behind the other, than are walked? */
static bool is_long_compound(const struct frame *f)
{
	size_t i = 0;

	for (int n = 0; n < FLOW_WALK_MAX; n++) {
		if (i + 4 > f->n || f->payload[i] >> 6 != 2)
			return false;
		i += 4 + 4 * (size_t)get16(f->payload + i + 2);
	}
	return i < f->n;
}

static struct expected media_would(const struct frame *f, unsigned component)
{
	struct relay_row r = row;
	struct span packet = span_of(f->payload, f->n);
	bool learned;

	if (wire_classify(packet) == WIRE_STUN)
		return (struct expected){OK, DROP_NONE};
	if (!source_ok(&r, 0, component, &f->from, now, &learned))
		return (struct expected){SHOT, DROP_STRANGER};
	if (learned)
		return (struct expected){OK, DROP_NONE};
	struct gate_verdict v = gate_judge(&r, 0, component, packet, now);
	if (v.kind == GATE_KEYING && (v.drop == DROP_NONE || wire_classify(packet) == WIRE_ZRTP))
		return (struct expected){OK, DROP_NONE};
	enum wire_kind kind = wire_classify(packet);
	if (kind == WIRE_DTLS || kind == WIRE_ZRTP) /* what is wrong with keying, media says */
		return (struct expected){OK, DROP_NONE};
	bool is_of_rtcp = component == (row.spec.side[0].local_rtcp != row.spec.side[0].local.port);
	if (kind == WIRE_RTCP && v.drop != DROP_SHUT && is_of_rtcp && f->n >= FLOW_SRTCP_LEAST && is_long_compound(f))
		return (struct expected){OK, DROP_NONE};
	return v.drop ? (struct expected){SHOT, v.drop} : (struct expected){REDIRECT, DROP_NONE};
}

/* Does the sum of its pseudo-header stand in the place of its checksum? One in 65536 that are finished looks so too. */
static bool looks_unfinished(const struct frame *f)
{
	const uint8_t *o = f->octets;
	uint32_t sum = 17 + get16(o + l4_of(f) + 4);

	sum = f->from.family == 4 ? add(sum, o + 14 + 12, 8) : add(sum, o + 14 + 8, 32);
	return get16(o + l4_of(f) + 6) == folded(sum);
}

static bool agrees(const struct frame *f, unsigned component)
{
	struct expected e = media_would(f, component);

	if (engine->xdp && e.verdict == REDIRECT && looks_unfinished(f))
		e.verdict = OK;

	forget();
	enum verdict got = run(f);
	struct flow_tally t = tally(component);
	uint64_t dropped = 0;
	for (int i = 1; i < FLOW_DROPS; i++)
		dropped += t.dropped[i];
	bool counted = e.verdict == SHOT ? dropped == 1 && t.dropped[e.why] == 1 && t.passed == 0
					 : dropped == 0 && t.passed == (e.verdict == REDIRECT);
	if (got == e.verdict && counted && (got != REDIRECT || component || leaves_right(f)))
		return true;
	fprintf(stderr, "%s: verdict %d, media %d (%d); %zu octets: %02x %02x %02x %02x\n", engine->name, (int)got, (int)e.verdict, (int)e.why, f->n,
	    f->payload[0], f->payload[1], f->payload[2], f->payload[3]);
	return false;
}

static uint32_t below(uint32_t n)
{
	return rand_u32() % n;
}

/* Near the edges of every rule rather than anywhere. */
static void random_payload(struct frame *f)
{
	static const uint8_t first[] = {0x80, 0x80, 0x80, 0x80, 0x90, 0xa0, 0x81, 0x9f, 0xbf, 0x00, 0x03, 0x10, 0x13, 0x14, 0x16, 0x3f, 0x40, 0xc0};
	static const uint8_t second[] = {0, 0x80, 9, 111, 101, 96, 200, 201, 191, 192, 223, 224, 0x7f};
	static const uint8_t extra[] = {0, 4, 8, 10, 16, 20, 1, 14};

	rand_bytes(f->payload, 400);
	f->payload[0] = first[below(sizeof first)];
	f->payload[1] = second[below(sizeof second)];
	f->n = below(3) ? 12 + 40 * below(6) + extra[below(sizeof extra)] + 4 * below(3) : below(60);
	if (f->payload[0] & 0x10) { /* a short extension, most of the time */
		size_t x = 12 + 4 * (f->payload[0] & 15u);
		put16(f->payload + x + 2, below(8) ? below(4) : below(65536));
	}
	if (below(4) == 0) /* compounds that walk to their end, or nearly */
		for (size_t i = 0; i + 4 <= f->n;) {
			size_t words = below(6);
			f->payload[i] = 0x80;
			f->payload[i + 1] = 200;
			put16(f->payload + i + 2, (uint32_t)words);
			i += 4 + 4 * words;
		}
}

static bool random_agree(unsigned component, int n)
{
	struct frame f;

	for (int i = 0; i < n; i++) {
		f = (struct frame){.from = row.source[0].addr[component], .to = row.spec.side[0].local};
		f.to.port = (uint16_t)(f.to.port + component);
		if (below(12) == 0)
			f.from.port++;
		if (below(16) == 0)
			f.from.ip[15]++;
		random_payload(&f);
		build(&f);
		if (!agrees(&f, component))
			return false;
	}
	return true;
}

/* --- tests --- */

static void one_rule(bool v6, bool mux, uint8_t tag_len)
{
	begin(v6, mux);
	set_tag(tag_len);
	for (unsigned component = 0; component < (mux ? 1 : 2); component++) {
		written(component);
		CHECK(random_agree(component, RANDOM_PACKETS / 16));
	}
	unwritten();
}

static void kernel_and_media_follow_one_rule(void)
{
	static const uint8_t tags[] = {10, 16, RTP_TAG_ANY};

	for (size_t i = 0; i < sizeof tags; i++)
		for (int v6 = 0; v6 < 2; v6++)
			for (int mux = 0; mux < 2; mux++) {
				one_rule(v6, mux, tags[i]);
				if (test_failed_here)
					return;
			}
}

static void learning_goes_up_to_media(void)
{
	begin(false, true);
	row.spec.side[0].source = RELAY_SOURCE_LEARN;
	row.source[0].window_end_ms = now + 5000;
	written(0);
	CHECK(random_agree(0, 2000));
	struct frame f = rtp(0, 170);
	f.from.port++;
	build(&f);
	CHECK(run(&f) == OK);
	row.source[0].relearned[0] = 1;
	written(0);
	CHECK(run(&f) == SHOT && agrees(&f, 0));
	unwritten();
}

static void nothing_passes_before_it_opens_or_after_its_end(void)
{
	begin(false, true);
	row.gate.opens_ms[0][0] = now + 5000;
	written(0);
	struct frame f = rtp(0, 170);
	CHECK(agrees(&f, 0) && tally(0).dropped[FLOW_SHUT] == 1);
	row.gate.opens_ms[0][0] = now - 1;
	row.spec.deadline_ms = now - 1000;
	written(0);
	CHECK(run(&f) == OK); /* nobody's: as without the kernel */
	unwritten();
	row.gate.opens_ms[0][0] = 0;
	struct flow none = written(0);
	CHECK(none.family == 0 && run(&f) == OK);
}

static void what_is_not_plain_goes_up(void)
{
	begin(false, true);
	written(0);
	struct frame f = rtp(0, 170);
	CHECK(run(&f) == REDIRECT);
	f.octets[14 + 10] ^= 1; /* the header's own checksum */
	CHECK(run(&f) == OK);
	f = rtp(0, 170);
	f.octets[14 + 6] = 0x20; /* a fragment */
	f.octets[14 + 10] = (uint8_t)(f.octets[14 + 10] - 0x20);
	CHECK(run(&f) == OK);
	f = rtp(0, 170);
	put16(f.octets + 14 + 20 + 4, (uint32_t)f.n + 9); /* more than there is */
	CHECK(run(&f) == OK);
	f = rtp(0, 170);
	memset(f.octets + f.octets_n, 0x5a, 4); /* and less: nobody has judged what comes behind it */
	f.octets_n += 4;
	CHECK(run(&f) == OK);
	f = rtp(0, 170);
	f.to.port = PORT + 1; /* no flow there */
	build(&f);
	CHECK(run(&f) == OK);
	f.to.port = PORT - 1; /* no port of media */
	build(&f);
	CHECK(run(&f) == OK);
	CHECK(tally(0).passed == 1);
	unwritten();
}

static void another_interface_or_address_has_no_flow(void)
{
	begin(false, true);
	struct flow flow = written(0);
	struct frame f = rtp(0, 170);
	flow.iif = 2;
	put(0, &flow);
	CHECK(run(&f) == OK);
	flow.iif = LO;
	((uint8_t *)&flow.ip)[15]++;
	put(0, &flow);
	CHECK(run(&f) == OK);
	((uint8_t *)&flow.ip)[15]--;
	put(0, &flow);
	CHECK(run(&f) == REDIRECT);
	unwritten();
}

static void a_datagram_without_checksum_stays_so(void)
{
	begin(false, true);
	written(0);
	struct frame f = rtp(0, 170);
	f.no_sum = true;
	build(&f);
	CHECK(run(&f) == REDIRECT && leaves_right(&f) && get16(out + 14 + 20 + 6) == 0);
	unwritten();
	begin(true, true); /* which IPv6 does not have */
	written(0);
	f = rtp(0, 170);
	f.no_sum = true;
	build(&f);
	CHECK(run(&f) == OK);
	unwritten();
}

/* T26: as many at once as media lets pass. */
static void both_police_alike(void)
{
	struct bucket bucket = {0};
	uint32_t media = 0, kernel = 0;

	begin(false, true);
	written(0);
	forget();
	struct frame f = rtp(0, 170);
	for (int i = 0; i < 600; i++)
		media += police_ok(&bucket, POLICE_MEDIA_A_SECOND, now);
	uint64_t start = clock_boot_ms();
	for (int i = 0; i < 600; i++)
		kernel += run(&f) == REDIRECT;
	uint64_t took = clock_boot_ms() - start;
	CHECK(media == POLICE_MEDIA_A_SECOND);
	/* what flows in meanwhile, by a clock of 4 ms or 10 */
	CHECK(kernel >= media && kernel <= media + (took + 20) * POLICE_MEDIA_A_SECOND / 1000);
	CHECK(tally(0).passed == kernel && tally(0).dropped[FLOW_POLICED] == 600 - kernel);
	unwritten();
}

#define HANDLE 0x4dfd1234u

static struct flow_site our_site(void)
{
	struct flow_site s = {.lo = PORT, .hi = PORT + 3, .handle = HANDLE};
	struct addr ours[2] = {at("192.0.2.1", 0), at("2001:db8::1", 0)};

	for (int i = 0; i < 2; i++)
		memcpy(&s.media[i], ours[i].ip, sizeof s.media[i]);
	return s;
}

/* A media that is not media any more writes what it likes. */
static void nothing_leaves_under_another_name(void)
{
	struct flow as;

	begin(false, true);
	const struct flow f = written(0);
	forget();
	struct frame frame = rtp(0, 170);
	CHECK(run(&frame) == REDIRECT);
	as = f;
	((uint8_t *)&as.source)[15]++;
	put(0, &as);
	CHECK(run(&frame) == SHOT);
	as = f;
	as.source_port = htons(53);
	put(0, &as);
	CHECK(run(&frame) == SHOT);
	as = f;
	memset(&as.source, 0, sizeof as.source);
	put(0, &as);
	CHECK(run(&frame) == SHOT);
	unwritten();
}

static void what_is_being_written_decides_nothing(void)
{
	begin(false, true);
	struct flow f = written(0);
	struct frame frame = rtp(0, 170), strange = rtp(0, 170);
	strange.from.ip[15]++;
	build(&strange);
	for (f.written = 0; f.written < 4; f.written++) {
		const bool is_whole = f.written % 2 == 0;
		put(0, &f);
		way.written = way.summed = f.written;
		forget();
		CHECK(run(&strange) == (is_whole ? SHOT : OK) && tally(0).dropped[FLOW_STRANGER] == is_whole);
		CHECK(run(&frame) == (is_whole ? REDIRECT : OK) && tally(0).passed == is_whole);
	}
	/* of a port that was left, but for its number */
	f = (struct flow){.written = 8};
	put(0, &f);
	forget();
	CHECK(run(&frame) == OK && run(&strange) == OK && tally(0).passed == 0 && tally(0).dropped[FLOW_STRANGER] == 0);
	unwritten();
}

/* A flow that is written as media does it, over and over: to one phone, to another, and for a call of others. */
struct churn {
	struct flow flow[3];
	struct flow *at;
	bool stop;
};

static void *churns(void *arg)
{
	struct churn *c = arg;

	for (uint32_t i = 0; !__atomic_load_n(&c->stop, __ATOMIC_RELAXED); i++)
		flow_write(c->at, &c->flow[i % 8 ? i % 2 : 2]);
	return NULL;
}

static void a_flow_that_is_written_meanwhile_is_not_used(void)
{
	enum { MS = 1500, MOST_MS = 20000, ENOUGH = 20 }; /* where others have the processors it takes longer */
	struct flow_tally *t = mmap(NULL, SLOTS * sizeof *t, PROT_READ | PROT_WRITE, MAP_SHARED, tallies, 0);
	struct flow *all = mmap(NULL, SLOTS * sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED, flows, 0);
	struct churn c = {.at = all};
	struct addr other = at("113.2.203.0", 5001); /* with our other port: of the same sums */
	uint32_t left_wrong = 0, dropped = 0, passed[2] = {0};
	pthread_t churning;

	begin(false, true);
	c.flow[0] = c.flow[1] = written(0);
	memcpy(&c.flow[1].to, other.ip, sizeof c.flow[1].to);
	c.flow[1].to_port = htons(other.port);
	c.flow[1].source_port = htons(PORT + 1);
	struct frame frame = rtp(0, 170);
	const struct addr named = row.spec.side[1].rtp;
	CHECK(t != MAP_FAILED && all != MAP_FAILED && pthread_create(&churning, NULL, churns, &c) == 0);
	const uint64_t begun = clock_boot_ms();
	for (uint64_t ms = 0; ms < MS || (ms < MOST_MS && (passed[0] <= ENOUGH || passed[1] <= ENOUGH)); ms = clock_boot_ms() - begun) {
		t[0].full_ns = 0;
		t[0].hop.written = t[0].hop.summed = __atomic_load_n(&c.at->written, __ATOMIC_RELAXED) & ~1u;
		enum verdict v = run(&frame);
		dropped += v == SHOT;
		if (v != REDIRECT)
			continue;
		bool to_other = get16(out + l4_of(&frame) + 2) == other.port;
		row.source[1].addr[0] = to_other ? other : named;
		row.spec.side[1].local.port = to_other ? PORT + 1 : PORT + 2;
		left_wrong += !leaves_right(&frame);
		passed[to_other]++;
	}
	__atomic_store_n(&c.stop, true, __ATOMIC_RELAXED);
	pthread_join(churning, NULL);
	if (left_wrong || dropped)
		printf("of %u and %u relayed %u to neither, and %u dropped\n", passed[0], passed[1], left_wrong, dropped);
	CHECK(passed[0] > ENOUGH && passed[1] > ENOUGH && left_wrong == 0 && dropped == 0);
	munmap(t, SLOTS * sizeof *t);
	munmap(all, SLOTS * sizeof *all);
	unwritten();
	forget();
}

static void a_banned_address_is_heard_nowhere(void)
{
	struct flow_ip ip;
	struct flow_site s = our_site();
	uint32_t zero = 0;
	struct flow_ban until = {.until_ns = UINT64_MAX}, seen;

	s.bans = 1;
	s.listener[0] = 5061;
	begin(false, true);
	written(0);
	forget();
	struct frame f = rtp(0, 170);
	memcpy(&ip, f.from.ip, sizeof ip);
	bpf_map_update_elem(bans, &ip, &until, BPF_ANY);
	bpf_map_update_elem(site, &zero, &s, BPF_ANY);
	CHECK(run(&f) == SHOT);
	f.payload[0] = 0; /* STUN too */
	build(&f);
	CHECK(run(&f) == SHOT);
	CHECK(bpf_map_lookup_elem(bans, &ip, &seen) == 0 && seen.dropped == 2);
	/* by the clock that goes on while the machine sleeps; only one that slept can tell */
	until.until_ns = clock_boot_ns() - 1;
	bpf_map_update_elem(bans, &ip, &until, BPF_ANY);
	CHECK(run(&f) == OK);
	until.until_ns = clock_boot_ns() + 10000000000;
	bpf_map_update_elem(bans, &ip, &until, BPF_ANY);
	CHECK(run(&f) == SHOT);
	static const struct {
		uint8_t protocol, fragment;
		uint16_t port;
		enum verdict verdict;
	} other[] = {{6, 0, 5061, SHOT}, {17, 0, 5061, SHOT}, {6, 0, 22, OK}, {6, 0, 0, OK}, {1, 0, 5061, OK}, {17, 0, 53, OK},
	    {17, 0x20, 53, SHOT}, {6, 0, PORT, SHOT}};
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		f.to.port = other[i].port;
		build(&f);
		f.octets[14 + 9] = other[i].protocol;
		f.octets[14 + 6] = other[i].fragment;
		CHECK(run(&f) == other[i].verdict);
	}
	f.from.ip[15]++; /* its neighbour is not */
	f.to.port = 5061;
	build(&f);
	CHECK(run(&f) == OK);
	f.from.ip[15]--;
	until.until_ns = 1;
	bpf_map_update_elem(bans, &ip, &until, BPF_ANY);
	f = rtp(0, 170);
	CHECK(run(&f) == REDIRECT);
	s.bans = 0;
	bpf_map_update_elem(site, &zero, &s, BPF_ANY);
	unwritten();
}

/* --- what is counted of a stream --- */

static struct flow_stream by_media;

/* As proc/media/quality.c; the time of the timestamp stands still, so that no clock matters. */
static void media_counts(const struct frame *f)
{
	struct span packet = span_of(f->payload, f->n);
	struct timespec t;
	struct rtp rtp;

	if (wire_classify(packet) != WIRE_RTP || !rtp_parse(packet, &rtp))
		return;
	clock_gettime(CLOCK_MONOTONIC, &t);
	enum stream_look look = stream_take(&by_media, rtp.ssrc, rtp.seq);
	uint8_t frame = rtp.pt == 101 ? FLOW_FRAME_EVENT : rtp.pt == 111 ? FLOW_FRAME_OPUS : FLOW_FRAME_PCM;
	if (look != STREAM_NOT)
		stream_arrived(&by_media, look, rtp.timestamp, stream_tick_ns(frame), (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec);
}

static bool same_counts(const struct flow_stream *a, const struct flow_stream *b)
{
	return a->seen == b->seen && a->ssrc == b->ssrc && a->expected == b->expected && a->lost == b->lost &&
	       a->highest == b->highest && a->after_leap == b->after_leap && !a->transit_ns == !b->transit_ns &&
	       !a->jitter_ns == !b->jitter_ns;
}

/* The next number, as a bad network and a phone of moods would have it. */
static void move_on(uint32_t *ssrc, uint16_t *number)
{
	uint32_t mood = below(64);

	if (mood == 0)
		*ssrc = 1 + below(3);
	else if (mood == 1)
		*number = (uint16_t)rand_u32();
	else if (mood < 12)
		*number = (uint16_t)(*number - below(80));
	else if (mood < 20)
		*number = (uint16_t)(*number + below(90));
	else
		++*number;
}

static struct frame stream_frame(uint32_t ssrc, uint16_t number)
{
	static const uint8_t types[] = {0, 0, 0, 0, 9, 111, 101, 201};
	uint8_t type = types[below(sizeof types)];
	struct frame f = rtp(type, type == 101 ? 14 : 170);

	put16(f.payload + 2, number);
	memset(f.payload + 4, 0, 8);
	put16(f.payload + 10, ssrc);
	build(&f);
	return f;
}

static void both_count_a_stream_alike(void)
{
	uint32_t ssrc = 1;
	uint16_t number = 65500;

	begin(false, true);
	written(0);
	by_media = (struct flow_stream){0};
	for (int i = 0; i < RANDOM_PACKETS / 6; i++) {
		struct frame f = stream_frame(ssrc, number);
		if (looks_unfinished(&f))
			continue;
		enum verdict got = run(&f);
		/* what is policed came all the same */
		CHECK(got == REDIRECT || (got == SHOT && tally(0).dropped[FLOW_SHAPE] == 0));
		media_counts(&f);
		struct flow_stream by_kernel = tally(0).stream;
		CHECK(same_counts(&by_kernel, &by_media));
		move_on(&ssrc, &number);
	}
	CHECK(by_media.lost > 100 && by_media.expected > 1000 && by_media.jitter_ns > 1);
	CHECK(tally(0).stream.jitter_ns < 100000000);
	unwritten();
}

/* What the gate does not let through is no part of the stream: nobody outside the call writes its losses. */
static void others_do_not_count(void)
{
	begin(false, true);
	written(0);
	struct frame f = stream_frame(1, 10);
	f.payload[1] = 0;
	f.from.ip[15]++;
	build(&f);
	CHECK(run(&f) == SHOT && tally(0).stream.expected == 0);
	f = rtp(0, 160); /* clear */
	CHECK(run(&f) == SHOT && tally(0).stream.expected == 0);
	f = rtp(77, 170);
	CHECK(run(&f) == SHOT && tally(0).stream.seen == 0);
	way.until_ns = 1;
	forget();
	f = rtp(0, 170);
	CHECK(run(&f) == (engine->xdp ? OK : REDIRECT)); /* once, by who sends it on */
	CHECK(tally(0).stream.expected == !engine->xdp);
	unwritten();
}

/* R8 */
static void varying_opus_shows(void)
{
	begin(false, true);
	written(0);
	forget();
	for (size_t i = 0; i < 10; i++) {
		struct frame f = rtp(111, 80 + i / 2 * 2);
		CHECK(run(&f) == REDIRECT);
	}
	CHECK(tally(0).opus_changes == 4);
	for (size_t i = 0; i < 10; i++) {
		struct frame f = rtp(111, 60 + i);
		CHECK(run(&f) == REDIRECT);
	}
	CHECK(tally(0).opus_changes == FLOW_OPUS_CHANGES);
	unwritten();
}

/* A compound of more packets than are walked here is media's to judge. */
static void a_long_compound_goes_up(void)
{
	begin(false, true);
	written(0);
	struct frame f = rtp(0, 0);
	for (unsigned n = FLOW_WALK_MAX - 4; n < FLOW_WALK_MAX + 6; n++) {
		f.n = 4 * n;
		for (size_t i = 0; i < f.n; i += 4)
			memcpy(f.payload + i, "\x80\xc8\0\0", 4);
		build(&f);
		CHECK(run(&f) == (n <= FLOW_WALK_MAX ? SHOT : OK));
	}
	unwritten();
}

static void the_last_stranger_is_known(void)
{
	begin(false, true);
	written(0);
	forget();
	struct frame f = rtp(0, 170);
	f.from = at("203.0.113.9", 999);
	build(&f);
	CHECK(run(&f) == SHOT);
	struct flow_tally t = tally(0);
	CHECK(memcmp(&t.stranger, f.from.ip, 16) == 0 && ntohs(t.stranger_port) == 999);
	unwritten();
}

/* --- what XDP and tc do for each other --- */

static void write_site(uint32_t hops)
{
	struct flow_site s = our_site();
	uint32_t zero = 0;

	s.hops = hops;
	bpf_map_update_elem(site, &zero, &s, BPF_ANY);
}

static uint32_t mark;

/* With the frame's mark, at an interface's egress; false: not run. */
static bool run_left(const struct frame *f)
{
	struct __sk_buff skb = {.mark = mark};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = f->octets, .data_size_in = (uint32_t)f->octets_n, .ctx_in = &skb,
	    .ctx_size_in = sizeof skb, .ctx_out = &skb, .ctx_size_out = sizeof skb);

	bool ran = bpf_prog_test_run_opts(left, &o) == 0 && (int)o.retval == -1;
	mark = skb.mark;
	return ran;
}

static uint32_t mark_of(const struct frame *f)
{
	struct __sk_buff skb = {0};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = f->octets, .data_size_in = (uint32_t)f->octets_n, .ctx_out = &skb,
	    .ctx_size_out = sizeof skb);

	return bpf_prog_test_run_opts(engine->program, &o) == 0 && (int)o.retval == engine->redirect ? skb.mark : 0;
}

/* As tc sends it on, with the addresses that the stack wrote before it. */
static struct frame sent_by(const struct flow *flow, const char ethernet[static 12])
{
	struct frame f = rtp(0, 170);

	f.from.port = ntohs(flow->source_port);
	f.to.port = ntohs(flow->to_port);
	memcpy(f.from.ip, &flow->source, sizeof f.from.ip);
	memcpy(f.to.ip, &flow->to, sizeof f.to.ip);
	build(&f);
	memcpy(f.octets, ethernet, 12);
	return f;
}

/* Its egress is the loopback here: the only interface that a test run has. */
static void tc_sees_the_way_for_xdp(bool v6)
{
	struct flow_wire wire = {.interface = 77, .tag = {{htons(0x8100), 5}}, .redirects = 1};
	uint32_t lo = LO;

	begin(v6, true);
	struct flow flow = written(0);
	flow.oif = LO;
	flow.written = 4;
	put(0, &flow);
	struct frame f = rtp(0, 170), sent = sent_by(&flow, "abcdefghijkl");
	CHECK(mark_of(&f) == 0 && tally(0).hop.interface == OUT); /* no XDP here */
	write_site(1);
	mark = mark_of(&f);
	CHECK(mark == (HANDLE & 0xffff0000));
	CHECK(tally(0).hop.interface == LO && tally(0).hop.until_ns == 0 && tally(0).hop.written == 4);
	CHECK(run_left(&sent) && mark == 0 && tally(0).hop.until_ns == 0); /* of no wire */
	bpf_map_update_elem(wires, &lo, &wire, BPF_ANY);
	CHECK(run_left(&sent) && tally(0).hop.until_ns == 0); /* nobody's */
	mark = 0x4dfe0000; /* another exchange's */
	CHECK(run_left(&sent) && mark == 0x4dfe0000 && tally(0).hop.until_ns == 0);
	mark = HANDLE & 0xffff0000;
	CHECK(run_left(&sent) && mark == 0);
	struct flow_hop hop = tally(0).hop;
	CHECK(memcmp(hop.ethernet, "abcdefghijkl", 12) == 0 && memcmp(&hop.wire, &wire, sizeof wire) == 0);
	const struct flow_sums own = sums_of(&flow, PORT);
	CHECK(hop.summed == flow.written && hop.sums.change == own.change && hop.sums.pseudo == own.pseudo);
	CHECK(v6 || hop.sums.header == own.header);
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t left_ns = (int64_t)hop.until_ns - (t.tv_sec * 1000000000 + t.tv_nsec);
	CHECK(left_ns > 0 && left_ns <= FLOW_HOP_NS);
	/* the same flow again: its way stays known; another: it does not */
	CHECK(mark_of(&f) != 0 && tally(0).hop.until_ns == hop.until_ns);
	flow.written += 2;
	put(0, &flow);
	mark = mark_of(&f);
	CHECK(mark != 0 && tally(0).hop.until_ns == 0);
	CHECK(run_left(&sent) && tally(0).hop.until_ns > 0);
	bpf_map_delete_elem(wires, &lo);
	write_site(0);
	unwritten();
}

static void tc_sees_the_way_of_either_family(void)
{
	tc_sees_the_way_for_xdp(false);
	tc_sees_the_way_for_xdp(true);
}

enum change { TO_ANOTHER, TO_ANOTHER_PORT, FROM_ANOTHER, BEING_WRITTEN, CHANGES };

static struct flow changed(struct flow flow, enum change how)
{
	if (how == TO_ANOTHER)
		((uint8_t *)&flow.to)[15]++;
	else if (how == TO_ANOTHER_PORT)
		flow.to_port = (uint16_t)~flow.to_port;
	else if (how == FROM_ANOTHER)
		((uint8_t *)&flow.source)[15]++;
	flow.written += how == BEING_WRITTEN ? 1 : 2;
	return flow;
}

/* Where nothing is known of the way but which writing of the flow asked for it. -1: not run, or the mark stayed. */
static int shows_way(const struct frame *f, uint32_t marked, uint32_t asked)
{
	const struct flow_tally t = {.hop = {.interface = LO, .written = asked}};
	uint32_t slot = 0;

	bpf_map_update_elem(tallies, &slot, &t, BPF_ANY);
	mark = marked;
	return run_left(f) && mark == 0 ? tally(0).hop.until_ns != 0 : -1;
}

/* One that waited for its neighbour while the flow was written to go elsewhere, or is just being written. */
static void what_waited_for_another_neighbour_shows_no_way(void)
{
	struct flow_wire wire = {.interface = 77, .redirects = 1};
	uint32_t lo = LO;

	bpf_map_update_elem(wires, &lo, &wire, BPF_ANY);
	write_site(1);
	for (unsigned i = 0; i < 2 * CHANGES; i++) {
		const enum change how = i / 2;
		begin(i % 2, true);
		struct flow flow = written(0);
		flow.oif = LO;
		put(0, &flow);
		const struct frame f = rtp(0, 170), waited = sent_by(&flow, "XXXXXXssssss");
		const uint32_t marked = mark_of(&f);
		CHECK(marked != 0 && shows_way(&waited, marked, flow.written) == 1);
		const struct flow now_is = changed(flow, how);
		put(0, &now_is);
		CHECK(shows_way(&waited, marked, flow.written) == 0); /* nobody asked for the new one yet */
		CHECK(shows_way(&waited, marked, now_is.written) == 0);
		const struct frame sent = sent_by(&now_is, "YYYYYYssssss");
		CHECK(shows_way(&sent, marked, now_is.written) == (how != BEING_WRITTEN));
	}
	bpf_map_delete_elem(wires, &lo);
	write_site(0);
	unwritten();
}

/* A program that gives a frame a tag beside its octets, as the stack and cards do, and lets relay_tc have it; when it comes again, it says
 * whether there is a tag. */
static int load_tagger(uint16_t tci)
{
	int next = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "next", 4, 4, 1, NULL);
	const struct bpf_insn tagger[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1},
	    {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 0, .src_reg = 6, .off = offsetof(struct __sk_buff, cb)},
	    {.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 0, .imm = 0, .off = 2},
	    {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 0, .src_reg = 6, .off = offsetof(struct __sk_buff, vlan_present)},
	    {.code = BPF_JMP | BPF_EXIT},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 1}, /* of a register: before Linux 6.3 no constant may be stored there */
	    {.code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = 6, .src_reg = 2, .off = offsetof(struct __sk_buff, cb)},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = htons(ETHERTYPE_VLAN)},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = tci},
	    {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_skb_vlan_push},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 6},
	    {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 2, .src_reg = BPF_PSEUDO_MAP_FD, .imm = next},
	    {0},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = 0},
	    {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_tail_call},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = -2},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	const uint32_t zero = 0;

	if (next < 0 || bpf_map_update_elem(next, &zero, &engines[0].program, BPF_ANY) != 0)
		return -1;
	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "tagger", "GPL", tagger, sizeof tagger / sizeof *tagger, NULL);
}

/* R28: a priority is the sender's and his network's; what leaves is no different from what came without. */
static void a_tag_for_a_priority_goes_no_further(void)
{
	int tagger[] = {load_tagger(0xa000), load_tagger(0xa005)};

	CHECK(tagger[0] >= 0 && tagger[1] >= 0);
	for (int v6 = 0; v6 < 2; v6++)
		for (int of_vlan = 0; of_vlan < 2; of_vlan++) {
			begin(v6, true);
			written(0);
			struct frame f = rtp(0, 170);
			LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = f.octets, .data_size_in = (uint32_t)f.octets_n,
			    .data_out = out, .data_size_out = sizeof out, .repeat = 2);
			CHECK(bpf_prog_test_run_opts(tagger[of_vlan], &o) == 0 && o.data_size_out == f.octets_n);
			CHECK((int)o.retval == of_vlan && leaves_right(&f) == !of_vlan);
			CHECK(tally(0).passed == !of_vlan);
			unwritten();
		}
}

static void a_way_that_is_not_known_is_tcs(void)
{
	begin(false, true);
	written(0);
	struct frame f = rtp(0, 170);
	const struct flow_hop known = way;
	CHECK(run(&f) == REDIRECT && out_n == f.octets_n && tally(0).passed == 1);
	way.until_ns = 1;
	forget();
	CHECK(run(&f) == OK && memcmp(out, f.octets, out_n) == 0);
	way = known;
	way.written += 2; /* of a flow as it was */
	forget();
	CHECK(run(&f) == OK);
	way = known;
	way.wire.redirects = 0;
	forget();
	CHECK(run(&f) == OK);
	/* nothing is counted or taken from the bucket that tc will */
	CHECK(tally(0).passed == 0 && tally(0).full_ns == 0);
	way.wire.interface = LO; /* out where it came in */
	forget();
	CHECK(run(&f) == OTHER && leaves_right(&f) && tally(0).passed == 1);
	unwritten();
}

static void a_checksum_that_nobody_made_is_tcs(void)
{
	for (int v6 = 0; v6 < 2; v6++) {
		begin(v6, true);
		written(0);
		struct frame f = rtp(0, 170);
		uint8_t *udp = f.octets + l4_of(&f);
		uint32_t sum = 17 + (uint32_t)f.n + 8;
		sum = v6 ? add(sum, f.octets + 14 + 8, 32) : add(sum, f.octets + 14 + 12, 8);
		put16(udp + 6, folded(sum));
		CHECK(run(&f) == OK && tally(0).passed == 0);
		put16(udp + 6, (uint32_t)folded(sum) ^ 1u);
		CHECK(run(&f) == REDIRECT);
		unwritten();
	}
}

static void tag(struct frame *f, const struct flow_tag *tags, size_t n)
{
	memmove(f->octets + 12 + 4 * n, f->octets + 12, f->octets_n - 12);
	for (size_t i = 0; i < n; i++) {
		memcpy(f->octets + 12 + 4 * i, &tags[i].protocol, 2);
		put16(f->octets + 14 + 4 * i, tags[i].vlan | 0xa000u); /* of some priority */
	}
	f->octets_n += 4 * n;
}

static void from_tags_to_tags(bool v6, size_t in, size_t from)
{
	static const struct flow_tag tags[] = {{0x0081, 5}, {0xa888, 6}, {0x0081, 0xfff}};
	uint32_t vlan_in = VLAN_IN;

	begin(v6, true);
	struct flow flow = written(0);
	flow.iif = in ? VLAN_IN : LO;
	put(0, &flow);
	struct flow_arrival a = {.interface = LO};
	memcpy(a.tag, tags + (in == 2), in * sizeof *tags);
	bpf_map_update_elem(arrivals, &a, &vlan_in, BPF_ANY);
	for (size_t leaving = 0; leaving <= FLOW_TAGS; leaving++) {
		memset(way.wire.tag, 0, sizeof way.wire.tag);
		memcpy(way.wire.tag, tags + from, leaving * sizeof *tags);
		forget();
		struct frame f = rtp(0, 170);
		tag(&f, a.tag, in);
		CHECK(run(&f) == REDIRECT && out_n == f.octets_n - 4 * in + 4 * leaving && tally(0).passed == 1);
		for (size_t i = 0; i < leaving; i++)
			CHECK(memcmp(out + 12 + 4 * i, &tags[from + i].protocol, 2) == 0 && get16(out + 14 + 4 * i) == tags[from + i].vlan);
		CHECK(get16(out + 12 + 4 * leaving) == (v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP));
		memmove(out + 14, out + 14 + 4 * leaving, out_n - 14 - 4 * leaving);
		CHECK(leaves_right(&f));
	}
	bpf_map_delete_elem(arrivals, &a);
	unwritten();
}

static void tags_are_read_and_written(void)
{
	for (int v6 = 0; v6 < 2; v6++)
		for (size_t in = 0; in <= FLOW_TAGS; in++)
			for (size_t from = 0; from < 2; from++)
				from_tags_to_tags(v6, in, from);
}

/* A clock that only the usual way reads is set, for the rest of the kernel's tick, to when the flow was not over yet. */
static bool goes_the_usual_way(const struct frame *f)
{
	enum { TRIES = 200 };
	struct {
		uint64_t number, now_ns;
	} t = {0};
	uint32_t zero = 0;

	for (int i = 0; i < TRIES; i++) {
		t.number = 0;
		bpf_map_update_elem(tick, &zero, &t, BPF_ANY);
		forget();
		if (run(f) != OK || out_n != f->octets_n || memcmp(out, f->octets, out_n) != 0) /* by another clock it is over */
			return false;
		bpf_map_lookup_elem(tick, &zero, &t);
		t.now_ns = 1;
		bpf_map_update_elem(tick, &zero, &t, BPF_ANY);
		if (run(f) == REDIRECT)
			return tally(0).passed == 1;
	}
	return false;
}

static void usual_packets_go_the_usual_way(bool v6, size_t tags)
{
	struct flow_arrival a = {.interface = LO, .tag = {{0xa888, 5}, {0x0081, 6}}};
	uint32_t vlan_in = VLAN_IN;

	begin(v6, true);
	memset(a.tag + tags, 0, (FLOW_TAGS - tags) * sizeof *a.tag);
	memcpy(way.wire.tag, a.tag, sizeof a.tag);
	struct flow flow = written(0);
	flow.iif = tags ? VLAN_IN : LO;
	flow.deadline_ns = 2;
	flow.opens_ns = 0;
	put(0, &flow);
	bpf_map_update_elem(arrivals, &a, &vlan_in, BPF_ANY);
	static const struct {
		uint8_t type;
		size_t octets;
	} usual[] = {{0, 170}, {0x80, 170}, {9, 330}, {111, 75}, {101, 14}};
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
		struct frame f = rtp(usual[i].type, usual[i].octets);
		tag(&f, a.tag, tags);
		CHECK(goes_the_usual_way(&f));
	}
	struct frame f = rtp(0, 174);
	f.payload[0] = 0x81; /* with a source that contributes */
	build(&f);
	tag(&f, a.tag, tags);
	CHECK(!goes_the_usual_way(&f));
	f = rtp(0, 170);
	tag(&f, a.tag, tags);
	way.summed -= 2; /* of a build that writes no sums */
	CHECK(!goes_the_usual_way(&f));
	bpf_map_delete_elem(arrivals, &a);
	unwritten();
}

static void the_usual_way_is_taken(void)
{
	for (int v6 = 0; v6 < 2; v6++)
		for (size_t tags = 0; tags <= FLOW_TAGS; tags++)
			usual_packets_go_the_usual_way(v6, tags);
}

static void unknown_tags_are_the_stacks(void)
{
	struct flow_tag tags[] = {{htons(0x8100), 5}, {htons(0x8100), 6}, {htons(0x8100), 7}};
	struct flow_arrival a = {.interface = LO, .tag = {tags[0]}};
	uint32_t lo = LO;

	begin(false, true);
	written(0);
	bpf_map_update_elem(arrivals, &a, &lo, BPF_ANY);
	for (size_t n = 0; n <= 3; n++) {
		struct frame f = rtp(0, 170);
		tag(&f, tags, n);
		CHECK(run(&f) == (n < 2 ? REDIRECT : OK));
	}
	tags[0].vlan++;
	struct frame f = rtp(0, 170);
	tag(&f, tags, 1);
	CHECK(run(&f) == OK);
	bpf_map_delete_elem(arrivals, &a);
	unwritten();
}

/* The verifier lets root do more than it lets net. */
static bool drop_to_caps_of_net(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = {{0}};

	caps[CAP_TO_INDEX(CAP_BPF)].permitted |= CAP_TO_MASK(CAP_BPF);
	caps[CAP_TO_INDEX(CAP_NET_ADMIN)].permitted |= CAP_TO_MASK(CAP_NET_ADMIN);
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		caps[i].effective = caps[i].permitted;
	return syscall(SYS_capset, &head, caps) == 0;
}

static bool load(void)
{
	struct flow_site s = our_site();
	uint32_t zero = 0;

	if (!drop_to_caps_of_net()) {
		printf("skipped: CAP_BPF and CAP_NET_ADMIN are not to be had\n");
		exit(SKIPPED);
	}
	object = bpf_object__open_mem(relay_bpf, sizeof relay_bpf, NULL);
	if (!object)
		return false;
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "flows"), SLOTS);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "tallies"), SLOTS);
	int r = bpf_object__load(object);
	if (r == -EPERM) {
		printf("skipped: this kernel or container lets nobody here load programs\n");
		exit(SKIPPED);
	}
	if (r != 0)
		return false;
	for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
		engines[i].program = bpf_program__fd(bpf_object__find_program_by_name(object, engines[i].name));
	left = bpf_program__fd(bpf_object__find_program_by_name(object, "relay_left"));
	wires = bpf_object__find_map_fd_by_name(object, "wires");
	arrivals = bpf_object__find_map_fd_by_name(object, "arrivals");
	flows = bpf_object__find_map_fd_by_name(object, "flows");
	tallies = bpf_object__find_map_fd_by_name(object, "tallies");
	bans = bpf_object__find_map_fd_by_name(object, "banned");
	site = bpf_object__find_map_fd_by_name(object, FLOW_SITE);
	tick = bpf_object__find_map_fd_by_name(object, ".data.tick");
	return bpf_map_update_elem(site, &zero, &s, BPF_ANY) == 0;
}

static void the_kernel_takes_it(void)
{
	CHECK(load());
}

/* Where the order of loads is not kept, barriers lie between what says which writing a flow is, what is taken of it, and what says
 * whether that was in force (two in each function that judges, in what sends, and in what looks at those that leave); x86 pays for none. libbpf appends functions that are called. */
static void a_barrier_where_it_takes_one(void)
{
	static const struct {
		const char *name;
		size_t functions;
	} programs[] = {{"relay_tc", 2}, {"relay_xdp", 6}, {"relay_left", 1}, {"send_tc", 1}};

	for (size_t k = 0; k < sizeof programs / sizeof *programs; k++) {
		const struct bpf_program *p = bpf_object__find_program_by_name(object, programs[k].name);
		const struct bpf_insn *i = bpf_program__insns(p);
		size_t barriers = 0;
		for (size_t n = 0; n < bpf_program__insn_cnt(p); n++)
			barriers += i[n].code == (BPF_STX | BPF_ATOMIC | BPF_DW) && i[n].imm == BPF_XCHG;
		CHECK(IN_ORDER ? barriers == 0 : barriers >= 2 * programs[k].functions);
	}
}

static unsigned followers(const struct bpf_insn *insn, size_t at, size_t to[2])
{
	const unsigned class = BPF_CLASS(insn[at].code), op = BPF_OP(insn[at].code);
	const bool jumps = (class == BPF_JMP || class == BPF_JMP32) && op != BPF_CALL;
	const size_t there = (size_t)((ptrdiff_t)at + 1 + insn[at].off);

	if (jumps && op == BPF_EXIT)
		return 0;
	to[0] = jumps && op == BPF_JA ? there : at + 1 + (insn[at].code == (BPF_LD | BPF_DW | BPF_IMM));
	to[1] = there;
	return jumps && op != BPF_JA ? 2 : 1;
}

/* Those that nothing leads to are taken away until none is left, but for those of a loop. */
static bool has_loop(const struct bpf_insn *insn, size_t n)
{
	size_t *led_to = calloc(n, sizeof *led_to), *free_ones = calloc(n, sizeof *free_ones), free_n = 0, done = 0, next[2];

	for (size_t i = 0; i < n; i++)
		for (unsigned k = followers(insn, i, next); k-- > 0;)
			if (next[k] < n)
				led_to[next[k]]++;
	for (size_t i = 0; i < n; i++)
		if (!led_to[i])
			free_ones[free_n++] = i;
	for (; done < free_n; done++)
		for (unsigned k = followers(insn, free_ones[done], next); k-- > 0;)
			if (next[k] < n && --led_to[next[k]] == 0)
				free_ones[free_n++] = next[k];
	free(led_to);
	free(free_ones);
	return done < n;
}

/* Linux 6.1 follows a loop past its end, as a processor that guesses wrong may, and refuses what has no other (without CAP_PERFMON). */
static void nothing_goes_round(void)
{
	const struct bpf_insn round[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 3}, {.code = BPF_ALU64 | BPF_ADD | BPF_K, .imm = -1},
	    {.code = BPF_JMP | BPF_JNE | BPF_K, .off = -2}, {.code = BPF_JMP | BPF_EXIT}};
	struct bpf_program *p;

	CHECK(has_loop(round, 4) && !has_loop(round, 2));
	bpf_object__for_each_program(p, object)
		CHECK(!has_loop(bpf_program__insns(p), bpf_program__insn_cnt(p)));
}

/* For a packet of IPv4 without tags: each first write there would wait for a barrier (bpf/usual.h). libbpf appends functions that are called. */
static void the_usual_way_keeps_nothing_on_the_stack(void)
{
	enum { STACK = 10 };
	const struct bpf_program *p = bpf_object__find_program_by_name(object, "relay_xdp");
	const struct bpf_insn *i = bpf_program__insns(p);
	size_t end = bpf_program__insn_cnt(p), written = 0;

	for (size_t n = 0; n < end; n++) {
		const size_t called = (size_t)((ssize_t)n + 1 + i[n].imm);
		if (i[n].code == (BPF_JMP | BPF_CALL) && i[n].src_reg == BPF_PSEUDO_CALL && called > n && called < end)
			end = called;
	}
	for (size_t n = 0; n < end; n++) {
		const int class = BPF_CLASS(i[n].code);
		written += (class == BPF_ST || class == BPF_STX) && i[n].dst_reg == STACK;
	}
	CHECK(end > 100 && end < bpf_program__insn_cnt(p) && (written == 0 || !IN_ORDER));
}

int main(void)
{
	RUN(the_kernel_takes_it);
	if (test_failed_here)
		return TEST_END;
	RUN(a_barrier_where_it_takes_one);
	RUN(nothing_goes_round);
	RUN(the_usual_way_keeps_nothing_on_the_stack);
	for (engine = engines; engine < engines + sizeof engines / sizeof *engines; engine++) {
		RUN(kernel_and_media_follow_one_rule);
		RUN(learning_goes_up_to_media);
		RUN(nothing_passes_before_it_opens_or_after_its_end);
		RUN(what_is_not_plain_goes_up);
		RUN(another_interface_or_address_has_no_flow);
		RUN(a_datagram_without_checksum_stays_so);
		RUN(both_police_alike);
		RUN(nothing_leaves_under_another_name);
		RUN(what_is_being_written_decides_nothing);
		RUN(a_flow_that_is_written_meanwhile_is_not_used);
		RUN(a_banned_address_is_heard_nowhere);
		RUN(both_count_a_stream_alike);
		RUN(others_do_not_count);
		RUN(varying_opus_shows);
		RUN(a_long_compound_goes_up);
		RUN(the_last_stranger_is_known);
	}
	engine = &engines[0];
	RUN(tc_sees_the_way_of_either_family);
	RUN(what_waited_for_another_neighbour_shows_no_way);
	RUN(a_tag_for_a_priority_goes_no_further);
	engine = &engines[1];
	RUN(a_way_that_is_not_known_is_tcs);
	RUN(a_checksum_that_nobody_made_is_tcs);
	RUN(tags_are_read_and_written);
	RUN(unknown_tags_are_the_stacks);
	RUN(the_usual_way_is_taken);
	bpf_object__close(object);
	return TEST_END;
}
