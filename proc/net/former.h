/* SPDX-License-Identifier: ISC */
/* Maps that the build before this one pinned, of the layout before FLOW_LAYOUT. A map whose entries are still what they were goes on as it
 * is, under another pin, so that programs of both builds have it until the last of the old ones is replaced. tallies have changed: they
 * are written into a new map, and what the old programs count until they are replaced is added at the end; bans, whose map has another name since
 * they are of another clock, are written anew. */
#ifndef NET_FORMER_H
#define NET_FORMER_H

#include "flow.h"
#include <stdbool.h>
#include <stdint.h>

enum { FORMER_LAYOUT = FLOW_LAYOUT - 1 };

/* As layout 3 had it. */
struct flow_tally_3 {
	__u64 passed, octets;
	__u64 handed, sent;
	__u64 dropped[FLOW_DROPS];
	__u64 filled_ns; /* the bucket was, with have_ns in it; 0: never */
	__u64 have_ns;
	struct flow_ip stranger;
	__u16 stranger_port;
	__u16 opus_len;
	__u16 opus_changes;
	__u16 zero;
	struct flow_hop hop;
};

void former_tally(const struct flow_tally_3 *was, struct flow_tally *out);

/* In the current directory. The descriptor of the map, to be gone on with; -1: there is none of that name, or its entries are others now. */
int former_open(const char *name) __attribute__((warn_unused_result));

/* tallies of this layout, of n entries. Whichever build saw the last packet of a port has its counts: a port's bucket is full later with
 * each, and in new ones never was. False: there were none, or of another size. */
bool former_begin(int tallies, uint32_t n);
/* What those builds banned is in `banned` too, unless it stands there; its time was CLOCK_MONOTONIC. */
void former_bans(int banned);
/* This build's programs are where the others were. */
void former_end(void);
/* They will not be: another former_begin() may come. */
void former_leave(void);

/* No pin is left of an earlier layout, nor of the next one, whose build was here and went: it would find them older than ours. */
void former_unpin(const char *const *names, unsigned n);

#endif
