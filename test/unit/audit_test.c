/* SPDX-License-Identifier: ISC */
/* R24: the verdicts on the labelled set, in each format of file and whatever the order of packets within windows; what is cut,
 * damaged or too much ends nothing. With --write DIR it writes the set as captures instead. */
#include "audit/report.h"
#include "audit_scene.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { WINDOW = 8, ORDERS = 2, CUTS = 3 };

static struct made made;
static struct audit audit;
static struct calls calls;
static enum capture_result ended;

static void run(struct span file)
{
	struct capture c;
	struct frame f;

	if (!audit_init(&audit))
		abort();
	capture_of(&c, file);
	while ((ended = capture_next(&c, &f)) == CAPTURE_FRAME)
		audit_frame(&audit, &f);
	if (!calls_find(&audit, &calls))
		abort();
}

static void clean(void)
{
	calls_free(&calls);
	audit_fini(&audit);
}

static uint32_t all_whys(void)
{
	uint32_t why = 0;

	for (uint32_t i = 1; i <= audit.legs.n + audit.flows.n; i++)
		why |= calls.node[i].v.why;
	return why;
}

static bool as_labelled(const struct scene *s, const char *how)
{
	uint32_t why = all_whys();
	bool ok = calls.n == s->calls && calls.attempts == s->by_grade[AUDIT_NONE] && (why & s->why) == s->why && !(why & s->never);

	for (unsigned g = AUDIT_NOBODY; g < AUDIT_GRADES; g++)
		ok = ok && calls.by_grade[g] == s->by_grade[g];
	ok = ok && (s->other_n == 0 || audit.count.other[s->other] == s->other_n);
	if (!ok)
		fprintf(stderr, "%s, %s: calls %u, nobody %u, server %u, unknown %u, open %u, attempts %u, why %04x, other %u\n", s->name, how,
		    calls.n, calls.by_grade[AUDIT_NOBODY], calls.by_grade[AUDIT_SERVER], calls.by_grade[AUDIT_UNKNOWN],
		    calls.by_grade[AUDIT_OPEN], calls.attempts, why, (unsigned)audit.count.other[s->other]);
	return ok;
}

static bool judged(const struct scene *s, struct span file, const char *how)
{
	run(file);
	bool ok = ended == CAPTURE_END && as_labelled(s, how);
	clean();
	free((void *)(uintptr_t)file.p);
	return ok;
}

static void make(const struct scene *s)
{
	made_begin(&made);
	s->make(&made);
}

static void labelled(void)
{
	bool ok = true;

	for (const struct scene *s = scenes; s->name; s++) {
		make(s);
		ok &= judged(s, made_pcap(&made, 0, false), "pcap");
		ok &= judged(s, made_pcap(&made, 0, true), "pcap of the other byte order");
		ok &= judged(s, made_pcapng(&made), "pcapng");
	}
	CHECK(ok);
}

static void in_any_order(void)
{
	bool ok = true;

	for (const struct scene *s = scenes; s->name; s++) {
		make(s);
		for (unsigned i = 0; i < ORDERS; i++)
			ok &= judged(s, made_pcap(&made, WINDOW, false), "shuffled");
	}
	CHECK(ok);
}

/* Cut anywhere: what stands before the cut is judged, and never more than there is. */
static void cut_short(void)
{
	for (const struct scene *s = scenes; s->name; s++) {
		make(s);
		struct span file = made_pcap(&made, 0, false);
		for (unsigned i = 0; i < CUTS; i++) {
			size_t n = made_random(&made) % (file.n + 1);
			run(span_head(file, n));
			CHECK(n == file.n || n < 24 || ended == CAPTURE_CUT || ended == CAPTURE_END);
			CHECK(calls.n <= s->calls + 1u);
			clean();
		}
		free((void *)(uintptr_t)file.p);
	}
}

/* Octets changed at random, in all layers. */
static void damaged(void)
{
	for (const struct scene *s = scenes; s->name; s++) {
		make(s);
		struct span file = made_pcap(&made, 0, false);
		uint8_t *p = (uint8_t *)(uintptr_t)file.p;
		for (unsigned i = 0; i < file.n / 200; i++)
			p[24 + made_random(&made) % (file.n - 24)] = (uint8_t)made_random(&made);
		run(file);
		clean();
		free(p);
	}
}

static void snapped(void)
{
	for (const struct scene *s = scenes; s->name; s++) {
		made_begin(&made);
		made.snap = 96;
		s->make(&made);
		struct span file = made_pcap(&made, 0, false);
		run(file);
		CHECK(ended == CAPTURE_END && (made.frames == 0 || audit.count.cut > 0 || audit.count.frames == made.frames));
		clean();
		free((void *)(uintptr_t)file.p);
	}
}

/* More flows, hosts and calls than there is room for: it is said, and what had its place is judged. */
static void more_than_room(void)
{
	struct made_media a = {.ssrc = 7, .len = 160};

	made_begin(&made);
	if (!audit_init(&audit))
		abort();
	for (unsigned round = 0; round < 40; round++) {
		made_begin(&made);
		for (unsigned i = 0; i < 10000; i++) {
			a.from = (struct made_end){(uint8_t)round, (uint16_t)(2000 + i)};
			a.to = (struct made_end){200, (uint16_t)(20000 + round)};
			made_rtp(&made, &a);
		}
		struct span file = made_pcap(&made, 0, false);
		struct capture c;
		struct frame f;
		capture_of(&c, file);
		while (capture_next(&c, &f) == CAPTURE_FRAME)
			audit_frame(&audit, &f);
		free((void *)(uintptr_t)file.p);
	}
	CHECK(audit.flows_used <= FLOWS_MAX && audit.count.flows_left + audit.count.streams_left > 0);
	CHECK(calls_find(&audit, &calls));
	CHECK(calls.n == 0);
	clean();
}

static void neither_format(void)
{
	static const uint8_t text[] = "This is no capture, but a text of some length.";

	run(span_of(text, sizeof text));
	CHECK(ended == CAPTURE_BAD && calls.n == 0);
	clean();
	run(span_of(NULL, 0));
	CHECK(ended == CAPTURE_BAD);
	clean();
}

static int write_all(const char *dir)
{
	for (const struct scene *s = scenes; s->name; s++) {
		char path[4096];
		snprintf(path, sizeof path, "%s/%s.pcap", dir, s->name);
		make(s);
		struct span file = made_pcap(&made, 0, false);
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		if (fd < 0 || write(fd, file.p, file.n) != (ssize_t)file.n)
			return 1;
		close(fd);
		free((void *)(uintptr_t)file.p);
		printf("%s\t%u\t%u\n", path, s->calls, s->by_grade[AUDIT_OPEN]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--write") == 0)
		return write_all(argv[2]);
	RUN(labelled);
	RUN(in_any_order);
	RUN(cut_short);
	RUN(damaged);
	RUN(snapped);
	RUN(more_than_room);
	RUN(neither_format);
	return TEST_END;
}
