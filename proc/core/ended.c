/* SPDX-License-Identifier: ISC */
#include "ended.h"
#include "base/rand.h"
#include "base/secret.h"
#include "media.h"
#include "trunk.h"
#include "wire/sdp_offer.h"

enum { FIRST_TAG = 1, SHA256_LEN = 32 };

/* Cheapest first: FACTS.md measures GCM at half of CTR with HMAC. */
static const uint8_t suites[] = {SDP_AEAD_AES_128_GCM, SDP_AES_CM_128_HMAC_SHA1_80, SDP_AES_256_CM_HMAC_SHA1_80};
enum { SUITES = sizeof suites, ALL_SUITES = (1 << SDP_SUITE_N) - 1, LAWS = 1 << SDP_PCMU | 1 << SDP_PCMA };

enum relay_end ended_by(const struct sdp *theirs, bool clear)
{
	uint8_t keys = sdp_keys(theirs);

	if (keys & SDP_KEYS_DTLS)
		return RELAY_ENDED_DTLS;
	if (keys & SDP_KEYS_SDES)
		return RELAY_ENDED_SDES;
	return clear ? RELAY_ENDED_CLEAR : RELAY_PASSING;
}

/* In a profile that promises keys none would be a lie. */
bool ended_clear_for_help(const struct sdp *offer)
{
	return ended_by(offer, false) == RELAY_PASSING &&
	       (offer->audio.proto == SDP_RTP_AVP || offer->audio.proto == SDP_RTP_AVPF);
}

uint8_t ended_codecs(const struct sdp *sdp)
{
	uint8_t mask = 0;

	for (uint8_t i = 0; i < sdp->audio.codec_n; i++)
		mask |= (uint8_t)(1u << sdp->audio.codec[i].codec);
	return mask;
}

/* ITU-T G.711: where the law of a country's lines is mu. */
static bool is_mu_law(void)
{
	static const char *const countries[] = {"us", "ca", "jp"};

	for (size_t i = 0; i < sizeof countries / sizeof *countries; i++)
		if (strcmp(child_site()->plan.country, countries[i]) == 0)
			return true;
	return false;
}

/* A gateway to the lines of its country has their law, and perhaps no other. */
uint8_t ended_one_codec(const struct sdp *offer, uint8_t allowed)
{
	bool mu = is_mu_law();
	const uint8_t order[] = {mu ? SDP_PCMU : SDP_PCMA, mu ? SDP_PCMA : SDP_PCMU, SDP_G722, SDP_OPUS};
	uint8_t have = ended_codecs(offer) & allowed;

	for (size_t i = 0; i < sizeof order; i++)
		if (have >> order[i] & 1)
			return (uint8_t)(1u << order[i] | 1u << SDP_TELEPHONE_EVENT);
	return 0;
}

static void no_keys(struct sdp_audio *a)
{
	memset(a->crypto, 0, sizeof a->crypto);
	memset(a->fingerprint, 0, sizeof a->fingerprint);
	memset(a->zrtp_hash, 0, sizeof a->zrtp_hash);
	memset(a->zrtp_version, 0, sizeof a->zrtp_version);
	a->crypto_n = a->fingerprint_n = a->crypto_refused = 0;
	a->setup = a->tls_id = a->zrtp = 0;
}

static void put_crypto(struct sdp_audio *a, uint32_t tag, uint8_t suite)
{
	struct sdp_crypto *k = &a->crypto[a->crypto_n++];

	*k = (struct sdp_crypto){.tag = tag, .suite = suite, .key_len = sdp_suite_key_len(suite)};
	rand_bytes(k->key, k->key_len);
}

static void put_fingerprint(struct sdp_audio *a, uint8_t setup)
{
	a->fingerprint_n = 1;
	a->fingerprint[0] = (struct sdp_fingerprint){.hash = SDP_SHA_256};
	memcpy(a->fingerprint[0].bytes, media_fingerprint(), SHA256_LEN);
	a->setup = setup;
}

/* Whoever is asked waits for the other's first packet, which so comes from behind a NAT. */
static uint8_t answer_setup(uint8_t offered)
{
	return offered == SDP_PASSIVE ? SDP_ACTIVE : SDP_PASSIVE;
}

static const char *answer_keys(enum relay_end how, const struct sdp *offer, struct sdp_audio *a)
{
	int at;

	no_keys(a);
	switch (how) {
	case RELAY_ENDED_DTLS:
		put_fingerprint(a, answer_setup(offer->audio.setup));
		return NULL;
	case RELAY_ENDED_SDES:
		at = sdp_choose_crypto(offer, ALL_SUITES);
		put_crypto(a, offer->audio.crypto[at].tag, offer->audio.crypto[at].suite);
		return NULL;
	case RELAY_ENDED_CLEAR:
		return NULL;
	case RELAY_PASSING:
	case RELAY_ENDS:
		break;
	}
	return "the exchange must end this call's encryption, and ZRTP alone can't be ended: offer SDES or DTLS too";
}

/* One key for both directions would be one key stream for both (RFC 3711 9.1), and a phone has ours from us alone. */
static const char *check_keys(const struct sdp *ours, const struct sdp *theirs)
{
	for (uint8_t i = 0; i < ours->audio.crypto_n; i++)
		for (uint8_t k = 0; k < theirs->audio.crypto_n; k++)
			if (secret_eq(ours->audio.crypto[i].key, theirs->audio.crypto[k].key, SDP_KEY_MAX))
				return "an SRTP key of the exchange's own comes back: each side has its own";
	return NULL;
}

const char *ended_check_offer(uint8_t trunk, bool clear, const struct sdp *offer)
{
	enum sdp_refusal bad = clear ? sdp_check_clear_offer(offer) : sdp_check_offer(offer);

	if (bad)
		return sdp_refusal_text(bad);
	return trunk && !trunk_media_from(trunk, &offer->audio) ? ENDED_FOREIGN_MEDIA : NULL;
}

static bool keep_codecs(const struct sdp *offer, uint8_t codecs, struct sdp *out)
{
	*out = *offer;
	sdp_keep_codecs(out, codecs);
	for (uint8_t i = 0; i < out->audio.codec_n; i++)
		if (out->audio.codec[i].codec != SDP_TELEPHONE_EVENT)
			return true;
	return false;
}

/* Only what both sides of the call may use, under the payload types of the offer; or the other law. */
static bool answer_codecs(const struct sdp *offer, uint8_t codecs, struct sdp *out)
{
	return keep_codecs(offer, codecs, out) || (codecs & LAWS && keep_codecs(offer, codecs | LAWS, out));
}

const char *ended_answer(struct leg *l, const struct sdp *offer, uint8_t codecs, struct sdp *out)
{
	enum relay_end how = ended_by(offer, l->r.clear);
	const char *why;

	if (how == RELAY_ENDED_DTLS && !media_fingerprint())
		return "the media relay has no DTLS key this moment";
	if (!answer_codecs(offer, codecs, out))
		return sdp_refusal_text(SDP_NO_COMMON_CODEC);
	if ((why = answer_keys(how, offer, &out->audio)))
		return why;
	out->audio.direction = sdp_direction_answer(offer->audio.direction, SDP_SENDRECV);
	out->audio.ptime_ms = out->audio.maxptime_ms = 0;
	sdp_answer_lines(offer, out);
	l->r.ends = (uint8_t)how;
	return NULL;
}

static uint8_t proto_of(enum relay_end how)
{
	static const uint8_t proto[RELAY_ENDS] = {
	    [RELAY_ENDED_SDES] = SDP_RTP_SAVP,
	    [RELAY_ENDED_DTLS] = SDP_TLS_SAVPF,
	    [RELAY_ENDED_CLEAR] = SDP_RTP_AVP,
	};
	return proto[how];
}

/* Whoever knows one law of G.711 is understood by who knows the other: media puts the one into the other. The types are those of
 * RFC 3551. */
static void add_other_law(struct sdp_audio *a)
{
	static const struct sdp_codec law[] = {{.pt = 0, .codec = SDP_PCMU, .channels = 1, .clock = 8000},
	    {.pt = 8, .codec = SDP_PCMA, .channels = 1, .clock = 8000}};
	int last = -1, other = 0;

	for (int i = 0; i < a->codec_n; i++)
		if (1u << a->codec[i].codec & LAWS) {
			other = a->codec[i].codec == SDP_PCMU;
			last = i;
		}
	for (int i = 0; i < a->codec_n; i++)
		if (a->codec[i].codec == law[other].codec || a->codec[i].pt == law[other].pt)
			return;
	if (last < 0 || a->codec_n == SDP_CODECS_MAX)
		return;
	memmove(&a->codec[last + 2], &a->codec[last + 1], (size_t)(a->codec_n - last - 1) * sizeof *a->codec);
	a->codec[last + 1] = law[other];
	a->codec_n++;
}

void ended_offer(const struct leg *l, const struct sdp *like, uint8_t codecs, struct sdp *out)
{
	struct sdp_audio *a = &out->audio;

	*out = *like;
	sdp_keep_audio_only(out);
	sdp_keep_codecs(out, codecs);
	add_other_law(a);
	no_keys(a);
	a->proto = proto_of((enum relay_end)l->r.ends);
	a->direction = SDP_SENDRECV;
	a->ptime_ms = a->maxptime_ms = 0;
	if (l->r.ends == RELAY_ENDED_DTLS) {
		put_fingerprint(a, SDP_ACTPASS);
	} else if (l->r.ends == RELAY_ENDED_SDES) {
		for (uint32_t i = 0; i < SUITES; i++)
			put_crypto(a, FIRST_TAG + i, suites[i]);
	}
}

void ended_offer_first(const struct leg *l, uint8_t codecs, struct sdp *out)
{
	static const struct sdp_codec pcma = {.pt = 8, .codec = SDP_PCMA, .channels = 1, .clock = 8000},
				      pcmu = {.codec = SDP_PCMU, .channels = 1, .clock = 8000};
	const bool mu = is_mu_law();
	const struct sdp like = {.line_n = 1,
	    .line[0] = {"audio", "RTP/SAVP", "8"},
	    .audio.codec_n = 3,
	    .audio.codec = {mu ? pcmu : pcma, mu ? pcma : pcmu,
		{.pt = 101, .codec = SDP_TELEPHONE_EVENT, .channels = 1, .clock = 8000}}};

	ended_offer(l, &like, codecs, out);
}

/* Where we are one of the two it is the other, whatever it says: baresip 1.0.0 answers actpass, if that is what it once offered. */
static uint8_t setup_meant(uint8_t ours, uint8_t said)
{
	if (said == SDP_ACTIVE || said == SDP_PASSIVE || (ours != SDP_ACTIVE && ours != SDP_PASSIVE))
		return said;
	return ours == SDP_ACTIVE ? SDP_PASSIVE : SDP_ACTIVE;
}

const char *ended_check_answer_to(const struct leg *l, const struct sdp *ours, const struct sdp *answer)
{
	struct sdp meant = *answer;

	meant.audio.setup = setup_meant(ours->audio.setup, answer->audio.setup);
	enum sdp_refusal bad =
	    l->r.ends == RELAY_ENDED_CLEAR ? sdp_check_clear_answer(ours, answer) : sdp_check_answer(ours, &meant);
	secret_wipe(&meant, sizeof meant);
	return bad ? sdp_refusal_text(bad) : check_keys(ours, answer);
}

/* Debian's linphone names no fingerprint where it is to be passive (RFC 8842 5.3 wants one). What it does not change stands: the keys of the association,
 * which its certificate was checked for, and none but those; whoever says another role would begin another association, and needs one. */
bool ended_keys_stand(const struct leg *l, const struct sdp *ours, const struct sdp *answer, struct sdp *meant)
{
	const struct sdp_audio *a = &answer->audio;
	struct sdp had;

	leg_remote(l, &had);
	const uint8_t role = setup_meant(ours->audio.setup, had.audio.setup);
	if (l->r.ends != RELAY_ENDED_DTLS || !l->r.has_remote || !had.audio.fingerprint_n ||
	    !(a->proto == SDP_TLS_SAVP || a->proto == SDP_TLS_SAVPF) || a->fingerprint_n || a->crypto_n || a->zrtp ||
	    (a->setup != SDP_SETUP_NONE && setup_meant(ours->audio.setup, a->setup) != role))
		return false;
	*meant = *answer;
	meant->audio.fingerprint_n = had.audio.fingerprint_n;
	memcpy(meant->audio.fingerprint, had.audio.fingerprint, sizeof meant->audio.fingerprint);
	meant->audio.setup = role;
	return true;
}

const char *ended_check_answer(const struct leg *l, const struct sdp *answer)
{
	struct sdp ours;

	leg_local(l, &ours);
	return ended_check_answer_to(l, &ours, answer);
}

/* --- what stands --- */

/* Each side has one key from here on: the suite that was answered (RFC 4568 5.1.2). */
static void settle_keys(struct sdp_audio *ours, struct sdp_audio *theirs)
{
	for (uint8_t i = 0; i < ours->crypto_n; i++)
		for (uint8_t j = 0; j < theirs->crypto_n; j++) {
			if (ours->crypto[i].tag != theirs->crypto[j].tag ||
			    ours->crypto[i].suite != theirs->crypto[j].suite)
				continue;
			ours->crypto[0] = ours->crypto[i];
			theirs->crypto[0] = theirs->crypto[j];
			ours->crypto_n = theirs->crypto_n = 1;
			return;
		}
}

void ended_settle(struct leg *l)
{
	struct sdp ours, theirs;

	leg_local(l, &ours);
	leg_remote(l, &theirs);
	sdp_answer_codecs(&theirs, &ours);
	if (l->r.ends == RELAY_ENDED_SDES)
		settle_keys(&ours.audio, &theirs.audio);
	leg_set_local(l, &ours);
	leg_set_remote(l, &theirs);
}

uint8_t ended_agreed(const struct leg *l)
{
	struct sdp ours, theirs;

	leg_local(l, &ours);
	leg_remote(l, &theirs);
	return ended_codecs(&ours) & ended_codecs(&theirs);
}

/* The key that it used so far, offered again (RFC 4568 7.1.4): the stream goes on. NULL: it wants new ones. */
static const struct sdp_crypto *standing_key(const struct sdp *had, const struct sdp *offer)
{
	const struct sdp_crypto *key = had->audio.crypto;

	for (uint8_t i = 0; i < offer->audio.crypto_n && had->audio.crypto_n; i++)
		if (offer->audio.crypto[i].suite == key->suite &&
		    memcmp(offer->audio.crypto[i].key, key->key, key->key_len) == 0)
			return &offer->audio.crypto[i];
	return NULL;
}

/* The association that stands keeps its roles (RFC 8842 5.5). */
static uint8_t standing_setup(const struct sdp *ours, const struct sdp *theirs)
{
	if (ours->audio.setup == SDP_ACTIVE || ours->audio.setup == SDP_PASSIVE)
		return ours->audio.setup;
	return theirs->audio.setup == SDP_ACTIVE ? SDP_PASSIVE : SDP_ACTIVE;
}

static void keep_keys(const struct leg *l, const struct sdp *offer, struct sdp *out)
{
	struct sdp ours, theirs;
	const struct sdp_crypto *standing;

	leg_local(l, &ours);
	leg_remote(l, &theirs);
	if (l->r.ends == RELAY_ENDED_DTLS &&
	    memcmp(theirs.audio.fingerprint, offer->audio.fingerprint, sizeof offer->audio.fingerprint) == 0)
		out->audio.setup = standing_setup(&ours, &theirs);
	if (l->r.ends != RELAY_ENDED_SDES || !(standing = standing_key(&theirs, offer)))
		return;
	out->audio.crypto[0] = ours.audio.crypto[0];
	out->audio.crypto[0].tag = standing->tag;
}

const char *ended_change(struct leg *l, const struct sdp *offer, uint8_t codecs, struct sdp *out)
{
	struct sdp ours;

	if (ended_by(offer, l->r.clear) != l->r.ends)
		return "the key method of a call can't change";
	leg_local(l, &ours);
	const char *why = check_keys(&ours, offer);
	if (!why)
		why = ended_answer(l, offer, codecs, out);
	if (!why)
		keep_keys(l, offer, out);
	return why;
}

/* Each once, and no payload type for two. */
static void add_codecs(struct sdp_audio *a, const struct sdp_codec *from, uint8_t n, uint8_t codecs)
{
	for (uint8_t i = 0; i < n; i++) {
		uint8_t k = 0;
		while (k < a->codec_n && a->codec[k].pt != from[i].pt &&
		       (a->codec[k].codec != from[i].codec || a->codec[k].clock != from[i].clock))
			k++;
		if (k == a->codec_n && k < SDP_CODECS_MAX && codecs >> from[i].codec & 1)
			a->codec[a->codec_n++] = from[i];
	}
}

bool ended_widen(const struct leg *l, struct sdp *like)
{
	const uint8_t had = like->audio.codec_n, all = (uint8_t) ~(1u << SDP_TELEPHONE_EVENT);
	struct sdp theirs;

	leg_remote(l, &theirs);
	add_codecs(&like->audio, theirs.audio.codec, theirs.audio.codec_n, all);
	return like->audio.codec_n > had;
}

bool ended_offer_again(const struct leg *l, uint8_t codecs, struct sdp *out)
{
	static const struct sdp_codec of_all[] = {{.pt = 9, .codec = SDP_G722, .channels = 1, .clock = 8000},
	    {.pt = 8, .codec = SDP_PCMA, .channels = 1, .clock = 8000},
	    {.pt = 0, .codec = SDP_PCMU, .channels = 1, .clock = 8000}};
	const uint8_t events = 1 << SDP_TELEPHONE_EVENT, speech = (uint8_t)(codecs & ~events);
	struct sdp ours, theirs;

	leg_local(l, &ours);
	leg_remote(l, &theirs);
	*out = ours;
	out->audio.codec_n = 0;
	add_codecs(&out->audio, ours.audio.codec, ours.audio.codec_n, speech);
	add_codecs(&out->audio, theirs.audio.codec, theirs.audio.codec_n, speech);
	add_codecs(&out->audio, of_all, sizeof of_all / sizeof *of_all, speech);
	const bool any = out->audio.codec_n > 0;
	add_codecs(&out->audio, ours.audio.codec, ours.audio.codec_n, events);
	return any;
}
