/* SPDX-License-Identifier: ISC */
/* An outside number of ours, dialled here, is the extension that it leads to: no trunk, no price, no alarm (R4, R14, R15, R17). */
#include "../unit/test.h"
#include "sim_trunks.h"
#include "sim_voice.h"
#include <stdio.h>

static const char *const spellings[] = {"+33140000001", "0033140000001", "0140000001", "01 40 00 00 01", "+33 (0)1 40 00 00 01"};

static void bob_may_not_call_out(void)
{
	sim.site.plan.unknown_caller = INCOMING_PASS;
	set(0, OWNER_USER, 0, SETTING_CLASSES, "toll-free");
	sim.dialled[0] = NULL;
}

static void nothing_leaves(void)
{
	NEED(!sent_to(&telco[0], SIP_INVITE) && !sent_to(&telco[1], SIP_INVITE) && sim.lookups == 0);
}

static void each_spelling_rings_here(void)
{
	begin_with(bob_may_not_call_out);
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
		talk_invite(&a, &alice, spellings[i], &offer);
		talk_rings_at(&b, &bob);
		talk_answer(&b, 486, NULL);
		NEED(code_of(a.txn) == 486);
	}
	nothing_leaves();
	finish();
	NEED(sim.events[EVENT_CALL_REFUSED] == 0);
}

/* The second trunk writes numbers without a plus, and one of them leads to a group. */
static void a_group_behind_the_other_trunk(void)
{
	bob_may_not_call_out();
	sim.site.trunk[1].spelling = SPELLED_DIGITS;
	sim.site.inbounds = 2;
	sim.site.inbound[1] = (struct inbound){.number = "33140000002", .to = "600", .trunk = 1};
	sim.group[0] = (struct sim_group){"600", "bob"};
}

static void a_group_rings_too(void)
{
	begin_with(a_group_behind_the_other_trunk);
	talk_invite(&a, &alice, "+33140000002", &offer);
	talk_rings_at(&b, &bob);
	nothing_leaves();
}

/* Its extension is gone: nobody has the number, and it does not go out to come back. */
static void bob_is_gone(void)
{
	bob_may_not_call_out();
	set(1, OWNER_USER, 0, SETTING_CLASSES, "national");
	sim.dialled[0] = "+33140000002";
	sim.site.inbounds = 2;
	sim.site.inbound[1] = (struct inbound){.number = "+33140000002", .to = "nobody"};
}

static void one_that_leads_nowhere_is_unknown(void)
{
	begin_with(bob_is_gone);
	talk_invite(&a, &alice, "+33140000002", &offer);
	NEED(code_of(a.txn) == 404);
	nothing_leaves();
	finish();
}

/* A forward to it is one inside, for whoever calls. */
static void alice_is_at_bobs(void)
{
	bob_may_not_call_out();
	set(1, OWNER_USER, 0, SETTING_FORWARD_ALWAYS, "0140000001");
	sim.site.inbounds = 2;
	sim.site.inbound[1] = (struct inbound){.number = "+33140000002", .to = "alice"};
}

static void a_forward_to_it_stays_inside(void)
{
	begin_with(alice_is_at_bobs);
	invite_from(&t, "+33611223355", "+33140000002", false);
	talk_rings_at(&b, &bob);
	NEED(!sent_to(&telco[0], SIP_INVITE) && !sent_to(&telco[1], SIP_INVITE));
}

static void a_line_may_be_given_on_to_it(void)
{
	begin_with(NULL);
	up_at(&a, &t, "+33123456789", &telco[0]);
	const uint32_t lookups = sim.lookups;
	struct msg_request *m = talk_begin(&a, SIP_REFER);
	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(&alice, "+33140000001");
	NEED(code_of(talk_end(&a)) == 202);
	talk_rings_at(&b, &bob);
	NEED(!sent_to(&telco[1], SIP_INVITE) && sim.lookups == lookups);
}

/* --- a number that a trunk shows, and to which nothing leads from outside --- */

#define SHOWN "+33140000009"

static void the_trunk_shows_it(void)
{
	set(0, OWNER_USER, 0, SETTING_CLASSES, "national");
	sim.dialled[0] = SHOWN;
	sim.site.trunk[1].callers = 2;
	snprintf(sim.site.trunk[1].caller[0], sizeof sim.site.trunk[1].caller[0], "+33140000008");
	snprintf(sim.site.trunk[1].caller[1], sizeof sim.site.trunk[1].caller[1], SHOWN);
}

static void as_bobs(void)
{
	the_trunk_shows_it();
	set(1, OWNER_USER, 1, SETTING_OUTSIDE_NUMBER, SHOWN);
	set(2, OWNER_USER, 2, SETTING_OUTSIDE_NUMBER, "+33140000008");
}

static void one_that_a_persons_calls_show_is_theirs(void)
{
	begin_with(as_bobs);
	talk_invite(&a, &alice, "0140000009", &offer);
	talk_rings_at(&b, &bob);
	nothing_leaves();
	talk_answer(&b, 486, NULL);
	NEED(code_of(a.txn) == 486);
	finish();
}

static void as_bobs_and_carols(void)
{
	as_bobs();
	set(2, OWNER_USER, 2, SETTING_OUTSIDE_NUMBER, SHOWN);
}

static void it_goes_out(void (*settings)(void))
{
	begin_with(settings);
	talk_invite(&a, &alice, SHOWN, &offer);
	NEED(sent_to(&telco[0], SIP_INVITE) && !sent_to(&bob, SIP_INVITE));
}

/* Where it leads the provider knows. */
static void one_of_several_people_goes_out(void)
{
	it_goes_out(as_bobs_and_carols);
}

static void so_does_one_of_nobody(void)
{
	it_goes_out(the_trunk_shows_it);
}

static void no_trunk_shows_it(void)
{
	as_bobs();
	sim.site.trunk[1].callers = 1;
}

/* No setting of a person makes an outside number theirs. */
static void and_one_that_no_trunk_shows(void)
{
	it_goes_out(no_trunk_shows_it);
}

static void may_says_so(void)
{
	begin_with(bob_may_not_call_out);
	struct link *ctl = sim_far(PROC_CTL, 0);
	struct msg_may_want *w = ipc_begin(ctl, MSG_MAY_WANT);

	w->token = 7;
	w->route = ROUTE_FRESH;
	w->who = WHO_USER;
	w->user = ipc_put(ctl, SPAN("alice"));
	w->number = ipc_put(ctl, SPAN("0140000001"));
	ipc_end(ctl);
	sim_turn();
	struct heard *h = sim_take(PROC_CTL, MSG_MAY_LINE, NULL, NULL);
	NEED(h);
	const struct msg_may_line *m = (const void *)h->payload;
	NEED(m->verdict == PLAN_ALLOW && m->class == NUMBER_INTERNAL && m->rate_e4 == 0);
	NEED(strcmp(sim_text(h, m->to), "bob") == 0 && m->memory == MAY_NOT_ASKED);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(each_spelling_rings_here);
	SIM(a_group_rings_too);
	SIM(one_that_leads_nowhere_is_unknown);
	SIM(a_forward_to_it_stays_inside);
	SIM(a_line_may_be_given_on_to_it);
	SIM(one_that_a_persons_calls_show_is_theirs);
	SIM(one_of_several_people_goes_out);
	SIM(so_does_one_of_nobody);
	SIM(and_one_that_no_trunk_shows);
	SIM(may_says_so);
	(void)test_failed_here;
	return TEST_END;
}
