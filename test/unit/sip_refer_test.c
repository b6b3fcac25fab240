/* SPDX-License-Identifier: ISC */
#include "wire/sip_refer.h"
#include "test.h"

static uint8_t mem[SIP_REPLACES_MAX];
static struct sip_replaces r;

static bool is(struct span s, const char *text)
{
	return span_eq(s, span_str(text));
}

static const char *headers(const char *text)
{
	return sip_refer_headers(span_str(text), mem, &r);
}

/* RFC 3891 6.1 and 3.2, RFC 5589 7.1: as phones write it, percent signs and all. */
static void one_replaces(void)
{
	CHECK(!headers("") && r.call_id.n == 0);
	CHECK(!headers("Replaces=090459243588173445%3Bto-tag%3D7743%3Bfrom-tag%3D6472"));
	CHECK(is(r.call_id, "090459243588173445") && is(r.to_tag, "7743") && is(r.from_tag, "6472") && !r.early_only);
	CHECK(!headers("replaces=a%40b%3bfrom-tag%3d1%3Bto-tag%3D2%3Bearly-only"));
	CHECK(is(r.call_id, "a@b") && is(r.to_tag, "2") && is(r.from_tag, "1") && r.early_only);
}

/* T12: whatever else stands there would be a header of somebody's next request. */
static void nothing_else(void)
{
	CHECK(headers("Route=%3Csip%3Aevil%3E") && headers("body=hello") && headers("Replaces=a") && headers("Replaces="));
	CHECK(headers("Replaces"));
	CHECK(headers("Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2&Route=x"));
	CHECK(headers("Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2&Replaces=b%3Bto-tag%3D1%3Bfrom-tag%3D2"));
	CHECK(headers("X-Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2"));
	CHECK(headers("Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2%0D%0ARoute%3A%20x"));
	CHECK(headers("Replaces=a%00%3Bto-tag%3D1%3Bfrom-tag%3D2"));
	CHECK(headers("Replaces=a%3Bto-tag%3D1%3Bto-tag%3D2%3Bfrom-tag%3D2"));
	CHECK(headers("Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2%2Cb%3Bto-tag%3D1%3Bfrom-tag%3D2"));
	CHECK(headers("Replaces=a%3Bto-tag%3D%221%22%3Bfrom-tag%3D2"));
	CHECK(headers("Replaces=a%3"));
	CHECK(r.call_id.n == 0 || r.to_tag.n); /* nothing half */
}

static void as_long_as_it_may_be(void)
{
	char text[2048], call_id[258], tag[258];

	memset(call_id, 'c', 257);
	memset(tag, 't', 257);
	call_id[256] = tag[256] = '\0';
	snprintf(text, sizeof text, "Replaces=%s%%3Bto-tag%%3D%s%%3Bfrom-tag%%3D%s", call_id, tag, tag);
	CHECK(!headers(text) && r.call_id.n == 256 && r.to_tag.n == 256);
	snprintf(text, sizeof text, "Replaces=%s%%3Bto-tag%%3D%st%%3Bfrom-tag%%3D1", call_id, tag);
	CHECK(headers(text));
	snprintf(text, sizeof text, "Replaces=%sc%%3Bto-tag%%3D1%%3Bfrom-tag%%3D1", call_id);
	CHECK(headers(text));
	snprintf(text, sizeof text, "Replaces=%s%%3Bto-tag%%3D%s%%3Bfrom-tag%%3D%s%%3Ba%%3D%s", call_id, tag, tag, tag);
	CHECK(headers(text));
}

static unsigned frag(const char *text)
{
	return sip_frag_status(span_str(text));
}

/* RFC 3420 */
static void status_of_a_fragment(void)
{
	CHECK(frag("SIP/2.0 100 Trying\r\n") == 100 && frag("SIP/2.0 603 \r\nTo: x") == 603 && frag("SIP/2.0 200") == 200);
	CHECK(frag("") == 0 && frag("SIP/2.0 ") == 0 && frag("SIP/2.0 99 x") == 0 && frag("SIP/2.0 2000 x") == 0);
	CHECK(frag("SIP/2.0 700 x") == 0 && frag("SIP/2.0 -10 x") == 0 && frag("SIP/3.0 200 OK") == 0);
	CHECK(frag("INVITE sip:a@b SIP/2.0\r\n") == 0 && frag("\r\nSIP/2.0 200 OK") == 0 && frag("SIP/2.0 2a0 OK") == 0);
}

static unsigned relay(const char *text)
{
	return sip_info_key(SIP_MEDIA_DTMF_RELAY, span_str(text));
}

static unsigned plain(const char *text)
{
	return sip_info_key(SIP_MEDIA_DTMF, span_str(text));
}

static void one_digit(void)
{
	CHECK(relay("Signal=5\r\nDuration=160\r\n") == '5' && relay("Signal= #\r\nDuration= 160") == '#');
	CHECK(relay("Duration=1\nsignal=*\n") == '*' && relay("Signal=0") == '0');
	CHECK(relay("") == 0 && relay("Signal=\r\n") == 0 && relay("Signal=11\r\n") == 0 && relay("Signal=A\r\n") == 0);
	CHECK(relay("Signal=1\r\nSignal=2\r\n") == 0 && relay("Duration=5") == 0 && relay("XSignal=1") == 0);
	CHECK(plain("5") == '5' && plain("*\r\n") == '*' && plain(" # \n") == '#');
	CHECK(plain("") == 0 && plain("55") == 0 && plain("5\r\n6") == 0 && plain("Signal=5") == 0 && plain("D") == 0);
	CHECK(sip_info_key(SIP_MEDIA_TEXT, SPAN("5")) == 0 && sip_info_key(SIP_MEDIA_DTMF, span_of("\0", 1)) == 0);
}

int main(void)
{
	RUN(one_replaces);
	RUN(nothing_else);
	RUN(as_long_as_it_may_be);
	RUN(status_of_a_fragment);
	RUN(one_digit);
	return TEST_END;
}
