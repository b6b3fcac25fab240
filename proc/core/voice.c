/* SPDX-License-Identifier: ISC */
#include "voice.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/secret.h"
#include "wire/telephone_event.h"
#include <stdio.h>
#include <stdlib.h>

_Static_assert(SITE_LANGUAGE_MAX == TURN_LANGUAGE_MAX + 1, "a language of the site goes into a turn");

enum { BEGUN_MOST = 3, TRY_MS = 100 };

#define INTERRUPTED "interrupted "

/* Kept until it ends, so that a voice that died can be told again. */
struct turn {
	struct voice_turn t; /* say, language: the texts below */
	char say[TURN_SAY_MAX + 1];
	char language[TURN_LANGUAGE_MAX + 1];
	uint8_t begun;     /* so often voice was told */
	bool waits;        /* to be told */
	uint64_t until_ms; /* then it has waited long enough */
};

static struct seats {
	uint32_t n, reserve, used, peak;
	uint64_t refused;
} seats[VOICE_SEATS];

static struct pool turns;
static struct turn *turn;
static voice_turned *const *answer;
static struct timer again;
static uint64_t back_ms; /* voice is waited for until then */
static uint64_t begun_again;

static void on_again(struct timer *t, uint64_t now_ms);

void voice_init(uint32_t max_calls, voice_turned *const turned[VOICE_OWNERS])
{
	uint32_t n = 2 * max_calls, sides = max_calls < VOICE_SESSIONS_MAX ? max_calls : VOICE_SESSIONS_MAX;

	answer = turned;
	again.fire = on_again;
	seats[SEAT_SPOKEN_TO] = (struct seats){.n = sides, .reserve = pool_share(sides)};
	seats[SEAT_MESSAGE] = (struct seats){.n = VOICE_MAILS_MAX};
	turn = calloc(n, sizeof *turn);
	if (!turn || !pool_init(&turns, child_node(), n, pool_share(n)))
		log_fatal("no memory for turns of voice");
}

bool voice_ready(void)
{
	return child_link(PROC_VOICE, 0) != NULL;
}

bool voice_awaited(void)
{
	return voice_ready() || child_now() < back_ms;
}

bool voice_seat_take(enum voice_seat which, bool emergency)
{
	struct seats *s = &seats[which];

	if (s->used + (emergency ? 0 : s->reserve) >= s->n) {
		s->refused++;
		return false;
	}
	s->peak = ++s->used > s->peak ? s->used : s->peak;
	return true;
}

uint32_t voice_seats(enum voice_seat which)
{
	return seats[which].n;
}

void voice_seat_release(enum voice_seat which)
{
	seats[which].used--;
}

static bool release(uint64_t token)
{
	int64_t at = pool_index(&turns, token);

	if (at < 0)
		return false;
	if (!turn[at].t.seated)
		voice_seat_release(SEAT_SPOKEN_TO);
	secret_wipe(&turn[at], sizeof turn[at]); /* the key of a message */
	return pool_release(&turns, token);
}

/* Said once more after voice died: with an excuse, where there is room for it, and deaf to what may be the rest of a PIN. */
static void fill_said(struct link *l, struct msg_turn *m, const struct turn *k)
{
	char text[sizeof INTERRUPTED + TURN_SAY_MAX];
	int n = snprintf(text, sizeof text, "%s%s", k->begun && !k->t.loop ? INTERRUPTED : "", k->say);

	m->say = ipc_put(l, span_str(n > TURN_SAY_MAX ? k->say : text));
	m->barge = k->t.barge && !(k->begun && k->t.digits_min > 1);
}

static bool tell_turn(struct link *l, uint64_t token)
{
	struct turn *k = &turn[id_index(token)];
	const struct voice_turn *t = &k->t;
	struct msg_turn *m = ipc_begin_as(l, MSG_TURN, t->emergency ? CLASS_EMERGENCY : CLASS_DIALOG);

	if (!m)
		return false;
	m->token = token;
	m->join = t->join;
	m->side = t->side;
	m->codec = t->codec;
	m->ptime_ms = t->ptime_ms;
	m->language = ipc_put(l, span_str(k->language));
	fill_said(l, m, k);
	m->loop = t->loop;
	m->digits_min = t->digits_min;
	m->digits_max = t->digits_max;
	m->end_key = (uint8_t)t->end_key;
	m->first_ms = t->first_ms;
	m->gap_ms = t->gap_ms;
	m->message = t->message;
	memcpy(m->message_key, t->message_key, sizeof m->message_key);
	m->record_ms = t->record_ms;
	m->silence_ms = t->silence_ms;
	ipc_end(l);
	begun_again += k->begun > 0;
	k->begun++;
	k->waits = false;
	return true;
}

static void wait_for_voice(struct turn *k)
{
	k->waits = true;
	k->until_ms = k->t.loop ? UINT64_MAX : back_ms;
	if (!timer_is_set(&again))
		timer_set(&child_wheel, &again, child_now() + TRY_MS);
}

uint64_t voice_turn(const struct voice_turn *t)
{
	struct link *l = child_link(PROC_VOICE, 0);
	bool may = l || (!t->at_once && (t->loop || voice_awaited()));
	bool seat = may && (t->seated || voice_seat_take(SEAT_SPOKEN_TO, t->emergency));
	uint64_t token = seat ? pool_take(&turns, t->emergency) : ID_NONE;

	if (token == ID_NONE) {
		if (seat && !t->seated)
			voice_seat_release(SEAT_SPOKEN_TO);
		return 0;
	}
	struct turn *k = &turn[id_index(token)];
	*k = (struct turn){.t = *t};
	span_cstr(span_str(t->say), k->say, sizeof k->say);
	k->t.say = k->say;
	span_cstr(span_str(t->language ? t->language : ""), k->language, sizeof k->language);
	k->t.language = k->language;
	if (!l)
		wait_for_voice(k);
	else if (!tell_turn(l, token)) {
		release(token);
		return 0;
	}
	return token;
}

bool voice_waits(uint64_t token)
{
	int64_t at = pool_index(&turns, token);

	return at >= 0 && turn[at].waits;
}

static void tell_stop(struct link *l, uint64_t token)
{
	struct msg_turn_stop *m = l ? ipc_begin(l, MSG_TURN_STOP) : NULL;

	if (!m)
		return;
	m->token = token;
	ipc_end(l);
}

void voice_stop(uint64_t token)
{
	if (release(token))
		tell_stop(child_link(PROC_VOICE, 0), token);
}

void voice_stop_join(uint64_t join)
{
	for (uint32_t i = 0; turns.used && i < turns.fresh; i++)
		if (turn[i].t.join == join)
			voice_stop(pool_id_at(&turns, i));
}

/* digit: a character, as in the INFO; voice is told its telephone-event. */
void voice_key(uint64_t join, unsigned side, unsigned digit)
{
	int event = event_of_key(digit);
	struct link *l = event >= 0 ? child_link(PROC_VOICE, 0) : NULL;
	struct msg_key *m = l ? ipc_begin(l, MSG_KEY) : NULL;

	if (!m)
		return;
	m->join = join;
	m->side = (uint8_t)side;
	m->digit = (uint8_t)event;
	ipc_end(l);
}

/* Released first, so that the callback may begin the next turn in its place. */
static void end(uint64_t token, enum turn_why why, struct span digits)
{
	int64_t index = pool_index(&turns, token);

	if (index < 0)
		return; /* it was stopped while this was on its way */
	const enum voice_owner owner = turn[index].t.owner;
	const uint64_t owner_id = turn[index].t.owner_id;
	release(token);
	answer[owner](owner_id, token, why, digits);
}

void voice_on_turned(struct link *from, const struct ipc_view *v)
{
	const struct msg_turned *m = v->payload;

	(void)from;
	end(m->token, (enum turn_why)m->why, ipc_str(v, m->digits));
}

/* A recording is sealed with a key that seals each piece once. */
static bool can_begin_again(const struct turn *k)
{
	return k->t.loop || (!k->t.at_once && !k->t.record_ms && k->begun < BEGUN_MOST);
}

/* Voice is to have one at a time on a side, and may have ended the former already. Its seat is its seat still. */
uint64_t voice_go_on_in(uint64_t token, uint8_t codec)
{
	const int64_t at = pool_index(&turns, token);
	struct link *l = child_link(PROC_VOICE, 0);

	if (at < 0 || turn[at].t.codec == codec || !can_begin_again(&turn[at]))
		return token;
	const uint64_t next = pool_take(&turns, turn[at].t.emergency);
	if (next == ID_NONE)
		return token;
	struct turn *k = &turn[id_index(next)];
	*k = turn[at];
	k->t.say = k->say;
	k->t.language = k->language;
	k->t.codec = codec;
	tell_stop(l, token);
	secret_wipe(&turn[at], sizeof turn[at]);
	pool_release(&turns, token);
	if (!l || !tell_turn(l, next))
		wait_for_voice(k);
	return next;
}

void voice_down(void)
{
	back_ms = child_now() + VOICE_BACK_MS;
	for (uint32_t i = 0; turns.used && i < turns.fresh; i++) {
		if (pool_id_at(&turns, i) == ID_NONE || turn[i].waits)
			continue;
		if (can_begin_again(&turn[i]))
			wait_for_voice(&turn[i]);
		else
			end(pool_id_at(&turns, i), TURN_STOPPED, span_of(NULL, 0));
	}
}

/* Those that wait: told, or given up. */
static void try_all(uint64_t now_ms)
{
	struct link *l = child_link(PROC_VOICE, 0);
	bool more = false;

	for (uint32_t i = 0; turns.used && i < turns.fresh; i++) {
		uint64_t token = pool_id_at(&turns, i);
		if (token == ID_NONE || !turn[i].waits || (l && tell_turn(l, token)))
			continue;
		if (now_ms >= turn[i].until_ms)
			end(token, TURN_STOPPED, span_of(NULL, 0));
		else
			more |= l || turn[i].until_ms != UINT64_MAX;
	}
	if (more && !timer_is_set(&again))
		timer_set(&child_wheel, &again, now_ms + TRY_MS);
}

static void on_again(struct timer *t, uint64_t now_ms)
{
	(void)t;
	try_all(now_ms);
}

void voice_up(void)
{
	try_all(child_now());
}

void voice_status(struct proc_status *s)
{
	static const char *const name[VOICE_SEATS] = {
	    [SEAT_SPOKEN_TO] = "voice-seats", [SEAT_MESSAGE] = "voice-message-seats"};

	status_pool(s, "voice-turns", &turns);
	status_counter(s, "voice-turns-begun-again", begun_again);
	for (int i = 0; i < VOICE_SEATS; i++)
		status_add(s, name[i], STATUS_POOL, seats[i].used, seats[i].n, seats[i].peak, seats[i].refused);
}
