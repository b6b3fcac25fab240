/* SPDX-License-Identifier: ISC */
/* A trunk that answers with media nobody can use has not answered: it is hung up on and the next is asked (R16). */
#include "../unit/test.h"
#include "sim_trunks.h"
#include "sim_voice.h"

static void emergency_trunks(void)
{
	sim.site.trunk[0].emergency = sim.site.trunk[1].emergency = 1;
	sim.device[0].flags = DEVICE_FIXED;
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, city=Paris, street=Rue Neuve, house=12, room=4");
}

/* Of none of the trunk's own nets. */
static struct sdp foreign(void)
{
	struct phone p = telco[0];

	p.host = "198.51.100.77";
	return sdp_clear(&p);
}

static void answers_unfit(struct talk *at, struct phone *trunk, const struct sdp *sdp)
{
	talk_rings_at(at, trunk);
	talk_answer(at, 200, sdp);
	NEED(talk_takes(at, SIP_ACK));
	hangs_up_on(at);
}

static void answers_well(struct talk *at, struct phone *trunk)
{
	talk_rings_at(at, trunk);
	talk_up(&a, at, &plain);
}

static void help_goes_on_over_the_next(void)
{
	const struct sdp far = foreign();

	begin_with(emergency_trunks);
	talk_invite(&a, &alice, "112", &offer);
	const uint32_t alarms = sim.events[EVENT_EMERGENCY];
	answers_unfit(&t, &telco[0], &far);
	NEED(sim.events[EVENT_EMERGENCY] == alarms + 1 && sim.event_severity == SEVERITY_ALARM);
	answers_well(&b, &telco[1]);
	call_hang_up(&a, &b);
	finish();
}

static void help_that_has_no_other_is_told(void)
{
	const struct sdp far = foreign();

	begin_with(emergency_trunks);
	talk_invite(&a, &alice, "112", &offer);
	answers_unfit(&t, &telco[0], NULL);
	answers_unfit(&b, &telco[1], &far);
	is_told(&a, RELAY_KEY_SDES, "emergency-no-line");
	finish();
}

/* What it sent before it answered was heard already. */
static void early_media_are_no_answer(void)
{
	const struct sdp far = foreign();

	begin_with(emergency_trunks);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 183, &plain);
	talk_hears(&a, 183);
	talk_answer(&t, 200, &far);
	NEED(talk_takes(&t, SIP_ACK));
	hangs_up_on(&t);
	answers_well(&b, &telco[1]);
	call_hang_up(&a, &b);
	finish();
}

static void so_does_any_call(void)
{
	const struct sdp far = foreign();

	begin_with(NULL);
	talk_invite(&a, &alice, "0123456789", &offer);
	answers_unfit(&t, &telco[0], &far);
	answers_well(&b, &telco[1]);
	call_hang_up(&a, &b);
	talk_invite(&a, &alice, "0123456789", &offer);
	answers_unfit(&t, &telco[0], &far);
	answers_unfit(&b, &telco[1], &far);
	const struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 488 && respond(h)->warning_text.len);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(help_goes_on_over_the_next);
	SIM(help_that_has_no_other_is_told);
	SIM(early_media_are_no_answer);
	SIM(so_does_any_call);
	(void)test_failed_here;
	return TEST_END;
}
