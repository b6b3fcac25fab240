/* SPDX-License-Identifier: ISC */
/* Administrators and what they alone may read. ctl computes argon2id, which takes its time; keeper, which stays fast, judges
 * the result and counts the tries. */
#include "base/rand.h"
#include "base/secret.h"
#include "ctl/verbs.h"
#include <argon2.h>

enum { PASSES_MAX = 16, MEMORY_MAX_KB = 256 * 1024, HASH = 32, SALT = 16 };

void admin_ask(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_admin_want *m = job_ask(j, PROC_KEEPER, MSG_ADMIN_WANT, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->name = ipc_put(l, j->req.text[FIELD_NAME]);
	job_asked(j, l);
}

void admin_on_salt(struct link *from, const struct ipc_view *v)
{
	const struct msg_admin_salt *m = v->payload;
	struct job *j = job_answered(from, m->token);

	if (!j)
		return;
	j->admin.passes = m->passes;
	j->admin.memory_kb = m->memory_kb;
	memcpy(j->admin.salt, m->salt, SALT);
	job_next(j);
}

static bool hash_password(struct job *j, uint8_t hash[HASH])
{
	struct span password = j->req.text[FIELD_PASSWORD];

	if (j->admin.passes == 0 || j->admin.passes > PASSES_MAX || j->admin.memory_kb > MEMORY_MAX_KB)
		return false;
	return argon2id_hash_raw(j->admin.passes, j->admin.memory_kb, 1, password.p, password.n, j->admin.salt, SALT,
		   hash, HASH) == ARGON2_OK;
}

static const char no_hash[] = "the password could not be hashed";

void admin_set(struct job *j)
{
	uint8_t hash[HASH];
	struct link *l;
	uint64_t token;

	if (j->req.text[FIELD_PASSWORD].n < 8) {
		job_fail(j, DONE_REFUSED, "an administrator's password has at least 8 octets", NULL);
		return;
	}
	rand_bytes(j->admin.salt, SALT);
	if (!hash_password(j, hash)) {
		job_fail(j, DONE_FAILED, no_hash, NULL);
		return;
	}
	struct msg_admin_set *m = job_ask(j, PROC_KEEPER, MSG_ADMIN_SET, &l, &token);
	if (m) {
		m->token = token;
		m->passes = j->admin.passes;
		m->memory_kb = j->admin.memory_kb;
		memcpy(m->salt, j->admin.salt, SALT);
		memcpy(m->hash, hash, HASH);
		m->name = ipc_put(l, j->req.text[FIELD_NAME]);
		job_asked(j, l);
	}
	secret_wipe(hash, sizeof hash);
}

void admin_remove(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_admin_remove *m = job_ask(j, PROC_KEEPER, MSG_ADMIN_REMOVE, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->name = ipc_put(l, j->req.text[FIELD_NAME]);
	job_asked(j, l);
}

void admin_list(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_admins_want *m = job_ask(j, PROC_KEEPER, MSG_ADMINS_WANT, &l, &token);

	if (!m)
		return;
	m->token = token;
	job_asked(j, l);
}

void admin_on_line(struct link *from, const struct ipc_view *v)
{
	const struct msg_admin_line *m = v->payload;
	struct job *j = job_of(from, m->token);

	if (!j)
		return;
	struct buf b = job_line(j, "admin");
	json_text(&b, "name", ipc_str(v, m->name));
	job_line_end(j, &b);
}

void admin_check(struct job *j)
{
	uint8_t hash[HASH];
	struct link *l;
	uint64_t token;

	if (!hash_password(j, hash)) {
		job_fail(j, DONE_FAILED, no_hash, NULL);
		return;
	}
	struct msg_admin_check *m = job_ask(j, PROC_KEEPER, MSG_ADMIN_CHECK, &l, &token);
	if (m) {
		m->token = token;
		memcpy(m->hash, hash, HASH);
		m->name = ipc_put(l, j->req.text[FIELD_NAME]);
		job_asked(j, l);
	}
	secret_wipe(hash, sizeof hash);
}

void admin_session(struct job *j)
{
	j->session = j->answer.value;
	child_event(EVENT_ADMIN, SEVERITY_INFO, 0, 0, NULL, "the call log is read");
	job_next(j);
}

/* --- the log, a page at a time: the rows from ledger, then their sources from keeper, then out --- */

void log_page(struct job *j)
{
	struct link *l;
	uint64_t token;

	if (client_backlog(j->client) > CLIENT_OUT_MAX / 2) {
		job_again(j, JOB_AGAIN_MS);
		return;
	}
	struct msg_log_want *m = job_ask(j, PROC_LEDGER, MSG_LOG_WANT, &l, &token);
	if (!m)
		return;
	m->token = token;
	m->from_wall_ms = (int64_t)j->req.number[FIELD_FROM];
	m->to_wall_ms = request_has(&j->req, FIELD_TO) ? (int64_t)j->req.number[FIELD_TO] : INT64_MAX;
	m->after = j->after;
	m->most = JOB_PAGE;
	m->admin = ipc_put(l, j->req.text[FIELD_NAME]);
	j->rows = j->unsealed = 0;
	job_asked(j, l);
}

void admin_on_log(struct link *from, const struct ipc_view *v)
{
	const struct msg_log_line *m = v->payload;
	struct job *j = job_of(from, m->token);
	struct span source = ipc_str(v, m->source);

	if (!j || j->rows == JOB_PAGE)
		return;
	struct log_row *r = &j->log[j->rows++];
	*r = (struct log_row){.day = m->day,
	    .start_ms = m->start_wall_ms,
	    .duration_ms = m->duration_ms,
	    .source_len = (uint32_t)source.n};
	memcpy(r->source, source.p ? (const void *)source.p : "", source.n);
	span_cstr(ipc_str(v, m->destination), r->destination, sizeof r->destination);
}

/* A blob that is not what keeper wrote costs its own row its source, and not the log its reader. */
static void log_damaged(struct job *j)
{
	if (j->answer.result != DONE_FAILED) { /* such as a session that is over */
		job_failed_answer(j);
		return;
	}
	j->log[j->unsealed++].damaged = true;
	log_unseal(j);
}

/* One source after another. A row without one, or whose day's key is gone, has none to show. */
void log_unseal(struct job *j)
{
	struct link *l;
	uint64_t token;

	if (j->unsealed == 0)
		j->after = j->answer.value;
	while (j->unsealed < j->rows && j->log[j->unsealed].source_len == 0)
		j->log[j->unsealed++].gone = true;
	if (j->unsealed == j->rows) {
		job_next(j);
		return;
	}
	const struct log_row *r = &j->log[j->unsealed];
	struct msg_unseal_want *m = job_ask(j, PROC_KEEPER, MSG_UNSEAL_WANT, &l, &token);
	if (!m)
		return;
	m->token = token;
	m->session = j->session;
	m->day = r->day;
	m->blob = ipc_put(l, span_of(r->source, r->source_len));
	j->otherwise = log_damaged;
	job_asked(j, l);
}

void admin_on_unsealed(struct link *from, const struct ipc_view *v)
{
	const struct msg_unsealed *m = v->payload;
	struct job *j = job_answered(from, m->token);

	if (!j)
		return;
	j->otherwise = NULL;
	struct log_row *r = &j->log[j->unsealed++];
	r->gone = m->gone;
	span_cstr(ipc_str(v, m->source), r->user, sizeof r->user);
	log_unseal(j);
}

void log_more(struct job *j)
{
	for (uint32_t i = 0; i < j->rows; i++) {
		const struct log_row *r = &j->log[i];
		struct buf b = job_line(j, "row");
		json_word(&b, "from", r->user);
		json_flag(&b, "from_erased", r->gone);
		if (r->damaged)
			json_flag(&b, "from_damaged", true);
		json_word(&b, "to", r->destination);
		json_signed(&b, "start_ms", r->start_ms);
		json_number(&b, "duration_ms", r->duration_ms);
		job_line_end(j, &b);
	}
	if (j->rows < JOB_PAGE) {
		job_next(j);
		return;
	}
	j->at--;
	job_back(j);
}
