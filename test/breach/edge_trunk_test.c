/* SPDX-License-Identifier: ISC */
/* What a trunk says of a caller, as core hears it from the edge (R4, R18). The test is core and the trunk. */
#include "../unit/test.h"
#include "edge_house.h"
#include "wire/sip.h"
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct house *h;
static int far;
static unsigned calls;

static bool begin(void)
{
	struct house_options o = {.datagrams = true};
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	h = house_new(&o);
	far = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	a.sin_port = htons(h->udp_port);
	return connect(far, (struct sockaddr *)&a, sizeof a) == 0;
}

static void end(void)
{
	close(far);
	house_end(h);
}

static bool say(unsigned nth, const char *more)
{
	char text[2048];
	int n = snprintf(text, sizeof text,
	    "INVITE sip:+33123456789@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;rport;branch=z9hG4bK%u\r\n"
	    "Max-Forwards: 70\r\nFrom: <sip:+33600000000@gw.test>;tag=t%u\r\nTo: <sip:+33123456789@127.0.0.1>\r\n"
	    "Call-ID: c%u\r\nCSeq: 1 INVITE\r\nContact: <sip:gw@127.0.0.1:5099>\r\n%sContent-Length: 0\r\n\r\n",
	    nth, nth, nth, more);

	return send(far, text, (size_t)n, 0) == n;
}

static const struct got *call(const char *more)
{
	return say(++calls, more) ? house_take(h, MSG_REQUEST, 1000) : NULL;
}

/* Any answer at all, within so long? */
static bool hears_from(struct house *house, int ms)
{
	char text[2048];

	while (recv(far, text, sizeof text, 0) > 0) /* of what was said before */
		;
	house_pump(house, ms);
	return recv(far, text, sizeof text, 0) > 0;
}

/* What a trunk says while core is away waits as what phones say does (R28). */
static void core_is_away(void)
{
	CHECK(begin());
	CHECK(call(""));
	house_cut_core(h);
	CHECK(house_settle(h));
	calls++;
	CHECK(say(calls, "") && !hears_from(h, 200));
	house_link_core(h, true);
	const struct got *g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g && ((const struct msg_request *)got_payload(g))->method == SIP_INVITE);
	end();
}

static bool asserts(const char *more, const char *user)
{
	const struct got *g = call(more);
	const struct msg_request *r = g ? got_payload(g) : NULL;

	return r && r->asserted == (*user != 0) && span_eq(got_str(g, r->asserted_user), span_str(user));
}

/* RFC 3325 9.1 */
static void whom_it_asserts(void)
{
	CHECK(begin());
	CHECK(asserts("", ""));
	CHECK(asserts("P-Asserted-Identity: <sip:+33698765432@gw.test;user=phone>\r\n", "+33698765432"));
	CHECK(asserts("P-Asserted-Identity: <tel:+33698765432>\r\n", "+33698765432"));
	CHECK(asserts("P-Asserted-Identity: <tel:+33698765432>, \"Ann\" <sip:ann@gw.test>\r\n", "+33698765432"));
	CHECK(asserts("P-Asserted-Identity: \"Ann\" <sip:ann@gw.test>, <tel:+33698765432>\r\n", "+33698765432"));
	CHECK(asserts("P-Asserted-Identity: \"Ann\" <sip:ann@gw.test>\r\nP-Asserted-Identity: <tel:+33698765432>\r\n", "+33698765432"));
	CHECK(asserts("P-Asserted-Identity: \"Ann\" <sip:ann@gw.test>\r\n", "ann"));
	end();
}

static bool states(const char *more, const char *user)
{
	const struct got *g = call(more);
	const struct msg_request *r = g ? got_payload(g) : NULL;

	return r && span_eq(got_str(g, r->called_user), span_str(user));
}

/* RFC 7315 5.2; what nobody can read costs nobody a call. */
static void whom_it_states_to_be_called(void)
{
	CHECK(begin());
	CHECK(states("", ""));
	CHECK(states("P-Called-Party-ID: <sip:+33140000001@gw.test;user=phone>\r\n", "+33140000001"));
	CHECK(states("P-Called-Party-ID: \"We\" <tel:+33140000001>;x=y\r\n", "+33140000001"));
	CHECK(states("P-Called-Party-ID: sip:+33140000001@gw.test\r\n", "+33140000001"));
	CHECK(states("P-Called-Party-ID: <urn:service:x>\r\n", ""));
	CHECK(states("P-Called-Party-ID: nobody can read this <\r\n", ""));
	CHECK(states("P-Called-Party-ID: <sip:+33140000001@gw.test>, <sip:+33140000002@gw.test>\r\n", ""));
	end();
}

/* RFC 3966: who calls and who is called may be a number alone. */
static void numbers_alone(void)
{
	static const char text[] =
	    "INVITE tel:+33123456789 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;rport;branch=z9hG4bKtel\r\n"
	    "Max-Forwards: 70\r\nFrom: <tel:+33600000000>;tag=t\r\nTo: <tel:+33123456780;phone-context=+33>\r\n"
	    "Call-ID: tel\r\nCSeq: 1 INVITE\r\nContact: <sip:gw@127.0.0.1:5099>\r\nContent-Length: 0\r\n\r\n";

	CHECK(begin());
	CHECK(send(far, text, sizeof text - 1, 0) == sizeof text - 1);
	const struct got *g = house_take(h, MSG_REQUEST, 1000);
	const struct msg_request *r = g ? got_payload(g) : NULL;
	CHECK(r && span_eq(got_str(g, r->target_user), SPAN("+33123456789")));
	CHECK(r && span_eq(got_str(g, r->from_user), SPAN("+33600000000")) && r->from_kind == FROM_FOREIGN);
	CHECK(r && span_eq(got_str(g, r->to_user), SPAN("+33123456780;phone-context=+33")) && !r->to_ours);
	end();
}

/* A name in the character set of the gateway's country costs its caller nothing. */
static void a_name_in_another_character_set(void)
{
	CHECK(begin());
	CHECK(asserts("P-Asserted-Identity: \"Jos\xe9\" <tel:+33698765432>\r\n", "+33698765432"));
	end();
}

static bool hides(const char *privacy)
{
	const struct got *g = call(privacy);

	return g && ((const struct msg_request *)got_payload(g))->privacy;
}

/* RFC 3323 4.2, RFC 7044 10.1: of what may be hidden some is not the caller. */
static void who_hides(void)
{
	CHECK(begin());
	CHECK(!hides("") && !hides("Privacy: none\r\n") && !hides("Privacy: history\r\n") && !hides("Privacy: critical\r\n"));
	CHECK(hides("Privacy: id\r\n") && hides("Privacy: user;critical\r\n") && hides("Privacy: history;id\r\n"));
	CHECK(hides("Privacy: header\r\n") && hides("Privacy: session\r\n") && hides("Privacy: another\r\n"));
	end();
}

/* What follows a name at the beginning of a line of what edge sent, with its CRLF. */
static struct span line_of(const char *heard, const char *name)
{
	const char *at = strstr(heard, name), *over = at ? strstr(at + 2, "\r\n") : NULL;

	return over ? span_of(at, (size_t)(over - at)) : SPAN("");
}

/* core registers over that flow, and is told this of the registrar's answer. */
static bool grants(uint64_t flow, const char *contacts, uint32_t expires)
{
	char heard[2048], text[4096], contact[256] = "";
	static uint64_t ref = 900;
	struct msg_send *m = ipc_begin(&h->core, MSG_SEND);
	ssize_t n = -1;

	m->ref = ++ref;
	m->flow = flow;
	m->method = SIP_REGISTER;
	m->target = ipc_put(&h->core, SPAN("sip:127.0.0.1"));
	m->from_tag = ipc_put(&h->core, SPAN("t"));
	m->call_id = ipc_put(&h->core, SPAN("c"));
	m->leg_token = ipc_put(&h->core, SPAN("u4930"));
	m->expires = 600;
	m->cseq = (uint32_t)ref;
	ipc_end(&h->core);
	for (int i = 0; i < 200 && n < 0; i++) {
		house_pump(h, 5);
		n = recv(far, heard, sizeof heard - 1, MSG_DONTWAIT);
		if (n > 0 && strncmp(heard, "REGISTER", 8) != 0)
			n = -1;
	}
	if (n < 0)
		return false;
	heard[n] = 0;
	const struct span ours = line_of(heard, "\r\nContact: ");
	if (strstr(contacts, "OURS")) {
		const struct span bare = span_head(ours, span_find(ours, '>') + 1);
		snprintf(contact, sizeof contact, "%.*s;expires=300", SPAN_ARG(bare));
		contacts = strstr(contacts, "OURS") + 4;
	}
	const char *const copied[] = {"\r\nVia: ", "\r\nFrom: ", "\r\nTo: ", "\r\nCall-ID: ", "\r\nCSeq: "};
	struct buf b = buf_of(text, sizeof text);
	buf_str(&b, "SIP/2.0 200 OK");
	for (int i = 0; i < 5; i++)
		buf_add(&b, line_of(heard, copied[i]));
	buf_str(&b, contact);
	buf_str(&b, "\r\n");
	buf_str(&b, contacts);
	buf_str(&b, "Content-Length: 0\r\n\r\n");
	if (b.full || send(far, text, b.n, 0) < 0)
		return false;
	const struct got *g = house_take(h, MSG_RESPONSE, 1000);
	const struct msg_response *r = g ? got_payload(g) : NULL;
	return r && r->ref == ref && r->code == 200 && r->expires == expires;
}

/* RFC 3261 10.2.4; a Contact that was changed on the way back is still of somebody who must not be forgotten. */
static void how_long_a_registrar_remembers(void)
{
	CHECK(begin());
	const struct got *g = call("");
	CHECK(g);
	const uint64_t flow = ((const struct msg_request *)got_payload(g))->flow;
	CHECK(grants(flow, "", ABSENT));
	CHECK(grants(flow, "Expires: 1800\r\n", 1800));
	CHECK(grants(flow, "OURSContact: <sip:u@192.0.2.9>;expires=60\r\n", 300));
	CHECK(grants(flow, "Contact: <sip:u@192.0.2.9:1024>;expires=60\r\n", 60));
	CHECK(grants(flow, "Expires: 1800\r\nContact: <sip:u@192.0.2.9:1024>;expires=60, <sip:u@192.0.2.8>;expires=90\r\n", 60));
	CHECK(grants(flow, "Expires: 30\r\nContact: <sip:u@192.0.2.9:1024>\r\n", 30));
	end();
}

int main(void)
{
	RUN(who_hides);
	RUN(how_long_a_registrar_remembers);
	RUN(whom_it_asserts);
	RUN(whom_it_states_to_be_called);
	RUN(numbers_alone);
	RUN(a_name_in_another_character_set);
	RUN(core_is_away);
	return TEST_END;
}
