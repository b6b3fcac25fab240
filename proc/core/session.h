/* SPDX-License-Identifier: ISC */
/* Session timers, one for each leg (RFC 4028). A phone that has none is asked by OPTIONS in the dialog. */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include "leg.h"

enum { SESSION_MIN_S = 90, SESSION_MAX_S = 86400 };

/* What the phone's INVITE or UPDATE wants; an interval beyond SESSION_MAX_S is none. False, and nothing changes: its interval is below our minimum (422). */
bool session_asked(struct leg *l, const struct msg_request *m);
/* What its 2xx to our INVITE or UPDATE agreed to. */
void session_agreed(struct leg *l, const struct msg_response *m);

/* Header fields of a request or a 2xx of ours. */
void session_put_request(struct leg *l, struct msg_send *m);
void session_put(struct leg *l, struct msg_respond *m);

/* (Re)start the leg's timer after a 2xx either way; stop it. */
void session_start(struct leg *l);
/* Of a core that adopted this leg. Where the ACK that answers our offer may have come to the one before, it is offered that again, so soon, by a
 * re-INVITE. */
void session_adopt(struct leg *l, uint32_t soon_ms);
void session_stop(struct leg *l);

/* This phone's connection broke and it is back on another: whether it hung up in between nobody heard. */
void session_phone_back(uint32_t user, uint32_t device);
/* So it is with this trunk, if it is up; gone: its connection that is lost, of those that it has (0: it had none). */
void session_trunk_back(uint8_t trunk, uint64_t gone);

/* Refresh soon: what it said cannot be dealt with this moment. */
void session_ask_again(struct leg *l);
/* It took an offer of ours that came to nothing: it is offered what stands, by a re-INVITE. */
void session_restore(struct leg *l);
/* A refresh that its trunk challenged: see trunk_dialog.h. */
void session_refresh_again(struct leg *l);

void session_on_refresh_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v);
void session_on_alive_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v);

#endif
