/* SPDX-License-Identifier: ISC */
/* Transfers through core: blind ones by the phone and by the exchange, attended ones, guesses, refusals, records (R4, R14, R29,
 * T10, T11). */
#include "../unit/test.h"
#include "sim_voice.h"

static struct phone alice, bob, carol;
static struct talk a, b, c, n, a2;
static struct sdp offer, answer, dtls;

static void may_dial(void)
{
	sim.setting[0] = (struct sim_setting){OWNER_USER, SETTING_CLASSES, 0, "national"};
}

static void begin_with(void (*settings)(void))
{
	sim_defaults();
	memcpy(sim.site.plan.country, "fr", 3);
	sim.pin = "2468";
	if (settings)
		settings();
	sim_open();
	phones_register((struct phone *[]){&alice, &bob, &carol}, 3);
	media_says_fingerprint(0x5a);
	offer = sdp_plain(&alice);
	answer = sdp_plain(&bob);
	dtls = sdp_of(KEYS_DTLS, bob.host, 40002, 1, "sendrecv", "active");
	a.allow = b.allow = a2.allow = c.allow = n.allow = 1u << SIP_REFER;
}

static void begin(void)
{
	begin_with(NULL);
}

static void finish(void)
{
	sim_pass(100000);
	sim_need_idle();
}

/* --- words --- */

static struct heard *refers(struct talk *t, enum refer_kind kind, const char *to)
{
	struct msg_request *m = talk_begin(t, SIP_REFER);

	refer_cseq = m->cseq;
	m->refer_kind = (uint8_t)kind;
	m->refer_user = phone_put(t->phone, to);
	return reply_to(talk_end(t));
}

/* 202; what is refused has no event */
static void promised(struct heard *h, const struct talk *t)
{
	NEED(h && respond(h)->code == 202 && strcmp(sim_text(h, respond(h)->leg_token), t->token) == 0);
}

static bool refused(struct heard *h, unsigned code, const char *why)
{
	return h && respond(h)->code == code && strstr(sim_text(h, respond(h)->warning_text), why);
}

static void still_up(struct talk *t)
{
	NEED(code_of(talk_send(t, SIP_OPTIONS, NULL)) == 200 && !sent_to(t->phone, SIP_BYE));
}

/* --- blind, by the phone --- */

/* alice called bob and sends him to `number`; bob's phone comes to the URI */
static void send_bob(const char *number)
{
	call_up(&a, &alice, &b, &bob);
	promised(refers(&a, REFER_USER, number), &a);
	notified(&a, 100);
	invite_token(&n, &bob, sent_on(&b, "alice", 202));
}

static void the_phone_is_sent_and_its_call_is_a_fresh_one(void)
{
	begin();
	send_bob("carol");
	struct heard *h = sent_to(&carol, SIP_INVITE);
	NEED(h && strcmp(sim_text(h, sent(h)->referred_by), "alice") == 0);
	NEED(strcmp(sim_text(h, sent(h)->from_user), "bob") == 0 && strcmp(sim_text(h, sent(h)->identity_user), "bob") == 0);
	h->taken = false;
	talk_rings_at(&c, &carol);
	talk_answer(&c, 180, NULL);
	talk_hears(&n, 180);
	notified(&a, 180);
	talk_up(&n, &c, &answer);
	notified(&a, 200);
	/* alice's phone hangs up by itself, and bob's old dialog goes with it */
	call_hang_up(&a, &b);
	sim_pass(20000);
	still_up(&n);
	NEED(strcmp(sim.record_to, "bob") == 0 && sim.records == 1);
	call_hang_up(&n, &c);
	finish();
	NEED(sim.records == 2 && strcmp(sim.record_to, "carol") == 0 && strstr(sim.record_from, "bob"));
}

static void the_old_call_ends_when_nobody_ends_it(void)
{
	begin();
	send_bob("carol");
	talk_rings_at(&c, &carol);
	talk_up(&n, &c, &answer);
	notified(&a, 200);
	still_up(&a);
	sim_pass(1500);
	hangs_up_on(&a);
	hangs_up_on(&b);
	call_hang_up(&c, &n);
	finish();
}

static void the_callee_may_transfer_too(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	promised(refers(&b, REFER_USER, "carol"), &b);
	notified(&b, 100);
	invite_token(&n, &alice, sent_on(&a, "bob", 202));
	talk_rings_at(&c, &carol);
	talk_answer(&c, 486, NULL);
	NEED(code_of(n.txn) == 486);
	notified(&b, 486);
	still_up(&a);
	still_up(&b);
	call_hang_up(&a, &b);
	finish();
}

static void who_hung_up_at_once_still_transferred(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	promised(refers(&a, REFER_USER, "carol"), &a);
	notified(&a, 100);
	const char *token = sent_on(&b, "alice", 202);
	call_hang_up(&a, &b);
	invite_token(&n, &bob, token);
	talk_rings_at(&c, &carol);
	talk_up(&n, &c, &answer);
	call_hang_up(&n, &c);
	finish();
}

/* --- one-time URIs --- */

static void a_uri_is_good_once_for_one_phone(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	promised(refers(&a, REFER_USER, "carol"), &a);
	notified(&a, 100);
	const char *token = sent_on(&b, "alice", 202);
	invite_token(&c, &carol, token);
	NEED(code_of(c.txn) == 404 && sim.events[EVENT_FORGED_DIALOG] == 1);
	invite_token(&a2, &alice, token);
	NEED(code_of(a2.txn) == 404 && sim.events[EVENT_FORGED_DIALOG] == 2);
	invite_token(&n, &bob, "xfer-00000000000000000000000000000000");
	NEED(code_of(n.txn) == 404 && sim.events[EVENT_FORGED_DIALOG] == 3);
	invite_token(&n, &bob, token);
	talk_rings_at(&c, &carol);
	struct talk again;
	again.allow = 0;
	invite_token(&again, &bob, token);
	NEED(code_of(again.txn) == 404 && sim.events[EVENT_FORGED_DIALOG] == 4);
	talk_answer(&c, 603, NULL);
	NEED(code_of(n.txn) == 603);
	notified(&a, 603);
	call_hang_up(&a, &b);
	finish();
}

static void a_uri_ends_after_a_minute(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	promised(refers(&a, REFER_USER, "carol"), &a);
	notified(&a, 100);
	const char *token = sent_on(&b, "alice", 202);
	sim_pass(61000);
	notified(&a, 480);
	invite_token(&n, &bob, token);
	NEED(code_of(n.txn) == 404);
	call_hang_up(&a, &b);
	finish();
}

static void a_phone_that_does_not_want(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	promised(refers(&a, REFER_USER, "carol"), &a);
	notified(&a, 100);
	sent_on(&b, "alice", 603);
	notified(&a, 603);
	/* or says so later */
	promised(refers(&a, REFER_USER, "carol"), &a);
	notified(&a, 100);
	sent_on(&b, "alice", 202);
	struct msg_request *m = talk_begin(&b, SIP_NOTIFY);
	m->package = PACKAGE_REFER;
	m->substate = SIP_SUBSTATE_TERMINATED;
	m->frag = 487;
	NEED(code_of(talk_end(&b)) == 200);
	notified(&a, 487);
	/* of nothing */
	m = talk_begin(&b, SIP_NOTIFY);
	m->package = PACKAGE_REFER;
	m->frag = 200;
	NEED(code_of(talk_end(&b)) == 481);
	call_hang_up(&a, &b);
	finish();
}

/* --- who may be sent where --- */

static void refused_transfers_say_why(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	NEED(refused(refers(&a, REFER_USER, "no-such"), 404, "no such number"));
	NEED(refused(refers(&a, REFER_FOREIGN, "carol"), 403, "of this exchange"));
	NEED(refused(refers(&a, REFER_LEG, "leg-00"), 403, "of this exchange"));
	NEED(refused(refers(&a, REFER_USER, "+33123456789"), 403, "class"));
	NEED(refused(refers(&a, REFER_USER, "+33899123456"), 403, "class"));
	NEED(sim.events[EVENT_CALL_REFUSED] == 5 && !sent_to(&bob, SIP_REFER));
	still_up(&a);
	call_hang_up(&a, &b);
	finish();
}

/* Its connection is a new one, on which the edge saw that its certificate has run out. */
static void expires(struct phone *p)
{
	phone_down(p);
	p->expired = true;
	phone_up(p);
}

/* R1, T21: it can call for help and nothing else; the call that it has goes on. */
static void a_phone_whose_certificate_has_expired_sends_nobody_on(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	relay_wish(NULL);
	expires(&alice);
	NEED(refused(refers(&a, REFER_USER, "carol"), 403, "out of date"));
	NEED(sim.events[EVENT_CALL_REFUSED] == 1 && !sent_to(&bob, SIP_REFER));
	NEED(refused(refers_to_call(&a, a.call_id, a.theirs, a.ours), 403, "out of date"));
	NEED(code_of(talk_send(&a, SIP_UPDATE, NULL)) == 200); /* RFC 4028 */
	struct sdp hold = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendonly", NULL);
	struct sdp held = sdp_of(KEYS_SDES, bob.host, 40002, 2, "recvonly", NULL);
	uint64_t txn = talk_send(&a, SIP_INVITE, &hold);
	struct heard *h = talk_takes(&b, SIP_INVITE);
	NEED(h);
	talk_reply(&b, h, 200, &held);
	NEED(talk_takes(&b, SIP_ACK) && code_of(txn) == 200);
	talk_ack(&a);
	call_hang_up(&a, &b);
	finish();
}

static void nor_is_one_sent_on(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	expires(&bob);
	still_up(&b);
	NEED(refused(refers(&a, REFER_USER, "carol"), 403, "out of date") && !sent_to(&bob, SIP_REFER));
	still_up(&a);
	call_hang_up(&a, &b);
	finish();
}

static void a_phone_without_refer_is_named(void)
{
	begin();
	b.allow = 0;
	call_up(&a, &alice, &b, &bob);
	NEED(refused(refers(&a, REFER_USER, "carol"), 403, "--join ended"));
	call_hang_up(&a, &b);
	finish();
}
/* T11: the memory of numbers is asked when the fresh call begins, and the one who transfers is not there to say a PIN */
static void a_number_never_dialled_is_no_transfers(void)
{
	begin_with(may_dial);
	call_up(&a, &alice, &b, &bob);
	promised(refers(&a, REFER_USER, "0123456789"), &a);
	notified(&a, 100);
	invite_token(&n, &bob, sent_on(&b, "alice", 202));
	NEED(code_of(n.txn) == 403 && sim.lookups == 1 && sim.pins == 0);
	notified(&a, 403);
	/* and one that she has dialled is on her account, not his */
	sim.dialled[0] = "+33123456789";
	promised(refers(&a, REFER_USER, "0123456789"), &a);
	notified(&a, 100);
	invite_token(&n, &bob, sent_on(&b, "alice", 202));
	NEED(code_of(n.txn) == 503); /* allowed, and no line */
	notified(&a, 503);
	/* which he could not do himself */
	NEED(refused(refers(&b, REFER_USER, "0123456789"), 403, "class"));
	call_hang_up(&a, &b);
	finish();
}

static void one_transfer_at_a_time(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	promised(refers(&a, REFER_USER, "carol"), &a);
	notified(&a, 100);
	uint32_t first = refer_cseq;
	NEED(refused(refers(&a, REFER_USER, "carol"), 500, "under way"));
	NEED(refused(refers(&b, REFER_USER, "carol"), 500, "under way"));
	refer_cseq = first;
	sent_on(&b, "alice", 603);
	notified(&a, 603);
	call_hang_up(&a, &b);
	finish();
}

/* --- attended --- */

/* alice talks to bob, and to carol */
static void two_calls(void)
{
	call_up(&a, &alice, &b, &bob);
	call_up(&a2, &alice, &c, &carol);
	promised(refers_to_call(&a, a2.call_id, a2.theirs, a2.ours), &a);
	notified(&a, 100);
}

static void both_come_and_are_joined_in_media(void)
{
	struct talk m;
	uint64_t join;

	begin();
	two_calls();
	const char *to_bob = sent_on(&b, "alice", 202), *to_carol = sent_on(&c, "alice", 202);
	NEED(strcmp(to_bob, to_carol) != 0);
	m.allow = 0;
	invite_token(&n, &carol, to_carol);
	talk_hears(&n, 182);
	NEED(!reply_to(n.txn));
	relay_wish(NULL);
	invite_token(&m, &bob, to_bob);
	talk_hears(&m, 200);
	talk_hears(&n, 200);
	talk_ack(&m);
	talk_ack(&n);
	const struct relay_spec *s = relay_wish(&join);
	NEED(s && s->side[0].end == RELAY_ENDED_SDES && s->side[1].end == RELAY_ENDED_SDES && s->answered);
	NEED(s->side[0].hears == RELAY_HEARS_OTHER && s->side[1].hears == RELAY_HEARS_OTHER);
	NEED(memcmp(s->side[0].key_ours, s->side[1].key_ours, 30) != 0 && n.sdp.audio.at.port != m.sdp.audio.at.port);
	NEED(memcmp(n.sdp.audio.crypto[0].key, offer.audio.crypto[0].key, 30) != 0);
	media_says_gate(join, RELAY_KEY_SDES);
	notified(&a, 200);
	sim_pass(1500);
	hangs_up_on(&a);
	hangs_up_on(&b);
	hangs_up_on(&a2);
	hangs_up_on(&c);
	sim_pass(20000);
	call_hang_up(&n, &m);
	finish();
	NEED(sim.records >= 1 && strcmp(sim.record_to, "bob") == 0 && strstr(sim.record_from, "carol"));
}

static void one_alone_hears_no_more_than_no(void)
{
	begin();
	two_calls();
	const char *to_bob = sent_on(&b, "alice", 202), *to_carol = sent_on(&c, "alice", 202);
	invite_token(&n, &bob, to_bob);
	talk_hears(&n, 182);
	sim_pass(21000);
	NEED(code_of(n.txn) == 480);
	notified(&a, 480);
	invite_token(&n, &carol, to_carol);
	NEED(code_of(n.txn) == 404);
	still_up(&a);
	still_up(&a2);
	still_up(&b);
	still_up(&c);
	call_hang_up(&a, &b);
	call_hang_up(&a2, &c);
	finish();
}

static void the_first_gives_up(void)
{
	begin();
	two_calls();
	const char *to_bob = sent_on(&b, "alice", 202);
	sent_on(&c, "alice", 202);
	invite_token(&n, &bob, to_bob);
	talk_hears(&n, 182);
	struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, bob.edge), MSG_CANCELLED);
	m->txn = n.txn;
	ipc_end(sim_far(PROC_EDGE, bob.edge));
	sim_turn();
	NEED(code_of(n.txn) == 487);
	notified(&a, 487);
	call_hang_up(&a, &b);
	call_hang_up(&a2, &c);
	finish();
}

static void one_of_two_does_not_want(void)
{
	begin();
	two_calls();
	const char *to_bob = sent_on(&b, "alice", 202);
	invite_token(&n, &bob, to_bob);
	talk_hears(&n, 182);
	sent_on(&c, "alice", 603);
	NEED(code_of(n.txn) == 480);
	notified(&a, 603);
	call_hang_up(&a, &b);
	call_hang_up(&a2, &c);
	finish();
}

static void two_without_a_codec_in_common_keep_what_they_have(void)
{
	struct talk m;
	struct msg_request *r;
	struct sdp other;

	begin();
	two_calls();
	const char *to_bob = sent_on(&b, "alice", 202), *to_carol = sent_on(&c, "alice", 202);
	invite_token(&n, &bob, to_bob);
	talk_hears(&n, 182);
	other = sdp_plain(&carol);
	other.audio.codec[0] = other.audio.codec[2];
	other.audio.codec_n = 1; /* telephone-event alone */
	r = phone_begin(&carol, SIP_INVITE);
	m = (struct talk){.phone = &carol};
	r->call_id = phone_put(&carol, "odd");
	r->target_kind = TARGET_TRANSFER;
	r->target_user = phone_put(&carol, to_carol);
	r->contact_form = CONTACT_ONE;
	r->contact = phone_put(&carol, "<sip:x@192.0.2.9>");
	r->sdp = phone_put_sdp(&carol, &other);
	m.txn = phone_end(&carol);
	NEED(code_of(m.txn) == 488);
	NEED(code_of(n.txn) == 480 || sim_take(PROC_EDGE, MSG_RESPOND, NULL, NULL));
	struct heard *h = talk_takes(&a, SIP_NOTIFY);
	NEED(h && sent(h)->frag >= 480);
	call_hang_up(&a, &b);
	call_hang_up(&a2, &c);
	finish();
}

/* No setting lets an attended transfer do without the help of a phone, and none is promised. */
static void phones_without_refer_are_not_put_together(void)
{
	begin();
	c.allow = 0;
	call_up(&a, &alice, &b, &bob);
	call_up(&a2, &alice, &c, &carol);
	NEED(refused(refers_to_call(&a, a2.call_id, a2.theirs, a2.ours), 403, "transfer to a number instead"));
	NEED(refused(refers_to_call(&a2, a.call_id, a.theirs, a.ours), 403, "transfer to a number instead"));
	NEED(!sent_to(&bob, SIP_REFER) && !sent_to(&carol, SIP_REFER));
	call_hang_up(&a, &b);
	call_hang_up(&a2, &c);
	finish();
}

/* T11 */
static void a_guessed_dialog_is_an_alarm(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	struct talk d;
	d.allow = 1u << SIP_REFER;
	call_up(&c, &carol, &d, &bob);
	NEED(refused(refers_to_call(&a, "guess", "guess", "guess"), 481, ""));
	NEED(sim.events[EVENT_FORGED_DIALOG] == 1);
	/* a call that is there, of another */
	NEED(refused(refers_to_call(&a, c.call_id, c.theirs, c.ours), 481, ""));
	NEED(sim.events[EVENT_FORGED_DIALOG] == 2);
	/* her own, with the tags the wrong way round; and this very one */
	NEED(refused(refers_to_call(&a, a.call_id, a.ours, a.theirs), 481, ""));
	NEED(refused(refers_to_call(&a, a.call_id, a.theirs, a.ours), 481, ""));
	NEED(!sent_to(&bob, SIP_REFER) && !sent_to(&carol, SIP_REFER));
	call_hang_up(&a, &b);
	call_hang_up(&c, &d);
	finish();
}

static void an_invite_in_place_of_a_call_is_refused(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	struct msg_request *m = phone_begin(&carol, SIP_INVITE);
	m->target_user = phone_put(&carol, "bob");
	m->replaces_call_id = phone_put(&carol, b.call_id);
	m->replaces_to_tag = phone_put(&carol, b.theirs);
	m->replaces_from_tag = phone_put(&carol, b.ours);
	NEED(code_of(phone_end(&carol)) == 481 && sim.events[EVENT_FORGED_DIALOG] == 1);
	m = phone_begin(&bob, SIP_INVITE);
	m->target_user = phone_put(&bob, "alice");
	m->replaces_call_id = phone_put(&bob, b.call_id);
	m->replaces_to_tag = phone_put(&bob, b.theirs);
	m->replaces_from_tag = phone_put(&bob, b.ours);
	NEED(code_of(phone_end(&bob)) == 403);
	still_up(&a);
	call_hang_up(&a, &b);
	finish();
}

/* --- blind, by the exchange --- */

/* alice speaks SDES alone, bob DTLS alone: both legs end in media */
static struct relay_spec last; /* that call_across() had media relay by */

static void call_across(void)
{
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 488, NULL);
	talk_rings_at(&b, &bob);
	talk_up(&a, &b, &dtls);
	const struct relay_spec *s = relay_wish(NULL);
	NEED(s);
	last = *s;
	sim_pass(20000);
}

static bool is_anothers(const struct relay_side *before, const struct relay_side *after)
{
	return before->learn_epoch - answers_of(before) != after->learn_epoch - answers_of(after);
}

static void the_exchange_sends_the_party_on(void)
{
	struct relay_spec before;
	uint64_t now;

	begin();
	call_across();
	before = last;
	promised(refers(&a, REFER_USER, "carol"), &a);
	notified(&a, 100);
	NEED(!sent_to(&bob, SIP_REFER));
	const struct relay_spec *s = relay_wish(&now);
	NEED(s && s->side[0].hears == RELAY_HEARS_NOTHING && s->side[1].hears != RELAY_HEARS_OTHER);
	struct heard *h = sent_to(&carol, SIP_INVITE);
	NEED(h && strcmp(sim_text(h, sent(h)->referred_by), "alice") == 0 && strcmp(sim_text(h, sent(h)->from_user), "bob") == 0);
	h->taken = false;
	talk_rings_at(&c, &carol);
	NEED(c.sdp.audio.fingerprint_n || memcmp(c.sdp.audio.crypto[0].key, offer.audio.crypto[0].key, 30) != 0);
	talk_answer(&c, 180, NULL);
	notified(&a, 180);
	still_up(&a);
	struct sdp theirs = c.sdp.audio.fingerprint_n ? sdp_of(KEYS_DTLS, carol.host, 40002, 1, "sendrecv", "active") : sdp_plain(&carol);
	if (!c.sdp.audio.fingerprint_n)
		theirs.audio.crypto[0].suite = c.sdp.audio.crypto[0].suite, theirs.audio.crypto[0].tag = c.sdp.audio.crypto[0].tag,
		theirs.audio.crypto[0].key_len = c.sdp.audio.crypto[0].key_len;
	talk_answer(&c, 200, &theirs);
	NEED(talk_takes(&c, SIP_ACK));
	notified(&a, 200);
	s = relay_wish(&now);
	NEED(s && s->side[0].present && s->side[1].present && s->side[0].hears == RELAY_HEARS_OTHER);
	/* whose port was learned before is not who is there now */
	NEED(is_anothers(&before.side[0], &s->side[0]) && !is_anothers(&before.side[1], &s->side[1]));
	sim_pass(1500);
	hangs_up_on(&a);
	NEED(sim.records == 1 && strcmp(sim.record_to, "bob") == 0 && strstr(sim.record_from, "alice"));
	sim_pass(20000);
	call_hang_up(&b, &c);
	finish();
	NEED(sim.records == 2 && strcmp(sim.record_to, "carol") == 0 && strstr(sim.record_from, "bob"));
}

static void a_failed_one_gives_the_party_back(void)
{
	begin();
	call_across();
	promised(refers(&a, REFER_USER, "carol"), &a);
	notified(&a, 100);
	talk_rings_at(&c, &carol);
	relay_wish(NULL);
	talk_answer(&c, 486, NULL);
	notified(&a, 486);
	const struct relay_spec *s = relay_wish(NULL);
	NEED(s && s->side[0].present && s->side[1].present);
	NEED(s->side[0].hears == RELAY_HEARS_OTHER && s->side[1].hears == RELAY_HEARS_OTHER && s->answered);
	still_up(&a);
	still_up(&b);
	sim_pass(20000);
	call_hang_up(&a, &b);
	finish();
	NEED(sim.records == 2 && strcmp(sim.record_to, "bob") == 0 && strstr(sim.record_from, "alice"));
	NEED(sim.record.duration_ms >= 20000 && sim.record.duration_ms < 30000);
}

static void both_talk_again(struct talk *t, struct talk *u, uint64_t join)
{
	uint64_t now;
	const struct relay_spec *s = relay_wish(&now);

	NEED(s && now == join && s->side[0].hears == RELAY_HEARS_OTHER && s->side[1].hears == RELAY_HEARS_OTHER && s->answered);
	still_up(t);
	still_up(u);
}

/* Media can't do what the transfer wants: that fails, and the first call has what it had. */
static void media_that_fails_gives_the_party_back(void)
{
	uint64_t join;

	begin();
	call_across();
	promised(refers(&a, REFER_USER, "carol"), &a);
	notified(&a, 100);
	talk_rings_at(&c, &carol);
	NEED(relay_wish(&join));
	media_says_failed(join, RELAY_BAD_SPEC);
	notified(&a, 503);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&c, 487, NULL);
	both_talk_again(&a, &b, join);
	/* what fails then is the call's own */
	media_says_failed(join, RELAY_EXPIRED);
	hangs_up_on(&a);
	hangs_up_on(&b);
	finish();
}

static void may_dial_over_a_trunk(void)
{
	may_dial();
	sim_add_trunk(0);
}

/* Nor is it the first call's end when the one who answers can't be joined to, here for where a trunk wants its audio sent. */
static void who_can_not_be_joined_leaves_the_first_call(void)
{
	static struct phone telco;
	struct sdp elsewhere;
	uint64_t join;

	begin_with(may_dial_over_a_trunk);
	sim.dialled[0] = "+33123456789";
	phone_init_trunk(&telco, 1);
	phone_up(&telco);
	call_across();
	promised(refers(&a, REFER_USER, "+33123456789"), &a);
	notified(&a, 100);
	talk_rings_at(&c, &telco);
	NEED(relay_wish(&join));
	elsewhere = sdp_clear(&carol);
	talk_answer(&c, 200, &elsewhere);
	NEED(talk_takes(&c, SIP_ACK));
	notified(&a, 488);
	hangs_up_on(&c);
	both_talk_again(&a, &b, join);
	call_hang_up(&a, &b);
	phone_down(&telco);
	finish();
	NEED(strcmp(sim.record_to, "bob") == 0 && strstr(sim.record_from, "alice"));
}

static void given_back_to_the_callee_too(void)
{
	begin();
	call_across();
	promised(refers(&b, REFER_USER, "carol"), &b);
	notified(&b, 100);
	talk_rings_at(&c, &carol);
	sim_pass(sim.site.ring_s * 1000u + 1000);
	struct heard *cancel = sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL);
	NEED(cancel);
	talk_answer(&c, 487, NULL);
	notified(&b, 480);
	still_up(&a);
	call_hang_up(&b, &a);
	finish();
}

static void nobody_to_give_it_back_to(void)
{
	begin();
	call_across();
	promised(refers(&a, REFER_USER, "carol"), &a);
	notified(&a, 100);
	talk_rings_at(&c, &carol);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	NEED(!sent_to(&bob, SIP_BYE));
	talk_answer(&c, 603, NULL);
	struct heard *turn = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL);
	NEED(turn && strcmp(sim_text(turn, ((const struct msg_turn *)(const void *)turn->payload)->say), "music") == 0);
	turn = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL); /* why not */
	NEED(turn);
	struct msg_turned *said = ipc_begin(sim_far(PROC_VOICE, 0), MSG_TURNED);
	said->token = ((const struct msg_turn *)(const void *)turn->payload)->token;
	said->why = TURN_SAID;
	ipc_end(sim_far(PROC_VOICE, 0));
	sim_turn();
	hangs_up_on(&b);
	finish();
}

static void the_party_hangs_up_on_the_way(void)
{
	begin();
	call_across();
	promised(refers(&a, REFER_USER, "carol"), &a);
	notified(&a, 100);
	talk_rings_at(&c, &carol);
	NEED(code_of(talk_send(&b, SIP_BYE, NULL)) == 200);
	struct heard *h = talk_takes(&a, SIP_NOTIFY);
	NEED(h && sent(h)->frag == 487 && sent(h)->substate == SIP_SUBSTATE_TERMINATED);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&c, 487, NULL);
	hangs_up_on(&a);
	finish();
}

static void a_refused_one_changes_nothing(void)
{
	begin();
	call_across();
	relay_wish(NULL);
	NEED(refused(refers(&a, REFER_USER, "+33123456789"), 403, "class"));
	NEED(!relay_wish(NULL) && !talk_takes(&a, SIP_NOTIFY));
	call_hang_up(&a, &b);
	finish();
}

/* --- digits --- */

static void a_digit_goes_to_nobody_else(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	struct msg_request *m = talk_begin(&a, SIP_INFO);
	m->key = '5';
	NEED(code_of(talk_end(&a)) == 200);
	NEED(code_of(talk_send(&a, SIP_INFO, NULL)) == 200);
	NEED(!sent_to(&bob, SIP_INFO) && !sim_take(PROC_VOICE, MSG_KEY, NULL, NULL));
	call_hang_up(&a, &b);
	finish();
}

/* --- to somebody whose mailbox answers --- */

static void carol_has_mail(void)
{
	set(0, OWNER_USER, 2, SETTING_VOICEMAIL, "15");
}

static void is_kept(uint64_t token, uint64_t message)
{
	struct msg_mail_kept *m = ipc_begin(sim_far(PROC_LEDGER, 0), MSG_MAIL_KEPT);

	m->token = token;
	m->message = message;
	m->kept = MAIL_KEPT_WHOLE;
	ipc_end(sim_far(PROC_LEDGER, 0));
	sim_turn();
}

static void leaves_a_message(uint64_t join)
{
	const struct msg_turn *t = turn("voicemail-greeting");

	voice_says(t->token, TURN_SAID, "");
	t = turn("voicemail-record-after-tone tone:warning");
	const uint64_t message = t->message;
	voice_says(t->token, TURN_DIGITS, "");
	is_kept(join, message);
	t = turn("voicemail-saved");
	voice_says(t->token, TURN_SAID, "");
}

static void a_mailbox_answers_who_is_sent_on(void)
{
	uint64_t join;

	begin_with(carol_has_mail);
	call_across();
	promised(refers(&a, REFER_USER, "carol"), &a);
	notified(&a, 100);
	talk_rings_at(&c, &carol);
	relay_wish(&join);
	turn("music");
	talk_answer(&c, 486, NULL);
	notified(&a, 200);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	leaves_a_message(join);
	hangs_up_on(&b);
	finish();
}

static void or_who_comes_by_a_uri(void)
{
	uint64_t join;

	begin_with(carol_has_mail);
	send_bob("carol");
	talk_rings_at(&c, &carol);
	talk_answer(&c, 486, NULL);
	talk_hears(&n, 200);
	talk_ack(&n);
	notified(&a, 200);
	call_hang_up(&a, &b);
	relay_wish(&join);
	media_says_gate(join, RELAY_KEY_SDES);
	leaves_a_message(join);
	hangs_up_on(&n);
	finish();
}

static void given_back_while_it_is_held_there_is_music(void)
{
	begin();
	call_across();
	struct sdp held = sdp_of(KEYS_SDES, alice.host, 40000, 0, "sendonly", NULL);
	held.audio.crypto_n = offer.audio.crypto_n;
	memcpy(held.audio.crypto, offer.audio.crypto, sizeof held.audio.crypto);
	struct msg_request *m = talk_begin(&a, SIP_INVITE);
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(&alice, "<sip:a@x>");
	m->sdp = phone_put_sdp(&alice, &held);
	a.invite_cseq = m->cseq;
	NEED(code_of(talk_end(&a)) == 200);
	talk_ack(&a);
	turn("music");
	promised(refers(&a, REFER_USER, "carol"), &a);
	notified(&a, 100);
	talk_rings_at(&c, &carol);
	turn("music");
	talk_answer(&c, 486, NULL);
	notified(&a, 486);
	turn("music");
	call_hang_up(&a, &b);
	finish();
}

/* The call goes on and is hung up as ever; nothing is begun from within it, or beside it (R2, R17). */
static void a_call_outlives_the_password_and_begins_nothing(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	sim_log_out("alice");
	NEED(code_of(talk_send(&a, SIP_UPDATE, NULL)) == 200);
	struct heard *h = refers(&a, REFER_USER, "carol");
	NEED(h && respond(h)->code == 403 && !sent_to(&carol, SIP_INVITE));
	NEED(code_of(talk_invite(&n, &alice, "carol", &offer)) == 401);
	NEED(sim.events[EVENT_FORGED_DIALOG] == 0);
	call_hang_up(&a, &b);
	finish();
}

static uint64_t says_again(struct talk *t, struct phone *p, enum sip_method method, const struct sdp *sdp)
{
	struct msg_request *m = talk_begin(t, method);

	phone_put_credentials(p, m);
	if (sdp)
		m->sdp = phone_put_sdp(p, sdp);
	return talk_end(t);
}

/* Over a new connection nobody is logged in: the phone is asked, and with the new password, and with nothing less, it steers its call (R2, R4). */
static void with_the_new_password_a_phone_steers_its_call(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	sim_log_out("alice");
	phone_down(&alice);
	phone_up(&alice);
	offer.version++;
	offer.audio.direction = SDP_SENDONLY;
	NEED(code_of(talk_send(&a, SIP_INVITE, &offer)) == 401);
	sim.conduct.verdict = LOGIN_WRONG;
	NEED(code_of(says_again(&a, &alice, SIP_INVITE, &offer)) == 403 && !sent_to(&bob, SIP_INVITE));
	sim.conduct.verdict = LOGIN_OK;
	NEED(code_of(talk_send(&a, SIP_INVITE, &offer)) == 401);
	a.txn = says_again(&a, &alice, SIP_INVITE, &offer);
	struct heard *held = talk_takes(&b, SIP_INVITE);
	NEED(held);
	talk_reply(&b, held, 200, &answer);
	NEED(talk_takes(&b, SIP_ACK) && code_of(a.txn) == 200);
	talk_ack(&a);
	struct heard *h = refers(&a, REFER_USER, "carol");
	NEED(h && respond(h)->code == 202);
	NEED(sim.events[EVENT_FORGED_DIALOG] == 0);
}

/* So it is after a REGISTER with it, over whichever connection. */
static void who_registers_anew_steers_too(void)
{
	begin();
	call_up(&a, &alice, &b, &bob);
	sim_log_out("alice");
	phone_down(&alice);
	phone_register(&alice);
	struct heard *h = refers(&a, REFER_USER, "carol");
	NEED(h && respond(h)->code == 202 && sim.events[EVENT_FORGED_DIALOG] == 0);
}

/* Another user's login on that phone says nothing of this one's, nor does a call for help within the call. */
static void what_is_another_s_login_steers_nothing(void)
{
	begin();
	sim.device[0].flags |= DEVICE_FIXED;
	sim.bound[2][0] = true;
	sim_push_directory();
	call_up(&a, &alice, &b, &bob);
	sim_log_out("alice");
	phone_down(&alice);
	alice.user = "carol";
	phone_register(&alice);
	NEED(code_of(talk_send(&a, SIP_UPDATE, NULL)) == 401);
	NEED(code_of(says_again(&a, &alice, SIP_UPDATE, NULL)) == 403);
	alice.user = "alice";
	struct msg_request *m = talk_begin(&a, SIP_INVITE);
	m->emergency = 1;
	m->target_user = phone_put(&alice, "112");
	m->sdp = phone_put_sdp(&alice, &offer);
	NEED(code_of(talk_end(&a)) == 481 && !sent_to(&bob, SIP_INVITE));
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(the_phone_is_sent_and_its_call_is_a_fresh_one);
	SIM(the_old_call_ends_when_nobody_ends_it);
	SIM(the_callee_may_transfer_too);
	SIM(who_hung_up_at_once_still_transferred);
	SIM(a_uri_is_good_once_for_one_phone);
	SIM(a_uri_ends_after_a_minute);
	SIM(a_phone_that_does_not_want);
	SIM(refused_transfers_say_why);
	SIM(a_phone_whose_certificate_has_expired_sends_nobody_on);
	SIM(nor_is_one_sent_on);
	SIM(a_phone_without_refer_is_named);
	SIM(a_number_never_dialled_is_no_transfers);
	SIM(one_transfer_at_a_time);
	SIM(both_come_and_are_joined_in_media);
	SIM(one_alone_hears_no_more_than_no);
	SIM(the_first_gives_up);
	SIM(one_of_two_does_not_want);
	SIM(two_without_a_codec_in_common_keep_what_they_have);
	SIM(phones_without_refer_are_not_put_together);
	SIM(a_guessed_dialog_is_an_alarm);
	SIM(an_invite_in_place_of_a_call_is_refused);
	SIM(the_exchange_sends_the_party_on);
	SIM(a_failed_one_gives_the_party_back);
	SIM(media_that_fails_gives_the_party_back);
	SIM(who_can_not_be_joined_leaves_the_first_call);
	SIM(given_back_to_the_callee_too);
	SIM(nobody_to_give_it_back_to);
	SIM(the_party_hangs_up_on_the_way);
	SIM(a_refused_one_changes_nothing);
	SIM(a_digit_goes_to_nobody_else);
	SIM(a_mailbox_answers_who_is_sent_on);
	SIM(or_who_comes_by_a_uri);
	SIM(a_call_outlives_the_password_and_begins_nothing);
	SIM(with_the_new_password_a_phone_steers_its_call);
	SIM(who_registers_anew_steers_too);
	SIM(what_is_another_s_login_steers_nothing);
	SIM(given_back_while_it_is_held_there_is_music);
	(void)test_failed_here;
	return TEST_END;
}
