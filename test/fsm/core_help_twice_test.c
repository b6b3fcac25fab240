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

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(help_that_rings_costs_nobody_a_talk);
	SIM(nor_does_help_that_is_asked_for);
	SIM(no_third_is_asked_while_one_rings);
	(void)test_failed_here;
	return TEST_END;
}
