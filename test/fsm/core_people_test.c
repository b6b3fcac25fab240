/* SPDX-License-Identifier: ISC */
/* What people and phones have set, in core: it comes whole or not at all (R5); questions about PINs are always answered, and
 * with no when nobody can judge (R15); notices of emergency calls are said until they are kept (R16). */
#include "../unit/test.h"
#include "base/clock.h"
#include "directory.h"
#include "notice.h"
#include "pin.h"
#include "settings.h"
#include "sim_voice.h"

/* --- settings --- */

static void settings_are_parsed_once(void)
{
	struct addr a;

	sim_defaults();
	set(0, OWNER_USER, 1, SETTING_DND, "on");
	set(1, OWNER_USER, 1, SETTING_FORWARD_BUSY, "carol");
	set(2, OWNER_USER, 1, SETTING_CLASSES, "local national fr");
	set(3, OWNER_USER, 1, SETTING_CEILINGS, "calls=1");
	set(4, OWNER_USER, 1, SETTING_VOICEMAIL, "25");
	set(5, OWNER_DEVICE, 2, SETTING_SUBNET, "192.0.2.0/24");
	set(6, OWNER_DEVICE, 2, SETTING_JOIN, "ended");
	set(7, OWNER_SITE, 0, SETTING_NIGHT, "on");
	sim.group[1].name = "200";
	sim.group[1].members = "alice,bob";
	sim_open();
	const struct user_settings *u = settings_of_user(1);
	NEED(u->dnd && strcmp(u->forward[FORWARD_BUSY], "carol") == 0 && !u->forward[FORWARD_ALWAYS][0]);
	NEED(u->has_classes && u->classes.mask & 1 << NUMBER_NATIONAL && !(u->classes.mask & 1 << NUMBER_PREMIUM));
	NEED(u->voicemail == VOICEMAIL_ON && u->voicemail_s == 25 && u->ring_s == 0 && !settings_of_user(2)->dnd);
	struct ceiling_limit mine = settings_limit_of_user(&sim.site.plan, 1), site = settings_limit_of_user(&sim.site.plan, 2);
	NEED(mine.most[CEILING_CALLS] == 1 && mine.most[CEILING_MONEY] == site.most[CEILING_MONEY]);
	NEED(settings_of_device(2)->ended && !settings_of_device(1)->ended);
	NEED(addr_parse_ip(SPAN("192.0.2.7"), &a) && !settings_device_away(2, &a) && !settings_device_away(1, &a));
	NEED(addr_parse_ip(SPAN("198.51.100.7"), &a) && settings_device_away(2, &a) && !settings_device_away(1, &a) && settings_device_away(1, NULL));
	NEED(settings_of_site()->night == NIGHT_NOW);
	NEED(directory_group(SPAN("200")) == 1 && directory_group(SPAN("201")) == NOBODY && directory_group_at(1));
	NEED(strcmp(settings_of_group(1)->members, "alice,bob") == 0 && settings_of_group(1)->strategy == STRATEGY_ALL);
	/* out of range: the defaults, and nothing else */
	NEED(!settings_of_user(NOBODY)->dnd && !settings_of_device(UINT32_MAX)->ended && !settings_of_group(9999)->members[0]);
	/* a whole generation forgets what it does not name */
	memset(sim.setting, 0, sizeof sim.setting);
	memset(sim.group, 0, sizeof sim.group);
	sim_push_directory();
	sim_turn();
	NEED(!u->dnd && !u->has_classes && !u->ceilings[0] && !settings_of_device(2)->ended && !settings_of_site()->night);
	NEED(directory_group(SPAN("200")) == NOBODY && !directory_group_at(1) && !settings_of_group(1)->members[0]);
	sim_need_idle();
}

static bool verdict(void)
{
	bool ok = false;

	for (struct heard *h; (h = sim_take(PROC_LEDGER, MSG_DIRECTORY_VERDICT, NULL, NULL));)
		ok = ((const struct msg_directory_verdict *)(const void *)h->payload)->ok;
	return ok;
}

static void one_bad_setting_keeps_all_of_the_old(void)
{
	static const struct sim_setting bad[] = {{OWNER_USER, SETTING_RING_SECONDS, 1, "4"}, {OWNER_USER, SETTING_DND, 99, "on"},
	    {OWNER_DEVICE, SETTING_DND, 1, "on"}, {OWNER_SITE, SETTING_NIGHT, 1, "on"}, {OWNER_GROUP, SETTING_MEMBERS, 5000, "alice"},
	    {OWNER_USER, SETTING_CLASSES, 1, "everything"}, {OWNER_DEVICE, SETTING_LOCATION, 1, "city=London"}};

	sim_defaults();
	set(0, OWNER_USER, 1, SETTING_DND, "on");
	sim_open();
	NEED(verdict());
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		set(0, OWNER_USER, 2, SETTING_DND, "on");
		sim.setting[1] = bad[i];
		sim.user[3].name = "erin";
		sim_push_directory();
		sim_turn();
		NEED(!verdict() && settings_of_user(1)->dnd && !settings_of_user(2)->dnd);
		NEED(directory_find(SPAN("dave")) == 3 && directory_find(SPAN("erin")) == NOBODY);
	}
	sim_need_idle();
}

/* --- a user's own changes --- */

static uint32_t changed_ok, changed_no;

static void on_changed(uint64_t owner, bool ok)
{
	NEED(owner == 77);
	changed_ok += ok;
	changed_no += !ok;
}

static bool change(enum setting_kind kind, const char *value)
{
	const struct settings_wish w = {.owner = 77, .by = NOBODY, .whose = OWNER_USER, .index = 1, .kind = kind};
	bool asked = settings_change(&w, span_str(value));

	sim_turn();
	return asked;
}

static void a_user_changes_their_own(void)
{
	sim_defaults();
	sim_open();
	settings_on_change(SETTINGS_FOR_CODE, on_changed);
	NEED(change(SETTING_FORWARD_ALWAYS, "carol") && changed_ok == 1 && sim.changes == 1);
	NEED(sim.changed.index == 1 && sim.changed.kind == SETTING_FORWARD_ALWAYS && strcmp(sim.changed_to, "carol") == 0);
	/* what is an administrator's, or none, is not even asked for */
	NEED(!change(SETTING_CLASSES, "premium") && !change(SETTING_CEILINGS, "money=100") && !change(SETTING_DND, "maybe"));
	const struct settings_wish sites = {.owner = 77, .by = NOBODY, .whose = OWNER_SITE, .kind = SETTING_NIGHT};
	NEED(!settings_change(&sites, SPAN("on")) && sim.changes == 1);
	/* busy is asked again, a while; then it is no */
	sim.conduct.changes = DONE_BUSY;
	NEED(change(SETTING_DND, "on") && changed_no == 0);
	sim_pass(1000);
	NEED(sim.changes > 3 && changed_no == 0);
	sim.conduct.changes = DONE_OK;
	sim_pass(1000);
	NEED(changed_ok == 2 && changed_no == 0);
	sim.conduct.changes = DONE_BUSY;
	NEED(change(SETTING_DND, ""));
	sim_pass(6000);
	NEED(changed_no == 1);
	sim.conduct.changes = DONE_REFUSED;
	NEED(change(SETTING_DND, "") && changed_no == 2);
	sim.conduct.ledger_mute = true;
	NEED(change(SETTING_DND, ""));
	sim_pass(6000);
	NEED(changed_no == 3 && change(SETTING_DND, ""));
	sim_link_down(PROC_LEDGER, 0);
	NEED(changed_no == 4 && !change(SETTING_DND, "") && sim_status("setting-changes").used == 0);
	sim_need_idle();
}

/* One phone has its share, and however many wait, ledger is asked for one at a time and no more often than its contract bears
 * (T23): whoever comes after them has their turn. */
static void a_busy_ledger_is_not_asked_too_often(void)
{
	const struct settings_wish alices = {.owner = 77, .by = 0, .whose = OWNER_USER, .index = 0, .kind = SETTING_DND};
	const struct settings_wish bobs = {.owner = 77, .by = 1, .whose = OWNER_USER, .index = 1, .kind = SETTING_DND};
	uint32_t n = 0;

	sim_defaults();
	sim_open();
	settings_on_change(SETTINGS_FOR_CODE, on_changed);
	sim.conduct.changes = DONE_BUSY;
	while (settings_change(&alices, SPAN("on")))
		n++;
	NEED(n == sim_status("setting-changes").limit / 8 && settings_change(&bobs, SPAN("on")));
	sim_pass(1000);
	NEED(sim.changes >= 8 && sim.changes <= 11);
	sim.conduct.changes = DONE_OK;
	sim.changes = 0;
	sim_pass(110);
	NEED(changed_ok == n + 1 && sim.changes == n + 1 && sim.changed.index == 1);
	sim.changes = 0;
	for (n = 0; n < 100; n++) { /* as often as they like: none waits for long, and the rate is never passed */
		(void)settings_change(&alices, SPAN("on"));
		(void)settings_change(&bobs, SPAN("on"));
		sim_pass(10);
	}
	NEED(sim.changes <= 80 && sim.changes >= 40 && child_link(PROC_LEDGER, 0) && !sim_far(PROC_LEDGER, 0)->broken);
	sim_pass(1000);
	sim_need_idle();
}

/* --- PINs --- */

static enum pin_verdict last;
static uint32_t verdicts, knowns, unknowns;
static struct pin_memory memory;

static void on_verdict(uint64_t owner, enum pin_verdict v)
{
	NEED(owner == 5);
	last = v;
	verdicts++;
}

static void on_dialled(uint64_t owner, const struct pin_memory *m)
{
	NEED(owner == 6);
	knowns += m->dialled;
	unknowns += !m->dialled;
	memory = *m;
}

static void begin_pins(void)
{
	static const struct pin_answers answers = {on_verdict, on_dialled};

	sim_defaults();
	sim.pin = "7391";
	sim.dialled[0] = "+33123456789";
	sim_open();
	pin_on_answer(PIN_FOR_VOICEMAIL, &answers);
}

static bool ask(const char *digits)
{
	bool asked = pin_ask_check(PIN_FOR_VOICEMAIL, 5, 1, span_str(digits));

	sim_turn();
	return asked;
}

static bool look(const char *number)
{
	bool asked = pin_ask_dialled(PIN_FOR_VOICEMAIL, 6, 1, span_str(number));

	sim_turn();
	return asked;
}

static void every_question_is_answered_once(void)
{
	begin_pins();
	NEED(ask("7391") && verdicts == 1 && last == PIN_IS_RIGHT);
	NEED(ask("0000") && verdicts == 2 && last == PIN_IS_WRONG);
	NEED(look("+33123456789") && knowns == 1 && memory.heard && memory.pin == PLAN_PIN_SET);
	sim.pin_locked = true;
	NEED(look("+33123456780") && unknowns == 1 && memory.heard && memory.pin == PLAN_PIN_LOCKED);
	NEED(!pin_ask_check(PIN_FOR_VOICEMAIL, 5, NOBODY, SPAN("1234")) && !look("") && !pin_ask_dialled(PIN_FOR_VOICEMAIL, 6, 15, SPAN("1")));
	NEED(!ask("123456789012345678901234567890123") && !look("123456789012345678901234567890123"));
	NEED(sim_status("pin-questions").used == 0);
	sim_need_idle();
}

static void a_silent_keeper_is_no(void)
{
	begin_pins();
	sim.conduct.keeper_mute = true;
	NEED(ask("7391") && look("+33123456789") && verdicts == 0 && knowns + unknowns == 0);
	sim_pass(PIN_ASK_MS - 100);
	NEED(verdicts == 0);
	sim_pass(300);
	NEED(verdicts == 1 && last == PIN_IS_FAILED && unknowns == 1 && knowns == 0);
	NEED(sim_status("pin-questions-unheard").used == 2);
	sim_need_idle();
}

static void a_dead_keeper_is_no(void)
{
	begin_pins();
	sim.conduct.keeper_mute = true;
	for (int i = 0; i < PIN_ASKS_MAX; i++)
		NEED(i % 2 ? ask("7391") : look("+33123456789"));
	NEED(!ask("7391") && !look("1") && sim_status("pin-questions").used == PIN_ASKS_MAX);
	sim_link_down(PROC_KEEPER, 0);
	NEED(verdicts == PIN_ASKS_MAX / 2 && last == PIN_IS_FAILED && unknowns == PIN_ASKS_MAX / 2);
	NEED(!ask("7391") && !look("1"));
	pin_note_dialled(1, SPAN("+33123456789")); /* into the void: asked for once more */
	sim.conduct.keeper_mute = false;
	sim.pins = 0;
	sim_link_up(PROC_KEEPER, 0);
	NEED(ask("7391") && last == PIN_IS_RIGHT && sim_status("pin-questions").used == 0);
	sim_need_idle();
}

/* --- notices --- */

static void a_notice_is_said_until_it_is_kept(void)
{
	sim_defaults();
	set(0, OWNER_DEVICE, 1, SETTING_LOCATION, "country=GB, city=London");
	sim.conduct.ledger_mute = true;
	sim_open();
	notice_add(NOTICE_CALL, 1, 1, SPAN("112"));
	sim_turn();
	NEED(sim.notices == 1 && sim_status("notices-waiting").used == 1);
	sim_pass(11000);
	NEED(sim.notices >= 3);
	sim_link_down(PROC_LEDGER, 0);
	notice_add(NOTICE_REFUSED, 2, NOBODY, SPAN("112"));
	sim_pass(6000);
	sim.conduct.ledger_mute = false;
	sim_link_up(PROC_LEDGER, 0);
	NEED(sim_status("notices-waiting").used == 0);
	sim_pass(6000);
	sim_need_idle();
}

static void who_called_for_help_may_be_called_back(void)
{
	uint64_t window = (uint64_t)30 * 60 * 1000;

	sim_defaults();
	NEED(sim.site.plan.callback_min == 30);
	sim_open();
	NEED(!notice_may_call_back(1, 1));
	notice_add(NOTICE_REFUSED, 1, 1, SPAN("112"));
	notice_add(NOTICE_TEST, 1, 1, SPAN("933"));
	NEED(!notice_may_call_back(1, 1));
	notice_add(NOTICE_CALL, 1, NOBODY, SPAN("112")); /* nobody was logged in */
	NEED(notice_may_call_back(1, NOBODY) && !notice_may_call_back(2, NOBODY) && !notice_may_call_back(0, 1));
	sim_pass(window - 1000);
	NEED(notice_may_call_back(1, 2));
	sim_pass(2000);
	NEED(!notice_may_call_back(1, 2));
	/* more phones than the table holds: the one whose window ends first makes room */
	for (uint32_t d = 1; d <= CALLBACKS_MAX + 10; d++) {
		notice_add(NOTICE_DOUBT, d, d, SPAN("112"));
		sim_turn();
		sim_pass(10);
	}
	NEED(notice_may_call_back(CALLBACKS_MAX + 10, NOBODY) && !notice_may_call_back(1, NOBODY));
	sim_pass(window);
	sim_need_idle();
}

static void callback(int64_t age_ms)
{
	struct link *l = sim_far(PROC_LEDGER, 0);
	struct msg_callback *m = ipc_begin(l, MSG_CALLBACK);

	m->device = 1;
	m->user = 2;
	m->wall_ms = clock_wall_ms() - age_ms;
	ipc_end(l);
	sim_turn();
}

static void the_window_outlives_a_restart(void)
{
	sim_defaults();
	sim_open();
	callback(31 * 60 * 1000);
	callback(-60 * 1000);
	NEED(!notice_may_call_back(1, 2));
	callback(29 * 60 * 1000);
	NEED(notice_may_call_back(1, NOBODY) && notice_may_call_back(0, 2));
	sim_pass(2 * 60 * 1000);
	NEED(!notice_may_call_back(1, 2));
	sim_need_idle();
}

#define SIM(test) (void)(sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(settings_are_parsed_once);
	SIM(one_bad_setting_keeps_all_of_the_old);
	SIM(a_user_changes_their_own);
	SIM(a_busy_ledger_is_not_asked_too_often);
	SIM(every_question_is_answered_once);
	SIM(a_silent_keeper_is_no);
	SIM(a_dead_keeper_is_no);
	SIM(a_notice_is_said_until_it_is_kept);
	SIM(who_called_for_help_may_be_called_back);
	SIM(the_window_outlives_a_restart);
	(void)test_failed_here;
	return TEST_END;
}
