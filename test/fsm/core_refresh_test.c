/* SPDX-License-Identifier: ISC */
/* What a phone answers to our own refresh of its session (RFC 4028): what stands, or a change as good as one that it asks for
 * (RFC 3261 14.1), whether its encryption passes or ends here; and one that takes no UPDATE after all. */
#include "../unit/test.h"
#include "sim_voice.h"

static struct phone alice, bob;
static struct talk a, b;

static void answers_with(struct sdp *answer, uint32_t allow)
{
	struct msg_response *m = talk_begin_answer(&b, 200);

	sdp_fit(&b, answer);
	m->session_expires = 300;
	m->refresher = REFRESHER_UAC; /* core */
	m->allow = allow | 1u << SIP_INVITE | 1u << SIP_ACK | 1u << SIP_BYE;
	m->sdp = phone_put_sdp(&bob, answer);
	talk_end_answer(&b);
	NEED(talk_takes(&b, SIP_ACK));
	talk_hears(&a, 200);
	talk_ack(&a);
	while (relay_wish(NULL))
		;
}

static void open_exchange(void)
{
	if (alice.flow)
		return;
	sim_defaults();
	sim_open();
	phone_init(&alice, 0);
	phone_init(&bob, 1);
	alice.outbound = bob.outbound = true;
	phone_register(&alice);
	phone_register(&bob);
	media_says_fingerprint(0x5a);
}

/* Encryption passes from the one to the other. */
static void begin(struct sdp *said, uint32_t allow)
{
	struct sdp offer;

	open_exchange();
	offer = sdp_plain(&alice);
	*said = sdp_plain(&bob);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	answers_with(said, allow);
}

/* alice's ends here, and bob's. */
static void begin_ended(struct sdp *said)
{
	struct sdp offer;

	open_exchange();
	*said = sdp_plain(&bob);
	offer = sdp_of(KEYS_DTLS, alice.host, 40002, 1, "sendrecv", "actpass");
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 488, NULL);
	talk_rings_at(&b, &bob);
	answers_with(said, 0);
}

static void finish(void)
{
	sim_pass(60000);
	sim_need_idle();
}

/* A 2xx that keeps the session's timer. */
static void accepts(struct talk *t, const struct heard *h, const struct sdp *said)
{
	struct link *edge = sim_far(PROC_EDGE, t->phone->edge);
	struct msg_response *m = ipc_begin(edge, MSG_RESPONSE);

	m->ref = sent(h)->ref;
	m->method = SIP_INVITE;
	m->code = 200;
	m->session_expires = 300;
	m->min_se = ABSENT;
	m->refresher = REFRESHER_UAC;
	m->sdp = phone_put_sdp(t->phone, said);
	ipc_end(edge);
	sim_turn();
}

/* bob is refreshed, and says this. */
static void is_refreshed(const struct sdp *said)
{
	sim_pass(150100);
	struct heard *h = talk_takes(&b, SIP_INVITE);
	NEED(h && sent(h)->sdp.len);
	while (relay_wish(NULL)) /* said again from time to time */
		;
	accepts(&b, h, said);
	NEED(talk_takes(&b, SIP_ACK));
}

static void new_key(struct sdp *s, unsigned port, uint8_t octet)
{
	s->version++;
	s->audio.at.port = (uint16_t)port;
	s->audio.rtcp.port = s->audio.rtcp.port ? (uint16_t)(port + 1) : 0;
	memset(s->audio.crypto[0].key, octet, s->audio.crypto[0].key_len);
}

static void what_stands_is_nobodys_business(void)
{
	struct sdp said;

	begin(&said, 0);
	said.version++;
	is_refreshed(&said);
	NEED(!relay_wish(NULL) && !talk_takes(&b, SIP_INVITE) && !talk_takes(&a, SIP_INVITE));
	call_hang_up(&a, &b);
	finish();
	begin_ended(&said);
	is_refreshed(&said);
	NEED(!relay_wish(NULL) && !talk_takes(&a, SIP_INVITE));
	call_hang_up(&a, &b);
	finish();
}

static void a_phone_that_moved_is_followed(void)
{
	struct sdp said;

	begin(&said, 0);
	said.audio.at.port = 41000;
	is_refreshed(&said);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[1].rtp.port == 41000 && spec->side[0].rtp.port == 40002);
	NEED(!talk_takes(&a, SIP_INVITE) && !talk_takes(&b, SIP_INVITE));
	call_hang_up(&b, &a);
	finish();
}

static void where_it_ends_here_media_has_the_new_key(void)
{
	struct sdp said;

	begin_ended(&said);
	new_key(&said, 41000, 0x77);
	is_refreshed(&said);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[1].end == RELAY_ENDED_SDES && spec->side[1].rtp.port == 41000);
	NEED(spec->side[1].key_theirs[0] == 0x77);
	NEED(!talk_takes(&a, SIP_INVITE)); /* its part of the call is what it was */
	said.version++;
	said.audio.direction = SDP_SENDONLY;
	is_refreshed(&said);
	spec = relay_wish(NULL);
	NEED(spec && spec->side[1].direction == RELAY_SENDS);
	call_hang_up(&a, &b);
	finish();
}

/* bob offers anew what he said, for alice may answer that with a key of her own; both have what the other has in the end. */
static void where_it_passes_the_other_phone_has_the_new_key(void)
{
	struct sdp said, mine;

	begin(&said, 0);
	new_key(&said, 41000, 0x77);
	is_refreshed(&said);
	struct heard *h = talk_takes(&b, SIP_INVITE);
	NEED(h && !sent(h)->sdp.len && !talk_takes(&a, SIP_INVITE));
	new_key(&said, 42000, 0x78);
	accepts(&b, h, &said);
	NEED(!talk_takes(&b, SIP_ACK));
	h = talk_takes(&a, SIP_INVITE);
	NEED(h && sent(h)->sdp.len && a.sdp.audio.crypto[0].key[0] == 0x78);
	mine = sdp_of(KEYS_SDES, alice.host, 43000, 2, "sendrecv", NULL);
	memset(mine.audio.crypto[0].key, 0x11, mine.audio.crypto[0].key_len);
	mine.audio.crypto[0].tag = a.sdp.audio.crypto[0].tag;
	accepts(&a, h, &mine);
	NEED(talk_takes(&a, SIP_ACK));
	h = talk_takes(&b, SIP_ACK);
	NEED(h && sent(h)->sdp.len);
	NEED(((const struct sdp *)sim_part(h, sent(h)->sdp))->audio.crypto[0].key[0] == 0x11);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[0].rtp.port == 43000 && spec->side[1].rtp.port == 42000);
	/* that is what stands */
	is_refreshed(&said);
	NEED(!relay_wish(NULL) && !talk_takes(&b, SIP_INVITE));
	call_hang_up(&a, &b);
	finish();
}

static void the_other_phone_refuses_or_is_silent(void)
{
	struct sdp said;

	for (int silent = 0; silent < 2; silent++) {
		begin(&said, 0);
		new_key(&said, 41000, 0x77);
		is_refreshed(&said);
		struct heard *h = talk_takes(&b, SIP_INVITE);
		NEED(h);
		accepts(&b, h, &said);
		h = talk_takes(&a, SIP_INVITE);
		NEED(h);
		if (silent)
			sim_pass(33000);
		else
			talk_reply(&a, h, 488, NULL);
		NEED(talk_takes(&b, SIP_ACK)); /* and then it ends: the two do not fit together */
		hangs_up_on(&b);
		hangs_up_on(&a);
		finish();
	}
}

/* The call goes on as it was, until the next refresh says so again. */
static void it_makes_no_offer(void)
{
	struct sdp said;

	begin(&said, 0);
	new_key(&said, 41000, 0x77);
	is_refreshed(&said);
	struct heard *h = talk_takes(&b, SIP_INVITE);
	NEED(h);
	talk_reply(&b, h, 500, NULL);
	NEED(!talk_takes(&a, SIP_INVITE) && !talk_takes(&a, SIP_BYE) && !talk_takes(&b, SIP_BYE));
	call_hang_up(&a, &b);
	finish();
}

static void an_answer_that_does_not_fit_ends_the_call(void)
{
	struct sdp said;

	for (int ended = 0; ended < 2; ended++) {
		if (ended)
			begin_ended(&said);
		else
			begin(&said, 0);
		new_key(&said, 41000, 0x77);
		said.audio.crypto[0].tag = 99;
		is_refreshed(&said);
		hangs_up_on(&b);
		hangs_up_on(&a);
		finish();
	}
}

static void who_takes_no_update_is_refreshed_by_invite(void)
{
	static const uint16_t code[] = {405, 488, 501};
	struct sdp said;

	for (size_t i = 0; i < sizeof code / sizeof *code; i++) {
		begin(&said, 1u << SIP_UPDATE);
		sim_pass(150100);
		struct heard *h = talk_takes(&b, SIP_UPDATE);
		NEED(h);
		talk_reply(&b, h, code[i], NULL);
		h = talk_takes(&b, SIP_INVITE);
		NEED(h && sent(h)->sdp.len && sent(h)->session_expires == 300);
		accepts(&b, h, &said);
		NEED(talk_takes(&b, SIP_ACK) && !talk_takes(&b, SIP_UPDATE));
		call_hang_up(&a, &b);
		finish();
	}
}

/* How often bob is asked until somebody is hung up on, and answers this; the times since the session began, in seconds. */
static unsigned is_refused(unsigned code, unsigned most, uint64_t at_s[])
{
	unsigned n = 0;

	for (uint64_t ms = 0; ms < 400000; ms += 500) {
		struct heard *h = talk_takes(&b, SIP_INVITE);
		if (h && n < most)
			at_s[n++] = ms / 1000;
		if (h)
			talk_reply(&b, h, code, NULL);
		struct heard *bye = talk_takes(&b, SIP_BYE);
		if (bye) {
			at_s[n] = ms / 1000;
			talk_reply(&b, bye, 200, NULL);
			hangs_up_on(&a);
			return n;
		}
		sim_pass(500);
		while (relay_wish(NULL))
			;
	}
	NEED(false);
}

static bool at(const uint64_t at_s[], const uint64_t wanted[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (at_s[i] < wanted[i] || at_s[i] > wanted[i] + 1)
			return false;
	return true;
}

/* RFC 3261 14.1, RFC 4028 10: not for ever, and what is not refreshed is over shortly before its interval. */
static void who_refuses_each_refresh_has_its_call_until_the_interval_is_over(void)
{
	struct sdp said;
	uint64_t at_s[10];

	begin(&said, 0);
	NEED(is_refused(491, 9, at_s) == 6);
	NEED(at(at_s, (uint64_t[]){150, 152, 157, 167, 187, 227, 268}, 7));
	finish();
	begin(&said, 0);
	NEED(is_refused(500, 9, at_s) == 4);
	NEED(at(at_s, (uint64_t[]){150, 160, 180, 220, 268}, 5));
	finish();
}

static void who_takes_it_in_the_end_begins_anew(void)
{
	struct sdp said;

	begin(&said, 0);
	sim_pass(150100);
	for (uint64_t ms = 2500; ms < 30000; ms *= 2) {
		struct heard *h = talk_takes(&b, SIP_INVITE);
		NEED(h);
		talk_reply(&b, h, 491, NULL);
		NEED(!talk_takes(&b, SIP_INVITE));
		sim_pass(ms + 50);
	}
	struct heard *h = talk_takes(&b, SIP_INVITE);
	NEED(h);
	accepts(&b, h, &said);
	NEED(talk_takes(&b, SIP_ACK));
	sim_pass(149900);
	while (relay_wish(NULL))
		;
	NEED(!talk_takes(&b, SIP_INVITE) && !talk_takes(&b, SIP_BYE) && !talk_takes(&a, SIP_BYE));
	sim_pass(300);
	h = talk_takes(&b, SIP_INVITE);
	NEED(h);
	talk_reply(&b, h, 491, NULL); /* counted from one again */
	sim_pass(2600);
	NEED(talk_takes(&b, SIP_INVITE));
	call_hang_up(&a, &b);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(what_stands_is_nobodys_business);
	SIM(a_phone_that_moved_is_followed);
	SIM(where_it_ends_here_media_has_the_new_key);
	SIM(where_it_passes_the_other_phone_has_the_new_key);
	SIM(the_other_phone_refuses_or_is_silent);
	SIM(it_makes_no_offer);
	SIM(an_answer_that_does_not_fit_ends_the_call);
	SIM(who_takes_no_update_is_refreshed_by_invite);
	SIM(who_refuses_each_refresh_has_its_call_until_the_interval_is_over);
	SIM(who_takes_it_in_the_end_begins_anew);
	(void)test_failed_here;
	return TEST_END;
}
