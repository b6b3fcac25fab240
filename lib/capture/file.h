/* SPDX-License-Identifier: ISC */
/* Capture files (pcap, pcapng) as a row of frames, from a descriptor or from memory. Nothing is allocated but one window,
 * through which a file of any length passes. */
#ifndef CAPTURE_FILE_H
#define CAPTURE_FILE_H

#include "base/span.h"

enum {
	CAPTURE_FRAME_MAX = 262144, /* libpcap's own bound */
	CAPTURE_WINDOW = CAPTURE_FRAME_MAX + 65536,
	CAPTURE_READ = 262144, /* at most at once: stays in the second cache */
	CAPTURE_INTERFACES = 64
};

struct frame {
	uint64_t time_us; /* since 1970; 0: not said */
	struct span data; /* valid until the next call */
	uint32_t wire_len;
	uint16_t link; /* LINKTYPE_ */
};

enum capture_result {
	CAPTURE_FRAME,
	CAPTURE_END,
	CAPTURE_CUT,    /* ends in the middle of a frame */
	CAPTURE_BAD,    /* neither pcap nor pcapng, or lengths that cannot be: nothing behind it is read */
	CAPTURE_FAILED, /* read() failed */
};

struct capture {
	int fd; /* -1: all is in memory */
	uint8_t *window;
	const uint8_t *p;
	size_t at, n;
	uint64_t done; /* octets that went by before p[0] */
	bool begun, ng, swapped, nanoseconds, ended, failed;
	uint16_t link;
	unsigned interfaces;
	struct capture_interface {
		uint16_t link;
		uint32_t snap;
		uint64_t per_s; /* units of time in a second */
	} interface[CAPTURE_INTERFACES];
};

/* window: CAPTURE_WINDOW octets that stay the caller's. */
void capture_open(struct capture *c, int fd, uint8_t *window);
void capture_of(struct capture *c, struct span file);

enum capture_result capture_next(struct capture *c, struct frame *out) __attribute__((warn_unused_result));

static inline uint64_t capture_offset(const struct capture *c)
{
	return c->done + c->at;
}

/* --- for the readers of the two formats --- */

/* n octets from where we are, n <= CAPTURE_WINDOW; NULL when the file ends before. */
const uint8_t *capture_need(struct capture *c, size_t n);
bool capture_skip(struct capture *c, uint64_t n);
uint32_t capture_u32(const struct capture *c, const uint8_t *p);
uint16_t capture_u16(const struct capture *c, const uint8_t *p);
enum capture_result capture_ended(const struct capture *c, bool inside);
enum capture_result pcapng_next(struct capture *c, struct frame *out);

#endif
