/* SPDX-License-Identifier: ISC */
/* Telephone numbers: every spelling becomes one canonical form and a class (E.164, E.123, RFC 3966 5.1). What is not
 * understood is NUMBER_UNKNOWN, and that is refused. Pure functions.
 *
 * The rules, in this order; the first that fits decides:
 *  1. Visual separators (- . ( ) and blanks) are dropped from what is a number, and the (0) of "+44 (0)20" behind any country code but
 *     Italy's; a user part's own parameters are read, and any but phone-context makes it unknown.
 *  2. An emergency number of the site, also behind the outside prefix, and 9911 for 911 where there is none: emergency. It wins over everything.
 *  3. What begins with * or #: a service code of the site, or unknown.
 *  4. Exactly an extension, with no phone-context: internal.
 *  5. A phone-context of + and digits stands before what was dialled; any other context is unknown.
 *  6. + and digits of E.164.
 *  7. The outside prefix, where the site has one: it must be there, and is taken off.
 *  8. A short number of the site's own rules or of its country: as dialled.
 *  9. The international prefix of the country, then as 6.
 * 10. The trunk prefix of the country (or none where it has none), then a national number of a range and length that exist.
 * 11. A local number: the site's area code stands before it, then as 10.
 * 12. An emergency number with one # behind it, or, where the site has no outside prefix and its country's trunk prefix is 0, with
 *     that before it: emergency. Only what is nothing else is read so, and nothing with a phone-context.
 * A range of a known country that is not in its table is premium, never less. */
#ifndef PLAN_NUMBER_H
#define PLAN_NUMBER_H

#include "base/span.h"

enum {
	NUMBER_MAX = 32,         /* the longest canonical text: a user's name */
	NUMBER_SPELLED_MAX = 64, /* what is longer is unknown */
	NUMBER_E164_MAX = 15,    /* digits of a number of the world */
	NUMBER_E164_MIN = 7,
	NUMBER_BARE_MIN = 10, /* fewer digits may be a local number as well as E.164 without its plus */
};

/* How a trunk writes numbers of the world. */
enum number_spelling {
	SPELLED_PLUS,          /* +33123456789 */
	SPELLED_DIGITS,        /* 33123456789 */
	SPELLED_INTERNATIONAL, /* 0033123456789: the international prefix of the site's country before all of them */
	SPELLED_NATIONAL,      /* as on a line of the site's country: 0123456789, and abroad with the prefix */
	NUMBER_SPELLINGS
};

enum number_class {
	NUMBER_UNKNOWN,
	NUMBER_INTERNAL,
	NUMBER_EMERGENCY,
	NUMBER_SERVICE, /* a code of the exchange itself */
	/* from here on it leaves through a trunk */
	NUMBER_TOLL_FREE,
	NUMBER_LOCAL,
	NUMBER_NATIONAL,
	NUMBER_MOBILE,
	NUMBER_SHARED, /* shared cost: more than national, a known price */
	NUMBER_INTERNATIONAL,
	NUMBER_PREMIUM,
	NUMBER_SATELLITE,
	NUMBER_CLASSES
};

struct number {
	uint8_t class;             /* enum number_class */
	char text[NUMBER_MAX + 1]; /* extension, emergency digits, code as dialled, short number, or + and E.164 */
	char country[4]; /* ISO 3166 in lower case ("fr"); the code itself where it is no country's ("870"); or empty */
};

struct plan;

/* *out is always set; false means NUMBER_UNKNOWN. spelled: a user part (unescaped) or the number of a tel URI, with or without
 * its own ;phone-context=; phone_context: of the URI, empty for none and for the exchange's own domain; is_extension: whether
 * what number_strip() gives is a user of the directory. */
bool number_canon(
    const struct plan *p, struct span spelled, struct span phone_context, bool is_extension, struct number *out);

/* The spelling without parameters and, if all of it is a number, without visual separators: what is looked up in the
 * directory. False, and *out empty: too long, or nothing. */
bool number_strip(struct span spelled, char out[NUMBER_SPELLED_MAX + 1]);

/* The site's emergency number that this spelling is, unless (by rule 12) an extension is spelled so; or NULL. */
const char *number_emergency(const struct plan *p, struct span spelled);

/* The number for help in general, where none was named (RFC 5031): the country's, of the site's the first where it is of no country. NULL: there is none. */
const char *number_help_general(const struct plan *p);
/* What a trunk is asked for when a number for help was dialled; `again`: after it said that it knows no such number. 112 and 911 where they are those of
 * another continent go out as the general number, and as they were dialled afterwards; every other, as dialled and then as the general one.
 * NULL: nothing more to try. A test is no other number. */
const char *number_help_sent(const struct plan *p, const char *dialled, bool again);

/* A number that came in from a trunk as caller or called: + and E.164, or with the site's country as on a line there, or what
 * is neither as E.164 without its plus, if it has NUMBER_BARE_MIN digits. From a trunk of SPELLED_DIGITS the last comes first. */
bool number_canon_outside(const struct plan *p, enum number_spelling how, struct span spelled, struct number *out);

/* A canonical text as a trunk wants it; what has no plus stays. Where this spelling would be read as another number, the next
 * plainer one: national, international, plus. */
void number_spell(const struct plan *p, enum number_spelling how, const char *text, char out[NUMBER_MAX + 1]);

/* "local", "premium", ...: as ringfence.conf and people write it. NUMBER_CLASSES when it is none. */
extern const char *const number_class_name[NUMBER_CLASSES];
enum number_class number_class_named(struct span name);

static inline bool number_is_outside(const struct number *n)
{
	return n->class >= NUMBER_TOLL_FREE;
}

#endif
