/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "ipc/civic.h"
#include "ipc/setting.h"

static bool inside(struct span part, struct span whole)
{
	return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

/* First octet: owner and kind; the rest is a value. What the check takes is what its readers understand. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct subnet net[SETTING_SUBNETS_MAX];
	struct civic civic;
	struct span item;
	size_t items = 0;

	if (n == 0)
		return 0;
	enum setting_owner owner = (enum setting_owner)(data[0] % OWNERS);
	enum setting_kind kind = (enum setting_kind)(data[0] / OWNERS % SETTINGS);
	struct span value = span_of(data + 1, n - 1);
	bool good = setting_check(owner, kind, value) == NULL;

	FUZZ_CHECK(!good || value.n <= SETTING_TEXT_MAX);
	FUZZ_CHECK(value.n || good == (setting_rule[kind].owners >> owner & 1));
	for (struct span list = value; setting_next(&list, &item); items++)
		FUZZ_CHECK(item.n <= value.n && items <= value.n);
	if (civic_parse(value, &civic) == NULL)
		for (int i = 0; i < CIVIC_PARTS; i++)
			FUZZ_CHECK(inside(civic.part[i], value));
	int nets = setting_subnets(value, net);
	FUZZ_CHECK(nets >= 0 && nets <= SETTING_SUBNETS_MAX);
	for (int i = 0; i < nets; i++)
		FUZZ_CHECK(subnet_has(&net[i], &net[i].net));
	if (good && value.n && kind == SETTING_LOCATION)
		FUZZ_CHECK(civic_parse(value, &civic) == NULL);
	if (good && value.n && kind == SETTING_SUBNET)
		FUZZ_CHECK(nets > 0);
	return 0;
}
