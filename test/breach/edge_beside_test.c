/* SPDX-License-Identifier: ISC */
/* RFC 3261 18.2.1 at the edge: a trunk that speaks UDP may come by TCP to the same port, is answered there, and is nobody else (T1,
 * R6). The test is core, dial and the trunk (R29). */
#include "../unit/test.h"
#include "base/clock.h"
#include "edge_house.h"
#include "wire/sip.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STREAMS_MAX = 8 };

static struct house *h;
static uint64_t refs;
static char heard[8192];

static void begin(void)
{
	struct house_options o = {.datagrams = true, .beside = true};

	h = house_new(&o);
	house_link_dial(h);
}

static struct sockaddr_in at(const char *ip, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	inet_pton(AF_INET, ip, &a.sin_addr);
	return a;
}

/* A connection from there to the port of the datagrams. */
static int come_from(const char *ip)
{
	struct sockaddr_in from = at(ip, 0), to = at("127.0.0.1", h->udp_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		return -1;
	house_pump(h, 20);
	return fd;
}

static bool say(int fd, const char *text)
{
	return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

/* The INVITE of that Call-ID, with an offer that makes it larger than a datagram may be. */
static const char *invite(const char *call_id)
{
	static char text[4096], sdp[2048];
	int n = snprintf(sdp, sizeof sdp,
	    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
	    "a=rtpmap:0 PCMU/8000\r\n");

	while (n < 1400)
		n += snprintf(sdp + n, sizeof sdp - (size_t)n, "a=nobody-knows-this:attribute\r\n");
	snprintf(text, sizeof text,
	    "INVITE sip:101@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\n"
	    "From: <sip:0612345678@127.0.0.1>;tag=g\r\nTo: <sip:101@127.0.0.1>\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\n"
	    "Contact: <sip:gw@127.0.0.1>\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
	    call_id, call_id, n, sdp);
	return text;
}

static const struct msg_request *core_hears(enum sip_method method)
{
	const struct got *g = house_take(h, MSG_REQUEST, 500);
	const struct msg_request *r = g ? got_payload(g) : NULL;

	return r && r->method == method ? r : NULL;
}

/* Something of that beginning comes over it within so many ms. */
static bool hears(int fd, const char *start, int ms)
{
	uint64_t until = clock_boot_ms() + (uint64_t)ms;

	while (clock_boot_ms() <= until) {
		ssize_t n = recv(fd, heard, sizeof heard - 1, MSG_DONTWAIT);
		if (n > 0) {
			heard[n] = 0;
			return strncmp(heard, start, strlen(start)) == 0;
		}
		house_pump(h, 5);
	}
	return false;
}

static bool is_closed(int fd)
{
	char octet;

	for (int i = 0; i < 60; i++) {
		ssize_t n = recv(fd, &octet, 1, MSG_DONTWAIT);
		if (n >= 0)
			return n == 0;
		house_pump(h, 5);
	}
	return false;
}

static void answer(uint64_t txn, uint16_t code)
{
	struct msg_respond *m = ipc_begin(&h->core, MSG_RESPOND);

	m->txn = txn;
	m->code = code;
	m->to_tag = ipc_put(&h->core, SPAN("us"));
	if (code / 100 == 2)
		m->leg_token = ipc_put(&h->core, SPAN("leg-1"));
	ipc_end(&h->core);
	house_pump(h, 20);
}

/* core asks over this flow; of more octets than a datagram may have, or of few. */
static void order(enum sip_method method, uint64_t flow, bool large)
{
	static char text[1400];
	struct msg_send *m = ipc_begin(&h->core, MSG_SEND);

	memset(text, 'x', sizeof text);
	m->ref = ++refs;
	m->flow = flow;
	m->method = (uint8_t)method;
	m->target = ipc_put(&h->core, SPAN("sip:gw@127.0.0.1"));
	m->from_tag = ipc_put(&h->core, SPAN("us"));
	m->to_tag = ipc_put(&h->core, method == SIP_BYE ? SPAN("g") : SPAN(""));
	m->call_id = ipc_put(&h->core, SPAN("c"));
	m->leg_token = ipc_put(&h->core, SPAN("leg-1"));
	m->cseq = 2;
	m->text = ipc_put(&h->core, span_of(text, large ? sizeof text : 0));
	ipc_end(&h->core);
	house_pump(h, 20);
}

/* core's wish for the trunk led to this port of 127.0.0.1. */
static uint64_t reach_in_datagrams(int *udp)
{
	struct sockaddr_in a = at("127.0.0.1", 0);
	socklen_t n = sizeof a;

	*udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(*udp, (struct sockaddr *)&a, n) != 0 || getsockname(*udp, (struct sockaddr *)&a, &n) != 0)
		return 0;
	struct msg_trunk_peer *m = ipc_begin(&h->dial, MSG_TRUNK_PEER);
	m->token = 7;
	m->first = 1;
	(void)addr_from_sockaddr((struct sockaddr *)&a, &m->remote);
	ipc_end(&h->dial);
	house_pump(h, 20);
	const struct got *g = house_take(h, MSG_FLOW_UP, 500);
	const struct msg_flow_up *up = g ? got_payload(g) : NULL;
	return up && !up->came && up->token == 7 ? up->flow : 0;
}

/* --- tests --- */

static void a_large_invite_comes_by_tcp(void)
{
	begin();
	int fd = come_from("127.0.0.1");
	const struct got *g = house_take(h, MSG_FLOW_UP, 500);
	const struct msg_flow_up *up = g ? got_payload(g) : NULL;
	CHECK(fd >= 0 && up && up->trunk == 1 && up->came && up->device == 0 && up->listener == 1);
	uint64_t flow = up ? up->flow : 0;
	CHECK(say(fd, invite("c")));
	const struct msg_request *r = core_hears(SIP_INVITE);
	CHECK(r && r->flow == flow && r->sdp.len);
	answer(r ? r->txn : 0, 180);
	CHECK(hears(fd, "SIP/2.0 180 ", 500) && strstr(heard, "\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bKc"));
	answer(r ? r->txn : 0, 200);
	CHECK(hears(fd, "SIP/2.0 200 ", 500) && !strstr(heard, "transport=tcp"));
	CHECK(house_count(h, "trunk-streams-came") == 1 && house_count(h, "trunk-datagrams") == 0);
	close(fd);
	house_end(h);
}

/* Its dialog goes on as core asks: in datagrams, which RFC 3261 18.1.1 has for what is small; and over it where there is no flow of them. */
static void what_we_ask_in_its_dialog(void)
{
	int udp;

	begin();
	int fd = come_from("127.0.0.1");
	const struct got *g = house_take(h, MSG_FLOW_UP, 500);
	uint64_t flow = g ? ((const struct msg_flow_up *)got_payload(g))->flow : 0;
	order(SIP_BYE, flow, false);
	CHECK(hears(fd, "BYE ", 300) && strstr(heard, "\r\nVia: SIP/2.0/TCP "));
	CHECK(reach_in_datagrams(&udp));
	order(SIP_BYE, flow, false);
	CHECK(hears(udp, "BYE ", 300) && strstr(heard, "\r\nVia: SIP/2.0/UDP "));
	close(fd);
	house_pump(h, 30);
	g = house_take(h, MSG_FLOW_DOWN, 500);
	CHECK(g && ((const struct msg_flow_down *)got_payload(g))->flow == flow);
	close(udp);
	house_end(h);
}

/* What is large of ours goes over a connection that we make, for over theirs nobody need listen to requests. */
static void our_own_large_one_takes_another(void)
{
	int udp;

	begin();
	int fd = come_from("127.0.0.1");
	CHECK(house_take(h, MSG_FLOW_UP, 500));
	uint64_t flow = reach_in_datagrams(&udp);
	order(SIP_INVITE, flow, true);
	CHECK(flow && house_take(h, MSG_STREAM_WANT, 300) && !hears(fd, "", 100));
	close(fd);
	close(udp);
	house_end(h);
}

/* T1: not an octet is read of anybody else, and not one is said. */
static void of_a_stranger_nothing_is_heard(void)
{
	begin();
	int fd = come_from("127.0.0.2");
	CHECK(fd >= 0);
	(void)say(fd, invite("s"));
	house_pump(h, 50);
	char octet;
	CHECK(recv(fd, &octet, 1, MSG_DONTWAIT) <= 0);
	CHECK(!house_take(h, MSG_FLOW_UP, 100) && !house_take(h, MSG_REQUEST, 50));
	CHECK(house_count(h, "trunk-strangers") == 1 && house_count(h, "trunk-streams-came") == 0);
	CHECK(house_count(h, "sip-octets") == 0);
	close(fd);
	house_end(h);
}

/* As many as there may be: one with nothing to do makes room; where all have, the next is turned away; datagrams have room in any case. */
static void they_are_bounded(void)
{
	int fd[STREAMS_MAX + 2], udp;
	char id[8];

	begin();
	for (int i = 0; i < STREAMS_MAX; i++) {
		fd[i] = come_from("127.0.0.1");
		CHECK(fd[i] >= 0 && house_take(h, MSG_FLOW_UP, 500));
		house_pump(h, 5);
	}
	for (int i = 1; i < STREAMS_MAX; i++) {
		snprintf(id, sizeof id, "c%d", i);
		CHECK(say(fd[i], invite(id)) && core_hears(SIP_INVITE));
	}
	fd[STREAMS_MAX] = come_from("127.0.0.1");
	CHECK(is_closed(fd[0]) && house_take(h, MSG_FLOW_UP, 500));
	CHECK(say(fd[STREAMS_MAX], invite("c0")) && core_hears(SIP_INVITE));
	fd[STREAMS_MAX + 1] = come_from("127.0.0.1");
	CHECK(is_closed(fd[STREAMS_MAX + 1]) && !house_take(h, MSG_FLOW_UP, 50));
	CHECK(house_count(h, "trunk-streams-came") == STREAMS_MAX + 1 && house_count(h, "turned-away") >= 1);
	CHECK(reach_in_datagrams(&udp));
	for (int i = 0; i < STREAMS_MAX + 2; i++)
		close(fd[i]);
	close(udp);
	house_end(h);
}

int main(void)
{
	RUN(a_large_invite_comes_by_tcp);
	RUN(what_we_ask_in_its_dialog);
	RUN(our_own_large_one_takes_another);
	RUN(of_a_stranger_nothing_is_heard);
	RUN(they_are_bounded);
	return TEST_END;
}
