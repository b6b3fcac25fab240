/* SPDX-License-Identifier: ISC */
#include "wire/stun.h"
#include "base/cursor.h"
#include "base/secret.h"
#include "wire/crc.h"
#include <nettle/hmac.h>

enum {
	MAGIC = 0x2112a442,
	HEADER = 20,
	ATTRIBUTE_HEADER = 4,
	INTEGRITY_LEN = 20,
	FINGERPRINT_LEN = 4,
	FINGERPRINT_XOR = 0x5354554e
};

enum {
	ATTR_USERNAME = 0x0006,
	ATTR_MESSAGE_INTEGRITY = 0x0008,
	ATTR_ERROR_CODE = 0x0009,
	ATTR_UNKNOWN_ATTRIBUTES = 0x000a,
	ATTR_XOR_MAPPED_ADDRESS = 0x0020,
	ATTR_PRIORITY = 0x0024,
	ATTR_USE_CANDIDATE = 0x0025,
	ATTR_OPTIONAL = 0x8000, /* from here on they need not be understood */
	ATTR_FINGERPRINT = 0x8028,
	ATTR_ICE_CONTROLLED = 0x8029,
	ATTR_ICE_CONTROLLING = 0x802a
};

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static uint16_t load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)load16(p) << 16 | load16(p + 2);
}

bool stun_is(struct span d)
{
	return d.n >= HEADER && d.n <= STUN_BYTES_MAX && d.p[0] < 4 && load32(d.p + 4) == MAGIC &&
	       load16(d.p + 2) == d.n - HEADER && d.n % 4 == 0;
}

/* The pad that XOR-MAPPED-ADDRESS is under: magic cookie and transaction (RFC 8489, 14.2). */
static void address_pad(const uint8_t transaction[12], uint8_t pad[16])
{
	static const uint8_t magic[4] = {0x21, 0x12, 0xa4, 0x42};
	memcpy(pad, magic, sizeof magic);
	memcpy(pad + sizeof magic, transaction, 12);
}

static bool read_mapped(struct stun *m, struct span v)
{
	uint8_t pad[16];
	struct addr a = {0};
	bool six = v.n == 20 && v.p[1] == 2;

	if (!six && !(v.n == 8 && v.p[1] == 1))
		return false;
	address_pad(m->transaction, pad);
	a.family = six ? 6 : 4;
	a.port = load16(v.p + 2) ^ (MAGIC >> 16);
	if (!six)
		memcpy(a.ip, mapped_prefix, sizeof mapped_prefix);
	for (size_t i = 0; i < v.n - 4; i++)
		a.ip[six ? i : 12 + i] = v.p[4 + i] ^ pad[i];
	m->mapped = a;
	return true;
}

static bool read_error_code(struct stun *m, struct span v)
{
	if (v.n < 4 || (v.p[2] & 7) < 3 || (v.p[2] & 7) > 6 || v.p[3] > 99)
		return false;
	m->error_code = (uint16_t)((v.p[2] & 7) * 100 + v.p[3]);
	return true;
}

static bool read_role(struct stun *m, struct span v, bool *role)
{
	if (v.n != 8 || m->controlling || m->controlled)
		return false;
	*role = true;
	m->tie_breaker = (uint64_t)load32(v.p) << 32 | load32(v.p + 4);
	return true;
}

static bool read_priority(struct stun *m, struct span v)
{
	if (v.n != 4)
		return false;
	m->priority = load32(v.p);
	return true;
}

static bool read_username(struct stun *m, struct span v)
{
	if (v.n == 0 || v.n > STUN_USERNAME_MAX || m->username.n)
		return false;
	m->username = v;
	return true;
}

static bool read_unknown(struct stun *m, uint16_t type)
{
	if (type >= ATTR_OPTIONAL)
		return true;
	if (m->unknown_n < sizeof m->unknown / sizeof *m->unknown)
		m->unknown[m->unknown_n++] = type;
	return true;
}

static bool read_attribute(struct stun *m, uint16_t type, struct span v)
{
	switch (type) {
	case ATTR_USERNAME:
		return read_username(m, v);
	case ATTR_ERROR_CODE:
		return read_error_code(m, v);
	case ATTR_XOR_MAPPED_ADDRESS:
		return read_mapped(m, v);
	case ATTR_PRIORITY:
		return read_priority(m, v);
	case ATTR_USE_CANDIDATE:
		m->use_candidate = true;
		return v.n == 0;
	case ATTR_ICE_CONTROLLED:
		return read_role(m, v, &m->controlled);
	case ATTR_ICE_CONTROLLING:
		return read_role(m, v, &m->controlling);
	default:
		return read_unknown(m, type);
	}
}

/* FINGERPRINT covers all before it and stands last (RFC 8489, 14.7); the length in the header counts it
 * already. */
static bool fingerprint_ok(struct span d, size_t at, struct span v)
{
	return v.n == FINGERPRINT_LEN && at + ATTRIBUTE_HEADER + FINGERPRINT_LEN == d.n &&
	       load32(v.p) == (crc32_of(span_head(d, at)) ^ FINGERPRINT_XOR);
}

bool stun_parse(struct span d, struct stun *out)
{
	struct stun m = {0};
	struct cursor c;

	if (!stun_is(d))
		return false;
	m.type = load16(d.p);
	memcpy(m.transaction, d.p + 8, sizeof m.transaction);
	c = cursor_of(span_skip(d, HEADER));
	while (cursor_left(&c)) {
		size_t at = d.n - cursor_left(&c);
		uint16_t type, n;
		struct span v;
		if (!cursor_u16(&c, &type) || !cursor_u16(&c, &n) || !cursor_span(&c, n, &v) ||
		    !cursor_skip(&c, (size_t)(-n & 3)))
			return false;
		if (type == ATTR_FINGERPRINT) {
			m.fingerprint = true;
			if (!fingerprint_ok(d, at, v))
				return false;
		} else if (m.integrity_at) {
			continue;
		} else if (type == ATTR_MESSAGE_INTEGRITY) {
			m.integrity_at = (uint16_t)at;
			if (n != INTEGRITY_LEN)
				return false;
		} else if (!read_attribute(&m, type, v)) {
			return false;
		}
	}
	*out = m;
	return true;
}

/* Over everything before the attribute, with a header length that ends with it. */
static void integrity(struct span before, struct span password, uint8_t out[INTEGRITY_LEN])
{
	struct hmac_sha1_ctx hmac;
	size_t n = before.n - HEADER + ATTRIBUTE_HEADER + INTEGRITY_LEN;
	uint8_t length[2] = {(uint8_t)(n >> 8), (uint8_t)n};

	hmac_sha1_set_key(&hmac, password.n, password.p);
	hmac_sha1_update(&hmac, 2, before.p);
	hmac_sha1_update(&hmac, sizeof length, length);
	hmac_sha1_update(&hmac, before.n - 4, before.p + 4);
	hmac_sha1_digest(&hmac, INTEGRITY_LEN, out);
	secret_wipe(&hmac, sizeof hmac);
}

bool stun_integrity_ok(struct span d, const struct stun *msg, struct span password)
{
	uint8_t own[INTEGRITY_LEN];
	size_t at = msg->integrity_at;

	if (at < HEADER || d.n < at + ATTRIBUTE_HEADER + INTEGRITY_LEN || password.n == 0)
		return false;
	integrity(span_head(d, at), password, own);
	return secret_eq(own, d.p + at + ATTRIBUTE_HEADER, sizeof own);
}

static bool username_ok(struct span username, struct span ufrag, struct span peer_ufrag)
{
	size_t colon = span_find(username, ':');

	return colon < username.n && ufrag.n && span_eq(span_head(username, colon), ufrag) &&
	       (peer_ufrag.n == 0 || span_eq(span_skip(username, colon + 1), peer_ufrag));
}

enum stun_verdict stun_check(
    struct span d, const struct stun *msg, struct span ufrag, struct span password, struct span peer_ufrag)
{
	if (msg->type != STUN_BINDING_REQUEST)
		return STUN_IGNORE;
	if (msg->username.n == 0 || msg->integrity_at == 0)
		return STUN_BAD_REQUEST;
	if (!username_ok(msg->username, ufrag, peer_ufrag) || !stun_integrity_ok(d, msg, password))
		return STUN_UNAUTHORIZED;
	if (msg->unknown_n)
		return STUN_UNKNOWN;
	return msg->controlled ? STUN_ROLE_CONFLICT : STUN_PROVED;
}

static void put_header(struct buf *b, uint16_t type, const struct stun *request)
{
	buf_u16(b, type);
	buf_u16(b, 0);
	buf_u32(b, MAGIC);
	buf_put(b, request->transaction, sizeof request->transaction);
}

static void put_attribute(struct buf *b, uint16_t type, const void *p, size_t n)
{
	static const uint8_t zero[3] = {0};

	buf_u16(b, type);
	buf_u16(b, (uint16_t)n);
	buf_put(b, p, n);
	buf_put(b, zero, -n & 3);
}

static void put_mapped(struct buf *b, const struct stun *request, const struct addr *a)
{
	uint8_t v[20] = {0}, pad[16];
	size_t n = a->family == 6 ? 16 : 4;
	uint16_t port = a->port ^ (MAGIC >> 16);

	address_pad(request->transaction, pad);
	v[1] = a->family == 6 ? 2 : 1;
	v[2] = (uint8_t)(port >> 8);
	v[3] = (uint8_t)port;
	for (size_t i = 0; i < n; i++)
		v[4 + i] = a->ip[16 - n + i] ^ pad[i];
	put_attribute(b, ATTR_XOR_MAPPED_ADDRESS, v, 4 + n);
}

static void set_length(struct buf *b, size_t start, size_t more)
{
	size_t n = b->n - start - HEADER + more;
	b->p[start + 2] = (uint8_t)(n >> 8);
	b->p[start + 3] = (uint8_t)n;
}

/* MESSAGE-INTEGRITY, if there is a password, and FINGERPRINT over what was written from start on. */
static bool seal(struct buf *b, size_t start, struct span password)
{
	uint8_t mac[INTEGRITY_LEN];

	if (b->full)
		return false;
	if (password.n) {
		integrity(span_of(b->p + start, b->n - start), password, mac);
		put_attribute(b, ATTR_MESSAGE_INTEGRITY, mac, sizeof mac);
	}
	if (b->full)
		return false;
	set_length(b, start, ATTRIBUTE_HEADER + FINGERPRINT_LEN);
	uint32_t crc = crc32_of(span_of(b->p + start, b->n - start)) ^ FINGERPRINT_XOR;
	buf_u16(b, ATTR_FINGERPRINT);
	buf_u16(b, FINGERPRINT_LEN);
	buf_u32(b, crc);
	return !b->full;
}

bool stun_write_success(struct buf *b, const struct stun *request, const struct addr *mapped, struct span password)
{
	size_t start = b->n;

	put_header(b, STUN_BINDING_SUCCESS, request);
	put_mapped(b, request, mapped);
	return seal(b, start, password);
}

bool stun_write_error(struct buf *b, const struct stun *request, enum stun_verdict code, struct span password)
{
	size_t start = b->n;
	uint8_t v[4] = {0, 0, (uint8_t)(code / 100), (uint8_t)(code % 100)};
	uint8_t unknown[8];
	bool proved = code != STUN_BAD_REQUEST && code != STUN_UNAUTHORIZED;

	put_header(b, STUN_BINDING_ERROR, request);
	put_attribute(b, ATTR_ERROR_CODE, v, sizeof v);
	for (size_t i = 0; i < request->unknown_n; i++) {
		unknown[2 * i] = (uint8_t)(request->unknown[i] >> 8);
		unknown[2 * i + 1] = (uint8_t)request->unknown[i];
	}
	if (code == STUN_UNKNOWN)
		put_attribute(b, ATTR_UNKNOWN_ATTRIBUTES, unknown, sizeof(uint16_t) * request->unknown_n);
	return seal(b, start, proved ? password : span_of(NULL, 0));
}
