/* SPDX-License-Identifier: ISC */
/* Flows find their legs, legs are judged by their media or, where that was not captured, by what was agreed, and calls by
 * their worst leg. */
#include "audit/beside.h"
#include "audit/judge.h"
#include <stdlib.h>

enum { BEFORE_MS = 5000, AFTER_MS = 10000, LEGS_LOOK = 64 };

uint32_t calls_root(struct calls *c, uint32_t node)
{
	while (c->node[node].parent != node) {
		c->node[node].parent = c->node[c->node[node].parent].parent;
		node = c->node[node].parent;
	}
	return node;
}

/* The lower number is the root, so that a call is named after its first leg. */
void calls_union(struct calls *c, uint32_t x, uint32_t y)
{
	x = calls_root(c, x);
	y = calls_root(c, y);
	if (x < y)
		c->node[y].parent = x;
	else
		c->node[x].parent = y;
}

/* --- whose leg a flow is --- */

static bool in_time(const struct leg *l, const struct flow *f)
{
	if (f->last_ms + BEFORE_MS < l->invite_ms)
		return false;
	return !l->ended || f->first_ms < l->end_ms + AFTER_MS;
}

struct candidates {
	uint32_t n, leg[2 * LEGS_LOOK];
	uint8_t score[2 * LEGS_LOOK];
};

static void look_up(struct audit *a, const struct flow *f, const uint8_t ip[16], uint16_t port, struct candidates *c)
{
	uint8_t key[18];
	uint32_t step = 0, e;

	memcpy(key, ip, 16);
	memcpy(key + 16, &port, 2);
	for (unsigned n = 0; n < LEGS_LOOK && map_each(&a->endpoint_map, span_of(key, sizeof key), &step, &e); n++) {
		uint32_t leg = a->endpoint[e].leg, i = 0;
		if (!in_time(&a->leg[leg], f))
			continue;
		while (i < c->n && c->leg[i] != leg)
			i++;
		if (i == c->n) {
			c->leg[c->n] = leg;
			c->score[c->n++] = 0;
		}
		c->score[i]++;
	}
}

/* Both ends named beats one; of several in a row on the same ports the latest that began before. */
static bool is_better(const struct audit *a, const struct candidates *c, uint32_t i, uint32_t best)
{
	if (c->score[i] != c->score[best])
		return c->score[i] > c->score[best];
	return a->leg[c->leg[i]].invite_ms > a->leg[c->leg[best]].invite_ms;
}

static void find_leg(struct audit *a, struct calls *calls, struct flow *f)
{
	struct candidates c = {.n = 0};
	uint32_t best = 0;

	look_up(a, f, f->key.src, f->key.sport, &c);
	look_up(a, f, f->key.dst, f->key.dport, &c);
	for (uint32_t i = 1; i < c.n; i++)
		if (is_better(a, &c, i, best))
			best = i;
	f->leg = c.n ? c.leg[best] : NONE;
	for (uint32_t i = 0; i < c.n; i++)
		calls->node[c.leg[i]].covered |= c.score[i] == c.score[best];
}

bool flow_has_media(const struct audit *a, const struct flow *f)
{
	for (unsigned d = 0; d < 2; d++)
		for (uint32_t s = f->stream[d]; s != NONE; s = a->stream[s].next)
			if (stream_is_media(&a->stream[s]))
				return true;
	return false;
}

/* --- one flow --- */

static bool is_server(struct audit *a, const uint8_t ip[16])
{
	uint32_t h = audit_host(a, ip);

	return h != NONE && a->host[h].flags & HOST_SERVER;
}

static void worse(struct verdict *v, enum audit_grade grade, uint32_t why)
{
	v->grade = (uint8_t)(grade > v->grade ? grade : v->grade);
	v->why |= why;
}

static void agreed_in_media(struct audit *a, const struct flow *f, struct verdict *v)
{
	bool between_servers = is_server(a, f->key.src) || is_server(a, f->key.dst);

	if (between_servers && !f->passing)
		worse(v, AUDIT_SERVER, WHY_SERVER);
	else
		worse(v, AUDIT_NOBODY, 0);
}

static void keyed_by(struct audit *a, const struct flow *f, const struct stream *s, struct verdict *v)
{
	const struct keying *k = &a->keying[f->keying];
	const struct leg *l = &a->leg[f->leg];
	bool dtls = f->keying != NONE && k->dtls_n > 0, zrtp = f->keying != NONE && (k->zrtp.open || k->zrtp_n > 4);

	if (dtls && k->dtls.refused) {
		dtls = false;
		v->why |= WHY_NULL;
	}
	if (l->keys != NONE && s->sample != NONE && a->sample[s->sample].n &&
	    sample_proved(a, l, &a->sample[s->sample])) {
		v->sdes = true;
		worse(v, AUDIT_OPEN, WHY_SDES);
	} else if (dtls || zrtp) {
		v->dtls |= dtls;
		v->zrtp |= zrtp;
		agreed_in_media(a, f, v);
		if (zrtp)
			v->why |= WHY_COMPARE;
		else if (f->leg != NONE && (l->side[0].flags | l->side[1].flags) & SIDE_SDP &&
			 !(l->side[0].flags & l->side[1].flags & SIDE_SIGNED))
			v->why |= WHY_UNSIGNED;
	} else if (l->keys != NONE && s->sample == NONE) {
		v->sdes = true;
		worse(v, AUDIT_OPEN, WHY_SDES_UNPROVED);
	} else {
		worse(v, AUDIT_SERVER, WHY_KEYS_UNSEEN);
	}
}

enum seen_codec leg_codec(const struct leg *l, uint32_t pt)
{
	for (unsigned i = 0; i < 2; i++)
		if (l->side[i].flags & SIDE_AUDIO && l->side[i].codec_pt == pt)
			return (enum seen_codec)l->side[i].codec;
	return SEEN_OTHER;
}

static void judge_stream(struct audit *a, const struct flow *f, const struct stream *s, struct verdict *v)
{
	const struct leg *l = &a->leg[f->leg];
	uint8_t event_pt = l->side[0].event_pt ? l->side[0].event_pt : l->side[1].event_pt;
	uint32_t declined = ((l->side[0].flags ^ l->side[1].flags) & SIDE_KEYED) ? WHY_DECLINED : 0;
	struct judged j;

	stream_judge(s, leg_codec(l, stream_pt(s)), event_pt, &j);
	v->packets += s->n;
	if (j.codec != SEEN_OTHER)
		v->codec = (uint8_t)j.codec;
	v->why |= (uint32_t)((j.varies ? WHY_VARIES : 0) | (j.pauses ? WHY_PAUSES : 0) | (j.digits ? WHY_DIGITS : 0));
	switch (j.sound) {
	case SOUND_CLEAR:
		worse(v, AUDIT_OPEN, WHY_CLEAR | declined);
		v->clear_packets += s->n;
		break;
	case SOUND_MIXED:
		keyed_by(a, f, s, v);
		worse(v, AUDIT_OPEN, (j.clear_first ? WHY_EARLY : 0) | (j.clear_last ? WHY_LATE : 0));
		v->clear_packets += j.clear_n;
		break;
	case SOUND_KEYED:
		keyed_by(a, f, s, v);
		v->why |= beside_names(a, f) ? WHY_RTCP : 0;
		if (s->early_clear && j.keyed_n == 0) { /* where lengths tell nothing */
			worse(v, AUDIT_OPEN, WHY_EARLY);
			v->clear_packets += s->early;
		}
		break;
	case SOUND_UNKNOWN:
		worse(v, AUDIT_UNKNOWN, 0);
		break;
	}
}

static void judge_flow(struct audit *a, struct calls *c, uint32_t i)
{
	struct flow *f = &a->flow[i];
	struct verdict *v = &c->node[flow_node(a, f, i)].v;

	for (unsigned d = 0; d < 2; d++)
		for (uint32_t s = f->stream[d]; s != NONE; s = a->stream[s].next)
			if (stream_is_media(&a->stream[s]))
				judge_stream(a, f, &a->stream[s], v);
}

/* --- legs --- */

/* Of a leg whose media is not in the capture. */
static void judge_agreed(const struct leg *l, struct verdict *v)
{
	uint16_t x = l->side[0].flags, y = l->side[1].flags;

	if (!l->answered)
		return;
	if (!(x & SIDE_AUDIO) || !(y & SIDE_AUDIO)) {
		if (!(x & y & SIDE_SDP))
			worse(v, AUDIT_UNKNOWN, 0);
		return;
	}
	if (x & y & SIDE_SDES) {
		v->sdes = true;
		worse(v, AUDIT_OPEN, WHY_SDES_UNPROVED);
	} else if (x & y & SIDE_DTLS) {
		v->dtls = true;
		worse(v, AUDIT_NOBODY, x & y & SIDE_SIGNED ? 0 : WHY_UNSIGNED);
	} else if (x & y & SIDE_ZRTP) {
		worse(v, AUDIT_UNKNOWN, WHY_COMPARE);
	} else {
		worse(v, AUDIT_OPEN, WHY_AGREED | ((x | y) & SIDE_KEYED ? WHY_DECLINED : 0));
	}
}

static void judge_leg(struct audit *a, struct calls *c, uint32_t i)
{
	struct leg *l = &a->leg[i];
	struct verdict *v = &c->node[i].v;
	uint16_t both = l->side[0].flags & l->side[1].flags;

	if (v->grade == AUDIT_NONE && !c->node[i].covered)
		judge_agreed(l, v);
	if (v->grade == AUDIT_NONE)
		return;
	if (v->codec == SEEN_OTHER)
		v->codec = l->side[0].codec;
	if (both & SIDE_NULL && v->sdes)
		worse(v, AUDIT_OPEN, WHY_NULL);
	if (both & SIDE_TAG_32 && v->sdes)
		v->why |= WHY_TAG_32;
}

/* --- calls --- */

static void count_call(const struct audit *a, struct calls *c, uint32_t root)
{
	uint32_t i = root > a->legs.n ? root - a->legs.n : root;
	uint16_t file = root > a->legs.n ? a->flow[i].file : a->leg[i].file;

	c->by_grade[c->node[root].worst]++;
	c->by_file[file][0]++;
	c->by_file[file][1] += c->node[root].worst == AUDIT_OPEN;
	c->node[root].id = ++c->n;
}

/* Every member's verdict stays its own; the root of each call has the worst besides. */
static void gather(struct audit *a, struct calls *c)
{
	uint32_t last = a->legs.n + a->flows.n;

	for (uint32_t i = last; i > 0; i--) {
		uint32_t root = calls_root(c, i);
		if (i != root && c->node[i].v.grade != AUDIT_NONE) {
			c->node[i].next = c->node[root].next;
			c->node[root].next = i;
		}
		if (c->node[i].v.grade > c->node[root].worst)
			c->node[root].worst = c->node[i].v.grade;
	}
	for (uint32_t i = 1; i <= last; i++) {
		if (c->node[i].parent != i)
			continue;
		if (c->node[i].worst == AUDIT_NONE)
			c->attempts += i <= a->legs.n;
		else
			count_call(a, c, i);
	}
}

bool calls_find(struct audit *a, struct calls *c)
{
	*c = (struct calls){.node = calloc(a->legs.n + a->flows.n + 1, sizeof *c->node)};
	if (!c->node)
		return false;
	for (uint32_t i = 0; i <= a->legs.n + a->flows.n; i++)
		c->node[i].parent = i;
	for (uint32_t i = 1; i <= a->flows.n; i++)
		if (a->flow[i].used && flow_has_media(a, &a->flow[i]))
			find_leg(a, c, &a->flow[i]);
	tls_judge(a);
	calls_join(a, c);
	for (uint32_t i = 1; i <= a->flows.n; i++)
		if (a->flow[i].used)
			judge_flow(a, c, i);
	for (uint32_t i = 1; i <= a->legs.n; i++)
		judge_leg(a, c, i);
	gather(a, c);
	return true;
}

void calls_free(struct calls *c)
{
	free(c->node);
}
