/* SPDX-License-Identifier: ISC */
#include "leg_fork.h"
#include "base/rand.h"
#include "base/siphash.h"
#include "leg_send.h"

static uint8_t key[16];

void leg_fork_init(void)
{
	rand_bytes(key, sizeof key);
}

bool leg_fork_is(const struct leg *l, const struct msg_response *m, const struct ipc_view *v)
{
	const struct span had = leg_text(l, LEG_REMOTE_TAG), tag = ipc_str(v, m->to_tag);

	return had.n > 0 && tag.n > 0 && !span_eq(had, tag);
}

/* NULL: there are too many. */
static struct leg_fork *fork_of(struct leg *l, struct span tag)
{
	const uint64_t hash = siphash(key, tag);

	for (uint8_t i = 0; i < l->forks; i++)
		if (l->fork[i].tag == hash)
			return &l->fork[i];
	if (l->forks == LEG_FORKS_MAX)
		return NULL;
	l->fork[l->forks] = (struct leg_fork){.tag = hash};
	return &l->fork[l->forks++];
}

void leg_fork_keep_offer(struct leg *l)
{
	struct sdp offered;

	if (leg_text(l, LEG_NEXT).n)
		return;
	leg_local(l, &offered);
	leg_set_next(l, &offered);
}

static void offer_as_before(struct leg *l)
{
	struct sdp offered;

	if (leg_text(l, LEG_NEXT).n) {
		leg_next(l, &offered);
		leg_set_local(l, &offered);
	}
}

/* What the one that was followed so far said of media is not the other's, and what we offered is open again. */
static void forget_media(struct leg *l)
{
	offer_as_before(l);
	l->agreed = l->updated = 0;
	l->r.has_remote = 0;
	(void)leg_set_text(l, LEG_REMOTE, SPAN(""));
}

/* What waits to be acknowledged there is when it comes again. */
static void follow(struct leg *l, struct leg_fork *f)
{
	const struct leg_fork was = {.tag = siphash(key, leg_text(l, LEG_REMOTE_TAG)),
	    .prack = l->prack_ref,
	    .rseq = l->prack_rseq - (l->prack_waits ? 1u : 0u)};

	l->rseq = l->prack_rseq = f->rseq;
	l->prack_ref = ask_get(f->prack) ? f->prack : 0;
	l->prack_waits = 0;
	*f = was;
	forget_media(l);
}

static void acknowledge(struct leg *l, struct leg_fork *f, const struct msg_response *m, const struct ipc_view *v)
{
	const struct leg_far to = {ipc_str(v, m->to_tag), ipc_str(v, m->contact), ipc_str(v, m->route_set)};

	if (!to.target.n || ask_get(f->prack))
		return; /* when it comes again */
	f->prack = leg_send_prack(l, &to, m->rseq);
	if (f->prack)
		f->rseq = m->rseq;
}

bool leg_fork_rings(struct leg *l, const struct msg_response *m, const struct ipc_view *v, bool media)
{
	const bool reliable = m->required & SIP_TAG_100REL && m->rseq;
	struct leg_fork *f = fork_of(l, ipc_str(v, m->to_tag));

	if (!f || (reliable && f->rseq && m->rseq != f->rseq + 1))
		return false;
	if (media) {
		follow(l, f);
		return true;
	}
	if (reliable)
		acknowledge(l, f, m, v);
	leg_event(l, LEG_RINGS);
	return false;
}

void leg_fork_settle(struct leg *l, const struct msg_response *m, const struct ipc_view *v)
{
	if (leg_fork_is(l, m, v))
		forget_media(l);
	else if (!l->updated) /* its early media may have been in another codec than it answers with */
		offer_as_before(l);
	leg_set_next(l, NULL);
	l->forks = 0;
}

void leg_fork_late(struct leg *l, const struct msg_response *m, const struct ipc_view *v)
{
	struct leg_fork *f = fork_of(l, ipc_str(v, m->to_tag));
	struct leg *late = f && f->leg ? leg_get(f->leg) : NULL;

	if (!f || (f->leg && !late)) /* it gives up by itself; it is ended */
		return;
	if (!late)
		late = leg_new_beside(l, m, v);
	if (!late)
		return;
	f->leg = late->r.id;
	leg_event(late, LEG_ACCEPTS);
}
