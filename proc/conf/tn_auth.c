/* SPDX-License-Identifier: ISC */
#include "tn_auth.h"
#include "base/cursor.h"

enum { SEQUENCE = 0x30, INTEGER = 0x02, IA5STRING = 0x16, SPC = 0xa0, RANGE = 0xa1, ONE = 0xa2 };

static const char malformed[] = "has a malformed TNAuthList (RFC 8226 9)";

/* X.690 8.1.3 and 10.1: definite lengths of at most two octets, in the shortest form. */
static bool element(struct cursor *c, uint8_t *tag, struct cursor *value)
{
	uint8_t n, more;
	uint16_t big;

	if (!cursor_u8(c, tag) || !cursor_u8(c, &n))
		return false;
	if (n < 0x80)
		return cursor_sub(c, n, value);
	if (n == 0x81)
		return cursor_u8(c, &more) && more >= 0x80 && cursor_sub(c, more, value);
	return n == 0x82 && cursor_u16(c, &big) && big >= 0x100 && cursor_sub(c, big, value);
}

static bool element_of(struct cursor *c, uint8_t wanted, struct cursor *value)
{
	uint8_t tag;

	return element(c, &tag, value) && tag == wanted;
}

/* A TelephoneNumber: 1 to 15 of 0-9, # and *. *n is 0 where it is no number of E.164. */
static bool telephone_number(struct cursor *c, uint64_t *n)
{
	struct cursor text;

	if (!element_of(c, IA5STRING, &text) || cursor_left(&text) < 1 || cursor_left(&text) > PASSPORT_TN_MAX)
		return false;
	struct span s = span_of(text.p, cursor_left(&text));
	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr("0123456789#*", s.p[i]))
			return false;
	if (s.p[0] == '0' || !span_decimal(s, UINT64_MAX, n))
		*n = 0;
	return true;
}

static bool integer(struct cursor *c, uint64_t *n)
{
	struct cursor octets;
	uint8_t one;

	if (!element_of(c, INTEGER, &octets) || cursor_left(&octets) < 1 || cursor_left(&octets) > 7 ||
	    *octets.p & 0x80 || (cursor_left(&octets) > 1 && octets.p[0] == 0 && !(octets.p[1] & 0x80)))
		return false;
	*n = 0;
	while (cursor_u8(&octets, &one))
		*n = *n << 8 | one;
	return true;
}

/* All of them have as many digits as the first. */
static bool range(struct cursor *c, struct signer_range *out)
{
	uint64_t count, over = 10;
	struct cursor both;

	if (!element_of(c, SEQUENCE, &both) || !telephone_number(&both, &out->first) || !integer(&both, &count) ||
	    count < 2 || cursor_left(&both))
		return false;
	while (over <= out->first)
		over *= 10;
	out->last = out->first + count - 1;
	return !out->first || out->last < over;
}

const char *tn_auth_read(struct span der, struct plan_signer *out)
{
	struct cursor c = cursor_of(der), list, entry, spc;
	struct plan_signer s = {0};

	if (!element_of(&c, SEQUENCE, &list) || cursor_left(&c) || !cursor_left(&list))
		return malformed;
	while (cursor_left(&list)) {
		struct signer_range r = {0};
		uint8_t tag;
		bool ok = element(&list, &tag, &entry);
		if (ok && tag == SPC) {
			ok = element_of(&entry, IA5STRING, &spc) && cursor_left(&spc);
			s.any = 1;
		} else if (ok && tag == RANGE) {
			ok = range(&entry, &r);
		} else if (ok) {
			ok = tag == ONE && telephone_number(&entry, &r.first);
			r.last = r.first;
		}
		if (!ok || cursor_left(&entry))
			return malformed;
		if (r.first && s.ranges == SIGNER_RANGES_MAX)
			return "has a TNAuthList of more than 16 ranges";
		if (r.first)
			s.range[s.ranges++] = r;
	}
	if (!s.any && !s.ranges)
		return "has a TNAuthList without any number of E.164";
	out->any = s.any;
	out->ranges = s.ranges;
	memcpy(out->range, s.range, sizeof out->range);
	return NULL;
}
