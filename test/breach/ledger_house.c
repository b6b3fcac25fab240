/* SPDX-License-Identifier: ISC */
#include "ledger_house.h"
#include "base/clock.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

struct house house;

/* --- requests --- */

bool house_wait_done(void)
{
	seen.done = false;
	return stage_until(&house.s, &seen.done, STAGE_WAIT_MS);
}

void house_say_user(enum user_action action, const char *name)
{
	struct msg_user_set *m = ipc_begin(house.ctl, MSG_USER_SET);
	m->token = 7;
	m->action = (uint8_t)action;
	m->enabled = true;
	m->name = ipc_put(house.ctl, span_str(name));
	m->display = ipc_put(house.ctl, SPAN("Anna"));
	ipc_end(house.ctl);
}

/* busy: another change or the whole directory is still on its way; ctl asks again */
bool house_busy(int *tries)
{
	if (!house_wait_done() || seen.result != DONE_BUSY || ++*tries == 100)
		return false;
	stage_run(&house.s, 10);
	return true;
}

bool house_set_user(enum user_action action, const char *name)
{
	int tries = 0;

	do
		house_say_user(action, name);
	while (house_busy(&tries));
	return seen.done;
}

bool house_add_phone(void)
{
	int tries = 0;

	do {
		struct msg_phone_set *m = ipc_begin(house.ctl, MSG_PHONE_SET);
		m->action = PHONE_ADD;
		m->label = ipc_put(house.ctl, SPAN("desk"));
		ipc_end(house.ctl);
	} while (house_busy(&tries));
	return seen.done;
}

bool house_bind_phone(uint32_t device, const char *user, bool allowed)
{
	int tries = 0;

	do {
		struct msg_phone_bind *m = ipc_begin(house.ctl, MSG_PHONE_BIND);
		m->device = device;
		m->allowed = allowed;
		m->user = ipc_put(house.ctl, span_str(user));
		ipc_end(house.ctl);
	} while (house_busy(&tries));
	return seen.done;
}

bool house_list(enum list_kind kind, uint64_t after, uint32_t most)
{
	struct msg_list_want *m = ipc_begin(house.ctl, MSG_LIST_WANT);
	m->list = (uint8_t)kind;
	m->after = after;
	m->most = most;
	ipc_end(house.ctl);
	seen.people = seen.phones = seen.events = seen.readings = 0;
	return house_wait_done();
}

void house_begin_log(uint64_t after, uint32_t most, const char *admin)
{
	struct msg_log_want *m = ipc_begin(house.ctl, MSG_LOG_WANT);
	m->to_wall_ms = INT64_MAX;
	m->after = after;
	m->most = most;
	m->admin = ipc_put(house.ctl, span_str(admin));
	ipc_end(house.ctl);
	seen.lines = 0;
	seen.first_line = false;
}

bool house_read_log(uint64_t after, uint32_t most, const char *admin)
{
	house_begin_log(after, most, admin);
	return house_wait_done();
}

void house_begin_record(uint64_t call, const char *source)
{
	static int64_t began;
	struct msg_record *m = ipc_begin(house.core, MSG_RECORD);

	began = began ? began : clock_wall_ms();
	m->call = m->number = call;
	m->day = 20000;
	m->start_wall_ms = began + (int64_t)call;
	m->duration_ms = 16000;
	m->source = ipc_put(house.core, span_str(source));
	m->destination = ipc_put(house.core, SPAN("102"));
	ipc_end(house.core);
}

bool house_record(uint64_t call, const char *source)
{
	house_begin_record(call, source);
	do
		seen.recorded = false;
	while (stage_until(&house.s, &seen.recorded, STAGE_WAIT_MS) && seen.recorded_call != call);
	return seen.recorded_call == call;
}

bool house_want_directory(void)
{
	ipc_begin(house.core, MSG_DIRECTORY_WANT);
	ipc_end(house.core);
	seen.verdict_wanted = false;
	return stage_until(&house.s, &seen.verdict_wanted, STAGE_WAIT_MS);
}

bool house_begin_waiting(void)
{
	if (!house_begin() || !house_want_directory())
		return false;
	stage_run(&house.s, 50);
	seen.silent = true;
	seen.verdict_wanted = false;
	house_say_user(USER_ADD, "101");
	return stage_until(&house.s, &seen.verdict_wanted, STAGE_WAIT_MS);
}

/* --- the process --- */

bool house_start(void)
{
	memset(&seen, 0, sizeof seen);
	if (!stage_start(&house.s, house.exe, PROC_LEDGER, house.empty, ledger_on))
		return false;
	stage_give_file(&house.s, FILE_STORE_DIR, open(house.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (house.uri) {
		struct msg_database *m = ipc_begin(&house.s.parent, MSG_DATABASE);
		m->uri = ipc_put(&house.s.parent, span_str(house.uri));
		ipc_end(&house.s.parent);
	}
	house.core = stage_sibling(&house.s, PROC_CORE, 0);
	house.ctl = stage_sibling(&house.s, PROC_CTL, 0);
	house.voice = stage_sibling(&house.s, PROC_VOICE, 0);
	house.keeper = stage_sibling(&house.s, PROC_KEEPER, 0);
	return stage_go(&house.s);
}

struct db *house_open_db(void)
{
	char path[160], why[DB_WHY_MAX];

	snprintf(path, sizeof path, "%s/ledger.db", house.dir);
	return house.uri ? db_open_postgresql(house.uri, why) : db_open_sqlite(path, why);
}

/* As another version, or an administrator with SQL, would: rows are gone, the tables stay. */
bool house_clean(void)
{
	char why[DB_WHY_MAX];
	struct store st;

	if (house.s.pid)
		stage_kill(&house.s); /* of a test that failed */
	struct db *db = house_open_db();
	bool ok = db && store_open(&st, db, why) &&
		  db_exec(db, "DELETE FROM bindings; DELETE FROM people; DELETE FROM phones; DELETE FROM calls;"
			      "DELETE FROM events; DELETE FROM readings; DELETE FROM meta; DELETE FROM settings;"
			      "DELETE FROM ring_groups; DELETE FROM spent; DELETE FROM notices; DELETE FROM messages");
	store_close(&st);
	return ok;
}

bool house_begin(void)
{
	return house_clean() && house_start();
}

bool house_is_accused(enum proc who)
{
	for (int i = 0; i < 50 && house.s.accused == PROC_PARENT; i++)
		stage_run(&house.s, 50);
	bool yes = house.s.accused == who;
	return stage_end(&house.s) == 0 && yes;
}

bool house_open(int argc, char **argv)
{
	if (argc < 2)
		return false;
	house.exe = argv[1];
	house.uri = argc > 2 ? argv[2] : NULL;
	snprintf(house.root, sizeof house.root, "/tmp/ringfence-ledger-XXXXXX");
	if (!mkdtemp(house.root))
		return false;
	snprintf(house.dir, sizeof house.dir, "%s/ledger", house.root);
	snprintf(house.empty, sizeof house.empty, "%s/empty", house.root);
	/* the uid of ledger, where the test may give it away */
	return chmod(house.root, 0755) == 0 && mkdir(house.dir, 0700) == 0 && mkdir(house.empty, 0755) == 0 &&
	       (getuid() != 0 || chown(house.dir, 61900 + PROC_LEDGER, 61900 + PROC_LEDGER) == 0);
}

void house_end(void)
{
	char path[128];
	static const char *const names[] = {"ledger/ledger.db", "ledger/ledger.db-wal", "ledger/ledger.db-journal"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", house.root, names[i]);
		unlink(path);
	}
	umount2(house.dir, MNT_DETACH); /* of a test that failed */
	rmdir(house.dir);
	rmdir(house.empty);
	rmdir(house.root);
}
