/* SPDX-License-Identifier: ISC */
/* What a packet meets in media, packet by packet and in time that is an argument: the gate (R7, T30, T31, T33), whose packet
 * it may be (T24, T25), the bucket (T26), ICE-lite (T35), the table over a restart (R28). The folder of the recorded
 * conversations is the argument. */
#include "gate.h"
#include "ice.h"
#include "police.h"
#include "source.h"
#include "binding.h"
#include "recorded.h"
#include "test.h"
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *corpus = "fuzz/corpus";
static struct relay_row row;
static uint64_t now = 1000000;

/* --- rows and packets --- */

static struct addr at(const char *ip, uint16_t port)
{
	struct addr a = {0};

	if (!addr_parse_ip(span_str(ip), &a))
		fprintf(stderr, "not an address: %s\n", ip);
	a.port = port;
	return a;
}

static void side_init(struct relay_side *s, uint16_t port, const char *phone)
{
	*s = (struct relay_side){.present = 1,
	    .hears = RELAY_HEARS_OTHER,
	    .events = 1,
	    .local = at("192.0.2.1", port),
	    .local_rtcp = port,
	    .source = RELAY_SOURCE_NAMED,
	    .direction = RELAY_BOTH,
	    .rtp = at(phone, 5000),
	    .rtcp = at(phone, 5000),
	    .payloads = 4,
	    .payload = {{0, RELAY_FRAME_PCM}, {9, RELAY_FRAME_PCM}, {111, RELAY_FRAME_OPUS}, {101, RELAY_FRAME_EVENT}}};
}

static void begin(enum relay_key key)
{
	memset(&row, 0, sizeof row);
	row.join = 1;
	side_init(&row.spec.side[0], 20000, "198.51.100.1");
	side_init(&row.spec.side[1], 20002, "198.51.100.2");
	for (int s = 0; s < 2; s++) {
		row.spec.side[s].key = (uint8_t)key;
		row.spec.side[s].tag_len = key == RELAY_KEY_SDES ? 10 : 0;
	}
}

static void answer(void)
{
	for (int s = 0; s < 2; s++)
		row.spec.side[s].keyed = row.spec.side[s].key == RELAY_KEY_SDES;
	row.spec.answered = 1;
	gate_set(&row, now);
	source_set(&row, 0, now);
	source_set(&row, 1, now);
}

static uint8_t octets[2048];

static struct span rtp(uint8_t pt, size_t payload)
{
	memset(octets, 0x5a, sizeof octets);
	memcpy(octets, "\x80\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03", 12);
	octets[1] = pt;
	return span_of(octets, 12 + payload);
}

/* A sender report that is in the clear: its length walks to the end. */
static struct span clear_rtcp(void)
{
	memset(octets, 0, sizeof octets);
	memcpy(octets, "\x80\xc8\x00\x06", 4);
	return span_of(octets, 28);
}

static struct span srtcp(void)
{
	clear_rtcp();
	memset(octets + 8, 0xa7, 60);
	return span_of(octets, 28 + 14);
}

static enum drop pass(unsigned side, unsigned component, struct span packet)
{
	return gate_judge(&row, side, component, packet, now).drop;
}

static bool open_both(void)
{
	return pass(0, COMPONENT_RTP, rtp(0, 170)) == DROP_NONE && pass(1, COMPONENT_RTP, rtp(0, 170)) == DROP_NONE;
}

/* --- the gate --- */

static void before_the_answer_nothing_passes(void)
{
	begin(RELAY_KEY_NONE);
	gate_set(&row, now);
	for (unsigned side = 0; side < 2; side++)
		for (unsigned c = 0; c < COMPONENTS; c++) {
			CHECK(pass(side, c, rtp(0, 170)) == DROP_SHUT && pass(side, c, rtp(0, 160)) == DROP_SHUT);
			CHECK(pass(side, c, srtcp()) == DROP_SHUT && pass(side, c, clear_rtcp()) == DROP_SHUT);
			CHECK(pass(side, c, span_of("\x16\xfe\xfd", 3)) != DROP_NONE);
		}
	CHECK(!gate_is_open(&row, now));
}

static void sdes_opens_with_the_answer_on_both_sides(void)
{
	begin(RELAY_KEY_SDES);
	gate_set(&row, now);
	CHECK(pass(0, COMPONENT_RTP, rtp(0, 170)) == DROP_SHUT);
	row.spec.side[0].keyed = 1;
	gate_set(&row, now);
	CHECK(!gate_is_open(&row, now) && pass(0, COMPONENT_RTP, rtp(0, 170)) == DROP_SHUT);
	row.spec.side[0].keyed = 0; /* an offer that comes late is of the other side */
	row.spec.side[1].keyed = 1;
	gate_set(&row, now);
	CHECK(!gate_is_open(&row, now) && pass(1, COMPONENT_RTP, rtp(0, 170)) == DROP_SHUT);
	answer();
	CHECK(gate_is_open(&row, now) && open_both());
}

static const struct {
	uint8_t pt, tag;
	uint16_t payload;
	enum drop drop;
} shapes[] = {
    {0, 10, 170, DROP_NONE},   {0, 10, 90, DROP_NONE},	 {0, 10, 160, DROP_SHAPE}, {0, 10, 164, DROP_SHAPE},
    {0, 10, 176, DROP_SHAPE},  {0, 16, 176, DROP_NONE},	 {0, 16, 170, DROP_SHAPE}, {9, 10, 170, DROP_NONE},
    {9, 10, 160, DROP_SHAPE},  {101, 10, 14, DROP_NONE}, {101, 10, 4, DROP_SHAPE}, {101, 10, 24, DROP_SHAPE},
    {111, 10, 11, DROP_NONE},  {111, 10, 10, DROP_SHAPE}, {111, 10, 77, DROP_NONE}, {8, 10, 170, DROP_SHAPE},
    {13, 10, 11, DROP_SHAPE}, /* comfort noise was never agreed (R8) */
};

static void what_passes_has_the_shape_of_srtp(void)
{
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		begin(RELAY_KEY_SDES);
		row.spec.side[0].tag_len = shapes[i].tag;
		answer();
		CHECK(pass(0, COMPONENT_RTP, rtp(shapes[i].pt, shapes[i].payload)) == shapes[i].drop);
	}
	CHECK(pass(0, COMPONENT_RTCP, rtp(0, 170)) == DROP_SHAPE); /* RTP on the RTCP port */
	CHECK(pass(0, COMPONENT_RTP, span_of("\x80\x00\x00\x01", 4)) == DROP_SHAPE);
	CHECK(pass(0, COMPONENT_RTP, span_of("x", 1)) == DROP_SHAPE);
}

static void clear_rtcp_never_passes(void)
{
	begin(RELAY_KEY_SDES);
	answer();
	CHECK(pass(0, COMPONENT_RTP, clear_rtcp()) == DROP_SHAPE);
	CHECK(pass(0, COMPONENT_RTP, srtcp()) == DROP_NONE);
	CHECK(pass(0, COMPONENT_RTCP, srtcp()) == DROP_SHAPE); /* muxed: it has no business there */
	row.spec.side[0].local_rtcp = 20001;
	CHECK(pass(0, COMPONENT_RTCP, srtcp()) == DROP_NONE && pass(0, COMPONENT_RTP, srtcp()) == DROP_SHAPE);
	CHECK(pass(0, COMPONENT_RTCP, clear_rtcp()) == DROP_SHAPE);
	CHECK(pass(0, COMPONENT_RTCP, span_of(srtcp().p, 20)) == DROP_SHAPE); /* too short for index and tag */
}

/* The handshake of two real phones; media packets of the recording are skipped. Clear media before, between and after is
 * dropped all the time. */
static bool handshake(unsigned component)
{
	struct cursor c = cursor_of(recorded(corpus, "dtls/baresip_linphone"));
	unsigned from, keying = 0;
	struct span d;

	while (recorded_next(&c, &from, &d)) {
		if (wire_classify(d) != WIRE_DTLS)
			continue;
		struct gate_verdict v = gate_judge(&row, from, component, d, now);
		if (v.drop || v.kind != GATE_KEYING || pass(0, COMPONENT_RTP, rtp(0, 160)) == DROP_NONE)
			return false;
		keying++;
		now += 5;
	}
	return keying > 3;
}

static void dtls_opens_250_ms_after_its_last_record(void)
{
	begin(RELAY_KEY_DTLS);
	answer();
	CHECK(handshake(COMPONENT_RTP));
	now -= 5; /* the last record itself */
	CHECK(!gate_is_open(&row, now) && !gate_is_open(&row, now + GATE_SETTLE_MS - 1));
	CHECK(gate_is_open(&row, now + GATE_SETTLE_MS));
	now += GATE_SETTLE_MS - 1;
	/* the direction whose key was complete a flight earlier is open already: per direction */
	CHECK(pass(0, COMPONENT_RTP, rtp(0, 170)) == DROP_SHUT || pass(1, COMPONENT_RTP, rtp(0, 170)) == DROP_SHUT);
	now += 1;
	CHECK(open_both());
	CHECK(pass(0, COMPONENT_RTP, rtp(0, 160)) == DROP_SHAPE && pass(0, COMPONENT_RTP, clear_rtcp()) == DROP_SHAPE);
}

/* T30: a call is not open before its handshake was, however long that takes, and not for one direction alone. */
static void half_a_handshake_opens_nothing(void)
{
	struct cursor c = cursor_of(recorded(corpus, "dtls/baresip_linphone"));
	unsigned from, ends = 0, flights[2] = {0};
	struct span d;

	begin(RELAY_KEY_DTLS);
	answer();
	while (ends < 2 && recorded_next(&c, &from, &d)) {
		if (wire_classify(d) != WIRE_DTLS)
			continue;
		(void)gate_judge(&row, from, COMPONENT_RTP, d, now);
		flights[from]++;
		ends = 0;
		for (unsigned side = 0; side < 2; side++)
			ends += row.gate.opens_ms[COMPONENT_RTP][side] != 0;
		now += 10 * GATE_SETTLE_MS; /* slow, as over a satellite */
		CHECK(gate_is_open(&row, now) == (ends == 2) && open_both() == (ends == 2));
		CHECK(!ends || (flights[0] > 1 && flights[1] > 1)); /* RFC 6347 4.2.4: six flights, four without a cookie */
	}
	CHECK(ends == 2);
	/* what one end has and the other has not */
	for (unsigned side = 0; side < 2; side++) {
		begin(RELAY_KEY_DTLS);
		answer();
		row.gate.opens_ms[COMPONENT_RTP][side] = now;
		CHECK(!gate_is_open(&row, now));
		row.gate.opens_ms[COMPONENT_RTP][!side] = now + 1;
		CHECK(!gate_is_open(&row, now) && gate_is_open(&row, now + 1));
	}
	/* that core knows of keys in SDP opens no call that is keyed in its media */
	begin(RELAY_KEY_DTLS);
	row.spec.side[0].keyed = row.spec.side[1].keyed = 1;
	gate_set(&row, now);
	CHECK(!gate_is_open(&row, now) && !open_both());
}

static void each_component_has_its_own_handshake(void)
{
	begin(RELAY_KEY_DTLS);
	row.spec.side[0].local_rtcp = 20001;
	row.spec.side[1].local_rtcp = 20003;
	answer();
	CHECK(handshake(COMPONENT_RTP));
	now += GATE_SETTLE_MS;
	CHECK(open_both());
	CHECK(pass(0, COMPONENT_RTCP, srtcp()) == DROP_SHUT && pass(1, COMPONENT_RTCP, srtcp()) == DROP_SHUT);
	CHECK(handshake(COMPONENT_RTCP));
	now += GATE_SETTLE_MS;
	CHECK(pass(0, COMPONENT_RTCP, srtcp()) == DROP_NONE && pass(1, COMPONENT_RTCP, srtcp()) == DROP_NONE);
}

static void a_handshake_that_nobody_agreed_on_opens_nothing(void)
{
	static const enum relay_key other[] = {RELAY_KEY_NONE, RELAY_KEY_SDES, RELAY_KEY_ZRTP};

	for (size_t i = 0; i < 3; i++) {
		begin(other[i]);
		gate_set(&row, now);
		CHECK(!handshake(COMPONENT_RTP));
		now += GATE_SETTLE_MS;
		CHECK(!gate_is_open(&row, now) && !open_both());
	}
}

static void zrtp_opens_after_conf2ack_and_not_with_a_forged_hello(void)
{
	for (int forged = 0; forged < 2; forged++) {
		begin(RELAY_KEY_ZRTP);
		/* the hashes that the two Hellos of the recording have */
		for (int s = 0; s < 2; s++) {
			struct sdp sdp;
			struct sdp_error why;
			CHECK(sdp_parse(recorded(corpus, s ? "sdp/linphone_zrtp_answer" : "sdp/linphone_zrtp"), &sdp, &why));
			memcpy(row.spec.side[s].zrtp_hash, sdp.audio.zrtp_hash, 32);
		}
		row.spec.side[1].zrtp_hash[0] ^= (uint8_t)forged;
		answer();
		struct cursor c = cursor_of(recorded(corpus, "zrtp/linphone_linphone"));
		unsigned from, alarms = 0;
		struct span d;
		while (recorded_next(&c, &from, &d)) {
			if (wire_classify(d) != WIRE_ZRTP)
				continue;
			CHECK(!gate_is_open(&row, now) && !open_both());
			struct gate_verdict v = gate_judge(&row, from, COMPONENT_RTP, d, now);
			alarms += v.forged;
			if (forged) /* each packet twice: one alarm is enough */
				alarms += gate_judge(&row, from, COMPONENT_RTP, d, now).forged;
			CHECK(v.forged ? v.drop == DROP_SHAPE : v.kind == GATE_KEYING);
		}
		CHECK(gate_is_open(&row, now) == !forged && alarms == (unsigned)forged);
		CHECK(open_both() == !forged);
	}
}

/* T30: ZRTP counts where it was agreed on, and inside a call that has keys by SDP; never in the place of DTLS, nor beside RTP. */
static void zrtp_that_nobody_agreed_on_opens_nothing(void)
{
	static const struct {
		enum relay_key key;
		unsigned component;
		bool passes;
	} as[] = {{RELAY_KEY_ZRTP, COMPONENT_RTP, true}, {RELAY_KEY_SDES, COMPONENT_RTP, true},
	    {RELAY_KEY_ZRTP, COMPONENT_RTCP, false}, {RELAY_KEY_SDES, COMPONENT_RTCP, false},
	    {RELAY_KEY_DTLS, COMPONENT_RTP, false}, {RELAY_KEY_NONE, COMPONENT_RTP, false}};

	for (size_t i = 0; i < sizeof as / sizeof *as; i++) {
		struct cursor c = cursor_of(recorded(corpus, "zrtp/linphone_linphone"));
		unsigned from;
		struct span d;
		begin(as[i].key);
		gate_set(&row, now);
		while (recorded_next(&c, &from, &d))
			if (wire_classify(d) == WIRE_ZRTP)
				CHECK((pass(from, as[i].component, d) == DROP_NONE) == as[i].passes);
		CHECK(gate_is_open(&row, now) == as[i].passes && open_both() == as[i].passes);
	}
}

/* A change of the key method shuts the gate, and the ten seconds of patience begin anew. */
static void new_keys_shut_the_gate_again(void)
{
	begin(RELAY_KEY_SDES);
	answer();
	CHECK(open_both() && row.answered_ms == now);
	uint64_t then = now;
	row.told_open = 1;
	now += 300000;
	answer(); /* a renewed wish changes nothing */
	CHECK(open_both() && row.answered_ms == then && row.told_open);
	row.spec.side[0].key = row.spec.side[1].key = RELAY_KEY_DTLS;
	answer();
	CHECK(!gate_is_open(&row, now) && !open_both() && !row.told_open && row.answered_ms == now);
}

static void opus_that_varies_shows(void)
{
	begin(RELAY_KEY_SDES);
	answer();
	for (int i = 0; i < 1000; i++)
		CHECK(!gate_judge(&row, 0, COMPONENT_RTP, rtp(111, 80), now).drop && row.opus_changes[0] == 0);
	for (int i = 0; i < 100; i++)
		CHECK(!gate_judge(&row, 0, COMPONENT_RTP, rtp(111, 80 + (size_t)(i & 1)), now).drop);
	CHECK(row.opus_changes[0] == OPUS_CHANGES_MAX);
	row.opus_changes[0] = OPUS_CHANGES_TOLD; /* and what core knows stays so */
	CHECK(!gate_judge(&row, 0, COMPONENT_RTP, rtp(111, 81), now).drop && row.opus_changes[0] == OPUS_CHANGES_TOLD);
	CHECK(!gate_judge(&row, 1, COMPONENT_RTP, rtp(111, 80), now).drop && row.opus_changes[1] == 0);
}

/* --- whose packet --- */

static bool from(unsigned side, const char *ip, uint16_t port)
{
	struct addr a = at(ip, port);
	bool learned;

	return source_ok(&row, side, COMPONENT_RTP, &a, now, &learned);
}

static void a_named_address_is_the_only_one(void)
{
	begin(RELAY_KEY_SDES);
	answer();
	CHECK(from(0, "198.51.100.1", 5000) && !from(0, "198.51.100.1", 5001) && !from(0, "198.51.100.9", 5000));
	CHECK(!from(0, "198.51.100.2", 5000) && !from(1, "198.51.100.1", 5000)); /* the sides are not mixed up */
	CHECK(addr_eq(source_where(&row, 0, COMPONENT_RTP), &row.spec.side[0].rtp));
	row.spec.side[0].rtp.port = row.spec.side[0].rtcp.port = 6000; /* a re-INVITE names another */
	source_set(&row, 0, now);
	CHECK(from(0, "198.51.100.1", 6000) && !from(0, "198.51.100.1", 5000));
}

static void none_is_none(void)
{
	begin(RELAY_KEY_SDES);
	row.spec.side[0].source = RELAY_SOURCE_NONE;
	answer();
	CHECK(!from(0, "198.51.100.1", 5000) && source_where(&row, 0, COMPONENT_RTP)->family == 0);
}

static void begin_learning(void)
{
	begin(RELAY_KEY_SDES);
	row.spec.side[0].source = RELAY_SOURCE_LEARN;
	row.spec.side[0].rtp.port = row.spec.side[0].rtcp.port = 0;
	answer();
}

static void behind_nat_the_first_port_of_the_right_host_is_learned(void)
{
	begin_learning();
	CHECK(source_where(&row, 0, COMPONENT_RTP)->family == 0);
	CHECK(!from(0, "203.0.113.9", 7000)); /* whoever comes first from elsewhere gains nothing */
	CHECK(from(0, "198.51.100.1", 7000));
	CHECK(!from(0, "198.51.100.1", 7002) && from(0, "198.51.100.1", 7000));
	now += 3600000;
	CHECK(!from(0, "198.51.100.1", 7002) && from(0, "198.51.100.1", 7000));
	CHECK(source_where(&row, 0, COMPONENT_RTP)->port == 7000);
}

static void a_new_answer_opens_one_learning_for_5_s(void)
{
	begin_learning();
	CHECK(from(0, "198.51.100.1", 7000));
	row.spec.side[0].learn_epoch++;
	source_set(&row, 0, now);
	CHECK(from(0, "198.51.100.1", 7000));  /* the old one, while no other came */
	CHECK(!from(0, "203.0.113.9", 8000));
	CHECK(from(0, "198.51.100.1", 8000));
	CHECK(!from(0, "198.51.100.1", 9000) && !from(0, "198.51.100.1", 7000)); /* once */
	source_set(&row, 0, now); /* the same wish again: no new window */
	CHECK(!from(0, "198.51.100.1", 9000));
	row.spec.side[0].learn_epoch++;
	source_set(&row, 0, now);
	CHECK(from(0, "198.51.100.1", 8000) && from(0, "198.51.100.1", 8002) && !from(0, "198.51.100.1", 9000)); /* once each */
	row.spec.side[0].learn_epoch++;
	source_set(&row, 0, now);
	now += SOURCE_WINDOW_MS + 1;
	CHECK(!from(0, "198.51.100.1", 9000) && from(0, "198.51.100.1", 8002));
}

/* A transfer to another phone, which has no ICE either: of the one before nothing stays, though both were answered once. */
static void another_leg_learns_a_port_of_its_own(void)
{
	const char *const host[] = {"198.51.100.7", "198.51.100.1"}; /* elsewhere, and behind the same NAT */

	for (size_t i = 0; i < sizeof host / sizeof *host; i++) {
		begin_learning();
		CHECK(from(0, "198.51.100.1", 7000));
		now += 3600000;
		struct relay_side next = row.spec.side[0];
		next.learn_epoch += RELAY_EPOCH_ANSWERS + 1;
		next.rtp = next.rtcp = at(host[i], 0);
		source_forget(&row, 0, &next);
		row.spec.side[0] = next;
		source_set(&row, 0, now);
		CHECK(source_where(&row, 0, COMPONENT_RTP)->family == 0);
		now += SOURCE_WINDOW_MS + 1;
		CHECK(!from(0, "203.0.113.9", 7000) && from(0, host[i], 9000));
		CHECK(!from(0, "198.51.100.1", 7000) && source_where(&row, 0, COMPONENT_RTP)->port == 9000);
	}
}

static struct source_pair pair;

static bool proved(unsigned side, const struct addr *from, uint32_t nominates)
{
	return source_proved(&row, side, COMPONENT_RTP, from, &(struct source_check){.pair = &pair, .nominates = nominates, .now_ms = now});
}

static void ice_proves_an_address_and_only_a_nomination_moves_it(void)
{
	struct addr first = at("203.0.113.5", 4000), second = at("203.0.113.6", 4000);

	begin(RELAY_KEY_DTLS);
	row.spec.side[0].source = RELAY_SOURCE_ICE;
	answer();
	pair = (struct source_pair){0};
	CHECK(!from(0, "198.51.100.1", 5000)); /* what SDP says counts for nothing */
	CHECK(proved(0, &first, 0));
	CHECK(from(0, "203.0.113.5", 4000));
	CHECK(!proved(0, &second, 0) && !from(0, "203.0.113.6", 4000));
	CHECK(proved(0, &second, 7));
	CHECK(from(0, "203.0.113.6", 4000) && !from(0, "203.0.113.5", 4000));
	CHECK(!proved(0, &second, 7)); /* nothing new */
	CHECK(!proved(1, &first, 7));  /* that side has no ICE */
	/* not where the known one is silent either, nor in another session of its phone */
	now += SOURCE_SILENT_MS + 1;
	memcpy(row.spec.side[0].ice_theirs, "others", 7);
	CHECK(!proved(0, &first, 0) && from(0, "203.0.113.6", 4000) && !from(0, "203.0.113.5", 4000));
}

/* T25: an address of a side that has no ICE comes from its SDP, or is learned; no check of connectivity says another. */
static void without_ice_no_check_says_an_address(void)
{
	static const enum relay_source without[] = {RELAY_SOURCE_NONE, RELAY_SOURCE_NAMED, RELAY_SOURCE_LEARN};
	struct addr where = at("203.0.113.5", 4000);

	for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
		begin(RELAY_KEY_SDES);
		row.spec.side[0].source = (uint8_t)without[i];
		answer();
		pair = (struct source_pair){0};
		CHECK(!proved(0, &where, 0) && !proved(0, &where, 7) && !from(0, "203.0.113.5", 4000));
	}
}

/* RFC 8445 8.1.1: a phone that nominates all its pairs means the best of them, in whatever order they come. */
static void of_several_nominated_the_highest_counts(void)
{
	struct addr direct = at("203.0.113.5", 4000), relayed = at("192.0.2.7", 4000), best = at("203.0.113.6", 4000);

	begin(RELAY_KEY_DTLS);
	row.spec.side[0].source = RELAY_SOURCE_ICE;
	memcpy(row.spec.side[0].ice_theirs, "theirs", 7);
	answer();
	pair = (struct source_pair){0};
	CHECK(proved(0, &direct, 500) && !proved(0, &relayed, 400) && !proved(0, &relayed, 500));
	CHECK(from(0, "203.0.113.5", 4000));
	CHECK(proved(0, &best, 600) && !proved(0, &direct, 500) && from(0, "203.0.113.6", 4000));
	/* what is silent gives way; what says so itself is not, nor what the kernel hears */
	now += SOURCE_SILENT_MS;
	CHECK(!proved(0, &direct, 500) && !proved(0, &best, 0));
	now += SOURCE_SILENT_MS;
	CHECK(!proved(0, &direct, 500));
	now += 1;
	CHECK(!source_proved(&row, 0, COMPONENT_RTP, &direct, &(struct source_check){&pair, 500, now, 25}));
	now += SOURCE_SILENT_MS + 1;
	CHECK(source_proved(&row, 0, COMPONENT_RTP, &direct, &(struct source_check){&pair, 500, now, 25}));
	CHECK(from(0, "203.0.113.5", 4000));
	/* and so does all of an ICE session that is over */
	memcpy(row.spec.side[0].ice_theirs, "others", 7);
	CHECK(proved(0, &relayed, 1) && !proved(0, &direct, 1) && from(0, "192.0.2.7", 4000));
}

static void what_one_leg_proved_is_nothing_of_the_next(void)
{
	struct addr where = at("203.0.113.5", 4000), next_at = at("203.0.113.6", 4000);
	struct relay_side next;

	begin(RELAY_KEY_DTLS);
	row.spec.side[0].source = RELAY_SOURCE_ICE;
	memcpy(row.spec.side[0].ice_ufrag, "of-first", RELAY_UFRAG_MAX);
	memcpy(row.spec.side[0].ice_pwd, "0123456789012345678901", 23);
	answer();
	CHECK(proved(0, &where, 0));
	next = row.spec.side[0];
	memcpy(next.ice_theirs, "restarted", 10); /* its phone restarts ICE: what stands is used meanwhile (RFC 8445 2.4) */
	source_forget(&row, 0, &next);
	CHECK(from(0, "203.0.113.5", 4000));
	const struct relay_row before = row;
	next.ice_pwd[0] ^= 1; /* either of the two makes it another session */
	source_forget(&row, 0, &next);
	CHECK(!from(0, "203.0.113.5", 4000));
	row = before;
	next.ice_pwd[0] ^= 1;
	memcpy(next.ice_ufrag, "of-other", RELAY_UFRAG_MAX);
	source_forget(&row, 0, &next);
	row.spec.side[0] = next;
	source_set(&row, 0, now);
	CHECK(!from(0, "203.0.113.5", 4000) && source_where(&row, 0, COMPONENT_RTP)->family == 0);
	CHECK(proved(0, &next_at, 0) && from(0, "203.0.113.6", 4000));
}

static void muxed_rtcp_goes_where_rtp_goes(void)
{
	begin(RELAY_KEY_SDES);
	row.spec.side[0].rtcp.port = 5001;
	answer();
	CHECK(source_where(&row, 0, COMPONENT_RTCP)->port == 5000);
	row.spec.side[0].local_rtcp = 20001;
	CHECK(source_where(&row, 0, COMPONENT_RTCP)->port == 5001);
}

/* --- the bucket --- */

static uint32_t passing(struct bucket *b, uint32_t rate, uint32_t n)
{
	uint32_t ok = 0;

	while (n--)
		ok += police_ok(b, rate, now);
	return ok;
}

static void the_bucket_is_one_second_deep(void)
{
	struct bucket b = {0};

	CHECK(passing(&b, POLICE_MEDIA_A_SECOND, 1000) == POLICE_MEDIA_A_SECOND);
	CHECK(passing(&b, POLICE_MEDIA_A_SECOND, 10) == 0);
	now += 100;
	CHECK(passing(&b, POLICE_MEDIA_A_SECOND, 1000) == POLICE_MEDIA_A_SECOND / 10);
	now += 60000;
	CHECK(passing(&b, POLICE_MEDIA_A_SECOND, 1000) == POLICE_MEDIA_A_SECOND);
}

/* Packets of 5 ms, the fastest that are allowed, and of 20 ms pass for ever; four times as many do not. */
static void the_fastest_allowed_rate_passes_for_ever(void)
{
	struct bucket b = {0};
	uint32_t ok = 0;

	for (int i = 0; i < 10000; i++, now += 5)
		CHECK(police_ok(&b, POLICE_MEDIA_A_SECOND, now));
	b = (struct bucket){0};
	for (int i = 0; i < 10000; i++, now++)
		ok += passing(&b, POLICE_MEDIA_A_SECOND, 2);
	CHECK(ok >= 3900 && ok <= 4500); /* of 2,000 a second during 10 s: 400 a second and the first bucket */
}

/* --- ICE-lite --- */

static struct relay_side lite;

static enum ice_result check(const char *user, const char *pwd, enum binding_role role, bool use, size_t *answered, uint32_t *nominates)
{
	uint8_t mem[STUN_ANSWER_MAX];
	struct buf b = buf_of(mem, sizeof mem);
	struct addr who = at("203.0.113.5", 4000);

	*nominates = 0;
	enum ice_result r = ice_check(&lite, &who, binding_request(user, pwd, role, use), &b, nominates);
	*answered = b.n;
	return r;
}

static void only_our_password_proves_an_address(void)
{
	const enum binding_role controlled = BINDING_CONTROLLED, controlling = BINDING_CONTROLLING;
	size_t n;
	uint32_t use;

	side_init(&lite, 20000, "198.51.100.1");
	CHECK(check("ours:theirs", "secret", controlling, false, &n, &use) == ICE_STRANGER && n == 0); /* no ICE here */
	strcpy(lite.ice_ufrag, "ours");
	strcpy(lite.ice_pwd, "0123456789012345678901");
	CHECK(check("ours:theirs", lite.ice_pwd, controlling, false, &n, &use) == ICE_PROVED && n > 20 && !use);
	CHECK(check("ours:theirs", lite.ice_pwd, controlling, true, &n, &use) == ICE_PROVED && use);
	/* a stranger hears nothing at all (T24, T35) */
	CHECK(check("ours:theirs", "0123456789012345678902", controlling, true, &n, &use) == ICE_STRANGER && n == 0);
	CHECK(check("other:theirs", lite.ice_pwd, controlling, true, &n, &use) == ICE_STRANGER && n == 0);
	CHECK(check("ours", lite.ice_pwd, controlling, true, &n, &use) == ICE_STRANGER && n == 0);
	/* a phone that thinks that we control is told so (487), and proves nothing */
	CHECK(check("ours:theirs", lite.ice_pwd, controlled, true, &n, &use) == ICE_IGNORE && n > 20 && !use);
	struct buf b = buf_of(octets, sizeof octets);
	struct addr who = at("203.0.113.5", 4000);
	CHECK(ice_check(&lite, &who, span_of("\0\1\0\0", 4), &b, &use) == ICE_STRANGER && b.n == 0);
}

/* Who was told the same password, as a fork of the same INVITE is, goes by another name (RFC 8445 7.2.2). */
static void only_the_phone_that_answered_proves_an_address(void)
{
	static const char longest[] = "0123456789abcdef0123456789abcdef", pwd[] = "0123456789abcdef0123456789abcdef";
	const enum binding_role role = BINDING_CONTROLLING;
	char user[64];
	size_t n;
	uint32_t use;

	side_init(&lite, 20000, "198.51.100.1");
	memcpy(lite.ice_ufrag, "0123abcd", RELAY_UFRAG_MAX); /* without a NUL */
	memcpy(lite.ice_theirs, "theirs", 7);
	memcpy(lite.ice_pwd, pwd, sizeof pwd);
	CHECK(check("0123abcd:theirs", pwd, role, true, &n, &use) == ICE_PROVED && use);
	CHECK(check("0123abcd:other", pwd, role, true, &n, &use) == ICE_STRANGER && n == 0 && !use);
	CHECK(check("0123abcd:", pwd, role, true, &n, &use) == ICE_STRANGER && n == 0);
	CHECK(check("0123abc:theirs", pwd, role, true, &n, &use) == ICE_STRANGER && n == 0);
	memcpy(lite.ice_theirs, longest, SDP_UFRAG_MAX);
	snprintf(user, sizeof user, "0123abcd:%s", longest);
	CHECK(check(user, pwd, role, true, &n, &use) == ICE_PROVED && use);
	user[strlen(user) - 1] = 'e';
	CHECK(check(user, pwd, role, true, &n, &use) == ICE_STRANGER && n == 0);
}

/* --- the table --- */

static int arena_fd;
static struct arena_table table;

/* A life of media: the table as it finds it. */
static bool open_table(bool first)
{
	struct arena arena;
	struct arena_shape shape = table_shape(4);
	bool adopted;

	if (!arena_open(&arena, arena_fd, 1, &shape, 1, &table, &adopted) || adopted == first)
		return false;
	table_open(&table, 20000);
	return true;
}

static void first_life(void)
{
	CHECK(open_table(true));
	CHECK(table_rows() == 4 && table_used() == 0 && !table_row(0) && !table_row(4) && !table_row(UINT32_MAX));
	CHECK(table_index_of_port(20000) == 0 && table_index_of_port(20003) == 0 && table_index_of_port(20004) == 1);
	CHECK(table_index_of_port(19999) == UINT32_MAX);
	begin(RELAY_KEY_SDES);
	answer();
	for (uint32_t i = 0; i < 3; i++) {
		struct relay_row *r = table_take(i, 100 + i);
		r->spec = row.spec;
		r->gate = row.gate;
		table_save(i);
	}
	CHECK(table_used() == 3 && table_find(101) == 1 && table_find(99) == -1);
	table_release(1);
	CHECK(table_used() == 2 && table_find(101) == -1 && !table_row(1));
	CHECK(table_next(0) == 0 && table_next(1) == 2 && table_next(3) == 4 && table_next(4) == 4);
	table_row(2)->spec.side[0].source = 77; /* a row that cannot be right */
	table_save(2);
}

static void second_life(void)
{
	CHECK(open_table(false));
	CHECK(table_used() == 1 && table_find(100) == 0 && table_row(0)->gate.key == RELAY_KEY_SDES);
	CHECK(!table_row(1) && !table_row(2) && gate_is_open(table_row(0), now));
	CHECK(table_next(0) == 0 && table_next(1) == 4);
	arena_mark(&table, 0); /* it dies in the handling of this row, twice */
	arena_mark(&table, 0);
}

static void third_life(void)
{
	CHECK(open_table(false));
	CHECK(table_used() == 0 && !table_row(0));
}

static bool lived(void (*life)(void))
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		test_failed_here = 0;
		life();
		_exit(test_failed_here);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void rows_are_kept_over_a_restart(void)
{
	arena_fd = memfd_create("arena", MFD_CLOEXEC);
	CHECK(lived(first_life));
	CHECK(lived(second_life));
	CHECK(lived(third_life));
}

int main(int argc, char **argv)
{
	if (argc > 1)
		corpus = argv[1];
	RUN(before_the_answer_nothing_passes);
	RUN(sdes_opens_with_the_answer_on_both_sides);
	RUN(what_passes_has_the_shape_of_srtp);
	RUN(clear_rtcp_never_passes);
	RUN(dtls_opens_250_ms_after_its_last_record);
	RUN(half_a_handshake_opens_nothing);
	RUN(each_component_has_its_own_handshake);
	RUN(a_handshake_that_nobody_agreed_on_opens_nothing);
	RUN(zrtp_opens_after_conf2ack_and_not_with_a_forged_hello);
	RUN(zrtp_that_nobody_agreed_on_opens_nothing);
	RUN(new_keys_shut_the_gate_again);
	RUN(opus_that_varies_shows);
	RUN(a_named_address_is_the_only_one);
	RUN(none_is_none);
	RUN(behind_nat_the_first_port_of_the_right_host_is_learned);
	RUN(a_new_answer_opens_one_learning_for_5_s);
	RUN(another_leg_learns_a_port_of_its_own);
	RUN(ice_proves_an_address_and_only_a_nomination_moves_it);
	RUN(without_ice_no_check_says_an_address);
	RUN(of_several_nominated_the_highest_counts);
	RUN(what_one_leg_proved_is_nothing_of_the_next);
	RUN(muxed_rtcp_goes_where_rtp_goes);
	RUN(the_bucket_is_one_second_deep);
	RUN(the_fastest_allowed_rate_passes_for_ever);
	RUN(only_our_password_proves_an_address);
	RUN(only_the_phone_that_answered_proves_an_address);
	RUN(rows_are_kept_over_a_restart);
	return TEST_END;
}
