/* SPDX-License-Identifier: ISC */
/* ringfence-audit reads captures from descriptors that the command opened, in a cage without network and files, and says what it
 * found on standard output. */
#include "audit/report.h"
#include "base/log.h"
#include "base/rand.h"
#include "cage/cage.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Tables hold at most 90 MB of it; a cage of this size holds all that may be at once. */
enum { MEMORY_MB = 256, FILES = 8 + FILES_MAX, NOBODY = 65534, PROGRESS_FRAMES = 500000 };

static const struct cage cage = {.name = "audit", .files = FILES, .memory_mb = MEMORY_MB};
static struct audit audit;
static struct calls calls;
static struct report report = {.fd = STDOUT_FILENO};

struct words {
	int fd[FILES_MAX];
	unsigned files;
	bool progress;
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
		else if (w->files < FILES_MAX && span_decimal(span_str(argv[i]), FILES - 1, &fd) &&
			 fcntl((int)fd, F_GETFD) >= 0)
			w->fd[w->files++] = (int)fd;
		else
			return false;
	}
	return w->files > 0;
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
	audit.files = (uint16_t)w.files;
	empty_directory();
	cage_enter(&cage, NOBODY, NOBODY);
	for (unsigned i = 0; i < w.files; i++) {
		audit.file = (uint16_t)i;
		bad += !read_file(w.fd[i], window, w.progress);
	}
	if (!calls_find(&audit, &calls))
		log_fatal("no memory");
	report_write(&report, &audit, &calls);
	calls_free(&calls);
	audit_fini(&audit);
	free(window);
	return report.failed || bad == w.files;
}
