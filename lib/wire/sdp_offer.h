/* SPDX-License-Identifier: ISC */
/* Offer and answer (RFC 3264) as pure functions on struct sdp: what both ends could agree on, and why not.
 * Every sdp given here has passed sdp_ok(). */
#ifndef WIRE_SDP_OFFER_H
#define WIRE_SDP_OFFER_H

#include "wire/sdp.h"

/* Key methods, as a mask. */
enum { SDP_KEYS_SDES = 1, SDP_KEYS_DTLS = 2, SDP_KEYS_ZRTP = 4, SDP_KEYS_ALL = 7 };

/* The methods that the audio line really offers: SDES needs an SAVP profile and an allowed suite, DTLS an
 * SAVP profile and a fingerprint that is not SHA-1, ZRTP its zrtp-hash. Best effort over RTP/AVP is none
 * (T31). */
uint8_t sdp_keys(const struct sdp *sdp);

enum sdp_refusal {
	SDP_ACCEPTABLE,
	SDP_NO_AUDIO_OFFERED,
	SDP_AUDIO_DECLINED,
	SDP_BAD_PROFILE,
	SDP_PLAIN_RTP,
	SDP_ONLY_NULL,
	SDP_ONLY_TAG_32,
	SDP_ONLY_F8,
	SDP_ONLY_UNKNOWN_SUITE,
	SDP_ONLY_MKI,
	SDP_WEAK_FINGERPRINT,
	SDP_NO_KEYS,
	SDP_NO_CODEC,
	SDP_NO_COMMON_CODEC,
	SDP_NO_COMMON_KEYS,
	SDP_ANSWER_LINES,  /* the answer's m= lines are not those of the offer */
	SDP_ANSWER_CRYPTO, /* not exactly one suite, or not one of the offer's */
	SDP_ANSWER_SETUP,  /* a=setup of a DTLS answer is neither active nor passive */
	SDP_REFUSAL_N
};

/* For a Warning header: "plain RTP is not accepted: offer SRTP (SDES or DTLS) or ZRTP with a=zrtp-hash" */
const char *sdp_refusal_text(enum sdp_refusal refusal);

/* May this offer go on? A declined audio line (port 0) counts as none. */
enum sdp_refusal sdp_check_offer(const struct sdp *offer);

/* Does this answer fit the offer that was sent to the same end, line for line? */
enum sdp_refusal sdp_check_answer(const struct sdp *offer, const struct sdp *answer);

/* The same for a far end that may be without keys: a trunk named plain. What has keys is judged as ever. */
enum sdp_refusal sdp_check_clear_offer(const struct sdp *offer);
/* To an offer of plain RTP. */
enum sdp_refusal sdp_check_clear_answer(const struct sdp *offer, const struct sdp *answer);

/* Drop codecs whose 1 << kind is not in the mask (then also events at a clock that no codec has, but not
 * those at 8000: some phones send these beside Opus), and key methods not in the mask. The profile stays. */
void sdp_keep_codecs(struct sdp *sdp, uint8_t codec_mask);
void sdp_keep_keys(struct sdp *sdp, uint8_t key_mask);

/* Drop the ICE fields: the exchange writes its own. */
void sdp_drop_ice(struct sdp *sdp);

/* Make the offer of one leg into that of another: only its audio line, as the first and only m= line. */
void sdp_keep_audio_only(struct sdp *sdp);

/* Make what another end answered into an answer to `offer`: the m= lines of `offer` in their order, all but
 * its audio line declined, its profile. Call it after sdp_check_answer() and before the fields of our own are
 * set. */
void sdp_answer_lines(const struct sdp *offer, struct sdp *answer);

/* From a passing answer: drop codecs that `offer` did not name. Payload types stay the answerer's (it is what
 * it expects to receive). */
void sdp_answer_codecs(const struct sdp *offer, struct sdp *answer);

/* For an answer that the exchange makes itself: index of the first suite of `offer` whose 1 << suite is in
 * the mask, or -1. */
int sdp_choose_crypto(const struct sdp *offer, uint8_t suite_mask);

/* The same stream as the other end sees it, and the answer of one who could do `able` to an `offered`. */
uint8_t sdp_direction_reverse(uint8_t direction);
uint8_t sdp_direction_answer(uint8_t offered, uint8_t able);

/* On hold by the one who wrote it: it does not receive. */
static inline bool sdp_holds(const struct sdp *sdp)
{
	return (sdp->audio.direction & SDP_RECVONLY) == 0;
}

#endif
