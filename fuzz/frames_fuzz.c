/* SPDX-License-Identifier: ISC */
/* A capture file from its first octet up to the datagrams in it. */
#include "capture/packet.h"
#include "fuzz.h"

static struct frags frags;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct capture c;
	struct frame f;
	struct packet p;
	size_t frames = 0, octets = 0;

	frags.turn = 0;
	for (int i = 0; i < FRAG_SLOTS; i++)
		frags.slot[i].turn = 0;
	capture_of(&c, span_of(data, n));
	while (capture_next(&c, &f) == CAPTURE_FRAME) {
		frames++;
		octets += f.data.n;
		FUZZ_CHECK(f.data.n == 0 || (f.data.p >= data && f.data.p + f.data.n <= data + n));
		enum packet_result r = packet_read(&f, &frags, &p);
		FUZZ_CHECK(r < PACKET_RESULTS);
		if (r == PACKET_READ) {
			FUZZ_CHECK(p.key.proto == PACKET_UDP || p.key.proto == PACKET_TCP);
			FUZZ_CHECK(p.payload.n <= n || p.payload.n <= FRAG_MAX);
			volatile uint8_t sum = 0;
			for (size_t i = 0; i < p.payload.n; i++)
				sum = (uint8_t)(sum + p.payload.p[i]);
		}
	}
	FUZZ_CHECK(octets <= n && frames <= n / 12);
	return 0;
}
