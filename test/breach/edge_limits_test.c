/* SPDX-License-Identifier: ISC */
/* What is bounded stays bounded (R27, T20, T23), full is an answer, and emergency calls have their share. */
#include "../unit/test.h"
#include "base/clock.h"
#include "edge_house.h"
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct house *h;

#define ANY_IP 0x7f000000u
#define HEAD(method, branch)                                                                                  \
	method " sip:%s@exchange.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bK" branch "\r\n"   \
	       "From: <sip:101@exchange.test>;tag=f\r\nTo: <sip:%s@exchange.test>\r\nCall-ID: " branch "\r\n"   \
	       "CSeq: 1 " method "\r\nContact: <sip:101@127.0.0.1>\r\nContent-Length: 0\r\n\r\n"

/* A slow machine takes its time; what is awaited comes all the same. */
enum { PATIENCE_MS = 10000 };

static bool settles(const char *name, uint64_t used)
{
	for (int i = 0; i < PATIENCE_MS / 20; i++) {
		if (house_line(h, name)->used == used)
			return true;
		house_pump(h, 20);
	}
	return false;
}

/* Where the signer, which is this test, comes late because the machine is busy, edge refuses; phones come again. */
static struct phone *new_phone(uint32_t device)
{
	struct cert_spec spec = {.device = device, .epoch = 1, .from_s = -60, .to_s = 3600};

	for (int i = 0; i < 3; i++) {
		struct phone *p = phone_new(h, &spec, NULL);
		if (phone_shake(h, p) && house_take(h, MSG_FLOW_UP, PATIENCE_MS))
			return p;
		phone_free(p);
		house_pump(h, 500);
	}
	return NULL;
}

static void begin(const struct house_options *o)
{
	h = house_new(o);
}

static void say(struct phone *p, const char *format, int n, const char *target)
{
	char text[1024];

	snprintf(text, sizeof text, format, target, n, target, n);
	phone_say(p, text);
}

static bool emergency_comes(void)
{
	for (;;) {
		const struct got *g = house_take(h, MSG_REQUEST, PATIENCE_MS);
		if (!g)
			return false;
		if (((const struct msg_request *)got_payload(g))->emergency)
			return g->class == CLASS_EMERGENCY;
	}
}

/* T20: one address holds 256 handshakes, all together 1,024: the oldest makes room, and a phone always gets in, from the
 * attacker's own address too. */
static void idle_connections(void)
{
	enum { N = 1400 };
	struct phone **idle = calloc(N, sizeof *idle);
	struct house_options o = {0};

	begin(&o);
	h->from_ip = ANY_IP + 0x0101;
	for (int i = 0; i < 300; i++)
		idle[i] = phone_tcp(h);
	house_pump(h, 100);
	CHECK(settles("handshakes-now", 256));
	CHECK(house_count(h, "turned-away") == 0 && house_count(h, "handshakes-refused") == 44);
	struct phone *neighbour = new_phone(2);
	CHECK(neighbour);
	CHECK(settles("handshakes-now", 255));
	for (int i = 300; i < N; i++) {
		h->from_ip = ANY_IP + 0x0200 + (uint32_t)i / 200;
		idle[i] = phone_tcp(h);
	}
	house_pump(h, 100);
	CHECK(settles("handshakes-now", 1024));
	h->from_ip = ANY_IP + 0x0909;
	struct phone *good = new_phone(1);
	CHECK(good);
	phone_say(good, "\r\n\r\n");
	CHECK(phone_hear(h, good, "\r\n", PATIENCE_MS));
	for (int i = 0; i < N; i++)
		phone_free(idle[i]);
	phone_free(good);
	phone_free(neighbour);
	house_pump(h, 200);
	CHECK(settles("connections", 0));
	free(idle);
	house_end(h);
}

/* R16: in a table that is full of connections, one that a phone has beside others makes room for the next phone. */
static void connections_run_out(void)
{
	enum { CAP = 64, EACH = 8 };
	struct rlimit r, was;
	struct house_options o = {0};
	struct phone *p[CAP] = {0}, *late[2];

	getrlimit(RLIMIT_NOFILE, &was);
	r = was;
	r.rlim_cur = 128; /* the edge has a table of CAP then */
	setrlimit(RLIMIT_NOFILE, &r);
	begin(&o);
	setrlimit(RLIMIT_NOFILE, &was);
	for (uint32_t i = 9; i <= 20; i++)
		house_say_device(h, i, DEVICE_VALID, 0, 1);
	for (uint32_t i = 0; i < CAP; i++)
		CHECK((p[i] = new_phone(9 + i / EACH)));
	CHECK(house_line(h, "connections")->limit == CAP);
	for (uint32_t i = 0; i < 2; i++)
		CHECK((late[i] = new_phone(19 + i)));
	say(late[1], HEAD("INVITE", "late%d"), 1, "112");
	CHECK(emergency_comes());
	for (int i = 0; i < CAP; i++)
		phone_free(p[i]);
	phone_free(late[0]);
	phone_free(late[1]);
	house_end(h);
}

/* A trunk's call in a datagram. */
static void trunk_says(int udp, int n)
{
	struct sockaddr_in to = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(h->udp_port)};
	static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
				  "m=audio 4000 RTP/AVP 0\r\n";
	char text[1024];
	int octets = snprintf(text, sizeof text,
	    "INVITE sip:101@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKt%d\r\n"
	    "Max-Forwards: 70\r\nFrom: <sip:0612345678@127.0.0.1>;tag=g\r\nTo: <sip:101@127.0.0.1>\r\n"
	    "Call-ID: t%d\r\nCSeq: 1 INVITE\r\nContact: <sip:gw@127.0.0.1>\r\nContent-Type: application/sdp\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    n, n, sizeof sdp - 1, sdp);

	(void)sendto(udp, text, (size_t)octets, 0, (struct sockaddr *)&to, sizeof to);
}

static bool trunk_hears(int udp, const char *start)
{
	char text[2048];

	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		ssize_t n = recv(udp, text, sizeof text - 1, MSG_DONTWAIT);
		if (n > 0) {
			text[n] = 0;
			return strncmp(text, start, strlen(start)) == 0;
		}
		house_pump(h, 10);
	}
	return false;
}

/* R16: half of what is kept for help is for who helps, as long as core says that somebody may be called back. */
static void who_helps_calls_back(int kept)
{
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), came = 0;
	struct msg_help_calls_back *m;

	trunk_says(udp, 0);
	CHECK(trunk_hears(udp, "SIP/2.0 503 "));
	m = ipc_begin(&h->core, MSG_HELP_CALLS_BACK);
	m->until_ms = clock_boot_ms() + 60000;
	ipc_end(&h->core);
	house_pump(h, 50);
	for (int i = 1; i <= kept; i++) {
		trunk_says(udp, i);
		came += house_take(h, MSG_REQUEST, 100) != NULL;
	}
	CHECK(came == kept / 2);
	m = ipc_begin(&h->core, MSG_HELP_CALLS_BACK);
	m->until_ms = clock_boot_ms();
	ipc_end(&h->core);
	close(udp);
}

/* Transactions run out for ordinary calls before they do for emergency calls. */
static void transactions_run_out(void)
{
	enum { PHONES = 32, EACH = 63 }; /* 2,016 of 2,048, of which 128 are kept */
	struct house_options o = {.max_calls = 32, .datagrams = true};
	struct phone *p[PHONES];

	begin(&o);
	for (uint32_t i = 0; i < PHONES; i++) {
		house_say_device(h, 9 + i, DEVICE_VALID, 0, 1);
		CHECK((p[i] = new_phone(9 + i)));
	}
	uint64_t limit = house_line(h, "server-transactions")->limit;
	for (int i = 0; i < PHONES * EACH; i++) {
		say(p[i % PHONES], HEAD("INVITE", "x%d"), i, "102");
		if (i % 20 == 0)
			while (house_take(h, MSG_REQUEST, 2))
				;
	}
	while (house_take(h, MSG_REQUEST, 300))
		;
	CHECK(settles("server-transactions", limit - limit / 16));
	phone_drain(p[0]);
	say(p[0], HEAD("INVITE", "y%d"), 1, "102");
	CHECK(phone_hear(h, p[0], "SIP/2.0 503 ", 1000));
	who_helps_calls_back((int)limit / 16);
	say(p[0], HEAD("INVITE", "z%d"), 1, "112");
	CHECK(emergency_comes());
	for (int i = 0; i < PHONES; i++)
		phone_free(p[i]);
	house_end(h);
}

static bool order(uint64_t ref, uint64_t flow, enum msg_class class)
{
	struct msg_send *m = ipc_begin_as(&h->core, MSG_SEND, class);

	if (!m)
		return false;
	m->ref = ref;
	m->flow = flow;
	m->method = SIP_INVITE;
	m->emergency = class == CLASS_EMERGENCY;
	m->target = ipc_put(&h->core, SPAN("sip:1@127.0.0.1"));
	m->from_tag = ipc_put(&h->core, SPAN("t"));
	m->call_id = ipc_put(&h->core, SPAN("c"));
	m->cseq = 1;
	ipc_end(&h->core);
	return true;
}

/* core orders more than edge can send: each one beyond is answered 503 at once, and a call for help is sent all the same. */
static void client_transactions_run_out(void)
{
	struct house_options o = {.max_calls = 32};
	struct cert_spec spec = {.device = 1, .epoch = 1, .from_s = -60, .to_s = 3600};
	const struct got *g = NULL;
	uint64_t ref = 0;

	begin(&o);
	struct phone *p = phone_new(h, &spec, NULL);
	CHECK(phone_shake(h, p) && (g = house_take(h, MSG_FLOW_UP, 1000)));
	uint64_t flow = ((const struct msg_flow_up *)got_payload(g))->flow;
	for (g = NULL; !g && ref < 5000;) {
		for (int i = 0; i < 50; i++)
			CHECK(order(++ref, flow, CLASS_NEW));
		g = house_take(h, MSG_RESPONSE, 5);
		phone_drain(p);
	}
	const struct msg_response *r = g ? got_payload(g) : NULL;
	CHECK(r && r->local && r->code == 503);
	while (house_take(h, MSG_RESPONSE, 50))
		;
	const struct status_line *l = house_line(h, "client-transactions");
	CHECK(l->refused > 0 && l->used < l->limit && l->used >= l->limit - l->limit / 8);
	phone_drain(p);
	CHECK(order(++ref, flow, CLASS_EMERGENCY) && phone_hear(h, p, "INVITE sip:1@127.0.0.1 SIP/2.0", 2000));
	CHECK(!house_take(h, MSG_RESPONSE, 50));
	phone_free(p);
	for (int i = 0; i < 50 && house_line(h, "client-transactions")->used; i++)
		house_pump(h, 20);
	CHECK(house_line(h, "client-transactions")->used == 0);
	house_end(h);
}

/* Unfinished messages: those that have a buffer keep it, the next one's connection closes. */
static void partials_run_out(void)
{
	enum { N = 257 };
	struct phone *p[N] = {0};
	struct house_options o = {0};

	begin(&o);
	for (uint32_t i = 9; i <= 64; i++)
		house_say_device(h, i, DEVICE_VALID, 0, 1);
	for (int i = 0; i < N; i++) {
		CHECK((p[i] = new_phone(9 + (uint32_t)i % 50)));
		phone_say(p[i], "\r\n\r\n");
	}
	for (int i = 0; i < N; i++)
		phone_say(p[i], "OPTIONS sip");
	house_pump(h, 300);
	const struct got *g = house_take(h, MSG_FLOW_DOWN, PATIENCE_MS);
	CHECK(g && ((const struct msg_flow_down *)got_payload(g))->why == FLOW_BAD_BYTES);
	CHECK(house_line(h, "unfinished-messages")->refused >= 1);
	for (int i = 0; i < N; i++)
		phone_free(p[i]);
	house_pump(h, 300);
	CHECK(settles("unfinished-messages", 0));
	house_end(h);
}

static void ipv6(void)
{
	struct house_options o = {.v6 = true};
	char contact[80];

	begin(&o);
	struct phone *p = new_phone(1);
	CHECK(p);
	phone_say(p, "OPTIONS sip:leg-1@[::1] SIP/2.0\r\nVia: SIP/2.0/TLS [2001:db8::9]:5061;branch=z9hG4bK1;rport\r\n"
		     "From: <sip:101@[::1]>;tag=f\r\nTo: <sip:leg-1@[::1]>\r\nCall-ID: 6\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
	const struct got *g = house_take(h, MSG_REQUEST, PATIENCE_MS);
	CHECK(g);
	const struct msg_request *r = got_payload(g);
	CHECK(r->target_kind == TARGET_LEG && r->from_kind == FROM_OURS);
	struct msg_respond *m = ipc_begin(&h->core, MSG_RESPOND);
	m->txn = r->txn;
	m->code = 200;
	m->leg_token = ipc_put(&h->core, SPAN("leg-1"));
	ipc_end(&h->core);
	CHECK(phone_hear(h, p, "\r\n\r\n", PATIENCE_MS));
	snprintf(contact, sizeof contact, "Contact: <sip:leg-1@[::1]:%u;transport=tls>\r\n", h->port);
	CHECK(strstr(p->text, contact) && strstr(p->text, "received=::1;rport="));
	phone_free(p);
	house_end(h);
}

#ifndef RINGFENCE_SANITIZE
static long resident_pages(void)
{
	char path[64];
	long size = 0, resident = 0;

	snprintf(path, sizeof path, "/proc/%d/statm", (int)h->edge);
	FILE *f = fopen(path, "r");
	if (!f || fscanf(f, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident;
}

/* Until the edge has answered what was said so far, the last of it by itself. */
static bool catch_up(struct phone *p, int i)
{
	char branch[32];

	say(p, HEAD("PUBLISH", "mark%d"), i, "102");
	snprintf(branch, sizeof branch, "z9hG4bKmark%d\r\n", i);
	phone_forget_text(p);
	for (int tries = 0; tries < 2000 && !p->closed; tries++) {
		while (house_take(h, MSG_REQUEST, 0))
			;
		if (phone_hear(h, p, branch, 5))
			return true;
		if (p->n > sizeof p->text / 2)
			phone_forget_text(p);
	}
	return false;
}

/* T23: 30,000 requests of seven kinds, unanswered by core: memory stays. */
static void flood(void)
{
	static const char *const kinds[] = {HEAD("REGISTER", "a%d"), HEAD("SUBSCRIBE", "b%d"), HEAD("NOTIFY", "c%d"),
	    HEAD("PUBLISH", "d%d"), HEAD("MESSAGE", "e%d"), HEAD("INVITE", "f%d"), HEAD("OPTIONS", "g%d")};
	struct house_options o = {.max_calls = 32};
	long start = 0;

	begin(&o);
	struct phone *p = new_phone(1);
	for (int i = 0; i < 30000; i++) {
		if (i == 5000) { /* every table was touched once */
			house_pump(h, 50);
			start = resident_pages();
		}
		say(p, kinds[i % 7], i, "102");
		if (i % 100 == 99)
			CHECK(catch_up(p, i));
	}
	CHECK(!p->closed && start > 0);
	CHECK(resident_pages() <= start + start / 5);
	CHECK(house_count(h, "overload") > 0);
	say(p, HEAD("INVITE", "q%d"), 1, "112");
	CHECK(emergency_comes());
	phone_free(p);
	house_end(h);
}
#endif

int main(void)
{
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	RUN(idle_connections);
	RUN(connections_run_out);
	RUN(transactions_run_out);
	RUN(client_transactions_run_out);
	RUN(partials_run_out);
	RUN(ipv6);
#ifndef RINGFENCE_SANITIZE
	RUN(flood);
#endif
	return TEST_END;
}
