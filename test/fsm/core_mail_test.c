/* SPDX-License-Identifier: ISC */
/* Voicemail through core: who is answered by it, what a message needs, *97 and its PIN, a sibling that dies or says nothing at
 * each step, and the light on the phone (R14, R15, R27). alice leaves messages for bob. */
#include "../unit/test.h"
#include "sim_voice.h"

static struct phone alice, bob, carol;
static struct talk a, b;
static struct sdp offer;

static void mailbox(void)
{
	set(0, OWNER_USER, 1, SETTING_VOICEMAIL, "15");
}

static void begin_with(void (*settings)(void))
{
	sim_defaults();
	memcpy(sim.site.plan.country, "fr", 3);
	if (settings)
		settings();
	sim_open();
	phone_init(&alice, 0);
	phone_init(&bob, 1);
	phone_register(&alice);
	phone_register(&bob);
	offer = sdp_plain(&alice);
}

static void finish(void)
{
	sim_pass(60000);
	NEED(sim_status("voice-turns").used == 0 && sim_status("pin-questions").used == 0);
	sim_need_idle();
}

/* --- a message is left --- */

static uint8_t key_of(const struct msg_turn *t)
{
	for (size_t i = 1; i < sizeof t->message_key; i++)
		NEED(t->message_key[i] == t->message_key[0]);
	return t->message_key[0];
}

/* Greeting and recording turn are heard by this caller, to the end; the exchange hangs up. */
static void leaves(struct talk *caller)
{
	const struct msg_turn *t = turn("voicemail-no-greeting");

	NEED(t->record_ms == 0 && t->digits_max == 0 && !t->loop);
	voice_says(t->token, TURN_SAID, "");
	t = turn("voicemail-record-after-tone tone:warning");
	NEED(t->message == 101 && key_of(t) == 101 && t->record_ms == 120000 && t->silence_ms == 10000 && !t->barge);
	voice_says(t->token, TURN_DIGITS, "");
	t = turn("voicemail-saved");
	NEED(t->record_ms == 0 && t->message == 0);
	voice_says(t->token, TURN_SAID, "");
	hangs_up_on(caller);
	NEED(sim.mail_begun == 1 && sim.mail_keys == 1);
}

static void busy(void)
{
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
}

static void busy_is_answered(void)
{
	begin_with(mailbox);
	busy();
	answered(&a);
	leaves(&a);
	finish();
}

static void no_answer_is_answered_after_its_own_seconds(void)
{
	begin_with(mailbox);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	sim_pass(14000);
	NEED(!sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	sim_pass(2000);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&b, 487, NULL);
	answered(&a);
	leaves(&a);
	finish();
}

static void absence_is_answered(void)
{
	begin_with(NULL);
	set(0, OWNER_USER, 3, SETTING_VOICEMAIL, "15"); /* dave has no phone on */
	sim_push_directory();
	sim_turn();
	talk_invite(&a, &alice, "dave", &offer);
	sim_pass(20000);
	answered(&a);
	leaves(&a);
	finish();
}

static void without_voicemail_nothing_changes(void)
{
	begin_with(NULL);
	busy();
	NEED(code_of(a.txn) == 486);
	talk_invite(&a, &alice, "dave", &offer);
	sim_pass(40000);
	talk_hears(&a, 480);
	NEED(sim.mail_begun == 0 && !sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
	finish();
}

static void own_greeting(void)
{
	mailbox();
	set(1, OWNER_USER, 1, SETTING_GREETING, "bobs-words");
}

static void a_greeting_that_is_not_there_gives_way(void)
{
	begin_with(own_greeting);
	busy();
	answered(&a);
	voice_says(turn("bobs-words")->token, TURN_NO_PROMPT, "");
	leaves(&a);
	finish();
}

static void mailbox_and_forward(void)
{
	mailbox();
	set(1, OWNER_USER, 1, SETTING_FORWARD_BUSY, "carol");
}

static void a_forward_goes_first(void)
{
	begin_with(mailbox_and_forward);
	phone_init(&carol, 2);
	phone_register(&carol);
	busy();
	talk_rings_at(&b, &carol);
	talk_answer(&b, 486, NULL); /* carol has none */
	NEED(code_of(a.txn) == 486 && sim.mail_begun == 0);
	finish();
}

static void a_caller_who_hangs_up_leaves_nothing(void)
{
	begin_with(mailbox);
	busy();
	answered(&a);
	voice_says(turn("voicemail-no-greeting")->token, TURN_SAID, "");
	const struct msg_turn *t = turn("voicemail-record-after-tone tone:warning");
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	struct heard *stop = sim_take(PROC_VOICE, MSG_TURN_STOP, NULL, NULL);
	NEED(stop && ((const struct msg_turn_stop *)(const void *)stop->payload)->token == t->token);
	finish();
}

/* --- and where that is not possible --- */

static void told(struct talk *caller)
{
	answered(caller);
	voice_says(turn("busy-try-later")->token, TURN_SAID, "");
	hangs_up_on(caller);
}

/* Unanswered, and the mailbox is not asked again. */
static void refused_after_a_while(struct talk *caller)
{
	uint32_t begun = sim.mail_begun;

	NEED(!reply_to(caller->txn));
	sim_pass(5500);
	NEED(code_of(caller->txn) == 480 && sim.mail_begun == begun && !sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
}

static void no_room_is_said(void)
{
	begin_with(mailbox);
	sim.conduct.mail_full = true;
	busy();
	told(&a);
	NEED(sim.mail_keys == 0);
	finish();
}

static void no_key_is_said(void)
{
	begin_with(mailbox);
	sim.conduct.mail_keyless = true;
	busy();
	told(&a);
	finish();
}

static void a_mute_ledger_ends_it(void)
{
	begin_with(mailbox);
	sim.conduct.ledger_mute = true;
	busy();
	NEED(sim.mail_begun == 1);
	refused_after_a_while(&a);
	sim_pass(20000);
	sim.conduct.ledger_mute = false;
	sim_link_down(PROC_LEDGER, 0);
	sim_link_up(PROC_LEDGER, 0);
	finish();
}

static void a_mute_keeper_ends_it(void)
{
	begin_with(mailbox);
	sim.conduct.keeper_mute = true;
	busy();
	NEED(sim.mail_begun == 1 && sim.mail_keys == 1);
	refused_after_a_while(&a);
	finish();
}

static void without_a_sibling_it_is_as_without_voicemail(void)
{
	static const enum proc needed[] = {PROC_LEDGER, PROC_KEEPER, PROC_VOICE};

	begin_with(mailbox);
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		sim_link_down(needed[i], 0);
		busy();
		NEED(code_of(a.txn) == 486);
		sim_link_up(needed[i], 0);
	}
	NEED(sim.mail_begun == 0);
	finish();
}

static void a_sibling_that_dies_while_it_is_asked(void)
{
	begin_with(mailbox);
	sim.conduct.ledger_mute = true;
	busy();
	sim_link_down(PROC_LEDGER, 0);
	sim.conduct.ledger_mute = false;
	sim_link_up(PROC_LEDGER, 0);
	refused_after_a_while(&a);
	sim.conduct.keeper_mute = true;
	busy();
	sim_link_down(PROC_KEEPER, 0);
	refused_after_a_while(&a);
	sim.conduct.keeper_mute = false;
	sim_link_up(PROC_KEEPER, 0);
	finish();
}

static void voice_that_dies_hangs_up(void)
{
	begin_with(mailbox);
	for (int i = 0; i < 2; i++) {
		busy();
		answered(&a);
		if (i == 1)
			voice_says(turn("voicemail-no-greeting")->token, TURN_SAID, "");
		sim_link_down(PROC_VOICE, 0);
		hangs_up_on(&a);
		sim_link_up(PROC_VOICE, 0);
		sim_clear();
	}
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(busy_is_answered);
	SIM(no_answer_is_answered_after_its_own_seconds);
	SIM(absence_is_answered);
	SIM(without_voicemail_nothing_changes);
	SIM(a_greeting_that_is_not_there_gives_way);
	SIM(a_forward_goes_first);
	SIM(a_caller_who_hangs_up_leaves_nothing);
	SIM(no_room_is_said);
	SIM(no_key_is_said);
	SIM(a_mute_ledger_ends_it);
	SIM(a_mute_keeper_ends_it);
	SIM(without_a_sibling_it_is_as_without_voicemail);
	SIM(a_sibling_that_dies_while_it_is_asked);
	SIM(voice_that_dies_hangs_up);
	(void)test_failed_here;
	return TEST_END;
}
