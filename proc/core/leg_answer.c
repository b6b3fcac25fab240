/* SPDX-License-Identifier: ISC */
/* What a phone or trunk answers to the INVITE, BYE and PRACK of its leg. */
#include "directory.h"
#include "leg.h"
#include "leg_fork.h"
#include "leg_send.h"
#include "session.h"
#include "trunk_call.h"
#include "trunk_dialog.h"

/* 2xx and 18x make or refresh the dialog. SDP counts in a 2xx or a reliable 18x only (RFC 3261 13.2.1). */
static bool take_answer(struct leg *l, const struct msg_response *m, const struct ipc_view *v, bool with_sdp)
{
	const bool other = leg_fork_is(l, m, v);

	if (m->to_tag.len && !leg_set_text(l, LEG_REMOTE_TAG, ipc_str(v, m->to_tag)))
		return false;
	if (m->contact.len && !leg_set_text(l, LEG_TARGET, ipc_str(v, m->contact)))
		return false;
	if ((other || m->route_set.len) && !leg_set_text(l, LEG_ROUTE_SET, ipc_str(v, m->route_set)))
		return false;
	if (m->allow)
		l->r.allow = m->allow;
	const struct sdp *sdp = with_sdp && !l->updated ? ipc_part(v, m->sdp) : NULL;
	if (sdp)
		leg_set_remote(l, sdp);
	return true;
}

static void on_provisional(struct leg *l, const struct msg_response *m, const struct ipc_view *v)
{
	bool reliable = m->required & SIP_TAG_100REL && m->rseq;

	if (m->code == 100 || (l->r.state != LEG_OUT_SENT && l->r.state != LEG_OUT_EARLY))
		return;
	if (leg_fork_is(l, m, v) && !leg_fork_rings(l, m, v, m->sdp.len && (reliable || l->r.trunk)))
		return;
	/* RFC 3262 4: one that was missed or is known already is not processed */
	if (reliable && l->rseq && m->rseq != l->rseq + 1) {
		leg_acknowledge(l); /* it did not go out */
		return;
	}
	/* a trunk's early media is heard, whatever else it says later (RFC 3960) */
	if (!take_answer(l, m, v, reliable || l->r.trunk))
		return;
	if (reliable) {
		l->agreed |= m->sdp.len > 0;
		l->prack_rseq = l->rseq ? l->prack_rseq : m->rseq - 1;
		l->rseq = m->rseq;
		leg_acknowledge(l);
	}
	leg_event(l, LEG_RINGS);
}

/* RFC 4028 7.4: asked again, once, with the interval that the phone can live with. */
static bool ask_longer(struct leg *l, const struct msg_response *m)
{
	const struct user *from = directory_user(directory_find(leg_text(l, LEG_LOCAL_USER)));
	struct sdp offer;

	if (m->code != 422 || l->longer || l->r.state != LEG_OUT_SENT || m->min_se < SESSION_MIN_S ||
	    m->min_se > SESSION_MAX_S)
		return false;
	leg_local(l, &offer);
	l->longer = 1;
	l->r.session_s = m->min_se;
	l->r.refresher_us = 1;
	if (!trunk_call_again(l))
		leg_invite(l, &offer, from ? from->display : "");
	return true;
}

void leg_on_invite_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	struct leg *l = leg_get(a->owner);

	if (!l) {
		ask_done(a->ref);
		return;
	}
	if (m->code < 200) {
		on_provisional(l, m, v);
	} else if (m->code < 300) {
		bool first = l->r.state != LEG_UP && l->r.state != LEG_LEAVING;
		if (!first && leg_fork_is(l, m, v)) {
			leg_fork_late(l, m, v);
			return;
		}
		if (first)
			leg_fork_settle(l, m, v);
		if (first && take_answer(l, m, v, true))
			session_agreed(l, m);
		leg_event(l, LEG_ACCEPTS);
	} else if (!ask_longer(l, m) && !trunk_call_challenged(l, m, v)) {
		l->invite_ref = 0;
		l->rejected = m->code;
		(void)span_cstr(ipc_str(v, m->redirect), l->redirect, sizeof l->redirect);
		leg_event(l, m->local ? LEG_LOST : LEG_REJECTS);
	}
}

void leg_on_bye_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	struct leg *l = leg_get(a->owner);

	if (m->code >= 200 && l && !trunk_dialog_challenged(l, a, m, v))
		leg_event(l, m->local ? LEG_LOST : LEG_BYE_ENDS);
}

void leg_on_prack_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	struct leg *l = leg_get(a->owner);

	/* otherwise the phone stops repeating its 18x, or its INVITE ends by itself */
	if (m->code < 200 || !l || a->ref != l->prack_ref)
		return;
	l->prack_ref = 0;
	l->prack_waits = trunk_dialog_challenged(l, a, m, v);
	leg_acknowledge(l);
}
