/* SPDX-License-Identifier: ISC */
#include "vault/p256.h"
#include "base/cursor.h"
#include "base/rand.h"
#include "base/secret.h"
#include <gmp.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <nettle/hmac.h>
#include <stdlib.h>

enum { DER_INTEGER = 0x02, DER_SEQUENCE = 0x30, OCTETS = 32 };

struct p256_key {
	struct ecc_scalar scalar;
};

static void *take(size_t n)
{
	void *p = malloc(n);

	if (!p)
		abort();
	return p;
}

static void give_back(void *p, size_t n)
{
	secret_wipe(p, n);
	free(p);
}

static void *take_again(void *p, size_t was, size_t n)
{
	void *q = take(n);

	memcpy(q, p, was < n ? was : n);
	give_back(p, was);
	return q;
}

void p256_init(void)
{
	mp_set_memory_functions(take, take_again, give_back);
}

static void random_octets(void *context, size_t n, uint8_t *out)
{
	(void)context;
	rand_bytes(out, n);
}

static void number_set(mpz_t z, const uint8_t octets[OCTETS])
{
	mpz_init(z);
	mpz_import(z, OCTETS, 1, 1, 1, 0, octets);
}

static void number_get(uint8_t octets[OCTETS], const mpz_t z)
{
	size_t n = (mpz_sizeinbase(z, 2) + 7) / 8;

	memset(octets, 0, OCTETS);
	if (mpz_sgn(z) != 0)
		mpz_export(octets + OCTETS - n, NULL, 1, 1, 1, 0, z);
}

static void point_get(const struct ecc_point *p, uint8_t point[P256_POINT])
{
	mpz_t x, y;

	mpz_init(x);
	mpz_init(y);
	ecc_point_get(p, x, y);
	number_get(point, x);
	number_get(point + OCTETS, y);
	mpz_clear(x);
	mpz_clear(y);
}

static bool point_set(struct ecc_point *p, const uint8_t point[P256_POINT])
{
	mpz_t x, y;

	ecc_point_init(p, nettle_get_secp_256r1());
	number_set(x, point);
	number_set(y, point + OCTETS);
	bool ok = ecc_point_set(p, x, y);
	mpz_clear(x);
	mpz_clear(y);
	return ok;
}

void p256_make(uint8_t scalar[P256_SCALAR], uint8_t point[P256_POINT])
{
	struct ecc_point p;
	struct ecc_scalar s;
	mpz_t z;

	ecc_point_init(&p, nettle_get_secp_256r1());
	ecc_scalar_init(&s, nettle_get_secp_256r1());
	ecdsa_generate_keypair(&p, &s, NULL, random_octets);
	mpz_init(z);
	ecc_scalar_get(&s, z);
	number_get(scalar, z);
	point_get(&p, point);
	mpz_clear(z);
	ecc_scalar_clear(&s);
	ecc_point_clear(&p);
}

bool p256_point_ok(const uint8_t point[P256_POINT])
{
	struct ecc_point p;
	bool ok = point_set(&p, point); /* (0, 0) does not satisfy the equation */

	ecc_point_clear(&p);
	return ok;
}

struct p256_key *p256_key_new(const uint8_t scalar[P256_SCALAR])
{
	struct p256_key *k = secret_new(sizeof *k);
	mpz_t z;

	ecc_scalar_init(&k->scalar, nettle_get_secp_256r1());
	number_set(z, scalar);
	bool ok = ecc_scalar_set(&k->scalar, z);
	mpz_clear(z);
	if (ok)
		return k;
	p256_key_free(k);
	return NULL;
}

void p256_key_free(struct p256_key *k)
{
	if (!k)
		return;
	ecc_scalar_clear(&k->scalar);
	secret_free(k, sizeof *k);
}

void p256_key_point(const struct p256_key *k, uint8_t point[P256_POINT])
{
	struct ecc_point p;

	ecc_point_init(&p, nettle_get_secp_256r1());
	ecc_point_mul_g(&p, &k->scalar);
	point_get(&p, point);
	ecc_point_clear(&p);
}

/* A positive integer: no leading zeros but the one that keeps it positive. */
static void put_integer(struct buf *b, const mpz_t z)
{
	uint8_t octets[OCTETS];
	size_t skip = 0;

	number_get(octets, z);
	while (skip < OCTETS - 1 && octets[skip] == 0)
		skip++;
	bool pad = octets[skip] & 0x80;
	buf_u8(b, DER_INTEGER);
	buf_u8(b, (uint8_t)(OCTETS - skip + pad));
	if (pad)
		buf_u8(b, 0);
	buf_put(b, octets + skip, OCTETS - skip);
}

static void sign(
    const struct p256_key *k, const uint8_t hash[P256_HASH], void *context, nettle_random_func *octets, struct buf *der)
{
	uint8_t mem[P256_SIGNATURE_MAX];
	struct buf body = buf_of(mem, sizeof mem);
	struct dsa_signature s;

	dsa_signature_init(&s);
	ecdsa_sign(&k->scalar, context, octets, P256_HASH, hash, &s);
	put_integer(&body, s.r);
	put_integer(&body, s.s);
	dsa_signature_clear(&s);
	buf_u8(der, DER_SEQUENCE);
	buf_u8(der, (uint8_t)body.n);
	buf_add(der, buf_span(&body));
}

void p256_sign(const struct p256_key *k, const uint8_t hash[P256_HASH], struct buf *der)
{
	sign(k, hash, NULL, random_octets, der);
}

/* --- RFC 6979 3.2 --- */

struct generator {
	uint8_t key[OCTETS], v[OCTETS];
	bool used;
};

static void mix(const struct generator *g, const uint8_t *more, size_t n, uint8_t out[OCTETS])
{
	struct hmac_sha256_ctx h;

	hmac_sha256_set_key(&h, OCTETS, g->key);
	hmac_sha256_update(&h, OCTETS, g->v);
	hmac_sha256_update(&h, n, more);
	hmac_sha256_digest(&h, OCTETS, out);
	secret_wipe(&h, sizeof h);
}

static void turn(struct generator *g, uint8_t step, const uint8_t *secret, size_t n)
{
	uint8_t more[1 + 2 * OCTETS] = {step};

	if (n)
		memcpy(more + 1, secret, n);
	mix(g, more, 1 + n, g->key);
	mix(g, NULL, 0, g->v);
	secret_wipe(more, sizeof more);
}

/* nettle takes 32 octets for each candidate, and asks again for one that is out of range. */
static void generated_octets(void *context, size_t n, uint8_t *out)
{
	struct generator *g = context;

	if (g->used)
		turn(g, 0, NULL, 0);
	g->used = true;
	mix(g, NULL, 0, g->v);
	memcpy(out, g->v, n < OCTETS ? n : OCTETS);
}

/* The private key, then the hash modulo the order of the group. */
static void seed_of(const struct p256_key *k, const uint8_t hash[P256_HASH], uint8_t seed[2 * OCTETS])
{
	mpz_t x, h, q;

	mpz_init(x);
	ecc_scalar_get(&k->scalar, x);
	number_get(seed, x);
	mpz_clear(x);
	mpz_init_set_str(q, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);
	number_set(h, hash);
	mpz_mod(h, h, q);
	number_get(seed + OCTETS, h);
	mpz_clear(h);
	mpz_clear(q);
}

void p256_sign_same(const struct p256_key *k, const uint8_t hash[P256_HASH], struct buf *der)
{
	struct generator g = {.used = false};
	uint8_t seed[2 * OCTETS];

	seed_of(k, hash, seed);
	memset(g.v, 1, sizeof g.v);
	turn(&g, 0, seed, sizeof seed);
	turn(&g, 1, seed, sizeof seed);
	sign(k, hash, &g, generated_octets, der);
	secret_wipe(seed, sizeof seed);
	secret_wipe(&g, sizeof g);
}

static bool read_integer(struct cursor *c, mpz_t z)
{
	uint8_t tag, n;
	struct span s;

	if (!cursor_u8(c, &tag) || !cursor_u8(c, &n) || !cursor_span(c, n, &s) || tag != DER_INTEGER || n == 0 ||
	    n > OCTETS + 1 || s.p[0] & 0x80)
		return false;
	mpz_import(z, s.n, 1, 1, 1, 0, s.p);
	return true;
}

bool p256_verify(const uint8_t point[P256_POINT], const uint8_t hash[P256_HASH], struct span der)
{
	struct cursor c = cursor_of(der);
	struct dsa_signature s;
	struct ecc_point p;
	uint8_t tag, n;

	bool ok = point_set(&p, point);
	dsa_signature_init(&s);
	ok = ok && cursor_u8(&c, &tag) && cursor_u8(&c, &n) && tag == DER_SEQUENCE && n == cursor_left(&c) &&
	     read_integer(&c, s.r) && read_integer(&c, s.s) && cursor_left(&c) == 0 &&
	     ecdsa_verify(&p, P256_HASH, hash, &s) == 1;
	dsa_signature_clear(&s);
	ecc_point_clear(&p);
	return ok;
}

bool p256_verify_raw(
    const uint8_t point[P256_POINT], const uint8_t hash[P256_HASH], const uint8_t rs[P256_SIGNATURE_RAW])
{
	struct dsa_signature s;
	struct ecc_point p;

	bool ok = point_set(&p, point);
	dsa_signature_init(&s);
	number_set(s.r, rs);
	number_set(s.s, rs + OCTETS);
	ok = ok && ecdsa_verify(&p, P256_HASH, hash, &s) == 1;
	dsa_signature_clear(&s);
	ecc_point_clear(&p);
	return ok;
}
