/* SPDX-License-Identifier: ISC */
/* ledger's part of a backup on its way to the one who makes it: sealed already, piece by piece as the client takes them. */
#include "base/secret.h"
#include "ctl/verbs.h"

enum { KEY = 32 };

void export_begin(struct job *j)
{
	uint8_t key[KEY];

	if (span_unhex(j->req.text[FIELD_KEY], key, sizeof key) != sizeof key) {
		job_fail(j, DONE_REFUSED, "a key has 64 hexadecimal digits", NULL);
		return;
	}
	secret_wipe(key, sizeof key);
	job_next(j);
}

void export_piece(struct job *j)
{
	struct link *l;
	uint64_t token;

	if (client_backlog(j->client) > CLIENT_OUT_MAX / 2) {
		job_again(j, JOB_AGAIN_MS);
		return;
	}
	struct msg_export_want *m = job_ask(j, PROC_LEDGER, MSG_EXPORT_WANT, &l, &token);
	if (!m)
		return;
	m->token = token;
	m->at = (uint32_t)j->after;
	if (j->after == 0)
		(void)span_unhex(j->req.text[FIELD_KEY], m->key, sizeof m->key);
	job_asked(j, l);
}

void export_on_piece(struct link *from, const struct ipc_view *v)
{
	const struct msg_exported *m = v->payload;
	struct job *j = job_answered(from, m->token);
	struct span piece = ipc_str(v, m->piece);

	if (!j)
		return;
	struct buf b = job_line(j, "piece");
	buf_str(&b, ",\"octets\":\"");
	buf_base64(&b, piece.p, piece.n);
	buf_str(&b, "\"");
	job_line_end(j, &b);
	j->after++;
	if (m->last)
		job_next(j);
	else
		export_piece(j);
}
