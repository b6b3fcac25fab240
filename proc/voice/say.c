/* SPDX-License-Identifier: ISC */
#include "say.h"

static bool add(struct say *s, struct say_item item)
{
	if (s->items == SAY_ITEMS_MAX)
		return false;
	s->item[s->items++] = item;
	return true;
}

static bool add_prompt(struct say *s, struct span language, struct span name)
{
	const struct sound *sound = prompts_find(language, name);

	return sound && add(s, (struct say_item){.sound = sound});
}

static bool add_digits(struct say *s, struct span language, struct span digits)
{
	bool ok = digits.n > 0;

	for (size_t i = 0; i < digits.n && ok; i++) {
		uint8_t c = digits.p[i];
		struct span name = c == '*' ? SPAN("star") : c == '#' ? SPAN("hash") : span_of(&digits.p[i], 1);
		ok = ((c >= '0' && c <= '9') || c == '*' || c == '#') && add_prompt(s, language, name);
	}
	return ok;
}

static bool add_silence(struct say *s, struct span ms)
{
	uint64_t n;

	return span_decimal(ms, SAY_SILENCE_MAX_MS, &n) && n > 0 &&
	       add(s, (struct say_item){.silence_ms = (uint32_t)n});
}

static bool add_word(struct say *s, struct span word, struct span language, const struct tone_country *country)
{
	size_t colon = span_find(word, ':');
	struct span kind = span_head(word, colon), what = span_skip(word, colon + 1);

	if (span_eq(word, SPAN("message")))
		return add(s, (struct say_item){.mail = true});
	if (colon == word.n)
		return add_prompt(s, language, word);
	if (span_eq(kind, SPAN("digits")))
		return add_digits(s, language, what);
	if (span_eq(kind, SPAN("silence")))
		return add_silence(s, what);
	int tone = span_eq(kind, SPAN("tone")) ? tone_find(what) : -1;
	return tone >= 0 && add(s, (struct say_item){.tone = &country->tone[tone]});
}

bool say_parse(struct say *s, struct span text, struct span language, const struct tone_country *country)
{
	s->items = s->at = 0;
	s->message = NULL;
	s->done = 0;
	while (text.n) {
		size_t n = span_find(text, ' ');
		if (n && !add_word(s, span_head(text, n), language, country))
			return false;
		text = span_skip(text, n + 1);
	}
	return s->items > 0;
}

void say_begin(struct say *s, enum voice_rate rate)
{
	s->rate = rate;
	s->at = 0;
	s->done = 0;
	if (s->message)
		mail_rewind(s->message);
}

static uint32_t length(const struct say *s, const struct say_item *i)
{
	if (i->sound)
		return i->sound->n[s->rate];
	return i->tone ? tone_cycle(i->tone, rate_hz(s->rate)) : i->silence_ms * (rate_hz(s->rate) / 1000);
}

static void read_item(const struct say *s, const struct say_item *i, int16_t *out, uint32_t n)
{
	if (i->sound)
		memcpy(out, i->sound->sample[s->rate] + s->done, n * sizeof *out);
	else if (i->tone)
		tone_read(i->tone, rate_hz(s->rate), s->done, out, n);
	else
		memset(out, 0, n * sizeof *out);
}

uint32_t say_read(struct say *s, int16_t *out, uint32_t n)
{
	uint32_t got = 0;

	while (got < n && s->at < s->items) {
		const struct say_item *i = &s->item[s->at];
		if (i->mail) {
			got += s->message ? mail_read(s->message, s->rate, out + got, n - got) : 0;
			s->at = (uint8_t)(s->at + (got < n));
			continue;
		}
		uint32_t left = length(s, i) - s->done, take = left < n - got ? left : n - got;
		read_item(s, i, out + got, take);
		got += take;
		s->done += take;
		if (take == left) {
			s->at++;
			s->done = 0;
		}
	}
	return got;
}
