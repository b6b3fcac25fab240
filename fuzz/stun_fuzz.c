/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "wire/stun.h"

#define UFRAG SPAN("evtj")
#define PASSWORD SPAN("VOkJxbRl1RmTxUk/WvJxBt")

/* Whatever is read can be checked and answered, and the answer reads back. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span d = span_of(data, n);
	struct stun m, again;
	uint8_t out[STUN_ANSWER_MAX];

	if (!stun_parse(d, &m))
		return 0;
	FUZZ_CHECK(stun_is(d) && m.unknown_n <= 4 && m.integrity_at < n);
	FUZZ_CHECK(m.username.n == 0 || (m.username.p >= data && m.username.p + m.username.n <= data + n));
	enum stun_verdict verdict = stun_check(d, &m, UFRAG, PASSWORD, SPAN(""));
	struct buf b = buf_of(out, sizeof out);
	if (verdict == STUN_PROVED) {
		struct addr a = {.family = 6, .port = 1};
		FUZZ_CHECK(stun_write_success(&b, &m, &a, PASSWORD));
		FUZZ_CHECK(stun_parse(buf_span(&b), &again) && addr_eq(&again.mapped, &a));
	} else if (verdict != STUN_IGNORE) {
		FUZZ_CHECK(stun_write_error(&b, &m, verdict, PASSWORD));
		FUZZ_CHECK(stun_parse(buf_span(&b), &again) && again.error_code == verdict);
	}
	return 0;
}
