/* SPDX-License-Identifier: ISC */
/* Text between users (RFC 3428): sent to every phone of the callee, the best answer goes back. */
#ifndef CORE_MESSAGE_H
#define CORE_MESSAGE_H

#include "ask.h"
#include "login.h"

void message_init(void);
void message_on_request(struct request *r);
/* Whether a notice, by watch's token, has reached the desk. */
void message_told(uint64_t notice, bool told);
void message_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v);
/* From the exchange itself, to the front desk, a person or a ring group. watch hears whether a phone took it, as soon as one has. */
void message_on_notice(struct link *from, const struct ipc_view *v);
void message_status(struct proc_status *s);

#endif
