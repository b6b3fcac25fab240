/* SPDX-License-Identifier: ISC */
#include "trunk_auth.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/rand.h"
#include <stdlib.h>

enum { ASKS_MAX = 256, CNONCE_OCTETS = 12 };

static struct trunk_challenge challenge[SITE_TRUNKS_MAX];
static struct pool pool;
static struct held {
	uint64_t owner;
	trunk_answered *done;
	struct trunk_answer answer;
} table[ASKS_MAX];

void trunk_auth_init(void)
{
	if (!pool_init(&pool, child_node(), ASKS_MAX, ASKS_MAX / 16))
		log_fatal("no memory for trunks' challenges");
}

/* Nonce and count stay: should the same one be named again, its count goes on. */
void trunk_auth_clear(uint8_t trunk)
{
	challenge[trunk - 1].known = false;
}

static const char *judge(const struct trunk_conf *c, const struct msg_response *m, struct span realm)
{
	if (!m->has_challenge)
		return "it asks for a password in a way that is not served";
	if (!c->realm[0] || !span_eq(realm, span_str(c->realm)))
		return "it asks for the password of another realm";
	if (m->auth_algorithm == DIGEST_OTHER || (m->auth_algorithm == DIGEST_MD5 && !c->md5))
		return "it asks for MD5, which is not allowed for it";
	return NULL;
}

const char *trunk_auth_take(uint8_t trunk, const struct msg_response *m, const struct ipc_view *v)
{
	const struct trunk_conf *c = &child_site()->trunk[trunk - 1];
	const char *why = judge(c, m, ipc_str(v, m->auth_realm));
	struct trunk_challenge *k = &challenge[trunk - 1];
	struct trunk_challenge new = {
	    .algorithm = m->auth_algorithm, .qop = m->auth_qop, .proxy = m->auth_proxy, .known = true};

	if (why)
		return why;
	if (!span_cstr(ipc_str(v, m->auth_realm), new.realm, sizeof new.realm) ||
	    !span_cstr(ipc_str(v, m->auth_nonce), new.nonce, sizeof new.nonce) ||
	    !span_cstr(ipc_str(v, m->auth_opaque), new.opaque, sizeof new.opaque))
		return "its challenge cannot be read";
	/* RFC 7616 3.4: the count is of the nonce, whatever was refused meanwhile */
	if (strcmp(new.realm, k->realm) == 0 && strcmp(new.nonce, k->nonce) == 0)
		new.nc = k->nc;
	*k = new;
	return NULL;
}

bool trunk_auth_ask(
    uint8_t trunk, enum sip_method method, struct span uri, enum pool_claim claim, uint64_t owner, trunk_answered *done)
{
	struct trunk_challenge *k = &challenge[trunk - 1];
	/* of a dialog whose far end named no Contact there is no URI, and keeper takes a question without one for a lie */
	struct link *keeper = k->known && uri.n ? child_link(PROC_KEEPER, 0) : NULL;
	uint64_t token = keeper ? pool_take(&pool, claim) : ID_NONE;
	struct msg_trunk_digest_want *m = token == ID_NONE ? NULL
	                                                   : ipc_begin_as(keeper, MSG_TRUNK_DIGEST_WANT,
								 claim == POOL_HELP ? CLASS_EMERGENCY : CLASS_DIALOG);

	if (!m) {
		pool_release(&pool, token);
		return false;
	}
	struct held *h = &table[id_index(token)];
	k->nc++;
	*h = (struct held){.owner = owner, .done = done, .answer = {.trunk = trunk, .to = *k}};
	rand_hex(h->answer.cnonce, CNONCE_OCTETS);
	m->token = token;
	m->trunk = (uint8_t)(trunk - 1);
	m->method = (uint8_t)method;
	m->algorithm = k->algorithm;
	m->qop = k->qop;
	m->nc = k->nc;
	m->realm = ipc_put(keeper, span_str(k->realm));
	m->nonce = ipc_put(keeper, span_str(k->nonce));
	m->uri = ipc_put(keeper, uri);
	m->cnonce = ipc_put(keeper, span_str(h->answer.cnonce));
	ipc_end(keeper);
	return true;
}

void trunk_auth_forget(uint64_t owner, trunk_answered *done)
{
	for (uint32_t i = 0; i < pool.cap && pool.used; i++)
		if (pool_id_at(&pool, i) != ID_NONE && table[i].owner == owner && table[i].done == done)
			pool_release(&pool, pool_id_at(&pool, i));
}

static void finish(uint64_t token, const char *why)
{
	struct held h = table[id_index(token)];

	pool_release(&pool, token);
	h.done(h.owner, why ? NULL : &h.answer, why);
}

void trunk_auth_on_digest(struct link *from, const struct ipc_view *v)
{
	static const char *const text[TRUNK_DIGESTS] = {
	    [TRUNK_DIGEST_NO_SECRET] = "no password was set for it",
	    [TRUNK_DIGEST_FOREIGN] = "its password is for another user or realm: set it again",
	    [TRUNK_DIGEST_WEAK] = "it asks for an algorithm that is not allowed for it",
	};
	const struct msg_trunk_digest *m = v->payload;
	int64_t at = pool_index(&pool, m->token);

	if (at < 0)
		return;
	if ((m->verdict == TRUNK_DIGEST_OK) != (m->response.len > 0) ||
	    !span_cstr(ipc_str(v, m->response), table[at].answer.response, sizeof table[at].answer.response)) {
		child_accuse(from, "answered a trunk's challenge with nothing", 0, 0);
		return;
	}
	finish(m->token, text[m->verdict]);
}

void trunk_auth_keeper_down(void)
{
	for (uint32_t i = 0; i < pool.cap && pool.used; i++)
		if (pool_id_at(&pool, i) != ID_NONE)
			finish(pool_id_at(&pool, i), "keeper is away");
}

void trunk_auth_put(struct link *edge, struct msg_send *m, const struct trunk_answer *a)
{
	const struct trunk_challenge *k = &a->to;

	m->auth_user = ipc_put(edge, span_str(child_site()->trunk[a->trunk - 1].login));
	m->auth_realm = ipc_put(edge, span_str(k->realm));
	m->auth_nonce = ipc_put(edge, span_str(k->nonce));
	m->auth_opaque = ipc_put(edge, span_str(k->opaque));
	m->auth_response = ipc_put(edge, span_str(a->response));
	m->auth_cnonce = ipc_put(edge, span_str(a->cnonce));
	m->auth_nc = k->nc;
	m->auth_algorithm = k->algorithm;
	m->auth_qop = k->qop;
	m->auth_proxy = k->proxy;
}
