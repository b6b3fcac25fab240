/* SPDX-License-Identifier: ISC */
#include "ipc/done.h"

void done_say(struct link *to, uint64_t token, enum done_result result, uint64_t value, struct span text)
{
	struct msg_done *m = to ? ipc_begin(to, MSG_DONE) : NULL;

	if (!m)
		return;
	m->token = token;
	m->result = (uint8_t)result;
	m->value = value;
	m->text = ipc_put(to, span_head(text, REASON_MAX));
	ipc_end(to);
}
