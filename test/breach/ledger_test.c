/* SPDX-License-Identifier: ISC */
/* ledger in its cage, with the test as core and ctl: nothing confirmed is lost (R28), one refusal keeps the old directory
 * everywhere, a reading is on disk before the first row is shown (R23).
 * ledger_test EXECUTABLE [URI] */
#include "ledger_house.h"
#include "base/clock.h"
#include "ledger/dump.h"
#include "test.h"
#include "vault/backup.h"

static void core_gets_the_directory(void)
{
	CHECK(house_begin() && house_want_directory() && seen.whole && seen.users == 0);
	CHECK(house_set_user(USER_ADD, "101") && seen.result == DONE_OK && seen.value == 1);
	CHECK(!seen.whole && seen.users == 1 && strcmp(seen.user, "101") == 0);
	CHECK(house_add_phone() && seen.result == DONE_OK && seen.value == 1 && seen.devices == 1);
	CHECK(house_bind_phone(1, "101", true) && seen.result == DONE_OK && seen.bindings == 1 && seen.binding_allowed);
	CHECK(house_set_user(USER_ADD, "102") && house_set_user(USER_ADD, "101") && seen.result == DONE_EXISTS);
	CHECK(house_want_directory() && seen.whole && seen.users == 2 && seen.devices == 1 && seen.bindings == 1);
	CHECK(house_bind_phone(1, "101", false) && seen.bindings == 1 && !seen.binding_allowed && seen.binding_device == 1);
	CHECK(house_set_user(USER_DELETE, "101") && seen.result == DONE_OK && seen.whole && seen.users == 1);
	CHECK(house_list(LIST_USERS, 0, 10) && seen.people == 1 && strcmp(seen.user, "102") == 0);
	CHECK(house_list(LIST_PHONES, 0, 10) && seen.phones == 1 && seen.phone.state == DEVICE_ADDED);
	CHECK(stage_end(&house.s) == 0);
	CHECK(house_start() && house_want_directory() && seen.generation == 6 && seen.users == 1 && stage_end(&house.s) == 0);
}

static void one_refusal_keeps_the_old_directory(void)
{
	CHECK(house_begin() && house_want_directory());
	seen.refuse = true;
	CHECK(house_set_user(USER_ADD, "101") && seen.result == DONE_REFUSED && strcmp(seen.text, "table full") == 0);
	CHECK(house_list(LIST_USERS, 0, 10) && seen.people == 0);
	seen.refuse = false;
	CHECK(house_set_user(USER_ADD, "101") && seen.result == DONE_OK && stage_end(&house.s) == 0);
}

static void a_silent_core_changes_nothing(void)
{
	CHECK(house_begin() && house_want_directory());
	seen.silent = true;
	CHECK(house_set_user(USER_ADD, "101") && seen.result == DONE_FAILED);
	CHECK(house_list(LIST_USERS, 0, 10) && seen.people == 0);
	seen.silent = false;
	seen.verdict_wanted = false;
	house_judge(seen.generation, true); /* too late: core may have taken it, so it is told all again */
	CHECK(stage_until(&house.s, &seen.verdict_wanted, STAGE_WAIT_MS) && seen.whole && seen.users == 0);
	CHECK(house_set_user(USER_ADD, "101") && seen.result == DONE_OK && stage_end(&house.s) == 0);
}

/* core dies with the change in its hands: the disk decides, and the next core reads it */
static void a_core_that_dies_does_not_undo_a_change(void)
{
	CHECK(house_begin_waiting());
	shutdown(house.core->fd, SHUT_RDWR);
	CHECK(house_wait_done() && seen.result == DONE_OK);
	stage_kill(&house.s);
	CHECK(house_start() && house_want_directory() && seen.users == 1 && stage_end(&house.s) == 0);
}

/* parent hears of an upgrade before it begins, since it may take longer than a start may (R30). */
static void an_upgrade_is_told(void)
{
	CHECK(house_begin() && !house.s.upgrading && stage_end(&house.s) == 0);
	CHECK(house_clean());
	struct db *db = house_open_db();
	CHECK(db && db_exec(db, "DELETE FROM meta; INSERT INTO meta (name, value) VALUES ('schema', 1)"));
	db_close(db);
	CHECK(house_start() && house.s.upgrading && stage_end(&house.s) == 0);
	CHECK(house_start() && !house.s.upgrading && stage_end(&house.s) == 0);
}

/* Its commit fails after core took it, as on a full disk: core is given what the disk has, unasked (R28). */
static void a_change_that_is_not_on_disk_is_not_in_core(void)
{
	if (house.uri)
		return; /* the trigger is SQLite's */
	CHECK(house_clean());
	struct db *db = house_open_db();
	CHECK(db && db_exec(db, "CREATE TABLE nobody (id INTEGER PRIMARY KEY);"
				"CREATE TABLE owes (id REFERENCES nobody (id) DEFERRABLE INITIALLY DEFERRED);"
				"CREATE TRIGGER no_commit AFTER INSERT ON people WHEN NEW.name = '101' "
				"BEGIN INSERT INTO owes VALUES (1); END"));
	db_close(db);
	CHECK(house_start() && house_want_directory() && house_set_user(USER_ADD, "100") && seen.result == DONE_OK);
	seen.done = seen.verdict_wanted = false;
	house_say_user(USER_ADD, "101");
	CHECK(stage_until(&house.s, &seen.verdict_wanted, STAGE_WAIT_MS) && strcmp(seen.user, "101") == 0 && !seen.whole);
	if (!seen.done)
		CHECK(house_wait_done());
	CHECK(seen.result == DONE_FAILED && strstr(seen.text, "nothing was changed"));
	for (int i = 0; i < 1000 && !seen.whole; i++)
		stage_run(&house.s, 10);
	stage_run(&house.s, 50);
	CHECK(seen.whole && seen.users == 1 && strcmp(seen.user, "100") == 0);
	CHECK(house_set_user(USER_ADD, "102") && seen.result == DONE_OK && !seen.whole && seen.users == 1); /* and what follows is told */
	CHECK(stage_end(&house.s) == 0);
	db = house_open_db();
	CHECK(db && db_exec(db, "DROP TRIGGER no_commit; DROP TABLE owes; DROP TABLE nobody"));
	db_close(db);
}

/* core says again what was not confirmed, and its next life all of it: one place each, so that others have theirs. */
static void a_record_that_is_said_again_waits_once(void)
{
	CHECK(house_begin_waiting());
	for (int i = 0; i < 10; i++) {
		for (uint64_t call = 1; call <= 30; call++)
			house_begin_record(call, "sealed");
		CHECK(stage_want_status(&house.s)); /* which gives the credit back */
	}
	CHECK(stage_status_line(&house.s, "records-waiting")->used == 30);
	CHECK(stage_status_line(&house.s, "records-waiting")->refused == 0);
	seen.recorded = false;
	house_judge(seen.generation, true);
	CHECK(stage_until(&house.s, &seen.recorded, STAGE_WAIT_MS) && stage_line_comes(&house.s, "records-waiting", 0));
	CHECK(house_read_log(0, 100, "berta") && seen.lines == 30 && stage_end(&house.s) == 0);
}

static void records_wait_while_a_change_does(void)
{
	CHECK(house_begin() && house_want_directory());
	stage_run(&house.s, 50);
	seen.silent = true;
	house_say_user(USER_ADD, "101");
	seen.verdict_wanted = false;
	CHECK(stage_until(&house.s, &seen.verdict_wanted, STAGE_WAIT_MS));
	seen.recorded = false;
	house_begin_record(1, "sealed");
	CHECK(!stage_until(&house.s, &seen.recorded, 300));
	seen.done = false;
	house_judge(seen.generation, false);
	CHECK((seen.done || house_wait_done()) && seen.result == DONE_REFUSED);
	CHECK(house_record(2, "sealed2") && house_read_log(0, 10, "berta") && seen.lines == 2 && stage_end(&house.s) == 0); /* not rolled back with the change */
}

static void without_core_the_disk_decides(void)
{
	CHECK(house_begin());
	CHECK(house_set_user(USER_ADD, "101") && seen.result == DONE_OK && !seen.users);
	stage_kill(&house.s);
	CHECK(house_start() && house_want_directory() && seen.users == 1 && stage_end(&house.s) == 0);
}

/* R28: kill -9 right after the confirmation */
static void nothing_confirmed_is_lost(void)
{
	CHECK(house_begin() && house_want_directory() && house_set_user(USER_ADD, "101") && house_record(1, "sealed1"));
	stage_kill(&house.s);
	CHECK(house_start() && house_record(1, "sealed1") && house_record(2, "sealed2")); /* what core did not see confirmed comes again */
	stage_kill(&house.s);
	CHECK(house_start() && house_read_log(0, 10, "berta") && seen.lines == 2);
	CHECK(house_list(LIST_USERS, 0, 10) && seen.people == 1 && stage_end(&house.s) == 0);
}

static void a_reading_is_recorded_first(void)
{
	CHECK(house_begin());
	for (uint64_t i = 1; i <= 5; i++) {
		char source[16];
		snprintf(source, sizeof source, "sealed%d", (int)i);
		CHECK(house_record(i, source));
	}
	house_begin_log(0, 10, "berta");
	CHECK(stage_until(&house.s, &seen.first_line, STAGE_WAIT_MS));
	stage_kill(&house.s); /* the first line was seen: whatever happens now, the reading is on disk */
	CHECK(house_start() && house_list(LIST_READINGS, 0, 10) && seen.readings == 1 && strcmp(seen.admin, "berta") == 0);
	/* its pages are one reading; a page that does not go on from there is another */
	CHECK(house_read_log(0, 2, "cesar") && seen.result == DONE_OK && seen.lines == 2);
	CHECK(house_read_log(seen.value, 2, "cesar") && seen.result == DONE_OK && seen.lines == 2);
	CHECK(house_list(LIST_READINGS, 0, 10) && seen.readings == 2);
	CHECK(house_read_log(3, 2, "cesar") && house_list(LIST_READINGS, 0, 10) && seen.readings == 3);
	CHECK(house_read_log(5, 2, "berta") && house_list(LIST_READINGS, 0, 10) && seen.readings == 4);
	CHECK(stage_end(&house.s) == 0);
}

static const uint8_t backup_key[BACKUP_KEY] = {9};

static bool want_export(uint32_t at)
{
	for (int tries = 0; tries < 100; tries++) {
		struct msg_export_want *m = ipc_begin(house.ctl, MSG_EXPORT_WANT);
		m->at = at;
		memcpy(m->key, backup_key, sizeof m->key);
		ipc_end(house.ctl);
		seen.done = exported.came = false;
		for (int i = 0; i < 300 && !seen.done && !exported.came; i++)
			stage_run(&house.s, 10);
		if (!seen.done || seen.result != DONE_BUSY)
			return seen.done || exported.came;
	}
	return false;
}

/* R31, R21, R23: all rows, sealed; nobody's name as a source; and the reading of the log stands on disk before the first piece. */
static void a_backup_is_sealed_and_recorded(void)
{
	static uint8_t plain[BACKUP_PIECE_MAX];
	struct backup_box box;
	struct load load;
	struct span rows;
	bool source = false;

	CHECK(house_begin() && house_set_user(USER_ADD, "101") && seen.result == DONE_OK);
	for (uint64_t i = 1; i <= 500; i++) {
		char text[32];
		snprintf(text, sizeof text, "NEEDLE-%d", (int)i);
		CHECK(house_record(i, text));
	}
	memset(&exported, 0, sizeof exported);
	backup_box_init(&box, BACKUP_LEDGER, backup_key);
	load_begin(&load, NULL);
	for (uint32_t at = 0; !exported.last; at++) {
		CHECK(at < 100 && want_export(at) && exported.came && exported.n == at + 1);
		source |= memmem(exported.piece, exported.octets, "NEEDLE", 6) != NULL;
		CHECK(!backup_open(&box, span_of(exported.piece, exported.octets), plain, &rows));
		source |= memmem(rows.p, rows.n, "NEEDLE", 6) != NULL;
		CHECK(!load_piece(&load, rows));
		if (at == 0)
			CHECK(house_list(LIST_READINGS, 0, 10) && seen.readings == 1 && strcmp(seen.admin, "(backup)") == 0);
	}
	CHECK(!source && box.ended && load.rows > 500 && exported.n > 2);
	/* what is not the next piece of one that was begun */
	CHECK(want_export(1) && seen.done && seen.result == DONE_REFUSED);
	CHECK(want_export(0) && exported.came && want_export(5) && seen.done && seen.result == DONE_REFUSED);
	CHECK(want_export(UINT32_MAX) && seen.done && seen.result == DONE_REFUSED);
	/* a directory that changes meanwhile spoils it, and that is said */
	CHECK(want_export(0) && exported.came && house_set_user(USER_ADD, "102") && seen.result == DONE_OK);
	seen.done = false;
	for (uint32_t at = 1; at < 100 && !seen.done; at++)
		CHECK(want_export(at));
	CHECK(seen.result == DONE_FAILED && strstr(seen.text, "changed"));
	CHECK(stage_end(&house.s) == 0);
}

/* more than SQLite's log holds, so that it goes over into the file, in the cage */
static void many_records_are_kept(void)
{
	char source[32];

	CHECK(house_begin());
	for (uint64_t i = 1; i <= 20000; i++) {
		snprintf(source, sizeof source, "sealed%d", (int)i);
		struct msg_record *m = i % 1000 ? ipc_begin(house.core, MSG_RECORD) : NULL;
		if (m) {
			m->call = m->number = i;
			m->start_wall_ms = clock_wall_ms();
			m->source = ipc_put(house.core, span_str(source));
			ipc_end(house.core);
		} else {
			CHECK(house_record(i, source));
		}
	}
	CHECK(stage_want_status(&house.s) && stage_status_line(&house.s, "records-written")->used == 20000);
	CHECK(stage_end(&house.s) == 0);
}

static void a_large_directory_goes_in_pieces(void)
{
	char why[DB_WHY_MAX], name[16];
	const char *reason;
	struct store st;
	struct person p;
	struct phone d;
	struct binding b;

	CHECK(house_clean() && store_open(&st, house_open_db(), why) && store_begin(&st));
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof name, "u%d", i);
		CHECK(store_person_add(&st, span_str(name), SPAN("A display name of forty octets or so, yes"), true, &p,
			  &reason) == DONE_OK);
		CHECK(store_phone_add(&st, span_str(name), DEVICE_ADDED, 0, NULL, &d, &reason) == DONE_OK);
		CHECK(store_bind(&st, span_str(name), d.id, true, &b, &reason) == DONE_OK);
	}
	CHECK(store_commit(&st));
	store_close(&st);
	CHECK(house_start() && house_want_directory() && seen.users == 3000 && seen.devices == 3000 && seen.bindings == 3000);
	uint32_t n = 0;
	seen.value = 0;
	do {
		CHECK(house_list(LIST_USERS, seen.value, 1000) && seen.people <= 128);
		n += seen.people;
	} while (seen.people == 128);
	CHECK(n == 3000 && stage_end(&house.s) == 0);
}

static void events_are_kept_within_bounds(void)
{
	CHECK(house_begin());
	for (int i = 0; i < 120; i++) {
		struct msg_event *m = ipc_begin(house.core, MSG_EVENT);
		CHECK(m);
		m->kind = EVENT_LOGIN_WRONG;
		m->severity = SEVERITY_WARNING;
		m->device = 3;
		m->wall_ms = clock_wall_ms();
		m->detail = ipc_put(house.core, SPAN("wrong password"));
		ipc_end(house.core);
	}
	struct msg_event *m = ipc_begin(house.core, MSG_EVENT);
	m->kind = EVENT_IMPERSONATION;
	m->severity = SEVERITY_ALARM;
	m->wall_ms = clock_wall_ms();
	ipc_end(house.core);
	m = ipc_begin(house.core, MSG_EVENT); /* and a call for help finds room whatever its severity has heaped up (R16) */
	m->kind = EVENT_EMERGENCY;
	m->severity = SEVERITY_WARNING;
	m->wall_ms = clock_wall_ms();
	ipc_end(house.core);
	uint64_t value = 0;
	int began = 0;
	do {
		stage_run(&house.s, 20);
		CHECK(stage_want_status(&house.s) && ++began < 200);
	} while (stage_status_line(&house.s, "events-written")->used + stage_status_line(&house.s, "events-waiting")->refused < 122);
	uint32_t n = 0;
	do {
		CHECK(house_list(LIST_EVENTS, value, 50));
		n += seen.events;
		value = seen.value;
	} while (seen.events == 50);
	/* the burst, one that says some are missing, the alarm and the call for help */
	CHECK(n >= 103 && n <= 116 && seen.event.kind == EVENT_EMERGENCY && seen.event.proc == PROC_CORE);
	CHECK(house_list(LIST_EVENTS, 0, 0) && seen.value == n && seen.events == 0);
	CHECK(stage_want_status(&house.s) && stage_status_line(&house.s, "events-waiting")->refused > 0 && stage_end(&house.s) == 0);
}

int main(int argc, char **argv)
{
	if (!house_open(argc, argv))
		return 1;
	RUN(core_gets_the_directory);
	RUN(one_refusal_keeps_the_old_directory);
	RUN(a_silent_core_changes_nothing);
	RUN(a_core_that_dies_does_not_undo_a_change);
	RUN(an_upgrade_is_told);
	RUN(a_change_that_is_not_on_disk_is_not_in_core);
	RUN(a_record_that_is_said_again_waits_once);
	RUN(records_wait_while_a_change_does);
	RUN(without_core_the_disk_decides);
	RUN(nothing_confirmed_is_lost);
	RUN(a_reading_is_recorded_first);
	RUN(a_backup_is_sealed_and_recorded);
	RUN(many_records_are_kept);
	RUN(a_large_directory_goes_in_pieces);
	RUN(events_are_kept_within_bounds);
	house_end();
	return TEST_END;
}
