/* SPDX-License-Identifier: ISC */
#include "recordings.h"
#include "audio/pack.h"
#include "audio/resample.h"
#include "audio/wav.h"
#include "base/log.h"
#include "prompts.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AGAIN_MS = 2000, TRIES = 30 }; /* of a parent that cannot look */
enum { READ_STEP = 512 << 10, SAMPLES_STEP = 8000 /* of what is made */ };

/* The one at hand. */
static struct job {
	struct timer timer;
	char file_name[RECORDING_NAME_MAX + 1], name[PACK_NAME_MAX + 1];
	struct stamp stamp;
	int fd; /* -1: none is at hand */
	uint8_t *octets;
	size_t size, n;
	int16_t *mono;
	uint32_t frames, rate;
	struct sound made;
	int16_t *out; /* of the rate at hand */
	size_t done;
	enum voice_rate to;
	struct resampler *resampler;
} job = {.fd = -1};

static struct {
	struct timer retry;
	uint32_t tries; /* rounds that parent could not end, one after the other */
	bool going, again;
	size_t octets;
	uint32_t taken, bad;
} tour;

static void ask(const char *after)
{
	struct link *parent = child_parent();
	struct msg_recording_want *m = ipc_begin(parent, MSG_RECORDING_WANT);

	if (!m)
		return;
	m->after = ipc_put(parent, span_str(after));
	ipc_end(parent);
}

static void begin_round(void)
{
	tour.going = true;
	tour.again = false;
	tour.octets = 0;
	tour.taken = tour.bad = 0;
	ask("");
}

void recordings_again(void)
{
	tour.tries = 0;
	if (tour.going) {
		tour.again = true;
		return;
	}
	timer_cancel(&child_wheel, &tour.retry);
	begin_round();
}

static void next(void)
{
	if (job.fd >= 0)
		close(job.fd);
	free(job.octets);
	free(job.mono);
	free(job.out);
	resampler_free(job.resampler);
	prompts_forget_sound(&job.made);
	job.fd = -1;
	job.octets = NULL;
	job.mono = job.out = NULL;
	job.resampler = NULL;
	prompts_sweep();
	ask(job.file_name);
}

static void leave_out(const char *why)
{
	log_warn("prompts/%s is left out: %s", job.file_name, why);
	tour.bad++;
	if (job.name[0])
		prompts_keep_recording(job.name);
	next();
}

/* --- a step at a time --- */

static const char *begin_rate(void)
{
	uint32_t hz = rate_hz(job.to);
	size_t n = resample_length(job.frames, job.rate, hz);

	job.resampler = resampler_new(job.rate, hz);
	job.out = malloc(n * sizeof *job.out);
	job.done = 0;
	job.made.n[job.to] = (uint32_t)n;
	return job.resampler && job.out ? NULL : "no memory";
}

static const char *open_file(void)
{
	struct wav w;
	const char *why = wav_parse(span_of(job.octets, job.size), &w);

	if (why)
		return why;
	job.frames = w.frames;
	job.rate = w.rate;
	job.mono = malloc(w.frames * sizeof *job.mono);
	if (!job.mono)
		return "no memory";
	wav_mono(&w, job.mono);
	free(job.octets);
	job.octets = NULL;
	job.to = RATE_8K;
	return begin_rate();
}

static const char *read_some(void)
{
	size_t left = job.size - job.n;
	ssize_t got = read(job.fd, job.octets + job.n, left < READ_STEP ? left : READ_STEP);

	if (got <= 0)
		return got < 0 ? strerror(errno) : "it became shorter while it was read";
	job.n += (size_t)got;
	return job.n == job.size ? open_file() : NULL;
}

static const char *make_some(void)
{
	size_t n = job.made.n[job.to], to = n - job.done < SAMPLES_STEP ? n : job.done + SAMPLES_STEP;

	resampler_part(job.resampler, job.mono, job.frames, job.done, to, job.out);
	job.done = to;
	if (to < n)
		return NULL;
	job.made.sample[job.to++] = job.out;
	job.out = NULL;
	resampler_free(job.resampler);
	job.resampler = NULL;
	return job.to < RATES ? begin_rate() : NULL;
}

static void on_step(struct timer *t, uint64_t now_ms)
{
	const char *why = job.octets ? read_some() : make_some();

	if (!why && job.mono && job.to == RATES) {
		if (prompts_take_recording(job.name, &job.stamp, &job.made)) {
			job.made = (struct sound){0};
			tour.taken++;
			next();
			return;
		}
		why = "there is no room for one more";
	}
	if (why)
		leave_out(why);
	else
		timer_set(&child_wheel, t, now_ms + 1);
}

/* --- what parent gives --- */

static const char *begin(void)
{
	struct stat s;

	if (fstat(job.fd, &s) != 0)
		return strerror(errno);
	if (!S_ISREG(s.st_mode) || s.st_size <= 0)
		return "not a file with something in it";
	tour.octets += (size_t)s.st_size;
	if ((uintmax_t)s.st_size > RECORDING_OCTETS_MAX || tour.octets > RECORDINGS_OCTETS_MAX)
		return "too large, or all of them together are";
	job.stamp = stamp_of(&s);
	if (prompts_has_recording(job.name, &job.stamp)) {
		next();
		return NULL;
	}
	job.size = (size_t)s.st_size;
	job.n = 0;
	job.octets = malloc(job.size);
	if (!job.octets)
		return "no memory";
	job.timer.fire = on_step;
	timer_set(&child_wheel, &job.timer, child_now() + 1);
	return NULL;
}

void recordings_on_give(struct link *from, const struct ipc_view *v)
{
	const struct msg_give_recording *m = v->payload;
	struct span name = ipc_str(v, m->name);

	if (!tour.going || job.fd >= 0 || name.n < 4) {
		close(v->fd);
		child_accuse(from, "gives a recording that nobody asked for", 0, 0);
		return;
	}
	job.fd = v->fd;
	span_cstr(name, job.file_name, sizeof job.file_name);
	name = span_head(name, name.n - 4); /* .wav */
	job.name[0] = 0;
	const char *why = "that is no name of a prompt";
	if (pack_name_ok(name) && span_cstr(name, job.name, sizeof job.name))
		why = begin();
	if (why)
		leave_out(why);
}

static void on_retry(struct timer *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	begin_round();
}

/* What was not given is not gone. */
static void cut_short(void)
{
	prompts_keep_others();
	if (tour.again)
		return;
	if (++tour.tries == TRIES) {
		log_error("the site's recordings cannot be looked at, those of before stay: parent has no descriptors");
		child_event(
		    EVENT_FULL, SEVERITY_WARNING, 0, 0, NULL, "recordings could not be read again: reload once more");
		return;
	}
	tour.retry.fire = on_retry;
	timer_set(&child_wheel, &tour.retry, child_now() + AGAIN_MS);
}

void recordings_on_end(struct link *from, const struct ipc_view *v)
{
	const struct msg_recordings_end *m = v->payload;

	(void)from;
	if (!tour.going || job.fd >= 0)
		return;
	uint32_t gone = m->cut ? 0 : prompts_drop_others();
	tour.going = false;
	if (tour.taken || gone || tour.bad)
		log_info("recordings: %u taken, %u gone, %u left out", tour.taken, gone, tour.bad);
	if (m->cut)
		cut_short();
	else
		tour.tries = 0;
	if (tour.again)
		begin_round();
}
