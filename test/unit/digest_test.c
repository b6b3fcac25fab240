/* SPDX-License-Identifier: ISC */
#include "test.h"
#include "wire/digest.h"

static struct digest_input example(enum digest_alg alg, const uint8_t *ha1)
{
	return (struct digest_input){.alg = alg,
	    .ha1 = ha1,
	    .method = SPAN("GET"),
	    .uri = SPAN("/dir/index.html"),
	    .nonce = SPAN("7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"),
	    .cnonce = SPAN("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"),
	    .nc = 1};
}

static void rfc7616_3_9_1(void)
{
	static const struct {
		enum digest_alg alg;
		const char *response;
	} want[] = {
	    {DIGEST_MD5, "8ca523f5e9506fed4657c9700eebdbec"},
	    {DIGEST_SHA256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
	};
	uint8_t ha1[DIGEST_MAX];

	for (size_t i = 0; i < 2; i++) {
		CHECK(digest_ha1(
		    want[i].alg, SPAN("Mufasa"), SPAN("http-auth@example.org"), SPAN("Circle of Life"), ha1));
		struct digest_input in = example(want[i].alg, ha1);
		CHECK(digest_check(&in, span_str(want[i].response)));
	}
}

/* with the response of erratum 4897: the RFC printed that of SHA-512 cut short */
static void rfc7616_3_9_2(void)
{
	uint8_t ha1[DIGEST_MAX];

	CHECK(digest_ha1(DIGEST_SHA512_256, SPAN("J\xc3\xa4s\xc3\xb8n Doe"), SPAN("api@example.org"),
	    SPAN("Secret, or not?"), ha1));
	struct digest_input in = {.alg = DIGEST_SHA512_256,
	    .ha1 = ha1,
	    .method = SPAN("GET"),
	    .uri = SPAN("/doe.json"),
	    .nonce = SPAN("5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK"),
	    .cnonce = SPAN("NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"),
	    .nc = 1};
	CHECK(digest_check(&in, SPAN("3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5")));
	CHECK(!digest_check(&in, SPAN("ae66e67d6b427bd3f120414a82e4acff38e8ecd9101d6c861229025f607a79dd")));
}

/* T6: nothing but the whole right response passes, and each field counts */
static void wrong_is_refused(void)
{
	const char *right = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
	uint8_t ha1[DIGEST_MAX];

	CHECK(digest_ha1(
	    DIGEST_SHA256, SPAN("Mufasa"), SPAN("http-auth@example.org"), SPAN("Circle of Life"), ha1));
	struct digest_input good = example(DIGEST_SHA256, ha1), in;
	CHECK(digest_check(&good, span_str(right)));
	CHECK(!digest_check(&good, SPAN("")));
	CHECK(!digest_check(&good, span_head(span_str(right), 32)));
	CHECK(!digest_check(&good, span_head(span_str(right), 62)));
	CHECK(!digest_check(&good, SPAN("753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c0")));
	CHECK(!digest_check(&good, SPAN("g53927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")));
	in = good, in.nc = 2;
	CHECK(!digest_check(&in, span_str(right)));
	in = good, in.method = SPAN("INVITE");
	CHECK(!digest_check(&in, span_str(right)));
	in = good, in.uri = SPAN("/dir/index.htm");
	CHECK(!digest_check(&in, span_str(right)));
	in = good, in.nonce = SPAN("8ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v");
	CHECK(!digest_check(&in, span_str(right)));
	in = good, in.alg = DIGEST_SHA512_256;
	CHECK(!digest_check(&in, span_str(right)));
	in = good, in.alg = DIGEST_OTHER;
	CHECK(!digest_check(&in, span_str(right)) && !digest_check(&in, SPAN("")));
}

static void names(void)
{
	CHECK(
	    digest_alg_find(SPAN("sha-256")) == DIGEST_SHA256 && digest_alg_find(SPAN("MD5")) == DIGEST_MD5);
	CHECK(digest_alg_find(SPAN("SHA-256-sess")) == DIGEST_OTHER &&
	      digest_alg_find(SPAN("")) == DIGEST_OTHER);
	CHECK(digest_len(DIGEST_MD5) == 16 && digest_len(DIGEST_SHA512_256) == 32 &&
	      digest_len(DIGEST_OTHER) == 0);
}

static void challenge(void)
{
	uint8_t mem[256];
	struct buf b = buf_of(mem, sizeof mem);
	struct digest_challenge_out c = {.realm = SPAN("office.example"),
	    .nonce = SPAN("abc"),
	    .opaque = SPAN("o"),
	    .alg = DIGEST_SHA256,
	    .stale = true};

	digest_put_challenge(&b, &c);
	CHECK(!b.full &&
	      span_eq(buf_span(&b), SPAN("Digest realm=\"office.example\", nonce=\"abc\", opaque=\"o\", "
					 "algorithm=SHA-256, qop=\"auth\", stale=true")));
	b = buf_of(mem, sizeof mem);
	c.realm = SPAN("a\", qop=\"x");
	digest_put_challenge(&b, &c);
	CHECK(b.full);
	b = buf_of(mem, sizeof mem);
	c.realm = SPAN("a\r\nX: y");
	digest_put_challenge(&b, &c);
	CHECK(b.full);
}

int main(void)
{
	RUN(rfc7616_3_9_1);
	RUN(rfc7616_3_9_2);
	RUN(wrong_is_refused);
	RUN(names);
	RUN(challenge);
	return TEST_END;
}
