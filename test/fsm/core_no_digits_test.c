/* SPDX-License-Identifier: ISC */
/* Who can say no keys is not locked out by a question for one: a caller over a trunk without telephone-event (R18), a phone without (R15). */
#include "../unit/test.h"
#include "sim_trunks.h"
#include "sim_voice.h"
#include "wire/sdp_offer.h"

static char said[REASON_MAX + 1];
static unsigned sayings;

static void hear_events(struct link *l, const struct ipc_view *v)
{
	const struct msg_event *m = v->payload;

	(void)l;
	if (v->type != MSG_EVENT || (m->kind != EVENT_TRUNK && m->kind != EVENT_CALL_REFUSED) || m->severity == SEVERITY_ALARM)
		return;
	NEED(span_cstr(ipc_str(v, m->detail), said, sizeof said));
	sayings += strstr(said, "telephone-event") != NULL;
}

static void bob_is_strict(void)
{
	set(1, OWNER_USER, 1, SETTING_SCREEN, "screen");
	set(2, OWNER_USER, 0, SETTING_CLASSES, "national");
	sim.dialled[0] = NULL;
	sim.pin = "2468";
	sim.watch = hear_events;
	sayings = 0;
}

static void without_events(struct sdp *s)
{
	sdp_keep_codecs(s, 1u << SDP_PCMA | 1u << SDP_PCMU);
	NEED(s->audio.codec_n > 0);
}

static void a_stranger_calls(void)
{
	invite_from(&t, "+33611223344", "+33140000001", false);
}

static void is_held_up(void)
{
	NEED(code_of(t.txn) == 180 && !sent_to(&bob, SIP_INVITE));
	sim_pass(3000);
	NEED(!sent_to(&bob, SIP_INVITE));
	sim_pass(1500);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	NEED(code_of(t.txn) == 486);
}

static void a_caller_without_keys_is_held_up_and_told_of_once(void)
{
	begin_with(bob_is_strict);
	without_events(&plain);
	for (int i = 0; i < 2; i++) {
		a_stranger_calls();
		is_held_up();
		NEED(sayings == 1);
	}
	finish();
}

static uint64_t is_asked(void)
{
	uint64_t join;

	talk_hears(&t, 200);
	talk_ack(&t);
	NEED(relay_wish(&join));
	media_says_gate(join, RELAY_KEY_NONE);
	return turn("screening")->token;
}

/* A gateway that takes INFO may say keys so: it is asked, and who says none was held up by that. */
static void by_info_a_key_may_come(void)
{
	begin_with(bob_is_strict);
	without_events(&plain);
	t.allow = 1u << SIP_INFO;
	a_stranger_calls();
	voice_says(is_asked(), TURN_DIGITS, "4");
	NEED(sent_to(&bob, SIP_INVITE) && sayings == 1);
	NEED(code_of(talk_send(&t, SIP_BYE, NULL)) == 200);
	a_stranger_calls();
	uint64_t token = is_asked();
	NEED(!sent_to(&bob, SIP_INVITE));
	voice_says(token, TURN_TIME_OUT, "");
	NEED(sent_to(&bob, SIP_INVITE) && sayings == 1);
}

/* Who can press and does not is sent away, as before. */
static void who_can_press_must(void)
{
	begin_with(bob_is_strict);
	a_stranger_calls();
	voice_says(is_asked(), TURN_TIME_OUT, "");
	voice_says(turn("screening")->token, TURN_TIME_OUT, "");
	voice_says(turn("goodbye")->token, TURN_SAID, "");
	NEED(!sent_to(&bob, SIP_INVITE) && sayings == 0);
	hangs_up_on(&t);
	finish();
}

/* A phone may say its keys by INFO and not tell before: it is asked; that nothing came is told to the operator. */
static void a_phone_is_asked_for_its_pin_all_the_same(void)
{
	begin_with(bob_is_strict);
	without_events(&offer);
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	voice_says(turn("pin-please")->token, TURN_TIME_OUT, "");
	voice_says(turn("pin-please")->token, TURN_TIME_OUT, "");
	voice_says(turn("goodbye")->token, TURN_SAID, "");
	hangs_up_on(&a);
	NEED(sayings == 1 && strstr(said, "no key was pressed"));
	talk_invite(&a, &alice, "+33123456789", &offer);
	answered(&a);
	voice_says(turn("pin-please")->token, TURN_DIGITS, "2468");
	NEED(sent_to(&telco[0], SIP_INVITE) && sayings == 1);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_caller_without_keys_is_held_up_and_told_of_once);
	SIM(by_info_a_key_may_come);
	SIM(who_can_press_must);
	SIM(a_phone_is_asked_for_its_pin_all_the_same);
	(void)test_failed_here;
	return TEST_END;
}
