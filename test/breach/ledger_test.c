/* SPDX-License-Identifier: ISC */
/* ledger in its cage, with the test as core and ctl: nothing confirmed is lost (R28), one refusal keeps the old directory
 * everywhere, a reading is on disk before the first row is shown (R23), and what a lying sibling gets (R27).
 * ledger_test EXECUTABLE [URI] */
#include "base/clock.h"
#include "ledger/dump.h"
#include "stage_lies.h"
#include "test.h"
#include "vault/backup.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *exe, *uri;
static char root[64], dir[96], empty[96];
static struct stage s;
static struct link *core, *ctl, *voice, *keeper;

static struct {
	uint32_t mails;
	struct msg_mail_found found;
	struct msg_mail_count count;
	struct msg_mail_kept mail_kept;
	bool mail_found, mail_counted, mail_ended, key_forgotten;
	uint64_t forgotten;
	bool done, recorded, verdict_wanted, first_line;
	enum done_result result;
	uint64_t value, recorded_call;
	char text[REASON_MAX + 1];
	uint32_t generation;
	bool whole, refuse, silent;
	uint32_t users, devices, bindings, lines, people, phones, events, readings;
	char user[USER_NAME_MAX + 1], admin[USER_NAME_MAX + 1];
	struct msg_event_line event;
	struct msg_phone_line phone;
	uint32_t binding_device;
	bool binding_allowed;
	uint32_t settings, groups, spent, callbacks, kept, lines_of_settings, notices;
	char setting[SETTING_TEXT_MAX + 1], counters[SPENT_TEXT_MAX + 1];
	struct msg_setting last_setting;
	bool own_done;
	enum done_result own_result;
} seen;

/* --- the test as core --- */

static void on_begin(struct link *from, const struct ipc_view *v)
{
	const struct msg_directory_begin *m = v->payload;
	(void)from;
	seen.whole = m->whole;
	seen.users = seen.devices = seen.bindings = seen.settings = seen.groups = seen.spent = seen.callbacks = 0;
}

static void on_group(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.groups++;
}

static void on_setting(struct link *from, const struct ipc_view *v)
{
	(void)from;
	seen.settings++;
	memcpy(&seen.last_setting, v->payload, sizeof seen.last_setting);
	span_cstr(ipc_str(v, seen.last_setting.value), seen.setting, sizeof seen.setting);
}

static void on_spent(struct link *from, const struct ipc_view *v)
{
	const struct msg_spent *m = v->payload;
	(void)from;
	seen.spent++;
	span_cstr(ipc_str(v, m->text), seen.counters, sizeof seen.counters);
}

static void on_callback(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.callbacks++;
}

static void on_kept(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.kept++;
	seen.recorded = true;
}

static void on_own_done(struct link *from, const struct ipc_view *v)
{
	const struct msg_setting_done *m = v->payload;
	(void)from;
	seen.own_done = true;
	seen.own_result = (enum done_result)m->result;
}

static void on_setting_line(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.lines_of_settings++;
}

static void on_notice_line(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.notices++;
}

static void on_user(struct link *from, const struct ipc_view *v)
{
	const struct msg_user *m = v->payload;
	(void)from;
	seen.users++;
	span_cstr(ipc_str(v, m->name), seen.user, sizeof seen.user);
}

static void on_device(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.devices++;
}

static void on_binding(struct link *from, const struct ipc_view *v)
{
	const struct msg_binding *m = v->payload;
	(void)from;
	seen.bindings++;
	seen.binding_device = m->device;
	seen.binding_allowed = m->allowed;
}

static void judge(uint32_t generation, bool ok)
{
	struct msg_directory_verdict *m = ipc_begin(core, MSG_DIRECTORY_VERDICT);

	m->generation = generation;
	m->ok = ok;
	m->reason = ipc_put(core, ok ? SPAN("") : SPAN("table full"));
	ipc_end(core);
}

static void on_commit(struct link *from, const struct ipc_view *v)
{
	const struct msg_directory_commit *m = v->payload;
	(void)from;
	seen.generation = m->generation;
	seen.verdict_wanted = true;
	if (!seen.silent)
		judge(m->generation, !seen.refuse);
}

static void on_recorded(struct link *from, const struct ipc_view *v)
{
	const struct msg_recorded *m = v->payload;
	(void)from;
	seen.recorded = true;
	seen.recorded_call = m->call;
}

/* --- the test as ctl --- */

static void on_done(struct link *from, const struct ipc_view *v)
{
	const struct msg_done *m = v->payload;
	(void)from;
	seen.done = true;
	seen.result = (enum done_result)m->result;
	seen.value = m->value;
	span_cstr(ipc_str(v, m->text), seen.text, sizeof seen.text);
}

static void on_user_line(struct link *from, const struct ipc_view *v)
{
	const struct msg_user_line *m = v->payload;
	(void)from;
	seen.people++;
	span_cstr(ipc_str(v, m->name), seen.user, sizeof seen.user);
}

static void on_phone_line(struct link *from, const struct ipc_view *v)
{
	(void)from;
	seen.phones++;
	memcpy(&seen.phone, v->payload, sizeof seen.phone);
}

static void on_event_line(struct link *from, const struct ipc_view *v)
{
	(void)from;
	seen.events++;
	memcpy(&seen.event, v->payload, sizeof seen.event);
}

static void on_log_line(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.lines++;
	seen.first_line = true;
}

static void on_reading_line(struct link *from, const struct ipc_view *v)
{
	const struct msg_reading_line *m = v->payload;
	(void)from;
	seen.readings++;
	span_cstr(ipc_str(v, m->admin), seen.admin, sizeof seen.admin);
}

/* pieces of a backup, as they come */
static struct {
	bool came, last;
	uint32_t n;
	size_t octets;
	uint8_t piece[EXPORT_MAX];
} exported;

static void on_exported(struct link *from, const struct ipc_view *v)
{
	const struct msg_exported *m = v->payload;
	struct span piece = ipc_str(v, m->piece);

	(void)from;
	exported.came = true;
	exported.last = m->last;
	exported.n++;
	exported.octets = piece.n;
	memcpy(exported.piece, piece.p, piece.n);
}

static void on_mail(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.mails++;
}

static void on_mail_found(struct link *from, const struct ipc_view *v)
{
	memcpy(&seen.found, v->payload, sizeof seen.found);
	seen.mail_found = true;
	on_mail(from, v);
}

static void on_mail_count(struct link *from, const struct ipc_view *v)
{
	memcpy(&seen.count, v->payload, sizeof seen.count);
	seen.mail_counted = true;
	on_mail(from, v);
}

static void on_mail_kept(struct link *from, const struct ipc_view *v)
{
	memcpy(&seen.mail_kept, v->payload, sizeof seen.mail_kept);
	seen.mail_ended = true;
	on_mail(from, v);
}

static void on_key_forget(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_key_forget *m = v->payload;

	(void)from;
	seen.key_forgotten = true;
	seen.forgotten = m->message;
}

static ipc_handler *const on[MSG_N] = {
    [MSG_MAIL_FOUND] = on_mail_found,
    [MSG_MAIL_COUNT] = on_mail_count,
    [MSG_MAIL_KEPT] = on_mail_kept,
    [MSG_MAIL_KEY_FORGET] = on_key_forget,
    [MSG_MAIL_PIECE] = on_mail,
    [MSG_EXPORTED] = on_exported,
    [MSG_DIRECTORY_BEGIN] = on_begin,
    [MSG_USER] = on_user,
    [MSG_DEVICE] = on_device,
    [MSG_BINDING] = on_binding,
    [MSG_DIRECTORY_COMMIT] = on_commit,
    [MSG_RECORDED] = on_recorded,
    [MSG_DONE] = on_done,
    [MSG_USER_LINE] = on_user_line,
    [MSG_PHONE_LINE] = on_phone_line,
    [MSG_EVENT_LINE] = on_event_line,
    [MSG_LOG_LINE] = on_log_line,
    [MSG_READING_LINE] = on_reading_line,
    [MSG_GROUP] = on_group,
    [MSG_SETTING] = on_setting,
    [MSG_SPENT] = on_spent,
    [MSG_CALLBACK] = on_callback,
    [MSG_NOTICE_KEPT] = on_kept,
    [MSG_SETTING_DONE] = on_own_done,
    [MSG_SETTING_LINE] = on_setting_line,
    [MSG_NOTICE_LINE] = on_notice_line,
};

/* --- requests --- */

static bool wait_done(void)
{
	seen.done = false;
	return stage_until(&s, &seen.done, STAGE_WAIT_MS);
}

static void say_user(enum user_action action, const char *name)
{
	struct msg_user_set *m = ipc_begin(ctl, MSG_USER_SET);
	m->token = 7;
	m->action = (uint8_t)action;
	m->enabled = true;
	m->name = ipc_put(ctl, span_str(name));
	m->display = ipc_put(ctl, SPAN("Anna"));
	ipc_end(ctl);
}

/* busy: another change or the whole directory is still on its way; ctl asks again */
static bool busy(int *tries)
{
	if (!wait_done() || seen.result != DONE_BUSY || ++*tries == 100)
		return false;
	stage_run(&s, 10);
	return true;
}

static bool set_user(enum user_action action, const char *name)
{
	int tries = 0;

	do
		say_user(action, name);
	while (busy(&tries));
	return seen.done;
}

static bool add_phone(void)
{
	int tries = 0;

	do {
		struct msg_phone_set *m = ipc_begin(ctl, MSG_PHONE_SET);
		m->action = PHONE_ADD;
		m->label = ipc_put(ctl, SPAN("desk"));
		ipc_end(ctl);
	} while (busy(&tries));
	return seen.done;
}

static bool bind_phone(uint32_t device, const char *user, bool allowed)
{
	int tries = 0;

	do {
		struct msg_phone_bind *m = ipc_begin(ctl, MSG_PHONE_BIND);
		m->device = device;
		m->allowed = allowed;
		m->user = ipc_put(ctl, span_str(user));
		ipc_end(ctl);
	} while (busy(&tries));
	return seen.done;
}

static bool list(enum list_kind kind, uint64_t after, uint32_t most)
{
	struct msg_list_want *m = ipc_begin(ctl, MSG_LIST_WANT);
	m->list = (uint8_t)kind;
	m->after = after;
	m->most = most;
	ipc_end(ctl);
	seen.people = seen.phones = seen.events = seen.readings = 0;
	return wait_done();
}

static void begin_log(uint64_t after, uint32_t most, const char *admin)
{
	struct msg_log_want *m = ipc_begin(ctl, MSG_LOG_WANT);
	m->to_wall_ms = INT64_MAX;
	m->after = after;
	m->most = most;
	m->admin = ipc_put(ctl, span_str(admin));
	ipc_end(ctl);
	seen.lines = 0;
	seen.first_line = false;
}

static bool read_log(uint64_t after, uint32_t most, const char *admin)
{
	begin_log(after, most, admin);
	return wait_done();
}

static void begin_record(uint64_t call, const char *source)
{
	static int64_t began;
	struct msg_record *m = ipc_begin(core, MSG_RECORD);

	began = began ? began : clock_wall_ms();
	m->call = m->number = call;
	m->day = 20000;
	m->start_wall_ms = began + (int64_t)call;
	m->duration_ms = 16000;
	m->source = ipc_put(core, span_str(source));
	m->destination = ipc_put(core, SPAN("102"));
	ipc_end(core);
}

static bool record(uint64_t call, const char *source)
{
	begin_record(call, source);
	do
		seen.recorded = false;
	while (stage_until(&s, &seen.recorded, STAGE_WAIT_MS) && seen.recorded_call != call);
	return seen.recorded_call == call;
}

static bool want_directory(void)
{
	ipc_begin(core, MSG_DIRECTORY_WANT);
	ipc_end(core);
	seen.verdict_wanted = false;
	return stage_until(&s, &seen.verdict_wanted, STAGE_WAIT_MS);
}

/* --- the process --- */

static bool start(void)
{
	memset(&seen, 0, sizeof seen);
	if (!stage_start(&s, exe, PROC_LEDGER, empty, on))
		return false;
	stage_give_file(&s, FILE_STORE_DIR, open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (uri) {
		struct msg_database *m = ipc_begin(&s.parent, MSG_DATABASE);
		m->uri = ipc_put(&s.parent, span_str(uri));
		ipc_end(&s.parent);
	}
	core = stage_sibling(&s, PROC_CORE, 0);
	ctl = stage_sibling(&s, PROC_CTL, 0);
	voice = stage_sibling(&s, PROC_VOICE, 0);
	keeper = stage_sibling(&s, PROC_KEEPER, 0);
	return stage_go(&s);
}

static struct db *open_db(void)
{
	char path[160], why[DB_WHY_MAX];

	snprintf(path, sizeof path, "%s/ledger.db", dir);
	return uri ? db_open_postgresql(uri, why) : db_open_sqlite(path, why);
}

/* As another version, or an administrator with SQL, would: rows are gone, the tables stay. */
static bool clean(void)
{
	char why[DB_WHY_MAX];
	struct store st;

	if (s.pid)
		stage_kill(&s); /* of a test that failed */
	struct db *db = open_db();
	bool ok = db && store_open(&st, db, why) &&
		  db_exec(db, "DELETE FROM bindings; DELETE FROM people; DELETE FROM phones; DELETE FROM calls;"
			      "DELETE FROM events; DELETE FROM readings; DELETE FROM meta; DELETE FROM settings;"
			      "DELETE FROM ring_groups; DELETE FROM spent; DELETE FROM notices; DELETE FROM messages");
	store_close(&st);
	return ok;
}

static bool begin(void)
{
	return clean() && start();
}

static void core_gets_the_directory(void)
{
	CHECK(begin() && want_directory() && seen.whole && seen.users == 0);
	CHECK(set_user(USER_ADD, "101") && seen.result == DONE_OK && seen.value == 1);
	CHECK(!seen.whole && seen.users == 1 && strcmp(seen.user, "101") == 0);
	CHECK(add_phone() && seen.result == DONE_OK && seen.value == 1 && seen.devices == 1);
	CHECK(bind_phone(1, "101", true) && seen.result == DONE_OK && seen.bindings == 1 && seen.binding_allowed);
	CHECK(set_user(USER_ADD, "102") && set_user(USER_ADD, "101") && seen.result == DONE_EXISTS);
	CHECK(want_directory() && seen.whole && seen.users == 2 && seen.devices == 1 && seen.bindings == 1);
	CHECK(bind_phone(1, "101", false) && seen.bindings == 1 && !seen.binding_allowed && seen.binding_device == 1);
	CHECK(set_user(USER_DELETE, "101") && seen.result == DONE_OK && seen.whole && seen.users == 1);
	CHECK(list(LIST_USERS, 0, 10) && seen.people == 1 && strcmp(seen.user, "102") == 0);
	CHECK(list(LIST_PHONES, 0, 10) && seen.phones == 1 && seen.phone.state == DEVICE_ADDED);
	CHECK(stage_end(&s) == 0);
	CHECK(start() && want_directory() && seen.generation == 6 && seen.users == 1 && stage_end(&s) == 0);
}

/* --- settings, ring groups, counters, notices --- */

static bool put_settings(enum setting_owner owner, const char *name, const char *lines)
{
	int tries = 0;

	do {
		struct msg_setting_put *m = ipc_begin(ctl, MSG_SETTING_PUT);
		m->owner = (uint8_t)owner;
		m->index = 1;
		m->name = ipc_put(ctl, span_str(name));
		m->lines = ipc_put(ctl, span_str(lines));
		ipc_end(ctl);
	} while (busy(&tries));
	return seen.done;
}

static bool set_group(enum group_action action, const char *name, const char *lines)
{
	int tries = 0;

	do {
		struct msg_group_set *m = ipc_begin(ctl, MSG_GROUP_SET);
		m->action = (uint8_t)action;
		m->name = ipc_put(ctl, span_str(name));
		m->lines = ipc_put(ctl, span_str(lines));
		ipc_end(ctl);
	} while (busy(&tries));
	return seen.done;
}

static bool own_setting(enum setting_owner owner, uint32_t index, enum setting_kind kind, const char *value)
{
	struct msg_setting_set *m = ipc_begin(core, MSG_SETTING_SET);

	m->owner = (uint8_t)owner;
	m->index = index;
	m->kind = (uint8_t)kind;
	m->value = ipc_put(core, span_str(value));
	ipc_end(core);
	seen.own_done = false;
	return stage_until(&s, &seen.own_done, STAGE_WAIT_MS);
}

static uint32_t settings_of(enum setting_owner owner, const char *name)
{
	struct msg_setting_want *m = ipc_begin(ctl, MSG_SETTING_WANT);

	m->owner = (uint8_t)owner;
	m->index = 1;
	m->name = ipc_put(ctl, span_str(name));
	ipc_end(ctl);
	seen.lines_of_settings = 0;
	return wait_done() && seen.result == DONE_OK ? seen.lines_of_settings : UINT32_MAX;
}

static void settings_go_to_core_all_or_none(void)
{
	CHECK(begin() && want_directory() && set_user(USER_ADD, "101") && seen.result == DONE_OK);
	CHECK(put_settings(OWNER_USER, "101", "dnd=on\nforward-busy=102\nscreen=slow\n") && seen.result == DONE_OK);
	CHECK(!seen.whole && seen.settings == 3 && seen.last_setting.kind == SETTING_SCREEN && seen.last_setting.index == 1);
	CHECK(settings_of(OWNER_USER, "101") == 3);
	CHECK(put_settings(OWNER_USER, "101", "dnd=\nscreen=perhaps\n") && seen.result == DONE_REFUSED);
	CHECK(strstr(seen.text, "screen is none of") && settings_of(OWNER_USER, "101") == 3);
	CHECK(put_settings(OWNER_USER, "101", "aura=blue") && seen.result == DONE_REFUSED);
	CHECK(put_settings(OWNER_USER, "101", "dnd") && seen.result == DONE_REFUSED);
	CHECK(put_settings(OWNER_USER, "109", "dnd=on") && seen.result == DONE_NOT_FOUND);
	CHECK(put_settings(OWNER_DEVICE, "", "remote=on") && seen.result == DONE_NOT_FOUND);
	seen.refuse = true;
	CHECK(put_settings(OWNER_USER, "101", "dnd=\nscreen=pass\n") && seen.result == DONE_REFUSED);
	CHECK(strcmp(seen.text, "table full") == 0 && settings_of(OWNER_USER, "101") == 3);
	seen.refuse = false;
	CHECK(put_settings(OWNER_USER, "101", "dnd=\n") && seen.result == DONE_OK && seen.settings == 1 && !seen.setting[0]);
	CHECK(put_settings(OWNER_SITE, "", "night=on\nfront-desk=101\n") && seen.result == DONE_OK);
	CHECK(want_directory() && seen.whole && seen.settings == 4);
	CHECK(set_user(USER_DELETE, "101") && seen.result == DONE_OK && seen.whole && seen.settings == 2);
	CHECK(stage_end(&s) == 0);
}

static void groups_go_to_core(void)
{
	CHECK(begin() && want_directory() && set_user(USER_ADD, "101") && set_user(USER_ADD, "102"));
	CHECK(set_group(GROUP_ADD, "200", "members=101,102\nstrategy=in-turn\n") && seen.result == DONE_OK);
	CHECK(seen.groups == 1 && seen.settings == 2);
	CHECK(set_group(GROUP_ADD, "201", "members=101,109\n") && seen.result == DONE_REFUSED && strstr(seen.text, "members"));
	CHECK(want_directory() && seen.groups == 1); /* of the refused one nothing stays */
	CHECK(set_group(GROUP_ADD, "101", "members=102\n") && seen.result == DONE_EXISTS);
	CHECK(set_group(GROUP_CHANGE, "200", "members=101\n") && seen.result == DONE_OK && strcmp(seen.setting, "101") == 0);
	CHECK(set_group(GROUP_DELETE, "200", "") && seen.result == DONE_OK && seen.whole && seen.groups == 0 && seen.settings == 0);
	CHECK(set_group(GROUP_DELETE, "200", "") && seen.result == DONE_NOT_FOUND);
	CHECK(stage_end(&s) == 0);
}

static void a_user_sets_what_is_theirs(void)
{
	CHECK(begin() && want_directory() && set_user(USER_ADD, "101") && seen.result == DONE_OK);
	stage_run(&s, 50);
	CHECK(own_setting(OWNER_USER, 1, SETTING_FORWARD_ALWAYS, "102") && seen.own_result == DONE_OK && seen.settings == 1);
	CHECK(own_setting(OWNER_USER, 1, SETTING_RING_SECONDS, "1") && seen.own_result == DONE_REFUSED);
	CHECK(own_setting(OWNER_USER, 7, SETTING_DND, "on") && seen.own_result == DONE_NOT_FOUND);
	CHECK(settings_of(OWNER_USER, "101") == 1);
	CHECK(own_setting(OWNER_USER, 1, SETTING_FORWARD_ALWAYS, "") && seen.own_result == DONE_OK);
	CHECK(settings_of(OWNER_USER, "101") == 0);
	CHECK(stage_end(&s) == 0);
}

static bool is_accused(enum proc who);

/* A core that was taken raises nobody's limits. */
static void core_sets_nothing_of_an_administrator(void)
{
	static const struct {
		enum setting_owner owner;
		enum setting_kind kind;
		const char *value;
	} bad[] = {{OWNER_USER, SETTING_CLASSES, "premium"}, {OWNER_USER, SETTING_CEILINGS, "money=1000"},
	    {OWNER_SITE, SETTING_NIGHT, "off"}, {OWNER_DEVICE, SETTING_LOCATION, "country=GB"},
	    {OWNER_GROUP, SETTING_RING_SECONDS, "20"}, {OWNER_DEVICE, SETTING_DND, "on"}};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK(begin() && want_directory() && set_user(USER_ADD, "101"));
		struct msg_setting_set *m = ipc_begin(core, MSG_SETTING_SET);
		m->owner = (uint8_t)bad[i].owner;
		m->index = 1;
		m->kind = (uint8_t)bad[i].kind;
		m->value = ipc_put(core, span_str(bad[i].value));
		ipc_end(core);
		CHECK(is_accused(PROC_CORE) && seen.settings == 0);
		CHECK(start() && want_directory() && seen.users == 1 && seen.settings == 0 && stage_end(&s) == 0);
	}
}

static void say_notice(uint64_t token, int64_t wall_ms)
{
	struct msg_notice_add *m = ipc_begin(core, MSG_NOTICE_ADD);

	m->token = token;
	m->wall_ms = wall_ms;
	m->device = 1;
	m->kind = NOTICE_CALL;
	m->number = ipc_put(core, SPAN("112"));
	m->location = ipc_put(core, SPAN("country=GB, city=London"));
	ipc_end(core);
}

static void say_spent_of(uint32_t extension, const char *text)
{
	struct msg_spent_set *m = ipc_begin(core, MSG_SPENT_SET);

	m->scope = CEILING_EXTENSION;
	m->index = extension;
	m->text = ipc_put(core, span_str(text));
	ipc_end(core);
}

static void say_spent(const char *text)
{
	say_spent_of(1, text);
}

/* Killed right after it confirmed, and started anew: the notice and the counters are there, and core hears of both. */
static void notices_and_counters_outlive_a_kill(void)
{
	static const char counters[] = "day=40000 hour=960000 money=5 ms=6 hourly=7 destinations=8 half=0 full=0";

	CHECK(begin() && want_directory());
	int64_t now = clock_wall_ms();
	say_spent("day=40000 hour=960000 money=1 ms=6 hourly=7 destinations=8 half=0 full=0");
	say_spent(counters);
	say_notice(1, now);
	say_notice(2, now); /* the same, said again */
	seen.recorded = false;
	CHECK(stage_until(&s, &seen.recorded, STAGE_WAIT_MS));
	stage_run(&s, 50);
	CHECK(seen.kept == 2);
	stage_kill(&s);
	CHECK(start() && want_directory() && seen.spent == 1 && strcmp(seen.counters, counters) == 0 && seen.callbacks == 1);
	CHECK(list(LIST_NOTICES, 0, 10) && seen.notices == 1);
	struct msg_notice_take *m = ipc_begin(ctl, MSG_NOTICE_TAKE);
	m->row = seen.value;
	m->name = ipc_put(ctl, SPAN("anna"));
	ipc_end(ctl);
	CHECK(wait_done() && seen.result == DONE_OK && stage_end(&s) == 0);
}

static void counters_that_are_none_are_an_accusation(void)
{
	CHECK(begin() && want_directory());
	say_spent("day=1 and so on");
	CHECK(is_accused(PROC_CORE));
}

static void one_refusal_keeps_the_old_directory(void)
{
	CHECK(begin() && want_directory());
	seen.refuse = true;
	CHECK(set_user(USER_ADD, "101") && seen.result == DONE_REFUSED && strcmp(seen.text, "table full") == 0);
	CHECK(list(LIST_USERS, 0, 10) && seen.people == 0);
	seen.refuse = false;
	CHECK(set_user(USER_ADD, "101") && seen.result == DONE_OK && stage_end(&s) == 0);
}

static void a_silent_core_changes_nothing(void)
{
	CHECK(begin() && want_directory());
	seen.silent = true;
	CHECK(set_user(USER_ADD, "101") && seen.result == DONE_FAILED);
	CHECK(list(LIST_USERS, 0, 10) && seen.people == 0);
	seen.silent = false;
	seen.verdict_wanted = false;
	judge(seen.generation, true); /* too late: core may have taken it, so it is told all again */
	CHECK(stage_until(&s, &seen.verdict_wanted, STAGE_WAIT_MS) && seen.whole && seen.users == 0);
	CHECK(set_user(USER_ADD, "101") && seen.result == DONE_OK && stage_end(&s) == 0);
}

/* core dies with the change in its hands: the disk decides, and the next core reads it */
static void a_core_that_dies_does_not_undo_a_change(void)
{
	CHECK(begin() && want_directory());
	stage_run(&s, 50);
	seen.silent = true;
	seen.verdict_wanted = false;
	say_user(USER_ADD, "101");
	CHECK(stage_until(&s, &seen.verdict_wanted, STAGE_WAIT_MS));
	shutdown(core->fd, SHUT_RDWR);
	CHECK(wait_done() && seen.result == DONE_OK);
	stage_kill(&s);
	CHECK(start() && want_directory() && seen.users == 1 && stage_end(&s) == 0);
}

static void records_wait_while_a_change_does(void)
{
	CHECK(begin() && want_directory());
	stage_run(&s, 50);
	seen.silent = true;
	say_user(USER_ADD, "101");
	seen.verdict_wanted = false;
	CHECK(stage_until(&s, &seen.verdict_wanted, STAGE_WAIT_MS));
	seen.recorded = false;
	begin_record(1, "sealed");
	CHECK(!stage_until(&s, &seen.recorded, 300));
	judge(seen.generation, false);
	stage_run(&s, 200);
	CHECK(seen.done && seen.result == DONE_REFUSED);
	CHECK(record(2, "sealed2") && read_log(0, 10, "berta") && seen.lines == 2 && stage_end(&s) == 0); /* not rolled back with the change */
}

/* While a change waits for core nothing is written: what comes meanwhile has its bounds. What is beyond them is not confirmed, so
 * that core says it again; of counters the newest of each account stays. */
static void what_waits_is_bounded(void)
{
	CHECK(begin() && want_directory());
	stage_run(&s, 50);
	seen.silent = true;
	seen.verdict_wanted = false;
	say_user(USER_ADD, "101");
	CHECK(stage_until(&s, &seen.verdict_wanted, STAGE_WAIT_MS));
	for (uint64_t i = 1; i <= 2200; i++) {
		begin_record(i, "sealed");
		if (i % 200 == 0)
			stage_run(&s, 20);
	}
	for (uint32_t i = 1; i <= 70; i++) {
		say_notice(i, clock_wall_ms());
		if (i % 30 == 0)
			stage_run(&s, 20);
	}
	for (uint32_t i = 1; i <= 600; i++) {
		say_spent_of(i, "day=1 hour=24 money=1 ms=2 hourly=3 destinations=1 half=0 full=0");
		if (i % 60 == 0)
			stage_run(&s, 20);
	}
	CHECK(stage_want_status(&s));
	static const char *const full[] = {"records-waiting", "notices-waiting", "counters-waiting"};
	for (size_t i = 0; i < sizeof full / sizeof *full; i++) {
		const struct status_line *l = stage_status_line(&s, full[i]);
		CHECK(l->used == l->limit && l->limit > 0 && l->refused > 0);
	}
	CHECK(seen.recorded_call == 0 && seen.kept == 0);
	judge(seen.generation, false);
	stage_run(&s, 500);
	CHECK(stage_want_status(&s) && seen.kept == 64 && seen.recorded_call > 0);
	for (size_t i = 0; i < sizeof full / sizeof *full; i++)
		CHECK(stage_status_line(&s, full[i])->used == 0);
	CHECK(record(3000, "sealed") && stage_end(&s) == 0);
}

static void without_core_the_disk_decides(void)
{
	CHECK(begin());
	CHECK(set_user(USER_ADD, "101") && seen.result == DONE_OK && !seen.users);
	stage_kill(&s);
	CHECK(start() && want_directory() && seen.users == 1 && stage_end(&s) == 0);
}

/* R28: kill -9 right after the confirmation */
static void nothing_confirmed_is_lost(void)
{
	CHECK(begin() && want_directory() && set_user(USER_ADD, "101") && record(1, "sealed1"));
	stage_kill(&s);
	CHECK(start() && record(1, "sealed1") && record(2, "sealed2")); /* what core did not see confirmed comes again */
	stage_kill(&s);
	CHECK(start() && read_log(0, 10, "berta") && seen.lines == 2);
	CHECK(list(LIST_USERS, 0, 10) && seen.people == 1 && stage_end(&s) == 0);
}

static void a_reading_is_recorded_first(void)
{
	CHECK(begin());
	for (uint64_t i = 1; i <= 5; i++) {
		char source[16];
		snprintf(source, sizeof source, "sealed%d", (int)i);
		CHECK(record(i, source));
	}
	begin_log(0, 10, "berta");
	CHECK(stage_until(&s, &seen.first_line, STAGE_WAIT_MS));
	stage_kill(&s); /* the first line was seen: whatever happens now, the reading is on disk */
	CHECK(start() && list(LIST_READINGS, 0, 10) && seen.readings == 1 && strcmp(seen.admin, "berta") == 0);
	/* its pages are one reading; a page that does not go on from there is another */
	CHECK(read_log(0, 2, "cesar") && seen.result == DONE_OK && seen.lines == 2);
	CHECK(read_log(seen.value, 2, "cesar") && seen.result == DONE_OK && seen.lines == 2);
	CHECK(list(LIST_READINGS, 0, 10) && seen.readings == 2);
	CHECK(read_log(3, 2, "cesar") && list(LIST_READINGS, 0, 10) && seen.readings == 3);
	CHECK(read_log(5, 2, "berta") && list(LIST_READINGS, 0, 10) && seen.readings == 4);
	CHECK(stage_end(&s) == 0);
}

static const uint8_t backup_key[BACKUP_KEY] = {9};

static bool want_export(uint32_t at)
{
	for (int tries = 0; tries < 100; tries++) {
		struct msg_export_want *m = ipc_begin(ctl, MSG_EXPORT_WANT);
		m->at = at;
		memcpy(m->key, backup_key, sizeof m->key);
		ipc_end(ctl);
		seen.done = exported.came = false;
		for (int i = 0; i < 300 && !seen.done && !exported.came; i++)
			stage_run(&s, 10);
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

	CHECK(begin() && set_user(USER_ADD, "101") && seen.result == DONE_OK);
	for (uint64_t i = 1; i <= 500; i++) {
		char text[32];
		snprintf(text, sizeof text, "NEEDLE-%d", (int)i);
		CHECK(record(i, text));
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
			CHECK(list(LIST_READINGS, 0, 10) && seen.readings == 1 && strcmp(seen.admin, "(backup)") == 0);
	}
	CHECK(!source && box.ended && load.rows > 500 && exported.n > 2);
	/* what is not the next piece of one that was begun */
	CHECK(want_export(1) && seen.done && seen.result == DONE_REFUSED);
	CHECK(want_export(0) && exported.came && want_export(5) && seen.done && seen.result == DONE_REFUSED);
	CHECK(want_export(UINT32_MAX) && seen.done && seen.result == DONE_REFUSED);
	/* a directory that changes meanwhile spoils it, and that is said */
	CHECK(want_export(0) && exported.came && set_user(USER_ADD, "102") && seen.result == DONE_OK);
	seen.done = false;
	for (uint32_t at = 1; at < 100 && !seen.done; at++)
		CHECK(want_export(at));
	CHECK(seen.result == DONE_FAILED && strstr(seen.text, "changed"));
	CHECK(stage_end(&s) == 0);
}

/* more than SQLite's log holds, so that it goes over into the file, in the cage */
static void many_records_are_kept(void)
{
	char source[32];

	CHECK(begin());
	for (uint64_t i = 1; i <= 20000; i++) {
		snprintf(source, sizeof source, "sealed%d", (int)i);
		struct msg_record *m = i % 1000 ? ipc_begin(core, MSG_RECORD) : NULL;
		if (m) {
			m->call = m->number = i;
			m->start_wall_ms = clock_wall_ms();
			m->source = ipc_put(core, span_str(source));
			ipc_end(core);
		} else {
			CHECK(record(i, source));
		}
	}
	CHECK(stage_want_status(&s) && stage_status_line(&s, "records-written")->used == 20000);
	CHECK(stage_end(&s) == 0);
}

static void a_large_directory_goes_in_pieces(void)
{
	char why[DB_WHY_MAX], name[16];
	const char *reason;
	struct store st;
	struct person p;
	struct phone d;
	struct binding b;

	CHECK(clean() && store_open(&st, open_db(), why) && store_begin(&st));
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof name, "u%d", i);
		CHECK(store_person_add(&st, span_str(name), SPAN("A display name of forty octets or so, yes"), true, &p,
			  &reason) == DONE_OK);
		CHECK(store_phone_add(&st, span_str(name), DEVICE_ADDED, 0, NULL, &d, &reason) == DONE_OK);
		CHECK(store_bind(&st, span_str(name), d.id, true, &b, &reason) == DONE_OK);
	}
	CHECK(store_commit(&st));
	store_close(&st);
	CHECK(start() && want_directory() && seen.users == 3000 && seen.devices == 3000 && seen.bindings == 3000);
	uint32_t n = 0;
	seen.value = 0;
	do {
		CHECK(list(LIST_USERS, seen.value, 1000) && seen.people <= 128);
		n += seen.people;
	} while (seen.people == 128);
	CHECK(n == 3000 && stage_end(&s) == 0);
}

static void events_are_kept_within_bounds(void)
{
	CHECK(begin());
	for (int i = 0; i < 120; i++) {
		struct msg_event *m = ipc_begin(core, MSG_EVENT);
		CHECK(m);
		m->kind = EVENT_LOGIN_WRONG;
		m->severity = SEVERITY_WARNING;
		m->device = 3;
		m->wall_ms = clock_wall_ms();
		m->detail = ipc_put(core, SPAN("wrong password"));
		ipc_end(core);
	}
	struct msg_event *m = ipc_begin(core, MSG_EVENT);
	m->kind = EVENT_IMPERSONATION;
	m->severity = SEVERITY_ALARM;
	m->wall_ms = clock_wall_ms();
	ipc_end(core);
	uint64_t value = 0;
	int began = 0;
	do {
		stage_run(&s, 20);
		CHECK(stage_want_status(&s) && ++began < 200);
	} while (stage_status_line(&s, "events-written")->used + stage_status_line(&s, "events-waiting")->refused < 121);
	uint32_t n = 0;
	do {
		CHECK(list(LIST_EVENTS, value, 50));
		n += seen.events;
		value = seen.value;
	} while (seen.events == 50);
	/* the burst, one that says some are missing, and the alarm */
	CHECK(n >= 102 && n <= 115 && seen.event.kind == EVENT_IMPERSONATION && seen.event.proc == PROC_CORE);
	CHECK(list(LIST_EVENTS, 0, 0) && seen.value == n && seen.events == 0);
	CHECK(stage_want_status(&s) && stage_status_line(&s, "events-waiting")->refused > 0 && stage_end(&s) == 0);
}

static bool confirm_clock(void)
{
	ipc_begin(ctl, MSG_CLOCK_CONFIRM);
	ipc_end(ctl);
	return wait_done() && seen.result == DONE_OK;
}

/* A call of a year ago, and what the wall clock said when ledger last looked. */
static bool put_old_call(int64_t last_wall_ms)
{
	char why[DB_WHY_MAX];
	struct store st;
	struct call_row old = {.id = 1,
	    .source = SPAN("NEEDLE-OLD-SOURCE"), .destination = SPAN("102"),
	    .start_ms = clock_wall_ms() - INT64_C(365) * 86400000};
	bool ok = clean() && store_open(&st, open_db(), why) && store_begin(&st) && store_call(&st, LOG_FULL, &old) &&
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
		snprintf(path, sizeof path, "%s/%s", dir, files[i]);
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
	CHECK(put_old_call(clock_wall_ms() - 3600000) && (uri || on_disk("NEEDLE-OLD-SOURCE")) && start());
	stage_run(&s, 200);
	CHECK(read_log(0, 10, "berta") && seen.lines == 0 && !on_disk("NEEDLE-OLD-SOURCE") && stage_end(&s) == 0);
	CHECK(put_old_call(clock_wall_ms() - INT64_C(3) * 86400000) && start());
	stage_run(&s, 400);
	CHECK(read_log(0, 10, "berta") && seen.lines == 1 && list(LIST_EVENTS, 0, 10) && seen.event.severity == SEVERITY_ALARM);
	CHECK(stage_want_status(&s) && stage_status_line(&s, "deletion-held")->used == 1);
	stage_kill(&s);
	CHECK(start()); /* a new start forgets it not */
	stage_run(&s, 200);
	CHECK(read_log(0, 10, "berta") && seen.lines == 1);
	CHECK(confirm_clock() && read_log(0, 10, "berta") && seen.lines == 0 && !on_disk("NEEDLE-OLD-SOURCE"));
	CHECK(stage_end(&s) == 0);
}

/* --- voicemail --- */

static uint64_t begin_mail(uint32_t user)
{
	struct msg_mail_begin *m = ipc_begin(core, MSG_MAIL_BEGIN);

	m->token = 5;
	m->user = user;
	ipc_end(core);
	seen.mail_found = false;
	bool came = stage_until(&s, &seen.mail_found, STAGE_WAIT_MS);
	return came && seen.found.fresh && seen.found.user == user && seen.found.token == 5 ? seen.found.message : 0;
}

static void put_piece(uint64_t message, uint32_t at)
{
	struct msg_mail_put *m = ipc_begin(voice, MSG_MAIL_PUT);

	m->message = message;
	m->at = at;
	m->piece = ipc_put(voice, SPAN("sealed, as far as ledger can know"));
	ipc_end(voice);
}

static bool end_mail(uint64_t message, uint32_t length_ms)
{
	struct msg_mail_end *m = ipc_begin(voice, MSG_MAIL_END);

	m->token = 77;
	m->message = message;
	m->length_ms = length_ms;
	ipc_end(voice);
	seen.mail_ended = seen.mail_counted = seen.key_forgotten = false;
	return stage_until(&s, &seen.mail_counted, STAGE_WAIT_MS) && seen.mail_ended && seen.mail_kept.token == 77 &&
	       seen.mail_kept.message == message;
}

/* Messages as an exchange that was killed left them: an hour old and unended, and too old. */
static bool put_old_mail(int64_t wall_ms)
{
	char why[DB_WHY_MAX];
	struct store st;
	struct db *db = open_db();
	bool ok = db && store_open(&st, db, why) && store_mail_begin(&st, 1, wall_ms, 50) == 1;

	store_close(&st);
	return ok;
}

static bool forget_mails(const char *user)
{
	struct msg_mail_forget *m = ipc_begin(ctl, MSG_MAIL_FORGET);

	m->user = ipc_put(ctl, span_str(user));
	ipc_end(ctl);
	seen.mail_counted = false;
	return wait_done();
}

static void a_message_is_kept_or_goes_with_its_key(void)
{
	uint64_t message;

	CHECK(begin() && want_directory() && set_user(USER_ADD, "101") && seen.result == DONE_OK);
	CHECK((message = begin_mail(1)) == 1);
	put_piece(message, 0);
	put_piece(message, 1);
	stage_run(&s, 50);
	CHECK(end_mail(message, 1500) && seen.mail_kept.kept == MAIL_KEPT_WHOLE && !seen.key_forgotten);
	CHECK(seen.count.user == 1 && seen.count.fresh == 1 && (message = begin_mail(1)) == 2);
	CHECK(end_mail(message, 0) && seen.mail_kept.kept == MAIL_KEPT_NOT && seen.count.fresh == 1);
	CHECK(stage_until(&s, &seen.key_forgotten, STAGE_WAIT_MS) && seen.forgotten == 2);
	CHECK((message = begin_mail(1)) == 2); /* voice had a piece, and ledger did not get it */
	CHECK(end_mail(message, 5000) && seen.mail_kept.kept == MAIL_KEPT_NOT);
	CHECK(forget_mails("101") && seen.result == DONE_OK && seen.mail_counted && seen.count.fresh == 0);
	CHECK(forget_mails("109") && seen.result == DONE_NOT_FOUND && stage_end(&s) == 0);
}

static void what_nobody_ended_goes_with_its_key(void)
{
	CHECK(clean() && put_old_mail(clock_wall_ms() - INT64_C(2) * 3600000) && start());
	CHECK(stage_until(&s, &seen.key_forgotten, STAGE_WAIT_MS) && seen.forgotten == 1 && stage_end(&s) == 0);
	CHECK(clean() && put_old_mail(clock_wall_ms() - 60000) && start()); /* it may still be going on */
	stage_run(&s, 300);
	CHECK(!seen.key_forgotten && want_directory() && begin_mail(1) == 2 && stage_end(&s) == 0);
}

/* The server hangs up: what was not confirmed is not, and parent starts ledger anew. */
static void a_database_that_is_lost_ends_the_process(void)
{
	char why[DB_WHY_MAX];
	struct db *db;

	if (!uri)
		return;
	CHECK(begin() && record(1, "sealed1"));
	db = db_open_postgresql(uri, why);
	CHECK(db && db_exec(db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
				"WHERE application_name = 'ringfence' AND pid <> pg_backend_pid()"));
	db_close(db);
	begin_record(2, "sealed2");
	seen.recorded = false;
	for (int i = 0; i < 100 && !s.parent.broken; i++)
		stage_run(&s, 50);
	CHECK(s.parent.broken && !seen.recorded);
	stage_kill(&s);
	CHECK(start() && record(2, "sealed2") && read_log(0, 10, "berta") && seen.lines == 2 && stage_end(&s) == 0);
}

/* R28: a disk that is full for a while */
static void a_full_disk_confirms_nothing(void)
{
	char filler[128];
	static char zeros[1 << 16];
	uint64_t call = 1;
	int fd;

	if (uri || getuid() != 0 || mount("none", dir, "tmpfs", 0, "size=2m") != 0)
		return;
	CHECK(chown(dir, 61900 + PROC_LEDGER, 61900 + PROC_LEDGER) == 0 && start() && record(call, "before"));
	snprintf(filler, sizeof filler, "%s/filler", dir);
	fd = open(filler, O_WRONLY | O_CREAT, 0600);
	while (write(fd, zeros, sizeof zeros) > 0)
		;
	close(fd);
	do { /* what the log file still holds goes first */
		char source[32];
		snprintf(source, sizeof source, "sealed%d", (int)++call);
		seen.recorded = false;
		begin_record(call, source);
	} while (stage_until(&s, &seen.recorded, 500) && call < 3000);
	CHECK(call < 3000 && stage_want_status(&s) && stage_status_line(&s, "commit-failures")->used > 0);
	CHECK(stage_status_line(&s, "records-waiting")->used > 0);
	CHECK(unlink(filler) == 0 && stage_until(&s, &seen.recorded, STAGE_WAIT_MS) && seen.recorded_call == call);
	stage_kill(&s);
	CHECK(start());
	uint64_t rows = 0;
	seen.value = 0;
	do {
		CHECK(read_log(seen.value, 100, "berta") && seen.result == DONE_OK);
		rows += seen.lines;
	} while (seen.lines == 100);
	CHECK(rows == call && stage_end(&s) == 0);
	umount(dir);
}

/* R22 */
static void the_mild_log_is_refused(void)
{
	memset(&seen, 0, sizeof seen);
	CHECK(clean() && stage_start(&s, exe, PROC_LEDGER, empty, on));
	stage_give_file(&s, FILE_STORE_DIR, open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	s.site.log_privacy = LOG_MILD;
	CHECK(!stage_go(&s) || s.refused);
	CHECK(s.refused && strstr(s.reason, "intrusion detection") && strstr(s.reason, "firewall log"));
	CHECK(!strstr(s.reason, "PIN"));
	stage_kill(&s);
	/* without the PIN that is said too */
	CHECK(clean() && stage_start(&s, exe, PROC_LEDGER, empty, on));
	stage_give_file(&s, FILE_STORE_DIR, open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	s.site.log_privacy = LOG_MILD;
	s.site.plan.pin = 0;
	CHECK(!stage_go(&s) || s.refused);
	CHECK(s.refused && strstr(s.reason, "the outgoing PIN, intrusion detection and the firewall log"));
	stage_kill(&s);
}

/* --- liars --- */

static bool is_accused(enum proc who)
{
	for (int i = 0; i < 50 && s.accused == PROC_PARENT; i++)
		stage_run(&s, 50);
	bool yes = s.accused == who;
	return stage_end(&s) == 0 && yes;
}

static void a_core_that_judges_what_it_was_not_given(void)
{
	CHECK(begin() && want_directory());
	judge(seen.generation + 1, true);
	CHECK(is_accused(PROC_CORE));
}

static void a_ctl_that_reads_for_nobody(void)
{
	CHECK(begin() && record(1, "sealed"));
	begin_log(0, 10, "");
	CHECK(is_accused(PROC_CTL) && seen.lines == 0);
}

/* what the contract does not give to ctl: one link's frames sent down the other */
static void a_ctl_that_speaks_as_core(void)
{
	CHECK(begin());
	begin_record(9, "forged");
	struct ipc_frame *f = &core->ring[core->first];
	((struct ipc_frame_head *)(void *)f->bytes)->size = f->n;
	CHECK(write(ctl->fd, f->bytes, f->n) == (ssize_t)f->n);
	f->n = 0;
	core->queued = 0;
	CHECK(is_accused(PROC_CTL));
	CHECK(start() && read_log(0, 10, "berta") && seen.lines == 0 && stage_end(&s) == 0);
}

static void a_flood_of_events_is_cut(void)
{
	CHECK(begin());
	for (int turn = 0; turn < 10 && !core->broken; turn++) {
		for (struct msg_event *m; (m = ipc_begin(core, MSG_EVENT));) {
			m->kind = EVENT_BAD_BYTES;
			ipc_end(core);
		}
		stage_run(&s, 20);
	}
	CHECK(is_accused(PROC_CORE) && strstr(s.accusation, "too often"));
}

static void bad_names_do_nothing(void)
{
	CHECK(begin() && set_user(USER_ADD, "leg-1") && seen.result == DONE_REFUSED && seen.text[0]);
	CHECK(bind_phone(4000000000u, "101", true) && seen.result == DONE_NOT_FOUND);
	CHECK(list(LIST_USERS, UINT64_MAX, UINT32_MAX) && seen.result == DONE_OK && seen.people == 0);
	CHECK(list(LIST_PHONES, UINT32_MAX, UINT32_MAX) && seen.result == DONE_OK);
	CHECK(read_log(UINT64_MAX, UINT32_MAX, "berta") && seen.result == DONE_OK && stage_end(&s) == 0);
}

/* What makes the made-up messages of the contract's rows find something to act on. */
static void mend(struct link *l, enum msg type, void *payload)
{
	if (type == MSG_USER_SET)
		((struct msg_user_set *)payload)->action = USER_CHANGE;
	if (type == MSG_SETTING_PUT)
		((struct msg_setting_put *)payload)->lines = ipc_put(l, SPAN("dnd=on\nscreen=slow"));
	if (type == MSG_GROUP_SET)
		((struct msg_group_set *)payload)->lines = ipc_put(l, SPAN("members=101"));
	if (type == MSG_SPENT_SET)
		((struct msg_spent_set *)payload)->text =
		    ipc_put(l, SPAN("day=1 hour=24 money=1 ms=2 hourly=3 destinations=1 half=0 full=0"));
}

/* Whatever ctl, core, or one that only has events to tell says in any field of any message: ledger lives, names the liar
 * where the contract is broken, and keeps its directory and the log in order. */
static void what_siblings_lie_is_borne(void)
{
	static const enum proc all[] = {PROC_CTL, PROC_CORE, PROC_EDGE, PROC_MEDIA, PROC_VOICE};
	struct stage_liars x = {.s = &s, .mend = mend};

	CHECK(begin() && set_user(USER_ADD, "101") && seen.result == DONE_OK && add_phone() && record(1, "sealed"));
	stage_cut(&s, core);
	stage_cut(&s, ctl);
	seen.silent = true;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		CHECK(stage_lies(&x, all[i]));
	CHECK(x.rows >= 20 && x.told > 1000 && x.accused > 200);
	seen.silent = false;
	core = stage_sibling(&s, PROC_CORE, 0);
	ctl = stage_sibling(&s, PROC_CTL, 0);
	CHECK(want_directory());
	CHECK(read_log(0, 10, "berta") && seen.result == DONE_OK && seen.lines >= 1);
	CHECK(set_user(USER_ADD, "honest") && seen.result == DONE_OK && stage_end(&s) == 0);
	CHECK(start() && want_directory() && seen.whole && stage_end(&s) == 0);
}

static bool make_dirs(void)
{
	snprintf(root, sizeof root, "/tmp/ringfence-ledger-XXXXXX");
	if (!mkdtemp(root))
		return false;
	snprintf(dir, sizeof dir, "%s/ledger", root);
	snprintf(empty, sizeof empty, "%s/empty", root);
	/* the uid of ledger, where the test may give it away */
	return chmod(root, 0755) == 0 && mkdir(dir, 0700) == 0 && mkdir(empty, 0755) == 0 &&
	       (getuid() != 0 || chown(dir, 61900 + PROC_LEDGER, 61900 + PROC_LEDGER) == 0);
}

static void remove_dirs(void)
{
	char path[128];
	static const char *const names[] = {"ledger/ledger.db", "ledger/ledger.db-wal", "ledger/ledger.db-journal"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", root, names[i]);
		unlink(path);
	}
	umount2(dir, MNT_DETACH); /* of a test that failed */
	rmdir(dir);
	rmdir(empty);
	rmdir(root);
}

int main(int argc, char **argv)
{
	if (argc < 2 || !make_dirs())
		return 1;
	exe = argv[1];
	uri = argc > 2 ? argv[2] : NULL;
	RUN(core_gets_the_directory);
	RUN(settings_go_to_core_all_or_none);
	RUN(groups_go_to_core);
	RUN(a_user_sets_what_is_theirs);
	RUN(core_sets_nothing_of_an_administrator);
	RUN(notices_and_counters_outlive_a_kill);
	RUN(counters_that_are_none_are_an_accusation);
	RUN(one_refusal_keeps_the_old_directory);
	RUN(a_silent_core_changes_nothing);
	RUN(a_core_that_dies_does_not_undo_a_change);
	RUN(records_wait_while_a_change_does);
	RUN(what_waits_is_bounded);
	RUN(without_core_the_disk_decides);
	RUN(nothing_confirmed_is_lost);
	RUN(a_reading_is_recorded_first);
	RUN(a_backup_is_sealed_and_recorded);
	RUN(many_records_are_kept);
	RUN(a_large_directory_goes_in_pieces);
	RUN(events_are_kept_within_bounds);
	RUN(a_message_is_kept_or_goes_with_its_key);
	RUN(what_nobody_ended_goes_with_its_key);
	RUN(a_database_that_is_lost_ends_the_process);
	RUN(a_full_disk_confirms_nothing);
	RUN(a_clock_that_jumped_erases_nothing);
	RUN(the_mild_log_is_refused);
	RUN(a_core_that_judges_what_it_was_not_given);
	RUN(a_ctl_that_reads_for_nobody);
	RUN(a_ctl_that_speaks_as_core);
	RUN(a_flood_of_events_is_cut);
	RUN(bad_names_do_nothing);
	RUN(what_siblings_lie_is_borne);
	remove_dirs();
	return TEST_END;
}
