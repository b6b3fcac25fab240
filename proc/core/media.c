/* SPDX-License-Identifier: ISC */
#include "media.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/rand.h"
#include "help_waits.h"
#include "wire/sdp_offer.h"
#include <stdlib.h>

enum {
	RELAY_DEADLINE_MS = 120000,
	ICE_PRIORITY = 2130706431, /* of a lite agent's only host candidate, component 1 (RFC 8445 5.1.2) */
	ICE_SECRET_LEN = 16,       /* RFC 8445 5.3: 128 bits of it are random */
};

static struct {
	uint16_t lo;
	struct pool slots;
	uint64_t *rested_ms; /* when a slot may be used again */
	bool *shown;         /* somebody was told of this slot's ports */
	bool told;
} ports;

static struct {
	uint8_t fingerprint[32];
	bool told;
} ours;

void media_init(void)
{
	const struct site *s = child_site();
	uint32_t n = media_slots(s);

	ports.lo = s->media_port_lo;
	ports.rested_ms = calloc(n, sizeof *ports.rested_ms);
	ports.shown = calloc(n, sizeof *ports.shown);
	if (!ports.rested_ms || !ports.shown || !pool_init(&ports.slots, child_node(), n, pool_share(n)))
		log_fatal("no memory for media ports");
	pool_rest_long(&ports.slots);
}

bool media_ready(void)
{
	return ports.told && child_link(PROC_MEDIA, 0);
}

uint32_t media_take_ports(enum pool_claim claim)
{
	struct pool *p = &ports.slots;

	/* the pool hands out the longest rested first; who needs help, or is called back, does not wait for the rest */
	if (claim == POOL_USUAL && p->used < p->cap && ports.rested_ms[pool_next(p)] > child_now()) {
		p->refused++;
		return MEDIA_NO_PORTS;
	}
	uint64_t id = pool_take(p, claim);
	return id == ID_NONE ? MEDIA_NO_PORTS : id_index(id);
}

uint16_t media_first_port(uint32_t slot)
{
	return (uint16_t)(ports.lo + RELAY_PORTS * slot);
}

bool media_adopt_ports(uint32_t slot, uint16_t first)
{
	if (slot >= ports.slots.cap || media_first_port(slot) != first ||
	    !pool_adopt(&ports.slots, id_make(child_node(), 1, slot)))
		return false;
	ports.shown[slot] = true;
	return true;
}

void media_release_ports(uint32_t slot)
{
	const uint64_t id = pool_id_at(&ports.slots, slot);

	if (!ports.shown[slot]) {
		pool_give_back(&ports.slots, id);
		return;
	}
	if (pool_release(&ports.slots, id))
		ports.rested_ms[slot] = child_now() + MEDIA_PORTS_REST_MS;
	ports.shown[slot] = false;
}

uint16_t media_port(const struct call *c, unsigned side)
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

/* Of this leg alone, however often it is told them: whoever else rings, or had the call before, can prove nothing with its own
 * (T24, T25). Others would be an ICE restart (RFC 8839 4.4.1.1.1), for which a leg has no reason. */
static void keep_credentials(struct sdp_audio *a, const struct sdp_audio *before)
{
	if (before->ice_ufrag[0]) {
		memcpy(a->ice_ufrag, before->ice_ufrag, sizeof a->ice_ufrag);
		memcpy(a->ice_pwd, before->ice_pwd, sizeof a->ice_pwd);
		return;
	}
	rand_hex(a->ice_ufrag, RELAY_UFRAG_MAX / 2);
	rand_hex(a->ice_pwd, ICE_SECRET_LEN);
}

void media_face(struct sdp *sdp, const struct call *c, struct leg *l, bool rtcp_mux)
{
	struct sdp_audio *a = &sdp->audio;
	const struct addr *us = &child_site()->listener[l->r.listener].advertised_media;
	uint16_t port = media_port(c, l->r.side);
	struct sdp before;

	ports.shown[c->r.ports] = true;
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
	keep_credentials(a, &before.audio);
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

static uint32_t owed; /* calls of which media is still to hear, and one more while they are looked for */

static void owe_one_less(void)
{
	/* a media that has said nothing yet will hear of all of them */
	if (--owed == 0 && media_ready() && ipc_begin(child_link(PROC_MEDIA, 0), MSG_RELAYS_DONE))
		ipc_end(child_link(PROC_MEDIA, 0));
}

void media_owe(struct call *c)
{
	c->untold = true;
	owed++;
}

void media_owe_no_more(struct call *c)
{
	if (!c->untold)
		return;
	c->untold = false;
	owe_one_less();
}

bool media_would_take(const struct call *c)
{
	struct relay_spec spec = {0};

	media_wish(c, &spec);
	return relay_spec_ok(&spec);
}

enum media_told media_relay(struct call *c)
{
	struct link *media = child_link(PROC_MEDIA, 0);
	struct relay_spec spec = {.deadline_ms = child_now() + RELAY_DEADLINE_MS};

	media_wish(c, &spec);
	if (!relay_spec_ok(&spec))
		return MEDIA_NEVER;
	enum msg_class class = c->r.emergency                    ? CLASS_EMERGENCY
	                       : spec.answered || spec.emergency ? CLASS_DIALOG
	                                                         : CLASS_NEW;
	struct msg_relay *m = media ? ipc_begin_as(media, MSG_RELAY, class) : NULL;
	if (!m)
		return MEDIA_LATER; /* every wish is sent again when media is back */
	m->join = c->r.id;
	m->wish = c->answers ? ++c->wish : 0;
	m->spec = ipc_put_part(media, &spec, sizeof spec);
	ipc_end(media);
	media_owe_no_more(c);
	return MEDIA_TOLD;
}

void media_close(struct call *c)
{
	struct link *media = child_link(PROC_MEDIA, 0);
	struct msg_relay_close *m = media ? ipc_begin(media, MSG_RELAY_CLOSE) : NULL;

	if (!m)
		return; /* media ends it when it is back and has heard of all others */
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
	owed = 1;
	call_tell_media();
	owe_one_less();
	help_waits_media_up();
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

void media_on_relayed(struct link *from, const struct ipc_view *v)
{
	const struct msg_relayed *m = v->payload;

	(void)from;
	call_relayed(m->join, m->wish);
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

void media_on_forged(struct link *from, const struct ipc_view *v)
{
	const struct msg_forged *m = v->payload;

	(void)from;
	call_forged(m->join, m->side, (enum relay_key)m->key);
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
