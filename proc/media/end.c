/* SPDX-License-Identifier: ISC */
#include "end.h"
#include "base/id.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/secret.h"
#include "end_dtls.h"
#include "engine.h"
#include "fast.h"
#include "ipc/left_out.h"
#include "source.h"
#include <stdlib.h>

enum { PAYLOAD_MAX = 1472, REPORT_SPREAD_MS = RTCP_EVERY_MS };

static struct arena_table *arena;
static struct end *ends;
static uint8_t *taken; /* by side: most have none, and their memory, which is large, is not even looked at */

struct arena_shape end_shape(uint32_t rows)
{
	return (struct arena_shape){sizeof(struct end_kept), 2 * rows};
}

void end_open(struct arena_table *kept)
{
	arena = kept;
	ends = calloc(kept->count, sizeof *ends); /* pages are touched as they are used */
	taken = calloc(kept->count, 1);
	if (!ends || !taken)
		log_fatal("no memory for ended sides");
	for (uint32_t i = 0; i < kept->count; i++)
		taken[i] = arena_get(kept, i) != NULL;
}

static uint32_t slot_of(const struct end *e)
{
	return 2 * e->row + e->side;
}

static void save(struct end *e)
{
	arena_put(arena, slot_of(e), &e->kept);
}

struct end *end_at(uint32_t row, unsigned side)
{
	struct end *e = &ends[2 * row + side];
	return taken[2 * row + side] && e->kept.join ? e : NULL;
}

static void prefetch(const void *from, size_t n)
{
	for (size_t at = 0; at < n; at += 64)
		__builtin_prefetch((const uint8_t *)from + at, 1);
}

void end_prefetch(uint32_t row, unsigned side)
{
	const struct end *e = &ends[2 * row + side], *other = &ends[2 * row + !side];

	if (!taken[2 * row + side])
		return;
	prefetch(&e->heard_ms, sizeof e->heard_ms);
	prefetch(&e->in.rtp.u.cm, sizeof e->in.rtp.u.cm);
	prefetch(&e->in.rtp.salt, sizeof e->in.rtp.salt);
	prefetch(&e->in.sources.at[0], sizeof e->in.sources.at[0]);
	prefetch(&e->in.sources.last, sizeof e->in.sources.last);
	prefetch(&e->reception, sizeof e->reception);
	prefetch(&e->kept, sizeof e->kept);
	prefetch(&other->kept, sizeof other->kept.join);
	prefetch(&other->kept.sent, sizeof other->kept.sent + sizeof other->kept.reserved);
}

const struct relay_side *end_side(const struct end *e)
{
	return &table_row(e->row)->spec.side[e->side];
}

void end_close(uint32_t row, unsigned side)
{
	struct end *e = end_at(row, side);

	if (!taken[2 * row + side])
		return;
	taken[2 * row + side] = false;
	arena_clear(arena, 2 * row + side);
	if (!e)
		return;
	end_dtls_close(e);
	secret_wipe(e, sizeof *e);
}

/* --- keys --- */

static void begin_stream(struct end *e)
{
	splice_begin(&e->kept.sent, rand_u32(), (uint16_t)rand_u32(), rand_u32());
	e->kept.reserved = e->kept.sent.next;
	e->kept.reserved_rtcp = 0;
}

static void begin(struct end *e, uint32_t row, unsigned side)
{
	*e = (struct end){.row = row, .side = (uint8_t)side, .dtls = ID_NONE};
	taken[slot_of(e)] = true;
	e->kept.join = table_row(row)->join;
	e->kept.end = end_side(e)->end;
	rand_hex(e->kept.cname, RTCP_CNAME / 2);
	begin_stream(e);
}

static void forget_heard(struct end *e)
{
	e->heard_ms = 0;
	e->reception = (struct reception){0};
	memset(&e->kept.heard, 0, sizeof e->kept.heard);
}

/* Under a new key of ours the stream takes a new SSRC, so that its roll-over counter is 0 beyond doubt. */
void end_set_keys(struct end *e, enum sdp_suite suite, const uint8_t *ours, const uint8_t *theirs)
{
	struct end_kept *k = &e->kept;
	size_t n = srtp_key_len(suite);
	bool another = !k->keyed || k->suite != suite;

	if (another || memcmp(k->key_ours, ours, n) != 0) {
		begin_stream(e);
		srtp_set(&e->out, suite, ours);
	}
	if (another || memcmp(k->key_theirs, theirs, n) != 0) {
		forget_heard(e);
		srtp_set(&e->in, suite, theirs);
	}
	memcpy(k->key_ours, ours, n);
	memcpy(k->key_theirs, theirs, n);
	k->suite = (uint8_t)suite;
	k->keyed = 1;
	save(e);
}

static void follow_sdes(struct end *e, const struct relay_side *s)
{
	if (s->keyed)
		end_set_keys(e, (enum sdp_suite)s->suite, s->key_ours, s->key_theirs);
}

/* A key that another certificate agreed on is not this one's. */
static void follow_dtls(struct end *e, const struct relay_side *s)
{
	bool same = e->fingerprint.hash == s->fingerprint.hash &&
	            memcmp(e->fingerprint.bytes, s->fingerprint.bytes, sizeof s->fingerprint.bytes) == 0;

	if (!s->keyed || (same && e->active == s->dtls_active))
		return;
	if (!same)
		e->kept.keyed = 0;
	e->fingerprint = s->fingerprint;
	e->active = s->dtls_active;
	end_dtls_begin(e);
	save(e);
}

static void follow_clear(struct end *e, const struct relay_side *s)
{
	e->kept.keyed |= s->keyed;
	save(e);
}

static void (*const follow[RELAY_ENDS])(struct end *e, const struct relay_side *s) = {
    [RELAY_ENDED_SDES] = follow_sdes,
    [RELAY_ENDED_DTLS] = follow_dtls,
    [RELAY_ENDED_CLEAR] = follow_clear,
};

void end_follow(uint32_t row, unsigned side)
{
	const struct relay_side *s = &table_row(row)->spec.side[side];
	struct end *e = end_at(row, side);

	if (!s->present || s->end == RELAY_PASSING) {
		end_close(row, side);
		return;
	}
	if (e && (e->kept.join != table_row(row)->join || e->kept.end != s->end)) {
		end_close(row, side);
		e = NULL;
	}
	if (!e) {
		e = &ends[2 * row + side];
		begin(e, row, side);
	}
	follow[s->end](e, s);
}

/* Indices of SRTP have 48 bits, those of SRTCP 31 (RFC 3711 3.3.1, 3.4). What is reserved covers what was sent: nothing of ours is
 * sealed twice under one index. */
static bool numbers_ok(const struct end_kept *k)
{
	const uint64_t rtp_most = UINT64_C(1) << 48, rtcp_most = UINT64_C(1) << 31;

	return k->sent.next <= k->reserved && k->reserved <= rtp_most + END_AHEAD &&
	       k->reserved_rtcp <= rtcp_most + END_AHEAD_RTCP && srtp_marks_ok(&k->heard) &&
	       k->sent.sent_ms <= child_now();
}

static bool cname_ok(const char cname[RTCP_CNAME + 1])
{
	for (int i = 0; i < RTCP_CNAME; i++)
		if (!strchr("0123456789abcdef", cname[i]) || !cname[i])
			return false;
	return cname[RTCP_CNAME] == 0;
}

static bool kept_ok(const struct end_kept *k, const struct relay_row *r, const struct relay_side *s)
{
	return k->join == r->join && s->present && k->end == s->end && k->keyed == 1 && k->suite < SDP_SUITE_N &&
	       numbers_ok(k) && cname_ok(k->cname);
}

/* What may have been sent counts as sent, what was heard is not heard again. */
void end_resume(uint32_t row, unsigned side)
{
	const struct relay_row *r = table_row(row);
	const struct relay_side *s = &r->spec.side[side];
	const struct end_kept *k = arena_get(arena, 2 * row + side);
	struct end *e = &ends[2 * row + side];

	if (!k || !kept_ok(k, r, s)) {
		if (k && k->join == r->join && k->keyed)
			left_out_damaged(arena, 2 * row + side);
		end_follow(row, side);
		return;
	}
	*e = (struct end){.row = row, .side = (uint8_t)side, .dtls = ID_NONE, .kept = *k};
	e->fingerprint = s->fingerprint;
	e->active = s->dtls_active;
	const struct srtp_marks sent = {.source = {{k->sent.ssrc, k->reserved_rtcp, k->reserved}}};
	if (k->end != RELAY_ENDED_CLEAR) {
		srtp_set(&e->out, (enum sdp_suite)k->suite, k->key_ours);
		srtp_set(&e->in, (enum sdp_suite)k->suite, k->key_theirs);
		sources_set_marks(&e->out.sources, &sent);
	}
	sources_set_marks(&e->in.sources, &k->heard);
	e->kept.sent.next = k->reserved;
	splice_cut(&e->kept.sent);
	follow[s->end](e, s);
	save(e);
}

/* --- what comes --- */

static enum drop drop_of(enum srtp_result r)
{
	static const uint8_t drop[SRTP_RESULTS] = {
	    [SRTP_OK] = DROP_NONE,
	    [SRTP_MALFORMED] = DROP_SHAPE,
	    [SRTP_REPLAYED] = DROP_REPLAY,
	    [SRTP_BAD_TAG] = DROP_TAG,
	    [SRTP_CROWDED] = DROP_CROWDED,
	    [SRTP_SPENT] = DROP_SHUT,
	};
	return (enum drop)drop[r];
}

static void keep_heard(struct end *e, uint64_t now_ms)
{
	e->heard_ms = now_ms;
	sources_mark_last(&e->in.sources, &e->kept.heard);
	save(e);
}

enum drop end_take(struct end *e, uint8_t *packet, size_t *n, struct rtp *rtp, uint64_t *index, uint64_t now_ms)
{
	bool clear = e->kept.end == RELAY_ENDED_CLEAR;
	unsigned leaps = now_ms > e->heard_ms + END_PATIENT_MS ? END_LEAPS : 0;

	if (!end_is_open(e))
		return DROP_SHUT;
	if (!clear) {
		enum srtp_result r = srtp_open(&e->in, packet, n, leaps);
		if (r != SRTP_OK)
			return drop_of(r);
	}
	if (!rtp_parse(span_of(packet, *n), rtp))
		return DROP_SHAPE;
	if (clear && !clear_take(&e->clear, &e->in.sources, rtp))
		return DROP_REPLAY;
	*index = (uint64_t)window_guess(&e->in.sources.at[e->in.sources.last].rtp, rtp->seq);
	if (rtp->ssrc == e->kept.sent.ssrc && !e->collided) {
		begin_stream(e);    /* RFC 3550 8.2: a collision; the other one was first */
		e->collided = true; /* whoever takes the new one too sends back what it hears */
	}
	keep_heard(e, now_ms);
	return DROP_NONE;
}

enum drop end_take_report(struct end *e, uint8_t *packet, size_t n, uint64_t now_ms)
{
	if (!end_is_open(e))
		return DROP_SHUT;
	if (e->kept.end != RELAY_ENDED_CLEAR) {
		enum srtp_result r = srtcp_open(&e->in, packet, &n);
		if (r != SRTP_OK)
			return drop_of(r);
		keep_heard(e, now_ms);
	}
	return reception_report(&e->reception, span_of(packet, n), now_ms) ? DROP_NONE : DROP_SHAPE;
}

/* --- what goes --- */

static bool muxed(const struct relay_side *s)
{
	return s->local_rtcp == s->local.port;
}

/* Before a number is used, the arena says that it may be. */
static void reserve(struct end *e)
{
	if (e->kept.sent.next <= e->kept.reserved)
		return;
	e->kept.reserved = e->kept.sent.next + END_AHEAD;
	save(e);
}

static struct buf head_of(uint8_t *room, size_t cap, uint8_t type, const struct splice_packet *p)
{
	struct buf b = buf_of(room, cap);

	buf_u8(&b, 0x80);
	buf_u8(&b, (uint8_t)((p->marker ? 0x80 : 0) | type));
	buf_u16(&b, (uint16_t)p->index);
	buf_u32(&b, p->timestamp);
	buf_u32(&b, p->ssrc);
	return b;
}

enum drop end_send(struct end *e, uint8_t type, struct splice_packet *p, struct span payload, uint64_t now_ms)
{
	uint8_t room[RTP_HEADER + PAYLOAD_MAX + SRTP_GROWS];
	const struct relay_side *s = end_side(e);
	const struct addr *where = source_where(table_row(e->row), e->side, COMPONENT_RTP);

	if (!end_is_open(e))
		return DROP_SHUT;
	if (!where->family)
		return DROP_NOWHERE;
	if (!(s->direction & RELAY_RECEIVES))
		return DROP_NONE; /* on hold: as it wishes */
	if (payload.n > PAYLOAD_MAX)
		return DROP_SHAPE;
	if (!splice_take(&e->kept.sent, p, now_ms))
		return DROP_REPLAY;
	reserve(e);
	struct buf b = head_of(room, sizeof room, type, p);
	buf_add(&b, payload);
	if (e->kept.end != RELAY_ENDED_CLEAR) {
		enum srtp_result r = srtp_seal(&e->out, room, &b.n);
		if (r != SRTP_OK)
			return drop_of(r);
	}
	if (!fast_send(e->row, e->side, buf_span(&b))) {
		fast_flush(); /* in order */
		engine_send(s, COMPONENT_RTP, where, buf_span(&b));
	}
	e->kept.sent.packets++;
	e->kept.sent.octets += (uint32_t)payload.n;
	return DROP_NONE;
}

static void reserve_rtcp(struct end *e)
{
	const struct srtp_source *at = sources_look(&e->out.sources, e->kept.sent.ssrc);

	if (!at || at->rtcp.next < e->kept.reserved_rtcp)
		return;
	e->kept.reserved_rtcp = (uint32_t)at->rtcp.next + END_AHEAD_RTCP;
	save(e);
}

static struct sender sender_of(const struct end *e, uint64_t now_ms)
{
	const struct splice *s = &e->kept.sent;
	struct sender out = {.ssrc = s->ssrc,
	    .timestamp = splice_now(s, now_ms),
	    .packets = s->packets,
	    .octets = s->octets,
	    .clock_ms = now_ms + (uint64_t)s->ssrc * 1000};

	memcpy(out.cname, e->kept.cname, sizeof out.cname);
	return out;
}

void end_report(struct end *e, uint64_t now_ms)
{
	uint8_t room[RTCP_MAX + SRTCP_GROWS];
	const struct relay_side *s = end_side(e);
	unsigned component = muxed(s) ? COMPONENT_RTP : COMPONENT_RTCP;
	const struct addr *where = source_where(table_row(e->row), e->side, COMPONENT_RTCP);

	if (!end_is_open(e) || !where->family || (e->kept.end == RELAY_ENDED_DTLS && !muxed(s)))
		return;
	if (now_ms < e->report_at_ms)
		return;
	bool first = e->report_at_ms == 0;
	e->report_at_ms = now_ms + RTCP_EVERY_MS / 2 + rand_u32() % REPORT_SPREAD_MS;
	if (first)
		return;
	struct buf b = buf_of(room, RTCP_MAX);
	struct sender us = sender_of(e, now_ms);
	rtcp_write(&b, &us, &e->reception, now_ms);
	if (e->kept.end != RELAY_ENDED_CLEAR) {
		reserve_rtcp(e);
		if (srtcp_seal(&e->out, room, &b.n) != SRTP_OK)
			return;
	}
	engine_send(s, component, where, buf_span(&b));
}
