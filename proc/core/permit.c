/* SPDX-License-Identifier: ISC */
#include "permit.h"
#include "directory.h"
#include "route.h"
#include "settings.h"

struct account_of permit_account(const struct permit_case *c)
{
	return (struct account_of){.user = c->payer, .device = c->device, .trunk = c->trunk};
}

static uint8_t payer_of(const struct permit_case *c)
{
	const struct user *u = directory_user(c->payer);

	if (!u || !u->enabled)
		return PAYER_NOBODY;
	return c->who == WHO_USER && c->payer == c->user ? PAYER_SELF : PAYER_OTHER;
}

static bool is_located(uint32_t device)
{
	const struct device_settings *s = settings_of_device(device);

	return s->location[0] && s->location_confirmed_ms != 0;
}

struct plan_answer permit(const struct permit_case *c)
{
	const struct plan *p = &child_site()->plan;
	const struct user_settings *s = settings_of_user(c->payer);
	const struct device *d = directory_device(c->device);
	const struct account_of of = permit_account(c);
	struct plan_question q = {.who = c->who,
	    .route = c->route,
	    .payer = payer_of(c),
	    .pin = c->pin,
	    .device_fixed = c->inside || (d && d->flags & DEVICE_FIXED),
	    .device_expired = c->expired,
	    .device_remote = !c->inside && settings_device_remote(c->device, c->at),
	    .device_located = is_located(c->device),
	    .dialled_before = c->dialled_before,
	    .pin_given = c->pin_given,
	    .helped = c->helped,
	    .night = settings_of_site()->night,
	    .has_classes = s->has_classes,
	    .classes = s->classes,
	    .week_min = number_is_outside(&c->number) ? account_week_min() : 0,
	    .number = c->number};

	if (number_is_outside(&c->number) && q.payer != PAYER_NOBODY)
		q.limits =
		    account_may(&of, plan_rate_of(p, &c->number), ceiling_novelty_of(&c->number, c->dialled_before));
	return plan_permit(p, &q);
}

enum refusal permit_refusal(const struct plan_answer *a)
{
	static const uint8_t refusal[REASONS] = {
	    [REASON_NOT_UNDERSTOOD] = REFUSE_NO_NUMBER,
	    [REASON_EXPIRED] = REFUSE_EXPIRED,
	    [REASON_MONEY] = REFUSE_CEILING,
	    [REASON_MINUTES] = REFUSE_CEILING,
	    [REASON_CALLS] = REFUSE_CEILING,
	    [REASON_HOURLY] = REFUSE_CEILING,
	    [REASON_DESTINATIONS] = REFUSE_CEILING,
	    [REASON_ABROAD] = REFUSE_CEILING,
	};
	return refusal[a->reason] ? (enum refusal)refusal[a->reason] : REFUSE_NOT_ALLOWED;
}

/* --- phones that can't call for help --- */

/* Would a call for help leave the exchange, and must its phone have a fixed place for that? */
static bool help_needs_a_place(struct number *help)
{
	const struct plan *p = &child_site()->plan;
	struct dest to;
	const char *general = number_help_general(p);
	bool leaves = general && route_find(span_str(general), SPAN(""), &to) && to.kind == DEST_OUTSIDE;

	if (leaves)
		*help = to.number;
	return leaves;
}

bool permit_refuses_help(uint32_t device, const struct addr *at)
{
	struct permit_case c = {
	    .who = WHO_DEVICE, .route = ROUTE_FRESH, .user = NOBODY, .device = device, .payer = NOBODY, .at = at};

	return help_needs_a_place(&c.number) && permit(&c).reason == REASON_EMERGENCY_REMOTE;
}

static bool has_no_place(uint32_t device)
{
	const struct device *d = directory_device(device);

	bool travels =
	    d && directory_valid(device) && (!(d->flags & DEVICE_FIXED) || settings_of_device(device)->remote);

	return travels && (child_site()->plan.emergency_remote == REMOTE_DENY || !is_located(device));
}

static bool is_hidden(const char *name)
{
	return site_is_emergency(child_site(), span_str(name));
}

/* Users and ring groups that nobody reaches by their number, since it is one for help. */
static uint64_t hidden(void)
{
	uint64_t n = 0;

	if (!site_sends_help(child_site()))
		return 0;
	for (uint32_t i = 0; i < child_site()->max_users; i++) {
		const struct user *u = directory_user(i);
		const struct group *g = directory_group_at(i);
		n += (uint64_t)((u && is_hidden(u->name)) + (g && is_hidden(g->name)));
	}
	return n;
}

void permit_status(struct proc_status *s)
{
	struct number help;
	bool needed = help_needs_a_place(&help);
	uint64_t n = 0;

	for (uint32_t i = 0; needed && i < child_site()->max_phones; i++)
		n += has_no_place(i);
	status_counter(s, "phones-without-help", n);
	status_counter(s, "numbers-hidden", hidden());
}
