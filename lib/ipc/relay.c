/* SPDX-License-Identifier: ISC */
#include "ipc/relay.h"
#include "base/pool.h"
#include "base/secret.h"

/* ice-char of RFC 8839 */
static bool ice_text_ok(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = (char)s.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
			c == '/'))
			return false;
	}
	return true;
}

static bool payloads_ok(const struct relay_side *s)
{
	if (s->payloads > RELAY_PAYLOADS_MAX)
		return false;
	for (int i = 0; i < s->payloads; i++) {
		const struct relay_payload *p = &s->payload[i];
		if (p->type > 127 || p->frame >= RELAY_FRAMES || p->codec >= SDP_CODEC_N ||
		    (p->to > 127 && p->to != RELAY_TO_NONE))
			return false;
	}
	return true;
}

static bool numbers_ok(const struct relay_side *s)
{
	return s->present <= 1 && s->end < RELAY_ENDS && s->source < RELAY_SOURCES && s->key < RELAY_KEYS &&
	       s->direction < RELAY_DIRECTIONS && s->keyed <= 1 && s->tag_len <= 16 && s->hears < RELAY_HEARS_KINDS &&
	       s->listens <= 1 && s->events <= 1 && s->suite < SDP_SUITE_N && s->dtls_active <= 1 &&
	       s->fingerprint.hash < SDP_HASH_N && payloads_ok(s);
}

static bool ice_ok(const struct relay_side *s)
{
	const struct span pwd = RELAY_TEXT(s->ice_pwd);

	return pwd.n <= RELAY_PWD_MAX && ice_text_ok(pwd) && ice_text_ok(RELAY_TEXT(s->ice_ufrag)) &&
	       ice_text_ok(RELAY_TEXT(s->ice_theirs));
}

static bool addresses_ok(const struct relay_side *s)
{
	return addr_ok(&s->local) && addr_ok(&s->rtp) && addr_ok(&s->rtcp) && s->local.family != 0 &&
	       s->local.port != 0 && s->local_rtcp != 0 && ice_ok(s);
}

static bool keys_ok(const struct relay_side *s)
{
	if (!s->keyed)
		return true;
	if (s->end == RELAY_ENDED_SDES)
		return !secret_is_zero(s->key_ours, sizeof s->key_ours) &&
		       !secret_is_zero(s->key_theirs, sizeof s->key_theirs) &&
		       memcmp(s->key_ours, s->key_theirs, sizeof s->key_ours) != 0;
	if (s->end == RELAY_ENDED_DTLS)
		return s->fingerprint.hash > SDP_SHA_1 &&
		       !secret_is_zero(s->fingerprint.bytes, sizeof s->fingerprint.bytes);
	return true;
}

static bool side_ok(const struct relay_side *s)
{
	if (!numbers_ok(s) || !addresses_ok(s) || !keys_ok(s))
		return false;
	/* nothing of a passing side is heard or said by the exchange, and it has no digits to withhold */
	return !s->present || s->end != RELAY_PASSING || (s->hears == RELAY_HEARS_OTHER && !s->listens && s->events);
}

static bool pair_ok(const struct relay_side *a, const struct relay_side *b)
{
	if (a->present && b->present)
		return (a->end == RELAY_PASSING) == (b->end == RELAY_PASSING);
	return (a->present && a->end != RELAY_PASSING) || (b->present && b->end != RELAY_PASSING);
}

bool relay_spec_ok(const void *spec)
{
	const struct relay_spec *r = spec;

	return r->emergency < POOL_CLAIMS && r->answered <= 1 && side_ok(&r->side[0]) && side_ok(&r->side[1]) &&
	       pair_ok(&r->side[0], &r->side[1]);
}

uint16_t relay_ports_from(uint16_t first, uint32_t slot)
{
	enum { PORT_LEAST = 1024 };

	if (first % 2 || slot > UINT16_MAX || first < PORT_LEAST + RELAY_PORTS * slot)
		return 0;
	return (uint16_t)(first - RELAY_PORTS * slot);
}
