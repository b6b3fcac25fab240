/* SPDX-License-Identifier: ISC */
#include "backlog.h"
#include "base/log.h"
#include <stdlib.h>
#include <string.h>

static struct newest {
	bool waits;
	uint32_t ssrc, timestamp;
} * newest; /* two for each row */

static uint32_t rows;
static bool under_way;

void backlog_open(uint32_t n)
{
	rows = n;
	newest = calloc(2 * (size_t)n, sizeof *newest);
	if (!newest)
		log_fatal("no memory for the relay table");
}

void backlog_begin(void)
{
	memset(newest, 0, 2 * (size_t)rows * sizeof *newest);
	under_way = true;
}

void backlog_over(void)
{
	under_way = false;
}

static int32_t after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

void backlog_waits(uint32_t row, unsigned side, struct span packet)
{
	struct newest *n = &newest[2 * row + side];
	struct rtp rtp;

	if (!rtp_parse(packet, &rtp) || (n->waits && n->ssrc == rtp.ssrc && after(rtp.timestamp, n->timestamp) <= 0))
		return;
	*n = (struct newest){true, rtp.ssrc, rtp.timestamp};
}

bool backlog_is_old(uint32_t row, unsigned side, const struct rtp *rtp, uint32_t rate)
{
	if (!under_way || rate == 0)
		return false;
	const struct newest *n = &newest[2 * row + side];
	if (!n->waits)
		return false;
	/* a stream that another one followed is over */
	return n->ssrc != rtp->ssrc || after(n->timestamp, rtp->timestamp) > (int32_t)(rate / 1000 * BACKLOG_MS);
}
