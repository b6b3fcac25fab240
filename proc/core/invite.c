/* SPDX-License-Identifier: ISC */
#include "invite.h"
#include "call.h"
#include "dial.h"
#include "emergency.h"
#include "ended.h"
#include "help_waits.h"
#include "hotdesk.h"
#include "keys.h"
#include "media.h"
#include "pace.h"
#include "refer.h"
#include "session.h"
#include "share.h"
#include "wire/sdp_offer.h"

/* Whoever is to help hears of a call for help that is none (R16). */
static void tell(struct request *r, const char *why)
{
	if (r->emergency)
		emergency_refused(r->flow, r->user, REQUEST_STR(r, target_user), why);
}

static void refuse(struct request *r, enum refusal why)
{
	tell(r, refusal_row(why)->text);
	reply_refuse(r->reply, why);
}

static void refuse_because(struct request *r, enum refusal why, const char *text)
{
	tell(r, text);
	reply_refuse_because(r->reply, why, text);
}

/* Where a phone's INVITE leads, on the account of who is logged in there, or of who sent it there. */
static enum refusal find(struct request *r, struct dest *to, uint64_t *transfer)
{
	if (r->m->target_kind == TARGET_TRANSFER)
		return refer_find(r, to, transfer);
	if (r->m->target_kind != TARGET_USER)
		return REFUSE_NO_NUMBER;
	if (!route_find(REQUEST_STR(r, target_user), SPAN(""), to)) {
		if (!r->emergency || !to->number.text[0])
			return r->emergency ? REFUSE_NO_EMERGENCY : REFUSE_NO_NUMBER;
		to->kind = DEST_OUTSIDE; /* nobody answers for it here: staff are told, and so is the caller */
	}
	to->route = ROUTE_FRESH;
	to->payer = hotdesk_person(r->user, r->flow->device);
	return REFUSE_NONE;
}

static enum refusal check(struct request *r, struct dest *to, uint64_t *transfer)
{
	/* what such a phone may know is that it has expired (R1) */
	if (r->flow->expired && !r->emergency)
		return REFUSE_EXPIRED;
	enum refusal why = find(r, to, transfer);
	if (why)
		return why;
	return media_ready() ? REFUSE_NONE : REFUSE_NO_MEDIA;
}

/* Without one our 200 makes it, by the method that its phone is known to take (RFC 3261 13.2.1). */
void invite_take_offer(struct leg *caller, const struct sdp *offer)
{
	if (!offer) {
		caller->r.ends = (uint8_t)dial_method(caller);
		caller->r.ice = 1;
		return;
	}
	leg_set_remote(caller, offer);
	caller->r.ice = offer->audio.ice_ufrag[0] != 0;
	caller->r.clear = caller->r.claim == POOL_HELP && ended_clear_for_help(offer);
}

const char *invite_bad_offer(const struct request *r)
{
	const struct sdp *offer = ipc_part(r->v, r->m->sdp);

	if (!offer)
		return NULL;
	enum sdp_refusal bad = r->emergency ? sdp_check_clear_offer(offer) : sdp_check_offer(offer);
	return bad ? sdp_refusal_text(bad) : NULL;
}

static void begin(struct call *c, struct request *r, const struct sdp *offer, const struct dest *to, uint64_t transfer)
{
	struct leg *caller = leg_new_in(r, c->r.id);

	if (!caller) {
		refuse(r, r->m->contact.len ? REFUSE_FULL : REFUSE_TOO_LONG);
		call_drop(c);
		return;
	}
	invite_take_offer(caller, offer);
	/* a call for help is not sent back for its interval: it has no timer then */
	if (!session_asked(caller, r->m) && !c->r.emergency) {
		leg_refuse(caller, REFUSE_INTERVAL, NULL);
		call_drop(c);
		return;
	}
	c->r.who = r->user == NOBODY ? WHO_DEVICE : WHO_USER;
	c->withheld = r->m->privacy;
	emergency_said(c, caller->r.device, ipc_part(r->v, r->m->place));
	if (transfer)
		refer_comes(transfer, c, caller, to);
	call_start(c, caller, to);
}

static void place(struct request *r, uint64_t *transfer)
{
	const struct sdp *offer = ipc_part(r->v, r->m->sdp);
	struct dest to = {0};
	enum refusal why = check(r, &to, transfer);

	if (why) {
		if (why == REFUSE_NO_MEDIA && r->emergency && help_waits(r))
			return;
		child_event(EVENT_CALL_REFUSED, SEVERITY_INFO, r->flow->device, r->user, &r->flow->remote,
		    refusal_row(why)->text);
		refuse(r, why);
		return;
	}
	const char *bad = invite_bad_offer(r);
	if (bad) {
		refuse_because(r, REFUSE_OFFER, bad);
		return;
	}
	const uint32_t who = r->emergency && emergency_tests(&to) ? NOBODY : share_of_flow(r->flow);
	struct call *c = call_new(who, r->emergency, &why);
	if (!c) {
		if (why == REFUSE_SHARE)
			share_tell(r->flow, r->user, "a phone has as many calls as one may have at once");
		refuse(r, why);
		return;
	}
	if (offer)
		keys_shown(r->flow->device, sdp_keys(offer));
	begin(c, r, offer, &to, *transfer);
}

void invite_on_request(struct request *r)
{
	uint64_t transfer = 0;

	if (!login_gate(r, REQUEST_STR(r, from_user)))
		return;
	if (!r->emergency && !pace_allows(r->flow)) {
		share_tell(r->flow, r->user, "a phone begins calls faster than one may");
		reply_refuse(r->reply, REFUSE_PACE);
		return;
	}
	if (r->m->target_kind == TARGET_TRANSFER && refer_meets(r))
		return;
	if (r->m->replaces_call_id.len) {
		refer_on_replaces(r);
		return;
	}
	place(r, &transfer);
	refer_placed(transfer);
}
