/* SPDX-License-Identifier: ISC */
#include "base/addr.h"
#include "base/buf.h"
#include "fuzz.h"
#include "ipc/setting.h"

/* The small readers that all parsers call. What is read is written again as the same. */
static void as_octets(struct span s)
{
	uint8_t *out = malloc(s.n / 2 + 1), *again = malloc(s.n + 1), *text = malloc(2 * s.n + 8);
	struct buf b = buf_of(text, 2 * s.n + 8);

	if (!out || !again || !text)
		abort();
	int n = span_unhex(s, out, s.n / 2);
	FUZZ_CHECK(n == -1 || (size_t)n == s.n / 2);
	if (n >= 0) {
		buf_hex(&b, out, (size_t)n);
		FUZZ_CHECK(b.n == s.n && span_eq_case(buf_span(&b), s));
	}
	n = span_unbase64(s, again, s.n);
	FUZZ_CHECK(n >= -1 && (n < 0 || (size_t)n <= (s.n + 3) / 4 * 3));
	FUZZ_CHECK(n < 0 || span_unbase64(s, again, (size_t)n) == n);
	FUZZ_CHECK(n <= 0 || span_unbase64(s, again, (size_t)n - 1) == -1);
	free(out);
	free(again);
	free(text);
}

static void as_number(struct span s)
{
	static const uint64_t most[] = {0, 9, 255, UINT32_MAX, UINT64_MAX};
	char text[32];

	for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
		uint64_t v = 77;
		if (!span_decimal(s, most[i], &v)) {
			FUZZ_CHECK(v == 77);
			continue;
		}
		FUZZ_CHECK(v <= most[i] && s.n > 0);
		while (s.n > 1 && s.p[0] == '0')
			s = span_skip(s, 1);
		snprintf(text, sizeof text, "%llu", (unsigned long long)v);
		FUZZ_CHECK(span_eq(s, span_str(text)));
	}
}

static void as_address(struct span s)
{
	struct addr a, again;
	struct subnet net;
	uint8_t text[ADDR_TEXT_MAX];
	struct buf b = buf_of(text, sizeof text);

	if (addr_parse_ip(s, &a)) {
		FUZZ_CHECK(a.family && addr_ok(&a));
		addr_put_ip(&b, &a);
		FUZZ_CHECK(!b.full && addr_parse_ip(buf_span(&b), &again) && addr_eq(&a, &again));
	}
	if (subnet_parse(s, &net))
		FUZZ_CHECK(memchr(s.p, '/', s.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	/* a copy of its own length, so that an octet too many is seen */
	uint8_t *copy = malloc(n + 1);

	if (!copy)
		abort();
	memcpy(copy + 1, data, n);
	struct span s = span_of(copy + 1, n);
	as_octets(s);
	as_number(s);
	as_address(s);
	struct span t = span_trim(s);
	FUZZ_CHECK(t.n <= n && (t.n == 0 || (t.p >= s.p && t.p + t.n <= s.p + n)));
	FUZZ_CHECK(span_find(s, '/') <= n && span_head(s, n + 1).n == n && span_skip(s, n + 1).n == 0);
	free(copy);
	return 0;
}
