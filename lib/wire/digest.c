/* SPDX-License-Identifier: ISC */
#include "wire/digest.h"
#include "base/secret.h"
#include <nettle/md5.h>
#include <nettle/sha2.h>

union state {
	struct md5_ctx md5;
	struct sha256_ctx sha256;
	struct sha512_ctx sha512;
};

static void start_md5(union state *s)
{
	md5_init(&s->md5);
}

static void add_md5(union state *s, struct span v)
{
	md5_update(&s->md5, v.n, v.p);
}

static void end_md5(union state *s, uint8_t *out)
{
	md5_digest(&s->md5, MD5_DIGEST_SIZE, out);
}

static void start_sha256(union state *s)
{
	sha256_init(&s->sha256);
}

static void add_sha256(union state *s, struct span v)
{
	sha256_update(&s->sha256, v.n, v.p);
}

static void end_sha256(union state *s, uint8_t *out)
{
	sha256_digest(&s->sha256, SHA256_DIGEST_SIZE, out);
}

static void start_sha512_256(union state *s)
{
	sha512_256_init(&s->sha512);
}

static void add_sha512_256(union state *s, struct span v)
{
	sha512_update(&s->sha512, v.n, v.p);
}

static void end_sha512_256(union state *s, uint8_t *out)
{
	sha512_256_digest(&s->sha512, SHA512_256_DIGEST_SIZE, out);
}

static const struct hash {
	const char *name;
	size_t n;
	void (*start)(union state *);
	void (*add)(union state *, struct span);
	void (*end)(union state *, uint8_t *);
} hashes[DIGEST_OTHER] = {
    [DIGEST_MD5] = {"MD5", MD5_DIGEST_SIZE, start_md5, add_md5, end_md5},
    [DIGEST_SHA256] = {"SHA-256", SHA256_DIGEST_SIZE, start_sha256, add_sha256, end_sha256},
    [DIGEST_SHA512_256] = {"SHA-512-256", SHA512_256_DIGEST_SIZE, start_sha512_256, add_sha512_256, end_sha512_256},
};

static const struct hash *hash_of(enum digest_alg alg)
{
	return (unsigned)alg < DIGEST_OTHER ? &hashes[alg] : NULL;
}

enum digest_alg digest_alg_find(struct span name)
{
	for (unsigned i = 0; i < DIGEST_OTHER; i++)
		if (span_eq_case(name, span_str(hashes[i].name)))
			return (enum digest_alg)i;
	return DIGEST_OTHER;
}

/* "SHA-256"; empty for OTHER. */
static struct span alg_name(enum digest_alg alg)
{
	const struct hash *h = hash_of(alg);

	return h ? span_str(h->name) : SPAN("");
}

size_t digest_len(enum digest_alg alg)
{
	const struct hash *h = hash_of(alg);

	return h ? h->n : 0;
}

/* H(part:part:...) */
static void hash_joined(const struct hash *h, const struct span *part, size_t n, uint8_t *out)
{
	union state s;

	h->start(&s);
	for (size_t i = 0; i < n; i++) {
		if (i)
			h->add(&s, SPAN(":"));
		h->add(&s, part[i]);
	}
	h->end(&s, out);
	secret_wipe(&s, sizeof s);
}

bool digest_ha1(enum digest_alg alg, struct span user, struct span realm, struct span password, uint8_t out[DIGEST_MAX])
{
	const struct hash *h = hash_of(alg);
	struct span part[] = {user, realm, password};

	if (!h)
		return false;
	hash_joined(h, part, 3, out);
	return true;
}

/* RFC 7616 3.4.1: KD(H(A1), nonce ":" nc ":" cnonce ":" "auth" ":" H(method ":" uri)), hashes as lower-case
 * hex */
bool digest_response(const struct digest_input *in, uint8_t out[DIGEST_MAX])
{
	const struct hash *h = hash_of(in->alg);
	uint8_t ha1_hex[DIGEST_HEX_MAX], ha2_hex[DIGEST_HEX_MAX], nc_hex[8], ha2[DIGEST_MAX];
	uint8_t nc[4] = {(uint8_t)(in->nc >> 24), (uint8_t)(in->nc >> 16), (uint8_t)(in->nc >> 8), (uint8_t)in->nc};
	struct span a2[] = {in->method, in->uri};

	if (!h)
		return false;
	hash_joined(h, a2, 2, ha2);
	struct buf b1 = buf_of(ha1_hex, sizeof ha1_hex), b2 = buf_of(ha2_hex, sizeof ha2_hex);
	struct buf bc = buf_of(nc_hex, sizeof nc_hex);
	buf_hex(&b1, in->ha1, h->n);
	buf_hex(&b2, ha2, h->n);
	buf_hex(&bc, nc, sizeof nc);
	struct span kd[] = {buf_span(&b1), in->nonce, buf_span(&bc), in->cnonce, SPAN("auth"), buf_span(&b2)};
	struct span old[] = {kd[0], kd[1], kd[5]};
	hash_joined(h, in->no_qop ? old : kd, in->no_qop ? 3 : 6, out);
	secret_wipe(ha1_hex, sizeof ha1_hex);
	return true;
}

bool digest_check(const struct digest_input *in, struct span response)
{
	uint8_t right[DIGEST_MAX] = {0}, said[DIGEST_MAX] = {0};

	return digest_response(in, right) && response.n == 2 * digest_len(in->alg) &&
	       span_unhex(response, said, sizeof said) >= 0 && secret_eq(right, said, digest_len(in->alg));
}

/* What would need an escape between quotes is refused: both sides must hash the same octets. */
static void put_quoted(struct buf *b, const char *before, struct span v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < 0x20 || v.p[i] == 0x7f || v.p[i] == '"' || v.p[i] == '\\')
			b->full = true;
	buf_str(b, before);
	buf_add(b, v);
	buf_u8(b, '"');
}

static void put_alg(struct buf *b, enum digest_alg alg)
{
	struct span name = alg_name(alg);

	if (name.n == 0)
		b->full = true;
	BUF_LIT(b, ", algorithm=");
	buf_add(b, name);
}

void digest_put_challenge(struct buf *b, const struct digest_challenge_out *c)
{
	put_quoted(b, "Digest realm=\"", c->realm);
	put_quoted(b, ", nonce=\"", c->nonce);
	if (c->opaque.n)
		put_quoted(b, ", opaque=\"", c->opaque);
	put_alg(b, c->alg);
	BUF_LIT(b, ", qop=\"auth\"");
	if (c->stale)
		BUF_LIT(b, ", stale=true");
}

void digest_put_credentials(struct buf *b, const struct digest_credentials_out *c)
{
	uint8_t response[DIGEST_MAX];
	uint8_t nc[4] = {
	    (uint8_t)(c->in.nc >> 24), (uint8_t)(c->in.nc >> 16), (uint8_t)(c->in.nc >> 8), (uint8_t)c->in.nc};

	if (!c->response.n && !digest_response(&c->in, response)) {
		b->full = true;
		return;
	}
	put_quoted(b, "Digest username=\"", c->user);
	put_quoted(b, ", realm=\"", c->realm);
	put_quoted(b, ", nonce=\"", c->in.nonce);
	put_quoted(b, ", uri=\"", c->in.uri);
	if (c->response.n) {
		put_quoted(b, ", response=\"", c->response);
	} else {
		BUF_LIT(b, ", response=\"");
		buf_hex(b, response, digest_len(c->in.alg));
		BUF_LIT(b, "\"");
	}
	put_alg(b, c->in.alg);
	if (!c->in.no_qop) {
		put_quoted(b, ", cnonce=\"", c->in.cnonce);
		BUF_LIT(b, ", qop=auth, nc=");
		buf_hex(b, nc, sizeof nc);
	}
	if (c->opaque.n)
		put_quoted(b, ", opaque=\"", c->opaque);
}
