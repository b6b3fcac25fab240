/* SPDX-License-Identifier: ISC */
/* T35 and the vectors of RFC 5769. */
#include "test.h"
#include "wire/crc.h"
#include "wire/stun.h"

#define PASSWORD SPAN("VOkJxbRl1RmTxUk/WvJxBt")
#define HEX(text) hex(text, sizeof(text) - 1)

static uint8_t memory[STUN_BYTES_MAX];

static struct span hex(const char *text, size_t n)
{
	int len = span_unhex(span_of(text, n), memory, sizeof memory);
	return span_of(memory, len < 0 ? 0 : (size_t)len);
}

/* RFC 5769, 2.1 */
#define REQUEST                                                                                              \
	"000100582112a442b7e7a701bc34d686fa87dfae80220010"                                                   \
	"5354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659" \
	"202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
#define TRANSACTION "\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"

static void checksums(void)
{
	CHECK(crc32_of(SPAN("123456789")) == 0xcbf43926);
	CHECK(crc32c_of(SPAN("123456789")) == 0xe3069283);
}

static void request(void)
{
	struct span d = HEX(REQUEST);
	struct stun m;

	CHECK(stun_is(d) && stun_parse(d, &m));
	CHECK(m.type == STUN_BINDING_REQUEST && !memcmp(m.transaction, TRANSACTION, 12));
	CHECK(span_eq(m.username, SPAN("evtj:h6vY")) && m.priority == 0x6e0001ff);
	CHECK(m.controlled && !m.controlling && m.tie_breaker == 0x932ff9b151263b36 && !m.use_candidate);
	CHECK(m.fingerprint && m.unknown_n == 0 && m.mapped.family == 0 && m.error_code == 0);
	CHECK(stun_integrity_ok(d, &m, PASSWORD));
	CHECK(!stun_integrity_ok(d, &m, SPAN("VOkJxbRl1RmTxUk/WvJxBu")));
	CHECK(!stun_integrity_ok(d, &m, SPAN("")));
	CHECK(stun_check(d, &m, SPAN("evtj"), PASSWORD, SPAN("h6vY")) == STUN_ROLE_CONFLICT);
	m.controlled = false;
	CHECK(stun_check(d, &m, SPAN("evtj"), PASSWORD, SPAN("")) == STUN_PROVED);
	CHECK(stun_check(d, &m, SPAN("evtj"), PASSWORD, SPAN("h6vX")) == STUN_UNAUTHORIZED);
	CHECK(stun_check(d, &m, SPAN("evt"), PASSWORD, SPAN("")) == STUN_UNAUTHORIZED);
	CHECK(stun_check(d, &m, SPAN("evtj"), SPAN("x"), SPAN("")) == STUN_UNAUTHORIZED);
	m.unknown_n = 1;
	CHECK(stun_check(d, &m, SPAN("evtj"), PASSWORD, SPAN("")) == STUN_UNKNOWN);
	m.integrity_at = 0;
	CHECK(stun_check(d, &m, SPAN("evtj"), PASSWORD, SPAN("")) == STUN_BAD_REQUEST);
	m.type = STUN_BINDING_INDICATION;
	CHECK(stun_check(d, &m, SPAN("evtj"), PASSWORD, SPAN("")) == STUN_IGNORE);
}

/* RFC 5769, 2.2 and 2.3 */
static void responses(void)
{
	struct addr expected;
	struct stun m;
	struct span d =
	    HEX("0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f72200020000800"
		"01a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96");

	CHECK(stun_parse(d, &m) && m.type == STUN_BINDING_SUCCESS && stun_integrity_ok(d, &m, PASSWORD));
	CHECK(addr_parse_ip(SPAN("192.0.2.1"), &expected));
	expected.port = 32853;
	CHECK(addr_eq(&m.mapped, &expected) && m.fingerprint);

	d = HEX(
	    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a14701"
	    "13a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c");
	CHECK(stun_parse(d, &m) && stun_integrity_ok(d, &m, PASSWORD));
	CHECK(addr_parse_ip(SPAN("2001:db8:1234:5678:11:2233:4455:6677"), &expected));
	expected.port = 32853;
	CHECK(addr_eq(&m.mapped, &expected));
}

static void answers(void)
{
	static const char *const ips[] = {"192.0.2.1", "2001:db8::7"};
	uint8_t out[STUN_ANSWER_MAX];
	struct stun req, m;

	CHECK(stun_parse(HEX(REQUEST), &req));
	for (size_t i = 0; i < 2; i++) {
		struct buf b = buf_of(out, sizeof out);
		struct addr a;
		CHECK(addr_parse_ip(span_str(ips[i]), &a));
		a.port = 50001;
		CHECK(stun_write_success(&b, &req, &a, PASSWORD) && stun_parse(buf_span(&b), &m));
		CHECK(m.type == STUN_BINDING_SUCCESS && !memcmp(m.transaction, req.transaction, 12));
		CHECK(
		    addr_eq(&m.mapped, &a) && m.fingerprint && stun_integrity_ok(buf_span(&b), &m, PASSWORD));
		for (size_t cap = 0; cap < b.n; cap++) {
			struct buf small = buf_of(out, cap);
			CHECK(!stun_write_success(&small, &req, &a, PASSWORD));
		}
	}
	req.unknown_n = 2;
	req.unknown[0] = 0x0042;
	req.unknown[1] = 0x7001;
	static const enum stun_verdict codes[] = {
	    STUN_BAD_REQUEST, STUN_UNAUTHORIZED, STUN_UNKNOWN, STUN_ROLE_CONFLICT};
	for (size_t i = 0; i < 4; i++) {
		struct buf b = buf_of(out, sizeof out);
		CHECK(stun_write_error(&b, &req, codes[i], PASSWORD) && stun_parse(buf_span(&b), &m));
		CHECK(m.type == STUN_BINDING_ERROR && m.error_code == codes[i] && m.fingerprint);
		CHECK(stun_integrity_ok(buf_span(&b), &m, PASSWORD) == (i >= 2));
		CHECK((i == 2) == !memcmp(out + 28, "\x00\x0a\x00\x04\x00\x42\x70\x01", 8));
	}
}

/* One attribute in a message of the right length; parsed or not. */
static bool attribute(const char *attribute_hex)
{
	uint8_t d[256] = {0x00, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	struct span text = span_str(attribute_hex);
	struct stun m;
	int n = span_unhex(text, d + 20, sizeof d - 20);

	d[3] = (uint8_t)n;
	return stun_parse(span_of(d, 20U + (size_t)n), &m);
}

static void malformed(void)
{
	CHECK(attribute("002400046e0001ff"));
	CHECK(!attribute("0024ffff6e0001ff")); /* T35: length past the end */
	CHECK(!attribute("002400056e0001ff"));
	CHECK(!attribute("0024000100"));       /* padding past the end */
	CHECK(!attribute("002400036e000100")); /* PRIORITY of 3 */
	CHECK(attribute("000900040000040a"));
	CHECK(!attribute("0009000300000400")); /* T35: ERROR-CODE short */
	CHECK(!attribute("0009000400000200"));
	CHECK(!attribute("0009000400000464"));
	CHECK(!attribute("00090000"));
	CHECK(!attribute("0020000800010000"));
	CHECK(!attribute("002000080003a147e112a643")); /* family 3 */
	CHECK(!attribute("002000080002a147e112a643")); /* IPv6 of 4 octets */
	CHECK(attribute("00250000"));
	CHECK(!attribute("0025000400000000"));
	CHECK(!attribute("00060000"));
	CHECK(!attribute("802900040000000080"));
	CHECK(!attribute("802900080000000000000001802a00080000000000000001")); /* both roles */
	CHECK(!attribute("0008000401020304"));
	CHECK(!attribute("8028000400000000"));
	CHECK(attribute("0042000400000000"));
}

/* Every truncation and every flipped bit of the vector is refused or changes only what is not protected. */
static void damage(void)
{
	uint8_t copy[128];
	struct stun m;
	struct span d = HEX(REQUEST);

	memcpy(copy, d.p, d.n);
	for (size_t n = 0; n < d.n; n++)
		CHECK(!stun_parse(span_of(copy, n), &m));
	for (size_t bit = 0; bit < d.n * 8; bit++) {
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(!stun_parse(span_of(copy, d.n), &m) || !m.fingerprint);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CHECK(stun_parse(span_of(copy, d.n), &m));
}

int main(void)
{
	RUN(checksums);
	RUN(request);
	RUN(responses);
	RUN(answers);
	RUN(malformed);
	RUN(damage);
	return TEST_END;
}
