/* SPDX-License-Identifier: ISC */
/* Questions about trunks: core's, for the answer to a challenge, and ctl's on behalf of an administrator. */
#include "keeper/keeper.h"
#include "keeper/trunks.h"

static const struct trunk_conf *trunk_named(struct span name)
{
	const struct site *s = child_site();

	for (int i = 0; i < s->trunks; i++)
		if (span_eq(span_str(s->trunk[i].name), name))
			return &s->trunk[i];
	return NULL;
}

void keeper_on_trunk_secret_set(struct link *from, const struct ipc_view *v)
{
	const struct msg_trunk_secret_set *w = v->payload;
	const struct trunk_conf *t = trunk_named(ipc_str(v, w->trunk));

	if (!t)
		keeper_say_done(from, w->token, DONE_NOT_FOUND, 0, "there is no such trunk in ringfence.conf");
	else if (!t->realm[0])
		keeper_say_done(
		    from, w->token, DONE_REFUSED, 0, "the trunk has no user and realm that a password could be for");
	else
		keeper_say_stored(from, w->token, trunks_set(&keeper.store, t, ipc_str(v, w->password)));
}

void keeper_on_trunk_digest_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_trunk_digest_want *w = v->payload;
	uint8_t mem[DIGEST_HEX_MAX];
	struct buf response = buf_of(mem, sizeof mem);

	if (w->trunk >= child_site()->trunks || w->nc == 0 || w->uri.len == 0 || w->cnonce.len == 0) {
		child_accuse(from, "asks for the digest of no trunk, or of nothing", 0, 0);
		return;
	}
	struct trunk_claim c = {
	    .trunk = &child_site()->trunk[w->trunk],
	    .algorithm = (enum digest_alg)w->algorithm,
	    .realm = ipc_str(v, w->realm),
	    .method = sip_method_name((enum sip_method)w->method),
	    .uri = ipc_str(v, w->uri),
	    .nonce = ipc_str(v, w->nonce),
	    .cnonce = ipc_str(v, w->cnonce),
	    .nc = w->nc,
	    .no_qop = !w->qop,
	};
	enum trunk_digest verdict = trunks_answer(&keeper.store, &c, &response);
	struct msg_trunk_digest *m = ipc_begin(from, MSG_TRUNK_DIGEST);
	if (!m)
		return;
	m->token = w->token;
	m->verdict = (uint8_t)verdict;
	m->response = ipc_put(from, buf_span(&response));
	ipc_end(from);
}
