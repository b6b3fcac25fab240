/* SPDX-License-Identifier: ISC */
#include "may.h"
#include "ipc/done.h"
#include "permit.h"
#include "pin.h"
#include "registrar.h"
#include "route.h"
#include "trunk.h"

enum { WAITING_MAX = 32 };

/* A question that waits for keeper's word. */
static struct waiting {
	bool used;
	uint64_t token;
	uint32_t ctl; /* instance */
	struct permit_case question;
	struct dest dest;
	struct addr at;
} waiting[WAITING_MAX];

/* The person, group or trunk that it leads to; empty: nobody and none. */
static const char *leads_to(const struct dest *d, uint8_t trunk)
{
	if (d->kind == DEST_USER && directory_user(d->index))
		return directory_user(d->index)->name;
	if (d->kind == DEST_GROUP)
		return d->number.text;
	return d->kind == DEST_OUTSIDE && trunk ? trunk_conf_of(trunk)->name : "";
}

static void put_answer(struct link *to, const struct waiting *w, const struct plan_answer *a, enum may_memory memory)
{
	const struct number *n = &w->question.number;
	struct msg_may_line *m = ipc_begin(to, MSG_MAY_LINE);

	if (!m)
		return;
	m->token = w->token;
	m->verdict = a->verdict;
	m->reason = a->reason;
	m->class = n->class;
	m->memory = (uint8_t)memory;
	m->rate_e4 = a->rate.rate_e4;
	m->setup_e4 = a->rate.setup_e4;
	m->number = ipc_put(to, span_str(n->text));
	m->country = ipc_put(to, span_str(n->country));
	m->currency = ipc_put(to, span_str(child_site()->plan.currency));
	m->to = ipc_put(to, span_str(leads_to(&w->dest, w->question.trunk)));
	m->text = ipc_put(to, span_str(a->text));
	ipc_end(to);
	done_say(to, w->token, DONE_OK, 0, SPAN(""));
}

static void answer(struct waiting *w, enum may_memory memory, const struct pin_memory *m)
{
	struct link *to = child_link(PROC_CTL, w->ctl);

	w->used = false;
	w->question.at = &w->at;
	w->question.dialled_before = m->dialled;
	w->question.pin = m->pin;
	const struct plan_answer a = permit(&w->question);
	if (to)
		put_answer(to, w, &a, memory);
}

static void on_dialled(uint64_t owner, const struct pin_memory *m)
{
	if (owner < WAITING_MAX && waiting[owner].used)
		answer(&waiting[owner], !m->heard ? MAY_UNKNOWN : m->dialled ? MAY_DIALLED : MAY_NEW, m);
}

void may_init(void)
{
	static const struct pin_answers answers = {.dialled = on_dialled};

	pin_on_answer(PIN_FOR_MAY, &answers);
}

/* The phone that was named, or the one that the user is logged in on, or the first that they may use; where it is, if it is there. */
static void find_phone(struct waiting *w, uint32_t phone)
{
	const struct registration *to[REGISTRAR_TARGETS_MAX];
	const struct user *u = directory_user(w->question.payer);
	int n = registrar_targets(w->question.payer, to);
	const struct flow *f = NULL;

	w->question.device = phone ? phone : n ? to[0]->device : u && u->devices ? u->device[0] : NOBODY;
	for (int i = 0; i < n && !f; i++)
		if (to[i]->device == w->question.device)
			f = flow_get(to[i]->flow);
	if (f) {
		w->at = f->remote;
		w->question.expired = f->expired;
	}
}

static void build(struct waiting *w, uint32_t user, const struct msg_may_want *m, struct span number)
{
	w->question = (struct permit_case){
	    .who = m->who, .route = m->route, .user = m->who == WHO_USER ? user : NOBODY, .payer = user};
	w->at = (struct addr){0};
	(void)route_find(number, SPAN(""), &w->dest);
	w->question.number = w->dest.number;
	w->question.inside = w->dest.kind == DEST_USER || w->dest.kind == DEST_GROUP;
	if (w->dest.kind == DEST_OUTSIDE)
		w->question.trunk =
		    trunk_pick((enum number_class)w->dest.number.class, w->dest.number.class == NUMBER_EMERGENCY, 0);
	w->question.device = NOBODY;
	if (m->who == WHO_USER)
		find_phone(w, m->phone);
}

static struct waiting *take(void)
{
	for (int i = 0; i < WAITING_MAX; i++)
		if (!waiting[i].used)
			return &waiting[i];
	return NULL;
}

void may_on_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_may_want *m = v->payload;
	uint32_t user = directory_find(ipc_str(v, m->user));
	struct waiting *w = take();

	if (user == NOBODY || !w) {
		done_say(from, m->token, w ? DONE_NOT_FOUND : DONE_BUSY, 0,
		    w ? SPAN("no such user, or not enabled") : SPAN("too many ask"));
		return;
	}
	w->token = m->token;
	w->ctl = from->instance;
	build(w, user, m, ipc_str(v, m->number));
	w->used = true;
	if (!number_is_outside(&w->dest.number))
		answer(w, MAY_NOT_ASKED, &pin_unheard);
	else if (!pin_ask_dialled(PIN_FOR_MAY, (uint64_t)(w - waiting), user, span_str(w->dest.number.text)))
		answer(w, MAY_UNKNOWN, &pin_unheard);
}
