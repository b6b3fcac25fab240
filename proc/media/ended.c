/* SPDX-License-Identifier: ISC */
#include "ended.h"
#include "backlog.h"
#include "end_dtls.h"
#include "gate.h"
#include "police.h"
#include "quality.h"
#include "wire/g711.h"

static uint64_t heard_n, heard_lost, spoken_n, spoken_lost, withheld_n, swapped_n, old_n;

/* --- the row --- */

bool ended_is_open(uint32_t row)
{
	const struct relay_row *r = table_row(row);

	for (unsigned side = 0; side < 2; side++) {
		const struct end *e = end_at(row, side);
		if (r->spec.side[side].present && (!e || !end_is_open(e)))
			return false;
	}
	return true;
}

enum relay_key ended_key(const struct relay_row *r)
{
	static const uint8_t key[RELAY_ENDS] = {
	    [RELAY_ENDED_SDES] = RELAY_KEY_SDES, [RELAY_ENDED_DTLS] = RELAY_KEY_DTLS};

	return (enum relay_key)key[r->spec.side[r->spec.side[0].present ? 0 : 1].end];
}

void ended_turn(uint32_t row, uint64_t now_ms)
{
	for (unsigned side = 0; side < 2; side++) {
		struct end *e = end_at(row, side);
		if (!e)
			continue;
		if (e->kept.end == RELAY_ENDED_DTLS)
			end_dtls_turn(e);
		end_report(e, now_ms);
	}
}

/* --- payloads --- */

static const uint32_t rate_of[SDP_CODEC_N] = {
    [SDP_PCMU] = 8000,
    [SDP_PCMA] = 8000,
    [SDP_G722] = 8000, /* RFC 3551 4.5.2 */
    [SDP_OPUS] = 48000,
    [SDP_TELEPHONE_EVENT] = 0, /* that of the audio beside it */
};

static const struct relay_payload *payload_of_type(const struct relay_side *s, uint8_t type)
{
	for (int i = 0; i < s->payloads; i++)
		if (s->payload[i].type == type)
			return &s->payload[i];
	return NULL;
}

static const struct relay_payload *payload_of_codec(const struct relay_side *s, uint8_t codec)
{
	for (int i = 0; i < s->payloads; i++)
		if (s->payload[i].codec == codec)
			return &s->payload[i];
	return NULL;
}

/* --- from a side --- */

/* Audio is lost rather than late: without credit or room nothing is said. */
static void tell_voice(
    const struct relay_row *r, unsigned side, const struct rtp *rtp, uint8_t codec, struct span payload)
{
	struct link *voice = child_link(PROC_VOICE, 0);
	struct msg_heard *m = NULL;

	if (voice && payload.n <= AUDIO_MAX)
		m = ipc_begin_as(voice, MSG_HEARD, r->spec.emergency == POOL_HELP ? CLASS_EMERGENCY : CLASS_DIALOG);
	if (!m) {
		heard_lost++;
		return;
	}
	m->join = r->join;
	m->side = (uint8_t)side;
	m->codec = codec;
	m->marker = rtp->marker;
	m->timestamp = rtp->timestamp;
	m->payload = ipc_put(voice, payload);
	ipc_end(voice);
	heard_n++;
}

static enum drop to_other(
    const struct arrival *a, const struct relay_payload *p, const struct rtp *rtp, uint64_t index, struct span payload)
{
	struct splice_packet packet = {.who = SPLICE_OTHER,
	    .marker = rtp->marker,
	    .ssrc = rtp->ssrc,
	    .timestamp = rtp->timestamp,
	    .index = index,
	    .rate = rate_of[p->codec]};
	const struct relay_side *s = &table_row(a->row)->spec.side[a->side];
	struct end *other = end_at(a->row, !a->side);

	if (!other || end_side(other)->hears != RELAY_HEARS_OTHER)
		return DROP_NONE;
	if (p->codec == SDP_TELEPHONE_EVENT && !s->events) {
		withheld_n++;
		return DROP_NONE;
	}
	if (p->to == RELAY_TO_NONE)
		return DROP_SHAPE;
	if (backlog_is_old(a->row, a->side, rtp, rate_of[p->codec])) {
		old_n++;
		return DROP_NONE;
	}
	const struct relay_payload *far = payload_of_type(end_side(other), p->to);
	if (far && g711_is_other_law(p->codec, far->codec)) {
		uint8_t octets[AUDIO_MAX];
		if (payload.n > sizeof octets)
			return DROP_SHAPE;
		g711_swap_law(p->codec, payload, octets);
		swapped_n++;
		return end_send(other, p->to, &packet, span_of(octets, payload.n), child_now());
	}
	return end_send(other, p->to, &packet, payload, child_now());
}

static enum drop on_rtp(struct arrival *a, struct end *e)
{
	struct relay_row *r = table_row(a->row);
	const struct relay_side *s = &r->spec.side[a->side];
	struct rtp rtp;
	struct span payload;
	uint64_t index;

	if (a->component != COMPONENT_RTP)
		return DROP_SHAPE;
	enum drop why = end_take(e, a->p, &a->n, &rtp, &index, child_now());
	if (why)
		return why;
	const struct relay_payload *p = payload_of_type(s, rtp.pt);
	if (p)
		quality_take(a->row, a->side, &rtp, p->frame);
	if (!police_ok(
		a->media, POLICE_MEDIA_A_SECOND, child_now())) /* after the tag: who has no key takes nothing from it */
		return DROP_POLICED;
	if (!p || !rtp_payload(span_of(a->p, a->n), &rtp, &payload) || payload.n == 0 || !(s->direction & RELAY_SENDS))
		return DROP_SHAPE;
	reception_take(&e->reception, rtp.ssrc, index, rtp.timestamp, rate_of[p->codec], child_now());
	engine_passed(r, a->side);
	if (p->codec == SDP_OPUS)
		gate_watch_opus(r, a->side, (uint16_t)payload.n);
	if (s->listens)
		tell_voice(r, a->side, &rtp, p->codec, payload);
	return to_other(a, p, &rtp, index, payload);
}

static enum drop on_rtcp(struct arrival *a, struct end *e)
{
	const struct relay_side *s = end_side(e);
	bool mux = s->local_rtcp == s->local.port;

	if (a->component != (mux ? COMPONENT_RTP : COMPONENT_RTCP))
		return DROP_SHAPE;
	if (!police_ok(a->keying, POLICE_KEYING_A_SECOND, child_now())) /* each makes a cipher anew */
		return DROP_POLICED;
	enum drop why = end_take_report(e, a->p, a->n, child_now());
	if (!why)
		table_row(a->row)->heard_ms = child_now();
	return why;
}

static enum drop on_dtls(struct arrival *a, struct end *e)
{
	if (e->kept.end != RELAY_ENDED_DTLS || a->component != COMPONENT_RTP || !end_side(e)->keyed)
		return DROP_SHUT;
	if (!police_ok(a->keying, POLICE_KEYING_A_SECOND, child_now()))
		return DROP_POLICED;
	end_dtls_feed(e, a->from, span_of(a->p, a->n));
	return DROP_NONE;
}

void ended_packet(struct arrival *a)
{
	struct relay_row *r = table_row(a->row);
	struct end *e = end_at(a->row, a->side);
	enum wire_kind kind = wire_classify(span_of(a->p, a->n));
	enum drop why = DROP_SHAPE;

	if (!e)
		return;
	if (kind == WIRE_RTP)
		why = on_rtp(a, e);
	else if (kind == WIRE_RTCP)
		why = on_rtcp(a, e);
	else if (kind == WIRE_DTLS)
		why = on_dtls(a, e);
	if (why)
		engine_drop(r, a->side, why);
}

/* --- from voice --- */

void ended_on_spoken(struct link *from, const struct ipc_view *v)
{
	const struct msg_spoken *m = v->payload;
	int64_t row = table_find(m->join);
	struct end *e = row < 0 ? NULL : end_at((uint32_t)row, m->side);
	const struct relay_payload *p = e ? payload_of_codec(end_side(e), m->codec) : NULL;

	(void)from;
	/* a call ends, or goes on to its other side, while voice still speaks */
	if (!p || end_side(e)->hears != RELAY_HEARS_VOICE || m->payload.len == 0) {
		spoken_lost++;
		return;
	}
	struct splice_packet packet = {.who = SPLICE_VOICE,
	    .marker = m->marker,
	    .timestamp = m->timestamp,
	    .index = e->kept.sent.who == SPLICE_VOICE ? e->kept.sent.from_highest + 1 : 0,
	    .rate = rate_of[p->codec]};
	if (end_send(e, p->type, &packet, ipc_str(v, m->payload), child_now()))
		spoken_lost++;
	else
		spoken_n++;
}

void ended_status(struct proc_status *s)
{
	status_counter(s, "heard", heard_n);
	status_counter(s, "heard-lost", heard_lost);
	status_counter(s, "spoken", spoken_n);
	status_counter(s, "spoken-lost", spoken_lost);
	status_counter(s, "events-withheld", withheld_n);
	status_counter(s, "laws-swapped", swapped_n);
	status_counter(s, "waited-too-long", old_n);
	end_dtls_status(s);
}
