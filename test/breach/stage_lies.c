/* SPDX-License-Identifier: ISC */
#include "stage_lies.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct telling {
	struct stage_liars *x;
	enum proc as;
	struct link *l;
	uint32_t on_link; /* told since it was made */
	bool ok;
} t;

static void new_link(void)
{
	if (t.l)
		stage_cut(t.x->s, t.l);
	t.l = stage_sibling(t.x->s, t.as, 0);
	t.on_link = 0;
	stage_run(t.x->s, 5);
}

/* What it said of the lie is here, because an answer of its to parent is that came later. */
static bool settle(void)
{
	t.x->s->parent.rate_second = 0; /* a patient parent: here every lie may be reported */
	return lie_settled(t.l) && stage_want_status(t.x->s);
}

static void fail(const struct lie *l, const char *why)
{
	fprintf(stderr, "%s says %s, field %s, lie %u: %s\n", proc_name[t.as], msg_rule[l->type].name,
	    l->field ? l->field : "(none)", l->number, why);
	t.ok = false;
}

static void tell(const struct lie *given, void *arg)
{
	static struct lie l;
	struct stage *s = t.x->s;
	uint32_t rate = msg_rule[given->type].rate;

	(void)arg;
	if (!t.ok)
		return;
	if (rate && t.on_link + 1 >= rate)
		new_link();
	l = *given;
	if (t.x->before)
		t.x->before(t.l, &l);
	s->accused = PROC_PARENT;
	if (!lie_send(t.l, &l)) {
		fail(&l, t.l->broken ? "it can't be told: the link is broken" : strerror(errno));
		return;
	}
	t.on_link++;
	t.x->told++;
	if (!settle()) {
		fail(&l, "no answer");
		return;
	}
	if (lie_is_plain(&l) && s->accused != t.as)
		fail(&l, "not named");
	else if (s->accused != t.as && s->accused != PROC_PARENT)
		fail(&l, "another is named");
	if (s->accused == PROC_PARENT)
		return;
	t.x->accused++;
	new_link();
}

bool stage_lies(struct stage_liars *x, enum proc as)
{
	static struct lie truth;

	t = (struct telling){.x = x, .as = as, .ok = true};
	new_link();
	for (enum msg type = 0; type < MSG_N && t.ok; type++) {
		if (!lie_is_due(type, as, x->s->proc) || msg_rule[type].fd)
			continue;
		void *payload = lie_invent(t.l, type);
		if (!payload)
			return false;
		if (x->mend)
			x->mend(t.l, type, payload);
		lie_take_truth(t.l, &truth);
		x->rows++;
		lies_each(&truth, tell, NULL);
	}
	stage_cut(x->s, t.l);
	return t.ok;
}
