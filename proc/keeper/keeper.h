/* SPDX-License-Identifier: ISC */
/* keeper: the site's long-term secrets answer questions here and never leave. */
#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

#include "ipc/child.h"
#include "keeper/admins.h"
#include "keeper/codes.h"
#include "keeper/days.h"
#include "keeper/dialled.h"
#include "keeper/login.h"
#include "keeper/pins.h"
#include "keeper/wall.h"
#include "vault/cert.h"
#include "vault/store.h"

/* What an entry of the sealed store is. Numbers are on disk: none is ever used for another thing. */
enum keep_type {
	KEEP_CA = 1,     /* "" -> scalar, point, certificate */
	KEEP_FAKE = 2,   /* "" -> the key that secrets of absent names are made with */
	KEEP_SECRET = 3, /* user -> realm tag, HA1 with SHA-256, and perhaps HA1 with MD5 */
	KEEP_CODE = 4,   /* device -> hash, end, tries */
	KEEP_DAY = 5,    /* day -> key */
	KEEP_ADMIN = 6,  /* name -> passes, memory, salt, hash */
	KEEP_HOUR = 7,   /* "" -> the last hour that the wall clock said */

	KEEP_PEOPLE_KEY = 20, /* "" -> the key of PINs, the key of dialled numbers */
	KEEP_PIN = 21,        /* user -> wrong tries, salt, keyed hash */
	KEEP_DIALLED = 22,    /* user, block -> age, tags */
	KEEP_MAIL = 23,       /* message -> key, day, user */
	KEEP_TRUNK = 16,      /* name -> tag of login and realm, HA1 with SHA-256, HA1 with MD5 */
};

/* Day keys never enter a backup (R21), and no code that was used comes back with one. */
static inline bool keep_in_backup(uint8_t type)
{
	return type != KEEP_DAY && type != KEEP_CODE && type != KEEP_MAIL;
}

struct keeper {
	struct store store;
	struct wall wall;
	struct logins logins;
	struct codes codes;
	struct days days;
	struct admins admins;
	struct pins pins;
	struct dialled dialled;
	uint8_t *people_key; /* secret: PINS_KEY and DIALLED_KEY octets */
	struct cert_ca *ca;
	uint8_t ca_der[CERT_DER_MAX];
	struct span ca_span;
	uint64_t certificates;
};

extern struct keeper keeper;
extern ipc_handler *const keeper_on[MSG_N];

/* answer.c, for the answers of answer_people.c */
void keeper_say_done(struct link *to, uint64_t token, enum done_result result, uint64_t value, const char *text);
void keeper_say_stored(struct link *to, uint64_t token, const char *why); /* NULL: the change is on disk */
ipc_handler keeper_on_trunk_secret_set, keeper_on_trunk_digest_want;
ipc_handler keeper_on_mail_key_want, keeper_on_mail_key_forget;
/* mails.c: from now on what one turn of the loop forgets is one change of the store; keys of messages older than this go, and
 * those of a user */
void keeper_mails_serve(void);
const char *keeper_mails_turn(int64_t now_wall_ms) __attribute__((warn_unused_result));
const char *keeper_mails_forget(struct span user) __attribute__((warn_unused_result));
ipc_handler keeper_on_pin_set, keeper_on_pin_check, keeper_on_dialled_want, keeper_on_dialled_add,
    keeper_on_secrets_want, keeper_on_secrets_forget;

/* Everything from the store directory and the boot key; aborts with the reason when it cannot. */
void keeper_open(const struct site *site, int64_t wall_ms);
/* Could this build open what lies there, in a rehearsal? NULL, or why not; changes nothing. */
const char *keeper_look(const struct site *site);

/* Once a minute, and when the site changes. */
void keeper_look_at_clock(void);

#endif
