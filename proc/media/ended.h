/* SPDX-License-Identifier: ISC */
/* Rows whose encryption ends here: what comes from one side goes to the other, to voice, to both or nowhere, and what voice says
 * goes to the side that hears it. */
#ifndef MEDIA_ENDED_H
#define MEDIA_ENDED_H

#include "engine.h"

static inline bool ended_is(const struct relay_row *r)
{
	for (int i = 0; i < 2; i++)
		if (r->spec.side[i].present && r->spec.side[i].end != RELAY_PASSING)
			return true;
	return false;
}

/* Every present side is keyed; and by what the first is. */
bool ended_is_open(uint32_t row);
enum relay_key ended_key(const struct relay_row *r);

void ended_packet(struct arrival *a);
void ended_on_spoken(struct link *from, const struct ipc_view *v);
/* Time passed: reports, handshakes. */
void ended_turn(uint32_t row, uint64_t now_ms);
void ended_status(struct proc_status *s);

#endif
