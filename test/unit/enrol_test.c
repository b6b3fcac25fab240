/* SPDX-License-Identifier: ISC */
/* R1: a phone's request proves possession of its key, and the exchange takes nothing but the point from it. */
#include "test.h"
#include "vault/code.h"
#include "vault/enrol.h"

static uint8_t key_mem[ENROL_PEM_MAX], request_mem[ENROL_PEM_MAX];
static struct buf key, request;

static bool make_both(void)
{
	key = buf_of(key_mem, sizeof key_mem);
	request = buf_of(request_mem, sizeof request_mem);
	return !enrol_make_key(&key) && !enrol_make_request(buf_span(&key), &request);
}

static void request_gives_the_point(void)
{
	uint8_t a[ENROL_POINT] = {0}, b[ENROL_POINT] = {0};

	CHECK(make_both());
	CHECK(!enrol_parse_request(buf_span(&request), a));
	request.n = 0;
	CHECK(!enrol_make_request(buf_span(&key), &request));
	CHECK(!enrol_parse_request(buf_span(&request), b));
	CHECK(memcmp(a, b, sizeof a) == 0);
	CHECK(make_both() && !enrol_parse_request(buf_span(&request), b));
	CHECK(memcmp(a, b, sizeof a) != 0);
}

/* Coordinates that begin with a zero octet come back at their full width: one key in 128 has one. */
static void short_coordinates_keep_their_place(void)
{
	int seen = 0;

	for (int i = 0; i < 3000 && seen < 2; i++) {
		uint8_t p[ENROL_POINT];
		CHECK(make_both() && !enrol_parse_request(buf_span(&request), p));
		seen += p[0] == 0 || p[32] == 0;
	}
	CHECK(seen > 0);
}

static void changed_request_is_refused(void)
{
	uint8_t p[ENROL_POINT] = {1}, whole[ENROL_PEM_MAX];
	struct span text;

	CHECK(make_both());
	text = buf_span(&request);
	memcpy(whole, text.p, text.n);
	size_t body = span_find(text, '\n') + 1;
	for (size_t i = body; i + 40 < text.n; i++) {
		if (whole[i] == '\n')
			continue;
		request_mem[i] = whole[i] == 'A' ? 'B' : 'A';
		bool padding = whole[i] == '=' || whole[i + 1] == '=' || whole[i + 2] == '=';
		CHECK(padding || enrol_parse_request(text, p) != NULL);
		request_mem[i] = whole[i];
	}
	CHECK(p[0] == 1 || enrol_parse_request(text, p) == NULL);
	for (size_t n = 0; n + 40 < text.n; n++)
		CHECK(enrol_parse_request(span_head(text, n), p) != NULL);
}

static void two_blocks_are_refused(void)
{
	uint8_t p[ENROL_POINT];

	CHECK(make_both());
	struct buf twice = request;
	buf_put(&twice, request.p, request.n);
	CHECK(!twice.full && enrol_parse_request(buf_span(&twice), p) != NULL);
	CHECK(enrol_parse_request(SPAN(""), p) != NULL);
	CHECK(enrol_parse_request(buf_span(&key), p) != NULL);
}

static void code_survives_people(void)
{
	uint8_t bits[CODE_BITS], got[CODE_BITS], mem[64];
	uint32_t device;

	for (int i = 0; i < CODE_BITS; i++)
		bits[i] = (uint8_t)(i * 29 + 7);
	struct buf b = buf_of(mem, sizeof mem);
	code_put(&b, 17, bits);
	CHECK(!b.full && b.n <= CODE_TEXT_MAX && span_starts(buf_span(&b), SPAN("17-")));
	CHECK(code_parse(buf_span(&b), &device, got) && device == 17 && memcmp(bits, got, sizeof bits) == 0);
	for (size_t i = 3; i < b.n; i++)
		if (mem[i] == '-')
			mem[i] = ' ';
		else if (mem[i] >= 'a' && mem[i] <= 'z')
			mem[i] = (uint8_t)(mem[i] - 32);
	CHECK(code_parse(buf_span(&b), &device, got) && device == 17 && memcmp(bits, got, sizeof bits) == 0);
	CHECK(!code_parse(span_head(buf_span(&b), b.n - 1), &device, got));
	buf_u8(&b, 'a');
	CHECK(!code_parse(buf_span(&b), &device, got));
	CHECK(!code_parse(SPAN("17"), &device, got) && !code_parse(SPAN(""), &device, got));
	CHECK(!code_parse(SPAN("17-abcde-fghij-klmno-pqrst-uvwxy!"), &device, got));
	CHECK(!code_parse(SPAN("x7-abcde-fghij-klmno-pqrst-uvwxya"), &device, got));
	/* the two spare bits are 0, so that one code has one spelling */
	CHECK(code_parse(SPAN("7-aaaaa-aaaaa-aaaaa-aaaaa-aaaaaa"), &device, got) && device == 7);
	CHECK(!code_parse(SPAN("7-aaaaa-aaaaa-aaaaa-aaaaa-aaaaab"), &device, got));
	b = buf_of(mem, sizeof mem);
	code_put(&b, UINT32_MAX, bits);
	CHECK(b.n <= 42);
	b = buf_of(mem, sizeof mem);
	code_put(&b, 65536, bits);
	CHECK(b.n <= CODE_TEXT_MAX);
}

int main(void)
{
	RUN(request_gives_the_point);
	RUN(short_coordinates_keep_their_place);
	RUN(changed_request_is_refused);
	RUN(two_blocks_are_refused);
	RUN(code_survives_people);
	return TEST_END;
}
