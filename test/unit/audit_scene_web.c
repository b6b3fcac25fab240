/* SPDX-License-Identifier: ISC */
/* Scenes of signalling that comes in a WebSocket or under TLS, and of what goes beside the media. */
#include "audit_scene_say.h"

enum { HTTPS = 443, ODD = 10443, FILLERS = 12 };

/* So that no order within a window brings a message before the handshake. */
static void filler(struct made *m)
{
	for (unsigned i = 0; i < FILLERS; i++) {
		made_udp(m, (struct made_end){CAROL, 30000}, (struct made_end){PROXY, 53}, SPAN("name"));
		m->now_us += 1000;
	}
}

/* RFC 7118 8: the same as over TCP, in masked frames from the browser. */
void web_sip(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, PBX, 4002, 7001), b = back(&a);
	struct hop h = hop(m, ALICE, PBX, "web-1");

	h.tcp = h.web = true;
	say(&h, 0,
	    "GET / HTTP/1.1\r\nHost: pbx.example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
	    "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat, sip\r\nSec-WebSocket-Version: 13\r\n\r\n");
	say(&h, 1,
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
	    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: sip\r\n\r\n");
	filler(m);
	set_up(&h, sdp(m, ALICE, 4000, "RTP/AVP", ""), sdp(m, PBX, 4002, "RTP/AVP", ""));
	made_talk(m, &a, &b, 100);
	hang_up(&h);
}

/* A ClientHello (RFC 8446 4.1.2) with a name and one protocol of the layer above; either may be empty. */
static void client_hello(struct made *m, uint8_t from, uint8_t to, uint16_t port, const char *name, const char *alpn)
{
	static const uint8_t random[32] = {1, 2, 3}, suites[] = {0, 2, 0x13, 0x01, 1, 0};
	uint8_t room[512], inner[256];
	struct buf b = buf_of(room, sizeof room), e = buf_of(inner, sizeof inner);
	size_t name_n = strlen(name), alpn_n = strlen(alpn);

	buf_u16(&e, 43); /* supported_versions, as something else */
	buf_u16(&e, 3);
	buf_put(&e, "\2\3\4", 3);
	if (name_n) {
		buf_u16(&e, 0);
		buf_u16(&e, (uint16_t)(name_n + 5));
		buf_u16(&e, (uint16_t)(name_n + 3));
		buf_u8(&e, 0);
		buf_u16(&e, (uint16_t)name_n);
		buf_put(&e, name, name_n);
	}
	if (alpn_n) {
		buf_u16(&e, 16);
		buf_u16(&e, (uint16_t)(alpn_n + 3));
		buf_u16(&e, (uint16_t)(alpn_n + 1));
		buf_u8(&e, (uint8_t)alpn_n);
		buf_put(&e, alpn, alpn_n);
	}
	size_t body = 2 + sizeof random + 1 + sizeof suites + 2 + e.n;
	buf_put(&b, "\x16\x03\x01", 3);
	buf_u16(&b, (uint16_t)(body + 4));
	buf_put(&b, "\1\0", 2);
	buf_u16(&b, (uint16_t)body);
	buf_put(&b, "\3\3", 2);
	buf_put(&b, random, sizeof random);
	buf_u8(&b, 0);
	buf_put(&b, suites, sizeof suites);
	buf_u16(&b, (uint16_t)e.n);
	buf_put(&b, e.p, e.n);
	made_tcp(m, (struct made_end){from, 40000}, (struct made_end){to, port}, 1, ACK, buf_span(&b));
	m->now_us += 5000;
}

/* What a connection that stands says: records of which nothing can be read. */
static void records(struct made *m, uint8_t from, uint8_t to, uint16_t port)
{
	uint8_t d[85] = {23, 3, 3, 0, 80};

	for (uint32_t i = 0; i < 4; i++) {
		for (size_t k = 5; k < sizeof d; k++)
			d[k] = (uint8_t)(made_random(m) >> 7);
		made_tcp(m, (struct made_end){from, 40000}, (struct made_end){to, port}, 1000 + i * 85, ACK, span_of(d, sizeof d));
		made_tcp(m, (struct made_end){to, port}, (struct made_end){from, 40000}, 9000 + i * 85, ACK, span_of(d, sizeof d));
		m->now_us += 5000;
	}
}

void tls_alpn(struct made *m)
{
	client_hello(m, ALICE, PBX, 12345, "", "sip/2");
	records(m, ALICE, PBX, 12345);
}

void tls_name(struct made *m)
{
	client_hello(m, ALICE, PBX, HTTPS, "edge.sip.example.org", "");
}

/* Two phones, each with a server over TLS and in speech. */
void tls_beside(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, PBX, 6000, 7001), b = back(&a), c = pcmu(BOB, 4002, PBX, 6002, 8001), d = back(&c);

	records(m, ALICE, PBX, ODD);
	records(m, BOB, PBX, ODD);
	made_dtls(m, a.from, a.to, 1);
	made_dtls(m, c.from, c.to, 2);
	a.even = b.even = c.even = d.even = true;
	for (int i = 0; i < 100; i++) {
		made_talk(m, &a, &b, 1);
		made_talk(m, &c, &d, 1);
	}
}

/* The web, and a port of which nothing is known, beside a call whose signalling can be read. */
void tls_else(struct made *m)
{
	struct made_media a, b;
	struct hop h;

	client_hello(m, ALICE, BOB, HTTPS, "www.example.org", "h2");
	client_hello(m, CAROL, PROXY, ODD, "gossip.example.org", "");
	client_hello(m, ALICE, BOB, ODD, "", "");
	client_hello(m, ALICE, PROXY, HTTPS, "www.example.org", "http/1.1");
	records(m, ALICE, BOB, HTTPS);
	direct(m, "RTP/AVP", "", "RTP/AVP", "", &a, &b, &h);
	made_talk(m, &a, &b, 100);
	hang_up(&h);
}

/* Two browsers at one web server, and their media from end to end. */
void wss(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = back(&a);

	client_hello(m, ALICE, PBX, HTTPS, "phones.example.org", "http/1.1");
	client_hello(m, BOB, PBX, HTTPS, "phones.example.org", "http/1.1");
	made_stun(m, a.from, a.to);
	made_dtls(m, a.from, a.to, 1);
	a.even = b.even = true;
	made_talk(m, &a, &b, 100);
}

/* --- reports beside the media --- */

/* A sender's report and a description (RFC 3550 6.4.1, 6.5), every so often; keyed: octets that nobody can read. */
static void talk_with_reports(struct made *m, uint16_t port_more, bool speech_keyed, bool reports_keyed)
{
	static const uint8_t clear[] = {0x80, 200, 0, 6, 0, 0, 0x1b, 0x59, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 1, 0, 0, 0, 0, 9, 0, 0, 5, 160,
	    0x81, 202, 0, 6, 0, 0, 0x1b, 0x59, 6, 2, 'p', 'h', 1, 10, 'a', 'n', 'n', 'a', '@', '1', '0', '.', '0', '.', 0, 0, 0, 0};
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = back(&a);
	struct made_end from = {ALICE, (uint16_t)(4000 + port_more)}, to = {BOB, (uint16_t)(4002 + port_more)};
	uint8_t d[sizeof clear + 14];

	a.even = b.even = speech_keyed;
	for (int i = 0; i < 10; i++) {
		made_talk(m, &a, &b, 10);
		memcpy(d, clear, sizeof clear);
		for (size_t k = 8; reports_keyed && k < sizeof d; k++)
			d[k] = (uint8_t)(made_random(m) >> 9);
		made_udp(m, from, to, span_of(d, reports_keyed ? sizeof d : sizeof clear));
	}
}

void rtcp_beside(struct made *m)
{
	talk_with_reports(m, 0, true, false);
}

void rtcp_next_port(struct made *m)
{
	talk_with_reports(m, 1, true, false);
}

void srtcp_beside(struct made *m)
{
	talk_with_reports(m, 0, true, true);
}

void rtcp_in_clear_call(struct made *m)
{
	talk_with_reports(m, 1, false, false);
}
