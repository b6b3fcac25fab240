/* SPDX-License-Identifier: ISC */
/* core or edge dies in the middle of a change of a call: whoever may have another session than core is asked, and both phones hold or
 * neither does (R28). */
#include "../unit/test.h"
#include "sim_half.h"

static void a_call_without_a_change_is_left_alone(void)
{
	life_after(life_in_a_call);
	nobody_is_asked();
	goes_on();
}

static void a_hold_that_both_know_of_is_left_alone(void)
{
	life_after(life_with_a_hold);
	nobody_is_asked();
	ends();
}

static void a_hold_that_was_refused_is_left_alone(void)
{
	life_after(life_with_a_hold_refused);
	nobody_is_asked();
	goes_on();
}

/* Whether bob had answered: core had it in hand, or edge acknowledged it. alice has heard 500. */
static void who_was_offered_a_hold_is_offered_what_stands(void)
{
	life_after(life_with_a_hold_passed_on);
	says_200(&w->b, is_asked(&w->b, SDP_SENDRECV), "sendrecv");
	NEED(talk_takes(&w->b, SIP_ACK));
	nobody_is_asked();
	goes_on();
}

/* Its own answer to the first offer comes late: until then it refuses another (RFC 3261 14.2). */
static void who_has_not_answered_yet_is_asked_until_it_has(unsigned code)
{
	life_after(life_with_a_hold_passed_on);
	talk_reply(&w->b, is_asked(&w->b, SDP_SENDRECV), code, NULL);
	for (int i = 0; i < 2; i++) {
		sim_pass(22000);
		struct heard *h = talk_takes(&w->b, SIP_INVITE);
		NEED(h && sent(h)->sdp.len);
		if (i == 0) {
			talk_reply(&w->b, h, code, NULL);
		} else {
			says_200(&w->b, h, "sendrecv");
			NEED(talk_takes(&w->b, SIP_ACK));
		}
	}
	nobody_is_asked();
	goes_on();
}

/* It stays on hold, or is by its own wish: then the other hears of it. */
static void what_it_says_then_is_for_both(void)
{
	life_after(life_with_a_hold_passed_on);
	says_200(&w->b, is_asked(&w->b, SDP_SENDRECV), "recvonly");
	NEED(talk_takes(&w->b, SIP_ACK));
	struct heard *h = talk_takes(&w->b, SIP_INVITE);
	NEED(h && !sent(h)->sdp.len);
	says_200(&w->b, h, "recvonly");
	h = talk_takes(&w->a, SIP_INVITE);
	NEED(h && sent(h)->sdp.len && w->a.sdp.audio.direction == SDP_RECVONLY);
	says_200(&w->a, h, "sendonly");
	NEED(talk_takes(&w->a, SIP_ACK) && talk_takes(&w->b, SIP_ACK));
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[0].direction == RELAY_SENDS);
	nobody_is_asked();
	ends();
}

/* And no re-INVITE again: whether it is there is asked as ever. */
static void who_refuses_to_be_asked_has_its_call(void)
{
	life_after(life_with_a_hold_passed_on);
	talk_reply(&w->b, is_asked(&w->b, SDP_SENDRECV), 488, NULL);
	sim_pass(60000);
	NEED(!talk_takes(&w->b, SIP_INVITE) && !talk_takes(&w->b, SIP_BYE) && asked_of_nothing(&w->a));
	goes_on();
}

static void who_asked_and_may_not_have_heard_is_asked(bool had)
{
	life_after(life_with_a_hold_said);
	w->offered = 0;
	says_200(&w->a, is_asked(&w->a, SDP_SENDRECV), had ? "sendonly" : "sendrecv");
	NEED(talk_takes(&w->a, SIP_ACK));
	if (had) {
		nobody_is_asked();
		ends();
		return;
	}
	struct heard *h = talk_takes(&w->a, SIP_INVITE);
	NEED(h && !sent(h)->sdp.len);
	says_200(&w->a, h, "sendrecv");
	h = talk_takes(&w->b, SIP_INVITE);
	NEED(h && sent(h)->sdp.len && w->b.sdp.audio.direction == SDP_SENDRECV);
	says_200(&w->b, h, "sendrecv");
	NEED(talk_takes(&w->b, SIP_ACK) && talk_takes(&w->a, SIP_ACK));
	nobody_is_asked();
	goes_on();
}

static void pending(void)
{
	who_has_not_answered_yet_is_asked_until_it_has(491);
}

static void busy(void)
{
	who_has_not_answered_yet_is_asked_until_it_has(500);
}

static void has_heard(void)
{
	who_asked_and_may_not_have_heard_is_asked(true);
}

static void has_not_heard(void)
{
	who_asked_and_may_not_have_heard_is_asked(false);
}

static void an_update_passed_on(void)
{
	hold_by = SIP_UPDATE;
	who_was_offered_a_hold_is_offered_what_stands();
}

static void an_update_that_both_know_of(void)
{
	hold_by = SIP_UPDATE;
	life_after(life_with_a_hold_said);
	nobody_is_asked();
	ends();
}

/* The next core dies of it too, or with it. */
static void life_that_asks(void)
{
	next_life();
	NEED(is_asked(&w->b, SDP_SENDRECV));
	w->offered = w->b.sdp.version;
}

static void core_dies_once_more(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_with_a_hold_passed_on);
	NEED(sim_run("a life that asks", life_that_asks));
	next_life();
	says_200(&w->b, is_asked(&w->b, SDP_SENDRECV), "sendrecv");
	NEED(talk_takes(&w->b, SIP_ACK));
	nobody_is_asked();
	goes_on();
}

/* Edge went as well: bob is asked when he is there again. */
static void life_in_which_bob_is_away(void)
{
	life_with_a_hold_passed_on();
	w->bob.flow = 0;
}

static void who_is_away_is_asked_when_it_is_back(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_in_which_bob_is_away);
	open_life();
	phone_still_up(&w->alice);
	sim_pass(10000);
	phone_register(&w->bob);
	says_200(&w->b, is_asked(&w->b, SDP_SENDRECV), "sendrecv");
	NEED(talk_takes(&w->b, SIP_ACK));
	nobody_is_asked();
	goes_on();
}

/* core lives, and the answer went with the edge: not by UPDATE, which would say nothing of it. */
static void the_answer_goes_with_the_edge(void)
{
	uint64_t txn;

	w = sim_shared(sizeof *w);
	life_in_a_call();
	hold_is_passed_on(&txn);
	sim_link_down(PROC_EDGE, w->bob.edge);
	NEED(code_of(txn) == 500);
	w->bob.flow = 0;
	sim_link_up(PROC_EDGE, w->bob.edge);
	phone_register(&w->bob);
	says_200(&w->b, is_asked(&w->b, SDP_SENDRECV), "sendrecv");
	NEED(talk_takes(&w->b, SIP_ACK));
	nobody_is_asked();
	goes_on();
}

static void an_offer_that_was_asked_for(void)
{
	life_after(life_with_an_offer_asked_for);
	struct heard *h = is_asked(&w->b, SDP_SENDRECV);
	says_200(&w->b, h, "sendrecv");
	h = talk_takes(&w->a, SIP_INVITE);
	NEED(h && sent(h)->sdp.len && w->a.sdp.audio.direction == SDP_SENDRECV);
	says_200(&w->a, h, "sendrecv");
	NEED(talk_takes(&w->a, SIP_ACK) && talk_takes(&w->b, SIP_ACK));
	nobody_is_asked();
	goes_on();
}

/* --- what ends here: the exchange answers by itself --- */

static void open_to_dtls(void)
{
	open_life();
	media_says_fingerprint(0x5a);
}

static struct sdp says_by_dtls(const char *direction)
{
	return sdp_of(KEYS_DTLS, w->alice.host, 40002, 2, direction, "active");
}

static void life_with_an_ended_hold_said(void)
{
	struct sdp offer;

	open_to_dtls();
	phones_come();
	offer = sdp_of(KEYS_DTLS, w->alice.host, 40002, 1, "sendrecv", "actpass");
	talk_invite(&w->a, &w->alice, "bob", &offer);
	talk_rings_at(&w->b, &w->bob);
	talk_answer(&w->b, 488, NULL);
	talk_rings_at(&w->b, &w->bob);
	offer = says(&w->b, "sendrecv");
	talk_up(&w->a, &w->b, &offer);
	sim_pass(10000);
	offer = says_by_dtls("sendonly");
	NEED(code_of(talk_send(&w->a, SIP_INVITE, &offer)) == 200);
	w->offered = 1;
}

static void an_ended_hold_is_what_who_asked_says(const char *direction, uint8_t relayed)
{
	struct sdp answer;

	w = sim_shared(sizeof *w);
	sim_crash_after(life_with_an_ended_hold_said);
	open_to_dtls();
	phone_still_up(&w->alice);
	phone_still_up(&w->bob);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[0].direction == RELAY_SENDS);
	answer = says_by_dtls(direction);
	talk_reply(&w->a, is_asked(&w->a, SDP_SENDRECV), 200, &answer);
	NEED(talk_takes(&w->a, SIP_ACK));
	nobody_is_asked();
	uint8_t last = RELAY_SENDS;
	while ((spec = relay_wish(NULL)))
		last = spec->side[0].direction;
	NEED(last == relayed);
	ends();
}

static void an_ended_hold_that_was_heard(void)
{
	an_ended_hold_is_what_who_asked_says("sendonly", RELAY_SENDS);
}

static void an_ended_hold_that_was_not_heard(void)
{
	an_ended_hold_is_what_who_asked_says("sendrecv", RELAY_BOTH);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_call_without_a_change_is_left_alone);
	SIM(a_hold_that_both_know_of_is_left_alone);
	SIM(a_hold_that_was_refused_is_left_alone);
	SIM(who_was_offered_a_hold_is_offered_what_stands);
	SIM(pending);
	SIM(busy);
	SIM(what_it_says_then_is_for_both);
	SIM(who_refuses_to_be_asked_has_its_call);
	SIM(has_heard);
	SIM(has_not_heard);
	SIM(an_update_passed_on);
	SIM(an_update_that_both_know_of);
	SIM(core_dies_once_more);
	SIM(who_is_away_is_asked_when_it_is_back);
	SIM(the_answer_goes_with_the_edge);
	SIM(an_offer_that_was_asked_for);
	SIM(an_ended_hold_that_was_heard);
	SIM(an_ended_hold_that_was_not_heard);
	(void)test_failed_here;
	return TEST_END;
}
