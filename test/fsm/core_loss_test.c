/* SPDX-License-Identifier: ISC */
/* Siblings die, phones vanish or are revoked, in every phase of a call; and every pool is filled to the brim: full is an
 * answer, and emergency calls still go through (R16, R28, T21, T23). */
#include "../unit/test.h"
#include "sim_phone.h"

static struct phone alice, bob, bob2, carol, centre, desk;
static struct talk a, b, b2;
static struct sdp offer, answer;

static void set_up(void)
{
	sim.bound[1][5] = true;
	sim.device[6].flags = DEVICE_FIXED;
	for (int i = 0; i < SIM_DEVICES_MAX; i++)
		sim.bound[0][i] = true;
}

static void phones(void)
{
	phone_init(&alice, 0);
	phone_init(&bob, 1);
	phone_init(&carol, 2);
	phone_init(&centre, 4);
	phone_init(&desk, 6);
	phone_init(&bob2, 1);
	bob2.device = 5;
	desk.user = "anonymous";
	offer = sdp_plain(&alice);
	answer = sdp_plain(&bob);
}

static void begin(void)
{
	sim_defaults();
	set_up();
	sim_open();
	phones();
	phone_register(&alice); /* edge 0 */
	phone_register(&bob);	/* edge 1 */
}

static void finish(void)
{
	sim_pass(60000);
	sim_need_idle();
}

/* --- an edge dies --- */

static void edge_dies(uint32_t edge)
{
	sim_link_down(PROC_EDGE, edge);
	for (struct phone *p = &alice; p; p = p == &alice ? &bob : p == &bob ? &carol : NULL)
		if (p->edge == edge)
			p->flow = 0;
	sim_link_up(PROC_EDGE, edge);
}

/* What an edge says by itself: nobody answers, or there is no connection any more. */
static void edge_says(struct talk *t, uint64_t ref, enum sip_method method, unsigned code)
{
	struct link *edge = sim_far(PROC_EDGE, t->phone->edge);
	struct msg_response *m = ipc_begin(edge, MSG_RESPONSE);

	m->ref = ref;
	m->method = (uint8_t)method;
	m->code = (uint16_t)code;
	m->local = 1;
	m->session_expires = m->min_se = ABSENT;
	ipc_end(edge);
	sim_turn();
}

static void comes_back_to_a_bye(struct phone *p, struct talk *t)
{
	phone_up(p);
	NEED(code_of(phone_send_register(p, ABSENT, true)) == 200);
	struct heard *bye = talk_takes(t, SIP_BYE);
	NEED(bye && sent(bye)->flow == p->flow);
	talk_reply(t, bye, 200, NULL);
	NEED(sim_status("legs").used == 0);
}

static void the_callers_edge_dies_while_it_rings(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	edge_dies(0);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&b, 487, NULL);
	finish();
}

static void the_callees_edge_dies_while_it_rings(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	edge_dies(1);
	talk_hears(&a, 480);
	finish();
}

static void one_of_two_callees_edges_dies_and_the_other_answers(void)
{
	begin();
	bob2.edge = 0;
	phone_register(&bob2);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_rings_at(&b2, &bob2);
	edge_dies(1);
	NEED(!reply_to(a.txn));
	talk_up(&a, &b2, &answer);
	call_hang_up(&a, &b2);
	finish();
}

static void an_edge_dies_in_a_call_and_its_phone_hangs_up_later(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	edge_dies(0);
	NEED(sim_status("calls").used == 1);
	phone_up(&alice);
	NEED(code_of(phone_send_register(&alice, ABSENT, true)) == 200);
	call_hang_up(&a, &b);
	finish();
}

static struct heard *is_asked(struct talk *t)
{
	struct heard *h;

	sim_pass(2100);
	h = talk_takes(t, SIP_UPDATE);
	return h ? h : talk_takes(t, SIP_INVITE);
}

static void her_edge_dies_and_she_is_back(void)
{
	edge_dies(0);
	phone_up(&alice);
	NEED(code_of(phone_send_register(&alice, ABSENT, true)) == 200);
}

/* alice, who was asked so; bob does not stay behind. */
static void knows_no_call(const struct heard *asked)
{
	struct heard *bye;

	talk_reply(&a, asked, 481, NULL);
	talk_takes(&a, SIP_ACK);
	bye = talk_takes(&b, SIP_BYE);
	NEED(bye);
	talk_reply(&b, bye, 200, NULL);
	if ((bye = talk_takes(&a, SIP_BYE)))
		talk_reply(&a, bye, 481, NULL);
	NEED(sim_status("calls").used == 0);
}

/* Its BYE went with the connection: the phone is asked, and the other end does not wait for the session's end. */
static void a_phone_that_hung_up_as_its_edge_died_is_asked(void)
{
	struct heard *h;

	begin();
	call_up(&a, &alice, &b, &bob);
	her_edge_dies_and_she_is_back();
	h = is_asked(&a);
	NEED(h && sent(h)->flow == alice.flow && !is_asked(&b));
	knows_no_call(h);
	finish();
}

static void is_asked_and_left_alone(bool says)
{
	struct heard *h;

	begin();
	call_up(&a, &alice, &b, &bob);
	her_edge_dies_and_she_is_back();
	h = is_asked(&a);
	NEED(h);
	if (says)
		talk_reply(&a, h, 200, &offer);
	talk_takes(&a, SIP_ACK);
	NEED(code_of(phone_send_register(&alice, ABSENT, true)) == 200);
	sim_pass(40000);
	NEED(!is_asked(&a)); /* the same connection */
	NEED(sim_status("calls").used == 1);
	call_hang_up(&a, &b);
	finish();
}

static void one_that_talks_on_is_left_alone(void)
{
	is_asked_and_left_alone(true);
}

static void one_that_answers_nothing_is_left_alone(void)
{
	is_asked_and_left_alone(false);
}

static void up_but_for_the_ack(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 200, &answer);
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
}

static void an_edge_dies_before_the_ack(void)
{
	up_but_for_the_ack();
	her_edge_dies_and_she_is_back();
	talk_ack(&a); /* over the new connection */
	sim_pass(40000);
	NEED(sim_status("calls").used == 1);
	call_hang_up(&b, &a);
	finish();
}

/* Nobody says the 200 again, so nobody acknowledges it again: the phone is asked whether its call stands. */
static void one_whose_ack_went_with_the_edge_talks_on(void)
{
	struct heard *h;

	up_but_for_the_ack();
	her_edge_dies_and_she_is_back();
	h = is_asked(&a);
	NEED(h);
	talk_reply(&a, h, 200, sent(h)->method == SIP_INVITE ? &offer : NULL);
	talk_takes(&a, SIP_ACK);
	sim_pass(40000);
	NEED(sim_status("calls").used == 1 && !talk_takes(&a, SIP_BYE) && !talk_takes(&b, SIP_BYE));
	offer = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendonly", NULL);
	talk_send(&a, SIP_INVITE, &offer);
	h = talk_takes(&b, SIP_INVITE);
	NEED(h);
	talk_reply(&b, h, 488, NULL);
	talk_takes(&b, SIP_ACK);
	call_hang_up(&b, &a);
	finish();
}

static void one_who_never_heard_the_200_costs_the_other_no_silence(void)
{
	struct heard *h;

	up_but_for_the_ack();
	her_edge_dies_and_she_is_back();
	h = is_asked(&a);
	NEED(h);
	knows_no_call(h);
	finish();
}

/* A BYE to it waited for that ACK. */
static void one_whose_ack_went_with_the_edge_hears_the_hang_up(void)
{
	up_but_for_the_ack();
	NEED(code_of(talk_send(&b, SIP_BYE, NULL)) == 200);
	NEED(!talk_takes(&a, SIP_BYE));
	edge_dies(0);
	comes_back_to_a_bye(&alice, &a);
	finish();
}

static void an_edge_dies_in_a_change_and_in_a_bye(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	offer = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendonly", NULL);
	uint64_t txn = talk_send(&a, SIP_INVITE, &offer);
	NEED(talk_takes(&b, SIP_INVITE));
	edge_dies(1);
	NEED(code_of(txn) == 500);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200); /* bob can't be told */
	NEED(!talk_takes(&b, SIP_BYE));
	comes_back_to_a_bye(&bob, &b);
	finish();
	/* its BYE under way */
	call_up(&a, &alice, &b, &bob);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	NEED(talk_takes(&b, SIP_BYE));
	edge_dies(1);
	NEED(sim_status("hang-ups-owed").used == 1);
	comes_back_to_a_bye(&bob, &b);
	finish();
}

/* --- hang-ups that are owed --- */

static void away_when_the_other_hangs_up(struct phone *p, struct talk *mine, struct talk *others)
{
	phone_down(p);
	NEED(code_of(talk_send(others, SIP_BYE, NULL)) == 200);
	sim_pass(20);
	NEED(!talk_takes(mine, SIP_BYE) && sim_status("hang-ups-owed").used >= 1 && sim_status("calls").used == 0);
}

static void who_hangs_up_meanwhile_is_heard_of_when_the_phone_is_back(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	away_when_the_other_hangs_up(&bob, &b, &a);
	sim_pass(sim.site.session_expires_s * UINT64_C(900)); /* nearly as long as the phone itself would wait */
	comes_back_to_a_bye(&bob, &b);
	/* the one who called is told as well */
	phone_down(&alice);
	phone_register(&alice);
	call_up(&a, &alice, &b, &bob);
	away_when_the_other_hangs_up(&alice, &a, &b);
	comes_back_to_a_bye(&alice, &a);
	finish();
}

static void nothing_is_owed_for_longer_than_a_session(void)
{
	begin();
	a.interval_s = 120;
	call_up(&a, &alice, &b, &bob);
	away_when_the_other_hangs_up(&alice, &a, &b);
	sim_pass(119000);
	NEED(sim_status("legs").used == 1);
	sim_pass(1500);
	NEED(sim_status("legs").used == 0);
	phone_register(&alice);
	NEED(!talk_takes(&a, SIP_BYE));
	finish();
}

/* Its old connection looks alive: it may have roamed, and what is sent there goes nowhere. */
static void a_phone_that_comes_over_another_connection_hears_it_there(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	NEED(talk_takes(&b, SIP_BYE));
	comes_back_to_a_bye(&bob, &b);
	/* the edge gave up waiting before the phone came */
	call_up(&a, &alice, &b, &bob);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	struct heard *bye = talk_takes(&b, SIP_BYE);
	NEED(bye);
	edge_says(&b, sent(bye)->ref, SIP_BYE, 408);
	NEED(sim_status("hang-ups-owed").used == 1);
	sim_pass(5000);
	NEED(!talk_takes(&b, SIP_BYE)); /* TCP has it, as long as that connection lives */
	comes_back_to_a_bye(&bob, &b);
	finish();
}

static void a_phone_that_speaks_of_a_call_which_is_over_is_told(void)
{
	static const enum sip_method method[] = {SIP_INVITE, SIP_UPDATE, SIP_OPTIONS};

	begin();
	for (size_t i = 0; i < sizeof method / sizeof *method; i++) {
		call_up(&a, &alice, &b, &bob);
		away_when_the_other_hangs_up(&bob, &b, &a);
		phone_up(&bob);
		NEED(code_of(talk_send(&b, method[i], method[i] == SIP_OPTIONS ? NULL : &answer)) == 481);
		struct heard *bye = talk_takes(&b, SIP_BYE);
		NEED(bye);
		talk_reply(&b, bye, 481, NULL);
		NEED(sim_status("legs").used == 0);
		NEED(code_of(talk_send(&b, SIP_UPDATE, &answer)) == 481);
		NEED(code_of(phone_send_register(&bob, ABSENT, true)) == 200);
	}
	/* its own hang-up settles it */
	call_up(&a, &alice, &b, &bob);
	away_when_the_other_hangs_up(&bob, &b, &a);
	phone_up(&bob);
	NEED(code_of(talk_send(&b, SIP_BYE, NULL)) == 200 && sim_status("legs").used == 0);
	finish();
}

static void a_phone_that_rang_does_not_ring_on_when_it_is_back(void)
{
	begin();
	/* the caller gives up while it is away */
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	phone_down(&bob);
	edge_says(&b, b.ref, SIP_INVITE, 503);
	NEED(code_of(a.txn) == 480);
	comes_back_to_a_bye(&bob, &b);
	/* the CANCEL was on its way */
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	phone_down(&bob);
	edge_says(&b, b.ref, SIP_INVITE, 503);
	comes_back_to_a_bye(&bob, &b);
	/* before it said anything there is no dialog: nothing can be said to it */
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	phone_down(&bob);
	edge_says(&b, b.ref, SIP_INVITE, 503);
	NEED(sim_status("legs").used == 0);
	finish();
}

static struct talk many_a[8], many_b[8];

static void a_phone_is_owed_four_at_most_and_the_oldest_goes(void)
{
	begin();
	for (int i = 0; i < 6; i++)
		call_up(&many_a[i], &alice, &many_b[i], &bob);
	phone_down(&bob);
	for (int i = 0; i < 6; i++) {
		NEED(code_of(talk_send(&many_a[i], SIP_BYE, NULL)) == 200);
		sim_pass(1000);
	}
	NEED(sim_status("hang-ups-owed").used == 4 && sim_status("legs").used == 4);
	phone_up(&bob);
	NEED(code_of(phone_send_register(&bob, ABSENT, true)) == 200);
	for (int i = 2; i < 6; i++) {
		struct heard *bye = sent_to(&bob, SIP_BYE);
		int of = 2;
		while (bye && of < 6 && strcmp(many_b[of].call_id, sim_text(bye, sent(bye)->call_id)) != 0)
			of++;
		NEED(bye && of < 6);
		talk_reply(&many_b[of], bye, 200, NULL);
	}
	NEED(!sent_to(&bob, SIP_BYE) && sim_status("legs").used == 0);
	finish();
}

static void an_edge_dies_while_a_login_is_judged_or_a_text_delivered(void)
{
	begin();
	struct msg_request *m = phone_begin(&alice, SIP_MESSAGE);
	m->target_user = phone_put(&alice, "bob");
	m->text = phone_put(&alice, "lunch?");
	uint64_t txn = phone_end(&alice);
	NEED(sent_to(&bob, SIP_MESSAGE));
	edge_dies(1);
	NEED(code_of(txn) == 480);
	sim.conduct.keeper_mute = true;
	phone_up(&carol);
	phone_send_register(&carol, ABSENT, true);
	edge_dies(0);
	finish();
}

/* --- others die --- */

static void media_dies_and_the_calls_go_on(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	sim_link_down(PROC_MEDIA, 0);
	sim_pass(1000);
	sim_link_up(PROC_MEDIA, 0);
	NEED(relay_wish(NULL));
	call_hang_up(&a, &b);
	NEED(sim_take(PROC_MEDIA, MSG_RELAY_CLOSE, NULL, NULL));
	finish();
	/* answered while media is away */
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	sim_link_down(PROC_MEDIA, 0);
	talk_answer(&b, 200, &answer);
	talk_takes(&b, SIP_ACK);
	relay_wish(NULL);
	NEED(!reply_to(a.txn));
	sim_link_up(PROC_MEDIA, 0);
	NEED(relay_wish(NULL));
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &b);
	finish();
}

/* Alice calls Bob, who answers; media was told twice. */
static void bob_answers(struct msg_relay *last)
{
	relay_wish(NULL);
	talk_invite(&a, &alice, "bob", &offer);
	struct heard *h = sim_take(PROC_MEDIA, MSG_RELAY, NULL, NULL);
	const struct relay_spec *s = h ? sim_part(h, ((const struct msg_relay *)(const void *)h->payload)->spec) : NULL;
	NEED(s && !s->answered && s->side[0].present && s->side[1].present && s->side[0].key == RELAY_KEY_NONE);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 200, &answer);
	talk_takes(&b, SIP_ACK);
	h = sim_take(PROC_MEDIA, MSG_RELAY, NULL, NULL);
	NEED(h);
	memcpy(last, h->payload, sizeof *last);
	NEED(last->wish && !reply_to(a.txn));
}

static void media_says_relayed(uint64_t join, uint32_t number)
{
	struct msg_relayed *m = ipc_begin(sim_far(PROC_MEDIA, 0), MSG_RELAYED);

	m->join = join;
	m->wish = number;
	ipc_end(sim_far(PROC_MEDIA, 0));
	sim_turn();
}

/* Who hears an answer may speak at once, and media may be killed then (R28). */
static void a_caller_is_answered_when_media_relays(void)
{
	struct msg_relay last;

	begin();
	sim.media_slow = true;
	bob_answers(&last);
	media_says_relayed(last.join, last.wish - 1);
	media_says_relayed(last.join + 1, last.wish);
	NEED(!reply_to(a.txn));
	media_says_relayed(last.join, last.wish);
	talk_hears(&a, 200);
	talk_ack(&a);
	media_says_relayed(last.join, last.wish);
	call_hang_up(&a, &b);
	/* no answer is lost for one that was, and none waits for a media that says nothing */
	bob_answers(&last);
	sim_pass(1000);
	NEED(relay_wish(NULL) && !reply_to(a.txn));
	sim_pass(2000);
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &b);
	/* one of them goes meanwhile */
	bob_answers(&last);
	struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, alice.edge), MSG_CANCELLED);
	m->txn = a.txn;
	ipc_end(sim_far(PROC_EDGE, alice.edge));
	sim_turn();
	NEED(code_of(a.txn) == 487);
	struct heard *bye = talk_takes(&b, SIP_BYE);
	NEED(bye);
	talk_reply(&b, bye, 200, NULL);
	media_says_relayed(last.join, last.wish);
	finish();
}

/* The window is full for a moment: the wish is not lost for 40 s. */
static void a_wish_without_credit_is_made_again_soon(void)
{
	begin();
	struct link *media = child_link(PROC_MEDIA, 0);
	uint16_t credit = media->credit[CLASS_DIALOG];
	media->credit[CLASS_DIALOG] = 0;
	talk_invite(&a, &alice, "bob", &offer);
	NEED(relay_wish(NULL));
	talk_rings_at(&b, &bob);
	talk_answer(&b, 200, &answer);
	talk_takes(&b, SIP_ACK);
	NEED(!relay_wish(NULL));
	media->credit[CLASS_DIALOG] = credit;
	sim_pass(1000);
	NEED(relay_wish(NULL));
	talk_hears(&a, 200);
	talk_ack(&a);
	/* the same for a change: a phone that has moved is not left unheard for 40 s */
	struct sdp moved = sdp_of(KEYS_SDES, alice.host, 50002, 2, "sendrecv", NULL);
	media->credit[CLASS_DIALOG] = 0;
	NEED(code_of(talk_send(&a, SIP_INVITE, &moved)) == 200);
	talk_ack(&a);
	NEED(!relay_wish(NULL));
	media->credit[CLASS_DIALOG] = credit;
	sim_pass(1000);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[0].rtp.port == 50002);
	call_hang_up(&a, &b);
	finish();
}

static uint32_t wishes, dones, wishes_before_done;

static void count_wishes(struct link *l, const struct ipc_view *v)
{
	(void)l;
	wishes += v->type == MSG_RELAY;
	dones += v->type == MSG_RELAYS_DONE;
	if (v->type == MSG_RELAYS_DONE)
		wishes_before_done = wishes;
}

static bool heard_of(uint32_t calls)
{
	bool all = dones == 1 && wishes == calls && wishes_before_done == calls;

	wishes = dones = wishes_before_done = 0;
	return all;
}

static void media_says_ports(uint16_t hi)
{
	struct msg_ports *m = ipc_begin(sim_far(PROC_MEDIA, 0), MSG_PORTS);

	m->lo = sim.site.media_port_lo;
	m->hi = hi;
	ipc_end(sim_far(PROC_MEDIA, 0));
	sim_turn();
}

/* media came up, and has no credit to give. */
static void ports_without_credit(void)
{
	child_link(PROC_MEDIA, 0)->credit[CLASS_DIALOG] = 0;
	sim_far(PROC_MEDIA, 0)->to_grant[CLASS_DIALOG] = 0;
	media_says_ports(sim.site.media_port_hi);
}

/* media hears that it knows all calls when it does, however long that takes. */
static void media_learns_that_it_was_told_of_all(void)
{
	wishes = dones = wishes_before_done = 0;
	sim_defaults();
	set_up();
	sim.watch = count_wishes;
	sim_open();
	NEED(heard_of(0)); /* a core that has none says so */
	phones();
	phone_register(&alice);
	phone_register(&bob);
	call_up(&a, &alice, &b, &bob);
	NEED(wishes == 2 && dones == 0);
	wishes = 0;
	sim_link_down(PROC_MEDIA, 0);
	sim_link_up(PROC_MEDIA, 0);
	NEED(heard_of(1));
	/* more than it has credit for */
	ports_without_credit();
	sim_pass(3000);
	NEED(wishes == 0 && dones == 0);
	child_link(PROC_MEDIA, 0)->credit[CLASS_DIALOG] = class_window[CLASS_DIALOG];
	sim_pass(1000);
	NEED(heard_of(1));
	/* which dies before it heard: the next one hears it all, and once */
	ports_without_credit();
	sim_link_down(PROC_MEDIA, 0);
	sim_pass(3000);
	NEED(wishes == 0 && dones == 0);
	sim_link_up(PROC_MEDIA, 0);
	NEED(heard_of(1));
	/* and not before it has said itself that it is there for all of them */
	ports_without_credit();
	sim_link_down(PROC_MEDIA, 0);
	sim.media_mute = true;
	sim_link_up(PROC_MEDIA, 0);
	sim_pass(60000);
	NEED(wishes >= 1 && dones == 0);
	wishes = 0;
	media_says_ports(sim.site.media_port_hi);
	NEED(heard_of(1));
	/* a call that is over first is not waited for */
	ports_without_credit();
	call_hang_up(&a, &b);
	NEED(heard_of(0));
	child_link(PROC_MEDIA, 0)->credit[CLASS_DIALOG] = class_window[CLASS_DIALOG];
	sim_pass(60000);
	NEED(wishes == 0 && dones == 0);
	finish();
}

static void media_binds_other_ports_than_agreed(void)
{
	begin();
	media_says_ports((uint16_t)(sim.site.media_port_hi - 4));
	NEED(sim.accusations == 1 && sim.accused == PROC_MEDIA);
	sim.accusations = 0;
	finish();
}

static void keeper_dies_in_a_call(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	sim_link_down(PROC_KEEPER, 0);
	call_hang_up(&b, &a);
	NEED(sim_status("records-waiting").used == 1);
	sim_link_up(PROC_KEEPER, 0);
	NEED(sim.records == 1);
	finish();
}

/* --- revocation and removal --- */

static void revoke_phone(uint32_t device)
{
	sim.device[device].state = DEVICE_REVOKED;
	sim_push_directory();
	sim_turn();
}

static void a_phone_is_revoked_in_a_call(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	revoke_phone(1);
	NEED(talk_takes(&a, SIP_BYE));
	NEED(sim_take(PROC_EDGE, MSG_CLOSE_FLOW, NULL, NULL));
	phone_down(&bob);
	finish();
	NEED(sim.records == 1);
}

static void a_phone_is_revoked_while_it_rings(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	revoke_phone(1);
	NEED(code_of(a.txn) == 480); /* not only when the ringing time is over */
	finish();
}

static void a_phone_is_revoked_while_it_calls(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	revoke_phone(0);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&b, 487, NULL);
	finish();
}

static void a_user_is_removed_in_a_call(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	sim.user[0].enabled = false;
	sim_push_directory();
	sim_turn();
	NEED(talk_takes(&b, SIP_BYE) && talk_takes(&a, SIP_BYE));
	finish();
}

static void a_phone_is_taken_from_its_user_in_a_call(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	sim.bound[1][1] = false;
	sim_push_directory();
	sim_turn();
	NEED(talk_takes(&a, SIP_BYE) && talk_takes(&b, SIP_BYE));
	finish();
}

static void a_change_of_the_directory_leaves_other_calls_alone(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	sim.user[5] = (struct sim_user){"erin", true};
	sim.device[3].state = DEVICE_REVOKED;
	sim_push_directory();
	sim_turn();
	NEED(sim_status("calls").used == 1 && sim_status("registrations").used == 2);
	call_hang_up(&a, &b);
	finish();
}

/* ledger sends nonsense: the old generation stands */
static void a_refused_directory_changes_nothing(void)
{
	begin();
	struct link *l = sim_far(PROC_LEDGER, 0);
	struct msg_directory_begin *m = ipc_begin(l, MSG_DIRECTORY_BEGIN);
	m->generation = 99;
	m->whole = 1;
	ipc_end(l);
	struct msg_user *u = ipc_begin(l, MSG_USER);
	u->index = sim.site.max_users;
	u->enabled = 1;
	u->name = ipc_put(l, SPAN("eve"));
	ipc_end(l);
	struct msg_directory_commit *c = ipc_begin(l, MSG_DIRECTORY_COMMIT);
	c->generation = 99;
	ipc_end(l);
	sim_clear();
	sim_turn();
	struct heard *h = sim_take(PROC_LEDGER, MSG_DIRECTORY_VERDICT, NULL, NULL);
	NEED(h && !((const struct msg_directory_verdict *)(const void *)h->payload)->ok);
	NEED(sim_status("registrations").used == 2);
	call_up(&a, &alice, &b, &bob);
	call_hang_up(&a, &b);
	finish();
}

/* --- exhaustion --- */

enum { MANY = 40 };

static struct talk up[MANY], down[MANY];
/* One phone has no more than its share: what fills a pool are many. */
static struct phone crowd[SIM_DEVICES_MAX];

static struct phone *one_of_crowd(uint32_t i, uint32_t of)
{
	struct phone *p = &crowd[i % of];

	if (!p->user) {
		*p = alice;
		p->device = i % of;
		p->flow = 0;
		phone_register(p);
		sim_clear();
	}
	return p;
}

/* Calls until one is refused; how many went through. */
static int fill_with_calls(unsigned *code)
{
	for (int i = 0; i < MANY; i++) {
		talk_invite(&up[i], one_of_crowd((uint32_t)i, 3), "bob", &offer);
		if ((*code = code_of(up[i].txn)))
			return i;
		talk_rings_at(&down[i], &bob);
		talk_answer(&down[i], 200, &answer);
		talk_takes(&down[i], SIP_ACK);
		talk_hears(&up[i], 200);
		talk_ack(&up[i]);
	}
	return MANY;
}

static void emergency_goes_through(void)
{
	talk_invite(&a, &desk, "112", &offer);
	talk_rings_at(&b, &centre);
	talk_up(&a, &b, &answer);
	call_hang_up(&a, &b);
}

static void end_all(int n)
{
	for (int i = 0; i < n; i++)
		call_hang_up(&up[i], &down[i]);
}

static void begin_small(uint32_t calls, uint32_t ports)
{
	sim_defaults();
	set_up();
	sim.site.max_calls = calls;
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_lo + 4 * ports - 1);
	sim_open();
	phones();
	phone_register(&alice);
	phone_register(&bob);
	phone_register(&centre);
	phone_up(&desk);
}

static void calls_run_out(void)
{
	unsigned code;

	begin_small(8, 64);
	int n = fill_with_calls(&code);
	NEED(n == 7 && code == 503); /* one is kept */
	emergency_goes_through();
	NEED(sim_status("calls").refused == 1 && sim_status("calls").peak == 8);
	end_all(n);
	finish();
}

static void ports_run_out(void)
{
	unsigned code;

	begin_small(32, 8);
	int n = fill_with_calls(&code);
	NEED(n == 7 && code == 503);
	emergency_goes_through();
	end_all(n);
	/* freed ports rest before they are used again */
	talk_invite(&a, &alice, "bob", &offer);
	NEED(code_of(a.txn) == 503);
	emergency_goes_through(); /* but for an emergency */
	sim_pass(31000);
	NEED(fill_with_calls(&code) == 7);
	end_all(7);
	finish();
}

/* Legs of cancelled calls whose phone says nothing pile up for a while. */
static uint32_t pile_up(struct phone *silent)
{
	unsigned code = 0;
	uint32_t n = 0;

	for (; n < 100; n++) {
		talk_invite(&a, one_of_crowd(n, 3), silent->user, &offer);
		if ((code = code_of(a.txn)))
			break;
		talk_rings_at(&b, silent);
		struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, 0), MSG_CANCELLED);
		m->txn = a.txn;
		ipc_end(sim_far(PROC_EDGE, 0));
		sim_turn();
		sim_clear();
	}
	NEED(code == 503);
	return n;
}

static void legs_run_out(void)
{
	begin_small(8, 1000);
	uint32_t n = pile_up(&bob);
	NEED(n == sim_status("legs").limit - sim_status("legs").limit / 16 - 1);
	emergency_goes_through();
	finish();
}

/* Nobody is refused a call because of those that are over. */
static void owed_hang_ups_make_room_for_calls(void)
{
	begin_small(8, 1000);
	phone_register(&carol);
	for (int i = 0; i < 4; i++)
		call_up(&many_a[i], &alice, &many_b[i], &bob);
	phone_down(&bob);
	for (int i = 0; i < 4; i++)
		NEED(code_of(talk_send(&many_a[i], SIP_BYE, NULL)) == 200);
	sim_pass(20);
	NEED(sim_status("hang-ups-owed").used == 4);
	uint32_t n = pile_up(&carol);
	NEED(n == sim_status("legs").limit - sim_status("legs").limit / 16 - 1);
	NEED(sim_status("hang-ups-owed").used == 0);
	emergency_goes_through();
	finish();
}

static void logins_run_out(void)
{
	begin_small(8, 64);
	phone_up(&carol);
	sim.conduct.keeper_mute = true;
	uint64_t txn = 0;
	int n = 0;
	for (; n < 600; n++) {
		txn = phone_send_register(&carol, ABSENT, true);
		if (reply_to(txn))
			break;
	}
	NEED(n == 480); /* 512 but for the 32 that are kept */
	emergency_goes_through();
	finish();
	sim.conduct.keeper_mute = false;
	phone_register(&carol);
}

static void messages_run_out(void)
{
	begin_small(8, 64);
	uint64_t txn = 0;
	int n = 0;
	sim_clear();
	for (; n < 600; n++) {
		struct phone *p = one_of_crowd((uint32_t)n, SIM_DEVICES_MAX);
		struct msg_request *m = phone_begin(p, SIP_MESSAGE);
		m->target_user = phone_put(p, "bob");
		m->text = phone_put(p, "x");
		txn = phone_end(p);
		struct heard *h = reply_to(txn);
		if (h) {
			NEED(respond(h)->code == 503 || respond(h)->code == 480);
			break;
		}
		NEED(sent_to(&bob, SIP_MESSAGE));
		sim_pass(48); /* each at the pace that it may */
	}
	NEED(n >= 500 && n <= 512);
	emergency_goes_through();
	sim.quiet = true;
	finish(); /* bob never answers one of them: they end by themselves */
}

/* Twice as many flows as phones fit; then the phone that has most leaves its oldest to the one that comes. */
static void flows_run_out(void)
{
	begin_small(8, 64);
	struct phone many = carol;
	uint64_t oldest = 0;
	int n = (int)(2 * sim.site.max_phones) - 4;
	for (int i = 0; i < n; i++) {
		many.device = 8 + (uint32_t)i / 7;
		phone_up(&many);
		oldest = oldest ? oldest : many.flow;
	}
	NEED(sim_status("flows").used == 2 * sim.site.max_phones);
	many.device++;
	phone_up(&many);
	struct heard *h = sim_take(PROC_EDGE, MSG_CLOSE_FLOW, NULL, NULL);
	NEED(h && ((const struct msg_close_flow *)(const void *)h->payload)->flow == oldest);
	NEED(sim_status("flows").used == 2 * sim.site.max_phones);
	emergency_goes_through();
	finish();
}

static void records_run_out(void)
{
	begin_small(1000, 1000);
	sim_link_down(PROC_LEDGER, 0);
	for (int i = 0; i < 2100; i++) {
		talk_invite(&a, &alice, "bob", &offer);
		struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, 0), MSG_CANCELLED);
		m->txn = a.txn;
		ipc_end(sim_far(PROC_EDGE, 0));
		sim_turn();
		talk_rings_at(&b, &bob);
		talk_answer(&b, 487, NULL);
		sim_clear();
		if (i % 30 == 29)
			sim_pass(2100); /* ports rest */
	}
	NEED(sim_status("records-waiting").used == 2048 && sim.events[EVENT_FULL] == 52);
	call_up(&a, &alice, &b, &bob); /* the log is no reason to refuse a call */
	call_hang_up(&a, &b);
	sim_link_up(PROC_LEDGER, 0);
	sim_pass(20000);
	NEED(sim.records == 2048);
	sim_clear();
	finish();
}

/* No credit on the link to the callee's edge: the call is refused, the emergency class is its own. */
static void credit_runs_out(void)
{
	begin_small(8, 64);
	struct link *edge = child_link(PROC_EDGE, bob.edge), *edge0 = child_link(PROC_EDGE, centre.edge);
	edge->credit[CLASS_NEW] = edge0->credit[CLASS_NEW] = 0;
	talk_invite(&a, &alice, "bob", &offer);
	sim_pass(100);
	NEED(code_of(a.txn) == 480);
	emergency_goes_through();
	edge->credit[CLASS_NEW] = edge0->credit[CLASS_NEW] = class_window[CLASS_NEW];
	finish();
}

/* A storm of logins has taken every credit that keeper gives: one who must log in for an emergency call still can. */
static void an_emergency_does_not_wait_for_the_logins_of_others(void)
{
	begin_small(8, 64);
	struct link *keeper = child_link(PROC_KEEPER, 0);
	phone_up(&carol);
	keeper->credit[CLASS_NEW] = 0;
	NEED(code_of(phone_send_register(&carol, ABSENT, true)) == 503);
	talk_invite(&a, &carol, "112", &offer);
	NEED(code_of(a.txn) == 401);
	struct msg_request *m = phone_begin_as(&carol, SIP_INVITE, CLASS_EMERGENCY);
	m->emergency = 1;
	m->call_id = phone_put(&carol, a.call_id);
	m->target_user = m->to_user = phone_put(&carol, "112");
	m->contact = phone_put(&carol, "<sip:carol@198.51.100.3>");
	m->has_auth = m->auth_uri_matches = m->auth_qop = 1;
	m->auth_algorithm = DIGEST_SHA256;
	m->auth_user = phone_put(&carol, "carol");
	m->sdp = phone_put_sdp(&carol, &offer);
	a.txn = phone_end(&carol);
	talk_rings_at(&b, &centre);
	talk_answer(&b, 486, NULL);
	NEED(code_of(a.txn) == 486);
	keeper->credit[CLASS_NEW] = class_window[CLASS_NEW];
	finish();
}

/* --- a large directory --- */

enum { PHONES = 50000 };

static uint32_t states_heard, done_after;

static void count_states(struct link *l, const struct ipc_view *v)
{
	(void)l;
	if (v->type == MSG_DEVICE_STATE)
		states_heard++;
	if (v->type == MSG_DEVICES_DONE)
		done_after = states_heard;
}

/* More phones than a link holds messages: an edge is told of them in parts and then that these were all. */
static void a_large_directory_reaches_the_edges_whole(void)
{
	sim_defaults();
	sim.site.max_phones = PHONES;
	sim.site.max_calls = 8;
	sim.site.edges = 1;
	sim_open();
	struct link *l = sim_far(PROC_LEDGER, 0);
	struct msg_directory_begin *begin_all = ipc_begin(l, MSG_DIRECTORY_BEGIN);
	begin_all->generation = 9;
	ipc_end(l);
	for (uint32_t i = 0; i < PHONES; i++) {
		struct msg_device *m = ipc_begin(l, MSG_DEVICE);
		m->index = i;
		m->state = DEVICE_VALID;
		ipc_end(l);
		if (i % 500 == 0)
			sim_turn();
	}
	struct msg_directory_commit *commit = ipc_begin(l, MSG_DIRECTORY_COMMIT);
	commit->generation = 9;
	ipc_end(l);
	sim.watch = count_states;
	sim_turn();
	sim_pass(1000);
	NEED(states_heard >= PHONES && done_after == states_heard && sim.accusations == 0);
	/* an edge that comes later */
	states_heard = done_after = 0;
	sim_link_down(PROC_EDGE, 0);
	sim_link_up(PROC_EDGE, 0);
	NEED(done_after == 0);
	sim_pass(1000);
	NEED(states_heard == PHONES && done_after == PHONES && sim.accusations == 0);
	/* all but the first few are gone with the next generation, of which the edge hears */
	states_heard = done_after = 0;
	sim_push_directory();
	sim_turn();
	sim_pass(1000);
	NEED(states_heard >= PHONES && sim_status("phones").used == SIM_DEVICES_MAX);
	/* an edge that dies in the middle of it, and its successor */
	states_heard = done_after = 0;
	sim_link_down(PROC_EDGE, 0);
	sim_link_up(PROC_EDGE, 0);
	sim_pass(50);
	sim_link_down(PROC_EDGE, 0);
	sim_pass(50);
	states_heard = 0;
	sim_link_up(PROC_EDGE, 0);
	sim_pass(1000);
	NEED(states_heard == PHONES && done_after == PHONES);
	sim_need_idle();
}

/* --- bans --- */

static void bans_reach_those_who_act(void)
{
	begin();
	NEED(sim_ban("203.0.113.9", 60) == DONE_OK);
	NEED(sim_take(PROC_MEDIA, MSG_BAN, NULL, NULL));
	NEED(sim_take(PROC_EDGE, MSG_BAN, NULL, NULL) && sim_take(PROC_EDGE, MSG_BAN, NULL, NULL));
	/* a sibling that comes back hears of it; one that comes after its end does not */
	sim_link_down(PROC_MEDIA, 0);
	sim_link_up(PROC_MEDIA, 0);
	NEED(sim_take(PROC_MEDIA, MSG_BAN, NULL, NULL));
	sim_pass(61000);
	sim_link_down(PROC_MEDIA, 0);
	sim_link_up(PROC_MEDIA, 0);
	NEED(!sim_take(PROC_MEDIA, MSG_BAN, NULL, NULL));
	/* one that this core does not know may stand elsewhere, told by the one before it */
	NEED(sim_ban("::ffff:203.0.113.9", 0) == DONE_NOT_FOUND);
	const struct heard *h = sim_take(PROC_MEDIA, MSG_BAN, NULL, NULL);
	NEED(h);
	const struct msg_ban *lifted = (const struct msg_ban *)(const void *)h->payload;
	NEED(lifted->address.family == 4 && lifted->until_ms == 0);
	/* nobody can ban the exchange itself, or its host */
	NEED(sim_ban("192.0.2.1", 60) == DONE_REFUSED && sim_ban("127.0.0.1", 60) == DONE_REFUSED);
	NEED(sim_ban("::1", 60) == DONE_REFUSED && sim_ban("ff02::1", 60) == DONE_REFUSED && sim_ban("0.0.0.0", 60) == DONE_REFUSED);
	NEED(!sim_take(PROC_MEDIA, MSG_BAN, NULL, NULL));
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(the_callers_edge_dies_while_it_rings);
	SIM(the_callees_edge_dies_while_it_rings);
	SIM(one_of_two_callees_edges_dies_and_the_other_answers);
	SIM(an_edge_dies_in_a_call_and_its_phone_hangs_up_later);
	SIM(a_phone_that_hung_up_as_its_edge_died_is_asked);
	SIM(one_that_talks_on_is_left_alone);
	SIM(one_that_answers_nothing_is_left_alone);
	SIM(an_edge_dies_before_the_ack);
	SIM(one_whose_ack_went_with_the_edge_talks_on);
	SIM(one_who_never_heard_the_200_costs_the_other_no_silence);
	SIM(one_whose_ack_went_with_the_edge_hears_the_hang_up);
	SIM(an_edge_dies_in_a_change_and_in_a_bye);
	SIM(who_hangs_up_meanwhile_is_heard_of_when_the_phone_is_back);
	SIM(nothing_is_owed_for_longer_than_a_session);
	SIM(a_phone_that_comes_over_another_connection_hears_it_there);
	SIM(a_phone_that_speaks_of_a_call_which_is_over_is_told);
	SIM(a_phone_that_rang_does_not_ring_on_when_it_is_back);
	SIM(a_phone_is_owed_four_at_most_and_the_oldest_goes);
	SIM(owed_hang_ups_make_room_for_calls);
	SIM(an_edge_dies_while_a_login_is_judged_or_a_text_delivered);
	SIM(media_dies_and_the_calls_go_on);
	SIM(a_caller_is_answered_when_media_relays);
	SIM(a_wish_without_credit_is_made_again_soon);
	SIM(media_learns_that_it_was_told_of_all);
	SIM(media_binds_other_ports_than_agreed);
	SIM(keeper_dies_in_a_call);
	SIM(a_phone_is_revoked_in_a_call);
	SIM(a_phone_is_revoked_while_it_rings);
	SIM(a_phone_is_revoked_while_it_calls);
	SIM(a_user_is_removed_in_a_call);
	SIM(a_phone_is_taken_from_its_user_in_a_call);
	SIM(a_change_of_the_directory_leaves_other_calls_alone);
	SIM(a_refused_directory_changes_nothing);
	SIM(calls_run_out);
	SIM(ports_run_out);
	SIM(legs_run_out);
	SIM(logins_run_out);
	SIM(messages_run_out);
	SIM(flows_run_out);
	SIM(records_run_out);
	SIM(credit_runs_out);
	SIM(an_emergency_does_not_wait_for_the_logins_of_others);
	SIM(a_large_directory_reaches_the_edges_whole);
	SIM(bans_reach_those_who_act);
	(void)test_failed_here;
	return TEST_END;
}
