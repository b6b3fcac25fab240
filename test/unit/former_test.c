/* SPDX-License-Identifier: ISC */
/* Entries of the kernel's maps that the build before wrote (layout 3, commit 5239a5d: a flow's key, a flow, a ban, three tallies, one after
 * the other in the file of the first argument) as this build reads them (R28). That programs and net do so too is net_former_test's. */
#include "former.h"
#include "test.h"

static struct saved {
	struct flow_key key;
	struct flow flow;
	struct flow_ban ban;
	struct flow_tally_3 tally[3];
} saved;

static bool counts_up(const void *octets, size_t n, uint8_t first)
{
	const uint8_t *at = octets;

	for (size_t i = 0; i < n; i++)
		if (at[i] != (uint8_t)(first + i))
			return false;
	return true;
}

static void a_flow_and_a_ban_are_what_they_were(void)
{
	const struct flow_key *k = &saved.key;
	const struct flow *f = &saved.flow;

	CHECK(counts_up(&k->ip, 16, 1) && k->interface == 3 && k->port == 0x204e && k->vlan == 5);
	CHECK(counts_up(&f->from, 16, 20) && counts_up(&f->to, 16, 40) && counts_up(&f->source, 16, 60));
	CHECK(f->from_port == 0x1111 && f->to_port == 0x2222 && f->source_port == 0x3333);
	CHECK(f->family == 4 && f->takes == (FLOW_TAKES_RTP | FLOW_TAKES_RTCP) && f->tag_len == 10 && f->next_family == 6);
	CHECK(f->ended == 1 && f->interface == 7 && f->slot == 4711 && counts_up(&f->next, 16, 80));
	CHECK(f->join == 0x1122334455667788 && f->opens_ns == 1001 && f->deadline_ns == 2002 && f->learn_ns == 3003);
	CHECK(f->frame[0] == FLOW_FRAME_PCM && f->frame[101] == FLOW_FRAME_EVENT && f->frame[127] == FLOW_FRAME_OPUS &&
	      f->frame[1] == FLOW_FRAME_NONE);
	CHECK(saved.ban.until_ns == 77 && saved.ban.dropped == 88);
}

static void a_tally_is_written_anew(void)
{
	static const struct flow_stream none;
	struct flow_tally t;

	former_tally(&saved.tally[0], &t);
	CHECK(t.passed == 1500 && t.octets == 273000 && t.handed == 17 && t.sent == 18);
	CHECK(t.dropped[FLOW_PASSED] == 0 && t.dropped[FLOW_STRANGER] == 1 && t.dropped[FLOW_SHUT] == 2 &&
	      t.dropped[FLOW_SHAPE] == 3 && t.dropped[FLOW_POLICED] == 4);
	/* 160 packets were left at second 5: it is full when the other 240 have flowed in */
	CHECK(t.full_ns == 5000000000 + 240ull * FLOW_PACKET_NS);
	CHECK(counts_up(&t.stranger, 16, 100) && t.stranger_port == 0x4444 && t.opus_len == 80 && t.opus_changes == 2);
	CHECK(counts_up(&t.hop.next, 16, 120) && counts_up(t.hop.ethernet, 12, 140) && t.hop.until_ns == 123456789 &&
	      t.hop.interface == 9 && t.hop.wire.interface == 8 && t.hop.wire.redirects == 1 &&
	      t.hop.wire.tag[1].protocol == 0xa888 && t.hop.wire.tag[1].vlan == 6);
	CHECK(memcmp(&t.stream, &none, sizeof none) == 0 && t.written == 0);
}

static void one_that_was_not_used_and_one_of_no_sense(void)
{
	static const struct flow_tally none;
	struct flow_tally t;

	former_tally(&saved.tally[1], &t);
	CHECK(memcmp(&t, &none, sizeof t) == 0);
	former_tally(&saved.tally[2], &t);
	CHECK(t.passed == UINT64_MAX && t.full_ns == 0);
}

int main(int argc, char **argv)
{
	FILE *f = argc == 2 ? fopen(argv[1], "re") : NULL;

	if (!f || fread(&saved, sizeof saved, 1, f) != 1 || fgetc(f) != EOF)
		return 2;
	fclose(f);
	RUN(a_flow_and_a_ban_are_what_they_were);
	RUN(a_tally_is_written_anew);
	RUN(one_that_was_not_used_and_one_of_no_sense);
	return TEST_END;
}
