/* SPDX-License-Identifier: ISC */
/* A call for help that is refused before it is a call (R16): staff are told, the front desk rings, and nobody is told twice of one phone
 * that repeats itself. alice's phone is a fixed one, dave is who answers for 112 here, bob is the desk. */
#include "../unit/test.h"
#include "desk.h"
#include "media.h"
#include "sim_voice.h"

static struct phone alice, bob;
static struct talk a;
static struct sdp offer;

static void begin(void)
{
	sim_defaults();
	sim.device[0].flags |= DEVICE_FIXED;
	set(0, OWNER_SITE, 0, SETTING_FRONT_DESK, "bob");
	sim_open();
	phones_register((struct phone *[]){&alice, &bob}, 2);
	offer = sdp_plain(&alice);
}

static void all_are_told(const char *why)
{
	NEED(sim.notices == 1 && sim.notice_kind == NOTICE_REFUSED);
	NEED(sim.events[EVENT_EMERGENCY] == 1 && sim.event_severity == SEVERITY_ALARM);
	NEED(strstr(sim.event_text, "emergency call refused: ") == sim.event_text && strstr(sim.event_text, why));
	NEED(sim_status("emergency-refused").used == 1);
	sim_pass(DESK_AFTER_MS + 50);
	NEED(sent_to(&bob, SIP_INVITE));
}

static void one_that_offers_nothing_of_use_is_told(void)
{
	begin();
	offer.audio.codec_n = 0;
	talk_invite(&a, &alice, "112", &offer);
	NEED(code_of(a.txn) == 488);
	all_are_told("");
}

static void so_is_one_for_which_no_port_is_left(void)
{
	begin();
	while (media_take_ports(true) != MEDIA_NO_PORTS)
		;
	talk_invite(&a, &alice, "112", &offer);
	NEED(code_of(a.txn) == 503);
	NEED(sim.notices == 1 && sim.notice_kind == NOTICE_REFUSED && sim.event_severity == SEVERITY_ALARM);
}

static void so_is_one_whose_invite_says_not_where_to_answer(void)
{
	begin();
	struct msg_request *m = phone_begin_as(&alice, SIP_INVITE, CLASS_EMERGENCY);
	m->emergency = 1;
	m->target_user = phone_put(&alice, "112");
	m->sdp = phone_put_sdp(&alice, &offer);
	m->contact_form = CONTACT_NONE;
	m->contact = phone_put(&alice, "");
	NEED(code_of(phone_end(&alice)) >= 400);
	all_are_told("");
}

static void says_edge(const struct phone *p, const char *number, unsigned code)
{
	struct link *edge = sim_far(PROC_EDGE, p->edge);
	struct msg_help_refused *m = ipc_begin_as(edge, MSG_HELP_REFUSED, CLASS_EMERGENCY);

	NEED(m);
	m->flow = p->flow;
	m->code = (uint16_t)code;
	m->number = ipc_put(edge, span_str(number));
	ipc_end(edge);
	sim_turn();
}

static void so_is_one_that_the_edge_refused(void)
{
	begin();
	says_edge(&alice, "112", 415);
	all_are_told("415");
	NEED(sim.accusations == 0);
}

static void the_edge_says_it_of_its_own_connections_and_of_help_alone(void)
{
	begin();
	says_edge(&alice, "bob", 415);
	NEED(sim.accusations == 1 && sim.notices == 0);
}

static void one_that_repeats_itself_is_told_of_once(void)
{
	begin();
	for (int i = 0; i < 3; i++) {
		says_edge(&alice, "112", 400);
		sim_pass(1000);
	}
	NEED(sim.notices == 1 && sim.events[EVENT_EMERGENCY] == 1 && sim_status("emergency-refused").used == 3);
	sim_pass(5000);
	says_edge(&alice, "112", 400);
	NEED(sim.notices == 2);
}

static void a_refused_test_alarms_no_desk(void)
{
	begin();
	memcpy(sim.site.plan.emergency_test, "933", 4);
	says_edge(&alice, "933", 400);
	NEED(sim.notices == 1);
	sim_pass(2000);
	NEED(!sent_to(&bob, SIP_INVITE));
}

/* Who tried out whether help can be called, in vain, and needs it at once. */
static void nor_does_it_hide_a_call_for_help(void)
{
	begin();
	memcpy(sim.site.plan.emergency_test, "933", 4);
	says_edge(&alice, "933", 400);
	says_edge(&alice, "112", 400);
	NEED(sim.notices == 2);
	sim_pass(2000);
	NEED(sent_to(&bob, SIP_INVITE));
}

static unsigned logs_in_for_help(enum login_verdict verdict)
{
	begin();
	sim.device[0].flags = 0;
	sim_push_directory();
	phone_down(&alice);
	phone_up(&alice);
	sim.conduct.verdict = verdict;
	struct msg_request *m = phone_begin_as(&alice, SIP_INVITE, CLASS_EMERGENCY);
	m->emergency = 1;
	m->target_user = phone_put(&alice, "112");
	m->sdp = phone_put_sdp(&alice, &offer);
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(&alice, "<sip:alice@192.0.2.1>");
	m->has_auth = m->auth_qop = m->auth_uri_matches = 1;
	m->auth_algorithm = DIGEST_SHA256;
	m->auth_user = phone_put(&alice, "alice");
	return code_of(phone_end(&alice));
}

/* A phone of no fixed place must log in first; one whose password is wrong gets no help. */
static void who_may_not_log_in_is_told(void)
{
	NEED(logs_in_for_help(LOGIN_WRONG) == 403);
	NEED(sim.notices == 1 && sim.notice_kind == NOTICE_REFUSED && sim.events[EVENT_EMERGENCY] == 1);
}

/* Somebody else's guesses take no help away (T3, T44). */
static void who_is_locked_may_call_for_help(void)
{
	NEED(logs_in_for_help(LOGIN_LOCKED) < 300);
	NEED(sim.notices == 1 && sim.notice_kind == NOTICE_CALL);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(one_that_offers_nothing_of_use_is_told);
	SIM(so_is_one_for_which_no_port_is_left);
	SIM(so_is_one_whose_invite_says_not_where_to_answer);
	SIM(so_is_one_that_the_edge_refused);
	SIM(the_edge_says_it_of_its_own_connections_and_of_help_alone);
	SIM(one_that_repeats_itself_is_told_of_once);
	SIM(a_refused_test_alarms_no_desk);
	SIM(nor_does_it_hide_a_call_for_help);
	SIM(who_may_not_log_in_is_told);
	SIM(who_is_locked_may_call_for_help);
	(void)test_failed_here;
	return TEST_END;
}
