/* SPDX-License-Identifier: ISC */
/* From one sample rate to another: a polyphase filter whose prototype is a sinc under a Kaiser window. Whole buffers, at start and at
 * build; while calls run a part at a time. */
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

/* The same in parts: any j0 < j1 <= resample_length(), in any order; out + j0 is written first. NULL: memory is short. */
struct resampler;
struct resampler *resampler_new(uint32_t from, uint32_t to) __attribute__((warn_unused_result));
void resampler_part(const struct resampler *r, const int16_t *in, size_t n, size_t j0, size_t j1, int16_t *out);
void resampler_free(struct resampler *r);

#endif
