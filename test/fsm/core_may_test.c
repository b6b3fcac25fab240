/* SPDX-License-Identifier: ISC */
/* R14: `ringfence may` is answered as the call would be. */
#include "../unit/test.h"
#include "flow.h"
#include "sim_trunks.h"

static struct heard *line;
static const struct msg_may_line *m;

static void nobody_here_is_112(void)
{
	sim.user[4].name = "104";
}

static void bob_has_two_phones(void)
{
	nobody_here_is_112();
	sim.bound[1][2] = sim.bound[1][3] = true;
	sim.device[1].flags = 0;
}

static void carol_has_no_phone(void)
{
	nobody_here_is_112();
	sim.bound[2][2] = false;
}

static void a_group(void)
{
	sim.group[0] = (struct sim_group){"200", "alice, carol"};
	sim_add_trunk(0);
	sim.site.plan.setup_e4 = 70;
}

static void open_exchange_with(void (*settings)(void))
{
	sim_defaults();
	struct plan *p = &sim.site.plan;
	memcpy(p->country, "fr", 3);
	memcpy(p->area, "1", 2);
	sim.setting[0] = (struct sim_setting){OWNER_USER, SETTING_CLASSES, 1, "local mobile ch night"};
	sim.setting[1] = (struct sim_setting){OWNER_USER, SETTING_CEILINGS, 2, "calls=0"};
	sim.setting[2] = (struct sim_setting){OWNER_USER, SETTING_CLASSES, 2, "local"};
	sim.dialled[0] = "+33144123456";
	sim.pin = "1234";
	for (int i = 0; i < SIM_DEVICES_MAX; i++)
		sim.device[i].flags = DEVICE_FIXED;
	if (settings)
		settings();
	sim_open();
}

static void open_exchange(void)
{
	open_exchange_with(NULL);
}

static void ask_as(enum plan_who who, const char *user, const char *number, enum plan_route route)
{
	struct msg_may_want *w = ipc_begin(sim_far(PROC_CTL, 0), MSG_MAY_WANT);

	w->token = 7;
	w->route = (uint8_t)route;
	w->who = (uint8_t)who;
	w->user = ipc_put(sim_far(PROC_CTL, 0), span_str(user));
	w->number = ipc_put(sim_far(PROC_CTL, 0), span_str(number));
	ipc_end(sim_far(PROC_CTL, 0));
	sim_turn();
}

static void ask(const char *user, const char *number, enum plan_route route)
{
	ask_as(WHO_USER, user, number, route);
}

static bool says(const char *user, const char *number, enum plan_verdict verdict, enum plan_reason reason)
{
	ask(user, number, ROUTE_FRESH);
	line = sim_take(PROC_CTL, MSG_MAY_LINE, NULL, NULL);
	NEED(line && sim_take(PROC_CTL, MSG_DONE, NULL, NULL));
	m = (const struct msg_may_line *)(const void *)line->payload;
	if (m->verdict != verdict || m->reason != reason)
		fprintf(stderr, "%s %s: %s\n", user, number, sim_text(line, m->text));
	return m->token == 7 && m->verdict == verdict && m->reason == reason && sim_text(line, m->text)[0];
}

static void the_answer_is_that_of_the_call(void)
{
	open_exchange();
	NEED(says("alice", "bob", PLAN_ALLOW, REASON_ALLOWED) && strcmp(sim_text(line, m->to), "bob") == 0);
	NEED(m->class == NUMBER_INTERNAL && m->memory == MAY_NOT_ASKED);
	NEED(says("alice", "0033 1 44 12 34 56", PLAN_REFUSE, REASON_CLASS));
	NEED(strcmp(sim_text(line, m->number), "+33144123456") == 0 && m->class == NUMBER_LOCAL);
	NEED(strcmp(sim_text(line, m->country), "fr") == 0 && strcmp(sim_text(line, m->currency), "EUR") == 0);
	NEED(says("bob", "0144123456", PLAN_ALLOW, REASON_ALLOWED) && m->memory == MAY_DIALLED && m->rate_e4 == 500);
	NEED(says("bob", "0144123457", PLAN_ASK_PIN, REASON_PIN_ASKED) && m->memory == MAY_NEW);
	NEED(says("bob", "0041441234567", PLAN_ASK_PIN, REASON_PIN_ASKED) && m->class == NUMBER_INTERNATIONAL);
	NEED(says("bob", "0899123456", PLAN_REFUSE, REASON_CLASS) && m->class == NUMBER_PREMIUM);
	NEED(says("carol", "0144123456", PLAN_REFUSE, REASON_CALLS));
	NEED(says("bob", "nonsense", PLAN_REFUSE, REASON_NOT_UNDERSTOOD) && !sim_text(line, m->number)[0]);
	NEED(says("bob", "*97", PLAN_ALLOW, REASON_ALLOWED) && m->class == NUMBER_SERVICE);
	NEED(says("bob", "1.1.2", PLAN_ALLOW, REASON_EMERGENCY) && m->class == NUMBER_EMERGENCY);
	sim_need_idle();
}

/* R15: what keeper knows of the PIN, in words; without a PIN of one's own a number dialled before is still allowed. */
static void the_pin_is_spoken_of(void)
{
	open_exchange();
	sim.pin_locked = true;
	NEED(says("bob", "0144123457", PLAN_REFUSE, REASON_PIN_LOCKED) && m->memory == MAY_NEW);
	NEED(says("bob", "0144123456", PLAN_ALLOW, REASON_ALLOWED) && m->memory == MAY_DIALLED);
	sim.pin = NULL;
	sim.pin_locked = false;
	NEED(says("bob", "0144123457", PLAN_REFUSE, REASON_NO_PIN) && m->memory == MAY_NEW);
	NEED(says("bob", "0144123456", PLAN_ALLOW, REASON_ALLOWED));
	NEED(says("bob", "0899123456", PLAN_REFUSE, REASON_CLASS));
	sim_need_idle();
}

static void every_way_is_judged(void)
{
	open_exchange();
	ask("bob", "0144123457", ROUTE_FORWARD);
	line = sim_take(PROC_CTL, MSG_MAY_LINE, NULL, NULL);
	NEED(line && sim_take(PROC_CTL, MSG_DONE, NULL, NULL));
	m = (const struct msg_may_line *)(const void *)line->payload;
	NEED(m->verdict == PLAN_REFUSE && m->reason == REASON_PIN_ABSENT);
	ask("bob", "0144123456", ROUTE_REDIRECT);
	line = sim_take(PROC_CTL, MSG_MAY_LINE, NULL, NULL);
	NEED(line && sim_take(PROC_CTL, MSG_DONE, NULL, NULL));
	m = (const struct msg_may_line *)(const void *)line->payload;
	NEED(m->verdict == PLAN_REFUSE && m->reason == REASON_REDIRECT);
}

static bool says_of(enum plan_who who, const char *number, enum plan_route route, enum plan_verdict verdict, enum plan_reason reason)
{
	ask_as(who, "bob", number, route);
	line = sim_take(PROC_CTL, MSG_MAY_LINE, NULL, NULL);
	NEED(line && sim_take(PROC_CTL, MSG_DONE, NULL, NULL));
	m = (const struct msg_may_line *)(const void *)line->payload;
	return m->verdict == verdict && m->reason == reason;
}

/* Whom a forward carries is asked of whoever would talk. */
static void who_would_talk_is_judged(void)
{
	open_exchange();
	NEED(says_of(WHO_USER, "0144123456", ROUTE_FORWARD, PLAN_ALLOW, REASON_ALLOWED));
	NEED(says_of(WHO_VERIFIED, "0144123456", ROUTE_FORWARD, PLAN_ALLOW, REASON_ALLOWED));
	NEED(says_of(WHO_UNVERIFIED, "0144123456", ROUTE_FORWARD, PLAN_REFUSE, REASON_OUTSIDER));
	NEED(says_of(WHO_ANONYMOUS, "0144123456", ROUTE_FORWARD, PLAN_REFUSE, REASON_OUTSIDER));
	NEED(says_of(WHO_VERIFIED, "0144123457", ROUTE_FORWARD, PLAN_REFUSE, REASON_PIN_ABSENT));
	NEED(says_of(WHO_VERIFIED, "0144123456", ROUTE_FRESH, PLAN_REFUSE, REASON_TRANSIT));
	NEED(says_of(WHO_UNVERIFIED, "alice", ROUTE_FORWARD, PLAN_ALLOW, REASON_ALLOWED));
	sim_need_idle();
}

/* --- on which phone --- */

static bool says_on(uint32_t phone, const char *number, enum plan_verdict verdict, enum plan_reason reason)
{
	struct link *ctl = sim_far(PROC_CTL, 0);
	struct msg_may_want *w = ipc_begin(ctl, MSG_MAY_WANT);

	w->token = 7;
	w->who = WHO_USER;
	w->route = ROUTE_FRESH;
	w->phone = phone;
	w->user = ipc_put(ctl, span_str("bob"));
	w->number = ipc_put(ctl, span_str(number));
	ipc_end(ctl);
	sim_turn();
	line = sim_take(PROC_CTL, MSG_MAY_LINE, NULL, NULL);
	NEED(line && sim_take(PROC_CTL, MSG_DONE, NULL, NULL));
	m = (const struct msg_may_line *)(const void *)line->payload;
	if (m->verdict != verdict || m->reason != reason)
		fprintf(stderr, "%s on %u: %s\n", number, phone, sim_text(line, m->text));
	return m->verdict == verdict && m->reason == reason;
}

static struct phone own, other; /* phones that bob may use, the first of no fixed place */

static void open_phones(void)
{
	open_exchange_with(bob_has_two_phones);
	phone_init(&own, 1);
	phone_init(&other, 3);
	other.user = "bob";
}

/* The one that is named; else where bob is logged in, and else his first. */
static void his_phone_is_asked_of(void)
{
	open_phones();
	NEED(says_on(0, "112", PLAN_REFUSE, REASON_EMERGENCY_REMOTE));
	NEED(says_on(3, "112", PLAN_ALLOW, REASON_EMERGENCY));
	phone_register(&other);
	NEED(says_on(0, "112", PLAN_ALLOW, REASON_EMERGENCY));
	NEED(says_on(1, "112", PLAN_REFUSE, REASON_EMERGENCY_REMOTE));
	phone_register(&own);
	NEED(says_on(3, "112", PLAN_ALLOW, REASON_EMERGENCY));
	NEED(says_on(1, "112", PLAN_REFUSE, REASON_EMERGENCY_REMOTE));
}

/* Whoever has no phone has none of a fixed place. */
static void without_a_phone_no_place_is_known(void)
{
	open_exchange_with(carol_has_no_phone);
	NEED(says("carol", "112", PLAN_REFUSE, REASON_EMERGENCY_REMOTE));
	NEED(says("bob", "112", PLAN_ALLOW, REASON_EMERGENCY));
}

/* Its certificate, where it is there: each of the two, whichever is asked of. */
static void its_certificate_counts(void)
{
	open_phones();
	phone_register(&own);
	phone_register(&other);
	flow_get(other.flow)->expired = true;
	NEED(says_on(3, "alice", PLAN_REFUSE, REASON_EXPIRED) && says_on(1, "alice", PLAN_ALLOW, REASON_ALLOWED));
	flow_get(other.flow)->expired = false;
	flow_get(own.flow)->expired = true;
	NEED(says_on(3, "alice", PLAN_ALLOW, REASON_ALLOWED) && says_on(1, "alice", PLAN_REFUSE, REASON_EXPIRED));
	NEED(says_on(2, "alice", PLAN_ALLOW, REASON_ALLOWED)); /* one that is not there */
}

static void bob_has_a_network(void)
{
	nobody_here_is_112();
	sim.setting[3] = (struct sim_setting){OWNER_DEVICE, SETTING_SUBNET, 1, "198.51.100.0/24"};
}

/* A fixed phone is where it should be when it is there, as far as can be known. */
static void so_does_where_it_is(void)
{
	open_exchange_with(bob_has_a_network);
	phone_init(&own, 1);
	NEED(says_on(1, "112", PLAN_REFUSE, REASON_EMERGENCY_REMOTE));
	phone_register(&own);
	NEED(says_on(1, "112", PLAN_ALLOW, REASON_EMERGENCY));
	/* but not of whom his calls are forwarded for */
	flow_get(own.flow)->expired = true;
	NEED(says_on(1, "alice", PLAN_REFUSE, REASON_EXPIRED));
	NEED(says_of(WHO_VERIFIED, "alice", ROUTE_FORWARD, PLAN_ALLOW, REASON_ALLOWED));
}

static void bobs_phone_is_anywhere(void)
{
	sim.device[1].flags = 0;
}

static void a_group_helps(void)
{
	bobs_phone_is_anywhere();
	nobody_here_is_112();
	sim.group[0] = (struct sim_group){"112", "alice, carol"};
}

/* Whoever helps from inside knows the house. */
static void help_inside_wants_no_place(void)
{
	open_exchange_with(bobs_phone_is_anywhere);
	NEED(says_on(1, "112", PLAN_ALLOW, REASON_EMERGENCY));
}

static void nor_does_a_group(void)
{
	open_exchange_with(a_group_helps);
	NEED(says_on(1, "112", PLAN_ALLOW, REASON_EMERGENCY));
}

/* The person, the group or the trunk; of a service, or of a trunk that is not there, whatever would be first in a table says nothing. */
static void it_is_said_where_it_leads(void)
{
	open_exchange_with(a_group);
	NEED(says("bob", "200", PLAN_ALLOW, REASON_ALLOWED) && strcmp(sim_text(line, m->to), "200") == 0);
	NEED(says("bob", "alice", PLAN_ALLOW, REASON_ALLOWED) && strcmp(sim_text(line, m->to), "alice") == 0);
	NEED(says("bob", "*97", PLAN_ALLOW, REASON_ALLOWED) && !sim_text(line, m->to)[0]);
	NEED(says("bob", "0144123456", PLAN_ALLOW, REASON_ALLOWED) && !sim_text(line, m->to)[0]);
	NEED(m->rate_e4 == 500 && m->setup_e4 == 70);
	phone_init_trunk(&telco[0], 1);
	phone_up(&telco[0]);
	NEED(says("bob", "0144123456", PLAN_ALLOW, REASON_ALLOWED) && strcmp(sim_text(line, m->to), sim.site.trunk[0].name) == 0);
	NEED(says("bob", "1.1.2", PLAN_ALLOW, REASON_EMERGENCY) && strcmp(sim_text(line, m->to), "112") == 0);
	NEED(says_of(WHO_VERIFIED, "200", ROUTE_FORWARD, PLAN_ALLOW, REASON_ALLOWED));
}

/* Whose command it was has ended meanwhile; keeper's answer goes to nobody, and the next is served. */
static void who_asked_may_be_gone(void)
{
	open_exchange();
	sim.conduct.keeper_mute = true;
	for (int i = 0; i < 32; i++)
		ask("bob", "0144123456", ROUTE_FRESH);
	sim_link_down(PROC_CTL, 0);
	sim_pass(5000);
	sim.conduct.keeper_mute = false;
	sim_link_up(PROC_CTL, 0);
	NEED(says("bob", "0144123456", PLAN_ALLOW, REASON_ALLOWED));
	sim_need_idle();
}

static enum done_result done_of(const char *user)
{
	ask(user, "0144123456", ROUTE_FRESH);
	struct heard *h = sim_take(PROC_CTL, MSG_DONE, NULL, NULL);
	NEED(h && !sim_take(PROC_CTL, MSG_MAY_LINE, NULL, NULL));
	NEED(strcmp(sim_text(h, ((const struct msg_done *)(const void *)h->payload)->text), "no such user, or not enabled") == 0);
	return (enum done_result)((const struct msg_done *)(const void *)h->payload)->result;
}

/* Without keeper the answer comes all the same, and says what is not known; of many at once, some are put off. */
static void a_question_is_always_answered(void)
{
	open_exchange();
	NEED(done_of("nobody") == DONE_NOT_FOUND);
	sim_link_down(PROC_KEEPER, 0);
	NEED(says("bob", "0144123456", PLAN_ASK_PIN, REASON_PIN_ASKED) && m->memory == MAY_UNKNOWN);
	sim_link_up(PROC_KEEPER, 0);
	sim.conduct.keeper_mute = true;
	for (int i = 0; i < 40; i++)
		ask("bob", "0144123456", ROUTE_FRESH);
	unsigned busy = 0, answered = 0;
	for (struct heard *h; (h = sim_take(PROC_CTL, MSG_DONE, NULL, NULL)); busy++)
		NEED(((const struct msg_done *)(const void *)h->payload)->result == DONE_BUSY);
	NEED(busy == 40 - 32);
	sim_pass(5000);
	while ((line = sim_take(PROC_CTL, MSG_MAY_LINE, NULL, NULL)))
		answered += ((const struct msg_may_line *)(const void *)line->payload)->memory == MAY_UNKNOWN;
	NEED(answered == 32);
	sim_need_idle();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(the_answer_is_that_of_the_call);
	SIM(the_pin_is_spoken_of);
	SIM(every_way_is_judged);
	SIM(who_would_talk_is_judged);
	SIM(his_phone_is_asked_of);
	SIM(without_a_phone_no_place_is_known);
	SIM(its_certificate_counts);
	SIM(so_does_where_it_is);
	SIM(help_inside_wants_no_place);
	SIM(nor_does_a_group);
	SIM(it_is_said_where_it_leads);
	SIM(who_asked_may_be_gone);
	SIM(a_question_is_always_answered);
	(void)test_failed_here;
	return TEST_END;
}
