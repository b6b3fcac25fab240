/* SPDX-License-Identifier: ISC */
/* Requests inside the dialog of a leg. */
#include "change.h"
#include "dialogue.h"
#include "directory.h"
#include "leg.h"
#include "leg_send.h"
#include "login.h"
#include "owed.h"
#include "refer.h"

/* Only the phone that owns the leg, with a login of the leg's user that is still good on it for the calls that stand (R4). */
static bool owns(const struct request *r, const struct leg *l)
{
	if (l->r.trunk || r->flow->trunk)
		return l->r.trunk == r->flow->trunk;
	if (l->r.device != r->flow->device)
		return false;
	/* its certificate proves the phone: whom a new password has logged out ends what it began */
	if (r->m->method == SIP_BYE && directory_allows(l->r.user, l->r.device))
		return true;
	return l->r.user == NOBODY || flow_carries_on(r->flow, l->r.user, child_now()) ||
	       registrar_logged_in(l->r.user, l->r.device);
}

/* The right phone, and the login is all that is missing: it is asked for one, as a 481 would end its call (RFC 3261 12.2.1.2). So a phone whose
 * user has a new password steers its call over a new connection once it says that one. */
static bool lacks_login(const struct request *r, const struct leg *l)
{
	return !l->r.trunk && !r->flow->trunk && l->r.device == r->flow->device && r->m->method != SIP_ACK &&
	       directory_allows(l->r.user, l->r.device);
}

/* The ACK of an earlier INVITE, come late, is not that of the last one (RFC 3261 13.2.2.4: the same CSeq). */
static void on_ack(struct leg *l, struct request *r)
{
	if (r->m->cseq != l->invite.cseq)
		return;
	uint64_t id = l->r.id;
	leg_event(l, LEG_ACKS);
	if (leg_get(id) && l->r.state == LEG_UP)
		change_on_ack(l, r);
}

static void on_bye(struct leg *l, struct request *r)
{
	l->request = r->reply;
	leg_event(l, LEG_BYES);
}

static void on_prack(struct leg *l, struct request *r)
{
	const struct msg_request *m = r->m;

	/* RFC 3262 3: RSeq, CSeq number and method */
	if (!l->ringing || m->rack_rseq != l->rseq || m->rack_cseq != l->invite.cseq || m->rack_method != SIP_INVITE) {
		reply_refuse(r->reply, REFUSE_NO_DIALOG);
		return;
	}
	l->ringing = 0;
	if (m->sdp.len)
		change_on_request(l, r);
	else
		reply_code(r->reply, 200);
	if (l->r.state == LEG_IN_CALLING) /* what is repeated later is the 200 */
		leg_acknowledged(l);
}

static void on_options(struct leg *l, struct request *r)
{
	(void)l;
	reply_code(r->reply, 200);
}

/* Old phones say their keys so (RFC 6086 has no package for it). A key goes to whoever asked for one, never to the other side. */
static void on_info(struct leg *l, struct request *r)
{
	reply_code(r->reply, 200);
	if (r->m->key)
		dialogue_key(l, r->m->key);
}

static void (*const by_method[SIP_METHODS_N])(struct leg *l, struct request *r) = {
    [SIP_ACK] = on_ack,
    [SIP_BYE] = on_bye,
    [SIP_PRACK] = on_prack,
    [SIP_OPTIONS] = on_options,
    [SIP_INVITE] = change_on_request,
    [SIP_UPDATE] = change_on_request,
    [SIP_REFER] = refer_on_refer,
    [SIP_NOTIFY] = refer_on_notify,
    [SIP_INFO] = on_info,
};

/* What carries on a call that there is. With a certificate that has expired a phone begins nothing but calls for help (R1, T21). */
enum {
	CARRIES_ON = 1 << SIP_ACK | 1 << SIP_BYE | 1 << SIP_PRACK | 1 << SIP_OPTIONS | 1 << SIP_INVITE |
	             1 << SIP_UPDATE | 1 << SIP_NOTIFY | 1 << SIP_INFO
};

/* Its certificate, or the password that it logged in with: what begins something new is not for such a one. */
static bool has_expired(const struct request *r, const struct leg *l)
{
	return (r->flow->expired || flow_login_is_over(r->flow, l->r.user)) && !(CARRIES_ON >> r->m->method & 1);
}

static void refuse_expired(const struct leg *l, struct request *r)
{
	enum refusal why = r->flow->expired ? REFUSE_EXPIRED : REFUSE_LOGIN;

	child_event(EVENT_CALL_REFUSED, SEVERITY_INFO, l->r.device, l->r.user, &l->r.seen, refusal_row(why)->text);
	reply_refuse(r->reply, why);
}

static void refuse_no_dialog(struct request *r)
{
	if (r->m->method != SIP_ACK)
		reply_refuse(r->reply, REFUSE_NO_DIALOG);
}

/* False: it was answered, or keeper is asked. */
static bool may_speak(struct request *r, const struct leg *l)
{
	if (owns(r, l))
		return true;
	if (lacks_login(r, l) && !login_gate(r, span_str(directory_user(l->r.user)->name)))
		return false;
	child_event(EVENT_FORGED_DIALOG, SEVERITY_ALARM, r->flow->device, NOBODY, &r->flow->remote,
	    "request inside a call from a phone that does not own the leg");
	refuse_no_dialog(r);
	return false;
}

void leg_on_request(struct request *r)
{
	struct leg *l = leg_find(REQUEST_STR(r, call_id), REQUEST_STR(r, to_tag), REQUEST_STR(r, from_tag));
	bool ack = r->m->method == SIP_ACK;

	if (!l)
		refuse_no_dialog(r);
	if (!l || !may_speak(r, l))
		return;
	/* an ACK repeats the CSeq of its INVITE */
	if (!ack && r->m->cseq <= l->r.remote_cseq) {
		reply_refuse(r->reply, REFUSE_OUT_OF_ORDER);
		return;
	}
	if (!ack)
		l->r.remote_cseq = r->m->cseq;
	l->r.flow = r->flow->id;
	l->r.seen = r->flow->remote;
	uint64_t id = l->r.id;
	leg_mark(id);
	if (l->r.state == LEG_OWING && r->m->method != SIP_BYE)
		owed_on_request(l, r);
	else if (has_expired(r, l))
		refuse_expired(l, r);
	else if (by_method[r->m->method])
		by_method[r->m->method](l, r);
	else if (!ack)
		reply_refuse(r->reply, REFUSE_METHOD);
	leg_unmark(id);
}
