/* SPDX-License-Identifier: ISC */
/* ringfence-audit reads captures from descriptors that the command opened, in a cage without network and files, and says what it
 * found on standard output. */
#include "audit/live.h"
#include "audit/report.h"
#include "audit/sound.h"
#include "base/log.h"
#include "base/rand.h"
#include "cage/cage.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Tables hold at most 90 MB of it; a cage of this size holds all that may be at once. */
enum { MEMORY_MB = 256, FILES = 16 + FILES_MAX, NOBODY = 65534, PROGRESS_FRAMES = 500000 };
enum { SOME_UNREAD = 3 }; /* exit status: what could be read is judged (cmd/audit.c) */

static const struct cage cage = {.name = "audit", .files = FILES, .memory_mb = MEMORY_MB};
static struct audit audit;
static struct calls calls;
static struct report report = {.fd = STDOUT_FILENO};

struct words {
	int fd[FILES_MAX];
	unsigned files;
	bool progress, listen;
	struct live live;
	uint64_t prove;        /* a call; 0: none */
	uint64_t again, sound; /* descriptors: the capture once more, and where the sound goes */
};

static const char *why_ended(enum capture_result r)
{
	switch (r) {
	case CAPTURE_CUT:
		return "ends in the middle of a packet";
	case CAPTURE_BAD:
		return "neither pcap nor pcapng, or damaged from there on";
	case CAPTURE_FAILED:
		return "could not be read to its end";
	case CAPTURE_FRAME:
	case CAPTURE_END:
		break;
	}
	return NULL;
}

/* False: not one packet of it was read, because of what it is. */
static bool read_file(int fd, uint8_t *window, bool progress)
{
	uint64_t before = audit.count.frames;
	struct capture c;
	struct frame f;
	enum capture_result r;

	capture_open(&c, fd, window);
	while ((r = capture_next(&c, &f)) == CAPTURE_FRAME) {
		audit_frame(&audit, &f);
		if (progress && audit.count.frames % PROGRESS_FRAMES == 0)
			report_progress(&report, &audit, capture_offset(&c));
	}
	close(fd);
	if (why_ended(r))
		report_file(&report, audit.file, why_ended(r));
	return why_ended(r) == NULL || r == CAPTURE_CUT || audit.count.frames > before;
}

/* As root the cage takes an empty directory for its root; one that is gone already is the emptiest. */
static void empty_directory(void)
{
	char dir[] = "/tmp/ringfence-audit-XXXXXX";

	if (geteuid() == 0 && (!mkdtemp(dir) || chdir(dir) != 0 || rmdir(dir) != 0))
		log_fatal("no empty directory: %s", strerror(errno));
}

static bool is_open(const char *word, uint64_t *fd)
{
	return span_decimal(span_str(word), FILES - 1, fd) && fcntl((int)*fd, F_GETFD) >= 0;
}

static bool read_words(int argc, char **argv, struct words *w)
{
	for (int i = 1; i < argc; i++) {
		uint64_t fd;
		if (strcmp(argv[i], "--anonymise") == 0)
			report.anonymise = true;
		else if (strcmp(argv[i], "--graph") == 0)
			report.graph = true;
		else if (strcmp(argv[i], "--progress") == 0)
			w->progress = true;
		else if (strcmp(argv[i], "--prove") == 0 && argc - i > 3 &&
			 span_decimal(span_str(argv[i + 1]), UINT32_MAX, &w->prove) &&
			 is_open(argv[i + 2], &w->again) && is_open(argv[i + 3], &w->sound))
			i += 3;
		else if (strcmp(argv[i], "--live") == 0 && argc - i > 4 && is_open(argv[i + 1], &w->live.fd) &&
			 span_decimal(span_str(argv[i + 2]), UINT16_MAX, &w->live.link) &&
			 span_decimal(span_str(argv[i + 3]), UINT32_MAX, &w->live.seconds) &&
			 span_decimal(span_str(argv[i + 4]), 1, &w->live.loopback)) {
			w->listen = true;
			i += 4;
		} else if (w->files < FILES_MAX && is_open(argv[i], &fd))
			w->fd[w->files++] = (int)fd;
		else
			return false;
	}
	return (w->files > 0) != w->listen;
}

int main(int argc, char **argv)
{
	struct words w = {.files = 0};
	unsigned bad = 0;

	cage_early();
	log_init("audit", 0);
	if (!read_words(argc, argv, &w)) {
		log_error("wrong words: ringfence audit starts this program");
		return 2;
	}
	uint8_t *window = malloc(CAPTURE_WINDOW);
	if (!window || !audit_init(&audit))
		log_fatal("no memory");
	rand_bytes(report.secret, sizeof report.secret);
	audit.files = (uint16_t)(w.files ? w.files : 1);
	if (w.listen && !live_prepare())
		log_fatal("no memory");
	empty_directory();
	cage_enter(&cage, NOBODY, NOBODY);
	for (unsigned i = 0; i < w.files; i++) {
		audit.file = (uint16_t)i;
		bad += !read_file(w.fd[i], window, w.progress);
	}
	if (w.listen && !live_read(&audit, &w.live))
		report_file(&report, 0, "the device is gone");
	if (!calls_find(&audit, &calls))
		log_fatal("no memory");
	report_write(&report, &audit, &calls);
	if (w.prove)
		report_sound(&report, (uint32_t)w.prove,
		    sound_write(&audit, &calls, (uint32_t)w.prove, (int)w.again, (int)w.sound, window));
	calls_free(&calls);
	audit_fini(&audit);
	free(window);
	if (report.failed || (w.files && bad == w.files))
		return 1;
	return bad ? SOME_UNREAD : 0;
}
