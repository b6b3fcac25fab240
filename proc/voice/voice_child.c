/* SPDX-License-Identifier: ISC */
/* voice speaks and listens: turns from core, audio and digits from media. It reaches no network and no file. */
#include "voice_child.h"
#include "pump.h"
#include "recordings.h"
#include "turn.h"
#include <unistd.h>

static int pack_fd = -1, recordings_fd = -1;
static bool serving;

static void take_file(enum file_kind what, int fd)
{
	if (what == FILE_PROMPTS)
		pack_fd = fd;
	else if (what == FILE_RECORDINGS)
		recordings_fd = fd;
	else
		close(fd);
}

static void open_all(void)
{
	if (pack_fd >= 0)
		prompts_read_pack(pack_fd);
	if (recordings_fd >= 0)
		prompts_read_recordings(recordings_fd);
	mail_init();
	session_init(child_site()->max_calls);
}

/* What the site's recordings hold is looked at in the cage. */
static void serve(void)
{
	prompts_load();
	serving = true;
}

/* A reload: files may be others while the site is the same. */
static void commit(const struct site *s)
{
	(void)s;
	if (serving)
		recordings_again();
}

static void link_down(struct link *l)
{
	if (l->peer == PROC_CORE)
		session_forget_all();
}

/* What was said so far is a message: ledger ends after us. */
static void stop(void)
{
	session_forget_all();
}

static void status(struct proc_status *s)
{
	session_status(s);
	turn_status(s);
	pump_status(s);
	prompts_status(s);
	mail_status(s);
}

static ipc_handler *const on[MSG_N] = {
    [MSG_TURN] = turn_on_turn,
    [MSG_TURN_STOP] = turn_on_stop,
    [MSG_KEY] = turn_on_key,
    [MSG_HEARD] = turn_on_heard,
    [MSG_MAIL_PIECE] = mail_on_piece,
    [MSG_GIVE_RECORDING] = recordings_on_give,
    [MSG_RECORDINGS_END] = recordings_on_end,
};

/* the common set is all it needs */
static const char *const calls[] = {NULL};
static const struct cage cage = {.name = "voice", .calls = calls, .files = 64, .memory_mb = 512};

const struct child voice_child = {
    .me = PROC_VOICE,
    .cage = &cage,
    .on = on,
    .file = take_file,
    .commit = commit,
    .open = open_all,
    .serve = serve,
    .link_down = link_down,
    .stop = stop,
    .status = status,
};
