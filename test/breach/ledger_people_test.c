/* SPDX-License-Identifier: ISC */
/* Settings, ring groups, counters of ceilings and notices of emergency calls in ledger: all or none of a change, nothing
 * forgotten by a kill, and what waits is bounded (R16, R17, R27, R28). ledger_people_test EXECUTABLE [URI] */
#include "ledger_house.h"
#include "base/clock.h"
#include "test.h"

static bool put_settings(enum setting_owner owner, const char *name, const char *lines)
{
	int tries = 0;

	do {
		struct msg_setting_put *m = ipc_begin(house.ctl, MSG_SETTING_PUT);
		m->owner = (uint8_t)owner;
		m->index = 1;
		m->name = ipc_put(house.ctl, span_str(name));
		m->lines = ipc_put(house.ctl, span_str(lines));
		ipc_end(house.ctl);
	} while (house_busy(&tries));
	return seen.done;
}

static bool set_group(enum group_action action, const char *name, const char *lines)
{
	int tries = 0;

	do {
		struct msg_group_set *m = ipc_begin(house.ctl, MSG_GROUP_SET);
		m->action = (uint8_t)action;
		m->name = ipc_put(house.ctl, span_str(name));
		m->lines = ipc_put(house.ctl, span_str(lines));
		ipc_end(house.ctl);
	} while (house_busy(&tries));
	return seen.done;
}

static bool own_setting(enum setting_owner owner, uint32_t index, enum setting_kind kind, const char *value)
{
	struct msg_setting_set *m = ipc_begin(house.core, MSG_SETTING_SET);

	m->owner = (uint8_t)owner;
	m->index = index;
	m->kind = (uint8_t)kind;
	m->value = ipc_put(house.core, span_str(value));
	ipc_end(house.core);
	seen.own_done = false;
	return stage_until(&house.s, &seen.own_done, STAGE_WAIT_MS);
}

static uint32_t settings_of(enum setting_owner owner, const char *name)
{
	struct msg_setting_want *m = ipc_begin(house.ctl, MSG_SETTING_WANT);

	m->owner = (uint8_t)owner;
	m->index = 1;
	m->name = ipc_put(house.ctl, span_str(name));
	ipc_end(house.ctl);
	seen.lines_of_settings = 0;
	return house_wait_done() && seen.result == DONE_OK ? seen.lines_of_settings : UINT32_MAX;
}

static void settings_go_to_core_all_or_none(void)
{
	CHECK(house_begin() && house_want_directory() && house_set_user(USER_ADD, "101") && seen.result == DONE_OK);
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
	CHECK(house_want_directory() && seen.whole && seen.settings == 4);
	CHECK(house_set_user(USER_DELETE, "101") && seen.result == DONE_REFUSED); /* who hears of calls for help (R16) */
	CHECK(put_settings(OWNER_SITE, "", "front-desk=\n") && seen.result == DONE_OK);
	CHECK(house_set_user(USER_DELETE, "101") && seen.result == DONE_OK && seen.whole && seen.settings == 1);
	CHECK(stage_end(&house.s) == 0);
}

/* None that voice cannot speak, and nothing of what was given with it. */
static void a_language_is_one_of_the_sites(void)
{
	CHECK(house_begin() && house_want_directory() && house_set_user(USER_ADD, "101") && seen.result == DONE_OK);
	CHECK(put_settings(OWNER_USER, "101", "dnd=on\nlanguage=fr\n") && seen.result == DONE_REFUSED);
	CHECK(strcmp(seen.text, "language is none of en") == 0 && settings_of(OWNER_USER, "101") == 0);
	CHECK(put_settings(OWNER_USER, "101", "language=en\n") && seen.result == DONE_OK && strcmp(seen.setting, "en") == 0);
	CHECK(put_settings(OWNER_USER, "101", "language=\n") && seen.result == DONE_OK && settings_of(OWNER_USER, "101") == 0);
	CHECK(stage_end(&house.s) == 0);
}

static void groups_go_to_core(void)
{
	CHECK(house_begin() && house_want_directory() && house_set_user(USER_ADD, "101") && house_set_user(USER_ADD, "102"));
	CHECK(set_group(GROUP_ADD, "200", "members=101,102\nstrategy=in-turn\n") && seen.result == DONE_OK);
	CHECK(seen.groups == 1 && seen.settings == 2);
	CHECK(set_group(GROUP_ADD, "201", "members=101,109\n") && seen.result == DONE_REFUSED && strstr(seen.text, "members"));
	CHECK(house_want_directory() && seen.groups == 1); /* of the refused one nothing stays */
	CHECK(set_group(GROUP_ADD, "101", "members=102\n") && seen.result == DONE_EXISTS);
	CHECK(set_group(GROUP_CHANGE, "200", "members=101\n") && seen.result == DONE_OK && strcmp(seen.setting, "101") == 0);
	CHECK(set_group(GROUP_DELETE, "200", "") && seen.result == DONE_OK && seen.whole && seen.groups == 0 && seen.settings == 0);
	CHECK(set_group(GROUP_DELETE, "200", "") && seen.result == DONE_NOT_FOUND);
	CHECK(stage_end(&house.s) == 0);
}

static void a_user_sets_what_is_theirs(void)
{
	CHECK(house_begin() && house_want_directory() && house_set_user(USER_ADD, "101") && seen.result == DONE_OK);
	stage_run(&house.s, 50);
	CHECK(own_setting(OWNER_USER, 1, SETTING_FORWARD_ALWAYS, "102") && seen.own_result == DONE_OK && seen.settings == 1);
	CHECK(own_setting(OWNER_USER, 1, SETTING_RING_SECONDS, "1") && seen.own_result == DONE_REFUSED);
	CHECK(own_setting(OWNER_USER, 7, SETTING_DND, "on") && seen.own_result == DONE_NOT_FOUND);
	CHECK(settings_of(OWNER_USER, "101") == 1);
	CHECK(own_setting(OWNER_USER, 1, SETTING_FORWARD_ALWAYS, "") && seen.own_result == DONE_OK);
	CHECK(settings_of(OWNER_USER, "101") == 0);
	CHECK(stage_end(&house.s) == 0);
}

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
		CHECK(house_begin() && house_want_directory() && house_set_user(USER_ADD, "101"));
		struct msg_setting_set *m = ipc_begin(house.core, MSG_SETTING_SET);
		m->owner = (uint8_t)bad[i].owner;
		m->index = 1;
		m->kind = (uint8_t)bad[i].kind;
		m->value = ipc_put(house.core, span_str(bad[i].value));
		ipc_end(house.core);
		CHECK(house_is_accused(PROC_CORE) && seen.settings == 0);
		CHECK(house_start() && house_want_directory() && seen.users == 1 && seen.settings == 0 && stage_end(&house.s) == 0);
	}
}

static void say_notice(uint64_t token, int64_t wall_ms)
{
	struct msg_notice_add *m = ipc_begin(house.core, MSG_NOTICE_ADD);

	m->token = token;
	m->wall_ms = wall_ms;
	m->device = 1;
	m->kind = NOTICE_CALL;
	m->number = ipc_put(house.core, SPAN("112"));
	m->location = ipc_put(house.core, SPAN("country=GB, city=London"));
	ipc_end(house.core);
}

static void say_spent_of(uint32_t extension, const char *text)
{
	struct msg_spent_set *m = ipc_begin(house.core, MSG_SPENT_SET);

	m->scope = CEILING_EXTENSION;
	m->index = extension;
	m->text = ipc_put(house.core, span_str(text));
	ipc_end(house.core);
}

static void say_spent(const char *text)
{
	say_spent_of(1, text);
}

/* Killed right after it confirmed, and started anew: the notice and the counters are there, and core hears of both. */
static void notices_and_counters_outlive_a_kill(void)
{
	static const char counters[] = "day=40000 hour=960000 money=5 ms=6 hourly=7 destinations=8 half=0 full=0";

	CHECK(house_begin() && house_want_directory());
	int64_t now = clock_wall_ms();
	say_spent("day=40000 hour=960000 money=1 ms=6 hourly=7 destinations=8 half=0 full=0");
	say_spent(counters);
	say_notice(1, now);
	say_notice(2, now); /* the same, said again */
	seen.recorded = false;
	CHECK(stage_until(&house.s, &seen.recorded, STAGE_WAIT_MS));
	for (int i = 0; i < 1000 && !seen.kept; i++)
		stage_run(&house.s, 10);
	CHECK(seen.kept > 0);
	stage_kill(&house.s);
	CHECK(house_start() && house_want_directory() && seen.spent == 1 && strcmp(seen.counters, counters) == 0 && seen.callbacks == 1);
	CHECK(house_list(LIST_NOTICES, 0, 10) && seen.notices == 1);
	struct msg_notice_take *m = ipc_begin(house.ctl, MSG_NOTICE_TAKE);
	m->row = seen.value;
	m->name = ipc_put(house.ctl, SPAN("anna"));
	ipc_end(house.ctl);
	CHECK(house_wait_done() && seen.result == DONE_OK && stage_end(&house.s) == 0);
}

static void counters_that_are_none_are_an_accusation(void)
{
	CHECK(house_begin() && house_want_directory());
	say_spent("day=1 and so on");
	CHECK(house_is_accused(PROC_CORE));
}

/* While a change waits for core nothing is written: what comes meanwhile has its bounds. What is beyond them is not confirmed, so
 * that core says it again; of counters the newest of each account stays. */
static void what_waits_is_bounded(void)
{
	CHECK(house_begin_waiting());
	for (uint64_t i = 1; i <= 2200; i++) {
		house_begin_record(i, "sealed");
		if (i % 200 == 0)
			stage_run(&house.s, 20);
	}
	for (uint32_t i = 1; i <= 70; i++) {
		say_notice(i, clock_wall_ms() + i);
		if (i % 30 == 0)
			stage_run(&house.s, 20);
	}
	for (uint32_t i = 1; i <= 600; i++) {
		say_spent_of(i, "day=1 hour=24 money=1 ms=2 hourly=3 destinations=1 half=0 full=0");
		if (i % 60 == 0)
			stage_run(&house.s, 20);
	}
	CHECK(stage_want_status(&house.s));
	static const char *const full[] = {"records-waiting", "notices-waiting", "counters-waiting"};
	for (size_t i = 0; i < sizeof full / sizeof *full; i++) {
		const struct status_line *l = stage_status_line(&house.s, full[i]);
		CHECK(l->used == l->limit && l->limit > 0 && l->refused > 0);
	}
	CHECK(seen.recorded_call == 0 && seen.kept == 0);
	house_judge(seen.generation, false);
	for (size_t i = 0; i < sizeof full / sizeof *full; i++)
		CHECK(stage_line_comes(&house.s, full[i], 0));
	CHECK(stage_comes(&house.s, &seen.kept, 64) && seen.recorded_call > 0);
	CHECK(house_record(3000, "sealed") && stage_end(&house.s) == 0);
}

int main(int argc, char **argv)
{
	if (!house_open(argc, argv))
		return 1;
	RUN(settings_go_to_core_all_or_none);
	RUN(a_language_is_one_of_the_sites);
	RUN(groups_go_to_core);
	RUN(a_user_sets_what_is_theirs);
	RUN(core_sets_nothing_of_an_administrator);
	RUN(notices_and_counters_outlive_a_kill);
	RUN(counters_that_are_none_are_an_accusation);
	RUN(what_waits_is_bounded);
	house_end();
	return TEST_END;
}
