/* SPDX-License-Identifier: ISC */
#include "base/cursor.h"
#include "fuzz.h"
#include "wire/crc.h"
#include "wire/zrtp.h"

/* The input is a conversation: sender (bit 7: leave the checksum as it is), length in two octets, packet, and
 * again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct cursor c = cursor_of(span_of(data, n));
	struct zrtp_watch w = {.has_hash = {n & 1, n & 2}};
	uint8_t packet[2048], from;
	struct span d;
	uint16_t len;

	while (cursor_u8(&c, &from) && cursor_u16(&c, &len)) {
		if (len > sizeof packet || !cursor_span(&c, len, &d))
			return 0;
		memcpy(packet, d.p, len);
		uint32_t crc = crc32c_of(span_of(packet, len < 4 ? 0 : len - 4U));
		for (int i = 0; len >= 4 && !(from & 0x80) && i < 4; i++)
			packet[len - 4 + i] = (uint8_t)(crc >> 8 * i);
		bool was_open = w.open;
		uint8_t action = zrtp_watch_feed(&w, from, span_of(packet, len));
		FUZZ_CHECK(!(action & ZRTP_OPENED) || (!was_open && w.open && !w.forged && w.initiator));
		FUZZ_CHECK(!was_open || w.open);
		FUZZ_CHECK(!(action & ZRTP_FORGED) || !(action & ZRTP_RELAY));
	}
	return 0;
}
