/* SPDX-License-Identifier: ISC */
/* Who sends under one key: the SSRCs whose numbers are followed, and those whose numbers were forgotten. Pure. */
#ifndef SRTP_SOURCES_H
#define SRTP_SOURCES_H

#include "srtp/window.h"

enum {
	SRTP_SOURCES = 16, /* followed; phones take a new SSRC with each hold */
	SRTP_PAST =
	    48, /* that gave their place to a later one: what they sent could be played again, so none comes back */
};

struct srtp_source {
	uint32_t ssrc;
	uint32_t turn; /* rises with each change of the speaker; the least was silent longest */
	bool used;
	struct srtp_window rtp, rtcp;
};

struct srtp_sources {
	struct srtp_source at[SRTP_SOURCES];
	uint32_t past[SRTP_PAST];
	uint32_t past_n, turn;
	uint8_t last; /* the place of the last packet */
};

/* What of them outlives the process: the highest numbers, plus one; 0 for none. */
struct srtp_mark {
	uint32_t ssrc;
	uint32_t rtcp;
	uint64_t rtp;
};

struct srtp_marks {
	struct srtp_mark source[SRTP_SOURCES];
	uint32_t turn[SRTP_SOURCES];
	uint32_t past[SRTP_PAST];
	uint32_t past_n;
};

/* NULL: it is not followed. */
struct srtp_source *sources_find(struct srtp_sources *s, uint32_t ssrc);
/* The same, all zero for one that is new. NULL: it is of the past, or one more than can be remembered. */
const struct srtp_source *sources_look(struct srtp_sources *s, uint32_t ssrc);
/* A packet of it came: its place, made for it when it had none, the last one from here on. */
struct srtp_source *sources_take(struct srtp_sources *s, uint32_t ssrc);

/* After each packet: its place, and who made room for it. */
void sources_mark_last(const struct srtp_sources *s, struct srtp_marks *marks);
/* For a process that follows this one: all up to a mark counts as had. */
void sources_set_marks(struct srtp_sources *s, const struct srtp_marks *marks);
/* No number of them is beyond what a key may protect, as a process of ours writes them. */
bool srtp_marks_ok(const struct srtp_marks *marks);

#endif
