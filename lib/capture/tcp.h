/* SPDX-License-Identifier: ISC */
/* TCP streams put together as far as a reader of messages needs it: only directions whose first octets the reader wants,
 * segments in any order within a window, and after a loss the next segment with which the reader can begin anew. */
#ifndef CAPTURE_TCP_H
#define CAPTURE_TCP_H

#include "base/map.h"
#include "capture/packet.h"

enum {
	TCP_STREAMS = 256,
	TCP_BUFFER = 32768,
	TCP_RANGES = 8,
	TCP_AHEAD_MAX = 16,
	TCP_ORPHANS = 32,
	TCP_ORPHAN_MAX = 2048
};

struct tcp_reader {
	bool (*wants)(void *arg, struct span data); /* could a message begin here? */
	/* Octets taken from the front; 0: wait for more. Called again until it takes nothing. */
	size_t (*take)(void *arg, const struct packet *p, struct span data);
	void *arg;
};

struct tcp_stream {
	struct flow_key key;
	uint64_t turn; /* 0: free */
	uint32_t seq;  /* of buffer[0] */
	uint16_t ranges, ahead;
	struct {
		uint32_t from, to;
	} range[TCP_RANGES]; /* what of the buffer is there, in order */
	uint8_t *buffer;
};

/* A segment of text that came before the one with which its message begins. */
struct tcp_orphan {
	struct flow_key key;
	uint32_t seq;
	uint16_t n; /* 0: none */
	uint8_t data[TCP_ORPHAN_MAX];
};

struct tcp {
	struct map map;
	uint64_t turn, lost; /* times that something was missing for good */
	struct tcp_stream stream[TCP_STREAMS];
	uint8_t *memory;
	unsigned orphans; /* the next place */
	struct tcp_orphan orphan[TCP_ORPHANS];
};

bool tcp_init(struct tcp *t);
void tcp_fini(struct tcp *t);
void tcp_add(struct tcp *t, const struct packet *p, const struct tcp_reader *r);

#endif
