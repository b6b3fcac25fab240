/* SPDX-License-Identifier: ISC */
#include "callback.h"
#include "base/ratelimit.h"
#include "dial.h"
#include "ipc/left_out.h"
#include "kept.h"
#include "notice.h"
#include "registrar.h"
#include "settings.h"
#include "share.h"
#include "trunk.h"

enum { OF_TRUNK_MAX = 4, OF_SITE_MAX = 6, BEGUN_MAX = 12, BEGUN_MS = 60000 };

struct shown {
	struct span called;
	uint32_t device, user; /* of the last who called for help with this number */
	uint64_t until_ms;     /* 0: nobody did */
};

/* What a trunk shows of this user's calls for help, as outside_ask() has it. */
static bool is_shown_as(uint32_t user, struct span called)
{
	const struct site *s = child_site();

	for (uint8_t i = 0; i < s->trunks; i++) {
		const char *id = s->trunk[i].emergency ? trunk_caller_id((uint8_t)(i + 1),
							     span_str(settings_of_user(user)->outside_number))
		                                       : NULL;
		if (id && trunk_is_number((uint8_t)(i + 1), span_str(id), called))
			return true;
	}
	return false;
}

/* The last who called for help is the one that they mean. */
static void look_at_window(uint32_t device, uint32_t user, uint64_t until_ms, void *arg)
{
	struct shown *s = arg;

	if (until_ms < s->until_ms || !is_shown_as(user, s->called))
		return;
	s->until_ms = until_ms;
	s->user = user;
	s->device = device;
}

static struct shown look(struct span called)
{
	struct shown s = {.called = called};

	notice_each_window(look_at_window, &s);
	return s;
}

void callback_look(struct call *c, struct span called)
{
	const struct shown s = look(called);

	c->back = s.until_ms != 0;
	c->back_user = s.user;
	c->back_device = s.device;
}

/* --- the phone itself --- */

static struct arena_table *store;
static struct timer over;

static const struct callback_phone *kept_at(uint32_t i)
{
	return arena_get(store, i);
}

/* What is over is wiped; the first of the others is when it will be. */
static void wipe(uint64_t now_ms)
{
	uint64_t next_ms = UINT64_MAX;

	for (uint32_t i = 0; i < store->count; i++) {
		const struct callback_phone *p = kept_at(i);
		if (p && p->until_ms <= now_ms)
			arena_clear(store, i);
		else if (p && p->until_ms < next_ms)
			next_ms = p->until_ms;
	}
	if (next_ms != UINT64_MAX)
		timer_set(&child_wheel, &over, next_ms);
}

static void on_over(struct timer *t, uint64_t now_ms)
{
	(void)t;
	wipe(now_ms);
}

struct arena_shape callback_shape(void)
{
	return (struct arena_shape){sizeof(struct callback_phone), CALLBACKS_MAX};
}

void callback_open(struct arena_table *t)
{
	store = t;
	over.fire = on_over;
	for (uint32_t i = 0; i < t->count; i++)
		if (kept_at(i) && !kept_callback_ok(kept_at(i)))
			left_out_damaged(t, i);
		else if (kept_at(i) && !kept_fits(NOBODY, kept_at(i)->device))
			left_out_unfit(t, i);
	wipe(child_now());
}

static const struct callback_phone *find_phone(uint32_t device)
{
	for (uint32_t i = 0; i < store->count; i++) {
		const struct callback_phone *p = kept_at(i);
		if (p && p->device == device && p->until_ms > child_now())
			return p;
	}
	return NULL;
}

/* Its own, a free one, or the one that is over first. */
static uint32_t place_for(uint32_t device)
{
	uint64_t least_ms = UINT64_MAX;
	uint32_t at = 0;

	for (uint32_t i = 0; i < store->count; i++) {
		const struct callback_phone *p = kept_at(i);
		if (p && p->device == device)
			return i;
		if ((p ? p->until_ms : 0) < least_ms) {
			least_ms = p ? p->until_ms : 0;
			at = i;
		}
	}
	return at;
}

void callback_from(const struct leg *caller)
{
	const uint64_t window_ms = child_site()->plan.callback_min * UINT64_C(60000);
	struct callback_phone p = {.until_ms = child_now() + window_ms, .device = caller->r.device};

	if (caller->r.user != NOBODY || !span_cstr(leg_text(caller, LEG_TARGET), p.contact, sizeof p.contact) ||
	    !p.contact[0])
		return;
	const uint32_t at = place_for(p.device);
	arena_clear(store, at); /* and no older one beside it */
	arena_put(store, at, &p);
	if (!timer_is_set(&over))
		timer_set(&child_wheel, &over, p.until_ms);
}

int callback_phone(
    const struct call *c, const struct registration *out[REGISTRAR_TARGETS_MAX], struct registration *nobodys)
{
	const struct callback_phone *p;
	const struct flow *f;
	int n = c->back ? registrar_at_phone(c->back_device, out) : 0;

	if (n || !c->back || !(p = find_phone(c->back_device)) || !(f = flow_newest(p->device)))
		return n;
	*nobodys = (struct registration){.user = NOBODY, .device = p->device, .flow = f->id};
	memcpy(nobodys->contact, p->contact, sizeof p->contact);
	out[0] = nobodys;
	return 1;
}

/* --- who is reached --- */

/* This user called for help, or somebody did from a phone that the user can be rung on. */
static bool may_be_called_back(uint32_t user)
{
	const struct registration *to[REGISTRAR_TARGETS_MAX];

	if (user == NOBODY)
		return false;
	if (notice_may_call_back(NOBODY, user))
		return true;
	for (int n = registrar_targets(user, to); n > 0; n--)
		if (notice_may_call_back(to[n - 1]->device, NOBODY))
			return true;
	return false;
}

bool callback_may_reach(const struct call *c, uint32_t user)
{
	return c->back || may_be_called_back(user);
}

static bool find_one(uint32_t user, void *found)
{
	*(bool *)found = may_be_called_back(user);
	return !*(bool *)found;
}

static bool leads_to_one(const struct dest *to)
{
	bool found = false;

	dial_each_callee(to, find_one, &found);
	return found;
}

bool callback_may_lead_to(const struct call *c)
{
	return c->back || leads_to_one(&c->dest);
}

/* --- how many --- */

static uint64_t peak, beyond; /* of `calls-back` */

/* Until the call is over, whoever talks in it by then. */
struct standing {
	uint8_t trunk;
	uint32_t over_trunk, all;
};

static bool is_over(uint64_t leg, uint8_t trunk)
{
	const struct leg *l = leg_get(leg);

	return l && l->r.trunk == trunk;
}

static void count_one(struct call *c, void *arg)
{
	struct standing *s = arg;

	if (!(c->r.help & HELP_BACK))
		return;
	s->all++;
	s->over_trunk += is_over(c->r.caller, s->trunk) || is_over(c->r.callee, s->trunk);
}

/* A rate too: one that ends at once frees its place at once. */
static bool has_room(uint8_t trunk)
{
	static struct ratelimit begun[SITE_TRUNKS_MAX + 1];
	struct standing s = {.trunk = trunk};

	call_each(count_one, &s);
	if (s.over_trunk >= OF_TRUNK_MAX || s.all >= OF_SITE_MAX ||
	    !ratelimit_take(&begun[trunk], BEGUN_MAX, BEGUN_MS, child_now()))
		return false;
	if (s.all + 1 > peak)
		peak = s.all + 1;
	return true;
}

enum pool_claim callback_claim(const struct flow *f, struct span called, const struct dest *to)
{
	if (look(called).until_ms == 0 && !leads_to_one(to))
		return POOL_USUAL;
	if (has_room(f->trunk))
		return POOL_BACK;
	beyond++;
	share_tell(f, NOBODY, "calls back for help over a trunk: more than may go before others");
	return POOL_USUAL;
}

void callback_note_line(const struct flow *f)
{
	child_event(EVENT_EMERGENCY, SEVERITY_INFO, 0, NOBODY, &f->remote,
	    "who may call back for help has a line beyond the trunk's last");
}

void callback_status(struct proc_status *s)
{
	struct standing back = {0};
	uint64_t n = 0;

	call_each(count_one, &back);
	status_add(s, "calls-back", STATUS_POOL, back.all, OF_SITE_MAX, peak, beyond);
	for (uint32_t i = 0; i < store->count; i++)
		n += kept_at(i) != NULL;
	status_add(s, "call-back-phones", STATUS_POOL, n, store->count, n, 0);
}
