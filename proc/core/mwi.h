/* SPDX-License-Identifier: ISC */
/* The light on the phone (RFC 3842): who subscribed to their own messages is told when their number changes. */
#ifndef CORE_MWI_H
#define CORE_MWI_H

#include "ask.h"
#include "request.h"

void mwi_init(void);
void mwi_on_subscribe(struct request *r);
void mwi_changed(uint32_t user);
void mwi_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v);
void mwi_status(struct proc_status *s);

#endif
