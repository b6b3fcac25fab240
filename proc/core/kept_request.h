/* SPDX-License-Identifier: ISC */
/* A request that waits for somebody: the whole message, so that it goes on as if it had just come. */
#ifndef CORE_KEPT_REQUEST_H
#define CORE_KEPT_REQUEST_H

#include "request.h"

struct kept_request {
	struct reply reply;
	uint64_t flow;
	enum msg_class class;
	bool unjudged;
	size_t tail_n;
	_Alignas(8) struct msg_request m;
	_Alignas(8) uint8_t tail[IPC_MESSAGE_MAX];
};

/* False when it is too long. */
bool request_keep(struct kept_request *k, const struct request *r);
/* The request, through `v`, both good while `k` is; false when its connection is gone. */
bool request_kept(const struct kept_request *k, struct ipc_view *v, struct request *r);

#endif
