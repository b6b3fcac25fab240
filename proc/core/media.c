/* SPDX-License-Identifier: ISC */
#include "media.h"
#include "base/log.h"
#include "base/pool.h"
#include "wire/sdp_offer.h"
#include <stdlib.h>

enum {
	RELAY_DEADLINE_MS = 120000,
	ICE_PRIORITY = 2130706431, /* of a lite agent's only host candidate, component 1 (RFC 8445 5.1.2) */
};

static struct {
	uint16_t lo;
	struct pool slots;
	uint64_t *rested_ms; /* when a slot may be used again */
	bool told;
} ports;

static struct {
	uint8_t fingerprint[32];
	bool told;
} ours;

void media_init(void)
{
	const struct site *s = child_site();
	uint32_t n = (uint32_t)(s->media_port_hi - s->media_port_lo + 1) / RELAY_PORTS;

	ports.lo = s->media_port_lo;
	ports.rested_ms = calloc(n, sizeof *ports.rested_ms);
	if (!ports.rested_ms || !pool_init(&ports.slots, child_node(), n, pool_share(n)))
		log_fatal("no memory for media ports");
	pool_rest_long(&ports.slots);
}

bool media_ready(void)
{
	return ports.told && child_link(PROC_MEDIA, 0);
}

uint32_t media_take_ports(bool emergency)
{
	struct pool *p = &ports.slots;

	/* the pool hands out the longest rested first; an emergency call does not wait for the rest */
	if (!emergency && p->used < p->cap && ports.rested_ms[pool_next(p)] > child_now()) {
		p->refused++;
		return MEDIA_NO_PORTS;
	}
	uint64_t id = pool_take(p, emergency);
	return id == ID_NONE ? MEDIA_NO_PORTS : id_index(id);
}

uint16_t media_first_port(uint32_t slot)
{
	return (uint16_t)(ports.lo + RELAY_PORTS * slot);
}

bool media_adopt_ports(uint32_t slot, uint16_t first)
{
	return slot < ports.slots.cap && media_first_port(slot) == first &&
	       pool_adopt(&ports.slots, id_make(child_node(), 1, slot));
}

void media_release_ports(uint32_t slot)
{
	if (pool_release(&ports.slots, pool_id_at(&ports.slots, slot)))
		ports.rested_ms[slot] = child_now() + MEDIA_PORTS_REST_MS;
}

static uint16_t port_of(const struct call *c, unsigned side)
{
	return (uint16_t)(media_first_port(c->r.ports) + 2 * side);
}

static void add_candidate(struct sdp_audio *a, const struct addr *at, uint8_t component, uint16_t port)
{
	struct sdp_candidate *k = &a->candidate[a->candidate_n++];

	*k = (struct sdp_candidate){
	    .addr = *at, .priority = ICE_PRIORITY - (component - 1u), .component = component, .type = SDP_HOST};
	k->addr.port = port;
	memcpy(k->foundation, "1", 2);
}

void media_face(struct sdp *sdp, const struct call *c, struct leg *l, bool rtcp_mux)
{
	struct sdp_audio *a = &sdp->audio;
	const struct addr *us = &child_site()->listener[l->r.listener].advertised_media;
	uint16_t port = port_of(c, l->r.side);
	struct sdp before;

	sdp_drop_ice(sdp);
	a->at = *us;
	a->at.port = port;
	a->rtcp = (struct addr){0};
	a->rtcp_mux = rtcp_mux;
	sdp->id = l->r.id & 0x7fffffffffff;
	leg_local(l, &before);
	sdp->version = before.version + 1;
	if (!l->r.ice)
		return;
	a->ice_lite = 1;
	memcpy(a->ice_ufrag, c->r.ice_ufrag[l->r.side], sizeof c->r.ice_ufrag[0]);
	memcpy(a->ice_pwd, c->r.ice_pwd[l->r.side], sizeof c->r.ice_pwd[0]);
	add_candidate(a, us, 1, port);
	if (!rtcp_mux)
		add_candidate(a, us, 2, (uint16_t)(port + 1));
}

bool media_behind_nat(const struct leg *l, const struct sdp *sdp)
{
	return !addr_same_ip(&sdp->audio.at, &l->r.seen) && !(l->r.ice && sdp->audio.ice_ufrag[0]);
}

enum relay_key media_key(const struct sdp *answer)
{
	uint8_t keys = sdp_keys(answer);

	if (keys & SDP_KEYS_DTLS)
		return RELAY_KEY_DTLS;
	if (keys & SDP_KEYS_SDES)
		return RELAY_KEY_SDES;
	return keys & SDP_KEYS_ZRTP ? RELAY_KEY_ZRTP : RELAY_KEY_NONE;
}

/* --- the wish --- */

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

/* mux: both ends agreed to it; a phone that only offered it has its RTCP on a port of its own */
static void name_source(struct relay_side *s, const struct leg *l, const struct sdp *sdp, bool mux)
{
	const struct sdp_audio *a = &sdp->audio;

	s->rtp = a->at;
	s->rtcp = a->rtcp.family ? a->rtcp : a->at;
	if (!a->rtcp.family && !mux)
		s->rtcp.port = (uint16_t)(a->at.port + 1);
	if (l->r.ice && a->ice_ufrag[0]) {
		s->source = RELAY_SOURCE_ICE;
	} else if (addr_same_ip(&a->at, &l->r.seen)) {
		s->source = RELAY_SOURCE_NAMED;
	} else {
		s->source = RELAY_SOURCE_LEARN;
		s->rtp = s->rtcp = l->r.seen;
		s->rtp.port = s->rtcp.port = 0;
	}
}

/* What a leg's phone said; all zero when there is none. */
static void said_by(const struct leg *l, struct sdp *out)
{
	if (l)
		leg_remote(l, out);
	else
		*out = (struct sdp){0};
}

static bool both_mux(const struct leg *l, const struct sdp *remote)
{
	struct sdp local;

	if (!l || !remote->audio.rtcp_mux)
		return false;
	leg_local(l, &local);
	return local.audio.rtcp_mux;
}

static void fill_side(struct relay_side *s, struct call *c, unsigned side, struct leg *l, struct leg *other)
{
	const struct listener *at = &child_site()->listener[l ? l->r.listener : 0];
	struct sdp says, hears;

	said_by(l, &says);
	said_by(other, &hears);
	bool mux = both_mux(l, &says);

	s->present = 1;
	s->end = RELAY_PASSING;
	s->hears = RELAY_HEARS_OTHER;
	s->events = 1;
	s->local = at->media;
	s->local.port = port_of(c, side);
	s->local_rtcp = (uint16_t)(s->local.port + (mux ? 0 : 1));
	if (l && l->r.ice) {
		memcpy(s->ice_ufrag, c->r.ice_ufrag[side], sizeof c->r.ice_ufrag[0]);
		memcpy(s->ice_pwd, c->r.ice_pwd[side], sizeof c->r.ice_pwd[0]);
	}
	if (!l || !l->r.has_remote || !c->r.answered_ms)
		return;
	enum relay_key key = (enum relay_key)c->r.key;
	s->key = (uint8_t)key;
	s->keyed = key == RELAY_KEY_SDES;
	s->direction = says.audio.direction;
	s->tag_len = tag_len(&says, &hears, key);
	s->learn_epoch = l->r.learn_epoch;
	memcpy(s->zrtp_hash, says.audio.zrtp_hash, sizeof s->zrtp_hash);
	name_source(s, l, &says, mux);
	/* it sends what the other end said it takes */
	add_payloads(s, &hears);
	add_payloads(s, &says);
}

bool media_relay(struct call *c)
{
	struct link *media = child_link(PROC_MEDIA, 0);
	struct leg *caller = leg_get(c->r.caller), *callee = leg_get(c->r.callee);
	struct relay_spec spec = {.emergency = c->r.emergency,
	    .answered = c->r.answered_ms != 0,
	    .deadline_ms = child_now() + RELAY_DEADLINE_MS};
	enum msg_class class = c->r.emergency ? CLASS_EMERGENCY : c->r.answered_ms ? CLASS_DIALOG : CLASS_NEW;
	struct msg_relay *m = media ? ipc_begin_as(media, MSG_RELAY, class) : NULL;

	if (!m)
		return false; /* every wish is sent again when media is back */
	fill_side(&spec.side[0], c, 0, caller, callee);
	fill_side(&spec.side[1], c, 1, callee, caller);
	m->join = c->r.id;
	m->spec = ipc_put_part(media, &spec, sizeof spec);
	ipc_end(media);
	return true;
}

void media_close(struct call *c)
{
	struct link *media = child_link(PROC_MEDIA, 0);
	struct msg_relay_close *m = media ? ipc_begin(media, MSG_RELAY_CLOSE) : NULL;

	if (!m)
		return; /* its deadline ends it */
	m->join = c->r.id;
	ipc_end(media);
}

/* --- what media says --- */

void media_on_ports(struct link *from, const struct ipc_view *v)
{
	const struct msg_ports *m = v->payload;

	if (m->lo != ports.lo || m->hi != child_site()->media_port_hi) {
		child_accuse(from, "bound other ports than the site's", 0, 0);
		return;
	}
	ports.told = true;
	call_tell_media(from);
}

void media_on_dtls_ours(struct link *from, const struct ipc_view *v)
{
	const struct msg_dtls_ours *m = v->payload;

	(void)from;
	memcpy(ours.fingerprint, m->fingerprint, sizeof ours.fingerprint);
	ours.told = true;
}

const uint8_t *media_fingerprint(void)
{
	return ours.told ? ours.fingerprint : NULL;
}

void media_on_failed(struct link *from, const struct ipc_view *v)
{
	const struct msg_relay_failed *m = v->payload;

	(void)from;
	call_media_failed(m->join, (enum relay_why)m->why);
}

void media_on_gate(struct link *from, const struct ipc_view *v)
{
	const struct msg_gate *m = v->payload;

	(void)from;
	call_gate_open(m->join, (enum relay_key)m->key);
}

void media_on_varying(struct link *from, const struct ipc_view *v)
{
	const struct msg_varying *m = v->payload;

	(void)from;
	call_varying(m->join, m->side);
}

void media_on_counts(struct link *from, const struct ipc_view *v)
{
	(void)from;
	call_counts(v->payload);
}

void media_down(void)
{
	ports.told = false;
}

void media_status(struct proc_status *s)
{
	status_pool(s, "media-ports", &ports.slots);
}
