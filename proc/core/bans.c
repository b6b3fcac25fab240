/* SPDX-License-Identifier: ISC */
#include "bans.h"
#include "ipc/done.h"

static struct ban {
	struct addr address; /* port 0 */
	uint64_t until_ms;
} table[BANS_MAX];
static uint32_t used;

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

static void forget_old(void)
{
	for (uint32_t i = 0; i < used;)
		if (table[i].until_ms <= child_now())
			table[i] = table[--used];
		else
			i++;
}

void bans_tell(struct link *l)
{
	forget_old();
	for (uint32_t i = 0; i < used; i++)
		tell(l, &table[i]);
}

static struct ban *find(const struct addr *a)
{
	for (uint32_t i = 0; i < used; i++)
		if (addr_same_ip(&table[i].address, a))
			return &table[i];
	return NULL;
}

static bool is_ours(const struct addr *a)
{
	const struct site *s = child_site();

	for (int i = 0; i < s->listeners; i++)
		if (addr_same_ip(&s->listener[i].bind, a) || addr_same_ip(&s->listener[i].media, a))
			return true;
	return false;
}

/* seconds 0 lifts the ban */
void bans_on_ctl(struct link *from, const struct ipc_view *v)
{
	const struct msg_ctl_ban *m = v->payload;
	const struct addr a = addr_of_ip(m->address.ip);

	forget_old();
	struct ban *b = find(&a);
	if (m->address.family == 0 || (m->seconds && !addr_is_hosts(&a))) {
		done_say(from, m->token, DONE_REFUSED, 0, SPAN("not an address of one host"));
		return;
	}
	if (m->seconds && is_ours(&a)) {
		done_say(from, m->token, DONE_REFUSED, 0, SPAN("that address is the exchange's own"));
		return;
	}
	if (!b && m->seconds == 0) {
		tell_all(&(struct ban){a, 0}); /* where an earlier core's may stand */
		done_say(from, m->token, DONE_NOT_FOUND, 0, SPAN("that address is not banned"));
		return;
	}
	if (!b && used == BANS_MAX) {
		done_say(from, m->token, DONE_REFUSED, 0, SPAN("the table of bans is full"));
		return;
	}
	if (!b)
		b = &table[used++];
	*b = (struct ban){a, child_now() + m->seconds * 1000ull};
	child_event(
	    EVENT_BAN, SEVERITY_INFO, 0, 0, &b->address, m->seconds ? "banned by an administrator" : "ban lifted");
	tell_all(b);
	done_say(from, m->token, DONE_OK, 0, SPAN(""));
}

void bans_on_list(struct link *from, const struct ipc_view *v)
{
	const struct msg_bans_want *m = v->payload;

	forget_old();
	for (uint32_t i = 0; i < used; i++) {
		struct msg_ban_line *line = ipc_begin(from, MSG_BAN_LINE);
		if (!line)
			return;
		line->token = m->token;
		line->address = table[i].address;
		line->left_ms = table[i].until_ms - child_now();
		ipc_end(from);
	}
	done_say(from, m->token, DONE_OK, 0, SPAN(""));
}

void bans_status(struct proc_status *s)
{
	status_add(s, "bans", STATUS_POOL, used, BANS_MAX, used, 0);
}
