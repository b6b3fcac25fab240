/* SPDX-License-Identifier: ISC */
/* R7, T29, T30: when a relay may believe that the two ends of a DTLS-SRTP handshake have their keys. */
#include "base/buf.h"
#include "test.h"
#include "wire/dtls.h"

enum step {
	CLIENT_HELLO,
	VERIFY,	      /* HelloVerifyRequest */
	HELLO_80,     /* ServerHello with SRTP_AES128_CM_HMAC_SHA1_80 */
	HELLO_TICKET, /* the same, and promises a ticket */
	HELLO_GCM,    /* with with AEAD_AES_256_GCM, another random */
	HELLO_NULL,
	HELLO_NO_SRTP,
	HELLO_13,
	HELLO_RETRY,
	HELLO_PIECE, /* the first fragment of a ServerHello */
	CERTIFICATE,
	TICKET,
	TICKET_PIECE,
	CCS,
	FINISHED,
	CCS_FINISHED, /* in one datagram */
	APPLICATION,
	ALERT,
	SEALED_ALERT,
	EPOCH_2,
	EPOCH_3,
	GARBAGE,
	STEP_N
};

static void put_record(struct buf *b, uint8_t type, uint16_t epoch, const void *body, size_t n)
{
	buf_u8(b, type);
	buf_u16(b, DTLS_1_2);
	buf_u16(b, epoch);
	buf_u16(b, 0);
	buf_u32(b, 7);
	buf_u16(b, (uint16_t)n);
	buf_put(b, body, n);
}

static void put_message(struct buf *b, uint8_t type, const void *body, size_t n, size_t whole)
{
	uint8_t text[512];
	struct buf m = buf_of(text, sizeof text);

	buf_u8(&m, type);
	buf_u8(&m, 0);
	buf_u16(&m, (uint16_t)whole);
	buf_u16(&m, 0);
	buf_u16(&m, 0);
	buf_u8(&m, 0);
	buf_u8(&m, 0);
	buf_u16(&m, (uint16_t)n);
	buf_put(&m, body, n);
	put_record(b, DTLS_HANDSHAKE, 0, m.p, m.n);
}

static const uint8_t retry_random[] =
    "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11"
    "\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c";

enum { WITH_NOTHING, WITH_TICKET, WITH_1_3 };

/* profile 0: without use_srtp. */
static void put_server_hello(struct buf *b, uint16_t profile, uint8_t fill, uint8_t kind, size_t cut)
{
	uint8_t text[256], random[32];
	struct buf m = buf_of(text, sizeof text);

	memset(random, fill, sizeof random);
	buf_u16(&m, DTLS_1_2);
	buf_put(&m, fill == 0xcf ? retry_random : random, 32);
	buf_u8(&m, 0);
	buf_u16(&m, 0xc02b);
	buf_u8(&m, 0);
	buf_u16(&m, (uint16_t)(5 + (profile ? 9 : 0) + (kind == WITH_1_3 ? 6 : kind == WITH_TICKET ? 4 : 0)));
	buf_put(&m, "\xff\x01\x00\x01\x00", 5);
	if (profile) {
		buf_put(&m, "\x00\x0e\x00\x05\x00\x02", 6);
		buf_u16(&m, profile);
		buf_u8(&m, 0);
	}
	if (kind == WITH_1_3)
		buf_put(&m, "\x00\x2b\x00\x02\xfe\xfc", 6);
	if (kind == WITH_TICKET)
		buf_put(&m, "\x00\x23\x00\x00", 4);
	put_message(b, DTLS_SERVER_HELLO, m.p, m.n - cut, m.n);
}

static struct span datagram(enum step step, uint8_t mem[512])
{
	static const uint8_t junk[64] = {0};
	struct buf b = buf_of(mem, 512);

	switch (step) {
	case CLIENT_HELLO:
		put_message(&b, DTLS_CLIENT_HELLO, junk, 50, 50);
		break;
	case VERIFY:
		put_message(&b, DTLS_HELLO_VERIFY, junk, 20, 20);
		break;
	case HELLO_80:
		put_server_hello(&b, 0x0001, 1, WITH_NOTHING, 0);
		put_message(&b, 11, junk, 40, 2000);
		break;
	case HELLO_TICKET:
		put_server_hello(&b, 0x0001, 6, WITH_TICKET, 0);
		break;
	case HELLO_GCM:
		put_server_hello(&b, 0x0008, 2, WITH_NOTHING, 0);
		break;
	case HELLO_NULL:
		put_server_hello(&b, 0x0005, 3, WITH_NOTHING, 0);
		break;
	case HELLO_NO_SRTP:
		put_server_hello(&b, 0, 4, WITH_NOTHING, 0);
		break;
	case HELLO_13:
		put_server_hello(&b, 0, 5, WITH_1_3, 0);
		break;
	case HELLO_RETRY:
		put_server_hello(&b, 0, 0xcf, WITH_1_3, 0);
		break;
	case HELLO_PIECE:
		put_server_hello(&b, 0x0001, 1, WITH_NOTHING, 10);
		break;
	case CERTIFICATE:
		put_message(&b, 11, junk, 60, 900);
		break;
	case TICKET:
		put_message(&b, DTLS_NEW_SESSION_TICKET, junk, 60, 60);
		break;
	case TICKET_PIECE:
		put_message(&b, DTLS_NEW_SESSION_TICKET, junk, 60, 90);
		break;
	case CCS:
		put_record(&b, DTLS_CHANGE_CIPHER_SPEC, 0, "\x01", 1);
		break;
	case FINISHED:
		put_record(&b, DTLS_HANDSHAKE, 1, junk, 40);
		break;
	case CCS_FINISHED:
		put_record(&b, DTLS_CHANGE_CIPHER_SPEC, 0, "\x01", 1);
		put_record(&b, DTLS_HANDSHAKE, 1, junk, 40);
		break;
	case APPLICATION:
		put_record(&b, DTLS_APPLICATION, 1, junk, 40);
		break;
	case ALERT:
		put_record(&b, DTLS_ALERT, 0, "\x02\x28", 2);
		break;
	case SEALED_ALERT:
		put_record(&b, DTLS_ALERT, 1, junk, 26);
		break;
	case EPOCH_2:
		buf_put(&b, "\x2e\x00\x01\x00\x20", 5);
		buf_put(&b, junk, 32);
		break;
	case EPOCH_3: /* 8 bits of sequence, no length */
		buf_put(&b, "\x23\x01", 2);
		buf_put(&b, junk, 32);
		break;
	case GARBAGE:
		buf_put(&b, "\x16\xfe\xfd\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x00", 14);
		break;
	case STEP_N:
		break;
	}
	return buf_span(&b);
}

static uint8_t feed(struct dtls_watch *w, unsigned from, enum step step)
{
	uint8_t mem[512];
	return dtls_watch_feed(w, from, datagram(step, mem));
}

struct move {
	uint8_t from, step, keyed; /* the mask that the feed must answer */
};

#define A 1 /* masks of the ends 0 and 1 */
#define B 2
#define END                                                                                                  \
	{                                                                                                    \
		9, 0, 0                                                                                      \
	}

static bool walks(const struct move *m, struct dtls_watch *w)
{
	memset(w, 0, sizeof *w);
	for (int i = 0; m->from != 9; m++, i++)
		if (feed(w, m->from, m->step) != m->keyed) {
			fprintf(stderr, "move %d\n", i);
			return false;
		}
	return true;
}

static void full_handshake(void)
{
	static const struct move in_order[] = {{0, CLIENT_HELLO, 0}, {1, VERIFY, 0}, {0, CLIENT_HELLO, 0},
	    {1, HELLO_80, 0}, {1, CERTIFICATE, 0}, {0, CERTIFICATE, 0}, {0, CCS_FINISHED, 0}, {1, CCS, B},
	    {1, FINISHED, A}, {0, APPLICATION, 0}, END};
	static const struct move lost_and_repeated[] = {{1, CLIENT_HELLO, 0}, {1, CLIENT_HELLO, 0},
	    {0, HELLO_80, 0}, {0, HELLO_80, 0}, {1, CERTIFICATE, 0}, {1, CCS, 0}, {0, HELLO_80, 0},
	    {1, FINISHED, 0}, {1, CCS_FINISHED, 0}, {0, FINISHED, 0}, {0, CCS, A | B}, {0, CCS_FINISHED, 0},
	    {0, HELLO_80, 0}, {1, CLIENT_HELLO, 0}, END};
	static const struct move ticket[] = {{0, CLIENT_HELLO, 0}, {1, HELLO_TICKET, 0}, {0, CCS_FINISHED, 0},
	    {1, CCS_FINISHED, B}, {1, TICKET_PIECE, 0}, {0, CCS_FINISHED, 0}, {1, TICKET, A}, END};
	struct dtls_watch w;

	CHECK(walks(in_order, &w));
	CHECK(w.done == (A | B) && w.version == DTLS_1_2 && w.server == 2 && dtls_watch_tag_len(&w) == 10);
	CHECK(walks(lost_and_repeated, &w) && w.done == (A | B) && w.server == 1);
	CHECK(walks(ticket, &w));
}

/* RFC 5246, 7.3: the server finishes first. */
static void resumed_handshake(void)
{
	static const struct move moves[] = {{0, CLIENT_HELLO, 0}, {1, HELLO_GCM, 0}, {1, CCS_FINISHED, 0},
	    {0, CCS, A}, {0, FINISHED, B}, END};
	struct dtls_watch w;
	CHECK(walks(moves, &w) && dtls_watch_tag_len(&w) == 16);
}

/* RFC 9147, 5: everything after the ServerHello is sealed. */
static void version_1_3(void)
{
	static const struct move acknowledged[] = {{0, CLIENT_HELLO, 0}, {1, HELLO_RETRY, 0},
	    {0, CLIENT_HELLO, 0}, {1, HELLO_13, 0}, {1, EPOCH_2, 0}, {0, EPOCH_2, 0}, {1, EPOCH_3, A | B},
	    {0, EPOCH_3, 0}, END};
	static const struct move client_first[] = {{1, CLIENT_HELLO, 0}, {0, HELLO_13, 0}, {0, EPOCH_2, 0},
	    {0, EPOCH_3, 0}, {1, EPOCH_2, A | B}, END};
	static const struct move client_speaks[] = {{1, CLIENT_HELLO, 0}, {0, HELLO_13, 0}, {0, EPOCH_2, 0},
	    {1, EPOCH_2, 0}, {1, EPOCH_3, B}, {0, EPOCH_3, A}, END};
	static const struct move not_by_1_2[] = {
	    {0, CLIENT_HELLO, 0}, {1, HELLO_13, 0}, {1, CCS_FINISHED, 0}, {0, CCS_FINISHED, 0}, END};
	struct dtls_watch w;

	CHECK(walks(acknowledged, &w) && w.version == DTLS_1_3 && dtls_watch_tag_len(&w) == 0);
	CHECK(walks(client_first, &w));
	CHECK(walks(client_speaks, &w));
	CHECK(walks(not_by_1_2, &w));
}

/* T29: nothing of this opens the gate. */
static void never(void)
{
	static const struct move moves[][8] = {
	    {{0, CCS_FINISHED, 0}, {1, CCS_FINISHED, 0}, END},
	    {{1, HELLO_80, 0}, {0, CCS_FINISHED, 0}, {1, CCS_FINISHED, 0}, END},
	    {{0, CLIENT_HELLO, 0}, {0, HELLO_80, 0}, {0, CCS_FINISHED, 0}, {1, CCS_FINISHED, 0}, END},
	    {{0, CLIENT_HELLO, 0}, {1, HELLO_NULL, 0}, {0, CCS_FINISHED, 0}, {1, CCS_FINISHED, 0}, END},
	    {{0, CLIENT_HELLO, 0}, {1, HELLO_NO_SRTP, 0}, {0, CCS_FINISHED, 0}, {1, CCS_FINISHED, 0}, END},
	    {{0, CLIENT_HELLO, 0}, {1, HELLO_RETRY, 0}, {0, EPOCH_2, 0}, {1, EPOCH_3, 0}, END},
	    {{0, CLIENT_HELLO, 0}, {1, HELLO_PIECE, 0}, {0, CCS_FINISHED, 0}, {1, CCS_FINISHED, 0}, END},
	    {{0, CLIENT_HELLO, 0}, {1, HELLO_80, 0}, {0, FINISHED, 0}, {1, FINISHED, 0}, END},
	    {{0, CLIENT_HELLO, 0}, {1, HELLO_80, 0}, {0, CCS, 0}, {1, CCS, 0}, {0, APPLICATION, 0},
		{1, SEALED_ALERT, 0}, END},
	    {{0, CLIENT_HELLO, 0}, {1, HELLO_80, 0}, {0, EPOCH_2, 0}, {1, EPOCH_3, 0}, {0, EPOCH_3, 0}, END},
	    {{0, CLIENT_HELLO, 0}, {1, HELLO_80, 0}, {0, CCS_FINISHED, 0}, {0, CCS_FINISHED, 0},
		{0, EPOCH_3, 0}, END},
	    {{0, CLIENT_HELLO, 0}, {1, HELLO_80, 0}, {0, GARBAGE, 0}, {1, GARBAGE, 0}, END},
	};
	struct dtls_watch w;

	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
		CHECK(walks(moves[i], &w) && !dtls_watch_done(&w, 0));
}

/* A ChangeCipherSpec of an association that was given up does not count for the next. */
static void begins_again(void)
{
	static const struct move moves[] = {{0, CLIENT_HELLO, 0}, {1, HELLO_80, 0}, {0, CCS, 0},
	    {0, CLIENT_HELLO, 0}, {1, HELLO_GCM, 0}, {0, FINISHED, 0}, {1, CCS_FINISHED, 0}, {0, CCS, A | B},
	    END};
	static const struct move turned[] = {{0, CLIENT_HELLO, 0}, {1, CLIENT_HELLO, 0}, {1, HELLO_80, 0},
	    {1, CCS, 0}, {0, HELLO_80, 0}, {1, FINISHED, 0}, {0, CCS_FINISHED, 0}, {1, CCS, A | B}, END};
	struct dtls_watch w;

	CHECK(walks(moves, &w) && dtls_watch_tag_len(&w) == 16);
	CHECK(walks(turned, &w) && w.server == 1);
}

static void alerts(void)
{
	static const struct move early[] = {{0, CLIENT_HELLO, 0}, {1, ALERT, 0}, END};
	static const struct move late[] = {{0, CLIENT_HELLO, 0}, {1, HELLO_80, 0}, {0, CCS_FINISHED, 0},
	    {1, CCS, B}, {1, ALERT, 0}, {0, ALERT, 0}, END};
	struct dtls_watch w;

	CHECK(walks(early, &w) && w.failed == B);
	CHECK(walks(late, &w) && w.failed == A);
}

/* Every sequence of five datagrams of the 1.2 handshake: an end is keyed only when the peer's two records,
 * after a hello of each, were relayed to it; and then at once. */
static void all_short_sequences(void)
{
	static const uint8_t alphabet[] = {CLIENT_HELLO, HELLO_80, CCS, FINISHED, APPLICATION};
	enum { N = 2 * sizeof alphabet, LEN = 5 };
	unsigned total = 1;

	for (int i = 0; i < LEN; i++)
		total *= N;
	for (unsigned code = 0; code < total; code++) {
		struct dtls_watch w = {0};
		bool client[2] = {0}, change[2] = {0}, finished[2] = {0};
		int server = -1;
		unsigned rest = code;
		for (int i = 0; i < LEN; i++, rest /= N) {
			unsigned from = rest % 2, step = alphabet[rest % N / 2];
			feed(&w, from, step);
			if (step == CLIENT_HELLO)
				client[from] = true;
			if (step == HELLO_80 && client[1 - from] && server != (int)from && !w.done) {
				server = (int)from;
				memset(change, 0, sizeof change);
				memset(finished, 0, sizeof finished);
			}
			change[from] |= server >= 0 && step == CCS;
			finished[from] |= server >= 0 && step == FINISHED;
			for (unsigned end = 0; end < 2; end++)
				CHECK(dtls_watch_done(&w, end) ==
				      (change[1 - end] && finished[1 - end] && change[end]));
		}
	}
}

static void records(void)
{
	uint8_t mem[512];
	struct span d = datagram(CCS_FINISHED, mem);
	struct cursor c = cursor_of(d);
	struct dtls_record r;

	CHECK(dtls_next_record(&c, &r) && r.type == DTLS_CHANGE_CIPHER_SPEC && r.epoch == 0 && r.body.n == 1);
	CHECK(r.version == DTLS_1_2 && r.seq == 7);
	CHECK(dtls_next_record(&c, &r) && r.type == DTLS_HANDSHAKE && r.epoch == 1 && r.body.n == 40);
	CHECK(!dtls_next_record(&c, &r) && cursor_left(&c) == 0);
	for (size_t n = 0; n < d.n; n++) {
		c = cursor_of(span_head(d, n));
		CHECK(dtls_next_record(&c, &r) == (n >= 14));
		CHECK(!dtls_next_record(&c, &r));
	}
	c = cursor_of(SPAN("\x3e\x00\x01\x00\x02\xaa\xbb")); /* a connection id */
	CHECK(!dtls_next_record(&c, &r) && cursor_left(&c) == 7);
	c = cursor_of(SPAN("\x2f\x00\x01\x00\x02\xaa\xbb\x23\x01\xcc"));
	CHECK(dtls_next_record(&c, &r) && r.type == DTLS_CIPHERTEXT && r.epoch == 3 && r.body.n == 2);
	CHECK(dtls_next_record(&c, &r) && r.epoch == 3 && r.body.n == 1 && r.body.p[0] == 0xcc);
	c = cursor_of(SPAN("\x16\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01")); /* TLS, not DTLS */
	CHECK(!dtls_next_record(&c, &r));
}

static void handshake_headers(void)
{
	static const uint8_t past_end[] = {2, 0, 0, 10, 0, 0, 0, 0, 8, 0, 0, 3, 1, 2, 3};
	static const uint8_t longer[] = {2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3};
	static const uint8_t wraps[] = {2, 0, 0, 10, 0, 0, 0xff, 0xff, 0xff, 0, 0, 3, 1, 2, 3};
	static const uint8_t good[] = {2, 0, 0, 10, 0, 5, 0, 0, 7, 0, 0, 3, 1, 2, 3};
	struct dtls_handshake h;
	struct cursor c = cursor_of(span_of(past_end, sizeof past_end));

	CHECK(!dtls_next_handshake(&c, &h));
	c = cursor_of(span_of(longer, sizeof longer));
	CHECK(!dtls_next_handshake(&c, &h));
	c = cursor_of(span_of(wraps, sizeof wraps));
	CHECK(!dtls_next_handshake(&c, &h));
	c = cursor_of(span_of(good, sizeof good));
	CHECK(
	    dtls_next_handshake(&c, &h) && h.type == 2 && h.length == 10 && h.seq == 5 && h.fragment_at == 7);
	CHECK(h.fragment.n == 3 && h.fragment.p[2] == 3);
}

static void server_hello_cut_short(void)
{
	uint8_t mem[512];
	struct cursor c = cursor_of(datagram(HELLO_80, mem)), body;
	struct dtls_server_hello hello;
	struct dtls_record r;
	struct dtls_handshake h;

	CHECK(dtls_next_record(&c, &r));
	body = cursor_of(r.body);
	CHECK(dtls_next_handshake(&body, &h) && dtls_server_hello(h.fragment, &hello));
	CHECK(hello.version == DTLS_1_2 && hello.srtp_profile == 1 && !hello.retry);
	for (size_t n = 0; n < h.fragment.n; n++)
		CHECK(dtls_server_hello(span_head(h.fragment, n), &hello) == (n == 38));
}

int main(void)
{
	RUN(full_handshake);
	RUN(resumed_handshake);
	RUN(version_1_3);
	RUN(never);
	RUN(begins_again);
	RUN(alerts);
	RUN(all_short_sequences);
	RUN(records);
	RUN(handshake_headers);
	RUN(server_hello_cut_short);
	return TEST_END;
}
