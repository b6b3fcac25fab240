/* SPDX-License-Identifier: ISC */
#include "upgrade.h"
#include "base/log.h"
#include "handover.h"
#include "rehearse.h"
#include "rehearsed.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REHEARSE_MS = 14000, WORDS_MAX = 18, EXEC_FAILED = 127 };
enum role { REHEARSAL, FOLLOWER, ONCE_MORE };

static struct {
	pid_t pid;               /* of the rehearsal; 0: no upgrade is under way */
	int words;               /* what it says */
	int program;             /* the new ringfenced */
	struct rehearsed beside; /* and what it rehearsed with */
	bool has_token, late;
	uint64_t token, since_ms;
	uint32_t wishes; /* for a reload, as it began */
} next = {.words = -1, .program = -1};

static const char cannot[] = "the new ringfenced cannot be executed", no_descriptors[] = "no descriptors for it";
static char program[PATH_MAX];
static int own = -1; /* what this process runs */

void upgrade_init(const char *path)
{
	ssize_t n = 0;

	if (path)
		snprintf(program, sizeof program, "%s", path);
	else if ((n = readlink("/proc/self/exe", program, sizeof program - 1)) >= 0)
		program[n] = 0;
	prctl(PR_SET_NAME, program_invocation_short_name); /* who was executed by descriptor has that as its name */
	own = open("/proc/self/exe", O_PATH | O_CLOEXEC);
}

bool upgrade_running(void)
{
	return next.pid != 0;
}

/* What this parent was told, for the next one. */
static void words_of(const char *argv[WORDS_MAX], int handover, const char *beside, enum role role)
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
	if (role == REHEARSAL)
		argv[n++] = "--rehearse";
	if (role == ONCE_MORE)
		argv[n++] = "--back";
	if (beside[0]) {
		argv[n++] = "--programs";
		argv[n++] = beside;
	}
	argv[n] = NULL;
}

/* Returns only when it cannot. */
static void become(int exe, int handover, const struct rehearsed *beside, enum role role)
{
	static char word[REHEARSED_WORD];
	const char *argv[WORDS_MAX];

	handover_keep_open(handover);
	rehearsed_leave(beside, word);
	words_of(argv, handover, word, role);
	execveat(exe, "", (char *const *)(uintptr_t)argv, environ, AT_EMPTY_PATH);
}

/* Where memory ends meanwhile, what only tries is ended before anything that serves (spawn.c has the order of those). */
static void be_spared_last(void)
{
	static const char most[] = "1000\n";
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, most, sizeof most - 1) < 0)
		log_warn("the rehearsal may be spared before others: %s", strerror(errno));
	close(fd);
}

static _Noreturn void become_rehearsal(int handover, int out, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || dup2(out, STDOUT_FILENO) < 0)
		_exit(EXEC_FAILED);
	be_spared_last();
	become(next.program, handover, &(struct rehearsed){0}, REHEARSAL);
	_exit(EXEC_FAILED);
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_next(void)
{
	close_one(&next.words);
	close_one(&next.program);
	rehearsed_close(&next.beside);
}

static const char *start_rehearsal(void)
{
	int out[2], handover;
	pid_t parent = getpid();

	close_next();
	next.program = open(program, O_PATH | O_CLOEXEC);
	if (next.program < 0 && errno != EMFILE && errno != ENFILE)
		return cannot;
	handover = handover_write();
	if (next.program < 0 || handover < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, out) != 0) {
		close_one(&handover);
		close_next();
		return no_descriptors;
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
	close_next();
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
	ssize_t n = rehearsed_hear(next.words, all, sizeof all, &next.beside);
	struct span said = n < 0 ? span_str(no_descriptors) : span_of(all, (size_t)n);
	size_t first = take_line(said, why);

	take_line(span_skip(said, first + 1), more);
}

static void succeed(const char *more)
{
	const struct slot *ctl = slot_find(PROC_CTL, 0);
	const char *why = busy();

	if (why) { /* something died while they rehearsed */
		close_next();
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
	close_one(&next.words);
	if (self.stopping)
		return true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && strcmp(why, REHEARSED) == 0) {
		succeed(more);
		return true;
	}
	close_next();
	if (next.late)
		refuse(DONE_REFUSED, "the new executables were not ready in time");
	else if (WIFEXITED(status) && WEXITSTATUS(status) == EXEC_FAILED)
		refuse(DONE_REFUSED, cannot);
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
	struct rehearsed mine;

	if (handover >= 0) {
		become(next.program, handover, &next.beside, FOLLOWER);
		log_error("%s: %s: this one goes on", cannot, strerror(errno));
		rehearsed_close(&next.beside);
		programs_held(&mine);
		become(own, handover, &mine, ONCE_MORE);
	}
	log_error("no parent can be executed: %s", strerror(errno));
	return EXIT_AGAIN;
}
