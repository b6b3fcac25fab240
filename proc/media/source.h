/* SPDX-License-Identifier: ISC */
/* Who may send on a leg (DESIGN.md, Media, Source; T24, T25). Nothing is learned from media alone: an address is named in
 * SDP, proved by ICE, or the first port of the host that the signalling came from. Pure. */
#ifndef MEDIA_SOURCE_H
#define MEDIA_SOURCE_H

#include "table.h"

enum { SOURCE_WINDOW_MS = 5000, SOURCE_SILENT_MS = 3000 };

/* A check of ICE that had the password. */
struct source_check {
	struct source_pair *pair; /* of this component */
	uint32_t nominates;       /* its priority; 0: it does not */
	uint64_t now_ms;
	uint64_t passed; /* packets that came from the side and were not shown here */
};

/* Before the wish changes: what was proved or learned of a leg is nothing of another one, or of one with other ICE credentials. */
void source_forget(struct relay_row *r, unsigned side, const struct relay_side *next);

/* The wish changed: a named address counts at once, a new learning epoch opens its window. */
void source_set(struct relay_row *r, unsigned side, uint64_t now_ms);

/* May a packet from here be the side's? *changed: its address was learned just now. */
bool source_ok(
    struct relay_row *r, unsigned side, unsigned component, const struct addr *from, uint64_t now_ms, bool *changed);

/* An ICE check proved this address. Of several nominated ones the highest counts (RFC 8445 8.1.1), unless that has been silent.
 * True: it is another one now. */
bool source_proved(
    struct relay_row *r, unsigned side, unsigned component, const struct addr *from, const struct source_check *check);

/* Where packets for this side go; family 0: not known yet. */
const struct addr *source_where(const struct relay_row *r, unsigned side, unsigned component);

#endif
