/* SPDX-License-Identifier: ISC */
#include "base/cursor.h"
#include "fuzz.h"
#include "wire/dtls.h"

/* The input is a conversation: sender, length in two octets, datagram, and again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct cursor c = cursor_of(span_of(data, n));
	struct dtls_watch w = {0};
	struct span d;
	uint8_t from;
	uint16_t len;

	while (cursor_u8(&c, &from) && cursor_u16(&c, &len)) {
		uint8_t before = w.done;
		if (!cursor_span(&c, len, &d))
			cursor_span(&c, cursor_left(&c), &d);
		uint8_t now = dtls_watch_feed(&w, from, d);
		FUZZ_CHECK((before & now) == 0 && w.done == (before | now) && w.done < 4 && w.failed < 4);
		FUZZ_CHECK(now == 0 || (w.server && !w.refused));
		FUZZ_CHECK(now == 0 || w.version == DTLS_1_3 || dtls_watch_tag_len(&w));
	}
	return 0;
}
