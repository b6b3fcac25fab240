/* SPDX-License-Identifier: ISC */
/* Clear RTP by its numbers: a stream that begins anew is heard, one packet out of place begins none, and no number of sources
 * silences the next (RFC 3550 A.1). */
#include "clear.h"
#include "test.h"

static struct srtp_sources in;
static struct clear at;

static bool comes(uint32_t ssrc, uint16_t seq)
{
	const struct rtp rtp = {.ssrc = ssrc, .seq = seq};

	return clear_take(&at, &in, &rtp);
}

static uint64_t index_of_last(void)
{
	return in.at[in.last].rtp.next - 1;
}

static void begin(uint16_t seq)
{
	memset(&in, 0, sizeof in);
	at = (struct clear){0};
	for (unsigned i = 0; i < 500; i++)
		CHECK(comes(1, (uint16_t)(seq + i)));
}

static void a_stream_begins_anew(void)
{
	const uint16_t to[] = {0, 10000, 30000, 62000 /* ahead by the shorter way */};

	for (unsigned k = 0; k < 4; k++) {
		begin(30000);
		uint64_t before = index_of_last();
		CHECK(comes(1, to[k]) == (to[k] == 62000));
		for (unsigned i = 1; i < 1000; i++)
			CHECK(comes(1, (uint16_t)(to[k] + i)) && index_of_last() > before);
	}
	/* and where a number of 16 bits lies before the first */
	begin(0);
	CHECK(!comes(1, 40000) && comes(1, 40001) && comes(1, 40002) && index_of_last() > 500);
}

static void what_is_late_or_twice_begins_nothing(void)
{
	begin(30000);
	uint64_t before = index_of_last();
	CHECK(!comes(1, 30498) && !comes(1, 30499)); /* two in a row, twice */
	CHECK(!comes(1, 30100) && !comes(1, 30102)); /* two late ones, not in a row */
	CHECK(comes(1, 30501) && comes(1, 30500) && !comes(1, 30501) && index_of_last() == before + 2);
	/* another source's number is no second one */
	CHECK(!comes(1, 20000) && comes(2, 20001) && !comes(1, 20003) && comes(1, 30502));
	CHECK(index_of_last() == before + 3);
}

static void no_number_of_sources_silences_the_next(void)
{
	begin(100);
	for (uint32_t ssrc = 100; ssrc < 100 + 3 * SRTP_SOURCES; ssrc++)
		CHECK(comes(ssrc, 7) && comes(ssrc, 8) && !comes(ssrc, 8));
	/* who speaks meanwhile keeps its place, and its window */
	begin(100);
	for (uint32_t i = 0; i < 3 * SRTP_SOURCES; i++)
		CHECK(comes(100 + i, 7) && comes(1, (uint16_t)(600 + i)) && !comes(1, (uint16_t)(600 + i)));
}

int main(void)
{
	RUN(a_stream_begins_anew);
	RUN(what_is_late_or_twice_begins_nothing);
	RUN(no_number_of_sources_silences_the_next);
	return TEST_END;
}
