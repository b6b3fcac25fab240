/* SPDX-License-Identifier: ISC */
/* Callers from outside and each person whom they would ring (R18): lists and settings of members of a group and of those whom a
 * forward leads to, who is known, and whom *60 means. */
#include "../unit/test.h"
#include "directory.h"
#include "notice.h"
#include "pin.h"
#include "kept.h"
#include "last_caller.h"
#include "sim_trunks.h"
#include "sim_voice.h"
#include <stdio.h>

static void bob_takes_all(void)
{
	sim.site.plan.unknown_caller = sim.site.plan.anonymous_caller = INCOMING_PASS;
}

/* bob's phone rings, and says this to whoever calls; NULL: a number that is withheld. */
static void rings_bob_and_says(const char *caller, unsigned code)
{
	invite_from(&t, caller ? caller : "anonymous", "+33140000001", !caller);
	talk_rings_at(&b, &bob);
	talk_answer(&b, code, NULL);
	NEED(code_of(t.txn) == code);
}

static struct phone carol, dave;
static struct talk at_carol, at_dave;

/* 600 is bob, carol and dave, whom +33987654321 reaches by +33140000002; dave rejects withheld numbers, and carol blocks a caller. */
static void three_in_a_group(void)
{
	bob_takes_all();
	sim.group[0] = (struct sim_group){"600", "bob, carol, dave"};
	sim.site.inbounds = 2;
	sim.site.inbound[1] = (struct inbound){.number = "+33140000002", .to = "600"};
	set(2, OWNER_USER, 2, SETTING_BLOCKED, "0987654321");
	set(3, OWNER_USER, 3, SETTING_REJECT_ANONYMOUS, "on");
}

static void begin_with_group(void (*settings)(void))
{
	begin_with(settings);
	phone_init(&carol, 2);
	phone_init(&dave, 3);
	phone_register(&carol);
	phone_register(&dave);
}

/* The group's number is called, and these alone of it ring and are busy. */
static void group_rings(const char *caller, bool at_b, bool at_c, bool at_d)
{
	invite_from(&t, caller ? caller : "anonymous", "+33140000002", !caller);
	const struct {
		struct talk *talk;
		struct phone *phone;
		bool rings;
	} who[] = {{&b, &bob, at_b}, {&at_carol, &carol, at_c}, {&at_dave, &dave, at_d}};
	for (size_t i = 0; i < 3; i++)
		if (who[i].rings)
			talk_rings_at(who[i].talk, who[i].phone);
		else
			NEED(!sent_to(who[i].phone, SIP_INVITE));
	for (size_t i = 0; i < 3; i++)
		if (who[i].rings)
			talk_answer(who[i].talk, 486, NULL);
	NEED(code_of(t.txn) == 486);
}

static void a_group_leaves_out_who_turns_the_caller_away(void)
{
	begin_with_group(three_in_a_group);
	group_rings("+33611223344", true, true, true);
	group_rings("+33987654321", true, false, true);
	group_rings(NULL, true, true, false);
	/* whoever may be calling back for an emergency reaches whom it was placed by, and nobody else who turns it away */
	notice_add(NOTICE_CALL, carol.device, NOBODY, SPAN("112"));
	group_rings("+33987654321", true, true, true);
	group_rings(NULL, true, true, false);
	finish();
}

static void all_of_a_group_turn_away(void)
{
	three_in_a_group();
	sim.group[0].members = "carol, bob";
	set(1, OWNER_USER, 1, SETTING_BLOCKED, "0611223344, 0987654321");
	set(3, OWNER_USER, 1, SETTING_REJECT_ANONYMOUS, "on");
	set(4, OWNER_USER, 2, SETTING_REJECT_ANONYMOUS, "on");
}

static void a_group_that_turns_the_caller_away_refuses_as_a_person_does(void)
{
	begin_with_group(all_of_a_group_turn_away);
	invite_from(&t, "+33987654321", "+33140000002", false);
	NEED(code_of(t.txn) == 603);
	invite_from(&t, "anonymous", "+33140000002", true);
	is_told(&t, RELAY_KEY_NONE, "anonymous-refused");
	NEED(!sent_to(&bob, SIP_INVITE) && !sent_to(&carol, SIP_INVITE));
	group_rings("+33611223344", false, true, false);
	finish();
}

static void group_in_turn(void)
{
	three_in_a_group();
	sim.group[0].members = "carol, bob";
	set(4, OWNER_GROUP, 0, SETTING_STRATEGY, "in-turn");
}

static void a_turn_is_not_of_who_turns_the_caller_away(void)
{
	begin_with_group(group_in_turn);
	group_rings("+33987654321", true, false, false);
	finish();
}

static void the_unknown_are_refused_by_the_group(void)
{
	three_in_a_group();
	sim.site.plan.unknown_caller = INCOMING_REFUSE;
	set(1, OWNER_USER, 3, SETTING_KNOWN, "0611223366");
	set(4, OWNER_USER, 2, SETTING_KNOWN, "0987654321");
}

/* Of each member keeper is asked; a silent one is waited for once. */
static void who_is_known_to_a_member_is_known_to_the_group(void)
{
	begin_with_group(the_unknown_are_refused_by_the_group);
	sim.lookups = 0;
	invite_from(&t, "+33611223344", "+33140000002", false);
	NEED(code_of(t.txn) == 603 && sim.lookups == 3);
	group_rings("+33611223366", true, true, true);
	sim.dialled[1] = "+33611223355";
	sim.lookups = 0;
	group_rings("+33611223355", true, true, true);
	NEED(sim.lookups == 1);
	/* as a contact of one who blocks it, it is not known */
	invite_from(&t, "+33987654321", "+33140000002", false);
	NEED(code_of(t.txn) == 603);
	sim.conduct.keeper_mute = true;
	invite_from(&t, "+33611223355", "+33140000002", false);
	NEED(code_of(t.txn) == 0);
	sim_pass(PIN_ASK_MS + 100);
	NEED(code_of(t.txn) == 603);
	finish();
}

static void bob_forwards_to_carol(void)
{
	three_in_a_group();
	set(1, OWNER_USER, 1, SETTING_FORWARD_BUSY, "carol");
	set(4, OWNER_USER, 2, SETTING_REJECT_ANONYMOUS, "on");
}

static void a_forward_does_not_reach_who_turns_the_caller_away(void)
{
	begin_with_group(bob_forwards_to_carol);
	for (int i = 0; i < 3; i++) {
		static const char *const caller[] = {"+33987654321", "anonymous", "+33611223344"};
		invite_from(&t, caller[i], "+33140000001", i == 1);
		talk_rings_at(&b, &bob);
		talk_answer(&b, 486, NULL);
		if (i == 0) {
			NEED(code_of(t.txn) == 603);
		} else if (i == 1) {
			is_told(&t, RELAY_KEY_NONE, "anonymous-refused");
		} else {
			talk_rings_at(&at_carol, &carol);
			talk_answer(&at_carol, 486, NULL);
			NEED(code_of(t.txn) == 486);
		}
		NEED(!sent_to(&carol, SIP_INVITE));
	}
	finish();
}

/* bob talks to this caller, and sends the call to carol. */
static void bob_sends_to_carol(const char *caller)
{
	struct sdp answer = sdp_plain(&bob);

	invite_from(&t, caller, "+33140000001", false);
	talk_rings_at(&b, &bob);
	b.allow = 1u << SIP_REFER;
	answer.audio.crypto[0].tag = 2;
	talk_up(&t, &b, &answer);
	struct msg_request *m = talk_begin(&b, SIP_REFER);
	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(&bob, "carol");
	NEED(code_of(talk_end(&b)) == 202);
}

static unsigned bob_is_told(void)
{
	struct heard *h = talk_takes(&b, SIP_NOTIFY);

	NEED(h);
	talk_reply(&b, h, 200, NULL);
	return sent(h)->frag;
}

static void a_transfer_does_not_reach_who_turns_the_caller_away(void)
{
	begin_with_group(three_in_a_group);
	bob_sends_to_carol("+33611223344");
	talk_rings_at(&at_carol, &carol);
	talk_answer(&at_carol, 486, NULL);
	NEED(bob_is_told() == 100 && bob_is_told() == 486);
	call_hang_up(&b, &t);
	bob_sends_to_carol("+33987654321");
	NEED(!sent_to(&carol, SIP_INVITE) && bob_is_told() == 100 && bob_is_told() == 603);
	call_hang_up(&b, &t);
	finish();
}

/* What *60 says on this phone. */
static void block_last_says(struct phone *p, const char *say)
{
	struct sdp own = sdp_plain(p);
	struct talk code;

	talk_invite(&code, p, "*60", &own);
	is_told(&code, RELAY_KEY_SDES, say);
}

/* A friend called bob himself, and then somebody else the group. */
static void the_last_caller_is_each_persons_own(void)
{
	begin_with_group(three_in_a_group);
	rings_bob_and_says("+33611223344", 486);
	block_last_says(&dave, "no-such-call");
	group_rings("+33987654321", true, false, true);
	block_last_says(&bob, "blocked");
	NEED(sim.changed.index == 1 && strcmp(sim.changed_to, "+33987654321") == 0);
	block_last_says(&dave, "blocked");
	NEED(sim.changed.index == 3 && strcmp(sim.changed_to, "+33987654321") == 0);
	/* carol's phone never rang */
	block_last_says(&carol, "no-such-call");
	/* nor is it the one before who is blocked in the place of one without a number */
	rings_bob_and_says(NULL, 486);
	block_last_says(&bob, "no-such-call");
	finish();
}

static void life_in_which_friends_called(void)
{
	begin_with_group(three_in_a_group);
	rings_bob_and_says("+33611223344", 486);
	group_rings("+33987654321", true, false, true);
	rings_bob_and_says("+33698765432", 486);
}

/* R28: nor does core's death or an upgrade make anybody forget. */
static void the_last_caller_outlives_core(void)
{
	sim_crash_after(life_in_which_friends_called);
	begin_with_group(three_in_a_group);
	block_last_says(&bob, "blocked");
	NEED(sim.changed.index == 1 && strcmp(sim.changed_to, "+33698765432") == 0);
	block_last_says(&dave, "blocked");
	NEED(sim.changed.index == 3 && strcmp(sim.changed_to, "+33987654321") == 0);
	block_last_says(&carol, "no-such-call");
	finish();
}

static void another_has_the_place(void)
{
	three_in_a_group();
	sim.user[1].name = "robert";
}

/* Somebody else came into bob's place while core was away: what he was called by is not theirs. */
static void it_is_not_that_of_the_next_one_of_an_index(void)
{
	sim_crash_after(life_in_which_friends_called);
	begin_with_group(another_has_the_place);
	bob.user = "robert";
	phone_down(&bob);
	phone_register(&bob);
	block_last_says(&bob, "no-such-call");
	finish();
}

static void life_that_left_nonsense(void)
{
	struct arena_shape shape[CORE_TABLES];
	struct arena_table table[CORE_TABLES];
	struct arena arena;
	bool adopted = false;
	struct last_caller r[3] = {
	    {child_now() + 1000000, "bob", "+33 1"}, {UINT64_MAX, "carol", "+33611223344"}, {child_now() + 1000000, "dave", ""}};

	life_in_which_friends_called();
	kept_shapes(&sim.site, shape);
	NEED(arena_open(&arena, sim.crash_fd, CORE_LAYOUT, shape, CORE_TABLES, table, &adopted) && adopted);
	for (uint32_t i = 0; i < 3; i++)
		arena_put(&table[CORE_LAST_CALLERS], i + 1, &r[i]);
}

static void what_core_cannot_have_written_is_nobody(void)
{
	sim_crash_after(life_that_left_nonsense);
	begin_with_group(three_in_a_group);
	block_last_says(&bob, "no-such-call");
	block_last_says(&carol, "no-such-call");
	block_last_says(&dave, "no-such-call");
	finish();
}

static bool holds(const char *number)
{
	char block[65536 + 16] = {0};
	bool found = false;
	ssize_t n;

	for (off_t at = 0; (n = pread(sim.crash_fd, block, sizeof block, at)) > 0; at += 65536)
		found = found || memmem(block, (size_t)n, number, strlen(number));
	return found;
}

/* R21: like the source of a call in the log it is there for a week, and then not in the arena either. */
static void the_last_caller_is_forgotten_after_a_week(void)
{
	begin_with_group(three_in_a_group);
	rings_bob_and_says("+33611223344", 486);
	finish();
	NEED(holds("+33611223344"));
	sim.step_ms = 60000;
	sim_pass(7 * UINT64_C(86400000) - 120000);
	NEED(holds("+33611223344"));
	sim_pass(2 * UINT64_C(3600000));
	NEED(!holds("+33611223344"));
}

/* As many as fit are kept: the oldest leave, and who stands there already moves nobody. */
static void a_full_block_list_lets_the_oldest_go(void)
{
	static char list[SETTING_TEXT_MAX + 1];
	size_t n = 0;

	for (int i = 0; n + 14 <= SETTING_TEXT_MAX; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s+336112233%02d", i ? ", " : "", i);
	begin_with(bob_takes_all);
	rings_bob_and_says("+33987654321", 486);
	set(2, OWNER_USER, 1, SETTING_BLOCKED, list);
	sim_push_directory();
	sim_turn();
	block_last_says(&bob, "blocked");
	NEED(sim.changes == 1 && strncmp(sim.changed_to, "+33611223301, ", 14) == 0);
	NEED(strcmp(strrchr(sim.changed_to, ','), ", +33987654321") == 0 && strlen(sim.changed_to) == n);
	static char with[SETTING_TEXT_MAX + 1];
	snprintf(with, sizeof with, "%s", sim.changed_to);
	set(2, OWNER_USER, 1, SETTING_BLOCKED, with);
	sim_push_directory();
	sim_turn();
	block_last_says(&bob, "blocked");
	NEED(sim.changes == 1);
	finish();
}

/* *60 for who called last, *61 for who was put on the list last. */
static void who_was_blocked_can_be_taken_off(void)
{
	static const char *const code[] = {"*61", "*60", "*61"};
	static const char *const say[] = {"unblocked", "blocked", "unblocked"};
	static const char *const list[] = {"0611223344", "0611223344,0612345678, +33987654321", ""};

	begin_with(bob_takes_all);
	rings_bob_and_says("+33987654321", 486);
	for (int i = 0; i < 3; i++) {
		set(2, OWNER_USER, 1, SETTING_BLOCKED, i == 2 ? "0987654321" : "0611223344,0612345678");
		sim_push_directory();
		sim_turn();
		struct sdp own = sdp_plain(&bob);
		talk_invite(&b, &bob, code[i], &own);
		is_told(&b, RELAY_KEY_SDES, say[i]);
		NEED(sim.changed.kind == SETTING_BLOCKED && strcmp(sim.changed_to, list[i]) == 0);
	}
	set(2, OWNER_USER, 1, SETTING_BLOCKED, "");
	sim_push_directory();
	sim_turn();
	struct sdp own = sdp_plain(&bob);
	talk_invite(&b, &bob, "*61", &own);
	is_told(&b, RELAY_KEY_SDES, "no-such-call");
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_group_leaves_out_who_turns_the_caller_away);
	SIM(a_group_that_turns_the_caller_away_refuses_as_a_person_does);
	SIM(a_turn_is_not_of_who_turns_the_caller_away);
	SIM(who_is_known_to_a_member_is_known_to_the_group);
	SIM(a_forward_does_not_reach_who_turns_the_caller_away);
	SIM(a_transfer_does_not_reach_who_turns_the_caller_away);
	SIM(the_last_caller_is_each_persons_own);
	SIM(the_last_caller_outlives_core);
	SIM(it_is_not_that_of_the_next_one_of_an_index);
	SIM(the_last_caller_is_forgotten_after_a_week);
	SIM(what_core_cannot_have_written_is_nobody);
	SIM(a_full_block_list_lets_the_oldest_go);
	SIM(who_was_blocked_can_be_taken_off);
	(void)test_failed_here;
	return TEST_END;
}
