/* SPDX-License-Identifier: ISC */
/* The numbering plans that the exchange knows (ITU-T E.164 and its national annexes; NANPA, Ofcom, Arcep, BNetzA, BAKOM, RTR, BIPT,
 * ACM, AGCOM, CNMC, ComReg, ACMA, MIC), and every country code by name. Ranges change: a site's own rules come before them. */
#ifndef PLAN_COUNTRY_H
#define PLAN_COUNTRY_H

#include "plan/plan.h"

/* A range of national numbers. The longest prefix counts; of equal ones the one whose length fits. */
struct country_range {
	const char *prefix;  /* of the national number, without the trunk prefix */
	uint8_t min, max;    /* its digits */
	uint8_t class;       /* enum number_class; NUMBER_UNKNOWN: no number at all, and refused */
	const char *country; /* whose it is, when it is another's without a code of its own: then it is international */
	const char *code;    /* the country code that it really has, under which it is written */
	bool direct;         /* also dialled without the trunk prefix */
};

/* Digits that are dialled as they are. */
struct country_short {
	const char *prefix;
	uint8_t min, max;
	uint8_t class;
};

struct country {
	const char *name, *code;
	const char *trunk;                  /* before a national number; empty: none */
	const char *abroad[2];              /* international prefixes, or NULL */
	bool whole;                         /* a national number may stand without its trunk prefix (NANP: 10 digits) */
	const struct country_range *ranges; /* end with a NULL prefix */
	const struct country_short *shorts;
	const char *emergency[4]; /* numbers for help of its own, beside the general one, */
	const char *general;      /* which leads to whoever sends what is needed */
};

/* By ISO name, or by the code that an E.164 number begins with; NULL: its ranges are not known. */
const struct country *country_named(const char *name);
const struct country *country_of_site(const struct plan *p);
const struct country *country_of_code(struct span digits);

/* The range of a national number, whose length is for the caller to compare; NULL when none has this prefix. */
const struct country_range *country_range_of(const struct country *c, struct span national);

/* Whose code E.164 digits begin with: the ISO name, or the digits of a code that is no country's; NULL: nobody's. */
const char *country_name_of(struct span digits);
/* The country of a national number of the North American plan, by its area code; NULL: no area has it. */
const char *country_nanp_of(struct span national);
/* The class of numbers under a code that is no country's; NUMBER_INTERNATIONAL for countries. */
enum number_class country_code_class(const char *name);

/* Is it the name of a country or of such a code? */
bool country_is(struct span name);

#endif
