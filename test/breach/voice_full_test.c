/* SPDX-License-Identifier: ISC */
/* The messages that voice records and says at once, to the last: the one too many is told so and counted, the others go on, and
 * the places come back (R27).
 * voice_full_test EXECUTABLE PROMPTS */
#include "stage.h"
#include "test.h"
#include "voice/mail.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static char cwd[] = "/tmp/voice_full_XXXXXX";
static struct stage s;
static struct link *core;
static struct {
	uint32_t n;
	uint64_t token;
	enum turn_why why;
} turned;

static void on_turned(struct link *from, const struct ipc_view *v)
{
	const struct msg_turned *m = v->payload;

	(void)from;
	turned.n++;
	turned.token = m->token;
	turned.why = (enum turn_why)m->why;
}

static ipc_handler *const on[MSG_N] = {[MSG_TURNED] = on_turned};

static bool start(const char *exe, const char *prompts)
{
	if (!stage_start(&s, exe, PROC_VOICE, cwd, on))
		return false;
	s.site.max_calls = 2 * VOICE_MAILS_MAX; /* sessions are not what runs out */
	if (!stage_give_file(&s, FILE_PROMPTS, open(prompts, O_RDONLY | O_CLOEXEC)))
		return false;
	core = stage_sibling(&s, PROC_CORE, 0);
	return stage_go(&s);
}

static void record(uint64_t token)
{
	struct msg_turn *m = ipc_begin_as(core, MSG_TURN, CLASS_DIALOG);

	m->token = m->join = m->message = token;
	m->codec = SDP_PCMU;
	m->ptime_ms = 20;
	m->say = ipc_put(core, SPAN("silence:100"));
	m->language = ipc_put(core, SPAN(""));
	m->digits_max = 1;
	m->end_key = '#';
	m->first_ms = m->record_ms = 600000;
	ipc_end(core);
}

static void stop(uint64_t token)
{
	struct msg_turn_stop *m = ipc_begin(core, MSG_TURN_STOP);

	m->token = token;
	ipc_end(core);
}

static struct status_line line(const char *name)
{
	s.parent.rate_second = 0;
	if (!stage_want_status(&s) || !stage_want_status(&s))
		return (struct status_line){0};
	return *stage_status_line(&s, name);
}

static void messages_run_out(void)
{
	struct status_line l = line("messages");

	CHECK(l.used == 0 && l.limit == VOICE_MAILS_MAX && l.refused == 0);
	for (uint64_t token = 1; token <= VOICE_MAILS_MAX; token++) {
		record(token);
		stage_run(&s, 5);
	}
	l = line("messages");
	CHECK(l.used == VOICE_MAILS_MAX && l.peak == VOICE_MAILS_MAX && l.refused == 0 && turned.n == 0);
	record(VOICE_MAILS_MAX + 1);
	l = line("messages");
	CHECK(turned.n == 1 && turned.token == VOICE_MAILS_MAX + 1 && turned.why == TURN_NO_SPACE);
	CHECK(l.used == VOICE_MAILS_MAX && l.refused == 1);
	stop(1);
	CHECK(line("messages").used == VOICE_MAILS_MAX - 1 && turned.n == 2 && turned.token == 1 && turned.why == TURN_STOPPED);
	record(VOICE_MAILS_MAX + 2);
	l = line("messages");
	CHECK(l.used == VOICE_MAILS_MAX && l.refused == 1 && turned.n == 2);
	for (uint64_t token = 2; token <= VOICE_MAILS_MAX; token++) {
		stop(token);
		stage_run(&s, 5);
	}
	stop(VOICE_MAILS_MAX + 2);
	l = line("messages");
	CHECK(l.used == 0 && l.peak == VOICE_MAILS_MAX && line("turns-running").used == 0);
}

int main(int argc, char **argv)
{
	if (argc != 3 || !mkdtemp(cwd) || !start(argv[1], argv[2])) {
		fprintf(stderr, "voice does not start: %s\n", s.reason);
		return 1;
	}
	RUN(messages_run_out);
	stage_end(&s);
	rmdir(cwd);
	return TEST_END;
}
