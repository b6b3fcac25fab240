/* SPDX-License-Identifier: ISC */
/* R7, T30, T33: ZRTP as a relay sees it. */
#include "base/buf.h"
#include "test.h"
#include "wire/crc.h"
#include "wire/zrtp.h"
#include <nettle/sha2.h>

static const struct {
	const char *name;
	size_t body; /* octets after the type */
} shape[] = {
    [ZRTP_HELLO] = {"Hello   ", 76},
    [ZRTP_HELLO_ACK] = {"HelloACK", 0},
    [ZRTP_COMMIT] = {"Commit  ", 104},
    [ZRTP_DHPART1] = {"DHPart1 ", 456},
    [ZRTP_DHPART2] = {"DHPart2 ", 456},
    [ZRTP_CONFIRM1] = {"Confirm1", 64},
    [ZRTP_CONFIRM2] = {"Confirm2", 64},
    [ZRTP_CONF2ACK] = {"Conf2ACK", 0},
    [ZRTP_ERROR] = {"Error   ", 4},
    [ZRTP_ERROR_ACK] = {"ErrorACK", 0},
    [ZRTP_GOCLEAR] = {"GoClear ", 8},
    [ZRTP_CLEAR_ACK] = {"ClearACK", 0},
    [ZRTP_SASRELAY] = {"SASrelay", 64},
    [ZRTP_RELAY_ACK] = {"RelayACK", 0},
    [ZRTP_PING] = {"Ping    ", 12},
    [ZRTP_PING_ACK] = {"PingACK ", 24},
};

static uint8_t memory[1024];

static void put_checksum(struct buf *b)
{
	uint32_t crc = crc32c_of(buf_span(b));
	for (int i = 0; i < 4; i++)
		buf_u8(b, (uint8_t)(crc >> 8 * i));
}

/* A packet whose body is all `fill`, but for the version of a Hello and the suite of a Commit. */
static struct span packet(enum zrtp_type type, uint8_t fill, const char *word)
{
	struct buf b = buf_of(memory, sizeof memory);
	uint8_t body[512];

	memset(body, fill, sizeof body);
	if (type == ZRTP_HELLO)
		memcpy(body, word ? word : "1.10", 4);
	if (type == ZRTP_COMMIT)
		memcpy(body + 52, word ? word : "HS32", 4);
	buf_u16(&b, 0x1000);
	buf_u16(&b, 77);
	buf_str(&b, "ZRTP");
	buf_u32(&b, 0xcafe);
	buf_u16(&b, 0x505a);
	buf_u16(&b, (uint16_t)((12 + shape[type].body) / 4));
	buf_str(&b, shape[type].name);
	buf_put(&b, body, shape[type].body);
	put_checksum(&b);
	return buf_span(&b);
}

static void every_type(void)
{
	for (enum zrtp_type type = ZRTP_HELLO; type < ZRTP_TYPE_N; type++) {
		struct span d = packet(type, 3, NULL);
		struct zrtp z;
		CHECK(zrtp_parse(d, &z) && z.type == type && z.seq == 77 && z.ssrc == 0xcafe);
		CHECK(z.message.n == 12 + shape[type].body && z.message.p == d.p + 12);
		for (size_t n = 0; n < d.n; n++)
			CHECK(!zrtp_parse(span_head(d, n), &z));
		for (size_t bit = 0; bit < d.n * 8; bit++) {
			memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
			CHECK(!zrtp_parse(d, &z));
			memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

/* Wrong, but with the right checksum. */
static bool parses_with(size_t at, uint8_t value, size_t cut)
{
	struct span d = packet(ZRTP_HELLO, 3, NULL);
	struct buf b = buf_of(memory, sizeof memory);
	struct zrtp z;

	b.n = d.n - 4 - cut;
	memory[at] = value;
	put_checksum(&b);
	return zrtp_parse(buf_span(&b), &z);
}

static void malformed(void)
{
	CHECK(parses_with(0, 0x10, 0));
	CHECK(!parses_with(0, 0x20, 0));
	CHECK(!parses_with(4, 'z', 0));
	CHECK(!parses_with(12, 0x51, 0));
	CHECK(!parses_with(15, 23, 0)); /* a word more than there is */
	CHECK(!parses_with(15, 21, 0));
	CHECK(!parses_with(15, 21, 4)); /* whole, but shorter than a Hello can be */
	CHECK(!parses_with(16, 'J', 0));
	CHECK(!parses_with(0, 0x10, 2));
}

struct move {
	uint8_t from, type, action;
};

#define END                                                                                                  \
	{                                                                                                    \
		9, 0, 0                                                                                      \
	}
#define PASS ZRTP_RELAY

static bool walks(struct zrtp_watch *w, const struct move *m)
{
	for (int i = 0; m->from != 9; m++, i++)
		if (zrtp_watch_feed(w, m->from, packet(m->type, m->from, NULL)) != m->action) {
			fprintf(stderr, "move %d\n", i);
			return false;
		}
	return true;
}

static void key_agreement(void)
{
	static const struct move moves[] = {{0, ZRTP_HELLO, PASS}, {1, ZRTP_HELLO_ACK, PASS},
	    {1, ZRTP_HELLO, PASS}, {0, ZRTP_HELLO_ACK, PASS}, {1, ZRTP_COMMIT, PASS}, {0, ZRTP_DHPART1, PASS},
	    {1, ZRTP_DHPART2, PASS}, {0, ZRTP_CONFIRM1, PASS}, {0, ZRTP_CONFIRM1, PASS},
	    {1, ZRTP_CONFIRM2, PASS}, {1, ZRTP_CONFIRM2, PASS}, {0, ZRTP_CONF2ACK, PASS | ZRTP_OPENED},
	    {0, ZRTP_CONF2ACK, PASS}, {1, ZRTP_PING, PASS}, {1, ZRTP_GOCLEAR, 0}, {0, ZRTP_CLEAR_ACK, 0},
	    END};
	struct zrtp_watch w = {0};

	CHECK(zrtp_watch_tag_len(&w) == 0);
	CHECK(walks(&w, moves) && w.open && w.initiator == 2 && zrtp_watch_tag_len(&w) == 4);
}

/* Both commit at once (RFC 6189, 4.2); the suite that counts is that of the end which goes on. */
static void contention(void)
{
	static const struct move moves[] = {
	    {0, ZRTP_CONFIRM1, PASS}, {1, ZRTP_CONFIRM2, PASS}, {0, ZRTP_CONF2ACK, PASS | ZRTP_OPENED}, END};
	static const struct {
		const char *word;
		uint8_t tag;
	} suite[] = {{"HS32", 4}, {"HS80", 10}, {"SK32", 4}, {"SK64", 8}, {"XX99", 0}};

	for (size_t i = 0; i < sizeof suite / sizeof *suite; i++) {
		struct zrtp_watch w = {0};
		CHECK(zrtp_watch_feed(&w, 0, packet(ZRTP_COMMIT, 0, "HS80")) == PASS);
		CHECK(zrtp_watch_feed(&w, 1, packet(ZRTP_COMMIT, 1, suite[i].word)) == PASS);
		CHECK(walks(&w, moves) && zrtp_watch_tag_len(&w) == suite[i].tag);
	}
}

static void never(void)
{
	static const struct move moves[][6] = {
	    {{0, ZRTP_CONF2ACK, PASS}, {1, ZRTP_CONF2ACK, PASS}, END},
	    {{1, ZRTP_COMMIT, PASS}, {0, ZRTP_CONFIRM1, PASS}, {0, ZRTP_CONF2ACK, PASS}, END},
	    {{1, ZRTP_COMMIT, PASS}, {1, ZRTP_CONFIRM2, PASS}, {0, ZRTP_CONF2ACK, PASS}, END},
	    {{0, ZRTP_CONFIRM1, PASS}, {1, ZRTP_CONFIRM2, PASS}, {0, ZRTP_CONF2ACK, PASS}, END},
	    {{1, ZRTP_COMMIT, PASS}, {0, ZRTP_CONFIRM1, PASS}, {1, ZRTP_CONFIRM2, PASS},
		{1, ZRTP_CONF2ACK, PASS}, END},
	    {{1, ZRTP_COMMIT, PASS}, {1, ZRTP_CONFIRM1, PASS}, {1, ZRTP_CONFIRM2, PASS},
		{0, ZRTP_CONF2ACK, PASS}, END},
	    {{0, ZRTP_ERROR, PASS | ZRTP_FAILED}, {1, ZRTP_ERROR_ACK, PASS}, {0, ZRTP_GOCLEAR, 0}, END},
	};

	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		struct zrtp_watch w = {0};
		CHECK(walks(&w, moves[i]) && !w.open);
	}
	struct zrtp_watch w = {0};
	CHECK(zrtp_watch_feed(&w, 0, span_head(packet(ZRTP_HELLO, 0, NULL), 60)) == 0 && w.seen[0] == 0);
}

static void announce(struct zrtp_watch *w, unsigned end, struct span d)
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, d.n - 16, d.p + 12);
	sha256_digest(&sha, 32, w->hash[end]);
	w->has_hash[end] = true;
}

#define REST                                                                                                 \
	{1, ZRTP_COMMIT, PASS}, {0, ZRTP_CONFIRM1, PASS},                                                    \
	{                                                                                                    \
		1, ZRTP_CONFIRM2, PASS                                                                       \
	}

/* T33 */
static void announced_hash(void)
{
	static const struct move kept[] = {
	    {0, ZRTP_HELLO, PASS}, {1, ZRTP_HELLO, PASS}, REST, {0, ZRTP_CONF2ACK, PASS | ZRTP_OPENED}, END};
	static const struct move no_hello[] = {{0, ZRTP_HELLO, PASS}, REST, {0, ZRTP_CONF2ACK, PASS}, END};
	static const struct move rest[] = {REST, {0, ZRTP_CONF2ACK, PASS}, END};
	struct zrtp_watch both = {0}, w;

	announce(&both, 0, packet(ZRTP_HELLO, 0, NULL));
	announce(&both, 1, packet(ZRTP_HELLO, 1, NULL));
	w = both;
	CHECK(walks(&w, kept) && w.open);
	w = both;
	CHECK(walks(&w, no_hello) && !w.open);
	/* Another version has another hash, and is none of ours: passed, but it proves nothing. */
	w = both;
	CHECK(zrtp_watch_feed(&w, 0, packet(ZRTP_HELLO, 0, NULL)) == PASS);
	CHECK(zrtp_watch_feed(&w, 1, packet(ZRTP_HELLO, 1, "1.20")) == PASS);
	CHECK(walks(&w, rest) && !w.open);
	w = both;
	CHECK(zrtp_watch_feed(&w, 0, packet(ZRTP_HELLO, 0, NULL)) == PASS);
	CHECK(zrtp_watch_feed(&w, 1, packet(ZRTP_HELLO, 2, NULL)) == ZRTP_FORGED);
	CHECK(zrtp_watch_feed(&w, 1, packet(ZRTP_HELLO, 1, NULL)) == PASS);
	CHECK(walks(&w, rest) && !w.open && w.forged);
}

int main(void)
{
	RUN(every_type);
	RUN(malformed);
	RUN(key_agreement);
	RUN(contention);
	RUN(never);
	RUN(announced_hash);
	return TEST_END;
}
