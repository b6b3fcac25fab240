/* SPDX-License-Identifier: ISC */
/* core or edge dies in the middle of a change of a call: whoever may have another session than core is asked, and both phones hold or
 * neither does (R28). A test is two lives of core on one arena, or three, as in core_adopt_test.c. */
#include "../unit/test.h"
#include "sim_phone.h"

enum { TAKES_UPDATE = 1 << SIP_INVITE | 1 << SIP_ACK | 1 << SIP_BYE | 1 << SIP_UPDATE, ASKED_MS = 6000 };

static struct world {
	struct phone alice, bob;
	struct talk a, b;
	uint64_t offered; /* the version of what bob was offered last in the life before */
} *w;
static enum sip_method hold_by = SIP_INVITE;

static struct sdp says(const struct talk *t, const char *direction)
{
	struct sdp s = sdp_of(KEYS_SDES, t->phone->host, 40002, 2, direction, NULL);

	sdp_fit(t, &s);
	return s;
}

static void says_200(struct talk *t, const struct heard *asked, const char *direction)
{
	const struct sdp said = says(t, direction);

	talk_reply(t, asked, 200, &said);
}

static void wishes_are_heard(void)
{
	while (relay_wish(NULL))
		;
}

static void open_life(void)
{
	sim_defaults();
	sim_open();
}

static void next_life(void)
{
	open_life();
	phone_still_up(&w->alice);
	phone_still_up(&w->bob);
	wishes_are_heard();
}

static void life_in_a_call(void)
{
	open_life();
	phone_init(&w->alice, 0);
	phone_init(&w->bob, 1);
	w->alice.outbound = w->bob.outbound = true;
	phone_register(&w->alice);
	phone_register(&w->bob);
	w->a.allow = w->b.allow = TAKES_UPDATE;
	call_up(&w->a, &w->alice, &w->b, &w->bob);
	sim_pass(10000);
}

static struct heard *hold_is_passed_on(uint64_t *txn)
{
	const struct sdp offer = sdp_of(KEYS_SDES, w->alice.host, 40002, 2, "sendonly", NULL);
	struct heard *h;

	*txn = talk_send(&w->a, hold_by, &offer);
	h = talk_takes(&w->b, SIP_INVITE);
	NEED(h && w->b.sdp.audio.direction == SDP_SENDONLY);
	w->offered = w->b.sdp.version;
	return h;
}

static void life_with_a_hold_passed_on(void)
{
	uint64_t txn;

	life_in_a_call();
	hold_is_passed_on(&txn);
	NEED(code_of(txn) == 0);
}

/* All but the ACK; for an UPDATE there is none. */
static void life_with_a_hold_said(void)
{
	uint64_t txn;

	life_in_a_call();
	says_200(&w->b, hold_is_passed_on(&txn), "recvonly");
	NEED(talk_takes(&w->b, SIP_ACK) && code_of(txn) == 200);
}

static void life_with_a_hold(void)
{
	life_with_a_hold_said();
	talk_ack(&w->a);
	sim_pass(100);
}

static void life_with_a_hold_refused(void)
{
	uint64_t txn;

	life_in_a_call();
	talk_reply(&w->b, hold_is_passed_on(&txn), 488, NULL);
	NEED(code_of(txn) == 488);
}

static void life_after(void (*life)(void))
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life);
	next_life();
}

/* By a re-INVITE with what stands, newer than all that it was offered. */
static struct heard *is_asked(struct talk *t, uint8_t direction)
{
	sim_pass(ASKED_MS);
	struct heard *h = talk_takes(t, SIP_INVITE);
	NEED(h && sent(h)->sdp.len && t->sdp.audio.direction == direction && t->sdp.version > w->offered);
	return h;
}

static bool asked_of_nothing(struct talk *t)
{
	return !talk_takes(t, SIP_INVITE) && !talk_takes(t, SIP_UPDATE) && !talk_takes(t, SIP_BYE);
}

static void nobody_is_asked(void)
{
	sim_pass(60000);
	NEED(asked_of_nothing(&w->a) && asked_of_nothing(&w->b));
}

/* What becomes of a call in which all is said: it can be changed, and is ended. */
static void goes_on(void)
{
	uint64_t txn;

	wishes_are_heard();
	says_200(&w->b, hold_is_passed_on(&txn), "recvonly");
	NEED(talk_takes(&w->b, SIP_ACK) && code_of(txn) == 200);
	if (hold_by == SIP_INVITE)
		talk_ack(&w->a);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[0].direction == RELAY_SENDS);
	call_hang_up(&w->a, &w->b);
	sim_pass(60000);
	sim_need_idle();
}

static void ends(void)
{
	call_hang_up(&w->b, &w->a);
	sim_pass(60000);
	sim_need_idle();
}

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

/* alice asks for bob's offer, and has it when core dies: both may have another session. */
static void life_with_an_offer_asked_for(void)
{
	life_in_a_call();
	const uint64_t txn = talk_send(&w->a, SIP_INVITE, NULL);
	struct heard *h = talk_takes(&w->b, SIP_INVITE);
	NEED(h && !sent(h)->sdp.len);
	says_200(&w->b, h, "sendonly");
	NEED(code_of(txn) == 200);
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
	phone_init(&w->alice, 0);
	phone_init(&w->bob, 1);
	w->alice.outbound = w->bob.outbound = true;
	phone_register(&w->alice);
	phone_register(&w->bob);
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
