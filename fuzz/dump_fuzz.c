/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "ledger/dump.h"

/* First octet: how many octets of the rest are the first piece; what is left is a second one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct load l;

	if (n == 0)
		return 0;
	struct span all = span_of(data + 1, n - 1), first = span_head(all, data[0]);
	load_begin(&l, NULL);
	const char *why = load_piece(&l, first);
	FUZZ_CHECK(!why || why[0]);
	FUZZ_CHECK(l.begun || l.rows == 0);
	if (!why) {
		why = load_piece(&l, span_skip(all, first.n));
		FUZZ_CHECK(l.rows <= n && (!why || why[0]));
	}
	return 0;
}
