/* SPDX-License-Identifier: ISC */
/* T41, R14, through core itself: sites whose every setting is dice, and in each of them everybody does at random whatever a phone or a
 * provider can do, so that each route of a configuration is walked: by number, group, forward, mailbox, transfer, pickup, park, redirect,
 * Replaces, one-time URI. Whoever is outside talks to those inside alone: never does a call join two lines that leave the exchange, and never is one
 * taken that nobody inside pays for. Looked at after each message that core says. */
#include "../unit/test.h"
#include "call.h"
#include "sim_voice.h"
#include <stdio.h>

enum { WORLDS = 400, STEPS = 120, PEOPLE = 4, ENDS = PEOPLE + 2, TALKS = 16 };

static uint64_t seed;
static struct phone end[ENDS]; /* the last two are trunks */

/* All worlds together: what was walked. */
static struct tally {
	uint64_t lines_taken, outside_up, outside_refused, forwarded, referred, tokens, stolen, replaced, redirected, screened, help, sent_on;
} *tally;

struct party {
	bool used, up, ours; /* ours: the end called */
	struct talk t;
	uint64_t txn;
	char xfer[64]; /* it was sent there */
};
static struct party party[TALKS];

static unsigned dice(unsigned sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

static bool is_outside(const struct phone *p)
{
	return p->trunk != 0;
}

/* --- what may never be --- */

static bool over_trunk(uint64_t leg)
{
	const struct leg *l = leg_get(leg);

	return l && l->r.trunk;
}

static void look_at_call(struct call *c, void *arg)
{
	bool inward = over_trunk(c->r.caller), outward = over_trunk(c->r.callee);
	const struct leg *caller = leg_get(c->r.caller);

	(void)arg;
	tally->sent_on += c->dest.route == ROUTE_REDIRECT;
	for (uint8_t i = 0; i < c->targets; i++)
		outward |= over_trunk(c->target[i]);
	if (!outward)
		return;
	NEED(!inward);                                   /* two lines */
	NEED(c->dest.route != ROUTE_REDIRECT);           /* but by a forward of whom it went to */
	NEED(caller || c->r.answered_ms || c->r.callee); /* somebody inside asked for it */
	NEED(c->r.emergency || c->r.account.user != NOBODY || c->r.who == WHO_DEVICE);
	NEED(c->r.emergency || c->r.who == WHO_USER);
}

static void look(struct link *l, const struct ipc_view *v)
{
	const struct msg_relay *m = v->payload;
	const struct relay_spec *s = v->type == MSG_RELAY ? ipc_part(v, m->spec) : NULL;

	(void)l;
	NEED(!s || !(s->side[0].present && s->side[1].present && s->side[0].end == RELAY_ENDED_CLEAR && s->side[1].end == RELAY_ENDED_CLEAR));
	call_each(look_at_call, NULL);
}

/* --- a site --- */

static const char *const anywhere[] = {"alice", "bob", "carol", "dave", "200", "201", "+33612345678", "0123456789", "0033899123456", "+18095550123",
    "112", "+33140000001", "+33140000002", "0140000003", "no-such", "*8", "*97", "*6810", "xfer-00000000000000000000000000000000"};
static const char *const members[] = {"bob, carol", "carol, dave, alice", "bob", ""};

static const char *some(void)
{
	const struct plan *p = &sim.site.plan;
	const char *code = p->code[dice(SERVICES)];

	return dice(6) == 0 && code[0] ? code : anywhere[dice(sizeof anywhere / sizeof *anywhere)];
}

static const char *some_number(void)
{
	return anywhere[dice(14)];
}

static void settings(void)
{
	static const enum setting_kind forwards[] = {
	    SETTING_FORWARD_ALWAYS, SETTING_FORWARD_BUSY, SETTING_FORWARD_NO_ANSWER, SETTING_FORWARD_OFFLINE};
	static const char *const screens[] = {"pass", "slow", "screen"};
	int n = 0;

	for (uint32_t u = 0; u < PEOPLE; u++) {
		set(n++, OWNER_USER, u, SETTING_CLASSES, "local national mobile premium international night");
		for (unsigned f = 0; f < 4; f++)
			if (dice(f ? 2 : 6) == 0)
				set(n++, OWNER_USER, u, forwards[f], some_number());
		set(n++, OWNER_USER, u, SETTING_CEILINGS, "calls=20 hourly=200 destinations=200");
		set(n++, OWNER_USER, u, SETTING_SCREEN, screens[dice(3)]);
		if (dice(3) == 0)
			set(n++, OWNER_USER, u, SETTING_PICKUP_GROUP, "ward");
		if (dice(3) == 0)
			set(n++, OWNER_USER, u, SETTING_VOICEMAIL, "20");
		if (dice(5) == 0)
			set(n++, OWNER_DEVICE, u, SETTING_JOIN, "ended");
	}
	for (unsigned g = 0; g < 2; g++) {
		sim.group[g] = (struct sim_group){g ? "201" : "200", members[dice(4)]};
		if (dice(2))
			set(n++, OWNER_GROUP, g, SETTING_STRATEGY, "in-turn");
	}
	set(n++, OWNER_SITE, 0, SETTING_FRONT_DESK, dice(2) ? "200" : "bob");
}

static void a_world(void)
{
	struct site *s = &sim.site;

	sim_defaults();
	memcpy(s->plan.country, "fr", 3);
	s->plan.pin = 0;
	s->plan.unknown_caller = (uint8_t)(dice(3) ? INCOMING_PASS : dice(INCOMING_POLICIES));
	s->plan.anonymous_caller = (uint8_t)(dice(2) ? INCOMING_PASS : dice(INCOMING_POLICIES));
	s->park_s = 10 + dice(30);
	for (int i = 0; i < 2; i++) {
		struct trunk_conf *t = sim_add_trunk(i);
		t->lines = 8;
		t->emergency = (uint8_t)dice(2);
	}
	s->inbounds = 8;
	for (int i = 0; i < 8; i++) {
		s->inbound[i] = (struct inbound){.trunk = (uint8_t)(i % 2)};
		snprintf(s->inbound[i].number, sizeof s->inbound[i].number, "+3314000000%d", i / 2 + 1);
		snprintf(s->inbound[i].to, sizeof s->inbound[i].to, "%s", i < 6 ? anywhere[dice(6)] : some());
	}
	for (int i = 0; i < PEOPLE; i++)
		sim.device[i].flags |= dice(4) ? DEVICE_FIXED : 0;
	settings();
	sim.watch = look;
	sim_open();
	for (uint32_t i = 0; i < PEOPLE; i++) {
		phone_init(&end[i], i);
		if (i == PEOPLE - 1 && dice(2))
			phone_up(&end[i]); /* without a login */
		else
			phone_register(&end[i]);
	}
	for (uint8_t i = 0; i < 2; i++) {
		phone_init_trunk(&end[PEOPLE + i], (uint8_t)(i + 1));
		phone_up(&end[PEOPLE + i]);
	}
	media_says_fingerprint(0x5a);
}

/* --- everybody in it --- */

static struct sdp session(const struct phone *p)
{
	return is_outside(p) ? sdp_clear(p) : sdp_plain(p);
}

/* As it was offered. */
static struct sdp answer_of(const struct talk *t)
{
	struct sdp answer = session(t->phone);

	if (is_outside(t->phone))
		return answer;
	if (!t->sdp.audio.crypto_n)
		return sdp_of(KEYS_DTLS, t->phone->host, 40002, 1, "sendrecv", "active");
	answer.audio.crypto[0].tag = t->sdp.audio.crypto[0].tag;
	return answer;
}

static struct party *new_party(void)
{
	for (int i = 0; i < TALKS; i++)
		if (!party[i].used) {
			party[i] = (struct party){.used = true, .t.allow = 1u << SIP_REFER | 1u << SIP_UPDATE};
			return &party[i];
		}
	return NULL;
}

static struct party *some_party(bool up)
{
	for (int tries = 0; tries < TALKS; tries++) {
		struct party *p = &party[dice(TALKS)];
		if (p->used && p->up == up)
			return p;
	}
	return NULL;
}

static struct party *somebody_sent(void)
{
	for (int i = 0; i < TALKS; i++)
		if (party[i].used && party[i].xfer[0])
			return &party[i];
	return NULL;
}

static struct party *party_of(const char *call_id, const struct phone *at)
{
	for (int i = 0; i < TALKS; i++)
		if (party[i].used && party[i].t.phone == at && strcmp(party[i].t.call_id, call_id) == 0)
			return &party[i];
	return NULL;
}

static struct phone *end_of(uint64_t flow)
{
	for (int i = 0; i < ENDS; i++)
		if (end[i].flow == flow)
			return &end[i];
	return NULL;
}

/* An INVITE that rings at somebody's. */
static void rings(const struct heard *h, struct phone *p)
{
	static const uint16_t no[] = {486, 603, 480, 302, 404, 503};
	struct party *q = new_party();

	if (is_outside(p)) {
		tally->lines_taken++;
		tally->help += sent(h)->emergency;
	}
	struct heard *again = (struct heard *)(uintptr_t)h;
	again->taken = false;
	if (!q) {
		struct talk lost;
		talk_rings_at(&lost, p);
		talk_answer(&lost, 486, NULL);
		return;
	}
	uint32_t allow = q->t.allow;
	talk_rings_at(&q->t, p);
	q->t.allow = allow;
	switch (dice(4)) {
	case 0:
		talk_answer(&q->t, 180, NULL);
		break;
	case 1: {
		unsigned code = no[dice(6)];
		tally->redirected += code == 302;
		struct msg_response *m = talk_begin_answer(&q->t, code);
		if (code == 302)
			m->redirect = phone_put(p, dice(2) ? "+33612345678" : some());
		talk_end_answer(&q->t);
		q->used = false;
		break;
	}
	default: {
		struct sdp answer = answer_of(&q->t);
		talk_answer(&q->t, 200, &answer);
		q->up = true;
	}
	}
}

/* A request of core's inside a dialog. */
static void is_asked(const struct heard *h, struct phone *p)
{
	struct party *q = party_of(sim_text(h, sent(h)->call_id), p);
	struct sdp answer = session(p);
	unsigned code = dice(12) == 0 ? 488 : 200;

	if (sent(h)->method == SIP_ACK)
		return;
	if (q && sent(h)->cseq > q->t.core_cseq)
		q->t.core_cseq = sent(h)->cseq;
	if (sent(h)->method == SIP_REFER) {
		if (q)
			snprintf(q->xfer, sizeof q->xfer, "%s", sim_text(h, sent(h)->refer_token));
		code = dice(5) ? 202 : 603;
	}
	if (sent(h)->method == SIP_BYE && q)
		q->used = false;
	phone_answer(p, h, code, code == 200 && sent(h)->method == SIP_INVITE && sent(h)->sdp.len ? &answer : NULL);
}

static void hears_answer(const struct heard *h)
{
	for (int i = 0; i < TALKS; i++) {
		struct party *q = &party[i];
		const unsigned code = respond(h)->code;
		if (!q->used || !q->ours || q->txn != respond(h)->txn)
			continue;
		snprintf(q->t.theirs, sizeof q->t.theirs, "%s", sim_text(h, respond(h)->to_tag));
		snprintf(q->t.token, sizeof q->t.token, "%s", sim_text(h, respond(h)->leg_token));
		if (code >= 300) {
			tally->outside_refused += is_outside(q->t.phone);
			q->used = false;
		} else if (code >= 200 && !q->up) {
			q->up = true;
			tally->outside_up += is_outside(q->t.phone);
			talk_ack(&q->t);
		}
		return;
	}
}

static void voice_is_asked(const struct heard *h)
{
	static const char *const keys[] = {"4", "1", "2", "7", "2468", "10", ""};
	const struct msg_turn *t = (const void *)h->payload;
	bool hears_keys = t->digits_max > 0;

	tally->screened += strstr(sim_text(h, t->say), "screen") != NULL;
	if (dice(8))
		voice_says(t->token, hears_keys && dice(4) ? TURN_DIGITS : TURN_SAID, hears_keys ? keys[dice(7)] : "");
}

/* All that core said, to the last. */
static void everybody_hears(void)
{
	struct heard *h;

	for (int n = 0; n < 200; n++) {
		if ((h = sim_take(PROC_EDGE, MSG_SEND, NULL, NULL))) {
			struct phone *p = end_of(sent(h)->flow);
			if (p && sent(h)->method == SIP_INVITE && !sent(h)->to_tag.len)
				rings(h, p);
			else if (p && sent(h)->ref)
				is_asked(h, p);
		} else if ((h = sim_take(PROC_EDGE, MSG_RESPOND, NULL, NULL))) {
			hears_answer(h);
		} else if ((h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL))) {
			voice_is_asked(h);
		} else if ((h = sim_take(PROC_MEDIA, MSG_RELAY, NULL, NULL))) {
			const struct msg_relay *m = (const void *)h->payload;
			if (dice(4))
				media_says_gate(m->join, RELAY_KEY_SDES);
		} else {
			break;
		}
	}
	sim_clear();
}

/* --- what they do --- */

static void calls(struct phone *p, const char *number)
{
	struct party *q = new_party();
	struct sdp offer = session(p);

	if (!q || !p->flow)
		return;
	q->ours = true;
	q->txn = talk_invite(&q->t, p, number, &offer);
}

static void outsider_calls(void)
{
	static const char *const name[] = {"+33987654321", "+33612345678", "anonymous", "alice", "200", "112", "+33140000001"};
	struct phone *p = &end[PEOPLE + dice(2)];
	struct party *q = new_party();
	struct sdp offer = session(p);

	if (!q)
		return;
	struct msg_request *m = phone_begin(p, SIP_INVITE);
	q->ours = true;
	q->t.phone = p;
	q->t.cseq = m->cseq + 1;
	q->t.invite_cseq = m->cseq;
	snprintf(q->t.call_id, sizeof q->t.call_id, "in-%u-%lu", m->cseq, (unsigned long)child_now());
	snprintf(q->t.ours, sizeof q->t.ours, "tag-of-phone");
	m->call_id = phone_put(p, q->t.call_id);
	static const char *const ours[] = {"+33140000001", "+33140000002", "0140000003", "+33140000004"};
	m->target_user = phone_put(p, dice(5) ? ours[dice(4)] : some());
	const struct party *other = some_party(true), *sent_on = somebody_sent();
	if (dice(3) == 0 && sent_on) {
		m->target_kind = TARGET_TRANSFER;
		m->target_user = phone_put(p, sent_on->xfer);
		tally->stolen++;
	} else if (dice(8) == 0 && other) {
		m->replaces_call_id = phone_put(p, other->t.call_id);
		m->replaces_to_tag = phone_put(p, other->t.theirs);
		m->replaces_from_tag = phone_put(p, other->t.ours);
		tally->replaced++;
	}
	m->from_user = phone_put(p, name[dice(dice(2) ? 7 : 2)]);
	m->privacy = dice(4) == 0;
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(p, "<sip:gw@203.0.113.6>");
	m->allow |= 1u << SIP_REFER;
	m->sdp = phone_put_sdp(p, &offer);
	q->txn = phone_end(p);
}

/* Its own second call, or somebody else's. */
static const struct party *another(const struct party *q)
{
	for (int i = 0; i < TALKS && dice(4); i++)
		if (party[i].up && party[i].used && &party[i] != q && party[i].t.phone == q->t.phone)
			return &party[i];
	return some_party(true);
}

static void transfers(struct party *q)
{
	const struct party *other = another(q);
	struct msg_request *m = talk_begin(&q->t, SIP_REFER);

	tally->referred++;
	if (dice(2) && other && other != q) {
		m->refer_kind = REFER_LEG;
		m->refer_user = phone_put(q->t.phone, other->t.token);
		m->replaces_call_id = phone_put(q->t.phone, other->t.call_id);
		m->replaces_to_tag = phone_put(q->t.phone, other->t.theirs);
		m->replaces_from_tag = phone_put(q->t.phone, other->t.ours);
	} else {
		m->refer_kind = REFER_USER;
		m->refer_user = phone_put(q->t.phone, some());
	}
	talk_end(&q->t);
}

static void comes_to_where_it_was_sent(void)
{
	struct party *q = somebody_sent(), *fresh = q ? new_party() : NULL;

	if (!fresh)
		return;
	tally->tokens++;
	fresh->ours = true;
	invite_token(&fresh->t, q->t.phone, q->xfer);
	fresh->txn = fresh->t.txn;
	q->xfer[0] = 0;
}

static void answers_late(struct party *q)
{
	struct sdp answer = answer_of(&q->t);

	if (q->ours)
		return;
	q->up = dice(3);
	talk_answer(&q->t, q->up ? 200 : 486, q->up ? &answer : NULL);
	q->used = q->up;
}

static void something_is_done(void)
{
	static const uint16_t ms[] = {100, 1000, 4000, 11000, 25000};
	struct party *up = some_party(true), *half = some_party(false);

	switch (dice(10)) {
	case 0:
	case 1:
	case 2:
		outsider_calls();
		break;
	case 3:
	case 4:
		calls(&end[dice(PEOPLE)], dice(8) ? some() : "112");
		break;
	case 5:
		if (up)
			transfers(up);
		break;
	case 6:
		comes_to_where_it_was_sent();
		break;
	case 7:
		if (half)
			answers_late(half);
		break;
	case 8:
		if (up && dice(2)) {
			up->used = false;
			talk_send(&up->t, SIP_BYE, NULL);
		}
		break;
	default:
		sim_pass(ms[dice(5)]);
	}
}

static void a_walk(void)
{
	a_world();
	for (int i = 0; i < STEPS; i++) {
		something_is_done();
		everybody_hears();
	}
	NEED(sim.accusations == 0);
}

/* So that it cannot come to nothing unseen. */
static void each_way_was_walked(void)
{
	const struct {
		const char *what;
		uint64_t n, least;
	} seen[] = {{"lines taken by who may", tally->lines_taken, 1000}, {"for help", tally->help, 300}, {"up from outside", tally->outside_up, 800},
	    {"refused from outside", tally->outside_refused, 2000}, {"transfers", tally->referred, 1500}, {"one-time URIs", tally->tokens, 50},
	    {"of them by who was not sent", tally->stolen, 20}, {"Replaces from outside", tally->replaced, 300}, {"redirects", tally->redirected, 150},
	    {"looks at one that was followed", tally->sent_on, 100},
	    {"screened", tally->screened, 400}};
	for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
		printf("%s: %u\n", seen[i].what, (unsigned)seen[i].n);
		CHECK(seen[i].n >= seen[i].least);
	}
}

int main(void)
{
	tally = sim_shared(sizeof *tally);
	for (uint64_t w = 1; w <= WORLDS; w++) {
		char name[32];
		snprintf(name, sizeof name, "world %u", (unsigned)w);
		seed = w * 7919;
		if (sim_run(name, a_walk))
			test_passed_n++;
		else
			test_failed_n++;
	}
	RUN(each_way_was_walked);
	return TEST_END;
}
