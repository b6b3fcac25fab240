/* SPDX-License-Identifier: ISC */
#include "wire/telephone_event.h"
#include <string.h>

enum { SEGMENT_MAX = 0xffff };

const char event_key[] = "0123456789*#";

int event_of_key(unsigned key)
{
	const char *at = key && key < 0x80 ? strchr(event_key, (int)key) : NULL;

	return at ? (int)(at - event_key) : -1;
}

struct report {
	uint8_t event;
	bool end;
	uint16_t duration;
};

static struct report parse(const uint8_t *p)
{
	return (struct report){p[0], p[1] >> 7, (uint16_t)(p[2] << 8 | p[3])};
}

static bool is_known(const struct event_reader *r, uint32_t timestamp)
{
	for (int i = 0; i < r->known; i++)
		if (r->begun[i] == timestamp)
			return true;
	return false;
}

/* Earlier than the newest press, but not by so much that it must be another stream. */
static bool is_late(const struct event_reader *r, uint32_t timestamp)
{
	uint32_t behind = r->known ? r->begun[0] - timestamp : 0;

	return behind > 0 && behind < EVENT_LATE;
}

/* A key held for longer than a duration can say is told in segments, each with a timestamp of its own (2.5.1.3). */
static bool goes_on(const struct event_reader *r, uint32_t timestamp, bool marker, const struct report *e)
{
	return r->known && !marker && !r->ended && e->event == r->event &&
	       (timestamp == r->next || timestamp - r->begun[0] == SEGMENT_MAX);
}

static void remember(struct event_reader *r, uint32_t timestamp, const struct report *e)
{
	memmove(r->begun + 1, r->begun, sizeof r->begun - sizeof r->begun[0]);
	r->begun[0] = timestamp;
	if (r->known < EVENT_REMEMBERED)
		r->known++;
	r->event = e->event;
	r->ended = false;
	r->next = timestamp;
}

/* True when a press begins. */
static bool take(struct event_reader *r, uint32_t timestamp, bool marker, const struct report *e)
{
	bool begins = false;

	if (!is_known(r, timestamp)) {
		if (is_late(r, timestamp))
			return false;
		begins = !goes_on(r, timestamp, marker, e);
		remember(r, timestamp, e);
	}
	if (timestamp == r->begun[0]) {
		if (timestamp + e->duration - r->begun[0] > r->next - r->begun[0])
			r->next = timestamp + e->duration;
		r->ended |= e->end;
	}
	return begins;
}

size_t event_read(
    struct event_reader *r, uint32_t timestamp, bool marker, struct span payload, uint8_t digit[EVENT_PRESSES_MAX])
{
	size_t n = 0;

	if (payload.n == 0 || payload.n % EVENT_PAYLOAD || payload.n > (size_t)EVENT_PAYLOAD * EVENT_PRESSES_MAX)
		return 0;
	/* in one packet each event begins where the one before it ends */
	for (size_t at = 0; at < payload.n; at += EVENT_PAYLOAD) {
		const struct report e = parse(payload.p + at);
		if (take(r, timestamp, marker && at == 0, &e) && e.event <= EVENT_DIGIT_MAX)
			digit[n++] = e.event;
		timestamp += e.duration;
	}
	return n;
}
