/* SPDX-License-Identifier: ISC */
/* R16, R28: a hang-up and a call for help that come while core is away, or that a core had which dies, are the next one's; and once only. */
#include "../unit/test.h"
#include "core_link.h"
#include "edge_house.h"
#include <signal.h>
#include <unistd.h>

enum { RESTING = 64 }; /* lib/base/pool.c */

static struct house *h;
static struct phone *p;
static uint64_t flow;

#define HEAD(method, uri, branch, to)                                                                        \
	method " " uri " SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bK" branch ";rport\r\n"      \
	       "From: <sip:101@exchange.test>;tag=f1\r\nTo: <" uri ">" to "\r\nCall-ID: held-" branch "\r\n" \
	       "CSeq: 1 " method "\r\nMax-Forwards: 70\r\n"
#define LEN0 "Content-Length: 0\r\n\r\n"
#define BYE(branch) HEAD("BYE", "sip:102@exchange.test", branch, ";tag=t1") LEN0
#define SDP                                                                         \
	"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" \
	"m=audio 4000 RTP/SAVP 0\r\na=rtpmap:0 PCMU/8000\r\n"                       \
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"
#define CONTACT "Contact: <sip:101@127.0.0.1:5061;transport=tls>\r\n"

static const char *invite(const char *number, const char *branch)
{
	static char text[2048];

	snprintf(text, sizeof text,
	    "INVITE sip:%s@exchange.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bK%s;rport\r\n"
	    "From: <sip:101@exchange.test>;tag=f1\r\nTo: <sip:%s@exchange.test>\r\nCall-ID: held-%s\r\nCSeq: 1 INVITE\r\n"
	    "Max-Forwards: 70\r\n" CONTACT "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
	    number, branch, number, branch, strlen(SDP), SDP);
	return text;
}

static void a_phone_comes(void)
{
	struct cert_spec spec = {.device = 1, .epoch = 1, .from_s = -60, .to_s = 3600};
	const struct got *g;

	p = phone_new(h, &spec, NULL);
	CHECK(phone_shake(h, p));
	g = house_take(h, MSG_FLOW_UP, 1000);
	CHECK(g);
	flow = ((const struct msg_flow_up *)got_payload(g))->flow;
}

static void core_comes(void)
{
	house_link_core(h, true);
	CHECK(house_take(h, MSG_FLOW_UP, 1000));
}

static void answer(uint64_t txn, uint16_t code)
{
	struct msg_respond *m = ipc_begin(&h->core, MSG_RESPOND);

	m->txn = txn;
	m->code = code;
	m->to_tag = ipc_put(&h->core, SPAN("t1"));
	ipc_end(&h->core);
	house_pump(h, 1);
}

/* What core was asked. */
static const struct msg_request *asked(struct got *copy, enum sip_method method)
{
	const struct got *g = house_take(h, MSG_REQUEST, 1000);
	const struct msg_request *r;

	if (!g)
		return NULL;
	*copy = *g;
	r = got_payload(copy);
	return r->method == method && r->flow == flow ? r : NULL;
}

static bool hears(const char *what)
{
	bool heard = phone_hear(h, p, what, CORE_AWAY_MS + 1000);

	phone_forget_text(p);
	return heard;
}

static void a_hang_up_that_core_had_is_the_next_ones(void)
{
	const struct msg_request *r;
	struct got g;

	phone_say(p, BYE("b1"));
	CHECK(asked(&g, SIP_BYE));
	house_cut_core(h);
	CHECK(!phone_hear(h, p, "SIP/2.0", 300));
	core_comes();
	r = asked(&g, SIP_BYE);
	CHECK(r && g.class == CLASS_DIALOG && span_eq(got_str(&g, r->call_id), SPAN("held-b1")) &&
	      span_eq(got_str(&g, r->to_tag), SPAN("t1")));
	answer(r->txn, 200);
	CHECK(hears("SIP/2.0 200 OK\r\n"));
}

static void one_that_comes_without_a_core_waits(void)
{
	const struct msg_request *r;
	struct got g;

	house_cut_core(h);
	phone_say(p, BYE("b2"));
	phone_say(p, HEAD("OPTIONS", "sip:exchange.test", "o2", "") LEN0);
	CHECK(phone_hear(h, p, "CSeq: 1 OPTIONS\r\n", CORE_AWAY_MS + 1000) && !strstr(p->text, "CSeq: 1 BYE"));
	phone_forget_text(p);
	core_comes();
	r = asked(&g, SIP_BYE);
	CHECK(r);
	answer(r->txn, 200);
	CHECK(hears("SIP/2.0 200 OK\r\n"));
}

/* What kills a core kills one more, and no third. */
static void it_is_told_once_more_and_not_again(void)
{
	struct got g;

	phone_say(p, BYE("b3"));
	CHECK(asked(&g, SIP_BYE));
	house_cut_core(h);
	core_comes();
	CHECK(asked(&g, SIP_BYE));
	house_cut_core(h);
	CHECK(hears("SIP/2.0 500 "));
	core_comes();
	CHECK(!house_take(h, MSG_REQUEST, 300));
}

static void a_call_for_help_goes_on(void)
{
	const struct msg_request *r;
	struct got g;

	phone_say(p, invite("112", "h1"));
	CHECK(asked(&g, SIP_INVITE));
	house_cut_core(h);
	CHECK(hears("SIP/2.0 100 ") && !phone_hear(h, p, "SIP/2.0", 300));
	core_comes();
	r = asked(&g, SIP_INVITE);
	CHECK(r && g.class == CLASS_EMERGENCY && r->emergency && r->sdp.len);
	answer(r->txn, 180);
	CHECK(hears("SIP/2.0 180 "));
	answer(r->txn, 486);
	CHECK(hears("SIP/2.0 486 "));
}

/* The desk that it rings is in the directory; without one the call goes on all the same. */
static void it_waits_for_a_core_that_knows_the_phones(void)
{
	const struct msg_request *r;
	struct got g;

	for (int knows = 0; knows < 2; knows++) {
		house_cut_core(h);
		house_link_core(h, false);
		CHECK(house_take(h, MSG_FLOW_UP, 1000));
		phone_say(p, invite("112", knows ? "h4" : "h3"));
		CHECK(!house_take(h, MSG_REQUEST, 1000));
		if (knows) {
			house_say_device(h, 1, DEVICE_VALID, 0, 1);
			house_say_done(h);
		}
		r = asked(&g, SIP_INVITE);
		if (!knows) {
			CHECK(!r);
			r = asked(&g, SIP_INVITE);
			r = r ? r : asked(&g, SIP_INVITE);
		}
		CHECK(r && r->emergency);
		answer(r->txn, 486);
		CHECK(hears("SIP/2.0 486 "));
	}
}

/* Any other call is refused: the one that a core died with at once, and one that comes when no other core does. */
static void another_call_is_refused(void)
{
	struct got g;

	phone_say(p, invite("102", "n1"));
	CHECK(asked(&g, SIP_INVITE));
	house_cut_core(h);
	CHECK(hears("SIP/2.0 500 "));
	phone_say(p, invite("103", "n2"));
	CHECK(hears("SIP/2.0 503 "));
	core_comes();
	CHECK(!house_take(h, MSG_REQUEST, 300));
}

static void who_gives_up_meanwhile_is_not_told_of(void)
{
	house_cut_core(h);
	phone_say(p, invite("112", "h2"));
	CHECK(hears("SIP/2.0 100 "));
	phone_say(p,
	    "CANCEL sip:112@exchange.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bKh2;rport\r\n"
	    "From: <sip:101@exchange.test>;tag=f1\r\nTo: <sip:112@exchange.test>\r\nCall-ID: held-h2\r\n"
	    "CSeq: 1 CANCEL\r\nMax-Forwards: 70\r\n" LEN0);
	CHECK(phone_hear(h, p, "SIP/2.0 487 ", 1000) && strstr(p->text, "CSeq: 1 CANCEL"));
	phone_forget_text(p);
	core_comes();
	CHECK(!house_take(h, MSG_REQUEST, 300));
}

/* Edge sees the end of a core and what a phone says in one turn, long after the former core went and before this one was told anything:
 * nobody waits for a third. */
static void who_is_heard_as_a_second_core_goes_is_heard(void)
{
	house_cut_core(h);
	house_link_core(h, false);
	CHECK(house_take(h, MSG_FLOW_UP, 1000));
	house_pump(h, CORE_AWAY_MS + 100);
	kill(h->edge, SIGSTOP);
	phone_say(p, HEAD("OPTIONS", "sip:exchange.test", "o3", "") LEN0);
	house_cut_core(h);
	kill(h->edge, SIGCONT);
	CHECK(hears("SIP/2.0 503 "));
	core_comes();
}

static struct phone *another(uint32_t device)
{
	struct cert_spec spec = {.device = device, .epoch = 1, .from_s = -60, .to_s = 3600};
	struct phone *other = phone_new(h, &spec, NULL);

	return phone_shake(h, other) ? other : NULL;
}

static void come_and_go(uint32_t n)
{
	struct phone *some[RESTING];

	for (uint32_t i = 0; i < n; i++)
		some[i] = phone_tcp(h);
	house_pump(h, 100);
	for (uint32_t i = n; i-- > 0;) { /* the last one first */
		phone_free(some[i]);
		if (n == 2)
			house_pump(h, 100);
	}
	house_pump(h, 100);
}

/* Core stands still, and is owed so much that it can be told of no connection. Those that came meanwhile are told of, the one behind as the
 * one in front, and so is a call for help that one of them made. */
static void who_comes_while_core_stands_still_is_told_of(void)
{
	struct phone *front, *behind;
	const struct msg_request *r;
	const struct got *g;
	uint64_t theirs = 0;

	/* a slot rests until as many more do: then these two are next, the one behind first */
	come_and_go(2);
	come_and_go(RESTING);
	h->core_open = false;
	for (int i = 0; i < 1100; i++)
		phone_say(p, HEAD("ACK", "sip:102@exchange.test", "a", ";tag=t1") LEN0);
	house_pump(h, 300);
	behind = another(2);
	front = another(7);
	CHECK(front && behind);
	phone_say(behind, invite("112", "h5"));
	CHECK(phone_hear(h, behind, "SIP/2.0 100 ", 1000));
	CHECK(!phone_hear(h, behind, "SIP/2.0 5", 100));
	h->core_open = true;
	for (int i = 0; i < 2; i++) {
		g = house_take(h, MSG_FLOW_UP, 1000);
		CHECK(g);
		if (g && ((const struct msg_flow_up *)got_payload(g))->device == 2)
			theirs = ((const struct msg_flow_up *)got_payload(g))->flow;
	}
	do {
		g = house_take(h, MSG_REQUEST, 1000);
		r = g ? got_payload(g) : NULL;
	} while (r && r->method == SIP_ACK);
	CHECK(r && r->emergency && r->flow == theirs);
	if (r)
		answer(r->txn, 486);
	CHECK(phone_hear(h, behind, "SIP/2.0 486 ", 1000));
	phone_free(front);
	phone_free(behind);
	house_pump(h, 100);
}

/* Whatever cores come and go. */
static void the_time_of_what_waits_goes_on(void)
{
	house_cut_core(h);
	phone_say(p, BYE("b6"));
	for (int i = 0; i < 5; i++) {
		house_link_core(h, false);
		CHECK(!phone_hear(h, p, "SIP/2.0", 1800));
		house_cut_core(h);
	}
	CHECK(phone_hear(h, p, "SIP/2.0 500 ", 3000));
	phone_forget_text(p);
	core_comes();
}

static void what_waits_for_nobody_is_answered(void)
{
	house_cut_core(h);
	phone_say(p, BYE("b4"));
	CHECK(!phone_hear(h, p, "SIP/2.0", 5000));
	CHECK(phone_hear(h, p, "SIP/2.0 500 ", 7000));
	phone_forget_text(p);
	core_comes();
	CHECK(!house_take(h, MSG_REQUEST, 300));
}

/* And nothing of it is left. */
static void who_goes_takes_it_along(void)
{
	house_cut_core(h);
	phone_say(p, BYE("b5"));
	CHECK(!phone_hear(h, p, "SIP/2.0", CORE_AWAY_MS + 200));
	phone_free(p);
	house_pump(h, 200);
	house_link_core(h, true);
	CHECK(!house_take(h, MSG_REQUEST, 300));
	CHECK(house_count(h, "texts") == 0 && house_count(h, "server-transactions") == 0);
}

int main(void)
{
	struct house_options o = {0};

	h = house_new(&o);
	RUN(a_phone_comes);
	RUN(who_comes_while_core_stands_still_is_told_of);
	RUN(a_hang_up_that_core_had_is_the_next_ones);
	RUN(one_that_comes_without_a_core_waits);
	RUN(it_is_told_once_more_and_not_again);
	RUN(a_call_for_help_goes_on);
	RUN(it_waits_for_a_core_that_knows_the_phones);
	RUN(another_call_is_refused);
	RUN(who_gives_up_meanwhile_is_not_told_of);
	RUN(who_is_heard_as_a_second_core_goes_is_heard);
	RUN(the_time_of_what_waits_goes_on);
	RUN(what_waits_for_nobody_is_answered);
	RUN(who_goes_takes_it_along);
	house_end(h);
	return TEST_END;
}
