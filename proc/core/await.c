/* SPDX-License-Identifier: ISC */
#include "await.h"
#include "kept_request.h"
#include "park.h"
#include "refer_out.h"

enum { WAITING_MAX = 32, LOOK_MS = 50 };

enum what { REFER, VISITOR, PARK };

static struct waiting {
	struct timer timer;
	bool used;
	uint8_t what;
	uint64_t call; /* that changes */
	uint64_t who;  /* leg of the REFER; transfer; call of whoever parks */
	uint64_t until_ms;
	struct kept_request request; /* but of PARK */
} table[WAITING_MAX];

static void let_go(struct waiting *w)
{
	timer_cancel(&child_wheel, &w->timer);
	w->used = false;
}

/* Whoever hung up meanwhile is answered all the same (RFC 3261 15.1.2). */
static void refer_goes_on(struct waiting *w, struct request *r, bool late)
{
	struct leg *l = leg_get(w->who);

	if (!l || late)
		reply_refuse(r->reply, l ? REFUSE_PENDING : REFUSE_CANCELLED);
	else
		refer_on_refer(l, r);
}

static void visitor_goes_on(struct waiting *w, struct request *r, bool late)
{
	struct refer *t = refer_get(w->who);

	(void)late; /* the transfer has an end of its own */
	if (!t) {
		reply_refuse(r->reply, REFUSE_NO_ANSWER);
		return;
	}
	r->user = t->party[0].user; /* as it was authenticated when it came */
	refer_out_comes(t, r);
}

static void park_goes_on(struct waiting *w, bool late)
{
	struct call *asker = call_get(w->who);

	if (!asker || asker->r.state != PHASE_LOOKING)
		return;
	if (late)
		park_too_late(asker);
	else
		park_begin(asker, SPAN(""));
}

/* A REFER may have named another call, which changes now. */
static bool waits_on(const struct waiting *w, const struct request *r)
{
	const struct leg *l = w->what == REFER ? leg_get(w->who) : NULL;

	return call_changes(w->call) || (l && refer_must_wait(l, r));
}

/* A change is over in many ways, and soon. */
static void look(struct timer *t, uint64_t now_ms)
{
	struct waiting *w = (struct waiting *)(void *)t;
	const bool late = now_ms >= w->until_ms;
	struct ipc_view v;
	struct request r = {0};
	const bool heard = w->what == PARK || request_kept(&w->request, &v, &r);

	if (heard && !late && (w->what == PARK ? call_changes(w->call) : waits_on(w, &r))) {
		timer_set(&child_wheel, t, now_ms + LOOK_MS);
		return;
	}
	w->used = false; /* what goes on may wait again, in another place */
	if (w->what == PARK)
		park_goes_on(w, late);
	else if (heard && w->what == REFER)
		refer_goes_on(w, &r, late);
	else if (heard)
		visitor_goes_on(w, &r, late);
}

static bool begin(enum what what, uint64_t who, uint64_t call, const struct request *r)
{
	struct waiting *w = NULL;

	for (int i = WAITING_MAX - 1; i >= 0; i--) {
		if (table[i].used && table[i].call == call)
			return false;
		if (!table[i].used)
			w = &table[i];
	}
	if (!w || (r && !request_keep(&w->request, r)))
		return false;
	w->used = true;
	w->what = (uint8_t)what;
	w->who = who;
	w->call = call;
	w->until_ms = child_now() + AWAIT_MS;
	w->timer = (struct timer){.fire = look};
	timer_set(&child_wheel, &w->timer, child_now() + LOOK_MS);
	return true;
}

bool await_refer(const struct leg *l, const struct request *r)
{
	return begin(REFER, l->r.id, l->r.call, r);
}

bool await_visitor(const struct refer *t, const struct call *c, const struct request *r)
{
	return begin(VISITOR, t->id, c->r.id, r);
}

bool await_park(const struct call *asker, const struct call *held)
{
	return begin(PARK, asker->r.id, held->r.id, NULL);
}

static bool is_of(const struct waiting *w, struct reply invite)
{
	return w->used && w->what == VISITOR && w->request.reply.txn == invite.txn &&
	       w->request.reply.edge == invite.edge;
}

bool await_cancel(struct reply invite)
{
	for (struct waiting *w = table; w < table + WAITING_MAX; w++) {
		if (!is_of(w, invite))
			continue;
		struct refer *t = refer_get(w->who);
		reply_refuse(invite, REFUSE_CANCELLED);
		let_go(w);
		if (t)
			refer_event(t, REFER_FAILS);
		return true;
	}
	return false;
}

void await_status(struct proc_status *s)
{
	uint64_t n = 0;

	for (const struct waiting *w = table; w < table + WAITING_MAX; w++)
		n += w->used;
	status_add(s, "change-waits", STATUS_POOL, n, WAITING_MAX, 0, 0);
}
