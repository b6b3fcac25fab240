/* SPDX-License-Identifier: ISC */
#include "mwi.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/rand.h"
#include "directory.h"
#include "login.h"
#include "mail.h"
#include <stdlib.h>

/* A phone that subscribes anew without ending the old one takes its place. */
enum { EXPIRES_S = 3600, MWI_MAX = 8192, TOKEN_LEN = 20, TAG_LEN = 16 };

struct subscription {
	struct timer timer; /* first */
	uint64_t id, flow;
	uint32_t user, device, cseq, remote_cseq;
	char tag[TAG_LEN + 1], token[TOKEN_LEN + 1];
	char call_id[CALL_ID_MAX + 1], remote_tag[TAG_MAX + 1], contact[URI_TEXT_MAX + 1], route_set[ROUTE_SET_MAX + 1];
};

static struct pool pool;
static struct subscription *table;
static uint64_t notified;

static uint32_t most(void)
{
	uint32_t n = child_site()->max_phones;

	return n < MWI_MAX ? n : MWI_MAX;
}

void mwi_init(void)
{
	table = calloc(most(), sizeof *table);
	if (!table || !pool_init(&pool, child_node(), most(), 0))
		log_fatal("no memory for subscriptions");
}

static void end(struct subscription *s)
{
	timer_cancel(&child_wheel, &s->timer);
	pool_release(&pool, s->id);
	s->id = 0;
}

static void notify(struct subscription *s, bool last)
{
	const struct user *u = directory_user(s->user);
	struct flow *f = flow_get(s->flow);
	struct link *edge = f && u && flow_logged_in(f, s->user, child_now()) ? flow_link(f) : NULL;
	uint64_t ref = edge ? ask_new(ASK_MWI, s->id, f->edge, false) : 0;
	struct msg_send *m = ref ? ipc_begin_as(edge, MSG_SEND, CLASS_DIALOG) : NULL;

	if (!m) {
		ask_done(ref);
		return;
	}
	m->ref = ref;
	m->flow = f->id;
	m->method = SIP_NOTIFY;
	m->target = ipc_put(edge, span_str(s->contact));
	m->route_set = ipc_put(edge, span_str(s->route_set));
	m->from_user = m->to_user = ipc_put(edge, span_str(u->name));
	m->from_tag = ipc_put(edge, span_str(s->tag));
	m->to_tag = ipc_put(edge, span_str(s->remote_tag));
	m->call_id = ipc_put(edge, span_str(s->call_id));
	m->leg_token = ipc_put(edge, span_str(s->token));
	m->cseq = ++s->cseq;
	m->max_forwards = 70;
	m->package = PACKAGE_MESSAGE_SUMMARY;
	m->substate = last ? SIP_SUBSTATE_TERMINATED : SIP_SUBSTATE_ACTIVE;
	m->expires = last ? ABSENT : (uint32_t)((s->timer.due_ms - child_now()) / 1000);
	mail_counts(s->user, &m->messages_new, &m->messages_old);
	ipc_end(edge);
	notified++;
}

static void on_expired(struct timer *t, uint64_t now_ms)
{
	struct subscription *s = (struct subscription *)(void *)t;

	(void)now_ms;
	notify(s, true);
	end(s);
}

static struct subscription *find(const struct request *r)
{
	for (uint32_t i = 0; i < pool.cap; i++) {
		struct subscription *s = &table[i];
		if (s->id && s->device == r->flow->device && s->user == r->user &&
		    (!r->m->to_tag.len || (span_eq(REQUEST_STR(r, call_id), span_str(s->call_id)) &&
					      span_eq(REQUEST_STR(r, to_tag), span_str(s->tag)) &&
					      span_eq(REQUEST_STR(r, from_tag), span_str(s->remote_tag)))))
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
	*s = (struct subscription){.id = id, .user = r->user, .device = r->flow->device};
	s->timer.fire = on_expired;
	rand_hex(s->tag, TAG_LEN / 2);
	memcpy(s->token, "mwi-", 4);
	rand_hex(s->token + 4, (TOKEN_LEN - 4) / 2);
	return s;
}

static bool fill(struct subscription *s, const struct request *r)
{
	s->flow = r->flow->id;
	s->remote_cseq = r->m->cseq;
	return span_cstr(REQUEST_STR(r, call_id), s->call_id, sizeof s->call_id) &&
	       span_cstr(REQUEST_STR(r, from_tag), s->remote_tag, sizeof s->remote_tag) &&
	       span_cstr(REQUEST_STR(r, contact), s->contact, sizeof s->contact) && s->contact[0] &&
	       (r->m->to_tag.len || span_cstr(REQUEST_STR(r, route_set), s->route_set, sizeof s->route_set));
}

static void say_accepted(const struct request *r, const struct subscription *s, uint32_t expires)
{
	struct msg_respond *m = reply_begin(r->reply, 200);

	if (!m)
		return;
	m->to_tag = ipc_put(reply_link(r->reply), span_str(s->tag));
	m->leg_token = ipc_put(reply_link(r->reply), span_str(s->token));
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
	if (again && r->m->cseq <= s->remote_cseq) {
		reply_refuse(r->reply, REFUSE_OUT_OF_ORDER);
		return;
	}
	if (!fill(s, r)) {
		reply_refuse(r->reply, REFUSE_CONTACT);
		end(s);
		return;
	}
	uint32_t expires = r->m->expires < EXPIRES_S ? r->m->expires : EXPIRES_S;
	say_accepted(r, s, expires);
	timer_set(&child_wheel, &s->timer, child_now() + expires * UINT64_C(1000));
	notify(s, expires == 0);
	if (expires == 0)
		end(s);
}

void mwi_changed(uint32_t user)
{
	for (uint32_t i = 0; table && i < pool.cap; i++)
		if (table[i].id && table[i].user == user)
			notify(&table[i], false);
}

/* RFC 6665 4.2.2: a phone that knows no such subscription has ended it. */
void mwi_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	int64_t at = pool_index(&pool, a->owner);

	(void)v;
	if (at >= 0 && m->code >= 400 && !m->local)
		end(&table[at]);
}

void mwi_status(struct proc_status *s)
{
	status_pool(s, "subscriptions", &pool);
	status_counter(s, "lights-told", notified);
}
