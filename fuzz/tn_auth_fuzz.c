/* SPDX-License-Identifier: ISC */
#include "conf/tn_auth.h"
#include "fuzz.h"

/* Any extension gives a reason and nothing else, or numbers that every process takes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct plan_signer none;
	struct plan_signers s = {.n = 1};

	const char *why = tn_auth_read(span_of(data, n), &s.signer[0]);
	if (why)
		FUZZ_CHECK(memcmp(&s.signer[0], &none, sizeof none) == 0);
	else
		FUZZ_CHECK(plan_signers_ok(&s));
	return 0;
}
