/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "wire/pidf.h"

/* Whatever is read of a document is a place that may be written, and what is written is read as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t first[PIDF_MAX], second[PIDF_MAX];
	struct buf a = buf_of(first, sizeof first), b = buf_of(second, sizeof second);
	struct pidf_place place, again;
	const char *why = NULL;

	if (!pidf_read(span_of(data, n), &place, &why)) {
		FUZZ_CHECK(why);
		return 0;
	}
	FUZZ_CHECK(pidf_place_ok(&place));
	struct pidf p = {.user = SPAN("101"), .domain = SPAN("x.example"), .place = &place, .note = "said by the phone"};
	pidf_write(&a, &p);
	FUZZ_CHECK(!a.full && pidf_read(buf_span(&a), &again, &why));
	p.place = &again;
	pidf_write(&b, &p);
	FUZZ_CHECK(!b.full && span_eq(buf_span(&a), buf_span(&b)));
	return 0;
}
