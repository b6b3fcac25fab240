/* SPDX-License-Identifier: ISC */
#include "hotdesk.h"
#include "ipc/left_out.h"
#include "kept.h"

static struct arena_table *store;

struct arena_shape hotdesk_shape(const struct site *s)
{
	return (struct arena_shape){sizeof(struct hotdesk), s->max_phones + 1};
}

void hotdesk_open(struct arena_table *t)
{
	store = t;
	for (uint32_t i = 0; i < t->count; i++)
		if (arena_get(t, i) && !kept_hotdesk_ok(arena_get(t, i)))
			left_out_damaged(t, i);
}

bool hotdesk_may(uint32_t line, uint32_t guest, uint32_t device)
{
	return line != NOBODY && guest != NOBODY && guest != line && directory_allows(guest, device);
}

static const struct hotdesk *at_phone(uint32_t device)
{
	const struct hotdesk *h = device < store->count ? arena_get(store, device) : NULL;

	return h && h->until_ms > child_now() && hotdesk_may(h->line, h->guest, device) ? h : NULL;
}

uint32_t hotdesk_person(uint32_t user, uint32_t device)
{
	const struct hotdesk *h = user == NOBODY ? NULL : at_phone(device);

	return h && h->line == user ? h->guest : user;
}

uint32_t hotdesk_line(uint32_t guest, uint32_t device)
{
	const struct hotdesk *h = at_phone(device);

	return h && h->guest == guest ? h->line : NOBODY;
}

static void leave_others(uint32_t guest)
{
	const struct user *u = directory_user(guest);

	for (int i = 0; u && i < u->devices; i++)
		if (hotdesk_line(guest, u->device[i]) != NOBODY)
			arena_clear(store, u->device[i]);
}

void hotdesk_check(void)
{
	for (uint32_t i = 0; i < store->count; i++)
		if (arena_get(store, i) && !(directory_valid(i) && at_phone(i)))
			arena_clear(store, i);
}

void hotdesk_log_in(uint32_t line, uint32_t guest, uint32_t device)
{
	const struct hotdesk h = {line, guest, child_now() + (uint64_t)child_site()->hotdesk_s * 1000};

	if (device >= store->count || !hotdesk_may(line, guest, device))
		return;
	leave_others(guest);
	arena_put(store, device, &h);
	child_event(EVENT_PHONE, SEVERITY_INFO, device, guest, NULL, "hot desk: logged in");
}

bool hotdesk_log_out(uint32_t line, uint32_t device)
{
	const struct hotdesk *h = at_phone(device);

	if (!h || h->line != line)
		return false;
	child_event(EVENT_PHONE, SEVERITY_INFO, device, h->guest, NULL, "hot desk: logged out");
	arena_clear(store, device);
	return true;
}

void hotdesk_on_pin_removed(struct link *from, const struct ipc_view *v)
{
	const struct msg_pin_removed *m = v->payload;
	const uint32_t guest = directory_find(ipc_str(v, m->user));
	const struct user *u = directory_user(guest);

	(void)from;
	for (int i = 0; u && i < u->devices; i++) {
		const uint32_t line = hotdesk_line(guest, u->device[i]);
		if (line != NOBODY)
			(void)hotdesk_log_out(line, u->device[i]);
	}
}

void hotdesk_status(struct proc_status *s)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < store->count; i++)
		n += at_phone(i) != NULL;
	status_add(s, "hot-desks", STATUS_POOL, n, store->count - 1, n, 0);
}
