/* SPDX-License-Identifier: ISC */
/* RTP payloads of G.711, G.722 and Opus to samples at 8 kHz. */
#ifndef AUDIO_DECODE_H
#define AUDIO_DECODE_H

#include "wire/sdp.h"

enum { DECODE_MAX = 8 * 120 }; /* samples of one payload; RFC 6716 has 120 ms at most */

struct decoder; /* decoder_size() octets, zero before the first payload */

size_t decoder_size(void);
/* Samples, 0 for what can't be decoded. Another codec than before begins anew. */
size_t decoder_payload(struct decoder *d, uint8_t codec, struct span payload, int16_t out[DECODE_MAX]);

#endif
