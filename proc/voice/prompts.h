/* SPDX-License-Identifier: ISC */
/* What voice can say: the packed prompts, and the site's own recordings in their place. Octets are collected before the cage, and
 * parsed in it. */
#ifndef VOICE_PROMPTS_H
#define VOICE_PROMPTS_H

#include "ipc/status.h"
#include "base/span.h"

enum voice_rate { RATE_8K, RATE_16K, RATES };

enum {
	RECORDINGS_MAX = 256,
	RECORDING_OCTETS_MAX = 16 << 20,
	RECORDINGS_OCTETS_MAX = 96 << 20, /* all together */
};

struct sound {
	const int16_t *sample[RATES];
	uint32_t n[RATES];
};

/* Before the cage. The descriptors are closed here. */
void prompts_read_pack(int fd);
void prompts_read_recordings(int dir_fd);

/* In the cage: parse all of it, and make the samples of every rate. A recording that is not taken is logged with file and reason, and the
 * prompt stays as it was. */
void prompts_load(void);

/* In that language, or else in English; NULL: there is none. */
const struct sound *prompts_find(struct span language, struct span name);

void prompts_status(struct proc_status *s);

/* Samples a second. */
static inline uint32_t rate_hz(enum voice_rate rate)
{
	return rate == RATE_8K ? 8000 : 16000;
}

#endif
