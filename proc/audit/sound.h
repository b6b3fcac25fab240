/* SPDX-License-Identifier: ISC */
/* The proof that a call is open: ten seconds of it, heard. */
#ifndef AUDIT_SOUND_H
#define AUDIT_SOUND_H

#include "audit/judge.h"

enum { SOUND_HZ = 8000, SOUND_SECONDS = 10, SOUND_SAMPLES = SOUND_HZ * SOUND_SECONDS };

/* Reads the capture a second time, from fd, and writes a WAV file of two channels (one for each end) to out. NULL, or the reason
 * why there is none. window: CAPTURE_WINDOW octets. */
const char *sound_write(struct audit *a, const struct calls *c, uint32_t call, int fd, int out, uint8_t *window);

#endif
