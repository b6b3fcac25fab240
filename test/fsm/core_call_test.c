/* SPDX-License-Identifier: ISC */
/* A call from INVITE to BYE through core: forking, races of CANCEL, refusals, waiting, 100rel, records (R5, R20). */
#include "../unit/test.h"
#include "sim_phone.h"

static struct phone alice, bob, bob2, carol;
static struct talk a, b, b2;
static struct sdp offer, answer;

/* bob has two phones: his own and device 5 */
static void begin(void)
{
	sim_defaults();
	sim.bound[1][5] = true;
	sim_open();
	phone_init(&alice, 0);
	phone_init(&bob, 1);
	phone_init(&bob2, 1);
	phone_init(&carol, 2);
	bob2.device = 5;
	bob2.host = "198.51.100.6";
	phone_register(&alice);
	phone_register(&bob);
	offer = sdp_plain(&alice);
	answer = sdp_plain(&bob);
}

static void finish(void)
{
	sim_pass(60000);
	sim_need_idle();
}

static bool has_key(const struct sdp *of, const struct sdp_crypto *key)
{
	for (uint8_t i = 0; i < of->audio.crypto_n; i++)
		if (memcmp(of->audio.crypto[i].key, key->key, 16) == 0)
			return true;
	return false;
}

static void two_phones_of_the_callee_ring_and_the_first_wins(void)
{
	begin();
	phone_register(&bob2);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_rings_at(&b2, &bob2);
	NEED(strcmp(b.call_id, b2.call_id) != 0 && strcmp(b.call_id, a.call_id) != 0);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	talk_answer(&b2, 180, NULL);
	NEED(!reply_to(a.txn)); /* one 180 is enough */
	talk_answer(&b2, 200, &answer);
	NEED(talk_takes(&b2, SIP_ACK));
	talk_hears(&a, 200);
	struct heard *cancel = sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL);
	NEED(cancel && ((const struct msg_cancel_sent *)(const void *)cancel->payload)->ref == b.ref);
	talk_answer(&b, 487, NULL);
	talk_ack(&a);
	NEED(a.sdp.audio.at.port != answer.audio.at.port && addr_same_ip(&a.sdp.audio.at, &sim.site.listener[0].media));
	NEED(a.sdp.audio.crypto_n == 1 && !has_key(&a.sdp, &answer.audio.crypto[0])); /* under keys of the exchange */
	/* RFC 3261 13.2.2.4: a 200 that comes again is acknowledged again */
	talk_answer(&b2, 200, &answer);
	NEED(talk_takes(&b2, SIP_ACK));
	sim_pass(20000);
	call_hang_up(&b2, &a);
	finish();
	NEED(sim.records == 1 && sim.record.duration_ms >= 20000 && sim.record.duration_ms < 20100);
	NEED(strcmp(sim.record_from, "alice") == 0 && strcmp(sim.record_to, "bob") == 0);
}

static void hanging_up_works_from_the_caller_too(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	sim_pass(1000);
	call_hang_up(&a, &b);
	/* and a BYE that comes again finds nothing */
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 481);
	finish();
}

static void both_hang_up_at_once(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	NEED(code_of(talk_send(&b, SIP_BYE, NULL)) == 200); /* it crossed ours */
	struct heard *bye = talk_takes(&b, SIP_BYE);
	NEED(bye);
	talk_reply(&b, bye, 481, NULL);
	finish();
	NEED(sim.records == 1);
}

static void a_200_is_repeated_until_its_ack(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 200, &answer);
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
	sim_pass(600);
	talk_hears(&a, 200); /* T1 */
	sim_pass(1000);
	talk_hears(&a, 200); /* 2 T1 */
	a.invite_cseq--;
	talk_ack(&a); /* of something else */
	a.invite_cseq++;
	sim_pass(2000);
	talk_hears(&a, 200);
	talk_ack(&a);
	sim_pass(10000);
	NEED(!reply_to(a.txn));
	call_hang_up(&a, &b);
	finish();
}

/* RFC 3261 13.3.1.4 */
static void without_ack_the_call_ends_after_64_t1(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 200, &answer);
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
	sim_pass(31500);
	sim_clear();
	NEED(sim_status("calls").used == 1);
	sim_pass(1500);
	NEED(talk_takes(&b, SIP_BYE));
	NEED(talk_takes(&a, SIP_BYE));
	finish();
}

static void the_call_ends_before_the_ack(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 200, &answer);
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
	NEED(code_of(talk_send(&b, SIP_BYE, NULL)) == 200);
	NEED(!talk_takes(&a, SIP_BYE)); /* RFC 3261 15: not before the ACK */
	talk_ack(&a);
	NEED(talk_takes(&a, SIP_BYE));
	finish();
}

static void cancel_before_the_answer(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, alice.edge), MSG_CANCELLED);
	m->txn = a.txn;
	ipc_end(sim_far(PROC_EDGE, alice.edge));
	sim_turn();
	talk_hears(&a, 487);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&b, 487, NULL);
	finish();
	NEED(sim.records == 1 && sim.record.duration_ms == 0);
}

static void cancel(struct talk *t)
{
	struct link *edge = sim_far(PROC_EDGE, t->phone->edge);
	struct msg_cancelled *m = ipc_begin(edge, MSG_CANCELLED);

	m->txn = t->txn;
	ipc_end(edge);
	sim_turn();
}

static void cancel_crosses_the_callees_200(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	cancel(&a);
	talk_hears(&a, 487);
	talk_answer(&b, 200, &answer); /* it had answered already */
	NEED(talk_takes(&b, SIP_ACK));
	struct heard *bye = talk_takes(&b, SIP_BYE);
	NEED(bye);
	talk_reply(&b, bye, 200, NULL);
	finish();
}

static void cancel_comes_after_our_200(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 200, &answer);
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
	cancel(&a);
	NEED(!reply_to(a.txn));
	talk_ack(&a);
	call_hang_up(&a, &b);
	finish();
}

/* The INVITE waits for keeper's verdict when its CANCEL comes. */
static void cancel_while_the_login_is_judged(void)
{
	begin();
	phone_up(&carol);
	sim.conduct.keeper_mute = true;
	struct msg_request *m = phone_begin(&carol, SIP_INVITE);
	m->call_id = phone_put(&carol, "held");
	m->target_user = m->to_user = phone_put(&carol, "bob");
	m->contact = phone_put(&carol, "<sip:carol@198.51.100.3>");
	m->has_auth = m->auth_uri_matches = m->auth_qop = 1;
	m->auth_algorithm = DIGEST_SHA256;
	m->auth_user = phone_put(&carol, "carol");
	m->sdp = phone_put_sdp(&carol, &offer);
	a.phone = &carol;
	a.txn = phone_end(&carol);
	NEED(sim_status("logins").used == 1);
	cancel(&a);
	NEED(code_of(a.txn) == 487);
	finish();
	NEED(!sent_to(&bob, SIP_INVITE));
}

/* A phone that never answers the INVITE that was cancelled: RFC 3261 9.1 gives it 64*T1. */
static void a_cancelled_phone_that_says_nothing_is_forgotten(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	cancel(&a);
	talk_hears(&a, 487);
	sim_pass(42000);
	NEED(talk_takes(&b, SIP_BYE)); /* in case that the CANCEL did not come there */
	finish();
	NEED(sim_status("hang-ups-owed").used == 1); /* to the next connection */
	sim_pass(sim.site.session_expires_s * UINT64_C(1000));
	NEED(sim_status("legs").used == 0);
}

/* The caller may end an early dialog with BYE (RFC 3261 15). */
static void bye_before_the_answer(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	uint64_t bye = talk_send(&a, SIP_BYE, NULL);
	talk_hears(&a, 487);
	NEED(code_of(bye) == 200);
	talk_answer(&b, 487, NULL);
	finish();
}

static const struct {
	unsigned code, told, cause;
} refusals[] = {{486, 486, 17}, {603, 603, 21}, {600, 486, 17}, {480, 480, 19}, {404, 480, 41}, {500, 480, 41}, {302, 480, 20},
    {488, 488, 88}, {408, 480, 19}};

static void a_refusal_is_told_in_our_own_words(void)
{
	begin();
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		talk_invite(&a, &alice, "bob", &offer);
		talk_rings_at(&b, &bob);
		talk_answer(&b, 180, NULL);
		talk_hears(&a, 180);
		talk_answer(&b, refusals[i].code, NULL);
		struct heard *h = reply_to(a.txn);
		NEED(h && respond(h)->code == refusals[i].told && respond(h)->cause == refusals[i].cause);
		NEED(respond(h)->warning && respond(h)->warning_text.len);
		NEED(strcmp(sim_text(h, respond(h)->to_tag), a.theirs) == 0); /* RFC 3261 8.2.6.2 */
	}
	finish();
}

static void busy_on_one_phone_and_silence_on_the_other(void)
{
	begin();
	phone_register(&bob2);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_rings_at(&b2, &bob2);
	talk_answer(&b, 486, NULL);
	NEED(!reply_to(a.txn)); /* the other one still rings */
	talk_answer(&b2, 480, NULL);
	NEED(code_of(a.txn) == 486); /* the more telling of the two */
	finish();
}

/* What the busy phone said is no reason for the end of the call that the other one took. */
static void busy_on_one_phone_and_an_answer_on_the_other(void)
{
	begin();
	phone_register(&bob2);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_rings_at(&b2, &bob2);
	talk_answer(&b, 486, NULL);
	talk_up(&a, &b2, &answer);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	struct heard *bye = talk_takes(&b2, SIP_BYE);
	NEED(bye && sent(bye)->cause == 0 && sent(bye)->cause_text.len == 0);
	talk_reply(&b2, bye, 200, NULL);
	finish();
}

static void decline_everywhere_stops_the_other_phone(void)
{
	begin();
	phone_register(&bob2);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_rings_at(&b2, &bob2);
	talk_answer(&b, 603, NULL);
	NEED(code_of(a.txn) == 603);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&b2, 487, NULL);
	finish();
}

/* R7: of more phones that ring, none learns the keys under which its caller speaks to another. */
static void the_callers_sdes_keys_go_to_one_phone_at_most(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	NEED(has_key(&b.sdp, &offer.audio.crypto[0])); /* alone it rings with the caller's */
	talk_answer(&b, 486, NULL);
	NEED(code_of(a.txn) == 486);
	phone_register(&bob2);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_rings_at(&b2, &bob2);
	NEED(b.sdp.audio.crypto_n > 0 && b2.sdp.audio.crypto_n > 0);
	NEED(!has_key(&b.sdp, &offer.audio.crypto[0]) && !has_key(&b2.sdp, &offer.audio.crypto[0]));
	NEED(!has_key(&b2.sdp, &b.sdp.audio.crypto[0]));
	talk_up(&a, &b2, &answer);
	uint64_t join;
	const struct relay_spec *s = relay_wish(&join);
	NEED(s && s->side[0].end == RELAY_ENDED_SDES && s->side[1].end == RELAY_ENDED_SDES);
	talk_answer(&b, 487, NULL);
	call_hang_up(&a, &b2);
	finish();
}

/* One with DTLS beside it keeps that, and loses SDES. */
static void dtls_passes_to_several_without_sdes_beside_it(void)
{
	begin();
	phone_register(&bob2);
	struct sdp both = sdp_of(KEYS_DTLS, alice.host, 40002, 1, "sendrecv", "actpass");
	both.audio.crypto_n = offer.audio.crypto_n;
	memcpy(both.audio.crypto, offer.audio.crypto, sizeof both.audio.crypto);
	struct sdp say = sdp_of(KEYS_DTLS, bob.host, 40002, 1, "sendrecv", "active");
	talk_invite(&a, &alice, "bob", &both);
	talk_rings_at(&b, &bob);
	talk_rings_at(&b2, &bob2);
	NEED(b.sdp.audio.crypto_n == 0 && b2.sdp.audio.crypto_n == 0 && b.sdp.audio.fingerprint_n && b2.sdp.audio.fingerprint_n);
	talk_up(&a, &b, &say);
	uint64_t join;
	const struct relay_spec *s = relay_wish(&join);
	NEED(s && s->side[0].end == RELAY_PASSING && s->side[1].end == RELAY_PASSING);
	talk_answer(&b2, 487, NULL);
	call_hang_up(&a, &b);
	finish();
}

static void two_phones_answer_at_once(void)
{
	begin();
	phone_register(&bob2);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_rings_at(&b2, &bob2);
	talk_answer(&b, 200, &answer);
	talk_answer(&b2, 200, &answer); /* crosses the CANCEL */
	NEED(talk_takes(&b2, SIP_ACK));
	NEED(talk_takes(&b2, SIP_BYE));
	NEED(talk_takes(&b, SIP_ACK));
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&b, &a);
	finish();
	NEED(sim.records == 1);
}

/* Two people share a phone, and a connection. */
static void two_users_of_one_phone_talk(void)
{
	sim_defaults();
	sim.bound[2][0] = true;
	sim_open();
	phone_init(&alice, 0);
	phone_init(&carol, 2);
	phone_register(&alice);
	carol.device = 0;
	carol.edge = alice.edge;
	carol.flow = alice.flow;
	carol.host = alice.host;
	phone_register(&carol);
	call_up(&a, &alice, &b, &carol);
	call_hang_up(&b, &a);
	/* nobody is asked to answer his own call */
	offer = sdp_plain(&alice);
	talk_invite(&a, &alice, "alice", &offer);
	NEED(!sent_to(&alice, SIP_INVITE));
	talk_hears(&a, 480);
	finish();
}

static void nobody_answers(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	sim_pass(sim.site.ring_s * 1000 - 1000);
	NEED(!reply_to(a.txn));
	sim_pass(1100);
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 480);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&b, 487, NULL);
	finish();
}

static void an_unknown_number_and_a_phone_that_is_not_there(void)
{
	begin();
	talk_invite(&a, &alice, "4711", &offer);
	NEED(code_of(a.txn) == 404);
	talk_invite(&a, &alice, "carol", &offer);
	NEED(code_of(a.txn) == 480);
	/* one's own number from one's only phone */
	talk_invite(&a, &alice, "alice", &offer);
	NEED(code_of(a.txn) == 480);
	finish();
}

static void a_call_waits_for_a_phone_that_was_there_a_moment_ago(void)
{
	begin();
	phone_down(&bob);
	sim_pass(80000);
	talk_invite(&a, &alice, "bob", &offer);
	talk_hears(&a, 182);
	sim_pass(5000);
	phone_register(&bob);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	talk_up(&a, &b, &answer);
	call_hang_up(&a, &b);
	/* 20 s and no more */
	phone_down(&bob);
	talk_invite(&a, &alice, "bob", &offer);
	talk_hears(&a, 182);
	sim_pass(19500);
	NEED(!reply_to(a.txn));
	sim_pass(600);
	NEED(code_of(a.txn) == 480);
	/* and not for one that broke longer ago than 90 s */
	sim_pass(75000);
	talk_invite(&a, &alice, "bob", &offer);
	NEED(code_of(a.txn) == 480);
	finish();
}

/* A waiting call is not lost when the user comes back on the very phone that calls. */
static void a_call_goes_on_waiting_when_only_the_caller_came_back(void)
{
	static struct phone other;

	begin();
	sim.bound[0][5] = true;
	sim_push_directory();
	sim_turn();
	phone_init(&other, 0);
	other.device = 5;
	other.host = "198.51.100.6";
	phone_register(&other);
	phone_down(&other);
	talk_invite(&a, &alice, "alice", &offer);
	talk_hears(&a, 182);
	NEED(code_of(phone_send_register(&alice, ABSENT, false)) == 200);
	NEED(!reply_to(a.txn));
	phone_register(&other);
	talk_rings_at(&b, &other);
	talk_answer(&b, 486, NULL);
	NEED(code_of(a.txn) == 486);
	finish();
}

/* --- 100rel (RFC 3262) --- */

static uint64_t send_prack(struct talk *t, uint32_t rseq)
{
	struct msg_request *m = talk_begin(t, SIP_PRACK);

	m->rack_rseq = rseq;
	m->rack_cseq = t->invite_cseq;
	m->rack_method = SIP_INVITE;
	return talk_end(t);
}

static void invite_reliably(void)
{
	struct msg_request *m = phone_begin(&alice, SIP_INVITE);

	a = (struct talk){.phone = &alice, .cseq = m->cseq + 1, .invite_cseq = m->cseq};
	strcpy(a.call_id, "reliable");
	strcpy(a.ours, "tag-of-phone");
	m->call_id = phone_put(&alice, a.call_id);
	m->target_user = m->to_user = phone_put(&alice, "bob");
	m->contact = phone_put(&alice, "<sip:alice@198.51.100.1:40000;transport=tls>");
	m->required = SIP_TAG_100REL;
	m->sdp = phone_put_sdp(&alice, &offer);
	a.txn = phone_end(&alice);
}

static void a_caller_that_requires_100rel_gets_its_180_until_prack(void)
{
	begin();
	invite_reliably();
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	NEED(a.rseq);
	uint32_t rseq = a.rseq;
	sim_pass(600);
	talk_hears(&a, 180);
	NEED(a.rseq == rseq);
	NEED(code_of(send_prack(&a, rseq + 1)) == 481);
	a.invite_cseq++;
	NEED(code_of(send_prack(&a, rseq)) == 481); /* RFC 3262 3: of another INVITE */
	a.invite_cseq--;
	NEED(code_of(send_prack(&a, rseq)) == 200);
	sim_pass(5000);
	NEED(!reply_to(a.txn));
	NEED(code_of(send_prack(&a, rseq)) == 481); /* nothing waits for it any more */
	talk_up(&a, &b, &answer);
	call_hang_up(&a, &b);
	finish();
}

/* RFC 3262 3: the next reliable answer waits for the PRACK of the last, and then goes out. */
static void a_180_after_an_unacknowledged_182_is_not_lost(void)
{
	begin();
	phone_down(&bob);
	invite_reliably();
	talk_hears(&a, 182);
	uint32_t first = a.rseq;
	phone_register(&bob);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	NEED(!reply_to(a.txn));
	NEED(code_of(send_prack(&a, first)) == 200);
	talk_hears(&a, 180);
	NEED(a.rseq == first + 1);
	NEED(code_of(send_prack(&a, first + 1)) == 200);
	talk_answer(&b, 486, NULL);
	talk_hears(&a, 486);
	finish();
}

/* RFC 3262 3: the PRACK may come after the 200 went out; the 200 goes on being repeated. */
static void a_late_prack_does_not_stop_the_200(void)
{
	begin();
	invite_reliably();
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	talk_answer(&b, 200, &answer);
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
	NEED(code_of(send_prack(&a, a.rseq ? a.rseq : 1)) != 0);
	sim_pass(600);
	talk_hears(&a, 200);
	sim_clear();
	sim_pass(33000);
	NEED(talk_takes(&b, SIP_BYE)); /* and without ACK the call ends */
	finish();
}

/* RFC 3262 3: 64*T1 without PRACK, and the INVITE is refused with a 5xx; nobody rings on. */
static void without_prack_the_call_is_refused(void)
{
	begin();
	invite_reliably();
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	sim_pass(31000);
	while (reply_to(a.txn))
		;
	sim_pass(1500);
	unsigned code = code_of(a.txn);
	while (code && code < 200) /* repeated in the meantime */
		code = code_of(a.txn);
	NEED(code >= 500 && code < 600);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&b, 487, NULL);
	finish();
}

static void reliable_ring(uint32_t rseq, const struct sdp *sdp)
{
	struct msg_response *m = talk_begin_answer(&b, 183);

	m->required = SIP_TAG_100REL;
	m->rseq = rseq;
	m->sdp = phone_put_sdp(&bob, sdp);
	talk_end_answer(&b);
}

static void a_phone_that_rings_reliably_gets_its_prack(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	reliable_ring(17, &answer);
	struct heard *prack = talk_takes(&b, SIP_PRACK);
	NEED(prack && sent(prack)->rack_rseq == 17 && sent(prack)->rack_cseq == 1 && sent(prack)->rack_method == SIP_INVITE);
	struct heard *ring = reply_to(a.txn);
	NEED(ring && respond(ring)->code == 180 && !respond(ring)->sdp.len); /* no early media on passing legs */
	talk_reply(&b, prack, 200, NULL);
	reliable_ring(17, &answer);		 /* repeated: known */
	NEED(!talk_takes(&b, SIP_PRACK));
	reliable_ring(19, NULL);		 /* RFC 3262 4: not one more than the last: not acknowledged */
	NEED(!talk_takes(&b, SIP_PRACK));
	reliable_ring(18, NULL);
	prack = talk_takes(&b, SIP_PRACK);
	NEED(prack && sent(prack)->rack_rseq == 18);
	talk_reply(&b, prack, 200, NULL);
	talk_answer(&b, 200, NULL);		 /* its answer came in the 183 */
	NEED(talk_takes(&b, SIP_ACK));
	snprintf(a.theirs, sizeof a.theirs, "%s", sim_text(ring, respond(ring)->to_tag));
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &b);
	finish();
}

/* RFC 3261 13.2.1: what an unreliable 18x describes does not count. */
static void a_200_without_an_answer_ends_the_call(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 183, &answer);
	NEED(code_of(a.txn) == 180);
	talk_answer(&b, 200, NULL);
	NEED(talk_takes(&b, SIP_ACK));
	NEED(talk_takes(&b, SIP_BYE));
	NEED(code_of(a.txn) == 488);
	finish();
}

/* --- offers --- */

static void bad_offers_are_488(void)
{
	begin();
	struct sdp plain = offer;
	plain.audio.crypto_n = 0;
	plain.audio.proto = SDP_RTP_AVP;
	talk_invite(&a, &alice, "bob", &plain);
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 488 && strstr(sim_text(h, respond(h)->warning_text), "plain RTP"));
	finish();
}

static void an_answer_with_another_key_method_is_488_and_bye(void)
{
	begin();
	struct sdp dtls = sdp_of(KEYS_DTLS, bob.host, 40002, 1, "sendrecv", "active");
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 200, &dtls);
	NEED(talk_takes(&b, SIP_ACK));
	NEED(talk_takes(&b, SIP_BYE));
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 488 && strstr(sim_text(h, respond(h)->warning_text), "key method"));
	finish();
}

static void a_phone_without_opus_is_not_offered_it(void)
{
	begin();
	sim.device[1].flags = DEVICE_NO_OPUS;
	sim_push_directory();
	sim_turn();
	offer.audio.codec[offer.audio.codec_n++] = (struct sdp_codec){.pt = 111, .codec = SDP_OPUS, .channels = 2, .clock = 48000};
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	for (int i = 0; i < b.sdp.audio.codec_n; i++)
		NEED(b.sdp.audio.codec[i].codec != SDP_OPUS);
	/* nor by a change later on */
	talk_answer(&b, 200, &answer);
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
	talk_ack(&a);
	offer.version++;
	offer.audio.direction = SDP_SENDONLY;
	talk_send(&a, SIP_INVITE, &offer);
	NEED(talk_takes(&b, SIP_INVITE));
	for (int i = 0; i < b.sdp.audio.codec_n; i++)
		NEED(b.sdp.audio.codec[i].codec != SDP_OPUS);
	sim_link_down(PROC_EDGE, 0);
	sim_link_down(PROC_EDGE, 1);
	sim_pass(4000 * 1000);
	sim_need_idle();
}

/* --- who may --- */

static void only_who_is_logged_in_may_call(void)
{
	begin();
	phone_up(&carol);
	talk_invite(&a, &carol, "bob", &offer);
	NEED(code_of(a.txn) == 401);
	/* From of another on a connection that is logged in */
	alice.user = "bob";
	talk_invite(&a, &alice, "bob", &offer);
	NEED(code_of(a.txn) == 401);
	alice.user = "alice";
	/* what the callee sees is what was authenticated */
	talk_invite(&a, &alice, "bob", &offer);
	struct heard *h = sent_to(&bob, SIP_INVITE);
	NEED(h && strcmp(sim_text(h, sent(h)->from_user), "alice") == 0);
	NEED(strcmp(sim_text(h, sent(h)->identity_user), "alice") == 0);
	NEED(strcmp(sim_text(h, sent(h)->to_user), "bob") == 0);
	cancel(&a);
	finish();
}

static void another_phone_may_not_speak_inside_a_call(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	phone_register(&carol);
	static const enum sip_method method[] = {SIP_BYE, SIP_INVITE, SIP_UPDATE, SIP_OPTIONS, SIP_PRACK, SIP_MESSAGE};
	struct talk forged = a;
	forged.phone = &carol;
	for (size_t i = 0; i < sizeof method / sizeof *method; i++)
		NEED(code_of(talk_send(&forged, method[i], &offer)) == 481);
	talk_ack(&forged);
	forged = b;
	forged.phone = &alice; /* nor the other end of the same call */
	NEED(code_of(talk_send(&forged, SIP_BYE, NULL)) == 481);
	NEED(sim.events[EVENT_FORGED_DIALOG] == 8);
	/* nor the right phone with a wrong tag */
	forged = a;
	forged.ours[0] ^= 1;
	NEED(code_of(talk_send(&forged, SIP_BYE, NULL)) == 481);
	NEED(sim_status("calls").used == 1);
	/* a CSeq that runs backwards */
	a.cseq--;
	NEED(code_of(talk_send(&a, SIP_OPTIONS, NULL)) == 500);
	call_hang_up(&a, &b);
	finish();
}

/* baresip takes its registration back and then hangs up, when it ends. */
static void one_may_hang_up_after_unregistering(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	NEED(code_of(phone_send_register(&alice, 0, false)) == 200);
	call_hang_up(&a, &b);
	NEED(sim.events[EVENT_FORGED_DIALOG] == 0);
	finish();
}

static void one_may_hang_up_over_a_new_connection(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	phone_down(&alice);
	phone_up(&alice);
	call_hang_up(&a, &b); /* the binding's login is still good on this device */
	finish();
}

static void a_method_without_meaning_is_405_and_a_stray_bye_481(void)
{
	begin();
	struct msg_request *m = phone_begin(&alice, SIP_BYE);
	m->call_id = phone_put(&alice, "x");
	NEED(code_of(phone_end(&alice)) == 481);
	phone_begin(&alice, SIP_REFER);
	NEED(code_of(phone_end(&alice)) == 481);
	phone_begin(&alice, SIP_PUBLISH);
	NEED(code_of(phone_end(&alice)) == 405);
	call_up(&a, &alice, &b, &bob);
	NEED(code_of(talk_send(&a, SIP_PUBLISH, NULL)) == 405);
	NEED(code_of(talk_send(&a, SIP_OPTIONS, NULL)) == 200);
	call_hang_up(&a, &b);
	finish();
}

/* --- text --- */

static void a_text_goes_to_every_phone_of_the_other(void)
{
	begin();
	phone_register(&bob2);
	struct msg_request *m = phone_begin(&alice, SIP_MESSAGE);
	m->target_user = phone_put(&alice, "bob");
	m->text = phone_put(&alice, "lunch?");
	uint64_t txn = phone_end(&alice);
	struct heard *one = sent_to(&bob, SIP_MESSAGE), *two = sent_to(&bob2, SIP_MESSAGE);
	NEED(one && two && strcmp(sim_text(one, sent(one)->text), "lunch?") == 0);
	NEED(strcmp(sim_text(one, sent(one)->from_user), "alice") == 0);
	phone_answer(&bob, one, 480, NULL);
	NEED(!reply_to(txn));
	phone_answer(&bob2, two, 200, NULL);
	NEED(code_of(txn) == 200);
	m = phone_begin(&alice, SIP_MESSAGE);
	m->target_user = phone_put(&alice, "carol");
	NEED(code_of(phone_end(&alice)) == 480);
	finish();
}

/* --- emergency --- */

static void a_fixed_phone_calls_112_without_login(void)
{
	begin();
	struct phone desk, centre;
	phone_init(&centre, 4);
	phone_register(&centre);
	phone_init(&desk, 6);
	sim.device[6].flags = DEVICE_FIXED;
	sim_push_directory();
	sim_turn();
	desk.user = "anonymous";
	phone_up(&desk);
	talk_invite(&a, &desk, "112", &offer);
	struct heard *h = sent_to(&centre, SIP_INVITE);
	NEED(h && h->class == CLASS_EMERGENCY && sent(h)->emergency);
	NEED(strcmp(sim_text(h, sent(h)->from_user), "phone-6") == 0);
	h->taken = false;
	talk_rings_at(&b, &centre);
	talk_up(&a, &b, &answer);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->emergency);
	NEED(sim.events[EVENT_EMERGENCY] == 1 && sim.nonces == 1); /* the sheet of the registrations */
	call_hang_up(&a, &b); /* without a login too */
	/* any other number needs the login */
	talk_invite(&a, &desk, "bob", &offer);
	NEED(code_of(a.txn) == 401);
	finish();
}

static void a_phone_with_an_expired_certificate_calls_112_only(void)
{
	begin();
	struct phone centre;
	phone_init(&centre, 4);
	phone_register(&centre);
	carol.expired = true;
	phone_up(&carol);
	talk_invite(&a, &carol, "bob", &offer);
	NEED(code_of(a.txn) == 403);
	talk_invite(&a, &carol, "112", &offer);
	talk_rings_at(&b, &centre);
	talk_answer(&b, 200, &answer);
	talk_hears(&a, 200);
	talk_ack(&a);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	NEED(talk_takes(&b, SIP_BYE));
	finish();
}

/* R16: whether keeper is silent, dies meanwhile, was never there, or has no room for one more question */
static void without_keeper_112_is_called_all_the_same(void)
{
	begin();
	struct phone centre;
	phone_init(&centre, 4);
	phone_register(&centre);
	for (int i = 0; i < 3; i++) {
		struct phone fresh;
		phone_init(&fresh, 2);
		phone_up(&fresh);
		sim.conduct.keeper_mute = true;
		if (i == 2)
			sim_link_down(PROC_KEEPER, 0);
		talk_invite(&a, &fresh, "112", &offer);
		NEED(code_of(a.txn) != 401);
		if (i == 0)
			sim_pass(1100);
		else if (i == 1)
			sim_link_down(PROC_KEEPER, 0);
		talk_rings_at(&b, &centre);
		talk_answer(&b, 200, &answer);
		talk_hears(&a, 200);
		talk_ack(&a);
		call_hang_up(&a, &b);
		sim.conduct.keeper_mute = false;
		if (i > 0)
			sim_link_up(PROC_KEEPER, 0);
		/* the phone is no more logged in than before */
		talk_invite(&a, &fresh, "bob", &offer);
		NEED(code_of(a.txn) == 401);
		phone_down(&fresh);
	}
	finish();
}

/* core looks for itself: an edge that marks everything as an emergency gains nothing */
static void an_emergency_is_one_by_its_number_only(void)
{
	begin();
	carol.expired = true;
	phone_up(&carol);
	struct msg_request *m = phone_begin_as(&carol, SIP_INVITE, CLASS_EMERGENCY);
	m->emergency = 1;
	m->call_id = phone_put(&carol, "x");
	m->target_user = phone_put(&carol, "bob");
	m->contact = phone_put(&carol, "<sip:carol@198.51.100.3>");
	m->sdp = phone_put_sdp(&carol, &offer);
	NEED(code_of(phone_end(&carol)) == 403);
	finish();
}

/* --- records --- */

static void mild_keeps_no_call_under_15_s(void)
{
	for (int i = 0; i < 3; i++) {
		static const unsigned talked[] = {14990, 15000, 15010};
		if (i == 0) {
			begin();
			sim.site.log_privacy = LOG_MILD;
		}
		call_up(&a, &alice, &b, &bob);
		sim_pass(talked[i]);
		call_hang_up(&a, &b);
		sim_turn();
		NEED(sim.records == (uint32_t)i);
		sim_clear();
	}
	sim_pass(60000);
	NEED(sim.seals == 2); /* of the short one not even the seal was asked */
	sim_need_idle();
}

static void a_record_waits_for_ledger_and_is_written_once(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	sim_link_down(PROC_LEDGER, 0);
	call_hang_up(&a, &b);
	sim_pass(5000);
	NEED(sim.records == 0 && sim_status("records-waiting").used == 1);
	sim_link_up(PROC_LEDGER, 0);
	NEED(sim.records == 1);
	sim_pass(60000);
	NEED(sim.records == 1 && strcmp(sim.record_from, "alice") == 0);
	/* keeper is away */
	sim_clear();
	call_up(&a, &alice, &b, &bob);
	sim_link_down(PROC_KEEPER, 0);
	call_hang_up(&a, &b);
	NEED(sim_status("records-waiting").used == 1);
	sim_link_up(PROC_KEEPER, 0);
	NEED(sim.records == 2);
	finish();
}

/* Each sibling's return asks only what that sibling owes: keeper is not asked twice for one seal. */
static void a_seal_under_way_is_not_asked_again(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	sim.conduct.seal_mute = true;
	call_hang_up(&a, &b);
	NEED(sim.seals == 1);
	sim_link_down(PROC_LEDGER, 0);
	sim_link_up(PROC_LEDGER, 0);
	NEED(sim.seals == 1);
	sim.conduct.seal_mute = false;
	sim_link_down(PROC_KEEPER, 0);
	sim_link_up(PROC_KEEPER, 0);
	NEED(sim.seals == 2 && sim.records == 1 && sim.accusations == 0);
	finish();
}

/* keeper has no room for a day's key and says nothing: the source waits for it, and is asked about again (R20, R28). */
static void a_source_that_cannot_be_sealed_yet_is_asked_again(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	sim.conduct.seal_mute = true;
	call_hang_up(&a, &b);
	NEED(sim.seals == 1 && sim.records == 0);
	sim_pass(6000);
	NEED(sim.seals == 2 && sim_status("records-waiting").used == 1);
	sim.conduct.seal_mute = false;
	sim_pass(6000);
	NEED(sim.seals == 3 && sim.records == 1 && strcmp(sim.record_from, "alice") == 0);
	finish();
}

/* ledger had no room for a record, or lost it with its own life's memory: it is said again (R20, R28). */
static void a_record_that_is_not_confirmed_is_said_again(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	sim.conduct.ledger_mute = true;
	call_hang_up(&a, &b);
	sim_pass(30000);
	sim.conduct.ledger_mute = false;
	sim_pass(20000);
	NEED(sim.records == 0 && sim_status("records-waiting").used == 1); /* not all the time */
	sim_pass(20000);
	NEED(sim.seals == 1 && sim.records == 1 && sim_status("records-waiting").used == 0);
	finish();
}

/* More calls end at once than a window of credit holds; all of them reach the log. */
static void records_beyond_the_credit_are_not_forgotten(void)
{
	begin();
	sim_far(PROC_KEEPER, 0); /* there */
	struct link *keeper = child_link(PROC_KEEPER, 0);
	uint16_t credit = keeper->credit[CLASS_DIALOG];
	call_up(&a, &alice, &b, &bob);
	keeper->credit[CLASS_DIALOG] = 0;
	call_hang_up(&a, &b);
	NEED(sim.seals == 0);
	keeper->credit[CLASS_DIALOG] = credit;
	sim_pass(60000);
	NEED(sim.records == 1);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(two_phones_of_the_callee_ring_and_the_first_wins);
	SIM(hanging_up_works_from_the_caller_too);
	SIM(both_hang_up_at_once);
	SIM(a_200_is_repeated_until_its_ack);
	SIM(without_ack_the_call_ends_after_64_t1);
	SIM(the_call_ends_before_the_ack);
	SIM(cancel_before_the_answer);
	SIM(cancel_crosses_the_callees_200);
	SIM(cancel_comes_after_our_200);
	SIM(cancel_while_the_login_is_judged);
	SIM(a_cancelled_phone_that_says_nothing_is_forgotten);
	SIM(bye_before_the_answer);
	SIM(a_refusal_is_told_in_our_own_words);
	SIM(busy_on_one_phone_and_silence_on_the_other);
	SIM(busy_on_one_phone_and_an_answer_on_the_other);
	SIM(decline_everywhere_stops_the_other_phone);
	SIM(the_callers_sdes_keys_go_to_one_phone_at_most);
	SIM(dtls_passes_to_several_without_sdes_beside_it);
	SIM(two_phones_answer_at_once);
	SIM(two_users_of_one_phone_talk);
	SIM(nobody_answers);
	SIM(an_unknown_number_and_a_phone_that_is_not_there);
	SIM(a_call_waits_for_a_phone_that_was_there_a_moment_ago);
	SIM(a_call_goes_on_waiting_when_only_the_caller_came_back);
	SIM(a_caller_that_requires_100rel_gets_its_180_until_prack);
	SIM(a_180_after_an_unacknowledged_182_is_not_lost);
	SIM(a_late_prack_does_not_stop_the_200);
	SIM(without_prack_the_call_is_refused);
	SIM(a_phone_that_rings_reliably_gets_its_prack);
	SIM(a_200_without_an_answer_ends_the_call);
	SIM(bad_offers_are_488);
	SIM(an_answer_with_another_key_method_is_488_and_bye);
	SIM(a_phone_without_opus_is_not_offered_it);
	SIM(only_who_is_logged_in_may_call);
	SIM(another_phone_may_not_speak_inside_a_call);
	SIM(one_may_hang_up_after_unregistering);
	SIM(one_may_hang_up_over_a_new_connection);
	SIM(a_method_without_meaning_is_405_and_a_stray_bye_481);
	SIM(a_text_goes_to_every_phone_of_the_other);
	SIM(a_fixed_phone_calls_112_without_login);
	SIM(a_phone_with_an_expired_certificate_calls_112_only);
	SIM(without_keeper_112_is_called_all_the_same);
	SIM(an_emergency_is_one_by_its_number_only);
	SIM(mild_keeps_no_call_under_15_s);
	SIM(a_record_waits_for_ledger_and_is_written_once);
	SIM(a_seal_under_way_is_not_asked_again);
	SIM(a_source_that_cannot_be_sealed_yet_is_asked_again);
	SIM(a_record_that_is_not_confirmed_is_said_again);
	SIM(records_beyond_the_credit_are_not_forgotten);
	(void)test_failed_here;
	return TEST_END;
}
