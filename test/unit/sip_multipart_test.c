/* SPDX-License-Identifier: ISC */
/* R16, T18: bodies of several parts: what is taken of them, what is refused, and that what we write is read again. */
#include "test.h"
#include "wire/sip_multipart.h"
#include "wire/sip_write.h"
#include <stdlib.h>

#define SDP_PART "Content-Type: application/sdp\r\n\r\nv=0\r\n"
#define PIDF_PART "Content-Type: application/pidf+xml\r\nContent-ID: <a@b>\r\n\r\n<presence/>"

static struct sip_multipart parts;
static struct sip_error err;
static uint8_t *data;

static bool read_n(const void *p, size_t n, const char *boundary)
{
	free(data);
	data = malloc(n ? n : 1); /* its exact size: a read past the end is seen */
	if (!data)
		abort();
	memcpy(data, p, n);
	err = (struct sip_error){0};
	return sip_multipart_read(span_of(data, n), span_str(boundary), &parts, &err);
}

static bool reads(const char *text)
{
	return read_n(text, strlen(text), "b");
}

static bool refused(const char *text, unsigned code, const char *reason)
{
	if (reads(text))
		return false;
	if (err.code == code && strcmp(err.reason, reason) == 0 && err.offset <= strlen(text))
		return true;
	fprintf(stderr, "%s\n-- %u %s\n", text, err.code, err.reason);
	return false;
}

static bool is(struct span s, const char *text)
{
	return span_eq(s, span_str(text));
}

static void a_description_and_a_place(void)
{
	CHECK(reads("--b\r\n" SDP_PART "\r\n--b\r\n" PIDF_PART "\r\n--b--\r\n"));
	CHECK(is(parts.sdp, "v=0\r\n") && is(parts.location, "<presence/>"));
	CHECK(reads("--b\r\n" PIDF_PART "\r\n--b\r\n" SDP_PART "\r\n--b--"));
	CHECK(is(parts.sdp, "v=0\r\n") && is(parts.location, "<presence/>"));
	CHECK(reads("--b\r\n" SDP_PART "\r\n--b--") && parts.location.n == 0);
}

/* RFC 2046 5.1.1: what stands before and behind the parts is for readers that know none; white space behind a boundary */
static void around_the_parts(void)
{
	CHECK(reads("for old readers\r\n--b \t\r\n" SDP_PART "\r\n--b-- \r\nan epilogue\r\n--b\r\nX"));
	CHECK(is(parts.sdp, "v=0\r\n"));
	CHECK(reads("\r\n--b\r\n" SDP_PART "\r\n--b--"));
	static const char odd[] = "--a'(b)+_,-./:=? c\r\n" SDP_PART "\r\n--a'(b)+_,-./:=? c--";
	CHECK(read_n(odd, sizeof odd - 1, "a'(b)+_,-./:=? c") && is(parts.sdp, "v=0\r\n"));
}

static void other_parts_are_dropped(void)
{
	CHECK(reads("--b\r\n\r\njust text\r\n--b\r\nContent-Type: application/isup;version=itu-t92+\r\n"
		    "Content-Disposition: signal;handling=optional\r\n\r\n\x01\x10\r\n--b\r\n" SDP_PART "\r\n--b--"));
	CHECK(is(parts.sdp, "v=0\r\n") && parts.location.n == 0);
	/* an icon in the form of a description is none of this session */
	CHECK(reads("--b\r\nContent-Disposition: early-session\r\nContent-Type: application/sdp\r\n\r\nx\r\n--b\r\n"
		    "content-TYPE : Application/SDP ; a=b\r\ncontent-disposition: SESSION;handling=required\r\n"
		    "X-Any: thing\r\nContent-Transfer-Encoding: Binary\r\n\r\nv=0\r\n--b--"));
	CHECK(is(parts.sdp, "v=0"));
	CHECK(reads("--b\r\nContent-Type: application/pidf+xml\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+\r\n"
		    "--b\r\n" SDP_PART "\r\n--b--"));
	CHECK(parts.location.n == 0);
	CHECK(reads("--b\r\n" PIDF_PART "\r\n--b\r\nContent-Type: application/pidf+xml\r\n\r\n<other/>\r\n--b\r\n" SDP_PART
		    "\r\n--b--"));
	CHECK(is(parts.location, "<presence/>"));
	CHECK(reads("--b\r\nContent-Type: a/b\r\n\r\n--b\r\n" SDP_PART "\r\n--b--")); /* no blank line but the boundary's */
}

static void a_place_too_long_is_none(void)
{
	static char text[8192];

	for (int n = SIP_LOCATION_MAX; n <= SIP_LOCATION_MAX + 1; n++) {
		snprintf(text, sizeof text, "--b\r\nContent-Type: application/pidf+xml\r\n\r\n%0*d\r\n--b\r\n" SDP_PART "\r\n--b--", n, 7);
		CHECK(reads(text) && parts.location.n == (n == SIP_LOCATION_MAX ? SIP_LOCATION_MAX : 0));
	}
}

/* T18 */
static void boundaries_are_strict(void)
{
	char text[256], boundary[80];

	CHECK(refused("", 400, "a multipart without its boundary"));
	CHECK(refused("hi", 400, "a multipart without its boundary"));
	CHECK(refused("x--b\r\n" SDP_PART "\r\n--b--", 400, "a multipart without parts"));
	CHECK(refused("--b", 400, "a boundary line that goes on"));
	CHECK(refused("--b--", 400, "a multipart without parts"));
	CHECK(refused("--b\r\n" SDP_PART "\r\n--b\r\n", 400, "no closing boundary"));
	CHECK(refused("--b\r\n" SDP_PART, 400, "no closing boundary"));
	CHECK(refused("--b\r\n" SDP_PART "\r\n--b-\r\n", 400, "a boundary line that goes on"));
	CHECK(refused("--b\r\n" SDP_PART "\r\n--b--x\r\n", 400, "a boundary line that goes on"));
	CHECK(refused("--b\r\n" SDP_PART "\r\n--bc\r\nX: y\r\n\r\n\r\n--b--", 400, "a boundary line that goes on"));
	CHECK(refused("--b\n" SDP_PART "\n--b--\n", 400, "a boundary line that goes on"));
	CHECK(refused("--b\r\n--b--", 400, "no closing boundary"));
	for (size_t n = 70; n <= 71; n++) {
		memset(boundary, 'x', n);
		boundary[n] = 0;
		snprintf(text, sizeof text, "--%s\r\n" SDP_PART "\r\n--%s--", boundary, boundary);
		CHECK(read_n(text, strlen(text), boundary) == (n == 70));
	}
	static const char *const bad[] = {"", "b ", "a\"b", "a\\b", "a;b", "a\tb", "\xc3\xa9", "a<b"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(text, sizeof text, "--%s\r\n" SDP_PART "\r\n--%s--", bad[i], bad[i]);
		CHECK(!read_n(text, strlen(text), bad[i]) && err.code == 400);
	}
}

static void headers_of_a_part_are_strict(void)
{
#define PART(headers) "--b\r\n" headers "\r\n\r\nv=0\r\n--b--"
	CHECK(refused(PART("Content-Type: application/sdp\r\nContent-Type: text/plain"), 400, "a part of two types"));
	CHECK(refused(PART("Content-Type: application/sdp\r\nX-A: b\r\n c"), 400, "folded header of a part"));
	CHECK(refused(PART("Content-Type: application"), 400, "bad Content-Type"));
	CHECK(refused(PART("Content-Type: application/sdp x"), 400, "bad header of a part"));
	CHECK(refused(PART("Content-Type application/sdp"), 400, "bad header of a part"));
	CHECK(refused(PART(": application/sdp"), 400, "bad header of a part"));
	CHECK(refused(PART("X: a\x01"), 400, "control character in a header of a part"));
	CHECK(refused(PART("X: a\nContent-Type: application/sdp"), 400, "control character in a header of a part"));
	CHECK(refused(PART("X: \xff"), 400, "control character in a header of a part"));
	CHECK(refused(PART("Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: 8bit"), 400,
	    "bad Content-Transfer-Encoding of a part"));
	CHECK(refused(PART("Content-Disposition: session;handling=\"x"), 400, "bad Content-Disposition of a part"));
	CHECK(refused(PART("Content-Type: application/sdp\r\nContent-Transfer-Encoding: base64"), 415,
	    "an encoded session description"));
	CHECK(refused("--b\r\nContent-Type: text/plain\r\n--b--", 400, "a part without a blank line"));
#undef PART
}

static void one_description_and_no_other(void)
{
	CHECK(refused("--b\r\n" SDP_PART "\r\n--b\r\n" SDP_PART "\r\n--b--", 400, "two session descriptions"));
	CHECK(refused("--b\r\n" PIDF_PART "\r\n--b--", 400, "no session description in the multipart"));
	CHECK(reads("--b\r\nContent-Type: application/sdp\r\n\r\n\r\n--b--") && parts.sdp.n == 0 && parts.sdp.p);
}

/* T18: a hundred deep is refused at the first */
static void nesting_is_refused(void)
{
	static char text[8192];
	struct buf b = buf_of(text, sizeof text);

	for (unsigned i = 0; i < 100; i++) {
		BUF_LIT(&b, "--b");
		if (i)
			buf_decimal(&b, i);
		BUF_LIT(&b, "\r\nContent-Type: multipart/mixed;boundary=b");
		buf_decimal(&b, i + 1);
		BUF_LIT(&b, "\r\n\r\n");
	}
	BUF_LIT(&b, "\r\n--b--");
	CHECK(!read_n(text, b.n, "b") && err.code == 415 && strcmp(err.reason, "a multipart inside a multipart") == 0);
	CHECK(refused("--b\r\n" SDP_PART "\r\n--b\r\nContent-Type: multipart/alternative;boundary=c\r\n\r\nx\r\n--b--", 415,
	    "a multipart inside a multipart"));
}

static void parts_and_headers_are_bounded(void)
{
	static char text[8192];
	struct buf b = buf_of(text, sizeof text);

	for (int i = 0; i < SIP_PARTS_MAX; i++)
		BUF_LIT(&b, "--b\r\n\r\nx\r\n");
	size_t n = b.n;
	BUF_LIT(&b, "--b\r\n" SDP_PART "\r\n--b--");
	CHECK(!read_n(text, b.n, "b") && strcmp(err.reason, "too many parts") == 0);
	CHECK(read_n(text + 10, b.n - 10, "b") && n > 10);
	b = buf_of(text, sizeof text);
	BUF_LIT(&b, "--b\r\n");
	for (int i = 0; i < SIP_PART_HEADERS_MAX; i++)
		BUF_LIT(&b, "X: y\r\n");
	BUF_LIT(&b, SDP_PART "\r\n--b--");
	CHECK(!read_n(text, b.n, "b") && strcmp(err.reason, "too many headers of a part") == 0);
}

/* --- what leaves --- */

static uint8_t out[16384];

static struct buf message(void)
{
	struct buf b = buf_of(out, sizeof out);

	buf_str(&b, "INVITE sip:112@x.example SIP/2.0\r\nVia: SIP/2.0/TLS h.example;branch=z9hG4bK1\r\n"
		    "From: <sip:a@x.example>;tag=1\r\nTo: <sip:112@x.example>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
		    "Contact: <sip:a@x.example>\r\nMax-Forwards: 70\r\n");
	return b;
}

static void what_is_written_is_read(void)
{
	struct span boundary = SPAN("0f1e2d3c4b5a"), id = SPAN("0f1e2d3c4b5a@x.example");
	struct buf b = message();
	struct sip_msg m;

	sip_put_geolocation(&b, &(struct sip_geolocation){id}, 1);
	size_t mark = sip_body_multipart_begin(&b, boundary);
	sip_body_multipart_part(&b, boundary, SPAN("application/sdp"), SPAN(""), SPAN("v=0\r\n"));
	sip_body_multipart_part(&b, boundary, SPAN("application/pidf+xml"), id, SPAN("<presence/>\r\n"));
	sip_body_multipart_end(&b, mark, boundary);
	CHECK(!b.full && sip_parse(out, b.n, &m, &err) == SIP_OK && m.content == SIP_MEDIA_MULTIPART);
	CHECK(m.body.n == m.content_length);
	buf_u8(&b, 0);
	CHECK(strstr((char *)out, "Geolocation: <cid:0f1e2d3c4b5a@x.example>\r\nGeolocation-Routing: yes\r\n"));
	CHECK(strstr((char *)out, "Content-ID: <0f1e2d3c4b5a@x.example>\r\n"));
	CHECK(sip_multipart_read(m.body, m.boundary, &parts, &err));
	CHECK(is(parts.sdp, "v=0\r\n") && is(parts.location, "<presence/>\r\n"));
}

/* RFC 6442 4.1, RFC 8787: who knows it stands beside each */
static void two_places_are_named(void)
{
	struct buf b = message();

	sip_put_geolocation(&b, (struct sip_geolocation[]){{SPAN("1@x.example"), SPAN("x.example")}, {SPAN("2@x.example")}}, 2);
	buf_u8(&b, 0);
	CHECK(!b.full && strstr((char *)out, "\r\nGeolocation: <cid:1@x.example>;loc-src=x.example, <cid:2@x.example>\r\n"));
}

static bool spoiled(const char *boundary, const char *type, const char *id, const char *part)
{
	struct buf b = message();
	size_t mark = sip_body_multipart_begin(&b, span_str(boundary));

	sip_body_multipart_part(&b, span_str(boundary), span_str(type), span_str(id), span_str(part));
	sip_body_multipart_end(&b, mark, span_str(boundary));
	return b.full;
}

static void nothing_breaks_out(void)
{
	CHECK(!spoiled("abc", "application/sdp", "", "v=0"));
	CHECK(spoiled("abc", "application/sdp", "", "v=0\r\n--abc\r\n"));
	CHECK(spoiled("", "application/sdp", "", "v=0") && spoiled("a\r\n", "application/sdp", "", "v=0"));
	CHECK(spoiled("a\"", "application/sdp", "", "v=0"));
	CHECK(spoiled("abc", "application/sdp\r\nX: y", "", "v=0"));
	CHECK(spoiled("abc", "application/sdp", "a>b@c", "v=0") && spoiled("abc", "application/sdp", "nowhere", "v=0"));
	struct buf b = message();
	sip_put_geolocation(&b, &(struct sip_geolocation){SPAN("a>\r\nX: y@z")}, 1);
	CHECK(b.full);
	static const char *const none[] = {"z,<cid:b@z>", "z\r\nX: y", "192.0.2.1", ""};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		b = buf_of(out, sizeof out);
		sip_put_geolocation(&b, &(struct sip_geolocation){SPAN("a@z"), span_str(none[i])}, 1);
		CHECK(!b.full && span_starts(buf_span(&b), SPAN("Geolocation: <cid:a@z>\r\nGeolocation-Routing: yes\r\n")));
	}
}

int main(void)
{
	RUN(a_description_and_a_place);
	RUN(around_the_parts);
	RUN(other_parts_are_dropped);
	RUN(a_place_too_long_is_none);
	RUN(boundaries_are_strict);
	RUN(headers_of_a_part_are_strict);
	RUN(one_description_and_no_other);
	RUN(nesting_is_refused);
	RUN(parts_and_headers_are_bounded);
	RUN(what_is_written_is_read);
	RUN(two_places_are_named);
	RUN(nothing_breaks_out);
	free(data);
	return TEST_END;
}
