/* SPDX-License-Identifier: ISC */
#include "route.h"
#include "settings.h"
#include "trunk.h"

static bool is_inside(const char *name)
{
	return directory_find(span_str(name)) != NOBODY || directory_group(span_str(name)) != NOBODY;
}

static void find_inside(struct span name, struct dest *out)
{
	uint32_t user = directory_find(name), group = directory_group(name);

	if (user != NOBODY) {
		out->kind = DEST_USER;
		out->index = user;
	} else if (group != NOBODY) {
		out->kind = DEST_GROUP;
		out->index = group;
	}
}

/* A trunk that carries emergency calls comes first; without one, who answers for the number here: its own extension, or the
 * front desk. */
static void find_emergency(struct dest *out)
{
	out->kind = DEST_OUTSIDE;
	if (site_sends_help(child_site()))
		return;
	out->kind = DEST_NONE;
	find_inside(span_str(out->number.text), out);
	if (out->kind == DEST_NONE && settings_of_site()->front_desk[0])
		find_inside(span_str(settings_of_site()->front_desk), out);
}

static bool is_same(int trunk, const char *spelled, const struct number *outside)
{
	struct number ours;

	return trunk_canon((uint8_t)(trunk + 1), span_str(spelled), &ours) && strcmp(ours.text, outside->text) == 0;
}

/* The one person whose calls show this number; NULL: nobody's do, or those of several. */
static const char *who_shows(const char *number)
{
	const struct user *one = NULL;

	for (uint32_t i = 0; i < child_site()->max_users; i++) {
		const struct user *u = directory_user(i);
		if (!u || strcmp(settings_of_user(i)->outside_number, number) != 0)
			continue;
		if (one)
			return NULL;
		one = u;
	}
	return one ? one->name : NULL;
}

/* The extension that an outside number of ours leads to, as it would for who calls it from outside, or whose own it is that they saw; NULL: it
 * is none of ours. */
static const char *extension_of(const struct number *outside)
{
	const struct site *s = child_site();

	for (int i = 0; i < s->inbounds; i++)
		if (is_same(s->inbound[i].trunk, s->inbound[i].number, outside))
			return s->inbound[i].to;
	for (int i = 0; i < s->trunks; i++)
		for (int k = 0; k < s->trunk[i].callers; k++)
			if (is_same(i, s->trunk[i].caller[k], outside))
				return who_shows(s->trunk[i].caller[k]);
	return NULL;
}

/* A number of ours leaves by no trunk: it would come back as a caller who claims to be here. */
static void find_outside(struct dest *out)
{
	const char *extension = extension_of(&out->number);

	if (!extension) {
		out->kind = DEST_OUTSIDE;
		return;
	}
	out->number = (struct number){.class = NUMBER_INTERNAL};
	span_cstr(span_head(span_str(extension), NUMBER_MAX), out->number.text, sizeof out->number.text);
	find_inside(span_str(extension), out);
}

static bool canon(struct span spelled, struct span phone_context, struct number *out)
{
	char stripped[NUMBER_SPELLED_MAX + 1];
	bool extension = number_strip(spelled, stripped) && is_inside(stripped);

	return number_canon(&child_site()->plan, spelled, phone_context, extension, out);
}

bool route_is_emergency(struct span spelled)
{
	struct number n;

	return canon(spelled, SPAN(""), &n) && n.class == NUMBER_EMERGENCY;
}

bool route_find(struct span spelled, struct span phone_context, struct dest *out)
{
	*out = (struct dest){.index = NOBODY, .payer = NOBODY};
	if (!canon(spelled, phone_context, &out->number))
		return false;
	if (out->number.class == NUMBER_EMERGENCY)
		find_emergency(out);
	else if (out->number.class == NUMBER_INTERNAL)
		find_inside(span_str(out->number.text), out);
	else if (out->number.class == NUMBER_SERVICE)
		out->kind = DEST_SERVICE;
	else
		find_outside(out);
	return out->kind != DEST_NONE;
}
