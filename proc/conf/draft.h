/* SPDX-License-Identifier: ISC */
/* A site in the making: one function for each key, each saying what is wrong with a value or NULL. */
#ifndef CONF_DRAFT_H
#define CONF_DRAFT_H

#include "conf.h"

struct draft {
	struct conf *out;
	struct listener listener; /* of the phones section that is open */
	bool numbers_given, test_given;
	struct trunk_conf trunk;        /* of the trunk section that is open */
	struct listener trunk_listener; /* its own */
	bool no_emergency, no_keepalive;
	struct listener trunk_at[SITE_TRUNKS_MAX]; /* of the trunks so far, as they say it */
	int trunk_line[SITE_TRUNKS_MAX];           /* of the text, where each ends */
	struct inbound inbound;                    /* of the number section that is open */
	struct plan_rule rule;                     /* of the prefix section that is open */
	struct plan_country_rate country_rate;     /* of the country section that is open */
	bool country_rated;
	struct plan_night night;          /* of the night section that is open */
	uint8_t night_given;              /* bits: from, to */
	char signer_file[TRUNK_FILE_MAX]; /* of the certificate section that is open */
};

struct draft_key {
	const char *section; /* NULL: outside of any */
	const char *name;
	bool list;
	bool secret; /* its value is never printed */
	const char *(*set)(struct draft *d, struct span value);
};

extern const struct draft_key draft_keys[]; /* ends with a NULL name */
extern const struct draft_key draft_trunk_keys[], draft_plan_keys[], draft_service_keys[], draft_signer_keys[];

/* A phones section closed: fill in what it left out. */
const char *draft_end_phones(struct draft *d);
/* A trunk section, or a number section in one, closed; what it is called. */
const char *draft_end_trunk(struct draft *d, struct span name);
const char *draft_end_number(struct draft *d, struct span number);
/* What trunks share with the rest of the site, once all of it is known. */
const char *draft_end_trunks(struct draft *d);

/* A prefix, country or night section closed. */
const char *draft_end_prefix(struct draft *d, struct span prefix);
const char *draft_end_country(struct draft *d, struct span name);
const char *draft_end_night(struct draft *d);
/* What only the whole of the call plan and of the services shows. */
const char *draft_end_plan(struct draft *d);
const char *draft_end_service(struct draft *d);

/* A certificate section closed; the URL that it is called by. */
const char *draft_end_signer(struct draft *d, struct span url);

/* What a listener was not told follows from where it is bound. */
void draft_complete_listener(struct listener *l);
/* Readers of values; each says what is wrong, or NULL. */
const char *draft_number(struct span v, uint32_t lo, uint32_t hi, uint32_t *out);
/* "192.0.2.1", "192.0.2.1:5061", "2001:db8::1" or "[2001:db8::1]:5061" */
const char *draft_address(struct span v, uint16_t port, struct addr *out);
const char *draft_bare_address(struct span v, struct addr *out);
/* A domain in lower case, into `room` octets. */
const char *draft_domain(struct span v, char *out, size_t room);
/* +33123456789, or digits as a gateway without international numbers says them; TRUNK_NUMBER_MAX octets. */
const char *draft_e164(struct span v, char *out);
/* One word that is also the name of a file. */
const char *draft_file_name(struct span v, char *out, size_t room);
/* The text ended. */
const char *draft_end(struct draft *d);

#endif
