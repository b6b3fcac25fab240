/* SPDX-License-Identifier: ISC */
#include "voice.h"
#include "base/log.h"
#include "base/pool.h"
#include <stdlib.h>

struct turn {
	uint64_t join, owner_id;
	uint8_t side;
	uint8_t owner; /* enum voice_owner */
	bool seated;   /* on the seat of who asked */
};

static struct seats {
	uint32_t n, reserve, used, peak;
	uint64_t refused;
} seats[VOICE_SEATS];

static struct pool turns;
static struct turn *turn;
static voice_turned *const *answer;

void voice_init(uint32_t max_calls, voice_turned *const turned[VOICE_OWNERS])
{
	uint32_t n = 2 * max_calls, sides = max_calls < VOICE_SESSIONS_MAX ? max_calls : VOICE_SESSIONS_MAX;

	answer = turned;
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

void voice_seat_release(enum voice_seat which)
{
	seats[which].used--;
}

static bool release(uint64_t token)
{
	int64_t at = pool_index(&turns, token);

	if (at < 0)
		return false;
	if (!turn[at].seated)
		voice_seat_release(SEAT_SPOKEN_TO);
	return pool_release(&turns, token);
}

static bool tell_turn(struct link *l, uint64_t token, const struct voice_turn *t)
{
	struct msg_turn *m = ipc_begin_as(l, MSG_TURN, t->emergency ? CLASS_EMERGENCY : CLASS_DIALOG);

	if (!m)
		return false;
	m->token = token;
	m->join = t->join;
	m->side = t->side;
	m->codec = t->codec;
	m->ptime_ms = t->ptime_ms;
	m->language = ipc_put(l, span_str(t->language ? t->language : ""));
	m->say = ipc_put(l, span_str(t->say));
	m->loop = t->loop;
	m->barge = t->barge;
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
	return true;
}

uint64_t voice_turn(const struct voice_turn *t)
{
	struct link *l = child_link(PROC_VOICE, 0);
	bool seat = l && (t->seated || voice_seat_take(SEAT_SPOKEN_TO, t->emergency));
	uint64_t token = seat ? pool_take(&turns, t->emergency) : ID_NONE;

	if (token == ID_NONE) {
		if (seat && !t->seated)
			voice_seat_release(SEAT_SPOKEN_TO);
		return 0;
	}
	turn[id_index(token)] = (struct turn){
	    .join = t->join, .side = t->side, .owner = (uint8_t)t->owner, .owner_id = t->owner_id, .seated = t->seated};
	if (!tell_turn(l, token, t)) {
		release(token);
		return 0;
	}
	return token;
}

void voice_stop(uint64_t token)
{
	struct link *l = child_link(PROC_VOICE, 0);

	if (!release(token))
		return;
	struct msg_turn_stop *m = l ? ipc_begin(l, MSG_TURN_STOP) : NULL;
	if (!m)
		return;
	m->token = token;
	ipc_end(l);
}

void voice_stop_join(uint64_t join)
{
	for (uint32_t i = 0; turns.used && i < turns.fresh; i++)
		if (turn[i].join == join)
			voice_stop(pool_id_at(&turns, i));
}

void voice_key(uint64_t join, unsigned side, unsigned digit)
{
	struct link *l = child_link(PROC_VOICE, 0);
	struct msg_key *m = l ? ipc_begin(l, MSG_KEY) : NULL;

	if (!m)
		return;
	m->join = join;
	m->side = (uint8_t)side;
	m->digit = (uint8_t)digit;
	ipc_end(l);
}

/* Released first, so that the callback may begin the next turn in its place. */
static void end(uint64_t token, enum turn_why why, struct span digits)
{
	int64_t index = pool_index(&turns, token);

	if (index < 0)
		return; /* it was stopped while this was on its way */
	const struct turn t = turn[index];
	release(token);
	answer[t.owner](t.owner_id, token, why, digits);
}

void voice_on_turned(struct link *from, const struct ipc_view *v)
{
	const struct msg_turned *m = v->payload;

	(void)from;
	end(m->token, (enum turn_why)m->why, ipc_str(v, m->digits));
}

void voice_down(void)
{
	for (uint32_t i = 0; turns.used && i < turns.fresh; i++)
		end(pool_id_at(&turns, i), TURN_STOPPED, span_of(NULL, 0));
}

void voice_status(struct proc_status *s)
{
	static const char *const name[VOICE_SEATS] = {
	    [SEAT_SPOKEN_TO] = "voice-seats", [SEAT_MESSAGE] = "voice-message-seats"};

	status_pool(s, "voice-turns", &turns);
	for (int i = 0; i < VOICE_SEATS; i++)
		status_add(s, name[i], STATUS_POOL, seats[i].used, seats[i].n, seats[i].peak, seats[i].refused);
}
