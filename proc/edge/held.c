/* SPDX-License-Identifier: ISC */
#include "held.h"
#include "request.h"
#include "respond.h"

enum { HELD_MS = 10000 }; /* parent takes 7 s to see that core stands still, and a moment to start another */

static bool all_wait;

void held_back_from_now(void)
{
	all_wait = true;
}

void held_back_no_more(void)
{
	all_wait = false;
}

bool held_back(void)
{
	return all_wait;
}

void held_keep(struct server_txn *t, const struct sip_msg *m, struct span whole, enum msg_class class)
{
	const bool for_help = class == CLASS_EMERGENCY;

	if (!for_help && (m->method != SIP_BYE || class != CLASS_DIALOG))
		return;
	t->whole = text_take(whole.n, for_help ? POOL_HELP : POOL_USUAL);
	if (!t->whole)
		return;
	memcpy(t->whole->bytes, whole.p, whole.n);
	t->whole_n = (uint32_t)whole.n;
}

void held_forget(struct server_txn *t)
{
	text_give(t->whole);
	t->whole = NULL;
	t->held = false;
}

bool held_waits(struct server_txn *t)
{
	if (!t->whole || t->cancelled)
		return false;
	if (t->held) /* of a core that goes before it was told anything the time goes on */
		return true;
	t->held = true;
	if (t->method == SIP_INVITE && !t->said_100)
		respond_trying(t);
	timer_set(&child_wheel, &t->timer, child_now() + HELD_MS);
	return true;
}

static void tell(struct conn *c, struct server_txn *t)
{
	static struct sip_msg m;
	struct sip_error err;
	struct text *whole = t->whole; /* m points into it */

	t->whole = NULL;
	t->held = false;
	timer_set(
	    &child_wheel, &t->timer, child_now() + (t->method == SIP_INVITE ? UNANSWERED_INVITE_MS : TXN_64T1_MS));
	if (sip_parse(whole->bytes, t->whole_n, &m, &err) != SIP_OK || !request_take_again(c, t, &m))
		respond_own(t, 500, "the exchange restarts a part of itself");
	text_give(whole);
}

void held_tell(struct conn *c)
{
	for (uint32_t at = c->server_txns, next; at != NO_SLOT; at = next) {
		struct server_txn *t = server_at(at);
		next = t->next;
		if (t->held)
			tell(c, t);
	}
}
