/* SPDX-License-Identifier: ISC */
/* What media takes over from its arena (R28): each row and each ended side as it was written, and none that was not written so. */
#include "end.h"
#include "ipc/left_out.h"
#include "kept.h"
#include "source.h"
#include "test.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LO = 20000, ROWS = 4, JOIN = 100, SENT = 70000 };

static int fd;
static struct arena_table table[MEDIA_TABLES];

static void site_of(struct site *s)
{
	*s = (struct site){.media_port_lo = LO, .media_port_hi = LO + RELAY_PORTS * ROWS - 1};
}

static struct addr at(const char *ip, uint16_t port)
{
	struct addr a;

	if (!addr_parse_ip(span_str(ip), &a))
		abort();
	a.port = port;
	return a;
}

static struct relay_row row_of(uint32_t index)
{
	struct relay_row r = {.join = JOIN + index, .spec = {.answered = 1, .deadline_ms = 1}};

	for (unsigned i = 0; i < 2; i++) {
		struct relay_side *s = &r.spec.side[i];
		*s = (struct relay_side){.local = at("198.51.100.1", (uint16_t)(LO + RELAY_PORTS * index + 2 * i)),
		    .present = 1,
		    .end = RELAY_ENDED_SDES,
		    .source = RELAY_SOURCE_NAMED,
		    .direction = RELAY_BOTH,
		    .keyed = 1,
		    .hears = RELAY_HEARS_OTHER,
		    .events = 1,
		    .suite = SDP_AES_CM_128_HMAC_SHA1_80,
		    .key_ours = {1, 2},
		    .key_theirs = {3, 4},
		    .rtp = at("198.51.100.2", 5000),
		    .rtcp = at("198.51.100.2", 5001)};
		s->local_rtcp = (uint16_t)(s->local.port + 1);
	}
	return r;
}

static struct end_kept end_of(uint32_t index)
{
	return (struct end_kept){.join = JOIN + index,
	    .end = RELAY_ENDED_SDES,
	    .keyed = 1,
	    .suite = SDP_AES_CM_128_HMAC_SHA1_80,
	    .key_ours = {1, 2},
	    .key_theirs = {3, 4},
	    .cname = "0123456789abcdef",
	    .sent = {.ssrc = 7, .next = SENT, .rate = 8000},
	    .reserved = SENT + END_AHEAD,
	    .heard.source = {{9, 0, SENT}}};
}

/* A life that relays ROWS calls. */
static void life(void)
{
	struct site s;

	_Static_assert(RTCP_CNAME == sizeof "0123456789abcdef" - 1, "the name is as long as it must be");
	site_of(&s);
	fd = memfd_create("arena", MFD_CLOEXEC);
	kept_open(fd, &s, table);
	for (uint32_t i = 0; i < ROWS; i++) {
		const struct relay_row r = row_of(i);
		const struct end_kept k = end_of(i);
		arena_put(&table[MEDIA_ROWS], i, &r);
		arena_put(&table[MEDIA_ENDS], 2 * i, &k);
		arena_put(&table[MEDIA_ENDS], 2 * i + 1, &k);
	}
}

static void next_life(void)
{
	table_open(&table[MEDIA_ROWS], LO);
	end_open(&table[MEDIA_ENDS]);
	for (uint32_t i = 0; i < ROWS; i++)
		for (unsigned side = 0; side < 2 && table_row(i); side++)
			end_resume(i, side);
}

static uint64_t damaged(void)
{
	struct proc_status s = {0};

	left_out_status(&s, PROC_MEDIA);
	return s.line[0].used;
}

/* It goes on where it may have been, and not from the beginning. */
static bool goes_on(uint32_t row, unsigned side)
{
	const struct end *e = end_at(row, side);

	return e && end_is_open(e) && e->kept.sent.ssrc == 7 && e->kept.sent.next == SENT + END_AHEAD;
}

/* A report may go out before any audio does: its number is in the arena first, or the next life would seal under it again. */
static void a_report_is_promised_before_it_is_sealed(void)
{
	life();
	for (uint32_t i = 0; i < ROWS; i++)
		arena_clear(&table[MEDIA_ENDS], 2 * i);
	next_life();
	struct end *e = end_at(0, 0);
	source_set(table_row(0), 0, 1);
	CHECK(e && end_is_open(e) && e->kept.reserved_rtcp == 0);
	end_report(e, 1000);
	end_report(e, 100000);
	const struct srtp_source *s = sources_find(&e->out.sources, e->kept.sent.ssrc);
	const struct end_kept *k = arena_get(&table[MEDIA_ENDS], 0);
	CHECK(s && s->rtcp.next == 1 && s->rtp.next == 0);
	CHECK(k && k->reserved_rtcp >= s->rtcp.next);
}

/* --- one of them --- */

#define OF(type, field, v) {#type " " #field " " #v, offsetof(struct type, field), sizeof(((struct type *)0)->field), v}

struct damage {
	const char *name;
	size_t at, n;
	uint64_t value; /* in each of its octets when it is longer */
};

static const struct damage rows[] = {
    OF(relay_row, join, 0),
    OF(relay_row, join, JOIN), /* the first one's */
    OF(relay_row, answered_ms, UINT64_MAX),
    OF(relay_row, gate.key, RELAY_KEYS),
    OF(relay_row, gate.zrtp.initiator, 3),
    OF(relay_row, gate.zrtp.open, 2),
    OF(relay_row, gate.dtls[1].server, 3),
    OF(relay_row, source[0].addr[0].family, 7),
    OF(relay_row, source[1].window_end_ms, UINT64_MAX), /* anybody of that host for ever (R10) */
    OF(relay_row, spec.side[0].local.port, LO),         /* another call's */
    OF(relay_row, spec.side[1].local.port, LO),
    OF(relay_row, spec.side[1].local_rtcp, LO),
    OF(relay_row, spec.side[0].end, RELAY_ENDS),
    OF(relay_row, spec.side[0].payloads, 255),
    OF(relay_row, spec.side[1].ice_pwd, 'x'),
    OF(relay_row, spec.side[1].ice_theirs, ' '),
    OF(relay_row, spec.side[0].key_ours, 0),
};

static const struct damage ends[] = {
    OF(end_kept, join, 1),
    OF(end_kept, end, RELAY_ENDED_CLEAR),
    OF(end_kept, keyed, 2),
    OF(end_kept, suite, SDP_SUITE_N),
    OF(end_kept, cname, 'a'),
    OF(end_kept, cname, '\n'),
    OF(end_kept, reserved, SENT - 1), /* so would be sealed what was sealed before */
    OF(end_kept, reserved, UINT64_MAX),
    OF(end_kept, reserved_rtcp, UINT32_MAX),
    OF(end_kept, heard.source[0].rtp, UINT64_MAX),
    OF(end_kept, heard.source[3].rtcp, UINT32_MAX),
    OF(end_kept, heard.past_n, SRTP_PAST + 1),
    OF(end_kept, sent.sent_ms, UINT64_MAX),
};

static const struct damage *now;

static void spoil(struct arena_table *t, uint32_t i)
{
	uint8_t *record = t->base + ((const uint8_t *)arena_get(t, i) - t->base);

	if (now->n <= sizeof now->value)
		memcpy(record + now->at, &now->value, now->n);
	else
		memset(record + now->at, (int)now->value, now->n);
}

static void a_row_is_left_out(void)
{
	life();
	spoil(&table[MEDIA_ROWS], 2);
	next_life();
	CHECK(!table_row(2) && damaged() == 1 && !arena_get(&table[MEDIA_ROWS], 2));
	for (uint32_t i = 0; i < ROWS; i++)
		CHECK(i == 2 || (table_row(i) && table_row(i)->join == JOIN + i && goes_on(i, 0) && goes_on(i, 1)));
}

/* media-ports were others: nothing is damaged, and the calls of before are none of today's. */
static void other_ports(void)
{
	struct proc_status s = {0};

	life();
	table_open(&table[MEDIA_ROWS], LO + 2 * RELAY_PORTS);
	end_open(&table[MEDIA_ENDS]);
	left_out_status(&s, PROC_MEDIA);
	CHECK(s.lines == 2 && s.line[LEFT_OUT_DAMAGED].used == 0 && s.line[LEFT_OUT_UNFIT].used == ROWS);
	for (uint32_t i = 0; i < ROWS; i++)
		CHECK(!table_row(i) && !arena_get(&table[MEDIA_ROWS], i));
}

/* The same first port and more or fewer of them: each call is on the ports that it was on, as far as those are. */
static void so_many_rows(uint32_t n, uint32_t left)
{
	struct proc_status s = {0};
	struct site site;

	life();
	site_of(&site);
	site.media_port_hi = (uint16_t)(LO + RELAY_PORTS * n - 1);
	CHECK(!kept_judge(fd, &site));
	kept_open(fd, &site, table);
	CHECK(table[MEDIA_ROWS].count == n && table[MEDIA_ENDS].count == 2 * n);
	next_life();
	left_out_status(&s, PROC_MEDIA);
	CHECK(s.line[LEFT_OUT_DAMAGED].used == 0 && s.line[LEFT_OUT_UNFIT].used == 3 * (ROWS - left)); /* a row and its sides */
	for (uint32_t i = 0; i < ROWS; i++)
		CHECK((i < left) == (table_row(i) != NULL) && (i >= left || (goes_on(i, 0) && goes_on(i, 1))));
}

static void more_ports(void)
{
	so_many_rows(4 * ROWS, ROWS);
}

static void fewer_ports(void)
{
	so_many_rows(ROWS - 1, ROWS - 1);
}

/* Its stream begins anew, with an SSRC of its own; the call goes on. */
static void a_side_begins_anew(void)
{
	life();
	spoil(&table[MEDIA_ENDS], 2 * 2 + 1);
	next_life();
	CHECK(!goes_on(2, 1) && end_at(2, 1) && end_is_open(end_at(2, 1)) && end_at(2, 1)->kept.suite < SDP_SUITE_N);
	CHECK(end_at(2, 1)->kept.sent.next <= end_at(2, 1)->kept.reserved);
	for (uint32_t i = 0; i < ROWS; i++)
		CHECK(goes_on(i, 0) && (i == 2 || goes_on(i, 1)));
}

static void a_whole_one_is_taken_over(void)
{
	life();
	next_life();
	CHECK(damaged() == 0);
	for (uint32_t i = 0; i < ROWS; i++)
		CHECK(table_row(i) && goes_on(i, 0) && goes_on(i, 1));
}

/* What media keeps in memory is of one life. */
static void apart(const char *name, void (*test)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		test();
		_exit(test_failed_here);
	}
	bool ok = pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (!ok)
		fprintf(stderr, "%s failed\n", name);
	test_passed_n += ok;
	test_failed_n += !ok;
}

int main(void)
{
	apart("a whole one", a_whole_one_is_taken_over);
	apart("a report before audio", a_report_is_promised_before_it_is_sealed);
	apart("other ports", other_ports);
	apart("more ports", more_ports);
	apart("fewer ports", fewer_ports);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		now = &rows[i];
		apart(now->name, a_row_is_left_out);
	}
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		now = &ends[i];
		apart(now->name, a_side_begins_anew);
	}
	return TEST_END;
}
