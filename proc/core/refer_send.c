/* SPDX-License-Identifier: ISC */
#include "base/rand.h"
#include "leg_send.h"
#include "refer.h"

void refer_send_accepted(struct leg *l, struct reply to)
{
	struct msg_respond *m = reply_begin(to, 202);

	if (!m)
		return;
	m->to_tag = ipc_put(reply_link(to), span_str(l->r.local_tag));
	m->leg_token = ipc_put(reply_link(to), span_str(l->r.token));
	reply_end(to);
}

void refer_send_notify(struct refer *t, bool last)
{
	struct leg *l = t->way == REFER_TO_PARK ? NULL : leg_get(t->leg);
	struct link *edge;
	struct msg_send *m = l && l->r.state == LEG_UP ? leg_begin_request(l, SIP_NOTIFY, ASK_NOTIFY, &edge) : NULL;

	if (!m) /* it hung up, which ends what it subscribed to; or never asked */
		return;
	m->package = PACKAGE_REFER;
	m->event_id = t->cseq;
	m->substate = last ? SIP_SUBSTATE_TERMINATED : SIP_SUBSTATE_ACTIVE;
	m->expires = REFER_GOOD_MS / 1000;
	m->frag = t->code;
	ipc_end(edge);
}

bool refer_send_token(struct refer *t, struct refer_party *p, struct leg *leg)
{
	const struct user *by = directory_user(t->user);
	struct link *edge;
	struct msg_send *m = leg_begin_request(leg, SIP_REFER, ASK_REFER, &edge);

	if (!m)
		return false;
	memcpy(p->token, "xfer-", 5);
	rand_hex(p->token + 5, 16);
	m->refer_token = ipc_put(edge, span_str(p->token));
	m->referred_by = ipc_put(edge, span_str(by ? by->name : ""));
	ipc_end(edge);
	return true;
}
