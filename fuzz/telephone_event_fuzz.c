/* SPDX-License-Identifier: ISC */
/* Packets of one stream: [timestamp low, high, marker and length, payload...] again and again. */
#include "wire/telephone_event.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct event_reader r = {0};
	uint8_t digit[EVENT_PRESSES_MAX];
	uint32_t base = 0xffff8000u;

	while (n >= 3) {
		size_t length = data[2] & 31, left = n - 3;
		uint32_t timestamp = base + (uint32_t)data[0] * 160 + (uint32_t)data[1] * 0x10000;
		bool marker = data[2] >> 7;
		if (length > left)
			length = left;
		const struct span payload = span_of(data + 3, length);
		size_t got = event_read(&r, timestamp, marker, payload, digit);
		FUZZ_CHECK(got <= length / EVENT_PAYLOAD && got <= EVENT_PRESSES_MAX && r.known <= EVENT_REMEMBERED);
		for (size_t i = 0; i < got; i++)
			FUZZ_CHECK(digit[i] <= EVENT_DIGIT_MAX);
		/* the same packet again says nothing new */
		if (length == EVENT_PAYLOAD)
			FUZZ_CHECK(event_read(&r, timestamp, marker, payload, digit) == 0);
		data += 3 + length;
		n -= 3 + length;
	}
	return 0;
}
