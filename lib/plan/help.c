/* SPDX-License-Identifier: ISC */
/* Which number for help is asked for outside. */
#include "plan/country.h"
#include "plan/number.h"

static bool is_emergency(const struct plan *p, const char *number)
{
	for (uint8_t i = 0; i < p->emergencies; i++)
		if (strcmp(p->emergency[i], number) == 0)
			return true;
	return false;
}

const char *number_help_general(const struct plan *p)
{
	const struct country *c = country_of_site(p);

	if (c && is_emergency(p, c->general))
		return c->general;
	return p->emergencies ? p->emergency[0] : NULL;
}

/* The two that people know from elsewhere. */
static const char *other_of(const char *number)
{
	if (strcmp(number, "112") == 0)
		return "911";
	return strcmp(number, "911") == 0 ? "112" : NULL;
}

static bool is_known_in(const struct country *c, const char *number)
{
	for (size_t i = 0; i < sizeof c->emergency / sizeof *c->emergency && c->emergency[i]; i++)
		if (strcmp(c->emergency[i], number) == 0)
			return true;
	return strcmp(c->general, number) == 0;
}

const char *number_help_sent(const struct plan *p, const char *dialled, bool again)
{
	const struct country *c = country_of_site(p);

	if (strcmp(dialled, p->emergency_test) == 0)
		return again ? NULL : dialled;
	if (!c)
		return again ? other_of(dialled) : dialled;
	if (strcmp(dialled, c->general) == 0)
		return again ? NULL : dialled;
	const bool foreign = other_of(dialled) && !is_known_in(c, dialled);
	return foreign == again ? dialled : c->general;
}
