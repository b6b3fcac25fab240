/* SPDX-License-Identifier: ISC */
#include "watch/notice.h"
#include <stdio.h>
#include <time.h>

static void put_when(struct buf *b, int64_t wall_ms)
{
	time_t t = (time_t)(wall_ms / 1000);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm))
		(void)!strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	buf_str(b, text);
	buf_str(b, "  ");
}

static void put_more(struct buf *b, uint64_t n)
{
	if (n == 0)
		return;
	buf_str(b, "and ");
	buf_decimal(b, n);
	buf_str(b, " more");
}

static uint64_t all_of(const struct alarm_notice *n)
{
	uint64_t sum = n->beyond;

	for (uint32_t i = 0; i < n->lines; i++)
		sum += n->times[i];
	return sum;
}

void notice_mail(struct buf *b, const struct alarm_notice *n, const char *domain, const char *to)
{
	buf_str(b, "To: ");
	buf_str(b, to);
	buf_str(b, "\nSubject: Ringfence ALARM at ");
	buf_str(b, domain);
	buf_str(b, "\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n"
		   "Content-Type: text/plain; charset=us-ascii\n\n");
	for (uint32_t i = 0; i < n->lines; i++) {
		put_when(b, n->line[i].wall_ms);
		alarm_put(b, &n->line[i], n->times[i]);
		buf_str(b, "\n");
	}
	put_more(b, n->beyond);
	buf_str(b, n->beyond ? "\n" : "");
	buf_str(b, "\nTimes are UTC. `ringfence events` on the exchange shows them all.\n");
}

void notice_desk(struct buf *b, const struct alarm_notice *n)
{
	buf_str(b, "Ringfence ALARM: ");
	alarm_put(b, &n->line[0], n->times[0]);
	uint64_t more = all_of(n) - n->times[0];
	if (b->n + 24 <= b->cap && more) {
		buf_str(b, ", ");
		put_more(b, more);
	}
}

void notice_syslog(struct buf *b, const struct alarm_notice *n, uint32_t i)
{
	enum { AUTH_ALERT = 4 << 3 | 1 };

	buf_str(b, "<");
	buf_decimal(b, AUTH_ALERT);
	buf_str(b, ">ringfence: ALARM ");
	alarm_put(b, &n->line[i], n->times[i]);
	if (i + 1 == n->lines && n->beyond) {
		buf_str(b, ", ");
		put_more(b, n->beyond);
	}
}
