/* SPDX-License-Identifier: ISC */
/* A carrier's connection is lost, and its BYE may have been in it: whether the calls stand is asked over the next one, by a refresh, never
 * many at once (R17, R28). */
#include "../unit/test.h"
#include "sim_trunks.h"
#include "sim_voice.h"

enum { CALLS = 4 };

static void more_lines(void)
{
	sim.site.trunk[0].lines = sim.site.trunk[1].lines = 50;
	for (int i = 0; i < CEILING_SCOPES; i++)
		sim.site.plan.ceiling[i].most[CEILING_CALLS] = CALLS;
}

static void over_udp(void)
{
	sim.site.trunk[0].transport = TRUNK_UDP;
}

static void lets_pass(void)
{
	sim.site.plan.unknown_caller = INCOMING_PASS;
}

static void emergency_trunks(void)
{
	sim.site.trunk[0].emergency = sim.site.trunk[1].emergency = 1;
	sim.device[0].flags = DEVICE_FIXED;
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, city=Paris, street=Rue Neuve, house=12, room=4");
}

static void pass(uint64_t ms)
{
	sim_pass(ms);
	while (relay_wish(NULL)) /* said again from time to time */
		;
}

static void loses_its_connection(void)
{
	phone_down(&telco[0]);
	pass(5000);
	phone_up(&telco[0]);
}

static struct heard *is_asked(void)
{
	struct heard *h = talk_takes(&t, SIP_INVITE);

	NEED(!h || (sent(h)->sdp.len && sent(h)->session_expires && sent(h)->flow == telco[0].flow));
	return h;
}

/* Within that time, and nothing else is. */
static struct heard *is_asked_within(uint64_t ms)
{
	struct heard *h = NULL;

	for (uint64_t at = 0; !h && at < ms; at += 50) {
		pass(50);
		h = is_asked();
	}
	return h;
}

static void takes_it(const struct heard *h)
{
	talk_reply(&t, h, 200, &plain);
	NEED(talk_takes(&t, SIP_ACK));
}

static void a_call_that_it_ended_meanwhile_is_over(void)
{
	begin_with(NULL);
	up_at(&a, &t, "+33123456789", &telco[0]);
	loses_its_connection();
	NEED(!is_asked_within(1900));
	struct heard *h = is_asked_within(400);
	NEED(h);
	talk_reply(&t, h, 481, NULL);
	NEED(talk_takes(&t, SIP_BYE)); /* RFC 3261 12.2.1.2 */
	hangs_up_on(&a);
	pass(60000);
	NEED(sim_status("lines-telco0").used == 0);
	finish();
}

static void a_call_that_stands_goes_on(void)
{
	begin_with(NULL);
	up_at(&a, &t, "+33123456789", &telco[0]);
	for (int i = 0; i < 2; i++) {
		loses_its_connection();
		struct heard *h = is_asked_within(2300);
		NEED(h);
		takes_it(h);
		NEED(!is_asked_within(60000));
	}
	call_hang_up(&a, &t);
	finish();
}

/* Its BYE is said again until it is heard. */
static void over_udp_nothing_is_lost(void)
{
	begin_with(over_udp);
	up_at(&a, &t, "+33123456789", &telco[0]);
	loses_its_connection();
	NEED(!is_asked_within(60000));
	call_hang_up(&a, &t);
	finish();
}

static void who_spoke_since_is_not_asked(void)
{
	begin_with(NULL);
	up_at(&a, &t, "+33123456789", &telco[0]);
	loses_its_connection();
	pass(1000);
	NEED(code_of(talk_send(&t, SIP_OPTIONS, NULL)) == 200);
	NEED(!is_asked_within(60000));
	call_hang_up(&a, &t);
	finish();
}

/* It is away again when its turn comes, and asked when it is there for good. */
static void who_is_away_again_is_asked_later(void)
{
	begin_with(NULL);
	up_at(&a, &t, "+33123456789", &telco[0]);
	for (int i = 0; i < 3; i++) {
		loses_its_connection();
		NEED(!is_asked_within(1000));
	}
	struct heard *h = is_asked_within(1300);
	NEED(h);
	takes_it(h);
	call_hang_up(&a, &t);
	finish();
}

static void came_up(struct phone *p)
{
	struct link *edge = sim_far(PROC_EDGE, 0);
	struct msg_flow_up *m = ipc_begin(edge, MSG_FLOW_UP);

	m->flow = p->flow;
	m->trunk = p->trunk;
	m->came = 1;
	NEED(addr_parse_ip(span_str(p->host), &m->remote));
	ipc_end(edge);
	sim_turn();
}

/* Ours stands all the time. */
static void so_it_is_with_a_connection_that_the_carrier_made(void)
{
	struct talk ours = {0};
	struct phone theirs;

	begin_with(lets_pass);
	up_at(&a, &ours, "+33123456789", &telco[0]);
	theirs = telco[0];
	theirs.flow += 100;
	came_up(&theirs);
	invite_over(&theirs, &t, "+33987654321", "+33140000001", false, &plain);
	talk_rings_at(&b, &bob);
	const struct sdp answer = sdp_fits(&b);
	talk_up(&t, &b, &answer);
	phone_down(&theirs);
	t.phone = &telco[0];
	struct heard *h = is_asked_within(2300);
	NEED(h);
	takes_it(h);
	NEED(!is_asked_within(60000));
	call_hang_up(&b, &t);
	call_hang_up(&a, &ours);
	pass(100);
}

/* What bars floods begins at eight a second. */
static void many_calls_are_asked_one_after_the_other(void)
{
	struct talk from[CALLS] = {0}, to[CALLS] = {0};
	unsigned n = 0;

	begin_with(more_lines);
	for (int i = 0; i < CALLS; i++)
		up_at(&from[i], &to[i], "+33123456789", &telco[0]);
	phone_down(&telco[0]);
	pass(5000);
	phone_up(&telco[0]);
	for (uint64_t ms = 0, last_ms = 0; ms < 2000 + CALLS * 300; ms += 10) {
		pass(10);
		struct heard *h = sent_to(&telco[0], SIP_INVITE);
		if (!h)
			continue;
		phone_answer(&telco[0], h, 200, &plain);
		NEED(sent_to(&telco[0], SIP_ACK) && !sent_to(&telco[0], SIP_INVITE));
		NEED(ms >= 1980 && (!last_ms || ms - last_ms >= 240));
		last_ms = ms;
		n++;
	}
	NEED(n == CALLS);
	for (int i = 0; i < CALLS; i++)
		NEED(code_of(talk_send(&from[i], SIP_BYE, NULL)) == 200 && sent_to(&telco[0], SIP_BYE));
	pass(60000);
}

/* Without a session timer nothing ends; it is asked some times and then by OPTIONS as before. */
static void who_refuses_it_each_time_is_left_alone(void)
{
	unsigned n = 0;
	struct heard *h;

	begin_with(NULL);
	up_at(&a, &t, "+33123456789", &telco[0]);
	loses_its_connection();
	for (uint64_t ms = 0; ms < 3600000; ms += 500) {
		pass(500);
		if ((h = is_asked())) {
			talk_reply(&t, h, 491, NULL);
			n++;
		}
		if ((h = talk_takes(&t, SIP_OPTIONS)))
			talk_reply(&t, h, 200, NULL);
		if ((h = talk_takes(&a, SIP_OPTIONS)))
			talk_reply(&a, h, 200, NULL);
		NEED(!talk_takes(&t, SIP_BYE) && !talk_takes(&a, SIP_BYE));
		sim_clear(); /* it is charged each minute */
	}
	NEED(n == 9);
	call_hang_up(&a, &t);
	finish();
}

/* The centre says that it is there, if nothing else. */
static void help_is_not_hung_up_on_for_a_refresh(void)
{
	unsigned n = 0;
	struct heard *h;

	begin_with(emergency_trunks);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	struct msg_response *m = talk_begin_answer(&t, 200);
	m->session_expires = 300;
	m->refresher = REFRESHER_UAC;
	m->sdp = phone_put_sdp(&telco[0], &plain);
	talk_end_answer(&t);
	NEED(talk_takes(&t, SIP_ACK));
	talk_hears(&a, 200);
	talk_ack(&a);
	for (uint64_t ms = 0; ms < 1000000; ms += 500) {
		pass(500);
		if ((h = is_asked())) {
			talk_reply(&t, h, 491, NULL);
			n++;
		}
		if ((h = talk_takes(&a, SIP_OPTIONS)))
			talk_reply(&a, h, 200, NULL);
	}
	NEED(n > 10 && n < 30 && !talk_takes(&t, SIP_BYE) && !talk_takes(&a, SIP_BYE));
	call_hang_up(&a, &t);
	pass(100);
}

static struct {
	struct phone alice, bob, telco;
	struct talk a, t;
	unsigned calls;
} *w;

static void a_life_with_calls(void)
{
	begin_with(more_lines);
	for (unsigned i = 0; i < w->calls; i++)
		up_at(&a, &t, "+33123456789", &telco[0]);
	w->alice = alice;
	w->bob = bob;
	w->telco = telco[0];
	w->a = a;
	w->t = t;
	sim_pass(100);
}

static void the_next_life(unsigned calls, bool lost)
{
	w = sim_shared(sizeof *w);
	w->calls = calls;
	sim_crash_after(a_life_with_calls);
	sim_defaults();
	memcpy(sim.site.plan.country, "fr", 3);
	sim_add_trunk(0);
	sim_add_trunk(1)->priority = 1;
	more_lines();
	sim_open();
	alice = w->alice;
	bob = w->bob;
	telco[0] = w->telco;
	a = w->a;
	t = w->t;
	plain = sdp_clear(&telco[0]);
	a.phone = &alice;
	t.phone = &telco[0];
	phone_still_up(&alice);
	phone_still_up(&bob);
	if (lost)
		phone_up(&telco[0]);
	else
		phone_still_up(&telco[0]);
}

static void core_alone_dies_and_nothing_is_lost(void)
{
	the_next_life(1, false);
	NEED(!is_asked_within(60000));
	call_hang_up(&a, &t);
	pass(100);
}

static void core_and_edge_die_and_it_is_asked(void)
{
	the_next_life(1, true);
	struct heard *h = is_asked_within(2300);
	NEED(h);
	takes_it(h);
	call_hang_up(&a, &t);
	pass(100);
}

/* Or all would be asked in one moment, again and again. */
static void what_the_next_core_takes_over_is_asked_bit_by_bit(void)
{
	uint64_t first_ms = 0, ms = 0;
	unsigned n = 0;

	the_next_life(CALLS, false);
	const uint64_t quarter_ms = sim.site.session_expires_s * UINT64_C(250);

	while (n < CALLS && ms <= 2 * quarter_ms) {
		pass(50);
		ms += 50;
		for (struct heard *h; (h = sent_to(&telco[0], SIP_OPTIONS)); n++) {
			phone_answer(&telco[0], h, 200, NULL);
			first_ms = first_ms ? first_ms : ms;
		}
		for (struct heard *h; (h = sent_to(&alice, SIP_OPTIONS));)
			phone_answer(&alice, h, 200, NULL);
		sim_clear();
	}
	NEED(n == CALLS && first_ms >= quarter_ms - 50 && ms - first_ms >= 1000);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	pass(100);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_call_that_it_ended_meanwhile_is_over);
	SIM(a_call_that_stands_goes_on);
	SIM(over_udp_nothing_is_lost);
	SIM(who_spoke_since_is_not_asked);
	SIM(who_is_away_again_is_asked_later);
	SIM(so_it_is_with_a_connection_that_the_carrier_made);
	SIM(many_calls_are_asked_one_after_the_other);
	SIM(who_refuses_it_each_time_is_left_alone);
	SIM(help_is_not_hung_up_on_for_a_refresh);
	SIM(core_alone_dies_and_nothing_is_lost);
	SIM(core_and_edge_die_and_it_is_asked);
	SIM(what_the_next_core_takes_over_is_asked_bit_by_bit);
	(void)test_failed_here;
	return TEST_END;
}
