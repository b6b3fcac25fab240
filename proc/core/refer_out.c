/* SPDX-License-Identifier: ISC */
#include "refer_out.h"
#include "await.h"
#include "base/id.h"
#include "dialogue.h"
#include "emergency.h"
#include "invite.h"
#include "join.h"
#include "late.h"
#include "refer_give.h"
#include "refer_meet.h"

void refer_out_begin(
    struct leg *l, struct request *r, struct call *c, struct leg *mine, struct leg *out, struct leg *other)
{
	struct refer *t = refer_new(l, r, REFER_TO_LINE);

	if (!t)
		return;
	t->onward = c->r.id;
	t->line = out->r.id;
	t->mine = mine->r.id;
	t->second_call = mine == l ? other->r.call : c->r.id;
	refer_name_party(t, other);
	refer_promise(t, l, r);
	timer_set(&child_wheel, &t->timer, child_now() + REFER_MEETING_MS);
	if (!refer_send_token(t, &t->party[0], other))
		refer_event(t, REFER_FAILS);
}

bool refer_out_waits(struct refer *t, struct call *c)
{
	struct leg *out = leg_get(t->line);

	if (t->way != REFER_TO_LINE || t->state > REFER_DIALLING || t->onward != c->r.id ||
	    c->r.state != PHASE_TALKING || !out || out->r.state != LEG_UP || out->r.ends == RELAY_PASSING)
		return false;
	t->mine = ID_NONE;
	refer_give_alone(c, out);
	return true;
}

void refer_out_failed(struct refer *t)
{
	struct call *c = t->mine == ID_NONE ? call_get(t->onward) : NULL;

	if (c && c->r.callee == ID_NONE)
		call_event(c, CALL_CALLEE_LEFT, NULL);
}

/* As they were when the phone was sent, or the line alone. */
static bool still_talks(const struct refer *t, const struct call *c)
{
	const struct leg *out = leg_get(t->line), *mine = leg_get(t->mine);

	if (!c || c->r.state != PHASE_TALKING || c->transfer || c->late || !out || out->r.state != LEG_UP)
		return false;
	return mine ? c->r.caller == t->mine || c->r.callee == t->mine : c->r.caller == t->line;
}

static struct call *other_call(const struct refer *t)
{
	return call_get(t->call == t->onward ? t->second_call : t->call);
}

static void stands(struct refer *t, struct call *c, struct leg *late)
{
	refer_give_place(c, leg_get(t->line), late);
	emergency_goes_on(other_call(t), c);
}

bool refer_out_stands(struct call *c, struct leg *late)
{
	struct refer *t = refer_of_visitor(late->r.id);

	if (!t || !still_talks(t, c) || c->change.active)
		return false;
	stands(t, c, late);
	refer_event(t, REFER_ANSWERED);
	return true;
}

void refer_out_not(struct call *c, uint64_t late, enum refusal why)
{
	struct refer *t = refer_of_visitor(late);

	(void)c;
	if (!t)
		return;
	t->code = refusal_row(why)->code;
	refer_event(t, REFER_FAILS);
}

void refer_out_comes(struct refer *t, struct request *r)
{
	struct call *c = call_get(t->onward);
	const char *bad = invite_bad_offer(r);
	const bool talks = still_talks(t, c), changes = talks && c->change.active;

	if (!bad && changes && await_visitor(t, c, r))
		return;
	if (bad || !talks || changes) {
		reply_refuse_because(r->reply, bad ? REFUSE_OFFER : REFUSE_NO_ANSWER,
		    bad ? bad : "the call that it was sent to is over");
		refer_event(t, REFER_FAILS);
		return;
	}
	struct leg *late = refer_meet_take_in(c, r);
	if (!late) {
		refer_event(t, REFER_FAILS);
		return;
	}
	t->visitor = late->r.id;
	refer_event(t, REFER_COMES);
	const char *why = refer_give_judge(c, leg_get(t->line), late);
	if (why) {
		t->code = refusal_row(REFUSE_OFFER)->code;
		leg_refuse(late, REFUSE_OFFER, why);
		refer_event(t, REFER_FAILS);
	} else if (leg_owes_answer(late)) {
		late_begin(c, late, LATE_OF_TRANSFER);
	} else {
		stands(t, c, late);
		join_late_answer(c, late);
		call_save(c);
		refer_event(t, REFER_ANSWERED);
	}
}

void refer_out_part(struct refer *t)
{
	struct leg *mine = leg_get(t->mine);
	struct call *other = other_call(t);

	if (mine)
		leg_hang_up(mine, REFUSE_NONE);
	if (other)
		call_event(other, CALL_CALLEE_LEFT, NULL);
}
