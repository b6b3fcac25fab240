/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "vault/code.h"
#include "vault/enrol.h"

/* Three texts with a NUL between: what an exchange gives a phone's computer for its key is fit, or refused with a reason. */
static void bundle(struct span all)
{
	struct span key = span_head(all, span_find(all, 0)), rest = span_skip(all, key.n + 1), leaf = span_head(rest, span_find(rest, 0));
	struct span ca = span_skip(rest, leaf.n + 1);
	uint8_t sha256[32];

	const char *why = enrol_check_bundle(key, leaf, ca);
	FUZZ_CHECK(!why || why[0]);
	FUZZ_CHECK(why || (!enrol_fingerprint(leaf, sha256) && !enrol_fingerprint(ca, sha256)));
}

/* A request gives a point or a reason, a code its phone and bits or nothing; a code that was read is written the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t point[ENROL_POINT], bits[CODE_BITS], again[CODE_BITS], mem[64];
	struct buf b = buf_of(mem, sizeof mem);
	uint32_t device, same;

	if (span_find(span_of(data, n), 0) < n)
		bundle(span_of(data, n));
	if (enrol_parse_request(span_of(data, n), point))
		memset(point, 0, sizeof point);
	if (code_parse(span_of(data, n), &device, bits)) {
		code_put(&b, device, bits);
		FUZZ_CHECK(!b.full);
		if (b.n <= CODE_TEXT_MAX)
			FUZZ_CHECK(code_parse(buf_span(&b), &same, again) && same == device &&
				   memcmp(bits, again, sizeof bits) == 0);
	}
	return 0;
}
