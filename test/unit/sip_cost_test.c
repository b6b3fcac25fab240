/* SPDX-License-Identifier: ISC */
/* T14, T16: of two messages much alike, the one that was made to be slow to read takes little longer. */
#include "test.h"
#include "wire/sip.h"
#include <stdlib.h>
#include <time.h>

enum { TRIES = 20, PARAMS = 28, ROUTES = 4, FEW = 7 };

static char text[SIP_MESSAGE_MAX];
static size_t n;

static void add(const char *s)
{
	n += (size_t)snprintf(text + n, sizeof text - n, "%s", s);
}

static void begin(void)
{
	n = 0;
	add("OPTIONS sip:h.example SIP/2.0\r\nVia: SIP/2.0/TLS h.example;branch=z9hG4bK1\r\nFrom: <sip:a@h.example>;tag=1\r\n"
	    "To: <sip:b@h.example>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n");
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* The least of several; what is expected of it is checked. */
static uint64_t cost(enum sip_verdict expected)
{
	static uint8_t copy[SIP_MESSAGE_MAX];
	static struct sip_msg m;
	struct sip_error err;
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		memcpy(copy, text, n);
		uint64_t from = cpu_ns();
		enum sip_verdict v = sip_parse(copy, n, &m, &err);
		uint64_t ns = cpu_ns() - from;
		least = v != expected ? 0 : ns < least ? ns : least;
	}
	return least;
}

/* A header of a name that is so long, with folds to the end of what a head may be. */
static uint64_t folds_after(int name)
{
	char line[SIP_HEAD_MAX];

	begin();
	snprintf(line, sizeof line, "%0*d: x\r\n", name, 0);
	add(line);
	while (n < SIP_HEAD_MAX - 100)
		add(" x\r\n");
	add("\r\n");
	return cost(SIP_ANSWER); /* a line too long */
}

static void folds_of_a_header_with_a_long_name(void)
{
	uint64_t shorter = folds_after(2), longer = folds_after(8000);

	CHECK(shorter && longer && longer < 2 * shorter);
}

/* ROUTES times PARAMS parameters whose names are told apart by their last octet alone, so many to an address. */
static uint64_t parameters(int each)
{
	int at = 0;

	begin();
	for (int c = 0; c < ROUTES * PARAMS / each; c++) {
		add(c % 8 ? ",<sip:a@h.example" : "Record-Route: <sip:a@h.example");
		for (int i = 0; i < each; i++, at++) {
			char one[40];
			snprintf(one, sizeof one, ";%%70aaaaaaaaaaaa%%%02x", '0' + at % PARAMS);
			add(one);
		}
		add(c % 8 == 7 || c + 1 == ROUTES * PARAMS / each ? ">\r\n" : ">");
	}
	add("\r\n");
	return cost(SIP_OK);
}

static void many_parameters_of_a_uri(void)
{
	uint64_t all = parameters(PARAMS), few = parameters(FEW);

	CHECK(all && few && all < 3 * few);
}

int main(void)
{
	RUN(folds_of_a_header_with_a_long_name);
	RUN(many_parameters_of_a_uri);
	return TEST_END;
}
