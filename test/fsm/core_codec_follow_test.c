/* SPDX-License-Identifier: ISC */
/* Who changes the session waits for the other side only where nothing would be left in common, and not for long; what the other is asked
 * beside that, and what is offered at the same time, do not get into each other's way. */
#include "../unit/test.h"
#include "directory.h"
#include "sim_codec.h"
#include "sim_voice.h"
#include "wire/sdp_offer.h"

static bool was_called_off(void)
{
	return sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL) != NULL;
}

static bool is_hung_up_on(void)
{
	return sent_to(&alice, SIP_BYE) || sent_to(&telco[0], SIP_BYE);
}

static unsigned place_of_alice(void)
{
	const struct relay_spec *w = relay_wish(NULL);

	return w ? w->side[0].rtp.port : 0;
}

/* --- what has something in common --- */

/* alice and the trunk have two; she holds with one of them, and the trunk is asked beside that. */
static struct heard *holds_by(enum sip_method method)
{
	goes_out("980", "98");
	const struct sdp hold = phone_says(&a, "8", 2, "sendonly");
	struct heard *h = reply_to(talk_send(&a, method, &hold));
	const struct sdp *said = h ? sim_part(h, respond(h)->sdp) : NULL;
	NEED(said && respond(h)->code == 200 && speaks(said, "8"));
	if (method == SIP_INVITE)
		talk_ack(&a);
	NEED(!sent_to(&telco[0], SIP_INVITE));
	sim_pass(600);
	return is_asked(&t, "80");
}

static void resumes(unsigned version)
{
	const struct sdp back = phone_says(&a, "8", version, "sendrecv");

	changes(&a, &back, "8");
}

static void holds_and_resumes_by(enum sip_method method)
{
	struct heard *h = holds_by(method);
	const struct sdp other = phone_says(&a, "9", 4, "sendrecv"), said = trunk_says("8", 2);
	resumes(3);
	/* what the trunk may have no more in a moment is none of hers */
	NEED(code_of(talk_send(&a, SIP_UPDATE, &other)) == 500);
	talk_reply(&t, h, 200, &said);
	NEED(talk_takes(&t, SIP_ACK));
	is_heard("8", "8");
	sim_pass(5000);
	NEED(!sent_to(&telco[0], SIP_INVITE) && !is_hung_up_on());
	call_hang_up(&a, &t);
	finish();
}

static void a_hold_waits_for_nobody(void)
{
	holds_and_resumes_by(SIP_INVITE);
}

static void by_update_neither(void)
{
	holds_and_resumes_by(SIP_UPDATE);
}

/* R7, R16: its 200 crosses our CANCEL; the call goes on, in what they agreed to. */
static void who_follows_too_late_has_followed(void)
{
	struct heard *h = holds_by(SIP_INVITE);
	const struct sdp said = trunk_says("8", 2), hers = trunk_says("98", 3);
	sim_pass(33000);
	NEED(was_called_off());
	resumes(3);
	/* an INVITE of ours has no answer yet (RFC 3261 14.2) */
	NEED(code_of(talk_send(&t, SIP_INVITE, &hers)) == 491);
	talk_ack(&t);
	talk_reply(&t, h, 200, &said);
	NEED(talk_takes(&t, SIP_ACK) && !is_hung_up_on());
	is_heard("8", "8");
	talk_reply(&t, h, 200, &said); /* once more: our ACK was lost */
	NEED(talk_takes(&t, SIP_ACK) && !is_hung_up_on());
	/* it does answer, and is waited for again */
	const struct sdp other = phone_says(&a, "9", 4, "sendrecv");
	const uint64_t txn = talk_send(&a, SIP_INVITE, &other);
	talk_reply(&t, is_asked(&t, "9"), 488, NULL);
	NEED(code_of(txn) == 488);
	talk_ack(&a);
	call_hang_up(&a, &t);
	finish();
}

/* It might have followed, and says 491 each time: what both have stands, and she may change as she likes. */
static void who_says_glare_for_ever_is_left_alone(void)
{
	struct heard *h = holds_by(SIP_INVITE);

	for (int i = 0; i < 8; i++) {
		talk_reply(&t, i ? is_asked(&t, "80") : h, 491, NULL);
		sim_pass(2600);
	}
	sim_pass(30000);
	NEED(!sent_to(&telco[0], SIP_INVITE) && !is_hung_up_on());
	resumes(3);
	sim_pass(5000);
	NEED(!sent_to(&telco[0], SIP_INVITE));
	/* once it does change it is asked like any other */
	const struct sdp hers = trunk_says("98", 2);
	changes(&t, &hers, "8");
	is_heard("8", "8");
	call_hang_up(&a, &t);
	finish();
}

/* Nor is that 200, once more, what the other side says to its next change. */
static void and_its_200_is_of_that_alone(void)
{
	struct heard *h = holds_by(SIP_INVITE);
	const struct sdp said = trunk_says("8", 2), wide = trunk_says("9", 3), hers = phone_says(&a, "9", 4, "sendrecv");
	talk_reply(&t, h, 200, &said);
	NEED(talk_takes(&t, SIP_ACK));
	resumes(3);
	const uint64_t txn = talk_send(&t, SIP_INVITE, &wide);
	struct heard *asked = is_asked(&a, "9");
	talk_reply(&t, h, 200, &said);
	NEED(talk_takes(&t, SIP_ACK) && !reply_to(txn) && !is_hung_up_on());
	talk_reply(&a, asked, 200, &hers);
	NEED(talk_takes(&a, SIP_ACK) && code_of(txn) == 200);
	talk_ack(&t);
	is_heard("9", "9");
	call_hang_up(&a, &t);
	finish();
}

/* Nor is it asked at each hold. */
static void who_does_not_follow_is_left_alone(void)
{
	struct heard *h = holds_by(SIP_INVITE);
	sim_pass(33000);
	NEED(was_called_off());
	talk_reply(&t, h, 487, NULL);
	const struct sdp hold = phone_says(&a, "8", 3, "sendonly");
	changes(&a, &hold, "8");
	resumes(4);
	sim_pass(5000);
	NEED(!sent_to(&telco[0], SIP_INVITE) && !is_hung_up_on());
	call_hang_up(&a, &t);
	finish();
}

static void whoever_called(void)
{
	goes_out("980", "98");
	const struct sdp law = trunk_says("8", 2), again = trunk_says("8", 3);
	changes(&t, &law, "8");
	sim_pass(600);
	struct heard *h = is_asked(&a, "80");
	sim_pass(33000);
	NEED(was_called_off());
	talk_reply(&a, h, 487, NULL);
	changes(&t, &again, "8");
	sim_pass(5000);
	NEED(!sent_to(&alice, SIP_INVITE) && !is_hung_up_on());
	call_hang_up(&a, &t);
	finish();
}

/* It is mute for a moment only, and is not made so again. */
static void who_follows_without_speech_is_given_back_what_stood(void)
{
	struct heard *h = holds_by(SIP_INVITE);
	const struct sdp mute = trunk_says("", 2), as_before = trunk_says("98", 3);
	talk_reply(&t, h, 200, &mute);
	NEED(talk_takes(&t, SIP_ACK));
	talk_reply(&t, is_asked(&t, "98"), 200, &as_before);
	NEED(talk_takes(&t, SIP_ACK));
	resumes(3);
	sim_pass(5000);
	NEED(!sent_to(&telco[0], SIP_INVITE) && !is_hung_up_on());
	call_hang_up(&a, &t);
	finish();
}

/* --- what has nothing in common --- */

static void what_needs_the_other_waits_for_seconds(void)
{
	goes_out("980", "9");
	const struct sdp law = trunk_says("8", 2), said = phone_says(&a, "8", 2, "sendrecv"), back = phone_says(&a, "9", 3, "sendrecv");
	uint64_t txn = talk_send(&t, SIP_INVITE, &law);
	struct heard *h = is_asked(&a, "80");
	sim_pass(3500);
	NEED(!reply_to(txn));
	sim_pass(1000);
	NEED(code_of(txn) == 480 && was_called_off());
	/* and not once more */
	NEED(code_of(talk_send(&t, SIP_INVITE, &law)) == 488 && !sent_to(&alice, SIP_INVITE));
	/* what she says late is what she has now: she is asked to go back to what the trunk has */
	talk_reply(&a, h, 200, &said);
	NEED(talk_takes(&a, SIP_ACK) && !is_hung_up_on());
	sim_pass(600);
	talk_reply(&a, is_asked(&a, "9"), 200, &back);
	NEED(talk_takes(&a, SIP_ACK));
	is_heard("9", "9");
	/* she answers, if slowly, and is asked again */
	txn = talk_send(&t, SIP_INVITE, &law);
	talk_reply(&a, is_asked(&a, "80"), 200, &said);
	NEED(talk_takes(&a, SIP_ACK) && code_of(txn) == 200);
	talk_ack(&t);
	is_heard("8", "8");
	call_hang_up(&a, &t);
	finish();
}

/* --- a phone with DTLS --- */

static struct sdp dtls_says(const char *types, unsigned version, const char *setup)
{
	struct sdp s = sdp_of(KEYS_DTLS, alice.host, 40002, version, "sendrecv", setup), of = phone_says(&a, types, version, "sendrecv");

	s.audio.codec_n = of.audio.codec_n;
	memcpy(s.audio.codec, of.audio.codec, sizeof s.audio.codec);
	return s;
}

/* It offered actpass, was told that we are passive, and says actpass again when it is asked for another codec (baresip 1.0.0). */
static void its_role_is_the_one_that_is_left(void)
{
	begin_with(NULL);
	media_says_fingerprint(0x5a);
	a.phone = &alice;
	const struct sdp o = dtls_says("980", 1, "actpass"), wide = trunk_says("9", 1), law = trunk_says("8", 2), said = dtls_says("8", 2, "actpass");
	talk_invite(&a, &alice, "0123456789", &o);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 200, &wide);
	NEED(talk_takes(&t, SIP_ACK));
	talk_hears(&a, 200);
	talk_ack(&a);
	NEED(a.sdp.audio.setup == SDP_PASSIVE);
	const uint64_t txn = talk_send(&t, SIP_INVITE, &law);
	struct heard *h = is_asked(&a, "80");
	NEED(a.sdp.audio.setup == SDP_PASSIVE);
	talk_reply(&a, h, 200, &said);
	NEED(talk_takes(&a, SIP_ACK) && code_of(txn) == 200);
	talk_ack(&t);
	const struct relay_spec *w = relay_wish(NULL);
	NEED(w && w->side[0].end == RELAY_ENDED_DTLS && !w->side[0].dtls_active && w->side[0].keyed);
	NEED(!is_hung_up_on());
	call_hang_up(&a, &t);
	finish();
}

/* --- an offer of ours that its ACK is to answer --- */

static void asks_for_our_offer(const char *types)
{
	struct heard *h = reply_to(talk_send(&a, SIP_INVITE, NULL));
	const struct sdp *ours = h ? sim_part(h, respond(h)->sdp) : NULL;

	NEED(ours && respond(h)->code == 200 && speaks(ours, types));
	a.sdp = *ours;
}

static void answers_from_elsewhere(const char *types)
{
	struct sdp s = phone_says(&a, types, 3, "sendrecv");

	while (relay_wish(NULL))
		;
	s.audio.at.port = 41002;
	talk_ack_with(&a, &s);
	NEED(place_of_alice() == 41002);
}

/* R7: a held phone resumes so, and the trunk has one codec less before its ACK is there. */
static void stands_beside_what_the_other_changes(void)
{
	goes_out("980", "98");
	const struct sdp law = trunk_says("8", 2), said = phone_says(&a, "8", 4, "sendrecv");
	asks_for_our_offer("98");
	changes(&t, &law, "8");
	sim_pass(600); /* she is not asked to follow before */
	NEED(!sent_to(&alice, SIP_INVITE));
	answers_from_elsewhere("98");
	sim_pass(3000);
	talk_reply(&a, is_asked(&a, "80"), 200, &said);
	NEED(talk_takes(&a, SIP_ACK));
	is_heard("8", "8");
	call_hang_up(&a, &t);
	finish();
}

/* Another codec alone would have to be asked of her first. */
static void and_what_would_need_it_waits(void)
{
	goes_out("980", "9");
	const struct sdp law = trunk_says("8", 2);
	asks_for_our_offer("9");
	NEED(code_of(talk_send(&t, SIP_INVITE, &law)) == 491 && !sent_to(&alice, SIP_INVITE));
	talk_ack(&t);
	answers_from_elsewhere("9");
	call_hang_up(&a, &t);
	finish();
}

/* Nor does it go with what the other is asked meanwhile. */
static void and_with_what_the_other_is_asked(void)
{
	struct heard *h = holds_by(SIP_INVITE);
	asks_for_our_offer("8");
	talk_reply(&t, h, 488, NULL);
	answers_from_elsewhere("8");
	call_hang_up(&a, &t);
	finish();
}

static void talks_over_dtls(void)
{
	begin_with(NULL);
	media_says_fingerprint(0x5a);
	a.phone = &alice;
	const struct sdp o = dtls_says("980", 1, "actpass"), wide = trunk_says("9", 1);
	talk_invite(&a, &alice, "0123456789", &o);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 200, &wide);
	NEED(talk_takes(&t, SIP_ACK));
	talk_hears(&a, 200);
	talk_ack(&a);
}

/* RFC 8842: what it does not change of the association stands (linphone 5.1 names no fingerprint in such an answer). */
static void who_names_no_fingerprint_keeps_the_one_it_has(void)
{
	static const uint8_t setup[] = {SDP_SETUP_NONE, SDP_ACTIVE, SDP_ACTPASS};

	talks_over_dtls();
	for (unsigned i = 0; i < 3; i++) {
		const struct sdp law = trunk_says(i % 2 ? "9" : "8", 2 + i);
		struct sdp said = dtls_says(i % 2 ? "9" : "8", 2 + i, "active");
		const uint8_t had = said.audio.fingerprint[0].bytes[31];
		said.audio.fingerprint_n = 0;
		memset(said.audio.fingerprint, 0, sizeof said.audio.fingerprint);
		said.audio.setup = setup[i];
		const uint64_t txn = talk_send(&t, SIP_INVITE, &law);
		talk_reply(&a, is_asked(&a, i % 2 ? "9" : "80"), 200, &said);
		NEED(talk_takes(&a, SIP_ACK) && code_of(txn) == 200);
		talk_ack(&t);
		const struct relay_spec *w = relay_wish(NULL);
		NEED(w && w->side[0].end == RELAY_ENDED_DTLS && !w->side[0].dtls_active && w->side[0].keyed);
		NEED(had && w->side[0].fingerprint.bytes[31] == had);
	}
	NEED(!is_hung_up_on());
	call_hang_up(&a, &t);
	finish();
}

/* R7: never in the clear, nor by another association that nothing vouches for, nor by keys in the signalling. */
static void but_no_other_keys(const struct sdp *said)
{
	const struct sdp law = trunk_says("8", 2), back = dtls_says("9", 3, "active");
	const uint64_t txn = talk_send(&t, SIP_INVITE, &law);
	talk_reply(&a, is_asked(&a, "80"), 200, said);
	NEED(talk_takes(&a, SIP_ACK) && code_of(txn) == 488);
	talk_ack(&t);
	talk_reply(&a, is_asked(&a, "9"), 200, &back);
	NEED(talk_takes(&a, SIP_ACK));
	is_heard("9", "9");
	call_hang_up(&a, &t);
	finish();
}

static void nor_goes_to_clear(void)
{
	talks_over_dtls();
	const struct sdp said = trunk_says("8", 2);
	but_no_other_keys(&said);
}

static void nor_begins_another_without_one(void)
{
	talks_over_dtls();
	struct sdp said = dtls_says("8", 2, "passive");
	said.audio.fingerprint_n = 0;
	but_no_other_keys(&said);
}

/* --- what stood is given back, and that crosses another change --- */

static void is_mute(void)
{
	goes_out("980", "9");
	const struct sdp law = trunk_says("8", 2), mute = phone_says(&a, "", 2, "sendrecv");
	const uint64_t txn = talk_send(&t, SIP_INVITE, &law);
	talk_reply(&a, is_asked(&a, "80"), 200, &mute);
	NEED(talk_takes(&a, SIP_ACK) && code_of(txn) == 488);
	talk_ack(&t);
}

static void is_given_back_after_glare(void)
{
	is_mute();
	const struct sdp law = trunk_says("8", 3), as_before = phone_says(&a, "9", 3, "sendrecv");
	talk_reply(&a, is_asked(&a, "9"), 491, NULL);
	NEED(code_of(talk_send(&t, SIP_INVITE, &law)) == 491 && !sent_to(&alice, SIP_INVITE));
	talk_ack(&t);
	sim_pass(3000);
	talk_reply(&a, is_asked(&a, "9"), 200, &as_before);
	NEED(talk_takes(&a, SIP_ACK));
	is_heard("9", "9");
	sim_pass(5000);
	NEED(!sent_to(&alice, SIP_INVITE));
	call_hang_up(&a, &t);
	finish();
}

static void or_by_what_it_crossed(void)
{
	is_mute();
	const struct sdp hers = phone_says(&a, "980", 3, "sendrecv");
	talk_reply(&a, is_asked(&a, "9"), 491, NULL);
	changes(&a, &hers, "9");
	is_heard("9", "9");
	sim_pass(5000);
	NEED(!sent_to(&alice, SIP_INVITE));
	call_hang_up(&a, &t);
	finish();
}

static void but_not_for_ever(void)
{
	is_mute();
	for (int i = 0; i < 8; i++) {
		talk_reply(&a, is_asked(&a, "9"), 491, NULL);
		if (i < 7)
			sim_pass(3000);
	}
	is_over();
}

static void who_refuses_it_is_hung_up_on(void)
{
	is_mute();
	talk_reply(&a, is_asked(&a, "9"), 500, NULL);
	is_over();
}

static void and_who_says_nothing(void)
{
	is_mute();
	(void)is_asked(&a, "9");
	sim_pass(33000);
	is_over();
}

/* --- what goes on meanwhile --- */

static unsigned codec_of_music(void)
{
	struct heard *h, *last = NULL;

	while ((h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL)))
		last = h;
	return last ? ((const struct msg_turn *)(const void *)last->payload)->codec : UINT8_MAX;
}

/* The music began in what the one on hold had then, which it has no more. */
static void music_goes_on_in_what_is_left(void)
{
	is_up_with("98", "89");
	const struct sdp hold = phone_says(&a, "9", 2, "sendonly"), said = trunk_says("9", 2);
	changes(&a, &hold, "9");
	NEED(codec_of_music() == SDP_PCMA);
	sim_pass(600);
	talk_reply(&t, is_asked(&t, "9"), 200, &said);
	NEED(talk_takes(&t, SIP_ACK) && codec_of_music() == SDP_G722);
	sim_pass(5000);
	NEED(codec_of_music() == UINT8_MAX);
	call_hang_up(&a, &t);
	finish();
}

/* What is said once is heard by who has the other law meanwhile; what the former turn says no longer counts. */
static void what_is_said_once_is_said_in_what_is_left(void)
{
	uint64_t token[2];

	begin_with(NULL);
	a.phone = &alice;
	const struct sdp o = phone_says(&a, "8", 1, "sendrecv"), other = phone_says(&a, "0", 2, "sendrecv");
	talk_invite(&a, &alice, "*68", &o);
	(void)answered(&a);
	const struct msg_turn *m = turn("park-refused");
	NEED(m->codec == SDP_PCMA);
	token[0] = m->token;
	changes(&a, &other, "0");
	struct heard *h = sim_take(PROC_VOICE, MSG_TURN_STOP, NULL, NULL);
	NEED(h && ((const struct msg_turn_stop *)(const void *)h->payload)->token == token[0]);
	m = turn("interrupted park-refused");
	NEED(m->codec == SDP_PCMU && !m->loop && m->token != token[0]);
	token[1] = m->token;
	voice_says(token[0], TURN_SAID, "");
	NEED(!sent_to(&alice, SIP_BYE));
	voice_says(token[1], TURN_SAID, "");
	hangs_up_on(&a);
	finish();
}

/* However often she changes, it comes to an end. */
static void but_not_again_and_again(void)
{
	int said = 0;

	begin_with(NULL);
	a.phone = &alice;
	const struct sdp o = phone_says(&a, "8", 1, "sendrecv");
	talk_invite(&a, &alice, "*68", &o);
	(void)answered(&a);
	turn("park-refused");
	for (unsigned i = 0; i < 10; i++) {
		const char *types = i % 2 ? "8" : "0";
		const struct sdp other = phone_says(&a, types, 2 + i, "sendrecv");
		changes(&a, &other, types);
		said += codec_of_music() != UINT8_MAX;
	}
	NEED(said > 0 && said < 4);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	finish();
}

/* Her own change needs the trunk, which will not: she is still to have what stood. */
static void who_is_refused_meanwhile_is_given_back_all_the_same(void)
{
	is_mute();
	talk_reply(&a, is_asked(&a, "9"), 491, NULL);
	const struct sdp hers = phone_says(&a, "8", 3, "sendrecv"), back = phone_says(&a, "9", 4, "sendrecv");
	const uint64_t txn = talk_send(&a, SIP_INVITE, &hers);
	talk_reply(&t, is_asked(&t, "80"), 488, NULL);
	NEED(code_of(txn) == 488);
	talk_ack(&a);
	sim_pass(2600);
	talk_reply(&a, is_asked(&a, "9"), 200, &back);
	NEED(talk_takes(&a, SIP_ACK));
	is_heard("9", "9");
	call_hang_up(&a, &t);
	finish();
}

static void follows_late_without_speech(void)
{
	struct heard *h = holds_by(SIP_INVITE);
	const struct sdp mute = trunk_says("", 2), said = trunk_says("8", 3);

	sim_pass(33000);
	NEED(was_called_off());
	talk_reply(&t, h, 200, &mute);
	NEED(talk_takes(&t, SIP_ACK) && !is_hung_up_on());
	talk_reply(&t, is_asked(&t, "98"), 200, &said);
	NEED(talk_takes(&t, SIP_ACK) && !is_hung_up_on());
	call_hang_up(&a, &t);
	finish();
}

/* What edge made up is no word of the trunk's. */
static void edge_answers(struct phone *p, struct heard *h, uint16_t code)
{
	struct link *edge = sim_far(PROC_EDGE, p->edge);
	struct msg_response *m = ipc_begin(edge, MSG_RESPONSE);

	m->ref = sent(h)->ref;
	m->flow = p->flow;
	m->code = code;
	m->local = 1;
	m->method = SIP_INVITE;
	m->session_expires = m->min_se = ABSENT;
	ipc_end(edge);
	sim_turn();
}

static void an_edge_that_dies_refuses_nothing(void)
{
	is_mute();
	edge_answers(&alice, is_asked(&a, "9"), 503);
	sim_pass(2600);
	const struct sdp back = phone_says(&a, "9", 4, "sendrecv");
	NEED(!is_hung_up_on());
	talk_reply(&a, is_asked(&a, "9"), 200, &back);
	NEED(talk_takes(&a, SIP_ACK));
	is_heard("9", "9");
	call_hang_up(&a, &t);
	finish();
}

static void who_never_answers_is_asked_once(void)
{
	struct heard *h = holds_by(SIP_INVITE);

	edge_answers(&telco[0], h, 408);
	resumes(3);
	const struct sdp hold = phone_says(&a, "8", 4, "sendonly");
	changes(&a, &hold, "8");
	sim_pass(5000);
	NEED(!sent_to(&telco[0], SIP_INVITE) && !is_hung_up_on());
	call_hang_up(&a, &t);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_hold_waits_for_nobody);
	SIM(by_update_neither);
	SIM(who_follows_too_late_has_followed);
	SIM(who_says_glare_for_ever_is_left_alone);
	SIM(and_its_200_is_of_that_alone);
	SIM(who_does_not_follow_is_left_alone);
	SIM(whoever_called);
	SIM(who_follows_without_speech_is_given_back_what_stood);
	SIM(what_needs_the_other_waits_for_seconds);
	SIM(its_role_is_the_one_that_is_left);
	SIM(who_names_no_fingerprint_keeps_the_one_it_has);
	SIM(nor_goes_to_clear);
	SIM(nor_begins_another_without_one);
	SIM(stands_beside_what_the_other_changes);
	SIM(and_what_would_need_it_waits);
	SIM(and_with_what_the_other_is_asked);
	SIM(is_given_back_after_glare);
	SIM(or_by_what_it_crossed);
	SIM(but_not_for_ever);
	SIM(who_refuses_it_is_hung_up_on);
	SIM(and_who_says_nothing);
	SIM(music_goes_on_in_what_is_left);
	SIM(what_is_said_once_is_said_in_what_is_left);
	SIM(but_not_again_and_again);
	SIM(who_is_refused_meanwhile_is_given_back_all_the_same);
	SIM(follows_late_without_speech);
	SIM(an_edge_that_dies_refuses_nothing);
	SIM(who_never_answers_is_asked_once);
	(void)test_failed_here;
	return TEST_END;
}
