/* SPDX-License-Identifier: ISC */
#include "trunk_dialog.h"
#include "leg_send.h"
#include "renegotiate.h"
#include "session.h"
#include "trunk_auth.h"

static void finish(uint64_t leg, const struct trunk_answer *a, void (*again)(struct leg *l))
{
	struct leg *l = leg_get(leg);

	if (!l) /* gone meanwhile */
		return;
	l->credentials = a;
	again(l);
	if ((l = leg_get(leg)))
		l->credentials = NULL;
}

static void bye_answered(uint64_t leg, const struct trunk_answer *a, const char *why)
{
	(void)why;
	finish(leg, a, leg_bye_again);
}

static void prack_answered(uint64_t leg, const struct trunk_answer *a, const char *why)
{
	(void)why;
	finish(leg, a, leg_prack_again);
}

static void refresh_answered(uint64_t leg, const struct trunk_answer *a, const char *why)
{
	(void)why;
	finish(leg, a, session_refresh_again);
}

static void change_answered(uint64_t leg, const struct trunk_answer *a, const char *why)
{
	(void)why;
	finish(leg, a, renegotiate_again);
}

static trunk_answered *const answered[ASK_KINDS] = {
    [ASK_BYE] = bye_answered,
    [ASK_CHANGE] = change_answered,
    [ASK_PRACK] = prack_answered,
    [ASK_REFRESH] = refresh_answered,
};

bool trunk_dialog_challenged(struct leg *l, const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	trunk_answered *done = answered[a->kind];

	if (!l->r.trunk || !done || m->local || (m->code != 401 && m->code != 407) || l->repeated >> a->kind & 1)
		return false;
	return !trunk_auth_take(l->r.trunk, m, v) &&
	       trunk_auth_ask(l->r.trunk, (enum sip_method)m->method, leg_text(l, LEG_TARGET),
		   (enum pool_claim)l->r.claim, l->r.id, done);
}
