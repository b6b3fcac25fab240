/* SPDX-License-Identifier: ISC */
/* One law of G.711 in the other, against another implementation's (ITU-T G.711 tables 1 to 4). */
#include "wire/g711.h"
#include "test.h"
#include <spandsp.h>
#include <stdlib.h>

static uint8_t swapped(uint8_t codec, unsigned octet)
{
	uint8_t in = (uint8_t)octet, out;

	g711_swap_law(codec, span_of(&in, 1), &out);
	return out;
}

/* The tables of the recommendation round some steps the other way; never by more than one. */
static void as_others_have_it(void)
{
	for (unsigned i = 0; i < 256; i++) {
		uint8_t a = swapped(SDP_PCMU, i), u = swapped(SDP_PCMA, i);
		CHECK(abs((a ^ 0x55) - (ulaw_to_alaw((uint8_t)i) ^ 0x55)) <= 1);
		CHECK(abs(u - alaw_to_ulaw((uint8_t)i)) <= 1);
		CHECK((a & 0x80) == (i & 0x80) && (u & 0x80) == (i & 0x80));
	}
}

static void nothing_is_nearer(void)
{
	for (unsigned i = 0; i < 256; i++) {
		int is = ulaw_to_linear((uint8_t)i), off = abs(alaw_to_linear(swapped(SDP_PCMU, i)) - is);
		for (unsigned j = i & 0x80; j < (i & 0x80) + 128; j++)
			CHECK(abs(alaw_to_linear((uint8_t)j) - is) >= off);
	}
}

static void in_place(void)
{
	uint8_t octets[160];

	for (unsigned i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)i;
	g711_swap_law(SDP_PCMA, span_of(octets, sizeof octets), octets);
	for (unsigned i = 0; i < sizeof octets; i++)
		CHECK(octets[i] == swapped(SDP_PCMA, i));
}

static void which_is_the_other(void)
{
	CHECK(g711_is_other_law(SDP_PCMA, SDP_PCMU) && g711_is_other_law(SDP_PCMU, SDP_PCMA));
	CHECK(!g711_is_other_law(SDP_PCMA, SDP_PCMA) && !g711_is_other_law(SDP_PCMA, SDP_G722));
	CHECK(!g711_is_other_law(SDP_OPUS, SDP_PCMU));
}

int main(void)
{
	RUN(as_others_have_it);
	RUN(nothing_is_nearer);
	RUN(in_place);
	RUN(which_is_the_other);
	return TEST_END;
}
