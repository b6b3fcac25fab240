/* SPDX-License-Identifier: ISC */
#include "audio/pack.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pack p;
	struct pack_prompt one, found;

	if (pack_open(span_of(data, n), &p) != NULL)
		return 0;
	FUZZ_CHECK(p.prompts > 0);
	for (uint32_t i = 0; i < p.prompts; i++) {
		pack_at(&p, i, &one);
		FUZZ_CHECK(pack_name_ok(span_str(one.name)) && one.samples.n > 0 && one.samples.n % 2 == 0);
		FUZZ_CHECK(one.samples.p >= data && one.samples.p + one.samples.n <= data + n);
		FUZZ_CHECK(pack_find(&p, one.name, &found) && found.samples.p == one.samples.p);
	}
	return 0;
}
