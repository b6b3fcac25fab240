/* SPDX-License-Identifier: ISC */
/* Where the media of a trunk may come from and go to, and what a phone may name: never to a third (R4, R6, T24, T31). */
#include "../unit/test.h"
#include "sim_trunks.h"
#include "sim_voice.h"
#include "wire/sdp_offer.h"

static struct sdp at(const char *host, unsigned version)
{
	struct phone p = telco[0];

	p.host = host;
	struct sdp s = sdp_clear(&p);
	s.version = version;
	return s;
}

static bool is_at(const struct addr *where, const char *host, unsigned port)
{
	struct addr want;

	return addr_parse_ip(span_str(host), &want) && addr_same_ip(where, &want) && where->port == port;
}

static void up_with(const struct sdp *theirs)
{
	talk_invite(&a, &alice, "0123456789", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_up(&a, &t, theirs);
}

static const struct relay_side *side_of_trunk(void)
{
	static struct relay_spec s;
	uint64_t join;
	const struct relay_spec *w = relay_wish(&join);

	NEED(w);
	s = *w;
	media_says_gate(join, RELAY_KEY_SDES);
	return &s.side[1];
}

static struct sdp of_law(const struct sdp *of, uint8_t codec)
{
	struct sdp s = *of;

	sdp_keep_codecs(&s, (uint8_t)(1u << codec | 1u << SDP_TELEPHONE_EVENT));
	return s;
}

/* A line of the one law and a caller of the other, who was answered before anybody knew: by the exchange, or because it has no other. */
static void calls_new_numbers(void)
{
	sim.dialled[0] = NULL;
	sim.site.plan.pin = 1;
	sim.pin = "2468";
}

static const struct relay_payload *audio_of(const struct relay_side *s)
{
	for (int i = 0; i < s->payloads; i++)
		if (s->payload[i].codec != SDP_TELEPHONE_EVENT)
			return &s->payload[i];
	return NULL;
}

static void is_put_into_the_other_law(void)
{
	uint64_t join;
	const struct relay_spec *w = relay_wish(&join);
	const struct relay_payload *p = w ? audio_of(&w->side[0]) : NULL, *q = w ? audio_of(&w->side[1]) : NULL;

	NEED(p && p->codec == SDP_PCMA && p->type == 8 && p->to == 0);
	NEED(q && q->codec == SDP_PCMU && q->type == 0 && q->to == 8);
}

static void who_was_asked_for_a_pin_is_heard_in_either_law(void)
{
	begin_with(calls_new_numbers);
	struct sdp mu = of_law(&plain, SDP_PCMU);
	talk_invite(&a, &alice, "0123456789", &offer);
	answered(&a);
	NEED(a.sdp.audio.codec[0].codec == SDP_PCMA);
	voice_says(turn("pin-please")->token, TURN_DIGITS, sim.pin);
	talk_rings_at(&t, &telco[0]);
	NEED(t.sdp.audio.codec[0].codec == SDP_PCMA && t.sdp.audio.codec[1].codec == SDP_PCMU);
	talk_answer(&t, 200, &mu);
	NEED(talk_takes(&t, SIP_ACK));
	is_put_into_the_other_law();
	call_hang_up(&a, &t);
	finish();
}

static void a_phone_of_one_law_is_heard_by_a_line_of_the_other(void)
{
	begin_with(NULL);
	struct sdp a_law = of_law(&offer, SDP_PCMA), mu = of_law(&plain, SDP_PCMU);
	talk_invite(&a, &alice, "0123456789", &a_law);
	talk_rings_at(&t, &telco[0]);
	talk_up(&a, &t, &mu);
	NEED(a.sdp.audio.codec[0].codec == SDP_PCMA);
	is_put_into_the_other_law();
	call_hang_up(&a, &t);
	finish();
}

/* Nothing is put into anything where both have the same. */
static void who_has_both_laws_speaks_that_of_the_line(void)
{
	begin_with(NULL);
	struct sdp mu = of_law(&plain, SDP_PCMU);
	up_with(&mu);
	NEED(a.sdp.audio.codec[0].codec == SDP_PCMU && a.sdp.audio.codec[1].codec == SDP_TELEPHONE_EVENT);
	call_hang_up(&a, &t);
	finish();
}

/* A provider's media hosts are not its proxies. */
static void media_come_from_another_host_of_the_trunk(void)
{
	begin_with(NULL);
	struct sdp theirs = at("203.0.113.77", 1);
	theirs.audio.rtcp_mux = 0;
	NEED(addr_parse_ip(SPAN("203.0.113.78"), &theirs.audio.rtcp));
	theirs.audio.rtcp.port = 41001;
	up_with(&theirs);
	const struct relay_side *s = side_of_trunk();
	NEED(s->source == RELAY_SOURCE_NAMED && is_at(&s->rtp, "203.0.113.77", 40002) && is_at(&s->rtcp, "203.0.113.78", 41001));
	/* and it moves them within its nets */
	struct sdp moved = at("203.0.113.80", 2);
	NEED(code_of(talk_send(&t, SIP_INVITE, &moved)) == 200);
	talk_ack(&t);
	s = side_of_trunk();
	NEED(s->source == RELAY_SOURCE_NAMED && is_at(&s->rtp, "203.0.113.80", 40002));
	call_hang_up(&a, &t);
	finish();
}

static void keys(void)
{
	sim.site.trunk[0].media = TRUNK_SRTP;
	sim.site.trunk[0].plain = 0;
}

static void and_not_from_anywhere_else(void)
{
	struct sdp alien = at("198.18.0.9", 2), half = at("203.0.113.77", 2), none = at("203.0.113.77", 2), hold = at("0.0.0.0", 2);
	uint64_t txn;

	begin_with(NULL);
	up_with(&plain);
	(void)side_of_trunk();
	NEED(addr_parse_ip(SPAN("198.18.0.9"), &half.audio.rtcp));
	half.audio.rtcp.port = 53;
	none.audio.at.port = 0;
	const struct sdp *const no[] = {&alien, &half, &none};
	for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
		txn = talk_send(&t, SIP_INVITE, no[i]);
		NEED(code_of(txn) == 488);
		talk_ack(&t);
		NEED(code_of(talk_send(&t, SIP_UPDATE, no[i])) == 488);
		NEED(!relay_wish(NULL));
	}
	/* RFC 2543: who holds so is sent nothing */
	hold.audio.direction = SDP_SENDONLY;
	NEED(code_of(talk_send(&t, SIP_INVITE, &hold)) == 200);
	talk_ack(&t);
	struct sdp back = at("203.0.113.6", 3);
	NEED(code_of(talk_send(&t, SIP_INVITE, &back)) == 200);
	talk_ack(&t);
	NEED(side_of_trunk()->source == RELAY_SOURCE_NAMED);
	call_hang_up(&a, &t);
	finish();
}

/* Keys, once there, are not given up in the middle of a call. */
static void a_call_with_keys_does_not_lose_them(void)
{
	begin_with(keys);
	talk_invite(&a, &alice, "0123456789", &offer);
	talk_rings_at(&t, &telco[0]);
	struct sdp sdes = sdp_of(KEYS_SDES, telco[0].host, 40002, 1, "sendrecv", NULL);
	sdp_fit(&t, &sdes);
	talk_up(&a, &t, &sdes);
	(void)side_of_trunk();
	struct sdp clear = at("203.0.113.6", 2);
	NEED(code_of(talk_send(&t, SIP_INVITE, &clear)) == 488);
	talk_ack(&t);
	NEED(!relay_wish(NULL));
	call_hang_up(&a, &t);
	finish();
}

/* Without an offer the trunk is made one, both ways, of what stands; it answers in its ACK (RFC 3261 14.2, RFC 6337 5.3). */
static void asks_for_an_offer_and_says(const struct sdp *said)
{
	struct heard *h = reply_to(talk_send(&t, SIP_INVITE, NULL));

	NEED(h && respond(h)->code == 200 && respond(h)->sdp.len);
	const struct sdp *ours = sim_part(h, respond(h)->sdp);
	NEED(ours->audio.direction == SDP_SENDRECV && ours->audio.codec_n > 0 && !relay_wish(NULL));
	NEED(code_of(talk_send(&t, SIP_UPDATE, &plain)) == 491);
	struct msg_request *m = talk_begin(&t, SIP_ACK);
	m->cseq = t.invite_cseq;
	if (said)
		m->sdp = phone_put_sdp(&telco[0], said);
	talk_end(&t);
}

static void what_the_trunk_says_in_its_ack_counts(void)
{
	struct sdp hold = at("203.0.113.6", 2), back = at("203.0.113.80", 3), alien = at("198.18.0.9", 4);

	begin_with(NULL);
	up_with(&plain);
	(void)side_of_trunk();
	hold.audio.direction = SDP_SENDONLY;
	NEED(code_of(talk_send(&t, SIP_INVITE, &hold)) == 200);
	talk_ack(&t);
	const struct relay_side *s = side_of_trunk();
	NEED(s->direction == RELAY_SENDS);
	asks_for_an_offer_and_says(NULL); /* nothing: what stands, stands */
	NEED(!relay_wish(NULL));
	asks_for_an_offer_and_says(&back);
	s = side_of_trunk();
	NEED(s->direction == RELAY_BOTH && is_at(&s->rtp, "203.0.113.80", 40002));
	asks_for_an_offer_and_says(&alien);
	struct heard *h = talk_takes(&t, SIP_BYE);
	NEED(h);
	talk_reply(&t, h, 200, NULL);
	h = talk_takes(&a, SIP_BYE);
	NEED(h);
	talk_reply(&a, h, 200, NULL);
	finish();
}

static void keys_stand_over_an_offer_of_ours(void)
{
	begin_with(NULL);
	up_with(&plain);
	(void)side_of_trunk();
	struct heard *h = reply_to(talk_send(&a, SIP_INVITE, NULL));
	NEED(h && respond(h)->code == 200);
	const struct sdp *ours = sim_part(h, respond(h)->sdp);
	NEED(ours->audio.crypto_n == 1 && memcmp(&ours->audio.crypto[0], &a.sdp.audio.crypto[0], sizeof ours->audio.crypto[0]) == 0);
	struct sdp said = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendonly", NULL);
	said.audio.crypto[0].tag = ours->audio.crypto[0].tag;
	said.audio.crypto[0].key[0] ^= 1; /* its own may be new */
	struct msg_request *m = talk_begin(&a, SIP_ACK);
	m->cseq = a.invite_cseq;
	m->sdp = phone_put_sdp(&alice, &said);
	talk_end(&a);
	uint64_t join;
	const struct relay_spec *s = relay_wish(&join);
	NEED(s && s->side[0].direction == RELAY_SENDS);
	NEED(sim_take(PROC_VOICE, MSG_TURN, NULL, NULL)); /* music for who is on hold */
	call_hang_up(&a, &t);
	finish();
}

/* A phone names a third for its RTCP: the relay neither hears it there nor sends it anything. */
static void a_phone_names_a_third_for_rtcp(void)
{
	begin_with(NULL);
	struct sdp o = sdp_plain(&alice), answer = sdp_plain(&bob);
	NEED(addr_parse_ip(SPAN("198.51.100.99"), &o.audio.rtcp));
	o.audio.rtcp.port = 53;
	o.audio.rtcp_mux = answer.audio.rtcp_mux = 0;
	answer.audio.rtcp = answer.audio.at;
	answer.audio.rtcp.port = 44444; /* its own host may choose another port */
	talk_invite(&a, &alice, "bob", &o);
	talk_rings_at(&b, &bob);
	talk_up(&a, &b, &answer);
	uint64_t join;
	const struct relay_spec *s = relay_wish(&join);
	NEED(s && s->side[0].source == RELAY_SOURCE_NAMED && is_at(&s->side[0].rtcp, "198.51.100.1", 40003));
	NEED(s->side[1].source == RELAY_SOURCE_NAMED && is_at(&s->side[1].rtcp, "198.51.100.2", 44444));
	media_says_gate(join, RELAY_KEY_SDES);
	call_hang_up(&a, &b);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(who_was_asked_for_a_pin_is_heard_in_either_law);
	SIM(a_phone_of_one_law_is_heard_by_a_line_of_the_other);
	SIM(who_has_both_laws_speaks_that_of_the_line);
	SIM(media_come_from_another_host_of_the_trunk);
	SIM(and_not_from_anywhere_else);
	SIM(a_call_with_keys_does_not_lose_them);
	SIM(what_the_trunk_says_in_its_ack_counts);
	SIM(keys_stand_over_an_offer_of_ours);
	SIM(a_phone_names_a_third_for_rtcp);
	(void)test_failed_here;
	return TEST_END;
}
