/* SPDX-License-Identifier: ISC */
/* One frame: to signalling, to media, or to the count of what is neither. */
#include "audit/audit.h"
#include "audit/tls_seen.h"
#include "audit/web.h"

enum {
	PORT_MGCP = 2427,
	PORT_MGCP_AGENT = 2727,
	PORT_H323 = 1720,
	PORT_SCCP = 2000,
	PORT_SCCP_TLS = 2443,
	PORT_IAX2 = 4569,
	TEAMS_LO = 3478,
	TEAMS_HI = 3481
};

static bool on_port(const struct packet *p, uint16_t port)
{
	return p->key.sport == port || p->key.dport == port;
}

/* 52.112.0.0/14 and 52.120.0.0/14 are Microsoft's for calls. */
static bool is_teams(const struct packet *p)
{
	const uint8_t *ip[] = {p->key.src + 12, p->key.dst + 12};

	for (int i = 0; i < 2; i++)
		if (ip[i][0] == 52 && (ip[i][1] >> 2 == 112 >> 2 || ip[i][1] >> 2 == 120 >> 2))
			return true;
	return false;
}

static bool take_tcp(void *arg, struct span s)
{
	(void)arg;
	return sip_looks_like(s) || web_looks_like(s);
}

/* SIP in frames of a WebSocket. */
static size_t read_web(struct audit *a, const struct packet *p, struct span s)
{
	struct span message;
	size_t n = web_message(s, a->web_room, &message);
	struct packet whole = *p;

	whole.cut = false;
	if (n && sip_looks_like(message))
		signal_add(a, &whole, message, OVER_WS);
	return n;
}

/* A stream is read message by message; what stands between them (keep-alives) is passed over. */
static size_t read_tcp(void *arg, const struct packet *p, struct span s)
{
	struct audit *a = arg;
	size_t blank = 0;

	while (blank < s.n && (s.p[blank] == '\r' || s.p[blank] == '\n'))
		blank++;
	if (blank)
		return blank;
	if (web_frame_begins(s))
		return read_web(a, p, s);
	if (web_looks_like(s)) {
		size_t n = web_handshake(s);
		a->count.websockets += n && s.p[0] == 'G';
		return n;
	}
	if (s.n >= 16 && !sip_looks_like(s))
		return span_find(span_head(s, s.n - 1), '\n') + 1;
	size_t n = sip_whole(s);
	if (n == 0 || n > s.n)
		return 0;
	struct packet whole = *p;
	whole.cut = false;
	signal_add(a, &whole, span_head(s, n), OVER_TCP);
	return n;
}

static void tcp(struct audit *a, const struct packet *p)
{
	if (tls_is_record(p->payload)) {
		tls_add(a, p);
		return;
	}
	if (on_port(p, PORT_H323) && p->payload.n > 5 && p->payload.p[0] == 3) /* TPKT, RFC 1006 */
		a->count.other[OTHER_H323]++;
	else if ((on_port(p, PORT_SCCP) || on_port(p, PORT_SCCP_TLS)) && p->payload.n > 11 && p->payload.p[4] == 0)
		a->count.other[OTHER_SCCP]++;
	else
		tcp_add(&a->tcp, p, &a->tcp_reader);
}

static bool is_multicast(const struct packet *p)
{
	return p->key.dst[0] == 0xff || (p->key.dst[10] == 0xff && p->key.dst[12] >> 4 == 14);
}

/* True: it was named, and is nothing else. */
static bool named(struct audit *a, const struct packet *p)
{
	enum other_kind k = OTHER_KINDS;
	struct span s = p->payload;

	if (is_multicast(p))
		k = OTHER_MULTICAST;
	else if ((on_port(p, PORT_MGCP) || on_port(p, PORT_MGCP_AGENT)) && s.n > 8)
		k = OTHER_MGCP;
	else if (on_port(p, PORT_IAX2) && s.n >= 4)
		k = OTHER_IAX2;
	else if (((p->key.dport >= TEAMS_LO && p->key.dport <= TEAMS_HI) ||
		     (p->key.sport >= TEAMS_LO && p->key.sport <= TEAMS_HI)) &&
		 is_teams(p))
		k = OTHER_TEAMS;
	if (k == OTHER_KINDS)
		return false;
	a->count.other[k]++;
	return true;
}

static void udp(struct audit *a, const struct packet *p)
{
	struct span s = p->payload;

	if (s.n == 0 || named(a, p))
		return;
	if (s.p[0] >= 'A' && s.p[0] <= 'Z' && sip_looks_like(s))
		signal_add(a, p, s, OVER_UDP);
	else
		flow_add(a, p);
}

void audit_frame(struct audit *a, const struct frame *f)
{
	struct packet p;
	enum packet_result r = packet_read(f, a->frags, &p);

	a->count.frames++;
	a->count.octets += f->data.n;
	a->tcp_reader = (struct tcp_reader){.wants = take_tcp, .take = read_tcp, .arg = a};
	a->count.no_ip += r == PACKET_NO_IP;
	a->count.unknown_link += r == PACKET_UNKNOWN_LINK;
	a->count.malformed += r == PACKET_MALFORMED;
	a->count.fragments += r == PACKET_WAITS;
	a->count.other[OTHER_ESP] += r == PACKET_OTHER && p.key.proto == PACKET_ESP;
	if (r != PACKET_READ)
		return;
	a->count.cut += p.cut;
	audit_ms(a, f->time_us);
	if (p.key.proto == PACKET_UDP)
		udp(a, &p);
	else
		tcp(a, &p);
}
