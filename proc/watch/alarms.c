/* SPDX-License-Identifier: ISC */
#include "watch/alarms.h"
#include "ipc/words.h"

enum { DIGITS_MAX = 2, PACE_MAX_MS = 3600 * 1000, FRESH_MS = 60000 };

/* The first alarm is with a person within five seconds, and so are the next few; and the first of its kind within a minute is, so that
 * nobody hides one behind others that are easily raised. */
static const struct {
	uint32_t gather_ms, burst, refill_ms;
} pace[WAYS] = {
    [WAY_SYSLOG] = {200, 10, 1000},
    [WAY_MAIL] = {1000, 3, 60000},
    [WAY_DESK] = {1000, 3, 60000},
};

void alarms_init(struct alarms *a, const bool on[WAYS])
{
	*a = (struct alarms){0};
	for (int w = 0; w < WAYS; w++)
		a->queue[w] = (struct alarm_queue){.on = on[w], .allowed = pace[w].burst};
}

/* A notice leaves the house: no process is trusted to have kept a telephone number out of its words (R23). */
static void clean(struct span in, char out[ALARM_DETAIL_MAX + 1])
{
	size_t n = 0, digits = 0;

	for (size_t i = 0; i < in.n && n < ALARM_DETAIL_MAX; i++) {
		uint8_t c = in.p[i];
		if (c < 0x20 || c > 0x7e)
			continue;
		digits = c >= '0' && c <= '9' ? digits + 1 : 0;
		if (digits > DIGITS_MAX)
			n -= digits == DIGITS_MAX + 1 ? DIGITS_MAX : 0;
		else
			out[n++] = (char)c;
	}
	out[n] = 0;
}

static bool same(const struct alarm *a, const struct alarm *b)
{
	return a->kind == b->kind && a->proc == b->proc && a->device == b->device && a->user == b->user &&
	       strcmp(a->detail, b->detail) == 0;
}

static void count_beyond(struct alarm_notice *n, uint32_t times)
{
	n->beyond += times <= UINT32_MAX - n->beyond ? times : 0;
}

/* Calls for help stand before all else, which makes room for them: a desk hears the first line alone. */
static uint32_t place_of(struct alarm_notice *n, const struct alarm *x)
{
	uint32_t at = 0;

	if (x->kind != EVENT_EMERGENCY)
		return n->lines;
	while (at < n->lines && n->line[at].kind == EVENT_EMERGENCY)
		at++;
	if (at < n->lines && n->lines == ALARM_LINES_MAX)
		count_beyond(n, n->times[--n->lines]);
	return at;
}

static void put_in(struct alarm_notice *n, const struct alarm *x, uint32_t times)
{
	for (uint32_t i = 0; i < n->lines; i++)
		if (same(&n->line[i], x)) {
			n->times[i] += times <= UINT32_MAX - n->times[i] ? times : 0;
			return;
		}
	const uint32_t at = place_of(n, x);
	if (n->lines == ALARM_LINES_MAX) {
		count_beyond(n, times);
		return;
	}
	memmove(&n->line[at + 1], &n->line[at], (n->lines - at) * sizeof n->line[0]);
	memmove(&n->times[at + 1], &n->times[at], (n->lines - at) * sizeof n->times[0]);
	n->line[at] = *x;
	n->times[at] = times;
	n->lines++;
}

void alarms_add(struct alarms *a, uint64_t now_ms, const struct alarm *x, struct span detail)
{
	struct alarm y = *x;

	clean(detail, y.detail);
	for (int w = 0; w < WAYS; w++) {
		struct alarm_queue *q = &a->queue[w];
		if (!q->on)
			continue;
		if (q->waiting.lines == 0)
			q->first_ms = now_ms;
		put_in(&q->waiting, &y, 1);
		if (!q->told_ms[y.kind] || now_ms >= q->told_ms[y.kind] + FRESH_MS)
			q->fresh = true;
	}
}

static void refill(struct alarm_queue *q, enum alarm_way w, uint64_t now_ms)
{
	while (q->allowed < pace[w].burst && now_ms >= q->refill_ms) {
		q->allowed++;
		q->refill_ms += pace[w].refill_ms;
		if (now_ms > q->refill_ms + PACE_MAX_MS)
			q->allowed = pace[w].burst;
	}
}

const struct alarm_notice *alarms_due(struct alarms *a, enum alarm_way w, uint64_t now_ms)
{
	struct alarm_queue *q = &a->queue[w];

	refill(q, w, now_ms);
	if (!q->on || q->busy || q->waiting.lines == 0 || !(q->allowed || q->fresh) ||
	    now_ms < q->first_ms + pace[w].gather_ms)
		return NULL;
	if (q->allowed == pace[w].burst)
		q->refill_ms = now_ms + pace[w].refill_ms;
	q->allowed -= q->allowed > 0;
	q->fresh = false;
	for (uint32_t i = 0; i < q->waiting.lines; i++)
		q->told_ms[q->waiting.line[i].kind] = now_ms;
	q->going = q->waiting;
	q->waiting = (struct alarm_notice){.lines = 0};
	q->busy = true;
	return &q->going;
}

/* What could not be told stands before what came meanwhile. */
static void take_back(struct alarm_queue *q)
{
	struct alarm_notice later = q->waiting;

	q->waiting = q->going;
	for (uint32_t i = 0; i < later.lines; i++)
		put_in(&q->waiting, &later.line[i], later.times[i]);
	q->waiting.beyond += later.beyond <= UINT32_MAX - q->waiting.beyond ? later.beyond : 0;
}

void alarms_told(struct alarms *a, enum alarm_way w, uint64_t now_ms, bool ok)
{
	struct alarm_queue *q = &a->queue[w];

	if (!q->busy)
		return;
	q->busy = false;
	q->told += ok;
	q->failed += !ok;
	if (ok) {
		q->tries = 0;
	} else if (++q->tries < ALARM_TRIES_MAX) {
		take_back(q);
		q->first_ms = now_ms;
	} else {
		q->tries = 0;
		q->dropped++;
	}
}

uint64_t alarms_next_ms(const struct alarms *a)
{
	uint64_t first = UINT64_MAX;

	for (int w = 0; w < WAYS; w++) {
		const struct alarm_queue *q = &a->queue[w];
		if (q->busy || q->waiting.lines == 0)
			continue;
		uint64_t at = q->first_ms + pace[w].gather_ms;
		if (q->allowed == 0 && !q->fresh && q->refill_ms > at)
			at = q->refill_ms;
		first = at < first ? at : first;
	}
	return first;
}

static void put_count(struct buf *b, const char *before, uint64_t n)
{
	buf_str(b, before);
	buf_decimal(b, n);
}

void alarm_put(struct buf *b, const struct alarm *x, uint32_t times)
{
	buf_str(b, proc_name[x->proc]);
	buf_str(b, ": ");
	buf_str(b, word_event[x->kind].plain);
	if (x->detail[0]) {
		buf_str(b, ": ");
		buf_str(b, x->detail);
	}
	if (x->device)
		put_count(b, ", phone no. ", x->device);
	if (x->user)
		put_count(b, ", user no. ", x->user);
	if (times > 1) {
		put_count(b, " (", times);
		buf_str(b, " times)");
	}
}
