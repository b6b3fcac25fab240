/* SPDX-License-Identifier: ISC */
/* Alarms gather, keep a pace, are told again when they could not be told, and say no number. */
#include "test.h"
#include "watch/alarms.h"
#include "watch/notice.h"
#include <stdlib.h>

static struct alarms a;
static const bool all_on[WAYS] = {true, true, true};

static void raise(uint64_t now_ms, uint32_t device, const char *detail)
{
	struct alarm x = {.kind = EVENT_LOGIN_LOCKED, .proc = PROC_KEEPER, .device = device};

	alarms_add(&a, now_ms, &x, span_str(detail));
}

static void the_first_is_told_within_seconds(void)
{
	alarms_init(&a, all_on);
	CHECK(alarms_next_ms(&a) == UINT64_MAX);
	raise(10000, 1, "locked");
	for (enum alarm_way w = 0; w < WAYS; w++)
		CHECK(!alarms_due(&a, w, 10000));
	uint64_t next = alarms_next_ms(&a);
	CHECK(next > 10000 && next <= 11000);
	for (enum alarm_way w = 0; w < WAYS; w++) {
		const struct alarm_notice *n = alarms_due(&a, w, 11000);
		CHECK(n && n->lines == 1 && n->times[0] == 1 && n->beyond == 0);
		CHECK(!alarms_due(&a, w, 11000));
		alarms_told(&a, w, 11000, true);
		CHECK(!alarms_due(&a, w, 100000));
	}
	CHECK(alarms_next_ms(&a) == UINT64_MAX);
}

static void a_way_that_is_off_tells_nothing(void)
{
	static const bool syslog_only[WAYS] = {[WAY_SYSLOG] = true};

	alarms_init(&a, syslog_only);
	raise(0, 1, "locked");
	CHECK(alarms_due(&a, WAY_SYSLOG, 5000) && !alarms_due(&a, WAY_MAIL, 5000) && !alarms_due(&a, WAY_DESK, 5000));
}

/* An alarm each 2 ms for ten minutes: mails are the burst and one a minute, and none of the alarms is missing in their sums. */
static void a_storm_is_a_few_mails(void)
{
	uint64_t told = 0, raised = 0, mails = 0, last_ms = 0, least_gap = UINT64_MAX;

	alarms_init(&a, all_on);
	for (uint64_t now = 0; now < 720000; now++) {
		if (now < 600000 && now % 2 == 0) {
			raise(now, (uint32_t)(raised % 100), "locked");
			raised++;
		}
		const struct alarm_notice *n = alarms_due(&a, WAY_MAIL, now);
		if (!n)
			continue;
		for (uint32_t i = 0; i < n->lines; i++)
			told += n->times[i];
		told += n->beyond;
		mails++;
		if (mails > 4 && now - last_ms < least_gap)
			least_gap = now - last_ms;
		last_ms = now;
		alarms_told(&a, WAY_MAIL, now, true);
	}
	CHECK(told == raised && mails >= 11 && mails <= 15 && least_gap >= 55000);
}

/* Who raises alarms that are easily raised hides no other behind them. */
static void the_first_of_its_kind_does_not_wait(void)
{
	uint64_t now = 0;

	alarms_init(&a, all_on);
	for (; now < 4000; now += 1100) {
		raise(now, (uint32_t)now, "easily raised");
		if (alarms_due(&a, WAY_MAIL, now + 1000))
			alarms_told(&a, WAY_MAIL, now + 1000, true);
	}
	raise(now, 1, "easily raised");
	CHECK(!alarms_due(&a, WAY_MAIL, now + 5000)); /* its pace */
	const struct alarm other = {.kind = EVENT_CEILING, .proc = PROC_CORE};
	alarms_add(&a, now + 5000, &other, SPAN("a ceiling is reached"));
	CHECK(alarms_next_ms(&a) <= now + 6000);
	const struct alarm_notice *n = alarms_due(&a, WAY_MAIL, now + 6000);
	CHECK(n && n->line[n->lines - 1].kind == EVENT_CEILING);
	alarms_told(&a, WAY_MAIL, now + 6000, true);
	alarms_add(&a, now + 7000, &other, SPAN("a ceiling is reached"));
	CHECK(!alarms_due(&a, WAY_MAIL, now + 9000)); /* no more of that kind either */
}

static void what_could_not_be_told_is_told_with_the_next(void)
{
	alarms_init(&a, all_on);
	raise(0, 1, "first");
	CHECK(alarms_due(&a, WAY_MAIL, 1000));
	raise(1500, 2, "second");
	raise(1500, 1, "first");
	alarms_told(&a, WAY_MAIL, 2000, false);
	const struct alarm_notice *n = alarms_due(&a, WAY_MAIL, 4000);
	CHECK(n && n->lines == 2 && strcmp(n->line[0].detail, "first") == 0 && n->times[0] == 2 && n->times[1] == 1);
}

/* A command that never works: its notices are given up, and what is kept stays bounded. */
static void a_way_that_fails_is_given_up(void)
{
	uint64_t tries = 0;

	alarms_init(&a, all_on);
	raise(0, 1, "first");
	for (uint64_t now = 0; now < 3600000; now += 100)
		if (alarms_due(&a, WAY_MAIL, now)) {
			tries++;
			alarms_told(&a, WAY_MAIL, now, false);
		}
	CHECK(tries == ALARM_TRIES_MAX && a.queue[WAY_MAIL].dropped == 1 && a.queue[WAY_MAIL].waiting.lines == 0);
	raise(4000000, 1, "again");
	CHECK(alarms_due(&a, WAY_MAIL, 4001000));
}

static void numbers_are_left_out(void)
{
	static const struct {
		const char *in, *out;
	} row[] = {
	    {"phone 12 of floor 3", "phone 12 of floor 3"},
	    {"called 0033612345678 now", "called  now"},
	    {"+4930123", "+"},
	    {"a\r\nBcc: x\x1b[2J\xff", "aBcc: x[2J"},
	    {"", ""},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		alarms_init(&a, all_on);
		raise(0, 0, row[i].in);
		const struct alarm_notice *n = alarms_due(&a, WAY_SYSLOG, 1000);
		CHECK(n && strcmp(n->line[0].detail, row[i].out) == 0);
	}
}

/* The longest of everything fits, and no text breaks out of the mail's header or of syslog's line. */
static void notices_fit_and_stay_in_their_lines(void)
{
	static uint8_t mem[NOTICE_MAIL_MAX], line[NOTICE_SYSLOG_MAX], desk[REASON_MAX];
	struct buf b = buf_of(mem, sizeof mem), l = buf_of(line, sizeof line), d = buf_of(desk, sizeof desk);
	char words[ALARM_DETAIL_MAX + 50];

	memset(words, 'w', sizeof words);
	words[sizeof words - 1] = 0;
	alarms_init(&a, all_on);
	for (uint32_t i = 0; i < 2 * ALARM_LINES_MAX; i++)
		for (int twice = 0; twice < 2; twice++)
			alarms_add(&a, 0,
			    &(struct alarm){.kind = EVENT_LOGIN_LOCKED, .proc = PROC_PARENT, .device = UINT32_MAX - i, .user = UINT32_MAX},
			    span_str(words));
	const struct alarm_notice *n = alarms_due(&a, WAY_MAIL, 1000);
	CHECK(n && n->lines == ALARM_LINES_MAX && n->beyond == 2 * ALARM_LINES_MAX);
	notice_mail(&b, n, "voice.example", "head@example.org");
	CHECK(!b.full && memmem(b.p, b.n, "and 48 more", 11) && memmem(b.p, b.n, "\n\n", 2));
	notice_syslog(&l, n, n->lines - 1);
	CHECK(!l.full && span_starts(buf_span(&l), SPAN("<33>ringfence: ALARM parent: ")) && !memchr(l.p, '\n', l.n));
	notice_desk(&d, n);
	CHECK(d.n <= REASON_MAX && span_starts(buf_span(&d), SPAN("Ringfence ALARM: ")) && !memchr(d.p, '\n', d.n));
}

/* R16: whatever somebody heaps up meanwhile, and in the message to the desk, which has one line */
static void a_call_for_help_stands_first(void)
{
	uint8_t desk[REASON_MAX];
	struct buf d = buf_of(desk, sizeof desk);

	alarms_init(&a, all_on);
	for (uint32_t i = 1; i <= 2 * ALARM_LINES_MAX; i++)
		raise(0, i, "locked");
	for (uint32_t i = 0; i < 2; i++)
		alarms_add(&a, 0, &(struct alarm){.kind = EVENT_EMERGENCY, .proc = PROC_CORE, .device = 100 + i}, SPAN("emergency call"));
	const struct alarm_notice *n = alarms_due(&a, WAY_DESK, 1000);
	CHECK(n && n->lines == ALARM_LINES_MAX && n->beyond == ALARM_LINES_MAX + 2);
	CHECK(n->line[0].kind == EVENT_EMERGENCY && n->line[0].device == 100 && n->line[1].device == 101);
	CHECK(n->line[2].device == 1 && n->times[0] == 1);
	notice_desk(&d, n);
	CHECK(memmem(d.p, d.n, "emergency call", 14));
	/* full of calls for help, one more is counted */
	alarms_init(&a, all_on);
	for (uint32_t i = 0; i <= ALARM_LINES_MAX; i++)
		alarms_add(&a, 0, &(struct alarm){.kind = EVENT_EMERGENCY, .proc = PROC_CORE, .device = i}, SPAN("emergency call"));
	n = alarms_due(&a, WAY_MAIL, 1000);
	CHECK(n && n->lines == ALARM_LINES_MAX && n->beyond == 1);
}

int main(void)
{
	RUN(the_first_is_told_within_seconds);
	RUN(a_way_that_is_off_tells_nothing);
	RUN(a_storm_is_a_few_mails);
	RUN(the_first_of_its_kind_does_not_wait);
	RUN(what_could_not_be_told_is_told_with_the_next);
	RUN(a_way_that_fails_is_given_up);
	RUN(numbers_are_left_out);
	RUN(notices_fit_and_stay_in_their_lines);
	RUN(a_call_for_help_stands_first);
	return TEST_END;
}
