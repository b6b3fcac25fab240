/* SPDX-License-Identifier: ISC */
#include "wire/g711.h"

/* The linear value on a scale of 16 bits (ITU-T G.711 tables 1 and 2); bit 0x80 is the sign of both, set for positive. */
static int of_mu(uint8_t octet)
{
	uint8_t u = (uint8_t)~octet;
	int level = ((((u & 0x0f) << 3) + 132) << (u >> 4 & 7)) - 132;

	return u & 0x80 ? -level : level;
}

static int of_a(uint8_t octet)
{
	uint8_t a = octet ^ 0x55;
	int step = (a & 0x0f) << 4, segment = a >> 4 & 7;
	int level = segment ? (step + 264) << (segment - 1) : step + 8;

	return a & 0x80 ? level : -level;
}

/* The nearest value of the same sign: what is silence in one is the least level in the other. */
static uint8_t nearest(int value, uint8_t sign, int (*of)(uint8_t octet))
{
	uint8_t best = sign;

	for (unsigned i = 0; i < 128; i++) {
		uint8_t octet = (uint8_t)(sign | i);
		int off = of(octet) - value, best_off = of(best) - value;
		if ((off < 0 ? -off : off) < (best_off < 0 ? -best_off : best_off))
			best = octet;
	}
	return best;
}

bool g711_is_other_law(uint8_t codec, uint8_t other)
{
	return (codec == SDP_PCMU && other == SDP_PCMA) || (codec == SDP_PCMA && other == SDP_PCMU);
}

void g711_swap_law(uint8_t codec, struct span payload, uint8_t *out)
{
	static uint8_t to_a[256], to_mu[256];
	static bool made;

	for (unsigned i = 0; i < 256 && !made; i++) {
		to_a[i] = nearest(of_mu((uint8_t)i), i & 0x80, of_a);
		to_mu[i] = nearest(of_a((uint8_t)i), i & 0x80, of_mu);
	}
	made = true;
	for (size_t i = 0; i < payload.n; i++)
		out[i] = (codec == SDP_PCMU ? to_a : to_mu)[payload.p[i]];
}
