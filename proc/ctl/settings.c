/* SPDX-License-Identifier: ISC */
/* Settings, ring groups and emergency calls: all of it is ledger's. What was set comes as lines "kind=value" in the body,
 * which ledger judges and takes as one. */
#include "ctl/verbs.h"
#include "ipc/words.h"

/* --- settings --- */

static void put(struct job *j, enum setting_owner owner, uint32_t index, struct span name)
{
	struct link *l;
	uint64_t token;

	if (!request_has(&j->req, FIELD_BODY)) {
		job_next(j);
		return;
	}
	if (j->req.body.n > SETTING_LINES_MAX) {
		job_fail(j, DONE_REFUSED, "that is more than can be set at once", NULL);
		return;
	}
	struct msg_setting_put *m = job_ask(j, PROC_LEDGER, MSG_SETTING_PUT, &l, &token);
	if (!m)
		return;
	m->token = token;
	m->owner = (uint8_t)owner;
	m->index = index;
	m->name = ipc_put(l, name);
	m->lines = ipc_put(l, j->req.body);
	job_asked(j, l);
}

void settings_put_user(struct job *j)
{
	put(j, OWNER_USER, 0, j->req.text[FIELD_NAME]);
}

void settings_put_phone(struct job *j)
{
	put(j, OWNER_DEVICE, (uint32_t)j->req.number[FIELD_PHONE], SPAN(""));
}

void settings_put_site(struct job *j)
{
	put(j, OWNER_SITE, 0, SPAN(""));
}

void settings_changed_site(struct job *j)
{
	child_event(EVENT_ADMIN, SEVERITY_INFO, 0, 0, NULL, "the site's settings were changed");
	job_next(j);
}

static void show(struct job *j, enum setting_owner owner, uint32_t index, struct span name)
{
	struct link *l;
	uint64_t token;
	struct msg_setting_want *m = job_ask(j, PROC_LEDGER, MSG_SETTING_WANT, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->owner = (uint8_t)owner;
	m->index = index;
	m->name = ipc_put(l, name);
	job_asked(j, l);
}

void settings_show_user(struct job *j)
{
	show(j, OWNER_USER, 0, j->req.text[FIELD_NAME]);
}

void settings_show_phone(struct job *j)
{
	show(j, OWNER_DEVICE, (uint32_t)j->req.number[FIELD_PHONE], SPAN(""));
}

void settings_show_site(struct job *j)
{
	show(j, OWNER_SITE, 0, SPAN(""));
}

void settings_on_line(struct link *from, const struct ipc_view *v)
{
	const struct msg_setting_line *m = v->payload;
	struct job *j = job_of(from, m->token);

	if (!j)
		return;
	struct buf b = job_line(j, "setting");
	json_word(&b, "name", setting_rule[m->kind].name);
	json_text(&b, "value", ipc_str(v, m->value));
	job_line_end(j, &b);
}

/* --- ring groups --- */

static void say_group(struct job *j, enum group_action action)
{
	struct link *l;
	uint64_t token;

	if (j->req.body.n > SETTING_LINES_MAX) {
		job_fail(j, DONE_REFUSED, "that is more than can be set at once", NULL);
		return;
	}
	struct msg_group_set *m = job_ask(j, PROC_LEDGER, MSG_GROUP_SET, &l, &token);
	if (!m)
		return;
	m->token = token;
	m->action = (uint8_t)action;
	m->name = ipc_put(l, j->req.text[FIELD_NAME]);
	m->display = ipc_put(l, j->req.text[FIELD_DISPLAY]);
	m->lines = ipc_put(l, j->req.body);
	job_asked(j, l);
}

void group_add(struct job *j)
{
	say_group(j, GROUP_ADD);
}

void group_set(struct job *j)
{
	say_group(j, GROUP_CHANGE);
}

void group_delete(struct job *j)
{
	say_group(j, GROUP_DELETE);
}

void group_changed(struct job *j)
{
	child_event(EVENT_USER, SEVERITY_INFO, 0, 0, NULL,
	    j->req.verb == VERB_GROUP_ADD      ? "a ring group was added"
	    : j->req.verb == VERB_GROUP_DELETE ? "a ring group was deleted"
					       : "a ring group was changed");
	job_next(j);
}

void look_groups(struct job *j)
{
	look_list(j, LIST_GROUPS, JOB_PAGE);
}

void look_on_group(struct link *from, const struct ipc_view *v)
{
	static const char *const strategy[STRATEGIES] = {[STRATEGY_ALL] = "all", [STRATEGY_IN_TURN] = "in-turn"};
	const struct msg_group_line *m = v->payload;
	struct job *j = job_of(from, m->token);

	if (!j)
		return;
	j->rows++;
	struct buf b = job_line(j, "group");
	json_text(&b, "name", ipc_str(v, m->name));
	json_text(&b, "display", ipc_str(v, m->display));
	json_text(&b, "members", ipc_str(v, m->members));
	json_word(&b, "strategy", strategy[m->strategy]);
	json_number(&b, "ring_seconds", m->ring_s);
	json_text(&b, "forward_no_answer", ipc_str(v, m->forward));
	job_line_end(j, &b);
}

/* --- emergency calls --- */

void look_notices(struct job *j)
{
	look_list(j, LIST_NOTICES, JOB_PAGE);
}

void look_on_notice(struct link *from, const struct ipc_view *v)
{
	const struct msg_notice_line *m = v->payload;
	struct job *j = job_of(from, m->token);

	if (!j)
		return;
	j->rows++;
	struct buf b = job_line(j, "notice");
	json_number(&b, "notice", m->row);
	json_signed(&b, "at_ms", m->wall_ms);
	json_word(&b, "what", word_notice[m->kind].key);
	json_text(&b, "number", ipc_str(v, m->number));
	json_number(&b, "phone", m->device);
	json_number(&b, "user", m->user);
	json_text(&b, "location", ipc_str(v, m->location));
	json_signed(&b, "taken_at_ms", m->taken_wall_ms);
	json_text(&b, "taken_by", ipc_str(v, m->taken_by));
	job_line_end(j, &b);
}

void notice_take(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_notice_take *m = job_ask(j, PROC_LEDGER, MSG_NOTICE_TAKE, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->row = j->req.number[FIELD_ROW];
	m->name = ipc_put(l, j->req.text[FIELD_NAME]);
	job_asked(j, l);
}

void notice_taken(struct job *j)
{
	child_event(EVENT_ADMIN, SEVERITY_INFO, 0, 0, NULL, "an emergency notice was seen to");
	job_next(j);
}
