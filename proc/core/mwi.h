/* SPDX-License-Identifier: ISC */
/* The light on the phone (RFC 3842): who subscribed to their own messages is told when their number changes. Subscriptions live in
 * the arena and outlive core; its next life tells each how many there are (R28). */
#ifndef CORE_MWI_H
#define CORE_MWI_H

#include "arena/arena.h"
#include "ask.h"
#include "request.h"

enum {
	MWI_EXPIRES_S = 3600,
	MWI_TOKEN_MAX = 20,
	MWI_TAG_MAX = 16,
	MWI_TEXT_MAX = 768, /* octets of all texts of its phone together; one that says more is refused */
};

/* Echo tokens: they go back to that phone only. */
enum mwi_text { MWI_CALL_ID, MWI_REMOTE_TAG, MWI_CONTACT, MWI_ROUTE_SET, MWI_TEXTS };

struct subscription_record {
	uint64_t id, flow;
	uint64_t until_ms; /* CLOCK_BOOTTIME */
	uint32_t user, device, cseq, remote_cseq;
	char tag[MWI_TAG_MAX + 1], token[MWI_TOKEN_MAX + 1];
	uint16_t end[MWI_TEXTS]; /* of each, in the order of the enum */
	char text[MWI_TEXT_MAX];
};

struct span mwi_text(const struct subscription_record *r, enum mwi_text which);

struct arena_shape mwi_shape(const struct site *s);
/* What is over, damaged or killed core twice is not taken over. */
void mwi_open(struct arena_table *t);
/* After a restart of core: the connection is still there, and who is logged in on it is known. */
void mwi_flow_up(const struct flow *f);
/* It registered: what it could not be told on a connection that broke goes out on this one. */
void mwi_phone_back(uint32_t user, uint32_t device);
void mwi_on_subscribe(struct request *r);
void mwi_changed(uint32_t user);
void mwi_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v);
void mwi_status(struct proc_status *s);

#endif
