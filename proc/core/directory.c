/* SPDX-License-Identifier: ISC */
#include "directory.h"
#include "base/log.h"
#include "base/map.h"
#include "forward.h"
#include "mail.h"
#include "settings.h"
#include <stdlib.h>

enum item_kind { ITEM_USER, ITEM_DEVICE, ITEM_BINDING, ITEM_GROUP, ITEM_SETTING, ITEM_KINDS };

struct item {
	enum item_kind kind;
	uint32_t index;
	union {
		struct user user;
		struct device device;
		struct {
			uint32_t device;
			bool allowed;
		} binding;
		struct group group;
		struct {
			uint8_t owner, kind; /* enum setting_owner, setting_kind */
			char value[SETTING_TEXT_MAX + 1];
		} setting;
	};
};

static struct {
	uint32_t max_users, max_devices, users, devices;
	struct user *user;
	struct device *device;
	struct map by_name, group_by_name;
	struct group group[GROUPS_MAX];
	const struct directory_watch *watch;
	uint32_t generation;
	/* the generation that is being received */
	struct item *item;
	uint32_t items, max_items, next_generation;
	bool open, whole;
	const char *refused;
} dir;

static bool name_matches(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return span_eq(span_str(dir.user[slot].name), key);
}

static bool group_matches(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return span_eq(span_str(dir.group[slot].name), key);
}

void directory_init(uint32_t max_users, uint32_t max_phones, const struct directory_watch *watch)
{
	dir.max_users = max_users;
	dir.max_devices = max_phones;
	/* people and phones with their bindings, groups, and a few settings of each */
	dir.max_items = 7 * max_users + 8 * max_phones + 4 * GROUPS_MAX + SETTINGS;
	dir.user = calloc(max_users, sizeof *dir.user);
	dir.device = calloc(max_phones, sizeof *dir.device);
	dir.item = calloc(dir.max_items, sizeof *dir.item);
	dir.watch = watch;
	if (!dir.user || !dir.device || !dir.item || !map_init(&dir.by_name, max_users, name_matches, NULL) ||
	    !map_init(&dir.group_by_name, GROUPS_MAX, group_matches, NULL))
		log_fatal("no memory for the directory");
	settings_init(max_users, max_phones);
}

const struct user *directory_user(uint32_t index)
{
	return index < dir.max_users && dir.user[index].used ? &dir.user[index] : NULL;
}

const struct device *directory_device(uint32_t index)
{
	return index < dir.max_devices && dir.device[index].state != DEVICE_NONE ? &dir.device[index] : NULL;
}

uint32_t directory_find(struct span name)
{
	uint32_t slot;

	if (!map_get(&dir.by_name, name, &slot) || !dir.user[slot].enabled)
		return NOBODY;
	return slot;
}

const struct group *directory_group_at(uint32_t index)
{
	return index < GROUPS_MAX && dir.group[index].used ? &dir.group[index] : NULL;
}

uint32_t directory_group(struct span name)
{
	uint32_t slot;

	return map_get(&dir.group_by_name, name, &slot) ? slot : NOBODY;
}

bool directory_needs_md5(uint32_t user)
{
	const struct user *u = directory_user(user);

	for (int i = 0; u && i < u->devices; i++) {
		const struct device *d = directory_device(u->device[i]);
		if (d && d->flags & DEVICE_MD5 && d->state != DEVICE_REVOKED)
			return true;
	}
	return false;
}

bool directory_allows(uint32_t user, uint32_t device)
{
	const struct user *u = directory_user(user);

	for (int i = 0; u && u->enabled && i < u->devices; i++)
		if (u->device[i] == device)
			return true;
	return false;
}

bool directory_valid(uint32_t device)
{
	return device < dir.max_devices && dir.device[device].state == DEVICE_VALID;
}

uint32_t directory_generation(void)
{
	return dir.generation;
}

void directory_suspend(uint32_t device)
{
	if (!directory_device(device) || dir.device[device].state != DEVICE_VALID)
		return;
	dir.device[device].state = DEVICE_SUSPENDED;
	dir.watch->device_changed(device);
	dir.watch->device_lost(device);
}

/* --- to the edges --- */

void directory_tell_device(struct link *edge, uint32_t device)
{
	struct msg_device_state *m = ipc_begin(edge, MSG_DEVICE_STATE);

	if (!m)
		return;
	m->device = device;
	m->state = dir.device[device].state;
	m->flags = dir.device[device].flags;
	m->epoch = dir.device[device].epoch;
	ipc_end(edge);
}

/* A large directory goes out in parts, since a link holds only so much of what was not read yet. */
enum { TELL_A_TURN = 2048, TELL_PAUSE_MS = 10, EDGES_MAX = 8 };

static struct telling {
	struct timer timer;
	uint32_t edge, next; /* next: the device to go on with */
} telling[EDGES_MAX];

static void tell_done(struct link *edge)
{
	struct msg_devices_done *m = ipc_begin(edge, MSG_DEVICES_DONE);

	if (!m)
		return;
	m->generation = dir.generation;
	ipc_end(edge);
}

static void tell_some(struct telling *t, struct link *edge)
{
	for (int n = 0; n < TELL_A_TURN && t->next < dir.max_devices; t->next++)
		if (dir.device[t->next].known) {
			directory_tell_device(edge, t->next);
			n++;
		}
	if (t->next == dir.max_devices)
		tell_done(edge);
	else
		timer_set(&child_wheel, &t->timer, child_now() + TELL_PAUSE_MS);
}

static void on_tell_more(struct timer *timer, uint64_t now_ms)
{
	struct telling *t = (struct telling *)(void *)timer;
	struct link *edge = child_link(PROC_EDGE, t->edge);

	(void)now_ms;
	if (edge)
		tell_some(t, edge);
}

void directory_tell(struct link *edge)
{
	struct telling *t = &telling[edge->instance % EDGES_MAX];

	if (dir.generation == 0)
		return;
	t->edge = edge->instance;
	t->next = 0;
	t->timer.fire = on_tell_more;
	timer_cancel(&child_wheel, &t->timer);
	tell_some(t, edge);
}

/* --- from ledger --- */

static void refuse(const char *why)
{
	if (!dir.refused)
		dir.refused = why;
}

static struct item *next_item(enum item_kind kind, uint32_t index, uint32_t limit)
{
	static const char *const beyond[ITEM_KINDS] = {
	    [ITEM_USER] = "more users than limits.users",
	    [ITEM_DEVICE] = "more phones than limits.phones",
	    [ITEM_BINDING] = "more users than limits.users",
	    [ITEM_GROUP] = "more ring groups than there may be",
	    [ITEM_SETTING] = "more settings than there may be",
	};

	if (!dir.open) {
		refuse("item outside a generation");
		return NULL;
	}
	if (dir.items == dir.max_items) {
		refuse("more entries than the configured tables hold");
		return NULL;
	}
	if (index >= limit) {
		refuse(beyond[kind]);
		return NULL;
	}
	struct item *i = &dir.item[dir.items++];
	*i = (struct item){.kind = kind, .index = index};
	return i;
}

void directory_on_begin(struct link *from, const struct ipc_view *v)
{
	const struct msg_directory_begin *m = v->payload;

	(void)from;
	dir.items = 0;
	dir.refused = NULL;
	dir.open = true;
	dir.whole = m->whole;
	dir.next_generation = m->generation;
}

void directory_on_user(struct link *from, const struct ipc_view *v)
{
	const struct msg_user *m = v->payload;
	struct item *i = next_item(ITEM_USER, m->index, dir.max_users);

	(void)from;
	if (!i)
		return;
	i->user.used = m->name.len > 0;
	i->user.enabled = m->enabled;
	if (!span_cstr(ipc_str(v, m->name), i->user.name, sizeof i->user.name) ||
	    !span_cstr(ipc_str(v, m->display), i->user.display, sizeof i->user.display))
		refuse("user name too long");
}

void directory_on_device(struct link *from, const struct ipc_view *v)
{
	const struct msg_device *m = v->payload;
	struct item *i = next_item(ITEM_DEVICE, m->index, dir.max_devices);

	(void)from;
	if (!i)
		return;
	i->device = (struct device){.state = m->state, .flags = m->flags & DEVICE_FLAGS, .epoch = m->epoch};
	if (!span_cstr(ipc_str(v, m->label), i->device.label, sizeof i->device.label))
		refuse("phone label too long");
}

void directory_on_binding(struct link *from, const struct ipc_view *v)
{
	const struct msg_binding *m = v->payload;
	struct item *i = next_item(ITEM_BINDING, m->user, dir.max_users);

	(void)from;
	if (!i)
		return;
	i->binding.device = m->device;
	i->binding.allowed = m->allowed;
}

void directory_on_group(struct link *from, const struct ipc_view *v)
{
	const struct msg_group *m = v->payload;
	struct item *i = next_item(ITEM_GROUP, m->index, GROUPS_MAX);

	(void)from;
	if (!i)
		return;
	i->group.used = m->name.len > 0;
	if (!span_cstr(ipc_str(v, m->name), i->group.name, sizeof i->group.name) ||
	    !span_cstr(ipc_str(v, m->display), i->group.display, sizeof i->group.display))
		refuse("name of a ring group too long");
}

void directory_on_setting(struct link *from, const struct ipc_view *v)
{
	const struct msg_setting *m = v->payload;
	struct span value = ipc_str(v, m->value);
	const char *why = settings_judge(m, value);

	/* what was set under another plan is as none at the call; it keeps nobody from the whole directory */
	if (!why && !dir.whole && m->owner == OWNER_GROUP && m->kind == SETTING_FORWARD_NO_ANSWER)
		why = forward_no_group(value);
	struct item *i = why ? NULL : next_item(ITEM_SETTING, m->index, UINT32_MAX);

	(void)from;
	if (why)
		refuse(why);
	if (!i)
		return;
	i->setting.owner = m->owner;
	i->setting.kind = m->kind;
	if (!span_cstr(value, i->setting.value, sizeof i->setting.value))
		refuse("a setting that is none");
}

static void apply_user(const struct item *i)
{
	struct user *u = &dir.user[i->index];
	struct user was = *u;

	if (u->used) {
		map_del(&dir.by_name, span_str(u->name), i->index);
		dir.users--;
	}
	*u = i->user;
	u->devices = was.devices;
	memcpy(u->device, was.device, sizeof u->device);
	if (u->used) {
		map_put(&dir.by_name, span_str(u->name), i->index);
		dir.users++;
	}
	if (was.used && was.enabled && (!u->used || !u->enabled || strcmp(was.name, u->name) != 0))
		dir.watch->user_lost(i->index);
	if (!u->used || (was.used && strcmp(was.name, u->name) != 0))
		dir.watch->user_gone(i->index);
}

static void apply_device(const struct item *i)
{
	struct device *d = &dir.device[i->index], was = *d;

	*d = i->device;
	d->known = was.known || d->state != DEVICE_NONE;
	dir.devices += d->state != DEVICE_NONE;
	dir.devices -= was.state != DEVICE_NONE;
	if (was.state != d->state || was.flags != d->flags || was.epoch != d->epoch)
		dir.watch->device_changed(i->index);
	if (was.state == DEVICE_VALID && d->state != DEVICE_VALID)
		dir.watch->device_lost(i->index);
}

static void apply_binding(const struct item *i)
{
	struct user *u = &dir.user[i->index];
	int at = 0;

	while (at < u->devices && u->device[at] != i->binding.device)
		at++;
	if (i->binding.allowed && at == u->devices && u->devices < USER_DEVICES_MAX)
		u->device[u->devices++] = i->binding.device;
	if (!i->binding.allowed && at < u->devices)
		u->device[at] = u->device[--u->devices];
}

static void apply_group(const struct item *i)
{
	struct group *g = &dir.group[i->index];

	if (g->used)
		map_del(&dir.group_by_name, span_str(g->name), i->index);
	*g = i->group;
	if (g->used)
		map_put(&dir.group_by_name, span_str(g->name), i->index);
}

static void apply_setting(const struct item *i)
{
	settings_apply((enum setting_owner)i->setting.owner, i->index, (enum setting_kind)i->setting.kind,
	    span_str(i->setting.value));
}

/* Nothing is bound to these: all go, and those that are named come again. */
static void forget_groups_and_settings(void)
{
	for (uint32_t n = 0; n < GROUPS_MAX; n++)
		if (dir.group[n].used)
			apply_group(&(struct item){.index = n});
	settings_forget_all();
	mail_forget_counts();
}

/* What a whole generation does not name is gone; named items then find it as they left it or come back. */
static void forget_unnamed(void)
{
	uint8_t *named = calloc(dir.max_users + dir.max_devices, 1);

	if (!named)
		log_fatal("no memory for the directory");
	for (uint32_t n = 0; n < dir.items; n++) {
		if (dir.item[n].kind == ITEM_USER)
			named[dir.item[n].index] = 1;
		else if (dir.item[n].kind == ITEM_DEVICE)
			named[dir.max_users + dir.item[n].index] = 1;
	}
	for (uint32_t n = 0; n < dir.max_users; n++) {
		dir.user[n].devices = 0;
		if (!named[n])
			apply_user(&(struct item){.index = n});
	}
	for (uint32_t n = 0; n < dir.max_devices; n++)
		if (dir.device[n].state != DEVICE_NONE && !named[dir.max_users + n])
			apply_device(&(struct item){.index = n});
	free(named);
}

static void apply_all(void)
{
	static void (*const apply[ITEM_KINDS])(const struct item *) = {
	    [ITEM_USER] = apply_user,
	    [ITEM_DEVICE] = apply_device,
	    [ITEM_BINDING] = apply_binding,
	    [ITEM_GROUP] = apply_group,
	    [ITEM_SETTING] = apply_setting,
	};

	if (dir.whole) {
		forget_unnamed();
		forget_groups_and_settings();
	}
	for (uint32_t n = 0; n < dir.items; n++)
		apply[dir.item[n].kind](&dir.item[n]);
}

void directory_on_commit(struct link *from, const struct ipc_view *v)
{
	const struct msg_directory_commit *m = v->payload;
	bool first = dir.generation == 0;

	if (!dir.open || m->generation != dir.next_generation || (first && !dir.whole))
		refuse("commit of a generation that was not begun");
	if (!dir.refused) {
		apply_all();
		dir.generation = m->generation ? m->generation : 1;
	}
	dir.open = false;
	struct msg_directory_verdict *out = ipc_begin(from, MSG_DIRECTORY_VERDICT);
	if (!out)
		return;
	out->generation = m->generation;
	out->ok = dir.refused == NULL;
	out->reason = ipc_put(from, span_str(dir.refused ? dir.refused : ""));
	ipc_end(from);
}

void directory_status(struct proc_status *s)
{
	status_add(s, "users", STATUS_POOL, dir.users, dir.max_users, dir.users, 0);
	status_add(s, "phones", STATUS_POOL, dir.devices, dir.max_devices, dir.devices, 0);
}
