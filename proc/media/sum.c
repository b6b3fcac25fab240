/* SPDX-License-Identifier: ISC */
#include "sum.h"
#include <netinet/in.h>

enum { HEADER_LEN = 8 };

/* Of words as they lie in memory: a one's complement sum is of no order of octets (RFC 1071 2 B). */
static uint64_t add(uint64_t sum, const uint8_t *p, size_t n)
{
	uint32_t word;
	uint16_t last[2] = {0};

	for (; n >= sizeof word; p += sizeof word, n -= sizeof word) {
		memcpy(&word, p, sizeof word);
		sum += word;
	}
	memcpy(last, p, n);
	return sum + last[0] + last[1];
}

static uint16_t folded(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

bool sum_ok(const struct addr *from, const struct addr *to, uint16_t check, struct span payload)
{
	const uint16_t len = htons((uint16_t)(HEADER_LEN + payload.n));
	uint64_t pseudo = (uint64_t)len + htons(IPPROTO_UDP);

	if (check == 0)
		return true;
	/* ::ffff: before an IPv4 address adds nothing */
	pseudo = add(add(pseudo, from->ip, sizeof from->ip), to->ip, sizeof to->ip);
	if (check == folded(pseudo))
		return true;
	pseudo += (uint64_t)len + htons(from->port) + htons(to->port) + check;
	return folded(add(pseudo, payload.p, payload.n)) == 0xffff;
}
