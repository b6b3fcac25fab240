/* SPDX-License-Identifier: ISC */
/* A request as typed, bounded fields, each looked at before a message to core is begun. */
#ifndef EDGE_DRAFT_H
#define EDGE_DRAFT_H

#include "conn.h"
#include "wire/sip_refer.h"

enum { USER_MAX = USER_NAME_MAX * 2 };

struct draft_user {
	bool ours;
	uint8_t n;
	uint8_t text[USER_MAX];
};

struct draft {
	struct msg_request fields; /* all but its strings */
	struct draft_user target, from, to, refer;
	struct sip_replaces replaces;
	uint8_t replaces_text[SIP_REPLACES_MAX]; /* unescaped out of a Refer-To */
	struct span contact, instance;
	struct draft_user asserted; /* of a trunk's P-Asserted-Identity, */
	struct draft_user called;   /* and of its P-Called-Party-ID */
	uint8_t display[DISPLAY_MAX];
	size_t display_n;
	struct passport passport; /* of a trunk's Identity; kind NONE: there was none */
	const struct sip_credentials *auth;
	const struct sdp *sdp;
	struct span text;
	bool has_place;
	struct pidf_place place; /* with has_place */
	uint8_t route_set[ROUTE_SET_MAX];
	size_t route_set_n;
};

/* A static reason for 400 when a field is longer or stranger than any message between processes carries. */
const char *draft_fill(struct draft *d, const struct conn *c, const struct sip_msg *m);

/* What a trunk alone may say: whom it asserts, shows and signs for. */
void draft_fill_trunk(struct draft *d, const struct conn *c, const struct sip_msg *m);
void draft_fill_user(struct draft_user *out, const struct uri *u);
/* The same, or the number of a tel URI, which is ours as any number is. */
void draft_fill_whom(struct draft_user *out, const struct uri *u);
/* Is it a number for help? Of a request that was not read further too: what it asks for. */
bool draft_is_help(const struct draft_user *target);
bool draft_asks_help(struct draft_user *out, const struct sip_msg *m);

/* Where a 3xx sends the call: the first Contact with a user of ours, or a number; n 0: none is one. */
void draft_fill_redirect(struct draft_user *out, const struct sip_msg *m);

/* False: no credit or no core. */
bool draft_send(const struct draft *d, const struct sip_msg *m, uint64_t txn, enum msg_class class);

/* Text that a message between processes may carry. */
bool draft_text_ok(struct span s, size_t max);

/* Record-Route in the order in which the far side of a dialog uses it; false: too long. */
bool draft_join_routes(const struct sip_msg *m, bool reversed, uint8_t *out, size_t *n);

#endif
