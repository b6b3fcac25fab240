/* SPDX-License-Identifier: ISC */
/* Client and server machines talk over a network that loses, doubles and delays, in virtual time: whatever it does, a
 * transaction ends, the user hears one final answer or a failure, and with little enough loss always the answer. */
#include "../unit/test.h"
#include "txn/txn.h"
#include <stdlib.h>

enum { FLIGHTS_MAX = 256, RUNS = 80, HORIZON_MS = 400000, NEVER = -1 };

enum what { REQUEST, RINGING, OK_, BUSY, ACK };

struct side {
	enum txn_kind kind;
	enum txn_state state;
	int64_t resend_at, end_at;
	uint32_t resend_ms;
	enum what newest; /* the server's newest response */
	bool answered;
};

struct flight {
	int64_t at;
	enum what what;
	bool to_server, used;
};

struct world {
	struct side client, server;
	struct flight flight[FLIGHTS_MAX];
	int64_t now, decide_at;
	enum what verdict; /* what the server's user says */
	unsigned loss, twice; /* percent */
	unsigned finals, failures, offers, acks_to_user;
	unsigned seed;
};

static unsigned dice(struct world *w, unsigned n)
{
	w->seed = w->seed * 1664525u + 1013904223u;
	return (w->seed >> 8) % n;
}

static void fly(struct world *w, enum what what, bool to_server)
{
	unsigned copies = dice(w, 100) < w->loss ? 0 : dice(w, 100) < w->twice ? 2 : 1;

	for (int i = 0; i < FLIGHTS_MAX && copies; i++) {
		if (w->flight[i].used)
			continue;
		w->flight[i] = (struct flight){w->now + 5 + dice(w, 300), what, to_server, true};
		copies--;
	}
}

static void set_timers(struct world *w, struct side *s, const struct txn_out *o)
{
	if (o->resend_ms >= 0) {
		s->resend_ms = (uint32_t)o->resend_ms;
		s->resend_at = w->now + o->resend_ms;
	} else if (o->resend_ms == TXN_STOP) {
		s->resend_at = NEVER;
	}
	if (o->end_ms >= 0)
		s->end_at = w->now + o->end_ms;
	else if (o->end_ms == TXN_STOP)
		s->end_at = NEVER;
}

static void step(struct world *w, struct side *s, enum txn_event e)
{
	bool server = s == &w->server;
	struct txn_out o = txn_step(s->kind, TXN_HOP_UDP, s->state, e, s->resend_ms);

	s->state = o.state;
	set_timers(w, s, &o);
	if (o.effects & TXN_DO_SEND) {
		if (!server)
			fly(w, REQUEST, true);
		else if (s->answered)
			fly(w, s->newest, false);
	}
	if (o.effects & TXN_DO_ACK)
		fly(w, ACK, true);
	if (o.effects & (TXN_DO_TIMEOUT | TXN_DO_ERROR) && !server)
		w->failures++;
	if (o.effects & TXN_DO_PASS && !server && (e == TXN_2XX || e == TXN_REFUSED))
		w->finals++;
	if (o.effects & TXN_DO_PASS && server && e == TXN_BEGIN) {
		w->offers++;
		w->decide_at = w->now + 20 + dice(w, 15000);
	}
}

static enum txn_event event_of(enum what what)
{
	return what == RINGING ? TXN_1XX : what == OK_ ? TXN_2XX : TXN_REFUSED;
}

static void say(struct world *w, enum what what)
{
	struct side *s = &w->server;

	s->newest = what;
	s->answered = true;
	step(w, s, event_of(what));
}

static void arrive(struct world *w, const struct flight *f)
{
	if (!f->to_server)
		step(w, &w->client, event_of(f->what));
	else if (f->what == ACK)
		step(w, &w->server, TXN_ACK);
	else if (w->server.state == TXN_NEW)
		step(w, &w->server, TXN_BEGIN);
	else
		step(w, &w->server, TXN_REQUEST);
}

static bool due(struct world *w, int64_t *at)
{
	if (*at == NEVER || *at > w->now)
		return false;
	*at = NEVER;
	return true;
}

static void turn(struct world *w)
{
	for (int i = 0; i < FLIGHTS_MAX; i++) {
		struct flight f = w->flight[i];
		if (!f.used || f.at > w->now)
			continue;
		w->flight[i].used = false;
		arrive(w, &f);
	}
	for (struct side *s = &w->client;; s = &w->server) {
		if (due(w, &s->resend_at))
			step(w, s, TXN_RESEND_DUE);
		if (due(w, &s->end_at))
			step(w, s, TXN_END_DUE);
		if (s == &w->server)
			break;
	}
	if (due(w, &w->decide_at)) {
		if (w->client.kind == TXN_INVITE_CLIENT && !w->server.answered) {
			say(w, RINGING);
			w->decide_at = w->now + dice(w, 20000);
		} else {
			say(w, w->verdict);
		}
	}
}

/* What a user of UDP must do by itself, RFC 3261 13.3.1.4: the 2xx to an INVITE again until its ACK. */
static void repeat_2xx(struct world *w, int64_t *next)
{
	if (w->server.state != TXN_ACCEPTED || w->finals || w->now < *next)
		return;
	*next = w->now + 500;
	step(w, &w->server, TXN_2XX);
}

static void play(struct world *w, bool invite, enum what verdict, unsigned loss, unsigned seed)
{
	int64_t next_2xx = 0;

	*w = (struct world){.verdict = verdict, .loss = loss, .twice = 10, .seed = seed, .decide_at = NEVER};
	w->client = (struct side){.kind = invite ? TXN_INVITE_CLIENT : TXN_CLIENT, .resend_at = NEVER, .end_at = NEVER};
	w->server = (struct side){.kind = invite ? TXN_INVITE_SERVER : TXN_SERVER, .resend_at = NEVER, .end_at = NEVER};
	step(w, &w->client, TXN_BEGIN);
	for (; w->now < HORIZON_MS; w->now += 5) {
		turn(w);
		repeat_2xx(w, &next_2xx);
		if (w->client.state == TXN_TERMINATED && (w->server.state == TXN_TERMINATED || w->server.state == TXN_NEW))
			break;
	}
}

static bool all_end(bool invite, enum what verdict, unsigned loss, bool must_answer)
{
	static struct world w;

	for (unsigned seed = 1; seed <= RUNS; seed++) {
		play(&w, invite, verdict, loss, seed * 7919);
		bool silent_ring = invite && w.client.state == TXN_PROCEEDING; /* every refusal was lost: 17.1.1.2 waits on */
		bool client_done = w.client.state == TXN_TERMINATED || silent_ring;
		bool heard = w.finals >= 1 || w.failures == 1 || silent_ring;
		if (!client_done || !heard || w.offers > 1 || (w.finals && w.failures) || (must_answer && !w.finals)) {
			fprintf(stderr, "seed %u: client %d server %d finals %u failures %u offers %u\n", seed, w.client.state,
			    w.server.state, w.finals, w.failures, w.offers);
			return false;
		}
		if (w.finals > 1 && !(invite && verdict == OK_)) /* only a 2xx may be passed again, RFC 6026 */
			return false;
	}
	return true;
}

static void quiet_network(void)
{
	CHECK(all_end(true, OK_, 0, true));
	CHECK(all_end(true, BUSY, 0, true));
	CHECK(all_end(false, OK_, 0, true));
	CHECK(all_end(false, BUSY, 0, true));
}

static void a_fifth_lost(void)
{
	CHECK(all_end(true, OK_, 20, true));
	CHECK(all_end(true, BUSY, 20, true));
	CHECK(all_end(false, OK_, 20, true));
}

static void most_lost(void)
{
	CHECK(all_end(true, OK_, 90, false));
	CHECK(all_end(true, BUSY, 90, false));
	CHECK(all_end(false, OK_, 90, false));
}

static void all_lost(void)
{
	static struct world w;

	play(&w, true, OK_, 100, 1);
	CHECK(w.failures == 1 && w.finals == 0 && w.now >= 32000 && w.now < 32100);
	play(&w, false, OK_, 100, 1);
	CHECK(w.failures == 1 && w.finals == 0 && w.now >= 32000 && w.now < 32100);
}

int main(void)
{
	RUN(quiet_network);
	RUN(a_fifth_lost);
	RUN(most_lost);
	RUN(all_lost);
	return TEST_END;
}
