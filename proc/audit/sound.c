/* SPDX-License-Identifier: ISC */
#include "audit/sound.h"
#include "audio/decode.h"
#include "audit/flow.h"
#include "wire/rtp.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { CHANNELS = 2, WAV_HEADER = 44, OPUS_PER_SAMPLE = 6 };

/* One direction of what will be heard. */
struct track {
	uint32_t stream;       /* NONE: nothing of this direction can be */
	const struct leg *leg; /* under whose keys it is encrypted; NULL: it is clear */
	uint8_t codec, pt;
	bool begun;
	uint32_t first_ts, at; /* where that stands */
	struct decoder *decoder;
};

struct hearing {
	const struct audit *a;
	const struct flow *flow;
	struct track track[CHANNELS];
	bool begun;
	uint64_t first_us;
	uint32_t samples;
	int16_t *out; /* SOUND_SAMPLES of both channels in turn */
};

static bool decodable(enum seen_codec c, uint8_t *out)
{
	static const uint8_t codec[SEEN_CODECS] = {[SEEN_PCMU] = SDP_PCMU + 1,
	    [SEEN_PCMA] = SDP_PCMA + 1,
	    [SEEN_G722] = SDP_G722 + 1,
	    [SEEN_OPUS] = SDP_OPUS + 1};

	*out = (uint8_t)(codec[c] - 1);
	return codec[c] != 0;
}

/* Can this stream be heard, clear or under a key that was proved? */
static bool choose(const struct audit *a, const struct leg *l, uint32_t i, struct track *t)
{
	const struct stream *s = &a->stream[i];
	struct judged j;

	stream_judge(s, leg_codec(l, stream_pt(s)), 0, &j);
	bool clear = j.sound == SOUND_CLEAR || j.sound == SOUND_MIXED;
	if (!decodable(j.codec, &t->codec) ||
	    (!clear && (s->sample == NONE || !sample_proved(a, l, &a->sample[s->sample]))))
		return false;
	t->pt = (uint8_t)stream_pt(s);
	t->leg = clear ? NULL : l;
	t->stream = i;
	return true;
}

static bool choose_flow(struct hearing *h, uint32_t i)
{
	const struct audit *a = h->a;
	const struct flow *f = &a->flow[i];
	bool any = false;

	for (unsigned d = 0; d < CHANNELS; d++) {
		h->track[d].stream = NONE;
		for (uint32_t s = f->stream[d]; s != NONE; s = a->stream[s].next)
			if (stream_is_media(&a->stream[s]) && choose(a, &a->leg[f->leg], s, &h->track[d]))
				break;
		any |= h->track[d].stream != NONE;
	}
	h->flow = any ? f : NULL;
	return any;
}

/* The first flow of an open leg of that call. */
static const char *choose_call(struct hearing *h, struct calls *c, uint32_t call)
{
	const char *why = "there is no call of that number";

	for (uint32_t i = 1; i <= h->a->flows.n; i++) {
		if (!h->a->flow[i].used)
			continue;
		uint32_t node = flow_node(h->a, &h->a->flow[i], i);
		if (c->node[calls_root(c, node)].id != call)
			continue;
		why = "nothing of that call can be heard";
		if (c->node[node].v.grade == AUDIT_OPEN && choose_flow(h, i))
			return NULL;
	}
	return why;
}

static void place(struct hearing *h, unsigned channel, const struct rtp *r, uint64_t time_us, struct span payload)
{
	struct track *t = &h->track[channel];
	int16_t pcm[DECODE_MAX];
	size_t n = decoder_payload(t->decoder, t->codec, payload, pcm);

	if (!h->begun) {
		h->begun = true;
		h->first_us = time_us;
	}
	if (!t->begun) {
		t->begun = true;
		t->first_ts = r->timestamp;
		t->at = time_us < h->first_us
		            ? 0
		            : (uint32_t)((time_us - h->first_us) / 1000 % UINT32_MAX * (SOUND_HZ / 1000));
	}
	uint64_t at = t->at + (r->timestamp - t->first_ts) / (t->codec == SDP_OPUS ? OPUS_PER_SAMPLE : 1u);
	for (size_t i = 0; i < n && at + i < SOUND_SAMPLES; i++) {
		h->out[(at + i) * CHANNELS + channel] = pcm[i];
		h->samples = at + i >= h->samples ? (uint32_t)(at + i + 1) : h->samples;
	}
}

static void hear(struct hearing *h, const struct packet *p)
{
	uint8_t room[SAMPLE_MAX];
	struct flow_key k;
	struct span payload;
	struct rtp r;

	if (p->key.proto != PACKET_UDP || p->cut)
		return;
	unsigned to_hi = flow_normal(&p->key, &k);
	struct track *t = &h->track[to_hi];
	if (t->stream == NONE || memcmp(&k, &h->flow->key, sizeof k) != 0 || !rtp_parse(p->payload, &r) ||
	    r.ssrc != h->a->stream[t->stream].ssrc || r.pt != t->pt)
		return;
	struct span d = p->payload;
	if (t->leg) {
		size_t n = srtp_seen_open(h->a, t->leg, d, room);
		if (n == 0)
			return;
		d = span_of(room, n);
	}
	if (rtp_parse(d, &r) && rtp_payload(d, &r, &payload))
		place(h, to_hi, &r, p->time_us, payload);
}

static void put_le(uint8_t *p, uint32_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static bool write_all(int fd, const uint8_t *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static bool write_wav(int fd, const struct hearing *h)
{
	uint32_t octets = h->samples * CHANNELS * 2;
	static const char wave[] = "RIFF----WAVEfmt ", data[] = "data";
	uint8_t head[WAV_HEADER];

	memcpy(head, wave, sizeof wave - 1);
	memcpy(head + 36, data, sizeof data - 1);
	put_le(head + 4, WAV_HEADER - 8 + octets, 4);
	put_le(head + 16, 16, 4);
	put_le(head + 20, 1, 2);
	put_le(head + 22, CHANNELS, 2);
	put_le(head + 24, SOUND_HZ, 4);
	put_le(head + 28, SOUND_HZ * CHANNELS * 2, 4);
	put_le(head + 32, CHANNELS * 2, 2);
	put_le(head + 34, 16, 2);
	put_le(head + 40, octets, 4);
	return write_all(fd, head, sizeof head) && write_all(fd, (const uint8_t *)h->out, octets);
}

static const char *listen_to(struct hearing *h, struct audit *a, int fd, int out, uint8_t *window)
{
	struct capture c;
	struct frame f;
	struct packet p;

	capture_open(&c, fd, window);
	while (capture_next(&c, &f) == CAPTURE_FRAME)
		if (packet_read(&f, a->frags, &p) == PACKET_READ)
			hear(h, &p);
	if (h->samples == 0)
		return "nothing of that call can be heard";
	return write_wav(out, h) ? NULL : "the sound could not be written";
}

const char *sound_write(struct audit *a, const struct calls *calls, uint32_t call, int fd, int out, uint8_t *window)
{
	struct calls c = *calls;
	struct hearing h = {.a = a};
	const char *why = choose_call(&h, &c, call);

	if (why)
		return why;
	h.out = calloc(SOUND_SAMPLES, CHANNELS * sizeof *h.out);
	for (unsigned i = 0; i < CHANNELS; i++)
		h.track[i].decoder = calloc(1, decoder_size());
	why = h.out && h.track[0].decoder && h.track[1].decoder ? listen_to(&h, a, fd, out, window) : "memory is short";
	free(h.track[0].decoder);
	free(h.track[1].decoder);
	free(h.out);
	return why;
}
