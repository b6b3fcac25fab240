/* SPDX-License-Identifier: ISC */
#include "mwi.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/rand.h"
#include "directory.h"
#include "ipc/left_out.h"
#include "kept.h"
#include "login.h"
#include "mail.h"
#include "registrar.h"
#include <stdlib.h>

/* A phone that subscribes anew without ending the old one takes its place. */
enum {
	MWI_MAX = 8192,
	SETTLE_MS = 3000, /* after ledger's directory come its counts, and the edges say who is there */
	AGAIN_MS = 1000,
};

struct subscription {
	struct timer timer; /* first */
	struct subscription_record r;
	bool owed; /* its phone was not reached, or not yet in this life of core */
};

static struct pool pool;
static struct arena_table *store;
static struct subscription *table;
static struct timer settle;
static bool settled; /* counts of before a restart are known again */
static uint64_t notified;

struct arena_shape mwi_shape(const struct site *s)
{
	return (struct arena_shape){
	    sizeof(struct subscription_record), s->max_phones < MWI_MAX ? s->max_phones : MWI_MAX};
}

struct span mwi_text(const struct subscription_record *r, enum mwi_text which)
{
	size_t at = which ? r->end[which - 1] : 0;

	return span_of(r->text + at, r->end[which] - at);
}

static uint32_t slot_of(const struct subscription *s)
{
	return (uint32_t)(s - table);
}

static void save(const struct subscription *s)
{
	arena_put(store, slot_of(s), &s->r);
}

static void end(struct subscription *s)
{
	timer_cancel(&child_wheel, &s->timer);
	arena_clear(store, slot_of(s));
	pool_release(&pool, s->r.id);
	s->r.id = 0;
}

static bool is_its(const struct flow *f, const struct subscription *s)
{
	return f && f->device == s->r.device && flow_logged_in(f, s->r.user, child_now());
}

/* The one it subscribed on, or after it broke the one that its phone registered on. */
static struct flow *flow_of(const struct subscription *s)
{
	const struct registration *now = registrar_get(s->r.user, s->r.device);
	struct flow *f = flow_get(s->r.flow);

	if (!is_its(f, s))
		f = now ? flow_get(now->flow) : NULL;
	return is_its(f, s) ? f : NULL;
}

static void notify(struct subscription *s, bool last)
{
	const struct user *u = directory_user(s->r.user);
	struct flow *f = u ? flow_of(s) : NULL;
	struct link *edge = f ? flow_link(f) : NULL;
	uint64_t ref = edge ? ask_new(ASK_MWI, s->r.id, f->edge, false) : 0;
	struct msg_send *m = ref ? ipc_begin_as(edge, MSG_SEND, CLASS_DIALOG) : NULL;

	if (!m) {
		ask_done(ref);
		s->owed = true;
		return;
	}
	s->r.flow = f->id;
	arena_mark(store, slot_of(s));
	m->ref = ref;
	m->flow = f->id;
	m->method = SIP_NOTIFY;
	m->target = ipc_put(edge, mwi_text(&s->r, MWI_CONTACT));
	m->route_set = ipc_put(edge, mwi_text(&s->r, MWI_ROUTE_SET));
	m->from_user = m->to_user = ipc_put(edge, span_str(u->name));
	m->from_tag = ipc_put(edge, span_str(s->r.tag));
	m->to_tag = ipc_put(edge, mwi_text(&s->r, MWI_REMOTE_TAG));
	m->call_id = ipc_put(edge, mwi_text(&s->r, MWI_CALL_ID));
	m->leg_token = ipc_put(edge, span_str(s->r.token));
	m->cseq = ++s->r.cseq;
	m->max_forwards = 70;
	m->package = PACKAGE_MESSAGE_SUMMARY;
	m->substate = last ? SIP_SUBSTATE_TERMINATED : SIP_SUBSTATE_ACTIVE;
	m->expires = last ? ABSENT : (uint32_t)((s->r.until_ms - child_now()) / 1000);
	mail_counts(s->r.user, &m->messages_new, &m->messages_old);
	s->owed = false;
	save(s); /* CSeq rises over restarts (RFC 3261 12.2.1.1) */
	ipc_end(edge);
	arena_unmark(store, slot_of(s));
	notified++;
}

static void on_expired(struct timer *t, uint64_t now_ms)
{
	struct subscription *s = (struct subscription *)(void *)t;

	(void)now_ms;
	notify(s, true);
	end(s);
}

/* --- from one life to the next --- */

static void pay(struct subscription *s)
{
	if (s->r.id && s->owed && settled)
		notify(s, false);
}

static void on_settle(struct timer *t, uint64_t now_ms)
{
	if (!directory_generation() || !child_link(PROC_LEDGER, 0)) {
		timer_set(&child_wheel, t, now_ms + AGAIN_MS);
		return;
	}
	settled = true;
	for (uint32_t i = 0; i < pool.cap; i++)
		pay(&table[i]);
}

void mwi_flow_up(const struct flow *f)
{
	for (uint32_t i = 0; settled && i < pool.cap; i++)
		if (table[i].r.flow == f->id)
			pay(&table[i]);
}

void mwi_phone_back(uint32_t user, uint32_t device)
{
	for (uint32_t i = 0; settled && i < pool.cap; i++)
		if (table[i].r.user == user && table[i].r.device == device)
			pay(&table[i]);
}

static bool adopt(uint32_t i, const struct subscription_record *r)
{
	const uint64_t id = kept_id(r->id);
	struct subscription *s = &table[i];

	if (id_index(id) != i || !kept_subscription_ok(r) || !pool_adopt(&pool, id))
		return false;
	*s = (struct subscription){.timer.fire = on_expired, .r = *r, .owed = true};
	s->r.id = id;
	timer_set(&child_wheel, &s->timer, r->until_ms);
	return true;
}

void mwi_open(struct arena_table *t)
{
	store = t;
	table = calloc(t->count, sizeof *table);
	if (!table || !pool_init(&pool, child_node(), t->count, 0))
		log_fatal("no memory for subscriptions");
	for (uint32_t i = 0; i < t->count; i++) {
		const struct subscription_record *r = arena_get(t, i);
		if (!r || r->until_ms <= child_now() || arena_marks(t, i) >= ARENA_MARKS_MAX)
			arena_clear(t, i);
		else if (kept_subscription_ok(r) && !kept_fits(r->user, r->device))
			left_out_unfit(t, i);
		else if (!adopt(i, r))
			left_out_damaged(t, i);
	}
	settled = pool.used == 0;
	settle.fire = on_settle;
	if (!settled)
		timer_set(&child_wheel, &settle, child_now() + SETTLE_MS);
}

/* --- SUBSCRIBE --- */

static struct subscription *find(const struct request *r)
{
	for (uint32_t i = 0; i < pool.cap; i++) {
		struct subscription *s = &table[i];
		if (s->r.id && s->r.device == r->flow->device && s->r.user == r->user &&
		    (!r->m->to_tag.len || (span_eq(REQUEST_STR(r, call_id), mwi_text(&s->r, MWI_CALL_ID)) &&
					      span_eq(REQUEST_STR(r, to_tag), span_str(s->r.tag)) &&
					      span_eq(REQUEST_STR(r, from_tag), mwi_text(&s->r, MWI_REMOTE_TAG)))))
			return s;
	}
	return NULL;
}

static struct subscription *begin(const struct request *r)
{
	struct subscription *old = find(r);

	if (old)
		end(old);
	uint64_t id = pool_take(&pool, false);
	if (id == ID_NONE)
		return NULL;
	struct subscription *s = &table[id_index(id)];
	*s = (struct subscription){.r = {.id = id, .user = r->user, .device = r->flow->device}};
	s->timer.fire = on_expired;
	rand_hex(s->r.tag, MWI_TAG_MAX / 2);
	memcpy(s->r.token, "mwi-", 4);
	rand_hex(s->r.token + 4, (MWI_TOKEN_MAX - 4) / 2);
	return s;
}

/* False, and nothing changed: the phone says too much. The route set is that of the first one (RFC 6665 4.4.1). */
static bool fill(struct subscription *s, const struct request *r)
{
	struct subscription_record next = s->r;
	const struct span text[MWI_TEXTS] = {
	    [MWI_CALL_ID] = REQUEST_STR(r, call_id),
	    [MWI_REMOTE_TAG] = REQUEST_STR(r, from_tag),
	    [MWI_CONTACT] = REQUEST_STR(r, contact),
	    [MWI_ROUTE_SET] = r->m->to_tag.len ? mwi_text(&s->r, MWI_ROUTE_SET) : REQUEST_STR(r, route_set),
	};
	size_t at = 0;

	for (int i = 0; i < MWI_TEXTS; i++) {
		if (text[i].n > sizeof next.text - at)
			return false;
		if (text[i].n)
			memcpy(next.text + at, text[i].p, text[i].n);
		at += text[i].n;
		next.end[i] = (uint16_t)at;
	}
	next.flow = r->flow->id;
	next.remote_cseq = r->m->cseq;
	s->r = next;
	return true;
}

static void say_accepted(const struct request *r, const struct subscription *s, uint32_t expires)
{
	struct msg_respond *m = reply_begin(r->reply, 200);

	if (!m)
		return;
	m->to_tag = ipc_put(reply_link(r->reply), span_str(s->r.tag));
	m->leg_token = ipc_put(reply_link(r->reply), span_str(s->r.token));
	m->expires = expires;
	reply_end(r->reply);
}

void mwi_on_subscribe(struct request *r)
{
	bool again = r->m->to_tag.len > 0;

	if (!login_gate(r, REQUEST_STR(r, from_user)))
		return;
	const struct user *u = directory_user(r->user);
	if (!u || (!again && !span_eq(REQUEST_STR(r, target_user), span_str(u->name)))) {
		reply_refuse(r->reply, REFUSE_NOT_ALLOWED);
		return;
	}
	struct subscription *s = again ? find(r) : begin(r);
	if (!s) {
		reply_refuse(r->reply, again ? REFUSE_NO_DIALOG : REFUSE_FULL);
		return;
	}
	if (again && r->m->cseq <= s->r.remote_cseq) {
		reply_refuse(r->reply, REFUSE_OUT_OF_ORDER);
		return;
	}
	if (!r->m->contact.len || !fill(s, r)) {
		reply_refuse(r->reply, r->m->contact.len ? REFUSE_TOO_LONG : REFUSE_CONTACT);
		end(s);
		return;
	}
	uint32_t expires = r->m->expires < MWI_EXPIRES_S ? r->m->expires : MWI_EXPIRES_S;
	say_accepted(r, s, expires);
	s->r.until_ms = child_now() + expires * UINT64_C(1000);
	timer_set(&child_wheel, &s->timer, s->r.until_ms);
	save(s);
	notify(s, expires == 0);
	if (expires == 0)
		end(s);
}

void mwi_changed(uint32_t user)
{
	for (uint32_t i = 0; table && i < pool.cap; i++)
		if (table[i].r.id && table[i].r.user == user)
			notify(&table[i], false);
}

/* RFC 6665 4.2.2: a phone that knows no such subscription has ended it. One that was silent is told when it is back. */
void mwi_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	int64_t at = pool_index(&pool, a->owner);

	(void)v;
	if (at >= 0 && m->code >= 400 && m->local)
		table[at].owed = true;
	else if (at >= 0 && m->code >= 400)
		end(&table[at]);
}

void mwi_status(struct proc_status *s)
{
	status_pool(s, "subscriptions", &pool);
	status_counter(s, "lights-told", notified);
}
