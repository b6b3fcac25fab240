/* SPDX-License-Identifier: ISC */
#include "wire/sip.h"

int sip_unquote(struct span s, uint8_t *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i] == '\t' ? ' ' : s.p[i];
		if (c == ' ' && i && (s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
			continue;
		if (c == '\\') {
			if (++i == s.n)
				return -1;
			c = s.p[i];
		}
		if (n == cap)
			return -1;
		out[n++] = c;
	}
	return (int)n;
}
