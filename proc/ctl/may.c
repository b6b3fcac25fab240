/* SPDX-License-Identifier: ISC */
/* May this person call that number? core answers as it would answer the call. */
#include "ctl/verbs.h"
#include "ipc/words.h"

static enum plan_route route_named(struct span name)
{
	for (int i = ROUTE_FRESH; i < ROUTES; i++)
		if (span_eq(name, span_str(word_route[i].key)))
			return (enum plan_route)i;
	return ROUTE_NONE;
}

static enum plan_who who_named(struct span name)
{
	for (int i = WHO_ANONYMOUS; i < WHOS; i++)
		if (i != WHO_DEVICE && span_eq(name, span_str(word_caller[i].key)))
			return (enum plan_who)i;
	return WHO_NOBODY;
}

void may_ask(struct job *j)
{
	enum plan_route route = request_has(&j->req, FIELD_ROUTE) ? route_named(j->req.text[FIELD_ROUTE]) : ROUTE_FRESH;
	enum plan_who who = request_has(&j->req, FIELD_WHO) ? who_named(j->req.text[FIELD_WHO]) : WHO_USER;
	struct link *l;
	uint64_t token;

	if (who == WHO_NOBODY) {
		job_fail(j, DONE_REFUSED, "nobody calls as that", "`ringfence may --help` names who may");
		return;
	}
	if (route == ROUTE_NONE) {
		job_fail(
		    j, DONE_REFUSED, "a call does not come about in that way", "`ringfence may --help` names the ways");
		return;
	}
	struct msg_may_want *m = job_ask(j, PROC_CORE, MSG_MAY_WANT, &l, &token);
	if (!m)
		return;
	m->token = token;
	m->route = (uint8_t)route;
	m->who = (uint8_t)who;
	m->phone = request_has(&j->req, FIELD_PHONE) ? (uint32_t)j->req.number[FIELD_PHONE] : 0;
	m->user = ipc_put(l, j->req.text[FIELD_USER]);
	m->number = ipc_put(l, j->req.text[FIELD_CALLED]);
	job_asked(j, l);
}

void may_on_line(struct link *from, const struct ipc_view *v)
{
	static const char *const verdict[PLAN_VERDICTS] = {
	    [PLAN_REFUSE] = "no", [PLAN_ASK_PIN] = "pin", [PLAN_ALLOW] = "yes"};
	const struct msg_may_line *m = v->payload;
	struct job *j = job_of(from, m->token);

	if (!j)
		return;
	struct buf b = job_line(j, "may");
	json_word(&b, "may", verdict[m->verdict]);
	json_word(&b, "reason", plan_reason_word((enum plan_reason)m->reason));
	json_text(&b, "text", ipc_str(v, m->text));
	json_word(&b, "class", number_class_name[m->class]);
	json_text(&b, "number", ipc_str(v, m->number));
	json_text(&b, "country", ipc_str(v, m->country));
	json_text(&b, "to", ipc_str(v, m->to));
	json_word(&b, "memory", word_memory[m->memory].key);
	json_number(&b, "rate_e4", m->rate_e4);
	json_number(&b, "setup_e4", m->setup_e4);
	json_text(&b, "currency", ipc_str(v, m->currency));
	job_line_end(j, &b);
}
