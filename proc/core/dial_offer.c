/* SPDX-License-Identifier: ISC */
/* What each phone that rings is offered: its caller's keys, or ours where the leg must end in media. */
#include "base/log.h"
#include "desk.h"
#include "dial_int.h"
#include "ended.h"
#include "incoming.h"
#include "join.h"
#include "keys.h"
#include "media.h"
#include "settings.h"
#include "wire/sdp_offer.h"

enum { ALL_CODECS = (1 << SDP_CODEC_N) - 1 };

uint8_t dial_codecs(const struct leg *l)
{
	const struct device *d = directory_device(l->r.device);

	return d && d->flags & DEVICE_NO_OPUS ? (uint8_t)(ALL_CODECS & ~(1 << SDP_OPUS)) : ALL_CODECS;
}

/* Of the caller's keys, those that phones may see. */
static uint8_t passing_keys(const struct call *c)
{
	return c->keeps_keys ? (uint8_t)(SDP_KEYS_ALL & ~SDP_KEYS_SDES) : SDP_KEYS_ALL;
}

uint8_t dial_offered_keys(const struct call *c, const struct leg *caller)
{
	struct sdp offer;

	leg_remote(caller, &offer);
	return sdp_keys(&offer) & passing_keys(c);
}

/* The caller's offer as this phone may see it, keys and all. */
static void passing_offer(struct call *c, struct leg *caller, struct leg *callee, struct sdp *out)
{
	struct sdp offer;

	leg_remote(caller, &offer);
	*out = offer;
	sdp_keep_audio_only(out);
	sdp_keep_keys(out, passing_keys(c));
	if (sdp_keys(out) & SDP_KEYS_SDES) {
		c->keys_out = 1;
		c->keys_at = callee->r.device;
	}
	sdp_keep_codecs(out, dial_codecs(callee) & dial_codecs(caller));
	media_face(out, c, callee, offer.audio.rtcp_mux);
	/* the first packet comes from behind the NAT */
	if (out->audio.setup == SDP_ACTPASS && media_behind_nat(caller, &offer))
		out->audio.setup = SDP_ACTIVE;
}

/* It talked with somebody who may have had other codecs than who is asked now, and can be asked for one of its others afterwards
 * (renegotiate.h). */
static bool may_be_wide(const struct call *c, const struct leg *caller, struct sdp *like)
{
	return caller->r.has_local && (c->transfer || c->dest.route == ROUTE_PARK) && ended_widen(caller, like);
}

/* A line speaks G.711, as a rule. */
static bool is_no_lines(const struct leg *callee, const struct sdp *like)
{
	return callee->r.trunk && !(ended_codecs(like) & (1u << SDP_PCMU | 1u << SDP_PCMA));
}

/* An answered caller keeps the codecs that it was answered with, if it can. */
static void ended_offer_to(struct call *c, struct leg *caller, struct leg *callee, struct sdp *out)
{
	struct sdp like;

	if (caller->r.has_local) { /* answered by the exchange, or early */
		leg_local(caller, &like);
		if (callee->wide || is_no_lines(callee, &like))
			(void)may_be_wide(c, caller, &like);
	} else if (leg_owes_answer(caller)) {
		ended_offer_first(callee, dial_codecs(caller), &like);
	} else {
		leg_remote(caller, &like);
	}
	ended_offer(callee, &like, dial_codecs(callee) & dial_codecs(caller), out);
	media_face(out, c, callee, !callee->r.trunk);
}

static void make_offer(struct call *c, struct leg *caller, struct leg *callee, struct sdp *out)
{
	/* each leg has its own; a phone without ICE ignores it, baresip with ICE is mute without it */
	callee->r.ice = !callee->r.trunk;
	if (callee->r.ends == RELAY_PASSING)
		passing_offer(c, caller, callee, out);
	else
		ended_offer_to(c, caller, callee, out);
}

enum relay_end dial_method(const struct leg *l)
{
	bool dtls = media_fingerprint() && !(l->tried >> RELAY_ENDED_DTLS & 1);
	bool sdes = !(l->tried >> RELAY_ENDED_SDES & 1);

	if (sdes && (!dtls || (keys_may(l->r.device, SDP_KEYS_SDES) && keys_seen(l->r.device) != SDP_KEYS_DTLS)))
		return RELAY_ENDED_SDES;
	return dtls ? RELAY_ENDED_DTLS : RELAY_PASSING;
}

/* Who calls for help with nobody logged in can send no other INVITE: such a call is given on by the exchange alone. */
static bool goes_on_by_us(const struct call *c, const struct leg *caller)
{
	return c->r.emergency && caller->r.user == NOBODY && join_can_answer(caller);
}

static bool must_end(const struct call *c, const struct leg *caller, uint32_t device)
{
	return c->r.spoken || caller->r.trunk || goes_on_by_us(c, caller) || !dial_offered_keys(c, caller) ||
	       settings_of_device(caller->r.device)->ended || settings_of_device(device)->ended;
}

/* A phone that takes none of the caller's methods is not asked in vain. With SDES the exchange could hear anyway, so nothing is
 * lost where a phone that has shown DTLS alone is offered that at once. */
static bool cannot_pass(const struct call *c, const struct leg *caller, const struct leg *callee)
{
	struct sdp offer;

	leg_remote(caller, &offer);
	uint8_t keys = dial_offered_keys(c, caller), seen = keys_seen(callee->r.device);
	bool in_vain = !keys_may(callee->r.device, keys) || (keys == SDP_KEYS_SDES && seen == SDP_KEYS_DTLS);
	return in_vain && ended_by(&offer, caller->r.clear) != RELAY_PASSING;
}

static const char *display_of(const struct leg *caller)
{
	const struct user *from = directory_user(caller->r.person);
	return from ? from->display : "";
}

bool dial_is_caller(const struct leg *caller, const struct registration *to)
{
	return to->device == caller->r.device && (to->user == caller->r.user || caller->r.user == NOBODY);
}

struct ringable {
	const struct call *call;
	const struct leg *caller;
	int n;
};

static bool count_phones(uint32_t user, void *arg)
{
	const struct registration *to[REGISTRAR_TARGETS_MAX];
	const struct user_settings *s = settings_of_user(user);
	struct ringable *r = arg;

	for (int i = registrar_targets(user, to); i-- > 0;)
		r->n += !dial_is_caller(r->caller, to[i]);
	r->n += s->pickup_group[0] != 0; /* by whoever takes it there */
	if (r->call->dest.kind == DEST_USER)
		r->n +=
		    s->forward[FORWARD_BUSY][0] || s->forward[FORWARD_NO_ANSWER][0] || s->forward[FORWARD_OFFLINE][0];
	return r->n < 2;
}

/* Who is offered SDES keys could hear their caller, whoever answers in the end. So where more phones than one may ring, the leg is
 * ended, with keys of its own for each, or passes without them. */
static void keep_keys(struct call *c, const struct leg *caller, uint32_t device)
{
	struct ringable r = {.call = c, .caller = caller};

	if (c->keeps_keys || caller->r.trunk)
		return;
	if (c->keys_out) {
		c->keeps_keys = c->keys_at != device;
		if (c->keeps_keys)
			log_info("call %016llx rings on after a phone was told its caller's SDES keys",
			    (unsigned long long)c->r.id);
		return;
	}
	dial_each_callee(&c->dest, count_phones, &r);
	r.n += c->dest.kind == DEST_GROUP && settings_of_group(c->dest.index)->forward[0];
	c->keeps_keys = r.n > 1;
}

void dial_offer(struct call *c, struct leg *caller, struct leg *callee)
{
	struct sdp offer;

	callee->r.side = !caller->r.side;
	make_offer(c, caller, callee, &offer);
	c->target[c->targets++] = callee->r.id;
	leg_invite(callee, &offer, c->shown ? c->shown : display_of(caller));
}

static struct leg *new_target(struct call *c, const struct registration *to)
{
	struct leg *l = leg_new_out(to, c->r.id, call_claim(c), c->r.from, c->r.to);

	if (!l)
		c->best = REFUSE_FULL;
	return l;
}

bool dial_ask_phone(struct call *c, struct leg *caller, const struct registration *to, uint8_t tried, bool ended)
{
	struct leg *l = new_target(c, to);

	if (!l)
		return false;
	incoming_rings(c, l->r.person);
	keep_keys(c, caller, to->device);
	l->tried = tried;
	if (ended || must_end(c, caller, to->device) || cannot_pass(c, caller, l))
		l->r.ends = (uint8_t)dial_method(l);
	dial_offer(c, caller, l);
	return true;
}

bool dial_wider(struct call *c, struct leg *l)
{
	struct leg *caller = leg_get(c->r.caller), *next;
	const struct registration *to = registrar_get(l->r.user, l->r.device);
	struct sdp like;

	if (c->desk || !caller || !to || l->r.trunk || l->wide || l->r.ends == RELAY_PASSING ||
	    c->targets >= CALL_TARGETS_MAX)
		return false;
	leg_local(caller, &like);
	if (!may_be_wide(c, caller, &like) || !(next = new_target(c, to)))
		return false;
	next->wide = 1;
	next->tried = l->tried;
	next->hops = l->hops;
	next->r.ends = l->r.ends;
	dial_offer(c, caller, next);
	return true;
}

bool dial_again(struct call *c, struct leg *l)
{
	struct leg *caller = leg_get(c->r.caller);
	const struct registration *to = registrar_get(l->r.user, l->r.device);
	struct sdp offered;

	if (c->desk)
		return desk_again(c, l);
	if (!caller || !to || l->r.trunk || c->targets >= CALL_TARGETS_MAX)
		return false;
	l->tried |= (uint8_t)(1u << l->r.ends);
	if (l->r.ends == RELAY_PASSING) {
		leg_remote(caller, &offered);
		enum relay_end same = ended_by(&offered, caller->r.clear);
		if (same == RELAY_PASSING) /* ZRTP alone: the caller can't be ended */
			return false;
		l->tried |= (uint8_t)(1u << same);
	}
	if (dial_method(l) == RELAY_PASSING || !dial_ask_phone(c, caller, to, l->tried, true))
		return false;
	leg_get(c->target[c->targets - 1])->hops = l->hops;
	return true;
}
