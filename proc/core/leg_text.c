/* SPDX-License-Identifier: ISC */
/* The parts of a leg that vary in length: one after the other in a block that is as long as they need. */
#include "leg.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/slab.h"
#include <stdlib.h>

static struct slab blocks;

static const uint16_t longest[LEG_PARTS] = {
    [LEG_CALL_ID] = CALL_ID_MAX,
    [LEG_REMOTE_TAG] = TAG_MAX,
    [LEG_TARGET] = URI_TEXT_MAX,
    [LEG_ROUTE_SET] = ROUTE_SET_MAX,
    [LEG_LOCAL_USER] = LEG_NAME_MAX,
    [LEG_REMOTE_USER] = LEG_NAME_MAX,
    [LEG_LOCAL] = SDP_PACKED_MAX,
    [LEG_REMOTE] = SDP_PACKED_MAX,
    [LEG_NEXT] = SDP_PACKED_MAX,
};

void leg_text_init(uint32_t legs)
{
	static const uint32_t size[] = {1024, 2048, LEG_BODY_MAX + SDP_PACKED_MAX};

	if (!slab_init(&blocks, size, sizeof size / sizeof *size, legs))
		log_fatal("no memory for the texts of legs");
}

static uint16_t start_of(const struct leg *l, enum leg_part part)
{
	return part ? l->r.end[part - 1] : 0;
}

static struct span part_of(const struct leg *l, enum leg_part part)
{
	uint16_t start = start_of(l, part);
	return l->body ? span_of(l->body + start, (size_t)(l->r.end[part] - start)) : SPAN("");
}

/* Every leg may have a block of each size, so there is one. */
static void make_room(struct leg *l, size_t n, size_t used)
{
	uint32_t room;
	uint8_t *block = n > l->room ? slab_take(&blocks, n, &room) : NULL;

	if (n <= l->room)
		return;
	if (!block)
		abort();
	if (used)
		memcpy(block, l->body, used);
	leg_text_free(l);
	l->body = block;
	l->room = room;
}

/* text is not a part of this leg */
static void set(struct leg *l, enum leg_part part, struct span text)
{
	size_t start = start_of(l, part), end = l->r.end[part], all = l->r.end[LEG_PARTS - 1];
	size_t now = all - (end - start) + text.n;

	make_room(l, now, all);
	if (all > end)
		memmove(l->body + start + text.n, l->body + end, all - end);
	if (text.n)
		memcpy(l->body + start, text.p, text.n);
	if (now < all)
		secret_wipe(l->body + now, all - now);
	for (unsigned i = part; i < LEG_PARTS; i++)
		l->r.end[i] = (uint16_t)(l->r.end[i] + now - all);
}

struct span leg_text(const struct leg *l, enum leg_part which)
{
	return part_of(l, which);
}

bool leg_set_text(struct leg *l, enum leg_part which, struct span text)
{
	if (text.n > longest[which])
		return false;
	set(l, which, text);
	return true;
}

static void get_sdp(const struct leg *l, enum leg_part which, struct sdp *out)
{
	struct span packed = part_of(l, which);

	if (!packed.n)
		*out = (struct sdp){0};
	else if (!sdp_unpack(packed, out))
		abort();
}

static void set_sdp(struct leg *l, enum leg_part which, const struct sdp *sdp)
{
	uint8_t packed[SDP_PACKED_MAX];

	set(l, which, span_of(packed, sdp_pack(sdp, packed)));
}

void leg_local(const struct leg *l, struct sdp *out)
{
	get_sdp(l, LEG_LOCAL, out);
}

void leg_remote(const struct leg *l, struct sdp *out)
{
	get_sdp(l, LEG_REMOTE, out);
}

void leg_next(const struct leg *l, struct sdp *out)
{
	get_sdp(l, LEG_NEXT, out);
}

void leg_set_local(struct leg *l, const struct sdp *sdp)
{
	set_sdp(l, LEG_LOCAL, sdp);
	l->r.has_local = 1;
}

void leg_set_remote(struct leg *l, const struct sdp *sdp)
{
	set_sdp(l, LEG_REMOTE, sdp);
	l->r.has_remote = 1;
}

void leg_set_next(struct leg *l, const struct sdp *sdp)
{
	if (sdp)
		set_sdp(l, LEG_NEXT, sdp);
	else
		set(l, LEG_NEXT, SPAN(""));
}

void leg_forget_media(struct leg *l)
{
	set(l, LEG_LOCAL, SPAN(""));
	set(l, LEG_REMOTE, SPAN(""));
	set(l, LEG_NEXT, SPAN(""));
	l->r.has_local = l->r.has_remote = 0;
}

struct span leg_body(const struct leg *l)
{
	return l->body ? span_of(l->body, l->r.end[LEG_REMOTE]) : SPAN("");
}

/* A description is read whenever it is there. */
static bool description_ok(const struct leg *l, enum leg_part which, bool has)
{
	struct span packed = part_of(l, which);
	struct sdp sdp;

	return packed.n ? sdp_unpack(packed, &sdp) && sdp_ok(&sdp) : !has;
}

bool leg_adopt_body(struct leg *l, const uint8_t *body)
{
	l->r.end[LEG_NEXT] = l->r.end[LEG_REMOTE];
	for (unsigned i = 0; i < LEG_PARTS; i++)
		if (l->r.end[i] < start_of(l, i) || l->r.end[i] - start_of(l, i) > longest[i]) {
			memset(l->r.end, 0, sizeof l->r.end);
			return false;
		}
	make_room(l, l->r.end[LEG_REMOTE], 0);
	if (l->r.end[LEG_REMOTE])
		memcpy(l->body, body, l->r.end[LEG_REMOTE]);
	for (unsigned i = 0; i < LEG_LOCAL; i++)
		if (!msg_text_ok(part_of(l, i)))
			return false;
	return description_ok(l, LEG_LOCAL, l->r.has_local) && description_ok(l, LEG_REMOTE, l->r.has_remote);
}

void leg_text_free(struct leg *l)
{
	if (l->body)
		secret_wipe(l->body, l->r.end[LEG_PARTS - 1]); /* SDES keys stood in it */
	slab_give(&blocks, l->body, l->room);
	l->body = NULL;
	l->room = 0;
}

void leg_text_status(struct proc_status *s)
{
	static const char *const name[SLAB_SIZES_MAX] = {"leg-texts-short", "leg-texts-long", "leg-texts-longest"};

	for (uint32_t i = 0; i < blocks.sizes; i++)
		status_add(s, name[i], STATUS_POOL, blocks.table[i].used, blocks.table[i].cap, blocks.table[i].peak, 0);
}
