/* SPDX-License-Identifier: ISC */
#include "login.h"
#include "base/log.h"
#include "base/pool.h"
#include "emergency.h"
#include "kept_request.h"
#include "nonces.h"
#include <stdlib.h>

enum {
	HELD_MAX = 512, /* requests that wait for keeper at once */
	HELD_RESERVE = 32,
	HELD_MS = 4000,
	HELD_EMERGENCY_MS = 1000,
};

struct held {
	struct timer timer;
	uint64_t token;
	uint32_t user, device;
	enum challenge challenge;
	char claimed[USER_NAME_MAX * 2 + 1]; /* whom the nonce is for */
	bool stale, judged;                  /* judged: keeper is asked for a verdict, not for a nonce */
	bool over;                           /* judged by a password that is none any more */
	bool emergency;
	struct kept_request request;
};

static struct pool pool;
static struct held *table;

void login_init(void)
{
	table = calloc(HELD_MAX, sizeof *table);
	if (!table || !pool_init(&pool, child_node(), HELD_MAX, HELD_RESERVE))
		log_fatal("no memory for logins");
	nonces_init();
}

static struct held *held_get(uint64_t token)
{
	int64_t at = pool_index(&pool, token);
	return at < 0 ? NULL : &table[at];
}

static void let_go(struct held *h)
{
	timer_cancel(&child_wheel, &h->timer);
	pool_release(&pool, h->token);
}

/* False when its connection is gone. */
static bool resume(struct held *h, bool unjudged)
{
	struct ipc_view v;
	struct request r;

	if (!request_kept(&h->request, &v, &r))
		return false;
	r.unjudged = unjudged;
	request_resume(&r);
	return true;
}

/* Keeper says nothing. A call for help goes on all the same: its phone has proved a certificate (R16). */
static void unanswered(struct held *h)
{
	if (!h->emergency || !resume(h, true))
		reply_refuse(h->request.reply, REFUSE_NO_KEEPER);
	let_go(h);
}

static void on_timeout(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	unanswered((struct held *)(void *)t);
}

static bool is_emergency_call(const struct request *r)
{
	return r->emergency && r->m->method == SIP_INVITE;
}

static struct held *hold(const struct request *r, uint32_t user)
{
	uint64_t token = pool_take(&pool, r->emergency);

	if (token == ID_NONE)
		return NULL;
	struct held *h = &table[id_index(token)];
	if (!request_keep(&h->request, r)) {
		pool_release(&pool, token);
		return NULL;
	}
	h->token = token;
	h->device = r->flow->device;
	h->user = user;
	h->stale = h->judged = h->over = false;
	h->emergency = is_emergency_call(r);
	h->timer = (struct timer){.fire = on_timeout};
	timer_set(&child_wheel, &h->timer, child_now() + (h->emergency ? HELD_EMERGENCY_MS : HELD_MS));
	return h;
}

/* An emergency call does not queue behind the logins of others (R16). */
static enum msg_class class_of(const struct request *r)
{
	return r->emergency ? CLASS_EMERGENCY : CLASS_NEW;
}

static enum challenge challenge_for(uint32_t device)
{
	const struct device *d = directory_device(device);
	return d && d->flags & DEVICE_MD5 ? CHALLENGE_MD5 : CHALLENGE_SHA256;
}

/* Keeper cannot be asked: true, a call for help goes on without; false, it was refused. */
static bool not_asked(struct request *r, struct held *h, bool keeper)
{
	if (h)
		let_go(h);
	if (is_emergency_call(r))
		return true;
	reply_refuse(r->reply, keeper ? REFUSE_FULL : REFUSE_NO_KEEPER);
	return false;
}

struct challenging {
	struct reply reply;
	uint64_t flow;
	enum challenge with;
	bool stale;
};

/* False: no nonce is left. */
static bool say_challenge(const struct challenging *c, struct span claimed)
{
	char mem[NONCE_TEXT];
	struct buf nonce = buf_of(mem, sizeof mem);

	if (!nonces_put(&nonce, c->flow, claimed))
		return false;
	struct msg_respond *m = reply_begin(c->reply, 401);
	if (m) {
		m->challenge = (uint8_t)c->with;
		m->stale = c->stale;
		m->nonce = ipc_put(reply_link(c->reply), buf_span(&nonce));
		reply_end(c->reply);
	}
	return true;
}

/* Where no nonce is left the request waits for keeper to make some; who calls for help is asked only by a keeper that speaks (R16).
 * What it returns is login_gate()'s. */
static bool challenge(struct request *r, struct span claimed, bool stale)
{
	const struct challenging c = {r->reply, r->flow->id, challenge_for(r->flow->device), stale};

	if (!is_emergency_call(r) && say_challenge(&c, claimed))
		return false;
	struct link *keeper = child_link(PROC_KEEPER, 0);
	struct held *h = keeper ? hold(r, NOBODY) : NULL;
	if (!h || !span_cstr(claimed, h->claimed, sizeof h->claimed) || !nonces_ask(class_of(r)))
		return not_asked(r, h, keeper != NULL);
	h->challenge = c.with;
	h->stale = stale;
	return false;
}

/* Ask keeper to judge; the request waits whole. */
static bool judge(struct request *r, struct span claimed)
{
	struct link *keeper = child_link(PROC_KEEPER, 0);
	struct held *h = keeper ? hold(r, directory_find(claimed)) : NULL;
	struct msg_login_want *m = h ? ipc_begin_as(keeper, MSG_LOGIN_WANT, class_of(r)) : NULL;

	if (!m)
		return not_asked(r, h, keeper != NULL);
	h->judged = true;
	m->token = h->token;
	m->flow = r->flow->id;
	m->device = r->flow->device;
	m->who = h->user == NOBODY ? 0 : h->user;
	m->user = ipc_put(keeper, claimed);
	m->method = r->m->method;
	m->md5 = directory_needs_md5(directory_find(claimed));
	m->algorithm = r->m->auth_algorithm;
	m->nc = r->m->auth_nc;
	m->nonce = ipc_put(keeper, REQUEST_STR(r, auth_nonce));
	m->uri = ipc_put(keeper, REQUEST_STR(r, auth_uri));
	m->cnonce = ipc_put(keeper, REQUEST_STR(r, auth_cnonce));
	m->response = ipc_put(keeper, REQUEST_STR(r, auth_response));
	ipc_end(keeper);
	return false;
}

/* Only the algorithm of the device's record counts; qop is not optional (T6). */
static bool credentials_usable(const struct request *r)
{
	enum challenge want = challenge_for(r->flow->device);

	return r->m->has_auth && r->m->auth_qop && r->m->auth_uri_matches &&
	       r->m->auth_algorithm == (want == CHALLENGE_MD5 ? DIGEST_MD5 : DIGEST_SHA256);
}

static bool refuse(struct request *r, enum refusal why)
{
	if (is_emergency_call(r))
		emergency_refused(r->flow, NOBODY, REQUEST_STR(r, target_user), refusal_row(why)->text);
	reply_refuse(r->reply, why);
	return false;
}

/* Who shows no name in From (RFC 3323 4.1.1.3) is whom the credentials name, or the one user of this connection: certificate and
 * login say as much as they do of a name in From. Several: nobody is guessed, but for who calls for help. */
static struct span behind(const struct request *r)
{
	const struct flow *f = r->flow;
	const struct user *u =
	    f->users == 1 || (f->users && is_emergency_call(r)) ? directory_user(f->login[0].user) : NULL;

	if (r->m->has_auth)
		return REQUEST_STR(r, auth_user);
	return span_str(u ? u->name : "");
}

bool login_gate(struct request *r, struct span claimed)
{
	const struct device *d = directory_device(r->flow->device);
	bool ours = r->m->from_kind == FROM_OURS;

	/* a binding is always somebody's by name */
	if (r->m->from_kind == FROM_NOBODY && r->m->method != SIP_REGISTER) {
		claimed = behind(r);
		ours = claimed.n > 0;
	}
	uint32_t user = directory_find(claimed);
	r->user = NOBODY;
	if (user != NOBODY && ours && !r->flow->expired && flow_logged_in(r->flow, user, child_now()) &&
	    directory_allows(user, r->flow->device)) {
		r->user = user;
		return true;
	}
	if (is_emergency_call(r) && (r->flow->expired || r->unjudged || (d && d->flags & DEVICE_FIXED)))
		return true;
	if (r->flow->expired)
		return refuse(r, REFUSE_EXPIRED);
	if (!ours)
		return refuse(r, REFUSE_FOREIGN);
	if (!credentials_usable(r))
		return challenge(r, claimed, false);
	if (!span_eq(REQUEST_STR(r, auth_user), claimed)) {
		child_event(EVENT_IMPERSONATION, SEVERITY_ALARM, r->flow->device, NOBODY, &r->flow->remote,
		    "credentials of one user, From of another");
		return refuse(r, REFUSE_IMPERSONATION);
	}
	return judge(r, claimed);
}

/* False: there are more than nonces. */
static bool challenge_held(bool emergency)
{
	for (uint32_t i = 0; i < pool.cap && pool.used; i++) {
		struct held *h = &table[i];
		if (pool_id_at(&pool, i) == ID_NONE || h->judged || h->emergency != emergency)
			continue;
		const struct challenging c = {h->request.reply, h->request.flow, h->challenge, h->stale};
		if (!say_challenge(&c, span_str(h->claimed)))
			return false;
		let_go(h);
	}
	return true;
}

void login_on_nonces(struct link *from, const struct ipc_view *v)
{
	if (!nonces_take(v->payload)) {
		child_accuse(from, "gave nonces that nobody asked for", 0, 0);
		return;
	}
	if (!challenge_held(true) || !challenge_held(false))
		(void)nonces_ask(CLASS_NEW);
}

static void go_on(struct held *h, struct flow *f)
{
	flow_log_in(f, h->user, child_now() + (uint64_t)child_site()->reauth_s * 1000);
	resume(h, false);
}

static void challenge_again(struct held *h)
{
	struct ipc_view v;
	struct request r;

	if (!request_kept(&h->request, &v, &r))
		return;
	r.emergency = h->emergency;
	if (challenge(&r, REQUEST_STR(&r, auth_user), true))
		resume(h, true);
}

static void refuse_held(struct held *h, struct flow *f)
{
	struct ipc_view kept;
	struct request r;

	if (h->emergency && request_kept(&h->request, &kept, &r))
		emergency_refused(f, NOBODY, REQUEST_STR(&r, target_user), refusal_row(REFUSE_LOGIN)->text);
	reply_refuse(h->request.reply, REFUSE_LOGIN);
}

void login_on_verdict(struct link *from, const struct ipc_view *v)
{
	const struct msg_login *m = v->payload;
	struct held *h = held_get(m->token);

	if (!h)
		return;
	if (!h->judged) {
		child_accuse(from, "judged what was not asked", h->request.flow, h->device);
		return;
	}
	struct flow *f = flow_get(h->request.flow);
	if (!f) {
		let_go(h);
		return;
	}
	bool known = h->user != NOBODY && directory_allows(h->user, f->device);
	if (m->verdict == LOGIN_STALE || (m->verdict == LOGIN_OK && h->over)) {
		challenge_again(h);
	} else if (m->verdict == LOGIN_OK && known) {
		go_on(h, f);
	} else {
		if (m->verdict == LOGIN_OK) /* a right password on a phone that is not this user's (T4) */
			child_event(EVENT_BINDING_REFUSED, SEVERITY_ALARM, f->device, h->user, &f->remote,
			    "right password from a phone that is not allowed for this user");
		else
			child_event(EVENT_LOGIN_WRONG, SEVERITY_WARNING, f->device, h->user, &f->remote,
			    h->user == NOBODY ? "login refused, there is no such user" : "login refused");
		/* locked may be by the guesses of others, and nothing was judged: help is called as where keeper is silent (R16) */
		if (m->verdict != LOGIN_LOCKED || !h->emergency || !resume(h, true))
			refuse_held(h, f);
	}
	let_go(h);
}

void login_over(uint32_t user)
{
	for (uint32_t i = 0; i < pool.cap && pool.used; i++)
		if (pool_id_at(&pool, i) != ID_NONE && table[i].judged && table[i].user == user)
			table[i].over = true;
}

void login_keeper_down(void)
{
	nonces_keeper_down();
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE)
			unanswered(&table[i]);
}

bool login_cancel(struct reply invite)
{
	for (uint32_t i = 0; i < pool.cap && pool.used; i++) {
		struct held *h = &table[i];
		if (pool_id_at(&pool, i) == ID_NONE || h->request.reply.txn != invite.txn ||
		    h->request.reply.edge != invite.edge)
			continue;
		reply_refuse(h->request.reply, REFUSE_CANCELLED);
		let_go(h);
		return true;
	}
	return false;
}

void login_status(struct proc_status *s)
{
	status_pool(s, "logins", &pool);
}
