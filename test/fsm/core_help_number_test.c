/* SPDX-License-Identifier: ISC */
/* Which number a trunk is asked for when somebody calls for help (R16): one that the network knows. The site is in France. */
#include "../unit/test.h"
#include "sim_trunks.h"
#include "sim_voice.h"
#include <stdio.h>

static void emergency_trunks(void)
{
	static const char *const number[] = {"112", "911", "15", "4711"};

	for (uint8_t i = 0; i < 4; i++)
		snprintf(sim.site.plan.emergency[i], sizeof sim.site.plan.emergency[i], "%s", number[i]);
	sim.site.plan.emergencies = 4;
	memcpy(sim.site.plan.emergency_test, "933", 4);
	sim.site.trunk[0].emergency = 1;
	sim.site.trunk[1].emergency = 0;
	sim.device[0].flags = DEVICE_FIXED;
}

static void nowhere(void)
{
	emergency_trunks();
	sim.site.plan.country[0] = 0;
}

/* The trunk's INVITE is for this number, and it answers with that code. */
static void is_asked_for(const char *number, unsigned code)
{
	struct heard *h = sent_to(&telco[0], SIP_INVITE);

	NEED(h && strcmp(sim_text(h, sent(h)->number), number) == 0);
	h->taken = false;
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, code, NULL);
}

static void dialled(const char *number, const char *first, const char *second, unsigned code)
{
	talk_invite(&a, &alice, number, &offer);
	is_asked_for(first, code);
	if (second)
		is_asked_for(second, code);
	NEED(!sent_to(&telco[0], SIP_INVITE));
}

static void one_of_another_continent_goes_out_as_that_of_the_country(void)
{
	begin_with(emergency_trunks);
	talk_invite(&a, &alice, "911", &offer);
	struct heard *h = sent_to(&telco[0], SIP_INVITE);
	NEED(h && strcmp(sim_text(h, sent(h)->number), "112") == 0);
	h->taken = false;
	talk_rings_at(&t, &telco[0]);
	talk_up(&a, &t, &plain);
	call_hang_up(&a, &t);
	NEED(sim.records == 1 && strcmp(sim.record_to, "911") == 0); /* as it was dialled */
}

static void where_the_network_does_not_know_it_either_as_dialled(void)
{
	static const unsigned codes[] = {404, 410, 484, 604};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		if (i == 0)
			begin_with(emergency_trunks);
		dialled("911", "112", "911", codes[i]);
		talk_send(&a, SIP_BYE, NULL);
		sim_pass(60000);
		sim_clear();
	}
}

static void one_that_the_network_does_not_know_is_followed_by_the_general_one(void)
{
	begin_with(emergency_trunks);
	dialled("15", "15", "112", 404);
	NEED(sim.events[EVENT_EMERGENCY] == 2);
}

static void so_is_one_of_the_house(void)
{
	begin_with(emergency_trunks);
	dialled("4711", "4711", "112", 404);
}

static void the_general_one_is_the_last(void)
{
	begin_with(emergency_trunks);
	dialled("112", "112", NULL, 404);
}

static void a_busy_network_is_not_asked_for_another(void)
{
	begin_with(emergency_trunks);
	dialled("15", "15", NULL, 486);
}

static void a_test_is_no_call_for_help(void)
{
	begin_with(emergency_trunks);
	dialled("933", "933", NULL, 404);
}

/* Nobody knows where such a site is: what is dialled goes out, and then the one that people know from elsewhere. */
static void a_site_of_no_country_tries_both(void)
{
	begin_with(nowhere);
	dialled("911", "911", "112", 404);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(one_of_another_continent_goes_out_as_that_of_the_country);
	SIM(where_the_network_does_not_know_it_either_as_dialled);
	SIM(one_that_the_network_does_not_know_is_followed_by_the_general_one);
	SIM(so_is_one_of_the_house);
	SIM(the_general_one_is_the_last);
	SIM(a_busy_network_is_not_asked_for_another);
	SIM(a_test_is_no_call_for_help);
	SIM(a_site_of_no_country_tries_both);
	(void)test_failed_here;
	return TEST_END;
}
