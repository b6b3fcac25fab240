/* SPDX-License-Identifier: ISC */
/* An INVITE without an offer (RFC 3261 13.2.1), of a phone and of a trunk: our 200 makes it and the ACK answers it; until then nothing
 * is heard. Calls to phones, to lines, to the exchange itself, and for help (R16, R29). */
#include "../unit/test.h"
#include "sim_trunks.h"
#include "sim_voice.h"

static const struct relay_spec *last_wish(uint64_t *join)
{
	const struct relay_spec *s = NULL, *next;

	while ((next = relay_wish(join)))
		s = next;
	NEED(s && relay_spec_ok(s));
	return s;
}

static bool rings_without_sdp(struct talk *caller)
{
	struct heard *h = reply_to(caller->txn);

	return h && respond(h)->code == 180 && !respond(h)->sdp.len;
}

/* A caller of a trunk whom nobody knows is held up first. */
static void rings_at_bob(struct talk *caller)
{
	if (caller->phone->trunk) {
		NEED(rings_without_sdp(caller));
		sim_pass(4100);
	}
	talk_rings_at(&b, &bob);
}

/* What bob is offered, and the caller with bob's answer: G.711 of either law. */
static void rings_and_answers(struct talk *caller, const struct sdp *says)
{
	rings_at_bob(caller);
	NEED(b.sdp.audio.codec_n == 3 && b.sdp.audio.codec[0].codec == SDP_PCMA && b.sdp.audio.codec[1].codec == SDP_PCMU);
	talk_answer(&b, 180, NULL);
	NEED(rings_without_sdp(caller));
	talk_answer(&b, 200, says);
	NEED(talk_takes(&b, SIP_ACK));
	talk_hears(caller, 200);
	NEED(caller->sdp.audio.codec_n >= 2 && caller->sdp.audio.direction == SDP_SENDRECV);
	const struct relay_spec *s = last_wish(NULL); /* of the caller nothing is known yet */
	NEED(!s->side[0].present && s->side[1].present && !s->answered);
}

static void of_a_phone_is_offered_what_its_phone_takes(void)
{
	begin_with(NULL);
	struct sdp says = sdp_plain(&bob), mine = sdp_plain(&alice);
	talk_invite(&a, &alice, "bob", NULL);
	rings_and_answers(&a, &says);
	NEED(a.sdp.audio.crypto_n > 1 && a.sdp.audio.proto == SDP_RTP_SAVP && a.sdp.audio.ice_lite);
	talk_ack_with(&a, &mine);
	uint64_t join;
	const struct relay_spec *s = last_wish(&join);
	NEED(s->answered && s->side[0].present && s->side[0].end == RELAY_ENDED_SDES && s->side[0].keyed);
	NEED(s->side[0].rtp.port == mine.audio.at.port && s->side[0].key_theirs[0] == mine.audio.crypto[0].key[0]);
	NEED(s->side[1].keyed && s->side[0].payloads && s->side[0].payload[0].to != RELAY_TO_NONE);
	media_says_gate(join, RELAY_KEY_SDES);
	/* an ACK that comes once more changes nothing, and what follows is as in any call */
	talk_ack_with(&a, &mine);
	NEED(!relay_wish(NULL));
	struct sdp hold = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendonly", NULL);
	NEED(code_of(talk_send(&a, SIP_INVITE, &hold)) == 200);
	talk_ack(&a);
	call_hang_up(&a, &b);
	finish();
}

static void of_a_phone_that_showed_dtls_alone_is_offered_that(void)
{
	begin_with(NULL);
	media_says_fingerprint(0x5a);
	struct sdp dtls = sdp_of(KEYS_DTLS, bob.host, 40002, 1, "sendrecv", "actpass");
	talk_invite(&b, &bob, "alice", &dtls);
	talk_rings_at(&a, &alice);
	talk_answer(&a, 486, NULL);
	NEED(code_of(b.txn) == 486);
	talk_invite(&b, &bob, "alice", NULL);
	talk_rings_at(&a, &alice);
	struct sdp says = sdp_plain(&alice);
	talk_answer(&a, 200, &says);
	NEED(talk_takes(&a, SIP_ACK));
	talk_hears(&b, 200);
	NEED(b.sdp.audio.fingerprint_n == 1 && b.sdp.audio.setup == SDP_ACTPASS && b.sdp.audio.crypto_n == 0);
	dtls.audio.setup = SDP_ACTIVE;
	talk_ack_with(&b, &dtls);
	const struct relay_spec *s = last_wish(NULL);
	NEED(s->answered && s->side[0].end == RELAY_ENDED_DTLS && s->side[0].keyed && !s->side[0].dtls_active);
	call_hang_up(&b, &a);
	finish();
}

static void of_a_trunk_is_offered_plain_rtp_where_it_has_no_other(void)
{
	begin_with(NULL);
	struct sdp says = sdp_plain(&bob);
	invite_with(&t, "+33698765432", "+33140000001", false, NULL);
	rings_and_answers(&t, &says);
	NEED(t.sdp.audio.crypto_n == 0 && t.sdp.audio.proto == SDP_RTP_AVP && !t.sdp.audio.ice_lite);
	/* of the two laws it takes the one that bob did not: media puts it into the other */
	struct sdp mu = plain;
	for (uint8_t i = 0; i < mu.audio.codec_n; i++)
		if (mu.audio.codec[i].codec == SDP_PCMU)
			mu.audio.codec[0] = mu.audio.codec[i];
	mu.audio.codec_n = 1;
	talk_ack_with(&t, &mu);
	const struct relay_spec *s = last_wish(NULL);
	NEED(s->answered && s->side[0].end == RELAY_ENDED_CLEAR && s->side[0].keyed && s->side[1].end == RELAY_ENDED_SDES);
	NEED(s->side[0].payloads == 1 && s->side[0].payload[0].to != RELAY_TO_NONE);
	call_hang_up(&t, &b);
	finish();
}

/* No answer, one that does not fit, one that names a third: the call ends on both sides. */
static void without_a_good_answer_it_ends(void)
{
	begin_with(NULL);
	struct sdp says = sdp_plain(&bob), foreign = plain;
	NEED(addr_parse_ip(SPAN("192.0.2.99"), &foreign.audio.at));
	foreign.audio.at.port = 40002;
	struct sdp declined = plain;
	declined.audio.at.port = 0;
	const struct sdp *bad[] = {NULL, &foreign, &declined, &says};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		invite_with(&t, "+33698765432", "+33140000001", false, NULL);
		rings_and_answers(&t, &says);
		talk_ack_with(&t, bad[i]);
		hangs_up_on(&t);
		hangs_up_on(&b);
		finish();
	}
}

static void who_never_acknowledges_or_leaves_before(void)
{
	begin_with(NULL);
	struct sdp says = sdp_plain(&bob);
	talk_invite(&a, &alice, "bob", NULL);
	rings_and_answers(&a, &says);
	sim_pass(33000);
	hangs_up_on(&a);
	hangs_up_on(&b);
	finish();
	/* bob hangs up before the ACK: BYE follows it, whatever is in it (RFC 3261 15) */
	struct sdp mine = sdp_plain(&alice);
	talk_invite(&a, &alice, "bob", NULL);
	rings_and_answers(&a, &says);
	NEED(code_of(talk_send(&b, SIP_BYE, NULL)) == 200);
	NEED(!talk_takes(&a, SIP_BYE));
	talk_ack_with(&a, &mine);
	hangs_up_on(&a);
	finish();
}

static void to_a_line(void)
{
	begin_with(NULL);
	struct sdp mine = sdp_plain(&alice);
	talk_invite(&a, &alice, "0123456789", NULL);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 183, &plain); /* the line has early media, and the caller no key for it */
	struct heard *h = reply_to(a.txn);
	NEED(h && (respond(h)->code == 180 || respond(h)->code == 183) && !respond(h)->sdp.len);
	talk_answer(&t, 200, &plain);
	NEED(talk_takes(&t, SIP_ACK));
	talk_hears(&a, 200);
	talk_ack_with(&a, &mine);
	const struct relay_spec *s = last_wish(NULL);
	NEED(s->answered && s->side[0].keyed && s->side[1].end == RELAY_ENDED_CLEAR && s->side[1].keyed);
	call_hang_up(&a, &t);
	finish();
}

/* Media that is slow to say that it relays ends nothing: the caller is answered all the same (R28). */
static void media_that_is_slow_ends_nothing(void)
{
	begin_with(NULL);
	struct sdp says = sdp_plain(&bob), mine = sdp_plain(&alice);
	sim.media_slow = true;
	talk_invite(&a, &alice, "bob", NULL);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 200, &says);
	NEED(talk_takes(&b, SIP_ACK));
	sim_pass(1500); /* the wish is said again meanwhile */
	NEED(!sent_to(&bob, SIP_BYE));
	sim_pass(1500);
	talk_hears(&a, 200);
	sim.media_slow = false;
	talk_ack_with(&a, &mine);
	const struct relay_spec *s = last_wish(NULL);
	NEED(s->answered && s->side[0].keyed);
	call_hang_up(&a, &b);
	finish();
}

static void mailbox(void)
{
	set(1, OWNER_USER, 1, SETTING_VOICEMAIL, "15");
}

/* bob's mailbox answers a trunk and a phone; nothing is said before the ACK. */
static void to_the_exchange_itself(void)
{
	begin_with(mailbox);
	struct sdp mine = sdp_plain(&alice);
	for (int of_trunk = 0; of_trunk < 2; of_trunk++) {
		struct talk *from = of_trunk ? &t : &a;
		if (of_trunk)
			invite_with(&t, "+33698765432", "+33140000001", false, NULL);
		else
			talk_invite(&a, &alice, "bob", NULL);
		rings_at_bob(from);
		talk_answer(&b, 486, NULL);
		talk_hears(from, 200);
		uint64_t join;
		const struct relay_spec *s = last_wish(&join);
		NEED(!s->answered);
		NEED(!sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
		talk_ack_with(from, of_trunk ? &plain : &mine);
		s = last_wish(&join);
		NEED(s->answered && s->side[0].present && s->side[0].keyed && !s->side[1].present);
		media_says_gate(join, RELAY_KEY_SDES);
		NEED(sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
		NEED(code_of(talk_send(from, SIP_BYE, NULL)) == 200);
		sim_pass(60000);
	}
	finish();
}

static void help_lines(void)
{
	sim.site.trunk[0].emergency = 1;
	sim.device[0].flags = DEVICE_FIXED;
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, city=Paris, street=Rue Neuve, house=12");
}

static void for_help(void)
{
	begin_with(help_lines);
	struct sdp mine = sdp_plain(&alice);
	talk_invite(&a, &alice, "112", NULL);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 200, &plain);
	NEED(talk_takes(&t, SIP_ACK));
	talk_hears(&a, 200);
	talk_ack_with(&a, &mine);
	const struct relay_spec *s = last_wish(NULL);
	NEED(s->emergency && s->answered && s->side[0].keyed && s->side[1].keyed);
	call_hang_up(&a, &t);
	finish();
}

/* RFC 3262 5: a reliable 180 would have to bring the offer. */
static void who_requires_100rel_hears_the_200_alone(void)
{
	begin_with(NULL);
	struct sdp says = sdp_plain(&bob), mine = sdp_plain(&alice);
	struct msg_request *m = phone_begin(&alice, SIP_INVITE);
	a = (struct talk){.phone = &alice, .cseq = m->cseq + 1, .invite_cseq = m->cseq};
	strcpy(a.call_id, "reliable");
	strcpy(a.ours, "tag-of-phone");
	m->call_id = phone_put(&alice, a.call_id);
	m->target_user = m->to_user = phone_put(&alice, "bob");
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(&alice, "<sip:alice@198.51.100.1:40000;transport=tls>");
	m->required |= SIP_TAG_100REL;
	a.txn = phone_end(&alice);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	NEED(!reply_to(a.txn));
	talk_answer(&b, 200, &says);
	NEED(talk_takes(&b, SIP_ACK));
	talk_hears(&a, 200);
	talk_ack_with(&a, &mine);
	call_hang_up(&a, &b);
	finish();
}

static struct world {
	struct phone alice, bob;
	struct talk a, b;
} *kept;

/* core dies between the 200 and the ACK. */
static void life(void)
{
	begin_with(NULL);
	struct sdp says = sdp_plain(&bob);
	alice.outbound = bob.outbound = true;
	a.allow = 1u << SIP_UPDATE;
	talk_invite(&a, &alice, "bob", NULL);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 200, &says);
	NEED(talk_takes(&b, SIP_ACK));
	talk_hears(&a, 200);
	*kept = (struct world){alice, bob, a, b};
}

static void next_life(void)
{
	kept = sim_shared(sizeof *kept);
	sim_crash_after(life);
	sim_defaults();
	sim_open();
	alice = kept->alice;
	bob = kept->bob;
	a = kept->a;
	b = kept->b;
	a.phone = &alice;
	b.phone = &bob;
	phone_still_up(&alice);
	phone_still_up(&bob);
	const struct relay_spec *s = last_wish(NULL);
	NEED(sim_status("calls").used == 1 && !s->answered && !s->side[0].present && s->side[1].present);
}

static void is_settled(const struct sdp *by)
{
	const struct relay_spec *s = last_wish(NULL);

	NEED(s->answered && s->side[0].present && s->side[0].keyed && s->side[1].keyed);
	NEED(s->side[0].rtp.port == by->audio.at.port && s->side[0].key_theirs[0] == by->audio.crypto[0].key[0]);
	sim_pass(20000);
	NEED(!sent_to(&alice, SIP_INVITE) && !sent_to(&alice, SIP_OPTIONS) && !sent_to(&alice, SIP_BYE) && !sent_to(&bob, SIP_BYE));
	call_hang_up(&a, &b);
	sim_pass(60000);
	NEED(sim_status("legs").used == 0 && sim_status("calls").used == 0);
}

/* The ACK comes to the next core (R28). */
static void an_ack_after_a_death_is_heard(void)
{
	next_life();
	struct sdp mine = sdp_plain(&alice);
	talk_ack_with(&a, &mine);
	is_settled(&mine);
}

/* Or came to nobody: what was offered is offered once more, by a re-INVITE whatever the phone takes besides. */
static struct heard *is_offered_again(void)
{
	next_life();
	NEED(!sent_to(&alice, SIP_INVITE));
	sim_pass(3500);
	struct heard *h = talk_takes(&a, SIP_INVITE);
	NEED(h && sent(h)->sdp.len && !sent_to(&alice, SIP_UPDATE));
	const struct sdp *now = sim_part(h, sent(h)->sdp);
	NEED(memcmp(&now->audio.crypto, &a.sdp.audio.crypto, sizeof now->audio.crypto) == 0);
	return h;
}

static void or_its_answer_is_asked_for_again(void)
{
	struct heard *h = is_offered_again();
	struct sdp mine = sdp_fits(&a);
	talk_reply(&a, h, 200, &mine);
	NEED(talk_takes(&a, SIP_ACK));
	is_settled(&mine);
}

static void is_ended(void)
{
	hangs_up_on(&b);
	NEED(sim_status("calls").used == 0);
}

static void a_phone_that_knows_no_such_dialog_is_gone(void)
{
	struct heard *h = is_offered_again();
	talk_reply(&a, h, 481, NULL);
	is_ended();
}

static void one_that_answers_nothing_ends_it(void)
{
	struct heard *h = is_offered_again();
	talk_reply(&a, h, 200, NULL);
	NEED(talk_takes(&a, SIP_ACK));
	hangs_up_on(&a);
	is_ended();
}

/* Not for ever: it refuses, or is not there. */
static void one_that_refuses_is_asked_no_more(void)
{
	struct heard *h = is_offered_again();
	talk_reply(&a, h, 488, NULL);
	sim_pass(10500);
	NEED((h = talk_takes(&a, SIP_INVITE)));
	talk_reply(&a, h, 491, NULL);
	sim_pass(10500);
	hangs_up_on(&a);
	is_ended();
}

static void one_that_does_not_come_back_ends_it_too(void)
{
	kept = sim_shared(sizeof *kept);
	sim_crash_after(life);
	sim_defaults();
	sim_open();
	bob = kept->bob;
	b = kept->b;
	b.phone = &bob;
	phone_still_up(&bob);
	sim_pass(26000);
	is_ended();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(of_a_phone_is_offered_what_its_phone_takes);
	SIM(of_a_phone_that_showed_dtls_alone_is_offered_that);
	SIM(of_a_trunk_is_offered_plain_rtp_where_it_has_no_other);
	SIM(without_a_good_answer_it_ends);
	SIM(who_never_acknowledges_or_leaves_before);
	SIM(to_a_line);
	SIM(media_that_is_slow_ends_nothing);
	SIM(to_the_exchange_itself);
	SIM(for_help);
	SIM(who_requires_100rel_hears_the_200_alone);
	SIM(an_ack_after_a_death_is_heard);
	SIM(or_its_answer_is_asked_for_again);
	SIM(a_phone_that_knows_no_such_dialog_is_gone);
	SIM(one_that_answers_nothing_ends_it);
	SIM(one_that_refuses_is_asked_no_more);
	SIM(one_that_does_not_come_back_ends_it_too);
	(void)test_failed_here;
	return TEST_END;
}
