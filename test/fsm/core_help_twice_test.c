/* SPDX-License-Identifier: ISC */
/* A call for help that one trunk may answer yet: nobody gives way for it, and where it rings no second one reaches the centre (R16). */
#include "../unit/test.h"
#include "outside.h"
#include "sim_trunks.h"
#include "sim_voice.h"

static struct talk from, to;

static void emergency_trunks(void)
{
	sim.site.trunk[0].emergency = sim.site.trunk[1].emergency = 1;
	sim.device[0].flags = DEVICE_FIXED;
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, city=Paris, street=Rue Neuve, house=12, room=4");
}

/* alice talks over telco 0; of her call for help telco 0 says nothing, and telco 1 is asked beside it. */
static void the_first_is_mute(void)
{
	begin_with(emergency_trunks);
	up_at(&from, &to, "+33123456789", &telco[0]);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	sim_pass(HELP_MUTE_MS + 500);
	talk_rings_at(&b, &telco[1]);
}

static void nobody_gave_way(void)
{
	NEED(!sent_to(&telco[0], SIP_BYE) && !sent_to(&telco[0], SIP_INVITE) && !sent_to(&telco[1], SIP_INVITE));
}

static void help_that_rings_costs_nobody_a_talk(void)
{
	the_first_is_mute();
	talk_answer(&b, 180, NULL);
	talk_answer(&t, 503, NULL);
	nobody_gave_way();
	talk_answer(&b, 200, &plain);
	NEED(talk_takes(&b, SIP_ACK));
	talk_hears(&a, 180);
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &b);
	call_hang_up(&from, &to);
	finish();
}

static void nor_does_help_that_is_asked_for(void)
{
	the_first_is_mute();
	talk_answer(&t, 503, NULL);
	nobody_gave_way();
	talk_answer(&b, 503, NULL); /* and now nobody is asked any more */
	hangs_up_on(&to);
	hangs_up_on(&from);
	talk_rings_at(&t, &telco[0]);
}

static void three_trunks(void)
{
	emergency_trunks();
	sim_add_trunk(2)->priority = 2;
	sim.site.trunk[2].emergency = 1;
}

/* The third is for when neither of them answers. */
static void no_third_is_asked_while_one_rings(void)
{
	static struct phone third;
	static struct talk at;

	begin_with(three_trunks);
	phone_init_trunk(&third, 2);
	third.trunk = 3;
	third.host = "203.0.113.8";
	phone_up(&third);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	sim_pass(HELP_MUTE_MS + 500);
	talk_rings_at(&b, &telco[1]);
	talk_answer(&b, 180, NULL);
	talk_answer(&t, 503, NULL);
	NEED(!sent_to(&third, SIP_INVITE));
	talk_answer(&b, 503, NULL);
	talk_rings_at(&at, &third);
}

/* --- all are mute: nothing but 100 --- */

static unsigned lost_alarms;

static void count_alarms(struct link *l, const struct ipc_view *v)
{
	const struct msg_event *m = v->payload;

	(void)l;
	lost_alarms += v->type == MSG_EVENT && m->kind == EVENT_EMERGENCY && m->severity == SEVERITY_ALARM &&
	               span_starts(ipc_str(v, m->detail), SPAN("no trunk says anything"));
}

static void both_are_mute(void)
{
	begin_with(emergency_trunks);
	sim.watch = count_alarms;
	lost_alarms = 0;
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	sim_pass(HELP_MUTE_MS + 500);
	talk_rings_at(&b, &telco[1]);
}

static bool cancelled(void)
{
	return sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL) != NULL;
}

/* Each is asked anew, once; then whoever needs help hears that there is none here. */
static void trunks_that_stay_mute_are_asked_anew_and_then_it_is_told(void)
{
	both_are_mute();
	sim_pass(HELP_ROUND_MS - 1000);
	NEED(!cancelled() && !sent_to(&telco[0], SIP_INVITE));
	sim_pass(2000);
	NEED(cancelled() && cancelled() && lost_alarms == 1);
	talk_answer(&t, 487, NULL);
	talk_answer(&b, 487, NULL);
	talk_rings_at(&t, &telco[0]);
	NEED(!sent_to(&telco[1], SIP_INVITE));
	sim_pass(HELP_MUTE_MS + 500);
	talk_rings_at(&b, &telco[1]);
	sim_pass(HELP_ROUND_MS + 1000);
	NEED(lost_alarms == 1 && cancelled() && cancelled());
	talk_answer(&t, 487, NULL);
	talk_answer(&b, 487, NULL);
	is_told(&a, RELAY_KEY_SDES, "emergency-no-line");
	NEED(!sent_to(&telco[0], SIP_INVITE) && !sent_to(&telco[1], SIP_INVITE));
	finish();
}

/* One that only answers is heard until the end of its round, and one of the second round like any other. */
static void who_answers_without_a_word_before(void)
{
	both_are_mute();
	sim_pass(HELP_ROUND_MS - 1000);
	talk_answer(&t, 200, &plain);
	NEED(talk_takes(&t, SIP_ACK) && cancelled());
	talk_answer(&b, 487, NULL);
	talk_hears(&a, 200);
	talk_ack(&a);
	sim_pass(2 * HELP_ROUND_MS);
	call_hang_up(&a, &t);
	finish();
}

static void one_that_rings_in_the_second_round_may_ring_long(void)
{
	both_are_mute();
	sim_pass(HELP_ROUND_MS + 1000);
	talk_answer(&t, 487, NULL);
	talk_answer(&b, 487, NULL);
	sim_clear();
	sim_pass(HELP_MUTE_MS + 500);
	talk_rings_at(&b, &telco[1]);
	talk_answer(&b, 180, NULL);
	sim_pass(300000);
	NEED(!cancelled());
	talk_answer(&b, 200, &plain);
	NEED(talk_takes(&b, SIP_ACK));
}

/* telco 0 has no line and telco 1 is mute: the talk over telco 0 gives way, not before telco 1 had its time, and telco 0 is asked until the
 * line is free. */
static void beside_a_mute_one_a_talk_gives_way(void)
{
	begin_with(emergency_trunks);
	up_at(&from, &to, "+33123456789", &telco[0]);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 503, NULL);
	talk_rings_at(&b, &telco[1]);
	sim_pass(HELP_MUTE_MS - 500);
	nobody_gave_way();
	sim_pass(1000);
	hangs_up_on(&to);
	hangs_up_on(&from);
	int again = 0;
	for (int s = 0; s < 14; s++) {
		sim_pass(1000);
		struct heard *h = sent_to(&telco[0], SIP_INVITE);
		if (!h)
			continue;
		h->taken = false;
		talk_rings_at(&t, &telco[0]);
		if (++again == 3)
			break;
		talk_answer(&t, 503, NULL);
	}
	NEED(again == 3 && !sent_to(&telco[1], SIP_INVITE) && !cancelled());
	talk_answer(&t, 200, &plain);
	NEED(talk_takes(&t, SIP_ACK) && cancelled());
	talk_answer(&b, 487, NULL);
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &t);
	finish();
}

/* Where both are mute and have lines, a talk would give way for nothing. */
static void where_no_line_is_missing_nobody_gives_way(void)
{
	begin_with(emergency_trunks);
	up_at(&from, &to, "+33123456789", &telco[0]);
	talk_invite(&a, &alice, "112", &offer);
	sim_pass(HELP_ROUND_MS);
	NEED(!sent_to(&telco[0], SIP_BYE) && !sent_to(&alice, SIP_BYE));
}

/* The second rang, and says no: the first is no better than it was. */
static void who_rang_says_no_beside_a_mute_one(void)
{
	both_are_mute();
	talk_answer(&b, 180, NULL);
	sim_pass(HELP_MUTE_MS);
	talk_answer(&b, 486, NULL);
	sim_pass(HELP_ROUND_MS + 1000);
	NEED(cancelled() && lost_alarms == 1);
	talk_answer(&t, 487, NULL);
	talk_rings_at(&t, &telco[0]);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(help_that_rings_costs_nobody_a_talk);
	SIM(nor_does_help_that_is_asked_for);
	SIM(no_third_is_asked_while_one_rings);
	SIM(trunks_that_stay_mute_are_asked_anew_and_then_it_is_told);
	SIM(who_answers_without_a_word_before);
	SIM(one_that_rings_in_the_second_round_may_ring_long);
	SIM(beside_a_mute_one_a_talk_gives_way);
	SIM(where_no_line_is_missing_nobody_gives_way);
	SIM(who_rang_says_no_beside_a_mute_one);
	(void)test_failed_here;
	return TEST_END;
}
