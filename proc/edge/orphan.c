/* SPDX-License-Identifier: ISC */
#include "orphan.h"
#include "base/rand.h"
#include "base/siphash.h"
#include "send.h"

static uint8_t key[16];

void orphan_init(void)
{
	rand_bytes(key, sizeof key);
}

static uint64_t hash_of(const struct sip_msg *response)
{
	return siphash(key, response->to.tag) | 1; /* never 0 */
}

void orphan_may_be(struct client_txn *t, const struct sip_msg *response)
{
	t->up = hash_of(response);
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
	const uint64_t tag = hash_of(response);
	const bool known = tag == t->up || is_ended(t, tag);

	if (!known && t->ended_n == ORPHANS_ENDED_MAX)
		return;
	send_ack_2xx(t, response);
	if (!known && send_hang_up(t, response))
		t->ended[t->ended_n++] = tag;
}
