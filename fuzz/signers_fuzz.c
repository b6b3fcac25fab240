/* SPDX-License-Identifier: ISC */
#include "conf/signers.h"
#include "fuzz.h"

/* Two files of the directory trust, a NUL between them: roots, and a chain. It gives a signer that core takes as it is, or a reason and
 * nothing that could be taken for one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct plan_signers s;
	struct span all = span_of(data, n), roots = span_head(all, span_find(all, 0));

	memset(&s, 0, sizeof s);
	const char *why = signers_roots(roots, &s);
	FUZZ_CHECK(!why || why[0]);
	why = signers_read(span_skip(all, roots.n + 1), 0, &s.signer[0]);
	FUZZ_CHECK(!why || why[0]);
	s.n = !why;
	FUZZ_CHECK(why || (s.signer[0].from_s <= s.signer[0].until_s && (s.signer[0].any || s.signer[0].ranges > 0)));
	FUZZ_CHECK(plan_signers_ok(&s));
	signers_begin();
	return 0;
}
