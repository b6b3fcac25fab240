/* SPDX-License-Identifier: ISC */
/* Calls whose legs end in media: two phones with no key method in common, their changes, what media is told (R7). */
#include "../unit/test.h"
#include "call.h"
#include "sim_phone.h"

static struct phone alice, bob;
static struct talk a, b;
static struct sdp sdes_a, dtls_b;

static void begin(void)
{
	sim_defaults();
	sim_open();
	phones_register((struct phone *[]){&alice, &bob}, 2);
	media_says_fingerprint(0x5a);
	sdes_a = sdp_plain(&alice);
	dtls_b = sdp_of(KEYS_DTLS, bob.host, 40002, 1, "sendrecv", "active");
}

static void finish(void)
{
	sim_pass(60000);
	sim_need_idle();
}

static bool is_ours(const struct sdp *s)
{
	static const uint8_t ours[32] = {[0 ... 31] = 0x5a};
	return s->audio.fingerprint_n == 1 && memcmp(s->audio.fingerprint[0].bytes, ours, sizeof ours) == 0;
}

/* alice speaks SDES alone, bob DTLS alone */
static void call_across(void)
{
	talk_invite(&a, &alice, "bob", &sdes_a);
	talk_rings_at(&b, &bob);
	NEED(b.sdp.audio.crypto_n == 1 && memcmp(b.sdp.audio.crypto, sdes_a.audio.crypto, sizeof b.sdp.audio.crypto) == 0);
	talk_answer(&b, 488, NULL);
	talk_rings_at(&b, &bob);
	NEED(b.sdp.audio.crypto_n == 0 && is_ours(&b.sdp) && b.sdp.audio.setup == SDP_ACTPASS);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	talk_up(&a, &b, &dtls_b);
}

static void two_key_methods_are_joined_in_media(void)
{
	begin();
	call_across();
	/* its own suite and tag come back with a key of ours, and no fingerprint of anybody's */
	NEED(a.sdp.audio.crypto_n == 1 && a.sdp.audio.crypto[0].tag == 1 && a.sdp.audio.fingerprint_n == 0);
	NEED(a.sdp.audio.crypto[0].suite == SDP_AES_CM_128_HMAC_SHA1_80);
	NEED(memcmp(a.sdp.audio.crypto[0].key, sdes_a.audio.crypto[0].key, 30) != 0);
	uint64_t join;
	const struct relay_spec *s = relay_wish(&join);
	NEED(s && s->answered && s->side[0].present && s->side[1].present);
	NEED(s->side[0].end == RELAY_ENDED_SDES && s->side[1].end == RELAY_ENDED_DTLS);
	NEED(s->side[0].keyed && s->side[1].keyed && !s->side[1].dtls_active);
	NEED(memcmp(s->side[0].key_theirs, sdes_a.audio.crypto[0].key, 30) == 0);
	NEED(memcmp(s->side[0].key_ours, a.sdp.audio.crypto[0].key, 30) == 0);
	NEED(memcmp(&s->side[1].fingerprint, &dtls_b.audio.fingerprint[0], sizeof s->side[1].fingerprint) == 0);
	NEED(s->side[0].hears == RELAY_HEARS_OTHER && s->side[1].hears == RELAY_HEARS_OTHER);
	NEED(s->side[0].events && s->side[1].events && !s->side[0].listens && !s->side[1].listens);
	for (int i = 0; i < s->side[0].payloads; i++)
		NEED(s->side[0].payload[i].to == s->side[0].payload[i].type); /* both number them alike */
	call_hang_up(&a, &b);
	finish();
}

static void the_next_call_ends_in_media_from_the_start(void)
{
	begin();
	call_across();
	call_hang_up(&a, &b);
	talk_invite(&a, &alice, "bob", &sdes_a);
	talk_rings_at(&b, &bob);
	NEED(is_ours(&b.sdp));
	talk_answer(&b, 200, &dtls_b);
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&b, &a);
	finish();
}

static void a_200_that_declines_is_asked_again_too(void)
{
	begin();
	struct sdp declined = sdes_a;
	declined.audio.at.port = 0;
	talk_invite(&a, &alice, "bob", &sdes_a);
	talk_rings_at(&b, &bob);
	struct talk first = b;
	talk_answer(&b, 200, &declined);
	NEED(talk_takes(&first, SIP_ACK));
	struct heard *bye = talk_takes(&first, SIP_BYE);
	NEED(bye);
	talk_reply(&first, bye, 200, NULL);
	talk_rings_at(&b, &bob);
	NEED(is_ours(&b.sdp));
	talk_answer(&b, 200, &dtls_b);
	talk_takes(&b, SIP_ACK);
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &b);
	finish();
}

static void who_takes_neither_is_refused_once(void)
{
	begin();
	talk_invite(&a, &alice, "bob", &sdes_a);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 488, NULL);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 488, NULL);
	NEED(code_of(a.txn) == 488);
	finish();
}

static void hold_is_answered_without_the_other_phone(void)
{
	begin();
	call_across();
	relay_wish(NULL);
	struct sdp hold = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendonly", NULL);
	struct heard *h = reply_to(talk_send(&a, SIP_INVITE, &hold));
	NEED(h && respond(h)->code == 200);
	const struct sdp *said = sim_part(h, respond(h)->sdp);
	NEED(said && said->audio.direction == SDP_RECVONLY);
	/* the same key offered is answered with the same key: the stream goes on */
	NEED(memcmp(said->audio.crypto, a.sdp.audio.crypto, sizeof said->audio.crypto) == 0);
	talk_ack(&a);
	NEED(!talk_takes(&b, SIP_INVITE));
	const struct relay_spec *s = relay_wish(NULL);
	NEED(s && s->side[0].direction == SDP_SENDONLY && answers_of(&s->side[0]) == 1);
	NEED(memcmp(s->side[0].key_ours, a.sdp.audio.crypto[0].key, 30) == 0);
	/* DTLS on the other side: the association that stands keeps its roles */
	struct sdp again = sdp_of(KEYS_DTLS, bob.host, 40012, 2, "sendrecv", "actpass");
	h = reply_to(talk_send(&b, SIP_INVITE, &again));
	NEED(h && respond(h)->code == 200);
	said = sim_part(h, respond(h)->sdp);
	NEED(said && said->audio.setup == SDP_PASSIVE && is_ours(said));
	talk_ack(&b);
	call_hang_up(&a, &b);
	finish();
}

static bool says_music(void)
{
	struct heard *h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL);

	return h && strcmp(sim_text(h, ((const struct msg_turn *)(const void *)h->payload)->say), "music") == 0;
}

static uint8_t bob_hears(void)
{
	const struct relay_spec *s = relay_wish(NULL);

	NEED(s);
	return s->side[1].hears;
}

/* R28: whoever is on hold hears music again, and the other phone when it is back, with voice or without. */
static void music_on_hold_survives_voice(void)
{
	begin();
	struct sdp hold = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendonly", NULL);
	struct sdp back = sdp_of(KEYS_SDES, alice.host, 40002, 3, "sendrecv", NULL);
	call_across();
	while (relay_wish(NULL))
		;
	NEED(code_of(talk_send(&a, SIP_INVITE, &hold)) == 200);
	talk_ack(&a);
	NEED(says_music());
	while (relay_wish(NULL))
		;
	sim_link_down(PROC_VOICE, 0);
	sim_pass(15000);
	sim_link_up(PROC_VOICE, 0);
	NEED(says_music() && !relay_wish(NULL)); /* as media has it */
	sim_link_down(PROC_VOICE, 0);
	NEED(code_of(talk_send(&a, SIP_INVITE, &back)) == 200);
	talk_ack(&a);
	NEED(bob_hears() == RELAY_HEARS_OTHER);
	sim_link_up(PROC_VOICE, 0);
	NEED(!says_music());
	call_hang_up(&a, &b);
	finish();
}

static void new_keys_in_the_dialog_are_answered_by_new_keys(void)
{
	begin();
	call_across();
	struct sdp rekey = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendrecv", NULL);
	rekey.audio.crypto[0].key[3] ^= 1;
	struct heard *h = reply_to(talk_send(&a, SIP_INVITE, &rekey));
	NEED(h && respond(h)->code == 200);
	const struct sdp *said = sim_part(h, respond(h)->sdp);
	NEED(said && memcmp(said->audio.crypto[0].key, a.sdp.audio.crypto[0].key, 30) != 0);
	talk_ack(&a);
	/* another method is not a change of this call */
	struct sdp dtls = sdp_of(KEYS_DTLS, alice.host, 40002, 3, "sendrecv", "actpass");
	NEED(code_of(talk_send(&a, SIP_INVITE, &dtls)) == 488);
	talk_ack(&a);
	call_hang_up(&a, &b);
	finish();
}

/* The key that it was told is not its own: an answer with it is none, and a change with it changes nothing (RFC 3711 9.1). */
static void a_key_of_ours_does_not_come_back(void)
{
	begin();
	struct sdp dtls_a = sdp_of(KEYS_DTLS, alice.host, 40002, 1, "sendrecv", "actpass");
	talk_invite(&a, &alice, "bob", &dtls_a);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 488, NULL);
	talk_rings_at(&b, &bob);
	NEED(b.sdp.audio.crypto_n == 3);
	struct sdp echo = sdp_plain(&bob);
	echo.audio.crypto[0] = b.sdp.audio.crypto[1];
	talk_answer(&b, 200, &echo);
	NEED(talk_takes(&b, SIP_ACK));
	struct heard *bye = talk_takes(&b, SIP_BYE);
	NEED(bye);
	talk_reply(&b, bye, 200, NULL);
	NEED(code_of(a.txn) == 488);
	sim_pass(60000);

	call_across();
	sim_clear();
	echo = sdes_a;
	echo.version++;
	echo.audio.crypto[0] = a.sdp.audio.crypto[0];
	NEED(code_of(talk_send(&a, SIP_INVITE, &echo)) == 488);
	talk_ack(&a);
	NEED(!relay_wish(NULL));
	call_hang_up(&a, &b);
	finish();
}

/* T33: media has seen that somebody is between them, and core says whose phone it is that he speaks to. */
static void a_forged_certificate_is_an_alarm_with_a_phone(void)
{
	uint64_t join;

	begin();
	call_across();
	NEED(relay_wish(&join));
	for (uint8_t side = 0; side < 2; side++) {
		struct msg_forged *m = ipc_begin(sim_far(PROC_MEDIA, 0), MSG_FORGED);
		m->join = join;
		m->side = side;
		m->key = side ? RELAY_KEY_DTLS : RELAY_KEY_ZRTP;
		ipc_end(sim_far(PROC_MEDIA, 0));
		sim_turn();
		NEED(sim.events[EVENT_GATE_SHUT] == side + 1u && sim.event_severity == SEVERITY_ALARM);
		NEED(sim.event_device == (side ? bob.device : alice.device));
		NEED(strstr(sim.event_text, side ? "certificate in DTLS" : "Hello of ZRTP"));
	}
	call_hang_up(&a, &b);
	finish();
}

static void spoil(struct call *c, void *arg)
{
	struct leg *l = leg_get(c->r.caller);
	struct sdp ours, theirs;

	leg_local(l, &ours);
	leg_remote(l, &theirs);
	theirs.audio.crypto[0] = ours.audio.crypto[0];
	leg_set_remote(l, &theirs);
	if (arg)
		call_relay(c);
}

/* Whatever made it so: when media is to be told, or told again. */
static void ends_alone(bool told_now)
{
	begin();
	call_across();
	sim_clear();
	call_each(spoil, told_now ? &a : NULL);
	sim_pass(told_now ? 50 : 41000);
	struct heard *bye = talk_takes(&a, SIP_BYE);
	NEED(bye);
	talk_reply(&a, bye, 200, NULL);
	NEED((bye = talk_takes(&b, SIP_BYE)));
	talk_reply(&b, bye, 200, NULL);
	NEED(!relay_wish(NULL));
	finish();
}

static void a_call_that_cannot_be_relayed_ends_alone(void)
{
	ends_alone(true);
}

static void a_call_that_cannot_be_relayed_on_ends_alone(void)
{
	ends_alone(false);
}

static void zrtp_alone_ends_nowhere(void)
{
	begin();
	struct sdp zrtp = sdp_zrtp(&alice);
	talk_invite(&a, &alice, "bob", &zrtp);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 488, NULL);
	NEED(code_of(a.txn) == 488);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(two_key_methods_are_joined_in_media);
	SIM(the_next_call_ends_in_media_from_the_start);
	SIM(a_200_that_declines_is_asked_again_too);
	SIM(who_takes_neither_is_refused_once);
	SIM(hold_is_answered_without_the_other_phone);
	SIM(music_on_hold_survives_voice);
	SIM(new_keys_in_the_dialog_are_answered_by_new_keys);
	SIM(a_key_of_ours_does_not_come_back);
	SIM(a_forged_certificate_is_an_alarm_with_a_phone);
	SIM(a_call_that_cannot_be_relayed_ends_alone);
	SIM(a_call_that_cannot_be_relayed_on_ends_alone);
	SIM(zrtp_alone_ends_nowhere);
	(void)test_failed_here;
	return TEST_END;
}
