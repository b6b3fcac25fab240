/* SPDX-License-Identifier: ISC */
#include "server.h"
#include "base/map.h"
#include "base/rand.h"
#include "base/siphash.h"
#include "held.h"
#include "respond.h"
#include <stdlib.h>

enum {
	TRYING_MS = 150, /* core answers sooner, as a rule; RFC 3261 17.2.1 allows 200 */
	KEY_TEXT = 1600,
};

/* Lengths of the texts that lie one behind the other in the block, and the little that is not text. */
struct kept {
	struct addr via_addr;
	bool rport, to_tagged, to_whole;
	uint8_t via_n;
	uint16_t via[SIP_VIA_MAX], from, to, call_id, cseq, record_route;
	uint8_t bytes[];
};

static struct server_txn *table;
static uint32_t table_n;
static struct pool pool;
static struct map by_key, by_origin; /* the latter: those outside dialogs, several under one */
static uint8_t hash_key[2][16];

static bool same_key(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return memcmp(table[slot].key, key.p, TXN_KEY) == 0;
}

static bool same_origin(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return memcmp(table[slot].origin, key.p, TXN_KEY) == 0;
}

bool server_open(uint32_t cap)
{
	table_n = cap;
	table = calloc(cap, sizeof *table);
	rand_bytes(hash_key, sizeof hash_key);
	return table && edge_pool_init(&pool, cap, cap / RESERVE) && map_init(&by_key, cap, same_key, NULL) &&
	       map_init(&by_origin, cap, same_origin, NULL);
}

static void hash_of(const struct buf *b, uint8_t out[TXN_KEY])
{
	uint64_t hash[2];

	for (int i = 0; i < 2; i++)
		hash[i] = siphash(hash_key[i], buf_span(b));
	memcpy(out, hash, TXN_KEY);
}

/* RFC 3261 17.2.3: branch and sent-by; without the magic cookie what RFC 2543 compares. The connection always counts.
 * 128 bits of a keyed hash stand for them. */
static void make_key(const struct conn *c, const struct sip_msg *m, enum sip_method as, uint8_t out[TXN_KEY])
{
	uint8_t mem[KEY_TEXT];
	struct buf b = buf_of(mem, sizeof mem);

	buf_put(&b, &c->id, sizeof c->id);
	buf_u8(&b, (uint8_t)as);
	buf_u8(&b, m->via.cookie);
	buf_u16(&b, m->via.port);
	buf_u16(&b, (uint16_t)m->via.host.n);
	for (size_t i = 0; i < m->via.host.n; i++)
		buf_u8(&b, ascii_lower(m->via.host.p[i]));
	buf_u16(&b, (uint16_t)m->via.branch.n);
	buf_add(&b, m->via.branch);
	if (!m->via.cookie) {
		buf_u16(&b, (uint16_t)m->from.tag.n);
		buf_add(&b, m->from.tag);
		buf_u32(&b, m->cseq);
		buf_add(&b, m->call_id);
	}
	hash_of(&b, out);
}

/* By whatever connection of the phone it came. */
static void make_origin(const struct conn *c, const struct sip_msg *m, uint8_t out[TXN_KEY])
{
	uint8_t mem[KEY_TEXT];
	struct buf b = buf_of(mem, sizeof mem);

	buf_u32(&b, c->device);
	buf_u8(&b, c->trunk);
	buf_u8(&b, (uint8_t)m->method);
	buf_u32(&b, m->cseq);
	buf_u16(&b, (uint16_t)m->from.tag.n);
	buf_add(&b, m->from.tag);
	buf_add(&b, m->call_id);
	hash_of(&b, out);
}

bool server_has_twin(const struct conn *c, const struct sip_msg *m)
{
	uint8_t origin[TXN_KEY];
	uint32_t at = 0, slot;

	make_origin(c, m, origin);
	while (map_each(&by_origin, span_of(origin, TXN_KEY), &at, &slot))
		if (table[slot].state != TXN_COMPLETED && table[slot].state != TXN_CONFIRMED)
			return true; /* what was refused may be tried again */
	return false;
}

struct server_txn *server_find(const struct conn *c, const struct sip_msg *m, enum sip_method as)
{
	uint8_t key[TXN_KEY];
	uint32_t slot;

	if (c->server_txns == NO_SLOT)
		return NULL;
	make_key(c, m, as, key);
	return map_get(&by_key, span_of(key, TXN_KEY), &slot) ? &table[slot] : NULL;
}

struct server_txn *server_of(uint64_t id)
{
	int64_t i = edge_pool_index(&pool, id);
	return i < 0 ? NULL : &table[i];
}

struct server_txn *server_at(uint32_t slot)
{
	return &table[slot];
}

struct conn *server_conn(const struct server_txn *t)
{
	return conn_at(t->conn);
}

/* --- what is kept of the request --- */

static size_t kept_size(const struct sip_msg *m)
{
	size_t n = sizeof(struct kept) + m->from.text.n + m->to.text.n + m->call_id.n + m->cseq_text.n;

	for (int i = 0; i < m->via_n; i++)
		n += m->via_text[i].n;
	for (int i = 0; i < m->record_route_n; i++)
		n += m->record_route[i].n + 2;
	return n;
}

static uint16_t put(uint8_t **at, struct span s)
{
	memcpy(*at, s.p, s.n);
	*at += s.n;
	return (uint16_t)s.n;
}

static struct text *keep(const struct sip_msg *m, enum pool_claim claim)
{
	struct text *t = text_take(kept_size(m), claim);

	if (!t)
		return NULL;
	struct kept *k = (struct kept *)(void *)t->bytes;
	uint8_t *at = k->bytes;
	k->via_addr = m->via.addr;
	k->rport = m->via.rport;
	k->to_tagged = m->to.tag.n > 0;
	k->to_whole = m->to.uri.scheme != URI_NONE;
	k->via_n = m->via_n;
	for (int i = 0; i < m->via_n; i++)
		k->via[i] = put(&at, m->via_text[i]);
	k->from = put(&at, m->from.text);
	k->to = put(&at, m->to.text);
	k->call_id = put(&at, m->call_id);
	k->cseq = put(&at, m->cseq_text);
	k->record_route = 0;
	for (int i = 0; i < m->record_route_n; i++) {
		if (i)
			k->record_route = (uint16_t)(k->record_route + put(&at, SPAN(", ")));
		k->record_route = (uint16_t)(k->record_route + put(&at, m->record_route[i]));
	}
	return t;
}

static struct span next(const uint8_t **at, uint16_t n)
{
	struct span s = {*at, n};
	*at += n;
	return s;
}

const struct sip_msg *server_request(const struct server_txn *t)
{
	static struct sip_msg m; /* what is not set here stays zero for ever */
	const struct kept *k = (const struct kept *)(const void *)t->text->bytes;
	const uint8_t *at = k->bytes;

	m.is_request = true;
	m.method = (enum sip_method)t->method;
	m.via_n = k->via_n;
	for (int i = 0; i < k->via_n; i++)
		m.via_text[i] = next(&at, k->via[i]);
	m.via.text = m.via_text[0];
	m.via.addr = k->via_addr;
	m.via.rport = k->rport;
	m.from.text = next(&at, k->from);
	m.to.text = next(&at, k->to);
	m.to.tag = span_of(m.to.text.p, k->to_tagged); /* only whether there is one counts */
	m.to.uri.scheme = k->to_whole ? URI_SIP : URI_NONE;
	m.call_id = next(&at, k->call_id);
	m.cseq_text = next(&at, k->cseq);
	return &m;
}

struct span server_record_route(const struct server_txn *t)
{
	const struct kept *k = (const struct kept *)(const void *)t->text->bytes;
	const uint8_t *at = k->bytes;

	for (int i = 0; i < k->via_n; i++)
		next(&at, k->via[i]);
	next(&at, k->from);
	next(&at, k->to);
	next(&at, k->call_id);
	next(&at, k->cseq);
	return next(&at, k->record_route);
}

/* --- life --- */

/* Waits for core's answer, or for the ACK of a refusal. */
static void set_pending(struct server_txn *t, bool pending)
{
	uint32_t *n = &holder_of(conn_at(t->conn))->pending;

	if (pending && !t->pending)
		++*n;
	else if (!pending && t->pending)
		--*n;
	t->pending = pending;
}

static void release(struct server_txn *t)
{
	struct conn *c = conn_at(t->conn);
	uint32_t slot = (uint32_t)(t - table);

	if (t->prev != NO_SLOT)
		table[t->prev].next = t->next;
	else
		c->server_txns = t->next;
	if (t->next != NO_SLOT)
		table[t->next].prev = t->prev;
	set_pending(t, false);
	holder_forgets(&t->accepted);
	timer_cancel(&child_wheel, &t->timer);
	map_del(&by_key, span_of(t->key, TXN_KEY), slot);
	if (t->outside)
		map_del(&by_origin, span_of(t->origin, TXN_KEY), slot);
	timer_cancel(&child_wheel, &t->resend);
	text_give(t->text);
	text_give(t->last);
	t->text = t->last = NULL;
	held_forget(t);
	edge_pool_release(&pool, t->id);
}

static void on_time(struct timer *timer, uint64_t now_ms)
{
	struct server_txn *t = (struct server_txn *)(void *)((char *)timer - offsetof(struct server_txn, timer));

	(void)now_ms;
	if (t->state != TXN_PROCEEDING && t->state != TXN_TRYING) {
		server_step(t, TXN_END_DUE);
	} else if (t->method == SIP_INVITE && !t->said_100) {
		respond_trying(t);
	} else {
		respond_own(t, 500, "the exchange gave no answer");
	}
}

static void on_resend(struct timer *timer, uint64_t now_ms)
{
	(void)now_ms;
	server_step((struct server_txn *)(void *)((char *)timer - offsetof(struct server_txn, resend)), TXN_RESEND_DUE);
}

static struct server_txn *new_txn(struct conn *c, const struct sip_msg *m, enum pool_claim claim)
{
	uint64_t id = edge_pool_take(&pool, claim);

	if (id == ID_NONE)
		return NULL;
	uint32_t slot = (uint32_t)edge_pool_index(&pool, id);
	struct server_txn *t = &table[slot];
	*t = (struct server_txn){
	    .id = id,
	    .conn = conn_slot(c),
	    .prev = NO_SLOT,
	    .next = c->server_txns,
	    .timer.fire = on_time,
	    .resend.fire = on_resend,
	    .way = conn_way_back(c),
	    .kind = m->method == SIP_INVITE ? TXN_INVITE_SERVER : TXN_SERVER,
	    .state = TXN_NEW,
	    .method = (uint8_t)m->method,
	};
	if (t->next != NO_SLOT)
		table[t->next].prev = slot;
	c->server_txns = slot;
	make_key(c, m, m->method, t->key);
	map_put(&by_key, span_of(t->key, TXN_KEY), slot);
	if (m->to.tag.n == 0) {
		t->outside = true;
		make_origin(c, m, t->origin);
		map_put(&by_origin, span_of(t->origin, TXN_KEY), slot);
	}
	return t;
}

struct server_txn *server_begin(struct conn *c, const struct sip_msg *m, enum pool_claim claim)
{
	uint32_t most = c->trunk ? PENDING_PER_TRUNK : PENDING_PER_DEVICE;

	if (holder_of(c)->pending >= most + (claim == POOL_HELP ? PENDING_EMERGENCY : 0))
		return NULL;
	struct text *text = keep(m, claim);
	struct server_txn *t = text ? new_txn(c, m, claim) : NULL;

	if (!t) {
		text_give(text);
		return NULL;
	}
	t->text = text;
	set_pending(t, true);
	t->state = (uint8_t)txn_step((enum txn_kind)t->kind, (enum txn_hop)c->hop, TXN_NEW, TXN_BEGIN, 0).state;
	timer_set(&child_wheel, &t->timer, child_now() + (m->method == SIP_INVITE ? TRYING_MS : TXN_64T1_MS));
	return t;
}

static void set_resend(struct server_txn *t, int32_t ms)
{
	if (ms == TXN_STOP)
		timer_cancel(&child_wheel, &t->resend);
	if (ms < 0)
		return;
	t->resend_ms = (uint32_t)ms;
	timer_set(&child_wheel, &t->resend, child_now() + (uint64_t)ms);
}

/* Without room for a copy the request is repeated in vain; its sender's patience is longer than a moment without room. */
static void remember(struct server_txn *t, struct span response)
{
	text_give(t->last);
	t->last = text_take(response.n, false);
	t->last_n = (uint16_t)response.n;
	if (t->last)
		memcpy(t->last->bytes, response.p, response.n);
}

void server_answer(struct server_txn *t, struct span response, enum txn_event e)
{
	struct conn *c = server_conn(t);

	if (response.n)
		conn_reply(c, &t->way.reply, response);
	if (response.n && c->hop == TXN_HOP_UDP)
		remember(t, response);
	server_step(t, e);
}

/* Nobody waits for it any more. Whoever has begun many and was answered at once has the newest of them (RFC 6026 says how long, but not
 * of how many). */
static void accepted(struct server_txn *t)
{
	struct conn *c = conn_at(t->conn);

	set_pending(t, false);
	struct accepted *oldest = holder_accepts(&holder_of(c)->server, &t->accepted, c, table_n);
	if (oldest)
		server_step(
		    (struct server_txn *)(void *)((char *)oldest - offsetof(struct server_txn, accepted)), TXN_END_DUE);
}

/* A connection loses nothing, so a response is sent again over UDP alone; else the effect SEND is for the response that the
 * caller has in hand. */
unsigned server_step(struct server_txn *t, enum txn_event e)
{
	enum txn_hop hop = (enum txn_hop)server_conn(t)->hop;
	struct txn_out o = txn_step((enum txn_kind)t->kind, hop, (enum txn_state)t->state, e, t->resend_ms);

	t->state = (uint8_t)o.state;
	if (o.state != TXN_TRYING && o.state != TXN_PROCEEDING)
		held_forget(t);
	if (o.effects & TXN_DO_SEND && (e == TXN_REQUEST || e == TXN_RESEND_DUE) && t->last)
		conn_reply(server_conn(t), &t->way.reply, span_of(t->last->bytes, t->last_n));
	set_resend(t, o.resend_ms);
	if (o.state == TXN_ACCEPTED)
		accepted(t);
	if (o.state == TXN_TERMINATED)
		release(t);
	else if (o.end_ms >= 0)
		timer_set(&child_wheel, &t->timer, child_now() + (uint64_t)o.end_ms);
	else if (o.end_ms == TXN_STOP)
		timer_cancel(&child_wheel, &t->timer);
	else if (e == TXN_1XX) /* a 180 within TRYING_MS takes the place of the 100 */
		timer_set(&child_wheel, &t->timer, child_now() + UNANSWERED_INVITE_MS);
	return o.effects;
}

void server_flow_gone(struct conn *c)
{
	while (c->server_txns != NO_SLOT)
		server_step(&table[c->server_txns], TXN_FLOW_GONE);
}

/* By no 503, which keeps away whatever else its phone has to say, a call for help too (RFC 3261 21.5.4), and says to a carrier that we are down. */
void server_orphan_all(void)
{
	for (uint32_t i = 0; i < table_n; i++) {
		struct server_txn *t = &table[i];
		if (pool_id_at(&pool, i) != ID_NONE && (t->state == TXN_TRYING || t->state == TXN_PROCEEDING) &&
		    !held_waits(t))
			respond_own(t, 500, "the exchange restarts a part of itself");
	}
}

void server_status(struct proc_status *s)
{
	status_pool(s, "server-transactions", &pool);
}
