/* SPDX-License-Identifier: ISC */
/* lib/srtp alone: the vectors of RFC 3711, 6188 and 7714, replay and the edges of its window, roll-overs with losses around them,
 * 2^16 packets that nobody heard, strange SSRCs, a million bad tags (R7, T27, T28). */
#include "base/rand.h"
#include "srtp/srtp.h"
#include "test.h"

enum { PACKET_MAX = 256, HEADER = 12 };

static const enum sdp_suite every[] = {
    SDP_AES_CM_128_HMAC_SHA1_80, SDP_AES_256_CM_HMAC_SHA1_80, SDP_AEAD_AES_128_GCM, SDP_AEAD_AES_256_GCM};

static size_t unhex(const char *hex, uint8_t *out, size_t cap)
{
	int n = span_unhex(span_str(hex), out, cap);

	if (n < 0)
		fprintf(stderr, "not hex: %s\n", hex);
	return n < 0 ? 0 : (size_t)n;
}

static bool is_hex(const uint8_t *p, size_t n, const char *hex)
{
	uint8_t want[PACKET_MAX];
	size_t want_n = unhex(hex, want, sizeof want);

	return want_n == n && memcmp(p, want, n) == 0;
}

/* --- vectors --- */

/* RFC 3711 B.3, RFC 6188 7.2 */
static void keys_are_derived_as_the_rfcs_show(void)
{
	static const struct {
		enum sdp_suite suite;
		const char *master, *key, *salt, *auth;
	} row[] = {
	    {SDP_AES_CM_128_HMAC_SHA1_80, "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6",
		"c61e7a93744f39ee10734afe3ff7a087", "30cbbc08863d8c85d49db34a9ae1",
		"cebe321f6ff7716b6fd4ab49af256a156d38baa4"},
	    {SDP_AES_256_CM_HMAC_SHA1_80,
		"f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b63b04803de51ee7c96423ab5b78d2",
		"5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4", "fa31791685ca444a9e07c6c64e93",
		"fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct srtp_session s;
		uint8_t master[SDP_KEY_MAX];
		CHECK(unhex(row[i].master, master, sizeof master) == srtp_key_len(row[i].suite));
		srtp_derive(&s, row[i].suite, master, false);
		CHECK(is_hex(s.key, strlen(row[i].key) / 2, row[i].key));
		CHECK(is_hex(s.auth, sizeof s.auth, row[i].auth) && is_hex(s.salt, sizeof s.salt, row[i].salt));
	}
}

/* RFC 3711 B.2 */
static void the_keystream_is_that_of_the_rfc(void)
{
	struct srtp_session s = {0};
	struct srtp_cipher c;
	uint8_t text[48] = {0}, tag[SRTP_TAG_MAX];
	struct srtp_text t = {.p = text, .n = sizeof text};

	unhex("2b7e151628aed2a6abf7158809cf4f3c", s.key, sizeof s.key);
	unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfd", s.salt, sizeof s.salt);
	cipher_set(&c, SDP_AES_CM_128_HMAC_SHA1_80, &s);
	cipher_seal(&c, SDP_AES_CM_128_HMAC_SHA1_80, &t, tag);
	CHECK(is_hex(text, sizeof text, "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0"));
}

/* RFC 7714 16.1, 16.2, 17.1, 17.2; the two of counter mode are what libsrtp and others publish. */
static const struct vector {
	enum sdp_suite suite;
	const char *master; /* NULL: key and salt below are the session's own */
	const char *key, *salt;
	uint64_t rtcp_index;
	const char *plain, *sealed;
} vectors[] = {
    {SDP_AES_CM_128_HMAC_SHA1_80, "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6", NULL, NULL, 0,
	"800f1234decafbadcafebabeabababababababababababababababab",
	"800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"},
    {SDP_AES_256_CM_HMAC_SHA1_80,
	"f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b63b04803de51ee7c96423ab5b78d2", NULL, NULL, 0,
	"800f1234decafbadcafebabeabababababababababababababababab",
	"800f1234decafbadcafebabef1d9de17ff251ff1aa007774b0b4b40da08d9d9a5b3a55d8873b"},
    {SDP_AEAD_AES_128_GCM, NULL, "000102030405060708090a0b0c0d0e0f", "517569642070726f2071756f", 0,
	"8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573",
	"8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a91"
	"52cf765ee4390cce"},
    {SDP_AEAD_AES_256_GCM, NULL, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	"517569642070726f2071756f", 0,
	"8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573",
	"8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0"
	"f9bb7878d7a76c13"},
    {SDP_AEAD_AES_128_GCM, NULL, "000102030405060708090a0b0c0d0e0f", "517569642070726f2071756f", 0x5d4,
	"81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
	"81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf"
	"4d2fc5abf87245d9eade800005d4"},
    {SDP_AEAD_AES_256_GCM, NULL, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	"517569642070726f2071756f", 0x5d4,
	"81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
	"81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad1d1eb30c4446"
	"839f57ff6f6cb26ac3be800005d4"},
};

static void vector_init(struct srtp *s, const struct vector *v)
{
	uint8_t master[SDP_KEY_MAX] = {0};
	struct srtp_session k = {0};

	if (v->master)
		unhex(v->master, master, sizeof master);
	srtp_set(s, v->suite, master);
	if (v->master)
		return;
	unhex(v->key, k.key, sizeof k.key);
	unhex(v->salt, k.salt, sizeof k.salt);
	cipher_set(&s->rtp, v->suite, &k);
	s->rtcp = k;
}

static void packets_are_those_of_the_rfcs(void)
{
	static struct srtp s;

	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		const struct vector *v = &vectors[i];
		uint8_t p[PACKET_MAX];
		size_t n = unhex(v->plain, p, sizeof p);
		vector_init(&s, v);
		if (v->rtcp_index) {
			const struct srtp_marks marks = {.source = {{.ssrc = 0x4d617273, .rtcp = (uint32_t)v->rtcp_index}}};
			sources_set_marks(&s.sources, &marks);
		}
		CHECK((v->rtcp_index ? srtcp_seal(&s, p, &n) : srtp_seal(&s, p, &n)) == SRTP_OK);
		CHECK(is_hex(p, n, v->sealed));
		vector_init(&s, v);
		CHECK((v->rtcp_index ? srtcp_open(&s, p, &n) : srtp_open(&s, p, &n, 0)) == SRTP_OK);
		CHECK(is_hex(p, n, v->plain));
	}
}

/* --- two ends --- */

static struct srtp out, in;
static uint8_t packet[PACKET_MAX];

static void ends_init(enum sdp_suite suite)
{
	uint8_t key[SDP_KEY_MAX];

	rand_bytes(key, sizeof key);
	srtp_set(&out, suite, key);
	srtp_set(&in, suite, key);
}

static size_t rtp(uint32_t ssrc, uint16_t seq)
{
	static const uint8_t head[] = {0x80, 0x00};

	memset(packet, 0x5a, sizeof packet);
	memcpy(packet, head, sizeof head);
	packet[2] = (uint8_t)(seq >> 8);
	packet[3] = (uint8_t)seq;
	for (int i = 0; i < 4; i++)
		packet[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
	return HEADER + 160;
}

static size_t rtcp(uint32_t ssrc)
{
	memset(packet, 0x5a, sizeof packet);
	memcpy(packet, "\x80\xc9\x00\x01", 4);
	for (int i = 0; i < 4; i++)
		packet[4 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
	memcpy(packet + 8, "\x81\xca\x00\x03", 4);
	return 24;
}

/* Seal the next one as the sender does; what it was is then in packet. */
static size_t sealed(uint32_t ssrc, uint16_t seq)
{
	size_t n = rtp(ssrc, seq);

	return srtp_seal(&out, packet, &n) == SRTP_OK ? n : 0;
}

static enum srtp_result received(size_t n, unsigned leaps)
{
	enum srtp_result r = srtp_open(&in, packet, &n, leaps);
	uint8_t first = r == SRTP_OK ? packet[HEADER] : 0x5a;

	return first == 0x5a ? r : SRTP_RESULTS;
}

static enum srtp_result sent(uint32_t ssrc, uint16_t seq)
{
	size_t n = sealed(ssrc, seq);

	return n ? received(n, 0) : SRTP_RESULTS;
}

static void the_window_has_edges(void)
{
	struct srtp_window w = {0};

	CHECK(window_is_new(&w, 0) && window_guess(&w, 65535) == 65535);
	window_take(&w, 1000);
	CHECK(!window_is_new(&w, 1000) && window_is_new(&w, 1001) && window_is_new(&w, 999));
	CHECK(window_is_new(&w, 1000 - SRTP_WINDOW + 1) && !window_is_new(&w, 1000 - SRTP_WINDOW));
	window_take(&w, 1000 - SRTP_WINDOW + 1);
	CHECK(!window_is_new(&w, 1000 - SRTP_WINDOW + 1));
	window_take(&w, 1001); /* what was at the edge is behind it */
	CHECK(!window_is_new(&w, 1000 - SRTP_WINDOW + 1) && window_is_new(&w, 1000 - SRTP_WINDOW + 2));
	CHECK(!window_is_new(&w, 1000) && window_is_new(&w, 999));
	window_take(&w, 1001 + SRTP_WINDOW); /* a jump over all of it */
	CHECK(!window_is_new(&w, 1001) && window_is_new(&w, 1002) && !window_is_new(&w, 1001 + SRTP_WINDOW));
	window_resume(&w, 5000);
	CHECK(!window_is_new(&w, 4999) && !window_is_new(&w, 4990) && window_is_new(&w, 5000));
	window_resume(&w, 0);
	CHECK(window_is_new(&w, 0));
}

/* RFC 3711 appendix A, and that the first round has none before it */
/* T28: what the window can't tell any more counts as heard, also where nothing came in between; a leap begins anew. */
static void behind_the_window_nothing_is_new(void)
{
	struct srtp_window w = {0};

	window_take(&w, 10);
	window_take(&w, 1000);
	for (uint64_t behind = SRTP_WINDOW; behind < 4 * SRTP_WINDOW; behind++)
		CHECK(!window_is_new(&w, 1000 - behind));
	for (uint64_t behind = 1; behind < SRTP_WINDOW; behind++)
		CHECK(window_is_new(&w, 1000 - behind));
	window_take(&w, 1000 + SRTP_WINDOW + 2);
	for (uint64_t behind = 1; behind < SRTP_WINDOW; behind++)
		CHECK(window_is_new(&w, 1000 + SRTP_WINDOW + 2 - behind));
}

static void the_nearest_number_is_guessed(void)
{
	static const struct {
		uint64_t highest;
		uint16_t seq;
		int64_t guess;
	} row[] = {{0x10000, 0xffff, 0xffff}, {0x10000, 1, 0x10001}, {0xffff, 0, 0x10000}, {0x1fff0, 5, 0x20005}, {0x20005, 0xfff0, 0x1fff0},
	    {0x5, 0xfff0, -16}, {0x12000, 0xa000, 0x1a000}, {0x12000, 0xa001, 0xa001}, {0x18000, 0, 0x10000}, {0x18001, 0, 0x20000},
	    {UINT64_C(0xffffffff0005), 0x8005, INT64_C(0xffffffff8005)}};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct srtp_window w = {0};
		window_take(&w, row[i].highest);
		CHECK(window_guess(&w, row[i].seq) == row[i].guess);
	}
}

static void what_came_does_not_come_again(void)
{
	for (size_t i = 0; i < sizeof every / sizeof *every; i++) {
		uint8_t copy[PACKET_MAX];
		ends_init(every[i]);
		size_t n = sealed(7, 100);
		memcpy(copy, packet, n);
		CHECK(n && received(n, 0) == SRTP_OK);
		for (unsigned leaps = 0; leaps <= SRTP_LEAPS_MAX; leaps++) { /* nor under another roll-over (old ROC) */
			memcpy(packet, copy, n);
			CHECK(received(n, leaps) == SRTP_REPLAYED);
			CHECK(memcmp(packet, copy, n) == 0);
		}
		for (uint16_t seq = 101; seq < 100 + SRTP_WINDOW; seq++)
			CHECK(sent(7, seq) == SRTP_OK);
		memcpy(packet, copy, n); /* at the edge */
		CHECK(received(n, 0) == SRTP_REPLAYED);
		CHECK(sent(7, 100 + SRTP_WINDOW) == SRTP_OK);
		memcpy(packet, copy, n); /* behind it */
		CHECK(received(n, 0) == SRTP_REPLAYED);
	}
}

static void order_does_not_matter_within_the_window(void)
{
	uint8_t kept[SRTP_WINDOW][PACKET_MAX];
	size_t n = 0;

	ends_init(SDP_AEAD_AES_128_GCM);
	for (uint16_t i = 0; i < SRTP_WINDOW; i++) {
		n = sealed(9, (uint16_t)(65500 + i)); /* over a roll-over */
		memcpy(kept[i], packet, n);
	}
	memcpy(packet, kept[40], n); /* the first to come is after it: its round cannot be known */
	CHECK(received(n, 0) == SRTP_BAD_TAG && received(n, 1) == SRTP_OK);
	for (int i = SRTP_WINDOW - 1; i >= 0; i--) {
		memcpy(packet, kept[i], n);
		CHECK(received(n, 0) == (i == 40 ? SRTP_REPLAYED : SRTP_OK));
	}
}

/* Every loss of up to three packets around the roll-over, on each of three rounds. */
static void roll_overs_survive_losses(void)
{
	for (uint16_t from = 65530; from != 6; from++)
		for (uint16_t lost = 0; lost < 4; lost++) {
			ends_init(SDP_AES_CM_128_HMAC_SHA1_80);
			for (uint32_t i = 0; i < 3u * 65536; i += 16384 - 1) { /* big steps, then close by */
				size_t n = sealed(3, (uint16_t)i);
				CHECK(n && received(n, 0) == SRTP_OK);
			}
			uint64_t at = out.sources.at[0].rtp.next;
			for (uint64_t i = at; i < at + 40; i++) {
				size_t n = sealed(3, (uint16_t)i);
				bool gone = (uint16_t)((uint16_t)i - from) < lost;
				CHECK(n && (gone || received(n, 0) == SRTP_OK));
			}
			CHECK(in.sources.at[0].rtp.next == out.sources.at[0].rtp.next);
		}
}

/* A hold in which the phone goes on sending and nobody hears it (T28). */
static void two_to_the_sixteen_packets_of_silence(void)
{
	for (size_t i = 0; i < sizeof every / sizeof *every; i++)
		for (unsigned rounds = 1; rounds <= 3; rounds++) {
			ends_init(every[i]);
			CHECK(sent(4, 60000) == SRTP_OK);
			for (uint32_t k = 1; k < rounds * 65536 + 20; k++)
				CHECK(sealed(4, (uint16_t)(60000 + k)));
			size_t n = sealed(4, (uint16_t)(60000 + rounds * 65536 + 20));
			CHECK(received(n, 0) == SRTP_BAD_TAG);
			CHECK(received(n, rounds - 1) == SRTP_BAD_TAG || rounds == 1);
			CHECK(received(n, 4) == SRTP_OK);
			CHECK(sent(4, (uint16_t)(60000 + rounds * 65536 + 21)) == SRTP_OK);
			CHECK(in.sources.at[0].rtp.next == out.sources.at[0].rtp.next);
		}
}

/* The same when the phone is heard all the while: more than a round, without help. */
static void two_to_the_sixteen_packets_heard(void)
{
	ends_init(SDP_AEAD_AES_128_GCM);
	for (uint32_t k = 0; k < 70000; k++)
		CHECK(sent(4, (uint16_t)(65000 + k)) == SRTP_OK);
	CHECK(in.sources.at[0].rtp.next == 65000 + 70000);
}

static void a_million_bad_tags_change_nothing(void)
{
	static struct srtp before;
	uint8_t copy[PACKET_MAX];

	for (size_t i = 0; i < sizeof every / sizeof *every; i++) {
		ends_init(every[i]);
		for (uint16_t seq = 0; seq < 10; seq++)
			CHECK(sent(5, seq) == SRTP_OK);
		size_t n = sealed(5, 10);
		memcpy(copy, packet, n);
		memcpy(&before, &in, sizeof in.suite);
		const struct srtp_sources sources = in.sources;
		for (uint32_t k = 0; k < 250000; k++) {
			uint32_t r = (uint32_t)(k * 2654435761u);
			size_t at = k % 3 == 0 ? 8 + r % 4 : k % 3 == 1 ? 2 + r % 2 : n - 1 - r % 20; /* SSRC, number, tag or end */
			packet[at] ^= (uint8_t)(1 + (r >> 8) % 255);
			enum srtp_result res = received(n, k % 64 == 0 ? SRTP_LEAPS_MAX : 0);
			CHECK(res == SRTP_BAD_TAG || (k % 3 == 1 && res == SRTP_REPLAYED));
			memcpy(packet, copy, n);
		}
		CHECK(memcmp(&sources, &in.sources, sizeof sources) == 0);
		CHECK(received(n, 0) == SRTP_OK && sent(5, 11) == SRTP_OK);
	}
}

static void sources_are_told_apart(void)
{
	ends_init(SDP_AEAD_AES_256_GCM);
	for (uint32_t ssrc = 0; ssrc < SRTP_SOURCES; ssrc++)
		CHECK(sent(ssrc, (uint16_t)(500 * ssrc)) == SRTP_OK);
	for (uint32_t ssrc = 0; ssrc < SRTP_SOURCES; ssrc++)
		CHECK(sent(ssrc, (uint16_t)(500 * ssrc + 1)) == SRTP_OK);
	CHECK(sent(0, 2) == SRTP_OK);
}

/* Taken, and what outlives the process says so. */
static bool kept(struct srtp_marks *marks, uint32_t ssrc, uint16_t seq)
{
	const bool taken = sent(ssrc, seq) == SRTP_OK;

	sources_mark_last(&in.sources, marks);
	return taken;
}

/* A packet of a source that gave its place to another can't be played again; it is not heard as a new one either. */
static void who_was_silent_longest_makes_room_and_does_not_come_back(void)
{
	uint8_t first[PACKET_MAX];
	struct srtp_marks marks = {0};

	ends_init(SDP_AEAD_AES_128_GCM);
	const size_t n = sealed(7, 1);
	memcpy(first, packet, n);
	CHECK(received(n, 0) == SRTP_OK);
	sources_mark_last(&in.sources, &marks);
	CHECK(kept(&marks, 1, 1));
	for (uint32_t i = 1; i <= SRTP_SOURCES; i++)
		CHECK(kept(&marks, 100 + i, 9) && kept(&marks, 1, (uint16_t)(1 + i)));
	memcpy(packet, first, n);
	CHECK(received(n, 0) == SRTP_CROWDED && memcmp(packet, first, n) == 0);
	size_t m = rtp(7, 2);
	CHECK(srtp_seal(&out, packet, &m) == SRTP_CROWDED); /* nor is a number of its own sealed twice */
	/* neither in a process that follows */
	CHECK(marks.past_n == 2 && srtp_marks_ok(&marks));
	sources_set_marks(&in.sources, &marks);
	memcpy(packet, first, n);
	CHECK(received(n, 0) == SRTP_CROWDED);
	/* where the one who speaks keeps its place */
	CHECK(sent(1, 100) == SRTP_OK && sent(555, 1) == SRTP_OK && sent(1, 101) == SRTP_OK);
}

/* T28: what a process heard of each source its successor takes from nobody again, whichever of them spoke last. */
static void the_successor_knows_every_source(void)
{
	static uint8_t had[SRTP_SOURCES][PACKET_MAX];
	struct srtp_marks marks = {0};
	size_t n = 0;

	ends_init(SDP_AEAD_AES_128_GCM);
	for (uint32_t i = 0; i < SRTP_SOURCES; i++) {
		n = sealed(20 + i, 7);
		memcpy(had[i], packet, n);
		CHECK(received(n, 0) == SRTP_OK);
		sources_mark_last(&in.sources, &marks);
	}
	sources_set_marks(&in.sources, &marks);
	for (uint32_t i = 0; i < SRTP_SOURCES; i++) {
		memcpy(packet, had[i], n);
		CHECK(received(n, 0) == SRTP_REPLAYED);
		CHECK(sent(20 + i, 8) == SRTP_OK);
	}
	/* and who was silent longest is still the one that makes room */
	marks = (struct srtp_marks){0};
	ends_init(SDP_AEAD_AES_128_GCM);
	for (uint32_t i = 0; i < SRTP_SOURCES; i++)
		CHECK(kept(&marks, 20 + i, 7));
	CHECK(kept(&marks, 20, 8));
	sources_set_marks(&in.sources, &marks);
	CHECK(sent(20 + SRTP_SOURCES, 7) == SRTP_OK && in.sources.past_n == 1 && in.sources.past[0] == 21);
}

/* T26: a report of a source that gave its place away is like its voice: nothing is looked at. */
static void reports_of_who_is_past_are_refused(void)
{
	uint8_t first[PACKET_MAX];

	ends_init(SDP_AEAD_AES_128_GCM);
	size_t n = rtcp(7);
	CHECK(srtcp_seal(&out, packet, &n) == SRTP_OK);
	memcpy(first, packet, n);
	const size_t all = n;
	CHECK(srtcp_open(&in, packet, &n) == SRTP_OK);
	for (uint32_t i = 0; i < SRTP_SOURCES; i++)
		CHECK(sent(100 + i, 1) == SRTP_OK);
	memcpy(packet, first, all);
	n = all;
	CHECK(srtcp_open(&in, packet, &n) == SRTP_CROWDED && n == all && memcmp(packet, first, all) == 0);
	n = rtcp(7);
	CHECK(srtcp_seal(&out, packet, &n) == SRTP_CROWDED && n == 24);
}

/* T28, RFC 3711 9.2: after the last number of all the first one does not come round again. */
static void the_numbers_end(void)
{
	const struct srtp_marks last = {.source = {{.ssrc = 1, .rtp = UINT64_C(1) << 48}}};

	for (unsigned leaps = 0; leaps <= SRTP_LEAPS_MAX; leaps++) {
		ends_init(SDP_AEAD_AES_128_GCM);
		const size_t n = sealed(1, 0);
		CHECK(srtp_marks_ok(&last));
		sources_set_marks(&in.sources, &last);
		CHECK(received(n, leaps) == SRTP_REPLAYED);
	}
}

static void what_nobody_sealed_displaces_nobody(void)
{
	ends_init(SDP_AEAD_AES_128_GCM);
	for (uint32_t ssrc = 0; ssrc < SRTP_SOURCES; ssrc++)
		CHECK(sent(ssrc, 1) == SRTP_OK);
	for (uint32_t ssrc = 1000; ssrc < 1200; ssrc++) {
		const size_t n = rtp(ssrc, 1) + srtp_tag_len(SDP_AEAD_AES_128_GCM);
		CHECK(received(n, SRTP_LEAPS_MAX) == SRTP_BAD_TAG);
	}
	CHECK(in.sources.past_n == 0);
	for (uint32_t ssrc = 0; ssrc < SRTP_SOURCES; ssrc++)
		CHECK(sent(ssrc, 2) == SRTP_OK);
}

static void a_key_has_so_many_sources_and_no_more(void)
{
	ends_init(SDP_AEAD_AES_128_GCM);
	for (uint32_t ssrc = 0; ssrc < SRTP_SOURCES + SRTP_PAST; ssrc++)
		CHECK(sent(ssrc, 1) == SRTP_OK && sent(ssrc, 2) == SRTP_OK);
	size_t n = rtp(SRTP_SOURCES + SRTP_PAST, 1);
	CHECK(srtp_seal(&out, packet, &n) == SRTP_CROWDED && received(n, 0) == SRTP_CROWDED);
	CHECK(sent(SRTP_SOURCES + SRTP_PAST - 1, 3) == SRTP_OK && sent(SRTP_PAST, 3) == SRTP_OK);
}

/* Two senders with one SSRC under one key: the second one's numbers were had, or have a wrong tag; the first goes on. */
static void a_collision_of_ssrcs_is_refused(void)
{
	static struct srtp other;
	uint8_t key[SDP_KEY_MAX];

	ends_init(SDP_AEAD_AES_128_GCM);
	rand_bytes(key, sizeof key);
	srtp_set(&other, SDP_AEAD_AES_128_GCM, key);
	for (uint16_t seq = 0; seq < 50; seq++) {
		CHECK(sent(6, seq) == SRTP_OK);
		size_t n = rtp(6, seq);
		CHECK(srtp_seal(&other, packet, &n) == SRTP_OK && received(n, 0) == SRTP_REPLAYED);
		n = rtp(6, (uint16_t)(seq + 100));
		CHECK(srtp_seal(&other, packet, &n) == SRTP_OK && received(n, 0) == SRTP_BAD_TAG);
	}
}

static void no_number_is_sent_twice(void)
{
	ends_init(SDP_AEAD_AES_128_GCM);
	CHECK(sealed(1, 10) && sealed(1, 12) && sealed(1, 11));
	size_t n = rtp(1, 11);
	CHECK(srtp_seal(&out, packet, &n) == SRTP_REPLAYED && n == HEADER + 160);
	CHECK(packet[HEADER] == 0x5a); /* and nothing was done to it */
	/* nor by the process that comes after: what was promised counts as used */
	struct srtp_marks marks = {0};
	sources_mark_last(&out.sources, &marks);
	CHECK(marks.source[0].ssrc == 1 && marks.source[0].rtp == 13 && marks.source[0].rtcp == 0 && !marks.source[1].rtp);
	marks.source[0].rtp = 1000;
	sources_set_marks(&out.sources, &marks);
	n = rtp(1, 999);
	CHECK(srtp_seal(&out, packet, &n) == SRTP_REPLAYED);
	n = sealed(1, 1000);
	CHECK(n && received(n, 0) == SRTP_OK);
	/* the last of all numbers, and then none */
	const struct srtp_marks last = {.source = {{.ssrc = 1, .rtp = (UINT64_C(1) << 48) - 1, .rtcp = 0x7fffffff}}};
	sources_set_marks(&out.sources, &last);
	CHECK(sealed(1, 65535));
	n = rtp(1, 0);
	CHECK(srtp_seal(&out, packet, &n) == SRTP_SPENT);
}

static void rtcp_has_its_own_numbers(void)
{
	for (size_t i = 0; i < sizeof every / sizeof *every; i++) {
		uint8_t copy[PACKET_MAX];
		ends_init(every[i]);
		size_t n = rtcp(8), plain = n;
		CHECK(srtcp_seal(&out, packet, &n) == SRTP_OK && n == plain + srtp_tag_len(every[i]) + 4);
		memcpy(copy, packet, n);
		size_t all = n;
		CHECK(srtcp_open(&in, packet, &n) == SRTP_OK && n == plain && packet[8] == 0x81);
		memcpy(packet, copy, all);
		n = all;
		CHECK(srtcp_open(&in, packet, &n) == SRTP_REPLAYED && n == all);
		for (size_t at = 0; at < all; at++) /* any octet of the second one */
			for (int bit = 0; bit < 8; bit++) {
				n = rtcp(8);
				CHECK(srtcp_seal(&out, packet, &n) == SRTP_OK);
				packet[at] ^= (uint8_t)(1 << bit);
				enum srtp_result r = srtcp_open(&in, packet, &n);
				CHECK(r == SRTP_BAD_TAG || r == SRTP_MALFORMED || r == SRTP_REPLAYED);
			}
		CHECK(in.sources.at[0].rtcp.next == 1 && !in.sources.at[1].used);
		n = rtcp(8);
		CHECK(srtcp_seal(&out, packet, &n) == SRTP_OK && srtcp_open(&in, packet, &n) == SRTP_OK);
		CHECK(sent(8, 1) == SRTP_OK); /* the same source in RTP */
		CHECK(in.sources.at[0].rtp.next == 2 && !in.sources.at[1].used);
	}
	const struct srtp_marks last = {.source = {{.ssrc = 8, .rtcp = 0x7fffffff}}};
	sources_set_marks(&out.sources, &last);
	size_t n = rtcp(8);
	CHECK(srtcp_seal(&out, packet, &n) == SRTP_OK);
	n = rtcp(8);
	CHECK(srtcp_seal(&out, packet, &n) == SRTP_SPENT);
}

static void what_is_too_short_is_malformed(void)
{
	for (size_t i = 0; i < sizeof every / sizeof *every; i++) {
		ends_init(every[i]);
		size_t full = sealed(1, 1);
		for (size_t n = 0; n < HEADER + srtp_tag_len(every[i]); n++) {
			size_t k = n;
			CHECK(received(n, 0) == SRTP_MALFORMED && srtcp_open(&in, packet, &k) != SRTP_OK);
		}
		CHECK(received(full, 0) == SRTP_OK);
	}
	/* SRTCP whose E is 0, with a tag that is right: what is not encrypted is not taken */
	struct srtp_cipher c;
	ends_init(SDP_AES_CM_128_HMAC_SHA1_80);
	size_t n = rtcp(1);
	memset(packet + n, 0, 4);
	struct srtp_text t = {.p = packet, .head_n = n, .n = n, .ssrc = 1, .rtcp = true};
	cipher_set(&c, SDP_AES_CM_128_HMAC_SHA1_80, &out.rtcp);
	cipher_seal(&c, SDP_AES_CM_128_HMAC_SHA1_80, &t, packet + n + 4);
	n += 14;
	CHECK(srtcp_open(&in, packet, &n) == SRTP_MALFORMED);
}

int main(void)
{
	RUN(keys_are_derived_as_the_rfcs_show);
	RUN(the_keystream_is_that_of_the_rfc);
	RUN(packets_are_those_of_the_rfcs);
	RUN(the_window_has_edges);
	RUN(behind_the_window_nothing_is_new);
	RUN(the_nearest_number_is_guessed);
	RUN(what_came_does_not_come_again);
	RUN(order_does_not_matter_within_the_window);
	RUN(roll_overs_survive_losses);
	RUN(two_to_the_sixteen_packets_of_silence);
	RUN(two_to_the_sixteen_packets_heard);
	RUN(a_million_bad_tags_change_nothing);
	RUN(sources_are_told_apart);
	RUN(who_was_silent_longest_makes_room_and_does_not_come_back);
	RUN(the_successor_knows_every_source);
	RUN(reports_of_who_is_past_are_refused);
	RUN(the_numbers_end);
	RUN(what_nobody_sealed_displaces_nobody);
	RUN(a_key_has_so_many_sources_and_no_more);
	RUN(a_collision_of_ssrcs_is_refused);
	RUN(no_number_is_sent_twice);
	RUN(rtcp_has_its_own_numbers);
	RUN(what_is_too_short_is_malformed);
	return TEST_END;
}
