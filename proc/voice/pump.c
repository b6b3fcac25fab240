/* SPDX-License-Identifier: ISC */
#include "pump.h"
#include "base/rand.h"
#include "turn.h"

static struct timer tick;
static uint64_t spoken, spoken_lost, late;

static uint64_t next_tick(uint64_t now_ms)
{
	return (now_ms / PUMP_TICK_MS + 1) * PUMP_TICK_MS;
}

static uint32_t frame_ticks(const struct encoder *e)
{
	return codec_clock(e->codec) / 1000 * e->ptime_ms;
}

/* Frames that were not sent are left out of time as well. */
static void skip(struct session *s, uint64_t until_ms)
{
	uint64_t ptime_ms = s->encoder->ptime_ms,
		 n = until_ms > s->next_ms ? (until_ms - s->next_ms + ptime_ms - 1) / ptime_ms : 0;

	s->next_ms += n * ptime_ms;
	s->timestamp += (uint32_t)n * frame_ticks(s->encoder);
	s->marker |= n > 0;
}

static void speak(struct session *s, struct span payload)
{
	struct link *media = child_link(PROC_MEDIA, 0);
	enum msg_class class = s->emergency ? CLASS_EMERGENCY : CLASS_DIALOG;
	struct msg_spoken *m = media && payload.n ? ipc_begin_as(media, MSG_SPOKEN, class) : NULL;

	if (!m) {
		spoken_lost++;
		return;
	}
	m->join = s->key.join;
	m->side = (uint8_t)s->key.side;
	m->codec = s->encoder->codec;
	m->marker = s->marker;
	m->timestamp = s->timestamp;
	m->payload = ipc_put(media, payload);
	ipc_end(media);
	s->marker = false;
	spoken++;
}

/* True when what is said came to its end on the way. Silence is sent like speech: the stream tells nothing (R8). */
static bool fill(struct session *s, int16_t *out, uint32_t n)
{
	uint32_t got = 0;
	bool ended = false, gave = true;

	while (s->speaking && got < n) {
		uint32_t more = say_read(&s->say, out + got, n - got);
		got += more;
		if (got == n)
			break;
		ended = true;
		s->speaking = s->loop && (gave || more > 0); /* what holds nothing is not begun for ever */
		gave = more > 0;
		say_begin(&s->say, s->say.rate);
	}
	memset(out + got, 0, (n - got) * sizeof *out);
	return ended;
}

static void frame(struct session *s)
{
	int16_t samples[CODEC_SAMPLES_MAX];
	uint8_t payload[AUDIO_MAX];
	uint32_t n = s->encoder->ptime_ms * rate_hz(codec_rate(s->encoder->codec)) / 1000;
	bool ended = fill(s, samples, n);

	speak(s, span_of(payload, encoder_frame(s->encoder, samples, payload, sizeof payload)));
	s->next_ms += s->encoder->ptime_ms;
	s->timestamp += frame_ticks(s->encoder);
	if (ended)
		turn_said(s);
}

static void serve(struct session *s, uint64_t now_ms)
{
	if (s->next_ms + (uint64_t)PUMP_CATCH_UP * s->encoder->ptime_ms <= now_ms) {
		late++;
		skip(s, now_ms);
	}
	while (s->running && s->next_ms <= now_ms)
		frame(s);
}

/* From the last on: who ends leaves its place to the last, which was served. */
static void on_tick(struct timer *t, uint64_t now_ms)
{
	for (uint32_t i = session_running(); i-- > 0;)
		serve(session_running_at(i), now_ms);
	if (session_running())
		timer_set(&child_wheel, t, next_tick(now_ms));
}

void pump_begin(struct session *s, uint8_t codec, uint8_t ptime_ms)
{
	bool fresh = !s->encoder->ready;

	encoder_begin(s->encoder, codec, ptime_ms);
	if (fresh) {
		rand_bytes(&s->timestamp, sizeof s->timestamp); /* RFC 3550 5.1 */
		s->next_ms = next_tick(child_now());
	}
	skip(s, child_now());
	tick.fire = on_tick;
	if (!timer_is_set(&tick))
		timer_set(&child_wheel, &tick, next_tick(child_now()));
}

void pump_status(struct proc_status *s)
{
	status_counter(s, "spoken", spoken);
	status_counter(s, "spoken-lost", spoken_lost);
	status_counter(s, "late", late);
}
