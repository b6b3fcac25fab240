/* SPDX-License-Identifier: ISC */
#include "owed.h"
#include "trunk.h"

enum { OWED_EACH = 4, AGAIN_MS = 1000 };

struct owing {
	const struct leg *like; /* of the same phone or trunk; NULL: of all */
	struct leg *oldest;
	uint32_t n;
};

static bool same_place(const struct leg *a, const struct leg *b)
{
	return a->r.device == b->r.device && a->r.trunk == b->r.trunk;
}

static void count(struct leg *l, void *arg)
{
	struct owing *o = arg;

	if (l->r.state != LEG_OWING || (o->like && !same_place(l, o->like)))
		return;
	o->n++;
	/* one that began this moment has no timer yet, and is the youngest */
	if (timer_is_set(&l->later) && (!o->oldest || l->later.due_ms < o->oldest->later.due_ms))
		o->oldest = l;
}

static struct owing owing(const struct leg *like)
{
	struct owing o = {.like = like};

	leg_each(count, &o);
	return o;
}

static void find_called_off(struct leg *l, void *arg)
{
	struct leg **oldest = arg;

	if (l->r.state == LEG_OUT_LEAVING && timer_is_set(&l->later) &&
	    (!*oldest || l->later.due_ms < (*oldest)->later.due_ms))
		*oldest = l;
}

/* As if its INVITE had been answered 487: nobody waits for that (RFC 3261 9.1). */
static bool called_off_makes_room(void)
{
	struct leg *oldest = NULL;

	leg_each(find_called_off, &oldest);
	if (oldest)
		leg_event(oldest, LEG_REJECTS);
	return oldest != NULL;
}

bool owed_make_room(bool for_help)
{
	struct owing o = owing(NULL);

	if (o.oldest)
		leg_event(o.oldest, LEG_BYE_ENDS);
	return o.oldest || (for_help && called_off_makes_room());
}

/* Where its phone is now: a connection that it left may look alive for long. */
static const struct flow *whereabouts(const struct leg *l)
{
	const struct registration *r = l->r.trunk ? NULL : registrar_get(l->r.user, l->r.device);
	const struct flow *f = r ? flow_get(r->flow) : NULL;

	return f ? f : leg_flow(l);
}

void owed_begin(struct leg *l)
{
	uint32_t s = l->r.session_s ? l->r.session_s : child_site()->session_expires_s;
	const struct flow *f = whereabouts(l);
	struct owing o;

	/* no dialog in which anything could be said; a trunk that is there and does not answer */
	if (!leg_text(l, LEG_REMOTE_TAG).n || (f && l->r.trunk && f->id == l->bye_flow)) {
		leg_event(l, LEG_BYE_ENDS);
		return;
	}
	leg_keep_dialog(l);
	leg_leaves_share(l);
	ask_done(l->invite_ref);
	ask_done(l->change_ref);
	ask_done(l->refresh_ref);
	timer_cancel(&child_wheel, &l->later);
	/* a carrier hears of all its lines, which may go at once (a media address that is no more) */
	const uint32_t lines = l->r.trunk ? trunk_conf_of(l->r.trunk)->lines : 0;
	if ((o = owing(l)).n > (lines > OWED_EACH ? lines : OWED_EACH))
		leg_event(o.oldest, LEG_BYE_ENDS);
	if (f && f->id != l->bye_flow) {
		l->r.flow = f->id;
		leg_event_later(l, LEG_BACK, AGAIN_MS);
	} else {
		leg_event_later(l, LEG_BYE_ENDS, s * 1000);
	}
}

struct back {
	uint32_t user, device;
	uint8_t trunk;
	uint64_t flow;
};

static void say_again(struct leg *l, void *arg)
{
	const struct back *b = arg;
	bool owes = l->r.state == LEG_OWING || l->r.state == LEG_LEAVING;

	if (!owes || l->r.user != b->user || l->r.device != b->device || l->r.trunk != b->trunk ||
	    l->bye_flow == b->flow)
		return;
	l->r.flow = b->flow;
	leg_event(l, LEG_BACK);
}

void owed_phone_back(uint32_t user, const struct flow *f)
{
	struct back b = {.user = user, .device = f->device, .flow = f->id};

	leg_each(say_again, &b);
}

void owed_trunk_back(uint8_t trunk)
{
	const struct flow *f = trunk_flow(trunk);
	struct back b = {.user = NOBODY, .device = NOBODY, .trunk = trunk, .flow = f ? f->id : 0};

	if (f)
		leg_each(say_again, &b);
}

void owed_on_request(struct leg *l, const struct request *r)
{
	if (r->m->method == SIP_ACK)
		return;
	reply_refuse(r->reply, REFUSE_NO_DIALOG);
	if (l->bye_flow != r->flow->id)
		leg_event(l, LEG_BACK);
}

void owed_status(struct proc_status *s)
{
	status_add(s, "hang-ups-owed", STATUS_COUNTER, owing(NULL).n, 0, 0, 0);
}
