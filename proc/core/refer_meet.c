/* SPDX-License-Identifier: ISC */
#include "refer_meet.h"
#include "emergency.h"
#include "invite.h"
#include "join.h"
#include "media.h"
#include "session.h"
#include "share.h"

/* The call in which they meet; the first one's leg is its caller. */
static struct call *meeting(struct refer *t, struct request *r)
{
	struct call *c = call_get(t->onward);
	enum refusal why = REFUSE_NO_MEDIA;

	if (c)
		return c;
	c = media_ready() ? call_new(share_of_flow(r->flow), false, &why) : NULL;
	if (!c) {
		reply_refuse(r->reply, why);
		return NULL;
	}
	c->r.who = WHO_USER;
	c->transfer = t->id;
	t->onward = c->r.id;
	return c;
}

struct leg *refer_meet_take_in(struct call *c, struct request *r)
{
	struct leg *l = leg_new_in(r, c->r.id);

	if (!l) {
		reply_refuse(r->reply, r->m->contact.len ? REFUSE_FULL : REFUSE_TOO_LONG);
		return NULL;
	}
	invite_take_offer(l, ipc_part(r->v, r->m->sdp));
	if (session_asked(l, r->m))
		return l;
	leg_refuse(l, REFUSE_INTERVAL, NULL);
	return NULL;
}

static void fail(struct refer *t, struct call *c)
{
	if (c && !leg_get(c->r.caller)) { /* nobody is in it yet */
		t->onward = 0;
		call_drop(c);
	}
	refer_event(t, REFER_FAILS);
}

void refer_meet_comes(struct refer *t, struct request *r)
{
	const char *bad = invite_bad_offer(r);

	if (bad) {
		reply_refuse_because(r->reply, REFUSE_OFFER, bad);
		refer_event(t, REFER_FAILS);
		return;
	}
	struct call *c = meeting(t, r);
	struct leg *l = c ? refer_meet_take_in(c, r) : NULL;
	if (!l) {
		fail(t, c);
		return;
	}
	if (t->state == REFER_ASKING) {
		c->r.caller = l->r.id;
		leg_ring(l, 182);
	} else {
		l->r.side = 1;
		t->visitor = l->r.id;
	}
	refer_event(t, REFER_MEETS);
}

static void name_both(struct call *c, struct leg *a, struct leg *b)
{
	char name[USER_NAME_MAX + 1];

	span_cstr(span_str(leg_name(a, name)), c->r.from, sizeof c->r.from);
	span_cstr(span_str(leg_name(b, name)), c->r.to, sizeof c->r.to);
	(void)leg_set_text(a, LEG_LOCAL_USER, span_str(c->r.to));
	(void)leg_set_text(b, LEG_LOCAL_USER, span_str(c->r.from));
}

bool refer_meet_join(struct refer *t)
{
	struct call *c = call_get(t->onward);
	struct leg *a = c ? leg_get(c->r.caller) : NULL, *b = leg_get(t->visitor);

	if (!a || !b)
		return false;
	name_both(c, a, b);
	const char *why = join_meeting(c, a, b);
	if (!why) {
		call_event(c, CALL_MET, NULL);
		return true;
	}
	c->transfer = 0;
	t->code = refusal_row(REFUSE_OFFER)->code;
	leg_refuse(b, REFUSE_OFFER, why);
	c->best = REFUSE_OFFER;
	c->best_text = why;
	call_event(c, CALL_TIME_OUT, NULL);
	return false;
}

bool refer_meet_stands(const struct refer *t)
{
	const struct call *c = call_get(t->onward);
	const struct leg *a = c ? leg_get(c->r.caller) : NULL, *b = leg_get(t->visitor);

	return a && b && !leg_owes_answer(a) && !leg_owes_answer(b);
}

void refer_meet_turn_away(struct refer *t)
{
	struct call *c = call_get(t->onward);

	if (!c)
		return;
	c->transfer = 0;
	c->best = REFUSE_NO_ANSWER;
	c->best_text = "the other phone of the transfer did not come";
	call_event(c, CALL_TIME_OUT, NULL);
}
