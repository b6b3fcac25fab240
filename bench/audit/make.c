/* SPDX-License-Identifier: ISC */
/* ringfence-audit-make FILE PACKETS CALLS: a capture of calls in G.711 over UDP with their SIP, 50 packets a second each way, frames of 214
 * octets, for bench/audit/run. Two streams a call; calls of --calls go on side by side for the whole capture. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ETHERNET = 14, IP = 20, UDP = 8, RTP = 12, SPEECH = 160, MEDIA_PORT = 10000, SIP_PORT = 5060 };

static FILE *out;
static uint64_t now_us = UINT64_C(1790000000) * 1000000;

static uint8_t *put16(uint8_t *p, unsigned v)
{
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v & 0xffff);
}

static void frame(uint32_t from, uint32_t to, unsigned sport, unsigned dport, const void *payload, size_t n)
{
	uint8_t f[2048], *p = f;
	uint32_t total = (uint32_t)(ETHERNET + IP + UDP + n);
	uint32_t head[4] = {(uint32_t)(now_us / 1000000), (uint32_t)(now_us % 1000000), total, total};

	memset(p, 2, 12);
	p = put16(p + 12, 0x0800);
	p = put16(p, 0x4500);
	p = put16(p, (unsigned)(IP + UDP + n));
	p = put32(p, 0);
	p = put32(p, 0x40110000);
	p = put32(p, from);
	p = put32(p, to);
	p = put16(p, sport);
	p = put16(p, dport);
	p = put16(p, (unsigned)(UDP + n));
	p = put16(p, 0);
	memcpy(p, payload, n);
	fwrite(head, sizeof head, 1, out);
	fwrite(f, total, 1, out);
}

struct call {
	uint32_t host[2];
	unsigned port;
	unsigned seq;
};

static void sip(const struct call *c, unsigned by, const char *start, const char *method, unsigned i)
{
	char sdp[300], text[1200];
	const uint32_t h = c->host[by];

	snprintf(sdp, sizeof sdp,
	    "v=0\r\no=- 1 1 IN IP4 10.%u.%u.%u\r\ns=-\r\nc=IN IP4 10.%u.%u.%u\r\nt=0 0\r\nm=audio %u RTP/AVP 0\r\n", h >> 16 & 255,
	    h >> 8 & 255, h & 255, h >> 16 & 255, h >> 8 & 255, h & 255, c->port + by);
	int n = snprintf(text, sizeof text,
	    "%s\r\nVia: SIP/2.0/UDP phone%u:5060;branch=z9hG4bK%u\r\nFrom: <sip:%u@example.org>;tag=f\r\nTo: <sip:%u@example.org>%s\r\n"
	    "Call-ID: call-%u\r\nCSeq: 1 %s\r\nUser-Agent: Phone 1.0\r\nContent-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
	    start, i, i, 1000 + i, 5000 + i, by ? ";tag=t" : "", i, method, strlen(sdp), sdp);
	frame(c->host[by], c->host[!by], SIP_PORT, SIP_PORT, text, (size_t)n);
}

static void speech(struct call *c, unsigned by, uint32_t ssrc)
{
	uint8_t d[RTP + SPEECH], *p = d;

	p = put16(p, 0x8000);
	p = put16(p, c->seq & 0xffff);
	p = put32(p, c->seq * SPEECH);
	p = put32(p, ssrc);
	for (unsigned i = 0; i < SPEECH; i++)
		p[i] = (uint8_t)(0xd0 | ((i * 7 + c->seq) & 0x8f));
	frame(c->host[by], c->host[!by], c->port + by, c->port + !by, d, sizeof d);
}

int main(int argc, char **argv)
{
	static const uint32_t header[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1};
	unsigned long packets = argc == 4 ? strtoul(argv[2], NULL, 10) : 0, calls = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	struct call *c = calloc(calls + 1, sizeof *c);

	out = argc == 4 ? fopen(argv[1], "wb") : NULL;
	if (!out || !c || calls == 0 || calls > 100000) {
		fputs("usage: ringfence-audit-make FILE PACKETS CALLS\n", stderr);
		return 2;
	}
	fwrite(header, sizeof header, 1, out);
	for (unsigned i = 0; i < calls; i++) {
		c[i] = (struct call){.host = {0x0a010000 + i, 0x0a030000 + i}, .port = MEDIA_PORT + 2 * (i % 10000)};
		sip(&c[i], 0, "INVITE sip:b@example.org SIP/2.0", "INVITE", i);
		sip(&c[i], 1, "SIP/2.0 200 OK", "INVITE", i);
		now_us += 10;
	}
	for (unsigned long n = 0; n < packets; n += 2) {
		unsigned i = (unsigned)(n / 2 % calls);
		c[i].seq++;
		speech(&c[i], 0, 2 * i + 1);
		speech(&c[i], 1, 2 * i + 2);
		now_us += 20000 / calls;
	}
	free(c);
	return fclose(out) != 0;
}
