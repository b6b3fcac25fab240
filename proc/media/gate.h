/* SPDX-License-Identifier: ISC */
/* The gate (R7, T30): nothing but keying passes until the keys are in place, and what passes then must have the shape of
 * SRTP. Pure: a row, a packet and the time give a verdict. */
#ifndef MEDIA_GATE_H
#define MEDIA_GATE_H

#include "table.h"

enum {
	GATE_SETTLE_MS = 250,     /* after the record that completes a DTLS handshake */
	GATE_PATIENCE_MS = 10000, /* after the 200 */
	OPUS_CHANGES_MAX = 5,
	OPUS_CHANGES_TOLD, /* they prove that its Opus varies, and core knows */
};

enum gate_kind { GATE_KEYING, GATE_MEDIA };

struct gate_verdict {
	enum drop drop;
	enum gate_kind kind;
	bool changed; /* the row's gate changed: save it */
	bool forged;  /* the first ZRTP Hello that is not the one that SDP announced (T33) */
};

/* The wish changed: a new key method begins anew, SDES opens with the answer. */
void gate_set(struct relay_row *r, uint64_t now_ms);

/* A packet of `side` on this component, its source already judged right; not STUN. */
struct gate_verdict gate_judge(
    struct relay_row *r, unsigned side, unsigned component, struct span packet, uint64_t now_ms);

/* The length of this side's Opus: OPUS_CHANGES_MAX other ones prove that it varies (R8). */
void gate_watch_opus(struct relay_row *r, unsigned side, uint16_t len);

/* What SRTP of this side adds to a packet; 0 (RTP_TAG_ANY): that could not be seen. */
uint8_t gate_tag_len(const struct relay_row *r, unsigned side, unsigned component);

/* Both directions of RTP are open. */
bool gate_is_open(const struct relay_row *r, uint64_t now_ms);

#endif
