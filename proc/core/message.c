/* SPDX-License-Identifier: ISC */
#include "message.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/rand.h"
#include "desk.h"
#include "dial.h"
#include "hotdesk.h"
#include "pace.h"
#include "permit.h"
#include "registrar.h"
#include "share.h"
#include <stdlib.h>

enum { MESSAGES_MAX = 512, PHONES_MAX = 64, LEAST = 8 };

struct message {
	uint64_t id;
	struct reply reply;
	uint64_t notice;     /* own: watch's token of it */
	uint32_t by;         /* share.h */
	uint8_t waiting;     /* phones that have not answered, PHONES_MAX at most */
	bool delivered, own; /* own: from the exchange itself */
};

static struct pool pool;
static struct message *table;
static struct share share;
static uint64_t notices, notices_delivered;

struct words {
	struct span user, display, text;
};

void message_init(void)
{
	table = calloc(MESSAGES_MAX, sizeof *table);
	if (!table || !pool_init(&pool, child_node(), MESSAGES_MAX, 0))
		log_fatal("no memory for messages");
	share_init(&share, MESSAGES_MAX, share_most(MESSAGES_MAX, LEAST));
}

void message_told(uint64_t notice, bool told)
{
	struct link *watch = child_link(PROC_WATCH, 0);
	struct msg_desk_told *m = watch ? ipc_begin(watch, MSG_DESK_TOLD) : NULL;

	notices_delivered += told;
	if (!m) /* it takes what it does not hear of for not told */
		return;
	m->token = notice;
	m->told = told;
	ipc_end(watch);
}

static void deliver(struct message *t)
{
	if (t->own && !t->delivered)
		message_told(t->notice, true);
	t->delivered = true;
}

/* A person or a ring group; false: there is none. */
static bool alarm_desk(struct dest *out)
{
	return route_find(span_str(child_site()->alarms.desk), SPAN(""), out) &&
	       (out->kind == DEST_USER || out->kind == DEST_GROUP);
}

/* Its phones have answered, and none took the text. */
static bool tell_by_call(const struct message *t)
{
	struct dest desk;

	return t->own && !t->delivered && alarm_desk(&desk) && desk_alarm(&desk, t->notice);
}

static void forget(struct message *t)
{
	share_release(&share, t->by);
	pool_release(&pool, t->id);
}

static void finish(struct message *t)
{
	if (!t->own && t->delivered)
		reply_code(t->reply, 200);
	else if (!t->own)
		reply_refuse(t->reply, REFUSE_OFFLINE);
	else if (!t->delivered)
		message_told(t->notice, false);
	forget(t);
}

static bool send_to(struct message *t, const struct registration *to, const struct words *w)
{
	const struct user *callee = directory_user(to->user);
	struct flow *f = flow_get(to->flow);
	struct link *edge = f ? flow_link(f) : NULL;
	uint64_t ref = edge ? ask_new(ASK_MESSAGE, t->id, f->edge, false) : 0;
	struct msg_send *m = ref ? ipc_begin_as(edge, MSG_SEND, CLASS_NEW) : NULL;
	char call_id[33], tag[17];

	if (!m) {
		ask_done(ref);
		return false;
	}
	rand_hex(call_id, 16);
	rand_hex(tag, 8);
	m->ref = ref;
	m->flow = f->id;
	m->method = SIP_MESSAGE;
	m->target = ipc_put(edge, span_str(to->contact));
	m->from_user = m->identity_user = ipc_put(edge, w->user);
	m->from_display = m->identity_display = ipc_put(edge, w->display);
	m->from_tag = ipc_put(edge, span_str(tag));
	m->to_user = ipc_put(edge, span_str(callee->name));
	m->call_id = ipc_put(edge, span_str(call_id));
	m->cseq = 1;
	m->max_forwards = 70;
	m->text = ipc_put(edge, w->text);
	ipc_end(edge);
	return true;
}

struct sending {
	struct message *message;
	const struct words *words;
};

static bool send_to_phones(uint32_t user, void *arg)
{
	const struct sending *s = arg;
	const struct registration *to[REGISTRAR_TARGETS_MAX];
	struct message *t = s->message;
	int n = registrar_targets(user, to);

	for (int i = 0; i < n && t->waiting < PHONES_MAX; i++)
		t->waiting = (uint8_t)(t->waiting + send_to(t, to[i], s->words));
	return t->waiting < PHONES_MAX;
}

static void send_all(struct message *t, const struct dest *callee, const struct words *w)
{
	struct sending s = {t, w};

	dial_each_callee(callee, send_to_phones, &s);
	if (t->waiting == 0)
		finish(t);
}

/* Texts go to people here, and nowhere else. */
static enum refusal judge(const struct request *r, struct dest *to)
{
	if (r->m->target_kind != TARGET_USER || !route_find(REQUEST_STR(r, target_user), SPAN(""), to) ||
	    to->kind != DEST_USER)
		return REFUSE_NO_NUMBER;
	const struct permit_case q = {.who = r->user == NOBODY ? WHO_DEVICE : WHO_USER,
	    .route = ROUTE_FRESH,
	    .user = hotdesk_person(r->user, r->flow->device),
	    .device = r->flow->device,
	    .payer = hotdesk_person(r->user, r->flow->device),
	    .at = &r->flow->remote,
	    .expired = r->flow->expired,
	    .number = to->number};
	const struct plan_answer a = permit(&q);
	return a.verdict == PLAN_ALLOW ? REFUSE_NONE : permit_refusal(&a);
}

void message_on_request(struct request *r)
{
	if (!login_gate(r, REQUEST_STR(r, from_user)))
		return;
	if (!pace_allows_text(r->flow)) {
		share_tell(r->flow, r->user, "a phone writes texts faster than one may");
		reply_refuse(r->reply, REFUSE_TEXTS);
		return;
	}
	struct dest callee;
	enum refusal why = judge(r, &callee);
	if (why) {
		reply_refuse(r->reply, why);
		return;
	}
	const uint32_t by = share_of_flow(r->flow);
	const bool may = share_has_room(&share, by);
	const uint64_t id = may ? pool_take(&pool, false) : ID_NONE;
	if (id == ID_NONE) {
		reply_refuse(r->reply, may ? REFUSE_FULL : REFUSE_SHARE);
		return;
	}
	share_add(&share, by);
	struct message *t = &table[id_index(id)];
	*t = (struct message){.id = id, .reply = r->reply, .by = by};
	const struct user *from = directory_user(hotdesk_person(r->user, r->flow->device));
	const struct words w = {span_str(from->name), span_str(from->display), REQUEST_STR(r, text)};
	send_all(t, &callee, &w);
}

void message_on_notice(struct link *from, const struct ipc_view *v)
{
	const struct msg_notify_desk *m = v->payload;
	struct dest desk;
	uint64_t id = alarm_desk(&desk) ? pool_take(&pool, false) : ID_NONE;

	(void)from;
	notices++;
	if (id == ID_NONE) {
		message_told(m->token, false);
		return;
	}
	struct message *t = &table[id_index(id)];
	*t = (struct message){.id = id, .own = true, .notice = m->token, .by = NOBODY};
	const struct words w = {SPAN("ringfence"), SPAN("Ringfence"), ipc_str(v, m->text)};
	send_all(t, &desk, &w);
}

void message_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	int64_t at = pool_index(&pool, a->owner);

	(void)v;
	if (at < 0 || m->code < 200)
		return;
	struct message *t = &table[at];
	if (m->code < 300)
		deliver(t);
	if (--t->waiting > 0)
		return;
	if (tell_by_call(t))
		forget(t);
	else
		finish(t);
}

void message_status(struct proc_status *s)
{
	status_pool(s, "messages", &pool);
	status_counter(s, "desk-notices", notices);
	status_counter(s, "desk-notices-delivered", notices_delivered);
}
