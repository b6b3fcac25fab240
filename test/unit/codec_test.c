/* SPDX-License-Identifier: ISC */
/* What voice encodes is decoded again, by the decoders alone: alike, in frames of one length (R8), at every frame length. */
#include "codec.h"
#include "ear.h"
#include "test.h"
#include <math.h>
#include <stdlib.h>

enum { SECONDS = 2 };

static int16_t in[16000 * SECONDS];
static struct ear ear;

/* Something like a voice: a pitch that glides, with its harmonics, in syllables. */
static void speak(uint32_t rate)
{
	double phase = 0;

	for (uint32_t i = 0; i < rate * SECONDS; i++) {
		double t = (double)i / rate, swell = 0.5 - 0.5 * cos(2 * M_PI * 3 * t), sum = 0;
		phase += 2 * M_PI * (120 + 30 * sin(2 * M_PI * 0.7 * t)) / rate;
		for (int k = 1; k <= 20; k++)
			sum += sin(k * phase) / k;
		in[i] = (int16_t)lrint(5000 * swell * sum);
	}
}

static void each_codec_goes_round(void)
{
	static const struct {
		uint8_t codec, ptime_ms;
		size_t length;
		double like;
	} each[] = {{SDP_PCMU, 10, 80, 0.99}, {SDP_PCMU, 20, 160, 0.99}, {SDP_PCMU, 30, 240, 0.99}, {SDP_PCMU, 40, 320, 0.99}, {SDP_PCMU, 60, 480, 0.99},
	    {SDP_PCMA, 20, 160, 0.99}, {SDP_PCMA, 60, 480, 0.99}, {SDP_G722, 10, 80, 0.97}, {SDP_G722, 20, 160, 0.97}, {SDP_G722, 60, 480, 0.97},
	    {SDP_OPUS, 10, 40, 0.9}, {SDP_OPUS, 20, 80, 0.9}, {SDP_OPUS, 40, 160, 0.9}, {SDP_OPUS, 60, 240, 0.9}};
	struct encoder *e = calloc(1, encoder_size());
	uint8_t out[512];

	for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
		uint32_t rate = rate_hz(codec_rate(each[i].codec)), n = rate / 1000 * each[i].ptime_ms;
		speak(rate);
		ear_init(&ear, each[i].codec);
		encoder_begin(e, each[i].codec, each[i].ptime_ms);
		for (uint32_t at = 0; at + n <= rate * SECONDS; at += n) {
			size_t got = encoder_frame(e, in + at, out, sizeof out);
			CHECK(got == each[i].length && ear_hear(&ear, span_of(out, got)));
		}
		CHECK(ear.rate == rate);
		double like = ear_like(&ear, 0, rate / 50, in, rate * SECONDS * 9 / 10);
		if (like <= each[i].like)
			fprintf(stderr, "codec %u, %u ms: %.3f\n", each[i].codec, each[i].ptime_ms, like);
		CHECK(like > each[i].like);
	}
	free(e);
	ear_fini(&ear);
}

static void no_frame_outgrows_its_room(void)
{
	struct encoder *e = calloc(1, encoder_size());
	uint8_t out[512];

	speak(16000);
	for (uint8_t codec = 0; codec <= SDP_OPUS; codec++) {
		encoder_begin(e, codec, 60);
		for (size_t cap = 0; cap < 512; cap++) {
			memset(out, 0xee, sizeof out);
			size_t n = encoder_frame(e, in, out, cap);
			CHECK(n <= cap);
			for (size_t i = cap; i < sizeof out; i++)
				CHECK(out[i] == 0xee);
		}
		e->ready = false;
	}
	CHECK(encoder_frame(e, in, out, sizeof out) == 0); /* not begun */
	free(e);
}

static void frame_lengths_are_those_that_there_are(void)
{
	for (int ms = 0; ms < 256; ms++) {
		bool common = ms == 10 || ms == 40 || ms == 60;
		CHECK(codec_ptime(SDP_PCMU, (uint8_t)ms) == (common || ms == 30 ? ms : 20));
		CHECK(codec_ptime(SDP_OPUS, (uint8_t)ms) == (common ? ms : 20));
	}
	CHECK(codec_clock(SDP_G722) == 8000 && codec_clock(SDP_OPUS) == 48000);
}

int main(void)
{
	RUN(each_codec_goes_round);
	RUN(no_frame_outgrows_its_room);
	RUN(frame_lengths_are_those_that_there_are);
	return TEST_END;
}
