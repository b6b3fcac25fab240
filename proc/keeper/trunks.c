/* SPDX-License-Identifier: ISC */
#include "keeper/trunks.h"
#include "base/secret.h"
#include "keeper/keeper.h"
#include <nettle/sha2.h>

static void tag_of(const struct trunk_conf *t, uint8_t out[TRUNKS_TAG])
{
	struct sha256_ctx h;

	sha256_init(&h);
	sha256_update(&h, strlen(t->login) + 1, (const uint8_t *)t->login);
	sha256_update(&h, strlen(t->realm), (const uint8_t *)t->realm);
	sha256_digest(&h, TRUNKS_TAG, out);
}

const char *trunks_set(struct store *s, const struct trunk_conf *t, struct span password)
{
	struct span user = span_str(t->login), realm = span_str(t->realm);
	uint8_t v[TRUNKS_SECRET], md5[DIGEST_MAX];

	if (password.n == 0)
		return store_del(s, KEEP_TRUNK, span_str(t->name));
	tag_of(t, v);
	bool made = digest_ha1(DIGEST_SHA256, user, realm, password, v + TRUNKS_TAG) &&
	            digest_ha1(DIGEST_MD5, user, realm, password, md5);
	memcpy(v + TRUNKS_TAG + 32, md5, 16);
	secret_wipe(md5, sizeof md5);
	const char *why = made ? store_put(s, KEEP_TRUNK, span_str(t->name), span_of(v, sizeof v))
	                       : "cannot compute the trunk's secret";
	secret_wipe(v, sizeof v);
	return why;
}

enum trunk_digest trunks_answer(const struct store *s, const struct trunk_claim *c, struct buf *out)
{
	uint8_t tag[TRUNKS_TAG], response[DIGEST_MAX];
	struct span v;

	if (!c->trunk->realm[0] || !span_eq(c->realm, span_str(c->trunk->realm)))
		return TRUNK_DIGEST_FOREIGN;
	if (c->algorithm > DIGEST_SHA256 || (c->algorithm == DIGEST_MD5 && !c->trunk->md5))
		return TRUNK_DIGEST_WEAK;
	if (!store_get(s, KEEP_TRUNK, span_str(c->trunk->name), &v) || v.n != TRUNKS_SECRET)
		return TRUNK_DIGEST_NO_SECRET;
	tag_of(c->trunk, tag);
	if (memcmp(v.p, tag, sizeof tag) != 0)
		return TRUNK_DIGEST_FOREIGN;
	struct digest_input in = {
	    .alg = c->algorithm,
	    .ha1 = v.p + TRUNKS_TAG + (c->algorithm == DIGEST_MD5 ? 32 : 0),
	    .method = c->method,
	    .uri = c->uri,
	    .nonce = c->nonce,
	    .cnonce = c->cnonce,
	    .nc = c->nc,
	    .no_qop = c->no_qop,
	};
	if (!digest_response(&in, response))
		return TRUNK_DIGEST_WEAK;
	buf_hex(out, response, digest_len(c->algorithm));
	return TRUNK_DIGEST_OK;
}
