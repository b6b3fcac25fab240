/* SPDX-License-Identifier: ISC */
#include "counts.h"
#include "kernel.h"

void counts_tell(uint32_t index)
{
	const struct relay_row *r = table_row(index);
	struct link *l = child_link(PROC_CORE, 0);
	struct msg_relay_counts *m = l ? ipc_begin(l, MSG_RELAY_COUNTS) : NULL;

	if (!m)
		return;
	m->join = r->join;
	m->packets_a = r->passed[0] + kernel_passed(index, 0);
	m->packets_b = r->passed[1] + kernel_passed(index, 1);
	const struct quality a = kernel_quality(index, 0), b = kernel_quality(index, 1);
	m->expected_a = a.expected;
	m->expected_b = b.expected;
	m->lost_a = a.lost;
	m->lost_b = b.lost;
	m->jitter_a = a.jitter_ns;
	m->jitter_b = b.jitter_ns;
	m->dropped_a = kernel_dropped(index, 0);
	m->dropped_b = kernel_dropped(index, 1);
	for (int i = 1; i < DROP_KINDS; i++) {
		m->dropped_a += r->dropped[0][i];
		m->dropped_b += r->dropped[1][i];
	}
	ipc_end(l);
}
