/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "wire/passport.h"

/* Any header gives fields that core takes, and the same when it is read again; what is not read leaves nothing behind. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct passport p, again;
	const char *why = passport_read(span_of(data, n), &p);

	FUZZ_CHECK(passport_ok(&p));
	FUZZ_CHECK((why == NULL) == (p.kind == PASSPORT_READ));
	passport_read(span_of(data, n), &again);
	FUZZ_CHECK(memcmp(&p, &again, sizeof p) == 0);
	return 0;
}
