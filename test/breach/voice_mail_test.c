/* SPDX-License-Identifier: ISC */
/* voice in its cage, the test as core, media and ledger: a message is recorded from each codec and played to each, and what comes out is
 * what was said (R29). Payloads are made here as a phone makes them: G.722 from 16 kHz, Opus from 48 kHz at a varying rate; what ledger
 * keeps cannot be read (R27).
 * voice_mail_test EXECUTABLE PROMPTS */
#include "audio/pack.h"
#include "audio/resample.h"
#include "audio/wav.h"
#include "ear.h"
#include "stage.h"
#include "test.h"
#include "wire/sdp.h"
#include <fcntl.h>
#include <opus.h>
#include <spandsp/telephony.h>
#include <spandsp/bit_operations.h>
#include <spandsp/g711.h>
#include <spandsp/g722.h>
#include <stdlib.h>
#include <unistd.h>

enum { JOIN = 7, FRAME_MS = 20, PIECES_MAX = 8, SECONDS_MAX = 10, PLAY_MS = 20000 };

static char cwd[] = "/tmp/voice_mail_test_XXXXXX";
static struct stage s;
static struct link *core, *media, *ledger;
static uint64_t token;

/* what ledger keeps of one message */
static struct {
	uint64_t message;
	uint32_t pieces, length_ms, wrong;
	bool ended;
	struct {
		uint8_t octets[MAIL_PIECE_MAX];
		size_t n;
	} piece[PIECES_MAX];
} kept;

static struct {
	bool done;
	uint64_t token;
	enum turn_why why;
	uint32_t unheard;
	struct ear ear;
} heard;

static int16_t said[3][48000 * SECONDS_MAX]; /* the same words at 8, 16 and 48 kHz */
static size_t said_n[3];
static int16_t wanted[16000 * SECONDS_MAX]; /* those at 8 kHz, brought to 16 */

/* --- siblings --- */

static void on_turned(struct link *from, const struct ipc_view *v)
{
	const struct msg_turned *m = v->payload;

	(void)from;
	heard.done = true;
	heard.token = m->token;
	heard.why = (enum turn_why)m->why;
}

static void on_spoken(struct link *from, const struct ipc_view *v)
{
	const struct msg_spoken *m = v->payload;

	(void)from;
	if (m->codec != heard.ear.codec || !ear_hear(&heard.ear, ipc_str(v, m->payload)))
		heard.unheard++;
}

static void on_put(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_put *m = v->payload;
	struct span piece = ipc_str(v, m->piece);

	(void)from;
	if (m->message != kept.message || m->at != kept.pieces || m->at >= PIECES_MAX || kept.ended) {
		kept.wrong++;
		return;
	}
	memcpy(kept.piece[m->at].octets, piece.p, piece.n);
	kept.piece[kept.pieces++].n = piece.n;
}

static void on_end(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_end *m = v->payload;

	(void)from;
	kept.wrong += m->message != kept.message || m->token != JOIN;
	kept.length_ms = m->length_ms;
	kept.ended = true;
}

static void on_get(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_get *m = v->payload;
	struct msg_mail_piece *p = ipc_begin(from, MSG_MAIL_PIECE);

	kept.wrong += m->message != kept.message;
	p->token = m->token;
	p->at = m->at;
	if (m->at < kept.pieces)
		p->piece = ipc_put(from, span_of(kept.piece[m->at].octets, kept.piece[m->at].n));
	ipc_end(from);
}

static ipc_handler *const on[MSG_N] = {[MSG_TURNED] = on_turned,
    [MSG_SPOKEN] = on_spoken,
    [MSG_MAIL_PUT] = on_put,
    [MSG_MAIL_END] = on_end,
    [MSG_MAIL_GET] = on_get};

static bool start(const char *exe, const char *prompts)
{
	if (!stage_start(&s, exe, PROC_VOICE, cwd, on))
		return false;
	s.site.max_calls = 8;
	if (!stage_give_file(&s, FILE_PROMPTS, open(prompts, O_RDONLY | O_CLOEXEC)))
		return false;
	core = stage_sibling(&s, PROC_CORE, 0);
	media = stage_sibling(&s, PROC_MEDIA, 0);
	ledger = stage_sibling(&s, PROC_LEDGER, 0);
	return stage_go(&s);
}

static void turn(const char *say, uint8_t codec, uint32_t record_ms, uint8_t key)
{
	struct msg_turn *m = ipc_begin_as(core, MSG_TURN, CLASS_DIALOG);

	m->token = ++token;
	m->join = JOIN;
	m->codec = codec;
	m->ptime_ms = FRAME_MS;
	m->say = ipc_put(core, span_str(say));
	m->language = ipc_put(core, SPAN(""));
	m->digits_max = record_ms > 0;
	m->first_ms = m->record_ms = record_ms;
	m->message = kept.message;
	memset(m->message_key, key, sizeof m->message_key);
	heard.done = false;
	heard.unheard = 0;
	ear_init(&heard.ear, codec);
	ipc_end(core);
}

/* --- a phone --- */

static OpusEncoder *opus;
static g722_encode_state_t *g722;

static size_t frame(uint8_t codec, size_t i, uint8_t *out)
{
	const int16_t *at8 = said[0] + i * 160;

	if (codec == SDP_OPUS)
		return (size_t)opus_encode(opus, said[2] + i * 960, 960, out, AUDIO_MAX);
	if (codec == SDP_G722)
		return (size_t)g722_encode(g722, out, said[1] + i * 320, 320);
	for (size_t k = 0; k < 160; k++)
		out[k] = codec == SDP_PCMU ? linear_to_ulaw(at8[k]) : linear_to_alaw(at8[k]);
	return 160;
}

static void says(uint8_t codec)
{
	uint32_t timestamp = 0xffffff00; /* runs over */
	uint8_t out[AUDIO_MAX];
	int error;

	opus = opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP, &error);
	g722 = g722_encode_init(NULL, 64000, 0);
	opus_encoder_ctl(opus, OPUS_SET_BITRATE(24000));
	for (size_t i = 0; (i + 1) * 160 <= said_n[0] && (i + 1) * 960 <= said_n[2] && (i + 1) * 320 <= said_n[1]; i++) {
		struct msg_heard *m = ipc_begin_as(media, MSG_HEARD, CLASS_DIALOG);
		m->join = JOIN;
		m->codec = codec;
		m->timestamp = timestamp;
		m->payload = ipc_put(media, span_of(out, frame(codec, i, out)));
		ipc_end(media);
		timestamp += codec == SDP_OPUS ? 960 : 160;
		stage_run(&s, 2);
	}
	opus_encoder_destroy(opus);
	g722_encode_free(g722);
}

/* --- */

static void record(uint8_t codec)
{
	static uint64_t messages;

	memset(&kept, 0, sizeof kept);
	kept.message = ++messages;
	turn("silence:100", codec, 60000, (uint8_t)(codec + 1));
	stage_run(&s, 400);
	says(codec);
	struct msg_turn_stop *m = ipc_begin(core, MSG_TURN_STOP);
	m->token = token;
	ipc_end(core);
	CHECK(stage_until(&s, &kept.ended, PLAY_MS));
	uint32_t lasts_ms = (uint32_t)(said_n[0] / 8);
	CHECK(kept.wrong == 0 && kept.pieces == lasts_ms / 1000 + 1);
	CHECK(kept.length_ms + 50 > lasts_ms && kept.length_ms <= lasts_ms);
}

static double plays(uint8_t codec, uint8_t key)
{
	turn("message", codec, 0, key);
	if (!stage_until(&s, &heard.done, PLAY_MS) || heard.token != token || heard.why != TURN_SAID)
		return -1;
	stage_run(&s, 60);
	if (heard.unheard || kept.wrong)
		return -1;
	const int16_t *words = heard.ear.rate == 8000 ? said[0] : wanted;
	size_t n = said_n[0] * (heard.ear.rate / 8000);
	double like = ear_like(&heard.ear, 0, heard.ear.rate / 10, words, n - n / 8);
	heard.done = false;
	return like;
}

static void each_codec_is_recorded_and_played_to_each(void)
{
	static const uint8_t codec[] = {SDP_PCMU, SDP_PCMA, SDP_G722, SDP_OPUS};
	static const double least[] = {0.98, 0.98, 0.93, 0.85}; /* of what went through this codec */

	for (size_t i = 0; i < 4; i++) {
		record(codec[i]);
		for (size_t k = 0; k < 4; k++) {
			double like = plays(codec[k], (uint8_t)(codec[i] + 1));
			if (like < least[i] * least[k])
				fprintf(stderr, "recorded from %u, played to %u: %.3f\n", codec[i], codec[k], like);
			CHECK(like >= least[i] * least[k]);
		}
	}
}

/* With another key there is nothing to hear, and no word of it stands in what ledger has. */
static void another_key_plays_nothing(void)
{
	record(SDP_G722);
	double like = plays(SDP_PCMU, SDP_G722 + 2);
	CHECK(like >= 0 && like < 0.3);
	for (uint32_t i = 0; i < kept.pieces; i++) {
		static int16_t clear[MAIL_PIECE_MAX];
		struct ear *e = &heard.ear;
		for (size_t k = 0; k < kept.piece[i].n; k++)
			clear[k] = ulaw_to_linear(kept.piece[i].octets[k]);
		ear_init(e, SDP_PCMU);
		memcpy(e->sample, clear, kept.piece[i].n * sizeof *clear);
		e->n = kept.piece[i].n;
		CHECK(ear_like(e, 0, 800, said[0] + 8000 * i, 4000) < 0.3);
	}
}

static bool read_words(const char *path)
{
	static uint8_t octets[16 << 20];
	static int16_t raw[24000 * SECONDS_MAX];
	static const uint32_t rate[3] = {8000, 16000, 48000};
	FILE *f = fopen(path, "rbe");
	size_t n = f ? fread(octets, 1, sizeof octets, f) : 0;
	struct pack pack;
	struct pack_prompt p;

	if (f)
		fclose(f);
	if (pack_open(span_of(octets, n), &pack) || !pack_find(&pack, "en/not-in-service", &p) || p.samples.n / 2 > 24000 * SECONDS_MAX)
		return false;
	n = p.samples.n / 2;
	for (size_t i = 0; i < n; i++)
		raw[i] = wav_sample(p.samples.p + 2 * i);
	for (int r = 0; r < 3; r++) {
		said_n[r] = resample_length(n, PACK_RATE, rate[r]);
		if (said_n[r] > rate[r] * SECONDS_MAX || !resample(raw, n, PACK_RATE, rate[r], said[r]))
			return false;
	}
	return resample(said[0], said_n[0], 8000, 16000, wanted);
}

int main(int argc, char **argv)
{
	if (argc != 3 || !mkdtemp(cwd) || !read_words(argv[2]) || !start(argv[1], argv[2])) {
		fprintf(stderr, "voice does not start: %s\n", s.reason);
		return 1;
	}
	RUN(each_codec_is_recorded_and_played_to_each);
	RUN(another_key_plays_nothing);
	stage_end(&s);
	ear_fini(&heard.ear);
	rmdir(cwd);
	return TEST_END;
}
