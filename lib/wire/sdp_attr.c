/* SPDX-License-Identifier: ISC */
/* a= lines that mean something to us; the rest are dropped unread. */
#include "base/secret.h"
#include "wire/sdp_int.h"

typedef const char *attribute_parse(struct sdp_section *s, struct span value);

/* Where an attribute may stand. Twice at one level: ONCE is an error, FIRST is as if only the first stood there. */
enum { SESSION = 1, MEDIA = 2, BOTH = 3, ONCE = 4, FIRST = 8 };

static const char *parse_rtcp(struct sdp_section *s, struct span value)
{
	struct span rest = value;
	struct addr *a = &s->audio.rtcp;
	uint64_t port;

	if (!span_decimal(sdp_word(&rest), 65535, &port) || port == 0)
		return "malformed rtcp port";
	if (rest.n) {
		const char *fault = sdp_connection(rest, a);
		if (fault)
			return fault;
	}
	a->port = (uint16_t)port;
	return NULL;
}

static const char *flag(uint8_t *out, struct span value, const char *fault)
{
	*out = 1;
	return value.n ? fault : NULL;
}

static const char *parse_rtcp_mux(struct sdp_section *s, struct span value)
{
	return flag(&s->audio.rtcp_mux, value, "rtcp-mux takes no value");
}

static const char *parse_ice_lite(struct sdp_section *s, struct span value)
{
	return flag(&s->audio.ice_lite, value, "ice-lite takes no value");
}

static const char *parse_ice_end(struct sdp_section *s, struct span value)
{
	return flag(&s->audio.ice_end, value, "end-of-candidates takes no value");
}

static const char *parse_tls_id(struct sdp_section *s, struct span value)
{
	s->audio.tls_id = 1;
	return value.n ? NULL : "tls-id is empty";
}

static const char *parse_ice_options(struct sdp_section *s, struct span value)
{
	while (value.n)
		if (span_eq(sdp_word(&value), SPAN("trickle")))
			s->audio.ice_trickle = 1;
	return NULL;
}

/* A wish, of which more than we do is as much as we do: 240 is what a phone of a mobile network says (3GPP TS 26.114). Real
 * numbers are allowed (RFC 8866 6.4). */
static const char *parse_time_ms(struct span value, uint8_t *out)
{
	const size_t point = span_find(value, '.');
	uint64_t ms, part;

	if (!span_decimal(span_head(value, point), SDP_PTIME_SAID_MAX, &ms) || ms == 0 ||
	    (point < value.n && !span_decimal(span_skip(value, point + 1), UINT32_MAX, &part)))
		return "packet time out of range";
	*out = (uint8_t)(ms < SDP_PTIME_MAX ? ms : SDP_PTIME_MAX);
	return NULL;
}

static const char *parse_ptime(struct sdp_section *s, struct span value)
{
	return parse_time_ms(value, &s->audio.ptime_ms);
}

static const char *parse_maxptime(struct sdp_section *s, struct span value)
{
	return parse_time_ms(value, &s->audio.maxptime_ms);
}

static const char *set_direction(struct sdp_section *s, struct span value, uint8_t direction)
{
	s->audio.direction = direction;
	return value.n ? "a direction takes no value" : NULL;
}

static const char *parse_sendrecv(struct sdp_section *s, struct span value)
{
	return set_direction(s, value, SDP_SENDRECV);
}

static const char *parse_sendonly(struct sdp_section *s, struct span value)
{
	return set_direction(s, value, SDP_SENDONLY);
}

static const char *parse_recvonly(struct sdp_section *s, struct span value)
{
	return set_direction(s, value, SDP_RECVONLY);
}

static const char *parse_inactive(struct sdp_section *s, struct span value)
{
	return set_direction(s, value, SDP_INACTIVE);
}

static const char *parse_setup(struct sdp_section *s, struct span value)
{
	for (enum sdp_setup i = SDP_ACTPASS; i < SDP_SETUP_N; i++)
		if (span_eq_case(value, span_str(sdp_setup_name((uint8_t)i)))) {
			s->audio.setup = (uint8_t)i;
			return NULL;
		}
	return "unknown setup role";
}

static const char *parse_crypto(struct sdp_section *s, struct span value)
{
	return sdp_crypto_line(&s->audio, value);
}

/* RFC 8122, 5: octets in hex with colons between them. */
static bool colon_hex(struct span s, uint8_t *out, size_t n)
{
	if (s.n != 3 * n - 1)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (span_unhex(span_head(span_skip(s, 3 * i), 2), out + i, 1) != 1)
			return false;
		if (i + 1 < n && s.p[3 * i + 2] != ':')
			return false;
	}
	return true;
}

/* Those of the media level stand instead of those of the session. */
static const char *parse_fingerprint(struct sdp_section *s, struct span value)
{
	struct sdp_audio *a = &s->audio;
	struct span hex = value, name = sdp_word(&hex);
	struct sdp_fingerprint f = {0};

	while (f.hash < SDP_HASH_N && !span_eq_case(name, span_str(sdp_hash_name(f.hash))))
		f.hash++;
	if (f.hash == SDP_HASH_N)
		return sdp_token_ok(name, false) ? NULL : "malformed fingerprint";
	if (!colon_hex(hex, f.bytes, sdp_hash_len(f.hash)))
		return "malformed fingerprint";
	if (secret_is_zero(f.bytes, sdp_hash_len(f.hash)))
		return "fingerprint is nothing but zeros";
	if (!s->session && !s->own_fingerprint)
		a->fingerprint_n = 0;
	s->own_fingerprint = true;
	if (a->fingerprint_n < SDP_FINGERPRINTS_MAX)
		a->fingerprint[a->fingerprint_n++] = f;
	return NULL;
}

/* RFC 6189, 8: version and SHA-256 of the Hello. Other versions than 1.10 are dropped, the first stays. */
static const char *parse_zrtp_hash(struct sdp_section *s, struct span value)
{
	struct span hash = value, version = sdp_word(&hash);
	uint8_t bytes[32];

	if (span_unhex(hash, bytes, sizeof bytes) != sizeof bytes || version.n == 0)
		return "malformed zrtp-hash";
	if (!span_eq(version, SPAN("1.10")) || s->own_zrtp)
		return NULL;
	s->own_zrtp = true;
	s->audio.zrtp = 1;
	memcpy(s->audio.zrtp_version, "1.10", 5);
	memcpy(s->audio.zrtp_hash, bytes, sizeof bytes);
	return NULL;
}

/* Nothing stays behind it of one that was longer, at the level of the session. */
static bool ice_text(struct span s, char *out, size_t cap, size_t least)
{
	memset(out, 0, cap);
	return s.n >= least && sdp_ice_text_ok(s) && span_cstr(s, out, cap);
}

static const char *parse_ice_ufrag(struct sdp_section *s, struct span value)
{
	return ice_text(value, s->audio.ice_ufrag, sizeof s->audio.ice_ufrag, 4) ? NULL : "malformed ice-ufrag";
}

static const char *parse_ice_pwd(struct sdp_section *s, struct span value)
{
	return ice_text(value, s->audio.ice_pwd, sizeof s->audio.ice_pwd, 22) ? NULL : "malformed ice-pwd";
}

static uint8_t candidate_type(struct span s)
{
	uint8_t i = 0;
	while (i < SDP_CANDIDATE_TYPE_N && !span_eq_case(s, span_str(sdp_candidate_type_name(i))))
		i++;
	return i;
}

/* RFC 8839, 5.1: foundation component transport priority address port "typ" type, then what we do not need. A
 * name for an address, another transport, type or component, or one that nobody can read: dropped, as are
 * any-addresses and mapped ones (T35). */
static const char *parse_candidate(struct sdp_section *s, struct span value)
{
	struct span rest = value, foundation = sdp_word(&rest), component = sdp_word(&rest),
		    transport = sdp_word(&rest);
	struct span priority = sdp_word(&rest), ip = sdp_word(&rest), port = sdp_word(&rest), typ = sdp_word(&rest);
	struct sdp_audio *a = &s->audio;
	struct sdp_candidate c = {.type = candidate_type(sdp_word(&rest))};
	uint64_t component_v, priority_v, port_v;

	if (!ice_text(foundation, c.foundation, sizeof c.foundation, 1) ||
	    !span_decimal(component, 256, &component_v) || !span_decimal(priority, INT32_MAX, &priority_v) ||
	    priority_v == 0 || !span_decimal(port, 65535, &port_v) || !span_eq_case(typ, SPAN("typ")))
		return NULL;
	if (a->candidate_n == SDP_CANDIDATES_MAX || c.type == SDP_CANDIDATE_TYPE_N ||
	    !span_eq_case(transport, SPAN("UDP")) || component_v < 1 || component_v > 2 || port_v == 0 ||
	    sdp_unicast(ip, &c.addr) != NULL || addr_is_any(&c.addr))
		return NULL;
	c.component = (uint8_t)component_v;
	c.priority = (uint32_t)priority_v;
	c.addr.port = (uint16_t)port_v;
	a->candidate[a->candidate_n++] = c;
	return NULL;
}

static const struct attribute {
	struct span name;
	uint8_t rules;
	attribute_parse *parse;
} table[] = {
#define ATTRIBUTE(text, rules, parse)                                     \
	{                                                                 \
		{(const uint8_t *)(text), sizeof(text) - 1}, rules, parse \
	}
    ATTRIBUTE("rtpmap", MEDIA, sdp_rtpmap),
    ATTRIBUTE("fmtp", MEDIA, sdp_fmtp),
    ATTRIBUTE("rtcp", MEDIA | ONCE, parse_rtcp),
    ATTRIBUTE("rtcp-mux", MEDIA, parse_rtcp_mux),
    ATTRIBUTE("ptime", MEDIA | FIRST, parse_ptime),
    ATTRIBUTE("maxptime", MEDIA | FIRST, parse_maxptime),
    ATTRIBUTE("sendrecv", BOTH | FIRST, parse_sendrecv),
    ATTRIBUTE("sendonly", BOTH | FIRST, parse_sendonly),
    ATTRIBUTE("recvonly", BOTH | FIRST, parse_recvonly),
    ATTRIBUTE("inactive", BOTH | FIRST, parse_inactive),
    ATTRIBUTE("crypto", MEDIA, parse_crypto),
    ATTRIBUTE("fingerprint", BOTH, parse_fingerprint),
    ATTRIBUTE("setup", BOTH | ONCE, parse_setup),
    ATTRIBUTE("tls-id", BOTH | ONCE, parse_tls_id),
    ATTRIBUTE("zrtp-hash", BOTH, parse_zrtp_hash),
    ATTRIBUTE("ice-ufrag", BOTH | ONCE, parse_ice_ufrag),
    ATTRIBUTE("ice-pwd", BOTH | ONCE, parse_ice_pwd),
    ATTRIBUTE("ice-lite", SESSION, parse_ice_lite),
    ATTRIBUTE("ice-options", BOTH, parse_ice_options),
    ATTRIBUTE("candidate", MEDIA, parse_candidate),
    ATTRIBUTE("end-of-candidates", BOTH, parse_ice_end),
};

enum { TABLE_N = sizeof table / sizeof *table };

static bool is_direction(const struct attribute *t)
{
	return t->parse == parse_sendrecv || t->parse == parse_sendonly || t->parse == parse_recvonly ||
	       t->parse == parse_inactive;
}

const char *sdp_attribute(struct sdp_section *s, struct span value)
{
	size_t colon = span_find(value, ':');
	struct span name = span_head(value, colon);

	for (uint32_t i = 0; i < TABLE_N; i++) {
		const struct attribute *t = &table[i];
		if (!span_eq(name, t->name) || !(t->rules & (s->session ? SESSION : MEDIA)))
			continue;
		uint32_t bit = is_direction(t) ? UINT32_C(1) << 31 : UINT32_C(1) << i;
		if (t->rules & ONCE && s->seen & bit)
			return "attribute stands twice";
		if (t->rules & FIRST && s->seen & bit)
			return NULL;
		s->seen |= bit;
		return t->parse(s, span_skip(value, colon + 1));
	}
	return NULL;
}
