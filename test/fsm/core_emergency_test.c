/* SPDX-License-Identifier: ISC */
/* Who is told of a call for help and when it may be called back; that a test of it is none, and that nobody declines help for others (R16). */
#include "../unit/test.h"
#include "directory.h"
#include "notice.h"
#include "sim_trunks.h"
#include "sim_voice.h"

static struct phone carol;
static struct talk c;

static void fixed(void)
{
	sim.device[0].flags = DEVICE_FIXED;
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, city=Paris, street=Rue Neuve, house=12, room=4");
}

static void emergency_trunk(void)
{
	fixed();
	sim.site.trunk[0].emergency = 1;
	snprintf(sim.site.plan.emergency_test, sizeof sim.site.plan.emergency_test, "933");
	set(2, OWNER_SITE, 0, SETTING_FRONT_DESK, "bob");
	set(3, OWNER_USER, 0, SETTING_DND, "on");
}

static bool may_be_called_back(void)
{
	return notice_may_call_back(alice.device, 0);
}

/* The talk goes on, and whoever asks whether it does is answered. */
static void talk_for(unsigned minutes)
{
	struct phone *both[] = {&alice, &telco[0]};

	for (unsigned i = 0; i < minutes; i++) {
		sim_pass(60000);
		for (int k = 0; k < 2; k++)
			for (struct heard *h; (h = sent_to(both[k], SIP_OPTIONS)) || (h = sent_to(both[k], SIP_UPDATE)) ||
			                      (h = sent_to(both[k], SIP_INVITE));)
				phone_answer(both[k], h, 200, NULL);
		sim_clear();
	}
}

static void the_way_back_is_open_from_the_end(void)
{
	begin_with(emergency_trunk);
	up_at(&a, &t, "112", &telco[0]);
	uint64_t join;
	NEED(relay_wish(&join));
	media_says_gate(join, RELAY_KEY_SDES);
	NEED(sim.notices == 1 && sim.notice_kind == NOTICE_CALL);
	talk_for(sim.site.plan.callback_min + 5);
	NEED(!may_be_called_back());
	call_hang_up(&a, &t);
	NEED(sim.notices == 2 && sim.notice_kind == NOTICE_END && may_be_called_back());
	sim_pass((sim.site.plan.callback_min - 1) * UINT64_C(60000));
	NEED(may_be_called_back());
	sim_pass(120000);
	NEED(!may_be_called_back());
}

/* R16, 933: noted as what it is, and that is all. */
static void a_test_alarms_nobody(void)
{
	begin_with(emergency_trunk);
	up_at(&a, &t, "933", &telco[0]);
	NEED(sim.notices == 1 && sim.notice_kind == NOTICE_TEST && !may_be_called_back());
	NEED(sim.events[EVENT_EMERGENCY] == 1 && sim.event_severity == SEVERITY_INFO);
	sim_pass(5000);
	NEED(!sent_to(&bob, SIP_INVITE)); /* the front desk */
	call_hang_up(&a, &t);
	NEED(sim.notices == 1 && !may_be_called_back());
	finish();
}

static void many_calls(void)
{
	emergency_trunk();
	for (int i = 0; i < CEILING_SCOPES; i++)
		sim.site.plan.ceiling[i].most[CEILING_CALLS] = 10;
}

/* The trunk has no line for this number: does a talk end? */
static bool cuts(const char *number)
{
	static struct talk from, to, h;

	begin_with(many_calls);
	up_at(&from, &to, "0123456789", &telco[0]);
	talk_invite(&a, &alice, number, &offer);
	talk_rings_at(&h, &telco[0]);
	talk_answer(&h, 503, NULL);
	return talk_takes(&to, SIP_BYE) != NULL;
}

static void a_test_cuts_no_talk(void)
{
	NEED(!cuts("933"));
}

static void help_does(void)
{
	NEED(cuts("112"));
}

static void three_for_help(void)
{
	fixed();
	sim.user[4].name = "104";
	sim.group[0] = (struct sim_group){"112", "bob, carol"};
}

static void nobody_declines_help_for_another(void)
{
	begin_with(three_for_help);
	phone_init(&carol, 2);
	phone_register(&carol);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&b, &bob);
	talk_rings_at(&c, &carol);
	talk_answer(&b, 180, NULL);
	talk_answer(&c, 180, NULL);
	sim_clear();
	talk_answer(&b, 603, NULL);
	NEED(!sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	struct sdp answer = sdp_plain(&carol);
	talk_answer(&c, 200, &answer);
	NEED(talk_takes(&c, SIP_ACK));
	talk_hears(&a, 200);
}

static void two_have_numbers_for_help(void)
{
	emergency_trunk();
	sim.group[0] = (struct sim_group){"933", "bob"};
}

/* Nobody reaches them; without a trunk that carries help they are who answers for it. */
static void who_has_a_number_for_help_is_counted(void)
{
	begin_with(two_have_numbers_for_help);
	NEED(sim_status("numbers-hidden").used == 2);
	sim.site.trunk[0].emergency = 0;
	NEED(sim_status("numbers-hidden").used == 0);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(who_has_a_number_for_help_is_counted);
	SIM(the_way_back_is_open_from_the_end);
	SIM(a_test_alarms_nobody);
	SIM(a_test_cuts_no_talk);
	SIM(help_does);
	SIM(nobody_declines_help_for_another);
	(void)test_failed_here;
	return TEST_END;
}
