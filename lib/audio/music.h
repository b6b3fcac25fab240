/* SPDX-License-Identifier: ISC */
/* What is heard on hold: a slow sequence of soft tones, ours to give away. */
#ifndef AUDIO_MUSIC_H
#define AUDIO_MUSIC_H

#include <stddef.h>
#include <stdint.h>

/* Samples of one round at this rate. */
size_t music_length(uint32_t rate);
/* The whole round; its end runs into its beginning. */
void music_make(uint32_t rate, int16_t *out);

#endif
