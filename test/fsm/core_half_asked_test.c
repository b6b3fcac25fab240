/* SPDX-License-Identifier: ISC */
/* Who may have another session than core, and is asked: nothing that it or the other says meanwhile ends the call, or has it asked no
 * more while it may have another (R28). */
#include "../unit/test.h"
#include "sim_half.h"

enum { INTERVAL_S = 1800 };

/* Refreshes are its own from then on. */
static void says_200_and_refreshes_itself(struct talk *t, const struct heard *asked, const char *direction)
{
	struct sdp said = says(t, direction);

	t->ref = sent(asked)->ref;
	struct msg_response *m = talk_begin_answer(t, 200);
	m->session_expires = INTERVAL_S;
	m->refresher = REFRESHER_UAS;
	m->sdp = phone_put_sdp(t->phone, &said);
	talk_end_answer(t);
	NEED(talk_takes(t, SIP_ACK));
}

static struct heard *is_asked_again(struct talk *t, uint64_t after_ms)
{
	sim_pass(after_ms);
	struct heard *h = talk_takes(t, SIP_INVITE);
	NEED(h && sent(h)->sdp.len);
	NEED(!talk_takes(t, SIP_BYE));
	return h;
}

static void stands_with(struct talk *t, const struct heard *asked)
{
	says_200(t, asked, "sendrecv");
	NEED(talk_takes(t, SIP_ACK));
}

/* --- who refreshes itself --- */

static void in_a_call_refreshed_by(enum refresher refresher)
{
	struct sdp offer, answer;

	open_life();
	phones_come();
	w->a.allow = TAKES_UPDATE;
	offer = sdp_plain(&w->alice);
	talk_invite(&w->a, &w->alice, "bob", &offer);
	talk_rings_at(&w->b, &w->bob);
	w->b.allow = TAKES_UPDATE;
	answer = says(&w->b, "sendrecv");
	struct msg_response *m = talk_begin_answer(&w->b, 200);
	m->session_expires = INTERVAL_S;
	m->refresher = (uint8_t)refresher;
	m->sdp = phone_put_sdp(&w->bob, &answer);
	talk_end_answer(&w->b);
	NEED(talk_takes(&w->b, SIP_ACK));
	talk_hears(&w->a, 200);
	talk_ack(&w->a);
	sim_pass(10000);
}

static void who_refreshes_itself_and_refuses_is_not_hung_up_on(void)
{
	uint64_t txn;

	w = sim_shared(sizeof *w);
	in_a_call_refreshed_by(REFRESHER_UAS);
	talk_reply(&w->b, hold_is_passed_on(&txn), 200, NULL);
	NEED(talk_takes(&w->b, SIP_ACK) && code_of(txn) == 488);
	struct heard *h = talk_takes(&w->b, SIP_INVITE);
	NEED(h && sent(h)->sdp.len);
	talk_reply(&w->b, h, 491, NULL);
	stands_with(&w->b, is_asked_again(&w->b, 3000));
	nobody_is_asked();
	goes_on();
}

static void who_refreshes_itself_and_is_busy_is_not_hung_up_on(void)
{
	uint64_t txn;

	w = sim_shared(sizeof *w);
	in_a_call_refreshed_by(REFRESHER_UAS);
	struct heard *h = hold_is_passed_on(&txn);
	talk_reply(&w->b, h, 200, NULL);
	h = talk_takes(&w->b, SIP_INVITE);
	NEED(h);
	talk_reply(&w->b, h, 500, NULL);
	stands_with(&w->b, is_asked_again(&w->b, 11000));
	nobody_is_asked();
	goes_on();
}

static void who_refreshes_itself_and_says_something_new_waits_for_the_other(void)
{
	life_after(life_with_an_offer_asked_for);
	w->offered = 0;
	says_200_and_refreshes_itself(&w->a, is_asked(&w->a, SDP_SENDRECV), "recvonly");
	struct heard *h = talk_takes(&w->b, SIP_INVITE);
	NEED(h);
	stands_with(&w->b, h);
	is_asked_again(&w->a, 11000);
}

/* It came back, and spoke before it was asked. */
static void who_refreshes_itself_and_is_back_is_asked_once_more(void)
{
	uint64_t txn;

	w = sim_shared(sizeof *w);
	in_a_call_refreshed_by(REFRESHER_UAS);
	hold_is_passed_on(&txn);
	sim_link_down(PROC_EDGE, w->bob.edge);
	NEED(code_of(txn) == 500);
	w->bob.flow = 0;
	sim_link_up(PROC_EDGE, w->bob.edge);
	phone_register(&w->bob);
	NEED(code_of(talk_send(&w->b, SIP_OPTIONS, NULL)) == 200);
	is_asked(&w->b, SDP_SENDRECV);
	sim_pass(INTERVAL_S * 1000ull - 40000);
	NEED(talk_takes(&w->b, SIP_INVITE) && !talk_takes(&w->b, SIP_BYE));
}

/* --- what says nothing of the session --- */

static void a_refresh_without_sdp_does_not_count(void)
{
	life_after(life_with_a_hold_passed_on);
	NEED(code_of(talk_send(&w->b, SIP_UPDATE, NULL)) == 200);
	stands_with(&w->b, is_asked_again(&w->b, 11000));
	nobody_is_asked();
	goes_on();
}

static void life_with_a_refresh_in_a_hold_passed_on(void)
{
	life_with_a_hold_passed_on();
	NEED(code_of(talk_send(&w->b, SIP_UPDATE, NULL)) == 200);
}

static void nor_one_while_it_is_offered_the_hold(void)
{
	life_after(life_with_a_refresh_in_a_hold_passed_on);
	stands_with(&w->b, is_asked(&w->b, SDP_SENDRECV));
	nobody_is_asked();
	goes_on();
}

/* Nobody is left who made the offer that it answers. */
static void an_ack_with_an_answer_to_nothing_does_not_count(void)
{
	life_after(life_with_an_offer_asked_for);
	const struct sdp answer = says(&w->a, "recvonly");
	talk_ack_with(&w->a, &answer);
	stands_with(&w->b, is_asked(&w->b, SDP_SENDRECV));
	struct heard *h = talk_takes(&w->a, SIP_INVITE);
	NEED(h && sent(h)->sdp.len && w->a.sdp.audio.direction == SDP_SENDRECV);
	stands_with(&w->a, h);
	nobody_is_asked();
	goes_on();
}

/* --- a change that is refused says nothing of what was before it --- */

static void a_change_that_cannot_go_out(void)
{
	const struct sdp hold = sdp_of(KEYS_SDES, "198.51.100.1", 40002, 2, "sendonly", NULL);
	uint64_t txn;

	w = sim_shared(sizeof *w);
	life_in_a_call();
	hold_is_passed_on(&txn);
	sim_link_down(PROC_EDGE, w->bob.edge);
	NEED(code_of(txn) == 500);
	w->bob.flow = 0;
	NEED(code_of(talk_send(&w->a, SIP_INVITE, &hold)) == 500);
	sim_link_up(PROC_EDGE, w->bob.edge);
	phone_register(&w->bob);
	stands_with(&w->b, is_asked(&w->b, SDP_SENDRECV));
	nobody_is_asked();
	goes_on();
}

static void a_change_before_it_is_asked(unsigned code)
{
	uint64_t txn;

	life_after(life_with_a_hold_passed_on);
	talk_reply(&w->b, hold_is_passed_on(&txn), code, NULL);
	NEED(code_of(txn) == (code == 491 ? 491 : 500));
	stands_with(&w->b, is_asked(&w->b, SDP_SENDRECV));
	nobody_is_asked();
	goes_on();
}

static void a_change_before_it_is_asked_is_pending(void)
{
	a_change_before_it_is_asked(491);
}

static void a_change_before_it_is_asked_is_busy(void)
{
	a_change_before_it_is_asked(500);
}

/* What it says to the ask is new, but it makes no offer of it. Not for ever. */
static void who_makes_no_offer_this_moment_is_asked_again(unsigned times)
{
	life_after(life_with_a_hold_passed_on);
	struct heard *h = is_asked(&w->b, SDP_SENDRECV);
	for (unsigned i = 0; i < times; i++) {
		says_200(&w->b, h, "recvonly");
		NEED(talk_takes(&w->b, SIP_ACK));
		h = talk_takes(&w->b, SIP_INVITE);
		NEED(h && !sent(h)->sdp.len);
		talk_reply(&w->b, h, i % 2 ? 491 : 500, NULL);
		if (i < 4)
			h = is_asked_again(&w->b, 11000);
	}
	if (times < 5)
		stands_with(&w->b, h);
	nobody_is_asked();
	goes_on();
}

static void who_makes_no_offer_once(void)
{
	who_makes_no_offer_this_moment_is_asked_again(1);
}

static void who_makes_no_offer_ever(void)
{
	who_makes_no_offer_this_moment_is_asked_again(5);
}

static void life_with_a_change_before_the_ack(void)
{
	const struct sdp hold = sdp_of(KEYS_SDES, "198.51.100.2", 40002, 3, "inactive", NULL);

	life_with_a_hold_said();
	const uint64_t txn = talk_send(&w->b, SIP_INVITE, &hold);
	struct heard *h = talk_takes(&w->a, SIP_INVITE);
	NEED(h && sent(h)->sdp.len);
	talk_reply(&w->a, h, 491, NULL);
	NEED(code_of(txn) == 491);
	w->offered = 0;
}

static void a_change_of_the_other_before_the_ack(void)
{
	life_after(life_with_a_change_before_the_ack);
	says_200(&w->a, is_asked(&w->a, SDP_SENDRECV), "sendonly");
	NEED(talk_takes(&w->a, SIP_ACK));
	nobody_is_asked();
	ends();
}

/* --- who holds --- */

/* By `inactive`, of which it may not have heard: asked with that it could say nothing else. */
static void life_with_an_inactive_hold_said(void)
{
	const struct sdp hold = sdp_of(KEYS_SDES, "198.51.100.1", 40002, 2, "inactive", NULL);

	life_in_a_call();
	const uint64_t txn = talk_send(&w->a, SIP_INVITE, &hold);
	struct heard *h = talk_takes(&w->b, SIP_INVITE);
	NEED(h && w->b.sdp.audio.direction == SDP_INACTIVE);
	says_200(&w->b, h, "inactive");
	NEED(talk_takes(&w->b, SIP_ACK) && code_of(txn) == 200);
	w->offered = 0;
}

static void an_inactive_hold_that_was_heard(void)
{
	life_after(life_with_an_inactive_hold_said);
	says_200(&w->a, is_asked(&w->a, SDP_SENDRECV), "inactive");
	NEED(talk_takes(&w->a, SIP_ACK));
	nobody_is_asked();
	ends();
}

static void an_inactive_hold_that_was_not_heard(void)
{
	life_after(life_with_an_inactive_hold_said);
	stands_with(&w->a, is_asked(&w->a, SDP_SENDRECV));
	struct heard *h = talk_takes(&w->a, SIP_INVITE);
	NEED(h && !sent(h)->sdp.len);
	says_200(&w->a, h, "sendrecv");
	h = talk_takes(&w->b, SIP_INVITE);
	NEED(h && sent(h)->sdp.len && w->b.sdp.audio.direction == SDP_SENDRECV);
	stands_with(&w->b, h);
	NEED(talk_takes(&w->a, SIP_ACK));
	nobody_is_asked();
	goes_on();
}

/* RFC 3264 6.1: what it was asked with is not what its own refresh is answered with. */
static void a_hold_is_refreshed_as_one(void)
{
	const struct sdp hold = sdp_of(KEYS_SDES, "198.51.100.1", 40002, 2, "sendonly", NULL);

	life_after(life_with_a_hold_said);
	w->offered = 0;
	says_200(&w->a, is_asked(&w->a, SDP_SENDRECV), "sendonly");
	NEED(talk_takes(&w->a, SIP_ACK));
	struct heard *h = reply_to(talk_send(&w->a, SIP_INVITE, &hold));
	NEED(h && respond(h)->code == 200);
	const struct sdp *said = sim_part(h, respond(h)->sdp);
	NEED(said && said->audio.direction == SDP_RECVONLY);
	talk_ack(&w->a);
	nobody_is_asked();
	ends();
}

/* --- DTLS between the phones --- */

static struct sdp by_dtls(const struct phone *p, unsigned version, const char *direction, const char *setup)
{
	return sdp_of(KEYS_DTLS, p->host, 40002, version, direction, setup);
}

static void life_with_a_hold_by_dtls_said(void)
{
	struct sdp says;

	open_life();
	phones_come();
	says = by_dtls(&w->alice, 1, "sendrecv", "actpass");
	w->a.allow = TAKES_UPDATE;
	talk_invite(&w->a, &w->alice, "bob", &says);
	talk_rings_at(&w->b, &w->bob);
	says = by_dtls(&w->bob, 1, "sendrecv", "active");
	talk_up(&w->a, &w->b, &says);
	sim_pass(10000);
	says = by_dtls(&w->alice, 2, "sendonly", "actpass");
	const uint64_t txn = talk_send(&w->a, SIP_INVITE, &says);
	struct heard *h = talk_takes(&w->b, SIP_INVITE);
	NEED(h && w->b.sdp.audio.direction == SDP_SENDONLY);
	says = by_dtls(&w->bob, 2, "recvonly", "active");
	talk_reply(&w->b, h, 200, &says);
	NEED(talk_takes(&w->b, SIP_ACK) && code_of(txn) == 200);
	w->offered = 0;
}

/* As Debian's linphone does where it is to be passive. */
static void who_names_no_fingerprint(const char *setup)
{
	life_after(life_with_a_hold_by_dtls_said);
	struct heard *h = is_asked(&w->a, SDP_SENDRECV);
	NEED(w->a.sdp.audio.setup == SDP_ACTIVE);
	struct sdp answer = by_dtls(&w->alice, 3, "sendonly", setup);
	memset(answer.audio.fingerprint, 0, sizeof answer.audio.fingerprint);
	answer.audio.fingerprint_n = 0;
	talk_reply(&w->a, h, 200, &answer);
	NEED(talk_takes(&w->a, SIP_ACK));
}

static void no_fingerprint_in_the_role_that_stands(void)
{
	who_names_no_fingerprint("passive");
	nobody_is_asked();
	ends();
}

/* Another association, and of whom is not said. */
static void no_fingerprint_in_another_role(void)
{
	who_names_no_fingerprint("active");
	NEED(talk_takes(&w->a, SIP_BYE) && talk_takes(&w->b, SIP_BYE));
}

/* --- how often --- */

/* What it refused before is another matter. */
static void who_refused_refreshes_is_asked_as_often(void)
{
	uint64_t txn;

	w = sim_shared(sizeof *w);
	in_a_call_refreshed_by(REFRESHER_UAC);
	sim_pass(INTERVAL_S * 500ull - 10000);
	for (uint64_t i = 0; i < 5; i++) {
		sim_pass(i ? UINT64_C(5000) << i : 1000);
		struct heard *h = talk_takes(&w->b, SIP_UPDATE);
		NEED(h);
		talk_reply(&w->b, h, 500, NULL);
	}
	talk_reply(&w->b, hold_is_passed_on(&txn), 200, NULL);
	NEED(talk_takes(&w->b, SIP_ACK) && code_of(txn) == 488);
	struct heard *h = talk_takes(&w->b, SIP_INVITE);
	NEED(h && sent(h)->sdp.len);
	talk_reply(&w->b, h, 491, NULL);
	stands_with(&w->b, is_asked_again(&w->b, 3000));
	nobody_is_asked();
	goes_on();
}

/* RFC 4028 6: it is tried again with what it says, and still not by UPDATE. */
static void who_wants_a_longer_interval_is_asked_with_that(void)
{
	life_after(life_with_a_hold_passed_on);
	w->b.ref = sent(is_asked(&w->b, SDP_SENDRECV))->ref;
	struct msg_response *m = talk_begin_answer(&w->b, 422);
	m->min_se = INTERVAL_S * 2;
	talk_end_answer(&w->b);
	struct heard *h = is_asked_again(&w->b, 11000);
	NEED(sent(h)->session_expires == INTERVAL_S * 2);
	stands_with(&w->b, h);
	nobody_is_asked();
	goes_on();
}

/* It was asked to forget the hold, and has. */
static void life_with_a_hold_called_off(void)
{
	uint64_t txn;

	life_in_a_call();
	struct heard *h = hold_is_passed_on(&txn);
	sim_pass(33000);
	NEED(code_of(txn) >= 300);
	talk_reply(&w->b, h, 487, NULL);
}

static void a_hold_that_was_called_off_is_left_alone(void)
{
	life_after(life_with_a_hold_called_off);
	nobody_is_asked();
	goes_on();
}

/* --- the edge of who asked is gone, and the other's is not --- */

static void the_200_has_nowhere_to_go(bool back_first)
{
	uint64_t txn;

	w = sim_shared(sizeof *w);
	life_in_a_call();
	NEED(w->alice.edge != w->bob.edge);
	struct heard *h = hold_is_passed_on(&txn);
	sim_link_down(PROC_EDGE, w->alice.edge);
	w->alice.flow = 0;
	sim_link_up(PROC_EDGE, w->alice.edge);
	if (back_first)
		phone_register(&w->alice);
	says_200(&w->b, h, "recvonly");
	NEED(talk_takes(&w->b, SIP_ACK) && !reply_to(txn));
	if (!back_first)
		phone_register(&w->alice);
	sim_pass(6000);
	w->offered = 0;
	says_200(&w->a, is_asked(&w->a, SDP_SENDRECV), "sendonly");
	NEED(talk_takes(&w->a, SIP_ACK));
	nobody_is_asked();
	ends();
}

static void the_200_goes_with_the_edge(void)
{
	the_200_has_nowhere_to_go(false);
}

static void the_200_comes_when_who_asked_is_back(void)
{
	the_200_has_nowhere_to_go(true);
}

static void the_200_to_an_update_goes_with_the_edge(void)
{
	hold_by = SIP_UPDATE;
	the_200_has_nowhere_to_go(false);
}

static void the_200_to_an_update_comes_when_who_asked_is_back(void)
{
	hold_by = SIP_UPDATE;
	the_200_has_nowhere_to_go(true);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(who_refreshes_itself_and_refuses_is_not_hung_up_on);
	SIM(who_refreshes_itself_and_is_busy_is_not_hung_up_on);
	SIM(who_refreshes_itself_and_says_something_new_waits_for_the_other);
	SIM(who_refreshes_itself_and_is_back_is_asked_once_more);
	SIM(a_refresh_without_sdp_does_not_count);
	SIM(nor_one_while_it_is_offered_the_hold);
	SIM(an_ack_with_an_answer_to_nothing_does_not_count);
	SIM(a_change_that_cannot_go_out);
	SIM(a_change_before_it_is_asked_is_pending);
	SIM(a_change_before_it_is_asked_is_busy);
	SIM(who_makes_no_offer_once);
	SIM(who_makes_no_offer_ever);
	SIM(a_change_of_the_other_before_the_ack);
	SIM(an_inactive_hold_that_was_heard);
	SIM(an_inactive_hold_that_was_not_heard);
	SIM(a_hold_is_refreshed_as_one);
	SIM(no_fingerprint_in_the_role_that_stands);
	SIM(no_fingerprint_in_another_role);
	SIM(who_refused_refreshes_is_asked_as_often);
	SIM(who_wants_a_longer_interval_is_asked_with_that);
	SIM(a_hold_that_was_called_off_is_left_alone);
	SIM(the_200_goes_with_the_edge);
	SIM(the_200_comes_when_who_asked_is_back);
	SIM(the_200_to_an_update_goes_with_the_edge);
	SIM(the_200_to_an_update_comes_when_who_asked_is_back);
	(void)test_failed_here;
	return TEST_END;
}
