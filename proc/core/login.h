/* SPDX-License-Identifier: ISC */
/* Who is it? Keeper makes every nonce and judges every answer; core binds a user to a connection on its word only
 * (R2, R3, R4). */
#ifndef CORE_LOGIN_H
#define CORE_LOGIN_H

#include "request.h"

void login_init(void);

/* True: r->user is authenticated on r->flow (or it is an emergency call that needs no login). False: the request was
 * answered, or is held until keeper has spoken and then goes on through request_resume(). `claimed` is the user part
 * that it says it is; what counts of a From that says nobody is the login. */
bool login_gate(struct request *r, struct span claimed);

void login_on_nonces(struct link *from, const struct ipc_view *v);
void login_on_verdict(struct link *from, const struct ipc_view *v);
/* This user has a new password: what keeper may have said of the old one, and is on its way, counts no more. */
void login_over(uint32_t user);
void login_keeper_down(void);
/* CANCEL of an INVITE that waits for keeper: answers it and says true. */
bool login_cancel(struct reply invite);

void login_status(struct proc_status *s);

#endif
