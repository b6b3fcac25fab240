/* SPDX-License-Identifier: ISC */
#include "test.h"
#include "wire/uri.h"

static struct uri u;
static const char *why;

static bool reads(const char *text)
{
	return uri_parse(span_str(text), &u, &why);
}

static bool is(struct span s, const char *text)
{
	return span_eq(s, span_str(text));
}

static void parts(void)
{
	CHECK(reads(
	    "sips:al%69ce;x=1@[2001:db8::1]:5061;transport=TLS;lr;ob;gr=urn:uuid:1;user=phone;ttl=9?a=b&c="));
	CHECK(
	    u.scheme == URI_SIPS && is(u.user, "al%69ce;x=1") && is(u.host, "2001:db8::1") && u.port == 5061);
	CHECK(u.host_kind == URI_HOST_IP && u.addr.family == 6 && u.addr.port == 5061);
	CHECK(u.transport == SIP_TRANSPORT_TLS && u.lr && u.ob && is(u.gr, "urn:uuid:1") && u.user_phone);
	CHECK(u.has_ttl && u.ttl == 9 && is(u.headers, "a=b&c="));
	CHECK(reads("SIP:host.example.") && u.user.n == 0 && u.host_kind == URI_HOST_NAME && u.port == 0);
	CHECK(reads("sip:a@h.example;transport=foo;lr=on;method=INVITE;maddr=[::1]"));
	CHECK(u.transport == SIP_TRANSPORT_OTHER && u.lr && u.method == SIP_INVITE && is(u.maddr, "[::1]"));
	CHECK(reads("tel:+1-(201).555;ext=4") && u.scheme == URI_TEL && is(u.user, "+1-(201).555"));
	CHECK(reads("tel:112") && u.scheme == URI_TEL && is(u.user, "112") && u.phone_context.n == 0);
	CHECK(reads("tel:*70#a;phone-context=example.com") && is(u.phone_context, "example.com"));
	CHECK(reads("isbn:2983792873") && u.scheme == URI_OTHER && is(u.user, "2983792873"));
}

static void bare(void)
{
	static const char *const texts[][2] = {
	    {"sip:a@h.example", "sip:a@h.example"},
	    {"sip:a@h.example?x=y", "sip:a@h.example"},
	    {"sip:a@[::1]:5061;transport=tls;lr?Route=%3Csip:evil%3E&b=", "sip:a@[::1]:5061;transport=tls;lr"},
	    {"sip:us?er@h.example;ob?x=y", "sip:us?er@h.example;ob"},
	    {"sip:us?er@h.example", "sip:us?er@h.example"},
	    {"tel:+1;ext=4", "tel:+1;ext=4"},
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		CHECK(reads(texts[i][0]) && is(uri_bare(&u), texts[i][1]));
}

/* T14 and the grammar of RFC 3261 25.1 */
static void refused(void)
{
	static const char *const texts[] = {"", ":", "sip", "sip:", "sip:@h", "1sip:a@h", "sip:a@",
	    "sip:a@b@h", "sip:a:pw@h", "sip:a:@h", "sip:a b@h", "sip:a\"@h", "sip:a<@h", "sip:%00@h",
	    "sip:a%0d%0aX@h", "sip:a%7f@h", "sip:a%4@h", "sip:a%@h", "sip:%zz@h", "sip:a@h:", "sip:a@h:0",
	    "sip:a@h:65536", "sip:a@h:5060x", "sip:a@h:-1", "sip:a@-h", "sip:a@h-", "sip:a@h..x", "sip:a@.h",
	    "sip:a@h_x", "sip:a@1.2.3", "sip:a@1.2.3.256", "sip:a@1.2.3.4.5", "sip:a@[::1", "sip:a@::1",
	    "sip:a@[::1%25eth0]", "sip:a@[1.2.3.4]", "sip:a@[2001:db8:::1.2.3.4]", "sip:a@h;", "sip:a@h;;lr",
	    "sip:a@h;lr;lr", "sip:a@h;lr;%6Cr", "sip:a@h;transport", "sip:a@h;transport=", "sip:a@h;ttl=256",
	    "sip:a@h;maddr=a_b", "sip:a@h;x=a@b", "sip:a@h;x=\"y\"", "sip:a@h;x=%00", "sip:a@h?", "sip:a@h?x",
	    "sip:a@h?=y", "sip:a@h?x=y&", "sip:a@h?x=<", "tel:", "tel:+", "tel:+12a", "tel:-",
	    "tel:+1 2", "tel:+1;phone-context", "mailto:", "mailto:a b", "x\ty:z", "sip:\xc3\xa4@h"};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		bool read = reads(texts[i]);
		if (read)
			fprintf(stderr, "read: %s\n", texts[i]);
		CHECK(!read);
	}
	CHECK(!uri_parse(span_of("sip:a\0b@h", 9), &u, &why));
}

static void limits(void)
{
	static char text[70000];

	memset(text, 'a', sizeof text);
	memcpy(text, "sip:", 4);
	CHECK(uri_parse(span_of(text, 4 + 63), &u, &why));
	CHECK(!uri_parse(span_of(text, 4 + 64), &u, &why)); /* one label */
	text[600] = '@';
	memcpy(text + 601, "h.example", 9);
	CHECK(uri_parse(span_of(text, 610), &u, &why) && u.user.n == 596);
	CHECK(!uri_parse(span_of(text, sizeof text), &u, &why) && strcmp(why, "URI too long") == 0);
}

/* the examples of RFC 3261 19.1.4, and more */
static void comparison(void)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} pairs[] = {
	    {"sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp", true},
	    {"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true},
	    {"sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5", true},
	    {"sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
		"sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", true},
	    {"sip:alice@atlanta.com?subject=project%20x&priority=urgent",
		"sip:alice@atlanta.com?priority=urgent&subject=project%20x", true},
	    {"SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false},
	    {"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false},
	    {"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false},
	    {"sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false},
	    {"sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false},
	    {"sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false},
	    {"sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false},
	    {"sip:a@h", "sips:a@h", false},
	    {"sip:a%40b@h", "sip:a%40B@h", false},
	    {"sip:a;b@h", "sip:a%3Bb@h", false}, /* of the reserved set: not equal to its escape */
	    {"sip:a@h;user=phone", "sip:a@h", false},
	    {"sip:a@h;maddr=1.2.3.4", "sip:a@h", false},
	    {"sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0::1]", true},
	    {"tel:+1-201-555", "tel:+1(201)555", true},
	    {"tel:+1201555", "tel:+1201555;ext=4", false},
	    {"x:a%41", "x:aA", true},
	};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct uri a, b;
		CHECK(uri_parse(span_str(pairs[i].a), &a, &why) && uri_parse(span_str(pairs[i].b), &b, &why));
		if (uri_eq(&a, &b) != pairs[i].equal)
			fprintf(stderr, "%s and %s\n", pairs[i].a, pairs[i].b);
		CHECK(uri_eq(&a, &b) == pairs[i].equal && uri_eq(&b, &a) == pairs[i].equal);
	}
}

static void unescape(void)
{
	uint8_t out[8];

	CHECK(uri_unescape(SPAN("a%42%c3%A4"), out, sizeof out) == 4 && memcmp(out, "aB\xc3\xa4", 4) == 0);
	CHECK(uri_unescape(SPAN("12345678"), out, sizeof out) == 8);
	CHECK(uri_unescape(SPAN("123456789"), out, sizeof out) == -1);
	CHECK(uri_unescape(SPAN("a%00"), out, sizeof out) == -1);
	CHECK(uri_unescape(SPAN("a%0A"), out, sizeof out) == -1);
	CHECK(uri_unescape(SPAN("a%7f"), out, sizeof out) == -1);
	CHECK(uri_unescape(SPAN("a%"), out, sizeof out) == -1);
	CHECK(uri_unescape(SPAN("a%4"), out, sizeof out) == -1);
	CHECK(uri_unescape(SPAN("%c3"), out, sizeof out) == -1);
	CHECK(uri_unescape(SPAN("%c0%80"), out, sizeof out) == -1); /* NUL, overlong */
}

static void writer(void)
{
	uint8_t mem[256];
	struct buf b = buf_of(mem, sizeof mem);
	struct uri_out o = {.scheme = URI_SIPS,
	    .user = SPAN("a b@c%"),
	    .host = SPAN("office.example"),
	    .port = 5061,
	    .transport = SIP_TRANSPORT_TLS,
	    .lr = true,
	    .ob = true,
	    .gr = SPAN("x y")};

	uri_put(&b, &o);
	CHECK(!b.full &&
	      is(buf_span(&b), "sips:a%20b%40c%25@office.example:5061;transport=tls;lr;ob;gr=x%20y"));
	CHECK(uri_parse(buf_span(&b), &u, &why));
	o = (struct uri_out){.scheme = URI_SIP, .user = SPAN("1")};
	CHECK(addr_parse_ip(SPAN("::1"), &o.addr));
	b = buf_of(mem, sizeof mem);
	uri_put(&b, &o);
	CHECK(!b.full && is(buf_span(&b), "sip:1@[::1]"));

	o.host = SPAN("h.example>\r\nX: y");
	b = buf_of(mem, sizeof mem);
	uri_put(&b, &o);
	CHECK(b.full);
	o.host = SPAN("h.example");
	o.user = SPAN("a\r\n");
	b = buf_of(mem, sizeof mem);
	uri_put(&b, &o);
	CHECK(b.full);
	o = (struct uri_out){.scheme = URI_SIP, .user = SPAN("1")}; /* neither name nor address */
	b = buf_of(mem, sizeof mem);
	uri_put(&b, &o);
	CHECK(b.full);
}

int main(void)
{
	RUN(parts);
	RUN(bare);
	RUN(refused);
	RUN(limits);
	RUN(comparison);
	RUN(unescape);
	RUN(writer);
	return TEST_END;
}
