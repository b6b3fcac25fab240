/* SPDX-License-Identifier: ISC */
#include "ipc/relay.h"

/* ice-char of RFC 8839 */
static bool ice_text_ok(const char *s)
{
	size_t n = strnlen(s, RELAY_ICE_MAX);

	if (n == RELAY_ICE_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
			c == '/'))
			return false;
	}
	return true;
}

static bool side_ok(const struct relay_side *s)
{
	if (s->source >= RELAY_SOURCES || s->key >= RELAY_KEYS || s->direction >= RELAY_DIRECTIONS || s->keyed > 1 ||
	    s->payloads > RELAY_PAYLOADS_MAX || !addr_ok(&s->local) || !addr_ok(&s->rtp) || !addr_ok(&s->rtcp) ||
	    s->tag_len > 16)
		return false;
	if (s->local.family == 0 || s->local.port == 0 || s->local_rtcp == 0)
		return false;
	for (int i = 0; i < s->payloads; i++)
		if (s->payload[i].type > 127 || s->payload[i].frame >= RELAY_FRAMES)
			return false;
	return ice_text_ok(s->ice_ufrag) && ice_text_ok(s->ice_pwd);
}

bool relay_spec_ok(const void *spec)
{
	const struct relay_spec *r = spec;

	return r->emergency <= 1 && r->answered <= 1 && side_ok(&r->side[0]) && side_ok(&r->side[1]);
}
