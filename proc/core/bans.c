/* SPDX-License-Identifier: ISC */
#include "bans.h"
#include "ipc/done.h"
#include "ipc/left_out.h"
#include "kept.h"

static struct arena_table *store;

struct arena_shape bans_shape(void)
{
	return (struct arena_shape){sizeof(struct ban), BANS_MAX};
}

/* NULL: none, or it is over. */
static const struct ban *ban_at(uint32_t i)
{
	const struct ban *b = arena_get(store, i);

	return b && b->until_ms > child_now() ? b : NULL;
}

static uint32_t used(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < store->count; i++)
		n += ban_at(i) != NULL;
	return n;
}

static void tell(struct link *l, const struct ban *b)
{
	struct msg_ban *m = l ? ipc_begin(l, MSG_BAN) : NULL;

	if (!m)
		return;
	m->address = b->address;
	m->until_ms = b->until_ms;
	ipc_end(l);
}

static void tell_all(const struct ban *b)
{
	tell(child_link(PROC_MEDIA, 0), b);
	tell(child_link(PROC_NET, 0), b);
	for (uint32_t i = 0; i < child_site()->edges; i++)
		tell(child_link(PROC_EDGE, i), b);
}

void bans_tell(struct link *l)
{
	for (uint32_t i = 0; i < store->count; i++)
		if (ban_at(i))
			tell(l, ban_at(i));
}

/* BANS_MAX: it is not banned. */
static uint32_t find(const struct addr *a)
{
	uint32_t i = 0;

	while (i < store->count && !(ban_at(i) && addr_same_ip(&ban_at(i)->address, a)))
		i++;
	return i;
}

/* BANS_MAX: there is none. */
static uint32_t free_place(void)
{
	uint32_t i = 0;

	while (i < store->count && ban_at(i))
		i++;
	return i;
}

static bool is_ours(const struct addr *a)
{
	const struct site *s = child_site();

	for (int i = 0; i < s->listeners; i++)
		if (addr_same_ip(&s->listener[i].bind, a) || addr_same_ip(&s->listener[i].media, a))
			return true;
	return false;
}

void bans_open(struct arena_table *t)
{
	store = t;
	for (uint32_t i = 0; i < t->count; i++) {
		const struct ban *b = ban_at(i);
		if (!b || is_ours(&b->address))
			arena_clear(t, i);
		else if (!kept_ban_ok(b) || find(&b->address) != i)
			left_out_damaged(t, i);
	}
}

static const char *why_not(const struct msg_ctl_ban *m, const struct addr *a)
{
	if (m->address.family == 0 || (m->seconds && !addr_is_hosts(a)))
		return "not an address of one host";
	if (m->seconds == 0)
		return NULL;
	if (is_ours(a))
		return "that address is the exchange's own";
	if (m->seconds > BAN_MAX_S)
		return "a ban lasts a year at most";
	return find(a) == BANS_MAX && free_place() == BANS_MAX ? "the table of bans is full" : NULL;
}

static void set(const struct ban *b)
{
	const uint32_t i = find(&b->address);

	arena_put(store, i < BANS_MAX ? i : free_place(), b);
	child_event(EVENT_BAN, SEVERITY_INFO, 0, 0, &b->address, "banned by an administrator");
	tell_all(b);
}

/* False: it is not banned. It may stand with a sibling all the same, told by a core whose arena was lost. */
static bool lift(const struct addr *a)
{
	const uint32_t i = find(a);

	if (i < BANS_MAX) {
		arena_clear(store, i);
		child_event(EVENT_BAN, SEVERITY_INFO, 0, 0, a, "ban lifted");
	}
	tell_all(&(struct ban){.address = *a});
	return i < BANS_MAX;
}

/* seconds 0 lifts the ban */
void bans_on_ctl(struct link *from, const struct ipc_view *v)
{
	const struct msg_ctl_ban *m = v->payload;
	const struct ban b = {child_now() + m->seconds * 1000ull, addr_of_ip(m->address.ip)};

	const char *why = why_not(m, &b.address);
	if (why) {
		done_say(from, m->token, DONE_REFUSED, 0, span_str(why));
		return;
	}
	if (m->seconds) {
		set(&b);
	} else if (!lift(&b.address)) {
		done_say(from, m->token, DONE_NOT_FOUND, 0, SPAN("that address is not banned"));
		return;
	}
	done_say(from, m->token, DONE_OK, 0, SPAN(""));
}

void bans_on_list(struct link *from, const struct ipc_view *v)
{
	const struct msg_bans_want *m = v->payload;

	for (uint32_t i = 0; i < store->count; i++) {
		const struct ban *b = ban_at(i);
		if (!b)
			continue;
		struct msg_ban_line *line = ipc_begin(from, MSG_BAN_LINE);
		if (!line)
			return;
		line->token = m->token;
		line->address = b->address;
		line->left_ms = b->until_ms - child_now();
		ipc_end(from);
	}
	done_say(from, m->token, DONE_OK, 0, SPAN(""));
}

void bans_status(struct proc_status *s)
{
	const uint32_t n = used();

	status_add(s, "bans", STATUS_POOL, n, BANS_MAX, n, 0);
}
