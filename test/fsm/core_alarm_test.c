/* SPDX-License-Identifier: ISC */
/* Alarms at the front desk: as a text for phones that take one, by a call where none does, and watch hears what became of each (R28). */
#include "../unit/test.h"
#include "desk.h"
#include "sim_voice.h"

static struct phone bob, carol;

/* watch hears once, of each notice, whether it was told. */
static void desk_notice(uint64_t token)
{
	struct link *watch = sim_far(PROC_WATCH, 0);

	sim_pass(1000); /* the contract has a rate */
	struct msg_notify_desk *m = ipc_begin(watch, MSG_NOTIFY_DESK);
	m->token = token;
	m->text = ipc_put(watch, SPAN("Ringfence ALARM: keeper"));
	ipc_end(watch);
	sim_turn();
}

static bool watch_hears(uint64_t token, bool told)
{
	struct heard *h = sim_take(PROC_WATCH, MSG_DESK_TOLD, NULL, NULL);
	const struct msg_desk_told *m = h ? (const void *)h->payload : NULL;

	return m && m->token == token && m->told == told && !sim_take(PROC_WATCH, MSG_DESK_TOLD, NULL, NULL);
}

static void watch_hears_nothing(void)
{
	NEED(!sim_take(PROC_WATCH, MSG_DESK_TOLD, NULL, NULL));
}

static void the_front_desk_is_told(void)
{
	sim_defaults();
	snprintf(sim.site.alarms.desk, sizeof sim.site.alarms.desk, "bob");
	sim_open();
	phone_init(&bob, 1);
	phone_register(&bob);
	sim_link_down(PROC_VOICE, 0);
	sim_link_up(PROC_WATCH, 0);
	for (unsigned i = 0; i < 2; i++) {
		desk_notice(7 + i);
		struct heard *h = sent_to(&bob, SIP_MESSAGE);
		NEED(h && strcmp(sim_text(h, sent(h)->text), "Ringfence ALARM: keeper") == 0);
		NEED(strcmp(sim_text(h, sent(h)->from_user), "ringfence") == 0);
		watch_hears_nothing();
		phone_answer(&bob, h, i ? 200 : 415, NULL);
		sim_pass(i ? 0 : DESK_AFTER_MS + 100); /* it took no text, and there is no voice to speak to it */
		NEED(watch_hears(7 + i, i == 1));
	}
	NEED(sim_status("desk-notices").used == 2 && sim_status("desk-notices-delivered").used == 1);
	/* nobody there: it ends by itself */
	phone_down(&bob);
	desk_notice(9);
	NEED(watch_hears(9, false));
	sim_pass(60000);
	NEED(sim_status("desk-notices").used == 3 && sim_status("messages").used == 0);
}

static void a_desk_that_nobody_is(void)
{
	static const char *const nobody[] = {"bop", "201", "+33123456789", "*60"};

	sim_defaults();
	memcpy(sim.site.plan.country, "fr", 3);
	sim_open();
	sim_link_up(PROC_WATCH, 0);
	for (unsigned i = 0; i < sizeof nobody / sizeof *nobody; i++) {
		snprintf(sim.site.alarms.desk, sizeof sim.site.alarms.desk, "%s", nobody[i]);
		desk_notice(1 + i);
		NEED(watch_hears(1 + i, false) && !sim_take(PROC_EDGE, MSG_SEND, NULL, NULL));
	}
	NEED(sim_status("messages").used == 0);
}

/* Each member's phones: it is told with the first that takes it, and not told when none does. */
static void a_front_desk_that_is_a_group(void)
{
	sim_defaults();
	sim.group[0] = (struct sim_group){"200", "bob, dave, carol"};
	snprintf(sim.site.alarms.desk, sizeof sim.site.alarms.desk, "200");
	sim_open();
	phone_init(&bob, 1);
	phone_init(&carol, 2);
	sim_link_down(PROC_VOICE, 0);
	sim_link_up(PROC_WATCH, 0);
	desk_notice(1);
	NEED(watch_hears(1, false)); /* no phone of anybody's */
	phone_register(&bob);
	phone_register(&carol);
	static const struct {
		unsigned bob, carol;
	} code[] = {{415, 200}, {200, 415}, {200, 200}, {415, 480}};
	for (unsigned i = 0; i < 4; i++) {
		desk_notice(2 + i);
		struct heard *one = sent_to(&bob, SIP_MESSAGE), *two = sent_to(&carol, SIP_MESSAGE);
		NEED(one && two);
		phone_answer(&bob, one, code[i].bob, NULL);
		if (code[i].bob == 200)
			NEED(watch_hears(2 + i, true));
		watch_hears_nothing();
		phone_answer(&carol, two, code[i].carol, NULL);
		if (code[i].bob != 200 && code[i].carol != 200)
			sim_pass(DESK_AFTER_MS + 100); /* a call tells nobody either */
		if (code[i].bob != 200)
			NEED(watch_hears(2 + i, code[i].carol == 200));
		watch_hears_nothing();
	}
	NEED(sim_status("desk-notices").used == 5 && sim_status("desk-notices-delivered").used == 3);
	/* a phone that says nothing */
	desk_notice(9);
	NEED(sent_to(&bob, SIP_MESSAGE) && sent_to(&carol, SIP_MESSAGE));
	sim_pass(120000);
	NEED(watch_hears(9, false) && sim_status("messages").used == 0);
	/* watch is gone */
	desk_notice(10);
	struct heard *h = sent_to(&bob, SIP_MESSAGE);
	sim_link_down(PROC_WATCH, 0);
	phone_answer(&bob, h, 200, NULL);
	phone_answer(&carol, sent_to(&carol, SIP_MESSAGE), 200, NULL);
	NEED(sim_status("messages").used == 0);
}

/* R28: who can't read is spoken to; what comes meanwhile is told by the same call. */
static void a_desk_that_reads_nothing_rings(void)
{
	static struct talk b;
	struct sdp answer;
	uint64_t join;

	sim_defaults();
	snprintf(sim.site.alarms.desk, sizeof sim.site.alarms.desk, "bob");
	sim_open();
	phone_init(&bob, 1);
	phone_register(&bob);
	sim_link_up(PROC_WATCH, 0);
	for (uint64_t token = 7; token <= 8; token++) {
		desk_notice(token);
		phone_answer(&bob, sent_to(&bob, SIP_MESSAGE), 405, NULL);
		watch_hears_nothing();
		sim_pass(DESK_AFTER_MS + 100);
		if (token == 7) {
			talk_rings_at(&b, &bob);
			talk_answer(&b, 180, NULL);
		}
	}
	NEED(!sent_to(&bob, SIP_INVITE));
	answer = sdp_plain(&bob);
	relay_wish(NULL);
	talk_answer(&b, 200, &answer);
	NEED(talk_takes(&b, SIP_ACK) && relay_wish(&join));
	media_says_gate(join, RELAY_KEY_SDES);
	voice_says(turn("silence:500 desk-alarm silence:800 desk-alarm")->token, TURN_SAID, "");
	hangs_up_on(&b);
	NEED(watch_hears(8, true));
	sim_pass(100000);
	sim_need_idle();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(the_front_desk_is_told);
	SIM(a_desk_that_nobody_is);
	SIM(a_front_desk_that_is_a_group);
	SIM(a_desk_that_reads_nothing_rings);
	(void)test_failed_here;
	return TEST_END;
}
