/* SPDX-License-Identifier: ISC */
/* What a person, a phone, a ring group or the site has set: a text for each kind. ledger keeps them, core has them with the
 * directory; both judge with the same checks. An empty text is the default and is not kept. */
#ifndef IPC_SETTING_H
#define IPC_SETTING_H

#include "base/addr.h"
#include "plan/plan.h"

enum {
	SETTING_TEXT_MAX = 240,   /* octets of a value */
	SETTING_LINES_MAX = 3072, /* of several, as lines "name=value" */
	SETTING_NUMBER_MAX = 32,  /* a telephone number or a name, in any spelling */
	SETTING_SUBNETS_MAX = 4,
};

enum setting_owner { OWNER_USER, OWNER_DEVICE, OWNER_GROUP, OWNER_SITE, OWNERS };

enum setting_kind {
#define SETTING(NAME, name, owners, setter, check, what) SETTING_##NAME,
#include "ipc/setting.def"
#undef SETTING
	SETTINGS
};

/* A user may set what is theirs from their own phone; an administrator all. */
enum setter { SETTER_USER, SETTER_ADMIN };

struct setting_rule {
	const char *name;
	uint32_t owners; /* 1 << enum setting_owner */
	enum setter setter;
	const char *(*check)(struct span value); /* NULL, or why it is no such value: "is ..." */
	const char *what;
};

extern const struct setting_rule setting_rule[SETTINGS];
extern const char *const setting_owner_name[OWNERS];

/* The kind of that name, or SETTINGS. */
enum setting_kind setting_find(struct span name);

/* NULL when this owner may have this value of this kind; otherwise why not, as a static text. Empty is always good. */
const char *setting_check(enum setting_owner owner, enum setting_kind kind, struct span value);

/* --- values --- */

enum screen { SCREEN_SITE, SCREEN_PASS, SCREEN_SLOW, SCREEN_ASK, SCREEN_REFUSE, SCREENS }; /* SITE: as the site says */
enum strategy { STRATEGY_ALL, STRATEGY_IN_TURN, STRATEGIES };

struct subnet {
	struct addr net;
	uint8_t bits;
};

/* Empty gives the first of each. */
enum screen setting_screen(struct span value);
enum strategy setting_strategy(struct span value);
enum plan_night_mode setting_night(struct span value);

/* The next of "a, b, c", without blanks around it; false at the end. */
bool setting_next(struct span *list, struct span *item);
bool setting_list_has(struct span list, struct span item);

/* Octets of a CIDR prefix beyond its length must be 0 (10.1.2.0/24). */
bool subnet_parse(struct span text, struct subnet *out);
bool subnet_has(const struct subnet *s, const struct addr *a);
/* Those of a value of SUBNET; how many. */
int setting_subnets(struct span value, struct subnet out[SETTING_SUBNETS_MAX]);

#endif
