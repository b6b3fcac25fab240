/* SPDX-License-Identifier: ISC */
/* Packs WAV files as prompts (lib/audio/pack.h): each is brought to 16 kHz, freed of the silence around it and brought to one level.
 * The music on hold is made here. */
#include "audio/music.h"
#include "audio/pack.h"
#include "audio/resample.h"
#include "audio/wav.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	QUIET = 200,           /* samples below it, of what espeak-ng says at full level, are silence */
	EDGE = PACK_RATE / 50, /* of it that is left on both sides */
	PEAK_MAX = 24000,      /* some headroom for the codecs */
};

static const double rms_wanted = 3300; /* -20 dBFS */

struct sound {
	char name[PACK_NAME_MAX + 1];
	int16_t *sample;
	size_t n;
};

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

static void *need(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		fail("pack", "no memory");
	return p;
}

/* The caller frees *octets. */
static struct span read_file(const char *path, uint8_t **octets)
{
	FILE *f = fopen(path, "rbe");
	long size = f && fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;

	if (size < 0 || size > PACK_OCTETS_MAX)
		fail(path, "cannot be read");
	*octets = need((size_t)size);
	rewind(f);
	if (fread(*octets, 1, (size_t)size, f) != (size_t)size)
		fail(path, "cannot be read");
	fclose(f);
	return span_of(*octets, (size_t)size);
}

static void trim(struct sound *s)
{
	size_t first = 0, end = s->n;

	while (first < end && abs(s->sample[first]) < QUIET)
		first++;
	while (end > first && abs(s->sample[end - 1]) < QUIET)
		end--;
	first = first > EDGE ? first - EDGE : 0;
	end = end + EDGE < s->n ? end + EDGE : s->n;
	memmove(s->sample, s->sample + first, (end - first) * sizeof *s->sample);
	s->n = end - first;
}

static void bring_to_level(struct sound *s)
{
	double energy = 0, peak = 1;

	for (size_t i = 0; i < s->n; i++) {
		energy += (double)s->sample[i] * s->sample[i];
		peak = fmax(peak, abs(s->sample[i]));
	}
	double gain = fmin(rms_wanted / (sqrt(energy / (double)(s->n ? s->n : 1)) + 1), PEAK_MAX / peak);
	for (size_t i = 0; i < s->n; i++)
		s->sample[i] = (int16_t)lrint(gain * s->sample[i]);
}

/* "en/welcome=FILE" */
static void take(struct sound *s, const char *word)
{
	struct span name = span_head(span_str(word), span_find(span_str(word), '='));
	const char *path = word + name.n + (word[name.n] == '=');
	uint8_t *octets;
	struct wav w;
	const char *why = wav_parse(read_file(path, &octets), &w);

	if (!pack_name_ok(name) || !span_cstr(name, s->name, sizeof s->name))
		fail(word, "no name of a prompt");
	if (why)
		fail(path, why);
	int16_t *mono = need(w.frames * sizeof *mono);
	wav_mono(&w, mono);
	s->n = resample_length(w.frames, w.rate, PACK_RATE);
	s->sample = need(s->n * sizeof *s->sample);
	if (!resample(mono, w.frames, w.rate, PACK_RATE, s->sample))
		fail(path, "no memory");
	free(mono);
	free(octets);
	trim(s);
	bring_to_level(s);
	if (s->n == 0)
		fail(path, "nothing but silence");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct sound *)a)->name, ((const struct sound *)b)->name);
}

static void put32(FILE *f, uint32_t v)
{
	const uint8_t b[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};

	fwrite(b, 1, sizeof b, f);
}

static void put16(FILE *f, int16_t v)
{
	const uint8_t b[2] = {(uint8_t)v, (uint8_t)((uint16_t)v >> 8)};

	fwrite(b, 1, sizeof b, f);
}

static const char *check(const char *path)
{
	uint8_t *octets;
	struct pack pack;
	const char *why = pack_open(read_file(path, &octets), &pack);

	free(octets);
	return why;
}

static bool write_pack(FILE *f, const struct sound *s, uint32_t n)
{
	uint32_t first = 0;

	fwrite("RFPROMPT", 1, 8, f);
	put32(f, PACK_VERSION);
	put32(f, n);
	for (uint32_t i = 0; i < n; i++) {
		fwrite(s[i].name, 1, sizeof s[i].name, f);
		put32(f, first);
		put32(f, (uint32_t)s[i].n);
		first += (uint32_t)s[i].n;
	}
	for (uint32_t i = 0; i < n; i++)
		for (size_t k = 0; k < s[i].n; k++)
			put16(f, s[i].sample[k]);
	return !ferror(f) && fclose(f) == 0;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		fail("usage", "pack OUTPUT LANGUAGE/NAME=FILE.wav...");
	uint32_t n = (uint32_t)argc - 1; /* and the music */
	struct sound *s = need(n * sizeof *s);

	for (uint32_t i = 0; i + 1 < n; i++)
		take(&s[i], argv[i + 2]);
	struct sound *music = &s[n - 1];
	memcpy(music->name, "en/music", sizeof "en/music");
	music->n = music_length(PACK_RATE);
	music->sample = need(music->n * sizeof *music->sample);
	music_make(PACK_RATE, music->sample);
	qsort(s, n, sizeof *s, by_name);
	FILE *f = fopen(argv[1], "wbe");
	if (!f || !write_pack(f, s, n))
		fail(argv[1], "cannot be written");
	const char *why = check(argv[1]);
	if (why)
		fail(argv[1], why);
	for (uint32_t i = 0; i < n; i++)
		free(s[i].sample);
	free(s);
	return 0;
}
