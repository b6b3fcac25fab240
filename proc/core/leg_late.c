/* SPDX-License-Identifier: ISC */
#include "leg_late.h"
#include "base/id.h"
#include "leg_fork.h"
#include "leg_send.h"

/* No leg of the pool: it is in no state, and nobody finds it but by its INVITE. Its `later` is the end. */
static struct leg table[LEG_LATE_MAX];
static uint64_t peak, early; /* early: made room */

static void let_go(struct leg *l)
{
	timer_cancel(&child_wheel, &l->later);
	ask_done(l->invite_ref);
	leg_text_free(l);
	memset(l, 0, sizeof *l);
}

static void on_end(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	let_go((struct leg *)(void *)((char *)t - offsetof(struct leg, later)));
}

static uint64_t used(void)
{
	uint64_t n = 0;

	for (int i = 0; i < LEG_LATE_MAX; i++)
		n += table[i].invite_ref != 0;
	return n;
}

static struct leg *take(void)
{
	struct leg *oldest = table;

	for (struct leg *l = table; l < table + LEG_LATE_MAX; l++) {
		if (!l->invite_ref)
			return l;
		if (l->later.due_ms < oldest->later.due_ms)
			oldest = l;
	}
	early++;
	let_go(oldest);
	return oldest;
}

bool leg_late_keep(struct leg *l)
{
	const struct ask *a = l->invite_ref ? ask_get(l->invite_ref) : NULL;

	if (!a || !a->answered_ms || child_now() >= a->answered_ms + LEG_LATE_MS)
		return false;
	struct leg *late = take();
	leg_forget_media(l);
	*late = (struct leg){.r = l->r,
	    .body = l->body,
	    .room = l->room,
	    .invite_ref = l->invite_ref,
	    .forks = l->forks,
	    .by = NOBODY,
	    .later.fire = on_end};
	memcpy(late->fork, l->fork, sizeof late->fork);
	late->r.id = late->r.call = ID_NONE;
	late->r.line = 0;
	l->body = NULL;
	l->room = 0;
	timer_set(&child_wheel, &late->later, a->answered_ms + LEG_LATE_MS);
	ask_hand_over(a->ref, ASK_LATE, (uint64_t)(late - table));
	if (used() > peak)
		peak = used();
	return true;
}

void leg_late_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	struct leg *l = a->owner < LEG_LATE_MAX ? &table[a->owner] : NULL;

	if (!l || l->invite_ref != a->ref || m->code < 200)
		return;
	if (m->code >= 300)
		let_go(l); /* its edge died */
	else if (leg_fork_is(l, m, v))
		leg_fork_late(l, m, v);
	else
		leg_send_ack(l);
}

void leg_late_status(struct proc_status *s)
{
	status_add(s, "legs-late", STATUS_POOL, used(), LEG_LATE_MAX, peak, early);
}
