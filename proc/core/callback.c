/* SPDX-License-Identifier: ISC */
#include "callback.h"
#include "dial.h"
#include "notice.h"
#include "registrar.h"
#include "settings.h"
#include "trunk.h"

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

/* Of the last that called for help with nobody logged in. Gone with core: who has registered is found all the same. */
static struct place_of_phone {
	uint32_t device;
	char contact[URI_TEXT_MAX + 1];
} phones[CALLBACKS_MAX];
static uint32_t phones_next;

static struct place_of_phone *find_phone(uint32_t device)
{
	for (struct place_of_phone *p = phones; p < phones + CALLBACKS_MAX; p++)
		if (p->contact[0] && p->device == device)
			return p;
	return NULL;
}

void callback_from(const struct leg *caller)
{
	struct place_of_phone *p = find_phone(caller->r.device);

	if (caller->r.user != NOBODY)
		return;
	if (!p)
		p = &phones[phones_next++ % CALLBACKS_MAX];
	p->device = caller->r.device;
	(void)span_cstr(leg_text(caller, LEG_TARGET), p->contact, sizeof p->contact);
}

int callback_phone(
    const struct call *c, const struct registration *out[REGISTRAR_TARGETS_MAX], struct registration *nobodys)
{
	const struct place_of_phone *p;
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

bool callback_is(struct span called, const struct dest *to)
{
	return look(called).until_ms != 0 || leads_to_one(to);
}
