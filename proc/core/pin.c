/* SPDX-License-Identifier: ISC */
#include "pin.h"
#include "base/log.h"
#include "base/pool.h"
#include "directory.h"
#include <stdlib.h>

enum { CHANGES_A_SECOND = 8 };

enum question { ASKS_VERDICT, ASKS_DIALLED };

struct asked {
	struct timer timer;
	uint64_t token, owner;
	uint8_t who, question; /* enum pin_asker, enum question */
};

static struct pool pool;
static struct asked *table;
static const struct pin_answers *answers[PIN_ASKERS];
static uint64_t unheard;

const struct pin_memory pin_unheard = {.pin = PLAN_PIN_SET};

void pin_init(void)
{
	table = calloc(PIN_ASKS_MAX, sizeof *table);
	if (!table || !pool_init(&pool, child_node(), PIN_ASKS_MAX, 0))
		log_fatal("no memory for questions about PINs");
}

void pin_on_answer(enum pin_asker who, const struct pin_answers *a)
{
	answers[who] = a;
}

/* The slot is free again before the asker hears, who may ask the next question at once. */
static void end(struct asked *a, enum pin_verdict verdict, const struct pin_memory *m)
{
	const struct pin_answers *to = answers[a->who];
	enum question question = (enum question)a->question;
	uint64_t owner = a->owner;

	timer_cancel(&child_wheel, &a->timer);
	pool_release(&pool, a->token);
	if (to && question == ASKS_VERDICT && to->verdict)
		to->verdict(owner, verdict);
	if (to && question == ASKS_DIALLED && to->dialled)
		to->dialled(owner, m);
}

static void on_timeout(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	unheard++;
	end((struct asked *)(void *)t, PIN_IS_FAILED, &pin_unheard);
}

/* --- questions --- */

static struct asked *take(enum pin_asker who, uint64_t owner, enum question question)
{
	uint64_t token = pool_take(&pool, false);

	if (token == ID_NONE)
		return NULL;
	struct asked *a = &table[id_index(token)];
	*a = (struct asked){.token = token, .owner = owner, .who = (uint8_t)who, .question = (uint8_t)question};
	a->timer.fire = on_timeout;
	return a;
}

/* A message to keeper for this user, and the slot that waits for its answer; NULL when one of them is not to be had. */
static void *begin(enum msg type, struct link **keeper, const struct user *u, struct asked *a)
{
	*keeper = u && a ? child_link(PROC_KEEPER, 0) : NULL;
	void *m = *keeper ? ipc_begin(*keeper, type) : NULL;

	if (!m && a)
		pool_release(&pool, a->token);
	return m;
}

static void sent(struct link *keeper, struct asked *a)
{
	ipc_end(keeper);
	timer_set(&child_wheel, &a->timer, child_now() + PIN_ASK_MS);
}

bool pin_ask_check(enum pin_asker who, uint64_t owner, uint32_t user, struct span digits)
{
	const struct user *u = directory_user(user);
	struct asked *a = digits.n <= PIN_DIGITS_MAX ? take(who, owner, ASKS_VERDICT) : NULL;
	struct link *keeper;
	struct msg_pin_check *m = begin(MSG_PIN_CHECK, &keeper, u, a);

	if (!m)
		return false;
	m->token = a->token;
	m->who = user;
	m->user = ipc_put(keeper, span_str(u->name));
	m->digits = ipc_put(keeper, digits);
	sent(keeper, a);
	return true;
}

/* What waits for a keeper that stalled for PIN_ASK_MS stays below the contract's rate too. */
static bool may_change(void)
{
	static uint64_t second;
	static uint32_t n;

	if (second != child_now() / 1000) {
		second = child_now() / 1000;
		n = 0;
	}
	return n++ < CHANGES_A_SECOND;
}

bool pin_ask_change(enum pin_asker who, uint64_t owner, uint32_t user, struct span old_pin, struct span new_pin)
{
	const struct user *u = directory_user(user);
	bool sane = old_pin.n > 0 && old_pin.n <= PIN_DIGITS_MAX && new_pin.n <= PIN_DIGITS_MAX;
	struct asked *a = sane && may_change() ? take(who, owner, ASKS_VERDICT) : NULL;
	struct link *keeper;
	struct msg_pin_set *m = begin(MSG_PIN_SET, &keeper, u, a);

	if (!m)
		return false;
	m->token = a->token;
	m->who = user;
	m->user = ipc_put(keeper, span_str(u->name));
	m->old = ipc_put(keeper, old_pin);
	m->new = ipc_put(keeper, new_pin);
	sent(keeper, a);
	return true;
}

bool pin_ask_dialled(enum pin_asker who, uint64_t owner, uint32_t user, struct span number)
{
	const struct user *u = directory_user(user);
	struct asked *a = number.n && number.n <= SETTING_NUMBER_MAX ? take(who, owner, ASKS_DIALLED) : NULL;
	struct link *keeper;
	struct msg_dialled_want *m = begin(MSG_DIALLED_WANT, &keeper, u, a);

	if (!m)
		return false;
	m->token = a->token;
	m->user = ipc_put(keeper, span_str(u->name));
	m->number = ipc_put(keeper, number);
	sent(keeper, a);
	return true;
}

void pin_note_dialled(uint32_t user, struct span number)
{
	const struct user *u = directory_user(user);
	struct link *keeper = u && number.n && number.n <= SETTING_NUMBER_MAX ? child_link(PROC_KEEPER, 0) : NULL;
	struct msg_dialled_add *m = keeper ? ipc_begin(keeper, MSG_DIALLED_ADD) : NULL;

	if (!m) {
		unheard++;
		return;
	}
	m->user = ipc_put(keeper, span_str(u->name));
	m->number = ipc_put(keeper, number);
	ipc_end(keeper);
}

/* --- answers --- */

static struct asked *answered(struct link *from, uint64_t token, enum question question)
{
	int64_t at = pool_index(&pool, token);

	if (at < 0) /* too late */
		return NULL;
	if (table[at].question == question)
		return &table[at];
	child_accuse(from, "answers another question than was asked", 0, 0);
	return NULL;
}

void pin_on_verdict(struct link *from, const struct ipc_view *v)
{
	const struct msg_pin_verdict *m = v->payload;
	struct asked *a = answered(from, m->token, ASKS_VERDICT);

	if (a)
		end(a, (enum pin_verdict)m->verdict, &pin_unheard);
}

void pin_on_dialled(struct link *from, const struct ipc_view *v)
{
	const struct msg_dialled *m = v->payload;
	struct asked *a = answered(from, m->token, ASKS_DIALLED);

	if (a)
		end(a, PIN_IS_FAILED, &(struct pin_memory){true, m->known, m->pin});
}

void pin_keeper_down(void)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE)
			end(&table[i], PIN_IS_FAILED, &pin_unheard);
}

void pin_status(struct proc_status *s)
{
	status_pool(s, "pin-questions", &pool);
	status_counter(s, "pin-questions-unheard", unheard);
}
