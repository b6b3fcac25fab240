/* SPDX-License-Identifier: ISC */
#include "expiry.h"
#include "base/clock.h"
#include "directory.h"
#include "ipc/child.h"
#include <stdio.h>

enum {
	DAY_S = 86400,
	SOON_MS = 10000, /* after the start: ledger and watch are there */
	EVERY_MS = 3600 * 1000,
	CERTIFICATES_MAX = SIGNERS_MAX + ANCHORS_MAX + SITE_TRUNKS_MAX,
};

/* What was said of it: nothing, the first warning, the last. */
struct known {
	uint8_t id[8]; /* of key or certificate: another one that ends at the same time is another */
	int64_t until_s;
	uint8_t said;
};

static struct known known[CERTIFICATES_MAX];
static unsigned known_n;
static struct timer timer;

static uint8_t due(int64_t left_s)
{
	return left_s <= (int64_t)EXPIRY_LAST_DAYS * DAY_S ? 2 : left_s <= (int64_t)EXPIRY_FIRST_DAYS * DAY_S ? 1 : 0;
}

static uint8_t said_before(const struct known *k)
{
	for (unsigned i = 0; i < known_n; i++)
		if (known[i].until_s == k->until_s && memcmp(known[i].id, k->id, sizeof k->id) == 0)
			return known[i].said;
	return 0;
}

static void say(const char *which, int64_t left_s)
{
	char text[REASON_MAX];

	if (left_s < 0)
		snprintf(text, sizeof text, "%s has ended", which);
	else
		snprintf(text, sizeof text, "%s ends in %d days", which, (int)(left_s / DAY_S));
	child_event(EVENT_CERTIFICATE, SEVERITY_ALARM, 0, NOBODY, NULL, text);
}

struct look {
	int64_t wall_s;
	struct known next[CERTIFICATES_MAX];
	unsigned n;
};

static void look_at(struct look *l, const uint8_t id[8], int64_t until_s, const char *which)
{
	struct known k = {.until_s = until_s};
	uint8_t now = due(until_s - l->wall_s);

	memcpy(k.id, id, sizeof k.id);
	k.said = said_before(&k);
	if (now > k.said) {
		say(which, until_s - l->wall_s);
		k.said = now;
	}
	l->next[l->n++] = k;
}

void expiry_look(int64_t wall_s)
{
	const struct site *s = child_site();
	struct look l = {.wall_s = wall_s};
	char which[64 + TRUNK_NAME_MAX];

	for (int i = 0; i < s->signers.anchors; i++) {
		snprintf(which, sizeof which, "certificate no. %d in the ca of signed-callers", i + 1);
		look_at(&l, s->signers.anchor[i].id, s->signers.anchor[i].until_s, which);
	}
	for (int i = 0; i < s->signers.n; i++) {
		snprintf(which, sizeof which, "certificate no. %d of signed-callers, or one above it,", i + 1);
		look_at(&l, s->signers.signer[i].point, s->signers.signer[i].until_s, which);
	}
	for (int i = 0; i < s->trunks; i++) {
		if (!s->trunk[i].certificate[0])
			continue;
		snprintf(which, sizeof which, "the certificate for trunk %s", s->trunk[i].name);
		look_at(&l, s->trunk[i].point, s->trunk[i].until_s, which);
	}
	memcpy(known, l.next, sizeof known);
	known_n = l.n;
}

static void on_time(struct timer *t, uint64_t now_ms)
{
	expiry_look(clock_wall_ms() / 1000);
	timer_set(&child_wheel, t, now_ms + EVERY_MS);
}

void expiry_init(void)
{
	known_n = 0;
	timer.fire = on_time;
	timer_set(&child_wheel, &timer, child_now() + SOON_MS);
}
