/* SPDX-License-Identifier: ISC */
/* The parts of a leg that vary in length. */
#include "leg.h"
#include <stddef.h>

static const struct {
	uint16_t at, size;
} text_of[LEG_TEXTS] = {
#define TEXT(field) {offsetof(struct leg_record, field), sizeof((struct leg_record *)0)->field}
    [LEG_CALL_ID] = TEXT(call_id),
    [LEG_REMOTE_TAG] = TEXT(remote_tag),
    [LEG_TARGET] = TEXT(target),
    [LEG_ROUTE_SET] = TEXT(route_set),
    [LEG_LOCAL_USER] = TEXT(local_user),
    [LEG_REMOTE_USER] = TEXT(remote_user),
#undef TEXT
};

struct span leg_text(const struct leg *l, enum leg_text which)
{
	return span_str((const char *)&l->r + text_of[which].at);
}

bool leg_set_text(struct leg *l, enum leg_text which, struct span text)
{
	return span_cstr(text, (char *)&l->r + text_of[which].at, text_of[which].size);
}

void leg_local(const struct leg *l, struct sdp *out)
{
	*out = l->r.local;
}

void leg_remote(const struct leg *l, struct sdp *out)
{
	*out = l->r.remote;
}

void leg_set_local(struct leg *l, const struct sdp *sdp)
{
	l->r.local = *sdp;
	l->r.has_local = 1;
}

void leg_set_remote(struct leg *l, const struct sdp *sdp)
{
	l->r.remote = *sdp;
	l->r.has_remote = 1;
}
