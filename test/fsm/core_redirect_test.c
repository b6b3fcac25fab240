/* SPDX-License-Identifier: ISC */
/* A phone's own "forward" key: its 302 is followed inside, as a forward of its owner's would be, and never to the outside (R14, R17, R29, T11). */
#include "../unit/test.h"
#include "route.h"
#include "settings.h"
#include "sim_trunks.h"
#include "sim_voice.h"

#define MOBILE "+33123456789"

static struct phone carol, dave, second; /* second: bob's */
static struct talk c, d, s;
static char told[REASON_MAX + 1]; /* bob, last */
static unsigned tellings;

static void hear_events(struct link *l, const struct ipc_view *v)
{
	const struct msg_event *m = v->payload;

	(void)l;
	if (v->type != MSG_EVENT || m->kind != EVENT_CALL_REFUSED || m->user != 1)
		return;
	NEED(m->severity == SEVERITY_INFO && span_cstr(ipc_str(v, m->detail), told, sizeof told));
	tellings++;
}

static void people(void)
{
	sim.site.plan.unknown_caller = sim.site.plan.anonymous_caller = INCOMING_PASS;
	sim.site.plan.pin = 0; /* nothing but the redirect itself keeps it here */
	set(1, OWNER_USER, 1, SETTING_CLASSES, "national");
	sim.dialled[1] = MOBILE;
	sim.user[2].name = "102";
	sim.user[3].name = "103";
	sim.group[0] = (struct sim_group){"200", "102, 103"};
	sim.bound[1][4] = true;
	sim.watch = hear_events;
	told[0] = 0;
	tellings = 0;
}

static void a_mailbox(void)
{
	people();
	set(2, OWNER_USER, 1, SETTING_VOICEMAIL, "25");
}

static void begin(void (*settings)(void))
{
	begin_with(settings);
	phone_init(&carol, 2);
	phone_init(&dave, 3);
	phone_register(&carol);
	phone_register(&dave);
}

static void sends_on(struct talk *by, const char *to)
{
	struct msg_response *m = talk_begin_answer(by, 302);

	m->redirect = phone_put(by->phone, to);
	talk_end_answer(by);
}

/* alice calls bob, whose phone says where to. */
static void bob_sends_to(void (*settings)(void), const char *to)
{
	begin(settings);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	sends_on(&b, to);
}

static void nothing_leaves(void)
{
	NEED(!sent_to(&telco[0], SIP_INVITE) && !sent_to(&telco[1], SIP_INVITE));
}

static void answers(struct talk *who)
{
	struct sdp answer = sdp_plain(who->phone);

	talk_up(&a, who, &answer);
}

static void takes_it(struct talk *who, struct phone *at)
{
	talk_rings_at(who, at);
	answers(who);
}

static void a_person_inside_rings(void)
{
	bob_sends_to(people, "102");
	takes_it(&c, &carol);
	call_hang_up(&a, &c);
	finish();
	NEED(tellings == 0 && strcmp(sim.record_to, "102") == 0);
}

static void in_any_spelling(void)
{
	bob_sends_to(people, "1-02");
	talk_rings_at(&c, &carol);
}

static void so_does_a_group(void)
{
	bob_sends_to(people, "200");
	talk_rings_at(&c, &carol);
	talk_rings_at(&d, &dave);
}

static void our_own_number_is_inside(void)
{
	begin(people);
	talk_invite(&c, &carol, "103", &offer);
	talk_rings_at(&d, &dave);
	sends_on(&d, "0140000001"); /* as bob is called from outside */
	talk_rings_at(&b, &bob);
	nothing_leaves();
}

static bool mailbox_of_bob(void)
{
	return sim.mail_begun == 1;
}

static void whoever_does_not_take_it_the_owner_s_mailbox_does(void)
{
	bob_sends_to(a_mailbox, "102");
	talk_rings_at(&c, &carol);
	talk_answer(&c, 486, NULL);
	NEED(mailbox_of_bob());
}

/* --- not there --- */

static void refused(const char *to, const char *why)
{
	bob_sends_to(a_mailbox, to);
	NEED(mailbox_of_bob() && tellings == 1 && strstr(told, why));
	NEED(!strpbrk(told, "0123456789"));
	nothing_leaves();
}

static void the_outside_is_refused(void)
{
	refused(MOBILE, "redirect to the outside");
}

static void so_is_help(void)
{
	refused("112", "internal numbers only");
}

static void so_is_a_code(void)
{
	refused("*72102", "service codes");
}

static void so_is_whom_nobody_knows(void)
{
	refused("4711", "no number here");
}

static void so_is_the_one_whose_phone_it_is(void)
{
	refused("bob", "whom it is of");
}

/* Of a phone that says nothing of use, edge says nothing. */
static void nowhere_is_as_ever(void)
{
	bob_sends_to(a_mailbox, "");
	NEED(mailbox_of_bob() && tellings == 0);
}

static void without_a_mailbox_it_is_told(void)
{
	bob_sends_to(people, MOBILE);
	NEED(code_of(a.txn) == 480);
	nothing_leaves();
	finish();
}

static void own_forward(void)
{
	people();
	set(2, OWNER_USER, 1, SETTING_FORWARD_OFFLINE, "103");
}

static void the_owner_s_forward_stands_in(void)
{
	bob_sends_to(own_forward, MOBILE);
	talk_rings_at(&d, &dave);
	nothing_leaves();
}

/* --- several phones --- */

/* Of bob's, alone or as a member. */
static void rings_at_two(void (*settings)(void), const char *dialled)
{
	begin(settings);
	phone_init(&second, 4);
	second.user = "bob";
	phone_register(&second);
	talk_invite(&a, &alice, dialled, &offer);
	talk_rings_at(&b, &bob);
	talk_rings_at(&s, &second);
	talk_answer(&s, 180, NULL);
	sim_clear();
}

static void their_other_phones_ring_no_more(void)
{
	rings_at_two(people, "bob");
	sends_on(&b, "102");
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&s, 487, NULL);
	takes_it(&c, &carol);
	call_hang_up(&a, &c);
	finish();
}

static void where_it_is_not_followed_they_ring_on(void)
{
	rings_at_two(people, "bob");
	sends_on(&b, MOBILE);
	NEED(!sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL) && code_of(a.txn) == 0);
	nothing_leaves();
	answers(&s);
	call_hang_up(&a, &s);
	finish();
}

/* --- a group's member --- */

static void a_group_of_two(void)
{
	people();
	sim.group[0] = (struct sim_group){"200", "bob, 103"};
	sim.group[1] = (struct sim_group){"201", "bob, 102"};
}

static void rings_the_group(void (*settings)(void))
{
	begin(settings);
	talk_invite(&a, &alice, "200", &offer);
	talk_rings_at(&b, &bob);
	talk_rings_at(&d, &dave);
	talk_answer(&d, 180, NULL);
	sim_clear();
}

/* carol rings in bob's place, and dave rings on. */
static void who_a_member_s_phone_names_rings_in_its_place(void)
{
	rings_the_group(a_group_of_two);
	sends_on(&b, "102");
	talk_rings_at(&c, &carol);
	NEED(tellings == 0 && !sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	answers(&c);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&d, 487, NULL);
	call_hang_up(&a, &c);
	finish();
	NEED(strcmp(sim.record_to, "200") == 0);
}

static void or_the_others_take_it(void)
{
	rings_the_group(a_group_of_two);
	sends_on(&b, "102");
	talk_rings_at(&c, &carol);
	answers(&d);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&c, 487, NULL);
	call_hang_up(&a, &d);
	finish();
}

static void a_member_s_phones_ring_on_while_nobody_rings_instead(void)
{
	rings_at_two(a_group_of_two, "200");
	sends_on(&b, MOBILE); /* refused: they ring on */
	NEED(!sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL) && tellings == 1);
	sends_on(&s, "102");
	takes_it(&c, &carol);
	call_hang_up(&a, &c);
	finish();
}

static void and_no_more_once_somebody_does(void)
{
	rings_at_two(a_group_of_two, "200");
	sends_on(&b, "201"); /* where bob is too: he is not asked again */
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL) && !sent_to(&bob, SIP_INVITE));
	talk_answer(&s, 487, NULL);
	takes_it(&c, &carol);
	call_hang_up(&a, &c);
	finish();
}

static void a_member_s_never_leaves(void)
{
	static const struct {
		const char *to, *why;
	} no[] = {{MOBILE, "redirect to the outside"}, {"112", "internal numbers only"}, {"*72102", "service codes"},
	    {"4711", "no number here"}, {"bob", "whom it is of"}, {"200", "the group that rings it"}};

	rings_the_group(a_group_of_two);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
		if (i > 0) {
			talk_invite(&a, &alice, "200", &offer);
			talk_rings_at(&b, &bob);
			talk_rings_at(&d, &dave);
		}
		sends_on(&b, no[i].to);
		NEED(tellings == i + 1 && strstr(told, no[i].why) && !strpbrk(told, "0123456789"));
		NEED(code_of(a.txn) == 0 && !sent_to(&carol, SIP_INVITE));
		nothing_leaves();
		answers(&d);
		call_hang_up(&a, &d);
	}
	finish();
}

static void rings_in_turn(void)
{
	a_group_of_two();
	set(2, OWNER_GROUP, 0, SETTING_STRATEGY, "in-turn");
}

/* In the turn of the one whose phone said so. */
static void in_turn_too(void)
{
	begin(rings_in_turn);
	talk_invite(&a, &alice, "200", &offer);
	talk_rings_at(&b, &bob);
	sends_on(&b, "102");
	talk_rings_at(&c, &carol);
	NEED(!sent_to(&dave, SIP_INVITE));
	talk_answer(&c, 486, NULL);
	takes_it(&d, &dave);
	call_hang_up(&a, &d);
	finish();
}

/* bob names carol, she him: each time they are asked anew, and not for ever. */
static void a_group_s_circle_ends(void)
{
	unsigned rings = 0;

	rings_the_group(a_group_of_two);
	for (; rings <= ROUTE_HOPS_MAX; rings++) {
		sends_on(rings % 2 ? &c : &b, rings % 2 ? "bob" : "102");
		if (rings < ROUTE_HOPS_MAX)
			talk_rings_at(rings % 2 ? &b : &c, rings % 2 ? &bob : &carol);
	}
	NEED(!sent_to(&bob, SIP_INVITE) && !sent_to(&carol, SIP_INVITE) && code_of(a.txn) == 0);
	answers(&d);
	call_hang_up(&a, &d);
	finish();
}

static void carol_turns_one_away(void)
{
	a_group_of_two();
	strcpy(sim.site.inbound[0].to, "200");
	set(2, OWNER_USER, 2, SETTING_BLOCKED, "+33611223355");
}

/* Who calls from outside: the same, and whoever turns them away is not rung. */
static void for_who_calls_from_outside_too(void)
{
	for (int blocked = 0; blocked < 2; blocked++) {
		if (!blocked)
			begin(carol_turns_one_away);
		invite_from(&t, blocked ? "+33611223355" : "+33611223356", "+33140000001", false);
		talk_rings_at(&b, &bob);
		talk_rings_at(&d, &dave);
		sends_on(&b, "102");
		if (!blocked) {
			talk_rings_at(&c, &carol);
			sends_on(&c, MOBILE);
			nothing_leaves();
		}
		NEED(!sent_to(&carol, SIP_INVITE));
		talk_answer(&d, 486, NULL);
		NEED(code_of(t.txn) == 486);
	}
	finish();
}

static void one_may_pick_up(void)
{
	a_group_of_two();
	set(2, OWNER_USER, 1, SETTING_PICKUP_GROUP, "desk");
	set(3, OWNER_USER, 2, SETTING_PICKUP_GROUP, "desk");
}

static void one_alone_with_a_phone_of_its_own_keys(void)
{
	a_group_of_two();
	sim.group[0].members = "bob";
	sim.group[1] = (struct sim_group){"201", "102, 103"};
	set(3, OWNER_DEVICE, 1, SETTING_JOIN, "ended");
}

static bool has_key_of(const struct sdp *offered, const struct sdp *caller)
{
	for (int i = 0; i < offered->audio.crypto_n; i++)
		for (int j = 0; j < caller->audio.crypto_n; j++)
			if (memcmp(offered->audio.crypto[i].key, caller->audio.crypto[j].key, sizeof caller->audio.crypto[j].key) == 0)
				return true;
	return false;
}

/* R7: of several phones that may answer, none is told the key of who calls. */
static void who_is_rung_instead_is_told_no_key_of_the_caller(void)
{
	begin(one_alone_with_a_phone_of_its_own_keys);
	talk_invite(&a, &alice, "200", &offer);
	talk_rings_at(&b, &bob);
	sends_on(&b, "201");
	talk_rings_at(&c, &carol);
	talk_rings_at(&d, &dave);
	NEED(!has_key_of(&b.sdp, &offer) && !has_key_of(&c.sdp, &offer) && !has_key_of(&d.sdp, &offer));
	answers(&d);
	call_hang_up(&a, &d);
	finish();
}

/* It rings at whoever picks up because they asked for it: they are not of the group. */
static void who_picks_up_sends_nobody_on(void)
{
	rings_the_group(one_may_pick_up);
	talk_answer(&b, 180, NULL);
	sim_clear();
	talk_invite(&s, &carol, "*8", &offer);
	talk_rings_at(&c, &carol);
	sends_on(&c, "alice");
	NEED(!sent_to(&alice, SIP_INVITE));
	answers(&d);
	sim_clear();
	talk_answer(&b, 487, NULL);
	call_hang_up(&a, &d);
	finish();
}

/* --- in a circle --- */

static void a_circle_ends(void)
{
	unsigned rings = 0;

	begin(people);
	talk_invite(&a, &alice, "bob", &offer);
	for (; rings <= ROUTE_HOPS_MAX; rings++) {
		const bool at_bob = rings % 2 == 0;
		talk_rings_at(at_bob ? &b : &c, at_bob ? &bob : &carol);
		sends_on(at_bob ? &b : &c, at_bob ? "102" : "bob");
	}
	NEED(code_of(a.txn) == 480);
	finish();
}

/* --- from outside --- */

static void an_outsider_is_sent_on(const char *to)
{
	begin(a_mailbox);
	invite_from(&t, "+33611223355", "+33140000001", false);
	talk_rings_at(&b, &bob);
	sends_on(&b, to);
}

static void an_outsider_rings_inside(void)
{
	an_outsider_is_sent_on("102");
	talk_rings_at(&c, &carol);
	nothing_leaves();
}

static void an_outsider_never_leaves(void)
{
	an_outsider_is_sent_on(MOBILE);
	NEED(mailbox_of_bob() && tellings == 1 && strstr(told, "unverified caller"));
	nothing_leaves();
}

static void carol_turns_them_away(void)
{
	people();
	set(2, OWNER_USER, 2, SETTING_BLOCKED, "+33611223355");
}

static void nor_rings_who_turns_them_away(void)
{
	begin(carol_turns_them_away);
	invite_from(&t, "+33611223355", "+33140000001", false);
	talk_rings_at(&b, &bob);
	sends_on(&b, "102");
	NEED(!sent_to(&carol, SIP_INVITE) && code_of(t.txn) == 603);
	finish();
}

/* Whoever answers a call of ours at a provider says nothing of where it goes on. */
static void a_trunk_s_redirect_is_none(void)
{
	begin(people);
	talk_invite(&a, &alice, MOBILE, &offer);
	talk_rings_at(&t, &telco[0]);
	sends_on(&t, "102");
	NEED(!sent_to(&carol, SIP_INVITE));
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_person_inside_rings);
	SIM(in_any_spelling);
	SIM(so_does_a_group);
	SIM(our_own_number_is_inside);
	SIM(whoever_does_not_take_it_the_owner_s_mailbox_does);
	SIM(the_outside_is_refused);
	SIM(so_is_help);
	SIM(so_is_a_code);
	SIM(so_is_whom_nobody_knows);
	SIM(so_is_the_one_whose_phone_it_is);
	SIM(nowhere_is_as_ever);
	SIM(without_a_mailbox_it_is_told);
	SIM(the_owner_s_forward_stands_in);
	SIM(their_other_phones_ring_no_more);
	SIM(where_it_is_not_followed_they_ring_on);
	SIM(who_a_member_s_phone_names_rings_in_its_place);
	SIM(or_the_others_take_it);
	SIM(a_member_s_phones_ring_on_while_nobody_rings_instead);
	SIM(and_no_more_once_somebody_does);
	SIM(a_member_s_never_leaves);
	SIM(in_turn_too);
	SIM(a_group_s_circle_ends);
	SIM(for_who_calls_from_outside_too);
	SIM(who_is_rung_instead_is_told_no_key_of_the_caller);
	SIM(who_picks_up_sends_nobody_on);
	SIM(a_circle_ends);
	SIM(an_outsider_rings_inside);
	SIM(an_outsider_never_leaves);
	SIM(nor_rings_who_turns_them_away);
	SIM(a_trunk_s_redirect_is_none);
	(void)test_failed_here;
	return TEST_END;
}
