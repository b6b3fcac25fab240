/* SPDX-License-Identifier: ISC */
/* What core wishes of media for one call, made from what its legs said and heard. */
#include "call.h"
#include "media.h"
#include "trunk.h"
#include "wire/g711.h"
#include "wire/sdp_offer.h"

/* A leg with both its descriptions; all zero where it has none. */
struct said {
	const struct leg *l; /* NULL: there is none */
	bool both, mux;
	bool open; /* it has our answer by a 18x alone */
	struct sdp ours, theirs;
};

static void read_leg(const struct leg *l, struct said *out)
{
	*out = (struct said){.l = l};
	if (!l)
		return;
	leg_local(l, &out->ours);
	leg_remote(l, &out->theirs);
	out->both = l->r.has_local && l->r.has_remote;
	out->open = out->both && l->early && (l->r.state == LEG_IN_CALLING || l->r.state == LEG_IN_ANSWERED);
	/* both ends agreed to it; a phone that only offered it has its RTCP on a port of its own */
	out->mux = out->both && out->ours.audio.rtcp_mux && out->theirs.audio.rtcp_mux;
}

static uint8_t frame_of(uint8_t codec)
{
	static const uint8_t frame[SDP_CODEC_N] = {
	    [SDP_PCMU] = RELAY_FRAME_PCM,
	    [SDP_PCMA] = RELAY_FRAME_PCM,
	    [SDP_G722] = RELAY_FRAME_PCM,
	    [SDP_OPUS] = RELAY_FRAME_OPUS,
	    [SDP_TELEPHONE_EVENT] = RELAY_FRAME_EVENT,
	};
	return frame[codec];
}

/* What is named counts where it was seen, or is a trunk's: nobody has the relay send to a third. */
static bool is_its_own(const struct said *d)
{
	const struct sdp_audio *a = &d->theirs.audio;

	return d->l->r.trunk ? trunk_media_from(d->l->r.trunk, a) && !addr_is_any(&a->at)
	                     : addr_same_ip(&a->at, &d->l->r.seen);
}

static void name_rtcp(struct relay_side *s, const struct said *d)
{
	const struct sdp_audio *a = &d->theirs.audio;

	s->rtcp = a->at;
	if (a->rtcp.family && (d->l->r.trunk || addr_same_ip(&a->rtcp, &a->at)))
		s->rtcp = a->rtcp;
	else if (!d->mux)
		s->rtcp.port = (uint16_t)(a->at.port + 1);
}

static void name_source(struct relay_side *s, const struct said *d)
{
	const struct sdp_audio *a = &d->theirs.audio;

	s->rtp = a->at;
	name_rtcp(s, d);
	if (d->l->r.ice && a->ice_ufrag[0]) {
		s->source = RELAY_SOURCE_ICE;
	} else if (is_its_own(d)) {
		s->source = RELAY_SOURCE_NAMED;
	} else {
		s->source = RELAY_SOURCE_LEARN;
		s->rtp = s->rtcp = d->l->r.seen;
		s->rtp.port = s->rtcp.port = 0;
	}
}

/* --- a side that passes --- */

static void add_payloads(struct relay_side *s, const struct sdp *sdp)
{
	for (int i = 0; i < sdp->audio.codec_n; i++) {
		int at = 0;
		while (at < s->payloads && s->payload[at].type != sdp->audio.codec[i].pt)
			at++;
		if (at < s->payloads || at == RELAY_PAYLOADS_MAX)
			continue;
		const struct sdp_codec *k = &sdp->audio.codec[i];
		s->payload[s->payloads++] = (struct relay_payload){k->pt, frame_of(k->codec), k->codec, k->pt};
	}
}

/* With DTLS and ZRTP the tag is agreed between the phones: 0, any of the known lengths. With SDES the answer names one
 * suite for both directions, the offer perhaps several (RFC 4568 5.1.2). */
static uint8_t tag_len(const struct sdp *one, const struct sdp *other, enum relay_key key)
{
	const struct sdp *answer = one->audio.crypto_n == 1 ? one : other;

	if (key != RELAY_KEY_SDES || answer->audio.crypto_n != 1)
		return 0;
	return answer->audio.crypto[0].suite >= SDP_AEAD_AES_128_GCM ? 16 : 10;
}

static void fill_passing(struct relay_side *s, const struct call *c, const struct said *d, const struct said *other)
{
	enum relay_key key = (enum relay_key)c->r.key;

	s->key = (uint8_t)key;
	s->keyed = key == RELAY_KEY_SDES;
	s->direction = d->theirs.audio.direction;
	s->tag_len = tag_len(&d->theirs, &other->theirs, key);
	s->learn_epoch = d->l->r.learn_epoch;
	memcpy(s->zrtp_hash, d->theirs.audio.zrtp_hash, sizeof s->zrtp_hash);
	name_source(s, d);
	/* it sends what the other end said it takes */
	add_payloads(s, &other->theirs);
	add_payloads(s, &d->theirs);
}

/* --- a side whose encryption ends in media --- */

static const struct sdp_codec *codec_like(const struct sdp *sdp, const struct sdp_codec *k)
{
	for (uint8_t i = 0; i < sdp->audio.codec_n; i++)
		if (sdp->audio.codec[i].codec == k->codec && sdp->audio.codec[i].clock == k->clock)
			return &sdp->audio.codec[i];
	return NULL;
}

/* What both named, by the number that it uses. */
static const struct sdp_codec *takes(const struct said *d, const struct sdp_codec *k)
{
	return codec_like(&d->ours, k) ? codec_like(&d->theirs, k) : NULL;
}

/* Or the other law of G.711, into which the relay puts it. Last, what it offered and we did not choose: another branch of the far end may
 * have early media in that alone, and a 183 leaves the offer open (RFC 3261 13.2.1). */
static const struct sdp_codec *takes_somehow(const struct said *d, const struct sdp_codec *k)
{
	static const uint8_t laws[] = {SDP_PCMU, SDP_PCMA};
	const struct sdp_codec *as = d->both ? takes(d, k) : NULL;

	for (size_t i = 0; d->both && !as && i < sizeof laws; i++)
		if (g711_is_other_law(k->codec, laws[i]))
			as = takes(d, &(struct sdp_codec){.codec = laws[i], .clock = k->clock});
	return as || !d->open ? as : codec_like(&d->theirs, k);
}

static const struct relay_payload *payload_of(const struct relay_side *s, uint8_t type)
{
	for (int i = 0; i < s->payloads; i++)
		if (s->payload[i].type == type)
			return &s->payload[i];
	return NULL;
}

/* It may send this by that number. */
static void add_ended(
    struct relay_side *s, const struct said *d, const struct said *other, const struct sdp_codec *k, uint8_t type)
{
	const struct sdp_codec *far = takes_somehow(other, k);

	if (takes(d, k) && !payload_of(s, type) && s->payloads < RELAY_PAYLOADS_MAX)
		s->payload[s->payloads++] =
		    (struct relay_payload){type, frame_of(k->codec), k->codec, far ? far->pt : (uint8_t)RELAY_TO_NONE};
}

/* What it takes comes first: what is sent to it goes by that. It sends by the numbers of our description (RFC 3264 5.1), and many by
 * those of their own. */
static void add_ended_payloads(struct relay_side *s, const struct said *d, const struct said *other)
{
	const struct sdp_audio *ours = &d->ours.audio, *theirs = &d->theirs.audio;

	for (int i = 0; i < theirs->codec_n; i++)
		add_ended(s, d, other, &theirs->codec[i], theirs->codec[i].pt);
	for (int i = 0; i < ours->codec_n; i++)
		add_ended(s, d, other, &ours->codec[i], ours->codec[i].pt);
}

static void add_sdes(struct relay_side *s, const struct said *d)
{
	const struct sdp_audio *ours = &d->ours.audio, *theirs = &d->theirs.audio;

	if (ours->crypto_n != 1 || theirs->crypto_n != 1)
		return;
	s->suite = ours->crypto[0].suite;
	memcpy(s->key_ours, ours->crypto[0].key, sizeof s->key_ours);
	memcpy(s->key_theirs, theirs->crypto[0].key, sizeof s->key_theirs);
	s->keyed = 1;
}

static void add_dtls(struct relay_side *s, const struct said *d)
{
	const struct sdp_audio *ours = &d->ours.audio, *theirs = &d->theirs.audio;

	s->dtls_active = ours->setup == SDP_ACTIVE || (ours->setup == SDP_ACTPASS && theirs->setup == SDP_PASSIVE);
	for (uint8_t i = 0; i < theirs->fingerprint_n && !s->keyed; i++)
		if (theirs->fingerprint[i].hash != SDP_SHA_1) {
			s->fingerprint = theirs->fingerprint[i];
			s->keyed = 1;
		}
}

static void add_clear(struct relay_side *s, const struct said *d)
{
	(void)d;
	s->keyed = 1;
}

static void fill_ended(struct relay_side *s, const struct call *c, const struct said *d, const struct said *other)
{
	static void (*const add_keys[RELAY_ENDS])(struct relay_side * s, const struct said *d) = {
	    [RELAY_ENDED_SDES] = add_sdes, [RELAY_ENDED_DTLS] = add_dtls, [RELAY_ENDED_CLEAR] = add_clear};
	unsigned side = d->l->r.side;

	if (!add_keys[d->l->r.ends])
		return;
	s->present = 1;
	s->end = d->l->r.ends;
	s->hears = c->r.hears[side];
	s->listens = c->r.listens >> side & 1;
	s->events = !s->listens; /* what the exchange asked for is not for the other side */
	s->direction = d->theirs.audio.direction;
	s->learn_epoch = d->l->r.learn_epoch;
	name_source(s, d);
	add_ended_payloads(s, d, other);
	add_keys[d->l->r.ends](s, d);
}

/* --- both --- */

/* What this leg was told, and what it said itself: the dialogs that one INVITE forks into were told the same. */
static void add_ice(struct relay_side *s, const struct said *d)
{
	const struct span ufrag = span_str(d->ours.audio.ice_ufrag), pwd = span_str(d->ours.audio.ice_pwd),
			  theirs = span_str(d->theirs.audio.ice_ufrag);

	if (ufrag.n > sizeof s->ice_ufrag || pwd.n >= sizeof s->ice_pwd || theirs.n > sizeof s->ice_theirs)
		return; /* not ours: nobody proves anything */
	memcpy(s->ice_ufrag, ufrag.p, ufrag.n);
	memcpy(s->ice_pwd, pwd.p, pwd.n);
	memcpy(s->ice_theirs, theirs.p, theirs.n);
}

/* Of a caller who has not answered our offer yet, and is alone, as little is known as while it rings. */
static bool is_unknown(const struct said *d, const struct said *other)
{
	return d->l && leg_owes_answer(d->l) && !d->both && !other->both;
}

static void fill_side(
    struct relay_side *s, const struct call *c, unsigned side, const struct said *d, const struct said *other)
{
	s->local = child_site()->listener[d->l ? d->l->r.listener : 0].media;
	s->local.port = media_port(c, side);
	s->local_rtcp = (uint16_t)(s->local.port + (d->mux ? 0 : 1));
	if (d->l && d->l->r.ice)
		add_ice(s, d);
	if (c->r.ended && !(is_unknown(d, other) || is_unknown(other, d))) {
		if (d->both)
			fill_ended(s, c, d, other);
		return;
	}
	s->present = 1;
	s->end = RELAY_PASSING;
	s->hears = RELAY_HEARS_OTHER;
	s->events = 1;
	if (d->l && d->l->r.has_remote && c->r.answered_ms)
		fill_passing(s, c, d, other);
}

void media_wish(const struct call *c, struct relay_spec *spec)
{
	const struct leg *caller = leg_get(c->r.caller), *callee = leg_get(c->r.callee);
	unsigned side = caller ? caller->r.side : callee ? !callee->r.side : 0;
	struct said a, b;

	read_leg(caller, &a);
	read_leg(callee, &b);
	spec->emergency = (uint8_t)call_claim(c);
	spec->answered = (c->r.answered_ms || c->r.spoken) && !(caller && leg_owes_answer(caller)) &&
	                 !(callee && leg_owes_answer(callee));
	fill_side(&spec->side[side], c, side, &a, &b);
	fill_side(&spec->side[!side], c, !side, &b, &a);
}
