/* SPDX-License-Identifier: ISC */
#include "audio/wav.h"

enum { RIFF_HEADER = 12, CHUNK_HEADER = 8, FMT_LEAST = 16, FORMAT_PCM = 1, BITS = 16 };

struct reader {
	struct wav wav;
	bool has_format, has_samples;
};

static uint32_t le16(const uint8_t *p)
{
	return (uint32_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

static const char *read_format(struct reader *r, struct span body)
{
	static const uint32_t rates[] = {8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000};
	bool known = false;

	if (r->has_format)
		return "two fmt chunks";
	if (body.n < FMT_LEAST)
		return "fmt chunk is too short";
	if (le16(body.p) != FORMAT_PCM || le16(body.p + 14) != BITS)
		return "not 16-bit PCM";
	r->wav.channels = (uint16_t)le16(body.p + 2);
	r->wav.rate = le32(body.p + 4);
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
		known |= r->wav.rate == rates[i];
	if (!known)
		return "not one of the usual rates from 8000 to 48000 Hz";
	if (r->wav.channels < 1 || r->wav.channels > 2)
		return "neither mono nor stereo";
	uint32_t frame = r->wav.channels * 2u;
	if (le16(body.p + 12) != frame || le32(body.p + 8) != frame * r->wav.rate)
		return "fmt chunk contradicts itself";
	r->has_format = true;
	return NULL;
}

static const char *read_samples(struct reader *r, struct span body)
{
	if (!r->has_format)
		return "data before fmt";
	if (r->has_samples)
		return "two data chunks";
	uint32_t frame = r->wav.channels * 2u;
	if (body.n == 0 || body.n % frame)
		return "data is not a whole number of samples";
	if (body.n / frame > (size_t)r->wav.rate * WAV_SECONDS_MAX)
		return "longer than 5 minutes";
	r->wav.samples = body;
	r->wav.frames = (uint32_t)(body.n / frame);
	r->has_samples = true;
	return NULL;
}

static const char *read_chunk(struct reader *r, struct span *rest)
{
	if (rest->n < CHUNK_HEADER)
		return "octets after the last chunk";
	uint32_t n = le32(rest->p + 4), padded = n + (n & 1);
	if (n > UINT32_MAX - 1 || padded > rest->n - CHUNK_HEADER)
		return "chunk is longer than the file";
	struct span body = span_of(rest->p + CHUNK_HEADER, n);
	const char *why = NULL;
	if (memcmp(rest->p, "fmt ", 4) == 0)
		why = read_format(r, body);
	else if (memcmp(rest->p, "data", 4) == 0)
		why = read_samples(r, body);
	*rest = span_skip(*rest, CHUNK_HEADER + (size_t)padded);
	return why;
}

const char *wav_parse(struct span file, struct wav *out)
{
	struct reader r = {0};
	const char *why = NULL;

	if (file.n < RIFF_HEADER || memcmp(file.p, "RIFF", 4) != 0 || memcmp(file.p + 8, "WAVE", 4) != 0)
		return "no WAV file";
	if (le32(file.p + 4) != file.n - 8)
		return "its header gives another length";
	struct span rest = span_skip(file, RIFF_HEADER);
	for (int i = 0; rest.n && !why; i++)
		why = i < WAV_CHUNKS_MAX ? read_chunk(&r, &rest) : "too many chunks";
	if (!why && !r.has_samples)
		why = "no data chunk";
	if (!why)
		*out = r.wav;
	return why;
}

void wav_mono(const struct wav *w, int16_t *out)
{
	for (uint32_t i = 0; i < w->frames; i++) {
		const uint8_t *at = w->samples.p + (size_t)i * w->channels * 2;
		int sum = wav_sample(at);
		if (w->channels == 2)
			sum = (sum + wav_sample(at + 2)) / 2;
		out[i] = (int16_t)sum;
	}
}
