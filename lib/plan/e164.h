/* SPDX-License-Identifier: ISC */
/* What digits are: the country, the class, and the one canonical form. */
#ifndef PLAN_E164_H
#define PLAN_E164_H

#include "plan/country.h"

/* Digits that begin with a country code. False: no such number. */
bool e164_read(const struct plan *p, struct span digits, struct number *out);

/* As dialled inside the country: with its trunk prefix, or what may stand without one. */
bool e164_national(const struct plan *p, const struct country *c, struct span digits, struct number *out);
/* Behind the site's area code. */
bool e164_local(const struct plan *p, const struct country *c, struct span digits, struct number *out);

/* The class of a short number, of the site's own rules or its country; NUMBER_UNKNOWN when it is none. */
enum number_class e164_short(const struct plan *p, struct span digits);

#endif
