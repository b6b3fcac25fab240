/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "vault/code.h"
#include "vault/enrol.h"

/* A request gives a point or a reason, a code its phone and bits or nothing; a code that was read is written the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t point[ENROL_POINT], bits[CODE_BITS], again[CODE_BITS], mem[64];
	struct buf b = buf_of(mem, sizeof mem);
	uint32_t device, same;

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
