/* SPDX-License-Identifier: ISC */
/* From one sample rate to another: a polyphase filter whose prototype is a sinc under a Kaiser window. Whole buffers, at start and at
 * build; nothing is resampled while a call runs. */
#ifndef AUDIO_RESAMPLE_H
#define AUDIO_RESAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Samples that come out of n. Rates: 8000 to 48000. */
size_t resample_length(size_t n, uint32_t from, uint32_t to);

/* Flat to 0.9 of the lower band edge, 60 dB down beyond it. out: resample_length() samples. False when memory is short. */
bool resample(const int16_t *in, size_t n, uint32_t from, uint32_t to, int16_t *out)
    __attribute__((warn_unused_result));

#endif
