/* SPDX-License-Identifier: ISC */
/* A trunk that asks for the password of a call: of its INVITE, and of what is said inside it (T34; RFC 3261 22). */
#include "../unit/test.h"
#include "sim_voice.h"

static struct phone alice, telco;
static struct talk a, t;
static struct sdp offer, plain;
static uint32_t asked; /* the last count of nonce-1 that keeper was asked for */

static void begin(void)
{
	asked = 0;
	sim_defaults();
	memcpy(sim.site.plan.country, "fr", 3);
	struct trunk_conf *c = sim_add_trunk(0);
	snprintf(c->login, sizeof c->login, "us");
	snprintf(c->realm, sizeof c->realm, "telco.example");
	set(0, OWNER_USER, 0, SETTING_CLASSES, "national");
	sim.dialled[0] = "+33123456789";
	sim_open();
	phone_init(&alice, 0);
	phone_register(&alice);
	phone_init_trunk(&telco, 1);
	phone_up(&telco);
	offer = sdp_plain(&alice);
	plain = sdp_clear(&telco);
}

static void finish(void)
{
	sim_pass(60000);
	NEED(sim_status("legs").used == 0 && sim_status("calls").used == 0 && sim_status("requests").used == 0);
}

static void challenge_with(struct talk *call, const struct heard *h, unsigned code, const char *realm, const char *nonce)
{
	struct phone *p = call->phone;
	struct link *edge = sim_far(PROC_EDGE, p->edge);
	struct msg_response *m = ipc_begin(edge, MSG_RESPONSE);

	NEED(m);
	m->ref = sent(h)->ref;
	m->flow = p->flow;
	m->method = sent(h)->method;
	m->code = (uint16_t)code;
	m->session_expires = m->min_se = ABSENT;
	m->cseq = sent(h)->cseq;
	m->to_tag = ipc_put(edge, span_str(call->ours));
	m->has_challenge = 1;
	m->auth_algorithm = DIGEST_SHA256;
	m->auth_qop = 1;
	m->auth_proxy = code == 407;
	m->auth_realm = ipc_put(edge, span_str(realm));
	m->auth_nonce = ipc_put(edge, span_str(nonce));
	ipc_end(edge);
	sim_turn();
}

static void challenge(struct talk *call, const struct heard *h, unsigned code, const char *realm)
{
	challenge_with(call, h, code, realm, "nonce-1");
}

/* What keeper is asked; NULL: nothing. RFC 7616 3.4: a count that was used with a nonce is never used again. */
static const struct msg_trunk_digest_want *digest_want(struct heard **h)
{
	*h = sim_take(PROC_KEEPER, MSG_TRUNK_DIGEST_WANT, NULL, NULL);
	const struct msg_trunk_digest_want *w = *h ? (const void *)(*h)->payload : NULL;

	NEED(!w || strcmp(sim_text(*h, w->nonce), "nonce-1") != 0 || w->nc > asked);
	if (w && strcmp(sim_text(*h, w->nonce), "nonce-1") == 0)
		asked = w->nc;
	return w;
}

static void keeper_says(uint64_t token, enum trunk_digest verdict)
{
	struct link *keeper = sim_far(PROC_KEEPER, 0);
	struct msg_trunk_digest *m = ipc_begin(keeper, MSG_TRUNK_DIGEST);

	m->token = token;
	m->verdict = (uint8_t)verdict;
	m->response = ipc_put(keeper, verdict == TRUNK_DIGEST_OK ? SPAN("0123456789abcdef") : SPAN(""));
	ipc_end(keeper);
	sim_turn();
}

static bool carries_the_answer(const struct heard *h)
{
	return strcmp(sim_text(h, sent(h)->auth_response), "0123456789abcdef") == 0 &&
	       strcmp(sim_text(h, sent(h)->auth_user), "us") == 0 && strcmp(sim_text(h, sent(h)->auth_nonce), "nonce-1") == 0;
}

/* Keeper is asked for this method and this URI, and answers. */
static void keeper_answers(enum sip_method method, const char *uri)
{
	struct heard *h;
	const struct msg_trunk_digest_want *w = digest_want(&h);

	NEED(w && w->trunk == 0 && w->method == method && w->nc > 0);
	NEED(strcmp(sim_text(h, w->uri), uri) == 0 && strcmp(sim_text(h, w->realm), "telco.example") == 0);
	keeper_says(w->token, TRUNK_DIGEST_OK);
}

static void call_out(uint32_t allow)
{
	begin();
	talk_invite(&a, &alice, "0123456789", &offer);
	talk_rings_at(&t, &telco);
	t.allow = allow;
	struct msg_response *m = talk_begin_answer(&t, 200);
	m->session_expires = 120;
	m->refresher = REFRESHER_UAC;
	m->sdp = phone_put_sdp(&telco, &plain);
	talk_end_answer(&t);
	NEED(talk_takes(&t, SIP_ACK));
	talk_hears(&a, 200);
	talk_ack(&a);
	uint64_t join;
	NEED(relay_wish(&join));
	media_says_gate(join, RELAY_KEY_SDES);
}

static const char *target(void)
{
	static char text[100];

	snprintf(text, sizeof text, "<sip:in-call@%s:40000;transport=tls>", telco.host);
	return text;
}

static void an_invite_is_answered_for(void)
{
	struct heard *h;

	begin();
	talk_invite(&a, &alice, "0123456789", &offer);
	h = sent_to(&telco, SIP_INVITE);
	NEED(h && !sent(h)->auth_user.len);
	t = (struct talk){.phone = &telco};
	challenge(&t, h, 407, "telco.example");
	const struct msg_trunk_digest_want *w = digest_want(&h);
	NEED(w && w->method == SIP_INVITE);
	keeper_says(w->token, TRUNK_DIGEST_OK);
	h = sent_to(&telco, SIP_INVITE);
	NEED(h && carries_the_answer(h) && sent(h)->auth_proxy);
	challenge(&t, h, 407, "telco.example"); /* wrong once, wrong again */
	NEED(!sent_to(&telco, SIP_INVITE) && code_of(a.txn) >= 400);
	finish();
}

/* RFC 4028 7.4: asked again for another reason, with what it asked for before. */
static struct heard *wants_a_longer_session(void)
{
	struct heard *h;

	begin();
	talk_invite(&a, &alice, "0123456789", &offer);
	h = sent_to(&telco, SIP_INVITE);
	NEED(h);
	t = (struct talk){.phone = &telco, .ref = sent(h)->ref, .core_cseq = sent(h)->cseq};
	challenge(&t, h, 407, "telco.example");
	const struct msg_trunk_digest_want *w = digest_want(&h);
	NEED(w);
	keeper_says(w->token, TRUNK_DIGEST_OK);
	h = sent_to(&telco, SIP_INVITE);
	NEED(h && carries_the_answer(h));
	t.ref = sent(h)->ref;
	t.core_cseq = sent(h)->cseq;
	struct msg_response *m = talk_begin_answer(&t, 422);
	m->min_se = 7200;
	talk_end_answer(&t);
	w = digest_want(&h);
	NEED(w && w->method == SIP_INVITE && !sent_to(&telco, SIP_INVITE));
	keeper_says(w->token, TRUNK_DIGEST_OK);
	h = sent_to(&telco, SIP_INVITE);
	NEED(h && carries_the_answer(h) && sent(h)->session_expires == 7200);
	return h;
}

static void an_invite_is_answered_for_with_a_longer_session(void)
{
	struct heard *h = wants_a_longer_session();

	h->taken = false;
	talk_rings_at(&t, &telco);
	talk_up(&a, &t, &plain);
	call_hang_up(&a, &t);
	finish();
}

/* Its nonces are good for one request each. */
static void and_once_more_when_the_nonce_is_spent(void)
{
	struct heard *h = wants_a_longer_session();

	challenge_with(&t, h, 407, "telco.example", "nonce-2");
	const struct msg_trunk_digest_want *w = digest_want(&h);
	NEED(w && strcmp(sim_text(h, w->nonce), "nonce-2") == 0);
	keeper_says(w->token, TRUNK_DIGEST_OK);
	h = sent_to(&telco, SIP_INVITE);
	NEED(h && strcmp(sim_text(h, sent(h)->auth_nonce), "nonce-2") == 0 && sent(h)->session_expires == 7200);
	challenge_with(&t, h, 407, "telco.example", "nonce-3"); /* wrong it is, then */
	NEED(!sent_to(&telco, SIP_INVITE) && code_of(a.txn) >= 400);
	finish();
}

static void bye_challenged_by(unsigned code)
{
	call_out(1u << SIP_BYE);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	struct heard *bye = talk_takes(&t, SIP_BYE);
	NEED(bye && !sent(bye)->auth_user.len);
	challenge(&t, bye, code, "telco.example");
	keeper_answers(SIP_BYE, target());
	bye = talk_takes(&t, SIP_BYE); /* with a higher CSeq: talk_takes() looks */
	NEED(bye && carries_the_answer(bye) && sent(bye)->auth_proxy == (code == 407));
	talk_reply(&t, bye, 200, NULL);
	finish();
}

static void a_bye_is_answered_for(void)
{
	bye_challenged_by(401);
}

static void a_bye_is_answered_for_at_a_proxy(void)
{
	bye_challenged_by(407);
}

static void once_and_not_twice(void)
{
	struct heard *h;

	call_out(1u << SIP_BYE);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	challenge(&t, talk_takes(&t, SIP_BYE), 401, "telco.example");
	keeper_answers(SIP_BYE, target());
	challenge(&t, talk_takes(&t, SIP_BYE), 401, "telco.example");
	NEED(!digest_want(&h) && !talk_takes(&t, SIP_BYE));
	NEED(sim_status("legs").used == 0);
	finish();
}

/* One nonce for all of a call, as a strict provider counts it (RFC 7616 3.4); a fresh one is counted from 1. */
static void a_nonce_is_counted_on(void)
{
	struct heard *h;

	call_out(1u << SIP_BYE);
	sim_pass(61000);
	challenge(&t, talk_takes(&t, SIP_INVITE), 407, "telco.example");
	const struct msg_trunk_digest_want *w = digest_want(&h);
	NEED(w && w->nc == 1);
	keeper_says(w->token, TRUNK_DIGEST_OK);
	h = talk_takes(&t, SIP_INVITE);
	NEED(h && sent(h)->auth_nc == 1);
	challenge(&t, h, 407, "evil.example"); /* read by nobody, counts for nothing */
	NEED(!digest_want(&h) && code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	challenge(&t, talk_takes(&t, SIP_BYE), 407, "telco.example");
	w = digest_want(&h);
	NEED(w && w->nc == 2);
	keeper_says(w->token, TRUNK_DIGEST_OK);
	h = talk_takes(&t, SIP_BYE);
	NEED(h && sent(h)->auth_nc == 2);
	talk_reply(&t, h, 200, NULL);
	talk_invite(&a, &alice, "0123456789", &offer);
	t = (struct talk){.phone = &telco};
	challenge_with(&t, sent_to(&telco, SIP_INVITE), 407, "telco.example", "nonce-2");
	w = digest_want(&h);
	NEED(w && w->nc == 1 && strcmp(sim_text(h, w->nonce), "nonce-2") == 0);
	keeper_says(w->token, TRUNK_DIGEST_NO_SECRET);
	finish();
}

/* T34: another realm is told nothing, whatever request asks */
static void another_realm_is_not_answered(void)
{
	struct heard *h;

	call_out(1u << SIP_BYE);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	challenge(&t, talk_takes(&t, SIP_BYE), 401, "evil.example");
	NEED(!digest_want(&h) && sim_status("legs").used == 0);
	finish();
}

/* One that named no Contact leaves no URI that a digest could be made of: keeper is not asked what it would take for a lie. */
static void who_has_no_target_is_not_answered(void)
{
	struct heard *h;

	begin();
	talk_invite(&a, &alice, "0123456789", &offer);
	talk_rings_at(&t, &telco);
	struct msg_response *m = talk_begin_answer(&t, 200);
	m->contact = (struct str){0, 0};
	m->sdp = phone_put_sdp(&telco, &plain);
	talk_end_answer(&t);
	NEED(talk_takes(&t, SIP_ACK));
	talk_hears(&a, 200);
	talk_ack(&a);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	challenge(&t, talk_takes(&t, SIP_BYE), 401, "telco.example");
	NEED(!digest_want(&h) && sim_status("legs").used == 0);
	finish();
}

static void keeper_that_has_no_password_ends_the_leg(void)
{
	struct heard *h;

	call_out(1u << SIP_BYE);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	challenge(&t, talk_takes(&t, SIP_BYE), 401, "telco.example");
	const struct msg_trunk_digest_want *w = digest_want(&h);
	NEED(w && sim_status("legs").used == 1);
	keeper_says(w->token, TRUNK_DIGEST_NO_SECRET);
	NEED(sim_status("legs").used == 0 && !talk_takes(&t, SIP_BYE));
	finish();
}

static void a_leg_that_is_gone_meanwhile_is_left_alone(void)
{
	struct heard *h;

	call_out(1u << SIP_BYE);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	challenge(&t, talk_takes(&t, SIP_BYE), 401, "telco.example");
	const struct msg_trunk_digest_want *w = digest_want(&h);
	uint64_t token = w ? w->token : 0;
	NEED(token && code_of(talk_send(&t, SIP_BYE, NULL)) == 200); /* both at once */
	NEED(sim_status("legs").used == 0);
	keeper_says(token, TRUNK_DIGEST_OK);
	NEED(!talk_takes(&t, SIP_BYE));
	finish();
}

static void refreshed_by(enum sip_method method, uint32_t allow)
{
	struct heard *h;

	call_out(allow);
	sim_pass(61000);
	struct heard *re = talk_takes(&t, method);
	NEED(re && !sent(re)->auth_user.len);
	challenge(&t, re, 407, "telco.example");
	keeper_answers(method, target());
	re = talk_takes(&t, method);
	NEED(re && carries_the_answer(re) && (method != SIP_INVITE || sim_part(re, sent(re)->sdp)));
	struct msg_response *m = ipc_begin(sim_far(PROC_EDGE, telco.edge), MSG_RESPONSE);
	m->ref = sent(re)->ref;
	m->flow = telco.flow;
	m->method = (uint8_t)method;
	m->code = 200;
	m->session_expires = 120;
	m->refresher = REFRESHER_UAC;
	m->min_se = ABSENT;
	m->cseq = sent(re)->cseq;
	m->sdp = phone_put_sdp(&telco, &plain);
	ipc_end(sim_far(PROC_EDGE, telco.edge));
	sim_turn();
	NEED(method != SIP_INVITE || talk_takes(&t, SIP_ACK));
	/* the next one is challenged anew, is answered once, and the call goes on all the same */
	sim_pass(61000);
	re = talk_takes(&t, method);
	NEED(re && !sent(re)->auth_user.len);
	challenge(&t, re, 407, "telco.example");
	keeper_answers(method, target());
	re = talk_takes(&t, method);
	challenge(&t, re, 407, "telco.example");
	NEED(!digest_want(&h) && !talk_takes(&t, method) && sim_status("legs").used == 2);
	sim_pass(10100);
	NEED(talk_takes(&t, method)); /* later, as one that it wants otherwise */
	call_hang_up(&a, &t);
	finish();
}

static void an_update_is_answered_for(void)
{
	refreshed_by(SIP_UPDATE, 1u << SIP_UPDATE);
}

static void a_re_invite_is_answered_for(void)
{
	refreshed_by(SIP_INVITE, 1u << SIP_BYE);
}

static void rings_reliably(uint32_t rseq)
{
	struct msg_response *m = talk_begin_answer(&t, 183);

	m->required = SIP_TAG_100REL;
	m->rseq = rseq;
	m->sdp = phone_put_sdp(&telco, &plain);
	talk_end_answer(&t);
}

static bool acknowledges(const struct heard *h, uint32_t rseq)
{
	return h && sent(h)->rack_rseq == rseq && sent(h)->rack_cseq == 1 && sent(h)->rack_method == SIP_INVITE;
}

/* RFC 3262, RFC 3261 22.2: what rings reliably goes on ringing until it is acknowledged. */
static void a_prack_is_answered_for(void)
{
	struct heard *h;

	begin();
	talk_invite(&a, &alice, "0123456789", &offer);
	talk_rings_at(&t, &telco);
	rings_reliably(7);
	struct heard *prack = talk_takes(&t, SIP_PRACK);
	NEED(acknowledges(prack, 7) && !sent(prack)->auth_user.len);
	challenge(&t, prack, 407, "telco.example");
	const struct msg_trunk_digest_want *w = digest_want(&h);
	NEED(w && w->method == SIP_PRACK && strcmp(sim_text(h, w->uri), target()) == 0);
	rings_reliably(8); /* its turn comes */
	NEED(!talk_takes(&t, SIP_PRACK));
	keeper_says(w->token, TRUNK_DIGEST_OK);
	prack = talk_takes(&t, SIP_PRACK);
	NEED(acknowledges(prack, 7) && carries_the_answer(prack) && sent(prack)->auth_proxy);
	rings_reliably(7); /* known */
	rings_reliably(8);
	NEED(!talk_takes(&t, SIP_PRACK));
	talk_reply(&t, prack, 200, NULL);
	prack = talk_takes(&t, SIP_PRACK);
	NEED(acknowledges(prack, 8) && !sent(prack)->auth_user.len);
	challenge(&t, prack, 401, "telco.example");
	keeper_answers(SIP_PRACK, target());
	prack = talk_takes(&t, SIP_PRACK);
	NEED(acknowledges(prack, 8) && carries_the_answer(prack));
	challenge(&t, prack, 401, "telco.example"); /* in vain */
	NEED(!digest_want(&h) && !talk_takes(&t, SIP_PRACK));
	talk_answer(&t, 200, NULL);
	NEED(talk_takes(&t, SIP_ACK));
	(void)reply_to(a.txn);
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &t);
	finish();
}

/* RFC 3262 3: after the first one it need not wait for our PRACK. Each is acknowledged, in order, whichever is challenged. */
static void several_pracks_follow_each_other(void)
{
	begin();
	talk_invite(&a, &alice, "0123456789", &offer);
	talk_rings_at(&t, &telco);
	for (uint32_t rseq = 2147483600; rseq < 2147483604; rseq++)
		rings_reliably(rseq);
	rings_reliably(2147483606); /* one was missed */
	for (uint32_t rseq = 2147483600; rseq < 2147483604; rseq++) {
		struct heard *prack = talk_takes(&t, SIP_PRACK);
		NEED(acknowledges(prack, rseq) && !talk_takes(&t, SIP_PRACK));
		if (rseq % 2) {
			challenge(&t, prack, 401, "telco.example");
			keeper_answers(SIP_PRACK, target());
			prack = talk_takes(&t, SIP_PRACK);
			NEED(acknowledges(prack, rseq) && carries_the_answer(prack));
		}
		talk_reply(&t, prack, rseq % 3 ? 200 : 481, NULL); /* what it does not know is no reason to stop */
	}
	NEED(!talk_takes(&t, SIP_PRACK));
	rings_reliably(2147483604);
	rings_reliably(2147483605);
	struct heard *prack = talk_takes(&t, SIP_PRACK);
	NEED(acknowledges(prack, 2147483604));
	talk_answer(&t, 200, &plain); /* the last one needs none any more */
	NEED(talk_takes(&t, SIP_ACK));
	talk_reply(&t, prack, 200, NULL);
	NEED(!talk_takes(&t, SIP_PRACK));
	(void)reply_to(a.txn);
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &t);
	finish();
}

/* The connection was away when it was to be sent: what rings is repeated, and then acknowledged. */
static void a_prack_that_did_not_go_out_goes_when_it_rings_again(void)
{
	begin();
	talk_invite(&a, &alice, "0123456789", &offer);
	talk_rings_at(&t, &telco);
	rings_reliably(7);
	struct heard *prack = talk_takes(&t, SIP_PRACK);
	NEED(acknowledges(prack, 7));
	rings_reliably(8);
	phone_down(&telco);
	talk_reply(&t, prack, 200, NULL);
	NEED(!talk_takes(&t, SIP_PRACK));
	phone_up(&telco);
	rings_reliably(8);
	prack = talk_takes(&t, SIP_PRACK);
	NEED(acknowledges(prack, 8));
	talk_reply(&t, prack, 200, NULL);
	rings_reliably(8);
	NEED(!talk_takes(&t, SIP_PRACK));
	talk_answer(&t, 486, NULL);
	(void)reply_to(a.txn);
	NEED(code_of(a.txn) == 486);
	finish();
}

/* Another realm (T34), no password, a call that is over meanwhile: no PRACK more, and the call is none the worse for it. */
static void a_prack_that_nobody_answers_for(void)
{
	struct heard *h;

	begin();
	talk_invite(&a, &alice, "0123456789", &offer);
	talk_rings_at(&t, &telco);
	rings_reliably(7);
	challenge(&t, talk_takes(&t, SIP_PRACK), 401, "evil.example");
	NEED(!digest_want(&h));
	rings_reliably(8);
	challenge(&t, talk_takes(&t, SIP_PRACK), 401, "telco.example");
	const struct msg_trunk_digest_want *w = digest_want(&h);
	NEED(w);
	keeper_says(w->token, TRUNK_DIGEST_NO_SECRET);
	NEED(!talk_takes(&t, SIP_PRACK));
	rings_reliably(9);
	challenge(&t, talk_takes(&t, SIP_PRACK), 401, "telco.example");
	w = digest_want(&h);
	NEED(w);
	talk_answer(&t, 200, NULL);
	NEED(talk_takes(&t, SIP_ACK));
	keeper_says(w->token, TRUNK_DIGEST_OK);
	NEED(!talk_takes(&t, SIP_PRACK) && sim_status("legs").used == 2);
	(void)reply_to(a.txn);
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &t);
	finish();
}

/* No answer of keeper: the refresh is tried later, and the call may be changed meanwhile. */
static void keeper_away_is_no_end_of_the_call(void)
{
	struct heard *h;

	call_out(1u << SIP_BYE);
	sim_pass(61000);
	challenge(&t, talk_takes(&t, SIP_INVITE), 401, "telco.example");
	NEED(digest_want(&h));
	sim_link_down(PROC_KEEPER, 0);
	sim_link_up(PROC_KEEPER, 0);
	NEED(sim_status("legs").used == 2);
	sim_pass(10100);
	NEED(talk_takes(&t, SIP_INVITE));
	call_hang_up(&a, &t);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(an_invite_is_answered_for);
	SIM(an_invite_is_answered_for_with_a_longer_session);
	SIM(and_once_more_when_the_nonce_is_spent);
	SIM(a_bye_is_answered_for);
	SIM(a_bye_is_answered_for_at_a_proxy);
	SIM(once_and_not_twice);
	SIM(a_nonce_is_counted_on);
	SIM(another_realm_is_not_answered);
	SIM(who_has_no_target_is_not_answered);
	SIM(keeper_that_has_no_password_ends_the_leg);
	SIM(a_leg_that_is_gone_meanwhile_is_left_alone);
	SIM(an_update_is_answered_for);
	SIM(a_re_invite_is_answered_for);
	SIM(a_prack_is_answered_for);
	SIM(several_pracks_follow_each_other);
	SIM(a_prack_that_did_not_go_out_goes_when_it_rings_again);
	SIM(a_prack_that_nobody_answers_for);
	SIM(keeper_away_is_no_end_of_the_call);
	(void)test_failed_here;
	return TEST_END;
}
