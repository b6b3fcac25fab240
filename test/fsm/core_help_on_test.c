/* SPDX-License-Identifier: ISC */
/* A call for help that is given on is one no less (R16): its line is nobody else's, and it has ended when the line is gone. */
#include "../unit/test.h"
#include "directory.h"
#include "notice.h"
#include "sim_trunks.h"
#include "sim_voice.h"

static struct phone carol;
static struct talk from, to, help, centre, other, again, c; /* an ordinary talk; alice's call for help; bob's */

/* One trunk of two lines carries help; alice and carol have their place. */
static void two_lines(void)
{
	sim.site.trunk[0].emergency = 1;
	sim.site.trunk[1].emergency = 0;
	sim.site.trunk[0].lines = 2;
	sim.device[0].flags = sim.device[2].flags = DEVICE_FIXED;
	sim.site.plan.unknown_caller = INCOMING_PASS;
	for (int i = 0; i < CEILING_SCOPES; i++)
		sim.site.plan.ceiling[i].most[CEILING_CALLS] = 10;
}

/* An older talk of somebody, and alice's with the centre. */
static void begin(void)
{
	begin_with(two_lines);
	phone_init(&carol, 2);
	phone_register(&carol);
	up_at(&from, &to, "+33123456789", &telco[0]);
	sim_pass(2000);
	help.allow = 1u << SIP_REFER;
	up_at(&help, &centre, "112", &telco[0]);
	NEED(sim.notices == 1 && sim.notice_kind == NOTICE_CALL);
	sim_pass(2000);
}

static unsigned refers(struct talk *who, const char *number)
{
	struct msg_request *m = talk_begin(who, SIP_REFER);

	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(who->phone, number);
	return code_of(talk_end(who));
}

static void takes_it(struct talk *at, struct phone *p)
{
	talk_rings_at(at, p);
	struct sdp answer = sdp_plain(p);
	answer.audio.crypto[0].tag = at->sdp.audio.crypto[0].tag;
	talk_answer(at, 200, &answer);
	NEED(talk_takes(at, SIP_ACK));
}

/* carol calls for help too, and the trunk has no line left: somebody's ends. */
static void another_needs_a_line(void)
{
	struct sdp of_carol = sdp_plain(&carol);

	sim_clear();
	talk_invite(&other, &carol, "112", &of_carol);
	talk_rings_at(&again, &telco[0]);
	talk_answer(&again, 503, NULL);
}

static void the_ordinary_talk_ends(void)
{
	struct heard *h = sent_to(&telco[0], SIP_BYE);

	NEED(h && strcmp(sim_text(h, sent(h)->call_id), to.call_id) == 0);
	NEED(!sent_to(&telco[0], SIP_BYE));
}

static void one_that_was_sent_on_keeps_its_line(void)
{
	begin();
	NEED(refers(&help, "bob") == 202);
	another_needs_a_line(); /* while nobody has answered: such calls go first */
	the_ordinary_talk_ends();
}

static void so_does_one_that_was_taken_elsewhere(void)
{
	begin();
	NEED(refers(&help, "bob") == 202);
	takes_it(&b, &bob);
	sim_pass(6000);
	another_needs_a_line();
	the_ordinary_talk_ends();
}

static void it_has_ended_when_the_line_is_gone(void)
{
	begin();
	NEED(refers(&help, "bob") == 202);
	takes_it(&b, &bob);
	sim_pass(6000);
	NEED(sim.notices == 1);
	talk_send(&centre, SIP_BYE, NULL);
	NEED(sim.notices == 2 && sim.notice_kind == NOTICE_END && notice_may_call_back(NOBODY, 0));
}

static void also_when_nobody_takes_it(void)
{
	begin();
	NEED(refers(&help, "bob") == 202);
	sim_pass(1000);
	talk_send(&centre, SIP_BYE, NULL);
	NEED(sim.notices == 2 && sim.notice_kind == NOTICE_END);
	sim_pass(100000);
	NEED(sim.notices == 2);
}

static void one_that_comes_back_ends_once(void)
{
	begin();
	NEED(refers(&help, "bob") == 202);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	sim_pass(1000);
	NEED(sim.notices == 1);
	talk_send(&centre, SIP_BYE, NULL);
	NEED(sim.notices == 2 && sim.notice_kind == NOTICE_END);
}

/* alice asks bob, and her phone puts the two together. */
static void the_centre_is_given_to_whom_was_asked(void)
{
	static struct talk asks, asked, n;

	begin();
	asks.allow = asked.allow = 1u << SIP_REFER;
	call_up(&asks, &alice, &asked, &bob);
	struct msg_request *m = talk_begin(&asks, SIP_REFER);
	m->refer_kind = REFER_LEG;
	m->refer_user = phone_put(&alice, "leg-00");
	m->replaces_call_id = phone_put(&alice, help.call_id);
	m->replaces_to_tag = phone_put(&alice, help.theirs);
	m->replaces_from_tag = phone_put(&alice, help.ours);
	NEED(code_of(talk_end(&asks)) == 202);
	invite_token(&n, &bob, sent_on(&asked, "alice", 202));
	talk_hears(&n, 200);
	talk_ack(&n);
	sim_pass(2000);
	NEED(sim.notices == 1);
	another_needs_a_line();
	the_ordinary_talk_ends();
	uint32_t before = sim.notices;
	talk_send(&centre, SIP_BYE, NULL);
	NEED(sim.notices == before + 1 && sim.notice_kind == NOTICE_END);
}

/* Who calls back keeps the line, whoever talks to them by then. */
static void the_call_back_keeps_its_line(void)
{
	static struct talk back;

	begin();
	talk_send(&help, SIP_BYE, NULL);
	sim_pass(1000);
	sim.site.inbound[0] = (struct inbound){.number = "+33140000001", .to = "alice"};
	sim_clear();
	invite_from(&back, "+33612345678", "+33140000001", false);
	a.allow = 1u << SIP_REFER;
	takes_it(&a, &alice);
	talk_hears(&back, 200);
	talk_ack(&back);
	NEED(refers(&a, "bob") == 202);
	takes_it(&b, &bob);
	sim_pass(6000);
	another_needs_a_line();
	the_ordinary_talk_ends();
}

/* --- help that is answered here: phones talk to each other, and each comes by an INVITE of its own --- */

static void bob_helps(void)
{
	sim.site.trunk[0].emergency = sim.site.trunk[1].emergency = 0;
	sim.user[1].name = "112";
	sim.user[4].name = "104";
	sim.device[0].flags = DEVICE_FIXED;
}

static void begin_inside(void)
{
	begin_with(bob_helps);
	phone_init(&carol, 2);
	phone_register(&carol);
	help.allow = centre.allow = 1u << SIP_REFER;
	talk_invite(&help, &alice, "112", &offer);
	takes_it(&centre, &bob);
	talk_hears(&help, 200);
	talk_ack(&help);
	NEED(sim.notices == 1 && sim.notice_kind == NOTICE_CALL);
}

static void who_is_sent_on_by_an_invite_needs_help_still(void)
{
	begin_inside();
	centre.allow = 1u << SIP_REFER;
	NEED(refers(&centre, "carol") == 202);
	invite_token(&a, &alice, sent_on(&help, "112", 202));
	takes_it(&c, &carol);
	talk_hears(&a, 200);
	talk_ack(&a);
	sim_pass(2000);
	NEED(sim.notices == 1);
	talk_send(&a, SIP_BYE, NULL);
	NEED(sim.notices == 2 && sim.notice_kind == NOTICE_END);
	sim_pass(60000);
	NEED(sim.notices == 2);
}

/* --- what outlives core --- */

struct world {
	struct phone telco[2], carol;
	struct talk to, centre;
};

static struct world *w;

static void is_given_on(void)
{
	begin();
	NEED(refers(&help, "bob") == 202);
	takes_it(&b, &bob);
	sim_pass(6000);
	*w = (struct world){{telco[0], telco[1]}, carol, to, centre};
}

static void it_is_help_in_cores_next_life(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(is_given_on);
	begin_with(two_lines);
	carol = w->carol;
	phone_init(&carol, 2);
	phone_register(&carol);
	to = w->to;
	centre = w->centre;
	centre.phone = &telco[0];
	sim_pass(2000);
	another_needs_a_line();
	the_ordinary_talk_ends();
	uint32_t before = sim.notices;
	talk_send(&centre, SIP_BYE, NULL);
	NEED(sim.notices == before + 1 && sim.notice_kind == NOTICE_END);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(one_that_was_sent_on_keeps_its_line);
	SIM(so_does_one_that_was_taken_elsewhere);
	SIM(it_has_ended_when_the_line_is_gone);
	SIM(also_when_nobody_takes_it);
	SIM(one_that_comes_back_ends_once);
	SIM(the_centre_is_given_to_whom_was_asked);
	SIM(the_call_back_keeps_its_line);
	SIM(who_is_sent_on_by_an_invite_needs_help_still);
	SIM(it_is_help_in_cores_next_life);
	(void)test_failed_here;
	return TEST_END;
}
