/* SPDX-License-Identifier: ISC */
#include "trunk_call.h"
#include "trunk.h"
#include "trunk_auth.h"

enum { CHALLENGES_MAX = 3 };

static bool waits(const struct leg *l)
{
	return l->r.trunk && (l->r.state == LEG_OUT_SENT || l->r.state == LEG_OUT_EARLY);
}

static void answered(uint64_t owner, const struct trunk_answer *a, const char *why)
{
	struct leg *l = leg_get(owner);
	struct sdp offer;

	(void)why;
	if (!l || !waits(l) || l->invite_ref) /* hung up meanwhile */
		return;
	if (!a) {
		l->rejected = 401;
		leg_event(l, LEG_REJECTS);
		return;
	}
	leg_local(l, &offer);
	l->credentials = a;
	leg_invite(l, &offer, "");
	l->credentials = NULL;
}

static bool ask_keeper(struct leg *l)
{
	uint8_t mem[URI_TEXT_MAX];
	struct buf uri = buf_of(mem, sizeof mem);

	trunk_put_uri(&uri, trunk_conf_of(l->r.trunk), leg_text(l, LEG_REMOTE_USER));
	if (uri.full ||
	    !trunk_auth_ask(l->r.trunk, SIP_INVITE, buf_span(&uri), (enum pool_claim)l->r.claim, l->r.id, answered))
		return false;
	l->invite_ref = 0;
	return true;
}

bool trunk_call_again(struct leg *l)
{
	if (!l->challenged)
		return false;
	l->challenged = 0; /* its nonce may be good for one request only, and it need not call it stale */
	return ask_keeper(l);
}

bool trunk_call_challenged(struct leg *l, const struct msg_response *m, const struct ipc_view *v)
{
	if (!waits(l) || m->local || (m->code != 401 && m->code != 407))
		return false;
	/* a password that was wrong once is wrong again, unless only the nonce was too old */
	if (l->challenged && !m->auth_stale)
		return false;
	return ++l->challenged <= CHALLENGES_MAX && !trunk_auth_take(l->r.trunk, m, v) && ask_keeper(l);
}
