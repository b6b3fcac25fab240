/* SPDX-License-Identifier: ISC */
/* Packet indices (RFC 3711 3.3.1, 3.3.2): which 48-bit number a sequence number of 16 bits stands for, and whether it came
 * before. Pure. */
#ifndef SRTP_WINDOW_H
#define SRTP_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum { SRTP_WINDOW = 128 };

struct srtp_window {
	uint64_t next;          /* the highest number, plus one; 0: none yet */
	unsigned __int128 seen; /* bit i: next - 1 - i came */
};

/* The number nearest to the highest one that ends in seq; negative when it lies before the first. */
int64_t window_guess(const struct srtp_window *w, uint16_t seq);

/* Not had, and not behind the window. */
bool window_is_new(const struct srtp_window *w, uint64_t index);
void window_take(struct srtp_window *w, uint64_t index);

/* All before `next` counts as had. */
void window_resume(struct srtp_window *w, uint64_t next);

#endif
