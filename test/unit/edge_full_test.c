/* SPDX-License-Identifier: ISC */
/* The pools of edge that no peer can empty in a test of reasonable length: full is an answer, emergencies have their share,
 * and all of it comes back (R16, R27). */
#include "out.h"
#include "test.h"
#include "text.h"
#include "wire/sip_limits.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct status_line line(void (*status)(struct proc_status *), const char *name)
{
	static struct proc_status s;

	memset(&s, 0, sizeof s);
	status(&s);
	for (uint32_t i = 0; i < s.lines; i++)
		if (strcmp(s.line[i].name, name) == 0)
			return s.line[i];
	return (struct status_line){0};
}

/* Blocks that wait for sockets: the one that comes when there is none gets no, the others keep theirs. */
static void blocks_run_out(void)
{
	enum { N = 40 };
	static struct out out[N];
	static uint8_t much[OUT_MAX];
	int fd[2], full = -1;

	CHECK(out_open(256) && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0);
	memset(much, 'x', sizeof much);
	CHECK(!out_put(&out[0], span_of(much, OUT_MAX + 1))); /* more than one connection may have */
	for (int i = 0; i < N && full < 0; i++)
		if (!out_put(&out[i], span_of(much, sizeof much)))
			full = i;
	struct status_line l = line(out_status, "out-blocks");
	CHECK(full > 10 && l.used == 256 && l.limit == 256 && l.peak == 256 && l.refused == 1);
	out_clear(&out[full]);
	CHECK(out_put(&out[full], SPAN("after it")));
	size_t sent = out[full].n;
	CHECK(out_send(&out[full], fd[0]) == OUT_DONE && sent == 8 && read(fd[1], much, sizeof much) == 8);
	CHECK(memcmp(much, "after it", 8) == 0);
	for (int i = 0; i < N; i++)
		out_clear(&out[i]);
	CHECK(line(out_status, "out-blocks").used == 0);
	close(fd[0]);
	close(fd[1]);
}

static void texts_of(const char *name, size_t octets)
{
	static struct text *kept[4096];
	uint32_t n = 0, back = 0, more = 0;

	while (n < 4096 && (kept[n] = text_take(octets, false)))
		n++;
	struct status_line l = line(text_status, name);
	CHECK(n > 0 && n < l.limit && l.refused == 1 && l.used == n); /* a share is kept */
	while (n + back < 4096 && (kept[n + back] = text_take(octets, POOL_BACK)))
		back++;
	CHECK(back > 0 && back == (l.limit - n) / 2); /* who calls back has half of that */
	n += back;
	while (n + more < 4096 && (kept[n + more] = text_take(octets, POOL_HELP)))
		more++;
	CHECK(more > 0 && n + more == l.limit && line(text_status, name).used == l.limit);
	for (uint32_t i = 0; i < n + more; i++) {
		CHECK(kept[i]->cap >= octets);
		text_give(kept[i]);
	}
	l = line(text_status, name);
	CHECK(l.used == 0 && l.peak == l.limit);
	struct text *again = text_take(octets, false);
	CHECK(again);
	text_give(again);
}

static void texts_run_out(void)
{
	CHECK(text_open(256, 1024) && !text_take(2 * SIP_HEAD_MAX, true));
	texts_of("texts", 500);
	texts_of("middle-texts", 3000);
	texts_of("long-texts", 6000);
}

int main(void)
{
	RUN(blocks_run_out);
	RUN(texts_run_out);
	return TEST_END;
}
