/* SPDX-License-Identifier: ISC */
/* A forward that the call plan refuses is as none: the phone rings, the mailbox takes what it misses, and nothing leaves (R14, R18, R29). */
#include "../unit/test.h"
#include "settings.h"
#include "sim_trunks.h"
#include "sim_voice.h"

#define MOBILE "+33123456789"

static const char *told; /* the owner, last */
static char told_text[REASON_MAX + 1];
static unsigned tellings;

static void hear_events(struct link *l, const struct ipc_view *v)
{
	const struct msg_event *m = v->payload;

	(void)l;
	if (v->type != MSG_EVENT || m->kind != EVENT_CALL_REFUSED || m->user != 1)
		return;
	NEED(m->severity == SEVERITY_INFO && span_cstr(ipc_str(v, m->detail), told_text, sizeof told_text));
	told = told_text;
	tellings++;
}

static void anyone_may_call_bob(void)
{
	sim.site.plan.unknown_caller = sim.site.plan.anonymous_caller = INCOMING_PASS;
	set(1, OWNER_USER, 1, SETTING_CLASSES, "national");
	sim.dialled[1] = MOBILE;
	sim.watch = hear_events;
	told = NULL;
	tellings = 0;
}

static void always(void)
{
	anyone_may_call_bob();
	set(2, OWNER_USER, 1, SETTING_FORWARD_ALWAYS, MOBILE);
}

static void an_outsider_calls(void)
{
	invite_from(&t, "+33611223355", "+33140000001", false);
}

static void nothing_leaves(void)
{
	NEED(!sent_to(&telco[0], SIP_INVITE) && !sent_to(&telco[1], SIP_INVITE));
}

static void bob_takes_it(void)
{
	struct sdp answer;

	talk_rings_at(&b, &bob);
	answer = sdp_plain(&bob);
	sdp_fit(&b, &answer);
	talk_up(&t, &b, &answer);
	nothing_leaves();
}

static void an_outsider_rings_whose_forward_cannot_carry_them(void)
{
	begin_with(always);
	an_outsider_calls();
	bob_takes_it();
	NEED(tellings == 1 && strstr(told, "a forward was not followed") && strstr(told, "outside"));
	call_hang_up(&t, &b);
	finish();
	/* what the call was to bob, it stays in the log */
	NEED(strcmp(sim.record_to, "bob") == 0);
}

static void always_and_mailbox(void)
{
	always();
	set(3, OWNER_USER, 1, SETTING_VOICEMAIL, "15");
}

static bool mailbox_is_asked(void)
{
	return sim.mail_begun == 1;
}

static void then_the_mailbox_takes_it(void)
{
	begin_with(always_and_mailbox);
	an_outsider_calls();
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	NEED(code_of(t.txn) == 180 && !mailbox_is_asked());
	sim_pass(16000);
	NEED(mailbox_is_asked() && tellings == 1);
	nothing_leaves();
}

/* Each forward by itself: what is refused is not followed, in the order in which they would be. */
static void missed(enum setting_kind which)
{
	anyone_may_call_bob();
	set(2, OWNER_USER, 1, which, MOBILE);
	set(3, OWNER_USER, 1, SETTING_VOICEMAIL, "15");
}

static void no_answer_and_mailbox(void)
{
	missed(SETTING_FORWARD_NO_ANSWER);
}

static void busy_and_mailbox(void)
{
	missed(SETTING_FORWARD_BUSY);
}

static void dnd_and_mailbox(void)
{
	missed(SETTING_FORWARD_BUSY);
	set(4, OWNER_USER, 1, SETTING_DND, "on");
}

static void offline_and_mailbox(void)
{
	missed(SETTING_FORWARD_OFFLINE);
}

static void no_answer_goes_to_the_mailbox(void)
{
	begin_with(no_answer_and_mailbox);
	an_outsider_calls();
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	sim_pass(16000);
	NEED(mailbox_is_asked() && tellings == 1);
	nothing_leaves();
}

static void busy_goes_to_the_mailbox(void)
{
	begin_with(busy_and_mailbox);
	an_outsider_calls();
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	NEED(mailbox_is_asked() && tellings == 1);
	nothing_leaves();
}

static void do_not_disturb_goes_to_the_mailbox(void)
{
	begin_with(dnd_and_mailbox);
	an_outsider_calls();
	NEED(!sent_to(&bob, SIP_INVITE) && mailbox_is_asked());
	nothing_leaves();
}

static void nobody_there_goes_to_the_mailbox(void)
{
	begin_with(offline_and_mailbox);
	phone_down(&bob);
	sim_pass(21000); /* nobody waits for the phone any more */
	an_outsider_calls();
	sim_pass(21000);
	NEED(mailbox_is_asked());
	nothing_leaves();
}

static void only_busy(void)
{
	anyone_may_call_bob();
	set(2, OWNER_USER, 1, SETTING_FORWARD_BUSY, MOBILE);
}

/* Without a mailbox the caller hears what the phone said. */
static void without_a_mailbox_busy_is_busy(void)
{
	begin_with(only_busy);
	an_outsider_calls();
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	NEED(code_of(t.txn) == 486);
	nothing_leaves();
	finish();
}

/* --- inside callers, whom it would carry --- */

static void never_dialled(void)
{
	always();
	sim.dialled[0] = "+33123456780";
	sim.dialled[1] = NULL;
}

static void not_national(void)
{
	always();
	set(1, OWNER_USER, 1, SETTING_CLASSES, "local");
}

static void nothing_left(void)
{
	always();
	set(3, OWNER_USER, 1, SETTING_CEILINGS, "calls=0");
}

static void inside_rings_bob(void (*settings)(void), const char *why)
{
	begin_with(settings);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	NEED(tellings == 1 && strstr(told, why));
	nothing_leaves();
	talk_answer(&b, 486, NULL);
	NEED(code_of(a.txn) == 486);
	finish();
}

static void a_number_that_the_payer_never_dialled(void)
{
	inside_rings_bob(never_dialled, "never dialled");
}

static void a_class_that_the_payer_may_not_call(void)
{
	inside_rings_bob(not_national, "class");
}

static void a_ceiling_that_is_full(void)
{
	inside_rings_bob(nothing_left, "calls at once");
}

/* --- night (R14) --- */

static void at_night(void)
{
	always();
	set(3, OWNER_SITE, 0, SETTING_NIGHT, "on");
}

static void at_hours_for_toll_free_alone(void)
{
	always();
	sim.site.plan.nights = 1;
	sim.site.plan.night[0] = (struct plan_night){.to_min = 1440, .days = 0x7f, .classes.mask = 1u << NUMBER_TOLL_FREE};
}

static void nothing_is_followed_at_night(void)
{
	inside_rings_bob(at_night, "at this hour");
}

static void nor_in_the_hours_of_a_night(void)
{
	inside_rings_bob(at_hours_for_toll_free_alone, "at this hour");
}

static void who_works_at_night(void)
{
	at_night();
	set(1, OWNER_USER, 1, SETTING_CLASSES, "national night");
}

static void in_hours_that_do_not_count(void)
{
	at_hours_for_toll_free_alone();
	set(3, OWNER_SITE, 0, SETTING_NIGHT, "off");
}

static void is_followed(void (*settings)(void))
{
	begin_with(settings);
	talk_invite(&a, &alice, "bob", &offer);
	NEED(sent_to(&telco[0], SIP_INVITE) && !sent_to(&bob, SIP_INVITE) && tellings == 0);
}

/* The payer's classes count, not the caller's. */
static void of_who_works_at_night_it_is(void)
{
	is_followed(who_works_at_night);
}

static void the_caller_works_at_night(void)
{
	at_night();
	set(4, OWNER_USER, 0, SETTING_CLASSES, "national night");
	sim.dialled[0] = MOBILE;
}

static void not_of_who_does_not(void)
{
	inside_rings_bob(the_caller_works_at_night, "at this hour");
}

static void nor_where_there_is_no_night(void)
{
	is_followed(in_hours_that_do_not_count);
}

static void inside_at_night(void)
{
	at_night();
	set(2, OWNER_USER, 1, SETTING_FORWARD_ALWAYS, "carol");
}

/* Internal numbers know no night. */
static void inside_it_is_followed_by_night_as_well(void)
{
	static struct phone carol;
	static struct talk c;

	begin_with(inside_at_night);
	phone_init(&carol, 2);
	phone_register(&carol);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&c, &carol);
	NEED(!sent_to(&bob, SIP_INVITE) && tellings == 0);
}

/* It rang by day. */
static void night_falls_while_it_rings(void)
{
	begin_with(no_answer_and_mailbox);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	set(4, OWNER_SITE, 0, SETTING_NIGHT, "on");
	sim_push_directory();
	sim_pass(16000);
	NEED(mailbox_is_asked() && tellings == 1 && strstr(told, "at this hour"));
	nothing_leaves();
}

static void outside_by_night(void)
{
	at_night();
	set(4, OWNER_USER, 1, SETTING_VOICEMAIL, "15");
}

static void an_outsider_rings_by_night(void)
{
	begin_with(outside_by_night);
	an_outsider_calls();
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	sim_pass(16000);
	NEED(mailbox_is_asked() && tellings == 1);
	nothing_leaves();
}

/* --- a trunk's own ceiling, which is known only when it is asked (R17) --- */

static void trunks_are_full(void)
{
	always();
	sim.site.plan.ceiling[CEILING_TRUNK].most[CEILING_HOURLY] = 0;
}

static void trunks_that_are_full_ring_whose_forward_it_is(void)
{
	inside_rings_bob(trunks_are_full, "outside calls this hour");
}

static void trunks_are_full_when_missed(void)
{
	missed(SETTING_FORWARD_NO_ANSWER);
	sim.site.plan.ceiling[CEILING_TRUNK].most[CEILING_HOURLY] = 0;
}

static void trunks_that_are_full_leave_it_to_the_mailbox(void)
{
	begin_with(trunks_are_full_when_missed);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	sim_pass(16000);
	NEED(mailbox_is_asked() && tellings == 1 && strstr(told, "outside calls this hour"));
	nothing_leaves();
}

static void two_an_hour_over_each(void)
{
	always();
	sim.site.plan.ceiling[CEILING_TRUNK].most[CEILING_HOURLY] = 2;
	set(3, OWNER_USER, 1, SETTING_CEILINGS, "calls=1");
}

/* One trunk has failed already, and the other is full: what the first would have cost is nobody's any more. */
static void the_last_trunk_is_full(void)
{
	begin_with(two_an_hour_over_each);
	phone_down(&telco[0]);
	for (int i = 0; i < 2; i++) {
		up_at(&a, &t, "+33123456789", &telco[1]);
		call_hang_up(&a, &t);
	}
	phone_up(&telco[0]);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&t, &telco[0]);
	NEED(tellings == 0);
	talk_answer(&t, 503, NULL);
	NEED(tellings == 1 && strstr(told, "outside calls this hour"));
	talk_rings_at(&b, &bob);
	const struct sdp answer = sdp_plain(&bob);
	talk_up(&a, &b, &answer);
	sim_pass(61000);
	call_hang_up(&a, &b);
	NEED(strcmp(sim.record_to, "bob") == 0);
	/* bob may have one at once */
	const struct sdp his = sdp_plain(&bob);
	talk_invite(&b, &bob, MOBILE, &his);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 486, NULL);
	finish();
}

/* What it may carry, it carries as before. */
static void what_is_allowed_is_followed(void)
{
	begin_with(always);
	talk_invite(&a, &alice, "bob", &offer);
	NEED(sent_to(&telco[0], SIP_INVITE) && !sent_to(&bob, SIP_INVITE) && tellings == 0);
}

/* --- one behind another --- */

static void bob_to_alice_to_a_mobile(void)
{
	anyone_may_call_bob();
	set(2, OWNER_USER, 1, SETTING_FORWARD_ALWAYS, "alice");
	set(3, OWNER_USER, 0, SETTING_FORWARD_ALWAYS, MOBILE);
	set(4, OWNER_USER, 0, SETTING_FORWARD_BUSY, "bob");
}

/* Whoever set the one that is refused rings; their other forwards stand, and bob's leads back to them. */
static void whoever_set_it_rings(void)
{
	begin_with(bob_to_alice_to_a_mobile);
	an_outsider_calls();
	/* alice is busy, so to bob, to her again, and so on: after five of them it ends where it is */
	for (int i = 0; i < 3; i++) {
		talk_rings_at(&a, &alice);
		talk_answer(&a, 486, NULL);
		NEED(!sent_to(&bob, SIP_INVITE));
	}
	NEED(code_of(t.txn) == 486);
	nothing_leaves();
	finish();
}

/* --- nobody at the end of them --- */

static struct phone carol;
static struct talk c;

static uint32_t box_of;

static void hear_boxes(struct link *l, const struct ipc_view *v)
{
	(void)l;
	if (v->type == MSG_MAIL_BEGIN)
		box_of = ((const struct msg_mail_begin *)v->payload)->user;
}

static void bob_to_carol(void)
{
	sim.watch = hear_boxes;
	set(1, OWNER_USER, 1, SETTING_FORWARD_NO_ANSWER, "carol");
	set(2, OWNER_USER, 1, SETTING_VOICEMAIL, "15");
}

static void bob_to_carol_to_dave(void)
{
	bob_to_carol();
	set(3, OWNER_USER, 2, SETTING_FORWARD_OFFLINE, "dave");
}

static void both_have_a_mailbox(void)
{
	bob_to_carol();
	set(3, OWNER_USER, 2, SETTING_VOICEMAIL, "15");
}

static void bob_to_a_mobile(void)
{
	missed(SETTING_FORWARD_NO_ANSWER);
}

static void bob_does_not_answer(void (*settings)(void))
{
	begin_with(settings);
	phone_init(&carol, 2);
	phone_register(&carol);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	sim_pass(16000);
	NEED(!mailbox_is_asked());
}

static uint32_t whose_mailbox(void)
{
	NEED(mailbox_is_asked());
	return box_of;
}

static void nor_does_carol(void)
{
	bob_does_not_answer(bob_to_carol);
	talk_rings_at(&c, &carol);
	talk_answer(&c, 180, NULL);
	sim_pass(61000);
	NEED(whose_mailbox() == 1);
}

static void carol_is_busy(void)
{
	bob_does_not_answer(bob_to_carol);
	talk_rings_at(&c, &carol);
	talk_answer(&c, 486, NULL);
	NEED(whose_mailbox() == 1);
}

static void her_own_mailbox_comes_first(void)
{
	bob_does_not_answer(both_have_a_mailbox);
	talk_rings_at(&c, &carol);
	talk_answer(&c, 486, NULL);
	NEED(whose_mailbox() == 2);
}

static void two_forwards_and_nobody(void)
{
	begin_with(bob_to_carol_to_dave);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	sim_pass(16000);
	NEED(whose_mailbox() == 1);
}

/* Who does not answer outside has a mailbox there, or none. */
static void who_is_outside_is_not_called_back_from(void)
{
	begin_with(bob_to_a_mobile);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	sim_pass(16000);
	talk_rings_at(&t, &telco[0]);
	sim_clear();
	talk_answer(&t, 486, NULL);
	NEED(code_of(a.txn) == 486 && sim.mail_begun == 0);
}

/* --- setting one from the phone --- */

static void dials(const char *code, const char *say)
{
	talk_invite(&a, &alice, code, &offer);
	answered(&a);
	voice_says(turn(say)->token, TURN_SAID, "");
	hangs_up_on(&a);
}

static void carol_is_102(void)
{
	sim.user[2].name = "102";
}

static void what_could_never_be_followed_is_not_set(void)
{
	begin_with(carol_is_102); /* alice: national, mobile, premium */
	dials("*72+81312345678", "not-allowed");
	dials("*720081312345678", "not-allowed");
	dials("*72112", "not-allowed");
	dials("*72103", "invalid-choice");
	NEED(sim.changes == 0);
	dials("*72102", "forward-on");
	dials("*73", "forward-off");
	NEED(sim.changes == 2 && !sim.changed_to[0]);
	finish();
}

static void no_pins(void)
{
	sim.site.plan.pin = 0;
}

/* Who sets a forward to the outside hears what it does not do (R14, R15). */
static void a_forward_to_the_outside_says_for_whom(void)
{
	begin_with(carol_is_102);
	dials("*720123456780#", "forward-dial-first");
	NEED(sim.changes == 1 && strcmp(sim.changed_to, "0123456780") == 0);
	sim.dialled[0] = "+33123456780";
	dials("*720123456780", "forward-on-inside");
	NEED(sim.changes == 2);
	sim_link_down(PROC_KEEPER, 0);
	dials("*720123456780", "not-now");
	NEED(sim.changes == 2);
	sim_link_up(PROC_KEEPER, 0);
	finish();
}

static void without_pins_no_number_is_dialled_first(void)
{
	begin_with(no_pins);
	dials("*720123456780", "forward-on-inside");
	NEED(sim.changes == 1);
	finish();
}

/* --- a phone that can not take it --- */

static void answers_with(unsigned code)
{
	begin_with(busy_and_mailbox);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, code, NULL);
	NEED(mailbox_is_asked());
}

static void a_redirect_goes_to_the_mailbox(void)
{
	answers_with(302);
}

static void no_codec_in_common_goes_to_the_mailbox(void)
{
	answers_with(488);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(an_outsider_rings_whose_forward_cannot_carry_them);
	SIM(then_the_mailbox_takes_it);
	SIM(no_answer_goes_to_the_mailbox);
	SIM(busy_goes_to_the_mailbox);
	SIM(do_not_disturb_goes_to_the_mailbox);
	SIM(nobody_there_goes_to_the_mailbox);
	SIM(a_forward_to_the_outside_says_for_whom);
	SIM(without_pins_no_number_is_dialled_first);
	SIM(a_redirect_goes_to_the_mailbox);
	SIM(no_codec_in_common_goes_to_the_mailbox);
	SIM(without_a_mailbox_busy_is_busy);
	SIM(a_number_that_the_payer_never_dialled);
	SIM(a_class_that_the_payer_may_not_call);
	SIM(a_ceiling_that_is_full);
	SIM(nothing_is_followed_at_night);
	SIM(nor_in_the_hours_of_a_night);
	SIM(of_who_works_at_night_it_is);
	SIM(not_of_who_does_not);
	SIM(nor_where_there_is_no_night);
	SIM(inside_it_is_followed_by_night_as_well);
	SIM(night_falls_while_it_rings);
	SIM(an_outsider_rings_by_night);
	SIM(trunks_that_are_full_ring_whose_forward_it_is);
	SIM(trunks_that_are_full_leave_it_to_the_mailbox);
	SIM(the_last_trunk_is_full);
	SIM(what_is_allowed_is_followed);
	SIM(whoever_set_it_rings);
	SIM(nor_does_carol);
	SIM(carol_is_busy);
	SIM(her_own_mailbox_comes_first);
	SIM(two_forwards_and_nobody);
	SIM(who_is_outside_is_not_called_back_from);
	SIM(what_could_never_be_followed_is_not_set);
	(void)test_failed_here;
	return TEST_END;
}
