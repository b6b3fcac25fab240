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

static const struct got *call(const char *more)
{
	char text[2048];

	calls++;
	int n = snprintf(text, sizeof text,
	    "INVITE sip:+33123456789@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;rport;branch=z9hG4bK%u\r\n"
	    "Max-Forwards: 70\r\nFrom: <sip:+33600000000@gw.test>;tag=t%u\r\nTo: <sip:+33123456789@127.0.0.1>\r\n"
	    "Call-ID: c%u\r\nCSeq: 1 INVITE\r\nContact: <sip:gw@127.0.0.1:5099>\r\n%sContent-Length: 0\r\n\r\n",
	    calls, calls, calls, more);
	if (send(far, text, (size_t)n, 0) != n)
		return NULL;
	return house_take(h, MSG_REQUEST, 1000);
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

/* A name in the character set of the gateway's country costs its caller nothing. */
static void a_name_in_another_character_set(void)
{
	CHECK(begin());
	CHECK(asserts("P-Asserted-Identity: \"Jos\xe9\" <tel:+33698765432>\r\n", "+33698765432"));
	end();
}

int main(void)
{
	RUN(whom_it_asserts);
	RUN(a_name_in_another_character_set);
	return TEST_END;
}
