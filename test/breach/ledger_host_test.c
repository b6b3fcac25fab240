/* SPDX-License-Identifier: ISC */
/* What ledger makes of its host: a database that hangs up, a full disk (R28), a clock that jumped (R21, T45), and a log mode
 * that the site may not have (R22). ledger_host_test EXECUTABLE [URI] */
#include "ledger_house.h"
#include "base/clock.h"
#include "test.h"
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

static bool hang_up(void)
{
	char why[DB_WHY_MAX];
	struct db *db = db_open_postgresql(house.uri, why);
	bool done = db && db_exec(db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
				      "WHERE application_name = 'ringfence' AND pid <> pg_backend_pid()");

	db_close(db);
	return done;
}

static bool ends(void)
{
	for (int i = 0; i < 100 && !house.s.parent.broken; i++)
		stage_run(&house.s, 50);
	return house.s.parent.broken;
}

/* The server hangs up: what was not confirmed is not, and parent starts ledger anew. */
static void a_database_that_is_lost_ends_the_process(void)
{
	if (!house.uri)
		return;
	CHECK(house_begin() && house_record(1, "sealed1") && hang_up());
	house_begin_record(2, "sealed2");
	seen.recorded = false;
	CHECK(ends() && !seen.recorded);
	stage_kill(&house.s);
	CHECK(house_start() && house_record(2, "sealed2") && house_read_log(0, 10, "berta") && seen.lines == 2 && stage_end(&house.s) == 0);
}

/* Nothing waits to be written that would find it out: whoever asks for a change does. */
static void a_change_finds_a_database_that_is_lost(void)
{
	if (!house.uri)
		return;
	CHECK(house_begin() && house_set_user(USER_ADD, "anna") && hang_up());
	house_say_user(USER_ADD, "berta");
	CHECK(ends());
	stage_kill(&house.s);
	CHECK(house_start() && house_set_user(USER_ADD, "berta") && stage_end(&house.s) == 0);
}

/* R28: a disk that is full for a while */
static void a_full_disk_confirms_nothing(void)
{
	char filler[128];
	static char zeros[1 << 16];
	uint64_t call = 1;
	int fd;

	if (house.uri || getuid() != 0 || mount("none", house.dir, "tmpfs", 0, "size=2m") != 0)
		return;
	CHECK(chown(house.dir, 61900 + PROC_LEDGER, 61900 + PROC_LEDGER) == 0 && house_start() && house_record(call, "before"));
	snprintf(filler, sizeof filler, "%s/filler", house.dir);
	fd = open(filler, O_WRONLY | O_CREAT, 0600);
	while (write(fd, zeros, sizeof zeros) > 0)
		;
	close(fd);
	do { /* what the log file still holds goes first */
		char source[32];
		snprintf(source, sizeof source, "sealed%d", (int)++call);
		seen.recorded = false;
		house_begin_record(call, source);
	} while (stage_until(&house.s, &seen.recorded, 500) && call < 3000);
	CHECK(call < 3000 && stage_want_status(&house.s) && stage_status_line(&house.s, "commit-failures")->used > 0);
	CHECK(stage_status_line(&house.s, "records-waiting")->used > 0);
	CHECK(unlink(filler) == 0 && stage_until(&house.s, &seen.recorded, STAGE_WAIT_MS) && seen.recorded_call == call);
	stage_kill(&house.s);
	CHECK(house_start());
	uint64_t rows = 0;
	seen.value = 0;
	do {
		CHECK(house_read_log(seen.value, 100, "berta") && seen.result == DONE_OK);
		rows += seen.lines;
	} while (seen.lines == 100);
	CHECK(rows == call && stage_end(&house.s) == 0);
	umount(house.dir);
}

static bool confirm_clock(void)
{
	ipc_begin(house.ctl, MSG_CLOCK_CONFIRM);
	ipc_end(house.ctl);
	return house_wait_done() && seen.result == DONE_OK;
}

/* A call of a year ago, and what the wall clock said when ledger last looked. */
static bool put_old_call(int64_t last_wall_ms)
{
	char why[DB_WHY_MAX];
	struct store st;
	struct call_row old = {.id = 1,
	    .source = SPAN("NEEDLE-OLD-SOURCE"), .destination = SPAN("102"),
	    .start_ms = clock_wall_ms() - INT64_C(365) * 86400000};
	bool ok = house_clean() && store_open(&st, house_open_db(), why) && store_begin(&st) && store_call(&st, LOG_FULL, &old) &&
		  store_meta_set(&st, "last_wall", last_wall_ms) && store_commit(&st);

	store_close(&st);
	return ok;
}

static bool on_disk(const char *needle)
{
	static char bytes[1 << 22];
	static const char *const files[] = {"ledger.db", "ledger.db-wal"};
	char path[160];
	bool found = false;

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%s", house.dir, files[i]);
		FILE *f = fopen(path, "rb");
		size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
		found = found || memmem(bytes, n, needle, strlen(needle));
		if (f)
			fclose(f);
	}
	return found;
}

/* T45: rows go by the clock, but not by one that jumped */
static void a_clock_that_jumped_erases_nothing(void)
{
	CHECK(put_old_call(clock_wall_ms() - 3600000) && (house.uri || on_disk("NEEDLE-OLD-SOURCE")) && house_start());
	stage_run(&house.s, 200);
	CHECK(house_read_log(0, 10, "berta") && seen.lines == 0 && !on_disk("NEEDLE-OLD-SOURCE") && stage_end(&house.s) == 0);
	CHECK(put_old_call(clock_wall_ms() - INT64_C(3) * 86400000) && house_start());
	stage_run(&house.s, 400);
	CHECK(house_read_log(0, 10, "berta") && seen.lines == 1 && house_list(LIST_EVENTS, 0, 10) && seen.event.severity == SEVERITY_ALARM);
	CHECK(stage_want_status(&house.s) && stage_status_line(&house.s, "deletion-held")->used == 1);
	stage_kill(&house.s);
	CHECK(house_start()); /* a new start forgets it not */
	stage_run(&house.s, 200);
	CHECK(house_read_log(0, 10, "berta") && seen.lines == 1);
	CHECK(confirm_clock() && house_read_log(0, 10, "berta") && seen.lines == 0 && !on_disk("NEEDLE-OLD-SOURCE"));
	CHECK(stage_end(&house.s) == 0);
}

/* R21, R28: who keeps calls for a month from now on had millions of them. They go, and ledger answers meanwhile; in one piece
 * they would take it longer than parent waits, which would end it, again and again. */
static void many_calls_go_bit_by_bit(void)
{
	enum { CALLS = 3 * STORE_FORGET_MOST + 5 };
	const int64_t old = clock_wall_ms() - INT64_C(400) * 86400000;
	char why[DB_WHY_MAX];
	struct store st;
	int64_t left = CALLS;

	CHECK(house_clean() && store_open(&st, house_open_db(), why) && store_begin(&st));
	for (int64_t i = 1; i <= CALLS; i++)
		CHECK(store_call(&st, LOG_FULL, &(struct call_row){.id = i, .destination = SPAN("102"), .start_ms = old + i}));
	CHECK(store_meta_set(&st, "last_wall", clock_wall_ms()) && store_commit(&st));
	store_close(&st);
	CHECK(house_start());
	uint32_t pieces = 0;
	for (int i = 0; i < 1000 && left; i++) {
		stage_run(&house.s, 5);
		CHECK(house_read_log(0, 1, "berta"));
		int64_t was = left;
		left = seen.lines ? CALLS - (int64_t)seen.value + 1 : 0; /* the row that was read */
		pieces += left < was;
	}
	CHECK(left == 0 && pieces > 1 && stage_end(&house.s) == 0);
}

/* R28: to go through all events for each share takes long, so one look does one of them, and the next follows at once. */
static void events_go_step_by_step(void)
{
	struct event_row e = {.wall_ms = clock_wall_ms() - INT64_C(366) * 86400000, .proc = PROC_CORE, .kind = EVENT_CALL_REFUSED, .detail = SPAN("x")};
	char why[DB_WHY_MAX];
	struct store st;

	CHECK(house_clean() && store_open(&st, house_open_db(), why) && store_begin(&st) && store_event(&st, &e));
	e.wall_ms = clock_wall_ms() - 60000;
	for (int i = 0; i < STORE_EVENTS_MAX + 3; i++)
		CHECK(store_event(&st, &e)); /* of the last share */
	CHECK(store_meta_set(&st, "last_wall", clock_wall_ms()) && store_commit(&st));
	store_close(&st);
	CHECK(house_start());
	seen.value = 0;
	for (int i = 0; i < 200 && seen.value != 5; i++) {
		stage_run(&house.s, 20);
		CHECK(house_list(LIST_EVENTS, 0, 1));
	}
	CHECK(seen.value == 5 && stage_end(&house.s) == 0);
}

/* T45: what was said while the clock ran ahead does not stay until then. */
static void a_row_of_a_day_to_come_is_of_today(void)
{
	const int64_t now = clock_wall_ms(), ahead = now + INT64_C(400) * 86400000;
	char why[DB_WHY_MAX];
	struct store st;
	struct call_row call = {.id = 1, .source = SPAN("x"), .destination = SPAN("102"), .start_ms = ahead};
	struct event_row event = {.wall_ms = ahead, .kind = EVENT_USER, .detail = SPAN("x")};

	CHECK(house_clean() && store_open(&st, house_open_db(), why) && store_begin(&st) && store_call(&st, LOG_FULL, &call));
	call.id = 2;
	call.start_ms = now - 60000;
	CHECK(store_call(&st, LOG_FULL, &call) && store_event(&st, &event) && store_mail_begin(&st, 1, ahead, 50));
	CHECK(store_meta_set(&st, "last_wall", now) && store_commit(&st));
	store_close(&st);
	CHECK(house_start());
	stage_run(&house.s, 300);
	CHECK(house_list(LIST_EVENTS, 0, 1) && seen.event.wall_ms <= clock_wall_ms() && seen.event.wall_ms > now - 120000);
	CHECK(stage_end(&house.s) == 0);
	struct db *db = house_open_db();
	struct stmt *q = db ? db_prepare(db, "SELECT COUNT(*), MIN(start), MAX(start) FROM calls") : NULL;
	CHECK(q && db_step(q) == DB_ROW && db_int(q, 0) == 2 && db_int(q, 1) > now - 120000 && db_int(q, 2) <= clock_wall_ms());
	CHECK(db_int(q, 1) == now - 60000 || db_int(q, 2) == now - 60000);
	q = db ? db_prepare(db, "SELECT wall FROM messages") : NULL;
	CHECK(q && db_step(q) == DB_ROW && db_int(q, 0) <= clock_wall_ms() && db_int(q, 0) > now - 120000);
	db_close(db);
}

static int64_t start_of_the_only_call;

static void note_start(void *arg, const struct call_row *c)
{
	(void)arg;
	start_of_the_only_call = c->start_ms;
}

/* R28: began in 1970, in another century, or, by a record that waited long, when it may well have */
static void dates_are_judged(int64_t waited_days)
{
	int64_t now = clock_wall_ms(), dated[] = {5000, now + INT64_C(99) * 365 * 86400000, now - waited_days * 86400000};
	char why[DB_WHY_MAX];
	struct store st;

	for (int i = 0; i < 3; i++) {
		CHECK(house_begin());
		seen.recorded = false;
		struct msg_record *m = ipc_begin(house.core, MSG_RECORD);
		m->call = m->number = 1;
		m->start_wall_ms = dated[i];
		m->duration_ms = 30000;
		m->destination = ipc_put(house.core, SPAN("102"));
		ipc_end(house.core);
		CHECK(stage_until(&house.s, &seen.recorded, STAGE_WAIT_MS));
		stage_kill(&house.s);
		struct db *db = house_open_db();
		start_of_the_only_call = 0;
		CHECK(db && store_open(&st, db, why) && store_calls(&st, 0, 0, INT64_MAX, 10, note_start, NULL) == 1);
		store_close(&st);
		if (i < 2)
			CHECK(start_of_the_only_call > now - 30000 - 60000 && start_of_the_only_call <= clock_wall_ms());
		else
			CHECK(start_of_the_only_call == dated[i]);
	}
}

static void a_call_of_a_wrong_clock_is_of_now(void)
{
	dates_are_judged(6);
}

/* The machine has been up for 100 days, 90 of which a record waited in core for room on the disk. */
static void what_waited_keeps_its_date(void)
{
	static const char up[] = "boottime 8640000 0";
	int own = open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC);

	if (own < 0 || unshare(CLONE_NEWTIME) != 0) /* its children are in it */
		return;
	int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0 && write(fd, up, sizeof up - 1) == sizeof up - 1);
	close(fd);
	dates_are_judged(90);
	CHECK(setns(own, CLONE_NEWTIME) == 0);
	close(own);
}

/* R22 */
static void the_mild_log_is_refused(void)
{
	memset(&seen, 0, sizeof seen);
	CHECK(house_clean() && stage_start(&house.s, house.exe, PROC_LEDGER, house.empty, ledger_on));
	stage_give_file(&house.s, FILE_STORE_DIR, open(house.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	house.s.site.log_privacy = LOG_MILD;
	CHECK(!stage_go(&house.s) || house.s.refused);
	CHECK(house.s.refused && strstr(house.s.reason, "intrusion detection") && strstr(house.s.reason, "firewall log"));
	CHECK(!strstr(house.s.reason, "PIN"));
	stage_kill(&house.s);
	/* without the PIN that is said too */
	CHECK(house_clean() && stage_start(&house.s, house.exe, PROC_LEDGER, house.empty, ledger_on));
	stage_give_file(&house.s, FILE_STORE_DIR, open(house.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	house.s.site.log_privacy = LOG_MILD;
	house.s.site.plan.pin = 0;
	CHECK(!stage_go(&house.s) || house.s.refused);
	CHECK(house.s.refused && strstr(house.s.reason, "the outgoing PIN, intrusion detection and the firewall log"));
	stage_kill(&house.s);
}

int main(int argc, char **argv)
{
	if (!house_open(argc, argv))
		return 1;
	RUN(a_database_that_is_lost_ends_the_process);
	RUN(a_change_finds_a_database_that_is_lost);
	RUN(a_full_disk_confirms_nothing);
	RUN(a_clock_that_jumped_erases_nothing);
	RUN(many_calls_go_bit_by_bit);
	RUN(events_go_step_by_step);
	RUN(a_row_of_a_day_to_come_is_of_today);
	RUN(a_call_of_a_wrong_clock_is_of_now);
	RUN(what_waited_keeps_its_date);
	RUN(the_mild_log_is_refused);
	house_end();
	return TEST_END;
}
