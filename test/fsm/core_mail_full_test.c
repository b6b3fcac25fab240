/* SPDX-License-Identifier: ISC */
/* A mailbox that takes no more: what the caller hears, and what its owner does (R29). alice calls bob, who is busy. */
#include "../unit/test.h"
#include "sim_voice.h"

static struct phone alice, bob;
static struct talk a, b;
static struct sdp offer;

static void begin(uint32_t fresh, uint32_t old)
{
	sim_defaults();
	sim.site.mail_most = 3;
	sim.conduct.mail_full = true; /* for whatever reason */
	set(0, OWNER_USER, 1, SETTING_VOICEMAIL, "on");
	sim_open();
	phones_register((struct phone *[]){&alice, &bob}, 2);
	offer = sdp_plain(&alice);
	ledger_counts(1, fresh, old);
}

static void finish(void)
{
	sim_pass(60000);
	sim_need_idle();
}

static void alice_hears(const char *say)
{
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	answered(&a);
	voice_says(turn(say)->token, TURN_SAID, "");
	hangs_up_on(&a);
}

static void bob_hears(bool full, const char *say)
{
	struct sdp own = sdp_plain(&bob);

	talk_invite(&b, &bob, "*97", &own);
	answered(&b);
	voice_says(turn("silence:200")->token, TURN_SAID, "");
	if (full)
		voice_says(turn("voicemail-full")->token, TURN_SAID, "");
	turn(say);
	NEED(code_of(talk_send(&b, SIP_BYE, NULL)) == 200);
}

static void both_are_told(void)
{
	begin(2, 1);
	alice_hears("voicemail-no-greeting voicemail-full");
	NEED(sim.events[EVENT_CALL_REFUSED] == 1 && sim.event_severity == SEVERITY_INFO &&
	     strstr(sim.event_text, "the mailbox is full"));
	bob_hears(true, "voicemail-you-have digits:2 voicemail-messages");
	finish();
}

static void it_may_be_full_of_what_was_heard(void)
{
	begin(0, 3);
	alice_hears("voicemail-no-greeting voicemail-full");
	bob_hears(true, "voicemail-you-have digits:3 voicemail-messages");
	finish();
}

/* The site's room, or ledger's disk: it is nobody's mailbox. */
static void no_other_want_of_room_is_called_so(void)
{
	begin(1, 1);
	alice_hears("not-now");
	NEED(sim.events[EVENT_CALL_REFUSED] == 1 && sim.event_severity == SEVERITY_WARNING);
	bob_hears(false, "voicemail-you-have digits:1 voicemail-message");
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(both_are_told);
	SIM(it_may_be_full_of_what_was_heard);
	SIM(no_other_want_of_room_is_called_so);
	(void)test_failed_here;
	return TEST_END;
}
