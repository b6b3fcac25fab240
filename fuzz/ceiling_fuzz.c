/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "plan/ceiling.h"

/* Settings of people and rows of a store: what is taken is written again as it was understood, what is not changes nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span text = span_of(data, n);
	struct ceiling_limit limit = {{1, 2, 3, 4, 5, 6}}, before = limit;
	struct ceiling_count count, again;
	struct plan_classes classes;
	const char *why = NULL;
	uint8_t mem[256];
	struct buf b = buf_of(mem, sizeof mem);

	if (!ceiling_override(&limit, text, &why))
		FUZZ_CHECK(why && memcmp(&limit, &before, sizeof limit) == 0);
	if (ceiling_parse(text, &count)) {
		ceiling_put(&b, &count);
		FUZZ_CHECK(!b.full && ceiling_parse(buf_span(&b), &again) && memcmp(&count, &again, sizeof count) == 0);
	}
	why = NULL;
	if (plan_classes_parse(text, &classes, &why))
		FUZZ_CHECK((classes.mask & plan_classes_least().mask) == plan_classes_least().mask && !(classes.mask & 1) &&
			   classes.countries <= PLAN_COUNTRIES_MAX);
	else
		FUZZ_CHECK(why);
	return 0;
}
