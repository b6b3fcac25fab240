/* SPDX-License-Identifier: ISC */
/* UPDATE of a trunk that rings (RFC 3311 5.2): without an offer it refreshes the dialog, with one it changes what was agreed on reliably.
 * So does a PRACK of who calls (RFC 3262 5). */
#include "../unit/test.h"
#include "sim_trunks.h"
#include "sim_voice.h"
#include "wire/sdp_offer.h"

static void goes_out(void)
{
	begin_with(NULL);
	talk_invite(&a, &alice, "0123456789", &offer);
	talk_rings_at(&t, &telco[0]);
}

/* rseq 0: not reliable */
static void rings(uint32_t rseq, const struct sdp *sdp)
{
	struct msg_response *m = talk_begin_answer(&t, 183);

	m->required = rseq ? SIP_TAG_100REL : 0;
	m->rseq = rseq;
	m->sdp = phone_put_sdp(&telco[0], sdp);
	talk_end_answer(&t);
	struct heard *prack = rseq ? talk_takes(&t, SIP_PRACK) : NULL;
	NEED(!rseq || prack);
	if (prack)
		talk_reply(&t, prack, 200, NULL);
}

static struct sdp from(const char *host, unsigned version)
{
	struct phone p = telco[0];

	p.host = host;
	struct sdp s = sdp_clear(&p);
	s.version = version;
	return s;
}

static struct heard *updates(const struct sdp *sdp)
{
	struct heard *h = reply_to(talk_send(&t, SIP_UPDATE, sdp));

	NEED(h);
	return h;
}

static void goes_to(const struct addr *at)
{
	uint64_t join;
	const struct relay_spec *w = relay_wish(&join);

	NEED(w && w->side[1].present && addr_same_ip(&w->side[1].rtp, at));
}

static void is_answered(const struct sdp *sdp)
{
	talk_answer(&t, 200, sdp);
	NEED(talk_takes(&t, SIP_ACK));
	hears_last(200);
	talk_ack(&a);
}

static void without_an_offer_it_is_a_refresh(void)
{
	goes_out();
	rings(0, NULL);
	struct heard *h = updates(NULL);
	NEED(respond(h)->code == 200 && !sim_part(h, respond(h)->sdp) && respond(h)->leg_token.len);
	NEED(respond(h)->session_expires == ABSENT || respond(h)->session_expires == 0);
	is_answered(&plain);
	call_hang_up(&a, &t);
	finish();
}

/* Early media go elsewhere; what the 200 repeats of the first answer is not about media any more. */
static void what_was_agreed_may_be_changed(void)
{
	goes_out();
	const struct sdp moved = from("203.0.113.80", 2);
	rings(100, &plain);
	goes_to(&plain.audio.at);
	struct heard *h = updates(&moved);
	const struct sdp *answer = sim_part(h, respond(h)->sdp);
	NEED(respond(h)->code == 200 && answer);
	NEED(sdp_check_clear_answer(&moved, answer) == SDP_ACCEPTABLE);
	goes_to(&moved.audio.at);
	is_answered(&plain);
	goes_to(&moved.audio.at);
	call_hang_up(&a, &t);
	finish();
}

static void the_200_need_not_say_it_again(void)
{
	goes_out();
	const struct sdp moved = from("203.0.113.80", 2);
	rings(100, &plain);
	NEED(respond(updates(&moved))->code == 200);
	is_answered(NULL);
	goes_to(&moved.audio.at);
	call_hang_up(&a, &t);
	finish();
}

static void before_it_is_491(void)
{
	goes_out();
	const struct sdp moved = from("203.0.113.80", 2);
	rings(0, &plain);
	NEED(respond(updates(&moved))->code == 491); /* that was no answer yet */
	rings(100, NULL);
	NEED(respond(updates(&moved))->code == 491);
	is_answered(&plain);
	call_hang_up(&a, &t);
	finish();
}

/* T31: not to a third, not with codecs that the caller was not answered with; and the call goes on as it was. */
static void what_does_not_fit_is_refused(void)
{
	goes_out();
	struct sdp law = plain, other = plain;
	sdp_keep_codecs(&law, 1u << SDP_PCMA | 1u << SDP_TELEPHONE_EVENT);
	sdp_keep_codecs(&other, 1u << SDP_PCMU);
	other.audio.codec[0] = (struct sdp_codec){.pt = 9, .codec = SDP_G722, .channels = 1, .clock = 8000};
	const struct sdp far = from("198.51.100.77", 2);
	rings(100, &law);
	NEED(respond(updates(&far))->code == 488);
	NEED(respond(updates(&other))->code == 488);
	is_answered(&law);
	goes_to(&plain.audio.at);
	call_hang_up(&a, &t);
	finish();
}

/* A phone that calls refreshes as well. */
static void who_calls_may_too(void)
{
	goes_out();
	rings(0, NULL);
	talk_hears(&a, 180);
	NEED(code_of(talk_send(&a, SIP_UPDATE, NULL)) == 200);
	NEED(code_of(talk_send(&a, SIP_UPDATE, &offer)) == 500);
	is_answered(&plain);
	call_hang_up(&a, &t);
	finish();
}

static struct heard *pracks(const struct sdp *sdp)
{
	struct msg_request *m = talk_begin(&a, SIP_PRACK);

	m->rack_rseq = a.rseq;
	m->rack_cseq = a.invite_cseq;
	m->rack_method = SIP_INVITE;
	m->sdp = phone_put_sdp(&alice, sdp);
	struct heard *h = reply_to(talk_end(&a));
	NEED(h);
	return h;
}

static void calls_reliably(const char *number)
{
	const bool help = site_is_emergency(&sim.site, span_str(number));
	struct msg_request *m = phone_begin_as(&alice, SIP_INVITE, help ? CLASS_EMERGENCY : CLASS_NEW);
	a = (struct talk){.phone = &alice, .cseq = m->cseq + 1, .invite_cseq = m->cseq};
	strcpy(a.call_id, "reliable");
	strcpy(a.ours, "tag-of-phone");
	m->call_id = phone_put(&alice, a.call_id);
	m->target_user = m->to_user = phone_put(&alice, number);
	m->emergency = help;
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(&alice, "<sip:alice@198.51.100.1:40000;transport=tls>");
	m->required = SIP_TAG_100REL;
	m->sdp = phone_put_sdp(&alice, &offer);
	a.txn = phone_end(&alice);
	talk_rings_at(&t, &telco[0]);
}

static void goes_out_reliably(void)
{
	begin_with(NULL);
	calls_reliably("0123456789");
}

/* RFC 3262 5: an offer in a PRACK is answered in its 200, once the first one was answered reliably; and never left without an answer. */
static void an_offer_in_a_prack_is_answered(void)
{
	goes_out_reliably();
	rings(0, &plain);
	talk_hears(&a, 183);
	NEED(a.rseq && a.sdp.audio.crypto_n == 1);
	struct sdp moved = sdp_of(KEYS_SDES, alice.host, 40222, 2, "sendrecv", NULL);
	while (relay_wish(NULL))
		;
	struct heard *h = pracks(&moved);
	const struct sdp *answer = sim_part(h, respond(h)->sdp);
	NEED(respond(h)->code == 200 && answer && sdp_check_answer(&moved, answer) == SDP_ACCEPTABLE);
	const struct relay_spec *w = relay_wish(NULL);
	NEED(w && w->side[0].present && w->side[0].rtp.port == 40222);
	/* and from then on in an UPDATE */
	moved.version++;
	moved.audio.at.port = 40224;
	NEED(code_of(talk_send(&a, SIP_UPDATE, &moved)) == 200);
	is_answered(&plain);
	call_hang_up(&a, &t);
	finish();
}

static void before_there_is_an_answer_it_is_488(void)
{
	goes_out_reliably();
	rings(0, NULL);
	talk_hears(&a, 180);
	NEED(respond(pracks(&offer))->code == 488);
	sim_pass(2000);
	NEED(!reply_to(a.txn)); /* the 180 is acknowledged all the same */
	struct sdp clear = plain;
	rings(0, &plain);
	talk_hears(&a, 183);
	NEED(respond(pracks(&clear))->code == 488);
	is_answered(&plain);
	call_hang_up(&a, &t);
	finish();
}

/* RFC 3262 3: with a 200 before it the phone would not know which of the two its PRACK is for. */
static void the_200_waits_for_the_prack(void)
{
	goes_out_reliably();
	rings(0, &plain);
	talk_hears(&a, 183);
	talk_answer(&t, 200, &plain);
	NEED(talk_takes(&t, SIP_ACK));
	sim_pass(300);
	NEED(!reply_to(a.txn));
	NEED(respond(pracks(NULL))->code == 200);
	talk_hears(&a, 200);
	talk_ack(&a);
	sim_pass(5000);
	call_hang_up(&a, &t);
	finish();
}

static void without_one_there_is_none(void)
{
	goes_out_reliably();
	rings(0, &plain);
	talk_hears(&a, 183);
	talk_answer(&t, 200, &plain);
	NEED(talk_takes(&t, SIP_ACK));
	sim_pass(33000);
	hears_last(504);
	struct heard *bye = talk_takes(&t, SIP_BYE);
	NEED(bye);
	talk_reply(&t, bye, 200, NULL);
	finish();
}

static void help_by_a_trunk(void)
{
	sim.site.trunk[0].emergency = 1;
	sim.device[0].flags = DEVICE_FIXED;
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, city=Paris, street=Rue Neuve, house=12, room=4");
}

/* R16: whoever is in need and acknowledges nothing is not hung up on for it, answered or not. */
static void but_to_a_call_for_help(void)
{
	begin_with(help_by_a_trunk);
	calls_reliably("112");
	rings(0, &plain);
	talk_hears(&a, 183);
	talk_answer(&t, 200, &plain);
	NEED(talk_takes(&t, SIP_ACK));
	sim_pass(33000);
	hears_last(200);
	talk_ack(&a);
	sim_pass(5000);
	call_hang_up(&a, &t);
	finish();
}

static void which_may_ring_as_long_as_it_does(void)
{
	begin_with(help_by_a_trunk);
	calls_reliably("112");
	rings(0, NULL);
	talk_hears(&a, 180);
	sim_pass(33000);
	NEED(!sent_to(&telco[0], SIP_CANCEL));
	is_answered(&plain);
	call_hang_up(&a, &t);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(without_an_offer_it_is_a_refresh);
	SIM(what_was_agreed_may_be_changed);
	SIM(the_200_need_not_say_it_again);
	SIM(before_it_is_491);
	SIM(what_does_not_fit_is_refused);
	SIM(who_calls_may_too);
	SIM(an_offer_in_a_prack_is_answered);
	SIM(before_there_is_an_answer_it_is_488);
	SIM(the_200_waits_for_the_prack);
	SIM(without_one_there_is_none);
	SIM(but_to_a_call_for_help);
	SIM(which_may_ring_as_long_as_it_does);
	(void)test_failed_here;
	return TEST_END;
}
