/* SPDX-License-Identifier: ISC */
/* One record of the arena is not what core wrote: it is left out, counted and said, and all others are as they were (R28). */
#include "../unit/test.h"
#include "account.h"
#include "base/id.h"
#include "callback.h"
#include "core_child.h"
#include "desk.h"
#include "bans.h"
#include "call.h"
#include "hotdesk.h"
#include "mwi.h"
#include "notice.h"
#include "record.h"
#include "session.h"
#include "sim_kept.h"
#include <stdio.h>

enum { FAR = 1 << 30, PARTS = sizeof(struct leg_record) };

#define OF(TABLE, type, field, nth, value) \
	{#type " " #field " " #value, CORE_##TABLE, nth, offsetof(struct type, field), sizeof(((struct type *)0)->field), value}
/* one octet of it */
#define AT(TABLE, type, field, i, nth, value) \
	{#type " " #field "[" #i "] " #value, CORE_##TABLE, nth, offsetof(struct type, field) + (i), 1, value}

static const struct damage {
	const char *name;
	enum core_table table;
	uint32_t nth;
	size_t at, n;
	uint64_t value; /* its octets, or all of them 0xff */
} damages[] = {
    /* a text without an end, a control octet that no message may carry, more octets than there are */
    OF(RECORDS, record, source, 1, UINT64_MAX),
    OF(RECORDS, record, destination, 0, UINT64_MAX),
    AT(RECORDS, record, destination, 1, 0, '\n'),
    AT(RECORDS, record, source, 1, 1, 0x7f),
    AT(RECORDS, record, source, 0, 0, 'a'), /* of one that is sealed */
    OF(RECORDS, record, sealed_n, 0, SEALED_MAX + 1),
    OF(RECORDS, record, sealed_n, 1, 8),
    OF(RECORDS, record, is_sealed, 0, 2),
    OF(RECORDS, record, is_sealed, 0, 0),
    OF(RECORDS, record, is_sealed, 1, 1),
    OF(RECORDS, record, number, 0, 0),
    OF(RECORDS, record, number, 0, UINT64_MAX),
    OF(RECORDS, record, start_wall_ms, 0, UINT64_MAX),
    OF(RECORDS, record, duration_ms, 1, UINT64_MAX),
    OF(RECORDS, record, id, 0, 0),
    AT(RECORDS, record, id, 0, 1, 5),    /* of another place */

    OF(LEGS, leg_record, state, 0, LEG_STATES),
    OF(LEGS, leg_record, side, 0, 2),
    OF(LEGS, leg_record, listener, 0, SITE_LISTENERS_MAX),
    OF(LEGS, leg_record, trunk, 0, SITE_TRUNKS_MAX + 1),
    OF(LEGS, leg_record, ends, 0, RELAY_ENDS),
    OF(LEGS, leg_record, ends, 2, RELAY_ENDED_CLEAR), /* plain RTP with a phone */
    OF(LEGS, leg_record, clear, 0, 1),
    OF(LEGS, leg_record, line, 0, 1),
    OF(LEGS, leg_record, user, 0, FAR),
    OF(LEGS, leg_record, person, 0, FAR),
    OF(LEGS, leg_record, device, 0, FAR),
    OF(LEGS, leg_record, session_s, 0, 1),
    OF(LEGS, leg_record, local_tag, 0, UINT64_MAX),
    OF(LEGS, leg_record, local_tag, 0, 0),
    AT(LEGS, leg_record, token, 3, 0, '\r'),
    OF(LEGS, leg_record, end, 0, UINT64_MAX),
    {"an octet of its Call-ID", CORE_LEGS, 0, PARTS, 1, '\n'},

    AT(CALLS, call_record, id, 0, 0, 5),
    AT(LEGS, leg_record, id, 0, 0, 9),
    OF(CALLS, call_record, state, 0, PHASE_OVER),
    OF(CALLS, call_record, state, 0, PHASE_WAITING),
    OF(CALLS, call_record, parked, 0, 1),
    OF(CALLS, call_record, grade, 0, GRADES),
    OF(CALLS, call_record, key, 0, RELAY_KEYS),
    OF(CALLS, call_record, answered_ms, 0, UINT64_MAX),
    OF(CALLS, call_record, started_ms, 0, UINT64_MAX),
    OF(CALLS, call_record, start_wall_ms, 0, UINT64_MAX),
    OF(CALLS, call_record, from, 0, UINT64_MAX),
    AT(CALLS, call_record, to, 0, 0, '\n'),
    AT(CALLS, call_record, account.user, 3, 0, 0x40),
    AT(CALLS, call_record, account.trunk, 0, 0, SITE_TRUNKS_MAX + 1),
    OF(CALLS, call_record, port, 0, 1022), /* below all ports of media */
    OF(CALLS, call_record, port, 0, 20001),
    AT(CALLS, call_record, ceiling.charged_ms, 0, 0, 1),

    OF(REGISTRATIONS, registration, user, 0, FAR),
    OF(REGISTRATIONS, registration, device, 0, FAR),
    OF(REGISTRATIONS, registration, expires_ms, 0, UINT64_MAX),
    OF(REGISTRATIONS, registration, login_until_ms, 0, UINT64_MAX),
    OF(REGISTRATIONS, registration, broken_ms, 0, UINT64_MAX),
    OF(REGISTRATIONS, registration, contact, 0, UINT64_MAX),
    AT(REGISTRATIONS, registration, contact, 4, 0, '\n'),

    OF(ACCOUNTS, ceiling_count, day, 0, 1),
    OF(ACCOUNTS, ceiling_count, told_full, 0, 0x80),
    OF(HOTDESKS, hotdesk, line, 0, FAR),
    OF(HOTDESKS, hotdesk, guest, 0, FAR),
    OF(HOTDESKS, hotdesk, guest, 0, 0),
    OF(HOTDESKS, hotdesk, until_ms, 0, UINT64_MAX),
    OF(BANS, ban, until_ms, 0, UINT64_MAX),
    OF(SUBSCRIPTIONS, subscription_record, user, 0, FAR),
    OF(SUBSCRIPTIONS, subscription_record, until_ms, 0, UINT64_MAX),
    OF(SUBSCRIPTIONS, subscription_record, tag, 0, UINT64_MAX),
    AT(SUBSCRIPTIONS, subscription_record, text, 2, 0, '\n'),
    OF(NOTICES, notice, kind, 0, NOTICE_KINDS),
    OF(NOTICES, notice, user, 0, FAR),
    OF(NOTICES, notice, added_ms, 0, UINT64_MAX),
    AT(NOTICES, notice, number, 1, 0, '\n'),
    OF(DESK_CALLS, desk_record, until_ms, 0, UINT64_MAX),
    OF(DESK_CALLS, desk_record, device, 0, FAR),
    OF(DESK_CALLS, desk_record, person, 0, FAR),
    OF(DESK_CALLS, desk_record, moved, 0, 2),
    OF(DESK_CALLS, desk_record, says, 0, 2),
    OF(CALLBACKS, callback_phone, until_ms, 0, UINT64_MAX),
    OF(CALLBACKS, callback_phone, device, 0, FAR),
    OF(CALLBACKS, callback_phone, contact, 0, UINT64_MAX),
    AT(CALLBACKS, callback_phone, contact, 0, 0, 0),
    AT(CALLBACKS, callback_phone, contact, 5, 0, '\r'),
};

static const struct damage *now;

static void spoil(void)
{
	struct arena_table table[CORE_TABLES];

	sim_kept_life();
	sim_kept_map(table);
	uint8_t *record = sim_kept_at(&table[now->table], now->nth);
	NEED(record);
	if (now->value == UINT64_MAX)
		memset(record + now->at, 0xff, now->n);
	else if (now->n <= sizeof now->value)
		memcpy(record + now->at, &now->value, now->n);
	else
		memset(record + now->at, (int)now->value, now->n);
}

/* As many as sim_kept_life() left in each. */
static void all_others_are_there(void)
{
	static const struct {
		const char *name;
		uint64_t n;
	} had[CORE_TABLES] = {
	    [CORE_REGISTRATIONS] = {"registrations", 4},
	    [CORE_LEGS] = {"legs", 4},
	    [CORE_CALLS] = {"calls", 2},
	    [CORE_RECORDS] = {"records-waiting", 2},
	    [CORE_HOTDESKS] = {"hot-desks", 1},
	    [CORE_BANS] = {"bans", 1},
	    [CORE_SUBSCRIPTIONS] = {"subscriptions", 1},
	    [CORE_NOTICES] = {"notices-waiting", 1},
	    [CORE_DESK_CALLS] = {"desk-calls-waiting", 1},
	    [CORE_CALLBACKS] = {"call-back-phones", 1},
	};

	for (uint32_t i = 0; i < CORE_TABLES; i++) {
		if (!had[i].name)
			continue;
		const uint64_t want = had[i].n - (now && i == now->table), used = sim_status(had[i].name).used;
		if (used != want)
			fprintf(stderr, "  %lu %s\n", (unsigned long)used, had[i].name);
		NEED(used == want);
	}
}

static void one_is_left_out(void)
{
	sim_crash_after(spoil);
	sim_kept_again();
	NEED(sim_status("records-damaged").used == 1 && sim.events[EVENT_STARTED] == 1);
	sim_link_down(PROC_LEDGER, 0);
	sim_link_up(PROC_LEDGER, 0);
	NEED(sim.events[EVENT_STARTED] == 1); /* once a life */
	NEED(sim.event_severity == SEVERITY_ALARM && strstr(sim.event_text, "left out: 1"));
	all_others_are_there();
	sim.conduct.ledger_mute = sim.conduct.seal_mute = false;
	sim_pass(120000);
	NEED(sim_status("records-waiting").used == 0 && sim_status("notices-waiting").used == 0);
	NEED(sim.accusations == 0);
}

static bool shows(const char *name)
{
	static struct proc_status s;

	memset(&s, 0, sizeof s);
	core_child.status(&s);
	for (uint32_t i = 0; i < s.lines; i++)
		if (strcmp(s.line[i].name, name) == 0)
			return true;
	return false;
}

static void nothing_of_a_whole_one_is_left_out(void)
{
	now = NULL;
	sim_crash_after(sim_kept_life);
	sim_kept_again();
	NEED(sim_status("records-damaged").used == 0 && sim.events[EVENT_STARTED] == 0);
	NEED(sim_status("records-unfit").used == 0 && shows("calls-lost") && shows("legs-lost"));
	all_others_are_there();
}

/* Another configuration damages nothing: what it has no place for is lost, not damaged. */
static void other_ports_leave_calls_out(void)
{
	now = NULL;
	sim_crash_after(sim_kept_life);
	sim_kept_open_life();
	sim.site.media_port_lo = (uint16_t)(sim.site.media_port_lo + 8);
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_hi + 8);
	sim_open();
	NEED(sim_status("records-damaged").used == 0 && sim_status("calls-lost").used == 2);
	NEED(sim_status("calls").used == 0 && sim_status("registrations").used == 4 && sim_status("bans").used == 1);
}

static void of_a_trunk(void)
{
	struct arena_table table[CORE_TABLES];

	sim_kept_life();
	sim_kept_map(table);
	((struct leg_record *)sim_kept_at(&table[CORE_LEGS], 1))->trunk = 1;
	((struct call_record *)sim_kept_at(&table[CORE_CALLS], 1))->account.trunk = 1;
}

static void a_trunk_that_went_is_no_damage(void)
{
	sim_crash_after(of_a_trunk);
	sim_kept_again();
	NEED(sim_status("records-damaged").used == 0 && sim_status("legs-lost").used == 1);
}

/* --- what each record says is possible, and together it is not --- */

static struct arena_table table[CORE_TABLES];

static void two_numbers_alike(void)
{
	sim_kept_life();
	sim_kept_map(table);
	const struct record *one = sim_kept_at(&table[CORE_RECORDS], 0);
	struct record *other = sim_kept_at(&table[CORE_RECORDS], 1);
	other->number = one->number;
}

static void of_two_records_of_one_number_the_first_counts(void)
{
	sim_crash_after(two_numbers_alike);
	sim_kept_again();
	NEED(sim_status("records-damaged").used == 1 && sim_status("records-waiting").used == 1);
}

static void a_registration_twice(void)
{
	sim_kept_life();
	sim_kept_map(table);
	memcpy(sim_kept_at(&table[CORE_REGISTRATIONS], 1), sim_kept_at(&table[CORE_REGISTRATIONS], 0), sizeof(struct registration));
}

static void a_phone_is_registered_once(void)
{
	sim_crash_after(a_registration_twice);
	sim_kept_again();
	NEED(sim_status("records-damaged").used == 1 && sim_status("registrations").used == 3);
}

static void a_leg_of_another_call(void)
{
	sim_kept_life();
	sim_kept_map(table);
	struct call_record *passing = sim_kept_at(&table[CORE_CALLS], 0);
	const struct call_record *ended = sim_kept_at(&table[CORE_CALLS], 1);
	passing->callee = ended->callee;
}

/* The call that claims it ends; the one whose leg it is goes on. */
static void a_leg_is_of_the_call_that_it_names(void)
{
	sim_crash_after(a_leg_of_another_call);
	sim_kept_again();
	NEED(sim_status("calls").used == 2);
	sim_pass(10000);
	NEED(sim_status("calls").used == 1 && sim.accusations == 0);
}

static void both_legs_gone(void)
{
	sim_kept_life();
	sim_kept_map(table);
	for (uint32_t i = 2; i < 4; i++)
		((struct leg_record *)sim_kept_at(&table[CORE_LEGS], i))->state = LEG_STATES;
}

/* There is nothing that media could be told of it: its record is all that is left. */
static void a_call_without_a_leg_is_written_and_over(void)
{
	sim_crash_after(both_legs_gone);
	sim_kept_again();
	NEED(sim_status("records-damaged").used == 2 && sim_status("legs").used == 2);
	NEED(sim_status("calls").used == 1 && sim_status("records-waiting").used == 3);
	NEED(sim_status("media-ports").used == 1);
}

static void a_description_that_is_not_said_to_be_there(void)
{
	sim_kept_life();
	sim_kept_map(table);
	struct leg_record *leg = sim_kept_at(&table[CORE_LEGS], 0);
	leg->has_local = 0;
	memset((uint8_t *)(leg + 1) + leg->end[LEG_LOCAL - 1], 0xff, leg->end[LEG_LOCAL] - leg->end[LEG_LOCAL - 1]);
}

static void what_is_read_is_judged_whatever_is_said_of_it(void)
{
	sim_crash_after(a_description_that_is_not_said_to_be_there);
	sim_kept_again();
	NEED(sim_status("records-damaged").used == 1 && sim_status("legs").used == 3);
	sim_pass(120000);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(nothing_of_a_whole_one_is_left_out);
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		now = &damages[i];
		if (sim_run(now->name, one_is_left_out))
			test_passed_n++;
		else
			test_failed_n++;
	}
	SIM(other_ports_leave_calls_out);
	SIM(a_trunk_that_went_is_no_damage);
	SIM(of_two_records_of_one_number_the_first_counts);
	SIM(a_phone_is_registered_once);
	SIM(a_leg_is_of_the_call_that_it_names);
	SIM(a_call_without_a_leg_is_written_and_over);
	SIM(what_is_read_is_judged_whatever_is_said_of_it);
	(void)test_failed_here;
	return TEST_END;
}
