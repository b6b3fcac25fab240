/* SPDX-License-Identifier: ISC */
/* Tones by their spectrum and cadence, the resampler by what it keeps and what it takes away, WAV files and the pack by every way of being
 * wrong, the music by being music. */
#include "audio/music.h"
#include "audio/pack.h"
#include "audio/resample.h"
#include "audio/tone.h"
#include "audio/wav.h"
#include "ear.h"
#include "test.h"
#include <math.h>
#include <stdlib.h>

enum { LONG = 48000 * 4 };

static int16_t in[LONG], out[LONG];

static double rms(const int16_t *s, size_t n)
{
	double e = 0;

	for (size_t i = 0; i < n; i++)
		e += (double)s[i] * s[i];
	return sqrt(e / (double)n);
}

static void make(uint32_t rate, double hz, size_t n)
{
	for (size_t i = 0; i < n; i++)
		in[i] = (int16_t)lrint(10000 * sin(2 * M_PI * hz * (double)i / rate));
}

/* --- resampler --- */

static const uint32_t rates[] = {8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000};
enum { RATES_N = sizeof rates / sizeof *rates };

static void what_fits_is_kept(void)
{
	for (int a = 0; a < RATES_N; a++)
		for (int b = 0; b < RATES_N; b++) {
			size_t n = rates[a], m = resample_length(n, rates[a], rates[b]);
			CHECK(m == rates[b]);
			for (double hz = 300; hz < 3400; hz += 1000) {
				make(rates[a], hz, n);
				CHECK(resample(in, n, rates[a], rates[b], out));
				const int16_t *middle = out + m / 4;
				CHECK(fabs(rms(middle, m / 2) - 10000 / M_SQRT2) < 150);
				CHECK(ear_share(middle, m / 2, rates[b], hz) > 0.999);
			}
		}
}

static void what_does_not_fit_is_gone(void)
{
	for (int a = 1; a < RATES_N; a++)
		for (int b = 0; b < a; b++) {
			size_t n = rates[a], m = resample_length(n, rates[a], rates[b]);
			make(rates[a], rates[b] * 0.5 + (rates[a] - rates[b]) * 0.25, n);
			CHECK(resample(in, n, rates[a], rates[b], out));
			CHECK(rms(out + m / 4, m / 2) < 12); /* 60 dB below what went in, give or take */
		}
}

static void it_keeps_its_bounds(void)
{
	static const size_t lengths[] = {0, 1, 2, 3, 7, 100};

	for (size_t i = 0; i < LONG; i++)
		in[i] = i % 16 < 8 ? INT16_MAX : INT16_MIN;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		for (int b = 0; b < RATES_N; b++)
			CHECK(resample(in, lengths[i], 44100, rates[b], out) && resample_length(lengths[i], 44100, rates[b]) <= 2 * lengths[i]);
	CHECK(resample(in, 44100, 44100, 8000, out));
	CHECK(rms(out, 8000) > 20000);
}

/* --- tones --- */

/* Each step of each tone of each country: its frequencies and no others, or nothing. */
static void each_tone_is_what_its_table_says(void)
{
	static const uint32_t at[] = {8000, 16000};

	for (int c = 0; c < TONE_COUNTRIES; c++)
		for (int k = 0; k < TONES; k++)
			for (int r = 0; r < 2; r++) {
				const struct tone *t = &tone_country[c].tone[k];
				uint32_t rate = at[r], begin = 0, cycle = tone_cycle(t, rate);
				CHECK(cycle > 0 && cycle <= LONG);
				/* in pieces of an odd length, as frames cut it */
				for (uint32_t i = 0; i < cycle; i += 77)
					tone_read(t, rate, i, out + i, cycle - i < 77 ? cycle - i : 77);
				for (int s = 0; s < TONE_STEPS_MAX && t->step[s].ms; s++) {
					const struct tone_step *step = &t->step[s];
					uint32_t n = step->ms * rate / 1000;
					double share = 0;
					int tones = 0;
					for (; tones < TONE_AT_ONCE && step->hz[tones]; tones++)
						share += ear_share(out + begin, n, rate, step->hz[tones]);
					if (tones == 0)
						CHECK(rms(out + begin, n) == 0);
					else /* of two close ones each holds a part of the other's energy in so short a block */
						CHECK(share > (step->ms < 300 && tones == 1 ? 0.95 : 0.9) && rms(out + begin, n) > 4000 &&
						      rms(out + begin, n) < 6000);
					begin += n;
				}
				CHECK(begin == cycle);
			}
}

static void a_steady_tone_has_no_seam(void)
{
	const struct tone *t = &tone_country[0].tone[TONE_DIAL];

	tone_read(t, 8000, 0, out, 8000);
	tone_read(t, 8000, 0, out + 8000, 8000);
	CHECK(ear_share(out, 16000, 8000, 350) + ear_share(out, 16000, 8000, 440) > 0.999);
}

static void names_are_found(void)
{
	CHECK(tone_find_country(SPAN("us")) == 0 && tone_find_country(SPAN("jp")) == TONE_COUNTRIES - 1);
	CHECK(tone_find_country(SPAN("")) == -1 && tone_find_country(SPAN("usa")) == -1 && tone_find_country(SPAN("xx")) == -1);
	CHECK(tone_find(SPAN("ringback")) == TONE_RINGBACK && tone_find(SPAN("hold")) == TONE_HOLD && tone_find(SPAN("h")) == -1);
}

static void the_music_is_soft_and_has_no_seam(void)
{
	size_t n = music_length(8000);

	CHECK(n > 8000 * 10 && n <= LONG);
	music_make(8000, out);
	double level = rms(out, n);
	CHECK(level > 1000 && level < 6000);
	int step = 0, most = 0;
	for (size_t i = 0; i < n; i++) {
		step = abs(out[(i + 1) % n] - out[i]);
		most = step > most ? step : most;
	}
	CHECK(most < 8000 && abs(out[0] - out[n - 1]) < 2000);
}

/* --- WAV --- */

static uint8_t file[256];

static void put(size_t at, uint32_t v, int n)
{
	for (int i = 0; i < n; i++)
		file[at + (size_t)i] = (uint8_t)(v >> 8 * i);
}

/* A good file of 8 frames in stereo at 16 kHz; answers its length. */
static size_t good(void)
{
	memset(file, 0, sizeof file);
	memcpy(file, "RIFF", 4);
	put(4, 36 + 32, 4);
	memcpy(file + 8, "WAVEfmt ", 8);
	put(16, 16, 4);
	put(20, 1, 2);
	put(22, 2, 2);
	put(24, 16000, 4);
	put(28, 64000, 4);
	put(32, 4, 2);
	put(34, 16, 2);
	memcpy(file + 36, "data", 4);
	put(40, 32, 4);
	for (uint32_t i = 0; i < 8; i++) {
		put(44 + 4 * i, 100 * i, 2);
		put(46 + 4 * i, 300 * i, 2);
	}
	return 76;
}

static void a_good_wav_is_read(void)
{
	struct wav w;
	int16_t mono[8];
	size_t n = good();

	CHECK(wav_parse(span_of(file, n), &w) == NULL);
	CHECK(w.rate == 16000 && w.channels == 2 && w.frames == 8 && w.samples.p == file + 44);
	wav_mono(&w, mono);
	for (int i = 0; i < 8; i++)
		CHECK(mono[i] == 200 * i);
	/* what other programs add is skipped */
	memcpy(file + n, "LIST\3\0\0\0abc\0", 12);
	put(4, 36 + 32 + 12, 4);
	CHECK(wav_parse(span_of(file, n + 12), &w) == NULL && w.frames == 8);
}

static void a_bad_wav_is_refused_with_a_reason(void)
{
	static const struct {
		size_t at;
		uint32_t value;
		int n;
	} bad[] = {{0, 'X', 1}, {8, 'X', 1}, {4, 0, 4}, {4, 67, 4}, {4, 69, 4}, {4, UINT32_MAX, 4}, {16, 14, 4}, {16, 17, 4}, {16, UINT32_MAX, 4},
	    {20, 3, 2}, {20, 0xfffe, 2}, {22, 0, 2}, {22, 3, 2}, {24, 8001, 4}, {24, 0, 4}, {28, 1, 4}, {32, 2, 2}, {34, 8, 2}, {34, 24, 2},
	    {36, 'x', 1}, {40, 0, 4}, {40, 31, 4}, {40, 30, 4}, {40, 33, 4}, {40, 36, 4}, {40, UINT32_MAX, 4}};
	struct wav w = {.rate = 1};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		size_t n = good();
		put(bad[i].at, bad[i].value, bad[i].n);
		CHECK(wav_parse(span_of(file, n), &w) != NULL && w.rate == 1);
	}
	for (size_t n = 0; n < 76; n++) {
		good();
		if (n >= 8)
			put(4, (uint32_t)n - 8, 4);
		CHECK(wav_parse(span_of(file, n), &w) != NULL);
	}
}

/* --- pack --- */

static size_t good_pack(void)
{
	memset(file, 0, sizeof file);
	memcpy(file, "RFPROMPT", 8);
	put(8, 1, 4);
	put(12, 2, 4);
	strcpy((char *)file + 16, "en/a");
	put(16 + 48, 0, 4);
	put(16 + 52, 3, 4);
	strcpy((char *)file + 72, "en/b-2");
	put(72 + 48, 3, 4);
	put(72 + 52, 2, 4);
	put(128 + 6, 77, 2);
	return 128 + 10;
}

static void a_pack_is_read_strictly(void)
{
	static const struct {
		size_t at;
		uint32_t value;
		int n;
	} bad[] = {{0, 'X', 1}, {8, 2, 4}, {12, 0, 4}, {12, 3, 4}, {12, UINT32_MAX, 4}, {16, 0, 1}, {16, 'z', 1}, {16, '/', 1}, {18, 'n', 1},
	    {19, 'A', 1}, {19, '.', 1}, {19, 0, 1}, {21, 'x', 1}, {16 + 52, 0, 4}, {16 + 52, 6, 4}, {16 + 52, UINT32_MAX, 4},
	    {16 + 48, UINT32_MAX, 4}, {72 + 48, 4, 4}, {75, 'a', 1}};
	struct pack p;
	struct pack_prompt one;
	size_t n = good_pack();

	CHECK(pack_open(span_of(file, n), &p) == NULL && p.prompts == 2);
	CHECK(pack_find(&p, "en/b-2", &one) && one.samples.n == 4 && wav_sample(one.samples.p) == 77);
	CHECK(pack_find(&p, "en/a", &one) && one.samples.n == 6);
	CHECK(!pack_find(&p, "en/b", &one) && !pack_find(&p, "", &one) && !pack_find(&p, "zz", &one));
	for (size_t i = 0; i + 1 < sizeof bad / sizeof *bad; i++) {
		good_pack();
		put(bad[i].at, bad[i].value, bad[i].n);
		CHECK(pack_open(span_of(file, n), &p) != NULL);
	}
	for (size_t k = 0; k < n; k++) {
		good_pack();
		CHECK(pack_open(span_of(file, k), &p) != NULL);
	}
}

/* The one that was built holds all that core may ask for. */
static const char *built;

static void has_every_prompt(const char *language)
{
	static uint8_t octets[32 << 20];
	static const char *const names[] = {"welcome", "pin-please", "pin-wrong", "pin-locked", "pin-none", "pin-weak", "pin-set", "pin-new", "pin-repeat", "pin-mismatch",
	    "not-allowed", "not-in-service", "number-unknown", "number-busy", "call-declined", "no-answer", "not-reachable", "not-now", "park-full", "busy-try-later", "ceiling-reached", "one-minute-left", "emergency-remote",
	    "emergency-no-line", "screening", "screening-failed", "anonymous-refused", "forward-on", "forward-on-inside", "forward-dial-first", "no-such-call", "forward-off", "dnd-on", "dnd-off",
	    "logged-in", "logged-out", "login-wrong", "extension-please", "park-refused", "desk-extension", "desk-phone", "desk-moved", "desk-says", "house", "floor", "room", "letter-a", "letter-w", "letter-z", "parked-at", "voicemail-greeting", "voicemail-no-greeting",
	    "voicemail-record-after-tone", "voicemail-saved", "voicemail-not-saved", "voicemail-deleted", "voicemail-empty", "voicemail-you-have",
	    "voicemail-message", "voicemail-messages", "voicemail-menu", "saved", "invalid-choice", "goodbye", "blocked", "unblocked",
	    "music", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "star", "hash"};
	FILE *f = fopen(built, "rbe");
	size_t n = f ? fread(octets, 1, sizeof octets, f) : 0;
	struct pack p;
	struct pack_prompt one;

	if (f)
		fclose(f);
	CHECK(pack_open(span_of(octets, n), &p) == NULL);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char name[64];
		snprintf(name, sizeof name, "%s/%s", language, names[i]);
		if (strcmp(names[i], "music") == 0 && strcmp(language, "en") != 0)
			continue; /* there is one */
		CHECK(pack_find(&p, name, &one));
		CHECK(one.samples.n / 2 > PACK_RATE / 6 && one.samples.n / 2 < PACK_RATE * 25);
		size_t m = one.samples.n / 2 < LONG ? one.samples.n / 2 : LONG;
		for (size_t k = 0; k < m; k++)
			in[k] = wav_sample(one.samples.p + 2 * k);
		CHECK(rms(in, m) > 1200 && rms(in, m) < 4000); /* about the same level, none silent, none cut off */
	}
}

static void the_built_pack_has_every_prompt(void)
{
	has_every_prompt("en");
	has_every_prompt("fr");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	built = argv[1];
	RUN(what_fits_is_kept);
	RUN(what_does_not_fit_is_gone);
	RUN(it_keeps_its_bounds);
	RUN(each_tone_is_what_its_table_says);
	RUN(a_steady_tone_has_no_seam);
	RUN(names_are_found);
	RUN(the_music_is_soft_and_has_no_seam);
	RUN(a_good_wav_is_read);
	RUN(a_bad_wav_is_refused_with_a_reason);
	RUN(a_pack_is_read_strictly);
	RUN(the_built_pack_has_every_prompt);
	return TEST_END;
}
