/* SPDX-License-Identifier: ISC */
/* Legs that end in media, with real SRTP on sockets: joins of any two suites and of clear RTP, our own stream over every change of
 * its source, voice, digits withheld, bad tags, replays, 2^16 packets in a hold, RTCP, a kill in a call (R7, R15, T26-T28, T30).
 * With an argument more, the same by the kernel's ring. media_ended_test EXECUTABLE [ring] */
#include "base/clock.h"
#include "base/rand.h"
#include "kernel_house.h"
#include "lies.h"
#include "media_house.h"
#include "test.h"
#include <stdlib.h>
#include <unistd.h>

static struct phone a, b, stranger;

static void pair(uint32_t at, uint64_t join, enum sdp_suite one, enum sdp_suite other)
{
	phone_begin(&a, one);
	phone_begin(&b, other);
	a.port = (uint16_t)(HOUSE_LO + 4 * at);
	b.port = (uint16_t)(a.port + 2);
	house_wish(at, &a, &b);
	house_send_wish(join);
}

static void any_two_suites_are_joined(void)
{
	for (int one = 0; one < SDP_SUITE_N; one++)
		for (int other = 0; other < SDP_SUITE_N; other++) {
			house.gates = 0;
			pair(0, 10, (enum sdp_suite)one, (enum sdp_suite)other);
			CHECK(house_talks(&a, &b) && house_talks(&a, &b));
			CHECK(a.got.ssrc != b.ssrc && b.got.ssrc != a.ssrc); /* streams of our own */
			CHECK(house_gate(10) && house.gate_key == RELAY_KEY_SDES);
			house_close(10);
		}
	/* the ports are shut again */
	phone_say(&a, 0, 1, 160);
	CHECK(!phone_hears_within(&b, HOUSE_SILENCE_MS));
}

/* R27: what strangers send to a port that no call uses wakes media once, and a call that gets the port afterwards has it for itself. */
static void a_stray_shuts_its_port(void)
{
	uint64_t strays = house_counter("strays");

	phone_begin(&a, SDP_AEAD_AES_128_GCM);
	a.port = HOUSE_LO + 4 * 6;
	phone_say(&a, 0, 1, 160);
	CHECK(house_counts("strays", strays + 1));
	for (int i = 0; i < 500; i++)
		phone_say(&a, 0, 1, 160);
	stage_run(&house.s, 100);
	CHECK(house_counts("strays", strays + 1));
	pair(6, 9, SDP_AEAD_AES_128_GCM, SDP_AEAD_AES_128_GCM);
	CHECK(house_talks(&a, &b));
	house_close(9);
	/* what is under way when the call ends is read and forgotten, and the port stays open for the next */
	phone_say(&a, 0, 1, 160);
	CHECK(house_counts("strays", strays + 2));
	pair(6, 8, SDP_AEAD_AES_128_GCM, SDP_AEAD_AES_128_GCM);
	CHECK(house_talks(&a, &b));
	house_close(8);
}

static void payload_types_are_rewritten(void)
{
	phone_begin(&a, SDP_AEAD_AES_128_GCM);
	phone_begin(&b, SDP_AES_CM_128_HMAC_SHA1_80);
	a.port = HOUSE_LO;
	b.port = HOUSE_LO + 2;
	house_wish(0, &a, &b);
	struct relay_side *s = house.spec.side;
	s[0].payloads = s[1].payloads = 3;
	s[0].payload[1] = (struct relay_payload){101, RELAY_FRAME_EVENT, SDP_TELEPHONE_EVENT, 97};
	s[1].payload[1] = (struct relay_payload){97, RELAY_FRAME_EVENT, SDP_TELEPHONE_EVENT, 101};
	s[0].payload[2] = (struct relay_payload){111, RELAY_FRAME_OPUS, SDP_OPUS, 96};
	s[1].payload[2] = (struct relay_payload){96, RELAY_FRAME_OPUS, SDP_OPUS, RELAY_TO_NONE};
	house_send_wish(11);
	phone_say(&a, 111, 7, 80);
	CHECK(phone_hears_within(&b, HOUSE_ARRIVAL_MS) && b.got.pt == 96 && b.payload_n == 80 && b.payload[0] == 7);
	phone_say(&a, 101, 4, 4);
	CHECK(phone_hears_within(&b, HOUSE_ARRIVAL_MS) && b.got.pt == 97 && b.payload_n == 4);
	phone_say(&b, 97, 4, 4);
	CHECK(phone_hears_within(&a, HOUSE_ARRIVAL_MS) && a.got.pt == 101);
	phone_say(&b, 96, 7, 80); /* the other end does not take it */
	phone_say(&a, 13, 7, 1);  /* nobody agreed to it (R8) */
	phone_say(&b, 13, 7, 1);
	CHECK(!phone_hears_within(&a, HOUSE_SILENCE_MS) && !phone_hears_within(&b, HOUSE_SILENCE_MS));
	CHECK(house_talks(&a, &b));
	house_close(11);
}

/* A line that knows one law of G.711 and a phone that was answered in the other. */
static void one_law_becomes_the_other(void)
{
	uint64_t swapped = house_counter("laws-swapped");

	phone_begin(&a, SDP_AEAD_AES_128_GCM);
	phone_begin(&b, SDP_AES_CM_128_HMAC_SHA1_80);
	a.port = HOUSE_LO;
	b.port = HOUSE_LO + 2;
	house_wish(0, &a, &b);
	struct relay_side *s = house.spec.side;
	s[0].payloads = s[1].payloads = 1;
	s[0].payload[0] = (struct relay_payload){8, RELAY_FRAME_PCM, SDP_PCMA, 0};
	s[1].payload[0] = (struct relay_payload){0, RELAY_FRAME_PCM, SDP_PCMU, 8};
	house_send_wish(12);
	phone_say(&a, 8, 0xaa, 160); /* the greatest level of both */
	CHECK(phone_hears_within(&b, HOUSE_ARRIVAL_MS) && b.got.pt == 0 && b.payload_n == 160 && b.payload[0] == 0x80 &&
	      b.payload[159] == 0x80);
	phone_say(&b, 0, 0xff, 160); /* silence */
	CHECK(phone_hears_within(&a, HOUSE_ARRIVAL_MS) && a.got.pt == 8 && a.payload_n == 160 && a.payload[0] == 0xd5);
	CHECK(house_counts("laws-swapped", swapped + 2));
	house_close(12);
}

static void losses_and_disorder_are_preserved(void)
{
	uint8_t late[2048], later[2048];

	pair(0, 12, SDP_AEAD_AES_128_GCM, SDP_AEAD_AES_256_GCM);
	CHECK(house_says(&a, &b, 1));
	uint64_t index = b.got_index;
	uint32_t timestamp = b.got.timestamp;
	for (int i = 0; i < 3; i++) { /* lost on the way to us */
		uint8_t lost[2048];
		phone_seal(&a, 0, 2, 160, lost);
	}
	CHECK(house_says(&a, &b, 3) && b.got_index == index + 4 && b.got.timestamp == timestamp + 4 * 160);
	size_t n = phone_seal(&a, 0, 4, 160, late), m = phone_seal(&a, 0, 5, 160, later);
	phone_send(&a, later, m);
	CHECK(phone_hears_within(&b, HOUSE_ARRIVAL_MS) && b.got_index == index + 6 && b.payload[0] == 5);
	phone_send(&a, late, n);
	CHECK(phone_hears_within(&b, HOUSE_ARRIVAL_MS) && b.got_index == index + 5 && b.payload[0] == 4);
	CHECK(b.got.timestamp == timestamp + 5 * 160);
	phone_send(&a, late, n); /* and again */
	CHECK(!phone_hears_within(&b, HOUSE_SILENCE_MS) && house_counts("dropped-replay", 1));
	/* another source with another clock: our stream goes on */
	a.ssrc ^= 77;
	a.index = 5;
	a.timestamp += 1000000;
	uint64_t last = index + 6;
	CHECK(house_says(&a, &b, 6) && b.got_index == last + 1 && b.got.marker);
	CHECK((uint32_t)(b.got.timestamp - timestamp) < 8 * 8000);
	CHECK(house_says(&a, &b, 7) && b.got_index == last + 2 && !b.got.marker);
}

static void bad_tags_and_strangers_change_nothing(void)
{
	uint64_t tags = house_counter("dropped-bad-tag");
	uint8_t room[2048];

	for (int i = 0; i < 20000; i++) {
		size_t n = phone_seal(&a, 0, 1, 160, room);
		a.index--; /* the number is not used up */
		sources_set_marks(&a.out.sources, &(struct srtp_marks){.source = {{a.ssrc, 0, a.index}}});
		room[12 + i % 160] ^= 1;
		phone_send(&a, room, n);
		if (i % 64 == 63)
			stage_run(&house.s, 1);
	}
	CHECK(!phone_hears_within(&b, HOUSE_SILENCE_MS));
	CHECK(house_counter("dropped-bad-tag") > tags + 1000);
	CHECK(house_talks(&a, &b)); /* at once: who has no key takes nothing from the bucket */
	/* clear RTP of the right address */
	size_t n = phone_seal(&a, 0, 1, 160, room) - 16;
	memset(room + 12, 1, n - 12);
	phone_send(&a, room, n);
	stranger.port = a.port;
	n = phone_seal(&a, 0, 1, 160, room);
	phone_send(&stranger, room, n);
	CHECK(!phone_hears_within(&b, HOUSE_SILENCE_MS) && house_talks(&a, &b));
}

static void a_hold_of_two_to_the_sixteen_packets(void)
{
	uint8_t room[2048];

	/* the phone goes on sending, and is heard though not relayed */
	house.spec.side[0].direction = RELAY_RECEIVES;
	house_send_wish(12);
	for (uint32_t i = 0; i < 66000; i++) {
		phone_say(&a, 0, 1, 160);
		if (i % 32 == 31)
			house_settle();
	}
	CHECK(!phone_hears_within(&b, HOUSE_SILENCE_MS));
	house.spec.side[0].direction = RELAY_BOTH;
	house_send_wish(12);
	CHECK(house_talks(&a, &b));
	/* it sends to somebody else: 2^16 that we never hear, and then from another address */
	for (uint32_t i = 0; i < 66000; i++)
		phone_seal(&a, 0, 1, 160, room);
	stage_run(&house.s, END_PATIENT_MS + 100);
	struct phone moved;
	phone_open(&moved, house.host ? "10.9.0.6" : "127.0.0.6");
	close(a.fd);
	a.fd = moved.fd;
	a.addr = moved.addr;
	house.spec.side[0].rtp = house.spec.side[0].rtcp = a.addr;
	house_send_wish(12);
	uint64_t index = b.got_index;
	CHECK(house_talks(&a, &b) && b.got_index == index + 1);
	house_close(12);
}

static void speak(uint64_t join, uint8_t side, uint8_t codec, uint32_t timestamp, uint8_t fill)
{
	struct msg_spoken *m = ipc_begin_as(house.voice, MSG_SPOKEN, CLASS_DIALOG);
	uint8_t payload[160];

	memset(payload, fill, sizeof payload);
	m->join = join;
	m->side = side;
	m->codec = codec;
	m->timestamp = timestamp;
	m->payload = ipc_put(house.voice, span_of(payload, sizeof payload));
	ipc_end(house.voice);
}

static void a_caller_alone_talks_with_voice(void)
{
	phone_begin(&a, SDP_AEAD_AES_128_GCM);
	a.port = HOUSE_LO + 4;
	house_wish(1, &a, NULL);
	house.spec.side[0].hears = RELAY_HEARS_VOICE;
	house.spec.side[0].listens = 1;
	house.gates = 0;
	house_send_wish(20);
	CHECK(house_gate(20) && house.gate_key == RELAY_KEY_SDES);
	for (uint32_t i = 0; i < 5; i++)
		speak(20, 0, SDP_PCMU, 1000 + 160 * i, (uint8_t)(0x40 + i));
	for (uint32_t i = 0; i < 5; i++) {
		uint64_t index = a.got_index;
		uint32_t timestamp = a.got.timestamp;
		CHECK(phone_hears_within(&a, HOUSE_ARRIVAL_MS) && a.got.pt == 0 && a.payload[0] == 0x40 + i);
		CHECK(i == 0 || (a.got_index == index + 1 && a.got.timestamp == timestamp + 160));
	}
	phone_say(&a, 0, 0x33, 160);
	phone_say(&a, 101, 5, 4);
	for (int i = 0; i < 20 && house.heard.n < 2; i++)
		stage_run(&house.s, 50);
	CHECK(house.heard.n == 2 && house.heard.join == 20 && house.heard.side == 0);
	CHECK(house.heard.codec == SDP_TELEPHONE_EVENT && house.heard.payload_n == 4 && house.heard.payload[0] == 5);
	speak(20, 0, SDP_OPUS, 0, 1);     /* a codec that the side does not take */
	speak(20, 1, SDP_PCMU, 0, 1);     /* a side that is missing */
	speak(7777, 0, SDP_PCMU, 0, 1);   /* a join that is gone */
	CHECK(!phone_hears_within(&a, HOUSE_SILENCE_MS) && house_counts("spoken-lost", 3));
}

/* The callee comes; the caller's stream goes on; the digits that it dials are for voice alone until core says otherwise (R15). */
static void then_a_callee_and_withheld_digits(void)
{
	uint64_t index = a.got_index;
	uint32_t timestamp = a.got.timestamp, ssrc = a.got.ssrc;

	phone_begin(&b, SDP_AES_256_CM_HMAC_SHA1_80);
	b.port = (uint16_t)(a.port + 2);
	struct relay_spec alone = house.spec;
	house_wish(1, &a, &b);
	memcpy(house.spec.side[0].key_ours, alone.side[0].key_ours, SDP_KEY_MAX);
	house.spec.side[0].listens = 1;
	house.spec.side[0].events = 0;
	house_send_wish(20);
	CHECK(house_says(&b, &a, 0x51));
	CHECK(a.got.ssrc == ssrc && a.got_index == index + 1 && a.got.marker);
	uint32_t passed = a.got.timestamp - timestamp;
	CHECK(passed > 160 && passed < 8 * 8000);
	uint32_t heard = house.heard.n;
	CHECK(house_says(&a, &b, 0x52));
	phone_say(&a, 101, 9, 4);
	CHECK(!phone_hears_within(&b, HOUSE_SILENCE_MS) && house.heard.n == heard + 2 && house.heard.payload[0] == 9);
	house.spec.side[0].events = 1;
	house.spec.side[0].listens = 0;
	house_send_wish(20);
	phone_say(&a, 101, 9, 4);
	CHECK(phone_hears_within(&b, HOUSE_ARRIVAL_MS) && b.got.pt == 101 && house.heard.n == heard + 2);
	/* music for one of them */
	house.spec.side[0].hears = RELAY_HEARS_VOICE;
	house_send_wish(20);
	index = a.got_index;
	phone_say(&b, 0, 1, 160);
	CHECK(!phone_hears_within(&a, HOUSE_SILENCE_MS));
	speak(20, 0, SDP_PCMU, 5, 0x60);
	CHECK(phone_hears_within(&a, HOUSE_ARRIVAL_MS) && a.got_index == index + 1 && a.payload[0] == 0x60);
	house.spec.side[0].hears = RELAY_HEARS_OTHER;
	house_send_wish(20);
	speak(20, 0, SDP_PCMU, 165, 0x61); /* too late */
	CHECK(!phone_hears_within(&a, HOUSE_SILENCE_MS));
	CHECK(house_says(&b, &a, 0x62) && a.got_index == index + 2 && a.got.ssrc == ssrc);
	house_close(20);
}

static void a_plain_trunk_and_nothing_else_is_clear(void)
{
	phone_begin(&a, SDP_AEAD_AES_256_GCM);
	phone_begin(&b, SDP_AEAD_AES_128_GCM);
	b.clear = true;
	a.port = HOUSE_LO + 8;
	b.port = HOUSE_LO + 10;
	house_wish(2, &a, &b);
	CHECK(house.spec.side[1].end == RELAY_ENDED_CLEAR);
	house.spec.side[0].keyed = 0; /* the phone's keys are not there yet: nothing goes anywhere (T30) */
	house_send_wish(30);
	phone_say(&b, 0, 1, 160);
	phone_say(&a, 0, 1, 160);
	CHECK(!phone_hears_within(&a, HOUSE_SILENCE_MS) && !phone_hears_within(&b, HOUSE_SILENCE_MS));
	house.spec.side[0].keyed = 1;
	house_send_wish(30);
	CHECK(house_talks(&a, &b) && house_talks(&a, &b));
	uint8_t room[2048];
	size_t n = phone_seal(&b, 0, 9, 160, room);
	phone_send(&b, room, n);
	CHECK(phone_hears_within(&a, HOUSE_ARRIVAL_MS));
	phone_send(&b, room, n); /* had before */
	CHECK(!phone_hears_within(&a, HOUSE_SILENCE_MS));
	house_close(30);
	b.clear = false;
}

/* RFC 3550 A.1: a gateway that starts its stream anew, and one that takes a new SSRC with each piece, are heard on. */
static void a_clear_stream_may_begin_anew(void)
{
	uint8_t room[2048];

	phone_begin(&a, SDP_AEAD_AES_256_GCM);
	phone_begin(&b, SDP_AEAD_AES_128_GCM);
	b.clear = true;
	a.port = HOUSE_LO + 8;
	b.port = HOUSE_LO + 10;
	house_wish(2, &a, &b);
	house_send_wish(31);
	b.index = 30000;
	CHECK(house_talks(&a, &b));
	uint64_t index = a.got_index;
	b.index = 10000;
	phone_send(&b, room, phone_seal(&b, 0, 1, 160, room)); /* one alone may have been late */
	CHECK(house_says(&b, &a, 2) && a.got_index == index + 1 && house_says(&b, &a, 3) && a.got_index == index + 2);
	for (uint8_t i = 0; i < 2 * SRTP_SOURCES; i++) {
		b.ssrc++;
		CHECK(house_says(&b, &a, i));
	}
	house_close(31);
	b.clear = false;
}

/* RFC 3550 8.2: who has our SSRC by chance makes us take another; who sends back all that it hears is heard nevertheless. */
static void an_echo_is_heard(void)
{
	phone_begin(&a, SDP_AEAD_AES_256_GCM);
	b.clear = true;
	a.port = HOUSE_LO + 8;
	b.port = HOUSE_LO + 10;
	house_wish(2, &a, &b);
	house.spec.side[1].end = RELAY_ENDED_CLEAR;
	house_send_wish(31);
	CHECK(house_says(&a, &b, 0x11));
	uint32_t first = b.got.ssrc;
	for (int i = 0; i < 20; i++) {
		b.ssrc = b.got.ssrc;
		CHECK(house_says(&b, &a, 0x22) && house_says(&a, &b, 0x11));
	}
	CHECK(b.got.ssrc != first && b.got.ssrc == b.ssrc);
	house_close(31);
	b.clear = false;
}

static size_t report_of(struct phone *p, uint8_t pt, uint8_t *room)
{
	struct buf w = buf_of(room, 256);
	size_t n;

	buf_u16(&w, (uint16_t)(0x8000 | pt));
	buf_u16(&w, 6);
	buf_u32(&w, p->ssrc);
	for (int i = 0; i < 5; i++)
		buf_u32(&w, 0x01020304);
	n = w.n;
	return srtcp_seal(&p->out, room, &n) == SRTP_OK ? n : 0;
}

/* RTCP ends here: theirs is verified and goes no further, ours says what was lost, and a BYE ends nothing (T26). */
static void rtcp_ends_here(void)
{
	uint8_t room[512];
	uint64_t tags = house_counter("dropped-bad-tag"), shapes = house_counter("dropped-shape");
	size_t n;

	pair(0, 40, SDP_AEAD_AES_128_GCM, SDP_AES_CM_128_HMAC_SHA1_80);
	CHECK(house_talks(&a, &b));
	for (int i = 0; i < 10; i++) {
		uint8_t lost[2048];
		if (i % 2)
			phone_seal(&a, 0, 2, 160, lost);
		else
			CHECK(house_says(&a, &b, 3));
	}
	phone_send(&a, room, report_of(&a, 200, room));
	n = report_of(&a, 203, room); /* BYE */
	phone_send(&a, room, n);
	n = report_of(&a, 203, room);
	room[n - 1] ^= 1; /* in GCM the index stands there */
	phone_send(&a, room, n);
	phone_send(&a, "\x80\xcb\x00\x00", 4);
	CHECK(house_counts("dropped-bad-tag", tags + 1) && house_counts("dropped-shape", shapes + 1));
	bool told = false;
	for (int i = 0; i < 20 && !told; i++) {
		n = phone_receive(&a, room, sizeof room, 1000);
		told = n && wire_classify(span_of(room, n)) == WIRE_RTCP;
	}
	CHECK(told && !rtcp_is_clear(span_of(room, n)));
	CHECK(srtcp_open(&a.in, room, &n) == SRTP_OK && rtcp_is_clear(span_of(room, n)));
	struct cursor c = cursor_of(span_of(room, n));
	struct rtcp r;
	CHECK(rtcp_next(&c, &r) && r.pt == 200 && r.count == 1 && r.body.n == 24 + 24);
	struct cursor block = cursor_of(span_skip(r.body, 24));
	uint32_t ssrc, lost, highest, jitter, report;
	CHECK(cursor_u32(&block, &ssrc) && cursor_u32(&block, &lost) && cursor_u32(&block, &highest) &&
	      cursor_u32(&block, &jitter) && cursor_u32(&block, &report));
	/* ten were sent after the first, of which four gaps can be seen */
	CHECK(ssrc == a.ssrc && (lost & 0xffffff) == 4 && lost >> 24 > 0 && highest == (uint32_t)(a.index - 2));
	CHECK(report == 0x03040102);
	CHECK(rtcp_next(&c, &r) && r.pt == 202 && cursor_left(&c) == 0);
	CHECK(house_talks(&a, &b));
	house_close(40);
}

/* A kill in a call (R28): audio goes on without a word from core, no number is used twice, nothing old is heard again. */
static void a_kill_costs_no_call_and_no_secret(void)
{
	uint8_t old[3][2048];
	size_t n[3];

	pair(3, 50, SDP_AEAD_AES_128_GCM, SDP_AES_256_CM_HMAC_SHA1_80);
	for (int i = 0; i < 3; i++) {
		n[i] = phone_seal(&a, 0, 5, 160, old[i]);
		phone_send(&a, old[i], n[i]);
		CHECK(phone_hears_within(&b, HOUSE_ARRIVAL_MS));
	}
	CHECK(house_talks(&a, &b));
	uint64_t sent[2] = {a.got_index, b.got_index};
	uint32_t ssrc[2] = {a.got.ssrc, b.got.ssrc};
	stage_kill(&house.s);
	CHECK(house_start());
	for (int i = 0; i < 3; i++) {
		phone_send(&a, old[i], n[i]);
		CHECK(!phone_hears_within(&b, HOUSE_SILENCE_MS));
	}
	/* more where what was said again on a slow machine waited for the next life too */
	CHECK(house_counts("dropped-replay", 3) || house_counter("dropped-replay") > 3);
	CHECK(house_talks(&a, &b)); /* their windows would refuse what was used before the kill */
	CHECK(a.got_index > sent[0] && a.got_index <= sent[0] + END_AHEAD + 2 && a.got.ssrc == ssrc[0]);
	CHECK(b.got_index > sent[1] && b.got_index <= sent[1] + END_AHEAD + 2 && b.got.ssrc == ssrc[1]);
	house_send_wish(50); /* core says it again: nothing changes */
	sent[0] = a.got_index;
	CHECK(house_talks(&a, &b) && a.got_index == sent[0] + 1);
	stage_run(&house.s, 1200);
	CHECK(house.failed == 0);
}

static void new_keys_take_a_new_stream(void)
{
	uint32_t ssrc = b.got.ssrc;

	phone_begin(&b, SDP_AEAD_AES_128_GCM);
	house_wish(3, &a, &b);
	house_send_wish(50);
	CHECK(house_talks(&a, &b) && b.got.ssrc != ssrc && b.got_index < 0x8000 + 10);
	house_close(50);
}

static void an_unkeyed_side_ends_after_10_s(void)
{
	house.failed = 0;
	pair(4, 60, SDP_AEAD_AES_128_GCM, SDP_AEAD_AES_128_GCM);
	house.spec.side[1].keyed = 0;
	house_close(60);
	house_send_wish(61);
	uint64_t since = clock_boot_ms();
	phone_say(&a, 0, 1, 160);
	phone_say(&b, 0, 1, 160);
	CHECK(!phone_hears_within(&b, HOUSE_SILENCE_MS) && !phone_hears_within(&a, HOUSE_SILENCE_MS));
	while (clock_boot_ms() < since + 9000)
		stage_run(&house.s, 100);
	CHECK(house.failed == 0);
	(void)stage_comes(&house.s, &house.failed, 1);
	CHECK(house.failed > 0 && house.failed_join == 61 && house.failed_why == RELAY_GATE_SHUT);
	house_close(61);
}

/* --- lies (R27) --- */

static struct link *liar;
static enum proc liar_is;
static uint32_t told, accused;

static void tell(const struct lie *l, void *arg)
{
	(void)arg;
	if (test_failed_here)
		return;
	house.s.accused = PROC_PARENT;
	CHECK(lie_send(liar, l));
	CHECK(house_settle());
	told++;
	phone_say(&a, 0, 1, 160);
	phone_say(&b, 101, 1, 4);
	CHECK(house_settle());
	if (lie_is_plain(l))
		CHECK(house.s.accused == liar_is);
	if (house.s.accused != liar_is)
		return;
	accused++;
	stage_cut(&house.s, liar);
	liar = stage_sibling(&house.s, liar_is, 0);
	house_settle();
}

static void lie_about_open(struct link *l, enum proc who)
{
	static struct lie truth;

	liar = l;
	liar_is = who;
	lie_take_truth(l, &truth);
	lies_each(&truth, tell, NULL);
}

static void what_siblings_lie_is_borne(void)
{
	pair(0, 70, SDP_AEAD_AES_128_GCM, SDP_AEAD_AES_128_GCM);
	house.spec.side[1].listens = 1;
	house.spec.side[0].hears = RELAY_HEARS_VOICE;
	struct msg_relay *m = ipc_begin_as(house.core, MSG_RELAY, CLASS_DIALOG);
	m->join = 70;
	m->spec = ipc_put_part(house.core, &house.spec, sizeof house.spec);
	lie_about_open(house.core, PROC_CORE);
	house.core = liar;
	struct msg_spoken *s = ipc_begin_as(house.voice, MSG_SPOKEN, CLASS_DIALOG);
	s->join = 70;
	s->payload = ipc_put(house.voice, SPAN("12345678"));
	lie_about_open(house.voice, PROC_VOICE);
	house.voice = liar;
	struct msg_dtls_cert *c = ipc_begin(house.signer, MSG_DTLS_CERT);
	c->der = ipc_put(house.signer, span_of(house.cert, house.cert_n));
	lie_about_open(house.signer, PROC_SIGNER);
	struct msg_signed *g = ipc_begin(liar, MSG_SIGNED);
	g->token = 1;
	g->signature = ipc_put(liar, SPAN("signature"));
	lie_about_open(liar, PROC_SIGNER);
	CHECK(told > 80 && accused > 10 && house_settle());
}

/* --- by the ring --- */

static void begin_ring(void)
{
	struct addr ours;

	addr_parse_ip(SPAN("10.9.0.1"), &ours);
	const char *why = kernel_house_networks("10.9.0.1", "10.9.0.2 10.9.0.3 10.9.0.4 10.9.0.6")
	                      ? kernel_house_open(&ours, "rfm0", HOUSE_LO, 4 * HOUSE_ROWS)
	                      : "no networks of its own";
	if (why) {
		printf("skipped: %s\n", why);
		kernel_house_leave();
		exit(KERNEL_HOUSE_SKIPPED);
	}
	house.host = "10.9.0.1";
	house.socket = kernel_house_socket;
	house.begun = kernel_house_give;
}

int main(int argc, char **argv)
{
	bool ring = argc == 3;

	if (ring)
		begin_ring();
	if (argc < 2 || !house_open(argv[1])) {
		fprintf(stderr, "media does not start: %s\n", house.s.reason);
		return 1;
	}
	phone_open(&a, ring ? "10.9.0.2" : "127.0.0.2");
	phone_open(&b, ring ? "10.9.0.3" : "127.0.0.3");
	phone_open(&stranger, ring ? "10.9.0.4" : "127.0.0.4");
	RUN(any_two_suites_are_joined);
	RUN(a_stray_shuts_its_port);
	RUN(payload_types_are_rewritten);
	RUN(one_law_becomes_the_other);
	RUN(losses_and_disorder_are_preserved);
	RUN(bad_tags_and_strangers_change_nothing);
	RUN(a_hold_of_two_to_the_sixteen_packets);
	RUN(a_caller_alone_talks_with_voice);
	RUN(then_a_callee_and_withheld_digits);
	RUN(a_plain_trunk_and_nothing_else_is_clear);
	RUN(a_clear_stream_may_begin_anew);
	RUN(an_echo_is_heard);
	RUN(rtcp_ends_here);
	RUN(a_kill_costs_no_call_and_no_secret);
	RUN(new_keys_take_a_new_stream);
	RUN(an_unkeyed_side_ends_after_10_s);
	/* whatever came to a phone was sealed for it */
	test_failed_n += a.unopened > 0 || b.unopened > 0;
	RUN(what_siblings_lie_is_borne);
	house_end();
	if (ring)
		kernel_house_close();
	return TEST_END;
}
