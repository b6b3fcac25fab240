/* SPDX-License-Identifier: ISC */
#include "late.h"
#include "base/id.h"
#include "park.h"
#include "refer_out.h"

static const struct {
	bool (*stands)(struct call *c, struct leg *l);
	void (*fails)(struct call *c, uint64_t leg, enum refusal why);
} to[] = {
    [LATE_OF_PARK] = {park_taken, park_not_taken},
    [LATE_OF_TRANSFER] = {refer_out_stands, refer_out_not},
};

void late_begin(struct call *c, struct leg *l, enum late_of of)
{
	struct sdp offer;

	c->late = l->r.id;
	c->late_of = (uint8_t)of;
	leg_local(l, &offer);
	leg_answer(l, &offer); /* media is told nothing of it yet, so there is nothing to wait for */
}

bool late_stands(struct call *c, struct leg *l)
{
	const uint64_t id = c->late;

	c->late = ID_NONE;
	if (to[c->late_of].stands(c, l))
		return true;
	c->late = id;
	late_fails(c, REFUSE_NO_ANSWER);
	return false;
}

void late_fails(struct call *c, enum refusal why)
{
	const uint64_t id = c->late, call = c->r.id;
	struct leg *l = leg_get(id);

	c->late = ID_NONE;
	if (l)
		leg_hang_up(l, why);
	if (id != ID_NONE && (c = call_get(call)))
		to[c->late_of].fails(c, id, why);
}
