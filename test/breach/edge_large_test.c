/* SPDX-License-Identifier: ISC */
/* RFC 3261 18.1.1 at the edge: to a trunk that speaks UDP a request of more than 1,300 octets goes over TCP, or, where there is none
 * or nobody answers there, in datagrams all the same and at once. The test is core, dial and the trunk (R16, R29). */
#include "../unit/test.h"
#include "base/clock.h"
#include "edge_house.h"
#include "wire/sip.h"
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct house *h;
static struct addr trunk; /* where it takes datagrams */
static int far_udp, far_tcp;
static uint64_t flow, refs;
static char heard[4096]; /* the newest of the trunk's */
static char said[65536]; /* all that came over TCP */
static size_t said_n;

static bool open_trunk(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;

	far_udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	far_tcp = -1;
	said_n = 0;
	said[0] = 0;
	return bind(far_udp, (struct sockaddr *)&a, n) == 0 && getsockname(far_udp, (struct sockaddr *)&a, &n) == 0 &&
	       addr_from_sockaddr((struct sockaddr *)&a, &trunk);
}

/* core's wish led there, and edge made a flow of it */
static bool begin(void)
{
	struct house_options o = {.datagrams = true};
	const struct got *g;

	h = house_new(&o);
	house_link_dial(h);
	if (!open_trunk())
		return false;
	struct msg_trunk_peer *m = ipc_begin(&h->dial, MSG_TRUNK_PEER);
	m->token = 1;
	m->trunk = 0;
	m->remote = trunk;
	m->first = 1;
	ipc_end(&h->dial);
	house_pump(h, 30);
	g = house_take(h, MSG_FLOW_UP, 1000);
	flow = g ? ((const struct msg_flow_up *)got_payload(g))->flow : 0;
	return flow != 0;
}

static void end(void)
{
	close(far_udp);
	if (far_tcp >= 0)
		close(far_tcp);
	house_end(h);
}

/* core asks; of more octets than a datagram may have, or of few. */
static uint64_t order(enum sip_method method, bool large)
{
	static char text[1400];
	struct msg_send *m = ipc_begin(&h->core, MSG_SEND);

	memset(text, 'x', sizeof text);
	m->ref = method == SIP_ACK ? 0 : ++refs;
	m->flow = flow;
	m->method = (uint8_t)method;
	m->target = ipc_put(&h->core, SPAN("sip:112@127.0.0.1"));
	m->from_tag = ipc_put(&h->core, SPAN("t"));
	m->call_id = ipc_put(&h->core, SPAN("c"));
	m->leg_token = ipc_put(&h->core, SPAN("leg-1"));
	m->cseq = 1;
	m->text = ipc_put(&h->core, span_of(text, large ? sizeof text : 0));
	ipc_end(&h->core);
	house_pump(h, 0);
	return refs;
}

/* A datagram of that beginning within so many ms? */
static bool hears_udp(const char *start, int ms)
{
	uint64_t until = clock_boot_ms() + (uint64_t)ms;

	while (clock_boot_ms() <= until) {
		ssize_t n = recv(far_udp, heard, sizeof heard - 1, MSG_DONTWAIT);
		if (n >= 0) {
			heard[n] = 0;
			return strncmp(heard, start, strlen(start)) == 0;
		}
		house_pump(h, 5);
	}
	return false;
}

static bool hears_tcp(const char *needle, int ms)
{
	uint64_t until = clock_boot_ms() + (uint64_t)ms;

	while (clock_boot_ms() <= until) {
		ssize_t n = recv(far_tcp, said + said_n, sizeof said - said_n - 1, MSG_DONTWAIT);
		if (n > 0)
			said_n += (size_t)n;
		said[said_n] = 0;
		if (strstr(said, needle)) {
			snprintf(heard, sizeof heard, "%s", strstr(said, needle));
			return true;
		}
		house_pump(h, 5);
	}
	return false;
}

/* What edge wants of dial; 0: nothing. */
static uint64_t wish(int ms)
{
	const struct got *g = house_take(h, MSG_STREAM_WANT, ms);
	const struct msg_stream_want *m = g ? got_payload(g) : NULL;

	return m && m->trunk == 0 && addr_eq(&m->remote, &trunk) ? m->token : 0;
}

static void no_stream(uint64_t token, enum reach_why why)
{
	struct msg_stream_none *m = ipc_begin(&h->dial, MSG_STREAM_NONE);

	m->token = token;
	m->trunk = 0;
	m->why = (uint8_t)why;
	ipc_end(&h->dial);
}

static bool give_stream(uint64_t token, const struct addr *remote)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
		return false;
	struct msg_trunk_connected *m = ipc_begin_fd(&h->dial, MSG_TRUNK_CONNECTED, fd[1]);
	m->token = token;
	m->trunk = 0;
	m->remote = *remote;
	ipc_end(&h->dial);
	far_tcp = fd[0];
	house_pump(h, 0);
	return true;
}

static const char *branch_of(const char *text)
{
	static char branch[64];
	const char *at = strstr(text, ";branch=");

	snprintf(branch, sizeof branch, "%.*s", at ? (int)strcspn(at + 8, ";\r") : 0, at ? at + 8 : "");
	return branch;
}

/* The trunk answers what it heard last. */
static struct span answer(unsigned code, const char *method)
{
	static char text[1024];
	const char *via = strstr(heard, "Via: "), *to = code > 100 ? ";tag=far" : "";

	int n = snprintf(text, sizeof text,
	    "SIP/2.0 %u So\r\n%.*s\r\nFrom: <sip:127.0.0.1>;tag=t\r\nTo: <sip:127.0.0.1>%s\r\nCall-ID: c\r\nCSeq: 1 %s\r\n"
	    "Contact: <sip:gw@127.0.0.1>\r\nContent-Length: 0\r\n\r\n",
	    code, via ? (int)strcspn(via, "\r") : 0, via ? via : "", to, method);
	return span_of(text, (size_t)n);
}

static bool answer_tcp(unsigned code, const char *method)
{
	struct span s = answer(code, method);

	return send(far_tcp, s.p, s.n, MSG_NOSIGNAL) == (ssize_t)s.n;
}

static bool answer_udp(unsigned code, const char *method)
{
	struct span s = answer(code, method);
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(h->udp_port)};

	return sendto(far_udp, s.p, s.n, 0, (struct sockaddr *)&a, sizeof a) == (ssize_t)s.n;
}

/* core hears of this request, as an answer over the flow that it knows. */
static bool core_hears(uint64_t ref, unsigned code, int ms)
{
	const struct got *g = house_take(h, MSG_RESPONSE, ms);
	const struct msg_response *m = g ? got_payload(g) : NULL;

	return m && m->ref == ref && m->code == code && m->flow == flow;
}

/* core gives up this request. */
static void cancel(uint64_t ref)
{
	struct msg_cancel_sent *m = ipc_begin(&h->core, MSG_CANCEL_SENT);

	m->ref = ref;
	ipc_end(&h->core);
	house_pump(h, 20);
}

/* --- tests --- */

static void what_is_small_goes_in_a_datagram(void)
{
	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, false);
	CHECK(hears_udp("INVITE ", 200) && strstr(heard, "\r\nVia: SIP/2.0/UDP 127.0.0.1:"));
	CHECK(!wish(50) && answer_udp(486, "INVITE") && core_hears(ref, 486, 500));
	CHECK(hears_udp("ACK ", 300));
	end();
}

static void what_is_large_goes_over_tcp(void)
{
	char branch[64];

	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, true), token = wish(200);
	CHECK(token && !hears_udp("", 100) && give_stream(token, &trunk));
	const struct got *g = house_take(h, MSG_FLOW_UP, 500); /* core may hear requests over it, and asks nothing there */
	const struct msg_flow_up *up = g ? got_payload(g) : NULL;
	CHECK(up && up->trunk == 1 && up->came && up->flow != flow);
	CHECK(hears_tcp("INVITE ", 500) && strstr(heard, "\r\nVia: SIP/2.0/TCP 127.0.0.1:"));
	CHECK(!strstr(heard, "transport=tcp")); /* Contact: what comes by itself comes in datagrams */
	snprintf(branch, sizeof branch, "%s", branch_of(heard));
	CHECK(answer_tcp(100, "INVITE") && answer_tcp(180, "INVITE") && core_hears(ref, 180, 500));
	house_pump(h, 700);
	CHECK(!hears_udp("", 0)); /* and no other copy */
	CHECK(answer_tcp(486, "INVITE") && core_hears(ref, 486, 500));
	said_n = 0;
	CHECK(hears_tcp("ACK ", 500) && strstr(heard, "Via: SIP/2.0/TCP ") && strcmp(branch_of(heard), branch) == 0);
	/* the connection stays, and the next one waits for nothing */
	said_n = 0;
	ref = order(SIP_INVITE, true);
	CHECK(hears_tcp("INVITE ", 200) && !wish(0) && answer_tcp(180, "INVITE") && core_hears(ref, 180, 500));
	struct msg_cancel_sent *m = ipc_begin(&h->core, MSG_CANCEL_SENT);
	m->ref = ref;
	ipc_end(&h->core);
	CHECK(hears_tcp("CANCEL ", 500) && strstr(heard, "Via: SIP/2.0/TCP "));
	CHECK(answer_tcp(200, "CANCEL") && answer_tcp(487, "INVITE") && core_hears(ref, 487, 500));
	said_n = 0;
	order(SIP_ACK, true); /* of an offer that came with a 200 */
	CHECK(hears_tcp("ACK ", 300) && strstr(heard, "Via: SIP/2.0/TCP "));
	order(SIP_ACK, false);
	CHECK(hears_udp("ACK ", 300) && strstr(heard, "Via: SIP/2.0/UDP "));
	CHECK(house_count(h, "trunk-streams") == 1 && house_count(h, "trunk-datagrams-bulky") == 0);
	end();
}

/* What the trunk asks over it comes to core as over any connection of the trunk's, and is answered there. */
static void what_the_trunk_asks_over_it(void)
{
	CHECK(begin());
	order(SIP_INVITE, true);
	uint64_t token = wish(200);
	CHECK(token && give_stream(token, &trunk));
	const struct got *g = house_take(h, MSG_FLOW_UP, 500);
	uint64_t beside = g ? ((const struct msg_flow_up *)got_payload(g))->flow : 0;
	static const char text[] = "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5099;branch=z9hG4bKo\r\n"
	    "Max-Forwards: 70\r\nFrom: <sip:gw@127.0.0.1>;tag=g\r\nTo: <sip:127.0.0.1>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\n"
	    "Content-Length: 0\r\n\r\n";
	CHECK(beside && send(far_tcp, text, sizeof text - 1, MSG_NOSIGNAL) == sizeof text - 1);
	g = house_take(h, MSG_REQUEST, 500);
	const struct msg_request *r = g ? got_payload(g) : NULL;
	CHECK(r && r->method == SIP_OPTIONS && r->flow == beside);
	struct msg_respond *m = ipc_begin(&h->core, MSG_RESPOND);
	m->txn = r->txn;
	m->code = 200;
	m->to_tag = ipc_put(&h->core, SPAN("us"));
	ipc_end(&h->core);
	CHECK(hears_tcp("SIP/2.0 200 ", 500) && !hears_udp("", 0));
	end();
}

static bool asks_tcp(const char *more, const char *expected)
{
	char text[512];
	int n = snprintf(text, sizeof text,
	    "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5099;branch=z9hG4bKo\r\n"
	    "Max-Forwards: 70\r\nFrom: <sip:gw@127.0.0.1>;tag=g\r\nTo: <sip:127.0.0.1>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\n"
	    "%sContent-Length: 0\r\n\r\n", more);

	said_n = 0;
	return send(far_tcp, text, (size_t)n, MSG_NOSIGNAL) == n && (!expected || hears_tcp(expected, 500));
}

/* Behind a trunk are many: what one of them writes is answered, and hangs up on none of the others. */
static void what_is_bad_of_one_caller_is_nobody_elses(void)
{
	CHECK(begin());
	order(SIP_INVITE, true);
	uint64_t token = wish(200);
	CHECK(token && give_stream(token, &trunk) && house_take(h, MSG_FLOW_UP, 500) && hears_tcp("INVITE ", 500));
	for (int i = 0; i < 70; i++)
		CHECK(asks_tcp("Z: \x01\r\n", "SIP/2.0 400 "));
	CHECK(asks_tcp("", NULL) && house_take(h, MSG_REQUEST, 500));
	end();
}

/* RFC 3261 17.1.1.2: what was answered is not said again, and who else calls has the room. */
static void the_copy_goes_with_the_first_answer(void)
{
	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, true);
	no_stream(wish(200), REACH_NO_ANSWER);
	CHECK(hears_udp("INVITE ", 300) && house_line(h, "middle-texts")->used == 1);
	CHECK(answer_udp(180, "INVITE") && core_hears(ref, 180, 500) && house_line(h, "middle-texts")->used == 0);
	cancel(ref); /* which needs none of it */
	CHECK(hears_udp("CANCEL ", 300) && answer_udp(200, "CANCEL") && answer_udp(487, "INVITE") && core_hears(ref, 487, 500));
	CHECK(hears_udp("ACK ", 300));
	end();
}

/* R27: what is held for its connection has its text, whoever answers meanwhile, in datagrams and by a guess. */
static void an_answer_before_it_was_said(void)
{
	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, false);
	CHECK(hears_udp("INVITE ", 300) && answer_udp(486, "INVITE") && core_hears(ref, 486, 500));
	char *slot = strstr(heard, ";branch=");
	CHECK(slot != NULL);
	slot += strcspn(slot + 1, ";\r"); /* the last digit of the next one */
	ref = order(SIP_INVITE, true);
	uint64_t token = wish(200);
	for (char digit = '0'; token && digit <= '9'; digit++) {
		*slot = digit;
		CHECK(answer_udp(100, "INVITE"));
		house_pump(h, 5);
	}
	CHECK(give_stream(token, &trunk) && hears_tcp("INVITE ", 500));
	CHECK(answer_tcp(486, "INVITE") && core_hears(ref, 486, 500));
	end();
}

/* R16: at once, and whoever needs help next does not wait at all. */
static void where_there_is_no_tcp(void)
{
	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, true), token = wish(200);
	uint64_t began = clock_boot_ms();
	no_stream(token, REACH_NO_ANSWER);
	CHECK(token && hears_udp("INVITE ", 300) && strstr(heard, "\r\nVia: SIP/2.0/UDP ") && clock_boot_ms() - began < 200);
	CHECK(answer_udp(486, "INVITE") && core_hears(ref, 486, 500) && hears_udp("ACK ", 300));
	ref = order(SIP_INVITE, true);
	CHECK(hears_udp("INVITE ", 200) && !wish(0) && answer_udp(486, "INVITE") && core_hears(ref, 486, 500));
	CHECK(house_count(h, "trunk-streams-refused") == 1 && house_count(h, "trunk-datagrams-bulky") == 2);
	end();
}

/* dial is busy, or slow, or not there: nobody waits longer than T1, and the next one asks again. */
static void where_nobody_says_what_there_is(void)
{
	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, true), began = clock_boot_ms();
	CHECK(wish(200) && hears_udp("INVITE ", 800) && clock_boot_ms() - began >= 400 && clock_boot_ms() - began < 800);
	CHECK(hears_udp("INVITE ", 700) && strstr(heard, "\r\nVia: SIP/2.0/UDP ")); /* timer A */
	CHECK(answer_udp(486, "INVITE") && core_hears(ref, 486, 500) && hears_udp("ACK ", 300));
	house_pump(h, 1200);
	ref = order(SIP_INVITE, true);
	uint64_t token = wish(200);
	no_stream(token, REACH_BUSY);
	CHECK(token && hears_udp("INVITE ", 300) && answer_udp(486, "INVITE") && core_hears(ref, 486, 500));
	CHECK(hears_udp("ACK ", 300));
	for (int i = 0; i < 30; i++) { /* it is not asked by each of many */
		order(SIP_INVITE, true);
		CHECK(!wish(5));
	}
	house_pump(h, 1200);
	order(SIP_INVITE, true);
	CHECK(wish(200)); /* what was busy may have it */
	end();
}

/* It takes the connection and says nothing: the datagram is the same request, and an answer is one wherever it comes. */
static void where_tcp_is_silent(void)
{
	char branch[64];

	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, true), token = wish(200);
	CHECK(token && give_stream(token, &trunk) && hears_tcp("INVITE ", 500));
	snprintf(branch, sizeof branch, "%s", branch_of(heard));
	char over_tcp[sizeof heard];
	memcpy(over_tcp, heard, sizeof heard);
	CHECK(hears_udp("INVITE ", 800) && strstr(heard, "\r\nVia: SIP/2.0/UDP ") && strcmp(branch_of(heard), branch) == 0);
	CHECK(house_count(h, "trunk-streams-silent") == 1);
	uint64_t other = order(SIP_INVITE, true); /* this one does not try */
	CHECK(hears_udp("INVITE ", 200) && strcmp(branch_of(heard), branch) != 0);
	CHECK(answer_udp(486, "INVITE") && core_hears(other, 486, 500));
	memcpy(heard, over_tcp, sizeof heard);
	said_n = 0;
	CHECK(answer_tcp(486, "INVITE") && core_hears(ref, 486, 500) && hears_tcp("ACK ", 500));
	said_n = 0;
	order(SIP_INVITE, true); /* it speaks after all */
	CHECK(hears_tcp("INVITE ", 300));
	end();
}

/* Nobody rings whose call was given up before it was even said. */
static void who_hangs_up_before_it_is_said(void)
{
	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, true), token = wish(200);
	struct msg_cancel_sent *m = ipc_begin(&h->core, MSG_CANCEL_SENT);
	m->ref = ref;
	ipc_end(&h->core);
	house_pump(h, 20);
	CHECK(token && give_stream(token, &trunk) && core_hears(ref, 487, 500));
	CHECK(!hears_tcp("INVITE ", 100) && !hears_udp("", 700));
	end();
}

static void where_tcp_breaks(void)
{
	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, true), token = wish(200);
	CHECK(token && give_stream(token, &trunk) && hears_tcp("INVITE ", 500));
	close(far_tcp);
	far_tcp = -1;
	CHECK(hears_udp("INVITE ", 300) && answer_udp(180, "INVITE") && core_hears(ref, 180, 500));
	CHECK(answer_udp(486, "INVITE") && core_hears(ref, 486, 500) && hears_udp("ACK ", 300));
	order(SIP_INVITE, true); /* it said nothing before it closed: that is no TCP */
	CHECK(hears_udp("INVITE ", 200) && !wish(0));
	end();
}

/* While it rings: a repetition over the other way brings the newest answer. */
static void where_tcp_breaks_while_it_rings(void)
{
	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, true), token = wish(200);
	CHECK(token && give_stream(token, &trunk) && hears_tcp("INVITE ", 500));
	CHECK(answer_tcp(180, "INVITE") && core_hears(ref, 180, 500));
	close(far_tcp);
	far_tcp = -1;
	CHECK(hears_udp("INVITE ", 300) && answer_udp(200, "INVITE") && core_hears(ref, 200, 500));
	order(SIP_INVITE, true);
	CHECK(!wish(20)); /* so soon after the last one the next is not asked for: dial's contract has a rate */
	house_pump(h, 500);
	order(SIP_INVITE, true);
	CHECK(wish(200)); /* it had spoken */
	end();
}

static void break_tcp(void)
{
	close(far_tcp);
	far_tcp = -1;
}

/* The INVITE of this branch was cancelled over TCP; what rings hears it by datagram, until it says so. */
static void is_cancelled_in_datagrams(uint64_t ref, const char *branch)
{
	CHECK(hears_udp("CANCEL ", 700) && strstr(heard, "Via: SIP/2.0/UDP ") && strcmp(branch_of(heard), branch) == 0);
	CHECK(hears_udp("CANCEL ", 700)); /* timer E */
	CHECK(answer_udp(200, "CANCEL") && !hears_udp("", 1300));
	CHECK(answer_udp(487, "INVITE") && core_hears(ref, 487, 500) && hears_udp("ACK ", 300));
}

static void where_tcp_breaks_over_a_cancel(void)
{
	char branch[64];

	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, true), token = wish(200);
	CHECK(token && give_stream(token, &trunk) && hears_tcp("INVITE ", 500));
	snprintf(branch, sizeof branch, "%s", branch_of(heard));
	CHECK(answer_tcp(180, "INVITE") && core_hears(ref, 180, 500));
	cancel(ref);
	CHECK(hears_tcp("CANCEL ", 300));
	break_tcp();
	is_cancelled_in_datagrams(ref, branch);
	end();
	/* nobody has noticed yet that it broke */
	CHECK(begin());
	ref = order(SIP_INVITE, true), token = wish(200);
	CHECK(token && give_stream(token, &trunk) && hears_tcp("INVITE ", 500));
	snprintf(branch, sizeof branch, "%s", branch_of(heard));
	CHECK(answer_tcp(180, "INVITE") && core_hears(ref, 180, 500));
	struct msg_cancel_sent *m = ipc_begin(&h->core, MSG_CANCEL_SENT);
	m->ref = ref;
	ipc_end(&h->core);
	break_tcp();
	house_pump(h, 0);
	if (hears_udp("INVITE ", 300)) /* the one or the other comes first */
		CHECK(hears_udp("CANCEL ", 300));
	else
		CHECK(strncmp(heard, "CANCEL ", 7) == 0);
	CHECK(strstr(heard, "Via: SIP/2.0/UDP ") && strcmp(branch_of(heard), branch) == 0);
	CHECK(answer_udp(200, "CANCEL") && answer_udp(487, "INVITE") && core_hears(ref, 487, 500));
	end();
}

/* A connection that lost its other end without a word. */
static void where_tcp_is_silent_to_a_cancel(void)
{
	char branch[64];

	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, true), token = wish(200);
	CHECK(token && give_stream(token, &trunk) && hears_tcp("INVITE ", 500));
	snprintf(branch, sizeof branch, "%s", branch_of(heard));
	CHECK(answer_tcp(180, "INVITE") && core_hears(ref, 180, 500));
	cancel(ref);
	CHECK(hears_tcp("CANCEL ", 300));
	is_cancelled_in_datagrams(ref, branch);
	CHECK(house_count(h, "trunk-streams-silent") == 0);
	end();
}

/* RFC 3261 9.1: CANCEL waits for a first answer, wherever that comes. */
static void where_tcp_breaks_before_a_cancel(void)
{
	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, true), token = wish(200);
	CHECK(token && give_stream(token, &trunk) && hears_tcp("INVITE ", 500));
	cancel(ref);
	break_tcp();
	CHECK(hears_udp("INVITE ", 300) && answer_udp(180, "INVITE") && hears_udp("CANCEL ", 300));
	CHECK(core_hears(ref, 180, 500) && answer_udp(487, "INVITE") && core_hears(ref, 487, 500) && hears_udp("ACK ", 300));
	end();
}

/* Nobody waits for the call any more. */
static void where_tcp_breaks_after_core(bool rings)
{
	char branch[64];

	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, true), token = wish(200);
	CHECK(token && give_stream(token, &trunk) && hears_tcp("INVITE ", 500));
	snprintf(branch, sizeof branch, "%s", branch_of(heard));
	if (rings)
		CHECK(answer_tcp(180, "INVITE") && core_hears(ref, 180, 500));
	house_cut_core(h);
	house_pump(h, 50);
	house_link_core(h, true);
	break_tcp();
	if (!rings)
		CHECK(hears_udp("INVITE ", 400) && answer_udp(180, "INVITE"));
	CHECK(hears_udp("CANCEL ", 700) && strstr(heard, "Via: SIP/2.0/UDP ") && strcmp(branch_of(heard), branch) == 0);
	end();
}

static void where_tcp_breaks_and_nobody_waits(void)
{
	where_tcp_breaks_after_core(true);
	where_tcp_breaks_after_core(false);
}

/* The flow goes, and so does what stands beside it. */
static void when_the_flow_is_closed(void)
{
	CHECK(begin());
	uint64_t ref = order(SIP_INVITE, true), token = wish(200);
	CHECK(token && give_stream(token, &trunk) && hears_tcp("INVITE ", 500));
	struct msg_close_flow *m = ipc_begin(&h->core, MSG_CLOSE_FLOW);
	m->flow = flow;
	m->why = FLOW_CLOSED;
	ipc_end(&h->core);
	CHECK(core_hears(ref, 503, 500));
	char octet;
	CHECK(recv(far_tcp, &octet, 1, 0) == 0 && !hears_udp("", 50));
	end();
}

static void what_dial_says_of_nothing(void)
{
	struct addr elsewhere = trunk;

	CHECK(begin());
	CHECK(give_stream(99, &trunk)); /* nobody asked */
	house_pump(h, 50);
	char octet;
	CHECK(recv(far_tcp, &octet, 1, 0) == 0);
	close(far_tcp);
	no_stream(98, REACH_NO_ANSWER);
	order(SIP_INVITE, true);
	uint64_t token = wish(200);
	CHECK(token && !h->accused);
	elsewhere.port ^= 1;
	CHECK(give_stream(token, &elsewhere) && hears_udp("INVITE ", 300) && h->accused);
	end();
}

int main(void)
{
	RUN(what_is_small_goes_in_a_datagram);
	RUN(what_is_large_goes_over_tcp);
	RUN(what_the_trunk_asks_over_it);
	RUN(what_is_bad_of_one_caller_is_nobody_elses);
	RUN(the_copy_goes_with_the_first_answer);
	RUN(an_answer_before_it_was_said);
	RUN(where_there_is_no_tcp);
	RUN(where_nobody_says_what_there_is);
	RUN(where_tcp_is_silent);
	RUN(who_hangs_up_before_it_is_said);
	RUN(where_tcp_breaks);
	RUN(where_tcp_breaks_while_it_rings);
	RUN(where_tcp_breaks_over_a_cancel);
	RUN(where_tcp_is_silent_to_a_cancel);
	RUN(where_tcp_breaks_before_a_cancel);
	RUN(where_tcp_breaks_and_nobody_waits);
	RUN(when_the_flow_is_closed);
	RUN(what_dial_says_of_nothing);
	return TEST_END;
}
