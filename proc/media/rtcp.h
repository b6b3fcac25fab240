/* SPDX-License-Identifier: ISC */
/* RTCP of a side that ends here (RFC 3550 6): what is counted of the stream that it sends, and our own reports about it. Nothing
 * of the far RTCP is passed on, and nothing in it is obeyed. Pure. */
#ifndef MEDIA_RTCP_H
#define MEDIA_RTCP_H

#include "base/buf.h"
#include <stdbool.h>

enum { RTCP_EVERY_MS = 5000, RTCP_CNAME = 16, RTCP_MAX = 28 + 24 + 8 + 2 + RTCP_CNAME + 4 };

/* of one source; zeroed: none yet */
struct reception {
	uint32_t ssrc;
	bool any;
	uint64_t first, highest; /* indices, without wraps */
	uint64_t received, expected_before, received_before;
	uint32_t transit, jitter; /* in units of the clock; jitter times 16 */
	uint32_t report;          /* middle 32 bits of the NTP time of its last sender report */
	uint64_t report_ms;       /* and when it came; 0: none */
};

/* A packet that counts came; one far ahead begins a new stream (RFC 3550 A.1), as one of another source does. rate 0: one whose clock does not count. */
void reception_take(
    struct reception *r, uint32_t ssrc, uint64_t index, uint32_t timestamp, uint32_t rate, uint64_t now_ms);

/* A verified compound came. False: malformed. */
bool reception_report(struct reception *r, struct span compound, uint64_t now_ms) __attribute__((warn_unused_result));

/* What we say of our own stream. */
struct sender {
	uint32_t ssrc, timestamp, packets, octets; /* packets 0: a receiver report */
	uint64_t clock_ms;                         /* of no meaning outside */
	char cname[RTCP_CNAME + 1];
};

/* A compound: report, and the CNAME. Starts the next interval of r. */
void rtcp_write(struct buf *b, const struct sender *s, struct reception *r, uint64_t now_ms);

#endif
