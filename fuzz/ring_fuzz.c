/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "ring.h"
#include <string.h>

enum { OCTETS = 4096 };

/* The input is where both are, in eight octets each, and what stands in the ring. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint64_t at[2] = {0};
	struct ring_packet head;
	uint8_t octets[RING_LARGE];

	if (n < sizeof at)
		return 0;
	memcpy(at, data, sizeof at);
	data += sizeof at;
	n = n - sizeof at < OCTETS ? n - sizeof at : OCTETS;
	uint8_t *mem = calloc(2, OCTETS); /* its end is where the sanitizer looks */
	if (!mem)
		abort();
	memcpy(mem, data, n);
	memcpy(mem + OCTETS, data, n);
	struct ring r = {.read = &at[0], .written = &at[1], .data = mem, .octets = OCTETS};
	ring_begin(&r);
	int records = 0;
	enum ring_result is;
	while ((is = ring_take(&r, &head, octets)) != RING_EMPTY) {
		FUZZ_CHECK(is == RING_PASSED_OVER || (head.n > 0 && head.n <= RING_LARGE));
		FUZZ_CHECK(++records <= OCTETS / 8 + 1);
		ring_release(&r, records % 2);
	}
	free(mem);
	return 0;
}
