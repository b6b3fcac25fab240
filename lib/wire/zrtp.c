/* SPDX-License-Identifier: ISC */
#include "wire/zrtp.h"
#include "base/cursor.h"
#include "base/secret.h"
#include "wire/crc.h"
#include <nettle/sha2.h>

enum { MAGIC = 0x5a525450, PREAMBLE = 0x505a, TYPE_LEN = 8, COMMIT_AUTH_AT = 12 + 32 + 12 + 4 + 4 };

/* RFC 6189, 5; words: the least length of a message, its preamble included. */
static const struct {
	char name[TYPE_LEN + 1];
	uint8_t words;
} types[] = {
    [ZRTP_HELLO] = {"Hello   ", 22},
    [ZRTP_HELLO_ACK] = {"HelloACK", 3},
    [ZRTP_COMMIT] = {"Commit  ", 25},
    [ZRTP_DHPART1] = {"DHPart1 ", 21},
    [ZRTP_DHPART2] = {"DHPart2 ", 21},
    [ZRTP_CONFIRM1] = {"Confirm1", 19},
    [ZRTP_CONFIRM2] = {"Confirm2", 19},
    [ZRTP_CONF2ACK] = {"Conf2ACK", 3},
    [ZRTP_ERROR] = {"Error   ", 4},
    [ZRTP_ERROR_ACK] = {"ErrorACK", 3},
    [ZRTP_GOCLEAR] = {"GoClear ", 5},
    [ZRTP_CLEAR_ACK] = {"ClearACK", 3},
    [ZRTP_SASRELAY] = {"SASrelay", 19},
    [ZRTP_RELAY_ACK] = {"RelayACK", 3},
    [ZRTP_PING] = {"Ping    ", 6},
    [ZRTP_PING_ACK] = {"PingACK ", 9},
};

static uint8_t type_of(struct span name)
{
	uint8_t i = 0;
	while (i < ZRTP_TYPE_N && memcmp(name.p, types[i].name, TYPE_LEN) != 0)
		i++;
	return i;
}

/* The checksum stands in the order of SCTP: least octet first. */
static bool checksum_ok(struct span d)
{
	const uint8_t *p = d.p + d.n - 4;
	uint32_t said = (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
	return said == crc32c_of(span_head(d, d.n - 4));
}

bool zrtp_parse(struct span d, struct zrtp *out)
{
	struct cursor c = cursor_of(d);
	struct zrtp z = {0};
	struct span name;
	uint32_t magic;
	uint16_t preamble, words;
	uint8_t first;

	if (d.n < ZRTP_LEAST || !cursor_u8(&c, &first) || first >> 4 != 1 || !cursor_skip(&c, 1) ||
	    !cursor_u16(&c, &z.seq) || !cursor_u32(&c, &magic) || magic != MAGIC || !cursor_u32(&c, &z.ssrc))
		return false;
	z.message = span_of(c.p, cursor_left(&c) - 4);
	if (!cursor_u16(&c, &preamble) || preamble != PREAMBLE || !cursor_u16(&c, &words) ||
	    sizeof(uint32_t) * words != z.message.n || !cursor_span(&c, TYPE_LEN, &name))
		return false;
	z.type = type_of(name);
	if (z.type == ZRTP_TYPE_N || words < types[z.type].words || !checksum_ok(d))
		return false;
	*out = z;
	return true;
}

/* What lets an announced Hello be compared: RFC 6189, 8 announces one hash for each version. */
static bool is_version_1_10(struct span hello)
{
	return span_eq(span_head(span_skip(hello, 12), 4), SPAN("1.10"));
}

static bool hash_is(struct span message, const uint8_t expected[32])
{
	struct sha256_ctx sha;
	uint8_t own[SHA256_DIGEST_SIZE];

	sha256_init(&sha);
	sha256_update(&sha, message.n, message.p);
	sha256_digest(&sha, sizeof own, own);
	return secret_eq(own, expected, sizeof own);
}

static uint8_t tag_len_of(struct span commit)
{
	static const struct {
		char name[5];
		uint8_t len;
	} tags[] = {{"HS32", 4}, {"HS80", 10}, {"SK32", 4}, {"SK64", 8}};
	struct span name = span_head(span_skip(commit, COMMIT_AUTH_AT), 4);

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (span_eq(name, span_of(tags[i].name, 4)))
			return tags[i].len;
	return 0;
}

static uint8_t feed_hello(struct zrtp_watch *w, unsigned from, struct span message)
{
	if (!w->has_hash[from] || !is_version_1_10(message))
		return ZRTP_RELAY;
	if (!hash_is(message, w->hash[from])) {
		w->forged = true;
		return ZRTP_FORGED;
	}
	w->hello_ok[from] = 1;
	return ZRTP_RELAY;
}

static bool has_seen(const struct zrtp_watch *w, unsigned end, enum zrtp_type type)
{
	return w->seen[end] >> type & 1;
}

/* RFC 6189, 4: the initiator commits, the responder confirms first; DHPart is absent in multistream and
 * preshared modes. A Conf2ACK that comes from the initiator, or before the rest, opens nothing. */
static bool complete(const struct zrtp_watch *w, unsigned responder)
{
	unsigned initiator = 1 - responder;

	if (w->forged || w->initiator != initiator + 1)
		return false;
	for (unsigned end = 0; end < 2; end++)
		if (w->has_hash[end] && !w->hello_ok[end])
			return false;
	return has_seen(w, initiator, ZRTP_COMMIT) && has_seen(w, responder, ZRTP_CONFIRM1) &&
	       has_seen(w, initiator, ZRTP_CONFIRM2);
}

static uint8_t feed_message(struct zrtp_watch *w, unsigned from, const struct zrtp *z)
{
	switch ((enum zrtp_type)z->type) {
	case ZRTP_HELLO:
		return feed_hello(w, from, z->message);
	case ZRTP_COMMIT:
		if (!w->open)
			w->tag_len[from] = tag_len_of(z->message);
		return ZRTP_RELAY;
	case ZRTP_CONFIRM2:
		if (!w->open)
			w->initiator = (uint8_t)(from + 1);
		return ZRTP_RELAY;
	case ZRTP_CONF2ACK:
		if (w->open || !complete(w, from))
			return ZRTP_RELAY;
		w->open = true;
		return ZRTP_RELAY | ZRTP_OPENED;
	case ZRTP_ERROR:
		return ZRTP_RELAY | ZRTP_FAILED;
	case ZRTP_GOCLEAR:
	case ZRTP_CLEAR_ACK:
		return 0;
	case ZRTP_HELLO_ACK:
	case ZRTP_DHPART1:
	case ZRTP_DHPART2:
	case ZRTP_CONFIRM1:
	case ZRTP_ERROR_ACK:
	case ZRTP_SASRELAY:
	case ZRTP_RELAY_ACK:
	case ZRTP_PING:
	case ZRTP_PING_ACK:
	case ZRTP_TYPE_N:
		break;
	}
	return ZRTP_RELAY;
}

uint8_t zrtp_watch_feed(struct zrtp_watch *w, unsigned from, struct span datagram)
{
	struct zrtp z;

	from &= 1;
	if (!zrtp_parse(datagram, &z))
		return 0;
	uint8_t action = feed_message(w, from, &z);
	if (action & ZRTP_RELAY)
		w->seen[from] |= (uint16_t)(1U << z.type);
	return action;
}

uint8_t zrtp_watch_tag_len(const struct zrtp_watch *w)
{
	return w->initiator ? w->tag_len[w->initiator - 1] : 0;
}
