/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "plan/ceiling.h"

/* Under a clock that is right, or has waited long enough, none stays of a day to come, and nothing that was used is given back at once. */
static void under_a_clock(struct ceiling_count n)
{
	struct ceiling_when w = {.now_ms = 1000, .day = 20418, .hour = 490040};
	struct ceiling_count confirmed = n;
	bool later = n.day > w.day || n.hour > w.hour;

	ceiling_confirm(&confirmed, &w);
	FUZZ_CHECK(confirmed.day <= w.day && confirmed.hour <= w.hour && !confirmed.ahead_s);
	FUZZ_CHECK(confirmed.ms == n.ms && confirmed.hourly == n.hourly && confirmed.destinations == n.destinations);
	const struct ceiling_count before = n;
	bool ahead = ceiling_ahead(&n, &w);
	FUZZ_CHECK(ahead == (n.ahead_s != 0) && (later || !ahead));
	FUZZ_CHECK(before.day < w.day || (n.ms == before.ms && n.destinations == before.destinations));
	FUZZ_CHECK(before.hour < w.hour || n.hourly == before.hourly);
	w.now_ms += 24 * 3600 * 1000;
	FUZZ_CHECK(!ahead || !ceiling_ahead(&n, &w));
}

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
		under_a_clock(count);
	}
	why = NULL;
	if (plan_classes_parse(text, &classes, &why))
		FUZZ_CHECK((classes.mask & plan_classes_least().mask) == plan_classes_least().mask && !(classes.mask & 1) &&
			   classes.countries <= PLAN_COUNTRIES_MAX);
	else
		FUZZ_CHECK(why);
	return 0;
}
