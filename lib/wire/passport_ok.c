/* SPDX-License-Identifier: ISC */
/* Apart from passport.c, which hashes: parent judges its messages with this, and links no such library. */
#include "wire/passport.h"

static bool tn_ok(const char tn[PASSPORT_TN_MAX + 1])
{
	size_t n = strnlen(tn, PASSPORT_TN_MAX + 1);

	for (size_t i = n; i <= PASSPORT_TN_MAX; i++) /* nothing behind the end */
		if (tn[i])
			return false;
	return n > 0 && n <= PASSPORT_TN_MAX && strspn(tn, "0123456789") == n;
}

bool passport_ok(const void *passport)
{
	static const struct passport none;
	const struct passport *p = passport;

	if (p->kind == PASSPORT_NONE || p->kind >= PASSPORT_KINDS)
		return false;
	if (p->kind != PASSPORT_READ)
		return memcmp((const uint8_t *)p + 1, (const uint8_t *)&none + 1, sizeof none - 1) == 0;
	for (int i = 0; i < PASSPORT_DESTS_MAX; i++)
		if (i < p->dests ? !tn_ok(p->dest[i]) : p->dest[i][0])
			return false;
	return (!p->attest || (p->attest >= 'A' && p->attest <= 'C')) && p->dests > 0 &&
	       p->dests <= PASSPORT_DESTS_MAX && memcmp(p->zero, none.zero, sizeof none.zero) == 0 && tn_ok(p->orig);
}
