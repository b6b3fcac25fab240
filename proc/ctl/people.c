/* SPDX-License-Identifier: ISC */
/* Users: the person in ledger, the secret in keeper. The person comes first, so that no secret of another is overwritten
 * by a user that exists; what fails half-way is taken back. */
#include "ctl/verbs.h"
#include "ipc/words.h"

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
	m->md5 = j->user.md5 || j->req.number[FIELD_MD5];
	m->user = ipc_put(l, j->req.text[FIELD_NAME]);
	m->password = ipc_put(l, password);
	job_asked(j, l);
}

static void say_forget(struct job *j, enum forget what)
{
	struct link *l;
	uint64_t token;
	struct msg_secrets_forget *m = job_ask(j, PROC_KEEPER, MSG_SECRETS_FORGET, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->who = j->user.id;
	m->what = (uint8_t)what;
	m->user = ipc_put(l, j->req.text[FIELD_NAME]);
	job_asked(j, l);
}

static void take_back(struct job *j)
{
	j->left = "the user stands without a password: set one with `ringfence user set NAME --password`, or delete it";
	say_user(j, USER_DELETE, SPAN(""), false);
}

enum { PASSWORD_LEAST = 8 };

/* Whoever has taken a phone can try only a few, but those who know the person guess well. */
static bool password_is_short(struct job *j)
{
	if (!request_has(&j->req, FIELD_PASSWORD) || j->req.text[FIELD_PASSWORD].n >= PASSWORD_LEAST)
		return false;
	job_fail(j, DONE_REFUSED, "a password has at least 8 octets", "--generate makes a good one");
	return true;
}

void people_add(struct job *j)
{
	struct span display = request_has(&j->req, FIELD_DISPLAY) ? j->req.text[FIELD_DISPLAY] : SPAN("");

	if (!password_is_short(j))
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

static void ask_user(struct job *j, bool quiet)
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
	j->quiet = quiet;
	job_asked(j, l);
}

void people_find(struct job *j)
{
	if (!password_is_short(j))
		ask_user(j, true);
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

/* Who knew the old one alone is out: a thief too. */
void people_log_out(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_log_out *m;

	if (!request_has(&j->req, FIELD_PASSWORD)) {
		job_next(j);
		return;
	}
	child_event(EVENT_USER, SEVERITY_INFO, 0, j->user.id, NULL, "given a new password");
	j->left =
	    "the password was set, but whoever is logged in with the old one stays so for a time: set it once more";
	m = job_ask(j, PROC_CORE, MSG_LOG_OUT, &l, &token);
	if (!m)
		return;
	m->token = token;
	m->user = ipc_put(l, j->req.text[FIELD_NAME]);
	job_asked(j, l);
}

/* A new password did it already. */
void people_unlock(struct job *j)
{
	j->left = NULL;
	if (j->req.number[FIELD_UNLOCK] && !request_has(&j->req, FIELD_PASSWORD))
		say_forget(j, FORGET_LOGIN_LOCK);
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
	say_forget(j, FORGET_ALL);
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

/* --- what there is of them --- */

void people_show(struct job *j)
{
	ask_user(j, false);
}

void people_show_secrets(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_secrets_want *m = job_ask(j, PROC_KEEPER, MSG_SECRETS_WANT, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->user = ipc_put(l, j->req.text[FIELD_NAME]);
	job_asked(j, l);
}

void people_on_secrets(struct link *from, const struct ipc_view *v)
{
	const struct msg_secrets *m = v->payload;
	struct job *j = job_answered(from, m->token);

	if (!j)
		return;
	struct buf b = job_line(j, "secrets");
	json_flag(&b, "password", m->password);
	json_flag(&b, "md5", m->md5);
	json_word(&b, "pin", word_pin[m->pin].key);
	json_number(&b, "wrong", m->wrong);
	json_number(&b, "dialled", m->dialled);
	json_number(&b, "locked_s", m->locked_s);
	job_line_end(j, &b);
	job_next(j);
}

/* --- outgoing PIN and dialled numbers: keeper tells of the change itself --- */

void people_pin(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_pin_set *m = job_ask(j, PROC_KEEPER, MSG_PIN_SET, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->who = j->user.id;
	m->user = ipc_put(l, j->req.text[FIELD_NAME]);
	m->new = ipc_put(l, j->req.text[FIELD_PIN]);
	job_asked(j, l);
}

void people_forget(struct job *j)
{
	say_forget(j, (enum forget)j->req.number[FIELD_FORGET]);
}

/* The keys went first: what is left of the messages can be heard by nobody. */
void people_forget_messages(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_mail_forget *m;

	if (j->req.number[FIELD_FORGET] != FORGET_MESSAGES) {
		job_ok(j);
		return;
	}
	j->left =
	    "the messages can be heard by nobody any more, but count still; run `ringfence user forget-messages` again";
	m = job_ask(j, PROC_LEDGER, MSG_MAIL_FORGET, &l, &token);
	if (!m)
		return;
	m->token = token;
	m->user = ipc_put(l, j->req.text[FIELD_NAME]);
	job_asked(j, l);
}

void people_forgot_messages(struct job *j)
{
	child_event(EVENT_USER, SEVERITY_INFO, 0, j->user.id, NULL, "voice messages deleted");
	job_next(j);
}
