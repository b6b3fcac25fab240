/* SPDX-License-Identifier: ISC */
/* What was spent and calls for help, which share the commit of the records. A notice is confirmed after it; a counter that
 * is lost is said again with its next change. */
#include "base/log.h"
#include "ledger/ledger.h"
#include <stdlib.h>

enum { SPENT_MAX = 512, NOTICES_MAX = 64 };

struct notice {
	struct notice_row row;
	uint64_t token;
	uint32_t number_len, location_len;
	uint8_t number[SITE_NUMBER_MAX], location[SETTING_TEXT_MAX];
};

static struct spent *spent;
static struct notice *notices;
static uint32_t spent_n, spent_peak, notices_n, notices_peak;
static uint64_t spent_dropped, notices_refused, spent_written, notices_written;

void batch_spent(struct link *from, const struct ipc_view *v)
{
	const struct msg_spent_set *m = v->payload;
	struct spent row = {.scope = (enum ceiling_scope)m->scope, .index = m->index};
	struct ceiling_count count;

	if (!ceiling_parse(ipc_str(v, m->text), &count) || !span_cstr(ipc_str(v, m->text), row.text, sizeof row.text)) {
		child_accuse(from, "gives counters that are none", 0, 0);
		return;
	}
	for (uint32_t i = 0; i < spent_n; i++)
		if (spent[i].scope == row.scope && spent[i].index == row.index) {
			spent[i] = row;
			return;
		}
	if (spent_n == SPENT_MAX) {
		spent_dropped++;
		return;
	}
	spent[spent_n++] = row;
	if (spent_n > spent_peak)
		spent_peak = spent_n;
}

void batch_notice(struct link *from, const struct ipc_view *v)
{
	const struct msg_notice_add *m = v->payload;
	struct span number = ipc_str(v, m->number), location = ipc_str(v, m->location);

	(void)from;
	for (uint32_t i = 0; i < notices_n; i++)
		if (notices[i].row.wall_ms == m->wall_ms && notices[i].row.device == m->device &&
		    notices[i].row.kind == (enum notice_kind)m->kind) {
			notices[i].token = m->token; /* said again */
			return;
		}
	if (notices_n == NOTICES_MAX) { /* not confirmed: core says it again */
		notices_refused++;
		return;
	}
	struct notice *n = &notices[notices_n++];
	if (notices_n > notices_peak)
		notices_peak = notices_n;
	*n = (struct notice){.token = m->token,
	    .row = {.wall_ms = m->wall_ms, .device = m->device, .user = m->user, .kind = (enum notice_kind)m->kind},
	    .number_len = (uint32_t)number.n,
	    .location_len = (uint32_t)location.n};
	store_take_text(n->number, number);
	store_take_text(n->location, location);
}

bool batch_people_wait(void)
{
	return spent_n || notices_n;
}

bool batch_people_write(void)
{
	for (uint32_t i = 0; i < notices_n; i++) {
		struct notice *n = &notices[i];
		n->row.number = span_of(n->number, n->number_len);
		n->row.location = span_of(n->location, n->location_len);
		if (!store_notice(&ledger_store, &n->row))
			return false;
	}
	for (uint32_t i = 0; i < spent_n; i++)
		if (!store_spent_put(&ledger_store, &spent[i]))
			return false;
	return true;
}

void batch_people_written(void)
{
	struct link *core = child_link(PROC_CORE, 0);

	for (uint32_t i = 0; i < notices_n && core; i++) {
		struct msg_notice_kept *m = ipc_begin(core, MSG_NOTICE_KEPT);
		if (!m)
			break; /* core says it again */
		m->token = notices[i].token;
		ipc_end(core);
	}
	notices_written += notices_n;
	spent_written += spent_n;
	notices_n = spent_n = 0;
}

void batch_people_init(void)
{
	spent = calloc(SPENT_MAX, sizeof *spent);
	notices = calloc(NOTICES_MAX, sizeof *notices);
	if (!spent || !notices)
		log_fatal("no memory for the batch");
}

void batch_people_status(struct proc_status *s)
{
	status_add(s, "counters-waiting", STATUS_POOL, spent_n, SPENT_MAX, spent_peak, spent_dropped);
	status_add(s, "notices-waiting", STATUS_POOL, notices_n, NOTICES_MAX, notices_peak, notices_refused);
	status_counter(s, "counters-written", spent_written);
	status_counter(s, "notices-written", notices_written);
}
