/* SPDX-License-Identifier: ISC */
#include "base/buf.h"
#include "test.h"
#include "vault/p256.h"
#include "wire/passport.h"

#define URL "https://cert.example.org/passport.cer"
#define HEADER "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}"
#define BASE_HEADER "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}"
#define ORIGID "123e4567-e89b-12d3-a456-426655440000"
#define CLAIMS                                                                                                \
	"{\"attest\":\"A\",\"dest\":{\"tn\":[\"12155550131\"]},\"iat\":1443208345,\"orig\":{\"tn\":\"12155550121\"}," \
	"\"origid\":\"" ORIGID "\"}"
#define BASE_CLAIMS "{\"dest\":{\"tn\":[\"12155550131\"]},\"iat\":1443208345,\"orig\":{\"tn\":\"12155550121\"}}"
#define SIGNATURE "50RUJsrVTWGsYlTWVr9SHd4AoKSSJGC1mm4TzYU0hj8RMXayx3yGJGsHT-s2pZpHcg5hmkkb8EuB3Oad4kJEpA"
#define INFO ";info=<" URL ">"
#define SHAKEN INFO ";alg=ES256;ppt=\"shaken\""

/* RFC 8225 Appendix A, as it stands there; its signature is of no key that is printed beside it (erratum). */
static const char rfc8225[] =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3JnL3Bhc3Nwb3J0LmNlciJ9"
    ".eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI6MTQ3MTM3NTQxOCwib3JpZyI6eyJ0biI6IjEyMTU1NTUxMjEyIn19"
    ".VLBCIVDCaeK6M4hLJb6SHQvacAQVvoiiEOWQ_iUkqk79UD81fHQ0E1b3_GluIkba7UWYRM47ZbNFdOJquE35cw";

/* The claims of RFC 8588 6, made into a token by python3-cryptography with the private key of RFC 8225 Appendix A.1. */
static const char rfc8588[] =
    "eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3JnL3Bhc3Nwb3J0LmNl"
    "ciJ9.eyJhdHRlc3QiOiJBIiwiZGVzdCI6eyJ0biI6WyIxMjE1NTU1MDEzMSJdfSwiaWF0IjoxNDQzMjA4MzQ1LCJvcmlnIjp7InRuIjoiMTIxNTU1NTAx"
    "MjEifSwib3JpZ2lkIjoiMTIzZTQ1NjctZTg5Yi0xMmQzLWE0NTYtNDI2NjU1NDQwMDAwIn0." SIGNATURE;

static const char point_hex[] = "167da8f51d4113a68342aceb69f4a03ca3457bf48b960112adf42d5c14f93277"
				"71413f849e88d6714210eb0f4b5d04796cdffc057bcfbe2b616b3f2405f6fba1";

static struct passport p;
static char text[4096];

static void put_base64url(struct buf *b, const char *json)
{
	uint8_t mem[3072];
	struct buf plain = buf_of(mem, sizeof mem);

	buf_base64(&plain, json, strlen(json));
	for (size_t i = 0; i < plain.n && mem[i] != '='; i++)
		buf_u8(b, mem[i] == '+' ? '-' : mem[i] == '/' ? '_' : mem[i]);
}

static const char *token(const char *header, const char *claims, const char *signature, const char *parameters)
{
	struct buf b = buf_of(text, sizeof text);

	put_base64url(&b, header);
	buf_u8(&b, '.');
	put_base64url(&b, claims);
	buf_u8(&b, '.');
	buf_str(&b, signature);
	buf_str(&b, parameters);
	return buf_cstr(&b);
}

static uint8_t kind(const char *header)
{
	const char *why = passport_read(span_str(header), &p);

	if ((why == NULL) != (p.kind == PASSPORT_READ) || !passport_ok(&p))
		return PASSPORT_KINDS;
	return p.kind;
}

static uint8_t shaken(const char *claims)
{
	return kind(token(HEADER, claims, SIGNATURE, SHAKEN));
}

static uint8_t headed(const char *header)
{
	return kind(token(header, CLAIMS, SIGNATURE, SHAKEN));
}

static void vectors(void)
{
	uint8_t point[P256_POINT], hash[PASSPORT_HASH];

	p256_init();
	snprintf(text, sizeof text, "%s" INFO, rfc8225);
	CHECK(kind(text) == PASSPORT_OTHER); /* for a URI, and so for no number */
	snprintf(text, sizeof text, "%s" SHAKEN, rfc8588);
	CHECK(kind(text) == PASSPORT_READ && p.attest == 'A' && p.iat_s == 1443208345 && p.dests == 1);
	CHECK(strcmp(p.orig, "12155550121") == 0 && strcmp(p.dest[0], "12155550131") == 0);
	passport_url_hash(SPAN(URL), hash);
	CHECK(memcmp(hash, p.x5u, sizeof hash) == 0);
	CHECK(span_unhex(span_str(point_hex), point, sizeof point) == P256_POINT);
	CHECK(p256_verify_raw(point, p.hash, p.signature));
	p.signature[63] ^= 1;
	CHECK(!p256_verify_raw(point, p.hash, p.signature));
	p.signature[63] ^= 1;
	p.hash[0] ^= 1;
	CHECK(!p256_verify_raw(point, p.hash, p.signature));
	p.hash[0] ^= 1;
	memset(p.signature, 0, sizeof p.signature);
	CHECK(!p256_verify_raw(point, p.hash, p.signature));
	memset(p.signature, 0xff, sizeof p.signature);
	CHECK(!p256_verify_raw(point, p.hash, p.signature));
	memset(point, 0, sizeof point);
	CHECK(!p256_verify_raw(point, p.hash, p.signature));
}

static void a_base_passport_has_no_attestation(void)
{
	CHECK(kind(token(BASE_HEADER, BASE_CLAIMS, SIGNATURE, INFO)) == PASSPORT_READ && p.attest == 0);
	CHECK(kind(token(BASE_HEADER, CLAIMS, SIGNATURE, INFO)) == PASSPORT_BAD);
	CHECK(kind(token(HEADER, BASE_CLAIMS, SIGNATURE, SHAKEN)) == PASSPORT_BAD);
	CHECK(shaken("{\"iat\":1,\"orig\":{\"tn\":\"12\"},\"dest\":{\"uri\":[\"sip:a\"],\"tn\":[\"1\",\"2\"]},\"origid\":\"x\","
		     "\"attest\":\"C\"}") == PASSPORT_READ);
	CHECK(p.dests == 2 && p.attest == 'C' && p.iat_s == 1);
}

/* Forged ones try another algorithm, or to say two things at once. */
static void what_is_bad(void)
{
	static const char *const headers[] = {"", "{}", "{\"alg\":\"ES256\"}",
	    "{\"alg\":\"none\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}",
	    "{\"alg\":\"HS256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}",
	    "{\"alg\":\"ES384\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}",
	    "{\"alg\":\"es256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}",
	    "{\"alg\":\"none\",\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}",
	    "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"JWT\",\"x5u\":\"" URL "\"}",
	    "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" URL "x\"}",
	    "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"http://cert.example.org/passport.cer\"}",
	    "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}",
	    "{\"crit\":[\"x\"],\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}",
	    "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}x",
	    "{\"alg\": \"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}",
	    "{\"alg\":\"E\\u0053256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}",
	    "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"" URL "\",}", "[]", "{{{{{{{{{{{{{{{{",
	    "{\"alg\":{\"alg\":\"ES256\"}}"};
	static const char *const claims[] = {"", "{}", "{",
	    "{\"attest\":\"D\",\"dest\":{\"tn\":[\"1\"]},\"iat\":1,\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}",
	    "{\"attest\":\"AA\",\"dest\":{\"tn\":[\"1\"]},\"iat\":1,\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"attest\":\"B\",\"dest\":{\"tn\":[\"1\"]},\"iat\":1,\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\"]},\"iat\":\"1\",\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\"]},\"iat\":-1,\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\"]},\"iat\":1.5,\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\"]},\"iat\":01,\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\"]},\"iat\":18446744073709551617,\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"dest\":{\"tn\":[]},\"iat\":1,\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"dest\":{\"tn\":\"1\"},\"iat\":1,\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"dest\":{\"tn\":[[\"1\"]]},\"iat\":1,\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\"]},\"iat\":1,\"orig\":{\"tn\":\"1\",\"tn\":\"2\"},\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\"]},\"iat\":1,\"orig\":{\"tn\":[\"1\"]},\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\"]},\"iat\":1,\"orig\":{\"tn\":\"1\"},\"origid\":\"\"}",
	    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\"]},\"iat\":1,\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"iat\":1,\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\"]},\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}",
	    "{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\"]},\"iat\":1,\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"} "};

	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		CHECK(headed(headers[i]) == PASSPORT_BAD);
	for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
		CHECK(shaken(claims[i]) == PASSPORT_BAD);
}

static void what_is_of_another_kind(void)
{
	CHECK(kind("..\"" SIGNATURE "\"" SHAKEN) == PASSPORT_OTHER || kind(".." SIGNATURE SHAKEN) == PASSPORT_OTHER);
	CHECK(kind(token("{\"alg\":\"ES256\",\"ppt\":\"div\",\"typ\":\"passport\",\"x5u\":\"" URL "\"}", CLAIMS, SIGNATURE,
		  INFO ";ppt=\"div\"")) == PASSPORT_OTHER);
	CHECK(shaken("{\"attest\":\"A\",\"mky\":[{\"alg\":\"sha-256\"}]}") == PASSPORT_OTHER);
	CHECK(shaken("{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\"]},\"iat\":1,\"orig\":{\"uri\":\"sip:a@b\"},\"origid\":\"x\"}") ==
	      PASSPORT_OTHER);
	CHECK(shaken("{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\"]},\"iat\":1,\"orig\":{\"tn\":\"+1\"},\"origid\":\"x\"}") ==
	      PASSPORT_OTHER);
	CHECK(shaken("{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]},\"iat\":1,"
		     "\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}") == PASSPORT_OTHER);
	CHECK(shaken("{\"attest\":\"A\",\"dest\":{\"tn\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"]},\"iat\":1,"
		     "\"orig\":{\"tn\":\"1\"},\"origid\":\"x\"}") == PASSPORT_READ);
}

static void parameters_and_signatures(void)
{
	static const char *const bad[] = {"", ";info=<" URL "x>;ppt=shaken", ";info=" URL ";ppt=shaken", INFO,
	    INFO ";ppt=div", INFO ";alg=ES384;ppt=shaken", INFO ";alg=none;ppt=shaken", INFO SHAKEN,
	    INFO ";ppt=shaken;ppt=shaken", ";info=<>;ppt=shaken", ";info=<" URL ";ppt=shaken"};
	static const char *const good[] = {SHAKEN, INFO ";ppt=shaken", " ; ppt = \"shaken\" ; info = <" URL ">",
	    INFO ";canon=\"x\";ppt=shaken"};
	static const char *const signatures[] = {"", "AAAA", SIGNATURE "AA", SIGNATURE "==",
	    "50RUJsrVTWGsYlTWVr9SHd4AoKSSJGC1mm4TzYU0hj8RMXayx3yGJGsHT+s2pZpHcg5hmkkb8EuB3Oad4kJEpA",
	    "50RUJsrVTWGsYlTWVr9SHd4AoKSSJGC1mm4TzYU0hj8RMXayx3yGJGsHT-s2pZpHcg5hmkkb8EuB3Oad4kJEpB", SIGNATURE ".AAAA"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(kind(token(HEADER, CLAIMS, SIGNATURE, bad[i])) == PASSPORT_BAD);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		CHECK(kind(token(HEADER, CLAIMS, SIGNATURE, good[i])) == PASSPORT_READ);
	for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
		CHECK(kind(token(HEADER, CLAIMS, signatures[i], SHAKEN)) == PASSPORT_BAD);
	CHECK(kind("") == PASSPORT_BAD && kind(".") == PASSPORT_BAD && kind("..") == PASSPORT_BAD && kind("a.b") == PASSPORT_BAD);
	memset(text, 'A', sizeof text - 1);
	text[PASSPORT_TEXT_MAX + 1] = 0;
	CHECK(kind(text) == PASSPORT_BAD);
}

/* What core would take from edge: nothing that passport_read() could not have said. */
static void fields_are_judged(void)
{
	struct passport q;

	snprintf(text, sizeof text, "%s" SHAKEN, rfc8588);
	CHECK(kind(text) == PASSPORT_READ);
#define WRONG(change)                  \
	do {                           \
		q = p;                 \
		change;                \
		CHECK(!passport_ok(&q)); \
	} while (0)
	WRONG(q.kind = PASSPORT_NONE);
	WRONG(q.kind = PASSPORT_KINDS);
	WRONG(q.kind = PASSPORT_BAD); /* and has fields */
	WRONG(q.attest = 'D');
	WRONG(q.attest = 1);
	WRONG(q.dests = 0);
	WRONG(q.dests = PASSPORT_DESTS_MAX + 1);
	WRONG(q.dests = 2);
	WRONG(q.orig[0] = '+');
	WRONG(q.orig[0] = 0);
	WRONG(memset(q.orig, '1', sizeof q.orig));
	WRONG(q.dest[7][0] = '1');
	WRONG(q.zero[4] = 1);
}

int main(void)
{
	RUN(vectors);
	RUN(a_base_passport_has_no_attestation);
	RUN(what_is_bad);
	RUN(what_is_of_another_kind);
	RUN(parameters_and_signatures);
	RUN(fields_are_judged);
	return TEST_END;
}
