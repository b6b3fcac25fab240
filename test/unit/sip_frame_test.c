/* SPDX-License-Identifier: ISC */
#include "test.h"
#include "wire/sip.h"
#include <stdlib.h>

static struct sip_framer f;
static struct sip_error err;
static size_t n;

static enum sip_frame frame(const char *text)
{
	return sip_frame(&f, span_str(text), &n, &err);
}

#define HEAD "OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/TLS h\r\n"

static void whole_messages(void)
{
	f = (struct sip_framer){0};
	CHECK(frame(HEAD "Content-Length: 3\r\n\r\nabcOPTIONS") == SIP_FRAME_MESSAGE &&
	      n == strlen(HEAD) + 21 + 3 + 2 - 2);
	CHECK(frame(HEAD "l \t:\r\n 0\r\n\r\n") == SIP_FRAME_MESSAGE &&
	      n == strlen(HEAD "l \t:\r\n 0\r\n\r\n"));
	CHECK(frame(HEAD "CONTENT-LENGTH:00001 \r\n\r\nx") == SIP_FRAME_MESSAGE);
	/* neither a folded line nor the name inside another value is a Content-Length */
	CHECK(frame(HEAD "X: y\r\n Content-Length: 9\r\nSubject: Content-Length: 9\r\nl: 0\r\n\r\n") ==
	      SIP_FRAME_MESSAGE);
}

/* one octet at a time gives the same cut, whatever comes behind */
static void octet_by_octet(void)
{
	static const char text[] = HEAD "Content-Length: 5\r\n\r\n12345";
	size_t all = sizeof text - 1;

	f = (struct sip_framer){0};
	for (size_t i = 0; i < all; i++)
		CHECK(sip_frame(&f, span_of(text, i), &n, &err) == SIP_FRAME_MORE);
	CHECK(sip_frame(&f, span_of(text, all), &n, &err) == SIP_FRAME_MESSAGE && n == all);
}

/* T19: the connection closes, so that what follows is never executed */
static void bad_lengths(void)
{
	static const char *const lines[] = {"", "Content-Length: -1\r\n", "Content-Length: 4294967328\r\n",
	    "Content-Length: 18446744073709551616\r\n", "Content-Length: 1 \r\n 2\r\n", "Content-Length:\r\n",
	    "Content-Length: 1a\r\n", "Content-Length: +1\r\n", "Content-Length: 0x1\r\n",
	    "Content-Length: 0\r\nl: 0\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n", "l: 16385\r\n",
	    "Content-Length: 1, 1\r\n", "X: y\nContent-Length: 0\r\n"};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char text[300];
		snprintf(text, sizeof text, HEAD "%s\r\nINVITE", lines[i]);
		f = (struct sip_framer){0};
		bool closes = frame(text) == SIP_FRAME_FATAL && err.reason && err.code >= 400;
		if (!closes)
			fprintf(stderr, "%s", lines[i]);
		CHECK(closes);
	}
}

static void too_large(void)
{
	char *text = malloc(2 * SIP_HEAD_MAX);

	CHECK(text);
	memset(text, 'a', 2 * SIP_HEAD_MAX);
	f = (struct sip_framer){0};
	bool waits = sip_frame(&f, span_of(text, SIP_HEAD_MAX), &n, &err) == SIP_FRAME_MORE;
	bool ends =
	    sip_frame(&f, span_of(text, SIP_HEAD_MAX + 1), &n, &err) == SIP_FRAME_FATAL && err.code == 513;
	memcpy(text + SIP_HEAD_MAX, "\r\n\r\n", 4); /* it ends, but too late */
	f = (struct sip_framer){0};
	ends &=
	    sip_frame(&f, span_of(text, SIP_HEAD_MAX + 4), &n, &err) == SIP_FRAME_FATAL && err.code == 513;
	free(text);
	CHECK(waits && ends);
}

/* RFC 5626 3.5.1 */
static void keep_alive(void)
{
	f = (struct sip_framer){0};
	CHECK(frame("") == SIP_FRAME_MORE && frame("\r") == SIP_FRAME_MORE);
	CHECK(frame("\r\n\r\n") == SIP_FRAME_PING && n == 4);
	CHECK(frame("\r\n\r\n" HEAD) == SIP_FRAME_PING && n == 4);
	CHECK(frame("\r\n") == SIP_FRAME_PONG && n == 2);
	CHECK(frame("\r\n") == SIP_FRAME_PING && n == 2); /* the other half of a ping in two parts */
	CHECK(frame("\r\n" HEAD) == SIP_FRAME_PONG && n == 2);
	CHECK(frame(HEAD "l: 0\r\n\r\n") == SIP_FRAME_MESSAGE);
	CHECK(frame("\r\n") == SIP_FRAME_PONG && n == 2); /* a message between two lone CRLF: no ping */
	f = (struct sip_framer){0};
	CHECK(frame("\n\n" HEAD) == SIP_FRAME_MORE);
}

int main(void)
{
	RUN(whole_messages);
	RUN(octet_by_octet);
	RUN(bad_lengths);
	RUN(too_large);
	RUN(keep_alive);
	return TEST_END;
}
