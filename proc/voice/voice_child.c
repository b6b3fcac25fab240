/* SPDX-License-Identifier: ISC */
/* voice speaks and listens: turns from core, audio and digits from media. It reaches no network and no file. */
#include "voice_child.h"
#include <unistd.h>

static uint64_t turns;

static void on_turn(struct link *from, const struct ipc_view *v)
{
	const struct msg_turn *m = v->payload;
	struct msg_turned *out = ipc_begin(from, MSG_TURNED);

	turns++;
	if (!out)
		return;
	out->token = m->token;
	out->why = TURN_NO_PROMPT;
	ipc_end(from);
}

static void ignore(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
}

static void take_file(enum file_kind what, int fd)
{
	(void)what;
	close(fd);
}

static void status(struct proc_status *s)
{
	status_counter(s, "turns", turns);
}

static ipc_handler *const on[MSG_N] = {
    [MSG_TURN] = on_turn,
    [MSG_TURN_STOP] = ignore,
    [MSG_KEY] = ignore,
    [MSG_HEARD] = ignore,
};

/* the common set is all it needs */
static const char *const calls[] = {NULL};
static const struct cage cage = {.name = "voice", .calls = calls, .files = 64, .memory_mb = 256};

const struct child voice_child = {
    .me = PROC_VOICE,
    .cage = &cage,
    .on = on,
    .file = take_file,
    .status = status,
};
