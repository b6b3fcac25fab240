/* SPDX-License-Identifier: ISC */
/* All prompts in one file: a header, an index sorted by name, and samples of 16 bit at 16 kHz, all little-endian.
 *   "RFPROMPT" version(4) prompts(4)
 *   for each prompt: name, "en/welcome", NUL-padded (48); first sample (4), samples (4)
 *   samples (2 each), to the file's end */
#ifndef AUDIO_PACK_H
#define AUDIO_PACK_H

#include "base/span.h"

enum {
	PACK_VERSION = 1,
	PACK_HEADER = 16,
	PACK_NAME_MAX = 47, /* without the NUL */
	PACK_ENTRY = 56,
	PACK_PROMPTS_MAX = 2048,
	PACK_RATE = 16000,
	PACK_OCTETS_MAX = 128 << 20,
};

struct pack {
	uint32_t prompts;
	struct span index, samples; /* within the file */
};

struct pack_prompt {
	char name[PACK_NAME_MAX + 1];
	struct span samples; /* 2 octets each */
};

/* NULL, or a static reason. Checks every entry: names legal and rising, samples within the file. */
const char *pack_open(struct span file, struct pack *out) __attribute__((warn_unused_result));

/* The i-th prompt; i below prompts. */
void pack_at(const struct pack *p, uint32_t i, struct pack_prompt *out);
bool pack_find(const struct pack *p, const char *name, struct pack_prompt *out);

/* The next of the languages in a pack, of whose file the header and the index are enough; false: no more. at, language: 0 and
 * empty at first. */
bool pack_next_language(struct span head, uint32_t *at, struct span *language);

/* "en/pin-please": parts of lower-case letters, digits and '-', with one '/' between the two. */
bool pack_name_ok(struct span name);

#endif
