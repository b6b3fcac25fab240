/* SPDX-License-Identifier: ISC */
#include "test.h"
#include "wire/sip.h"
#include <stdlib.h>

static struct sip_msg m;
static struct sip_error err;
static uint8_t *data;

static enum sip_verdict parse_n(const void *p, size_t n)
{
	free(data);
	data = malloc(n ? n : 1); /* its exact size: a read past the end is seen */
	if (!data)
		abort();
	memcpy(data, p, n);
	return sip_parse(data, n, &m, &err);
}

/* A request of method with these header lines added to the needed ones. */
static enum sip_verdict request(const char *method, const char *lines)
{
	static char text[200000];
	int n = snprintf(text, sizeof text,
	    "%s sip:office.example SIP/2.0\r\nVia: SIP/2.0/TLS h.example;branch=z9hG4bK1\r\n"
	    "From: <sip:a@office.example>;tag=1\r\nTo: <sip:b@office.example>\r\nCall-ID: c\r\nCSeq: 1 "
	    "%s\r\n%s\r\n",
	    method, method, lines);
	return parse_n(text, (size_t)n);
}

static enum sip_verdict with(const char *lines)
{
	return request("INVITE", lines);
}

static bool refused(const char *lines, unsigned code, const char *reason)
{
	bool ok = with(lines) == SIP_ANSWER && err.code == code && strcmp(err.reason, reason) == 0;

	if (!ok)
		fprintf(stderr, "%s: %u %s\n", lines, err.code, err.reason ? err.reason : "-");
	return ok;
}

static bool is(struct span s, const char *text)
{
	return span_eq(s, span_str(text));
}

/* T12: what the grammar allows around a header name reads the same; what it does not is refused */
static void header_names(void)
{
	CHECK(with("Max-Forwards: 7\r\n") == SIP_OK && m.max_forwards == 7);
	CHECK(with("Max-Forwards \t :\t7\t\r\n") == SIP_OK && m.max_forwards == 7);
	CHECK(with("MAX-FORWARDS:7\r\n") == SIP_OK && m.max_forwards == 7);
	CHECK(with("X-Name : v\r\n") == SIP_OK && with("X-Name:\r\n") == SIP_OK);
	CHECK(refused("Max-Forwards\r\n : 7\r\n", 400, "control character or misplaced fold"));
	CHECK(refused("X Name: v\r\n", 400, "bad header name"));
	CHECK(refused(": v\r\n", 400, "bad header name"));
	CHECK(refused("X-Name\r\n", 400, "bad header name"));
	CHECK(refused("X-N\xc3\xa4me: v\r\n", 400, "bad header name"));
	CHECK(refused("(X): v\r\n", 400, "bad header name"));
}

static void folds(void)
{
	CHECK(with("Max-Forwards:\r\n\t 7\r\n") == SIP_OK && m.max_forwards == 7);
	CHECK(with("Supported: timer\r\n , 100rel\r\n") == SIP_OK &&
	      m.supported == (SIP_TAG_TIMER | SIP_TAG_100REL));
	CHECK(with("Contact: \"a\r\n b\" <sip:x@h.example>\r\n") == SIP_OK &&
	      is(m.contact[0].addr.display, "a   b"));
	CHECK(refused("Z: v\r\n \r\n", 400, "control character or misplaced fold"));
	CHECK(refused("Max-Forwards: 7\r\n 1\r\n", 400, "something follows the value of a header"));
	CHECK(parse_n("INVITE sip:x\r\n SIP/2.0\r\n\r\n", 27) == SIP_DISCARD);
}

/* What a gateway writes in ISO 8859-1 costs nobody their call. */
static void quotes_in_another_character_set(void)
{
	CHECK(with("Contact: \"Jos\xe9 \xc3\" <sip:x@h.example>\r\n") == SIP_OK && is(m.contact[0].addr.display, "Jos? ?"));
	CHECK(with("Contact: \"\xc3\xa9\xff\\\"\" <sip:x@h.example>\r\n") == SIP_OK &&
	      is(m.contact[0].addr.display, "\xc3\xa9?\\\""));
	CHECK(refused("Contact: \"a\" <sip:\xe9@h.example>\r\n", 400, "not UTF-8"));
}

static void bare_controls(void)
{
	static const char *const lines[] = {"Z: a\nVia: b\r\n", "Z: a\rb\r\n", "Z: a\x01\r\n", "Z: a\x7f\r\n",
	    "Z: \"\\\x07\"\r\n", "Z: a\r\r\n", "Z: a\n\r\n"};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		CHECK(refused(lines[i], 400, "control character or misplaced fold"));
	CHECK(refused("Z: a\xff\r\n", 400, "not UTF-8"));
	CHECK(refused("Z: \"a\" \xff\r\n", 400, "not UTF-8"));
	CHECK(refused("Z: \"a\\\"\" \xe9\r\n", 400, "not UTF-8"));
	CHECK(refused("Z: \xc0\x80\r\n", 400, "not UTF-8"));
	CHECK(refused("Z: \xed\xa0\x80\r\n", 400, "not UTF-8"));
	CHECK(with("Z: \xe2\x82\xac\r\n") == SIP_OK);
	/* T12: each of them, NUL first, in a message that is good without */
	char each[] = "OPTIONS sip:h.example SIP/2.0\r\nVia: SIP/2.0/TLS h.example;branch=z9hG4bK1\r\nCSeq: 1 OPTIONS\r\n"
		      "From: <sip:a@h.example>;tag=1\r\nTo: <sip:b@h.example>\r\nCall-ID: c\r\nMax-Forwards: 7\r\nZ: a-b\r\n\r\n";
	char *const octet = strstr(each, "a-b") + 1;
	CHECK(parse_n(each, sizeof each - 1) == SIP_OK);
	for (int c = 0; c < 0x80; c++) {
		*octet = (char)c;
		bool good = c == '\t' || (c >= 0x20 && c != 0x7f);
		CHECK(good ? parse_n(each, sizeof each - 1) == SIP_OK
			   : parse_n(each, sizeof each - 1) == SIP_ANSWER && err.code == 400 &&
				     strcmp(err.reason, "control character or misplaced fold") == 0);
	}
	/* a line with a fault is not read at all */
	CHECK(refused("Max-Forwards: 7\nX: y\r\n", 400, "control character or misplaced fold") &&
	      !sip_has(&m, SIP_H_MAX_FORWARDS));
}

/* T12: once is once, in whatever form it is written */
static void duplicates(void)
{
	static const char *const lines[] = {"CSeq: 1 INVITE\r\n", "Call-ID: c\r\n", "i: c\r\n",
	    "f: <sip:a@h.example>;tag=1\r\n", "To: <sip:a@h.example>\r\n",
	    "Max-Forwards: 1\r\nMax-Forwards: 1\r\n", "l: 0\r\nContent-Length: 0\r\n",
	    "Expires: 1\r\nexpires: 1\r\n", "Subject: a\r\ns: a\r\n", "x: 90\r\nSession-Expires: 90\r\n",
	    "Refer-To: <sip:a@h.example>\r\nr: <sip:a@h.example>\r\n", "User-Agent: a\r\nUser-Agent: b\r\n"};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		CHECK(refused(lines[i], 400, "header that may stand once stands twice"));
	CHECK(with("Contact: <sip:a@h.example>\r\nm: <sip:b@h.example>\r\n") == SIP_OK && m.contact_n == 2);
	CHECK(refused(
	    "Contact: <sip:a@h.example>;q=1;Q=0\r\n", 400, "bad parameter, or one that stands twice"));
}

/* T16, T14 */
static void limits(void)
{
	static char text[90000];
	size_t n = 0;

	for (int i = 0; i < 1000; i++)
		n += (size_t)sprintf(text + n, "Via: SIP/2.0/TLS h\r\n");
	CHECK(refused(text, 400, "too many Via"));
	n = 0;
	for (int i = 0; i < 1000; i++)
		n += (size_t)sprintf(text + n, "Z: y\r\n");
	CHECK(refused(text, 400, "too many headers"));
	n = (size_t)sprintf(text, "Accept: a/b");
	for (int i = 0; i < 100; i++)
		n += (size_t)sprintf(text + n, ", a/b");
	sprintf(text + n, "\r\n");
	CHECK(refused(text, 400, "list too long"));
	n = (size_t)sprintf(text, "Z: ");
	memset(text + n, 'a', SIP_LINE_MAX);
	strcpy(text + n + SIP_LINE_MAX, "\r\n");
	CHECK(refused(text, 400, "line too long"));
	n = (size_t)sprintf(text, "Contact: <sip:h.example>");
	for (int i = 0; i < 40; i++)
		n += (size_t)sprintf(text + n, ";p%d", i);
	sprintf(text + n, "\r\n");
	CHECK(refused(text, 400, "bad parameter, or one that stands twice"));
	memset(text, 'A', 65536); /* a method of 64 kB */
	text[65536] = 0;
	CHECK(request(text, "") == SIP_DISCARD && err.code == 513);
	text[300] = 0;
	CHECK(request(text, "") == SIP_OK && m.method == SIP_UNKNOWN && m.method_name.n == 300);
	text[300] = 'A', text[1500] = 0;
	CHECK(request(text, "") == SIP_ANSWER && err.code == 414);
}

static void long_tokens(void)
{
	char text[600];
	char token[SIP_TOKEN_MAX + 2];

	memset(token, 'a', sizeof token);
	token[SIP_TOKEN_MAX] = 0;
	snprintf(text, sizeof text, "Replaces: %s;to-tag=1;from-tag=2\r\n", token);
	CHECK(with(text) == SIP_OK && m.replaces.call_id.n == SIP_TOKEN_MAX);
	token[SIP_TOKEN_MAX] = 'a';
	token[SIP_TOKEN_MAX + 1] = 0;
	snprintf(text, sizeof text, "Replaces: %s;to-tag=1;from-tag=2\r\n", token);
	CHECK(refused(text, 400, "bad Replaces"));
}

/* T16: a message of which this is the one token that is so long. */
static bool token_passes(const char *format, size_t n)
{
	char text[1200], token[SIP_TOKEN_MAX + 2];

	memset(token, 'a', n);
	token[n] = 0;
	snprintf(text, sizeof text, format, token);
	enum sip_verdict v = parse_n(text, strlen(text));
	return v == SIP_OK;
}

static void each_token_has_its_bound(void)
{
#define AROUND(via, from, to, call_id)                                                                                       \
	"BYE sip:h.example SIP/2.0\r\nVia: SIP/2.0/TLS h.example;branch=" via "\r\nFrom: <sip:a@h.example>;tag=" from      \
	"\r\nTo: <sip:a@h.example>;tag=" to "\r\nCall-ID: " call_id "\r\nCSeq: 1 BYE\r\n\r\n"
	static const char *const formats[] = {AROUND("%s", "1", "2", "c"), AROUND("z9hG4bK1", "%s", "2", "c"),
	    AROUND("z9hG4bK1", "1", "%s", "c"), AROUND("z9hG4bK1", "1", "2", "%s")};

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		CHECK(token_passes(formats[i], SIP_TOKEN_MAX) && !token_passes(formats[i], SIP_TOKEN_MAX + 1));
}

/* T16 */
static void many_and_long_headers(void)
{
	static char text[90000];
	size_t n = 0;

	for (int i = 0; i < 50; i++)
		n += (size_t)sprintf(text + n, "Accept: application/sdp\r\n");
	CHECK(with(text) == SIP_OK && m.accept == SIP_ACCEPT_SDP);
	n = 0;
	for (int i = 0; i < 10000; i++)
		n += (size_t)sprintf(text + n, "Z: y\r\n");
	CHECK(with(text) == SIP_DISCARD && err.code == 513);
	for (size_t k = 0; k < 2; k++) { /* the method of CSeq alone */
		size_t method = k ? 65536 : SIP_LINE_MAX - 20;
		n = (size_t)sprintf(text, "BYE sip:h.example SIP/2.0\r\nVia: SIP/2.0/TLS h.example\r\nFrom: <sip:a@h.example>;tag=1\r\n"
					  "To: <sip:a@h.example>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 ");
		memset(text + n, 'B', method);
		strcpy(text + n + method, "\r\n\r\n");
		CHECK(parse_n(text, strlen(text)) == (k ? SIP_DISCARD : SIP_ANSWER) && err.code == (k ? 513 : 400));
	}
}

static void start_lines(void)
{
	static const struct {
		const char *line;
		enum sip_verdict verdict;
		unsigned code;
	} cases[] = {
	    {"OPTIONS sip:h.example SIP/2.0", SIP_OK, 0},
	    {"OPTIONS sip:h.example sip/2.0", SIP_OK, 0},
	    {"OPTIONS sip:h.example SIP/2.1", SIP_ANSWER, 505},
	    {"OPTIONS sip:h.example SIP/3.0", SIP_ANSWER, 505},
	    {"OPTIONS sip:h.example HTTP/1.1", SIP_ANSWER, 400},
	    {"OPTIONS sip:h.example SIP/2.0 ", SIP_ANSWER, 400},
	    {"OPTIONS sip:h.example  SIP/2.0", SIP_ANSWER, 400},
	    {"OPTIONS  sip:h.example SIP/2.0", SIP_ANSWER, 400},
	    {"OPTIONS sip:h.example", SIP_ANSWER, 400},
	    {"OPTIONS ", SIP_ANSWER, 400},
	    {"OPTIONS http://h.example SIP/2.0", SIP_ANSWER, 416},
	    {"OPTIONS urn:service:SOS.fire SIP/2.0", SIP_OK, 0},
	    {"OPTIONS urn:service:sosial SIP/2.0", SIP_ANSWER, 416},
	    {"OPTIONS urn:service SIP/2.0", SIP_ANSWER, 416},
	    {"OPTIONS sip:h.example?a=b SIP/2.0", SIP_ANSWER, 400},
	    {" OPTIONS sip:h.example SIP/2.0", SIP_ANSWER, 400},
	    {"ACK sip:h.example SIP/2.1", SIP_DISCARD, 505},
	    {"SIP/2.0 200 OK", SIP_OK, 0},
	    {"SIP/2.0 200 ", SIP_OK, 0},
	    {"SIP/2.0 200", SIP_DISCARD, 400},
	    {"SIP/2.0 099 x", SIP_DISCARD, 400},
	    {"SIP/2.0 700 x", SIP_DISCARD, 400},
	    {"SIP/2.0 2000 x", SIP_DISCARD, 400},
	    {"SIP/2.0 20 x", SIP_DISCARD, 400},
	    {"SIP/3.0 200 OK", SIP_DISCARD, 505},
	};
	char text[400];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *method = strncmp(cases[i].line, "ACK", 3) == 0 ? "ACK" : "OPTIONS";
		int n = snprintf(text, sizeof text,
		    "%s\r\nVia: SIP/2.0/TLS h.example\r\nFrom: <sip:a@h.example>\r\nTo: "
		    "<sip:a@h.example>\r\nCall-ID: 1\r\n"
		    "CSeq: 1 %s\r\n\r\n",
		    cases[i].line, method);
		enum sip_verdict v = parse_n(text, (size_t)n);
		if (v != cases[i].verdict || (v != SIP_OK && err.code != cases[i].code))
			fprintf(stderr, "%s: %d %u\n", cases[i].line, v, err.code);
		CHECK(v == cases[i].verdict && (v == SIP_OK || err.code == cases[i].code));
	}
}

static void cseq_and_needed_headers(void)
{
	static const char text[] =
	    "BYE sip:h.example SIP/2.0\r\nVia: SIP/2.0/TLS h.example\r\nCSeq: 1 BYE\r\n\r\n";

	CHECK(parse_n(text, sizeof text - 1) == SIP_ANSWER && err.code == 400);
	static const char no_via[] = "BYE sip:h.example SIP/2.0\r\nCSeq: 1 BYE\r\n\r\n";
	CHECK(parse_n(no_via, sizeof no_via - 1) == SIP_DISCARD);
	static const char bad_cseq[] =
	    "BYE sip:h.example SIP/2.0\r\nVia: SIP/2.0/TLS h.example\r\nFrom: <sip:a@h.example>\r\n"
	    "To: <sip:a@h.example>\r\nCall-ID: 1\r\nCSeq: 2147483648 BYE\r\n\r\n";
	CHECK(parse_n(bad_cseq, sizeof bad_cseq - 1) == SIP_ANSWER && is(m.cseq_text, "2147483648 BYE"));
	CHECK(parse_n("", 0) == SIP_DISCARD && parse_n("\r\n\r\n", 4) == SIP_DISCARD);
	CHECK(request("PRACK", "") == SIP_ANSWER && request("REFER", "") == SIP_ANSWER);
}

static void addresses(void)
{
	CHECK(with("m: \"A \\\"q\\\" B\" "
		   "<sip:a@h.example;x>;q=0.5;expires=60;+sip.instance=\"<urn:uuid:1>\";reg-id=2;ob,"
		   "sips:b@h.example;Q=1.000\r\n") == SIP_OK);
	CHECK(m.contact_n == 2 && is(m.contact[0].addr.display, "A \\\"q\\\" B") && m.contact[0].q == 500);
	CHECK(m.contact[0].has_expires && m.contact[0].expires_s == 60 && m.contact[0].reg_id == 2);
	CHECK(
	    is(m.contact[0].instance, "<urn:uuid:1>") && is(m.contact[1].addr.uri.text, "sips:b@h.example"));
	CHECK(m.contact[1].q == 1000 && !m.contact[1].has_expires);
	uint8_t plain[16];
	CHECK(sip_unquote(m.contact[0].addr.display, plain, sizeof plain) == 7 &&
	      memcmp(plain, "A \"q\" B", 7) == 0);
	CHECK(sip_unquote(m.contact[0].addr.display, plain, 6) == -1);

	CHECK(refused("Contact: <sip:a@h.example>;expires=4294967296\r\n", 400, "bad expires parameter"));
	CHECK(refused("Contact: <sip:a@h.example>;q=1.1\r\n", 400, "bad q parameter"));
	CHECK(refused("Contact: <sip:a@h.example>;q=.5\r\n", 400, "bad q parameter"));
	CHECK(refused("Contact: <sip:a@h.example>;reg-id=0\r\n", 400, "bad reg-id"));
	CHECK(refused("Contact: <sip:a@h.example>;+sip.instance=x\r\n", 400, "bad +sip.instance"));
	CHECK(refused(
	    "Contact: sip:a@h.example?x=y\r\n", 400, "URI with a question mark outside angle brackets"));
	CHECK(refused("Contact: \"a <sip:a@h.example>\r\n", 400, "unterminated quoted string"));
	CHECK(refused("Contact: <sip:a@h.example\r\n", 400, "address without >"));
	CHECK(refused("Contact: a\r\n", 400, "address without <"));
	CHECK(refused("Contact:\r\n", 400, "no address"));
	CHECK(refused("Contact: <sip:a@h.example>,\r\n", 400, "no address"));
	CHECK(refused("Contact: <mailto:a@h.example>\r\n", 400, "Contact that is neither sip nor sips"));
	CHECK(refused("Contact: <sip:a@h.example> x\r\n", 400, "something follows the value of a header"));
}

/* T5: Contact * only as RFC 3261 10.2.2 says */
static void contact_star(void)
{
	CHECK(request("REGISTER", "Contact: *\r\nExpires: 0\r\n") == SIP_OK && m.contact_star &&
	      m.contact_n == 0);
	CHECK(request("REGISTER", "Contact: *\r\n") == SIP_ANSWER);
	CHECK(request("REGISTER", "Contact: *\r\nExpires: 1\r\n") == SIP_ANSWER);
	CHECK(
	    request("REGISTER", "Contact: *\r\nContact: <sip:a@h.example>\r\nExpires: 0\r\n") == SIP_ANSWER);
	CHECK(request("REGISTER", "Contact: <sip:a@h.example>\r\nm: *\r\nExpires: 0\r\n") == SIP_ANSWER);
	CHECK(request("REGISTER", "Contact: *, *\r\nExpires: 0\r\n") == SIP_ANSWER);
	CHECK(with("Contact: *\r\nExpires: 0\r\n") == SIP_ANSWER);
}

static void vias(void)
{
	static const char head[] =
	    "OPTIONS sip:h.example SIP/2.0\r\nFrom: <sip:a@h.example>\r\nTo: <sip:a@h.example>\r\n"
	    "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n";
	static const struct {
		const char *via;
		enum sip_verdict verdict;
	} cases[] = {
	    {"Via: SIP / 2.0 / TLS [::1] : 5061 ; branch = z9hG4bKa ;rport", SIP_OK},
	    {"Via: SIP/2.0/TLS h.example;rport=5060;received=192.0.2.1;maddr=h.example;ttl=1;x=\"y\"",
		SIP_OK},
	    {"Via: SIP/2.0/TLS h.example;branch=a,SIP/2.0/UDP 192.0.2.1", SIP_OK},
	    {"Via: SIP/2.0/TLS h.example;branch", SIP_DISCARD},
	    {"Via: SIP/2.0/TLS h.example;branch=\"a\"", SIP_DISCARD},
	    {"Via: SIP/2.0/TLS h.example;branch=a;branch=a", SIP_DISCARD},
	    {"Via: SIP/2.0/TLS h.example;rport=0", SIP_DISCARD},
	    {"Via: SIP/2.0/TLS h.example;rport=65536", SIP_DISCARD},
	    {"Via: SIP/2.0/TLS h.example;received=h.example", SIP_DISCARD},
	    {"Via: SIP/2.0/TLS h.example;ttl=256", SIP_DISCARD},
	    {"Via: SIP/2.0/TLS h.example:0", SIP_DISCARD},
	    {"Via: SIP/2.0/TLS ", SIP_DISCARD},
	    {"Via: SIP/2.0/TLS", SIP_DISCARD},
	    {"Via: SIP/2.0 h.example", SIP_DISCARD},
	    {"Via: SIP/2.0/TLS ::1", SIP_DISCARD},
	    {"Via: SIP/3.0/TLS h.example", SIP_ANSWER},
	    {"Via: SIP/2.0/TLS h.example,", SIP_ANSWER},
	    {"Via: SIP/2.0/TLS h.example x", SIP_ANSWER},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[600];
		int n = snprintf(text, sizeof text, "%s%s\r\n\r\n", head, cases[i].via);
		enum sip_verdict v = parse_n(text, (size_t)n);
		if (v != cases[i].verdict)
			fprintf(stderr, "%s: %d %s\n", cases[i].via, v, err.reason);
		CHECK(v == cases[i].verdict);
		if (i == 0)
			CHECK(m.via.port == 5061 && m.via.addr.family == 6 && m.via.rport && m.via.cookie &&
			      m.via.transport == SIP_TRANSPORT_TLS && is(m.via.branch, "z9hG4bKa"));
		if (i == 1)
			CHECK(m.via.rport_port == 5060 && m.via.received.family == 4);
		if (i == 2)
			CHECK(m.via_n == 2 && is(m.via_text[1], "SIP/2.0/UDP 192.0.2.1"));
	}
}

static void routes(void)
{
	CHECK(with("Route: <sip:a.example;lr>,<sips:b.example>;x=\"y,z\"\r\nroute: \"d\" <sip:c.example>\r\n"
		   "Record-Route: <sip:r.example;lr>\r\n") == SIP_OK);
	CHECK(m.route_n == 3 && is(m.route[1], "<sips:b.example>;x=\"y,z\"") &&
	      is(m.route[2], "\"d\" <sip:c.example>"));
	CHECK(m.route_top.lr && m.record_route_n == 1);
	CHECK(refused("Route: sip:a.example;lr\r\n", 400, "route that is no sip address in brackets"));
	CHECK(refused("Route: <tel:+1>\r\n", 400, "route that is no sip address in brackets"));
	CHECK(refused("Route: <sip:a.example?x=y>\r\n", 400, "route that is no sip address in brackets"));
}

static void scalars(void)
{
	CHECK(with("Session-Expires: 1800;refresher=UAS;x\r\nMin-SE: 90\r\nMax-Forwards: 00255\r\nExpires: "
		   "4294967295\r\n") == SIP_OK);
	CHECK(m.session_expires_s == 1800 && m.refresher == SIP_REFRESHER_UAS && m.min_se_s == 90);
	CHECK(m.max_forwards == 255 && m.expires_s == UINT32_MAX);
	CHECK(refused("Max-Forwards: 256\r\n", 400, "bad Max-Forwards"));
	CHECK(refused("Max-Forwards: -1\r\n", 400, "bad Max-Forwards"));
	CHECK(refused("Expires: 4294967296\r\n", 400, "bad number of seconds"));
	CHECK(refused("Expires:\r\n", 400, "bad number of seconds"));
	CHECK(refused("Session-Expires: 90;refresher=me\r\n", 400, "bad refresher"));
	CHECK(request("PRACK", "RAck: 7 1 INVITE\r\n") == SIP_OK && m.rack.rseq == 7 &&
	      m.rack.method == SIP_INVITE);
	CHECK(refused("RSeq: 0\r\n", 400, "bad RSeq"));
	CHECK(with("Retry-After: 18 (busy);duration=60\r\nTimestamp: 5.5 0.1\r\n") == SIP_OK);
	CHECK(m.retry_after_s == 18 && is(m.timestamp, "5.5"));
}

static void lists(void)
{
	CHECK(with("Supported:\r\nRequire: 100rel, x-new, timer\r\nAllow: INVITE, FOO, BYE\r\nPrivacy: id "
		   ";user\r\n") == SIP_OK);
	CHECK(sip_has(&m, SIP_H_SUPPORTED) && m.supported == 0);
	CHECK(m.require.known == (SIP_TAG_100REL | SIP_TAG_TIMER) && m.require.unknown_n == 1);
	CHECK(is(m.require.unknown[0], "x-new") &&
	      m.allow == (1u << SIP_INVITE | 1u << SIP_BYE | 1u << SIP_UNKNOWN));
	CHECK(m.privacy == (SIP_PRIVACY_ID | SIP_PRIVACY_USER));
	CHECK(refused("Require:\r\n", 400, "bad list") && refused("Supported: a,,b\r\n", 400, "bad list"));
	CHECK(refused("Allow: INVITE,\r\n", 400, "bad list"));
	CHECK(with("Reason: SIP;cause=200;text=\"Call completed elsewhere\", X;a=b, Q.850 ;cause=16\r\n") ==
	      SIP_OK);
	CHECK(m.reason_n == 2 && m.reason[0].cause == 200 && m.reason[1].protocol == SIP_REASON_Q850);
	CHECK(is(m.reason[0].text, "Call completed elsewhere"));
	CHECK(with("P-Asserted-Identity: \"A\" <sip:a@h.example>, tel:+1234\r\n") == SIP_OK &&
	      m.identity_n == 2);
	CHECK(m.identity[1].uri.scheme == URI_TEL);
	CHECK(with("Identity: a.b.c;info=<https://x>\r\ny: d.e.f;info=<https://y>\r\n") == SIP_OK && m.signature_n == 2);
	CHECK(is(m.signature[0], "a.b.c;info=<https://x>") && is(m.signature[1], "d.e.f;info=<https://y>"));
	CHECK(with("y: 1\r\ny: 2\r\ny: 3\r\ny: 4\r\ny: 5\r\n") == SIP_OK && m.signature_n == 4 && is(m.signature[3], "4"));
	CHECK(request("NOTIFY", "Event: refer;id=4\r\nSubscription-State: Active ;expires=60\r\n") == SIP_OK);
	CHECK(is(m.event, "refer") && is(m.event_id, "4") && m.substate == SIP_SUBSTATE_ACTIVE &&
	      m.substate_expires_s == 60);
	CHECK(
	    request("REFER",
		"r: <sip:b@h.example?Replaces=a%40b>\r\nReplaces: x@y;to-tag=1;from-tag=2;early-only\r\n") ==
	    SIP_OK);
	CHECK(is(m.refer_to.uri.headers, "Replaces=a%40b") && m.replaces.early_only &&
	      is(m.replaces.call_id, "x@y"));
	CHECK(refused("Replaces: x@y;to-tag=1\r\n", 400, "bad Replaces"));
}

/* T18 */
static void content(void)
{
	CHECK(with("c: Application/SDP;charset=utf-8\r\nContent-Encoding: identity\r\nContent-Disposition: "
		   "session;handling=optional"
		   "\r\nAccept: text/*, application/sdp;q=0.0, message/sipfrag;q=0.1\r\nl: 0\r\n") == SIP_OK);
	CHECK(m.content == SIP_MEDIA_SDP && m.content_encoding.n == 0 && m.disposition_optional);
	CHECK(m.accept == (SIP_ACCEPT_TEXT | SIP_ACCEPT_SIPFRAG));
	CHECK(with("e: gzip\r\nAccept:\r\n") == SIP_OK && is(m.content_encoding, "gzip") && m.accept == 0);
	CHECK(with("Content-Type: multipart/mixed;boundary=\"a b\"\r\n") == SIP_OK && is(m.boundary, "a b"));
	CHECK(refused("Content-Type: multipart/mixed\r\n", 400, "multipart without a boundary"));
	CHECK(refused("Content-Type: multipart/mixed;boundary="
		      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
	    400, "boundary of no or over 70 characters"));
	CHECK(refused("Content-Type: sdp\r\n", 400, "bad Content-Type"));
}

/* T19, on a datagram */
static void bodies(void)
{
	CHECK(with("c: text/plain\r\nl: 3\r\n\r\nabcdef") == SIP_OK && m.body.n == 3);
	CHECK(with("c: text/plain\r\n\r\nabc") == SIP_OK &&
	      m.body.n == 5); /* with the closing CR LF of request() */
	CHECK(with("c: text/plain\r\nl: 9\r\n\r\nabc") == SIP_ANSWER && err.code == 400);
	CHECK(with("c: text/plain\r\nl: 16385\r\n\r\nabc") == SIP_ANSWER && err.code == 413);
	CHECK(refused("l: 4294967328\r\n", 400, "bad Content-Length") &&
	      refused("l: -1\r\n", 400, "bad Content-Length"));
	CHECK(refused("l: 1 2\r\n", 400, "something follows the value of a header"));
	CHECK(with("l: 3\r\n\r\nabc") == SIP_ANSWER && strcmp(err.reason, "body without Content-Type") == 0);
}

static void credentials(void)
{
#define GOOD                                                                                                 \
	"Digest username=\"101\", realm=\"o\", nonce=\"n\", uri=\"sip:o\", "                                 \
	"response=\"0123456789abcdef0123456789abcdef\""
	CHECK(with("Authorization: " GOOD
		   ",algorithm=SHA-256, cnonce=\"c\" ,qop=auth,nc=0000001f, opaque=\"\"\r\n"
		   "Proxy-Authorization: " GOOD "\r\nAuthorization: Basic abc=\r\n") == SIP_OK);
	CHECK(m.credentials_n == 2 && m.auth_other && m.credentials[1].proxy && !m.credentials[0].proxy);
	CHECK(m.credentials[0].alg == DIGEST_SHA256 && m.credentials[0].qop == DIGEST_QOP_AUTH &&
	      m.credentials[0].nc == 31);
	CHECK(is(m.credentials[0].username, "101") && is(m.credentials[0].uri, "sip:o") &&
	      m.credentials[0].has_alg);
	CHECK(!m.credentials[1].has_alg && m.credentials[1].alg == DIGEST_MD5 &&
	      m.credentials[1].qop == DIGEST_QOP_NONE);
	static const char *const bad[] = {GOOD ",nc=1", GOOD ",nc=0000001G", GOOD ",qop=auth",
	    GOOD ",username=\"x\"", "Digest username=\"101\"", "Digest username=101, realm=\"o\"", "Digest",
	    "Digest ", "", "Digest ,", GOOD ",", GOOD ",opaque=\"a\\\"b\"", GOOD ",x",
	    GOOD ",x=", GOOD " x=y"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char line[400];
		snprintf(line, sizeof line, "Authorization: %s\r\n", bad[i]);
		if (with(line) != SIP_ANSWER)
			fprintf(stderr, "%s", line);
		CHECK(with(line) == SIP_ANSWER);
	}
	CHECK(with("Authorization: " GOOD "\r\nAuthorization: " GOOD "\r\nAuthorization: " GOOD "\r\n"
		   "Authorization: " GOOD "\r\nAuthorization: " GOOD "\r\n") == SIP_ANSWER);
}

static void responses(void)
{
#define RESPONSE                                                                                             \
	"SIP/2.0 401 Un\xc3\xa4uthorized\r\nFrom: <sip:a@h.example>;tag=1\r\nTo: "                           \
	"<sip:a@h.example>\r\nCall-ID: 1\r\n"                                                                \
	"CSeq: 3 REGISTER\r\nVia: SIP/2.0/TLS h.example;branch=z9hG4bKq\r\n"
	static const char text[] =
	    RESPONSE "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth-int , auth\","
		     "algorithm=SHA-256, stale=TRUE\r\nProxy-Authenticate: Digest realm=\"r\",nonce=\"m\"\r\n"
		     "WWW-Authenticate: Basic realm=\"r\"\r\nWarning: 399 h.example:5060 \"a \\\"b\\\"\", "
		     "301 x \"c\"\r\n\r\n";

	CHECK(parse_n(text, sizeof text - 1) == SIP_OK && m.status == 401 && m.method == SIP_REGISTER &&
	      !m.is_request);
	CHECK(m.challenge_n == 2 && m.challenge[0].alg == DIGEST_SHA256 && m.challenge[0].qop_auth &&
	      m.challenge[0].stale);
	CHECK(m.challenge[1].proxy && m.challenge[1].alg == DIGEST_MD5 && !m.challenge[1].has_qop);
	CHECK(m.warning.code == 399 && is(m.warning.agent, "h.example:5060") &&
	      is(m.warning.text, "a \\\"b\\\""));
	static const char two_vias[] = RESPONSE "Via: SIP/2.0/TLS h.example\r\n\r\n";
	CHECK(parse_n(two_vias, sizeof two_vias - 1) == SIP_DISCARD);
	static const char broken[] = RESPONSE "Expires: x\r\n\r\n";
	CHECK(parse_n(broken, sizeof broken - 1) == SIP_DISCARD);
}

int main(void)
{
	RUN(header_names);
	RUN(folds);
	RUN(quotes_in_another_character_set);
	RUN(bare_controls);
	RUN(duplicates);
	RUN(limits);
	RUN(long_tokens);
	RUN(each_token_has_its_bound);
	RUN(many_and_long_headers);
	RUN(start_lines);
	RUN(cseq_and_needed_headers);
	RUN(addresses);
	RUN(contact_star);
	RUN(vias);
	RUN(routes);
	RUN(scalars);
	RUN(lists);
	RUN(content);
	RUN(bodies);
	RUN(credentials);
	RUN(responses);
	free(data);
	return TEST_END;
}
