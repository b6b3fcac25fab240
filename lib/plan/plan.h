/* SPDX-License-Identifier: ISC */
/* The call plan of a site, as ringfence.conf says it: part of struct site, plain values without pointers. Money is
 * in ten-thousandths of the site's currency (_e4). */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "plan/number.h"

enum {
	PLAN_RULES_MAX = 128,
	PLAN_COUNTRY_RATES_MAX = 64,
	PLAN_COUNTRIES_MAX = 24, /* of one set of classes */
	PLAN_NIGHTS_MAX = 4,
	PLAN_EMERGENCY_NAMED_MAX = 16, /* by the configuration; the country's own beside them */
	PLAN_EMERGENCY_MAX = PLAN_EMERGENCY_NAMED_MAX + 5,
	PLAN_EMERGENCY_NUMBER_MAX = 16,
	PLAN_LIST_MAX = 32, /* allow list and block list of callers */
	PLAN_PREFIX_MAX = 16,
	PLAN_CODE_MAX = 7,
	PLAN_RATE_MAX_E4 = 100000000, /* 10,000 a minute */
	PLAN_BILLING_MAX_S = 60,
	WEEK_MINUTES = 7 * 24 * 60,
};

/* Which classes are allowed. */
struct plan_classes {
	uint16_t mask; /* 1 << enum number_class; NUMBER_INTERNATIONAL stands for every country */
	uint8_t countries;
	uint8_t at_night;                    /* 1: night sections do not count for these */
	char country[PLAN_COUNTRIES_MAX][4]; /* single ones, NUL-terminated */
};

/* "national mobile fr ch night": names of classes and countries, and night for "at night too"; blanks or commas between. Internal, emergency and service numbers
 * are always in it. False: *why is a static reason. */
bool plan_classes_parse(struct span text, struct plan_classes *out, const char **why);
/* One word more: NULL, or why not. */
const char *plan_classes_add(struct plan_classes *c, struct span word);
bool plan_classes_have(const struct plan_classes *c, const struct number *n);
/* The classes of one who has no setting and in a site that gives none: internal, emergency, service. */
struct plan_classes plan_classes_least(void);

/* What a prefix is and costs; the longest one that says it counts. */
struct plan_rule {
	char prefix[PLAN_PREFIX_MAX + 1]; /* + and digits of E.164, or digits alone: a short number, as dialled */
	uint8_t class;                    /* enum number_class; NUMBER_UNKNOWN: as the table of its country says */
	uint8_t has_rate, has_setup;
	uint32_t rate_e4, setup_e4; /* a minute, a call */
};

struct plan_country_rate {
	char country[4];
	uint32_t rate_e4;
};

/* Times in which fewer classes are allowed. */
struct plan_night {
	uint16_t from_min, to_min; /* of the day; to <= from: over midnight */
	uint8_t days;              /* 1 << 0 is Monday: the days on which it begins */
	uint8_t zero;
	struct plan_classes classes;
};

enum ceiling_scope { CEILING_EXTENSION, CEILING_DEVICE, CEILING_TRUNK, CEILING_SITE, CEILING_SCOPES };
enum ceiling_kind {
	CEILING_MONEY,        /* a day, in _e4 */
	CEILING_MINUTES,      /* a day */
	CEILING_CALLS,        /* at once */
	CEILING_HOURLY,       /* calls an hour */
	CEILING_DESTINATIONS, /* numbers never dialled before, a day */
	CEILING_ABROAD, /* such numbers that are international, premium or satellite, in this hour and the one before */
	CEILING_KINDS
};

struct ceiling_limit {
	uint32_t most[CEILING_KINDS]; /* 0: none allowed */
};

enum service {
	SERVICE_FORWARD, /* always; takes a number */
	SERVICE_FORWARD_OFF,
	SERVICE_FORWARD_BUSY,
	SERVICE_FORWARD_BUSY_OFF,
	SERVICE_FORWARD_NO_ANSWER,
	SERVICE_FORWARD_NO_ANSWER_OFF,
	SERVICE_FORWARD_ABSENT, /* not registered */
	SERVICE_FORWARD_ABSENT_OFF,
	SERVICE_DND,
	SERVICE_DND_OFF,
	SERVICE_PIN,   /* set or change */
	SERVICE_LOGIN, /* hot desk */
	SERVICE_LOGOUT,
	SERVICE_PICKUP, /* may take an extension */
	SERVICE_PARK,
	SERVICE_RETRIEVE, /* takes the place */
	SERVICE_VOICEMAIL,
	SERVICE_BLOCK_LAST,
	SERVICE_UNBLOCK_LAST,
	SERVICE_REJECT_ANONYMOUS,
	SERVICE_REJECT_ANONYMOUS_OFF,
	SERVICES
};

enum emergency_remote { REMOTE_DENY, REMOTE_LAST_LOCATION, REMOTES };
enum incoming_policy { INCOMING_PASS, INCOMING_SLOW, INCOMING_SCREEN, INCOMING_REFUSE, INCOMING_POLICIES };

struct plan {
	char country[4];  /* of the site; empty: only + and internal numbers are understood */
	char area[8];     /* its area code, without the trunk prefix; may be empty */
	char outside[4];  /* digits that lead to an outside line; empty: none */
	char currency[4]; /* ISO 4217, shown to people */
	uint8_t rules, country_rates, nights, allowed, blocked;
	uint8_t emergencies;
	uint8_t emergency_remote;                 /* enum emergency_remote */
	uint8_t pin;                              /* 1: a number never dialled before asks for the PIN (R15) */
	uint8_t unknown_caller, anonymous_caller; /* enum incoming_policy */
	uint8_t failed_caller;                    /* the same, of one whose signature is wrong */
	uint8_t billing_s;     /* a minute's price is owed in steps of so many seconds, each from its start; 1 to 60 */
	uint16_t callback_min; /* after an emergency call, its phone may be rung by anyone so long */
	char emergency[PLAN_EMERGENCY_MAX][PLAN_EMERGENCY_NUMBER_MAX];
	char emergency_test[PLAN_EMERGENCY_NUMBER_MAX]; /* "933"; empty: none */
	char code[SERVICES][PLAN_CODE_MAX + 1];         /* empty: the service is off */
	struct plan_classes classes;                    /* of a user without a setting */
	struct plan_rule rule[PLAN_RULES_MAX];
	uint32_t class_rate_e4[NUMBER_CLASSES];
	uint32_t setup_e4;
	struct plan_country_rate country_rate[PLAN_COUNTRY_RATES_MAX];
	struct plan_night night[PLAN_NIGHTS_MAX];
	struct ceiling_limit ceiling[CEILING_SCOPES];
	char allow[PLAN_LIST_MAX][PLAN_PREFIX_MAX + 1]; /* prefixes of callers that always pass */
	char block[PLAN_LIST_MAX][PLAN_PREFIX_MAX + 1];
};

/* The defaults, which are the safe ones. */
void plan_defaults(struct plan *p);
/* Every count, enum and text in its range. */
bool plan_ok(const struct plan *p);

/* What a switch of the site's says over the hours of the configuration. */
enum plan_night_mode { NIGHT_BY_HOURS, NIGHT_NOW, NIGHT_NEVER, NIGHT_MODES };
/* Is it night at this minute of the local week (0: Monday 0:00)? */
bool plan_is_night(const struct plan *p, enum plan_night_mode mode, uint16_t week_min);
/* May a number of this class be called now: every night section that counts has it. NIGHT_NOW without a section: nothing but
 * what is always allowed. */
bool plan_night_has(const struct plan *p, enum plan_night_mode mode, uint16_t week_min, const struct number *n);

/* What a minute and the call itself cost. step_s: what was begun of so many seconds counts in full; 0: each millisecond for itself */
struct plan_rate {
	uint32_t rate_e4, setup_e4, step_s;
};
struct plan_rate plan_rate_of(const struct plan *p, const struct number *n);

/* "3", "0.8", "12.50" units of unit_e4 each. False: no such number, or more than max_e4. */
bool plan_money_parse(struct span s, uint32_t unit_e4, uint32_t max_e4, uint32_t *out);

/* The service that a code of class NUMBER_SERVICE names, and what was dialled behind it, without the # that many end with. SERVICES when it
 * is none. */
enum service plan_service(const struct plan *p, struct span code, struct span *argument);
/* So much of a service code may be written down and shown: behind that of a login stands a PIN, where a phone sends both as one (R15, R23). */
struct span plan_shown(const struct plan *p, struct span code);

#endif
