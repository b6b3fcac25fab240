/* SPDX-License-Identifier: ISC */
/* ICE credentials are a leg's own: whoever rang too, or had the call before, proves nothing with theirs (R4, R10, T24, T25). */
#include "../unit/test.h"
#include "sim_phone.h"
#include <stdio.h>

struct world {
	struct phone alice, bob, bob2, carol;
	struct talk a, b, b2, c;
	struct sdp told; /* what the leg that answered was offered */
};
static struct world *w;

static void open_exchange(bool ended)
{
	sim_defaults();
	sim.bound[1][5] = true;
	if (ended)
		sim.setting[0] = (struct sim_setting){OWNER_DEVICE, SETTING_JOIN, 1, "ended"};
	sim_open();
}

static void begin_with(bool ended)
{
	if (!w)
		w = sim_shared(sizeof *w);
	open_exchange(ended);
	phone_init(&w->alice, 0);
	phone_init(&w->bob, 1);
	phone_init(&w->bob2, 1);
	phone_init(&w->carol, 2);
	w->bob2.device = 5;
	w->bob2.host = "198.51.100.6";
	phone_register(&w->alice);
	phone_register(&w->bob);
	if (!ended)
		phone_register(&w->bob2);
	phone_register(&w->carol);
	w->a.allow = w->b.allow = w->b2.allow = w->c.allow = 1u << SIP_REFER;
}

static void begin(void)
{
	begin_with(false);
}

static void finish(void)
{
	sim_pass(60000);
	sim_need_idle();
}

static void add_ice(struct sdp *s, const char *ufrag)
{
	snprintf(s->audio.ice_ufrag, sizeof s->audio.ice_ufrag, "%s", ufrag);
	snprintf(s->audio.ice_pwd, sizeof s->audio.ice_pwd, "password0of0that0phone");
}

/* By the first of the keys that it was offered. */
static struct sdp answer_of(const struct talk *t, const char *ufrag)
{
	struct sdp s = sdp_plain(t->phone);

	s.audio.crypto[0].suite = t->sdp.audio.crypto[0].suite;
	s.audio.crypto[0].tag = t->sdp.audio.crypto[0].tag;
	s.audio.crypto[0].key_len = t->sdp.audio.crypto[0].key_len;
	add_ice(&s, ufrag);
	return s;
}

static bool same(const struct sdp *one, const struct sdp *other)
{
	return strcmp(one->audio.ice_ufrag, other->audio.ice_ufrag) == 0 ||
	       strcmp(one->audio.ice_pwd, other->audio.ice_pwd) == 0;
}

/* Media takes the checks of this leg: under what it was told, from the phone that named itself so. */
static bool takes_checks_of(const struct relay_spec *spec, unsigned side, const struct sdp *told, const char *theirs)
{
	const struct relay_side *s = &spec->side[side];

	return s->source == RELAY_SOURCE_ICE && span_eq(RELAY_TEXT(s->ice_ufrag), span_str(told->audio.ice_ufrag)) &&
	       span_eq(RELAY_TEXT(s->ice_pwd), span_str(told->audio.ice_pwd)) &&
	       span_eq(RELAY_TEXT(s->ice_theirs), span_str(theirs));
}

static void both_ring(void)
{
	struct sdp offer = sdp_plain(&w->alice);

	add_ice(&offer, "ofalice");
	talk_invite(&w->a, &w->alice, "bob", &offer);
	talk_rings_at(&w->b, &w->bob);
	talk_rings_at(&w->b2, &w->bob2);
	talk_answer(&w->b, 180, NULL);
	talk_answer(&w->b2, 180, NULL);
}

static void first_answers(void)
{
	struct sdp say;

	both_ring();
	w->told = w->b.sdp;
	say = answer_of(&w->b, "ofbob");
	talk_answer(&w->b, 200, &say);
	NEED(talk_takes(&w->b, SIP_ACK));
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&w->b2, 487, NULL);
	talk_hears(&w->a, 180);
	talk_hears(&w->a, 200);
	talk_ack(&w->a);
}

static void each_phone_that_rings_has_its_own(void)
{
	begin();
	first_answers();
	NEED(w->b.sdp.audio.ice_ufrag[0] && w->b2.sdp.audio.ice_ufrag[0] && !same(&w->b.sdp, &w->b2.sdp));
	NEED(!same(&w->a.sdp, &w->b.sdp) && !same(&w->a.sdp, &w->b2.sdp));
	NEED(strlen(w->b.sdp.audio.ice_pwd) == 32); /* RFC 8445 5.3: 128 random bits */
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && takes_checks_of(spec, 0, &w->a.sdp, "ofalice"));
	NEED(takes_checks_of(spec, 1, &w->told, "ofbob"));
	call_hang_up(&w->a, &w->b);
	finish();
}

/* The INVITE forks on its way, and not the one answers that rang first: both know what we offered. */
static void the_one_that_answers_is_known_by_its_own_name(void)
{
	struct sdp say, offer;

	begin_with(true);
	offer = sdp_plain(&w->alice);
	add_ice(&offer, "ofalice");
	talk_invite(&w->a, &w->alice, "bob", &offer);
	talk_rings_at(&w->b, &w->bob);
	say = answer_of(&w->b, "ofone");
	struct msg_response *m = talk_begin_answer(&w->b, 183);
	m->required = SIP_TAG_100REL;
	m->rseq = 5;
	m->sdp = phone_put_sdp(&w->bob, &say);
	talk_end_answer(&w->b);
	NEED(sent_to(&w->bob, SIP_PRACK));
	w->told = w->b.sdp;
	snprintf(w->b.ours, sizeof w->b.ours, "the-other");
	say = answer_of(&w->b, "ofother");
	talk_answer(&w->b, 200, &say);
	NEED(talk_takes(&w->b, SIP_ACK));
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && takes_checks_of(spec, 1, &w->told, "ofother"));
	talk_hears(&w->a, 180);
	talk_hears(&w->a, 200);
	talk_ack(&w->a);
	call_hang_up(&w->a, &w->b);
	finish();
}

/* Changed ones would be a restart of ICE (RFC 8839 4.4.1.1.1). */
static void a_change_keeps_them(void)
{
	begin();
	first_answers();
	relay_wish(NULL);
	struct sdp moved = answer_of(&w->b, "ofbob2"), had = w->a.sdp;
	moved.version = 2;
	moved.audio.at.port += 2;
	struct heard *h = reply_to(talk_send(&w->b, SIP_UPDATE, &moved));
	NEED(h && respond(h)->code == 200);
	NEED(same(sim_part(h, respond(h)->sdp), &w->told));
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && takes_checks_of(spec, 0, &had, "ofalice") && takes_checks_of(spec, 1, &w->told, "ofbob2"));
	/* a hold that says nothing of ICE is of the same leg: what it proved still stands in media */
	moved = answer_of(&w->b, "");
	moved.audio.ice_pwd[0] = 0;
	moved.version = 3;
	moved.audio.direction = SDP_SENDONLY;
	NEED(code_of(talk_send(&w->b, SIP_UPDATE, &moved)) == 200);
	spec = relay_wish(NULL);
	NEED(spec && spec->side[1].source == RELAY_SOURCE_NAMED && spec->side[1].ice_theirs[0] == 0);
	NEED(span_eq(RELAY_TEXT(spec->side[1].ice_pwd), span_str(w->told.audio.ice_pwd)));
	call_hang_up(&w->a, &w->b);
	finish();
}

static void whoever_gave_the_call_on_has_none_of_the_next(void)
{
	begin();
	first_answers();
	relay_wish(NULL);
	struct msg_request *m = talk_begin(&w->b, SIP_REFER);
	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(&w->bob, "carol");
	NEED(code_of(talk_end(&w->b)) == 202);
	talk_rings_at(&w->c, &w->carol);
	NEED(w->c.sdp.audio.ice_ufrag[0] && !same(&w->c.sdp, &w->told) && !same(&w->c.sdp, &w->a.sdp));
	struct sdp say = answer_of(&w->c, "ofcarol");
	talk_answer(&w->c, 200, &say);
	NEED(talk_takes(&w->c, SIP_ACK));
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && takes_checks_of(spec, 0, &w->a.sdp, "ofalice") && takes_checks_of(spec, 1, &w->c.sdp, "ofcarol"));
	sim_pass(1500);
	NEED(talk_takes(&w->b, SIP_BYE));
	call_hang_up(&w->a, &w->c);
	finish();
}

static void life_in_a_call(void)
{
	begin();
	first_answers();
	sim_pass(1000);
}

static void the_next_core_knows_them(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_in_a_call);
	open_exchange(false);
	phone_still_up(&w->alice);
	phone_still_up(&w->bob);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && takes_checks_of(spec, 0, &w->a.sdp, "ofalice") && takes_checks_of(spec, 1, &w->told, "ofbob"));
	call_hang_up(&w->a, &w->b);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(each_phone_that_rings_has_its_own);
	SIM(the_one_that_answers_is_known_by_its_own_name);
	SIM(a_change_keeps_them);
	SIM(whoever_gave_the_call_on_has_none_of_the_next);
	SIM(the_next_core_knows_them);
	(void)test_failed_here;
	return TEST_END;
}
