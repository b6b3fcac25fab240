/* SPDX-License-Identifier: ISC */
#include "request.h"
#include "incoming.h"
#include "invite.h"
#include "leg.h"
#include "login.h"
#include "message.h"
#include "mwi.h"
#include "registrar.h"
#include "route.h"

/* OPTIONS to the exchange itself: says nothing before login (T10). */
static void options(struct request *r)
{
	if (login_gate(r, REQUEST_STR(r, from_user)))
		reply_code(r->reply, 200);
}

/* Requests that begin a dialog or stand alone. */
static void (*const by_method[SIP_METHODS_N])(struct request *r) = {
    [SIP_INVITE] = invite_on_request,
    [SIP_REGISTER] = registrar_on_register,
    [SIP_MESSAGE] = message_on_request,
    [SIP_OPTIONS] = options,
    [SIP_SUBSCRIBE] = mwi_on_subscribe,
};

/* These mean something inside a dialog only. */
enum { IN_DIALOG = 1 << SIP_BYE | 1 << SIP_PRACK | 1 << SIP_UPDATE | 1 << SIP_REFER | 1 << SIP_NOTIFY | 1 << SIP_INFO };

static void refuse_method(struct request *r)
{
	reply_refuse(r->reply, IN_DIALOG >> r->m->method & 1 ? REFUSE_NO_DIALOG : REFUSE_METHOD);
}

void request_resume(struct request *r)
{
	r->emergency = r->m->emergency && r->m->method == SIP_INVITE && route_is_emergency(REQUEST_STR(r, target_user));
	if (r->m->method == SIP_ACK || (r->m->to_tag.len && r->m->method != SIP_SUBSCRIBE))
		leg_on_request(r);
	else if (by_method[r->m->method])
		by_method[r->m->method](r);
	else
		refuse_method(r);
}

/* What a trunk may want of us. Who is behind it nobody has proved. */
static void from_trunk(struct request *r)
{
	if (r->m->method == SIP_ACK || r->m->to_tag.len)
		leg_on_request(r);
	else if (r->m->method == SIP_OPTIONS)
		reply_code(r->reply, 200);
	else if (r->m->method == SIP_INVITE)
		incoming_on_invite(r);
	else
		refuse_method(r);
}

void request_on_message(struct link *from, const struct ipc_view *v)
{
	const struct msg_request *m = v->payload;
	struct request r = {
	    .v = v, .m = m, .flow = flow_get(m->flow), .reply = {m->txn, from->instance, m->cseq}, .user = NOBODY};

	if (!r.flow)
		return; /* we asked for it to be closed; the edge ends its transactions */
	if (r.flow->edge != from->instance || r.flow->device != m->device || m->method == SIP_UNKNOWN ||
	    (m->txn == 0) != (m->method == SIP_ACK)) {
		child_accuse(from, "request that does not fit its flow", m->flow, flow_device_at(from, m->flow));
		return;
	}
	if (r.flow->trunk)
		from_trunk(&r);
	else
		request_resume(&r);
}
