/* SPDX-License-Identifier: ISC */
#include "audio/decode.h"
#include "base/cursor.h"
#include "fuzz.h"

/* What a caller says into a mailbox, payload after payload, on one decoder: [codec, length in two octets, payload] again and again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct decoder *d = calloc(1, decoder_size());
	struct cursor c = cursor_of(span_of(data, n));
	struct span payload;
	uint8_t codec;
	uint16_t len;

	while (d && cursor_u8(&c, &codec) && cursor_u16(&c, &len)) {
		int16_t *out = malloc(DECODE_MAX * sizeof *out); /* its own, so that a sample too many is seen */
		if (!out)
			break;
		if (!cursor_span(&c, len, &payload))
			cursor_span(&c, cursor_left(&c), &payload);
		size_t samples = decoder_payload(d, codec % (SDP_TELEPHONE_EVENT + 1), payload, out);
		FUZZ_CHECK(samples <= DECODE_MAX);
		FUZZ_CHECK(samples == 0 || (payload.n > 0 && codec % (SDP_TELEPHONE_EVENT + 1) != SDP_TELEPHONE_EVENT));
		free(out);
	}
	free(d);
	return 0;
}
