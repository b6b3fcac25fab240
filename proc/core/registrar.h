/* SPDX-License-Identifier: ISC */
/* Bindings (RFC 3261 10, RFC 5626): one for each user on each phone, made, refreshed and removed only by that user on
 * that phone (R4). They live in the arena and outlive core. */
#ifndef CORE_REGISTRAR_H
#define CORE_REGISTRAR_H

#include "arena/arena.h"
#include "login.h"

enum {
	REGISTRAR_TARGETS_MAX = 16,
	REGISTRAR_BROKEN_MS = 90000, /* a phone whose flow broke so recently is worth waiting for */
};

struct registration {
	uint32_t user, device;
	uint64_t flow;           /* 0 while its connection is broken */
	uint64_t expires_ms;     /* CLOCK_BOOTTIME */
	uint64_t login_until_ms; /* the login that made or refreshed it */
	uint64_t broken_ms;      /* when the flow was lost */
	uint32_t reg_id, cseq;
	uint32_t outbound;
	char call_id[CALL_ID_MAX + 1];
	char contact[URI_TEXT_MAX + 1], instance[INSTANCE_MAX + 1];
};

struct arena_shape registrar_shape(const struct site *s);
/* phone_back is called when a user has a reachable phone again. */
void registrar_open(struct arena_table *t, void (*phone_back)(uint32_t user));

void registrar_on_register(struct request *r);

const struct registration *registrar_get(uint32_t user, uint32_t device);
/* The live bindings of a user with an open connection, that of the line where they are a guest among them; returns how many. */
int registrar_targets(uint32_t user, const struct registration *out[REGISTRAR_TARGETS_MAX]);
/* Those of this phone, whosever they are. */
int registrar_at_phone(uint32_t device, const struct registration *out[REGISTRAR_TARGETS_MAX]);
/* Has the user a phone whose connection broke a moment ago? */
bool registrar_worth_waiting(uint32_t user);
/* A valid login of this user on this phone, whatever the connection. */
bool registrar_logged_in(uint32_t user, uint32_t device);

void registrar_flow_up(struct flow *f); /* after a restart of core: the logins that its bindings prove */
void registrar_flow_down(const struct flow *f);
void registrar_device_lost(uint32_t device);
void registrar_user_lost(uint32_t user);
void registrar_login_over(uint32_t user); /* what it bound is gone, and its calls go on (flow_login_over) */
/* The directory changed: bindings that it does not allow any more go. */
void registrar_check(void);

void registrar_status(struct proc_status *s);

#endif
