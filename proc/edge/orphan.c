/* SPDX-License-Identifier: ISC */
#include "orphan.h"
#include "base/rand.h"
#include "base/siphash.h"
#include "beside.h"
#include "client_int.h"
#include "send.h"

static uint8_t key[16];

void orphan_init(void)
{
	rand_bytes(key, sizeof key);
}

void orphan_is_inside(struct client_txn *t, struct span to_tag)
{
	t->heard = siphash(key, to_tag);
	t->up = true;
}

void orphan_may_be(struct client_txn *t, const struct sip_msg *response)
{
	t->heard = siphash(key, response->to.tag);
}

/* The newest come first: of a trunk's thousands few are looked at. */
static bool find(const struct conn *c, uint64_t tag)
{
	for (struct client_txn *t = client_first(c); t; t = client_next(t))
		if (t->method == SIP_INVITE && t->state == TXN_ACCEPTED && t->heard == tag && !t->up) {
			t->up = true;
			return true;
		}
	return false;
}

void orphan_acknowledged(const struct conn *flow, struct span to_tag)
{
	const struct conn *beside = flow->hop == TXN_HOP_UDP ? beside_of(flow) : NULL;
	const uint64_t tag = siphash(key, to_tag);

	if (!find(flow, tag) && beside)
		(void)find(beside, tag);
}

static bool is_ended(const struct client_txn *t, uint64_t tag)
{
	for (uint8_t i = 0; i < t->ended_n; i++)
		if (t->ended[i] == tag)
			return true;
	return false;
}

void orphan_answered(struct client_txn *t, const struct sip_msg *response)
{
	const uint64_t tag = siphash(key, response->to.tag);
	const bool known = (t->up && tag == t->heard) || is_ended(t, tag);

	if (!known && t->ended_n == ORPHANS_ENDED_MAX)
		return;
	send_ack_2xx(t, response);
	if (!known && send_hang_up(t, response))
		t->ended[t->ended_n++] = tag;
}
