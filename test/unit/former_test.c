/* SPDX-License-Identifier: ISC */
/* Entries of the kernel's maps that the build before wrote (layout 4, commit d9cd1b8: a flow's key, a flow, one of sends, a ban, a tally, one
 * after the other in the file of the first argument) as this build reads them (R28). That programs and net do so too is net_former_test's. */
#include "former.h"
#include "test.h"

static struct saved {
	struct flow_key_4 key;
	struct flow_4 flow, send;
	struct flow_ban ban;
	struct flow_tally tally;
} saved;

static bool counts_up(const void *octets, size_t n, uint8_t first)
{
	const uint8_t *at = octets;

	for (size_t i = 0; i < n; i++)
		if (at[i] != (uint8_t)(first + i))
			return false;
	return true;
}

static unsigned frame_of(const struct flow *f, unsigned type)
{
	return f->frame[type / 32] >> 2 * (type % 32) & 3;
}

static void a_flow_is_written_anew(void)
{
	struct flow f;
	unsigned others = 0;

	former_flow(&saved.key, &saved.flow, &f);
	CHECK(counts_up(&f.ip, 16, 1) && f.iif == 3 && f.written == 0);
	CHECK(counts_up(&f.from, 16, 20) && counts_up(&f.to, 16, 40) && counts_up(&f.source, 16, 60));
	CHECK(f.from_port == 0x1111 && f.to_port == 0x2222 && f.source_port == 0x3333);
	CHECK(f.family == 4 && f.takes == (FLOW_TAKES_RTP | FLOW_TAKES_RTCP) && f.tag_len == 10 && f.next_family == 6);
	CHECK(f.oif == 7 && counts_up(&f.next, 16, 80));
	CHECK(f.join == 0x1122334455667788 && f.opens_ns == 1001 && f.deadline_ns == 2002 && f.learn_ns == 3003);
	CHECK(frame_of(&f, 0) == FLOW_FRAME_PCM && frame_of(&f, 31) == FLOW_FRAME_OPUS && frame_of(&f, 32) == FLOW_FRAME_EVENT &&
	      frame_of(&f, 101) == FLOW_FRAME_EVENT && frame_of(&f, 127) == FLOW_FRAME_OPUS);
	for (unsigned type = 0; type < FLOW_TYPES; type++)
		others += frame_of(&f, type) != FLOW_FRAME_NONE;
	CHECK(others == 5);
	saved.flow.ended = 1;
	former_flow(&saved.key, &saved.flow, &f);
	CHECK(f.takes == FLOW_ENDS);
}

static void so_is_one_of_sends(void)
{
	struct flow f;

	former_flow(NULL, &saved.send, &f);
	CHECK(counts_up(&f.to, 16, 140) && counts_up(&f.source, 16, 160) && f.to_port == 0x4444 && f.source_port == 0x5555);
	CHECK(f.family == 6 && f.next_family == 6 && f.oif == 8 && counts_up(&f.next, 16, 180) && f.join == 0x99 && f.deadline_ns == 0);
}

static void a_ban_and_what_was_counted_are_what_they_were(void)
{
	const struct flow_tally *t = &saved.tally;

	CHECK(saved.ban.until_ns == 77 && saved.ban.dropped == 88);
	CHECK(t->passed == 1500 && t->handed == 17 && t->sent == 18 && t->full_ns == 5600000000);
	for (uint64_t why = 0; why < FLOW_DROPS; why++)
		CHECK(t->dropped[why] == why);
	CHECK(t->stream.seen == 5 && t->stream.ssrc == 6 && t->stream.expected == 1501 && t->stream.lost == 2 && t->stream.jitter_ns == 4000 &&
	      t->stream.transit_ns == 8 && t->stream.highest == 9 && t->stream.after_leap == 10);
	CHECK(counts_up(&t->stranger, 16, 100) && t->stranger_port == 0x6666 && t->opus_len == 80 && t->opus_changes == 2);
	CHECK(counts_up(t->hop.ethernet, 12, 140) && t->hop.until_ns == 123456789 && t->hop.interface == 9 && t->hop.wire.interface == 8 &&
	      t->hop.wire.redirects == 1 && t->hop.wire.tag[1].protocol == 0xa888 && t->hop.wire.tag[1].vlan == 6);
}

int main(int argc, char **argv)
{
	FILE *f = argc == 2 ? fopen(argv[1], "re") : NULL;

	if (!f || fread(&saved, sizeof saved, 1, f) != 1 || fgetc(f) != EOF)
		return 2;
	fclose(f);
	RUN(a_flow_is_written_anew);
	RUN(so_is_one_of_sends);
	RUN(a_ban_and_what_was_counted_are_what_they_were);
	return TEST_END;
}
