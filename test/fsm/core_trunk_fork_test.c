/* SPDX-License-Identifier: ISC */
/* A trunk whose INVITE forks on its way: each early dialog has a tag, a target, a route and numbers of its own (RFC 3261 12.1, 13.2.2.4;
 * RFC 3262 4). */
#include "../unit/test.h"
#include "leg_late.h"
#include "sim_trunks.h"
#include "sim_voice.h"
#include "wire/sdp_offer.h"
#include <stdio.h>

static struct talk fork_of[8];

static void srtp(void)
{
	sim.site.trunk[0].media = TRUNK_SRTP;
	sim.site.trunk[0].plain = 0;
}

/* Out to the trunk; t is the first that rings, the others have tags of their own. */
static void goes_out(void (*settings)(void))
{
	begin_with(settings);
	talk_invite(&a, &alice, "0123456789", &offer);
	talk_rings_at(&t, &telco[0]);
	for (int i = 0; i < 8; i++) {
		fork_of[i] = t;
		snprintf(fork_of[i].ours, sizeof fork_of[i].ours, "fork-%d", i);
	}
}

static const char *contact_of(const struct talk *of)
{
	static char text[100];

	snprintf(text, sizeof text, "<sip:%s@%s:40000;transport=tls>", of->ours, of->phone->host);
	return text;
}

/* Each has its own Contact and way. rseq 0: not reliable. */
static void says(struct talk *of, unsigned code, uint32_t rseq, const struct sdp *sdp)
{
	struct msg_response *m = talk_begin_answer(of, code);

	m->contact = phone_put(of->phone, contact_of(of));
	m->route_set = phone_put(of->phone, of == &fork_of[0] ? "<sip:first-way.example;lr>" : "");
	m->rseq = rseq;
	m->required = rseq ? SIP_TAG_100REL : 0;
	m->sdp = phone_put_sdp(of->phone, sdp);
	talk_end_answer(of);
}

/* Of the three, what core sends is for this one. */
static struct heard *takes(struct talk *of, enum sip_method method)
{
	struct heard *h = sent_to(of->phone, method);

	if (!h)
		return NULL;
	NEED(strcmp(sim_text(h, sent(h)->to_tag), of->ours) == 0);
	NEED(strcmp(sim_text(h, sent(h)->target), contact_of(of)) == 0);
	NEED(strcmp(sim_text(h, sent(h)->route_set), of == &fork_of[0] ? "<sip:first-way.example;lr>" : "") == 0);
	return h;
}

static void acknowledged(struct talk *of, uint32_t rseq)
{
	struct heard *h = takes(of, SIP_PRACK);

	NEED(h && sent(h)->rack_rseq == rseq && sent(h)->rack_cseq == 1);
	phone_answer(of->phone, h, 200, NULL);
}

static void talks_to(struct talk *of, const struct sdp *sdp)
{
	says(of, 200, 0, sdp);
	NEED(takes(of, SIP_ACK));
	hears_last(200);
	talk_ack(&a);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	struct heard *bye = takes(of, SIP_BYE);
	NEED(bye);
	phone_answer(of->phone, bye, 200, NULL);
	finish();
}

static void each_is_acknowledged_in_its_own_dialog(void)
{
	goes_out(NULL);
	says(&fork_of[0], 180, 100, NULL);
	acknowledged(&fork_of[0], 100);
	says(&fork_of[1], 180, 5000, NULL);
	acknowledged(&fork_of[1], 5000);
	says(&fork_of[1], 180, 5000, NULL); /* known */
	says(&fork_of[1], 180, 5002, NULL); /* one is missing */
	says(&fork_of[0], 180, 100, NULL);
	NEED(!sent_to(&telco[0], SIP_PRACK));
	says(&fork_of[1], 180, 5001, NULL);
	acknowledged(&fork_of[1], 5001);
	says(&fork_of[0], 180, 101, NULL);
	acknowledged(&fork_of[0], 101);
	talks_to(&fork_of[0], &plain);
}

static void who_sends_media_is_followed(void)
{
	uint64_t join;

	goes_out(NULL);
	struct phone elsewhere = telco[0];
	elsewhere.host = "203.0.113.77";
	const struct sdp other = sdp_clear(&elsewhere);
	says(&fork_of[0], 180, 100, NULL);
	acknowledged(&fork_of[0], 100);
	says(&fork_of[1], 183, 7, &other);
	acknowledged(&fork_of[1], 7);
	const struct relay_spec *w = relay_wish(&join);
	NEED(w && addr_same_ip(&w->side[1].rtp, &other.audio.at));
	says(&fork_of[0], 180, 101, NULL); /* the other is not forgotten */
	acknowledged(&fork_of[0], 101);
	says(&fork_of[0], 183, 102, &plain);
	acknowledged(&fork_of[0], 102);
	w = relay_wish(&join);
	NEED(w && addr_same_ip(&w->side[1].rtp, &plain.audio.at));
	says(&fork_of[1], 180, 8, NULL);
	acknowledged(&fork_of[1], 8);
	talks_to(&fork_of[1], &other);
}

/* It never rang, and has no way through the proxies of the one that did. */
static void who_answers_is_the_one(void)
{
	goes_out(NULL);
	says(&fork_of[0], 183, 100, &plain);
	acknowledged(&fork_of[0], 100);
	talks_to(&fork_of[1], &plain);
}

static struct sdp with_key(unsigned suite)
{
	struct sdp s = sdp_plain(&telco[0]);

	s.audio.crypto[0].suite = (uint8_t)suite;
	for (int i = 0; i < t.sdp.audio.crypto_n; i++)
		if (t.sdp.audio.crypto[i].suite == suite)
			s.audio.crypto[0].tag = t.sdp.audio.crypto[i].tag;
	s.audio.crypto[0].key_len = sdp_suite_key_len((uint8_t)suite);
	memset(s.audio.crypto[0].key, 7, s.audio.crypto[0].key_len);
	return s;
}

/* What the first chose of our keys binds the first alone. */
static void each_chooses_its_keys(void)
{
	goes_out(srtp);
	const struct sdp first = with_key(SDP_AES_CM_128_HMAC_SHA1_80), second = with_key(SDP_AEAD_AES_128_GCM);
	says(&fork_of[0], 183, 100, &first);
	acknowledged(&fork_of[0], 100);
	says(&fork_of[1], 183, 4, &second);
	acknowledged(&fork_of[1], 4);
	talks_to(&fork_of[0], &first);
}

static void more_than_a_few_are_not_followed(void)
{
	goes_out(NULL);
	says(&fork_of[0], 180, 100, NULL);
	acknowledged(&fork_of[0], 100);
	for (int i = 1; i < 8; i++) {
		says(&fork_of[i], 180, 200, NULL);
		if (i <= LEG_FORKS_MAX)
			acknowledged(&fork_of[i], 200);
		NEED(!sent_to(&telco[0], SIP_PRACK));
	}
	talks_to(&fork_of[7], &plain);
}

/* RFC 3261 13.2.2.4: two that answered at once. The call goes on with the first. */
static void who_answers_second_is_hung_up_on(void)
{
	goes_out(NULL);
	says(&fork_of[1], 180, 0, NULL);
	says(&fork_of[0], 200, 0, &plain);
	NEED(takes(&fork_of[0], SIP_ACK));
	hears_last(200);
	talk_ack(&a);
	says(&fork_of[1], 200, 0, &plain);
	struct heard *h = takes(&fork_of[1], SIP_ACK);
	NEED(h && !sim_part(h, sent(h)->sdp));
	struct heard *bye = takes(&fork_of[1], SIP_BYE);
	NEED(bye && sim_status("legs").used == 3);
	says(&fork_of[1], 200, 0, &plain); /* its ACK was lost */
	NEED(takes(&fork_of[1], SIP_ACK) && !sent_to(&telco[0], SIP_BYE));
	phone_answer(&telco[0], bye, 200, NULL);
	NEED(sim_status("legs").used == 2);
	says(&fork_of[1], 200, 0, &plain); /* and was on its way once more */
	says(&fork_of[0], 200, 0, &plain);
	NEED(takes(&fork_of[0], SIP_ACK) && !sent_to(&telco[0], SIP_ACK) && !sent_to(&telco[0], SIP_BYE));
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	bye = takes(&fork_of[0], SIP_BYE);
	NEED(bye);
	says(&fork_of[2], 200, 0, &plain); /* while the call ends */
	NEED(takes(&fork_of[2], SIP_ACK) && takes(&fork_of[2], SIP_BYE));
	phone_answer(&telco[0], bye, 200, NULL);
	finish();
}

/* Both were hung up on before they answered. */
static void who_answers_a_call_that_is_over_is_hung_up_on(void)
{
	goes_out(NULL);
	says(&fork_of[0], 180, 0, NULL);
	struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, alice.edge), MSG_CANCELLED);
	m->txn = a.txn;
	ipc_end(sim_far(PROC_EDGE, alice.edge));
	sim_turn();
	for (int i = 0; i < 2; i++) {
		says(&fork_of[i], 200, 0, &plain);
		NEED(takes(&fork_of[i], SIP_ACK) && takes(&fork_of[i], SIP_BYE));
	}
	finish();
}

/* --- after the leg of the one that was followed is gone --- */

static void up_and_over(void)
{
	goes_out(NULL);
	says(&fork_of[0], 200, 0, &plain);
	NEED(takes(&fork_of[0], SIP_ACK));
	hears_last(200);
	talk_ack(&a);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	struct heard *bye = takes(&fork_of[0], SIP_BYE);
	NEED(bye);
	phone_answer(&telco[0], bye, 200, NULL);
	NEED(sim_status("legs").used == 0 && sim_status("calls").used == 0);
}

static void is_hung_up_on(struct talk *of)
{
	says(of, 200, 0, &plain);
	struct heard *h = takes(of, SIP_ACK);
	NEED(h && sent(h)->cseq == 1 && !sim_part(h, sent(h)->sdp));
	struct heard *bye = takes(of, SIP_BYE);
	NEED(bye && sent(bye)->cseq > 1);
	says(of, 200, 0, &plain); /* its ACK was lost */
	NEED(takes(of, SIP_ACK) && !sent_to(&telco[0], SIP_BYE));
	phone_answer(&telco[0], bye, 200, NULL);
	NEED(sim_status("legs").used == 0);
}

static void nothing_is_said(struct talk *of)
{
	says(of, 200, 0, &plain);
	NEED(!sent_to(&telco[0], SIP_ACK) && !sent_to(&telco[0], SIP_BYE));
	NEED(sim_status("legs").used == 0 && sim_status("requests").used == 0 && sim_status("legs-late").used == 0);
}

static void who_answers_after_the_call_is_hung_up_on(void)
{
	up_and_over();
	says(&fork_of[0], 200, 0, &plain); /* its ACK was lost */
	NEED(takes(&fork_of[0], SIP_ACK) && !sent_to(&telco[0], SIP_BYE));
	is_hung_up_on(&fork_of[1]);
	sim_pass(LEG_LATE_MS - 2000);
	is_hung_up_on(&fork_of[2]);
	sim_pass(3000);
	nothing_is_said(&fork_of[3]);
	NEED(sim.accusations == 0);
	finish();
}

/* It holds no line: the next call has it. */
static void a_call_that_is_over_holds_no_line(void)
{
	for (int i = 0; i < 4; i++) {
		if (i == 0)
			up_and_over();
		else {
			talk_invite(&a, &alice, "0123456789", &offer);
			talk_rings_at(&t, &telco[0]);
			talk_answer(&t, 200, &plain);
			NEED(talk_takes(&t, SIP_ACK));
			hears_last(200);
			talk_ack(&a);
			call_hang_up(&a, &t);
		}
		sim_clear();
	}
	NEED(sim_status("legs-late").used == 4);
	finish();
}

static void caller_cancels(void)
{
	struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, alice.edge), MSG_CANCELLED);
	m->txn = a.txn;
	ipc_end(sim_far(PROC_EDGE, alice.edge));
	sim_turn();
}

/* CANCEL and 200 crossed, and the one that was called off is gone when the other answers. */
static void who_answers_after_a_cancelled_call_is_hung_up_on(void)
{
	goes_out(NULL);
	says(&fork_of[0], 180, 0, NULL);
	caller_cancels();
	is_hung_up_on(&fork_of[0]);
	is_hung_up_on(&fork_of[1]);
	finish();
}

/* A phone may be a proxy before others, as well. */
static void of_a_phone_too(void)
{
	begin_with(NULL);
	call_up(&a, &alice, &b, &bob);
	call_hang_up(&a, &b);
	struct talk other = b;
	snprintf(other.ours, sizeof other.ours, "fork");
	const struct sdp answer = sdp_plain(&bob);
	talk_answer(&other, 200, &answer);
	struct heard *ack = sent_to(&bob, SIP_ACK), *bye = sent_to(&bob, SIP_BYE);
	NEED(ack && strcmp(sim_text(ack, sent(ack)->to_tag), "fork") == 0);
	NEED(bye && strcmp(sim_text(bye, sent(bye)->to_tag), "fork") == 0);
	phone_answer(&bob, bye, 200, NULL);
	finish();
}

/* How many PRACKs wait for an answer of bob's, who gives none. */
static int pracks(void)
{
	int n = 0;

	while (sent_to(&bob, SIP_PRACK))
		n++;
	return n;
}

/* Who says reliably what was not asked for, one after the other and in many names, has no more requests of core's than one for each
 * dialog: the next comes when that was answered (RFC 3262 3; R27, T23). */
static void of_each_dialog_one_is_acknowledged_at_a_time(void)
{
	int with_media = 0;

	begin_with(NULL);
	const struct sdp media = sdp_plain(&bob);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	const uint64_t before = sim_status("requests").used;
	for (int i = 0; i < 2; i++) {
		fork_of[i] = b;
		snprintf(fork_of[i].ours, sizeof fork_of[i].ours, "fork-%d", i);
	}
	says(&fork_of[0], 180, 0, NULL);
	for (uint32_t i = 1; i <= 30; i++)
		says(&fork_of[1], 180, i, NULL);
	NEED(pracks() == 1);
	for (uint32_t i = 0; i < 30; i++) {
		says(&fork_of[i % 2], 183, i % 2 ? i / 2 + 2 : i / 2 + 1, &media);
		with_media += pracks();
	}
	NEED(with_media <= 2 && sim_status("requests").used <= before + 3);
	talk_answer(&b, 486, NULL);
	hears_last(486);
	finish();
}

static void much_room(void)
{
	sim.site.max_calls = 128;
	sim.site.media_port_hi = sim.site.media_port_lo + 4 * 256 - 1;
}

/* What came first is forgotten first, and nothing grows. */
static void of_many_calls_the_last_are_known(void)
{
	static struct talk of[LEG_LATE_MAX + 1];

	begin_with(much_room);
	for (int i = 0; i <= LEG_LATE_MAX; i++) {
		call_up(&a, &alice, &b, &bob);
		of[i] = b;
		call_hang_up(&a, &b);
		sim_clear();
		sim_pass(300); /* at a pace that a phone may have */
	}
	NEED(sim_status("legs-late").used == LEG_LATE_MAX && sim_status("requests").used == LEG_LATE_MAX);
	const struct sdp answer = sdp_plain(&bob);
	talk_answer(&of[0], 200, &answer);
	NEED(!sent_to(&bob, SIP_ACK));
	talk_answer(&of[1], 200, &answer);
	NEED(sent_to(&bob, SIP_ACK));
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(each_is_acknowledged_in_its_own_dialog);
	SIM(who_sends_media_is_followed);
	SIM(who_answers_is_the_one);
	SIM(each_chooses_its_keys);
	SIM(more_than_a_few_are_not_followed);
	SIM(who_answers_second_is_hung_up_on);
	SIM(who_answers_a_call_that_is_over_is_hung_up_on);
	SIM(who_answers_after_the_call_is_hung_up_on);
	SIM(a_call_that_is_over_holds_no_line);
	SIM(who_answers_after_a_cancelled_call_is_hung_up_on);
	SIM(of_a_phone_too);
	SIM(of_each_dialog_one_is_acknowledged_at_a_time);
	SIM(of_many_calls_the_last_are_known);
	(void)test_failed_here;
	return TEST_END;
}
