/* SPDX-License-Identifier: ISC */
#include "base/secret.h"
#include "wire/sdp_int.h"

static const char *const codec_name[] = {"PCMU", "PCMA", "G722", "opus", "telephone-event"};
static const char *const suite_name[] = {
    "AES_CM_128_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_80", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM"};
static const uint8_t suite_key_len[] = {30, 46, 28, 44};
static const char *const hash_name[] = {"sha-1", "sha-256", "sha-384", "sha-512"};
static const uint8_t hash_len[] = {20, 32, 48, 64};
static const char *const proto_name[] = {
    "", "RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"};
static const char *const setup_name[] = {"", "actpass", "active", "passive", "holdconn"};
static const char *const direction_name[] = {"inactive", "sendonly", "recvonly", "sendrecv"};
static const char *const candidate_type_name[] = {"host", "srflx", "prflx", "relay"};

#define NAME(table, i) ((i) < sizeof(table) / sizeof *(table) ? (table)[i] : "?")

const char *sdp_codec_name(uint8_t codec)
{
	return NAME(codec_name, codec);
}

const char *sdp_suite_name(uint8_t suite)
{
	return NAME(suite_name, suite);
}

uint8_t sdp_suite_key_len(uint8_t suite)
{
	return suite < SDP_SUITE_N ? suite_key_len[suite] : 0;
}

uint8_t sdp_hash_len(uint8_t hash)
{
	return hash < SDP_HASH_N ? hash_len[hash] : 0;
}

const char *sdp_proto_name(uint8_t proto)
{
	return NAME(proto_name, proto);
}

const char *sdp_hash_name(uint8_t hash)
{
	return NAME(hash_name, hash);
}

const char *sdp_setup_name(uint8_t setup)
{
	return NAME(setup_name, setup);
}

const char *sdp_direction_name(uint8_t direction)
{
	return NAME(direction_name, direction);
}

const char *sdp_candidate_type_name(uint8_t type)
{
	return NAME(candidate_type_name, type);
}

uint8_t sdp_static_pt(uint8_t codec)
{
	static const uint8_t pt[] = {0, 8, 9};
	return codec < sizeof pt ? pt[codec] : 0xff;
}

bool sdp_addr_ok(const struct addr *a)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (!addr_ok(a))
		return false;
	if (a->family == 4)
		return (a->ip[12] & 0xf0) != 0xe0;
	return a->family == 0 || (a->ip[0] != 0xff && memcmp(a->ip, mapped, sizeof mapped) != 0);
}

/* RFC 8866 token-char, and '/' where a protocol stands. */
bool sdp_token_ok(struct span s, bool slash)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c <= ' ' || c >= 0x7f || strchr("\"(),:;<=>?@[\\]", c) || (c == '/' && !slash))
			return false;
	}
	return s.n > 0;
}

struct span sdp_word(struct span *rest)
{
	size_t n = span_find(*rest, ' ');
	struct span word = span_head(*rest, n);
	*rest = span_skip(*rest, n + 1);
	return word;
}

/* An array of characters from a message: the text before its NUL, or nothing when it has none. */
static struct span field(const char *p, size_t cap)
{
	const char *end = memchr(p, 0, cap);
	return span_of(p, end ? (size_t)(end - p) : 0);
}

#define FIELD(array) field((array), sizeof(array))

bool sdp_ice_text_ok(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = ascii_lower(s.p[i]);
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/'))
			return false;
	}
	return true;
}

static bool static_ok(const struct sdp_codec *c)
{
	for (enum sdp_codec_kind codec = SDP_PCMU; codec <= SDP_G722; codec++)
		if (c->pt == sdp_static_pt((uint8_t)codec) && c->codec != codec)
			return false;
	return true;
}

static bool codec_ok(const struct sdp_codec *c)
{
	static const uint32_t clock[] = {8000, 8000, 8000, 48000, 0};
	bool event = c->codec == SDP_TELEPHONE_EVENT;
	bool event_clock = c->clock == 8000 || c->clock == 16000 || c->clock == 32000 || c->clock == 48000;

	return c->pt < 128 && !sdp_pt_is_rtcp(c->pt) && c->codec < SDP_CODEC_N && static_ok(c) &&
	       (event ? event_clock : c->clock == clock[c->codec]) && c->channels == (c->codec == SDP_OPUS ? 2 : 1) &&
	       c->opus_flags <= SDP_OPUS_FLAGS && c->opus_max_average_bitrate <= 510000 &&
	       c->opus_max_playback_rate <= 48000 && c->opus_max_capture_rate <= 48000;
}

static bool codecs_ok(const struct sdp_audio *a)
{
	for (uint8_t i = 0; i < a->codec_n; i++) {
		if (!codec_ok(&a->codec[i]))
			return false;
		for (uint8_t k = 0; k < i; k++)
			if (a->codec[k].pt == a->codec[i].pt)
				return false;
	}
	return true;
}

static bool crypto_ok(const struct sdp_audio *a)
{
	for (uint8_t i = 0; i < a->crypto_n; i++) {
		const struct sdp_crypto *c = &a->crypto[i];
		if (c->suite >= SDP_SUITE_N || c->key_len != suite_key_len[c->suite] || c->tag > 999999999 ||
		    c->lifetime_log2 > 48 || secret_is_zero(c->key, c->key_len))
			return false;
		for (uint8_t k = 0; k < i; k++)
			if (a->crypto[k].tag == c->tag)
				return false;
	}
	return a->crypto_refused < 1 << SDP_CRYPTO_REFUSAL_N;
}

static bool candidates_ok(const struct sdp_audio *a)
{
	for (uint8_t i = 0; i < a->candidate_n; i++) {
		const struct sdp_candidate *c = &a->candidate[i];
		struct span foundation = FIELD(c->foundation);
		if (!sdp_addr_ok(&c->addr) || c->addr.family == 0 || c->addr.port == 0 || c->priority == 0 ||
		    c->priority > INT32_MAX || c->component < 1 || c->component > 2 ||
		    c->type >= SDP_CANDIDATE_TYPE_N || foundation.n == 0 || !sdp_ice_text_ok(foundation))
			return false;
	}
	return true;
}

static bool ice_ok(const struct sdp_audio *a)
{
	struct span ufrag = FIELD(a->ice_ufrag), pwd = FIELD(a->ice_pwd);
	bool none = a->ice_ufrag[0] == 0 && a->ice_pwd[0] == 0;

	return none || (ufrag.n >= 4 && pwd.n >= 22 && sdp_ice_text_ok(ufrag) && sdp_ice_text_ok(pwd));
}

static bool zrtp_ok(const struct sdp_audio *a)
{
	return !a->zrtp || (memchr(a->zrtp_version, 0, sizeof a->zrtp_version) && !strcmp(a->zrtp_version, "1.10"));
}

static bool audio_ok(const struct sdp_audio *a)
{
	uint8_t flags = a->rtcp_mux | a->tls_id | a->ice_lite | a->ice_trickle | a->ice_end | a->zrtp;

	if (!sdp_addr_ok(&a->at) || !sdp_addr_ok(&a->rtcp) || a->proto >= SDP_PROTO_N ||
	    a->direction >= SDP_DIRECTION_N || flags > 1 || a->ptime_ms > SDP_PTIME_MAX ||
	    a->maxptime_ms > SDP_PTIME_MAX || a->setup >= SDP_SETUP_N || a->codec_n > SDP_CODECS_MAX ||
	    a->crypto_n > SDP_CRYPTO_MAX || a->fingerprint_n > SDP_FINGERPRINTS_MAX ||
	    a->candidate_n > SDP_CANDIDATES_MAX)
		return false;
	if ((a->at.port && a->at.family == 0) || (a->rtcp.family && a->rtcp.port == 0))
		return false;
	for (uint8_t i = 0; i < a->fingerprint_n; i++)
		if (a->fingerprint[i].hash >= SDP_HASH_N ||
		    secret_is_zero(a->fingerprint[i].bytes, hash_len[a->fingerprint[i].hash]))
			return false;
	return codecs_ok(a) && crypto_ok(a) && candidates_ok(a) && ice_ok(a) && zrtp_ok(a);
}

static bool line_ok(const struct sdp_line *l)
{
	return sdp_token_ok(FIELD(l->media), false) && sdp_token_ok(FIELD(l->proto), true) &&
	       sdp_token_ok(FIELD(l->format), false);
}

bool sdp_ok(const struct sdp *sdp)
{
	if (sdp->line_n > SDP_MEDIA_MAX || (sdp->audio_line != SDP_NO_AUDIO && sdp->audio_line >= sdp->line_n))
		return false;
	for (uint8_t i = 0; i < sdp->line_n; i++)
		if (!line_ok(&sdp->line[i]))
			return false;
	return audio_ok(&sdp->audio);
}
