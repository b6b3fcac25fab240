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

struct stat;
/* A file as it was: another one, or one that was written to since, differs. */
struct stamp {
	uint64_t device, file, size;
	int64_t written_ns, changed_ns;
};
struct stamp stamp_of(const struct stat *s);

/* Before the cage. The descriptors are closed here. */
void prompts_read_pack(int fd);
void prompts_read_recordings(int dir_fd);

/* In the cage: parse all of it, and make the samples of every rate. A recording that is not taken is logged with file and reason, and the
 * prompt stays as it was. */
void prompts_load(void);

/* In that language, or else in English; NULL: there is none. What was found stays until no running session says it. */
const struct sound *prompts_find(struct span language, struct span name);

/* For recordings.c, which takes those of a reload. name: "en/goodbye". */
bool prompts_has_recording(const char *name, const struct stamp *as); /* the very same; it is kept then */
/* Takes the sound, which replaces what had that name; false: no more are taken. */
bool prompts_take_recording(const char *name, const struct stamp *as, const struct sound *made);
void prompts_keep_recording(const char *name); /* the old one, where a new one is bad */
/* Those that were not kept or taken since the last call are gone; answers how many. */
uint32_t prompts_drop_others(void);
void prompts_keep_others(void); /* instead: nobody knows whether they are there */
void prompts_forget_sound(struct sound *s);
void prompts_sweep(void); /* free what nobody says any more */

void prompts_status(struct proc_status *s);

/* Samples a second. */
static inline uint32_t rate_hz(enum voice_rate rate)
{
	return rate == RATE_8K ? 8000 : 16000;
}

#endif
