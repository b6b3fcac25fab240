/* SPDX-License-Identifier: ISC */
#include "audit_scene_say.h"
#include <stdio.h>

static const char keys[2][60] = {
    "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd", "inline:HRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA"};

/* A frame of a WebSocket (RFC 6455 5.2). */
static void frame(struct buf *b, uint8_t head, bool masked, struct span payload)
{
	static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
	uint8_t flag = masked ? 0x80 : 0;

	buf_u8(b, head);
	if (payload.n < 126) {
		buf_u8(b, (uint8_t)(flag | payload.n));
	} else {
		buf_u8(b, flag | 126);
		buf_u16(b, (uint16_t)payload.n);
	}
	if (masked)
		buf_put(b, mask, sizeof mask);
	for (size_t i = 0; i < payload.n; i++)
		buf_u8(b, masked ? payload.p[i] ^ mask[i % 4] : payload.p[i]);
}

/* In two frames with a ping between them. */
static struct span in_frames(struct span text, bool masked, struct buf *b)
{
	frame(b, 0x01, masked, span_head(text, 200));
	frame(b, 0x89, masked, SPAN("ping"));
	frame(b, 0x80, masked, span_skip(text, 200));
	return buf_span(b);
}

void say(struct hop *h, unsigned by, const char *text)
{
	struct made_end from = {h->host[by], SIP_PORT}, to = {h->host[!by], SIP_PORT};
	struct span s = span_str(text);
	uint8_t room[4096];
	struct buf b = buf_of(room, sizeof room);

	if (h->web && (text[0] == 'S' || strstr(text, " SIP/2.0\r\n")))
		s = in_frames(s, by == 0, &b);
	if (!h->tcp) {
		made_udp(h->m, from, to, s);
	} else { /* in pieces that end anywhere */
		for (size_t at = 0; at < s.n; at += 333) {
			struct span piece = span_head(span_skip(s, at), 333);
			made_tcp(h->m, from, to, h->seq[by], ACK, piece);
			h->seq[by] += (uint32_t)piece.n;
		}
	}
	h->m->now_us += 20000;
}

/* start: a request line without its URI's tail, or a status line. */
void message(struct hop *h, unsigned by, const char *start, const char *method, bool answered, const char *body)
{
	char text[3000], via[400] = "";
	size_t n = 0;

	for (unsigned i = 0; i <= h->vias; i++)
		n += (size_t)snprintf(via + n, sizeof via - n, "Via: SIP/2.0/UDP %s:5060;branch=z9hG4bK%s%u\r\n",
		    made_ip(h->m, h->host[0]), h->call_id, i);
	snprintf(text, sizeof text,
	    "%s\r\n%sFrom: \"Anna\" <sip:%s@example.org>;tag=f\r\nTo: <sip:%s@example.org>%s\r\n"
	    "Call-ID: %s\r\nCSeq: 1 %s\r\nContact: <sip:x@%s:5060>\r\n%s: %s\r\n%sContent-Length: %zu\r\n\r\n%s",
	    start, via, h->from, h->to, answered ? ";tag=t" : "", h->call_id, method, made_ip(h->m, h->host[by]),
	    by ? "Server" : "User-Agent", h->device[by] ? h->device[by] : "Yealink SIP-T46G 28.83.0.120",
	    body ? "Content-Type: application/sdp\r\n" : "", body ? strlen(body) : 0, body ? body : "");
	say(h, by, text);
}

const char *sdp(struct made *m, uint8_t host, uint16_t port, const char *profile, const char *more)
{
	static char text[4][1500];
	static unsigned turn;
	char *s = text[turn++ % 4];

	snprintf(s, sizeof text[0],
	    "v=0\r\no=- 1 1 IN IP%c %s\r\ns=-\r\nc=IN IP%c %s\r\nt=0 0\r\nm=audio %u %s 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
	    "a=rtpmap:101 telephone-event/8000\r\n%s",
	    m->v6 ? '6' : '4', made_ip(m, host), m->v6 ? '6' : '4', made_ip(m, host), port, profile, more);
	return s;
}

const char *crypto(unsigned key, const char *suite)
{
	static char text[2][160];

	snprintf(text[key], sizeof text[key], "a=crypto:1 %s %s|2^31\r\n", suite, keys[key]);
	return text[key];
}

const char fingerprint[] =
    "a=setup:actpass\r\na=fingerprint:sha-256 "
    "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n";
const char zrtp_hash[] = "a=zrtp-hash:1.10 0011223344556677889900112233445566778899001122334455667788990011\r\n";

void set_up(struct hop *h, const char *offer, const char *answer)
{
	message(h, 0, "INVITE sip:b@example.org SIP/2.0", "INVITE", false, offer);
	message(h, 1, "SIP/2.0 180 Ringing", "INVITE", true, NULL);
	message(h, 1, "SIP/2.0 200 OK", "INVITE", true, answer);
	message(h, 0, "ACK sip:b@example.org SIP/2.0", "ACK", true, NULL);
}

void hang_up(struct hop *h)
{
	message(h, 0, "BYE sip:b@example.org SIP/2.0", "BYE", true, NULL);
	message(h, 1, "SIP/2.0 200 OK", "BYE", true, NULL);
}

struct hop hop(struct made *m, uint8_t caller, uint8_t called, const char *call_id)
{
	return (struct hop){
	    .m = m, .host = {caller, called}, .call_id = call_id, .from = "101", .to = "102", .seq = {1000, 77000}};
}

struct made_media pcmu(uint8_t from, uint16_t port, uint8_t to, uint16_t to_port, uint32_t ssrc)
{
	return (struct made_media){
	    .from = {from, port}, .to = {to, to_port}, .ssrc = ssrc, .len = 160, .event_pt = 101, .seq = (uint16_t)(ssrc * 77)};
}

struct made_media back(const struct made_media *a)
{
	struct made_media b = *a;

	b.from = a->to;
	b.to = a->from;
	b.ssrc = a->ssrc + 1000;
	b.seq = (uint16_t)(a->seq + 4000);
	return b;
}

void direct(struct made *m, const char *offer_profile, const char *offer, const char *answer_profile, const char *answer,
    struct made_media *a, struct made_media *b, struct hop *h)
{
	*h = hop(m, ALICE, BOB, "direct-1");
	*a = pcmu(ALICE, 4000, BOB, 4002, 7001);
	*b = back(a);
	set_up(h, sdp(m, ALICE, 4000, offer_profile, offer), sdp(m, BOB, 4002, answer_profile, answer));
}

void set_keys(struct srtp *s, unsigned key)
{
	uint8_t master[30];

	if (span_unbase64(span_skip(span_str(keys[key]), 7), master, sizeof master) == 30)
		srtp_set(s, SDP_AES_CM_128_HMAC_SHA1_80, master);
}
