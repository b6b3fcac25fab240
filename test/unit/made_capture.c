/* SPDX-License-Identifier: ISC */
#include "made_capture.h"
#include "wire/crc.h"
#include <stdio.h>
#include <stdlib.h>

static const uint16_t linktype[MADE_LINKS] = {1, 1, 1, 113, 276, 101, 0};

void made_begin(struct made *m)
{
	memset(m, 0, offsetof(struct made, frame));
	m->octets = buf_of(m->room, sizeof m->room);
	m->now_us = UINT64_C(1790000000) * 1000000;
	m->random = 12345;
}

uint32_t made_random(struct made *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 17;
	m->random ^= m->random << 5;
	return m->random;
}

const char *made_ip(const struct made *m, uint8_t host)
{
	static char text[8][24];
	static unsigned turn;
	char *s = text[turn++ % 8];

	snprintf(s, sizeof text[0], m->v6 ? "fd00::%x" : "10.0.0.%u", host);
	return s;
}

/* --- from the payload down --- */

static void put_addr(const struct made *m, struct buf *b, uint8_t host)
{
	static const uint8_t zero[13];

	if (m->v6) {
		buf_u16(b, 0xfd00);
		buf_put(b, zero, 13);
		buf_u8(b, host);
	} else {
		buf_u32(b, 0x0a000000u | host);
	}
}

static void put_link(const struct made *m, struct buf *b, uint16_t type)
{
	static const uint8_t mac[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

	switch (m->link) {
	case MADE_ETHERNET:
	case MADE_VLAN:
	case MADE_QINQ:
		buf_put(b, mac, sizeof mac);
		if (m->link == MADE_QINQ)
			buf_u32(b, 0x88a80064);
		if (m->link != MADE_ETHERNET)
			buf_u32(b, 0x8100000a);
		buf_u16(b, type);
		break;
	case MADE_SLL:
		buf_put(b, "\0\0\0\1\0\6\2\0\0\0\0\1\0\0", 14);
		buf_u16(b, type);
		break;
	case MADE_SLL2:
		buf_u16(b, type);
		buf_put(b, "\0\0\0\0\0\2\0\1\0\6\2\0\0\0\0\1\0\0", 18);
		break;
	case MADE_NULL:
		buf_put(b, "\2\0\0\0", 4);
		break;
	case MADE_RAW:
	case MADE_LINKS:
		break;
	}
}

static void put_v4(struct buf *b, uint8_t proto, size_t n, uint16_t id, uint16_t where)
{
	buf_u16(b, 0x4500);
	buf_u16(b, (uint16_t)(20 + n));
	buf_u16(b, id);
	buf_u16(b, where);
	buf_u8(b, 64);
	buf_u8(b, proto);
	buf_u16(b, 0);
}

static void put_tunnel(const struct made *m, struct buf *b, size_t inner)
{
	if (m->tunnel == MADE_PLAIN)
		return;
	size_t more = m->tunnel == MADE_GRE ? 8 : m->tunnel == MADE_GTPU ? 16 : 0;
	put_v4(b, m->tunnel == MADE_IPIP ? 4 : m->tunnel == MADE_GRE ? 47 : 17, more + inner, 1, 0);
	buf_u32(b, 0xc0000201);
	buf_u32(b, 0xc0000202);
	if (m->tunnel == MADE_GRE) {
		buf_u32(b, 0x20000800);
		buf_u32(b, 7);
	} else if (m->tunnel == MADE_GTPU) {
		buf_u16(b, 2152);
		buf_u16(b, 2152);
		buf_u16(b, (uint16_t)(16 + inner));
		buf_u16(b, 0);
		buf_u16(b, 0x30ff);
		buf_u16(b, (uint16_t)inner);
		buf_u32(b, 99);
	}
}

static void put_frame(struct made *m, uint8_t from, uint8_t to, uint8_t proto, struct span ip_payload, uint16_t where, uint16_t id)
{
	uint8_t room[4096];
	struct buf b = buf_of(room, sizeof room);
	bool piece = where != 0;
	size_t ip = m->v6 ? 40 + (piece ? 8u : 0) : 20;

	put_link(m, &b, m->v6 && m->tunnel == MADE_PLAIN ? 0x86dd : 0x0800);
	put_tunnel(m, &b, ip + ip_payload.n);
	if (m->v6) {
		buf_u32(&b, 0x60000000);
		buf_u16(&b, (uint16_t)(ip - 40 + ip_payload.n));
		buf_u8(&b, piece ? 44 : proto);
		buf_u8(&b, 64);
	} else {
		put_v4(&b, proto, ip_payload.n, id, where);
	}
	put_addr(m, &b, from);
	put_addr(m, &b, to);
	if (m->v6 && piece) {
		buf_u8(&b, proto);
		buf_u8(&b, 0);
		buf_u16(&b, (uint16_t)((where & 0x1fff) << 3 | where >> 13));
		buf_u32(&b, id);
	}
	buf_add(&b, ip_payload);
	size_t n = m->snap && b.n > m->snap ? m->snap : b.n;
	if (b.full || m->frames == MADE_FRAMES || m->octets.n + n > MADE_OCTETS)
		abort();
	m->frame[m->frames].time_us = m->now_us;
	m->frame[m->frames].at = (uint32_t)m->octets.n;
	m->frame[m->frames].n = (uint32_t)n;
	m->frame[m->frames++].wire = (uint32_t)b.n;
	buf_put(&m->octets, b.p, n);
	m->now_us += 100;
}

static void put_ip(struct made *m, uint8_t from, uint8_t to, uint8_t proto, struct span s)
{
	uint16_t id = ++m->ip_id;

	if (m->fragment == 0 || s.n <= m->fragment) {
		put_frame(m, from, to, proto, s, 0, id);
		return;
	}
	for (size_t at = 0; at < s.n; at += m->fragment) {
		struct span piece = span_head(span_skip(s, at), m->fragment);
		bool more = at + piece.n < s.n;
		put_frame(m, from, to, proto, piece, (uint16_t)(at / 8 | (more ? 0x2000 : 0)), id);
	}
}

void made_udp(struct made *m, struct made_end from, struct made_end to, struct span payload)
{
	uint8_t room[4096];
	struct buf b = buf_of(room, sizeof room);

	buf_u16(&b, from.port);
	buf_u16(&b, to.port);
	buf_u16(&b, (uint16_t)(8 + payload.n));
	buf_u16(&b, 0);
	buf_add(&b, payload);
	put_ip(m, from.host, to.host, 17, buf_span(&b));
}

void made_tcp(struct made *m, struct made_end from, struct made_end to, uint32_t seq, uint8_t flags, struct span payload)
{
	uint8_t room[4096];
	struct buf b = buf_of(room, sizeof room);

	buf_u16(&b, from.port);
	buf_u16(&b, to.port);
	buf_u32(&b, seq);
	buf_u32(&b, 0);
	buf_u8(&b, 5 << 4);
	buf_u8(&b, flags);
	buf_put(&b, "\x7f\xff\0\0\0\0", 6);
	buf_add(&b, payload);
	put_ip(m, from.host, to.host, 6, buf_span(&b));
}

/* --- media --- */

static void put_payload(struct made *m, const struct made_media *a, struct buf *b)
{
	size_t n = a->len ? a->len : 40 + made_random(m) % 60;

	if (a->even) {
		for (size_t i = 0; i < n + (a->tag ? a->tag : 10); i++)
			buf_u8(b, (uint8_t)(made_random(m) >> 11));
		return;
	}
	if (a->len == 0)
		buf_u8(b, 0x78 | (made_random(m) & 1)); /* the same configuration in each packet */
	for (size_t i = a->len ? 0 : 1; i < n; i++)
		buf_u8(b, (uint8_t)((a->len ? 0xd0 | (made_random(m) >> 9 & 0x8f) : made_random(m) >> 11)));
}

/* The tag cut to 32 bits: what is authenticated does not know of it. */
static void seal(struct made_media *a, struct buf *b)
{
	size_t n = b->n;

	if (srtp_seal(a->srtp, b->p, &n) != SRTP_OK)
		abort();
	b->n = n - (a->tag_32 ? 6 : 0);
}

static void send_rtp(struct made *m, struct made_media *a, uint8_t pt, struct span payload)
{
	uint8_t room[512];
	struct buf b = buf_of(room, sizeof room);

	buf_u8(&b, 0x80);
	buf_u8(&b, pt);
	buf_u16(&b, a->seq++);
	buf_u32(&b, a->ts);
	buf_u32(&b, a->ssrc);
	if (payload.n)
		buf_add(&b, payload);
	else
		put_payload(m, a, &b);
	if (a->srtp)
		seal(a, &b);
	made_udp(m, a->from, a->to, buf_span(&b));
}

void made_rtp_of(struct made *m, struct made_media *a, struct span payload)
{
	a->ts += a->step ? a->step : 160;
	send_rtp(m, a, a->pt, payload);
}

void made_rtp(struct made *m, struct made_media *a)
{
	made_rtp_of(m, a, span_of(NULL, 0));
}

void made_digit(struct made *m, struct made_media *a)
{
	for (int i = 0; i < 5; i++)
		send_rtp(m, a, a->event_pt, span_of("\x05\x0a\x03\x20", 4));
}

void made_talk(struct made *m, struct made_media *a, struct made_media *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t from = m->now_us;
		made_rtp(m, a);
		if (b)
			made_rtp(m, b);
		m->now_us = from + 20000;
	}
}

/* --- handshakes --- */

static void put_record(struct buf *b, uint8_t type, uint16_t epoch, struct span body)
{
	buf_u8(b, type);
	buf_u16(b, 0xfefd);
	buf_u16(b, epoch);
	buf_put(b, "\0\0\0\0\0\7", 6);
	buf_u16(b, (uint16_t)body.n);
	buf_add(b, body);
}

static void put_handshake(struct buf *b, uint8_t type, struct span body)
{
	uint8_t room[512];
	struct buf t = buf_of(room, sizeof room);

	buf_u8(&t, type);
	buf_u8(&t, 0);
	buf_u16(&t, (uint16_t)body.n);
	buf_u16(&t, 0);
	buf_put(&t, "\0\0\0", 3);
	buf_u8(&t, 0);
	buf_u16(&t, (uint16_t)body.n);
	buf_add(&t, body);
	put_record(b, 22, 0, buf_span(&t));
}

static void send_and_clear(struct made *m, struct made_end from, struct made_end to, struct buf *b)
{
	made_udp(m, from, to, buf_span(b));
	b->n = 0;
	m->now_us += 10000;
}

void made_dtls(struct made *m, struct made_end client, struct made_end server, uint8_t fill)
{
	static const uint8_t junk[64];
	uint8_t room[1024], text[128], random[32];
	struct buf b = buf_of(room, sizeof room), h = buf_of(text, sizeof text);

	memset(random, fill, sizeof random);
	put_handshake(&b, 1, span_of(junk, 50));
	send_and_clear(m, client, server, &b);
	buf_u16(&h, 0xfefd);
	buf_put(&h, random, sizeof random);
	buf_put(&h, "\0\xc0\x2b\0\0\x09\x00\x0e\x00\x05\x00\x02\x00\x01\x00", 15);
	put_handshake(&b, 2, buf_span(&h));
	send_and_clear(m, server, client, &b);
	put_record(&b, 20, 0, SPAN("\x01"));
	put_record(&b, 22, 1, span_of(junk, 40));
	send_and_clear(m, client, server, &b);
	put_record(&b, 20, 0, SPAN("\x01"));
	put_record(&b, 22, 1, span_of(junk, 40));
	send_and_clear(m, server, client, &b);
}

static void zrtp_packet(struct made *m, struct made_end from, struct made_end to, const char *type, size_t body)
{
	uint8_t room[640], fill[512];
	struct buf b = buf_of(room, sizeof room);

	memset(fill, 7, sizeof fill);
	buf_u16(&b, 0x1000);
	buf_u16(&b, 77);
	buf_str(&b, "ZRTP");
	buf_u32(&b, from.host);
	buf_u16(&b, 0x505a);
	buf_u16(&b, (uint16_t)((12 + body) / 4));
	buf_str(&b, type);
	buf_put(&b, fill, body);
	uint32_t crc = crc32c_of(buf_span(&b));
	for (int i = 0; i < 4; i++)
		buf_u8(&b, (uint8_t)(crc >> 8 * i));
	send_and_clear(m, from, to, &b);
}

void made_zrtp(struct made *m, struct made_end i, struct made_end r)
{
	zrtp_packet(m, i, r, "Hello   ", 76);
	zrtp_packet(m, r, i, "Hello   ", 76);
	zrtp_packet(m, i, r, "HelloACK", 0);
	zrtp_packet(m, i, r, "Commit  ", 104);
	zrtp_packet(m, r, i, "DHPart1 ", 456);
	zrtp_packet(m, i, r, "DHPart2 ", 456);
	zrtp_packet(m, r, i, "Confirm1", 64);
	zrtp_packet(m, i, r, "Confirm2", 64);
	zrtp_packet(m, r, i, "Conf2ACK", 0);
}

void made_stun(struct made *m, struct made_end from, struct made_end to)
{
	static const uint8_t d[] = {0, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 6, 0, 7, 'f', 'r', 'a', ':',
	    'g', 'e', 'r', 0};

	made_udp(m, from, to, span_of(d, sizeof d));
}

/* --- files --- */

static void put_host(struct buf *b, uint32_t v, bool swapped)
{
	v = swapped ? __builtin_bswap32(v) : v;
	buf_put(b, &v, sizeof v);
}

static struct buf new_file(void)
{
	void *room = malloc(MADE_FILE);

	if (!room)
		abort();
	return buf_of(room, MADE_FILE);
}

/* Fisher and Yates within each window. */
static void shuffle(struct made *m, uint32_t *order, unsigned window)
{
	for (uint32_t i = 0; i < m->frames; i++)
		order[i] = i;
	for (uint32_t from = 0; window > 1 && from < m->frames; from += window) {
		uint32_t n = m->frames - from < window ? m->frames - from : window;
		for (uint32_t i = n; i-- > 1;) {
			uint32_t j = made_random(m) % (i + 1), t = order[from + i];
			order[from + i] = order[from + j];
			order[from + j] = t;
		}
	}
}

struct span made_pcap(struct made *m, unsigned window, bool swapped)
{
	static uint32_t order[MADE_FRAMES];
	struct buf b = new_file();

	shuffle(m, order, window);
	put_host(&b, 0xa1b2c3d4, swapped);
	put_host(&b, swapped ? 0x00020004 : 0x00040002, swapped);
	put_host(&b, 0, swapped);
	put_host(&b, 0, swapped);
	put_host(&b, 262144, swapped);
	put_host(&b, linktype[m->link], swapped);
	for (uint32_t i = 0; i < m->frames; i++) {
		uint32_t f = order[i];
		put_host(&b, (uint32_t)(m->frame[f].time_us / 1000000), swapped);
		put_host(&b, (uint32_t)(m->frame[f].time_us % 1000000), swapped);
		put_host(&b, m->frame[f].n, swapped);
		put_host(&b, m->frame[f].wire, swapped);
		buf_put(&b, m->room + m->frame[f].at, m->frame[f].n);
	}
	return buf_span(&b);
}

struct span made_pcapng(struct made *m)
{
	struct buf b = new_file();
	static const uint8_t pad[4];

	put_host(&b, 0x0a0d0d0a, false);
	put_host(&b, 28, false);
	put_host(&b, 0x1a2b3c4d, false);
	put_host(&b, 1, false);
	put_host(&b, UINT32_MAX, false);
	put_host(&b, UINT32_MAX, false);
	put_host(&b, 28, false);
	put_host(&b, 1, false); /* interface, in nanoseconds */
	put_host(&b, 32, false);
	put_host(&b, linktype[m->link], false);
	put_host(&b, 0, false);
	put_host(&b, 0x00010009, false);
	put_host(&b, 9, false);
	put_host(&b, 0, false);
	put_host(&b, 32, false);
	for (uint32_t i = 0; i < m->frames; i++) {
		uint32_t n = m->frame[i].n, padded = (n + 3) & ~3u;
		uint64_t ns = m->frame[i].time_us * 1000;
		put_host(&b, 6, false);
		put_host(&b, 32 + padded, false);
		put_host(&b, 0, false);
		put_host(&b, (uint32_t)(ns >> 32), false);
		put_host(&b, (uint32_t)ns, false);
		put_host(&b, n, false);
		put_host(&b, m->frame[i].wire, false);
		buf_put(&b, m->room + m->frame[i].at, n);
		buf_put(&b, pad, padded - n);
		put_host(&b, 32 + padded, false);
	}
	return buf_span(&b);
}
