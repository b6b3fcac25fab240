/* SPDX-License-Identifier: ISC */
#include "prompts.h"
#include "audio/pack.h"
#include "audio/resample.h"
#include "audio/wav.h"
#include "base/log.h"
#include "session.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
	char name[PACK_NAME_MAX + 1]; /* "en/welcome" */
	struct sound sound;
};

/* One of the site's; before the cage read but not looked into. */
struct recording {
	char name[PACK_NAME_MAX + 1];
	struct stamp stamp;
	struct span file;
	struct sound *sound; /* NULL: this row is free */
	bool kept;           /* by the reload that goes on */
};

enum { RETIRED_MAX = 2 * RECORDINGS_MAX };

static struct span packed;
static struct recording recording[RECORDINGS_MAX];
static uint32_t recordings;                /* rows that were ever used */
static struct sound *retired[RETIRED_MAX]; /* replaced, and perhaps still being said */
static uint32_t retired_n;
static size_t recorded_octets;
static struct entry *entry; /* sorted by name */
static uint32_t entries;

struct stamp stamp_of(const struct stat *s)
{
	return (struct stamp){.device = s->st_dev,
	    .file = s->st_ino,
	    .size = (uint64_t)s->st_size,
	    .written_ns = s->st_mtim.tv_sec * INT64_C(1000000000) + s->st_mtim.tv_nsec,
	    .changed_ns = s->st_ctim.tv_sec * INT64_C(1000000000) + s->st_ctim.tv_nsec};
}

/* --- before the cage: octets --- */

/* All of a regular file of at most max octets; n = 0 when it is not to be had. errno says why. */
static struct span read_all(int fd, size_t max)
{
	struct stat s;
	size_t n = 0;

	if (fstat(fd, &s) != 0)
		return span_of(NULL, 0);
	if (!S_ISREG(s.st_mode) || s.st_size <= 0 || (uintmax_t)s.st_size > max) {
		errno = S_ISREG(s.st_mode) && s.st_size > 0 ? EFBIG : EINVAL;
		return span_of(NULL, 0);
	}
	uint8_t *b = malloc((size_t)s.st_size);
	while (b && n < (size_t)s.st_size) {
		ssize_t got = read(fd, b + n, (size_t)s.st_size - n);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	if (n == (size_t)s.st_size)
		return span_of(b, n);
	free(b);
	return span_of(NULL, 0);
}

void prompts_read_pack(int fd)
{
	packed = read_all(fd, PACK_OCTETS_MAX);
	if (packed.n == 0)
		log_error("the prompts cannot be read: %s", strerror(errno));
	close(fd);
}

static void read_recording(int dir_fd, const char *language, const char *file)
{
	struct span name = span_str(file);
	struct recording *r = &recording[recordings];

	if (name.n < 4 || memcmp(file + name.n - 4, ".wav", 4) != 0)
		return;
	int n = snprintf(r->name, sizeof r->name, "%s/%.*s", language, (int)name.n - 4, file);
	if (n < 0 || n >= (int)sizeof r->name || !pack_name_ok(span_str(r->name))) {
		log_warn("prompts/%s: a file there has a name that no prompt has", language);
		return;
	}
	int fd = openat(dir_fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	size_t left = RECORDINGS_OCTETS_MAX - recorded_octets;
	r->file = fd < 0 ? span_of(NULL, 0) : read_all(fd, left < RECORDING_OCTETS_MAX ? left : RECORDING_OCTETS_MAX);
	struct stat as;
	if (r->file.n == 0 || fstat(fd, &as) != 0) {
		log_warn("prompts/%s.wav is left out: %s", r->name, strerror(errno));
	} else {
		r->stamp = stamp_of(&as);
		recordings++;
	}
	recorded_octets += r->file.n;
	if (fd >= 0)
		close(fd);
}

static void read_language(int dir_fd, const char *language)
{
	int fd = openat(dir_fd, language, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (recordings < RECORDINGS_MAX)
			read_recording(fd, language, e->d_name);
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
}

void prompts_read_recordings(int dir_fd)
{
	DIR *d = fdopendir(dir_fd);
	struct dirent *e;

	if (!d) {
		close(dir_fd);
		return;
	}
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			read_language(dir_fd, e->d_name);
	if (recordings == RECORDINGS_MAX)
		log_warn("prompts: no more than %d recordings are taken", RECORDINGS_MAX);
	closedir(d);
}

/* --- in the cage: samples --- */

/* From mono samples at any rate to those of each rate; mono is freed. False when memory is short. */
static bool fill_sound(struct sound *s, int16_t *mono, size_t n, uint32_t from)
{
	bool ok = mono != NULL;

	for (int r = 0; r < RATES && ok; r++) {
		uint32_t to = rate_hz((enum voice_rate)r);
		size_t length = resample_length(n, from, to);
		int16_t *out = malloc(length * sizeof *out);
		ok = out && resample(mono, n, from, to, out);
		s->sample[r] = out;
		s->n[r] = (uint32_t)length;
	}
	free(mono);
	return ok;
}

static void load_pack(void)
{
	struct pack p;
	struct pack_prompt one;
	const char *why = packed.n ? pack_open(packed, &p) : "there is none";

	if (why) {
		log_error("no prompts, tones only: %s", why);
		return;
	}
	entry = calloc(p.prompts, sizeof *entry);
	for (uint32_t i = 0; entry && i < p.prompts; i++, entries++) {
		pack_at(&p, i, &one);
		size_t n = one.samples.n / 2;
		int16_t *mono = malloc(n * sizeof *mono);
		for (size_t k = 0; mono && k < n; k++)
			mono[k] = wav_sample(one.samples.p + 2 * k);
		memcpy(entry[i].name, one.name, sizeof one.name);
		if (!fill_sound(&entry[i].sound, mono, n, PACK_RATE))
			log_fatal("no memory for prompts");
	}
}

static int by_name(const void *name, const void *e)
{
	return strcmp(name, ((const struct entry *)e)->name);
}

static struct entry *find(const char *name)
{
	return entry ? bsearch(name, entry, entries, sizeof *entry, by_name) : NULL;
}

void prompts_forget_sound(struct sound *s)
{
	for (int r = 0; r < RATES; r++)
		free((void *)(uintptr_t)s->sample[r]);
	*s = (struct sound){0};
}

/* Misspelled, perhaps; or a greeting of somebody's. */
static void note_own_name(const char *name)
{
	if (!find(name))
		log_info("prompts/%s.wav takes the place of no prompt", name);
}

static const char *load_recording(struct recording *r)
{
	struct sound *made = calloc(1, sizeof *made);
	struct wav w;
	const char *why = wav_parse(r->file, &w);

	if (why || !made) {
		free(made);
		return why ? why : "no memory";
	}
	int16_t *mono = malloc(w.frames * sizeof *mono);
	if (mono)
		wav_mono(&w, mono);
	if (!fill_sound(made, mono, w.frames, w.rate)) {
		prompts_forget_sound(made);
		free(made);
		return "no memory";
	}
	r->sound = made;
	note_own_name(r->name);
	return NULL;
}

void prompts_load(void)
{
	load_pack();
	for (uint32_t i = 0; i < recordings; i++) {
		const char *why = load_recording(&recording[i]);
		if (why)
			log_warn("prompts/%s.wav is left out: %s", recording[i].name, why);
		free((void *)(uintptr_t)recording[i].file.p);
		recording[i].file = span_of(NULL, 0);
	}
	free((void *)(uintptr_t)packed.p);
	packed = span_of(NULL, 0);
}

/* --- while calls run --- */

static struct recording *find_recording(const char *name)
{
	for (uint32_t i = 0; i < recordings; i++)
		if (recording[i].sound && strcmp(recording[i].name, name) == 0)
			return &recording[i];
	return NULL;
}

static struct recording *free_row(void)
{
	for (uint32_t i = 0; i < recordings; i++)
		if (!recording[i].sound)
			return &recording[i];
	return recordings < RECORDINGS_MAX ? &recording[recordings++] : NULL;
}

bool prompts_has_recording(const char *name, const struct stamp *as)
{
	struct recording *r = find_recording(name);
	bool same = r && memcmp(&r->stamp, as, sizeof *as) == 0;

	if (same)
		r->kept = true;
	return same;
}

void prompts_keep_recording(const char *name)
{
	struct recording *r = find_recording(name);

	if (r)
		r->kept = true;
}

void prompts_sweep(void)
{
	for (uint32_t i = 0; i < retired_n;) {
		if (session_says(retired[i])) {
			i++;
			continue;
		}
		prompts_forget_sound(retired[i]);
		free(retired[i]);
		retired[i] = retired[--retired_n];
	}
}

bool prompts_take_recording(const char *name, const struct stamp *as, const struct sound *made)
{
	struct recording *old = find_recording(name), *r = old ? old : free_row();
	struct sound *s = r && retired_n < RETIRED_MAX ? malloc(sizeof *s) : NULL;

	if (!s)
		return false;
	*s = *made;
	if (old)
		retired[retired_n++] = old->sound;
	snprintf(r->name, sizeof r->name, "%s", name);
	r->stamp = *as;
	r->sound = s;
	r->kept = true;
	note_own_name(name);
	prompts_sweep();
	return true;
}

void prompts_keep_others(void)
{
	for (uint32_t i = 0; i < recordings; i++)
		recording[i].kept = false;
	prompts_sweep();
}

uint32_t prompts_drop_others(void)
{
	uint32_t gone = 0;

	for (uint32_t i = 0; i < recordings; i++) {
		struct recording *r = &recording[i];
		if (r->sound && !r->kept && retired_n < RETIRED_MAX) {
			retired[retired_n++] = r->sound;
			r->sound = NULL;
			gone++;
		}
		r->kept = false;
	}
	prompts_sweep();
	return gone;
}

static const struct sound *find_sound(const char *name)
{
	const struct recording *r = find_recording(name);
	const struct entry *e = r ? NULL : find(name);

	return r ? r->sound : e ? &e->sound : NULL;
}

const struct sound *prompts_find(struct span language, struct span name)
{
	char full[PACK_NAME_MAX + 1];
	const struct sound *s = NULL;

	if (name.n > PACK_NAME_MAX || language.n > PACK_NAME_MAX)
		return NULL;
	int n = snprintf(full, sizeof full, "%.*s/%.*s", SPAN_ARG(language), SPAN_ARG(name));
	if (n > 0 && n < (int)sizeof full)
		s = find_sound(full);
	if (!s && snprintf(full, sizeof full, "en/%.*s", SPAN_ARG(name)) < (int)sizeof full)
		s = find_sound(full);
	return s;
}

void prompts_status(struct proc_status *s)
{
	uint64_t own = 0;

	for (uint32_t i = 0; i < recordings; i++)
		own += recording[i].sound != NULL;
	status_counter(s, "prompts", entries);
	status_counter(s, "prompts-replaced", own);
}
