/* SPDX-License-Identifier: ISC */
/* Users: the person in ledger, the secret in keeper. The person comes first, so that no secret of another is overwritten
 * by a user that exists; what fails half-way is taken back. */
#include "ctl/verbs.h"

static void say_user(struct job *j, enum user_action action, struct span display, bool enabled)
{
	struct link *l;
	uint64_t token;
	struct msg_user_set *m = job_ask(j, PROC_LEDGER, MSG_USER_SET, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->action = (uint8_t)action;
	m->enabled = enabled;
	m->name = ipc_put(l, j->req.text[FIELD_NAME]);
	m->display = ipc_put(l, display);
	job_asked(j, l);
}

static void say_secret(struct job *j, struct span password)
{
	struct link *l;
	uint64_t token;
	struct msg_secret_set *m = job_ask(j, PROC_KEEPER, MSG_SECRET_SET, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->user = ipc_put(l, j->req.text[FIELD_NAME]);
	m->password = ipc_put(l, password);
	job_asked(j, l);
}

static void take_back(struct job *j)
{
	j->left = "the user stands without a password: set one with `ringfence user set NAME --password`, or delete it";
	say_user(j, USER_DELETE, SPAN(""), false);
}

void people_add(struct job *j)
{
	struct span display = request_has(&j->req, FIELD_DISPLAY) ? j->req.text[FIELD_DISPLAY] : SPAN("");

	say_user(j, USER_ADD, display, true);
}

void people_add_secret(struct job *j)
{
	j->user.id = (uint32_t)j->answer.value;
	j->undo = take_back;
	say_secret(j, j->req.text[FIELD_PASSWORD]);
}

void people_added(struct job *j)
{
	j->undo = NULL;
	child_event(EVENT_USER, SEVERITY_INFO, 0, j->user.id, NULL, "added");
	job_next(j);
}

void people_find(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_list_want *m = job_ask(j, PROC_LEDGER, MSG_LIST_WANT, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->list = LIST_USERS;
	m->most = 1;
	m->name = ipc_put(l, j->req.text[request_has(&j->req, FIELD_USER) ? FIELD_USER : FIELD_NAME]);
	j->quiet = true;
	job_asked(j, l);
}

void people_change(struct job *j)
{
	struct span display = request_has(&j->req, FIELD_DISPLAY) ? j->req.text[FIELD_DISPLAY] : SPAN("");
	bool enabled = request_has(&j->req, FIELD_ENABLED) ? j->req.number[FIELD_ENABLED] != 0 : j->user.enabled;

	if (request_has(&j->req, FIELD_DISPLAY) || request_has(&j->req, FIELD_ENABLED))
		say_user(j, USER_CHANGE, display, enabled);
	else
		job_next(j);
}

void people_change_secret(struct job *j)
{
	if (request_has(&j->req, FIELD_PASSWORD))
		say_secret(j, j->req.text[FIELD_PASSWORD]);
	else
		job_next(j);
}

void people_changed(struct job *j)
{
	child_event(EVENT_USER, SEVERITY_INFO, 0, j->user.id, NULL, "changed");
	job_next(j);
}

/* The secret goes first: what fails after that leaves a user who cannot log in, and the verb can be run again. */
void people_forget_secret(struct job *j)
{
	say_secret(j, SPAN(""));
}

void people_delete(struct job *j)
{
	j->left = "the user stands without a password; run `ringfence user delete` again";
	say_user(j, USER_DELETE, SPAN(""), false);
}

void people_deleted(struct job *j)
{
	child_event(EVENT_USER, SEVERITY_INFO, 0, j->user.id, NULL, "deleted");
	job_next(j);
}
