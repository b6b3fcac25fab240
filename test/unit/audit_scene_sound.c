/* SPDX-License-Identifier: ISC */
/* Scenes in which something is really said, through the encoders of spandsp and Opus: Alice at 440 Hz, Bob at 1000 Hz. */
#include "audit_scene_say.h"
#include <math.h>
#include <opus/opus.h>
#include <spandsp.h>
#include <stdio.h>
#include <stdlib.h>

enum { PACKETS = 150, MS = 20, PCM_MAX = 960, ALICE_HZ = 440, BOB_HZ = 1000, LOUD = 8000, SAID_MAX = 400 };

enum voice { VOICE_PCMU, VOICE_PCMA, VOICE_G722, VOICE_OPUS };

static const struct {
	uint8_t pt;
	uint16_t step; /* of the timestamp (RFC 3551 4.5.2: 160 for G.722 too) */
	int hz;
	const char *map;
} voices[] = {
    [VOICE_PCMU] = {0, 160, 8000, "a=rtpmap:0 PCMU/8000\r\n"},
    [VOICE_PCMA] = {8, 160, 8000, "a=rtpmap:8 PCMA/8000\r\n"},
    [VOICE_G722] = {9, 160, 16000, "a=rtpmap:9 G722/8000\r\n"},
    [VOICE_OPUS] = {96, 960, 48000, "a=rtpmap:96 opus/48000/2\r\n"},
};

struct speaker {
	enum voice voice;
	int tone_hz;
	unsigned said; /* samples */
	g722_encode_state_t *g722;
	OpusEncoder *opus;
};

static void speaker_begin(struct speaker *s, enum voice voice, int tone_hz)
{
	int error;

	*s = (struct speaker){.voice = voice, .tone_hz = tone_hz};
	s->g722 = g722_encode_init(NULL, 64000, 0);
	s->opus = opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP, &error);
	if (!s->g722 || !s->opus)
		abort();
}

static void speaker_end(struct speaker *s)
{
	g722_encode_free(s->g722);
	opus_encoder_destroy(s->opus);
}

static struct span speak(struct speaker *s, uint8_t out[SAID_MAX])
{
	int16_t pcm[PCM_MAX];
	int n = voices[s->voice].hz / 1000 * MS, len = n;

	for (int i = 0; i < n; i++)
		pcm[i] = (int16_t)(LOUD * sin(2 * M_PI * s->tone_hz * (double)(s->said++) / voices[s->voice].hz));
	for (int i = 0; s->voice <= VOICE_PCMA && i < n; i++)
		out[i] = s->voice == VOICE_PCMU ? linear_to_ulaw(pcm[i]) : linear_to_alaw(pcm[i]);
	if (s->voice == VOICE_G722)
		len = g722_encode(s->g722, out, pcm, n);
	else if (s->voice == VOICE_OPUS)
		len = opus_encode(s->opus, pcm, n, out, SAID_MAX);
	if (len <= 0)
		abort();
	return span_of(out, (size_t)len);
}

static const char *described(struct made *m, uint8_t host, uint16_t port, enum voice v, const char *more)
{
	static char text[2][600];
	char *s = text[host == BOB];

	snprintf(s, sizeof text[0], "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %u %s %u\r\n%s%s",
	    made_ip(m, host), made_ip(m, host), port, *more ? "RTP/SAVP" : "RTP/AVP", voices[v].pt, voices[v].map, more);
	return s;
}

static void conversation(struct made *m, enum voice v, bool sdes)
{
	struct made_media media[2] = {pcmu(ALICE, 4000, BOB, 4002, 7001)};
	struct hop h = hop(m, ALICE, BOB, "sound-1");
	struct speaker speaker[2];
	struct srtp keys[2];
	const char *suite = "AES_CM_128_HMAC_SHA1_80";
	uint8_t room[SAID_MAX];

	media[0].pt = voices[v].pt;
	media[0].step = voices[v].step;
	media[1] = back(&media[0]);
	set_up(&h, described(m, ALICE, 4000, v, sdes ? crypto(0, suite) : ""), described(m, BOB, 4002, v, sdes ? crypto(1, suite) : ""));
	for (unsigned i = 0; i < 2; i++) {
		speaker_begin(&speaker[i], v, i ? BOB_HZ : ALICE_HZ);
		set_keys(&keys[i], i);
		media[i].srtp = sdes ? &keys[i] : NULL;
	}
	for (unsigned n = 0; n < PACKETS; n++, m->now_us += MS * 1000)
		for (unsigned i = 0; i < 2; i++)
			made_rtp_of(m, &media[i], speak(&speaker[i], room));
	speaker_end(&speaker[0]);
	speaker_end(&speaker[1]);
	hang_up(&h);
}

void said_in_pcmu(struct made *m)
{
	conversation(m, VOICE_PCMU, false);
}

void said_in_pcma(struct made *m)
{
	conversation(m, VOICE_PCMA, false);
}

void said_in_g722(struct made *m)
{
	conversation(m, VOICE_G722, false);
}

void said_in_opus(struct made *m)
{
	conversation(m, VOICE_OPUS, false);
}

void said_in_g722_under_sdes(struct made *m)
{
	conversation(m, VOICE_G722, true);
}

void said_in_opus_under_sdes(struct made *m)
{
	conversation(m, VOICE_OPUS, true);
}
