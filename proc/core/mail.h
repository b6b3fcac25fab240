/* SPDX-License-Identifier: ISC */
/* Voicemail: a caller leaves a message, its user hears it. ledger keeps messages, keeper their keys, voice records and says them. */
#ifndef CORE_MAIL_H
#define CORE_MAIL_H

#include "script.h"

void mail_init(void);
void mail_forget_counts(void); /* a whole directory comes, and ledger tells them anew */
/* Nobody answered what the call waits for. */
void mail_late(struct call *c);
/* The call ends: what was begun and not recorded goes. */
void mail_end(const struct call *c);

/* Nobody took the call for this user: it goes to the mailbox, when there is one and the caller can be heard. */
bool mail_forward(struct call *c, uint32_t user);
/* With permission: leads to CALL_ASKED or the end. */
void mail_leave(struct call *c);
/* voice died while it recorded: what ledger has of the message stands, and the caller leaves another. */
int mail_again(struct call *c);
/* What a turn of this step needs. */
struct voice_turn;
void mail_fill_turn(const struct call *c, const struct step *s, struct voice_turn *t);

/* script.c */
extern const struct step mail_leave_step[], mail_box_step[];
enum { MAIL_LEAVE_STEPS = 5, MAIL_BOX_STEPS = 7 };
int mail_box_verdict(struct call *c, enum pin_verdict v);

void mail_on_found(struct link *from, const struct ipc_view *v);
void mail_on_kept(struct link *from, const struct ipc_view *v);
void mail_on_key(struct link *from, const struct ipc_view *v);
void mail_on_count(struct link *from, const struct ipc_view *v);
void mail_counts(uint32_t user, uint32_t *fresh, uint32_t *old);

#endif
