/* SPDX-License-Identifier: ISC */
#include "audio/music.h"
#include <math.h>

enum { NOTE_MS = 600, LEVEL = 5200 };

/* semitones above A3; each note rings on under the two that follow it */
static const int8_t score[] = {
    0, 7, 12, 16, 19, 16, 12, 7, -4, 3, 8, 12, 15, 12, 8, 3, -7, 5, 9, 12, 17, 12, 9, 5, -5, 2, 7, 11, 14, 11, 7, 2};

enum { NOTES = sizeof score, RINGS = 3 };

static uint32_t note_length(uint32_t rate)
{
	return NOTE_MS * rate / 1000;
}

size_t music_length(uint32_t rate)
{
	return (size_t)NOTES * note_length(rate);
}

/* t seconds after it was struck: the tone and a little of its octave, swelling for 30 ms and dying away. */
static double note(int semitones, double t)
{
	double hz = 220 * pow(2, semitones / 12.0), swell = t < 0.03 ? t / 0.03 : 1;
	double last = (double)RINGS * NOTE_MS / 1000 - t, fade = last < 0.1 ? last / 0.1 : 1;

	return swell * fade * exp(-1.6 * t) * (sin(2 * M_PI * hz * t) + 0.25 * sin(4 * M_PI * hz * t));
}

void music_make(uint32_t rate, int16_t *out)
{
	uint32_t length = note_length(rate);

	for (uint32_t i = 0; i < NOTES * length; i++) {
		double sum = 0;
		for (uint32_t back = 0; back < RINGS; back++) {
			uint32_t which = (i / length + NOTES - back) % NOTES;
			sum += note(score[which], (double)(i % length + back * length) / rate);
		}
		out[i] = (int16_t)lrint(LEVEL * sum);
	}
}
