/* SPDX-License-Identifier: ISC */
/* In which language voice is asked to speak: of everybody outside the site's, of a person their own (R29). */
#include "../unit/test.h"
#include "sim_trunks.h"
#include "sim_voice.h"

static void french(void)
{
	site_add_language(&sim.site, SPAN("fr"));
	memcpy(sim.site.language, "fr", 3);
	sim.dialled[0] = NULL;
	sim.pin = "2468";
	set(1, OWNER_USER, 1, SETTING_SCREEN, "screen");
}

static void french_but_for_alice(void)
{
	french();
	set(2, OWNER_USER, 0, SETTING_LANGUAGE, "de");
}

/* The oldest turn that nobody took says this, in this language. */
static const struct msg_turn *turn_in(const char *language, const char *say)
{
	struct heard *h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL);
	const struct msg_turn *m = h ? (const void *)h->payload : NULL;

	if (m && (strcmp(sim_text(h, m->say), say) != 0 || strcmp(sim_text(h, m->language), language) != 0))
		fprintf(stderr, "  in %s: %s\n", sim_text(h, m->language), sim_text(h, m->say));
	NEED(m && strcmp(sim_text(h, m->say), say) == 0 && strcmp(sim_text(h, m->language), language) == 0);
	return m;
}

static void a_stranger_is_asked_in(const char *language)
{
	uint64_t join;

	invite_from(&t, "+33611223344", "+33140000001", false);
	talk_hears(&t, 200);
	talk_ack(&t);
	NEED(relay_wish(&join));
	media_says_gate(join, RELAY_KEY_NONE);
	voice_says(turn_in(language, "screening")->token, TURN_TIME_OUT, "");
	voice_says(turn_in(language, "screening")->token, TURN_TIME_OUT, "");
	voice_says(turn_in(language, "goodbye")->token, TURN_SAID, "");
	hangs_up_on(&t);
}

static uint64_t alice_is_asked_in(const char *language)
{
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	return turn_in(language, "pin-please")->token;
}

static void bob_is_told_in(const char *language, const char *code, const char *say)
{
	struct sdp his = sdp_plain(&bob);

	talk_invite(&b, &bob, code, &his);
	answered(&b);
	voice_says(turn_in(language, say)->token, TURN_SAID, "");
	hangs_up_on(&b);
}

static void nobody_chose_and_it_is_english(void)
{
	begin_with(NULL);
	bob_is_told_in("en", "*78", "dnd-on");
	finish();
}

static void the_sites_is_for_all(void)
{
	begin_with(french);
	a_stranger_is_asked_in("fr");
	bob_is_told_in("fr", "*79", "dnd-off");
	voice_says(alice_is_asked_in("fr"), TURN_DIGITS, "1357");
	voice_says(turn_in("fr", "pin-wrong pin-please")->token, TURN_TIME_OUT, "");
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	finish();
}

static void a_person_has_their_own(void)
{
	begin_with(french_but_for_alice);
	voice_says(alice_is_asked_in("de"), TURN_DIGITS, "1357");
	turn_in("de", "pin-wrong pin-please");
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	a_stranger_is_asked_in("fr");
	bob_is_told_in("fr", "*79", "dnd-off");
	/* and gives it back */
	memset(&sim.setting[2], 0, sizeof sim.setting[2]);
	sim_push_directory();
	sim_turn();
	alice_is_asked_in("fr");
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	finish();
}

static void bob_has_recorded_a_greeting(void)
{
	french_but_for_alice();
	set(1, OWNER_USER, 1, SETTING_VOICEMAIL, "on");
	set(3, OWNER_USER, 1, SETTING_GREETING, "bobs-words");
}

/* Whoever recorded it did so in a language of theirs: it is heard in that where there is none in the caller's. */
static void a_greeting_is_in_its_owners(void)
{
	begin_with(bob_has_recorded_a_greeting);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	answered(&a);
	voice_says(turn_in("de", "bobs-words")->token, TURN_NO_PROMPT, "");
	voice_says(turn_in("fr", "bobs-words")->token, TURN_SAID, "");
	turn_in("de", "voicemail-record-after-tone tone:warning");
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	finish();
}

/* A reload counts from the next turn on; what voice died of is said again as it was. */
static void it_is_said_again_in_the_same(void)
{
	begin_with(french);
	alice_is_asked_in("fr");
	struct site *now = (struct site *)(uintptr_t)child_site();
	memcpy(now->language, "en", 3);
	sim_link_down(PROC_VOICE, 0);
	sim_link_up(PROC_VOICE, 0);
	sim_pass(200);
	voice_says(turn_in("fr", "interrupted pin-please")->token, TURN_DIGITS, "1357");
	turn_in("en", "pin-wrong pin-please");
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(nobody_chose_and_it_is_english);
	SIM(the_sites_is_for_all);
	SIM(a_person_has_their_own);
	SIM(a_greeting_is_in_its_owners);
	SIM(it_is_said_again_in_the_same);
	(void)test_failed_here;
	return TEST_END;
}
