/* SPDX-License-Identifier: ISC */
#include "audit_scene_say.h"
#include <stdio.h>


static void plain(struct made *m)
{
	struct made_media a, b;
	struct hop h;

	direct(m, "RTP/AVP", "", "RTP/AVP", "", &a, &b, &h);
	made_talk(m, &a, &b, 100);
	hang_up(&h);
}

static void plain_tcp(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = back(&a);
	struct hop h = hop(m, ALICE, BOB, "tcp-1");

	h.tcp = true;
	set_up(&h, sdp(m, ALICE, 4000, "RTP/AVP", ""), sdp(m, BOB, 4002, "RTP/AVP", ""));
	made_talk(m, &a, &b, 100);
	hang_up(&h);
}

static void sdes_with(struct made *m, const char *suite, bool tag_32)
{
	struct made_media a, b;
	struct srtp s[2];
	struct hop h;

	set_keys(&s[0], 0);
	set_keys(&s[1], 1);
	direct(m, "RTP/SAVP", crypto(0, suite), "RTP/SAVP", crypto(1, suite), &a, &b, &h);
	a.srtp = &s[0];
	b.srtp = &s[1];
	a.tag_32 = b.tag_32 = tag_32;
	made_talk(m, &a, &b, 100);
	hang_up(&h);
}

static void sdes(struct made *m)
{
	sdes_with(m, "AES_CM_128_HMAC_SHA1_80", false);
}

static void sdes_32(struct made *m)
{
	sdes_with(m, "AES_CM_128_HMAC_SHA1_32", true);
}

static void sdes_over_tcp(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = back(&a);
	struct hop h = hop(m, ALICE, BOB, "tcp-2");
	const char *suite = "AES_CM_128_HMAC_SHA1_80";
	struct srtp s[2];

	set_keys(&s[0], 0);
	set_keys(&s[1], 1);
	h.tcp = true;
	a.srtp = &s[0];
	b.srtp = &s[1];
	set_up(&h, sdp(m, ALICE, 4000, "RTP/SAVP", crypto(0, suite)), sdp(m, BOB, 4002, "RTP/SAVP", crypto(1, suite)));
	made_talk(m, &a, &b, 100);
	hang_up(&h);
}

/* Other keys than those that were readable. */
static void sdes_not_proved(struct made *m)
{
	const char *suite = "AES_CM_128_HMAC_SHA1_80";
	struct made_media a, b;
	struct hop h;

	direct(m, "RTP/SAVP", crypto(0, suite), "RTP/SAVP", crypto(1, suite), &a, &b, &h);
	a.even = b.even = true;
	made_talk(m, &a, &b, 100);
	hang_up(&h);
}

static void sdes_without_media(struct made *m)
{
	const char *suite = "AES_CM_128_HMAC_SHA1_80";
	struct made_media a, b;
	struct hop h;

	direct(m, "RTP/SAVP", crypto(0, suite), "RTP/SAVP", crypto(1, suite), &a, &b, &h);
	hang_up(&h);
}

static void declined(struct made *m)
{
	struct made_media a, b;
	struct hop h;

	direct(m, "RTP/AVP", crypto(0, "AES_CM_128_HMAC_SHA1_80"), "RTP/AVP", "", &a, &b, &h);
	made_talk(m, &a, &b, 100);
	hang_up(&h);
}

static void dtls(struct made *m)
{
	struct made_media a, b;
	struct hop h;

	direct(m, "UDP/TLS/RTP/SAVP", fingerprint, "UDP/TLS/RTP/SAVP", fingerprint, &a, &b, &h);
	made_stun(m, a.from, a.to);
	made_dtls(m, a.from, a.to, 1);
	a.even = b.even = true;
	made_talk(m, &a, &b, 100);
	hang_up(&h);
}

static void dtls_early(struct made *m)
{
	struct made_media a, b;
	struct hop h;

	direct(m, "UDP/TLS/RTP/SAVP", fingerprint, "UDP/TLS/RTP/SAVP", fingerprint, &a, &b, &h);
	made_talk(m, &a, &b, 20);
	made_dtls(m, a.from, a.to, 1);
	a.even = b.even = true;
	made_talk(m, &a, &b, 100);
	hang_up(&h);
}

static void dtls_early_opus(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = back(&a);

	a.len = b.len = 0;
	a.pt = b.pt = 111;
	made_talk(m, &a, &b, 60);
	made_dtls(m, a.from, a.to, 1);
	a.even = b.even = true;
	made_talk(m, &a, &b, 400);
}

static void dtls_late(struct made *m)
{
	struct made_media a, b;
	struct hop h;

	direct(m, "UDP/TLS/RTP/SAVP", fingerprint, "UDP/TLS/RTP/SAVP", fingerprint, &a, &b, &h);
	made_dtls(m, a.from, a.to, 1);
	a.even = b.even = true;
	made_talk(m, &a, &b, 100);
	a.even = b.even = false;
	made_talk(m, &a, &b, 30);
	hang_up(&h);
}

static void dtls_unseen(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = back(&a);

	made_dtls(m, a.from, a.to, 1);
	a.even = b.even = true;
	made_talk(m, &a, &b, 100);
}

static void zrtp(struct made *m)
{
	struct made_media a, b;
	struct hop h;

	direct(m, "RTP/AVP", zrtp_hash, "RTP/AVP", zrtp_hash, &a, &b, &h);
	made_zrtp(m, a.from, a.to);
	a.even = b.even = true;
	a.tag = b.tag = 4;
	made_talk(m, &a, &b, 100);
	hang_up(&h);
}

static void unseen_clear(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = back(&a);

	made_talk(m, &a, &b, 100);
}

static void unseen_keyed(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = back(&a);

	a.even = b.even = true;
	made_talk(m, &a, &b, 100);
}

static void unseen_opus(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = back(&a);

	a.len = b.len = 0;
	a.pt = b.pt = 111;
	a.step = b.step = 960;
	made_talk(m, &a, &b, 100);
}

static void opus_varies(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = back(&a);

	a.len = b.len = 0;
	a.pt = b.pt = 111;
	a.step = b.step = 960;
	a.even = b.even = true;
	made_talk(m, &a, &b, 200);
}

static void pauses(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = back(&a);

	a.even = b.even = true;
	for (int i = 0; i < 12; i++) {
		made_talk(m, &a, &b, 30);
		m->now_us += 700000;
		a.ts += 5600;
		b.ts += 5600;
	}
}

static void separate_ports(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = pcmu(BOB, 5000, ALICE, 5002, 9001);

	made_talk(m, &a, &b, 100);
}

static void g729(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = back(&a);
	struct made_media c = pcmu(ALICE, 5000, PBX, 5002, 8001), d = back(&c);

	a.len = b.len = c.len = d.len = 20;
	a.pt = b.pt = c.pt = d.pt = 18;
	a.even = b.even = true;
	made_talk(m, &a, &b, 100);
	made_talk(m, &c, &d, 100);
}

static void digits(struct made *m)
{
	struct made_media a, b;
	struct hop h;

	direct(m, "RTP/AVP", "", "RTP/AVP", "", &a, &b, &h);
	made_talk(m, &a, &b, 50);
	made_digit(m, &a);
	made_talk(m, &a, &b, 50);
	hang_up(&h);
}

static void agreed(struct made *m)
{
	struct made_media a, b;
	struct hop h;

	direct(m, "RTP/AVP", "", "RTP/AVP", "", &a, &b, &h);
	hang_up(&h);
}

/* What is sent is the second codec of the offer. */
static void other_codec(struct made *m)
{
	struct made_media a, b;
	struct hop h;

	direct(m, "RTP/AVP", "", "RTP/AVP", "", &a, &b, &h);
	a.pt = b.pt = 111;
	a.len = b.len = 0;
	a.step = b.step = 960;
	made_talk(m, &a, &b, 100);
	hang_up(&h);
}

/* Bob sends Alice on to Carol: another call. */
static void transfer(struct made *m)
{
	struct made_media a, b, c = pcmu(ALICE, 4010, CAROL, 4004, 7101), d = back(&c);
	struct hop h, g = hop(m, ALICE, CAROL, "transfer-2");

	direct(m, "RTP/AVP", "", "RTP/AVP", "", &a, &b, &h);
	made_talk(m, &a, &b, 250);
	message(&h, 1, "REFER sip:a@example.org SIP/2.0", "REFER", true, NULL);
	message(&h, 0, "SIP/2.0 202 Accepted", "REFER", true, NULL);
	g.to = "103";
	set_up(&g, sdp(m, ALICE, 4010, "RTP/SAVP", crypto(0, "AES_CM_128_HMAC_SHA1_80")), sdp(m, CAROL, 4004, "RTP/AVP", ""));
	hang_up(&h);
	made_talk(m, &c, &d, 100);
	hang_up(&g);
}

/* Two agents that change all but the Session-ID, far apart. */
static void session_id(struct made *m)
{
	static const char *const invite =
	    "INVITE sip:b@example.org SIP/2.0\r\nSession-ID: ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000";
	static const char *const ok = "SIP/2.0 200 OK\r\nSession-ID: ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2";
	struct hop h = hop(m, ALICE, PROXY, "session-1"), g = hop(m, PBX, BOB, "session-2");

	g.from = "900";
	g.to = "901";
	message(&h, 0, invite, "INVITE", false, sdp(m, ALICE, 4000, "RTP/AVP", ""));
	m->now_us += 6000000;
	message(&g, 0, invite, "INVITE", false, sdp(m, PBX, 6000, "RTP/AVP", ""));
	message(&g, 1, ok, "INVITE", true, sdp(m, BOB, 4002, "RTP/AVP", ""));
	message(&h, 1, ok, "INVITE", true, sdp(m, PROXY, 6002, "RTP/AVP", ""));
	hang_up(&h);
	hang_up(&g);
}

static void registration(struct made *m)
{
	struct hop h = hop(m, ALICE, PBX, "register-1");

	message(&h, 0,
	    "REGISTER sip:example.org SIP/2.0\r\nAuthorization: Digest username=\"101\", realm=\"example.org\", nonce=\"n\", "
	    "uri=\"sip:example.org\", response=\"00112233445566778899aabbccddeeff\"",
	    "REGISTER", false, NULL);
	message(&h, 0,
	    "REGISTER sip:example.org SIP/2.0\r\nAuthorization: Digest username=\"101\", realm=\"example.org\", nonce=\"n\", algorithm=SHA-256, "
	    "uri=\"sip:example.org\", response=\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"",
	    "REGISTER", false, NULL);
	message(&h, 1, "SIP/2.0 200 OK", "REGISTER", true, NULL);
}

static void busy(struct made *m)
{
	struct hop h = hop(m, ALICE, BOB, "busy-1");

	message(&h, 0, "INVITE sip:b@example.org SIP/2.0", "INVITE", false, sdp(m, ALICE, 4000, "RTP/AVP", ""));
	message(&h, 1, "SIP/2.0 486 Busy Here", "INVITE", true, NULL);
	message(&h, 0, "ACK sip:b@example.org SIP/2.0", "ACK", true, NULL);
}

static void hold(struct made *m)
{
	struct made_media a, b;
	struct hop h;

	direct(m, "RTP/AVP", "", "RTP/AVP", "", &a, &b, &h);
	made_talk(m, &a, &b, 50);
	message(&h, 1, "INVITE sip:a@example.org SIP/2.0", "INVITE", true, sdp(m, BOB, 4002, "RTP/AVP", "a=sendonly\r\n"));
	message(&h, 0, "SIP/2.0 200 OK", "INVITE", true, sdp(m, ALICE, 4000, "RTP/AVP", "a=recvonly\r\n"));
	b.ssrc = 99;
	made_talk(m, &b, NULL, 50);
	hang_up(&h);
}

/* A switch that mirrors what comes in and what goes out shows each packet twice. */
static void twice(struct made *m)
{
	dtls_early(m);
	for (uint32_t i = m->frames; i-- > 0;)
		m->frame[2 * i] = m->frame[2 * i + 1] = m->frame[i];
	m->frames *= 2;
}

/* A keep-alive that begins as RTP does and never counts. */
static void keep_alive(struct made *m)
{
	static const uint8_t d[40] = {0x80, 0x60, 0x11, 0x22, 1, 2, 3, 4, 9, 9, 9, 9};

	for (unsigned i = 0; i < 200; i++) {
		made_udp(m, (struct made_end){ALICE, 7000}, (struct made_end){PBX, 7000}, span_of(d, sizeof d));
		m->now_us += 20000;
	}
}

/* The same Call-ID on both sides of a proxy, media from end to end. */
static void proxy(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = back(&a);
	struct hop h = hop(m, ALICE, PROXY, "proxy-1"), g = hop(m, PROXY, BOB, "proxy-1");
	const char *offer = sdp(m, ALICE, 4000, "RTP/AVP", zrtp_hash), *answer = sdp(m, BOB, 4002, "RTP/AVP", zrtp_hash);

	g.vias = 1;
	message(&h, 0, "INVITE sip:b@example.org SIP/2.0", "INVITE", false, offer);
	message(&g, 0, "INVITE sip:b@example.org SIP/2.0", "INVITE", false, offer);
	message(&g, 1, "SIP/2.0 200 OK", "INVITE", true, answer);
	message(&h, 1, "SIP/2.0 200 OK", "INVITE", true, answer);
	made_zrtp(m, a.from, a.to);
	a.even = b.even = true;
	made_talk(m, &a, &b, 100);
	hang_up(&h);
	hang_up(&g);
}

/* Encrypted to the server, clear behind it. */
static void b2bua(struct made *m)
{
	struct hop h = hop(m, ALICE, PBX, "b2b-1"), g = hop(m, PBX, BOB, "b2b-2");
	struct made_media a = pcmu(ALICE, 4000, PBX, 6000, 7001), b = back(&a), c = pcmu(PBX, 6002, BOB, 4002, 7003), d = back(&c);

	h.device[1] = g.device[0] = "Asterisk PBX 20.5.0";
	set_up(&h, sdp(m, ALICE, 4000, "UDP/TLS/RTP/SAVP", fingerprint), sdp(m, PBX, 6000, "UDP/TLS/RTP/SAVP", fingerprint));
	set_up(&g, sdp(m, PBX, 6002, "RTP/AVP", ""), sdp(m, BOB, 4002, "RTP/AVP", ""));
	made_dtls(m, a.from, a.to, 1);
	a.even = b.even = true;
	for (int i = 0; i < 100; i++) {
		made_talk(m, &a, &b, 1);
		made_talk(m, &c, &d, 1);
	}
	hang_up(&h);
	hang_up(&g);
}

/* Both sides encrypted, each with the server. */
static void b2bua_keyed(struct made *m)
{
	struct hop h = hop(m, ALICE, PBX, "b2b-1"), g = hop(m, PBX, BOB, "b2b-2");
	struct made_media a = pcmu(ALICE, 4000, PBX, 6000, 7001), b = back(&a), c = pcmu(PBX, 6002, BOB, 4002, 7003), d = back(&c);

	h.device[1] = g.device[0] = "Asterisk PBX 20.5.0";
	set_up(&h, sdp(m, ALICE, 4000, "UDP/TLS/RTP/SAVP", fingerprint), sdp(m, PBX, 6000, "UDP/TLS/RTP/SAVP", fingerprint));
	set_up(&g, sdp(m, PBX, 6002, "UDP/TLS/RTP/SAVP", fingerprint), sdp(m, BOB, 4002, "UDP/TLS/RTP/SAVP", fingerprint));
	made_dtls(m, a.from, a.to, 1);
	made_dtls(m, c.from, c.to, 2);
	a.even = b.even = c.even = d.even = true;
	for (int i = 0; i < 100; i++) {
		made_talk(m, &a, &b, 1);
		made_talk(m, &c, &d, 1);
	}
	hang_up(&h);
	hang_up(&g);
}

/* A relay passes all on: the handshake's ends lie beyond it. */
static void relay(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, PBX, 6000, 7001), b = back(&a), c = a, d = b;

	c.from = (struct made_end){PBX, 6002};
	c.to = (struct made_end){BOB, 4002};
	d.from = c.to;
	d.to = c.from;
	made_dtls(m, a.from, a.to, 1);
	made_dtls(m, c.from, c.to, 1);
	a.even = b.even = c.even = d.even = true;
	for (int i = 0; i < 100; i++) {
		made_talk(m, &a, &b, 1);
		made_talk(m, &c, &d, 1);
	}
}

static void v6(struct made *m)
{
	m->v6 = true;
	plain(m);
}

static void vlan(struct made *m)
{
	m->link = MADE_VLAN;
	plain(m);
}

static void qinq(struct made *m)
{
	m->link = MADE_QINQ;
	plain(m);
}

static void sll(struct made *m)
{
	m->link = MADE_SLL;
	plain(m);
}

static void sll2(struct made *m)
{
	m->link = MADE_SLL2;
	sdes(m);
}

static void raw(struct made *m)
{
	m->link = MADE_RAW;
	plain(m);
}

static void loopback(struct made *m)
{
	m->link = MADE_NULL;
	plain(m);
}

static void ipip(struct made *m)
{
	m->tunnel = MADE_IPIP;
	plain(m);
}

static void gre(struct made *m)
{
	m->tunnel = MADE_GRE;
	plain(m);
}

static void gtpu(struct made *m)
{
	m->tunnel = MADE_GTPU;
	plain(m);
}

static void fragments(struct made *m)
{
	m->fragment = 256;
	sdes(m);
}

static void fragments_v6(struct made *m)
{
	m->v6 = true;
	m->fragment = 256;
	sdes(m);
}

static void lost(struct made *m)
{
	struct made_media a, b;
	struct hop h;

	direct(m, "RTP/AVP", "", "RTP/AVP", "", &a, &b, &h);
	for (int i = 0; i < 40; i++) {
		made_talk(m, &a, &b, 4);
		a.seq = (uint16_t)(a.seq + 1 + i % 3); /* lost before they were captured */
		a.ts += 160u * (unsigned)(1 + i % 3);
		b.seq++;
		b.ts += 160;
	}
}

static void begun_before(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001), b = back(&a);
	struct hop h = hop(m, ALICE, BOB, "before-1");

	made_talk(m, &a, &b, 100);
	hang_up(&h);
}

static void tcp_begun_before(struct made *m)
{
	made_tcp(m, (struct made_end){ALICE, SIP_PORT}, (struct made_end){BOB, SIP_PORT}, 500, ACK, SPAN("ngth: 0\r\n\r\n"));
	plain_tcp(m);
}

/* Names, time, the web, a game: some of it looks like media for a packet or two. */
static void others_only(struct made *m)
{
	uint8_t d[600];

	for (unsigned i = 0; i < 3000; i++) {
		size_t n = 20 + made_random(m) % 400;
		for (size_t k = 0; k < n; k++)
			d[k] = (uint8_t)(made_random(m) >> 7);
		struct made_end a = {ALICE, (uint16_t)(1024 + made_random(m) % 60000)}, b = {BOB, 53};
		b.port = i % 5 == 0 ? 53 : i % 5 == 1 ? 443 : i % 5 == 2 ? 27015 : (uint16_t)(2000 + i % 7);
		if (i % 5 == 3)
			d[0] = 0x80; /* looks like RTP, and counts nothing up */
		if (i % 5 == 2)
			a.port = 27005;
		if (i % 2)
			made_udp(m, a, b, span_of(d, n));
		else
			made_udp(m, b, a, span_of(d, n));
		if (i % 50 == 0)
			made_tcp(m, a, (struct made_end){BOB, 80}, i, ACK, SPAN("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"));
		m->now_us += 3000;
	}
}

static void television(struct made *m)
{
	struct made_media a = pcmu(ALICE, 4000, BOB, 4002, 7001);

	a.pt = 33;
	a.len = 188;
	made_talk(m, &a, NULL, 300);
}

static void nothing(struct made *m)
{
	(void)m;
}

#define OPEN_ {[AUDIT_OPEN] = 1}
#define NOBODY_ {[AUDIT_NOBODY] = 1}
#define SERVER_ {[AUDIT_SERVER] = 1}

const struct scene scenes[] = {
    {"plain", plain, 1, OPEN_, WHY_CLEAR, WHY_DECLINED | WHY_SDES | WHY_EARLY},
    {"plain over TCP", plain_tcp, 1, OPEN_, WHY_CLEAR, 0},
    {"SDES in clear signalling", sdes, 1, OPEN_, WHY_SDES, WHY_CLEAR | WHY_SDES_UNPROVED},
    {"SDES with tags of 32 bits", sdes_32, 1, OPEN_, WHY_SDES | WHY_TAG_32, WHY_CLEAR},
    {"SDES over TCP", sdes_over_tcp, 1, OPEN_, WHY_SDES, WHY_CLEAR},
    {"SDES whose keys do not fit", sdes_not_proved, 1, SERVER_, WHY_KEYS_UNSEEN, WHY_SDES | WHY_SDES_UNPROVED},
    {"SDES without media", sdes_without_media, 1, OPEN_, WHY_SDES_UNPROVED, WHY_SDES},
    {"keys offered, answered in clear", declined, 1, OPEN_, WHY_CLEAR | WHY_DECLINED, WHY_SDES},
    {"DTLS", dtls, 1, NOBODY_, WHY_UNSIGNED, WHY_CLEAR | WHY_EARLY | WHY_SERVER},
    {"DTLS, clear before it", dtls_early, 1, OPEN_, WHY_EARLY, WHY_LATE | WHY_CLEAR},
    {"DTLS, clear Opus before it", dtls_early_opus, 1, OPEN_, WHY_EARLY, 0},
    {"DTLS, clear after it", dtls_late, 1, OPEN_, WHY_LATE, WHY_EARLY | WHY_CLEAR},
    {"DTLS, signalling unseen", dtls_unseen, 1, NOBODY_, 0, WHY_UNSIGNED},
    {"ZRTP", zrtp, 1, NOBODY_, WHY_COMPARE, WHY_CLEAR | WHY_AGREED},
    {"clear, signalling unseen", unseen_clear, 1, OPEN_, WHY_CLEAR, 0},
    {"encrypted, signalling unseen", unseen_keyed, 1, SERVER_, WHY_KEYS_UNSEEN, WHY_CLEAR | WHY_VARIES | WHY_PAUSES},
    {"Opus in clear, signalling unseen", unseen_opus, 1, OPEN_, WHY_CLEAR, 0},
    {"encrypted Opus that varies", opus_varies, 1, SERVER_, WHY_VARIES, WHY_CLEAR},
    {"silence is not sent", pauses, 1, SERVER_, WHY_PAUSES, WHY_CLEAR},
    {"each direction on its own ports", separate_ports, 1, OPEN_, WHY_CLEAR, 0},
    {"G.729 clear and encrypted", g729, 2, {[AUDIT_OPEN] = 1, [AUDIT_SERVER] = 1}, WHY_CLEAR, 0},
    {"digits", digits, 1, OPEN_, WHY_CLEAR | WHY_DIGITS, 0},
    {"agreed in clear, without media", agreed, 1, OPEN_, WHY_AGREED, WHY_CLEAR},
    {"busy", busy, 0, {[AUDIT_NONE] = 1}, 0, 0xffff},
    {"another codec than the first", other_codec, 1, OPEN_, WHY_CLEAR, 0},
    {"transfer", transfer, 2, {[AUDIT_OPEN] = 2}, WHY_CLEAR | WHY_DECLINED, 0},
    {"joined by Session-ID", session_id, 1, OPEN_, WHY_AGREED, 0},
    {"registration", registration, 0, {0}, 0, 0xffff},
    {"hold", hold, 1, OPEN_, WHY_CLEAR, 0},
    {"mirrored twice", twice, 1, OPEN_, WHY_EARLY, WHY_LATE | WHY_CLEAR},
    {"a keep-alive like RTP", keep_alive, 0, {0}, 0, 0xffff},
    {"proxy", proxy, 1, NOBODY_, WHY_COMPARE, WHY_AGREED},
    {"server, clear behind it", b2bua, 1, OPEN_, WHY_CLEAR | WHY_SERVER, 0},
    {"server, encrypted on both sides", b2bua_keyed, 1, SERVER_, WHY_SERVER, WHY_CLEAR},
    {"relay that passes DTLS on", relay, 1, NOBODY_, 0, WHY_SERVER},
    {"IPv6", v6, 1, OPEN_, WHY_CLEAR, 0},
    {"802.1Q", vlan, 1, OPEN_, WHY_CLEAR, 0},
    {"QinQ", qinq, 1, OPEN_, WHY_CLEAR, 0},
    {"cooked", sll, 1, OPEN_, WHY_CLEAR, 0},
    {"cooked v2", sll2, 1, OPEN_, WHY_SDES, 0},
    {"raw", raw, 1, OPEN_, WHY_CLEAR, 0},
    {"loopback", loopback, 1, OPEN_, WHY_CLEAR, 0},
    {"IP in IP", ipip, 1, OPEN_, WHY_CLEAR, 0},
    {"GRE", gre, 1, OPEN_, WHY_CLEAR, 0},
    {"GTP-U", gtpu, 1, OPEN_, WHY_CLEAR, 0},
    {"fragments", fragments, 1, OPEN_, WHY_SDES, 0},
    {"fragments of IPv6", fragments_v6, 1, OPEN_, WHY_SDES, 0},
    {"lost packets", lost, 1, OPEN_, WHY_CLEAR, 0},
    {"begun before the capture", begun_before, 1, OPEN_, WHY_CLEAR, 0},
    {"a TCP connection begun before", tcp_begun_before, 1, OPEN_, WHY_CLEAR, 0},
    {"no telephony", others_only, 0, {0}, 0, 0xffff},
    {"television", television, 0, {0}, 0, 0xffff},
    {"nothing", nothing, 0, {0}, 0, 0xffff},
    {"SIP in a WebSocket", web_sip, 1, OPEN_, WHY_CLEAR, 0},
    {"TLS that offers sip 2", tls_alpn, 0, {0}, 0, 0xffff, OTHER_SIP_TLS, 1},
    {"TLS to a name of SIP", tls_name, 0, {0}, 0, 0xffff, OTHER_SIP_TLS, 1},
    {"TLS beside media, begun before", tls_beside, 2, {[AUDIT_SERVER] = 2}, WHY_SERVER, WHY_CLEAR, OTHER_SIP_TLS, 2},
    {"TLS of something else", tls_else, 1, OPEN_, WHY_CLEAR, 0, OTHER_TLS, 4},
    {"WebSocket over TLS", wss, 1, NOBODY_, 0, WHY_CLEAR, OTHER_WSS, 2},
    {"said in PCMU", said_in_pcmu, 1, OPEN_, WHY_CLEAR, WHY_SDES},
    {"said in PCMA", said_in_pcma, 1, OPEN_, WHY_CLEAR, WHY_SDES},
    {"said in G.722", said_in_g722, 1, OPEN_, WHY_CLEAR, WHY_SDES},
    {"said in Opus", said_in_opus, 1, OPEN_, WHY_CLEAR, WHY_SDES},
    {"said in G.722 under SDES", said_in_g722_under_sdes, 1, OPEN_, WHY_SDES, WHY_CLEAR},
    {"said in Opus under SDES", said_in_opus_under_sdes, 1, OPEN_, WHY_SDES, WHY_CLEAR},
    {"RTCP in clear beside SRTP", rtcp_beside, 1, SERVER_, WHY_KEYS_UNSEEN | WHY_RTCP, WHY_CLEAR},
    {"RTCP in clear on the next port", rtcp_next_port, 1, SERVER_, WHY_KEYS_UNSEEN | WHY_RTCP, WHY_CLEAR},
    {"SRTCP beside SRTP", srtcp_beside, 1, SERVER_, WHY_KEYS_UNSEEN, WHY_CLEAR | WHY_RTCP},
    {"RTCP beside clear speech", rtcp_in_clear_call, 1, OPEN_, WHY_CLEAR, WHY_RTCP},
    {NULL},
};
