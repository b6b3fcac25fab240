/* SPDX-License-Identifier: ISC */
#include "mark.h"
#include "base/siphash.h"

static uint16_t trunk_mark[SITE_TRUNKS_MAX + 1], media_mark[SITE_LISTENERS_MAX]; /* 0: there is none */

/* Nobody who would gain by a collision writes the configuration, and the next build must make the same of it. */
static uint16_t mark_of(struct span what)
{
	static const uint8_t key[16];

	return (uint16_t)(1 + siphash(key, what) % UINT16_MAX);
}

void mark_open(const struct site *s)
{
	memset(trunk_mark, 0, sizeof trunk_mark);
	memset(media_mark, 0, sizeof media_mark);
	for (int i = 0; i < s->trunks; i++)
		trunk_mark[i + 1] = mark_of(span_str(s->trunk[i].name));
	for (int i = 0; i < s->listeners; i++) {
		uint8_t ip[2][sizeof s->listener[i].media.ip];
		memcpy(ip[0], s->listener[i].media.ip, sizeof ip[0]);
		memcpy(ip[1], s->listener[i].advertised_media.ip, sizeof ip[1]);
		media_mark[i] = mark_of(span_of(ip, sizeof ip));
	}
}

uint16_t mark_of_trunk(uint8_t trunk)
{
	return trunk <= SITE_TRUNKS_MAX ? trunk_mark[trunk] : 0;
}

uint16_t mark_of_media(uint8_t listener)
{
	return listener < SITE_LISTENERS_MAX ? media_mark[listener] : 0;
}

/* Where it was, if it is there still: others may be like it. */
static bool find(const uint16_t *marks, uint8_t n, uint16_t mark, uint8_t *at)
{
	if (*at < n && (mark ? marks[*at] == mark : marks[*at] != 0))
		return true;
	for (uint8_t i = 0; mark && i < n; i++)
		if (marks[i] == mark) {
			*at = i;
			return true;
		}
	return false;
}

bool mark_find_trunk(uint16_t mark, uint8_t *trunk)
{
	return *trunk == 0 || find(trunk_mark, SITE_TRUNKS_MAX + 1, mark, trunk);
}

bool mark_find_media(uint16_t mark, uint8_t *listener)
{
	return find(media_mark, SITE_LISTENERS_MAX, mark, listener);
}
