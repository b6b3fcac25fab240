/* SPDX-License-Identifier: ISC */
/* What is to be said, without prompts: tones and silence; whatever is taken ends, after as many samples as it has. */
#include "fuzz.h"
#include "say.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct say s;
	int16_t out[160];
	uint64_t most = (uint64_t)SAY_ITEMS_MAX * SAY_SILENCE_MAX_MS * 16, samples = 0;
	uint32_t got;

	if (n == 0 || !say_parse(&s, span_of(data + 1, n - 1), SPAN("en"), &tone_country[data[0] % TONE_COUNTRIES]))
		return 0;
	say_begin(&s, data[0] & 0x80 ? RATE_16K : RATE_8K);
	/* long ones are cut off: there is nothing new in them */
	while ((got = say_read(&s, out, 160)) == 160 && samples < 200000)
		samples += got;
	bool silent = true; /* a message that there is not is passed over */
	for (int i = 0; i < s.items; i++)
		silent &= s.item[i].mail;
	FUZZ_CHECK((samples + got > 0) == !silent && samples + got <= most);
	if (got < 160)
		FUZZ_CHECK(say_read(&s, out, 160) == 0);
	return 0;
}
