/* SPDX-License-Identifier: ISC */
/* Trunks: what they do, the password that keeper answers their challenges with, the request for a certificate of the key that
 * signer has for them. */
#include "base/json.h"
#include "ctl/verbs.h"
#include "ipc/words.h"

static void want(struct job *j, bool hurry)
{
	struct link *l;
	uint64_t token;
	struct msg_trunks_want *m = job_ask(j, PROC_CORE, MSG_TRUNKS_WANT, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->hurry = hurry;
	job_asked(j, l);
}

void trunks_look(struct job *j)
{
	want(j, false);
}

void trunks_on_line(struct link *from, const struct ipc_view *v)
{
	const struct msg_trunk_line *m = v->payload;
	struct job *j = job_of(from, m->token);
	uint8_t mem[ADDR_TEXT_MAX];
	struct buf at = buf_of(mem, sizeof mem);

	if (!j)
		return;
	if (m->remote.family)
		addr_put(&at, &m->remote);
	struct buf b = job_line(j, "trunk");
	json_text(&b, "name", ipc_str(v, m->name));
	json_word(&b, "state", word_trunk[m->state].key);
	json_number(&b, "busy", m->busy);
	json_number(&b, "lines", m->lines);
	json_number(&b, "age_ms", m->age_ms);
	json_text(&b, "address", buf_span(&at));
	json_text(&b, "reason", ipc_str(v, m->reason));
	job_line_end(j, &b);
}

void trunks_request(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_trunk_request_want *m = job_ask(j, PROC_SIGNER, MSG_TRUNK_REQUEST_WANT, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->trunk = ipc_put(l, j->req.text[FIELD_NAME]);
	m->next = j->req.number[FIELD_NEW_KEY] != 0;
	job_asked(j, l);
}

void trunks_on_request(struct link *from, const struct ipc_view *v)
{
	const struct msg_trunk_request *m = v->payload;
	struct job *j = job_answered(from, m->token);
	struct span der = ipc_str(v, m->der);
	uint8_t mem[CERT_MAX * 2];
	struct buf base64 = buf_of(mem, sizeof mem);

	if (!j)
		return;
	struct buf b = job_line(j, "trunk-request");
	buf_base64(&base64, der.p, der.n);
	json_text(&b, "name", j->req.text[FIELD_NAME]);
	json_text(&b, "request", buf_span(&base64));
	job_line_end(j, &b);
	job_next(j);
}

void trunks_password(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_trunk_secret_set *m = job_ask(j, PROC_KEEPER, MSG_TRUNK_SECRET_SET, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->trunk = ipc_put(l, j->req.text[FIELD_NAME]);
	m->password = ipc_put(l, j->req.text[FIELD_PASSWORD]);
	job_asked(j, l);
}

/* What waits because it was refused tries again now. */
void trunks_again(struct job *j)
{
	child_event(EVENT_TRUNK, SEVERITY_INFO, 0, 0, NULL, "a trunk's password was set");
	want(j, true);
}
