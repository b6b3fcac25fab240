/* SPDX-License-Identifier: ISC */
#include "prompts.h"
#include "audio/pack.h"
#include "audio/resample.h"
#include "audio/wav.h"
#include "base/log.h"
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

/* A file of the site's, read but not looked into. */
struct recording {
	char name[PACK_NAME_MAX + 1];
	struct span file;
};

static struct span packed;
static struct recording recording[RECORDINGS_MAX];
static uint32_t recordings, replaced;
static size_t recorded_octets;
static struct entry *entry; /* sorted by name */
static uint32_t entries;

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
	if (r->file.n == 0)
		log_warn("prompts/%s.wav is left out: %s", r->name, strerror(errno));
	else
		recordings++;
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

static void forget_sound(struct sound *s)
{
	for (int r = 0; r < RATES; r++)
		free((void *)(uintptr_t)s->sample[r]);
}

static const char *load_recording(const struct recording *r)
{
	struct entry *e = find(r->name);
	struct sound made = {0};
	struct wav w;
	const char *why = e ? wav_parse(r->file, &w) : "no prompt has this name";

	if (why)
		return why;
	int16_t *mono = malloc(w.frames * sizeof *mono);
	if (mono)
		wav_mono(&w, mono);
	if (!fill_sound(&made, mono, w.frames, w.rate)) {
		forget_sound(&made);
		return "no memory";
	}
	forget_sound(&e->sound);
	e->sound = made;
	replaced++;
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
	}
	recordings = 0;
	free((void *)(uintptr_t)packed.p);
	packed = span_of(NULL, 0);
}

const struct sound *prompts_find(struct span language, struct span name)
{
	char full[PACK_NAME_MAX + 1];
	const struct entry *e = NULL;

	if (name.n > PACK_NAME_MAX || language.n > PACK_NAME_MAX)
		return NULL;
	int n = snprintf(full, sizeof full, "%.*s/%.*s", SPAN_ARG(language), SPAN_ARG(name));
	if (n > 0 && n < (int)sizeof full)
		e = find(full);
	if (!e && snprintf(full, sizeof full, "en/%.*s", SPAN_ARG(name)) < (int)sizeof full)
		e = find(full);
	return e ? &e->sound : NULL;
}

void prompts_status(struct proc_status *s)
{
	status_counter(s, "prompts", entries);
	status_counter(s, "prompts-replaced", replaced);
}
