/* SPDX-License-Identifier: ISC */
/* voice in its cage, the test as core and media: what is heard is what was asked for, digits of every kind and timing (R15), limits, a
 * site's own recordings, a kill (R28), and siblings that lie (R27).
 * voice_test EXECUTABLE PROMPTS */
#include "audio/pack.h"
#include "audio/resample.h"
#include "audio/wav.h"
#include "base/clock.h"
#include "ear.h"
#include "lies.h"
#include "stage.h"
#include "test.h"
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CALLS = 8, PROMPT_MS = 15000, ARRIVAL_MS = 5000 /* on a machine under load */ };

static uint64_t join = 7; /* what the tests talk to */

static const char *exe, *pack_path;
static char cwd[] = "/tmp/voice_test_XXXXXX", recordings[64];
static struct stage s;
static struct link *core, *media;
static struct pack pack;
static uint64_t next_token = 100;

/* the last `turned` of each token is not kept: tests look at one at a time */
static struct {
	uint32_t turned;
	bool done;
	uint64_t token;
	enum turn_why why;
	char digits[TURN_DIGITS_MAX + 1];
	struct ear ear; /* of join, side 0 */
	uint32_t frames, markers, others;
	uint32_t first_timestamp, last_timestamp, steps_wrong, step, lengths_differ;
	size_t length;
} heard;

static void on_turned(struct link *from, const struct ipc_view *v)
{
	const struct msg_turned *m = v->payload;

	(void)from;
	heard.turned++;
	heard.done = true;
	heard.token = m->token;
	heard.why = (enum turn_why)m->why;
	span_cstr(ipc_str(v, m->digits), heard.digits, sizeof heard.digits);
}

static void on_spoken(struct link *from, const struct ipc_view *v)
{
	const struct msg_spoken *m = v->payload;
	struct span payload = ipc_str(v, m->payload);

	(void)from;
	if (m->join != join || m->side != 0) {
		heard.others++;
		return;
	}
	if (heard.frames++ == 0) {
		heard.first_timestamp = m->timestamp;
		heard.length = payload.n;
	} else {
		/* on a machine under load some are left out, in time as well, and then the marker says so */
		uint32_t step = m->timestamp - heard.last_timestamp;
		heard.steps_wrong += step != heard.step && !(m->marker && step % heard.step == 0);
	}
	heard.lengths_differ += payload.n != heard.length;
	heard.last_timestamp = m->timestamp;
	heard.markers += m->marker;
	if (m->codec != heard.ear.codec || !ear_hear(&heard.ear, payload))
		heard.steps_wrong++;
}

static void ignore(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
}

static void on_want(struct link *from, const struct ipc_view *v);

static ipc_handler *const on[MSG_N] = {
    [MSG_TURNED] = on_turned,
    [MSG_SPOKEN] = on_spoken,
    [MSG_EVENT] = ignore,
    [MSG_RECORDING_WANT] = on_want,
};

static bool start(void)
{
	if (!stage_start(&s, exe, PROC_VOICE, cwd, on))
		return false;
	s.site.max_calls = CALLS;
	if (!stage_give_file(&s, FILE_PROMPTS, open(pack_path, O_RDONLY | O_CLOEXEC)))
		return false;
	int dir = open(recordings, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0 && !stage_give_file(&s, FILE_RECORDINGS, dir))
		return false;
	core = stage_sibling(&s, PROC_CORE, 0);
	media = stage_sibling(&s, PROC_MEDIA, 0);
	return stage_go(&s);
}

static void restart(void)
{
	stage_kill(&s);
	if (!start())
		abort();
}

/* What voice was told before is done, and what it sent is there: it has answered twice since, the second time after it read every link. */
static bool settled(void)
{
	bool answers = stage_want_status(&s) && stage_want_status(&s);

	stage_run(&s, 5);
	return answers;
}

static void forget(uint8_t codec, uint32_t step)
{
	settled();
	ear_init(&heard.ear, codec);
	heard.turned = heard.frames = heard.markers = heard.others = heard.steps_wrong = heard.lengths_differ = 0;
	heard.done = false;
	heard.step = step;
	heard.digits[0] = 0;
}

/* --- turns --- */

struct wish {
	uint64_t join;
	const char *say, *language;
	uint8_t side, codec, ptime_ms, loop, barge, min, max;
	char end_key;
	uint32_t first_ms, gap_ms;
	enum msg_class class;
};

static uint64_t turn(const struct wish *w)
{
	struct msg_turn *m = ipc_begin_as(core, MSG_TURN, w->class ? w->class : CLASS_DIALOG);

	if (!m)
		abort();
	m->token = ++next_token;
	m->join = w->join ? w->join : join;
	m->side = w->side;
	m->codec = w->codec;
	m->ptime_ms = w->ptime_ms;
	m->say = ipc_put(core, span_str(w->say));
	m->language = ipc_put(core, span_str(w->language ? w->language : ""));
	m->loop = w->loop;
	m->barge = w->barge;
	m->digits_min = w->min;
	m->digits_max = w->max;
	m->end_key = (uint8_t)w->end_key;
	m->first_ms = w->first_ms;
	m->gap_ms = w->gap_ms;
	ipc_end(core);
	stage_run(&s, 5); /* before what media says next */
	return next_token;
}

static void stop(uint64_t token)
{
	struct msg_turn_stop *m = ipc_begin(core, MSG_TURN_STOP);

	m->token = token;
	ipc_end(core);
	settled();
}

/* The last frames come by another link than the answer. */
static bool ended(enum turn_why why, const char *digits)
{
	if (!stage_until(&s, &heard.done, PROMPT_MS) || !settled())
		return false;
	heard.done = false;
	if (heard.token == next_token && heard.why == why && strcmp(heard.digits, digits) == 0)
		return true;
	fprintf(stderr, "turn %u of %u ended: %d, \"%s\"\n", (unsigned)heard.token, (unsigned)next_token, heard.why, heard.digits);
	return false;
}

/* So many samples were, in time. */
static bool sounds(size_t n)
{
	for (uint64_t end = clock_boot_ms() + PROMPT_MS; heard.ear.n < n && clock_boot_ms() < end;)
		stage_run(&s, 20);
	return heard.ear.n >= n;
}

/* The samples of a prompt at 8 or 16 kHz; valid until the next but one call. */
static const int16_t *prompt(const char *name, uint32_t rate, size_t *n)
{
	static int16_t raw[16000 * 20], made[2][16000 * 20];
	static int at;
	struct pack_prompt p;
	char full[64];

	snprintf(full, sizeof full, "en/%s", name);
	if (!pack_find(&pack, full, &p))
		abort();
	for (size_t i = 0; i < p.samples.n / 2; i++)
		raw[i] = wav_sample(p.samples.p + 2 * i);
	*n = resample_length(p.samples.n / 2, PACK_RATE, rate);
	at = !at;
	if (!resample(raw, p.samples.n / 2, PACK_RATE, rate, made[at]))
		abort();
	return made[at];
}

static double hears(const char *name, size_t from)
{
	size_t n;
	const int16_t *wanted = prompt(name, heard.ear.rate, &n);

	return ear_like(&heard.ear, from, heard.ear.rate / 50, wanted, n);
}

/* --- what is said --- */

static void each_codec_says_the_prompt(void)
{
	static const struct {
		uint8_t codec, ptime_ms;
		uint32_t step;
		size_t length;
		double like;
	} each[] = {{SDP_PCMU, 20, 160, 160, 0.99}, {SDP_PCMA, 30, 240, 240, 0.99}, {SDP_G722, 20, 160, 160, 0.97},
	    {SDP_OPUS, 20, 960, 80, 0.9}, {SDP_OPUS, 60, 2880, 240, 0.9}, {SDP_PCMU, 60, 480, 480, 0.99}, {SDP_PCMU, 10, 80, 80, 0.99}};

	for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
		size_t n;
		forget(each[i].codec, each[i].step);
		prompt("pin-please", heard.ear.rate, &n);
		uint64_t began_ms = clock_boot_ms();
		turn(&(struct wish){.say = "pin-please", .codec = each[i].codec, .ptime_ms = each[i].ptime_ms, .class = CLASS_NEW});
		CHECK(ended(TURN_SAID, ""));
		uint64_t took_ms = clock_boot_ms() - began_ms, lasts_ms = n * 1000 / heard.ear.rate;
		CHECK(heard.steps_wrong == 0 && heard.lengths_differ == 0 && heard.length == each[i].length);
		CHECK(took_ms + 100 > lasts_ms && took_ms < lasts_ms + ARRIVAL_MS);
		CHECK(heard.ear.n >= n && heard.ear.n < n + heard.ear.rate / 10);
		CHECK(hears("pin-please", 0) > each[i].like);
		CHECK(hears("pin-wrong", 0) < 0.5);
	}
}

static void an_odd_ptime_is_20(void)
{
	forget(SDP_OPUS, 960);
	turn(&(struct wish){.say = "goodbye", .codec = SDP_OPUS, .ptime_ms = 30, .class = CLASS_NEW});
	CHECK(ended(TURN_SAID, "") && heard.length == 80 && heard.steps_wrong == 0);
	forget(SDP_PCMU, 160);
	turn(&(struct wish){.say = "goodbye", .codec = SDP_PCMU, .ptime_ms = 200, .class = CLASS_NEW});
	CHECK(ended(TURN_SAID, "") && heard.length == 160 && heard.steps_wrong == 0);
}

static void words_follow_each_other(void)
{
	size_t n, at = 0;
	static const char *const words[] = {"parked-at", "7", "0", "star", "hash"};

	forget(SDP_PCMU, 160);
	turn(&(struct wish){.say = "parked-at  digits:70*# silence:100", .class = CLASS_DIALOG});
	CHECK(ended(TURN_SAID, ""));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		CHECK(hears(words[i], at) > 0.98);
		prompt(words[i], 8000, &n);
		at += n;
	}
	CHECK(heard.ear.n >= at + 800 && heard.ear.n < at + 800 + 160);
}

static void another_language_falls_back_to_english(void)
{
	double like = 0;

	for (int i = 0; i < 3 && like <= 0.98; i++) { /* what comes late on a slow machine is left out */
		forget(SDP_PCMU, 160);
		turn(&(struct wish){.say = "goodbye", .language = "xx", .class = CLASS_NEW});
		CHECK(ended(TURN_SAID, ""));
		like = hears("goodbye", 0);
	}
	CHECK(like > 0.98);
}

/* R27: what is said again and again and holds nothing must not hold voice. */
static void a_loop_of_nothing_is_over(void)
{
	uint64_t token = turn(&(struct wish){.say = "message", .loop = 1});
	stage_run(&s, 200);
	CHECK(stage_want_status(&s));
	stop(token);
}

static void a_tone_goes_on_until_it_is_stopped(void)
{
	forget(SDP_PCMU, 160);
	uint64_t token = turn(&(struct wish){.say = "tone:busy", .loop = 1, .class = CLASS_NEW});
	CHECK(sounds(16001) && heard.turned == 0 && heard.steps_wrong == 0);
	/* half a second of both frequencies, half a second of nothing, and again */
	for (size_t second = 0; second < 2; second++) {
		const int16_t *at = heard.ear.sample + 8000 * second;
		CHECK(ear_share(at, 4000, 8000, 480) > 0.4 && ear_share(at, 4000, 8000, 620) > 0.4);
		for (size_t i = 4000; i < 8000; i++)
			CHECK(abs(at[i]) < 20);
	}
	stop(token);
	CHECK(heard.turned == 1 && heard.why == TURN_STOPPED);
	uint32_t frames = heard.frames;
	stage_run(&s, 200);
	CHECK(heard.frames == frames);
}

static void the_stream_goes_on_from_turn_to_turn(void)
{
	forget(SDP_PCMU, 160);
	turn(&(struct wish){.say = "7", .class = CLASS_NEW});
	CHECK(ended(TURN_SAID, ""));
	turn(&(struct wish){.say = "8", .class = CLASS_NEW});
	CHECK(ended(TURN_SAID, "") && heard.markers <= 1);
	uint32_t frames = heard.frames, last = heard.last_timestamp;
	stage_run(&s, 500);
	turn(&(struct wish){.say = "9", .class = CLASS_NEW});
	CHECK(ended(TURN_SAID, ""));
	/* a pause is time that went by */
	uint32_t gap = heard.last_timestamp - last - (heard.frames - frames) * 160;
	CHECK(heard.markers >= 1 && gap >= 400 * 8 && gap < 5000 * 8 && gap % 160 == 0);
}

/* --- digits --- */

static void event(uint8_t digit, uint32_t timestamp, uint16_t duration, bool end, bool marker)
{
	struct msg_heard *m = ipc_begin_as(media, MSG_HEARD, CLASS_DIALOG);
	uint8_t payload[4] = {digit, (uint8_t)((end ? 0x80 : 0) | 10), (uint8_t)(duration >> 8), (uint8_t)duration};

	if (!m)
		abort();
	m->join = join;
	m->codec = SDP_TELEPHONE_EVENT;
	m->marker = marker;
	m->timestamp = timestamp;
	m->payload = ipc_put(media, span_of(payload, sizeof payload));
	ipc_end(media);
}

static uint32_t clock_8k = 0xfffff000; /* runs over in the middle of the tests */

static void press(uint8_t digit)
{
	for (uint16_t i = 1; i <= 4; i++)
		event(digit, clock_8k, (uint16_t)(160 * i), false, i == 1);
	for (int i = 0; i < 3; i++)
		event(digit, clock_8k, 800, true, false);
	clock_8k += 1600;
	settled();
}

static void type(const char *digits)
{
	for (; *digits; digits++)
		press(*digits == '*' ? DIGIT_STAR : *digits == '#' ? DIGIT_POUND : (uint8_t)(*digits - '0'));
}

static void a_digit_ends_the_prompt(void)
{
	forget(SDP_PCMU, 160);
	turn(&(struct wish){.say = "emergency-remote", .barge = 1, .min = 4, .max = 8, .end_key = '#', .first_ms = 3000, .gap_ms = 3000});
	CHECK(sounds(800));
	type("1");
	size_t at = heard.ear.n;
	type("23");
	CHECK(sounds(at + 1601));
	for (size_t i = at; i < heard.ear.n; i++)
		CHECK(abs(heard.ear.sample[i]) < 20);
	CHECK(heard.turned == 0); /* silence goes on */
	type("4#");
	CHECK(ended(TURN_DIGITS, "1234"));
}

static void a_deaf_prompt_is_heard_to_its_end(void)
{
	forget(SDP_PCMU, 160);
	turn(&(struct wish){.say = "goodbye", .min = 1, .max = 2, .first_ms = 2000, .gap_ms = 2000});
	type("9");
	CHECK(heard.turned == 0);
	while (hears("goodbye", 0) < 0.9 && heard.frames < 500)
		stage_run(&s, 50);
	stage_run(&s, 100);
	type("12");
	CHECK(ended(TURN_DIGITS, "12") && hears("goodbye", 0) > 0.98);
}

static void the_last_digit_ends_it_at_once(void)
{
	turn(&(struct wish){.say = "screening", .barge = 1, .min = 1, .max = 1, .first_ms = 5000, .gap_ms = 5000});
	type("4");
	CHECK(ended(TURN_DIGITS, "4"));
}

static void silence_ends_it(void)
{
	uint64_t began_ms = clock_boot_ms();

	turn(&(struct wish){.say = "silence:20", .barge = 1, .min = 1, .max = 4, .first_ms = 400, .gap_ms = 300});
	CHECK(ended(TURN_TIME_OUT, "") && clock_boot_ms() - began_ms >= 400);
	turn(&(struct wish){.say = "silence:20", .barge = 1, .min = 2, .max = 4, .first_ms = 400, .gap_ms = 300});
	type("5");
	CHECK(ended(TURN_TIME_OUT, "5"));
	turn(&(struct wish){.say = "silence:20", .barge = 1, .min = 1, .max = 4, .first_ms = 400, .gap_ms = 300});
	type("56");
	CHECK(ended(TURN_DIGITS, "56"));
}

static void the_end_key_counts_what_there_is(void)
{
	turn(&(struct wish){.say = "pin-please", .barge = 1, .min = 4, .max = 8, .end_key = '*', .first_ms = 3000, .gap_ms = 3000});
	type("12*");
	CHECK(ended(TURN_TIME_OUT, "12"));
	turn(&(struct wish){.say = "pin-please", .barge = 1, .min = 0, .max = 8, .end_key = '#', .first_ms = 3000, .gap_ms = 3000});
	type("#");
	CHECK(ended(TURN_DIGITS, ""));
}

static void a_prompt_that_repeats_is_ended_by_a_digit(void)
{
	forget(SDP_PCMU, 160);
	turn(&(struct wish){.say = "7 silence:100", .loop = 1, .barge = 1, .min = 1, .max = 1, .first_ms = 20000, .gap_ms = 1000});
	size_t n;
	const int16_t *seven = prompt("7", 8000, &n);
	CHECK(sounds(3 * (n + 800) / 2 + 1) && heard.turned == 0);
	CHECK(ear_like(&heard.ear, 0, 160, seven, n) > 0.98 && ear_like(&heard.ear, n + 800, 0, seven, n / 2) > 0.98);
	type("0");
	CHECK(ended(TURN_DIGITS, "0"));
}

static void a_key_that_is_held_counts_once(void)
{
	turn(&(struct wish){.say = "silence:1000", .barge = 1, .min = 1, .max = 1, .first_ms = 500, .gap_ms = 500});
	for (uint16_t i = 1; i <= 5; i++)
		event(5, clock_8k, (uint16_t)(160 * i), false, i == 1);
	CHECK(ended(TURN_DIGITS, "5"));
	/* it is still held when the next turn begins */
	turn(&(struct wish){.say = "silence:100", .barge = 1, .min = 1, .max = 1, .first_ms = 500, .gap_ms = 500});
	for (uint16_t i = 6; i <= 9; i++)
		event(5, clock_8k, (uint16_t)(160 * i), i == 9, false);
	clock_8k += 1600;
	CHECK(ended(TURN_TIME_OUT, ""));
}

/* The next digit has its time from the end of this one on. */
static void a_key_that_is_held_is_no_silence(void)
{
	uint64_t began_ms = clock_boot_ms();

	turn(&(struct wish){.say = "silence:20", .barge = 1, .min = 2, .max = 2, .first_ms = 3000, .gap_ms = 600});
	for (uint16_t i = 1; i <= 8; i++) {
		event(5, clock_8k, (uint16_t)(1600 * i), i == 8, i == 1);
		stage_run(&s, 200);
	}
	CHECK(!heard.done && clock_boot_ms() - began_ms >= 1600);
	clock_8k += 16000;
	type("6");
	CHECK(ended(TURN_DIGITS, "56"));
	turn(&(struct wish){.say = "silence:20", .barge = 1, .min = 2, .max = 2, .first_ms = 3000, .gap_ms = 600});
	event(5, clock_8k, 1600, false, true);
	clock_8k += 16000;
	CHECK(ended(TURN_TIME_OUT, "5")); /* its packets are lost from here on */
}

static void key(uint8_t digit)
{
	struct msg_key *m = ipc_begin(core, MSG_KEY);

	m->join = join;
	m->digit = digit;
	ipc_end(core);
	settled();
}

/* Another call, of which nothing was heard yet. */
static void elsewhere(void)
{
	join += 1000;
	forget(SDP_PCMU, 160);
}

static void keys_come_by_info_too(void)
{
	elsewhere();
	turn(&(struct wish){.say = "pin-please", .barge = 1, .min = 3, .max = 3, .first_ms = 3000, .gap_ms = 3000});
	key(DIGIT_STAR);
	key(0);
	key(DIGIT_POUND);
	CHECK(ended(TURN_DIGITS, "*0#"));
	key(5); /* between turns: nobody asked */
	turn(&(struct wish){.say = "silence:20", .barge = 1, .min = 1, .max = 3, .first_ms = 300, .gap_ms = 300});
	CHECK(ended(TURN_TIME_OUT, ""));
}

/* --- a phone that says each key twice: PIN 2468 is 2468, whichever comes first --- */

static void both(const char *digits, bool info_first)
{
	for (size_t i = 0; digits[i]; i++) {
		if (info_first)
			key((uint8_t)(digits[i] - '0'));
		type((char[]){digits[i], 0});
		if (!info_first)
			key((uint8_t)(digits[i] - '0'));
	}
}

static void a_key_that_is_told_twice_counts_once(void)
{
	for (int info_first = 0; info_first < 2; info_first++) {
		elsewhere();
		turn(&(struct wish){.say = "pin-please", .barge = 1, .min = 4, .max = 12, .end_key = '#', .first_ms = 3000, .gap_ms = 400});
		both("2446", info_first);
		CHECK(ended(TURN_DIGITS, "2446"));
		/* the last INFO of one turn is no digit of the next */
		turn(&(struct wish){.say = "silence:20", .barge = 1, .min = 1, .max = 1, .first_ms = 400, .gap_ms = 300});
		key(6);
		CHECK(ended(TURN_TIME_OUT, ""));
	}
}

/* Nor is the first in RTP, when its INFO ended the turn before. */
static void what_info_ended_does_not_begin_again(void)
{
	elsewhere();
	turn(&(struct wish){.say = "screening", .barge = 1, .min = 1, .max = 1, .first_ms = 3000, .gap_ms = 300});
	key(4);
	CHECK(ended(TURN_DIGITS, "4"));
	turn(&(struct wish){.say = "silence:20", .barge = 1, .min = 1, .max = 1, .first_ms = 400, .gap_ms = 300});
	type("4");
	CHECK(ended(TURN_TIME_OUT, ""));
}

/* --- limits --- */

static void a_newer_turn_ends_the_older(void)
{
	forget(SDP_PCMU, 160);
	uint64_t old = turn(&(struct wish){.say = "music", .loop = 1});
	stage_run(&s, 200);
	turn(&(struct wish){.say = "goodbye"});
	CHECK(stage_until(&s, &heard.done, PROMPT_MS) && heard.token == old && heard.why == TURN_STOPPED);
	heard.done = false;
	CHECK(ended(TURN_SAID, "") && heard.turned == 2);
}

static void what_there_is_not_is_not_said(void)
{
	static const char *const bad[] = {"", " ", "nonsense", "goodbye nonsense", "digits:", "digits:12a", "tone:nonsense", "silence:0",
	    "silence:99999", "silence:-1", "../goodbye", "en/goodbye", "digits:0123456789012345678901234567890123456789012345678901234567890123456789"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		turn(&(struct wish){.say = bad[i]});
		CHECK(ended(TURN_NO_PROMPT, ""));
	}
}

static void a_full_table_keeps_a_place_for_emergencies(void)
{
	uint64_t token[CALLS];
	int n;

	stage_run(&s, 20);
	forget(SDP_PCMU, 160);
	for (n = 0; n < CALLS; n++) {
		token[n] = turn(&(struct wish){.join = 1000 + (uint64_t)n, .say = "music", .loop = 1, .class = CLASS_NEW});
		settled();
		if (heard.turned)
			break;
	}
	CHECK(n == CALLS - 1 && heard.why == TURN_NO_SPACE && heard.token == next_token);
	struct msg_turn *m = ipc_begin_as(core, MSG_TURN, CLASS_EMERGENCY);
	m->token = ++next_token;
	m->join = 2000;
	m->say = ipc_put(core, SPAN("emergency-no-line"));
	ipc_end(core);
	heard.done = false;
	CHECK(ended(TURN_SAID, ""));
	for (int i = 0; i < n; i++)
		stop(token[i]);
	heard.done = false;
	/* those that linger make room */
	turn(&(struct wish){.join = 3000, .say = "7"});
	CHECK(ended(TURN_SAID, ""));
	CHECK(stage_want_status(&s) && stage_status_line(&s, "turns-running")->used == 0);
}

static void a_dead_core_ends_all(void)
{
	forget(SDP_PCMU, 160);
	turn(&(struct wish){.say = "music", .loop = 1});
	CHECK(sounds(3 * 160));
	stage_cut(&s, core);
	core = stage_sibling(&s, PROC_CORE, 0);
	stage_run(&s, 100);
	uint32_t frames = heard.frames;
	stage_run(&s, 200);
	CHECK(heard.frames == frames);
	CHECK(stage_want_status(&s) && stage_status_line(&s, "sessions")->used == 0);
	turn(&(struct wish){.say = "7"});
	CHECK(ended(TURN_SAID, ""));
}

static void a_dead_media_stops_no_turn(void)
{
	stage_cut(&s, media);
	turn(&(struct wish){.say = "7"});
	CHECK(ended(TURN_SAID, ""));
	media = stage_sibling(&s, PROC_MEDIA, 0);
	forget(SDP_PCMU, 160);
	turn(&(struct wish){.say = "8"});
	CHECK(ended(TURN_SAID, "") && hears("8", 0) > 0.98);
}

static void a_media_that_reads_nothing_loses_sound_only(void)
{
	struct link *l = media;
	int fd = l->fd;

	/* six streams of a hundred frames a second for four seconds are more than the link's window and the socket's room */
	for (uint64_t i = 0; i < 6; i++)
		turn(&(struct wish){.join = 4000 + i, .say = "music", .ptime_ms = 10, .loop = 1});
	link_flush(core);
	l->fd = -1;
	stage_run(&s, 4000);
	l->fd = fd;
	CHECK(stage_want_status(&s) && stage_status_line(&s, "spoken-lost")->used > 0);
	for (uint64_t i = 0; i < 6; i++)
		stop(next_token - i);
	forget(SDP_PCMU, 160);
	turn(&(struct wish){.say = "8"});
	CHECK(ended(TURN_SAID, ""));
	CHECK(stage_want_status(&s) && stage_status_line(&s, "turns-running")->used == 0);
}

static void after_a_kill_it_speaks_again(void)
{
	turn(&(struct wish){.say = "music", .loop = 1});
	stage_run(&s, 100);
	restart();
	forget(SDP_PCMU, 160);
	turn(&(struct wish){.say = "goodbye"});
	CHECK(ended(TURN_SAID, "") && hears("goodbye", 0) > 0.98);
}

/* --- a site's own recordings --- */

static unsigned wav_hz = 1000;

static void put_wav(const char *name, uint32_t rate, uint16_t channels, uint32_t frames, const char *spoil)
{
	char path[160];
	uint32_t data = frames * channels * 2;
	uint8_t h[44] = "RIFF....WAVEfmt \20\0\0\0\1\0";

	snprintf(path, sizeof path, "%s/en/%s.wav", recordings, name);
	FILE *f = fopen(path, "wbe");
	if (!f)
		abort();
	const uint32_t word[] = {36 + data, rate, rate * channels * 2, data};
	static const size_t at[] = {4, 24, 28, 40};
	for (size_t i = 0; i < 4; i++)
		memcpy(h + at[i], &word[i], 4);
	h[22] = (uint8_t)channels;
	h[32] = (uint8_t)(2 * channels);
	h[34] = 16;
	memcpy(h + 36, "data", 4);
	if (spoil)
		memcpy(h + 8, spoil, 4);
	fwrite(h, 1, sizeof h, f);
	for (uint32_t i = 0; i < frames * channels; i++) {
		int16_t x = (int16_t)(8000 * sin(2 * M_PI * wav_hz * (i / channels) / rate));
		fwrite(&x, 2, 1, f);
	}
	fclose(f);
}

static void recordings_take_the_place_of_prompts(void)
{
	char path[160];

	snprintf(recordings, sizeof recordings, "%s/prompts", cwd);
	snprintf(path, sizeof path, "%s/en", recordings);
	CHECK(mkdir(recordings, 0755) == 0 && mkdir(path, 0755) == 0);
	put_wav("goodbye", 44100, 2, 44100, NULL);
	put_wav("saved", 8000, 1, 8000, "WAVX"); /* no WAV file: left out, and the prompt stays */
	put_wav("nonsense", 8000, 1, 8000, NULL);
	snprintf(path, sizeof path, "%s/en/welcome.wav", recordings);
	CHECK(symlink("/etc/passwd", path) == 0);
	restart();
	forget(SDP_G722, 160);
	turn(&(struct wish){.say = "goodbye", .codec = SDP_G722});
	CHECK(ended(TURN_SAID, ""));
	CHECK(heard.ear.n >= 16000 && heard.ear.n < 16000 + 640);
	CHECK(ear_share(heard.ear.sample + 1600, 12800, 16000, 1000) > 0.9);
	forget(SDP_G722, 160);
	turn(&(struct wish){.say = "saved", .codec = SDP_G722});
	CHECK(ended(TURN_SAID, "") && hears("saved", 0) > 0.95);
	forget(SDP_G722, 160);
	turn(&(struct wish){.say = "welcome", .codec = SDP_G722});
	CHECK(ended(TURN_SAID, "") && hears("welcome", 0) > 0.9);
	CHECK(stage_want_status(&s) && stage_status_line(&s, "prompts-replaced")->used == 2); /* nonsense may be a greeting */
}

/* What parent gives of these, one at a time; those that are not there are passed over. */
static const char *const offered[] = {"en/goodbye.wav", "en/nonsense.wav", "en/not a prompt.wav", "en/saved.wav", "en/welcome.wav"};
static uint32_t given;
static bool all_given, was_cut;
static int cannot_look; /* so many times parent has no descriptor, behind the first one */

static void on_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_recording_want *m = v->payload;
	char after[RECORDING_NAME_MAX + 1] = "", path[200];

	span_cstr(ipc_str(v, m->after), after, sizeof after);
	bool cut = cannot_look > 0 && after[0];
	for (size_t i = 0; !cut && i < sizeof offered / sizeof *offered; i++) {
		snprintf(path, sizeof path, "%s/%s", recordings, offered[i]);
		int fd = strcmp(offered[i], after) > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		if (fd < 0)
			continue;
		struct msg_give_recording *out = ipc_begin_fd(from, MSG_GIVE_RECORDING, fd);
		out->name = ipc_put(from, span_str(offered[i]));
		ipc_end(from);
		given++;
		return;
	}
	struct msg_recordings_end *m_end = ipc_begin(from, MSG_RECORDINGS_END);
	m_end->cut = cut;
	ipc_end(from);
	cannot_look -= cut;
	all_given = !cut;
	was_cut |= cut;
}

static void reload(void)
{
	all_given = false;
	given = 0;
	stage_reload(&s);
	CHECK(stage_until(&s, &all_given, PROMPT_MS));
	settled();
}

static void unlink_recording(const char *name)
{
	char path[160];

	snprintf(path, sizeof path, "%s/en/%s.wav", recordings, name);
	CHECK(unlink(path) == 0);
}

/* What is said under this name is a tone of so many hertz. */
static bool is_tone(const char *name, double hz)
{
	forget(SDP_G722, 160);
	turn(&(struct wish){.say = name, .codec = SDP_G722});
	return ended(TURN_SAID, "") && heard.ear.n >= 15000 && ear_share(heard.ear.sample + 1600, 12800, 16000, hz) > 0.9;
}

static uint64_t recordings_taken(void)
{
	s.parent.rate_second = 0;
	return stage_want_status(&s) ? stage_status_line(&s, "prompts-replaced")->used : UINT64_MAX;
}

/* New, changed, spoiled and gone, while somebody hears the one that is changed: that one is heard to its end. */
static void a_reload_takes_recordings(void)
{
	forget(SDP_G722, 160);
	uint64_t token = turn(&(struct wish){.say = "goodbye", .codec = SDP_G722, .loop = 1});
	wav_hz = 1500;
	put_wav("goodbye", 48000, 1, 48000, NULL);
	unlink_recording("welcome"); /* the symbolic link */
	put_wav("welcome", 8000, 2, 8000, NULL);
	put_wav("not a prompt", 8000, 1, 8000, NULL);
	unlink_recording("nonsense");
	reload();
	CHECK(given == 4 && recordings_taken() == 2);
	size_t before = heard.ear.n;
	CHECK(sounds(before + 16000) && ear_share(heard.ear.sample + before, heard.ear.n - before, 16000, 1000) > 0.9);
	stop(token);
	CHECK(is_tone("goodbye", 1500) && is_tone("welcome", 1500));
	forget(SDP_G722, 160);
	turn(&(struct wish){.say = "saved", .codec = SDP_G722}); /* bad from the start */
	CHECK(ended(TURN_SAID, "") && hears("saved", 0) > 0.95);

	put_wav("goodbye", 48000, 1, 48000, "WAVX"); /* a bad one leaves the old one */
	wav_hz = 2000;
	put_wav("saved", 16000, 1, 16000, NULL);
	reload();
	CHECK(recordings_taken() == 3 && is_tone("goodbye", 1500) && is_tone("welcome", 1500) && is_tone("saved", 2000));

	unlink_recording("goodbye");
	unlink_recording("saved");
	unlink_recording("welcome");
	unlink_recording("not a prompt");
	reload();
	CHECK(given == 0 && recordings_taken() == 0);
	forget(SDP_PCMU, 160);
	turn(&(struct wish){.say = "goodbye"});
	CHECK(ended(TURN_SAID, "") && hears("goodbye", 0) > 0.98);
}

/* What parent could not look at is not gone, and is asked for again. */
static void what_parent_cannot_look_at_stays(void)
{
	wav_hz = 1500;
	put_wav("goodbye", 16000, 1, 16000, NULL);
	put_wav("welcome", 16000, 1, 16000, NULL);
	reload();
	CHECK(recordings_taken() == 2);
	unlink_recording("welcome");
	cannot_look = 2;
	all_given = was_cut = false;
	stage_reload(&s);
	CHECK(stage_until(&s, &was_cut, PROMPT_MS));
	settled();
	CHECK(recordings_taken() == 2 && is_tone("welcome", 1500));
	CHECK(stage_until(&s, &all_given, PROMPT_MS));
	settled();
	CHECK(cannot_look == 0 && recordings_taken() == 1 && is_tone("goodbye", 1500));
	unlink_recording("goodbye");
	reload();
	CHECK(recordings_taken() == 0);
}

/* Two reloads at once are one after the other, and the last word counts. */
static void a_reload_in_a_reload(void)
{
	wav_hz = 1000;
	put_wav("goodbye", 48000, 1, 48000 * 20, NULL);
	all_given = false;
	stage_reload(&s);
	stage_run(&s, 20);
	unlink_recording("goodbye");
	stage_reload(&s);
	CHECK(stage_until(&s, &all_given, PROMPT_MS));
	all_given = false;
	CHECK(stage_until(&s, &all_given, PROMPT_MS));
	CHECK(recordings_taken() == 0);
}

static void remove_recordings(void)
{
	static const char *const names[] = {"en/goodbye.wav", "en/saved.wav", "en/nonsense.wav", "en/welcome.wav"};
	char path[160];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", recordings, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/en", recordings);
	rmdir(path);
	rmdir(recordings);
}

/* --- siblings that lie (R27) --- */

static uint32_t lies_told, lies_accused;
static struct link **liar;

static void tell(const struct lie *l, void *arg)
{
	enum proc who = (*liar)->me;

	(void)arg;
	if (test_failed_here)
		return;
	s.accused = PROC_PARENT;
	CHECK(lie_send(*liar, l));
	stage_run(&s, 3);
	for (int i = 0; i < 200 && lie_is_plain(l) && s.accused == PROC_PARENT; i++)
		stage_run(&s, 5);
	CHECK(!s.parent.broken); /* it lives */
	lies_told++;
	if (lie_is_plain(l))
		CHECK(s.accused == who);
	if (s.accused == PROC_PARENT)
		return;
	CHECK(s.accused == who);
	lies_accused++;
	stage_cut(&s, *liar);
	*liar = stage_sibling(&s, who, 0);
	stage_run(&s, 10);
}

static void what_siblings_lie_is_borne(void)
{
	static struct lie truth;

	liar = &core;
	struct msg_turn *t = ipc_begin_as(core, MSG_TURN, CLASS_DIALOG);
	t->token = 1;
	t->join = join;
	t->say = ipc_put(core, SPAN("pin-please"));
	t->language = ipc_put(core, SPAN("en"));
	t->digits_min = 2;
	t->digits_max = 4;
	t->barge = 1;
	lie_take_truth(core, &truth);
	lies_each(&truth, tell, NULL);
	struct msg_turn_stop *stopped = ipc_begin(core, MSG_TURN_STOP);
	stopped->token = 1;
	lie_take_truth(core, &truth);
	lies_each(&truth, tell, NULL);
	struct msg_key *k = ipc_begin(core, MSG_KEY);
	k->join = join;
	lie_take_truth(core, &truth);
	lies_each(&truth, tell, NULL);
	turn(&(struct wish){.say = "pin-please", .loop = 1, .barge = 1, .min = 4, .max = 32, .first_ms = 60000, .gap_ms = 60000});
	liar = &media;
	struct msg_heard *h = ipc_begin_as(media, MSG_HEARD, CLASS_DIALOG);
	h->join = join;
	h->codec = SDP_TELEPHONE_EVENT;
	h->payload = ipc_put(media, span_of("\1\212\0\240", 4));
	lie_take_truth(media, &truth);
	lies_each(&truth, tell, NULL);
	CHECK(lies_told > 100 && lies_accused > 20);
	forget(SDP_PCMU, 160);
	turn(&(struct wish){.say = "7"});
	while (!heard.done || heard.token != next_token) {
		heard.done = false;
		CHECK(stage_until(&s, &heard.done, 5000));
	}
	CHECK(heard.why == TURN_SAID);
}

static bool read_pack(void)
{
	static uint8_t octets[16 << 20];
	FILE *f = fopen(pack_path, "rbe");
	size_t n = f ? fread(octets, 1, sizeof octets, f) : 0;

	if (f)
		fclose(f);
	const char *why = pack_open(span_of(octets, n), &pack);
	if (why)
		fprintf(stderr, "%s: %s\n", pack_path, why);
	return !why;
}

int main(int argc, char **argv)
{
	if (argc != 3 || !mkdtemp(cwd))
		return 2;
	exe = argv[1];
	pack_path = argv[2];
	if (!read_pack() || !start()) {
		fprintf(stderr, "voice does not start: %s\n", s.reason);
		return 1;
	}
	RUN(a_loop_of_nothing_is_over);
	RUN(each_codec_says_the_prompt);
	RUN(an_odd_ptime_is_20);
	RUN(words_follow_each_other);
	RUN(another_language_falls_back_to_english);
	RUN(a_tone_goes_on_until_it_is_stopped);
	RUN(the_stream_goes_on_from_turn_to_turn);
	forget(SDP_PCMU, 160);
	RUN(a_digit_ends_the_prompt);
	RUN(a_deaf_prompt_is_heard_to_its_end);
	RUN(the_last_digit_ends_it_at_once);
	RUN(silence_ends_it);
	RUN(the_end_key_counts_what_there_is);
	RUN(a_prompt_that_repeats_is_ended_by_a_digit);
	RUN(a_key_that_is_held_counts_once);
	RUN(a_key_that_is_held_is_no_silence);
	RUN(keys_come_by_info_too);
	RUN(a_key_that_is_told_twice_counts_once);
	RUN(what_info_ended_does_not_begin_again);
	RUN(a_newer_turn_ends_the_older);
	RUN(what_there_is_not_is_not_said);
	RUN(a_full_table_keeps_a_place_for_emergencies);
	RUN(a_dead_core_ends_all);
	RUN(a_dead_media_stops_no_turn);
	RUN(a_media_that_reads_nothing_loses_sound_only);
	RUN(after_a_kill_it_speaks_again);
	RUN(recordings_take_the_place_of_prompts);
	RUN(a_reload_takes_recordings);
	RUN(what_parent_cannot_look_at_stays);
	RUN(a_reload_in_a_reload);
	RUN(what_siblings_lie_is_borne);
	stage_end(&s);
	ear_fini(&heard.ear);
	remove_recordings();
	rmdir(cwd);
	return TEST_END;
}
