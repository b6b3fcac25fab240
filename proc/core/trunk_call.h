/* SPDX-License-Identifier: ISC */
/* A trunk that wants the password for a call: its INVITE goes out again with keeper's answer (RFC 3261 22.2). */
#ifndef CORE_TRUNK_CALL_H
#define CORE_TRUNK_CALL_H

#include "leg.h"

/* True: this refusal of our INVITE is a challenge that is being answered, and the leg goes on waiting. */
bool trunk_call_challenged(struct leg *l, const struct msg_response *m, const struct ipc_view *v);
/* Our INVITE, refused for another reason, is to go out anew: true, it does once keeper has answered, because its trunk asked before. */
bool trunk_call_again(struct leg *l);

#endif
