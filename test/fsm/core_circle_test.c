/* SPDX-License-Identifier: ISC */
/* Forwards that lead in a circle, over ring groups and over a trunk that comes back in: they end, and their caller is told (R14, R29). */
#include "../unit/test.h"
#include "route.h"
#include "sim_trunks.h"
#include "sim_voice.h"

#define MOBILE "+33611223355"

static struct phone carol;
static struct talk c, in;

static void people(void)
{
	sim.site.plan.unknown_caller = INCOMING_PASS;
	sim.site.plan.pin = 0;
	sim.user[2].name = "102";
	sim.group[0] = (struct sim_group){"200", "102"};
	set(1, OWNER_USER, 1, SETTING_CLASSES, "mobile");
}

/* bob is forwarded to the group, which leads to bob where nobody takes it. */
static void of_a_group(void)
{
	people();
	set(2, OWNER_USER, 1, SETTING_FORWARD_ALWAYS, "200");
	set(3, OWNER_GROUP, 0, SETTING_FORWARD_NO_ANSWER, "bob");
}

static void to_a_mobile(void)
{
	people();
	set(2, OWNER_USER, 1, SETTING_FORWARD_ALWAYS, MOBILE);
}

static void begin(void (*settings)(void))
{
	begin_with(settings);
	phone_init(&carol, 2);
	phone_register(&carol);
}

/* Each time round is one that carol may take, and not for ever. */
static void round_and_round(const char *number, bool takes_it)
{
	unsigned rings = 0;

	begin(of_a_group);
	talk_invite(&a, &alice, number, &offer);
	for (struct heard *h; (h = sent_to(&carol, SIP_INVITE)); rings++) {
		h->taken = false;
		talk_rings_at(&c, &carol);
		NEED(rings <= ROUTE_HOPS_MAX && !sent_to(&bob, SIP_INVITE));
		if (takes_it && rings == 2) {
			const struct sdp answer = sdp_fits(&c);
			talk_up(&a, &c, &answer);
			call_hang_up(&a, &c);
			break;
		}
		talk_answer(&c, 486, NULL);
	}
	NEED(rings == (takes_it ? 2 : 3));
	if (!takes_it && strcmp(number, "200") == 0) { /* his is the forward that is one too many, and as none */
		talk_rings_at(&b, &bob);
		talk_answer(&b, 486, NULL);
	}
	NEED(takes_it || code_of(a.txn) == 486);
	finish();
}

static void a_circle_over_a_group_ends(void)
{
	round_and_round("bob", false);
}

static void from_the_group_s_side_too(void)
{
	round_and_round("200", false);
}

static void whoever_takes_it_on_the_way_has_it(void)
{
	round_and_round("200", true);
}

/* The mobile phone is forwarded to bob's number: who comes in by that is from outside, is forwarded nowhere, and rings. */
static void what_a_trunk_brings_back_rings(void)
{
	begin(to_a_mobile);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&t, &telco[0]);
	invite_from(&in, MOBILE, "+33140000001", false);
	talk_rings_at(&b, &bob);
	NEED(!sent_to(&telco[0], SIP_INVITE) && !sent_to(&telco[1], SIP_INVITE));
	const struct sdp answer = sdp_fits(&b);
	talk_up(&in, &b, &answer);
	talk_up(&a, &t, &plain);
	call_hang_up(&a, &t);
	call_hang_up(&in, &b);
	finish();
}

/* Nor does it come back as whoever called first. */
static void nor_as_one_of_us(void)
{
	begin(to_a_mobile);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&t, &telco[0]);
	invite_from(&in, "+33140000001", "+33140000001", false);
	NEED(code_of(in.txn) == 403 && !sent_to(&bob, SIP_INVITE) && !sent_to(&telco[1], SIP_INVITE));
	talk_answer(&t, 486, NULL);
	NEED(code_of(a.txn) == 486);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_circle_over_a_group_ends);
	SIM(from_the_group_s_side_too);
	SIM(whoever_takes_it_on_the_way_has_it);
	SIM(what_a_trunk_brings_back_rings);
	SIM(nor_as_one_of_us);
	(void)test_failed_here;
	return TEST_END;
}
