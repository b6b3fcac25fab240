/* SPDX-License-Identifier: ISC */
/* A request of a phone on its way through core: who it is from, then what it wants. */
#ifndef CORE_REQUEST_H
#define CORE_REQUEST_H

#include "flow.h"
#include "refuse.h"

struct request {
	const struct ipc_view *v;
	const struct msg_request *m;
	struct flow *flow;
	struct reply reply;
	uint32_t user;  /* who was authenticated; NOBODY only for an emergency call without login */
	bool emergency; /* to an emergency number of the site */
	bool unjudged;  /* keeper did not say who it is */
};

#define REQUEST_STR(r, field) ipc_str((r)->v, (r)->m->field)

void request_on_message(struct link *from, const struct ipc_view *v);

/* Go on with a request that login.c held until keeper answered. */
void request_resume(struct request *r);

#endif
