/* SPDX-License-Identifier: ISC */
#include "trunk_int.h"
#include "ipc/done.h"
#include <stdio.h>

/* --- for calls --- */

const struct trunk_conf *trunk_conf_of(uint8_t trunk)
{
	return trunk_get(trunk) ? &child_site()->trunk[trunk - 1] : NULL;
}

struct flow *trunk_flow(uint8_t trunk)
{
	const struct trunk *t = trunk_get(trunk);

	return t && t->flow ? flow_get(t->flow) : NULL;
}

bool trunk_is_up(uint8_t trunk)
{
	const struct trunk *t = trunk_get(trunk);

	return t && t->state == TRUNK_UP && t->flow;
}

static bool may_carry(const struct trunk *t, enum number_class class, bool emergency)
{
	const struct trunk_conf *c = trunk_section(t);

	if (!trunk_is_up(trunk_number(t)))
		return false;
	if (emergency)
		return c->emergency;
	return c->classes >> class & 1 && t->busy < c->lines;
}

bool trunk_may_help(uint8_t trunk)
{
	const struct trunk *t = trunk_get(trunk);

	return t && may_carry(t, NUMBER_EMERGENCY, true);
}

bool trunk_may_come(uint32_t tried)
{
	for (int i = 0; i < child_site()->trunks; i++) {
		const struct trunk *t = &trunk_table[i];
		if (!(tried >> trunk_number(t) & 1) && trunk_section(t)->emergency && !trunk_is_up(trunk_number(t)))
			return true;
	}
	return false;
}

/* One that is full is asked only for help, and then last: its answer may be that it has no line. */
static bool is_better(const struct trunk *t, const struct trunk *than)
{
	const struct trunk_conf *c = trunk_section(t), *other = trunk_section(than);
	bool full = t->busy >= c->lines, other_full = than->busy >= other->lines;

	if (full != other_full)
		return other_full;
	return c->priority < other->priority || (c->priority == other->priority && t->busy < than->busy);
}

uint8_t trunk_pick(enum number_class class, bool emergency, uint32_t tried)
{
	const struct trunk *best = NULL;

	for (int i = 0; i < child_site()->trunks; i++) {
		const struct trunk *t = &trunk_table[i];
		if (tried >> trunk_number(t) & 1 || !may_carry(t, class, emergency))
			continue;
		if (!best || is_better(t, best))
			best = t;
	}
	return best ? trunk_number(best) : 0;
}

void trunk_hurry(void)
{
	for (int i = 0; i < child_site()->trunks; i++)
		if (trunk_table[i].state == TRUNK_WAITS)
			trunk_feed(&trunk_table[i], TRUNK_BEGIN);
}

bool trunk_line_take(uint8_t trunk, bool beyond)
{
	struct trunk *t = trunk_get(trunk);

	if (!t || (t->busy >= trunk_section(t)->lines && !beyond))
		return false;
	t->busy++;
	return true;
}

bool trunk_is_over(uint8_t trunk)
{
	const struct trunk *t = trunk_get(trunk);

	return t && t->busy > trunk_section(t)->lines;
}

void trunk_line_release(uint8_t trunk)
{
	struct trunk *t = trunk_get(trunk);

	if (t && t->busy)
		t->busy--;
}

static enum number_spelling spelling_of(uint8_t trunk)
{
	const struct trunk_conf *c = trunk_conf_of(trunk);

	return c ? (enum number_spelling)c->spelling : SPELLED_PLUS;
}

bool trunk_canon(uint8_t trunk, struct span spelled, struct number *out)
{
	return number_canon_outside(&child_site()->plan, spelling_of(trunk), spelled, out);
}

void trunk_spell(uint8_t trunk, struct span canonical, char out[NUMBER_MAX + 1])
{
	char text[NUMBER_MAX + 1];

	span_cstr(span_head(canonical, NUMBER_MAX), text, sizeof text);
	number_spell(&child_site()->plan, spelling_of(trunk), text, out);
}

bool trunk_is_number(uint8_t trunk, struct span spelled, struct span number)
{
	struct number one;

	return number.n &&
	       (span_eq(spelled, number) || (trunk_canon(trunk, spelled, &one) && span_eq(span_str(one.text), number)));
}

bool trunk_is_user(uint8_t trunk, struct span name)
{
	const struct trunk_conf *c = trunk_conf_of(trunk);

	return c && c->user[0] && span_eq(name, span_str(c->user));
}

static bool is_called(uint8_t trunk, const struct inbound *n, struct span number)
{
	return n->named ? trunk_is_user(trunk, number) : trunk_is_number(trunk, span_str(n->number), number);
}

const char *trunk_map_in(uint8_t trunk, struct span number)
{
	const struct site *s = child_site();

	for (int i = 0; i < s->inbounds; i++)
		if (s->inbound[i].trunk == trunk - 1 && is_called(trunk, &s->inbound[i], number))
			return s->inbound[i].to;
	return NULL;
}

const char *trunk_caller_id(uint8_t trunk, struct span wanted)
{
	const struct trunk_conf *c = trunk_conf_of(trunk);
	struct number one;

	if (trunk_canon(0, wanted, &one))
		wanted = span_str(one.text);
	for (int i = 0; c && i < c->callers; i++)
		if (trunk_is_number(trunk, span_str(c->caller[i]), wanted))
			return c->caller[i];
	return c && c->callers ? c->caller[0] : NULL;
}

static bool has_media_at(const struct trunk_conf *c, const struct addr *a)
{
	for (int i = 0; c && i < c->media_nets; i++)
		if (trunk_net_holds(&c->media_net[i], a))
			return true;
	return false;
}

bool trunk_media_from(uint8_t trunk, const struct sdp_audio *said)
{
	const struct trunk_conf *c = trunk_conf_of(trunk);

	return (addr_is_any(&said->at) || has_media_at(c, &said->at)) &&
	       (!said->rtcp.family || addr_is_any(&said->rtcp) || has_media_at(c, &said->rtcp));
}

/* --- for people --- */

void trunk_on_list(struct link *from, const struct ipc_view *v)
{
	const struct msg_trunks_want *want = v->payload;

	if (want->hurry)
		trunk_hurry();
	for (int i = 0; !want->hurry && i < child_site()->trunks; i++) {
		const struct trunk *t = &trunk_table[i];
		struct msg_trunk_line *m = ipc_begin(from, MSG_TRUNK_LINE);
		if (!m)
			return;
		m->token = want->token;
		m->state = (uint8_t)t->state;
		m->busy = t->busy;
		m->lines = trunk_section(t)->lines;
		m->age_ms = t->since_ms ? child_now() - t->since_ms : 0;
		m->remote = t->remote;
		m->name = ipc_put(from, span_str(trunk_section(t)->name));
		m->reason = ipc_put(from, span_str(t->reason));
		ipc_end(from);
	}
	done_say(from, want->token, DONE_OK, 0, SPAN(""));
}

void trunk_status(struct proc_status *s)
{
	char name[STATUS_NAME_MAX];

	for (int i = 0; i < child_site()->trunks; i++) {
		snprintf(name, sizeof name, "lines-%.*s", STATUS_NAME_MAX - 7, trunk_section(&trunk_table[i])->name);
		status_add(s, name, STATUS_POOL, trunk_table[i].busy, trunk_section(&trunk_table[i])->lines, 0, 0);
	}
}
