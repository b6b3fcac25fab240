/* SPDX-License-Identifier: ISC */
/* Changes inside a call: hold, resume, glare, refused and crossing changes (RFC 3261 14, RFC 3311), session timers on each
 * leg (RFC 4028), and what media is told of it (R5, R7). */
#include "../unit/test.h"
#include "sim_phone.h"

static struct phone alice, bob;
static struct talk a, b;
static struct sdp offer, answer;

static void open_exchange(void)
{
	sim_defaults();
	sim_open();
	phone_init(&alice, 0);
	phone_init(&bob, 1);
	alice.outbound = bob.outbound = true;
	phone_register(&alice);
	phone_register(&bob);
}

static void begin(void)
{
	open_exchange();
	call_up(&a, &alice, &b, &bob);
	relay_wish(NULL);
	offer = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendonly", NULL);
	answer = sdp_of(KEYS_SDES, bob.host, 40002, 2, "recvonly", NULL);
}

static void finish(void)
{
	sim_pass(60000);
	sim_need_idle();
}

/* `from` asks with this method, `to` answers, `from` hears it. */
static void change(struct talk *from, struct talk *to, enum sip_method method, struct sdp *ask, struct sdp *say)
{
	uint64_t txn = talk_send(from, method, ask);
	struct heard *h = talk_takes(to, SIP_INVITE);

	NEED(h && sent(h)->sdp.len);
	NEED(!reply_to(txn));
	talk_reply(to, h, 200, say);
	NEED(talk_takes(to, SIP_ACK));
	h = reply_to(txn);
	NEED(h && respond(h)->code == 200 && respond(h)->sdp.len);
	from->sdp = *(const struct sdp *)sim_part(h, respond(h)->sdp);
	if (method == SIP_INVITE)
		talk_ack(from);
}

static void hold_and_resume_both_ways(void)
{
	begin();
	uint64_t before = b.sdp.version;
	change(&a, &b, SIP_INVITE, &offer, &answer);
	NEED(b.sdp.audio.direction == SDP_SENDONLY && b.sdp.version == before + 1);
	NEED(a.sdp.audio.direction == SDP_RECVONLY);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[0].direction == RELAY_SENDS && spec->side[1].direction == RELAY_RECEIVES);
	NEED(answers_of(&spec->side[0]) == 1 && answers_of(&spec->side[1]) == 1);
	offer = sdp_of(KEYS_SDES, alice.host, 40002, 3, "sendrecv", NULL);
	answer = sdp_of(KEYS_SDES, bob.host, 40002, 3, "sendrecv", NULL);
	change(&a, &b, SIP_UPDATE, &offer, &answer);
	spec = relay_wish(NULL);
	NEED(spec && spec->side[0].direction == RELAY_BOTH && spec->side[1].direction == RELAY_BOTH);
	/* and from the callee's side */
	offer = sdp_of(KEYS_SDES, bob.host, 40002, 4, "inactive", NULL);
	answer = sdp_of(KEYS_SDES, alice.host, 40002, 4, "inactive", NULL);
	change(&b, &a, SIP_INVITE, &offer, &answer);
	spec = relay_wish(NULL);
	NEED(spec && spec->side[0].direction == RELAY_INACTIVE && spec->side[1].direction == RELAY_INACTIVE);
	call_hang_up(&b, &a);
	finish();
}

static void what_says_the_same_again_is_answered_from_what_stands(void)
{
	begin();
	offer = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendrecv", NULL); /* only the version differs */
	uint64_t txn = talk_send(&a, SIP_INVITE, &offer);
	struct heard *h = reply_to(txn);
	NEED(h && respond(h)->code == 200 && respond(h)->sdp.len);
	NEED(!talk_takes(&b, SIP_INVITE) && !relay_wish(NULL));
	talk_ack(&a);
	/* an UPDATE without an offer is a refresh alone */
	txn = talk_send(&a, SIP_UPDATE, NULL);
	h = reply_to(txn);
	NEED(h && respond(h)->code == 200 && !respond(h)->sdp.len);
	call_hang_up(&a, &b);
	finish();
}

/* `from` asks for an offer, `to` makes it; what `from` says to it is for its ACK. */
static void is_offered(struct talk *from, struct talk *to, struct sdp *said)
{
	uint64_t txn = talk_send(from, SIP_INVITE, NULL);
	struct heard *h = talk_takes(to, SIP_INVITE);

	NEED(h && !sent(h)->sdp.len && !reply_to(txn));
	talk_reply(to, h, 200, said);
	NEED(!talk_takes(to, SIP_ACK));
	h = reply_to(txn);
	NEED(h && respond(h)->code == 200 && respond(h)->sdp.len);
	from->sdp = *(const struct sdp *)sim_part(h, respond(h)->sdp);
	NEED(from->sdp.audio.direction == said->audio.direction && from->sdp.audio.at.port != said->audio.at.port);
}

/* RFC 3261 14.2, RFC 6337 5.3: an INVITE without an offer asks the other phone for one, and the ACK answers it. */
static void without_an_offer_the_other_phone_makes_it(void)
{
	begin();
	change(&a, &b, SIP_INVITE, &offer, &answer); /* alice holds */
	relay_wish(NULL);
	struct sdp theirs = sdp_of(KEYS_SDES, bob.host, 50002, 3, "sendrecv", NULL);
	struct sdp mine = sdp_of(KEYS_SDES, alice.host, 50004, 3, "sendrecv", NULL);
	is_offered(&a, &b, &theirs);
	NEED(!relay_wish(NULL));
	NEED(code_of(talk_send(&b, SIP_UPDATE, &theirs)) == 491); /* an offer waits for its answer */
	talk_ack_with(&a, &mine);
	struct heard *h = talk_takes(&b, SIP_ACK);
	NEED(h && sent(h)->sdp.len);
	const struct sdp *said = sim_part(h, sent(h)->sdp);
	NEED(said->audio.direction == SDP_SENDRECV && said->audio.at.port == b.sdp.audio.at.port);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[0].rtp.port == 50004 && spec->side[1].rtp.port == 50002);
	NEED(spec->side[0].direction == RELAY_BOTH && spec->side[1].direction == RELAY_BOTH);
	talk_ack_with(&a, &mine); /* once more */
	NEED(!talk_takes(&b, SIP_ACK) && !relay_wish(NULL));
	offer = sdp_of(KEYS_SDES, bob.host, 50002, 4, "sendonly", NULL);
	answer = sdp_of(KEYS_SDES, alice.host, 50004, 4, "recvonly", NULL);
	change(&b, &a, SIP_INVITE, &offer, &answer); /* and on as ever */
	call_hang_up(&a, &b);
	finish();
}

static void an_offer_that_is_refused_or_not_answered(void)
{
	begin();
	uint64_t txn = talk_send(&a, SIP_INVITE, NULL);
	talk_reply(&b, talk_takes(&b, SIP_INVITE), 488, NULL);
	NEED(code_of(txn) == 488 && !relay_wish(NULL)); /* and the call goes on */
	struct sdp theirs = sdp_of(KEYS_SDES, bob.host, 50002, 3, "sendrecv", NULL);
	is_offered(&a, &b, &theirs);
	talk_ack_with(&a, NULL); /* bob's phone has a new session by now, and no answer to it */
	NEED(talk_takes(&b, SIP_ACK) && talk_takes(&b, SIP_BYE) && talk_takes(&a, SIP_BYE));
	finish();
}

static void an_offer_whose_ack_never_comes(void)
{
	begin();
	struct sdp theirs = sdp_of(KEYS_SDES, bob.host, 50002, 3, "sendrecv", NULL);
	is_offered(&a, &b, &theirs);
	sim_pass(33000);
	NEED(talk_takes(&b, SIP_ACK) && talk_takes(&b, SIP_BYE) && talk_takes(&a, SIP_BYE));
	finish();
}

static void a_phone_that_has_no_offer_to_make(void)
{
	begin();
	uint64_t txn = talk_send(&a, SIP_INVITE, NULL);
	talk_reply(&b, talk_takes(&b, SIP_INVITE), 200, NULL);
	NEED(talk_takes(&b, SIP_ACK) && talk_takes(&b, SIP_BYE) && talk_takes(&a, SIP_BYE) && code_of(txn) >= 400);
	finish();
}

static void the_200_of_a_change_is_repeated_and_missed(void)
{
	begin();
	uint64_t txn = talk_send(&a, SIP_INVITE, &offer);
	talk_reply(&b, talk_takes(&b, SIP_INVITE), 200, &answer);
	NEED(talk_takes(&b, SIP_ACK));
	NEED(code_of(txn) == 200);
	sim_pass(600);
	NEED(code_of(txn) == 200);
	sim_clear();
	sim_pass(32000); /* RFC 3261 14.2: no ACK, BYE */
	NEED(talk_takes(&a, SIP_BYE) && talk_takes(&b, SIP_BYE));
	finish();
}

/* RFC 3261 14.1, 14.2 */
static void glare_is_491_and_a_second_change_500(void)
{
	begin();
	uint64_t txn = talk_send(&a, SIP_INVITE, &offer);
	struct heard *h = talk_takes(&b, SIP_INVITE);
	NEED(h);
	struct sdp mine = sdp_of(KEYS_SDES, bob.host, 40002, 5, "sendonly", NULL);
	NEED(code_of(talk_send(&b, SIP_INVITE, &mine)) == 491);
	NEED(code_of(talk_send(&b, SIP_UPDATE, &mine)) == 491);
	NEED(code_of(talk_send(&b, SIP_INVITE, NULL)) == 491); /* a refresh by INVITE overlaps too */
	struct heard *again = reply_to(talk_send(&a, SIP_UPDATE, &offer));
	NEED(again && respond(again)->code == 500 && respond(again)->retry_after);
	NEED(code_of(talk_send(&b, SIP_UPDATE, NULL)) == 200); /* no offer: nothing overlaps */
	talk_reply(&b, h, 200, &answer);
	NEED(talk_takes(&b, SIP_ACK) && code_of(txn) == 200);
	talk_ack(&a);
	call_hang_up(&a, &b);
	finish();
}

/* RFC 3261 14.1: a refused change leaves the session as it was, for both and for the relay. */
static void a_refused_change_changes_nothing(void)
{
	begin();
	struct sdp was_a = a.sdp, was_b = b.sdp;
	static const struct {
		unsigned code, told;
	} row[] = {{488, 488}, {491, 491}, {500, 500}, {603, 500}};
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		uint64_t txn = talk_send(&a, SIP_INVITE, &offer);
		talk_reply(&b, talk_takes(&b, SIP_INVITE), row[i].code, NULL);
		NEED(code_of(txn) == row[i].told);
	}
	NEED(!relay_wish(NULL));
	/* what core says to each on a refresh is what stood before */
	offer = sdp_of(KEYS_SDES, alice.host, 40002, 3, "sendrecv", NULL);
	struct heard *h = reply_to(talk_send(&a, SIP_INVITE, &offer));
	const struct sdp *now = sim_part(h, respond(h)->sdp);
	NEED(now->audio.direction == was_a.audio.direction && now->version == was_a.version);
	talk_ack(&a);
	answer = sdp_of(KEYS_SDES, bob.host, 40002, 3, "sendrecv", NULL);
	h = reply_to(talk_send(&b, SIP_INVITE, &answer));
	now = sim_part(h, respond(h)->sdp);
	NEED(now->audio.direction == SDP_SENDRECV && now->version == was_b.version);
	talk_ack(&b);
	call_hang_up(&a, &b);
	finish();
}

/* The same session from another port or under other ICE is between that phone and us (RFC 8839 4.4). */
static void a_phone_that_moves_is_answered_and_the_other_not_asked(void)
{
	begin();
	struct sdp moved = sdp_of(KEYS_SDES, bob.host, 50002, 2, "sendrecv", NULL);
	struct heard *h = reply_to(talk_send(&b, SIP_INVITE, &moved));
	NEED(h && respond(h)->code == 200 && !talk_takes(&a, SIP_INVITE));
	const struct sdp *now = sim_part(h, respond(h)->sdp);
	NEED(now && now->audio.crypto_n == 1 && now->audio.at.port == b.sdp.audio.at.port);
	talk_ack(&b);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[1].rtp.port == 50002 && answers_of(&spec->side[1]) == 1 && spec->side[0].rtp.port == 40002);
	/* said once more it is a refresh, of which the relay hears nothing */
	NEED(code_of(talk_send(&b, SIP_INVITE, &moved)) == 200 && !relay_wish(NULL));
	talk_ack(&b);
	call_hang_up(&a, &b);
	finish();
}

static void the_role_in_dtls_stands_when_a_phone_moves(void)
{
	open_exchange();
	struct sdp first = sdp_of(KEYS_DTLS, alice.host, 40002, 1, "sendrecv", "actpass");
	struct sdp say = sdp_of(KEYS_DTLS, bob.host, 40002, 1, "sendrecv", "active");
	talk_invite(&a, &alice, "bob", &first);
	talk_rings_at(&b, &bob);
	talk_up(&a, &b, &say);
	static const char *const offered[] = {"active", "actpass", "active"};
	for (unsigned i = 0; i < 3; i++) {
		struct sdp moved = sdp_of(KEYS_DTLS, bob.host, 50002 + 2 * i, 2, "sendrecv", offered[i]);
		struct heard *h = reply_to(talk_send(&b, SIP_INVITE, &moved));
		NEED(h && respond(h)->code == 200 && !talk_takes(&a, SIP_INVITE));
		const struct sdp *now = sim_part(h, respond(h)->sdp);
		NEED(now && now->audio.setup == SDP_PASSIVE);
		talk_ack(&b);
	}
	/* the other role is another association: the other phone is asked */
	struct sdp other = sdp_of(KEYS_DTLS, bob.host, 50008, 3, "sendrecv", "passive");
	talk_send(&b, SIP_INVITE, &other);
	struct heard *h = talk_takes(&a, SIP_INVITE);
	NEED(h);
	talk_reply(&a, h, 488, NULL);
	call_hang_up(&a, &b);
	finish();
}

/* baresip 1.0.0, where it called: its answers are actpass, and it goes on in its role (RFC 8842 5.5). */
static void who_answers_actpass_keeps_its_role_in_dtls(void)
{
	open_exchange();
	struct sdp first = sdp_of(KEYS_DTLS, alice.host, 40002, 1, "sendrecv", "actpass");
	struct sdp say = sdp_of(KEYS_DTLS, bob.host, 40002, 1, "sendrecv", "active");
	talk_invite(&a, &alice, "bob", &first);
	talk_rings_at(&b, &bob);
	struct msg_response *m = talk_begin_answer(&b, 200);
	m->session_expires = 300;
	m->refresher = REFRESHER_UAC; /* core */
	m->sdp = phone_put_sdp(&bob, &say);
	talk_end_answer(&b);
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
	talk_ack(&a);
	relay_wish(NULL);
	sim_pass(150100); /* a refresh, which it answers from another place */
	struct heard *h = talk_takes(&b, SIP_INVITE);
	say = sdp_of(KEYS_DTLS, bob.host, 50002, 2, "sendrecv", "actpass");
	NEED(h);
	talk_reply(&b, h, 200, &say);
	NEED(talk_takes(&b, SIP_ACK));
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[1].rtp.port == 50002);
	static const char *const holds[] = {"sendonly", "sendrecv"}, *const held[] = {"recvonly", "sendrecv"};
	for (unsigned i = 0; i < 2; i++) {
		offer = sdp_of(KEYS_DTLS, bob.host, 50002, 3 + i, holds[i], "actpass");
		answer = sdp_of(KEYS_DTLS, alice.host, 40002, 2 + i, held[i], "actpass");
		change(&b, &a, SIP_INVITE, &offer, &answer);
		NEED(b.sdp.audio.setup == SDP_PASSIVE);
	}
	call_hang_up(&a, &b);
	finish();
}

/* Or it would be on hold, and the other not. */
static void who_answers_a_change_with_what_does_not_fit_is_offered_what_stood(void)
{
	begin();
	struct sdp stood = sdp_of(KEYS_SDES, bob.host, 40002, 3, "sendrecv", NULL);
	struct sdp odd = sdp_of(KEYS_DTLS, bob.host, 40002, 2, "recvonly", "active"), *const says[] = {&odd, NULL};
	struct heard *h;
	for (unsigned i = 0; i < 2; i++) {
		uint64_t txn = talk_send(&a, SIP_INVITE, &offer);
		talk_reply(&b, talk_takes(&b, SIP_INVITE), 200, says[i]);
		const uint64_t offered = b.sdp.version;
		NEED(talk_takes(&b, SIP_ACK) && code_of(txn) == 488);
		h = talk_takes(&b, SIP_INVITE);
		NEED(h && sent(h)->sdp.len && b.sdp.audio.direction == SDP_SENDRECV && b.sdp.version > offered);
		talk_reply(&b, h, 200, &stood);
		NEED(talk_takes(&b, SIP_ACK) && !relay_wish(NULL));
	}
	change(&a, &b, SIP_INVITE, &offer, &answer);
	/* to whom that does not fit either nothing does */
	offer = sdp_of(KEYS_SDES, alice.host, 40002, 4, "sendrecv", NULL);
	talk_send(&a, SIP_INVITE, &offer);
	talk_reply(&b, talk_takes(&b, SIP_INVITE), 200, &odd);
	NEED(talk_takes(&b, SIP_ACK));
	h = talk_takes(&b, SIP_INVITE);
	NEED(h);
	talk_reply(&b, h, 200, &odd);
	NEED(talk_takes(&a, SIP_BYE) && talk_takes(&b, SIP_BYE));
	finish();
}

/* RFC 4568 5.1.2: the suite of the answer counts for both directions, whatever stood first in the offer (R7) */
static void the_tag_is_that_of_the_agreed_suite(void)
{
	begin();
	offer.audio.crypto_n = 2;
	offer.audio.crypto[1] = offer.audio.crypto[0];
	offer.audio.crypto[0] = (struct sdp_crypto){.tag = 7, .suite = SDP_AEAD_AES_128_GCM, .key_len = 28, .key = {1}};
	change(&a, &b, SIP_INVITE, &offer, &answer);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[0].tag_len == 10 && spec->side[1].tag_len == 10);
	call_hang_up(&a, &b);
	finish();
}

static void a_change_that_is_no_good_is_488_at_once(void)
{
	begin();
	offer.audio.crypto_n = 0;
	offer.audio.proto = SDP_RTP_AVP;
	NEED(code_of(talk_send(&a, SIP_INVITE, &offer)) == 488);
	NEED(!talk_takes(&b, SIP_INVITE));
	/* an answer that is no good is 488 to the one who asked */
	offer = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendonly", NULL);
	uint64_t txn = talk_send(&a, SIP_INVITE, &offer);
	answer.audio.crypto[0].tag = 9;
	talk_reply(&b, talk_takes(&b, SIP_INVITE), 200, &answer);
	NEED(talk_takes(&b, SIP_ACK) && code_of(txn) == 488);
	call_hang_up(&a, &b);
	finish();
}

static void a_change_for_which_the_dialog_is_gone_ends_the_call(void)
{
	begin();
	uint64_t txn = talk_send(&a, SIP_INVITE, &offer);
	talk_reply(&b, talk_takes(&b, SIP_INVITE), 481, NULL);
	NEED(code_of(txn) != 0 && talk_takes(&a, SIP_BYE));
	finish();
}

/* An INVITE may stay without a final answer for ever once it got a 1xx. */
static void a_change_that_nobody_answers_is_taken_back(void)
{
	begin();
	uint64_t txn = talk_send(&a, SIP_INVITE, &offer);
	struct heard *h = talk_takes(&b, SIP_INVITE);
	phone_answer(&bob, h, 180, NULL);
	sim_pass(31000);
	NEED(!reply_to(txn));
	sim_pass(1500);
	NEED(code_of(txn) == 480);
	struct heard *cancel = sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL);
	NEED(cancel && ((const struct msg_cancel_sent *)(const void *)cancel->payload)->ref == sent(h)->ref);
	talk_reply(&b, h, 487, NULL);
	/* the next one works */
	offer.version++;
	change(&a, &b, SIP_INVITE, &offer, &answer);
	call_hang_up(&a, &b);
	finish();
}

static void a_change_made_after_it_was_taken_back_ends_the_call(void)
{
	begin();
	talk_send(&a, SIP_INVITE, &offer);
	struct heard *h = talk_takes(&b, SIP_INVITE);
	sim_pass(33000);
	talk_reply(&b, h, 200, &answer);
	NEED(talk_takes(&b, SIP_ACK) && talk_takes(&b, SIP_BYE) && talk_takes(&a, SIP_BYE));
	finish();
}

/* RFC 3261 15.1.2: what waits when the BYE comes gets its answer */
static void bye_while_a_change_is_under_way(void)
{
	begin();
	uint64_t txn = talk_send(&a, SIP_INVITE, &offer);
	struct heard *h = talk_takes(&b, SIP_INVITE);
	NEED(code_of(talk_send(&b, SIP_BYE, NULL)) == 200);
	NEED(code_of(txn) == 487 && talk_takes(&a, SIP_BYE));
	(void)h;
	finish();
}

static void a_change_too_soon(void)
{
	open_exchange();
	struct sdp first = sdp_plain(&alice), say = sdp_plain(&bob);
	offer = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendonly", NULL);
	talk_invite(&a, &alice, "bob", &first);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	/* RFC 3311 5.2: its own offer has no answer yet: 500; ours has none: 491 */
	NEED(code_of(talk_send(&a, SIP_UPDATE, &offer)) == 500);
	NEED(code_of(talk_send(&b, SIP_UPDATE, &say)) == 491);
	talk_answer(&b, 200, &say);
	NEED(talk_takes(&b, SIP_ACK));
	NEED(code_of(talk_send(&b, SIP_INVITE, &offer)) == 491); /* the caller's ACK is missing */
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &b);
	NEED(code_of(talk_send(&b, SIP_INVITE, &offer)) == 481);
	finish();
}

static void a_change_while_ours_is_being_hung_up_finds_no_dialog(void)
{
	begin();
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	NEED(code_of(talk_send(&b, SIP_INVITE, &answer)) == 481);
	talk_reply(&b, talk_takes(&b, SIP_BYE), 200, NULL);
	finish();
}

/* --- session timers --- */

static void a_phone_without_timers_is_asked_by_options(void)
{
	begin();
	sim_pass(sim.site.session_expires_s * 500ull - 5000);
	NEED(!talk_takes(&a, SIP_OPTIONS));
	sim_pass(10000);
	struct heard *h = talk_takes(&a, SIP_OPTIONS);
	NEED(h);
	talk_reply(&a, h, 200, NULL);
	h = talk_takes(&b, SIP_OPTIONS);
	NEED(h);
	talk_reply(&b, h, 405, NULL); /* alive all the same */
	sim_pass(sim.site.session_expires_s * 500ull);
	h = talk_takes(&a, SIP_OPTIONS);
	NEED(h);
	talk_reply(&a, h, 200, NULL);
	h = talk_takes(&b, SIP_OPTIONS);
	NEED(h);
	talk_reply(&b, h, 481, NULL); /* knows of no call */
	NEED(talk_takes(&a, SIP_BYE));
	finish();
}

static void a_phone_that_never_answers_again_loses_its_call(void)
{
	begin();
	phone_down(&bob);
	for (int i = 0; i < 3; i++) {
		sim_pass(sim.site.session_expires_s * 500ull + 50000);
		struct heard *h = talk_takes(&a, SIP_OPTIONS);
		if (h)
			talk_reply(&a, h, 200, NULL);
	}
	NEED(talk_takes(&a, SIP_BYE));
	finish();
	NEED(sim.records == 1);
}

static void begin_with_timer(uint32_t expires, enum refresher refresher, uint32_t supported)
{
	struct sdp first, say;

	open_exchange();
	first = sdp_plain(&alice);
	say = sdp_plain(&bob);
	struct msg_request *m = phone_begin(&alice, SIP_INVITE);
	a = (struct talk){.phone = &alice, .cseq = m->cseq + 1, .invite_cseq = m->cseq, .supported = supported};
	strcpy(a.call_id, "timer");
	strcpy(a.ours, "tag-of-phone");
	m->call_id = phone_put(&alice, a.call_id);
	m->target_user = m->to_user = phone_put(&alice, "bob");
	m->contact = phone_put(&alice, "<sip:alice@198.51.100.1:40000;transport=tls>");
	m->session_expires = expires;
	m->refresher = (uint8_t)refresher;
	m->supported = supported;
	m->allow |= 1u << SIP_UPDATE;
	m->sdp = phone_put_sdp(&alice, &first);
	a.txn = phone_end(&alice);
	if (!sent_to(&bob, SIP_INVITE))
		return;
	for (uint32_t i = 0; i < sim.heard_n; i++) /* put it back for talk_rings_at() */
		if (sim.heard[i].type == MSG_SEND)
			sim.heard[i].taken = false;
	talk_rings_at(&b, &bob);
	talk_answer(&b, 200, &say);
	NEED(talk_takes(&b, SIP_ACK));
}

static void too_short_an_interval_is_422(void)
{
	begin_with_timer(60, REFRESHER_NONE, SIP_TAG_TIMER);
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 422 && respond(h)->min_se == 90);
	finish();
	/* in the dialog too, and what was agreed stays */
	call_up(&a, &alice, &b, &bob);
	struct msg_request *m = talk_begin(&a, SIP_UPDATE);
	m->session_expires = 89;
	m->supported |= SIP_TAG_TIMER;
	h = reply_to(talk_end(&a));
	NEED(h && respond(h)->code == 422);
	call_hang_up(&a, &b);
	finish();
}

/* Of an interval without end nothing would be left of the timer: who wants one has none, and is asked whether it is there. */
static void an_interval_beyond_a_day_is_none(void)
{
	open_exchange();
	struct sdp first = sdp_plain(&alice), say = sdp_plain(&bob);
	talk_invite(&a, &alice, "bob", &first);
	talk_rings_at(&b, &bob);
	struct msg_response *said = talk_begin_answer(&b, 200);
	said->session_expires = 4000000000;
	said->refresher = REFRESHER_UAS;
	said->sdp = phone_put_sdp(&bob, &say);
	talk_end_answer(&b);
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
	talk_ack(&a);
	struct msg_request *m = talk_begin(&a, SIP_UPDATE);
	m->session_expires = 180;
	m->min_se = 4294967;
	m->supported |= SIP_TAG_TIMER;
	struct heard *h = reply_to(talk_end(&a));
	NEED(h && respond(h)->code == 200 && respond(h)->session_expires == 0);
	sim_pass(sim.site.session_expires_s * 500ull + 1000);
	struct heard *ask_a = talk_takes(&a, SIP_OPTIONS), *ask_b = talk_takes(&b, SIP_OPTIONS);
	NEED(ask_a && ask_b);
	talk_reply(&a, ask_a, 200, NULL);
	talk_reply(&b, ask_b, 200, NULL);
	/* nor is a hang-up that it does not hear owed for longer than to any other */
	phone_down(&bob);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	sim_pass(1000);
	NEED(sim_status("hang-ups-owed").used == 1);
	sim_pass(sim.site.session_expires_s * 1000ull - 60000);
	NEED(sim_status("hang-ups-owed").used == 1);
	sim_pass(120000);
	NEED(sim_status("hang-ups-owed").used == 0);
	finish();
}

static void a_phone_that_refreshes_itself_is_waited_for(void)
{
	begin_with_timer(180, REFRESHER_UAC, SIP_TAG_TIMER);
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 200 && respond(h)->session_expires == 180);
	NEED(respond(h)->refresher == REFRESHER_UAC && respond(h)->required & SIP_TAG_TIMER);
	h->taken = false;
	talk_hears(&a, 200);
	talk_ack(&a);
	sim_pass(100000);
	struct msg_request *m = talk_begin(&a, SIP_UPDATE);
	m->session_expires = 180;
	m->refresher = REFRESHER_UAC;
	h = reply_to(talk_end(&a));
	NEED(h && respond(h)->code == 200 && respond(h)->session_expires == 180);
	/* and then no more: RFC 4028 10 ends it 32 s (or a third) before the end */
	sim_pass(147000);
	NEED(!talk_takes(&a, SIP_BYE));
	sim_pass(2000);
	NEED(talk_takes(&a, SIP_BYE) && talk_takes(&b, SIP_BYE));
	finish();
}

static void core_refreshes_by_update_where_the_phone_takes_it(void)
{
	begin_with_timer(200, REFRESHER_UAS, SIP_TAG_TIMER);
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->refresher == REFRESHER_UAS && respond(h)->session_expires == 200);
	h->taken = false;
	talk_hears(&a, 200);
	talk_ack(&a);
	sim_pass(100100);
	h = talk_takes(&a, SIP_UPDATE);
	NEED(h && !sent(h)->sdp.len && sent(h)->session_expires == 200);
	struct msg_response *m = ipc_begin(sim_far(PROC_EDGE, alice.edge), MSG_RESPONSE);
	m->ref = sent(h)->ref;
	m->method = SIP_UPDATE;
	m->code = 200;
	m->session_expires = 200;
	m->min_se = ABSENT;
	m->refresher = REFRESHER_UAC;
	ipc_end(sim_far(PROC_EDGE, alice.edge));
	sim_turn();
	sim_pass(100100);
	h = talk_takes(&a, SIP_UPDATE);
	NEED(h);
	talk_reply(&a, h, 481, NULL);
	NEED(talk_takes(&b, SIP_BYE));
	finish();
}

static void core_refreshes_by_invite_and_a_change_then_waits(void)
{
	open_exchange();
	struct sdp first = sdp_plain(&alice), say = sdp_plain(&bob);
	talk_invite(&a, &alice, "bob", &first);
	talk_rings_at(&b, &bob);
	struct msg_response *m = talk_begin_answer(&b, 200);
	m->session_expires = 300;
	m->refresher = REFRESHER_UAC; /* core */
	m->sdp = phone_put_sdp(&bob, &say);
	talk_end_answer(&b);
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
	talk_ack(&a);
	sim_pass(150100);
	struct heard *h = talk_takes(&b, SIP_INVITE);
	NEED(h && sent(h)->sdp.len);
	NEED(b.sdp.version == 1); /* RFC 3264 8: the same session */
	/* glare with our refresh, from both sides */
	offer = sdp_of(KEYS_SDES, bob.host, 40002, 2, "sendonly", NULL);
	NEED(code_of(talk_send(&b, SIP_INVITE, &offer)) == 491);
	offer = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendonly", NULL);
	NEED(code_of(talk_send(&a, SIP_INVITE, &offer)) == 491);
	talk_reply(&b, h, 200, &say);
	NEED(talk_takes(&b, SIP_ACK));
	talk_reply(&b, h, 200, &say); /* and again: the ACK was lost */
	NEED(talk_takes(&b, SIP_ACK));
	answer = sdp_of(KEYS_SDES, bob.host, 40002, 2, "recvonly", NULL);
	change(&a, &b, SIP_INVITE, &offer, &answer);
	call_hang_up(&a, &b);
	finish();
}

/* RFC 4028 7.4 */
static void a_callee_that_wants_longer_is_asked_again_once(void)
{
	open_exchange();
	struct sdp first = sdp_plain(&alice), say = sdp_plain(&bob);
	for (int round = 0; round < 2; round++) {
		talk_invite(&a, &alice, "bob", &first);
		talk_rings_at(&b, &bob);
		char call_id[64];
		strcpy(call_id, b.call_id);
		struct msg_response *m = talk_begin_answer(&b, 422);
		m->min_se = 3600;
		talk_end_answer(&b);
		struct heard *h = sent_to(&bob, SIP_INVITE);
		NEED(h && sent(h)->session_expires == 3600 && sent(h)->cseq == 2 && sent(h)->to_tag.len == 0);
		NEED(strcmp(sim_text(h, sent(h)->call_id), call_id) == 0);
		h->taken = false;
		talk_rings_at(&b, &bob);
		if (round == 0) {
			talk_up(&a, &b, &say);
			call_hang_up(&a, &b);
			continue;
		}
		m = talk_begin_answer(&b, 422);
		m->min_se = 7200;
		talk_end_answer(&b);
		NEED(!sent_to(&bob, SIP_INVITE) && code_of(a.txn) == 480);
	}
	finish();
}

/* --- media --- */

static void media_is_told_the_whole_of_it(void)
{
	open_exchange();
	uint64_t join = 0;
	call_up(&a, &alice, &b, &bob);
	const struct relay_spec *spec = relay_wish(&join);
	NEED(spec && join && spec->answered && !spec->emergency);
	for (int s = 0; s < 2; s++) {
		const struct relay_side *side = &spec->side[s];
		NEED(side->key == RELAY_KEY_SDES && side->keyed && side->tag_len == 10 && side->direction == RELAY_BOTH);
		NEED(side->source == RELAY_SOURCE_NAMED && side->rtp.port == 40002);
		NEED(addr_same_ip(&side->local, &sim.site.listener[0].media) && side->local_rtcp == side->local.port);
		NEED(side->payloads >= 3 && !side->ice_ufrag[0]);
	}
	NEED(spec->side[0].local.port == a.sdp.audio.at.port && spec->side[1].local.port == b.sdp.audio.at.port);
	NEED(spec->side[1].local.port == spec->side[0].local.port + 2);
	/* renewed long before its deadline */
	sim_pass(41000);
	const struct relay_spec *again = relay_wish(NULL);
	NEED(again && again->deadline_ms > child_now() + 60000);
	/* and sent again to a new media */
	sim_link_down(PROC_MEDIA, 0);
	relay_wish(NULL);
	struct talk third = {0};
	offer = sdp_plain(&alice);
	talk_invite(&third, &alice, "bob", &offer);
	NEED(code_of(third.txn) == 503); /* no relay, no new call */
	sim_link_up(PROC_MEDIA, 0);
	NEED(relay_wish(NULL));
	sim_link_down(PROC_EDGE, 0);
	media_says_failed(join, RELAY_GATE_SHUT);
	NEED(sim.events[EVENT_GATE_SHUT] == 1 && talk_takes(&b, SIP_BYE));
	finish();
}

static void a_phone_behind_nat_is_learned_and_two_need_ice(void)
{
	open_exchange();
	struct sdp inside = sdp_of(KEYS_DTLS, "10.0.0.5", 40002, 1, "sendrecv", "actpass");
	struct sdp say = sdp_of(KEYS_DTLS, bob.host, 40002, 1, "sendrecv", "passive");
	talk_invite(&a, &alice, "bob", &inside);
	talk_rings_at(&b, &bob);
	NEED(b.sdp.audio.setup == SDP_ACTIVE); /* the first packet comes from behind the NAT */
	talk_answer(&b, 200, &say);
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
	NEED(a.sdp.audio.setup == SDP_PASSIVE);
	talk_ack(&a);
	const struct relay_spec *spec = relay_wish(NULL);
	struct addr host;
	NEED(addr_parse_ip(span_str(alice.host), &host));
	NEED(spec && spec->side[0].source == RELAY_SOURCE_LEARN && addr_same_ip(&spec->side[0].rtp, &host));
	NEED(spec->side[1].source == RELAY_SOURCE_NAMED && spec->side[0].key == RELAY_KEY_DTLS && !spec->side[0].keyed);
	call_hang_up(&a, &b);
	talk_invite(&a, &alice, "bob", &inside);
	talk_rings_at(&b, &bob);
	say = sdp_of(KEYS_DTLS, "10.0.0.9", 40002, 1, "sendrecv", "passive");
	talk_answer(&b, 200, &say);
	NEED(talk_takes(&b, SIP_ACK) && talk_takes(&b, SIP_BYE));
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 488 && strstr(sim_text(h, respond(h)->warning_text), "NAT"));
	finish();
}

static void ice_is_answered_with_our_own(void)
{
	open_exchange();
	struct sdp first = sdp_plain(&alice), say = sdp_plain(&bob);
	strcpy(first.audio.ice_ufrag, "abcd");
	strcpy(first.audio.ice_pwd, "0123456789012345678901");
	talk_invite(&a, &alice, "bob", &first);
	talk_rings_at(&b, &bob);
	NEED(b.sdp.audio.ice_lite && b.sdp.audio.ice_ufrag[0] && strcmp(b.sdp.audio.ice_ufrag, "abcd") != 0);
	NEED(b.sdp.audio.candidate_n == 1 && addr_same_ip(&b.sdp.audio.candidate[0].addr, &sim.site.listener[0].media));
	talk_answer(&b, 200, &say); /* without ICE */
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
	NEED(a.sdp.audio.ice_lite && strcmp(a.sdp.audio.ice_ufrag, b.sdp.audio.ice_ufrag) != 0);
	talk_ack(&a);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[0].source == RELAY_SOURCE_ICE && spec->side[1].source == RELAY_SOURCE_NAMED);
	NEED(span_eq(RELAY_TEXT(spec->side[0].ice_ufrag), span_str(a.sdp.audio.ice_ufrag)));
	NEED(span_eq(RELAY_TEXT(spec->side[0].ice_theirs), span_str("abcd")));
	call_hang_up(&a, &b);
	finish();
}

static struct msg_call_line line;

static void list_calls(void)
{
	struct msg_calls_want *m = ipc_begin(sim_far(PROC_CTL, 0), MSG_CALLS_WANT);

	m->token = 5;
	ipc_end(sim_far(PROC_CTL, 0));
	sim_turn();
	struct heard *h = sim_take(PROC_CTL, MSG_CALL_LINE, NULL, NULL);
	NEED(h);
	memcpy(&line, h->payload, sizeof line);
	NEED(strcmp(sim_text(h, line.from), "alice") == 0 && strcmp(sim_text(h, line.to), "bob") == 0);
	NEED(strcmp(sim_text(h, line.codec), "PCMU") == 0 && line.token == 5);
	NEED(sim_take(PROC_CTL, MSG_DONE, NULL, NULL));
}

static void the_grade_is_what_media_saw(void)
{
	open_exchange();
	uint64_t join = 0;
	call_up(&a, &alice, &b, &bob);
	relay_wish(&join);
	list_calls();
	NEED(line.grade == GRADE_SETTING_UP && line.state == CALL_UP);
	media_says_gate(join, RELAY_KEY_NONE); /* a media that says more than it can know */
	media_says_gate(join, RELAY_KEY_DTLS);
	list_calls();
	NEED(line.grade == GRADE_SETTING_UP && line.key == RELAY_KEY_SDES);
	media_says_gate(join, RELAY_KEY_SDES);
	list_calls();
	NEED(line.grade == GRADE_EXCHANGE);
	call_hang_up(&a, &b);
	struct sdp dtls = sdp_of(KEYS_DTLS, alice.host, 40002, 1, "sendrecv", "actpass");
	struct sdp say = sdp_of(KEYS_DTLS, bob.host, 40002, 1, "sendrecv", "active");
	talk_invite(&a, &alice, "bob", &dtls);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 200, &say);
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
	talk_ack(&a);
	relay_wish(&join);
	media_says_gate(join, RELAY_KEY_DTLS);
	list_calls();
	NEED(line.grade == GRADE_END_TO_END && line.key == RELAY_KEY_DTLS);
	call_hang_up(&a, &b);
	finish();
}

static void media_counts(uint64_t join, uint64_t from_a, uint64_t from_b)
{
	struct msg_relay_counts *m = ipc_begin(sim_far(PROC_MEDIA, 0), MSG_RELAY_COUNTS);

	m->join = join;
	m->packets_a = from_a;
	m->packets_b = from_b;
	ipc_end(sim_far(PROC_MEDIA, 0));
	sim_turn();
}

/* R31: whose microphone or cable it is. What a hold makes silent is not. */
static void an_end_from_which_nothing_comes_is_named(void)
{
	uint64_t join;

	open_exchange();
	call_up(&a, &alice, &b, &bob);
	relay_wish(&join);
	for (unsigned s = 1; s <= 9; s++) {
		sim_pass(1000);
		media_counts(join, 50 * s, s < 3 ? 50 * s : 100);
	}
	list_calls();
	NEED(line.silent_a == 0 && line.silent_b == 7000);
	offer = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendonly", NULL);
	answer = sdp_of(KEYS_SDES, bob.host, 40002, 2, "recvonly", NULL);
	change(&a, &b, SIP_INVITE, &offer, &answer);
	sim_pass(1000);
	media_counts(join, 500, 100);
	list_calls();
	NEED(line.state == CALL_HELD && line.silent_b == 0);
	offer = sdp_of(KEYS_SDES, alice.host, 40002, 3, "sendrecv", NULL);
	answer = sdp_of(KEYS_SDES, bob.host, 40002, 3, "sendrecv", NULL);
	change(&a, &b, SIP_INVITE, &offer, &answer);
	list_calls();
	NEED(line.silent_b == 0);
	call_hang_up(&a, &b);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(hold_and_resume_both_ways);
	SIM(what_says_the_same_again_is_answered_from_what_stands);
	SIM(without_an_offer_the_other_phone_makes_it);
	SIM(an_offer_that_is_refused_or_not_answered);
	SIM(an_offer_whose_ack_never_comes);
	SIM(a_phone_that_has_no_offer_to_make);
	SIM(the_200_of_a_change_is_repeated_and_missed);
	SIM(glare_is_491_and_a_second_change_500);
	SIM(a_refused_change_changes_nothing);
	SIM(a_phone_that_moves_is_answered_and_the_other_not_asked);
	SIM(the_role_in_dtls_stands_when_a_phone_moves);
	SIM(who_answers_actpass_keeps_its_role_in_dtls);
	SIM(who_answers_a_change_with_what_does_not_fit_is_offered_what_stood);
	SIM(a_change_that_is_no_good_is_488_at_once);
	SIM(the_tag_is_that_of_the_agreed_suite);
	SIM(a_change_for_which_the_dialog_is_gone_ends_the_call);
	SIM(a_change_that_nobody_answers_is_taken_back);
	SIM(a_change_made_after_it_was_taken_back_ends_the_call);
	SIM(bye_while_a_change_is_under_way);
	SIM(a_change_too_soon);
	SIM(a_change_while_ours_is_being_hung_up_finds_no_dialog);
	SIM(a_phone_without_timers_is_asked_by_options);
	SIM(a_phone_that_never_answers_again_loses_its_call);
	SIM(too_short_an_interval_is_422);
	SIM(an_interval_beyond_a_day_is_none);
	SIM(a_phone_that_refreshes_itself_is_waited_for);
	SIM(core_refreshes_by_update_where_the_phone_takes_it);
	SIM(core_refreshes_by_invite_and_a_change_then_waits);
	SIM(a_callee_that_wants_longer_is_asked_again_once);
	SIM(media_is_told_the_whole_of_it);
	SIM(a_phone_behind_nat_is_learned_and_two_need_ice);
	SIM(ice_is_answered_with_our_own);
	SIM(the_grade_is_what_media_saw);
	SIM(an_end_from_which_nothing_comes_is_named);
	(void)test_failed_here;
	return TEST_END;
}
