/* SPDX-License-Identifier: ISC */
#include "settings.h"
#include "base/log.h"
#include "directory.h"
#include <stdlib.h>

static struct {
	uint32_t max_users, max_devices;
	struct user_settings *user;
	struct device_settings *device;
	struct group_settings group[GROUPS_MAX];
	struct site_settings site;
} all;

void settings_init(uint32_t max_users, uint32_t max_phones)
{
	all.max_users = max_users;
	all.max_devices = max_phones;
	all.user = calloc(max_users, sizeof *all.user);
	all.device = calloc(max_phones, sizeof *all.device);
	if (!all.user || !all.device)
		log_fatal("no memory for settings");
}

static const struct user_settings no_user = {.classes = {.mask = 0}};
static const struct device_settings no_device;
static const struct group_settings no_group;

const struct user_settings *settings_of_user(uint32_t user)
{
	return user < all.max_users ? &all.user[user] : &no_user;
}

const struct device_settings *settings_of_device(uint32_t device)
{
	return device < all.max_devices ? &all.device[device] : &no_device;
}

const struct group_settings *settings_of_group(uint32_t group)
{
	return group < GROUPS_MAX ? &all.group[group] : &no_group;
}

const struct site_settings *settings_of_site(void)
{
	return &all.site;
}

static bool is_in_its_subnets(const struct device_settings *d, const struct addr *at)
{
	for (int i = 0; i < d->subnets; i++)
		if (subnet_has(&d->subnet[i], at))
			return true;
	return false;
}

bool settings_device_away(uint32_t device, const struct addr *at)
{
	const struct device_settings *d = settings_of_device(device);

	return !at || d->remote || (d->subnets > 0 && !is_in_its_subnets(d, at));
}

/* The networks of the site are those that its fixed phones are stored with. */
static bool is_on_site(const struct addr *at)
{
	for (uint32_t i = 0; i < all.max_devices; i++) {
		const struct device *d =
		    all.device[i].subnets > 0 && !all.device[i].remote ? directory_device(i) : NULL;
		if (d && d->flags & DEVICE_FIXED && directory_valid(i) && is_in_its_subnets(&all.device[i], at))
			return true;
	}
	return false;
}

bool settings_device_remote(uint32_t device, const struct addr *at)
{
	return settings_device_away(device, at) && (!at || settings_of_device(device)->remote || !is_on_site(at));
}

bool settings_voicemail(const struct site *s, uint32_t user, uint32_t *after_s)
{
	const struct user_settings *u = settings_of_user(user);
	bool own = u->voicemail != VOICEMAIL_SITE, on = own ? u->voicemail == VOICEMAIL_ON : s->mail_on != 0;

	*after_s = !on ? 0 : own ? u->voicemail_s : s->mail_after_s;
	return on;
}

struct ceiling_limit settings_limit_of_user(const struct plan *p, uint32_t user)
{
	struct ceiling_limit limit = p->ceiling[CEILING_EXTENSION];
	const char *why;

	/* judged when it came, so that this fails for no text; the site's limits stand if it does */
	if (settings_of_user(user)->ceilings[0])
		(void)ceiling_override(&limit, span_str(settings_of_user(user)->ceilings), &why);
	return limit;
}

/* --- from the directory --- */

const char *settings_judge(const struct msg_setting *m, struct span value)
{
	const uint32_t most[OWNERS] = {[OWNER_USER] = all.max_users,
	    [OWNER_DEVICE] = all.max_devices,
	    [OWNER_GROUP] = GROUPS_MAX,
	    [OWNER_SITE] = 1};

	if (m->index >= most[m->owner])
		return "a setting of more users, phones or groups than there may be";
	return setting_check((enum setting_owner)m->owner, (enum setting_kind)m->kind, value) ? "a setting that is none"
	                                                                                      : NULL;
}

static bool is_on(struct span v)
{
	return span_eq(v, SPAN("on"));
}

static uint64_t number_of(struct span v)
{
	uint64_t n = 0;

	(void)span_decimal(v, INT64_MAX, &n);
	return n;
}

#define TEXT(field) (void)span_cstr(v, field, sizeof field)

static void set_classes(struct user_settings *u, struct span v)
{
	const char *why;

	u->classes = (struct plan_classes){0};
	u->has_classes = v.n && plan_classes_parse(v, &u->classes, &why);
}

static void apply_user(struct user_settings *u, enum setting_kind kind, struct span v)
{
	switch ((uint32_t)kind) {
	case SETTING_CLASSES:
		set_classes(u, v);
		break;
	case SETTING_CEILINGS:
		TEXT(u->ceilings);
		break;
	case SETTING_FORWARD_ALWAYS:
		TEXT(u->forward[FORWARD_ALWAYS]);
		break;
	case SETTING_FORWARD_BUSY:
		TEXT(u->forward[FORWARD_BUSY]);
		break;
	case SETTING_FORWARD_NO_ANSWER:
		TEXT(u->forward[FORWARD_NO_ANSWER]);
		break;
	case SETTING_FORWARD_OFFLINE:
		TEXT(u->forward[FORWARD_OFFLINE]);
		break;
	case SETTING_RING_SECONDS:
		u->ring_s = (uint16_t)number_of(v);
		break;
	case SETTING_DND:
		u->dnd = is_on(v);
		break;
	case SETTING_REJECT_ANONYMOUS:
		u->reject_anonymous = is_on(v);
		break;
	case SETTING_BLOCKED:
		TEXT(u->blocked);
		break;
	case SETTING_KNOWN:
		TEXT(u->known);
		break;
	case SETTING_SCREEN:
		u->screen = (uint8_t)setting_screen(v);
		break;
	case SETTING_OUTSIDE_NUMBER:
		TEXT(u->outside_number);
		break;
	case SETTING_PICKUP_GROUP:
		TEXT(u->pickup_group);
		break;
	case SETTING_VOICEMAIL:
		u->voicemail = v.n == 0 ? VOICEMAIL_SITE : span_eq(v, SPAN("off")) ? VOICEMAIL_OFF : VOICEMAIL_ON;
		u->voicemail_s = (uint16_t)number_of(v);
		break;
	case SETTING_GREETING:
		TEXT(u->greeting);
		break;
	case SETTING_LANGUAGE:
		TEXT(u->language);
		break;
	}
}

static void apply_device(struct device_settings *d, enum setting_kind kind, struct span v)
{
	switch ((uint32_t)kind) {
	case SETTING_LOCATION:
		TEXT(d->location);
		break;
	case SETTING_LOCATION_CONFIRMED:
		d->location_confirmed_ms = (int64_t)number_of(v);
		break;
	case SETTING_SUBNET:
		d->subnets = (uint8_t)setting_subnets(v, d->subnet);
		break;
	case SETTING_JOIN:
		d->ended = span_eq(v, SPAN("ended"));
		break;
	case SETTING_REMOTE:
		d->remote = is_on(v);
		break;
	}
}

static void apply_group(struct group_settings *g, enum setting_kind kind, struct span v)
{
	switch ((uint32_t)kind) {
	case SETTING_MEMBERS:
		TEXT(g->members);
		break;
	case SETTING_STRATEGY:
		g->strategy = (uint8_t)setting_strategy(v);
		break;
	case SETTING_RING_SECONDS:
		g->ring_s = (uint16_t)number_of(v);
		break;
	case SETTING_FORWARD_NO_ANSWER:
		TEXT(g->forward);
		break;
	}
}

static void apply_site(struct site_settings *s, enum setting_kind kind, struct span v)
{
	switch ((uint32_t)kind) {
	case SETTING_NIGHT:
		s->night = (uint8_t)setting_night(v);
		break;
	case SETTING_FRONT_DESK:
		TEXT(s->front_desk);
		break;
	}
}

void settings_apply(enum setting_owner owner, uint32_t index, enum setting_kind kind, struct span value)
{
	switch (owner) {
	case OWNER_USER:
		apply_user(&all.user[index], kind, value);
		break;
	case OWNER_DEVICE:
		apply_device(&all.device[index], kind, value);
		break;
	case OWNER_GROUP:
		apply_group(&all.group[index], kind, value);
		break;
	case OWNER_SITE:
		apply_site(&all.site, kind, value);
		break;
	case OWNERS:
		break;
	}
}

void settings_forget_all(void)
{
	memset(all.user, 0, all.max_users * sizeof *all.user);
	memset(all.device, 0, all.max_devices * sizeof *all.device);
	memset(all.group, 0, sizeof all.group);
	all.site = (struct site_settings){0};
}
