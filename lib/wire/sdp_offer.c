/* SPDX-License-Identifier: ISC */
#include "wire/sdp_offer.h"
#include "base/secret.h"

static const char *const refusal_text[] = {
    [SDP_ACCEPTABLE] = "acceptable",
    [SDP_NO_AUDIO_OFFERED] = "no audio is offered",
    [SDP_AUDIO_DECLINED] = "the other end declined the audio",
    [SDP_BAD_PROFILE] = "the transport profile of the audio is not known",
    [SDP_PLAIN_RTP] = "plain RTP is not accepted: offer SRTP (DTLS or SDES), or ZRTP with a=zrtp-hash",
    [SDP_ONLY_NULL] = "SRTP without encryption or authentication is not accepted",
    [SDP_ONLY_TAG_32] = "SRTP with 32-bit tags is not accepted",
    [SDP_ONLY_F8] = "SRTP with F8 is not accepted",
    [SDP_ONLY_UNKNOWN_SUITE] = "none of the offered SRTP suites is known",
    [SDP_ONLY_MKI] = "SRTP with MKI, several keys or session parameters is not accepted",
    [SDP_WEAK_FINGERPRINT] = "a SHA-1 certificate fingerprint is not accepted",
    [SDP_NO_KEYS] = "an SRTP profile without keys: neither a=crypto nor a=fingerprint nor a=zrtp-hash",
    [SDP_NO_CODEC] = "no codec is offered that is allowed here (G.711, G.722, Opus)",
    [SDP_NO_COMMON_CODEC] = "the two ends have no codec in common",
    [SDP_NO_COMMON_KEYS] = "the two ends have no key method in common",
    [SDP_ANSWER_LINES] = "the media lines of the answer are not those of the offer",
    [SDP_ANSWER_CRYPTO] = "the answer does not choose exactly one of the offered SRTP suites",
    [SDP_ANSWER_SETUP] = "the answer does not say who begins the DTLS handshake",
};

const char *sdp_refusal_text(enum sdp_refusal refusal)
{
	return refusal < SDP_REFUSAL_N ? refusal_text[refusal] : "?";
}

static bool secure_profile(const struct sdp_audio *a)
{
	return a->proto >= SDP_RTP_SAVP;
}

static bool has_strong_fingerprint(const struct sdp_audio *a)
{
	for (uint8_t i = 0; i < a->fingerprint_n; i++)
		if (a->fingerprint[i].hash != SDP_SHA_1)
			return true;
	return false;
}

uint8_t sdp_keys(const struct sdp *sdp)
{
	const struct sdp_audio *a = &sdp->audio;
	uint8_t keys = 0;

	if (a->crypto_n && (a->proto == SDP_RTP_SAVP || a->proto == SDP_RTP_SAVPF))
		keys |= SDP_KEYS_SDES;
	if (secure_profile(a) && has_strong_fingerprint(a))
		keys |= SDP_KEYS_DTLS;
	if (a->zrtp && a->proto != SDP_PROTO_UNKNOWN)
		keys |= SDP_KEYS_ZRTP;
	return keys;
}

static bool has_speech(const struct sdp_audio *a)
{
	for (uint8_t i = 0; i < a->codec_n; i++)
		if (a->codec[i].codec != SDP_TELEPHONE_EVENT)
			return true;
	return false;
}

static bool has_audio(const struct sdp *sdp)
{
	return sdp->audio_line != SDP_NO_AUDIO && sdp->audio.at.port != 0;
}

/* Why there is no key method, the most telling reason first. */
static enum sdp_refusal no_keys_because(const struct sdp_audio *a)
{
	static const uint8_t by_kind[] = {
	    SDP_ONLY_NULL, SDP_ONLY_TAG_32, SDP_ONLY_F8, SDP_ONLY_UNKNOWN_SUITE, SDP_ONLY_MKI};

	if (a->proto == SDP_PROTO_UNKNOWN)
		return SDP_BAD_PROFILE;
	if (!secure_profile(a))
		return SDP_PLAIN_RTP;
	for (unsigned kind = 0; kind < sizeof by_kind; kind++)
		if (a->crypto_refused & 1U << kind)
			return by_kind[kind];
	return a->fingerprint_n ? SDP_WEAK_FINGERPRINT : SDP_NO_KEYS;
}

enum sdp_refusal sdp_check_offer(const struct sdp *offer)
{
	if (!has_audio(offer))
		return SDP_NO_AUDIO_OFFERED;
	if (sdp_keys(offer) == 0)
		return no_keys_because(&offer->audio);
	return has_speech(&offer->audio) ? SDP_ACCEPTABLE : SDP_NO_CODEC;
}

enum sdp_refusal sdp_check_clear_offer(const struct sdp *offer)
{
	if (sdp_keys(offer))
		return sdp_check_offer(offer);
	if (!has_audio(offer))
		return SDP_NO_AUDIO_OFFERED;
	if (secure_profile(&offer->audio) || offer->audio.proto == SDP_PROTO_UNKNOWN)
		return no_keys_because(&offer->audio);
	return has_speech(&offer->audio) ? SDP_ACCEPTABLE : SDP_NO_CODEC;
}

/* The codec of `a` that is the same as c under whatever payload type. */
static const struct sdp_codec *find_codec(const struct sdp_audio *a, const struct sdp_codec *c)
{
	for (uint8_t i = 0; i < a->codec_n; i++)
		if (a->codec[i].codec == c->codec && a->codec[i].clock == c->clock)
			return &a->codec[i];
	return NULL;
}

static bool common_speech(const struct sdp_audio *a, const struct sdp_audio *b)
{
	for (uint8_t i = 0; i < a->codec_n; i++)
		if (a->codec[i].codec != SDP_TELEPHONE_EVENT && find_codec(b, &a->codec[i]))
			return true;
	return false;
}

static bool same_lines(const struct sdp *offer, const struct sdp *answer)
{
	if (offer->line_n != answer->line_n)
		return false;
	for (uint8_t i = 0; i < offer->line_n; i++)
		if (!span_eq_case(span_str(offer->line[i].media), span_str(answer->line[i].media)))
			return false;
	return true;
}

static bool crypto_answers(const struct sdp_audio *offer, const struct sdp_audio *answer)
{
	if (answer->crypto_n != 1)
		return false;
	for (uint8_t i = 0; i < offer->crypto_n; i++)
		if (offer->crypto[i].tag == answer->crypto[0].tag && offer->crypto[i].suite == answer->crypto[0].suite)
			return true;
	return false;
}

static enum sdp_refusal check_lines(const struct sdp *offer, const struct sdp *answer)
{
	if (!same_lines(offer, answer))
		return SDP_ANSWER_LINES;
	if (!has_audio(answer))
		return SDP_AUDIO_DECLINED;
	if (answer->audio_line != offer->audio_line)
		return SDP_ANSWER_LINES;
	return SDP_ACCEPTABLE;
}

enum sdp_refusal sdp_check_answer(const struct sdp *offer, const struct sdp *answer)
{
	const struct sdp_audio *a = &answer->audio;
	enum sdp_refusal lines = check_lines(offer, answer);

	if (lines != SDP_ACCEPTABLE)
		return lines;
	if (sdp_keys(answer) == 0)
		return no_keys_because(a);
	uint8_t keys = sdp_keys(answer) & sdp_keys(offer);
	if (keys == 0)
		return SDP_NO_COMMON_KEYS;
	if (keys & SDP_KEYS_SDES && !crypto_answers(&offer->audio, a))
		return SDP_ANSWER_CRYPTO;
	if (keys & SDP_KEYS_DTLS && a->setup != SDP_ACTIVE && a->setup != SDP_PASSIVE)
		return SDP_ANSWER_SETUP;
	return common_speech(a, &offer->audio) ? SDP_ACCEPTABLE : SDP_NO_COMMON_CODEC;
}

enum sdp_refusal sdp_check_clear_answer(const struct sdp *offer, const struct sdp *answer)
{
	enum sdp_refusal lines = check_lines(offer, answer);

	if (lines != SDP_ACCEPTABLE)
		return lines;
	if (secure_profile(&answer->audio))
		return SDP_NO_COMMON_KEYS;
	return common_speech(&answer->audio, &offer->audio) ? SDP_ACCEPTABLE : SDP_NO_COMMON_CODEC;
}

static bool speech_at_clock(const struct sdp_audio *a, uint32_t clock)
{
	for (uint8_t i = 0; i < a->codec_n; i++)
		if (a->codec[i].codec != SDP_TELEPHONE_EVENT && a->codec[i].clock == clock)
			return true;
	return false;
}

void sdp_keep_codecs(struct sdp *sdp, uint8_t codec_mask)
{
	struct sdp_audio *a = &sdp->audio;
	uint8_t n = 0;

	for (uint8_t i = 0; i < a->codec_n; i++)
		if (codec_mask & 1U << a->codec[i].codec)
			a->codec[n++] = a->codec[i];
	a->codec_n = n;
	n = 0;
	for (uint8_t i = 0; i < a->codec_n; i++)
		if (a->codec[i].codec != SDP_TELEPHONE_EVENT || a->codec[i].clock == 8000 ||
		    speech_at_clock(a, a->codec[i].clock))
			a->codec[n++] = a->codec[i];
	a->codec_n = n;
}

void sdp_keep_keys(struct sdp *sdp, uint8_t key_mask)
{
	struct sdp_audio *a = &sdp->audio;

	if (!(key_mask & SDP_KEYS_SDES)) {
		secret_wipe(a->crypto, sizeof a->crypto);
		a->crypto_n = a->crypto_refused = 0;
	}
	if (!(key_mask & SDP_KEYS_DTLS)) {
		memset(a->fingerprint, 0, sizeof a->fingerprint);
		a->fingerprint_n = a->setup = a->tls_id = 0;
	}
	if (!(key_mask & SDP_KEYS_ZRTP)) {
		memset(a->zrtp_version, 0, sizeof a->zrtp_version);
		memset(a->zrtp_hash, 0, sizeof a->zrtp_hash);
		a->zrtp = 0;
	}
}

void sdp_drop_ice(struct sdp *sdp)
{
	struct sdp_audio *a = &sdp->audio;

	memset(a->candidate, 0, sizeof a->candidate);
	memset(a->ice_ufrag, 0, sizeof a->ice_ufrag);
	memset(a->ice_pwd, 0, sizeof a->ice_pwd);
	a->candidate_n = a->ice_lite = a->ice_trickle = a->ice_end = 0;
}

void sdp_keep_audio_only(struct sdp *sdp)
{
	if (sdp->audio_line == SDP_NO_AUDIO) {
		sdp->line_n = 0;
		return;
	}
	sdp->line[0] = sdp->line[sdp->audio_line];
	sdp->line_n = 1;
	sdp->audio_line = 0;
}

void sdp_answer_lines(const struct sdp *offer, struct sdp *answer)
{
	memcpy(answer->line, offer->line, sizeof answer->line);
	answer->line_n = offer->line_n;
	answer->audio_line = offer->audio_line;
	answer->audio.proto = offer->audio.proto;
}

void sdp_answer_codecs(const struct sdp *offer, struct sdp *answer)
{
	struct sdp_audio *a = &answer->audio;
	uint8_t n = 0;

	for (uint8_t i = 0; i < a->codec_n; i++)
		if (find_codec(&offer->audio, &a->codec[i]))
			a->codec[n++] = a->codec[i];
	a->codec_n = n;
}

int sdp_choose_crypto(const struct sdp *offer, uint8_t suite_mask)
{
	for (uint8_t i = 0; i < offer->audio.crypto_n; i++)
		if (suite_mask & 1U << offer->audio.crypto[i].suite)
			return i;
	return -1;
}

uint8_t sdp_direction_reverse(uint8_t direction)
{
	return (uint8_t)((direction & SDP_SENDONLY) << 1 | (direction & SDP_RECVONLY) >> 1);
}

uint8_t sdp_direction_answer(uint8_t offered, uint8_t able)
{
	return sdp_direction_reverse(offered) & able;
}
