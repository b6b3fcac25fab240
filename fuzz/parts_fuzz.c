/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "wire/pidf.h"
#include "wire/sip_multipart.h"
#include "wire/sip_write.h"

static bool inside(struct span s, const uint8_t *data, size_t n)
{
	return s.n == 0 || (s.p >= data && s.p + s.n <= data + n);
}

/* What was read stands in the body; written again it is read as the same, unless the new boundary stands in it. */
static void as_body(const uint8_t *data, size_t n)
{
	static uint8_t text[40000];
	const uint8_t *end = n ? memchr(data, '\n', n) : NULL;
	struct span boundary = span_of(data, end ? (size_t)(end - data) : 0), body = end ? span_of(end + 1, n - boundary.n - 1) : boundary;
	struct span other = SPAN("0f1e2d3c4b5a69788796a5b4");
	struct sip_multipart parts, again;
	struct sip_error err = {0};

	if (!sip_multipart_read(body, boundary, &parts, &err)) {
		FUZZ_CHECK(err.reason && (err.code == 400 || err.code == 415) && err.offset <= body.n);
		return;
	}
	FUZZ_CHECK(inside(parts.sdp, body.p, body.n) && inside(parts.location, body.p, body.n));
	FUZZ_CHECK(parts.location.n <= SIP_LOCATION_MAX);
	struct buf b = buf_of(text, sizeof text);
	size_t mark = sip_body_multipart_begin(&b, other);
	sip_body_multipart_part(&b, other, SPAN("application/sdp"), SPAN(""), parts.sdp);
	sip_body_multipart_part(&b, other, SPAN("application/pidf+xml"), SPAN("a@b"), parts.location);
	sip_body_multipart_end(&b, mark, other);
	if (b.full)
		return;
	FUZZ_CHECK(sip_multipart_read(span_of(text + mark, b.n - mark), other, &again, &err));
	FUZZ_CHECK(span_eq(again.sdp, parts.sdp) && span_eq(again.location, parts.location));
}

/* Whatever a place is called, what is written of it has the marks of its own elements and no others. */
static void as_place(const uint8_t *data, size_t n)
{
	uint8_t text[PIDF_MAX];
	struct buf b = buf_of(text, sizeof text);
	struct pidf_place place = {0};
	char note[64] = "";

	if (!pidf_set(&place, PIDF_COUNTRY, SPAN("DE")) || !pidf_set(&place, PIDF_RD, span_of(data, n)))
		return;
	(void)span_cstr(span_head(span_of(data, n), sizeof note - 1), note, sizeof note);
	pidf_write(&b, &(struct pidf){.user = span_of(data, n), .domain = SPAN("x.example"), .place = &place, .note = note});
	if (b.full)
		return;
	size_t marks = 0;
	for (size_t i = 0; i < b.n; i++) {
		FUZZ_CHECK(b.p[i] >= 0x20 || b.p[i] == '\r' || b.p[i] == '\n');
		marks += b.p[i] == '<';
	}
	FUZZ_CHECK(marks == (n ? 20 : 18));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	as_body(data, n);
	as_place(data, n);
	return 0;
}
