/* SPDX-License-Identifier: ISC */
#include "upgrade.h"
#include "base/log.h"
#include "handover.h"
#include "rehearse.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REHEARSE_MS = 14000, WORDS_MAX = 16, EXEC_FAILED = 127 };

static struct {
	pid_t pid; /* of the rehearsal; 0: no upgrade is under way */
	int words; /* what it says */
	bool has_token, late;
	uint64_t token, since_ms;
	uint32_t wishes; /* for a reload, as it began */
} next = {.words = -1};

static char program[PATH_MAX];

void upgrade_init(void)
{
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);

	program[n > 0 ? n : 0] = 0;
}

bool upgrade_running(void)
{
	return next.pid != 0;
}

/* What this parent was told, for the next one. */
static void words_of(const char *argv[WORDS_MAX], int handover, bool rehearse)
{
	static char uid[16], edges[16], fd[16], site[PATH_MAX], libexec[PATH_MAX];
	int n = 0;

	snprintf(uid, sizeof uid, "%u", (unsigned)self.uid_base);
	snprintf(edges, sizeof edges, "%u", self.edges);
	snprintf(fd, sizeof fd, "%d", handover);
	snprintf(site, sizeof site, "%s", self.site_dir);
	snprintf(libexec, sizeof libexec, "%s", self.libexec);
	argv[n++] = program;
	argv[n++] = "--site";
	argv[n++] = site;
	argv[n++] = "--libexec";
	argv[n++] = libexec;
	argv[n++] = "--uid-base";
	argv[n++] = uid;
	if (self.edges) {
		argv[n++] = "--edges";
		argv[n++] = edges;
	}
	if (self.insecure_run)
		argv[n++] = "--insecure-run";
	argv[n++] = "--upgraded";
	argv[n++] = fd;
	if (rehearse)
		argv[n++] = "--rehearse";
	argv[n] = NULL;
}

/* Returns only when it cannot. */
static int become(int handover, bool rehearse)
{
	const char *argv[WORDS_MAX];

	words_of(argv, handover, rehearse);
	execve(program, (char *const *)(uintptr_t)argv, environ);
	return EXEC_FAILED;
}

static _Noreturn void become_rehearsal(int handover, int out, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || dup2(out, STDOUT_FILENO) < 0)
		_exit(EXEC_FAILED);
	handover_keep_open(handover);
	_exit(become(handover, true));
}

static void close_words(void)
{
	if (next.words >= 0)
		close(next.words);
	next.words = -1;
}

static const char *start_rehearsal(void)
{
	int out[2], handover = handover_write();
	pid_t parent = getpid();

	if (handover < 0 || pipe2(out, O_CLOEXEC | O_NONBLOCK) != 0) {
		if (handover >= 0)
			close(handover);
		return "no descriptors for it";
	}
	next.wishes = reload_wishes();
	next.pid = fork();
	if (next.pid == 0)
		become_rehearsal(handover, out[1], parent);
	close(out[1]);
	close(handover);
	next.words = out[0];
	if (next.pid > 0)
		return NULL;
	next.pid = 0;
	close_words();
	return "no process for it";
}

static const char *busy(void)
{
	if (next.pid)
		return "an upgrade is going on";
	/* a process that is down is no reason: its successor may be of the new build alone */
	return self.ready || (self.generation && !handover_waits()) ? reload_running() : "it is still starting";
}

static void answer(enum done_result result, const char *text)
{
	if (next.has_token)
		ask_done(next.token, result, text);
	next.has_token = false;
}

static void refuse(enum done_result result, const char *why)
{
	log_error("no upgrade: %s", why);
	event_refused("upgrade refused, nothing changed", why);
	answer(result, why);
}

void upgrade_begin(uint64_t token)
{
	const char *why = busy();

	if (self.upgrades >= UPGRADES_MAX) { /* this does not pass */
		ask_done(token, DONE_REFUSED, "too many upgrades since the start: restart it instead, calls stay");
		return;
	}
	if (why) {
		log_warn("no upgrade: %s", why);
		ask_done(token, DONE_BUSY, why);
		return;
	}
	next.token = token;
	next.has_token = true;
	next.late = false;
	next.since_ms = self.now_ms;
	why = start_rehearsal();
	if (why)
		refuse(DONE_REFUSED, why);
}

/* One line of printable text, whatever came; what it was of it. */
static size_t take_line(struct span from, char line[REASON_MAX + 1])
{
	size_t end = 0;

	while (end < from.n && end < REASON_MAX && from.p[end] >= 0x20 && from.p[end] < 0x7f)
		end++;
	memcpy(line, from.p, end);
	line[end] = 0;
	return end;
}

static void read_words(char why[REASON_MAX + 1], char more[REASON_MAX + 1])
{
	char all[2 * REASON_MAX];
	ssize_t n = read(next.words, all, sizeof all);
	struct span said = span_of(all, n > 0 ? (size_t)n : 0);
	size_t first = take_line(said, why);

	take_line(span_skip(said, first + 1), more);
}

static void succeed(const char *more)
{
	const struct slot *ctl = slot_find(PROC_CTL, 0);
	const char *why = busy();

	if (why) { /* something died while they rehearsed */
		refuse(DONE_BUSY, why);
		return;
	}
	if (reload_wishes() !=
	    next.wishes) { /* the configuration may be another; the next parent reads what was rehearsed */
		log_info("the rehearsal begins again: a reload is wished for");
		why = start_rehearsal();
		if (why)
			refuse(DONE_REFUSED, why);
		return;
	}
	log_info("the new executables take over");
	answer(DONE_OK, more);
	if (ctl && slot_alive(ctl))
		link_flush((struct link *)(uintptr_t)&ctl->link);
	life_leave();
}

bool upgrade_reaped(pid_t pid, int status)
{
	char why[REASON_MAX + 1], more[REASON_MAX + 1];

	if (pid != next.pid || pid == 0)
		return false;
	next.pid = 0;
	if (status != 0)
		log_error("the rehearsal of the new executables ended (%#x)", (unsigned)status);
	read_words(why, more);
	close_words();
	if (self.stopping)
		return true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && strcmp(why, REHEARSED) == 0)
		succeed(more);
	else if (next.late)
		refuse(DONE_REFUSED, "the new executables were not ready in time");
	else if (WIFEXITED(status) && WEXITSTATUS(status) == EXEC_FAILED)
		refuse(DONE_REFUSED, "the new ringfenced cannot be executed");
	else
		refuse(DONE_REFUSED, why[0] ? why : "the new ringfenced does not run: the log says why");
	return true;
}

void upgrade_lost(const struct slot *s)
{
	if (s->proc == PROC_CTL)
		next.has_token = false;
}

void upgrade_turn(void)
{
	if (!next.pid || next.late || (!self.stopping && self.now_ms - next.since_ms < REHEARSE_MS))
		return;
	next.late = true;
	kill(next.pid, SIGKILL);
}

uint64_t upgrade_next_ms(void)
{
	return next.pid && !next.late ? next.since_ms + REHEARSE_MS : UINT64_MAX;
}

int upgrade_exec(void)
{
	int handover = handover_write();

	if (handover >= 0) {
		handover_keep_open(handover);
		(void)become(handover, false);
	}
	log_error("the new ringfenced cannot be executed: %s", strerror(errno));
	return EXIT_AGAIN;
}
