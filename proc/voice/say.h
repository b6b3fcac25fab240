/* SPDX-License-Identifier: ISC */
/* What a turn says: prompts, digits, tones and silence one after the other, read as samples. */
#ifndef VOICE_SAY_H
#define VOICE_SAY_H

#include "audio/tone.h"
#include "mail.h"
#include "prompts.h"

enum { SAY_ITEMS_MAX = 64, SAY_SILENCE_MAX_MS = 60000 };

struct say_item {
	const struct sound *sound; /* or */
	const struct tone *tone;   /* one cycle; or */
	uint32_t silence_ms;
	bool mail; /* the message of this turn */
};

struct say {
	enum voice_rate rate;
	uint8_t items, at;
	struct mail *message; /* NULL: none, and it is passed over */
	uint32_t done;        /* samples of the item at `at` */
	struct say_item item[SAY_ITEMS_MAX];
};

/* The text of FIELDS_TURN. False when it is empty, too long, or names what there is not. */
bool say_parse(struct say *s, struct span text, struct span language, const struct tone_country *country);

/* From the beginning, at this rate. */
void say_begin(struct say *s, enum voice_rate rate);

/* Up to n samples; fewer than n only at the end. */
uint32_t say_read(struct say *s, int16_t *out, uint32_t n);

#endif
