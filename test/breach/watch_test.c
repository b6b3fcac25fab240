/* SPDX-License-Identifier: ISC */
/* watch as parent starts it, with stub commands in the place of the mail program: an alarm is there within five seconds, a
 * storm, a command that hangs or fails and one that is not there hold up nothing, and who lies to watch is accused (R13, T43). */
#include "base/clock.h"
#include "stage_lies.h"
#include "test.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *exe;
static char dir[] = "/tmp/watch-test-XXXXXX", script[40], out[40];
static struct stage s;
static struct link *keeper, *core;
static uint32_t desk_notices, own_events, desk_events;
static char desk_text[REASON_MAX + 1];
static enum desk { DESK_TAKES, DESK_REFUSES, DESK_LIES, DESK_SILENT } desk; /* what core says of it */

static void on_notify(struct link *from, const struct ipc_view *v)
{
	const struct msg_notify_desk *m = v->payload;

	span_cstr(ipc_str(v, m->text), desk_text, sizeof desk_text);
	desk_notices++;
	if (desk == DESK_SILENT)
		return;
	struct msg_desk_told *told = ipc_begin(from, MSG_DESK_TOLD);
	if (!told)
		return;
	told->token = m->token + (desk == DESK_LIES);
	told->told = desk != DESK_REFUSES;
	ipc_end(from);
}

static void on_event(struct link *from, const struct ipc_view *v)
{
	const struct msg_event *m = v->payload;
	char detail[REASON_MAX + 1] = "";

	(void)from;
	span_cstr(ipc_str(v, m->detail), detail, sizeof detail);
	own_events++;
	desk_events += strstr(detail, "front desk") != NULL;
}

static ipc_handler *const on[MSG_N] = {[MSG_NOTIFY_DESK] = on_notify, [MSG_EVENT] = on_event};

static bool write_script(const char *body)
{
	FILE *f = fopen(script, "we");

	unlink(out);
	if (!f)
		return false;
	fprintf(f, "#!/bin/sh\n%s\n", body);
	return fclose(f) == 0 && chmod(script, 0755) == 0;
}

static bool begin(const char *body)
{
	desk_notices = own_events = desk_events = 0;
	desk = DESK_TAKES;
	if (!write_script(body) || !stage_start(&s, exe, PROC_WATCH, dir, on) ||
	    !stage_give_helper(&s, exe, "ringfence-tell"))
		return false;
	snprintf(s.site.alarms.mail, sizeof s.site.alarms.mail, "%s -t one", script);
	snprintf(s.site.alarms.to, sizeof s.site.alarms.to, "head@example.org");
	snprintf(s.site.alarms.desk, sizeof s.site.alarms.desk, "100");
	keeper = stage_sibling(&s, PROC_KEEPER, 0);
	core = stage_sibling(&s, PROC_CORE, 0);
	stage_sibling(&s, PROC_LEDGER, 0);
	if (!stage_go(&s))
		return false;
	stage_run(&s, 50);
	return true;
}

static bool raise_alarm(enum severity severity, const char *detail)
{
	struct msg_event *m = ipc_begin(keeper, MSG_EVENT);

	if (!m)
		return false;
	m->kind = EVENT_LOGIN_LOCKED;
	m->severity = (uint8_t)severity;
	m->device = 7;
	m->wall_ms = clock_wall_ms();
	m->detail = ipc_put(keeper, span_str(detail));
	ipc_end(keeper);
	return true;
}

/* What the stub wrote, NULL before it did. */
static const char *written(void)
{
	static char text[65536];
	FILE *f = fopen(out, "re");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = 0;
	return n ? text : NULL;
}

static bool comes_within(int ms)
{
	for (uint64_t end = clock_boot_ms() + (uint64_t)ms; clock_boot_ms() < end && !written();)
		stage_run(&s, 20);
	return written() != NULL;
}

static uint64_t counter(const char *name)
{
	return stage_want_status(&s) ? stage_status_line(&s, name)->used : UINT64_MAX;
}

/* Within the time that its own timers give it, and what a slow machine needs. */
static bool reaches(const char *name, uint64_t n, int ms)
{
	for (uint64_t end = clock_boot_ms() + (uint64_t)ms + STAGE_WAIT_MS; clock_boot_ms() < end;) {
		if (counter(name) >= n)
			return true;
		stage_run(&s, 50);
	}
	return false;
}

static int times(const char *in, const char *what)
{
	int n = 0;

	for (; (in = strstr(in, what)); in += strlen(what))
		n++;
	return n;
}

static void an_alarm_reaches_the_command_and_the_desk(void)
{
	char body[600];

	snprintf(body, sizeof body, "{ echo \"words:$*\"; echo \"env:$(env | wc -l) in $(pwd)\"; cat; } >%s.new; mv %s.new %s", out, out, out);
	CHECK(begin(body));
	CHECK(raise_alarm(SEVERITY_ALARM, "too many wrong passwords for 0033612345678"));
	uint64_t start = clock_boot_ms();
	CHECK(comes_within(5000) && clock_boot_ms() - start < 5000);
	const char *mail = written();
	CHECK(strstr(mail, "words:-t one\n") && strstr(mail, "To: head@example.org\n") && strstr(mail, "phone no. 7"));
	CHECK(strstr(mail, "in /\n") && strstr(mail, "a user is locked") && !strstr(mail, "336"));
	CHECK(stage_comes(&s, &desk_notices, 1) && strstr(desk_text, "ALARM") && !strstr(desk_text, "336"));
	CHECK(reaches("mail-told", 1, 2000) && reaches("desk-told", 1, 2000) && desk_events == 0);
	CHECK(stage_end(&s) == 0);
}

static void a_storm_is_one_mail_more(void)
{
	char body[200];

	snprintf(body, sizeof body, "cat >>%s", out);
	CHECK(begin(body));
	for (int i = 0; i < 10000; i++) {
		while (!raise_alarm(SEVERITY_ALARM, "storm")) {
			stage_run(&s, 5);
			CHECK(!s.parent.broken && !keeper->broken);
		}
		if (i % 90 == 89) /* the contract's own limit is 200 a second */
			stage_run(&s, 500);
		CHECK(i % 1000 || counter("alarms") != UINT64_MAX);
		if (i == 2000)
			break; /* eleven seconds of it at the highest rate that is not itself a breach */
	}
	CHECK(comes_within(5000));
	CHECK(times(written(), "Subject:") >= 1 && times(written(), "Subject:") <= 4);
	CHECK(counter("alarms") == 2001 && desk_notices <= 4);
	CHECK(stage_end(&s) == 0);
}

/* The whole storm at once breaks the contract, and its author is named. */
static void a_flood_is_a_breach(void)
{
	CHECK(begin("cat >/dev/null"));
	for (int i = 0; i < 10000 && !keeper->broken; i++)
		if (!raise_alarm(SEVERITY_ALARM, "flood"))
			stage_run(&s, 1);
	CHECK(stage_accuses(&s, PROC_KEEPER) && counter("alarms") <= 600);
	CHECK(stage_end(&s) == 0);
}

static void a_command_that_fails_is_tried_again_and_said(void)
{
	CHECK(begin("exit 1"));
	CHECK(raise_alarm(SEVERITY_ALARM, "one") && reaches("mail-failed", 2, 5000));
	for (int i = 0; i < 1000 && !own_events; i++)
		stage_run(&s, 10);
	CHECK(own_events >= 1 && counter("mail-told") == 0);
	char body[200];
	snprintf(body, sizeof body, "cat >>%s", out);
	CHECK(write_script(body) && stage_end(&s) == 0);
}

/* Said once, until one is told again; with the next notice comes what was not told. */
static void a_desk_that_takes_nothing_is_tried_again_and_said(void)
{
	CHECK(begin("cat >/dev/null"));
	desk = DESK_REFUSES;
	CHECK(raise_alarm(SEVERITY_ALARM, "one") && reaches("desk-failed", 2, 5000));
	CHECK(stage_comes(&s, &desk_events, 1) && counter("desk-told") == 0 && strstr(desk_text, "one"));
	desk = DESK_TAKES;
	CHECK(reaches("desk-told", 1, 3000) && strstr(desk_text, "one") && counter("desk-failed") == 2);
	CHECK(desk_events == 1 && stage_end(&s) == 0);
}

static void a_core_that_goes_or_says_nothing_has_not_told(void)
{
	CHECK(begin("cat >/dev/null"));
	desk = DESK_SILENT;
	CHECK(raise_alarm(SEVERITY_ALARM, "one"));
	for (int i = 0; i < 100 && desk_notices == 0; i++)
		stage_run(&s, 50);
	CHECK(desk_notices == 1 && counter("desk-told") == 0 && counter("desk-failed") == 0);
	stage_cut(&s, core);
	CHECK(reaches("desk-failed", 1, 1000));
	stage_sibling(&s, PROC_CORE, 0);
	desk = DESK_LIES; /* of another notice than was asked about */
	for (int i = 0; i < 100 && desk_notices == 1; i++)
		stage_run(&s, 50);
	stage_run(&s, 200);
	CHECK(desk_notices == 2 && counter("desk-told") == 0);
	desk = DESK_TAKES;
	uint64_t failed = counter("desk-failed");
	CHECK(reaches("desk-failed", failed + 1, 22000) && reaches("desk-told", 1, 62000) && stage_end(&s) == 0);
}

static void a_command_that_is_not_there(void)
{
	CHECK(begin("exit 0"));
	CHECK(unlink(script) == 0 && raise_alarm(SEVERITY_ALARM, "one") && reaches("mail-failed", 1, 4000));
	CHECK(stage_comes(&s, &desk_notices, 1) && stage_end(&s) == 0);
}

/* It neither reads nor ends: other ways go on, watch answers, and it is ended with all that it started. */
static void a_command_that_hangs(void)
{
	char body[400], pids[64];

	snprintf(pids, sizeof pids, "%s.pids", out);
	unlink(pids);
	snprintf(body, sizeof body, "trap '' TERM HUP; echo $$ >>%s; sleep 300 & echo $! >>%s; sleep 300", pids, pids);
	CHECK(begin(body) && raise_alarm(SEVERITY_ALARM, "one"));
	CHECK(reaches("desk-told", 1, 3000));
	stage_run(&s, 1500);
	CHECK(raise_alarm(SEVERITY_ALARM, "two") && reaches("desk-told", 2, 3000));
	CHECK(reaches("mail-failed", 1, 25000));
	FILE *f = fopen(pids, "re");
	int pid[2] = {0, 0};
	CHECK(f && fscanf(f, "%d\n%d", &pid[0], &pid[1]) == 2 && fclose(f) == 0);
	for (int i = 0; i < 2; i++) {
		char path[64];
		snprintf(path, sizeof path, "/proc/%d/cwd", pid[i]);
		for (int wait = 0; wait < 40 && access(path, F_OK) == 0; wait++)
			poll(NULL, 0, 25);
		CHECK(access(path, F_OK) != 0);
	}
	CHECK(stage_end(&s) == 0);
}

static void without_its_teller_it_ends(void)
{
	CHECK(begin("cat >/dev/null") && stage_lose_helper(&s) == 1);
}

/* Nothing of it outlives watch. */
static void a_watch_that_is_killed_leaves_nothing(void)
{
	char body[200], pids[64], path[64];
	int pid = 0;

	snprintf(pids, sizeof pids, "%s.pids", out);
	unlink(pids);
	snprintf(body, sizeof body, "echo $$ >%s; exec sleep 300", pids);
	CHECK(begin(body) && raise_alarm(SEVERITY_ALARM, "one"));
	for (int i = 0; i < 100 && access(pids, F_OK) != 0; i++)
		stage_run(&s, 50);
	stage_run(&s, 200);
	FILE *f = fopen(pids, "re");
	CHECK(f && fscanf(f, "%d", &pid) == 1 && fclose(f) == 0);
	stage_kill(&s);
	snprintf(path, sizeof path, "/proc/%d/cwd", pid);
	for (int wait = 0; wait < 80 && access(path, F_OK) == 0; wait++)
		poll(NULL, 0, 25);
	CHECK(access(path, F_OK) != 0);
}

/* The event loop of every process: it hears of a socket that it closed for as long as another has it open, and must then make
 * its set of events anew. */
static void a_link_that_is_open_elsewhere_is_no_breach(void)
{
	int held;

	CHECK(begin("cat >/dev/null"));
	stage_held_link(&s, PROC_EDGE, &held);
	stage_run(&s, 200);
	CHECK(raise_alarm(SEVERITY_ALARM, "after it") && reaches("alarms", 1, 3000));
	close(held);
	CHECK(stage_end(&s) == 0);
}

static int highest_descriptor(pid_t pid)
{
	char path[64];
	int highest = -1;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));)
		highest = atoi(e->d_name) > highest ? atoi(e->d_name) : highest;
	if (d)
		closedir(d);
	return highest;
}

/* As its own user would, which needs no privilege. */
static bool limit_descriptors(rlim_t most)
{
	uid_t id = 61900 + PROC_WATCH;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit((geteuid() == 0 && (setresgid(id, id, id) != 0 || setresuid(id, id, id) != 0)) ||
		      prlimit(s.pid, RLIMIT_NOFILE, &(struct rlimit){most, most}, NULL) != 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Of every process: a sibling's next life is reached though nothing more can be opened. */
static void a_link_is_had_without_a_descriptor_left(void)
{
	CHECK(begin("cat >/dev/null"));
	rlim_t most = (rlim_t)highest_descriptor(s.pid) + 1;
	CHECK(most > 4 && limit_descriptors(most));
	for (int i = 0; i < 4; i++) {
		stage_sibling(&s, PROC_EDGE, (uint32_t)i);
		stage_run(&s, 50);
		CHECK(counter("alarms") == 0);
	}
	CHECK(raise_alarm(SEVERITY_ALARM, "after them") && reaches("alarms", 1, 3000) && stage_end(&s) == 0);
}

static void who_tells_what_is_no_alarm_is_accused(void)
{
	CHECK(begin("cat >/dev/null") && raise_alarm(SEVERITY_INFO, "hello"));
	CHECK(stage_accuses(&s, PROC_KEEPER) && counter("alarms") == 0);
	CHECK(stage_end(&s) == 0);
}

/* Every field of every event, from all who may tell of one, and of core's word of the desk. */
static void what_siblings_lie_is_borne(void)
{
	struct stage_liars x = {.s = &s};

	CHECK(begin("cat >/dev/null"));
	for (enum proc p = 0; p < PROC_N; p++)
		if (lie_is_due(MSG_EVENT, p, PROC_WATCH) && p != PROC_PARENT && p != PROC_KEEPER && p != PROC_CORE && p != PROC_LEDGER)
			CHECK(stage_lies(&x, p));
	stage_cut(&s, core);
	CHECK(stage_lies(&x, PROC_CORE) && x.rows >= 8 && x.told > 200 && x.accused > 50);
	CHECK(raise_alarm(SEVERITY_ALARM, "after them") && reaches("alarms", 1, 3000) && stage_end(&s) == 0);
}

int main(int argc, char **argv)
{
	if (argc != 2 || !mkdtemp(dir) || chmod(dir, 0777) != 0)
		return 2;
	exe = argv[1];
	snprintf(script, sizeof script, "%s/mail", dir);
	snprintf(out, sizeof out, "%s/out", dir);
	RUN(an_alarm_reaches_the_command_and_the_desk);
	RUN(a_storm_is_one_mail_more);
	RUN(a_flood_is_a_breach);
	RUN(a_command_that_fails_is_tried_again_and_said);
	RUN(a_desk_that_takes_nothing_is_tried_again_and_said);
	RUN(a_core_that_goes_or_says_nothing_has_not_told);
	RUN(a_command_that_is_not_there);
	RUN(a_command_that_hangs);
	RUN(without_its_teller_it_ends);
	RUN(a_watch_that_is_killed_leaves_nothing);
	RUN(a_link_that_is_open_elsewhere_is_no_breach);
	RUN(a_link_is_had_without_a_descriptor_left);
	RUN(who_tells_what_is_no_alarm_is_accused);
	RUN(what_siblings_lie_is_borne);
	char clean[160];
	snprintf(clean, sizeof clean, "rm -rf %s", dir);
	return system(clean) == 0 ? TEST_END : 1;
}
