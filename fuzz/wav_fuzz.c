/* SPDX-License-Identifier: ISC */
#include "audio/wav.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct wav w;
	const char *why = wav_parse(span_of(data, n), &w);

	if (why) {
		FUZZ_CHECK(why[0]);
		return 0;
	}
	FUZZ_CHECK(w.frames > 0 && (w.channels == 1 || w.channels == 2) && w.rate >= 8000 && w.rate <= 48000);
	FUZZ_CHECK(w.samples.n == (size_t)w.frames * w.channels * 2 && w.frames <= w.rate * (uint32_t)WAV_SECONDS_MAX);
	FUZZ_CHECK(w.samples.p >= data && w.samples.p + w.samples.n <= data + n);
	int16_t *mono = malloc(w.frames * sizeof *mono);
	if (mono)
		wav_mono(&w, mono);
	free(mono);
	return 0;
}
