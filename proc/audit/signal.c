/* SPDX-License-Identifier: ISC */
/* SIP messages to legs: who called whom between which hosts, what was agreed, and what it all gave away. */
#include "audit/audit.h"
#include "audit/sdp_seen.h"
#include "audit/sip_seen.h"
#include "base/siphash.h"

enum { ENDPOINT_LEGS = 64 };

bool sip_looks_like(struct span s)
{
	struct span line = span_head(s, span_find(span_head(s, SIP_LINE_LOOK), '\n'));

	if (span_starts(s, SPAN("SIP/2.0 ")))
		return true;
	if (s.n < 16 || s.p[0] < 'A' || s.p[0] > 'Z')
		return false;
	if (sip_method_find(span_head(line, span_find(line, ' '))) == SIP_UNKNOWN)
		return false;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line.n > 8 && span_eq(span_skip(line, line.n - 8), SPAN(" SIP/2.0"));
}

size_t sip_whole(struct span s)
{
	return sip_seen_length(s);
}

static bool is_inside(const struct addr *a)
{
	const uint8_t *ip = a->ip + 12;

	if (a->family == 6)
		return (a->ip[0] & 0xfe) == 0xfc;
	return a->family == 4 && (ip[0] == 10 || (ip[0] == 172 && ip[1] >> 4 == 1) || (ip[0] == 192 && ip[1] == 168));
}

/* An address of a private network that the text names. */
static void named(struct audit *a, const struct addr *at)
{
	if (!is_inside(at))
		return;
	uint32_t h = audit_host(a, at->ip);
	if (h != NONE)
		a->host[h].flags |= HOST_INSIDE_NAMED;
}

/* --- who sends and what it is --- */

static bool is_server_name(struct span device)
{
	static const char *const names[] = {"Asterisk", "FPBX", "FreeSWITCH", "kamailio", "OpenSIPS", "OpenSER",
	    "3CXPhoneSystem", "Cisco-CUCM", "Sippy", "Ringfence", "yate", "SIP Proxy", "BroadWorks", "Metaswitch"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_starts_case(device, span_str(names[i])))
			return true;
	return false;
}

static void sender(struct audit *a, const struct packet *p, const struct sip_seen *m, uint32_t src, uint32_t dst)
{
	struct host *h = &a->host[src];

	h->flags |= HOST_SIP;
	a->host[dst].flags |= HOST_SIP;
	bool own = (m->request && m->vias == 1) || (m->contact.family && memcmp(m->contact.ip, p->key.src, 16) == 0);
	if (m->request && m->vias > 1)
		h->flags |= HOST_SERVER;
	if (m->method == SIP_REGISTER && m->request)
		a->host[dst].flags |= HOST_SERVER;
	uint32_t device = audit_text(a, m->device, TEXT_DEVICE);
	if (own && device != NONE && h->device == NONE)
		h->device = device;
	if (own && is_server_name(m->device))
		h->flags |= HOST_SERVER;
	if (m->request && m->method == SIP_REGISTER && m->vias == 1 && h->number == NONE)
		h->number = audit_text(a, m->to.user, TEXT_NUMBER);
}

static void gave_away(struct audit *a, const struct sip_seen *m)
{
	audit_text(a, m->from.user, TEXT_NUMBER);
	audit_text(a, m->to.user, TEXT_NUMBER);
	audit_text(a, m->from.name, TEXT_NAME);
	audit_text(a, m->to.name, TEXT_NAME);
	named(a, &m->contact);
	named(a, &m->via);
	if (m->digest) {
		a->count.digest[m->alg]++;
		audit_text(a, m->login, TEXT_LOGIN);
	}
	a->count.registers += m->request && m->method == SIP_REGISTER;
}

/* --- legs --- */

static uint64_t hash(const struct audit *a, struct span s)
{
	return siphash(a->secret, s);
}

static struct leg *leg_of(struct audit *a, uint64_t id, uint32_t from, uint32_t to, bool make)
{
	uint8_t key[sizeof id + 2 * sizeof from];
	uint32_t lo = from < to ? from : to, hi = from < to ? to : from, i;

	memcpy(key, &id, sizeof id);
	memcpy(key + sizeof id, &lo, sizeof lo);
	memcpy(key + sizeof id + sizeof lo, &hi, sizeof hi);
	if (map_get(&a->leg_map, span_of(key, sizeof key), &i))
		return &a->leg[i];
	i = make ? table_take(&a->legs) : NONE;
	if (i == NONE) {
		a->count.legs_left += make;
		return NULL;
	}
	a->leg[i] = (struct leg){.call_id = id, .host = {from, to}, .file = a->file};
	map_put(&a->leg_map, span_of(key, sizeof key), i);
	return &a->leg[i];
}

static void add_endpoint(struct audit *a, const struct addr *at, uint32_t leg, unsigned side)
{
	uint8_t key[18];
	uint32_t step = 0, i = NONE, n = 0;

	if (at->family == 0 || at->port == 0)
		return;
	memcpy(key, at->ip, 16);
	memcpy(key + 16, &at->port, 2);
	while (n < ENDPOINT_LEGS && map_each(&a->endpoint_map, span_of(key, sizeof key), &step, &i)) {
		n++;
		if (a->endpoint[i].leg == leg)
			return;
	}
	i = n < ENDPOINT_LEGS ? table_take(&a->endpoints) : NONE;
	if (i == NONE) {
		a->count.endpoints_left++;
		return;
	}
	a->endpoint[i] = (struct endpoint){.port = at->port, .side = (uint8_t)side, .leg = leg};
	memcpy(a->endpoint[i].ip, at->ip, 16);
	map_put(&a->endpoint_map, span_of(key, sizeof key), i);
}

/* A key is kept once; re-INVITEs and repetitions say it again. */
static void add_key(struct audit *a, struct leg *l, unsigned side, const struct sdp_seen *d, unsigned k)
{
	unsigned n = 0;

	for (uint32_t i = l->keys; i != NONE; i = a->key[i].next, n++)
		if (a->key[i].suite == d->key[k].suite && memcmp(a->key[i].key, d->key[k].key, d->key[k].n) == 0)
			return;
	uint32_t i = n < 4 * SEEN_KEYS ? table_take(&a->keys) : NONE;
	if (i == NONE) {
		a->count.keys_left++;
		return;
	}
	a->key[i] = (struct seen_key){.next = l->keys, .suite = d->key[k].suite, .side = (uint8_t)side};
	memcpy(a->key[i].key, d->key[k].key, d->key[k].n);
	l->keys = i;
}

static void describe(struct audit *a, struct leg *l, unsigned side, const struct sip_seen *m)
{
	struct sdp_seen d;
	struct side *s = &l->side[side];

	sdp_seen(m->body, &d);
	s->flags |= d.flags;
	if (m->identity)
		s->flags |= SIDE_SIGNED;
	if (d.flags & SIDE_AUDIO) {
		s->codec = d.codec;
		s->codec_pt = d.pt;
		s->event_pt = d.event_pt ? d.event_pt : s->event_pt;
	}
	for (unsigned i = 0; i < d.media_n; i++) {
		add_endpoint(a, &d.media[i], (uint32_t)(l - a->leg), side);
		named(a, &d.media[i]);
	}
	for (unsigned i = 0; i < d.candidate_n; i++) {
		add_endpoint(a, &d.candidate[i], (uint32_t)(l - a->leg), side);
		named(a, &d.candidate[i]);
	}
	for (unsigned i = 0; i < d.key_n; i++)
		add_key(a, l, side, &d, i);
}

static void progress(struct leg *l, const struct sip_seen *m, uint32_t now)
{
	if (m->method == SIP_INVITE && m->request && (l->invite_ms == 0 || now < l->invite_ms))
		l->invite_ms = now;
	if (m->method == SIP_INVITE && !m->request && m->status >= 200) {
		if (m->status < 300 && (!l->answered || now < l->answer_ms))
			l->answer_ms = now;
		l->answered |= m->status < 300;
		l->status = l->answered ? 200 : m->status;
	}
	if (m->method == SIP_BYE && m->request && now > l->end_ms) {
		l->ended = true;
		l->end_ms = now;
	}
	l->last_ms = now > l->last_ms ? now : l->last_ms;
}

static void call(
    struct audit *a, const struct packet *p, const struct sip_seen *m, const uint32_t ends[2], enum signal_over over)
{
	uint32_t src = ends[0], dst = ends[1], from = m->request ? src : dst, to = m->request ? dst : src;
	struct leg *l = leg_of(a, hash(a, m->call_id), from, to, m->method == SIP_INVITE);

	if (!l)
		return;
	uint32_t now = audit_ms(a, p->time_us);
	bool first = l->last_ms == 0;
	if (first) {
		l->from = audit_text(a, m->from.user, TEXT_NUMBER);
		l->to = audit_text(a, m->to.user, TEXT_NUMBER);
		l->over = (uint8_t)over;
		l->invite_ms = now;
		if (m->to.tag.n == 0 || !m->request)
			audit_edge(a, l->from, l->to);
	} else if (m->method == SIP_INVITE && m->request && m->to.tag.n == 0 && from != l->host[0] && l->status == 0) {
		/* the answer was seen before the question */
		l->host[0] = from;
		l->host[1] = to;
	}
	if (m->session.n && l->session == 0)
		l->session = hash(a, m->session);
	progress(l, m, now);
	if (m->sdp && m->body.n && !p->cut)
		describe(a, l, src == l->host[1], m);
}

void signal_add(struct audit *a, const struct packet *p, struct span message, enum signal_over over)
{
	struct sip_seen m;

	if (!sip_seen(message, &m)) {
		a->count.sip_bad++;
		return;
	}
	a->count.sip++;
	uint32_t src = audit_host(a, p->key.src), dst = audit_host(a, p->key.dst);
	if (src == NONE || dst == NONE)
		return;
	gave_away(a, &m);
	sender(a, p, &m, src, dst);
	call(a, p, &m, (const uint32_t[]){src, dst}, over);
}
