/* SPDX-License-Identifier: ISC */
/* RFC 4475 and RFC 5118 against expect.tsv (T15), and the typed fields of what parses. Runs in the folder of
 * the messages. */
#include "../unit/test.h"
#include "wire/sip_write.h"
#include <stdlib.h>
#include <unistd.h>

static uint8_t *data;
static size_t data_n;
static struct sip_msg m;
static struct sip_error err;

/* At its exact size on the heap, so that a read past its end is seen. */
static bool load(const char *path)
{
	static uint8_t room[SIP_MESSAGE_MAX];
	FILE *f = fopen(path, "rb");

	if (!f)
		return false;
	data_n = fread(room, 1, sizeof room, f);
	fclose(f);
	free(data);
	data = malloc(data_n ? data_n : 1);
	if (!data)
		abort();
	memcpy(data, room, data_n);
	return data_n > 0;
}

static bool parsed(const char *path)
{
	return load(path) && sip_parse(data, data_n, &m, &err) == SIP_OK;
}

static bool is(struct span s, const char *text)
{
	return span_eq(s, span_str(text));
}

static const char *verdict_name(enum sip_verdict v)
{
	return v == SIP_OK ? "ok" : v == SIP_ANSWER ? "answer" : "discard";
}

static const char *frame_name(enum sip_frame f)
{
	static const char *const names[] = {"more", "message", "ping", "pong", "fatal"};

	return names[f];
}

static bool line_holds(char *line)
{
	const char *field[8];
	struct sip_framer framer = {0};
	struct sip_error stream_err;
	size_t n = 0;

	for (size_t i = 0; i < 8; i++)
		if (!(field[i] = strsep(&line, "\t\n")))
			return false;
	if (!load(field[0]))
		return false;
	const char *stream = frame_name(sip_frame(&framer, span_of(data, data_n), &n, &stream_err));
	enum sip_verdict v = sip_parse(data, data_n, &m, &err);
	unsigned code = v == SIP_OK ? 0 : err.code;
	bool ok = strcmp(stream, field[4]) == 0 && strcmp(verdict_name(v), field[2]) == 0 &&
		  code == strtoul(field[3], NULL, 10);
	if (!ok)
		fprintf(stderr, "%s: %s %u (%s), stream %s\n", field[0], verdict_name(v), code,
		    v == SIP_OK ? "-" : err.reason, stream);
	return ok;
}

static void every_message_as_expected(void)
{
	char line[1024];
	unsigned lines = 0, wrong = 0;
	FILE *f = fopen("expect.tsv", "r");

	CHECK(f);
	CHECK(fgets(line, sizeof line, f));
	while (fgets(line, sizeof line, f)) {
		lines++;
		wrong += !line_holds(line);
	}
	fclose(f);
	CHECK(lines == 49 + 12);
	CHECK(wrong == 0);
}

static void wsinv(void)
{
	CHECK(parsed("rfc4475/wsinv.dat"));
	CHECK(m.method == SIP_INVITE && m.cseq == 9 && m.max_forwards == 68 && m.content_length == 150);
	CHECK(is(m.from.display, "J Rosenberg \\\\\\\"") && is(m.from.tag, "98asjd8") &&
	      is(m.to.tag, "1918181833n"));
	CHECK(is(m.to.uri.text, "sip:vivekg@chair-dnrc.example.com"));
	CHECK(m.via_n == 3 && is(m.via.host, "192.0.2.2") && m.via.transport == SIP_TRANSPORT_UDP);
	CHECK(is(m.via.branch, "390skdjuw") && !m.via.cookie);
	CHECK(m.route_n == 1 && m.route_top.lr && is(m.route_top.host, "services.example.com"));
	CHECK(m.contact_n == 1 && m.contact[0].has_q && m.contact[0].q == 330);
	CHECK(m.content == SIP_MEDIA_SDP && m.body.n == 150);
}

static void escapes(void)
{
	uint8_t user[64];

	CHECK(parsed("rfc4475/esc01.dat"));
	CHECK(m.uri.scheme == URI_SIP && is(m.uri.user, "sips%3Auser%40example.com") &&
	      is(m.uri.host, "example.net"));
	CHECK(uri_unescape(m.uri.user, user, sizeof user) == 21 &&
	      memcmp(user, "sips:user@example.com", 21) == 0);
	CHECK(
	    uri_unescape(m.from.uri.user, user, sizeof user) == 13 && memcmp(user, "I have spaces", 13) == 0);
	CHECK(m.contact[0].addr.uri.lr); /* %6C%72 is lr */
	CHECK(parsed("rfc4475/esc02.dat"));
	CHECK(m.method == SIP_UNKNOWN && is(m.method_name, "RE%47IST%45R") && m.contact_n == 2);
}

static void odd_but_valid(void)
{
	CHECK(parsed("rfc4475/lwsdisp.dat"));
	CHECK(is(m.from.display, "caller") && is(m.from.uri.user, "caller"));
	CHECK(parsed("rfc4475/semiuri.dat"));
	CHECK(is(m.uri.user, "user;par=u%40example.net") && is(m.uri.host, "example.com"));
	CHECK(parsed("rfc4475/transports.dat"));
	CHECK(m.via_n == 5 && m.via.transport == SIP_TRANSPORT_UDP);
	CHECK(parsed("rfc4475/longreq.dat"));
	CHECK(m.via_n == 34 && is(m.via.host, "sip33.example.com") && m.via_text[33].n == 270);
	CHECK(parsed("rfc4475/dblreq.dat"));
	CHECK(m.method == SIP_REGISTER && m.body.n == 0);
	CHECK(parsed("rfc4475/mpart01.dat"));
	CHECK(m.content == SIP_MEDIA_MULTIPART && is(m.boundary, "7a9cbec02ceef655") && m.body.n == 553);
	CHECK(parsed("rfc4475/noreason.dat"));
	CHECK(m.status == 100 && m.reason_phrase.n == 0 && m.method == SIP_INVITE);
	CHECK(parsed("rfc4475/inv2543.dat"));
	CHECK(m.from.tag.n == 0 && m.via.branch.n == 0 && m.body.n > 0);
}

static void what_edge_decides_on(void)
{
	CHECK(parsed("rfc4475/badbranch.dat") && !m.via.cookie);
	CHECK(parsed("rfc4475/bext01.dat") && m.require.known == 0 && m.require.unknown_n == 2);
	CHECK(is(m.require.unknown[1], "nothingSupportsThisEither") && m.proxy_require.unknown_n == 2);
	CHECK(parsed("rfc4475/invut.dat") && m.content == SIP_MEDIA_OTHER);
	CHECK(parsed("rfc4475/regaut01.dat") && m.auth_other && m.credentials_n == 0);
	CHECK(parsed("rfc4475/zeromf.dat") && sip_has(&m, SIP_H_MAX_FORWARDS) && m.max_forwards == 0);
	CHECK(parsed("rfc4475/sdp01.dat") && sip_has(&m, SIP_H_ACCEPT) && m.accept == 0);
	CHECK(parsed("rfc4475/cparam01.dat") && is(m.contact[0].addr.params, ";unknownparam"));
	CHECK(parsed("rfc4475/cparam02.dat") && is(m.contact[0].addr.uri.params, ";unknownparam"));
	CHECK(parsed("rfc4475/regescrt.dat") &&
	      is(m.contact[0].addr.uri.headers, "Route=%3Csip:sip.example.com%3E"));
}

static void ipv6(void)
{
	struct addr a;

	CHECK(parsed("rfc5118/port-ambiguous") && m.uri.port == 0);
	CHECK(addr_parse_ip(SPAN("2001:db8::10:5070"), &a) && addr_same_ip(&a, &m.uri.addr));
	CHECK(parsed("rfc5118/port-unambiguous") && m.uri.port == 5070);
	CHECK(addr_parse_ip(SPAN("2001:db8::9:255"), &a));
	CHECK(parsed("rfc5118/via-received-param-with-delim") && addr_same_ip(&a, &m.via.received));
	CHECK(parsed("rfc5118/via-received-param-no-delim") && addr_same_ip(&a, &m.via.received));
	CHECK(parsed("rfc5118/mult-ip-in-header") && m.via_n == 3 && m.via.port == 6050);
	CHECK(parsed("rfc5118/ipv4-mapped-ipv6") && m.via.addr.port == 19823);
}

/* A refused request is answered with what could be read of it, and the answer is a well-formed response. */
static void refusals_are_answered(void)
{
	static const char *const files[] = {"rfc4475/intmeth.dat", "rfc4475/quotbal.dat",
	    "rfc4475/scalar02.dat", "rfc4475/badvers.dat", "rfc4475/multi01.dat", "rfc4475/insuf.dat"};
	static uint8_t out[SIP_MESSAGE_MAX];
	struct addr source = {0};

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct buf b = buf_of(out, sizeof out);
		CHECK(load(files[i]) && sip_parse(data, data_n, &m, &err) == SIP_ANSWER);
		sip_put_response(&b, &m, err.code, NULL, SPAN("t"), &source);
		sip_put_no_body(&b);
		CHECK(!b.full && span_starts(buf_span(&b), SPAN("SIP/2.0 ")));
		for (size_t k = 0; k < b.n; k++)
			CHECK(out[k] != 0 && (out[k] != '\n' || out[k - 1] == '\r'));
	}
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]))
		return 2;
	RUN(every_message_as_expected);
	RUN(wsinv);
	RUN(escapes);
	RUN(odd_but_valid);
	RUN(what_edge_decides_on);
	RUN(ipv6);
	RUN(refusals_are_answered);
	free(data);
	return TEST_END;
}
