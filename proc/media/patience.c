/* SPDX-License-Identifier: ISC */
#include "patience.h"
#include "gate.h"

bool patience_talk(const struct relay_spec *s)
{
	return s->side[0].direction == RELAY_BOTH && s->side[1].direction == RELAY_BOTH;
}

void patience_follow(struct relay_row *r, bool talked, uint64_t now_ms)
{
	if (!talked && patience_talk(&r->spec))
		r->heard_ms = now_ms;
}

enum patience patience_now(const struct relay_row *r, bool open, uint64_t now_ms)
{
	uint64_t silent_since_ms = r->heard_ms > r->answered_ms ? r->heard_ms : r->answered_ms;

	if (!r->answered_ms)
		return PATIENCE_HOLDS;
	if (!open && now_ms > r->answered_ms + GATE_PATIENCE_MS)
		return PATIENCE_GATE_SHUT;
	return patience_talk(&r->spec) && now_ms > silent_since_ms + SILENT_MS ? PATIENCE_SILENT : PATIENCE_HOLDS;
}
