/* SPDX-License-Identifier: ISC */
/* The exchange puts no codec into another: what either side of an ended call may send the other hears, whatever the one changes
 * (RFC 3264 8.3.2), or the change is refused. Nobody pays for silence. */
#include "../unit/test.h"
#include "directory.h"
#include "sim_codec.h"
#include "sim_voice.h"
#include "wire/sdp_offer.h"
#include <stdio.h>

/* A phone that answered with one offers all again when it holds and resumes, and takes the first of the answer. */
static void hold_and_resume_keep_the_codec(void)
{
	comes_in("980", "9");
	const struct sdp hold = phone_says(&b, "089", 2, "sendonly"), back = phone_says(&b, "089", 3, "sendrecv");
	changes(&b, &hold, "9");
	changes(&b, &back, "9");
	is_heard("9", "9");
	call_hang_up(&b, &t);
	finish();
}

static void ends(void)
{
	set(1, OWNER_DEVICE, 1, SETTING_JOIN, "ended");
}

static void between_phones_too(void)
{
	begin_with(ends);
	a.phone = &alice;
	const struct sdp o = phone_says(&a, "980", 1, "sendrecv");
	talk_invite(&a, &alice, "bob", &o);
	talk_rings_at(&b, &bob);
	const struct sdp s = phone_says(&b, "9", 1, "sendrecv");
	talk_answer(&b, 200, &s);
	NEED(talk_takes(&b, SIP_ACK));
	talk_hears(&a, 200);
	talk_ack(&a);
	const struct sdp hold = phone_says(&b, "809", 2, "sendonly"), back = phone_says(&b, "809", 3, "sendrecv");
	changes(&b, &hold, "9");
	changes(&b, &back, "9");
	is_heard("9", "9");
	call_hang_up(&a, &b);
	finish();
}

/* The trunk has another codec from now on: alice is asked for it first, and the trunk answered when she has it. */
static void another_codec_is_asked_of_the_other_first(void)
{
	goes_out("980", "9");
	const struct sdp law = trunk_says("8", 2), said = phone_says(&a, "8", 2, "sendrecv");
	const struct sdp_crypto key = a.sdp.audio.crypto[0];
	const uint64_t txn = talk_send(&t, SIP_INVITE, &law);
	struct heard *h = is_asked(&a, "80");
	NEED(!reply_to(txn) && !relay_wish(NULL));
	NEED(a.sdp.audio.crypto_n == 1 && memcmp(&a.sdp.audio.crypto[0], &key, sizeof key) == 0);
	NEED(code_of(talk_send(&t, SIP_UPDATE, &law)) == 500 && code_of(talk_send(&a, SIP_UPDATE, &said)) == 491);
	talk_reply(&a, h, 200, &said);
	NEED(talk_takes(&a, SIP_ACK));
	h = reply_to(txn);
	const struct sdp *answer = h ? sim_part(h, respond(h)->sdp) : NULL;
	NEED(answer && respond(h)->code == 200 && speaks(answer, "8"));
	talk_ack(&t);
	is_heard("8", "8");
	call_hang_up(&a, &t);
	finish();
}

/* RFC 3261 14.2: what can't be leaves all as it was. */
static void and_refused_where_it_has_none(void)
{
	static const unsigned said[] = {488, 491};

	goes_out("980", "9");
	const struct sdp law = trunk_says("8", 2);
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		const uint64_t txn = talk_send(&t, SIP_INVITE, &law);
		struct heard *h = is_asked(&a, "80");
		talk_reply(&a, h, said[i], NULL);
		NEED(code_of(txn) == said[i] && !relay_wish(NULL));
	}
	const uint64_t txn = talk_send(&t, SIP_INVITE, &law);
	(void)is_asked(&a, "80");
	sim_pass(33000);
	NEED(code_of(txn) >= 480);
	const struct sdp same = trunk_says("98", 3);
	changes(&t, &same, "9");
	is_heard("9", "9");
	call_hang_up(&t, &a);
	finish();
}

/* baresip 1.0.0 says 200 to what it does not have, with events alone, and is mute: it is offered what stood. */
static void who_takes_it_without_speech_is_given_back_what_stood(void)
{
	goes_out("980", "9");
	const struct sdp law = trunk_says("8", 2), mute = phone_says(&a, "", 2, "sendrecv"), as_before = phone_says(&a, "9", 3, "sendrecv");
	for (int i = 0; i < 2; i++) {
		const uint64_t txn = talk_send(&t, SIP_INVITE, &law);
		struct heard *h = is_asked(&a, "80");
		talk_reply(&a, h, 200, &mute);
		NEED(talk_takes(&a, SIP_ACK) && code_of(txn) == 488);
		h = is_asked(&a, "9");
		talk_reply(&a, h, 200, i ? &mute : &as_before);
		NEED(talk_takes(&a, SIP_ACK));
		if (i == 0)
			is_heard("9", "9");
	}
	is_over();
}

/* Of two codecs one is left: that is the answer at once, and alice may not go on sending the other. */
static void narrows(void)
{
	goes_out("980", "98");
	const struct sdp law = trunk_says("8", 2);
	changes(&t, &law, "8");
	NEED(!sent_to(&alice, SIP_INVITE));
	sim_pass(600);
}

static void who_may_send_more_is_asked_for_less(void)
{
	narrows();
	const struct sdp said = phone_says(&a, "8", 2, "sendrecv");
	talk_reply(&a, is_asked(&a, "80"), 200, &said);
	NEED(talk_takes(&a, SIP_ACK));
	is_heard("8", "8");
	sim_pass(5000);
	NEED(!sent_to(&alice, SIP_INVITE));
	call_hang_up(&a, &t);
	finish();
}

/* It is not asked twice where it says no: what they have in common serves. */
static void or_hears_in_what_is_left(void)
{
	narrows();
	talk_reply(&a, is_asked(&a, "80"), 488, NULL);
	sim_pass(5000);
	NEED(!sent_to(&alice, SIP_INVITE));
	call_hang_up(&a, &t);
	finish();
}

/* The other law of G.711 is nobody's change. */
static void the_other_law_is_put_into_it(void)
{
	goes_out("80", "8");
	const struct sdp mu = trunk_says("0", 2);
	changes(&t, &mu, "0");
	NEED(!sent_to(&alice, SIP_INVITE));
	is_heard("8", "0");
	call_hang_up(&a, &t);
	finish();
}

/* An offer that is asked for, and a refresh, say what stands. */
static void our_own_offer_is_what_stands(void)
{
	goes_out("980", "9");
	struct heard *h = reply_to(talk_send(&t, SIP_INVITE, NULL));
	const struct sdp *ours = h ? sim_part(h, respond(h)->sdp) : NULL;
	NEED(ours && speaks(ours, "9"));
	const struct sdp said = trunk_says("9", 2);
	struct msg_request *m = talk_begin(&t, SIP_ACK);
	m->cseq = t.invite_cseq;
	m->sdp = phone_put_sdp(&telco[0], &said);
	talk_end(&t);
	is_heard("9", "9");
	call_hang_up(&a, &t);
	finish();
}

static void wants_its_password(struct talk *of_whom, const struct heard *h)
{
	struct link *edge = sim_far(PROC_EDGE, of_whom->phone->edge);
	struct msg_response *m = ipc_begin(edge, MSG_RESPONSE);

	NEED(m);
	m->ref = sent(h)->ref;
	m->flow = of_whom->phone->flow;
	m->method = sent(h)->method;
	m->code = 407;
	m->session_expires = m->min_se = ABSENT;
	m->cseq = sent(h)->cseq;
	m->to_tag = ipc_put(edge, span_str(of_whom->ours));
	m->has_challenge = m->auth_qop = m->auth_proxy = 1;
	m->auth_algorithm = DIGEST_SHA256;
	m->auth_realm = ipc_put(edge, SPAN("telco.example"));
	m->auth_nonce = ipc_put(edge, SPAN("nonce-1"));
	ipc_end(edge);
	sim_turn();
}

static void has_an_account(void)
{
	struct trunk_conf *c = &sim.site.trunk[0];

	strcpy(c->login, "us");
	strcpy(c->realm, "telco.example");
}

/* A phone changes, and its trunk is asked; it wants the password for that. */
static void a_trunk_is_asked_with_its_password(void)
{
	begin_with(has_an_account);
	const struct sdp o = trunk_says("98", 1);
	invite_with(&t, "+33123456789", "+33140000001", false, &o);
	talk_rings_at(&b, &bob);
	struct sdp s = phone_says(&b, "9", 1, "sendrecv");
	talk_answer(&b, 200, &s);
	NEED(talk_takes(&b, SIP_ACK));
	talk_hears(&t, 200);
	talk_ack(&t);
	t.core_cseq = 0;
	s = phone_says(&b, "8", 2, "sendrecv");
	const uint64_t txn = talk_send(&b, SIP_INVITE, &s);
	struct heard *h = is_asked(&t, "80");
	wants_its_password(&t, h);
	h = sim_take(PROC_KEEPER, MSG_TRUNK_DIGEST_WANT, NULL, NULL);
	NEED(h);
	struct msg_trunk_digest *m = ipc_begin(sim_far(PROC_KEEPER, 0), MSG_TRUNK_DIGEST);
	m->token = ((const struct msg_trunk_digest_want *)(const void *)h->payload)->token;
	m->verdict = TRUNK_DIGEST_OK;
	m->response = ipc_put(sim_far(PROC_KEEPER, 0), SPAN("0123456789abcdef"));
	ipc_end(sim_far(PROC_KEEPER, 0));
	sim_turn();
	h = is_asked(&t, "80");
	NEED(sent(h)->auth_user.len && !reply_to(txn));
	const struct sdp said = trunk_says("8", 2);
	talk_reply(&t, h, 200, &said);
	NEED(talk_takes(&t, SIP_ACK) && code_of(txn) == 200);
	talk_ack(&b);
	is_heard("8", "8");
	call_hang_up(&b, &t);
	finish();
}

/* Neither side stays with a change that the other did not live to see. */
static void who_hangs_up_meanwhile_leaves_nothing(void)
{
	goes_out("980", "9");
	const struct sdp law = trunk_says("8", 2);
	const uint64_t txn = talk_send(&t, SIP_INVITE, &law);
	(void)is_asked(&a, "80");
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	NEED(code_of(txn) == 487);
	struct heard *bye = talk_takes(&t, SIP_BYE);
	NEED(bye);
	talk_reply(&t, bye, 200, NULL);
	finish();
}

/* --- early media in one codec, the answer in another --- */

static void says_as(const char *tag, unsigned code, const struct sdp *sdp)
{
	snprintf(t.ours, sizeof t.ours, "%s", tag);
	talk_answer(&t, code, sdp);
}

/* An announcement in A-law; then whoever answers has these. alice has A-law still, as she was told with the 183. */
static void is_answered_after_early_media(const char *answerer, const char *types)
{
	begin_with(NULL);
	a.phone = &alice;
	const struct sdp o = phone_says(&a, "980", 1, "sendrecv"), early = trunk_says("8", 1), s = trunk_says(types, 2);
	talk_invite(&a, &alice, "0123456789", &o);
	talk_rings_at(&t, &telco[0]);
	says_as("announcement", 183, &early);
	hears_last(183);
	NEED(speaks(&a.sdp, "8"));
	is_heard("8", "8");
	says_as(answerer, 200, &s);
	NEED(talk_takes(&t, SIP_ACK));
	hears_last(200);
	NEED(speaks(&a.sdp, "8") && !sent_to(&alice, SIP_INVITE));
	talk_ack(&a);
	sim_pass(100);
}

static void is_asked_for_it_and_hears(const char *answerer)
{
	is_answered_after_early_media(answerer, "9");
	struct heard *h = is_asked(&a, "9");
	const struct sdp said = phone_says(&a, "9", 2, "sendrecv");
	talk_reply(&a, h, 200, &said);
	NEED(talk_takes(&a, SIP_ACK));
	is_heard("9", "9");
	sim_pass(5000);
	NEED(!sent_to(&alice, SIP_INVITE) && !sent_to(&telco[0], SIP_INVITE));
	call_hang_up(&a, &t);
	finish();
}

static void an_answer_of_another_codec_is_heard(void)
{
	is_asked_for_it_and_hears("announcement");
}

static void of_another_branch_too(void)
{
	is_asked_for_it_and_hears("callee");
}

static const struct relay_payload *payload_of(const struct relay_side *s, unsigned type)
{
	for (int i = 0; i < s->payloads; i++)
		if (s->payload[i].type == type)
			return &s->payload[i];
	return NULL;
}

/* What the trunk sends by this number goes to alice by that one. */
static void goes_to_alice(unsigned type, unsigned to)
{
	const struct relay_spec *w = relay_wish(NULL);
	const struct relay_payload *p = w ? payload_of(&w->side[1], type) : NULL;

	NEED(p && p->to == to);
}

/* Of two branches each has early media, in a codec of its own; alice offered both, and was told of the first. */
static void early_media_of_another_branch_are_heard(void)
{
	begin_with(NULL);
	a.phone = &alice;
	const struct sdp o = phone_says(&a, "980", 1, "sendrecv"), law = trunk_says("8", 1), wide = trunk_says("9", 2),
			 mu = trunk_says("0", 3);
	talk_invite(&a, &alice, "0123456789", &o);
	talk_rings_at(&t, &telco[0]);
	says_as("announcement", 183, &law);
	hears_last(183);
	goes_to_alice(8, 8);
	says_as("callee", 183, &wide);
	goes_to_alice(9, 9);
	says_as("third", 183, &mu);
	goes_to_alice(0, 8); /* that she can certainly hear */
	says_as("callee", 183, &wide);
	goes_to_alice(9, 9);
	/* and so it is heard until she has taken what it answers with */
	says_as("callee", 200, &wide);
	NEED(talk_takes(&t, SIP_ACK));
	goes_to_alice(9, 9);
	hears_last(200);
	NEED(speaks(&a.sdp, "8"));
	talk_ack(&a);
	sim_pass(100);
	const struct sdp said = phone_says(&a, "9", 2, "sendrecv");
	talk_reply(&a, is_asked(&a, "9"), 200, &said);
	NEED(talk_takes(&a, SIP_ACK));
	is_heard("9", "9");
	call_hang_up(&a, &t);
	finish();
}

/* Our re-INVITE crosses one of hers, which settles it as well; if it does not come, she is asked again. */
static void glare_is_tried_again(void)
{
	is_answered_after_early_media("announcement", "9");
	struct heard *h = is_asked(&a, "9");
	talk_reply(&a, h, 491, NULL);
	NEED(!sent_to(&alice, SIP_INVITE));
	sim_pass(3000);
	h = is_asked(&a, "9");
	talk_reply(&a, h, 491, NULL);
	const struct sdp hers = phone_says(&a, "980", 3, "sendrecv");
	changes(&a, &hers, "9");
	is_heard("9", "9");
	sim_pass(5000);
	NEED(!sent_to(&alice, SIP_INVITE));
	call_hang_up(&a, &t);
	finish();
}

/* Who says it to all that we ask is asked eight times, and then the trunk for what she has. */
static void glare_without_end_is_a_refusal(void)
{
	is_answered_after_early_media("callee", "9");
	for (int i = 0; i < 8; i++) {
		talk_reply(&a, is_asked(&a, "9"), 491, NULL);
		sim_pass(i < 7 ? 2600 : 50);
	}
	const struct sdp law = trunk_says("8", 3);
	talk_reply(&t, is_asked(&t, "80"), 200, &law);
	NEED(talk_takes(&t, SIP_ACK));
	is_heard("8", "8");
	sim_pass(30000);
	NEED(!sent_to(&alice, SIP_INVITE) && !sent_to(&telco[0], SIP_INVITE));
	call_hang_up(&a, &t);
	finish();
}

static void who_refuses_it_is_hung_up_on(void)
{
	is_answered_after_early_media("callee", "9");
	talk_reply(&a, is_asked(&a, "9"), 488, NULL);
	sim_pass(50);
	talk_reply(&t, is_asked(&t, "80"), 488, NULL); /* who has what she has not is asked as well */
	is_over();
}

static void or_the_other_takes_what_she_has(void)
{
	is_answered_after_early_media("callee", "9");
	talk_reply(&a, is_asked(&a, "9"), 488, NULL);
	sim_pass(50);
	const struct sdp law = trunk_says("8", 3);
	talk_reply(&t, is_asked(&t, "80"), 200, &law);
	NEED(talk_takes(&t, SIP_ACK));
	is_heard("8", "8");
	sim_pass(5000);
	NEED(!sent_to(&alice, SIP_INVITE) && !sent_to(&telco[0], SIP_INVITE));
	call_hang_up(&a, &t);
	finish();
}

static struct sdp with_opus(struct sdp s)
{
	s.audio.codec[s.audio.codec_n++] =
	    (struct sdp_codec){.pt = 111, .codec = SDP_OPUS, .channels = 2, .clock = 48000};
	return s;
}

/* Or can't: the exchange has no payload type for what the trunk did not name. */
static void or_the_other_cannot_be_asked(void)
{
	begin_with(NULL);
	a.phone = &alice;
	const struct sdp o = with_opus(phone_says(&a, "8", 1, "sendrecv")), early = with_opus(trunk_says("", 1)),
			 s = trunk_says("8", 2);
	talk_invite(&a, &alice, "0123456789", &o);
	talk_rings_at(&t, &telco[0]);
	says_as("announcement", 183, &early);
	hears_last(183);
	says_as("callee", 200, &s);
	NEED(talk_takes(&t, SIP_ACK));
	hears_last(200);
	talk_ack(&a);
	sim_pass(100);
	talk_reply(&a, is_asked(&a, "80"), 488, NULL);
	sim_pass(100);
	is_over();
}

static void and_who_says_nothing(void)
{
	is_answered_after_early_media("callee", "9");
	(void)is_asked(&a, "9");
	sim_pass(33000);
	is_over();
}

/* The other has what she had by then, and follows her: she is not asked to follow it in turn, without end. */
static void who_answers_too_late_is_followed(void)
{
	is_answered_after_early_media("callee", "9");
	struct heard *h = is_asked(&a, "9");
	const struct sdp law = trunk_says("8", 3), back = trunk_says("9", 4), said = phone_says(&a, "9", 2, "sendrecv");
	sim_pass(4200);
	talk_reply(&t, is_asked(&t, "80"), 200, &law);
	NEED(talk_takes(&t, SIP_ACK));
	is_heard("8", "8");
	talk_reply(&a, h, 200, &said);
	NEED(talk_takes(&a, SIP_ACK));
	sim_pass(600);
	talk_reply(&t, is_asked(&t, "9"), 200, &back);
	NEED(talk_takes(&t, SIP_ACK));
	is_heard("9", "9");
	sim_pass(5000);
	NEED(!sent_to(&alice, SIP_INVITE) && !sent_to(&telco[0], SIP_INVITE));
	call_hang_up(&a, &t);
	finish();
}

/* The trunk may send either; it is asked for the one that alice has. */
static void who_answers_with_more_is_asked_for_less(void)
{
	is_answered_after_early_media("announcement", "98");
	NEED(!sent_to(&alice, SIP_INVITE));
	struct heard *h = is_asked(&t, "80");
	const struct sdp s = trunk_says("8", 3);
	talk_reply(&t, h, 200, &s);
	NEED(talk_takes(&t, SIP_ACK));
	is_heard("8", "8");
	call_hang_up(&a, &t);
	finish();
}

static void helps(void)
{
	sim.site.trunk[0].emergency = 1;
	sim.device[0].flags = DEVICE_FIXED;
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, city=Paris, street=Rue Neuve, house=12, room=4");
}

/* R16: a call for help whose trunk had early media and then no line is told so, under the keys and in the codecs of its 183. */
static void who_is_told_after_early_media_keeps_its_keys(void)
{
	begin_with(helps);
	a.phone = &alice;
	const struct sdp o = phone_says(&a, "980", 1, "sendrecv"), early = trunk_says("98", 1);
	talk_invite(&a, &alice, "112", &o);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 183, &early);
	hears_last(183);
	const struct sdp was = a.sdp;
	NEED(speaks(&was, "98") && was.audio.crypto_n == 1);
	talk_answer(&t, 503, NULL);
	for (int i = 0; i < 60; i++) {
		struct heard *h = sent_to(&telco[0], SIP_INVITE);
		if (h)
			phone_answer(&telco[0], h, 503, NULL);
		sim_pass(500);
	}
	talk_hears(&a, 200);
	NEED(sdp_same_session(&a.sdp, &was) && a.sdp.version == was.version);
	talk_ack(&a);
	uint64_t join;
	const struct relay_spec *w = relay_wish(&join);
	NEED(w && memcmp(w->side[0].key_ours, was.audio.crypto[0].key, was.audio.crypto[0].key_len) == 0);
	NEED(w->side[0].payloads == 3);
	media_says_gate(join, RELAY_KEY_SDES);
	voice_says(turn("emergency-no-line")->token, TURN_SAID, "");
	hangs_up_on(&a);
	finish();
}

/* --- payload types of each direction --- */

/* RFC 3264 5.1: we offered events as 101, the trunk takes them as 96, and sends them as 101. */
static void who_numbers_them_otherwise_is_heard_by_both_numbers(void)
{
	begin_with(NULL);
	struct sdp s = trunk_says("8", 1);
	s.audio.codec[1].pt = 96;
	is_answered_with("8", &s);
	const struct relay_spec *w = relay_wish(NULL);
	NEED(w && w->side[1].payloads == 3 && w->side[0].payloads == 2);
	const struct relay_payload *its = payload_of(&w->side[1], 96), *ours = payload_of(&w->side[1], 101);
	NEED(its && its->codec == SDP_TELEPHONE_EVENT && its->to == 101 && its < ours);
	NEED(ours && ours->codec == SDP_TELEPHONE_EVENT && ours->frame == its->frame && ours->to == 101);
	const struct relay_payload *sent_to_it = payload_of(&w->side[0], 101);
	NEED(sent_to_it && sent_to_it->to == 96);
	call_hang_up(&a, &t);
	finish();
}

/* A number that it uses for something else is that. */
static void but_not_by_one_that_is_something_else(void)
{
	begin_with(NULL);
	struct sdp s = trunk_says("80", 1);
	s.audio.codec[1].pt = 101;
	s.audio.codec[2].pt = 96;
	is_answered_with("8", &s);
	const struct relay_spec *w = relay_wish(NULL);
	const struct relay_payload *law = w ? payload_of(&w->side[1], 101) : NULL, *events = w ? payload_of(&w->side[1], 96) : NULL;
	NEED(law && law->codec == SDP_PCMU && law->to == 8 && events && events->codec == SDP_TELEPHONE_EVENT);
	const struct relay_payload *by_our_number = payload_of(&w->side[1], 0);
	NEED(by_our_number && by_our_number->codec == SDP_PCMU && by_our_number > law && w->side[1].payloads == 4);
	call_hang_up(&a, &t);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(hold_and_resume_keep_the_codec);
	SIM(between_phones_too);
	SIM(another_codec_is_asked_of_the_other_first);
	SIM(and_refused_where_it_has_none);
	SIM(who_takes_it_without_speech_is_given_back_what_stood);
	SIM(who_may_send_more_is_asked_for_less);
	SIM(or_hears_in_what_is_left);
	SIM(the_other_law_is_put_into_it);
	SIM(our_own_offer_is_what_stands);
	SIM(a_trunk_is_asked_with_its_password);
	SIM(who_hangs_up_meanwhile_leaves_nothing);
	SIM(an_answer_of_another_codec_is_heard);
	SIM(of_another_branch_too);
	SIM(early_media_of_another_branch_are_heard);
	SIM(glare_is_tried_again);
	SIM(glare_without_end_is_a_refusal);
	SIM(who_refuses_it_is_hung_up_on);
	SIM(or_the_other_takes_what_she_has);
	SIM(or_the_other_cannot_be_asked);
	SIM(and_who_says_nothing);
	SIM(who_answers_too_late_is_followed);
	SIM(who_answers_with_more_is_asked_for_less);
	SIM(who_is_told_after_early_media_keeps_its_keys);
	SIM(who_numbers_them_otherwise_is_heard_by_both_numbers);
	SIM(but_not_by_one_that_is_something_else);
	(void)test_failed_here;
	return TEST_END;
}
