/* SPDX-License-Identifier: ISC */
#include "srtp/window.h"

enum { HALF = 0x8000, ROUND = 0x10000 };

int64_t window_guess(const struct srtp_window *w, uint16_t seq)
{
	int64_t highest = (int64_t)w->next - 1, guess = (highest & ~INT64_C(0xffff)) | seq;

	if (w->next == 0)
		return seq;
	if (guess - highest > HALF)
		guess -= ROUND;
	else if (highest - guess > HALF)
		guess += ROUND;
	return guess;
}

bool window_is_new(const struct srtp_window *w, uint64_t index)
{
	if (index >= w->next)
		return true;
	uint64_t behind = w->next - 1 - index;
	return behind < SRTP_WINDOW && !(w->seen >> behind & 1);
}

void window_take(struct srtp_window *w, uint64_t index)
{
	if (index < w->next) {
		w->seen |= (unsigned __int128)1 << (w->next - 1 - index);
		return;
	}
	uint64_t ahead = index + 1 - w->next;
	w->seen = ahead < SRTP_WINDOW && w->next ? w->seen << ahead : 0;
	w->seen |= 1;
	w->next = index + 1;
}

void window_resume(struct srtp_window *w, uint64_t next)
{
	w->next = next;
	w->seen = next ? ~(unsigned __int128)0 : 0;
}
