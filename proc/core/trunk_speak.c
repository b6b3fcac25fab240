/* SPDX-License-Identifier: ISC */
/* What core says to a trunk about the trunk itself, REGISTER and OPTIONS, and what the trunk answers. */
#include "trunk_auth.h"
#include "trunk_int.h"
#include <stdio.h>

enum { TRIES_MAX = 3, GRANTED_MIN_S = 30 };

static struct msg_send *begin(struct trunk *t, enum sip_method method, struct link **edge)
{
	const struct trunk_conf *c = trunk_section(t);
	struct flow *f = flow_get(t->flow);

	*edge = f ? flow_link(f) : NULL;
	ask_done(t->ref);
	t->ref = *edge ? ask_new(ASK_TRUNK, trunk_number(t), f->edge, false) : 0;
	struct msg_send *m = t->ref ? ipc_begin_as(*edge, MSG_SEND, CLASS_DIALOG) : NULL;
	if (!m) {
		ask_done(t->ref);
		t->ref = 0;
		return NULL;
	}
	m->ref = t->ref;
	m->flow = f->id;
	m->method = (uint8_t)method;
	m->from_user = ipc_put(*edge, span_str(c->user));
	m->from_tag = ipc_put(*edge, span_str(t->tag));
	m->to_user = method == SIP_REGISTER ? ipc_put(*edge, span_str(c->user)) : (struct str){0, 0};
	m->call_id = ipc_put(*edge, span_str(t->call_id));
	m->cseq = ++t->cseq;
	m->max_forwards = 70;
	if (method == SIP_REGISTER) {
		m->leg_token = ipc_put(*edge, span_str(c->user));
		m->expires = t->expires_s ? t->expires_s : c->expires_s;
	}
	return m;
}

static void send_register(struct trunk *t, const struct trunk_answer *a)
{
	struct link *edge;
	struct msg_send *m = begin(t, SIP_REGISTER, &edge);

	if (!m)
		return;
	if (a)
		trunk_auth_put(edge, m, a);
	ipc_end(edge);
}

static void answered(uint64_t owner, const struct trunk_answer *a, const char *why)
{
	struct trunk *t = trunk_get((uint8_t)owner);

	if (!t || !t->registering)
		return;
	if (a) {
		send_register(t, a);
		return;
	}
	trunk_say_why(t, why);
	trunk_feed(t, TRUNK_REFUSED);
}

static bool ask_keeper(struct trunk *t)
{
	uint8_t mem[URI_TEXT_MAX];
	struct buf uri = buf_of(mem, sizeof mem);

	trunk_put_uri(&uri, trunk_section(t), span_of(NULL, 0));
	return trunk_auth_ask(trunk_number(t), SIP_REGISTER, buf_span(&uri), false, trunk_number(t), answered);
}

static bool due(uint64_t ms)
{
	return ms && ms <= child_now();
}

/* What is due: the registration first. A peer that asks for neither is there as soon as it is reached. */
void trunk_speak(struct trunk *t)
{
	const struct trunk_conf *c = trunk_section(t);
	bool fresh = t->state != TRUNK_UP;
	struct link *edge;

	t->tries = 0;
	t->registering = c->user[0] && (fresh || due(t->register_ms));
	if (t->registering) {
		if (!ask_keeper(t)) /* it has not challenged yet */
			send_register(t, NULL);
	} else if (c->keepalive_s) {
		if (begin(t, SIP_OPTIONS, &edge))
			ipc_end(edge);
	} else {
		trunk_feed(t, TRUNK_GRANTED);
	}
}

void trunk_speak_forget(struct trunk *t)
{
	trunk_auth_forget(trunk_number(t), answered);
}

/* --- what it answers --- */

static void grant(struct trunk *t, const struct msg_response *m)
{
	const struct trunk_conf *c = trunk_section(t);
	uint64_t now = child_now();

	if (t->registering) {
		uint64_t s = m->expires != ABSENT && m->expires > 0 ? m->expires : c->expires_s;
		if (s < GRANTED_MIN_S)
			s = GRANTED_MIN_S;
		t->register_ms = now + s * 500;
	}
	t->ask_ms = c->keepalive_s ? now + c->keepalive_s * 1000ull : 0;
	trunk_feed(t, TRUNK_GRANTED);
}

static void challenged(struct trunk *t, const struct msg_response *m, const struct ipc_view *v)
{
	const char *why = trunk_auth_take(trunk_number(t), m, v);

	/* a password that was wrong once is wrong again, unless only the nonce was too old */
	if (!why && t->tries > 0 && !m->auth_stale)
		why = "it refuses the password";
	if (!why && (++t->tries > TRIES_MAX || !ask_keeper(t)))
		why = "its challenge cannot be answered now";
	if (!why)
		return;
	trunk_say_alarm(t, why);
	trunk_auth_clear(trunk_number(t));
	trunk_feed(t, TRUNK_REFUSED);
}

static bool is_silent(const struct msg_response *m)
{
	return m->local || m->code == 408 || m->code >= 500;
}

static void refused(struct trunk *t, const struct msg_response *m)
{
	snprintf(t->reason, sizeof t->reason, m->local ? "it does not answer" : "it says %u", m->code);
	trunk_feed(t, is_silent(m) ? TRUNK_SILENT : TRUNK_REFUSED);
}

void trunk_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	struct trunk *t = trunk_get((uint8_t)a->owner);

	if (!t || a->ref != t->ref || m->code < 200)
		return;
	t->ref = 0;
	ask_done(a->ref);
	/* whatever it thinks of OPTIONS, it is there */
	if (m->code < 300 || (!t->registering && !m->local && m->code != 408 && m->code != 503)) {
		grant(t, m);
	} else if (t->registering && (m->code == 401 || m->code == 407)) {
		challenged(t, m, v);
	} else if (t->registering && m->code == 423 && m->min_expires > t->expires_s && m->min_expires <= 7200) {
		t->expires_s = m->min_expires;
		trunk_speak(t);
	} else {
		refused(t, m);
	}
}
