/* SPDX-License-Identifier: ISC */
/* Fixed phones in no network of the site are told of before one of them calls for help and is refused (R16). All connect from
 * 198.51.100.0/24. */
#include "../unit/test.h"
#include "away.h"
#include "core_child.h"
#include "sim_trunks.h"
#include "sim_voice.h"

enum { CAROL = 2 };

static struct phone carol;

static void fixed(void)
{
	sim.site.trunk[0].emergency = sim.site.trunk[1].emergency = 1;
	sim.device[0].flags = sim.device[1].flags = sim.device[CAROL].flags = DEVICE_FIXED;
}

static void renumbered(void)
{
	fixed();
	set(1, OWNER_DEVICE, 0, SETTING_SUBNET, "10.9.0.0/24");
	set(2, OWNER_DEVICE, 1, SETTING_SUBNET, "10.9.0.0/24, 10.10.0.0/24");
	set(3, OWNER_DEVICE, CAROL, SETTING_SUBNET, "10.9.0.0/24");
}

static void one_stands_where_the_others_are(void)
{
	renumbered();
	set(2, OWNER_DEVICE, 1, SETTING_SUBNET, "198.51.100.0/24");
}

static void they_are_said_to_travel(void)
{
	renumbered();
	set(4, OWNER_DEVICE, 0, SETTING_REMOTE, "on");
	set(5, OWNER_DEVICE, 1, SETTING_REMOTE, "on");
}

static void help_is_in_the_house(void)
{
	renumbered();
	sim.site.trunk[0].emergency = sim.site.trunk[1].emergency = 0;
}

static void the_last_location_counts(void)
{
	renumbered();
	sim.site.plan.emergency_remote = REMOTE_LAST_LOCATION;
	for (unsigned i = 0; i < 2; i++) {
		set((int)(4 + 2 * i), OWNER_DEVICE, i, SETTING_LOCATION, "country=FR, city=Lyon");
		set((int)(5 + 2 * i), OWNER_DEVICE, i, SETTING_LOCATION_CONFIRMED, "1760000000000");
	}
}

static void of_the_old_protocol(void)
{
	fixed();
	for (unsigned i = 0; i <= CAROL; i++)
		set((int)(1 + i), OWNER_DEVICE, i, SETTING_SUBNET, "198.51.100.0/24");
}

static void of_both(void)
{
	of_the_old_protocol();
	set(3, OWNER_DEVICE, CAROL, SETTING_SUBNET, "198.51.100.0/24, 2001:db8:1::/64");
}

static uint64_t off_site(void)
{
	return sim_status("phones-off-site").used;
}

static uint32_t alarms(void)
{
	return sim.events[EVENT_PHONE];
}

/* As the permission function has it: what is counted is what would be refused. */
static bool alice_is_helped(void)
{
	talk_invite(&a, &alice, "112", &offer);
	return sent_to(&telco[0], SIP_INVITE) != NULL;
}

static void a_network_that_was_renumbered_is_an_alarm(void)
{
	begin_with(renumbered);
	NEED(off_site() == 2 && alarms() == 1);
	sim_pass(AWAY_PACE_MS);
	for (int i = 0; i < 3; i++) {
		NEED(code_of(phone_send_register(&alice, 300, false)) == 200);
		NEED(code_of(phone_send_register(&bob, 300, false)) == 200);
		NEED(alarms() == 2 && off_site() == 2); /* of each, once a day */
		NEED(sim.event_severity == SEVERITY_ALARM && strstr(sim.event_text, "no network of the site"));
		sim_pass(AWAY_PACE_MS);
	}
	NEED(!alice_is_helped());
}

static void the_next_day_it_is_one_again(void)
{
	begin_with(renumbered);
	sim.step_ms = 10000;
	sim_pass(AWAY_AGAIN_MS);
	NEED(off_site() == 0); /* nobody is registered any more */
	sim.step_ms = 0;
	phone_register(&alice);
	NEED(alarms() == 2 && off_site() == 1);
}

static void mended_it_is_none(void)
{
	begin_with(renumbered);
	one_stands_where_the_others_are();
	sim_push_directory();
	NEED(code_of(phone_send_register(&alice, 300, false)) == 200 && off_site() == 1);
	NEED(code_of(phone_send_register(&bob, 300, false)) == 200 && off_site() == 0);
	NEED(alice_is_helped());
}

static void nobody_is_off_site(void (*settings)(void), bool helped)
{
	begin_with(settings);
	NEED(off_site() == 0 && alarms() == 0);
	NEED(alice_is_helped() == helped);
}

static void in_another_network_of_the_site_none_is(void)
{
	nobody_is_off_site(one_stands_where_the_others_are, true);
}

static void those_that_travel_are_counted_elsewhere(void)
{
	nobody_is_off_site(they_are_said_to_travel, false);
	NEED(sim_status("phones-without-help").used >= 2);
}

static void where_the_desk_helps_nobody_is_refused(void)
{
	nobody_is_off_site(help_is_in_the_house, false);
}

static void where_the_last_location_counts_neither(void)
{
	nobody_is_off_site(the_last_location_counts, true);
}

static void as_many_trunks_as_there_may_be(void)
{
	renumbered();
	for (int i = 2; i < SITE_TRUNKS_MAX; i++)
		sim_add_trunk(i);
}

/* What does not fit in is not shown at all, and nobody knows. */
static void it_is_seen_in_a_full_status(void)
{
	static struct proc_status s;

	begin_with(as_many_trunks_as_there_may_be);
	NEED(off_site() == 2);
	core_child.status(&s);
	NEED(s.lines + 24 <= STATUS_LINES_MAX); /* of the siblings' credit, and of what child.c adds */
}

static void carol_comes_by_ipv6(void (*settings)(void))
{
	begin_with(settings);
	phone_init(&carol, CAROL);
	carol.host = "2001:db8:1::7";
	phone_register(&carol);
}

static void a_phone_that_took_to_ipv6_is_one(void)
{
	carol_comes_by_ipv6(of_the_old_protocol);
	NEED(off_site() == 1 && alarms() == 1);
}

static void unless_its_network_is_stored(void)
{
	carol_comes_by_ipv6(of_both);
	NEED(off_site() == 0 && alarms() == 0);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_network_that_was_renumbered_is_an_alarm);
	SIM(the_next_day_it_is_one_again);
	SIM(mended_it_is_none);
	SIM(in_another_network_of_the_site_none_is);
	SIM(those_that_travel_are_counted_elsewhere);
	SIM(where_the_desk_helps_nobody_is_refused);
	SIM(where_the_last_location_counts_neither);
	SIM(it_is_seen_in_a_full_status);
	SIM(a_phone_that_took_to_ipv6_is_one);
	SIM(unless_its_network_is_stored);
	(void)test_failed_here;
	return TEST_END;
}
