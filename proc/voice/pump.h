/* SPDX-License-Identifier: ISC */
/* Frames to media, each session's at its own pace on one time base: a frame is due at the last one's time plus its length, however late
 * this process woke up, and timestamps follow the same clock. */
#ifndef VOICE_PUMP_H
#define VOICE_PUMP_H

#include "session.h"

enum {
	PUMP_TICK_MS = 10,
	PUMP_CATCH_UP = 3, /* frames; who stood still for longer leaves the others out */
};

/* This session's turn began: it gets a frame at the next tick, and then one each ptime until the turn ends. */
void pump_begin(struct session *s, uint8_t codec, uint8_t ptime_ms);

void pump_status(struct proc_status *s);

#endif
