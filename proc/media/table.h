/* SPDX-License-Identifier: ISC */
/* The relay table: one row for each join, at the index of its four ports. Plain data, kept in the arena, so that what a
 * kernel engine or a restarted media reads is the same. */
#ifndef MEDIA_TABLE_H
#define MEDIA_TABLE_H

#include "arena/arena.h"
#include "ipc/child.h"
#include "wire/dtls.h"
#include "wire/rtp.h"
#include "wire/zrtp.h"

enum { COMPONENT_RTP, COMPONENT_RTCP, COMPONENTS };

/* Why a packet did not pass; counted for each side. */
enum drop {
	DROP_NONE,
	DROP_STRANGER, /* not from the leg's address */
	DROP_SHUT,     /* the gate is not open for it */
	DROP_SHAPE,    /* clear, or of no agreed payload type */
	DROP_POLICED,
	DROP_NOWHERE, /* the other side's address is not known yet */
	/* of a side that ends here */
	DROP_TAG,     /* not sealed with its key */
	DROP_REPLAY,  /* had before, or too late */
	DROP_CROWDED, /* too many sources under one key */
	DROP_KINDS
};

struct bucket {
	uint64_t filled_ms;
	uint32_t thousandths; /* of a packet */
};

struct relay_source_state {
	struct addr addr[COMPONENTS]; /* where it really is; family 0: not known */
	uint32_t epoch;               /* of the last learning window */
	uint64_t window_end_ms;
	uint8_t relearned[COMPONENTS];
};

/* Of the address that ICE proved last: who nominated it, and when it was heard. Dies with the process: any nomination counts then. */
struct source_pair {
	uint32_t priority; /* of the far candidate; 0: none was nominated */
	uint64_t heard_ms, passed;
	char theirs[SDP_UFRAG_MAX]; /* another one is another ICE session (RFC 8445 9) */
};

struct relay_gate {
	uint64_t opens_ms[COMPONENTS][2]; /* by component and sender; 0: shut */
	struct dtls_watch dtls[COMPONENTS];
	struct zrtp_watch zrtp;
	uint8_t key; /* enum relay_key that it is set up for */
};

struct relay_row {
	uint64_t join;
	struct relay_spec spec;
	struct relay_gate gate;
	struct relay_source_state source[2];
	uint64_t answered_ms; /* when the wish first said so with these keys; 0: not yet */
	uint64_t heard_ms;    /* the last packet that passed, or when both were to talk again */
	uint64_t passed[2];
	uint64_t dropped[2][DROP_KINDS];
	uint8_t told_open;
	/* constant-rate check of Opus (R8) */
	uint16_t opus_len[2];
	uint8_t opus_changes[2];
};

/* The four ports of the row at index, as this wish has them: side a on the first two, side b on the others; RTCP beside RTP or,
 * muxed, on it. */
bool table_ports_fit(const struct relay_spec *s, uint32_t index);

struct arena_shape table_shape(uint32_t rows);
void table_open(struct arena_table *t, uint16_t port_lo);

/* NULL while the ports are not in use. */
struct relay_row *table_row(uint32_t index);
/* What a packet of that side will have looked at comes into the cache meanwhile. */
void table_prefetch(uint32_t index, unsigned side);
/* The first index from there on whose ports are in use; table_rows(): there is none. */
uint32_t table_next(uint32_t from);
/* The row of this port; the index also of an empty one. */
uint32_t table_index_of_port(uint16_t port);
struct relay_row *table_take(uint32_t index, uint64_t join);
void table_release(uint32_t index);
int64_t table_find(uint64_t join);
/* Write what must survive: after gate, source or wish changed. */
void table_save(uint32_t index);
uint16_t table_first_port(void);
uint32_t table_rows(void);
uint32_t table_used(void);
uint32_t table_peak(void);

#endif
