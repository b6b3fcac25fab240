/* SPDX-License-Identifier: ISC */
#include "client_int.h"
#include "base/map.h"
#include "response.h"
#include "send.h"
#include <stdlib.h>

#define COOKIE "z9hG4bK"

static struct client_txn *table;
static uint32_t table_n;
static struct pool pool;
static struct map by_ref;
static uint64_t given_up;

static bool same_ref(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return memcmp(&table[slot].ref, key.p, sizeof table[slot].ref) == 0;
}

bool client_open(uint32_t cap)
{
	table_n = cap;
	table = calloc(cap, sizeof *table);
	return table && edge_pool_init(&pool, cap, cap / RESERVE) && map_init(&by_ref, cap, same_ref, NULL);
}

static struct span ref_key(const uint64_t *ref)
{
	return span_of(ref, sizeof *ref);
}

struct client_txn *client_of_ref(uint64_t ref)
{
	uint32_t slot;
	return map_get(&by_ref, ref_key(&ref), &slot) ? &table[slot] : NULL;
}

struct conn *client_conn(const struct client_txn *t)
{
	return conn_at(t->conn);
}

struct span client_branch(uint64_t id, char mem[BRANCH_LEN + 1])
{
	static const char digit[] = "0123456789abcdef";

	memcpy(mem, COOKIE, sizeof COOKIE);
	for (unsigned i = 0; i < 16; i++)
		mem[sizeof COOKIE - 1 + i] = digit[id >> (60 - 4 * i) & 0xf];
	return span_of(mem, BRANCH_LEN);
}

static bool read_branch(struct span branch, uint64_t *id)
{
	uint8_t octet[8];

	if (branch.n != BRANCH_LEN || !span_starts(branch, SPAN(COOKIE)) ||
	    span_unhex(span_skip(branch, sizeof COOKIE - 1), octet, sizeof octet) != 8)
		return false;
	for (int i = 0; i < 8; i++)
		*id = *id << 8 | octet[i];
	return true;
}

bool client_wrote_branch(struct span branch)
{
	uint64_t id = 0;

	return read_branch(branch, &id) && id >> 56 == child_node();
}

struct client_txn *client_find(const struct conn *c, struct span branch, enum sip_method method)
{
	uint64_t id = 0;

	if (!read_branch(branch, &id))
		return NULL;
	int64_t at = edge_pool_index(&pool, id);
	if (at < 0 || !client_may_come_over(&table[at], c) || table[at].method != method)
		return NULL;
	return &table[at];
}

static void unlink_txn(struct client_txn *t)
{
	if (t->prev != NO_SLOT)
		table[t->prev].next = t->next;
	else
		conn_at(t->conn)->client_txns = t->next;
	if (t->next != NO_SLOT)
		table[t->next].prev = t->prev;
}

static void link_txn(struct client_txn *t, struct conn *c)
{
	t->conn = conn_slot(c);
	t->prev = NO_SLOT;
	t->next = c->client_txns;
	c->client_txns = (uint32_t)(t - table);
	if (t->next != NO_SLOT)
		table[t->next].prev = c->client_txns;
}

void client_move(struct client_txn *t, struct conn *c)
{
	unlink_txn(t);
	link_txn(t, c);
}

struct client_txn *client_first(const struct conn *c)
{
	return c->client_txns == NO_SLOT ? NULL : &table[c->client_txns];
}

struct client_txn *client_next(const struct client_txn *t)
{
	return t->next == NO_SLOT ? NULL : &table[t->next];
}

static void release(struct client_txn *t)
{
	unlink_txn(t);
	holder_forgets(&t->accepted);
	timer_cancel(&child_wheel, &t->timer);
	if (t->method == SIP_INVITE && !t->orphan)
		map_del(&by_ref, ref_key(&t->ref), (uint32_t)(t - table));
	timer_cancel(&child_wheel, &t->resend);
	text_give(t->text);
	text_give(t->wire);
	t->text = t->wire = NULL;
	edge_pool_release(&pool, t->id);
}

void client_drop(struct client_txn *t)
{
	release(t);
}

static void on_time(struct timer *timer, uint64_t now_ms)
{
	(void)now_ms;
	client_step((struct client_txn *)(void *)((char *)timer - offsetof(struct client_txn, timer)), TXN_END_DUE);
}

/* E of RFC 3261 17.1.2.2, for a CANCEL that nobody has answered. */
static void repeat_cancel(struct client_txn *t)
{
	t->resend_ms = 2 * t->resend_ms < TXN_T2_MS ? 2 * t->resend_ms : TXN_T2_MS;
	conn_send(client_conn(t), span_of(t->wire->bytes, t->wire_n));
	timer_set(&child_wheel, &t->resend, child_now() + t->resend_ms);
}

/* Nobody waits for its answer any more, and what rings must stop. */
static void disown(struct client_txn *t)
{
	if (t->method == SIP_INVITE) {
		map_del(&by_ref, ref_key(&t->ref), (uint32_t)(t - table));
		send_cancel(t, 0, span_of(NULL, 0));
	}
	t->orphan = true;
}

static void give_up_bulky(struct client_txn *t)
{
	given_up++;
	response_local(t->ref, t->flow, SIP_INVITE, 513);
	disown(t);
}

static void on_resend(struct timer *timer, uint64_t now_ms)
{
	struct client_txn *t = (struct client_txn *)(void *)((char *)timer - offsetof(struct client_txn, resend));

	(void)now_ms;
	if (client_tries_stream(t))
		client_say_in_datagrams(t);
	else if (t->method == SIP_INVITE && t->cancelled && t->wire)
		repeat_cancel(t);
	else if (t->bulky && !t->orphan && t->state == TXN_TRYING && t->resend_ms >= BULKY_RESEND_MS)
		give_up_bulky(t);
	else
		client_step(t, TXN_RESEND_DUE);
}

bool client_keep(struct client_txn *t, struct span request, enum pool_claim claim)
{
	if (client_conn(t)->hop != TXN_HOP_UDP && !client_conn(t)->beside)
		return true;
	text_give(t->wire);
	t->wire = text_take(request.n, claim);
	t->wire_n = (uint16_t)request.n;
	if (t->wire)
		memcpy(t->wire->bytes, request.p, request.n);
	return t->wire != NULL;
}

void client_keep_bulky(struct client_txn *t)
{
	t->bulky = t->method == SIP_INVITE && t->wire && t->wire_n > DATAGRAM_MAX;
}

void client_say_cancel(struct client_txn *t, struct span cancel)
{
	conn_send(client_conn(t), cancel);
	if (client_keep(t, cancel, true) && t->wire)
		client_set_resend(t, TXN_T1_MS);
}

void client_cancel_heard(struct client_txn *t)
{
	if (t->cancelled)
		timer_cancel(&child_wheel, &t->resend);
}

struct client_txn *client_begin(struct conn *c, uint64_t ref, enum sip_method method, enum pool_claim claim)
{
	uint64_t id = edge_pool_take(&pool, claim);

	if (id == ID_NONE)
		return NULL;
	uint32_t slot = (uint32_t)edge_pool_index(&pool, id);
	struct client_txn *t = &table[slot];
	*t = (struct client_txn){
	    .id = id,
	    .ref = ref,
	    .flow = c->id,
	    .timer.fire = on_time,
	    .resend.fire = on_resend,
	    .kind = method == SIP_INVITE ? TXN_INVITE_CLIENT : TXN_CLIENT,
	    .state = TXN_NEW,
	    .method = (uint8_t)method,
	};
	link_txn(t, c);
	if (method == SIP_INVITE)
		map_put(&by_ref, ref_key(&ref), slot);
	return t;
}

void client_set_resend(struct client_txn *t, int32_t ms)
{
	if (ms == TXN_STOP)
		timer_cancel(&child_wheel, &t->resend);
	if (ms < 0)
		return;
	t->resend_ms = (uint32_t)ms;
	timer_set(&child_wheel, &t->resend, child_now() + (uint64_t)ms);
}

/* An INVITE that has an answer is said no more (RFC 3261 17.1.1.2). What went over a connection may have to be, should that break. */
static void forget_wire(struct client_txn *t)
{
	const bool answered = t->state != TXN_NEW && t->state != TXN_TRYING;

	/* nor is one said yet that is held, whatever somebody answers to it */
	if (t->method != SIP_INVITE || t->held || t->cancelled || !answered || client_conn(t)->hop != TXN_HOP_UDP)
		return;
	text_give(t->wire);
	t->wire = NULL;
}

/* As server.c has it of those that come. */
static void accepted(struct client_txn *t)
{
	const struct conn *c = client_conn(t);
	struct accepted *oldest = holder_accepts(&holder_of(c)->client, &t->accepted, c, table_n);

	if (oldest)
		client_step(
		    (struct client_txn *)(void *)((char *)oldest - offsetof(struct client_txn, accepted)), TXN_END_DUE);
}

unsigned client_step(struct client_txn *t, enum txn_event e)
{
	enum txn_hop hop = (enum txn_hop)client_conn(t)->hop;
	struct txn_out o = txn_step((enum txn_kind)t->kind, hop, (enum txn_state)t->state, e, t->resend_ms);

	t->state = (uint8_t)o.state;
	forget_wire(t);
	if (e == TXN_RESEND_DUE && o.effects & TXN_DO_SEND && t->wire)
		conn_send(client_conn(t), span_of(t->wire->bytes, t->wire_n));
	client_set_resend(t, o.resend_ms);
	if (o.effects & TXN_DO_TIMEOUT && !t->orphan)
		response_local(t->ref, t->flow, (enum sip_method)t->method, 408);
	if (o.effects & TXN_DO_ERROR && !t->orphan)
		response_local(t->ref, t->flow, (enum sip_method)t->method, 503);
	if (o.state == TXN_ACCEPTED)
		accepted(t);
	if (o.state == TXN_TERMINATED)
		release(t);
	else if (o.end_ms >= 0)
		timer_set(&child_wheel, &t->timer, child_now() + (uint64_t)o.end_ms);
	else if (o.end_ms == TXN_STOP)
		timer_cancel(&child_wheel, &t->timer);
	return o.effects;
}

void client_flow_gone(struct conn *c)
{
	for (struct client_txn *t; (t = client_first(c));)
		if (!client_leave_stream(t))
			client_step(t, TXN_FLOW_GONE);
}

/* The core that asked is gone: nobody waits for the answers, and what rings must stop. */
void client_orphan_all(void)
{
	for (uint32_t i = 0; i < table_n; i++)
		if (pool_id_at(&pool, i) != ID_NONE && !table[i].orphan)
			disown(&table[i]);
}

void client_status(struct proc_status *s)
{
	status_pool(s, "client-transactions", &pool);
	client_way_status(s);
	status_counter(s, "trunk-places-given-up", given_up);
}
