/* SPDX-License-Identifier: ISC */
#include "test.h"
#include "wire/sip_write.h"

static uint8_t mem[8192], in[8192];
static struct buf b;
static struct sip_msg m, req;
static struct sip_error err;

static void start(void)
{
	b = buf_of(mem, sizeof mem);
}

static bool reads_back(void)
{
	bool ok = !b.full && sip_parse(mem, b.n, &m, &err) == SIP_OK;

	if (!ok)
		fprintf(stderr, "%s\n%.*s\n", b.full ? "full" : err.reason, (int)b.n, (char *)mem);
	return ok;
}

static bool is(struct span s, const char *text)
{
	return span_eq(s, span_str(text));
}

static void put_needed(void)
{
	struct sip_via_out v = {.transport = SIP_TRANSPORT_TLS,
	    .host = SPAN("office.example"),
	    .port = 5061,
	    .branch = SPAN("z9hG4bKabc"),
	    .rport = true};
	struct sip_addr_out from = {SPAN("Ada \"A\" \\ Byron"), SPAN("sip:101@office.example"), SPAN("t1")};
	struct sip_addr_out to = {SPAN(""), SPAN("sips:102@office.example;user=phone"), SPAN("")};

	sip_put_via(&b, &v);
	sip_put_addr(&b, SIP_H_FROM, &from);
	sip_put_addr(&b, SIP_H_TO, &to);
	sip_put_text(&b, SIP_H_CALL_ID, SPAN("x@y"));
}

static void request_and_back(void)
{
	struct span routes[] = {SPAN("<sip:a.example;lr>"), SPAN("<sip:b.example;lr>;x=y")};
	struct sip_contact_out c = {.uri = SPAN("sips:101@192.0.2.1:5061"),
	    .instance = SPAN("<urn:uuid:1>"),
	    .reg_id = 3,
	    .q = 70,
	    .has_expires = true,
	    .expires_s = 300};
	uint8_t name[64];

	start();
	sip_put_request(&b, SIP_INVITE, SPAN("sips:102@office.example;transport=tls"));
	put_needed();
	sip_put_cseq(&b, 7, SIP_INVITE);
	sip_put_number(&b, SIP_H_MAX_FORWARDS, 70);
	sip_put_contact(&b, &c);
	sip_put_text(&b, SIP_H_ROUTE, routes[0]);
	sip_put_text(&b, SIP_H_ROUTE, routes[1]);
	sip_put_tags(&b, SIP_H_SUPPORTED, SIP_TAG_100REL | SIP_TAG_TIMER | SIP_TAG_ICE);
	sip_put_tags(&b, SIP_H_REQUIRE, 0);
	sip_put_allow(&b, 1u << SIP_INVITE | 1u << SIP_ACK | 1u << SIP_PUBLISH);
	sip_put_session_expires(&b, 1800, SIP_REFRESHER_UAC);
	sip_put_rack(&b, 1, 2, SIP_INVITE);
	sip_put_reason(&b, SIP_REASON_Q850, 16, SPAN("by\"e"));
	sip_put_warning(&b, 399, SPAN("office.example"), SPAN("no key method in common"));
	sip_put_subscription_state(&b, SIP_SUBSTATE_ACTIVE, 60, SPAN(""));
	sip_put_body(&b, SPAN("application/sdp"), SPAN("v=0\r\n"));
	CHECK(reads_back());
	CHECK(m.method == SIP_INVITE && m.cseq == 7 && m.max_forwards == 70 && is(m.body, "v=0\r\n") &&
	      m.content == SIP_MEDIA_SDP);
	CHECK(sip_unquote(m.from.display, name, sizeof name) == 15 &&
	      memcmp(name, "Ada \"A\" \\ Byron", 15) == 0);
	CHECK(is(m.from.tag, "t1") && m.to.tag.n == 0 && m.to.uri.user_phone && m.via.rport &&
	      m.via.port == 5061);
	CHECK(m.contact[0].q == 70 && m.contact[0].expires_s == 300 && m.contact[0].reg_id == 3);
	CHECK(is(m.contact[0].instance, "<urn:uuid:1>") && m.route_n == 2 &&
	      is(m.route[1], "<sip:b.example;lr>;x=y"));
	CHECK(m.supported == (SIP_TAG_100REL | SIP_TAG_TIMER | SIP_TAG_ICE) && !sip_has(&m, SIP_H_REQUIRE));
	CHECK(m.allow == (1u << SIP_INVITE | 1u << SIP_ACK | 1u << SIP_PUBLISH) &&
	      m.refresher == SIP_REFRESHER_UAC);
	CHECK(m.rack.cseq == 2 && m.reason[0].cause == 16 && is(m.reason[0].text, "by\\\"e") &&
	      m.warning.code == 399);
	CHECK(m.substate == SIP_SUBSTATE_ACTIVE && m.substate_expires_s == 60);
}

static void body_in_place(void)
{
	for (size_t n = 0; n < 1500; n += 499) {
		start();
		sip_put_request(&b, SIP_MESSAGE, SPAN("sip:1@h.example"));
		put_needed();
		sip_put_cseq(&b, 1, SIP_MESSAGE);
		size_t mark = sip_body_begin(&b, SPAN("text/plain"));
		for (size_t i = 0; i < n; i++)
			buf_u8(&b, 'x');
		sip_body_end(&b, mark);
		CHECK(reads_back() && m.content_length == n && m.body.n == n);
	}
}

static bool answers(const char *lines, const char *source, unsigned code)
{
	struct addr a = {0};
	int n = snprintf((char *)in, sizeof in,
	    "INVITE sip:2@h.example SIP/2.0\r\n%sFrom: <sip:1@h.example>;tag=f\r\nCall-ID: c\r\nCSeq: 4 "
	    "INVITE\r\n"
	    "Timestamp: 12.5\r\n\r\n",
	    lines);

	if (!addr_parse_ip(span_str(source), &a) || sip_parse(in, (size_t)n, &req, &err) != SIP_OK)
		return false;
	a.port = 40000;
	start();
	sip_put_response(&b, &req, code, NULL, code == 100 ? SPAN("") : SPAN("mine"), &a);
	sip_put_no_body(&b);
	return !b.full;
}

/* RFC 3261 18.2.1 and 8.2.6, RFC 3581 4 */
static void response_echoes(void)
{
	CHECK(answers("Via: SIP/2.0/TLS 192.0.2.1:5061;rport;branch=z9hG4bK1;x=\"y\"\r\nv: SIP/2.0/UDP "
		      "p.example, SIP/2.0/TCP q\r\n"
		      "To: <sip:2@h.example>\r\n",
	    "198.51.100.7", 180));
	CHECK(span_starts(buf_span(&b),
	    SPAN("SIP/2.0 180 Ringing\r\n"
		 "Via: SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK1;x=\"y\";received=198.51.100.7;rport=40000"
		 "\r\nVia: SIP/2.0/UDP p.example\r\nVia: SIP/2.0/TCP q\r\nFrom: <sip:1@h.example>;tag=f\r\n"
		 "To: <sip:2@h.example>;tag=mine\r\nCall-ID: c\r\nCSeq: 4 INVITE\r\n")));
	CHECK(answers("Via: SIP/2.0/TLS 192.0.2.1;branch=z9hG4bK1\r\nTo: sip:2@h.example;tag=theirs\r\n",
	    "192.0.2.1", 100));
	CHECK(reads_back() && m.via.received.family == 0 && !m.via.rport && is(m.to.tag, "theirs"));
	CHECK(m.status == 100 && is(m.timestamp, "12.5") && is(m.reason_phrase, "Trying") &&
	      m.content_length == 0);
	CHECK(answers("Via: SIP/2.0/TLS p.example;received=10.0.0.1;rport=9\r\nTo: sip:2@h.example\r\n",
	    "2001:db8::1", 486));
	CHECK(reads_back() && m.via.received.family == 6 && m.via.rport_port == 40000 &&
	      !sip_has(&m, SIP_H_TIMESTAMP));
	CHECK(is(m.to.tag, "mine"));
}

static void unsupported(void)
{
	struct sip_tags t = {
	    .known = SIP_TAG_100REL | SIP_TAG_JOIN, .unknown_n = 1, .unknown = {SPAN("x-new")}};

	start();
	sip_put_unsupported(&b, &t, SIP_TAG_100REL);
	CHECK(is(buf_span(&b), "Unsupported: join, x-new\r\n"));
	t.unknown_n = 0;
	start();
	sip_put_unsupported(&b, &t, SIP_TAG_100REL | SIP_TAG_JOIN);
	CHECK(b.n == 0);
}

/* R5, T39: nothing that would break a line or a field leaves */
static void bad_values(void)
{
	static const struct span bad[] = {{(const uint8_t *)"a\r\nX: y", 7}, {(const uint8_t *)"a\0b", 3},
	    {(const uint8_t *)"a\nb", 3}, {(const uint8_t *)"a\rb", 3}, {(const uint8_t *)"a\x7f", 2},
	    {(const uint8_t *)"a\xff", 2}};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct sip_addr_out a = {bad[i], SPAN("sip:1@h.example"), SPAN("")};
		start(), sip_put_text(&b, SIP_H_CALL_ID, bad[i]);
		CHECK(b.full);
		start(), sip_put_addr(&b, SIP_H_FROM, &a);
		CHECK(b.full);
		a = (struct sip_addr_out){SPAN(""), SPAN("sip:1@h.example"), bad[i]};
		start(), sip_put_addr(&b, SIP_H_FROM, &a);
		CHECK(b.full);
		struct uri_out made = {.scheme = URI_SIP, .user = SPAN("1"), .host = bad[i]};
		a = (struct sip_addr_out){.made = &made};
		start(), sip_put_addr(&b, SIP_H_TO, &a);
		CHECK(b.full);
		a = (struct sip_addr_out){SPAN(""), bad[i], SPAN("")};
		start(), sip_put_addr(&b, SIP_H_FROM, &a);
		CHECK(b.full);
		start(), sip_put_text(&b, SIP_H_ROUTE, bad[i]);
		CHECK(b.full);
		start(), sip_put_reason(&b, SIP_REASON_SIP, 200, bad[i]);
		CHECK(b.full);
		start(), sip_put_warning(&b, 399, bad[i], SPAN("x"));
		CHECK(b.full);
		start(), sip_body_end(&b, sip_body_begin(&b, bad[i]));
		CHECK(b.full);
	}
	start(), sip_put_request(&b, SIP_UNKNOWN, SPAN("sip:h.example"));
	CHECK(b.full);
	start(), sip_put_request(&b, SIP_BYE, SPAN("sip:h.example> SIP/2.0"));
	CHECK(b.full);
	start(), sip_put_status(&b, 700, NULL);
	CHECK(b.full);
	start(), sip_put_status(&b, 400, "a\r\nb");
	CHECK(b.full);
	start(), sip_put_cseq(&b, 0x80000000, SIP_BYE);
	CHECK(b.full);
	start(), sip_put_number(&b, SIP_H_NONE, 1);
	CHECK(b.full);
}

/* Whatever the room, a message is whole or full is set. */
static void every_room(void)
{
	start();
	sip_put_request(&b, SIP_OPTIONS, SPAN("sip:h.example"));
	put_needed();
	sip_put_cseq(&b, 1, SIP_OPTIONS);
	sip_put_body(&b, SPAN("text/plain"), SPAN("abc"));
	CHECK(!b.full);
	size_t whole = b.n;
	for (size_t room = 0; room <= whole; room++) {
		b = buf_of(mem, room);
		sip_put_request(&b, SIP_OPTIONS, SPAN("sip:h.example"));
		put_needed();
		sip_put_cseq(&b, 1, SIP_OPTIONS);
		sip_put_body(&b, SPAN("text/plain"), SPAN("abc"));
		CHECK(b.full == (room < whole) && b.n <= room);
	}
}

int main(void)
{
	RUN(request_and_back);
	RUN(body_in_place);
	RUN(response_echoes);
	RUN(unsupported);
	RUN(bad_values);
	RUN(every_room);
	return TEST_END;
}
